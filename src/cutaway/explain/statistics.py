"""What there is to say of an array whose numbers are too many to be shown."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

SHORT, MANY = 2048, 16  # arrays of up to so many numbers are measured so many at once

Row = tuple[float, float, float, float, int]  # minimum, maximum, mean, standard deviation, number of zeros

NONE: dict[str, Any] = {"min": None, "max": None, "mean": None, "std": None, "nan": 0, "inf": 0, "zeros": 0}


def statistics(arrays: list[Any]) -> list[dict[str, Any]]:
    """Of each array minimum, maximum, mean and standard deviation, and how many of its numbers are zero.

    Of an array with numbers that are not finite, those of the others. None of the arrays may be empty.
    """
    short = [x for x in arrays if x.size <= SHORT]
    of_short = (row for i in range(0, len(short), MANY) for row in _of_many(short[i : i + MANY]))
    with np.errstate(all="ignore"):
        found = [next(of_short) if x.size <= SHORT else _of_one(x) for x in arrays]
    return [
        {"min": low, "max": high, "mean": mean, "std": std, "nan": 0, "inf": 0, "zeros": zeros}
        if 1e-15 < std < math.inf or (low == high and math.isfinite(low))
        else _with_care(array)
        for (low, high, mean, std, zeros), array in zip(found, arrays, strict=True)
    ]


def _of_many(arrays: list[Any]) -> Iterable[Row]:
    """Of each of some arrays, which are laid end to end."""
    sizes = np.array([x.size for x in arrays])
    starts = np.cumsum(sizes) - sizes
    x = np.concatenate(arrays, axis=None, dtype=np.float64)
    low, high = np.minimum.reduceat(x, starts), np.maximum.reduceat(x, starts)
    zeros = np.add.reduceat(x == 0, starts, dtype=np.intp)
    mean = np.add.reduceat(x, starts) / sizes
    x -= np.repeat(mean, sizes)
    x *= x
    std = np.sqrt(np.add.reduceat(x, starts) / sizes)
    return zip(*(column.tolist() for column in (low, high, mean, std, zeros)), strict=True)


def _of_one(array: Any) -> Row:
    x = array.ravel()
    if x.dtype not in (np.float32, np.float64):
        x = x.astype(np.float64)
    low, high = float(np.minimum.reduce(x)), float(np.maximum.reduce(x))
    zeros = int(np.count_nonzero(x == 0))
    mean = float(np.add.reduce(x)) / x.size
    variance = float(np.dot(x, x)) / x.size - mean * mean
    if variance < mean * mean:  # a small difference of large numbers is not exact
        x = x - mean
        variance = float(np.dot(x, x)) / x.size
    return low, high, mean, math.sqrt(variance), zeros


def _with_care(array: Any) -> dict[str, Any]:
    """The same of an array some of whose numbers are not finite, or whose squares are too large or too small."""
    counts = {"nan": int(np.isnan(array).sum()), "inf": int(np.isinf(array).sum())}
    x = array[np.isfinite(array)].astype(np.float64)
    if not x.size:
        return {**NONE, **counts}
    scale = float(np.abs(x).max()) or 1.0
    low, high, mean, std, zeros = _of_one(x / scale)
    found = {"min": low * scale, "max": high * scale, "mean": mean * scale, "std": std * scale, "zeros": zeros}
    return {**found, **counts}
