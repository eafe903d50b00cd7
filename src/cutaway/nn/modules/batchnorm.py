"""Batch normalization: mean 0 and variance 1 for each channel over the batch, then a learnable weight and bias.

    y = (x - mean) / √(variance + eps) · weight + bias

In training, mean and variance are those of the batch, and the layer keeps running averages of them. In evaluation,
where a batch may have a single sample, it uses the running averages. So `net.eval()` changes what the layer computes.
"""

from __future__ import annotations

from typing import Any

from ...creation import empty, ones, zeros
from ...dtypes import dtype as DType
from ...dtypes import int64
from ...grad_mode import no_grad
from ...tensors import Tensor
from .. import functional as F
from .. import init
from ..parameter import Parameter
from ..uninitialized import UninitializedBuffer, UninitializedParameter
from .lazy import LazyModuleMixin
from .module import Module

__all__ = ["BatchNorm1d", "BatchNorm2d", "LazyBatchNorm2d"]


class _BatchNorm(Module):
    """The base of the batch normalizations, which differ in the input shapes they accept."""

    shapes: dict[int, str]  # the axes, by their number
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            values = empty(num_features, device=device, dtype=dtype) if wanted else None
            self.register_parameter(name, None if values is None else Parameter(values))
        tracked = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", zeros((), dtype=int64, device=device) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Reset the running statistics."""
        for name, start in (("running_mean", 0), ("running_var", 1), ("num_batches_tracked", 0)):
            statistic = self._buffers[name]
            if statistic is not None:
                statistic.fill_(start)

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0, and reset the running statistics."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        if isinstance(input, Tensor) and input.ndim not in self.shapes:
            raise ValueError(self._wrong_axes(input))
        momentum = 0.0 if self.momentum is None else self.momentum
        tracks = self.training and self.track_running_stats
        if tracks and self.num_batches_tracked is not None:
            with no_grad():
                self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the mean of all batches, each with the same weight
                momentum = 1 / self.num_batches_tracked.item()
        use_batch = self.training or (self.running_mean is None and self.running_var is None)
        running = (self.running_mean, self.running_var) if tracks or not self.training else (None, None)
        return F.batch_norm(input, *running, self.weight, self.bias, use_batch, momentum, self.eps)

    def _wrong_axes(self, x: Tensor) -> str:
        fitting = [kind.__name__ for kind in (BatchNorm1d, BatchNorm2d) if x.ndim in kind.shapes]
        message = f"{self} takes {' or '.join(self.shapes.values())}, but got x of shape {tuple(x.shape)}"
        return message + "".join(f": use nn.{kind}" for kind in fitting)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalization of features or signals.

    Args:
        num_features: C.
        eps, momentum, affine, track_running_stats, bias: as for `BatchNorm2d`.

    Shapes:
        input and output (N, C) or (N, C, L), weight and bias (C).

    Raises:
        ValueError: in training, a batch with one value for each channel.

    >>> nn.BatchNorm1d(2)(torch.tensor([[1.0, 20.0], [3.0, 40.0]])).detach()
    tensor([[-1.0000, -1.0000],
            [ 1.0000,  1.0000]])
    """

    shapes = {2: "(N, C)", 3: "(N, C, L)"}  # noqa: RUF012


class BatchNorm2d(_BatchNorm):
    """Batch normalization of images.

    Args:
        num_features: C.
        eps: added to the variance to avoid division by 0.
        momentum: the weight of each batch in the running averages; None: the average over all batches.
        affine: False omits weight and bias.
        track_running_stats: False keeps no running averages; evaluation then uses batch statistics too.
        bias: False omits the bias.

    Shapes:
        input and output (N, C, H, W), weight and bias (C), running_mean and running_var (C). The running variance is
        the unbiased one, Σ (x - mean)² / (n - 1).

    Source: Ioffe and Szegedy, "Batch Normalization", 2015.

    >>> layer = nn.BatchNorm2d(3)
    >>> layer(torch.randn(8, 3, 5, 5)).shape
    torch.Size([8, 3, 5, 5])
    >>> list(layer.state_dict())
    ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
    """

    shapes = {4: "(N, C, H, W)"}  # noqa: RUF012


class LazyBatchNorm2d(LazyModuleMixin, BatchNorm2d):
    """A `BatchNorm2d` that infers num_features from its first input; the other arguments are those of `BatchNorm2d`.

    >>> layer = nn.LazyBatchNorm2d()
    >>> layer(torch.zeros(8, 3, 5, 5)).shape
    torch.Size([8, 3, 5, 5])
    >>> layer.num_features
    3
    """

    cls_to_become = BatchNorm2d

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: DType | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
        if affine and bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = zeros((), dtype=int64)

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0, and reset the running statistics, if they have a shape."""
        if self.num_features and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Infer num_features from x (N, C, H, W)."""
        if input.ndim not in self.shapes:
            raise ValueError(self._wrong_axes(input))
        size = input.shape[1:2]
        self.num_features = input.shape[1]
        if self.materialize(weight=size, bias=size, running_mean=size, running_var=size):
            self.reset_parameters()
