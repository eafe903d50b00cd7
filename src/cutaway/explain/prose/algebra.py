"""The rule of a pullback as a formula: `lambda g: g * y` becomes `∂loss/∂a · x`, and in numbers `2 · 3`.

A rule is read as Python reads it. Its names are replaced by what they stand for, small functions that it calls by
what they say, and what can be worked out at once is: for x², `g * (n * x ** (n - 1))` becomes `g · 2 · x`. Steps on
the way (`r2 = x * x + y * y`) are put where they are used. What is more than arithmetic stays as NumPy writes it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import numpy as np

from .indices import axis_of, repeats
from .terms import (
    ATOM,
    CASES,
    SUM,
    TRUE,
    Term,
    applied,
    at,
    bare,
    constant,
    each_of,
    negative,
    operation,
    part,
    plain,
    raised,
    raised_further,
    symbol,
    transposed,
    transposes,
    truth,
    viewed,
    whole,
)

LONG_INDEX = 40  # characters
LONG_PART, SHORT_PART = 50, 30  # characters of a definition: beside an array, and within a formula
LONG = 160  # characters of a formula made of several statements


@dataclass
class Reader:
    """Reads one rule.

    Args:
        g: what arrives.
        captured: what the rule carries along, as a trace holds it.
        meaning: what a captured variable stands for: a Term, or what it was given.
        ndim: how many dimensions g has.
        taken: names that stand for something else already.
    """

    g: Term
    captured: Mapping[str, Any]
    meaning: Callable[[str, Any], Any]
    ndim: int = 0
    taken: Collection[str] = ()
    unknown: dict[str, str | None] = field(default_factory=dict)  # captured functions, with their source
    called: set[str] = field(default_factory=set)  # other functions that it calls
    kept: dict[str, Any] = field(default_factory=dict)  # captured arrays that are not the value of a node
    given: Mapping[str, Any] = field(default_factory=dict)  # the op's arguments and attributes
    made: Mapping[str, ast.expr] = field(default_factory=dict)  # the definitions of the op's local variables
    said: dict[str, str] = field(default_factory=dict)  # the definitions of the kept arrays
    depth: int = 0
    local: dict[str, Term] = field(default_factory=dict)  # the argument g, and intermediate results

    def read(self, source: str, which: int | None = None) -> Term | None:
        """The result of a small function for g as a formula; `which` of several; None if it is not small."""
        function = small(source, which)
        return None if function is None else self.answer(function)

    def answer(self, function: Small) -> Term | None:
        """The result of a function for g; None if it is too long."""
        self.local = {function.argument: self.g}
        for name, value in function.steps:
            self.local[name] = self.term(value)
        result = self.term(function.result)
        return None if function.steps and len(result.text) > LONG else result

    def term(self, node: ast.expr) -> Term:
        """Any expression."""
        known: Callable[[Any], Term] | None = getattr(self, f"_{type(node).__name__}", None)
        return Term((ast.unparse(node), ATOM)) if known is None else known(node)

    # --- names and numbers

    def _Constant(self, node: ast.Constant) -> Term:
        if isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return constant(node.value)
        if isinstance(node.value, bool):
            return TRUE if node.value else truth(False)
        return Term(("..." if node.value is ... else repr(node.value), ATOM))

    def _Name(self, node: ast.Name) -> Term:
        if node.id in self.local:
            return self.local[node.id]
        return self._held(node.id, self.captured[node.id]) if node.id in self.captured else Term((node.id, ATOM))

    def _held(self, name: str, held: Any) -> Term:
        """The term of a captured variable."""
        held = self.meaning(name, held)
        if isinstance(held, Term):
            return held
        if isinstance(held, bool):
            return truth(held)
        if isinstance(held, int | float):
            return constant(held)
        if isinstance(held, dict) and "shape" in held:
            made = self._made(name) if self.depth == 0 else None
            if not held["shape"] and not isinstance(held["numbers"], str):
                is_short = made is not None and len(made.text) <= SHORT_PART and not set("<>≤≥") & set(made.text)
                return made if made is not None and is_short else self._held(name, held["numbers"])
            name = f"inner_{name}" if name in self.taken else name  # it differs from the user's variable of that name
            self.kept[name] = held
            if made is not None:
                self.said[name] = made.text
        elif isinstance(held, dict):
            self.unknown[name] = held.get("source")
        elif len(plain(held)) < 40:
            return Term((plain(held), ATOM))
        return Term((name, ATOM))

    def _made(self, name: str) -> Term | None:
        """The definition of one of the op's local variables in terms of its arguments; None if unreadable or long."""
        value = self.made.get(name)
        if value is None:
            return None
        functions = {id(node.func) for node in ast.walk(value) if isinstance(node, ast.Call)}
        names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name) and id(node) not in functions}
        local: dict[str, Term] = {}
        for each in names - self.given.keys() - {"np", "math"}:
            made = self._made(each)
            if made is None:
                return None
            local[each] = made
        within = replace(self, captured=self.given, local=local, kept={}, unknown={}, called=set(), depth=1)
        term = within.term(value)
        is_read = not within.kept and "None" not in term.text and "*" not in term.text
        return term if is_read and len(term.text) <= LONG_PART else None

    def _Attribute(self, node: ast.Attribute) -> Term:
        if isinstance(node.value, ast.Name):
            name, held = node.value.id, self.captured.get(node.value.id)
            if self.local.get(name) is self.g and node.attr == "ndim":
                return constant(self.ndim)
            if isinstance(held, dict) and node.attr in held.get("captured", ()):
                return self._held(node.attr, held["captured"][node.attr])
            if name not in self.captured and node.attr in self.captured:  # an attribute of self, or of a Function's ctx
                return self._held(node.attr, self.captured[node.attr])
            if name in ("np", "math"):
                return symbol(node.attr) if node.attr != "pi" else Term(("π", ATOM), ("π", ATOM))
        x = self.term(node.value)
        return transposed(x) if node.attr == "T" else Term((f"{whole(x)}.{node.attr}", ATOM))

    # --- arithmetic

    def _UnaryOp(self, node: ast.UnaryOp) -> Term:
        opposite = _opposite(node.operand) if isinstance(node.op, ast.Invert) else None
        if opposite is not None:
            found = self.term(opposite)
            if found.numbers is None or "nan" not in found.numbers[0]:  # not (nan ≤ 0) is true, nan > 0 is not
                return found
        x = self.term(node.operand)
        if not isinstance(node.op, ast.USub):
            found = each_of(lambda parts: (f"not {parts[0]}", SUM), at(x, ATOM))
            return replace(found, value=None if x.number is None else not x.number)
        return replace(negative(x), value=None if x.number is None else -x.number)

    def _BinOp(self, node: ast.BinOp) -> Term:
        x, y = self.term(node.left), self.term(node.right)
        both = None if x.number is None or y.number is None else _computed(node.op, x.number, y.number)
        if both is None:
            return self._two(node, x, y)
        is_constant = x.constant is not None and y.constant is not None
        return constant(both) if is_constant else replace(self._two(node, x, y), value=both)

    def _two(self, node: ast.BinOp, x: Term, y: Term) -> Term:
        """Two terms with an operator between them, simplified."""
        zeros = [part for part in (x, y) if part.constant == 0]
        if zeros and isinstance(node.op, ast.Mult):
            return zeros[0]
        if zeros and isinstance(node.op, ast.Add | ast.Sub):
            return x if y.constant == 0 else y if isinstance(node.op, ast.Add) else negative(y)
        if isinstance(node.op, ast.Mult | ast.Div) and y.symbols[1] == ATOM:
            power = raised_further(x, y, " · " if isinstance(node.op, ast.Mult) else " / ")
            if power is not None:
                return power
        return operation(type(node.op), x, y)

    def _Compare(self, node: ast.Compare) -> Term:
        if len(node.ops) > 1:
            return Term((ast.unparse(node), SUM))
        sign = f" {_COMPARISONS.get(type(node.ops[0]), '?')} "
        x, y = self.term(node.left), self.term(node.comparators[0])
        found = each_of(lambda x, y: (f"({x[0]}{sign}{y[0]})", ATOM), x, y)
        if x.value is None or y.value is None or type(node.ops[0]) not in _HOLDS:
            return found
        holds = _for_all(_HOLDS[type(node.ops[0])], x.value, y.value)
        if holds is None:
            return found
        is_constant = x.constant is not None and y.constant is not None
        return constant(float(holds)) if is_constant else replace(found, value=holds)

    # --- calls

    def _Call(self, node: ast.Call) -> Term:
        args = [self.term(arg) for arg in node.args]
        if isinstance(node.func, ast.Name):
            return self._function(node.func.id, args, node)
        if isinstance(node.func, ast.Attribute):
            if ast.unparse(node.func.value) in ("np", "np.linalg", "math"):
                return self._numpy(node.func.attr, args, node)
            if node.func.attr == "copy":
                return self.term(node.func.value)
            if transposes(node.func.attr, [arg.text for arg in args], self.ndim):
                return transposed(self.term(node.func.value))
            if node.func.attr == "reshape" and args[-1].text.endswith(".shape"):  # into the layout of an input
                return self.term(node.func.value)
            return self._written(node.func.attr, [self.term(node.func.value), *args], node)
        return self._written(self.term(node.func).text, args, node)

    def _function(self, name: str, args: list[Term], node: ast.Call) -> Term:
        held = self.captured.get(name)
        if isinstance(held, dict):
            inner = small(held.get("source") or "")
            if held.get("object") == "Read" and args[0].text.startswith("expand_dims("):  # put back, in words
                args = [self.term(node.args[0].args[0])]  # type: ignore[attr-defined]
            if inner is not None and len(args) == 1 and self.depth < 3:  # inline it
                within = replace(self, g=args[0], captured=held["captured"], depth=self.depth + 1)
                answer = within.answer(inner)
                if answer is not None:
                    return answer
            self.unknown[name] = held.get("source")
            return self._written(name, args, node)
        if name in AS_IT_IS or (name == "rows" and self.ndim == 2):
            return args[0]
        if name == "len" and isinstance(node.args[0], ast.Name):
            known = self.captured.get(node.args[0].id)
            if isinstance(known, list):
                return constant(len(known))
        if name in ("tuple", "range") and (name == "tuple" or all(arg.constant is not None for arg in args)):
            return self._counted(name, args)
        if name == "kept":
            return operation(ast.Mult, args[0], args[1])
        if name == "power_values":
            return raised(args[0], args[1])
        if name == "follow" and isinstance(node.args[1], ast.Name):
            return viewed(args[0], self.captured[node.args[1].id])
        if name == "spread":
            return self._put_back(args[0], next(word.value for word in node.keywords if word.arg == "index"))
        if name == "erased":
            return Term((f"{args[0].text}, but 0 for the elements that were overwritten", SUM))
        if name == "_to_extreme":
            x, extreme = args[1].text, args[2].text
            return Term((f"{args[0].text}, shared equally by the elements of {x} equal to {extreme}; elsewhere 0", SUM))
        if name in FUNCTIONS:
            return applied(FUNCTIONS[name], args[0])
        self.called.add(name)
        return self._written(name, args, node)

    def _put_back(self, x: Term, node: ast.expr) -> Term:
        """Zeros with x added at an index, which is a variable or an attribute."""
        name = node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)
        held = self.captured.get(name, "array of")
        index = plain(held)
        several = ", added up" if repeats(held) else ""
        axis = axis_of(held)
        if axis is not None and len(plain(held[axis])) <= LONG_INDEX:
            place = f"along axis {axis} at {plain(held[axis])}"
        elif "array of" in index or len(index) > LONG_INDEX:
            place = "where it was read"
        else:
            place = "at " + part(Term(("", ATOM)), index).text
        return x if place == "at " else Term((f"{x.text}, put back {place}{several}; elsewhere 0", SUM))

    def _numpy(self, name: str, args: list[Term], node: ast.Call) -> Term:
        if name in FUNCTIONS and len(args) == 1:
            return applied(FUNCTIONS[name], args[0])
        if name in ("matmul", "dot"):  # ops take the dot product of matrices only
            return operation(ast.MatMult, args[0], args[1])
        if name == "broadcast_to":
            return Term((f"{at(args[0], SUM).text}, for every element of {args[1].text}", SUM))
        if name == "copy":
            return args[0]
        if name == "einsum" and len(args) == 2:  # of one array: a sum over the missing axes
            axes, _, kept = args[0].text.strip("'").partition("->")
            summed = [i for i, axis in enumerate(axes) if axis not in kept]
            return Term((f"sum({args[1].text}, axis={summed[0] if len(summed) == 1 else plain(summed)})", ATOM))
        if transposes(name, [arg.text for arg in args[1:]], self.ndim):
            return transposed(args[0])
        if name == "divide":
            return operation(ast.Div, args[0], args[1])
        if name == "where":
            condition, x, y = args
            if condition.number is not None:
                return x if condition.number else y
            return Term((f"{at(x, SUM).text} where {bare(condition.text)}, else {at(y, SUM).text}", CASES))
        if name == "zeros_like":
            return constant(0)
        found = self._written(name, args, node)
        numbers = [arg.numbers for arg in args]
        if name not in ("minimum", "maximum", "clip", "log1p", "expm1") or None in numbers:
            return found
        return replace(found, numbers=(f"{name}({', '.join(part[0] for part in numbers if part)})", ATOM))

    def _written(self, name: str, args: list[Term], node: ast.Call) -> Term:
        """A call, with the terms of its arguments."""
        given = [at(arg, SUM).text for arg in args]
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg == "keepdims":
                continue
            text = self.term(keyword.value).text
            if text == "None":
                continue
            if keyword.arg == "axis" and text.endswith(",)"):
                text = text[1:-2]  # one axis
            given.append(f"{keyword.arg}={text}")
        given = [bare(text) for text in given if text not in ("None", "False")]
        return Term((f"{name.lstrip('_')}({', '.join(given)})", ATOM))

    def _counted(self, name: str, args: list[Term]) -> Term:
        """tuple(range(g.ndim - 1)), evaluated."""
        if name == "tuple":
            return args[0]
        return Term((plain([*range(*(int(arg.constant or 0) for arg in args))]), ATOM))

    def _Slice(self, node: ast.Slice) -> Term:
        parts = [None if part is None else self.term(part).text for part in (node.lower, node.upper, node.step)]
        return Term((":".join(part or "" for part in (parts if parts[2] else parts[:2])), ATOM))

    def _Subscript(self, node: ast.Subscript) -> Term:
        call = node.value.func if isinstance(node.value, ast.Call) else None
        if isinstance(call, ast.Name) and call.id not in self.captured and ast.unparse(node.slice) == "0":
            return self.term(node.value)  # the value of an op, without its pullbacks
        name = node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", "")
        held = self.captured.get(name)
        if isinstance(held, list) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
            return self._held(ast.unparse(node), held[node.slice.value])
        return part(self.term(node.value), self.term(node.slice).text)

    def _IfExp(self, node: ast.IfExp) -> Term:
        is_so = self._is_so(node.test)
        if is_so is not None:
            return self.term(node.body if is_so else node.orelse)
        body, orelse = self.term(node.body).text, self.term(node.orelse).text
        return Term((f"({body} if {ast.unparse(node.test)} else {orelse})", ATOM))

    def _is_so(self, test: ast.expr) -> bool | None:
        """Whether a condition such as `row`, `max is None` or `p == 2` holds; None if unknown."""
        if isinstance(test, ast.Name) and isinstance(self.captured.get(test.id), bool):
            return bool(self.captured[test.id])
        if not isinstance(test, ast.Compare) or not isinstance(other := test.comparators[0], ast.Constant):
            return None
        is_name = isinstance(test.left, ast.Name)
        given = self.captured.get(ast.unparse(test.left), ...) if is_name else self.term(test.left).constant
        if given is ... or isinstance(given, dict) or (given is None and other.value is not None):
            return None
        if isinstance(test.ops[0], ast.Is | ast.Eq):
            return bool(given == other.value)
        return bool(given != other.value) if isinstance(test.ops[0], ast.IsNot | ast.NotEq) else None

    def _Tuple(self, node: ast.Tuple) -> Term:
        texts = [self.term(part).text for part in node.elts]
        return Term((f"({', '.join(texts)}{',' if len(texts) == 1 else ''})", ATOM))


