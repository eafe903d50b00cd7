"""RMSprop: divide the gradient by the root of a running mean of its square."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops.contract import Array
from ..tensors import Tensor
from .optimizer import Optimizer, State, not_negative

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """p -= lr · g / (√v + eps), with v the running mean of g².

        v = alpha · v + (1 - alpha) · g²
        a = alpha · a + (1 - alpha) · g,   v - a² in place of v          if centered
        b = momentum · b + g / (√v + eps), p -= lr · b                   if momentum > 0

    Args:
        params: parameters, or parameter groups.
        lr: the learning rate.
        alpha: the decay rate of the running means.
        eps: prevents division by 0.
        weight_decay: L2 penalty, added to the gradient.
        momentum: the momentum factor.
        centered: divide by the standard deviation instead of the root mean square.
        maximize: maximize the objective instead of minimizing it.
        capturable, foreach, differentiable: see `Optimizer`.

    Raises:
        ValueError: a negative setting.

    Source: Hinton, "Neural Networks for Machine Learning", lecture 6, 2012; centered: Graves, 2013.

    >>> w = nn.Parameter(torch.tensor([1.0, 2.0]))
    >>> optimizer = cutaway.optim.RMSprop([w], lr=0.05)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.5000, 1.5000])
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        not_negative(
            {
                "learning rate": lr,
                "epsilon value": eps,
                "momentum value": momentum,
                "weight_decay value": weight_decay,
                "alpha value": alpha,
            }
        )
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            alpha=alpha,
            eps=eps,
            centered=centered,
            weight_decay=weight_decay,
            capturable=capturable,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
        )

    def update(self, p: Array, g: Array, state: State, group: dict[str, Any]) -> None:
        alpha = group["alpha"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        state.count()
        v = state.zeros("square_avg", p)
        v *= alpha
        v += (1 - alpha) * (g * g)
        buffer = state.zeros("momentum_buffer", p) if group["momentum"] else None
        if group["centered"]:
            mean = state.zeros("grad_avg", p)
            mean += (1 - alpha) * (g - mean)
            v = v - mean * mean
        move = g / (np.sqrt(v) + group["eps"])
        if buffer is not None:
            buffer *= group["momentum"]
            buffer += move
            move = buffer
        p -= group["lr"] * move
