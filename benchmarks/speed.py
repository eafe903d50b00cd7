"""Time: two libraries in alternation, in a process of their own, and the median of the ratios of neighbours.

What disturbs the machine for a while hits both, and a ratio does not care how fast the machine is.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

from . import peers

BUDGET = 4.0  # seconds for a pair
BLOCK = 0.01  # seconds of one before the other's turn
PAUSE = 0.004  # the threads of matrix products spin for a while, and would take the next one's processors


class Pair(NamedTuple):
    """A step of each in seconds (medians), and the median and the quartiles of the ratio."""

    ours: float
    theirs: float
    ratio: float
    low: float
    high: float


def measure(workload: str, peer: str) -> Pair:
    """The pair, measured in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.speed", workload, peer]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Pair(*json.loads(done.stdout))


def main(workload: str, peer: str) -> None:
    ours, theirs = peers.cutaway(workload), peers.PEERS[peer][0](workload)
    agree(workload, peer, ours, theirs)
    counts = [per_block(step) for step in (ours, theirs)]
    times: list[tuple[float, float]] = []
    end = time.perf_counter() + BUDGET
    while time.perf_counter() < end or len(times) < 4:
        if len(times) % 2:  # each goes first every other time
            b, a = block(theirs, counts[1]), block(ours, counts[0])
        else:
            a, b = block(ours, counts[0]), block(theirs, counts[1])
        times.append((a, b))
    low, ratio, high = statistics.quantiles([a / b for a, b in times], n=4)
    print(json.dumps([*(statistics.median(side) for side in zip(*times, strict=True)), ratio, low, high]))


def agree(workload: str, peer: str, ours: Callable[[], Any], theirs: Callable[[], Any]) -> None:
    """Raise unless both do the same work: the loss after three steps tells."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's, of a number that has a graph
        a, b = ([float(step()) for _ in range(3)][-1] for step in (ours, theirs))
    if abs(a - b) > 1e-3 * abs(a):
        raise RuntimeError(f"{workload}: the loss of cutaway is {a}, that of {peer} {b}")


def per_block(step: Callable[[], Any]) -> int:
    """How many steps fill a block."""
    start = time.perf_counter()
    for _ in range(3):
        step()
    return max(1, round(3 * BLOCK / (time.perf_counter() - start)))


def block(step: Callable[[], Any], count: int) -> float:
    """Seconds of one step; a first one, which finds the caches full of the other's data, does not count."""
    time.sleep(PAUSE)
    step()
    start = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - start) / count


if __name__ == "__main__":
    main(*sys.argv[1:])
