"""OneCycleLR: the learning rate and the momentum in every phase."""

from __future__ import annotations

from typing import Any

import pytest

import cutaway
from cutaway.optim import SGD, Adam
from cutaway.optim.lr_scheduler import OneCycleLR

from .rates import optimizer_of, rates


@pytest.mark.parametrize(
    "settings, lrs, momenta",
    [
        ({"total_steps": 1}, [4e-06], [0.95]),
        ({"epochs": 1, "steps_per_epoch": 1}, [4e-06], [0.95]),
        (
            {"total_steps": 5, "pct_start": 0.0},
            [0.904509, 0.65451, 0.345494, 0.095495, 4e-06],
            [0.859549, 0.884549, 0.915451, 0.940451, 0.95],
        ),
        (
            {"total_steps": 5, "pct_start": 1.0},
            [0.04, 0.180589, 0.52, 0.859411, 1],
            [0.95, 0.935355, 0.9, 0.864645, 0.85],
        ),
        (
            {"epochs": 2, "steps_per_epoch": 4, "pct_start": 0.375, "three_phase": True},
            [0.04, 0.52, 1, 0.52, 0.04, 0.030001, 0.010003, 4e-06],
            [0.95, 0.9, 0.85, 0.9, 0.95, 0.95, 0.95, 0.95],
        ),
        (
            {"total_steps": 8, "pct_start": 0.375, "anneal_strategy": "linear"},
            [0.04, 0.52, 1, 0.800001, 0.600002, 0.400002, 0.200003, 4e-06],
            [0.95, 0.9, 0.85, 0.87, 0.89, 0.91, 0.93, 0.95],
        ),
    ],
)
def test_one_cycle_pinned_to_pytorch(settings: dict[str, Any], lrs: list[float], momenta: list[float]) -> None:
    sgd, adam = optimizer_of(), Adam([cutaway.nn.Parameter(cutaway.zeros(1))], betas=(0.5, 0.99))
    adam.param_groups[0]["params"][0].grad = cutaway.zeros(1)
    for optimizer in (sgd, adam):
        scheduler = OneCycleLR(optimizer, 1.0, **settings)
        seen = []
        for step in range(len(lrs)):
            if step:
                optimizer.step()
                scheduler.step()
            group = optimizer.param_groups[0]
            momentum, *rest = group["betas"] if optimizer is adam else (group["momentum"], 0.99)
            seen.append((group["lr"], momentum))
            assert rest == [0.99]
        assert [lr for lr, _ in seen] == pytest.approx(lrs, abs=1e-6)
        assert [momentum for _, momentum in seen] == pytest.approx(momenta, abs=1e-6)


def test_one_cycle_of_every_group() -> None:
    optimizer = optimizer_of(1.0, 1.0)
    scheduler = OneCycleLR(
        optimizer, [1.0, 0.5], 5, pct_start=0.4, base_momentum=[0.5, 0.6], max_momentum=[0.8, 0.9], div_factor=10
    )
    expected = [(0.1, 0.8, 0.05, 0.9), (1, 0.5, 0.5, 0.6), (0.750003, 0.575, 0.375001, 0.675)]
    assert [group["min_lr"] for group in optimizer.param_groups] == pytest.approx([1e-5, 5e-6])
    for values in expected:
        assert [group[name] for group in optimizer.param_groups for name in ("lr", "momentum")] == pytest.approx(
            values, abs=1e-5
        )
        optimizer.step()
        scheduler.step()


def test_one_cycle_leaves_the_momentum_alone_if_asked_to() -> None:
    optimizer = SGD([cutaway.nn.Parameter(cutaway.zeros(1))], lr=1.0, momentum=0.5)
    cycle = OneCycleLR(optimizer, 1.0, 10, cycle_momentum=False)
    assert rates(cycle, 4) == pytest.approx([0.04, 0.52, 1, 0.9504846320134737])
    assert optimizer.param_groups[0]["momentum"] == 0.5


def test_one_cycle_goes_on_where_an_optimizer_was_saved() -> None:
    saved = SGD([cutaway.nn.Parameter(cutaway.zeros(1))], lr=1.0, momentum=0.9)
    OneCycleLR(saved, 1.0, 10)
    optimizer = SGD([cutaway.nn.Parameter(cutaway.zeros(1))], lr=1.0, momentum=0.9)
    optimizer.load_state_dict(saved.state_dict())
    scheduler = OneCycleLR(optimizer, 9.0, 10, base_momentum=0.1, max_momentum=0.2, last_epoch=3)  # the saved ones hold
    assert scheduler.get_last_lr() == pytest.approx([0.8117456539497631])
    assert optimizer.param_groups[0]["momentum"] == pytest.approx(0.8688255099070633)


def test_one_cycle_ends() -> None:
    scheduler = OneCycleLR(optimizer_of(), 1.0, 3, anneal_strategy="linear", final_div_factor=2)
    assert rates(scheduler, 3) == pytest.approx([0.953333, 0.486667, 0.02], abs=1e-6)
    # the step after the last batch, which trains nothing, goes on along the line; as in PyTorch
    assert scheduler.get_last_lr() == pytest.approx([-0.4466667])
    with pytest.raises(ValueError, match=r"Tried to step 4 times.*the cycle is over"):
        scheduler.step()
