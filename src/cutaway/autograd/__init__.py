"""Automatic differentiation: gradients, gradient checks, and custom ops."""

from typing import TYPE_CHECKING

from ..errors import absent
from ..grad_mode import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from ..tensors.differentiation import backward, grad
from . import functional
from .anomaly import AnomalyWarning, detect_anomaly, set_detect_anomaly
from .function import Function
from .gradcheck import gradcheck, gradgradcheck
from .own_ops import differentiable
from .variable import Variable

__all__ = [
    "AnomalyWarning", "Function", "Variable", "backward", "detect_anomaly", "differentiable", "enable_grad",
    "functional", "grad", "gradcheck", "gradgradcheck", "inference_mode", "is_grad_enabled",
    "is_inference_mode_enabled", "no_grad", "set_detect_anomaly", "set_grad_enabled",
]  # fmt: skip

if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.autograd")
