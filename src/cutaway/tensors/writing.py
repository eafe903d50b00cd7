"""In-place writes to tensors, and how the graph records them.

All tensors that share the memory see the new values. After a write, the tensor is the result of one more op in the
graph, `overwrite`, whose inputs are the tensor's previous value and the written value.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .. import errors
from ..grad_mode import enable_grad, switch
from ..graph import Leaf, Node, observers
from ..memory import stamp_write, user_line
from ..ops import NAMES_IN_PLACE, overwrite
from ..ops.contract import Array
from ..ops.indexing import axes_in_memory, overwritten
from .base import RETAIN, AccumulateGrad, TensorBase, base_of, node_of, to_dtype, wrap

X = TypeVar("X", bound=TensorBase)


def refuse_leaf(x: TensorBase) -> None:
    """Raise if x, or its base, is a leaf that requires grad and ops are being recorded."""
    base = base_of(x)
    if switch.recording and isinstance(base._node, AccumulateGrad):
        raise errors.inplace_on_leaf(base is not x)


def write(x: TensorBase, value: Any, index: Any = ...) -> None:
    """x[index] = value, in memory and, if grad is required, in the graph.

    A write through a view is recorded on its base, so that all other views see it.
    """
    base = base_of(x)
    value_node = node_of(value) if isinstance(value, TensorBase) else None
    changes_history = switch.recording and (base._node is not None or value_node is not None)
    refuse_leaf(x)
    if changes_history and isinstance(value, TensorBase):
        value = to_dtype(value, x._array.dtype)
    node_of(x)  # bring an outdated view up to date before the write is recorded
    array = value._array if isinstance(value, TensorBase) else value
    try:
        x._array[index] = array
    except (ValueError, IndexError, TypeError) as error:
        raise errors.cannot_write(x._array, index, array, error) from None
    if changes_history:
        rewrite_history(x, array, node_of(value) if isinstance(value, TensorBase) else None, index)
    stamp_write(x._array)


def rewrite_history(x: TensorBase, array: Array, maker: Node | Leaf | None, index: Any = ...) -> None:
    """Record on x's base that `array`, produced by the node `maker`, was written to x[index]."""
    base = base_of(x)
    before = base._node
    if base is x and index is ... and np.shape(array) == x._array.shape and maker is not None:
        base._node = maker
    else:
        steps = () if x._view is None else x._view.steps
        attrs = {"steps": steps, "index": index, "order": axes_in_memory(base._array)}
        pullbacks: list[Any] = list(overwritten(**attrs, ndim=np.ndim(array)))
        shape, line = base._array.shape, user_line(sys._getframe(1))
        base._node = Node(overwrite, attrs, [base._array, array], [before, maker], shape, pullbacks, line)
        for observer in observers:
            observer.recorded(base._node, base._array)
    if before is not None and before.hooks and RETAIN in before.hooks:
        base._node.hooks = {RETAIN: before.hooks.pop(RETAIN)}  # retain_grad() now applies to the new value


def rearrange(x: X, method: Callable[..., Any], *args: Any, **kwargs: Any) -> X:
    """Apply a method that returns a view to x in place, as t_() and unsqueeze_() do.

    The previous x becomes the base of x and of its views.
    """
    refuse_leaf(x)
    before = wrap(x._array, x._node) if x._view is None else x
    with enable_grad():
        after = method(before, *args, **kwargs)
    if isinstance(x._node, AccumulateGrad):
        x.data = after
    else:
        x._array, x._node, x._view = after._array, after._node, after._view
        if isinstance(x._node, Node):
            x._node.named = NAMES_IN_PLACE.get(x._node.name())
    return x
