"""autograd.Function: a custom forward and backward, with PyTorch's interface.

`@cutaway.differentiable` is the shorter way: there a pullback is a closure over the arrays that it
needs. A Function is for code written for PyTorch, where forward saves values for backward in a
`ctx`. Both record the same: a node, with a pullback for each input.
"""

from __future__ import annotations

import functools
import inspect
import math
import sys
import weakref
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import numpy as np

from .. import errors
from ..grad_mode import no_grad, set_grad_enabled, switch
from ..graph import Leaf, Node, observers
from ..memory import Line, owner, stamp_write, user_line
from ..ops.contract import once
from ..ops.indexing import spread
from ..ops.special import as_dtype
from ..tensors.base import TensorBase, node_of, wrap
from ..tensors.writing import refuse_leaf, rewrite_history

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class FunctionCtx:
    """The context that forward passes to backward: saved tensors, and any attribute that forward sets.

    `needs_input_grad` says for each argument whether its gradient is needed.
    """

    # The nodes that produced the saved `arrays` are weak references: a node holds its context, not vice versa.
    __slots__ = (
        "arrays", "materialize_grads", "needs_input_grad", "_constants", "_dirty", "_makers", "_saved", "__dict__",
    )  # fmt: skip

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self.materialize_grads = True
        self.arrays: list[Any] = []
        self._constants: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self._makers: list[Any] = []
        self._saved: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        """Save tensors (or None) for backward, which reads them from `saved_tensors`."""
        for i, x in enumerate(tensors):
            if not isinstance(x, TensorBase | None):
                raise TypeError(
                    f"save_for_backward can only save tensors, but argument {i} is {errors.describe(x)}: store it as "
                    "an attribute, ctx.name = ..."
                )
        self._saved = tensors

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Mark floating-point outputs that have no gradient."""
        self._constants = outputs

    def mark_dirty(self, *inputs: Any) -> None:
        """Mark the inputs that forward modifies in place; forward must return them."""
        self._dirty = inputs

    def set_materialize_grads(self, value: bool) -> None:
        """Set whether backward receives zeros (True) or None for an output that the loss does not depend on."""
        self.materialize_grads = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The tensors that forward saved, connected to the graph, so that backward can itself be recorded."""
        makers = [reference and reference() for reference in self._makers]
        if switch.recording and makers.count(None) > self._makers.count(None):
            raise RuntimeError(
                "a Function saved one of its outputs, which no longer exists: its node in the graph is lost, and with "
                "it the second derivative. Keep the output as long as the others, or save the inputs instead."
            )
        return tuple(x if x is None else wrap(x, maker) for x, maker in zip(self.arrays, makers, strict=True))

    def _seal(self, nodes: dict[int, Node]) -> None:
        """Split the saved tensors into arrays and nodes; an output's node is the one just created."""
        for x in self._saved:
            node = None if x is None else nodes.get(id(x), node_of(x))
            self.arrays.append(None if x is None else x._array)
            self._makers.append(None if node is None else weakref.ref(node))
        self._saved = self._constants = self._dirty = ()


