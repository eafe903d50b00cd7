"""Second and third derivatives: what create_graph records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import nn
from cutaway.autograd import grad

F = nn.functional


def leaf(array: Any) -> cutaway.Tensor:
    return cutaway.tensor(array, dtype=cutaway.float64, requires_grad=True)


@pytest.mark.parametrize(
    ("f", "derivatives"),
    [
        (lambda x: x**4, [lambda x: 4 * x**3, lambda x: 12 * x**2, lambda x: 24 * x]),
        (lambda x: x.exp(), [np.exp, np.exp, np.exp]),
        (lambda x: x.log(), [lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3]),
        (lambda x: x.sin(), [np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x)]),
        (lambda x: 1 / x, [lambda x: -1 / x**2, lambda x: 2 / x**3, lambda x: -6 / x**4]),
        (lambda x: x.sqrt(), [lambda x: x**-0.5 / 2, lambda x: -(x**-1.5) / 4, lambda x: 3 * x**-2.5 / 8]),
        (lambda x: x * x.abs(), [lambda x: 2 * x, lambda x: 2 + 0 * x, lambda x: 0 * x]),
        (lambda x: x.relu() * x, [lambda x: 2 * x, lambda x: 2 + 0 * x]),
    ],
)
def test_three_derivatives(f: Any, derivatives: Any) -> None:
    numbers = np.array([0.5, 1.0, 2.5])
    x = leaf(numbers)
    y = f(x)
    for expected in derivatives:
        (y,) = grad(y.sum(), x, create_graph=True)
        np.testing.assert_allclose(y.detach().numpy(), expected(numbers), rtol=1e-12, atol=1e-12)


W = np.random.default_rng(1).normal(size=(3, 4))
T = cutaway.tensor([0, 2])

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "products": lambda x: (x @ cutaway.tensor(W.T) @ x[:, :3].T).exp().sum(),
    "linear": lambda x: F.linear(x, x[:1] * cutaway.tensor(W), x[0, :3]).tanh().sum(),
    "cross_entropy": lambda x: F.cross_entropy(x * x, T),
    "softmax": lambda x: (x.softmax(1) * x).sum(),
    "log_softmax": lambda x: (x.log_softmax(0) * x.sigmoid()).sum(),
    "gelu": lambda x: F.gelu(x).square().sum(),
    "silu, softplus": lambda x: (F.silu(x) * F.softplus(x)).sum(),
    "mse": lambda x: F.mse_loss(x.tanh(), x.detach() * 0 + 0.3),
    "reductions": lambda x: x.logsumexp(1).sum() * x.var() + x.std(0).sum() * x.mean() + x.norm() * x.amax(),
    "shapes": lambda x: (x.T.reshape(2, 4).flip(0) * x.expand(3, 2, 4).sum(0) ** 2).sum(),
    "joins": lambda x: (cutaway.cat([x, x * x]).sin() + cutaway.stack([x, x.exp()], 1).reshape(4, 4)).exp().sum(),
    "reads": lambda x: (x[0] * x[1, [0, 0, 3, 1]] * x[x > -9].reshape(2, 4)[:, 1:2]).sum(),
    "reads in a loop": lambda x: sum(x[i % 2].square().sum() * x[:, i].exp().sum() for i in range(4)),
    "writes": lambda x: written(x),
    "gather": lambda x: (x.gather(1, cutaway.tensor([[0, 0], [1, 3]])) ** 3).sum(),
    "embedding": lambda x: (F.embedding(cutaway.tensor([0, 1, 0]), x) ** 3).sum(),
    "where, clamp": lambda x: (x.where(x > 0, x * x) * x.clamp(-0.5, 0.5) * x.maximum(x * x)).sum(),
    "quotient, power": lambda x: (x / (1 + x * x) + (x * x + 1) ** x).sum(),
    "cumsum": lambda x: (x.cumsum(1) ** 3).sum(),
    "broadcast": lambda x: (x * x[:1] * x[:, :1] + x[0, 0]).square().sum(),
}  # fmt: skip


def written(x: Any) -> Any:
    h = x * x
    h[0] = x[1] ** 3
    h[:, 1:3] *= 2
    h += x
    return (h * h).sum()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_hessian_times_a_vector(name: str) -> None:
    """Against the central difference of first derivatives."""
    rng = np.random.default_rng(0)
    at, v, step = rng.normal(size=(2, 4)), rng.normal(size=(2, 4)), 1e-5
    x = leaf(at)
    (g,) = grad(FUNCTIONS[name](x), x, create_graph=True)
    (hv,) = grad((g * cutaway.tensor(v)).sum(), x)
    ahead, behind = (grad(FUNCTIONS[name](y), y)[0].numpy() for y in (leaf(at + step * v), leaf(at - step * v)))
    np.testing.assert_allclose(hv.numpy(), (ahead - behind) / (2 * step), rtol=1e-5, atol=1e-7)


def test_a_whole_hessian() -> None:
    x = leaf([1.0, 2.0, 3.0])
    (g,) = grad(x[0] * x[1] * x[2] + (x**3).sum(), x, create_graph=True)
    rows = [grad(g[i], x, retain_graph=True)[0].tolist() for i in range(3)]
    np.testing.assert_allclose(rows, [[6.0, 3.0, 2.0], [3.0, 12.0, 1.0], [2.0, 1.0, 18.0]])


def test_create_graph_keeps_the_graph() -> None:
    x = leaf([2.0])
    y = (x**3).sum()
    y.backward(create_graph=True)
    assert x.grad.requires_grad
    first = x.grad
    y.backward(create_graph=True)
    assert x.grad is not first and x.grad.tolist() == [24.0] and first.tolist() == [12.0]
    (second,) = grad(x.grad.sum(), x)
    assert second.tolist() == [24.0]


def test_retain_graph_can_be_refused() -> None:
    x = leaf([2.0])
    y = (x**3).sum()
    (g,) = grad(y, x, create_graph=True, retain_graph=False)
    assert grad(g.sum(), x)[0].tolist() == [12.0]
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_a_gradient_that_is_constant_does_not_require_grad_further() -> None:
    x = leaf([2.0, 3.0])
    (g,) = grad((x * 2 + 1).sum(), x, create_graph=True)
    assert g.tolist() == [2.0, 2.0]
    assert not g.requires_grad


def test_a_training_step_with_a_gradient_penalty() -> None:
    cutaway.manual_seed(0)
    critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    optimizer = cutaway.optim.Adam(critic.parameters(), lr=0.02)
    points = cutaway.randn(32, 2, dtype=cutaway.float64)

    def penalty() -> Any:
        x = points.clone().requires_grad_()
        (g,) = grad(critic(x).sum(), x, create_graph=True)
        return ((g.norm(dim=1) - 1) ** 2).mean()

    before = penalty().item()
    w, step = critic[0].weight, 1e-6
    penalty().backward()
    slope = w.grad[3, 1].item()
    with cutaway.no_grad():
        w[3, 1] += step
    ahead = penalty().item()
    with cutaway.no_grad():
        w[3, 1] -= 2 * step
    behind = penalty().item()
    assert slope == pytest.approx((ahead - behind) / (2 * step), rel=1e-5)
    for _ in range(100):
        optimizer.zero_grad()
        penalty().backward()
        optimizer.step()
    assert penalty().item() < before / 20


def test_an_update_that_was_itself_computed_by_a_gradient() -> None:
    """A step of gradient descent inside the loss, as meta-learning does."""
    w = leaf([1.0, -2.0])
    (g,) = grad((w**2).sum(), w, create_graph=True)
    ((w - 0.1 * g) ** 2).sum().backward()  # w' = 0.8 w
    np.testing.assert_allclose(w.grad.numpy(), 2 * 0.64 * np.array([1.0, -2.0]))


@pytest.mark.parametrize("p", [2, 3.5])
def test_a_norm_has_no_slope_at_the_origin_and_that_does_not_change(p: float) -> None:
    x = cutaway.zeros(3, dtype=cutaway.float64, requires_grad=True)
    (slope,) = cutaway.autograd.grad(x.norm(p), x, create_graph=True)
    (again,) = cutaway.autograd.grad(slope.sum(), x, allow_unused=True, materialize_grads=True)
    assert slope.tolist() == again.tolist() == [0, 0, 0]


@pytest.mark.parametrize("bend", [F.relu, F.leaky_relu, F.hardtanh, lambda x: F.prelu(x, cutaway.tensor([0.1]))])
def test_the_second_derivative_of_a_kinked_line_is_zero_and_not_nothing(bend: Any) -> None:
    x = cutaway.tensor([-2.0, 0.5, float("inf"), float("nan")], requires_grad=True)
    (g,) = grad(bend(x).sum(), x, create_graph=True)
    (second,) = grad(g.sum(), x)
    assert second.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("index", [cutaway.tensor([2, 0, 1]), cutaway.tensor([True] * 3), slice(None), [0, 1, 2]])
def test_a_write_at_an_index_can_be_differentiated_twice(index: Any) -> None:
    x = leaf([1.0, 2.0, 3.0])
    y = cutaway.zeros(3, dtype=cutaway.float64)
    y[index] = x
    (g,) = grad((y**3).sum(), x, create_graph=True)
    (second,) = grad(g.sum(), x)
    assert g.tolist() == [3, 12, 27] and second.tolist() == [6, 12, 18]
