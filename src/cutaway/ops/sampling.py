"""The op that records samples drawn from a distribution.

A sample is not differentiable with respect to the parameters: PyTorch records it with a gradient of 0, and so does
cutaway. For a gradient through the sample, reparameterize: mean + std * randn(...).
"""

from __future__ import annotations

from .contract import Array, Variadic
from .rounding import flat


def drawn(*parameters: Array, draws: Array, of: str) -> Variadic:
    """samples of a distribution with these parameters"""
    return (draws, *(flat for _ in parameters))
