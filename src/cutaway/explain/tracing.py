"""One backward pass, written down: what every other view of a gradient is made of.

The engine itself is watched, through its list of observers: the numbers are those that `backward()` makes, and not
those of a second engine that imitates it. Being watched changes nothing: no `.grad`, no digit of a sum, not the
graph, which can still be walked, and not the state of the random numbers. Only the hooks that the user has put on
tensors run, as in any backward pass, for they may change the gradient that is to be explained.

The format is told in `docs/trace.md`.
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
from ..errors import user_frame
from ..graph import Leaf, Node, leading_to, newest_first, observers, walk
from ..memory import overwritten_at
from ..nn import Parameter
from ..ops import TABLE, cast, piece
from ..ops.shape import stretched_axes
from ..random import default_generator
from ..tensors.base import RETAIN, AccumulateGrad, TensorBase, node_of
from ..tensors.differentiation import seed
from .names import Calls, Names, Place
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
    targets = [_node(x) for x in wanted]
    watch = Watch(root, start, targets)
    if targets and not watch.ops and root not in targets:
        raise errors.leads_nowhere_near(wanted[0]._array.shape)
    called = Names(user_frame())
    for name, value in (names or {}).items():
        called.add(name, value)
    with _no_collection():
        return Record(watch, tensor, called, Values(limit)).data()


@contextmanager
def _no_collection() -> Iterator[None]:
    """The collector of cycles would search the thousands of new dicts and lists again and again; they have none."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
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
    """One backward pass, and what the engine said of it."""

    def __init__(self, root: Node | Leaf, start: Any, targets: Sequence[Node | Leaf]) -> None:
        order = newest_first([root])
        for node in order:
            if node.number and node.arrays is None:
                raise errors.freed_before_explained(node.op, node.line)
        path = leading_to(set(targets), order) if targets else {node for node in order if node.number}
        self.ops: list[Any] = [node for node in reversed(order) if node in path]  # the oldest first
        self.root, self.start = root, start
        self.gradients: dict[Node | Leaf, Any] = {}
        # By op, for each input: its number, what its pullback gave, and what is left after sums over broadcast axes.
        self.sends: defaultdict[Any, list[tuple[int, Any, Any]]] = defaultdict(list)

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
            self.sends[node].append((i, gave, gx))

    @cached_property
    def received(self) -> Mapping[Node | Leaf, list[Any]]:
        """What was sent to each node, in this order."""
        received: defaultdict[Any, list[Any]] = defaultdict(list)
        for node, sent in self.sends.items():
            for i, _, gx in sent:
                received[node.parents[i]].append(gx)
        return received


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
    if not any(node.hooks for node in nodes) and {node.op for node in nodes if isinstance(node, Node)} <= TABLE.keys():
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
        self._ids: dict[Node | Leaf, int] = {}
        self._constants: dict[int, int] = {}  # by the ids of their arrays
        self._arrays: dict[Node | Leaf, Any] = {watch.root: tensor._array}  # None if it was overwritten since
        self._places: dict[Node | Leaf, Place] = {}
        self._inside: set[Node | Leaf] = set()  # steps on the way to the value of the user's whole expression
        for node in watch.ops:
            for array, parent in zip(node.arrays, node.parents):
                if parent is not None and parent not in self._arrays:
                    self._arrays[parent] = None if overwritten_at(array, node.number) else array
                    if parent not in self._places:  # it is not among the ops
                        self._places[parent] = self.calls.of(parent)
            self._places[node] = here = self.calls.of(node)  # in the order in which they ran: so they are counted
            for parent in node.parents:
                if parent and parent.number and parent.line == node.line and self._places[parent].layer is here.layer:
                    self._inside.add(parent)

    def data(self) -> dict[str, Any]:
        """The trace."""
        edges: list[dict[str, Any]] = []
        for node in self.watch.ops:
            inputs = zip(node.arrays, node.parents)
            sources = [self._constant(array) if parent is None else self._add(parent) for array, parent in inputs]
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

    def _constant(self, array: Any) -> int | None:
        """The number of the node of a constant input."""
        if not _is_numeric(array):
            return None  # it stands among the attributes
        known = self._constants.get(id(array)) if isinstance(array, np.ndarray) else None
        if known is None:
            known = self._describe(_no_op("constant", self.names.constant(array)), array, None)
            if isinstance(array, np.ndarray):
                self._constants[id(array)] = known
        return known

    def _add(self, node: Node | Leaf) -> int:
        """The number of a node, which is described if that was not done."""
        known = self._ids.get(node)
        if known is None:
            found = self._op(node) if isinstance(node, Node) else self._leaf(node)
            known = self._ids[node] = self._describe(found, self._arrays[node], self._gradient(node))
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
        parts = self.watch.received.get(node)
        return reduce(add, parts) if parts else None

    def _leaf(self, leaf: Leaf) -> dict[str, Any]:
        tensor = leaf.variable if isinstance(leaf, AccumulateGrad) else None
        return _no_op("parameter" if isinstance(tensor, Parameter) else "input", self.names.nodes.get(id(leaf)))

    def _op(self, node: Node) -> dict[str, Any]:
        known, at = known_of(node.op), place(node.line)
        module, call, _ = self._places[node]
        is_result = (at.is_operator or node not in self._inside) and node.op not in (cast, piece)
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
        found = dict(node.attrs)
        for i, (x, parent) in enumerate(zip(node.arrays or (), node.parents)):
            if parent is None and not _is_numeric(x):
                found[arguments(node.op, len(node.parents))[i]] = x
        return {name: plain(x, self.values) for name, x in found.items()} if found else found

    # --- steps

    def _steps(self) -> list[dict[str, Any]]:
        """The backward pass, the newest node first: what arrived, and what each pullback made of it."""
        steps = []
        parts: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        for node, number in reversed(self._ids.items()):
            gradient = self.nodes[number]["gradient"]
            if gradient is None:
                continue
            rules = [self._rule(node, *sent) for sent in self.watch.sends.get(node, ())]
            for each in rules:
                parts[each["to"]].append({"from": number, "input": each["input"], "sent": each["sent"]})
            hooked = node.hooks and any(key != RETAIN for key in node.hooks)
            steps.append(
                {
                    "node": number,
                    "arrived": self.values.of(self._sum(node)) if hooked else gradient,
                    "hooked": gradient if hooked else None,
                    "parts": parts.pop(number, []),
                    "rules": rules,
                }
            )
        return steps

    def _rule(self, node: Any, i: int, gave: Any, gx: Any) -> dict[str, Any]:
        """How the gradient of one input came from the one that arrived."""
        pullback = rule(node.pullbacks[i], node.op, self.values)
        summed = () if gave is gx else stretched_axes(gx.shape, gave.shape)
        sent = self.values.of(gx)
        return {
            "input": i,
            "to": self._ids[node.parents[i]],
            "source": pullback["source"],
            "captured": pullback["captured"],
            "gave": sent if gave is gx else self.values.of(gave),
            "summed_over": [*summed],
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
