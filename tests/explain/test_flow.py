"""explain.flow: what it measures, against the same measured by hand; what it says of nets that are ill."""

from __future__ import annotations

import math
import threading
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutaway as torch
import cutaway.nn.functional as F
from cutaway import checks, events, explain, nn, optim
from cutaway.explain.flowing import Flow, Layer, Step
from cutaway.explain.flowing.measures import norm
from cutaway.explain.flowing.plot import Plot
from cutaway.graph import observers


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    torch.manual_seed(0)


def net(activation: Callable[[], nn.Module], depth: int, init: Callable[[Any], Any] | None = None) -> nn.Sequential:
    layers: list[nn.Module] = []
    for _ in range(depth):
        layers += [nn.Linear(64, 64), activation()]
    for layer in layers:
        if init is not None and isinstance(layer, nn.Linear):
            init(layer.weight)
    return nn.Sequential(*layers, nn.Linear(64, 10))


def step(model: nn.Module, x: Any = None, y: Any = None, lr: float = 0.1) -> Flow:
    """One training step, watched."""
    x = torch.randn(64, 64) if x is None else x
    y = torch.randint(0, 10, (len(x),)) if y is None else y
    optimizer = optim.SGD(model.parameters(), lr=lr)
    with explain.flow(model) as flow:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return flow


def names(flow: Flow) -> list[str]:
    return [verdict.name for verdict in flow.verdicts]


# --- what is measured -----------------------------------------------------------------------------------------------


def test_values_and_gradients_are_those_of_the_layers_outputs() -> None:
    model = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 2))
    outputs: list[Any] = []
    for layer in model:
        layer.register_forward_hook(lambda module, args, out: outputs.append(out) or out.retain_grad())
    with explain.flow(model) as flow:
        F.mse_loss(model(torch.randn(6, 3)), torch.randn(6, 2)).backward()
    assert [layer.name for layer in flow.layers] == ["0: Linear", "1: ReLU", "2: Linear", "3: Tanh", "4: Linear"]
    for layer, out in zip(flow.layers, outputs, strict=True):
        [found] = layer.steps
        assert found.mean == pytest.approx(out.mean().item(), rel=1e-5, abs=1e-7)
        assert found.std == pytest.approx(out.std(unbiased=False).item(), rel=1e-5)
        assert found.grad_norm == pytest.approx(out.grad.norm().item(), rel=1e-5)
    assert flow.layers[1].steps[0].zeros == pytest.approx((outputs[1] == 0).float().mean().item())
    assert flow.layers[1].steps[0].dead == int((outputs[1] == 0).all(0).sum().item())
    assert flow.layers[3].steps[0].saturated == 0


def test_parameters_gradients_and_updates() -> None:
    model = nn.Linear(3, 2)
    before = model.weight.detach().clone()
    flow = step(model, torch.randn(5, 3), torch.randint(0, 2, (5,)), lr=0.5)
    weight, bias = flow.parameters
    assert (weight.name, weight.shape, bias.name) == ("weight", (2, 3), "bias")
    assert weight.norm == pytest.approx(before.norm().item(), rel=1e-5)
    assert weight.grad_norm == pytest.approx(model.weight.grad.norm().item(), rel=1e-5)
    assert weight.update == pytest.approx(0.5 * weight.grad_norm, rel=1e-4)
    assert weight.ratio == pytest.approx(weight.update / weight.norm)
    assert weight.used == 1


def test_the_forward_pass_may_have_run_before() -> None:
    model, x, y = net(nn.ReLU, 2), torch.randn(8, 64), torch.randint(0, 10, (8,))
    loss = F.cross_entropy(model(x), y)
    with explain.flow(model) as outside:
        loss.backward()
    with explain.flow(model) as inside:
        F.cross_entropy(model(x), y).backward()
    assert outside.layers == inside.layers
    assert [p.ratio for p in outside.parameters] == [None] * 6  # there was no step


