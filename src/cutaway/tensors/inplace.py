"""In-place methods, whose names end in `_`, and `x += y`.

Each computes the result of the method without `_` and writes it into the tensor's memory; all tensors
that share the memory see it. `writing` explains how the graph records the write.

>>> x = cutaway.zeros(2)
>>> alias = x.detach()
>>> x.add_(cutaway.ones(2), alpha=3)
tensor([3., 3.])
>>> alias
tensor([3., 3.])
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

import numpy as np

from .. import errors
from ..dtypes import fits
from ..grad_mode import switch
from .arguments import number_for
from .base import Number, Operand, TensorBase, common_shape, is_operand, node_of, wrap
from .comparison import Comparison
from .elementwise import Elementwise
from .indexing import Indexing
from .linalg import LinearAlgebra
from .reduction import Reduction
from .writing import rearrange, refuse_leaf, write

if TYPE_CHECKING:
    from .tensor import Tensor

P = ParamSpec("P")
X = TypeVar("X", bound=TensorBase)


def become(x: X, method: Callable[..., Any], *args: Any, **kwargs: Any) -> X:
    """Write the result of a method of x back into x.

    Raises:
        RuntimeError: the result has another shape, or a dtype that cannot be cast to that of x; or x
            is a leaf that requires grad.
    """
    refuse_leaf(x)
    before: Any = x
    if switch.recording:
        for operand in (x, *args, *kwargs.values()):
            if isinstance(operand, TensorBase) and node_of(operand) is not None:
                # The method's pullback may save x's old value, which the write then overwrites.
                before = wrap(x._array.copy(), node_of(x))
                break
    value = method(before, *args, **kwargs)
    if value._array.shape != x._array.shape:
        raise errors.inplace_cannot_grow(x._array.shape, value._array.shape)
    if not fits(value._array.dtype, x._array.dtype):
        raise errors.inplace_cannot_cast(value.dtype, x.dtype)
    write(x, value)
    return x


def in_place(
    method: Callable[Concatenate[Any, P], Any], put: Callable[..., Any] = become
) -> Callable[Concatenate[X, P], X]:
    """The in-place form of a method, with the same arguments; `put` stores the result in the tensor."""

    @functools.wraps(method)
    def call(self: X, /, *args: P.args, **kwargs: P.kwargs) -> X:
        return put(self, method, *args, **kwargs)  # type: ignore[no-any-return]

    name = method.__name__
    call.__name__, call.__qualname__ = f"{name}_", f"Tensor.{name}_"
    what = (method.__doc__ or "").partition("\n")[0]
    call.__doc__ = f"{what}\n\nx.{name}_(...) makes x what x.{name}(...) computes, in place, and returns x."
    return call


class InPlace(Elementwise, LinearAlgebra, Comparison, Reduction, Indexing):
    """In-place methods."""

    __slots__ = ()

    def _operate(self, operation: Callable[..., Tensor], other: Any) -> Tensor:
        """An operator such as +=, for valid operands of a tensor."""
        return become(self, operation, other) if is_operand(other) else NotImplemented  # type: ignore[return-value]

    def __iadd__(self, other: Operand) -> Tensor:
        return self._operate(operator.add, other)

    def __isub__(self, other: Operand) -> Tensor:
        return self._operate(operator.sub, other)

    def __imul__(self, other: Operand) -> Tensor:
        return self._operate(operator.mul, other)

    def __itruediv__(self, other: Operand) -> Tensor:
        return self._operate(operator.truediv, other)

    def __ifloordiv__(self, other: Operand) -> Tensor:
        return self._operate(operator.floordiv, other)

    def __imod__(self, other: Operand) -> Tensor:
        return self._operate(operator.mod, other)

    def __ipow__(self, other: Operand) -> Tensor:
        return self._operate(operator.pow, other)

    def __iand__(self, other: Operand) -> Tensor:
        return self._operate(operator.and_, other)

    def __ior__(self, other: Operand) -> Tensor:
        return self._operate(operator.or_, other)

    def __ixor__(self, other: Operand) -> Tensor:
        return self._operate(operator.xor, other)

    def __ilshift__(self, other: Operand) -> Tensor:
        return self._operate(operator.lshift, other)

    def __irshift__(self, other: Operand) -> Tensor:
        return self._operate(operator.rshift, other)

    # --- arithmetic

    add_ = in_place(LinearAlgebra.add)
    sub_ = in_place(LinearAlgebra.sub)
    subtract_ = sub_
    mul_ = in_place(LinearAlgebra.mul)
    multiply_ = mul_
    div_ = in_place(LinearAlgebra.div)
    divide_ = true_divide_ = div_
    floor_divide_ = in_place(LinearAlgebra.floor_divide)
    remainder_ = in_place(LinearAlgebra.remainder)
    fmod_ = in_place(LinearAlgebra.fmod)
    pow_ = in_place(LinearAlgebra.pow)
    square_ = in_place(LinearAlgebra.square)
    neg_ = in_place(LinearAlgebra.neg)
    negative_ = neg_
    reciprocal_ = in_place(LinearAlgebra.reciprocal)
    atan2_ = in_place(LinearAlgebra.atan2)
    lerp_ = in_place(LinearAlgebra.lerp)
    clamp_ = in_place(LinearAlgebra.clamp)
    clip_ = clamp_
    clamp_min_ = in_place(LinearAlgebra.clamp_min)
    clamp_max_ = in_place(LinearAlgebra.clamp_max)
    masked_fill_ = in_place(LinearAlgebra.masked_fill)

    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Self:
        """self += value * tensor1 * tensor2, in place.

        >>> cutaway.tensor([1.]).addcmul_(cutaway.tensor([2.]), cutaway.tensor([3.]), value=10)
        tensor([61.])
        """
        return become(self, LinearAlgebra.add, value * tensor1 * tensor2)

    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Self:
        """self += value * tensor1 / tensor2, in place.

        >>> cutaway.tensor([1.]).addcdiv_(cutaway.tensor([6.]), cutaway.tensor([3.]), value=10)
        tensor([21.])
        """
        return become(self, LinearAlgebra.add, value * tensor1 / tensor2)

    # --- elementwise functions

    abs_ = in_place(Elementwise.abs)
    absolute_ = abs_
    sign_ = in_place(Elementwise.sign)
    exp_ = in_place(Elementwise.exp)
    expm1_ = in_place(Elementwise.expm1)
    log_ = in_place(Elementwise.log)
    log1p_ = in_place(Elementwise.log1p)
    log2_ = in_place(Elementwise.log2)
    log10_ = in_place(Elementwise.log10)
    sqrt_ = in_place(Elementwise.sqrt)
    rsqrt_ = in_place(Elementwise.rsqrt)
    sin_ = in_place(Elementwise.sin)
    cos_ = in_place(Elementwise.cos)
    tan_ = in_place(Elementwise.tan)
    asin_ = in_place(Elementwise.asin)
    acos_ = in_place(Elementwise.acos)
    atan_ = in_place(Elementwise.atan)
    sinh_ = in_place(Elementwise.sinh)
    cosh_ = in_place(Elementwise.cosh)
    tanh_ = in_place(Elementwise.tanh)
    sigmoid_ = in_place(Elementwise.sigmoid)
    logit_ = in_place(Elementwise.logit)
    erf_ = in_place(Elementwise.erf)
    relu_ = in_place(Elementwise.relu)
    nan_to_num_ = in_place(Elementwise.nan_to_num)
    floor_ = in_place(Elementwise.floor)
    ceil_ = in_place(Elementwise.ceil)
    round_ = in_place(Elementwise.round)
    trunc_ = in_place(Elementwise.trunc)

    # --- comparisons: the result is written in self's dtype, 1 for True

    eq_ = in_place(Comparison.eq)
    ne_ = in_place(Comparison.ne)
    lt_ = in_place(Comparison.lt)
    le_ = in_place(Comparison.le)
    gt_ = in_place(Comparison.gt)
    ge_ = in_place(Comparison.ge)
    logical_and_ = in_place(Comparison.logical_and)
    logical_or_ = in_place(Comparison.logical_or)
    logical_xor_ = in_place(Comparison.logical_xor)
    logical_not_ = in_place(Comparison.logical_not)

    # --- bits

    bitwise_and_ = in_place(Comparison.bitwise_and)
    bitwise_or_ = in_place(Comparison.bitwise_or)
    bitwise_xor_ = in_place(Comparison.bitwise_xor)
    bitwise_not_ = in_place(Comparison.bitwise_not)
    bitwise_left_shift_ = in_place(Comparison.bitwise_left_shift)
    bitwise_right_shift_ = in_place(Comparison.bitwise_right_shift)

    # --- along a dimension

    cumsum_ = in_place(Reduction.cumsum)
    cumprod_ = in_place(Reduction.cumprod)

    # --- matrices

    tril_ = in_place(Indexing.tril)
    triu_ = in_place(Indexing.triu)
    addmm_ = in_place(LinearAlgebra.addmm)
    baddbmm_ = in_place(LinearAlgebra.baddbmm)

    # --- by index

    scatter_ = in_place(Indexing.scatter)
    scatter_add_ = in_place(Indexing.scatter_add)
    index_add_ = in_place(Indexing.index_add)
    index_fill_ = in_place(Indexing.index_fill)

    # --- copy and fill

    def copy_(self, other: Operand, non_blocking: bool = False) -> Self:
        """Copy the elements of other into self, converted to self's dtype and broadcast to its shape.

        Args:
            other: a tensor that broadcasts to self's shape, or a number.
            non_blocking: ignored.

        Raises:
            RuntimeError: other does not broadcast to self's shape.

        >>> cutaway.zeros(2).copy_(cutaway.tensor([1, 2]))
        tensor([1., 2.])
        """
        if not isinstance(other, TensorBase):
            return self.fill_(other)
        shape = common_shape("copy_", self, other)
        if shape != self._array.shape:
            raise errors.inplace_cannot_grow(self._array.shape, shape)
        write(self, other if other._array.shape == shape else other.expand(shape), (...,))
        return self

    def fill_(self, value: Operand) -> Self:
        """Fill self with one value.

        Args:
            value: a number, or a 0-d tensor.

        >>> cutaway.empty(2).fill_(7.)
        tensor([7., 7.])
        """
        if isinstance(value, TensorBase) and value._array.ndim:
            raise errors.not_a_single_value("fill_", value._array.shape)
        write(self, value if isinstance(value, TensorBase) else number_for(self._array.dtype, value))
        return self

    def zero_(self) -> Self:
        """Fill self with zeros.

        >>> cutaway.ones(2).zero_()
        tensor([0., 0.])
        """
        return self.fill_(0)

    def fill_diagonal_(self, fill_value: Number) -> Self:
        """Fill the main diagonal of a matrix, or of a tensor with more dimensions, all of one length.

        Raises:
            RuntimeError: self has fewer than two dimensions, or more than two of different lengths.

        >>> cutaway.zeros(2, 3).fill_diagonal_(1)
        tensor([[1., 0., 0.],
                [0., 1., 0.]])
        """
        shape = self._array.shape
        if len(shape) < 2 or (len(shape) > 2 and len(set(shape)) > 1):
            raise errors.no_common_diagonal(shape)
        write(self, number_for(self._array.dtype, fill_value), (np.arange(min(shape)),) * len(shape))
        return self

    # --- shape: the tensor becomes a view of its own memory

    t_ = in_place(LinearAlgebra.t, rearrange)
    transpose_ = in_place(LinearAlgebra.transpose, rearrange)
    swapdims_ = transpose_
    swapaxes_ = in_place(LinearAlgebra.swapaxes, rearrange)
    squeeze_ = in_place(LinearAlgebra.squeeze, rearrange)
    unsqueeze_ = in_place(LinearAlgebra.unsqueeze, rearrange)
