"""The normal distribution, and the inverse of its cdf."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from ..autograd import differentiable
from ..ops.contract import Array, Unary
from ..random import default_generator
from ..tensors import Tensor
from ..tensors.base import wrap
from .distribution import Distribution
from .parameters import broadcast_all

__all__ = ["Normal"]


class Normal(Distribution):
    """The normal distribution: density exp(-(x - loc)² / 2 scale²) / (scale √2π).

    Args:
        loc: the mean, a number or tensor.
        scale: the standard deviation, above 0; the two broadcast.
        validate_args: False disables argument checks.

    Raises:
        ValueError: scale is not above 0, or a parameter is nan.

    >>> _ = torch.manual_seed(0)
    >>> normal = torch.distributions.Normal(torch.tensor([0.0, 10.0]), 1.0)
    >>> normal.sample((3,)).shape
    torch.Size([3, 2])
    >>> normal.log_prob(torch.tensor([0.0, 9.0]))
    tensor([-0.9189, -1.4189])
    >>> normal.cdf(torch.tensor([1.96, 10.0]))
    tensor([0.9750, 0.5000])
    """

    has_rsample = True
    parameter_names = ("loc", "scale")

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)
        self.check_parameter("loc", self.loc == self.loc, "be numbers")
        self.check_parameter("scale", self.scale > 0, "be greater than 0")

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draws of shape sample_shape + batch_shape, without gradient."""
        shape = self.shape_of(sample_shape)
        return wrap(default_generator.normal_of(np.broadcast_to(self.loc._array, shape), self.scale._array))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """loc + scale · z with a standard normal z: gradients flow to loc and scale.

        Source: Kingma and Welling, "Auto-Encoding Variational Bayes", 2014.
        """
        z = default_generator.normal(self.shape_of(sample_shape), self.loc._array.dtype)
        return self.loc + wrap(z) * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        """-(x - loc)² / 2 scale² - log(scale √2π)"""
        self.check_value(value)
        return -((value - self.loc) ** 2) / (2 * self.scale**2) - self.scale.log() - math.log(math.sqrt(2 * math.pi))

    def cdf(self, value: Tensor) -> Tensor:
        """(1 + erf((x - loc) / (scale √2))) / 2"""
        self.check_value(value)
        return 0.5 * (1 + ((value - self.loc) / self.scale / math.sqrt(2)).erf())

    def icdf(self, value: Tensor) -> Tensor:
        """loc + scale · z, with z the quantile of the standard normal distribution; nan outside 0 … 1."""
        return self.loc + self.scale * standard_quantile(value)

    def entropy(self) -> Tensor:
        """½ + ½ log 2π + log scale"""
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()

    @property
    def mean(self) -> Tensor:
        """loc"""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """loc"""
        return self.loc

    @property
    def stddev(self) -> Tensor:
        """scale"""
        return self.scale

    @property
    def variance(self) -> Tensor:
        """scale²"""
        return self.scale**2


@differentiable
def standard_quantile(p: Array) -> Unary:
    """z with P(Z ≤ z) = p, for a standard normal Z"""
    z = np.asarray(np.frompyfunc(_quantile, 1, 1)(p), dtype=p.dtype)
    return z, lambda g: g * math.sqrt(2 * math.pi) * np.exp(z * z / 2)  # 1 / density(z)


def _quantile(p: float) -> float:
    if 0 < p < 1:
        return NormalDist().inv_cdf(p)
    return {0.0: -math.inf, 1.0: math.inf}.get(p, math.nan)
