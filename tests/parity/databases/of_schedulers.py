"""Learning rates over thirty steps: the schedules of `optim_db`, and some for the schedulers that it leaves out."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import torch
from torch.testing._internal.common_optimizers import optim_db

import cutaway
from tests.parity.databases.compare import differences
from tests.parity.databases.evaluate import quietly
from tests.parity.databases.libraries import has
from tests.parity.databases.tally import Tally

STEPS = 30
NOT_LISTED = "a scheduler that is not in cutaway: its schedule can be written with LambdaLR"
Make = Callable[[Any, Any], Any]  # from lr_scheduler of either library, and an optimizer

OURS: dict[str, list[Make]] = {
    "LambdaLR": [
        lambda s, opt: s.LambdaLR(opt, lr_lambda=lambda epoch: 0.95**epoch),
        lambda s, opt: s.LambdaLR(opt, lr_lambda=[lambda epoch: epoch // 3, lambda epoch: 1 / (epoch + 1)]),
        lambda s, opt: s.LambdaLR(opt, lr_lambda=[lambda epoch: 1.0]),
    ],
    "StepLR": [lambda s, opt: s.StepLR(opt, 3), lambda s, opt: s.StepLR(opt, step_size=7, gamma=0.5)],
    "MultiStepLR": [
        lambda s, opt: s.MultiStepLR(opt, [3, 9, 20]),
        lambda s, opt: s.MultiStepLR(opt, milestones=[5, 5, 6], gamma=0.3),
    ],
    "ConstantLR": [lambda s, opt: s.ConstantLR(opt), lambda s, opt: s.ConstantLR(opt, factor=2.0)],
    "LinearLR": [
        lambda s, opt: s.LinearLR(opt),
        lambda s, opt: s.LinearLR(opt, start_factor=0.1, end_factor=0.5, total_iters=12),
        lambda s, opt: s.LinearLR(opt, start_factor=0.0),
    ],
    "ExponentialLR": [lambda s, opt: s.ExponentialLR(opt, 0.7)],
    "CosineAnnealingLR": [
        lambda s, opt: s.CosineAnnealingLR(opt, 10),
        lambda s, opt: s.CosineAnnealingLR(opt, T_max=40, eta_min=1e-3),
    ],
    "CosineAnnealingWarmRestarts": [
        lambda s, opt: s.CosineAnnealingWarmRestarts(opt, 4),
        lambda s, opt: s.CosineAnnealingWarmRestarts(opt, T_0=3, T_mult=2, eta_min=1e-3),
        lambda s, opt: s.CosineAnnealingWarmRestarts(opt, 0),
    ],
    "OneCycleLR": [
        lambda s, opt: s.OneCycleLR(opt, max_lr=0.5, total_steps=STEPS + 1),
        lambda s, opt: s.OneCycleLR(opt, 0.5, epochs=4, steps_per_epoch=8, anneal_strategy="linear"),
        lambda s, opt: s.OneCycleLR(opt, [0.5, 0.1], total_steps=40, three_phase=True, pct_start=0.2),
        lambda s, opt: s.OneCycleLR(opt, 0.5, total_steps=40, cycle_momentum=False, div_factor=4, final_div_factor=9),
        lambda s, opt: s.OneCycleLR(opt, 0.5, total_steps=STEPS // 2),
        lambda s, opt: s.OneCycleLR(opt, 0.5),
    ],
    "ReduceLROnPlateau": [
        lambda s, opt: s.ReduceLROnPlateau(opt, patience=2),
        lambda s, opt: s.ReduceLROnPlateau(opt, mode="max", factor=0.5, patience=1, cooldown=2, min_lr=0.02),
        lambda s, opt: s.ReduceLROnPlateau(opt, patience=1, threshold=0.1, threshold_mode="abs", min_lr=[0.05, 0.01]),
        lambda s, opt: s.ReduceLROnPlateau(opt, factor=1.0),
    ],
    "SequentialLR": [
        lambda s, opt: s.SequentialLR(opt, [s.ConstantLR(opt, 0.1), s.ExponentialLR(opt, 0.9)], milestones=[6]),
        lambda s, opt: s.SequentialLR(
            opt, [s.LinearLR(opt, 0.1, total_iters=4), s.CosineAnnealingLR(opt, 10), s.StepLR(opt, 2)], [4, 14]
        ),
        lambda s, opt: s.SequentialLR(opt, [s.ConstantLR(opt)], milestones=[1, 2]),
    ],
}


def run(name: str, tally: Tally) -> None:
    """Run all schedules in which a scheduler takes part.

    Args:
        name: its name in the library: optim.lr_scheduler.StepLR.
        tally: where the outcomes go.
    """
    short = name.rpartition(".")[2]
    if not has(cutaway, name):
        tally.miss(f"class {name}")
        return
    for i, make in enumerate(OURS[short]):
        for optimizer in ("SGD", "Adam"):
            _run_one(f"{optimizer} own #{i}", optimizer, [make], tally)
    for info in optim_db:
        if not has(cutaway, f"optim.{info.name}"):
            continue
        for i, functions in enumerate(info.scheduler_inputs):
            used = {scheduler for function in functions for scheduler in function.__code__.co_names}
            if short not in used:
                continue
            case = f"{info.name} of optim_db #{i}"
            if any(not has(cutaway.optim.lr_scheduler, scheduler) for scheduler in used):
                tally.leave_out(case, NOT_LISTED)
            else:
                _run_one(case, info.name, [_from_database(function) for function in functions], tally)


def _from_database(function: Any) -> Make:
    """A function of the database that makes a scheduler of PyTorch, as one that makes it of either library."""

    def make(schedulers: Any, optimizer: Any) -> Any:
        names = {**function.__globals__, **{name: getattr(schedulers, name) for name in function.__code__.co_names}}
        return types.FunctionType(function.__code__, names)(optimizer)

    return make


def _run_one(case: str, optimizer: str, makes: list[Make], tally: Tally) -> None:
    want, got = (quietly(lambda library=library: rates(library, optimizer, makes)) for library in (torch, cutaway))
    tally.add(case, differences(got, want, "rates"))


def rates(library: Any, name: str, makes: list[Make]) -> Any:
    """Learning rates, and momenta where they change, of both groups after each step."""
    x, y = (library.nn.Parameter(library.ones(2)) for _ in range(2))
    more = {"momentum": 0.9} if name == "SGD" else {}
    groups = [{"params": [x], "lr": 0.1}, {"params": [y], "lr": 0.02}]
    optimizer = getattr(library.optim, name)(groups, lr=0.05, **more)
    schedulers = [make(library.optim.lr_scheduler, optimizer) for make in makes]
    seen = []
    for step in range(STEPS):
        optimizer.step()
        for scheduler in schedulers:
            if type(scheduler).__name__ == "ReduceLROnPlateau":
                scheduler.step(loss(step))
            else:
                scheduler.step()
        seen.append([(group["lr"], group.get("momentum"), group.get("betas")) for group in optimizer.param_groups])
    last = [list(map(float, scheduler.get_last_lr())) for scheduler in schedulers]
    return {"steps": seen, "last": last}


def loss(step: int) -> float:
    """A loss that falls, stays, and rises again."""
    return max(0.2, 1.0 - 0.1 * step) + 0.05 * max(0, step - 20)