@dataclass(frozen=True)
class Small:
    """A function of assignments and one returned expression."""

    argument: str
    steps: list[tuple[str, ast.expr]]
    result: ast.expr


def small(source: str, which: int | None = None) -> Small | None:
    """A lambda, or a function that contains only assignments to names and a return; None for others.

    Args:
        source: its text.
        which: the result that is wanted of one that returns several.
    """
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return None
    tree = statements[0] if statements else None
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Lambda) and tree.value.args.args:
        return Small(tree.value.args.args[0].arg, [], tree.value.body)
    if not isinstance(tree, ast.FunctionDef) or not tree.args.args:
        return None
    if which is not None and (len(tree.args.args) > 2 or tree.args.vararg):
        return None  # the backward of a Function with several outputs
    *before, last = _statements(tree.body[1 if ast.get_docstring(tree) is not None else 0 :]) or [ast.Pass()]
    steps = [steps_in(statement) for statement in before]
    result = last.value if isinstance(last, ast.Return) else None
    if isinstance(result, ast.Tuple):
        result = result.elts[which] if which is not None and which < len(result.elts) else None
    if result is None or not all(steps):
        return None
    return Small(tree.args.args[-1].arg, [step for some in steps for step in some], result)


def _statements(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a function, including those in `if ctx.needs_input_grad[0]`: a rule that ran was needed."""
    found: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.If) and "needs_input_grad" in ast.unparse(statement.test) and not statement.orelse:
            found += statement.body
        elif not isinstance(statement, ast.Assign) or ast.unparse(statement.value) != "None":  # gx = gw = None
            found.append(statement)
    return found


def steps_in(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    """The names that a statement assigns, each with its value; none if it is not an assignment."""
    target: ast.expr
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target, value = statement.target, statement.value
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
    else:
        return []
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    names = [part.id for part in getattr(target, "elts", ()) if isinstance(part, ast.Name)]
    if not isinstance(target, ast.Tuple) or len(names) < len(target.elts):
        return []
    if isinstance(value, ast.Tuple) and len(value.elts) == len(names):
        return list(zip(names, value.elts, strict=True))
    if not isinstance(value, ast.Attribute):
        return []
    return [(name, ast.Subscript(value, ast.Constant(i))) for i, name in enumerate(names)]


def stated(source: str) -> str | None:
    """The first line of a function's docstring; None if it has none."""
    try:
        tree = ast.parse(source).body[0]
    except (SyntaxError, IndexError):
        return None
    words = ast.get_docstring(tree) if isinstance(tree, ast.FunctionDef) else None
    return None if words is None else words.partition("\n")[0].rstrip(".")


def names_in(text: str) -> set[str]:
    """The Python names in a formula."""
    return set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*", text))


def put_in(words: str, names: Mapping[str, str]) -> str:
    """Text with names replaced by their labels, in parentheses where an index or ᵀ follows."""

    def label(found: re.Match[str]) -> str:
        known = names.get(found[1])
        if known is None:
            return found[0]
        return f"({known}){found[2]}" if found[2] and known[0] == "∂" else known + found[2]

    return re.sub(r"(?<![\w.])([A-Za-z_][A-Za-z_0-9]*)(?![A-Za-z_0-9(])([\[ᵀ²]?)", label, words)


def _for_all(compare: Callable[[Any, Any], Any], x: Any, y: Any) -> bool | None:
    """Whether a comparison holds for all numbers of two arrays, or for none; None if only for some."""
    try:
        held = np.asarray(compare(np.asarray(x), np.asarray(y)))
    except ValueError:  # of shapes that do not broadcast, as an axis was left out
        return None
    return True if held.all() else None if held.any() else False


def _opposite(test: ast.expr) -> ast.expr | None:
    """A condition that holds where another does not: x > 0 for x <= 0; None if it is not as simple."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _OPPOSITE:
        return ast.Compare(test.left, [_OPPOSITE[type(test.ops[0])]()], test.comparators)
    if isinstance(test, ast.BinOp) and isinstance(test.op, ast.BitOr):  # neither of two
        left, right = (ast.UnaryOp(ast.Invert(), side) for side in (test.left, test.right))
        return ast.BinOp(left, ast.BitAnd(), right)
    return None


def _computed(op: ast.operator, x: float, y: float) -> float | None:
    if isinstance(op, ast.Add):
        return x + y
    if isinstance(op, ast.Sub):
        return x - y
    if isinstance(op, ast.Mult):
        return x * y
    if isinstance(op, ast.Div) and y:
        return x / y
    if isinstance(op, ast.Pow) and (x > 0 or (y == int(y) and (x or y >= 0))):
        return float(x**y)
    return None


_HOLDS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: lt, ast.LtE: le, ast.Gt: gt, ast.GtE: ge, ast.Eq: eq, ast.NotEq: ne
}  # fmt: skip
_COMPARISONS = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠"}
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq
}  # fmt: skip
# They change the layout of numbers, not the numbers.
AS_IT_IS = ("restore", "as_dtype", "like_batch", "float", "with_axes")
FUNCTIONS = {
    "cos": "cos", "sin": "sin", "cosh": "cosh", "sinh": "sinh", "exp": "exp", "log": "log", "sqrt": "√",
    "tanh": "tanh", "abs": "abs", "trunc": "trunc", "sign_values": "sign", "sigmoid_values": "sigmoid",
    "erf_values": "erf",
}  # fmt: skip
