"""Arrays as plain data."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway.explain import numbers
from cutaway.explain.numbers import statistics
from cutaway.explain.statistics import SHORT
from cutaway.explain.values import EDGE, Values, plain


def value(array: Any, limit: int | None = 100) -> dict[str, Any]:
    values = Values(limit)
    found = values.of(array)
    values.finish()
    json.dumps(found, allow_nan=False)
    return found


ARRAYS = [
    np.arange(6.0).reshape(2, 3),
    np.float32(2.5),
    np.array([[1, 0], [0, 3]]),
    np.array([True, False, False]),
    np.random.default_rng(0).standard_normal((3, 20 * SHORT)).astype(np.float32),
    np.random.default_rng(2).standard_normal(2 * SHORT).astype(np.float32) * 1e-3 + 5,
    np.full(2 * SHORT, 0.1, np.float32),
    np.random.default_rng(1).standard_normal((7, 5))[:, ::2].T,
    np.full(1000, 0.1, np.float32),
    np.array([1e6, 1e6 + 1, 1e6 + 2]),
    np.arange(10, dtype=np.float16),
    np.arange(-5, 3 * SHORT),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda x: f"{np.shape(x)}{x.dtype}")
def test_statistics(array: Any) -> None:
    exact = np.asarray(array, np.float64)
    found = statistics(value(array))
    expected = {"min": exact.min(), "max": exact.max(), "mean": exact.mean(), "std": exact.std()}
    for name, number in expected.items():
        assert found[name] == pytest.approx(number, rel=1e-5, abs=1e-6), name
    assert found["zeros"] == (exact == 0).sum()
    assert found["nan"] == found["inf"] == 0


def test_only_an_array_that_is_cut_comes_with_statistics() -> None:
    array = np.arange(101.0)
    assert value(array)["statistics"]["max"] == 100 and value(array, None)["statistics"] is None
    assert statistics(value(array)) == pytest.approx(statistics(value(array, None)))


@pytest.mark.parametrize("limit", [None, 0, 20])
def test_statistics_of_many_arrays_are_those_of_each(limit: int | None) -> None:
    values = Values(limit)
    together = [values.of(array) for array in ARRAYS]
    values.finish()
    for array, found in zip(ARRAYS, together, strict=True):
        assert statistics(found) == pytest.approx(statistics(value(array, limit)), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("size", [6, 200])
def test_what_is_not_finite(size: int) -> None:
    values = Values(100)
    ordinary, array = values.of(np.array([0.5])), np.ones(size)
    array[-3:] = np.nan, np.inf, -np.inf
    found = values.of(array)
    values.finish()
    assert found["cut"] == (size == 200)
    assert found["numbers"] == [1.0, 1.0, 1.0, "nan", "inf", "-inf"] and ordinary["numbers"] == [0.5]
    json.dumps(found, allow_nan=False)


def test_statistics_of_what_is_not_finite() -> None:
    found = value(np.array([[1.0, np.nan], [np.inf, -np.inf], [3.0, 0.0]]))
    assert found["numbers"] == [[1.0, "nan"], ["inf", "-inf"], [3.0, 0.0]]
    assert statistics(found) == {
        "min": 0.0, "max": 3.0, "mean": pytest.approx(4 / 3), "std": pytest.approx(1.2472191), "nan": 1, "inf": 2,
        "zeros": 1,
    }  # fmt: skip
    nothing = statistics(value(np.array([np.nan])))
    assert nothing["min"] is None and nothing["nan"] == 1


@pytest.mark.parametrize("size", [2, 200, 2 * SHORT])
@pytest.mark.parametrize(
    ("dtype", "scale"), [(np.float64, 1e200), (np.float64, 1e-200), (np.float32, 1e30), (np.float32, 1e-30)]
)
def test_numbers_whose_squares_are_too_large_or_too_small(size: int, dtype: Any, scale: float) -> None:
    found = statistics(value(np.tile(np.array([scale, -scale], dtype), size // 2)))
    assert found["max"] == pytest.approx(scale) and found["std"] == pytest.approx(scale)
    assert found["nan"] == found["inf"] == found["zeros"] == 0


def test_nothing_has_no_statistics() -> None:
    found = value(np.zeros((0, 3)))
    assert found["shape"] == [0, 3] and found["numbers"] == [] and statistics(found)["min"] is None


def test_a_large_array_is_cut_to_its_corners() -> None:
    array = np.arange(200.0).reshape(2, 100)
    found = value(array)
    assert found["cut"] and found["shape"] == [2, 100]
    assert found["numbers"] == [[0, 1, 2, 97, 98, 99], [100, 101, 102, 197, 198, 199]]
    assert len(found["numbers"][0]) == 2 * EDGE
    whole = value(array, None)
    assert not whole["cut"] and whole["numbers"] == array.tolist()
    five = value(np.arange(125.0).reshape(5, 5, 5))  # more numbers than the limit, but no long axis
    assert not five["cut"] and np.shape(five["numbers"]) == (5, 5, 5)


def test_numbers_survive_json_to_the_last_digit() -> None:
    array = np.random.default_rng(0).standard_normal(50).astype(np.float32)
    back = np.array(json.loads(json.dumps(value(array)["numbers"])), np.float32)
    assert np.array_equal(back, array)


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (None, None), (True, True), (3, 3), (0.5, 0.5), (math.inf, "inf"), ("mean", "mean"), (..., "..."),
        ((1, (2, 3)), [1, [2, 3]]), (slice(None), ":"), (slice(1, None), "1:"), (slice(0, 6, 2), "0:6:2"),
        ({"a": slice(2)}, {"a": ":2"}), (np.dtype(np.float32), "float32"), (math.sqrt, repr(math.sqrt)),
    ],
)  # fmt: skip
def test_other_things_as_plain_data(thing: Any, expected: Any) -> None:
    assert plain(thing, Values(None)) == expected
    json.dumps(expected, allow_nan=False)


def test_a_tensor_is_told_as_its_array() -> None:
    values = Values(None)
    found = plain(cutaway.tensor([1.5, 2.0]), values)
    values.finish()
    assert found == value(np.array([1.5, 2.0], np.float32))


def test_very_small_and_very_large_numbers_take_little_room() -> None:
    assert [numbers.number(x) for x in (1e-6, -3e-12, 1.23456e-7, 1.5e10)] == [
        "1e-06",
        "-3e-12",
        "1.2346e-07",
        "1.5e+10",
    ]
    value = {"shape": [3], "dtype": "float32", "numbers": [-2.1213, 5.0575e-07, 1.0], "cut": False}
    assert numbers.rows(value, 80) == ["[-2.1213, 5.1e-07,       1]"]
