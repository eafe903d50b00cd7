"""Schedules against PyTorch: a hundred steps over many settings, the same rates to the last bit."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import cutaway
from tests.parity.both import outcome, same

Make = Callable[[Any, Any], Any]  # from lr_scheduler and an optimizer to a scheduler

SCHEDULES: dict[str, Make] = {
    "LambdaLR": lambda s, o: s.LambdaLR(o, lambda e: 0.95**e),
    "LambdaLR, one each": lambda s, o: s.LambdaLR(o, [lambda e: 1 / (1 + e), lambda e: min(1, e / 10)]),
    "MultiplicativeLR": lambda s, o: s.MultiplicativeLR(o, lambda e: 1 - 0.1 / e),
    "StepLR": lambda s, o: s.StepLR(o, 7),
    "StepLR, every epoch": lambda s, o: s.StepLR(o, step_size=1, gamma=0.97),
    "MultiStepLR": lambda s, o: s.MultiStepLR(o, [30, 80, 80, 5], gamma=0.3),
    "MultiStepLR at 0": lambda s, o: s.MultiStepLR(o, (0, 3)),
    "ConstantLR": lambda s, o: s.ConstantLR(o),
    "ConstantLR, 0 epochs": lambda s, o: s.ConstantLR(o, 0.5, total_iters=0),
    "LinearLR": lambda s, o: s.LinearLR(o),
    "LinearLR, down": lambda s, o: s.LinearLR(o, start_factor=1.0, end_factor=0.01, total_iters=60),
    "LinearLR, to 0": lambda s, o: s.LinearLR(o, 1, 0, 10),
    "ExponentialLR": lambda s, o: s.ExponentialLR(o, gamma=0.9),
    "PolynomialLR": lambda s, o: s.PolynomialLR(o, 40, 2.5),
    "PolynomialLR, defaults": lambda s, o: s.PolynomialLR(o),
    "CosineAnnealingLR": lambda s, o: s.CosineAnnealingLR(o, T_max=50),
    "CosineAnnealingLR, many times": lambda s, o: s.CosineAnnealingLR(o, 7, eta_min=0.01),
    "CosineAnnealingLR, 1": lambda s, o: s.CosineAnnealingLR(o, 1, 0.2),
    "CosineAnnealingWarmRestarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=10),
    "CosineAnnealingWarmRestarts, longer": lambda s, o: s.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.01),
    "OneCycleLR": lambda s, o: s.OneCycleLR(o, max_lr=0.7, total_steps=101),
    "OneCycleLR, linear": lambda s, o: s.OneCycleLR(o, [0.7, 0.1], epochs=10, steps_per_epoch=11, pct_start=0.2,
                                                    anneal_strategy="linear"),
    "OneCycleLR, three": lambda s, o: s.OneCycleLR(o, 0.7, 120, three_phase=True, pct_start=0.4, div_factor=10.0,
                                                   final_div_factor=100.0),
    "OneCycleLR, momentum": lambda s, o: s.OneCycleLR(o, 0.7, 110, base_momentum=[0.1, 0.2], max_momentum=[0.8, 0.7]),
    "OneCycleLR, no momentum": lambda s, o: s.OneCycleLR(o, 0.7, 110, cycle_momentum=False, pct_start=1.0),
    "SequentialLR": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, total_iters=10), s.CosineAnnealingLR(o, 90)], milestones=[10]
    ),
    "SequentialLR of five": lambda s, o: s.SequentialLR(
        o,
        [s.ConstantLR(o, 0.1), s.ExponentialLR(o, 0.9), s.StepLR(o, 3), s.CosineAnnealingWarmRestarts(o, 5),
         s.LambdaLR(o, lambda e: 1 / (e + 1))],
        milestones=[5, 20, 33, 60],
    ),
    "SequentialLR of every kind": lambda s, o: s.SequentialLR(
        o,
        [s.PolynomialLR(o, 9), s.MultiStepLR(o, [2, 4]), s.LinearLR(o), s.MultiplicativeLR(o, lambda e: 0.9),
         s.ConstantLR(o)],
        milestones=[15, 30, 45, 60],
    ),
    "SequentialLR in one": lambda s, o: s.SequentialLR(
        o, [s.SequentialLR(o, [s.ConstantLR(o), s.StepLR(o, 4)], [8]), s.ExponentialLR(o, 0.8)], [30]
    ),
    "SequentialLR from 0": lambda s, o: s.SequentialLR(o, [s.ConstantLR(o), s.ExponentialLR(o, 0.9)], [0]),
    "SequentialLR, chained first": lambda s, o: s.SequentialLR(
        o, [s.ChainedScheduler([s.ConstantLR(o), s.ExponentialLR(o, 0.9)]), s.StepLR(o, 9)], [12]
    ),
    "ChainedScheduler": lambda s, o: s.ChainedScheduler(
        [s.LinearLR(o, total_iters=20), s.MultiStepLR(o, [40, 50]), s.CosineAnnealingLR(o, 70)], optimizer=o
    ),
}  # fmt: skip

OPTIMIZERS = {
    "SGD": lambda t, groups: t.optim.SGD(groups, lr=0.1, momentum=0.9),
    "Adam": lambda t, groups: t.optim.Adam(groups, lr=0.1, betas=(0.8, 0.99)),
}


def optimizer_of(t: Any, kind: str = "SGD") -> Any:
    a, b = (t.nn.Parameter(t.zeros(2)) for _ in range(2))
    return OPTIMIZERS[kind](t, [{"params": [a]}, {"params": [b], "lr": 0.03}])


def rates(optimizer: Any) -> list[Any]:
    """Every setting that a schedule may touch."""
    names = ("lr", "initial_lr", "max_lr", "min_lr", "momentum", "betas", "base_momentum", "max_momentum")
    return [group[name] for group in optimizer.param_groups for name in names if name in group]


def exact(program: Any, raises: bool = False) -> None:
    """Assert that a program comes to the same in both libraries, to the last bit; or to the same error."""
    assert isinstance(outcome(program, torch, seed=0), Exception) == raises, "the test itself is wrong"
    same(program, rtol=0, atol=0)


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_hundred_steps(name: str, kind: str) -> None:
    def program(t: Any) -> Any:
        optimizer = optimizer_of(t, kind)
        scheduler = SCHEDULES[name](t.optim.lr_scheduler, optimizer)
        seen: list[Any] = [rates(optimizer), scheduler.get_last_lr(), state_of(scheduler)]
        for _ in range(100):
            optimizer.step()
            scheduler.step()
            seen += [rates(optimizer), scheduler.get_last_lr(), scheduler.__dict__.get("last_epoch")]
        return [*seen, state_of(scheduler)]

    exact(program)


def state_of(scheduler: Any) -> Any:
    return copy.deepcopy(scheduler.state_dict())


@pytest.mark.parametrize("name", SCHEDULES)
def test_the_rate_changed_from_outside(name: str) -> None:
    """A schedule that multiplies goes on from what it finds; one with a formula does not."""

    def program(t: Any) -> Any:
        optimizer = optimizer_of(t)
        scheduler = SCHEDULES[name](t.optim.lr_scheduler, optimizer)
        seen = []
        for step in range(60):
            if step % 7 == 3:
                optimizer.param_groups[0]["lr"] = 0.5
            optimizer.step()
            scheduler.step()
            seen.append(rates(optimizer))
        return seen

    exact(program)


@pytest.mark.parametrize("name", SCHEDULES)
def test_stopping_and_going_on(name: str) -> None:
    def program(t: Any) -> Any:
        optimizer = optimizer_of(t)
        scheduler = SCHEDULES[name](t.optim.lr_scheduler, optimizer)
        for _ in range(13):
            optimizer.step()
            scheduler.step()
        saved = copy.deepcopy([optimizer.state_dict(), scheduler.state_dict()])
        new_optimizer = optimizer_of(t)
        new_scheduler = SCHEDULES[name](t.optim.lr_scheduler, new_optimizer)
        new_optimizer.load_state_dict(saved[0])
        new_scheduler.load_state_dict(saved[1])
        seen = [rates(new_optimizer), new_scheduler.get_last_lr(), sorted(saved[1])]
        for _ in range(40):
            new_optimizer.step()
            new_scheduler.step()
            seen.append(rates(new_optimizer))
        return [*seen, state_of(new_scheduler)]

    exact(program)


RESUMABLE: dict[str, Callable[[Any, Any, int], Any]] = {
    "LambdaLR": lambda s, o, e: s.LambdaLR(o, lambda epoch: 0.95**epoch, last_epoch=e),
    "MultiplicativeLR": lambda s, o, e: s.MultiplicativeLR(o, lambda epoch: 0.9, last_epoch=e),
    "StepLR": lambda s, o, e: s.StepLR(o, 4, last_epoch=e),
    "MultiStepLR": lambda s, o, e: s.MultiStepLR(o, [4, 8], last_epoch=e),
    "ConstantLR": lambda s, o, e: s.ConstantLR(o, last_epoch=e),
    "LinearLR": lambda s, o, e: s.LinearLR(o, total_iters=12, last_epoch=e),
    "ExponentialLR": lambda s, o, e: s.ExponentialLR(o, 0.9, last_epoch=e),
    "PolynomialLR": lambda s, o, e: s.PolynomialLR(o, 12, 2, last_epoch=e),
    "CosineAnnealingLR": lambda s, o, e: s.CosineAnnealingLR(o, 9, last_epoch=e),
    "CosineAnnealingWarmRestarts": lambda s, o, e: s.CosineAnnealingWarmRestarts(o, 9, last_epoch=e),
    "OneCycleLR": lambda s, o, e: s.OneCycleLR(o, 1.0, 40, last_epoch=e),
}


@pytest.mark.parametrize("last_epoch", [0, 3, 4, 7, 11])
@pytest.mark.parametrize("name", RESUMABLE)
def test_last_epoch(name: str, last_epoch: int) -> None:
    def program(t: Any) -> Any:
        optimizer = optimizer_of(t)
        RESUMABLE[name](t.optim.lr_scheduler, optimizer, -1)
        scheduler = RESUMABLE[name](t.optim.lr_scheduler, optimizer, last_epoch)
        seen = [rates(optimizer), scheduler.get_last_lr(), state_of(scheduler)]
        for _ in range(20):
            optimizer.step()
            scheduler.step()
            seen.append(rates(optimizer))
        return seen

    exact(program)


@pytest.mark.parametrize("name", RESUMABLE)
def test_steps_to_a_given_epoch(name: str) -> None:
    def program(t: Any) -> Any:
        optimizer = optimizer_of(t)
        scheduler = RESUMABLE[name](t.optim.lr_scheduler, optimizer, -1)
        seen = []
        for epoch in [3, 4, 0, 12, 5, 20]:
            scheduler.step(epoch)
            seen += [rates(optimizer), scheduler.last_epoch]
            scheduler.step()
            seen.append(rates(optimizer))
        return seen

    same(program, rtol=1e-15, atol=0)


@pytest.mark.parametrize("T_mult", [1, 2, 3])
def test_restarts_in_the_midst_of_an_epoch(T_mult: int) -> None:
    def program(t: Any) -> Any:
        optimizer = optimizer_of(t)
        scheduler = t.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 4, T_mult)
        seen = []
        for step in range(200):
            scheduler.step(step / 7)
            seen += [rates(optimizer), scheduler.last_epoch, scheduler.T_cur, scheduler.T_i]
        return seen

    exact(program)


PLATEAUS: list[dict[str, Any]] = [
    {},
    {"patience": 2},
    {"mode": "max", "factor": 0.5, "patience": 0},
    {"patience": 1, "cooldown": 3},
    {"patience": 1, "threshold": 0.2},
    {"patience": 1, "threshold": 0.2, "threshold_mode": "abs"},
    {"mode": "max", "patience": 1, "threshold": 0.2, "threshold_mode": "abs"},
    {"mode": "max", "patience": 1, "threshold": 0.2, "threshold_mode": "rel"},
    {"patience": 0, "min_lr": 0.01},
    {"patience": 0, "min_lr": [0.05, 0.001]},
    {"patience": 0, "eps": 0.01},
]


@pytest.mark.parametrize("settings", PLATEAUS, ids=repr)
def test_plateau(settings: dict[str, Any]) -> None:
    losses = [1 / (1 + i) + 0.3 * math.sin(i) for i in range(60)] + [math.nan, -1.0, math.inf] + [0.5] * 37

    def program(t: Any) -> Any:
        optimizer = optimizer_of(t)
        scheduler = t.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **settings)
        seen: list[Any] = [scheduler.get_last_lr(), scheduler.in_cooldown, list(scheduler.state_dict())]
        for i, loss in enumerate(losses):
            optimizer.step()
            scheduler.step(t.tensor(loss, dtype=t.float64) if i % 2 else loss)
            seen += [rates(optimizer), scheduler.get_last_lr(), scheduler.num_bad_epochs, scheduler.in_cooldown]
            if i == 70:
                state = scheduler.state_dict()
                scheduler = t.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.9)
                scheduler.load_state_dict(state)
        return [*seen, scheduler.best, scheduler.last_epoch]

    exact(program)


def test_plateau_with_a_group_added_later() -> None:
    def program(t: Any, min_lr: Any) -> Any:
        optimizer = optimizer_of(t)
        scheduler = t.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, min_lr=min_lr)
        optimizer.add_param_group({"params": [t.nn.Parameter(t.zeros(1))]})
        for _ in range(3):
            scheduler.step(1.0)
        return rates(optimizer)

    exact(lambda t: program(t, 0))
    exact(lambda t: program(t, [0, 0]), raises=True)


def test_own_schedule_and_own_optimizer() -> None:
    def program(t: Any) -> Any:
        class Root(t.optim.lr_scheduler.LRScheduler):
            def get_lr(self) -> list[float]:
                return [lr / math.sqrt(self.last_epoch + 1) for lr in self.base_lrs]

        class Still(t.optim.Optimizer):
            def __init__(self, params: Any, lr: float) -> None:
                super().__init__(params, {"lr": lr})

            def step(self, closure: Any = None) -> None:
                pass

        optimizer = Still([t.nn.Parameter(t.zeros(1))], 0.1)
        scheduler = Root(optimizer)
        seen = []
        for _ in range(5):
            optimizer.step()
            scheduler.step()
            seen += [scheduler.get_last_lr(), optimizer.param_groups[0]["lr"]]
        return [*seen, scheduler.state_dict()]

    exact(program)


def test_a_rate_that_is_a_tensor() -> None:
    def program(t: Any) -> Any:
        lr = t.tensor(0.5)
        optimizer = t.optim.SGD([t.nn.Parameter(t.zeros(1))], lr=lr)
        scheduler = t.optim.lr_scheduler.StepLR(optimizer, 2)
        for _ in range(5):
            optimizer.step()
            scheduler.step()
        same_object = optimizer.param_groups[0]["lr"] is lr
        return [lr, same_object, scheduler.get_last_lr(), optimizer.param_groups[0]["initial_lr"]]

    same(program)


def test_two_schedulers_keep_the_first_initial_lr() -> None:
    def program(t: Any) -> Any:
        optimizer = optimizer_of(t)
        first = t.optim.lr_scheduler.StepLR(optimizer, 1)
        optimizer.step()
        first.step()
        second = t.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        return [rates(optimizer), second.base_lrs]

    exact(program)


def test_warnings() -> None:
    """As many warnings, of the same class, at the same steps."""

    def program(t: Any, order: str) -> Any:
        optimizer = optimizer_of(t)
        scheduler = t.optim.lr_scheduler.StepLR(optimizer, 2)
        seen = []
        for call in order:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                {
                    "o": optimizer.step,
                    "s": scheduler.step,
                    "e": lambda: scheduler.step(1),
                    "g": scheduler.get_lr,
                    "n": lambda: t.optim.lr_scheduler.ExponentialLR(optimizer, 0.5),
                }[call]()
            seen.append([w.category.__name__ for w in caught])
        return seen

    for order in ["osos", "soso", "ssss", "e", "oe", "g", "ong", "snso", "onsos"]:
        exact(lambda t, order=order: program(t, order))


def test_an_optimizer_with_a_scheduler_is_copied_whole() -> None:
    def program(t: Any) -> Any:
        w = t.nn.Parameter(t.ones(1))
        optimizer = t.optim.SGD([w], lr=0.5)
        t.optim.lr_scheduler.StepLR(optimizer, 1)
        twin = copy.deepcopy(optimizer)
        w_twin = twin.param_groups[0]["params"][0]
        w_twin.grad = t.ones(1)
        twin.step()
        return [w, w_twin]

    exact(program)


ERRORS: list[Any] = [
    lambda s, o: s.StepLR(3, 2),
    lambda s, o: s.LambdaLR(o, [abs]),
    lambda s, o: s.LambdaLR(o, 3),
    lambda s, o: s.MultiplicativeLR(o, [abs]),
    lambda s, o: s.MultiplicativeLR(o, [1, 2]),
    lambda s, o: s.StepLR(o, 2, last_epoch=3),
    lambda s, o: s.ConstantLR(o, 1.5),
    lambda s, o: s.ConstantLR(o, -0.5),
    lambda s, o: s.LinearLR(o, 0.0),
    lambda s, o: s.LinearLR(o, 0.5, 2.0),
    lambda s, o: s.CosineAnnealingWarmRestarts(o, 0),
    lambda s, o: s.CosineAnnealingWarmRestarts(o, 2.5),
    lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 0),
    lambda s, o: s.CosineAnnealingWarmRestarts(o, 2, 1, "low"),
    lambda s, o: s.CosineAnnealingWarmRestarts(o, 2).step(-1),
    lambda s, o: s.OneCycleLR(o, 1.0),
    lambda s, o: s.OneCycleLR(o, 1.0, epochs=3),
    lambda s, o: s.OneCycleLR(o, 1.0, 0),
    lambda s, o: s.OneCycleLR(o, 1.0, 2.5),
    lambda s, o: s.OneCycleLR(o, 1.0, epochs=0, steps_per_epoch=3),
    lambda s, o: s.OneCycleLR(o, 1.0, 10, pct_start=1),
    lambda s, o: s.OneCycleLR(o, 1.0, 10, pct_start=1.5),
    lambda s, o: s.OneCycleLR(o, 1.0, 10, anneal_strategy="sin"),
    lambda s, o: s.OneCycleLR(o, [1.0], 10),
    lambda s, o: s.OneCycleLR(o, 1.0, 10, max_momentum=[0.9]),
    lambda s, o: s.OneCycleLR(o, 1.0, 10, pct_start=0.1),
    lambda s, o: s.OneCycleLR(3, 1.0, 10),
    lambda s, o: [s.OneCycleLR(o, 1.0, 3)].pop() and [step() for step in [s.OneCycleLR(o, 1.0, 3).step] * 4],
    lambda s, o: s.ReduceLROnPlateau(o, factor=1.0),
    lambda s, o: s.ReduceLROnPlateau(o, mode="middle"),
    lambda s, o: s.ReduceLROnPlateau(o, threshold_mode="middle"),
    lambda s, o: s.ReduceLROnPlateau(o, min_lr=[1]),
    lambda s, o: s.ReduceLROnPlateau(3),
    lambda s, o: s.ReduceLROnPlateau(o).step(),
    lambda s, o: s.SequentialLR(o, [], []),
    lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1)], [3]),
    lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1), s.ReduceLROnPlateau(o)], [3]),
    lambda s, o: s.SequentialLR(o, [s.StepLR(o, 1), 3], [3]),
    lambda s, o: s.ChainedScheduler([]),
    lambda s, o: s.ChainedScheduler([s.ReduceLROnPlateau(o)]),
    lambda s, o: s.ChainedScheduler([s.StepLR(o, 1), 3]),
    lambda s, o: s.LRScheduler(o),
]


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_errors(number: int) -> None:
    exact(lambda t: ERRORS[number](t.optim.lr_scheduler, optimizer_of(t)), raises=True)


def test_errors_between_optimizers() -> None:
    def two(t: Any) -> Any:
        return t.optim.lr_scheduler, optimizer_of(t), optimizer_of(t)

    def sequential(t: Any) -> Any:
        s, a, b = two(t)
        return s.SequentialLR(a, [s.StepLR(a, 1), s.StepLR(b, 1)], [3])

    def chained(t: Any) -> Any:
        s, a, b = two(t)
        return s.ChainedScheduler([s.StepLR(a, 1), s.StepLR(b, 1)])

    exact(sequential, raises=True)
    exact(chained, raises=True)
    exact(
        lambda t: t.optim.lr_scheduler.OneCycleLR(t.optim.Adagrad([t.nn.Parameter(t.zeros(1))]), 1.0, 10), raises=True
    )


@pytest.mark.filterwarnings("ignore:Detected call")
def test_saved_by_one_library_and_loaded_by_the_other() -> None:
    for name, make in SCHEDULES.items():
        for theirs, ours in [(torch, cutaway), (cutaway, torch)]:
            optimizer = optimizer_of(theirs)
            scheduler = make(theirs.optim.lr_scheduler, optimizer)
            other = optimizer_of(ours)
            twin = make(ours.optim.lr_scheduler, other)
            for _ in range(12):
                optimizer.step()
                scheduler.step()
            twin.load_state_dict(scheduler.state_dict())
            for group, group_twin in zip(optimizer.param_groups, other.param_groups, strict=True):
                group_twin["lr"] = group["lr"]
            for _ in range(12):
                optimizer.step()
                other.step()
                scheduler.step()
                twin.step()
            assert rates(other) == rates(optimizer), name
