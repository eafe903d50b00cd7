"""The page that steps, in a browser: its keys, its numbers, its words."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

import cutaway as torch
from cutaway import explain

from ..examples import gpt, recurrent, scalars, xor
from .conftest import Reader

LESSONS = [xor, recurrent, gpt]


def numbers(value: dict[str, Any]) -> list[Any]:
    """The numbers of a value of a trace, in order, as they are shown."""
    flat, todo = [], [value["numbers"]]
    while todo:
        part = todo.pop()
        if isinstance(part, list):
            todo.extend(reversed(part))
        else:
            flat.append(str(part) if isinstance(part, str | bool) else float(f"{part:.4g}"))
    return flat


WORDS = ("nan", "inf", "-inf", "True", "False")


def shown(reader: Reader, figure: str) -> list[Any]:
    """The numbers of the heatmaps in a part of the page, in order."""
    texts = reader.texts(f"{figure} .grid:not(.times) td:not(.gap), {figure} .number")
    return [text if text in WORDS else float(text) for text in texts]


def open_all(reader: Reader) -> None:
    """Unfold the large arrays."""
    reader.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    reader.run("document.querySelectorAll('details').forEach((d) => d.dispatchEvent(new Event('toggle')))")


# -- stepping ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda f: f.__name__)
def test_a_lesson_opens_steps_and_shows_the_numbers_of_its_trace(lesson: Any, reader: Reader) -> None:
    found = lesson()
    reader.open(found)
    assert reader.text("#place") == "Start"
    ops = [node for node in found["nodes"] if node["kind"] == "op"]
    for i, node in enumerate(ops):
        reader.press("ArrowRight")
        assert reader.text("#place") == f"Forward {i + 1} of {len(ops)}"
        open_all(reader)
        heading = reader.run(
            "const h = [...document.querySelectorAll('h3')].find((e) => e.textContent === 'Comes out');"
            "h.nextElementSibling.id = 'result';"
        )
        assert heading is None and shown(reader, "#result") == numbers(node["value"])
    for i, step in enumerate(found["steps"]):
        reader.press("ArrowRight")
        assert reader.text("#place") == f"Backward {i + 1} of {len(found['steps'])}"
        open_all(reader)
        every = shown(reader, "#story")
        for value in (step["arrived"], *(rule["sent"] for rule in step["rules"])):
            wanted = numbers(value)
            assert any(every[j : j + len(wanted)] == wanted for j in range(len(every))), (step["node"], wanted)
        sources = reader.texts("#story .rule > code")
        assert sources == [rule["source"] or "The rule has no source to read." for rule in step["rules"]]


def test_numbers_are_written_as_python_writes_them(reader: Reader) -> None:
    reader.open(scalars())
    for x, text in {
        0.1: "0.1", -2.0: "-2", 1 / 3: "0.3333", 12345.678: "12350", 1e-4: "0.0001", 9.99996e-5: "0.0001",
        1.23456e-6: "1.235e-06", -7.5e-10: "-7.5e-10", 5e-101: "5e-101", 99999999.5: "1e+08", 1234567890.5: "1.235e+09",
    }.items():  # fmt: skip
        assert reader.run("return spelled(arguments[0])", x) == text


def test_the_keys(reader: Reader) -> None:
    reader.open(xor())
    places = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowRight", "ArrowLeft", "Home", "ArrowLeft"):
        reader.press(key)
        places.append(reader.text("#place"))
    assert places == [
        "Forward 1 of 4", "Forward 2 of 4", "Forward 1 of 4", "Backward 8 of 8", "Backward 8 of 8", "Backward 7 of 8",
        "Start", "Start",
    ]  # fmt: skip


def test_the_keys_work_wherever_the_focus_is_but_in_a_list_of_choices(reader: Reader) -> None:
    reader.open(xor())
    for focus in ("#slider", "#graph", "#panel", "#next"):
        reader.run("document.querySelector(arguments[0]).focus()", focus)
        reader.press("Home", "ArrowRight")
        assert reader.text("#place") == "Forward 1 of 4", focus
    reader.run("document.querySelector('#depth').focus()")
    reader.press("End")
    assert reader.text("#place") == "Forward 1 of 4"


def test_buttons_slider_and_list_step_too(reader: Reader) -> None:
    reader.open(xor())
    reader.run("document.querySelector('#last').click()")
    assert reader.text("#place") == "Backward 8 of 8" and reader.run("return document.querySelector('#next').disabled")
    reader.run("const s = document.querySelector('#slider'); s.value = 2; s.dispatchEvent(new Event('input'))")
    assert reader.text("#place") == "Forward 2 of 4"
    reader.run("const s = document.querySelector('#jump'); s.value = 5; s.dispatchEvent(new Event('change'))")
    assert reader.text("#place") == "Backward 1 of 8"
    assert reader.run("return document.querySelector('#slider').value") == "5"


def test_a_finger_taps_the_buttons_and_drags_the_slider(reader: Reader) -> None:
    reader.open(recurrent(), width=360, height=780)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        found = [{"x": x, "y": y} for x, y in points]
        reader.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": found})

    def box(name: str) -> list[float]:
        area = "const r = at(arguments[0]).getBoundingClientRect(); return [r.x, r.y, r.width, r.height]"
        return list(reader.run(area, name))

    x, y, width, height = box("next")
    for _ in range(3):
        touch("touchStart", (x + width / 2, y + height / 2))
        touch("touchEnd")
    assert reader.text("#place") == "Forward 3 of 14"
    assert reader.run("return getComputedStyle(at('next')).touchAction") == "manipulation"
    x, y, width, height = box("slider")
    touch("touchStart", (x + 20, y + height / 2))
    for i in range(2, 11):
        touch("touchMove", (x + width * i / 10, y + height / 2))
    touch("touchEnd")
    assert reader.text("#place") == "Backward 20 of 20"


def test_a_click_on_a_card_goes_to_its_step(reader: Reader) -> None:
    found = xor()
    reader.open(found)
    tanh = next(node["id"] for node in found["nodes"] if node["op"] == "tanh")
    click = "document.querySelector(`[data-nodes='${arguments[0]}']`).dispatchEvent(new Event('click'))"
    reader.run(click, tanh)
    assert reader.text("#place") == "Forward 2 of 4"
    reader.press("End")
    reader.run(click, tanh)
    assert reader.text("#place").startswith("Backward") and reader.text("#step-title") == "∂loss/∂model.1"


# -- the graph -----------------------------------------------------------------------------------------------------


def test_the_current_node_and_its_wires_stand_out_and_numbers_appear_when_they_are_known(reader: Reader) -> None:
    found = xor()
    reader.open(found)
    tanh = next(node["id"] for node in found["nodes"] if node["op"] == "tanh")
    visible = (
        "return getComputedStyle(document.querySelector(`[data-nodes='${arguments[0]}'] .${arguments[1]}`)).visibility"
    )
    assert reader.run(visible, tanh, "value") == "hidden"
    reader.press("ArrowRight", "ArrowRight")
    assert reader.run("return document.querySelector('.node.now').dataset.nodes") == str(tanh)
    wires = "return [...document.querySelectorAll('.wire.now')].map((w) => w.dataset.edges)"
    assert reader.run(wires) == [f"{tanh - 1}-{tanh}"]
    assert reader.run(visible, tanh, "value") == "visible" and reader.run(visible, tanh, "gradient") == "hidden"
    reader.press("End")
    assert reader.run(visible, tanh, "gradient") == "visible"
    assert reader.run("return document.querySelectorAll('.later').length") == 0


def test_the_current_node_is_in_sight(reader: Reader) -> None:
    reader.open(gpt(), width=800)
    for key in ("End", "Home", "ArrowRight", *["ArrowRight"] * 20):
        reader.press(key)
        inside = reader.run(
            "const n = document.querySelector('.node.now'); if (!n) return true;"
            "const a = n.getBoundingClientRect(), b = document.querySelector('#graph').getBoundingClientRect();"
            "return a.top >= b.top - 1 && a.bottom <= b.bottom + 1 && a.left < b.right && a.right > b.left"
        )
        assert inside, reader.text("#step-title")


def choose_depth(reader: Reader, depth: int) -> None:
    choose = "const d = document.querySelector('#depth'); d.value = arguments[0]; d.dispatchEvent(new Event('change'))"
    reader.run(choose, depth)


def states(reader: Reader) -> dict[str, str]:
    """Of each module's button that is there, by its name, whether its box is open."""
    found = reader.run(
        "return [...document.querySelectorAll('.fold:not([hidden])')]"
        ".map((b) => [b.getAttribute('aria-label'), b.getAttribute('aria-expanded')])"
    )
    assert len(dict(found)) == len(found)
    return dict(found)


