"""Argument parsing for methods: tensors, shapes, and keywords under PyTorch's and NumPy's names."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from .. import errors
from ..ops.contract import Array
from .base import TensorBase

P = ParamSpec("P")
R = TypeVar("R")

NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim"}


def plain(x: Any) -> Any:
    """A tensor's array; a number or an array as it is."""
    return x._array if isinstance(x, TensorBase) else x


def tensor_argument(x: Any, name: str) -> Any:
    """x; raises if it is not a Tensor, as the method of this name requires."""
    if not isinstance(x, TensorBase):
        raise errors.not_a_tensor(name, x)
    return x


def number_of(x: Any) -> Any:
    """x as a Python number; as in PyTorch, a 0-d tensor and a NumPy scalar are valid too."""
    array = plain(x)
    value = array.item() if isinstance(array, np.generic) or (array is not x and array.ndim == 0) else x
    if not isinstance(value, int | float):
        raise errors.not_a_number(x)
    return value


def number_for(dtype: np.dtype[Any], value: Any, finite: bool = False) -> Any:
    """A number converted to a 0-d array of the given dtype; finite: one beyond float16 is an error, not infinity.

    Raises:
        TypeError: value is not a number.
        RuntimeError: the dtype cannot hold it.
    """
    value = number_of(value)
    if dtype.kind == "f":
        # As in PyTorch: overflow is an error in float32, and in float16 as a rule infinity.
        checked = dtype == np.float32 or (finite and dtype == np.float16)
        fits = not checked or not np.finfo(dtype).max < abs(value) < np.inf
    elif dtype.kind == "b":
        fits = True
    else:  # negative numbers wrap around in unsigned dtypes, as in PyTorch
        limits = np.iinfo(dtype)
        fits = np.isfinite(value) and (limits.min or -limits.max) <= int(value) <= limits.max
    if not fits:
        raise errors.number_does_not_fit(value, dtype)
    return np.asarray(value if dtype.kind == "f" else bool(value) if dtype.kind == "b" else int(value)).astype(dtype)


def whole(name: str, what: str, n: Any) -> int:
    """n as an integer; raises if it is not one."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise errors.not_an_integer(name, what, n)
    return int(n.__index__())


def count(name: str, what: str, n: Any) -> int:
    """n as a non-negative integer; raises if it is not one."""
    if whole(name, what, n) < 0:
        raise errors.negative_count(name, what, n)
    return int(n)


def as_counts(array: Array) -> Array:
    """Integers converted to intp, which has 32 bits in WebAssembly.

    Larger numbers are clipped to its maximum, for which memory does not suffice either.
    """
    return np.minimum(array, np.int64(np.iinfo(np.intp).max)).astype(np.intp)


def sizes(given: tuple[Any, ...], by_name: Any = None) -> tuple[int, ...]:
    """A shape, or dimensions, given as f(2, 3), f((2, 3)), f([2, 3]) or f(name=(2, 3))."""
    if by_name is not None:
        given = (*given, by_name)
    if len(given) == 1 and isinstance(given[0], tuple | list):
        given = tuple(given[0])
    elif not given:
        raise errors.not_a_shape(given)
    try:
        if given and isinstance(given[0], bool):  # f(True) is another argument by mistake
            raise TypeError
        return tuple([size.__index__() for size in given])
    except (AttributeError, TypeError):
        raise errors.not_a_shape(given) from None


def new_shape(name: str, given: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape of a new tensor; raises unless all sizes are non-negative integers."""
    shape = sizes(given)
    if any(n < 0 for n in shape):
        raise errors.negative_size(name, shape)
    return shape


def numpy_names(method: Callable[P, R]) -> Callable[P, R]:
    """Accept `axis` for `dim`, and `keepdims` for `keepdim`, as PyTorch does.

    The aliases are resolved only after a TypeError, so calls with the usual names have no overhead.
    """
    known = list(inspect.signature(method).parameters)

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except TypeError:
            unknown = [name for name in kwargs if name not in known]
            if not unknown:
                raise
        for name in unknown:
            ours = NUMPY_NAMES.get(name)
            if ours not in known or ours in kwargs:
                raise errors.unknown_keyword(method.__name__, name, [*known, *NUMPY_NAMES])
            kwargs[ours] = kwargs.pop(name)
        return method(*args, **kwargs)

    return call
