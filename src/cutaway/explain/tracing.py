"""One backward pass, written down: what every other view of a gradient is made of.

The engine itself is watched, through its list of observers: the numbers are those that `backward()` makes, and not
those of a second engine that imitates it. Being watched changes nothing: no `.grad`, no digit of a sum, not the
graph, which can still be walked, and not the state of the random numbers. Only the hooks that the user has put on
tensors run, as in any backward pass, for they may change the gradient that is to be explained.

docs/trace.md describes the format.
"""

from __future__ import annotations

import gc
import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache, reduce
from operator import add
from threading import get_ident
from typing import Any, NamedTuple

import numpy as np

from .. import errors
from ..autograd import Function
from ..autograd.function import arguments
from ..errors import user_frame
from ..graph import Leaf, Node, leading_to, newest_first, observers, walk
from ..memory import overwritten_at
from ..nn import Parameter
from ..ops import TABLE, cast, piece, reciprocal
from ..ops.shape import stretched_axes
from ..random import default_generator
from ..tensors.base import RETAIN, AccumulateGrad, TensorBase, node_of
from ..tensors.differentiation import seed
from .names import Calls, Names
from .rules import rule_of, source_of
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
    """Run one backward pass and return everything that happened in it as plain data, ready for JSON.

    Args:
        tensor: where the pass starts: a loss, or whatever else has a graph that was not freed.
        gradient: the gradient of the loss with respect to tensor, of its shape; None means 1, for a single number.
        of: a tensor, or several: only the steps that lead to their gradients. None: to those of all leaves.
        limit: an array of more numbers is cut short, to 3 at either end of each long axis; None cuts none.
        names: what to call tensors that no variable of the caller's holds.

    Raises:
        TypeError: tensor is not a Tensor.
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
    targets = [_node(x) for x in wanted]
    watch = Watch(root, start, targets)
    if targets and not watch.ops and root not in targets:
        raise errors.leads_nowhere_near(wanted[0]._array.shape)
    called = Names(user_frame())
    for name, value in (names or {}).items():
        called.add(name, value)
    was_enabled = gc.isenabled()
    gc.disable()  # the collector of cycles would search the thousands of new dicts and lists again and again
    try:
        return Record(watch, tensor, called, Values(limit)).data()
    finally:
        if was_enabled:
            gc.enable()


def _node(x: Any) -> Node | Leaf:
    if not isinstance(x, TensorBase):
        raise errors.not_explainable(x)
    node = node_of(x)
    if node is None:
        raise errors.no_graph()
    return node


class Watch:
    """One backward pass, observed."""

    def __init__(self, root: Node | Leaf, start: Any, targets: Sequence[Node | Leaf]) -> None:
        order = newest_first([root])
        for node in order:
            if node.number and node.arrays is None:
                raise errors.freed_before_explained(node.op, node.line)
        path = leading_to(set(targets), order) if targets else None
        # The oldest first.
        self.ops: list[Any] = [node for node in reversed(order) if node.number and (path is None or node in path)]
        self.root, self.start = root, start
        # Of each pullback that ran: the op, which input, the gradient that it was given, what it gave, and what is left
        # of this after sums over broadcast axes.
        self.sends: list[tuple[Any, int, Any, Any, Any]] = []

        self._thread = get_ident()  # observers hear of every thread's passes
        observers.append(self)
        try:
            with _undisturbed(order), np.errstate(all="ignore"):
                self.arrived = walk([(root, start)], targets=list(targets) or None, retain_graph=True)
        finally:
            observers.remove(self)

    def recorded(self, node: Node, value: Any) -> None:
        """Ignored: the pass is not itself recorded."""

    def sent(self, node: Node, i: int, g: Any, gave: Any, gx: Any) -> None:
        """A pullback has run."""
        if get_ident() == self._thread:
            self.sends.append((node, i, g, gave, gx))

    def sum(self, node: Node | Leaf) -> Any:
        """The sum of what was sent to a node, before hooks; None if nothing was sent."""
        if node is self.root:
            return self.start
        parts = self._received.get(node)
        return reduce(add, parts) if parts else None

    @cached_property
    def _received(self) -> Mapping[Node | Leaf, list[Any]]:
        received: defaultdict[Any, list[Any]] = defaultdict(list)
        for node, i, _, _, gx in self.sends:
            received[node.parents[i]].append(gx)
        return received


@contextmanager
def _undisturbed(nodes: Sequence[Node | Leaf]) -> Iterator[None]:
    """Keep the pass from storing gradients and from advancing the random state.

    It will keep what `retain_grad()` asks for, and draw the random numbers that hooks and ops of the user's draw.
    """
    retaining = [(node, node.hooks) for node in nodes if node.hooks and RETAIN in node.hooks]
    is_ours = all(node.hooks is None and (isinstance(node, Leaf) or node.op in TABLE) for node in nodes)
    state = None if is_ours else default_generator.get_state()
    for node, hooks in retaining:
        node.hooks = {key: hook for key, hook in hooks.items() if key != RETAIN}
    try:
        yield
    finally:
        for node, hooks in retaining:
            node.hooks = hooks
        if state is not None:
            default_generator.set_state(state)


class Record:
    """Turns an observed pass into plain data: first the values, from the oldest op on, then the gradients."""

    def __init__(self, watch: Watch, tensor: TensorBase, names: Names, values: Values) -> None:
        self.watch, self.tensor, self.names, self.values = watch, tensor, names, values
        self.calls = Calls(names)
        self.nodes: list[dict[str, Any]] = []
        self.edges: list[dict[str, Any]] = []
        self.steps: list[dict[str, Any]] = []
        self._ids: dict[Node | Leaf, int] = {}
        self._constants: dict[int, int] = {}  # by the ids of their arrays

    def data(self) -> dict[str, Any]:
        """The trace."""
        for node in self.watch.ops:
            self._forward(node)
        root = self._ids[self.watch.root] if self.watch.ops else self._add(self.watch.root)
        self._value(root, self.tensor._array)
        self._backward()
        self.values.finish()
        return {
            "format": FORMAT,
            "version": VERSION,
            "root": root,
            "modules": list(self.calls.modules.values()),
            "calls": self.calls.calls,
            "nodes": self.nodes,
            "edges": self.edges,
            "steps": self.steps,
        }

    # --- forward: nodes, their values, and what is an input of what

    def _forward(self, node: Node) -> None:
        """Add an op, after its inputs. Their values are those that it saved, unless they were overwritten since."""
        self.calls.of(node)  # first, for a module that no variable holds names its parameters when it is met
        sources: list[int | None] = []
        for array, parent in zip(node.arrays or (), node.parents):
            if parent is None:
                sources.append(self._constant(array))
                continue
            source = self._ids.get(parent)
            if source is None:
                source = self._add(parent)
            # One of several outputs of a Function is given no array: its node is a part of that of all.
            if self.nodes[source]["value"] is None and array is not None and not overwritten_at(array, node.number):
                self._value(source, array)
            sources.append(source)
        number = self._add(node)
        for i, (source, argument) in enumerate(zip(sources, arguments(node.op, len(sources)), strict=True)):
            if source is None:
                self.nodes[number]["attributes"][argument] = plain((node.arrays or ())[i], self.values)
            else:
                self.edges.append({"from": source, "to": number, "input": i, "argument": argument})

    def _constant(self, array: Any) -> int | None:
        """The id of the node of a constant input."""
        if not _is_numeric(array):
            return None  # it stands among the attributes
        known = self._constants.get(id(array)) if isinstance(array, np.ndarray) else None
        if known is None:
            known = self._append(_no_op("constant", self.names.constant(array)))
            self._value(known, array)
            if isinstance(array, np.ndarray):
                self._constants[id(array)] = known
        return known

    def _add(self, node: Node | Leaf) -> int:
        self._ids[node] = number = self._append(self._op(node) if isinstance(node, Node) else self._leaf(node))
        return number

    def _append(self, found: dict[str, Any]) -> int:
        found["id"] = number = len(self.nodes)
        self.nodes.append(found)
        return number

    def _value(self, number: int, array: Any) -> None:
        self.nodes[number]["value"] = value = self.values.of(array)
        if value["node"] is None:
            value["node"] = number

    def _leaf(self, leaf: Leaf) -> dict[str, Any]:
        tensor = leaf.variable if isinstance(leaf, AccumulateGrad) else None
        return _no_op("parameter" if isinstance(tensor, Parameter) else "input", self.names.nodes.get(id(leaf)))

    def _op(self, node: Node) -> dict[str, Any]:
        known = known_of(node.op)
        module, call, _ = self.calls.of(node)
        return {
            "id": None,
            "kind": "op",
            "name": self.names.nodes.get(id(node)),
            "value": None,
            "gradient": None,
            "retained": RETAIN in (node.hooks or ()),
            "op": known.op,
            "grad_fn": node.name(),
            "formula": known.formula,
            "remarks": known.remarks,
            "attributes": {name: plain(x, self.values) for name, x in node.attrs.items()},
            "twin": known.twin,
            "module": module,
            "call": call,
            "line": None,
        }

    # --- backward: gradients, and the steps that made them

    def _backward(self) -> None:
        """The backward pass, newest node first: the gradient that arrived, and what each pullback returned."""
        gradients = self.watch.arrived
        rules: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        parts: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        for node, i, g, gave, gx in self.watch.sends:
            gradients[node] = g
            rule = self._rule(node, i, gave, gx)
            rules[rule["from"]].append(rule)
            parts[rule["to"]].append(rule)
        inside: set[Node | Leaf] = set()  # steps on the way to the value of the user's whole expression
        for node, number in reversed(self._ids.items()):
            found = self.nodes[number]
            if isinstance(node, Node):
                self._place(node, found, inside)
            g = gradients.get(node)
            if g is None and (g := self.watch.sum(node)) is None:
                continue
            found["gradient"] = gradient = self.values.of(g)
            hooked = node.hooks and any(key != RETAIN for key in node.hooks)
            self.steps.append(
                {
                    "node": number,
                    "arrived": self.values.of(self.watch.sum(node)) if hooked else gradient,
                    "hooked": gradient if hooked else None,
                    "parts": parts.pop(number, []),
                    "rules": rules.pop(number, []),
                }
            )

    def _place(self, node: Node, found: dict[str, Any], inside: set[Node | Leaf]) -> None:
        """Set the line of an op. Its users were placed before it, and have noted whether they share its expression."""
        at = place(node.line)
        # 1 / x is one operator, but two ops: a reciprocal, and a product with 1.
        is_whole = node not in inside or (at.is_operator and node.op is not reciprocal)
        is_result = is_whole and node.op not in (cast, piece)
        found["line"] = {**at.line} if is_result else {**at.line, "expression": None}
        if is_result and found["name"] is None:
            found["name"] = at.target
        for parent in node.parents:
            if isinstance(parent, Node) and parent.line == node.line and self._layer(parent) is self._layer(node):
                inside.add(parent)

    def _layer(self, node: Node) -> Any:
        return self.calls.of(node).layer

    def _rule(self, node: Any, i: int, gave: Any, gx: Any) -> dict[str, Any]:
        """How a pullback turned the gradient that arrived into that of one input."""
        source, captured = rule_of(node.pullbacks[i], node.op, self.values)
        summed = () if gave is gx else stretched_axes(gx.shape, gave.shape)
        sent = self.values.of(gx)
        return {
            "from": self._ids[node],
            "to": self._ids[node.parents[i]],
            "input": i,
            "source": source,
            "captured": captured,
            "gave": sent if gave is gx else self.values.of(gave),
            "summed_over": [*summed],
            "why": f"{gx.shape} was stretched to {gave.shape}" if summed else None,
            "sent": sent,
        }


def _no_op(kind: str, name: str | None) -> dict[str, Any]:
    """The entry of a node that no op made."""
    return {
        "id": None, "kind": kind, "name": name, "value": None, "gradient": None, "retained": kind != "constant",
        "op": None, "grad_fn": None, "formula": None, "remarks": None, "attributes": {}, "twin": None,
        "module": None, "call": None, "line": None,
    }  # fmt: skip


def _is_numeric(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic, int, float)) and x is not True and x is not False


class Known(NamedTuple):
    """What is known about an op, whatever its inputs."""

    op: str  # its name
    formula: str | None
    remarks: str | None  # the rest of its docstring
    twin: str | None  # the source of the plain twin of a fused op


@lru_cache
def known_of(op: Callable[..., Any]) -> Known:
    """What is known about an op."""
    entry = TABLE.get(op)
    doc = op.__doc__ or (op.forward.__doc__ if isinstance(op, type) and issubclass(op, Function) else None)
    formula, _, remarks = inspect.cleandoc(doc or "").partition("\n")
    twin = None if entry is None or entry.twin is None else source_of(entry.twin)
    return Known(errors.op_name(op), formula or None, " ".join(remarks.split()) or None, twin)
