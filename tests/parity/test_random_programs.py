"""Random programs compute what PyTorch computes, and have its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings

import cutaway
from tests.properties.programs import programs, run


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=150)
@given(programs(corners=True))
def test_a_program_gives_the_same_in_both(program: Any) -> None:
    arrays, lines = program
    ours = [cutaway.from_numpy(x.copy()).requires_grad_() for x in arrays]
    theirs = [torch.from_numpy(x.copy()).requires_grad_() for x in arrays]
    loss, expected = run(cutaway, lines, ours), run(torch, lines, theirs)
    np.testing.assert_allclose(loss.item(), expected.item(), rtol=1e-10)
    loss.backward()
    expected.backward()
    for x, t in zip(ours, theirs, strict=True):
        assert (x.grad is None) == (t.grad is None)
        if t.grad is not None:
            np.testing.assert_allclose(x.grad.numpy(), t.grad.numpy(), rtol=1e-8, atol=1e-10)
