"""The page that steps: what is in it. How it behaves, `browser/` tries."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import cutaway as torch
from cutaway import explain
from cutaway.explain.stepping.story import Story

from .examples import gpt, hostile, recurrent, scalars, xor

TRACES = [scalars, xor, recurrent, gpt, hostile]


class Page(HTMLParser):
    """The elements of a page, and the text of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in ("script", "style"):
            self.texts.append((self.inside, data))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def data(self) -> Any:
        return json.loads(next(text for tag, text in self.texts if tag == "script"))


@pytest.mark.parametrize("example", TRACES, ids=lambda f: f.__name__)
def test_every_number_of_the_trace_is_in_the_page(example: Any) -> None:
    found = example()
    data = Page(explain.step(found).html()).data()
    values = data["values"]
    for node, shown in zip(found["nodes"], data["nodes"], strict=True):
        for kind in ("value", "gradient"):
            if node[kind] is None:
                assert shown[kind] is None
            else:
                assert values[shown[kind]]["numbers"] == node[kind]["numbers"]
                assert values[shown[kind]]["shape"] == node[kind]["shape"]
    ops = [node["id"] for node in found["nodes"] if node["kind"] == "op"]
    frames = data["frames"]
    assert [frame["node"] for frame in frames] == [None, *ops, *(step["node"] for step in found["steps"])]
    for step, frame in zip(found["steps"], frames[1 + len(ops) :], strict=True):
        assert values[frame["arrived"]]["numbers"] == step["arrived"]["numbers"]
        for part, shown in zip(step["parts"], frame["parts"], strict=True):
            assert values[shown["value"]]["numbers"] == part["sent"]["numbers"]
        for rule, shown in zip(step["rules"], frame["rules"], strict=True):
            assert shown["source"] == rule["source"]
            assert values[shown["gave"]]["numbers"] == rule["gave"]["numbers"]
            assert values[shown["sent"]]["numbers"] == rule["sent"]["numbers"]


@pytest.mark.parametrize("example", TRACES, ids=lambda f: f.__name__)
def test_a_page_is_one_file_that_asks_for_nothing(example: Any) -> None:
    text = explain.step(example()).html()
    page = Page(text)
    for tag, attributes in page.elements:
        assert tag not in ("link", "img", "iframe", "object", "base", "form"), tag
        for name in attributes:
            assert name not in ("src", "href", "style", "srcdoc") and not name.startswith("on"), (tag, name)
    assert len(page.of("script")) == 2 and text.lower().count("</script") == 2
    assert re.findall(r"\w+://", text.replace("http://www.w3.org/2000/svg", "")) == []
    assert "@import" not in text and "url(" not in text


