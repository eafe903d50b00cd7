"""Adadelta: steps in the units of the weights, without a learning rate to tune."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops.contract import Array
from ..tensors import Tensor
from .optimizer import Optimizer, State, not_negative

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """p -= lr · d, with d = g · √(u + eps) / √(v + eps); v and u are the running means of g² and of d².

    Args:
        params: parameters, or parameter groups.
        lr: a factor for the step, 1 in the paper.
        rho: the decay rate of the running means.
        eps: prevents division by 0, and makes the first step nonzero.
        weight_decay: L2 penalty, added to the gradient.
        maximize: maximize the objective instead of minimizing it.
        foreach, capturable, differentiable: see `Optimizer`.

    Raises:
        ValueError: a negative setting; rho above 1.

    Source: Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012.

    >>> w = nn.Parameter(torch.tensor([1.0, 2.0]))
    >>> optimizer = cutaway.optim.Adadelta([w], lr=10.0)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9684, 1.9684])
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        not_negative({"learning rate": lr, "epsilon value": eps, "weight_decay value": weight_decay})
        if not 0 <= rho <= 1:
            raise ValueError(f"Invalid rho value: {rho}; it must be between 0 and 1")
        super().__init__(
            params,
            lr=lr,
            rho=rho,
            eps=eps,
            weight_decay=weight_decay,
            maximize=maximize,
            capturable=capturable,
            foreach=foreach,
            differentiable=differentiable,
        )

    def update(self, p: Array, g: Array, state: State, group: dict[str, Any]) -> None:
        rho, eps = group["rho"], group["eps"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        state.count()
        v = state.zeros("square_avg", p)
        v *= rho
        v += (1 - rho) * (g * g)
        u = state.zeros("acc_delta", p)
        move = np.sqrt(u + eps) / np.sqrt(v + eps) * g
        u *= rho
        u += (1 - rho) * (move * move)
        p -= group["lr"] * move
