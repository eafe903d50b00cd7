"""The plots of the examples. Nothing here is about learning: the lessons are in the scripts beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullFormatter, PercentFormatter, StrMethodFormatter

BLUE, ORANGE, GREY, RED = "#1f5fa8", "#e08214", "#8c8c8c", "#c0392b"


def new_figure(width: float, height: float) -> Figure:
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e6e6")
    axes.set_axisbelow(True)


def draw_xor(
    losses: list[float], line_losses: list[float], ticks: list[float], surface: Any, path: Path
) -> None:
    """The losses of the network and of a linear model; the network's output over the plane."""
    figure = new_figure(10, 4.2)
    left, right = figure.subplots(1, 2)
    tidy(left)
    left.plot(line_losses, color=ORANGE, linewidth=2, label="straight line")
    left.plot(losses, color=BLUE, linewidth=2, label="with 8 hidden units")
    left.axhline(0.01, color=GREY, linestyle=":", label="the goal: 0.01")
    left.set(yscale="log", xlabel="step", ylabel="loss", title="A straight line cannot learn XOR")
    left.legend(frameon=False, loc="center right", bbox_to_anchor=(1, 0.68))

    shades = right.contourf(ticks, ticks, surface, levels=np.linspace(0, 1, 21), cmap="RdBu_r")
    right.contour(ticks, ticks, surface, levels=[0.5], colors="black", linewidths=1.5)
    figure.colorbar(shades, ax=right, label="probability of 1", ticks=[0, 0.25, 0.5, 0.75, 1])
    bubble = {"boxstyle": "circle", "facecolor": "white"}
    for a in (0, 1):
        for b in (0, 1):
            right.text(a, b, str(a ^ b), ha="center", va="center", weight="bold", bbox=bubble)
    right.set(xlabel="a", ylabel="b", xticks=[0, 1], yticks=[0, 1], aspect="equal")
    right.set_title("What it answers (black line: undecided)")
    save(figure, path)


def draw_sequence(curve: dict[int, float], baselines: dict[str, float], path: Path) -> None:
    """Held-out perplexity during training, with horizontal lines for the n-gram models."""
    figure = new_figure(7.5, 4.2)
    axes = figure.subplots()
    tidy(axes)
    steps, values = list(curve), list(curve.values())
    axes.plot(steps, values, color=BLUE, linewidth=2)
    axes.annotate(f"recurrent network: {values[-1]:.2f}", (steps[-1], values[-1]), xytext=(0, -16),
                  textcoords="offset points", ha="right", color=BLUE, weight="bold")  # fmt: skip
    for (name, value), color in zip(baselines.items(), (ORANGE, GREY), strict=False):
        axes.axhline(value, color=color, linestyle="--")
        axes.annotate(f"{name}: {value:.2f}", (steps[-1], value), xytext=(0, 5),
                      textcoords="offset points", ha="right", color=color, weight="bold")  # fmt: skip
    axes.set(yscale="log", ylim=(min(values) * 0.8, max(values) * 1.15), xlabel="step")
    axes.set(ylabel="perplexity on held-out text (log scale)")
    axes.yaxis.set_major_locator(FixedLocator([3, 4, 5, 7, 10, 15, 20, 30, 50, 70]))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_title("How many characters it hesitates between")
    save(figure, path)


def draw_stories(accuracy: dict[int, float], baseline: dict[int, float], path: Path) -> None:
    """A bar chart: accuracy by number of facts, for the network and the baseline."""
    figure = new_figure(7.5, 4.2)
    axes = figure.subplots()
    tidy(axes)
    at = np.array(list(accuracy))
    for shift, values, color, label in (
        (-0.2, accuracy, BLUE, "recurrent network"),
        (0.2, baseline, ORANGE, "guess: the last place named"),
    ):
        bars = axes.bar(at + shift, [100 * v for v in values.values()], 0.38, color=color, label=label)
        axes.bar_label(bars, fmt="%.0f", padding=2, color=color, fontsize=9)
    axes.set(xlabel="facts in the story", ylabel="right answers on unseen stories", xticks=at, ylim=(0, 112))
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.set_title("Where is Mary now?", pad=26)
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    save(figure, path)


def draw_digits(
    curves: dict[str, list[float]],
    images: Any,
    truths: Sequence[int],
    guesses: Sequence[int],
    weights: Any,
    path: Path,
) -> None:
    """Accuracy by epoch; held-out digits, mistakes first and in red; the weights of the first layer."""
    figure = new_figure(12, 4.6)
    left, middle, right = figure.subfigures(1, 3, squeeze=False, width_ratios=[1.05, 1, 1])[0]

    axes = left.subplots()
    tidy(axes)
    for (label, curve), color in zip(curves.items(), (GREY, BLUE), strict=True):
        axes.plot(range(1, len(curve) + 1), [100 * v for v in curve], color=color, linewidth=2, label=label)
    axes.set(xlabel="epoch", ylim=(90, 100.3), title="Right answers")
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.legend(frameon=False, loc="lower right")

    wrong = [i for i, truth in enumerate(truths) if truth != guesses[i]]
    shown = (wrong + [i for i, truth in enumerate(truths) if truth == guesses[i]])[:30]
    middle.suptitle(f"Unseen digits, and its guesses ({len(wrong)} wrong of {len(truths)})")
    for panel, i in zip(middle.subplots(5, 6).flat, shown, strict=False):
        panel.imshow(images[i], cmap="gray_r")
        text, color = (f"{guesses[i]} not {truths[i]}", RED) if i in wrong else (str(guesses[i]), "black")
        panel.set_title(text, fontsize=8, color=color, pad=2)

    right.suptitle("What first-layer units look for")
    busiest = weights[np.argsort(-np.square(weights).sum((1, 2)))[:30]]
    limit = float(np.quantile(np.abs(busiest), 0.99))
    for panel, unit in zip(right.subplots(5, 6).flat, busiest, strict=True):
        panel.imshow(unit, cmap="RdBu_r", vmin=-limit, vmax=limit)
    for panel in (*middle.axes, *right.axes):
        panel.set_axis_off()
    save(figure, path)
