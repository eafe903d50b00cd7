"""Indexing, x[...], and the functions that read and write by index.

Basic indexing (integers, slices, None and `...`) gives a view; advanced indexing (index tensors, lists
and masks) gives a copy. For an index with both, PyTorch takes the view first, and so does cutaway:
NumPy alone would order the dimensions differently (`x[0, :, [1, 2]]`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, ops
from ..ops.contract import Array
from .arguments import number_for, numpy_names, tensor_argument
from .base import Number, Operand, TensorBase, apply, apply_view, axis_of, named, wrap
from .parts import Parts
from .writing import write

if TYPE_CHECKING:
    from .tensor import Tensor


class Indexing(Parts):
    """Indexing, x[...], and the functions that read and write by index."""

    __slots__ = ()

    def __getitem__(self, index: Any) -> Tensor:
        try:
            if type(index) is int:  # fast path for the most common index
                return apply_view(ops.getitem, self, index=(index, ...))
            view, lookup = _parts(index, self._array.ndim)
            x = apply_view(ops.getitem, self, index=view) if view else self
            return apply(ops.getitem, x, index=lookup) if lookup else x  # type: ignore[return-value]
        except IndexError as error:
            raise _explained(self, index, error) from None

    def __setitem__(self, index: Any, value: Any) -> None:
        try:
            view, lookup = _parts(index, self._array.ndim)
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
    def gather(self, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
        """Gather elements along dim: out[i, j] = self[i, index[i, j]] for dim=1.

        Args:
            dim: the dimension to index.
            index: int64, of the result's shape; not longer than self in any dimension but dim.
            sparse_grad: ignored; gradients are always dense.

        Raises:
            RuntimeError: index has another dtype, does not fit, or is out of range.

        >>> x = cutaway.tensor([[1, 2], [3, 4]])
        >>> x.gather(1, cutaway.tensor([[0], [1]]))
        tensor([[1],
                [4]])
        """
        if not tensor_argument(index, "gather")._array.size:
            axis_of(dim, self._array.ndim)
            return self.reshape(-1)[:0].reshape(index.shape)  # an empty index may have any shape
        out = apply(ops.take_along, _with_an_axis(self), **_places("gather", self, dim, index))
        return _without_the_axis(out, index)

    @numpy_names
    def take_along_dim(self, indices: Tensor, dim: int | None = None) -> Tensor:
        """Like `gather`, but self and indices broadcast in all dimensions but dim.

        It accepts the results of `argsort`, `argmax(keepdim=True)` and similar functions.

        Args:
            indices: int64, with as many dimensions as self.
            dim: the dimension to index; None indexes self flattened.

        Raises:
            RuntimeError: indices has another dtype, or does not fit.

        >>> x = cutaway.tensor([[1, 3, 2], [6, 5, 4]])
        >>> x.take_along_dim(x.argmax(dim=1, keepdim=True), dim=1)
        tensor([[3],
                [6]])
        """
        if tensor_argument(indices, "take_along_dim")._array.dtype != np.int64:
            raise errors.index_not_int64("take_along_dim", indices.dtype, "int64")
        if dim is None:
            return self.reshape(-1).take_along_dim(indices.reshape(-1), 0)
        axis, own, given = axis_of(dim, self._array.ndim), self._array.shape, indices._array.shape
        if len(own) != len(given):
            raise errors.index_of_wrong_ndim("take_along_dim", given, own)
        try:
            shape = np.broadcast_shapes(*[(*sizes[:axis], 1, *sizes[axis + 1 :]) for sizes in (own, given)])
        except ValueError:
            raise errors.no_common_shape("take_along_dim", [own, given]) from None
        x = self.expand(*shape[:axis], own[axis], *shape[axis + 1 :])
        places = indices.expand(*shape[:axis], given[axis], *shape[axis + 1 :])
        return x.gather(axis, places % max(own[axis], 1))  # negative indices count from the end

    @numpy_names
    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """Select slices along dim.

        Args:
            dim: the dimension to index.
            index: int64, 1-d.

        Raises:
            IndexError: index is out of range.

        >>> cutaway.tensor([[1, 2], [3, 4]]).index_select(1, cutaway.tensor([1, 0]))
        tensor([[2, 1],
                [4, 3]])
        """
        axis, slices = _slices("index_select", self, dim, index)
        out = apply(ops.index_select, _with_an_axis(self), index=(*(slice(None),) * axis, slices))
        return _without_the_axis(out, self)

    def masked_select(self, mask: Tensor) -> Tensor:
        """The elements where mask is True, as a 1-d tensor.

        Args:
            mask: a bool tensor that broadcasts with self.

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
        """The indices of the nonzero elements, one per row.

        Args:
            as_tuple: return a tuple with one index tensor per dimension instead, usable as an index.

        >>> cutaway.tensor([0, 3, 4]).nonzero()
        tensor([[1],
                [2]])
        """
        if as_tuple:
            return tuple(wrap(a.astype(np.int64)) for a in np.nonzero(np.atleast_1d(self._array)))
        return wrap(np.argwhere(self._array).astype(np.int64))

    @numpy_names
    def scatter(
        self, dim: int, index: Tensor, src: Operand | None = None, *, value: Number | None = None,
        reduce: str | None = None,
    ) -> Tensor:  # fmt: skip
        """Write src into a copy of self along dim: out[i, index[i, j]] = src[i, j] for dim=1.

        Args:
            dim: the dimension to index.
            index: int64; in no dimension longer than src, and in no dimension but dim longer than self.
            src: the values to write, in self's dtype; or a number (also as `value`). If an index repeats, the last
                value remains.
            reduce: "add" or "multiply": combine with the existing element instead of replacing it.

        Raises:
            RuntimeError: index or src do not fit, or index is out of range.

        A row of zeros with a one for each label:

        >>> labels = cutaway.tensor([2, 0])
        >>> cutaway.zeros(2, 3).scatter(1, labels.unsqueeze(1), 1.)
        tensor([[0., 0., 1.],
                [1., 0., 0.]])
        """
        src = value if src is None else src
        if src is None:
            raise errors.nothing_to_scatter()
        attrs = _places("scatter", self, dim, index)
        y = _source("scatter", self, attrs, src)
        if reduce not in (None, "add", "multiply"):
            raise errors.unknown_reduce(reduce)
        if reduce == "multiply":
            return _multiplied(self, attrs["index"], y, attrs["axis"])
        if reduce == "add" and not isinstance(y, TensorBase):
            y = np.broadcast_to(y, attrs["index"].shape)
        op = ops.scatter if reduce is None else ops.scatter_add
        return _without_the_axis(apply(op, _with_an_axis(self), y, **attrs), self)

    @numpy_names
    def scatter_add(self, dim: int, index: Tensor, src: Tensor) -> Tensor:
        """Add src to a copy of self along dim: out[i, index[i, j]] += src[i, j] for dim=1.

        Args:
            dim: the dimension to index.
            index: int64; in no dimension longer than src, and in no dimension but dim longer than self.
            src: the values to add, in self's dtype.

        Raises:
            RuntimeError: index or src do not fit, or index is out of range.

        >>> cutaway.zeros(3).scatter_add(0, cutaway.tensor([0, 2, 2]), cutaway.ones(3))
        tensor([1., 0., 2.])
        """
        attrs = _places("scatter_add", self, dim, index)
        y = _source("scatter_add", self, attrs, tensor_argument(src, "scatter_add"))
        return _without_the_axis(apply(ops.scatter_add, _with_an_axis(self), y, **attrs), self)

    @numpy_names
    def index_add(self, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
        """Add slices of source to a copy of self, at the indices along dim.

        Args:
            dim: the dimension to index.
            index: int64, 1-d.
            source: of self's shape and dtype, except that its size along dim is that of index.
            alpha: a factor for source.

        Raises:
            IndexError: index is out of range, or not 1-d.
            RuntimeError: the shapes or the dtypes do not fit.

        >>> cutaway.zeros(3, 2).index_add(0, cutaway.tensor([2, 2]), cutaway.ones(2, 2))
        tensor([[0., 0.],
                [0., 0.],
                [2., 2.]])
        """
        x = _with_an_axis(self)
        axis, slices = _slices("index_add", self, dim, index)
        y = _with_an_axis(tensor_argument(source, "index_add"))
        if y._array.dtype != self._array.dtype:
            raise errors.dtypes_differ("index_add", self.dtype, source.dtype)
        shape = list(x._array.shape)
        shape[axis] = len(slices)
        if list(y._array.shape) != shape:
            raise errors.source_of_wrong_shape("index_add", y._array.shape, tuple(shape), dim)
        y = y if alpha == 1 else y * number_for(self._array.dtype, alpha)
        return _without_the_axis(apply(ops.index_add, x, y, index=slices, axis=axis), self)

    def index_fill(self, dim: int, index: Tensor, value: Operand) -> Tensor:
        """self, with value in the slices at the indices along dim.

        Args:
            dim: the dimension to index.
            index: int64, 1-d; negative indices count from the end.
            value: a number or a 0-d tensor, converted to self's dtype.

        Raises:
            IndexError: index is out of range, or not 1-d.
            RuntimeError: value is not a single number.

        >>> cutaway.zeros(2, 3).index_fill(1, cutaway.tensor([0, 2]), 7.)
        tensor([[7., 0., 7.],
                [7., 0., 7.]])
        """
        n = np.atleast_1d(self._array).shape[axis_of(dim, self._array.ndim)]
        places = tensor_argument(index, "index_fill")._array
        axis, slices = _slices("index_fill", self, dim, wrap(np.where(places < 0, places + n, places)))
        mask = np.zeros(n, np.bool_)
        mask[slices] = True
        mask = mask.reshape((-1,) + (1,) * (self._array.ndim - 1 - axis) if self._array.ndim else ())
        return named(self.masked_fill(wrap(mask), value), "IndexFillBackward0")  # type: ignore[attr-defined]


# --- index parsing ----------------------------------------------------------------------------------------


def _parts(index: Any, ndim: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Split an index into two NumPy indices: a basic one, which gives a view, and an advanced one into that view.

    Either is () if it is not needed.
    """
    if isinstance(index, str):
        raise errors.not_an_index(index, TypeError)
    parts = [_part(part) for part in _listed(index)]
    if not any(isinstance(part, np.ndarray) for part in parts):
        return _of_a_view(parts), ()
    view: list[Any] = []
    lookup: list[Any] = []
    for part in parts:
        if isinstance(part, np.ndarray):
            view += [slice(None)] * _dims_used(part)
            lookup.append(part)
            continue
        view.append(part)
        if type(part) is not int:  # an int removes its dimension before the advanced index applies
            lookup.append(part if part is ... else slice(None))
    if all(part is ... or part == slice(None) for part in view):
        view = []
    if sum(map(_dims_used, parts)) == ndim:  # to NumPy, a `...` separates two arrays even if it covers no dimension
        lookup = [part for part in lookup if part is not ...]
    return _of_a_view(view), tuple(lookup)


def _listed(index: Any) -> Any:
    """The parts of an index. As in PyTorch, a short list that holds more than numbers is treated as a tuple."""
    if isinstance(index, list) and len(index) < 32 and not all(isinstance(i, int | np.generic) for i in index):
        errors.warn(errors.list_read_as_tuple())
        return index
    return index if isinstance(index, tuple) else (index,)


def _of_a_view(parts: list[Any]) -> tuple[Any, ...]:
    """The basic index with `...` appended, so that NumPy returns a 0-d view and not a scalar."""
    return tuple(parts) if not parts or ... in parts else (*parts, ...)


def _part(part: Any) -> Any:
    """One part of an index converted for NumPy: None, ..., an int, a slice, or an array."""
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
        return slice(*[None if end is None else end.__index__() for end in (part.start, part.stop, part.step)])
    except AttributeError:
        raise errors.not_a_slice(part) from None


def _dims_used(part: Any) -> int:
    """The number of dimensions that a part of an index consumes."""
    if part is None or part is ...:
        return 0
    return part.ndim if isinstance(part, np.ndarray) and part.dtype.kind == "b" else 1


def _explained(x: TensorBase, index: Any, error: IndexError) -> IndexError:
    """The error message for an index that NumPy, or `_part`, rejected."""
    try:
        parts = [_part(part) for part in _listed(index)]
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


# --- integer index tensors -------------------------------------------------------------------------------------------


def _integers(name: str, index: Any) -> Any:
    array = tensor_argument(index, name)._array
    if array.dtype not in (np.int64, np.int32):
        raise errors.index_not_int64(name, index.dtype)
    return np.atleast_1d(array)


def _places(name: str, x: TensorBase, dim: int, index: Any) -> dict[str, Any]:
    """The attributes of an op that gathers or scatters along dim: the validated index, and the axis."""
    axis, own = axis_of(dim, x._array.ndim), np.atleast_1d(x._array).shape
    if not tensor_argument(index, name)._array.size:  # an empty index may have any shape and dtype
        return {"index": np.zeros((0,) * len(own), np.int64), "axis": axis}
    places = _integers(name, index)
    if places.ndim != len(own):
        raise errors.index_of_wrong_ndim(name, index.shape, x.shape)
    if any(n > m for d, (n, m) in enumerate(zip(places.shape, own, strict=True)) if d != axis):
        raise errors.index_too_large(name, places.shape, own, dim)
    if not 0 <= places.min() <= places.max() < own[axis]:
        wrong = places.min() if places.min() < 0 else places.max()
        raise errors.place_out_of_range(name, int(wrong), dim, own[axis])
    return {"index": places, "axis": axis}


def _slices(name: str, x: TensorBase, dim: int, index: Any) -> tuple[int, Any]:
    """The axis, and the validated indices along it."""
    axis, slices = axis_of(dim, x._array.ndim), _integers(name, index)
    n = np.atleast_1d(x._array).shape[axis]
    if slices.ndim > 1 or (slices.size and not 0 <= slices.min() <= slices.max() < n):
        raise errors.cannot_select(name, slices, n, dim)
    return axis, slices


def _source(name: str, x: TensorBase, attrs: dict[str, Any], src: Any) -> Any:
    """The values to scatter: src cut to the shape of the index, or a number in x's dtype."""
    if not isinstance(src, TensorBase):
        return number_for(x._array.dtype, src)
    y, places = _with_an_axis(src), attrs["index"]
    if src._array.dtype != x._array.dtype:
        raise errors.dtypes_differ(name, x.dtype, src.dtype)
    if not places.size:
        return y.reshape(-1)[:0].reshape(places.shape)
    if y.ndim != places.ndim or any(n > m for n, m in zip(places.shape, y.shape, strict=True)):
        raise errors.source_too_small(name, places.shape, src.shape)
    return y if y.shape == places.shape else y[tuple(slice(n) for n in places.shape)]


def _multiplied(x: Any, places: Array, y: Any, axis: int) -> Tensor:
    """x with the elements of y multiplied into it, step by step along the axis: within a step no index repeats."""
    x1 = _with_an_axis(x)
    for k in range(places.shape[axis]):
        step = wrap(places).narrow(axis, k, 1)
        factor = wrap(y) if isinstance(y, np.ndarray) else y.narrow(axis, k, 1)
        x1 = x1.scatter(axis, step, x1.gather(axis, step) * factor)
    return _without_the_axis(x1, x)


def _with_an_axis(x: Any) -> Any:
    """x; a 0-d tensor as a vector of length 1."""
    return x if x._array.ndim else x.reshape(1)


def _without_the_axis(out: Tensor, x: TensorBase) -> Tensor:
    """The result; as a 0-d tensor if x is one."""
    return out if x._array.ndim else out.reshape(())
