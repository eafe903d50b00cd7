"""Integers to vectors: learned rows (embedding), or one-hot vectors."""

from __future__ import annotations

import numpy as np

from ... import ops
from ...tensors import Tensor
from ...tensors.base import apply, wrap
from .checks import all_within, check_tensors

__all__ = ["embedding", "one_hot"]


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """Look up rows of `weight` by index.

    Args:
        input: row indices, int64 or int32, any shape (*).
        weight: (V, D).
        padding_idx: the index of a row that gets no gradient.

    Returns:
        (*, D)

    Raises:
        IndexError: an index is not in 0 … V-1.

    >>> F.embedding(torch.tensor([2, 0]), torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    tensor([[5., 6.],
            [1., 2.]])
    """
    check_tensors("embedding", input=input, weight=weight)
    if weight._array.ndim != 2:
        raise RuntimeError(
            f"embedding: the weight is (V, D), rows by number, and its shape is {tuple(weight.shape)}; the indices "
            "come first, embedding(indices, weight)"
        )
    rows, index = len(weight._array), input._array
    if index.dtype.kind != "i" or index.dtype.itemsize < 4:
        one_hot = index.shape[-1:] == (rows,) and bool((index.sum(-1) == 1).all())
        how = "it holds one-hot vectors; their indices are x.argmax(-1)" if one_hot else "convert it, x.long()"
        raise RuntimeError(
            f"embedding looks up rows by index, so its input must be int64 or int32, but is {input.dtype}: {how}"
        )
    if not all_within(index, rows):
        wrong = int(index[(index < 0) | (index >= rows)].flat[0])
        how = "make num_embeddings at least the largest index + 1"
        if wrong < 0:
            how = "negative indices are not allowed; give missing or unknown items their own row"
        raise IndexError(
            f"index out of range: the input holds {wrong}, and an embedding of {rows} rows has the indices 0 to "
            f"{rows - 1}: {how}"
        )
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise AssertionError(f"padding_idx={padding_idx} is not a row of a weight of {rows} rows")
        padding_idx %= rows
    return apply(ops.embedding, weight, index=index, padding_idx=padding_idx)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A vector for each class index: 1 at that number, 0 elsewhere.

    Args:
        tensor: class indices, int64, any shape (*).
        num_classes: C; -1 takes the largest number + 1.

    Returns:
        (*, C), int64.

    Raises:
        RuntimeError: not int64; a number below 0, or C or more.

    >>> F.one_hot(torch.tensor([0, 2]), num_classes=3)
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    check_tensors("one_hot", tensor=tensor)
    index = tensor._array
    if index.dtype != np.int64:
        raise RuntimeError(f"one_hot takes class indices of dtype int64, but got {tensor.dtype}: use x.long()")
    if num_classes == -1 and not index.size:
        raise RuntimeError("one_hot cannot guess the number of classes from an empty tensor: give num_classes")
    if num_classes == -1:
        num_classes = int(index.max()) + 1
    if index.size and index.min() < 0:
        raise RuntimeError(f"one_hot takes class indices of 0 or more, but got {index.min()}")
    if index.size and index.max() >= num_classes:
        raise RuntimeError(
            f"one_hot was given the class index {index.max()}, but num_classes={num_classes} has 0 to "
            f"{num_classes - 1}"
        )
    return wrap((index[..., None] == np.arange(num_classes)).astype(np.int64))
