"""The parts of a formula, and how they are put together.

Each part is held in symbols, as `c / b²`, and, where it consists of single numbers, in numbers too: `4 / (-3)²`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..numbers import single

CASES, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)  # precedence
Text = tuple[str, int]  # with its precedence


@dataclass(frozen=True)
class Term:
    """A part of a formula: in symbols and, if it consists of single numbers, in numbers."""

    symbols: Text
    numbers: Text | None = None
    constant: float | None = None  # its value, if it does not depend on the inputs
    value: Any = None  # its number here, or array of numbers, if all are known: decides conditions

    @property
    def text(self) -> str:
        """In symbols."""
        return self.symbols[0]

    @property
    def number(self) -> float | None:
        """Its value, if it is a single number or a condition."""
        return None if isinstance(self.value, np.ndarray) else self.value


def symbol(label: str, value: dict[str, Any] | None = None) -> Term:
    """The label of a value, and its number if it is a single one."""
    if value is None:
        return Term((label, ATOM))
    text, numbers = single(value), None if value.get("cut") else np.array(value["numbers"])
    if numbers is None or numbers.dtype.kind == "U":  # cut short, or with nan as a word
        numbers = None
    if text is None:
        return Term((label, ATOM), value=numbers)
    strength = SIGN if text[0] == "-" or "e" in text else ATOM
    return Term((label, ATOM), (text, strength), value=None if numbers is None else numbers.item())


def truth(x: bool) -> Term:
    """True or False."""
    return Term((str(x), ATOM), value=x)


TRUE = truth(True)


def constant(x: float) -> Term:
    """A number that does not depend on the inputs."""
    text = f"{x:.4f}".rstrip("0").rstrip(".") if abs(x) >= 1e-4 or x == 0 else f"{x:.5g}"
    parts = (text, SIGN if x < 0 else ATOM)
    return Term(parts, parts, x, x)


def plain(x: Any) -> str:
    """Plain data of a trace in Python's notation: lists as tuples, large arrays by their shape."""
    if isinstance(x, float):
        return constant(x).text
    if isinstance(x, dict) and "numbers" in x:
        text = str(x["numbers"])
        return text if len(text) < 30 and not x["cut"] else f"array of {plain(x['shape'])}"
    if isinstance(x, list):
        return f"({', '.join(map(plain, x))}{',' if len(x) == 1 else ''})"
    return str(x)


def at(x: Term, strength: int) -> Term:
    """The same, in parentheses if its precedence is lower."""
    return each_of(lambda parts: _at(parts, strength), x)


def bare(text: str) -> str:
    """An argument without parentheses around all of it."""
    inner = text[1:-1]
    if text[:1] != "(" or text[-1:] != ")" or "," in text or not inner:
        return text
    depth = 0
    for character in inner:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return text
    return inner


def whole(x: Term) -> str:
    """A term before an index, ᵀ or method: in parentheses if it would be ambiguous."""
    text = at(x, ATOM).text
    return f"({text})" if text.startswith("∂") else text


def _at(parts: Text, strength: int) -> Text:
    return parts if parts[1] >= strength else (f"({parts[0]})", ATOM)


def _after(parts: Text, strength: int) -> Text:
    """The same after a sign: in parentheses if it starts with one."""
    return (f"({parts[0]})", ATOM) if parts[0][0] == "-" else _at(parts, strength)


def each_of(make: Callable[..., Text], *terms: Term) -> Term:
    """Combine the symbols, and the numbers if every term has some."""
    numbers = [term.numbers for term in terms]
    return Term(make(*(term.symbols for term in terms)), None if None in numbers else make(*numbers))


def applied(name: str, x: Term) -> Term:
    """A function of one argument."""
    if name == "√" and x.text.isalnum() and x.symbols[1] == ATOM:
        return each_of(lambda parts: (f"√{parts[0] if parts[0].isalnum() else f'({parts[0]})'}", ATOM), x)
    return each_of(lambda parts: (f"{name}({parts[0]})", ATOM), x)


