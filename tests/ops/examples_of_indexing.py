"""Examples and values for the ops that read and write by index.

Their values are worked out element by element, with the places counted in a flat list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cutaway import ops

from .example import Array, Example, gaps, i64, of_shapes, points

MASK = np.array([[True, False, True], [False, False, True]])
X23 = points((2, 3))

def middle(x: Array, axis: int, keepdims: bool) -> Array:
    """Where the median is, of an odd number or the lower of two."""
    return np.take(np.argsort(x, axis=axis), [(x.shape[axis] - 1) // 2], axis=axis)


INDEXING: dict[Callable[..., Any], list[Example]] = {
    ops.getitem: [
        *[
            of_shapes("ordinary", (3, 4), index=index)
            for index in [
                (1,), (-1, ...), (slice(1, 3),), (slice(None, None, 2), slice(1, None)), (..., 2), (None, 1),
                (slice(None), None), (1, 2, ...), (i64(0, 2, 0),), (i64(0, 2), i64(1, 1)), (slice(None), i64(3, 0)),
                (i64([0, 1], [2, 2]),), (i64(1, 1), slice(1, 3)), (i64(0, 1), None, i64(2, 2)), (points((3, 4)) > 0,),
                (np.array([True, False, True]),), (slice(None), np.array([True, False, True, True])), (slice(0, 0),),
                (np.array([True, False, True]), i64(1, 1)), (i64(0, -1),), (1, i64(0, 0, 3)),
            ]
        ],
        of_shapes("0-d", (), index=(...,)),
        of_shapes("0-d", (), index=(None, ...)),
        of_shapes("empty", (0, 3), index=(slice(None), 1, ...)),
        of_shapes("empty", (2, 3), index=(np.zeros(0, np.int64),)),
        Example("non-contiguous", (gaps(X23),), {"index": (i64(1, 1, 0), slice(None, 2))}),
    ],
    ops.piece: [
        of_shapes("ordinary", (4, 3), index=(slice(1, 3), ...), of="Split"),
        of_shapes("0-d", (), index=(...,), of="Split"),
        of_shapes("empty", (0, 3), index=(slice(0, 0), ...), of="Split"),
        Example("non-contiguous", (gaps(X23),), {"index": (1, ...), "of": "Unbind"}),
    ],
    ops.index_select: [
        of_shapes("ordinary", (3, 4), index=(i64(0, 2, 0),)),
        of_shapes("ordinary", (3, 4), index=(slice(None), i64(3, 3))),
        of_shapes("empty", (3, 4), index=(np.zeros(0, np.int64),)),
        Example("non-contiguous", (gaps(X23),), {"index": (slice(None), i64(2, 0))}),
    ],
    ops.masked_select: [
        of_shapes("ordinary", (2, 3), index=(MASK,)),
        of_shapes("0-d", (), index=(np.array(True),)),
        of_shapes("empty", (2, 3), index=(np.zeros((2, 3), bool),)),
        Example("non-contiguous", (gaps(X23),), {"index": (MASK,)}),
    ],
    **{
        op: [
            Example("ordinary", (X23,), {"index": find(X23, axis=1, keepdims=True), "axis": 1, "keepdims": False}),
            Example("ordinary", (X23,), {"index": find(X23, axis=0, keepdims=True), "axis": 0, "keepdims": True}),
            of_shapes("empty", (0, 3), index=np.zeros((0, 1), np.int64), axis=1, keepdims=False),
            Example(
                "non-contiguous", (gaps(X23),), {"index": find(X23, axis=1, keepdims=True), "axis": 1, "keepdims": True}
            ),
        ]
        for op, find in ((ops.max_along, np.argmax), (ops.min_along, np.argmin), (ops.median_along, middle))
    },
    ops.place: [
        of_shapes("ordinary", (2, 4), shape=(3, 4), index=(slice(0, 2),)),
        of_shapes("ordinary", (3, 4), shape=(3, 4), index=(i64(0, 2, 0),)),
        of_shapes("0-d", (), shape=(3,), index=(1, ...)),
        of_shapes("empty", (0, 4), shape=(3, 4), index=(np.zeros(0, np.int64),)),
        Example("non-contiguous", (gaps(X23),), {"shape": (4, 3), "index": (i64(1, 1),)}),
    ],
    ops.overwrite: [
        of_shapes("ordinary", (3, 4), (3, 4)),
        of_shapes("ordinary", (3, 4), (2, 4), index=(slice(1, None),)),
        of_shapes("ordinary", (3, 4), (4,), index=(1, ...)),
        of_shapes("ordinary", (3, 4), (2, 4), index=(i64(2, 0),)),
        of_shapes("ordinary", (3, 4), (3, 4), index=(i64(2, 0, 2),)),
        Example("ordinary", (X23, points((3,), seed=1)), {"index": (MASK,)}),
        of_shapes("ordinary", (3, 4), (3,), steps=((ops.transpose, {"axes": (1, 0)}),), index=(1, ...)),
        of_shapes("ordinary", (3, 4), (2,), steps=((ops.reshape, {"shape": (12,)}),), index=(slice(2, 4),)),
        of_shapes("broadcast", (3, 4), (4,)),
        of_shapes("broadcast", (3, 4), (), index=(slice(1, None),)),
        of_shapes("0-d", (), ()),
        of_shapes("empty", (0, 3), (0, 3)),
        Example("non-contiguous", (gaps(X23), gaps(points((2, 3), seed=1)))),
    ],
    ops.take_along: [
        of_shapes("ordinary", (2, 3), index=i64([0, 2], [1, 1]), axis=1),
        of_shapes("ordinary", (3, 4), index=i64([0, 2], [1, 1]), axis=0),
        of_shapes("ordinary", (2, 3, 2), index=i64([[0, 1]], [[2, 2]]), axis=1),
        of_shapes("empty", (2, 3), index=np.zeros((2, 0), np.int64), axis=1),
        Example("non-contiguous", (gaps(X23),), {"index": i64([0], [2]), "axis": 1}),
    ],
    **{
        op: [
            *[Example("ordinary", (X23,), {"index": order(X23, axis), "axis": axis}) for axis in (0, 1)],
            Example("empty", (np.zeros((0, 3)),), {"index": np.zeros((0, 3), np.int64), "axis": 1}),
            Example("non-contiguous", (gaps(X23),), {"index": order(X23, 1), "axis": 1}),
        ]
        for op, order in ((ops.sort, np.argsort), (ops.topk, lambda x, axis: np.flip(np.argsort(x, axis), axis)))
    },
    ops.scatter: [
        of_shapes("ordinary", (2, 3), (2, 2), index=i64([0, 2], [2, 1]), axis=1),
        of_shapes("ordinary", (3, 4), (2, 3), index=i64([0, 2, 1], [1, 1, 0]), axis=0),
        of_shapes("ordinary", (2, 3), (2, 3), index=i64([1, 1, 1], [0, 2, 0]), axis=1),  # the last value stays
        of_shapes("empty", (2, 3), (2, 0), index=np.zeros((2, 0), np.int64), axis=1),
        Example("non-contiguous", (gaps(X23), gaps(points((2, 1), seed=1))), {"index": i64([0], [2]), "axis": 1}),
    ],
    ops.scatter_add: [
        of_shapes("ordinary", (2, 3), (2, 2), index=i64([0, 2], [1, 1]), axis=1),
        of_shapes("ordinary", (3, 4), (2, 3), index=i64([0, 2, 1], [0, 2, 0]), axis=0),
        of_shapes("empty", (2, 3), (2, 0), index=np.zeros((2, 0), np.int64), axis=1),
        Example("non-contiguous", (gaps(X23), gaps(points((2, 1), seed=1))), {"index": i64([0], [2]), "axis": 1}),
    ],
    ops.index_add: [
        of_shapes("ordinary", (3, 4), (2, 4), index=i64(2, 0), axis=0),
        of_shapes("ordinary", (2, 3), (2, 4), index=i64(1, 0, 1, 1), axis=1),
        of_shapes("empty", (2, 3), (0, 3), index=np.zeros(0, np.int64), axis=0),
        Example("non-contiguous", (gaps(X23), gaps(points((2, 1), seed=1))), {"index": i64(2), "axis": 1}),
    ],
    ops.embedding: [
        of_shapes("ordinary", (4, 3), index=i64(1, 1, 3)),
        of_shapes("ordinary", (4, 3), index=i64([1, 2], [0, 2])),
        of_shapes("ordinary", (4, 3), index=np.array(2)),
        of_shapes("empty", (4, 3), index=np.zeros((0, 2), np.int64)),
        Example("non-contiguous", (gaps(points((4, 3))),), {"index": i64(1, 0)}),
    ],
}

_NEEDS_AXIS = "needs an axis, and a single number has none"
EXCUSED_INDEXING: dict[tuple[Callable[..., Any], str], str] = {
    **{
        (op, "0-d"): _NEEDS_AXIS
        for op in (
            ops.index_select, ops.max_along, ops.min_along, ops.median_along, ops.take_along, ops.sort, ops.topk,
            ops.scatter, ops.scatter_add, ops.index_add,
        )
    },
    (ops.embedding, "0-d"): "takes a matrix of vectors",
}


# --- their values -----------------------------------------------------------------------------------------------------


def _placed(x: Array, shape: tuple[int, ...], index: Any) -> Array:
    out = np.zeros(shape)
    numbers = np.arange(out.size).reshape(shape)[index]
    for k, v in zip(np.ravel(numbers), np.ravel(x), strict=True):
        out.reshape(-1)[k] += v
    return out


def _written(x: Array, y: Array, steps: Any = (), index: Any = ..., order: Any = None) -> Array:
    numbers = np.arange(x.size).reshape(x.shape)
    for op, attrs in steps:
        numbers = op(numbers, **attrs)[0]
    out = x.copy().reshape(-1)
    places = numbers[index]
    for k, v in zip(np.ravel(places), np.ravel(np.broadcast_to(y, places.shape)), strict=True):
        out[k] = v
    return out.reshape(x.shape)


def _taken(x: Array, index: Array, axis: int) -> Array:
    out = np.empty(index.shape)
    for i in np.ndindex(index.shape):
        out[i] = x[_place(i, index, axis)]
    return out


def _scattered(put: Callable[[float, float], float]) -> Callable[..., Array]:
    def write(x: Array, y: Array, index: Array, axis: int) -> Array:
        out = x.copy()
        for i in np.ndindex(index.shape):
            out[_place(i, index, axis)] = put(out[_place(i, index, axis)], y[i])
        return out

    return write


def _place(i: tuple[int, ...], index: Array, axis: int) -> tuple[int, ...]:
    return tuple(int(index[i]) if a == axis else k for a, k in enumerate(i))


def _slices_added(x: Array, y: Array, index: Array, axis: int) -> Array:
    out = np.moveaxis(x.copy(), axis, 0)
    for k, part in zip(index, np.moveaxis(y, axis, 0), strict=True):
        out[k] += part
    return np.moveaxis(out, 0, axis)


VALUES_OF_INDEXING: dict[Callable[..., Any], Callable[..., Any]] = {
    ops.getitem: lambda x, index: x[index],
    ops.piece: lambda x, index, of: x[index],
    ops.index_select: lambda x, index: np.take(x, index[-1].astype(np.intp), axis=len(index) - 1),
    ops.masked_select: lambda x, index: np.array([v for v, m in zip(x.flat, index[0].flat, strict=True) if m]),
    ops.median_along: lambda x, index, axis, keepdims: np.quantile(x, 0.5, axis, method="lower", keepdims=keepdims),
    ops.max_along: lambda x, index, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims),
    ops.min_along: lambda x, index, axis, keepdims: np.min(x, axis=axis, keepdims=keepdims),
    ops.place: _placed,
    ops.overwrite: _written,
    ops.take_along: _taken,
    ops.sort: lambda x, index, axis: np.sort(x, axis),
    ops.topk: lambda x, index, axis: np.flip(np.sort(x, axis), axis),
    ops.scatter: _scattered(lambda old, new: new),
    ops.scatter_add: _scattered(lambda old, new: old + new),
    ops.index_add: _slices_added,
    ops.embedding: lambda w, index, padding_idx=None: np.take(w, index.astype(np.intp), axis=0),
}