def middle_of(reader: Reader, name: str) -> dict[str, float]:
    """The middle of the title of a module's box."""
    return dict(
        reader.run(
            "const b = document.querySelector(`.fold[aria-label='${arguments[0]}'] text`); b.scrollIntoView();"
            "const r = b.getBoundingClientRect(); return { x: r.left + r.width / 2, y: r.top + r.height / 2 };",
            name,
        )
    )


def test_modules_open_and_fold(reader: Reader) -> None:
    reader.open(gpt(blocks=2))
    counts = []
    for depth in range(5):
        choose_depth(reader, depth)
        counts.append(reader.run("return document.querySelectorAll('.node:not([hidden])').length"))
    assert counts == sorted(counts) and counts[0] < 5 < 50 < counts[-1]
    choose_depth(reader, 0)
    reader.press("ArrowRight", "ArrowRight")
    assert reader.run("return document.querySelectorAll('.node.module.now:not([hidden])').length") == 1


def test_a_box_opens_and_closes_by_itself(reader: Reader) -> None:
    reader.open(recurrent(), depth=9)
    first, second = "cell RNNCell, call 1 of 3", "cell RNNCell, call 2 of 3"
    before = states(reader)
    assert set(before.values()) == {"true"}

    def click(name: str) -> None:
        place = middle_of(reader, name)
        for kind in ("mousePressed", "mouseReleased"):
            reader.browser.execute_cdp_cmd(
                "Input.dispatchMouseEvent", {"type": kind, **place, "button": "left", "clickCount": 1}
            )

    def tap(name: str) -> None:
        place = middle_of(reader, name)
        reader.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [place]})
        reader.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def key(key: str) -> Any:
        def press(name: str) -> None:
            reader.run("document.querySelector(`.fold[aria-label='${arguments[0]}']`).focus()", name)
            reader.press(key)
            assert reader.run("return document.activeElement.getAttribute('aria-label')") == name

        return press

    for use in (click, tap, key("Enter"), key("Space")):
        use(second)
        assert states(reader) == before | {second: "false"}
        assert reader.run("const d = document.querySelector('#depth'); return d.selectedOptions[0].text") == "some open"
        use(first)
        assert states(reader) == before | {second: "false", first: "false"}
        use(second)
        use(first)
        assert states(reader) == before
        assert reader.run("return document.querySelector('#depth').value") == "2"
    assert reader.text("#place") == "Start"  # to open a box is no step


