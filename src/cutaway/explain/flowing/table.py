"""A flow as text."""

from __future__ import annotations

from .measures import Layer, ParameterFlow, Step
from .verdicts import Verdict

SHOWN = 6  # time steps of a layer that are shown
Cells = list[str]


def table(title: str, layers: list[Layer], parameters: list[ParameterFlow], verdicts: list[Verdict]) -> str:
    """The layers, the parameters and the verdicts, a line each."""
    if not layers and not parameters:
        return f"no gradient flowed through {title}: call backward() inside the block, on a loss that {title} led to"
    parts = [
        _aligned([["layer", "mean", "std", "grad norm", ""], *(row for layer in layers for row in _rows(layer))]),
        _aligned([["parameter", "norm", "grad norm", "update", "update/norm", ""], *map(_parameter, parameters)]),
        "\n".join(map(str, verdicts)) or "all is well: nothing vanishes, explodes, is dead or saturated",
    ]
    return "\n\n".join(parts)


def _rows(layer: Layer) -> list[Cells]:
    mean, std = layer.average("mean"), layer.average("std")
    name = layer.name if len(layer.steps) == 1 else f"{layer.name}, {len(layer.steps)} steps"
    rows = [[name, number(mean), number(std), number(layer.grad_norm), _notes(layer)]]
    if len(layer.steps) > 1:
        rows += [
            [f"  step {i + 1}", number(step.mean), number(step.std), number(step.grad_norm), notes_of(step)]
            for i, step in chosen(layer.steps)
        ]
    return rows


def chosen(steps: list[Step]) -> list[tuple[int, Step]]:
    """A few steps, the first and the last among them, with their places."""
    n = len(steps)
    places = range(n) if n <= SHOWN else sorted({round(i * (n - 1) / (SHOWN - 1)) for i in range(SHOWN)})
    return [(i, steps[i]) for i in places]


def _notes(layer: Layer) -> str:
    return notes_of(layer.steps[0]) if len(layer.steps) == 1 else ""


def notes_of(step: Step) -> str:
    """What there is to say of an activation's values."""
    notes = []
    if step.zeros is not None:
        notes.append(f"{step.zeros:.0%} zero")
    if step.dead:
        notes.append(f"{step.dead} of {step.units} units dead")
    if step.saturated is not None:
        notes.append(f"{step.saturated:.0%} saturated")
    return ", ".join(notes)


def _parameter(p: ParameterFlow) -> Cells:
    return [p.name, number(p.norm), number(p.grad_norm), number(p.update), number(p.ratio), ""]


def number(x: float | None) -> str:
    """A number in a few characters.

    >>> from cutaway.explain.flowing.table import number
    >>> number(0.012345), number(1234.5), number(3.21e-9), number(None)
    ('0.0123', '1.23e+03', '3.21e-09', '-')
    """
    return "-" if x is None else f"{x:.3g}"


def _aligned(rows: list[Cells]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = []
    for first, *numbers, note in rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(n) for cell, n in zip(numbers, widths[1:])), note]
        lines.append("  ".join(cells).rstrip())
    return "\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]])
