"""An optimizer for a scheduler to step, and the learning rates that come of it."""

from __future__ import annotations

from typing import Any

import cutaway
from cutaway.optim import SGD


def optimizer_of(*lrs: float, momentum: float = 0.9) -> SGD:
    groups = [{"params": [cutaway.nn.Parameter(cutaway.zeros(1))], "lr": lr} for lr in lrs or (1.0,)]
    optimizer = SGD(groups, momentum=momentum)
    for group in groups:
        group["params"][0].grad = cutaway.zeros(1)
    return optimizer


def rates(scheduler: Any, n: int) -> list[float]:
    """The first group's learning rate in n epochs."""
    seen = []
    for _ in range(n):
        assert scheduler.get_last_lr() == [group["lr"] for group in scheduler.optimizer.param_groups]
        seen.append(scheduler.get_last_lr()[0])
        scheduler.optimizer.step()
        scheduler.step()
    return seen
