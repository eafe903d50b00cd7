"""Drawings: what they show, and that names in them are only text."""

from __future__ import annotations

import json
import re
import time
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import cutaway as torch
from cutaway import explain, nn
from cutaway.explain.drawing.parts import MOST, Part, arrange_parts, parts_at, visible
from cutaway.explain.drawing.svg import plain_text
from cutaway.explain.numbers import number, statistics
from cutaway.explain.stepping.story import Story
from cutaway.tensors.base import apply

from ..ops.examples import EXAMPLES
from .examples import EVIL, gpt, hostile, many, odd, recurrent, scalars, xor

SVG = "{http://www.w3.org/2000/svg}"


def parsed(what: Any, **options: Any) -> ET.Element:
    return ET.fromstring(explain.draw(what, **options).svg())


def cards(svg: ET.Element, style: str = "") -> dict[str, list[str]]:
    """The text on each card of a style, by the nodes that it stands for."""
    found = {}
    for g in svg.iter(f"{SVG}g"):
        classes = g.get("class", "").split()
        if "node" in classes and (not style or style in classes):
            found[g.get("data-nodes", "")] = [text.text or "" for text in g.iter(f"{SVG}text")]
    return found


def titles(svg: ET.Element) -> list[str]:
    """The names of the open boxes."""
    found, last = [], None
    for element in svg.iter():
        if last is not None and (last.get("class") or "").startswith("label") and element.tag == f"{SVG}text":
            found.append(element.text or "")
        last = element
    return found


# -- what is drawn -------------------------------------------------------------------------------------------------


def test_what_only_names_a_node_is_no_attribute() -> None:
    output, _ = nn.LSTM(2, 3)(torch.randn(3, 2, 2))
    drawn = cards(parsed(explain.trace(output.sum())))
    assert not any("of=" in line for text in drawn.values() for line in text)


def test_each_value_and_each_gradient_stands_on_its_card() -> None:
    found = scalars()
    drawn = cards(parsed(found))
    assert len(drawn) == len(found["nodes"])
    for node in found["nodes"]:
        text = drawn[str(node["id"])]
        assert number(node["value"]["numbers"]) in text
        if node["gradient"]:
            assert number(node["gradient"]["numbers"]) in text[text.index("grad") :]
            assert text.index("value") < text.index("grad")
        else:
            assert "grad" not in text


@pytest.mark.parametrize(
    "x, text", [(1e-5, "1e-05"), (1.5e-6, "1.5e-06"), (2.3456789e-7, "2.3457e-07"), (1e9, "1e+09"), (1e-4, "0.0001")]
)
def test_a_number_has_no_more_digits_than_it_needs(x: float, text: str) -> None:
    assert number(x) == number(x, "float64") == text


def test_a_large_array_is_told_by_its_range_and_a_small_one_by_its_numbers() -> None:
    x = torch.tensor([1.0, -2.5], requires_grad=True)
    drawn = cards(parsed((x.reshape(2, 1) * torch.arange(4.0)).sum()))
    assert "[1, -2.5]" in drawn["0"] and "[6, 6]" in drawn["0"]
    assert any("-7.5 to 3" in text for text in drawn.values())


def test_what_is_not_finite_stands_out() -> None:
    x = torch.tensor([0.0, 1.0, 2.0, 3.0], requires_grad=True)
    svg = parsed(x.log().sum())
    alarms = [text.text for text in svg.iter(f"{SVG}text") if "alarm" in (text.get("class") or "").split()]
    assert "0 to 1.0986, 1 inf" in alarms and "nan or infinity" in "".join(svg.itertext())


def test_shapes_stand_beside_the_wires() -> None:
    svg = parsed(xor())
    notes = [text.text for text in svg.iter(f"{SVG}text") if text.get("class") == "note"]
    assert notes.count("(4, 4)") == 2 and {"(4, 2)", "(4, 1)", "(1,)"} <= set(notes)


