"""The cards of a drawing: what each visible part of a trace says of itself, and how much room that takes."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ..layout import Box
from ..prose.reading import Reading
from .brief import gist, shape_text, told
from .parts import Part

ROW = 15.0
INSET = 9.0
TAIL = 15.0  # below a card, where its wire begins and the shape is written beside it
BEHIND = 3.0  # how far the card behind that of a closed box looks out
PINS = 11.0  # the row of argument names along the upper edge
HEADER = 22.0
MARK = 14.0  # before the title of a box that can be closed
UNTOLD = ("None", "False", "...", "()")  # attributes that say nothing
LONGEST = 34  # characters; what is longer is cut, and told in full by the tooltip
_NAMED_NUMBER = re.compile(r"\b\w+=(?=[-\d])")  # Linear(in_features=2, ...) is told as Linear(2, ...)
EM = {"name": 7.4, "say": 6.0, "note": 6.1}  # how wide a character is; 6.7 where nothing else is said


class Span(NamedTuple):
    """A piece of text in one style; `x` is where it begins, from the left edge of the card."""

    x: float
    style: str
    text: str


@dataclass(eq=False, slots=True)
class Card:
    """A visible part, its text, and the box that the layout places."""

    part: Part
    kind: str
    box: Box
    rows: list[list[Span]]
    tip: str
    tag: str  # what stands for it at the end of a wire too long to follow
    shape: str = ""  # beside the wire that leaves it
    pins: list[str] = field(default_factory=list)  # the names of its inputs, if there are several

    @property
    def height(self) -> float:
        """Of the card itself, without the piece of wire below it."""
        return self.box.height - (TAIL if self.shape else 0) - (BEHIND if self.part.folded else 0)


def width_of(text: str, style: str = "") -> float:
    """About how wide a text is drawn; characters of East Asian scripts take two places."""
    cells = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    return cells * EM.get(style, 6.7)


def cut(text: str, longest: int = LONGEST) -> str:
    """A text that is not longer than so many characters."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def relative(path: str, part: Part) -> str:
    """A path without that of the module around the part."""
    outer = part.within
    while outer is not None:
        if outer.module and path.startswith(outer.module["path"] + "."):
            return path[len(outer.module["path"]) + 1 :]
        outer = outer.within
    return path


