"""Helpers around a model: `utils.data` feeds it."""

from typing import TYPE_CHECKING

from ..errors import absent
from . import data

__all__ = ["data"]

if not TYPE_CHECKING:  # an editor is to find a wrong name by itself
    __getattr__ = absent("torch.utils")