def test_gradients_are_those_that_nobody_watched() -> None:
    model, x = nn.Sequential(nn.LSTM(3, 4, 2), nn.Identity()), torch.randn(5, 2, 3)
    grads = []
    for watched in (False, True):
        model.zero_grad()
        if watched:
            with explain.flow(model):
                model(x)[0].square().sum().backward()
        else:
            model(x)[0].square().sum().backward()
        grads.append([p.grad.tolist() for p in model.parameters()])
    assert grads[0] == grads[1]


def test_large_and_small_vectors_have_a_norm() -> None:
    assert norm(np.array([3e200, 4e200])) == pytest.approx(5e200)
    assert norm(np.array([3e-30, 4e-30], np.float32)) == pytest.approx(5e-30)
    assert (norm(np.zeros(3)), norm(np.zeros(0)), norm(np.array([np.inf, 1.0]))) == (0, 0, math.inf)
    assert math.isnan(norm(np.array([np.nan, 1.0])))


# --- time steps -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, cell", [(nn.RNN, nn.RNNCell), (nn.GRU, nn.GRUCell), (nn.LSTM, nn.LSTMCell)])
def test_the_gradient_at_each_time_step(kind: Any, cell: Any) -> None:
    layer, one = kind(3, 4), cell(3, 4)
    one.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    x, g = torch.randn(6, 2, 3), torch.randn(6, 2, 4)
    with explain.flow(layer) as flow:
        (layer(x)[0] * g).sum().backward()
    states, h = [], None
    for t in range(6):
        h = one(x[t], h)
        states.append(h[0] if kind is nn.LSTM else h)
        states[-1].retain_grad()
    (torch.stack(states) * g).sum().backward()
    [found] = flow.layers
    assert [step.grad_norm for step in found.steps] == pytest.approx([s.grad.norm().item() for s in states], rel=1e-4)
    assert [step.std for step in found.steps] == pytest.approx([s.std(unbiased=False).item() for s in states], rel=1e-4)


def test_layers_and_directions_of_a_recurrent_net_are_told_apart() -> None:
    model = nn.LSTM(3, 4, num_layers=2, bidirectional=True)
    with explain.flow(model) as flow:
        model(torch.randn(5, 2, 3))[0].sum().backward()
    assert [(layer.name, len(layer.steps)) for layer in flow.layers] == [
        ("weight_ih_l0", 5), ("weight_ih_l0_reverse", 5), ("weight_ih_l1", 5), ("weight_ih_l1_reverse", 5),
    ]  # fmt: skip


class Loop(nn.Module):
    """A recurrent net by hand, its activation too."""

    def __init__(self) -> None:
        super().__init__()
        self.i2h, self.h2h, self.out = nn.Linear(3, 8), nn.Linear(8, 8, bias=False), nn.Linear(8, 10)

    def forward(self, x: Any) -> Any:
        h = torch.zeros(x.shape[1], 8)
        for t in range(len(x)):
            h = torch.tanh(self.i2h(x[t]) + self.h2h(h))
        return self.out(h)


def test_a_module_called_at_each_step_has_a_step_for_each_call() -> None:
    flow = step(Loop(), torch.randn(40, 7, 3), torch.randint(0, 10, (7,)))
    found = [(layer.name, len(layer.steps)) for layer in flow.layers]
    assert found == [("i2h: Linear", 40), ("h2h: Linear", 40), ("i2h → tanh", 40), ("out: Linear", 1)]
    gradients = [s.grad_norm for s in flow.layers[2].steps]
    assert gradients[0] < gradients[20] < gradients[-1]
    assert names(flow) == ["vanishing gradients", "vanishing through time"][-len(names(flow)) :]


