"""The Tensor class, and functions that join several tensors."""

from .arithmetic import where
from .contraction import einsum, tensordot
from .joining import broadcast_tensors, cat, hstack, meshgrid, stack, vstack
from .linalg import cdist
from .printing import set_printoptions
from .sorting import bucketize, searchsorted
from .tensor import Tensor
from .types import (
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
)  # fmt: skip

__all__ = [
    "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor", "IntTensor",
    "LongTensor", "ShortTensor", "Tensor", "broadcast_tensors", "bucketize", "cat", "cdist", "einsum", "hstack",
    "meshgrid", "searchsorted", "set_printoptions", "stack", "tensordot", "vstack", "where",
]  # fmt: skip
