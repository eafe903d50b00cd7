"""The record and the walk back through it.

What an engine costs is counted here in calls of pullbacks, never in seconds.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import Any, ClassVar

import numpy as np
import pytest

import cutaway
from cutaway import graph, ops
from cutaway.graph import Leaf, Node, newest_first, walk
from cutaway.tensors.base import apply


class Counter:
    """An observer that counts."""

    def __init__(self) -> None:
        self.records = 0
        self.sends = 0

    def recorded(self, node: Node, value: Any) -> None:
        self.records += 1

    def sent(self, node: Node, i: int, g: Any, gave: Any, gx: Any) -> None:
        self.sends += 1


@pytest.fixture
def counter() -> Any:
    counter = Counter()
    graph.observers.append(counter)
    yield counter
    graph.observers.remove(counter)


def leaf(*values: float) -> cutaway.Tensor:
    return cutaway.tensor(values if len(values) != 1 else values[0], dtype=cutaway.float64, requires_grad=True)


# --- the engine alone, on arrays ------------------------------------------------------------------------------------


def record(op: Any, *inputs: Any, **attrs: Any) -> tuple[Any, Node]:
    """Run an op on pairs (array, who made it), and record it: what `apply` does for Tensors."""
    arrays = [array for array, _ in inputs]
    value, *pullbacks = op(*arrays, **attrs)
    parents = [maker for _, maker in inputs]
    return value, Node(op, attrs, arrays, parents, np.shape(value), pullbacks, (record.__code__, 0))


def test_the_engine_needs_no_tensor() -> None:
    a, b = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    x, y = Leaf((2,)), Leaf((2,))
    product = record(ops.mul, (a, x), (b, y))
    total = record(ops.add, product, (a, x))  # a * b + a
    grads = walk([(total[1], np.ones(2))])
    assert set(grads) == {x, y}
    np.testing.assert_array_equal(grads[x], b + 1)
    np.testing.assert_array_equal(grads[y], a)


def test_a_gradient_is_summed_back_only_where_the_op_says_that_it_stretches() -> None:
    def plus(x: Any, y: Any) -> Any:  # an op of one's own, which does not say so
        return x + y, lambda g: g, lambda g: g

    for op, fits in ((ops.add, True), (plus, False)):
        x, y = Leaf((2, 3)), Leaf((3,))
        _, node = record(op, (np.ones((2, 3)), x), (np.ones(3), y))
        if fits:
            assert walk([(node, np.ones((2, 3)))])[y].tolist() == [2, 2, 2]
        else:
            with pytest.raises(RuntimeError, match=r"plus.*\(2, 3\).*\(3,\)"):
                walk([(node, np.ones((2, 3)))])


@pytest.mark.parametrize(("shape", "gave"), [((1, 3), (3,)), ((2, 3), (3,)), ((2,), (2, 3)), ((1, 3), ())])
def test_a_gradient_that_no_stretching_explains(shape: tuple[int, ...], gave: tuple[int, ...]) -> None:
    def shrinks(x: Any) -> Any:
        return x, lambda g: np.zeros(gave)

    shrinks.broadcasts = True  # type: ignore[attr-defined]
    x = Leaf(shape)
    _, node = record(shrinks, (np.ones(shape), x))
    with pytest.raises(RuntimeError, match="shrinks"):
        walk([(node, np.ones(shape))])


def test_a_walk_frees_what_it_passes_unless_it_is_told_otherwise() -> None:
    _, node = record(ops.exp, (np.array([0.0]), x := Leaf((1,))))
    for retained in (True, False):
        assert walk(roots=[(node, np.ones(1))], retain_graph=retained)[x].tolist() == [1]
    assert node.arrays is None
    _, node = record(ops.exp, (np.array([0.0]), x))
    walk([(node, np.ones(1))])
    with pytest.raises(RuntimeError, match="second time"):
        walk([(node, np.ones(1))])


def test_nodes_are_visited_newest_first() -> None:
    x = leaf(1.0)
    a = x * 2
    b = a * 3
    c = a * b  # a is met from c at once, and has to wait for b
    assert newest_first([c.grad_fn]) == [c.grad_fn, b.grad_fn, a.grad_fn, x._node]
    c.backward()
    assert x.grad == 24.0


def test_an_op_may_be_applied_by_hand_at_the_top_of_a_program() -> None:
    program = """
