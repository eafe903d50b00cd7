"""What the layout is given, and what it fills in."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

Point = tuple[float, float]


@dataclass(eq=False, slots=True)
class Box:
    """A rectangle that wants a place; one with children is drawn around them, and gets its size from them."""

    width: float = 0.0  # with children: at least
    height: float = 0.0
    children: list[Box] = field(default_factory=list)
    header: float = 0.0  # with children: the height of the line that holds the title
    tag_width: float = 60.0  # of the tag that stands for this box at the end of a wire too long to follow
    weight: int = 2  # how much it matters that its wires are straight, from 0: a parameter's less than an op's
    kind: Hashable = None  # boxes of the same kind that follow each other stand in one column

    # Filled in by the layout: the upper left corner, and where wires cross the border of a box with children.
    x: float = 0.0
    y: float = 0.0
    entries: dict[Box, float] = field(default_factory=dict)
    exits: dict[Box, float] = field(default_factory=dict)

    def walk(self) -> Iterator[Box]:
        """This box and all that stand in it, outer ones first."""
        todo = [self]
        while todo:
            box = todo.pop()
            yield box
            todo.extend(reversed(box.children))


@dataclass(eq=False, slots=True)
class Edge:
    """A value that one box hands to another; the layout fills in its line, and its tags if it had to be cut."""

    source: Box
    target: Box
    lines: list[list[Point]] = field(default_factory=list)  # each runs down; more than one if it was cut


@dataclass(eq=False, slots=True)
class Tag:
    """Stands at the lower end of a line that was cut, in place of `source`."""

    source: Box
    box: Box
