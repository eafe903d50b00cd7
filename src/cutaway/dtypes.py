"""Data types and type promotion.

The names and printed forms are PyTorch's (`float32` prints as `torch.float32`), since lessons print
them. NumPy accepts a cutaway `dtype` wherever it accepts its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, SupportsIndex, overload

import numpy as np


class Printed(type):
    """A metaclass with PyTorch's repr: `type(x)` prints as <class 'torch.Tensor'>."""

    def __repr__(cls) -> str:
        package, _, home = cls.__module__.partition(".")
        if package != "cutaway":  # a user's subclass
            return super().__repr__()
        where = "torch" if home in ("dtypes", "tensors.tensor") else f"torch.{home}"
        return f"<class '{where}.{cls.__name__}'>"


class dtype(metaclass=Printed):
    """A data type, such as `cutaway.float32`.

    >>> cutaway.float32, cutaway.float32.itemsize, cutaway.int64.is_floating_point
    (torch.float32, 4, False)
    """

    __slots__ = ("dtype", "name")

    def __init__(self, name: str, numpy_name: str) -> None:
        self.name = name
        self.dtype = np.dtype(numpy_name)  # NumPy looks up this attribute

    @property
    def __numpy_dtype__(self) -> np.dtype[Any]:
        return self.dtype  # the same for NumPy 2.4 and later

    @property
    def is_floating_point(self) -> bool:
        """Whether it is a floating-point dtype, which can require grad."""
        return self.dtype.kind == "f"

    @property
    def is_complex(self) -> bool:
        """Always False: cutaway has no complex numbers."""
        return False

    @property
    def is_signed(self) -> bool:
        """Whether it can hold negative numbers."""
        return self.dtype.kind in "fi"

    @property
    def itemsize(self) -> int:
        """The size of one element in bytes."""
        return self.dtype.itemsize

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _named, (self.name,)

    def __copy__(self) -> dtype:
        return self

    def __deepcopy__(self, memo: Any) -> dtype:
        return self


float32 = dtype("float32", "float32")
float64 = dtype("float64", "float64")
float16 = dtype("float16", "float16")
int64 = dtype("int64", "int64")
int32 = dtype("int32", "int32")
int16 = dtype("int16", "int16")
int8 = dtype("int8", "int8")
uint8 = dtype("uint8", "uint8")
bool_ = dtype("bool", "bool")  # `bool` outside of this module, which needs Python's too

_ALL = [float32, float64, float16, int64, int32, int16, int8, uint8, bool_]
_BY_NAME = {kind.name: kind for kind in _ALL}
_BY_CHAR: dict[str, dtype] = {kind.dtype.char: kind for kind in _ALL}
# On some platforms two C types have the same size: `long` and `long long`, or `int` and `long`.
_BY_CHAR |= {kind.char: _BY_NAME[kind.name] for kind in map(np.dtype, (np.intc, np.long, np.longlong))}


def _named(name: str) -> dtype:
    return _BY_NAME[name]


def from_numpy_dtype(numpy_dtype: np.dtype[Any]) -> dtype:
    """The cutaway dtype for a NumPy dtype; TypeError for unsupported ones."""
    try:
        return _BY_CHAR[numpy_dtype.char]
    except KeyError:
        raise TypeError(
            f"can't convert np.ndarray of type {numpy_dtype}: a tensor holds one of {', '.join(_BY_NAME)}. "
            "Convert the array first, for example array.astype('float32')."
        ) from None


_PYTHON_TYPES: dict[Any, dtype] = {float: float64, int: int64, bool: bool_}


def numpy_dtype(wanted: Any, default: np.dtype[Any]) -> np.dtype[Any]:
    """Convert a `dtype=` argument to a NumPy dtype: a cutaway dtype, Python's float, int or bool, or None."""
    if wanted is None:
        return default
    kind = wanted if isinstance(wanted, dtype) else _PYTHON_TYPES.get(wanted) if isinstance(wanted, type) else None
    if kind is None:
        raise TypeError(
            f"argument 'dtype' must be torch.dtype, not {type(wanted).__name__}: write dtype=torch.float32, without "
            f"quotes, and not {wanted!r}"
        )
    return kind.dtype


_default = float32


def get_default_dtype() -> dtype:
    """The default floating-point dtype of new tensors: float32 unless set otherwise.

    >>> cutaway.get_default_dtype()
    torch.float32
    """
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the default floating-point dtype of new tensors.

    Args:
        d: a floating-point dtype.

    Raises:
        TypeError: d is not a floating-point dtype.

    >>> cutaway.set_default_dtype(cutaway.float64)
    >>> cutaway.tensor([1.5]).dtype
    torch.float64
    >>> cutaway.set_default_dtype(cutaway.float32)
    """
    global _default
    if not (isinstance(d, dtype) and d.is_floating_point):
        raise TypeError(
            f"only floating-point types are supported as the default type, not {d!r}: for example torch.float32 or "
            "torch.float64"
        )
    _default = d


_RANK = {"b": 0, "u": 1, "i": 1, "f": 2}  # the higher category determines the result alone


def promote(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype to which two dtypes promote: int64 and float32 give float32, as in PyTorch."""
    if a == b:
        return a
    rank_a, rank_b = _RANK[a.kind], _RANK[b.kind]
    if rank_a != rank_b:
        return a if rank_a > rank_b else b
    return np.promote_types(a, b)


def fits(result: np.dtype[Any], into: np.dtype[Any]) -> bool:
    """Whether a result dtype can be cast to another in place: no floats to integers, and no numbers to bool."""
    return into.kind == result.kind or (into.kind != "b" and result.kind != "f")


