"""Random tensors: after the same seed, the same numbers to the last bit, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import torch

import cutaway
from tests.parity.both import same
from tests.parity.sources import program

CALLS = """
t.rand(3)
t.rand(2, 3)
t.rand((2, 3))
t.rand(size=(2,))
t.rand(())
t.rand(0, 3)
t.rand(3, dtype=t.float64)
t.rand(3, dtype=t.float16)
t.rand(3, requires_grad=True)
t.rand(40)
t.randn(3)
t.randn(4, 5)
t.randn([17])
t.randn(3, dtype=t.float64)
t.randn(40, dtype=t.float64)
t.randint(10, (5,))
t.randint(3, 10, (2, 3))
t.randint(low=0, high=2, size=(4,))
t.randint(high=5, size=(2,), low=-5)
t.randint(0, 10, [3])
t.randint(0, 10, (3,), dtype=t.int32)
t.randint_like(t.ones(3), 10)
t.randint_like(t.ones(3, dtype=t.int64), 2, 5)
t.randint_like(t.ones(3), low=0, high=2, dtype=t.int64)
t.randint(0, 10, (3,), dtype=t.float32)
t.randint(0, 2**40, (3,))
t.randint(t.tensor(2), t.tensor(5), (2,))
t.randperm(10)
t.randperm(0)
t.randperm(5, dtype=t.int32)
t.rand_like(t.ones(2, 3))
t.rand_like(t.ones(2, dtype=t.int64), dtype=t.float64)
t.randn_like(t.ones(20, dtype=t.float64))
t.normal(0.0, 1.0, (3,))
t.normal(2.0, 3.0, (20,))
t.normal(2.0, 3.0, size=(2, 2))
t.normal(t.tensor([1., 2., 3.]), t.tensor([1., 0.1, 0.]))
t.normal(t.tensor([1., 2.]), 0.5)
t.normal(0.0, t.tensor([1., 2.]))
t.normal(t.zeros(3))
t.normal(mean=t.arange(3.), std=1.0)
t.bernoulli(t.tensor([0.1, 0.5, 0.9]))
t.bernoulli(t.full((20,), 0.3, dtype=t.float64))
t.bernoulli(t.ones(5), 0.5)
t.multinomial(t.tensor([1., 2., 3.]), 1)
t.multinomial(t.tensor([1., 2., 3.]), 5, replacement=True)
t.multinomial(t.tensor([1., 2., 3.]), 2)
t.multinomial(t.tensor([[1., 2., 3.], [3., 1., 1.]]), 2, True)
t.multinomial(t.tensor([1., 2., 3.]), num_samples=3, replacement=False)
t.empty(5).normal_()
t.empty(20).normal_(1, 2)
t.empty(4, 5).t().normal_()
t.empty(5).normal_(mean=1, std=2)
t.empty(5).uniform_()
t.empty(5).uniform_(-1, 1)
t.empty(5, dtype=t.float64).uniform_(2, 3)
t.empty(5).bernoulli_(0.3)
t.empty(5, dtype=t.int64).bernoulli_()
t.empty(3).bernoulli_(t.tensor([0., 0.5, 1.]))
t.empty(5).exponential_()
t.empty(5).exponential_(2.0)
t.rand(2), t.randn(2), t.randint(5, (2,)), t.rand(1)
t.manual_seed(7); a = t.rand(2); s = t.get_rng_state(); b = t.rand(2); t.set_rng_state(s); a, b, t.rand(2)
t.manual_seed(7).initial_seed(), t.initial_seed()
t.manual_seed(-1); t.rand(2)
t.manual_seed(2**63 + 5); t.rand(2)
g = t.Generator().manual_seed(3); t.rand(2, generator=g), t.rand(2)
g = t.Generator().manual_seed(3); t.randn(20, generator=g), t.randint(5, (3,), generator=g), t.randperm(4, generator=g)
g = t.Generator().manual_seed(3); t.empty(3).normal_(generator=g), t.multinomial(t.ones(4), 2, generator=g)
g = t.Generator(); g.initial_seed()
g = t.Generator(); s = g.get_state(); a = t.rand(2, generator=g); g.set_state(s); a, t.rand(2, generator=g)
t.Generator().manual_seed(3).get_state()
t.get_rng_state().shape, t.get_rng_state().dtype == t.uint8
s = t.get_rng_state(); a = t.rand(2); t.default_generator.set_state(s); a, t.rand(2)
type(t.default_generator) is t.Generator, t.manual_seed(3) is t.default_generator
""".strip().splitlines()


@pytest.mark.parametrize("source", CALLS)
def test_the_same_numbers(source: str) -> None:
    same(program(source), seed=42, rtol=0, atol=0)


REFUSED = """
t.rand(-1)
t.rand(2, dtype=t.int64)
t.rand()
t.rand('a')
t.rand(2, foo=1)
t.randn(2, dtype=t.int64)
t.randint(5, 5, (2,))
t.randint(5, 3, (2,))
t.randint(0, (2,))
t.randint(5)
t.randint(0, 5)
t.randint(0, 300, (2,), dtype=t.uint8)
t.randint(0, 5, (2,), dtype=t.bool)
t.randint(0, 5, 3)
t.randperm(-1)
t.randperm(300, dtype=t.uint8)
t.normal(0.0, -1.0, (2,))
t.normal(t.zeros(2), t.tensor([1., -1.]))
t.normal(0.0, 1.0)
t.normal(t.zeros(2), t.ones(3))
t.bernoulli(t.tensor([1.5]))
t.bernoulli(t.tensor([-0.1]))
t.bernoulli(t.tensor([1]))
t.bernoulli(0.5)
t.multinomial(t.tensor([1., 2.]), 3)
t.multinomial(t.tensor([1., -1.]), 1)
t.multinomial(t.tensor([0., 0.]), 1)
t.multinomial(t.tensor([1., float('nan')]), 1)
t.multinomial(t.tensor([1., float('inf')]), 1)
t.multinomial(t.tensor([1, 2]), 1)
t.multinomial(t.ones(2, 2, 2), 1)
t.multinomial(t.ones(2), 0)
t.multinomial(t.ones(2), -1)
t.rand_like([1.])
t.rand_like(t.tensor([1]))
t.empty(3).normal_(0, -1)
t.empty(3).uniform_(1, 0)
t.empty(3).exponential_(-1)
t.empty(3).bernoulli_(-0.5)
t.empty(3, dtype=t.int64).uniform_()
t.manual_seed(2**64)
t.set_rng_state(t.zeros(3, dtype=t.uint8))
t.set_rng_state(t.zeros(5056))
t.Generator('cuda')
""".strip().splitlines()


@pytest.mark.parametrize("source", REFUSED)
def test_what_is_refused(source: str) -> None:
    same(program(source))


@pytest.mark.parametrize("t", [torch, cutaway])
def test_what_is_refused_draws_nothing(t: Any) -> None:
    leaf = t.ones(3, requires_grad=True)
    calls = [
        lambda: t.randint(5, 5, (2,)), lambda: leaf.normal_(), lambda: t.empty(3).uniform_(1, 0),
        lambda: t.normal(0.0, -1.0, (2,)),
    ]  # fmt: skip
    for call in calls:
        before = t.get_rng_state()
        with pytest.raises(RuntimeError):
            call()
        assert t.equal(before, t.get_rng_state())


def test_a_generator_can_be_pickled() -> None:
    g = cutaway.Generator().manual_seed(3)
    twin = pickle.loads(pickle.dumps(g))
    assert cutaway.rand(3, generator=g).equal(cutaway.rand(3, generator=twin))


def test_a_state_of_pytorchs_goes_on_here() -> None:
    torch.manual_seed(5)
    torch.randn(3)
    cutaway.set_rng_state(cutaway.from_numpy(torch.get_rng_state().numpy()))
    assert cutaway.randn(4).tolist() == torch.randn(4).tolist()
