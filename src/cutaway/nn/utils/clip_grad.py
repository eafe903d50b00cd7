"""Gradient clipping: limit the effect of a single bad batch on the weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from ... import events
from ...errors import warn
from ...memory import stamp_write
from ...tensors import Tensor
from ...tensors.base import wrap

__all__ = ["clip_grad_norm_", "clip_grad_value_"]


def _gradients(parameters: Tensor | Iterable[Tensor], limit: float) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else parameters
    if not isinstance(given, Iterable):
        kind = type(given).__name__
        raise TypeError(f"gradients are clipped of parameters, not of a {kind}: write model.parameters()")
    params = list(given)
    if not params and isinstance(given, Iterator):
        warn("`parameters` is an empty generator, so nothing is clipped: it was used before, write model.parameters()")
    for listener in events.clipping:
        listener(params, limit)
    return [param.grad for param in params if param.grad is not None]


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float | str = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by one factor, so that the norm of their concatenation is at most max_norm.

    Args:
        parameters: one or several; those without a gradient are skipped.
        max_norm: the maximum norm.
        norm_type: the order of the norm, 2 for the Euclidean norm, inf for the largest absolute value.
        error_if_nonfinite: raise RuntimeError if the norm is inf or nan.
        foreach: accepted and ignored; it selects an implementation in PyTorch.

    Returns:
        The norm before clipping.

    Source: Pascanu et al., "On the Difficulty of Training Recurrent Neural Networks", 2013.

    >>> p = nn.Parameter(torch.zeros(2))
    >>> p.grad = torch.tensor([3.0, 4.0])
    >>> nn.utils.clip_grad_norm_(p, max_norm=1.0)
    tensor(5.)
    >>> p.grad
    tensor([0.6000, 0.8000])
    """
    order = float(norm_type)
    grads = _gradients(parameters, max_norm)
    if not grads:
        return wrap(np.zeros((), np.float32))
    arrays = [grad._array for grad in grads]
    norms = np.stack([np.linalg.norm(array.reshape(-1), order) for array in arrays])
    total = np.asarray(np.linalg.norm(norms, order), dtype=norms.dtype)
    if error_if_nonfinite and not math.isfinite(total):
        raise RuntimeError(f"the norm of the gradients is {float(total)}, so they cannot be clipped to {max_norm}")
    factor = max_norm / (total + 1e-6)
    for array in arrays:
        array *= np.minimum(factor, 1).astype(array.dtype)
        stamp_write(array)
    return wrap(total)


def clip_grad_value_(
    parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None
) -> None:
    """Clamp every element of every gradient to [-clip_value, clip_value].

    >>> p = nn.Parameter(torch.zeros(2))
    >>> p.grad = torch.tensor([3.0, -0.5])
    >>> nn.utils.clip_grad_value_([p], 1.0)
    >>> p.grad
    tensor([ 1.0000, -0.5000])
    """
    limit = float(clip_value)
    for grad in _gradients(parameters, limit):
        np.clip(grad._array, -limit, limit, out=grad._array)
        stamp_write(grad._array)
