"""Apple's GPU backend: cutaway does not use it, and reports that to lessons that check for it."""


def is_available() -> bool:
    """Always False: cutaway runs on the CPU.

    >>> torch.backends.mps.is_available()
    False
    """
    return False


def is_built() -> bool:
    """Always False."""
    return False
