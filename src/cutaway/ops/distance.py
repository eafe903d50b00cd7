"""Losses for regression and for probabilities.

Each computes one term per element and reduces them: `reduction` is "mean", "sum" or "none".
"""

from __future__ import annotations

import numpy as np

from .contract import Array, Binary, Pullback
from .reduction import count


def reduced(losses: Array, reduction: str) -> tuple[Array, Pullback]:
    """The reduced losses, and the pullback of the reduction."""
    if reduction == "none":
        return losses, lambda g: g
    if reduction == "sum":
        return losses.sum(), lambda g: g
    n = count(losses.shape, None)
    return losses.sum() / n, lambda g: g / n


def mse_loss(x: Array, y: Array, *, reduction: str = "mean") -> Binary:
    """(x - y)², averaged"""
    difference = x - y
    out, share = reduced(difference * difference, reduction)
    return out, lambda g: 2 * share(g) * difference, lambda g: -2 * share(g) * difference


def huber_loss(x: Array, y: Array, *, delta: float = 1.0, reduction: str = "mean") -> Binary:
    """(x - y)²/2 where |x - y| < delta, else delta · (|x - y| - delta/2), averaged"""
    d = x - y
    far = np.abs(d)
    near = np.minimum(far, delta)  # one product covers both cases
    out, share = reduced(near * (far - 0.5 * near), reduction)
    slope = np.clip(d, -delta, delta)
    return out, lambda g: slope * share(g), lambda g: -slope * share(g)


def smooth_l1_loss(x: Array, y: Array, *, beta: float = 1.0, reduction: str = "mean") -> Binary:
    """(x - y)²/(2 beta) where |x - y| < beta, else |x - y| - beta/2, averaged"""
    out, dx, dy = huber_loss(x, y, delta=beta, reduction=reduction)
    return out / beta, lambda g: dx(g / beta), lambda g: dy(g / beta)


def binary_cross_entropy(p: Array, y: Array, *, reduction: str = "mean") -> Binary:
    """-(y · log(p) + (1 - y) · log(1 - p)), each log at least -100, averaged"""
    with np.errstate(divide="ignore"):
        yes, no = np.maximum(np.log(p), -100), np.maximum(np.log1p(-p), -100)
    out, share = reduced(-(y * yes + (1 - y) * no), reduction)
    return (
        out,
        lambda g: share(g) * (p - y) / np.maximum(p * (1 - p), 1e-12),
        lambda g: share(g) * (no - yes),
    )


def binary_cross_entropy_with_logits(
    x: Array, y: Array, *, pos_weight: Array | float = 1.0, reduction: str = "mean"
) -> Binary:
    """-(pos_weight · y · log(σ(x)) + (1 - y) · log(1 - σ(x))), averaged"""
    yes = np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))  # log σ(x); log(1 - σ(x)) is smaller by x
    factor = (pos_weight - 1) * y + 1
    out, share = reduced((1 - y) * x - factor * yes, reduction)
    return (
        out,
        lambda g: share(g) * ((1 - y) - factor * (1 - np.exp(yes))),
        lambda g: share(g) * (-x - (pos_weight - 1) * yes),
    )
