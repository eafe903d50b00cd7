"""What PyTorch warns of, cutaway warns of too; its own checks speak where PyTorch does not."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import cutaway
from tests.parity.sources import program

SPOKEN = """
t.ones(1).std()|t.ones(1, 3).var(0)|t.empty(0).std()|t.ones(2).var(correction=2)|t.ones(2, 3, 4).T|t.ones(2).T
x = t.ones(2, requires_grad=True); (x * 2).grad|t.arange(9).reshape(3, 3)[[t.tensor(0), t.tensor(1)]]
t.add(t.ones(3), 1, out=t.ones(2))|t.nn.utils.clip_grad_norm_((p for p in ()), 1.0)
t.nn.InstanceNorm2d(3)(t.ones(2, 4, 5, 5))
"""
SILENT = """
t.ones(3).std()|t.ones(1).std(correction=0)|t.ones(2, 3).T|t.arange(9)[[0, 1]]
x = t.ones(2, requires_grad=True); x.grad|x = t.ones(2, requires_grad=True); y = x * 2; y.retain_grad(); y.grad
t.add(t.ones(3), 1, out=t.empty(0))|t.add(t.ones(3), 1, out=t.ones(3))|t.arange(4)[[True, False, True, False]]
t.nn.utils.clip_grad_norm_([], 1.0)
"""


@pytest.mark.parametrize("source", "|".join((SPOKEN.strip(), SILENT.strip())).replace("\n", "|").split("|"))
def test_warned_of_by_both_or_by_neither(source: str) -> None:
    def categories(t: Any) -> list[type[Warning]]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, of what is nan
            program(source)(t)
        return [warning.category for warning in caught]

    torch.set_warn_always(True)
    try:
        assert categories(cutaway) == categories(torch)
    finally:
        torch.set_warn_always(False)