def operation(op: type[ast.operator], x: Term, y: Term) -> Term:
    """Two terms with an operator between them."""
    if op is ast.Mult:
        if x.constant == 1:
            return y
        if y.constant == 1:
            return x
    if op is ast.Div and y.constant == 1:
        return x
    if op is ast.BitAnd and x is TRUE:
        return y
    if op is ast.Pow:
        return raised(x, y)
    sign, strength, left, right = _SIGNS.get(op, (" ? ", SUM, ATOM, ATOM))
    found = each_of(lambda a, b: (f"{_at(a, left)[0]}{sign}{_after(b, right)[0]}", strength), x, y)
    if op in (ast.BitAnd, ast.BitOr):
        return replace(found, value=_decided(op, x.number, y.number))
    return Term(found.symbols) if op is ast.MatMult else found


def raised_further(x: Term, y: Term, sign: str) -> Term | None:
    """y², -y² or … · y² for x · y, if x is y, -y or ends with · y; and … / y² for x / y, if x ends with / y."""
    for before, n in ((y, 2), (raised(y, constant(2)), 3)):
        power = raised(y, constant(n))
        if sign == " · " and x.text == before.text:
            return power
        if sign == " · " and x.text == f"-{before.text}":
            return negative(power)
        if x.text.endswith(sign + before.text):

            def further(parts: Text, before: Text, power: Text, y: Text) -> Text:
                start, end = parts[0], _after(before, POWER)[0]
                if start.endswith(sign + end):
                    return start.removesuffix(end) + power[0], PRODUCT
                return f"{start}{sign}{_after(y, POWER)[0]}", PRODUCT  # in numbers, the end is in parentheses

            return each_of(further, x, before, power, y)
    return None


def _decided(op: type[ast.operator], x: float | None, y: float | None) -> bool | None:
    """Whether `and` or `or` of two conditions holds; one may decide it."""
    settles = op is ast.BitOr
    if any(value is not None and bool(value) is settles for value in (x, y)):
        return settles
    return None if x is None or y is None else not settles


def negative(x: Term) -> Term:
    """A term with a minus before it."""
    if x.constant is not None:
        return constant(-x.constant)
    return each_of(lambda parts: (f"-{_after(parts, PRODUCT)[0]}", min(SIGN, max(parts[1], PRODUCT))), x)


def raised(x: Term, n: Term) -> Term:
    """A power."""
    if n.constant == 1:
        return x
    if n.constant == 0:
        return constant(1)
    if n.constant is not None and n.constant == int(n.constant):
        exponent = str(int(n.constant)).translate(_RAISED)
        return each_of(lambda a: (f"{_at(a, ATOM)[0]}{exponent}", POWER), x)
    return each_of(lambda a, b: (f"{_at(a, ATOM)[0]}^{_at(b, ATOM)[0]}", POWER), x, n)


def part(x: Term, index: str) -> Term:
    """x[index]; x itself for `...`."""
    inner = index[1:-1] if index[:1] == "(" and index[-1:] == ")" else index
    inner = inner.rstrip(",").removesuffix(", ...")
    return x if inner == "..." else Term((f"{whole(x)}[{inner}]", ATOM))


def transposes(function: str, given: list[str], ndim: int) -> bool:
    """Whether a function with these arguments transposes a matrix."""
    if function == "swapaxes":
        return set(given) == {"-2", "-1"} or (ndim == 2 and set(given) == {"0", "1"})
    return function == "t" or (function == "transpose" and given in ([], ["(1, 0)"]))


def transposed(x: Term) -> Term:
    """xᵀ"""
    return Term((f"{whole(x)}ᵀ", ATOM))


def viewed(x: Term, steps: list[Any]) -> Term:
    """The view of x that shape ops make: x.t()[0]."""
    for op, attributes in steps:
        if "index" in attributes:
            x = part(x, plain(attributes["index"]))
        else:  # an op by its name, or by its source where a rule captured it
            name = op if isinstance(op, str) else op["source"].partition("(")[0].split()[-1]
            x = Term((f"{whole(x)}.{name}({', '.join(map(plain, attributes.values()))})", ATOM))
    return x


# sign, its precedence, and that required of each side
_SIGNS: dict[type[ast.operator], tuple[str, int, int, int]] = {
    ast.Add: (" + ", SUM, SUM, SUM),
    ast.Sub: (" - ", SUM, SUM, PRODUCT),
    ast.Mult: (" · ", PRODUCT, PRODUCT, PRODUCT),
    ast.Div: (" / ", PRODUCT, PRODUCT, POWER),
    ast.MatMult: (" @ ", PRODUCT, POWER, POWER),
    ast.BitAnd: (" and ", SUM, ATOM, ATOM),
    ast.BitOr: (" or ", SUM, ATOM, ATOM),
}


_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
