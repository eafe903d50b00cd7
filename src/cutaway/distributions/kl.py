"""The Kullback-Leibler divergence, in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import linalg
from ..nn.functional import softplus
from ..tensors import Tensor
from .bernoulli import Bernoulli
from .categorical import Categorical
from .distribution import Distribution
from .independent import Independent, sum_rightmost
from .multivariate_normal import MultivariateNormal, log_det_of_factor, mahalanobis
from .normal import Normal
from .uniform import Uniform

__all__ = ["kl_divergence"]


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """KL(p‖q) = E[log p(x) - log q(x)] over draws x of p: 0 if the two are the same, and above 0 otherwise.

    Args:
        p: a distribution.
        q: one of the same class; the two batch shapes broadcast.

    Raises:
        NotImplementedError: there is no formula for these two here.

    >>> from cutaway.distributions import Normal, kl_divergence
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    if type(p) is not type(q) or type(p) not in _FORMULAS:
        raise NotImplementedError(
            f"kl_divergence of {type(p).__name__} and {type(q).__name__} is not there: average p.log_prob(x) - "
            "q.log_prob(x) over draws x = p.rsample((n,)), or p.sample((n,))"
        )
    return _FORMULAS[type(p)](p, q)


def _normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log())


def _uniform(p: Uniform, q: Uniform) -> Tensor:
    ratio = (q.high - q.low) / (p.high - p.low)
    return ratio.log().masked_fill((q.low > p.low) | (q.high < p.high), math.inf)


def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    zero = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    one = one.masked_fill(q.probs == 0, math.inf).masked_fill(p.probs == 0, 0)
    return one + zero.masked_fill(q.probs == 1, math.inf).masked_fill(p.probs == 1, 0)


def _categorical(p: Categorical, q: Categorical) -> Tensor:
    each = p.probs * (p.logits - q.logits)
    return each.masked_fill(q.probs == 0, math.inf).masked_fill(p.probs == 0, 0).sum(-1)


def _multivariate_normal(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Multivariate Normals with different event shapes cannot be computed: "
            f"{tuple(p.event_shape)} and {tuple(q.event_shape)}"
        )
    larger = log_det_of_factor(q._factor) - log_det_of_factor(p._factor)
    wider = (linalg.solve_triangular(q._factor, p._factor, upper=False) ** 2).sum((-2, -1))  # tr(Σq⁻¹ Σp)
    return larger + 0.5 * (wider + mahalanobis(q._factor, q.loc - p.loc) - p.event_shape[0])


def _independent(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("kl_divergence: reinterpreted_batch_ndims of the two Independents must be equal")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


_FORMULAS: dict[type[Any], Callable[[Any, Any], Tensor]] = {
    Normal: _normal, Uniform: _uniform, Bernoulli: _bernoulli, Categorical: _categorical,
    MultivariateNormal: _multivariate_normal, Independent: _independent,
}  # fmt: skip
