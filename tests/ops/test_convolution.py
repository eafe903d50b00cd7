"""Convolution with any windows, against loops over single elements; and that its three products belong together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutaway import ops
from cutaway.ops import convolution
from cutaway.ops.convolution import _transposed_by_correlating, correlate, transposed, weight_gradient
from cutaway.ops.windows import Windows

from . import examples_of_layers as slowly

pair = lambda low, high: st.tuples(st.integers(low, high), st.integers(low, high))


@st.composite
def settings(draw: Any) -> tuple[Any, ...]:
    """An image, a weight, and windows; sometimes windows that leave rows unseen, or look out far over the end."""
    kernel, stride, dilation, padding = draw(pair(1, 3)), draw(pair(1, 3)), draw(pair(1, 2)), draw(pair(0, 3))
    shape = tuple(
        draw(st.integers(max(1, d * (k - 1) + 1 - 2 * p), 6)) for k, d, p in zip(kernel, dilation, padding, strict=True)
    )
    groups, C, filters = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = rng.normal(size=(draw(st.integers(0, 2)), groups * C, *shape))
    weight = rng.normal(size=(groups * filters, C, *kernel))
    return x, weight, Windows.over(shape, kernel, stride, padding, dilation), groups, rng


@given(settings())
def test_it_is_the_sum_of_what_the_windows_see(setting: Any) -> None:
    x, weight, windows, groups, rng = setting
    bias = rng.normal(size=len(weight))
    value, *_ = ops.conv2d(x, weight, bias, windows=windows, groups=groups)
    expected = slowly.conv2d(x, weight, bias, windows=windows, groups=groups)
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12)
    assert value.flags.c_contiguous


@given(settings())
def test_each_of_the_three_products_is_the_gradient_of_the_others(setting: Any) -> None:
    """⟨correlate(x, w), g⟩ is linear in each: so it is ⟨x, transposed(g, w)⟩ and ⟨w, weight_gradient(x, g)⟩ too."""
    x, weight, windows, groups, rng = setting
    shape = x.shape[2:]
    out = correlate(x, weight, windows, groups)
    g = rng.normal(size=out.shape)
    total = (out * g).sum()
    np.testing.assert_allclose((x * transposed(g, weight, windows, shape, groups)).sum(), total, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose((weight * weight_gradient(x, g, windows, groups)).sum(), total, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("groups", [1, 4])
def test_a_batch_in_parts_gives_what_the_whole_gives(groups: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    x, weight, g = rng.normal(size=(5, 4, 6, 6)), rng.normal(size=(8, 4 // groups, 3, 3)), rng.normal(size=(5, 8, 6, 6))
    windows = Windows.over((6, 6), (3, 3), (1, 1), (1, 1), (1, 1))
    whole = correlate(x, weight, windows, groups), weight_gradient(x, g, windows, groups)
    monkeypatch.setattr(convolution, "STACK_BYTES", 2 * 3 * x[0].nbytes)  # of two samples
    np.testing.assert_array_equal(correlate(x, weight, windows, groups), whole[0])
    np.testing.assert_allclose(weight_gradient(x, g, windows, groups), whole[1], rtol=1e-12, atol=1e-12)


@given(settings())
def test_going_back_is_the_same_by_either_way(setting: Any) -> None:
    x, weight, windows, groups, rng = setting
    g = rng.normal(size=(len(x), len(weight), *windows.places))
    expected = slowly.conv_transpose2d(g, weight, windows=windows, shape=x.shape[2:], groups=groups)
    np.testing.assert_allclose(transposed(g, weight, windows, x.shape[2:], groups), expected, rtol=1e-12, atol=1e-12)
    if all(p <= d * (k - 1) for p, d, k in zip(windows.padding, windows.dilation, windows.kernel, strict=True)):
        turned = _transposed_by_correlating(g, weight, windows, x.shape[2:], groups)
        np.testing.assert_allclose(turned, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("filters", [2, 5, 12])  # few and many, for both ways back
def test_the_gradients_of_a_bigger_one(filters: int) -> None:
    rng = np.random.default_rng(filters)
    x, weight = rng.normal(size=(3, 2, 9, 8)), rng.normal(size=(filters, 2, 3, 3))
    windows = Windows.over((9, 8), (3, 3), (1, 1), (1, 1), (1, 1))
    _, dx, dweight = ops.conv2d(x, weight, windows=windows)
    g = rng.normal(size=(3, filters, 9, 8))
    np.testing.assert_allclose(dx(g), slowly.conv_transpose2d(g, weight, windows=windows, shape=(9, 8)), atol=1e-12)
    expected = slowly.conv2d(x.swapaxes(0, 1), g.swapaxes(0, 1), windows=windows._replace(kernel=(9, 8), places=(3, 3)))
    np.testing.assert_allclose(dweight(g), expected.swapaxes(0, 1), atol=1e-12)


def test_a_1x1_window_copies_nothing() -> None:
    from cutaway.ops.convolution import _stack

    x = np.zeros((2, 3, 4, 5))
    windows = Windows.over((4, 5), (1, 1), (1, 1), (0, 0), (1, 1))
    assert np.shares_memory(_stack(x, windows, 1), x)


def test_a_gradient_that_is_one_number_everywhere() -> None:
    """As from .sum(): an array without memory of its own."""
    x, weight = np.random.default_rng(0).normal(size=(2, 3, 5, 5)), np.ones((4, 3, 2, 2))
    windows = Windows.over((5, 5), (2, 2), (1, 1), (0, 0), (1, 1))
    _, dx, dweight = ops.conv2d(x, weight, windows=windows)
    g = np.broadcast_to(2.0, (2, 4, 4, 4))
    np.testing.assert_allclose(dx(g), dx(g.copy()))
    np.testing.assert_allclose(dweight(g), dweight(g.copy()))


# --- windows --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "ceil", "places"),
    [
        (28, 5, 1, 2, False, 28),
        (28, 2, 2, 0, False, 14),
        (7, 2, 2, 0, False, 3),
        (7, 2, 2, 0, True, 4),
        (5, 2, 2, 1, True, 3),  # a fourth would stand on the padding only
        (6, 3, 3, 0, True, 2),
        (4, 5, 1, 0, False, 0),
    ],
)
def test_how_many_places(size: int, kernel: int, stride: int, padding: int, ceil: bool, places: int) -> None:
    windows = Windows.over((size, 1), (kernel, 1), (stride, 1), (padding, 0), (1, 1), ceil)
    assert windows.places == (places, 1)


def test_whether_windows_overlap() -> None:
    over = lambda k, s, d=1: Windows.over((9, 9), (k, k), (s, s), (0, 0), (d, d)).overlap
    assert not over(2, 2) and not over(2, 3) and not over(1, 1)
    assert over(3, 2) and over(2, 1) and over(2, 2, 2)


@given(settings())
def test_fold_is_the_way_back_of_unfold(setting: Any) -> None:
    x, _, windows, _, rng = setting
    seen, dx = ops.unfold(x, windows=windows)
    np.testing.assert_array_equal(seen, slowly.unfold(x, windows))
    g = rng.normal(size=seen.shape)
    laid, dg = ops.fold(g, windows=windows, shape=x.shape[2:])
    np.testing.assert_allclose(laid, slowly.fold(g, windows, x.shape[2:]), atol=1e-12)
    np.testing.assert_array_equal(dx(g), laid)
    np.testing.assert_array_equal(dg(x), seen)
