"""What there is to say of a trace: its values by their labels, its ops and its rules as formulas."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType
from typing import Any

from ...errors import op_name
from ...ops import TABLE
from ..labels import labels
from ..numbers import single
from . import algebra
from .algebra import Term
from .folding import Step

_SIGNS = {"add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "div": ast.Div, "matmul": ast.MatMult}
LONG = 18  # characters of a label that is shortened where it is clear what is meant


@dataclass
class Told:
    """What one rule says."""

    to: int
    left: str  # ∂loss/∂x
    term: Term | None  # None for a rule of several lines
    sent: dict[str, Any]
    why: str | None  # what broadcasting made of it
    becomes: str | None  # where the user finds it: w.grad
    source: str | None
    kept: dict[str, Any] = field(default_factory=dict)  # arrays that the rule names and that are no node's value
    helpers: dict[str, str | None] = field(default_factory=dict)  # functions of which it speaks: their source
    words: dict[str, str] = field(default_factory=dict)  # others of which it speaks: what they do

    @property
    def is_clear(self) -> bool:
        """Whether it is a formula in which nothing has to be looked up."""
        return self.term is not None and not self.helpers

    def says_the_same(self, other: Told) -> bool:
        """Whether two rules can be told as one."""
        if self.term is None or other.term is None or self.term.text != other.term.text:
            return False
        return self.sent == other.sent and not (self.why or other.why or self.becomes or other.becomes)


class Reading:
    """Reads a trace for those who write about it."""

    def __init__(self, trace: dict[str, Any], shown: Collection[int] = ()) -> None:
        """shown: the nodes that will be told of one by one."""
        self.nodes: list[dict[str, Any]] = trace["nodes"]
        self.labels = labels(trace, shown)
        self.root = self.labels[trace["root"]]
        self.inputs: dict[int, list[dict[str, Any]]] = {}
        for edge in trace["edges"]:
            self.inputs.setdefault(edge["to"], []).append(edge)
        self.step_of = {step["node"]: step for step in trace["steps"]}

    # --- names

    def label(self, i: int, at: str | None = None) -> str:
        """What node i is called; where the module `at` is spoken of, its own parts by the rest of their path."""
        label, name = self.labels[i], self.nodes[i]["name"]
        if at is not None and name is not None and len(label) > LONG and name.startswith(at + "."):
            return str(name[len(at) + 1 :])
        return label

    def d(self, i: int, at: str | None = None) -> str:
        """The derivative with respect to node i: ∂loss/∂w."""
        return f"∂{self.root}/∂{self.label(i, at)}"

    def is_changed(self, step: dict[str, Any]) -> bool:
        """Whether a hook of the user's put another gradient in the place of the one that arrived."""
        return step["hooked"] is not None and bool(step["hooked"]["numbers"] != step["arrived"]["numbers"])

    def becomes(self, i: int) -> str | None:
        """Where the user finds the gradient of node i: model[0].weight.grad."""
        node = self.nodes[i]
        if not node["retained"] or node["name"] is None:
            return None
        first, *rest = str(node["name"]).split(".")
        return first + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in rest) + ".grad"

    # --- forward

    def definition(self, node: dict[str, Any]) -> Term:
        """How a node came about, as one would write it."""
        args = [self._argument(edge["from"], node) for edge in self.inputs.get(node["id"], ())]
        op, attributes = node["op"].strip("<>"), node["attributes"]
        if op in _SIGNS and len(args) == 2:
            return algebra.operation(_SIGNS[op], *args)
        if op == "power":
            return algebra.raised(args[0], algebra.constant(attributes["n"]))
        if op == "neg":
            return algebra.negative(args[0])
        if op in ("getitem", "piece"):
            return algebra.part(args[0], algebra.plain(attributes["index"]))
        if op == "overwrite":
            view = algebra.viewed(args[0], attributes.get("steps", []))
            place = algebra.part(view, algebra.plain(attributes.get("index", "..."))).text
            place += "[...]" if place == args[0].text else ""
            return Term((f"{args[0].text} with {place} = {args[1].text}", algebra.ATOM))
        ndim = 0 if node["value"] is None else len(node["value"]["shape"])
        if algebra.transposes(op, [*map(algebra.plain, attributes.values())], ndim):
            return algebra.transposed(args[0])
        more = [f"{name}={text}" for name, x in attributes.items() if (text := _telling(x))]
        if len(args) == 1 and not more:
            return algebra.applied(op, args[0])
        return Term((f"{op}({', '.join([*(arg.text for arg in args), *more])})", algebra.ATOM))

    def _argument(self, i: int, of: dict[str, Any]) -> Term:
        value = self.nodes[i]["value"]
        return algebra.symbol(self.label(i, of["module"]), None if value is None else single(value))

    # --- backward

    def told(self, step: Step, at: str | None = None) -> list[Told]:
        """What the rules of a step say, in the words of the module `at`, which is the step's own if none is said."""
        return [self._told(step, rule, at or step.node["module"]) for rule in step.step["rules"]]

    def told_together(self, step: Step) -> list[Told]:
        """The same, but rules that say the same are one."""
        found: list[Told] = []
        for told in self.told(step):
            if found and found[-1].says_the_same(told):
                found[-1].left += f" = {told.left}"
            else:
                found.append(told)
        return found

    def _told(self, step: Step, rule: dict[str, Any], at: str | None) -> Told:
        node, to = step.node, rule["to"]
        arrived = step.step["hooked"] or step.step["arrived"]
        reader = algebra.Reader(
            algebra.symbol(self.d(node["id"], at), single(arrived)),
            rule["captured"],
            lambda name, held: self._meaning(name, held, node, at),
            len(arrived["shape"]),
            self.labels,
        )
        term = None if rule["source"] is None else reader.read(rule["source"])
        for name, held in rule["captured"].items():
            if not isinstance(held, dict) or not held.get("shape"):
                continue
            if term is None:  # the source speaks of it
                reader.kept[name] = held
            elif held["node"] is not None:  # a mask of dropout, a start of zeros: no name says what it is
                known, label = self.nodes[held["node"]], self.label(held["node"], at)
                if known["kind"] == "constant" and known["name"] is None and label in term.text:
                    reader.kept[label] = held
        parts = self.step_of[to]["parts"]
        left = self.d(to, at)
        if len(parts) > 1:
            left += f" via {self.label(node['id'], at)}"
            if sum(part["from"] == node["id"] for part in parts) > 1:
                left += f" as {self._position(node, rule['input'])}"
        return Told(
            to, left, term, rule["sent"],
            why=f"summed over {_axes(rule['summed_over'])}, because {rule['why']}" if rule["why"] else None,
            becomes=self.becomes(to) if len(parts) == 1 and not self.is_changed(self.step_of[to]) else None,
            source=rule["source"],
            kept=reader.kept,
            helpers={} if term is None else reader.unknown,
            words={
                name: words
                for name in sorted(reader.called)
                if (words := _in_words(node["op"], node["formula"] or "none", name))
            },
        )  # fmt: skip

    def _meaning(self, name: str, held: Any, node: dict[str, Any], at: str | None) -> Any:
        """What a captured variable stands for: a value's label where it is one."""
        if not isinstance(held, dict) or "shape" not in held:
            return held
        if held["node"] is not None:
            return algebra.symbol(self.label(held["node"], at), single(held))
        value = node["value"]
        if name == "out" and value is not None and value["numbers"] == held["numbers"]:
            return algebra.symbol(self.label(node["id"], at), single(held))
        return held["numbers"] if not held["shape"] and not isinstance(held["numbers"], str) else held

    def _position(self, node: dict[str, Any], i: int) -> str:
        return next(str(edge["argument"]) for edge in self.inputs[node["id"]] if edge["input"] == i)

    def ways(self, step: dict[str, Any]) -> list[str]:
        """Through which nodes the parts of a gradient came."""
        return [self.label(part["from"]) for part in step["parts"]]


