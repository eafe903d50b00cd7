"""Batches of sequences of different lengths."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ...errors import absent, describe
from ...tensors import Tensor, stack
from ..functional.padding import pad

__all__ = ["pad_sequence"]


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
            raise TypeError(f"pad_sequence: expected Tensor as element {i} of the sequences, but got {describe(row)}")
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
