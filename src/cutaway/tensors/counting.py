"""Counting: nonzero elements, occurrences of integers, unique elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, ops
from .arguments import as_counts, numpy_names, tensor_argument
from .base import Dims, TensorBase, apply, axes_of, axis_of, wrap

if TYPE_CHECKING:
    from .tensor import Tensor


class Counting(TensorBase):
    """Counting: nonzero elements, occurrences of integers, unique elements."""

    __slots__ = ()

    @numpy_names
    def count_nonzero(self, dim: Dims = None) -> Tensor:
        """The number of nonzero elements.

        >>> cutaway.tensor([0, 3, 4]).count_nonzero()
        tensor(2)
        """
        n = np.count_nonzero(self._array, axis=axes_of(dim, self._array.ndim))
        return wrap(np.asarray(n, dtype=np.int64))

    def bincount(self, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
        """The number of occurrences of each of the integers 0, 1, 2, ...

        Args:
            weights: the weight of each element of self, in place of 1.
            minlength: the minimum length of the result.

        Raises:
            RuntimeError: self is not a vector of non-negative integers, or the weights have another shape.

        >>> cutaway.tensor([0, 3, 3, 1]).bincount()
        tensor([1, 1, 0, 2])
        """
        array = self._array
        if array.dtype.kind not in "iu":
            raise errors.not_for_dtype("bincount", self.dtype.name, "non-negative integers")
        if array.ndim != 1 or (array.size and array.min() < 0):
            raise errors.cannot_count(array)
        if minlength < 0:
            raise errors.negative_count("bincount", "minlength", minlength)
        if weights is None:
            return wrap(np.bincount(as_counts(array), minlength=minlength).astype(np.int64))
        each = tensor_argument(weights, "bincount")._array
        if each.shape != array.shape:
            raise errors.weights_do_not_fit(each.shape, array.shape)
        total = np.bincount(as_counts(array), each, minlength)
        return wrap(total.astype(np.float32 if each.dtype == np.float32 else np.float64))

    def unique(
        self, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
    ) -> Any:
        """The unique elements.

        Args:
            sorted: ignored: the result is always sorted.
            return_inverse: also return the index of each element in the result.
            return_counts: also return the number of occurrences of each.
            dim: the dimension whose unique slices to return; None for elements.

        Returns:
            A tensor, or a tuple of it and the optional outputs.

        >>> cutaway.tensor([3, 1, 3]).unique()
        tensor([1, 3])
        >>> cutaway.tensor([3, 1, 3]).unique(return_counts=True)
        (tensor([1, 3]), tensor([1, 2]))
        """
        x = apply(ops.reshape, self, shape=(-1,)) if dim is None else self
        if not x._array.ndim:
            raise errors.dim_of_a_number(dim)
        axis = axis_of(dim or 0, x._array.ndim)
        lengths = x._array.shape
        if 0 in lengths[:axis] + lengths[axis + 1 :]:
            raise errors.unique_of_nothing(axis, lengths)
        # Only a gradient needs the place of the first of each, which takes most of the time.
        asked: Any = {"return_index": x.requires_grad, "return_inverse": return_inverse, "return_counts": True}
        found, *places, counts = np.unique(x._array, axis=axis, equal_nan=False, **asked)
        if x.requires_grad:
            index = (slice(None),) * axis + (places[0],)
            values = apply(ops.piece, x, index=index, of="Unique2" if dim is None else "UniqueDim")
        else:
            values = wrap(found)
        more = [wrap(counts.astype(np.int64))] if return_counts else []
        if return_inverse:
            more.insert(0, wrap(places[-1].reshape(self._array.shape if dim is None else (-1,)).astype(np.int64)))
        return (values, *more) if more else values
