"""What is out of cutaway's scope, as rules, each with its reason.

A sample to which a rule applies is not run; it is counted under the rule's reason. No sample is left out otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

COMPLEX = "complex numbers are not in cutaway"
BFLOAT16 = "bfloat16 is not in cutaway: NumPy has no such dtype"
FLOAT16 = "float16 is a dtype to keep and to move numbers in: arithmetic in it is not promised"
OTHER_DTYPE = "a dtype that cutaway does not have (unsigned of 16 bits and more, 8-bit floats, quantised)"
LAYOUT = "memory layouts and formats (layout=, memory_format=, sparse tensors) are not in cutaway"
OUT = "out= takes what copy_() takes; PyTorch's samples are of tensors that it refuses there, such as overlapping ones"
DEVICE = "there is no device but the CPU"
DIMENSIONS = "NumPy's arrays have at most 64 dimensions"
PIN = "pin_memory= is for copies to a GPU"
PACKED = "packed sequences are not in cutaway: pad, and mask the loss"
RECORDED = "capturable= and differentiable= record the step itself"
PROJECTION = "proj_size= is not in cutaway: an nn.Linear after the layer makes its outputs smaller"
VOLUMES = "volumes, (N, C, D, H, W), are not in cutaway: its layers are for sequences and images"
PYTORCH_REFUSES = "PyTorch itself has no implementation for this sample, and cutaway computes it"

DTYPES = {
    torch.float64: "float64",
    torch.float32: "float32",
    torch.float16: "float16",
    torch.int64: "int64",
    torch.int32: "int32",
    torch.int16: "int16",
    torch.int8: "int8",
    torch.uint8: "uint8",
    torch.bool: "bool",
}


def of_dtype(dtype: torch.dtype, storage: bool = True) -> str | None:
    """Why a dtype is out of scope; None if it is in.

    Args:
        storage: whether all that is asked of the dtype is to keep numbers.
    """
    if dtype.is_complex:
        return COMPLEX
    if dtype is torch.bfloat16:
        return BFLOAT16
    if dtype is torch.float16 and not storage:
        return FLOAT16
    return None if dtype in DTYPES else OTHER_DTYPE


def leaves(x: Any) -> Iterator[Any]:
    """What is in nested lists, tuples and dicts."""
    if isinstance(x, torch.nn.utils.rnn.PackedSequence):
        yield x
    elif isinstance(x, tuple | list):
        for item in x:
            yield from leaves(item)
    elif isinstance(x, dict):
        for item in x.values():
            yield from leaves(item)
    else:
        yield x


def of_arguments(args: Any, kwargs: dict[str, Any]) -> str | None:
    """Why a call with these arguments is out of scope; None if it is in."""
    for name, reason in (("out", OUT), ("layout", LAYOUT), ("memory_format", LAYOUT)):
        if kwargs.get(name) is not None:
            return reason
    if kwargs.get("pin_memory"):
        return PIN
    for x in leaves((args, kwargs)):
        reason = _of_value(x)
        if reason:
            return reason
    return None


def _of_value(x: Any) -> str | None:
    if isinstance(x, torch.Tensor):
        if x.layout is not torch.strided:
            return LAYOUT
        if x.device.type != "cpu":
            return DEVICE
        return DIMENSIONS if x.ndim > 64 else of_dtype(x.dtype)
    if isinstance(x, torch.dtype):
        return of_dtype(x)
    if isinstance(x, torch.device):
        return DEVICE if x.type != "cpu" else None
    if isinstance(x, complex):
        return COMPLEX
    if isinstance(x, torch.nn.utils.rnn.PackedSequence):
        return PACKED
    if isinstance(x, torch.memory_format | torch.layout):
        return LAYOUT
    if isinstance(x, str) and (x in ("cuda", "meta") or x.startswith("cuda:")):
        return DEVICE
    return None


def of_layer(name: str, args: Any, kwargs: dict[str, Any]) -> str | None:
    """Why a layer's or a layer function's arguments are out of scope; None if they are in."""
    if kwargs.get("proj_size"):
        return PROJECTION
    if name.endswith("interpolate") and isinstance(args[0], torch.Tensor) and args[0].ndim == 5:
        return VOLUMES
    return None


def without_defaults(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments without those of memory layout that only say what is so anyway."""
    usual = {"memory_format": torch.preserve_format, "layout": torch.strided, "pin_memory": False}
    return {name: x for name, x in kwargs.items() if name not in usual or x is not usual[name]}


def of_optimizer(kwargs: dict[str, Any]) -> str | None:
    """Why an optimizer with these arguments is out of scope; None if it is in."""
    if any(kwargs.get(name) for name in ("capturable", "differentiable")):
        return RECORDED
    return None


def not_implemented(error: BaseException) -> bool:
    """Whether PyTorch says that it has no kernel or derivative, which is a gap there and no rule for anybody else."""
    return isinstance(error, NotImplementedError) or any(
        words in str(error) for words in ("not implemented for", "is not implemented")
    )