def test_a_title_is_large_enough_to_be_touched_and_shows_the_focus(reader: Reader) -> None:
    reader.open(gpt(), width=360, height=780, depth=9)
    sizes = reader.run(
        "return [...document.querySelectorAll('.fold .area')].map((area) => area.getBoundingClientRect())"
        ".map(({ width, height }) => Math.min(width, height))"
    )
    assert min(sizes) >= 24
    reader.run("document.querySelector('#graph').focus()")
    reader.press("Tab")
    focused = "const label = document.activeElement.querySelector('.label'); return getComputedStyle(label).strokeWidth"
    assert reader.run(focused) == "3px"


def test_a_screen_reader_hears_whether_a_box_is_open(reader: Reader) -> None:
    reader.open(xor(), depth=9)
    reader.run("document.querySelectorAll('.fold')[1].focus()")
    reader.press("Enter")
    tree = reader.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    told = {
        node["name"]["value"]: {p["name"]: p["value"].get("value") for p in node["properties"]}
        for node in tree
        if node.get("role", {}).get("value") == "button" and any(p["name"] == "expanded" for p in node["properties"])
    }
    assert {name: (found["expanded"], found["focusable"]) for name, found in told.items()} == {
        "model Sequential()": (True, True),
        "0 Linear(2, 4, bias=True)": (False, True),
        "2 Linear(4, 1, bias=True)": (True, True),
    }


def test_a_screen_reader_hears_of_nothing_in_a_closed_box_nor_of_the_lid_of_an_open_one(reader: Reader) -> None:
    reader.open(xor(), depth=9)

    def groups() -> list[str]:
        tree = reader.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        found = [node for node in tree if node.get("role", {}).get("value") == "group" and not node["ignored"]]
        return [node["name"]["value"].partition(" ")[0] for node in found[1:]]  # the first is the drawing

    leaves = ["inputs", "targets"]
    modules = ["model.0", "model.0.weight", "model.0.bias", "model.1", "model.2", "model.2.weight", "model.2.bias"]
    assert sorted(groups()) == sorted([*leaves, *modules, "loss"])
    reader.run("foldTo(0)")
    assert sorted(groups()) == sorted([*leaves, "model", "loss"])


def test_a_closed_box_is_no_wider_than_its_text_and_its_wires(reader: Reader) -> None:
    reader.open(gpt(), depth=9)
    reader.run("for (const box of boxes) box.isOpen = !box.button.ariaLabel.startsWith('norm '); arrange()")
    widths = reader.run(
        "return [...document.querySelectorAll('.lid:not([hidden])')].map((lid) =>"
        "['.card', '.says .area'].map((part) => Number(lid.querySelector(part).getAttribute('width'))))"
    )
    (lid, text), *others = widths
    assert not others and text < lid <= text + 2 * 9 + 1


