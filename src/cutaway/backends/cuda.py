"""The settings of NVIDIA GPUs, which lessons set for speed.

Here they have no effect: cutaway computes in full precision on the CPU.
"""

from types import SimpleNamespace

matmul = SimpleNamespace(allow_tf32=False)


def is_built() -> bool:
    """Always False: cutaway has no CUDA.

    >>> torch.backends.cuda.matmul.allow_tf32 = True
    >>> torch.backends.cuda.is_built()
    False
    """
    return False
