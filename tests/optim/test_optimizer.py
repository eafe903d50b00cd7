"""What all optimizers share: groups, closures, saving, and an optimizer that is one method."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import events, nn
from cutaway.optim import SGD, Adam, Optimizer


class SignSGD(Optimizer):
    """A whole optimizer."""

    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        p -= group["lr"] * np.sign(g)


class Averaged(Optimizer):
    """One that remembers an array, a count and a number."""

    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        step = state.count()
        mean = state.zeros("mean", p)
        mean += (g - mean) / step
        state["last"] = float(g.sum())
        p -= group["lr"] * mean


def weight(*values: float, dtype: torch.dtype = torch.float32) -> nn.Parameter:
    return nn.Parameter(torch.tensor(values, dtype=dtype))


def bowl(*params: torch.Tensor) -> torch.Tensor:
    return sum(((p * p).sum() for p in params), torch.zeros(()))


def test_one_method_is_an_optimizer() -> None:
    w = weight(1.0, -2.0)
    optimizer = SignSGD([w], lr=0.5)
    bowl(w).backward()
    optimizer.step()
    assert w.tolist() == [0.5, -1.5]
    assert w.requires_grad and w.is_leaf


def test_state_is_made_kept_saved_and_loaded() -> None:
    w = weight(1.0, -2.0)
    optimizer = Averaged([w], {"lr": 0.1})
    for _ in range(2):
        optimizer.zero_grad()
        bowl(w).backward()
        optimizer.step()
    state = optimizer.state_dict()
    assert list(state["state"][0]) == ["step", "mean", "last"]
    assert state["state"][0]["step"].item() == 2
    assert isinstance(state["state"][0]["mean"], torch.Tensor) and isinstance(state["state"][0]["last"], float)
    assert state["param_groups"] == [{"params": [0], "lr": 0.1}]
    saved = pickle.loads(pickle.dumps(state))

    twin = nn.Parameter(w.detach().clone())
    again = Averaged([twin], lr=9.0)
    again.load_state_dict(saved)
    for model, o in [(w, optimizer), (twin, again)]:
        o.zero_grad()
        bowl(model).backward()
        o.step()
    assert twin.tolist() == w.tolist() and again.param_groups[0]["lr"] == 0.1
    assert saved["state"][0]["step"].item() == 2  # what was loaded is a copy


DEFAULTS = {
    "SGD": {"lr": 1e-3, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False, "maximize": False},
    "Adam": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False, "maximize": False},
    "AdamW": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2, "amsgrad": False},
    "Adagrad": {"lr": 1e-2, "lr_decay": 0, "weight_decay": 0, "initial_accumulator_value": 0, "eps": 1e-10},
    "RMSprop": {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0, "momentum": 0, "centered": False},
    "Adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0},
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_what_is_left_out_is_as_in_pytorch_and_all_of_it_is_saved(name: str) -> None:
    optimizer = getattr(torch.optim, name)([weight(1.0)])
    assert DEFAULTS[name].items() <= optimizer.defaults.items()
    assert optimizer.state_dict()["param_groups"] == [{**optimizer.defaults, "params": [0]}]


def test_the_ends_of_an_interval() -> None:
    Adam([W], betas=(0.0, 0.0))
    torch.optim.Adadelta([W], rho=0)
    torch.optim.Adadelta([W], rho=1)
    for wrong in (
        lambda: Adam([W], betas=(-0.5, 0.9)),
        lambda: Adam([W], betas=(0.9, 1.5)),
        lambda: torch.optim.Adadelta([W], rho=-0.5),
        lambda: SGD([W], momentum=0.9, dampening=-0.1, nesterov=True),
        lambda: SGD([W], momentum=0.9, dampening=0.1, nesterov=True),
    ):
        with pytest.raises(ValueError, match=r"Invalid|Nesterov"):
            wrong()


def test_a_momentum_of_nothing_is_not_remembered() -> None:
    for momentum, remembered in ((0, False), (0.5, True)):
        w = weight(1.0)
        w.grad = torch.ones(1)
        optimizer = torch.optim.RMSprop([w], momentum=momentum)
        optimizer.step()
        assert ("momentum_buffer" in optimizer.state[w]) is remembered


def test_a_group_of_many_parameters_is_loaded() -> None:
    optimizer = SGD([weight(1.0) for _ in range(300)], lr=0.5)
    again = SGD([weight(1.0) for _ in range(300)], lr=0.1)
    again.load_state_dict(optimizer.state_dict())
    assert again.param_groups[0]["lr"] == 0.5 and len(again.param_groups[0]["params"]) == 300


def test_hundreds_of_groups_and_of_named_parameters_are_loaded() -> None:
    def make(lr: float) -> SGD:
        return SGD([{"params": [("w", weight(1.0))]} for _ in range(300)], lr=lr)

    again = make(0.1)
    again.load_state_dict(make(0.5).state_dict())
    assert [group["lr"] for group in again.param_groups] == [0.5] * 300
    names = [str(i) for i in range(300)]
    assert SGD([(name, weight(1.0)) for name in names]).param_groups[0]["param_names"] == names


@pytest.mark.parametrize("n", [1, 3])
def test_a_state_of_another_shape(n: int) -> None:
    w = weight(1.0, 2.0)
    optimizer = SGD([w], momentum=0.9)
    state = {"momentum_buffer": torch.ones(n)}
    optimizer.load_state_dict({**optimizer.state_dict(), "state": {0: state}})
    w.grad = torch.ones(2)
    with pytest.raises(RuntimeError, match=rf"'momentum_buffer' of shape \({n},\) for a parameter of shape \(2,\)"):
        optimizer.step()


@pytest.mark.parametrize("name", ["mean", "velocity"])
def test_loading_converts_whatever_the_name(name: str) -> None:
    optimizer = Averaged([weight(1.0, dtype=torch.float64)])
    optimizer.load_state_dict({"state": {0: {name: torch.ones(1)}}, "param_groups": [{"params": [0]}]})
    [state] = optimizer.state.values()
    assert state[name].dtype == torch.float64


def test_loading_converts_to_the_parameters_dtype() -> None:
    w = weight(1.0)
    optimizer = Averaged([w], lr=0.1)
    w.grad = torch.ones(1)
    optimizer.step()
    double = Averaged([weight(1.0, dtype=torch.float64)], lr=0.1)
    double.load_state_dict(optimizer.state_dict())
    [state] = double.state.values()
    assert state["mean"].dtype == torch.float64 and state["step"].dtype == torch.float32


def test_state_is_a_mapping() -> None:
    seen: list[Any] = []

    class Looks(Optimizer):
        def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
            if "a" not in state:
                state["a"], state["b"] = np.ones(2), 3
            seen.append((len(state), sorted(state), state.get("c"), type(state["a"])))
            del state["b"]
            state["b"] = 4

    w = weight(1.0)
    w.grad = torch.ones(1)
    optimizer = Looks([w])
    optimizer.step()
    assert seen == [(2, ["a", "b"], None, np.ndarray)] and optimizer.state[w]["b"] == 4
    assert isinstance(optimizer.state[w]["a"], torch.Tensor)


def test_an_optimizer_written_as_for_pytorch() -> None:
    class Momentum(Optimizer):
        def __init__(self, params: Any, lr: float) -> None:
            super().__init__(params, {"lr": lr})

        def step(self, closure: Any = None) -> None:
            for group in self.param_groups:
                for p in group["params"]:
                    state = self.state[p]
                    if not state:
                        state["v"] = torch.zeros_like(p)
                    state["v"].mul_(0.9).add_(p.grad.data)
                    p.data.add_(state["v"], alpha=-group["lr"])

    w = weight(1.0, 2.0)
    optimizer = Momentum([w], 0.25)
    bowl(w).backward()
    optimizer.step()
    assert w.tolist() == [0.5, 1.0]
    again = Momentum([w], 1.0)
    again.load_state_dict(optimizer.state_dict())
    again.step()
    assert w.tolist() == pytest.approx([0.5 - 0.25 * 3.8, 1 - 0.25 * 7.6])


def test_parameters_without_a_gradient_are_passed_over() -> None:
    a, b = weight(1.0), weight(1.0)
    optimizer = SGD([b, a], lr=0.5, momentum=0.9)
    bowl(a).backward()
    optimizer.step()
    assert a.item() == 0 and b.item() == 1
    assert list(optimizer.state_dict()["state"]) == [1]


def test_gradients_are_not_changed() -> None:
    w = weight(1.0, 2.0)
    for optimizer in (SGD([w], lr=0.1, momentum=0.9, weight_decay=0.5, nesterov=True, maximize=True), Adam([w])):
        w.grad = torch.tensor([1.0, 2.0])
        for _ in range(3):
            optimizer.step()
        assert w.grad.tolist() == [1, 2]


def test_closure() -> None:
    w = weight(2.0)
    optimizer = SGD([w], lr=0.25)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = bowl(w)
        loss.backward()
        return loss

    with torch.no_grad():
        assert optimizer.step(closure).item() == 4
    assert w.item() == 1 and optimizer.step() is None


def test_listeners_are_told_what_an_optimizer_does() -> None:
    heard: list[Any] = []
    listeners: dict[str, Any] = {
        name: (lambda optimizer, name=name: heard.append((name, optimizer)))
        for name in ("optimizer", "idle_step", "step", "zero_grad")
    }
    for name, listener in listeners.items():
        events.listen(name, listener)
    try:
        w = weight(1.0)
        optimizer = SGD([weight(1.0), w])
        optimizer.step()  # no parameter has a gradient
        bowl(w).backward()
        optimizer.step()
        optimizer.zero_grad()
    finally:
        for name, listener in listeners.items():
            events.leave(name, listener)
    assert heard == [(name, optimizer) for name in listeners]


def test_zero_grad() -> None:
    w = weight(1.0)
    optimizer = SGD([w])
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is None
    bowl(w).backward()
    grad = w.grad
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is grad and grad is not None and grad.tolist() == [0]
    optimizer.zero_grad()
    assert w.grad is None


def test_groups_have_settings_of_their_own() -> None:
    a, b, c = weight(1.0), weight(1.0), weight(1.0)
    optimizer = SGD([{"params": [a], "lr": 0.5}, {"params": b}], lr=0.25)
    optimizer.add_param_group({"params": (p for p in [c]), "lr": 0.0, "mine": 1})
    bowl(a, b, c).backward()
    optimizer.step()
    assert [p.item() for p in (a, b, c)] == [0, 0.5, 1]
    assert [group["lr"] for group in optimizer.param_groups] == [0.5, 0.25, 0.0]
    assert [group["params"] for group in optimizer.state_dict()["param_groups"]] == [[0], [1], [2]]
    assert optimizer.defaults["lr"] == 0.25 and optimizer.param_groups[2]["mine"] == 1
    optimizer.param_groups[2]["lr"] = 0.5
    optimizer.step()
    assert c.item() == 0


def test_named_parameters() -> None:
    optimizer = SGD(nn.Linear(2, 1).named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert all(isinstance(p, nn.Parameter) for p in optimizer.param_groups[0]["params"])


def test_a_learning_rate_may_be_a_tensor_or_a_numpy_number() -> None:
    for lr in (torch.tensor(0.5), np.float64(0.5)):
        w = weight(1.0)
        optimizer = SGD([w], lr=lr, momentum=0.9)  # type: ignore[arg-type]
        bowl(w).backward()
        optimizer.step()
        assert w.item() == 0 and w.dtype == torch.float32
        assert optimizer.state[w]["momentum_buffer"].dtype == torch.float32


@pytest.mark.parametrize("how", [{"foreach": True}, {"fused": True}, {"foreach": False, "fused": False}])
def test_how_pytorch_computes_changes_nothing(how: dict[str, bool]) -> None:
    plain, other = weight(1.0), weight(1.0)
    for w, settings in ((plain, {}), (other, how)):
        w.grad = torch.tensor([0.3])
        Adam([w], **settings).step()  # type: ignore[arg-type]
    assert plain.equal(other)


def test_betas_may_be_tensors() -> None:
    w = weight(1.0)
    w.grad = torch.ones(1)
    Adam([w], lr=0.5, betas=(torch.tensor(0.5), torch.tensor([0.5]))).step()
    assert w.tolist() == pytest.approx([0.5])


def test_a_group_that_is_added_is_the_dict_that_was_given() -> None:
    optimizer, group = SGD([weight(1.0)], lr=0.1), {"params": weight(2.0)}
    optimizer.add_param_group(group)
    assert optimizer.param_groups[1] is group and group["lr"] == 0.1


def test_adagrad_has_its_state_from_the_beginning() -> None:
    optimizer = torch.optim.Adagrad([weight(1.0)], initial_accumulator_value=0.5)
    assert optimizer.state_dict()["state"] == {0: {"step": torch.tensor(0.0), "sum": torch.tensor([0.5])}}


def test_a_step_is_noticed_by_a_graph_that_needs_the_old_value() -> None:
    w = weight(1.0)
    loss = bowl(w)
    w.grad = torch.ones(1)
    SGD([w], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_views_of_a_parameter_see_the_step() -> None:
    w = weight(1.0)
    seen = w.detach()
    w.grad = torch.ones(1)
    SGD([w], lr=0.5).step()
    assert seen.item() == 0.5


def test_printing() -> None:
    optimizer = SGD([{"params": [weight(1.0)]}, {"params": [weight(1.0)], "lr": 5}], lr=0.1)
    group = (
        "    dampening: 0\n    differentiable: False\n    foreach: None\n    fused: None\n    lr: {}\n"
        "    maximize: False\n    momentum: 0\n    nesterov: False\n    weight_decay: 0\n"
    )
    assert repr(optimizer) == (f"SGD (\nParameter Group 0\n{group.format(0.1)}\nParameter Group 1\n{group.format(5)})")


def test_copying() -> None:
    w = weight(1.0)
    optimizer = SGD([w], lr=0.1, momentum=0.9)
    w.grad = torch.ones(1)
    optimizer.step()
    twin = copy.deepcopy(optimizer)
    [p] = twin.param_groups[0]["params"]
    assert p is not w and p.tolist() == w.tolist()
    assert twin.state[p]["momentum_buffer"].tolist() == [1]


W = weight(1.0)
MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: SGD(W), TypeError, r"but got one Tensor: put it into a list, \[w\]"),
    (lambda: SGD([{"params": {W}}]), TypeError, "have no order"),
    (lambda: SGD([]), ValueError, "has the model any, was this generator used before"),
    (lambda: SGD(nn.Linear(1, 1)), TypeError, r"but got Linear: write model\.parameters\(\)$"),  # type: ignore[arg-type]
    (lambda: SGD(nn.Linear(1, 1).parameters), TypeError, r"but got method: write model\.parameters\(\)$"),  # type: ignore[arg-type]
    (lambda: SGD(3), TypeError, "an iterable of Tensors or of dicts, but got int$"),  # type: ignore[arg-type]
    (lambda: SGD([W, {"params": [weight(1.0)]}]), TypeError, "trains Tensors, and one of the parameters is dict"),
    (lambda: SGD([{"params": [weight(1.0)]}, W]), TypeError, "a parameter group is a dict, .* not Parameter"),
    (lambda: SGD([3]), TypeError, "trains Tensors, and one of the parameters is the number 3"),
    (lambda: SGD([W * 2]), ValueError, r"can't optimize a non-leaf Tensor: one of shape \(1,\)"),
    (lambda: SGD([{"params": [W]}, {"params": [W]}]), ValueError, "more than one parameter group"),
    (lambda: SGD([{"lr": 3}]), KeyError, r"has only \['lr'\]"),
    (lambda: SGD([W]).add_param_group([W]), TypeError, "a parameter group is a dict"),  # type: ignore[arg-type]
    (lambda: SGD([W], lr=-1), ValueError, "Invalid learning rate: -1; it must be 0 or more"),
    (lambda: SGD([W], lr=float("nan")), ValueError, "Invalid learning rate: nan"),
    (lambda: SGD([W], lr="0.1"), TypeError, "the learning rate is a number, but got str '0.1'"),  # type: ignore[arg-type]
    (lambda: SGD([W], momentum=-1), ValueError, "Invalid momentum value: -1"),
    (lambda: SGD([W], weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
    (lambda: SGD([W], nesterov=True), ValueError, "Nesterov momentum requires a momentum and zero dampening"),
    (lambda: Adam([W], betas=(0.9, 1.0)), ValueError, r"Invalid beta parameter at index 1: 1\.0"),
    (lambda: Adam([W], betas=(0, 0.9)), ValueError, r"either both floats or both Tensors, but are \(0, 0\.9\)"),
    (lambda: Adam([W], betas=(torch.ones(2) / 2,) * 2), ValueError, r"Tensor betas\[0\] must be 1-element"),
    (lambda: Adam([W], lr=torch.tensor(0.1), foreach=True), ValueError, "not supported for foreach=True"),
    (lambda: SGD([W], lr=torch.ones(2)), ValueError, r"Tensor learning rate must be 1-element, but has shape \(2,\)"),
    (lambda: SGD([W], lr=torch.ones(0)), ValueError, r"Tensor learning rate must be 1-element, but has shape \(0,\)"),
    (lambda: Adam([W], betas=(torch.ones(0),) * 2), ValueError, r"betas\[0\] must be 1-element, but has shape \(0,\)"),
    (lambda: SGD([("w", W), weight(1.0)]), ValueError, "in this group some are pairs"),
    (lambda: SGD([{"params": [("w", W)]}, {"params": [weight(1.0)]}]), ValueError, "pass both model.parameters()"),
    (lambda: SGD([{"params": [weight(1.0)]}, {"params": [("w", W)]}]), ValueError, "pass both model.parameters()"),
    (lambda: SGD([W], fused=True, foreach=True), RuntimeError, "`fused` and `foreach` cannot be `True` together"),
    (lambda: Adam([W], capturable=True), NotImplementedError, r"Adam\(capturable=True\): a step is not recorded"),
    (lambda: Adam([W], eps=-1), ValueError, "Invalid epsilon value"),
    (lambda: torch.optim.Adadelta([W], rho=2), ValueError, "Invalid rho value: 2"),
    (
        lambda: SGD([W]).load_state_dict({"state": {}, "param_groups": []}),
        ValueError,
        "different number of parameter groups: 0, but this optimizer has 1",
    ),
    (
        lambda: SGD([W]).load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]}),
        ValueError,
        "group 0 has 2 parameters, but here 1",
    ),
    (
        lambda: SGD([W]).load_state_dict({"state": {}, "param_groups": [{"params": [0]}, {"params": [1]}]}),
        ValueError,
        "different number of parameter groups: 2, but this optimizer has 1",
    ),
    (
        lambda: SGD([W, weight(1.0)]).load_state_dict({"state": {}, "param_groups": [{"params": [0]}]}),
        ValueError,
        "group 0 has 1 parameters, but here 2",
    ),
    (lambda: SGD([W]).load_state_dict(nn.Linear(1, 1).state_dict()), KeyError, "the result of its state_dict.*weight"),
    (
        lambda: SGD([W]).load_state_dict(dict.fromkeys("abcdef")),
        KeyError,
        r"a dict with the keys \['a', 'b', 'c', 'd', 'e'\]",
    ),
    (lambda: SGD([W]).load_state_dict(3), KeyError, "takes the result of its state_dict"),  # type: ignore[arg-type]
    *[
        (lambda state=state: SGD([W]).load_state_dict(state), KeyError, "takes the result of its state_dict")
        for state in (
            {"state": {}, "param_groups": 3},
            {"state": [], "param_groups": [{"params": [0]}]},
            {"state": {}, "param_groups": [3]},
            {"state": {}, "param_groups": [{"params": 0}]},
            {"state": {0: 3}, "param_groups": [{"params": [0]}]},
            {"state": {1: {}}, "param_groups": [{"params": [0]}]},
        )
    ],
]


@pytest.mark.parametrize("mistake, error, text", MISTAKES)
def test_mistakes(mistake: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        mistake()


EXPANDED = torch.ones(1).expand(10**6)
GROUPS = [{"params": [0], "lr": 1.0}]


@pytest.mark.parametrize(
    "state",
    [
        {"state": {0: {"mean": EXPANDED}}, "param_groups": GROUPS},
        {"state": {0: {"means": [(EXPANDED,)]}}, "param_groups": GROUPS},
        {"state": {}, "param_groups": [{**GROUPS[0], "lr": EXPANDED}]},
    ],
)
def test_a_small_file_cannot_make_an_optimizer_large(state: Any) -> None:
    """A saved tensor may be an expanded one: a hundred bytes that look like 10¹² numbers, and loading copies."""
    optimizer = Averaged([weight(1.0)], lr=0.1)
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match=r"an expanded tensor of shape \(1000000,\), whose elements share memory"):
        optimizer.load_state_dict(state)
    assert optimizer.state_dict() == before


def test_an_optimizer_without_a_rule_says_what_to_define() -> None:
    w = weight(1.0)
    w.grad = torch.ones(1)
    with pytest.raises(NotImplementedError, match=r"define `def update\(self, p, g, state, group\)`"):
        Optimizer([w]).step()


def test_a_parameter_twice_in_one_group_warns() -> None:
    for give_twice in (lambda: SGD([W, W]), lambda: SGD([weight(1.0)]).add_param_group({"params": [W, W]})):
        with pytest.warns(UserWarning, match="appears twice in one parameter group") as caught:
            give_twice()
        assert caught[0].filename == __file__
