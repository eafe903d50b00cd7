"""Detection of arrays that share memory, and their description as views, for serialization.

A state dict may hold one weight under two names, and a list may hold a matrix and its first row. Saved separately, they
would no longer share memory after loading. So this module finds the arrays that share memory; the memory is saved once,
and each array is described as a view of it: the offset of its first element, its shape and its strides, in elements.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import byte_bounds

from .ops.contract import Array

__all__ = ["is_expanded", "layout", "looked_at", "memory_of", "sharing", "view_of"]


def sharing(arrays: list[Array]) -> list[list[int]]:
    """The indices of the arrays, grouped by shared elements.

    >>> x = np.zeros((3, 4))
    >>> sharing([x, np.ones(2), x[0], x.T])
    [[0, 2, 3], [1]]
    >>> sharing([x[:, :2], x[:, 2:]])
    [[0], [1]]
    """
    apart = [i for i, a in enumerate(arrays) if not (a.size and _in_steps(a))]
    # Only arrays whose memory ranges overlap can share elements: so collect runs of arrays, each of which begins before
    # a previous one ends. Arrays of different dtypes share no elements; tensors do not share memory in that way.
    stretches: list[list[int]] = []
    previous, end = None, 0
    for i in sorted(set(range(len(arrays))) - set(apart), key=lambda i: (*_kind(arrays[i]), _bounds(arrays[i]))):
        low, high = _bounds(arrays[i])
        if _kind(arrays[i]) == previous and low < end:
            stretches[-1].append(i)
            end = max(end, high)
        else:
            stretches.append([i])
            previous, end = _kind(arrays[i]), high
    return sorted([[i] for i in apart] + [group for stretch in stretches for group in _connected(stretch, arrays)])


def _connected(numbers: list[int], arrays: list[Array]) -> list[list[int]]:
    """Arrays whose memory ranges overlap, grouped by shared elements.

    Each array marks its elements with its index, and is merged with the arrays whose marks it finds there.
    """
    if len({layout(arrays[i]) for i in numbers}) == 1:
        return [sorted(numbers)]
    low, high = _extent([arrays[i] for i in numbers])
    found_by = np.full((high - low) // arrays[numbers[0]].itemsize, -1)
    group = {i: [i] for i in numbers}
    for i in numbers:
        a = arrays[i]
        steps = [step // a.itemsize * found_by.itemsize for step in a.strides]
        offset = (_address(a) - low) // a.itemsize * found_by.itemsize
        once = tuple(slice(None) if step else slice(1) for step in steps)  # an expanded tensor may have 10**9 elements
        seen = np.ndarray(a.shape, found_by.dtype, found_by, offset, steps)[once]
        for j in np.unique(seen[seen >= 0]).tolist():
            if group[i] is not group[j]:
                group[i] += group[j]
                group |= dict.fromkeys(group[j], group[i])
        seen[...] = i
    return [sorted(members) for members in {id(members): members for members in group.values()}.values()]


def memory_of(looks: list[Array]) -> tuple[Array, int | None]:
    """The memory to write for all these arrays, and the index of the array that covers it, if one does."""
    low, high = _extent(looks)
    for i, a in enumerate(looks):
        if a.flags.c_contiguous and a.nbytes == high - low:
            return a, i
    first = looks[0]
    alike = all(layout(a) == layout(first) for a in looks)
    if alike and (first.nbytes <= high - low or not _in_steps(first)):
        return first, 0  # with gaps between its elements, which are not written
    return np.asarray(_Memory(low, (high - low) // first.itemsize, first.dtype)), None


class _Memory:
    """A memory range, as an `__array_interface__` that NumPy can wrap."""

    def __init__(self, address: int, length: int, dtype: np.dtype[Any]) -> None:
        self.__array_interface__ = {"data": (address, True), "shape": (length,), "typestr": dtype.str, "version": 3}


def _bounds(a: Array) -> tuple[int, int]:
    return byte_bounds(a) if a.size else (_address(a), _address(a))


def is_expanded(a: Array) -> bool:
    """Whether it has more elements than its memory, as the result of `x.expand()`.

    A file of a hundred bytes can hold such a tensor of 10¹² elements, so check this before any copy.

    >>> is_expanded(np.broadcast_to(np.zeros((3, 1)), (3, 4)))
    True
    """
    low, high = _bounds(a)
    return a.nbytes > high - low


def _extent(arrays: list[Array]) -> tuple[int, int]:
    """The start and end address of these arrays' memory."""
    bounds = [_bounds(a) for a in arrays]
    return min(low for low, _ in bounds), max(high for _, high in bounds)


def _kind(a: Array) -> tuple[str, int]:
    """A key that is equal for arrays that can share elements."""
    return a.dtype.str, _address(a) % a.itemsize


def _address(a: Array) -> int:
    return a.__array_interface__["data"][0]  # type: ignore[no-any-return]


def _in_steps(a: Array) -> bool:
    """Whether its strides are multiples of the element size, as a tensor's are."""
    return not any(step % a.itemsize for step in a.strides)


def layout(a: Array) -> tuple[Any, ...]:
    """A key that is equal for arrays of one dtype with the same elements in the same order."""
    return _address(a), a.shape, a.strides


def view_of(a: Array, memory: Array) -> dict[str, Any]:
    """The offset, shape and strides of a in memory, in elements.

    >>> x = np.zeros((3, 4))
    >>> view_of(x[1:, 0], x)
    {'offset': 4, 'shape': [2], 'strides': [4]}
    """
    offset = (_address(a) - _address(memory)) // a.itemsize
    return {"offset": offset, "shape": list(a.shape), "strides": [step // a.itemsize for step in a.strides]}


def looked_at(memory: Array, offset: int, shape: list[int], strides: list[int]) -> Array:
    """A view of memory; ValueError if it is out of bounds."""
    if any(type(number) is not int for number in (offset, *shape, *strides)) or min(shape, default=0) < 0:
        raise ValueError("a view is not given in integers")
    steps = [stride * (length - 1) for length, stride in zip(shape, strides, strict=True)]
    first, last = (offset + sum(sign(step, 0) for step in steps) for sign in (min, max))
    if not 0 <= first <= last < memory.size:
        raise ValueError("a view exceeds its memory")
    in_bytes = [stride * memory.itemsize for stride in strides]
    return np.ndarray(shape, memory.dtype, memory, offset * memory.itemsize, in_bytes)
