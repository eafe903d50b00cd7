"""Linear: every output is a weighted sum of all inputs, plus a bias."""

from __future__ import annotations

import math
from typing import Any

from ...creation import empty
from ...dtypes import dtype as DType
from ...tensors import Tensor
from .. import functional as F
from .. import init
from ..functional.sizes import check_sizes
from ..parameter import Parameter
from .module import Module

__all__ = ["Linear"]


class Linear(Module):
    """y = x Wᵀ + b.

    Args:
        in_features: the size of the input's last axis.
        out_features: the size of the output's last axis.
        bias: False omits b.

    Shapes:
        input (..., in_features), output (..., out_features), weight (out_features, in_features),
        bias (out_features).

    Initial weights and biases are uniform in ±1/√in_features.

    >>> layer = nn.Linear(3, 4)
    >>> layer(torch.zeros(2, 3)).shape
    torch.Size([2, 4])
    """

    in_features: int
    out_features: int
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        check_sizes("Linear", in_features=in_features, out_features=out_features)
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty((out_features, in_features), device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(empty(out_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Reinitialize the weights."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # this gain gives ±1/√in
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        try:
            return F.linear(input, self.weight, self.bias)
        except RuntimeError:
            if input.shape[-1:] == self.weight.shape[1:]:
                raise
        raise RuntimeError(
            f"{self} was given x of shape {tuple(input.shape)}: x @ weight.T multiplies the last axis of x "
            f"by weight of shape {tuple(self.weight.shape)}, so that axis must have size "
            f"in_features={self.weight.shape[1]}" + self._fix(input)
        )

    def _fix(self, x: Tensor) -> str:
        """The most likely fix for an input of the wrong shape."""
        if x.ndim > 2 and math.prod(x.shape[1:]) == self.in_features:
            return "; flatten each sample first, x.flatten(1)"
        if x.ndim == 1 and self.in_features > 1 and x.numel() % self.in_features == 0:
            return "; if a whole batch was flattened into one axis, flatten each sample by itself, x.flatten(1)"
        if x.ndim == 2 and x.shape[0] == self.in_features:
            return "; the axes may be swapped, x.T"
        return f"; make it nn.Linear({x.shape[-1]}, {self.out_features})" if x.ndim else ""

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
