"""Each optimizer's steps against the formulas of its paper, written out in NumPy, and against PyTorch's numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn, optim

Array = np.ndarray
START = [1.0, -2.0, 3.0]


def descend(optimizer: Callable[..., optim.Optimizer], steps: int, **settings: Any) -> Array:
    """Where `steps` steps down the bowl Σ w² lead."""
    w = nn.Parameter(torch.tensor(START, dtype=torch.float64))
    chosen = optimizer([w], **settings)
    for _ in range(steps):
        chosen.zero_grad()
        (w * w).sum().backward()
        chosen.step()
    return w.numpy(force=True)


@pytest.mark.parametrize(
    "optimizer, settings, expected",
    [
        (
            optim.SGD,
            {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
            [-0.420547501037399, 0.841095002074798, -1.261642503112197],
        ),
        (optim.Adam, {"lr": 0.1}, [0.5079636592643418, -1.5029557812950118, 2.501779456227287]),
        (optim.AdamW, {"lr": 0.1}, [0.5040800900879451, -1.494045694060298, 2.4878693095790907]),
        (optim.Adagrad, {"lr": 0.1}, [0.6977148620543535, -1.6867615981333823, 2.6833400927233715]),
        (optim.RMSprop, {"lr": 0.1}, [0.0, -0.09831010689888423, 0.6025132868040041]),
        (optim.Adadelta, {}, [0.983631323953412, -1.983599141798828, 2.983588435135052]),
    ],
)
def test_five_steps_are_pytorchs(optimizer: Any, settings: dict[str, Any], expected: list[float]) -> None:
    np.testing.assert_allclose(descend(optimizer, 5, **settings), expected, rtol=1e-9, atol=1e-12)


# Each rule yields w after every step; g(w) is the gradient.


def sgd(
    w: Array, g: Any, lr: float, momentum: float = 0, dampening: float = 0, nesterov: bool = False
) -> Iterator[Array]:
    v = None
    while True:
        d = g(w)
        v = d if v is None else momentum * v + (1 - dampening) * d
        w = w - lr * (d + momentum * v if nesterov else v if momentum else d)
        yield w


def adam(
    w: Array, g: Any, lr: float, betas: tuple[float, float] = (0.9, 0.999), amsgrad: bool = False, eps: float = 1e-8
) -> Iterator[Array]:
    m = v = top = np.zeros(3)
    t = 0
    while True:
        t += 1
        m = betas[0] * m + (1 - betas[0]) * g(w)
        v = betas[1] * v + (1 - betas[1]) * g(w) ** 2
        top = np.maximum(top, v) if amsgrad else v
        w = w - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(top / (1 - betas[1] ** t)) + eps)
        yield w


def adagrad(
    w: Array, g: Any, lr: float, lr_decay: float = 0, initial_accumulator_value: float = 0, eps: float = 1e-10
) -> Iterator[Array]:
    s = np.full(3, float(initial_accumulator_value))
    t = 0
    while True:
        s = s + g(w) ** 2
        w = w - lr / (1 + t * lr_decay) * g(w) / (np.sqrt(s) + eps)
        t += 1
        yield w


def rmsprop(
    w: Array, g: Any, lr: float, alpha: float = 0.99, momentum: float = 0, centered: bool = False
) -> Iterator[Array]:
    v = mean = b = np.zeros(3)
    while True:
        d = g(w)
        v = alpha * v + (1 - alpha) * d**2
        mean = alpha * mean + (1 - alpha) * d
        b = momentum * b + d / (np.sqrt(v - mean**2 if centered else v) + 1e-8)
        w = w - lr * b
        yield w


def adadelta(w: Array, g: Any, lr: float, rho: float = 0.9) -> Iterator[Array]:
    v = u = np.zeros(3)
    while True:
        d = g(w)
        v = rho * v + (1 - rho) * d**2
        d = d * np.sqrt(u + 1e-6) / np.sqrt(v + 1e-6)
        u = rho * u + (1 - rho) * d**2
        w = w - lr * d
        yield w


RULES: list[tuple[Any, Any, dict[str, Any]]] = [
    (optim.SGD, sgd, {"lr": 0.1}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
    (optim.SGD, sgd, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (optim.Adam, adam, {"lr": 0.1}),
    (optim.Adam, adam, {"lr": 0.1, "betas": (0.5, 0.7), "eps": 0.1}),
    (optim.Adam, adam, {"lr": 0.1, "betas": (0.5, 0.7), "amsgrad": True}),
    (optim.Adagrad, adagrad, {"lr": 0.1}),
    (optim.Adagrad, adagrad, {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 0.1}),
    (optim.RMSprop, rmsprop, {"lr": 0.01}),
    (optim.RMSprop, rmsprop, {"lr": 0.01, "alpha": 0.5, "momentum": 0.9}),
    (optim.RMSprop, rmsprop, {"lr": 0.01, "centered": True}),
    (optim.Adadelta, adadelta, {"lr": 1.0}),
    (optim.Adadelta, adadelta, {"lr": 0.5, "rho": 0.5}),
]


@pytest.mark.parametrize("optimizer, rule, settings", RULES)
@pytest.mark.parametrize("weight_decay", [0, 0.3])
@pytest.mark.parametrize("maximize", [False, True])
def test_steps_follow_the_formula(
    optimizer: Any, rule: Any, settings: dict[str, Any], weight_decay: float, maximize: bool
) -> None:
    def gradient(w: Array) -> Array:
        return (-1 if maximize else 1) * 2 * w + weight_decay * w

    path = rule(np.array(START), gradient, **settings)
    expected = [next(path) for _ in range(20)][-1]
    got = descend(optimizer, 20, **settings, weight_decay=weight_decay, maximize=maximize)
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_adamw_pulls_the_weights_themselves() -> None:
    def without_gradient(optimizer: Any, **settings: Any) -> float:
        w = nn.Parameter(torch.tensor([2.0]))
        w.grad = torch.zeros(1)
        optimizer([w], lr=0.1, weight_decay=0.5, **settings).step()
        return w.item()

    assert without_gradient(optim.AdamW) == pytest.approx(2 * (1 - 0.05))
    assert without_gradient(optim.Adam, decoupled_weight_decay=True) == pytest.approx(2 * (1 - 0.05))
    assert without_gradient(optim.Adam) == pytest.approx(2 - 0.1)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adadelta"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_optimizer_reaches_the_bottom_in_the_parameters_dtype(name: str, dtype: torch.dtype) -> None:
    w = nn.Parameter(torch.tensor(START, dtype=dtype))
    optimizer = getattr(optim, name)([w], lr={"Adadelta": 20.0, "Adagrad": 1.0}.get(name, 0.1))
    for _ in range(300):
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
    assert w.dtype == dtype and w.abs().max().item() < 0.2
    for value in optimizer.state[w].values():
        assert value.dtype == (torch.float32 if value.ndim == 0 else dtype)


def test_a_parameter_of_a_single_number_has_a_memory_too() -> None:
    """Arithmetic with one number gives NumPy's scalars, which cannot be written into."""
    single, row = (nn.Parameter(torch.full(shape, 2.0)) for shape in ((), (1,)))
    optimizer = torch.optim.SGD([single, row], lr=0.1, momentum=0.9, weight_decay=0.1, maximize=True)
    for g in (1.0, -2.0, 0.5):
        single.grad, row.grad = torch.tensor(g), torch.tensor([g])
        optimizer.step()
    assert single.item() == row.item()
    assert optimizer.state[single]["momentum_buffer"].shape == ()
