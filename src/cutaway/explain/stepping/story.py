"""What the page tells of each step: the trace in words, and each value once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..drawing.brief import gist, is_value, spelled, told
from ..drawing.cards import attributes_of, expression, plural
from .substitution import numbers_in, put_in


class Story:
    """What the page tells of each step."""

    def __init__(self, trace: dict[str, Any]) -> None:
        self.trace = trace
        self.nodes: list[dict[str, Any]] = trace["nodes"]
        self.values: list[dict[str, Any]] = []
        self._known: dict[str, int] = {}
        self.inputs: dict[int, list[dict[str, Any]]] = {}
        for edge in sorted(trace["edges"], key=lambda edge: edge["input"]):
            self.inputs.setdefault(edge["to"], []).append(edge)
        root = self.nodes[trace["root"]]
        result = f" = {gist([root['value']])}" if root["value"] else ""
        self.title = f"{self.label(root['id'])}{result}, a step at a time"

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
                    "label": self.label(node["id"]),
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

    def label(self, number: int) -> str:
        """What a node is called: by its name, or by its op and number."""
        node = self.nodes[number]
        if node["name"]:
            return str(node["name"])
        if node["kind"] == "op":
            return f"{node['op']} #{number}"
        return gist([node["value"]]) if node["value"] and not node["value"]["shape"] else f"{node['kind']} #{number}"

    def _value(self, value: dict[str, Any] | None) -> int | None:
        """The number of a value in the page's list, where each stands once."""
        if value is None:
            return None
        value = {key: value[key] for key in ("shape", "dtype", "numbers", "cut", "statistics")}
        text = json.dumps(value)
        if text not in self._known:
            self._known[text] = len(self.values)
            self.values.append(value)
        return self._known[text]

    def _where(self, node: dict[str, Any]) -> str:
        """In which call of which module, and on which line."""
        parts = []
        if node["module"]:
            calls = sum(call["module"] == node["module"] for call in self.trace["calls"])
            parts.append(f"in {node['module']}" + (f", call {node['call'] + 1} of {calls}" if calls > 1 else ""))
        if node["line"]:
            parts.append(f"on line {node['line']['number']}")
        return ", ".join(parts)

    def _start(self) -> dict[str, Any]:
        leaves = [node["id"] for node in self.nodes if node["kind"] != "op"]
        kinds = [self.nodes[number]["kind"] for number in leaves]
        told = [plural(kinds.count(kind), kind) for kind in ("parameter", "input", "constant") if kind in kinds]
        return {
            "phase": "start",
            "place": "Start",
            "node": None,
            "title": "What is given",
            "say": f"Before anything is computed there are {', '.join(told)}. Press the right arrow key to go on.",
            "leaves": leaves,
        }

    def _forward(self, node: dict[str, Any]) -> dict[str, Any]:
        edges = self.inputs.get(node["id"], [])
        arguments = [edge["argument"] or "" for edge in edges]
        values = {edge["from"]: self.nodes[edge["from"]]["value"] for edge in edges}
        scalars = numbers_in({edge["argument"]: values[edge["from"]] for edge in edges})
        what = expression(node, arguments)
        result = gist([node["value"]]) if node["value"] else "a value that was overwritten since"
        filled = put_in(what, scalars)
        return {
            "phase": "forward",
            "node": node["id"],
            "title": f"{node['name']} = {what}" if node["name"] else what,
            "where": self._where(node),
            "say": f"It gives {result}.",
            "formula": node["formula"],
            "filled": f"{filled} = {result}" if filled else None,
            "attributes": attributes_of(node),
            "inputs": [
                {"name": edge["argument"], "from": edge["from"], "value": self._value(values[edge["from"]])}
                for edge in edges
            ],
            "value": self._value(node["value"]),
            "edges": [f"{edge['from']}-{node['id']}" for edge in edges],
        }

    def _backward(self, step: dict[str, Any]) -> dict[str, Any]:
        node = self.nodes[step["node"]]
        parts, rules = step["parts"], step["rules"]
        arrived = gist([step["arrived"]])
        if parts:
            came = f"The gradient that arrives is {arrived}"
            if len(parts) > 1:
                came += f", the sum of {len(parts)} parts, because the value was used {len(parts)} times"
        else:
            came = f"The gradient of {self.label(node['id'])} with respect to itself is {arrived}"
        sends = [f"{gist([rule['sent']])} to {self.label(rule['to'])}" for rule in rules]
        goes = f"It sends {'; '.join(sends)}." if sends else "Here it stays."
        total = None
        if len(parts) > 1 and all(not part["sent"]["shape"] for part in parts):
            total = " + ".join(spelled(part["sent"]["numbers"]) for part in parts) + f" = {arrived}"
        return {
            "phase": "backward",
            "node": node["id"],
            "title": f"Gradient at {self.label(node['id'])}",
            "where": self._where(node) if node["kind"] == "op" else node["kind"],
            "say": f"{came}. {goes}",
            "formula": node["formula"],
            "arrived": self._value(step["arrived"]),
            "hooked": self._value(step["hooked"]),
            "parts": [{"from": part["from"], "value": self._value(part["sent"])} for part in parts],
            "total": total,
            "rules": [self._rule(node, step, rule) for rule in rules],
            "came": sorted({f"{node['id']}-{part['from']}" for part in parts}),
            "edges": sorted({f"{rule['to']}-{node['id']}" for rule in rules}),
        }

    def _rule(self, node: dict[str, Any], step: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
        captured = rule["captured"] or {}
        g = step["hooked"] or step["arrived"]
        filled = put_in(rule["source"], numbers_in({**captured, "g": g})) if rule["source"] else None
        argument = next((e["argument"] for e in self.inputs[node["id"]] if e["input"] == rule["input"]), None)
        gave, sent, summed = self._value(rule["gave"]), self._value(rule["sent"]), rule["summed_over"]
        return {
            "to": rule["to"],
            "argument": argument,
            "source": rule["source"],
            "filled": f"{filled} = {gist([rule['gave']])}" if filled else None,
            "captured": [
                {"name": name, "value": self._value(x), "node": x.get("node")}
                if is_value(x)
                else {"name": name, "text": told(x)}
                for name, x in captured.items()
            ],
            "gave": gave,
            "sent": sent,
            "summed": f"Summed over {_axes(summed)}, because {rule['why']}." if summed else None,
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


def _axes(axes: list[int]) -> str:
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {', '.join(map(str, axes))}"