def test_a_card_says_what_an_op_was_given_once_and_nothing_that_says_nothing() -> None:
    logits, a = torch.zeros(2, 3, requires_grad=True), torch.ones(2, 2, requires_grad=True)
    loss = nn.CrossEntropyLoss()(logits, torch.tensor([0, 2]))
    drawn = cards(ET.fromstring(explain.draw(loss).svg()))["1"]
    assert drawn[:3] == ["CrossEntropyLoss", "loss = cross_entropy(logits)", "target=[0, 2], scale=[0.5, 0.5], tota…"]
    x = a * 1
    x[:, 1] += 1
    x.t()[0] = 7
    drawn = cards(ET.fromstring(explain.draw(x.sum()).svg()))
    told = [part for text in drawn.values() for part in text]
    assert sum(" with x" in part for part in told) == 3 and not any("index=" in part for part in told)
    many, target = torch.zeros(20, 3, requires_grad=True), torch.zeros(20, dtype=torch.int64)
    assert "target=array of (20,)" in str(cards(parsed(nn.functional.nll_loss(many, target))))


def test_a_parameter_of_a_module_that_is_not_called_stands_where_it_is_used() -> None:
    attention, x = nn.MultiheadAttention(4, 2), torch.randn(3, 1, 4)
    whole = arrange_parts(explain.trace(attention(x, x, x, need_weights=False)[0].sum()))
    (box,) = (part for part in whole.parts if part.module)
    inside = {part.node["name"] for part in box.parts if part.node and part.node["kind"] == "parameter"}
    assert {"attention.out_proj.weight", "attention.in_proj_weight"} <= inside


def test_the_layers_of_a_stack_stand_in_one_column() -> None:
    svg = parsed(gpt(blocks=4), depth=3)
    wide = [rect for rect in svg.iter(f"{SVG}rect") if (rect.get("class") or "").split()[:1] == ["box"]]
    blocks = [rect for rect, title in zip(wide, titles(svg), strict=True) if title.isdigit()]
    middles = [float(rect.get("x", "")) + float(rect.get("width", "")) / 2 for rect in blocks]
    assert len(middles) == 4 and max(middles) - min(middles) < 1
    tops = [(float(rect.get("y", "")), float(rect.get("height", ""))) for rect in blocks]
    assert all(y + height + 30 < below for (y, height), (below, _) in pairwise(tops))  # room for the wires to turn


def test_kinds_are_marked_and_the_legend_tells_those_that_are_there() -> None:
    svg = parsed(xor())
    assert {text[0] for text in cards(svg, "parameter").values()} == {"weight", "bias"}
    assert {text[0] for text in cards(svg, "constant").values()} == {"inputs", "targets"}
    told = "".join(svg.itertext())
    assert "gradient, backward" in told and "input that requires grad" not in told
    assert "input that requires grad" in "".join(parsed(scalars()).itertext())
    assert len(cards(svg, "root")) == 1


def test_the_names_of_inputs_stand_where_their_wires_arrive() -> None:
    x, y = torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    drawn = cards(parsed(x - y))
    assert drawn["2"][:2] == ["x", "y"]


def test_names_of_inputs_too_close_together_are_left_out() -> None:
    @torch.differentiable
    def mix(first_operand: Any, second_operand: Any, third_operand: Any, fourth_operand: Any) -> Any:
        return first_operand + second_operand + third_operand + fourth_operand, *[lambda g: g] * 4

    a, b, c, d = [torch.tensor(1.0, requires_grad=True) for _ in range(4)]
    names = {"first_operand", "second_operand", "third_operand", "fourth_operand"}
    for y, shown in ((mix(a, b, c, d), names), (mix(a.exp(), b, c, d), set())):  # one comes straight from above
        assert {text.text for text in parsed(y).iter(f"{SVG}text")} & names == shown


def test_a_wire_too_long_to_follow_ends_in_a_tag() -> None:
    x = torch.tensor(0.5, requires_grad=True)
    y = x
    for _ in range(60):
        y = y.sin()
    svg = parsed(explain.trace(y * x))
    (tag,) = (g for g in svg.iter(f"{SVG}g") if g.get("class") == "tag")
    assert "".join(tag.itertext()) == "from x" and tag.get("data-nodes") == "0"


