"""What the page tells of each step: the trace in words, and each value once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from ..drawing.brief import gist, is_value
from ..drawing.brief import told as as_told
from ..drawing.cards import attributes_of, plural
from ..numbers import single, statistics
from ..prose.folding import Step
from ..prose.reading import Reading, Told, times
from ..prose.terms import Term

MANY = 6  # inputs; the gradients of more are not told one by one in a sentence


class Story:
    """What the page tells of each step."""

    def __init__(self, trace: dict[str, Any]) -> None:
        self.trace = trace
        self.nodes: list[dict[str, Any]] = trace["nodes"]
        self.values: list[dict[str, Any]] = []
        self._known: dict[str, int] = {}
        self.calls = Counter(call["module"] for call in trace["calls"])
        self.reading = Reading(trace)
        root = self.nodes[trace["root"]]
        result = f" = {gist([root['value']])}" if root["value"] else ""
        self.title = f"{self.reading.root}{result}, a step at a time"

    def data(self) -> dict[str, Any]:
        """All that the page needs, as JSON."""
        forward = [self._forward(node) for node in self.nodes if node["kind"] == "op"]
        backward = [self._backward(step) for step in self.trace["steps"]]
        for name, frames in (("Forward", forward), ("Backward", backward)):
            for i, frame in enumerate(frames):
                frame["place"] = f"{name} {i + 1} of {len(frames)}"
        return {
            "frames": [self._start(), *forward, *backward],
            "nodes": [
                {
                    "label": self.reading.labels[node["id"]],
                    "kind": node["kind"],
                    "value": self._value(node["value"]),
                    "gradient": self._value(node["gradient"]),
                }
                for node in self.nodes
            ],
            "rows": self._rows(),
            "files": self._files(),
            "values": self.values,
        }

    def _value(self, value: dict[str, Any] | None) -> int | None:
        """The number of a value in the page's list, where each stands once."""
        if value is None:
            return None
        value = {key: value[key] for key in ("shape", "dtype", "numbers", "cut", "statistics")}
        text = json.dumps(value)
        if text not in self._known:
            self._known[text] = len(self.values)
            self.values.append({**value, "statistics": statistics(value)})
        return self._known[text]

    def _where(self, node: dict[str, Any]) -> str:
        """In which call of which module, and on which line."""
        line = f"on line {node['line']['number']}"
        if not node["module"]:
            return line
        calls = self.calls[node["module"]]
        return f"in {node['module']}, " + (f"call {node['call'] + 1} of {calls}, " if calls > 1 else "") + line

    def _start(self) -> dict[str, Any]:
        leaves = [node["id"] for node in self.nodes if node["kind"] != "op"]
        kinds = [self.nodes[number]["kind"] for number in leaves]
        told = [plural(kinds.count(kind), kind) for kind in ("parameter", "input", "constant") if kind in kinds]
        return {
            "phase": "start",
            "place": "Start",
            "node": None,
            "title": "What is given",
            "say": f"{listed(told)}. The → button or the right arrow key goes on.",
            "leaves": leaves,
        }

    def _forward(self, node: dict[str, Any]) -> dict[str, Any]:
        edges = self.reading.inputs.get(node["id"], [])
        definition = self.reading.definition(node)
        result = _numbers(node["value"]) if node["value"] else "a value that was overwritten since"
        return {
            "phase": "forward",
            "node": node["id"],
            "title": f"{self.reading.labels[node['id']]} = {definition.text}",
            "where": self._where(node),
            "say": f"It gives {result}.",
            "formula": f"{node['op']}: {node['formula']}" if node["formula"] else node["op"],
            "filled": _worked_out(definition, node["value"]),
            "attributes": attributes_of(node),
            "inputs": [
                {
                    "name": edge["argument"],
                    "from": edge["from"],
                    "value": self._value(self.nodes[edge["from"]]["value"]),
                }
                for edge in edges
            ],
            "value": self._value(node["value"]),
            "edges": [f"{edge['from']}-{node['id']}" for edge in edges],
        }

    def _backward(self, step: dict[str, Any]) -> dict[str, Any]:
        node, label = self.nodes[step["node"]], self.reading.labels[step["node"]]
        parts, rules = step["parts"], step["rules"]
        arrived = _numbers(step["arrived"])
        said = [f"The gradient of {self.reading.loss} with respect to {label}: {arrived}"]
        if len(parts) > 1:
            said[0] += f", the sum of {len(parts)} parts, because the value was used {times(len(parts))}"
        sends = [f"{_numbers(rule['sent'])} to {self.reading.labels[rule['to']]}" for rule in rules]
        stored = self.reading.becomes(node["id"])
        stays = "It goes no further" if stored is None else f"backward() stores it in {stored}"
        if len(sends) > MANY:
            sends = [f"a gradient to each of its {len(sends)} inputs"]
        said.append(f"It sends {listed(sends)}" if sends else stays)
        told = self.reading.told(Step(step, node))
        return {
            "phase": "backward",
            "node": node["id"],
            "title": self.reading.d(node["id"]),
            "where": self._where(node) if node["kind"] == "op" else node["kind"],
            "say": f"{'. '.join(said)}.",
            "arrived": self._value(step["arrived"]),
            "hooked": self._value(step["hooked"]),
            "parts": [{"from": part["from"], "value": self._value(part["sent"])} for part in parts],
            "remarks": None if all(each.is_formula for each in told) else node["remarks"],
            "rules": [self._rule(node, *both) for both in zip(rules, told, strict=True)],
            "came": sorted({f"{node['id']}-{part['from']}" for part in parts}),
            "edges": sorted({f"{rule['to']}-{node['id']}" for rule in rules}),
        }

    def _rule(self, node: dict[str, Any], rule: dict[str, Any], told: Told) -> dict[str, Any]:
        arguments = {edge["input"]: edge["argument"] for edge in self.reading.inputs[node["id"]]}
        return {
            "to": rule["to"],
            "argument": arguments[rule["input"]],
            "source": rule["source"],
            "formula": f"{told.left} = {told.term.text}" if told.term else None,
            "filled": _worked_out(told.term, rule["gave"]),
            "words": told.wheres(),
            "captured": [
                {"name": name, "value": self._value(x), "node": x.get("node")}
                if is_value(x)
                else {"name": name, "text": as_told(x)}
                for name, x in rule["captured"].items()
            ],
            "gave": self._value(rule["gave"]),
            "sent": self._value(rule["sent"]),
            "summed": f"{told.why[:1].upper()}{told.why[1:]}." if told.why else None,
        }

    def _rows(self) -> list[list[int]]:
        """The same op at each call of a module, or at each turn of a loop: what belongs side by side."""
        rows: dict[Any, list[int]] = {}
        counts: dict[Any, int] = {}
        for node in self.nodes:
            if node["kind"] != "op":
                continue
            if node["module"]:
                call = (node["module"], node["call"])
                counts[call] = counts.get(call, 0) + 1
                key: Any = (node["module"], counts[call])
            elif node["line"] and node["line"]["expression"]:
                line = node["line"]
                key = (line["file"], line["number"], line["expression"], node["op"])
            else:
                continue
            rows.setdefault(key, []).append(node["id"])
        return [row for row in rows.values() if len(row) > 1]

    def _files(self) -> list[dict[str, Any]]:
        """The lines of the user's program that made the graph, and which nodes each made."""
        files: dict[str, dict[int, dict[str, Any]]] = {}
        for node in self.nodes:
            line = node["line"]
            if line and line["code"]:
                entry = {"number": line["number"], "code": line["code"], "nodes": []}
                files.setdefault(line["file"], {}).setdefault(line["number"], entry)["nodes"].append(node["id"])
        return [
            {"name": Path(name).name, "lines": [lines[number] for number in sorted(lines)]}
            for name, lines in files.items()
        ]


def listed(parts: list[str]) -> str:
    """Several things in a sentence.

    >>> from cutaway.explain.stepping.story import listed
    >>> listed(["1 parameter"]), listed(["6 to w", "3 to x", "1 to b"])
    ('1 parameter', '6 to w, 3 to x and 1 to b')
    """
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def _numbers(value: dict[str, Any]) -> str:
    """A value within a sentence."""
    text = gist([value])
    return f"numbers from {text}" if " to " in text else text


def _worked_out(term: Term | None, value: dict[str, Any] | None) -> str | None:
    """A formula with its numbers put in, and what comes of it; None if it is not of single numbers."""
    result = None if value is None else single(value)
    if term is None or term.numbers is None or result is None:
        return None
    numbers = term.numbers[0]
    return f"= {result}" if numbers == result else f"= {numbers} = {result}"
