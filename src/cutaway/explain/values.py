"""Arrays, and whatever else a node holds, as plain data that JSON can say."""

from __future__ import annotations

import math
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ..errors import op_name
from ..tensors.base import TensorBase

EDGE = 3  # how many items at either end of a long axis are shown of a value that is cut

Value = dict[str, Any]


class Values:
    """Makes the value of each array once, however many places it is seen in."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._made: dict[int, tuple[Any, Value]] = {}  # with the array, so that its id stays its own

    def __call__(self, array: Any) -> Value:
        known = self._made.get(id(array))
        if known is None:
            self._made[id(array)] = known = array, describe(np.asarray(array), self.limit)
        return known[1]


def describe(array: Any, limit: int | None) -> Value:
    """An array as plain data: shape, dtype, numbers, and statistics that are of all of them."""
    statistics = _statistics(array)
    shown = array if limit is None or array.size <= limit else _corners(array)
    numbers = shown.tolist()
    return {
        "shape": list(array.shape),
        "dtype": array.dtype.name,
        "numbers": _without_infinities(numbers) if statistics["nan"] or statistics["inf"] else numbers,
        "cut": shown.size != array.size,
        "statistics": statistics,
    }


def _corners(array: Any) -> Any:
    """The first and last items of each long axis."""
    ends = [*range(EDGE), *range(-EDGE, 0)]
    return array[np.ix_(*[ends if n > 2 * EDGE else range(n) for n in array.shape])]


def _without_infinities(numbers: Any) -> Any:
    """The same nested lists, with the numbers that JSON does not know as words."""
    if isinstance(numbers, list):
        return [_without_infinities(part) for part in numbers]
    return number(numbers)


def number(x: Any) -> Any:
    """A number for JSON: what is not finite becomes "nan", "inf" or "-inf"."""
    return str(x) if isinstance(x, float) and not math.isfinite(x) else x


def _statistics(array: Any) -> dict[str, Any]:
    """Minimum, maximum, mean and standard deviation of what is finite, and how many are nan, infinite and zero."""
    x = array.ravel()
    if x.dtype != np.float64:
        x = x.astype(np.float64)
    zeros = x.size - int(np.count_nonzero(x))
    nan = inf = 0
    if x.size and not math.isfinite(x.dot(x)):  # else every one is finite, as nearly always
        nan, inf = int(np.isnan(x).sum()), int(np.isinf(x).sum())
        x = x[np.isfinite(x)]
    if not x.size:
        return {"min": None, "max": None, "mean": None, "std": None, "nan": nan, "inf": inf, "zeros": zeros}
    mean = float(x.sum()) / x.size
    away = x - mean
    std = math.sqrt(float(away.dot(away)) / x.size)
    low, high = float(x.min()), float(x.max())
    return {"min": low, "max": high, "mean": number(mean), "std": number(std), "nan": nan, "inf": inf, "zeros": zeros}


def plain(x: Any, values: Values) -> Any:
    """Anything that a node or a pullback holds, as plain data: an attribute, an index, a captured variable."""
    if x is None or isinstance(x, bool | int | str):
        return x
    if isinstance(x, TensorBase):
        x = x._array
    if isinstance(x, np.ndarray | np.generic):
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
