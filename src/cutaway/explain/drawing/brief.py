"""Numbers and arrays in few characters."""

from __future__ import annotations

from typing import Any

from ..numbers import number, statistics
from ..prose.terms import plain


def shape_text(shape: list[int]) -> str:
    """A shape as Python prints it; that of a single number has no axes to tell of.

    >>> from cutaway.explain.drawing.brief import shape_text
    >>> shape_text([4, 2]), shape_text([3]), shape_text([])
    ('(4, 2)', '(3,)', 'scalar')
    """
    return str(tuple(shape)) if shape else "scalar"


def is_value(x: Any) -> bool:
    """Whether this is an array, as a trace holds it."""
    return isinstance(x, dict) and "statistics" in x


def told(x: Any) -> str:
    """Whatever else a trace holds, in one line: a number, a tuple, a short array, a function by its source.

    >>> from cutaway.explain.drawing.brief import told
    >>> told([1]), told([0, None, "mean"]), told({"source": "lambda g: -g", "captured": {}})
    ('(1,)', '(0, None, mean)', 'lambda g: -g')
    """
    if isinstance(x, list):
        parts = [text if "\n" not in (text := told(part)) else text.partition("(")[0].split()[-1] for part in x]
        return f"({', '.join(parts)}{',' if len(x) == 1 else ''})"
    if is_value(x):
        return plain(x) if x["shape"] else gist([x])
    if isinstance(x, dict):
        return str(x["source"]) if x.get("source") else ", ".join(f"{name}={told(part)}" for name, part in x.items())
    return number(x, "float64") if isinstance(x, float) else str(x)


def gist(values: list[dict[str, Any]]) -> str:
    """One short line for one or several arrays: the numbers if they are few, else from where to where they go.

    >>> from cutaway.explain.drawing.brief import gist
    >>> x = torch.tensor([0.5, -1.25], requires_grad=True)
    >>> gist([cutaway.explain.trace((x * x).sum())["nodes"][0]["value"]])
    '[0.5, -1.25]'
    """
    dtype = values[0]["dtype"] if values else "float32"
    if len(values) == 1 and len(values[0]["shape"]) < 2 and not values[0]["cut"]:
        numbers = values[0]["numbers"]
        if not isinstance(numbers, list):
            return number(numbers, dtype)
        if len(numbers) <= 3:
            return f"[{', '.join(number(x, dtype) for x in numbers)}]"
    found = [statistics(value) for value in values]
    lows = [s["min"] for s in found if s["min"] is not None]
    highs = [s["max"] for s in found if s["max"] is not None]
    parts = []
    if lows:
        low, high = number(min(lows), dtype), number(max(highs), dtype)
        parts.append(low if low == high else f"{low} to {high}")
    for kind in ("nan", "inf"):
        count = sum(s[kind] for s in found)
        if count:
            parts.append(f"{count} {kind}")
    return ", ".join(parts) or "empty"
