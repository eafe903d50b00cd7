"""From the innermost boxes outwards, level by level."""

from __future__ import annotations

from collections.abc import Sequence

from .box import Box, Edge, Point, Tag
from .level import Level, Wire

ROUNDING = 1e-6  # places that are the same, but were reached by different sums, differ by less


def arrange(root: Box, edges: Sequence[Edge]) -> list[Tag]:
    """Give every box inside `root` a place and every edge its lines; return the tags of edges that were cut.

    Args:
        root: the box around all others. It and the boxes with children get their sizes from what is in them.
        edges: each from a box without children to another, which ends up below it.

    Raises:
        ValueError: the edges go round in a circle, between boxes or between boxes that hold them.

    >>> from cutaway.explain.layout import Box, Edge, arrange
    >>> x, y = Box(40, 20), Box(60, 20)
    >>> edge = Edge(x, y)
    >>> arrange(Box(children=[x, y]), [edge])
    []
    >>> x.y < y.y, edge.lines
    (True, [[(42.0, 32.0), (42.0, 44.0)]])
    """
    inside: dict[Box, Box] = {}
    depth = {root: 0}
    for box in root.walk():
        for child in box.children:
            inside[child] = box
            depth[child] = depth[box] + 1

    wires: dict[Box, dict[Wire, None]] = {box: {} for box in root.walk() if box.children or box is root}
    pieces = []  # per edge: the wires that it is made of, and the boxes in which they lie
    for number, edge in enumerate(edges):
        up: list[tuple[Box, Wire]] = []
        down: list[tuple[Box, Wire]] = []
        u, v = edge.source, edge.target
        while inside[u] is not inside[v]:  # out of the deeper box of the two, until both stand in the same
            if depth[u] >= depth[v]:
                up.append((inside[u], Wire(u, None, edge.source)))
                u = inside[u]
            else:
                down.append((inside[v], Wire(None, v, edge.source, None if v.children else number)))
                v = inside[v]
        across = (inside[u], Wire(u, v, edge.source, None if v.children else number))
        pieces.append([*up, across, *reversed(down)])
        for box, wire in pieces[-1]:
            wires[box][wire] = None

    levels = {box: Level(box, wires[box]) for box in sorted(wires, key=lambda box: -depth[box])}
    for box in root.walk():
        for child in box.children:
            child.x += box.x
            child.y += box.y
    tags = []
    for level in levels.values():
        for tag in level.tags:
            tag.box.x += level.box.x
            tag.box.y += level.box.y
            tags.append(tag)
    for edge, wired in zip(edges, pieces, strict=True):
        edge.lines = _lines([(levels[box], wire) for box, wire in wired])
    return tags


def _lines(pieces: Sequence[tuple[Level, Wire]]) -> list[list[Point]]:
    """Join the wires of an edge to lines, a new one wherever it was cut; points that change nothing go."""
    lines: list[list[Point]] = [[]]
    for level, wire in pieces:
        if wire not in level.routes:  # what it leads to begins at a tag
            continue
        if level.cut(wire) and lines[-1]:
            lines.append([])
        line = lines[-1]
        for x, y in level.routes[wire]:
            x, y = x + level.box.x, y + level.box.y
            if line and abs(x - line[-1][0]) < ROUNDING:
                x = line[-1][0]
                if abs(y - line[-1][1]) < ROUNDING:
                    continue
                if len(line) > 1 and line[-2][0] == x:
                    line.pop()
            line.append((x, y))
    return lines
