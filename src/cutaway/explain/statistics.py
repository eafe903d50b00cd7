"""Statistics of arrays that are too large to be shown."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

SHORT, MANY = 2048, 16  # arrays of up to SHORT numbers are measured MANY at a time

Row = tuple[float, float, float, float, int]  # minimum, maximum, mean, standard deviation, number of zeros

NONE: dict[str, Any] = {"min": None, "max": None, "mean": None, "std": None, "nan": 0, "inf": 0, "zeros": 0}


def statistics(arrays: list[Any]) -> list[dict[str, Any]]:
    """Minimum, maximum, mean, standard deviation and number of zeros of each array.

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
    """The statistics of several arrays, computed on their concatenation."""
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
    if variance < mean * mean:  # the small difference of large numbers is inexact
        x = x - mean
        variance = float(np.dot(x, x)) / x.size
    return low, high, mean, math.sqrt(variance), zeros


def _with_care(array: Any) -> dict[str, Any]:
    """The statistics of an array with non-finite numbers, or whose squares overflow or underflow."""
    counts = {"nan": int(np.isnan(array).sum()), "inf": int(np.isinf(array).sum())}
    x = array[np.isfinite(array)].astype(np.float64)
    if not x.size:
        return {**NONE, **counts}
    scale = float(np.abs(x).max()) or 1.0
    low, high, mean, std, zeros = _of_one(x / scale)
    found = {"min": low * scale, "max": high * scale, "mean": mean * scale, "std": std * scale, "zeros": zeros}
    return {**found, **counts}
