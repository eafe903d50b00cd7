"""The rule that a pullback is: its own source, and the values that it has captured."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from ..memory import contents
from ..ops.contract import once
from .source import code_of, function_source
from .values import Values, plain


def rule(pullback: Callable[..., Any], op: Any, values: Values, owners: dict[int, int]) -> dict[str, Any]:
    """The source of a pullback, and by name what it has captured.

    Args:
        pullback: a function from g to the gradient of an input.
        op: whose pullback it is.
        values: makes plain data of arrays.
        owners: by the id of an array the number of the node whose value it is; a captured array says so.
    """
    if isinstance(op, type):  # a Function of the user's: the rule is its backward, which reads its ctx
        ctx = _captured(_captured(pullback)["gradients"])["ctx"]
        found = {"saved_tensors": ctx.arrays, **vars(ctx)}
        return {"source": source_of(op.backward), "captured": _plain(found, values, owners, set())}  # type: ignore[attr-defined]
    return _function(pullback, values, owners, set())


def source_of(function: Callable[..., Any]) -> str | None:
    """A function's own text; None where there is none to read."""
    code = code_of(function)
    return None if code is None else function_source(code)


def _function(
    function: Callable[..., Any], values: Values, owners: dict[int, int], seen: set[int]
) -> dict[str, Any]:
    seen.add(id(function))
    if isinstance(function, once):
        return _function(function.compute, values, owners, seen)
    return {"source": source_of(function), "captured": _plain(_captured(function), values, owners, seen)}


def _captured(function: Any) -> dict[str, Any]:
    """By name what a function, or an object that can be called, carries along."""
    if isinstance(function, FunctionType):
        code = function.__code__
        defaults = function.__defaults__ or ()
        named = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
        cells = (contents(cell) for cell in function.__closure__ or ())
        return dict(zip((*code.co_freevars, *named), (*cells, *defaults), strict=True))
    if inspect.ismethod(function):
        return {"self": function.__self__, **_captured(function.__func__)}
    slots = {name: getattr(function, name, None) for name in getattr(type(function), "__slots__", ())}
    return slots | getattr(function, "__dict__", {})


def _plain(found: dict[str, Any], values: Values, owners: dict[int, int], seen: set[int]) -> dict[str, Any]:
    return {name: _one(x, values, owners, seen) for name, x in found.items() if id(x) not in seen}


def _one(x: Any, values: Values, owners: dict[int, int], seen: set[int]) -> Any:
    if isinstance(x, np.ndarray | np.generic):
        owner = owners.get(id(x))
        return values(x) if owner is None else {**values(x), "node": owner}
    if isinstance(x, FunctionType | once) or inspect.ismethod(x):
        return _function(x, values, owners, seen)
    if isinstance(x, list | tuple):
        return [_one(part, values, owners, seen) for part in x]
    if type(x).__module__.startswith("cutaway.ops."):  # an object that an op made for its pullbacks
        seen.add(id(x))
        return {"object": type(x).__name__, "captured": _plain(_captured(x), values, owners, seen)}
    return plain(x, values)
