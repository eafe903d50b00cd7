"""What a node keeps alive: the arrays that its pullbacks have captured, and whether they need each of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from cutaway import ops
from cutaway.memory import held, owner

from .example import Array, Example

Op = Callable[..., Any]


def captured(pullback: Any) -> list[Array]:
    """The arrays behind a pullback, each memory once."""
    arrays = [a for a in held(pullback) if isinstance(a, np.ndarray) and a.size]
    return list({id(owner(a)): a for a in arrays}.values())


def names(op: Op, example: Example) -> str:
    """What each pullback keeps, by the names of the op's arguments: `y | x` for a product."""
    value, *pullbacks = op(*example.inputs, **example.attrs)
    named = names_of(op, example, value)
    kept = [", ".join(dict.fromkeys(named.get(id(owner(a)), "own") for a in captured(q))) or "-" for q in pullbacks]
    return " | ".join(kept if len(set(kept)) > 1 else kept[:1])


def names_of(op: Op, example: Example, value: Array) -> dict[int, str]:
    """The names of an op's arrays, by the id of the memory: of its arguments, its attributes, and `value`."""
    named = {id(owner(value)): "value"}
    for name, attr in example.attrs.items():
        parts = attr if isinstance(attr, tuple) else (attr,)
        named |= {id(owner(part)): name for part in parts if isinstance(part, np.ndarray)}
    parameters = inspect.signature(op).parameters.values()
    arguments = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    more = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
    return named | {id(owner(x)): name for x, name in zip(example.inputs, arguments + more * len(example.inputs))}


def unneeded(op: Op, examples: list[Example]) -> list[str]:
    """Captures that can be changed without any change in the gradient, in all of the examples."""
    needed: dict[str, bool] = {}
    for example in examples:
        example = example.as_dtype(np.float64)
        value, *pullbacks = op(*example.inputs, **example.attrs)
        g = np.linspace(0.5, 1.5, np.size(value)).reshape(np.shape(value))
        named = names_of(op, example, value)
        for i, pullback in enumerate(pullbacks):
            before = np.array(pullback(g.copy()))
            for array in captured(pullback):
                place = "" if op in SHARING else f" of the pullback for input {i}"
                key = named.setdefault(id(owner(array)), f"own array {len(named)}") + place
                if not needed.get(key):
                    needed[key] = any(differs(pullback, g, before, array, other) for other in others(array))
    return [key for key, is_needed in needed.items() if not is_needed]


# Their pullbacks share one calculation: it is done once, and so what one of them needs, all of them keep.
SHARING = (ops.layer_norm, ops.rms_norm, ops.group_norm, ops.batch_norm, ops.rnn, ops.lstm, ops.gru,
           ops.scaled_dot_product_attention)  # fmt: skip


def others(array: Array) -> list[Array]:
    """Other contents for an array, of which at least one should matter: for an index they stay in its range."""
    if array.dtype.kind == "b":
        return [~array]
    moved = [np.roll(array.ravel(), 1).reshape(array.shape), array.ravel()[::-1].reshape(array.shape)]
    if array.dtype.kind in "iu":
        return [*moved, np.zeros_like(array), np.maximum(array - 1, 0)]
    return [*moved, -array, array + 0.37, np.full_like(array, np.nan)]


def differs(pullback: Any, g: Array, before: Array, array: Array, other: Array) -> bool:
    """Whether the gradient is another while the captured array has other contents."""
    writeable, original = array.flags.writeable, array.copy()
    try:
        array.flags.writeable = True
        array[...] = other
        after = np.array(pullback(g.copy()))
    except (ValueError, IndexError):  # an index that fits no longer is one that is needed
        return True
    finally:
        array[...] = original
        array.flags.writeable = writeable
    return not np.array_equal(before, after, equal_nan=True)