def test_a_value_that_was_overwritten_is_told_as_such() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x + 1
    z = y.sum()
    y.mul_(2)
    assert any("overwritten since" in text for text in cards(parsed(z)).values())


def test_no_path_of_the_machine_is_told() -> None:
    assert str(Path(__file__).parent) not in explain.draw(recurrent()).svg()


def test_attributes_are_told() -> None:
    x = torch.ones(2, 3, requires_grad=True)
    drawn = [" ".join(text) for text in cards(parsed(x.sum(dim=1).prod())).values()]
    assert any("axis=1" in text for text in drawn)


def test_a_trace_that_went_through_json_gives_the_same_drawing() -> None:
    found = recurrent()
    assert explain.draw(json.loads(json.dumps(found))).svg() == explain.draw(found).svg()


# -- modules -------------------------------------------------------------------------------------------------------


def parts_of(found: Any, depth: int | None = None) -> list[Part]:
    whole = parts_at(found, depth)
    return [part for part in visible(whole) if part is not whole]


def test_modules_are_boxes_in_boxes() -> None:
    assert titles(parsed(xor())) == ["model", "0", "2"]  # 1, the Tanh, is one op: its card bears its name
    assert any(text[:2] == ["1", "Tanh()"] for text in cards(parsed(xor())).values())


def test_what_lies_deeper_than_depth_is_folded() -> None:
    svg = parsed(xor(), depth=0)
    assert titles(svg) == []
    (text,) = cards(svg, "module").values()
    assert text[0] == "model" and "3 ops, 4 parameters of 17 numbers" in text
    svg = parsed(xor(), depth=1)
    assert titles(svg) == ["model"] and len(cards(svg, "module")) == 2


def test_a_closed_box_shows_what_comes_out_of_it() -> None:
    found = xor()
    (text,) = cards(parsed(found, depth=0), "module").values()
    out = next(node for node in found["nodes"] if node["module"] == "model.2")
    found = statistics(out["value"])
    assert f"{number(found['min'])} to {number(found['max'])}" in text


def test_each_call_is_a_box_and_shared_parameters_stand_beside_them() -> None:
    boxes = [part for part in parts_of(recurrent()) if part.module and part.module["path"] == "net.cell"]
    assert [part.call for part in boxes] == [0, 1, 2, None]
    assert [part.node["name"] for part in boxes[-1].parts if part.node] == [
        f"net.cell.{name}" for name in ("weight_ih", "bias_ih", "weight_hh", "bias_hh")
    ]
    text = explain.draw(recurrent()).svg()
    assert text.count("RNNCell, call 2 of 3") == 1


def test_the_same_op_of_each_call_stands_in_one_column() -> None:
    found = recurrent()
    where = {}
    for g in parsed(found).iter(f"{SVG}g"):
        if g.get("data-nodes") and len(g.get("data-nodes", "").split()) == 1:
            rect = g.find(f"{SVG}rect")
            assert rect is not None
            where[int(g.get("data-nodes", ""))] = float(rect.get("x", "")) + float(rect.get("width", "")) / 2
    steps = [node["id"] for node in found["nodes"] if node["module"] == "net.cell" and node["op"] == "tanh"]
    assert len(steps) == 3
    assert len({round(where[step]) for step in steps}) == 1


def test_a_parameter_of_one_layer_stands_in_its_box_and_data_outside_of_all() -> None:
    whole = arrange_parts(xor())
    around = {part.node["name"]: part.within for part in whole.walk() if part.node}
    inside = around["model.0.weight"]
    assert inside is not None and inside.module is not None and inside.module["path"] == "model.0"
    assert around["inputs"] is whole


