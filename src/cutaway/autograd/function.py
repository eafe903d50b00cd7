"""Function: a forward and a backward of one's own, in the form that PyTorch gives them.

`@cutaway.differentiable` is the shorter way: there a pullback simply remembers the arrays that it
needs. A Function is for code that was written for PyTorch, where forward hands over to backward
through a `ctx`. Both leave the same behind: a node, with a pullback for each input.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

import numpy as np

from .. import errors
from ..grad_mode import no_grad, set_grad_enabled, switch
from ..graph import Node
from ..memory import owner, user_line
from ..ops.contract import once
from ..tensors.base import TensorBase, node_of, wrap


class Context:
    """What forward hands over to backward: the tensors that it saves, and any attribute that it sets.

    `needs_input_grad` says of each argument whether its gradient is wanted.
    """

    # Who made the saved `arrays` is known by weak references: a node holds its context, not the other way round.
    __slots__ = ("arrays", "needs_input_grad", "_constants", "_makers", "_saved", "__dict__")

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self.arrays: list[Any] = []
        self._constants: tuple[Any, ...] = ()
        self._makers: list[Any] = []
        self._saved: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (or None) for backward, which finds them in `saved_tensors`."""
        self._saved = tensors

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Say which outputs have no gradient, though they are made of floats."""
        self._constants = outputs

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What forward saved, each tensor in its place in the graph, so that backward can itself be recorded."""
        makers = [reference and reference() for reference in self._makers]
        if switch.recording and makers.count(None) > self._makers.count(None):
            raise RuntimeError(
                "a Function saved one of its outputs, which nothing holds any longer: its place in the graph is lost, "
                "and with it the second derivative. Keep the output as long as the others, or save the inputs instead."
            )
        return tuple(x if x is None else wrap(x, maker) for x, maker in zip(self.arrays, makers, strict=True))

    def _seal(self, nodes: dict[int, Node]) -> None:
        """Part what was saved into arrays and their makers; an output's maker is the node that was just made."""
        for x in self._saved:
            node = None if x is None else nodes.get(id(x), node_of(x))
            self.arrays.append(None if x is None else x._array)
            self._makers.append(None if node is None else weakref.ref(node))
        self._saved = self._constants = ()


class Function:
    """Base class for a function with a backward of its own: define `forward` and `backward`, call `apply`.

    forward computes with tensors, unrecorded, and returns a tensor or a tuple of them. backward is given the
    gradient of each output, and returns one for each argument of forward, None where there is none. Written with
    tensor operations, it can itself be differentiated (`create_graph=True`).

    >>> class Cube(cutaway.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x**2
    >>> x = cutaway.tensor(2., requires_grad=True)
    >>> y = Cube.apply(x)
    >>> y
    tensor(8., grad_fn=<CubeBackward>)
    >>> y.backward()
    >>> x.grad
    tensor(12.)
    """

    broadcasts = True  # a gradient may be larger than its input, as in PyTorch: it is summed over what was stretched

    @staticmethod
    def forward(*args: Any) -> Any:
        """Compute the output from ctx and the arguments; without ctx if there is a `setup_context`."""
        raise NotImplementedError("a Function needs a static method forward(ctx, ...) that computes its value")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save in ctx what backward needs, for a forward that does not see ctx."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Turn the gradients of the outputs into the gradients of the arguments."""
        raise NotImplementedError("a Function needs a static method backward(ctx, ...) that gives the gradients")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward, and record that backward is the way back.

        Args:
            args: forward's arguments after ctx. Gradients flow to those that are tensors.
        """
        parents = [node_of(x) if isinstance(x, TensorBase) else None for x in args]
        ctx = Context(tuple(parent is not None for parent in parents))
        with no_grad():
            if cls.setup_context is Function.setup_context:
                output = cls.forward(ctx, *args)
            else:
                output = cls.forward(*args)
                cls.setup_context(ctx, args, output)
        if not switch.recording or not any(ctx.needs_input_grad):
            return output

        outputs = output if isinstance(output, tuple) else (output,)
        arrays = [x._array if isinstance(x, TensorBase) else x for x in args]
        zeros = [(x._array.shape, x._array.dtype) if isinstance(x, TensorBase) else None for x in outputs]
        recorded, nodes, line = list(outputs), {}, user_line(sys._getframe(1))
        for place, x in enumerate(outputs):
            if not isinstance(x, TensorBase) or x._array.dtype.kind != "f" or any(x is y for y in ctx._constants):
                continue
            pullbacks = _pullbacks(cls, ctx, zeros, place, len(args))
            nodes[id(x)] = node = Node(cls, {}, arrays, parents, x._array.shape, pullbacks, line)
            is_view = any(owner(x._array) is owner(array) for array in arrays)
            recorded[place] = wrap(x._array.copy() if is_view else x._array, node)
        ctx._seal(nodes)
        return tuple(recorded) if isinstance(output, tuple) else recorded[0]


def _pullbacks(cls: Any, ctx: Context, outputs: list[Any], place: int, n: int) -> list[Any]:
    """The pullbacks of the output at a place, one for each of n arguments; they share a call of backward.

    A gradient is linear: what the other outputs contribute comes from their own nodes. Here theirs is zero.
    """

    def gradients(g: Any) -> list[Any]:
        each = [kind and wrap(np.zeros(*kind)) for kind in outputs]
        each[place] = g if isinstance(g, TensorBase) else wrap(np.asarray(g))
        with set_grad_enabled(isinstance(g, TensorBase)):
            given = cls.backward(ctx, *each)
        grads = list(given) if isinstance(given, tuple | list) else [given]
        if any(x is not None for x in grads[n:]) or len(grads) < n:
            raise RuntimeError(
                f"function {cls.__name__}Backward returned an incorrect number of gradients (expected {n}, got "
                f"{len(grads)}): backward returns one for each argument of forward after ctx, None where there is none"
            )
        for x in grads:
            if not isinstance(x, TensorBase | None):
                raise TypeError(f"{cls.__name__}.backward returns Tensors or None, but not {errors.describe(x)}")
        return grads if isinstance(g, TensorBase) else [None if x is None else x._array for x in grads]

    # What is recorded is not kept here, for it leads back to the node: it would keep itself alive.
    shared = once(gradients)
    return [lambda g, i=i: (gradients if isinstance(g, TensorBase) else shared)(g)[i] for i in range(n)]
