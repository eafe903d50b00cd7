"""The chain rule in words and numbers: a trace, written out from the loss back to the leaves.

Where all values are single numbers it reads like an exercise worked out in a textbook, a line for each derivative.
Arrays have a paragraph for each op: the rule, with its names replaced by what they stand for, and what came of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from ..numbers import GLANCE, at_a_glance, brief, inline, largest, rows, summary
from ..tracing import trace
from .folding import Again, Gap, Group, Item, Step, all_steps, folded, steps_of
from .page import Line, Page, Row, Span, aligned, length, line, screen_width, spread, wrapped
from .reading import Reading, Told, called, times

FEW = 12  # up to so many ops, their values are listed first
MANY_LINES = 20  # of source code that are shown
# A rounded number in a sum or product.
WORKED_ROUNDED = re.compile(r"\.\d{4} [-+·/] |[-+·/] \(?-?\d+\.\d{4}(?!\d)")


def text(tensor: Any, gradient: Any = None, *, of: Any = None, fold: bool = True, width: int | None = None) -> Page:
    """Explain in words and numbers how the gradients are computed, newest step first.

    Args:
        tensor: the loss, or whatever else has a graph that was not freed.
        gradient: the gradient of the loss with respect to tensor, of its shape; None means 1, for a single number.
        of: a tensor, or several: only the steps that lead to their gradients. None: to those of all leaves.
        fold: explain repeated steps once, and each module of a large model as one step; False explains every step.
        width: characters per line; None for the width of the terminal.

    Returns:
        A page that shows itself: `print(page)`, or its name at a prompt or in a notebook. On a terminal it has
        colours, unless NO_COLOR is set; `page.plain` has none.

    Raises:
        TypeError: tensor is not a Tensor.
        RuntimeError: tensor has no graph, or it was freed, or does not depend on `of`; or tensor is not a single
            number, and no gradient is given.

    >>> w = torch.tensor(2., requires_grad=True)
    >>> x = torch.tensor(3.)
    >>> loss = (w * x - 1) ** 2
    >>> cutaway.explain.text(loss, of=w, width=80)
    loss = (w * x - 1) ** 2                                                   line 1
    <BLANKLINE>
    Forward: what was computed
      a    = w · x = 2 · 3 = 6
      b    = a - 1 = 6 - 1 = 5
      loss = b²    = 5²    = 25
    <BLANKLINE>
    Backward: the chain rule, from the last step to the first
                 ∂loss/∂loss                                   = 1
      loss = b²  ∂loss/∂b    = ∂loss/∂loss · 2 · b = 1 · 2 · 5 = 10
      b = a - 1  ∂loss/∂a    = ∂loss/∂b                        = 10
      a = w · x  ∂loss/∂w    = ∂loss/∂a · x        = 10 · 3    = 30 → w.grad
    """
    found = trace(tensor, gradient, of=of)
    return Page(list(Explanation(found, fold, width or screen_width()).lines()))


class Explanation:
    """Writes out a trace."""

    def __init__(self, trace: dict[str, Any], fold: bool, width: int) -> None:
        self.trace, self.width = trace, width
        self.steps = steps_of(trace)
        self.items: list[Item] = folded(self.steps, trace["calls"]) if fold else list(self.steps)
        self.read = Reading(trace, {item.node["id"] for item in self.items if isinstance(item, Step)})
        self.is_scalar = not any(part["shape"] for step in trace["steps"] for part in _parts(step))
        self._known: set[str] = set()  # ops and rules already described
        self._just_told: set[int] = set()  # nodes whose gradients stand in the previous paragraph

    def lines(self) -> Iterator[Line]:
        """The page."""
        yield from self._title()
        if not self.steps:
            yield line(f"{self.read.root} is a leaf: no op made it, so there is no step to explain.")
            return
        if len(self.steps) <= FEW:
            yield line(Span("Forward", "title"), Span(": what was computed", "note"))
            yield from self._forward()
            yield line()
        yield line(Span("Backward", "title"), Span(": the chain rule, from the last step to the first", "note"))
        told = list(self._scalars() if self.is_scalar else self._arrays())
        yield from told
        if any(WORKED_ROUNDED.search("".join(part.text for part in parts)) for parts in told):
            yield line()
            words = "Numbers are rounded to 4 digits after the point: a result can differ in its last digit."
            yield from wrapped(line(Span(words, "note")), self.width, 0)

    def _title(self) -> Iterator[Line]:
        at = self.trace["nodes"][self.trace["root"]]["line"]
        if at is not None and at["code"]:
            code, expression = at["code"], at["expression"] or ""
            if "\n" in expression:  # a statement of several lines; `code` is one of them
                code = f"{self.read.root} = {' '.join(expression.split()).replace(' .', '.')}"
            title = spread(line(Span(code, "title")), line(Span(_place(at), "note")), self.width)
            yield from wrapped(title, self.width, 4)
            yield line()

    # --- forward

    def _forward(self) -> Iterator[Line]:
        told = [(step.node, self.read.definition(step.node)) for step in reversed(self.steps)]
        room = self.width - max(len(self.read.label(node["id"]) + term.text) for node, term in told) - 8
        table = []
        for node, term in told:
            value = node["value"]
            missing = "(all outputs in a row)" if self.read.is_joint(node["id"]) else "(overwritten since)"
            result = missing if value is None else at_a_glance(value, min(GLANCE, room))
            numbers = "" if term.numbers is None or term.numbers[0] == result else f"= {term.numbers[0]}"
            result = f"= {result}" if value is not None and not value["shape"] else f"  {result}"
            table.append(Row([f"  {self.read.label(node['id'])}", f"= {term.text}", numbers, result]))
        yield from aligned(table, ("", "", "", "result"), self.width, hangs=False)

    def _note_of_start(self) -> str:
        """The note beside the gradient with which the pass starts."""
        becomes = self._complete(self.read.step_of[self.trace["root"]])
        return ", ".join(["as given"] * self.read.is_given + [_arrow(becomes)] * bool(becomes))

    # --- backward, single numbers

    def _scalars(self) -> Iterator[Line]:
        root = self.trace["root"]
        start = brief(self.read.step_of[root]["arrived"])
        parts: list[Row | Line] = [Row(["", self.read.d(root), "", "", f"= {start}", self._note_of_start()])]
        for item in self.items:
            parts += self._rows(item) if isinstance(item, Step) else self._folded(item)
        yield from aligned(parts, ("", "gradient", "", "", "result", "note"), self.width)

    def _rows(self, step: Step) -> Iterator[Row | Line]:
        """The rows of the table for one step."""
        if len(step.step["parts"]) > 1:
            yield self._total_row(step.step)
        yield from self._hook(step.step)
        start = f"  {self.read.label(step.node['id'])} = {self.read.definition(step.node).text} "
        for told in self.read.told(step):
            result = brief(told.sent)
            numbers = told.term.numbers[0] if told.term and told.term.numbers else result
            yield Row(
                [
                    start,
                    told.left,
                    "= …" if told.term is None else f"= {told.term.text}" if told.term.text != result else "",
                    "" if numbers == result else f"= {numbers}",
                    f"= {result}",
                    _arrow(told.becomes),
                ]
            )
            start = ""
            if told.term is None:
                yield from self._source(told.source)
        for leaf in step.leaves:
            if len(leaf["parts"]) > 1:
                yield self._total_row(leaf)
            yield from self._hook(leaf)

    def _total_row(self, step: dict[str, Any]) -> Row:
        parts = step["parts"]
        used = f"  {self.read.label(step['node'])} was used {times(len(parts))} "
        d, total = self.read.d(step["node"]), f"= {brief(step['arrived'])}"
        return Row([used, d, f"= {_added(parts)}", "", total, _arrow(self._complete(step))])

    def _complete(self, step: dict[str, Any]) -> str | None:
        """Where the user finds the gradient of a node, unless a hook changes it."""
        return None if self.read.is_changed(step) else self.read.becomes(step["node"])

    def _hook(self, step: dict[str, Any]) -> Iterator[Line]:
        """How the user's hooks changed a gradient."""
        if self.read.is_changed(step):
            before, after = at_a_glance(step["arrived"]), at_a_glance(step["hooked"])
            told = line(Span(f"  a hook turns {self.read.d(step['node'])} = {before} into {after}", "note"))
            yield spread(told, line(Span(_arrow(self.read.becomes(step["node"])), "note")), self.width)

    # --- backward, arrays

    def _arrays(self) -> Iterator[Line]:
        root = self.trace["root"]
        start = self.read.step_of[root]["arrived"]
        yield from self._equation(line("  ", Span(self.read.d(root), "gradient")), "", start, self._note_of_start())
        self._just_told = {root}
        for item in self.items:
            yield line()
            yield from self._paragraph(item) if isinstance(item, Step) else self._folded(item)
            self._just_told = {rule["to"] for step in all_steps([item]) for rule in step.step["rules"]}

    def _paragraph(self, step: Step) -> Iterator[Line]:
        """One op: its definition, and the gradient of each input."""
        node = step.node
        if len(step.step["parts"]) > 1:
            yield from self._total(step.step)
            yield line()
        yield from self._hook(step.step)
        label = Span(self.read.label(node["id"], node["module"]), "title")
        yield from self._heading(line("  ", label, f" = {self.read.definition(node).text}"), self._where(node))
        if node["id"] not in self._just_told and len(step.step["parts"]) == 1:
            arrived = at_a_glance(step.step["arrived"], self.width - 30)
            yield line("    ", Span(f"{self.read.d(node['id'], node['module'])} arrived: {arrived}", "note"))
        told = self.read.told_together(step)
        kept: set[str] = set()
        if node["op"] not in self._known:
            self._known.add(node["op"])
            yield from self._about(node, all(each.is_formula for each in told))
        for each in told:
            yield from self._rule(node["op"], each, kept)
        yield from self._totals([step])

    def _heading(self, left: Line, right: str) -> Iterator[Line]:
        """A heading, with a note at the right of its last line."""
        *above, last = wrapped(left, self.width, 6)
        yield from above
        note = line(Span(right, "note"))
        if length(last) + len(right) + 2 > self.width:
            yield last
            last = line()
        yield spread(last, note, self.width)

    def _where(self, node: dict[str, Any]) -> str:
        """The module in which an op ran; otherwise its line, unless it is that of the root."""
        if node["module"] is not None:
            kind = self._kind(node["module"])
            return kind if kind == node["module"] else f"{node['module']}, {kind}"
        last = self.trace["nodes"][self.trace["root"]]["line"]
        return "" if node["line"]["number"] == last["number"] else f"line {node['line']['number']}"

    def _kind(self, path: str) -> str:
        return next(str(module["type"]) for module in self.trace["modules"] if module["path"] == path)

    def _about(self, node: dict[str, Any], is_clear: bool) -> Iterator[Line]:
        """The formula and the remarks of an op, at its first occurrence."""
        is_call = self.read.definition(node).text.startswith(f"{called(node['op'])}(")
        if node["formula"] and is_call and node["formula"] != f"{node['op']}(x)":
            yield from wrapped(line("    ", Span(node["formula"], "note")), self.width, 4)
        if node["remarks"] and not is_clear:
            yield from wrapped(line("    ", Span(node["remarks"], "note")), self.width, 4)

    def _rule(self, op: str, told: Told, kept: set[str]) -> Iterator[Line]:
        """The gradient of one input, and what its rule refers to, unless it was shown before."""
        text = "" if told.term is None else told.term.text + (f", {told.why}" if told.why else "")
        yield from self._equation(line("    ", Span(told.left, "gradient")), text, told.sent, _arrow(told.becomes))
        if told.term is None and f"{op} {told.source}" not in self._known:
            self._known.add(f"{op} {told.source}")
            yield line("      ", Span("by the rule", "note"))
            yield from self._source(told.source)
        for name, source in told.helpers.items():
            if source is not None and f"{op} {name}" not in self._known:
                self._known.add(f"{op} {name}")
                yield line("      ", Span(f"where {name}(…) is", "note"))
                yield from self._source(source)
        for words in told.wheres():
            if f"{op} {words}" not in self._known:
                self._known.add(f"{op} {words}")
                yield from wrapped(line("      ", Span(words, "note")), self.width, 8)
        for name, value in told.kept.items():
            if name not in kept:
                is_what = f" = {told.made[name]}" if name in told.made else ""
                words = f"where {name}{is_what} = {at_a_glance(value, self.width - 20)}"
                yield from wrapped(line("      ", Span(words, "note")), self.width, 8)
        kept.update(told.kept)

    def _equation(self, left: Line, text: str, value: dict[str, Any], note: str | None = None) -> Iterator[Line]:
        """left = text = value, on as many lines as that takes, and a note at the right of the last one."""
        end = note or ""
        head: Line = [*left, Span(f" = {text}")] if text else left
        room = self.width - length(head) - 3
        short = inline(value, room - (len(end) + 2 if end and text else 0))
        lines = [short] if short is not None else None if text else rows(value, room)
        if lines is None:  # the value begins on a line of its own
            for pad in (length(left) if length(left) < 30 else 7, 7):
                short = inline(value, self.width - pad - 3)
                lines = [short] if short is not None else rows(value, self.width - pad - 3)
                if lines:
                    break
            if lines or len(summary(value)) > room:
                yield from wrapped(head, self.width, length(left) + 3 if length(left) < 40 else 8)
                head = line(" " * pad)
        for i, one in enumerate(lines or [summary(value)]):
            start = [*head, Span(" = ")] if i == 0 else line(" " * (length(head) + 3))
            found: Line = [*start, Span(one, "result")]
            if i == len(lines or [one]) - 1 and end:
                if length(found) + len(end) + 2 > self.width:
                    yield from wrapped(found, self.width, 11)
                    found = line()
                found = spread(found, line(Span(end, "note")), self.width)
            yield from wrapped(found, self.width, 11)

    def _totals(self, steps: Sequence[Step]) -> Iterator[Line]:
        """The leaves that are complete after these steps, and were used more than once."""
        for step in steps:
            for leaf in step.leaves:
                if len(leaf["parts"]) > 1:
                    yield line()
                    yield from self._total(leaf)
                yield from self._hook(leaf)

    def _total(self, step: dict[str, Any]) -> Iterator[Line]:
        parts = step["parts"]
        label = Span(self.read.label(step["node"]), "title")
        words = f" was used {times(len(parts))}: the gradients of its uses add up"
        yield from wrapped(line("  ", label, words), self.width, 4)
        d, becomes = line("    ", Span(self.read.d(step["node"]), "gradient")), self._complete(step)
        if not step["arrived"]["shape"]:
            yield from self._equation(d, _added(parts), step["arrived"], _arrow(becomes))
            return
        ways = self.read.ways(step)
        if len(parts) > 2:
            sizes = [f"{largest(part['sent'])} via {way}" for way, part in zip(ways, parts, strict=True)]
            if len(sizes) > 6:
                sizes = [*sizes[:3], "…", *sizes[-3:]]
            yield from wrapped(line("    ", Span(f"the largest of each: {', '.join(sizes)}", "note")), self.width, 6)
        text = " + ".join(f"via {way}" for way in ways) if len(parts) <= 3 else ""
        yield from self._equation(d, text, step["arrived"], _arrow(becomes))

    def _source(self, source: str | None) -> Iterator[Line]:
        if source is None:
            yield line("      ", Span("by a rule whose source cannot be read here", "note"))
            return
        lines = source.split("\n")
        for text in lines[:MANY_LINES]:
            if len(text) + 8 > self.width:
                text = text.partition("  # ")[0]  # without the comment
            yield line("        ", Span(text, "rule"))
        if len(lines) > MANY_LINES:
            yield line("        ", Span(f"… {len(lines) - MANY_LINES} more lines", "note"))

    # --- folded

    def _folded(self, item: Again | Gap | Group) -> Iterator[Line]:
        if isinstance(item, Gap):
            yield line("  ", Span(f"… {len(item.steps):,} more steps; fold=False shows them all …", "note"))
        elif isinstance(item, Again):
            yield from self._again(item)
        else:
            yield from self._group(item)

    def _again(self, item: Again) -> Iterator[Line]:
        """Repetitions of the previous steps: one gradient for each."""
        n, count = len(item.times[0]), len(item.times)
        what = "the same step" if n == 1 else f"the same {n} steps"
        yield line("  ", Span(f"{what} {'once' if count == 1 else times(count)} more, with", "note"))
        turns = [all_steps(time) for time in item.times]
        which = self._most_telling(turns)
        shown: list[Step | None] = [turn[which] for turn in turns]
        for step in shown if count <= 8 else [*shown[:3], None, *shown[-3:]]:
            if step is None:
                yield line("      ", Span(f"… {count - 6:,} times …", "note"))
            else:
                d = line("    ", Span(self.read.d(step.node["id"]), "gradient"))
                yield from self._equation(d, "", step.step["arrived"])
        yield from self._totals(all_steps([item]))

    def _most_telling(self, turns: Sequence[Sequence[Step]]) -> int:
        """The step whose gradient to show for each turn: the first that differs, preferably of a variable."""
        differ = [
            i for i, step in enumerate(turns[0])
            if any(turn[i].step["arrived"]["numbers"] != step.step["arrived"]["numbers"] for turn in turns[1:])
        ]  # fmt: skip
        held = [i for i in differ if turns[0][i].node["name"] is not None]
        return next(iter([*held, *differ]), 0)

    def _group(self, item: Group) -> Iterator[Line]:
        """A module as one step: the gradients of its inputs and parameters."""
        label = Span(self.read.label(item.steps[0].node["id"]), "title")
        left = line("  ", label, f" = {item.module}(…), in {len(item.steps)} steps")
        yield from self._heading(left, self._kind(item.module))
        inside = {step.node["id"] for step in item.steps}
        got = [told for step in item.steps for told in self.read.told(step, item.module) if told.to not in inside]
        for told in sorted(got, key=lambda told: told.becomes is not None):
            yield from self._equation(line("    ", Span(told.left, "gradient")), "", told.sent, _arrow(told.becomes))
        yield from self._totals(item.steps)


def _arrow(becomes: str | None) -> str:
    """Where the user finds a gradient."""
    return "" if becomes is None else f"→ {becomes}"


def _parts(step: dict[str, Any]) -> list[dict[str, Any]]:
    """All gradients of a step."""
    return [step["arrived"], *(rule[name] for rule in step["rules"] for name in ("gave", "sent"))]


def _added(parts: Sequence[dict[str, Any]]) -> str:
    """A sum of numbers, cut short if there are many."""
    numbers = [brief(part["sent"]) for part in parts]
    if len(numbers) > 6:
        numbers = [*numbers[:2], "…", *numbers[-2:]]
    return " + ".join(numbers).replace("+ -", "- ")


def _place(at: dict[str, Any]) -> str:
    """The name of the file, if it has a meaningful one, and the line number."""
    name = os.path.basename(at["file"])
    is_file = name.endswith(".py") and "ipykernel" not in at["file"]
    return f"{name}, line {at['number']}" if is_file else f"line {at['number']}"
