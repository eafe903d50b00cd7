"""Decompositions: a matrix as a product of simpler ones.

Every op takes a matrix or a batch of matrices, in the last two axes. The factors of eigh, svd and qr are stacked
vertically in one array; `apart` splits it. LAPACK determines the signs of eigenvectors and singular vectors, where
either sign would do: they may differ from PyTorch's, and from one build of NumPy to another.
"""

from __future__ import annotations

import numpy as np

from .contract import Array, Unary
from .special import like_numpy


def cholesky(x: Array) -> Unary:
    """the lower triangular L with positive diagonal for which L @ Lᵀ = x

    Of a matrix that is not symmetric, it decomposes the symmetric part, (x + xᵀ) / 2.
    """
    out = np.linalg.cholesky(symmetric(x))
    turned = out.swapaxes(-1, -2)

    def dx(g: Array) -> Array:
        slope = np.matmul(turned, g)
        slope = np.tril(slope) + np.tril(slope, -1).swapaxes(-1, -2)
        half = np.linalg.solve(turned, slope)
        grad: Array = np.linalg.solve(turned, half.swapaxes(-1, -2)) / 2
        return grad

    return out, dx


def eigh(x: Array) -> Unary:
    """λ and V of x = V diag(λ) Vᵀ for symmetric x, stacked vertically: (1, N) and (N, N), λ in ascending order

    Of a matrix that is not symmetric, it decomposes the symmetric part, (x + xᵀ) / 2.
    """
    out = eigen(x)
    values, v = out[..., 0, :], out[..., 1:, :]
    vt = v.swapaxes(-1, -2)

    def dx(g: Array) -> Array:
        slope = np.matmul(vt, g[..., 1:, :])
        gaps = values[..., None, :] - values[..., :, None]
        inner = ratio(slope - slope.swapaxes(-1, -2), gaps) / 2
        grad: Array = np.matmul(np.matmul(v, inner) + v * g[..., :1, :], vt)
        return grad

    return out, dx


def svd(x: Array) -> Unary:
    """U, s and V of x = U diag(s) Vᵀ, stacked vertically: (M, K), (1, K) and (N, K), with K = min(M, N)"""
    m, n = x.shape[-2:]
    out = singular(x)
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


def qr(x: Array) -> Unary:
    """Q and R of x = Q @ R, stacked vertically: (M, N), orthonormal columns, and (N, N), upper triangular; M ≥ N"""
    m = x.shape[-2]
    out = orthogonal(x)
    q, r = out[..., :m, :], out[..., m:, :]

    def dx(g: Array) -> Array:
        gq = g[..., :m, :]
        slope = np.matmul(r, np.triu(g[..., m:, :]).swapaxes(-1, -2)) - np.matmul(gq.swapaxes(-1, -2), q)
        slope = np.tril(slope) + np.tril(slope, -1).swapaxes(-1, -2)
        grad: Array = np.linalg.solve(r, (gq + np.matmul(q, slope)).swapaxes(-1, -2)).swapaxes(-1, -2)
        return grad

    return out, dx


def pinv(x: Array, *, rtol: float) -> Unary:
    """x⁺, the pseudoinverse, for which x @ x⁺ @ x = x; singular values below rtol times the largest count as 0"""
    out = pseudoinverse(x, rtol=rtol)
    turned = out.swapaxes(-1, -2)

    def dx(g: Array) -> Array:
        gt = g.swapaxes(-1, -2)
        rows = np.matmul(np.matmul(turned, out), gt)
        columns = np.matmul(np.matmul(gt, out), turned)
        across = rows - np.matmul(np.matmul(rows, out), x)  # 0 if the columns of x are independent
        down = columns - np.matmul(np.matmul(x, out), columns)  # 0 if its rows are
        grad: Array = across + down - np.matmul(np.matmul(turned, g), turned)
        return grad

    return out, dx


# --- values, also for Tensors ---------------------------------------------------------------------------------------


@like_numpy
def eigen(x: Array) -> Array:
    """The value of eigh."""
    values, vectors = np.linalg.eigh(symmetric(x))
    return np.concatenate([values[..., None, :], vectors], axis=-2)


@like_numpy
def singular(x: Array) -> Array:
    """The value of svd."""
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    return np.concatenate([u, s[..., None, :], vt.swapaxes(-1, -2)], axis=-2)


@like_numpy
def orthogonal(x: Array) -> Array:
    """The value of qr."""
    return np.concatenate(np.linalg.qr(x), axis=-2)


@like_numpy
def pseudoinverse(x: Array, *, rtol: float) -> Array:
    """The value of pinv."""
    return np.linalg.pinv(x, rtol)


def symmetric(x: Array) -> Array:
    """The symmetric part of x, which is x itself if x is symmetric."""
    return (x + x.swapaxes(-1, -2)) / 2


def apart(x: Array, m: int) -> tuple[Array, Array, Array]:
    """Split the value of svd into U, s and V."""
    return x[..., :m, :], x[..., m, :], x[..., m + 1 :, :]


def ratio(x: Array, y: Array) -> Array:
    """x / y, and 0 where both are 0."""
    return x / np.where((x == 0) & (y == 0), 1, y)
