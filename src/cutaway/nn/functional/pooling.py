"""Pooling as functions, for signals (N, C, L) and images (N, C, H, W)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops
from ...dtypes import int64
from ...ops.pooling import winners
from ...ops.windows import Windows
from ...tensors import Tensor
from ...tensors.base import apply, named, wrap
from .checks import check_floating_point, check_tensors
from .conv import windows_over
from .sizes import PerAxis, batched, per_axis, whole_numbers

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "as_images", "avg_pool1d", "avg_pool2d", "max_pool1d", "max_pool2d",
    "shares",
]  # fmt: skip


def max_pool1d(
    input: Tensor,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window of a signal.

    Args:
        input: (N, C, L) or (C, L).
        kernel_size, stride, padding, dilation, ceil_mode, return_indices: as for `max_pool2d`.

    Returns:
        (N, C, L') or (C, L')

    >>> F.max_pool1d(torch.tensor([[1.0, 3.0, 2.0, 5.0]]), 2)
    tensor([[3., 5.]])
    """
    return _max_pool("max_pool1d", input, 1, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window of an image.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: the height and width of the window, or one number for both.
        stride: the step between windows; None: their size, so that they do not overlap.
        padding: how far the window may extend beyond the edge, at most half its size.
        dilation: the spacing between the window's elements.
        ceil_mode: include a last window that extends beyond the end.
        return_indices: also return the flat index of each maximum in its image, int64.

    Returns:
        (N, C, H', W') or (C, H', W'), and the indices if requested.

    Raises:
        RuntimeError: the window is larger than the image, or the padding than half of the window.

    >>> F.max_pool2d(torch.tensor([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]]]), 2)
    tensor([[[4., 8.]]])
    """
    return _max_pool("max_pool2d", input, 2, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_pool(
    name: str,
    input: Tensor,
    axes: int,
    kernel_size: PerAxis,
    stride: PerAxis | None,
    padding: PerAxis,
    dilation: PerAxis,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    windows = _windows(name, input, axes, kernel_size, stride, padding, dilation, ceil_mode)
    out = as_images(input, axes, lambda x: apply(ops.max_pool2d, x, windows=windows))
    if not return_indices:
        return out
    images = input._array.reshape(-1, 1, *((1,) * (2 - axes)), *input._array.shape[-axes:])
    return out, wrap(winners(images, windows).reshape(out._array.shape))


def avg_pool1d(
    input: Tensor,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of a signal.

    Args:
        input: (N, C, L) or (C, L).
        kernel_size, stride, padding, ceil_mode, count_include_pad: as for `avg_pool2d`.

    Returns:
        (N, C, L') or (C, L')

    >>> F.avg_pool1d(torch.tensor([[1.0, 3.0, 2.0, 6.0]]), 2)
    tensor([[2., 4.]])
    """
    return _avg_pool("avg_pool1d", input, 1, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


def avg_pool2d(
    input: Tensor,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of an image.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: the height and width of the window, or one number for both.
        stride: the step between windows; None: their size, so that they do not overlap.
        padding: zeros around the image, at most half of the window.
        ceil_mode: include a last window that extends beyond the end.
        count_include_pad: whether the mean includes the padding.
        divisor_override: divide the sum by this number.

    Returns:
        (N, C, H', W') or (C, H', W')

    Raises:
        RuntimeError: the window is larger than the image, or the padding than half of the window.

    >>> F.avg_pool2d(torch.tensor([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 8.0]]]), 2)
    tensor([[[2.5000, 6.5000]]])
    """
    return _avg_pool(
        "avg_pool2d", input, 2, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


def _avg_pool(
    name: str,
    input: Tensor,
    axes: int,
    kernel_size: PerAxis,
    stride: PerAxis | None,
    padding: PerAxis,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Tensor:
    check_tensors(name, input=input)
    if divisor == 0:
        raise RuntimeError(f"{name}: divisor_override=0 would divide by zero; None divides by the window's size")
    windows = _windows(name, input, axes, kernel_size, stride, padding, 1, ceil_mode)
    if input.dtype == int64:  # the means of integers are truncated to integers
        how = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor
        return _avg_pool(name, input.double(), axes, *how).trunc().to(int64)
    check_floating_point(name, input)
    counts = _counts(windows, input._array.shape[-axes:], count_include_pad) if divisor is None else np.array(divisor)
    share = counts.astype(input._array.dtype)
    return as_images(input, axes, lambda x: apply(ops.avg_pool2d, x, windows=windows, divisor=share))


def _counts(windows: Windows, shape: Any, with_padding: bool) -> Any:
    """The number of pixels in each window, with or without the padding."""
    lengths = []
    for axis, size in enumerate((1, *shape)[-2:]):
        padding = windows.padding[axis]
        first = np.arange(windows.places[axis]) * windows.stride[axis] - padding
        last = np.minimum(first + windows.kernel[axis], size + padding)
        lengths.append(last - first if with_padding else np.minimum(last, size) - np.maximum(first, 0))
    return np.outer(*lengths)


def _windows(
    name: str,
    input: Tensor,
    axes: int,
    kernel_size: PerAxis,
    stride: PerAxis | None,
    padding: PerAxis,
    dilation: PerAxis,
    ceil_mode: bool,
) -> Windows:
    """The windows of a pooling; RuntimeError if the arguments are invalid."""
    if not isinstance(input, Tensor):
        check_tensors(name, input=input)
    x = input._array
    kernel = whole_numbers(name, "kernel_size", kernel_size, axes, 1)
    steps = kernel if stride is None or stride in ((), []) else whole_numbers(name, "stride", stride, axes, 1)
    around = whole_numbers(name, "padding", padding, axes, 0)
    spacing = whole_numbers(name, "dilation", dilation, axes, 1)
    if x.ndim not in (axes + 1, axes + 2):
        pixels = {1: "L", 2: "H, W"}[axes]
        fix = f": the channel axis is missing; add it, x.unsqueeze({x.ndim - axes})" if x.ndim == axes else ""
        raise RuntimeError(
            f"{name} takes (N, C, {pixels}), or (C, {pixels}) without a batch, but got x of shape {x.shape}{fix}"
        )
    if 0 in x.shape[-axes - 1 :]:
        raise RuntimeError(f"{name}: an input of shape {x.shape} has no pixels; only the batch may be empty")
    if any(2 * p > d * (k - 1) + 1 for p, k, d in zip(around, kernel, spacing, strict=True)):
        raise RuntimeError(
            f"{name}: padding={around} is more than half of kernel_size={kernel}: some windows would contain only "
            "padding"
        )
    windows = windows_over(x.shape[-axes:], kernel, steps, around, spacing, ceil_mode)
    if min(windows.places) < 1:
        raise RuntimeError(
            f"{name}: the window of {kernel} is larger than the image of {x.shape[-axes:]}, in x of shape {x.shape}. "
            "Use a smaller window, or reduce the image less before this layer, with fewer poolings and strides"
        )
    return windows


def as_images(x: Tensor, axes: int, run: Any) -> Tensor:
    """run on (N, C, H, W), where x may lack the batch axis, and a signal is an image of height 1."""
    if axes == 1:
        return batched(x, 1, lambda signals: run(signals.unsqueeze(-2)).squeeze(-2))
    return batched(x, 2, run)


def adaptive_avg_pool1d(input: Tensor, output_size: int | Sequence[int]) -> Tensor:
    """Average pooling of a signal to a given length.

    Args:
        input: (N, C, L) or (C, L).
        output_size: L'.

    Returns:
        (N, C, L') or (C, L'); element i is the mean of those from ⌊i L / L'⌋ to ⌈(i + 1) L / L'⌉.

    >>> F.adaptive_avg_pool1d(torch.tensor([[1.0, 3.0, 2.0, 6.0]]), 2)
    tensor([[2., 4.]])
    """
    check_tensors("adaptive_avg_pool1d", input=input)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"adaptive_avg_pool1d takes (N, C, L), or (C, L) without a batch, but got x of shape {tuple(input.shape)}"
        )
    (length,) = whole_numbers("adaptive_avg_pool1d", "output_size", output_size, 1, 0)
    return adaptive_avg_pool2d(input.unsqueeze(-2), (1, length)).squeeze(-2)


def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None] | None) -> Tensor:
    """Average pooling to a given output size.

    Args:
        input: (N, C, H, W) or (C, H, W).
        output_size: (H', W'), or one number for both; None keeps H, or W.

    Returns:
        (N, C, H', W') or (C, H', W'); row i is the mean of the rows from ⌊i H / H'⌋ to ⌈(i + 1) H / H'⌉.

    >>> F.adaptive_avg_pool2d(torch.arange(6.0).view(1, 2, 3), 1)
    tensor([[[2.5000]]])
    """
    check_tensors("adaptive_avg_pool2d", input=input)
    if input.ndim not in (3, 4) or 0 in input.shape[1:]:
        kind = ValueError if isinstance(output_size, Sequence) and input.ndim < 3 else RuntimeError
        raise kind(
            "adaptive_avg_pool2d takes (N, C, H, W), or (C, H, W) without a batch, but got x of shape "
            f"{tuple(input.shape)}"
        )
    check_floating_point("adaptive_avg_pool2d", input)
    sizes = per_axis(output_size, 2)
    if len(sizes) != 2:
        raise RuntimeError(f"adaptive_avg_pool2d: output_size is (H, W), or one number for both, not {output_size!r}")
    shape = input._array.shape[-2:]
    wanted = [n if m is None else m for m, n in zip(sizes, shape, strict=True)]
    if min(wanted) < 0:
        raise RuntimeError(f"adaptive_avg_pool2d: an image cannot have the size {tuple(wanted)}")
    if wanted == [1, 1]:
        return input.mean(dim=(-2, -1), keepdim=True)
    dtype = input._array.dtype
    rows, columns = (shares(n, m).astype(dtype) for n, m in zip(shape, wanted, strict=True))
    out = batched(input, 2, lambda x: apply(ops.resample2d, x, rows=rows, columns=columns))
    return named(out, "AdaptiveAvgPool2DBackward0")


def shares(size: int, wanted: int) -> Any:
    """The matrix (wanted, size) that averages over windows of nearly equal size."""
    i, pixel = np.arange(wanted)[:, None], np.arange(size)
    member = (pixel >= i * size // wanted) & (pixel < -(-(i + 1) * size // wanted))
    return member / member.sum(axis=1, keepdims=True)
