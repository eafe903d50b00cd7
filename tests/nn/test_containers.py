"""Containers as the lists and dicts that they look like."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest

import cutaway as torch
from cutaway import nn


def kinds(modules: Any) -> str:
    return " ".join(type(m).__name__ for m in modules)


def test_sequential_runs_its_layers_in_order() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    x = torch.ones(5, 2)
    assert net(x).tolist() == net[2](net[1](net[0](x))).tolist()
    assert nn.Sequential()(x) is x


def test_sequential_is_a_list() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    assert len(net) == 2 and net[-1] is net[1]
    assert kinds(net[1:]) == "Tanh" and isinstance(net[1:], nn.Sequential)
    net.append(nn.ReLU()).extend([nn.GELU(), nn.SiLU()]).insert(-1, nn.ELU()).insert(0, nn.Identity())
    assert kinds(net) == "Identity Linear Tanh ReLU GELU ELU SiLU"
    assert list(net.state_dict()) == ["1.weight", "1.bias"]
    assert kinds([net.pop(0)]) == "Identity"
    del net[1:3]
    net[0] = nn.Mish()
    del net[-1]
    assert kinds(net) == "Mish GELU ELU" and list(net._modules) == ["0", "1", "2"]
    net += nn.Sequential(nn.SELU())
    assert kinds(net + net) == "Mish GELU ELU SELU Mish GELU ELU SELU"
    net *= 2
    assert len(net) == 8 and net[0] is net[4] and len(list(net.modules())) == 5
    assert kinds(2 * net[:1]) == "Mish Mish"


def test_sequential_with_names() -> None:
    net = nn.Sequential(OrderedDict([("hidden", nn.Linear(2, 3)), ("bend", nn.Tanh())]))
    assert net.hidden is net[0] and list(net.state_dict()) == ["hidden.weight", "hidden.bias"]
    assert repr(net[1:]) == "Sequential(\n  (bend): Tanh()\n)"


def test_module_list() -> None:
    layers = nn.ModuleList(nn.Linear(1, i + 1) for i in range(3))
    layers.append(nn.ReLU()).extend([nn.Tanh()])
    layers.insert(1, nn.GELU())
    layers.insert(100, nn.SiLU())
    assert kinds(layers) == "Linear GELU Linear Linear ReLU Tanh SiLU"
    assert kinds(layers[1:3]) == "GELU Linear" and isinstance(layers[1:3], nn.ModuleList)
    assert kinds(layers + [nn.ELU()]) == kinds(layers) + " ELU"
    layers += [nn.ELU()]
    layers[0] = nn.Mish()
    del layers[1]
    assert kinds([layers.pop(-1)]) == "ELU" and len(layers) == 6
    assert kinds(layers) == "Mish Linear Linear ReLU Tanh SiLU"
    assert list(layers.state_dict()) == ["1.weight", "1.bias", "2.weight", "2.bias"]


def test_module_list_prints_equal_neighbours_once() -> None:
    layers = nn.ModuleList([nn.Sequential(nn.ReLU()) for _ in range(2)] + [nn.Tanh()])
    assert repr(layers) == ("ModuleList(\n  (0-1): 2 x Sequential(\n    (0): ReLU()\n  )\n  (2): Tanh()\n)")
    assert repr(nn.ModuleList()) == "ModuleList()"


def test_module_dict() -> None:
    parts = nn.ModuleDict({"a": nn.ReLU()})
    parts["b"] = nn.Tanh()
    parts.update([("c", nn.GELU())])
    parts.update(nn.ModuleDict({"d": nn.Linear(1, 1)}))
    assert list(parts) == list(parts.keys()) == ["a", "b", "c", "d"]
    assert "a" in parts and len(parts) == 4 and kinds(parts.values()) == "ReLU Tanh GELU Linear"
    assert kinds([parts.pop("a")]) == "ReLU" and [name for name, _ in parts.items()] == ["b", "c", "d"]
    del parts["b"]
    assert repr(parts).startswith("ModuleDict(\n  (c): GELU(approximate='none')\n")
    parts.clear()
    assert not parts and not list(parts.parameters())


def test_parameter_list() -> None:
    weights = nn.ParameterList([torch.zeros(2)])
    weights.append(torch.ones(3)).extend([nn.Parameter(torch.ones(1))])
    weights += [torch.ones(1, 2)]
    weights[0] = torch.ones(4)
    assert [tuple(p.shape) for p in weights] == [(4,), (3,), (1,), (1, 2)] and len(weights) == 4
    assert all(isinstance(p, nn.Parameter) for p in weights) and weights[-1].shape == (1, 2)
    assert list(weights.state_dict()) == ["0", "1", "2", "3"]
    assert len(weights[1:3]) == 2
    assert repr(nn.ParameterList([torch.zeros(2, 3), 5])) == (
        "ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2x3]\n    (1): Object of type: int\n)"
    )


def test_parameter_dict() -> None:
    weights = nn.ParameterDict({"b": torch.zeros(2), "a": torch.ones(1)})
    assert list(weights) == ["a", "b"]  # sorted, as PyTorch does with a plain dict
    weights["d"] = torch.zeros(3)
    weights.update([("c", torch.zeros(1))])
    weights.update(OrderedDict(z=torch.zeros(1), y=torch.zeros(1)))
    assert list(weights.keys()) == ["a", "b", "d", "c", "z", "y"] == list(weights.state_dict())
    assert "a" in weights and weights.get("q", 7) == 7 and weights.get("a") is weights["a"]
    assert weights.pop("a").tolist() == [1] and len(weights) == 5
    del weights["b"]
    assert [name for name, _ in weights.items()] == ["d", "c", "z", "y"]
    assert [tuple(v.shape) for v in weights.values()] == [(3,), (1,), (1,), (1,)]
    assert weights.popitem()[0] == "y" and weights.setdefault("y", torch.ones(1)).tolist() == [1]
    assert weights.setdefault("y") is weights["y"] and list(reversed(weights)) == ["y", "z", "c", "d"]
    twin = weights.copy()
    assert list(twin) == list(weights) and twin["c"] is weights["c"]
    both = twin | weights.fromkeys(["q", "c"], torch.zeros(1))
    assert list(both) == ["d", "c", "z", "y", "q"] and both["c"] is not twin["c"] and list(twin) == list(weights)
    weights.clear()
    assert not list(weights.parameters()) and repr(weights) == "ParameterDict()"


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: nn.Sequential(3), TypeError, "must be an nn.Module or None, and '0' is the number 3"),
    (lambda: nn.Sequential(nn.ReLU), TypeError, r"create an instance of it, ReLU\(\.\.\.\)"),
    (lambda: nn.Sequential(nn.ReLU())[1], IndexError, "index 1 is out of range: this Sequential holds 1 modules"),
    (lambda: nn.Sequential(nn.ReLU()).insert(3, nn.ReLU()), IndexError, "index 3"),
    (lambda: nn.Sequential(nn.ReLU()).insert(0, 3), TypeError, "holds modules, not the number 3"),
    (lambda: nn.Sequential() + 3, ValueError, "joined with another Sequential"),
    (lambda: nn.Sequential() * 1.5, TypeError, "an integer number of times"),
    (lambda: nn.Sequential() * 0, ValueError, "one time or more"),
    (lambda: nn.ModuleList([3]), TypeError, "'0' is the number 3"),
    (lambda: nn.ModuleList().insert(0, 3), TypeError, "holds modules, not the number 3"),
    (lambda: nn.ModuleList().extend(3), TypeError, r"ModuleList\.append adds one"),
    (lambda: nn.ModuleList()[0], IndexError, "holds 0 modules"),
    (lambda: nn.ModuleList()(1), NotImplementedError, r"a ModuleList was called, but it only holds modules"),
    (lambda: nn.ModuleDict({"a": 3}), TypeError, "'a' is the number 3"),
    (lambda: nn.ModuleDict({"keys": nn.ReLU()}), KeyError, "already has an attribute 'keys'"),
    (lambda: nn.ModuleDict()["a"], KeyError, "a"),
    (lambda: nn.ModuleDict(3), TypeError, r"pairs \(name, module\), not int"),
    (lambda: nn.ParameterList()[0], IndexError, "holds 0 entries"),
    (lambda: nn.ParameterList(torch.zeros(2)), TypeError, "an iterable of Tensors"),
    (lambda: nn.ParameterDict()["a"], KeyError, "a"),
    (lambda: nn.ParameterDict(3), TypeError, r"pairs \(name, value\), not int"),
]


@pytest.mark.parametrize("mistake, error, text", MISTAKES)
def test_mistakes(mistake: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        mistake()


def test_a_refused_insert_changes_nothing() -> None:
    layers = nn.ModuleList([nn.ReLU()])
    with pytest.raises(TypeError):
        layers.insert(0, 3)  # type: ignore[arg-type]
    assert kinds(layers) == "ReLU"
