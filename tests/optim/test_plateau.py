"""ReduceLROnPlateau: when it reduces the learning rate, pinned to PyTorch."""

from __future__ import annotations

import math
from typing import Any

import pytest

import cutaway
from cutaway.optim.lr_scheduler import ReduceLROnPlateau

from .rates import optimizer_of


@pytest.mark.parametrize(
    "settings, metrics, expected",
    [
        ({"patience": 1}, [3, 2, 2, 2, 2, 2], [1, 1, 1, 0.1, 0.1, 0.01]),
        ({"patience": 0, "cooldown": 2}, [1, 1, 1, 1, 1, 1], [1, 0.1, 0.1, 0.1, 0.01, 0.01]),
        ({"patience": 0, "mode": "max"}, [1, 2, 3, 2, 4, 4], [1, 1, 1, 0.1, 0.1, 0.01]),
        ({"patience": 0, "min_lr": 0.05}, [1, 1, 1, 1, 1, 1], [1, 0.1, 0.05, 0.05, 0.05, 0.05]),
        ({"patience": 0, "threshold": 0.5}, [8, 5, 3.9, 1, 0.9, 0.1], [1, 0.1, 0.1, 0.1, 0.01, 0.01]),
        (
            {"patience": 0, "threshold": 0.5, "threshold_mode": "abs"},
            [8, 7, 6.6, 6.4, 6, 5],
            [1, 1, 0.1, 0.1, 0.01, 0.01],
        ),
        ({}, [1] * 13, [1] * 11 + [0.1] * 2),
        ({"patience": 0}, [1, 0.99995, 0.9998, 0.9997], [1, 0.1, 0.1, 0.1]),
        ({"patience": 0, "mode": "max"}, [1, 1.00005, 1.0002], [1, 0.1, 0.1]),
        ({"patience": 0, "mode": "max"}, [-3, -2, -2.5], [1, 1, 0.1]),
        ({"patience": 0, "mode": "max", "threshold": 0.5}, [2, 2.9, 3.1, 4.5, 4.7], [1, 0.1, 0.1, 0.01, 0.01]),
        ({"patience": 0, "threshold": 0.25, "threshold_mode": "abs"}, [8, 7.8, 7.7, 7.45], [1, 0.1, 0.1, 0.01]),
        ({"patience": 0, "threshold": 0.25, "threshold_mode": "abs", "mode": "max"}, [8, 8.25, 8.26], [1, 0.1, 0.1]),
        ({"patience": 2, "cooldown": 1, "factor": 0.5}, [1] * 8, [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]),
        ({"patience": 0, "factor": 0.5, "eps": 0.5}, [1, 1], [1, 1]),
        ({"patience": 0, "factor": 0.5, "eps": 0.4}, [1, 1], [1, 0.5]),
        ({"patience": 1}, [math.nan, math.nan, 1], [1, 0.1, 0.1]),
        ({"patience": 0}, [math.nan, math.nan, 1, 0.5, 0.2, 0.1], [0.1, 0.01, 0.01, 0.01, 0.01, 0.01]),
    ],
)
def test_plateau(settings: dict[str, Any], metrics: list[float], expected: list[float]) -> None:
    optimizer = optimizer_of()
    scheduler = ReduceLROnPlateau(optimizer, **settings)
    seen = []
    for metric in metrics:
        scheduler.step(cutaway.tensor(metric))
        seen.append(scheduler.get_last_lr()[0])
    assert seen == pytest.approx(expected)
    assert scheduler.last_epoch == len(metrics)


def test_plateau_skips_a_reduction_too_small_to_matter() -> None:
    for lr, reduced in ((1e-8, 1e-8), (2e-8, 2e-9)):
        scheduler = ReduceLROnPlateau(optimizer_of(lr), patience=0)
        scheduler.step(1)
        scheduler.step(1)
        assert scheduler.get_last_lr() == pytest.approx([reduced])


def test_plateau_with_a_bound_for_each_group() -> None:
    scheduler = ReduceLROnPlateau(optimizer_of(*[1.0] * 300), patience=0, min_lr=[0.5, 0.05] * 150)
    scheduler.step(1)
    scheduler.step(1)
    assert scheduler.get_last_lr() == [0.5, 0.1] * 150


def test_plateau_goes_on_where_it_was_saved() -> None:
    scheduler = ReduceLROnPlateau(optimizer_of(), patience=1)
    for loss in (2, 1, 1):
        scheduler.step(loss)
    saved = scheduler.state_dict()
    assert saved == {
        "factor": 0.1, "default_min_lr": 0, "min_lrs": [0], "patience": 1, "cooldown": 0, "eps": 1e-8, "last_epoch": 3,
        "_last_lr": [1.0], "mode_worse": math.inf, "mode": "min", "threshold": 1e-4, "threshold_mode": "rel", "best": 1,
        "cooldown_counter": 0, "num_bad_epochs": 1,
    }  # fmt: skip
    twin = ReduceLROnPlateau(optimizer_of())
    twin.load_state_dict(saved)
    twin.step(1)
    assert twin.get_last_lr() == [0.1]


def test_plateau_given_the_epoch_warns() -> None:
    scheduler = ReduceLROnPlateau(optimizer_of())
    with pytest.warns(UserWarning, match="leave out the epoch"):
        scheduler.step(1.0, 5)
    assert scheduler.last_epoch == 5


def test_plateau_with_a_group_taken_away() -> None:
    scheduler = ReduceLROnPlateau(optimizer_of(1.0, 1.0), patience=0, min_lr=[0.2, 0.3])
    scheduler.optimizer.param_groups.pop(0)
    scheduler.step(1)
    with pytest.raises(RuntimeError, match=r"1 parameter groups now.*given for 2"):
        scheduler.step(1)


def test_plateau_with_a_group_added_later() -> None:
    for min_lr, works in ((0.2, True), ([0.2], False)):
        optimizer = optimizer_of()
        scheduler = ReduceLROnPlateau(optimizer, patience=0, min_lr=min_lr)
        optimizer.add_param_group({"params": [cutaway.nn.Parameter(cutaway.zeros(1))], "lr": 1.0})
        scheduler.step(1)
        if works:
            scheduler.step(1)
            assert scheduler.get_last_lr() == [0.2, 0.2]
        else:
            with pytest.raises(RuntimeError, match=r"2 parameter groups now.*given for 1"):
                scheduler.step(1)
