"""Sorting with PyTorch's order of equal elements, for `sort`, `topk` and `multinomial`.

PyTorch does not specify this order, but it shows in a lesson that prints its ten most frequent words. In practice it is
that of GCC's C++ library: `std::sort` (quicksort, then insertion sort of small partitions), `std::nth_element`
(quickselect) and `std::partial_sort` (a heap of the k best). This module runs the same algorithms on the indices of the
elements; `rank` is the sort key of each element, equal for equal elements.

It is slow, pure Python, and used only for short rows with equal elements. Without ties there is only one order.

Source: D. R. Musser, "Introspective Sorting and Selection Algorithms", 1997.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Ranks = list[int]
Places = list[int]

SMALL = 16  # partitions of this size are left to the stable insertion sort
LOOKED_AT = 1 << 17  # above this many elements, ties are not settled: that would take more than 0.1 s


def places_in_order(array: Array, axis: int, descending: bool, k: int | None = None, stable: bool = False) -> Array:
    """The indices that sort the elements along an axis, int64, contiguous.

    Args:
        k: the number of first elements to return; None for all.
        stable: whether equal elements keep their order.
    """
    x = array.swapaxes(axis, -1)
    n = x.shape[-1]
    if k is not None and 0 < k < n and x.size > LOOKED_AT:
        # Sort only these: the first 5 of each row, of 10⁶ numbers in all, take 9 ms instead of 47.
        chosen = slice(n - k, n) if descending else slice(k)
        kept = np.argpartition(x, n - k if descending else k - 1, axis=-1)[..., chosen]
        order = places_in_order(np.take_along_axis(x, kept, -1), -1, descending, stable=True)
        order = np.take_along_axis(kept, order, -1)
        return np.ascontiguousarray(order.swapaxes(axis, -1), np.int64)
    if descending:  # seen from its end, in order, and seen from its end again: so that equal elements stay
        order = n - 1 - np.argsort(x[..., ::-1], axis=-1, kind="stable")[..., ::-1]
    else:
        order = np.argsort(x, axis=-1, kind="stable")
    order = np.ascontiguousarray(order, np.int64)
    if not stable and 0 < x.size <= LOOKED_AT and (k is not None or n > SMALL):
        _settle_ties(order.reshape(-1, n), np.take_along_axis(x, order, -1).reshape(-1, n), k)
    return np.ascontiguousarray(order[..., :k].swapaxes(axis, -1))


def _settle_ties(order: Array, values: Array, k: int | None) -> None:
    """Give the rows of places that have equal elements (among the first k, or at all) PyTorch's order of them."""
    a, b = values[:, :-1], values[:, 1:]
    differ = (a != b) & ((a == a) | (b == b))  # nan equals nan
    for row in np.flatnonzero(~differ[:, :k].all(axis=1)):
        rank = np.zeros(len(order[row]), np.int64)
        rank[order[row, 1:]] = differ[row].cumsum()
        found = sorted_places(rank.tolist()) if k is None else first_places(rank.tolist(), k)
        order[row, : len(found)] = found


def sorted_places(rank: Ranks) -> Places:
    """All indices, as sorted by std::sort."""
    places = list(range(len(rank)))
    parts = [(0, len(places), _patience(len(places)))]
    while parts:
        start, end, patience = parts.pop()
        while end - start > SMALL:
            if not patience:
                places[start:end] = _by_heap(places[start:end], rank, end - start)
                break
            patience -= 1
            cut = _part(places, rank, start, end)
            parts.append((cut, end, patience))
            end = cut
    return sorted(places, key=rank.__getitem__)


def first_places(rank: Ranks, k: int) -> Places:
    """The first k indices in order: by std::partial_sort if k is small relative to n, else by std::nth_element."""
    places = list(range(len(rank)))
    if k * 64 <= len(places):
        return _by_heap(places, rank, k)[:k]
    start, end, patience = 0, len(places), _patience(len(places))
    while end - start > 3:  # which of them is the k-th?
        if not patience:
            part = _by_heap(places[start:end], rank, k - start, in_order=False)
            part[0], part[k - 1 - start] = part[k - 1 - start], part[0]
            places[start:end] = part
            break
        patience -= 1
        cut = _part(places, rank, start, end)
        start, end = (cut, end) if cut < k else (start, cut)
    else:
        places[start:end] = sorted(places[start:end], key=rank.__getitem__)
    front = places[: k - 1]
    return [front[i] for i in sorted_places([rank[place] for place in front])] + [places[k - 1]]


def _patience(n: int) -> int:
    """The number of partitions after which the pivots count as bad, and a heap takes over."""
    return 2 * (n.bit_length() - 1)


def _part(places: Places, rank: Ranks, start: int, end: int) -> int:
    """Quicksort's partition around a pivot; returns the boundary."""
    i, j, k = start + 1, (start + end) // 2, end - 1
    a, b, c = rank[places[i]], rank[places[j]], rank[places[k]]
    if a < b:
        middle = j if b < c else k if a < c else i
    else:
        middle = i if a < c else k if b < c else j
    places[start], places[middle] = places[middle], places[start]
    pivot, left, right = rank[places[start]], start + 1, end
    while True:
        while rank[places[left]] < pivot:
            left += 1
        right -= 1
        while pivot < rank[places[right]]:
            right -= 1
        if left >= right:
            return left
        places[left], places[right] = places[right], places[left]
        left += 1


def _by_heap(places: Places, rank: Ranks, k: int, in_order: bool = True) -> Places:
    """Move the first k indices to the front with a max-heap; in_order pops it until it is empty."""
    places = list(places)
    for parent in range(k // 2 - 1, -1, -1):
        _sink(places, rank, parent, k, places[parent])
    for i in range(k, len(places)):
        if k and rank[places[i]] < rank[places[0]]:
            better, places[i] = places[i], places[0]
            _sink(places, rank, 0, k, better)
    for end in range(k - 1 if in_order else 0, 0, -1):
        last, places[end] = places[end], places[0]
        _sink(places, rank, 0, end, last)
    return places


def _sink(heap: Places, rank: Ranks, hole: int, n: int, place: int) -> None:
    """Fill a hole in a heap of size n: move it down to a leaf, then sift the new index up from there."""
    top = hole
    while 2 * hole + 2 < n:
        child = 2 * hole + 2
        child -= rank[heap[child]] < rank[heap[child - 1]]
        heap[hole], hole = heap[child], child
    if 2 * hole + 2 == n:
        heap[hole], hole = heap[n - 1], n - 1
    while hole > top and rank[heap[(hole - 1) // 2]] < rank[place]:
        heap[hole], hole = heap[(hole - 1) // 2], (hole - 1) // 2
    heap[hole] = place