import cutaway
from cutaway.tensors.base import apply
x = cutaway.ones(2, requires_grad=True)
print(apply(cutaway.ops.exp, x).grad_fn.line[0].co_name)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("<module>\n", "")


def test_an_op_applied_by_hand_is_recorded_at_its_own_line() -> None:
    def here() -> str:
        node = apply(ops.exp, leaf(1.0)).grad_fn
        assert node is not None
        return node.line[0].co_name

    assert here() == "here"


def test_a_method_may_be_called_from_outside_python() -> None:
    program = "import atexit, cutaway; atexit.register(cutaway.ones(2, requires_grad=True).exp)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("", "")


# --- shapes of graphs -----------------------------------------------------------------------------------------------


def test_a_value_used_twice() -> None:
    x = leaf(3.0)
    (x * x).backward()
    assert x.grad == 6.0
    x.grad = None
    y = x * 2
    (y * y + y).backward()
    assert x.grad == 2 * (2 * 6.0 + 1)


def test_a_value_used_three_times_is_summed_into_memory_of_its_own() -> None:
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    seed = cutaway.ones(3, dtype=cutaway.float64)
    (y + y + y + y).backward(seed)
    assert x.grad.tolist() == [4.0] * 3
    assert seed.tolist() == [1.0] * 3


def test_a_single_number_read_and_used_many_times() -> None:
    x = leaf(2.0)
    (x[...] * 1 + x[...] * 2 + x[...] * 3 + x[...]).backward()
    assert x.grad == 7.0


def test_a_diamond_a_thousand_deep(counter: Counter) -> None:
    x = y = leaf(1.0)
    for _ in range(1000):
        y = y * 0.25 + y * 0.75
    y.backward()
    assert x.grad == 1.0
    assert counter.records == 3000
    assert counter.sends == 4000  # an edge each, and not a path each: there are 2¹⁰⁰⁰ of those


def test_a_chain_of_a_hundred_thousand(counter: Counter) -> None:
    n = 100_000
    x = y = leaf(1.0)
    for _ in range(n):
        y = y + 1
    assert n > sys.getrecursionlimit()
    y.backward()
    assert x.grad == 1.0
    assert counter.sends == n


@pytest.mark.parametrize("how", ["unused", "after backward", "retained", "in place", "views"])
def test_a_long_chain_is_taken_down_without_recursion(how: str) -> None:
    x = leaf(1.0, 2.0)
    y = x * 1.0
    for _ in range({"unused": 100_000, "views": 2_000}.get(how, 20_000)):
        if how == "in place":
            y += 1
        elif how == "views":
            y = y[:]
        else:
            y = y.exp() if how == "unused" else -y
    if how in ("after backward", "retained", "in place", "views"):
        y.sum().backward(retain_graph=how == "retained")
        assert x.grad.tolist() == [1.0, 1.0]
    del y
    gc.collect()


def test_a_fan_in_of_ten_thousand() -> None:
    xs = [leaf(float(i)) for i in range(10_000)]
    calls = 0

    @cutaway.differentiable
    def total(*arrays: Any) -> Any:
        def one(g: Any) -> Any:
            nonlocal calls
            calls += 1
            return g * 2

        return 2 * sum(arrays), *[one] * len(arrays)

    total(*xs).backward()
    assert calls == len(xs)
    assert all(x.grad == 2.0 for x in xs)
    (cutaway.stack(xs) * cutaway.arange(10_000)).sum().backward()
    assert [x.grad.item() for x in xs] == [2.0 + i for i in range(10_000)]


def test_a_fan_out_of_ten_thousand() -> None:
    x = leaf(1.0, 2.0)
    cutaway.stack([x * i for i in range(10_000)]).sum().backward()
    assert x.grad.tolist() == [sum(range(10_000))] * 2


def test_a_constant_beside_the_way_costs_nothing(counter: Counter) -> None:
    x, constant = leaf(1.0, 2.0), cutaway.ones(2, dtype=cutaway.float64)
    y = x * (constant * constant)
    assert counter.records == 1  # what depends on no leaf is not recorded
    assert y.grad_fn.pullbacks.count(None) == 1  # and the pullback for it is dropped, with what it held
    y.sum().backward()
    assert counter.sends == 2


