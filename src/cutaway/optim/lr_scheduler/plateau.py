"""ReduceLROnPlateau: reduce the learning rate when the loss stops improving."""

from __future__ import annotations

import math
from typing import Any

from ...errors import warn
from ..optimizer import Optimizer
from .scheduler import LRScheduler, check_optimizer, for_each_group, set_lr, settings

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """lr ← lr · factor, after more than `patience` epochs in a row without a better metric.

    Args:
        optimizer: the optimizer whose learning rates are set.
        mode: "min" if a smaller metric is better, as for a loss; "max" as for an accuracy.
        factor: below 1.
        patience: the number of epochs without improvement to tolerate.
        threshold: the minimum improvement that counts:
        threshold_mode: "rel", in proportion to the best; "abs", as a difference.
        cooldown: the number of epochs after a reduction that do not count.
        min_lr: the lower bound of the learning rate; or a list, one for each group.
        eps: smaller reductions are skipped.

    Raises:
        ValueError: factor is 1 or more, a mode is unknown, or min_lr has another length than the groups.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in [3.0, 2.0, 2.0, 2.5, 1.0]:
    ...     scheduler.step(loss)
    ...     print(loss, scheduler.get_last_lr())
    3.0 [1.0]
    2.0 [1.0]
    2.0 [1.0]
    2.5 [0.5]
    1.0 [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1:
            raise ValueError(f"Factor should be < 1.0, to make the learning rate smaller, but is {factor}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode!r} is unknown: it is 'min' or 'max'")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode!r} is unknown: it is 'rel' or 'abs'")
        check_optimizer(optimizer)
        self.factor = factor
        self.optimizer = optimizer
        self.default_min_lr = None if isinstance(min_lr, list | tuple) else min_lr
        self.min_lrs = for_each_group("min_lrs", optimizer, min_lr)
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = settings(optimizer, "lr")
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Record the metric of an epoch, and reduce the learning rates if it is time.

        Args:
            metrics: the metric, a number or a one-element tensor.
            epoch: the epoch, if not the next one; deprecated in PyTorch.
        """
        if epoch is not None:
            warn("scheduler.step(metrics, epoch) is deprecated: leave out the epoch")
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        value = float(metrics)
        if self._is_better(value):
            self.best = value
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = settings(self.optimizer, "lr")

    @property
    def in_cooldown(self) -> bool:
        """Whether the scheduler is in the cooldown after a reduction."""
        return self.cooldown_counter > 0

    def _is_better(self, value: float) -> bool:
        sign = -1 if self.mode == "min" else 1
        if self.threshold_mode == "abs":
            wanted = self.best + sign * self.threshold
        else:
            wanted = self.best * (1 + sign * self.threshold)
        return value < wanted if self.mode == "min" else value > wanted

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(self.min_lrs) != len(groups):  # one was added since
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"the optimizer has {len(groups)} parameter groups now, and min_lr was given for "
                    f"{len(self.min_lrs)}: set scheduler.min_lrs to a list with one for each"
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, min_lr in zip(groups, self.min_lrs):
            old = float(group["lr"])
            new = max(old * self.factor, min_lr)
            if old - new > self.eps:
                set_lr(group, new)
