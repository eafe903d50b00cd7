"""What the source of this package's own ops tells: what a helper does, and what a local variable stands for."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from functools import cache
from types import FunctionType, MappingProxyType
from typing import Any

from ...errors import op_name
from ...ops import TABLE
from ..source import text_of
from .algebra import AS_IT_IS, FUNCTIONS, steps_in

_OPS = {known.__name__ for known in TABLE}


def _function(op: str, formula: str) -> FunctionType | None:
    """One of our ops, by its name and the first line of its docstring."""
    ours = (known for known in TABLE if op_name(known) == op and (known.__doc__ or "").startswith(formula or "none"))
    found = next(ours, None)
    return found if isinstance(found, FunctionType) else None


@cache
def in_words(op: str, formula: str, name: str) -> str | None:
    """What a function does that stands beside an op and that its rules call: the first line of its docs."""
    found = _function(op, formula)
    function = None if found is None else found.__globals__.get(name)
    if not isinstance(function, FunctionType):
        return None
    words, _, _ = (function.__doc__ or "").partition("\n")
    return words.rstrip(".") or None


@cache
def defaults(op: str, formula: str) -> Mapping[str, Any]:
    """The attributes of an op where none are given."""
    found = _function(op, formula)
    return {} if found is None else found.__kwdefaults__ or {}


@cache
def made_of(op: str, formula: str, rule: str) -> Mapping[str, ast.expr]:
    """Of the variables that an op assigns once, what it assigns; none if the rule does not stand in the op itself."""
    found = _function(op, formula)
    source = "" if found is None else text_of(found.__code__).source or ""
    if " ".join(rule.split()) not in " ".join(source.split()):
        return MappingProxyType({})
    tree = ast.parse(source)
    parts = list(ast.walk(tree))
    names = Counter(part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))
    steps = [step for part in parts if isinstance(part, ast.stmt) for step in steps_in(part)]
    return {name: value for name, value in steps if names[name] == 1 and _is_plain(value)}


def _is_plain(value: ast.expr) -> bool:
    """Whether all functions that it calls are NumPy's, ops, or have a sign of their own."""
    called = [node.func for node in ast.walk(value) if isinstance(node, ast.Call)]
    return all(
        each.id in {*_OPS, *FUNCTIONS, *AS_IT_IS}
        if isinstance(each, ast.Name)
        else ast.unparse(each).startswith(("np.", "math.")) or ast.unparse(each).endswith(".swapaxes")
        for each in called
    )
