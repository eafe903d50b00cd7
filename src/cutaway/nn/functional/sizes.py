"""Helpers of convolution and pooling: arguments per axis, and images with or without a batch axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ...tensors import Tensor

__all__ = ["PerAxis", "batched", "per_axis", "whole_numbers"]

PerAxis: TypeAlias = int | Sequence[int]  # one number for all axes of an image, or one for each


def whole_numbers(function: object, name: str, value: PerAxis, axes: int, least: int) -> tuple[int, ...]:
    """An argument as one integer for each axis.

    Raises:
        RuntimeError: there are too few or too many, or one is less than `least`.
        TypeError: they are not integers.
    """
    given = per_axis(value, axes)
    if not all(hasattr(n, "__index__") and not isinstance(n, bool) for n in given):
        raise TypeError(f"{function}: {name} must be an integer or {axes} of them, not {value!r}")
    if len(given) == 1:
        given *= axes
    if len(given) != axes:
        raise RuntimeError(
            f"{function}: {name} must be one integer, or {axes}, one for each axis of the image; it is {value!r}"
        )
    if min(given) < least:
        raise RuntimeError(f"{function}: {name} must be {least} or more, but is {value!r}")
    return tuple(n.__index__() for n in given)


def per_axis(value: Any, axes: int) -> tuple[Any, ...]:
    """One number for each axis: a single number applies to all axes."""
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,) * axes


def batched(x: Tensor, axes: int, run: Callable[[Tensor], Tensor]) -> Tensor:
    """run(x), where x (C, *) is treated as a batch of one, and the result is returned without the batch axis."""
    return run(x.unsqueeze(0)).squeeze(0) if x.ndim == axes + 1 else run(x)
