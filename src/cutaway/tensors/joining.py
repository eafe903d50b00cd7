"""Joining and broadcasting several tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import errors, ops
from .arguments import numpy_names, tensor_argument
from .base import TensorBase, apply, axis_of, common_shape, to_common_dtype

if TYPE_CHECKING:
    from .tensor import Tensor


@numpy_names
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Concatenate tensors along an existing dimension.

    Args:
        tensors: equal in all dimensions but dim.
        dim: the dimension along which they are joined.

    Raises:
        RuntimeError: the shapes do not fit.

    >>> cutaway.cat([cutaway.zeros(2), cutaway.ones(1)])
    tensor([0., 0., 1.])
    """
    xs = _together("cat", tensors)
    shapes = [x._array.shape for x in xs]
    if () in shapes:
        raise errors.cannot_cat_numbers()
    first = next((shape for shape in shapes if shape != (0,)), shapes[0])
    axis = axis_of(dim, len(first))
    if (0,) in shapes and len(first) > 1:  # as in PyTorch, an empty 1-d tensor concatenates with anything
        nothing = (*first[:axis], 0, *first[axis + 1 :])
        xs = [x.reshape(nothing) if shape == (0,) else x for x, shape in zip(xs, shapes, strict=True)]
    return apply(ops.cat, *xs, axis=axis)


@numpy_names
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Stack tensors of one shape along a new dimension.

    Args:
        tensors: equal in all dimensions.
        dim: the position of the new dimension.

    Raises:
        RuntimeError: the shapes differ.

    >>> cutaway.stack([cutaway.zeros(2), cutaway.ones(2)])
    tensor([[0., 0.],
            [1., 1.]])
    """
    xs = _together("stack", tensors)
    return apply(ops.stack, *xs, axis=axis_of(dim, xs[0]._array.ndim + 1))


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Concatenate tensors horizontally: along dimension 1, or 0 if they are 1-d.

    >>> cutaway.hstack([cutaway.zeros(2, 1), cutaway.ones(2, 1)])
    tensor([[0., 1.],
            [0., 1.]])
    """
    xs = [x if x.ndim else x.reshape(1) for x in _together("hstack", tensors)]
    return cat(xs, dim=1 if xs[0].ndim > 1 else 0)


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Concatenate tensors vertically, along dimension 0; 1-d tensors are rows.

    >>> cutaway.vstack([cutaway.zeros(2), cutaway.ones(2)])
    tensor([[0., 0.],
            [1., 1.]])
    """
    return cat([x if x.ndim > 1 else x.reshape(1, -1) for x in _together("vstack", tensors)])


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Broadcast tensors to their common shape.

    >>> a, b = cutaway.broadcast_tensors(cutaway.zeros(3, 1), cutaway.zeros(2))
    >>> a.shape, b.shape
    (torch.Size([3, 2]), torch.Size([3, 2]))
    """
    for x in tensors:
        tensor_argument(x, "broadcast_tensors")
    shape = common_shape("broadcast_tensors", *tensors)
    return tuple(x.expand(shape) for x in tensors)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Coordinate grids, one for each of the given axes.

    Args:
        tensors: the coordinates along each axis, 1-d tensors.
        indexing: "ij" for matrix indexing, "xy" for Cartesian indexing.

    Raises:
        RuntimeError: a tensor has 2 or more dimensions, or the dtypes differ.

    >>> rows, columns = cutaway.meshgrid(cutaway.arange(2), cutaway.arange(3), indexing="ij")
    >>> rows
    tensor([[0, 0, 0],
            [1, 1, 1]])
    """
    xs = _together("meshgrid", tensors[0] if len(tensors) == 1 and isinstance(tensors[0], tuple | list) else tensors)
    if indexing not in ("ij", "xy"):
        raise errors.unknown_indexing(indexing)
    if len({x._array.dtype for x in tensors if isinstance(x, TensorBase)}) > 1:
        raise errors.meshgrid_of_dtypes()
    for x in xs:
        if x.ndim > 1:
            raise errors.meshgrid_of_shape(x.shape)
    n = len(xs)
    order = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else range(n)
    shape = [xs[i].numel() for i in order]
    return tuple(x.reshape([-1 if at == i else 1 for at in order]).expand(shape) for i, x in enumerate(xs))


def _together(name: str, tensors: Any) -> list[Any]:
    """The tensors as a list, promoted to one dtype."""
    if not isinstance(tensors, tuple | list):
        raise errors.not_tensors(name, tensors)
    if not tensors:
        raise errors.no_tensors(name)
    for i, x in enumerate(tensors):
        if not isinstance(x, TensorBase):
            raise errors.not_tensors(name, x, i)
    return to_common_dtype(*tensors) if len({x._array.dtype for x in tensors}) > 1 else list(tensors)


__all__ = ["broadcast_tensors", "cat", "hstack", "meshgrid", "stack", "vstack"]
