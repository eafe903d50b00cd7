"""Recurrent layers as ops: long sequences, gates that are wide open or shut, and what each pullback needs.

That they agree with their twins, with loops over single elements and with central differences, test_ops.py tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cutaway
from cutaway import ops
from cutaway.tensors.base import apply

Op = Callable[..., Any]
every_kind = pytest.mark.parametrize("op", [ops.rnn, ops.lstm, ops.gru], ids=lambda op: op.__name__)
GATES = {ops.rnn: 1, ops.lstm: 4, ops.gru: 3}


def inputs(
    op: Op, T: int, N: int, size: int, H: int, biases: int = 2, scale: float = 1, dtype: str = "float64", seed: int = 0
) -> list[Any]:
    draw = np.random.default_rng(seed).normal
    states = 2 if op is ops.lstm else 1
    shapes = [(T, N, size), *[(N, H)] * states, (GATES[op] * H, size), (GATES[op] * H, H), *[(GATES[op] * H,)] * biases]
    return [(draw(size=shape) * scale).astype(dtype) for shape in shapes]


def gradients(op: Op, arrays: list[Any], g: Any) -> list[Any]:
    return [pullback(g) for pullback in op(*arrays)[1:]]


@every_kind
@given(
    sizes=st.tuples(*[st.integers(1, n) for n in (6, 4, 5, 5)]), biases=st.sampled_from([0, 2]), seed=st.integers(0, 99)
)
@settings(max_examples=25, deadline=None)
def test_it_agrees_with_its_twin_whatever_the_sizes(op: Op, sizes: Any, biases: int, seed: int) -> None:
    twin: Any = ops.TABLE[op].twin
    arrays = inputs(op, *sizes, biases=biases, seed=seed)
    value, *pullbacks = op(*arrays)
    leaves = [cutaway.from_numpy(x).requires_grad_() for x in arrays]
    out = twin(*leaves)
    np.testing.assert_allclose(value, out.numpy(force=True), rtol=1e-12, atol=1e-14)
    g = np.random.default_rng(1).normal(size=value.shape)
    expected = cutaway.autograd.grad(out, leaves, cutaway.from_numpy(g))
    for pullback, want in zip(pullbacks, expected, strict=True):
        np.testing.assert_allclose(pullback(g), want.numpy(), rtol=1e-9, atol=1e-11)


@every_kind
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gates_that_are_wide_open_or_shut_do_no_harm(op: Op, dtype: str) -> None:
    arrays = inputs(op, 5, 3, 4, 6, scale=300.0, dtype=dtype)
    value, *pullbacks = op(*arrays)  # without a warning: they are errors here
    assert np.isfinite(value).all()
    for gradient in (pullback(np.ones_like(value)) for pullback in pullbacks):
        assert np.isfinite(gradient).all()
        assert gradient.dtype == dtype


@every_kind
def test_float32_over_a_hundred_steps_is_float32_of_the_exact(op: Op) -> None:
    exact = inputs(op, 100, 2, 3, 8, scale=0.5)
    rounded = [x.astype(np.float32) for x in exact]
    exact = [x.astype(np.float64) for x in rounded]
    value, expected = op(*rounded)[0], op(*exact)[0]
    np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-5)
    g = np.random.default_rng(1).normal(size=value.shape)
    for got, want in zip(gradients(op, rounded, g.astype(np.float32)), gradients(op, exact, g), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-3, atol=1e-4 * np.abs(want).max())


@every_kind
def test_a_sequence_read_in_two_parts_is_the_sequence_read_at_once(op: Op) -> None:
    x, *states_and_weights = inputs(op, 7, 2, 3, 4)
    n = 2 if op is ops.lstm else 1
    states, weights = states_and_weights[:n], states_and_weights[n:]
    whole, *pullbacks = op(x, *states, *weights)
    first = op(x[:3], *states, *weights)[0]
    carried = [first[2], first[3]] if op is ops.lstm else [first[2]]
    second, *later = op(x[3:], *carried, *weights)
    np.testing.assert_allclose(whole[3:], second, rtol=1e-13)

    g = np.zeros_like(whole)  # a loss of the second part alone
    g[3:] = np.random.default_rng(1).normal(size=second.shape)
    np.testing.assert_allclose(pullbacks[0](g)[3:], later[0](g[3:]), rtol=1e-12, atol=1e-15)


@every_kind
def test_nobody_in_the_batch_hears_of_the_others(op: Op) -> None:
    arrays = inputs(op, 4, 3, 2, 5)
    n = 3 if op is ops.lstm else 2
    together = op(*arrays)[0]
    for i in range(3):
        alone = [x[:, i : i + 1] if k == 0 else x[i : i + 1] if k < n else x for k, x in enumerate(arrays)]
        np.testing.assert_allclose(op(*alone)[0][:, 0], together[:, i], rtol=1e-12, atol=1e-15)


@every_kind
def test_a_constant_input_gets_no_gradient_and_changes_none(op: Op) -> None:
    arrays = inputs(op, 3, 2, 2, 3)
    g = np.random.default_rng(1).normal(size=op(*arrays)[0].shape)
    expected = gradients(op, arrays, g)
    for i in range(len(arrays)):
        tensors = [cutaway.from_numpy(x) for x in arrays]
        tensors[i].requires_grad_()
        apply(op, *tensors).backward(cutaway.from_numpy(g))
        assert [t.grad is None for t in tensors] == [k != i for k in range(len(arrays))]
        grad = tensors[i].grad
        assert grad is not None
        np.testing.assert_array_equal(grad.numpy(), expected[i])


@every_kind
def test_what_is_returned_is_contiguous(op: Op) -> None:
    value = op(*inputs(op, 4, 3, 2, 5))[0]
    assert value.flags.c_contiguous
    assert value[:-1].flags.c_contiguous


def test_relu_at_the_corner_gives_no_gradient() -> None:
    zero = [np.zeros(s) for s in ((2, 1, 1), (1, 1), (1, 1), (1, 1))]
    value, dx, *_ = ops.rnn(*zero, relu=True)
    assert not value.any()
    assert not dx(np.ones_like(value)).any()


def test_lstm_with_open_gates_remembers_and_with_shut_ones_forgets() -> None:
    T, H = 50, 1
    x, h, c = np.zeros((T, 1, 1)), np.zeros((1, H)), np.full((1, H), 0.7)
    weights = [np.zeros((4, 1)), np.zeros((4, 1))]
    for forget, left in ((100.0, 0.7), (-100.0, 0.0)):
        bias = np.array([-100.0, forget, 0.0, 100.0])  # write nothing, keep or forget, show all
        value, _, _, dc, *_ = ops.lstm(x, h, c, *weights, bias, np.zeros(4))
        np.testing.assert_allclose(value[-1], [[left]], atol=1e-12)
        g = np.zeros_like(value)
        g[-1] = 1
        np.testing.assert_allclose(dc(g), [[float(left > 0)]], atol=1e-12)


def test_gru_with_an_open_gate_remembers() -> None:
    x, h = np.zeros((50, 1, 1)), np.full((1, 1), 0.7)
    bias = np.array([0.0, 100.0, 0.0])  # z = 1: keep
    value, _, dh, *_ = ops.gru(x, h, np.zeros((3, 1)), np.zeros((3, 1)), bias, np.zeros(3))
    np.testing.assert_allclose(value[-1], [[0.7]], atol=1e-12)
    g = np.zeros_like(value)
    g[-1] = 1
    np.testing.assert_allclose(dh(g), [[1.0]], atol=1e-12)
