"""Padding of tensors."""

from __future__ import annotations

from collections.abc import Sequence

from ... import ops
from ...errors import describe
from ...tensors import Tensor
from ...tensors.base import apply
from .checks import check_tensors
from .conv import padded

__all__ = ["pad"]

_AXES = {2: (2, 3), 4: (3, 4), 6: (4, 5)}  # length of `pad`: allowed ndim, for modes other than "constant"


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Pad the last axes of the input at both ends.

    Args:
        input: (*).
        pad: (before, after) of the last axis, then of the one before it, and so on. Negative numbers crop.
        mode: the contents of the padding: "constant", `value`; "reflect", the input mirrored at the edge;
            "replicate", the element at the edge; "circular", the opposite end. All but the first leave one or two
            leading axes unpadded: (N, C, L) takes 2 numbers, (N, C, H, W) 4.
        value: for mode="constant"; 0 by default.

    Raises:
        RuntimeError: `pad` has too many numbers, or the input has too few elements to pad with.
        NotImplementedError: the mode is unknown, or does not support padding these axes.

    >>> F.pad(torch.tensor([[1, 2, 3]]), (2, 1))
    tensor([[0, 0, 1, 2, 3, 0]])
    >>> F.pad(torch.tensor([[1, 2, 3]]), (2, 1), mode="reflect")
    tensor([[3, 2, 1, 2, 3, 2]])
    """
    check_tensors("pad", input=input)
    if not isinstance(pad, list | tuple) or not all(isinstance(n, int) for n in pad):
        raise TypeError(f"pad: argument 'pad' must be a tuple of integers, (before, after), not {describe(pad)}")
    shape = tuple(input.shape)
    if len(pad) % 2 or len(pad) > 2 * input.ndim:
        raise RuntimeError(
            f"pad: Padding length must be two for each axis, (before, after), the last axis first: at most "
            f"{2 * input.ndim} numbers for x of shape {shape}, and it has {len(pad)}"
        )
    amounts = [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    if mode == "constant":
        widths = (*[(0, 0)] * (input.ndim - len(amounts)), *amounts)
        if any(n + before + after < 0 for n, (before, after) in zip(shape, widths, strict=True)):
            raise RuntimeError(f"pad: {tuple(pad)} crops more than the size of x, whose shape is {shape}")
        return apply(ops.pad, input, widths=widths, value=0 if value is None else value)
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f'pad: mode is "constant", "reflect", "replicate" or "circular", not {mode!r}')
    if value is not None:
        raise RuntimeError(f"pad: value={value} is for mode=\"constant\"; {mode!r} fills with elements of x")
    if input.ndim not in _AXES.get(len(pad), ()):
        raise NotImplementedError(
            f"pad: mode={mode!r} pads the last axis of (N, C, L), the last two of (N, C, H, W) or three of "
            f"(N, C, D, H, W), with or without N: not {len(pad) // 2} axes of x of shape {shape}"
        )
    if 0 in shape[1:]:
        raise RuntimeError(f"pad: mode={mode!r} fills with elements of x, and x of shape {shape} has none")
    more = [(max(before, 0), max(after, 0)) for before, after in amounts]
    cut = (..., *(slice(max(-before, 0), -max(-after, 0) or None) for before, after in amounts))
    if mode == "circular":  # the opposite end is that of the cropped input
        return padded("pad", input[cut] if min(pad) < 0 else input, more, mode)
    longer = padded("pad", input, more, mode)
    return longer[cut] if min(pad) < 0 else longer
