"""Convolution as functions, for signals (N, C, L) and images (N, C, H, W)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import ops
from ...ops.windows import Windows
from ...tensors import Tensor
from ...tensors.base import apply
from .checks import check_tensors
from .sizes import PerAxis, batched, whole_numbers

__all__ = ["conv1d", "conv2d", "conv_transpose2d", "fold", "padded", "unfold"]

_AXES = {1: "L", 2: "H, W"}


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: PerAxis = 1,
    padding: PerAxis | str = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Tensor:
    """1d convolution over signals: each output is a weighted sum over a window.

    Args:
        input: (N, C, L) or (C, L).
        weight: (O, C/groups, k).
        bias: (O).
        stride, padding, dilation, groups: as for `conv2d`.

    Returns:
        (N, O, L') or (O, L')

    Raises:
        RuntimeError: the shapes or dtypes do not match.

    >>> F.conv1d(torch.tensor([[1.0, 4.0, 9.0, 16.0]]), torch.tensor([[[-1.0, 1.0]]]))
    tensor([[3., 5., 7.]])
    """
    return convolve("conv1d", input, weight, bias, stride, padding, dilation, groups, axes=1)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: PerAxis = 1,
    padding: PerAxis | str = 0,
    dilation: PerAxis = 1,
    groups: int = 1,
) -> Tensor:
    """2d convolution over images: each output is a weighted sum over a window.

    Args:
        input: (N, C, H, W) or (C, H, W).
        weight: (O, C/groups, kh, kw).
        bias: (O).
        stride: the step between neighbouring windows.
        padding: zeros added around the image; "same" preserves its size, "valid" adds none.
        dilation: the spacing between the window's elements.
        groups: the number of groups of channels; each group is convolved separately.

    Returns:
        (N, O, H', W') or (O, H', W')

    Raises:
        RuntimeError: the shapes or dtypes do not match, or the window is larger than the image.

    Source: LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998.

    >>> image = torch.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    >>> F.conv2d(image, torch.ones(1, 1, 2, 2))
    tensor([[[12., 16.]]])
    """
    return convolve("conv2d", input, weight, bias, stride, padding, dilation, groups, axes=2)


def convolve(
    name: object,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: PerAxis,
    padding: PerAxis | str,
    dilation: PerAxis,
    groups: int,
    axes: int,
) -> Tensor:
    """The common part of conv1d and conv2d; errors name the function or layer `name`."""
    _check(name, input, weight, bias, groups, axes, transposed=False)
    shape, kernel = input._array.shape[-axes:], weight._array.shape[2:]
    steps = whole_numbers(name, "stride", stride, axes, 1)
    spacing = whole_numbers(name, "dilation", dilation, axes, 1)
    if isinstance(padding, str):
        around, places = _by_name(name, padding, shape, kernel, steps, spacing)
    else:
        around, places = whole_numbers(name, "padding", padding, axes, 0), None
        for size, k, p, d in zip(shape, kernel, around, spacing, strict=True):
            if d * (k - 1) + 1 > size + 2 * p:
                raise _window_too_large(name, shape, kernel, around, spacing)
    windows = windows_over(shape, kernel, steps, around, spacing)
    if places is not None:
        windows = windows._replace(places=_flat(places))
    inputs = (weight,) if bias is None else (weight, bias)
    op = ops.conv1d if axes == 1 else ops.conv2d
    return batched(input, axes, lambda x: apply(op, x, *inputs, windows=windows, groups=groups))


def _by_name(name: object, padding: str, shape: Any, kernel: Any, stride: Any, dilation: Any) -> Any:
    """The padding and output size for "same" and "valid"."""
    if padding == "valid":
        return (0,) * len(shape), None
    if padding != "same":
        raise RuntimeError(f'{name}: Invalid padding string {padding!r}: "same", "valid", or integers')
    if any(s != 1 for s in stride):
        raise RuntimeError(
            f"{name}: padding='same' is not supported for strided convolutions: with stride={stride} the output "
            f"is smaller than the input; give the padding as a number"
        )
    # An even window cannot be centred: the extra zero goes to the end
    return tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)), shape


def windows_over(
    shape: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool = False
) -> Windows:
    """The windows of an image; a signal is an image of height 1."""
    if len(shape) == 1:
        shape, kernel, stride, dilation = ((1, *numbers) for numbers in (shape, kernel, stride, dilation))
        padding = (0, *padding)
    return Windows.over(shape, kernel, stride, padding, dilation, ceil_mode)


def _flat(places: Any) -> tuple[int, int]:
    return (1, places[0]) if len(places) == 1 else (places[0], places[1])


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: PerAxis = 1,
    padding: PerAxis = 0,
    output_padding: PerAxis = 0,
    groups: int = 1,
    dilation: PerAxis = 1,
) -> Tensor:
    """Transposed 2d convolution, which upsamples: each pixel adds a scaled copy of the kernel to the output.

    Args:
        input: (N, C, H, W) or (C, H, W).
        weight: (C, O/groups, kh, kw).
        bias: (O).
        stride: the spacing of the copies.
        padding: how much is cropped on all sides.
        output_padding: how much less is cropped at the end. conv2d maps images of several sizes to the same size; this
            selects one of them.
        groups, dilation: as for `conv2d`.

    Returns:
        (N, O, H', W') or (O, H', W'), where H' = (H - 1) stride - 2 padding + dilation (kh - 1) + output_padding + 1.

    Raises:
        RuntimeError: the shapes or dtypes do not match.

    Source: Zeiler et al., "Deconvolutional Networks", 2010.

    >>> F.conv_transpose2d(torch.tensor([[[1.0, 10.0]]]), torch.ones(1, 1, 2, 2), stride=2)
    tensor([[[ 1.,  1., 10., 10.],
             [ 1.,  1., 10., 10.]]])
    """
    return convolve_back("conv_transpose2d", input, weight, bias, stride, padding, output_padding, groups, dilation)


def convolve_back(
    name: object,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: PerAxis,
    padding: PerAxis,
    output_padding: PerAxis,
    groups: int,
    dilation: PerAxis,
) -> Tensor:
    """conv_transpose2d; errors name the function or layer `name`."""
    _check(name, input, weight, bias, groups, axes=2, transposed=True)
    places, kernel = input._array.shape[-2:], weight._array.shape[2:]
    steps = whole_numbers(name, "stride", stride, 2, 1)
    around = whole_numbers(name, "padding", padding, 2, 0)
    spacing = whole_numbers(name, "dilation", dilation, 2, 1)
    more = whole_numbers(name, "output_padding", output_padding, 2, 0)
    if any(m >= max(s, d) for m, s, d in zip(more, steps, spacing, strict=True)):
        raise RuntimeError(
            f"{name}: output padding must be smaller than either stride or dilation, but output_padding={more}, "
            f"stride={steps}, dilation={spacing}: no window would cover the added pixels"
        )
    shape = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + m + 1
        for n, s, p, d, k, m in zip(places, steps, around, spacing, kernel, more, strict=True)
    )
    if min(shape) < 1:
        raise RuntimeError(
            f"{name}: padding={around} crops too much: an image of {places} would become one of {shape}"
        )
    windows = Windows(_flat(kernel), _flat(steps), _flat(around), _flat(spacing), _flat(places))
    inputs = (weight,) if bias is None else (weight, bias)
    return batched(
        input, 2, lambda x: apply(ops.conv_transpose2d, x, *inputs, windows=windows, shape=_flat(shape), groups=groups)
    )


# -- argument checks --------------------------------------------------------------------------------------------


def _check(
    name: object, input: Tensor, weight: Tensor, bias: Tensor | None, groups: int, axes: int, transposed: bool
) -> None:
    """Raise RuntimeError if input, weight and bias do not match."""
    if not isinstance(input, Tensor) or not isinstance(weight, Tensor):
        check_tensors(str(name), input=input, weight=weight)
    x, w = input._array, weight._array
    if w.ndim != axes + 2:
        raise RuntimeError(
            f"{name}: the weight must have {axes + 2} axes, two of channels and those of its window, but has shape "
            f"{w.shape}"
        )
    if groups <= 0:
        raise RuntimeError(f"{name}: groups must be 1 or more, but is {groups}")
    channels = w.shape[0] if transposed else w.shape[1] * groups
    if x.ndim not in (axes + 1, axes + 2):
        raise RuntimeError(_not_an_image(name, x.shape, channels, axes))
    if x.dtype != w.dtype or (bias is not None and bias._array.dtype != w.dtype):
        how = f", or the model, model.to({input.dtype})" if input.is_floating_point() else ""
        raise RuntimeError(
            f"{name}: input, weight and bias should be of the same dtype, and the input is {input.dtype}, the weight "
            f"{weight.dtype}" + (f", the bias {bias.dtype}" if bias is not None else "") + ": convert the input, "
            f"x.to({weight.dtype}){how}"
        )
    if w.shape[0] % groups:
        raise RuntimeError(f"{name}: a weight of shape {w.shape} cannot be split into groups={groups}")
    if x.shape[-axes - 1] != channels:
        raise RuntimeError(_wrong_channels(name, x.shape, w.shape, channels, groups, axes, transposed))
    if 0 in x.shape[1:]:
        raise RuntimeError(f"{name}: an input of shape {x.shape} has no pixels; only the batch may be empty")
    out = w.shape[1] * groups if transposed else w.shape[0]
    if bias is not None and bias._array.shape != (out,):
        raise RuntimeError(f"{name}: the bias has a number for each of {out} outputs, not shape {bias._array.shape}")


def _not_an_image(name: object, shape: Any, channels: int, axes: int) -> str:
    """The error for an input with too few or too many axes."""
    wanted = f"(N, {channels}, {_AXES[axes]}), or ({channels}, {_AXES[axes]}) without a batch"
    message = f"{name} takes {wanted}, but got x of shape {tuple(shape)}"
    side = math.isqrt(shape[-1] // channels) if shape else 0
    if len(shape) == axes == 2 and shape[0] != shape[1] == channels * side * side:
        return message + f": unflatten the images, x.view(-1, {channels}, {side}, {side})"
    if len(shape) == axes and channels == 1:
        return message + ": the channel axis is missing; add it, x.unsqueeze(0)"
    if axes == 1 and len(shape) == 4:
        return message + ": images (N, C, H, W) go into nn.Conv2d"
    return message


def _wrong_channels(
    name: object, shape: Any, weight: Any, channels: int, groups: int, axes: int, transposed: bool
) -> str:
    """The error for an input with the wrong number of channels."""
    got = shape[-axes - 1]
    message = (
        f"{name} was given x of shape {tuple(shape)}, with {got} channel{'s' * (got != 1)}; its weight of shape "
        f"{tuple(weight)} takes {channels}" + (f" ({weight[1]} for each of {groups} groups)" if groups > 1 else "")
    )
    if len(shape) == axes + 1 and channels == 1:
        return message + ": the channel axis is missing in (N, ...); add it, x.unsqueeze(1)"
    if axes == 2 and len(shape) == 3 and shape[1] == channels:
        return message + ": sequences (N, C, L) go into nn.Conv1d"
    if shape[-1] == channels and axes == 2 and len(shape) == 4:
        return message + ": the channel axis comes before the pixels here: write x.permute(0, 3, 1, 2)"
    if shape[-1] == channels:
        return message + f": the channel axis comes before the pixels here: write x.movedim(-1, {-axes - 1})"
    kind = f"nn.ConvTranspose{axes}d" if transposed else f"nn.Conv{axes}d"
    return message + f": make it {kind}({got}, ...)"


def _window_too_large(name: object, shape: Any, kernel: Any, padding: Any, dilation: Any) -> RuntimeError:
    """The error for a window that is larger than the image."""
    image = tuple(size + 2 * p for size, p in zip(shape, padding, strict=True))
    window = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    spread = f" (with dilation={tuple(dilation)}: {window})" if window != tuple(kernel) else ""
    around = f" (with padding={tuple(padding)}: {image})" if image != tuple(shape) else ""
    return RuntimeError(
        f"{name}: the window of {tuple(kernel)}{spread} is larger than the image of {tuple(shape)}{around}. Pad the "
        "image, or reduce it less before this layer, with fewer poolings and smaller strides"
    )


# -- unfold and fold --------------------------------------------------------------------------------------------


def unfold(
    input: Tensor, kernel_size: PerAxis, dilation: PerAxis = 1, padding: PerAxis = 0, stride: PerAxis = 1
) -> Tensor:
    """Extract every window of an image as a column.

    Args:
        input: (N, C, H, W) or (C, H, W).
        kernel_size, dilation, padding, stride: as for `conv2d`.

    Returns:
        (N, C · kh · kw, L) or (C · kh · kw, L), L places.

    Raises:
        RuntimeError: the window is larger than the image.

    >>> F.unfold(torch.arange(6.0).view(1, 2, 3), kernel_size=2)
    tensor([[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]])
    """
    check_tensors("unfold", input=input)
    if input.ndim not in (3, 4):
        raise RuntimeError(f"unfold takes (N, C, H, W) or (C, H, W), but got x of shape {tuple(input.shape)}")
    kernel, steps, around, spacing = _window_arguments("unfold", kernel_size, stride, padding, dilation)
    shape = input._array.shape[-2:]
    windows = windows_over(shape, kernel, steps, around, spacing)
    if min(windows.places) < 1:
        raise _window_too_large("unfold", shape, kernel, around, spacing)
    return batched(input, 2, lambda x: apply(ops.unfold, x, windows=windows))


def fold(
    input: Tensor,
    output_size: PerAxis,
    kernel_size: PerAxis,
    dilation: PerAxis = 1,
    padding: PerAxis = 0,
    stride: PerAxis = 1,
) -> Tensor:
    """The transpose of `unfold`: an image from columns, with overlapping windows summed.

    Args:
        input: (N, C · kh · kw, L) or (C · kh · kw, L), L places.
        output_size: (H, W) of the image.
        kernel_size, dilation, padding, stride: those passed to `unfold`.

    Returns:
        (N, C, H, W) or (C, H, W)

    Raises:
        RuntimeError: an image of this size does not have L windows, or the rows are not a multiple of kh · kw.

    >>> F.fold(F.unfold(torch.ones(1, 2, 3), 2), (2, 3), 2)
    tensor([[[1., 2., 1.],
             [1., 2., 1.]]])
    """
    check_tensors("fold", input=input)
    kernel, steps, around, spacing = _window_arguments("fold", kernel_size, stride, padding, dilation)
    shape = whole_numbers("fold", "output_size", output_size, 2, 1)
    windows = windows_over(shape, kernel, steps, around, spacing)
    rows, places = math.prod(kernel), math.prod(windows.places)
    if input.ndim not in (2, 3) or input.shape[-2] % rows or input.shape[-1] != places or min(windows.places) < 1:
        raise RuntimeError(
            f"fold: windows of {kernel} stop at {windows.places} places of an image of {shape}, so it takes columns "
            f"(N, C · {rows}, {places}), but got {tuple(input.shape)}"
        )
    return batched(input, 1, lambda x: apply(ops.fold, x, windows=windows, shape=_flat(shape)))


def _window_arguments(name: str, kernel: PerAxis, stride: PerAxis, padding: PerAxis, dilation: PerAxis) -> Any:
    return (
        whole_numbers(name, "kernel_size", kernel, 2, 1),
        whole_numbers(name, "stride", stride, 2, 1),
        whole_numbers(name, "padding", padding, 2, 0),
        whole_numbers(name, "dilation", dilation, 2, 1),
    )


_MODES: dict[str, Any] = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def padded(name: object, x: Tensor, amounts: list[tuple[int, int]], mode: str) -> Tensor:
    """x with its last axes padded by (before, after), in mode "reflect", "replicate" or "circular".

    Raises:
        RuntimeError: there are not enough pixels to pad with.
    """
    index: list[Any] = [...]
    for axis, (before, after) in enumerate(amounts, -len(amounts)):
        size = x.shape[axis]
        most = {"reflect": size - 1, "circular": size}.get(mode, max(before, after))
        if max(before, after) > most:
            raise RuntimeError(
                f"{name}: padding_mode={mode!r} takes {max(before, after)} pixels of x beside its edge, but x, of "
                f"shape {tuple(x.shape)}, has {most} there to take"
            )
        where = np.pad(np.arange(size), (before, after), mode=_MODES[mode])
        index.append(where.reshape(-1, *[1] * (-axis - 1)))
    return apply(ops.getitem, x, index=tuple(index))
