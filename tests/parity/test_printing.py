"""Every tensor prints as PyTorch prints it, to the last space."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cutaway
from cutaway.tensors.printing import describe, set_printoptions

Array = np.ndarray[Any, Any]

FLOATS = ["float16", "float32", "float64"]
INTEGERS = ["uint8", "int8", "int16", "int32", "int64"]

# Short, long, and made to be cut: over 1000 numbers with short and long axes, and axes just at the limit.
SHAPES: list[tuple[int, ...]] = [
    (), (1,), (2,), (5,), (9,), (10,), (24,), (25,), (60,), (999,), (1000,), (1001,), (5000,),
    (1, 1), (2, 3), (3, 1), (1, 30), (7, 8), (40, 40), (2, 600), (600, 2), (6, 200), (7, 200), (200, 6),
    (200, 7), (2, 3, 4), (1, 1, 1), (3, 1, 40), (12, 10, 11), (6, 7, 30), (2, 2, 300), (300, 2, 2),
    (2, 2, 2, 2), (1, 1, 3, 1), (7, 6, 7, 6), (2, 3, 4, 60), (2, 1, 2, 1, 3), (7, 1, 7, 1, 30),
]  # fmt: skip
EMPTY: list[tuple[int, ...]] = [(0,), (0, 0), (0, 3), (3, 0), (1, 0, 2), (2000, 0), (0, 1, 1, 5)]


@pytest.fixture(autouse=True)
def _options() -> Iterator[None]:
    yield
    choose(profile="default")


def choose(**options: Any) -> None:
    set_printoptions(**options)
    torch.set_printoptions(**options)


def theirs(array: Array, *, requires_grad: bool = False, op: str = "") -> str:
    x = torch.from_numpy(array.copy())
    if op:
        rule = type(op, (torch.autograd.Function,), {"forward": staticmethod(lambda ctx, x: x.clone())})
        return str(rule.apply(x.requires_grad_()))
    return str(x.requires_grad_(requires_grad))


def ours(array: Array, *, requires_grad: bool = False, op: str = "") -> str:
    return describe(
        array,
        grad_fn=op + "Backward" if op else None,
        requires_grad=requires_grad or bool(op),
        default_dtype=np.dtype(str(torch.get_default_dtype()).removeprefix("torch.")),
    )


def check(array: Array, *, requires_grad: bool = False, op: str = "") -> None:
    assert ours(array, requires_grad=requires_grad, op=op) == theirs(
        array, requires_grad=requires_grad, op=op
    )


def floats(rng: np.random.Generator, kind: str, shape: tuple[int, ...], dtype: str) -> Array:
    """Random floats of a kind that printing tells apart."""
    normal = rng.standard_normal(shape)
    values = {
        "ordinary": normal,
        "positive": np.abs(normal) + 0.1,
        "whole": np.round(normal * 50),
        "large whole": np.round(normal * 10.0 ** rng.integers(1, 10)),
        "scaled": normal * 10.0 ** rng.integers(-12, 12),
        "wide": normal * 10.0 ** rng.uniform(-8, 8, shape),
        "extreme": np.ldexp(normal, rng.integers(-1060, 1000, shape)),
        "zeros": np.where(normal > 0, 0.0, -0.0),
        "sparse": np.where(normal > 1, np.round(normal * 3), -0.0),
    }[kind]
    if rng.random() < 0.3:
        odd = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], shape)
        values = np.where(rng.random(shape) < 0.3, odd, values)
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(dtype)


KINDS = ["ordinary", "positive", "whole", "large whole", "scaled", "wide", "extreme", "zeros", "sparse"]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kind", KINDS)
def test_floats(kind: str, dtype: str) -> None:
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        for _ in range(3):
            check(floats(rng, kind, shape, dtype))
            check(floats(rng, kind, shape, dtype), requires_grad=True)


@pytest.mark.parametrize("dtype", [*INTEGERS, "bool"])
def test_integers_and_bools(dtype: str) -> None:
    rng = np.random.default_rng(1)
    for shape in SHAPES:
        for top in (2, 10, 100, 2**7, 2**15, 2**31, 2**62):
            check(rng.integers(0, top, shape).astype(dtype))
            check(np.asarray(rng.integers(-top, top, shape)).astype(dtype))


@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, "bool"])
@pytest.mark.parametrize("shape", EMPTY)
def test_empty(shape: tuple[int, ...], dtype: str) -> None:
    check(np.empty(shape, dtype))
    if dtype in FLOATS:
        check(np.empty(shape, dtype), requires_grad=True)
        check(np.empty(shape, dtype), op="Clone")


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(), *[(n,) for n in range(1, 30)], (2, 9), (3, 3, 5), (40, 40)])
def test_where_the_suffixes_break_the_line(shape: tuple[int, ...], dtype: str) -> None:
    rng = np.random.default_rng(2)
    for length in range(1, 60, 3):
        check(rng.standard_normal(shape).astype(dtype), op="M" + "u" * length)
        check(rng.integers(0, 9, shape).astype(dtype), op="M" + "u" * length)


def test_every_length_of_line() -> None:
    for dtype in ("float32", "float64", "int32", "bool"):
        for n in range(0, 130):
            check(np.arange(n).astype(dtype))
            if dtype.startswith("float"):
                check(np.arange(n).astype(dtype), requires_grad=True)
                check(np.arange(n).astype(dtype) / 2, requires_grad=True)


@pytest.mark.parametrize("value", [1000, 1001, 1e8, 1e8 + 1, 1e-4, 0.99e-4, 1 / 1000, 1 / 1001, 0.5, 1e38])
@pytest.mark.parametrize("dtype", FLOATS)
def test_where_scientific_notation_begins(value: float, dtype: str) -> None:
    with np.errstate(over="ignore"):
        pairs = np.array([[value, 1], [-1, value], [value, value], [value, 0.5], [value, 2], [0, value]])
        pairs = pairs.astype(dtype)
    for pair in pairs:
        check(pair)
        check(pair[:1].reshape(()))
        check(np.nextafter(pair, np.inf).astype(dtype))
        check(np.nextafter(pair, -np.inf).astype(dtype))


@pytest.mark.parametrize("default", FLOATS)
def test_the_default_dtype_is_not_mentioned(default: str) -> None:
    torch.set_default_dtype(getattr(torch, default))
    try:
        for dtype in [*FLOATS, *INTEGERS, "bool"]:
            for shape in [(), (0,), (2,), (0, 2), (2, 2)]:
                check(np.ones(shape, dtype))
    finally:
        torch.set_default_dtype(torch.float32)


def test_strided_arrays() -> None:
    array = np.random.default_rng(3).standard_normal((50, 60)).astype(np.float32)
    for view in (array.T, array[::3, ::-2], np.broadcast_to(array[:1], (50, 60))):
        assert ours(view) == theirs(np.ascontiguousarray(view))


OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "precision": st.integers(0, 12),
        "threshold": st.sampled_from([-1, 0, 5, 20, 1000, 1e9, float("inf")]),
        "edgeitems": st.integers(0, 12),
        "linewidth": st.sampled_from([-5, 0, 1, 20, 40, 79, 80, 120, 1000]),
        "profile": st.sampled_from(["default", "short", "full"]),
        "sci_mode": st.sampled_from([None, True, False]),
    },
)


@settings(max_examples=400)
@given(
    options=OPTIONS,
    more=OPTIONS,
    shape=st.one_of(st.sampled_from([s for s in SHAPES + EMPTY if np.prod(s) < 200]), st.just((1001,))),
    dtype=st.sampled_from([*FLOATS, *INTEGERS, "bool"]),
    kind=st.sampled_from(KINDS),
    op=st.sampled_from(["", "", "Mul", "ConvolutionOfSomething"]),
    seed=st.integers(0, 2**32 - 1),
)
def test_options(
    options: dict[str, Any],
    more: dict[str, Any],
    shape: tuple[int, ...],
    dtype: str,
    kind: str,
    op: str,
    seed: int,
) -> None:
    choose(profile="default")
    choose(**options)
    choose(**more)
    rng = np.random.default_rng(seed)
    if dtype in FLOATS:
        check(floats(rng, kind, shape, dtype), op=op)
    else:
        check(np.asarray(rng.integers(0, 120, shape)).astype(dtype))


@settings(max_examples=400)
@given(
    values=st.lists(st.floats(width=32), max_size=40),
    dtype=st.sampled_from(["float32", "float64"]),
    requires_grad=st.booleans(),
)
def test_any_floats(values: list[float], dtype: str, requires_grad: bool) -> None:
    check(np.array(values, dtype), requires_grad=requires_grad)


@pytest.mark.parametrize("value", [0.1, 2, True, float("nan"), -0.0, 1e20, 123456789])
@pytest.mark.parametrize("spec", ["", ".3f", "10.2e", "g", "%", "5d", "d", "x", ">12", "s", "nonsense"])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_a_scalar_with_a_format(value: float, spec: str, dtype: str) -> None:
    with np.errstate(invalid="ignore"):
        array = np.array(value).astype(dtype)
    try:
        expected: str | type[Exception] = format(torch.from_numpy(array), spec)
    except ValueError:
        expected = ValueError
    try:
        result: str | type[Exception] = format(cutaway.from_numpy(array), spec)
    except ValueError:
        result = ValueError
    assert result == expected


@pytest.mark.parametrize("shape", [(1,), (0,), (2, 2)])
def test_a_format_is_for_one_number(shape: tuple[int, ...]) -> None:
    array = np.ones(shape)
    with pytest.raises(TypeError):
        format(torch.from_numpy(array), ".3f")
    with pytest.raises(TypeError):
        format(cutaway.from_numpy(array), ".3f")
