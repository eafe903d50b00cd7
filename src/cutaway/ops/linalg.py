"""Products of matrices."""

from __future__ import annotations

import math

import numpy as np

from .contract import Array, Binary, Variadic


def rows(x: Array) -> Array:
    """All rows of all matrices of a batch, one below the other."""
    return x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


def matmul(x: Array, y: Array) -> Binary:
    """x @ y: rows of x times columns of y, and the same for every batch axis in front"""
    # A vector on the left is a matrix of one row, on the right a matrix of one column.
    row, column = x.ndim == 1, y.ndim == 1

    def as_matrices(g: Array) -> tuple[Array, Array, Array]:
        if row:
            g = np.expand_dims(g, -1 if column else -2)
        if column:
            g = np.expand_dims(g, -1)
        return (x[None, :] if row else x), (y[:, None] if column else y), g

    def dx(g: Array) -> Array:
        _, y, g = as_matrices(g)
        grad: Array = np.matmul(g, y.swapaxes(-1, -2))
        return grad[..., 0, :] if row else grad

    def dy(g: Array) -> Array:
        x, y, g = as_matrices(g)
        if y.ndim == 2 and x.ndim > 2:  # one matrix for the whole batch: one product for the whole batch
            x, g = rows(x), rows(g)
        grad: Array = np.matmul(x.swapaxes(-1, -2), g)
        return grad[..., 0] if column else grad

    return np.matmul(x, y), dx, dy


def linear(x: Array, weight: Array, *bias: Array) -> Variadic:
    """x Wᵀ + b, for inputs (..., in), W (out, in), b (out)"""
    # Fused to save two records and a copy per layer: of a small net's step about a fifth.
    out = np.matmul(x, weight.T)
    for b in bias:
        out += b

    return (
        out,
        lambda g: np.matmul(g, weight),
        lambda g: np.matmul(rows(g).T, rows(x)),
        *(lambda g: g.sum(axis=tuple(range(g.ndim - 1))) for _ in bias),
    )


def linear_twin(x: Array, weight: Array, *bias: Array) -> Array:
    """x Wᵀ + b from small ops."""
    out: Array = np.matmul(x, weight.T)
    for b in bias:
        out = out + b
    return out
