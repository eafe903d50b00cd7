"""The uniform distribution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..random import default_generator
from ..tensors import Tensor
from ..tensors.base import wrap
from .distribution import Distribution
from .parameters import broadcast_all

__all__ = ["Uniform"]


class Uniform(Distribution):
    """The uniform distribution: density 1 / (high - low) from low to high, and 0 elsewhere.

    Args:
        low: the lower bound, inclusive; a number or tensor.
        high: the upper bound, exclusive; the two broadcast.
        validate_args: False disables argument checks.

    Raises:
        ValueError: low is not below high.

    >>> _ = torch.manual_seed(0)
    >>> uniform = torch.distributions.Uniform(0.0, torch.tensor([1.0, 10.0]))
    >>> uniform.sample()
    tensor([0.4963, 7.6822])
    >>> uniform.log_prob(torch.tensor(0.5))
    tensor([ 0.0000, -2.3026])
    """

    has_rsample = True
    parameter_names = ("low", "high")

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        self.check_parameter("low", self.low < self.high, "be less than high")

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """low + (high - low) · u, with u from 0 to 1: gradients flow to low and high."""
        u = default_generator.uniform(self.shape_of(sample_shape), self.low._array.dtype)
        return self.low + wrap(u) * (self.high - self.low)

    def in_support(self, value: Tensor) -> Tensor:
        """low ≤ x ≤ high"""
        return (value >= self.low) & (value <= self.high)

    def log_prob(self, value: Tensor) -> Tensor:
        """-log(high - low) where low ≤ x < high, else -∞"""
        self.check_value(value)
        inside = (self.low <= value) & (value < self.high)
        return inside.type_as(self.low).log() - (self.high - self.low).log()

    def cdf(self, value: Tensor) -> Tensor:
        """(x - low) / (high - low), clamped to [0, 1]"""
        self.check_value(value)
        return ((value - self.low) / (self.high - self.low)).clamp(0, 1)

    def icdf(self, value: Tensor) -> Tensor:
        """low + (high - low) · p"""
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        """log(high - low)"""
        return (self.high - self.low).log()

    @property
    def mean(self) -> Tensor:
        """(low + high) / 2"""
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        """nan: no draw is more likely than another."""
        return self.high * float("nan")

    @property
    def variance(self) -> Tensor:
        """(high - low)² / 12"""
        return (self.high - self.low) ** 2 / 12
