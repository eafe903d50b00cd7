"""Conversion of data to arrays: from numbers, nested lists of numbers, and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import errors
from ..dtypes import from_numpy_dtype, int64, numpy_dtype, promote, scalar_dtype
from .base import TensorBase

_PLAIN = {float, int, bool}


def array_of(data: Any, dtype: Any = None) -> Any:
    """A new array of the given dtype, or of the dtype that PyTorch would infer.

    Args:
        data: a number, nested lists (or other sequences) of numbers, an array, or a tensor.
        dtype: None to infer int64 (integers), the default dtype (floats) or bool. NumPy scalars and
            0-d tensors take part with their own dtype.

    Raises:
        ValueError: lists of unequal length, lists of words, or an integer beyond int64.
        TypeError, RuntimeError: data that is not numeric.
    """
    if isinstance(data, TensorBase):
        return data._array.astype(numpy_dtype(dtype, data._array.dtype))
    if hasattr(data, "__array__"):
        array = admitted(np.asarray(data))
        return array.astype(numpy_dtype(dtype, array.dtype))
    natural = None
    if not _is_plain(data):
        kinds: list[np.dtype[Any]] = []
        data = _as_plain(data, kinds)
        natural = kinds[0] if kinds else None
        for kind in kinds:
            natural = promote(natural, kind)  # type: ignore[arg-type]
    try:
        array = np.array(data)
    except ValueError:
        raise errors.ragged(_lengths(data)) from None
    if array.dtype.kind not in "fib" and array.size:  # uint64 and objects: integers beyond int64
        array = _large(array, dtype)
    if natural is None:
        natural = scalar_dtype(array.dtype.type(0) if array.size else 0.0)
    return _checked(array, numpy_dtype(dtype, natural))


def admitted(array: Any) -> Any:
    """The array; raises if its dtype is not supported."""
    from_numpy_dtype(array.dtype)
    if not array.dtype.isnative:
        raise errors.foreign_byte_order(array.dtype)
    return array


def _is_plain(data: Any) -> bool:
    """Whether the lists contain only Python numbers."""
    if not isinstance(data, list | tuple):
        return type(data) in _PLAIN or isinstance(data, range)
    kinds = set(map(type, data))
    return kinds <= _PLAIN or (kinds <= {list, tuple, range} and all(map(_is_plain, data)))


def _as_plain(data: Any, kinds: list[np.dtype[Any]]) -> Any:
    """The same lists with Python numbers only; their dtypes are appended to kinds."""
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):  # a deque too
        if len(data) and isinstance(data[0], str):
            raise errors.not_words(data[0])
        return [_as_plain(x, kinds) for x in data]
    if isinstance(data, TensorBase) and data._array.size != 1:
        raise errors.not_tensors_of_one(data._array.shape, data._array.dtype.kind != "f")
    if isinstance(data, TensorBase):
        kinds.append(data._array.dtype)
        return data._array.item()
    if isinstance(data, np.ndarray | np.generic):
        kinds.append(from_numpy_dtype(data.dtype).dtype)
        return data.tolist()
    if not isinstance(data, int | float):
        raise errors.not_numbers(data)
    kinds.append(scalar_dtype(data))
    return data


def _large(array: Any, dtype: Any) -> Any:
    if numpy_dtype(dtype, int64.dtype).kind != "f":
        raise errors.whole_number_too_large(max(array.flat, key=abs))
    return array.astype(np.float64)


def _checked(array: Any, target: np.dtype[Any]) -> Any:
    """The array converted to another dtype; raises if a value is out of its range."""
    if target.kind in "iu" and array.size:
        limits = np.iinfo(target)
        low, high = array.min(), array.max()
        # Negative numbers wrap around in unsigned dtypes, as in PyTorch.
        if not (limits.min or -limits.max) <= low <= high <= limits.max:
            raise errors.number_does_not_fit(low if low < 0 else high, target)
    return array.astype(target)


def _lengths(data: Any) -> str:
    lengths = [len(x) if hasattr(x, "__len__") else "a number" for x in list(data)[:6]]
    return f"lengths {', '.join(map(str, lengths))}"
