"""Arrays, and everything else that a node holds, as plain data for JSON."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import lru_cache
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ..errors import op_name
from ..tensors.base import TensorBase
from .statistics import statistics

EDGE = 3  # items shown at either end of a long axis

Value = dict[str, Any]
ARRAYS = (np.ndarray, np.generic)


class Values:
    """Converts each array once, even if it occurs in many places.

    To look through small arrays one by one would take longer than all the rest. So `finish` looks through all together.
    """

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._made: dict[int, Value] = {}  # by the id of what it is the value of
        self._kept: list[Any] = []  # an id is its own for as long as what it stands for lives
        self._cut: list[tuple[Value, Any]] = []
        self._whole: defaultdict[Any, list[Any]] = defaultdict(list)  # by dtype

    def of(self, given: Any) -> Value:
        """The value of an array or a number; `finish` completes it."""
        known = self._made.get(id(given))
        if known is None:
            known = self._made[id(given)] = self._make(np.asarray(given, order="C"))
            self._kept.append(given)
        return known

    def _make(self, array: Any) -> Value:
        shown = array
        if self.limit is not None and array.size > self.limit:
            shown = array.take(corners(array.shape))
        cut = shown.size != array.size
        value = {
            "shape": [*array.shape],
            "dtype": _NAMES.get(array.dtype) or array.dtype.name,
            "numbers": shown.tolist(),
            "cut": cut,
            "statistics": None,
            "node": None,
        }
        if cut:
            self._cut.append((value, array))
        else:
            self._whole[array.dtype].append(array)
        return value

    def finish(self) -> None:
        """Add the statistics of arrays that were cut short, and write non-finite numbers as words."""
        all_finite = all(  # the bytes of many small arrays are joined ten times as fast as the arrays
            np.isfinite(np.frombuffer(b"".join(arrays), dtype)).all() for dtype, arrays in self._whole.items()
        )
        for (value, _), found in zip(self._cut, statistics([array for _, array in self._cut]), strict=True):
            value["statistics"] = found
            all_finite &= not found["nan"] and not found["inf"]
        if not all_finite:
            for value in self._made.values():
                value["numbers"] = _as_words(value["numbers"])


_NAMES = {np.dtype(kind): np.dtype(kind).name for kind in "fdqi?"}  # asking NumPy takes longer than all the rest


@lru_cache
def corners(shape: tuple[int, ...]) -> Any:
    """The flat indices of the first and last items along each long axis."""
    ends = [*range(EDGE), *range(-EDGE, 0)]
    kept = [np.array([i % n for i in ends] if n > 2 * EDGE else range(n), np.intp) for n in shape]
    return np.ravel_multi_index(np.ix_(*kept), shape)


def _as_words(numbers: Any) -> Any:
    """The same nested lists, with non-finite numbers as words, since JSON has none."""
    return [_as_words(part) for part in numbers] if isinstance(numbers, list) else number(numbers)


def number(x: Any) -> Any:
    """A number for JSON: non-finite ones become "nan", "inf" or "-inf"."""
    return str(x) if isinstance(x, float) and not math.isfinite(x) else x


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
