"""The same elements in another arrangement.

Where PyTorch gives a view, a view is given: it shares memory with the tensor it looks into.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, ops
from ..dtypes import dtype as DType
from .arguments import numpy_names, sizes
from .base import TensorBase, apply, apply_view, axes_of, axis_of

if TYPE_CHECKING:
    from .tensor import Tensor


class Shape(TensorBase):
    """The same elements in another arrangement."""

    __slots__ = ()

    # --- another shape

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements, in the same order, in another shape; a view where possible.

        Args:
            shape: the lengths, as reshape(2, 3) or reshape((2, 3)); one may be -1 and is worked out.

        Raises:
            RuntimeError: the shape holds another number of elements.

        >>> cutaway.arange(6).reshape(2, -1)
        tensor([[0, 1, 2],
                [3, 4, 5]])
        """
        return apply_view(ops.reshape, self, shape=_wanted(self, shape))

    def view(self, *shape: Any) -> Tensor:
        """Like `reshape`, but always a view: it shares memory, or raises.

        Args:
            shape: the lengths, as view(2, 3) or view((2, 3)); one may be -1 and is worked out.

        Raises:
            RuntimeError: the elements do not lie in memory in that order.

        >>> x = cutaway.zeros(6)
        >>> x.view(3, 2)[0, 0] = 1
        >>> x
        tensor([1., 0., 0., 0., 0., 0.])
        """
        if len(shape) == 1 and isinstance(shape[0], DType):
            raise NotImplementedError(f"view(dtype) is not there: to convert the numbers write x.to({shape[0]})")
        out = apply_view(ops.reshape, self, shape=_wanted(self, shape))
        if out._view is None and self._array.size:
            raise errors.cannot_view(self._array.shape, out._array.shape)
        return out

    def view_as(self, other: Tensor) -> Tensor:
        """A view in the shape of other.

        >>> cutaway.arange(4).view_as(cutaway.zeros(2, 2))
        tensor([[0, 1],
                [2, 3]])
        """
        return self.view(other.shape)

    def reshape_as(self, other: Tensor) -> Tensor:
        """The same elements in the shape of other.

        >>> cutaway.arange(4).reshape_as(cutaway.zeros(2, 2))
        tensor([[0, 1],
                [2, 3]])
        """
        return self.reshape(other.shape)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Dimensions start_dim to end_dim made into one.

        >>> cutaway.zeros(2, 3, 4).flatten(1).shape
        torch.Size([2, 12])
        """
        shape = self._array.shape or (1,)
        start, end = axis_of(start_dim, len(shape)), axis_of(end_dim, len(shape))
        if start > end:
            raise errors.flatten_backwards(start_dim, end_dim)
        if start == end and self._array.ndim:
            return self  # type: ignore[return-value]
        middle = int(np.prod(shape[start : end + 1], dtype=np.int64))
        return self.reshape(*shape[:start], middle, *shape[end + 1 :])

    def unflatten(self, dim: int, sizes: Sequence[int]) -> Tensor:
        """Dimension dim split into several.

        Args:
            dim: the dimension to split.
            sizes: the lengths of the new ones; one may be -1 and is worked out.

        Raises:
            RuntimeError: the lengths do not multiply to the dimension's.

        >>> cutaway.zeros(2, 12).unflatten(1, (3, -1)).shape
        torch.Size([2, 3, 4])
        """
        axis, shape = axis_of(dim, self._array.ndim), self._array.shape
        n, parts = shape[axis], list(sizes)
        known = int(np.prod([size for size in parts if size != -1], dtype=np.int64))
        if parts.count(-1) == 1 and known and n % known == 0:
            parts[parts.index(-1)] = n // known
        elif -1 in parts or known != n or not parts:
            raise errors.cannot_unflatten(dim, n, sizes)
        return self.reshape(*shape[:axis], *parts, *shape[axis + 1 :])

    def ravel(self) -> Tensor:
        """All elements in one dimension.

        >>> cutaway.tensor([[1, 2], [3, 4]]).ravel()
        tensor([1, 2, 3, 4])
        """
        return self.reshape(-1)

    @numpy_names
    def squeeze(self, dim: int | tuple[int, ...] | None = None) -> Tensor:
        """Without the dimensions of length 1.

        Args:
            dim: only this one, or these, and only if their length is 1; None: all that have length 1.

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
        """With a new dimension of length 1 at dim.

        >>> cutaway.zeros(3).unsqueeze(1).shape
        torch.Size([3, 1])
        """
        return apply_view(ops.unsqueeze, self, axis=axis_of(dim, self._array.ndim + 1))

    # --- another order of dimensions

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """With two dimensions exchanged.

        >>> cutaway.zeros(2, 3, 4).transpose(0, 2).shape
        torch.Size([4, 3, 2])
        """
        a, b = (axis_of(d, self._array.ndim) for d in (dim0, dim1))
        return apply_view(ops.swapaxes, self, a=a, b=b) if self._array.ndim else self.view(())

    swapaxes = swapdims = transpose

    def permute(self, *dims: Any) -> Tensor:
        """With the dimensions in another order.

        Args:
            dims: every dimension once, as permute(2, 0, 1) or permute((2, 0, 1)).

        Raises:
            RuntimeError: a dimension is missing, or is named twice.

        >>> cutaway.zeros(2, 3, 4).permute(2, 0, 1).shape
        torch.Size([4, 2, 3])
        """
        ndim, order = self._array.ndim, sizes(dims)
        axes = tuple(axis_of(d, ndim) for d in order)
        if sorted(axes) != list(range(ndim)):
            raise errors.cannot_permute(order, ndim)
        return apply_view(ops.transpose, self, axes=axes)

    def movedim(self, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Tensor:
        """With dimensions moved to other places; the others keep their order.

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
        """A matrix transposed; at most two dimensions.

        >>> cutaway.tensor([[1, 2], [3, 4]]).t()
        tensor([[1, 3],
                [2, 4]])
        """
        if self._array.ndim > 2:
            raise errors.not_a_matrix(self._array.ndim)
        return apply_view(ops.t, self)

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order: a matrix transposed.

        >>> cutaway.tensor([[1, 2], [3, 4]]).T
        tensor([[1, 3],
                [2, 4]])
        """
        return apply_view(ops.transpose, self, axes=tuple(reversed(range(self._array.ndim))))

    @property
    def mT(self) -> Tensor:
        """The last two dimensions exchanged: every matrix of a batch transposed.

        >>> cutaway.zeros(5, 2, 3).mT.shape
        torch.Size([5, 3, 2])
        """
        if self._array.ndim < 2:
            raise errors.needs_matrices("tensor.mT", self._array.shape)
        return self.transpose(-2, -1)

    # --- stretched, repeated, turned round

    def expand(self, *shape: Any) -> Tensor:
        """Dimensions of length 1 stretched, without a copy.

        Args:
            shape: the lengths, as expand(2, 3) or expand((2, 3)); -1 keeps one. New ones go in front.

        Raises:
            RuntimeError: a dimension of another length than 1 would have to change.

        >>> cutaway.tensor([[1.], [2.]]).expand(2, 3)
        tensor([[1., 1., 1.],
                [2., 2., 2.]])
        """
        wanted, own = sizes(shape), self._array.shape
        new = len(wanted) - len(own)
        if new < 0 or any(n < (0 if i < new else -1) for i, n in enumerate(wanted)):
            raise errors.cannot_expand(own, wanted)
        kept = wanted[:new] + tuple(m if n == -1 else n for n, m in zip(wanted[new:], own, strict=True))
        return apply_view(ops.expand, self, shape=kept)

    def expand_as(self, other: Tensor) -> Tensor:
        """Stretched to the shape of other.

        >>> cutaway.tensor([1, 2]).expand_as(cutaway.zeros(2, 2))
        tensor([[1, 2],
                [1, 2]])
        """
        return self.expand(other.shape)

    def broadcast_to(self, size: Sequence[int]) -> Tensor:
        """Stretched to a shape.

        >>> cutaway.tensor([1, 2]).broadcast_to((2, 2))
        tensor([[1, 2],
                [1, 2]])
        """
        return self.expand(tuple(size))

    def repeat(self, *repeats: Any) -> Tensor:
        """Copies side by side.

        Args:
            repeats: how many along each dimension, as repeat(2, 3) or repeat((2, 3)); new ones go in front.

        >>> cutaway.tensor([1, 2]).repeat(2, 2)
        tensor([[1, 2, 1, 2],
                [1, 2, 1, 2]])
        """
        times = sizes(repeats)
        if len(times) < self._array.ndim or any(n < 0 for n in times):
            raise errors.cannot_repeat(self._array.shape, times)
        return apply(ops.tile, self, repeats=times)

    def flip(self, *dims: Any) -> Tensor:
        """Back to front along dims; a copy.

        >>> cutaway.tensor([1, 2, 3]).flip(0)
        tensor([3, 2, 1])
        """
        return apply(ops.flip, self, axis=axes_of(sizes(dims), self._array.ndim) or ())

    def tril(self, diagonal: int = 0) -> Tensor:
        """The lower triangle of a matrix (or of each of a batch), zeros elsewhere.

        Args:
            diagonal: up to which diagonal: 0 for the main one, 1 for that above it, -1 for that below it.

        >>> cutaway.ones(2, 2).tril()
        tensor([[1., 0.],
                [1., 1.]])
        """
        if self._array.ndim < 2:
            raise errors.needs_matrices("tril", self._array.shape)
        return apply(ops.tril, self, k=diagonal)

    def triu(self, diagonal: int = 0) -> Tensor:
        """The upper triangle of a matrix (or of each of a batch), zeros elsewhere.

        Args:
            diagonal: from which diagonal: 0 for the main one, 1 for that above it, -1 for that below it.

        >>> cutaway.ones(2, 2).triu(1)
        tensor([[0., 1.],
                [0., 0.]])
        """
        if self._array.ndim < 2:
            raise errors.needs_matrices("triu", self._array.shape)
        return apply(ops.triu, self, k=diagonal)

    # --- pieces

    @numpy_names
    def narrow(self, dim: int, start: int, length: int) -> Tensor:
        """The elements start to start + length along dim, as a view.

        >>> cutaway.arange(5).narrow(0, 1, 3)
        tensor([1, 2, 3])
        """
        if not self._array.ndim:
            raise errors.needs_dimensions("narrow")
        axis = axis_of(dim, self._array.ndim)
        n, first = self._array.shape[axis], start.__index__()
        if not -n <= first <= n:
            raise errors.narrow_out_of_range(first, n)
        first += n if first < 0 else 0
        if length < 0 or first + length > n:
            raise errors.narrow_too_long(first, length, n)
        return apply_view(ops.getitem, self, index=_along(axis, slice(first, first + length)))

    @numpy_names
    def split(self, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
        """Views of pieces along dim.

        Args:
            split_size: the length of each piece (the last may be shorter), or a list of lengths.
            dim: the dimension to cut.

        Raises:
            RuntimeError: the lengths do not add up to the dimension's.

        >>> cutaway.arange(5).split(2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
        """
        if not self._array.ndim:
            raise errors.needs_dimensions("split")
        axis = axis_of(dim, self._array.ndim)
        n = self._array.shape[axis]
        if isinstance(split_size, int):
            if split_size < 0 or (split_size == 0 and n):
                raise errors.cannot_split(split_size, n)
            return self._pieces(axis, [min(split_size, n - i) for i in range(0, n, split_size)] if n else [0], "Split")
        if sum(split_size) != n or any(length < 0 for length in split_size):
            raise errors.cannot_split(split_size, n)
        return self._pieces(axis, split_size, "SplitWithSizes")

    @numpy_names
    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """Views of at most `chunks` pieces of equal length along dim (the last may be shorter).

        >>> cutaway.arange(5).chunk(2)
        (tensor([0, 1, 2]), tensor([3, 4]))
        """
        if not self._array.ndim:
            raise errors.needs_dimensions("chunk")
        if chunks < 1:
            raise errors.no_chunks(chunks)
        n = self._array.shape[axis_of(dim, self._array.ndim)]
        return self.split(-(-n // chunks), dim) if n else self.split([0] * chunks, dim)

    def _pieces(self, axis: int, lengths: Sequence[int], of: str) -> tuple[Tensor, ...]:
        ends = np.cumsum(lengths).tolist()
        parts = [slice(end - length, end) for end, length in zip(ends, lengths, strict=True)]
        return tuple(apply_view(ops.piece, self, index=_along(axis, part), of=of) for part in parts)

    @numpy_names
    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """Views of the slices along dim, which is removed.

        >>> cutaway.tensor([[1, 2], [3, 4]]).unbind()
        (tensor([1, 2]), tensor([3, 4]))
        """
        if not self._array.ndim:
            raise errors.dim_of_a_number(dim)
        axis = axis_of(dim, self._array.ndim)
        each = range(self._array.shape[axis])
        return tuple(apply_view(ops.piece, self, index=_along(axis, i), of="Unbind") for i in each)


def _wanted(x: TensorBase, given: tuple[Any, ...]) -> tuple[int, ...]:
    shape = sizes(given)
    if shape and min(shape) < -1:  # NumPy takes any negative number for -1
        raise errors.cannot_reshape(x._array.shape, shape)
    return shape


def _along(axis: int, part: int | slice) -> tuple[Any, ...]:
    """The index that takes a part along one axis, and all of the others."""
    return (*(slice(None),) * axis, part, ...)


__all__ = ["Shape"]
