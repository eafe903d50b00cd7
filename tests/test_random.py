"""Random tensors: the numbers that PyTorch 2.13 prints for the same seed. tests/parity compares many more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway as t

NUMBERS: list[tuple[Callable[[], Any], list[Any]]] = [
    (lambda: t.rand(2), [0.8822692632675171, 0.9150039553642273]),
    (lambda: t.randn(2), [0.33669036626815796, 0.12880940735340118]),
    (lambda: t.randint(0, 10, (5,)), [2, 7, 6, 4, 6]),
    (lambda: t.randperm(5), [2, 4, 3, 0, 1]),
    (lambda: t.bernoulli(t.full((5,), 0.5)), [0, 0, 1, 0, 1]),
    (lambda: t.multinomial(t.ones(4), 4), [3, 0, 1, 2]),
    (lambda: t.empty(5, dtype=t.long).random_(10), [2, 7, 6, 4, 6]),
    (lambda: t.empty(5).random_(-1, 9), [1, 6, 5, 3, 5]),
    (lambda: t.empty(2).uniform_(-1, 1), [0.7645385265350342, 0.8300079107284546]),
    (lambda: t.normal(1.0, 2.0, (2,)), [1.6733807325363159, 1.2576187849044800]),
]


@pytest.mark.parametrize(("draw", "expected"), NUMBERS)
def test_the_same_seed_gives_pytorchs_numbers(draw: Callable[[], Any], expected: list[Any]) -> None:
    t.manual_seed(42)
    assert draw().tolist() == pytest.approx(expected, rel=1e-7)


DRAWS: list[Callable[..., Any]] = [
    lambda **g: t.rand(3, **g), lambda **g: t.randn(3, **g), lambda **g: t.randint(9, (3,), **g),
    lambda **g: t.randperm(9, **g),
    lambda **g: t.normal(0.0, 1.0, (3,), **g), lambda **g: t.normal(t.zeros(3), t.ones(3), **g),
    lambda **g: t.bernoulli(t.ones(9) / 2, **g),
    lambda **g: t.multinomial(t.ones(9), 5, **g), lambda **g: t.empty(3).normal_(**g),
    lambda **g: t.empty(3).uniform_(**g),
    lambda **g: t.empty(9).bernoulli_(**g), lambda **g: t.empty(3).exponential_(**g),
    lambda **g: t.empty(9).random_(9, **g), lambda **g: t.empty(9).random_(**g),
    lambda **g: t.rand_like(t.ones(3), **g),
    lambda **g: t.randn_like(t.ones(3), **g),
]  # fmt: skip


@pytest.mark.parametrize("draw", DRAWS)
def test_a_generator_of_ones_own_leaves_the_common_one_alone(draw: Callable[..., Any]) -> None:
    before = t.get_rng_state()
    mine = draw(generator=t.Generator().manual_seed(7))
    assert t.get_rng_state().equal(before)
    t.manual_seed(7)
    assert draw().equal(mine)


def test_states() -> None:
    state = t.get_rng_state()
    a = t.randn(3)  # leaves half of a pair for the next draw
    t.set_rng_state(state)
    assert t.randn(3).equal(a)
    t.default_generator.set_state(state)
    assert t.randn(3).equal(a)
    assert isinstance(t.default_generator, t.Generator)
    assert t.manual_seed(5) is t.default_generator
    assert t.initial_seed() == t.default_generator.initial_seed() == 5
    assert t.seed() == t.initial_seed() != 5


def test_a_state_is_a_tensor() -> None:
    with pytest.raises(TypeError, match=r"set_state\(\): a Tensor is needed, not list \[1\]"):
        t.Generator().set_state([1])  # type: ignore[arg-type]


def test_shapes_dtypes_and_gradients() -> None:
    assert t.rand(2, 3, dtype=t.float64, requires_grad=True).requires_grad
    assert t.rand(()).shape == ()
    assert t.randint(5, (2, 2)).dtype == t.int64
    draws = t.randint(2, 5, (200,))
    assert {*draws.tolist()} == {2, 3, 4}
    assert sorted(t.randperm(6).tolist()) == [0, 1, 2, 3, 4, 5]
    assert t.bernoulli(t.tensor([0.0, 1.0])).tolist() == [0, 1]
    assert t.multinomial(t.tensor([[0.0, 1.0], [1.0, 0.0]]), 1).tolist() == [[1], [0]]
    assert t.normal(t.tensor([1.0, 2.0]), t.tensor([0.0, 0.0])).tolist() == [1, 2]


def test_draws_follow_memory_as_in_pytorch() -> None:
    t.manual_seed(0)
    a = t.empty(2, 3).uniform_()
    t.manual_seed(0)
    assert t.empty(3, 2).t().uniform_().t().reshape(-1).equal(a.reshape(-1))
    t.manual_seed(0)
    assert t.empty(2, 3).t().bernoulli_(t.tensor([0.5, 0.5])).tolist() == [[1, 1], [0, 1], [1, 0]]


def test_a_probability_for_each_place() -> None:
    assert t.empty(2, 3).bernoulli_(t.tensor([0.0, 1.0, 1.0])).tolist() == [[0, 1, 1]] * 2
    assert t.empty(2, dtype=t.int64).bernoulli_(t.tensor([0.0, 1.0], dtype=t.float64)).tolist() == [0, 1]
    for p, error in ((t.tensor([0.5, 0.5]), RuntimeError), (np.full(3, 0.5), TypeError)):
        with pytest.raises(error, match=r"cannot be expanded to \(3,\)|a number is needed"):
            t.empty(3).bernoulli_(p)
    w = t.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        w.bernoulli_(t.tensor([0.5, 0.5]))
    y = w * 1
    y.bernoulli_(t.tensor([1.0, 0.0])).sum().backward()
    assert y.tolist() == [1, 0] and w.grad.tolist() == [0, 0]


def test_draws_by_the_numbers_of_a_tensor_are_recorded_with_no_influence() -> None:
    p = t.tensor([0.2, 0.8], requires_grad=True)
    for draw in (p.bernoulli(), t.normal(p, p), t.normal(p, 1.0), t.normal(0.0, p), t.normal(t.zeros(3, 2), p)):
        (g,) = t.autograd.grad(draw.sum(), p)
        assert g.tolist() == [0, 0]
    assert repr(t.tensor([1.0]).requires_grad_().bernoulli()) == "tensor([1.], grad_fn=<BernoulliBackward0>)"
    assert not p.multinomial(1).requires_grad


def test_the_range_of_randint_by_name() -> None:
    t.manual_seed(0)
    expected = t.randint(10, (3,))
    t.manual_seed(0)
    assert t.randint(high=10, size=(3,)).equal(expected)


def test_a_seed_may_be_a_time() -> None:
    assert t.manual_seed(7.9).initial_seed() == 7
    assert str(t.Generator().device) == "cpu"
