"""Adagrad: step sizes shrink with the accumulated squared gradients of each weight."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..ops.contract import Array
from ..tensors import Tensor
from ..tensors.base import wrap
from .optimizer import Optimizer, State, not_negative

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """p -= lr / (1 + (t - 1) · lr_decay) · g / (√s + eps), with s the sum of all g² so far.

    Args:
        params: parameters, or parameter groups.
        lr: the learning rate.
        lr_decay: the decay of the learning rate.
        weight_decay: L2 penalty, added to the gradient.
        initial_accumulator_value: the initial value of s.
        eps: prevents division by 0.
        maximize: maximize the objective instead of minimizing it.
        foreach, differentiable, fused: see `Optimizer`.

    Raises:
        ValueError: a negative setting.

    Source: Duchi et al., "Adaptive Subgradient Methods for Online Learning", JMLR 2011.

    >>> w = nn.Parameter(torch.tensor([1.0, 2.0]))
    >>> optimizer = cutaway.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        not_negative(
            {
                "learning rate": lr,
                "lr_decay value": lr_decay,
                "weight_decay value": weight_decay,
                "initial_accumulator_value value": initial_accumulator_value,
                "epsilon value": eps,
            }
        )
        super().__init__(
            params,
            lr=lr,
            lr_decay=lr_decay,
            eps=eps,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            foreach=foreach,
            maximize=maximize,
            differentiable=differentiable,
            fused=fused,
        )

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """As in `Optimizer`; also initializes s."""
        super().add_param_group(param_group)
        for param in param_group["params"]:
            start = np.full_like(param._array, param_group["initial_accumulator_value"])
            self.state[param] = {"step": wrap(np.zeros((), np.float32)), "sum": wrap(start)}

    def update(self, p: Array, g: Array, state: State, group: dict[str, Any]) -> None:
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        lr = group["lr"] / (1 + (state.count() - 1) * group["lr_decay"])
        total = state.zeros("sum", p)
        total += g * g
        p -= lr * (g / (np.sqrt(total) + group["eps"]))
