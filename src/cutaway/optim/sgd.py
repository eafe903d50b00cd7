"""Stochastic gradient descent: a step against the gradient, with or without momentum."""

from __future__ import annotations

from typing import Any

from ..ops.contract import Array
from ..tensors import Tensor
from .optimizer import Optimizer, State, not_negative

__all__ = ["SGD"]


class SGD(Optimizer):
    """p -= lr · v, where v is the gradient, or with momentum a running sum of gradients.

        g += weight_decay · p
        v  = momentum · v + (1 - dampening) · g        (v = g at the first step)
        p -= lr · (g + momentum · v  if nesterov else  v)

    Args:
        params: parameters, or parameter groups.
        lr: the learning rate.
        momentum: the momentum factor.
        dampening: the dampening of new gradients under momentum.
        weight_decay: L2 penalty, added to the gradient.
        nesterov: use Nesterov momentum.
        maximize: maximize the objective instead of minimizing it.
        foreach, differentiable, fused: see `Optimizer`.

    Raises:
        ValueError: a negative lr, momentum or weight_decay; nesterov without momentum or with dampening.

    Source: Sutskever et al., "On the Importance of Initialization and Momentum in Deep Learning", 2013.

    >>> w = nn.Parameter(torch.tensor([1.0, 2.0]))
    >>> optimizer = cutaway.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8000, 1.6000])
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        not_negative({"learning rate": lr, "momentum value": momentum, "weight_decay value": weight_decay})
        if nesterov and (not momentum or dampening):
            raise ValueError(
                f"Nesterov momentum requires a momentum and zero dampening, but got momentum={momentum}, "
                f"dampening={dampening}"
            )
        super().__init__(
            params,
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
            foreach=foreach,
            differentiable=differentiable,
            fused=fused,
        )

    def update(self, p: Array, g: Array, state: State, group: dict[str, Any]) -> None:
        momentum = group["momentum"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        if momentum:
            if "momentum_buffer" in state:
                v = state.zeros("momentum_buffer", p)  # and raises unless it has p's shape
                v *= momentum
                v += (1 - group["dampening"]) * g
            else:
                v = state["momentum_buffer"] = g.copy()
            g = g + momentum * v if group["nesterov"] else v
        p -= group["lr"] * g
