"""x[...] in all its forms, and the functions that read and write by index.

Integers, slices, None and `...` give a view; index tensors, lists and masks give a copy. Where an
index has both, PyTorch takes the view first and then looks up in it, and so do we: NumPy alone
would put the dimensions in another order (`x[0, :, [1, 2]]`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, ops
from .arguments import number_for, numpy_names, tensor_argument
from .base import TensorBase, apply, apply_view, axis_of, to_dtype, wrap, write
from .shape import Shape

if TYPE_CHECKING:
    from .tensor import Tensor


class Indexing(Shape):
    """x[...] in all its forms, and the functions that read and write by index."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Tensor:
        try:
            if type(index) is int:  # the most frequent one, without the rest
                return apply_view(ops.getitem, self, index=(index, ...))
            view, lookup = _parts(index)
            x = apply_view(ops.getitem, self, index=view) if view else self
            return apply(ops.getitem, x, index=lookup) if lookup else x  # type: ignore[return-value]
        except IndexError as error:
            raise _explained(self, index, error) from None

    def __setitem__(self, index: Any, value: Any) -> None:
        try:
            view, lookup = _parts(index)
            target = apply_view(ops.getitem, self, index=view) if view and lookup else self
            write(target, self._value(value, lookup), lookup or view)
        except IndexError as error:
            raise _explained(self, index, error) from None

    def _value(self, value: Any, lookup: tuple[Any, ...]) -> Any:
        """What x[index] = value writes: a tensor, or a number in x's dtype."""
        if isinstance(value, TensorBase):
            if lookup and value._array.ndim and value._array.dtype != self._array.dtype:
                raise errors.index_put_of_dtypes(self.dtype, value.dtype)
            return value
        if not isinstance(value, int | float | np.generic):
            raise errors.cannot_assign(value)
        return number_for(self._array.dtype, value)

    def __delitem__(self, index: Any) -> None:
        raise errors.cannot_delete()

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise errors.zero_dim("len()")
        return len(self._array)

    def __iter__(self) -> Iterator[Tensor]:
        if self._array.ndim == 0:
            raise errors.zero_dim("iteration")
        return iter(self.unbind(0))

    def __reversed__(self) -> Tensor:
        return self.flip(0)

    @numpy_names
    def gather(self, dim: int, index: Tensor) -> Tensor:
        """The elements whose places along dim are given: out[i, j] = self[i, index[i, j]] for dim=1.

        Args:
            dim: the dimension along which index counts.
            index: int64, of the result's shape; in no other dimension longer than self.

        Raises:
            RuntimeError: index has another dtype, does not fit, or counts further than self goes.

        >>> x = cutaway.tensor([[1, 2], [3, 4]])
        >>> x.gather(1, cutaway.tensor([[0], [1]]))
        tensor([[1],
                [4]])
        """
        attrs = _places("gather", self, dim, index)
        if self._array.ndim and index._array.ndim:
            return apply(ops.take_along, self, **attrs)
        attrs["index"] = np.atleast_1d(attrs["index"])  # a single number, as if it had one dimension
        return apply(ops.take_along, self.reshape(-1), **attrs).reshape(index.shape)

    @numpy_names
    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """The slices along dim that index names.

        Args:
            dim: the dimension along which index counts.
            index: int64, with one dimension.

        Raises:
            IndexError: index counts further than self goes.

        >>> cutaway.tensor([[1, 2], [3, 4]]).index_select(1, cutaway.tensor([1, 0]))
        tensor([[2, 1],
                [4, 3]])
        """
        axis = axis_of(dim, self._array.ndim)
        rows = np.atleast_1d(_integers("index_select", index))
        n = self._array.shape[axis] if self._array.ndim else 1
        if rows.ndim > 1 or (rows.size and not 0 <= rows.min() <= rows.max() < n):
            raise errors.cannot_select(rows, n, dim)
        x = self if self._array.ndim else self.reshape(1)
        out = apply(ops.index_select, x, index=(*(slice(None),) * axis, rows))
        return out if self._array.ndim else out.reshape(())

    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where mask is True, in one dimension.

        Args:
            mask: a bool tensor; it and self are stretched to one shape.

        >>> x = cutaway.tensor([1, 2, 3])
        >>> x.masked_select(x > 1)
        tensor([2, 3])
        """
        if tensor_argument(mask, "masked_select")._array.dtype.kind != "b":
            raise errors.not_a_mask("masked_select", mask.dtype)
        try:
            shape = np.broadcast_shapes(self._array.shape, mask._array.shape)
        except ValueError:
            raise errors.no_common_shape("masked_select", [self._array.shape, mask._array.shape]) from None
        x = self if self._array.shape == shape else self.expand(shape)
        return apply(ops.masked_select, x, index=np.broadcast_to(mask._array, shape))

    def nonzero(self, *, as_tuple: bool = False) -> Any:
        """The indices of the elements that are not 0, a row each.

        Args:
            as_tuple: a tuple with one tensor for each dimension instead, usable as an index.

        >>> cutaway.tensor([0, 3, 4]).nonzero()
        tensor([[1],
                [2]])
        """
        if as_tuple:
            return tuple(wrap(a.astype(np.int64)) for a in np.nonzero(np.atleast_1d(self._array)))
        return wrap(np.argwhere(self._array).astype(np.int64))

    @numpy_names
    def scatter_add_(self, dim: int, index: Tensor, src: Tensor) -> Tensor:
        """Add src's elements at the places that index gives: self[i, index[i, j]] += src[i, j] for dim=1.

        Args:
            dim: the dimension along which index counts.
            index: int64; in no dimension longer than src, and in no other than dim longer than self.
            src: what is added.

        >>> x = cutaway.zeros(3)
        >>> x.scatter_add_(0, cutaway.tensor([0, 2, 2]), cutaway.ones(3))
        tensor([1., 0., 2.])
        """
        attrs = _places("scatter_add_", self, dim, index)
        places = ops.indexing.along(attrs["index"], attrs["axis"], self._array.shape)
        part = tensor_argument(src, "scatter_add_")[tuple(slice(n) for n in index._array.shape)]
        added = apply(ops.place, part, shape=self._array.shape, index=places)
        write(self, apply(ops.add, self, to_dtype(added, self._array.dtype)))
        return self  # type: ignore[return-value]


# --- what an index means ----------------------------------------------------------------------------------


def _parts(index: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """An index as two for NumPy: the one that gives a view, then the one that looks up in it.

    Either is () where there is nothing for it to do.
    """
    parts = [_part(part) for part in (index if isinstance(index, tuple) else (index,))]
    view: list[Any] = []
    lookup: list[Any] = []
    for part in parts:
        if isinstance(part, np.ndarray):
            view += [slice(None)] * _dims_used(part)
            lookup.append(part)
            continue
        view.append(part)
        if type(part) is not int:  # an int takes its dimension away, before anything is looked up
            lookup.append(part if part is ... else slice(None))
    if not any(isinstance(part, np.ndarray) for part in lookup):
        lookup = []
    elif all(part is ... or part == slice(None) for part in view):
        view = []
    if view and ... not in view:
        view.append(...)  # so that NumPy gives a 0-d view, and not a number of its own
    return tuple(view), tuple(lookup)


def _part(part: Any) -> Any:
    """One part of an index as NumPy takes it: None, ..., an int, a slice, or an array."""
    if part is None or part is ... or type(part) is int:
        return part
    if isinstance(part, slice):
        return _slice(part)
    if isinstance(part, bool):
        return np.asarray(part)
    if isinstance(part, list | tuple | range):
        part = np.asarray([p._array if isinstance(p, TensorBase) else p for p in part])
        part = part.astype(np.int64) if part.size == 0 else part
    array = part._array if isinstance(part, TensorBase) else part
    if not isinstance(array, np.ndarray | np.generic) or array.dtype.kind not in "fiub":
        raise errors.not_an_index(part)
    if array.dtype.kind == "f" or array.dtype == np.int8 or array.dtype == np.int16:
        raise errors.index_of_wrong_dtype(array.dtype)
    if array.dtype == np.uint8:  # PyTorch's masks before it had bools
        return np.asarray(array, np.bool_)
    if array.ndim == 0 and array.dtype.kind != "b":
        return int(array)
    return np.asarray(array)


def _slice(part: slice) -> slice:
    if isinstance(part.step, int) and part.step <= 0:
        raise errors.step_not_positive(part.step)
    try:
        return slice(*(None if end is None else end.__index__() for end in (part.start, part.stop, part.step)))
    except AttributeError:
        raise errors.not_a_slice(part) from None


def _dims_used(part: Any) -> int:
    """How many of the tensor's dimensions a part of an index speaks for."""
    if part is None or part is ...:
        return 0
    return part.ndim if isinstance(part, np.ndarray) and part.dtype.kind == "b" else 1


