"""Distributions against PyTorch: the same samples for the same seed, and the same answers, gradients and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import cutaway.distributions  # noqa: F401
from tests.parity.both import outcome, same

SHAPES: list[Any] = [(), (1,), (5,), (3, 4), (20,), (0,), (2, 1, 3)]
Make = Callable[[Any], Any]


def check(program: Any, raises: bool = False, rtol: float = 1e-6, atol: float = 1e-6) -> None:
    """Assert that a program comes to the same in both libraries; or to the same error."""
    assert isinstance(outcome(program, torch, seed=0), Exception) == raises, "the test itself is wrong"
    same(program, rtol=rtol, atol=atol)


def rows(t: Any, *shape: int, dtype: str = "float32") -> Any:
    """Numbers from 0.1 to 2, all different."""
    return t.from_numpy(np.linspace(0.1, 2, int(np.prod(shape))).reshape(shape).astype(dtype))


def spread(t: Any, n: int, *batch: int, dtype: str = "float32") -> Any:
    """A covariance, or a batch of them."""
    x = rows(t, *batch, n, n, dtype=dtype)
    return x @ x.mT + t.eye(n, dtype=x.dtype)


DISTRIBUTIONS: dict[str, Make] = {
    "Normal of numbers": lambda t: t.distributions.Normal(0, 1),
    "Normal of tensors": lambda t: t.distributions.Normal(rows(t, 3), rows(t, 2, 1)),
    "Normal, mixed": lambda t: t.distributions.Normal(1.5, rows(t, 4)),
    "Normal, large": lambda t: t.distributions.Normal(rows(t, 7, 3), 2.0),
    "Normal, float64": lambda t: t.distributions.Normal(rows(t, 5, dtype="float64"), 3),
    "Normal, transposed": lambda t: t.distributions.Normal(rows(t, 5, 4).t(), rows(t, 5, 4).t()),
    "Uniform of numbers": lambda t: t.distributions.Uniform(0, 2),
    "Uniform of tensors": lambda t: t.distributions.Uniform(-rows(t, 3), rows(t, 2, 1)),
    "Uniform, float64": lambda t: t.distributions.Uniform(-1.0, rows(t, 5, dtype="float64")),
    "Bernoulli of a number": lambda t: t.distributions.Bernoulli(0.3),
    "Bernoulli of an int": lambda t: t.distributions.Bernoulli(1),
    "Bernoulli of probs": lambda t: t.distributions.Bernoulli(rows(t, 2, 3) / 2),
    "Bernoulli of logits": lambda t: t.distributions.Bernoulli(logits=rows(t, 4) - 1),
    "Bernoulli, keyword": lambda t: t.distributions.Bernoulli(probs=t.tensor([0.0, 0.5, 1.0])),
    "Bernoulli, float64": lambda t: t.distributions.Bernoulli(rows(t, 3, dtype="float64") / 2),
    "Bernoulli, transposed": lambda t: t.distributions.Bernoulli(rows(t, 5, 4).t() / 2),
    "Bernoulli, expanded": lambda t: t.distributions.Bernoulli((rows(t, 4) / 2).expand(3, 4)),
    "Categorical of probs": lambda t: t.distributions.Categorical(rows(t, 4)),
    "Categorical of rows": lambda t: t.distributions.Categorical(rows(t, 2, 3, 4)),
    "Categorical of logits": lambda t: t.distributions.Categorical(logits=rows(t, 3, 5) * 3),
    "Categorical, float64": lambda t: t.distributions.Categorical(probs=rows(t, 3, dtype="float64")),
    "Categorical with zeros": lambda t: t.distributions.Categorical(t.tensor([[1.0, 0.0, 2.0], [0.0, 0.0, 1.0]])),
    "Categorical of 1": lambda t: t.distributions.Categorical(logits=t.tensor([[2.0], [3.0]])),
    "Categorical, transposed": lambda t: t.distributions.Categorical(rows(t, 5, 4).t()),
    "Categorical, transposed logits": lambda t: t.distributions.Categorical(logits=rows(t, 5, 4).t()),
    "MultivariateNormal": lambda t: t.distributions.MultivariateNormal(rows(t, 3), spread(t, 3)),
    "MultivariateNormal, batch": lambda t: t.distributions.MultivariateNormal(rows(t, 4, 1, 2), spread(t, 2, 2)),
    "MultivariateNormal of L": lambda t: t.distributions.MultivariateNormal(rows(t, 2), scale_tril=spread(t, 2).tril()),
    "MultivariateNormal, precision": lambda t: t.distributions.MultivariateNormal(rows(t, 2), None, spread(t, 2)),
    "MultivariateNormal, wide": lambda t: t.distributions.MultivariateNormal(rows(t, 20), t.eye(20)),
    "Independent": lambda t: t.distributions.Independent(t.distributions.Normal(rows(t, 4, 3), 1.0), 1),
    "Independent of two": lambda t: t.distributions.Independent(t.distributions.Bernoulli(rows(t, 2, 3) / 2), 2),
    "Independent of none": lambda t: t.distributions.Independent(t.distributions.Uniform(0.0, rows(t, 3)), 0),
    "Independent of vectors": lambda t: t.distributions.Independent(
        t.distributions.MultivariateNormal(rows(t, 4, 2), t.eye(2)), 1),
}
MIXTURES: dict[str, Make] = {
    "of numbers": lambda t: t.distributions.MixtureSameFamily(
        t.distributions.Categorical(rows(t, 3)), t.distributions.Normal(rows(t, 3), 1.0)),
    "batch": lambda t: t.distributions.MixtureSameFamily(
        t.distributions.Categorical(logits=rows(t, 4, 3)), t.distributions.Normal(rows(t, 4, 3), rows(t, 3))),
    "of vectors": lambda t: t.distributions.MixtureSameFamily(
        t.distributions.Categorical(rows(t, 3)), t.distributions.MultivariateNormal(rows(t, 3, 2), t.eye(2))),
}  # fmt: skip


@pytest.mark.parametrize("name", MIXTURES)
def test_mixtures(name: str) -> None:
    def program(t: Any) -> Any:
        d = MIXTURES[name](t)
        draws = [d.sample(), d.sample((5,)), d.sample((2, 3)), t.get_rng_state()]
        known = [repr(d), d.batch_shape, d.event_shape, d.has_rsample, d.mean, d.variance, d.stddev]
        return [*draws, *known, *(d.log_prob(draw) for draw in draws[:3])]

    check(program, rtol=1e-5)


PAIRS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "Normal": lambda t, a, b: (t.distributions.Normal(a, b), t.distributions.Normal(b, a)),
    "Normal, broadcast": lambda t, a, b: (t.distributions.Normal(a, b), t.distributions.Normal(0.0, 1.0)),
    "Uniform": lambda t, a, b: (t.distributions.Uniform(a, a + b), t.distributions.Uniform(a - 1, a + b + 1)),
    "Bernoulli": lambda t, a, b: (t.distributions.Bernoulli(a / 3), t.distributions.Bernoulli(logits=b)),
    "Categorical": lambda t, a, b: (t.distributions.Categorical(a), t.distributions.Categorical(logits=b)),
    "MultivariateNormal": lambda t, a, b: (
        t.distributions.MultivariateNormal(a, a.mT @ a + t.eye(4, dtype=a.dtype)),
        t.distributions.MultivariateNormal(b, t.eye(4, dtype=a.dtype) * b[0])),
    "Independent": lambda t, a, b: (
        t.distributions.Independent(t.distributions.Normal(a, b), 1),
        t.distributions.Independent(t.distributions.Normal(b, b), 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_divergences(name: str) -> None:
    def program(t: Any) -> Any:
        a, b = (rows(t, 3, 4, dtype="float64").requires_grad_() for _ in range(2))
        p, q = PAIRS[name](t, a, b * 0.7)
        kl = t.distributions.kl_divergence(p, q)
        kl.sum().backward()
        return kl, a.grad, b.grad, repr(p), repr(q)

    check(program, rtol=1e-9)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_samples(name: str, shape: Any) -> None:
    """The numbers, and the place in the stream of random numbers after them."""
    if name.startswith("Categorical") and 0 in shape:
        check(lambda t: DISTRIBUTIONS[name](t).sample(shape), raises=True)
        return

    def program(t: Any) -> Any:
        distribution = DISTRIBUTIONS[name](t)
        seen = []
        for _ in range(3):
            seen += [distribution.sample(shape), t.get_rng_state()]
            if distribution.has_rsample:
                seen += [distribution.rsample(shape), t.get_rng_state()]
        return [*seen, distribution.sample(t.Size(shape)), distribution.sample(list(shape)), t.randn(3)]

    check(program, *(() if "Multivariate" in name or "vectors" in name else (False, 2e-7, 0)))  # L @ z is a sum


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_what_it_says_of_itself(name: str) -> None:
    def program(t: Any) -> Any:
        d = DISTRIBUTIONS[name](t)
        known = [repr(d), d.batch_shape, d.event_shape, d.sample().shape, repr(d), d.has_rsample]
        return [*known, d.mean, d.variance, d.stddev, d.mode, d.entropy(), d.perplexity(), repr(d)]

    check(program)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_log_prob_of_samples(name: str) -> None:
    def program(t: Any) -> Any:
        d = DISTRIBUTIONS[name](t)
        return [d.log_prob(d.sample(shape)) for shape in [(), (2,), (3, 1)] for _ in range(1)] + [repr(d)]

    check(program, rtol=1e-5)


@pytest.mark.parametrize("name", [name for name in DISTRIBUTIONS if name.startswith(("Normal", "Uniform"))])
def test_cdf_and_icdf(name: str) -> None:
    def program(t: Any) -> Any:
        d = DISTRIBUTIONS[name](t)
        p = t.tensor([[0.0], [0.1], [0.5], [0.975], [1.0]], dtype=d.mean.dtype).reshape(5, *[1] * len(d.batch_shape))
        return [d.cdf(d.mean), d.cdf(d.sample((3,))), d.icdf(p), d.cdf(d.icdf(p[1:4]))]

    check(program, rtol=2e-5, atol=2e-6)


GRADIENTS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "Normal": lambda t, a, b: t.distributions.Normal(a, b),
    "Uniform": lambda t, a, b: t.distributions.Uniform(a - 3, a + b),
    "Bernoulli of probs": lambda t, a, b: t.distributions.Bernoulli(a / (a + b)),
    "Bernoulli of logits": lambda t, a, b: t.distributions.Bernoulli(logits=a - b),
    "Categorical of probs": lambda t, a, b: t.distributions.Categorical(a + b),
    "Categorical of logits": lambda t, a, b: t.distributions.Categorical(logits=a * b),
    "MultivariateNormal": lambda t, a, b: t.distributions.MultivariateNormal(a, b.mT @ b + t.eye(4, dtype=a.dtype)),
    "MultivariateNormal of L": lambda t, a, b: t.distributions.MultivariateNormal(
        a, scale_tril=(b.mT @ b).tril() + t.eye(4, dtype=a.dtype)),
    "Independent": lambda t, a, b: t.distributions.Independent(t.distributions.Normal(a, b), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name: str) -> None:
    def program(t: Any) -> Any:
        a, b = (rows(t, 3, 4, dtype="float64") * k for k in (1, 0.7))
        a.requires_grad_()
        b.requires_grad_()
        d = GRADIENTS[name](t, a, b)
        draw = d.sample((2,))
        losses = [d.log_prob(draw).sum(), (d.entropy() * 2).sum(), (d.log_prob(d.sample()).exp() * 3).sum()]
        if d.has_rsample:
            losses.append((d.rsample((2,)) ** 2).sum())
        if name in ("Normal", "Uniform"):
            losses.append(d.cdf(draw).sum())
            losses.append((d.icdf(draw * 0 + 0.3) ** 2).sum())
        for loss in losses:
            loss.backward(retain_graph=True)
        return [draw.requires_grad, *losses, a.grad, b.grad]

    check(program, rtol=1e-7, atol=1e-9)


def test_policy_gradient() -> None:
    """Sampling first, without a graph, does not cut the graph of log_prob."""

    def program(t: Any) -> Any:
        t.manual_seed(1)
        policy = t.nn.Linear(4, 2)
        optimizer = t.optim.Adam(policy.parameters(), lr=0.1)
        seen = []
        for _ in range(5):
            d = t.distributions.Categorical(t.softmax(policy(t.randn(6, 4)), dim=-1))
            action = d.sample()
            loss = -(d.log_prob(action) * t.rand(6)).mean() - 0.01 * d.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen += [action, loss.item()]
        return seen

    check(program, rtol=1e-5)


VALUES: list[Any] = [
    lambda t: t.distributions.Normal(0.0, 1.0).log_prob(t.tensor([1, 2])),
    lambda t: t.distributions.Normal(rows(t, 2), 1.0).log_prob(t.tensor([[1.0], [2.0], [3.0]])),
    lambda t: t.distributions.Normal(0.0, 1.0).icdf(t.tensor([-0.1, 0.0, 0.5, 1.0, 2.0])),
    lambda t: t.distributions.Normal(0.0, -1.0, validate_args=False).variance,
    lambda t: t.distributions.Normal(0.0, 1.0, validate_args=False).log_prob(2.0 * t.ones(1)),
    lambda t: t.distributions.Normal(t.tensor(0), t.tensor(1)).loc,
    lambda t: t.distributions.Uniform(0.0, 1.0).log_prob(t.tensor([0.0, 0.5, 1.0])),
    lambda t: t.distributions.Uniform(0.0, 1.0, validate_args=False).log_prob(t.tensor([-1.0, 2.0])),
    lambda t: t.distributions.Uniform(0.0, 2.0, validate_args=False).cdf(t.tensor([-1.0, 3.0])),
    lambda t: t.distributions.Uniform(0.0, 2.0).icdf(t.tensor([1.25])),
    lambda t: t.distributions.Bernoulli(0.5).mode,
    lambda t: t.distributions.Bernoulli(logits=t.tensor([0.0, 2.0, -100.0, 100.0])).log_prob(t.tensor(1.0)),
    lambda t: t.distributions.Bernoulli(t.tensor([0.0, 1.0])).log_prob(t.tensor([[0.0], [1.0]])),
    lambda t: t.distributions.Categorical(t.tensor([1, 2])).probs,
    lambda t: t.distributions.Categorical(rows(t, 2, 3)).log_prob(t.tensor(2)),
    lambda t: t.distributions.Categorical(rows(t, 2, 3)).log_prob(t.tensor([[0], [1], [2]])),
    lambda t: t.distributions.Categorical(rows(t, 2, 3)).log_prob(t.tensor([0.0, 1.0])),
    lambda t: t.distributions.Categorical(logits=t.tensor([0.0, -float("inf")])).entropy(),
    lambda t: t.distributions.Categorical(logits=t.tensor([0.0, -float("inf")])).log_prob(t.tensor(1)),
    lambda t: t.distributions.Categorical(logits=t.tensor([1.0, 2.0])).probs,
    lambda t: t.distributions.Categorical(rows(t, 3)).logits,
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), precision_matrix=2 * t.eye(2)).covariance_matrix,
    lambda t: t.distributions.MultivariateNormal(t.zeros(3, 2), spread(t, 2)).precision_matrix,
    lambda t: t.distributions.MultivariateNormal(t.zeros(3, 2), spread(t, 2)).scale_tril,
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), spread(t, 2)).log_prob(t.ones(3, 1, 2)),
    lambda t: t.distributions.MixtureSameFamily(  # one choice for a batch
        t.distributions.Categorical(rows(t, 3)), t.distributions.Normal(rows(t, 4, 3), 1.0)).log_prob(t.ones(4)),
    lambda t: t.distributions.MixtureSameFamily(
        t.distributions.Categorical(rows(t, 3)), t.distributions.Normal(rows(t, 4, 3), 1.0)).cdf(t.ones(4)),
    lambda t: t.distributions.Independent(t.distributions.Normal(t.zeros(2), 1.0), 1).log_prob(t.ones(3, 2)),
    lambda t: t.distributions.kl.kl_divergence(t.distributions.Uniform(0.0, 1.0), t.distributions.Uniform(-1.0, 0.5)),
    lambda t: t.distributions.kl_divergence(t.distributions.Bernoulli(0.0), t.distributions.Bernoulli(1.0)),
    lambda t: t.distributions.kl_divergence(t.distributions.Bernoulli(1.0), t.distributions.Bernoulli(0.5)),
    lambda t: t.distributions.kl_divergence(
        t.distributions.Categorical(t.tensor([0.0, 1.0])), t.distributions.Categorical(t.tensor([1.0, 0.0]))),
    lambda t: t.distributions.kl_divergence(
        t.distributions.Categorical(t.tensor([0.0, 1.0])), t.distributions.Categorical(t.tensor([1.0, 1.0]))),
]  # fmt: skip

ERRORS: list[Any] = [
    lambda t: t.distributions.Normal(0, -1),
    lambda t: t.distributions.Normal(0, 0),
    lambda t: t.distributions.Normal("a", 1),
    lambda t: t.distributions.Normal([0.0], 1.0),
    lambda t: t.distributions.Normal(t.tensor([0.0, float("nan")]), 1.0),
    lambda t: t.distributions.Normal(t.zeros(3), t.ones(2)),
    lambda t: t.distributions.Normal(0.0, 1.0).sample(2),
    lambda t: t.distributions.Normal(0.0, 1.0).log_prob(0.0),
    lambda t: t.distributions.Normal(0.0, 1.0).log_prob(t.tensor(float("nan"))),
    lambda t: t.distributions.Normal(0.0, 1.0).cdf(0.5),
    lambda t: t.distributions.Normal(t.zeros(2), 1.0).log_prob(t.zeros(3)),
    lambda t: t.distributions.Normal(t.tensor(0), t.tensor(1)).sample(),
    lambda t: t.distributions.Uniform(1, 0),
    lambda t: t.distributions.Uniform(0, 0),
    lambda t: t.distributions.Uniform(float("nan"), 1.0),
    lambda t: t.distributions.Uniform(0.0, 1.0).log_prob(t.tensor(1.5)),
    lambda t: t.distributions.Bernoulli(),
    lambda t: t.distributions.Bernoulli(0.5, 0.5),
    lambda t: t.distributions.Bernoulli(1.5),
    lambda t: t.distributions.Bernoulli(logits=float("nan")),
    lambda t: t.distributions.Bernoulli(0.5).rsample(),
    lambda t: t.distributions.Bernoulli(0.5).cdf(t.tensor(1.0)),
    lambda t: t.distributions.Bernoulli(0.5).log_prob(t.tensor(0.5)),
    lambda t: t.distributions.Bernoulli(0.5).log_prob(1),
    lambda t: t.distributions.Categorical(),
    lambda t: t.distributions.Categorical(t.ones(2), t.ones(2)),
    lambda t: t.distributions.Categorical(t.tensor(0.5)),
    lambda t: t.distributions.Categorical([0.5, 0.5]),
    lambda t: t.distributions.Categorical(t.tensor([-1.0, 2.0])),
    lambda t: t.distributions.Categorical(t.tensor([0.0, 0.0])),
    lambda t: t.distributions.Categorical(logits=t.tensor([0.0, float("nan")])),
    lambda t: t.distributions.Categorical(rows(t, 2, 3)).log_prob(t.tensor([0, 3])),
    lambda t: t.distributions.Categorical(rows(t, 2, 3)).log_prob(t.tensor([0.5, 1.0])),
    lambda t: t.distributions.Categorical(rows(t, 2, 3)).log_prob(t.tensor([0, 1, 2])),
    lambda t: t.distributions.Categorical(rows(t, 2, 3)).log_prob(1),
    lambda t: t.distributions.Categorical(rows(t, 2, 3)).rsample(),
    lambda t: t.distributions.Categorical(rows(t, 2, 3)).cdf(t.tensor(1)),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2)),
    lambda t: t.distributions.MultivariateNormal(t.tensor(0.0), t.eye(1)),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), t.ones(2)),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), t.zeros(2, 2)),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), t.tensor([[1.0, 0.5], [0.0, 1.0]])),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), -t.eye(2)),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), precision_matrix=t.zeros(2, 2)),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), scale_tril=t.ones(2, 2)),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), scale_tril=-t.eye(2)),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), t.eye(2), scale_tril=t.eye(2)),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), t.eye(2)).log_prob(t.zeros(3)),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), t.eye(2)).log_prob(t.zeros(1)),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), t.eye(2)).log_prob(t.tensor([0.0, float("nan")])),
    lambda t: t.distributions.MultivariateNormal(t.zeros(2), t.eye(2)).cdf(t.zeros(2)),
    lambda t: t.distributions.Independent(t.distributions.Normal(t.zeros(2), 1.0), 2),
    lambda t: t.distributions.Independent(t.distributions.Categorical(t.ones(3, 2)), 1).rsample(),
    lambda t: t.distributions.MixtureSameFamily(t.distributions.Normal(0, 1), t.distributions.Normal(t.zeros(1), 1)),
    lambda t: t.distributions.MixtureSameFamily(
        t.distributions.Categorical(t.ones(2)), t.distributions.Normal(t.zeros(3), 1.0)),
    lambda t: t.distributions.MixtureSameFamily(
        t.distributions.Categorical(t.ones(2, 3)), t.distributions.Normal(t.zeros(4, 3), 1.0)),
    lambda t: t.distributions.MixtureSameFamily(
        t.distributions.Categorical(t.ones(3)), t.distributions.Normal(t.zeros(3), 1.0)).rsample(),
    lambda t: t.distributions.kl_divergence(t.distributions.Normal(0.0, 1.0), t.distributions.Bernoulli(0.5)),
    lambda t: t.distributions.kl_divergence(
        t.distributions.MultivariateNormal(t.zeros(2), t.eye(2)),
        t.distributions.MultivariateNormal(t.zeros(3), t.eye(3))),
    lambda t: t.distributions.kl_divergence(
        t.distributions.Independent(t.distributions.Normal(t.zeros(2, 2), 1.0), 1),
        t.distributions.Independent(t.distributions.Normal(t.zeros(2, 2), 1.0), 2)),
    lambda t: t.distributions.Distribution(validate_args=False).sample(),
    lambda t: t.distributions.Distribution(validate_args=False).mean,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_values(number: int) -> None:
    check(VALUES[number])


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_errors(number: int) -> None:
    check(ERRORS[number], raises=True)
