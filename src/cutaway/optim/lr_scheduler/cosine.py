"""Cosine annealing: the rate falls slowly at first, fast in the middle, and slowly at the end.

Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.
"""

from __future__ import annotations

import math

from ..optimizer import Optimizer
from .scheduler import LRScheduler

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


class CosineAnnealingLR(LRScheduler):
    """lr = eta_min + (base_lr - eta_min) · (1 + cos(π e / T_max)) / 2, with e the epoch.

    Args:
        optimizer: the optimizer whose learning rates are set.
        T_max: the epoch at which eta_min is reached; the rate rises again after it, as the cosine does.
        eta_min: the smallest learning rate.
        last_epoch: -1 starts at epoch 0; see `LRScheduler`.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    >>> for epoch in range(5):
    ...     print(epoch, round(scheduler.get_last_lr()[0], 4))
    ...     optimizer.step()
    ...     scheduler.step()
    0 1.0
    1 0.8536
    2 0.5
    3 0.1464
    4 0.0
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def next_lr(self, lr: float, base_lr: float) -> float:
        if self._is_initial:
            return lr
        epoch, low = self.last_epoch, self.eta_min
        if (epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            # the step after the minimum, where the quotient below would be 0 / 0
            return lr + (base_lr - low) * (1 - math.cos(math.pi / self.T_max)) / 2
        height = 1 + math.cos(math.pi * epoch / self.T_max)
        height_before = 1 + math.cos(math.pi * (epoch - 1) / self.T_max)
        return height / height_before * (lr - low) + low

    def lr_at(self, base_lr: float) -> float:
        height = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return self.eta_min + (base_lr - self.eta_min) * height / 2


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing with restarts: first after T_0 epochs, then after periods that grow by the factor T_mult.

        lr = eta_min + (base_lr - eta_min) · (1 + cos(π T_cur / T_i)) / 2

    where T_cur counts the epochs since the last restart, and T_i those from it to the next.

    Args:
        optimizer: the optimizer whose learning rates are set.
        T_0: the number of epochs before the first restart.
        T_mult: the factor by which each period is longer than the previous one.
        eta_min: the smallest learning rate.
        last_epoch: -1 starts at epoch 0; see `LRScheduler`.

    Raises:
        ValueError: T_0 or T_mult is not an integer of 1 or more, or eta_min is not a number.

    Source: Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
    >>> for epoch in range(7):
    ...     print(epoch, round(scheduler.get_last_lr()[0], 4))
    ...     optimizer.step()
    ...     scheduler.step()
    0 1.0
    1 0.5
    2 1.0
    3 0.8536
    4 0.5
    5 0.1464
    6 1.0
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError(f"Expected positive integer T_0, but got {T_0!r}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult!r}")
        if not isinstance(eta_min, float | int):
            raise ValueError(f"Expected float or int eta_min, but got {type(eta_min).__name__}: {eta_min!r}")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        self._expect_step()
        height = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base_lr - self.eta_min) * height / 2 for base_lr in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Advance to the next epoch, or to a fraction of one, and set its learning rates.

        Args:
            epoch: to change the rate with every batch, pass epoch + batch / batches.

        Raises:
            ValueError: epoch is negative.
        """
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            self._go_to(epoch)
        self._update_lr(math.floor(epoch))

    def _go_to(self, epoch: float) -> None:
        if epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            # n periods take T_0 · (1 + T_mult + ... + T_mult^(n-1)), a geometric sum
            n = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_i = self.T_0 * self.T_mult**n
            self.T_cur = epoch - self.T_0 * (self.T_mult**n - 1) / (self.T_mult - 1)