def test_what_is_in_a_closed_box_opens_as_it_was(reader: Reader) -> None:
    reader.open(gpt(), depth=9)
    reader.run("fold(boxes.find((box) => box.button.ariaLabel.startsWith('mlp')))")
    before = states(reader)
    reader.run("fold(boxes[0])")
    assert list(states(reader).values()) == ["false"]
    reader.run("fold(boxes[0])")
    assert states(reader) == before and before["mlp Sequential()"] == "false"


def test_with_every_box_open_all_stands_where_it_was_drawn(reader: Reader) -> None:
    reader.open(gpt(), depth=9)
    moved = "return [...document.querySelectorAll('.node:not(.lid)')].map((n) => n.getAttribute('transform'))"
    assert set(reader.run(moved)) == {"translate(0 0)"}


# What lies on something else, or sticks out of what it is in.
MISPLACED = """
  const seen = (selector) => [...document.querySelectorAll(selector)].map((e) => e.getBoundingClientRect());
  const meets = (a, b, room) => a.left < b.right + room && b.left < a.right + room
    && a.top < b.bottom + room && b.top < a.bottom + room;
  const holds = (a, b) => a.left <= b.left && b.right <= a.right && a.top <= b.top && b.bottom <= a.bottom;
  const cards = seen('.node:not([hidden]) > .card:last-of-type');
  const boxes = seen('.box:not([hidden])'), paper = seen('.paper')[0];
  const titles = seen('.fold[aria-expanded=true]:not([hidden]) .label');
  const wrong = [];
  cards.forEach((a, i) => {
    if (!holds(paper, a)) wrong.push(['card outside', i]);
    if (cards.some((b, j) => i < j && meets(a, b, 6))) wrong.push(['card on card', i]);
    if (boxes.some((b) => meets(a, b, -0.5) && !holds(b, a))) wrong.push(['card across a border', i]);
    if (titles.some((b) => meets(a, b, -0.5))) wrong.push(['card on title', i]);
  });
  document.querySelectorAll('.lid:not([hidden])').forEach((lid, i) => {
    const [card, says] = ['.card', '.says'].map((part) => lid.querySelector(part).getBoundingClientRect());
    if (!holds(card, says)) wrong.push(['text beside its lid', i]);
  });
  return wrong;
"""


@pytest.mark.parametrize("lesson", [*LESSONS, lambda: gpt(blocks=3)], ids=["xor", "recurrent", "gpt", "deep"])
def test_nothing_lies_on_anything_else_whatever_is_closed(lesson: Any, reader: Reader) -> None:
    reader.open(lesson(), depth=9)
    heights = []
    rng = random.Random(0)
    for _ in range(12):
        count = reader.run("return boxes.length")
        chosen = [rng.random() < 0.7 for _ in range(count)]
        reader.run("boxes.forEach((box, i) => { box.isOpen = arguments[0][i]; }); arrange()", chosen)
        assert reader.run(MISPLACED) == []
        heights.append(reader.run("return document.querySelector('#graph svg').viewBox.baseVal.height"))
    assert min(heights) < 0.8 * max(heights)  # what is closed takes less room


def test_the_drawing_grows_and_shrinks(reader: Reader) -> None:
    reader.open(xor())
    widths = []
    for button in ("fit", "larger", "larger", "smaller", "fit"):
        reader.run("document.getElementById(arguments[0]).click()", button)
        widths.append(reader.run("return document.querySelector('#graph svg').getBoundingClientRect().width"))
    assert widths[0] < widths[3] < widths[2] and widths[4] == widths[0]


def test_each_time_step_has_its_column(reader: Reader) -> None:
    found = recurrent()
    reader.open(found)
    second = next(n["id"] for n in found["nodes"] if n["call"] == 1 and n["op"] == "tanh" and n["module"] == "net.cell")
    reader.run("visit(arguments[0])", second)
    assert reader.texts("th[aria-current]") == ["2"]
    rows = reader.texts("#story tbody:last-of-type tr:nth-last-child(2) td")
    assert len(rows) == 3 and "·" not in rows[0] and "·" not in rows[1] and rows[2] == "·"
    middles = reader.run(
        "return arguments[0].map((n) => { const r = document.querySelector(`[data-nodes='${n}'] rect`)"
        ".getBoundingClientRect(); return Math.round(r.left + r.width / 2); })",
        [n["id"] for n in found["nodes"] if n["op"] == "tanh" and n["module"] == "net.cell"],
    )
    assert len(middles) == 3 and max(middles) - min(middles) <= 1


