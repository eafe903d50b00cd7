"""Helpers of convolution and pooling: arguments per axis, and images with or without a batch axis."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ...errors import describe
from ...tensors import Tensor

__all__ = ["PerAxis", "batched", "check_sizes", "per_axis", "whole_numbers"]

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


def check_sizes(layer: str, **given: Any) -> None:
    """Raise TypeError if a size of a layer is not an integer, and say what to write instead."""
    for name, value in given.items():
        try:
            operator.index(value)
        except TypeError:
            how = ""
            if isinstance(value, float):
                how = "; divide sizes with //"
            elif isinstance(value, Tensor):
                how = f"; the layer is created with sizes, layer = nn.{layer}(...), and then called with data, layer(x)"
            elif isinstance(value, tuple):
                how = "; select one, such as x.shape[-1]"
            elif isinstance(value, list | dict):
                how = "; write len(...) for their number"
            raise TypeError(f"nn.{layer}: {name} must be an integer, not {describe(value)}{how}") from None


def per_axis(value: Any, axes: int) -> tuple[Any, ...]:
    """One number for each axis: a single number applies to all axes."""
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else (value,) * axes


def batched(x: Tensor, axes: int, run: Callable[[Tensor], Tensor]) -> Tensor:
    """run(x), where x (C, *) is treated as a batch of one, and the result is returned without the batch axis."""
    return run(x.unsqueeze(0)).squeeze(0) if x.ndim == axes + 1 else run(x)
