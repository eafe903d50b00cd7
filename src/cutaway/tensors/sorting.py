"""Sorting, quantiles and top-k. nan sorts as the largest, as in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, ops
from ..order import places_in_order
from .arguments import number_of, numpy_names, tensor_argument
from .base import Number, TensorBase, apply, axis_of, wrap
from .extremes import Found

if TYPE_CHECKING:
    from .tensor import Tensor


# The position of a quantile that falls between two elements.
BETWEEN: dict[str, Callable[[Any], Any]] = {
    "linear": lambda place: place,
    "lower": lambda place: place.detach().floor(),
    "higher": lambda place: place.detach().ceil(),
    "nearest": lambda place: place.detach().round(),
    "midpoint": lambda place: (place.detach().floor() + place.detach().ceil()) / 2,
}


class SortResult(Found):
    """The result of `x.sort()`."""

    __slots__ = ()


class TopkResult(Found):
    """The result of `x.topk(k)`."""

    __slots__ = ()


class Sorting(TensorBase):
    """Sorting, quantiles and top-k."""

    __slots__ = ()

    @numpy_names
    def sort(self, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> SortResult:
        """Sort along a dimension; returns a named tuple (values, indices).

        Args:
            dim: the dimension to sort along.
            descending: sort in descending order.
            stable: True preserves the order of equal elements. Else their order is that of PyTorch.

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
        """The indices that sort a dimension, as returned by `sort`.

        Args:
            dim: the dimension to sort along.
            descending: sort in descending order.
            stable: True preserves the order of equal elements. Else their order is that of PyTorch.

        >>> cutaway.tensor([3., 1., 2.]).argsort(descending=True)
        tensor([0, 2, 1])
        """
        axis = axis_of(dim, self._array.ndim)
        order = places_in_order(np.atleast_1d(self._array), axis, bool(descending), stable=bool(stable))
        return wrap(order.reshape(self._array.shape))

    @numpy_names
    def quantile(
        self, q: float | Tensor, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
    ) -> Tensor:
        """The q-quantile of all elements, or along a dimension.

        Args:
            q: between 0 and 1; or a vector (Q), whose dimension comes first in the result.
            dim: the dimension to reduce; None for self flattened.
            keepdim: keep it, with length 1.
            interpolation: the method between two elements: "linear", "midpoint", "lower", "higher" or
                "nearest".

        Raises:
            RuntimeError: q is not between 0 and 1, or self is empty or not floating-point.

        >>> x = cutaway.tensor([0., 1., 4., 9.])
        >>> x.quantile(0.5)
        tensor(2.5000)
        >>> x.quantile(cutaway.tensor([0.25, 0.75]))
        tensor([0.7500, 5.2500])
        """
        x: Any = self
        if x._array.dtype not in (np.float32, np.float64) or not x._array.size:
            raise errors.no_quantile(x._array)
        parts: Any = q if isinstance(q, TensorBase) else wrap(np.asarray(number_of(q), x._array.dtype))
        if parts._array.dtype != x._array.dtype:
            raise errors.dtypes_differ("quantile", x.dtype, parts.dtype)
        if parts._array.ndim > 1 or not np.all((parts._array >= 0) & (parts._array <= 1)):
            raise errors.out_of_range("quantile", "q", q, "between 0 and 1")
        if interpolation not in BETWEEN:
            raise errors.unknown_interpolation(interpolation, BETWEEN)
        axis = None if dim is None else axis_of(dim, x._array.ndim)
        rows = x.movedim(axis, -1) if axis is not None and x._array.ndim else x.reshape(-1)
        # The order of equal elements shows only in the gradient; finding PyTorch's can take 0.1 s.
        values = rows.sort(-1, stable=not rows.requires_grad).values
        values = values.masked_fill(rows.isnan().any(-1, keepdim=True), np.nan)
        place = BETWEEN[interpolation](parts * (rows._array.shape[-1] - 1))
        low, high = place.floor(), place.ceil()
        out = values[..., low.long()].lerp(values[..., high.long()], place - low)
        if keepdim:
            kept = [1 if axis in (None, a) else n for a, n in enumerate(x._array.shape)]
            out = out.reshape((*kept, *parts.shape))
        return out.movedim(-1, 0) if parts._array.ndim else out  # type: ignore[no-any-return]

    @numpy_names
    def topk(self, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> TopkResult:
        """The k largest elements along a dimension, in descending order, and their indices.

        Args:
            k: the number of elements.
            dim: the dimension to reduce.
            largest: False for the k smallest, in ascending order.
            sorted: ignored: the result is always sorted. nan counts as the largest.

        Raises:
            RuntimeError: the dimension has fewer than k elements.

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
        order = places_in_order(array, axis, bool(largest), count)
        index = wrap(order if self._array.ndim else np.zeros((), np.int64))
        return TopkResult(_taken(ops.topk, self, index, dim), index)


def _taken(op: Any, x: TensorBase, index: TensorBase, dim: int) -> Any:
    """The elements of x in the order of index, along its dimension."""
    if x._array.ndim == 0:
        return apply(ops.copy, x)
    return apply(op, x, index=index._array, axis=axis_of(dim, x._array.ndim))


def searchsorted(
    sorted_sequence: Tensor, input: Tensor | Number, *, out_int32: bool = False, right: bool = False,
    side: str | None = None,
) -> Tensor:  # fmt: skip
    """Where to insert values into a sorted sequence so that it stays sorted: the number of elements below each.

    Args:
        sorted_sequence: (L), or (*, L), a sequence for each row of input; in ascending order.
        input: a number, or a tensor; (*, N) for several sequences.
        out_int32: the result's dtype is int32, not int64.
        right: count the elements that are equal too.
        side: "left" or "right": the same, by NumPy's name.

    Raises:
        RuntimeError: the shapes do not fit, or side is unknown or contradicts right.

    >>> cutaway.searchsorted(cutaway.tensor([1., 3., 5.]), cutaway.tensor([0., 3., 6.]))
    tensor([0, 1, 3])
    """
    x = tensor_argument(sorted_sequence, "searchsorted")._array
    values = input._array if isinstance(input, TensorBase) else np.asarray(input)
    if side not in (None, "left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if right and side == "left":
        raise RuntimeError("torch.searchsorted(): side and right can't be set to opposites: 'left', and right=True")
    if not x.ndim or (x.ndim > 1 and x.shape[:-1] != values.shape[:-1]):
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            f"tensor and input value tensor must match, but we got boundaries tensor {list(x.shape)} and input value "
            f"tensor {list(values.shape)}"
        )
    which: Any = "right" if right else side or "left"
    found = np.empty(values.shape, np.int32 if out_int32 else np.int64)
    for row in np.ndindex(x.shape[:-1]):
        found[row] = np.searchsorted(x[row], values[row], which)
    return wrap(found)


def bucketize(
    input: Tensor | Number, boundaries: Tensor, *, out_int32: bool = False, right: bool = False
) -> Tensor:
    """The number of the bucket that each value falls into: `searchsorted`, arguments the other way round.

    Args:
        input: a number, or a tensor.
        boundaries: (L), in ascending order.
        out_int32: the result's dtype is int32, not int64.
        right: a value equal to a boundary falls into the bucket above.

    Raises:
        RuntimeError: boundaries is not a vector.

    >>> cutaway.bucketize(cutaway.tensor([15., 42.]), cutaway.tensor([18., 30., 65.]))
    tensor([0, 2])
    """
    if tensor_argument(boundaries, "bucketize").ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
