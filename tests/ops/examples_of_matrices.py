"""Examples and values for the ops that take matrices.

Values of equations come from mpmath in 50 digits, those of products from sums over all pairs of elements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from cutaway import ops

from .example import Array, Example, gaps, of_shapes, points

X23 = points((2, 3))


def well_posed(*shape: int, seed: int = 0) -> Array:
    """Square matrices that have an inverse, and are far from having none."""
    return points(shape, seed=seed) + 3 * np.eye(shape[-1])


def symmetric(*shape: int, seed: int = 0) -> Array:
    """Positive definite matrices with distinct eigenvalues."""
    x = points(shape, seed=seed)
    return x @ x.mT + np.diag(np.arange(1.0, shape[-1] + 1))


A = well_posed(3, 3)
S = symmetric(3, 3)

MATRICES: dict[Callable[..., Any], list[Example]] = {
    ops.matmul: [
        of_shapes("ordinary", (3,), (3,)),
        of_shapes("ordinary", (2, 3), (3,)),
        of_shapes("ordinary", (3,), (3, 2)),
        of_shapes("ordinary", (2, 3), (3, 4)),
        of_shapes("ordinary", (2, 2, 3), (2, 3, 2)),
        of_shapes("broadcast", (2, 2, 3), (3, 2)),
        of_shapes("broadcast", (2, 3), (2, 3, 2)),
        of_shapes("broadcast", (2, 1, 2, 3), (3, 3, 2)),
        of_shapes("broadcast", (1, 2, 3), (4, 3, 1)),
        of_shapes("broadcast", (3,), (2, 3, 2)),
        of_shapes("broadcast", (2, 2, 3), (3,)),
        of_shapes("broadcast", (3,), (2, 1, 3, 2)),
        of_shapes("empty", (0, 3), (3, 2)),
        of_shapes("empty", (2, 0), (0, 3)),
        of_shapes("empty", (0,), (0,)),
        of_shapes("empty", (0, 2, 3), (3, 2)),
        of_shapes("empty", (2, 2, 0), (0, 3)),
        Example("non-contiguous", (gaps(X23), gaps(points((3, 4), seed=1)))),
        Example("non-contiguous", (points((3, 2)).T, points((4, 3), seed=1).T)),
        Example("non-contiguous", (np.broadcast_to(points((3,)), (2, 3)).copy()[::-1], points((3, 2), seed=1))),
    ],
    ops.linear: [
        of_shapes("ordinary", (4, 3), (2, 3), (2,)),
        of_shapes("ordinary", (4, 3), (2, 3)),
        of_shapes("ordinary", (3,), (2, 3), (2,)),
        of_shapes("ordinary", (3,), (2, 3)),
        of_shapes("ordinary", (2, 2, 3), (2, 3), (2,)),
        of_shapes("empty", (0, 3), (2, 3), (2,)),
        of_shapes("empty", (4, 0), (2, 0), (2,)),
        of_shapes("empty", (4, 3), (0, 3), (0,)),
        of_shapes("empty", (0, 2, 3), (2, 3)),
        Example("non-contiguous", (gaps(points((4, 3))), gaps(points((2, 3), seed=1)), gaps(points((2,), seed=2)))),
    ],
    ops.addmm: [
        of_shapes("ordinary", (2, 4), (2, 3), (3, 4)),
        of_shapes("ordinary", (2, 4), (2, 3), (3, 4), beta=0.5, alpha=-2),
        of_shapes("ordinary", (2, 4), (2, 3), (3, 4), beta=0),
        of_shapes("ordinary", (2, 2, 4), (2, 2, 3), (2, 3, 4), alpha=0.3),
        of_shapes("broadcast", (4,), (2, 3), (3, 4)),
        of_shapes("broadcast", (), (2, 3), (3, 4), beta=2),
        of_shapes("broadcast", (2, 1), (2, 2, 3), (2, 3, 4)),
        of_shapes("empty", (2, 4), (2, 0), (0, 4)),
        of_shapes("empty", (4,), (0, 3), (3, 4)),
        Example("non-contiguous", (gaps(points((2, 4))), gaps(X23), gaps(points((3, 4), seed=1)))),
    ],
    ops.trace: [
        of_shapes("ordinary", (3, 3)),
        of_shapes("ordinary", (2, 4)),
        of_shapes("ordinary", (4, 1)),
        of_shapes("empty", (0, 3)),
        Example("non-contiguous", (gaps(X23),)),
    ],
    ops.cdist: [
        *[of_shapes("ordinary", (2, 3), (4, 3), p=p) for p in (2.0, 1.0, 3.0, 1.5, np.inf, 0.0)],
        of_shapes("ordinary", (2, 2, 3), (2, 3, 3)),
        of_shapes("ordinary", (2, 3), (4, 3), by_product=True),
        of_shapes("broadcast", (2, 1, 3), (1, 3, 3)),
        of_shapes("broadcast", (2, 3), (2, 2, 3), p=1.0),
        of_shapes("broadcast", (2, 3), (2, 2, 3), by_product=True),
        of_shapes("empty", (0, 3), (4, 3)),
        of_shapes("empty", (2, 0), (4, 0)),
        Example("non-contiguous", (gaps(X23), gaps(points((4, 3), seed=1)))),
        Example("non-contiguous", (gaps(X23), gaps(points((4, 3), seed=1))), {"by_product": True}),
    ],
    ops.solve: [
        Example("ordinary", (A, points((3, 2), seed=1))),
        Example("ordinary", (well_posed(2, 3, 3), points((2, 3, 1), seed=1))),
        Example("ordinary", (np.array([[2.5]]), points((1, 1), seed=1))),
        Example("broadcast", (A, points((2, 3, 1), seed=1))),
        Example("broadcast", (well_posed(2, 1, 2, 2), points((3, 2, 2), seed=1))),
        of_shapes("empty", (0, 0), (0, 2)),
        Example("empty", (A, np.zeros((3, 0)))),
        Example("non-contiguous", (gaps(A), gaps(points((3, 2), seed=1)))),
    ],
    ops.inv: [
        Example("ordinary", (A,)),
        Example("ordinary", (well_posed(2, 2, 2),)),
        Example("ordinary", (np.array([[-0.4]]),)),
        of_shapes("empty", (0, 0)),
        of_shapes("empty", (0, 2, 2)),
        Example("non-contiguous", (gaps(A),)),
    ],
    ops.det: [
        Example("ordinary", (A,)),
        Example("ordinary", (points((3, 3), seed=2),)),
        Example("ordinary", (well_posed(2, 2, 2),)),
        Example("ordinary", (np.array([[1.0, 2.0], [2.0, 4.0]]),)),  # has no inverse
        Example("ordinary", (np.stack([A, [[1.0, 2.0, 0.5], [0.5, -1.0, 3.0], [1.5, 1.0, 3.5]]]),)),  # the second: none
        Example("ordinary", (np.array([[-0.4]]),)),
        of_shapes("empty", (0, 0)),
        of_shapes("empty", (0, 2, 2)),
        Example("non-contiguous", (gaps(A),)),
    ],
    ops.svd: [
        of_shapes("ordinary", (3, 3)),
        of_shapes("ordinary", (2, 3)),
        of_shapes("ordinary", (4, 2)),
        of_shapes("ordinary", (2, 3, 2)),
        of_shapes("ordinary", (1, 1)),
        of_shapes("empty", (0, 2)),
        of_shapes("empty", (0, 2, 2)),
        Example("non-contiguous", (gaps(X23),)),
    ],
    ops.slogdet: [
        Example("ordinary", (A,)),
        Example("ordinary", (-A,)),
        Example("ordinary", (well_posed(2, 2, 2),)),
        Example("ordinary", (np.array([[-0.4]]),)),
        of_shapes("empty", (0, 0)),
        of_shapes("empty", (0, 2, 2)),
        Example("non-contiguous", (gaps(A),)),
    ],
    **{
        op: [
            Example("ordinary", (S,)),
            Example("ordinary", (symmetric(2, 2, 2),)),
            Example("ordinary", (symmetric(4, 4, seed=1),)),
            Example("ordinary", (np.array([[0.4]]),)),
            of_shapes("empty", (0, 0)),
            of_shapes("empty", (0, 2, 2)),
            Example("non-contiguous", (gaps(S),)),
        ]
        for op in (ops.cholesky, ops.eigh)
    },
    ops.qr: [
        Example("ordinary", (A,)),
        of_shapes("ordinary", (4, 2)),
        of_shapes("ordinary", (2, 3, 2)),
        of_shapes("ordinary", (3, 1)),
        of_shapes("empty", (2, 0)),
        of_shapes("empty", (0, 2, 2)),
        Example("non-contiguous", (gaps(A),)),
    ],
    ops.pinv: [
        Example("ordinary", (A,), {"rtol": 1e-12}),
        of_shapes("ordinary", (2, 3), rtol=1e-12),
        of_shapes("ordinary", (4, 2), rtol=1e-12),
        of_shapes("ordinary", (2, 3, 2), rtol=1e-12),
        of_shapes("empty", (0, 2, 2), rtol=1e-12),
        Example("non-contiguous", (gaps(X23),), {"rtol": 1e-12}),
    ],
}

EXCUSED_MATRICES: dict[tuple[Callable[..., Any], str], str] = {
    (op, "0-d"): "takes matrices"
    for op in (ops.matmul, ops.linear, ops.addmm, ops.trace, ops.cdist, ops.solve, ops.inv, ops.det, ops.slogdet,
               ops.cholesky, ops.eigh, ops.svd, ops.qr, ops.pinv)
}  # fmt: skip


# --- their values -----------------------------------------------------------------------------------------------------


def _product(x: Array, y: Array) -> Array:
    a, b = x.reshape(1, -1) if x.ndim == 1 else x, y.reshape(-1, 1) if y.ndim == 1 else y
    out = (a[..., :, :, None] * b[..., None, :, :]).sum(axis=-2)
    out = out[..., 0] if y.ndim == 1 else out
    return out[..., 0, :] if x.ndim == 1 and y.ndim > 1 else out[..., 0] if x.ndim == 1 else out


def each_matrix(function: Callable[..., Any]) -> Callable[..., Array]:
    """A function of mpmath's of one or two matrices, for all of a batch, in 50 digits."""

    def run(*xs: Array) -> Array:
        batch = np.broadcast_shapes(*(x.shape[:-2] for x in xs))
        stretched = [np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in xs]
        with mpmath.workdps(50):
            found = [function(*(mpmath.matrix(x[i].tolist()) for x in stretched)) for i in np.ndindex(*batch)]
            values = [np.array(y.tolist(), float) if isinstance(y, mpmath.matrix) else float(y) for y in found]
        return np.array(values).reshape((*batch, *np.shape(values[0])))

    return run


