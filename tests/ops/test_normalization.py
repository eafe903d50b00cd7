"""Normalization: what must hold whatever the numbers are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutaway import ops
from cutaway.ops.normalization import moments

CASES: list[tuple[Any, dict[str, Any], tuple[int, ...]]] = [
    (ops.layer_norm, {"ndim": 1}, (3,)),
    (ops.layer_norm, {"ndim": 3}, (1, 2, 3)),
    (ops.group_norm, {"groups": 2}, (2, 3)),
    (ops.batch_norm, {}, (0, 2, 3)),
]
numbers = st.integers(0, 99).map(lambda seed: np.random.default_rng(seed).normal(size=(3, 4, 5, 6)))


@pytest.mark.parametrize(("op", "attrs", "axes"), CASES, ids=lambda x: getattr(x, "__name__", ""))
@given(numbers, st.floats(-1e3, 1e3), st.floats(1e-2, 1e3))
def test_shifting_and_stretching_the_input_changes_nothing(
    op: Any, attrs: Any, axes: Any, x: Any, shift: float, stretch: float
) -> None:
    value, dx = op(x, **attrs, eps=0.0)
    np.testing.assert_allclose(op(x * stretch + shift, **attrs, eps=0.0)[0], value, atol=1e-6)
    # So the gradient has no part along a shift, and none along a stretch.
    g = np.random.default_rng(0).normal(size=x.shape)
    groups = (lambda a: a.reshape(3, 2, 2 * 5, 6)) if op is ops.group_norm else (lambda a: a)
    np.testing.assert_allclose(groups(dx(g)).sum(axis=axes), 0, atol=1e-9)
    np.testing.assert_allclose(groups(dx(g) * value).sum(axis=axes), 0, atol=1e-9)


@pytest.mark.parametrize(("op", "attrs", "axes"), CASES, ids=lambda x: getattr(x, "__name__", ""))
def test_mean_0_and_spread_1_also_far_from_0(op: Any, attrs: Any, axes: Any) -> None:
    x = (np.random.default_rng(0).normal(size=(3, 4, 5, 6)) + 1e3).astype(np.float32)
    value = op(x, **attrs)[0].astype(np.float64)
    value = value.reshape(3, 2, 10, 6) if op is ops.group_norm else value
    np.testing.assert_allclose(value.mean(axis=axes), 0, atol=1e-3)
    np.testing.assert_allclose(value.std(axis=axes), 1, atol=1e-3)


def test_rms_norm_leaves_the_direction() -> None:
    x = np.random.default_rng(0).normal(size=(4, 7))
    value, dx = ops.rms_norm(x, eps=0.0)
    np.testing.assert_allclose(
        value / np.linalg.norm(value, axis=1, keepdims=True) * np.linalg.norm(x, axis=1, keepdims=True), x
    )
    np.testing.assert_allclose((value**2).mean(axis=1), 1)
    np.testing.assert_allclose((dx(np.ones_like(x)) * x).sum(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 3), (5, 3, 4), (5, 3, 4, 2), (1, 3, 4)])
def test_moments_of_each_channel(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape) + 7
    axes = (0, *range(2, len(shape)))
    mean, var = moments(x)
    np.testing.assert_allclose(mean, x.mean(axis=axes))
    np.testing.assert_allclose(var, x.var(axis=axes))


def test_batch_norm_with_given_statistics_is_a_line() -> None:
    x = np.random.default_rng(0).normal(size=(5, 2, 3))
    mean, var, weight, bias = np.array([1.0, 2.0]), np.array([4.0, 9.0]), np.array([6.0, 6.0]), np.array([0.5, 0.0])
    value, dx, dweight, dbias = ops.batch_norm(x, weight, bias, mean=mean, var=var, eps=0.0)
    np.testing.assert_allclose(value[:, 0], (x[:, 0] - 1) * 3 + 0.5)
    np.testing.assert_allclose(value[:, 1], (x[:, 1] - 2) * 2)
    ones = np.ones_like(x)
    np.testing.assert_allclose(dx(ones), ones * np.array([[3.0], [2.0]]))
    np.testing.assert_allclose(dweight(ones), [((x[:, 0] - 1) / 2).sum(), ((x[:, 1] - 2) / 3).sum()])
    assert dbias(ones).tolist() == [15, 15]
