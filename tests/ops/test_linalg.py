"""Matrix products, decompositions and determinants, where the examples that all ops share do not reach."""

from __future__ import annotations

import numpy as np
import pytest

from cutaway import ops


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape)


@pytest.mark.parametrize("x, y", [((5, 3, 4), (4, 2)), ((2, 5, 3, 4), (4, 2)), ((5, 3, 4), (4,)), ((1, 3, 4), (4, 2))])
def test_a_matrix_for_the_whole_batch_gets_one_gradient_and_not_one_a_sample(
    x: tuple[int, ...], y: tuple[int, ...]
) -> None:
    a, b = draw(*x), draw(*y)
    out, _, dy = ops.matmul(a, b)
    g = draw(*out.shape)
    assert dy(g).shape == y
    np.testing.assert_allclose(dy(g), np.einsum("nrk,nr...->k...", a.reshape(-1, *x[-2:]), g.reshape(-1, 3, *y[1:])))


@pytest.mark.parametrize("x, y", [((4,), (5, 4, 2)), ((3, 4), (5, 4, 2))])
def test_a_batch_of_matrices_on_the_right_gets_a_gradient_for_each(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    a, b = draw(*x), draw(*y)
    out, _, dy = ops.matmul(a, b)
    g = draw(*out.shape)
    assert dy(g).shape == y
    for i in range(5):
        np.testing.assert_allclose(dy(g)[i], ops.matmul(a, b[i])[2](g[i]))


def test_addmm_without_beta_ignores_nan_and_keeps_whole_numbers_whole() -> None:
    x, y = np.array([[1, 2]]), np.array([[3], [4]])
    assert ops.addmm(np.full((1, 1), np.nan), x, y, beta=0)[0].tolist() == [[11]]
    out = ops.addmm(np.array([5]), x, y)[0]
    assert out.tolist() == [[16]] and out.dtype == x.dtype
    assert ops.addmm(np.array([5]), x, y, beta=2, alpha=3)[0].tolist() == [[43]]


def test_singular_matrices_in_a_batch_of_batches_have_the_gradient_of_each_alone() -> None:
    x = draw(2, 4, 3, 3)
    x[..., 2, :] = x[..., 0, :] + x[..., 1, :]
    g = draw(2, 4)
    slopes = ops.det(x)[1](g)
    for i in np.ndindex(2, 4):
        np.testing.assert_allclose(slopes[i], ops.det(x[i])[1](g[i]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 0.0])
def test_equal_singular_values_leave_the_vectors_without_a_slope(scale: float) -> None:
    """Any rotation of them will do as well, so there is nothing to differentiate: infinite or nan, and never 0."""
    out, dx = ops.svd(scale * np.eye(2))
    g = np.zeros_like(out)
    g[0, 1] = 1.0
    with np.errstate(all="ignore"):
        assert not np.isfinite(dx(g)).any()


def test_a_number_too_small_to_count_in_a_norm_has_no_slope() -> None:
    """Its share of the length, 10⁻⁴⁰⁰, is 0 in floating point, and so is the square of it."""
    out, dx = ops.norm(np.array([1e-300, 1e100]), p=3)
    assert out == pytest.approx(1e100)
    assert dx(np.float64(1.0)).tolist() == [0, pytest.approx(1)]
