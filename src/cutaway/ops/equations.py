"""Linear systems: solve, inverse, determinant.

Every op takes a matrix or a batch of matrices, in the last two axes.
"""

from __future__ import annotations

import numpy as np

from .contract import Array, Binary, Unary, once
from .decompositions import apart, singular
from .reduction import prod


def solve(a: Array, b: Array) -> Binary:
    """the x for which a @ x = b"""
    x = np.linalg.solve(a, b)
    db = once(lambda g: np.linalg.solve(a.swapaxes(-1, -2), g))
    return x, lambda g: -np.matmul(db(g), x.swapaxes(-1, -2)), lambda g: np.copy(db(g))


def inv(x: Array) -> Unary:
    """x⁻¹, for which x @ x⁻¹ = I"""
    out = np.linalg.inv(x)
    turned = out.swapaxes(-1, -2)
    return out, lambda g: -np.matmul(np.matmul(turned, g), turned)  # from d(x⁻¹) = -x⁻¹ dx x⁻¹


def det(x: Array) -> Unary:
    """det(x), the signed factor by which x scales volumes"""
    with np.errstate(invalid="ignore"):  # the input may hold nan
        out = np.linalg.det(x)
    return out, lambda g: g[..., None, None] * cofactors(x)


def slogdet(x: Array) -> Unary:
    """the sign of det(x) and log |det(x)|, one above the other: (2, *)

    The logarithm exists where det(x) itself would overflow.
    """
    sign, size = np.linalg.slogdet(x)
    invertible = np.where((size == -np.inf)[..., None, None], np.nan, x)  # a singular matrix has no slope: nan
    return np.stack([sign, size]), lambda g: g[1][..., None, None] * np.linalg.inv(invertible).swapaxes(-1, -2)


def cofactors(x: Array) -> Array:
    """∂det(x)/∂x: for each element the signed determinant of x without its row and column.

    The cofactor matrix is det(x) x⁻ᵀ, and exists for singular x too: with x = U diag(s) Vᵀ it is the product of the
    cofactor matrices of U, diag(s) and Vᵀ; a cofactor of diag(s) is the product of all other s.
    """
    size = np.linalg.det(x)
    largest = np.sqrt((x * x).sum(axis=-1)).prod(axis=-1)  # Hadamard's bound on |det(x)|
    if np.all(np.abs(size) > 1e-6 * largest):
        grad: Array = size[..., None, None] * np.linalg.inv(x).swapaxes(-1, -2)
        return grad
    u, s, v = apart(singular(x), x.shape[-1])
    _, others = prod(s, axis=-1, keepdims=True)
    sign = (np.linalg.det(u) * np.linalg.det(v))[..., None]
    grad = np.matmul(u * others(sign)[..., None, :], v.swapaxes(-1, -2))
    return grad
