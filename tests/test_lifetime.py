"""What is dropped is gone, at once: the cyclic collector is off in these tests."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import memory, nn
from cutaway.graph import newest_first
from cutaway.memory import held

F = nn.functional



@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def parts(*losses: Any) -> list[weakref.ref[Any]]:
    """Weak references to every node behind the losses, and to every array that a node keeps."""
    nodes = [node for node in newest_first([loss.grad_fn for loss in losses]) if node.number]
    arrays = [array for node in nodes for array in node.arrays or () if isinstance(array, np.ndarray)]
    arrays += [array for node in nodes for pullback in node.pullbacks or () for array in held(pullback)]
    arrays = [array for array in arrays if isinstance(array, np.ndarray)]
    return [weakref.ref(x) for x in (*nodes, *arrays, *(loss._array for loss in losses))]


def plain(x: Any) -> Any:
    h = (x * 2).exp() + x[0] * x.mean()
    return (h @ h.T).softmax(0).sum()


def with_views(x: Any) -> Any:
    h = x * 1
    part = h[0]
    flat = h.view(-1)
    part.mul_(2)
    flat[1:3] = part[:2] * 1
    h += 1
    return (h * flat.reshape(2, 3)).sum() + part.sum()


def with_hooks(x: Any) -> Any:
    h = x.exp()
    h.retain_grad()
    h.register_hook(lambda g: g * 2)
    return (h * h).sum()


class Saves(cutaway.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        a, b = x.exp(), x * 2
        ctx.save_for_backward(x, a, b)
        ctx.more = a
        return a, b

    @staticmethod
    def backward(ctx: Any, ga: Any, gb: Any) -> Any:
        _, a, _ = ctx.saved_tensors
        return ga * a + gb * 2


def with_function(x: Any) -> Any:
    a, b = Saves.apply(x)
    return (a * b).sum()


def with_own_op(x: Any) -> Any:
    return cutaway.differentiable(lambda x: (x * x, lambda g: 2 * g * x))(x).sum()


def with_layers(x: Any) -> Any:
    net = nn.Sequential(nn.Linear(3, 4, dtype=cutaway.float64), nn.Tanh(), nn.Linear(4, 3, dtype=cutaway.float64))
    return F.cross_entropy(net(x), cutaway.tensor([0, 2]))


class Remembers(nn.Module):
    def forward(self, x: Any) -> Any:
        self.seen = x.exp()
        return self.seen


def with_a_layer_that_keeps_its_output(x: Any) -> Any:
    return Remembers()(x).sum()


LOSSES = [plain, with_views, with_hooks, with_function, with_own_op, with_layers, with_a_layer_that_keeps_its_output]


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("then", ["nothing", "backward", "retained", "create_graph", "second", "error"])
@pytest.mark.parametrize("make", LOSSES)
def test_no_node_and_no_array_outlives_the_loss(make: Callable[[Any], Any], then: str) -> None:
    x = cutaway.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], dtype=cutaway.float64, requires_grad=True)
    loss = make(x)
    mine = {id(x._array)}
    watched = [ref for ref in parts(loss) if id(ref()) not in mine]
    if then == "backward":
        loss.backward()
    elif then == "retained":
        loss.backward(retain_graph=True)
        loss.backward()
    elif then == "create_graph":
        loss.backward(create_graph=True)
        watched += [ref for ref in parts(x.grad) if id(ref()) not in mine]
        x.grad = None
    elif then == "second":
        (g,) = cutaway.autograd.grad(loss, x, create_graph=True)
        watched += [ref for ref in parts(g) if id(ref()) not in mine]
        g.square().sum().backward()
        del g
    elif then == "error":
        handle = x.register_hook(lambda g: 1 / 0)
        with pytest.raises(ZeroDivisionError) as caught:
            loss.backward(retain_graph=True)
        handle.remove()
        del caught, handle
    del loss
    assert [ref() for ref in watched if ref() is not None] == []


@pytest.mark.usefixtures("no_collector")
def test_backward_lets_go_of_the_values_while_the_loss_lives() -> None:
    x = cutaway.ones(2, 3, dtype=cutaway.float64, requires_grad=True)
    loss = plain(x)
    watched = [ref for ref in parts(loss) if isinstance(ref(), np.ndarray)]
    loss.backward()
    alive = [ref() for ref in watched if ref() is not None]
    assert all(array is x._array or array is loss._array for array in alive)


@pytest.mark.usefixtures("no_collector")
def test_a_tensor_that_is_dropped_takes_its_notes_along() -> None:
    before = len(memory._writes)
    x = cutaway.ones(3)
    for _ in range(5):
        x.add_(1)
    assert len(memory._writes) == before + 1
    del x
    assert len(memory._writes) == before


@pytest.mark.usefixtures("no_collector")
def test_ten_thousand_steps_hold_memory_flat() -> None:
    w = cutaway.zeros(3, requires_grad=True)
    x, y = cutaway.ones(4, 3), cutaway.ones(4)
    optimizer = cutaway.optim.SGD([w], lr=1e-3)

    def train(steps: int) -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            ((x @ w - y) ** 2).mean().backward()
            optimizer.step()

    train(6_000)
    tracemalloc.start()
    memory = []
    for _ in range(5):  # not only the last: for a while Python keeps tuples that are freed, to use them again
        memory.append(tracemalloc.get_traced_memory()[0])
        train(1_000)
    tracemalloc.stop()
    assert min(np.diff(memory)) / 1_000 < 8  # what a step left behind would have a pointer to it


@pytest.mark.usefixtures("no_collector")
def test_steps_with_views_hooks_and_second_derivatives_hold_memory_flat() -> None:
    def train(steps: int) -> None:
        for _ in range(steps):
            for make in LOSSES:
                x = cutaway.full((2, 3), 0.1, dtype=cutaway.float64, requires_grad=True)
                (g,) = cutaway.autograd.grad(make(x), x, create_graph=True)
                g.square().sum().backward()

    tracemalloc.start()
    train(5)
    before, _ = tracemalloc.get_traced_memory()
    train(40)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / 40 < 5_000  # one graph is larger; below that are the tuples that Python keeps
