"""The multivariate normal distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from .. import linalg
from ..random import default_generator
from ..tensors import Tensor
from ..tensors.base import wrap
from .distribution import Distribution

__all__ = ["MultivariateNormal", "log_det_of_factor", "mahalanobis"]


class MultivariateNormal(Distribution):
    """The normal distribution of a vector: density exp(-(x - loc)ᵀ Σ⁻¹ (x - loc) / 2) / √det(2π Σ).

    Everything is computed from the Cholesky factor L of the covariance, Σ = L @ L.mT. Exactly one of the matrices is
    given; the batch dimensions of all broadcast.

    Args:
        loc: (*, N), the mean.
        covariance_matrix: (*, N, N), Σ, symmetric and positive definite.
        precision_matrix: (*, N, N), Σ⁻¹.
        scale_tril: (*, N, N), L, lower triangular with a positive diagonal.
        validate_args: False disables argument checks.

    Raises:
        ValueError: none or several matrices, too few dimensions, or a matrix that is not as described.

    >>> _ = torch.manual_seed(0)
    >>> normal = torch.distributions.MultivariateNormal(torch.zeros(2), torch.tensor([[2.0, 0.5], [0.5, 1.0]]))
    >>> normal.sample((3,)).shape
    torch.Size([3, 2])
    >>> normal.log_prob(torch.zeros(2))
    tensor(-2.1177)
    """

    has_rsample = True
    parameter_names = ("loc", "covariance_matrix", "precision_matrix", "scale_tril")

    def __init__(
        self, loc: Tensor, covariance_matrix: Tensor | None = None, precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None, validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        matrices = dict(zip(self.parameter_names[1:], (covariance_matrix, precision_matrix, scale_tril), strict=True))
        given = {name: matrix for name, matrix in matrices.items() if matrix is not None}
        if len(given) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified, and one must be; "
                f"given: {', '.join(given) or 'none'}"
            )
        ((name, matrix),) = given.items()
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional: the mean of each coordinate")
        if matrix.dim() < 2:
            raise ValueError(f"{name} must be at least two-dimensional, with optional leading batch dimensions")
        batch = np.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self.loc = loc.expand(*batch, loc.shape[-1])
        super().__init__(batch, loc.shape[-1:], validate_args)
        setattr(self, name, matrix.expand(*batch, *matrix.shape[-2:]))
        if name == "scale_tril":
            holds = (matrix == matrix.tril()).all() & (matrix.diagonal(dim1=-2, dim2=-1) > 0).all()
            self.check_parameter(name, holds, "be lower triangular, with a positive diagonal")
            self._factor = matrix
            return
        symmetric = matrix.isclose(matrix.mT, atol=1e-6).all()
        if self._validate_args and matrix.shape[-1] == matrix.shape[-2]:
            holds = symmetric & (linalg.eigvalsh(matrix.detach()) > 0).all()
            self.check_parameter(name, holds, "be symmetric and positive definite")
        covariance = matrix if name == "covariance_matrix" else linalg.inv(matrix)
        self._factor = linalg.cholesky(covariance)

    @cached_property
    def scale_tril(self) -> Tensor:
        """(*, N, N), the Cholesky factor L of the covariance."""
        return self._factor.expand(*self.batch_shape, *self.event_shape, *self.event_shape)

    @cached_property
    def covariance_matrix(self) -> Tensor:
        """(*, N, N), Σ = L @ L.mT"""
        return self.scale_tril @ self.scale_tril.mT

    @cached_property
    def precision_matrix(self) -> Tensor:
        """(*, N, N), Σ⁻¹"""
        return linalg.inv(self.covariance_matrix)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """loc + L @ z with a standard normal z: gradients flow to loc and the covariance."""
        z = wrap(default_generator.normal(self.shape_of(sample_shape), self.loc._array.dtype))
        return self.loc + (self._factor @ z.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """-((x - loc)ᵀ Σ⁻¹ (x - loc) + N log 2π) / 2 - log det L"""
        self.check_value(value)
        distance = mahalanobis(self._factor, value - self.loc)
        return -0.5 * (self.event_shape[0] * math.log(2 * math.pi) + distance) - log_det_of_factor(self._factor)

    def entropy(self) -> Tensor:
        """N (1 + log 2π) / 2 + log det L"""
        entropy = log_det_of_factor(self._factor) + 0.5 * self.event_shape[0] * (1 + math.log(2 * math.pi))
        return entropy.expand(self.batch_shape)

    @property
    def mean(self) -> Tensor:
        """loc"""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """loc"""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """(*, N), the diagonal of Σ"""
        return (self._factor**2).sum(-1).expand(self.loc.shape)


def mahalanobis(factor: Tensor, difference: Tensor) -> Tensor:
    """xᵀ (L Lᵀ)⁻¹ x = |L⁻¹ x|², for each x in the last dimension."""
    return (linalg.solve_triangular(factor, difference.unsqueeze(-1), upper=False) ** 2).sum((-2, -1))


def log_det_of_factor(factor: Tensor) -> Tensor:
    """log det L, the sum of the logarithms of its diagonal: half the logarithm of det Σ."""
    return factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
