"""The rule of a pullback: its source, and the values that it captured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from types import FunctionType, MethodType
from typing import Any

from ..memory import contents
from ..ops.contract import once
from .source import text_of
from .values import ARRAYS, Values, plain

_FUNCTIONS = (FunctionType, MethodType, once)


def rule_of(pullback: Callable[..., Any], op: Any, values: Values) -> tuple[str | None, dict[str, Any]]:
    """The source of a pullback, and the values that it captured, by name.

    Args:
        pullback: a function from g to the gradient of an input.
        op: whose pullback it is.
        values: makes plain data of arrays.
    """
    if isinstance(op, type) and "gradient" in (found := _captured(pullback)):  # a Function: the rule is its backward
        ctx = _captured(_captured(found["gradient"])["shared"].compute)["ctx"]
        found = {name: _one(x, values, ()) for name, x in ({"saved_tensors": ctx.arrays} | vars(ctx)).items()}
        return source_of(op.backward), found  # type: ignore[attr-defined]
    return _function(pullback, values, ())


def source_of(function: Callable[..., Any]) -> str | None:
    """A function's source; None if it is not available."""
    return _read(function)[0]


def _captured(function: Any) -> dict[str, Any]:
    return dict(_read(function)[1])


def _function(function: Any, values: Values, around: tuple[Any, ...]) -> tuple[str | None, dict[str, Any]]:
    """The source and captured values of any function; `around` are the functions that led to it."""
    if type(function) is once:
        function = function.compute
    source, items = _read(function)
    captured = {}
    for name, x in items:
        captured[name] = values.of(x) if isinstance(x, ARRAYS) else _one(x, values, (*around, function))
    return source, captured


def _read(function: Any) -> tuple[str | None, Iterable[tuple[str, Any]]]:
    """The source of a function or callable object, and the values that it captured, by name."""
    if isinstance(function, FunctionType):
        source, free, parameters = text_of(function.__code__)
        found, defaults = zip(free, map(contents, function.__closure__ or ())), function.__defaults__
        return source, chain(found, zip(parameters[-len(defaults) :], defaults)) if defaults else found
    if isinstance(function, MethodType):
        source, items = _read(function.__func__)
        return source, (("self", function.__self__), *items)
    code = getattr(type(function).__call__, "__code__", None)
    slots = {name: getattr(function, name, None) for name in getattr(type(function), "__slots__", ())}
    return code and text_of(code).source, (slots | getattr(function, "__dict__", {})).items()


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
    source, captured = _function(x, values, around)
    found = {"source": source, "captured": captured}
    return found if is_function else {"object": type(x).__name__, **found}  # an object that an op made for its rules
