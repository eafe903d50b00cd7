"""Random programs have the gradient that central differences measure; tests/parity has them against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cutaway
from cutaway.autograd import grad, gradcheck

from .programs import programs, run


def leaves_of(arrays: list[Any]) -> list[cutaway.Tensor]:
    return [cutaway.from_numpy(x.copy()).requires_grad_() for x in arrays]


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=60)
@given(programs())
def test_a_program_has_the_slope_that_is_measured(program: Any) -> None:
    arrays, lines = program
    run_it = lambda *leaves: run(cutaway, lines, list(leaves))
    assert gradcheck(run_it, leaves_of(arrays), eps=1e-6, atol=1e-5, rtol=1e-4, fast_mode=True)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=30)
@given(programs(corners=True), st.floats(-3, 3), st.floats(-3, 3))
def test_the_gradient_is_linear_in_what_comes_in(program: Any, a: float, b: float) -> None:
    arrays, lines = program
    xs = leaves_of(arrays)
    loss = run(cutaway, lines, xs)
    one, other, both = (
        grad(loss, xs, cutaway.tensor(s, dtype=cutaway.float64), retain_graph=True, allow_unused=True)
        for s in (a, b, a + b)
    )
    for g, h, sum_of_both in zip(one, other, both, strict=True):
        if sum_of_both is None:
            assert g is None and h is None
        else:
            np.testing.assert_allclose((g + h).numpy(), sum_of_both.numpy(), rtol=1e-9, atol=1e-9)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=30)
@given(programs(corners=True))
def test_a_recorded_backward_pass_gives_the_same_gradient(program: Any) -> None:
    arrays, lines = program
    xs = leaves_of(arrays)
    plain = grad(run(cutaway, lines, xs), xs, allow_unused=True)
    recorded = grad(run(cutaway, lines, xs), xs, create_graph=True, allow_unused=True)
    for g, h in zip(plain, recorded, strict=True):
        if g is not None:
            np.testing.assert_allclose(g.numpy(), h.detach().numpy(), rtol=1e-9, atol=1e-11)
