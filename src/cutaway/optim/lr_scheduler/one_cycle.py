"""OneCycleLR: one cycle of the learning rate per training run, up to a maximum and down to almost 0."""

from __future__ import annotations

import math
from typing import Any

from ..optimizer import Optimizer
from .scheduler import LRScheduler, check_optimizer, for_each_group

__all__ = ["OneCycleLR"]


class OneCycleLR(LRScheduler):
    """lr from max_lr / div_factor up to max_lr, then down to far below the initial rate; step it once per batch.

    The momentum (SGD's momentum, Adam's first beta) is cycled inversely: it falls from max_momentum to base_momentum
    while the learning rate rises, then rises again.

    Args:
        optimizer: the optimizer whose learning rates are set.
        max_lr: the highest learning rate; or a list, one for each group.
        total_steps: the number of steps in the cycle; alternatively, give epochs and steps_per_epoch.
        epochs: the number of epochs of the training run.
        steps_per_epoch: the number of batches per epoch.
        pct_start: the fraction of the cycle in which the rate rises, a float.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: whether to cycle the momentum too.
        base_momentum: the lowest momentum; or a list.
        max_momentum: the highest; or a list.
        div_factor: max_lr divided by the initial rate.
        final_div_factor: the initial rate divided by the final rate.
        three_phase: return to the initial rate in as many steps as it took to rise, and only then fall further.
        last_epoch: -1 starts at epoch 0; see `LRScheduler`.

    Raises:
        ValueError: the number of steps is not given or not above 0, pct_start is not a float between 0 and 1,
            the strategy is unknown, a list has not one entry per group, or the optimizer has no momentum;
            when stepping, that the cycle is over.

    Source: Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates",
    2019.

    >>> optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    >>> scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=5, pct_start=0.4)
    >>> for batch in range(5):
    ...     print(round(scheduler.get_last_lr()[0], 4), round(optimizer.param_groups[0]["momentum"], 4))
    ...     optimizer.step()
    ...     scheduler.step()
    0.04 0.95
    1.0 0.85
    0.75 0.875
    0.25 0.925
    0.0 0.95
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start!r}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy!r}")
        self._schedule_phases = _phases(pct_start * self.total_steps, self.total_steps, three_phase)
        self._anneal_func_type = anneal_strategy
        self.cycle_momentum = cycle_momentum
        max_lrs = for_each_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, highest in zip(optimizer.param_groups, max_lrs):
                group["initial_lr"] = highest / div_factor
                group["max_lr"] = highest
                group["min_lr"] = group["initial_lr"] / final_div_factor
        if cycle_momentum:
            if not {"momentum", "betas"} & set(optimizer.defaults):
                raise ValueError(
                    f"{type(optimizer).__name__} has no momentum to cycle: pass cycle_momentum=False; with it, the "
                    "optimizer must support momentum or beta1"
                )
            self.use_beta1 = "betas" in optimizer.defaults
            lowest = for_each_group("base_momentum", optimizer, base_momentum)
            highest = for_each_group("max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                for group, low, high in zip(optimizer.param_groups, lowest, highest):
                    group["max_momentum"] = high
                    group["base_momentum"] = low
                    self._set_momentum(group, high)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """The learning rates of step `self.last_epoch`; sets the momentum too."""
        self._expect_step()
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"Tried to step {self.last_epoch} times. The specified number of total steps is {self.total_steps}: "
                "the cycle is over; give as many total_steps as there are batches in all epochs"
            )
        phases = self._schedule_phases
        now = next((i for i, phase in enumerate(phases) if self.last_epoch <= phase["end_step"]), len(phases) - 1)
        phase, start = phases[now], phases[now - 1]["end_step"] if now else 0.0
        part = (self.last_epoch - start) / (phase["end_step"] - start)
        lrs = []
        for group in self.optimizer.param_groups:
            lrs.append(self._between(group[phase["start_lr"]], group[phase["end_lr"]], part))
            if self.cycle_momentum:
                first, last = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._between(first, last, part))
        return lrs

    def _between(self, start: float, end: float, part: float) -> float:
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)

    def _set_momentum(self, group: dict[str, Any], momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


def _total_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    given = {"total_steps": total_steps}
    if total_steps is None:
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
        if None in given.values():
            raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value!r}")
    return math.prod(value for value in given.values() if value is not None)


def _phases(rise: float, total_steps: int, three_phase: bool) -> list[dict[str, Any]]:
    """The phases: the start and end of each setting, by its name in the groups, and the last step."""

    def phase(end: float, lr: tuple[str, str], momentum: tuple[str, str]) -> dict[str, Any]:
        return {
            "end_step": end,
            "start_lr": lr[0],
            "end_lr": lr[1],
            "start_momentum": momentum[0],
            "end_momentum": momentum[1],
        }

    up = phase(rise - 1, ("initial_lr", "max_lr"), ("max_momentum", "base_momentum"))
    if not three_phase:
        return [up, phase(total_steps - 1, ("max_lr", "min_lr"), ("base_momentum", "max_momentum"))]
    down = phase(2 * rise - 2, ("max_lr", "initial_lr"), ("base_momentum", "max_momentum"))
    return [up, down, phase(total_steps - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum"))]