def scalar_dtype(value: Any) -> np.dtype[Any]:
    """The dtype of a Python number on its own."""
    if isinstance(value, bool | np.bool_):
        return bool_.dtype
    return int64.dtype if isinstance(value, int | np.integer) else _default.dtype


def result_type(*operands: Any) -> np.dtype[Any]:
    """The NumPy dtype of an op's value: arrays take priority over 0-d arrays, and these over numbers.

    An operand of lower priority counts only if its category is higher: an int array with 2.5 gives a
    float array, a float32 array with a 0-d float64 array stays float32.
    """
    levels: list[np.dtype[Any] | None] = [None, None, None]  # arrays, 0-d arrays, Python numbers
    for x in operands:
        is_array = isinstance(x, np.ndarray)
        level = (0 if x.ndim else 1) if is_array else 2
        kind = x.dtype if is_array else scalar_dtype(x)
        known = levels[level]
        levels[level] = kind if known is None else promote(known, kind)
    result: np.dtype[Any] | None = None
    for kind_ in levels:
        if kind_ is not None and (result is None or _RANK[kind_.kind] > _RANK[result.kind]):
            result = kind_
    assert result is not None
    return result


class Size(tuple[int, ...], metaclass=Printed):
    """A tensor's shape: a tuple that prints as PyTorch prints it.

    >>> shape = cutaway.zeros(2, 3).shape
    >>> shape, shape[0], shape.numel()
    (torch.Size([2, 3]), 2, 6)
    """

    __slots__ = ()

    def __new__(cls, lengths: Iterable[SupportsIndex] = ()) -> Size:
        try:
            return tuple.__new__(cls, [length.__index__() for length in lengths])
        except AttributeError:
            raise TypeError(f"torch.Size() takes an iterable of integers, but got {lengths!r}") from None

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        n = 1
        for length in self:
            n *= length
        return n

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Size: ...
    def __getitem__(self, index: Any) -> Any:
        part = tuple.__getitem__(self, index)
        return tuple.__new__(Size, part) if isinstance(index, slice) else part

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, other))

    def __radd__(self, other: Any) -> Size:
        return Size(tuple.__add__(other, self))

    def __mul__(self, times: SupportsIndex) -> Size:
        return Size(tuple.__mul__(self, times))

    __rmul__ = __mul__


class device(metaclass=Printed):
    """The device of a tensor: always the CPU.

    Args:
        type: "cpu" or "cpu:0". Other devices can be constructed and compared, but not used.
        index: 0 or None.

    >>> device = cutaway.device("cuda" if cutaway.cuda.is_available() else "cpu")
    >>> cutaway.zeros(2).to(device).device
    device(type='cpu')
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: Any, index: Any = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        if not isinstance(type, str):
            raise TypeError(f"a device is given as a string, as in torch.device('cpu'), not {type!r}")
        name, _, number = type.partition(":")
        known = ("cpu", "cuda", "mps", "xpu", "meta")
        if name not in known or (number and not number.isdigit()):
            is_dtype = any(type == kind.dtype.name for kind in _ALL)
            instead = f"for a dtype, write torch.{type}" if is_dtype else "cutaway runs on 'cpu'"
            raise RuntimeError(f"Expected one of {', '.join(known)} as a device, but got {type!r}: {instead}")
        self.type = name
        self.index = int(number) if number else index

    def __repr__(self) -> str:
        return f"device(type='{self.type}'" + ("" if self.index is None else f", index={self.index}") + ")"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __enter__(self) -> device:
        check_device(self)  # `with torch.device(...)` sets the device of new tensors
        return self

    def __exit__(self, *error: object) -> None:
        pass


cpu = device("cpu")


def check_device(where: Any) -> None:
    """Accept None and the CPU; raise for any other device; a number is that of a GPU."""
    is_number = isinstance(where, int)
    if is_number or (where is not None and device(where).type != "cpu"):
        error = AssertionError if not is_number and device(where).type == "cuda" else RuntimeError
        raise error(
            f"device={str(where)!r}: cutaway runs on the CPU only. Write device='cpu', or choose as lessons do: "
            "device = 'cuda' if torch.cuda.is_available() else 'cpu' (which gives 'cpu' here)."
        )


class finfo:
    """The limits of a floating-point dtype.

    >>> cutaway.finfo(cutaway.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type: dtype | None = None) -> None:
        kind = _default if type is None else type
        if not isinstance(kind, dtype) or not kind.is_floating_point:
            raise TypeError(f"finfo() is for floating-point dtypes, not {kind!r}; iinfo() is for integers")
        limits = np.finfo(kind.dtype)
        self.bits = limits.bits
        self.eps = limits.eps.item()
        self.max = limits.max.item()
        self.min = limits.min.item()
        self.tiny = self.smallest_normal = limits.smallest_normal.item()
        self.resolution = float(f"1e-{limits.precision}")
        self.dtype = kind.name

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:
    """The limits of an integer dtype.

    >>> cutaway.iinfo(cutaway.int8).max
    127
    """

    def __init__(self, type: dtype) -> None:
        if not isinstance(type, dtype) or type.dtype.kind not in "iu":
            raise TypeError(f"iinfo() is for integer dtypes, not {type!r}; finfo() is for floating-point ones")
        limits = np.iinfo(type.dtype)
        self.bits = limits.bits
        self.max = limits.max
        self.min = limits.min
        self.dtype = type.name

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
