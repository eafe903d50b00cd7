"""Shape operations: reshape, transpose, expand, repeat.

An operation that returns a view in PyTorch returns a view here, which shares memory with its base.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, ops
from ..dtypes import dtype as DType
from ..ops.contract import Array
from .arguments import as_counts, count, numpy_names, sizes, tensor_argument
from .base import TensorBase, apply, apply_view, axes_of, axis_of, wrap

if TYPE_CHECKING:
    from .tensor import Tensor


class Shape(TensorBase):
    """Shape operations."""

    __slots__ = ()

    # --- another shape

    def reshape(self, *lengths: Any, shape: Any = None) -> Tensor:
        """Change the shape, and keep the order of the elements; a view if possible.

        Args:
            lengths: as reshape(2, 3), reshape((2, 3)) or reshape(shape=(2, 3)); one may be -1, to be inferred.

        Raises:
            RuntimeError: the shape has another number of elements.

        >>> cutaway.arange(6).reshape(2, -1)
        tensor([[0, 1, 2],
                [3, 4, 5]])
        """
        return apply_view(ops.reshape, self, shape=_wanted(self, sizes(lengths, shape)))

    def view(self, *lengths: Any, size: Any = None, dtype: DType | None = None) -> Tensor:
        """Like `reshape`, but always a view: it shares memory, or raises.

        Args:
            lengths: as view(2, 3), view((2, 3)) or view(size=(2, 3)); one may be -1, to be inferred.
            dtype: in place of the lengths: reinterpret the bytes as another dtype. It has no gradient.

        Raises:
            RuntimeError: the shape is not compatible with the strides.

        >>> x = cutaway.zeros(6)
        >>> x.view(3, 2)[0, 0] = 1
        >>> x
        tensor([1., 0., 0., 0., 0., 0.])
        """
        if dtype is not None or (len(lengths) == 1 and isinstance(lengths[0], DType)):
            return self._seen_as(dtype or lengths[0])
        out = apply_view(ops.reshape, self, shape=_wanted(self, sizes(lengths, size)))
        if out._view is None and self._array.size:
            raise errors.cannot_view(self._array.shape, out._array.shape)
        return out

    def _seen_as(self, dtype: DType) -> Tensor:
        try:
            return wrap(self._array.view(dtype.dtype))
        except (ValueError, TypeError):
            raise errors.cannot_view_bytes(self._array, dtype) from None

    def view_as(self, other: Tensor) -> Tensor:
        """A view in the shape of other.

        >>> cutaway.arange(4).view_as(cutaway.zeros(2, 2))
        tensor([[0, 1],
                [2, 3]])
        """
        return self.view(tensor_argument(other, "view_as").shape)

    def reshape_as(self, other: Tensor) -> Tensor:
        """Reshape to the shape of other.

        >>> cutaway.arange(4).reshape_as(cutaway.zeros(2, 2))
        tensor([[0, 1],
                [2, 3]])
        """
        return self.reshape(tensor_argument(other, "reshape_as").shape)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Flatten dimensions start_dim to end_dim into one.

        >>> cutaway.zeros(2, 3, 4).flatten(1).shape
        torch.Size([2, 12])
        """
        shape = self._array.shape or (1,)
        start, end = axis_of(start_dim, len(shape)), axis_of(end_dim, len(shape))
        if start > end:
            raise errors.flatten_backwards(start_dim, end_dim)
        if start == end and self._array.ndim:
            return self  # type: ignore[return-value]
        middle = math.prod(shape[start : end + 1])
        return self.reshape(*shape[:start], middle, *shape[end + 1 :])

    def unflatten(self, dim: int, sizes: Sequence[int]) -> Tensor:
        """Split dimension dim into several.

        Args:
            dim: the dimension to split.
            sizes: the new sizes; one may be -1, to be inferred.

        Raises:
            RuntimeError: the product of the sizes is not the size of the dimension.

        >>> cutaway.zeros(2, 12).unflatten(1, (3, -1)).shape
        torch.Size([2, 3, 4])
        """
        axis, shape = axis_of(dim, self._array.ndim), self._array.shape
        n, parts = shape[axis], list(sizes)
        known = math.prod(size for size in parts if size != -1)
        if parts.count(-1) == 1 and known and n % known == 0:
            parts[parts.index(-1)] = n // known
        elif -1 in parts or known != n or not parts:
            raise errors.cannot_unflatten(dim, n, sizes)
        return self.reshape(*shape[:axis], *parts, *shape[axis + 1 :])

    def ravel(self) -> Tensor:
        """Flatten to one dimension.

        >>> cutaway.tensor([[1, 2], [3, 4]]).ravel()
        tensor([1, 2, 3, 4])
        """
        return self.contiguous().view(-1)  # type: ignore[attr-defined, no-any-return]

    @numpy_names
    def squeeze(self, dim: int | tuple[int, ...] | None = None) -> Tensor:
        """Remove dimensions of length 1.

        Args:
            dim: the dimension or dimensions to remove if their length is 1; None for all of length 1.

        >>> cutaway.zeros(1, 3, 1).squeeze().shape
        torch.Size([3])
        >>> cutaway.zeros(1, 3, 1).squeeze(0).shape
        torch.Size([3, 1])
        """
        if dim is None:
            return apply_view(ops.squeeze, self, axis=None)
        named = axes_of(dim, self._array.ndim) or ()
        axes = tuple(a for a in named if self._array.shape[a] == 1)
        return apply_view(ops.squeeze, self, axis=axes[0] if axes and not isinstance(dim, tuple) else axes)

    @numpy_names
    def unsqueeze(self, dim: int) -> Tensor:
        """Insert a dimension of length 1 at dim.

        >>> cutaway.zeros(3).unsqueeze(1).shape
        torch.Size([3, 1])
        """
        return apply_view(ops.unsqueeze, self, axis=axis_of(dim, self._array.ndim + 1))

    # --- order of dimensions

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Swap two dimensions.

        >>> cutaway.zeros(2, 3, 4).transpose(0, 2).shape
        torch.Size([4, 3, 2])
        """
        a, b = (axis_of(d, self._array.ndim) for d in (dim0, dim1))
        return apply_view(ops.swapaxes, self, a=a, b=b) if self._array.ndim else self.view(())

    swapdims = transpose

    def swapaxes(self, axis0: int, axis1: int) -> Tensor:
        """Swap two dimensions: `transpose` under NumPy's name."""
        return self.transpose(axis0, axis1)

    def permute(self, *order: Any, dims: Any = None) -> Tensor:
        """Permute the dimensions.

        Args:
            order: every dimension once, as permute(2, 0, 1), permute((2, 0, 1)) or permute(dims=(2, 0, 1)).

        Raises:
            RuntimeError: a dimension is missing or repeated.

        >>> cutaway.zeros(2, 3, 4).permute(2, 0, 1).shape
        torch.Size([4, 2, 3])
        """
        ndim, wanted = self._array.ndim, sizes(order, dims)
        axes = tuple(axis_of(d, ndim) for d in wanted) if len(wanted) == ndim else ()
        if sorted(axes) != list(range(ndim)):
            raise errors.cannot_permute(wanted, ndim)
        return apply_view(ops.transpose, self, axes=axes)

    def movedim(self, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Tensor:
        """Move dimensions to other positions; the others keep their order.

        >>> cutaway.zeros(2, 3, 4).movedim(0, -1).shape
        torch.Size([3, 4, 2])
        """
        ndim = self._array.ndim
        sources, places = (axes_of(d, ndim) or () for d in (source, destination))
        if len(sources) != len(places):
            raise errors.cannot_move_dims(source, destination)
        moved = dict(zip(places, sources, strict=True))
        others = (a for a in range(ndim) if a not in sources)
        return self.permute([moved[a] if a in moved else next(others) for a in range(ndim)])

    def t(self) -> Tensor:
        """Transpose a matrix; at most two dimensions.

        >>> cutaway.tensor([[1, 2], [3, 4]]).t()
        tensor([[1, 3],
                [2, 4]])
        """
        if self._array.ndim > 2:
            raise errors.not_a_matrix(self._array.ndim)
        return apply_view(ops.t, self)

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order: the transpose of a matrix. Warns if self is not a matrix.

        >>> cutaway.tensor([[1, 2], [3, 4]]).T
        tensor([[1, 3],
                [2, 4]])
        """
        if self._array.ndim not in (0, 2):
            errors.warn(errors.transpose_of_no_matrix(self._array.shape))
        return apply_view(ops.transpose, self, axes=tuple(reversed(range(self._array.ndim))))

    @property
    def mT(self) -> Tensor:
        """Swap the last two dimensions: the transpose of each matrix of a batch.

        >>> cutaway.zeros(5, 2, 3).mT.shape
        torch.Size([5, 3, 2])
        """
        if self._array.ndim < 2:
            raise errors.needs_matrices("tensor.mT", self._array.shape)
        return self.transpose(-2, -1)

    # --- expand, repeat, reverse

    def expand(self, *lengths: Any, size: Any = None) -> Tensor:
        """Expand dimensions of length 1, as a view.

        Args:
            lengths: as expand(2, 3), expand((2, 3)) or expand(size=(2, 3)); -1 keeps a size. New dimensions lead.

        Raises:
            RuntimeError: a dimension of another length than 1 would change.

        >>> cutaway.tensor([[1.], [2.]]).expand(2, 3)
        tensor([[1., 1., 1.],
                [2., 2., 2.]])
        """
        wanted, own = sizes(lengths, size), self._array.shape
        new = len(wanted) - len(own)
        if new < 0 or any(n < (0 if i < new else -1) for i, n in enumerate(wanted)):
            raise errors.cannot_expand(own, wanted)
        kept = wanted[:new] + tuple(m if n == -1 else n for n, m in zip(wanted[new:], own, strict=True))
        return apply_view(ops.expand, self, shape=kept)

    def expand_as(self, other: Tensor) -> Tensor:
        """Expand to the shape of other.

        >>> cutaway.tensor([1, 2]).expand_as(cutaway.zeros(2, 2))
        tensor([[1, 2],
                [1, 2]])
        """
        return self.expand(tensor_argument(other, "expand_as").shape)

    def broadcast_to(self, *lengths: Any, size: Any = None) -> Tensor:
        """Expand to a shape: `expand` under NumPy's name.

        >>> cutaway.tensor([1, 2]).broadcast_to((2, 2))
        tensor([[1, 2],
                [1, 2]])
        """
        return self.expand(*lengths, size=size)

    def repeat(self, *times: Any, repeats: Any = None) -> Tensor:
        """Repeat self along its dimensions, as a copy.

        Args:
            times: the repeats per dimension, as repeat(2, 3), repeat((2, 3)) or repeat(repeats=(2, 3)); new
                dimensions lead.

        >>> cutaway.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
        """
        counts = sizes(times, repeats)
        if len(counts) < self._array.ndim or any(n < 0 for n in counts):
            raise errors.cannot_repeat(self._array.shape, counts)
        return apply(ops.tile, self, repeats=counts)

    def tile(self, *times: Any, dims: Any = None) -> Tensor:
        """Like `repeat`, but with fewer repeats than dimensions, the leading dimensions are not repeated.

        >>> cutaway.tensor([[1, 2], [3, 4]]).tile(2)
        tensor([[1, 2, 1, 2],
                [3, 4, 3, 4]])
        """
        counts = sizes(times, dims)
        return self.repeat((1,) * (self._array.ndim - len(counts)) + counts)

    @numpy_names
    def repeat_interleave(
        self, repeats: int | Tensor, dim: int | None = None, *, output_size: int | None = None
    ) -> Tensor:
        """Repeat each element, or each slice along dim.

        Args:
            repeats: the number of repeats; a tensor has one for each element or slice.
            dim: the dimension; None for self flattened.
            output_size: the size of the result, if known; it is checked.

        Raises:
            RuntimeError: a number of repeats is negative, or there are too many or too few of them.
            IndexError: self has no such dimension.

        >>> cutaway.tensor([1, 2]).repeat_interleave(2)
        tensor([1, 1, 2, 2])
        >>> cutaway.tensor([1, 2]).repeat_interleave(cutaway.tensor([3, 0]))
        tensor([1, 1, 1])
        """
        if dim is not None and not self._array.ndim:
            raise errors.dim_of_a_number(dim)
        x: Any = self.reshape(-1) if dim is None else self
        axis = axis_of(dim or 0, x._array.ndim)
        places = repeated(repeats, x._array.shape[axis], output_size)
        if isinstance(repeats, TensorBase):
            return x.index_select(axis, wrap(places))  # type: ignore[no-any-return]
        wide = x.unsqueeze(axis + 1).expand((*(-1,) * (axis + 1), repeats, *(-1,) * (x._array.ndim - axis - 1)))
        return apply(ops.copy, wide, order="C").flatten(axis, axis + 1)

    @numpy_names
    def roll(self, shifts: int | Sequence[int], dims: int | Sequence[int] | None = ()) -> Tensor:
        """Roll the elements along dimensions; those shifted past the end reappear at the start.

        Args:
            shifts: the number of positions, for each dimension.
            dims: the dimension or dimensions; () rolls self flattened.

        Raises:
            RuntimeError: there are more shifts than dims, or fewer.

        >>> cutaway.tensor([1, 2, 3]).roll(1)
        tensor([3, 1, 2])
        """
        shift = (shifts,) if isinstance(shifts, int) else tuple(shifts)
        named = (dims,) if isinstance(dims, int) else tuple(dims or ())
        if len(shift) != max(len(named), 1):
            raise errors.shifts_do_not_fit(shift, named)
        if named and not self._array.ndim:
            raise errors.dim_of_a_number(named[0])
        axis = tuple(axis_of(d, self._array.ndim) for d in named) or None
        return apply(ops.roll, self, shift=shift, axis=axis)

    def flip(self, *axes: Any, dims: Any = None) -> Tensor:
        """Reverse the order along dimensions, given as flip(0, 1), flip((0, 1)) or flip(dims=(0, 1)); a copy.

        >>> cutaway.tensor([1, 2, 3]).flip(0)
        tensor([3, 2, 1])
        """
        return apply(ops.flip, self, axis=axes_of(sizes(axes, dims), self._array.ndim) or ())


def _wanted(x: TensorBase, shape: tuple[int, ...]) -> tuple[int, ...]:
    if shape and min(shape) < -1:  # NumPy treats any negative number as -1
        raise errors.cannot_reshape(x._array.shape, shape)
    return shape


def repeated(repeats: int | Tensor, n: int | None = None, output_size: int | None = None) -> Array:
    """The integers 0 to n - 1 (None: one per repeat count), each repeated that many times."""
    if not isinstance(repeats, TensorBase):
        times = np.asarray(count("repeat_interleave", "repeats", repeats))
    elif repeats._array.dtype.kind in "iu":
        times = repeats._array
    else:
        raise errors.not_for_dtype("repeat_interleave", repeats.dtype.name, "integers, the numbers of repeats")
    if times.ndim > 1 or (n is None and times.ndim == 0) or (n is not None and times.size not in (1, n)):
        raise errors.repeats_do_not_fit(times.shape, n)
    if times.size and times.min() < 0:
        raise errors.negative_count("repeat_interleave", "repeats", int(times.min()))
    places = np.repeat(np.arange(times.size if n is None else n, dtype=np.int64), as_counts(times))
    if output_size not in (None, len(places)):
        raise errors.output_of_other_size(output_size, len(places))
    return places
