"""A page of text: coloured on a terminal, plain in a file, preformatted in a notebook."""

from __future__ import annotations

import html
import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

ANSI = {"title": "1", "gradient": "36", "result": "1", "note": "2", "rule": "33"}
CSS = {
    "title": "font-weight:bold", "gradient": "color:#0a7c8c", "result": "font-weight:bold", "note": "opacity:.6",
    "rule": "color:#9a6700",
}  # fmt: skip
# For terminals that cannot show mathematical symbols.
ASCII = str.maketrans(
    {"∂": "d", "·": "*", "√": "sqrt", "→": "->", "…": "...", "≤": "<=", "≥": ">=", "≠": "!=", "π": "pi", "ᵀ": ".T"}
    | {raised: f"^{digit}" for raised, digit in zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True)}
    | dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
)


class Span(NamedTuple):
    """Some text in one style."""

    text: str
    style: str = ""


Line = Sequence[Span]


class Row(NamedTuple):
    """A line of a table."""

    cells: Sequence[str]


def line(*parts: str | Span) -> list[Span]:
    """A line of spans; a plain string has no style."""
    return [part if isinstance(part, Span) else Span(part) for part in parts]


def length(parts: Line) -> int:
    """How many characters a line has."""
    return sum(len(part.text) for part in parts)


def spread(left: Line, right: Line, width: int) -> Line:
    """A line with a left and a right end; the right one is left out if there is no room."""
    room = width - length(left) - length(right)
    return [*left, Span(" " * room), *right] if room >= 2 else left


def aligned(parts: Sequence[Row | Line], styles: Sequence[str], width: int, hangs: bool = True) -> Iterator[Line]:
    """Rows of cells, one below the other in columns; lines between them stay as they are.

    A few rows may be longer than most. If `hangs`, a first cell that is wider than its column has a line of its own,
    above the others; so have all first cells where columns would be too wide together. A row too long for a line is
    broken before a "=", which then stands below its first one.
    """
    rows = [part.cells for part in parts if isinstance(part, Row)]
    widths, indent = _widths(rows, width), 0
    if widths is None:
        widths, indent = _widths([["", *cells[1:]] for cells in rows], width - 4) or [0] * len(styles), 4
    for part in parts:
        if not isinstance(part, Row):
            yield part
            continue
        first, *others = part.cells
        if first and len(first) > widths[0] and (hangs or indent):
            yield from wrapped(line(Span(first.rstrip(), styles[0])), width, 6)
            first = ""
        row = [Span(first, styles[0])] if first else []
        start = indent or (widths[0] + 1 if widths[0] else 0)
        equals = None  # the column of the first =; those that do not fit follow below it
        for text, room, style in zip(others, widths[1:], styles[1:], strict=True):
            if text:
                pad = max(start - length(row), 1 if row else 0)
                if text[0] == "=" and equals is not None and length(row) + pad + len(text) > width:
                    yield from wrapped(row, width, equals + 2)
                    row, pad = [], equals
                row += [Span(" " * pad), Span(text, style)]
                if text[0] == "=" and equals is None:
                    equals = min(length(row) - len(text), width // 3)
            start += room + 1 if room else 0
        yield from wrapped(row, width, (equals or min(widths[0], width // 3)) + 2)


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int] | None:
    """The widths of columns that hold most rows; None if they do not fit on a line."""
    lengths = np.array([[len(text) for text in cells] for cells in rows])
    while len(lengths) > max(0, min(0.7 * len(rows), len(rows) - 2)):
        widths = lengths.max(axis=0)
        if widths.sum() + np.count_nonzero(widths) + 1 <= width:
            return [int(room) for room in widths]
        without = [np.delete(lengths, i, axis=0) for i in set(lengths.argmax(axis=0))]
        lengths = min(without, key=lambda left: left.max(axis=0, initial=0).sum())
    return None


def _words(text: str, width: int) -> list[str]:
    """The words of a text; brackets are not broken if they fit on a line."""
    if not text.strip():
        return [text]
    words = ([word] if len(word) <= width else _ANY_SPACES.split(word) for word in _SPACES.split(text))
    return [part for parts in words for part in parts]


_ANY_SPACES = re.compile(r"(?<![=→]) ")
# Where a line may break: not inside of parentheses or brackets either.
_SPACES = re.compile(r"(?<![=→])(?<!elsewhere) (?![^(]*\)|[^\[]*\])")


def wrapped(parts: Line, width: int, indent: int) -> Iterator[Line]:
    """A line, broken at spaces if it is too long; continuations are indented."""
    if length(parts) <= width:
        yield parts
        return
    current: list[Span] = []
    for part in parts:
        for i, word in enumerate(_words(part.text, width - indent)):
            text = word if i == 0 else f" {word}"
            if length(current) + len(text) > width and any(span.text.strip() for span in current):
                yield current
                text = text.lstrip()
                current = [Span(" " * max(0, min(indent, width - len(text))))]
            current.append(Span(text, part.style))
    yield current


def screen_width() -> int:
    """The terminal's width, limited to 60 to 120 characters."""
    return min(max(shutil.get_terminal_size((88, 24)).columns, 60), 120)


class Page:
    """Styled lines of text. `print(page)` shows it; so does its name at a prompt or in a notebook."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines

    @property
    def plain(self) -> str:
        """The text without colours."""
        return "\n".join("".join(part.text for part in parts).rstrip() for parts in self.lines)

    def __str__(self) -> str:
        return _shown("\n".join(map(_coloured, self.lines)) if _wants_colours() else self.plain)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines = ("".join(_tagged(parts)) for parts in self.lines)
        return '<pre style="line-height:1.35">' + "\n".join(lines) + "</pre>"


def _coloured(parts: Line) -> str:
    return "".join(f"\x1b[{ANSI[part.style]}m{part.text}\x1b[0m" if part.style else part.text for part in parts)


def _tagged(parts: Line) -> Iterator[str]:
    for part in parts:
        text = html.escape(part.text)
        yield f'<span style="{CSS[part.style]}">{text}</span>' if part.style else text


def _wants_colours() -> bool:
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return is_terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _shown(text: str) -> str:
    """The text in characters that the terminal can show."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(ASCII).encode(encoding, "replace").decode(encoding)
    return text
