"""Attention as an op: who is looked at, scores of any size, and how little is kept.

That it agrees with its twin, with loops over single elements and with central differences, test_ops.py tests.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cutaway
from cutaway import ops
from cutaway.memory import held

attend = ops.scaled_dot_product_attention


def qkv(*batch: int, L: int = 3, S: int = 4, E: int = 2, V: int = 5, seed: int = 0) -> list[Any]:
    draw = np.random.default_rng(seed).normal
    return [draw(size=(*batch, *shape)) for shape in ((L, E), (S, E), (S, V))]


def test_where_one_key_takes_all_its_scores_learn_nothing() -> None:
    """The gradient of a softmax of one score is 0: what is left over is the rounding of a rounding."""
    q, k, v = qkv(L=20, S=1, E=2, V=500)
    out, dq, _, _ = attend(q, k, v, scale=1.0)
    g = np.random.default_rng(1).normal(size=out.shape)
    rounding = np.finfo(float).eps ** 2 * np.abs(g @ v.T) * np.abs(k).max()
    assert (np.abs(dq(g)) <= 2 * rounding).all()


@pytest.mark.parametrize("height", [1000.0, -1000.0, 50.0, -50.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_may_all_be_large_or_all_be_small(height: float, dtype: Any) -> None:
    q, k, v = np.array([[1.0]], dtype), np.array([[height], [height + 1]], dtype), np.eye(2, dtype=dtype)
    out, _, dk, _ = attend(q, k, v, scale=1.0)
    share = 1 / (1 + math.e)
    np.testing.assert_allclose(out, [[share, 1 - share]], rtol=1e-6)
    slope = share * (1 - share)
    np.testing.assert_allclose(dk(np.array([[1.0, 0.0]], dtype)), [[slope], [-slope]], rtol=1e-5)


@given(
    sizes=st.tuples(*[st.integers(1, n) for n in (5, 6, 4, 3)]),
    scale=st.floats(0.01, 50),
    masked=st.booleans(),
    biased=st.booleans(),
    dropped=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_it_agrees_with_its_twin(
    sizes: Any, scale: float, masked: bool, biased: bool, dropped: bool, seed: int
) -> None:
    L, S, E, V = sizes
    random = np.random.default_rng(seed)
    arrays = qkv(2, L=L, S=S, E=E, V=V, seed=seed) + ([random.normal(size=(2, L, S))] if biased else [])
    attrs: dict[str, Any] = {"scale": scale}
    if masked:
        attrs["keep"] = random.random((L, S)) < 0.7
    if dropped:
        attrs["kept"] = (random.random((2, L, S)) < 0.8) / 0.8
    twin: Any = ops.TABLE[attend].twin
    value, *pullbacks = attend(*arrays, **attrs)
    leaves = [cutaway.from_numpy(x).requires_grad_() for x in arrays]
    out = twin(*leaves, **attrs)
    np.testing.assert_allclose(value, out.numpy(force=True), rtol=1e-9, atol=1e-12)
    g = random.normal(size=value.shape)
    expected = cutaway.autograd.grad(out, leaves, cutaway.from_numpy(g))
    for pullback, want in zip(pullbacks, expected, strict=True):
        np.testing.assert_allclose(pullback(g), want.numpy(), rtol=1e-7, atol=1e-10)


def test_equal_scores_take_the_mean() -> None:
    _, k, v = qkv()
    value, *_ = attend(np.zeros((1, 2)), k, v, scale=1.0)
    np.testing.assert_allclose(value[0], v.mean(axis=0), rtol=1e-14)


def test_who_may_not_be_looked_at_has_no_influence_and_gets_no_gradient() -> None:
    q, k, v = qkv(2)
    keep = np.tri(3, 4, dtype=bool)
    value, _, dk, dv = attend(q, k, v, scale=0.5, keep=keep)
    k[:, 3], v[:, 3] = 1e6, -1e6
    np.testing.assert_allclose(attend(q, k, v, scale=0.5, keep=keep)[0], value, rtol=1e-13)
    g = np.ones_like(value)
    assert not dk(g)[:, 3].any()
    assert not dv(g)[:, 3].any()
    assert dk(g)[:, 2].any()


def test_a_query_that_may_look_at_nothing_gets_nothing() -> None:
    q, k, v = qkv()
    keep = np.ones((3, 4), bool)
    keep[1] = False
    bias = np.where(keep, 0, -np.inf)
    for inputs, attrs in (((q, k, v), {"keep": keep}), ((q, k, v, bias), {})):
        value, dq, *_ = attend(*inputs, scale=0.5, **attrs)
        assert not value[1].any()
        assert not dq(np.ones_like(value))[1].any()
        assert value[[0, 2]].all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 20.0, 39.0, 41.0, 1e3, 1e6])
def test_scores_of_any_size_do_no_harm(scale: float, dtype: str) -> None:
    """Also where one row's scores are so far below another's that their exponentials, taken alike, would all be 0."""
    q = np.array([[1.0], [-1.0], [0.001]], dtype)
    k = np.array([[1.0], [0.9], [-1.0]], dtype)
    v = np.eye(3, dtype=dtype)
    value, *pullbacks = attend(q, k, v, scale=scale)  # without a warning: they are errors here
    expected = np.zeros((3, 3))
    for i, row in enumerate((q @ k.T).astype(np.float64) * scale):
        fits = [math.exp(score - row.max()) for score in row]
        expected[i] = np.array(fits) / sum(fits)
    np.testing.assert_allclose(value, expected, rtol=2e-4 if dtype == "float32" else 1e-9, atol=1e-30)
    for pullback in pullbacks:
        assert np.isfinite(pullback(np.ones_like(value))).all()


def test_nan_and_infinity_are_not_hidden() -> None:
    with np.errstate(invalid="ignore"):
        for bad in (np.nan, np.inf):
            q, k, v = qkv()
            q[1] = bad
            value = attend(q, k, v, scale=1.0)[0]
            assert np.isnan(value[1]).all()
            assert np.isfinite(value[[0, 2]]).all()


def test_it_keeps_one_array_of_scores() -> None:
    q, k, v = qkv(2, L=50, S=60)
    _, *pullbacks = attend(q, k, v, scale=0.3, keep=np.tri(50, 60, dtype=bool))
    large = {id(x) for pullback in pullbacks for x in held(pullback) if x.size >= 2 * 50 * 60}
    assert len(large) == 1
