"""Numbers put into an expression, as in a worked exercise: x * y becomes 2 * -3."""

from __future__ import annotations

import ast
from typing import Any

from ..drawing.brief import spelled


def numbers_in(named: dict[str, Any]) -> dict[str, str]:
    """Of what is called by name, the single numbers, spelled; values of a trace among them."""
    found = {}
    for name, x in named.items():
        if isinstance(x, dict) and x.get("shape") == []:
            x = x["numbers"]
        if isinstance(x, (int, float)) or x in ("nan", "inf", "-inf"):
            found[name] = spelled(x)
    return found


def put_in(text: str, numbers: dict[str, str]) -> str | None:
    """An expression, or the body of a lambda, with numbers in place of names; None if there is no place for any.

    >>> from cutaway.explain.stepping.substitution import put_in
    >>> put_in("lambda g: g * y", {"g": "2", "y": "-3"})
    '2 * -3'
    >>> put_in("x ** 2 + b", {"x": "-3"})
    '(-3) ** 2 + b'
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):  # a formula that is no Python, or a function of several lines
        return None
    if isinstance(tree, ast.Lambda):
        tree = tree.body
    filled = _PutIn(numbers)
    tree = filled.visit(tree)
    return ast.unparse(tree) if filled.any else None


class _PutIn(ast.NodeTransformer):
    def __init__(self, numbers: dict[str, str]) -> None:
        self.numbers = numbers
        self.any = False

    def visit_Name(self, node: ast.Name) -> ast.expr:
        text = self.numbers.get(node.id)
        if text is None:
            return node
        self.any = True
        number: ast.expr = ast.Name(text.removeprefix("-"))
        return ast.UnaryOp(ast.USub(), number) if text.startswith("-") else number
