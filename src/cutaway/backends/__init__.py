"""Compute backends: cutaway computes with NumPy, whatever a lesson requests."""

from typing import TYPE_CHECKING

from ..errors import absent
from . import cuda, cudnn, mps

__all__ = ["cuda", "cudnn", "mps"]

if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.backends")
