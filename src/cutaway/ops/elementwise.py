"""Elementwise functions of one array.

Each pullback is g times the derivative. Where the derivative is simpler in terms of the output than
of the input, the pullback saves the output (`out`), which is kept anyway.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from .contract import Array, Ternary, Unary
from .special import as_dtype, clip_values, erf_values, kept, sigmoid_values, sign_values


def exp(x: Array) -> Unary:
    """exp(x)"""
    out = np.exp(x)
    return out, lambda g: g * out


def expm1(x: Array) -> Unary:
    """exp(x) - 1, exact near 0"""
    out = np.expm1(x)
    return out, lambda g: g * (out + 1)


def log(x: Array) -> Unary:
    """log(x)"""
    return np.log(x), lambda g: g / x


def log1p(x: Array) -> Unary:
    """log(1 + x), exact near 0"""
    return np.log1p(x), lambda g: g / (1 + x)


def log2(x: Array) -> Unary:
    """log₂(x)"""
    return np.log2(x), lambda g: g / (x * math.log(2))


def log10(x: Array) -> Unary:
    """log₁₀(x)"""
    return np.log10(x), lambda g: g / (x * math.log(10))


def sqrt(x: Array) -> Unary:
    """√x"""
    out = np.sqrt(x)
    return out, lambda g: g / (2 * out)


def rsqrt(x: Array) -> Unary:
    """1 / √x"""
    out = 1 / np.sqrt(x)
    return out, lambda g: g * (-0.5 * out * out * out)


def reciprocal(x: Array) -> Unary:
    """1 / x"""
    out = 1 / x
    return out, lambda g: g * (-out * out)


def abs(x: Array) -> Unary:
    """|x|; the gradient at 0 is 0"""
    return np.abs(x), lambda g: g * sign_values(x)


def sin(x: Array) -> Unary:
    """sin(x)"""
    return np.sin(x), lambda g: g * np.cos(x)


def cos(x: Array) -> Unary:
    """cos(x)"""
    return np.cos(x), lambda g: g * -np.sin(x)


def tan(x: Array) -> Unary:
    """tan(x)"""
    out = np.tan(x)
    return out, lambda g: g * (1 + out * out)


def asin(x: Array) -> Unary:
    """arcsin(x), the angle between -π/2 and π/2 whose sine is x"""
    return np.arcsin(x), lambda g: g / np.sqrt(1 - x * x)


def acos(x: Array) -> Unary:
    """arccos(x), the angle between 0 and π whose cosine is x"""
    return np.arccos(x), lambda g: -g / np.sqrt(1 - x * x)


def atan(x: Array) -> Unary:
    """arctan(x), the angle between -π/2 and π/2 whose tangent is x"""
    return np.arctan(x), lambda g: g / (1 + x * x)


def sinh(x: Array) -> Unary:
    """sinh(x) = (exp(x) - exp(-x)) / 2"""
    return np.sinh(x), lambda g: g * np.cosh(x)


def cosh(x: Array) -> Unary:
    """cosh(x) = (exp(x) + exp(-x)) / 2"""
    return np.cosh(x), lambda g: g * np.sinh(x)


def tanh(x: Array) -> Unary:
    """tanh(x)"""
    out = np.tanh(x)
    return out, lambda g: g * (1 - out * out)


def sigmoid(x: Array) -> Unary:
    """1 / (1 + exp(-x))"""
    out = sigmoid_values(x)
    return out, lambda g: g * (out * (1 - out))


def logit(x: Array, *, eps: float | None = None) -> Unary:
    """log(x / (1 - x)), the inverse of sigmoid; with eps, x is first clamped to [eps, 1 - eps]"""
    low, high, slope_outside = (0, 1, math.nan) if eps is None else (eps, 1 - eps, 0)
    p = x if eps is None else np.clip(x, low, high)
    return np.log(p / (1 - p)), lambda g: g * np.where((x < low) | (x > high), slope_outside, 1 / (x * (1 - x)))


def erf(x: Array) -> Unary:
    """erf(x) = 2/√π ∫₀ˣ exp(-t²) dt"""
    return erf_values(x), lambda g: g * (2 / math.sqrt(math.pi) * np.exp(-x * x))


def clamp(x: Array, *, min: float | None = None, max: float | None = None) -> Unary:
    """x clamped to [min, max]; outside, the gradient is 0"""

    def dx(g: Array) -> Array:
        inside = True if min is None else x >= min
        return kept(g, inside if max is None else inside & (x <= max))

    return clip_values(x, min, max), dx


def clip(x: Array, low: Array, high: Array) -> Ternary:
    """x clamped to [low, high] elementwise; a bound gets the gradient where it replaces x"""
    return (
        np.minimum(np.maximum(x, low), high),
        lambda g: kept(g, (x >= low) & (x <= high)),
        lambda g: kept(g, (x < low) & (low < high)),
        lambda g: kept(g, (x > high) | (low > high)),
    )


def nan_to_num(x: Array, *, nan: float, posinf: float, neginf: float) -> Unary:
    """x with nan, ∞ and -∞ replaced by numbers"""
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf), lambda g: np.where(np.isfinite(x), g, 0)


def copy(x: Array, *, order: Literal["K", "C"] = "K") -> Unary:
    """a copy of x"""
    return np.copy(x, order), lambda g: g


def cast(x: Array, *, dtype: np.dtype[Any]) -> Unary:
    """x cast to another dtype"""
    original = x.dtype
    return as_dtype(x, dtype), lambda g: as_dtype(g, original)
