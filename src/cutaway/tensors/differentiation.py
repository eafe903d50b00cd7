"""backward(), grad() and hooks: the graph's backward pass, for tensors."""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors, events
from ..grad_mode import enable_grad, set_grad_enabled
from ..graph import Leaf, Node, walk
from ..hooks import RemovableHandle
from ..memory import user_line
from ..ops import TABLE, copy
from .base import RETAIN, AccumulateGrad, TensorBase, apply, node_of, wrap
from .joining import stack

if TYPE_CHECKING:
    from .tensor import Tensor


class Differentiation(TensorBase):
    """backward(), detach() and hooks."""

    __slots__ = ()

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set requires_grad in place, and return self.

        >>> cutaway.ones(2).requires_grad_()
        tensor([1., 1.], requires_grad=True)
        """
        if not isinstance(requires_grad, bool):
            raise TypeError(f"requires_grad_(): requires_grad must be bool, not {errors.describe(requires_grad)}")
        if requires_grad != self.requires_grad:
            self.requires_grad = requires_grad
        return self  # type: ignore[return-value]

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:
        """Compute the gradient of self with respect to the leaves, and accumulate it into their `.grad`.

        Args:
            gradient: the gradient of the loss with respect to self, of self's shape. None means 1,
                and is allowed only if self has a single element.
            retain_graph: keep the graph for another backward pass; None for the value of create_graph.
            create_graph: record the backward pass too, for second derivatives.
            inputs: accumulate into these tensors only; None for all leaves.

        Raises:
            RuntimeError: gradient is needed but missing, self has no graph, the graph was freed, or a
                value saved for backward was overwritten.

        >>> x = cutaway.tensor(3., requires_grad=True)
        >>> (x * x).backward()
        >>> x.grad
        tensor(6.)
        """
        me: Any = self
        backward([me], [gradient], retain_graph, create_graph, inputs=inputs)

    def detach(self) -> Tensor:
        """A tensor that shares memory with self, but is detached from the graph.

        >>> x = cutaway.ones(2, requires_grad=True)
        >>> x.detach().requires_grad
        False
        """
        return wrap(self._array)

    def detach_(self) -> Tensor:
        """Detach self from its graph, in place."""
        if self._view is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead")
        self._node = None
        return self  # type: ignore[return-value]

    def register_hook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Call hook with the gradient of self in each backward pass.

        Args:
            hook: takes the gradient; may return a replacement.

        Returns:
            A handle whose remove() removes the hook.

        >>> x = cutaway.tensor(3., requires_grad=True)
        >>> handle = x.register_hook(lambda g: g * 2)
        >>> (x * x).backward()
        >>> x.grad
        tensor(12.)
        """
        node = node_of(self)
        if node is None:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")

        def on_gradient(g: Any) -> Any:
            if isinstance(g, TensorBase):
                return _replacement(hook(g), g)
            with set_grad_enabled(False):
                new = _replacement(hook(wrap(np.asarray(g))), g)
            return None if new is None else new._array

        return _add_hook(node, on_gradient)

    def retain_grad(self) -> None:
        """Retain the gradient of self in `.grad`, for a tensor that is not a leaf.

        >>> x = cutaway.tensor(3., requires_grad=True)
        >>> y = x * x
        >>> y.retain_grad()
        >>> (y * 2).backward()
        >>> y.grad, x.grad
        (tensor(2.), tensor(12.))
        """
        node = node_of(self)
        if node is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if isinstance(node, Leaf) or self.retains_grad:
            return
        me = weakref.ref(self)

        def keep(g: Any) -> None:
            tensor = me()
            if tensor is not None:
                _keep(tensor, g)

        node.hooks = node.hooks or {}
        node.hooks[RETAIN] = keep

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad()` was called on this tensor."""
        node = node_of(self)
        return node is not None and RETAIN in (node.hooks or ())


def _add_hook(node: Node | Leaf, hook: Callable[[Any], Any]) -> RemovableHandle:
    if node.hooks is None:
        node.hooks = {}
    keep = node.hooks.pop(RETAIN, None)
    handle = RemovableHandle(node.hooks, hook)
    if keep is not None:  # it runs last, so that it retains the gradient that the other hooks return
        node.hooks[RETAIN] = keep
    return handle


def _replacement(new: Any, g: Any) -> Any:
    """Validate what a hook returned: None, or a replacement of g's shape and dtype."""
    if new is None:
        return None
    if not isinstance(new, TensorBase):
        raise TypeError(f"a hook must return None or a Tensor that replaces the gradient, not {errors.describe(new)}")
    old = g._array if isinstance(g, TensorBase) else g
    if new._array.shape != old.shape:
        raise RuntimeError(
            f"a hook has changed the size of value: it was given a gradient of shape {tuple(old.shape)} and returned "
            f"one of shape {tuple(new.shape)}. A gradient has one number for each element of its tensor."
        )
    if new._array.dtype != old.dtype:
        raise RuntimeError(
            f"a hook has changed the type of value: it was given a gradient of dtype {wrap(np.asarray(old)).dtype} and "
            f"returned one of {new.dtype}. Convert it back: return new.to(g.dtype)."
        )
    return new


# --- backward ---------------------------------------------------------------------------------------------


def pullbacks_on_tensors(node: Node) -> Sequence[Any]:
    """The node's pullbacks on Tensors. A function of NumPy's may return an array where nothing requires grad."""

    def on_tensors(pullback: Callable[[Any], Any], g: Any) -> Any:
        gx = pullback(g)
        return gx if gx is None or isinstance(gx, TensorBase) else wrap(np.asarray(gx))

    return [p and functools.partial(on_tensors, p) for p in _rerun(node)]


def _rerun(node: Node) -> Sequence[Any]:
    """Obtain the pullbacks by running the op again on Tensors.

    Ops consist of NumPy functions, which Tensors intercept and record. A fused op writes into
    buffers, which cannot be recorded; its twin, which consists of small ops, replaces it.
    """
    # The pullbacks of a freed node hold no values and work on Tensors as they are; so do those of a Function.
    if node.arrays is None or isinstance(node.op, type):
        return node.pullbacks or []
    inputs = [
        wrap(array, parent) if isinstance(array, np.ndarray) else array
        for array, parent in zip(node.arrays, node.parents, strict=True)
    ]
    op = TABLE.get(node.op)
    if op is not None and op.twin is not None:
        pullbacks = _pullbacks_of_twin(op.twin, inputs, node.attrs)
    else:
        pullbacks = list(node.op(*inputs, **node.attrs)[1:])
    if op is not None and op.zeros:
        zeros = 0 * inputs[0].sign()  # recorded, with gradient 0
        pullbacks = [p and (lambda g, p=p: p(g) + zeros) for p in pullbacks]
    return [p if parent is not None else None for p, parent in zip(pullbacks, node.parents, strict=True)]


def _pullbacks_of_twin(twin: Callable[..., Any], inputs: list[Any], attrs: Mapping[str, Any]) -> list[Any]:
    """The pullbacks of a twin: a backward pass through the subgraph that it records."""
    # Doors are identity nodes between this subgraph and the rest. They are newer than everything
    # before them, so that the walk, whose targets they are, stops there.
    doors = [_door(x) if isinstance(x, TensorBase) and x._node is not None else x for x in inputs]
    targets = [x._node for x in doors if isinstance(x, TensorBase) and x._node is not None]
    value = twin(*doors, **attrs)
    known: list[Any] = []  # the last g and its gradients: all pullbacks are called with the same g

    def gradients(g: Any) -> Any:
        if not known or known[0] is not g:
            known[:] = [g, _walk_recorded([(value._node, g)], targets)]
        return known[1]

    return [
        (lambda g, door=x._node: gradients(g).get(door)) if isinstance(x, TensorBase) and x._node is not None else None
        for x in doors
    ]


def _door(x: TensorBase) -> Tensor:
    assert x._node is not None
    line = user_line(sys._getframe(1))
    return wrap(x._array, Node(copy, {}, [x._array], [x._node], x._array.shape, [lambda g: g], line))


def _walk_recorded(roots: list[Any], targets: list[Any] | None) -> dict[Any, Any]:
    with enable_grad():
        return walk(roots, targets=targets, retain_graph=True, rerun=pullbacks_on_tensors)


def seed(tensor: Any, gradient: Any) -> Any:
    """The initial gradient of a tensor in a backward pass."""
    if gradient is None:
        if tensor._array.size != 1:
            raise errors.needs_gradient(tensor._array.shape)
        return wrap(np.ones(tensor._array.shape, tensor._array.dtype))
    if not isinstance(gradient, TensorBase):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
    if gradient._array.shape != tensor._array.shape:
        raise errors.seed_of_wrong_shape(gradient._array.shape, tensor._array.shape)
    return gradient.to(tensor.dtype)  # type: ignore[attr-defined]


def _as_list(x: Any) -> list[Any]:
    return [x] if isinstance(x, TensorBase) or x is None else list(x)


def _run(
    tensors: list[Any], gradients: list[Any], targets: list[Any] | None, retain_graph: bool, create_graph: bool
) -> dict[Any, Any]:
    if len(gradients) != len(tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(gradients)} gradients")
    roots = []
    for tensor, gradient in zip(tensors, gradients, strict=True):
        node = node_of(tensor)
        if node is None:
            raise errors.no_graph()
        start = seed(tensor, gradient)
        if isinstance(node, Leaf):  # else the leaf's .grad would share memory with the given gradient
            start = start.clone()
        roots.append((node, start if create_graph else start._array))
    with np.errstate(all="ignore"):  # 0 * inf is nan, as in PyTorch, without a warning
        if create_graph:
            with enable_grad():
                return walk(roots, targets=targets, retain_graph=retain_graph, rerun=pullbacks_on_tensors)
        return walk(roots, targets=targets, retain_graph=retain_graph)


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Compute the gradients of tensors with respect to the leaves, and accumulate them into their `.grad`.

    Args:
        tensors: the tensors to differentiate.
        grad_tensors: the gradient of the loss with respect to each tensor; None for tensors of one element.
        retain_graph: keep the graph for another backward pass; None for the value of create_graph.
        create_graph: record the backward pass too, for second derivatives.
        grad_variables: ignored; PyTorch's old name for grad_tensors.
        inputs: accumulate into these tensors only; None for all leaves.

    >>> x = cutaway.tensor([1., 2.], requires_grad=True)
    >>> cutaway.autograd.backward([x.sum(), x * x], [None, cutaway.ones(2)])
    >>> x.grad
    tensor([3., 5.])
    """
    starts = _as_list(tensors)
    seeds = [None] * len(starts) if grad_tensors is None else _as_list(grad_tensors)
    keep = create_graph if retain_graph is None else retain_graph
    wanted = None if inputs is None else _as_list(inputs)
    if wanted is not None and not wanted:
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    targets = None if wanted is None else [_target(x) for x in wanted]
    for listener in events.backward:
        listener(starts)
    arrived = _run(starts, seeds, targets, keep, create_graph)
    for node, g in arrived.items():
        if isinstance(node, AccumulateGrad):
            node.expect(g)
    # State changes only now, when nothing can fail any more.
    if wanted is None:
        for leaf, g in arrived.items():
            leaf.receive(g)
        for told in events.received:
            told(list(arrived))
        return
    for tensor, node in zip(wanted, targets or (), strict=True):
        g = arrived.pop(node, None)
        if g is None:
            continue
        if isinstance(node, AccumulateGrad):
            node.receive(g)
        elif not tensor.retains_grad:  # else its hook has kept g already
            _keep(tensor, g)


def _keep(tensor: TensorBase, g: Any) -> None:
    """Accumulate a copy of g into the `.grad` of a tensor that is not a leaf."""
    mine: Any = apply(copy, g) if isinstance(g, TensorBase) else wrap(np.array(g))
    tensor._grad = mine if tensor._grad is None else tensor._grad + mine


def _target(x: Any) -> Any:
    node = node_of(x)
    if node is None:
        raise RuntimeError(
            "One of the differentiated Tensors does not require grad: create it with requires_grad=True, or call "
            "x.requires_grad_(), before computing with it"
        )
    return node


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor] | dict[str, Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """Return the gradients of the sum of outputs with respect to inputs, without changing any `.grad`.

    Args:
        outputs: the tensors to differentiate.
        inputs: the tensors to differentiate with respect to, leaves or not; a dict gives a dict of gradients.
        grad_outputs: the gradient of the loss with respect to each output; None for outputs of one element.
        retain_graph: keep the graph for another backward pass; None for the value of create_graph.
        create_graph: record the backward pass too, so that the result can be differentiated again.
        only_inputs: ignored; gradients are computed for the inputs only.
        allow_unused: return None for an input that the outputs do not depend on, instead of raising.
        is_grads_batched: grad_outputs have a leading batch dimension; so do the gradients returned.
        materialize_grads: return zeros for an unused input.

    Raises:
        RuntimeError: an input does not require grad, or the outputs do not depend on it.

    >>> x = cutaway.tensor(2., requires_grad=True)
    >>> (slope,) = cutaway.autograd.grad(x ** 3, x, create_graph=True)
    >>> slope
    tensor(12., grad_fn=<MulBackward0>)
    >>> cutaway.autograd.grad(slope, x)
    (tensor(12.),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError("materialize_grads=True gives zeros for an unused input, which allow_unused=False forbids")
    again = functools.partial(
        grad, create_graph=create_graph, allow_unused=allow_unused, materialize_grads=materialize_grads
    )
    if isinstance(inputs, dict):
        found = again(outputs, list(inputs.values()), grad_outputs, retain_graph, is_grads_batched=is_grads_batched)
        return dict(zip(inputs, found, strict=True))
    if is_grads_batched:
        batch = zip(*_as_list(grad_outputs), strict=True)
        rows = [again(outputs, inputs, seeds, True) for seeds in batch]
        return tuple(None if column[0] is None else stack(column) for column in zip(*rows, strict=True))
    starts, wanted = _as_list(outputs), _as_list(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty: name at least one tensor")
    seeds = [None] * len(starts) if grad_outputs is None else _as_list(grad_outputs)
    keep = create_graph if retain_graph is None else retain_graph
    targets = [_target(x) for x in wanted]
    arrived = _run(starts, seeds, targets, keep, create_graph)
    results: list[Any] = []
    for i, (x, node) in enumerate(zip(wanted, targets, strict=True)):
        g: Any = arrived.get(node)
        if g is None and materialize_grads:
            g = np.zeros(x._array.shape, x._array.dtype)
        if g is None and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {i} appears to not have been used in the graph: the outputs do "
                "not depend on it. Set allow_unused=True to get None for it."
            )
        if g is not None:  # contiguous, so that g.view(-1) works
            g = wrap(np.asarray(g, order="C")) if isinstance(g, np.ndarray | np.generic) else g.contiguous()
        results.append(g)
    return tuple(results)
