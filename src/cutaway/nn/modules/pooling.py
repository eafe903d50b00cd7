"""Pooling layers: reduce each window to one number, which shrinks images and makes small shifts matter less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...tensors import Tensor
from .. import functional as F
from ..functional.sizes import PerAxis, per_axis
from .module import Module

__all__ = ["AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AvgPool1d", "AvgPool2d", "MaxPool1d", "MaxPool2d"]


class _MaxPool(Module):
    """The base of the max poolings."""

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        dilation: PerAxis = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def _arguments(self) -> tuple[Any, ...]:
        return self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The maximum of each window of a signal.

    Args:
        kernel_size, stride, padding, dilation, return_indices, ceil_mode: as for `MaxPool2d`.

    Shapes:
        input (N, C, L) or (C, L), output (N, C, L') or (C, L').

    >>> nn.MaxPool1d(2)(torch.tensor([[1.0, 3.0, 2.0, 5.0]]))
    tensor([[3., 5.]])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool1d(input, *self._arguments())


class MaxPool2d(_MaxPool):
    """The maximum of each window of an image.

    Args:
        kernel_size: the height and width of the window, or one number for both.
        stride: the step between windows; by default their size, so that they do not overlap.
        padding: how far the window may extend beyond the edge, at most half its size.
        dilation: the spacing between the window's elements.
        return_indices: also return the position of each maximum.
        ceil_mode: include a last window that extends beyond the end.

    Shapes:
        input (N, C, H, W) or (C, H, W), output (N, C, H', W') or (C, H', W');
        H' = (H + 2 padding - dilation (kh - 1) - 1) // stride + 1, and the same for W'.

    >>> nn.MaxPool2d(2)
    MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
    >>> nn.MaxPool2d(2)(torch.zeros(32, 6, 28, 28)).shape
    torch.Size([32, 6, 14, 14])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(input, *self._arguments())


class AvgPool1d(Module):
    """The mean of each window of a signal.

    Args:
        kernel_size, stride, padding, ceil_mode, count_include_pad: as for `AvgPool2d`.

    Shapes:
        input (N, C, L) or (C, L), output (N, C, L') or (C, L').

    >>> nn.AvgPool1d(2)(torch.tensor([[1.0, 3.0, 2.0, 6.0]]))
    tensor([[2., 4.]])
    """

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = per_axis(kernel_size, 1)
        self.stride = per_axis(kernel_size if stride is None else stride, 1)
        self.padding = per_axis(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(Module):
    """The mean of each window of an image.

    Args:
        kernel_size: the height and width of the window, or one number for both.
        stride: the step between windows; by default their size, so that they do not overlap.
        padding: zeros around the image, at most half of the window.
        ceil_mode: include a last window that extends beyond the end.
        count_include_pad: whether the mean includes the padding.
        divisor_override: divide the sum by this number.

    Shapes:
        input (N, C, H, W) or (C, H, W), output (N, C, H', W') or (C, H', W').

    >>> nn.AvgPool2d(2)(torch.ones(1, 4, 4))
    tensor([[[1., 1.],
             [1., 1.]]])
    """

    def __init__(
        self,
        kernel_size: PerAxis,
        stride: PerAxis | None = None,
        padding: PerAxis = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        windows = self.kernel_size, self.stride, self.padding, self.ceil_mode
        return F.avg_pool2d(input, *windows, self.count_include_pad, self.divisor_override)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AdaptiveAvgPool1d(Module):
    """Average pooling of signals to a given length, for input of any length.

    Args:
        output_size: L'.

    Shapes:
        input (N, C, L) or (C, L), output (N, C, L') or (C, L').

    >>> nn.AdaptiveAvgPool1d(1)(torch.zeros(8, 16, 50)).shape
    torch.Size([8, 16, 1])
    """

    def __init__(self, output_size: int | Sequence[int]) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool2d(Module):
    """Average pooling to a given output size, for input of any size.

    Args:
        output_size: (H', W'), or one number for both; None keeps the input's.

    Shapes:
        input (N, C, H, W) or (C, H, W), output (N, C, H', W') or (C, H', W').

    >>> nn.AdaptiveAvgPool2d((1, 1))(torch.zeros(8, 512, 7, 9)).shape
    torch.Size([8, 512, 1, 1])
    """

    def __init__(self, output_size: int | Sequence[int | None] | None) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"
