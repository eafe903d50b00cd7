"""A flow as a picture: bars for each layer and parameter, and curves over the time steps of what has several.

Bars and curves go by powers of ten, for that is how gradients vanish and explode.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from math import ceil, floor, isfinite, log10

from ..drawing.cards import width_of
from ..drawing.palette import style_sheet
from ..drawing.picture import Picture, check_theme
from ..drawing.svg import plain_text
from .measures import Layer, ParameterFlow
from .table import number

MARGIN, ROW, BAR, GAP = 16.0, 20.0, 150.0, 64.0  # the gap holds a bar's number
CHART = 120.0  # how high a chart over time is
USUAL = (1e-4, 1e-2)  # updates, relative to the norm of the weight


class Plot(Picture):
    """A flow as a picture; notebooks show it, and `save` writes it."""

    def __init__(self, title: str, layers: list[Layer], parameters: list[ParameterFlow]) -> None:
        self.title = title
        self._layers, self._parameters = layers, parameters
        names = ["parameter", *(layer.name for layer in layers), *(p.name for p in parameters)]
        self._left = MARGIN + max(map(width_of, names)) + 14
        self._columns = [self._left + i * (BAR + GAP) for i in range(3)]
        self._width = self._columns[2] + BAR + GAP + MARGIN

    def svg(self, theme: str = "auto") -> str:
        """The picture as text; theme is "light", "dark", or "auto", which follows the reader's system."""
        parts: list[str] = []
        y = self._bars(parts, MARGIN)
        y = self._updates(parts, y)
        for layer in self._layers:
            if len(layer.steps) > 1:
                y = self._chart(parts, y, layer)
        css = files(__package__).joinpath("plot.css").read_text(encoding="utf-8")
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" class="cutaway-flow" role="img" width="{self._width:.0f}" '
                f'height="{y:.0f}" viewBox="0 0 {self._width:.0f} {y:.0f}">',
                f"<title>What flows through {plain_text(self.title)}, layer by layer</title>",
                f"<style>{style_sheet(css, check_theme(theme))}</style>",
                f'<rect class="paper" width="{self._width:.0f}" height="{y:.0f}" rx="8"/>',
                *parts,
                "</svg>",
            ]
        )

    def __repr__(self) -> str:
        return f'Plot of {self.title}: plot.save("flow.svg") writes it to a file'

    # -- layers and parameters -------------------------------------------------------------------------------

    def _bars(self, parts: list[str], y: float) -> float:
        """For each layer how far its values spread, how many are flat, and the norm of its gradient."""
        heads = ["layer", "std, by powers of 10", "zero (red: dead) or saturated", "grad norm, by powers of 10"]
        y = self._heads(parts, y, heads)
        spread = _Scale(layer.average("std") for layer in self._layers)
        gradient = _Scale(layer.grad_norm for layer in self._layers)
        for layer in self._layers:
            _text(parts, MARGIN, y, layer.name)
            self._bar(parts, 0, y, spread, layer.average("std"), "forward")
            self._flat(parts, y, layer)
            self._bar(parts, 2, y, gradient, layer.grad_norm, "back")
            y += ROW
        return y + ROW

    def _flat(self, parts: list[str], y: float, layer: Layer) -> None:
        zeros, saturated = layer.average("zeros"), layer.average("saturated")
        part = saturated if zeros is None else zeros
        if part is None:
            return
        x = self._columns[1]
        step = layer.steps[-1]
        dead = (step.dead or 0) / (step.units or 1)
        _rect(parts, x, y, BAR, "ground")
        _rect(parts, x, y, BAR * part, "part")
        _rect(parts, x, y, BAR * dead, "dead")
        _text(parts, x + BAR + 5, y, f"{part:.0%}", "number")

    def _updates(self, parts: list[str], y: float) -> float:
        """For each parameter its norm, its gradient's, and how far it moved."""
        if not self._parameters:
            return y
        y = self._heads(parts, y, ["parameter", "norm", "grad norm", "update / norm, usual in green"])
        norm = _Scale(p.norm for p in self._parameters)
        gradient = _Scale(p.grad_norm for p in self._parameters)
        ratio = _Scale([*USUAL, *(p.ratio for p in self._parameters)])
        x, left, right = self._columns[2], *(BAR * ratio.place(end) for end in USUAL)
        parts.append(
            f'<rect class="usual" x="{x + left:.1f}" y="{y - 3:.1f}" width="{right - left:.1f}" '
            f'height="{ROW * len(self._parameters):.1f}"/>'
        )
        for p in self._parameters:
            _text(parts, MARGIN, y, p.name)
            self._bar(parts, 0, y, norm, p.norm, "forward")
            self._bar(parts, 1, y, gradient, p.grad_norm, "back")
            self._bar(parts, 2, y, ratio, p.ratio, "back")
            y += ROW
        return y + ROW

    def _heads(self, parts: list[str], y: float, heads: list[str]) -> float:
        for x, head in zip((MARGIN, *self._columns), heads):
            _text(parts, x, y, head, "say head")
        return y + ROW * 1.2

    def _bar(self, parts: list[str], column: int, y: float, scale: _Scale, value: float | None, style: str) -> None:
        x = self._columns[column]
        if value is None:
            return
        alarm = not isfinite(value) or (value == 0 and style == "back")
        _rect(parts, x, y, BAR * scale.place(value), "alarm" if alarm else style)
        _text(parts, x + BAR + 5, y, number(value), "number alarm" if alarm else "number")

    # -- time ------------------------------------------------------------------------------------------------

    def _chart(self, parts: list[str], y: float, layer: Layer) -> float:
        """Curves over the time steps of a layer."""
        what = f"{layer.name}: norm of the gradient, and std of the values (dashed), at each of "
        _text(parts, MARGIN, y, f"{what}{len(layer.steps)} steps", "say head")
        y += ROW * 1.2
        scale = _Scale(value for step in layer.steps for value in (step.grad_norm, step.std))
        x, width, last = MARGIN + 48, self._width - 2 * MARGIN - 48, len(layer.steps) - 1
        for power in scale.ticks():
            at = y + CHART * (1 - scale.place(10.0**power))
            parts.append(f'<path class="line" d="M{x:.1f} {at:.1f}h{width:.1f}"/>')
            _text(parts, MARGIN, at - 8, f"1e{power}", "number")
        for style, values in (("forward", [s.std for s in layer.steps]), ("back", [s.grad_norm for s in layer.steps])):
            points = [
                f"{x + width * i / last:.1f},{y + CHART * (1 - scale.place(value)):.1f}"
                for i, value in enumerate(values)
                if isfinite(value)
            ]
            parts.append(f'<polyline class="{style}" points="{" ".join(points)}"/>')
        _text(parts, x, y + CHART + 4, "step 1", "number")
        end = f"step {last + 1}"
        _text(parts, x + width - width_of(end, "note"), y + CHART + 4, end, "number")
        return y + CHART + ROW * 2


class _Scale:
    """Powers of ten, from a little below the least number to the largest."""

    def __init__(self, values: Iterable[float | None]) -> None:
        logs = [log10(value) for value in values if value and isfinite(value)]
        self.low = floor(min(logs, default=0) - 0.3)
        self.high = max(ceil(max(logs, default=1)), self.low + 1)

    def place(self, value: float) -> float:
        """Where a number stands, between 0 and 1."""
        if value == 0 or not isfinite(value):
            return float(value != 0)
        return (log10(value) - self.low) / (self.high - self.low)

    def ticks(self) -> range:
        """The powers of ten to mark, six or fewer."""
        return range(self.low, self.high + 1, max(1, ceil((self.high - self.low) / 5)))


def _rect(parts: list[str], x: float, y: float, width: float, style: str) -> None:
    if width > 0:
        parts.append(f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="13" rx="2"/>')


def _text(parts: list[str], x: float, y: float, text: str, style: str = "") -> None:
    parts.append(f'<text class="{style}" x="{x:.1f}" y="{y + 10.5:.1f}">{plain_text(text)}</text>')
