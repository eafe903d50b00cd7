"""Putting elements in order: all of them, or the first few. nan is the largest, as in PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, ops
from ..ops.contract import Array
from .arguments import numpy_names
from .base import TensorBase, apply, axis_of, wrap
from .extremes import Found
from .ties import SMALL, first_places, sorted_places

if TYPE_CHECKING:
    from .tensor import Tensor


class SortResult(Found):
    """What `x.sort()` returns."""

    __slots__ = ()


class TopkResult(Found):
    """What `x.topk(k)` returns."""

    __slots__ = ()


class Sorting(TensorBase):
    """Putting elements in order."""

    __slots__ = ()

    @numpy_names
    def sort(self, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> SortResult:
        """The elements along a dimension in order, and where each of them was, as `values` and `indices`.

        Args:
            dim: the dimension along which they are put in order.
            descending: the largest first.
            stable: True leaves equal elements in the order in which they were. Else theirs is what it is in PyTorch.

        Raises:
            IndexError: self has no such dimension.

        >>> values, indices = cutaway.tensor([3., 1., 2.]).sort()
        >>> values
        tensor([1., 2., 3.])
        >>> indices
        tensor([1, 2, 0])
        """
        index = self.argsort(dim, descending, stable=stable)
        return SortResult(_taken(ops.sort, self, index, dim), index)

    @numpy_names
    def argsort(self, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> Tensor:
        """Where the elements along a dimension are, in their order: the indices that `sort` returns.

        Args:
            dim: the dimension along which they are put in order.
            descending: the largest first.
            stable: True leaves equal elements in the order in which they were. Else theirs is what it is in PyTorch.

        >>> cutaway.tensor([3., 1., 2.]).argsort(descending=True)
        tensor([0, 2, 1])
        """
        axis = axis_of(dim, self._array.ndim)
        order = _order(np.atleast_1d(self._array), axis, bool(descending), stable=bool(stable))
        return wrap(order.reshape(self._array.shape))

    @numpy_names
    def topk(self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> TopkResult:
        """The k largest elements along a dimension, the largest first, and where they were.

        Args:
            k: how many.
            dim: the dimension along which they are looked for.
            largest: False for the k smallest, the smallest first.
            sorted: not needed: the result is always in order. nan counts as the largest.

        Raises:
            RuntimeError: there are not so many.

        >>> logits = cutaway.tensor([[0.1, 2.0, 0.3], [1.0, 0.0, 3.0]])
        >>> values, indices = logits.topk(2)
        >>> indices
        tensor([[1, 2],
                [2, 0]])

        Sampling among the three most likely: all others get no chance.

        >>> logits = cutaway.tensor([[1., 4., 2., 3.]])
        >>> logits[logits < logits.topk(3).values[:, [-1]]] = -cutaway.inf
        >>> logits.softmax(-1)
        tensor([[0.0000, 0.6652, 0.0900, 0.2447]])
        """
        axis = axis_of(dim, self._array.ndim)
        array = np.atleast_1d(self._array)
        if array.dtype.kind == "b":
            raise errors.no_bools("topk")
        try:
            count = k.__index__()
        except AttributeError:
            raise TypeError(f"topk(): argument 'k' must be int, not {errors.describe(k)}") from None
        if not 0 <= count <= array.shape[axis]:
            raise errors.too_many_to_choose(count, axis, array.shape[axis])
        order = _order(array, axis, bool(largest), count)
        index = wrap(order if self._array.ndim else np.zeros((), np.int64))
        return TopkResult(_taken(ops.topk, self, index, dim), index)


def _order(array: Array, axis: int, descending: bool, k: int | None = None, stable: bool = False) -> Array:
    """The places of the elements along an axis in order, int64.

    Args:
        k: of how many, the first ones; None: of all.
        stable: whether equal elements stay in the order in which they were.
    """
    x = np.moveaxis(array, axis, -1)
    n = x.shape[-1]
    if descending:  # seen from its end, in order, and seen from its end again: so that equal elements stay
        order = n - 1 - np.flip(np.argsort(np.flip(x, -1), axis=-1, kind="stable"), -1)
    else:
        order = np.argsort(x, axis=-1, kind="stable")
    order = np.ascontiguousarray(order, np.int64)
    if not stable and 0 < x.size <= LOOKED_AT and (k is not None or n > SMALL):
        _settle_ties(order.reshape(-1, n), np.take_along_axis(x, order, -1).reshape(-1, n), k)
    return np.moveaxis(order[..., :k], -1, axis)


LOOKED_AT = 1 << 17  # elements: of more, nobody looks at the order of equals, and it would take more than 0.1 s


def _settle_ties(order: Array, values: Array, k: int | None) -> None:
    """Give the rows of places that have equal elements (among the first k, or at all) PyTorch's order of them."""
    a, b = values[:, :-1], values[:, 1:]
    differ = (a != b) & ((a == a) | (b == b))  # nan is nan's equal
    for row in np.flatnonzero(~differ[:, :k].all(axis=1)):
        rank = np.zeros(len(order[row]), np.int64)
        rank[order[row, 1:]] = differ[row].cumsum()
        found = sorted_places(rank.tolist()) if k is None else first_places(rank.tolist(), k)
        order[row, : len(found)] = found


def _taken(op: Any, x: TensorBase, index: TensorBase, dim: int) -> Any:
    """x's elements in the order of index, which has been found for its dimension."""
    if x._array.ndim == 0:
        return apply(ops.copy, x)
    return apply(op, x, index=index._array, axis=axis_of(dim, x._array.ndim))
