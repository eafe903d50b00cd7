"""Dropout layers, active in training mode only."""

from __future__ import annotations

from ...tensors import Tensor
from .. import functional as F
from .module import Module

__all__ = ["Dropout", "Dropout2d"]


class Dropout(Module):
    """In training, set each element to 0 with probability p and scale the rest by 1/(1-p).

    Args:
        p: the probability of zeroing an element.
        inplace: write the result into the input.

    Raises:
        ValueError: p is not between 0 and 1.

    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 2014.

    >>> nn.Dropout(0.5).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"a dropout probability must be between 0 and 1, but p is {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout2d(Dropout):
    """In training, set whole channels to 0 with probability p and scale the rest by 1/(1-p).

    Args:
        p: the probability of zeroing a channel of a sample.
        inplace: write the result into the input.

    Shapes:
        input and output (N, C, H, W).

    Source: Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    >>> nn.Dropout2d(0.5).eval()(torch.ones(1, 1, 1, 2))
    tensor([[[[1., 1.]]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)
