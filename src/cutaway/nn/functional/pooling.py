"""Pooling and resizing as functions: signals (N, C, L) and images (N, C, H, W) of another size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops
from ...ops.pooling import winners
from ...ops.windows import Windows
from ...tensors import Tensor
from ...tensors.base import apply, wrap
from .checks import check_floating_point, check_tensors
from .conv import windows_over
from .sizes import PerAxis, batched, per_axis, whole_numbers

__all__ = ["adaptive_avg_pool2d", "avg_pool1d", "avg_pool2d", "interpolate", "max_pool1d", "max_pool2d"]


def max_pool1d(
    input: Tensor,
    kernel_size: PerAxis,
    stride: PerAxis | None = None,
    padding: PerAxis = 0,
    dilation: PerAxis = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest of what a window sees of a signal.

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
    """The largest of what a window sees of an image.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: the window's height and width, or one number for both.
        stride: how far the window moves; None: by its size, so that windows do not overlap.
        padding: how far the window may stand out over the edge, at most by half of it.
        dilation: how far the window's elements lie apart.
        ceil_mode: also use a last window that stands out over the end.
        return_indices: also give where in its image, counted row by row, each value stood: int64.

    Returns:
        (N, C, H', W') or (C, H', W'), and the indices if asked for.

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
    out = _as_images(input, axes, lambda x: apply(ops.max_pool2d, x, windows=windows))
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
    """The mean of what a window sees of a signal.

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
    """The mean of what a window sees of an image.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size: the window's height and width, or one number for both.
        stride: how far the window moves; None: by its size, so that windows do not overlap.
        padding: zeros around the image, at most half of the window.
        ceil_mode: also use a last window that stands out over the end.
        count_include_pad: whether the zeros of the padding count in the mean.
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
    if not input.is_floating_point():  # whole numbers stay whole: their means are cut off
        how = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor
        return _avg_pool(name, input.double(), axes, *how).trunc().to(input.dtype)
    counts = _counts(windows, input._array.shape[-axes:], count_include_pad) if divisor is None else np.array(divisor)
    share = counts.astype(input._array.dtype)
    return _as_images(input, axes, lambda x: apply(ops.avg_pool2d, x, windows=windows, divisor=share))


def _counts(windows: Windows, shape: Any, with_padding: bool) -> Any:
    """How many pixels each window sees: those of the image, or those of the padding too."""
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
    """The windows of a pooling; RuntimeError if they cannot be."""
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
            f"{name} takes (N, C, {pixels}), or (C, {pixels}) without a batch, and was given x of shape {x.shape}{fix}"
        )
    if 0 in x.shape[-axes - 1 :]:
        raise RuntimeError(f"{name}: an input of shape {x.shape} has no pixels; only the batch may be empty")
    if any(2 * p > d * (k - 1) + 1 for p, k, d in zip(around, kernel, spacing, strict=True)):
        raise RuntimeError(
            f"{name}: padding={around} is more than half of kernel_size={kernel}: there would be windows that see "
            f"nothing of the image"
        )
    windows = windows_over(x.shape[-axes:], kernel, steps, around, spacing, ceil_mode)
    if min(windows.places) < 1:
        raise RuntimeError(
            f"{name}: the window of {kernel} is larger than the image of {x.shape[-axes:]}, in x of shape {x.shape}. "
            f"Use a smaller window, or let the image shrink less on its way here: with fewer poolings and strides"
        )
    return windows


def _as_images(x: Tensor, axes: int, run: Any) -> Tensor:
    """run on (N, C, H, W), where x may lack the batch, and a signal is an image with a height of 1."""
    if axes == 1:
        return batched(x, 1, lambda signals: run(signals.unsqueeze(-2)).squeeze(-2))
    return batched(x, 2, run)


