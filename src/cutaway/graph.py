"""The record of what was computed, and the walk back through it.

While you compute, every op that touches a tensor which requires grad leaves a `Node`: the op, what
went in, and one pullback for each input that needs a gradient. Together the nodes are a graph that
leads from the loss back to the parameters.

`walk` is the chain rule. It starts with the gradient of the loss with respect to itself, which is
1, and visits the nodes from the newest to the oldest. When it comes to a node, everything that used
the node's value is newer and has been visited; so the gradient `g` that has gathered there is
complete. Each pullback turns it into the gradient of one input, and that is added to what that
input has gathered. What arrives at a `Leaf` is the answer.

Nothing here knows what a Tensor is: values and gradients are NumPy arrays, or whatever else answers
to the same operators. Second derivatives use exactly that: see `rerun` in `walk`.
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
from .ops.contract import Shape
from .ops.indexing import Read, overwrite
from .ops.shape import stretched_axes

Gradient = Any  # an array; with create_graph, a Tensor
Hook = Callable[[Gradient], Gradient | None]
Pullbacks = Sequence[Callable[[Any], Any] | None]

# Each has recorded(node, value), and sent(node, i, g, gave, gx): to input i, of g that arrived, the pullback gave
# this, which, summed over what was stretched, is gx. Empty as a rule.
observers: list[Any] = []

# Which call of a module is running, from inside which other: this is how explain knows where a node was recorded.
# The module is held weakly, for it may hold the node.
Call = tuple[weakref.ref[Any], type, "Call | None"]
module_call: ContextVar[Call | None] = ContextVar("module_call", default=None)


class Leaf:
    """Where gradients end: stands for a tensor that no op made, such as a parameter."""

    __slots__ = ("__weakref__", "hooks", "shape")

    number = 0  # older than any op
    parents: tuple[()] = ()
    next_functions: tuple[()] = ()
    pullbacks: tuple[()] = ()

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.hooks: dict[int, Hook] | None = None


class Node:
    """One op that ran: what went in, where that came from, and the way back."""

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
        self.parents = parents  # for each input who made it; None for a constant
        self.shape = shape  # of the value
        self.number = next(clock)
        self.line = line
        self.call = module_call.get()
        self.hooks: dict[int, Hook] | None = None
        self.named: str | None  # its name in PyTorch, where that is settled already; unset as a rule
        if None in parents:  # a constant's pullback goes, and with it what it alone kept alive
            pullbacks = [q if p is not None else None for p, q in zip(parents, pullbacks)]
        self.pullbacks: Pullbacks | None = pullbacks

    def name(self) -> str:
        """PyTorch's name for it, such as MulBackward0."""
        op, named = TABLE.get(self.op), getattr(self, "named", None)
        return named or (op.grad_fn_of(self) if op else f"{self.op.__name__}Backward")

    @property
    def next_functions(self) -> tuple[tuple[Node | Leaf | None, int], ...]:
        """The nodes of the inputs in PyTorch's order: pairs whose second part is 0."""
        op = TABLE.get(self.op)
        return tuple((parent, 0) for parent in (op.parents_of(self) if op else self.parents))

    def __repr__(self) -> str:
        return f"<{self.name().rpartition('::')[2]} object at {id(self):#x}>"

    def free(self) -> None:
        """Let go of the values. Pullbacks that hold none may be used again, as PyTorch allows."""
        if self.op in NAMED_BY_INPUTS:
            self.named = self.name()
        self.arrays = None
        if self.pullbacks is not None and hold_values(self.pullbacks):
            self.pullbacks = None


