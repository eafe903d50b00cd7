"""Arithmetic and comparison: dtypes, overflow, kinds of operands. tests/parity compares all of them with PyTorch."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import cutaway

FLOATS = ["float16", "float32", "float64"]
WHOLE = ["int8", "int16", "int32", "int64", "uint8"]


def one(dtype: str, *shape: int) -> Any:
    return cutaway.ones(shape, dtype=getattr(cutaway, dtype))


PROMOTIONS = [
    ("float32", "int64", "float32"), ("float16", "int64", "float16"), ("float16", "float32", "float32"),
    ("float32", "float64", "float64"), ("int8", "uint8", "int16"), ("int32", "uint8", "int32"),
    ("bool", "int8", "int8"),
    ("bool", "float16", "float16"), ("int16", "int64", "int64"), ("bool", "bool", "bool"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "expected"), PROMOTIONS)
def test_two_tensors_come_to_one_dtype(a: str, b: str, expected: str) -> None:
    assert (one(a, 2) + one(b, 2)).dtype.name == expected
    assert (one(b, 2) * one(a, 2)).dtype.name == expected


@pytest.mark.parametrize("dtype", [*FLOATS, *WHOLE, "bool"])
def test_numbers_and_0_d_tensors_count_only_by_kind(dtype: str) -> None:
    x = one(dtype, 2)
    for weak, fraction in [(one("float64"), "float64"), (2.5, "float32")]:
        assert (x + weak).dtype.name == (dtype if dtype in FLOATS else fraction)
    for weak in (one("int64"), 3, np.int64(3)):
        assert (x + weak).dtype.name == ("int64" if dtype == "bool" else dtype)
    assert (x * True).dtype.name == dtype
    assert (3 * x).dtype == (x * 3).dtype


@pytest.mark.parametrize("dtype", [*WHOLE, "bool"])
def test_whole_numbers_divide_to_fractions(dtype: str) -> None:
    for other in (one(dtype, 2), 2, np.int64(2), one("int64")):
        assert (one(dtype, 2) / other).dtype == cutaway.float32
    assert (1 / one(dtype, 2)).dtype == cutaway.float32
    cutaway.set_default_dtype(cutaway.float64)
    try:
        assert (one(dtype, 2) / 2).dtype == cutaway.float64
    finally:
        cutaway.set_default_dtype(cutaway.float32)


def test_whole_numbers_go_round() -> None:
    assert (cutaway.tensor([255], dtype=cutaway.uint8) + 1).tolist() == [0]
    assert (cutaway.tensor([127], dtype=cutaway.int8) + cutaway.tensor([1], dtype=cutaway.int8)).tolist() == [-128]
    assert (cutaway.tensor([1], dtype=cutaway.uint8) * -1).tolist() == [255]
    assert (cutaway.tensor([2**62]) * 4).tolist() == [0]


def test_division_that_rounds() -> None:
    a, b = cutaway.tensor([7, -7, 7, -7]), cutaway.tensor([2, 2, -2, -2])
    assert (a // b).tolist() == [3, -4, -4, 3]
    assert (a % b).tolist() == [1, 1, -1, -1]
    assert a.div(b, rounding_mode="trunc").tolist() == [3, -3, -3, 3]
    assert a.double().div(b, rounding_mode="trunc").tolist() == [3, -3, -3, 3]
    large = cutaway.tensor([2**62 + 1])
    assert large.div(1, rounding_mode="trunc").tolist() == [2**62 + 1]  # not by way of fractions
    assert (cutaway.tensor([1.0, -1.0]) // 0).tolist() == [cutaway.inf, -cutaway.inf]
    assert (7 // b).tolist() == [3, 3, -4, -4]
    assert (-7 % b).tolist() == [1, 1, -1, -1]
    for divide in (operator.floordiv, operator.mod):
        with pytest.raises(TypeError, match="unsupported operand"):
            divide([7], b)


def test_what_is_whole_is_round() -> None:
    whole = cutaway.tensor([1, -2])
    for y in (whole.round(), whole.floor(), whole.ceil(), whole.trunc(), whole.nan_to_num()):
        assert y.dtype is cutaway.int64 and y.equal(whole)
        y.zero_()
    assert whole.tolist() == [1, -2]  # what was given back were copies


def test_powers_of_whole_numbers() -> None:
    assert (cutaway.tensor([2, -1, 0, 1]) ** cutaway.tensor([-1, -3, 2, -5])).tolist() == [0, -1, 0, 1]
    assert (2 ** cutaway.tensor([0, 3])).tolist() == [1, 8]
    assert (cutaway.tensor([4.0]) ** -0.5).tolist() == [0.5]


def test_bools() -> None:
    t, f = cutaway.tensor([True]), cutaway.tensor([False])
    assert (t + t).tolist() == [True]
    assert (t * f).tolist() == [False]
    assert (t + 1).tolist() == [2]
    assert (~t).tolist() == [False]
    assert (t ^ t).tolist() == [False]
    assert t.sum().dtype == cutaway.int64
    assert (+cutaway.tensor([2])).tolist() == [2]


def test_comparison_is_never_recorded() -> None:
    x = cutaway.ones(2, requires_grad=True)
    for answer in (x == 1, x < 2, x.ge(1), x.isnan(), x.isclose(x.detach()), x.logical_not()):
        assert answer.dtype == cutaway.bool
        assert not answer.requires_grad
    assert (x == None) is False  # noqa: E711
    assert x != "a"
    assert len({x, x.detach()}) == 2  # in a set, by identity
    assert 1 in x and cutaway.tensor(1) in x and 3 not in x


def test_operands_of_other_classes_are_asked() -> None:
    class Other:
        def __radd__(self, x: Any) -> str:
            return "mine"

        def __rmatmul__(self, x: Any) -> str:
            return "mine too"

        def __lt__(self, x: Any) -> bool:
            return True

    assert cutaway.ones(2) + Other() == "mine"
    assert cutaway.ones(2) @ Other() == "mine too"
    assert (cutaway.ones(2) > Other()) is True
    assert [1, 2] * cutaway.tensor(2) == [1, 2, 1, 2]


def test_nan_is_not_swallowed() -> None:
    x = cutaway.tensor([cutaway.nan, 1.0])
    for y in (x.maximum(cutaway.zeros(2)), x.clamp(0, 0.5), x.relu(), x.clamp(min=cutaway.zeros(2))):
        assert y.isnan().tolist() == [True, False]


def test_functions_take_numbers_where_pytorch_does() -> None:
    x = cutaway.tensor([1.0, 2.0])
    assert cutaway.add(1, x).tolist() == [2, 3]
    assert cutaway.sub(1, x, alpha=2).tolist() == [-1, -3]
    assert cutaway.div(2, x).tolist() == [2, 1]
    assert cutaway.pow(2, x).tolist() == [2, 4]
    assert cutaway.where(x > 1, 1.0, 0.0).dtype == cutaway.float32
    assert cutaway.where(x > 1, 1, 0).dtype == cutaway.int64
    assert cutaway.where(x > 1)[0].tolist() == [1]


def test_functions_take_their_tensor_by_name_and_pass_pythons_words_on() -> None:
    x = cutaway.zeros(2)
    assert cutaway.exp(input=x).equal(x.exp()) and cutaway.add(input=x, other=x).equal(x)
    with pytest.raises(TypeError, match="takes from 1 to 3 positional arguments but 5 were given"):
        cutaway.sum(x, 0, False, 5, 6)  # type: ignore[call-arg]


def test_a_result_can_be_written_into_an_existing_tensor() -> None:
    x, empty, wide = cutaway.ones(2), cutaway.empty(0), cutaway.zeros(2, dtype=cutaway.float64)
    for out in (empty, wide):
        assert cutaway.add(x, 1, out=out) is out and out.tolist() == [2, 2]
    assert wide.dtype is cutaway.float64 and cutaway.add(x, 1, out=None).tolist() == [2, 2]
    other = cutaway.zeros(3)
    with pytest.warns(UserWarning, match=r"out= has shape \(3,\), and is resized to the result's, \(2,\)"):
        cutaway.add(x, 1, out=other)
    assert other.tolist() == [2, 2]
    with pytest.raises(RuntimeError, match=r"torch\.float32 can't be cast to .* torch\.int64"):
        cutaway.add(x, 1, out=cutaway.zeros(2, dtype=cutaway.int64))
    with pytest.raises(TypeError, match=r"max\(\) got out=, which is not supported here"):
        cutaway.max(cutaway.ones(2, 2), 0, out=empty)


def test_a_number_in_front_is_as_weak_as_one_behind() -> None:
    small = cutaway.tensor(2, dtype=cutaway.int8)
    for sum_ in (cutaway.add(3, small), cutaway.mul(3, small), 3 + small):
        assert sum_.dtype is cutaway.int8
    assert cutaway.div(-1, cutaway.tensor([4], dtype=cutaway.uint8)).tolist() == [-0.25]
    assert cutaway.where(small > 0, 2, small).dtype is cutaway.int8
    with pytest.raises(RuntimeError, match="bool"):
        cutaway.sub(True, small)


def test_what_is_left_over_has_the_sign_of_zero_that_pytorchs_has() -> None:
    x = cutaway.tensor([-2.0, 0.5, -0.0, -3.0])
    assert repr(x % 2) == "tensor([-0.0000, 0.5000, -0.0000, 1.0000])"
    assert repr(x % -0.5) == "tensor([-0., 0., -0., -0.])"


def test_a_tensor_with_no_dimensions_stands_for_a_number() -> None:
    x = cutaway.tensor([-1.0, 5.0])
    assert x.clamp(0, cutaway.tensor(2.0)).tolist() == [0, 2]
    with pytest.raises(TypeError, match="two numbers, or two Tensors"):  # its gradient would be lost
        x.clamp(0, cutaway.tensor(2.0, requires_grad=True))
    assert cutaway.tensor([1, 2], dtype=cutaway.uint8).clamp_max(-1).tolist() == [1, 2]
    assert cutaway.where(cutaway.tensor([1, 0], dtype=cutaway.uint8), x, 0.0).tolist() == [-1, 0]
    assert (cutaway.tensor([True, False]) ** False).tolist() == [True, True]
    w, filling = cutaway.ones(3, requires_grad=True), cutaway.tensor(2.0, requires_grad=True)
    y = w.masked_fill(cutaway.tensor([True, False, True]), filling)
    assert y.tolist() == [2, 1, 2]
    y.sum().backward()
    assert (w.grad.tolist(), filling.grad.item()) == ([0, 1, 0], 2)


def test_one_limit_leaves_the_other_end_open() -> None:
    limits = {True: [True, False], 2: [1, 5]}
    for limit, numbers in limits.items():
        x = cutaway.tensor(numbers)
        assert x.clamp(cutaway.tensor(limit)).tolist() == [max(n, limit) for n in numbers]
        assert x.clamp(max=cutaway.tensor(limit)).tolist() == [min(n, limit) for n in numbers]


def test_nothing_divided_by_zero_is_nothing() -> None:
    nothing = cutaway.zeros(0, dtype=cutaway.int64)
    for empty in (nothing // 0, nothing % 0, nothing.fmod(0)):
        assert empty.shape == (0,)


def test_other_functions_take_it_for_a_number_too() -> None:
    two = cutaway.tensor(2)
    assert cutaway.zeros(1).new_full((2,), two).tolist() == [2, 2]
    assert [len(part) for part in cutaway.arange(5).split(two)] == [2, 2, 1]
    assert cutaway.tensor([0.1]).logit(cutaway.tensor(0.5)).tolist() == [0]
    cutaway.manual_seed(0)
    expected = cutaway.empty(3).normal_(2.0, 0.5)
    cutaway.manual_seed(0)
    assert cutaway.empty(3).normal_(two, cutaway.tensor(0.5)).equal(expected)
