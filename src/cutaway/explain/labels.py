"""A short name for every value of a trace, each another: the user's own where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .numbers import single

LETTERS = "abcdefhkmnpqrsuvwyz"  # for what has no name; those that read like numbers, or like g, are left out
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def subscript(n: int) -> str:
    """A number as an index: ₁₂."""
    return str(n).translate(_LOWERED)


def labels(trace: dict[str, Any]) -> list[str]:
    """For each node of a trace its label.

    A name that several values have in turn, as h in a loop, is counted: h₁, h₂. The last value that a module makes
    is called after the module, and both modules and parameters by as much of their path as tells them apart. What
    has no name gets a letter, or is called after its op when there are too many.
    """
    nodes = trace["nodes"]
    found = [node["name"] for node in nodes]
    paths = {node["module"] for node in nodes if node["module"] is not None}
    short_modules = _shortened(paths, 1)
    short_names = _shortened({n["name"] for n in nodes if n["kind"] == "parameter" and n["name"] is not None}, 2)
    for node in nodes:
        if node["kind"] == "parameter":
            found[node["id"]] = short_names.get(node["name"])
    for number in _outputs(nodes):
        if found[number] is None:
            found[number] = short_modules[nodes[number]["module"]]
    if found[trace["root"]] is None:
        found[trace["root"]] = "result"
    for node in nodes:
        if node["kind"] == "constant" and found[node["id"]] is None:
            found[node["id"]] = _unnamed_constant(node)
    unnamed = [node for node in nodes if found[node["id"]] is None]
    captured = {name for step in trace["steps"] for rule in step["rules"] for name in rule["captured"]}
    free = [letter for letter in LETTERS if letter not in found and letter not in captured - {"x", "y"}]
    if len(unnamed) <= len(free):
        for node, letter in zip(unnamed, free, strict=False):
            found[node["id"]] = letter
    else:
        for node in unnamed:
            found[node["id"]] = node["op"] or "input"
    return _counted(found, lambda i: nodes[i]["kind"] != "constant" or nodes[i]["name"] is not None)


def _shortened(paths: set[str], parts: int) -> dict[str, str]:
    """Paths by their end: so many parts at least, none with a number in front, and more where two would be the same."""
    result = {}
    for path in paths:
        names = path.split(".")
        starts = [start for start in range(len(names) - parts, 0, -1) if not names[start].isdigit()]
        ends = [".".join(names[start:]) for start in starts]
        alone = (end for end in ends if sum(other == end or other.endswith("." + end) for other in paths) == 1)
        result[path] = next(alone, path)
    return result


def _outputs(nodes: list[dict[str, Any]]) -> Iterable[int]:
    """The last node of each call of each module."""
    last = {(node["module"], node["call"]): node["id"] for node in nodes if node["module"] is not None}
    return last.values()


def _unnamed_constant(node: dict[str, Any]) -> str:
    number = None if node["value"] is None else single(node["value"])
    return "data" if number is None else number


def _counted(names: list[str], may_count: Callable[[int], bool]) -> list[str]:
    """The names, with a number after each that several nodes have."""
    places: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        if may_count(i) or name == "data":
            places.setdefault(name, []).append(i)
    result = list(names)
    for name, where in places.items():
        if len(where) > 1:
            for count, i in enumerate(where, 1):
                result[i] = name + subscript(count)
    return result
