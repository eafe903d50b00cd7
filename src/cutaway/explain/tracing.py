"""One backward pass, written down: what every other view of a gradient is made of.

The engine itself is watched, through its list of observers: the numbers are those that `backward()` makes, and not
those of a second engine that imitates it. Being watched changes nothing: no `.grad`, no digit of a sum, not the
graph, which can still be walked, and not the state of the random numbers. Only the hooks that the user has put on
tensors run, as in any backward pass, for they may change the gradient that is to be explained.

The format is told in `docs/trace.md`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, reduce
from operator import add
from threading import get_ident
from typing import Any, NamedTuple

import numpy as np

from .. import errors
from ..autograd import Function
from ..errors import user_frame
from ..graph import Leaf, Node, leading_to, newest_first, observers, walk
from ..memory import overwritten_at
from ..nn import Parameter
from ..ops import TABLE, cast, piece
from ..ops.shape import stretched_axes
from ..random import default_generator
from ..tensors.base import RETAIN, AccumulateGrad, TensorBase, node_of
from ..tensors.differentiation import seed
from .names import Calls, Names
from .rules import rule, source_of
from .source import place
from .values import Values, plain

FORMAT, VERSION = "cutaway.trace", 1


def trace(
    tensor: Any,
    gradient: Any = None,
    *,
    of: Any = None,
    limit: int | None = 100,
    names: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Run one backward pass, and return all that happened in it as plain data (JSON all through).

    Args:
        tensor: where the pass starts: a loss, or whatever else has a graph that was not freed.
        gradient: the gradient of the loss with respect to tensor, of its shape; None means 1, for a single number.
        of: a tensor, or several: only the steps that lead to their gradients. None: to those of all leaves.
        limit: an array of more numbers is cut short, to 3 at either end of each long axis; None cuts none.
        names: what to call tensors that no variable of the caller's holds.

    Raises:
        TypeError: tensor is none.
        RuntimeError: tensor has no graph, or it was freed, or does not depend on `of`; or tensor is not a single
            number, and no gradient is given.

    >>> x = torch.tensor(3., requires_grad=True)
    >>> found = cutaway.explain.trace(x * x)
    >>> [(step["arrived"]["numbers"], [rule["source"] for rule in step["rules"]]) for step in found["steps"]]
    [(1.0, ['lambda g: g * y', 'lambda g: g * x']), (6.0, [])]
    """
    root = _node(tensor)
    if gradient is None and tensor._array.size != 1:
        raise errors.several_to_explain(tensor._array.shape)
    start = seed(tensor, gradient)._array
    wanted = [] if of is None else [of] if isinstance(of, TensorBase) else list(of)
    watch = Watch(root, start, [_node(x) for x in wanted])
    if wanted and not watch.ops and root not in watch.ends:
        raise errors.leads_nowhere_near(wanted[0]._array.shape)
    called = Names(user_frame())
    for name, value in (names or {}).items():
        called.add(name, value)
    return Record(watch, tensor, called, Values(limit)).data()


def _node(x: Any) -> Node | Leaf:
    if not isinstance(x, TensorBase):
        raise errors.not_explainable(x)
    node = node_of(x)
    if node is None:
        raise errors.no_graph()
    return node


class Watch:
    """One backward pass, and what the engine said of it."""

    def __init__(self, root: Node | Leaf, start: Any, targets: Sequence[Node | Leaf]) -> None:
        order = newest_first([root])
        for node in order:
            if node.number and node.arrays is None:
                raise errors.freed_before_explained(node.op, node.line)
        path = leading_to(set(targets), order) if targets else {node for node in order if node.number}
        self.ops: list[Any] = [node for node in reversed(order) if node in path]  # the oldest first
        self.ends = [node for node in order if node not in path and (not targets or node in targets)]
        self.root, self.start = root, start
        self.gradients: dict[Node | Leaf, Any] = {}
        self.sends: dict[tuple[Node, int], tuple[Any, Any]] = {}  # by op and input: what a pullback gave, and its sum

        self._thread = get_ident()  # observers hear of every thread's passes
        observers.append(self)
        try:
            with _nothing_retained(order), _nothing_drawn(order), np.errstate(all="ignore"):
                arrived = walk([(root, start)], targets=list(targets) or None, retain_graph=True)
        finally:
            observers.remove(self)
        self.gradients.update(arrived)

    def recorded(self, node: Node, value: Any) -> None:
        """Of no interest: the pass is not itself recorded."""

    def sent(self, node: Node, i: int, g: Any, gave: Any, gx: Any) -> None:
        """A pullback has run."""
        if get_ident() == self._thread:
            self.gradients[node] = g
            self.sends[node, i] = gave, gx


