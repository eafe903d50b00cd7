"""Reads a trace: labels of its values, and formulas of its ops and rules."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ..labels import labels
from . import terms
from .algebra import Reader, names_in, put_in, stated
from .folding import Step
from .ours import defaults, in_words, made_of, stands_in
from .terms import Term

_SIGNS = {"add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "div": ast.Div, "matmul": ast.MatMult}
# The user's names of ops, where they differ from those in the table.
_CALLED = {
    "amax": "max", "amin": "min", "max_along": "max", "min_along": "min", "median_along": "median",
    "take_along": "gather", "sliding": "unfold", "nll": "nll_loss",
}  # fmt: skip
LONG = 18  # longer labels are shortened within their module


@dataclass
class Told:
    """One rule, in words."""

    to: int
    left: str  # ∂loss/∂x
    term: Term | None  # None for a rule of several lines
    sent: dict[str, Any]
    why: str | None  # the sum over broadcast axes
    becomes: str | None  # where the user finds it: w.grad
    source: str | None
    kept: dict[str, Any] = field(default_factory=dict)  # arrays in the formula that are not values of nodes
    made: dict[str, str] = field(default_factory=dict)  # their definitions, where known
    helpers: dict[str, str | None] = field(default_factory=dict)  # functions in the formula, with their source
    words: dict[str, str] = field(default_factory=dict)  # functions in the formula, with a description
    is_stated: bool = False  # the formula is from the docstring

    def wheres(self) -> list[str]:
        """Descriptions of the functions in the formula."""
        return [
            f"where {words}" if re.match(r"\w+\[", words) else f"where {name.lstrip('_')}(…): {words}"
            for name, words in self.words.items()
        ]

    @property
    def is_clear(self) -> bool:
        """Whether no code needs to be shown."""
        return self.term is not None and not self.helpers

    @property
    def is_formula(self) -> bool:
        """Whether it is a formula without functions to be described."""
        return self.is_clear and not self.is_stated and not self.words

    def says_the_same(self, other: Told) -> bool:
        """Whether two rules can be merged."""
        if self.term is None or other.term is None or self.term.text != other.term.text:
            return False
        return self.sent == other.sent and not (self.why or other.why or self.becomes or other.becomes)


class Reading:
    """Reads a trace for the text and the page."""

    def __init__(self, trace: dict[str, Any], shown: Collection[int] = ()) -> None:
        """shown: the nodes that get letters first."""
        self.nodes: list[dict[str, Any]] = trace["nodes"]
        self.labels = labels(trace, shown)
        self.root = self.labels[trace["root"]]
        self.inputs: dict[int, list[dict[str, Any]]] = {}
        for edge in trace["edges"]:
            self.inputs.setdefault(edge["to"], []).append(edge)
        self.step_of = {step["node"]: step for step in trace["steps"]}
        start = self.step_of[trace["root"]]["arrived"]
        self.is_given = start["numbers"] not in (1, [1], [[1]])  # so the loss comes after the root
        self.loss = self.root if not self.is_given else "loss" if "loss" not in self.labels else "L"

    # --- names

    def label(self, i: int, at: str | None = None) -> str:
        """The label of node i; within the module `at`, relative to its path if it is long."""
        label, name = self.labels[i], self.nodes[i]["name"]
        if at is not None and name is not None and len(label) > LONG and name.startswith(at + "."):
            return str(name[len(at) + 1 :])
        return label

    def d(self, i: int, at: str | None = None) -> str:
        """The derivative with respect to node i: ∂loss/∂w."""
        return f"∂{self.loss}/∂{self.label(i, at)}"

    def is_changed(self, step: dict[str, Any]) -> bool:
        """Whether a hook changed the gradient that arrived."""
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
        """How a node was computed, as one would write it."""
        edges = self.inputs.get(node["id"], [])
        args = [self._argument(edge["from"], node) for edge in edges]
        op, attributes = node["op"].strip("<>"), node["attributes"]
        if args and self.is_joint(edges[0]["from"]):
            return Term((f"an output of {args[0].text}", terms.SUM))
        if op in _SIGNS and len(args) == 2:
            return terms.operation(_SIGNS[op], *args)
        if op == "reciprocal":
            return terms.operation(ast.Div, terms.constant(1), args[0])
        if op == "pow" and len(args) == 2:
            return terms.raised(*args)
        if op == "power":
            return terms.raised(args[0], terms.constant(attributes["n"]))
        if op == "neg":
            return terms.negative(args[0])
        if op in ("getitem", "piece"):
            return terms.part(args[0], terms.plain(attributes["index"]))
        if op == "overwrite":
            view = terms.viewed(args[0], attributes.get("steps", []))
            place = terms.part(view, terms.plain(attributes.get("index", "..."))).text
            place += "[...]" if place == args[0].text else ""
            return Term((f"{args[0].text} with {place} = {args[1].text}", terms.ATOM))
        ndim = 0 if node["value"] is None else len(node["value"]["shape"])
        if terms.transposes(op, [*map(terms.plain, attributes.values())], ndim):
            return terms.transposed(args[0])
        more = [f"{name}={text}" for name, x in attributes.items() if (text := _telling(name, x))]
        if len(args) == 1 and not more:
            return terms.applied(called(op), args[0])
        return Term((f"{called(op)}({', '.join([*(arg.text for arg in args), *more])})", terms.ATOM))

    def _argument(self, i: int, of: dict[str, Any]) -> Term:
        value = self.nodes[i]["value"]
        return terms.symbol(self.label(i, of["module"]), value)

    def is_joint(self, i: int) -> bool:
        """Whether a node stands for all outputs of a Function; each output has a node of its own."""
        node = self.nodes[i]
        if node["value"] is not None or node["kind"] != "op":
            return False
        users = [self.nodes[to] for to, edges in self.inputs.items() for edge in edges if edge["from"] == i]
        same = [user for user in users if user["op"] == node["op"] and user["line"]["code"] == node["line"]["code"]]
        return len(same) == len(users) > 0

    # --- backward

    def told(self, step: Step, at: str | None = None) -> list[Told]:
        """The rules of a step; labels are relative to the module `at`, by default the step's own."""
        return [self._told(step, rule, at or step.node["module"]) for rule in step.step["rules"]]

    def told_together(self, step: Step) -> list[Told]:
        """The same, with equal rules merged."""
        found: list[Told] = []
        for told in self.told(step):
            if found and found[-1].says_the_same(told):
                found[-1].left += f" = {told.left}"
            else:
                found.append(told)
        return found

    def _told(self, step: Step, rule: dict[str, Any], at: str | None) -> Told:
        node, to = step.node, rule["to"]
        parts = self.step_of[to]["parts"]
        left = self.d(to, at)
        if len(parts) > 1:
            left += f" via {self.label(node['id'], at)}"
            if sum(part["from"] == node["id"] for part in parts) > 1:
                left += self._position(node, rule["input"])
        told = Told(
            to, left, None, rule["sent"],
            why=f"summed over {_axes(rule['summed_over'])}, because {rule['why']}" if rule["why"] else None,
            becomes=self.becomes(to) if len(parts) == 1 and not self.is_changed(self.step_of[to]) else None,
            source=rule["source"],
        )  # fmt: skip
        arrays = {name: x for name, x in rule["captured"].items() if isinstance(x, dict) and x.get("shape")}
        if told.source is None:
            told.kept = arrays
        elif not (stands_in(node["op"], node["formula"] or "", told.source) and self._as_stated(told, node, rule, at)):
            is_understood = self._as_formula(told, step, rule, at) or self._as_stated(told, node, rule, at)
            if told.term is None and not is_understood:
                told.kept = arrays  # the source refers to them
        if told.term is None or told.is_stated:
            return told
        for held in arrays.values():
            if held["node"] is not None:  # a dropout mask, or an initial state: show it
                known, label = self.nodes[held["node"]], self.label(held["node"], at)
                if known["kind"] == "constant" and known["name"] is None and label in told.term.text:
                    told.kept[label] = held
        return told

    def _as_formula(self, told: Told, step: Step, rule: dict[str, Any], at: str | None) -> bool:
        """Read a rule as a formula; return whether it needs no code."""
        node, source, arrived = step.node, rule["source"], step.step["hooked"] or step.step["arrived"]
        reader = Reader(
            terms.symbol(self.d(node["id"], at), arrived),
            rule["captured"],
            lambda name, held: self._meaning(name, held, node, at),
            len(arrived["shape"]),
            self.labels,
            given=self._given(node),
            made=made_of(node["op"], node["formula"] or "", source),
        )
        # A Function's backward returns the gradients of all inputs.
        told.term = reader.read(source, rule["input"] if "saved_tensors" in rule["captured"] else None)
        if told.term is None:
            return False
        named = names_in(told.term.text)
        told.kept = {name: x for name, x in reader.kept.items() if name in named}
        told.made = reader.said
        for name, helper in reader.unknown.items():
            words = _documented(rule["captured"].get(name))
            if words is None:
                told.helpers[name] = helper
            else:
                told.words[name] = words
        for name in sorted(reader.called):
            if words := in_words(node["op"], node["formula"] or "", name):
                told.words[name] = words
        return not reader.unknown and not told.words

    def _as_stated(self, told: Told, node: dict[str, Any], rule: dict[str, Any], at: str | None) -> bool:
        """Take the formula from the docstring; return whether there is one."""
        says = stated(rule["source"])
        if says is None:
            return False
        names = {edge["argument"]: self.label(edge["from"], at) for edge in self.inputs[node["id"]]}
        names["g"] = self.d(node["id"], at)
        told.kept, told.helpers, told.words = {}, {}, {}
        for name, held in rule["captured"].items():
            is_array = isinstance(held, dict) and "shape" in held
            if is_array and name in names_in(says):
                is_node = held["node"] is not None
                names[name] = self.label(held["node"], at) if is_node else name
                if not is_node:
                    told.kept[name] = held
            elif (words := _documented(held)) and _speaks_of(says, name, words):
                told.words[name] = put_in(words, {"g": names["g"]})
        told.term, told.is_stated = Term((put_in(says, names), terms.SUM)), True
        return True

    def _given(self, node: dict[str, Any]) -> dict[str, Any]:
        """The arguments and attributes of an op by name, and its value as `out`."""
        inputs = {edge["argument"]: self.nodes[edge["from"]]["value"] for edge in self.inputs[node["id"]]}
        values = {name: x for name, x in (inputs | {"out": node["value"]}).items() if x is not None}
        return {**defaults(node["op"], node["formula"] or ""), **node["attributes"], **values}

    def _meaning(self, name: str, held: Any, node: dict[str, Any], at: str | None) -> Any:
        """The label of a captured array that is the value of a node; otherwise the captured value."""
        if not isinstance(held, dict) or "shape" not in held:
            return held
        if held["node"] is not None:
            return terms.symbol(self.label(held["node"], at), held)
        value = node["value"]
        if name == "out" and value is not None and value["numbers"] == held["numbers"]:
            return terms.symbol(self.label(node["id"], at), held)
        return held

    def _position(self, node: dict[str, Any], i: int) -> str:
        """Which input of an op a value is, if it is several of them."""
        if node["op"] in _SIGNS:
            return " (left)" if i == 0 else " (right)"
        return " as " + next(str(edge["argument"]) for edge in self.inputs[node["id"]] if edge["input"] == i)

    def ways(self, step: dict[str, Any]) -> list[str]:
        """The nodes that sent the parts of a gradient."""
        users = [part["from"] for part in step["parts"]]
        return [
            self.label(user) + (self._position(self.nodes[user], part["input"]) if users.count(user) > 1 else "")
            for user, part in zip(users, step["parts"], strict=True)
        ]