def test_data_without_a_name_that_a_call_begins_with_stands_outside_and_what_is_made_in_it_inside() -> None:
    class Noisy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Sequential(nn.Linear(2, 2), nn.Tanh())

        def forward(self, x: Any) -> Any:
            return (self.layer(x) + torch.ones(2)) * 3 + self.layer(torch.zeros(1, 2))

    model = Noisy()
    whole = arrange_parts(explain.trace(model(torch.full((1, 2), 5.0)).sum()))
    around = {}
    for part in whole.walk():
        if part.node and part.node["kind"] == "constant":
            assert part.within is not None
            module = part.within.module
            around[str(part.node["value"]["numbers"])] = module and module["path"]
    assert around == {"[[5.0, 5.0]]": None, "[1.0, 1.0]": "model", "3": "model", "[[0.0, 0.0]]": "model"}


def test_one_parameter_used_elsewhere_stands_in_the_box_around_both_uses() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed = nn.Embedding(3, 2)

        def forward(self, x: Any) -> Any:
            return self.embed(x) @ self.embed.weight.T

    model = Tied()
    whole = arrange_parts(explain.trace(model(torch.tensor([1])).sum()))
    (weight,) = [part for part in whole.walk() if part.node and part.node["name"] == "model.embed.weight"]
    assert weight.within is not None and weight.within.module is not None
    assert weight.within.module["path"] == "model"


def test_a_closed_box_of_parameters_sends_all_of_them_through_one_wire() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 2)

        def forward(self, x: Any) -> Any:
            return self.layer(x) + nn.functional.linear(x, self.layer.weight, self.layer.bias)

    model = Twice()
    svg = parsed(explain.trace(model(torch.ones(1, 2)).sum()), depth=1)
    assert [text.text for text in svg.iter(f"{SVG}text")].count("weight, bias") == 2  # at the call and at F.linear


def test_deep_models_fold_by_themselves_until_they_can_be_read() -> None:
    found = gpt(blocks=6)
    assert len(found["nodes"]) > 200
    shown = [part for part in parts_of(found) if part.folded or part.node]
    assert 10 < len(shown) <= MOST
    assert {part.module["path"] for part in shown if part.folded and part.module} == {
        f"model.blocks.{i}" for i in range(6)
    }
    assert len([part for part in parts_of(found, depth=9) if part.node]) == len(found["nodes"])


def test_a_long_sequence_is_not_folded_into_one_card() -> None:
    shown = parts_of(recurrent(100))
    cells = [part for part in shown if part.module and part.module["path"] == "net.cell" and part.folded]
    assert len([cell for cell in cells if cell.call is not None]) == 100


def test_many_inputs_of_one_closed_box_are_one_card() -> None:
    svg = parsed(recurrent(12), depth=0)
    texts = list(cards(svg, "constant").values())
    assert ["13 constants", "inputs[0] … inputs[11]"] in [text[:2] for text in texts]
    (wire,) = (w for w in svg.iter(f"{SVG}path") if len((w.get("data-edges") or "").split()) == 13)
    assert "constant" in wire.get("class", "")


def test_more_leaves_than_a_row_holds_are_one_card_above_the_op_that_they_go_into() -> None:
    xs = [torch.tensor(float(i), requires_grad=True) for i in range(13)]
    total = torch.stack(xs).sum()
    svg = ET.fromstring(explain.draw(total).svg())
    assert [text[:2] for text in cards(svg, "input").values()] == [["13 inputs", "xs[0] … xs[12]"]]
    assert len(cards(parsed(torch.stack(xs[:12]).sum()), "input")) == 12


def test_a_leaf_without_a_name_is_called_on_its_card_as_the_ops_call_it() -> None:
    loss = (torch.ones(2, requires_grad=True) * torch.full((2,), 3.0) + 5).sum()
    svg = parsed(loss)
    assert "b = a · data" in [text[2] for text in cards(svg, "op").values()]
    assert [text[:2] for text in cards(svg, "input").values()] == [["a", "input"]]
    assert [text[:2] for text in cards(svg, "constant").values()] == [["data", "constant"], ["5", "scalar"]]


