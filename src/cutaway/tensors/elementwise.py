"""Elementwise functions, and softmax, which normalizes along one dimension.

Functions with floating-point results, such as `exp`, convert integers to the default dtype first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, ops
from ..dtypes import dtype as DType
from ..dtypes import numpy_dtype
from .arguments import number_of, numpy_names
from .base import TensorBase, apply, as_float, axis_of, to_dtype, unary, wrap

if TYPE_CHECKING:
    from .tensor import Tensor


class Elementwise(TensorBase):
    """Elementwise functions, and softmax."""

    __slots__ = ()

    def __abs__(self) -> Tensor:
        return self.abs()

    def abs(self) -> Tensor:
        """The absolute value; its gradient at 0 is 0.

        >>> cutaway.tensor([-1.5, 2.]).abs()
        tensor([1.5000, 2.0000])
        """
        return apply(ops.abs, _not_bool("abs", self))

    absolute = abs

    def exp(self) -> Tensor:
        """e ** self.

        >>> cutaway.tensor([0., 1.]).exp()
        tensor([1.0000, 2.7183])
        """
        return unary(ops.exp, self)

    def expm1(self) -> Tensor:
        """exp(self) - 1, accurate for small self.

        >>> cutaway.tensor([0., 1e-6]).expm1()
        tensor([0.0000e+00, 1.0000e-06])
        """
        return unary(ops.expm1, self)

    def log(self) -> Tensor:
        """The natural logarithm; nan for negative elements, -inf for 0.

        >>> cutaway.tensor([1., 10., 0.]).log()
        tensor([0.0000, 2.3026,   -inf])
        """
        return unary(ops.log, self)

    def log1p(self) -> Tensor:
        """log(1 + self), accurate for small self.

        >>> cutaway.tensor([0., 1.]).log1p()
        tensor([0.0000, 0.6931])
        """
        return unary(ops.log1p, self)

    def log2(self) -> Tensor:
        """The logarithm to the base 2.

        >>> cutaway.tensor([1, 8]).log2()
        tensor([0., 3.])
        """
        return unary(ops.log2, self)

    def log10(self) -> Tensor:
        """The logarithm to the base 10.

        >>> cutaway.tensor([2, 3]).log10()
        tensor([0.3010, 0.4771])
        """
        return unary(ops.log10, self)

    def sqrt(self) -> Tensor:
        """The square root; nan for negative elements.

        >>> cutaway.tensor([4., 9.]).sqrt()
        tensor([2., 3.])
        """
        return unary(ops.sqrt, self)

    def rsqrt(self) -> Tensor:
        """1 / sqrt(self).

        >>> cutaway.tensor([4., 16.]).rsqrt()
        tensor([0.5000, 0.2500])
        """
        return unary(ops.rsqrt, self)

    def sin(self) -> Tensor:
        """The sine of an angle in radians.

        >>> cutaway.tensor([0., cutaway.pi / 2]).sin()
        tensor([0., 1.])
        """
        return unary(ops.sin, self)

    def cos(self) -> Tensor:
        """The cosine of an angle in radians.

        >>> cutaway.tensor([0., cutaway.pi]).cos()
        tensor([ 1., -1.])
        """
        return unary(ops.cos, self)

    def tan(self) -> Tensor:
        """The tangent of an angle in radians.

        >>> cutaway.tensor([0., 0.5]).tan()
        tensor([0.0000, 0.5463])
        """
        return unary(ops.tan, self)

    def asin(self) -> Tensor:
        """The angle between -π/2 and π/2 whose sine is self; nan outside of -1 to 1.

        >>> cutaway.tensor([0., 1., 2.]).asin()
        tensor([0.0000, 1.5708,    nan])
        """
        return unary(ops.asin, self)

    def acos(self) -> Tensor:
        """The angle between 0 and π whose cosine is self; nan outside of -1 to 1.

        >>> cutaway.tensor([0., 1., 2.]).acos()
        tensor([1.5708, 0.0000,    nan])
        """
        return unary(ops.acos, self)

    def atan(self) -> Tensor:
        """The angle between -π/2 and π/2 whose tangent is self.

        >>> cutaway.tensor([0., 1.]).atan()
        tensor([0.0000, 0.7854])
        """
        return unary(ops.atan, self)

    def sinh(self) -> Tensor:
        """The hyperbolic sine, (exp(self) - exp(-self)) / 2.

        >>> cutaway.tensor([0., 1.]).sinh()
        tensor([0.0000, 1.1752])
        """
        return unary(ops.sinh, self)

    def cosh(self) -> Tensor:
        """The hyperbolic cosine, (exp(self) + exp(-self)) / 2.

        >>> cutaway.tensor([0., 1.]).cosh()
        tensor([1.0000, 1.5431])
        """
        return unary(ops.cosh, self)

    def tanh(self) -> Tensor:
        """The hyperbolic tangent, between -1 and 1.

        >>> cutaway.tensor([-1., 0., 1.]).tanh()
        tensor([-0.7616,  0.0000,  0.7616])
        """
        return unary(ops.tanh, self)

    def sigmoid(self) -> Tensor:
        """1 / (1 + exp(-self)), between 0 and 1.

        >>> cutaway.tensor([-1., 0., 1.]).sigmoid()
        tensor([0.2689, 0.5000, 0.7311])
        """
        return unary(ops.sigmoid, self)

    def logit(self, eps: float | None = None) -> Tensor:
        """log(self / (1 - self)), the inverse of `sigmoid`.

        Args:
            eps: clamp self to [eps, 1 - eps] first, so that the result is finite.

        >>> cutaway.tensor([0.5, 0.9, 1.]).logit()
        tensor([0.0000, 2.1972,    inf])
        """
        return apply(ops.logit, as_float(self), eps=None if eps is None else number_of(eps))

    def relu(self) -> Tensor:
        """self where it is positive, else 0. The gradient at 0 is 0.

        >>> cutaway.tensor([-1., 2.]).relu()
        tensor([0., 2.])
        """
        if self._array.dtype.kind == "b":
            raise errors.bool_arithmetic("relu(x)")
        return apply(ops.relu, self)

    def erf(self) -> Tensor:
        """The error function, 2/√π ∫₀ˣ exp(-t²) dt.

        >>> cutaway.tensor([0., 1.]).erf()
        tensor([0.0000, 0.8427])
        """
        return unary(ops.erf, self)

    def nan_to_num(self, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Tensor:
        """Replace nan and infinities by numbers.

        Args:
            nan: the replacement for nan; None for 0.
            posinf: for inf; None for the largest number of the dtype.
            neginf: for -inf; None for the smallest.

        >>> cutaway.tensor([1., cutaway.nan, cutaway.inf]).nan_to_num(posinf=100.)
        tensor([  1.,   0., 100.])
        """
        if self._array.dtype.kind != "f":
            return apply(ops.copy, self)  # integers are finite
        ends = np.finfo(self._array.dtype)
        top, bottom = (float(ends.max) if posinf is None else posinf, float(ends.min) if neginf is None else neginf)
        return apply(ops.nan_to_num, self, nan=0.0 if nan is None else nan, posinf=top, neginf=bottom)

    @numpy_names
    def softmax(self, dim: int, dtype: DType | None = None) -> Tensor:
        """exp(self) / its sum along dim: positive numbers that sum to 1.

        Args:
            dim: the dimension along which the results sum to 1.
            dtype: convert to this dtype first.

        Raises:
            NotImplementedError: self has an integer dtype, and no dtype was given.

        >>> cutaway.tensor([0., 0., 0., 0.]).softmax(dim=0)
        tensor([0.2500, 0.2500, 0.2500, 0.2500])
        """
        return _along(ops.softmax, self, dim, dtype)

    @numpy_names
    def log_softmax(self, dim: int, dtype: DType | None = None) -> Tensor:
        """log(softmax(self)), numerically stable.

        Args:
            dim: the dimension along which the probabilities sum to 1.
            dtype: convert to this dtype first.

        >>> cutaway.tensor([0., 1000.]).log_softmax(dim=0)
        tensor([-1000.,     0.])
        """
        return _along(ops.log_softmax, self, dim, dtype)

    # --- piecewise constant functions: their gradient is 0

    def sign(self) -> Tensor:
        """-1, 0 or 1. Its gradient is 0.

        >>> cutaway.tensor([-2., 0., 3.]).sign()
        tensor([-1.,  0.,  1.])
        """
        return apply(ops.sign, self) if self._array.dtype.kind != "b" else wrap(self._array.copy())

    def floor(self) -> Tensor:
        """The largest integer not above self. Its gradient is 0.

        >>> cutaway.tensor([-1.5, 1.5]).floor()
        tensor([-2.,  1.])
        """
        return _rounded(ops.floor, self)

    def ceil(self) -> Tensor:
        """The smallest integer not below self. Its gradient is 0.

        >>> cutaway.tensor([-1.5, 1.5]).ceil()
        tensor([-1.,  2.])
        """
        return _rounded(ops.ceil, self)

    def round(self, *, decimals: int = 0) -> Tensor:
        """The nearest integer, ties to even. Its gradient is 0.

        Args:
            decimals: the number of decimal places to keep.

        >>> cutaway.tensor([0.5, 1.5, 2.4]).round()
        tensor([0., 2., 2.])
        """
        return _rounded(ops.round, self, **({"decimals": decimals} if decimals else {}))

    def trunc(self) -> Tensor:
        """self rounded towards 0. Its gradient is 0.

        >>> cutaway.tensor([-1.5, 1.5]).trunc()
        tensor([-1.,  1.])
        """
        return _rounded(ops.trunc, self)


def _along(op: Callable[..., Any], x: TensorBase, dim: int, dtype: DType | None) -> Tensor:
    x = to_dtype(x, numpy_dtype(dtype, x._array.dtype))
    if x._array.dtype.kind != "f":
        raise errors.not_for_dtype(op.__name__, x.dtype.name, f"floating-point numbers: x.float().{op.__name__}({dim})")
    axis = axis_of(dim, x._array.ndim)
    if x._array.ndim == 0:  # treated as a vector of length 1
        return apply(ops.reshape, apply(op, apply(ops.reshape, x, shape=(1,)), axis=0), shape=())
    return apply(op, x, axis=axis)


def _rounded(op: Callable[..., Any], x: TensorBase, **attrs: Any) -> Tensor:
    if _not_bool(op.__name__, x)._array.dtype.kind == "f":
        return apply(op, x, **attrs)
    if attrs:
        raise errors.not_for_dtype("round with decimals", x.dtype.name, "floating-point numbers: x.float()")
    return wrap(np.copy(x._array))  # integers are rounded already


def _not_bool(name: str, x: TensorBase) -> TensorBase:
    if x._array.dtype.kind == "b":
        raise errors.not_for_dtype(name, "bool", "numbers: x.int()")
    return x
