"""Schedules: sequences pinned to PyTorch, and the rates that multiply step by step against their closed forms."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import weakref
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cutaway
from cutaway.optim import SGD, Adagrad, Optimizer, lr_scheduler
from cutaway.optim.lr_scheduler import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)

from .rates import optimizer_of, rates


@pytest.mark.parametrize(
    "make, expected",
    [
        (lambda o: LambdaLR(o, lambda e: 0.5**e), [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125]),
        (lambda o: MultiplicativeLR(o, lambda e: 1 / e), [1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720, 1 / 5040]),
        (lambda o: StepLR(o, 3), [1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01]),
        (lambda o: MultiStepLR(o, [2, 5, 5], 0.5), [1, 1, 0.5, 0.5, 0.5, 0.125, 0.125, 0.125]),
        (lambda o: ConstantLR(o, 0.25, 3), [0.25, 0.25, 0.25, 1, 1, 1, 1, 1]),
        (lambda o: LinearLR(o, 0.2, total_iters=4), [0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1]),
        (lambda o: ExponentialLR(o, 0.5), [1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125]),
        (lambda o: PolynomialLR(o, 4, 2), [1, 0.5625, 0.25, 0.0625, 0, 0, 0, 0]),
        (lambda o: MultiStepLR(o, [2, 5, 5]), [1, 1, 0.1, 0.1, 0.1, 0.001, 0.001, 0.001]),
        (lambda o: ConstantLR(o), [1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3, 1, 1, 1]),
        (lambda o: LinearLR(o), [1 / 3, 7 / 15, 0.6, 11 / 15, 13 / 15, 1, 1, 1]),
        (lambda o: ConstantLR(o, 1), [1] * 8),
        (lambda o: ConstantLR(o, 0.0, 9), [0] * 8),
        (lambda o: LinearLR(o, 1.0, 0.0, 4), [1, 0.75, 0.5, 0.25, 0, 0, 0, 0]),
        (lambda o: PolynomialLR(o), [1, 0.8, 0.6, 0.4, 0.2, 0, 0, 0]),
        (lambda o: CosineAnnealingLR(o, 3, 0.1), [1, 0.775, 0.325, 0.1, 0.325, 0.775, 1, 0.775]),
        (
            lambda o: CosineAnnealingWarmRestarts(o, 2, 2),
            [1, 0.5, 1, 0.853553, 0.5, 0.146447, 1, 0.96194],
        ),
        (lambda o: CosineAnnealingWarmRestarts(o, 3), [1, 0.75, 0.25, 1, 0.75, 0.25, 1, 0.75]),
        (
            lambda o: CosineAnnealingWarmRestarts(o, 3, 2, 0.1),
            [1, 0.775, 0.325, 1, 0.939711, 0.775, 0.55, 0.325],
        ),
        (lambda o: OneCycleLR(o, 1.0, 8), [0.04, 0.819275, 0.971942, 0.811746, 0.555984, 0.283061, 0.076642, 4e-06]),
        (
            lambda o: OneCycleLR(
                o, 1.0, 8, three_phase=True, anneal_strategy="linear", div_factor=10, final_div_factor=10
            ),
            [0.1, 0.742857, 0.614286, 0.095714, 0.074286, 0.052857, 0.031429, 0.01],
        ),
        (
            lambda o: SequentialLR(o, [LinearLR(o, 0.1, total_iters=3), CosineAnnealingLR(o, 5)], [3]),
            [0.1, 0.4, 0.7, 1, 0.904508, 0.654508, 0.345492, 0.095492],
        ),
        (
            lambda o: SequentialLR(o, [ConstantLR(o, 0.5, 9), ExponentialLR(o, 0.5), ConstantLR(o, 0.25, 9)], [0, 3]),
            [1, 0.5, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25],
        ),
        (
            lambda o: SequentialLR(o, [CosineAnnealingWarmRestarts(o, 4), ConstantLR(o, 0.5, 9)], [6]),
            [1, 0.853553, 0.5, 0.146447, 1, 0.853553, 0.5, 0.5],
        ),
        (
            lambda o: SequentialLR(o, [ConstantLR(o, 0.5, 9), CosineAnnealingWarmRestarts(o, 4)], [2]),
            [0.5, 0.5, 1, 0.853553, 0.5, 0.146447, 1, 0.853553],
        ),
        (
            lambda o: SequentialLR(o, [ConstantLR(o, 0.5, 9), ExponentialLR(o, 0.5)], [3], last_epoch=1),
            [0.5, 1, 0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625],
        ),
        (
            lambda o: ChainedScheduler([ConstantLR(o, 0.5, 2), ExponentialLR(o, 0.9)]),
            [0.5, 0.45, 0.81, 0.729, 0.6561, 0.59049, 0.531441, 0.478297],
        ),
    ],
)
def test_pinned_to_pytorch(make: Any, expected: list[float]) -> None:
    np.testing.assert_allclose(rates(make(optimizer_of()), 8), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "make, expected",
    [
        (lambda o, **k: LambdaLR(o, lambda e: 0.5**e, **k), [0.125, 0.0625, 0.03125, 0.015625]),
        (lambda o, **k: MultiplicativeLR(o, lambda e: 0.5, **k), [0.125, 0.0625, 0.03125, 0.015625]),
        (lambda o, **k: StepLR(o, 3, **k), [0.01, 0.01, 0.01, 0.001]),  # as in PyTorch: epoch 3 counts twice
        (lambda o, **k: MultiStepLR(o, [2, 5, 5], **k), [0.1, 0.1, 0.001, 0.001]),
        (lambda o, **k: ConstantLR(o, **k), [1 / 3, 1 / 3, 1, 1]),
        (lambda o, **k: LinearLR(o, **k), [11 / 15, 13 / 15, 1, 1]),
        (lambda o, **k: ExponentialLR(o, 0.5, **k), [0.125, 0.0625, 0.03125, 0.015625]),
        (lambda o, **k: PolynomialLR(o, **k), [0.4, 0.2, 0, 0]),
        (lambda o, **k: CosineAnnealingLR(o, 3, **k), [0, 0.25, 0.75, 1]),
        (lambda o, **k: CosineAnnealingWarmRestarts(o, 3, 2, 0.1, **k), [1, 0.939711, 0.775, 0.55]),
        (lambda o, **k: OneCycleLR(o, 1.0, 20, **k), [0.668328, 0.908328, 1, 0.987464]),
    ],
)
def test_resumed_after_epoch_2(make: Any, expected: list[float]) -> None:
    optimizer = optimizer_of()
    rates(make(optimizer), 3)
    scheduler = make(optimizer, last_epoch=2)
    assert scheduler.last_epoch == 3
    np.testing.assert_allclose(rates(scheduler, 4), expected, rtol=1e-5, atol=1e-6)
    assert scheduler.last_epoch == 7


@given(
    st.floats(1e-4, 10),
    st.sampled_from(
        [
            lambda o: StepLR(o, 4, 0.7),
            lambda o: MultiStepLR(o, [3, 3, 17], 0.3),
            lambda o: ConstantLR(o, 0.3, 6),
            lambda o: LinearLR(o, 0.1, 0.9, 11),
            lambda o: ExponentialLR(o, 0.95),
            lambda o: PolynomialLR(o, 50, 1.7),
            lambda o: CosineAnnealingLR(o, 9, 1e-5),
        ]
    ),
)
def test_step_by_step_is_the_closed_form(lr: float, make: Any) -> None:
    seen = rates(make(optimizer_of(lr)), 40)
    scheduler = make(optimizer_of(lr))
    closed = []
    for scheduler.last_epoch in range(len(seen)):
        closed.append(scheduler.lr_at(lr))
    assert closed == pytest.approx(seen, rel=1e-9, abs=1e-12)


def test_a_constant_rate_for_hundreds_of_epochs() -> None:
    assert rates(ConstantLR(optimizer_of(), 0.5, 300), 302) == [0.5] * 300 + [1] * 2


def test_a_sequence_of_hundreds() -> None:
    optimizer = optimizer_of()
    members = [ConstantLR(optimizer, 1 / (i + 1), 1) for i in range(300)]
    scheduler = SequentialLR(optimizer, members, list(range(2, 600, 2)))
    # each begins anew, and after one epoch gives back what it took
    assert rates(scheduler, 600) == pytest.approx([r for i in range(300) for r in (1 / (i + 1), 1)])


def test_every_group_has_its_own() -> None:
    optimizer = optimizer_of(1.0, 0.1)
    scheduler = LambdaLR(optimizer, [lambda e: 0.5**e, lambda e: 1.0])
    rates(scheduler, 3)
    assert scheduler.get_last_lr() == [0.125, 0.1]
    assert [group["initial_lr"] for group in optimizer.param_groups] == [1.0, 0.1]


def test_initial_lr_is_kept() -> None:
    optimizer = optimizer_of(0.5)
    scheduler = ExponentialLR(optimizer, 0.1)
    rates(scheduler, 2)
    assert StepLR(optimizer, 1).base_lrs == [0.5]
    resumed = ExponentialLR(optimizer, 0.1, last_epoch=2)
    assert (resumed.last_epoch, resumed.base_lrs) == (3, [0.5])


def test_saving_and_loading() -> None:
    optimizer = optimizer_of()
    scheduler = SequentialLR(optimizer, [ConstantLR(optimizer, 0.5, 3), StepLR(optimizer, 2)], [4])
    rates(scheduler, 6)
    saved = pickle.loads(pickle.dumps([optimizer.state_dict(), scheduler.state_dict()]))
    twin_optimizer = optimizer_of()
    twin = SequentialLR(twin_optimizer, [ConstantLR(twin_optimizer, 0.5, 3), StepLR(twin_optimizer, 2)], [4])
    twin_optimizer.load_state_dict(saved[0])
    twin.load_state_dict(saved[1])
    assert rates(twin, 10) == rates(scheduler, 10)


def test_what_a_schedule_holds_is_saved_last_as_in_pytorch() -> None:
    optimizer = optimizer_of(1.0)
    powers = LambdaLR(optimizer, lambda e: 0.5**e)
    assert list(powers.state_dict())[-2:] == ["_last_lr", "lr_lambdas"]
    for combined in (ChainedScheduler([powers]), SequentialLR(optimizer, [ConstantLR(optimizer), powers], [2])):
        assert list(combined.state_dict())[-2:] == ["_last_lr", "_schedulers"]


def test_a_saved_state_holds_all_but_the_optimizer() -> None:
    scheduler = StepLR(optimizer_of(), 3)
    rates(scheduler, 4)
    assert scheduler.state_dict() == {
        "step_size": 3, "gamma": 0.1, "base_lrs": [1.0], "last_epoch": 4, "_step_count": 5, "_is_initial": False,
        "_get_lr_called_within_step": False, "_last_lr": [0.1],
    }  # fmt: skip


def test_a_saved_state_holds_no_functions_but_what_objects_remember() -> None:
    class Power:
        def __init__(self, base: float) -> None:
            self.base = base

        def __call__(self, epoch: int) -> float:
            return self.base**epoch

    saved = LambdaLR(optimizer_of(1.0, 2.0), [Power(0.5), lambda e: 1.0]).state_dict()
    assert saved["lr_lambdas"] == [{"base": 0.5}, None]
    other = LambdaLR(optimizer_of(1.0, 2.0), [Power(0.1), lambda e: 3.0])
    other.load_state_dict(saved)
    other.optimizer.step()
    other.step()
    assert other.get_last_lr() == [0.5, 6.0]


def test_stepping_before_the_optimizer() -> None:
    optimizer = optimizer_of()
    scheduler = StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match=r"before `optimizer.step\(\)`") as caught:
        scheduler.step()
    assert caught[0].filename == __file__
    scheduler.step()  # said once


@pytest.mark.parametrize("first", ["replaced", "scheduled"])
def test_a_step_that_was_replaced_is_left_alone(first: str) -> None:
    optimizer, calls = optimizer_of(), []
    if first == "scheduled":
        scheduler = StepLR(optimizer, 1)
    optimizer.step = lambda: calls.append(1)  # type: ignore[method-assign,assignment,misc]
    if first == "replaced":
        scheduler = StepLR(optimizer, 1)
    assert rates(scheduler, 2) == [1, 0.1]  # no warning that the scheduler steps first
    assert calls == [1, 1]


def test_stepping_in_order_is_silent() -> None:
    rates(StepLR(optimizer_of(), 1), 3)


@pytest.mark.parametrize(
    "T_mult, epochs, expected",
    [
        (1, (0, 2, 3, 7.5), [(0, 3), (2, 3), (0, 3), (1.5, 3)]),
        (2, (0, 2, 3, 8.5, 9, 21), [(0, 3), (2, 3), (0, 6), (5.5, 6), (0, 12), (0, 24)]),
        (3, (0, 3, 11.5, 12, 38.5), [(0, 3), (0, 9), (8.5, 9), (0, 27), (26.5, 27)]),
    ],
)
def test_warm_restarts_find_the_period_of_any_epoch(T_mult: int, epochs: Any, expected: Any) -> None:
    scheduler = CosineAnnealingWarmRestarts(optimizer_of(), 3, T_mult)
    for epoch, (into, period) in zip(epochs, expected, strict=True):
        scheduler.step(epoch)
        assert (scheduler.last_epoch, scheduler.T_cur, scheduler.T_i) == (int(epoch), into, period)
        assert scheduler.get_last_lr() == pytest.approx([(1 + math.cos(math.pi * into / period)) / 2])


def test_warm_restarts_go_on_from_a_fraction_of_an_epoch() -> None:
    scheduler = CosineAnnealingWarmRestarts(optimizer_of(), 3, 2)
    scheduler.step(2.5)
    scheduler.step()
    assert (scheduler.last_epoch, scheduler.T_cur, scheduler.T_i) == (3, 0.5, 6)


def test_asking_for_the_next_rate_warns() -> None:
    for make in (lambda o: StepLR(o, 1), lambda o: LambdaLR(o, lambda e: 1), lambda o: OneCycleLR(o, 1.0, 9)):
        with pytest.warns(UserWarning, match="get_last_lr"):
            make(optimizer_of()).get_lr()


def test_step_to_an_epoch_warns() -> None:
    scheduler = StepLR(optimizer_of(), 2, gamma=0.5)
    scheduler.optimizer.step()
    with pytest.warns(UserWarning, match=r"write scheduler.step\(\)"):
        scheduler.step(5)
    assert scheduler.get_last_lr() == [0.25]


def test_the_optimizer_stays_itself() -> None:
    w = cutaway.nn.Parameter(cutaway.zeros(1))
    optimizer = SGD([w], lr=1.0)
    StepLR(optimizer, 1)
    w.grad = cutaway.ones(1)
    assert optimizer.step(lambda: 7) == 7
    assert w.item() == -1
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        (held,) = twin.param_groups[0]["params"]
        held.grad = cutaway.ones(1)
        twin.step()
        assert (held.item(), w.item()) == (-2, -1)  # the copy moves its own parameter
        rates(StepLR(twin, 1), 2)
    alive = weakref.ref(optimizer)
    del optimizer, twin
    gc.collect()
    assert alive() is None


def test_a_rate_that_is_a_tensor_is_changed_in_place() -> None:
    lr = cutaway.tensor(1.0)
    optimizer = SGD([cutaway.nn.Parameter(cutaway.zeros(1))], lr=lr)  # type: ignore[arg-type]
    scheduler = ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == 0.5


def test_own_schedule() -> None:
    class Halving(LRScheduler):
        def next_lr(self, lr: float, base_lr: float) -> float:
            return lr if self._is_initial else lr / 2

    assert rates(Halving(optimizer_of()), 3) == [1, 0.5, 0.25]


def test_own_schedule_with_too_few_rates() -> None:
    class OnlyTheFirst(LRScheduler):
        def get_lr(self) -> list[float]:
            return self.base_lrs[:1]

    with pytest.raises(ValueError, match="shorter"):
        OnlyTheFirst(optimizer_of(1.0, 2.0))


def test_a_group_that_was_taken_away_is_missed() -> None:
    scheduler = StepLR(optimizer_of(1.0, 2.0), 1)
    scheduler.optimizer.step()
    scheduler.optimizer.param_groups.pop()
    with pytest.raises(ValueError, match="longer"):
        scheduler.step()


def test_own_schedule_as_older_lessons_write_it() -> None:
    class Warmup(lr_scheduler._LRScheduler):
        def __init__(self, optimizer: SGD, steps: int) -> None:
            self.steps = steps
            super().__init__(optimizer)

        def get_lr(self) -> list[float]:  # type: ignore[override]
            return [lr * min(1, self._step_count / self.steps) for lr in self.base_lrs]

    assert rates(Warmup(optimizer_of(), 4), 6) == [0.25, 0.5, 0.75, 1, 1, 1]


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda o: StepLR(3, 1), TypeError, "int is not an Optimizer"),
        (lambda o: StepLR(o, 1, last_epoch=3), KeyError, "initial_lr"),
        (lambda o: LRScheduler(o), NotImplementedError, "define `def get_lr"),
        (lambda o: LambdaLR(o, [abs, abs]), ValueError, "expected 1 of lr_lambdas.*got 2"),
        (lambda o: LambdaLR(optimizer_of(1.0, 2.0), [abs]), ValueError, "expected 2 of lr_lambdas.*got 1"),
        (lambda o: LambdaLR(o, 0.5), TypeError, "function of the epoch, but got float"),
        (lambda o: ConstantLR(o, 2), ValueError, "between 0 and 1, but is 2"),
        (lambda o: ConstantLR(o, -0.5), ValueError, "between 0 and 1, but is -0.5"),
        (lambda o: LinearLR(o, 0), ValueError, "start_factor.*is 0"),
        (lambda o: LinearLR(o, -0.5), ValueError, "start_factor.*is -0.5"),
        (lambda o: LinearLR(o, 1.5), ValueError, "start_factor.*is 1.5"),
        (lambda o: LinearLR(o, 0.5, 2), ValueError, "end_factor.*is 2"),
        (lambda o: LinearLR(o, 0.5, -0.5), ValueError, "end_factor.*is -0.5"),
        (lambda o: CosineAnnealingWarmRestarts(o, 0), ValueError, "T_0, but got 0"),
        (lambda o: CosineAnnealingWarmRestarts(o, -1), ValueError, "T_0, but got -1"),
        (lambda o: CosineAnnealingWarmRestarts(o, 1, -1), ValueError, "T_mult >= 1, but got -1"),
        (lambda o: CosineAnnealingWarmRestarts(o, 1, 1, None), ValueError, "eta_min, but got NoneType: None"),
        (lambda o: CosineAnnealingWarmRestarts(o, 1, 0), ValueError, "T_mult >= 1, but got 0"),
        (lambda o: CosineAnnealingWarmRestarts(o, 1, 0.5), ValueError, "T_mult >= 1, but got 0.5"),
        (lambda o: CosineAnnealingWarmRestarts(o, 1, 1, "0"), ValueError, "eta_min, but got str"),
        (lambda o: CosineAnnealingWarmRestarts(o, 1).step(-1), ValueError, "non-negative epoch"),
        (lambda o: OneCycleLR(o, 1.0), ValueError, "total_steps OR"),
        (lambda o: OneCycleLR(o, 1.0, 0), ValueError, "positive integer total_steps"),
        (lambda o: OneCycleLR(o, 1.0, -5), ValueError, "positive integer total_steps, but got -5"),
        (lambda o: OneCycleLR(o, 1.0, 5.0), ValueError, r"positive integer total_steps, but got 5\.0"),
        (lambda o: OneCycleLR(o, 1.0, epochs=2), ValueError, "total_steps OR"),
        (lambda o: OneCycleLR(o, 1.0, epochs=2.0, steps_per_epoch=3), ValueError, "integer epochs, but got 2"),
        (lambda o: OneCycleLR(o, 1.0, 9, pct_start=-0.5), ValueError, "pct_start, but got -0.5"),
        (lambda o: OneCycleLR(o, 1.0, 9, pct_start=1), ValueError, "pct_start, but got 1"),
        (lambda o: OneCycleLR(o, [1.0, 2.0], 9), ValueError, "expected 1 of max_lr.*got 2"),
        (lambda o: OneCycleLR(o, 1.0, epochs=2, steps_per_epoch=0), ValueError, "integer steps_per_epoch"),
        (lambda o: OneCycleLR(o, 1.0, 9, pct_start=2.0), ValueError, "pct_start, but got 2.0"),
        (lambda o: OneCycleLR(o, 1.0, 9, anneal_strategy="up"), ValueError, "'cos' or 'linear'.*'up'"),
        (lambda o: OneCycleLR(Adagrad(o.param_groups[0]["params"]), 1.0, 9), ValueError, "cycle_momentum=False"),
        (lambda o: ReduceLROnPlateau(o, factor=1), ValueError, "< 1.0"),
        (lambda o: ReduceLROnPlateau(o, factor=2), ValueError, "< 1.0.*but is 2"),
        (lambda o: ReduceLROnPlateau(o, mode="up"), ValueError, "mode 'up' is unknown"),
        (lambda o: ReduceLROnPlateau(o, threshold_mode="up"), ValueError, "threshold mode 'up'"),
        (lambda o: ReduceLROnPlateau(o, min_lr=[0, 0]), ValueError, "min_lrs"),
        (lambda o: SequentialLR(o, [], []), ValueError, "at least one scheduler"),
        (lambda o: SequentialLR(o, [StepLR(o, 1)], [1]), ValueError, "1 schedulers need 0 milestones"),
        (lambda o: SequentialLR(o, [StepLR(o, 1)] * 2, []), ValueError, "need 1 milestones.*but got 0"),
        (lambda o: SequentialLR(o, [3], []), TypeError, "number 0 is of class int"),
        (lambda o: SequentialLR(o, [StepLR(optimizer_of(), 1)], []), ValueError, "number 0 has another"),
        (lambda o: ChainedScheduler([StepLR(o, 1), StepLR(optimizer_of(), 1)]), ValueError, "number 1 has another"),
        (lambda o: ChainedScheduler([ReduceLROnPlateau(o)]), ValueError, "does not support ReduceLROnPlateau"),
    ],
)
def test_errors(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make(optimizer_of())


def test_a_combination_cannot_come_second() -> None:
    optimizer = optimizer_of()
    inner = ChainedScheduler([StepLR(optimizer, 1)])
    scheduler = SequentialLR(optimizer, [StepLR(optimizer, 1), inner], [1])
    optimizer.step()
    with pytest.raises(NotImplementedError, match="can only come first"):
        scheduler.step()


def test_a_group_added_later_goes_on_from_its_own_rate() -> None:
    optimizer = optimizer_of()
    scheduler = StepLR(optimizer, 2, gamma=0.5)
    optimizer.add_param_group({"params": [cutaway.nn.Parameter(cutaway.zeros(1))], "lr": 8.0})
    for _ in range(2):
        optimizer.step()
        scheduler.step()
    assert scheduler.get_last_lr()[-1] == 4.0


def test_everything_is_exported() -> None:
    assert all(issubclass(getattr(lr_scheduler, name), LRScheduler) for name in lr_scheduler.__all__)
    assert issubclass(SGD, Optimizer)
