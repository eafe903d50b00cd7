"""Settings of devices, determinism and GPU speed, which lessons call and which are no-ops here."""

from __future__ import annotations

from typing import Any

from .dtypes import check_device

__all__ = ["set_default_device", "set_float32_matmul_precision", "set_num_threads", "use_deterministic_algorithms"]


def set_default_device(device: Any) -> None:
    """No-op for "cpu" and None; any other device raises."""
    check_device(device)


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """No-op: results are always deterministic."""


def set_float32_matmul_precision(precision: str) -> None:
    """No-op: matrix products always use full precision, "highest"."""


def set_num_threads(num: int) -> None:
    """No-op: NumPy's BLAS reads its number of threads at startup, from OPENBLAS_NUM_THREADS."""
