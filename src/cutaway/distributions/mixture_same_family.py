"""Mixtures of distributions of one class."""

from __future__ import annotations

from collections.abc import Sequence

from ..grad_mode import no_grad
from ..tensors import Tensor
from .categorical import Categorical
from .distribution import Distribution

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Distribution):
    """A mixture: a draw chooses a component, and then draws from it. Mixture density networks predict one.

    Args:
        mixture_distribution: the probabilities of the K components.
        component_distribution: the components: K is the last dimension of its batch_shape.
        validate_args: False disables argument checks.

    Raises:
        ValueError: mixture_distribution is no Categorical, or the two do not fit.

    >>> from cutaway.distributions import Categorical, MixtureSameFamily, Normal
    >>> mixture = MixtureSameFamily(Categorical(torch.ones(2)), Normal(torch.tensor([-1.0, 3.0]), 1.0))
    >>> mixture.mean
    tensor(1.)
    >>> mixture.log_prob(torch.tensor(3.0))
    tensor(-1.6118)
    """

    def __init__(
        self, mixture_distribution: Categorical, component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError("The mixture distribution needs to be an instance of torch.distributions.Categorical")
        batch, chosen_from = component_distribution.batch_shape, mixture_distribution.logits.shape
        if not batch or batch[-1] != chosen_from[-1] or chosen_from[:-1] not in ((), batch[:-1]):
            raise ValueError(
                f"`mixture_distribution` of {tuple(chosen_from)} probabilities is not compatible with "
                f"`component_distribution` of batch_shape {tuple(batch)}: the last dimension of both is the component"
            )
        self.mixture_distribution = mixture_distribution
        self.component_distribution = component_distribution
        super().__init__(batch[:-1], component_distribution.event_shape, validate_args)
        self._component_dim = -1 - len(self.event_shape)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Draws without gradient: of all components, of which one is chosen."""
        with no_grad():
            choice = self.mixture_distribution.sample(sample_shape)
            draws = self.component_distribution.sample(sample_shape)
            choice = choice.reshape(*choice.shape, *[1] * (1 + len(self.event_shape)))
            shape = [1 if dim == draws.ndim + self._component_dim else n for dim, n in enumerate(draws.shape)]
            return draws.gather(self._component_dim, choice.expand(shape)).squeeze(self._component_dim)

    def log_prob(self, x: Tensor) -> Tensor:
        """log Σ p_k density_k(x)"""
        self.check_value(x)
        each = self.component_distribution.log_prob(x.unsqueeze(self._component_dim))
        return (each + self.mixture_distribution.logits.log_softmax(-1)).logsumexp(-1)

    def cdf(self, x: Tensor) -> Tensor:
        """Σ p_k cdf_k(x)"""
        self.check_value(x)
        return (self.component_distribution.cdf(x.unsqueeze(-1)) * self.mixture_distribution.probs).sum(-1)

    @property
    def mean(self) -> Tensor:
        """Σ p_k mean_k"""
        return (self._probs() * self.component_distribution.mean).sum(self._component_dim)

    @property
    def variance(self) -> Tensor:
        """Σ p_k variance_k + Σ p_k (mean_k - mean)²"""
        within = (self._probs() * self.component_distribution.variance).sum(self._component_dim)
        apart = self.component_distribution.mean - self.mean.unsqueeze(self._component_dim)
        return within + (self._probs() * apart**2).sum(self._component_dim)

    def _probs(self) -> Tensor:
        """The probabilities, (*, K, 1, ..., 1), which broadcast with the draws of the components."""
        probs = self.mixture_distribution.probs
        return probs.reshape(*probs.shape, *[1] * len(self.event_shape))
