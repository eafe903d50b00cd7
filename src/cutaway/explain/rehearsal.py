"""A model's forward pass, run only to be looked at: all of it is recorded, and the model is afterwards as it was.

What is frozen, and what no parameter leads to, is as much a part of the model as the rest, so it has to be in the
graph too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..autograd import enable_grad, no_grad
from ..graph import Leaf
from ..nn import Module
from ..nn.uninitialized import Uninitialized
from ..random import default_generator
from ..tensors import Tensor
from ..tensors.base import wrap


@contextmanager
def rehearsal(model: Module) -> Iterator[None]:
    """Within, all parameters require grad; afterwards parameters, buffers and random numbers are as they were."""
    frozen = [p for p in model.parameters() if not p.requires_grad and p.is_floating_point()]
    buffers = [
        (module._buffers, name, buffer, buffer._array.copy())
        for module in model.modules()
        for name, buffer in module._buffers.items()
        if buffer is not None and not isinstance(buffer, Uninitialized)
    ]
    random = default_generator.get_state()
    try:
        for p in frozen:
            p.requires_grad_(True)
        with enable_grad():
            yield
    finally:
        default_generator.set_state(random)
        for p in frozen:
            p.requires_grad_(False)
        for shelf, name, buffer, before in buffers:
            shelf[name] = buffer
            if not np.array_equal(buffer._array, before):  # a graph may still need it: a write spoils that
                with no_grad():
                    buffer.copy_(wrap(before))


def recordable(inputs: Any) -> Any:
    """Inputs from which all that is computed is recorded: tensors, and lists, tuples and dicts of them.

    They are copies, and none accumulates a gradient, so that a model may write into them: nn.ReLU(inplace=True).
    """
    made: dict[int, Tensor] = {}  # one that is given twice stays one

    def visit(x: Any) -> Any:
        if isinstance(x, Tensor) and x.is_floating_point():
            return made.setdefault(id(x), wrap(x._array.copy("K"), Leaf(x._array.shape)))
        if type(x) is dict:
            return {key: visit(part) for key, part in x.items()}
        if isinstance(x, tuple) and hasattr(x, "_fields"):
            return type(x)(*map(visit, x))
        return type(x)(map(visit, x)) if type(x) in (list, tuple) else x

    return visit(inputs)


def tensors_in(x: Any) -> list[Tensor]:
    """The tensors in what a model takes or returns: a tensor, or lists, tuples and dicts of them."""
    if isinstance(x, Tensor):
        return [x]
    parts = x.values() if isinstance(x, dict) else x if isinstance(x, list | tuple) else ()
    return [tensor for part in parts for tensor in tensors_in(part)]
