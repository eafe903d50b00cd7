"""The autograd graph, and the backward pass through it.

The forward pass records a `Node` for every op with an input that requires grad: the op, its inputs,
and one pullback for each input that needs a gradient. Together the nodes form a directed acyclic
graph from the loss back to the parameters.

`walk` applies the chain rule. It starts at the loss, whose gradient with respect to itself is 1,
and visits the nodes in reverse order of creation. Everything that used a node's value is newer than
the node and has been visited before it, so the gradient `g` accumulated there is complete. Each
pullback maps `g` to the gradient of one input, which is added to that input's total. The gradients
that reach the `Leaf`s are the result.

This module does not know the Tensor class: values and gradients are NumPy arrays, or any objects
with the same operators. Second derivatives rely on this: see `rerun` in `walk`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from operator import attrgetter
from typing import Any

import numpy as np

from . import errors
from .memory import Line, clock, held, hold_values, latest_write, overwritten_at
from .ops import NAMED_BY_INPUTS, TABLE
from .ops.contract import Shape, renewed
from .ops.indexing import Read, overwrite
from .ops.shape import stretched_axes

Gradient = Any  # an array; with create_graph, a Tensor
Hook = Callable[[Gradient], Gradient | None]
Pullbacks = Sequence[Callable[[Any], Any] | None]

# Each observer has recorded(node, value) and sent(node, i, g, gave, gx): for input i the pullback mapped g to `gave`,
# and summing `gave` over the broadcast axes gives gx. Usually empty.
observers: list[Any] = []

# The module call in progress, linked to the call that encloses it: explain reads here where a node was recorded.
# The reference to the module is weak, because the module may hold the node.
Call = tuple[weakref.ref[Any], type, "Call | None"]
module_call: ContextVar[Call | None] = ContextVar("module_call", default=None)


class Leaf:
    """A sink of the graph: represents a leaf tensor, such as a parameter."""

    __slots__ = ("__weakref__", "hooks", "shape")

    number = 0  # older than any op
    parents: tuple[()] = ()
    next_functions: tuple[()] = ()
    pullbacks: tuple[()] = ()

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.hooks: dict[int, Hook] | None = None


class Node:
    """One recorded op: its inputs, the nodes that produced them, and its pullbacks."""

    __slots__ = (
        "__weakref__", "arrays", "attrs", "call", "hooks", "line", "named", "number", "op", "parents", "pullbacks",
        "shape",
    )  # fmt: skip

    def __init__(
        self, op: Callable[..., Any], attrs: Mapping[str, Any], arrays: Sequence[Any],
        parents: Sequence[Node | Leaf | None], shape: Shape, pullbacks: Pullbacks, line: Line,
    ) -> None:  # fmt: skip
        self.op = op
        self.attrs = attrs
        self.arrays: Sequence[Any] | None = arrays  # the inputs' values
        self.parents = parents  # the node that produced each input; None for a constant
        self.shape = shape  # of the value
        self.number = next(clock)
        self.line = line
        self.call = module_call.get()
        self.hooks: dict[int, Hook] | None = None
        self.named: str | None = None  # overrides the op's name in PyTorch
        if None in parents:  # drop the pullbacks of constants, and the arrays that only they hold
            pullbacks = [q if p is not None else None for p, q in zip(parents, pullbacks)]
        self.pullbacks: Pullbacks | None = pullbacks

    def name(self) -> str:
        """PyTorch's name for this node, such as MulBackward0."""
        op = TABLE.get(self.op)
        return self.named or (op.grad_fn_of(self) if op else f"{self.op.__name__}Backward")

    @property
    def next_functions(self) -> tuple[tuple[Node | Leaf | None, int], ...]:
        """(node, 0) for each input, in PyTorch's order."""
        op = TABLE.get(self.op)
        return tuple((parent, 0) for parent in (op.parents_of(self) if op else self.parents))

    def __repr__(self) -> str:
        return f"<{self.name().rpartition('::')[2]} object at {id(self):#x}>"

    def free(self) -> None:
        """Release the saved values. Pullbacks that hold none stay usable, as in PyTorch."""
        if self.op in NAMED_BY_INPUTS:
            self.named = self.name()
        self.arrays = None
        if self.pullbacks is not None and hold_values(self.pullbacks):
            self.pullbacks = None


def newest_first(roots: Iterable[Node | Leaf], oldest: int = Leaf.number) -> list[Any]:
    """The roots and their ancestors, newest first; none older than `oldest`."""
    found: list[Any] = list(dict.fromkeys(roots))
    seen: set[Any] = {None, *found}
    for node in found:  # `found` grows during the loop
        for parent in node.parents:
            if parent not in seen and parent.number >= oldest:
                seen.add(parent)
                found.append(parent)
    return sorted(found, key=attrgetter("number"), reverse=True)


