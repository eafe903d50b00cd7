"""Variable, which older lessons wrap around every tensor."""

from __future__ import annotations

from .. import errors
from ..tensors import Tensor

__all__ = ["Variable"]


def Variable(data: Tensor, requires_grad: bool = False) -> Tensor:
    """A tensor that shares data's memory: a leaf. Before PyTorch 0.4, only a Variable could require grad.

    >>> torch.autograd.Variable(torch.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """
    if not isinstance(data, Tensor):
        raise TypeError(f"Variable data has to be a tensor, but got {errors.describe(data)}: use torch.tensor(...)")
    return data.detach().requires_grad_(requires_grad)
