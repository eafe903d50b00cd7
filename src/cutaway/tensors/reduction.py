"""Many elements become one: sums, means, extremes.

All take `dim` (one dimension, several, or None for all) and `keepdim`; NumPy's names for the two,
`axis` and `keepdims`, are accepted as in PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import errors, ops
from ..dtypes import dtype as DType
from ..dtypes import int64, numpy_dtype
from .arguments import numpy_names
from .base import Dims, TensorBase, apply, as_float, axes_of, axis_of, binary, to_dtype, wrap

if TYPE_CHECKING:
    from .tensor import Tensor


class Reduction(TensorBase):
    """Many elements become one: sums, means, extremes."""

    __slots__ = ()

    @numpy_names
    def sum(self, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
        """The sum of all elements, or along dimensions.

        Args:
            dim: the dimension or dimensions to sum over; None for all of them.
            keepdim: keep them, with length 1, so that the result still broadcasts against self.
            dtype: convert to this dtype first. Whole numbers and bools sum to int64 anyway.

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
    def mean(self, dim: Dims = None, keepdim: bool = False, *, dtype: DType | None = None) -> Tensor:
        """The mean of all elements, or along dimensions.

        Args:
            dim: the dimension or dimensions to average over; None for all of them.
            keepdim: keep them, with length 1.
            dtype: convert to this dtype first.

        Raises:
            RuntimeError: the elements are whole numbers, and no dtype was given.

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
        """The variance: the mean squared distance from the mean.

        Args:
            dim: the dimension or dimensions to reduce; None for all of them.
            unbiased: True (the default) divides by N - 1, False by N.
            keepdim: keep the dimensions, with length 1.
            correction: the number to take off N, in place of `unbiased`.

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

    # --- extremes

    @numpy_names
    def amax(self, dim: Dims = (), keepdim: bool = False) -> Tensor:
        """The largest element; elements that tie share the gradient equally.

        Args:
            dim: the dimension or dimensions to reduce; () for all of them.
            keepdim: keep them, with length 1.

        Raises:
            IndexError: there are no elements to choose from.

        >>> cutaway.tensor([[1., 5.], [3., 2.]]).amax(dim=1)
        tensor([5., 3.])
        """
        return _extreme(ops.amax, self, dim, keepdim)

    @numpy_names
    def amin(self, dim: Dims = (), keepdim: bool = False) -> Tensor:
        """The smallest element; elements that tie share the gradient equally.

        >>> cutaway.tensor([[1., 5.], [3., 2.]]).amin(dim=1)
        tensor([1., 2.])
        """
        return _extreme(ops.amin, self, dim, keepdim)

    @numpy_names
    def max(self, dim: int | Tensor | None = None, keepdim: bool = False) -> Any:
        """The largest element; with dim, named results `values` and `indices`; with a tensor, `maximum`.

        Args:
            dim: the dimension to reduce; None for all elements; or another tensor.
            keepdim: keep the dimension, with length 1.

        Raises:
            IndexError: there are no elements to choose from, or no such dimension.

        >>> x = cutaway.tensor([[1., 5.], [3., 2.]])
        >>> x.max()
        tensor(5.)
        >>> x.max(dim=1).indices
        tensor([1, 0])
        """
        if isinstance(dim, TensorBase):
            return binary(ops.maximum, self, dim)
        return _max_or_min(ops.amax, ops.max_along, np.argmax, MaxResult, self, dim, keepdim)

    @numpy_names
    def min(self, dim: int | Tensor | None = None, keepdim: bool = False) -> Any:
        """The smallest element; with dim, named results `values` and `indices`; with a tensor, `minimum`.

        Args:
            dim: the dimension to reduce; None for all elements; or another tensor.
            keepdim: keep the dimension, with length 1.

        >>> cutaway.tensor([[1., 5.], [3., 2.]]).min(dim=1).values
        tensor([1., 2.])
        """
        if isinstance(dim, TensorBase):
            return binary(ops.minimum, self, dim)
        return _max_or_min(ops.amin, ops.min_along, np.argmin, MinResult, self, dim, keepdim)

    @numpy_names
    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Where the largest element is: its index along dim, or in the flattened tensor.

        Args:
            dim: the dimension to search along; None for all elements.
            keepdim: keep the dimension, with length 1.

        >>> cutaway.tensor([[1., 5.], [3., 2.]]).argmax(dim=1)
        tensor([1, 0])
        """
        return _place(np.argmax, _not_bool("argmax", self), dim, keepdim)

    @numpy_names
    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """Where the smallest element is: its index along dim, or in the flattened tensor.

        >>> cutaway.tensor([[1., 5.], [3., 2.]]).argmin()
        tensor(0)
        """
        return _place(np.argmin, _not_bool("argmin", self), dim, keepdim)

    # --- others

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
        """Running sums along dim.

        Args:
            dim: the dimension along which to add up.
            dtype: convert to this dtype first. Whole numbers and bools sum to int64 anyway.

        >>> cutaway.tensor([1., 2., 3.]).cumsum(dim=0)
        tensor([1., 3., 6.])
        """
        axis, x = axis_of(dim, self._array.ndim), _summable(self, dtype)
        return _kept(x, apply(ops.cumsum, x, axis=axis)) if self._array.ndim else apply(ops.copy, x)

    @numpy_names
    def all(self, dim: Dims = None, keepdim: bool = False) -> Tensor:
        """Whether all elements are True, or not 0.

        >>> cutaway.tensor([True, False]).all()
        tensor(False)
        """
        return _truth(np.all, self, dim, keepdim)

    @numpy_names
    def any(self, dim: Dims = None, keepdim: bool = False) -> Tensor:
        """Whether at least one element is True, or not 0.

        >>> cutaway.tensor([[True, False], [False, False]]).any(dim=1)
        tensor([ True, False])
        """
        return _truth(np.any, self, dim, keepdim)

    @numpy_names
    def count_nonzero(self, dim: Dims = None) -> Tensor:
        """How many elements are not 0.

        >>> cutaway.tensor([0, 3, 4]).count_nonzero()
        tensor(2)
        """
        n = np.count_nonzero(self._array, axis=axes_of(dim, self._array.ndim))
        return wrap(np.asarray(n, dtype=np.int64))

    @numpy_names
    def norm(self, p: float | str | None = "fro", dim: Dims = None, keepdim: bool = False) -> Tensor:
        """The length of self as a vector: (Σ |x|ᵖ)^(1/p).

        Args:
            p: 2 (or "fro") for the usual length, 1 for the sum of absolute values, inf for the largest.
            dim: the dimension or dimensions along which; None for all elements.
            keepdim: keep them, with length 1.

        Raises:
            RuntimeError: the elements are whole numbers.

        >>> cutaway.tensor([3., 4.]).norm()
        tensor(5.)
        """
        x = _fractions("norm", self)
        power = 2.0 if p in ("fro", None) else float(p)
        return apply(ops.norm, x, p=power, axis=axes_of(dim, self._array.ndim), keepdims=keepdim)


class MaxResult(NamedTuple):
    """What `x.max(dim)` returns."""

    values: Any
    indices: Any

    def __repr__(self) -> str:
        return named("max", self)


class MinResult(NamedTuple):
    """What `x.min(dim)` returns."""

    values: Any
    indices: Any

    def __repr__(self) -> str:
        return named("min", self)


def named(name: str, result: Any) -> str:
    """A pair of values and indices, printed as PyTorch prints it."""
    return f"torch.return_types.{name}(\nvalues={result.values!r},\nindices={result.indices!r})"


# --- with the checks that PyTorch makes -----------------------------------------------------------------


def _summable(x: TensorBase, dtype: DType | None) -> Tensor:
    """x in the dtype in which its sum is taken."""
    return to_dtype(x, numpy_dtype(dtype, x._array.dtype if x._array.dtype.kind == "f" else int64.dtype))


def _kept(x: TensorBase, total: Tensor) -> Tensor:
    """The sum in x's dtype: NumPy adds up int32 in int64."""
    return total if total._array.dtype == x._array.dtype else wrap(total._array.astype(x._array.dtype))


