"""In which order the vertices of a row stand, so that few lines cross.

To find the least number of crossings is hard even for two rows. The usual remedy is good: sweep down and up through
the rows, and sort each by where its neighbours in the row before stand on average (the barycentre, after Sugiyama,
Tagawa and Toda 1981), keeping the best order that was met.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from typing import NamedTuple

SWEEPS = 16
PATIENCE = 4  # sweeps without a gain before giving up


class Segment(NamedTuple):
    """A stretch of line from one row to the next, and where on its two ends it holds on, from -0.5 to 0.5."""

    upper: int
    lower: int
    leaves: float = 0.0
    enters: float = 0.0


def crossings(layers: Sequence[Sequence[int]], segments: Sequence[Segment]) -> int:
    """How many pairs of segments cross.

    >>> from cutaway.explain.layout.ordering import Segment, crossings
    >>> crossings([[0, 1], [2, 3]], [Segment(0, 3), Segment(1, 2)])
    1
    """
    place, row = _places(layers)
    between: dict[int, list[tuple[float, float]]] = {}
    for s in segments:
        ends = (place[s.upper] + s.leaves, place[s.lower] + s.enters)
        between.setdefault(row[s.upper], []).append(ends)
    return sum(map(_inversions, between.values()))


def reorder(layers: list[list[int]], segments: Sequence[Segment]) -> list[list[int]]:
    """The rows in an order with few crossings; the order given decides where nothing else does.

    Args:
        layers: the vertices of each row, from left to right.
        segments: what joins them; each leads from a row to the next.

    >>> from cutaway.explain.layout.ordering import Segment, reorder
    >>> reorder([[0, 1], [2, 3]], [Segment(0, 3), Segment(1, 2)])
    [[0, 1], [3, 2]]
    """
    above: dict[int, list[Segment]] = {}
    below: dict[int, list[Segment]] = {}
    for s in segments:
        above.setdefault(s.lower, []).append(s)
        below.setdefault(s.upper, []).append(s)

    best, fewest, since = [layer[:] for layer in layers], crossings(layers, segments), 0
    layers = [layer[:] for layer in layers]
    for sweep in range(SWEEPS):
        if not fewest or since == PATIENCE:
            break
        place, _ = _places(layers)
        down, turn = sweep % 2 == 0, sweep % 4 > 1
        for i in range(1, len(layers)) if down else range(len(layers) - 2, -1, -1):
            towards: dict[int, float] = {}
            for v in layers[i]:
                if down:
                    ends = [place[s.upper] + s.leaves - s.enters for s in above.get(v, ())]
                else:
                    ends = [place[s.lower] + s.enters - s.leaves for s in below.get(v, ())]
                if ends:
                    towards[v] = sum(ends) / len(ends)
            layers[i] = _sorted_where_known(layers[i], towards, turn)
            for p, v in enumerate(layers[i]):
                place[v] = p
        count = crossings(layers, segments)
        if count < fewest:
            best, fewest, since = [layer[:] for layer in layers], count, 0
        else:
            since += 1
    return best


def _sorted_where_known(layer: list[int], key: dict[int, float], turn: bool) -> list[int]:
    """Sort what has a key; what has none keeps its place. Those alike stay as they are, or turn round."""
    known = [v for v in layer if v in key]
    moving = iter(sorted(reversed(known) if turn else known, key=key.__getitem__))
    return [next(moving) if v in key else v for v in layer]


def _places(layers: Sequence[Sequence[int]]) -> tuple[dict[int, int], dict[int, int]]:
    place = {v: p for layer in layers for p, v in enumerate(layer)}
    row = {v: i for i, layer in enumerate(layers) for v in layer}
    return place, row


def _inversions(ends: list[tuple[float, float]]) -> int:
    seen: list[float] = []
    count = 0
    for _, low in sorted(ends):
        count += len(seen) - bisect_right(seen, low)
        insort(seen, low)
    return count
