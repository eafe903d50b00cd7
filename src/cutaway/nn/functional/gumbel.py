"""Differentiable sampling of a class."""

from __future__ import annotations

import numpy as np

from ...creation import empty_like
from ...tensors import Tensor
from ...tensors.base import axis_of, wrap
from .checks import check_tensors, warn

__all__ = ["gumbel_softmax"]


def gumbel_softmax(logits: Tensor, tau: float = 1.0, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """softmax((logits + noise) / tau): nearly one-hot, class c with probability softmax(logits)[c].

    The noise follows the Gumbel distribution, for which the argmax of logits + noise is a draw from the softmax. A
    small tau brings the result closer to that one-hot vector.

    Args:
        logits: (..., C).
        tau: the temperature: the lower, the closer to one-hot.
        hard: True returns one-hot vectors; their gradient is that of the soft ones (straight-through).
        eps: ignored; for compatibility.
        dim: the class axis.

    Source: Jang et al., "Categorical Reparameterization with Gumbel-Softmax", 2016; Maddison et al., "The Concrete
    Distribution", 2016.

    >>> F.gumbel_softmax(torch.tensor([0.0, 1000.0]), hard=True)
    tensor([0., 1.])
    """
    check_tensors("gumbel_softmax", logits=logits)
    if eps != 1e-10:
        warn("`eps` parameter is deprecated and has no effect: leave it out")
    noise = -empty_like(logits, requires_grad=False).exponential_().log()
    soft = ((logits + noise) / tau).softmax(dim)
    if not hard:
        return soft
    axis = axis_of(dim, logits.ndim)
    one_hot = np.zeros_like(soft._array)
    np.put_along_axis(one_hot, soft._array.argmax(axis, keepdims=True), 1, axis)
    return wrap(one_hot) - soft.detach() + soft  # the value of one_hot with the gradient of soft
