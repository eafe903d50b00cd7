"""Pooling where several are largest, where something is no number, and with windows of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cutaway
from cutaway import ops
from cutaway.ops.pooling import winners
from cutaway.ops.windows import Windows
from cutaway.tensors.base import apply

from . import examples_of_layers as slowly

nan, inf = np.nan, np.inf


@st.composite
def settings(draw: Any) -> tuple[Any, Windows]:
    """Images of few different numbers, and windows that may overlap, or look out over the edge."""
    kernel = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    dilation = draw(st.sampled_from([(1, 1), (2, 1)]))
    span = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    padding = tuple(draw(st.integers(0, (k if d == 1 else 1) // 2)) for k, d in zip(kernel, dilation, strict=True))
    shape = tuple(draw(st.integers(n, 7)) for n in span)
    stride = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    x = np.random.default_rng(draw(st.integers(0, 99))).integers(-2, 3, size=(2, 2, *shape)).astype(np.float64)
    return x, Windows.over(shape, kernel, stride, padding, dilation, draw(st.booleans()))


def test_nan_wins_wherever_it_stands() -> None:
    x = np.zeros((1, 1, 2, 8))
    x[0, 0, [0, 0, 1, 1], [0, 3, 4, 7]] = nan  # in each window another one of its four places
    windows = Windows.over((2, 8), (2, 2), (2, 2), (0, 0), (1, 1))
    value, dx = ops.max_pool2d(x, windows=windows)
    assert np.isnan(value).all()
    assert np.isnan(ops.TABLE[ops.max_pool2d].twin(x, windows=windows)).all()
    assert winners(x, windows).ravel().tolist() == [0, 3, 12, 15]
    np.testing.assert_array_equal(dx(np.ones(value.shape)), np.isnan(x))


@given(settings())
def test_the_largest_and_its_place(setting: Any) -> None:
    x, windows = setting
    value, dx = ops.max_pool2d(x, windows=windows)
    np.testing.assert_array_equal(value, slowly.pooled(-inf, np.maximum)(x, windows))
    where = winners(x, windows)
    flat = x.reshape(2, 2, -1)
    np.testing.assert_array_equal(np.take_along_axis(flat, where.reshape(2, 2, -1), 2), value.reshape(2, 2, -1))

    g = np.random.default_rng(1).normal(size=value.shape)
    expected = np.zeros_like(flat)
    for n, c in np.ndindex(2, 2):
        np.add.at(expected[n, c], where[n, c], g[n, c])
    np.testing.assert_allclose(dx(g), expected.reshape(x.shape), atol=1e-12)


@given(settings())
def test_twins_agree_where_several_are_largest(setting: Any) -> None:
    x, windows = setting
    for op, attrs in ((ops.max_pool2d, {}), (ops.avg_pool2d, {"divisor": np.array(3.0)})):
        value, dx = op(x, windows=windows, **attrs)
        leaf = cutaway.from_numpy(x.copy()).requires_grad_()
        twin = ops.TABLE[op].twin
        assert twin is not None
        out: Any = twin(leaf, windows=windows, **attrs)
        np.testing.assert_allclose(out.detach().numpy(), value, atol=1e-12)
        g = np.random.default_rng(2).normal(size=value.shape)
        (got,) = cutaway.autograd.grad(out, leaf, cutaway.from_numpy(g))
        np.testing.assert_allclose(got.numpy(), dx(g), atol=1e-12)


def test_of_equals_the_first_gets_the_gradient_as_in_pytorch() -> None:
    windows = Windows.over((2, 2), (2, 2), (2, 2), (0, 0), (1, 1))
    for x, expected in (
        ([[0.0, 0.0], [0.0, 0.0]], [[1, 0], [0, 0]]),
        ([[0.0, 1.0], [1.0, 0.0]], [[0, 1], [0, 0]]),
        ([[0.0, nan], [1.0, 0.0]], [[0, 1], [0, 0]]),
    ):
        value, dx = ops.max_pool2d(np.array([[x]]), windows=windows)
        assert dx(np.ones((1, 1, 1, 1))).tolist() == [[expected]]
        assert np.isnan(value).all() == np.isnan(x).any()


def test_a_window_of_one_gives_a_copy() -> None:
    x = np.ones((1, 1, 2, 2))
    windows = Windows.over((2, 2), (1, 1), (1, 1), (0, 0), (1, 1))
    assert not np.shares_memory(ops.max_pool2d(x, windows=windows)[0], x)
    assert not np.shares_memory(ops.avg_pool2d(x, windows=windows, divisor=np.array(1.0))[0], x)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_whole_numbers_lose_against_every_padding(dtype: Any) -> None:
    x = np.full((1, 1, 2, 2), np.iinfo(dtype).min, dtype)
    windows = Windows.over((2, 2), (2, 2), (2, 2), (1, 1), (1, 1))
    value, _ = ops.max_pool2d(x, windows=windows)
    assert value.dtype == dtype
    assert (value == np.iinfo(dtype).min).all()


def test_second_derivatives_go_to_the_largest_only() -> None:
    x = cutaway.tensor([[[[1.0, 2.0], [0.0, 2.0]]]], requires_grad=True)
    windows = Windows.over((2, 2), (2, 2), (2, 2), (0, 0), (1, 1))
    y = apply(ops.max_pool2d, x * x, windows=windows)
    (first,) = cutaway.autograd.grad(y.sum(), x, create_graph=True)
    assert first.tolist() == [[[[0, 4], [0, 0]]]]
    assert cutaway.autograd.grad(first.sum(), x)[0].tolist() == [[[[0, 2], [0, 0]]]]
