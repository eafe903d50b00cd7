"""Resizing of signals (N, C, L) and images (N, C, H, W)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops
from ...ops.contract import Array
from ...tensors import Tensor
from ...tensors.base import apply, named, wrap
from .checks import check_floating_point, check_tensors
from .pooling import as_images, shares
from .sizes import per_axis

__all__ = ["interpolate", "pixel_shuffle"]


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
        size: the new L or (H, W); alternatively
        scale_factor: the scale, one number or one for each axis.
        mode: "nearest" takes the nearest pixel; "linear" (signals) and "bilinear" (images) draw a line between
            neighbours; "area" takes means.
        align_corners: whether the centres of the corner pixels stay where they are, or the outer edges of the image
            (False, the default); for "linear" and "bilinear".
        recompute_scale_factor: recompute the factor from the rounded size.
        antialias: only False; antialiasing is not supported.

    Returns:
        (N, C, L') or (N, C, H', W')

    Raises:
        ValueError: both size and scale_factor are given, or neither, or not one for each axis.
        NotImplementedError: the mode is not supported, or not for this number of axes.

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
    as_bytes = input._array.dtype == np.uint8
    if not (as_bytes and mode in ("nearest", "bilinear")):
        check_floating_point("interpolate", input)
    dtype = np.dtype(np.float64) if as_bytes else input._array.dtype
    if mode == "nearest":
        maps = [_nearest(n, m, f) for n, m, f in zip(shape, sizes, factors, strict=True)]
        op, flat = ops.pick2d, np.array([0])
    else:
        if mode == "area":
            maps = [shares(n, m).astype(dtype) for n, m in zip(shape, sizes, strict=True)]
        else:
            each = zip(shape, sizes, factors, strict=True)
            maps = [_linear(n, m, f, bool(align_corners), dtype) for n, m, f in each]
        op, flat = ops.resample2d, np.ones((1, 1), dtype)
    rows, columns = ([flat] + maps)[-2:]
    if mode == "bilinear" and as_bytes:
        return wrap(_resampled_bytes(input._array, rows, columns))
    return as_images(input, axes, lambda x: apply(op, x, rows=rows, columns=columns))


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
            raise TypeError(f"interpolate: size must consist of integers, not {given!r}")
        return [n.__index__() for n in each], [None] * len(each)
    return [math.floor(n * f) for n, f in zip(shape, each, strict=True)], [float(f) for f in each]


def _nearest(size: int, wanted: int, factor: float | None) -> Any:
    """The source index of each output pixel, in float32 as in PyTorch, since the result depends on rounding."""
    scale = np.float32(1 / factor if factor else size / wanted)
    return np.minimum(np.floor(np.arange(wanted, dtype=np.float32) * scale).astype(np.int64), size - 1)


def _linear(size: int, wanted: int, factor: float | None, align_corners: bool, dtype: Any) -> Any:
    """The matrix (wanted, size) that interpolates each new pixel linearly between its two neighbours."""
    new = np.arange(wanted, dtype=dtype)
    if align_corners:
        at = new * dtype.type((size - 1) / (wanted - 1) if wanted > 1 else 0)
    else:  # a pixel's centre is half a pixel from its edge
        half, scale = dtype.type(0.5), dtype.type(1 / factor if factor else size / wanted)
        at = np.maximum((new + half) * scale - half, 0)
    left = np.minimum(np.floor(at).astype(np.int64), size - 1)
    part = (at - left).astype(dtype)
    matrix = np.zeros((wanted, size), dtype)
    np.add.at(matrix, (np.arange(wanted), left), 1 - part)
    np.add.at(matrix, (np.arange(wanted), np.minimum(left + 1, size - 1)), part)
    return matrix


def _resampled_bytes(x: Array, rows: Array, columns: Array) -> Array:
    """Bilinear resizing of uint8, in integers: first the rows, then the columns, of pixels 0 … 255.

    Weights are multiples of 2⁻ᵖ, as fine as they can be while they fit into 16 bits; image libraries compute so.
    """
    for weights, axis in ((columns, -1), (rows, -2)):
        if weights.shape[0] == weights.shape[1]:
            continue
        p = next(p for p in range(22) if weights.max() * 2 ** (p + 1) + 0.5 >= 2**15)
        whole = np.floor(weights * 2**p + 0.5).astype(np.int64)
        sums = np.moveaxis(np.moveaxis(x.astype(np.int64), axis, -1) @ whole.T, -1, axis)
        x = (sums + 2 ** (p - 1) >> p).clip(0, 255).astype(np.uint8)
    return x.copy()


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Rearrange r² channels into a block of r × r pixels.

    Args:
        input: (*, C r², H, W).
        upscale_factor: r.

    Returns:
        (*, C, H r, W r)

    Raises:
        RuntimeError: the channels are not divisible by r².

    >>> F.pixel_shuffle(torch.arange(4.0).view(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    check_tensors("pixel_shuffle", input=input)
    shape, r = input.shape, upscale_factor
    if len(shape) < 3:
        raise RuntimeError(
            f"pixel_shuffle expects input to have at least 3 dimensions, (C, H, W), but got x of shape {tuple(shape)}"
        )
    if r < 1 or shape[-3] % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"{r * r}, but got x of shape {tuple(shape)} with {shape[-3]} channels"
        )
    *batch, channels, height, width = shape
    blocks = input.reshape(math.prod(batch), channels // (r * r), r, r, height, width)  # (N, C, r, r, H, W)
    out = blocks.permute(0, 1, 4, 2, 5, 3).clone().reshape(*batch, channels // (r * r), height * r, width * r)
    return named(out, "PixelShuffleBackward0")
