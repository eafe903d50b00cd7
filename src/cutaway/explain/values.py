"""Arrays, and whatever else a node holds, as plain data that JSON can say."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ..errors import op_name
from ..tensors.base import TensorBase

EDGE = 3  # how many items at either end of a long axis are shown of a value that is cut
BLOCK = 2**15  # statistics are made of so many numbers at a time, which the processor's cache holds

Value = dict[str, Any]
Row = tuple[float, float, float, float, int]  # minimum, maximum, mean, standard deviation, number of zeros
ARRAYS = (np.ndarray, np.generic)


class Values:
    """Makes the value of each array once, however many places it is seen in.

    Statistics of small arrays, one after the other, would take longer than all the rest. So `finish` makes them, of
    all arrays together.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._made: dict[int, Value] = {}  # by the id of an array
        self._arrays: list[Any] = []  # which are kept: so their ids stay their own

    def of(self, array: Any) -> Value:
        """An array's value; its statistics follow."""
        known = self._made.get(id(array))
        if known is None:
            known = self._made[id(array)] = self._make(np.asarray(array))
            self._arrays.append(array)
        return known

    def _make(self, array: Any) -> Value:
        size = array.size
        shown = array if self.limit is None or size <= self.limit else array.take(corners(array.shape))
        return {
            "shape": [*array.shape],
            "dtype": _NAMES.get(array.dtype) or array.dtype.name,
            "numbers": shown.tolist(),
            "cut": shown is not array and shown.size != size,
            "statistics": None if size else {**NONE},
            "node": None,
        }

    def finish(self) -> None:
        """Add the statistics."""
        values = [value for value in self._made.values() if value["statistics"] is None]
        arrays = [array for array in map(np.asarray, self._arrays) if array.size]
        for value, found in zip(values, statistics(arrays), strict=True):
            value["statistics"] = found
            if found["nan"] or found["inf"]:
                value["numbers"] = _as_words(value["numbers"])


_NAMES = {np.dtype(kind): np.dtype(kind).name for kind in "fdqi?"}  # asking NumPy takes longer than all the rest
NONE: dict[str, Any] = {"min": None, "max": None, "mean": None, "std": None, "nan": 0, "inf": 0, "zeros": 0}


@lru_cache
def corners(shape: tuple[int, ...]) -> Any:
    """The places of the first and last items of each long axis, counted through the array."""
    ends = [*range(EDGE), *range(-EDGE, 0)]
    kept = [np.array([i % n for i in ends] if n > 2 * EDGE else range(n), np.intp) for n in shape]
    return np.ravel_multi_index(np.ix_(*kept), shape)


def _as_words(numbers: Any) -> Any:
    """The same nested lists, with the numbers that JSON does not know as words."""
    return [_as_words(part) for part in numbers] if isinstance(numbers, list) else number(numbers)


def number(x: Any) -> Any:
    """A number for JSON: what is not finite becomes "nan", "inf" or "-inf"."""
    return str(x) if isinstance(x, float) and not math.isfinite(x) else x


def statistics(arrays: list[Any]) -> list[dict[str, Any]]:
    """Of each array minimum, maximum, mean and standard deviation, and how many of its numbers are zero.

    The arrays, none of them empty, are measured many at once as long as they are short, and block by block if long.
    """
    with np.errstate(all="ignore"):
        found = [row for some in _batches(arrays) for row in (_of_long(*some) if len(some) == 1 else _of_short(some))]
    return [
        {"min": low, "max": high, "mean": mean, "std": std, "nan": 0, "inf": 0, "zeros": zeros}
        if math.isfinite(std)
        else _of_the_finite(array)
        for (low, high, mean, std, zeros), array in zip(found, arrays, strict=True)
    ]


def _batches(arrays: list[Any]) -> Iterator[list[Any]]:
    """The arrays in their order, as many at a time as make a block together."""
    some: list[Any] = []
    room = BLOCK
    for array in arrays:
        room -= array.size
        if room < 0 and some:
            yield some
            some, room = [], BLOCK - array.size
        some.append(array)
    if some:
        yield some


def _of_short(arrays: list[Any]) -> Iterable[Row]:
    """Of each of some arrays, which are laid end to end."""
    sizes = np.array([x.size for x in arrays])
    starts = np.cumsum(sizes) - sizes
    x = np.concatenate([x.ravel() for x in arrays], dtype=np.float64)
    mean = np.add.reduceat(x, starts) / sizes
    away = x - np.repeat(mean, sizes)
    away *= away
    std = np.sqrt(np.add.reduceat(away, starts) / sizes)
    zeros = np.add.reduceat(x == 0, starts, dtype=np.intp)
    low, high = np.minimum.reduceat(x, starts), np.maximum.reduceat(x, starts)
    return zip(*(column.tolist() for column in (low, high, mean, std, zeros)), strict=True)


def _of_long(array: Any) -> list[Row]:
    """Of one array, whose numbers are taken in blocks."""
    flat = array.ravel() if array.dtype in (np.float32, np.float64) else array.ravel().astype(np.float64)
    blocks = [flat[i : i + BLOCK] for i in range(0, flat.size, BLOCK)]
    low, high = min(float(x.min()) for x in blocks), max(float(x.max()) for x in blocks)
    mean = sum(float(x.sum()) for x in blocks) / flat.size
    squares = sum(float(np.vdot(away, away)) for away in (x - mean for x in blocks))
    zeros = sum(int(np.count_nonzero(x == 0)) for x in blocks)
    return [(low, high, mean, math.sqrt(squares / flat.size), zeros)]


def _of_the_finite(array: Any) -> dict[str, Any]:
    """The same, of the finite numbers of an array, and how many are not."""
    nan, inf = int(np.isnan(array).sum()), int(np.isinf(array).sum())
    if nan + inf == 0:  # all are, but so large that the sum of their squares is not
        scale = float(np.abs(array).max())
        (found,) = statistics([array / scale])
        return found | {name: number(found[name] * scale) for name in ("min", "max", "mean", "std")}
    finite = array[np.isfinite(array)]
    return {**(statistics([finite])[0] if finite.size else NONE), "nan": nan, "inf": inf}


def plain(x: Any, values: Values) -> Any:
    """Anything that a node or a pullback holds, as plain data: an attribute, an index, a captured variable."""
    if x is None or isinstance(x, bool | int | str):
        return x
    if isinstance(x, TensorBase):
        x = x._array
    if isinstance(x, ARRAYS):
        return values.of(x)
    if isinstance(x, float):
        return number(x)
    if isinstance(x, tuple | list):
        return [plain(part, values) for part in x]
    if isinstance(x, dict):
        return {str(key): plain(part, values) for key, part in x.items()}
    if isinstance(x, slice):
        parts = (x.start, x.stop) if x.step is None else (x.start, x.stop, x.step)
        return ":".join("" if part is None else str(part) for part in parts)
    if x is ...:
        return "..."
    if isinstance(x, np.dtype):
        return x.name
    return op_name(x) if isinstance(x, FunctionType | MethodType | type) else repr(x)
