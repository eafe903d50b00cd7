"""What a drawing shows of a trace: its nodes, each inside the call of the module that made it.

A module that is called three times is three boxes, since each call is its own piece of the computation; a parameter
that several of them share stands beside them, with the others of its module. What lies deeper than a reader wants to
look is folded: the box closes, and stands as one piece for all that is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MOST = 100  # parts shown before the deepest boxes close by themselves
FEW, FAR_TOO_MANY = 4, 500
CROWD = 6  # leaves that go into one box and nowhere else; more of them do not stand in a row above it
CROWD_OF_AN_OP = 12  # the same for an op


@dataclass(eq=False, slots=True)
class Part:
    """A node of the trace, or a module's call with the parts inside it, or the parameters that its calls share.

    A call that is one op and nothing else is both at once. A part that is neither stands for several leaves.
    """

    depth: int
    node: dict[str, Any] | None = None
    module: dict[str, Any] | None = None
    call: int | None = None  # None for shared parameters
    within: Part | None = None
    parts: list[Part] = field(default_factory=list)
    folded: bool = False

    @property
    def kind(self) -> Any:
        """What is the same for the calls of a cell at each time step, and for the layers of a stack."""
        if self.module is None:
            return None
        return [part for part in self.module["path"].split(".") if not part.isdigit()], self.module["type"]

    def walk(self) -> Iterator[Part]:
        """This part and all inside it, outer ones first, whether folded or not."""
        todo = [self]
        while todo:
            part = todo.pop()
            yield part
            todo.extend(reversed(part.parts))

    def nodes(self) -> list[dict[str, Any]]:
        """The nodes in it, in the order in which they were computed."""
        found = [part.node for part in self.walk() if part.node is not None]
        return sorted(found, key=lambda node: int(node["id"]))


@dataclass(slots=True)
class Flow:
    """A value that one visible part hands to another, as input `argument` if that is a node."""

    source: Part
    target: Part
    argument: str | None
    edges: list[tuple[int, int]]  # the edges of the trace that it stands for, as pairs of node ids


def arrange_parts(trace: dict[str, Any]) -> Part:
    """The parts of a trace, none folded, inside one that is the whole."""
    modules = {module["path"]: module for module in trace["modules"]}
    calls = {(call["module"], call["call"]): call for call in trace["calls"]}
    whole = Part(0)
    place: dict[int, Part] = {}
    first: dict[Part, int] = {}  # the op that a call began with

    # Ops are numbered in the order in which they ran, and calls are nested in time. So while one module runs, all
    # that runs is inside its box, and no value that left a box comes back into it.
    open_calls = [whole]
    for node in trace["nodes"]:
        if node["kind"] != "op":
            continue
        chain = []
        key = None if node["module"] is None else (node["module"], node["call"])
        while key is not None:
            chain.append(key)
            within = calls[key]["within"]
            key = None if within is None else tuple(within)
        chain.reverse()
        same = 0
        for part, key in zip(open_calls[1:], chain):
            assert part.module is not None
            if (part.module["path"], part.call) != key:
                break
            same += 1
        del open_calls[same + 1 :]
        for path, call in chain[same:]:
            outer = open_calls[-1]
            part = Part(outer.depth + 1, module=modules[path], call=call, within=outer)
            outer.parts.append(part)
            open_calls.append(part)
            first[part] = node["id"]
        place[node["id"]] = _put(node, open_calls[-1])

    users: dict[int, list[Part]] = {}
    for edge in trace["edges"]:
        users.setdefault(edge["from"], []).append(place[edge["to"]])
    leading = {(edge["from"], edge["to"]) for edge in trace["edges"] if edge["input"] == 0}
    shared: dict[tuple[Part, str], list[dict[str, Any]]] = {}
    for node in trace["nodes"]:
        if node["kind"] == "op":
            continue
        outer = _smallest_around(users.get(node["id"], [])) or whole
        owner = (node["name"] or "").rpartition(".")[0]
        if node["name"] is None and not (node["value"] and not node["value"]["shape"]):
            while outer.within and (node["id"], first[outer]) in leading:
                outer = outer.within  # what a call begins with was handed in
        if node["name"] is None or (outer.module and outer.module["path"] == owner):
            _put(node, outer)  # a number in the module's code, or a parameter of its own
        elif owner not in modules and outer.module and owner.startswith(outer.module["path"] + "."):
            _put(node, outer)  # a parameter of a module in it that was not called itself
        elif owner in modules:
            shared.setdefault((outer, owner), []).append(node)
        else:
            _put(node, whole)  # the program around the modules has a name for it, and handed it in
    for (outer, owner), nodes in shared.items():
        if len(nodes) > 1:
            outer.parts.append(Part(outer.depth + 1, module=modules[owner], within=outer))
            outer = outer.parts[-1]
        for node in nodes:
            _put(node, outer)
    for part in whole.walk():
        if part.module and len(part.parts) == 1 and part.parts[0].module is None:
            part.node = part.parts.pop().node
    return whole


def _put(node: dict[str, Any], outer: Part) -> Part:
    outer.parts.append(Part(outer.depth + 1, node=node, within=outer))
    return outer.parts[-1]


def _smallest_around(parts: list[Part]) -> Part | None:
    """The innermost box that holds all of these parts."""
    around = parts[0].within if parts else None
    for part in parts:
        inner = part.within
        while inner is not around:
            assert inner is not None and around is not None
            if inner.depth >= around.depth:
                inner = inner.within
            else:
                around = around.within
    return around


def parts_at(trace: dict[str, Any], depth: int | None) -> Part:
    """The parts of a trace, with the boxes closed that lie deeper than `depth` boxes.

    None closes as few as make the drawing readable.
    """
    whole = arrange_parts(trace)
    if depth is None:
        depth = best_depth(whole)
    for part in whole.walk():
        part.folded = part.node is None and part.depth > depth and part is not whole
    _gather_crowds(trace, whole)
    return whole


def _gather_crowds(trace: dict[str, Any], whole: Part) -> None:
    """Where many leaves go into one box, put them inside, each by its use; or on one card, if it is closed, or an op.

    They are the inputs of all time steps, as a rule: in a row above the box they would be too wide a picture.
    """
    users: dict[int, list[int]] = {}
    for edge in trace["edges"]:
        users.setdefault(edge["from"], []).append(edge["to"])
    place = {part.node["id"]: part for part in whole.walk() if part.node is not None}
    todo = [whole]
    while todo:
        box = todo.pop()
        crowds: dict[Part, list[Part]] = {}
        for part in box.parts:
            if part.node is not None and part.node["kind"] != "op":
                into = {_child_with(box, place[user]) for user in users.get(part.node["id"], ())}
                if len(into) == 1:
                    crowds.setdefault(into.pop(), []).append(part)
        for user, crowd in crowds.items():
            if len(crowd) <= (CROWD if user.node is None else CROWD_OF_AN_OP):
                continue
            first, moved = box.parts.index(crowd[0]), set(crowd)
            box.parts = [part for part in box.parts if part not in moved]
            if user.folded or user.node is not None:
                box.parts.insert(first, Part(box.depth + 1, within=box, parts=crowd, folded=True))
            else:
                user.parts += crowd
                for part in crowd:
                    part.within, part.depth = user, user.depth + 1
                todo.append(user)


def _child_with(box: Part, part: Part) -> Part:
    """That of the parts directly inside a box in which another stands."""
    while part.within is not box:
        assert part.within is not None
        part = part.within
    return part


def deepest(whole: Part) -> int:
    """How many boxes stand inside each other."""
    return max((part.depth for part in whole.walk() if part.node is None), default=0)


def best_depth(whole: Part) -> int:
    """The greatest depth at which a drawing shows no more parts than a reader can take in.

    Where that leaves next to nothing to see, one level more, if that is not far too much.
    """
    counts = [0] * (deepest(whole) + 1)
    telling = counts[:]  # ops and modules only
    for part in whole.walk():
        if part is not whole:
            # A node shows if all boxes around it are open, a box while it is closed and those around it are open.
            for depth in range(part.depth - 1, len(counts)) if part.node is not None else [part.depth - 1]:
                counts[depth] += 1
                telling[depth] += part.node["kind"] == "op" if part.node is not None else part.call is not None
    best = max((depth for depth, count in enumerate(counts) if count <= MOST), default=0)
    while best + 1 < len(counts) and telling[best] < FEW and counts[best + 1] <= FAR_TOO_MANY:
        best += 1
    return best


def visible(whole: Part) -> Iterator[Part]:
    """The parts that are drawn, outer ones first: open boxes, closed ones, and nodes in open boxes."""
    todo = [whole]
    while todo:
        part = todo.pop()
        yield part
        if not part.folded:
            todo.extend(reversed(part.parts))


def shown_by(whole: Part) -> dict[int, Part]:
    """The visible part that shows each node, by the node's number."""
    shows: dict[int, Part] = {}
    for part in visible(whole):
        if part.node is not None or part.folded:
            shows.update((node["id"], part) for node in part.nodes())
    return shows


def flows(trace: dict[str, Any], whole: Part) -> list[Flow]:
    """What flows between the visible parts, each value once between the same two, unless both are nodes."""
    shows = shown_by(whole)
    found: dict[Any, Flow] = {}
    for edge in trace["edges"]:
        u, v = shows[edge["from"]], shows[edge["to"]]
        if u is v:
            continue
        argument = edge["argument"] if v.node is not None else None
        together = u.folded and u.call is None  # leaves on one card: one wire for all
        key = (u, v, None if together else edge["from"], None if v.folded or together else edge["input"])
        flow = found.setdefault(key, Flow(u, v, argument, []))
        if flow.edges and argument:
            flow.argument = f"{flow.argument}, {argument}"
        flow.edges.append((edge["from"], edge["to"]))
    return list(found.values())
