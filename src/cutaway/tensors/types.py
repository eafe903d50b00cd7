"""PyTorch's legacy tensor types, which older lessons use: torch.LongTensor for int64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import dtypes, errors, ops
from ..dtypes import Size, get_default_dtype
from .arguments import new_shape
from .base import TensorBase, apply_view, wrap
from .data import array_of

if TYPE_CHECKING:
    from .tensor import Tensor


def made(args: tuple[Any, ...], dtype: dtypes.dtype | None = None) -> Tensor:
    """Construct the tensor for `Tensor(2, 3)`, zeros of a shape, or `Tensor([1, 2])`, those numbers.

    Args:
        args: sizes, or a shape; or nested lists or an array of numbers; or a tensor, whose memory is shared.
        dtype: None for the default dtype.
    """
    [data] = args if len(args) == 1 else [None]
    if isinstance(data, TensorBase):
        if dtype not in (None, data.dtype):
            raise errors.other_dtype_expected(dtype, data.dtype)
        return apply_view(ops.getitem, data, index=(...,))
    if not args or len(args) > 1 or isinstance(data, Size | int | np.integer):
        lengths = args or (0,)
        return wrap(np.zeros(new_shape("Tensor", lengths), (dtype or get_default_dtype()).dtype))
    if data is None or isinstance(data, float):
        raise errors.not_a_sequence(data)
    return wrap(array_of(data, dtype or get_default_dtype()))


class TensorType:
    """The tensor type of one dtype: constructs such tensors, and supports isinstance.

    >>> cutaway.LongTensor([1, 2])
    tensor([1, 2])
    >>> cutaway.FloatTensor(2, 3).shape
    torch.Size([2, 3])
    >>> isinstance(cutaway.tensor([1, 2]), cutaway.LongTensor)
    True
    """

    __slots__ = ("dtype", "path")

    def __init__(self, name: str, dtype: dtypes.dtype) -> None:
        self.dtype = dtype
        self.path = f"torch.{name}"

    def __call__(self, *args: Any) -> Tensor:
        return made(args, self.dtype)

    def __instancecheck__(self, x: Any) -> bool:
        return isinstance(x, TensorBase) and x.dtype is self.dtype

    def __repr__(self) -> str:
        return f"<class '{self.path}'>"


FloatTensor = TensorType("FloatTensor", dtypes.float32)
DoubleTensor = TensorType("DoubleTensor", dtypes.float64)
HalfTensor = TensorType("HalfTensor", dtypes.float16)
LongTensor = TensorType("LongTensor", dtypes.int64)
IntTensor = TensorType("IntTensor", dtypes.int32)
ShortTensor = TensorType("ShortTensor", dtypes.int16)
CharTensor = TensorType("CharTensor", dtypes.int8)
ByteTensor = TensorType("ByteTensor", dtypes.uint8)
BoolTensor = TensorType("BoolTensor", dtypes.bool_)

TYPES = {
    kind.dtype.name: kind
    for kind in (
        FloatTensor, DoubleTensor, HalfTensor, LongTensor, IntTensor, ShortTensor, CharTensor, ByteTensor, BoolTensor
    )
}  # fmt: skip
