"""Elementwise comparisons and predicates, and the bitwise operators.

The results are bools or integers, which have no gradient: these operations are not recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, events
from ..dtypes import result_type
from .arguments import plain, tensor_argument
from .base import Operand, TensorBase, is_operand, to_common_dtype, wrap

if TYPE_CHECKING:
    from .tensor import Tensor


class Comparison(TensorBase):
    """Elementwise comparisons, predicates and bitwise operators."""

    __slots__ = ()

    def __eq__(self, other: Any) -> Tensor:  # type: ignore[override]
        return _answer(np.equal, self, other) if is_operand(other) else NotImplemented

    def __ne__(self, other: Any) -> Tensor:  # type: ignore[override]
        return _answer(np.not_equal, self, other) if is_operand(other) else NotImplemented

    def __lt__(self, other: Operand) -> Tensor:  # type: ignore[misc]
        return _answer(np.less, self, other) if is_operand(other) else NotImplemented

    def __le__(self, other: Operand) -> Tensor:  # type: ignore[misc]
        return _answer(np.less_equal, self, other) if is_operand(other) else NotImplemented

    def __gt__(self, other: Operand) -> Tensor:  # type: ignore[misc]
        return _answer(np.greater, self, other) if is_operand(other) else NotImplemented

    def __ge__(self, other: Operand) -> Tensor:  # type: ignore[misc]
        return _answer(np.greater_equal, self, other) if is_operand(other) else NotImplemented

    # == is elementwise, but dicts and sets compare tensors by identity.
    __hash__ = object.__hash__

    def __and__(self, other: Operand) -> Tensor:
        return _bits(np.bitwise_and, self, other) if is_operand(other) else NotImplemented

    def __or__(self, other: Operand) -> Tensor:
        return _bits(np.bitwise_or, self, other) if is_operand(other) else NotImplemented

    def __xor__(self, other: Operand) -> Tensor:
        return _bits(np.bitwise_xor, self, other) if is_operand(other) else NotImplemented

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __lshift__(self, other: Operand) -> Tensor:
        return _shifted(np.left_shift, self, other) if is_operand(other) else NotImplemented

    def __rlshift__(self, other: Operand) -> Tensor:
        return _shifted(np.left_shift, other, self) if is_operand(other) else NotImplemented

    def __rshift__(self, other: Operand) -> Tensor:
        return _shifted(np.right_shift, self, other) if is_operand(other) else NotImplemented

    def __rrshift__(self, other: Operand) -> Tensor:
        return _shifted(np.right_shift, other, self) if is_operand(other) else NotImplemented

    def __invert__(self) -> Tensor:
        if self._array.dtype.kind == "f":
            raise errors.not_invertible(self.dtype)
        return self.bitwise_not()

    def __contains__(self, value: Any) -> bool:
        if not is_operand(value):
            raise errors.cannot_contain(value)
        return bool(np.any((self == value)._array))

    # --- the same as methods

    def eq(self, other: Operand) -> Tensor:
        """self == other, element by element.

        >>> cutaway.tensor([1, 2]).eq(2)
        tensor([False,  True])
        """
        return _answer(np.equal, self, other)

    def ne(self, other: Operand) -> Tensor:
        """self != other, element by element.

        >>> cutaway.tensor([1, 2]).ne(2)
        tensor([ True, False])
        """
        return _answer(np.not_equal, self, other)

    def lt(self, other: Operand) -> Tensor:
        """self < other, element by element.

        >>> cutaway.tensor([1, 2]).lt(2)
        tensor([ True, False])
        """
        return _answer(np.less, self, other)

    def le(self, other: Operand) -> Tensor:
        """self <= other, element by element.

        >>> cutaway.tensor([1, 2]).le(2)
        tensor([True, True])
        """
        return _answer(np.less_equal, self, other)

    def gt(self, other: Operand) -> Tensor:
        """self > other, element by element.

        >>> cutaway.tensor([1, 2]).gt(1)
        tensor([False,  True])
        """
        return _answer(np.greater, self, other)

    def ge(self, other: Operand) -> Tensor:
        """self >= other, element by element.

        >>> cutaway.tensor([1, 2]).ge(2)
        tensor([False,  True])
        """
        return _answer(np.greater_equal, self, other)

    def logical_and(self, other: Tensor) -> Tensor:
        """Whether both are not 0.

        >>> cutaway.tensor([True, True]).logical_and(cutaway.tensor([True, False]))
        tensor([ True, False])
        """
        return _answer(np.logical_and, self, tensor_argument(other, "logical_and"))

    def logical_or(self, other: Tensor) -> Tensor:
        """Whether at least one is not 0.

        >>> cutaway.tensor([False, True]).logical_or(cutaway.tensor([False, False]))
        tensor([False,  True])
        """
        return _answer(np.logical_or, self, tensor_argument(other, "logical_or"))

    def logical_xor(self, other: Tensor) -> Tensor:
        """Whether exactly one is not 0.

        >>> cutaway.tensor([True, True]).logical_xor(cutaway.tensor([True, False]))
        tensor([False,  True])
        """
        return _answer(np.logical_xor, self, tensor_argument(other, "logical_xor"))

    def logical_not(self) -> Tensor:
        """Whether it is 0.

        >>> cutaway.tensor([0., 2.]).logical_not()
        tensor([ True, False])
        """
        return wrap(np.asarray(np.logical_not(self._array)))

    def bitwise_and(self, other: Operand) -> Tensor:
        """self & other, bit by bit; of bools, whether both are True.

        >>> cutaway.tensor([6, 5]).bitwise_and(3)
        tensor([2, 1])
        """
        return _bits(np.bitwise_and, self, other)

    def bitwise_or(self, other: Operand) -> Tensor:
        """self | other, bit by bit; of bools, whether at least one is True.

        >>> cutaway.tensor([6, 5]).bitwise_or(3)
        tensor([7, 7])
        """
        return _bits(np.bitwise_or, self, other)

    def bitwise_xor(self, other: Operand) -> Tensor:
        """self ^ other, bit by bit; of bools, whether exactly one is True.

        >>> cutaway.tensor([6, 5]).bitwise_xor(3)
        tensor([5, 6])
        """
        return _bits(np.bitwise_xor, self, other)

    def bitwise_not(self) -> Tensor:
        """~self, bit by bit; of bools, whether it is False.

        >>> cutaway.tensor([True, False]).bitwise_not()
        tensor([False,  True])
        """
        if self._array.dtype.kind == "f":
            raise errors.not_for_dtype("bitwise_not", self.dtype.name, BITS)
        return wrap(np.asarray(np.invert(self._array)))

    def bitwise_left_shift(self, other: Operand) -> Tensor:
        """self << other: shift the bits to the left.

        >>> cutaway.tensor([1, 3]).bitwise_left_shift(2)
        tensor([ 4, 12])
        """
        return _shifted(np.left_shift, self, other)

    def bitwise_right_shift(self, other: Operand) -> Tensor:
        """self >> other: shift the bits to the right.

        >>> cutaway.tensor([4, -8]).bitwise_right_shift(2)
        tensor([ 1, -2])
        """
        return _shifted(np.right_shift, self, other)

    def isnan(self) -> Tensor:
        """Whether it is nan, as 0 / 0 is.

        >>> (cutaway.tensor([0., 1.]) / 0).isnan()
        tensor([ True, False])
        """
        return wrap(np.asarray(np.isnan(self._array)))

    def isinf(self) -> Tensor:
        """Whether it is inf or -inf.

        >>> (cutaway.tensor([0., 1.]) / 0).isinf()
        tensor([False,  True])
        """
        return wrap(np.asarray(np.isinf(self._array)))

    def isfinite(self) -> Tensor:
        """Whether it is neither infinite nor nan.

        >>> cutaway.tensor([1., cutaway.inf, cutaway.nan]).isfinite()
        tensor([ True, False, False])
        """
        return wrap(np.asarray(np.isfinite(self._array)))

    def isclose(self, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
        """|self - other| <= atol + rtol * |other|, element by element.

        Args:
            other: a tensor of self's dtype.
            rtol: the relative tolerance.
            atol: the absolute tolerance.
            equal_nan: whether nan is close to nan.

        Raises:
            RuntimeError: the dtypes differ, the shapes do not broadcast, or rtol or atol is negative.

        >>> cutaway.tensor([1., 2.]).isclose(cutaway.tensor([1. + 1e-7, 3.]))
        tensor([ True, False])
        """
        if tensor_argument(other, "isclose")._array.dtype != self._array.dtype:
            raise errors.dtypes_differ("isclose", self.dtype, other.dtype)
        for name, allowed in (("rtol", rtol), ("atol", atol)):
            if allowed < 0:
                raise errors.out_of_range("isclose", name, allowed, "0 or more")
        return _answer(lambda a, b: np.isclose(a, b, rtol, atol, equal_nan), self, other, "isclose")

    def allclose(self, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
        """Whether all elements are close, as defined by `isclose`.

        >>> cutaway.tensor([1.0]).allclose(cutaway.tensor([1.0 + 1e-7]))
        True
        """
        return bool(np.all(self.isclose(other, rtol, atol, equal_nan)._array))

    def equal(self, other: Tensor) -> bool:
        """Whether both have the same shape and the same elements.

        >>> cutaway.tensor([1, 2]).equal(cutaway.tensor([1, 2]))
        True
        """
        return bool(np.array_equal(self._array, tensor_argument(other, "equal")._array))


_SIGNS: dict[Any, str] = {
    np.equal: "x == y", np.not_equal: "x != y", np.less: "x < y", np.less_equal: "x <= y", np.greater: "x > y",
    np.greater_equal: "x >= y",
}  # fmt: skip


def _answer(question: Callable[..., Any], x: TensorBase, y: Any, name: str = "") -> Tensor:
    if question is np.equal and isinstance(y, TensorBase):
        for listener in events.equality:
            listener(x, y)
    a, b = map(plain, to_common_dtype(x, y))
    try:
        return wrap(np.asarray(question(a, b)))
    except ValueError:
        name = name or _SIGNS.get(question, question.__name__)
        raise errors.no_common_shape(name, [np.shape(a), np.shape(b)]) from None


BITS = "bools or integers, as in (x > 0) & (y > 0)"


def _bits(operation: Callable[..., Any], x: TensorBase, y: Any) -> Tensor:
    x, y = to_common_dtype(x, y)
    if x._array.dtype.kind == "f":
        raise errors.not_for_dtype(operation.__name__, x.dtype.name, BITS)
    return _answer(operation, x, y)


def _shifted(operation: Callable[..., Any], x: Any, y: Any) -> Tensor:
    kind = result_type(plain(x), plain(y))
    if kind.kind not in "iu":
        raise errors.not_for_dtype(operation.__name__, kind.name, "integers: x.int()")
    return _answer(operation, x, y)
