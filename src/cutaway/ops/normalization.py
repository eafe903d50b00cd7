"""Normalization ops: they standardize x to mean 0 and variance 1, then apply weight and bias.

    x̂ = (x - mean) / √(variance + eps),    out = x̂ · weight + bias

The ops differ in the axes of the statistics: `layer_norm` averages over the features of one sample,
`group_norm` over a group of channels of one sample, `batch_norm` over one channel of all samples;
`rms_norm` does not subtract the mean. eps avoids division by zero.

The gradient: x̂ is invariant to shifting and scaling all x of one mean and variance together, so the
components of g in these two directions are projected out:

    dx = (g - mean(g) - x̂ · mean(g · x̂)) / √(variance + eps)

Fused, because small ops save a dozen intermediates for backward, and this op one array, x̂. Sums of
products use `einsum`, which allocates no product and takes a third of the time. Layer norm of
(16, 64, 64), forward and backward: 0.34 ms, from small ops 0.9; batch norm of (32, 6, 28, 28): 0.6
and 1.5.

Source: Ioffe and Szegedy, "Batch Normalization", 2015; Ba et al., "Layer Normalization", 2016;
Wu and He, "Group Normalization", 2018; Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .contract import Array, Shape, Variadic, once


class Plan(NamedTuple):
    """The shapes to which x is reshaped for the statistics and for the weights, with their einsum subscripts."""

    averaged: Shape  # the shape of x for the statistics
    over: str  # ... and the subscripts of the reduction
    weighted: Shape  # the shape of x for weight and bias
    per: str  # ... and the subscripts that reduce to the weight's axis

    @classmethod
    def rows(cls, x: Array, ndim: int) -> Plan:
        """Statistics over the last ndim axes of each sample, with a weight per element of these axes."""
        shape = math.prod(x.shape[: x.ndim - ndim]), math.prod(x.shape[x.ndim - ndim :])
        return cls(shape, "nf->n", shape, "nf->f")

    @classmethod
    def groups(cls, x: Array, groups: int) -> Plan:
        """Statistics over each group of channels of each sample, with a weight per channel."""
        N, C, L = channels(x)
        return cls((N * groups, C // groups * L), "nf->n", (N, C, L), "ncl->c")

    @classmethod
    def batch(cls, x: Array) -> Plan:
        """Statistics over each channel of all samples, with a weight per channel."""
        shape = channels(x)
        return cls(shape, "ncl->c", shape, "ncl->c")


def channels(x: Array) -> tuple[int, int, int]:
    """The shape (N, C, L), for x (N, C, *)."""
    return x.shape[0], x.shape[1], math.prod(x.shape[2:])


def per_channel(x: Array) -> Shape:
    """The shape in which one number per channel broadcasts against x (N, C, *)."""
    return (x.shape[1], *(1,) * (x.ndim - 2))


def layer_norm(x: Array, *weight_and_bias: Array, ndim: int = 1, eps: float = 1e-5) -> Variadic:
    """(x - mean) / √(var + eps) · weight + bias; mean and var of the last ndim axes

    In the gradients, xhat is (x - mean) / √(var + eps), and inverse is 1 / √(var + eps).
    """
    return _normalize(x, weight_and_bias, Plan.rows(x, ndim), eps)


def rms_norm(x: Array, *weight: Array, ndim: int = 1, eps: float = 1e-5) -> Variadic:
    """x / √(mean(x²) + eps) · weight; the mean over the last ndim axes

    In the gradients, xhat is x / √(mean(x²) + eps), and inverse is 1 / √(mean(x²) + eps).
    """
    return _normalize(x, weight, Plan.rows(x, ndim), eps, centre=False)


def group_norm(x: Array, *weight_and_bias: Array, groups: int, eps: float = 1e-5) -> Variadic:
    """(x - mean) / √(var + eps) · weight + bias; mean and var of each group of channels of each sample

    In the gradients, xhat is (x - mean) / √(var + eps), and inverse is 1 / √(var + eps).
    """
    return _normalize(x, weight_and_bias, Plan.groups(x, groups), eps)


def batch_norm(
    x: Array, *weight_and_bias: Array, mean: Array | None = None, var: Array | None = None, eps: float = 1e-5
) -> Variadic:
    """(x - mean) / √(var + eps) · weight + bias; mean and var of each channel of the batch, or those given

    In the gradients, xhat is (x - mean) / √(var + eps), and inverse is 1 / √(var + eps).
    """
    if mean is None or var is None:
        return _normalize(x, weight_and_bias, Plan.batch(x), eps)
    lie, axes = per_channel(x), (0, *range(2, x.ndim))
    inverse, mean = 1 / np.sqrt(var + eps), mean.reshape(lie)
    scale = (inverse * weight_and_bias[0] if weight_and_bias else inverse).reshape(lie)
    out = x * scale
    out += weight_and_bias[1].reshape(lie) - mean * scale if len(weight_and_bias) > 1 else -mean * scale
    return (
        out,
        lambda g: g * scale,
        *(lambda g: (g * (x - mean)).sum(axis=axes) * inverse, lambda g: g.sum(axis=axes))[: len(weight_and_bias)],
    )


def moments(x: Array) -> tuple[Array, Array]:
    """The mean and the biased variance of each channel of x (N, C, *)."""
    x = x.reshape(channels(x))
    count = x.shape[0] * x.shape[2]
    mean = summed("ncl->c", x) / count
    away = x - mean[:, None]
    return mean, summed("ncl->c", away, away) / count


def _normalize(x: Array, affine: tuple[Array, ...], plan: Plan, eps: float, centre: bool = True) -> Variadic:
    """The implementation that these ops share."""
    whole = x.shape
    shape, lie = _beside(plan.averaged, plan.over), _beside(plan.weighted, plan.per)
    count = x.size // math.prod(shape) if x.size else 1
    x = x.reshape(plan.averaged)
    away = x - (summed(plan.over, x) / count).reshape(shape) if centre else x
    inverse = 1 / np.sqrt((summed(plan.over, away, away) / count).reshape(shape) + eps)
    xhat = np.multiply(away, inverse, out=away if centre else None)

    out = xhat.reshape(plan.weighted) * affine[0].reshape(lie) if affine else np.copy(xhat)
    if len(affine) > 1:
        out += affine[1].reshape(lie)

    @once
    def totals(g: Array) -> tuple[Array, Array]:
        """Σ g · xhat and Σ g for each weight: the gradients of weight and bias."""
        g = g.reshape(plan.weighted)
        return summed(plan.per, g, xhat.reshape(plan.weighted)), summed(plan.per, g)

    def dx(g: Array) -> Array:
        """inverse · (h - mean(h) - xhat · mean(h · xhat)), for h = g · weight; in rms_norm without mean(h)"""
        if plan.over == plan.per:  # one weight per mean, so it factors out, and `totals` has the sums
            (stretch, shift), g = totals(g), g.reshape(plan.averaged)
            factor = inverse * affine[0].reshape(lie) if affine else inverse
        else:
            g = g.reshape(plan.weighted) * affine[0].reshape(lie) if affine else g
            g, factor = g.reshape(plan.averaged), inverse
            stretch, shift = summed(plan.over, g, xhat), summed(plan.over, g)
        grad: Array = xhat * (stretch / -count).reshape(shape)
        grad += g
        if centre:
            grad -= (shift / count).reshape(shape)
        grad *= factor
        return grad.reshape(whole)

    dparams = [lambda g, i=i: totals(g)[i].reshape(affine[0].shape).copy() for i in range(len(affine))]
    return out.reshape(whole), dx, *dparams


def summed(over: str, *factors: Array) -> Array:
    """The sum of a product; `over` holds einsum subscripts, such as "ncl->c"."""
    axes, _, kept = over.partition("->")
    total: Array = np.einsum(",".join([axes] * len(factors)) + "->" + kept, *factors)
    return total


def _beside(shape: Shape, over: str) -> Shape:
    """The shape with which a reduced array broadcasts against x: length 1 along the summed axes."""
    axes, _, kept = over.partition("->")
    return tuple(n if axis in kept else 1 for axis, n in zip(axes, shape))


# --- twins from small ops -----------------------------------------------------------------------------


def layer_norm_twin(x: Array, *weight_and_bias: Array, ndim: int = 1, eps: float = 1e-5) -> Array:
    """layer_norm from small ops."""
    axes = tuple(range(-ndim, 0))
    away = x - x.mean(axis=axes, keepdims=True)
    var = (away * away).mean(axis=axes, keepdims=True)
    return apply_affine(away / np.sqrt(var + eps), weight_and_bias)


def rms_norm_twin(x: Array, *weight: Array, ndim: int = 1, eps: float = 1e-5) -> Array:
    """rms_norm from small ops."""
    square = (x * x).mean(axis=tuple(range(-ndim, 0)), keepdims=True)
    return apply_affine(x / np.sqrt(square + eps), weight)


def group_norm_twin(x: Array, *weight_and_bias: Array, groups: int, eps: float = 1e-5) -> Array:
    """group_norm from small ops."""
    N, C, L = channels(x)
    apart = x.reshape((N, groups, C // groups * L))
    away = apart - apart.mean(axis=2, keepdims=True)
    var = (away * away).mean(axis=2, keepdims=True)
    xhat = (away / np.sqrt(var + eps)).reshape(x.shape)
    return apply_affine(xhat, [p.reshape(per_channel(x)) for p in weight_and_bias])


def batch_norm_twin(
    x: Array, *weight_and_bias: Array, mean: Array | None = None, var: Array | None = None, eps: float = 1e-5
) -> Array:
    """batch_norm from small ops."""
    lie = per_channel(x)  # (C, 1, 1) for images
    if mean is None or var is None:
        axes = (0, *range(2, x.ndim))  # all but that of the channels
        mean = x.mean(axis=axes)
        var = ((x - mean.reshape(lie)) ** 2).mean(axis=axes)
    xhat = (x - mean.reshape(lie)) / np.sqrt(var.reshape(lie) + eps)
    return apply_affine(xhat, [p.reshape(lie) for p in weight_and_bias])


def apply_affine(xhat: Array, weight_and_bias: Sequence[Array]) -> Array:
    """x̂ · weight + bias, as far as they are given."""
    for i, p in enumerate(weight_and_bias):
        xhat = xhat + p if i else xhat * p
    return xhat