def _explained(x: TensorBase, index: Any, error: IndexError) -> IndexError:
    """The error for an index that NumPy, or `_part`, has refused, in words that teach."""
    try:
        parts = [_part(part) for part in (index if isinstance(index, tuple) else (index,))]
    except IndexError as better:
        return better
    shape, used = x._array.shape, sum(map(_dims_used, parts))
    if sum(part is ... for part in parts) > 1:
        return errors.two_ellipses()
    if used > len(shape):
        return errors.too_many_indices(used, shape)
    axis = 0
    for part in parts:
        if isinstance(part, np.ndarray) and part.dtype.kind == "b":
            if part.shape != shape[axis : axis + part.ndim]:
                return errors.mask_of_wrong_shape(part.shape, shape, axis)
        elif isinstance(part, int | np.ndarray):
            for i in np.ravel(part).tolist():
                if not -shape[axis] <= i < shape[axis]:
                    return errors.index_out_of_range(i, axis, shape[axis])
        axis += len(shape) - used if part is ... else _dims_used(part)
    arrays = [part.shape for part in parts if isinstance(part, np.ndarray)]
    return errors.indices_do_not_fit(arrays) if len(arrays) > 1 else error


def _integers(name: str, index: Any) -> Any:
    if tensor_argument(index, name)._array.dtype not in (np.int64, np.int32):
        raise errors.index_not_int64(name, index.dtype)
    return index._array


def _places(name: str, x: TensorBase, dim: int, index: Any) -> dict[str, Any]:
    """The attributes of an op that reads or writes along dim: the index, which has been checked, and the axis."""
    axis, places = axis_of(dim, x._array.ndim), _integers(name, index)
    own = x._array.shape
    if max(places.ndim, 1) != max(len(own), 1):
        raise errors.index_of_wrong_ndim(name, places.shape, own)
    if any(n > m for d, (n, m) in enumerate(zip(places.shape, own, strict=False)) if d != axis):
        raise errors.index_too_large(name, places.shape, own, dim)
    length = own[axis] if own else 1
    if places.size and not 0 <= places.min() <= places.max() < length:
        wrong = places.min() if places.min() < 0 else places.max()
        raise errors.place_out_of_range(name, int(wrong), dim, length)
    return {"index": places, "axis": axis}
