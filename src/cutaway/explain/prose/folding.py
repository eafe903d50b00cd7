"""Folds long explanations: repeated steps are explained once, and a module is one step.

A loop leaves the same ops of the same lines again and again; so do the blocks of a deep model. Such a run is found
as a stretch of steps that repeats at once. Where that does not shorten the text enough, the innermost modules of
several steps are folded, then those around them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

SHORT = 12  # up to so many steps, nothing is folded
LONG = 24  # above so many items, modules are folded too
ENDS = 6  # if that is not enough: items shown at the end; the others are the newest


@dataclass
class Step:
    """One op: its step in the trace, and the leaves whose gradients are complete after it."""

    step: dict[str, Any]
    node: dict[str, Any]
    leaves: list[dict[str, Any]] = field(default_factory=list)

    @property
    def key(self) -> Any:
        """Equal for steps that repeat each other."""
        line = self.node["line"]
        return self.node["op"], line["file"], line["number"], line["expression"], _kind(self.node["module"])


@dataclass
class Group:
    """All steps of one call of a module."""

    module: str
    call: int
    steps: list[Step]

    @property
    def key(self) -> Any:
        """Equal for calls that repeat each other."""
        return "module", _kind(self.module), tuple(step.key for step in self.steps)


@dataclass
class Again:
    """Repetitions of the previous items."""

    times: list[list[Step | Group]]


@dataclass
class Gap:
    """Steps that are left out."""

    steps: list[Step]


Item = Step | Group | Again | Gap


def _kind(path: str | None) -> str | None:
    """A module's path without the numbers in it: model.blocks for model.blocks.3."""
    return None if path is None else ".".join(part for part in path.split(".") if not part.isdigit())


def steps_of(trace: dict[str, Any]) -> list[Step]:
    """The ops of a pass, the newest first, each with the leaves that follow it."""
    found: list[Step] = []
    for step in trace["steps"]:
        if step["rules"]:
            found.append(Step(step, trace["nodes"][step["node"]]))
        elif found:
            found[-1].leaves.append(step)
    return found


def folded(steps: Sequence[Step], calls: Sequence[dict[str, Any]]) -> list[Item]:
    """The steps of a pass in fewer items.

    Args:
        steps: the newest first.
        calls: the calls of modules, as a trace lists them.
    """
    items: list[Step | Group] = list(steps)
    if len(items) <= SHORT:
        return list(items)
    around = {(call["module"], call["call"]): call["within"] for call in calls}
    result = without_repeats(items)
    while len(result) > LONG:
        fewer = _with_modules_folded(items, around)
        if len(fewer) == len(items):
            return [*result[: LONG - ENDS], Gap(all_steps(result[LONG - ENDS : -ENDS])), *result[-ENDS:]]
        items = fewer
        result = without_repeats(items)
    return result


def all_steps(items: Sequence[Item]) -> list[Step]:
    """All steps in the items."""
    found: list[Step] = []
    for item in items:
        if isinstance(item, Step):
            found.append(item)
        elif isinstance(item, Again):
            found += all_steps([each for time in item.times for each in time])
        else:
            found += item.steps
    return found


def without_repeats(items: Sequence[Step | Group]) -> list[Item]:
    """The items, with consecutive repetitions collected."""
    keys = [item.key for item in items]
    numbers = {key: n for n, key in enumerate(dict.fromkeys(keys))}
    kinds = [numbers[key] for key in keys]
    result: list[Item] = []
    i = 0
    while i < len(items):
        period, times = _repetition(kinds, i)
        result += items[i : i + period]
        if times > 1:
            starts = range(i + period, i + period * times, period)
            result.append(Again([list(items[start : start + period]) for start in starts]))
        i += period * times
    return result


def _repetition(kinds: list[int], i: int) -> tuple[int, int]:
    """The length of the repeating stretch at i, and how often it occurs, such that most items are saved."""
    best, saved = (1, 1), 0
    for period in range(1, (len(kinds) - i) // 2 + 1):
        if saved >= len(kinds) - i - period:
            break  # no longer period can save more
        if kinds[i + period] != kinds[i]:
            continue
        times = 1
        while kinds[i + period * times : i + period * (times + 1)] == kinds[i : i + period]:
            times += 1
        if (times - 1) * period > saved:
            best, saved = (period, times), (times - 1) * period
    return best


def _with_modules_folded(items: list[Step | Group], around: dict[Any, Any]) -> list[Step | Group]:
    """The items, with the innermost module calls folded, except those that contain most of the items."""
    chains = [list(_outwards(_place(item, around), around)) for item in items]
    count = Counter(at for chain in chains for at in chain)
    first = [next((at for at in chain if 2 < count[at] <= len(items) / 2), None) for chain in chains]
    outer = {at for inner in set(first) for at in list(_outwards(inner, around))[1:]}
    result: list[Step | Group] = []
    for item, inner in zip(items, first, strict=True):
        steps = [item] if isinstance(item, Step) else item.steps
        if inner is None or inner in outer:
            result.append(item)
        elif result and isinstance(result[-1], Group) and (result[-1].module, result[-1].call) == inner:
            result[-1].steps.extend(steps)
        else:
            result.append(Group(*inner, list(steps)))
    return result


def _place(item: Step | Group, around: dict[Any, Any]) -> tuple[str, int] | None:
    """The call to which an item belongs."""
    if isinstance(item, Step):
        return None if item.node["module"] is None else (item.node["module"], item.node["call"])
    within = around[item.module, item.call]
    return None if within is None else (within[0], within[1])


def _outwards(at: tuple[str, int] | None, around: dict[Any, Any]) -> Iterator[tuple[str, int]]:
    while at is not None:
        yield at
        within = around.get(at)
        at = None if within is None else (within[0], within[1])
