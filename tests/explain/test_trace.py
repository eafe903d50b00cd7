"""The trace: it holds the whole gradient, it is plain data, and making it changes nothing."""

from __future__ import annotations

import gc
import json
import linecache
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import graph, nn
from cutaway.explain import source, trace
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
        if step["hooked"] is not None:
            gathered[step["node"]] = array(step["hooked"])
        for rule in step["rules"]:
            gave = array(rule["gave"])
            sent = gave.sum(axis=tuple(rule["summed_over"])).reshape(rule["sent"]["shape"])
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


def test_what_no_variable_holds_can_be_named() -> None:
    x = torch.ones(2, requires_grad=True)
    found = trace((x * torch.ones(2)).sum(), names={"x": torch.ones(2), "y": x})
    assert [node["name"] for node in found["nodes"]][:2] == ["x", None]
    held = [torch.ones(2)]
    found = trace((x * held[0]).sum(), names={"half": held.pop()})
    assert [node["name"] for node in found["nodes"]][:2] == ["x", "half"]


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


def test_calls_are_counted_in_the_order_in_which_they_ran() -> None:
    layer = nn.Linear(2, 2)
    made = [torch.ones(1, 2, requires_grad=True)]
    for i in (0, 1, 2, 1):  # what the first call gave is used by the second and, on the same line, by the fourth
        made.append(layer(made[i]))
    calls = [node["call"] for node in trace(torch.cat(made).sum())["nodes"] if node["op"] == "linear"]
    assert calls == [0, 1, 2, 3]


def test_tracing_changes_nothing() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = torch.randn(4, 2, requires_grad=True)
    hidden = net[:2](x)
    hidden.retain_grad()
    loss = net[2](hidden).square().mean()
    state = torch.get_rng_state()
    trace(loss)
    assert gc.isenabled()
    assert all(t.grad is None for t in (x, hidden, *net.parameters()))
    assert torch.equal(torch.get_rng_state(), state)
    loss.backward()
    assert hidden.grad is not None


def test_who_does_without_the_collector_goes_on_without_it() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    gc.disable()
    try:
        trace(x * x)
        assert not gc.isenabled()
    finally:
        gc.enable()


# --- what a pass does beside ------------------------------------------------------------------------------------------


def test_hooks_run_as_in_any_pass_and_what_they_change_is_told() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    h = w * 3
    h.retain_grad()
    handle = h.register_hook(lambda g: g.clamp(max=4.0))
    w.register_hook(lambda g: g + 1)
    loss = (h * h).sum()
    found = trace(loss)
    recomputed(found)
    assert h.grad is None and w.grad is None
    by_name = {found["nodes"][step["node"]]["name"]: step for step in found["steps"]}
    assert by_name["h"]["arrived"]["numbers"] == [6, 12] and by_name["h"]["hooked"]["numbers"] == [4, 4]
    assert by_name["w"]["arrived"]["numbers"] == [12, 12] and by_name["w"]["hooked"]["numbers"] == [13, 13]
    assert by_name["loss"]["hooked"] is None
    retained = {node["name"]: node["retained"] for node in found["nodes"] if node["name"]}
    assert retained == {"w": True, "h": True, "loss": False}
    loss.backward()
    assert h.grad is not None and h.grad.tolist() == [4, 4]
    assert w.grad is not None and w.grad.tolist() == [13, 13]
    handle.remove()


def test_random_numbers_that_a_hook_draws_are_drawn_again_by_backward() -> None:
    w = torch.ones(3, requires_grad=True)
    w.register_hook(lambda g: g * torch.rand(3))
    loss = (w * 2).sum()
    torch.manual_seed(0)
    gradient = trace(loss)["nodes"][0]["gradient"]["numbers"]
    loss.backward()
    assert w.grad is not None and w.grad.tolist() == gradient


def test_an_error_in_a_hook_leaves_nothing_behind() -> None:
    w = torch.ones(3, requires_grad=True)
    h = w * 2
    h.retain_grad()
    handle = w.register_hook(lambda g: 1 / 0)
    loss = h.sum()
    with pytest.raises(ZeroDivisionError):
        trace(loss)
    assert not graph.observers
    handle.remove()
    loss.backward()
    assert h.grad is not None and h.grad.tolist() == [1, 1, 1]


def test_other_threads_are_not_overheard() -> None:
    w = torch.ones(3, requires_grad=True)
    v = torch.ones(3, requires_grad=True)

    def other(g: Any) -> None:
        thread = threading.Thread(target=lambda: (v * 5).sum().backward())
        thread.start()
        thread.join()

    h = w * 2
    h.register_hook(other)
    found = trace(h.sum())
    assert v.grad is not None and v.grad.tolist() == [5, 5, 5]
    assert len(found["steps"]) == 3