def plural(count: int, one: str, many: str | None = None) -> str:
    """1 op, 2 ops."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def titled(reading: Reading, node: dict[str, Any]) -> tuple[str, str]:
    """An op as one would write it, `h = tanh(a)`, and the attributes that this leaves unsaid.

    Where the labels of its inputs make it too long, it is written in the names of its arguments.
    """
    label = reading.labels[node["id"]]
    title = f"{label} = {reading.definition(node).text}"
    if len(title) <= LONGEST:
        return title, attributes_of(node, (str, dict), title)
    call = f"{node['op']}({', '.join(edge['argument'] or '' for edge in reading.inputs.get(node['id'], ()))})"
    title = f"{label} = {call}"
    return title if len(title) <= LONGEST else call, attributes_of(node)


def attributes_of(node: dict[str, Any], kinds: type | tuple[type, ...] = object, said: str = "") -> str:
    """What an op was given beside arrays, as keywords; only values of these kinds that were not said already."""
    given = {name: x for name, x in node["attributes"].items() if isinstance(x, kinds) and told(x) not in UNTOLD}
    if node["op"] == "piece":
        del given["of"]  # only says what PyTorch calls the node
    return ", ".join(text for name, x in given.items() if (text := f"{name}={told(x)}") not in said)


def card_of(part: Part, reading: Reading, arguments: list[str], leaves: bool, calls: dict[str, int]) -> Card:
    """The card of a node or of a closed box.

    Args:
        part: what it shows.
        reading: what there is to say of the trace.
        arguments: the names of the inputs that lead to it.
        leaves: whether a wire leaves it.
        calls: how often each module was called.
    """
    if part.node is not None:
        return _node_card(part, part.node, reading, arguments, leaves, calls)
    return _module_card(part, part.module, leaves, calls) if part.module else _crowd_card(part, reading)


def _node_card(
    part: Part, node: dict[str, Any], reading: Reading, arguments: list[str], leaves: bool, calls: dict[str, int]
) -> Card:
    kind, name, value = node["kind"], node["name"], node["value"]
    rows = []
    if kind == "op":
        name = reading.labels[node["id"]]
        title, given = titled(reading, node)
        if part.module:
            rows.append(title_spans(part, calls))
        rows.append([Span(INSET, "" if part.module else "name", cut(title))])
        if given:
            rows.append([Span(INSET, "note", cut(given, LONGEST + 4))])
        tip = [f"{name} = {reading.definition(node).text}", attributes_of(node)]
        tip += [node["formula"] or "", f"{node['op']}, {node['grad_fn']}"]
        tip.append(f"{Path(node['line']['file']).name}:{node['line']['number']}: {node['line']['code']}")
    else:
        is_number = kind == "constant" and not name and value and not value["shape"]
        title = "" if is_number else relative(name, part) if name else reading.labels[node["id"]]
        tip = [name or title, kind]
        if title:
            rows.append([Span(INSET, "name", cut(title))])
            rows[0].append(Span(INSET + width_of(rows[0][0].text, "name") + 8, "say", kind))
    if value and not rows:
        rows.append([Span(INSET, "value", gist([value]))])
    elif value:
        rows += _numbers([value], [node["gradient"]] if node["gradient"] else [])
    else:
        rows.append([Span(INSET, "say", "overwritten since")])
        rows += _numbers([], [node["gradient"]] if node["gradient"] else [])
    shape = shape_text(value["shape"]) if leaves and value else ""
    pins = arguments if 2 <= len(arguments) <= 6 and any(arguments) else []
    return _card(part, kind, rows, "\n".join(filter(None, tip)), shape, pins, name or title)


def _crowd_card(part: Part, reading: Reading) -> Card:
    nodes = part.nodes()
    kinds = {node["kind"] for node in nodes}
    kind = kinds.pop() if len(kinds) == 1 else "constant"
    names = [node["name"] or reading.labels[node["id"]] for node in nodes]
    rows = [[Span(INSET, "name", plural(len(nodes), kind if not kinds else "leaf", None if not kinds else "leaves"))]]
    rows.append([Span(INSET, "note", f"{cut(names[0], 16)} … {cut(names[-1], 16)}")])
    gradients = [node["gradient"] for node in nodes if node["gradient"]]
    rows += _numbers([node["value"] for node in nodes if node["value"]], gradients)
    return _card(part, kind, rows, ", ".join(names), "several", [], "")


def _module_card(part: Part, module: dict[str, Any], leaves: bool, calls: dict[str, int]) -> Card:
    nodes = part.nodes()
    parameters = [node for node in nodes if node["kind"] == "parameter"]
    ops = [node for node in nodes if node["kind"] == "op"]
    out = ops[-1:]
    count = sum(_size(node["value"]) for node in parameters if node["value"])
    told = [plural(len(ops), "op")] if ops else []
    if parameters:
        told.append(f"{plural(len(parameters), 'parameter')} of {plural(count, 'number')}")
    rows = [title_spans(part, calls), [Span(INSET, "say", ", ".join(told))]]
    shown = out or nodes
    values = [node["value"] for node in shown if node["value"]]
    gradients = [node["gradient"] for node in shown if node["gradient"]]
    rows += _numbers(values, gradients)
    shape = shape_text(values[0]["shape"]) if leaves and len(values) == 1 else "several" if leaves else ""
    tip = "\n".join([module["path"], module["repr"], *told])
    return _card(part, "parameter" if part.call is None else "module", rows, tip, shape, [], module["path"])


def lid_of(part: Part, calls: dict[str, int]) -> Card:
    """What stands for a box that a reader can close: the card of a closed one, with a mark before its title."""
    assert part.module is not None
    card = _module_card(part, part.module, True, calls)
    title, says, *numbers = card.rows
    if card.shape != "several":
        says.append(Span(says[0].x + width_of(says[0].text, "say") + 10, "note", card.shape))
    rows = [[span._replace(x=span.x + MARK) for span in title], says, *numbers]
    return _card(part, card.kind, rows, card.tip, "", [], "")


def title_spans(part: Part, calls: dict[str, int]) -> list[Span]:
    """What a module's box is called: its name, its kind, which of its calls, or that it is its parameters."""
    module = part.module
    assert module is not None
    name = Span(INSET, "name", cut(relative(module["path"], part)))
    if module["path"] == module["type"]:
        return [name]  # no variable holds it
    if part.call is None:
        note = "parameters"
    else:
        note = cut(_NAMED_NUMBER.sub("", module["repr"]))
        if calls[module["path"]] > 1:
            note = f"{cut(module['type'])}, call {part.call + 1} of {calls[module['path']]}"
    return [name, Span(INSET + width_of(name.text, "name") + 8, "note", note)]


def _size(value: dict[str, Any]) -> int:
    size = 1
    for n in value["shape"]:
        size *= n
    return size


def _numbers(values: list[dict[str, Any]], gradients: list[dict[str, Any]]) -> list[list[Span]]:
    """The rows for a value and for the gradient with respect to it; single numbers share one row."""
    rows: list[list[Span]] = []
    x = INSET
    for label, style, found in (("value", "value", values), ("grad", "gradient", gradients)):
        if not found:
            continue
        text = gist(found)
        odd = "nan" in text or "inf" in text
        number = Span(x + (34 if x == INSET else 28), f"{style} alarm" if odd else style, cut(text, 50))
        row = [Span(x, "say", label), number]
        if rows and x > INSET:
            rows[0] += row
        else:
            rows.append(row)
            if len(found) == 1 and not found[0]["shape"]:
                x = number.x + width_of(number.text) + 10
    return rows


def _card(
    part: Part, kind: str, rows: list[list[Span]], tip: str, shape: str, pins: list[str], name: str
) -> Card:
    width = max((span.x + width_of(span.text, span.style) for row in rows for span in row), default=0.0) + INSET
    pins = [cut(pin, 14) for pin in pins]
    room_for_pins = max(4, len(pins) + 1) * max((width_of(pin, "say") + 4 for pin in pins), default=0.0)
    width = max(width, 2 * (width_of(shape, "note") + 8), room_for_pins)
    height = ROW * len(rows) + 9 + (PINS if pins else 0) + (TAIL if shape else 0)
    height += BEHIND if part.folded else 0
    weight = {"op": 2, "module": 2, "parameter": 0}.get(kind, 1 if name else 0)
    tag = f"from {cut(name or kind, 24)}"
    box = Box(width, height, weight=weight, tag_width=width_of(tag, "note") + 10)
    if part.module:
        box.kind = part.kind
    elif part.node and part.node["line"]:  # total = total + loss: one line, time and again
        box.kind = (part.node["op"], part.node["line"]["file"], part.node["line"]["number"])
    return Card(part, kind, box, rows, tip, tag, shape, pins)
