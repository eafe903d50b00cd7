"""Pooling and resizing, independently for each channel.

Pooling reduces each window to its maximum or mean. Resizing computes each output pixel as a weighted
sum of input pixels. The weights are separable, one matrix for the height and one for the width, so
resizing is two matrix products. Adaptive average pooling is the same, with means as weights.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from .contract import Array, Unary
from .indexing import spread
from .windows import Windows, columns


def max_pool2d(x: Array, *, windows: Windows) -> Unary:
    """out[i, j] = max(x) over the window at (i, j): the first of equal elements, the last nan"""
    # Fused: one pass per tap instead of six, and no saved argmax. On (32, 6, 28, 28) by 2×2: 0.06 ms
    # forward, 0.4 backward; from small ops 1.2 and 1.7.
    framed, inside = windows.framed(x, lowest(x.dtype)), windows.inside(x.shape[2:])
    out = combined(np.maximum, framed, windows)

    def dx(g: Array) -> Array:
        """each number of g, at the maximum of its window, added up where windows share it; elsewhere 0"""
        total = np.zeros(framed.shape, g.dtype)
        unclaimed = np.ones(out.shape, np.bool_)
        for _, _, seen in windows.taps():
            first = (framed[:, :, *seen] == out) & unclaimed
            unclaimed ^= first
            if windows.overlap:
                total[:, :, *seen] += g * first
            else:
                np.multiply(g, first, out=total[:, :, *seen])
        if unclaimed.any():  # where the maximum is nan, which compares unequal to itself
            for _, _, seen in reversed(list(windows.taps())):
                last = np.isnan(framed[:, :, *seen]) & unclaimed
                unclaimed ^= last
                total[:, :, *seen] += g * last
        return total[:, :, *inside]

    return out, dx


def combined(ufunc: np.ufunc, x: Array, windows: Windows) -> Array:
    """Reduce each window of a padded x with a binary ufunc, such as np.maximum or np.add."""
    # First along the width, then along the height: kw + kh passes instead of kw · kh.
    across: Array = reduce(ufunc, [x[..., windows.seen(1, v)] for v in range(windows.kernel[1])])
    out: Array = reduce(ufunc, [across[:, :, windows.seen(0, u)] for u in range(windows.kernel[0])])
    return out if out.base is None else np.copy(out)


def lowest(dtype: Any) -> float:
    """The identity of np.maximum for a dtype."""
    return -np.inf if dtype.kind == "f" else int(np.iinfo(dtype).min)


def max_pool2d_twin(x: Array, *, windows: Windows) -> Array:
    """max_pool2d from small ops: a running maximum over the taps."""
    shape = x.shape[2:]
    frame, inside = windows.frame(shape), (..., *windows.inside(shape))
    edge = np.full(frame, -np.inf, x.dtype)
    edge[inside] = 0
    framed = spread(x, shape=(*x.shape[:2], *frame), index=inside) + edge
    first, *others = [framed[:, :, *seen] for _, _, seen in windows.taps()]
    best: Array = first
    for each in others:
        best = np.where((each > best) | (each != each), each, best)  # or it is nan
    return best


def winners(x: Array, windows: Windows) -> Array:
    """The flat index, within its image, of each of max_pool2d's values."""
    framed = windows.framed(x, lowest(x.dtype))
    top, left = windows.padding
    rows, across = np.indices(framed.shape[2:], np.int64)
    number = (rows - top) * x.shape[3] + across - left
    of_image = windows.framed(np.ones((1, 1, *x.shape[2:]), np.bool_))  # excludes the padding: for uint8 it ties with 0
    best = np.empty((*x.shape[:2], *windows.places), x.dtype)
    where = np.empty(best.shape, np.int64)
    found = np.zeros(best.shape, np.bool_)
    for _, _, seen in windows.taps():
        view, there = framed[:, :, *seen], of_image[:, :, *seen]
        better = there & (~found | (view > best) | (view != view))
        np.copyto(best, view, where=better)
        np.copyto(where, number[seen], where=better)
        found |= there
    return where


def avg_pool2d(x: Array, *, windows: Windows, divisor: Array) -> Unary:
    """out[i, j] = Σ x / divisor, the sum over the window at (i, j)"""
    # Fused: it adds slices, without im2col. On (32, 6, 28, 28) by 2×2, forward and backward: 0.3 ms,
    # from small ops 0.65.
    framed = windows.framed(x)
    frame, inside = framed.shape, windows.inside(x.shape[2:])
    out = combined(np.add, framed, windows)
    out /= divisor

    def dx(g: Array) -> Array:
        """g / divisor, for each element of its window, added up where windows overlap"""
        share = g / divisor
        total = np.zeros(frame, g.dtype)
        for _, _, seen in windows.taps():
            if windows.overlap:
                total[:, :, *seen] += share
            else:
                total[:, :, *seen] = share
        return total[:, :, *inside]

    return out, dx


def avg_pool2d_twin(x: Array, *, windows: Windows, divisor: Array) -> Array:
    """avg_pool2d from small ops: im2col, then the mean of each column."""
    seen, (kh, kw) = columns(x, windows=windows), windows.kernel
    mean: Array = seen.reshape((*x.shape[:2], kh * kw, *windows.places)).sum(axis=2) / divisor
    return mean


def resample2d(x: Array, *, rows: Array, columns: Array) -> Unary:
    """rows · x · columnsᵀ for each channel: each output pixel is a weighted sum of input pixels"""
    return (
        np.matmul(np.matmul(rows, x), columns.T),
        lambda g: np.matmul(np.matmul(rows.T, g), columns),
    )


def pick2d(x: Array, *, rows: Array, columns: Array) -> Unary:
    """out[..., i, j] = x[..., rows[i], columns[j]]: each output pixel is one input pixel"""
    H, W = x.shape[2:]

    def dx(g: Array) -> Array:
        """each number of g, at the pixel x[..., rows[i], columns[j]] that it is a copy of, added up"""
        # Products with the transposes of two selection matrices.
        from_rows = (np.arange(H)[:, None] == rows).astype(g.dtype)
        from_columns = (columns[:, None] == np.arange(W)).astype(g.dtype)
        grad: Array = np.matmul(np.matmul(from_rows, g), from_columns)
        return grad

    return x[..., rows[:, None], columns], dx
