"""Schedules that multiply the learning rate by a factor.

In the formulas, e is the epoch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from ...errors import describe
from ..optimizer import Optimizer
from .scheduler import LRScheduler, check_optimizer, for_each_group

__all__ = [
    "ConstantLR",
    "ExponentialLR",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "PolynomialLR",
    "StepLR",
]

Factor = Callable[[int], float]


class LambdaLR(LRScheduler):
    """lr = base_lr · f(e), with a user-defined function.

    Args:
        optimizer: the optimizer whose learning rates are set.
        lr_lambda: f, which maps the epoch to a factor; or a list of them, one for each group.
        last_epoch: -1 starts at epoch 0; see `LRScheduler`.

    Raises:
        ValueError: the list has the wrong length.
        TypeError: f is not callable.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> for epoch in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | list[Factor], last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.lr_lambdas = for_each_group("lr_lambdas", optimizer, lr_lambda)
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"lr_lambda should be a function of the epoch, but got {type(function).__name__}")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        self._expect_step()
        return [base_lr * f(self.last_epoch) for f, base_lr in zip(self.lr_lambdas, self.base_lrs)]

    def state_dict(self) -> dict[str, Any]:
        """The state of the scheduler, with the attributes of callable objects; functions cannot be saved."""
        state = super().state_dict()
        functions = state.pop("lr_lambdas")  # PyTorch's place for them is the last
        state["lr_lambdas"] = [None if isinstance(f, FunctionType) else vars(f).copy() for f in functions]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore a saved `state_dict()`, with the functions that the scheduler was created with."""
        super().load_state_dict(state_dict | {"lr_lambdas": self.lr_lambdas})
        for function, held in zip(self.lr_lambdas, state_dict["lr_lambdas"]):
            if held is not None:
                vars(function).update(held)


class MultiplicativeLR(LambdaLR):
    """lr ← lr · f(e), with a user-defined function, from epoch 1 on.

    Args:
        optimizer: the optimizer whose learning rates are set.
        lr_lambda: f, which maps the epoch to a factor; or a list of them, one for each group.
        last_epoch: -1 starts at epoch 0; see `LRScheduler`.

    Raises:
        ValueError: the list has the wrong length.
        TypeError: f is not callable.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
    >>> for epoch in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.125]
    """

    def get_lr(self) -> list[float]:
        self._expect_step()
        lrs = [group["lr"] for group in self.optimizer.param_groups]
        return lrs if self._is_initial else [lr * f(self.last_epoch) for f, lr in zip(self.lr_lambdas, lrs)]


class StepLR(LRScheduler):
    """lr ← lr · gamma, every step_size epochs.

    Args:
        optimizer: the optimizer whose learning rates are set.
        step_size: the number of epochs between changes.
        gamma: the factor.
        last_epoch: -1 starts at epoch 0; see `LRScheduler`.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for epoch in range(5):
    ...     print(epoch, scheduler.get_last_lr())
    ...     optimizer.step()
    ...     scheduler.step()
    0 [1.0]
    1 [1.0]
    2 [0.5]
    3 [0.5]
    4 [0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base_lr: float) -> float:
        is_time = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return lr * self.gamma if is_time else lr

    def lr_at(self, base_lr: float) -> float:
        lr: float = base_lr * self.gamma ** (self.last_epoch // self.step_size)
        return lr


class MultiStepLR(LRScheduler):
    """lr ← lr · gamma, at given epochs.

    Args:
        optimizer: the optimizer whose learning rates are set.
        milestones: the epochs; one that is listed twice applies the factor twice.
        gamma: the factor.
        last_epoch: -1 starts at epoch 0; see `LRScheduler`.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
    >>> for epoch in range(4):
    ...     print(epoch, scheduler.get_last_lr())
    ...     optimizer.step()
    ...     scheduler.step()
    0 [1.0]
    1 [0.5]
    2 [0.5]
    3 [0.25]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if not isinstance(milestones, Iterable):
            raise TypeError(f"milestones are a list of epochs, and not {describe(milestones)}: write [{milestones}]")
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base_lr: float) -> float:
        times = self.milestones[self.last_epoch]
        return lr * self.gamma**times if times else lr

    def lr_at(self, base_lr: float) -> float:
        times = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        lr: float = base_lr * self.gamma**times
        return lr


class ConstantLR(LRScheduler):
    """lr = base_lr · factor before epoch total_iters, and base_lr from then on.

    Args:
        optimizer: the optimizer whose learning rates are set.
        factor: from 0 to 1.
        total_iters: the number of epochs for which the factor applies.
        last_epoch: -1 starts at epoch 0; see `LRScheduler`.

    Raises:
        ValueError: factor is not between 0 and 1.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> for epoch in range(3):
    ...     print(epoch, scheduler.get_last_lr())
    ...     optimizer.step()
    ...     scheduler.step()
    0 [0.5]
    1 [0.5]
    2 [1.0]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1:
            raise ValueError(f"Constant multiplicative factor expected to be between 0 and 1, but is {factor}")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base_lr: float) -> float:
        if self.last_epoch == 0:
            return lr * self.factor
        return lr * (1.0 / self.factor) if self.last_epoch == self.total_iters else lr

    def lr_at(self, base_lr: float) -> float:
        return base_lr if self.last_epoch >= self.total_iters else base_lr * self.factor