def test_every_node_shows_at_every_depth_once() -> None:
    found = gpt(blocks=2)
    for depth in range(6):
        held = [node["id"] for part in parts_of(found, depth) if part.folded or part.node for node in part.nodes()]
        assert sorted(held) == list(range(len(found["nodes"])))


def test_a_module_used_from_another_is_no_circle() -> None:
    class Shares(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2))
            self.b.add_module("again", self.a)

        def forward(self, x: Any) -> Any:
            return self.b(self.a(x)) + self.a(x)

    model = Shares()
    for depth in range(4):
        parsed(model(torch.ones(1, 2)).sum(), depth=depth)


def test_drawing_leaves_the_graph_and_grad_as_they_were() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    y = x * x
    explain.draw(y)
    assert x.grad is None
    y.backward()
    assert x.grad == 6


# -- any graph -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", [op for op in EXAMPLES], ids=lambda op: op.__name__)
def test_every_op_is_drawn_and_told(op: Any) -> None:
    example = EXAMPLES[op][0]
    leaves = [torch.tensor(x, requires_grad=True) for x in example.inputs]
    value = apply(op, *leaves, **example.attrs)
    found = explain.trace(value.sum())
    assert any(node["op"] == op.__name__.strip("_") for node in found["nodes"])
    assert len(cards(parsed(found))) == len(found["nodes"])
    json.dumps(Story(found).data(), allow_nan=False)


@pytest.mark.parametrize("found", odd(), ids=lambda f: f["nodes"][-1]["op"])
def test_odd_graphs_are_drawn_and_told(found: Any) -> None:
    for depth in (None, 0):
        parsed(found, depth=depth)
    json.dumps(Story(found).data(), allow_nan=False)


# -- text is only text ---------------------------------------------------------------------------------------------


def test_names_are_escaped() -> None:
    for depth in (0, 9):
        drawing = explain.draw(hostile(), depth=depth)
        svg = ET.fromstring(drawing.svg())
        assert {element.tag.removeprefix(SVG) for element in svg.iter()} <= {
            "svg", "title", "style", "g", "rect", "path", "text"
        }  # fmt: skip
        for element in svg.iter():
            assert not any(name.startswith("on") or "href" in name for name in element.attrib)
        assert "<img" not in drawing._repr_html_() and "<script" not in drawing._repr_html_()
    assert EVIL.replace(".", "")[:20] in "".join(svg.itertext())


def test_a_drawing_refers_to_nothing_outside() -> None:
    svg = explain.draw(gpt()).svg()
    assert re.findall(r"\w+://[^\"' ]*", svg.replace("http://www.w3.org/2000/svg", "")) == []
    assert "url(" not in svg and "@import" not in svg


def test_what_is_cut_on_a_card_is_told_in_full_by_its_tooltip() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 3, 2, 1))
    svg = parsed(torch.stack([model(torch.ones(1, 1, 5, 5)).sum() for _ in range(9)]).sum())
    assert any("windows=((3, 3), (2, 2), (1, 1), (1,…" in text for text in cards(svg).values())
    tips = " ".join("".join(title.itertext()) for title in svg.iter(f"{SVG}title"))
    assert "windows=((3, 3), (2, 2), (1, 1), (1, 1), (3, 3)), groups=1" in tips
    assert re.search(r"stack\((\w+, ){8}\w+, axis=0\)", tips)


def test_text_that_would_turn_what_follows_around_does_not() -> None:
    assert plain_text("\u202elive\u2066") == "\ufffdlive\ufffd"
    assert plain_text("שלום") == "שלום"


# -- size ----------------------------------------------------------------------------------------------------------


def test_a_chain_of_thousands() -> None:
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(3000):
        y = y.sin()
    assert len(cards(parsed(y))) == 3001


def test_time_for_500_nodes() -> None:
    found = many(500)
    start = time.process_time()
    svg = explain.draw(found).svg()
    seconds = time.process_time() - start
    assert len(found["nodes"]) > 500
    print(f"{len(found['nodes'])} nodes drawn in {seconds:.2f} s, {len(svg) // 1000} kB")
