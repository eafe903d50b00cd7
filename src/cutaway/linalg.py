"""torch.linalg: norms, inverses, determinants, systems of linear equations, and decompositions.

Each function takes a matrix or a batch of matrices, in the last two dimensions, as in PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import errors, ops
from .errors import LinAlgError, absent
from .ops.decompositions import symmetric
from .tensors import Tensor, cat
from .tensors.arguments import tensor_argument
from .tensors.base import named, wrap
from .tensors.linalg import SlogdetResult, answer, matrices, shown, singular_values, square
from .tensors.norms import matrix_norm, norm, vector_norm

__all__ = [
    "LinAlgError", "cholesky", "det", "eigh", "eigvalsh", "inv", "matrix_norm", "norm", "pinv", "qr", "slogdet",
    "solve", "solve_triangular", "svd", "svdvals", "vector_norm",
]  # fmt: skip


class EighResult(NamedTuple):
    """The result of `eigh`."""

    eigenvalues: Any
    eigenvectors: Any

    def __repr__(self) -> str:
        return shown("linalg_eigh", self)


class SvdResult(NamedTuple):
    """The result of `svd`."""

    U: Any
    S: Any
    Vh: Any

    def __repr__(self) -> str:
        return shown("linalg_svd", self)


class QrResult(NamedTuple):
    """The result of `qr`."""

    Q: Any
    R: Any

    def __repr__(self) -> str:
        return shown("linalg_qr", self)


def inv(A: Tensor) -> Tensor:
    """The inverse: the matrix with inv(A) @ A = 1.

    Args:
        A: (*, N, N).

    Raises:
        LinAlgError: a matrix has no inverse.
        RuntimeError: A is not square, or has an integer dtype.

    To solve a linear system, `solve` is faster and more accurate.

    >>> torch.linalg.inv(torch.tensor([[2., 1.], [1., 1.]]))
    tensor([[ 1., -1.],
            [-1.,  2.]])
    """
    return tensor_argument(A, "linalg.inv").inverse()  # type: ignore[no-any-return]


def det(A: Tensor) -> Tensor:
    """The determinant: the signed factor by which A scales volumes.

    Args:
        A: (*, N, N).

    Returns:
        (*).

    >>> torch.linalg.det(torch.tensor([[2., 1.], [1., 3.]]))
    tensor(5.)
    """
    return tensor_argument(A, "linalg.det").det()  # type: ignore[no-any-return]


def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """Solve the linear system A @ X = B, for one or several right-hand sides.

    Args:
        A: (*, N, N).
        B: (*, N, K), or a vector (N); or (*, N), one vector for each matrix of A.
        left: False solves X @ A = B, with B of shape (*, K, N).

    Raises:
        LinAlgError: A is singular.
        RuntimeError: the shapes or the dtypes do not fit.

    >>> torch.linalg.solve(torch.tensor([[2., 1.], [1., 1.]]), torch.tensor([5., 3.]))
    tensor([2., 1.])
    """
    a, b = square("linalg.solve", A), tensor_argument(B, "linalg.solve")
    if a.dtype != b.dtype:
        raise errors.dtypes_differ("linalg.solve", a.dtype, b.dtype)
    is_vector = b.ndim == 1 or (b.ndim == a.ndim - 1 and b.shape == a.shape[:-1])
    b = b.unsqueeze(-1) if is_vector else b
    if not left and not is_vector:
        return solve(a.mT, b.mT).mT
    if b.ndim < 2 or b.shape[-2] != a.shape[-1]:
        raise errors.cannot_solve(a.shape, B.shape)
    x = answer(ops.solve, a, b)
    return x.squeeze(-1) if is_vector else x


def slogdet(A: Tensor) -> SlogdetResult:
    """The sign and the logarithm of the absolute value of the determinant, which may itself be too large for a float.

    Args:
        A: (*, N, N).

    Returns:
        A named tuple (sign, logabsdet), each of shape (*). The gradient of the sign is 0.

    >>> sign, logabsdet = torch.linalg.slogdet(torch.tensor([[0., 2.], [1., 0.]]))
    >>> sign * logabsdet.exp()
    tensor(-2.)
    """
    return tensor_argument(A, "linalg.slogdet").slogdet()  # type: ignore[no-any-return]


def solve_triangular(A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """Solve A @ X = B for a triangular matrix A.

    Args:
        A: (*, N, N). The other triangle is ignored.
        B: (*, N, K).
        upper: whether A is upper triangular.
        left: False solves X @ A = B.
        unitriangular: take the diagonal to be 1, whatever it holds.

    >>> torch.linalg.solve_triangular(torch.tensor([[2., 0.], [1., 1.]]), torch.tensor([[4.], [3.]]), upper=False)
    tensor([[2.],
            [1.]])
    """
    x, b = square("linalg.solve_triangular", A), matrices("linalg.solve_triangular", B)
    if b.ndim < x.ndim:  # solve() would take (N, N) for N vectors
        b = b.expand(*x.shape[: x.ndim - b.ndim], *b.shape)
    triangle = (x.triu if upper else x.tril)(int(upper) - int(not upper) if unitriangular else 0)
    if unitriangular:
        triangle = triangle + wrap(np.eye(x.shape[-1], dtype=x._array.dtype))
    return solve(triangle, b, left=left)


def cholesky_solve(input: Tensor, input2: Tensor, upper: bool = False) -> Tensor:
    """Solve A @ X = B, given the Cholesky factor of A. PyTorch's torch.cholesky_solve.

    Args:
        input: B, (*, N, K).
        input2: the factor L, (*, N, N), with L @ L.mT = A.
        upper: whether L is upper triangular instead, with L.mT @ L = A.

    >>> A, b = torch.tensor([[2., 1.], [1., 1.]]), torch.tensor([[5.], [3.]])
    >>> torch.cholesky_solve(b, torch.linalg.cholesky(A))
    tensor([[2.],
            [1.]])
    """
    lower = input2.mT if upper else input2
    return solve_triangular(lower.mT, solve_triangular(lower, input, upper=False), upper=True)


def pinv(A: Tensor, rtol: float | None = None, *, hermitian: bool = False) -> Tensor:
    """The pseudoinverse, from the singular values: pinv(A) @ b is the least squares solution of A @ x = b.

    Args:
        A: (*, M, N).
        rtol: singular values below rtol times the largest count as 0. None: max(M, N) times the dtype's eps.
        hermitian: ignored; it selects an algorithm for symmetric matrices.

    Returns:
        (*, N, M).

    >>> torch.linalg.pinv(torch.tensor([[3.], [4.]]))
    tensor([[0.1200, 0.1600]])
    """
    x = matrices("linalg.pinv", A)
    if rtol is None:
        rtol = max(x.shape[-2:]) * float(np.finfo(x._array.dtype).eps)
    return answer(ops.pinv, x, rtol=rtol)


# --- decompositions ------------------------------------------------------------------------------------------------


def cholesky(A: Tensor, *, upper: bool = False) -> Tensor:
    """The Cholesky factor of a symmetric positive definite matrix: the lower triangular L with L @ L.mT = A.

    Args:
        A: (*, N, N), such as a covariance. Only its lower triangle is read, or with upper its upper one.
        upper: return L.mT instead.

    Raises:
        LinAlgError: A is not positive definite.
        RuntimeError: A is not square, or has an integer dtype.

    >>> torch.linalg.cholesky(torch.tensor([[4., 2.], [2., 5.]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    lower = answer(ops.cholesky, _from_triangle(square("linalg.cholesky", A), upper))
    return lower.mT if upper else lower


def eigh(A: Tensor, UPLO: str = "L") -> EighResult:
    """The eigenvalues and eigenvectors of a symmetric matrix.

    Args:
        A: (*, N, N). Only one of its triangles is read.
        UPLO: which one: "L", the lower, or "U".

    Returns:
        A named tuple (eigenvalues, eigenvectors): (*, N) in ascending order, and (*, N, N), an eigenvector in each
        column. Both v and -v are eigenvectors: which one this is may differ from PyTorch, and between machines.

    Raises:
        RuntimeError: A is not square, or has an integer dtype.

    The gradient of an eigenvector is nan or infinite if its eigenvalue occurs twice: then it is not unique.

    >>> values, vectors = torch.linalg.eigh(torch.tensor([[2., 1.], [1., 2.]]))
    >>> values
    tensor([1., 3.])
    >>> vectors[:, 1].abs()
    tensor([0.7071, 0.7071])
    """
    x = answer(ops.eigh, _from_triangle(square("linalg.eigh", A), UPLO.upper() == "U"))
    name = "LinalgEighBackward0"
    return EighResult(named(x[..., 0, :], name), named(x[..., 1:, :], name))


def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of a symmetric matrix in ascending order, with the arguments of `eigh`.

    >>> torch.linalg.eigvalsh(torch.tensor([[2., 1.], [1., 2.]]))
    tensor([1., 3.])
    """
    return eigh(A, UPLO).eigenvalues  # type: ignore[no-any-return]


def svd(A: Tensor, full_matrices: bool = True) -> SvdResult:
    """The singular value decomposition A = U @ diag(S) @ Vh.

    Args:
        A: (*, M, N).
        full_matrices: False leaves out the columns of U, or the rows of Vh, that no singular value belongs to. They
            have no gradient.

    Returns:
        A named tuple (U, S, Vh): (*, M, M) or (*, M, K), (*, K) in descending order, and (*, N, N) or (*, K, N), with
        K = min(M, N). The sign of a column of U, and of the row of Vh that belongs to it, may differ from PyTorch, and
        between machines.

    Raises:
        LinAlgError: A holds nan or infinity.
        RuntimeError: A has an integer dtype, or is not a matrix.

    The gradient of U and Vh is nan or infinite if a singular value occurs twice: then they are not unique.

    >>> A = torch.tensor([[3., 0.], [4., 0.], [0., 2.]])
    >>> U, S, Vh = torch.linalg.svd(A, full_matrices=False)
    >>> S
    tensor([5., 2.])
    >>> torch.allclose(U * S @ Vh, A, atol=1e-6)
    True
    """
    x = matrices("linalg.svd", A)
    m, n = x.shape[-2:]
    stacked = answer(ops.svd, x)
    parts = stacked[..., :m, :], stacked[..., m, :], stacked[..., m + 1 :, :]
    u, s, v = (named(part, "LinalgSvdBackward0") for part in parts)
    if full_matrices and m != n:
        full = np.linalg.svd(x._array)
        u = cat([u, wrap(full.U[..., n:])], -1)
        v = cat([v, wrap(full.Vh.swapaxes(-1, -2)[..., m:])], -1)
    return SvdResult(u, s, v.mT)


def svdvals(A: Tensor) -> Tensor:
    """The singular values of a matrix in descending order.

    Args:
        A: (*, M, N).

    Returns:
        (*, K), with K = min(M, N).

    >>> torch.linalg.svdvals(torch.tensor([[3., 0.], [4., 0.]]))
    tensor([5., 0.])
    """
    return singular_values(matrices("linalg.svdvals", A))


def qr(A: Tensor, mode: str = "reduced") -> QrResult:
    """The QR decomposition A = Q @ R.

    Args:
        A: (*, M, N).
        mode: "reduced".

    Returns:
        A named tuple (Q, R): (*, M, K) with orthonormal columns, and (*, K, N), upper triangular, with K = min(M, N).

    Raises:
        RuntimeError: A has an integer dtype, or is not a matrix; or another mode.

    >>> Q, R = torch.linalg.qr(torch.tensor([[3., 1.], [4., 2.]]))
    >>> torch.allclose(Q @ R, torch.tensor([[3., 1.], [4., 2.]]))
    True
    """
    if mode != "reduced":
        raise errors.unknown_qr(mode)
    x = matrices("linalg.qr", A)
    m, n = x.shape[-2:]
    stacked = answer(ops.qr, x[..., :m])  # Q is that of the first M columns
    q, r = (named(part, "LinalgQrBackward0") for part in (stacked[..., :m, :], stacked[..., m:, :]))
    return QrResult(q, r if m >= n else cat([r, q.mT @ x[..., m:]], -1))


def _from_triangle(x: Any, upper: bool) -> Any:
    """x changed so that its symmetric part is the matrix with this triangle of x; the gradient is as if it were x."""
    triangle = np.triu(x._array) if upper else np.tril(x._array)
    other = (np.triu(triangle, 1) if upper else np.tril(triangle, -1)).swapaxes(-1, -2)
    missing = triangle + other - symmetric(x._array)
    return x + wrap(missing) if missing.any() else x


if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.linalg")