def newest_first(roots: Iterable[Node | Leaf], oldest: int = 0) -> list[Any]:
    """All nodes that lead to the roots, the newest first; none older than `oldest`."""
    found: list[Any] = list(dict.fromkeys(roots))
    seen: set[Any] = {None, *found}
    for node in found:  # which grows meanwhile
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
    """Send gradients from the roots back through the graph, and return those that arrived.

    Args:
        roots: where to start, each with the gradient of the loss with respect to its value.
        targets: whose gradients are asked for. None: every leaf's.
        retain_graph: keep the nodes' values, for another walk.
        rerun: makes a node's pullbacks anew so that they take and give Tensors. The walk is then
            itself recorded, and its result can be differentiated again.
    """
    wanted = set(targets or ())
    order = newest_first([node for node, _ in roots], min((t.number for t in wanted), default=0))
    path = None if targets is None else leading_to(wanted, order)
    refuse_stale(order, path, rerun is not None)  # before anything is changed

    grads: dict[Node | Leaf, Gradient] = {}
    ours: set[Node | Leaf] = set()  # whose total is an array that we made, and may write into
    arrived: dict[Node | Leaf, Gradient] = {}
    for root, g in roots:
        grads[root] = grads[root] + g if root in grads else g

    for node in order:
        g = grads.pop(node, None)
        if g is None:
            continue
        if node.hooks:
            before = latest_write()
            g = call_hooks(node, g)
            if latest_write() > before:  # perhaps to what the rest of the walk needs
                refuse_stale(order[order.index(node) :], path, rerun is not None)
        if not node.number or path is not None:
            if targets is None or node in wanted:
                arrived[node] = g
            if path is None or node not in path:
                continue  # a leaf, or a target: nothing that is asked for lies behind it

        pullbacks: Iterable[Any] = enumerate(node.pullbacks if rerun is None else rerun(node))
        erases = node.op is overwrite and node.pullbacks[0] and rerun is None and not observers
        if erases:  # in g itself, once what was written has been read from it
            g = g if node in ours and not node.hooks and node not in arrived else np.array(g)
            pullbacks = [(1, node.pullbacks[1]), (0, node.pullbacks[0].within)]
        for i, pullback in pullbacks:
            parent = node.parents[i]
            if pullback is None or (path is not None and parent not in path and parent not in wanted):
                continue
            total = grads.get(parent)
            adds = total is not None and parent in ours and isinstance(pullback, Read)  # only where it was read
            if observers or not adds:
                gx = gave = pullback(g)
                if gx is None:  # a Function of the user's may say so: this input has no influence
                    continue
                if gx.shape != parent.shape:
                    gx = undo_broadcast(gx, parent.shape, node, i)
                for observer in observers:
                    observer.sent(node, i, g, gave, gx)
            if adds:  # also when watched, so that being watched changes no sum, not even in its last digit
                pullback.add_to(total, g)
            elif total is None:
                if not parent.number and type(gx) is np.ndarray:
                    gx = unshared(gx, g, node)
                grads[parent] = gx
                if erases:
                    ours.add(parent)
            elif parent in ours:
                total += gx
            else:
                grads[parent] = total + gx
                if rerun is None and parent.shape:  # a NumPy scalar cannot be changed in place
                    ours.add(parent)
        if not retain_graph:
            node.free()
    return arrived


def unshared(gx: Gradient, g: Gradient, node: Node) -> Gradient:
    """gx, for a leaf: copied if its memory is g's, or may be something that an op of the user's keeps."""
    return gx if gx is not g and gx.base is None and node.op in TABLE else np.array(gx)


def leading_to(targets: set[Node | Leaf], order: list[Any]) -> set[Node | Leaf]:
    """The nodes that must pass a gradient on, so that it reaches the targets."""
    path: set[Node | Leaf] = set()
    for node in reversed(order):  # parents before their children
        if any(parent in path or parent in targets for parent in node.parents):
            path.add(node)
    return path


def call_hooks(node: Node | Leaf, g: Gradient) -> Gradient:
    """Show g to a node's hooks, each of which may replace it."""
    for hook in list((node.hooks or {}).values()):
        replacement = hook(g)
        g = g if replacement is None else replacement
    return g if node.number or type(g) is not np.ndarray else np.array(g)  # a hook may have kept it


def undo_broadcast(g: Gradient, shape: Shape, node: Node, i: int) -> Gradient:
    """Sum g over the axes along which an input of this shape was stretched: it was used once for each."""
    op = TABLE.get(node.op)
    extra = len(g.shape) - len(shape)
    fits = extra >= 0 and all(n in (1, m) for n, m in zip(shape, g.shape[extra:], strict=True))
    if not fits or not (op.broadcasts if op else getattr(node.op, "broadcasts", False)):
        raise errors.gradient_of_wrong_shape(node.op, i, g.shape, shape)
    return g.sum(axis=stretched_axes(shape, g.shape), keepdims=True).reshape(shape)


def refuse_stale(order: list[Any], path: set[Node | Leaf] | None, rerun: bool) -> None:
    """Raise if a value that the walk needs is gone, or was overwritten after the op ran."""
    last_write = latest_write()
    for node in order:
        if node.pullbacks is None or 0 < node.number < last_write:
            if path is not None and node not in path:
                continue
            if node.pullbacks is None:
                raise errors.graph_is_freed(node.op, node.line)
            values = [array for pullback in node.pullbacks for array in held(pullback)]
            for value in (*values, *(node.arrays if rerun and values else ())):
                culprit = overwritten_at(value, node.number)
                if culprit is not None:
                    raise errors.value_was_overwritten(node.op, value, node.line, culprit)
