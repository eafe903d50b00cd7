"""Dropout: in training, zero random activations, so that the model does not rely on any single one."""

from __future__ import annotations

from ... import events
from ...creation import empty, empty_like
from ...tensors import Tensor
from .checks import check_tensors, warn

__all__ = ["dropout", "dropout2d"]


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set each element to 0 with probability p and scale the rest by 1/(1-p), so that the mean is preserved.

    Args:
        input: floating point, any shape.
        p: the probability of zeroing an element.
        training: False returns the input as it is.
        inplace: write the result into `input`.

    Raises:
        ValueError: p is not between 0 and 1.

    Source: Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 2014.

    >>> F.dropout(torch.ones(3), p=0.5, training=False)
    tensor([1., 1., 1.])
    """
    check_tensors("dropout", input=input)
    for listener in events.mode:
        listener("dropout", training and p > 0)
    if not 0 <= p <= 1:
        raise ValueError(f"a dropout probability must be between 0 and 1, but p is {p}")
    if not training or p == 0 or input.numel() == 0:
        return input
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    if not input.is_floating_point():
        raise RuntimeError(f"dropout scales what it keeps by 1/(1-p), so it cannot take {input.dtype}: use x.float()")
    mask = empty_like(input, requires_grad=False).bernoulli_(1 - p) / (1 - p)
    return input.mul_(mask) if inplace else input * mask


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels to 0 with probability p and scale the rest by 1/(1-p): neighbouring pixels are correlated.

    Args:
        input: (N, C, H, W).
        p: the probability of zeroing a channel of a sample.
        training: False returns the input as it is.
        inplace: write the result into `input`.

    Raises:
        ValueError: p is not between 0 and 1.

    Source: Tompson et al., "Efficient Object Localization Using Convolutional Networks", 2015.

    >>> F.dropout2d(torch.ones(1, 1, 1, 2), training=False)
    tensor([[[[1., 1.]]]])
    """
    check_tensors("dropout2d", input=input)
    for listener in events.mode:
        listener("dropout2d", training and p > 0)
    if not 0 <= p <= 1:
        raise ValueError(f"a dropout probability must be between 0 and 1, but p is {p}")
    if input.ndim != 4:
        warn(f"dropout2d takes (N, C, H, W); x of shape {tuple(input.shape)} is read as (N, C, *)")
    if not training or p == 0 or input.numel() == 0:
        return input
    if input.ndim < 2:
        raise RuntimeError(f"dropout2d drops channels of (N, C, H, W), but got x of shape {tuple(input.shape)}")
    if p == 1:
        return input.mul_(0) if inplace else input * 0
    if not input.is_floating_point():
        raise RuntimeError(f"dropout2d scales what it keeps by 1/(1-p), not possible in {input.dtype}: use x.float()")
    channels = empty((*input.shape[:2], *[1] * (input.ndim - 2)), dtype=input.dtype)
    mask = channels.bernoulli_(1 - p) / (1 - p)
    return input.mul_(mask) if inplace else input * mask
