"""The trace: it holds the whole gradient, it is plain data, and making it changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from cutaway.explain import trace
from cutaway.tensors.base import apply
from tests.ops.example import Example
from tests.ops.examples import EXAMPLES

F = nn.functional
CASES = [pytest.param(op, e, id=f"{op.__name__}-{e.name}") for op, examples in EXAMPLES.items() for e in examples]


def array(value: dict[str, Any]) -> Any:
    """The array that a value of a trace stands for."""
    assert not value["cut"]
    return np.array(value["numbers"], value["dtype"]).reshape(value["shape"])


def recomputed(found: dict[str, Any]) -> dict[int, Any]:
    """The gradient of each node, from what a trace says of the steps, each checked on the way."""
    found = json.loads(json.dumps(found, allow_nan=False))
    start = found["nodes"][found["root"]]
    gathered = {found["root"]: array(start["gradient"])}
    for step in found["steps"]:
        g = array(step["arrived"])
        if step["node"] != found["root"]:
            np.testing.assert_array_equal(g, gathered[step["node"]])
            assert len(step["parts"]) >= 1
        for rule in step["rules"]:
            gave = array(rule["gave"])
            shape = array(found["nodes"][rule["to"]]["value"]).shape
            sent = gave.sum(axis=tuple(rule["summed_over"])).reshape(shape)
            np.testing.assert_array_equal(sent, array(rule["sent"]))
            gathered[rule["to"]] = gathered[rule["to"]] + sent if rule["to"] in gathered else sent
    return gathered


def check(loss: Any, *leaves: Any) -> dict[str, Any]:
    """The trace of a loss, after making sure that its steps add up to the gradients of plain backward, bit for bit."""
    found = trace(loss, limit=None)
    gradients = recomputed(found)
    expected = torch.autograd.grad(loss, leaves, retain_graph=True, materialize_grads=True)
    by_name = {node["name"]: node["id"] for node in found["nodes"]}
    for i, g in enumerate(expected):
        node = by_name.get(f"leaves[{i}]")
        if node is not None:
            np.testing.assert_array_equal(gradients[node], g.numpy())
            np.testing.assert_array_equal(array(found["nodes"][node]["gradient"]), g.numpy())
    return found


@pytest.mark.parametrize(("op", "example"), CASES)
def test_the_gradient_of_every_op_can_be_recomputed_from_the_trace_alone(
    op: Callable[..., Any], example: Example
) -> None:
    leaves = [torch.tensor(x, requires_grad=True) for x in example.inputs]
    value = apply(op, *leaves, **example.attrs)
    weights = torch.tensor(np.random.default_rng(0).standard_normal(value.shape))
    found = check((value * weights).sum(), *leaves)
    (node,) = [node for node in found["nodes"] if node["op"] == op.__name__ and node["id"] < found["root"] - 1]
    assert node["formula"]
    rules = [rule for step in found["steps"] if step["node"] == node["id"] for rule in step["rules"]]
    assert len(rules) == len(leaves)
    assert all("g" in rule["source"] for rule in rules)
    assert [e["argument"] for e in found["edges"] if e["to"] == node["id"]]


def test_a_step_of_an_lstm_can_be_recomputed_from_the_trace_alone() -> None:
    torch.manual_seed(0)
    cell = nn.LSTMCell(3, 4)
    x, h, c = torch.randn(2, 3), torch.randn(2, 4), torch.randn(2, 4)
    h, c = cell(x, (h, c))
    h, c = cell(x, (h, c))
    loss = (h * c).sum()
    found = trace(loss, limit=None)
    gradients = recomputed(found)
    loss.backward()
    for node in found["nodes"]:
        if node["kind"] == "parameter":
            owner, _, name = node["name"].rpartition(".")
            assert owner == "cell"
            np.testing.assert_array_equal(gradients[node["id"]], getattr(cell, name).grad.numpy())
    calls = {(node["module"], node["call"]) for node in found["nodes"] if node["op"] == "tanh"}
    assert calls == {("cell", 0), ("cell", 1)}


def test_each_call_says_within_which_other_it_ran() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(2, 2), nn.Tanh())

        def forward(self, x: Any) -> Any:
            return self.inner(self.inner(x))

    net = Twice()
    found = trace((net(torch.ones(1, 2)) + net(torch.ones(1, 2))).sum())
    within = {(call["module"], call["call"]): call["within"] for call in found["calls"]}
    assert within["net", 1] is None
    assert within["net.inner", 1] == ["net", 0] and within["net.inner", 2] == ["net", 1]
    assert within["net.inner.0", 3] == ["net.inner", 3]


def test_tracing_changes_nothing() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = torch.randn(4, 2, requires_grad=True)
    hidden = net[:2](x)
    hidden.retain_grad()
    loss = net[2](hidden).square().mean()
    state = torch.get_rng_state()
    trace(loss)
    assert all(t.grad is None for t in (x, hidden, *net.parameters()))
    assert torch.equal(torch.get_rng_state(), state)
    loss.backward()
    assert hidden.grad is not None
