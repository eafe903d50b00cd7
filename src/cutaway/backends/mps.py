"""Apple's GPU: not used here; lessons ask first, and get that answer."""


def is_available() -> bool:
    """Always False: cutaway runs on the CPU.

    >>> torch.backends.mps.is_available()
    False
    """
    return False


def is_built() -> bool:
    """Always False."""
    return False
