"""Elementwise arithmetic on two arrays.

These ops broadcast. Their pullbacks ignore that: they return a gradient of the *value's* shape, and
the engine sums it over the axes along which an input was broadcast.
"""

from __future__ import annotations

import numpy as np

from .contract import Array, Binary, Ternary, Unary
from .special import power_values


def add(x: Array, y: Array) -> Binary:
    """x + y"""
    return x + y, lambda g: g, lambda g: g


def sub(x: Array, y: Array) -> Binary:
    """x - y"""
    return x - y, lambda g: g, lambda g: -g


def mul(x: Array, y: Array) -> Binary:
    """x * y"""
    return x * y, lambda g: g * y, lambda g: g * x


def div(x: Array, y: Array) -> Binary:
    """x / y"""
    # Recompute the quotient: the output is often overwritten in place, as in y = x / n; y += b.
    return x / y, lambda g: g / y, lambda g: -g * (x / y) / y


def neg(x: Array) -> Unary:
    """-x"""
    return -x, lambda g: -g


def power(x: Array, *, n: float) -> Unary:
    """xⁿ, for a number n"""
    if n == 0:  # n xⁿ⁻¹ would be 0 · ∞ at x = 0; the value is 1 everywhere
        return x**n, lambda g: np.zeros_like(g)
    return power_values(x, n), lambda g: g * (n * power_values(x, n - 1))


def pow(x: Array, y: Array) -> Binary:
    """xʸ"""
    out = x**y

    def dx(g: Array) -> Array:
        return np.where(y == 0, 0, g * y * x ** np.where(y == 0, 1, y - 1))

    def dy(g: Array) -> Array:  # 0 where x = 0, though log 0 is -∞
        return np.where((x == 0) & (y >= 0), 0, g * out * np.log(x))

    return out, dx, dy


def atan2(y: Array, x: Array) -> Binary:
    """the angle of the point (x, y), between -π and π; the gradient at the origin is 0"""

    def per_square(g: Array) -> Array:
        r2 = x * x + y * y
        return g * np.where(r2 == 0, 0, 1 / r2)

    return np.arctan2(y, x), lambda g: per_square(g) * x, lambda g: -per_square(g) * y


def logaddexp(x: Array, y: Array) -> Binary:
    """log(exp(x) + exp(y)), without overflow"""
    far = np.abs(np.where(x == y, 0, x - y))  # ∞ - ∞ would be nan
    return (
        np.maximum(x, y) + np.log1p(np.exp(-far)),  # a tenth of np.logaddexp's time
        lambda g: g / (1 + np.exp(y - x)),
        lambda g: g / (1 + np.exp(x - y)),
    )


def lerp(x: Array, y: Array, weight: Array) -> Ternary:
    """x + weight (y - x), linear interpolation from x to y"""
    way, near = y - x, np.abs(weight) < 0.5  # from the nearer end, so that both ends are exact
    if np.ndim(weight) == 0:
        out = x + weight * way if near else y - (1 - weight) * way
    else:
        out = np.where(near, x + weight * way, y - (1 - weight) * way)
    return (
        out,
        lambda g: g * (1 - weight),
        lambda g: g * weight,
        lambda g: g * way,
    )


def maximum(x: Array, y: Array) -> Binary:
    """max(x, y); where they are equal, each gets half of the gradient"""
    return (
        np.maximum(x, y),
        lambda g: np.where(x == y, g / 2, np.where(x < y, 0, g)),
        lambda g: np.where(x == y, g / 2, np.where(x > y, 0, g)),
    )


def minimum(x: Array, y: Array) -> Binary:
    """min(x, y); where they are equal, each gets half of the gradient"""
    return (
        np.minimum(x, y),
        lambda g: np.where(x == y, g / 2, np.where(x > y, 0, g)),
        lambda g: np.where(x == y, g / 2, np.where(x < y, 0, g)),
    )


def masked_fill(x: Array, value: Array, *, mask: Array) -> Binary:
    """value where mask is True, else x"""
    return (
        np.where(mask, value, x),
        lambda g: np.where(mask, 0, g),
        lambda g: np.where(mask, g, 0),
    )


def where(x: Array, y: Array, *, condition: Array) -> Binary:
    """x where condition is True, else y"""
    return (
        np.where(condition, x, y),
        lambda g: np.where(condition, g, 0),
        lambda g: np.where(condition, 0, g),
    )
