"""Probability distributions: draw from them, and ask how likely a draw was.

A model's outputs become the parameters of a distribution. `sample` draws, `log_prob` is differentiable in the
parameters, and that is what policy gradients need; `rsample` draws so that the draw itself is differentiable, which is
what variational autoencoders need. The same seed gives the same draws as in PyTorch.
"""

from typing import TYPE_CHECKING

from ..errors import absent
from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution
from .normal import Normal
from .uniform import Uniform

__all__ = ["Bernoulli", "Categorical", "Distribution", "Normal", "Uniform"]

if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.distributions")
