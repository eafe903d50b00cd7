"""Preparation of the parameters of distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..creation import tensor
from ..dtypes import finfo, get_default_dtype
from ..errors import describe
from ..tensors import Tensor, broadcast_tensors

__all__ = ["broadcast_all", "held_inside", "one_of"]


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Broadcast numbers and tensors to one shape; a number takes the dtype of the first tensor, or the default.

    Raises:
        ValueError: one of them is something else.
    """
    for value in values:
        if not isinstance(value, Tensor | int | float | np.number):
            raise ValueError(f"parameters must be numbers or Tensors, not {describe(value)}: use torch.tensor(...)")
    dtype = next((value.dtype for value in values if isinstance(value, Tensor)), get_default_dtype())
    tensors = [value if isinstance(value, Tensor) else tensor(value, dtype=dtype) for value in values]
    return tuple(broadcast_tensors(*tensors))


def one_of(probs: Any, logits: Any) -> Any:
    """The one of the two that is given.

    Raises:
        ValueError: both or neither are given.
    """
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")
    return logits if probs is None else probs


def held_inside(probs: Tensor) -> Tensor:
    """Probabilities clamped away from 0 and 1, so that their logarithms are finite."""
    eps = finfo(probs.dtype).eps
    return probs.clamp(eps, 1 - eps)
