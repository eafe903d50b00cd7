"""Independent coordinates as one event."""

from __future__ import annotations

from collections.abc import Sequence

from ..tensors import Tensor
from .distribution import Distribution

__all__ = ["Independent", "sum_rightmost"]


class Independent(Distribution):
    """A batch of distributions as the distribution of a vector with independent coordinates: log_prob is their sum.

    Args:
        base_distribution: the distribution of a coordinate.
        reinterpreted_batch_ndims: how many of the last dimensions of its batch_shape are coordinates.
        validate_args: False disables argument checks.

    Raises:
        ValueError: base_distribution has fewer batch dimensions.

    >>> action = torch.distributions.Independent(torch.distributions.Normal(torch.zeros(4, 2), 1.0), 1)
    >>> action.batch_shape, action.event_shape
    (torch.Size([4]), torch.Size([2]))
    >>> action.log_prob(torch.zeros(4, 2))
    tensor([-1.8379, -1.8379, -1.8379, -1.8379])
    """

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        batch, n = base_distribution.batch_shape, reinterpreted_batch_ndims
        if n > len(batch):
            raise ValueError(
                f"Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual {n} vs "
                f"{len(batch)}, the length of {tuple(batch)}"
            )
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = n
        self.has_rsample = base_distribution.has_rsample
        split = len(batch) - n
        super().__init__(batch[:split], batch[split:] + base_distribution.event_shape, validate_args)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draws of the base distribution, without gradient."""
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Reparameterized draws of the base distribution."""
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        """Σ log_prob of the coordinates"""
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Tensor:
        """Σ entropy of the coordinates"""
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    @property
    def mean(self) -> Tensor:
        """The means of the coordinates."""
        return self.base_dist.mean

    @property
    def mode(self) -> Tensor:
        """The modes of the coordinates."""
        return self.base_dist.mode

    @property
    def variance(self) -> Tensor:
        """The variances of the coordinates."""
        return self.base_dist.variance


def sum_rightmost(x: Tensor, n: int) -> Tensor:
    """The sum over the last n dimensions."""
    return x.sum(tuple(range(-n, 0))) if n else x