class LinearLR(LRScheduler):
    """lr from base_lr · start_factor to base_lr · end_factor in equal steps: a warm-up, or a decay.

    Args:
        optimizer: the optimizer whose learning rates are set.
        start_factor: of epoch 0; above 0, and at most 1.
        end_factor: of epoch total_iters and all after it; from 0 to 1.
        total_iters: the number of steps.
        last_epoch: -1 starts at epoch 0; see `LRScheduler`.

    Raises:
        ValueError: a factor is out of its range.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> for epoch in range(4):
    ...     print(epoch, scheduler.get_last_lr())
    ...     optimizer.step()
    ...     scheduler.step()
    0 [0.5]
    1 [0.75]
    2 [1.0]
    3 [1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1:
            raise ValueError(f"start_factor expected to be greater than 0 and at most 1, but is {start_factor}")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"end_factor expected to be between 0 and 1, but is {end_factor}")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base_lr: float) -> float:
        if self.last_epoch == 0:
            return lr * self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return lr
        # factor(e) / factor(e - 1), both times total_iters
        rise = self.end_factor - self.start_factor
        return lr * (1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise))

    def lr_at(self, base_lr: float) -> float:
        rise = self.end_factor - self.start_factor
        return base_lr * (self.start_factor + rise * min(self.total_iters, self.last_epoch) / self.total_iters)


class ExponentialLR(LRScheduler):
    """lr = base_lr · gammaᵉ.

    Args:
        optimizer: the optimizer whose learning rates are set.
        gamma: the factor per epoch.
        last_epoch: -1 starts at epoch 0; see `LRScheduler`.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> for epoch in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base_lr: float) -> float:
        return lr if self._is_initial else lr * self.gamma

    def lr_at(self, base_lr: float) -> float:
        lr: float = base_lr * self.gamma**self.last_epoch
        return lr


class PolynomialLR(LRScheduler):
    """lr = base_lr · (1 - e / total_iters)^power, down to 0.

    Args:
        optimizer: the optimizer whose learning rates are set.
        total_iters: the epoch at which the rate reaches 0.
        power: 1 is linear; larger values fall faster at first.
        last_epoch: -1 starts at epoch 0; see `LRScheduler`.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=2)
    >>> for epoch in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base_lr: float) -> float:
        if self._is_initial or self.last_epoch > self.total_iters:
            return lr
        left = 1.0 - self.last_epoch / self.total_iters
        left_before = 1.0 - (self.last_epoch - 1) / self.total_iters
        factor: float = (left / left_before) ** self.power
        return lr * factor

    def lr_at(self, base_lr: float) -> float:
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        lr: float = base_lr * left**self.power
        return lr
