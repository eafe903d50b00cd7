"""Sliding windows over an image, for convolution and pooling.

A window has kh × kw elements, its *taps*. It moves in steps of `stride`; its taps lie `dilation`
apart; the image may have `padding`. With the window at position i, tap u reads row

    i · stride + u · dilation - padding

Looping over windows is slow, so the loops here run over taps. What one *tap* reads in all windows
together is a strided slice of the image: every stride-th row, starting at u · dilation. So there are
kh · kw large NumPy operations instead of a small one per position.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Self, TypeAlias

import numpy as np

from .contract import Array, Unary
from .special import like_numpy

Pair: TypeAlias = tuple[int, int]  # (height, width)


class Windows(NamedTuple):
    """The geometry of a sliding window, and its number of positions (rows, columns)."""

    kernel: Pair
    stride: Pair
    padding: Pair  # top and left; bottom and right follow from the reach of the windows
    dilation: Pair
    places: Pair

    @classmethod
    def over(
        cls, shape: Pair, kernel: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil_mode: bool = False
    ) -> Self:
        """The windows over an image of this shape; with ceil_mode the last ones may extend beyond the padding."""
        places = []
        for size, k, s, p, d in zip(shape, kernel, stride, padding, dilation):
            steps, rest = divmod(size + 2 * p - d * (k - 1) - 1, s)
            if ceil_mode and rest and (steps + 1) * s < size + p:  # unless it would lie in the padding
                steps += 1
            places.append(steps + 1)
        return cls(kernel, stride, padding, dilation, (places[0], places[1]))

    @property
    def reach(self) -> Pair:
        """The height and width that all windows cover together."""
        height, width = (
            (n - 1) * s + d * (k - 1) + 1
            for n, s, d, k in zip(self.places, self.stride, self.dilation, self.kernel)
        )
        return height, width

    def seen(self, axis: int, u: int) -> slice:
        """The slice that tap u reads along an axis (0 the height, 1 the width)."""
        first = u * self.dilation[axis]
        return slice(first, first + self.stride[axis] * (self.places[axis] - 1) + 1, self.stride[axis])

    @property
    def overlap(self) -> bool:
        """Whether two windows can share a pixel."""
        return any(s <= d * (k - 1) for s, d, k in zip(self.stride, self.dilation, self.kernel))

    def taps(self) -> Iterator[tuple[int, int, tuple[slice, slice]]]:
        """Every tap (u, v), with the slices that it reads of a padded image."""
        for u in range(self.kernel[0]):
            for v in range(self.kernel[1]):
                yield u, v, (self.seen(0, u), self.seen(1, v))

    def frame(self, shape: Pair, least: int = 0) -> Pair:
        """The height, at least `least`, and the width of an image with the padding that the windows need."""
        (top, left), (height, width) = self.padding, self.reach
        return max(height, top + shape[0], least), max(width, left + shape[1])

    def inside(self, shape: Pair) -> tuple[slice, slice]:
        """The slices of the image within its frame."""
        top, left = self.padding
        return slice(top, top + shape[0]), slice(left, left + shape[1])

    def framed(self, x: Array, fill: float = 0, least: int = 0) -> Array:
        """x (N, C, H, W) padded as the windows need; x itself if no padding is needed."""
        shape = x.shape[2:]
        frame = self.frame(shape, least)
        if frame == shape:
            return x
        out = np.zeros((*x.shape[:2], *frame), x.dtype)  # lazily allocated, unlike np.full
        if fill:
            out.fill(fill)
        out[:, :, *self.inside(shape)] = x
        return out


@like_numpy
def columns(x: Array, *, windows: Windows) -> Array:
    """im2col: (N, C, H, W) to (N, C · kh · kw, L), a column for each of the L positions."""
    N, C = x.shape[:2]
    out = np.empty((N, C, *windows.kernel, *windows.places), x.dtype)
    x = windows.framed(x)
    for u, v, seen in windows.taps():
        out[:, :, u, v] = x[:, :, *seen]
    kh, kw = windows.kernel
    return out.reshape(N, C * kh * kw, windows.places[0] * windows.places[1])


@like_numpy
def overlaid(x: Array, *, windows: Windows, shape: Pair) -> Array:
    """col2im: the inverse layout, in which the values of overlapping windows accumulate."""
    N, C = x.shape[0], x.shape[1] // (windows.kernel[0] * windows.kernel[1])
    parts = x.reshape(N, C, *windows.kernel, *windows.places)
    out = np.zeros((N, C, *windows.frame(shape)), x.dtype)
    for u, v, seen in windows.taps():
        out[:, :, *seen] += parts[:, :, u, v]
    return out[:, :, *windows.inside(shape)]


def unfold(x: Array, *, windows: Windows) -> Unary:
    """out[n, (c, u, v), (i, j)] = x[n, c, s·i + d·u - p, s·j + d·v - p]: a column per window"""
    shape = x.shape[2:]
    return columns(x, windows=windows), lambda g: overlaid(g, windows=windows, shape=shape)


def fold(x: Array, *, windows: Windows, shape: Pair) -> Unary:
    """the pullback of unfold: an image from columns, with the values of overlapping windows added"""
    return overlaid(x, windows=windows, shape=shape), lambda g: columns(g, windows=windows)
