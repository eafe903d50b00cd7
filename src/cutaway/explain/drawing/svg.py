"""A trace as a drawing: the parts that show, laid out, in SVG."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from html import escape
from itertools import pairwise
from typing import Any

from ..layout import Box, Edge, Tag, arrange
from ..layout.box import Point
from ..layout.level import PADDING
from ..prose.reading import Reading
from .cards import BEHIND, HEADER, INSET, PINS, ROW, Card, Span, card_of, cut, lid_of, title_spans, width_of
from .parts import Flow, Part, flows, visible

KINDS = {
    "op": "op",
    "module": "closed module",
    "parameter": "parameter",
    "input": "input that requires grad",
    "constant": "constant",
    "root": "where backward begins",
}
WITHOUT_GRADIENTS = {"input": "input", "root": "output"}
NUMBERS = {"value": "value, forward", "gradient": "gradient, backward", "alarm": "nan or infinity"}
ROUND = ("parameter", "input")  # kinds are told apart by their form as well, not by colour alone
NARROWEST = 320.0
# What XML cannot hold: control characters, and halves of surrogate pairs. And what would turn text around.
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")


def plain_text(text: str) -> str:
    """Any text, so that a page or a drawing shows it and never obeys it.

    >>> from cutaway.explain.drawing.svg import plain_text
    >>> plain_text("<script>")
    '&lt;script&gt;'
    """
    return escape(_UNFIT.sub("\ufffd", text), quote=True)


class Scene:
    """The visible parts of a trace, each with its place; `svg()` writes them down.

    With `lids`, each open box has a button to close it, and a lid that covers it then: a page shows and hides them.
    """

    def __init__(self, trace: dict[str, Any], whole: Part, lids: bool = False) -> None:
        self.trace = trace
        self.root = Box()
        reading = Reading(trace)
        self.calls = Counter(call["module"] for call in trace["calls"])
        self.flows = flows(trace, whole)
        inputs: dict[Part, list[str]] = {}
        sources = {flow.source for flow in self.flows}
        for flow in self.flows:
            inputs.setdefault(flow.target, []).append(flow.argument or "")

        self.cards: dict[Part, Card] = {}
        self.lids: dict[Part, Card] = {}
        self.groups: dict[Part, Box] = {whole: self.root}
        for part in visible(whole):
            if part is whole:
                continue
            assert part.within is not None
            if part.node is None and not part.folded:
                *_, last = title_spans(part, self.calls)
                box = self.groups[part] = Box(last.x + width_of(last.text, last.style) + INSET, header=HEADER)
                box.kind = part.kind
                if lids:
                    self.lids[part] = lid_of(part, self.calls)
                    box.width = max(box.width, self.lids[part].box.width)
            else:
                self.cards[part] = card_of(part, reading, inputs.get(part, []), part in sources, self.calls)
                box = self.cards[part].box
            self.groups[part.within].children.append(box)
        self.edges = [Edge(self.cards[flow.source].box, self.cards[flow.target].box) for flow in self.flows]
        self.tags = arrange(self.root, self.edges)
        self._legend = self._make_legend()
        self._card_in = {card.box: card for card in self.cards.values()}
        self._arrivals: dict[Part, list[tuple[float, str]]] = {}
        for flow, edge in zip(self.flows, self.edges, strict=True):
            self._arrivals.setdefault(flow.target, []).append((edge.lines[-1][-1][0], flow.argument or ""))

    # -- writing ---------------------------------------------------------------------------------------------

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the drawing."""
        _, width, height = self._legend
        return max(self.root.width, width), self.root.height + height

    def svg(self, style: str, title: str) -> str:
        """The drawing as an SVG document with this style sheet and this title, which screen readers tell."""
        width, height = self.size
        aside = (width - self.root.width) / 2
        _, legend_width, legend_height = self._legend
        role = "group" if self.lids else "img"
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="cutaway-graph" role="{role}" width="{width:.0f}" '
            f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">',
            f"<title>{plain_text(title)}</title>",
            f"<style>{style}</style>" if style else "",
            f'<rect class="paper" width="{width:.0f}" height="{height:.0f}" rx="8"/>',
            f'<g class="graph" data-width="{self.root.width:.1f}" data-height="{self.root.height:.1f}" '
            f'transform="translate({aside:.1f} 0)">',
            *(self._group(part, box) for part, box in self.groups.items() if part.module),
            *(self._wire(flow, edge) for flow, edge in zip(self.flows, self.edges, strict=True)),
            *(self._group_title(part, box) for part, box in self.groups.items() if part.module and not self.lids),
            *(self._tag(tag) for tag in self.tags),
            *(self._card(card) for card in self.cards.values()),
            *(self._lid(part, self.groups[part]) for part in self.lids),
            "</g>",
            f'<g class="legend" data-width="{legend_width:.1f}" data-height="{legend_height:.1f}" '
            f'transform="translate(0 {self.root.height:.1f})">{self._legend[0]}</g>',
            "</svg>",
        ]
        return "\n".join(part for part in parts if part)

    def _group(self, part: Part, box: Box) -> str:
        return _rect(box.x, box.y, box.width, box.height, f"box{_odd(part)}", 8)

    def _group_title(self, part: Part, box: Box) -> str:
        spans = self.lids[part].rows[0] if part in self.lids else title_spans(part, self.calls)
        width = spans[-1].x + width_of(spans[-1].text, spans[-1].style) + 4
        back = _rect(box.x + 4, box.y + 3, min(width, box.width - 8), HEADER - 5, f"label{_odd(part)}", 4)
        return back + _texts(spans, box.x, box.y + 16)

    def _lid(self, part: Part, box: Box) -> str:
        """What covers a box while it is closed, and the button that opens and closes it, its title.

        What the lid says stands in the middle of the box; the page moves it, and the title, when the box shrinks.
        """
        lid = self.lids[part]
        ids = " ".join(str(node["id"]) for node in part.nodes())
        x, y = box.x + (box.width - lid.box.width) / 2, box.y + (box.height - lid.box.height) / 2
        frame = _rect(box.x, box.y, box.width, box.height, "card", 5)
        says = "".join(_texts(row, x, y + ROW * i) for i, row in enumerate(lid.rows[1:], 2))
        said = plain_text(" ".join(span.text for span in lid.rows[0]))
        title = f"<title>{plain_text(lid.tip)}</title>"
        return (
            f'<g class="node {lid.kind} lid" data-nodes="{ids}">{title}{frame}'
            f'<g class="says">{_rect(x, y, lid.box.width, lid.box.height, "area", 0)}{says}</g></g>'
            f'<g class="fold" role="button" tabindex="0" data-depth="{part.depth}" aria-label="{said}">{title}'
            f"{_rect(box.x, box.y - 6, lid.box.width, HEADER + 18, 'area', 4)}{self._group_title(part, box)}"
            f'<path class="mark" d="M{box.x + INSET:.1f} {box.y + 8:.1f}h9l-4.5 8z"/></g>'
        )

    def _wire(self, flow: Flow, edge: Edge) -> str:
        kind = self.cards[flow.source].kind
        path = "".join(map(_curve, edge.lines))
        x, y = edge.lines[-1][-1]
        path += f"M{x - 3:.1f} {y - 5:.1f}L{x:.1f} {y - 0.8:.1f}L{x + 3:.1f} {y - 5:.1f}"
        ends = " ".join(f"{u}-{v}" for u, v in flow.edges)
        return f'<path class="wire {kind}" data-edges="{ends}" d="{path}"/>'

    def _tail(self, card: Card) -> str:
        x, y = card.box.x + card.box.width / 2, card.box.y + card.height
        line = f'<path class="wire {card.kind}" d="M{x:.1f} {y:.1f}V{card.box.y + card.box.height:.1f}"/>'
        return line + _texts([Span(5, "note", card.shape)], x, card.box.y + card.box.height - 4)

    def _tag(self, tag: Tag) -> str:
        card, box = self._card_in[tag.source], tag.box
        return (
            f'<g class="tag" data-nodes="{self._ids(card)}">{_rect(box.x, box.y, box.width, box.height, "", 8)}'
            f"{_texts([Span(5, 'note', card.tag)], box.x, box.y + 11.5)}</g>"
        )

    @staticmethod
    def _ids(card: Card) -> str:
        nodes = [card.part.node] if card.part.node is not None else card.part.nodes()
        return " ".join(str(node["id"]) for node in nodes)

    def _card(self, card: Card) -> str:
        box = card.box
        ids = self._ids(card)
        ends = map(str, self.trace.get("outputs", [self.trace["root"]]))
        root = "" if set(ids.split()).isdisjoint(ends) else " root"
        parts = [f'<g class="node {card.kind}{root}" data-nodes="{ids}"><title>{plain_text(card.tip)}</title>']
        radius = 12 if card.kind in ROUND else 5
        if card.part.folded:
            parts.append(_rect(box.x + BEHIND, box.y + BEHIND, box.width, card.height, "card", radius))
        parts.append(_rect(box.x, box.y, box.width, card.height, "card", radius))
        y = box.y + 14
        if card.pins:
            parts += self._pins(card)
            y += PINS
        for i, row in enumerate(card.rows):
            parts.append(_texts(row, box.x, y + ROW * i + 1))
        parts += [self._tail(card)] if card.shape else []
        parts.append("</g>")
        return "".join(parts)

    def _pins(self, card: Card) -> list[str]:
        """The names of the inputs where their wires arrive, unless these are too close together to tell them apart."""
        pins = sorted((x, cut(argument, 14)) for x, argument in self._arrivals[card.part])
        for (x, pin), (next_x, next_pin) in pairwise(pins):
            if next_x - x < (width_of(pin, "say") + width_of(next_pin, "say")) / 2:
                return []
        return [_texts([Span(0, "say", pin)], x, card.box.y + 10, middle=True) for x, pin in pins]

    def _make_legend(self) -> tuple[str, float, float]:
        """What the colours mean, as far as they are met here; its width and its height."""
        kinds = {card.kind for card in (*self.cards.values(), *self.lids.values())} | {"root"}
        cards = [card.rows for card in self.cards.values()]
        styles = {style for rows in cards for row in rows for span in row for style in span.style.split()}
        names = KINDS if "gradient" in styles else {**KINDS, **WITHOUT_GRADIENTS}
        shown = [(kind, text) for kind, text in names.items() if kind in kinds]
        shown += [(style, text) for style, text in NUMBERS.items() if style in styles]
        limit = NARROWEST if self.lids else max(self.root.width, NARROWEST)  # a page can make the drawing narrower
        x, y, width = PADDING, 0.0, 0.0
        parts = []
        for style, text in shown:
            wide = 26 + width_of(text, "say")
            if x > PADDING and x + wide > limit:
                x, y = PADDING, y + 18
            if style in NUMBERS:
                sample = _texts([Span(0, style, "1.5")], x, y + 9)
            else:
                behind = _rect(x + 2, y + 2, 18, 11, "card", 2) if style == "module" else ""
                sample = f'<g class="{style}">{behind}{_rect(x, y, 18, 11, "card", 5 if style in ROUND else 2)}</g>'
            parts.append(sample + _texts([Span(24, "say", text)], x, y + 9))
            x += wide + 12
            width = max(width, x)
        return "".join(parts), width, y + 24


def _odd(part: Part) -> str:
    return " odd" if part.depth % 2 == 0 else ""


def _rect(x: float, y: float, width: float, height: float, style: str, radius: float) -> str:
    return (
        f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:.0f}"/>'
    )


def _texts(spans: Iterable[Span], x: float, y: float, middle: bool = False) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    return "".join(
        f'<text class="{span.style}" x="{x + span.x:.1f}" y="{y:.1f}"{anchor}>{plain_text(span.text)}</text>'
        for span in spans
    )


def _curve(line: list[Point]) -> str:
    """A path through these points that arrives at each, and leaves it, straight down."""
    (x, y), *rest = line
    path = [f"M{x:.1f} {y:.1f}"]
    for next_x, next_y in rest:
        if next_x == x:
            path.append(f"V{next_y:.1f}")
        else:
            middle = (y + next_y) / 2
            path.append(f"C{x:.1f} {middle:.1f} {next_x:.1f} {middle:.1f} {next_x:.1f} {next_y:.1f}")
        x, y = next_x, next_y
    return "".join(path)
