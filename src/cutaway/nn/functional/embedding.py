"""Integers to vectors: learned rows (embedding), or one-hot vectors."""

from __future__ import annotations

import numpy as np

from ... import ops
from ...ops.contract import Array
from ...tensors import Tensor
from ...tensors.base import apply, named, wrap
from .checks import all_within, check_tensors

__all__ = ["embedding", "embedding_bag", "one_hot"]


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


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The mean or sum of the rows of `weight` for each bag of indices: `embedding`, and a reduction of each bag.

    Args:
        input: row indices, int64 or int32: (B, N), a bag in each row; or (L), the bags one after the other.
        weight: (V, D).
        offsets: (B), where each bag begins, if input is (L).
        mode: "mean" or "sum"; the mean of an empty bag is 0.
        per_sample_weights: a factor for each row, of input's shape, for mode="sum".
        include_last_offset: offsets has one more element, where the last bag ends.
        padding_idx: an index that does not count.
        max_norm, norm_type, scale_grad_by_freq, sparse: as PyTorch's defaults: not supported.

    Returns:
        (B, D)

    Raises:
        IndexError: an index is not in 0 … V-1.
        ValueError: offsets is missing, or given for 2-d input, or mode is unknown.
        NotImplementedError: an option that is not supported.

    >>> table = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> F.embedding_bag(torch.tensor([0, 1, 2, 2]), table, torch.tensor([0, 3]))
    tensor([[3., 4.],
            [5., 6.]])
    """
    check_tensors("embedding_bag", input=input, weight=weight)
    if max_norm is not None or scale_grad_by_freq or sparse or mode == "max":
        raise NotImplementedError(
            "embedding_bag: max_norm, scale_grad_by_freq, sparse and mode='max' are not supported; for the maximum, "
            "write F.embedding(input, weight).amax(1)"
        )
    if mode not in ("mean", "sum"):
        raise ValueError(f"mode has to be one of sum, mean or max, not {mode!r}")
    if per_sample_weights is not None and (mode != "sum" or per_sample_weights.shape != input.shape):
        kind = NotImplementedError if mode != "sum" else ValueError
        raise kind(
            "embedding_bag: per_sample_weights is for mode='sum', and has the shape of the input: mode is "
            f"{mode!r}, the shapes are {tuple(per_sample_weights.shape)} and {tuple(input.shape)}"
        )
    bags, bag_of = _bags(input, offsets, include_last_offset)
    rows = embedding(input.reshape(-1), weight, padding_idx)
    counts = np.ones(len(bag_of), weight._array.dtype)
    if padding_idx is not None:
        counts[input._array.reshape(-1) == padding_idx % len(weight._array)] = 0
        rows = rows * wrap(counts[:, None])
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1, 1)
    out = wrap(np.zeros((bags, weight.shape[1]), weight._array.dtype)).index_add(0, wrap(bag_of), rows)
    if mode == "mean":
        size = np.bincount(bag_of, counts, bags).clip(1).astype(weight._array.dtype)
        out = out / wrap(size[:, None])
    return named(out, "EmbeddingBagBackward0")


def _bags(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> tuple[int, Array]:
    """The number of bags, and the bag that each index belongs to."""
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None: each row is a bag. However, found offsets of shape "
                f"{tuple(offsets.shape)}"
            )
        return input.shape[0], np.arange(input.shape[0]).repeat(input.shape[1])
    if input.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    if offsets is None or offsets.ndim != 1:
        raise ValueError(
            "offsets has to be a 1D Tensor, where each bag begins in the 1D input, but got "
            f"{None if offsets is None else tuple(offsets.shape)}"
        )
    first = offsets._array[:-1] if include_last_offset else offsets._array
    if len(first) and (first[0] != 0 or first[-1] > len(input)):
        raise RuntimeError(
            "offsets[0] has to be 0, and offsets[-1] can not be greater than input's length: the offsets are "
            f"{first.tolist()}, the length is {len(input)}"
        )
    return len(first), np.searchsorted(first, np.arange(len(input)), "right") - 1
