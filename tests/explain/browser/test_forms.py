"""The page that steps, and drawings, in windows of all sizes, on paper, with any names, and in a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cutaway as torch
from cutaway import explain

from ..examples import EVIL, gpt, hostile, many, odd, recurrent, scalars, xor
from .conftest import Reader
from .test_page import open_all

# Text that sticks out of its card, or lies on other text.
CROWDED = """
  const place = (element) => element.getBoundingClientRect();
  const texts = [...document.querySelectorAll('text')];
  const wrong = [];
  for (const node of document.querySelectorAll('.graph > .node')) {
    const card = place([...node.querySelectorAll('.card')].at(-1));
    for (const text of [...node.querySelectorAll('text')].filter((text) => place(text).top < card.bottom - 3)) {
      if (place(text).left < card.left || place(text).right > card.right) wrong.push(text.textContent);
    }
  }
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
  const places = texts.map(place);
  places.forEach((a, i) => {
    const others = places.findIndex((b, j) => j > i && meet(a, b));
    if (others > 0) wrong.push(`${texts[i].textContent} on ${texts[others].textContent}`);
  });
  return wrong;
"""


@pytest.mark.parametrize("depth", [None, 0, 1])
@pytest.mark.parametrize("found", [xor(), recurrent(12), gpt(2), hostile(), many(60)])
def test_the_text_of_a_drawing_stays_on_its_card(found: Any, depth: int | None, reader: Reader) -> None:
    path = explain.draw(found, depth=depth).save(reader.folder / "graph.svg")
    reader.browser.get(path.as_uri())
    assert reader.run(CROWDED) == []
    reader.run("for (const card of document.querySelectorAll('.node .card')) card.setAttribute('width', 20)")
    assert reader.run(CROWDED) != []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 800, 1600])
def test_it_fits(width: int, dark: bool, reader: Reader) -> None:
    for trace in (scalars(), gpt()):
        reader.open(trace, width=width, height=800, dark=dark)
        for key in ("ArrowRight", "End", "ArrowLeft"):
            reader.press(key)
            assert reader.run("return document.documentElement.scrollWidth <= innerWidth"), key
        background = reader.run("return getComputedStyle(document.body).backgroundColor")
        assert background == ("rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)")


@pytest.mark.parametrize("width", [794, 1123])
def test_on_paper_the_whole_graph_and_the_whole_step_are_seen(width: int, reader: Reader) -> None:
    reader.open(gpt(), width=width, height=800)
    reader.press("End")
    reader.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    for part in ("#graph", "#panel", "#code"):
        spare = "const e = document.querySelector(arguments[0]); return e.scrollHeight - e.clientHeight"
        assert reader.run(spare, part) <= 2, part
    assert reader.run("return document.querySelector('#graph svg').getBoundingClientRect().right <= innerWidth")
    assert reader.run("return getComputedStyle(document.querySelector('nav')).display") == "none"
    reader.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_the_caption_of_a_table_stays_in_sight_when_it_is_scrolled(reader: Reader) -> None:
    reader.open(recurrent(12), width=360, height=800)
    reader.run("show(9)")
    at = "return document.querySelector('.times caption span').getBoundingClientRect().left"
    assert reader.run("return document.querySelector('.times').scrollLeft") > 100
    assert 0 <= reader.run(at) < 30


def test_a_small_window_is_not_covered_by_the_controls(reader: Reader) -> None:
    reader.open(gpt(), width=320, height=256)  # 1280 by 1024, at 400 %
    assert reader.run("return document.documentElement.scrollWidth <= innerWidth")
    reader.run("scrollTo(0, 400)")
    assert reader.run("return document.querySelector('nav').getBoundingClientRect().bottom < 0")


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_a_step_with_a_long_name_fits_too(width: int, reader: Reader) -> None:
    xs = [torch.tensor(float(i), requires_grad=True) for i in range(30)]
    total = torch.stack(xs).sum()
    reader.open(explain.trace(total), width=width, height=800)
    for key in ("ArrowRight", "End"):
        reader.press(key)
        assert reader.run("return document.documentElement.scrollWidth <= innerWidth"), key


def test_nothing_moves_for_those_who_want_it_calm(reader: Reader) -> None:
    reader.open(xor())
    reader.press("ArrowRight")
    assert reader.run("return getComputedStyle(document.querySelector('.wire.now')).animationName") == "none"


def test_names_are_only_text(reader: Reader) -> None:
    reader.open(hostile())
    for _ in range(8):
        reader.press("ArrowRight")
    assert reader.run("return document.images.length") == 0
    assert reader.run("return document.scripts.length") == 2
    assert EVIL[:9] in reader.text("#jump")


@pytest.mark.parametrize("found", odd(), ids=lambda found: found["nodes"][-1]["op"])
def test_odd_graphs_step_without_a_complaint(found: Any, reader: Reader) -> None:
    reader.open(found)
    for _ in range(2 * len(found["nodes"])):
        reader.press("ArrowRight")
        open_all(reader)
    assert reader.text("#place") == f"Backward {len(found['steps'])} of {len(found['steps'])}"


def test_a_notebook_shows_it_in_a_frame(reader: Reader) -> None:
    path = reader.folder / "notebook.html"
    path.write_text(f"<!doctype html><title>Notebook</title>{explain.step(xor())._repr_html_()}", encoding="utf-8")
    reader.browser.get(path.as_uri())
    reader.browser.switch_to.frame(0)
    reader.run("document.querySelector('#next').click()")
    assert reader.text("#place") == "Forward 1 of 4"
    reader.browser.switch_to.default_content()


def test_a_graph_of_hundreds(reader: Reader) -> None:
    reader.open(many(500))
    reader.press("ArrowRight", "End", "ArrowLeft")
    assert reader.text("#place").startswith("Backward")


def test_a_drawing_becomes_a_png(tmp_path: Path) -> None:
    path = explain.draw(xor()).save(tmp_path / "graph.png", scale=1)
    assert path.read_bytes().startswith(b"\x89PNG")
