"""Reductions (sums, products, means, norms) and cumulative operations along a dimension.

Reductions take `dim` (one dimension, several, or None for all) and `keepdim`; NumPy's names for the
two, `axis` and `keepdims`, are accepted as in PyTorch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, ops
from ..dtypes import dtype as DType
from ..dtypes import int64, numpy_dtype
from .arguments import numpy_names, tensor_argument
from .base import Dims, TensorBase, apply, as_float, axes_of, axis_of, to_dtype, wrap
from .joining import cat
from .norms import matrix_norm

if TYPE_CHECKING:
    from .tensor import Tensor


class Reduction(TensorBase):
    """Reductions, and cumulative operations along a dimension."""

    __slots__ = ()

    @numpy_names
    def sum(self, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
        """The sum of all elements, or along dimensions.

        Args:
            dim: the dimension or dimensions to sum over; None for all of them.
            keepdim: keep them, with length 1, so that the result broadcasts with self.
            dtype: convert to this dtype first. By default, integers and bools sum to int64.

        Raises:
            IndexError: self has no such dimension.

        >>> x = cutaway.tensor([[1., 2.], [3., 4.]])
        >>> x.sum()
        tensor(10.)
        >>> x.sum(dim=0)
        tensor([4., 6.])
        >>> x.sum(dim=1, keepdim=True)
        tensor([[3.],
                [7.]])
        """
        x = _summable(self, dtype)
        return _kept(x, apply(ops.sum, x, axis=axes_of(dim, self._array.ndim), keepdims=keepdim))

    @numpy_names
    def prod(self, dim: int | None = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
        """The product of all elements, or along a dimension.

        Args:
            dim: the dimension to multiply over; None for all elements.
            keepdim: keep it, with length 1.
            dtype: convert to this dtype first. By default, integers and bools multiply to int64.

        >>> cutaway.tensor([[1., 2.], [3., 4.]]).prod(dim=1)
        tensor([ 2., 12.])
        """
        x = _summable(self, dtype)
        axis = None if dim is None else axis_of(dim, self._array.ndim)
        return _kept(x, apply(ops.prod, x, axis=axis if self._array.ndim else None, keepdims=keepdim))

    @numpy_names
    def mean(self, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
        """The mean of all elements, or along dimensions.

        Args:
            dim: the dimension or dimensions to average over; None for all of them.
            keepdim: keep them, with length 1.
            dtype: convert to this dtype first.

        Raises:
            RuntimeError: self has an integer dtype, and no dtype was given.

        >>> cutaway.tensor([[1., 2.], [3., 4.]]).mean(dim=1)
        tensor([1.5000, 3.5000])
        """
        x = _fractions("mean", self, dtype)
        return apply(ops.mean, x, axis=axes_of(dim, self._array.ndim), keepdims=keepdim)

    @numpy_names
    def var(
        self, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False,
        *, correction: float | None = None,
    ) -> Tensor:  # fmt: skip
        """The variance: the mean squared deviation from the mean.

        Args:
            dim: the dimension or dimensions to reduce; None for all of them.
            unbiased: True (the default) divides by N - 1, False by N.
            keepdim: keep the dimensions, with length 1.
            correction: the number to subtract from N, in place of `unbiased`.

        >>> cutaway.tensor([1., 2., 3., 4.]).var()
        tensor(1.6667)
        >>> cutaway.tensor([1., 2., 3., 4.]).var(correction=0)
        tensor(1.2500)
        """
        return _spread(ops.var, self, dim, unbiased, keepdim, correction)

    @numpy_names
    def std(
        self, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False,
        *, correction: float | None = None,
    ) -> Tensor:  # fmt: skip
        """The standard deviation: the square root of the variance, with the same arguments as `var`.

        >>> cutaway.tensor([1., 2., 3., 4.]).std()
        tensor(1.2910)
        """
        return _spread(ops.std, self, dim, unbiased, keepdim, correction)

    @numpy_names
    def logsumexp(self, dim: Dims, keepdim: bool = False) -> Tensor:
        """log(sum(exp(self))) along dim, without overflow.

        Args:
            dim: the dimension or dimensions to reduce.
            keepdim: keep them, with length 1.

        >>> cutaway.tensor([1000., 1000.]).logsumexp(dim=0)
        tensor(1000.6932)
        """
        return apply(ops.logsumexp, as_float(self), axis=axes_of(dim, self._array.ndim), keepdims=keepdim)

    @numpy_names
    def cumsum(self, dim: int, *, dtype: DType | None = None) -> Tensor:
        """The cumulative sum along dim.

        Args:
            dim: the dimension to sum along.
            dtype: convert to this dtype first. By default, integers and bools sum to int64.

        >>> cutaway.tensor([1., 2., 3.]).cumsum(dim=0)
        tensor([1., 3., 6.])
        """
        return _running(ops.cumsum, self, dim, dtype)

    @numpy_names
    def cumprod(self, dim: int, *, dtype: DType | None = None) -> Tensor:
        """The cumulative product along dim.

        Args:
            dim: the dimension to multiply along.
            dtype: convert to this dtype first. By default, integers and bools multiply to int64.

        >>> cutaway.tensor([1., 2., 3.]).cumprod(dim=0)
        tensor([1., 2., 6.])
        """
        return _running(ops.cumprod, self, dim, dtype)

    @numpy_names
    def diff(
        self, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
    ) -> Tensor:
        """The n-th differences along dim: self[1:] - self[:-1], applied n times. For bools, the exclusive or.

        Args:
            n: the order of the difference.
            dim: the dimension.
            prepend: a tensor to prepend to self along dim; of self's shape, except for dim.
            append: a tensor to append.

        Raises:
            RuntimeError: self is a 0-d tensor, or n is negative.

        >>> cutaway.tensor([1, 4, 9, 16]).diff()
        tensor([3, 5, 7])
        """
        if not self._array.ndim:
            raise errors.needs_dimensions("diff")
        if n < 0:
            raise errors.negative_count("diff", "n", n)
        axis = axis_of(dim, self._array.ndim)
        parts: list[Any] = [x for x in (prepend, self, append) if x is not None]
        if any(tensor_argument(x, "diff")._array.ndim != self._array.ndim for x in parts):
            raise errors.cannot_join("diff", [x._array.shape for x in parts], axis)
        if n == 0:
            return apply(ops.copy, self)
        x = cat(parts, axis) if len(parts) > 1 else parts[0]
        length = x._array.shape[axis]
        for _ in range(min(n, length)):
            length -= 1
            later, earlier = x.narrow(axis, 1, length), x.narrow(axis, 0, length)
            x = later ^ earlier if x._array.dtype.kind == "b" else later - earlier
        return x

    @numpy_names
    def all(self, dim: Dims = None, keepdim: bool = False) -> Tensor:
        """Whether all elements are nonzero.

        >>> cutaway.tensor([True, False]).all()
        tensor(False)
        """
        return _truth(np.all, self, dim, keepdim)

    @numpy_names
    def any(self, dim: Dims = None, keepdim: bool = False) -> Tensor:
        """Whether any element is nonzero.

        >>> cutaway.tensor([[True, False], [False, False]]).any(dim=1)
        tensor([ True, False])
        """
        return _truth(np.any, self, dim, keepdim)

    @numpy_names
    def norm(
        self, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False, dtype: DType | None = None
    ) -> Tensor:
        """The p-norm of self as a vector: (Σ |x|ᵖ)^(1/p).

        Args:
            p: 2 (or "fro") for the Euclidean norm, 1 for the sum of absolute values, inf for the maximum; "nuc" for the
                nuclear norm of a matrix.
            dim: the dimension or dimensions to reduce; None for all of them.
            keepdim: keep them, with length 1.
            dtype: convert to this dtype first.

        Raises:
            RuntimeError: self has an integer dtype.

        >>> cutaway.tensor([3., 4.]).norm()
        tensor(5.)
        """
        if isinstance(p, str) and p != "fro":
            dims = tuple(range(self._array.ndim)) if dim is None else dim
            return matrix_norm(self, p, dims, keepdim, dtype=dtype)  # type: ignore[arg-type]
        x = _fractions("norm", self, dtype)
        power = 2.0 if p in ("fro", None) else float(p)
        return apply(ops.norm, x, p=power, axis=axes_of(dim, self._array.ndim), keepdims=keepdim)


# --- validation, as in PyTorch --------------------------------------------------------------------------


def _summable(x: TensorBase, dtype: DType | None) -> Tensor:
    """x converted to the dtype of its sum."""
    return to_dtype(x, numpy_dtype(dtype, x._array.dtype if x._array.dtype.kind == "f" else int64.dtype))


def _running(op: Callable[..., Any], x: TensorBase, dim: int, dtype: DType | None) -> Tensor:
    axis, x = axis_of(dim, x._array.ndim), _summable(x, dtype)
    return _kept(x, apply(op, x, axis=axis)) if x._array.ndim else apply(ops.copy, x)


def _kept(x: TensorBase, total: Tensor) -> Tensor:
    """The sum in x's dtype, since NumPy sums int32 in int64."""
    return total if total._array.dtype == x._array.dtype else wrap(total._array.astype(x._array.dtype))


