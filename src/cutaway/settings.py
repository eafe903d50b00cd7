"""Settings that lessons make, for repeatable results or for speed on a GPU, and that change nothing here."""

from __future__ import annotations

__all__ = ["set_float32_matmul_precision", "set_num_threads", "use_deterministic_algorithms"]


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Nothing: every run gives the same results anyway."""


def set_float32_matmul_precision(precision: str) -> None:
    """Nothing: products of matrices are always computed in full precision, "highest"."""


def set_num_threads(num: int) -> None:
    """Nothing: NumPy's linear algebra asks for its threads at the start, in OPENBLAS_NUM_THREADS."""
