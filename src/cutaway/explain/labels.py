"""A short, unique name for every value of a trace: the user's own where there is one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .numbers import single

LETTERS = "abcdefhkmnpqrsuvwyz"  # for values without a name; letters that look like numbers, and g, are left out
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def subscript(n: int) -> str:
    """A number as a subscript: ₁₂."""
    return str(n).translate(_LOWERED)


def labels(trace: dict[str, Any], shown: Collection[int] = ()) -> list[str]:
    """The label of each node of a trace.

    A name that several values have in turn, as h in a loop, is counted: h₁, h₂. The last value that a module makes
    is called after the module, and both modules and parameters by as much of their path as tells them apart. What
    has no name gets a letter; if there are not enough for all, those have one that are shown, and the others are
    called after their ops.
    """
    nodes = trace["nodes"]
    found = [node["name"] for node in nodes]
    for edge in trace["edges"]:
        if nodes[edge["to"]]["op"] == "overwrite" and edge["input"] == 0:  # x with x[0] = y is still x
            found[edge["to"]] = found[edge["to"]] or found[edge["from"]]
    modules = _shortened({node["module"] for node in nodes if node["module"] is not None}, 1)
    parameters = _shortened({n["name"] for n in nodes if n["kind"] == "parameter" and n["name"] is not None}, 2)
    last = {(node["module"], node["call"]): node["id"] for node in nodes if node["module"] is not None}
    for i in last.values():
        found[i] = found[i] or modules[nodes[i]["module"]]
    found[trace["root"]] = found[trace["root"]] or "result"
    for i, node in enumerate(nodes):
        if node["kind"] == "parameter":
            found[i] = parameters.get(node["name"])
        elif node["kind"] == "constant" and found[i] is None:
            found[i] = (None if node["value"] is None else single(node["value"])) or "data"
    unnamed = [i for i, name in enumerate(found) if name is None]
    captured = {name for step in trace["steps"] for rule in step["rules"] for name in rule["captured"]}
    taken = {name.partition(".")[0].partition("[")[0] for name in found if name is not None}
    free = [letter for letter in LETTERS if letter not in taken and letter not in captured - {"x", "y"}]
    for some in (unnamed, [i for i in unnamed if i in shown]):
        if len(some) <= len(free):
            for i, letter in zip(some, free, strict=False):
                found[i] = letter
            break
    for i in unnamed:
        found[i] = found[i] or nodes[i]["op"] or "input"
    numbers = {i for i, node in enumerate(nodes) if node["kind"] == "constant" and node["name"] is None}
    return _counted(found, {i for i in numbers if found[i] != "data"})


def _shortened(paths: set[str], parts: int) -> dict[str, str]:
    """Paths cut to their last `parts` names or more: enough to be unique, and not starting with a number."""
    result = {}
    for path in paths:
        names = path.split(".")
        starts = [start for start in range(len(names) - parts, 0, -1) if not names[start].isdigit()]
        ends = [".".join(names[start:]) for start in starts]
        alone = (end for end in ends if sum(other == end or other.endswith("." + end) for other in paths) == 1)
        result[path] = next(alone, path)
    return result


def _counted(names: list[str], numbers: set[int]) -> list[str]:
    """The names, numbered where several nodes share one; nodes that are plain numbers are not numbered."""
    places: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        if i not in numbers:
            places.setdefault(name, []).append(i)
    result = list(names)
    for name, where in places.items():
        if len(where) > 1:
            for count, i in enumerate(where, 1):
                result[i] = name + subscript(count)
    return result