@contextmanager
def _nothing_retained(nodes: Sequence[Node | Leaf]) -> Iterator[None]:
    """What `retain_grad()` keeps is what a backward pass sends, and not what an explanation does."""
    hooked = [(node, node.hooks) for node in nodes if node.hooks and RETAIN in node.hooks]
    for node, hooks in hooked:
        node.hooks = {key: hook for key, hook in hooks.items() if key != RETAIN}
    try:
        yield
    finally:
        for node, hooks in hooked:
            node.hooks = hooks


@contextmanager
def _nothing_drawn(nodes: Sequence[Node | Leaf]) -> Iterator[None]:
    """Random numbers that hooks and ops of the user's draw will be drawn again by the backward pass itself."""
    if all(not node.hooks and (not isinstance(node, Node) or node.op in TABLE) for node in nodes):
        yield  # no one draws, and the state is long
        return
    state = default_generator.get_state()
    try:
        yield
    finally:
        default_generator.set_state(state)


class Record:
    """Turns what was watched into plain data."""

    def __init__(self, watch: Watch, tensor: TensorBase, names: Names, values: Values) -> None:
        self.watch, self.names, self.values = watch, names, values
        self.calls = Calls(names)
        self.nodes: list[dict[str, Any]] = []
        self._ids: dict[int, int] = {}  # of nodes, and of the arrays of constants
        self._arrays: dict[Node | Leaf, Any] = {watch.root: tensor._array}  # None if it was overwritten since
        self._users: dict[Node | Leaf, list[tuple[Node, int]]] = {}
        for node in watch.ops:
            for i, (array, parent) in enumerate(zip(node.arrays, node.parents, strict=True)):
                if parent is not None:
                    self._users.setdefault(parent, []).append((node, i))
                    if parent not in self._arrays:
                        self._arrays[parent] = None if overwritten_at(array, node.number) else array
                        self.calls.of(parent)  # in the order in which they ran: so they are counted
            self.calls.of(node)

    def data(self) -> dict[str, Any]:
        """The trace."""
        edges: list[dict[str, Any]] = []
        for node in self.watch.ops:
            sources = [self._input(array, parent) for array, parent in zip(node.arrays, node.parents, strict=True)]
            number = self._add(node)
            for i, (source, argument) in enumerate(zip(sources, arguments(node.op, len(sources)), strict=True)):
                if source is not None:
                    edges.append({"from": source, "to": number, "input": i, "argument": argument})
        root = self._add(self.watch.root)
        steps = self._steps()
        self.values.finish()
        return {
            "format": FORMAT,
            "version": VERSION,
            "root": root,
            "modules": list(self.calls.modules.values()),
            "calls": self.calls.calls,
            "nodes": self.nodes,
            "edges": edges,
            "steps": steps,
        }

    # --- nodes

    def _input(self, array: Any, parent: Node | Leaf | None) -> int | None:
        """The number of the node that an input comes from."""
        if parent is not None:
            return self._add(parent)
        if not _is_numeric(array):
            return None  # it stands among the attributes
        known = self._ids.get(id(array)) if isinstance(array, np.ndarray) else None
        if known is None:
            known = self._describe(_no_op("constant", self.names.constant(array)), array, None)
            if isinstance(array, np.ndarray):
                self._ids[id(array)] = known
        return known

    def _add(self, node: Node | Leaf) -> int:
        """The number of a node, which is described if that was not done."""
        known = self._ids.get(id(node))
        if known is None:
            found = self._op(node) if isinstance(node, Node) else self._leaf(node)
            known = self._ids[id(node)] = self._describe(found, self._arrays[node], self._gradient(node))
        return known

    def _describe(self, found: dict[str, Any], array: Any, gradient: Any) -> int:
        found["id"] = number = len(self.nodes)
        if array is not None:
            found["value"] = value = self.values.of(array)
            if value["node"] is None:
                value["node"] = number
        if gradient is not None:
            found["gradient"] = self.values.of(gradient)
        self.nodes.append(found)
        return number

    def _gradient(self, node: Node | Leaf) -> Any:
        """The gradient with which the walk went on from a node; None if none came."""
        known = self.watch.gradients.get(node)
        return self._sum(node) if known is None else known

    def _sum(self, node: Node | Leaf) -> Any:
        """All that was sent to a node, before hooks; None if nothing was."""
        if node is self.watch.root:
            return self.watch.start
        sent = [self.watch.sends.get(use) for use in reversed(self._users.get(node, ()))]
        parts = [both[1] for both in sent if both is not None]
        return reduce(add, parts) if parts else None

    def _leaf(self, leaf: Leaf) -> dict[str, Any]:
        tensor = leaf.variable if isinstance(leaf, AccumulateGrad) else None
        return _no_op("parameter" if isinstance(tensor, Parameter) else "input", self.names.nodes.get(id(leaf)))

    def _op(self, node: Node) -> dict[str, Any]:
        known, at = known_of(node.op), place(node.line)
        module, call, layer = self.calls.of(node)
        users = () if at.is_operator else self._users.get(node, ())
        inside = [user for user, _ in users if user.line == node.line and self.calls.of(user)[2] is layer]
        is_result = not inside and node.op not in (cast, piece)  # of the user's whole expression, not a step on the way
        return {
            "id": None,
            "kind": "op",
            "name": self.names.nodes.get(id(node)) or (at.target if is_result else None),
            "value": None,
            "gradient": None,
            "retained": RETAIN in (node.hooks or ()),
            "op": known.op,
            "grad_fn": node.name(),
            "formula": known.formula,
            "remarks": known.remarks,
            "attributes": self._attributes(node),
            "twin": known.twin,
            "module": module,
            "call": call,
            "line": {**at.line} if is_result else {**at.line, "expression": None},
        }

    def _attributes(self, node: Node) -> dict[str, Any]:
        """What the op was given beside arrays."""
        given = dict(node.attrs)
        if None in node.parents:
            arrays = node.arrays or ()
            for name, x, parent in zip(arguments(node.op, len(arrays)), arrays, node.parents, strict=True):
                if parent is None and not _is_numeric(x):
                    given[name] = x
        return {name: plain(x, self.values) for name, x in given.items()}

    # --- steps

    def _steps(self) -> list[dict[str, Any]]:
        """The backward pass, the newest node first: what arrived, and what each pullback made of it."""
        steps, sends = [], self.watch.sends
        parts: dict[int, list[dict[str, Any]]] = {}
        for node in sorted((*self.watch.ops, *self.watch.ends), key=lambda node: self._ids[id(node)], reverse=True):
            number = self._ids[id(node)]
            gradient = self.nodes[number]["gradient"]
            if gradient is None:
                continue
            rules = [self._rule(node, i, *both) for i in range(len(node.parents)) if (both := sends.get((node, i)))]
            for each in rules:
                part = {"from": number, "input": each["input"], "sent": each["sent"]}
                parts.setdefault(each["to"], []).append(part)
            hooked = node.hooks and any(key != RETAIN for key in node.hooks)
            steps.append(
                {
                    "node": number,
                    "arrived": self.values.of(self._sum(node)) if hooked else gradient,
                    "hooked": gradient if hooked else None,
                    "parts": parts.get(number, []),
                    "rules": rules,
                }
            )
        return steps

    def _rule(self, node: Any, i: int, gave: Any, gx: Any) -> dict[str, Any]:
        """How the gradient of one input came from the one that arrived."""
        summed = () if gave is gx else stretched_axes(gx.shape, gave.shape)
        sent = self.values.of(gx)
        return {
            "input": i,
            "to": self._ids[id(node.parents[i])],
            **rule(node.pullbacks[i], node.op, self.values),
            "gave": sent if gave is gx else self.values.of(gave),
            "summed_over": list(summed),
            "why": f"{gx.shape} was stretched to {gave.shape}" if summed else None,
            "sent": sent,
        }


