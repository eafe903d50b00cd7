"""Helpers around a model: `utils.data` feeds it."""

from . import data

__all__ = ["data"]
