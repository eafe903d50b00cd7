"""Indexing ops: gather, scatter, and indexed assignment.

The gradient of x[index] is zero except at the index. A loop that reads T rows of one tensor would
allocate T mostly-zero arrays and sum them: T times the necessary work. So the pullback of a read is
an object with two forms: calling it returns the full gradient; `add_to` accumulates into an existing
total, at the index only.

The same holds for a loop that writes T rows. Overwritten elements get no gradient: calling `Erase`
returns a copy of g with zeros there; `within` writes the zeros into g in place, if g is not shared.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .contract import Array, Binary, Pullback, Shape, Steps, Unary
from .special import BLOCK, like_numpy


class Read:
    """The pullback of x[index]: zeros of x's shape, with g added at index."""

    __slots__ = ("index", "shape")

    def __init__(self, shape: Shape, index: Any) -> None:
        self.shape, self.index = shape, index

    def __call__(self, g: Array) -> Array:
        return spread(g, shape=self.shape, index=self.index)

    def add_to(self, total: Array, g: Array) -> None:
        if not may_repeat(self.index):
            total[self.index] += g
            return
        numbers = row_numbers(self.index, total.shape) if total.flags.c_contiguous else None
        if numbers is not None:
            add_rows(total, numbers, g)
        else:
            np.add.at(total, self.index, g)


def may_repeat(index: Any) -> bool:
    """Whether an index can select an element twice: integer arrays can, slices and masks cannot."""
    return any(has_numbers(part) for part in (index if isinstance(index, tuple) else (index,)))


def has_numbers(part: Any) -> bool:
    """Whether a part of an index is an array of integers."""
    return isinstance(part, np.ndarray) and part.dtype.kind in "iu"


def row_numbers(index: Any, shape: Shape) -> Array | None:
    """The rows that x[i], x[i, ...] or x[i, j] selects, as flat indices over the leading axes; None for others."""
    parts = list(index) if isinstance(index, tuple) else [index]
    while parts and parts[-1] is ...:
        parts.pop()
    if not parts or not all(map(has_numbers, parts)):
        return None
    numbers: Array = parts[0].astype(np.intp, copy=False)
    for part, n in zip(parts[1:], shape[1:]):
        numbers = numbers * n + (part if part.min(initial=0) >= 0 else part % n)
    return numbers


