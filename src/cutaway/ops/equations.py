"""Linear systems and decompositions: solve, inverse, determinant, singular values.

Every op takes a matrix or a batch of matrices, in the last two axes.
"""

from __future__ import annotations

import numpy as np

from .contract import Array, Binary, Unary, once
from .reduction import prod
from .special import like_numpy


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
    u, s, v = apart(decomposed(x), x.shape[-1])
    _, others = prod(s, axis=-1, keepdims=True)
    sign = (np.linalg.det(u) * np.linalg.det(v))[..., None]
    grad = np.matmul(u * others(sign)[..., None, :], v.swapaxes(-1, -2))
    return grad


def svd(x: Array) -> Unary:
    """U, s and V of x = U diag(s) Vᵀ, stacked vertically: (M, K), (1, K) and (N, K), with K = min(M, N)"""
    m, n = x.shape[-2:]
    out = decomposed(x)
    u, s, v = apart(out, m)
    across, down = s[..., None, :], s[..., :, None]
    vt = v.swapaxes(-1, -2)

    def dx(g: Array) -> Array:
        gu, gs, gv = apart(g, m)
        uu, vv = np.matmul(u.swapaxes(-1, -2), gu), np.matmul(vt, gv)
        gaps = (across - down) * (across + down)
        inner = ratio(uu - uu.swapaxes(-1, -2), gaps) * across + down * ratio(vv - vv.swapaxes(-1, -2), gaps)
        grad: Array = np.matmul(np.matmul(u, inner) + u * gs[..., None, :], vt)
        if m > n:  # the part outside the span of U's columns
            grad = grad + np.matmul(ratio(gu - np.matmul(u, uu), across), vt)
        if n > m:
            grad = grad + np.matmul(u, ratio(gv - np.matmul(v, vv), across).swapaxes(-1, -2))
        return grad

    return out, dx


@like_numpy
def decomposed(x: Array) -> Array:
    """The value of svd, with the signs chosen so that the sum of each column of V is not negative."""
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    sign = np.where(vt.sum(axis=-1) < 0, -1, 1).astype(x.dtype)[..., None, :]
    return np.concatenate([u * sign, s[..., None, :], vt.swapaxes(-1, -2) * sign], axis=-2)


def apart(x: Array, m: int) -> tuple[Array, Array, Array]:
    """Split the value of svd into U, s and V."""
    return x[..., :m, :], x[..., m, :], x[..., m + 1 :, :]


def ratio(x: Array, y: Array) -> Array:
    """x / y, and 0 where both are 0."""
    return x / np.where((x == 0) & (y == 0), 1, y)
