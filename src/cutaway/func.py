"""torch.func: a module as a function of its parameters.

Meta-learning needs the output of a model for parameters that are themselves computed, such as those after a gradient
step that the loss is to be differentiated through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .errors import absent, nearest

if TYPE_CHECKING:
    from .nn import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module, parameter_and_buffer_dicts: Any, args: Any = None, kwargs: Mapping[str, Any] | None = None,
    *, tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """Call a module with other parameters and buffers; its own stay as they are.

    Args:
        module: the module.
        parameter_and_buffer_dicts: tensors by their names in `named_parameters()` and `named_buffers()`; a dict, or
            several of them. The module's own are used for names that are left out.
        args: the input, or a tuple of inputs.
        kwargs: further inputs, by name.
        tie_weights: a parameter with two names is replaced under both.
        strict: no name may be left out.

    Raises:
        RuntimeError: module has no parameter or buffer of a name; or, if strict, one is left out.

    >>> layer = nn.Linear(2, 1)
    >>> weights = {"weight": torch.tensor([[1., 2.]], requires_grad=True), "bias": torch.zeros(1)}
    >>> torch.func.functional_call(layer, weights, torch.tensor([3., 4.]))
    tensor([11.], grad_fn=<ViewBackward0>)
    """
    dicts = parameter_and_buffer_dicts
    given = {name: x for each in ([dicts] if isinstance(dicts, Mapping) else dicts) for name, x in each.items()}
    inputs = args if isinstance(args, tuple) else () if args is None else (args,)
    with _replaced(module, given, tie_weights, strict):
        return module(*inputs, **(kwargs or {}))


@contextmanager
def _replaced(module: Module, given: Mapping[str, Any], tie_weights: bool, strict: bool) -> Iterator[None]:
    """While this lasts, the module holds the given tensors."""
    own = dict(_places(module))
    unknown, missing = [name for name in given if name not in own], [name for name in own if name not in given]
    if unknown:
        raise RuntimeError(
            f"functional_call: {type(module).__name__} has no parameter or buffer {unknown[0]!r}."
            f"{nearest(unknown[0], list(own))} It has: {', '.join(own) or 'none'}"
        )
    if strict and missing:
        raise RuntimeError(f"functional_call: strict=True, but there is no {', '.join(missing)} in the dict")
    new = {id(own[name][2]): x for name, x in given.items()} if tie_weights else {}
    before = [place for name, place in own.items() if name in given or id(place[2]) in new]
    try:
        for name, (shelf, key, x) in own.items():
            shelf[key] = given.get(name, new.get(id(x), x))
        yield
    finally:
        for shelf, key, x in before:
            shelf[key] = x


def _places(module: Module) -> Iterator[tuple[str, tuple[dict[str, Any], str, Any]]]:
    """The name of each parameter and buffer, and where it is: in which dict, by which key, and the tensor itself."""
    for path, child in module.named_modules(remove_duplicate=False):
        for shelf in (child._parameters, child._buffers):
            for key, x in shelf.items():
                if x is not None:
                    yield f"{path}.{key}" if path else key, (shelf, key, x)


if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.func")
