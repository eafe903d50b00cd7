"""Where the time of a step goes: products of matrices, the rest of the ops, the optimizer, and all that is around them.

NumPy's products and the ops are wrapped in clocks while some steps run. What a step takes beyond them is the price of
recording, of walking back, and of the layers: what NumPy written by hand does not pay.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

import cutaway
from cutaway.tensors import base

from .peers import MAKE


class Clock:
    """Seconds by name; what runs inside of something else counts for itself only."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner = [0.0]

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._inner.append(0.0)
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                spent = time.perf_counter() - start
                self.seconds[name] += spent - self._inner.pop()
                self._inner[-1] += spent

        return timed


@contextmanager
def clocked(clock: Clock) -> Iterator[None]:
    run = base.run

    def clocked_run(op: Any, attrs: Any, arrays: Any, parents: Any, skip: int = 3) -> Any:
        def clocked_op(*xs: Any, **kwargs: Any) -> Any:
            value, *pullbacks = clock.wrap("ops", op)(*xs, **kwargs)
            return value, *[clock.wrap("pullbacks", pullback) for pullback in pullbacks]

        clocked_op.__name__, clocked_op.broadcasts = op.__name__, True  # type: ignore[attr-defined]
        return run(clocked_op, attrs, arrays, parents, skip + 1)

    with (
        patch.object(base, "run", clocked_run),
        patch.object(np, "matmul", clock.wrap("products", np.matmul)),
        patch.object(np, "dot", clock.wrap("products", np.dot)),
    ):
        yield


def measure(workload: str, rounds: int = 30) -> dict[str, float]:
    """Seconds of a step, whole and in parts."""
    training = MAKE[workload](cutaway)
    whole, parts = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        training.step()
        whole.append(time.perf_counter() - start)
        clock = Clock()
        with clocked(clock):
            training.gradients()
        if training.optimizer:
            clock.wrap("optimizer", training.optimizer.step)()
        parts.append(clock.seconds)
    names = ("products", "ops", "pullbacks", "optimizer")
    found = {name: statistics.median(part[name] for part in parts) for name in names}
    step = statistics.median(whole)
    return {"step": step, **found, "around": step - sum(found.values())}
