"""How a page of text shows itself: on terminals, in files and in notebooks."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

import cutaway as torch
from cutaway import explain, nn
from cutaway.explain.prose.page import Page, Span, line, wrapped


@pytest.fixture
def page() -> Page:
    x = torch.tensor(2.0, requires_grad=True)
    return explain.text(x * x, width=60)


class Terminal:
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_colours_only_on_a_terminal_that_wants_them(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert str(page) == page.plain == repr(page)
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert "\x1b[36m∂result/∂x" in str(page) and "\x1b" not in page.plain
    assert re.sub(r"\x1b\[\d+m", "", str(page)).replace(" ", "") == page.plain.replace(" ", "")
    monkeypatch.setenv("NO_COLOR", "1")
    assert str(page) == page.plain


def test_a_terminal_without_such_letters_gets_others(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    page = explain.text(x**2, width=60)

    class Old(Terminal):
        encoding = "cp1252"

        def isatty(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stdout", Old())
    text = str(page)
    text.encode("cp1252")
    assert "dresult/dx" in text and "x^2" in text


def test_a_notebook_gets_html_in_which_names_are_text() -> None:
    names: dict[str, Any] = {"<script>": nn.Parameter(torch.tensor(2.0))}
    html = explain.text(names["<script>"] * 2)._repr_html_()
    assert html.startswith("<pre") and html.endswith("</pre>")
    assert "<script>" not in html and "&lt;script&gt;" in html
    assert html.count("<span") == html.count("</span>")


def test_the_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.tensor(2.0, requires_grad=True)
    loss = x * x
    for columns, width in (("70", 70), ("500", 120), ("10", 60)):
        monkeypatch.setenv("COLUMNS", columns)
        assert max(map(len, explain.text(loss).plain.split("\n"))) == width


def test_long_lines_are_broken_between_words_and_not_inside_shapes() -> None:
    long = line(Span("one two because (2, 3) was stretched to (4, 2, 3)"))
    assert ["".join(part.text for part in each) for each in wrapped(long, 24, 2)] == [
        "one two because (2, 3)", "  was stretched to", "  (4, 2, 3)",
    ]  # fmt: skip
