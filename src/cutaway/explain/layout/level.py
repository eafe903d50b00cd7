"""One level of the drawing: the boxes that stand directly inside one box, and the wires between them.

A wire that spans several rows passes through each of the rows between at a point of its own, so that room is kept for
it; wires that start at the same value share these points, and look like a trunk with branches. A wire enters the
surrounding box at its upper edge and leaves it at the lower one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from itertools import pairwise
from typing import NamedTuple

from .box import Box, Point, Tag
from .ordering import Segment, reorder
from .positions import Link, centres
from .ranks import rows

MARGIN = 9.0  # beside a box
WIRE = 5.0  # beside a wire that passes
PADDING = 12.0  # between a box and what stands in it
CHANNEL = 20.0  # between two rows; more where wires go far to the side
WIDEST_CHANNEL = 60.0
FAR = 40  # rows; a wire that spans more is cut, and a tag at its far end says where it comes from
TAG_HEIGHT = 16.0


class Wire(NamedTuple):
    """From a box to a box of the same level; None is the surrounding box itself.

    It carries the value of the box `value`. `pin` tells apart the wires that enter a box without children.
    """

    upper: Box | None
    lower: Box | None
    value: Box
    pin: Hashable = None


class Level:
    """Lays out what stands directly inside `box`: sets the size of the box, and where its children are in it."""

    def __init__(self, box: Box, wires: Iterable[Wire]) -> None:
        self.box = box
        # A box in which every use of a value is tagged has no entry for it.
        self.wires = [w for w in wires if not (w.lower and w.lower.children) or w.value in w.lower.entries]
        self.boxes: list[Box | None] = list(box.children)  # by vertex; None where a wire passes
        self.tags: list[Tag] = []
        self.start: dict[Wire, int] = {}
        self.end: dict[Wire, int] = {}
        self.entries: dict[Box, int] = {}
        self.exits: dict[Box, int] = {}

        self._find_rows()
        self._cut_long_wires()
        self._lead_through_rows()
        self._order()
        self._place()

    # -- rows ------------------------------------------------------------------------------------------------

    def _add(self, row: int, box: Box | None = None) -> int:
        self.boxes.append(box)
        self.row.append(row)
        return len(self.boxes) - 1

    def _find_rows(self) -> None:
        """The first row is for wires that enter, the last for those that leave."""
        number = {box: v for v, box in enumerate(self.box.children)}
        links = {(number[w.upper], number[w.lower]): None for w in self.wires if w.upper and w.lower}
        anchored = {number[w.lower] for w in self.wires if not w.upper and w.lower}
        self.row = [1 + r for r in rows(len(number), list(links), anchored)]
        self.last = last = max(self.row, default=0) + 1
        for w in self.wires:
            if w.upper:
                self.start[w] = number[w.upper]
            else:
                self.start[w] = self.entries[w.value] = self.entries.get(w.value) or self._add(0)
            if w.lower:
                self.end[w] = number[w.lower]
            else:
                self.end[w] = self.exits[w.value] = self.exits.get(w.value) or self._add(last)

    def _cut_long_wires(self) -> None:
        tags: dict[tuple[Box, int], int] = {}
        for w in self.wires:
            end = self.end[w]
            if self.row[end] - self.row[self.start[w]] > FAR:
                if (w.value, end) not in tags:
                    box = Box(w.value.tag_width, TAG_HEIGHT)
                    self.tags.append(Tag(w.value, box))
                    tags[w.value, end] = self._add(self.row[end] - 1, box)
                self.start[w] = tags[w.value, end]
        self._tagged = set(tags.values())
        used = set(self.start.values())
        self.entries = {value: v for value, v in self.entries.items() if v in used}

    def cut(self, wire: Wire) -> bool:
        """Whether a wire begins at a tag."""
        return self.start[wire] in self._tagged

    def _lead_through_rows(self) -> None:
        """Give each wire the vertices it passes; those that carry the same value from the same place share them."""
        self.path: dict[Wire, list[int]] = {}
        trunks: dict[tuple[int, Box], list[int]] = {}
        self.steps: dict[tuple[int, int, Hashable], Wire] = {}  # between two rows; of shared ones, one
        for w in self.wires:
            start, end = self.start[w], self.end[w]
            trunk = trunks.setdefault((start, w.value), [start])
            while self.row[trunk[-1]] < self.row[end] - 1:
                trunk.append(self._add(self.row[trunk[-1]] + 1))
            self.path[w] = [*trunk[: self.row[end] - self.row[start]], end]
            for u, v in pairwise(self.path[w]):
                self.steps.setdefault((u, v, w if v == end else w.value), w)

    # -- order in the rows -----------------------------------------------------------------------------------

    def _order(self) -> None:
        """From the last vertex up, inputs as the arguments stand, light ones on both sides; then undo crossings."""
        above: dict[int, list[int]] = {}
        beside: dict[int, list[int]] = {}
        for (u, v, _), w in self.steps.items():
            (above if w.value.weight else beside).setdefault(v, []).append(u)
        for v, light in beside.items():
            half = len(light) // 2
            above[v] = [*light[:half], *above.get(v, ()), *light[half:]]
        layers: list[list[int]] = [[] for _ in range(self.last + 1)]
        gone = {v for v in range(len(self.row)) if not self.row[v] and v not in self.entries.values()}
        seen = set(gone)
        for root in sorted(range(len(self.row)), key=lambda v: -self.row[v]):
            todo = [root]
            while todo:
                v = todo.pop()
                if v not in seen:
                    seen.add(v)
                    layers[self.row[v]].append(v)
                    todo.extend(reversed(above.get(v, ())))

        self.pins: dict[tuple[int, Wire], float] = {}
        segments = []
        for (u, v, _), w in self.steps.items():
            leaves, enters = self._leaves(u, w) / self._width(u), self._enters(v, w) / self._width(v)
            segments.append(Segment(u, v, leaves, enters))
        self.layers = reorder(layers, segments)

        # The wires into a box without children hold on to its upper edge in the order in which they come.
        place = {v: p for layer in self.layers for p, v in enumerate(layer)}
        into: dict[int, list[tuple[float, int, int, Wire]]] = {}
        for n, ((u, v, _), w) in enumerate(self.steps.items()):
            box = self.boxes[v]
            if box and not box.children:
                into.setdefault(v, []).append((place[u] + self._leaves(u, w) / self._width(u), n, u, w))
        for v, ends in into.items():
            wires = [(u, w) for *_, u, w in sorted(ends, key=lambda end: end[:2])]
            at = _spread([self._priority(u, v, w) for u, w in wires])
            for (_, w), fraction in zip(wires, at, strict=True):
                self.pins[v, w] = fraction * (self._width(v) - 2 * MARGIN)

    def _width(self, v: int) -> float:
        box = self.boxes[v]
        return box.width + 2 * MARGIN if box else 2 * WIRE

    def _leaves(self, v: int, w: Wire) -> float:
        """Where a wire leaves a vertex, from its middle."""
        box = self.boxes[v]
        return box.exits[w.value] - box.width / 2 if box and box.children else 0.0

    def _enters(self, v: int, w: Wire) -> float:
        box = self.boxes[v]
        if box and box.children:
            return box.entries[w.value] - box.width / 2
        return self.pins.get((v, w), 0.0)

    # -- places ----------------------------------------------------------------------------------------------

    def _priority(self, u: int, v: int, w: Wire) -> int:
        """How much it matters that the line from u to v runs straight down."""
        above, below = self.boxes[u], self.boxes[v]
        if above and below and above.kind is not None and above.kind == below.kind:
            return 4
        if not above and not below and 0 < self.row[u] and self.row[v] < self.last:
            return 3  # it passes
        return min(w.value.weight, 2 if below or self.row[v] == self.last else 1)

    def _place(self) -> None:
        links = []
        for (u, v, _), w in self.steps.items():
            priority = self._priority(u, v, w)
            shift = 0.0 if priority == 4 else self._leaves(u, w) - self._enters(v, w)
            links.append(Link(u, v, shift, priority))
        widths = [self._width(v) for v in range(len(self.boxes))]
        middle = centres(self.layers, widths, links)
        extent = max((middle[layer[-1]] + widths[layer[-1]] / 2 for layer in self.layers if layer), default=0.0)
        width = max(self.box.width, extent - 2 * MARGIN + 2 * PADDING)
        left = (width - extent) / 2
        middle = [left + x for x in middle]

        aside = [0.0] * len(self.layers)  # how far the wires below each row go to the side
        for (u, v, _), w in self.steps.items():
            far = abs(middle[u] + self._leaves(u, w) - middle[v] - self._enters(v, w))
            aside[self.row[u]] = max(aside[self.row[u]], far)
        height = [max((b.height for v in layer if (b := self.boxes[v])), default=0.0) for layer in self.layers]
        height[0] = self.box.header  # wires that enter run straight down past the title
        top = [0.0]
        for i in range(self.last):
            channel = min(WIDEST_CHANNEL, CHANNEL + aside[i] / 12) if aside[i] > 1 else PADDING
            top.append(top[i] + height[i] + channel)

        led_to = {v for _, v, _ in self.steps}
        for v, box in enumerate(self.boxes):
            if box:
                spare = height[self.row[v]] - box.height
                box.x = middle[v] - box.width / 2
                box.y = top[self.row[v]] + (spare / 2 if v in led_to else spare)  # a leaf stands close to its use
        self.box.width, self.box.height = width, top[-1]
        self.box.entries = {value: middle[v] for value, v in self.entries.items()}
        self.box.exits = {value: middle[v] for value, v in self.exits.items()}

        self.routes: dict[Wire, list[Point]] = {}
        for w in self.wires:
            start, *passed, end = self.path[w]
            points = []
            x = middle[start] + self._leaves(start, w)
            if box := self.boxes[start]:
                points.append((x, box.y + box.height))
            points.append((x, top[self.row[start]] + height[self.row[start]]))
            for v in passed:
                points += [(middle[v], top[self.row[v]]), (middle[v], top[self.row[v]] + height[self.row[v]])]
            x = middle[end] + self._enters(end, w)
            points.append((x, top[self.row[end]]))
            if box := self.boxes[end]:
                points.append((x, box.y))
            self.routes[w] = points


def _spread(priorities: list[int]) -> list[float]:
    """Where wires of these priorities, from left to right, enter a box of width 1, from its middle.

    One that matters more than all others enters in the middle, so that a long flow of values stays in one column.
    """
    n = len(priorities)
    main = priorities.index(max(priorities))
    if priorities.count(priorities[main]) > 1:
        return [(i + 1) / (n + 1) - 0.5 for i in range(n)]
    left, right = main, n - 1 - main
    return [(i - left) / (2 * (left if i < left else right) + 2) for i in range(n)]
