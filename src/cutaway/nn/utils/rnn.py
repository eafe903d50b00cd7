"""Batches of sequences of different lengths: padded with a value, or packed without padding.

A padded batch is rectangular, and a recurrent layer reads the padding too. A packed batch holds no padding: it is the
first step of all sequences, longest first, then the second step of those that have one, and so on. So a recurrent
layer that reads it ends each sequence at its own last step.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...creation import as_tensor, full
from ...dtypes import int64
from ...errors import absent, describe, how_to_get_a_tensor
from ...tensors import Tensor, stack
from ...tensors.base import named, wrap
from ..functional.checks import check_tensors
from ..functional.padding import pad

__all__ = ["PackedSequence", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence", "pad_sequence"]


class PackedSequence(NamedTuple):
    """A packed batch, made by `pack_padded_sequence` or `pack_sequence`, and read by `nn.RNN`, `nn.GRU` and `nn.LSTM`.

    data is (the sum of the lengths, *): all steps, in order of time. batch_sizes[t] is the number of sequences that
    have a step t. sorted_indices is the order of the sequences, longest first, and unsorted_indices the way back; both
    are None if they were in this order.
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The batch with its data converted, as by `Tensor.to`."""
        return self._replace(data=self.data.to(*args, **kwargs))


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | list[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch.

    Args:
        input: (T, N, *), or (N, T, *) with batch_first.
        lengths: the length of each sequence, N integers from 1 to T.
        batch_first: how input is arranged.
        enforce_sorted: False accepts sequences in any order; True requires the longest first.

    Raises:
        RuntimeError: lengths do not fit the batch, or are not sorted.

    >>> x = torch.tensor([[1, 2, 3], [4, 0, 0]])
    >>> packed = nn.utils.rnn.pack_padded_sequence(x, [3, 1], batch_first=True)
    >>> packed.data, packed.batch_sizes
    (tensor([1, 4, 2, 3]), tensor([2, 1, 1]))
    """
    check_tensors("pack_padded_sequence", input=input)
    counts, order = as_tensor(lengths, dtype=int64), None
    if input.ndim < 2 or counts.ndim != 1:
        error = RuntimeError if input.ndim >= 2 else IndexError
        raise error(
            "pack_padded_sequence takes a padded batch, (T, N, *) or (N, T, *), and its N lengths, but got input of "
            f"shape {tuple(input.shape)} and lengths of shape {tuple(counts.shape)}"
        )
    x = input.transpose(0, 1) if batch_first else input
    steps, size = x.shape[:2]
    if len(counts) != size:
        raise RuntimeError(
            f"pack_padded_sequence: Expected `len(lengths)` to be equal to batch_size, but got {len(counts)} lengths "
            f"and a batch of {size} sequences: input has shape {tuple(input.shape)}, and batch_first={batch_first}"
        )
    if not enforce_sorted:
        order = counts.argsort(descending=True, stable=True)
        x, counts = x.index_select(1, order), counts[order]
    ends = counts.numpy()
    if (ends[1:] > ends[:-1]).any():
        raise RuntimeError(
            "pack_padded_sequence: `lengths` array must be sorted in decreasing order when `enforce_sorted` is True, "
            f"but got {ends.tolist()}: pass enforce_sorted=False"
        )
    if not size or ends[-1] < 1 or ends[0] > steps:
        raise RuntimeError(
            f"pack_padded_sequence: lengths must be from 1 to T={steps}, for a batch of one sequence or more, but got "
            f"{ends.tolist()}"
        )
    inside = np.arange(ends[0])[:, None] < ends  # (T, N)
    data = x[: len(inside)].flatten(0, 1).index_select(0, wrap(np.flatnonzero(inside).astype(np.int64)))
    sizes = wrap(inside.sum(1, dtype=np.int64))
    back = None if order is None else order.argsort()
    return PackedSequence(named(data, "PackPaddedSequenceBackward0"), sizes, order, back)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Turn a packed batch into a padded one, the inverse of `pack_padded_sequence`.

    Args:
        sequence: the packed batch.
        batch_first: returns (N, T, *) instead of (T, N, *).
        padding_value: the value of the padding.
        total_length: T; by default the longest length.

    Returns:
        The padded batch, and the lengths (N).

    Raises:
        ValueError: total_length is below the longest length.

    >>> packed = nn.utils.rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])])
    >>> nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2, 3],
            [4, 0, 0]]), tensor([3, 1]))
    """
    data, sizes = sequence.data, sequence.batch_sizes.numpy()
    inside = np.arange(sizes[0]) < sizes[:, None]  # (T, N)
    steps = len(inside) if total_length is None else total_length
    if steps < len(inside):
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {len(inside)}"
        )
    padded = full((steps * len(inside[0]), *data.shape[1:]), padding_value, dtype=data.dtype)
    padded[wrap(np.flatnonzero(inside))] = data
    out, lengths = padded.unflatten(0, (steps, len(inside[0]))), wrap(inside.sum(0, dtype=np.int64))
    out = out.transpose(0, 1) if batch_first else out
    if sequence.unsorted_indices is None:
        return out, lengths
    return out.index_select(0 if batch_first else 1, sequence.unsorted_indices), lengths[sequence.unsorted_indices]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (Lₙ, *), which differ in Lₙ only.

    Args:
        sequences: N tensors.
        enforce_sorted: False accepts them in any order; True requires the longest first.

    >>> nn.utils.rnn.pack_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])]).data
    tensor([1, 4, 2, 3])
    """
    padded = pad_sequence(sequences)
    return pack_padded_sequence(padded, [len(row) for row in sequences], enforce_sorted=enforce_sorted)


def pad_sequence(
    sequences: Tensor | Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stack sequences, with the shorter ones padded.

    Args:
        sequences: N tensors (Lₙ, *), which differ in Lₙ only.
        batch_first: returns (N, L, *) instead of (L, N, *); L is the longest Lₙ.
        padding_value: the value of the padding.
        padding_side: "right" pads at the end, "left" at the start.

    Raises:
        RuntimeError: no sequences, or they differ in more than the first axis.

    >>> nn.utils.rnn.pad_sequence([torch.tensor([1, 2, 3]), torch.tensor([4])], batch_first=True)
    tensor([[1, 2, 3],
            [4, 0, 0]])
    """
    if not isinstance(sequences, Tensor | Iterable):
        raise RuntimeError(f"pad_sequence: Expected iterable for input sequences, but got {describe(sequences)}")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f'pad_sequence: padding_side is "left" or "right", not {padding_side!r}')
    rows = list(sequences)
    if not rows:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    for i, row in enumerate(rows):
        if not isinstance(row, Tensor):
            raise TypeError(
                f"pad_sequence: expected Tensor as element {i} of the sequences, but got {describe(row)}: "
                f"{how_to_get_a_tensor(row)}"
            )
        if row.ndim == 0:
            raise RuntimeError("pad_sequence takes sequences (L, *), but got a single number: x.unsqueeze(0)")
        if row.shape[1:] != rows[0].shape[1:]:
            raise RuntimeError(
                "pad_sequence: sequences may differ in their first axis only, and they have the shapes "
                f"{tuple(rows[0].shape)} and {tuple(row.shape)}"
            )
    longest = max(len(row) for row in rows)

    def filled(row: Tensor) -> Tensor:
        missing = longest - len(row)
        ends = (0, missing) if padding_side == "right" else (missing, 0)
        return pad(row.to(rows[0].dtype), (*(0, 0) * (row.ndim - 1), *ends), value=padding_value)

    return stack([filled(row) for row in rows], 0 if batch_first else 1)


if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.nn.utils.rnn")
