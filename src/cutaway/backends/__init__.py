"""What computes. In cutaway that is NumPy, whatever a lesson asks for."""

from typing import TYPE_CHECKING

from ..errors import absent
from . import cudnn, mps

__all__ = ["cudnn", "mps"]

if not TYPE_CHECKING:  # an editor is to find a wrong name by itself
    __getattr__ = absent("torch.backends")
