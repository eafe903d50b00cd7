"""Elementwise arithmetic on two operands.

The operands are promoted to one dtype and broadcast first. Integers wrap around on overflow, as in
PyTorch; `/` of integers gives floating-point numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, ops
from ..dtypes import result_type, scalar_dtype
from ..ops.rounding import whole_power
from .arguments import number_for, number_of, plain, tensor_argument
from .base import (
    Number,
    Operand,
    TensorBase,
    apply,
    as_operand,
    binary,
    common_shape,
    is_operand,
    named,
    number_as,
    to_common_dtype,
    to_dtype,
    wrap,
)  # fmt: skip
from .data import array_of

if TYPE_CHECKING:
    from .tensor import Tensor


class Arithmetic(TensorBase):
    """Elementwise arithmetic on two operands."""

    __slots__ = ()

    # --- operators: x + y, 2 * x, ...

    def __add__(self, other: Operand) -> Tensor:
        return binary(ops.add, self, other)

    def __radd__(self, other: Operand) -> Tensor:
        return binary(ops.add, other, self)

    def __sub__(self, other: Operand) -> Tensor:
        return binary(ops.sub, self, other)

    def __rsub__(self, other: Operand) -> Tensor:
        return binary(ops.sub, other, self)

    def __mul__(self, other: Operand) -> Tensor:
        return binary(ops.mul, self, other)

    def __rmul__(self, other: Operand) -> Tensor:
        return binary(ops.mul, other, self)

    def __truediv__(self, other: Operand) -> Tensor:
        return _div(self, other)

    def __rtruediv__(self, other: Operand) -> Tensor:
        # PyTorch multiplies by the reciprocal: the last bit differs from a division's
        return self.reciprocal() * other if is_operand(other) else NotImplemented

    def __floordiv__(self, other: Operand) -> Tensor:
        return _rounded(ops.floor_divide, self, other) if is_operand(other) else NotImplemented

    def __rfloordiv__(self, other: Operand) -> Tensor:
        return _rounded(ops.floor_divide, other, self) if is_operand(other) else NotImplemented

    def __mod__(self, other: Operand) -> Tensor:
        return _rounded(ops.remainder, self, other) if is_operand(other) else NotImplemented

    def __rmod__(self, other: Operand) -> Tensor:
        return _rounded(ops.remainder, other, self) if is_operand(other) else NotImplemented

    def __pow__(self, other: Operand) -> Tensor:
        return _pow(self, other) if is_operand(other) else NotImplemented

    def __rpow__(self, other: Operand) -> Tensor:
        return _pow(other, self) if is_operand(other) else NotImplemented

    def __neg__(self) -> Tensor:
        if self._array.dtype.kind == "b":
            raise errors.bool_arithmetic("-x", "write ~x for not")
        return apply(ops.neg, self)

    def __pos__(self) -> Tensor:
        if self._array.dtype.kind == "b":
            raise errors.bool_arithmetic("+x")
        return self  # type: ignore[return-value]

    # --- the same as methods

    def add(self, other: Operand, *, alpha: Number = 1) -> Tensor:
        """self + alpha * other, element by element.

        Args:
            other: a tensor that broadcasts with self, or a number.
            alpha: a factor for other; an integer for integer tensors.

        Raises:
            RuntimeError: the shapes do not broadcast.

        >>> cutaway.tensor([1., 2.]).add(10)
        tensor([11., 12.])
        >>> cutaway.tensor([1., 2.]).add(cutaway.tensor([1., 1.]), alpha=-2)
        tensor([-1.,  0.])
        """
        return binary(ops.add, self, _scaled(self, other, alpha))

    def sub(self, other: Operand, *, alpha: Number = 1) -> Tensor:
        """self - alpha * other, element by element.

        Args:
            other: a tensor that broadcasts with self, or a number.
            alpha: a factor for other.

        >>> cutaway.tensor([1., 2.]).sub(cutaway.tensor([0.5, 0.5]))
        tensor([0.5000, 1.5000])
        """
        return binary(ops.sub, self, _scaled(self, other, alpha))

    subtract = sub

    def mul(self, other: Operand) -> Tensor:
        """self * other, element by element.

        >>> cutaway.tensor([1., 2.]).mul(3)
        tensor([3., 6.])
        """
        return binary(ops.mul, self, as_operand(other))

    multiply = mul

    def div(self, other: Operand, *, rounding_mode: str | None = None) -> Tensor:
        """self / other, element by element.

        Args:
            other: a tensor or a number. True division of integers gives floating-point numbers.
            rounding_mode: None; "floor" to round down; "trunc" to round towards zero.

        Raises:
            RuntimeError: rounded division of integers by 0.

        >>> cutaway.tensor([7, -7]).div(2)
        tensor([ 3.5000, -3.5000])
        >>> cutaway.tensor([7, -7]).div(2, rounding_mode="trunc")
        tensor([ 3, -3])
        """
        if rounding_mode is None:
            return _div(self, as_operand(other))
        if rounding_mode not in ("floor", "trunc"):
            raise errors.unknown_rounding_mode(rounding_mode)
        return _rounded(ops.floor_divide if rounding_mode == "floor" else ops.trunc_divide, self, other)

    divide = true_divide = div

    def floor_divide(self, other: Operand) -> Tensor:
        """self / other rounded down, element by element; the same as self // other.

        >>> cutaway.tensor([7, -7]).floor_divide(2)
        tensor([ 3, -4])
        """
        return _rounded(ops.floor_divide, self, other)

    def remainder(self, other: Operand) -> Tensor:
        """The remainder of self / other, with the sign of other, as Python's %.

        >>> cutaway.tensor([-3, 3]).remainder(2)
        tensor([1, 1])
        """
        return _rounded(ops.remainder, self, other)

    def fmod(self, other: Operand) -> Tensor:
        """The remainder of self / other, with the sign of self, as C's fmod.

        >>> cutaway.tensor([-3, 3]).fmod(2)
        tensor([-1,  1])
        """
        return _rounded(ops.fmod, self, other)

    def pow(self, exponent: Operand) -> Tensor:
        """self ** exponent, element by element.

        Args:
            exponent: a number, or a tensor that broadcasts with self.

        Raises:
            RuntimeError: integers to the power of a negative integer.

        >>> cutaway.tensor([1., 2., 3.]).pow(2)
        tensor([1., 4., 9.])
        """
        return _pow(self, as_operand(exponent))

    def square(self) -> Tensor:
        """self * self.

        >>> cutaway.tensor([-2., 3.]).square()
        tensor([4., 9.])
        """
        return _pow(self, 2)

    def neg(self) -> Tensor:
        """-self.

        >>> cutaway.tensor([1., -2.]).neg()
        tensor([-1.,  2.])
        """
        return -self

    negative = neg

    def reciprocal(self) -> Tensor:
        """1 / self.

        >>> cutaway.tensor([2., -4.]).reciprocal()
        tensor([ 0.5000, -0.2500])
        """
        return apply(ops.reciprocal, *to_common_dtype(self, fractions=True))

    def atan2(self, other: Tensor) -> Tensor:
        """The angle of the point (other, self) in the plane, between -π and π.

        >>> cutaway.tensor([1., -1.]).atan2(cutaway.tensor([1., -1.]))
        tensor([ 0.7854, -2.3562])
        """
        return apply(ops.atan2, *to_common_dtype(self, tensor_argument(other, "atan2"), fractions=True))

    def logaddexp(self, other: Tensor) -> Tensor:
        """log(exp(self) + exp(other)), without overflow.

        >>> cutaway.tensor([1000., 999.]).logaddexp(cutaway.tensor([1000., 999.]))
        tensor([1000.6932,  999.6932])
        """
        x, y = to_common_dtype(self, tensor_argument(other, "logaddexp"))
        if x._array.dtype.kind != "f":
            raise errors.not_for_dtype("logaddexp", x.dtype.name, "floating-point numbers: x.float()")
        return apply(ops.logaddexp, x, y)

    # --- selection and interpolation

    def lerp(self, end: Tensor, weight: Operand) -> Tensor:
        """self + weight * (end - self): linear interpolation.

        Args:
            end: a tensor of self's dtype.
            weight: 0 for self, 1 for end; a number, or a tensor of self's dtype.

        Raises:
            RuntimeError: the dtypes differ.

        >>> cutaway.tensor([0., 10.]).lerp(cutaway.tensor([10., 10.]), 0.1)
        tensor([ 1., 10.])
        """
        tensor_argument(end, "lerp")
        if self._array.dtype.kind != "f":
            raise errors.not_for_dtype("lerp", self.dtype.name, "floating-point numbers: x.float()")
        for x in (end, weight):
            if isinstance(x, TensorBase) and x._array.dtype != self._array.dtype:
                raise errors.dtypes_differ("lerp", self.dtype, x.dtype)
        return apply(ops.lerp, self, end, as_operand(weight))

    def maximum(self, other: Tensor) -> Tensor:
        """The elementwise maximum. Equal elements each get half of the gradient.

        >>> cutaway.tensor([1., 5.]).maximum(cutaway.tensor([3., 2.]))
        tensor([3., 5.])
        """
        return binary(ops.maximum, self, tensor_argument(other, "maximum"))

    def minimum(self, other: Tensor) -> Tensor:
        """The elementwise minimum. Equal elements each get half of the gradient.

        >>> cutaway.tensor([1., 5.]).minimum(cutaway.tensor([3., 2.]))
        tensor([1., 2.])
        """
        return binary(ops.minimum, self, tensor_argument(other, "minimum"))

    def clamp(self, min: Operand | None = None, max: Operand | None = None) -> Tensor:
        """Clamp self to the range [min, max].

        Args:
            min: the lower bound; None for none.
            max: the upper bound; None for none. Both are numbers, or both are tensors; a 0-d tensor is as good as
                a number.

        Raises:
            RuntimeError: neither is given.

        >>> cutaway.tensor([-1., 0.5, 3.]).clamp(0, 1)
        tensor([0.0000, 0.5000, 1.0000])
        """
        if min is None and max is None:
            raise errors.clamp_without_limits()
        if isinstance(min, TensorBase) or isinstance(max, TensorBase):
            return _clamp_to_tensors(self, min, max)
        return _clamp(self, min=min, max=max)

    clip = clamp

    def clamp_min(self, min: Operand) -> Tensor:
        """Clamp self to a lower bound.

        >>> cutaway.tensor([-1., 2.]).clamp_min(0)
        tensor([0., 2.])
        """
        return named(self.clamp(min=min), "ClampMinBackward1") if isinstance(min, TensorBase) else _clamp(self, min=min)

    def clamp_max(self, max: Operand) -> Tensor:
        """Clamp self to an upper bound.

        >>> cutaway.tensor([-1., 2.]).clamp_max(0)
        tensor([-1.,  0.])
        """
        return named(self.clamp(max=max), "ClampMaxBackward1") if isinstance(max, TensorBase) else _clamp(self, max=max)

    def where(self, condition: Tensor, other: Operand) -> Tensor:
        """self where condition holds, else other.

        >>> x = cutaway.tensor([1., -2.])
        >>> x.where(x > 0, 0.)
        tensor([1., 0.])
        """
        return apply(ops.where, *to_common_dtype(self, other), condition=_condition(condition))

    def masked_fill(self, mask: Tensor, value: Operand) -> Tensor:
        """self, with value wherever mask is True.

        Args:
            mask: a bool tensor that broadcasts with self.
            value: a number or a 0-d tensor, converted to self's dtype.

        Raises:
            RuntimeError: mask is not a bool tensor, or value is not a single number, or beyond the range of the dtype.

        >>> cutaway.ones(2, 2).masked_fill(cutaway.tensor([True, False]), -1.)
        tensor([[-1.,  1.],
                [-1.,  1.]])
        """
        if tensor_argument(mask, "masked_fill")._array.dtype.kind != "b":
            raise errors.not_a_mask("masked_fill", mask.dtype)
        value = as_operand(value)
        if isinstance(value, TensorBase) and value._array.ndim:
            raise errors.not_a_single_value("masked_fill", value._array.shape)
        number = value._array.item() if isinstance(value, TensorBase) else value
        filled = number_for(self._array.dtype, number, finite=True)
        if not isinstance(value, TensorBase):
            value = wrap(filled)
        return apply(ops.masked_fill, self, to_dtype(value, self._array.dtype), mask=mask._array)


def where(condition: Tensor, input: Operand | None = None, other: Operand | None = None) -> Any:
    """input where condition holds, else other, element by element.

    Args:
        condition: a bool tensor.
        input: a number, or a tensor that broadcasts with the others.
        other: the same. Without input and other, the result is condition.nonzero(as_tuple=True).

    >>> x = cutaway.tensor([1., -2., 3.])
    >>> cutaway.where(x > 0, x, 0.)
    tensor([1., 0., 3.])
    """
    if input is None and other is None:
        return tensor_argument(condition, "where").nonzero(as_tuple=True)
    if not isinstance(input, TensorBase) and not isinstance(other, TensorBase) and is_operand(input):
        input = wrap(array_of(input))  # two numbers have no dtype of their own
    return apply(ops.where, *to_common_dtype(input, other), condition=_condition(condition))


# --- validation, as in PyTorch --------------------------------------------------------------------------


def _div(x: TensorBase, y: Any) -> Tensor:
    if x._array.dtype.kind == "f" or not is_operand(y):
        return binary(ops.div, x, y)
    return apply(ops.div, *to_common_dtype(x, y, fractions=True))


def _rounded(op: Any, x: Any, y: Any) -> Tensor:
    x, y = to_common_dtype(x, y)
    dtype = (x if isinstance(x, TensorBase) else y)._array.dtype
    if dtype.kind == "b":
        raise errors.not_for_dtype(op.__name__, "bool", "integers: x.int()")
    if dtype.kind != "f" and np.size(plain(x)) and not np.all(plain(y)):
        raise errors.division_by_zero(op.__name__)
    return apply(op, x, y)


def _pow(x: Any, y: Any) -> Tensor:
    if not isinstance(y, TensorBase):
        n = as_operand(y)
        base = to_dtype(x, result_type(x._array, n))
        if base._array.dtype.kind == "b":  # b ** True, b ** False
            return wrap(np.copy(base._array) if n else np.ones_like(base._array))
        if base._array.dtype.kind != "f" and n < 0:
            raise errors.negative_power(n)
        return apply(ops.power, base, n=n)
    x, y = to_common_dtype(x, y)
    if y._array.dtype.kind == "f":
        return apply(ops.pow, x if isinstance(x, TensorBase) else y._array.dtype.type(x), y)
    if y._array.dtype.kind == "b":
        raise errors.not_for_dtype("pow", "bool", "integers: x.int()")
    common_shape("pow", x, y)
    return wrap(np.asarray(whole_power(plain(x), plain(y))))


def _clamp(x: TensorBase, **limits: Any) -> Tensor:
    given = [as_operand(limit) for limit in limits.values() if limit is not None]
    x = to_dtype(x, result_type(x._array, *given))
    if x._array.dtype.kind == "b":
        raise errors.not_for_dtype("clamp", "bool", "numbers: x.int()")
    held = {name: None if limit is None else number_as(limit, x._array.dtype) for name, limit in limits.items()}
    return apply(ops.clamp, x, **held)


def _clamp_to_tensors(x: TensorBase, low: Any, high: Any) -> Tensor:
    if isinstance(low, int | float) or isinstance(high, int | float):
        [tensor] = [limit for limit in (low, high) if isinstance(limit, TensorBase)]
        if tensor._array.ndim or tensor.requires_grad:
            raise errors.clamp_with_both_kinds()
        return _clamp(x, min=number_of(low), max=number_of(high))
    x, *limits = to_common_dtype(x, *(limit for limit in (low, high) if limit is not None))
    least, most = _ends(x._array.dtype)
    if x._array.dtype.kind == "b" and len(limits) == 2:
        raise errors.not_for_dtype("clamp", "bool", "numbers: x.int()")
    return apply(ops.clip, x, *([least] if low is None else []), *limits, *([most] if high is None else []))


def _ends(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    """The smallest and the largest number of a dtype."""
    if dtype.kind == "f":
        return -np.inf, np.inf
    return (False, True) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)


def _scaled(x: TensorBase, other: Any, alpha: Number) -> Any:
    """alpha * other; raises if the dtype of alpha does not fit."""
    other = as_operand(other)
    if alpha == 1 and type(alpha) is int:
        return other
    kind = scalar_dtype(alpha).kind
    result = result_type(x._array, plain(other)).kind
    if (kind == "f" != result) or (kind == "b" != result):
        raise errors.alpha_of_wrong_kind(alpha, result)
    return other * alpha


def _condition(condition: Any) -> Any:
    array = tensor_argument(condition, "where")._array
    if array.dtype == np.uint8:  # PyTorch's masks before it had bools
        array = array.astype(np.bool_)
    if array.dtype.kind != "b":
        raise errors.not_a_mask("where", condition.dtype)
    return array