def times(n: int) -> str:
    """twice, 3 times."""
    return "twice" if n == 2 else f"{n:,} times"


def _axes(axes: list[int]) -> str:
    if len(axes) == 1:
        return f"axis {axes[0]}"
    return f"axes {', '.join(map(str, axes[:-1]))} and {axes[-1]}"


@cache
def _in_words(op: str, formula: str, name: str) -> str | None:
    """What a function does that stands beside an op of ours and that its rules call: the first line of its docs."""
    ours = (known for known in TABLE if op_name(known) == op and (known.__doc__ or "").startswith(formula))
    found = next(ours, None)
    function = None if found is None else found.__globals__.get(name)
    if not isinstance(function, FunctionType):
        return None
    words, _, _ = (function.__doc__ or "").partition("\n")
    return words.rstrip(".") or None


def _telling(x: Any) -> str | None:
    """An attribute in a few characters; None for switches, what is usual, and what is long."""
    if isinstance(x, dict) and x.get("dtype", "").startswith(("int", "bool")):
        return algebra.plain(x)
    if not isinstance(x, int | float | list) or isinstance(x, bool):
        return None
    text = algebra.plain(x[0] if isinstance(x, list) and len(x) == 1 else x)  # axis=1 for axis=(1,)
    return text if len(text) < 30 else None
