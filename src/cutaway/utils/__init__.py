"""Utilities: `utils.data` loads training data."""

from typing import TYPE_CHECKING

from ..errors import absent
from . import data

__all__ = ["data"]

if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.utils")