def test_the_graph_can_be_walked_afterwards_and_second_derivatives_too() -> None:
    x = torch.tensor([0.5, 1.5], requires_grad=True)
    y = (x.tanh() * x).sum()
    trace(y)
    (g,) = torch.autograd.grad(y, x, create_graph=True)
    found = check(g.square().sum(), x)
    assert len([node for node in found["nodes"] if node["kind"] == "op"]) > 5
    g.sum().backward()
    assert x.grad is not None


# --- what is asked for ------------------------------------------------------------------------------------------------


def test_only_what_leads_to_one_tensor() -> None:
    w, b = torch.tensor(2.0, requires_grad=True), torch.tensor(1.0, requires_grad=True)
    h = w * 3
    loss = (h + b) * h
    found = trace(loss, of=b)
    assert [found["nodes"][step["node"]]["name"] for step in found["steps"]] == ["loss", None, "b"]
    gradients = {node["name"]: node["gradient"] for node in found["nodes"]}
    assert gradients["b"]["numbers"] == 6 and gradients["h"] is None
    middle = trace(loss, of=[h])
    assert [middle["nodes"][step["node"]]["name"] for step in middle["steps"]] == ["loss", None, "h"]
    assert middle["steps"][-1]["arrived"]["numbers"] == 13 and not middle["steps"][-1]["rules"]
    assert "w" not in {node["name"] for node in middle["nodes"]}


def test_a_gradient_to_start_with() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 3
    found = trace(y, torch.tensor([1.0, 10.0]))
    assert found["nodes"][0]["gradient"]["numbers"] == [3, 30]


def test_a_leaf_is_a_trace_of_one_step() -> None:
    x = torch.ones(1, requires_grad=True)
    found = trace(x)
    assert found["root"] == 0 and len(found["nodes"]) == len(found["steps"]) == 1
    assert found["nodes"][0]["gradient"]["numbers"] == [1]


# --- what is told -----------------------------------------------------------------------------------------------------


def rules_of(found: dict[str, Any], op: str) -> list[dict[str, Any]]:
    nodes = found["nodes"]
    return [rule for step in found["steps"] if nodes[step["node"]]["op"] == op for rule in step["rules"]]


def test_a_rule_shows_its_source_and_whose_values_it_holds() -> None:
    x, y = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([3.0, 4.0], requires_grad=True)
    z = (x * y).sum()
    found = trace(z)
    first, second = rules_of(found, "mul")
    assert (first["source"], second["source"]) == ("lambda g: g * y", "lambda g: g * x")
    assert first["captured"]["y"]["numbers"] == [3, 4]
    assert found["nodes"][first["captured"]["y"]["node"]]["name"] == "y"
    assert first["why"] is None and first["summed_over"] == []


def test_a_rule_of_several_lines_and_one_with_helpers() -> None:
    x = torch.tensor([[0.5, 2.0], [1.0, 3.0]], requires_grad=True)
    (clamp,) = rules_of(trace(x.clamp(min=1.0).sum()), "clamp")
    assert clamp["source"].startswith("def dx(g: Array) -> Array:\n    inside = True if min is None")
    assert clamp["captured"]["min"] == 1.0 and clamp["captured"]["max"] is None
    (mse,) = rules_of(trace(nn.functional.mse_loss(x, torch.zeros(2, 2))), "mse_loss")
    assert mse["captured"]["share"] == {"source": "lambda g: g / n", "captured": {"n": 4}}
    (row,) = rules_of(trace(x[1].sum()), "getitem")
    assert row["source"].startswith("def __call__(self, g: Array)") and row["captured"]["shape"] == [2, 2]


def test_broadcasting_says_why_it_sums() -> None:
    x, b = torch.ones(4, 3), torch.ones(3, requires_grad=True)
    found = check((x + b).sum(), b)
    (rule,) = rules_of(found, "add")
    assert rule["summed_over"] == [0] and rule["why"] == "(3,) was stretched to (4, 3)"
    assert rule["gave"]["shape"] == [4, 3] and rule["sent"]["shape"] == [3]


def test_a_value_used_twice_has_two_parts() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    found = check(x * x + x, x)
    (step,) = (step for step in found["steps"] if not step["rules"])
    assert [(part["input"], part["sent"]["numbers"]) for part in step["parts"]] == [(1, 1), (0, 2), (1, 2)]
    assert step["arrived"]["numbers"] == 5