# --- observers ------------------------------------------------------------------------------------------------------


def test_reads_are_seen_one_by_one_by_an_observer(counter: Counter) -> None:
    x = leaf(1.0, 2.0, 3.0)
    (x[0] + x[1] + x[0]).backward()
    assert x.grad.tolist() == [2.0, 1.0, 0.0]
    assert counter.sends == 4 + 3


def test_being_watched_changes_no_digit() -> None:
    weight = cutaway.randn(3, 4, requires_grad=True)
    rows = cutaway.tensor([2, 2, 0, 2])

    def gradient() -> Any:
        used = [weight[rows] * k for k in (0.1, 0.7, 1.3)]
        (g,) = cutaway.autograd.grad((used[0] * used[1] * used[2]).sum(), weight)
        return g

    plain = gradient()
    graph.observers.append(Counter())
    try:
        assert np.array_equal(gradient().numpy(), plain.numpy())
    finally:
        graph.observers.pop()


def test_an_observer_sees_what_a_pullback_gave_before_it_is_summed() -> None:
    class Shapes(Counter):
        seen: ClassVar[list[Any]] = []

        def sent(self, node: Node, i: int, g: Any, gave: Any, gx: Any) -> None:
            self.seen.append((node.op.__name__, i, g.shape, gave.shape, gx.shape))

    x, b = cutaway.ones(4, 3), cutaway.ones(3, requires_grad=True)
    graph.observers.append(Shapes())
    try:
        (x + b).sum().backward()
    finally:
        graph.observers.pop()
    assert Shapes.seen == [("sum", 0, (), (4, 3), (4, 3)), ("add", 1, (4, 3), (4, 3), (3,))]


# --- walking twice --------------------------------------------------------------------------------------------------


def test_a_second_walk_names_the_op_the_line_and_the_way_out() -> None:
    x = leaf(1.0)
    y = x.exp()  # the op
    y.backward()
    with pytest.raises(RuntimeError, match="second time") as caught:
        y.backward()
    message = str(caught.value)
    for part in ("exp", "y = x.exp()  # the op", "retain_graph=True", ".detach()"):
        assert part in message
    assert x.grad == pytest.approx(np.e)


def test_a_second_walk_through_a_part_that_was_walked() -> None:
    x = leaf(1.0)
    hidden = x.exp()
    (hidden * 2).backward()
    with pytest.raises(RuntimeError, match="second time"):
        (hidden * 3).backward()


def test_retain_graph() -> None:
    x = leaf(1.0, 2.0)
    loss = (x.exp() * x).sum()
    loss.backward(retain_graph=True)
    once = x.grad.numpy().copy()
    loss.backward(retain_graph=True)
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), 3 * once)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_a_graph_that_saved_nothing_may_be_walked_again() -> None:
    x = cutaway.ones(2, 3, requires_grad=True)
    y = (x.T.reshape(-1)[1:4].expand(2, 3) + 2 - x).mean()
    for _ in range(3):
        y.backward()
    y.backward(create_graph=True)
    assert x.grad.sum().item() == pytest.approx(0)
    y.backward()


def test_only_what_was_walked_is_freed() -> None:
    x, z = leaf(1.0, 2.0), leaf(3.0, 4.0)
    hidden = x.exp()
    loss = (hidden.exp() * 1).sum()
    (g,) = cutaway.autograd.grad(loss, hidden)  # does not pass through hidden
    hidden.backward(g)
    np.testing.assert_allclose(x.grad.numpy(), np.exp(np.exp([1.0, 2.0])) * np.exp([1.0, 2.0]))

    a, b = x.exp().sum(), z.exp().sum()
    cutaway.autograd.grad([a, b], x)  # b has nothing to do with x
    b.backward()
    np.testing.assert_allclose(z.grad.numpy(), np.exp([3.0, 4.0]))


def test_a_freed_part_that_is_not_needed_does_not_matter() -> None:
    x = leaf(1.0)
    hidden = x.exp()
    hidden.exp().backward()
    loss = hidden.exp()
    assert cutaway.autograd.grad(loss, hidden)[0] == pytest.approx(np.exp(np.e))


