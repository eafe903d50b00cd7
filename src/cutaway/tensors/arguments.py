"""How methods read their arguments: tensors, shapes, and keywords under PyTorch's and NumPy's names."""

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
    """x, which has to be a Tensor, as the method of this name needs it."""
    if not isinstance(x, TensorBase):
        raise errors.not_a_tensor(name, x)
    return x


def number_of(x: Any) -> Any:
    """A number; PyTorch takes a tensor that has no dimensions for one, and a scalar of NumPy's."""
    array = plain(x)
    value = array.item() if isinstance(array, np.generic) or (array is not x and array.ndim == 0) else x
    if not isinstance(value, int | float):
        raise errors.not_a_number(x)
    return value


def number_for(dtype: np.dtype[Any], value: Any) -> Any:
    """A number, as a 0-d array of the dtype of the tensor that is to hold it.

    Raises:
        TypeError: value is not a number.
        RuntimeError: the dtype cannot hold it.
    """
    value = number_of(value)
    if dtype.kind == "f":
        # As PyTorch: too large for float32 is an error, for float16 it is infinite.
        fits = dtype != np.float32 or not np.finfo(dtype).max < abs(value) < np.inf
    elif dtype.kind == "b":
        fits = True
    else:  # a negative number becomes one near an unsigned dtype's top, as in PyTorch
        limits = np.iinfo(dtype)
        fits = np.isfinite(value) and (limits.min or -limits.max) <= int(value) <= limits.max
    if not fits:
        raise errors.number_does_not_fit(value, dtype)
    return np.asarray(value if dtype.kind == "f" else bool(value) if dtype.kind == "b" else int(value)).astype(dtype)


def whole(name: str, what: str, n: Any) -> int:
    """A whole number."""
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise errors.not_an_integer(name, what, n)
    return int(n.__index__())


def count(name: str, what: str, n: Any) -> int:
    """A whole number of 0 or more."""
    if whole(name, what, n) < 0:
        raise errors.negative_count(name, what, n)
    return int(n)


def as_counts(array: Array) -> Array:
    """Whole numbers in the type in which NumPy counts, which has 32 bits in WebAssembly.

    A number that is too large for it becomes its largest, for which no memory is enough either.
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
        if given and isinstance(given[0], bool):  # f(True) is meant for another argument
            raise TypeError
        return tuple([size.__index__() for size in given])
    except (AttributeError, TypeError):
        raise errors.not_a_shape(given) from None


def new_shape(name: str, given: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape of a tensor to be made: its lengths are whole numbers of 0 or more."""
    shape = sizes(given)
    if any(n < 0 for n in shape):
        raise errors.negative_size(name, shape)
    return shape


def numpy_names(method: Callable[P, R]) -> Callable[P, R]:
    """Let a method take `axis` for `dim`, and `keepdims` for `keepdim`, as PyTorch's do.

    Python itself finds out that a keyword is unknown, so calls with the usual ones lose no time.
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
