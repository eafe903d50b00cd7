"""The argument checks and warnings of the functions in this package."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import events
from ...dtypes import bool_
from ...errors import describe, how_to_get_a_tensor, warn
from ...ops.contract import Array
from ...tensors import Tensor

__all__ = [
    "all_within", "check_classes", "check_floating_point", "check_fractions", "check_reduction", "check_same_dtype",
    "check_tensors", "warn",
]  # fmt: skip


def check_tensors(function: str, **given: Any) -> None:
    """Raise TypeError if an argument is not a Tensor, and say how to convert it."""
    for name, value in given.items():
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{function} takes a Tensor as {name}, but got {describe(value)}: {how_to_get_a_tensor(value)}"
            )


def check_same_dtype(who: str, x: Tensor, weight: Tensor, error: type[Exception] = RuntimeError) -> None:
    """Raise if the dtypes of a layer's input and weights differ, and say which of them to convert."""
    if x._array.dtype is weight._array.dtype or x.dtype == weight.dtype:
        return
    how = f"convert the input, x.to({weight.dtype})"
    if x.is_floating_point():
        how += f", or the model, model.to({x.dtype})"
    elif x.dtype != bool_:
        how += "; convert indices to vectors first, with nn.Embedding or F.one_hot(x).float()"
    raise error(f"{who} was given an input of {x.dtype}, and its weights are {weight.dtype}: {how}")


def check_classes(function: str, input: Any, target: Any) -> None:
    """Raise TypeError if prediction or target is not a Tensor; notify the listeners of classification."""
    check_tensors(function, input=input, target=target)
    for listener in events.classification:
        listener(function, input, target)


def all_within(numbers: Array, count: int) -> bool:
    """Whether all of these integers, int32 or int64, are in 0 … count-1."""
    # One pass: read as unsigned, a negative number is a very large one.
    unsigned = numbers.view({4: np.uint32, 8: np.uint64}[numbers.itemsize])
    return not numbers.size or bool(unsigned.max() < count)


def check_fractions(**given: Tensor) -> None:
    """Raise RuntimeError if a Tensor holds integers."""
    for name, tensor in given.items():
        if not tensor.is_floating_point():
            raise RuntimeError(f"the {name} must be floating point, but is {tensor.dtype}: use {name}.float()")


def check_floating_point(function: str, x: Tensor) -> None:
    """Raise NotImplementedError, as PyTorch's kernels do, if x holds integers."""
    if not x.is_floating_point():
        raise NotImplementedError(
            f"{function} is not defined for {x.dtype}: it takes floating-point numbers, use x.float()"
        )


def check_reduction(reduction: str, *more: str) -> None:
    """Raise ValueError for an unknown reduction."""
    if reduction not in ("mean", "sum", "none") and reduction not in more:
        raise ValueError(f'reduction is "mean", "sum" or "none", not {reduction!r}')
