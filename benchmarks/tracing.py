"""What an explanation costs: `explain.trace` beside the plain backward pass of the same loss."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from .speed import BUDGET, Pair
from .workloads import WORKLOADS


def measure(workload: str) -> Pair:
    """The trace and the backward pass, measured in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.tracing", workload]
    return Pair(*json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def main(workload: str) -> None:
    import cutaway
    from cutaway import explain

    training = WORKLOADS[workload](cutaway)
    times: list[tuple[float, float]] = []
    end = time.perf_counter() + BUDGET
    while time.perf_counter() < end or len(times) < 4:
        for parameter in training.parameters:
            parameter.grad = None
        times.append((seconds(explain.trace, training.loss()), seconds(cutaway.Tensor.backward, training.loss())))
    low, ratio, high = statistics.quantiles([a / b for a, b in times], n=4)
    print(json.dumps([*(statistics.median(side) for side in zip(*times, strict=True)), ratio, low, high]))


def seconds(function: Callable[[Any], Any], loss: Any) -> float:
    start = time.perf_counter()
    found = function(loss)
    end = time.perf_counter()
    del found  # after the end: a trace is made to be kept
    return end - start


if __name__ == "__main__":
    main(*sys.argv[1:])
