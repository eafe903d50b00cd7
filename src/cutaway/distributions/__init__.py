"""Probability distributions: sampling and log-probabilities.

The outputs of a model become the parameters of a distribution. `log_prob` is differentiable with respect to the
parameters, which policy gradients need; `rsample` draws samples that are themselves differentiable, which variational
autoencoders need. The same seed gives the same samples as in PyTorch.
"""

from typing import TYPE_CHECKING

from ..errors import absent
from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution
from .independent import Independent
from .kl import kl_divergence
from .mixture_same_family import MixtureSameFamily
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .uniform import Uniform

__all__ = [
    "Bernoulli", "Categorical", "Distribution", "Independent", "MixtureSameFamily", "MultivariateNormal", "Normal",
    "Uniform", "kl_divergence",
]  # fmt: skip

if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.distributions")
