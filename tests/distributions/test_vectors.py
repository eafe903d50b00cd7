"""Distributions of vectors, mixtures and divergences: against their definitions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway.autograd import gradcheck
from cutaway.distributions import (
    Bernoulli,
    Categorical,
    Distribution,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    Uniform,
    kl_divergence,
)

COVARIANCE = torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
LOC = torch.tensor([1.0, -1.0], dtype=torch.float64)
NORMAL = MultivariateNormal(LOC, COVARIANCE)
X = torch.tensor([[0.0, 0.0], [1.0, -1.0], [3.0, 2.0]], dtype=torch.float64)


def test_the_density_of_a_multivariate_normal() -> None:
    d = (X - LOC).numpy()
    expected = -0.5 * np.einsum("ni,ij,nj->n", d, np.linalg.inv(COVARIANCE.numpy()), d)
    expected -= math.log(2 * math.pi) + 0.5 * math.log(np.linalg.det(COVARIANCE.numpy()))
    np.testing.assert_allclose(NORMAL.log_prob(X).numpy(), expected)
    for same in (
        MultivariateNormal(LOC, precision_matrix=torch.linalg.inv(COVARIANCE)),
        MultivariateNormal(LOC, scale_tril=torch.linalg.cholesky(COVARIANCE)),
    ):
        np.testing.assert_allclose(same.log_prob(X).numpy(), expected)
        np.testing.assert_allclose(same.covariance_matrix.numpy(), COVARIANCE.numpy())


def test_draws_of_a_multivariate_normal_have_its_mean_and_covariance() -> None:
    torch.manual_seed(0)
    draws = NORMAL.sample((20_000,))
    np.testing.assert_allclose(draws.mean(0).numpy(), LOC.numpy(), atol=0.03)
    np.testing.assert_allclose(draws.T.cov().numpy(), COVARIANCE.numpy(), atol=0.05)
    assert NORMAL.entropy().item() == pytest.approx(-NORMAL.log_prob(draws).mean().item(), abs=0.02)
    assert not draws.requires_grad


def test_gradients_reach_the_covariance() -> None:
    def loss(loc: Any, factor: Any) -> Any:
        torch.manual_seed(0)
        d = MultivariateNormal(loc, factor @ factor.mT + torch.eye(2, dtype=torch.float64))
        return d.log_prob(X), d.rsample((3,)), d.entropy()

    assert gradcheck(loss, (LOC.clone().requires_grad_(), COVARIANCE.clone().requires_grad_()))


def test_independent_coordinates_add_up() -> None:
    base = Normal(torch.zeros(4, 3), torch.arange(1.0, 4.0))
    vector = Independent(base, 1)
    x = torch.arange(12.0).reshape(4, 3) / 5
    assert vector.log_prob(x).equal(base.log_prob(x).sum(-1)) and vector.entropy().equal(base.entropy().sum(-1))
    assert (vector.batch_shape, vector.event_shape) == ((4,), (3,))
    assert vector.sample((5,)).shape == (5, 4, 3)
    diagonal = MultivariateNormal(torch.zeros(3), torch.diag(torch.arange(1.0, 4.0) ** 2))
    np.testing.assert_allclose(vector.log_prob(x).numpy(), diagonal.log_prob(x).numpy(), rtol=1e-5)


def test_a_mixture_is_the_weighted_sum_of_its_components() -> None:
    parts = Normal(torch.tensor([-1.0, 2.0]), torch.tensor([0.5, 1.0]))
    mixture = MixtureSameFamily(Categorical(torch.tensor([0.25, 0.75])), parts)
    x = torch.linspace(-8, 10, 4001)
    density = mixture.log_prob(x).exp()
    expected = parts.log_prob(x.unsqueeze(-1)).exp() @ torch.tensor([0.25, 0.75])
    np.testing.assert_allclose(density.numpy(), expected.numpy(), rtol=1e-4, atol=1e-9)
    step = 18 / 4000
    assert (density.sum() * step).item() == pytest.approx(1, abs=1e-4)
    assert (density @ x * step).item() == pytest.approx(mixture.mean.item(), abs=1e-4)
    assert (density @ (x - mixture.mean) ** 2 * step).item() == pytest.approx(mixture.variance.item(), abs=1e-3)
    np.testing.assert_allclose(mixture.cdf(x).numpy(), (density.cumsum(0) * step).numpy(), atol=3e-3)
    torch.manual_seed(0)
    draws = mixture.sample((20_000,))
    assert draws.mean().item() == pytest.approx(mixture.mean.item(), abs=0.03)


def test_a_draw_of_a_mixture_of_vectors_is_one_of_a_component() -> None:
    corners = torch.tensor([[0.0, 0.0], [100.0, 100.0]])
    mixture = MixtureSameFamily(Categorical(torch.ones(2)), Independent(Normal(corners, 1.0), 1))
    draws = mixture.sample((50,))
    assert draws.shape == (50, 2)
    assert ((draws > 50).sum(1) != 1).all() and 0 < (draws > 50).sum() < 100


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (Normal(0.5, 1.0), Normal(0.0, 2.0)),
        (Uniform(0.0, 1.0), Uniform(-1.0, 1.5)),
        (Bernoulli(0.3), Bernoulli(0.6)),
        (Categorical(torch.tensor([0.2, 0.8])), Categorical(logits=torch.tensor([0.5, -0.5]))),
        (MultivariateNormal(torch.ones(2), torch.eye(2)), MultivariateNormal(torch.zeros(2), 2 * torch.eye(2))),
        (Independent(Normal(torch.ones(2), 1.0), 1), Independent(Normal(torch.zeros(2), 2.0), 1)),
    ],
    ids=lambda d: type(d).__name__,
)
def test_the_divergence_is_the_mean_difference_of_the_log_probabilities(p: Distribution, q: Distribution) -> None:
    torch.manual_seed(0)
    draws = p.sample((50_000,))
    expected = (p.log_prob(draws) - q.log_prob(draws)).mean().item()
    assert kl_divergence(p, q).item() == pytest.approx(expected, abs=0.01)
    assert kl_divergence(p, p).item() == pytest.approx(0, abs=1e-6)


def test_what_q_cannot_draw_is_infinitely_far() -> None:
    for p, q in [
        (Uniform(0.0, 1.0), Uniform(0.5, 2.0)), (Bernoulli(0.5), Bernoulli(0.0)), (Bernoulli(0.5), Bernoulli(1.0)),
        (Categorical(torch.ones(2)), Categorical(torch.tensor([1.0, 0.0]))),
    ]:  # fmt: skip
        assert kl_divergence(p, q).item() == math.inf
    assert kl_divergence(Bernoulli(0.0), Bernoulli(0.5)).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("kind", "call", "text"),
    [
        (NotImplementedError, lambda: kl_divergence(Normal(0.0, 1.0), Bernoulli(0.5)),
         "kl_divergence of Normal and Bernoulli is not there: average p.log_prob(x) - q.log_prob(x) over draws x = "
         "p.rsample((n,)), or p.sample((n,))"),
        (ValueError, lambda: MultivariateNormal(LOC, COVARIANCE, COVARIANCE),
         "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified, and one must be; given: "
         "covariance_matrix, precision_matrix"),
        (ValueError, lambda: MultivariateNormal(torch.zeros(2), -torch.eye(2)),
         "Expected parameter covariance_matrix (Tensor of shape (2, 2)) of distribution MultivariateNormal(loc: "
         "torch.Size([2]), covariance_matrix: torch.Size([2, 2])) to be symmetric and positive definite, but found "
         "invalid values:\ntensor([[-1., -0.],\n        [-0., -1.]])"),
        (ValueError, lambda: NORMAL.log_prob(torch.zeros(3)),
         "The right-most size of value must match event_shape: (3,) vs (2,)"),
        (ValueError, lambda: MultivariateNormal(torch.tensor(0.0), torch.eye(2)),
         "loc must be at least one-dimensional: the mean of each coordinate"),
        (ValueError, lambda: MultivariateNormal(torch.zeros(2), scale_tril=torch.ones(2)),
         "scale_tril must be at least two-dimensional, with optional leading batch dimensions"),
        (ValueError, lambda: MixtureSameFamily(Normal(0.0, 1.0), Normal(torch.zeros(3), 1.0)),
         "The mixture distribution needs to be an instance of torch.distributions.Categorical"),
        (ValueError, lambda: kl_divergence(NORMAL, MultivariateNormal(torch.zeros(3), torch.eye(3))),
         "KL-divergence between two Multivariate Normals with different event shapes cannot be computed: (2,) and "
         "(3,)"),
        (NotImplementedError, lambda: kl_divergence(Independent(NORMAL, 0), Independent(Normal(LOC, 1.0), 1)),
         "kl_divergence: reinterpreted_batch_ndims of the two Independents must be equal"),
        (ValueError, lambda: Independent(Normal(0.0, 1.0), 1),
         "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual 1 vs 0, the length of ()"),
        (ValueError, lambda: MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.zeros(3), 1.0)),
         "`mixture_distribution` of (2,) probabilities is not compatible with `component_distribution` of batch_shape "
         "(3,): the last dimension of both is the component"),
    ],
)  # fmt: skip
def test_what_is_refused(kind: type[Exception], call: Any, text: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


def test_the_moments_of_a_normal_vector() -> None:
    assert torch.allclose(NORMAL.precision_matrix @ COVARIANCE, torch.eye(2, dtype=torch.float64))
    assert torch.equal(NORMAL.mean, LOC) and torch.equal(NORMAL.mode, LOC)
    assert torch.allclose(NORMAL.variance, COVARIANCE.diagonal())