def called(op: str) -> str:
    """The user's name of an op."""
    return _CALLED.get(op, op)


def times(n: int) -> str:
    """twice, 3 times."""
    return "twice" if n == 2 else f"{n:,} times"


def _axes(axes: list[int]) -> str:
    if len(axes) == 1:
        return f"axis {axes[0]}"
    return f"axes {', '.join(map(str, axes[:-1]))} and {axes[-1]}"


def _documented(held: Any) -> str | None:
    """The docstring of a captured function, or of one that it captured."""
    if not isinstance(held, dict) or "source" not in held:
        return None
    says = stated(held["source"] or "")
    return says or next(filter(None, map(_documented, held["captured"].values())), None)


def _speaks_of(says: str, name: str, words: str) -> bool:
    """Whether a statement mentions a function, or what its description defines: d, for `d[t] is …`."""
    begins = re.match(r"(\w+)\[", words)
    return bool(names_in(says) & {name, begins[1] if begins else name})


def _telling(name: str, x: Any) -> str | None:
    """An attribute in a few characters; None for flags and for long ones."""
    if isinstance(x, dict) and x.get("dtype", "").startswith(("int", "bool")):
        return terms.plain(x)
    if not isinstance(x, int | float | list) or isinstance(x, bool):
        return None
    text = terms.plain(x[0] if name == "axis" and isinstance(x, list) and len(x) == 1 else x)  # axis=1 for axis=(1,)
    return text if len(text) < 30 else None
