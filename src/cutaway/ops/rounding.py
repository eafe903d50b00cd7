"""Rounding, and division that rounds.

Rounding is piecewise constant, so its gradient is 0 wherever it exists. It is recorded all the same,
so that the results require grad, as in PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .contract import Array, Binary, Unary
from .special import sign_values


def flat(g: Array) -> Array:
    """The pullback of a piecewise constant function: zeros."""
    return np.zeros_like(g)


def floor(x: Array) -> Unary:
    """⌊x⌋, the largest integer ≤ x"""
    return np.floor(x), flat


def ceil(x: Array) -> Unary:
    """⌈x⌉, the smallest integer ≥ x"""
    return np.ceil(x), flat


def trunc(x: Array) -> Unary:
    """x rounded towards 0"""
    return np.trunc(x), flat


def round(x: Array, *, decimals: int = 0) -> Unary:
    """x rounded to a number of decimals; halves are rounded to even"""
    return np.round(x, decimals), flat


def sign(x: Array) -> Unary:
    """-1 where x < 0, 1 where x > 0, else 0"""
    return sign_values(x), flat


def floor_divide(x: Array, y: Array) -> Binary:
    """⌊x / y⌋"""
    return np.floor_divide(x, y), flat, flat


def trunc_divide(x: Array, y: Array) -> Binary:
    """x / y, rounded towards 0"""
    if any(isinstance(z, np.ndarray) and z.dtype.kind in "iu" for z in (x, y)):
        # x / y would be limited to 53 bits. Floor is one too low where the quotient is negative and inexact.
        down = np.floor_divide(x, y)
        return down + ((down < 0) & (np.remainder(x, y) != 0)), flat, flat
    return np.trunc(x / y), flat, flat


def remainder(x: Array, y: Array) -> Binary:
    """x - ⌊x / y⌋ y"""
    rest = np.fmod(x, y)  # not np.remainder, whose zeros differ in sign from PyTorch's
    out = np.where((rest != 0) & ((rest < 0) != (y < 0)), rest + y, rest)
    return out, lambda g: g, lambda g: g * -np.floor_divide(x, y)


def fmod(x: Array, y: Array) -> Binary:
    """x - y · (x / y, rounded towards 0)"""
    return np.fmod(x, y), lambda g: g, lambda g: g * -np.trunc(x / y)


def whole_power(x: Array, y: Array) -> Array:
    """xʸ for integers; 1 / xⁿ rounds towards 0, as in PyTorch when the exponents are a tensor."""
    odd: Any = y & 1
    return np.where(y < 0, np.where(np.abs(x) == 1, x**odd, 0), x ** np.maximum(y, 0))
