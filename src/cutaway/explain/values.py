"""Arrays, and whatever else a node holds, as plain data that JSON can say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ..errors import op_name
from ..tensors.base import TensorBase

EDGE = 3  # how many items at either end of a long axis are shown of a value that is cut
BLOCK = 2**15  # statistics are made of so many numbers at a time, which the processor's cache holds

Value = dict[str, Any]
ARRAYS = (np.ndarray, np.generic)


class Values:
    """Makes the value of each array once, however many places it is seen in.

    Statistics of small arrays, one after the other, would take longer than all the rest. So `finish` makes them, of
    all arrays together.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._made: dict[int, tuple[Value, Any]] = {}  # by the id of an array, which is kept: so the id stays its own

    def __call__(self, array: Any) -> Value:
        known = self._made.get(id(array))
        if known is None:
            known = self._made[id(array)] = self._make(np.asarray(array)), array
        return known[0]

    def _make(self, array: Any) -> Value:
        shown = array if self.limit is None or array.size <= self.limit else array.take(corners(array.shape))
        return {
            "shape": list(array.shape),
            "dtype": _NAMES.get(array.dtype) or array.dtype.name,
            "numbers": shown.tolist(),
            "cut": shown.size != array.size,
            "statistics": dict(NONE),
            "node": None,
        }

    def finish(self) -> None:
        """Add the statistics."""
        some = [(value, np.asarray(array)) for value, array in self._made.values() if 0 not in value["shape"]]
        found_of = statistics([array for _, array in some]) if some else []
        for (value, _), found in zip(some, found_of, strict=True):
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

    The arrays, none of them empty, are laid end to end in blocks; a long array fills several.
    """
    blocks = [flat[i : i + BLOCK] for flat in (x.ravel() for x in arrays) for i in range(0, flat.size, BLOCK)]
    with np.errstate(all="ignore"):
        found = np.concatenate([_of_blocks(some) for some in _batches(blocks)], axis=1)
        n, low, high, mean, squares, zeros = found
        numbers = np.array([-(-x.size // BLOCK) for x in arrays])  # of blocks
        starts = np.cumsum(numbers) - numbers
        total = np.add.reduceat(n, starts)
        means = np.add.reduceat(n * mean, starts) / total
        away = mean - np.repeat(means, numbers)
        std = np.sqrt(np.add.reduceat(squares + n * away * away, starts) / total)
        low, high = np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)
        columns = [*zip(*(c.tolist() for c in (low, high, means, std, np.add.reduceat(zeros, starts))), strict=True)]
    return [
        {"min": least, "max": most, "mean": middle, "std": spread, "nan": 0, "inf": 0, "zeros": int(none)}
        if math.isfinite(spread)
        else _of_the_finite(array)
        for (least, most, middle, spread, none), array in zip(columns, arrays, strict=True)
    ]


def _batches(blocks: list[Any]) -> Iterator[list[Any]]:
    """The blocks in their order, some at a time."""
    some: list[Any] = []
    size = 0
    for block in blocks:
        if size + block.size > BLOCK and some:
            yield some
            some, size = [], 0
        some.append(block)
        size += block.size
    yield some


def _of_blocks(blocks: list[Any]) -> Any:
    """For each block: how many numbers, minimum, maximum, mean, sum of squares around the mean, how many zeros."""
    sizes = np.array([x.size for x in blocks])
    starts = np.cumsum(sizes) - sizes
    x = np.concatenate(blocks)
    if x.dtype not in (np.float32, np.float64):
        x = x.astype(np.float64)
    mean = np.add.reduceat(x, starts) / sizes
    away = x - np.repeat(mean.astype(x.dtype), sizes)
    away *= away
    squares, zero = np.add.reduceat(away, starts), x == 0
    zeros = np.add.reduceat(zero, starts, dtype=np.intp) if zero.any() else np.zeros_like(sizes)
    return np.array([sizes, np.minimum.reduceat(x, starts), np.maximum.reduceat(x, starts), mean, squares, zeros])


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
        return values(x)
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