def test_functions_and_ops_of_ones_own() -> None:
    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, factor: float, mode: str) -> Any:
            """factor · x"""
            ctx.save_for_backward(x)
            ctx.factor = factor
            return x * factor

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.factor, None, None

    @torch.differentiable
    def cube(x: Any) -> Any:
        """x³

        An op of my own."""
        return x**3, lambda g: g * 3 * x**2

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    found = check(cube(Scale.apply(x, 3.0, "fast")).sum(), x)
    (node,) = (node for node in found["nodes"] if node["op"] == "Scale")
    assert node["attributes"] == {"mode": "fast"} and node["grad_fn"] == "ScaleBackward"
    assert node["formula"] == "factor · x"
    assert [edge["argument"] for edge in found["edges"] if edge["to"] == node["id"]] == ["x", "factor"]
    (rule,) = rules_of(found, "Scale")
    assert rule["source"].startswith("@staticmethod\ndef backward") or rule["source"].startswith("def backward")
    assert rule["captured"]["factor"] == 3.0 and rule["captured"]["saved_tensors"][0]["numbers"] == [1, 2]
    (rule,) = rules_of(found, "cube")
    assert rule["source"] == "lambda g: g * 3 * x**2"
    (node,) = (node for node in found["nodes"] if node["op"] == "cube")
    assert node["formula"] == "x³" and node["remarks"] == "An op of my own."


def test_inputs_that_may_be_left_out_have_their_names() -> None:
    x = torch.randn(2, 4, 3, requires_grad=True)
    for layer in (nn.LayerNorm(3), nn.GroupNorm(2, 4), nn.BatchNorm1d(4), nn.LayerNorm(3, bias=False)):
        edges = trace(layer(x).sum())["edges"]
        expected = ["x", *(name for name, parameter in layer.named_parameters() if parameter is not None)]
        assert [edge["argument"] for edge in edges if edge["to"] == edges[0]["to"]] == expected
    linear = trace(F.linear(x, torch.ones(2, 3), torch.ones(2)).sum())
    assert [edge["argument"] for edge in linear["edges"]][:3] == ["x", "weight", "bias"]


def test_a_function_without_words_has_no_formula() -> None:
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    node = trace(Double.apply(torch.ones(1, requires_grad=True)))["nodes"][-1]
    assert node["op"] == "Double" and node["formula"] is None and node["remarks"] is None


