"""Maximum, minimum and median, and their indices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import errors, events, ops
from ..ops.contract import Array
from .arguments import numpy_names, tensor_argument
from .base import Dims, TensorBase, apply, axes_of, axis_of, binary, wrap

if TYPE_CHECKING:
    from .tensor import Tensor


class Extremes(TensorBase):
    """Maximum, minimum and median, and their indices."""

    __slots__ = ()

    @numpy_names
    def amax(self, dim: Dims = (), keepdim: bool = False) -> Tensor:
        """The maximum; ties share the gradient equally.

        Args:
            dim: the dimension or dimensions to reduce; () for all of them.
            keepdim: keep them, with length 1.

        Raises:
            IndexError: there are no elements to reduce.

        >>> cutaway.tensor([[1., 5.], [3., 2.]]).amax(dim=1)
        tensor([5., 3.])
        """
        return _extreme(ops.amax, self, dim, keepdim)

    @numpy_names
    def amin(self, dim: Dims = (), keepdim: bool = False) -> Tensor:
        """The minimum; ties share the gradient equally.

        >>> cutaway.tensor([[1., 5.], [3., 2.]]).amin(dim=1)
        tensor([1., 2.])
        """
        return _extreme(ops.amin, self, dim, keepdim)

    @numpy_names
    def max(self, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
        """The maximum; with dim, a named tuple (values, indices); with a tensor, `maximum`.

        Args:
            dim: the dimension to reduce; None for all elements; or another tensor.
            keepdim: keep the dimension, with length 1.
            other: the other tensor, by name.

        Raises:
            IndexError: there are no elements to reduce, or no such dimension.

        >>> x = cutaway.tensor([[1., 5.], [3., 2.]])
        >>> x.max()
        tensor(5.)
        >>> x.max(dim=1).indices
        tensor([1, 0])
        """
        if other is not None or isinstance(dim, TensorBase):
            return binary(ops.maximum, self, tensor_argument(dim if other is None else other, "max"))
        if dim is None:
            return apply(ops.amax, _not_empty("max", self))
        return _along(ops.max_along, np.argmax, MaxResult, self, dim, keepdim)

    @numpy_names
    def min(self, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
        """The minimum; with dim, a named tuple (values, indices); with a tensor, `minimum`.

        Args:
            dim: the dimension to reduce; None for all elements; or another tensor.
            keepdim: keep the dimension, with length 1.
            other: the other tensor, by name.

        >>> cutaway.tensor([[1., 5.], [3., 2.]]).min(dim=1).values
        tensor([1., 2.])
        """
        if other is not None or isinstance(dim, TensorBase):
            return binary(ops.minimum, self, tensor_argument(dim if other is None else other, "min"))
        if dim is None:
            return apply(ops.amin, _not_empty("min", self))
        return _along(ops.min_along, np.argmin, MinResult, self, dim, keepdim)

    @numpy_names
    def argmax(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """The index of the maximum along dim, or in the flattened tensor.

        Args:
            dim: the dimension to search along; None for all elements.
            keepdim: keep the dimension, with length 1.

        >>> cutaway.tensor([[1., 5.], [3., 2.]]).argmax(dim=1)
        tensor([1, 0])
        """
        return _place(np.argmax, _not_bool("argmax", self), dim, keepdim)

    @numpy_names
    def argmin(self, dim: int | None = None, keepdim: bool = False) -> Tensor:
        """The index of the minimum along dim, or in the flattened tensor.

        >>> cutaway.tensor([[1., 5.], [3., 2.]]).argmin()
        tensor(0)
        """
        return _place(np.argmin, _not_bool("argmin", self), dim, keepdim)

    @numpy_names
    def median(self, dim: int | None = None, keepdim: bool = False) -> Any:
        """The median; with dim, a named tuple (values, indices).

        For an even number of elements, the lower of the two middle ones; nan if any element is nan.

        Args:
            dim: the dimension to reduce; None for all elements.
            keepdim: keep the dimension, with length 1.

        Raises:
            IndexError: dim is empty, or there is no such dimension.

        >>> cutaway.tensor([5., 1., 4., 2.]).median()
        tensor(2.)
        """
        if self._array.dtype.kind == "b":
            raise errors.not_for_dtype("median", "bool", "numbers: x.int()")
        if dim is not None:
            return _along(ops.median_along, _middle, MedianResult, self, dim, keepdim)
        if self._array.size == 0:
            return wrap(np.full((), np.nan).astype(self._array.dtype))
        flat, middle = self._array.ravel(), (self._array.size - 1) // 2
        unknown = np.isnan(flat)
        place = unknown.argmax() if unknown.any() else np.argpartition(flat, middle)[middle]
        return apply(ops.median, self, place=int(place))


class Found(NamedTuple):
    """A named tuple (values, indices), which prints under the name of its function, as in PyTorch."""

    values: Any
    indices: Any

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}: it holds values and indices; select one, "
            ".values or .indices"
        )

    def __repr__(self) -> str:
        name = type(self).__name__.removesuffix("Result").lower()
        return f"torch.return_types.{name}(\nvalues={self.values!r},\nindices={self.indices!r})"


class MaxResult(Found):
    """The result of `x.max(dim)`."""

    __slots__ = ()


class MinResult(Found):
    """The result of `x.min(dim)`."""

    __slots__ = ()


class MedianResult(Found):
    """The result of `x.median(dim)`."""

    __slots__ = ()


# --- validation, as in PyTorch --------------------------------------------------------------------------


def _extreme(op: Callable[..., Any], x: TensorBase, dim: Any, keepdim: bool) -> Tensor:
    axes = axes_of(dim, x._array.ndim)
    if axes is None:
        _not_empty(op.__name__, x)
    _refuse_empty(op.__name__, x, axes or ())
    return apply(op, x, axis=axes, keepdims=keepdim)


def _along(
    pick: Callable[..., Any], find: Callable[..., Any], result: Any, x: TensorBase, dim: int, keepdim: bool
) -> Any:
    """The named tuple of the indices that `find` returns along dim, and the values that `pick` reads there."""
    axis = axis_of(dim, x._array.ndim)
    if x._array.ndim == 0:
        return result(apply(ops.copy, x), wrap(np.zeros((), np.int64)))
    _refuse_empty(pick.__name__.removesuffix("_along"), x, (axis,))
    index = find(x._array, axis=axis, keepdims=True).astype(np.int64)
    for listener in events.choice:
        listener()
    values = apply(pick, x, index=index, axis=axis, keepdims=keepdim)
    return result(values, wrap(index if keepdim else np.squeeze(index, axis)))


def _middle(array: Array, axis: int, keepdims: bool) -> Array:
    """The index of the median along an axis; of the first nan, if there is one."""
    middle = (array.shape[axis] - 1) // 2
    at = np.take(np.argsort(array, axis=axis, kind="stable"), [middle], axis=axis)
    unknown = np.isnan(array)
    return np.where(unknown.any(axis=axis, keepdims=True), unknown.argmax(axis=axis, keepdims=True), at)


def _place(find: Callable[..., Any], x: TensorBase, dim: int | None, keepdim: bool) -> Tensor:
    array = np.atleast_1d(x._array)
    axis = None if dim is None else axis_of(dim, x._array.ndim)
    if array.size == 0:
        _refuse_empty(find.__name__, x, range(array.ndim) if axis is None else (axis,))
    place = np.asarray(find(array, axis=axis, keepdims=keepdim), np.int64)
    for listener in events.choice:
        listener()
    return wrap(place if x._array.ndim else place.reshape(()))


def _not_bool(name: str, x: TensorBase) -> TensorBase:
    if x._array.dtype.kind == "b":
        raise errors.no_bools(name)
    return x


def _not_empty(name: str, x: TensorBase) -> TensorBase:
    if x._array.size == 0:
        raise errors.extreme_of_nothing(name)
    return x


def _refuse_empty(name: str, x: TensorBase, axes: Any) -> None:
    if any(x._array.shape[axis] == 0 for axis in axes):
        raise errors.nothing_to_choose_from(name, x._array.shape)
