"""The Bernoulli distribution: a biased coin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..grad_mode import enable_grad
from ..nn.functional import binary_cross_entropy_with_logits
from ..random import default_generator
from ..tensors import Tensor
from ..tensors.base import wrap
from .distribution import Distribution
from .parameters import broadcast_all, held_inside, one_of

__all__ = ["Bernoulli"]


class Bernoulli(Distribution):
    """1 with probability p, else 0.

    Args:
        probs: p, a number or tensor, from 0 to 1.
        logits: log(p / (1 - p)), a number or tensor. Give exactly one of the two.
        validate_args: False disables argument checks.

    Raises:
        ValueError: both or neither given, probs outside of 0 … 1, or nan.

    >>> _ = torch.manual_seed(0)
    >>> coin = torch.distributions.Bernoulli(torch.tensor([0.1, 0.5, 0.9]))
    >>> coin.sample()
    tensor([0., 0., 1.])
    >>> coin.log_prob(torch.tensor([1., 1., 1.])).exp()
    tensor([0.1000, 0.5000, 0.9000])
    """

    parameter_names = ("probs", "logits")

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        (given,) = broadcast_all(one_of(probs=probs, logits=logits))
        super().__init__(given.shape, validate_args=validate_args)
        if probs is not None:
            self.probs = given
            self.check_parameter("probs", (given >= 0) & (given <= 1), "lie between 0 and 1")
        else:
            self.logits = given
            self.check_parameter("logits", given == given, "be numbers")

    @cached_property
    def probs(self) -> Tensor:
        """The probability of 1."""
        with enable_grad():
            return self.logits.sigmoid()

    @cached_property
    def logits(self) -> Tensor:
        """log(p / (1 - p))"""
        with enable_grad():
            p = held_inside(self.probs)
            return p.log() - (-p).log1p()

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draws of shape sample_shape + batch_shape, 0 or 1, of the parameter's dtype."""
        return wrap(default_generator.bernoulli_of(np.broadcast_to(self.probs._array, self.shape_of(sample_shape))))

    def in_support(self, value: Tensor) -> Tensor:
        """0 or 1"""
        return (value == 0) | (value == 1)

    def log_prob(self, value: Tensor) -> Tensor:
        """log p where value is 1, log(1 - p) where it is 0"""
        self.check_value(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self) -> Tensor:
        """-p log p - (1 - p) log(1 - p)"""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    @property
    def mean(self) -> Tensor:
        """p"""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """1 if p > ½, 0 if p < ½, nan if both are equally likely."""
        mode = (self.probs >= 0.5).type_as(self.probs)
        return mode.masked_fill(self.probs == 0.5, float("nan"))

    @property
    def variance(self) -> Tensor:
        """p (1 - p)"""
        return self.probs * (1 - self.probs)
