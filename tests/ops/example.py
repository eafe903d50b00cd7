"""What an example of an op is, and how to make the usual kinds of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
KINDS = ("ordinary", "broadcast", "0-d", "empty", "non-contiguous")


@dataclass(frozen=True)
class Example:
    """Arrays and attributes with which an op can be called."""

    kind: str
    inputs: tuple[Array, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    twice: bool = True  # has a second derivative there

    @property
    def name(self) -> str:
        shapes = "".join(str(x.shape).replace(" ", "") for x in self.inputs)
        attrs = ",".join(f"{k}={v.tolist() if isinstance(v, np.ndarray) else v}" for k, v in self.attrs.items())
        attrs = re.sub(r"<function (\w+) at \w+>", r"\1", attrs)  # the same name on every run
        return f"{self.kind}{shapes}{attrs}".replace(" ", "").replace("None", "-")[:80]

    def as_dtype(self, dtype: Any) -> Example:
        """The same with floating point inputs (and such attributes) of another dtype."""
        return Example(
            self.kind,
            tuple(_like(x, dtype) for x in self.inputs),
            {k: _like(v, dtype) if getattr(v, "dtype", None) == np.float64 else v for k, v in self.attrs.items()},
            self.twice,
        )


def _like(x: Array, dtype: Any) -> Array:
    """x in another dtype, with as many gaps in memory as x has."""
    if x.flags.c_contiguous:
        return np.array(x, dtype)
    wide = np.zeros((*x.shape, 2), dtype)
    wide[..., 0] = x
    return wide[..., 0]


def points(shape: tuple[int, ...], low: float = -2.0, high: float = 2.0, seed: int = 0) -> Array:
    """Numbers between low and high in random order, no two of them near each other."""
    n = int(np.prod(shape))
    at = (np.random.default_rng(seed).permutation(n) + (0.37, 0.71, 0.23, 0.53)[seed % 4]) / max(n, 1)
    return np.asarray(low + (high - low) * at).reshape(shape)


def gaps(x: Array) -> Array:
    """The same numbers, not contiguous in memory: axes in reverse order, and other numbers between."""
    wide = np.full((*x.shape[::-1], 2), np.nan)
    wide[..., 0] = x.T
    return wide[..., 0].T


def unary(low: float = -2.0, high: float = 2.0, **attrs: Any) -> list[Example]:
    """The kinds, for a function of one array of any shape."""
    x = points((2, 3), low, high)
    return [
        Example("ordinary", (x,), attrs),
        Example("0-d", (points((), low, high),), attrs),
        Example("empty", (np.zeros((0, 3)),), attrs),
        Example("non-contiguous", (gaps(points((3, 2), low, high, 1)),), attrs),
    ]


def binary(x: tuple[float, float] = (-2, 2), y: tuple[float, float] = (-2, 2), **attrs: Any) -> list[Example]:
    """The kinds, for a function of two arrays that broadcast."""

    def pair(kind: str, a: tuple[int, ...], b: tuple[int, ...]) -> Example:
        return Example(kind, (points(a, *x), points(b, *y, 1)), attrs)

    first, second = points((2, 3), *x, 2), points((2, 3), *y, 3)
    return [
        pair("ordinary", (2, 3), (2, 3)),
        pair("broadcast", (2, 3), (3,)),
        pair("broadcast", (2, 1), (1, 3)),
        pair("broadcast", (3,), (2, 1, 3)),
        pair("broadcast", (2, 3), ()),
        pair("broadcast", (), (2,)),
        pair("0-d", (), ()),
        pair("empty", (0, 3), (0, 3)),
        pair("empty", (0, 3), (1, 3)),
        Example("non-contiguous", (gaps(first), gaps(second)), attrs),
    ]


def together(x: tuple[float, float], y: tuple[float, float], **attrs: Any) -> list[Example]:
    """The kinds, for a function of two arrays of one shape."""
    return [e for e in binary(x, y, **attrs) if e.inputs[0].shape == e.inputs[1].shape]


def of_shapes(kind: str, *shapes: tuple[int, ...], **attrs: Any) -> Example:
    """An example with numbers between -2 and 2."""
    return Example(kind, tuple(points(s, seed=i) for i, s in enumerate(shapes)), attrs)


def reduction(low: float = -2.0, high: float = 2.0, empty: bool = True, **attrs: Any) -> list[Example]:
    """The kinds, for a function that takes `axis` and `keepdims`."""
    x = points((2, 3, 2), low, high)
    found = [
        Example("ordinary", (x,), {"axis": axis, "keepdims": keepdims, **attrs})
        for axis in (None, 0, -1, (0, 2))
        for keepdims in (False, True)
    ]
    found += [
        Example("ordinary", (x[:, :, 0].copy(),), attrs),  # with the defaults
        Example("0-d", (points((), low, high),), attrs),
        Example("empty", (np.zeros((0, 3)),), {"axis": 1, **attrs}),
        Example("non-contiguous", (gaps(points((3, 2), low, high, 1)),), {"axis": 0, **attrs}),
    ]
    if empty:  # nothing is added up
        found += [Example("empty", (np.zeros((0, 3)),), {"axis": 0, **attrs}), Example("empty", (np.zeros(0),), attrs)]
    return found


def i64(*numbers: Any) -> Array:
    """Whole numbers for an index: i64(0, 2), or i64([0, 1], [2, 2]) for two rows."""
    return np.array(numbers, np.int64)
