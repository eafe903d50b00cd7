"""How far to the right each vertex stands, once its row and its place in the row are known.

A line that runs straight down is the easiest to follow. So first the links that matter most are made vertical: as many
as can be without two of them crossing (the idea is Brandes and Köpf's, 2001). What they join is a block, and moves as
one. Then the blocks are packed, and drawn towards the middle of what they are linked with, as far as their neighbours
leave room.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

from .ranks import topological

SWEEPS = 8
LOOSE = 2.0  # times the widest row: a drawing that is wider gives up straight lines for a smaller width
LONG_LINES = 3  # of this priority and more are those that stay straight even so


class Link(NamedTuple):
    """Two vertices in neighbouring rows: the line is vertical if `lower` stands at `upper` + `shift`."""

    upper: int
    lower: int
    shift: float
    priority: float  # among links that cannot all be vertical, the higher wins; alike, none does


def centres(layers: Sequence[Sequence[int]], widths: Sequence[float], links: Sequence[Link]) -> list[float]:
    """Where the middle of each vertex is; in every row, in the order given, none overlaps the next.

    Args:
        layers: the vertices of each row, from left to right.
        widths: the room that each vertex wants, its margins included.
        links: what joins them.

    >>> from cutaway.explain.layout.positions import Link, centres
    >>> centres([[0, 1], [2]], [10, 10, 10], [Link(0, 2, 0.0, 1), Link(1, 2, 0.0, 1)])
    [5.0, 15.0, 10.0]
    """
    at = _placed(layers, widths, links, links)
    widest = max((sum(widths[v] for v in layer) for layer in layers), default=0.0)
    if _extent(at, widths) > LOOSE * widest:  # a flight of stairs: many short lines pull long ones to the side
        other = _placed(layers, widths, links, [link for link in links if link.priority >= LONG_LINES])
        at = min(at, other, key=lambda at: _extent(at, widths))
    start = min((x - width / 2 for x, width in zip(at, widths)), default=0.0)
    return [x - start for x in at]


def _extent(at: Sequence[float], widths: Sequence[float]) -> float:
    right = max((x + width / 2 for x, width in zip(at, widths)), default=0.0)
    return right - min((x - width / 2 for x, width in zip(at, widths)), default=0.0)


def _placed(
    layers: Sequence[Sequence[int]], widths: Sequence[float], links: Sequence[Link], vertical: Sequence[Link]
) -> list[float]:
    """The middle of each vertex, with as many of the links `vertical` made so as can be."""
    n = len(widths)
    block, shift = _blocks(layers, n, vertical)

    # Between neighbours in a row: how far apart their blocks have to be at least.
    apart: dict[tuple[int, int], float] = {}
    for layer in layers:
        for u, v in pairwise(layer):
            pair = (block[u], block[v])
            least = (widths[u] + widths[v]) / 2 + shift[u] - shift[v]
            apart[pair] = max(least, apart.get(pair, least))
    left: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    right: list[list[tuple[int, float]]] = [[] for _ in range(n)]
    for (a, b), least in apart.items():
        left[b].append((a, least))
        right[a].append((b, least))
    wants: list[list[tuple[int, float, float]]] = [[] for _ in range(n)]
    for link in links:
        a, b = block[link.upper], block[link.lower]
        if a != b:
            offset = link.shift + shift[link.upper] - shift[link.lower]
            weight = 1 + link.priority
            wants[b].append((a, offset, weight))
            wants[a].append((b, -offset, weight))

    across = [b for b in topological(n, apart) if block[b] == b]
    x = [0.0] * n
    for b in across:
        x[b] = max((x[a] + least for a, least in left[b]), default=0.0)
    for b in reversed(across):
        x[b] = max(x[b], min((x[c] - least for c, least in right[b]), default=x[b]))
    for sweep in range(SWEEPS):
        for b in across if sweep % 2 else reversed(across):
            if wants[b]:
                total = sum(weight for *_, weight in wants[b])
                ideal = sum((x[a] + offset) * weight for a, offset, weight in wants[b]) / total
                low = max((x[a] + least for a, least in left[b]), default=-inf)
                high = min((x[c] - least for c, least in right[b]), default=inf)
                x[b] = min(max(ideal, low), high)
    return [x[block[v]] + shift[v] for v in range(n)]


def _blocks(layers: Sequence[Sequence[int]], n: int, links: Sequence[Link]) -> tuple[list[int], list[float]]:
    """Which vertices move as one: for each the first of its block, and how far to the right of it it stands."""
    place = {v: p for layer in layers for p, v in enumerate(layer)}
    row = {v: i for i, layer in enumerate(layers) for v in layer}
    best_above: dict[int, Link | None] = {}  # of all that end there, the one of highest priority; None if two are alike
    best_below: dict[int, Link | None] = {}
    for link in sorted(links, key=lambda link: link.priority):
        for best, end in ((best_above, link.lower), (best_below, link.upper)):
            rival = best.get(end)
            best[end] = None if rival and rival.priority == link.priority else link

    def is_best(link: Link) -> bool:
        return best_above[link.lower] is link and best_below[link.upper] is link

    chosen: dict[int, Link] = {}  # by the lower end
    straight: list[list[tuple[int, int]]] = [[] for _ in layers]  # per row: the places of the two ends, sorted
    for link in sorted(filter(is_best, links), key=lambda link: (-link.priority, row[link.upper], place[link.upper])):
        u, v = place[link.upper], place[link.lower]
        others = straight[row[link.upper]]
        i = bisect_left(others, (u, v))
        if (i == 0 or others[i - 1][1] < v) and (i == len(others) or others[i][1] > v):
            others.insert(i, (u, v))
            chosen[link.lower] = link

    block, shift = list(range(n)), [0.0] * n
    for layer in layers:
        for v in layer:
            if v in chosen:
                u = chosen[v].upper
                block[v], shift[v] = block[u], shift[u] + chosen[v].shift
    return block, shift
