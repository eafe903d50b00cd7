"""The functions of `safetensors.torch`: write and read named tensors in a widely supported format.

`cutaway.save` writes the same format and stores more: nesting, order, Python values. These functions are for exchanging
files with other programs, and for scripts that contain `from safetensors.torch import save_file`. The arguments are
those of the `safetensors` package, which is not required.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from . import serialization
from .dtypes import check_device
from .file_format import LoadError, read, reading, write, writing
from .nn.modules.module import Module
from .tensors import Tensor
from .tensors.base import wrap

__all__ = ["LoadError", "load", "load_file", "load_model", "save", "save_file", "save_model"]


def save_file(tensors: Mapping[str, Tensor], filename: Any, metadata: Mapping[str, str] | None = None) -> None:
    """Save tensors by name; tensors that share memory are written once for each name.

    Args:
        tensors: a state dict: names and tensors, nothing else.
        filename: a path, replaced atomically.
        metadata: strings to store with them.
    """
    if not isinstance(tensors, Mapping):
        raise ValueError(f"Expected a dict of [str, torch.Tensor] but received {type(tensors)}")
    for name, tensor in tensors.items():
        if not (isinstance(name, str) and isinstance(tensor, Tensor)):
            raise ValueError(
                f"Key `{name}` is invalid, expected torch.Tensor but received {type(tensor)}. A safetensors file holds "
                "names and tensors only; cutaway.save() writes dicts with other things in them."
            )
    texts = dict(metadata or {})
    if not all(isinstance(text, str) for item in texts.items() for text in item):
        raise TypeError("metadata must be a dict of strings: write str(value)")
    with writing(filename) as file:
        write(file, {name: tensor._array for name, tensor in tensors.items()}, texts)


def load_file(filename: Any, device: Any = "cpu") -> dict[str, Tensor]:
    """The tensors in a file, by name.

    Args:
        filename: a path.
        device: "cpu".

    Raises:
        LoadError: the file is truncated, corrupt, malicious, or of another format.
    """
    check_device(device)
    with reading(filename) as (file, size):
        arrays, _ = read(file, size)
    return {name: wrap(array) for name, array in arrays.items()}


def save(tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """The bytes that `save_file` would write.

    >>> data = cutaway.safetensors.save({"w": torch.ones(2)})
    >>> cutaway.safetensors.load(data)
    {'w': tensor([1., 1.])}
    """
    file = BytesIO()
    save_file(tensors, file, metadata)
    return file.getvalue()


def load(data: bytes) -> dict[str, Tensor]:
    """The tensors in the bytes of a file, by name."""
    return load_file(BytesIO(data))


def save_model(model: Module, filename: Any, metadata: dict[str, str] | None = None) -> None:
    """Save a model's state dict, with tied weights written once; `load_model`, here or in PyTorch, reads it."""
    serialization.save(model.state_dict(), filename, metadata=metadata)


def load_model(model: Module, filename: Any, strict: bool = True, device: Any = "cpu") -> tuple[list[str], list[str]]:
    """Load the weights in a file into a model; returns the missing and the unexpected names."""
    missing, unexpected = model.load_state_dict(serialization.load(filename, device), strict=strict)
    return missing, unexpected
