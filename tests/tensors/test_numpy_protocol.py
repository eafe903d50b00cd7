"""NumPy's functions on Tensors: they give Tensors, and what they compute is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway

A = np.array([[0.6, 1.4, 2.3], [3.2, 0.25, 1.25]])

FUNCTIONS: list[Callable[[Any], Any]] = [
    np.exp, np.expm1, np.log, np.log1p, np.log2, np.log10, np.sqrt, np.abs, np.negative, np.sin, np.cos, np.tanh,
    np.reciprocal, np.square,
    np.sum, np.mean, np.max, np.min, np.transpose, np.squeeze, np.copy, np.sign, np.floor, np.ceil, np.trunc, np.round,
    lambda x: np.sum(x, axis=1), lambda x: np.sum(x, axis=0, keepdims=True), lambda x: np.mean(x, axis=(0, 1)),
    lambda x: np.max(x, axis=1), lambda x: np.min(x, axis=0), lambda x: np.reshape(x, (3, 2)),
    lambda x: np.reshape(x, -1),
    lambda x: np.expand_dims(x, 0), lambda x: np.expand_dims(x, (0, 2)), lambda x: np.swapaxes(x, 0, 1),
    lambda x: np.transpose(x, (1, 0)), lambda x: np.broadcast_to(x, (4, 2, 3)), lambda x: np.flip(x, 0),
    lambda x: np.flip(x),
    lambda x: np.cumsum(x, 1), lambda x: np.clip(x, 1, 2), lambda x: np.concatenate([x, x]),
    lambda x: np.concatenate([x, A], axis=1),
    lambda x: np.stack([x, x], axis=1), lambda x: np.where(x > 1, x, 0.0), lambda x: np.where(A > 1, x, A),
    lambda x: np.tile(x, (2, 1)), lambda x: np.tile(x, 2), lambda x: np.tile(x, (2, 1, 3)),
    lambda x: np.roll(x, 1), lambda x: np.roll(x, (1, 2), axis=(0, 1)), lambda x: np.trace(x),
    lambda x: np.nan_to_num(x, posinf=1.0), lambda x: np.linalg.inv(x[:, :2]), lambda x: np.linalg.det(x[:, 1:]),
    lambda x: np.linalg.solve(x[:, :2], A), lambda x: np.linalg.solve(A[:, :2], x),
    lambda x: np.linalg.solve(A[:, :2], x[:, 0]),
    lambda x: np.tril(x), lambda x: np.triu(x, 1), lambda x: np.add(x, A), lambda x: np.multiply(A, x),
    lambda x: np.divide(1.0, x),
    lambda x: np.power(x, 2), lambda x: np.power(2.0, x), lambda x: np.maximum(x, A[0]),
    lambda x: np.minimum(1.0 * A[0], x),
    lambda x: np.matmul(x, A.T), lambda x: A.T @ x, lambda x: A * x, lambda x: A - x, lambda x: A / x, lambda x: x + A,
    lambda x: A[0] + x, lambda x: np.float64(2) * x, lambda x: x - np.float64(2), lambda x: np.float32(2) / x,
    lambda x: np.add.reduce(x), lambda x: np.add.reduce(x, axis=1, keepdims=True),
    lambda x: np.multiply.reduce(x), lambda x: np.maximum.reduce(x, axis=1, keepdims=True),
    lambda x: np.minimum.reduce(x, axis=None),
    lambda x: np.clip(x, a_min=1, a_max=2),
    lambda x: np.dot(x, A.T), lambda x: np.dot(A, x[0]), lambda x: np.dot(x[0], A[1]), lambda x: np.dot(2.0, x),
    lambda x: np.dot(x[None], np.stack([A.T, A.T])), lambda x: np.inner(x, A), lambda x: np.outer(A, x),
    lambda x: np.tensordot(x, A), lambda x: np.tensordot(A.T, x, 1),
    lambda x: np.tensordot(x, A, axes=([0, 1], [0, 1])), lambda x: np.tensordot(x, A, axes=(1, 1)),
    lambda x: np.einsum("ij,kj->ik", x, A), lambda x: np.einsum("ij,kj", A, x, optimize=True),
    lambda x: np.vstack([x, A]), lambda x: np.hstack([A, x]), lambda x: np.ravel(x), lambda x: np.repeat(x, 2),
    lambda x: np.repeat(x, [2, 1], axis=0), lambda x: np.diag(x[:, 1:]), lambda x: np.diag(x[0], 1),
    lambda x: np.diagonal(x, 1), lambda x: np.sort(x), lambda x: np.sort(x, axis=0),
    lambda x: np.var(x), lambda x: np.std(x, axis=1, ddof=1, keepdims=True), lambda x: np.var(x, 0),
    lambda x: np.linalg.norm(x), lambda x: np.linalg.norm(x, axis=1), lambda x: np.linalg.norm(x, 1, axis=0),
    lambda x: np.amax(x, 0), lambda x: np.amin(x), lambda x: np.around(x),
    lambda x: np.cumsum(x), lambda x: np.cumprod(x),
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_value_and_the_gradient(function: Callable[[Any], Any]) -> None:
    x = cutaway.tensor(A, requires_grad=True)
    y = function(x)
    assert isinstance(y, cutaway.Tensor)
    np.testing.assert_allclose(y.detach().numpy(), function(A), rtol=1e-12)
    weights = np.linspace(0.5, 1.5, y.numel()).reshape(y.shape)
    (y * cutaway.tensor(weights)).sum().backward()
    slope = np.zeros_like(A)
    for place in np.ndindex(A.shape):
        step = np.zeros_like(A)
        step[place] = 1e-6
        slope[place] = ((function(A + step) - function(A - step)) * weights).sum() / 2e-6
    np.testing.assert_allclose(x.grad.numpy(), slope, rtol=1e-5, atol=1e-7)


QUESTIONS: list[Callable[[Any], Any]] = [
    lambda x: np.equal(x, 0.6), lambda x: np.less(x, A[0]), lambda x: np.greater(1.0, x), lambda x: A >= x,
    lambda x: A == x,
    lambda x: np.isfinite(x), lambda x: np.logical_not(x),
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_questions_have_no_gradient(question: Callable[[Any], Any]) -> None:
    answer = question(cutaway.tensor(A))
    np.testing.assert_array_equal(np.asarray(answer), question(A))


def test_functions_without_an_op_answer_as_numpy_does() -> None:
    x = cutaway.tensor(A)
    assert np.linalg.norm(x) == np.linalg.norm(A)
    assert np.median(x) == np.median(A)
    assert np.allclose(x, A)
    assert np.array_equal(np.sort(x), np.sort(A))
    assert np.sum(x, dtype=np.float32).dtype == np.float32
    assert np.shape(x) == A.shape
    assert np.ndim(x) == 2
    assert np.size(x) == 6


ARRAYS: list[Callable[[Any], Any]] = [
    lambda x: np.dot(x, A.T), lambda x: np.vstack([x, x]), np.sort, lambda x: np.concatenate([x, A]),
    lambda x: np.stack([x, x], axis=1), lambda x: np.where(A > 1, x, 0.0),
    lambda x: np.expand_dims(x, 0), lambda x: np.tile(x, 2), lambda x: np.roll(x, 1), lambda x: np.einsum("ij->j", x),
]  # fmt: skip


@pytest.mark.parametrize("function", ARRAYS)
def test_without_gradient_they_give_arrays_as_in_pytorch(function: Callable[[Any], Any]) -> None:
    got = function(cutaway.tensor(A))
    assert type(got) is np.ndarray
    np.testing.assert_array_equal(got, function(A))


def test_a_recorded_backward_pass_gives_tensors_where_its_functions_give_arrays() -> None:
    @cutaway.differentiable
    def twice(x: Any) -> Any:
        return np.concatenate([x, x]), lambda g: np.copy(g[:2]) + np.copy(g[2:])

    x = cutaway.ones(2, requires_grad=True)
    seen: list[Any] = []
    x.register_hook(lambda g: seen.append(type(g)))
    twice(x).sum().backward(create_graph=True)
    assert x.grad.tolist() == [2.0, 2.0] and seen == [cutaway.Tensor]


def test_an_op_of_numpys_functions_has_a_second_derivative() -> None:
    @cutaway.differentiable
    def energy(x: Any, w: Any) -> Any:
        """½ xᵀwx"""
        y = np.dot(w, x)
        return 0.5 * np.dot(x, y), lambda g: g * np.einsum("ij,j->i", 0.5 * (w + w.T), x), lambda g: g * np.outer(x, x)

    x = cutaway.tensor([1.0, 2.0], requires_grad=True)
    w = cutaway.tensor([[2.0, 1.0], [1.0, 4.0]])
    assert cutaway.autograd.functional.hessian(lambda x: energy(x, w), x).equal(w)


def test_where_numpy_would_lose_the_gradient_it_is_refused() -> None:
    w = cutaway.ones(2, requires_grad=True)
    lost: dict[str, Callable[[Any], Any]] = {
        "": np.asarray, "median": np.median, "argmax": np.argmax, "sum": lambda x: np.sum(x, dtype=np.float32),
        "mean": lambda x: np.mean(x, 0, np.float32), "exp": lambda x: np.exp(x, where=[True, False]),
        "hypot": lambda x: np.hypot(1.0, x), "average": lambda x: np.average([1.0, 2.0], weights=x),
    }  # fmt: skip
    for name, lose in lost.items():
        with pytest.raises(RuntimeError, match=r"Use tensor.detach\(\).numpy\(\) instead") as caught:
            lose(w)
        assert (f"NumPy's {name} " in str(caught.value)) == bool(name)
        assert (f"x.{name}()" in str(caught.value)) == hasattr(w, name)


def test_arrays_take_tensors_in() -> None:
    a = np.ones(2)
    a += cutaway.ones(2)
    a[0] = cutaway.tensor(5.0)
    assert a.tolist() == [5, 2]
    assert a[cutaway.tensor([1, 0])].tolist() == [2, 5]
    assert np.array([cutaway.tensor(1.0), cutaway.tensor(2.0)]).tolist() == [1, 2]
    with pytest.raises(TypeError):
        np.add(a, 1, out=cutaway.zeros(2))


def test_dtypes_follow_pytorchs_rules() -> None:
    x = cutaway.ones(2)
    assert (np.float64(2) * x).dtype == cutaway.float32  # NumPy's numbers count as Python's
    assert (np.ones(2) * x).dtype == cutaway.float64
    assert np.exp(cutaway.tensor([1, 2])).dtype == cutaway.float32
    assert np.zeros(2, dtype=cutaway.float32).dtype == np.float32
    assert np.dtype(cutaway.int8) == np.int8
