"""Optimizers and schedulers with settings at random, step by step as PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cutaway

below_one = st.floats(0, 0.99)
positive = st.floats(1e-4, 2)
flag = st.booleans()
shared = {"lr": positive, "weight_decay": st.floats(0, 0.5), "maximize": flag}
momentum = st.fixed_dictionaries({**shared, "momentum": below_one, "dampening": below_one})
nesterov = st.fixed_dictionaries({**shared, "momentum": st.floats(0.01, 0.99), "nesterov": flag})
adam = st.fixed_dictionaries({
    **shared, "betas": st.tuples(below_one, below_one), "eps": st.floats(1e-8, 0.1), "amsgrad": flag,
})  # fmt: skip
OPTIMIZERS = st.one_of(
    st.tuples(st.just("SGD"), st.one_of(momentum, nesterov)),
    st.tuples(st.sampled_from(["Adam", "AdamW"]), adam),
    st.tuples(st.just("Adagrad"), st.fixed_dictionaries({
        **shared, "lr_decay": below_one, "initial_accumulator_value": below_one, "eps": st.floats(1e-8, 0.1),
    })),
    st.tuples(st.just("Adadelta"), st.fixed_dictionaries({**shared, "rho": below_one, "eps": st.floats(1e-6, 0.1)})),
    st.tuples(st.just("RMSprop"), st.fixed_dictionaries({
        **shared, "alpha": st.floats(0.3, 0.99), "eps": st.floats(1e-4, 0.1), "momentum": below_one, "centered": flag,
    })),
)  # fmt: skip


def path(t: Any, name: str, options: dict[str, Any], seed: int) -> list[Any]:
    """Where ten steps lead, with gradients at random and none at all now and then."""
    rng = np.random.default_rng(seed)
    params = [t.nn.Parameter(t.from_numpy(rng.normal(size=shape))) for shape in ((2, 3), ())]
    optimizer = getattr(t.optim, name)(params, **options)
    seen = []
    for _ in range(10):
        for p in params:
            g = rng.normal(size=tuple(p.shape))
            p.grad = None if rng.random() < 0.2 else t.from_numpy(np.asarray(g))
        optimizer.step()
        seen += [p.detach().numpy().copy() for p in params]
    return seen


@settings(max_examples=100)
@given(OPTIMIZERS, st.integers(0, 2**32 - 1))
def test_optimizers(choice: Any, seed: int) -> None:
    for ours, theirs in zip(path(cutaway, *choice, seed), path(torch, *choice, seed), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


count = st.integers(1, 12)
factor = st.floats(0.05, 1)
SCHEDULERS = st.one_of(
    st.tuples(st.just("StepLR"), st.fixed_dictionaries({"step_size": count, "gamma": factor})),
    st.tuples(st.just("MultiStepLR"), st.fixed_dictionaries({
        "milestones": st.lists(st.integers(0, 20), max_size=5).map(sorted), "gamma": factor,
    })),
    st.tuples(st.just("ConstantLR"), st.fixed_dictionaries({"factor": factor, "total_iters": st.integers(0, 12)})),
    st.tuples(st.just("LinearLR"), st.fixed_dictionaries({
        "start_factor": factor, "end_factor": factor, "total_iters": count,
    })),
    st.tuples(st.just("ExponentialLR"), st.fixed_dictionaries({"gamma": factor})),
    st.tuples(st.just("CosineAnnealingLR"), st.fixed_dictionaries({"T_max": count, "eta_min": st.floats(0, 0.01)})),
    st.tuples(st.just("CosineAnnealingWarmRestarts"), st.fixed_dictionaries({
        "T_0": count, "T_mult": st.integers(1, 3), "eta_min": st.floats(0, 0.01),
    })),
    st.tuples(st.just("OneCycleLR"), st.fixed_dictionaries({
        "max_lr": st.floats(0.1, 1), "total_steps": st.integers(25, 60), "pct_start": st.floats(0.1, 0.9),
        "anneal_strategy": st.sampled_from(["cos", "linear"]), "div_factor": st.floats(1, 50), "three_phase": flag,
        "cycle_momentum": flag,
    })),
    st.tuples(st.just("LambdaLR"), st.just({"lr_lambda": lambda epoch: 1 / (1 + epoch)})),
)  # fmt: skip


def rates(t: Any, name: str, options: dict[str, Any], lr: float) -> list[float]:
    optimizer = t.optim.SGD([t.nn.Parameter(t.zeros(1))], lr=lr, momentum=0.9)
    scheduler = getattr(t.optim.lr_scheduler, name)(optimizer, **options)
    seen = []
    for _ in range(24):
        seen += [optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]]
        optimizer.step()
        scheduler.step()
    return seen


@settings(max_examples=100)
@given(SCHEDULERS, st.floats(1e-3, 1))
def test_schedulers(choice: Any, lr: float) -> None:
    np.testing.assert_allclose(rates(cutaway, *choice, lr), rates(torch, *choice, lr), rtol=1e-9, atol=1e-12)


@settings(max_examples=80)
@given(
    st.fixed_dictionaries({
        "mode": st.sampled_from(["min", "max"]), "factor": st.floats(0.05, 0.9), "patience": st.integers(0, 4),
        "threshold": st.floats(0, 0.5), "threshold_mode": st.sampled_from(["rel", "abs"]),
        "cooldown": st.integers(0, 3), "min_lr": st.floats(0, 0.01),
    }),
    st.lists(st.floats(-2, 2), min_size=1, max_size=25),
)  # fmt: skip
def test_plateau(options: dict[str, Any], metrics: list[float]) -> None:
    seen: dict[str, list[Any]] = {}
    for t in (cutaway, torch):
        optimizer = t.optim.SGD([t.nn.Parameter(t.zeros(1))], lr=0.1)
        scheduler = t.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        for metric in metrics:
            scheduler.step(metric)
            seen.setdefault(t.__name__, []).append(optimizer.param_groups[0]["lr"])
    assert seen["cutaway"] == pytest.approx(seen["torch"], rel=1e-12)
