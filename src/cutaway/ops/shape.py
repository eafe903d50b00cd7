"""Shape ops: they rearrange elements without computing anything.

So each pullback is the inverse: it rearranges g to the layout of the input. Most of the values are
views, which share the input's memory.
"""

from __future__ import annotations

import numpy as np

from .contract import Array, Shape, Unary, Variadic
from .indexing import spread
from .special import like_numpy


def reshape(x: Array, *, shape: Shape) -> Unary:
    """x in another shape, its elements in the same order"""
    original = x.shape
    return x.reshape(shape), lambda g: g.reshape(original)


def transpose(x: Array, *, axes: tuple[int, ...]) -> Unary:
    """x with its axes permuted"""
    back = tuple([axes.index(a) for a in range(len(axes))])
    return np.transpose(x, axes), lambda g: np.transpose(g, back)


def swapaxes(x: Array, *, a: int, b: int) -> Unary:
    """x with two axes swapped"""
    return x.swapaxes(a, b), lambda g: g.swapaxes(a, b)


def t(x: Array) -> Unary:
    """xᵀ"""
    return np.transpose(x), lambda g: np.transpose(g)


def squeeze(x: Array, *, axis: int | tuple[int, ...] | None) -> Unary:
    """x without axes of length 1"""
    original = x.shape
    return np.squeeze(x, axis), lambda g: g.reshape(original)


def unsqueeze(x: Array, *, axis: int) -> Unary:
    """x with a new axis of length 1"""
    return np.expand_dims(x, axis), lambda g: np.squeeze(g, axis)


def expand(x: Array, *, shape: Shape) -> Unary:
    """x broadcast to a shape, without a copy"""
    return np.broadcast_to(x, shape), lambda g: g  # the engine sums over the broadcast axes


def stretched_axes(shape: Shape, into: Shape) -> tuple[int, ...]:
    """The axes along which `shape` is broadcast to `into`: new, or of length 1 in `shape` only."""
    extra = len(into) - len(shape)
    return tuple(a for a, n in enumerate(into) if a < extra or (shape[a - extra] == 1 and n != 1))


def flip(x: Array, *, axis: tuple[int, ...]) -> Unary:
    """x reversed along each axis"""
    return np.copy(np.flip(x, axis)), lambda g: np.flip(g, axis)


def roll(x: Array, *, shift: tuple[int, ...], axis: tuple[int, ...] | None) -> Unary:
    """x shifted along each axis; elements shifted past the end reappear at the start"""
    back = tuple(-n for n in shift)
    return np.roll(x, shift=shift, axis=axis), lambda g: np.roll(g, shift=back, axis=axis)


def tile(x: Array, *, repeats: tuple[int, ...]) -> Unary:
    """x repeated along each axis"""
    original = x.shape
    lengths = (1,) * (len(repeats) - len(original)) + original
    apart = [part for pair in zip(repeats, lengths) for part in pair]  # k · n becomes (k, n)
    return np.tile(x, repeats), lambda g: g.reshape(apart).sum(axis=tuple(range(0, len(apart), 2))).reshape(original)


def diagonal(x: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Unary:
    """the diagonal of x, or of each matrix in two of its axes; it becomes the last axis"""
    shape, at = x.shape, {"offset": offset, "axis1": axis1, "axis2": axis2}
    return diagonal_of(x, **at), lambda g: on_diagonal(g, shape=shape, **at)


def diag_embed(x: Array, *, shape: Shape, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Unary:
    """zeros of a shape, with x on the diagonal"""
    at = {"offset": offset, "axis1": axis1, "axis2": axis2}
    return on_diagonal(x, shape=shape, **at), lambda g: diagonal_of(g, **at)


@like_numpy
def diagonal_of(x: Array, *, offset: int, axis1: int, axis2: int) -> Array:
    """np.diagonal, as a writable view."""
    out: Array = np.diagonal(x, offset, axis1, axis2)
    out.flags.writeable = x.flags.writeable
    return out


@like_numpy
def on_diagonal(g: Array, *, shape: Shape, offset: int, axis1: int, axis2: int) -> Array:
    """An array of zeros with g on the diagonal."""
    out = np.zeros(shape, g.dtype)
    diagonal_of(out, offset=offset, axis1=axis1, axis2=axis2)[...] = g
    return out


def sliding(x: Array, *, axis: int, size: int, step: int) -> Unary:
    """the windows of x along an axis, `step` apart; their elements become the last axis"""
    shape, starts = x.shape, np.arange(0, x.shape[axis] - size + 1, step)
    index = (*(slice(None),) * axis, starts[:, None] + np.arange(size))
    return windows_of(x, axis=axis, size=size, step=step), lambda g: spread(
        np.moveaxis(g, -1, axis + 1), shape=shape, index=index
    )


@like_numpy
def windows_of(x: Array, *, axis: int, size: int, step: int) -> Array:
    """A view of the windows, their elements along a new last axis; writable if they do not overlap."""
    windows = np.lib.stride_tricks.sliding_window_view(x, size, axis, writeable=step >= size and x.flags.writeable)
    return windows[(*(slice(None),) * axis, slice(None, None, step))]


def tril(x: Array, *, k: int = 0) -> Unary:
    """the lower triangle of x, up to the k-th diagonal; 0 elsewhere"""
    return np.tril(x, k), lambda g: np.tril(g, k)


def triu(x: Array, *, k: int = 0) -> Unary:
    """the upper triangle of x, from the k-th diagonal; 0 elsewhere"""
    return np.triu(x, k), lambda g: np.triu(g, k)


def cat(*xs: Array, axis: int) -> Variadic:
    """the inputs concatenated along an axis"""
    where = [slice(None)] * xs[0].ndim
    pullbacks, start = [], 0
    for x in xs:
        where[axis] = slice(start, start + x.shape[axis])
        start += x.shape[axis]
        pullbacks.append(lambda g, mine=tuple(where): g[mine])
    return (np.concatenate(xs, axis=axis), *pullbacks)


def stack(*xs: Array, axis: int) -> Variadic:
    """the inputs stacked along a new axis"""
    before = (slice(None),) * axis
    pullbacks = [lambda g, mine=(*before, i): g[mine] for i in range(len(xs))]
    return (np.stack(xs, axis=axis), *pullbacks)
