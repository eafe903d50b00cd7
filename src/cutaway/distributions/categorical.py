"""The categorical distribution."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from ..creation import full
from ..dtypes import Size, finfo
from ..errors import describe
from ..grad_mode import enable_grad
from ..random import default_generator
from ..tensors import Tensor, broadcast_tensors
from ..tensors.base import wrap
from .distribution import Distribution
from .parameters import held_inside, one_of

__all__ = ["Categorical"]


class Categorical(Distribution):
    """A distribution over K categories, 0 to K - 1.

    Args:
        probs: (*, K), not negative; they are normalized to sum to 1.
        logits: (*, K), unnormalized log-probabilities, as returned by a classifier. Give exactly one of the two.
        validate_args: False disables argument checks.

    Raises:
        ValueError: both or neither given, without a dimension, negative probabilities or none above 0, nan.

    >>> _ = torch.manual_seed(0)
    >>> choice = torch.distributions.Categorical(torch.tensor([0.25, 0.25, 0.5]))
    >>> choice.sample((6,))
    tensor([2, 2, 1, 2, 2, 2])
    >>> choice.log_prob(torch.tensor([0, 2])).exp()
    tensor([0.2500, 0.5000])
    >>> choice.entropy()
    tensor(1.0397)
    """

    parameter_names = ("probs", "logits")

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        given = one_of(probs=probs, logits=logits)
        if not isinstance(given, Tensor):
            raise AttributeError(f"Categorical takes a Tensor of probabilities or logits, not {describe(given)}")
        if given.ndim == 0:
            raise ValueError(
                "`probs` or `logits` must be at least one-dimensional, one number for each category; this one is a "
                f"single number, {given.item()}"
            )
        super().__init__(given.shape[:-1], validate_args=validate_args)
        self._num_events = given.shape[-1]
        if probs is not None:
            self.probs = probs / probs.sum(-1, keepdim=True)
            wanted = "be non-negative, with a positive sum (scores are given by name, logits=scores)"
            self.check_parameter("probs", self.probs >= 0, wanted)
        else:
            self.logits = logits - logits.logsumexp(-1, keepdim=True)
            self.check_parameter("logits", self.logits == self.logits, "be numbers")

    @cached_property
    def probs(self) -> Tensor:
        """(*, K), the probabilities."""
        with enable_grad():
            # samples are drawn in memory order: row by row, even for logits that are a transposed view
            return self.logits.softmax(-1).contiguous()

    @cached_property
    def logits(self) -> Tensor:
        """(*, K), the log-probabilities."""
        with enable_grad():
            return held_inside(self.probs).log()

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """int64 draws of shape sample_shape + batch_shape, from 0 to K - 1."""
        shape = self.shape_of(sample_shape)
        rows = self.probs._array.reshape(-1, self._num_events)  # (N, K)
        draws = default_generator.multinomial(rows, Size(sample_shape).numel(), replacement=True)  # (N, S)
        return wrap(draws.T.reshape(shape))

    def in_support(self, value: Tensor) -> Tensor:
        """0, 1, …, K - 1"""
        return (value % 1 == 0) & (value >= 0) & (value < self._num_events)

    def log_prob(self, value: Tensor) -> Tensor:
        """log p of the category `value`"""
        self.check_value(value)
        chosen, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return logits.gather(-1, chosen[..., :1]).squeeze(-1)

    def entropy(self) -> Tensor:
        """-Σ p log p"""
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)  # 0 · log 0 is 0, and not 0 · -∞
        return -(logits * self.probs).sum(-1)

    @property
    def mean(self) -> Tensor:
        """nan: categories are labels without a mean."""
        return full(self.batch_shape, float("nan"), dtype=self.probs.dtype)

    @property
    def variance(self) -> Tensor:
        """nan, for the same reason."""
        return self.mean

    @property
    def mode(self) -> Tensor:
        """The most probable category."""
        return self.probs.argmax(-1)