def test_a_function_that_gives_none_has_no_rule() -> None:
    class Stop(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return x + y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g, None

    x, y = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    found = check(Stop.apply(x, y * 2).sum(), x)
    assert [rule["input"] for rule in rules_of(found, "Stop")] == [0]
    assert not rules_of(found, "mul")

    class Nothing(Stop):
        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return None, None

    found = trace(Nothing.apply(x[0], y[0]))
    assert found["nodes"][found["root"]]["gradient"]["numbers"] == 1 and found["nodes"][0]["gradient"] is None


def test_a_value_that_was_overwritten_is_not_shown_as_if_it_were_there() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    h = w * 3
    h += 1
    h[0] = 5.0
    found = check(h.sum(), w)
    assert [node["value"] and node["value"]["numbers"] for node in found["nodes"] if node["name"] == "h"] == [
        [3, 6], None, [5, 7],
    ]  # fmt: skip


def test_a_fused_op_has_its_twin() -> None:
    output, _ = nn.RNN(2, 3)(torch.randn(4, 1, 2))
    found = trace(output.sum())
    (node,) = (node for node in found["nodes"] if node["op"] == "rnn")
    assert node["twin"].startswith("def rnn_twin(") and "np.tanh(z)" in node["twin"]
    assert node["formula"] == "h[t] = tanh(x[t] Wᵀ + b + h[t-1] Uᵀ + b'), for all t"


def test_without_source_everything_else_is_there() -> None:
    names: dict[str, Any] = {"torch": torch}
    exec(
        "x = torch.tensor(2.0, requires_grad=True)\n"
        "cube = torch.differentiable(lambda x: (x**3, lambda g: g * 3 * x**2))\n"
        "y = cube(x)",
        names,
    )
    y = names["y"]
    found = trace(y)
    (rule,) = rules_of(found, "<lambda>")
    assert rule["source"] is None and rule["captured"]["x"]["numbers"] == 2
    assert found["nodes"][found["root"]]["line"] == {
        "file": "<string>", "number": 3, "function": "<module>", "code": None, "expression": None,
    }  # fmt: skip
    assert found["nodes"][0]["gradient"]["numbers"] == 12


def test_shared_memory_does_not_confuse_constants_and_leaves() -> None:
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    found = check((x * x.detach()).sum(), x)
    assert [node["kind"] for node in found["nodes"]] == ["input", "constant", "op", "op"]


def test_nothing_outlives_a_trace() -> None:
    gc.disable()
    try:
        x = torch.ones(3, requires_grad=True)
        loss = (x * 2).sum()
        node = weakref.ref(loss.grad_fn)
        found = trace(loss)
        del loss
        assert node() is None
        assert found["root"] == 3
    finally:
        gc.enable()


def test_a_pullback_may_be_any_callable() -> None:
    class Scale:
        def __init__(self, k: float) -> None:
            self.k = k

        def back(self, g: Any) -> Any:
            return g * self.k

    def recursive(x: Any) -> Any:
        def dx(g: Any, depth: int = 1) -> Any:
            return dx(g, 0) if depth else g

        return x * 1, dx

    x = torch.ones(2, requires_grad=True)
    scale = torch.differentiable(lambda x: (x * 3.0, Scale(3.0).back))
    found = check(torch.differentiable(recursive)(scale(x)).sum(), x)
    (rule,) = rules_of(found, "<lambda>")
    assert rule["source"].startswith("def back(self, g: Any)") and "self" in rule["captured"]
    (rule,) = rules_of(found, "recursive")
    assert rule["captured"] == {"dx": "…", "depth": 1}


def test_a_file_that_is_no_python_any_more() -> None:
    source = "import cutaway as torch\nx = torch.tensor(2.0, requires_grad=True)\ny = x * x\n"
    names: dict[str, Any] = {}
    exec(compile(source, "edited.py", "exec"), names)
    linecache.cache["edited.py"] = (9, None, ["what is\n", "this ?\n", "no python\n"], "edited.py")
    y = names["y"]
    line = trace(y)["nodes"][-1]["line"]
    assert line["code"] == "no python" and line["expression"] is None


def test_a_file_that_became_shorter() -> None:
    source = "import cutaway as torch\n\nx = torch.tensor(2.0, requires_grad=True)\n"
    op = "cube = torch.differentiable(lambda x: (x**3, lambda g: g * 3 * x**2))\ny = cube(x)\n"
    names: dict[str, Any] = {}
    exec(compile(source + op, "shorter.py", "exec"), names)
    linecache.cache["shorter.py"] = (9, None, ["import cutaway\n"], "shorter.py")
    found = trace(names["y"])
    (rule,) = rules_of(found, "<lambda>")
    line = found["nodes"][found["root"]]["line"]
    assert (line["number"], line["code"], line["expression"], rule["source"]) == (5, None, None, None)


def test_what_was_remembered_of_sources_may_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST", 0)
    x = torch.tensor(2.0, requires_grad=True)
    y = x * x + x
    assert [node["line"]["expression"] for node in trace(y)["nodes"] if node["line"]] == ["x * x", "x * x + x"]
    assert len(source._places) <= 1
    z = torch.differentiable(lambda x: (x * 1, lambda g: g))(x)
    assert [rule["source"] for rule in rules_of(trace(z), "<lambda>")] == ["lambda g: g"]
    assert len(source._texts) <= 1


# --- mistakes ---------------------------------------------------------------------------------------------------------


def freed() -> Any:
    x = torch.tensor(2.0, requires_grad=True)
    loss = x * x
    loss.backward()
    return trace(loss)


@pytest.mark.parametrize(
    ("mistake", "error", "words"),
    [
        (lambda: trace(3.0), TypeError, r"but got the number 3.0. Pass the loss itself, before \.item\(\)"),
        (lambda: trace(torch.ones(1)), RuntimeError, "there is nothing to differentiate"),
        (
            lambda: trace(torch.ones(3, requires_grad=True) * 2),
            RuntimeError,
            r"this tensor has shape \(3,\)\. Reduce it first, explain\.text\(y\.sum\(\)\)",
        ),
        (freed, RuntimeError, r"Explain first, explain\.text\(loss\), and then call loss\.backward\(\)"),
        (
            lambda: trace(torch.ones(1, requires_grad=True) * 2, of=torch.ones(2, requires_grad=True)),
            RuntimeError,
            r"the tensor to explain does not depend on the one given as of=, of shape \(2,\)",
        ),
        (lambda: trace(torch.ones(1, requires_grad=True) * 2, of="w"), TypeError, "but got str 'w'"),
        (
            lambda: trace(torch.ones(2, requires_grad=True) * 2, torch.ones(3)),
            RuntimeError,
            r"has shape \(3,\), the tensor has shape \(2,\)",
        ),
    ],
)
def test_mistakes_are_answered(mistake: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        mistake()
    assert not graph.observers
