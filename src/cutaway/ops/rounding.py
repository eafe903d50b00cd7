"""Functions made of steps: rounding, and division that rounds.

Between two steps such a function is flat, so its gradient is 0 wherever there is one. It is recorded
all the same: what is computed from the result has a graph, as in PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .contract import Array, Binary, Unary
from .special import sign_values


def flat(g: Array) -> Array:
    """The pullback of a step: no influence."""
    return np.zeros_like(g)


def floor(x: Array) -> Unary:
    """⌊x⌋, the next whole number below"""
    return np.floor(x), flat


def ceil(x: Array) -> Unary:
    """⌈x⌉, the next whole number above"""
    return np.ceil(x), flat


def trunc(x: Array) -> Unary:
    """the next whole number towards 0"""
    return np.trunc(x), flat


def round(x: Array, *, decimals: int = 0) -> Unary:
    """the nearest number with so many decimals; halves go to the even one"""
    return np.round(x, decimals), flat


def sign(x: Array) -> Unary:
    """-1 where x < 0, 1 where x > 0, else 0"""
    return sign_values(x), flat


def floor_divide(x: Array, y: Array) -> Binary:
    """⌊x / y⌋"""
    return np.floor_divide(x, y), flat, flat


def trunc_divide(x: Array, y: Array) -> Binary:
    """x / y, rounded towards 0"""
    down = np.floor_divide(x, y)
    if isinstance(down, np.ndarray | np.generic) and down.dtype.kind in "iu":
        # Whole numbers; x / y would have 53 bits. Where it is negative and not whole, rounding down went one too far.
        return down + ((down < 0) & (np.remainder(x, y) != 0)), flat, flat
    return np.trunc(x / y), flat, flat


def remainder(x: Array, y: Array) -> Binary:
    """x - ⌊x / y⌋ y"""
    rest = np.fmod(x, y)  # and not np.remainder, whose zeros have another sign than PyTorch's
    out = np.where((rest != 0) & ((rest < 0) != (y < 0)), rest + y, rest)
    return out, lambda g: g, lambda g: g * -np.floor_divide(x, y)


def fmod(x: Array, y: Array) -> Binary:
    """x - y · (x / y, rounded towards 0)"""
    return np.fmod(x, y), lambda g: g, lambda g: g * -np.trunc(x / y)


def whole_power(x: Array, y: Array) -> Array:
    """xʸ of whole numbers; 1 / xⁿ rounded towards 0, as PyTorch does where the exponents are a tensor."""
    odd: Any = y & 1
    return np.where(y < 0, np.where(np.abs(x) == 1, x**odd, 0), x ** np.maximum(y, 0))
