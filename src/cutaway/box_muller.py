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
    if not isinstance(z, np.ndarray) and z == 0:  # the product alone is rounded once anyway
        return (x * y + z).astype(np.float32, copy=False)
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


def _float32(*numbers: float) -> list[float]:
    """The numbers as float32 has them"""
    return [float(np.float32(x)) for x in numbers]


_LOG = _float32(
    7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
    -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
)  # fmt: skip
_LN2 = np.array([0.693359375, -2.12194440e-4], np.float32)  # ln 2 in two parts: the first has few bits
_SIN = _float32(-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)
_COS = _float32(2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)
_QUARTER_PI = _float32(0.78515625, 2.4187564849853515625e-4, 3.77489497744594108e-8)


def _polynomial32(x: Array, coefficients: list[float]) -> Array:
    """c₀xⁿ + … + cₙ by Horner's rule, each step a fused multiply-add"""
    wide = x.astype(np.float64)  # once: converting both factors in every step takes half as long again
    y = wide * coefficients[0] + coefficients[1]
    for c in coefficients[2:]:
        y = y.astype(np.float32).astype(np.float64) * wide + c
    return y.astype(np.float32)


def _log32(x: Array) -> Array:
    """ln x: x = (1 + f) · 2ᵉ, √½ ≤ 1 + f < √2, and ln(1 + f) = f - f²/2 + f³ · polynomial(f)"""
    mantissa, exponent = np.frexp(x)
    small = mantissa < np.float32(math.sqrt(0.5))
    e = (exponent - small).astype(np.float32)
    f = mantissa * (np.float32(1) + small) - np.float32(1)
    y = fma32(_polynomial32(f, _LOG) * f, f * f, e * _LN2[1])
    return fma32(e, _LN2[0], f + (y - f * f * np.float32(0.5)))


def _cos_sin32(theta: Array) -> tuple[Array, Array]:
    """cos θ and sin θ, θ ≥ 0: turn θ back by quarters of the circle to |x| ≤ π/4, where polynomials hold"""
    eighths = (theta * np.float32(4 / math.pi)).astype(np.int32) + 1 & ~1
    x = theta
    for part in _QUARTER_PI:
        x = fma32(eighths, -part, x)
    z = x * x
    sin = fma32(_polynomial32(z, _SIN) * z, x, x)
    cos = fma32(_polynomial32(z, _COS) * z, z, z * np.float32(-0.5)) + np.float32(1)
    quarter = eighths >> 1
    odd = (quarter & 1).astype(np.bool_)
    # The signs as factors 1 and -1: np.negative(where=...) takes ten times as long.
    cosine = np.where(odd, sin, cos) * (1 - (quarter + 1 & 2)).astype(np.float32)
    sine = np.where(odd, cos, sin) * (1 - (quarter & 2)).astype(np.float32)
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
