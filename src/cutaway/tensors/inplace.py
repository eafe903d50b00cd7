"""The in-place forms: methods whose names end in `_`, and `x += y`.

Each computes what its namesake without `_` computes, and writes it into the memory that is there;
every tensor that shares this memory sees it. What that means for the graph is `base.write`'s work.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

from .. import errors
from ..grad_mode import switch
from .arguments import number_for
from .base import Number, Operand, TensorBase, common_shape, is_operand, node_of, refuse_leaf, wrap, write
from .elementwise import Elementwise
from .linalg import LinearAlgebra

if TYPE_CHECKING:
    from .tensor import Tensor


class InPlace(Elementwise, LinearAlgebra):
    """The in-place forms."""

    __slots__ = ()

    def _become(self, method: Callable[..., Tensor], *args: Any, **attrs: Any) -> Self:
        """Write what a method computes from self back into self."""
        refuse_leaf(self)
        before: Any = self
        if switch.recording:
            for x in (self, *args):
                if isinstance(x, TensorBase) and node_of(x) is not None:
                    # The method's pullback may need the old value, and self's memory is about to get the new one.
                    before = wrap(self._array.copy(), node_of(self))
                    break
        value = method(before, *args, **attrs)
        if value._array.shape != self._array.shape:
            raise errors.inplace_cannot_grow(self._array.shape, value._array.shape)
        own, new = self._array.dtype.kind, value._array.dtype.kind
        if own != new and (own == "b" or new == "f"):
            raise errors.inplace_cannot_cast(value.dtype, self.dtype)
        write(self, value)
        return self

    def _operate(self, operation: Callable[..., Tensor], other: Any) -> Tensor:
        """An operator such as +=, for operands that can stand beside a tensor."""
        return self._become(operation, other) if is_operand(other) else NotImplemented  # type: ignore[return-value]

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

    # --- arithmetic

    def add_(self, other: Operand, *, alpha: Number = 1) -> Self:
        """self += alpha * other, in place.

        Args:
            other: a tensor whose shape fits self's by broadcasting, or a number.
            alpha: a factor for other.

        Raises:
            RuntimeError: the result would have another shape, or fractions where self holds whole
                numbers; or self is a leaf that requires grad.

        >>> x = cutaway.zeros(2)
        >>> x.add_(cutaway.ones(2), alpha=3)
        tensor([3., 3.])
        >>> x
        tensor([3., 3.])
        """
        return self._become(LinearAlgebra.add, other, alpha=alpha)

    def sub_(self, other: Operand, *, alpha: Number = 1) -> Self:
        """self -= alpha * other, in place.

        >>> cutaway.tensor([3.]).sub_(1)
        tensor([2.])
        """
        return self._become(LinearAlgebra.sub, other, alpha=alpha)

    def mul_(self, other: Operand) -> Self:
        """self *= other, in place.

        >>> cutaway.tensor([3.]).mul_(2)
        tensor([6.])
        """
        return self._become(LinearAlgebra.mul, other)

    def div_(self, other: Operand, *, rounding_mode: str | None = None) -> Self:
        """self /= other, in place.

        >>> cutaway.tensor([3.]).div_(2)
        tensor([1.5000])
        """
        return self._become(LinearAlgebra.div, other, rounding_mode=rounding_mode)

    def pow_(self, exponent: Operand) -> Self:
        """self **= exponent, in place.

        >>> cutaway.tensor([3.]).pow_(2)
        tensor([9.])
        """
        return self._become(LinearAlgebra.pow, exponent)

    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Self:
        """self += value * tensor1 * tensor2, in place.

        >>> cutaway.tensor([1.]).addcmul_(cutaway.tensor([2.]), cutaway.tensor([3.]), value=10)
        tensor([61.])
        """
        return self._become(LinearAlgebra.add, value * tensor1 * tensor2)

    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Self:
        """self += value * tensor1 / tensor2, in place.

        >>> cutaway.tensor([1.]).addcdiv_(cutaway.tensor([6.]), cutaway.tensor([3.]), value=10)
        tensor([21.])
        """
        return self._become(LinearAlgebra.add, value * tensor1 / tensor2)

    def lerp_(self, end: Tensor, weight: Operand) -> Self:
        """self += weight * (end - self), in place: a part of the way to end.

        >>> cutaway.tensor([0., 10.]).lerp_(cutaway.tensor([10., 10.]), 0.1)
        tensor([ 1., 10.])
        """
        return self._become(lambda x, end, weight: x + weight * (end - x), end, weight)

    def neg_(self) -> Self:
        """-self, in place.

        >>> cutaway.tensor([1.]).neg_()
        tensor([-1.])
        """
        return self._become(operator.neg)

    def square_(self) -> Self:
        """self * self, in place.

        >>> cutaway.tensor([3.]).square_()
        tensor([9.])
        """
        return self._become(LinearAlgebra.square)

    def reciprocal_(self) -> Self:
        """1 / self, in place.

        >>> cutaway.tensor([4.]).reciprocal_()
        tensor([0.2500])
        """
        return self._become(LinearAlgebra.reciprocal)

    def clamp_(self, min: Operand | None = None, max: Operand | None = None) -> Self:
        """Held between min and max, in place.

        >>> cutaway.tensor([-1., 5.]).clamp_(0, 1)
        tensor([0., 1.])
        """
        return self._become(LinearAlgebra.clamp, min, max)

    clip_ = clamp_

    def masked_fill_(self, mask: Tensor, value: Operand) -> Self:
        """value wherever mask is True, in place.

        >>> x = cutaway.tensor([1., -2.])
        >>> x.masked_fill_(x < 0, 0)
        tensor([1., 0.])
        """
        return self._become(LinearAlgebra.masked_fill, mask, value)

    # --- functions of one element

    def abs_(self) -> Self:
        """The absolute value, in place.

        >>> cutaway.tensor([-1.]).abs_()
        tensor([1.])
        """
        return self._become(Elementwise.abs)

    def exp_(self) -> Self:
        """e ** self, in place.

        >>> cutaway.tensor([0.]).exp_()
        tensor([1.])
        """
        return self._become(Elementwise.exp)

    def log_(self) -> Self:
        """The natural logarithm, in place.

        >>> cutaway.tensor([1.]).log_()
        tensor([0.])
        """
        return self._become(Elementwise.log)

    def sqrt_(self) -> Self:
        """The square root, in place.

        >>> cutaway.tensor([4.]).sqrt_()
        tensor([2.])
        """
        return self._become(Elementwise.sqrt)

    def tanh_(self) -> Self:
        """The hyperbolic tangent, in place.

        >>> cutaway.tensor([0.]).tanh_()
        tensor([0.])
        """
        return self._become(Elementwise.tanh)

    def sigmoid_(self) -> Self:
        """1 / (1 + exp(-self)), in place.

        >>> cutaway.tensor([0.]).sigmoid_()
        tensor([0.5000])
        """
        return self._become(Elementwise.sigmoid)

    def relu_(self) -> Self:
        """self where it is positive, else 0, in place.

        >>> cutaway.tensor([-1., 1.]).relu_()
        tensor([0., 1.])
        """
        return self._become(Elementwise.relu)

    def floor_(self) -> Self:
        """The next whole number below, in place.

        >>> cutaway.tensor([1.5]).floor_()
        tensor([1.])
        """
        return self._become(Elementwise.floor)

    def round_(self, *, decimals: int = 0) -> Self:
        """The nearest whole number, in place.

        >>> cutaway.tensor([1.7]).round_()
        tensor([2.])
        """
        return self._become(Elementwise.round, decimals=decimals)

    # --- writing over what was there

    def copy_(self, src: Operand, non_blocking: bool = False) -> Self:
        """The elements of src, converted to self's dtype and stretched to its shape, in place.

        Args:
            src: a tensor whose shape fits self's by broadcasting, or a number.
            non_blocking: not used; for a GPU.

        Raises:
            RuntimeError: src cannot be stretched to self's shape.

        >>> cutaway.zeros(2).copy_(cutaway.tensor([1, 2]))
        tensor([1., 2.])
        """
        if not isinstance(src, TensorBase):
            return self.fill_(src)
        shape = common_shape("copy_", self, src)
        if shape != self._array.shape:
            raise errors.inplace_cannot_grow(self._array.shape, shape)
        write(self, src if src._array.shape == shape else src.expand(shape), (...,))
        return self

    def fill_(self, value: Operand) -> Self:
        """One number in every place.

        Args:
            value: a number, or a tensor with no dimensions.

        >>> cutaway.empty(2).fill_(7.)
        tensor([7., 7.])
        """
        if isinstance(value, TensorBase) and value._array.ndim:
            raise errors.not_a_single_value("fill_", value._array.shape)
        write(self, value if isinstance(value, TensorBase) else number_for(self._array.dtype, value))
        return self

    def zero_(self) -> Self:
        """0 in every place.

        >>> cutaway.ones(2).zero_()
        tensor([0., 0.])
        """
        return self.fill_(0)

    # --- shapes, in place: the tensor itself gets another arrangement of the same memory

    def _rearrange(self, other: TensorBase) -> Self:
        if node_of(self) is not None:
            raise errors.cannot_rearrange()
        self._array = other._array
        return self

    def unsqueeze_(self, dim: int) -> Self:
        """A new dimension of length 1 at dim, in place.

        >>> cutaway.zeros(3).unsqueeze_(0).shape
        torch.Size([1, 3])
        """
        return self._rearrange(self.unsqueeze(dim))

    def squeeze_(self, dim: Any = None) -> Self:
        """Without dimensions of length 1, in place.

        >>> cutaway.zeros(1, 3).squeeze_().shape
        torch.Size([3])
        """
        return self._rearrange(self.squeeze(dim))

    def t_(self) -> Self:
        """A matrix transposed, in place.

        >>> cutaway.zeros(1, 3).t_().shape
        torch.Size([3, 1])
        """
        return self._rearrange(self.t())
