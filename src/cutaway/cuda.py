"""There is no CUDA here; lessons ask first, and get that answer."""


def is_available() -> bool:
    """Always False: cutaway runs on the CPU."""
    return False


def device_count() -> int:
    """Always 0."""
    return 0
