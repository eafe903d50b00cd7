"""Similarity of vectors, by angle or by distance."""

from __future__ import annotations

import numpy as np

from ...tensors import Tensor
from ...tensors.base import axis_of, common_shape, to_common_dtype, wrap
from .checks import check_tensors

__all__ = ["cosine_similarity", "pairwise_distance"]


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 · x2 / (‖x1‖ ‖x2‖), the cosine of the angle between them: 1 in the same direction, 0 at right angles.

    Args:
        x1, x2: shapes that broadcast to (*, D, *).
        dim: the axis of the vectors, D.
        eps: the lower bound of the divisor.

    Returns:
        (*, *), without D.

    Raises:
        RuntimeError: the shapes do not match, or both hold integers.

    >>> F.cosine_similarity(torch.tensor([[1.0, 1.0]]), torch.tensor([[2.0, 0.0]]))
    tensor([0.7071])
    """
    check_tensors("cosine_similarity", x1=x1, x2=x2)
    x, y = to_common_dtype(x1, x2)
    if not x.is_floating_point():
        raise RuntimeError(
            f"cosine_similarity: expected common dtype to be floating point, and it is {x.dtype}: use x.float()"
        )
    shape = common_shape("cosine_similarity", x, y)
    axis = axis_of(dim, len(shape)) - max(len(shape), 1)  # from the end, where the axes of both are
    cosines: Tensor = (_unit(x, axis, shape, eps) * _unit(y, axis, shape, eps)).sum(axis)
    return cosines


def _unit(x: Tensor, axis: int, shape: tuple[int, ...], eps: float) -> Tensor:
    """x / max(‖x‖, eps) along an axis, always with the gradient of ‖x‖, as in PyTorch; not yet broadcast to shape."""
    if x.ndim < -axis or x.shape[axis] != shape[axis]:
        x = x.expand(shape)
    length = x.norm(2, axis, keepdim=True)
    return x / (length + wrap(np.maximum(eps - length._array, 0)))


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """‖x1 - x2 + eps‖ₚ along the last axis.

    Args:
        x1, x2: (N, D) or (D), or shapes that broadcast.
        p: the order of the norm.
        eps: added to every difference, so that the norm is differentiable where x1 = x2.
        keepdim: keep the last axis with size 1.

    >>> F.pairwise_distance(torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 4.0]]))
    tensor([5.])
    """
    check_tensors("pairwise_distance", x1=x1, x2=x2)
    return (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)