def unless_empty(function: Callable[..., Array], shape: Callable[..., tuple[int, ...]], fill: float = 0) -> Any:
    return lambda *xs: function(*xs) if all(x.size for x in xs) else np.full(shape(*xs), fill)


def _distance(x: Array, y: Array, p: float = 2.0, by_product: bool = False) -> Array:
    d = np.abs(x[..., :, None, :] - y[..., None, :, :])
    if p == np.inf:
        return d.max(-1)
    return (d > 0).sum(-1) * 1.0 if p == 0 else (d**p).sum(-1) ** (1 / p)


def signed_as(vectors: Array, like: Array) -> Array:
    """The columns with the signs that those of `like` have: which of the two LAPACK finds is left to it."""
    return vectors * np.where((vectors * like).sum(-2, keepdims=True) < 0, -1, 1)


def _eigen(x: Array) -> Array:
    """By the Jacobi method, in 50 digits."""

    def one(matrix: Any) -> Any:
        values, vectors = mpmath.eigsy(matrix)
        order = sorted(range(len(values)), key=lambda i: values[i])
        columns = [[values[i], *(vectors[j, i] for j in range(len(values)))] for i in order]
        return mpmath.matrix(columns).T

    out = each_matrix(one)(x)
    out[..., 1:, :] = signed_as(out[..., 1:, :], np.linalg.eigh(x).eigenvectors)
    return out