def add_rows(total: Array, numbers: Array, g: Array) -> None:
    """total[numbers] += g, accumulating repeated rows; total is split into rows as long as those of g."""
    # Elementwise, since np.add.at has a fast path for flat indices: 1024 rows of 64 take 0.12 ms instead of 0.56, and
    # 10⁶ elements of a matrix, x[i, j], 2.9 ms instead of 13.7. In chunks, to limit the memory of the flat indices.
    width = g.size // max(1, numbers.size)
    numbers, g = numbers.reshape(numbers.size, 1), g.reshape(numbers.size, width)
    elements, across = total.ravel(), np.arange(width)
    some = max(1, BLOCK // max(1, width))
    for start in range(0, len(numbers), some):
        places = numbers[start : start + some] * width + across
        np.add.at(elements, places.ravel(), g[start : start + some].ravel())


@like_numpy
def spread(g: Array, *, shape: Shape, index: Any) -> Array:
    """An array of zeros with g accumulated at index."""
    total = np.zeros(shape, g.dtype)
    Read(shape, index).add_to(total, g)
    return total


def getitem(x: Array, *, index: Any) -> Unary:
    """x[index]"""
    return x[index], Read(x.shape, index)


def piece(x: Array, *, index: Any, of: str) -> Unary:
    """x[index], one of the parts of a split"""
    return getitem(x, index=index)


def index_select(x: Array, *, index: Any) -> Unary:
    """the slices of x at `index`"""
    return getitem(x, index=index)


def masked_select(x: Array, *, index: Any) -> Unary:
    """the elements of x where a mask is True"""
    return getitem(x, index=index)


def place(x: Array, *, shape: Shape, index: Any) -> Unary:
    """zeros of a shape, with x added at index: the pullback of x[index]"""
    return spread(x, shape=shape, index=index), lambda g: g[index]


def embedding(weight: Array, *, index: Array, padding_idx: int | None = None) -> Unary:
    """weight[index], a row per index; the row padding_idx gets no gradient"""
    out = weight[index]
    if padding_idx is None:
        return out, Read(weight.shape, index)
    keep = index != padding_idx
    return out, lambda g: Read(weight.shape, index[keep])(g[keep])


def take_along(x: Array, *, index: Array, axis: int) -> Unary:
    """x[i, index[i, j]] for axis 1, and so on for other axes"""
    return getitem(x, index=along(index, axis, x.shape))


def max_along(x: Array, *, index: Array, axis: int, keepdims: bool) -> Unary:
    """max(x) along an axis, found at index"""
    return _found(x, index, axis, keepdims)


def min_along(x: Array, *, index: Array, axis: int, keepdims: bool) -> Unary:
    """min(x) along an axis, found at index"""
    return _found(x, index, axis, keepdims)


def sort(x: Array, *, index: Array, axis: int) -> Unary:
    """x sorted along an axis; index holds the position of each in x"""
    return take_along(x, index=index, axis=axis)


def topk(x: Array, *, index: Array, axis: int) -> Unary:
    """the k largest or smallest of x along an axis; index holds their positions in x"""
    return take_along(x, index=index, axis=axis)


def median_along(x: Array, *, index: Array, axis: int, keepdims: bool) -> Unary:
    """the median of x along an axis, found at index"""
    return _found(x, index, axis, keepdims)


def _found(x: Array, index: Array, axis: int, keepdims: bool) -> Unary:
    out, dx = take_along(x, index=index, axis=axis)
    if keepdims:
        return out, dx
    return np.squeeze(out, axis), lambda g: dx(np.expand_dims(g, axis))


def along(index: Array, axis: int, shape: Shape) -> tuple[Array, ...]:
    """The full index for `index` along one axis, as in np.take_along_axis."""
    parts: list[Array] = list(np.indices(index.shape, sparse=True))
    parts[axis] = index
    return tuple(parts)


def scatter(x: Array, y: Array, *, index: Array, axis: int) -> Binary:
    """x with x[i, index[i, j]] = y[i, j] for axis 1, and so on for other axes"""
    out, dx, dy = overwrite(x, y, index=along(index, axis, x.shape))
    return out, lambda g: dx(g), dy


def scatter_add(x: Array, y: Array, *, index: Array, axis: int) -> Binary:
    """x with x[i, index[i, j]] += y[i, j] for axis 1, and so on for other axes"""
    return _added_at(x, y, along(index, axis, x.shape))


def index_add(x: Array, y: Array, *, index: Array, axis: int) -> Binary:
    """x with the slices of y added at the positions index along an axis"""
    return _added_at(x, y, (slice(None),) * axis + (index,))


def _added_at(x: Array, y: Array, index: Any) -> Binary:
    return x + spread(y, shape=x.shape, index=index), lambda g: g, lambda g: g[index]


def follow(x: Any, steps: Steps) -> Any:
    """The view of x obtained by applying a sequence of shape ops."""
    for op, attrs in steps:
        x = op(x, **attrs)[0]
    return x


class Erase:
    """The pullback of the overwritten input: g, with zeros at view(g)[index]."""

    __slots__ = ("index", "order", "steps")

    def __init__(self, steps: Steps, index: Any, order: Shape) -> None:
        self.steps, self.index, self.order = steps, index, order

    def __call__(self, g: Array) -> Array:
        return erased(g, self.steps, self.index, self.order)

    def within(self, g: Array) -> Array:
        """The same in place, if the steps return a view of g and not a copy."""
        view = follow(g, self.steps)
        if view.size and not np.may_share_memory(view, g):
            return self(g)
        view[self.index] = 0
        return g


def overwrite(x: Array, y: Array, *, steps: Steps = (), index: Any = ..., order: Shape | None = None) -> Binary:
    """x with view(x)[index] = y"""
    out = np.copy(x)
    follow(out, steps)[index] = y
    return (out, *overwritten(steps, index, order or tuple(range(x.ndim)), np.ndim(y)))


def overwritten(steps: Steps, index: Any, order: Shape, ndim: int) -> tuple[Pullback, Pullback]:
    """overwrite's pullbacks: the gradient goes to the written value, of ndim axes, and none to what was overwritten."""
    if may_repeat(index):
        return Erase(steps, index, order), lambda g: with_axes(remaining(g, steps, index, order), ndim)
    # a copy, since g may be zeroed there in place
    return Erase(steps, index, order), lambda g: with_axes(np.copy(follow(g, steps)[index]), ndim)


def erased(g: Array, steps: Steps, index: Any, order: Shape) -> Array:
    """g, with zeros at view(g)[index]."""
    untouched = laid_out(g.shape, order, np.bool_)
    follow(untouched, steps)[index] = False
    return np.where(untouched, g, 0)


def remaining(g: Array, steps: Steps, index: Any, order: Shape) -> Array:
    """The part of g that was written; of several writes to one element, 0 for all but the last."""
    part = follow(g, steps)[index]
    writers = follow(laid_out(g.shape, order, np.int64), steps)
    numbers = np.arange(np.size(part)).reshape(part.shape)
    writers[index] = numbers
    kept: Array = part * (writers[index] == numbers)
    return kept


def with_axes(part: Array, ndim: int) -> Array:
    """part with leading axes of length 1, so that it has ndim axes."""
    return part.reshape((1,) * (ndim - part.ndim) + part.shape)


def laid_out(shape: Shape, order: Shape, dtype: type) -> Array:
    """An array of ones with its axes in this order in memory."""
    return np.ones([shape[axis] for axis in order], dtype).transpose(np.argsort(order))


def axes_in_memory(x: Array) -> Shape:
    """The axes of x by descending stride.

    Whether a reshape is a view or a copy depends on this order, so the steps of a view can be replayed only on an
    array with the same memory layout.
    """
    return tuple(sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis])))
