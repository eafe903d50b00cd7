"""Parts of a tensor: triangles, diagonals, windows, splits. Most of them are views."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from .. import errors, ops
from .arguments import numpy_names, whole
from .base import TensorBase, apply, apply_view, axis_of, named
from .shape import Shape

if TYPE_CHECKING:
    from .tensor import Tensor


class Parts(Shape):
    """Parts of a tensor."""

    __slots__ = ()

    def tril(self, diagonal: int = 0) -> Tensor:
        """The lower triangle of a matrix (or of each of a batch), zeros elsewhere.

        Args:
            diagonal: the last diagonal to keep: 0 for the main one, 1 for the one above it, -1 below it.

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
            diagonal: the first diagonal to keep: 0 for the main one, 1 for the one above it, -1 below it.

        >>> cutaway.ones(2, 2).triu(1)
        tensor([[0., 1.],
                [0., 0.]])
        """
        if self._array.ndim < 2:
            raise errors.needs_matrices("triu", self._array.shape)
        return apply(ops.triu, self, k=diagonal)

    def diag(self, diagonal: int = 0) -> Tensor:
        """A matrix with self on its diagonal; or, if self is a matrix, its diagonal.

        Args:
            diagonal: the diagonal: 0 for the main one, 1 for the one above it, -1 below it.

        >>> cutaway.tensor([1, 2]).diag()
        tensor([[1, 0],
                [0, 2]])
        >>> cutaway.tensor([[1, 2], [3, 4]]).diag()
        tensor([1, 4])
        """
        ndim = self._array.ndim
        if ndim not in (1, 2):
            raise errors.no_diagonal(ndim)
        if ndim == 2:
            return named(apply(ops.copy, self.diagonal(diagonal)), "DiagonalBackward0_copy")
        n = self._array.size + abs(diagonal)
        return apply(ops.diag_embed, self, shape=(n, n), offset=diagonal)

    def diagonal(self, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
        """A view of the diagonal of a matrix, or of each matrix that two dimensions form, as the last dimension.

        Args:
            offset: the diagonal: 0 for the main one, 1 for the one above it, -1 below it.
            dim1: the dimension of the rows.
            dim2: the dimension of the columns.

        >>> x = cutaway.zeros(2, 2)
        >>> x.diagonal()[:] = 7
        >>> x
        tensor([[7., 0.],
                [0., 7.]])
        """
        a, b = (axis_of(d, self._array.ndim) for d in (dim1, dim2))
        if a == b:
            raise errors.diagonal_of_one(dim1, dim2)
        return apply_view(ops.diagonal, self, offset=offset, axis1=a, axis2=b)

    # --- windows and splits

    def unfold(self, dimension: int, size: int, step: int) -> Tensor:
        """A view of sliding windows along a dimension; the elements of a window form a new last dimension.

        Args:
            dimension: the dimension along which the windows slide.
            size: the size of each window.
            step: the step between windows.

        Raises:
            RuntimeError: a window is longer than the dimension.

        >>> cutaway.arange(5).unfold(0, 3, 2)
        tensor([[0, 1, 2],
                [2, 3, 4]])
        """
        x = self if self._array.ndim else self.reshape(1)
        axis = axis_of(dimension, x._array.ndim)
        if not 0 <= size <= x._array.shape[axis] or step < 1:
            raise errors.no_windows(x._array.shape, dimension, size, step)
        out = apply_view(ops.sliding, x, axis=axis, size=size, step=step)
        return out if self._array.ndim else out[0]

    @numpy_names
    def narrow(self, dim: int, start: int | Tensor, length: int) -> Tensor:
        """The elements start to start + length along dim, as a view.

        >>> cutaway.arange(5).narrow(0, 1, 3)
        tensor([1, 2, 3])
        """
        if not self._array.ndim:
            raise errors.needs_dimensions("narrow")
        if isinstance(start, TensorBase) and (start._array.ndim or start._array.dtype.kind not in "iu"):
            raise errors.start_not_an_index(start)
        axis = axis_of(dim, self._array.ndim)
        n, first = self._array.shape[axis], whole("narrow", "start", start)
        if not -n <= first <= n:
            raise errors.narrow_out_of_range(first, n)
        first += n if first < 0 else 0
        if whole("narrow", "length", length) < 0 or first + length > n:
            raise errors.narrow_too_long(first, length, n)
        return apply_view(ops.getitem, self, index=_along(axis, slice(first, first + length)))

    @numpy_names
    def split(self, split_size: int | Tensor | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
        """Split into chunks along dim, as views.

        Args:
            split_size: the size of each chunk (the last may be smaller), or a list of sizes.
            dim: the dimension to split.

        Raises:
            RuntimeError: the sizes do not sum to that of the dimension.

        >>> cutaway.arange(5).split(2)
        (tensor([0, 1]), tensor([2, 3]), tensor([4]))
        """
        if not self._array.ndim:
            raise errors.needs_dimensions("split")
        axis = axis_of(dim, self._array.ndim)
        n = self._array.shape[axis]
        if isinstance(split_size, int | TensorBase):
            split_size = whole("split", "split_size", split_size)
            if split_size < 0 or (split_size == 0 and n):
                raise errors.cannot_split(split_size, n)
            return self._pieces(axis, [min(split_size, n - i) for i in range(0, n, split_size)] if n else [0], "Split")
        if sum(split_size) != n or any(length < 0 for length in split_size):
            raise errors.cannot_split(split_size, n)
        return self._pieces(axis, split_size, "SplitWithSizes")

    @numpy_names
    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """Split into at most `chunks` chunks of equal size along dim, as views (the last may be smaller).

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
        parts = [slice(end - length, end) for end, length in zip(accumulate(lengths), lengths)]
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


def _along(axis: int, part: int | slice) -> tuple[Any, ...]:
    """The index that selects a part along one axis, and everything along the others."""
    return (*(slice(None),) * axis, part, ...)
