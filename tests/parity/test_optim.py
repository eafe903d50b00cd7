"""Optimizers against PyTorch: twenty steps over many settings, and the form of what they save."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from tests.parity.both import same

# PyTorch's switches between implementations of the same maths; cutaway has one.
IMPLEMENTATION = {"foreach", "fused", "differentiable", "capturable"}

SETTINGS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.1, "dampening": 0.2, "maximize": True}),
    ("SGD", {"lr": 0.1, "dampening": 0.2, "maximize": True}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "maximize": True, "weight_decay": 0.2}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.2, "decoupled_weight_decay": True}),
    ("Adam", {"lr": 0.1, "betas": (0.0, 0.0)}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.3}),
    ("AdamW", {"lr": 0.1, "amsgrad": True, "maximize": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3, "maximize": True}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.1, "alpha": 0.5, "weight_decay": 0.1}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.9}),
    ("RMSprop", {"lr": 0.01, "centered": True, "eps": 1e-3}),
    ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.5, "maximize": True}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 0.5, "rho": 0.5, "eps": 1e-3, "weight_decay": 0.1, "maximize": True}),
]


def parameters(t: Any, dtype: str = "float32") -> list[Any]:
    rng = np.random.default_rng(0)
    return [t.nn.Parameter(t.from_numpy(rng.normal(size=shape).astype(dtype))) for shape in [(3, 2), (4,), (1,)]]


def train(t: Any, optimizer: Any, params: list[Any], steps: int) -> list[Any]:
    """Minimise a bowl that is steeper in some directions; the last parameter has no gradient in every other step."""
    losses = []
    for step in range(steps):
        optimizer.zero_grad()
        loss = sum((p * p * (i + 1)).sum() + p.sum() for i, p in enumerate(params) if i < 2 or step % 2)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def saved(optimizer: Any) -> dict[str, Any]:
    """The state_dict, without the settings that only PyTorch has, and sorted where it has no order to keep."""
    state = optimizer.state_dict()
    groups = [{k: g[k] for k in sorted(g) if k not in IMPLEMENTATION} for g in state["param_groups"]]
    remembered = {i: dict(sorted(state["state"][i].items())) for i in sorted(state["state"])}
    return {"state": remembered, "param_groups": groups}


@pytest.mark.parametrize("name, settings", SETTINGS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_twenty_steps(name: str, settings: dict[str, Any], dtype: str) -> None:
    def program(t: Any) -> Any:
        params = parameters(t, dtype)
        optimizer = getattr(t.optim, name)(params, **settings)
        losses = train(t, optimizer, params, 20)
        return [losses, params, saved(optimizer)]

    exact = dtype == "float64"
    same(program, rtol=1e-9 if exact else 2e-4, atol=1e-10 if exact else 2e-5)


@pytest.mark.parametrize("name, settings", SETTINGS)
def test_stopping_and_going_on(name: str, settings: dict[str, Any]) -> None:
    def program(t: Any) -> Any:
        params = parameters(t)
        optimizer = getattr(t.optim, name)(params, **settings)
        train(t, optimizer, params, 5)
        state = copy.deepcopy(optimizer.state_dict())
        again = getattr(t.optim, name)(params, lr=123.0)
        again.load_state_dict(state)
        train(t, again, params, 5)
        return [params, saved(again)]

    same(program, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "Adadelta"])
def test_defaults_and_groups(name: str) -> None:
    def program(t: Any) -> Any:
        make = getattr(t.optim, name)
        a, b, c = parameters(t)
        optimizer = make([{"params": [a], "lr": 0.5, "mine": 3}, {"params": b}], lr=0.2)
        optimizer.add_param_group({"params": [c], "weight_decay": 0.25})
        train(t, optimizer, [a, b, c], 3)
        named = make([("a", a), ("b", b)])
        groups = [
            {k: v for k, v in g.items() if k not in IMPLEMENTATION | {"params"}}
            for o in (optimizer, named)
            for g in o.param_groups
        ]
        defaults = {k: v for k, v in sorted(named.defaults.items()) if k not in IMPLEMENTATION}
        printed = [line for line in repr(optimizer).split("\n") if line.split(":")[0].strip() not in IMPLEMENTATION]
        return [[dict(sorted(g.items())) for g in groups], defaults, printed, [a, b, c], saved(optimizer)]

    same(program, rtol=2e-4, atol=2e-5)


LBFGS: list[dict[str, Any]] = [
    {}, {"line_search_fn": "strong_wolfe"}, {"lr": 0.3, "history_size": 3}, {"max_iter": 5, "max_eval": 3},
    {"line_search_fn": "strong_wolfe", "max_iter": 7, "history_size": 2, "lr": 2.0}, {"lr": 1e-3, "max_iter": 4},
    {"line_search_fn": "strong_wolfe", "max_eval": 6}, {"tolerance_grad": 0.1}, {"tolerance_change": 0.1},
]  # fmt: skip


def valley(t: Any) -> tuple[Any, list[Any]]:
    x = t.tensor([-1.2, 1.0, 0.7], dtype=t.float64, requires_grad=True)
    return lambda: (10 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(), [x]


def bowl(t: Any) -> tuple[Any, list[Any]]:
    x, y = t.arange(3.0, dtype=t.float64, requires_grad=True), t.ones(2, 2, dtype=t.float64, requires_grad=True)
    return lambda: (x * x * t.tensor([1.0, 5.0, 9.0])).sum() + (y - 2).abs().pow(1.5).sum(), [x, y]


def classes(t: Any) -> tuple[Any, list[Any]]:
    inputs, layer = t.randn(30, 3).double(), t.nn.Linear(3, 2).double()
    chosen = (inputs[:, 0] > 0).long()
    loss = t.nn.functional.cross_entropy
    return lambda: loss(layer(inputs), chosen) + 0.01 * layer.weight.square().sum(), list(layer.parameters())


@pytest.mark.parametrize("settings", LBFGS, ids=str)
@pytest.mark.parametrize("problem", [valley, bowl, classes])
def test_lbfgs_calls_the_closure_as_often_and_finds_the_same(settings: dict[str, Any], problem: Any) -> None:
    def program(t: Any) -> Any:
        loss, params = problem(t)
        optimizer, losses = t.optim.LBFGS(params, **settings), []

        def closure() -> Any:
            optimizer.zero_grad()
            value = loss()
            value.backward()
            losses.append(value.item())
            return value

        returned = [optimizer.step(closure).item() for _ in range(3)]
        state = optimizer.state[params[0]]
        return returned, losses, params, state["func_evals"], state["n_iter"], set(state) - {"al"}, repr(optimizer)

    same(program, rtol=1e-4, atol=1e-6)


def test_a_closure_is_called_first() -> None:
    def program(t: Any) -> Any:
        params = parameters(t)
        optimizer = t.optim.SGD(params, lr=0.1)

        def closure() -> Any:
            optimizer.zero_grad()
            loss = (params[0] ** 2).sum()
            loss.backward()
            return loss

        with t.no_grad():
            loss = optimizer.step(closure)
        return [loss, params, optimizer.step()]

    same(program)


def test_zero_grad() -> None:
    def program(t: Any) -> Any:
        params = parameters(t)
        optimizer = t.optim.SGD(params)
        (params[0] * 2).sum().backward()
        optimizer.zero_grad(set_to_none=False)
        zeroed = params[0].grad
        optimizer.zero_grad()
        return [zeroed, params[0].grad]

    same(program)


def test_a_learning_rate_in_a_tensor() -> None:
    def program(t: Any) -> Any:
        params = parameters(t)
        optimizer = t.optim.SGD(params, lr=t.tensor(0.1))
        train(t, optimizer, params, 2)
        optimizer.param_groups[0]["lr"].fill_(0.01)
        train(t, optimizer, params, 2)
        return params

    same(program)


def test_an_optimizer_written_as_for_pytorch() -> None:
    def program(t: Any) -> Any:
        class Momentum(t.optim.Optimizer):  # type: ignore[misc, name-defined]
            def __init__(self, params: Any, lr: float) -> None:
                super().__init__(params, {"lr": lr})

            def step(self) -> None:
                for group in self.param_groups:
                    for p in group["params"]:
                        if p.grad is None:
                            continue
                        state = self.state[p]
                        if "v" not in state:
                            state["v"] = t.zeros_like(p)
                        state["v"].mul_(0.9).add_(p.grad.data)
                        p.data.add_(state["v"], alpha=-group["lr"])

        params = parameters(t)
        optimizer = Momentum(params, 0.05)
        train(t, optimizer, params, 3)
        again = Momentum(params, 1.0)
        again.load_state_dict(optimizer.state_dict())
        train(t, again, params, 3)
        return [params, saved(again)]

    same(program)


MISTAKES = [
    "SGD(p)", "SGD([])", "SGD(iter([]))", "SGD([p, p])", "SGD([{'params': [p]}, {'params': p}])", "SGD([3])",
    "SGD([p * 2])", "SGD([p], lr=-1)", "SGD([p], momentum=-1)", "SGD([p], weight_decay=-1)", "SGD([p], nesterov=True)",
    "SGD([p], nesterov=True, momentum=0.9, dampening=0.1)", "SGD([{'lr': 3}])", "SGD([{'params': {p}}])",
    "SGD(None)", "SGD([p], lr='0.1')", "SGD([p]).add_param_group([q])", "SGD([p]).add_param_group({'params': [p]})",
    "SGD([p]).load_state_dict({'state': {}, 'param_groups': []})",
    "SGD([p]).load_state_dict({'state': {}, 'param_groups': [{'params': [0, 1]}]})", "SGD([p]).load_state_dict({})",
    "Optimizer([q], {}).step()", "Adam([p], lr=-1)", "Adam([p], eps=-1)", "Adam([p], betas=(1, 0))",
    "Adam([p], betas=(0, 1))", "Adam([p], weight_decay=-1)", "AdamW([p], lr=-1)", "Adagrad([p], lr_decay=-1)",
    "Adagrad([p], initial_accumulator_value=-1)", "Adagrad([p], eps=-1)", "RMSprop([p], alpha=-1)",
    "RMSprop([p], momentum=-1)", "RMSprop([p], eps=-1)", "Adadelta([p], rho=3)", "Adadelta([p], eps=-1)",
    "SGD([p], momentun=0.9)", "LBFGS([p], lr=-1)", "LBFGS([p]).step()", "LBFGS([{'params': [p]}, {'params': [q]}])",
    "LBFGS([q], line_search_fn='armijo').step(lambda: q.sum())",
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_raise_the_same_class(mistake: str) -> None:
    def program(t: Any) -> Any:
        p, q = t.nn.Parameter(t.ones(2)), t.nn.Parameter(t.ones(3))
        q.grad = t.ones(3)
        eval(mistake, {**vars(t.optim), "p": p, "q": q})

    same(program)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_lesson_prints_the_same_losses(seed: int) -> None:
    def program(t: Any) -> Any:
        nn = t.nn
        model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Dropout(0.1), nn.Linear(16, 3))
        x, y = t.randn(32, 2), t.randint(0, 3, (32,))
        optimizer = t.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)
        losses = []
        for _ in range(20):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            losses.append(f"{loss.item():.4f}")
        return losses

    same(program, seed)
