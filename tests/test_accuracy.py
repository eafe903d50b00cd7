"""The error bounds of docs/numerics.md hold, and a run can be repeated to the last bit."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import cutaway

from .accuracy import BOUNDS, PAGE, Bound, inputs, worst

F = cutaway.nn.functional


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bound", BOUNDS, ids=lambda bound: bound.name)
def test_errors_are_within_their_bounds(bound: Bound, dtype: Any) -> None:
    for kind, x in inputs():
        rows = x[:6, :500].astype(dtype)
        assert worst(bound, rows) <= bound.units, kind


def test_the_page_states_these_bounds() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for bound in BOUNDS:
        assert f"| {bound.name} | {bound.says} | {bound.units:g} |" in text, "make numerics"


def test_what_the_page_says_of_the_extremes() -> None:
    assert F.cross_entropy(cutaway.tensor([[30.0, 0.0]]), cutaway.tensor([0])) == 0
    assert cutaway.tensor([2e19, 0.0]).norm().isinf() and cutaway.tensor([1e19, 0.0]).norm().isfinite()
    assert cutaway.tensor([1e-23, 0.0]).norm() == 0
    near = cutaway.tensor([1e4, 1e4 + 1, 1e4 + 2])
    assert near.var() == 1


TRAINING = """
import hashlib, cutaway
cutaway.manual_seed(0)
net = cutaway.nn.Sequential(cutaway.nn.Linear(300, 256), cutaway.nn.Tanh(), cutaway.nn.Linear(256, 1))
optimizer = cutaway.optim.Adam(net.parameters())
for step in range(3):
    x = cutaway.randn(512, 300)
    optimizer.zero_grad()
    ((net(x) - x[:, :1]) ** 2).mean().backward()
    optimizer.step()
print(hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in net.parameters())).hexdigest())
"""


def test_every_run_gives_the_same_bits() -> None:
    command = [sys.executable, "-c", TRAINING]
    runs = {subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(runs) == 1 and len(runs.pop()) == 65
