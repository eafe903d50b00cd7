"""Distributions: samples pinned to PyTorch, probabilities checked by sums, integrals and the standard library."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cutaway
from cutaway.distributions import Bernoulli, Categorical, Distribution, Normal, Uniform

tensor = cutaway.tensor
moderate = st.floats(-3, 3)
positive = st.floats(0.1, 5)


def wide(x: float | list[float]) -> Any:
    return tensor(x, dtype=cutaway.float64)


def test_samples_pinned_to_pytorch() -> None:
    cutaway.manual_seed(42)
    normal = Normal(tensor([0.0, 10.0]), tensor([1.0, 2.0])).sample((2,))
    drawn = [
        normal,
        Normal(0.0, 1.0).rsample((3,)),
        Uniform(-1.0, tensor([1.0, 3.0])).sample((2,)),
        Bernoulli(tensor([0.2, 0.5, 0.8])).sample((2,)),
        Categorical(tensor([0.2, 0.3, 0.5])).sample((8,)),
        Categorical(logits=tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])).sample((3,)),
        Categorical(tensor([0.2, 0.3, 0.5])).sample(),
    ]
    expected: list[Any] = [
        [[0.33669036626815796, 10.25761890411377], [0.23446236550807953, 10.460665702819824]],
        [-1.1228563785552979, -0.18632829189300537, 2.2082014083862305],
        [[0.7708858251571655, 1.2956178188323975], [-0.46683990955352783, 1.5097966194152832]],
        [[0, 1, 1], [0, 1, 1]],
        [2, 1, 2, 0, 2, 2, 1, 0],
        [[2, 0], [1, 0], [1, 2]],
        2,
    ]
    for got, wanted in zip(drawn, expected, strict=True):
        np.testing.assert_allclose(got.numpy(), wanted, rtol=1e-6)


@given(moderate, positive, moderate)
def test_normal_against_the_standard_library(loc: float, scale: float, x: float) -> None:
    normal, known = Normal(wide(loc), wide(scale)), NormalDist(loc, scale)
    assert normal.log_prob(wide(x)).exp().item() == pytest.approx(known.pdf(x))
    assert normal.cdf(wide(x)).item() == pytest.approx(known.cdf(x), abs=1e-12)
    assert normal.icdf(wide(0.3)).item() == pytest.approx(known.inv_cdf(0.3))
    assert (normal.mean.item(), normal.stddev.item()) == pytest.approx((loc, scale))
    assert normal.variance.item() == pytest.approx(scale**2)


@pytest.mark.parametrize("distribution", [Normal(wide(0.5), wide(0.7)), Uniform(wide(-1.0), wide(2.0))])
def test_densities_integrate_to_one_and_entropy_is_what_it_means(distribution: Distribution) -> None:
    step = 1e-3
    x = wide(list(np.arange(-8, 8, step))) + step / 2
    log_p = distribution.__class__(*_parameters(distribution), validate_args=False).log_prob(x)
    p = log_p.exp()
    assert (p.sum() * step).item() == pytest.approx(1, abs=1e-6)
    assert -(p * log_p.clamp(min=-1e3)).sum().item() * step == pytest.approx(distribution.entropy().item(), abs=1e-5)
    assert (p * x).sum().item() * step == pytest.approx(distribution.mean.item(), abs=1e-6)
    spread = (x - distribution.mean) ** 2
    assert (p * spread).sum().item() * step == pytest.approx(distribution.variance.item(), abs=1e-5)


def _parameters(distribution: Any) -> list[Any]:
    return [getattr(distribution, name) for name in distribution.parameter_names]


@given(st.lists(positive, min_size=1, max_size=6))
def test_categorical_sums(weights: list[float]) -> None:
    d = Categorical(wide(weights))
    k = len(weights)
    log_p = d.log_prob(cutaway.arange(k))
    p = [w / sum(weights) for w in weights]
    assert log_p.exp().tolist() == pytest.approx(p, abs=1e-12)
    assert d.entropy().item() == pytest.approx(-sum(q * math.log(q) for q in p), abs=1e-9)
    assert Categorical(logits=wide(weights).log()).probs.tolist() == pytest.approx(p)
    assert d.mode.item() == int(np.argmax(weights))
    assert d.perplexity().item() <= k + 1e-6


@given(st.floats(0.01, 0.99))
def test_bernoulli_sums(p: float) -> None:
    d = Bernoulli(wide(p))
    assert d.log_prob(wide([0.0, 1.0])).exp().tolist() == pytest.approx([1 - p, p])
    assert d.entropy().item() == pytest.approx(-p * math.log(p) - (1 - p) * math.log(1 - p))
    assert (d.mean.item(), d.variance.item()) == pytest.approx((p, p * (1 - p)))
    assert Bernoulli(logits=d.logits).probs.item() == pytest.approx(p)


@pytest.mark.parametrize(
    "d, mean, variance",
    [
        (Normal(2.0, 3.0), 2, 9),
        (Uniform(0.0, 6.0), 3, 3),
        (Bernoulli(0.25), 0.25, 0.1875),
        (Categorical(tensor([1.0, 1.0])), 0.5, 0.25),
    ],
)
def test_samples_have_the_mean_and_variance(d: Distribution, mean: float, variance: float) -> None:
    cutaway.manual_seed(1)
    draws = d.sample((20000,)).double()
    assert draws.mean().item() == pytest.approx(mean, abs=0.06)
    assert draws.var().item() == pytest.approx(variance, rel=0.05)


def test_shapes() -> None:
    d = Normal(cutaway.zeros(3), cutaway.ones(2, 1))
    assert (d.batch_shape, d.event_shape) == ((2, 3), ())
    assert d.sample().shape == (2, 3)
    assert d.rsample((5, 4)).shape == (5, 4, 2, 3)
    assert d.log_prob(cutaway.zeros(4, 1, 1)).shape == (4, 2, 3)
    choice = Categorical(cutaway.ones(4, 3, 2))
    assert (choice.batch_shape, choice.sample((5,)).shape) == ((4, 3), (5, 4, 3))
    assert choice.sample().dtype == cutaway.int64


def test_rsample_carries_gradients_and_sample_does_not() -> None:
    loc, scale = (cutaway.tensor([x], requires_grad=True) for x in (1.0, 2.0))
    d = Normal(loc, scale)
    assert not d.sample().requires_grad
    draw = d.rsample()
    draw.sum().backward()
    assert loc.grad is not None and scale.grad is not None
    assert loc.grad.tolist() == [1]
    assert scale.grad.item() == pytest.approx(((draw - 1) / 2).item())
    low = cutaway.tensor([0.0], requires_grad=True)
    u = Uniform(low, 1.0).rsample()
    u.sum().backward()
    assert low.grad is not None and low.grad.item() == pytest.approx(1 - u.item())


def test_sampling_first_does_not_cut_the_graph() -> None:
    logits = cutaway.zeros(3, requires_grad=True)
    d = Categorical(logits=logits)
    action = d.sample()
    d.log_prob(action).backward()
    assert logits.grad is not None
    expected = [-1 / 3] * 3
    expected[int(action.item())] += 1
    assert logits.grad.tolist() == pytest.approx(expected)


def test_gradient_of_icdf() -> None:
    p = wide([0.1, 0.5, 0.9]).requires_grad_()
    z = Normal(wide(0.0), wide(2.0)).icdf(p)
    z.sum().backward()
    assert p.grad.tolist() == pytest.approx([1 / NormalDist(0, 2).pdf(x) for x in z.tolist()])
    ends = Normal(0.0, 1.0).icdf(tensor([0.0, 1.0, -1.0]))
    assert ends.tolist()[:2] == [-math.inf, math.inf] and math.isnan(ends[2].item())


def test_certain_things() -> None:
    d = Categorical(tensor([0.0, 1.0]))
    assert d.entropy().item() == pytest.approx(0, abs=1e-5)
    assert d.sample((50,)).sum().item() == 50
    assert math.isnan(d.mean.item()) and math.isnan(d.variance.item())
    impossible = Categorical(logits=tensor([0.0, -math.inf]))
    assert impossible.entropy().item() == 0
    assert impossible.log_prob(tensor(1)).item() == -math.inf
    coin = Bernoulli(tensor([0.0, 0.5, 1.0]))
    assert coin.mode.tolist()[::2] == [0, 1] and math.isnan(coin.mode[1].item())
    assert coin.sample((20,)).mean(0).tolist()[::2] == [0, 1]


def test_uniform_on_paper() -> None:
    d = Uniform(1.0, 3.0)
    assert d.cdf(tensor([1.0, 2.0, 2.5])).tolist() == [0, 0.5, 0.75]
    assert d.icdf(tensor([0.0, 0.5, 1.0])).tolist() == [1, 2, 3]
    assert d.stddev.item() == pytest.approx(2 / math.sqrt(12)) and d.mode.isnan()
    beyond = Uniform(1.0, 3.0, validate_args=False).cdf(tensor([0.0, 4.0]))
    assert beyond.tolist() == [0, 1]
    assert Normal(tensor([3.0, 4.0]), 1.0).mode.tolist() == [3, 4]


def test_what_a_distribution_of_ones_own_does_not_say() -> None:
    class Mine(Distribution):
        pass

    d = Mine()
    for ask, name in (
        (lambda: d.log_prob(tensor(1.0)), "log_prob"), (d.entropy, "entropy"), (lambda: d.mean, "mean"),
        (lambda: d.mode, "mode"), (lambda: d.variance, "variance"), (lambda: d.stddev, "variance"),
    ):  # fmt: skip
        with pytest.raises(NotImplementedError, match=f"^Mine has no {name}$"):
            ask()


def test_repr() -> None:
    assert repr(Normal(0.0, 1.0)) == "Normal(loc: 0.0, scale: 1.0)"
    assert repr(Uniform(cutaway.zeros(3), 1.0)) == "Uniform(low: torch.Size([3]), high: torch.Size([3]))"
    d = Categorical(logits=cutaway.zeros(2))
    assert repr(d) == "Categorical(logits: torch.Size([2]))"


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: Normal(0, -1), ValueError, "(?s)parameter scale .* to be greater than 0, but found.*-1"),
        (lambda: Normal(tensor([math.nan]), 1.0), ValueError, "parameter loc .* to be numbers"),
        (lambda: Normal("0", 1), ValueError, "numbers or Tensors, not str '0'"),
        (lambda: Uniform(1, 1), ValueError, "parameter low .* to be less than high"),
        (lambda: Bernoulli(1.5), ValueError, "parameter probs .* to lie between 0 and 1"),
        (lambda: Bernoulli(), ValueError, "Either `probs` or `logits`"),
        (lambda: Bernoulli(0.5, 0.5), ValueError, "but not both"),
        (lambda: Categorical(tensor(0.5)), ValueError, "at least one-dimensional"),
        (lambda: Categorical(tensor([-1.0, 2.0])), ValueError, "to be non-negative"),
        (lambda: Categorical(tensor([0.0, 0.0])), ValueError, "with a positive sum"),
        (lambda: Normal(0.0, 1.0).sample(5), TypeError, r"write sample\(\(n,\)\)"),
        (lambda: Normal(0.0, 1.0).log_prob(1.0), ValueError, "must be a Tensor"),
        (lambda: Normal(cutaway.zeros(2), 1.0).log_prob(cutaway.zeros(3)), ValueError, r"\(3,\) vs \(2,\)"),
        (lambda: Uniform(0.0, 1.0).log_prob(tensor(2.0)), ValueError, "in the support of Uniform"),
        (lambda: Categorical(cutaway.ones(2)).log_prob(tensor(2)), ValueError, "invalid values"),
        (lambda: Bernoulli(0.5).log_prob(tensor(0.5)), ValueError, "invalid values"),
        (lambda: Bernoulli(0.5).rsample(), NotImplementedError, "Bernoulli has no rsample.*log_prob"),
        (lambda: Categorical(cutaway.ones(2)).cdf(tensor(0)), NotImplementedError, "Categorical has no cdf"),
        (lambda: Bernoulli(0.5).icdf(tensor(0.5)), NotImplementedError, "Bernoulli has no icdf"),
        (lambda: Categorical([0.5, 0.5]), AttributeError, "takes a Tensor of probabilities or logits, not list"),
        (lambda: Uniform(0.0, 1.0).cdf(tensor(2.0)), ValueError, "in the support of Uniform"),
    ],
)
def test_errors(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_unchecked() -> None:
    assert math.isnan(Normal(0.0, -1.0, validate_args=False).entropy().item())
    assert Uniform(0.0, 1.0, validate_args=False).log_prob(tensor([1.0, 3.0])).tolist() == [-math.inf] * 2