def _singular(x: Array) -> Array:
    """From the eigenvectors of xᵀx or xxᵀ, whichever is smaller."""
    k = min(x.shape[-2:])
    wide = x.shape[-2] < x.shape[-1]
    squares, vectors = np.linalg.eigh(x @ x.mT if wide else x.mT @ x)
    s, vectors = np.sqrt(np.abs(squares[..., None, ::-1])), vectors[..., ::-1]
    vectors = signed_as(vectors, np.linalg.svd(x).U if wide else np.linalg.svd(x).Vh.mT)
    others = (x.mT if wide else x) @ vectors / s
    u, v = (vectors, others) if wide else (others, vectors)
    return np.concatenate([u, s, v], -2)[..., :k]


def _orthogonal(x: Array) -> Array:
    """By the Gram-Schmidt process; the signs are LAPACK's."""
    q = np.zeros(x.shape)
    for i in range(x.shape[-1]):
        rest = x[..., i] - (q @ (q.mT @ x[..., i : i + 1]))[..., 0]
        q[..., i] = rest / np.sqrt((rest * rest).sum(-1, keepdims=True))
    q = signed_as(q, np.linalg.qr(x).Q)
    return np.concatenate([q, np.triu(q.mT @ x)], -2)


_determinant = unless_empty(each_matrix(mpmath.det), lambda x: x.shape[:-2], 1)
_pseudoinverse = each_matrix(
    lambda x: mpmath.inverse(x.T * x) * x.T if x.rows >= x.cols else x.T * mpmath.inverse(x * x.T)
)

