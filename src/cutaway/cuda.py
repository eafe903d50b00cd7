"""torch.cuda: cutaway has no CUDA, and reports that to lessons that check for it."""

from typing import TYPE_CHECKING

from .errors import absent

__path__: list[str] = []  # so that `from torch.cuda.amp import autocast` gets an error that says what to use instead


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
    """No-op: there is no GPU generator. `cutaway.manual_seed` seeds the CPU generator."""


def manual_seed_all(seed: int) -> None:
    """No-op, as `manual_seed`."""


def synchronize(device: object = None) -> None:
    """No-op: all operations are synchronous."""


def empty_cache() -> None:
    """No-op: there is no GPU memory."""


if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.cuda")
