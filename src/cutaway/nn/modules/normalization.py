"""Normalization of each sample separately: independent of the batch, and the same in training and evaluation.

    y = (x - mean) / √(variance + eps) · weight + bias

`LayerNorm` averages over the features, `GroupNorm` over groups of channels, `InstanceNorm2d` over each channel;
`RMSNorm` does not subtract the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...creation import empty
from ...dtypes import dtype as DType
from ...errors import warn
from ...tensors import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module

__all__ = ["GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "LayerNorm", "RMSNorm"]


def _parameter(wanted: bool, shape: Any, device: Any, dtype: DType | None) -> Parameter | None:
    return Parameter(empty(shape, device=device, dtype=dtype)) if wanted else None


def _sizes(normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    return tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (normalized_shape,)


def _start(module: Module) -> None:
    """Set weight to 1 and bias to 0, so that the layer starts as a plain normalization."""
    for name, param in module.named_parameters(recurse=False):
        init.constant_(param, float(name == "weight"))


class LayerNorm(Module):
    """Normalize the features of each sample to mean 0 and variance 1, then apply weight and bias.

    Args:
        normalized_shape: the sizes of the last axes, which are normalized over; a number for the last axis only.
        eps: added to the variance to avoid division by 0.
        elementwise_affine: False omits weight and bias.
        bias: False omits the bias.

    Shapes:
        input and output (*, normalized_shape), weight and bias normalized_shape.

    Source: Ba et al., "Layer Normalization", 2016.

    >>> nn.LayerNorm(2)(torch.tensor([[1.0, 3.0], [20.0, 40.0]]))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]], grad_fn=<NativeLayerNormBackward0>)
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        shape = self.normalized_shape
        self.register_parameter("weight", _parameter(elementwise_affine, shape, device, dtype))
        self.register_parameter("bias", _parameter(elementwise_affine and bias, shape, device, dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        _start(self)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divide the features of each sample by their root mean square, and multiply by weight.

    Args:
        normalized_shape: the sizes of the last axes, which are normalized over; a number for the last axis only.
        eps: added to the mean square to avoid division by 0; None: the machine epsilon of the dtype.
        elementwise_affine: False omits the weight.

    Shapes:
        input and output (*, normalized_shape), weight normalized_shape.

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.

    >>> nn.RMSNorm(4)(torch.tensor([3.0, 4.0, 0.0, 0.0])).tolist()
    [1.2000000476837158, 1.600000023841858, 0.0, 0.0]
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _sizes(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.register_parameter("weight", _parameter(elementwise_affine, self.normalized_shape, device, dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1."""
        _start(self)

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Normalize each group of channels of each sample to mean 0 and variance 1, then apply weight and bias per channel.

    Args:
        num_groups: the number of groups of channels.
        num_channels: C.
        eps: added to the variance to avoid division by 0.
        affine: False omits weight and bias.

    Shapes:
        input and output (N, C, *), weight and bias (C).

    Raises:
        ValueError: num_channels is not divisible by num_groups.

    Source: Wu and He, "Group Normalization", 2018.

    >>> nn.GroupNorm(2, 6)(torch.randn(4, 6, 8, 8)).shape
    torch.Size([4, 6, 8, 8])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(
                f"num_channels={num_channels} must be divisible by num_groups={num_groups}: each gets as many channels"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        self.register_parameter("weight", _parameter(affine, num_channels, device, dtype))
        self.register_parameter("bias", _parameter(affine and bias, num_channels, device, dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        _start(self)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        bias = self.bias is not None
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, bias={bias}"


class _InstanceNorm(Module):
    """The base of the instance normalizations, which differ in the input shapes they accept."""

    axes: int  # of a channel
    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if track_running_stats:
            raise NotImplementedError(
                f"{type(self).__name__}(track_running_stats=True): there are no running statistics here; leave it out, "
                "the default is without"
            )
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.register_parameter("weight", _parameter(affine, num_features, device, dtype))
        self.register_parameter("bias", _parameter(affine and bias, num_features, device, dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        _start(self)

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (self.axes + 1, self.axes + 2):
            raise ValueError(
                f"expected {self.axes + 1}D or {self.axes + 2}D input (got {input.ndim}D input): {self} takes "
                f"(N, C, {'H, W' if self.axes == 2 else 'L'}), with or without N, but got x of shape "
                f"{tuple(input.shape)}"
            )
        channels = input.shape[-self.axes - 1]
        if channels != self.num_features:
            text = (
                f"expected input's size at dim={input.ndim - self.axes - 1} to match num_features "
                f"({self.num_features}), but got: {channels}, in x of shape {tuple(input.shape)}"
            )
            if self.affine:
                raise ValueError(text)
            warn(f"{text}; without weights, it normalizes any number of channels")
        if input.ndim == self.axes + 1:
            return self.forward(input.unsqueeze(0)).squeeze(0)
        return F.instance_norm(input, weight=self.weight, bias=self.bias, eps=self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class InstanceNorm1d(_InstanceNorm):
    """Normalize each channel of each signal to mean 0 and variance 1.

    Args:
        num_features, eps, momentum, affine, track_running_stats, bias: as for `InstanceNorm2d`.

    Shapes:
        input and output (N, C, L) or (C, L), weight and bias (C).

    >>> nn.InstanceNorm1d(1)(torch.tensor([[1.0, 3.0]]))
    tensor([[-1.0000,  1.0000]])
    """

    axes = 1


class InstanceNorm2d(_InstanceNorm):
    """Normalize each channel of each image to mean 0 and variance 1: contrast and brightness are removed.

    Args:
        num_features: C.
        eps: added to the variance to avoid division by 0.
        momentum: ignored.
        affine: True adds weight and bias.
        track_running_stats: False.
        bias: False omits the bias.

    Shapes:
        input and output (N, C, H, W) or (C, H, W), weight and bias (C).

    Raises:
        ValueError: the input has other axes, or images of a single pixel.
        NotImplementedError: track_running_stats is True.

    Source: Ulyanov et al., "Instance Normalization: The Missing Ingredient for Fast Stylization", 2016.

    >>> nn.InstanceNorm2d(64)(torch.randn(4, 64, 8, 8)).shape
    torch.Size([4, 64, 8, 8])
    """

    axes = 2
