"""Products of vectors and matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, ops
from .arguments import tensor_argument
from .arithmetic import Arithmetic
from .base import TensorBase, apply, wrap
from .shape import Shape

if TYPE_CHECKING:
    from .tensor import Tensor


class LinearAlgebra(Arithmetic, Shape):
    """Products of vectors and matrices."""

    __slots__ = ()

    def __matmul__(self, other: Any) -> Tensor:
        if isinstance(other, np.ndarray):
            other = wrap(other)
        return _product("matmul", self, other) if isinstance(other, TensorBase) else NotImplemented

    def __rmatmul__(self, other: Any) -> Tensor:
        return _product("matmul", wrap(other), self) if isinstance(other, np.ndarray) else NotImplemented

    def matmul(self, other: Tensor) -> Tensor:
        """The matrix product self @ other.

        Args:
            other: with the last dimension of self as its second to last. Vectors are rows on the left
                and columns on the right; further dimensions in front are a batch, and broadcast.

        Raises:
            RuntimeError: the shapes or the dtypes do not fit.

        >>> cutaway.tensor([[1., 2.], [3., 4.]]).matmul(cutaway.tensor([1., 1.]))
        tensor([3., 7.])
        """
        return _product("matmul", self, other)

    def mm(self, mat2: Tensor) -> Tensor:
        """The product of two matrices.

        Args:
            mat2: (K, M), if self is (N, K).

        >>> cutaway.tensor([[1., 2.]]).mm(cutaway.tensor([[3.], [4.]]))
        tensor([[11.]])
        """
        return _strict("mm", self, mat2, 2, 2)

    def bmm(self, mat2: Tensor) -> Tensor:
        """The products of two batches of matrices, one by one.

        Args:
            mat2: (B, K, M), if self is (B, N, K).

        >>> cutaway.ones(2, 1, 3).bmm(cutaway.ones(2, 3, 1)).shape
        torch.Size([2, 1, 1])
        """
        return _strict("bmm", self, mat2, 3, 3)

    def mv(self, vec: Tensor) -> Tensor:
        """The product of a matrix and a vector.

        Args:
            vec: (M), if self is (N, M).

        >>> cutaway.tensor([[1., 2.], [3., 4.]]).mv(cutaway.tensor([1., 1.]))
        tensor([3., 7.])
        """
        return _strict("mv", self, vec, 2, 1)

    def dot(self, tensor: Tensor) -> Tensor:
        """The sum of the products of two vectors' elements.

        >>> cutaway.tensor([1., 2.]).dot(cutaway.tensor([3., 4.]))
        tensor(11.)
        """
        return _strict("dot", self, tensor, 1, 1)

    def outer(self, vec2: Tensor) -> Tensor:
        """The products of every element of one vector with every element of another.

        >>> cutaway.tensor([1, 2]).outer(cutaway.tensor([3, 4]))
        tensor([[3, 4],
                [6, 8]])
        """
        if self._array.ndim != 1 or tensor_argument(vec2, "outer")._array.ndim != 1:
            raise errors.product_of_wrong_ndim("outer", self._array.shape, vec2._array.shape, 1, 1)
        return self.reshape(-1, 1) * vec2


def _product(name: str, x: TensorBase, y: Any) -> Tensor:
    if x._array.dtype is not tensor_argument(y, name)._array.dtype and x._array.dtype != y._array.dtype:
        raise errors.dtypes_differ(name, x.dtype, y.dtype)
    return apply(ops.matmul, x, y)


def _strict(name: str, x: TensorBase, y: Any, left: int, right: int) -> Tensor:
    """A product that exists for so many dimensions on the left and on the right only."""
    a, b = x._array.shape, tensor_argument(y, name)._array.shape
    if len(a) != left or len(b) != right:
        raise errors.product_of_wrong_ndim(name, a, b, left, right)
    if left == 3 and a[0] != b[0]:
        raise errors.batches_differ(name, a, b)
    return _product(name, x, y)