class Cells(nn.Module):
    """A cell with gates, called at each step."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell, self.out = cell(3, 8), nn.Linear(8, 10)

    def forward(self, x: Any) -> Any:
        h = None
        for t in range(len(x)):
            h = self.cell(x[t], h)
        return self.out(h[0] if isinstance(h, tuple) else h)


def test_the_gates_of_a_cell_are_told_apart() -> None:
    x, y = torch.randn(6, 7, 3), torch.randint(0, 10, (7,))
    model = Cells(nn.LSTMCell)
    flow = step(model, x, y)
    assert [(layer.name, len(layer.steps)) for layer in flow.layers] == [
        ("cell.weight_ih", 6), ("cell.weight_hh", 6), ("cell → sigmoid (1 of 3)", 6), ("cell → sigmoid (2 of 3)", 6),
        ("cell → sigmoid (3 of 3)", 6), ("cell → tanh (1 of 2)", 6), ("cell → tanh (2 of 2)", 6), ("out: Linear", 1),
    ]  # fmt: skip
    forget, *others = flow.layers[2:5]
    assert forget.steps[0].grad_norm == 0  # the cell is 0 before the first step, whatever is forgotten of it
    assert all(step.grad_norm > 0 for gate in others for step in gate.steps)
    assert names(flow) == []


def test_what_vanishes_in_a_cell_with_gates_is_not_helped_by_gates() -> None:
    found = step(Cells(nn.LSTMCell), torch.randn(40, 7, 3), torch.randint(0, 10, (7,))).verdicts
    [verdict] = [verdict for verdict in found if verdict.name == "vanishing through time"]
    assert verdict.measured.startswith("at cell.weight_")
    assert verdict.advice.startswith("a forget gate that begins open")


def test_a_recurrent_layer_called_twice_has_the_steps_of_both_calls() -> None:
    model = nn.RNN(3, 4)
    with explain.flow(model) as flow:
        h = model(torch.randn(5, 2, 3))[1]
        model(torch.randn(5, 2, 3), h)[0].sum().backward()
    assert [(layer.name, len(layer.steps)) for layer in flow.layers] == [("RNN", 10)]


# --- names ----------------------------------------------------------------------------------------------------------


def test_activations_in_a_forward_are_named_by_the_layer_before_them() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(64, 64) for _ in range(2)])
            self.w = nn.Parameter(torch.randn(64, 10))
            self.b = nn.Parameter(torch.zeros(10))

        def forward(self, x: Any) -> Any:
            for layer in self.layers:
                x = F.relu(layer(x))
            return torch.tanh(x @ self.w + self.b)

    assert [layer.name for layer in step(Net()).layers] == [
        "layers.0: Linear", "layers.0 → relu", "layers.1: Linear", "layers.1 → relu", "Net", "Net → tanh",
    ]  # fmt: skip


def test_a_frozen_layer_has_its_name_as_before() -> None:
    model = net(nn.ReLU, 2)
    expected = [layer.name for layer in step(model).layers]
    model[2].requires_grad_(False)
    model[4].requires_grad_(False)
    flow = step(model)
    assert [layer.name for layer in flow.layers] == expected
    assert [p.update is None for p in flow.parameters] == [False] * 2 + [True] * 4
    assert names(flow) == []


def test_attention_is_told_by_its_weights() -> None:
    model = nn.MultiheadAttention(8, 2)
    x = torch.randn(5, 3, 8)
    with explain.flow(model) as flow:
        model(x, x, x, need_weights=False)[0].sum().backward()
    found = [layer.name for layer in flow.layers]
    assert found == ["in_proj_weight", "MultiheadAttention → attention", "out_proj.weight"]


def test_units_of_a_convolution_are_its_channels() -> None:
    model = nn.Sequential(nn.Conv1d(1, 3, 2), nn.ReLU(inplace=True))
    with torch.no_grad():
        model[0].weight[:] = torch.tensor([[[1.0, 1.0]], [[-1.0, -1.0]], [[0.0, 0.0]]])
        model[0].bias[:] = torch.tensor([0.0, 0.0, -1.0])
    with explain.flow(model) as flow:
        model(torch.ones(2, 1, 5)).sum().backward()
    relu = flow.layers[1].steps[0]
    assert (relu.dead, relu.units, relu.zeros) == (2, 3, pytest.approx(2 / 3))


# --- verdicts -------------------------------------------------------------------------------------------------------


def test_a_healthy_net() -> None:
    flow = step(net(nn.Tanh, 3, nn.init.xavier_uniform_))
    assert names(flow) == []
    assert repr(flow).endswith("all is well: nothing vanishes, explodes, is dead or saturated")
    assert names(step(net(nn.ReLU, 3))) == []


def test_vanishing_gradients() -> None:
    flow = step(net(nn.Sigmoid, 10))
    [verdict] = flow.verdicts
    assert verdict.name == "vanishing gradients"
    assert verdict.measured.startswith("the gradient norm is 0.1")
    assert "at 20: Linear, and" in verdict.measured
    assert verdict.measured.endswith("at 0: Linear")
    assert "ReLU or tanh for the 10 sigmoids" in verdict.advice
    assert f"vanishing gradients: {verdict.measured}\n    try: {verdict.advice}" in repr(flow)


def test_exploding_gradients() -> None:
    assert "exploding gradients" in names(step(net(nn.ReLU, 10, lambda w: nn.init.normal_(w, std=1.0)), lr=1e-30))


def test_dead_units_and_no_gradient() -> None:
    model = net(nn.ReLU, 3)
    with torch.no_grad():
        model[2].bias -= 5
    flow = step(model)
    assert names(flow) == ["no gradient", "dead units"]
    assert flow.verdicts[0].measured.startswith("none arrives at 2: Linear, while its norm is")
    assert flow.verdicts[1].measured == "64 of 64 units of 3: ReLU are 0 for every sample: they learn nothing"


def test_one_sample_does_not_tell_which_units_are_dead() -> None:
    for _ in range(5):
        flow = step(net(nn.ReLU, 3), torch.randn(1, 64))
        assert names(flow) == [] and all(layer.steps[0].dead is None for layer in flow.layers)


def test_saturation_but_not_at_the_output() -> None:
    flow = step(net(nn.Tanh, 3, lambda w: nn.init.normal_(w, std=1.0)))
    assert names(flow) == ["saturation"]
    assert "(likewise " in flow.verdicts[0].measured
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1), nn.Sigmoid())
    with explain.flow(model) as flow:
        p = model(torch.full((4, 2), 100.0))
        F.binary_cross_entropy(p, p.round()).backward()
    assert flow.layers[2].steps[0].saturated == 1
    assert names(flow) == []


class Last(nn.Module):
    """A recurrent net that answers at the end."""

    def __init__(self, scale: float, **settings: Any) -> None:
        super().__init__()
        self.rnn, self.out = nn.RNN(8, 32, batch_first=True, **settings), nn.Linear(32, 10)
        nn.init.orthogonal_(self.rnn.weight_hh_l0)
        with torch.no_grad():
            self.rnn.weight_hh_l0 *= scale

    def forward(self, x: Any) -> Any:
        return self.out(self.rnn(x)[0][:, -1])


def test_through_time() -> None:
    x, y = torch.randn(16, 40, 8), torch.randint(0, 10, (16,))
    assert names(step(Last(0.5), x, y)) == ["vanishing through time"]
    assert names(step(Last(1.1), x, y, lr=0.01)) == []
    found = names(step(Last(2.2, nonlinearity="relu"), x, y))
    assert found == ["exploding gradients", "exploding through time", "large updates"]
    [verdict] = step(Last(0.5), x, y).verdicts
    assert "at rnn: RNN the gradient norm is" in verdict.measured
    assert " at step 40" in verdict.measured
    assert verdict.advice.startswith("nn.LSTM or nn.GRU")


def test_updates_that_are_too_large_or_too_small() -> None:
    assert names(step(net(nn.Tanh, 2, nn.init.xavier_uniform_), lr=50.0)) == ["large updates"]
    assert names(step(net(nn.Tanh, 2, nn.init.xavier_uniform_), lr=1e-6)) == ["small updates"]


def test_updates_too_small_for_the_digits_of_the_weights() -> None:
    flow = step(net(nn.Tanh, 2, nn.init.xavier_uniform_), lr=1e-12)
    assert flow.parameters[0].update == flow.parameters[0].ratio == 0
    [verdict] = flow.verdicts
    assert verdict.name == "small updates" and verdict.measured.startswith("no weight has changed")


def test_without_a_step_there_is_no_update() -> None:
    model, other = nn.Linear(64, 10), nn.Linear(2, 2)
    with explain.flow(model) as flow:
        model(torch.randn(3, 64)).sum().backward()
        other(torch.ones(1, 2)).sum().backward()
        optim.SGD(other.parameters(), lr=0.1).step()
    assert [p.update for p in flow.parameters] == [None, None] and names(flow) == []


@pytest.mark.parametrize(
    "rule", [lambda p: optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.01), lambda p: optim.Adam(p, 0.01)]
)
def test_updates_in_a_loop_are_those_worked_out_by_hand(rule: Any) -> None:
    model = net(nn.Tanh, 1)
    optimizer, x, y = rule(model.parameters()), torch.randn(64, 64), torch.randint(0, 10, (64,))
    for _ in range(4):
        before = [p.detach().clone() for p in model.parameters()]
        with explain.flow(model) as flow:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            gradients = [p.grad.norm().item() for p in model.parameters()]
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            optimizer.step()
        ratios = [((p - b).norm() / b.norm()).item() for p, b in zip(model.parameters(), before)]
        assert [p.ratio for p in flow.parameters] == pytest.approx(ratios, rel=1e-4)
        assert [p.grad_norm for p in flow.parameters] == pytest.approx(gradients, rel=1e-5)


def test_numbers_that_are_not_finite() -> None:
    model = net(nn.Tanh, 1)
    with torch.no_grad():
        model[0].weight[0, 0] = torch.nan
    with checks.off("loss_not_finite"):
        flow = step(model)
    assert names(flow)[0] == "not finite"
    assert "0: Linear has values or gradients that are inf or nan" in repr(flow)
    ET.fromstring(flow.plot().svg())


# --- as a block -----------------------------------------------------------------------------------------------------


def test_the_last_pass_through_the_model_counts() -> None:
    generator, critic = nn.Linear(2, 3), nn.Linear(3, 1)
    with explain.flow(generator) as flow:
        critic(generator(torch.randn(4, 2))).mean().backward()
        critic(generator(torch.randn(9, 2))).mean().backward()
        critic(torch.randn(4, 3)).mean().backward()  # it does not reach the generator
    [layer] = flow.layers
    assert (layer.name, layer.width, len(layer.steps)) == ("Linear", 27, 1)
    assert [p.name for p in flow.parameters] == ["weight", "bias"]


def test_a_flow_can_be_used_again_and_an_empty_batch_is_passed_over() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    flow = explain.flow(model)
    for n, layers in ((3, 2), (0, 0), (4, 2)):
        with flow:
            model(torch.ones(n, 2)).sum().backward()
        assert len(flow.layers) == layers
        assert len(flow.parameters) == 2


def test_a_parameter_that_the_last_pass_did_not_reach_has_no_gradient() -> None:
    model = nn.ModuleDict({"a": nn.Linear(2, 2, bias=False), "b": nn.Linear(2, 2, bias=False)})
    with explain.flow(model) as flow:
        model["b"](torch.ones(1, 2)).sum().backward()
        model.zero_grad()
        model["a"](torch.ones(1, 2)).sum().backward()
    assert [(p.name, p.grad_norm, p.used) for p in flow.parameters] == [("a.weight", 2, 1), ("b.weight", None, None)]


def test_a_layer_whose_input_was_overwritten_since_is_left_out() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2).requires_grad_(False))
    with explain.flow(model) as flow:
        h = model[0](torch.ones(1, 2))
        y = model[1](h)
        h.zero_()  # the gradient of h needs only the weight; what y was made of is gone
        y.sum().backward()
    assert [layer.name for layer in flow.layers] == ["0: Linear"]


def test_nothing_flowed() -> None:
    model = nn.Linear(2, 2)
    with explain.flow(model) as flow:
        model(torch.zeros(1, 2))
    assert repr(flow) == (
        "no gradient flowed through Linear: call backward() inside the block, on a loss that Linear led to"
    )
    ET.fromstring(flow.plot().svg())


def test_a_block_leaves_nothing_behind_and_watches_its_own_thread() -> None:
    listening = len(events.backward), len(events.received), len(events.step)
    model = nn.Linear(2, 2)

    def elsewhere() -> None:
        model(torch.ones(1, 2)).sum().backward()
        optim.SGD(model.parameters(), lr=0.1).step()

    with pytest.raises(KeyError), explain.flow(model) as flow:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        raise KeyError
    assert (flow.layers, flow.parameters) == ([], [])
    assert not observers
    assert (len(events.backward), len(events.received), len(events.step)) == listening


def test_it_wants_a_model() -> None:
    with pytest.raises(TypeError, match=r"flow\(\) watches a model, an nn\.Module, but got a tensor"):
        explain.flow(torch.zeros(2))  # type: ignore[arg-type]


# --- as text and as a picture ---------------------------------------------------------------------------------------


def test_the_table() -> None:
    model = nn.Sequential(nn.Linear(1, 2, bias=False), nn.ReLU())
    with torch.no_grad():
        model[0].weight[:] = torch.tensor([[1.0], [-1.0]])
    with explain.flow(model) as flow:
        model(torch.tensor([[3.0], [1.0]])).sum().backward()
        model[0].weight.data *= 1.001
    assert repr(flow) == TABLE.strip("\n")


TABLE = """
layer      mean   std  grad norm
─────────────────────────────────────────────────────────────
0: Linear     0  2.24       1.41
1: ReLU       1  1.22          2  50% zero, 1 of 2 units dead

