"""Numbers for reading: rounded, and arrays laid out in rows or, if they are large, summarized."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import statistics as measured

GLANCE = 40  # characters
FEW = 48  # an array of more numbers is described


def number(x: Any, dtype: str = "float32") -> str:
    """A number with at most four digits after the point."""
    if isinstance(x, str | bool):
        return str(x)
    if isinstance(x, int):
        return str(x)
    if x == 0:
        return "0"
    rounded = np.dtype(dtype).type(x)
    if not 1e-4 <= abs(x) < 1e8:
        return np.format_float_scientific(rounded, precision=4, trim="-")
    exact = np.format_float_positional(rounded, trim="-")
    return exact if len(exact.partition(".")[2]) <= 4 else f"{x:.4f}"


def shape(value: dict[str, Any]) -> str:
    """A value's shape as a tuple."""
    return str(tuple(value["shape"]))


def single(value: dict[str, Any]) -> str | None:
    """The number of a 0-dimensional value; None for others."""
    return None if value["shape"] else number(value["numbers"], value["dtype"])


def rows(value: dict[str, Any], width: int) -> list[str] | None:
    """A small array, one line per row; None if it is too large or too wide."""
    count = int(np.prod(value["shape"]))
    if value["cut"] or count > FEW or len(value["shape"]) > 2 or not count:
        return None
    numbers = value["numbers"] if len(value["shape"]) == 2 else [value["numbers"]]
    texts = _aligned(numbers, value["dtype"])
    lines = [", ".join(row) for row in texts]
    if len(value["shape"]) == 1:
        lines = [f"[{lines[0]}]"]
    else:
        lines = [("[[" if i == 0 else " [") + line + "]" for i, line in enumerate(lines)]
        lines = [line + ("]" if i == len(lines) - 1 else ",") for i, line in enumerate(lines)]
    return lines if max(map(len, lines)) <= width else None


def _aligned(numbers: list[list[Any]], dtype: str) -> list[list[str]]:
    """All numbers with the same number of digits, padded to the same width."""
    texts = [[number(x, dtype) for x in row] for row in numbers]
    if not all("e" in text for row in texts for text in row):  # among others, a tiny number needs few digits
        texts = [
            [f"{x:.1e}" if "e-" in text and len(text) > 8 else text for x, text in zip(*both)]
            for both in zip(numbers, texts)
        ]
    plain = [text for row in texts for text in row if "e" not in text and "n" not in text]
    digits = max((len(text.partition(".")[2]) for text in plain), default=0)
    if digits and len(plain) == sum(map(len, texts)):
        texts = [[f"{x + 0.0:.{digits}f}" for x in row] for row in numbers]  # + 0.0 turns -0 into 0
    width = max(len(text) for row in texts for text in row)
    return [[text.rjust(width) for text in row] for row in texts]


def brief(value: dict[str, Any]) -> str:
    """A number, or the shape of an array."""
    one = single(value)
    return shape(value) if one is None else one


def inline(value: dict[str, Any], width: int) -> str | None:
    """A number, row or column on one line; a summary of a large array; None if that is too long."""
    lines = [brief(value)] if not value["shape"] else rows(value, 10_000)
    if lines is None:
        text = summary(value)
    elif len(lines) == 1 or value["shape"][-1] == 1:
        text = " ".join(line.strip() for line in lines)
    else:
        return None
    return text if len(text) <= width else None


def at_a_glance(value: dict[str, Any], width: int = GLANCE) -> str:
    """All numbers on one line if they are few; otherwise the shape or a summary."""
    if not value["shape"]:
        return brief(value)
    text = " ".join(line.strip() for line in rows(value, 10_000) or ())
    if 0 < len(text) <= width:
        return text
    return brief(value) if width <= GLANCE else summary(value)


def statistics(value: dict[str, Any]) -> dict[str, Any]:
    """The statistics of a value: from the trace if it was cut short, otherwise computed from its numbers."""
    known: dict[str, Any] | None = value["statistics"]
    if known is not None:
        return known
    numbers = np.array(value["numbers"], np.float64)
    return measured.statistics([numbers])[0] if numbers.size else measured.NONE


def largest(value: dict[str, Any]) -> str:
    """The largest absolute value in an array."""
    found = statistics(value)
    return "none" if found["min"] is None else number(max(abs(found["min"]), abs(found["max"])), value["dtype"])


def summary(value: dict[str, Any]) -> str:
    """A summary of an array: shape, range, spread, and zeros or non-finite numbers."""
    found, dtype = statistics(value), value["dtype"]
    count = int(np.prod(value["shape"]))
    if not count:
        return f"{shape(value)}, without any number"
    parts = []
    if found["min"] is not None:
        if found["min"] == found["max"]:
            parts.append(f"all {number(found['min'], dtype)}")
        else:
            parts.append(f"from {number(found['min'], dtype)} to {number(found['max'], dtype)}")
            parts.append(f"std {number(found['std'])}")
    for name in ("nan", "inf"):
        if found[name]:
            parts.append(f"{found[name]} of {count} are {name}")
    if dtype == "bool":
        return f"{shape(value)}, {round(100 - 100 * found['zeros'] / count)} % of it True"
    if found["zeros"] and found["zeros"] < count:
        parts.append(f"{round(100 * found['zeros'] / count)} % zeros")
    return f"{shape(value)}, {', '.join(parts)}"
