"""The flags of NVIDIA's library, which lessons set for reproducible results.

Results here are reproducible anyway: the flags have no effect.
"""

enabled = False
benchmark = False
deterministic = True
allow_tf32 = False


def is_available() -> bool:
    """Always False: cutaway runs on the CPU."""
    return False
