"""Upsampling: resize signals and images, or rearrange channels into pixels."""

from __future__ import annotations

from collections.abc import Sequence

from ...tensors import Tensor
from .. import functional as F
from .module import Module

__all__ = ["PixelShuffle", "Upsample"]


class Upsample(Module):
    """Resize signals or images.

    Args:
        size: the new L or (H, W); alternatively
        scale_factor: the scale, one number or one for each axis.
        mode: "nearest" takes the nearest pixel; "linear" (signals) and "bilinear" (images) draw a line between
            neighbours.
        align_corners: for these two, whether the centres of the corner pixels stay fixed.
        recompute_scale_factor: recompute the factor from the rounded size.

    Shapes:
        input (N, C, L) or (N, C, H, W), output (N, C, L') or (N, C, H', W').

    >>> layer = nn.Upsample(scale_factor=2)
    >>> layer
    Upsample(scale_factor=2.0, mode='nearest')
    >>> layer(torch.tensor([[[[1.0, 2.0]]]]))
    tensor([[[[1., 1., 2., 2.],
              [1., 1., 2., 2.]]]])
    """

    def __init__(
        self,
        size: int | Sequence[int] | None = None,
        scale_factor: float | Sequence[float] | None = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.scale_factor: float | tuple[float, ...] | None
        if isinstance(scale_factor, Sequence):
            self.scale_factor = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        given = f"size={self.size!r}" if self.scale_factor is None else f"scale_factor={self.scale_factor!r}"
        return f"{given}, mode={self.mode!r}"


class PixelShuffle(Module):
    """Rearrange r² channels into a block of r × r pixels: an upsampling that a convolution before it learns.

    Args:
        upscale_factor: r.

    Shapes:
        input (*, C r², H, W), output (*, C, H r, W r).

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution", 2016.

    >>> nn.PixelShuffle(2)(torch.arange(4.0).view(4, 1, 1))
    tensor([[[0., 1.],
             [2., 3.]]])
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"
