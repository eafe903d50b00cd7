"""The layout of drawings: what must hold of every one, and how well it does on graphs whose best is known."""

from __future__ import annotations

import itertools
import random
from bisect import bisect_left
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutaway.explain.layout import Box, Edge, arrange
from cutaway.explain.layout.level import FAR
from cutaway.explain.layout.ordering import Segment, crossings, reorder
from cutaway.explain.layout.positions import Link, centres
from cutaway.explain.layout.ranks import rows


class Picture:
    """A graph that was laid out. `groups` says for each vertex in which group it stands; a group stands in the one
    whose number is half of its own, and group 0 is the whole."""

    def __init__(
        self, sizes: Sequence[tuple[float, float]], links: Sequence[tuple[int, int]], groups: Sequence[int] = ()
    ) -> None:
        self.root = Box()
        self.groups = {0: self.root}
        self.boxes = [Box(width, height) for width, height in sizes]
        for v, box in enumerate(self.boxes):
            self.group(groups[v] if groups else 0).children.append(box)
        self.edges = [Edge(self.boxes[u], self.boxes[v]) for u, v in links]
        self.tags = arrange(self.root, self.edges)

    def group(self, number: int) -> Box:
        if number not in self.groups:
            self.groups[number] = Box(header=20)
            self.group(number // 2).children.append(self.groups[number])
        return self.groups[number]


def overlap(a: Box, b: Box) -> bool:
    slack = 1e-6
    return (
        a.x + a.width > b.x + slack
        and b.x + b.width > a.x + slack
        and a.y + a.height > b.y + slack
        and b.y + b.height > a.y + slack
    )


def holds(a: Box, b: Box) -> bool:
    slack = 1e-6
    return (
        a.x <= b.x + slack
        and b.x + b.width <= a.x + a.width + slack
        and a.y <= b.y + slack
        and b.y + b.height <= a.y + a.height + slack
    )


def check(picture: Picture) -> None:
    """What must hold of every picture."""
    for outer in picture.root.walk():
        for box in outer.children:
            assert holds(outer, box)
        for a, b in itertools.combinations(outer.children, 2):
            assert not overlap(a, b)
    tags = [tag.box for tag in picture.tags]
    for a, b in itertools.combinations([*picture.boxes, *tags], 2):
        assert not overlap(a, b)
    for edge in picture.edges:
        u, v = edge.source, edge.target
        x, y = edge.lines[-1][-1]
        assert v.x <= x <= v.x + v.width and y == pytest.approx(v.y)
        x, y = edge.lines[0][0]
        starts = [(box.x + box.width / 2, box.y + box.height) for box in (u, *tags)]
        assert (x, y) in [pytest.approx(start) for start in starts]
        for line in edge.lines:
            for (x0, y0), (x1, y1) in itertools.pairwise(line):
                assert y1 >= y0 - 1e-9  # down
                # Between these two points the line stays in this rectangle: it meets no box that the rectangle misses.
                passage = Box(abs(x1 - x0), y1 - y0, x=min(x0, x1), y=y0)
                assert not any(overlap(passage, box) for box in [*picture.boxes, *tags])
                # And where it goes to the side, it is between two rows, and crosses no title.
                if x0 != x1:
                    heads = [Box(g.width, g.header - 1, x=g.x, y=g.y + 1) for g in picture.groups.values()]
                    assert not any(overlap(passage, head) for head in heads)


@st.composite
def graphs(draw: st.DrawFn, nested: bool) -> Picture:
    n = draw(st.integers(1, 30))
    links = [(u, v) for v in range(1, n) for u in draw(st.lists(st.integers(0, v - 1), max_size=3))]
    groups: list[int] = []
    if nested:  # runs of the order 0 to n - 1, as the calls of modules are: no value comes back into a group it left
        cuts = sorted(draw(st.lists(st.integers(0, n), max_size=7)))
        groups = [8 + bisect_left(cuts, v) for v in range(n)]
    size = st.tuples(st.floats(8, 200), st.floats(8, 60))
    return Picture(draw(st.lists(size, min_size=n, max_size=n)), links, groups)


@given(graphs(nested=False))
def test_boxes_stand_apart_and_lines_run_down_between_them(picture: Picture) -> None:
    check(picture)


@given(graphs(nested=True))
def test_groups_hold_what_is_theirs_and_nothing_else(picture: Picture) -> None:
    check(picture)


def test_a_wire_too_long_to_follow_is_cut_and_named_at_its_far_end() -> None:
    n = FAR + 5
    chain = [(v, v + 1) for v in range(n - 1)]
    picture = Picture([(40, 20)] * n, [*chain, (0, n - 1), (0, 3)])
    check(picture)
    (tag,) = picture.tags
    assert tag.source is picture.boxes[0]
    assert picture.edges[-2].lines[-1][0] == (tag.box.x + tag.box.width / 2, tag.box.y + tag.box.height)
    assert picture.edges[-1].lines[0][0] == (picture.boxes[0].x + 20, picture.boxes[0].y + 20)


def test_a_long_wire_into_a_group_is_cut_once() -> None:
    n = FAR + 5
    chain = [(v, v + 1) for v in range(n - 1)]
    picture = Picture([(40, 20)] * n, [*chain, (0, n - 1)], [0] * (n - 2) + [1, 1])
    check(picture)
    assert len(picture.tags) == 1


def test_a_long_wire_out_of_a_group_ends_there_and_begins_anew_at_its_tag() -> None:
    n = FAR + 5
    chain = [(v, v + 1) for v in range(n - 1)]
    picture = Picture([(40, 20)] * n, [*chain, (0, n - 1)], [1, 1] + [0] * (n - 2))
    check(picture)
    left, arrives = picture.edges[-1].lines
    (tag,) = picture.tags
    assert left[0] == (picture.boxes[0].x + 20, picture.boxes[0].y + 20) and left[-1][1] < picture.boxes[2].y
    assert arrives[0] == (tag.box.x + tag.box.width / 2, tag.box.y + tag.box.height)


def test_a_wire_that_begins_at_a_tag_inside_a_group_does_not_come_in() -> None:
    n = FAR + 5
    chain = [(v, v + 1) for v in range(1, n - 1)]
    picture = Picture([(40, 20)] * n, [*chain, (0, n - 1)], [0] + [1] * (n - 1))
    check(picture)
    assert len(picture.edges[-1].lines) == len(picture.tags) == 1 and not picture.groups[1].entries


def test_a_value_used_twice_by_a_far_box_has_one_tag_there() -> None:
    n = FAR + 5
    chain = [(v, v + 1) for v in range(n - 1)]
    picture = Picture([(40, 20)] * n, [*chain, (0, n - 1), (0, n - 1)])
    check(picture)
    assert len(picture.tags) == 1
    assert picture.edges[-1].lines[0][0] == picture.edges[-2].lines[0][0]


# -- rows ----------------------------------------------------------------------------------------------------------


def test_a_leaf_stands_right_above_its_use() -> None:
    #  0 - 1 - 2 - 3   and 4 - 5 - 3: the loose end hangs from where it is used
    assert rows(6, [(0, 1), (1, 2), (2, 3), (4, 5), (5, 3)]) == [0, 1, 2, 3, 1, 2]


def test_a_product_of_leaves_one_of_which_is_used_before_stands_where_it_is_used() -> None:
    # h = x @ W, five rows on h @ V + y @ W: 0 and 1 are x and W, 2 is x @ W, 6 is y, 7 is y @ W, 8 the sum
    assert rows(9, [(0, 2), (1, 2), (2, 3), (3, 4), (4, 5), (6, 7), (1, 7), (5, 8), (7, 8)])[6:] == [3, 4, 5]


def test_what_depends_on_the_flow_stays_close_to_it() -> None:
    # 5 uses 1 early, and its value is used late
    assert rows(6, [(0, 1), (1, 2), (2, 3), (3, 4), (1, 5), (5, 4)])[5] == 2


def test_a_circle_is_refused() -> None:
    a, b = Box(10, 10), Box(10, 10)
    with pytest.raises(ValueError, match="round in a circle through vertex 0"):
        arrange(Box(children=[a, b]), [Edge(a, b), Edge(b, a)])


# -- crossings -----------------------------------------------------------------------------------------------------


def least(layers: list[list[int]], segments: list[Segment]) -> int:
    """The fewest crossings of any order, found by trying all."""
    orders = itertools.product(*(itertools.permutations(layer) for layer in layers))
    return min(crossings(order, segments) for order in orders)


@pytest.mark.parametrize(("m", "n", "fewest"), [(2, 2, 1), (3, 3, 9), (2, 4, 6)])
def test_crossings_of_complete_graphs(m: int, n: int, fewest: int) -> None:
    segments = [Segment(u, m + v) for u in range(m) for v in range(n)]
    layers = [list(range(m)), list(range(m, m + n))]
    assert crossings(layers, segments) == fewest == crossings(reorder(layers, segments), segments)


def test_a_tangled_ladder_is_straightened() -> None:
    layers = [[0, 1, 2, 3], [7, 4, 6, 5], [9, 11, 8, 10]]
    segments = [Segment(v, v + 4) for v in range(8)]
    assert crossings(layers, segments) > 0
    assert crossings(reorder(layers, segments), segments) == 0


def test_a_tree_has_no_crossing() -> None:
    segments = [Segment(v, (v - 1) // 2) for v in range(62, 0, -1)]
    layers = [list(range(2**k - 1, 2 ** (k + 1) - 1)) for k in reversed(range(6))]
    mixed = [sorted(layer, key=lambda v: v * 37 % 101) for layer in layers]
    assert crossings(reorder(mixed, segments), segments) == 0


def test_the_order_is_seldom_far_from_the_best() -> None:
    layers = [[0, 1, 2, 3], [4, 5, 6, 7]]
    every = list(itertools.product(*layers))
    draw = random.Random(0)
    found = best = 0
    for _ in range(60):
        segments = [Segment(u, v) for u, v in draw.sample(every, draw.randint(4, 10))]
        found += crossings(reorder(layers, segments), segments)
        best += least(layers, segments)
    assert best <= found <= 1.1 * best


def test_the_middle_of_a_wire_crosses_none_if_none_has_to() -> None:
    # 0 leads to 1 and past it to 2; 3 comes in beside
    picture = Picture([(40, 20)] * 5, [(0, 1), (1, 2), (0, 2), (3, 1), (2, 4)])
    check(picture)
    assert not any(cross(a, b) for a, b in itertools.combinations(picture.edges, 2))


def cross(a: Edge, b: Edge) -> bool:
    """Whether two edges that share no box cross; both drawn straight between their points."""
    if {a.source, a.target} & {b.source, b.target}:
        return False
    for ((x0, y0), (x1, y1)), ((x2, y2), (x3, y3)) in itertools.product(
        itertools.pairwise(a.lines[0]), itertools.pairwise(b.lines[0])
    ):

        def side(px: float, py: float, qx: float, qy: float, rx: float, ry: float) -> float:
            return (qx - px) * (ry - py) - (qy - py) * (rx - px)

        if (
            side(x0, y0, x1, y1, x2, y2) * side(x0, y0, x1, y1, x3, y3) < 0
            and side(x2, y2, x3, y3, x0, y0) * side(x2, y2, x3, y3, x1, y1) < 0
        ):
            return True
    return False


# -- positions -----------------------------------------------------------------------------------------------------


def test_a_chain_is_a_straight_line() -> None:
    picture = Picture([(40, 20), (90, 20), (10, 20)], [(0, 1), (1, 2)])
    assert len({box.x + box.width / 2 for box in picture.boxes}) == 1


def test_the_flow_is_straight_and_the_parameters_stand_on_both_sides() -> None:
    root = Box()
    x, weight, bias, out = (Box(60, 20) for _ in range(4))
    weight.weight = bias.weight = 0
    root.children = [x, weight, bias, out]
    edges = [Edge(x, out), Edge(weight, out), Edge(bias, out)]
    arrange(root, edges)
    assert weight.x < x.x == out.x < bias.x
    assert edges[0].lines[0][0][0] == edges[0].lines[0][-1][0] == out.x + 30


def test_calls_of_one_module_stand_in_one_column() -> None:
    root = Box()
    state, *inputs = (Box(30 + 20 * i, 20) for i in range(4))
    cells = [Box(header=20, kind="cell", children=[Box(50, 20), Box(70, 20)]) for _ in range(3)]
    root.children = [state, *inputs, *cells]
    edges = []
    for cell, x in zip(cells, inputs, strict=True):
        first, second = cell.children
        edges += [Edge(x, first), Edge(state, first), Edge(first, second)]
        state = second
    arrange(root, edges)
    for i in range(2):
        assert len({round(cell.children[i].x, 6) for cell in cells}) == 1


def test_parallel_chains_stay_columns() -> None:
    # A cell at each time step, what is made of its state, and a running total: five columns, and not stairs
    root, edges = Box(), []
    before: list[Box] = []
    for _ in range(30):
        cell, head, square, mean, total = step = [Box(60, 20) for _ in range(5)]
        cell.kind, total.kind = "cell", "total"
        root.children += step
        edges += [Edge(cell, head), Edge(head, square), Edge(square, mean), Edge(mean, total)]
        if before:
            edges += [Edge(before[0], cell), Edge(before[4], total)]
        before = step
    arrange(root, edges)
    assert root.width < 2 * 5 * 80
    for kind in ("cell", "total"):
        assert len({box.x for box in root.children if box.kind == kind}) == 1


@given(st.lists(st.floats(1, 50), min_size=6, max_size=6))
def test_neighbours_keep_apart(widths: list[float]) -> None:
    layers = [[0, 1, 2], [3, 4, 5]]
    at = centres(layers, widths, [Link(u, v, 0.0, 1) for u in range(3) for v in range(3, 6)])
    for layer in layers:
        for u, v in itertools.pairwise(layer):
            assert at[v] - at[u] >= (widths[u] + widths[v]) / 2 - 1e-9


# -- size ----------------------------------------------------------------------------------------------------------


def test_a_chain_of_thousands_and_a_node_of_thousands() -> None:
    n = 3000
    for links in (
        [(v, v + 1) for v in range(n - 1)],
        [(v, n - 1) for v in range(n - 1)],
        [(0, v) for v in range(1, n)],
    ):
        boxes = Picture([(40, 20)] * n, links).boxes
        assert all(boxes[u].y < boxes[v].y for u, v in links)


def test_boxes_in_boxes_a_thousand_deep() -> None:
    inner = Box(10, 10)
    root = inner
    for _ in range(1000):
        root = Box(children=[root], header=5)
    outside = Box(10, 10)
    edge = Edge(outside, inner)
    arrange(Box(children=[outside, root]), [edge])
    assert len(edge.lines) == 1 and edge.lines[0][-1][1] == pytest.approx(inner.y)


def test_the_same_graph_gives_the_same_picture() -> None:
    links = [(v * 7 % 50, 50 + v) for v in range(50)] + [(50 + v, 100 + v % 9) for v in range(50)]

    def places() -> list[tuple[float, float]]:
        return [(box.x, box.y) for box in Picture([(40, 20)] * 110, links).boxes]

    assert places() == places()


def test_five_hundred_boxes_and_a_thousand_wires() -> None:
    links = [(v - 1 - v * k % min(v, 13), v) for k in (5, 7) for v in range(1, 500)]
    picture = Picture([(90, 50)] * 500, links)
    ys = [box.y for box in picture.boxes]
    assert all(ys[u] < ys[v] for u, v in links)
    assert not any(overlap(a, b) for a, b in itertools.combinations(picture.boxes, 2))
