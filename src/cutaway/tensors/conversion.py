"""Conversion to other dtypes, to Python numbers and to NumPy arrays; memory layout and copies."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes, errors, ops
from ..dtypes import check_device, numpy_dtype
from ..dtypes import dtype as DType
from ..grad_mode import switch
from ..memory import owner
from .arguments import new_shape, number_for, sizes, tensor_argument
from .base import TensorBase, apply, axis_of, node_of, to_dtype, wrap
from .data import array_of
from .types import TYPES, TensorType, made

if TYPE_CHECKING:
    from .tensor import Tensor


class Conversion(TensorBase):
    """Conversion to other dtypes, to Python numbers and to NumPy arrays; memory layout and copies."""

    __slots__ = ()

    # --- size and memory layout

    @property
    def is_sparse(self) -> bool:
        """Always False: every tensor is dense."""
        return False

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension.

        >>> cutaway.zeros(2, 3).size()
        torch.Size([2, 3])
        >>> cutaway.zeros(2, 3).size(-1)
        3
        """
        return self.shape if dim is None else self._array.shape[_own_axis(self, dim)]

    def dim(self) -> int:
        """The number of dimensions.

        >>> cutaway.zeros(2, 3).dim()
        2
        """
        return self._array.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements.

        >>> cutaway.zeros(2, 3).numel()
        6
        """
        return self._array.size

    nelement = numel

    def element_size(self) -> int:
        """The size of one element in bytes.

        >>> cutaway.zeros(2, 3).element_size()
        4
        """
        return self._array.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """The stride of each dimension, or of one, in elements.

        >>> cutaway.zeros(2, 3).stride()
        (3, 1)
        """
        lengths = [max(n, 1) for n in self._array.shape]  # NumPy's strides of empty arrays are 0
        steps = tuple(
            step // self._array.itemsize if self._array.size else math.prod(lengths[axis + 1 :])
            for axis, step in enumerate(self._array.strides)
        )
        return steps if dim is None else steps[_own_axis(self, dim)]

    def is_contiguous(self) -> bool:
        """Whether the memory is contiguous, in row-major order.

        >>> cutaway.zeros(2, 3).t().is_contiguous()
        False
        """
        return self._array.flags.c_contiguous

    def contiguous(self) -> Tensor:
        """self if it is contiguous, else a contiguous copy.

        >>> cutaway.zeros(2, 3).t().contiguous().stride()
        (2, 1)
        """
        return self if self._array.flags.c_contiguous else apply(ops.copy, self, order="C")  # type: ignore[return-value]

    def data_ptr(self) -> int:
        """The address of the first element."""
        return int(self._array.__array_interface__["data"][0])

    def storage_offset(self) -> int:
        """The offset of the first element in the underlying storage, in elements.

        >>> cutaway.zeros(3, 4)[1, 2:].storage_offset()
        6
        """
        return (self.data_ptr() - wrap(owner(self._array)).data_ptr()) // self._array.itemsize

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating-point dtype.

        >>> cutaway.tensor([1, 2]).is_floating_point()
        False
        """
        return bool(self._array.dtype.kind == "f")

    def is_complex(self) -> bool:
        """Always False: cutaway has no complex numbers."""
        return False

    # --- other dtypes

    def to(
        self, *args: Any, dtype: DType | None = None, device: Any = None, non_blocking: bool = False, copy: bool = False
    ) -> Tensor:
        """Convert to a dtype; self if it has that dtype already.

        Args:
            args: a dtype, a device ("cpu"), or another tensor whose dtype to use; then non_blocking and copy.
            dtype: the dtype, by name.
            device: "cpu", or None.
            non_blocking: ignored.
            copy: always return a copy.

        Raises:
            RuntimeError: the device is not available.

        >>> cutaway.tensor([1, 2]).to(cutaway.float64)
        tensor([1., 2.], dtype=torch.float64)
        """
        for arg in args:
            if isinstance(arg, TensorBase):
                dtype = arg.dtype
            elif isinstance(arg, str | dtypes.device) or (isinstance(arg, int) and not isinstance(arg, bool)):
                device = arg
            elif arg is not None and not isinstance(arg, bool):
                dtype = arg
        flags = [arg for arg in args if isinstance(arg, bool)]
        copy = copy or flags[1:] == [True]
        check_device(device)
        out = to_dtype(self, numpy_dtype(dtype, self._array.dtype))
        return apply(ops.copy, self) if copy and out is self else out

    def type(self, dtype: Any = None, non_blocking: Any = False) -> Any:
        """The name of the tensor type, or self converted to a dtype.

        Args:
            dtype: a dtype, or a legacy tensor type, or its name; None returns the name.
            non_blocking: ignored.

        Raises:
            ValueError: there is no type of that name.

        >>> cutaway.zeros(1).type()
        'torch.FloatTensor'
        >>> cutaway.zeros(1).type(cutaway.int64)
        tensor([0])
        """
        if dtype is None:
            return TYPES[self.dtype.name].path
        if isinstance(dtype, str):
            found = [kind for kind in TYPES.values() if kind.path == dtype]
            if not found:
                raise errors.unknown_type(dtype)
            dtype = found[0]
        return to_dtype(self, numpy_dtype(dtype.dtype if isinstance(dtype, TensorType) else dtype, self._array.dtype))

    def type_as(self, other: Tensor) -> Tensor:
        """Convert to the dtype of other.

        >>> cutaway.tensor([1, 2]).type_as(cutaway.zeros(1))
        tensor([1., 2.])
        """
        return to_dtype(self, tensor_argument(other, "type_as")._array.dtype)

    def float(self) -> Tensor:
        """Convert to float32.

        >>> cutaway.tensor([1, 2]).float()
        tensor([1., 2.])
        """
        return to_dtype(self, dtypes.float32.dtype)

    def double(self) -> Tensor:
        """Convert to float64.

        >>> cutaway.tensor([1, 2]).double()
        tensor([1., 2.], dtype=torch.float64)
        """
        return to_dtype(self, dtypes.float64.dtype)

    def half(self) -> Tensor:
        """Convert to float16.

        >>> cutaway.tensor([1., 2.]).half()
        tensor([1., 2.], dtype=torch.float16)
        """
        return to_dtype(self, dtypes.float16.dtype)

    def long(self) -> Tensor:
        """Convert to int64; fractions are truncated.

        >>> cutaway.tensor([1.7, -1.7]).long()
        tensor([ 1, -1])
        """
        return to_dtype(self, dtypes.int64.dtype)

    def int(self) -> Tensor:
        """Convert to int32; fractions are truncated.

        >>> cutaway.tensor([1.7, -1.7]).int()
        tensor([ 1, -1], dtype=torch.int32)
        """
        return to_dtype(self, dtypes.int32.dtype)

    def short(self) -> Tensor:
        """Convert to int16."""
        return to_dtype(self, dtypes.int16.dtype)

    def byte(self) -> Tensor:
        """Convert to uint8."""
        return to_dtype(self, dtypes.uint8.dtype)

    def char(self) -> Tensor:
        """Convert to int8; fractions are truncated."""
        return to_dtype(self, dtypes.int8.dtype)

    def bool(self) -> Tensor:
        """Convert to bool: True where an element is not 0.

        >>> cutaway.tensor([0, 2]).bool()
        tensor([False,  True])
        """
        return to_dtype(self, dtypes.bool_.dtype)

    # --- devices

    def cpu(self) -> Tensor:
        """self: tensors are always on the CPU."""
        return self  # type: ignore[return-value]

    def cuda(self, device: Any = None, non_blocking: Any = False) -> Tensor:
        """Not supported: raises, and says what to write instead."""
        raise AssertionError(
            "cutaway has no CUDA: it runs on the CPU with NumPy. Lessons choose a device with "
            "'cuda' if torch.cuda.is_available() else 'cpu', which gives 'cpu' here."
        )

    # --- Python numbers

    def item(self) -> Any:
        """The single element as a Python number.

        Raises:
            RuntimeError: the tensor does not have exactly one element.

        >>> cutaway.tensor([2.5]).item()
        2.5
        """
        if self._array.size != 1:
            raise errors.not_one_element("item()", self._array.shape)
        return self._array.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers.

        >>> cutaway.tensor([[1, 2], [3, 4]]).tolist()
        [[1, 2], [3, 4]]
        """
        return self._array.tolist()

    def __bool__(self) -> Any:
        if self._array.size != 1:
            raise errors.ambiguous_truth(self._array.shape)
        return self._array.item().__bool__()

    def __float__(self) -> Any:
        return _only(self, "float(x)").__float__()

    def __int__(self) -> Any:
        return _only(self, "int(x)").__int__()

    def __index__(self) -> Any:
        if self._array.dtype.kind == "f" or self._array.size != 1:
            raise errors.not_an_index_number(self)
        return self._array.item().__index__()

    def __format__(self, how: str) -> str:
        if not self._array.ndim:
            return format(self._array.item(), how)
        if how:
            raise errors.format_of_many(self._array.shape, how)
        return repr(self)

    # --- NumPy arrays

    def numpy(self, *, force: Any = False) -> Any:
        """The tensor as a NumPy array that shares its memory.

        Autograd does not track what NumPy writes into it: copy it first if backward still needs the values.

        Args:
            force: True is short for x.detach().numpy().

        Raises:
            RuntimeError: self requires grad, and grad mode is on: NumPy's ops would not be recorded.

        >>> cutaway.tensor([1., 2.]).numpy()
        array([1., 2.], dtype=float32)
        """
        if switch.recording and node_of(self) is not None and not force:
            raise errors.numpy_of_grad()
        return self._array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    # --- copies

    def clone(self) -> Tensor:
        """A copy that does not share memory; gradients flow through it.

        >>> x = cutaway.ones(2)
        >>> y = x.clone()
        >>> y[0] = 5
        >>> x
        tensor([1., 1.])
        """
        return apply(ops.copy, self)

    def __deepcopy__(self, memo: dict[Any, Any]) -> Any:
        if not self.is_leaf:
            raise errors.cannot_copy_graph()
        twin = memo[id(self)] = _rebuilt(self.__class__, self._array.copy(), self.requires_grad, {})
        twin._grad = copy.deepcopy(self._grad, memo)
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _rebuilt, (self.__class__, self._array, self.requires_grad, self.__dict__)

    # --- new tensors of the same dtype

    def new(self, *args: Any) -> Tensor:
        """`Tensor(...)` with self's dtype: the older form of `new_zeros(size)` and `new_tensor(data)`.

        >>> cutaway.tensor([1, 2]).new(2, 3).shape
        torch.Size([2, 3])
        """
        return made(args, self.dtype)

    def new_zeros(
        self, *lengths: Any, size: Any = None, dtype: DType | None = None, device: Any = None,
        requires_grad: Any = False,
    ) -> Tensor:  # fmt: skip
        """Zeros of the given shape, with self's dtype.

        >>> cutaway.tensor([1, 2]).new_zeros(3)
        tensor([0, 0, 0])
        """
        return self.new_full(sizes(lengths, size), 0, dtype=dtype, device=device, requires_grad=requires_grad)

    def new_ones(
        self, *lengths: Any, size: Any = None, dtype: DType | None = None, device: Any = None,
        requires_grad: Any = False,
    ) -> Tensor:  # fmt: skip
        """Ones of the given shape, with self's dtype.

        >>> cutaway.tensor([1, 2]).new_ones(3)
        tensor([1, 1, 1])
        """
        return self.new_full(sizes(lengths, size), 1, dtype=dtype, device=device, requires_grad=requires_grad)

    def new_empty(
        self, *lengths: Any, size: Any = None, dtype: DType | None = None, device: Any = None,
        requires_grad: Any = False,
    ) -> Tensor:  # fmt: skip
        """A tensor of the given shape, to be filled later, with self's dtype.

        >>> cutaway.tensor([1, 2]).new_empty(2, 3).shape
        torch.Size([2, 3])
        """
        return self.new_full(sizes(lengths, size), 0, dtype=dtype, device=device, requires_grad=requires_grad)

    def new_full(
        self, size: Any, fill_value: Any, *, dtype: DType | None = None, device: Any = None, requires_grad: Any = False
    ) -> Tensor:
        """A tensor of the given shape filled with one value, with self's dtype.

        >>> cutaway.tensor([1, 2]).new_full((3,), 7)
        tensor([7, 7, 7])
        """
        target = numpy_dtype(dtype, self._array.dtype)
        shape = new_shape("new_full", (size,))
        return _leaf(np.full(shape, number_for(target, fill_value)), device, requires_grad)

    def new_tensor(
        self, data: Any, *, dtype: DType | None = None, device: Any = None, requires_grad: Any = False
    ) -> Tensor:
        """A tensor of the given numbers, with self's dtype.

        >>> cutaway.tensor([1., 2.]).new_tensor([3, 4])
        tensor([3., 4.])
        """
        return _leaf(array_of(data, self.dtype if dtype is None else dtype), device, requires_grad)


def _own_axis(x: TensorBase, dim: Any) -> Any:
    """Normalize a dimension of x; raises for a 0-d tensor, which has none."""
    if not x._array.ndim:
        raise errors.dim_of_a_number(dim)
    return axis_of(dim, x._array.ndim)


def _only(x: TensorBase, what: str) -> Any:
    if x._array.size != 1:
        raise errors.not_one_element(what, x._array.shape)
    return x._array.item()


def _leaf(array: Any, device: Any, requires_grad: Any) -> Tensor:
    check_device(device)
    out = wrap(array)
    out.requires_grad = requires_grad
    return out


def _rebuilt(cls: Any, array: Any, requires_grad: Any, attributes: dict[str, Any]) -> Any:
    tensor = wrap(array)
    tensor.__class__ = cls
    tensor.requires_grad = requires_grad
    tensor.__dict__.update(attributes)
    return tensor
