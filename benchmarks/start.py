"""The start: what a program pays before its first number, in fresh interpreters."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

FIRST = "x = T.ones(3, requires_grad=True); (x * x).sum().backward(); x.grad"
PROGRAMS = {
    "python": "",
    "import numpy": "import numpy",
    "import cutaway": "import cutaway",
    "import torch": "import torch",
    "cutaway, first gradient": f"import cutaway as T; {FIRST}",
    "PyTorch, first gradient": f"import torch as T; {FIRST}",
}


def measure(rounds: int = 7) -> dict[str, float]:
    """Seconds from nothing to the end of each program, the median of some rounds in turn."""
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    # Bytecode is kept, as an installed package has it: compiled anew each time, the import would take twice as long.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(rounds):
        for name, program in PROGRAMS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True, env=environment)
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in times.items()}
