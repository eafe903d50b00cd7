"""NumPy by hand: the gradient worked out on paper, no engine at all. What is left to win, at most.

Each function takes the workload's parameters and data as arrays and returns a training step. This is how a
good textbook writes it: plainly, whole arrays at a time, nothing computed twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]
Step: TypeAlias = Callable[[], Any]


def small_ops(x: Array) -> Step:
    def step() -> Any:
        y, kept = x, []
        for _ in range(50):
            before = y
            y = np.tanh(y * x + x)
            kept.append((before, y))
            y = y - 0.5
        loss = y.sum()
        g, dx = np.ones_like(x), np.zeros_like(x)
        for before, t in reversed(kept):
            g = g * (1 - t * t)
            dx += g * (before + 1)
            g = g * x
        dx += g
        return loss

    return step


def xor(w1: Array, b1: Array, w2: Array, b2: Array, x: Array, target: Array) -> Step:
    def step() -> Any:
        h = np.tanh(x @ w1.T + b1)
        y = 1 / (1 + np.exp(-(h @ w2.T + b2)))
        away = y - target
        loss = (away * away).mean()
        dz = away * (2 / away.size) * y * (1 - y)
        dh = (dz @ w2) * (1 - h * h)
        move(0.5, (w1, dh.T @ x), (b1, dh.sum(axis=0)), (w2, dz.T @ h), (b2, dz.sum(axis=0)))
        return loss

    return step


def mlp_small(w1: Array, b1: Array, w2: Array, b2: Array, x: Array, target: Array) -> Step:
    gradients = mlp_gradients(w1, b1, w2, b2, x, target)

    def step() -> Any:
        loss, *pairs = gradients()
        move(0.1, *pairs)
        return loss

    return step


mlp_sgd = mlp_small


def mlp(w1: Array, b1: Array, w2: Array, b2: Array, x: Array, target: Array) -> Step:
    gradients = mlp_gradients(w1, b1, w2, b2, x, target)
    averages = [(np.zeros_like(p), np.zeros_like(p)) for p in (w1, b1, w2, b2)]
    t = 0

    def step() -> Any:
        nonlocal t
        loss, *pairs = gradients()
        t += 1
        for (p, g), (m, v) in zip(pairs, averages):  # Adam
            m *= 0.9
            m += 0.1 * g
            v *= 0.999
            v += 0.001 * g * g
            p -= 0.001 / (1 - 0.9**t) * m / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return loss

    return step


def mlp_gradients(w1: Array, b1: Array, w2: Array, b2: Array, x: Array, target: Array) -> Step:
    rows = np.arange(len(x))

    def gradients() -> Any:
        """The loss, and each parameter with its gradient."""
        h = x @ w1.T + b1
        a = np.maximum(h, 0)
        z = a @ w2.T + b2
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(p[rows, target]).mean()
        p[rows, target] -= 1
        p /= len(x)
        da = p @ w2
        da *= h > 0
        return loss, (w1, da.T @ x), (b1, da.sum(axis=0)), (w2, p.T @ a), (b2, p.sum(axis=0))

    return gradients


def move(lr: float, *pairs: tuple[Array, Array]) -> None:
    """Plain SGD."""
    for parameter, gradient in pairs:
        gradient *= lr
        parameter -= gradient
