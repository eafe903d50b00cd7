"""Tracks in-place writes, as PyTorch's version counters do, together with the line of code that wrote.

Tensors share memory: a view with its base, `x.detach()` with `x`, `x.numpy()` with both. When a
value is overwritten in place, a graph recorded earlier may still need the old value, and its
gradient would be silently wrong. So ops and writes draw their numbers from one clock, and every
write is recorded under the array that owns the memory. A saved value is stale if its owner was
written to after the op's number. Writes that NumPy makes into the result of `x.numpy()` are not
tracked.
"""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Iterable, Iterator
from functools import partial
from os.path import dirname, join
from types import CellType, CodeType, EllipsisType, FrameType, FunctionType, ModuleType, NoneType
from typing import Any

import numpy as np

_PACKAGE = join(dirname(__file__), "")

Line = tuple[CodeType, int]  # a position in the program: a code object and an instruction offset

clock = itertools.count(1)

# Maps the owner's id to a weak reference (whose callback removes the entry), the number of the last
# write, and the line that wrote.
_writes: dict[int, tuple[weakref.ref[Any], int, Line]] = {}
_latest = 0


class _Ours(dict[str, bool]):
    """Whether a file belongs to this package, cached by file name."""

    def __missing__(self, name: str) -> bool:
        self[name] = name.startswith(_PACKAGE)
        return self[name]


_ours = _Ours()


def user_line(frame: FrameType) -> Line:
    """The line of the user's program that is running: the innermost frame outside this package."""
    while _ours[frame.f_code.co_filename] and (caller := frame.f_back) is not None:
        frame = caller
    return frame.f_code, frame.f_lasti


def owner(array: Any) -> Any:
    """The array that owns the memory: the last array in the chain of `base` attributes."""
    root = array
    while (array := getattr(array, "base", None)) is not None:
        if isinstance(array, np.ndarray):  # the chain may contain internal NumPy objects
            root = array
    return root


def stamp_write(*arrays: Any) -> None:
    """Record that the memory of these arrays was just written to."""
    global _latest
    _latest = next(clock)
    line = user_line(sys._getframe(1))
    for array in arrays:
        root = owner(array)
        key = id(root)
        known = _writes.get(key)
        reference = known[0] if known else weakref.ref(root, partial(_writes.pop, key))
        _writes[key] = (reference, _latest, line)


def latest_write() -> int:
    """The number of the last write to any memory."""
    return _latest


def held(pullback: Any) -> Iterator[Any]:
    """The arrays that a pullback captures: the values saved for backward."""
    seen, todo = set(), [pullback]
    while todo:
        value = todo.pop()
        kind = type(value)
        if kind in _PLAIN or id(value) in seen:
            continue
        if isinstance(value, (np.ndarray, np.generic)):
            yield value
        elif kind is FunctionType:
            todo += [contents(cell) for cell in value.__closure__ or ()]
            todo += value.__defaults__ or ()
        elif isinstance(value, (tuple, list)):
            todo += value
        elif isinstance(value, dict):
            todo += value.values()
        else:  # a method, a partial or a callable object; slots that start with `_` are caches
            slots = [name for name in getattr(kind, "__slots__", ()) if name[0] != "_"]
            names = ("__dict__", *slots) if slots else ("__dict__", "__self__", "_array", "args", "keywords")
            todo += [getattr(value, name, None) for name in names]
        seen.add(id(value))


_PLAIN = {NoneType, EllipsisType, bool, int, float, str, slice, type, ModuleType}  # types that cannot hold an array


def hold_values(pullbacks: Iterable[Any]) -> bool:
    """Whether any of these pullbacks captures an array."""
    for pullback in pullbacks:
        if type(pullback) is FunctionType:  # the common case, checked once per op
            cells = pullback.__closure__
            if cells is None and pullback.__defaults__ is None:
                continue
            if cells and type(contents(cells[0])) is np.ndarray:
                return True
        if pullback is not None and next(held(pullback), None) is not None:
            return True
    return False


def contents(cell: CellType) -> Any:
    """The value of a closure cell; None if the cell is empty."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def overwritten_at(array: Any, number: int) -> Line | None:
    """The line that last wrote to this array's memory, if that was after `number`; else None."""
    if _latest < number:
        return None
    entry = _writes.get(id(owner(array)))
    return entry[2] if entry is not None and entry[1] > number else None
