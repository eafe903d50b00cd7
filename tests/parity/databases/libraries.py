"""Two libraries, one set of samples: the same tensors in both, and the same function of both.

A tensor is copied with its strides, its offset, its `requires_grad`, and the memory that it shares with other tensors
of the sample; so an expanded, a transposed or an aliased input is one in cutaway too.
"""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import cutaway

Call = Callable[..., Any]

# Python calls these with the operands in turn, once the left one does not know what to do.
REVERSED: dict[str, Call] = {
    "__radd__": operator.add,
    "__rsub__": operator.sub,
    "__rmul__": operator.mul,
    "__rdiv__": operator.truediv,
    "__rmod__": operator.mod,
    "__rpow__": operator.pow,
    "__rmatmul__": operator.matmul,
    "__rand__": operator.and_,
    "__ror__": operator.or_,
    "__rxor__": operator.xor,
}


def resolve(library: Any, path: str) -> Any:
    """What a dotted name means in a library; AttributeError if nothing."""
    return functools.reduce(getattr, path.split("."), library)


def has(library: Any, path: str) -> bool:
    try:
        resolve(library, path)
    except AttributeError:
        return False
    return True


class Copy:
    """Copies of PyTorch's values in one of the libraries, the copies being related as the originals are.

    Args:
        library: torch or cutaway.
        widen: whether float32 is to become float64, to see how much of a difference is rounding.

    Attributes:
        leaves: the tensors so far that ask for a gradient.
    """

    def __init__(self, library: Any, widen: bool = False) -> None:
        self.library = library
        self.widen = widen
        self.leaves: list[Any] = []
        self._tensors: dict[int, tuple[Any, Any]] = {}
        self._memory: dict[Any, Any] = {}

    def __call__(self, x: Any) -> Any:
        if isinstance(x, torch.Tensor):
            if id(x) not in self._tensors:
                self._tensors[id(x)] = (x, self._tensor(x))  # x stays alive, or its id might be given away
            return self._tensors[id(x)][1]
        if isinstance(x, torch.Size):
            return self.library.Size(x)
        if isinstance(x, torch.nn.TransformerEncoderLayer):
            return self._encoder_layer(x)
        if isinstance(x, tuple | list):
            return type(x)(map(self, x))
        if isinstance(x, dict):
            return type(x)((key, self(value)) for key, value in x.items())
        if isinstance(x, torch.dtype):
            wide = self.widen and x is torch.float32
            return resolve(self.library, "float64" if wide else str(x).removeprefix("torch."))
        if isinstance(x, torch.device):
            return self.library.device(str(x))
        if isinstance(x, torch.Generator):
            return self.library.Generator().manual_seed(x.initial_seed())
        if callable(x) and getattr(torch.nn.functional, getattr(x, "__name__", ""), None) is x:
            return getattr(self.library.nn.functional, x.__name__)
        return x

    def _tensor(self, x: torch.Tensor) -> Any:
        out = self._view(x.detach())
        if self.widen and x.dtype is torch.float32:
            out = out.to(self.library.float64)
        if isinstance(x, torch.nn.Parameter):
            out = self.library.nn.Parameter(out, requires_grad=x.requires_grad)
        elif x.requires_grad:
            out.requires_grad_()
        if x.requires_grad:
            self.leaves.append(out)
        return out

    def _view(self, x: torch.Tensor) -> Any:
        storage = x.untyped_storage()
        if not x.numel() or not storage.data_ptr():
            return self.library.zeros(tuple(x.shape), dtype=resolve(self.library, str(x.dtype).removeprefix("torch.")))
        key = storage.data_ptr(), x.dtype
        if key not in self._memory:
            whole = torch.empty(0, dtype=x.dtype).set_(storage).clone()
            self._memory[key] = whole if self.library is torch else whole.numpy()
        memory = self._memory[key]
        if self.library is torch:
            return torch.as_strided(memory, x.shape, x.stride(), x.storage_offset())
        strides = [step * memory.itemsize for step in x.stride()]
        start = memory[x.storage_offset() :]
        return self.library.from_numpy(np.lib.stride_tricks.as_strided(start, tuple(x.shape), strides))

    def _encoder_layer(self, x: torch.nn.TransformerEncoderLayer) -> Any:
        """A module among the arguments of a module."""
        attention = x.self_attn
        return self.library.nn.TransformerEncoderLayer(
            attention.embed_dim,
            attention.num_heads,
            dim_feedforward=x.linear1.out_features,
            dropout=x.dropout.p,
            activation=self(x.activation),
            layer_norm_eps=x.norm1.eps,
            batch_first=attention.batch_first,
            norm_first=x.norm_first,
            bias=x.linear1.bias is not None,
        )


def array(x: Any) -> np.ndarray[Any, Any]:
    """The numbers of a tensor of either library."""
    if isinstance(x, torch.Tensor):
        return np.asarray(x.numpy(force=True))  # PyTorch's zeros without memory become zeros with
    return np.asarray(x.detach().numpy())


def memory_of(x: Any) -> tuple[int, int]:
    """Where the elements of a tensor of either library begin and end in memory."""
    start, stop = np.lib.array_utils.byte_bounds(array(x))
    return int(start), int(stop)


# --- PyTorch's functions, and cutaway's that ought to do the same -------------------------------------------------


def seeded(op: Call, *args: Any, **kwargs: Any) -> Any:
    """The place of PyTorch's `wrapper_set_seed`, which the databases put around all that draws."""
    cutaway.manual_seed(42)
    return op(*args, **kwargs)


def counterpart(function: Call, path: str) -> Call:
    """What cutaway has for a function of the databases.

    Args:
        function: PyTorch's: a function of torch, or a few lines in the database itself, which then run with cutaway
            under the name of torch.
        path: the name of the function in torch; it has the same one here.

    Raises:
        AttributeError: cutaway has nothing of that name.
    """
    if isinstance(function, types.FunctionType) and function.__module__.startswith("torch.testing."):
        names = {**function.__globals__, "torch": cutaway, "wrapper_set_seed": seeded}
        return types.FunctionType(
            function.__code__, names, function.__name__, function.__defaults__, function.__closure__
        )
    return resolve(cutaway, path)  # type: ignore[no-any-return]
