"""Samples from a distribution, as ops see them: numbers that were drawn elsewhere.

How a draw would have fallen out for another probability cannot be said. PyTorch takes its derivative to be 0, and
records it all the same. For a gradient that goes through a draw, compute it: mean + std * randn(...).
"""

from __future__ import annotations

from .contract import Array, Variadic
from .rounding import flat


def drawn(*parameters: Array, draws: Array, of: str) -> Variadic:
    """draws from a distribution with these parameters"""
    return (draws, *(flat for _ in parameters))
