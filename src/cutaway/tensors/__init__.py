"""The Tensor and the functions that join several of them."""

from .arithmetic import where
from .joining import broadcast_tensors, cat, hstack, meshgrid, stack, vstack
from .printing import set_printoptions
from .tensor import Tensor

__all__ = ["Tensor", "broadcast_tensors", "cat", "hstack", "meshgrid", "set_printoptions", "stack", "vstack", "where"]