VALUES_OF_MATRICES: dict[Callable[..., Any], Callable[..., Any]] = {
    ops.matmul: lambda x, y: _product(x, y),
    ops.linear: lambda x, w, *b: np.einsum("...i,oi->...o", x, w) + (b[0] if b else 0),
    ops.addmm: lambda c, x, y, beta=1, alpha=1: beta * c + alpha * _product(x, y),
    ops.trace: lambda x: sum(x[i, i] for i in range(min(x.shape))),
    ops.cdist: _distance,
    ops.solve: unless_empty(each_matrix(lambda a, b: mpmath.inverse(a) * b), lambda a, b: b.shape),
    ops.inv: unless_empty(each_matrix(mpmath.inverse), lambda x: x.shape),
    ops.det: lambda x: _determinant(x),
    ops.slogdet: lambda x: np.stack([np.sign(_determinant(x)), np.log(np.abs(_determinant(x)))]),
    ops.cholesky: unless_empty(each_matrix(mpmath.cholesky), lambda x: x.shape),
    ops.eigh: unless_empty(_eigen, lambda x: (*x.shape[:-2], x.shape[-1] + 1, x.shape[-1])),
    ops.qr: unless_empty(_orthogonal, lambda x: (*x.shape[:-2], sum(x.shape[-2:]), x.shape[-1])),
    ops.pinv: lambda x, rtol: _pseudoinverse(x) if x.size else np.zeros(x.mT.shape),
    ops.svd: unless_empty(_singular, lambda x: (*x.shape[:-2], sum(x.shape[-2:]) + 1, min(x.shape[-2:]))),
}