parameter  norm  grad norm   update  update/norm
────────────────────────────────────────────────
0.weight   1.41          4  0.00141        0.001

all is well: nothing vanishes, explodes, is dead or saturated
"""


def test_many_steps_are_shown_by_a_few() -> None:
    flow = step(Last(1.0), torch.randn(4, 40, 8), torch.randint(0, 10, (4,)))
    shown = [line.split()[1] for line in repr(flow).splitlines() if line.startswith("  step")]
    assert shown == ["1", "9", "17", "24", "32", "40"]


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_plot_is_a_picture_that_can_be_saved(tmp_path: Path, theme: str) -> None:
    flow = step(Last(0.5), torch.randn(4, 12, 8), torch.randint(0, 10, (4,)))
    path = flow.plot().save(tmp_path / "flow.svg", theme)
    root = ET.parse(path).getroot()
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"rnn: RNN", "out: Linear", "rnn.weight_hh_l0", "step 1", "step 12"} <= set(texts)
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 2
    assert flow.plot()._repr_svg_().startswith("<svg")
    assert repr(flow.plot()) == 'Plot of Last: plot.save("flow.svg") writes it to a file'
    width = float(root.attrib["width"])
    for bar in root.iter("{http://www.w3.org/2000/svg}rect"):
        assert 0 <= float(bar.attrib.get("x", 0)) <= float(bar.attrib.get("x", 0)) + float(bar.attrib["width"]) <= width


def test_names_are_text() -> None:
    model = nn.Sequential()
    model.add_module("<script>", nn.Linear(2, 2))
    with explain.flow(model) as flow:
        model(torch.ones(1, 2)).sum().backward()
    assert "<script>" in repr(flow)
    assert "<script>" not in flow._repr_html_()
    assert "<script>" not in flow.plot().svg()


def test_all_numbers_may_be_zero() -> None:
    ET.fromstring(Plot("x", [Layer("a", "linear", 1, [Step(0.0, 0.0, 0.0)])], []).svg())
