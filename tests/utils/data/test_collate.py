"""Collating: what one batch is made of many examples of each kind."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway.utils.data import default_collate, default_convert

Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "batch, dtype, expected",
    [
        ([1, 2], cutaway.int64, [1, 2]),
        ([1.5, 2.0], cutaway.float64, [1.5, 2.0]),
        ([True, False], cutaway.bool, [True, False]),
        ([np.float32(1), np.float32(2)], cutaway.float32, [1, 2]),
        ([np.uint8(1)], cutaway.uint8, [1]),
        ([np.zeros(2, np.float32), np.ones(2, np.float32)], cutaway.float32, [[0, 0], [1, 1]]),
        ([np.array(1.0), np.array(2.0)], cutaway.float64, [1, 2]),
        ([cutaway.zeros(2), cutaway.ones(2)], cutaway.float32, [[0, 0], [1, 1]]),
    ],
)
def test_numbers_and_arrays(batch: Any, dtype: Any, expected: Any) -> None:
    out = default_collate(batch)
    assert out.dtype == dtype
    assert out.tolist() == expected


def test_containers() -> None:
    assert default_collate(["a", "b"]) == ["a", "b"]
    x, y = default_collate([(1, "a"), (2, "b")])
    assert (x.tolist(), y) == ([1, 2], ("a", "b"))
    nested = default_collate([{"p": Point(1, [2.0])}, {"p": Point(3, [4.0])}])
    assert isinstance(nested["p"], Point)
    assert nested["p"].x.tolist() == [1, 3]
    assert nested["p"].y[0].tolist() == [2, 4]
    ordered = default_collate([OrderedDict(b=1, a=2)])
    assert isinstance(ordered, OrderedDict) and list(ordered) == ["b", "a"]
    counts = default_collate([defaultdict(int, a=1)])
    assert counts["new"] == 0
    fixed = default_collate([MappingProxyType({"a": 1}), MappingProxyType({"a": 2})])
    assert isinstance(fixed, MappingProxyType) and fixed["a"].tolist() == [1, 2]


def test_gradients_reach_the_examples() -> None:
    x = cutaway.ones(2, requires_grad=True)
    default_collate([x, x * 3]).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [4, 4]


@pytest.mark.parametrize(
    "batch, error, message",
    [
        ([None, None], TypeError, r"found NoneType \(a __getitem__ without return\?\)\. Return"),
        ([np.array(["a"])], TypeError, "an array of <U1"),
        ([(1, 2), (1,)], RuntimeError, r"lengths of \[1, 2\]: pad them"),
        ([np.zeros(2), np.zeros(3)], RuntimeError, r"\[\(2,\), \(3,\)\]"),
        ([cutaway.zeros(2), cutaway.zeros(3)], RuntimeError, r"\[\(2,\), \(3,\)\].*pad_sequence"),
        ([{"a": 1}, {"b": 1}], KeyError, "a"),
    ],
)
def test_errors(batch: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        default_collate(batch)


def test_convert() -> None:
    number, text, array, inside, none = default_convert((1, "s", np.arange(2), {"a": np.float32(3)}, None))
    assert (number, text, none) == (1, "s", None)
    assert array.tolist() == [0, 1] and inside["a"].item() == 3
    assert default_convert(Point(np.zeros(1), 2)).y == 2
