"""Constant padding.

Negative widths crop, so the pullback is the same function with the widths negated.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from .contract import Array, Unary
from .special import like_numpy

Widths: TypeAlias = tuple[tuple[int, int], ...]  # (before, after) for each axis; negative widths crop


def pad(x: Array, *, widths: Widths, value: Any = 0) -> Unary:
    """x padded with a constant"""
    back = tuple((-before, -after) for before, after in widths)
    return bordered(x, widths=widths, value=value), lambda g: bordered(g, widths=back)


@like_numpy
def bordered(x: Array, *, widths: Widths, value: Any = 0) -> Array:
    """x padded with a constant, or cropped where a width is negative."""
    # np.pad takes ten times as long.
    out = np.full([n + before + after for n, (before, after) in zip(x.shape, widths)], value, x.dtype)
    there = tuple(slice(max(before, 0), size - max(after, 0)) for size, (before, after) in zip(out.shape, widths))
    here = tuple(slice(max(-before, 0), size - max(-after, 0)) for size, (before, after) in zip(x.shape, widths))
    out[there] = x[here]
    return out
