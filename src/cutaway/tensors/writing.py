"""Writing into a tensor's memory, and what that does to its place in the graph.

Whatever shares the memory sees the new numbers. The history of a tensor that is written to goes on: from then on it is
the result of one more op, `overwrite`, which took what it had been and what was written.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from .. import errors
from ..grad_mode import enable_grad, switch
from ..graph import Leaf, Node
from ..memory import stamp_write, user_line
from ..ops import NAMES_IN_PLACE, overwrite
from ..ops.contract import Array
from ..ops.indexing import axes_in_memory, overwritten
from .base import RETAIN, TensorBase, base_of, node_of, to_dtype, wrap

X = TypeVar("X", bound=TensorBase)


def refuse_leaf(x: TensorBase) -> None:
    """Raise if x may not be written to: while ops are recorded, a leaf's value is where its gradient belongs."""
    base = base_of(x)
    if switch.recording and isinstance(base._node, Leaf):
        raise errors.inplace_on_leaf(base is not x)


def write(x: TensorBase, value: Any, index: Any = ...) -> None:
    """x[index] = value, in x's memory and, where gradients matter, in x's history.

    The history of a view is its base's: what is written through one view is seen through all.
    """
    base = base_of(x)
    value_node = node_of(value) if isinstance(value, TensorBase) else None
    changes_history = switch.recording and (base._node is not None or value_node is not None)
    refuse_leaf(x)
    if changes_history and isinstance(value, TensorBase):
        value = to_dtype(value, x._array.dtype)
    node_of(x)  # an outdated view takes its place in the history before the history goes on
    array = value._array if isinstance(value, TensorBase) else value
    try:
        x._array[index] = array
    except (ValueError, IndexError, TypeError) as error:
        raise errors.cannot_write(x._array, index, array, error) from None
    if changes_history:
        rewrite_history(x, array, node_of(value) if isinstance(value, TensorBase) else None, index)
    stamp_write(x._array)


def rewrite_history(x: TensorBase, array: Array, maker: Node | Leaf | None, index: Any = ...) -> None:
    """Let x's base be, from now on, what it was with an array, which `maker` made, at x[index]."""
    base = base_of(x)
    before = base._node
    if base is x and index is ... and np.shape(array) == x._array.shape and maker is not None:
        base._node = maker
    else:
        steps = () if x._view is None else x._view.steps
        attrs = {"steps": steps, "index": index, "order": axes_in_memory(base._array)}
        pullbacks: list[Any] = list(overwritten(base._array.shape, **attrs, ndim=np.ndim(array)))
        shape, line = base._array.shape, user_line(sys._getframe(1))
        base._node = Node(overwrite, attrs, [base._array, array], [before, maker], shape, pullbacks, line)
    if before is not None and before.hooks and RETAIN in before.hooks:
        base._node.hooks = {RETAIN: before.hooks.pop(RETAIN)}  # it is the new value's gradient that is kept


def rearrange(x: X, method: Callable[..., Any], *args: Any, **kwargs: Any) -> X:
    """Let x be what a method makes of it that gives a view: the same memory in another arrangement.

    What x was becomes its base, and that of the views of x.
    """
    refuse_leaf(x)
    before = wrap(x._array, x._node) if x._view is None else x
    with enable_grad():
        after = method(before, *args, **kwargs)
    x._array = after._array
    if isinstance(x._node, Leaf):
        x._node.shape = x._array.shape
    else:
        x._node, x._view = after._node, after._view
        if isinstance(x._node, Node):
            x._node.named = NAMES_IN_PLACE.get(x._node.name())
    return x
