"""What it means that cutaway's answer is PyTorch's: same kind, same dtype, same shape, same numbers up to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import cutaway
from tests.parity.databases.libraries import array

# Relative and absolute, the absolute in units of the largest number expected (or of 1, if that is less).
TOLERANCE = {"float64": (1e-9, 1e-11), "float32": (2e-5, 2e-6), "float16": (2e-3, 1e-3)}


def differences(got: Any, want: Any, where: str = "", values: bool = True) -> list[str]:
    """What is different in cutaway's value, in words; nothing if it is the same.

    Args:
        got: cutaway's.
        want: PyTorch's.
        where: what the value is, for the words.
        values: whether there are values to compare, or only shapes and dtypes.
    """
    if isinstance(want, Exception):
        return _of_errors(got, want, where)
    if isinstance(got, Exception):
        return [f"{where}: cutaway raised {describe_error(got)}"]
    if isinstance(want, torch.Tensor):
        return _of_tensors(got, want, where, values)
    if isinstance(want, dict):
        if not isinstance(got, dict) or list(map(str, got)) != list(map(str, want)):
            return [f"{where}: {list(got) if isinstance(got, dict) else got!r} for keys {list(want)}"]
        return [text for key in want for text in differences(got[key], want[key], f"{where}[{key!r}]", values)]
    if isinstance(want, tuple | list):
        return _of_sequences(got, want, where, values)
    if isinstance(want, bool | int | str | None):
        return [] if type(got) is type(want) and got == want else [f"{where}: {got!r} instead of {want!r}"]
    if isinstance(want, float):
        same = isinstance(got, float) and np.allclose(got, want, rtol=1e-6, atol=1e-9, equal_nan=True)
        return [] if same else [f"{where}: {got!r} instead of {want!r}"]
    return [] if str(got) == str(want) else [f"{where}: {got!r} instead of {want!r}"]


def describe_error(error: BaseException) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first[:160]}"


def _of_errors(got: Any, want: Exception, where: str) -> list[str]:
    """The class counts, and a class below it is as good: what catches PyTorch's error catches this one."""
    expected = next(c for c in type(want).__mro__ if c.__module__ == "builtins")
    if isinstance(got, expected):
        return []
    instead = f"raised {describe_error(got)}" if isinstance(got, Exception) else f"returned {_short(got)}"
    return [f"{where}: PyTorch raises {describe_error(want)}; cutaway {instead}"]


def _short(x: Any) -> str:
    text = " ".join(repr(x).split())
    return text if len(text) < 100 else text[:97] + "..."


def _of_sequences(got: Any, want: Any, where: str, values: bool) -> list[str]:
    if not isinstance(got, tuple | list) or len(got) != len(want):
        return [f"{where}: {_short(got)} instead of {_short(want)}"]
    if isinstance(want, tuple) is not isinstance(got, tuple):
        return [f"{where}: a {type(got).__name__} instead of a {type(want).__name__}"]
    absent = [name for name in ("values", "indices") if hasattr(want, name) and not hasattr(got, name)]
    if absent:
        return [f"{where}: the result has no field {absent[0]!r}"]
    return [
        text
        for i, (a, b) in enumerate(zip(got, want, strict=True))
        for text in differences(a, b, f"{where}[{i}]", values)
    ]


def _of_tensors(got: Any, want: torch.Tensor, where: str, values: bool) -> list[str]:
    if not isinstance(got, cutaway.Tensor):
        return [f"{where}: a {type(got).__name__} ({_short(got)}) instead of a Tensor"]
    if str(got.dtype) != str(want.dtype):
        return [f"{where}: dtype {got.dtype} instead of {want.dtype}"]
    if tuple(got.shape) != tuple(want.shape):
        return [f"{where}: shape {tuple(got.shape)} instead of {tuple(want.shape)}"]
    if got.requires_grad != want.requires_grad:
        return [f"{where}: requires_grad={got.requires_grad} instead of {want.requires_grad}"]
    return _of_arrays(array(got), array(want), where) if values else []


def _of_arrays(got: np.ndarray[Any, Any], want: np.ndarray[Any, Any], where: str) -> list[str]:
    if want.dtype.kind != "f":
        wrong = got != want
    else:
        relative, absolute = TOLERANCE[str(want.dtype)]
        finite = np.abs(want[np.isfinite(want)])
        scale = max(1.0, float(finite.max())) if finite.size else 1.0
        wrong = ~np.isclose(got, want, rtol=relative, atol=absolute * scale, equal_nan=True)
    if not wrong.any():
        return []
    first = tuple(map(int, np.argwhere(wrong)[0]))
    place = f" at {first}" if first else ""
    return [f"{where}: {got[first]} instead of {want[first]}{place}, {int(wrong.sum())} of {wrong.size} differ"]


# --- differences that are rounding --------------------------------------------------------------------------------


def no_worse(got: Any, want: Any, truth: Any) -> bool:
    """Whether cutaway's float32 numbers are about as near to the float64 ones as PyTorch's are.

    Where a sum cancels, both libraries can be far from each other, and from the truth, by rounding alone.

    Args:
        got: cutaway's.
        want: PyTorch's.
        truth: PyTorch's in float64.
    """
    if isinstance(want, tuple | list):
        if not all(isinstance(x, tuple | list) and len(x) == len(want) for x in (got, truth)):
            return False
        return all(map(no_worse, got, want, truth))
    if not isinstance(want, torch.Tensor) or want.dtype is not torch.float32:
        return not differences(got, want)
    if not isinstance(got, cutaway.Tensor) or tuple(got.shape) != tuple(want.shape):
        return False
    exact = array(truth)
    with np.errstate(invalid="ignore"):
        ours, theirs = np.abs(array(got) - exact), np.abs(array(want) - exact)
    size = max(1.0, float(np.abs(exact).max(initial=0.0)))
    worst = float(theirs.max(initial=0.0))
    return bool(ours.max(initial=0.0) <= 4 * worst + 1e-6 * size and worst <= 1e-2 * size)