def walk(
    roots: list[tuple[Node | Leaf, Gradient]],
    *,
    targets: list[Node | Leaf] | None = None,
    retain_graph: bool = False,
    rerun: Callable[[Node], Sequence[Any]] | None = None,
) -> dict[Node | Leaf, Gradient]:
    """Propagate gradients from the roots through the graph, and return those of the targets.

    Args:
        roots: the nodes to start from, each with the gradient of the loss with respect to its value.
        targets: the nodes to return gradients for; None for all leaves.
        retain_graph: keep the saved values, for another backward pass.
        rerun: recomputes a node's pullbacks to map Tensors to Tensors, so that the backward pass is recorded too.
    """
    wanted = set(targets or ())
    order = newest_first([node for node, _ in roots], min((t.number for t in wanted), default=Leaf.number))
    path = None if targets is None else leading_to(wanted, order)
    refuse_stale(order, path, rerun is not None)  # before anything changes

    grads: dict[Node | Leaf, Gradient] = {}
    ours: set[Node | Leaf] = set()  # nodes whose total is a buffer allocated here, safe to update in place
    arrived: dict[Node | Leaf, Gradient] = {}
    for root, g in roots:
        grads[root] = grads[root] + g if root in grads else renewed(g)

    for node in order:
        g = grads.pop(node, None)
        if g is None:
            continue
        if node.hooks:
            before = latest_write()
            g = call_hooks(node, g)
            if latest_write() > before:  # a hook wrote in place, perhaps to a saved value
                refuse_stale(order[order.index(node) :], path, rerun is not None)
        if not node.number or path is not None:
            if targets is None or node in wanted:
                arrived[node] = g
            if path is None or node not in path:
                continue  # no target lies beyond this node

        pullbacks: Iterable[Any] = enumerate(node.pullbacks if rerun is None else rerun(node))
        erases = node.op is overwrite and node.pullbacks[0] and rerun is None and not observers
        if erases:  # zero g in place, after the gradient of the written value has been read from it
            g = g if node in ours and not node.hooks and node not in arrived else np.array(g)
            pullbacks = [(1, node.pullbacks[1]), (0, node.pullbacks[0].within)]
        for i, pullback in pullbacks:
            parent = node.parents[i]
            if pullback is None or (path is not None and parent not in path and parent not in wanted):
                continue
            total = grads.get(parent)
            adds = total is not None and parent in ours and isinstance(pullback, Read)  # at the index only
            if observers or not adds:
                gx = gave = pullback(g) if not retain_graph or node.op in TABLE else renewed(pullback(g))
                if gx is None:  # a user's Function may return None: no gradient for this input
                    continue
                if gx.shape != parent.shape:
                    gx = undo_broadcast(gx, parent.shape, node, i)
                for observer in observers:
                    observer.sent(node, i, g, gave, gx)
            if adds:  # with observers too, so that observing never changes a sum, not even in its last bit
                pullback.add_to(total, g)
            elif total is None:
                if not parent.number and isinstance(gx, np.ndarray):
                    gx = unshared(gx, g, node)
                grads[parent] = gx
                if erases:
                    ours.add(parent)
            elif parent in ours:
                total += gx
            else:
                grads[parent] = total + gx
                if rerun is None and parent.shape:  # NumPy scalars are immutable
                    ours.add(parent)
        if not retain_graph:
            node.free()
    return arrived


def unshared(gx: Gradient, g: Gradient, node: Node) -> Gradient:
    """gx for a leaf: copied if it shares memory with g, or if a user-defined op may hold a reference to it."""
    return gx if gx is not g and gx.base is None and node.op in TABLE else np.array(gx)


def leading_to(targets: set[Node | Leaf], order: list[Any]) -> set[Node | Leaf]:
    """The nodes that have a target among their ancestors: they must pass their gradient on."""
    path: set[Node | Leaf] = set()
    for node in reversed(order):  # parents before their children
        if any(parent in path or parent in targets for parent in node.parents):
            path.add(node)
    return path


def call_hooks(node: Node | Leaf, g: Gradient) -> Gradient:
    """Call a node's hooks with g; each may return a replacement."""
    for hook in list((node.hooks or {}).values()):
        replacement = hook(g)
        g = g if replacement is None else renewed(replacement)
    return g if node.number or not isinstance(g, np.ndarray) else np.array(g)  # a hook may hold a reference


def undo_broadcast(g: Gradient, shape: Shape, node: Node, i: int) -> Gradient:
    """Sum g over the axes along which an input of this shape was broadcast."""
    op = TABLE.get(node.op)
    extra = len(g.shape) - len(shape)
    fits = extra >= 0 and all(n in (1, m) for n, m in zip(shape, g.shape[extra:]))
    if not fits or not (op.broadcasts if op else getattr(node.op, "broadcasts", False)):
        raise errors.gradient_of_wrong_shape(node.op, i, g.shape, shape)
    return g.sum(axis=stretched_axes(shape, g.shape)).reshape(shape)


def refuse_stale(order: list[Any], path: set[Node | Leaf] | None, rerun: bool) -> None:
    """Raise if a value saved for backward was freed, or overwritten after the op ran. An overwrite saves no values."""
    last_write = latest_write()
    for node in order:
        if node.pullbacks is None or node.number < last_write:
            if path is not None and node not in path:
                continue
            if node.pullbacks is None:
                raise errors.graph_is_freed(node.op, node.line)
            values = [array for pullback in node.pullbacks for array in held(pullback)]
            for value in (*values, *(node.arrays if rerun and values and node.op is not overwrite else ())):
                culprit = overwritten_at(value, node.number)
                if culprit is not None:
                    raise errors.value_was_overwritten(node.op, value, node.line, culprit)