# -- the program and the words -------------------------------------------------------------------------------------


def test_the_current_line_of_the_program_is_marked(reader: Reader) -> None:
    reader.open(recurrent())
    reader.press("ArrowRight")
    assert "h = self.cell(x, h)" in reader.texts("#code [aria-current='step']")[0]
    reader.press("Home")
    assert reader.texts("#code [aria-current='step']") == []


def announced(reader: Reader) -> str:
    """What a screen reader is told, once it is."""
    reader.run("at('announce').textContent = ''")
    wait = "const done = arguments[0]; setTimeout(() => done(at('announce').textContent), PAUSE + 50)"
    return str(reader.browser.execute_async_script(wait))


def test_steps_that_are_passed_on_the_way_are_not_announced(reader: Reader) -> None:
    reader.open(scalars())
    reader.run(
        "window.said = []; const see = () => said.push(at('announce').textContent);"
        "new MutationObserver(see).observe(at('announce'), { childList: true });"
    )
    reader.run("for (let i = 1; i < frames.length; i++) show(i)")
    wait = "const done = arguments[0]; setTimeout(() => done(said), PAUSE + 50)"
    (told,) = reader.browser.execute_async_script(wait)
    assert told.startswith("Backward 8 of 8. ∂L/∂a. input. The gradient of L with respect to a")


def test_what_the_slider_says_itself_is_not_announced_again(reader: Reader) -> None:
    reader.open(scalars())
    reader.run("at('slider').focus()")
    reader.press("ArrowRight")
    assert announced(reader) == "on line 17. It gives -6."


def test_each_step_is_announced_in_words(reader: Reader) -> None:
    reader.open(scalars())
    said = set()
    for _ in range(5):
        reader.press("ArrowRight")
        said.add(announced(reader))
        told = reader.run("return document.querySelector('#slider').getAttribute('aria-valuetext')")
        assert told.startswith("Forward")
    assert len(said) == 5
    assert any("e = d + c" in text and "It gives 4." in text for text in said)


def test_parts_add_up(reader: Reader) -> None:
    reader.open(scalars())
    reader.press("End")
    assert " ".join(reader.text(".sums").split()) == "part from k = 0.07065 + part from d = 6 ≈ g = 6.071"


def test_a_sum_is_equal_only_if_what_is_shown_adds_up(reader: Reader) -> None:
    signs = []
    for factor in (0.25, 2 / 3):
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = (x * factor + x * factor).sum()
        reader.open(explain.trace(y))
        reader.press("End")
        signs.append(reader.texts(".sums > .sign"))
    assert signs == [["+", "="], ["+", "≈"]]  # 0.25 + 0.25 = 0.5, and 0.6667 + 0.6667 ≈ 1.333


def test_all_can_be_reached_and_has_a_name(reader: Reader) -> None:
    reader.open(recurrent())
    assert reader.run("return document.documentElement.lang") == "en"
    landmarks = ("header", "nav[aria-label]", "main", "section[aria-labelledby]", "[aria-live='polite']")
    for landmark in landmarks:
        assert reader.run("return document.querySelectorAll(arguments[0]).length > 0", landmark), landmark
    reader.press("End")
    nameless = reader.run(
        "return [...document.querySelectorAll('button, select, input, [tabindex]')].filter((e) => !("
        "e.getAttribute('aria-label') || e.innerText || e.closest('label') ||"
        "(e.getAttribute('aria-labelledby') && document.getElementById(e.getAttribute('aria-labelledby')).innerText)))"
        ".map((e) => e.outerHTML)"
    )
    assert nameless == []
    order = []
    reader.run("document.activeElement.blur()")
    for _ in range(9):
        reader.press("Tab")
        order.append(reader.run("return document.activeElement.id"))
    # At the last step there is no next one.
    assert order == ["first", "back", "slider", "jump", "depth", "smaller", "fit", "larger", "graph"]
    tags = reader.run("return [...document.querySelectorAll('h1, h2, h3')].map((h) => h.tagName)")
    headings = [int(tag[1]) for tag in tags]
    assert headings[0] == 1 and all(b <= a + 1 for a, b in itertools.pairwise(headings))


def test_the_focus_stays_in_the_story_when_a_name_in_it_is_followed(reader: Reader) -> None:
    reader.open(xor())
    reader.press("End")
    reader.run("document.querySelector('#story button').focus()")
    reader.press("Enter")
    assert reader.text("#step-title") == "∂loss/∂model.0"
    assert reader.run("return document.activeElement.id") == "step-title"
