"""Padding layers: `F.pad` with the arguments of a layer."""

from __future__ import annotations

from ...tensors import Tensor
from .. import functional as F
from .module import Module

__all__ = [
    "CircularPad1d", "CircularPad2d", "ConstantPad1d", "ConstantPad2d", "ReflectionPad1d", "ReflectionPad2d",
    "ReplicationPad1d", "ReplicationPad2d", "ZeroPad1d", "ZeroPad2d",
]  # fmt: skip

Padding = int | tuple[int, ...]


class _Pad(Module):
    """Pad the last axes, two numbers for each: the last axis first."""

    axes: int
    mode = "constant"
    value: float | None = None

    def __init__(self, padding: Padding) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * self.axes) if isinstance(padding, int) else tuple(padding)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return str(self.padding)


class ConstantPad1d(_Pad):
    """Pad signals with a value.

    Args:
        padding: (left, right), or one number for both. Negative numbers crop.
        value: the value.

    Shapes:
        input (N, C, L) or (C, L), output with L + left + right.

    >>> nn.ConstantPad1d((1, 2), 7.0)(torch.zeros(1, 2))
    tensor([[7., 0., 0., 7., 7.]])
    """

    axes = 1

    def __init__(self, padding: Padding, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad2d(ConstantPad1d):
    """Pad images with a value.

    Args:
        padding: (left, right, top, bottom), or one number for all. Negative numbers crop.
        value: the value.

    Shapes:
        input (N, C, H, W) or (C, H, W), output with H + top + bottom and W + left + right.

    >>> nn.ConstantPad2d(1, 7.0)(torch.zeros(1, 1, 1))
    tensor([[[7., 7., 7.],
             [7., 0., 7.],
             [7., 7., 7.]]])
    """

    axes = 2


class ZeroPad1d(_Pad):
    """Pad signals with zeros, with the arguments of `ConstantPad1d`.

    >>> nn.ZeroPad1d((1, 0))(torch.ones(1, 2))
    tensor([[0., 1., 1.]])
    """

    axes = 1


class ZeroPad2d(_Pad):
    """Pad images with zeros, with the arguments of `ConstantPad2d`.

    >>> nn.ZeroPad2d((1, 0, 0, 1))(torch.ones(1, 1, 1))
    tensor([[[0., 1.],
             [0., 0.]]])
    """

    axes = 2


class ReflectionPad1d(_Pad):
    """Pad signals by their mirror image at the ends, which are not repeated.

    >>> nn.ReflectionPad1d(2)(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 2., 1., 2., 3., 2., 1.]])
    """

    axes, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Pad images by their mirror image at the edges, which are not repeated.

    >>> nn.ReflectionPad2d((1, 0, 0, 0))(torch.tensor([[[1.0, 2.0]]]))
    tensor([[[2., 1., 2.]]])
    """

    axes, mode = 2, "reflect"


class ReplicationPad1d(_Pad):
    """Pad signals by repeating the ends.

    >>> nn.ReplicationPad1d((2, 1))(torch.tensor([[1.0, 2.0]]))
    tensor([[1., 1., 1., 2., 2.]])
    """

    axes, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Pad images by repeating the edges.

    >>> nn.ReplicationPad2d((1, 0, 0, 0))(torch.tensor([[[1.0, 2.0]]]))
    tensor([[[1., 1., 2.]]])
    """

    axes, mode = 2, "replicate"


class CircularPad1d(_Pad):
    """Pad signals as if they were repeated.

    >>> nn.CircularPad1d((1, 1))(torch.tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 1., 2., 3., 1.]])
    """

    axes, mode = 1, "circular"


class CircularPad2d(_Pad):
    """Pad images as if they were repeated.

    >>> nn.CircularPad2d((1, 0, 0, 0))(torch.tensor([[[1.0, 2.0]]]))
    tensor([[[2., 1., 2.]]])
    """

    axes, mode = 2, "circular"
