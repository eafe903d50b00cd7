"""LRScheduler: the base class of all schedules.

A schedule is one method. `get_lr` returns the learning rates, one for each group of the optimizer, of the epoch
`self.last_epoch`, which starts at 0:

    class Halving(LRScheduler):
        def get_lr(self):
            return [lr / 2**self.last_epoch for lr in self.base_lrs]

Most schedules here define `next_lr` instead, which computes the next rate from the previous one. Several of them can
then be applied to the same optimizer: each modifies the rate set by the others. The rate that such a schedule reaches
on its own after any number of epochs is its closed form, `lr_at`.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

from ...errors import describe, warn
from ...tensors import Tensor
from ..optimizer import Optimizer

__all__ = ["LRScheduler"]


class LRScheduler:
    """Base class of schedules: counts epochs, and sets the optimizer's learning rates.

    Args:
        optimizer: whose groups' "lr" to set. Each group's current "lr" is stored as its "initial_lr", unless there
            is one already.
        last_epoch: -1 starts at epoch 0; to resume after epoch k, pass k, with "initial_lr" in the optimizer's groups.

    Raises:
        TypeError: optimizer is not an Optimizer.
        KeyError: last_epoch is given, but a group has no "initial_lr".

    >>> class Halving(torch.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr / 2**self.last_epoch for lr in self.base_lrs]
    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> scheduler = Halving(optimizer)
    >>> for epoch in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.125]
    """

    optimizer: Optimizer
    base_lrs: list[float]
    last_epoch: int
    _last_lr: list[float]
    _get_lr_called_within_step: bool
    _step_count: int
    _is_initial: bool  # while the constructor sets the first rate

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copy_of(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}]: to resume after epoch {last_epoch}, "
                    "load the optimizer's saved state first; to start, leave last_epoch out"
                )
        self.base_lrs = settings(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _note_steps(optimizer)
        self._initial_step()

    # -- the schedule: define one of these ---------------------------------------------------------------------

    def get_lr(self) -> list[float]:
        """The learning rates of epoch `self.last_epoch`; called by `step`. To read them, use `get_last_lr`."""
        self._expect_step()
        rates = settings(self.optimizer, "lr")
        base_lrs = self.base_lrs + rates[len(self.base_lrs) :]  # groups may have been added
        return [self.next_lr(lr, base_lr) for lr, base_lr in zip(rates, base_lrs, strict=True)]

    def next_lr(self, lr: float, base_lr: float) -> float:
        """The learning rate of epoch `self.last_epoch` for one group.

        Args:
            lr: the group's learning rate of the epoch before.
            base_lr: the initial learning rate of the group.
        """
        name = type(self).__name__
        raise NotImplementedError(f"{name} does not define a learning rate: define `def get_lr(self)`")

    def lr_at(self, base_lr: float) -> float:
        """The learning rate of epoch `self.last_epoch` for one group, if nothing else has changed it.

        Args:
            base_lr: the initial learning rate of the group.
        """
        raise NotImplementedError

    # -- stepping --------------------------------------------------------------------------------------------

    def step(self, epoch: int | None = None) -> None:
        """Advance to the next epoch, and set its learning rates.

        Args:
            epoch: advance to this one instead; deprecated in PyTorch.
        """
        if self._step_count == 1 and _has_not_stepped(self.optimizer):
            warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the first learning rate of the "
                "schedule is skipped. Call optimizer.step() first, then scheduler.step()"
            )
        self._step_count += 1
        if epoch is not None:
            warn("scheduler.step(epoch) is deprecated: write scheduler.step()")
        self._update_lr(epoch)

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def _update_lr(self, epoch: int | None = None) -> None:
        self._get_lr_called_within_step = True
        try:
            if epoch is None:
                self.last_epoch += 1
                lrs = self.get_lr()
            else:
                self.last_epoch = epoch
                lrs = self._closed_form()
        finally:
            self._get_lr_called_within_step = False
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            set_lr(group, lr)
        self._last_lr = settings(self.optimizer, "lr")

    def _closed_form(self) -> list[float]:
        if type(self).lr_at is LRScheduler.lr_at:
            return self.get_lr()
        return [self.lr_at(base_lr) for base_lr in self.base_lrs]

    def _expect_step(self) -> None:
        if not self._get_lr_called_within_step:
            warn(
                "get_lr() computes the next learning rate, for step() to set. To get the last learning rate computed "
                "by the scheduler, please use `get_last_lr()`"
            )

    def get_last_lr(self) -> list[float]:
        """The learning rates that `step` has set, one for each group."""
        return self._last_lr

    # -- saving and loading ----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state of the scheduler, without the optimizer, which is saved separately."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore a saved `state_dict()`; the current learning rates are part of the optimizer's state."""
        self.__dict__.update(state_dict)


def check_optimizer(optimizer: Any) -> None:
    """Raise TypeError unless this is an Optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{type(optimizer).__name__} is not an Optimizer: a scheduler takes the optimizer whose learning rate it "
            "sets"
        )


def copy_of(value: Any) -> Any:
    """The value of a setting; a Tensor is copied, since it is modified in place."""
    return value.clone() if isinstance(value, Tensor) else value


def settings(optimizer: Optimizer, name: str) -> list[Any]:
    """The values of a setting in all groups of an optimizer."""
    return [copy_of(group[name]) for group in optimizer.param_groups]


def set_lr(group: dict[str, Any], lr: Any) -> None:
    """Set a group's learning rate: in place, if it is a Tensor."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(lr)
    else:
        group["lr"] = lr


def for_each_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """One value for each group: the values of a list, or the same value for all.

    Raises:
        ValueError: the list has the wrong length.
    """
    n = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * n
    if len(value) != n:
        raise ValueError(
            f"expected {n} of {name}, one for each parameter group, and got {len(value)}: {describe(value)}"
        )
    return list(value)


def _note_steps(optimizer: Optimizer) -> None:
    """Make the optimizer record its steps: a scheduler that steps first would skip its first rate."""
    if optimizer.step == MethodType(type(optimizer).step, optimizer):  # it has not been replaced
        optimizer.step = MethodType(step, optimizer)  # type: ignore[method-assign]


def _has_not_stepped(optimizer: Optimizer) -> bool:
    """Whether no step was recorded; of one that was replaced nothing is known."""
    return optimizer.step == MethodType(step, optimizer) and not getattr(optimizer, "_opt_called", False)


def step(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
    """The optimizer's step, recorded. Named `step` because pickle looks up methods by name."""
    optimizer._opt_called = True
    return type(optimizer).step(optimizer, *args, **kwargs)
