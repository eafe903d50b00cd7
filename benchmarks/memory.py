"""Memory: how far the process grows while it trains, beyond what the library itself takes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from . import peers

WORKLOADS = ["mlp", "lenet", "lstm", "gpt"]


def measure(workload: str, peer: str) -> float:
    """Megabytes, measured in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.memory", workload, peer]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main(workload: str, peer: str) -> None:
    make = peers.cutaway if peer == "cutaway" else peers.PEERS[peer][0]
    train(make, "xor")  # all that is loaded at first use is loaded
    before = peak()
    train(make, workload)
    print(peak() - before)


def train(make: Callable[[str], peers.Step], workload: str) -> None:
    step = make(workload)
    for _ in range(5):
        step()


def peak() -> float:
    """The most memory that this process has had so far, in megabytes; Linux only."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