class Function:
    """Base class for custom autograd functions: define `forward` and `backward`, call `apply`.

    forward computes with tensors, unrecorded, and returns a tensor or a tuple of them. backward takes the
    gradient of each output, and returns a gradient or None for each argument of forward. If it consists of tensor
    operations, it can itself be differentiated (`create_graph=True`).

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

    broadcasts = True  # as in PyTorch, a gradient larger than its input is summed over the broadcast axes

    @staticmethod
    def forward(*args: Any) -> Any:
        """Compute the output from ctx and the arguments; without ctx if `setup_context` is defined."""
        raise NotImplementedError("a Function needs a static method forward(ctx, ...) that computes its value")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save values for backward in ctx, for a forward that does not take ctx."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute the gradients of the arguments from the gradients of the outputs."""
        raise NotImplementedError("a Function needs a static method backward(ctx, ...) that returns the gradients")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Raise: a Function is not instantiated and called, unlike a module."""
        name = type(self).__name__
        raise RuntimeError(f"a Function is applied, not instantiated and called: {name}.apply(x)")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward, and record backward as its pullback.

        Args:
            args: forward's arguments after ctx. Gradients flow to those that are tensors.
            kwargs: keyword arguments, to which no gradient flows.
        """
        parents = [node_of(x) if isinstance(x, TensorBase) else None for x in args]
        ctx = FunctionCtx(tuple(parent is not None for parent in parents))
        with no_grad():
            if cls.setup_context is Function.setup_context:
                output = cls.forward(ctx, *args, **kwargs)
            else:
                output = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, output)
        if not switch.recording or not any(ctx.needs_input_grad):
            return output
        return _recorded(cls, ctx, args, parents, output, user_line(sys._getframe(1)))


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a Function's backward as not differentiable: a second derivative raises.

    Apply it below @staticmethod. Such a backward may compute with NumPy.
    """

    @functools.wraps(backward)
    def call(ctx: Any, *grad_outputs: Any) -> Any:
        with no_grad():
            given = backward(ctx, *grad_outputs)
        if not switch.recording:
            return given
        grads = _Once.apply(given if isinstance(given, tuple) else (given,), *grad_outputs)
        return grads if isinstance(given, tuple) else grads[0]

    return call


class _Once(Function):
    """A result of a backward that cannot be differentiated again."""

    @staticmethod
    def forward(ctx: Any, grads: tuple[Any, ...], *grad_outputs: Any) -> tuple[Any, ...]:
        return grads

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable: write its backward "
            "with tensor operations, and remove the decorator"
        )


# --- recording a call ---------------------------------------------------------------------------------------------


def _recorded(
    cls: Any, ctx: FunctionCtx, args: tuple[Any, ...], parents: list[Node | Leaf | None], output: Any, line: Line
) -> Any:
    """The outputs of forward, each connected to the graph."""
    outputs = output if isinstance(output, tuple) else (output,)
    arrays = [x._array if isinstance(x, TensorBase) else x for x in args]
    for x in ctx._dirty:
        if not _is_among(x, outputs):
            raise RuntimeError(
                f"{cls.__name__}: some elements marked as dirty were not returned as output. The inputs that forward "
                "modifies in place must all be outputs of the Function."
            )
        refuse_leaf(x)
        stamp_write(x._array)
    kinds = [(x._array.shape, x._array.dtype) if isinstance(x, TensorBase) else None for x in outputs]
    floats = [i for i, kind in enumerate(kinds) if kind and kind[1].kind == "f"]
    places = [i for i in floats if not _is_among(outputs[i], ctx._constants)]
    if len(places) == 1:
        [only] = places
        pullbacks = _pullbacks(cls, ctx, args, kinds, lambda g: {only: g})
        whole = Node(cls, {}, arrays, parents, outputs[only]._array.shape, pullbacks, line)
        nodes = {only: whole}
    elif places:
        row = _Row({i: kinds[i] for i in places})
        whole = Node(cls, {}, arrays, parents, row.shape, _pullbacks(cls, ctx, args, kinds, row.apart), line)
        nodes = {i: row.piece(i, cls, whole, line) for i in places}
    else:
        return output
    results = list(outputs)
    for i, node in nodes.items():
        x = outputs[i]
        for observer in observers:
            observer.recorded(whole, x._array)
        if _is_among(x, ctx._dirty):
            rewrite_history(x, x._array, node)
        else:
            is_view = any(owner(x._array) is owner(array) for array in arrays)
            results[i] = wrap(x._array.copy() if is_view else x._array, node)
    ctx._seal({id(outputs[i]): node for i, node in nodes.items()})
    return tuple(results) if isinstance(output, tuple) else results[0]


def _is_among(x: Any, others: tuple[Any, ...]) -> bool:
    return any(x is other for other in others)


class _Row:
    """Several outputs flattened into one row, since a node has one value and backward is called once for all outputs.

    Each output has a node of its own, which adds its gradient to its slice of the row's.
    """

    def __init__(self, kinds: dict[int, Any]) -> None:
        ends = list(accumulate((math.prod(shape) for shape, _ in kinds.values()), initial=0))
        self.kinds = kinds  # the shape and dtype of each
        self.pieces = {i: slice(a, b) for i, a, b in zip(kinds, ends, ends[1:])}
        self.shape = (ends[-1],)
        self.dtype = np.result_type(*(dtype for _, dtype in kinds.values()))

    def piece(self, i: int, cls: Any, whole: Node, line: Line) -> Node:
        """The node of an output."""
        shape, dtype, index = self.shape, self.dtype, self.pieces[i]

        def into_row(g: Any) -> Any:
            return spread(as_dtype(g.reshape(-1), dtype), shape=shape, index=index)

        return Node(cls, {}, [None], [whole], self.kinds[i][0], [into_row], line)

    def apart(self, g: Any) -> dict[int, Any]:
        """The gradient of each output."""
        return {i: as_dtype(g[self.pieces[i]].reshape(shape), dtype) for i, (shape, dtype) in self.kinds.items()}


def _pullbacks(
    cls: Any, ctx: FunctionCtx, args: tuple[Any, ...], kinds: list[Any], apart: Callable[[Any], dict[int, Any]]
) -> list[Any]:
    """A pullback for each argument; all share one call of backward.

    Args:
        kinds: the shape and dtype of each output, None if it is not a tensor.
        apart: splits the node's gradient into those of the outputs that have one.
    """
    n, are_tensors = len(args), [isinstance(x, TensorBase) for x in args]

    def gradients(g: Any) -> list[Any]:
        parts = apart(g)
        if len(parts) > 1 and not ctx.materialize_grads:  # all zeros: no gradient arrived
            parts = {i: part for i, part in parts.items() if part.any()}
        missing = [wrap(np.zeros(*kind)) if kind and ctx.materialize_grads else None for kind in kinds]
        each = [_tensor(parts[i]) if i in parts else nothing for i, nothing in enumerate(missing)]
        with set_grad_enabled(isinstance(g, TensorBase)):
            given = cls.backward(ctx, *each)
        grads = list(given) if isinstance(given, tuple | list) else [given]
        if any(x is not None for x in grads[n:]) or len(grads) < n:
            raise RuntimeError(
                f"function {cls.__name__}Backward returned an incorrect number of gradients (expected {n}, got "
                f"{len(grads)}): backward returns one for each argument of forward after ctx, None where there is none"
            )
        for i, x in enumerate(grads[:n]):
            if not isinstance(x, TensorBase | None):
                raise TypeError(f"{cls.__name__}.backward returns Tensors or None, but not {errors.describe(x)}")
            if x is not None and not are_tensors[i]:
                raise RuntimeError(
                    f"function {cls.__name__}Backward returned a gradient different than None at position {i + 1}, but "
                    "the corresponding forward input was not a Tensor: return None in this place"
                )
        return grads if isinstance(g, TensorBase) else [None if x is None else x._array for x in grads]

    shared = once(gradients)
    last = max(i for i, needed in enumerate(ctx.needs_input_grad) if needed)

    def gradient(g: Any, i: int) -> Any:
        found = shared(g)[i]
        if i == last:  # the recorded results refer to the node: caching them would be a cycle
            shared.forget()
        return found

    return [lambda g, i=i: gradient(g, i) for i in range(n)]


def _tensor(x: Any) -> Any:
    return x if isinstance(x, TensorBase) else wrap(np.asarray(x))


# --- what an op takes ---------------------------------------------------------------------------------------------


@functools.lru_cache
def arguments(op: Callable[..., Any], n: int) -> list[str]:
    """What an op calls its n array arguments."""
    function = op
    skipped = 0
    if isinstance(op, type) and issubclass(op, Function):
        function = op.forward
        skipped = int(op.setup_context is Function.setup_context)  # ctx comes first, unless it has a method of its own
    named: list[str] = []
    for parameter in list(inspect.signature(function).parameters.values())[skipped:]:
        if parameter.kind is parameter.VAR_POSITIONAL:
            rest, each = n - len(named), parameter.name.split("_and_")  # *weight_and_bias: one of them, both, or none
            named += each if rest <= len(each) else [f"{parameter.name}[{k}]" for k in range(rest)]
        elif parameter.kind is not parameter.KEYWORD_ONLY:
            named.append(parameter.name)
    return named[:n]
