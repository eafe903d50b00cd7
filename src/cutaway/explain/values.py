"""Arrays, and whatever else a node holds, as plain data that JSON can say."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ..errors import op_name
from ..tensors.base import TensorBase

EDGE = 3  # how many items at either end of a long axis are shown of a value that is cut
BLOCK = 2**15  # statistics are made of so many numbers at a time, which the processor's cache holds
LONG = 2**11  # arrays of more numbers are measured alone

Value = dict[str, Any]
Row = tuple[float, float, float, float, int]  # minimum, maximum, mean, standard deviation, number of zeros
ARRAYS = (np.ndarray, np.generic)


class Values:
    """Makes the value of each array once, however many places it is seen in.

    To look through small arrays one by one would take longer than all the rest. So `finish` looks through all together.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        # By the id of what it is the value of, which is kept, so that the id stays its own.
        self._made: dict[int, tuple[Value, Any]] = {}
        self._cut: list[tuple[Value, Any]] = []
        self._whole: list[Any] = []

    def of(self, given: Any) -> Value:
        """The value of an array or a number, which `finish` completes."""
        known = self._made.get(id(given))
        if known is not None:
            return known[0]
        array = shown = np.asarray(given)
        if self.limit is not None and array.size > self.limit:
            shown = array.take(corners(array.shape))
        value = {
            "shape": [*array.shape],
            "dtype": _NAMES.get(array.dtype) or array.dtype.name,
            "numbers": shown.tolist(),
            "cut": False,
            "statistics": None,
            "node": None,
        }
        if shown is array or shown.size == array.size:
            self._whole.append(array)
        else:
            value["cut"] = True
            self._cut.append((value, array))
        self._made[id(given)] = value, given
        return value

    def finish(self) -> None:
        """Add the statistics of arrays that were cut short, and say in words which numbers are not finite."""
        all_finite = not self._whole or np.isfinite(np.concatenate(self._whole, axis=None)).all()
        for (value, _), found in zip(self._cut, statistics([array for _, array in self._cut]), strict=True):
            value["statistics"] = found
            all_finite &= not found["nan"] and not found["inf"]
        if not all_finite:
            for value, _ in self._made.values():
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
    short, many = [x for x in arrays if x.size <= LONG], BLOCK // LONG
    of_short = (row for i in range(0, len(short), many) for row in _of_short(short[i : i + many]))
    with np.errstate(all="ignore"):
        found = [_of_long(x) if x.size > LONG else next(of_short) for x in arrays]
    return [
        {"min": low, "max": high, "mean": mean, "std": std, "nan": 0, "inf": 0, "zeros": zeros}
        if math.isfinite(std)
        else _of_the_finite(array)
        for (low, high, mean, std, zeros), array in zip(found, arrays, strict=True)
    ]


def _of_short(arrays: list[Any]) -> Iterable[Row]:
    """Of each of some arrays, which are laid end to end."""
    sizes = np.array([x.size for x in arrays])
    starts = np.cumsum(sizes) - sizes
    x = np.concatenate(arrays, axis=None, dtype=np.float64)
    mean = np.add.reduceat(x, starts) / sizes
    away = x - np.repeat(mean, sizes)
    away *= away
    std = np.sqrt(np.add.reduceat(away, starts) / sizes)
    zeros = np.add.reduceat(x == 0, starts, dtype=np.intp)
    low, high = np.minimum.reduceat(x, starts), np.maximum.reduceat(x, starts)
    return zip(*(column.tolist() for column in (low, high, mean, std, zeros)), strict=True)


def _of_long(array: Any) -> Row:
    """Of one array, whose numbers are taken in blocks."""
    flat = array.ravel() if array.dtype in (np.float32, np.float64) else array.ravel().astype(np.float64)
    low, high, total, squares, zeros = math.inf, -math.inf, 0.0, 0.0, 0
    blocks = [flat[i : i + BLOCK] for i in range(0, flat.size, BLOCK)]
    for x in blocks:
        low, high = min(low, float(np.minimum.reduce(x))), max(high, float(np.maximum.reduce(x)))
        total += float(np.add.reduce(x))
        zeros += int(np.count_nonzero(x == 0))
    mean = total / flat.size
    for x in blocks:
        away = x - mean
        squares += float(np.dot(away, away))
    return low, high, mean, math.sqrt(squares / flat.size), zeros


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
