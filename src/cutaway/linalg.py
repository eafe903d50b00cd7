"""torch.linalg: norms, inverses, determinants, and systems of linear equations.

Each function takes a matrix or a batch of matrices, in the last two dimensions, as in PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import errors, ops
from .errors import LinAlgError, absent
from .tensors import Tensor
from .tensors.arguments import tensor_argument
from .tensors.base import apply
from .tensors.linalg import answer
from .tensors.norms import decomposable, fractions, matrix_norm, norm, vector_norm

__all__ = ["LinAlgError", "det", "inv", "matrix_norm", "norm", "solve", "vector_norm"]


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
    return answer(ops.inv, _square("linalg.inv", A))


def det(A: Tensor) -> Tensor:
    """The determinant: the signed factor by which A scales volumes.

    Args:
        A: (*, N, N).

    Returns:
        (*).

    >>> torch.linalg.det(torch.tensor([[2., 1.], [1., 3.]]))
    tensor(5.)
    """
    return apply(ops.det, _square("linalg.det", A))


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
    a, b = _square("linalg.solve", A), tensor_argument(B, "linalg.solve")
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


def _square(name: str, x: Any) -> Any:
    if tensor_argument(x, name).ndim < 2:
        raise errors.needs_matrix(name, x.shape)
    if x.shape[-1] != x.shape[-2]:
        raise errors.not_square(name, x.shape)
    return decomposable(name, fractions(name, x))


if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.linalg")
