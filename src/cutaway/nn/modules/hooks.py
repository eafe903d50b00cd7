"""Hooks: functions that a module calls with its inputs, outputs and gradients.

Use them to inspect a model without changing it: print shapes, collect activations, clip a gradient. A hook is stored
in a dict of the module, and its handle removes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...grad_mode import is_grad_enabled
from ...tensors import Tensor, cat

if TYPE_CHECKING:
    from .module import Module

__all__ = ["Hooks", "watch_backward"]

# number -> (function, whether it also takes the keyword arguments)
Hooks = dict[int, tuple[Callable[..., Any], bool]]


def watch_backward(module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run forward between two identity ops that observe the gradients in the backward pass."""
    grad_output: tuple[Any, ...] = ()

    def entering(grads: tuple[Any, ...]) -> tuple[Any, ...]:
        nonlocal grad_output
        for hook, _ in list(module._backward_pre_hooks.values()):
            grads = _replaced(hook(module, grads), grads)
        grad_output = grads
        if not any(_wants_gradient(arg) for arg in args):
            leaving((None,) * len(args))  # nothing further will pass
        return grads

    def leaving(grads: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook, _ in list(module._backward_hooks.values()):
            grads = _replaced(hook(module, grads, grad_output), grads)
        return grads

    out = module.forward(*_gate(args, leaving), **kwargs)
    if isinstance(out, tuple | list):
        return type(out)(_gate(tuple(out), entering))
    return _gate((out,), entering)[0]


def _wants_gradient(value: Any) -> bool:
    return isinstance(value, Tensor) and value.requires_grad


def _replaced(new: Any, old: tuple[Any, ...]) -> tuple[Any, ...]:
    """The return value of a hook, which replaces what it was given unless it is None."""
    if new is None:
        return old
    new = new if isinstance(new, tuple) else (new,)
    if len(new) != len(old):
        raise RuntimeError(f"a backward hook was given {len(old)} gradients, and returned {len(new)}")
    return tuple(new)


def _gate(values: tuple[Any, ...], watch: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> tuple[Any, ...]:
    """An identity op on several tensors; in the backward pass `watch` is called with all of their gradients."""
    places = [i for i, value in enumerate(values) if _wants_gradient(value)]
    if not places or not is_grad_enabled():
        return values
    shapes = [values[i].shape for i in places]
    sizes = [values[i].numel() for i in places]

    def on_gradient(g: Tensor) -> Tensor:
        grads: list[Any] = [None] * len(values)
        for i, part, shape in zip(places, g.reshape(-1).split(sizes), shapes, strict=True):
            grads[i] = part.reshape(shape)
        passed = watch(tuple(grads))
        return cat([passed[i].reshape(-1) for i in places]).reshape(g.shape)

    # one vector of them all: it has one gradient, and that is complete when it comes
    if len(places) == 1:
        [place] = places
        joined = values[place].view_as(values[place])
        parts: tuple[Tensor, ...] = (joined,)
    else:
        joined = cat([values[i].reshape(-1) for i in places])
        parts = tuple(part.reshape(shape) for part, shape in zip(joined.split(sizes), shapes, strict=True))
    joined.register_hook(on_gradient)
    passed_on = list(values)
    for i, part in zip(places, parts, strict=True):
        passed_on[i] = part
    return tuple(passed_on)
