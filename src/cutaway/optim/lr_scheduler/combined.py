"""Schedules made of schedules, in sequence or chained."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ..optimizer import Optimizer
from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler, set_lr, settings

__all__ = ["ChainedScheduler", "SequentialLR"]


class _Combined(LRScheduler):
    """The base of both: holds the members, and saves them with the whole."""

    _schedulers: list[LRScheduler]

    def state_dict(self) -> dict[str, Any]:
        """The state of the scheduler, with the members' states in a list."""
        state = super().state_dict()
        members = state.pop("_schedulers")  # PyTorch's place for them is the last
        state["_schedulers"] = [scheduler.state_dict() for scheduler in members]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore a saved `state_dict()`."""
        super().load_state_dict(state_dict | {"_schedulers": self._schedulers})
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"]):
            scheduler.load_state_dict(state)

    def _update_lr(self, epoch: int | None = None) -> None:
        name = type(self).__name__
        raise NotImplementedError(f"in a SequentialLR, a {name} can only come first: list its schedulers there instead")

    def _take(self, schedulers: Sequence[Any], optimizer: Any) -> None:
        """Check the members, and hold them and their optimizer."""
        name = type(self).__name__
        if not schedulers:
            raise ValueError(f"{name} expects at least one scheduler")
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"{name} combines schedulers, and number {i} is of class {type(scheduler).__name__}")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support ReduceLROnPlateau, number {i}: its step needs a metric. Step it "
                    "separately"
                )
            optimizer = optimizer or scheduler.optimizer
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"{name} expects all schedulers to belong to one optimizer; number {i} has another")
        self._schedulers = list(schedulers)
        self.optimizer = optimizer


class SequentialLR(_Combined):
    """Schedules in sequence, each starting at its own epoch 0: for example a warm-up, then a decay.

    Args:
        optimizer: the optimizer whose learning rates are set.
        schedulers: made for the same optimizer.
        milestones: the epochs at which the second, third, ... take over.
        last_epoch: -1 starts at epoch 0.

    Raises:
        ValueError: schedulers of another optimizer, or a ReduceLROnPlateau; another number of milestones than
            schedulers less one.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> warm_up = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.1, total_iters=2)
    >>> decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm_up, decay], milestones=[2])
    >>> for epoch in range(5):
    ...     print(epoch, scheduler.get_last_lr())
    ...     optimizer.step()
    ...     scheduler.step()
    0 [0.1]
    1 [0.1]
    2 [1.0]
    3 [0.5]
    4 [0.25]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        self._take(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"{len(schedulers)} schedulers need {len(schedulers) - 1} milestones, the epochs at which the next one "
                f"takes over, but got {len(milestones)}: {milestones}"
            )
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        # Each scheduler set its first rate when created, overwriting the previous one: undo that, and start over.
        for group in optimizer.param_groups:
            set_lr(group, group["initial_lr"])
        _undo_first_step(schedulers)
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Advance the active schedule to the next epoch."""
        self.last_epoch += 1
        scheduler = self._schedulers[bisect_right(self._milestones, self.last_epoch)]
        if self.last_epoch in self._milestones:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_Combined):
    """Chained schedules: each modifies the learning rate set by the one before.

    Args:
        schedulers: for one optimizer, and of the kinds that multiply the previous learning rate.
        optimizer: the schedulers' optimizer by default.

    Raises:
        ValueError: schedulers of different optimizers, or a ReduceLROnPlateau.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> warm_up = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.1, total_iters=2)
    >>> decay = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = torch.optim.lr_scheduler.ChainedScheduler([warm_up, decay])
    >>> for epoch in range(3):
    ...     print(epoch, scheduler.get_last_lr())
    ...     optimizer.step()
    ...     scheduler.step()
    0 [0.1]
    1 [0.05]
    2 [0.25]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._take(schedulers, optimizer)
        self._last_lr = settings(self.optimizer, "lr")

    def step(self) -> None:  # type: ignore[override]
        """Advance every schedule to the next epoch."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = settings(self.optimizer, "lr")


def _undo_first_step(schedulers: Sequence[LRScheduler]) -> None:
    for scheduler in schedulers:
        if isinstance(scheduler, _Combined):
            _undo_first_step(scheduler._schedulers)
        else:
            scheduler.last_epoch -= 1
