"""Convolution layers: a small kernel, slid over a signal or an image, detects the same pattern at every position.

    out[n, o] = bias[o] + Σ over c of weight[o, c] slid over x[n, c]
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...creation import empty
from ...dtypes import dtype as DType
from ...tensors import Tensor
from .. import init
from ..functional.conv import convolve, convolve_back, padded
from ..functional.sizes import PerAxis, check_sizes, per_axis
from ..parameter import Parameter
from ..uninitialized import UninitializedParameter
from .lazy import LazyModuleMixin
from .module import Module

__all__ = ["Conv1d", "Conv2d", "ConvTranspose2d", "LazyConv2d"]


class _Conv(Module):
    """The base of the convolution layers: arguments, weights, repr."""

    axes: int
    transposed = False
    in_channels: int
    out_channels: int
    kernel_size: tuple[int, ...]
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis,
        stride: PerAxis,
        padding: PerAxis | str,
        output_padding: PerAxis,
        dilation: PerAxis,
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any,
        dtype: DType | None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = per_axis(kernel_size, self.axes)
        self.stride = per_axis(stride, self.axes)
        self.padding = padding if isinstance(padding, str) else per_axis(padding, self.axes)
        self.dilation = per_axis(dilation, self.axes)
        self.output_padding = per_axis(output_padding, self.axes)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_arguments()
        self.weight = Parameter(empty(self._weight_shape(), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def _check_arguments(self) -> None:
        kind, groups = type(self).__name__, self.groups
        check_sizes(kind, in_channels=self.in_channels, out_channels=self.out_channels)
        for n in self.kernel_size:
            check_sizes(kind, kernel_size=n)
        if groups <= 0:
            raise ValueError(f"{kind}: groups must be a positive integer, not {groups}")
        for name, n in (("in_channels", self.in_channels), ("out_channels", self.out_channels)):
            if n % groups:
                raise ValueError(f"{kind}: {name}={n} must be divisible by groups={groups}: each gets as many channels")
        if isinstance(self.padding, str) and self.padding not in ("same", "valid"):
            raise ValueError(f'{kind}: padding is "same", "valid", or an integer per axis, not {self.padding!r}')
        if self.padding == "same" and any(s != 1 for s in self.stride):
            raise ValueError(
                f"{kind}: padding='same' is not supported for strided convolutions: with stride={self.stride} the "
                f"output is smaller than the input; give the padding as a number"
            )
        if self.padding_mode not in ("zeros", "reflect", "replicate", "circular"):
            raise ValueError(
                f'{kind}: padding_mode is "zeros", "reflect", "replicate" or "circular", not {self.padding_mode!r}'
            )

    def _weight_shape(self) -> tuple[int, ...]:
        first, second = self.out_channels, self.in_channels
        if self.transposed:
            first, second = second, first
        return (first, second // self.groups, *self.kernel_size)

    def reset_parameters(self) -> None:
        """Reinitialize the weights."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # this gain gives ±1/√(inputs of a window)
        if self.bias is not None:
            inputs = math.prod(self.weight.shape[1:])
            bound = 1 / math.sqrt(inputs) if inputs > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        padding: PerAxis | str = self.padding
        if self.padding_mode != "zeros" and isinstance(input, Tensor):
            input, padding = padded(self, input, self._amounts(), self.padding_mode), 0
        weight, bias = self.weight, self.bias
        return convolve(self, input, weight, bias, self.stride, padding, self.dilation, self.groups, self.axes)

    def _amounts(self) -> list[tuple[int, int]]:
        """The padding before and after each axis."""
        if not isinstance(self.padding, str):
            return [(p, p) for p in self.padding]
        totals = [d * (k - 1) * (self.padding == "same") for d, k in zip(self.dilation, self.kernel_size, strict=True)]
        return [(total // 2, total - total // 2) for total in totals]

    def extra_repr(self) -> str:
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != (0,) * self.axes:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * self.axes:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * self.axes:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class Conv1d(_Conv):
    """1d convolution over signals.

    Args:
        in_channels, out_channels: C and O.
        kernel_size: k, the length of the window.
        stride, padding, dilation, groups, bias, padding_mode: as for `Conv2d`.

    Shapes:
        input (N, C, L) or (C, L), output (N, O, L') or (O, L'), weight (O, C/groups, k), bias (O);
        L' = (L + 2 padding - dilation (k - 1) - 1) // stride + 1.

    >>> nn.Conv1d(4, 8, kernel_size=3, padding=1)(torch.zeros(2, 4, 10)).shape
    torch.Size([2, 8, 10])
    """

    axes = 1

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: PerAxis | str = 0,
        dilation: PerAxis = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias, padding_mode,
            device, dtype,
        )  # fmt: skip


class Conv2d(_Conv):
    """2d convolution over images.

    Args:
        in_channels: C, the number of input channels, 3 for colour images.
        out_channels: O, the number of output channels.
        kernel_size: the height and width of the window, or one number for both.
        stride: the step between neighbouring windows.
        padding: zeros added around the image; "same" preserves its size, "valid" adds none.
        dilation: the spacing between the window's elements.
        groups: the number of groups of channels; each group is convolved separately.
        bias: False omits the bias.
        padding_mode: the contents of the padding: "zeros", or pixels of the image: "reflect" (mirrored at the edge),
            "replicate" (the edge repeated), "circular" (the opposite side).

    Shapes:
        input (N, C, H, W) or (C, H, W), output (N, O, H', W') or (O, H', W'), weight (O, C/groups, kh, kw), bias (O);
        H' = (H + 2 padding - dilation (kh - 1) - 1) // stride + 1, and the same for W'.

    Raises:
        ValueError: the arguments contradict each other.
        RuntimeError: the input has the wrong shape or dtype; the message says how to fix it.

    Initial weights and biases are uniform in ±1/√(C/groups · kh · kw).

    Source: LeCun et al., "Gradient-Based Learning Applied to Document Recognition", 1998.

    >>> layer = nn.Conv2d(1, 6, kernel_size=5, padding=2)
    >>> layer
    Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
    >>> layer(torch.zeros(32, 1, 28, 28)).shape
    torch.Size([32, 6, 28, 28])
    """

    axes = 2

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: PerAxis | str = 0,
        dilation: PerAxis = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, bias, padding_mode,
            device, dtype,
        )  # fmt: skip


