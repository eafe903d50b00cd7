"""Matrix and vector products, and linear algebra functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import errors, ops
from ..dtypes import dtype as DType
from ..dtypes import numpy_dtype, promote
from .arguments import tensor_argument
from .arithmetic import Arithmetic, where
from .base import Number, TensorBase, apply, as_float, named, number_as, to_dtype, wrap
from .contraction import tensordot
from .shape import Shape

if TYPE_CHECKING:
    from .tensor import Tensor


class LinearAlgebra(Arithmetic, Shape):
    """Matrix and vector products."""

    __slots__ = ()

    def __matmul__(self, other: Any) -> Tensor:
        if isinstance(other, np.ndarray):
            other = wrap(other)
        return _product("matmul", self, other) if isinstance(other, TensorBase) else NotImplemented

    def matmul(self, other: Tensor) -> Tensor:
        """The matrix product self @ other.

        Args:
            other: its second to last dimension matches the last of self. A vector is a row on the left
                and a column on the right; leading dimensions are batch dimensions, and broadcast.

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
        """The batched matrix product: the product of each pair of matrices.

        Args:
            mat2: (B, K, M), if self is (B, N, K).

        >>> cutaway.ones(2, 1, 3).bmm(cutaway.ones(2, 3, 1)).shape
        torch.Size([2, 1, 1])
        """
        return named(_strict("bmm", self, mat2, 3, 3), "BmmBackward0")

    def mv(self, vec: Tensor) -> Tensor:
        """The product of a matrix and a vector.

        Args:
            vec: (M), if self is (N, M).

        >>> cutaway.tensor([[1., 2.], [3., 4.]]).mv(cutaway.tensor([1., 1.]))
        tensor([3., 7.])
        """
        return _strict("mv", self, vec, 2, 1)

    def dot(self, tensor: Tensor) -> Tensor:
        """The dot product of two vectors.

        >>> cutaway.tensor([1., 2.]).dot(cutaway.tensor([3., 4.]))
        tensor(11.)
        """
        return _strict("dot", self, tensor, 1, 1)

    def outer(self, vec2: Tensor) -> Tensor:
        """The outer product of two vectors.

        >>> cutaway.tensor([1, 2]).outer(cutaway.tensor([3, 4]))
        tensor([[3, 4],
                [6, 8]])
        """
        if self._array.ndim != 1 or tensor_argument(vec2, "outer")._array.ndim != 1:
            raise errors.product_of_wrong_ndim("outer", self._array.shape, vec2._array.shape, 1, 1)
        return self.reshape(-1, 1) * vec2

    def inner(self, other: Tensor) -> Tensor:
        """The inner product along the last dimension of both; for vectors, the dot product.

        Args:
            other: its last dimension has the size of self's.

        Returns:
            A tensor with self's remaining dimensions, then those of other.

        >>> cutaway.tensor([[1., 2.], [3., 4.]]).inner(cutaway.tensor([1., 1.]))
        tensor([3., 7.])
        """
        own, others = self._array.shape, tensor_argument(other, "inner")._array.shape
        if not own or not others:
            return self * other
        if own[-1] != others[-1]:
            raise errors.inner_mismatch(own, others)
        return tensordot(self, other, ([-1], [-1]))  # type: ignore[arg-type]

    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * self + alpha * (mat1 @ mat2): what a linear layer computes.

        Args:
            mat1: (N, K).
            mat2: (K, M).
            beta: a factor for self, which broadcasts to (N, M). With 0, self is ignored.
            alpha: a factor for the product.

        Raises:
            RuntimeError: the shapes or the dtypes do not fit.

        >>> bias, x, weight = cutaway.tensor([1., 2.]), cutaway.ones(1, 3), cutaway.ones(3, 2)
        >>> bias.addmm(x, weight)
        tensor([[4., 5.]])
        """
        return _added("addmm", self, mat1, mat2, beta, alpha, 2)

    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
        """beta * self + alpha * (batch1 @ batch2), for batches of matrices.

        Args:
            batch1: (B, N, K).
            batch2: (B, K, M).
            beta: a factor for self, which broadcasts to (B, N, M). With 0, self is ignored.
            alpha: a factor for the product.

        >>> cutaway.zeros(1).baddbmm(cutaway.ones(1, 2, 3), cutaway.ones(1, 3, 1), alpha=2)
        tensor([[[6.],
                 [6.]]])
        """
        return _added("baddbmm", self, batch1, batch2, beta, alpha, 3)

    def trace(self) -> Tensor:
        """The sum of a matrix's diagonal.

        >>> cutaway.tensor([[1., 2.], [3., 4.]]).trace()
        tensor(5.)
        """
        if self._array.ndim != 2:
            raise errors.not_one_matrix("trace", self._array.shape)
        if self._array.dtype.kind == "b":
            raise errors.not_for_dtype("trace", self._array.dtype.name, "numbers: x.int()")
        return apply(ops.trace, self if self._array.dtype.kind == "f" else to_dtype(self, np.dtype(np.int64)))

    def dist(self, other: Tensor, p: float = 2) -> Tensor:
        """The p-norm of self - other.

        Args:
            other: a tensor that broadcasts with self.
            p: 2 for the Euclidean distance.

        >>> cutaway.tensor([3., 4.]).dist(cutaway.zeros(2))
        tensor(5.)
        """
        difference: Any = self - tensor_argument(other, "dist")
        return named(difference.norm(p), "DistBackward0")

    def cov(self, *, correction: int = 1) -> Tensor:
        """The covariance matrix of variables, of which each has a row of observations.

        Args:
            correction: divide by the number of observations minus this.

        >>> cutaway.tensor([[0., 1., 2.], [2., 1., 0.]]).cov()
        tensor([[ 1., -1.],
                [-1.,  1.]])
        """
        if self._array.ndim > 2:
            raise errors.not_one_matrix("cov", self._array.shape)
        rows = as_float(self).reshape(-1, self._array.shape[-1] if self._array.ndim else 1)
        rows = rows - rows.mean(1, keepdim=True)
        products = (rows @ rows.mT) / max(rows.shape[1] - correction, 0)
        return products if self._array.ndim == 2 else products.squeeze()

    def det(self) -> Tensor:
        """The determinant, as `linalg.det`.

        >>> cutaway.tensor([[2., 1.], [1., 3.]]).det()
        tensor(5.)
        """
        return apply(ops.det, square("linalg.det", self))

    def slogdet(self) -> SlogdetResult:
        """The sign and the logarithm of the absolute value of the determinant, as `linalg.slogdet`.

        >>> cutaway.tensor([[0., 2.], [1., 0.]]).slogdet()
        torch.return_types.linalg_slogdet(
        sign=tensor(-1.),
        logabsdet=tensor(0.6931))
        """
        stacked = apply(ops.slogdet, square("linalg.slogdet", self))
        return SlogdetResult(*(named(stacked[i], "LinalgSlogdetBackward0") for i in range(2)))

    def logdet(self) -> Tensor:
        """The logarithm of the determinant; nan where that is negative. It may itself be too large for a float.

        >>> cutaway.tensor([[2., 1.], [1., 3.]]).logdet()
        tensor(1.6094)
        """
        sign, size = self.slogdet()
        return where(sign == -1, float("nan"), size)  # type: ignore[no-any-return]

    def inverse(self) -> Tensor:
        """The inverse matrix, as `linalg.inv`.

        >>> cutaway.tensor([[2., 1.], [1., 1.]]).inverse()
        tensor([[ 1., -1.],
                [-1.,  2.]])
        """
        return answer(ops.inv, square("linalg.inv", self))


class SlogdetResult(NamedTuple):
    """The result of `slogdet`."""

    sign: Any
    logabsdet: Any

    def __repr__(self) -> str:
        return shown("linalg_slogdet", self)


def shown(name: str, result: Any) -> str:
    """A named tuple, printed as PyTorch prints it."""
    return f"torch.return_types.{name}(\n" + ",\n".join(f"{k}={v!r}" for k, v in result._asdict().items()) + ")"


def _product(name: str, x: TensorBase, y: Any) -> Tensor:
    if x._array.dtype is not tensor_argument(y, name)._array.dtype and x._array.dtype != y._array.dtype:
        raise errors.dtypes_differ(name, x.dtype, y.dtype)
    if x._array.dtype.kind == "b":
        raise errors.not_for_dtype(name, "bool", "numbers: x.int() @ y.int()")
    return apply(ops.matmul, x, y)


def _strict(name: str, x: TensorBase, y: Any, left: int, right: int) -> Tensor:
    """A product that is defined only for operands with these numbers of dimensions."""
    a, b = x._array.shape, tensor_argument(y, name)._array.shape
    if len(a) != left or len(b) != right:
        raise errors.product_of_wrong_ndim(name, a, b, left, right)
    if left == 3 and a[0] != b[0]:
        raise errors.batches_differ(name, a, b)
    return _product(name, x, y)


def _added(name: str, c: TensorBase, x: Any, y: Any, beta: Number, alpha: Number, ndim: int) -> Tensor:
    """A matrix product, or a batched one, added to c."""
    for which, factor in (("the first factor", x), ("the second factor", y)):
        if tensor_argument(factor, name)._array.ndim != ndim:
            raise errors.factor_of_wrong_ndim(name, factor._array.shape, ndim, which)
        if factor._array.dtype != c._array.dtype:
            raise errors.dtypes_differ(name, c.dtype, factor.dtype)
    if c._array.dtype.kind == "b":
        raise errors.not_for_dtype(name, "bool", "numbers: x.int()")
    a, b = x._array.shape, y._array.shape
    if a[-1] != b[-2] or a[:-2] != b[:-2]:
        raise errors.factors_mismatch(name, a, b)
    product = (*a[:-1], b[-1])
    if not all(n in (1, m) for n, m in zip(reversed(c._array.shape), reversed(product))) or c._array.ndim > ndim:
        raise errors.summand_mismatch(name, c._array.shape, product)
    beta, alpha = (number_as(factor, c._array.dtype) for factor in (beta, alpha))
    return apply(ops.addmm, c, x, y, beta=beta, alpha=alpha)


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None) -> Tensor:
    """The p-norm distance of each pair of points from two sets.

    Args:
        x1: (*, P, M), a point in each row.
        x2: (*, R, M).
        p: the norm: 2 for the Euclidean distance, 1 for the Manhattan distance, inf for the maximum, 0 for the
            number of coordinates that differ.
        compute_mode: when a matrix product computes Euclidean distances: "use_mm_for_euclid_dist_if_necessary", if
            either set has more than 25 points (the default), "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist".

    Returns:
        (*, P, R).

    Raises:
        RuntimeError: the shapes do not fit, or the dtype is an integer dtype.
        ValueError: there is no such compute_mode.

    Where two points coincide, the distance is not differentiable: the gradient there is 0.

    >>> cutaway.cdist(cutaway.tensor([[0., 0.]]), cutaway.tensor([[3., 4.], [0., 1.]]))
    tensor([[5., 1.]])
    """
    for x in (x1, x2):
        if tensor_argument(x, "cdist")._array.ndim < 2:
            raise errors.needs_matrix("cdist", x.shape)
        if x._array.dtype.kind != "f":
            raise errors.needs_real_numbers("cdist", x.dtype)
    if x1._array.dtype != x2._array.dtype:
        raise errors.dtypes_differ("cdist", x1.dtype, x2.dtype)
    if x1.shape[-1] != x2.shape[-1]:
        raise errors.columns_differ(x1.shape, x2.shape)
    if p < 0:
        raise errors.negative_norm(p)
    by_product = {
        "use_mm_for_euclid_dist_if_necessary": max(x1.shape[-2], x2.shape[-2]) > 25,
        "use_mm_for_euclid_dist": True,
        "donot_use_mm_for_euclid_dist": False,
    }
    mode = "use_mm_for_euclid_dist_if_necessary" if compute_mode is None else compute_mode
    if mode not in by_product:
        raise ValueError(f"cdist: {mode} is not a valid value for compute_mode: write one of {', '.join(by_product)}")
    if p == 2 and by_product[mode] and x1._array.size and x2._array.size:
        return apply(ops.cdist, x1, x2, by_product=True)
    return apply(ops.cdist, x1, x2, p=float(p))


def singular_values(x: TensorBase) -> Tensor:
    """The singular values of a matrix in descending order, or of each matrix of a batch."""
    return answer(ops.svd, x)[..., x._array.shape[-2], :]


def answer(op: Callable[..., Any], a: Any, *rest: Any, **attrs: Any) -> Tensor:
    """The result of a decomposition op; raises if it does not exist.

    NumPy detects that by a floating-point flag of the processor. WebAssembly has no such flag, and the result is nan.
    """
    x = apply(op, a, *rest, **attrs)
    with np.errstate(invalid="ignore"):
        needs_inverse = op in (ops.inv, ops.solve)
        if np.isnan(x._array).any() and (not needs_inverse or (np.linalg.slogdet(a._array).sign == 0).any()):
            raise errors.no_answer(op.__name__, a._array)
    return x


def fractions(name: str, x: Any, dtype: DType | None = None) -> Any:
    """x, a floating-point tensor, converted to dtype; raises if that is narrower."""
    own = tensor_argument(x, name)._array.dtype
    if own.kind != "f":
        raise errors.needs_real_numbers(name, x.dtype)
    target = numpy_dtype(dtype, own)
    if promote(own, target) != target:
        raise errors.narrower_dtype(name, x.dtype, dtype)
    return to_dtype(x, target)


def decomposable(name: str, x: Any) -> Any:
    """x, validated for LAPACK decompositions, which need 32 bits or more."""
    if x._array.dtype == np.float16:
        raise errors.not_for_dtype(name, "float16", "numbers of 32 bits or more: x.float()")
    return x


def matrices(name: str, x: Any) -> Any:
    """x, validated as a matrix or a batch of them."""
    if tensor_argument(x, name).ndim < 2:
        raise errors.needs_matrix(name, x.shape)
    return decomposable(name, fractions(name, x))


def square(name: str, x: Any) -> Any:
    """x, validated as a square matrix or a batch of them."""
    x = matrices(name, x)
    if x.shape[-1] != x.shape[-2]:
        raise errors.not_square(name, x.shape)
    return x