# --- a mistake changes nothing --------------------------------------------------------------------------------------


class Explosion(Exception):  # noqa: N818
    pass


@cutaway.differentiable
def explosive(x: Any, *, where: str) -> Any:
    def dx(g: Any) -> Any:
        if where == "backward":
            raise Explosion
        return g

    if where == "forward":
        raise Explosion
    return x * 1, dx


def test_an_error_in_forward() -> None:
    x = leaf(1.0)
    with pytest.raises(Explosion):
        explosive(x, where="forward")
    assert x.grad is None and cutaway.is_grad_enabled()


@pytest.mark.parametrize("create_graph", [False, True])
def test_an_error_in_a_pullback(create_graph: bool) -> None:
    x, z = leaf(1.0), leaf(2.0)
    with cutaway.no_grad(), pytest.raises(Explosion):
        with cutaway.enable_grad():
            loss = z * 3 + explosive(x, where="backward")
        loss.backward(create_graph=create_graph)
    assert x.grad is None and z.grad is None
    assert cutaway.is_grad_enabled()


@pytest.mark.parametrize("create_graph", [False, True])
def test_an_error_in_a_hook(create_graph: bool) -> None:
    x, z = leaf(1.0), leaf(2.0)
    y = x.exp()

    def hook(g: Any) -> None:
        raise Explosion

    handle = y.register_hook(hook)
    loss = z * 3 + y
    with pytest.raises(Explosion):
        loss.backward(create_graph=create_graph)
    assert x.grad is None and z.grad is None
    assert cutaway.is_grad_enabled()
    handle.remove()
    loss.backward()  # the walk had not come to y's node
    assert x.grad == pytest.approx(np.e)


def test_wrong_arguments_are_found_before_the_walk() -> None:
    x = leaf(1.0, 2.0)
    y = x.exp()
    for wrong in (
        lambda: y.backward(),
        lambda: y.backward(cutaway.ones(3)),
        lambda: y.backward(1.0),
        lambda: y.backward(cutaway.ones(2), inputs=[]),
        lambda: y.backward(cutaway.ones(2), inputs=[cutaway.ones(2)]),
        lambda: cutaway.autograd.backward([y, cutaway.ones(())], [cutaway.ones(2), None]),
    ):
        with pytest.raises((RuntimeError, TypeError)):
            wrong()
        assert x.grad is None
    y.backward(cutaway.ones(2, dtype=cutaway.float64))
    np.testing.assert_allclose(x.grad.numpy(), np.exp([1.0, 2.0]))


# --- names ----------------------------------------------------------------------------------------------------------


def test_the_graph_can_be_looked_at() -> None:
    x = leaf(1.0, 2.0)
    y = x * x + 1
    node = y.grad_fn
    assert node.name() == "AddBackward0" and "AddBackward0" in repr(node)
    (product, place), (constant, _) = node.next_functions
    assert (product.name(), place, constant) == ("MulBackward0", 0, None)
    end = product.next_functions[0][0]
    assert end.name() == "torch::autograd::AccumulateGrad" and end.variable is x
    assert "AccumulateGrad" in repr(end)
    assert product.op is ops.mul and product.attrs == {} and product.arrays[0] is x._array
    with pytest.raises(TypeError):
        product.attrs["n"] = 1


def test_inputs_are_listed_in_pytorchs_order() -> None:
    x, w, b = (cutaway.ones(2, 2, requires_grad=True) for _ in range(3))
    ends = [node for node, _ in cutaway.nn.functional.linear(x, w, b[0]).grad_fn.next_functions]
    assert ends[0].name() == "SelectBackward0" and [end.variable for end in ends[1:]] == [x, w]
    assert [node for node, _ in (3 * x).grad_fn.next_functions] == [x._node, None]


def test_is_leaf() -> None:
    x, constant = leaf(1.0), cutaway.ones(1)
    assert x.is_leaf and constant.is_leaf and (constant * 2).is_leaf
    assert not (x * 2).is_leaf
    assert (x * 2).detach().is_leaf
    assert (x * 2).detach().requires_grad_().is_leaf
    with cutaway.no_grad():
        assert (x * 2).is_leaf
    with pytest.raises(RuntimeError, match="leaf"):
        (x * 2).requires_grad_(False)