class ConvTranspose2d(_Conv):
    """Transposed 2d convolution, which upsamples images: each pixel adds a scaled copy of the kernel to the output.

    Args:
        in_channels, out_channels, kernel_size, dilation, groups, bias: as for `Conv2d`.
        stride: the spacing of the copies, which is about the factor by which the image grows.
        padding: how much is cropped on all sides.
        output_padding: how much less is cropped at the end.
        padding_mode: only "zeros".

    Shapes:
        input (N, C, H, W) or (C, H, W), output (N, O, H', W') or (O, H', W'), weight (C, O/groups, kh, kw), bias (O);
        H' = (H - 1) stride - 2 padding + dilation (kh - 1) + output_padding + 1, and the same for W'.

    Source: Zeiler et al., "Deconvolutional Networks", 2010.

    >>> nn.ConvTranspose2d(8, 4, kernel_size=2, stride=2)(torch.zeros(1, 8, 7, 7)).shape
    torch.Size([1, 4, 14, 14])
    """

    axes = 2
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: PerAxis = 0,
        output_padding: PerAxis = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: PerAxis = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for ConvTranspose2d, not {padding_mode!r}')
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation, groups, bias,
            padding_mode, device, dtype,
        )  # fmt: skip

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """The upsampled image; output_size (H', W') selects one of the sizes that are possible with stride > 1."""
        more = self.output_padding if output_size is None else self._reaching(input, tuple(output_size))
        less = [p for p, _ in self._amounts()]
        return convolve_back(self, input, self.weight, self.bias, self.stride, less, more, self.groups, self.dilation)

    def _reaching(self, x: Tensor, wanted: tuple[int, ...]) -> tuple[int, ...]:
        """The output_padding that gives an image of the requested size."""
        places, paddings = x.shape[-2:], [p for p, _ in self._amounts()]
        axes = zip(places, self.stride, paddings, self.dilation, self.kernel_size, strict=True)
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in axes]
        wanted = wanted[-2:] if len(wanted) == x.ndim else wanted
        if len(wanted) != 2 or any(not n <= w < n + s for w, n, s in zip(wanted, least, self.stride, strict=True)):
            most = [n + s - 1 for n, s in zip(least, self.stride, strict=True)]
            raise ValueError(
                f"requested an output size of {wanted}, but {self} makes of x, of shape {tuple(x.shape)}, images (H, "
                f"W) from {least} to {most}"
            )
        return tuple(w - n for w, n in zip(wanted, least, strict=True))


class LazyConv2d(LazyModuleMixin, Conv2d):
    """A `Conv2d` that infers in_channels from its first input; the other arguments are those of `Conv2d`.

    >>> layer = nn.LazyConv2d(6, kernel_size=5)
    >>> layer(torch.zeros(32, 3, 28, 28)).shape
    torch.Size([32, 6, 24, 24])
    >>> layer
    Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1))
    """

    cls_to_become = Conv2d

    def __init__(
        self,
        out_channels: int,
        kernel_size: PerAxis,
        stride: PerAxis = 1,
        padding: PerAxis | str = 0,
        dilation: PerAxis = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Reinitialize the weights, if they have a shape."""
        if self.in_channels and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Infer in_channels from x (N, C, H, W) or (C, H, W), and initialize the weights, unless they were loaded."""
        if self.has_uninitialized_params():
            if input.ndim not in (3, 4):
                raise RuntimeError(f"{self} takes (N, C, H, W) or (C, H, W), but got x of {tuple(input.shape)}")
            self.in_channels = input.shape[-3]
            self._check_arguments()
            self.materialize(weight=self._weight_shape(), bias=(self.out_channels,))
            self.reset_parameters()
        self.in_channels = self.weight.shape[1] * self.groups
