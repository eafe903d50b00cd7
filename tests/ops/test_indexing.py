"""Reads by numbers: each element that was read gets all that came back for it, however it was named."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from cutaway.ops import getitem

COLUMNS = np.array([[1, -1, 1], [0, 2, 2]])
READS: dict[str, Any] = {
    "rows": np.array([2, 0, 2]),
    "rows from the end": np.array([-1, 0, 2]),
    "rows, all of each": (np.array([[2, 0], [2, 2]]), ...),
    "rows of rows": (np.array([1, 1, -1]), np.array([0, -3, 3])),
    "elements": (np.array([1, 1, -1]), np.array([0, -3, 3]), np.array([4, -1, -1])),
    "elements of a mesh": (np.arange(2)[:, None], COLUMNS, np.array(-2)),
    "small integers": (np.array([2, 2], np.uint8), np.array([3, 3], np.int8)),
    "rows of a mask": np.array([True, False, True]),
    "rows and a mask": (np.array([0, 2]), np.array([True, False, False, True])),
    "columns": (slice(None), np.array([1, 1, 0])),
    "the last axis": (..., np.array([1, 1, 0])),
    "nothing": (np.array([], np.int64), np.array([], np.int64)),
    "all": ...,
}


@pytest.mark.parametrize("contiguous", [True, False])
@pytest.mark.parametrize("index", READS.values(), ids=READS)
def test_a_read_gives_back_what_add_at_gives(index: Any, contiguous: bool) -> None:
    x = np.zeros((3, 4, 5), np.float32)
    value, dx = getitem(x, index=index)
    g = np.arange(1, value.size + 1, dtype=np.float32).reshape(value.shape)
    expected = np.zeros_like(x)
    np.add.at(expected, index, g)
    np.testing.assert_array_equal(dx(g), expected)
    total = np.ones((3, 4, 5) if contiguous else (5, 4, 3), np.float32)
    dx.add_to(total if contiguous else total.T, g)
    np.testing.assert_array_equal(total if contiguous else total.T, expected + 1)


def test_the_places_of_many_long_rows_are_not_all_in_memory_at_once() -> None:
    x, index = np.zeros((8, 1024), np.float32), np.zeros(4096, np.int64)
    g = np.ones((4096, 1024), np.float32)
    dx = getitem(x, index=index)[1]
    tracemalloc.start()
    try:
        total = dx(g)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (total[0] == 4096).all()
    assert peak < 4 << 20  # the places of all elements, as int64, take 32 MiB
