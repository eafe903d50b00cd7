"""The affine map, x Wᵀ + b."""

from __future__ import annotations

from ... import ops
from ...tensors import Tensor
from ...tensors.base import apply
from .checks import check_same_dtype, check_tensors

__all__ = ["linear"]


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """input · weightᵀ + bias.

    Args:
        input: (..., in).
        weight: (out, in), or (in) for a single output without an axis.
        bias: (out).

    Returns:
        (..., out)

    Raises:
        RuntimeError: the sizes or dtypes do not match.

    >>> F.linear(torch.tensor([1.0, 2.0]), torch.tensor([[3.0, 4.0]]), torch.tensor([0.5]))
    tensor([11.5000])
    """
    check_tensors("linear", input=input)
    check_same_dtype("linear", input, weight)
    if weight._array.ndim == 1:
        out = input @ weight
        return out if bias is None else out + bias
    return apply(ops.linear, input, weight) if bias is None else apply(ops.linear, input, weight, bias)