def _fractions(name: str, x: TensorBase, dtype: DType | None = None) -> TensorBase:
    """x in the dtype that was asked for, which must be one of fractions."""
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
    axis = axes_of(dim, x._array.ndim)
    return apply(op, _fractions(op.__name__, x), axis=axis, correction=correction, keepdims=keepdim)


def _extreme(op: Callable[..., Any], x: TensorBase, dim: Any, keepdim: bool) -> Tensor:
    axes = axes_of(dim, x._array.ndim)
    if axes is None and x._array.size == 0:
        raise errors.extreme_of_nothing(op.__name__)
    _refuse_empty(op.__name__, x, axes or ())
    return apply(op, x, axis=axes, keepdims=keepdim)


def _max_or_min(
    reduce: Callable[..., Any], pick: Callable[..., Any], find: Callable[..., Any], result: Any,
    x: TensorBase, dim: int | None, keepdim: bool,
) -> Any:  # fmt: skip
    if dim is None:
        if x._array.size == 0:
            raise errors.extreme_of_nothing(reduce.__name__[1:])
        return apply(reduce, x)
    axis = axis_of(dim, x._array.ndim)
    if x._array.ndim == 0:
        return result(apply(ops.copy, x), wrap(np.zeros((), np.int64)))
    _refuse_empty(reduce.__name__[1:], x, (axis,))
    index = _place(find, x, axis, True)
    values = apply(pick, x, index=index._array, axis=axis, keepdims=keepdim)
    return result(values, index if keepdim else wrap(np.squeeze(index._array, axis)))


def _place(find: Callable[..., Any], x: TensorBase, dim: int | None, keepdim: bool) -> Tensor:
    array = np.atleast_1d(x._array)
    axis = None if dim is None else axis_of(dim, x._array.ndim)
    if array.size == 0:
        _refuse_empty(find.__name__, x, range(array.ndim) if axis is None else (axis,))
    place = np.asarray(find(array, axis=axis, keepdims=keepdim), np.int64)
    return wrap(place if x._array.ndim else place.reshape(()))


def _not_bool(name: str, x: TensorBase) -> TensorBase:
    if x._array.dtype.kind == "b":
        raise errors.no_bools(name)
    return x


def _truth(question: Callable[..., Any], x: TensorBase, dim: Dims, keepdim: bool) -> Tensor:
    answer = question(x._array, axis=axes_of(dim, x._array.ndim), keepdims=keepdim)
    # PyTorch's bools were of uint8 once, and still are where they were given
    return wrap(np.asarray(answer, np.uint8 if x._array.dtype == np.uint8 else np.bool_))


def _refuse_empty(name: str, x: TensorBase, axes: Any) -> None:
    if any(x._array.shape[axis] == 0 for axis in axes):
        raise errors.nothing_to_choose_from(name, x._array.shape)
