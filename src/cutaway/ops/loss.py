"""Classification losses.

Cross entropy fuses softmax, logarithm and the selection of the target class into one op. The
gradient of the three together is simply softmax - truth, and no intermediate overflows.
"""

from __future__ import annotations

import numpy as np

from .activation import log_softmax
from .contract import Array, Unary
from .indexing import getitem
from .reduction import largest


def cross_entropy(logits: Array, *, target: Array, scale: Array, total: bool = True) -> Unary:
    """Σₙ scaleₙ · (log Σ exp(logitsₙ) - logitsₙ[targetₙ]), or the vector of these terms

    In the mean over N rows, scaleₙ is 1 / N.
    """
    # Fused: 2 passes over the logits instead of 5, and fewer temporaries of their size.
    rows = np.arange(len(target))
    away = logits - largest(logits, 1)
    chosen = away[rows, target]
    e = np.exp(away)
    sums = e.sum(axis=1)
    losses = (np.log(sums) - chosen) * scale

    def dlogits(g: Array) -> Array:
        """g · scale · (softmax(logits) - truth), for each row; truth is 1 for the target and 0 elsewhere"""
        factor = g * scale
        grad: Array = e * (factor / sums)[:, None]
        grad[rows, target] -= factor
        return grad

    return losses.sum() if total else losses, dlogits


def cross_entropy_twin(logits: Array, *, target: Array, scale: Array, total: bool = True) -> Array:
    """Cross entropy from small ops: log_softmax, then nll."""
    logp = log_softmax(logits, axis=1)[0]
    return nll(logp, target=target, scale=scale, total=total)[0]


def nll(logp: Array, *, target: Array, scale: Array, total: bool = True) -> Unary:
    """Σₙ -scaleₙ · logpₙ[targetₙ], or the vector of these terms"""
    picked, dlogp = getitem(logp, index=(np.arange(len(target)), target))
    losses = -picked * scale
    return losses.sum() if total else losses, lambda g: dlogp(-g * scale)
