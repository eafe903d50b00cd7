"""Which row of the drawing each vertex stands in.

Every link has to point down, so a vertex stands below all that lead to it: its row is the length of the longest path
that ends in it. That alone would put every parameter in the first row, far from its use, and with it the product of
each input of a recurrent net with the weights. What hangs on nothing but such ends slides down until it stands right
above what uses it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence


def topological(n: int, links: Iterable[tuple[int, int]]) -> list[int]:
    """Vertices 0 to n - 1 in an order in which every link leads forward.

    Raises:
        ValueError: the links go round in a circle.

    >>> from cutaway.explain.layout.ranks import topological
    >>> topological(3, [(2, 0), (0, 1)])
    [2, 0, 1]
    """
    below: list[list[int]] = [[] for _ in range(n)]
    waiting_for = [0] * n
    for u, v in links:
        below[u].append(v)
        waiting_for[v] += 1
    ready = deque(v for v in range(n) if not waiting_for[v])
    order = []
    while ready:
        u = ready.popleft()
        order.append(u)
        for v in below[u]:
            waiting_for[v] -= 1
            if not waiting_for[v]:
                ready.append(v)
    if len(order) < n:
        stuck = next(v for v in range(n) if waiting_for[v])
        raise ValueError(f"the links go round in a circle through vertex {stuck}: no drawing has them all point down")
    return order


def rows(n: int, links: Sequence[tuple[int, int]], anchored: Iterable[int] = ()) -> list[int]:
    """The row of each vertex, the first being 0.

    Args:
        n: how many vertices there are.
        links: pairs (u, v): u stands above v.
        anchored: vertices that stay as high as they can, because something from outside leads to them.

    >>> from cutaway.explain.layout.ranks import rows
    >>> rows(4, [(0, 1), (1, 2), (3, 2)])  # 3 is used by 2 alone, and stands right above it
    [0, 1, 2, 1]
    """
    order = topological(n, links)
    above: list[list[int]] = [[] for _ in range(n)]
    below: list[list[int]] = [[] for _ in range(n)]
    for u, v in links:
        above[v].append(u)
        below[u].append(v)

    row = [0] * n  # as high as can be
    for v in order:
        row[v] = max((row[u] + 1 for u in above[v]), default=0)
    latest = row[:]  # as low as can be, if all moved
    for u in reversed(order):
        latest[u] = min((latest[v] - 1 for v in below[u]), default=row[u])

    held = set(anchored)
    ends = {v for v in range(n) if not above[v]} - held
    loose = [False] * n
    for v in order:
        loose[v] = v not in held and latest[v] > row[v] and all(loose[u] or u in ends for u in above[v])
    for u in reversed(order):
        if loose[u]:
            row[u] = min(row[v] for v in below[u]) - 1
    return row
