"""Parameter and Buffer: Tensors that a module registers on assignment.

A `Parameter` is trained: a leaf that requires grad, listed by `module.parameters()`. A `Buffer` is state that
belongs to the model but is not trained (a running mean, a mask). Both are ordinary Tensors otherwise; the class
only tells `Module.__setattr__` how to register them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import get_default_dtype
from ..tensors import Tensor

__all__ = ["Buffer", "Parameter"]


def _label(cls: type[Any], data: Tensor | None, requires_grad: bool) -> Any:
    """A new leaf of class `cls` on the same memory as `data`."""
    if data is not None and not isinstance(data, Tensor):
        raise TypeError(
            f"nn.{cls.__name__} takes a Tensor, but got {type(data).__name__}: write "
            f"nn.{cls.__name__}(torch.tensor(...))"
        )
    leaf = object.__new__(cls)
    leaf._array = np.empty(0, get_default_dtype().dtype) if data is None else data._array
    leaf._node = leaf._grad = leaf._view = None
    leaf.requires_grad = requires_grad
    return leaf


class Parameter(Tensor):
    """A trainable Tensor: assigned to a module, it is listed by `module.parameters()`.

    Args:
        data: the values, of any shape; memory is shared with it.
        requires_grad: False freezes it.

    >>> nn.Parameter(torch.tensor([1.0, 2.0]))
    Parameter containing:
    tensor([1., 2.], requires_grad=True)
    """

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        leaf: Parameter = _label(cls, data, requires_grad)
        return leaf

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        pass

    def __repr__(self) -> str:
        return "Parameter containing:\n" + super().__repr__()

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        """A parameter with the same values, and no gradient."""
        return type(self)(self.detach().clone(), self.requires_grad)


class Buffer(Tensor):
    """A Tensor that belongs to a model but is not trained: assigned to a module, it is listed by `module.buffers()`.

    Args:
        data: the values, of any shape; memory is shared with it.
        persistent: whether it is saved in `state_dict()`.

    >>> net = nn.Module()
    >>> net.mask = nn.Buffer(torch.zeros(2))
    >>> [name for name, _ in net.named_buffers()]
    ['mask']
    """

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        leaf: Buffer = _label(cls, data, False)
        leaf.persistent = persistent
        return leaf

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        pass
