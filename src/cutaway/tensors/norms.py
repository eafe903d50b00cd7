"""Vector and matrix norms: the norms of torch.linalg."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .. import errors, ops
from ..dtypes import dtype as DType
from .arguments import numpy_names, tensor_argument
from .base import Dims, apply, axes_of, axis_of
from .linalg import decomposable, fractions, singular_values

if TYPE_CHECKING:
    from .tensor import Tensor


@numpy_names
def norm(
    input: Tensor, ord: float | str | None = None, dim: Dims = None, keepdim: bool = False,
    *, dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """The norm of a vector or of a matrix: `vector_norm` or `matrix_norm`.

    Args:
        input: the tensor.
        ord: the order of the norm. None: the 2-norm of all elements as one vector.
        dim: one dimension for vectors, two for matrices. None: all of them, which with an ord must be one or two.
        keepdim: keep the dimensions, with length 1.
        dtype: convert to this dtype first.

    Raises:
        RuntimeError: there is no such norm.

    >>> torch.linalg.norm(torch.tensor([3., 4.]))
    tensor(5.)
    >>> torch.linalg.norm(torch.tensor([[1., 2.], [3., 4.]]), ord=1)
    tensor(6.)
    """
    x = tensor_argument(input, "linalg.norm")
    dims = None if dim is None else tuple(dim) if isinstance(dim, tuple | list) else (dim,)
    if dims is not None and len(dims) > 2:
        raise errors.norm_over_many_dims(dim)
    if ord is None:
        return vector_norm(x, 2, dims, keepdim, dtype=dtype)
    if dims is None and x.ndim > 2:
        raise errors.norm_of_many_dims(x.ndim)
    if isinstance(ord, str) or len(range(x.ndim) if dims is None else dims) == 2:
        return matrix_norm(x, ord, (-2, -1) if dims is None else dims, keepdim, dtype=dtype)
    return vector_norm(x, ord, dims, keepdim, dtype=dtype)


@numpy_names
def vector_norm(
    x: Tensor, ord: float = 2, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None
) -> Tensor:
    """(Σ |x|ᵖ)^(1/p), the p-norm of a vector.

    Args:
        x: the tensor.
        ord: p. inf is the largest |x|, -inf the smallest, 0 the number of elements that are not 0.
        dim: the dimension or dimensions to reduce; None for all.
        keepdim: keep them, with length 1.
        dtype: convert to this dtype first.

    >>> torch.linalg.vector_norm(torch.tensor([[3., 4.], [6., 8.]]), dim=1)
    tensor([ 5., 10.])
    """
    x = fractions("linalg.vector_norm", x, dtype)
    if not isinstance(ord, int | float):
        raise TypeError(f"linalg.vector_norm: argument 'ord' must be a number, not {errors.describe(ord)}")
    axes = axes_of(dim, x.ndim)
    lengths = [x.shape[axis] for axis in (range(x.ndim) if axes is None else axes)]
    if 0 in lengths and (ord < 0 or ord == math.inf):
        raise errors.norm_of_nothing(ord)
    return apply(ops.norm, x, p=float(ord), axis=axes, keepdims=keepdim)


@numpy_names
def matrix_norm(
    input: Tensor, ord: float | str = "fro", dim: Any = (-2, -1), keepdim: bool = False,
    *, dtype: DType | None = None,
) -> Tensor:  # fmt: skip
    """A norm of a matrix, or of each matrix of a batch.

    Args:
        input: (*, M, N).
        ord: "fro", the Frobenius norm; "nuc", the nuclear norm, the sum of the singular values; 2, the spectral norm,
            the largest of them; -2, the smallest; 1, the largest sum of |x| in a column; -1, the smallest; inf and
            -inf, the same for rows.
        dim: the two dimensions of the matrix.
        keepdim: keep them, with length 1.
        dtype: convert to this dtype first.

    Raises:
        RuntimeError: there is no such norm, or input is not a matrix.

    >>> torch.linalg.matrix_norm(torch.tensor([[2., 0.], [0., 1.]]), ord=2)
    tensor(2.)
    """
    x = fractions("linalg.matrix_norm", input, dtype)
    if x.ndim < 2:
        raise errors.needs_matrix("linalg.matrix_norm", x.shape)
    if not isinstance(dim, tuple | list) or len(dim) != 2:
        raise errors.not_two_dims(dim)
    row, column = (axis_of(d, x.ndim) for d in dim)
    if row == column:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got {tuple(dim)}")
    if ord == "fro":
        return vector_norm(x, 2, (row, column), keepdim)
    if ord in (1, -1, math.inf, -math.inf):
        across, along = (row, column) if ord in (1, -1) else (column, row)
        sums = vector_norm(x, 1, across, keepdim)
        return _extreme(sums, along - (across < along and not keepdim), keepdim, ord)
    if ord not in ("nuc", 2, -2):
        raise errors.unknown_matrix_norm(ord)
    values = singular_values(decomposable("linalg.matrix_norm", x).movedim((row, column), (-2, -1)))
    value = values.sum(-1) if ord == "nuc" else _extreme(values, -1, False, ord)
    return value.unsqueeze(min(row, column)).unsqueeze(max(row, column)) if keepdim else value


def _extreme(sizes: Tensor, dim: int, keepdim: bool, ord: Any) -> Tensor:
    """The maximum, or for a negative order the minimum; the maximum of no elements is 0."""
    if ord < 0:
        return sizes.amin(dim, keepdim)
    return sizes.amax(dim, keepdim) if sizes.shape[dim] else sizes.sum(dim, keepdim)
