"""Tensor creation: from numbers and arrays, filled with a value, ranges and matrices."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import errors, events
from .box_muller import fma32, fma64
from .dtypes import check_device, get_default_dtype, int64, numpy_dtype
from .dtypes import dtype as DType
from .tensors import Tensor
from .tensors.arguments import count, new_shape, number_for, number_of, tensor_argument
from .tensors.base import TensorBase, wrap
from .tensors.data import admitted, array_of

# --- from data ----------------------------------------------------------------------------------------------


def tensor(data: Any, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Create a tensor from data, which is copied.

    Args:
        data: a number, nested lists of numbers, an array, or a tensor.
        dtype: None to infer: int64 for integers, the default dtype (float32) for floats, bool.
        device: "cpu", or None.
        requires_grad: whether to accumulate its gradient in `.grad`.

    Raises:
        ValueError: lists of unequal length.
        TypeError: data that is not numeric.

    >>> cutaway.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    >>> cutaway.tensor([1.5, 2.0], requires_grad=True)
    tensor([1.5000, 2.0000], requires_grad=True)
    """
    if isinstance(data, TensorBase):
        errors.warn(
            "To copy construct from a tensor, write x.detach().clone(), or x.detach().clone().requires_grad_(True), "
            "rather than torch.tensor(x): it says that the copy has no graph",
        )
    made = finished(array_of(data, dtype), device, requires_grad)
    for listener in events.rebuilt:
        listener(data, made)
    return made


def as_tensor(data: Any, dtype: DType | None = None, device: Any = None) -> Tensor:
    """Like `tensor`, but without a copy if possible: returns a tensor as it is, and shares an array's memory.

    >>> a = np.array([1., 2.])
    >>> cutaway.as_tensor(a).numpy() is a
    True
    """
    if isinstance(data, Tensor):
        return data.to(dtype=dtype, device=device)
    if isinstance(data, np.ndarray):
        return from_numpy(data).to(dtype=dtype, device=device)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(ndarray: Any) -> Tensor:
    """Create a tensor that shares memory with a NumPy array.

    Raises:
        TypeError: the argument is not an array, or has an unsupported dtype.
        ValueError: the array has negative strides, or a non-native byte order.

    >>> a = np.array([1., 2.])
    >>> x = cutaway.from_numpy(a)
    >>> a[0] = 5
    >>> x
    tensor([5., 2.], dtype=torch.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise errors.not_an_array(ndarray)
    if any(step < 0 for step in ndarray.strides):
        raise errors.negative_strides()
    return wrap(admitted(ndarray))


# --- filled with a value ------------------------------------------------------------------------------------


def zeros(
    *size: Any, dtype: DType | None = None, device: Any = None, requires_grad: bool = False, **names: Any
) -> Tensor:
    """A tensor of zeros.

    Args:
        size: the shape, as zeros(2, 3) or zeros((2, 3)).
        dtype: None for the default dtype, float32.
        device: "cpu", or None.
        requires_grad: whether to accumulate its gradient in `.grad`.

    >>> cutaway.zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    kind = numpy_dtype(dtype, get_default_dtype().dtype)
    return finished(np.zeros(shape_of("zeros", size, names), kind), device, requires_grad)


def ones(
    *size: Any, dtype: DType | None = None, device: Any = None, requires_grad: bool = False, **names: Any
) -> Tensor:
    """A tensor of ones, with the arguments of `zeros`.

    >>> cutaway.ones(3)
    tensor([1., 1., 1.])
    """
    kind = numpy_dtype(dtype, get_default_dtype().dtype)
    return finished(np.ones(shape_of("ones", size, names), kind), device, requires_grad)


def empty(
    *size: Any, dtype: DType | None = None, device: Any = None, requires_grad: bool = False, **names: Any
) -> Tensor:
    """A tensor to be filled later, with the arguments of `zeros`.

    PyTorch leaves it uninitialized; here it holds zeros.

    >>> cutaway.empty(2, 3).shape
    torch.Size([2, 3])
    """
    kind = numpy_dtype(dtype, get_default_dtype().dtype)
    return finished(np.zeros(shape_of("empty", size, names), kind), device, requires_grad)