def _no_op(kind: str, name: str | None) -> dict[str, Any]:
    """What is known of a node that no op made."""
    return {
        "id": None, "kind": kind, "name": name, "value": None, "gradient": None, "retained": kind != "constant",
        "op": None, "grad_fn": None, "formula": None, "remarks": None, "attributes": {}, "twin": None,
        "module": None, "call": None, "line": None,
    }  # fmt: skip


def _is_numeric(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic, int, float)) and x is not True and x is not False


class Known(NamedTuple):
    """What is known of an op, whatever it is given."""

    op: str  # its name
    formula: str | None
    remarks: str | None  # what else is to be said of it
    twin: str | None  # for a fused one the source of its plain twin


@lru_cache
def known_of(op: Callable[..., Any]) -> Known:
    """What is known of an op."""
    entry = TABLE.get(op)
    doc = op.__doc__ or (op.forward.__doc__ if isinstance(op, type) and issubclass(op, Function) else None)
    formula, _, remarks = inspect.cleandoc(doc or "").partition("\n")
    twin = None if entry is None or entry.twin is None else source_of(entry.twin)
    return Known(errors.op_name(op), formula or None, " ".join(remarks.split()) or None, twin)


@lru_cache
def arguments(op: Callable[..., Any], n: int) -> list[str]:
    """What an op calls its n array arguments."""
    function = op
    skipped = 0
    if isinstance(op, type) and issubclass(op, Function):
        function = op.forward
        skipped = int(op.setup_context is Function.setup_context)  # ctx comes first, unless it has a method of its own
    named: list[str] = []
    for parameter in list(inspect.signature(function).parameters.values())[skipped:]:
        if parameter.kind is parameter.VAR_POSITIONAL:
            rest, each = n - len(named), parameter.name.split("_and_")  # *weight_and_bias: one of them, both, or none
            named += each if rest <= len(each) else [f"{parameter.name}[{k}]" for k in range(rest)]
        elif parameter.kind is not parameter.KEYWORD_ONLY:
            named.append(parameter.name)
    return named[:n]