def test_only_the_script_and_the_style_of_the_page_may_be_used() -> None:
    page = Page(explain.step(xor()).html())
    (policy,) = (m["content"] or "" for m in page.of("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    used = [text for tag, text in page.texts if tag == "style"] + [page.texts[-1][1]]
    for text in used:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy


def test_names_are_only_text() -> None:
    text = explain.step(hostile()).html()
    assert "<img" not in text and "alert(1)</script" not in text
    assert any("<script>" in node["label"] for node in Page(text).data()["nodes"])


def test_the_script_reads_nothing_as_html() -> None:
    script = Page(explain.step(xor()).html()).texts[-1][1]
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function("):
        assert way not in script


# -- what is told --------------------------------------------------------------------------------------------------


def frames(found: Any) -> list[dict[str, Any]]:
    return Story(found).data()["frames"]


def test_numbers_are_put_into_the_op_and_into_its_rule() -> None:
    told = {frame["title"]: frame for frame in frames(scalars())}
    assert told["e = d + c"]["filled"] == "= -6 + 10 = 4"
    (rule, other) = told["∂L/∂d"]["rules"]
    assert rule["source"] == "lambda g: g * y"
    assert (rule["formula"], rule["filled"]) == ("∂L/∂a via d = ∂L/∂d · b", "= -2 · (-3) = 6")
    assert (other["formula"], other["filled"]) == ("∂L/∂b = ∂L/∂d · a", "= -2 · 2 = -4")


def test_what_a_rule_written_by_hand_amounts_to_is_told() -> None:
    logits = torch.zeros(2, 3, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 2]))
    (_, _, at_loss, at_logits) = frames(torch.explain.trace(loss))
    assert at_loss["remarks"] == "In the mean over N rows, scaleₙ is 1 / N."
    assert at_loss["rules"][0]["formula"] == (
        "∂loss/∂logits = ∂loss/∂loss · scale · (softmax(logits) - truth), for each row; truth is 1 for the target "
        "and 0 elsewhere"
    )
    assert at_loss["say"].endswith("It sends numbers from -0.3333 to 0.1667 to logits.")
    assert at_logits["say"].endswith(": numbers from -0.3333 to 0.1667. backward() stores it in logits.grad.")
    x = torch.tensor([0.5, 2.0], requires_grad=True)
    (_, _, at_product, _) = frames(torch.explain.trace(x.prod()))
    assert at_product["remarks"] is None
    (rule,) = at_product["rules"]
    assert rule["words"] == ["where product_of_others(…): For each element, the product of all others along the axis"]


def test_a_model_is_no_computation_to_step_through() -> None:
    with pytest.raises(TypeError, match="the gradients of a tensor, but got the layer Linear"):
        explain.step(torch.nn.Linear(2, 2))


def test_what_is_listed_reads_as_a_sentence() -> None:
    told = frames(xor())
    assert told[0]["say"].startswith("4 parameters and 2 constants. The →")
    (at_linear,) = (frame for frame in told if frame["title"] == "∂loss/∂model.2")
    said = r"It sends .* to model\.1, .* to model\.2\.weight and \[.*\] to model\.2\.bias\."
    assert re.search(said, at_linear["say"])


def test_many_inputs_are_counted_and_not_listed() -> None:
    xs = [torch.tensor(float(i), requires_grad=True) for i in range(7)]
    total = torch.stack(xs).sum()
    said = [frame["say"] for frame in frames(torch.explain.trace(total))]
    assert any(say.endswith("It sends a gradient to each of its 7 inputs.") for say in said)


def test_parts_add_up() -> None:
    told = {frame["title"]: frame for frame in frames(scalars())}
    at_a = told["∂L/∂a"]
    assert len(at_a["parts"]) == 2
    assert "the sum of 2 parts, because the value was used twice" in at_a["say"]


def test_what_was_stretched_is_told() -> None:
    b = torch.tensor([1.0, 2.0], requires_grad=True)
    s = torch.ones(3, 2) + b
    loss = s.sum()
    told = {frame["title"]: frame for frame in frames(torch.explain.trace(loss))}
    (rule,) = told["∂loss/∂s"]["rules"]
    assert rule["summed"] == "Summed over axis 0, because (2,) was stretched to (3, 2)."
    assert rule["gave"] != rule["sent"]


def test_time_steps_stand_side_by_side() -> None:
    found = recurrent()
    rows = Story(found).data()["rows"]
    assert all(len(row) == 3 for row in rows)
    assert [[found["nodes"][node]["call"] for node in row] for row in rows] == [[0, 1, 2]] * len(rows)
    assert all(len({found["nodes"][node]["op"] for node in row}) == 1 for row in rows)


def test_the_turns_of_a_loop_stand_side_by_side() -> None:
    w = torch.tensor(0.5, requires_grad=True)
    h = torch.tensor(1.0)
    for _ in range(4):
        h = torch.tanh(h * w)
    rows = Story(torch.explain.trace(h)).data()["rows"]
    assert sorted(map(len, rows)) == [4, 4]


def test_the_users_lines_are_listed_once_and_in_order() -> None:
    found = recurrent()
    (file,) = Story(found).data()["files"]
    numbers = [line["number"] for line in file["lines"]]
    assert numbers == sorted(set(numbers)) and file["name"] == "examples.py"
    loop = next(line for line in file["lines"] if line["code"] == "h = self.cell(x, h)")
    assert len(loop["nodes"]) > 3


def test_a_value_stands_in_the_page_once() -> None:
    values = [json.dumps(value) for value in Story(gpt()).data()["values"]]
    assert len(values) == len(set(values))


def test_the_depth_that_was_asked_for_is_open_at_first() -> None:
    for depth, name in ((0, "all folded"), (1, "1 level open"), (None, "2 levels open"), (9, "2 levels open")):
        html = explain.step(xor(), depth=depth).html()
        assert re.findall(r" selected>([^<]*)<", html) == [name]


@pytest.mark.parametrize("example", [recurrent, gpt], ids=lambda f: f.__name__)
def test_each_module_has_a_lid_and_a_button(example: Any) -> None:
    found = example()
    page = Page(explain.step(found).html())
    frames = [rect for rect in page.of("rect") if (rect.get("class") or "").split()[:1] == ["box"]]
    lids = [g for g in page.of("g") if "lid" in (g.get("class") or "").split()]
    buttons = [g for g in page.of("g") if g.get("class") == "fold"]
    assert len(frames) == len(lids) == len(buttons) > 4
    for lid, button in zip(lids, buttons, strict=True):
        assert lid["data-nodes"] and button["role"] == "button" and button["tabindex"] == "0"
        assert int(button["data-depth"] or 0) >= 1
    names = [button["aria-label"] for button in buttons]
    assert any("Linear(" in (name or "") for name in names)
    (svg,) = page.of("svg")
    assert svg["role"] == "group"  # not an image, whose parts nobody could reach


# -- showing and saving --------------------------------------------------------------------------------------------


def test_it_is_saved_and_shown() -> None:
    steps = explain.step(scalars())
    assert repr(steps) == 'Steps of 5 ops, forward and backward: steps.save("steps.html") writes a page for any browser'
    (frame,) = Page(steps._repr_html_()).of("iframe")
    assert frame["srcdoc"] == steps.html() and frame["sandbox"] == "allow-scripts"


def test_saving(tmp_path: Path) -> None:
    path = explain.step(scalars()).save(tmp_path / "steps.html")
    assert path.read_text(encoding="utf-8") == explain.step(scalars()).html()


def test_mistakes_are_told() -> None:
    with pytest.raises(TypeError, match="explain follows the gradients of a tensor"):
        explain.step([1.0])
    with pytest.raises(RuntimeError, match="nothing that this tensor was computed from requires grad"):
        explain.step(torch.tensor(1.0))
    with pytest.raises(ValueError, match="depth says how many levels"):
        explain.step(scalars(), depth="deep")  # type: ignore[arg-type]
