"""erf against mpmath, with the error bound that its docstring gives; powers against NumPy's own; clipping; masks."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import cutaway as torch
from cutaway.ops.special import clip_values, erf_values, kept, power_values

BOTH = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def hard_inputs(dtype: Any) -> Any:
    """Where erf has most digits to lose: near 0, where it crosses a power of 2, and where it bends to 1."""
    rng = np.random.default_rng(0)
    near_zero = 10.0 ** rng.uniform(-37, -1, 200)
    crossings = [float(mpmath.erfinv(2.0**-k)) * (1 + rng.uniform(-1e-3, 1e-3, 30)) for k in range(1, 8)]
    tiny = np.array([np.finfo(dtype).smallest_subnormal, np.finfo(dtype).tiny])
    return np.concatenate([near_zero, *crossings, rng.uniform(0, 2, 700), np.linspace(2, 6.5, 300), tiny]).astype(dtype)


@BOTH
def test_it_is_wrong_by_less_than_its_docstring_says(dtype: Any) -> None:
    x = hard_inputs(dtype)
    y = erf_values(x)
    assert y.dtype == dtype
    worst = mpmath.mpf(0)
    with mpmath.workdps(40):
        for a, b in zip(x, y, strict=True):
            true = mpmath.erf(mpmath.mpf(float(a)))
            unit = float(np.spacing(dtype(float(true))))  # what the last place is worth
            worst = max(worst, abs(mpmath.mpf(float(b)) - true) / unit)
    assert worst < {np.float32: 3.2, np.float64: 1.6}[dtype]


@BOTH
def test_it_is_odd_to_the_last_bit_and_never_leaves_minus_one_to_one(dtype: Any) -> None:
    x = hard_inputs(dtype)
    np.testing.assert_array_equal(erf_values(-x), -erf_values(x))
    assert np.abs(erf_values(np.linspace(-8, 8, 20_001).astype(dtype))).max() == 1


@BOTH
def test_the_ends(dtype: Any) -> None:
    y = erf_values(np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 30.0, -30.0], dtype))  # without a warning
    np.testing.assert_array_equal(y, np.array([0.0, -0.0, 1.0, -1.0, np.nan, 1.0, -1.0], dtype))
    assert np.signbit(y[1])


@BOTH
def test_any_shape_and_any_order_in_memory(dtype: Any) -> None:
    x = np.random.default_rng(1).standard_normal((70, 300)).astype(dtype)  # more than one block
    y = erf_values(x)
    np.testing.assert_array_equal(erf_values(x.T), y.T)
    np.testing.assert_array_equal(erf_values(x[::2, ::-3]), y[::2, ::-3])
    assert erf_values(x[3, 4]) == y[3, 4]
    assert erf_values(np.zeros((0, 3), dtype)).shape == (0, 3)
    assert erf_values(np.ones((), dtype)).shape == ()


def test_half_precision_is_rounded_once() -> None:
    x = np.array([0.1, 1.0, 2.5], np.float16)
    y = erf_values(x)
    assert y.dtype == np.float16
    np.testing.assert_array_equal(y, erf_values(x.astype(np.float64)).astype(np.float16))


@BOTH
def test_squares_and_cubes_are_products_to_the_last_bit(dtype: Any) -> None:
    x = np.random.default_rng(0).standard_normal(1000).astype(dtype)
    np.testing.assert_array_equal(power_values(x, 2), x * x)
    np.testing.assert_array_equal(power_values(x, 3.0), x * x * x)


@pytest.mark.parametrize("n", range(7))
def test_powers_of_whole_numbers_are_whole(n: int) -> None:
    x = np.array([-3, 0, 2], np.int32)
    powers = power_values(x, n)
    assert powers.dtype == np.int32 and powers is not x
    assert powers.tolist() == [(-3) ** n, 0**n, 2**n]


def test_what_tensors_are_asked_for_keeps_its_name_and_docstring() -> None:
    assert erf_values.__name__ == "erf_values"
    assert str(erf_values.__doc__).startswith("Elementwise erf(x)")


@pytest.mark.parametrize("n", [-3, -2, -1, 0, 1, 2, 2.0, 3, 4, 5, 7.0, 0.5, math.inf])
def test_powers_are_those_of_python_for_numbers_of_either_sign(n: float) -> None:
    x = np.array([-3.0, -1.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.5, math.inf, -math.inf, math.nan])
    with np.errstate(all="ignore"):
        expected, found = x**n, power_values(x, n)
        assert power_values(x.astype(np.float32), n).dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=4e-16, atol=0)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.signbit(found)[numbers], np.signbit(expected)[numbers])  # zeros too


def test_clipping_with_one_bound_two_or_none() -> None:
    x = np.array([-math.inf, -1.5, -0.0, 0.0, 2.0, math.inf, math.nan], np.float32)
    np.testing.assert_array_equal(clip_values(x, 0, None), [0, 0, 0, 0, 2, math.inf, math.nan])
    np.testing.assert_array_equal(clip_values(x, None, 1), [-math.inf, -1.5, 0, 0, 1, 1, math.nan])
    np.testing.assert_array_equal(clip_values(x, -1, 1), [-1, -1, 0, 0, 1, 1, math.nan])
    np.testing.assert_array_equal(clip_values(x, None, None), x)
    assert clip_values(x, 0, None).dtype == np.float32
    whole = clip_values(np.array([-(2**62), 2**62 + 1]), 0, None)
    assert whole.dtype == np.int64
    assert whole.tolist() == [0, 2**62 + 1]


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_a_mask_hides_is_0_whatever_it_is(dtype: Any) -> None:
    g = np.array([[np.inf, -np.inf, np.nan], [-1, 2, -0.0]], dtype)
    hidden = kept(g, np.zeros((2, 3), bool))
    assert hidden.dtype == dtype and hidden.tobytes() == np.zeros((2, 3), dtype).tobytes()
    assert kept(g, np.ones((2, 3), bool)).tobytes() == g.tobytes()
    assert kept(g.T, np.array([True, False])).tolist()[:2] == [[np.inf, 0], [-np.inf, 0]]
    assert kept(g[0, 0], np.bool_(False)) == 0


@pytest.mark.parametrize("op", ["relu()", "clamp(min=0)", "clamp(torch.tensor(0.0), torch.tensor(9.0))"])
def test_an_infinite_gradient_does_not_pass_where_the_slope_is_0(op: str) -> None:
    x = torch.tensor([-1.0, 4.0], requires_grad=True)
    eval(f"x.{op}").sqrt().sum().backward()
    assert x.grad is not None and x.grad.tolist() == [0, 0.25]