def _fractions(name: str, x: TensorBase, dtype: DType | None = None) -> TensorBase:
    """x converted to dtype; raises if the result is not floating-point."""
    x = to_dtype(x, numpy_dtype(dtype, x._array.dtype))
    if x._array.dtype.kind != "f":
        raise errors.needs_fractions(name, x.dtype)
    return x


def _spread(
    op: Callable[..., Any], x: TensorBase, dim: Any, unbiased: bool | None, keepdim: bool, correction: float | None
) -> Tensor:
    if isinstance(dim, bool):  # var(False) is var(unbiased=False)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    x = _fractions(op.__name__, x)
    axes = axes_of(dim, x._array.ndim)
    n = x._array.size if axes is None else math.prod(x._array.shape[axis] for axis in axes)
    if n <= correction:
        errors.warn(errors.no_freedom(op.__name__, n, correction))
    return apply(op, x, axis=axes, correction=correction, keepdims=keepdim)


def _truth(question: Callable[..., Any], x: TensorBase, dim: Dims, keepdim: bool) -> Tensor:
    answer = question(x._array, axis=axes_of(dim, x._array.ndim), keepdims=keepdim)
    # PyTorch's bools used to be uint8, and uint8 inputs still give uint8
    return wrap(np.asarray(answer, np.uint8 if x._array.dtype == np.uint8 else np.bool_))
