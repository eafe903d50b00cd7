"""How fast is cutaway, beside PyTorch and beside NumPy written by hand?

Each workload is written once against the names that both libraries share. The two run in turn, in
one process, and what counts is the median of the ratios of neighbours: the machine's moods hit both.

    make bench
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import cutaway

Step = Callable[[], Any]


def small_ops(T: Any) -> Step:
    """A chain of 200 small ops, forward and backward."""
    x = T.linspace(-1, 1, 16).reshape(4, 4).requires_grad_()

    def step() -> None:
        y = x
        for _ in range(50):
            y = y * x
            y = y + x
            y = y.tanh()
            y = y - 0.5
        y.sum().backward()
        x.grad = None

    return step


def train(T: Any, model: Any, loss: Any, inputs: Any, targets: Any, lr: float) -> Step:
    """A training step with SGD."""
    optimizer = T.optim.SGD(model.parameters(), lr=lr)

    def step() -> None:
        optimizer.zero_grad()
        loss(model(inputs), targets).backward()
        optimizer.step()

    return step


def xor(T: Any) -> Step:
    """XOR: 2-8-1, tanh, four examples."""
    T.manual_seed(0)
    model = T.nn.Sequential(T.nn.Linear(2, 8), T.nn.Tanh(), T.nn.Linear(8, 1), T.nn.Sigmoid())
    inputs = T.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = T.tensor([[0.0], [1.0], [1.0], [0.0]])
    return train(T, model, T.nn.MSELoss(), inputs, targets, lr=0.5)


def mlp(T: Any) -> Step:
    """MLP 784-512-10, ReLU, cross entropy, batch 128."""
    T.manual_seed(0)
    model = T.nn.Sequential(T.nn.Linear(784, 512), T.nn.ReLU(), T.nn.Linear(512, 10))
    inputs, targets = T.randn(128, 784), T.randint(0, 10, (128,))
    return train(T, model, T.nn.CrossEntropyLoss(), inputs, targets, lr=0.1)


def mlp_by_hand() -> Step:
    """The same MLP in bare NumPy, its gradient worked out on paper."""
    cutaway.manual_seed(0)
    first, second = cutaway.nn.Linear(784, 512), cutaway.nn.Linear(512, 10)
    w1, b1, w2, b2 = (p.detach().numpy() for p in (first.weight, first.bias, second.weight, second.bias))
    x, t = cutaway.randn(128, 784).numpy(), cutaway.randint(0, 10, (128,)).numpy()
    rows, lr = np.arange(128), np.float32(0.1)

    def step() -> None:
        h = x @ w1.T + b1
        a = np.maximum(h, 0)
        z = a @ w2.T + b2
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        -np.log(p[rows, t]).mean()
        p[rows, t] -= 1
        p /= 128
        da = p @ w2
        da *= h > 0
        for parameter, gradient in ((w1, da.T @ x), (b1, da.sum(axis=0)), (w2, p.T @ a), (b2, p.sum(axis=0))):
            gradient *= lr
            parameter -= gradient

    return step


def compare(ours: Step, theirs: Step, rounds: int) -> tuple[float, float, float]:
    """Median seconds of both, and the median of their ratio."""
    for _ in range(3):
        ours()
        theirs()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        ours()
        middle = time.perf_counter()
        theirs()
        times.append((middle - start, time.perf_counter() - middle))
    a, b = zip(*times, strict=True)
    return statistics.median(a), statistics.median(b), statistics.median(x / y for x, y in times)


def main() -> None:
    import torch

    print(f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}, NumPy {np.__version__},")
    print(f"PyTorch {torch.__version__} with {torch.get_num_threads()} threads\n")
    print(f"{'workload':<34}{'cutaway':>12}{'other':>12}{'ratio':>8}")
    pairs: list[tuple[str, Step, Step, int]] = [
        ("200 small ops / PyTorch", small_ops(cutaway), small_ops(torch), 300),
        ("XOR 2-8-1 / PyTorch", xor(cutaway), xor(torch), 1000),
        ("MLP 784-512-10 / PyTorch", mlp(cutaway), mlp(torch), 200),
        ("MLP 784-512-10 / NumPy by hand", mlp(cutaway), mlp_by_hand(), 200),
    ]
    for name, ours, theirs, rounds in pairs:
        a, b, ratio = compare(ours, theirs, rounds)
        print(f"{name:<34}{a * 1e6:>9.0f} µs{b * 1e6:>9.0f} µs{ratio:>8.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
