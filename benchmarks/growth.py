"""Growth: how the time of a step depends on the size of the work, from 1 to 64 times.

The exponent is the slope in a plot of both logarithms. 1 means that twice the work takes twice the time; it is less
where a step has a price whatever its size, and a little more where the graph outgrows the processor's caches.
"""

from __future__ import annotations

import importlib
import json
import math
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from . import workloads
from .workloads import Training

FACTORS = [1, 2, 4, 8, 16, 32, 64]
AXES: dict[str, Callable[[Any, int], Training]] = {
    "graph length (100 small ops)": lambda T, k: workloads.small_ops(T, length=100 * k),
    "batch (MLP 64-128-10, batch 16)": lambda T, k: workloads.mlp_small(T, batch=16 * k),
    "width (MLP 64-16-10, batch 64)": lambda T, k: workloads.mlp_small(T, width=16 * k),
    "sequence length (nn.RNN, 8 steps)": lambda T, k: workloads.rnn(T, steps=8 * k),
}


def measure(library: str, axis: str) -> list[float]:
    """Seconds of a step at each size, in a fresh process: the cyclic collector looks at all that lives in one."""
    command = [sys.executable, "-m", "benchmarks.growth", library, axis]
    times: list[float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return times


def main(library: str, axis: str) -> None:
    """Print the least time of several, taken in turn: disturbance only ever adds."""
    T = importlib.import_module({"cutaway": "cutaway", "PyTorch": "torch"}[library])
    steps = [AXES[axis](T, k).step for k in FACTORS]
    best = [math.inf] * len(steps)
    for _ in range(12):
        for i, step in enumerate(steps):
            step()
            start = time.perf_counter()
            step()
            best[i] = min(best[i], time.perf_counter() - start)
    print(json.dumps(best))


def exponent(times: list[float]) -> float:
    """The slope of log(time) over log(size), by least squares."""
    points = [(math.log(k), math.log(t)) for k, t in zip(FACTORS, times)]
    mean_x, mean_y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points)
    return float(rise / sum((x - mean_x) ** 2 for x, _ in points))


if __name__ == "__main__":
    main(*sys.argv[1:])