def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None] | None) -> Tensor:
    """The mean of parts of an image, so many that an image of the wanted size results.

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
            f"adaptive_avg_pool2d takes (N, C, H, W), or (C, H, W) without a batch, and was given x of shape "
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
    rows, columns = (_shares(n, m).astype(dtype) for n, m in zip(shape, wanted, strict=True))
    return batched(input, 2, lambda x: apply(ops.resample2d, x, rows=rows, columns=columns))


def _shares(size: int, wanted: int) -> Any:
    """The matrix (wanted, size) that takes means of as equal parts as there can be."""
    i, pixel = np.arange(wanted)[:, None], np.arange(size)
    member = (pixel >= i * size // wanted) & (pixel < -(-(i + 1) * size // wanted))
    return member / member.sum(axis=1, keepdims=True)


# -- interpolation -----------------------------------------------------------------------------------------------


def interpolate(
    input: Tensor,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resize signals or images.

    Args:
        input: (N, C, L) or (N, C, H, W).
        size: the new L, or (H, W); or else
        scale_factor: how many times as large, one number or one for each axis.
        mode: "nearest" takes the nearest pixel; "linear" (signals) and "bilinear" (images) draw a line between
            neighbours; "area" takes means.
        align_corners: whether the centres of the corner pixels stay where they are, or the outer edges of the image
            (False, the default); for "linear" and "bilinear".
        recompute_scale_factor: use the factor that results from the rounded size.
        antialias: False; smoothing is not there.

    Returns:
        (N, C, L') or (N, C, H', W')

    Raises:
        ValueError: both of size and scale_factor, or neither, or not one for each axis.
        NotImplementedError: a mode that is not there, or not for this number of axes.

    >>> F.interpolate(torch.tensor([[[1.0, 3.0]]]), scale_factor=2)
    tensor([[[1., 1., 3., 3.]]])
    >>> F.interpolate(torch.tensor([[[1.0, 3.0]]]), size=3, mode="linear", align_corners=True)
    tensor([[[1., 2., 3.]]])
    """
    check_tensors("interpolate", input=input)
    axes = input.ndim - 2
    if align_corners is not None and mode in ("nearest", "area"):
        raise ValueError(f'align_corners option can only be set with mode "linear" or "bilinear", not with {mode!r}')
    shape = input._array.shape[2:]
    sizes, factors = _new_sizes(shape, size, scale_factor)
    if mode not in ("nearest", "area", {1: "linear", 2: "bilinear"}.get(axes)) or axes not in (1, 2) or antialias:
        raise NotImplementedError(
            f'interpolate has the modes "nearest" and "area", "linear" for (N, C, L), "bilinear" for (N, C, H, W), '
            f"and no antialias; it was given mode={mode!r}, antialias={antialias}, and x of shape {tuple(input.shape)}"
        )
    if recompute_scale_factor and size is not None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if recompute_scale_factor:
        factors = [None] * axes
    if min(sizes) < 1 or 0 in input._array.shape[1:]:
        raise RuntimeError(f"Input and output sizes should be greater than 0, but {shape} becomes {tuple(sizes)}")
    dtype = input._array.dtype
    if mode != "nearest" or input._array.dtype != np.uint8:
        check_floating_point("interpolate", input)
    if mode == "nearest":
        maps = [_nearest(n, m, f) for n, m, f in zip(shape, sizes, factors, strict=True)]
        op, flat = ops.pick2d, np.array([0])
    else:
        if mode == "area":
            maps = [_shares(n, m).astype(dtype) for n, m in zip(shape, sizes, strict=True)]
        else:
            each = zip(shape, sizes, factors, strict=True)
            maps = [_linear(n, m, f, bool(align_corners), dtype) for n, m, f in each]
        op, flat = ops.resample2d, np.ones((1, 1), dtype)
    rows, columns = ([flat] + maps)[-2:]
    return _as_images(input, axes, lambda x: apply(op, x, rows=rows, columns=columns))


def _new_sizes(shape: Any, size: Any, scale_factor: Any) -> tuple[list[int], list[float | None]]:
    """The new size of each axis, and the factors if they were given."""
    if (size is None) == (scale_factor is None):
        raise ValueError(
            "either size or scale_factor should be defined" if size is None
            else "only one of size or scale_factor should be defined"
        )  # fmt: skip
    name, given = ("size", size) if scale_factor is None else ("scale_factor", scale_factor)
    each = per_axis(given, len(shape))
    if len(each) != len(shape):
        raise ValueError(
            f"interpolate: {name} is one number, or one for each axis behind (N, C), {len(shape)} here, not {given!r}"
        )
    if scale_factor is None:
        if not all(hasattr(n, "__index__") for n in each):
            raise TypeError(f"interpolate: size is made of whole numbers, not {given!r}")
        return [n.__index__() for n in each], [None] * len(each)
    return [math.floor(n * f) for n, f in zip(shape, each, strict=True)], [float(f) for f in each]


def _nearest(size: int, wanted: int, factor: float | None) -> Any:
    """Which old pixel each new one shows. In float32, as PyTorch: the rounding decides."""
    scale = np.float32(1 / factor if factor else size / wanted)
    return np.minimum(np.floor(np.arange(wanted, dtype=np.float32) * scale).astype(np.int64), size - 1)


def _linear(size: int, wanted: int, factor: float | None, align_corners: bool, dtype: Any) -> Any:
    """The matrix (wanted, size) that takes from the two neighbours of each new pixel the nearer one's part."""
    new = np.arange(wanted, dtype=dtype)
    if align_corners:
        at = new * dtype.type((size - 1) / (wanted - 1) if wanted > 1 else 0)
    else:  # a pixel's centre is half a pixel behind its edge
        half, scale = dtype.type(0.5), dtype.type(1 / factor if factor else size / wanted)
        at = np.maximum((new + half) * scale - half, 0)
    left = np.minimum(np.floor(at).astype(np.int64), size - 1)
    part = (at - left).astype(dtype)
    matrix = np.zeros((wanted, size), dtype)
    np.add.at(matrix, (np.arange(wanted), left), 1 - part)
    np.add.at(matrix, (np.arange(wanted), np.minimum(left + 1, size - 1)), part)
    return matrix
