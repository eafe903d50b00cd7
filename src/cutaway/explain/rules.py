"""The rule that a pullback is: its own source, and the values that it has captured."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from ..memory import contents
from ..ops.contract import once
from .source import code_of, function_source
from .values import ARRAYS, Values, plain

_FUNCTIONS = (FunctionType, MethodType, once)


def rule(pullback: Callable[..., Any], op: Any, values: Values) -> dict[str, Any]:
    """The source of a pullback, and by name what it has captured.

    Args:
        pullback: a function from g to the gradient of an input.
        op: whose pullback it is.
        values: makes plain data of arrays.
    """
    if isinstance(op, type) and "gradient" in (found := _captured(pullback)):  # a Function: the rule is its backward
        ctx = _captured(_captured(found["gradient"])["shared"].compute)["ctx"]
        found = {name: _one(x, values, ()) for name, x in ({"saved_tensors": ctx.arrays} | vars(ctx)).items()}
        return {"source": source_of(op.backward), "captured": found}  # type: ignore[attr-defined]
    return _function(pullback, values, ())


def source_of(function: Callable[..., Any]) -> str | None:
    """A function's own text; None where there is none to read."""
    code = code_of(function)
    return None if code is None else function_source(code)


def _function(function: Any, values: Values, around: tuple[Any, ...]) -> dict[str, Any]:
    """A function, inside of those around it."""
    if type(function) is once:
        function = function.compute
    around = (*around, function)
    captured = {name: _one(x, values, around) for name, x in _captured(function).items()}
    return {"source": source_of(function), "captured": captured}


def _captured(function: Any) -> dict[str, Any]:
    """By name what a function, or an object that can be called, carries along."""
    if isinstance(function, FunctionType):
        cells, code, defaults = function.__closure__ or (), function.__code__, function.__defaults__
        found = dict(zip(code.co_freevars, map(contents, cells), strict=True))
        if defaults:
            found.update(zip(code.co_varnames[code.co_argcount - len(defaults) :], defaults, strict=False))
        return found
    if isinstance(function, MethodType):
        return {"self": function.__self__, **_captured(function.__func__)}
    slots = {name: getattr(function, name, None) for name in getattr(type(function), "__slots__", ())}
    return slots | getattr(function, "__dict__", {})


def _one(x: Any, values: Values, around: tuple[Any, ...]) -> Any:
    if isinstance(x, ARRAYS):
        return values.of(x)
    if isinstance(x, (list, tuple)):
        return [_one(part, values, around) for part in x]
    is_function = isinstance(x, _FUNCTIONS)
    if not is_function and not type(x).__module__.startswith("cutaway.ops."):
        return plain(x, values)
    if any(x is outer for outer in around):
        return "…"
    found = _function(x, values, around)
    return found if is_function else {"object": type(x).__name__, **found}  # an object that an op made for its rules
