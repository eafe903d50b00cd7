"""What the source of this package's ops says: what a helper does, and how a local variable is defined."""

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
    """The first line of the docstring of a helper that an op's rules call."""
    found = _function(op, formula)
    function = None if found is None else found.__globals__.get(name)
    if not isinstance(function, FunctionType):
        return None
    words, _, _ = (function.__doc__ or "").partition("\n")
    return words.rstrip(".") or None


@cache
def defaults(op: str, formula: str) -> Mapping[str, Any]:
    """The default attributes of an op."""
    found = _function(op, formula)
    return {} if found is None else found.__kwdefaults__ or {}


@cache
def _source(op: str, formula: str) -> str:
    found = _function(op, formula)
    return "" if found is None else text_of(found.__code__).source or ""


@cache
def stands_in(op: str, formula: str, rule: str) -> bool:
    """Whether a rule is defined within one of our ops."""
    return " ".join(rule.split()) in " ".join(_source(op, formula).split())


@cache
def made_of(op: str, formula: str, rule: str) -> Mapping[str, ast.expr]:
    """The definitions of an op's local variables that are assigned once; none if the rule is not in the op itself."""
    if not stands_in(op, formula, rule):
        return MappingProxyType({})
    tree = ast.parse(_source(op, formula))
    parts = list(ast.walk(tree))
    names = Counter(part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))
    steps = [step for part in parts if isinstance(part, ast.stmt) for step in steps_in(part)]
    return {name: value for name, value in steps if names[name] == 1 and _is_plain(value)}


def _is_plain(value: ast.expr) -> bool:
    """Whether it calls only NumPy functions, ops, and functions that formulas show."""
    called = [node.func for node in ast.walk(value) if isinstance(node, ast.Call)]
    return all(
        each.id in {*_OPS, *FUNCTIONS, *AS_IT_IS}
        if isinstance(each, ast.Name)
        else ast.unparse(each).startswith(("np.", "math.")) or ast.unparse(each).endswith(".swapaxes")
        for each in called
    )
