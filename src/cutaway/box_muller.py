"""The Box-Muller transform, bit-exact with PyTorch.

The formula is r = √(-2 ln(1 - u)), θ = 2π v, and then r cos θ and r sin θ. The rest of this module is about
the last bit. PyTorch computes `float32` normals with an AVX2 routine, on nearly every x86 CPU. Its logarithm,
sine and cosine are the short polynomials of Moshier's Cephes library (in Pommier's vectorized form), with
fused multiply-adds, which round the product and the sum once. With exact functions instead, one number out
of six would differ in the last bit; with these, none of 10⁸ did.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["box_muller32", "box_muller64", "each", "fma32", "fma64"]

Array = npt.NDArray[Any]


def fma32(x: Array, y: Array | np.floating[Any] | float, z: Array | np.floating[Any] | float) -> Array:
    """x · y + z in float32, rounded once: float64 holds the product exactly"""
    return (np.multiply(x, y, dtype=np.float64) + z).astype(np.float32)


def fma64(x: Array, y: float, z: Array | float) -> Array:
    """x · y + z in float64, rounded once: the error of the product is added to the sum (Dekker, 1971)"""
    product = x * y
    if not np.any(z) or not (abs(y) < 1e290 and np.all(np.abs(z) < 1e290)):  # nothing to correct, or it would overflow
        return product + z
    x_high, y_high = x * 134217729.0, y * 134217729.0
    x_high, y_high = x_high - (x_high - x), y_high - (y_high - y)
    x_low, y_low = x - x_high, y - y_high
    lost = ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low
    total = product + z
    back = total - product
    return total + ((product - (total - back)) + (z - back) + lost)


def each(function: Callable[[float], float], x: Array) -> Array:
    """The C library's function of every element: NumPy's vector versions differ in the last bit"""
    return np.fromiter(map(function, x.ravel().tolist()), np.float64, x.size).reshape(x.shape)


_LOG = np.array(
    [7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1]
    + [-1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1],
    np.float32,
)
_LN2 = np.array([0.693359375, -2.12194440e-4], np.float32)  # ln 2 in two parts: the first has few bits
_SIN = np.array([-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1], np.float32)
_COS = np.array([2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2], np.float32)
_QUARTER_PI = np.array([0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8], np.float32)


def _polynomial32(x: Array, coefficients: Array) -> Array:
    """c₀xⁿ + … + cₙ by Horner's rule"""
    y = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        y = fma32(y, x, c)
    return y


def _log32(x: Array) -> Array:
    """ln x: x = (1 + f) · 2ᵉ, √½ ≤ 1 + f < √2, and ln(1 + f) = f - f²/2 + f³ · polynomial(f)"""
    mantissa, exponent = np.frexp(x)
    small = mantissa < np.float32(math.sqrt(0.5))
    e = (exponent - small).astype(np.float32)
    f = np.where(small, mantissa + mantissa, mantissa) - np.float32(1)
    y = fma32(_polynomial32(f, _LOG) * f, f * f, e * _LN2[1])
    return fma32(e, _LN2[0], f + (y - f * f * np.float32(0.5)))


def _cos_sin32(theta: Array) -> tuple[Array, Array]:
    """cos θ and sin θ, θ ≥ 0: turn θ back by quarters of the circle to |x| ≤ π/4, where polynomials hold"""
    eighths = (theta * np.float32(4 / math.pi)).astype(np.int32) + 1 & ~1
    x = theta
    for part in _QUARTER_PI:
        x = fma32(eighths.astype(np.float32), -part, x)
    z = x * x
    sin = fma32(_polynomial32(z, _SIN) * z, x, x)
    cos = fma32(_polynomial32(z, _COS) * z, z, z * np.float32(-0.5)) + np.float32(1)
    quarter = eighths >> 1 & 3
    odd = (quarter & 1).astype(np.bool_)
    cosine, sine = np.where(odd, sin, cos), np.where(odd, cos, sin)
    np.negative(cosine, out=cosine, where=(quarter == 1) | (quarter == 2))
    np.negative(sine, out=sine, where=quarter >= 2)
    return cosine, sine


def box_muller32(u: Array, mean: float, std: float) -> Array:
    """(n, 16) of uniform numbers to normal ones: mean + std · √(-2 ln(1 - u)) · (cos 2πv | sin 2πv)"""
    r = np.sqrt(np.float32(-2) * _log32(np.float32(1) - u[:, :8]))
    cos, sin = _cos_sin32(u[:, 8:] * np.float32(2 * math.pi))
    return fma32(np.concatenate([r * cos, r * sin], axis=1), np.float32(std), np.float32(mean))


def box_muller64(u: Array, mean: float, std: float) -> Array:
    """(n, 16) of uniform numbers to normal ones: mean + std · √(-2 ln(1 - u)) · (cos 2πv | sin 2πv)"""
    r = np.sqrt(-2 * each(math.log, 1 - u[:, :8]))
    theta = 2 * math.pi * u[:, 8:]
    return fma64(np.concatenate([r * each(math.cos, theta), r * each(math.sin, theta)], axis=1), std, mean)
