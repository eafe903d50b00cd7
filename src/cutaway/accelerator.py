"""torch.accelerator, PyTorch's device-independent GPU interface: cutaway has no accelerator, and reports none."""

from typing import TYPE_CHECKING

from .dtypes import device
from .errors import absent


def is_available() -> bool:
    """Always False: cutaway runs on the CPU.

    >>> torch.accelerator.is_available()
    False
    """
    return False


def current_accelerator(check_available: bool = False) -> device | None:
    """Always None: there is no accelerator."""
    return None


def device_count() -> int:
    """Always 0."""
    return 0


if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.accelerator")
