"""Distribution: the base class of all distributions.

One object holds a batch of distributions: `Normal(torch.zeros(3), 1.0)` holds three. The broadcast shape of the
parameters is the `batch_shape`. A draw from one of them has shape `event_shape`, which is () if it is a number.
So `sample((5,))` has shape (5,) + batch_shape + event_shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dtypes import Size
from ..errors import describe
from ..grad_mode import no_grad
from ..tensors import Tensor

__all__ = ["Distribution"]


class Distribution:
    """Base class of distributions.

    Args:
        batch_shape: the shape of the parameters.
        event_shape: the shape of one draw.
        validate_args: False disables the checks of parameters, and of values passed to log_prob.
    """

    has_rsample = False
    parameter_names: tuple[str, ...] = ()

    def __init__(
        self, batch_shape: Sequence[int] = (), event_shape: Sequence[int] = (), validate_args: bool | None = None
    ) -> None:
        self._batch_shape = Size(batch_shape)
        self._event_shape = Size(event_shape)
        self._validate_args = validate_args is not False

    @property
    def batch_shape(self) -> Size:
        """The shape of the parameters."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one draw; () if it is a number."""
        return self._event_shape

    # -- drawing ---------------------------------------------------------------------------------------------

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draws of shape sample_shape + batch_shape + event_shape, without gradient."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Reparameterized draws, through which gradients flow to the parameters.

        Raises:
            NotImplementedError: the distribution is discrete, so draws are not differentiable.
        """
        name = type(self).__name__
        raise NotImplementedError(
            f"{name} has no rsample: its draws are not differentiable in its parameters. Use sample(), and log_prob() "
            "of the draw, which has a gradient, in the loss"
        )

    # -- probabilities ---------------------------------------------------------------------------------------

    def log_prob(self, value: Tensor) -> Tensor:
        """The logarithm of the probability, or of its density, at value.

        Args:
            value: its shape broadcasts with batch_shape + event_shape.

        Raises:
            ValueError: value is not a tensor, does not broadcast, or has elements outside of the support.
        """
        raise self._missing("log_prob")

    def cdf(self, value: Tensor) -> Tensor:
        """The probability of a draw of value or less."""
        raise self._missing("cdf")

    def icdf(self, value: Tensor) -> Tensor:
        """The inverse of cdf, the quantile function."""
        raise self._missing("icdf")

    def entropy(self) -> Tensor:
        """-E[log_prob(draw)], in nats."""
        raise self._missing("entropy")

    def perplexity(self) -> Tensor:
        """e^entropy: the number of equally likely outcomes with the same entropy."""
        return self.entropy().exp()

    @property
    def mean(self) -> Tensor:
        """The mean of the draws."""
        raise self._missing("mean")

    @property
    def mode(self) -> Tensor:
        """The most likely draw."""
        raise self._missing("mode")

    @property
    def variance(self) -> Tensor:
        """The variance of the draws."""
        raise self._missing("variance")

    @property
    def stddev(self) -> Tensor:
        """The standard deviation of the draws."""
        return self.variance.sqrt()

    def __repr__(self) -> str:
        known = {name: self.__dict__[name] for name in self.parameter_names if name in self.__dict__}
        shown = [f"{name}: {value if value.numel() == 1 else value.shape}" for name, value in known.items()]
        return f"{type(self).__name__}({', '.join(shown)})"

    # -- for subclasses --------------------------------------------------------------------------------------

    def in_support(self, value: Tensor) -> Tensor:
        """Where value is in the support; by default, everything except nan."""
        return value == value

    def shape_of(self, sample_shape: Sequence[int]) -> Size:
        """The shape of draws."""
        if not isinstance(sample_shape, Sequence):
            raise TypeError(
                f"sample_shape is a shape, and {describe(sample_shape)} is not iterable: write sample((n,)) for n draws"
            )
        return Size(sample_shape) + self.batch_shape + self.event_shape

    def check_parameter(self, name: str, holds: Tensor, constraint: str) -> None:
        """Raise ValueError if a parameter does not satisfy its constraint everywhere."""
        if self._validate_args and not holds.all():
            value = getattr(self, name)
            raise ValueError(
                f"Expected parameter {name} (Tensor of shape {tuple(value.shape)}) of distribution {self} to "
                f"{constraint}, but found invalid values:\n{value}"
            )

    def check_value(self, value: Any) -> None:
        """Raise ValueError for a value outside of the support."""
        if not self._validate_args:
            return
        if not isinstance(value, Tensor):
            raise ValueError(
                f"The value argument to log_prob must be a Tensor, not {describe(value)}: torch.tensor(...)"
            )
        shape, event = self.batch_shape + self.event_shape, self.event_shape
        if value.shape[len(value.shape) - len(event) :] != event:
            raise ValueError(
                f"The right-most size of value must match event_shape: {tuple(value.shape)} vs {tuple(event)}"
            )
        try:
            np.broadcast_shapes(value.shape, shape)
        except ValueError:
            raise ValueError(
                f"Value is not broadcastable with batch_shape+event_shape: {tuple(value.shape)} vs {tuple(shape)}"
            ) from None
        if not self.in_support(value).all():
            raise ValueError(
                f"Expected value argument (Tensor of shape {tuple(value.shape)}) to be in the support of {self}, "
                f"but found invalid values:\n{value}"
            )

    def _missing(self, method: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} has no {method}")
