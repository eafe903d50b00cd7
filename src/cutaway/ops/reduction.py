"""Reductions: sums, means, extremes.

Every reduction takes `axis` (None: all axes) and `keepdims`. The pullback of a reduction distributes
g over the reduced elements: it restores the reduced axes with length 1 (`restore`), and broadcasting
does the rest.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .contract import Array, Axis, Shape, Unary
from .special import power_values, sign_values


def restore(g: Array, shape: Shape, axis: Axis, keepdims: bool) -> Array:
    """g with the reduced axes of `shape` restored, each with length 1."""
    if keepdims:
        return g
    if axis is None:
        return g.reshape((1,) * len(shape))
    return np.expand_dims(g, axis)


def count(shape: Shape, axis: Axis) -> int:
    """The number of elements reduced into each result."""
    if not shape:
        return 1  # a scalar, for any axis
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    n = 1
    for a in axes:
        n *= shape[a]
    return n


def sum(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Unary:
    """Σ x"""
    shape = x.shape
    return x.sum(axis=axis, keepdims=keepdims), lambda g: np.broadcast_to(
        restore(g, shape, axis, keepdims), shape
    )


def prod(x: Array, *, axis: int | None = None, keepdims: bool = False) -> Unary:
    """Π x"""
    out = np.prod(x, axis=axis, keepdims=keepdims)
    return out, lambda g: restore(g, x.shape, axis, keepdims) * product_of_others(x, axis)


def product_of_others(x: Array, axis: int | None) -> Array:
    """For each element, the product of all others along the axis."""
    row, along = (x.reshape(-1), 0) if axis is None else (x, axis)
    behind = np.flip(product_before(np.flip(row, along), along), along)
    others: Array = product_before(row, along) * behind  # not the product / x, since x may be 0
    return others.reshape(x.shape)


def product_before(x: Array, axis: int) -> Array:
    """For each element, the product of those before it along the axis; 1 for the first."""
    at = (slice(None),) * (axis % x.ndim)
    factors = np.concatenate([np.ones_like(x[(*at, slice(1))]), x[(*at, slice(-1))]], axis=axis)
    product: Array = np.cumprod(factors, axis=axis)
    return product


def mean(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Unary:
    """Σ x / N"""
    shape, n = x.shape, count(x.shape, axis)
    out = x.sum(axis=axis, keepdims=keepdims) / n  # NumPy's 0 / 0 gives nan, as it should
    return out, lambda g: np.broadcast_to(restore(g / n, shape, axis, keepdims), shape)


def var(x: Array, *, axis: Axis = None, correction: float = 1, keepdims: bool = False) -> Unary:
    """Σ (x - mean(x))² / (N - correction)"""
    shape, n = x.shape, max(count(x.shape, axis) - correction, 0)
    away = x - mean(x, axis=axis, keepdims=True)[0]
    out = np.divide((away * away).sum(axis=axis, keepdims=keepdims), n)
    return out, lambda g: restore(g, shape, axis, keepdims) * np.divide(2 * away, n)


def std(x: Array, *, axis: Axis = None, correction: float = 1, keepdims: bool = False) -> Unary:
    """√var(x); the gradient is 0 where all x are equal"""
    variance, dx = var(x, axis=axis, correction=correction, keepdims=keepdims)
    out = np.sqrt(variance)
    return out, lambda g: dx(np.where(out == 0, 0, g / (2 * out)))


def amax(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Unary:
    """max(x); elements that tie share the gradient equally"""
    out = np.max(x, axis=axis, keepdims=keepdims)
    return out, lambda g: _to_extreme(g, x, out, axis, keepdims)


def amin(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Unary:
    """min(x); elements that tie share the gradient equally"""
    out = np.min(x, axis=axis, keepdims=keepdims)
    return out, lambda g: _to_extreme(g, x, out, axis, keepdims)


def median(x: Array, *, place: int) -> Unary:
    """the median of all x, found at a flat index; elements that tie share the gradient equally"""
    out = x.reshape(-1)[place]
    return out, lambda g: _to_extreme(g, x, out, None, False)


def _to_extreme(g: Array, x: Array, out: Array, axis: Axis, keepdims: bool) -> Array:
    """Distribute g equally among the elements that equal the extreme."""
    out = restore(out, x.shape, axis, keepdims)
    hit = (x == out) | ((x != x) & (out != out))  # matches nan too, though nan != nan
    share = restore(g, x.shape, axis, keepdims) / hit.sum(axis=axis, keepdims=True, dtype=x.dtype)
    grad: Array = hit * share
    return grad


def largest(x: Array, axis: Axis) -> Array:
    """max(x) with the reduced axis kept; 0 if the axis is empty."""
    if not count(x.shape, axis):
        return np.zeros_like(x.sum(axis=axis, keepdims=True))
    top: Array = np.maximum.reduce(x, axis=axis, keepdims=True)  # np.max spends another 1.3 µs in Python
    return top


def logsumexp(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Unary:
    """log Σ exp(x), with max(x) factored out to avoid overflow"""
    top = largest(x, axis)
    top = np.where(np.isfinite(top), top, 0)  # ∞ - ∞ would be nan
    out = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    flat = out if keepdims else out.reshape(x.sum(axis=axis).shape)

    return flat, lambda g: restore(g, x.shape, axis, keepdims) * np.exp(x - out)


def cumsum(x: Array, *, axis: int) -> Unary:
    """out[i] = Σ x[j] for j ≤ i"""
    return np.cumsum(x, axis=axis), lambda g: np.flip(np.cumsum(np.flip(g, axis), axis=axis), axis)


def cumprod(x: Array, *, axis: int) -> Unary:
    """out[i] = Π x[j] for j ≤ i"""
    return np.cumprod(x, axis=axis), lambda g: product_before(x, axis) * sum_behind(g, x, axis)


def sum_behind(g: Array, x: Array, axis: int) -> Array:
    """For each place k along the axis, Σ g[i] x[k+1] ⋯ x[i] over i ≥ k."""
    # By Horner's rule from the end. Dividing the cumulative products by x[k] would be shorter, but x may be 0.
    at: Any = (slice(None),) * (axis % x.ndim)
    sums: list[Array] = []
    for k in reversed(range(x.shape[axis])):
        sums.append(g[(*at, k)] + x[(*at, k + 1)] * sums[-1] if sums else g[(*at, k)])
    return np.stack(sums[::-1], axis=axis) if sums else g


def norm(x: Array, *, p: float, axis: Axis = None, keepdims: bool = False) -> Unary:
    """(Σ |x|ᵖ)^(1/p); max |x| for p = ∞"""
    size = np.abs(x)
    if p == np.inf or p == -np.inf:
        out = (np.max if p > 0 else np.min)(size, axis=axis, keepdims=keepdims)
        return out, lambda g: sign_values(x) * _to_extreme(g, size, out, axis, keepdims)
    if p == 0:
        return np.sum(x != 0, axis=axis, keepdims=keepdims, dtype=x.dtype), lambda g: np.zeros_like(x)
    total = power_values(size, p).sum(axis=axis, keepdims=keepdims)
    none = total == 0  # there the root's derivative is ∞, and the second derivative would be nan
    out = np.where(none, 0 if p > 0 else np.inf, np.where(none, 1, total) ** (1 / p))
    if math.prod(out.shape) == math.prod(x.shape):  # the norm of one number: no powers, no rounding
        out = size.sum(axis=axis, keepdims=keepdims)

    if p == 1:
        return out, lambda g: restore(g, x.shape, axis, keepdims) * sign_values(x)

    # Below, 0 at the origin, where the norm is not differentiable.
    def dx_of_length(g: Array) -> Array:
        length = restore(out, x.shape, axis, keepdims)
        share = restore(g, x.shape, axis, keepdims) / np.where(length == 0, 1, length)
        grad: Array = x * np.where(length == 0, 0, share)
        return grad

    def dx(g: Array) -> Array:
        length = restore(out, x.shape, axis, keepdims)
        direction = np.where(length == 0, 0, size / np.where(length == 0, 1, length))
        slope = np.where(direction == 0, 0, direction ** (p - 1))
        grad: Array = restore(g, x.shape, axis, keepdims) * sign_values(x) * slope
        return grad

    return out, dx_of_length if p == 2 else dx
