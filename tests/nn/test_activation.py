"""Activations: their values by NumPy, their gradients by differences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from cutaway.nn import functional as F
from tests.nn.witness import check, leaf

Array = np.ndarray

PHI = np.vectorize(lambda x: 0.5 * (1 + math.erf(x / math.sqrt(2))))

FORMULAS: list[tuple[nn.Module, Callable[[Array], Array]]] = [
    (nn.ReLU(), lambda x: np.maximum(x, 0)),
    (nn.LeakyReLU(0.2), lambda x: np.where(x > 0, x, 0.2 * x)),
    (nn.PReLU(init=0.125), lambda x: np.where(x > 0, x, 0.125 * x)),
    (nn.ELU(0.7), lambda x: np.where(x > 0, x, 0.7 * (np.exp(x) - 1))),
    (nn.SELU(), lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1))),
    (nn.GELU(), lambda x: x * PHI(x)),
    (
        nn.GELU("tanh"),
        lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    ),
    (nn.SiLU(), lambda x: x / (1 + np.exp(-x))),
    (nn.Mish(), lambda x: x * np.tanh(np.log(1 + np.exp(x)))),
    (nn.Softplus(2.0), lambda x: np.log(1 + np.exp(2 * x)) / 2),
    (nn.Softplus(1.0, 0.5), lambda x: np.where(x > 0.5, x, np.log(1 + np.exp(x)))),
    (nn.Softsign(), lambda x: x / (1 + np.abs(x))),
    (nn.Hardtanh(-0.5, 0.7), lambda x: np.clip(x, -0.5, 0.7)),
    (nn.Tanh(), np.tanh),
    (nn.Sigmoid(), lambda x: 1 / (1 + np.exp(-x))),
    (nn.LogSigmoid(), lambda x: -np.log(1 + np.exp(-x))),
    (nn.Softmax(dim=1), lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
    (nn.LogSoftmax(dim=0), lambda x: x - np.log(np.exp(x).sum(0, keepdims=True))),
]


@pytest.mark.parametrize("layer, formula", FORMULAS, ids=lambda x: repr(x) if isinstance(x, nn.Module) else "")
def test_activation_is_its_formula(layer: nn.Module, formula: Callable[[Array], Array]) -> None:
    layer = layer.double()
    x = leaf(3, 4, scale=1.5)
    np.testing.assert_allclose(layer(x).numpy(force=True), formula(x.numpy(force=True)), rtol=1e-10, atol=1e-12)
    check(lambda x, *_: layer(x), x, *layer.parameters())


@pytest.mark.parametrize("layer, _", FORMULAS, ids=lambda x: repr(x) if isinstance(x, nn.Module) else "")
def test_activation_of_large_and_of_no_numbers(layer: nn.Module, _: object) -> None:
    x = torch.tensor([[1e4, -1e4, 0.0, 80.0]], requires_grad=True)
    out = layer.float()(x)
    out.sum().backward()
    assert not out.isnan().any() and x.grad is not None and not x.grad.isnan().any()
    assert layer(torch.zeros(0, 4)).shape == (0, 4)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "selu", "silu", "mish", "hardtanh"])
def test_in_place_writes_into_the_input_and_keeps_the_gradient(name: str) -> None:
    function = getattr(F, name)
    x = leaf(3, 4)
    expected = function(x)
    (wanted,) = torch.autograd.grad((expected * expected).sum(), x)
    y = x * 1
    out = function(y, inplace=True)
    assert out is y and y.tolist() == expected.tolist()
    (got,) = torch.autograd.grad((y * y).sum(), x)
    np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-12)


def test_in_place_on_a_leaf_is_refused() -> None:
    with pytest.raises(RuntimeError, match="in-place"):
        F.relu(torch.ones(2, requires_grad=True), inplace=True)


def test_gradients_at_the_bends_are_pytorchs() -> None:
    for function, at in [(F.relu, 0.0), (F.hardtanh, 1.0), (F.hardtanh, -1.0)]:
        x = torch.tensor([at], requires_grad=True)
        function(x).backward()
        assert x.grad is not None and x.grad.item() == 0


def test_softmax_without_dim_guesses_and_warns() -> None:
    with pytest.warns(UserWarning, match=r"chose dim=1: write softmax\(x, dim=1\)"):
        out = F.softmax(torch.zeros(2, 4))
    assert out.tolist() == [[0.25] * 4] * 2


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: F.gelu(torch.zeros(2), approximate="sinh"), RuntimeError, "not 'sinh'"),
        (lambda: F.gelu(torch.tensor([1])), NotImplementedError, r"torch\.int64: use x\.float\(\)"),
        (lambda: F.hardtanh(torch.zeros(2), 1, -1), ValueError, "min_val=1, max_val=-1"),
        (lambda: nn.Hardtanh(1, 1), AssertionError, "min_val < max_val"),
        (lambda: F.prelu(torch.zeros(2, 3), torch.zeros(2)), RuntimeError, "3 channels, and there are 2 weights"),
        (lambda: F.relu(3.0), TypeError, r"relu takes a Tensor as input, but got the number 3\.0"),
    ],
)
def test_mistakes(call: Callable[[], object], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


def test_normalize() -> None:
    x = leaf(3, 4)
    lengths = np.linalg.norm(F.normalize(x, dim=1).numpy(force=True), axis=1)
    np.testing.assert_allclose(lengths, 1)
    check(lambda x: F.normalize(x, p=3.0, dim=0), x)
    assert F.normalize(torch.zeros(1, 2)).tolist() == [[0, 0]]


def test_hardtanh_of_whole_numbers_stays_whole() -> None:
    x = torch.tensor([-3, 0, 3], dtype=torch.int8)
    assert F.hardtanh(x, -1.5, 1.5).tolist() == [-1, 0, 1] and F.hardtanh(x).dtype == torch.int8
    assert F.hardtanh(x, inplace=True) is x and x.tolist() == [-1, 0, 1]
    with pytest.raises(RuntimeError, match=r"torch\.uint8 has no negative numbers for min_val=-1"):
        F.hardtanh(torch.tensor([3], dtype=torch.uint8))
    with pytest.raises(RuntimeError, match=r"torch\.bool"):
        F.hardtanh(torch.tensor([True]))


def test_prelu_of_a_single_number() -> None:
    assert F.prelu(torch.tensor(-2.0), torch.tensor([0.5])).shape == ()
    check(F.prelu, leaf(2, 3), torch.tensor(0.5, dtype=torch.float64, requires_grad=True))
    assert nn.PReLU()(torch.tensor(-2.0)).item() == -0.5
    with pytest.raises(RuntimeError, match=r"one element or shape \(C\), but has shape \(2, 4\)"):
        F.prelu(torch.ones(2, 8), torch.ones(2, 4))