def full(
    size: Any, fill_value: Any, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor filled with one value.

    Args:
        size: the shape, a tuple.
        fill_value: the value; it determines the dtype if none is given.
        dtype: None for int64, the default dtype or bool, depending on fill_value.
        device: "cpu", or None.
        requires_grad: whether to accumulate its gradient in `.grad`.

    >>> cutaway.full((2, 2), 7)
    tensor([[7, 7],
            [7, 7]])
    """
    if not isinstance(size, tuple | list):
        raise errors.not_a_shape((size,))
    value = number_of(fill_value)
    kind = numpy_dtype(dtype, array_of(value).dtype)
    return finished(np.full(shape_of("full", (size,), {}), number_for(kind, value)), device, requires_grad)


def zeros_like(input: Tensor, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros in the shape and dtype of another tensor.

    >>> cutaway.zeros_like(cutaway.tensor([1, 2]))
    tensor([0, 0])
    """
    return finished(_like("zeros_like", np.zeros_like, input, dtype), device, requires_grad)


def ones_like(input: Tensor, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones in the shape and dtype of another tensor.

    >>> cutaway.ones_like(cutaway.tensor([1, 2]))
    tensor([1, 1])
    """
    return finished(_like("ones_like", np.ones_like, input, dtype), device, requires_grad)


def empty_like(input: Tensor, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor to be filled later, in the shape and dtype of another tensor.

    >>> cutaway.empty_like(cutaway.zeros(2, 3)).shape
    torch.Size([2, 3])
    """
    return finished(_like("empty_like", np.zeros_like, input, dtype), device, requires_grad)


def full_like(
    input: Tensor, fill_value: Any, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor filled with one value, in the shape and dtype of another tensor.

    >>> cutaway.full_like(cutaway.tensor([1, 2]), 7)
    tensor([7, 7])
    """
    array = _like("full_like", np.empty_like, input, dtype)
    array[...] = number_for(array.dtype, number_of(fill_value))
    return finished(array, device, requires_grad)


# --- ranges and matrices ------------------------------------------------------------------------------------


def arange(
    start: Any = None, end: Any = None, step: Any = 1,
    *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers from start up to, but not including, end.

    Args:
        start: the first, None for 0; arange(n) counts from 0 to n - 1.
        end: the end, itself not included.
        step: the difference between adjacent elements; not 0.
        dtype: None for int64 if all three are integers, else the default dtype.
        device: "cpu", or None.
        requires_grad: whether to accumulate its gradient in `.grad`.

    Raises:
        RuntimeError: step is 0, or has the wrong sign.

    >>> cutaway.arange(5)
    tensor([0, 1, 2, 3, 4])
    >>> cutaway.arange(1, 2, 0.5)
    tensor([1.0000, 1.5000])
    """
    if end is None:
        start, end = None, start
    first, last, by = map(number_of, (0 if start is None else start, end, step))
    if by == 0 or not np.isfinite(last - first) or (last - first) * by < 0:
        raise errors.leads_nowhere(first, last, by)
    whole = all(isinstance(x, int) for x in (first, last, by))
    kind = numpy_dtype(dtype, (int64 if whole else get_default_dtype()).dtype)
    if kind.kind == "b":
        raise errors.not_for_dtype("arange", "bool", "numbers: leave dtype=torch.bool out")
    if kind == np.int64:  # for narrower integers, PyTorch computes the length before it truncates
        first, last, by = int(first), int(last), int(by) or by
    exact = isinstance(last - first, int) and isinstance(by, int)
    n = -((first - last) // by) if exact else math.ceil((last - first) / by)
    if kind.kind == "f":
        return finished(_counted(first, by, n, kind), device, requires_grad)
    return finished((int(first) + np.arange(n, dtype=np.int64) * int(by)).astype(kind), device, requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Evenly spaced numbers from start to end, both included.

    Args:
        start: the first.
        end: the last.
        steps: how many.
        dtype: None for the default dtype, float32.
        device: "cpu", or None.
        requires_grad: whether to accumulate its gradient in `.grad`.

    >>> cutaway.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    for x in (start, end):
        if isinstance(x, Tensor) and x.ndim:
            raise errors.ends_with_dimensions(x.shape)
    n = count("linspace", "steps", steps)
    kind = numpy_dtype(dtype, get_default_dtype().dtype)
    first, last = (number_for(kind, number_of(x)) for x in (start, end))
    if n < 2:
        return finished(np.full(n, first), device, requires_grad)
    # From both ends to the middle, as PyTorch does, to agree to the last bit.
    work = kind.type if kind.kind == "f" else np.float64
    by = float((work(last) - work(first)) / work(n - 1))
    fma = fma64 if kind.kind != "f" or kind == np.float64 else fma32
    up = np.arange(n, dtype=np.float64)
    numbers = np.where(up < n // 2, fma(up, by, float(first)), fma(up[::-1], -by, float(last)))
    return finished(numbers.astype(kind), device, requires_grad)


def eye(
    n: int, m: int | None = None, *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The identity matrix: ones on the diagonal, zeros elsewhere.

    Args:
        n: the number of rows.
        m: the number of columns; None for n.
        dtype: None for the default dtype, float32.
        device: "cpu", or None.
        requires_grad: whether to accumulate its gradient in `.grad`.

    >>> cutaway.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    rows = count("eye", "n", n)
    columns = rows if m is None else count("eye", "m", m)
    return finished(np.eye(rows, columns, dtype=numpy_dtype(dtype, get_default_dtype().dtype)), device, requires_grad)


def tril_indices(
    row: int, col: int, offset: int = 0,
    *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The row and column indices of a matrix's lower triangle, as a (2, K) tensor.

    >>> cutaway.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _triangle(np.tril_indices, "tril_indices", row, col, offset, dtype, device, requires_grad)


def triu_indices(
    row: int, col: int, offset: int = 0,
    *, dtype: DType | None = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """The row and column indices of a matrix's upper triangle, as a (2, K) tensor.

    >>> cutaway.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return _triangle(np.triu_indices, "triu_indices", row, col, offset, dtype, device, requires_grad)


# --- shared helpers -----------------------------------------------------------------------------------------


def finished(array: Any, device: Any, requires_grad: bool) -> Tensor:
    """The array as a new leaf."""
    check_device(device)
    out = wrap(array)
    if requires_grad:
        out.requires_grad = True
    return out


def shape_of(name: str, size: tuple[Any, ...], names: dict[str, Any]) -> tuple[int, ...]:
    """The shape for a new tensor: from f(2, 3), f((2, 3)) or f(size=(2, 3))."""
    for keyword in names:
        if keyword != "size":
            raise errors.unknown_keyword(name, keyword, ["size", "dtype", "device", "requires_grad"])
    given = (names["size"],) if "size" in names else size
    if not given:
        raise errors.no_size(name)
    return new_shape(name, given)


def _counted(first: float, by: float, n: int, kind: np.dtype[Any]) -> Any:
    """first + i * by, not a running sum, which would accumulate rounding errors.

    PyTorch vectorizes: it computes as many elements at once as fit into a register, from the rounded
    first of them. This does the same, to agree to the last bit.
    """
    at_once = 32 // kind.itemsize
    whole = n - n % (2 * at_once)  # the rest are computed one by one
    i = np.arange(n, dtype=np.float64)
    numbers = fma64(i, by, first).astype(kind)
    leads = numbers[:whole:at_once].astype(np.float64).repeat(at_once)
    numbers[:whole] = fma64(i[:whole] % at_once, by, leads)
    return numbers


def _like(name: str, make: Callable[..., Any], input: Any, dtype: DType | None) -> Any:
    array = tensor_argument(input, name)._array
    return make(array, dtype=numpy_dtype(dtype, array.dtype))


def _triangle(
    indices: Callable[..., Any], name: str, row: int, col: int, offset: int, dtype: DType | None, device: Any,
    requires_grad: bool,
) -> Tensor:  # fmt: skip
    rows, columns = indices(count(name, "row", row), offset, count(name, "col", col))
    return finished(np.stack([rows, columns]).astype(numpy_dtype(dtype, int64.dtype)), device, requires_grad)


__all__ = [
    "arange", "as_tensor", "empty", "empty_like", "eye", "finished", "from_numpy", "full", "full_like", "linspace",
    "ones", "ones_like", "shape_of", "tensor", "tril_indices", "triu_indices", "zeros", "zeros_like",
]  # fmt: skip
