"""There is no CUDA here; lessons ask first, and get that answer."""

from typing import TYPE_CHECKING

from .errors import absent

__path__: list[str] = []  # so that `from torch.cuda.amp import autocast` is told what is there instead


def is_available() -> bool:
    """Always False: cutaway runs on the CPU.

    >>> torch.cuda.is_available()
    False
    """
    return False


def device_count() -> int:
    """Always 0."""
    return 0


def manual_seed(seed: int) -> None:
    """Nothing: there is no generator of a GPU to seed. `cutaway.manual_seed` seeds the one there is."""


def manual_seed_all(seed: int) -> None:
    """Nothing, as `manual_seed`."""


def synchronize(device: object = None) -> None:
    """Nothing: whatever was computed is there when the call returns."""


def empty_cache() -> None:
    """Nothing: there is no memory of a GPU to give back."""


if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.cuda")
