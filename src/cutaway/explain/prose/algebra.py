"""The rule of a pullback as a formula: `lambda g: g * y` becomes `∂loss/∂a · x`, and in numbers `2 · 3`.

A rule is read as Python reads it. Its names are replaced by what they stand for, small functions that it calls by
what they say, and what can be worked out at once is: for x², `g * (n * x ** (n - 1))` becomes `g · 2 · x`. Steps on
the way (`r2 = x * x + y * y`) are put where they are used. What is more than arithmetic stays as NumPy writes it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from operator import eq, ge, gt, le, lt, ne
from typing import Any

SUM, PRODUCT, SIGN, POWER, ATOM = range(1, 6)  # how strongly a part holds together
Text = tuple[str, int]  # and how strongly
LONG_INDEX = 40  # characters
LONG = 160  # characters of a formula that nobody wrote on one line, and so nobody reads on one


@dataclass(frozen=True)
class Term:
    """A part of a formula: in symbols and, if all of it is single numbers, in numbers."""

    symbols: Text
    numbers: Text | None = None
    constant: float | None = None  # its value, if it is the same whatever goes in

    @property
    def text(self) -> str:
        """In symbols."""
        return self.symbols[0]


def symbol(label: str, number: str | None = None) -> Term:
    """What a name stands for: the label of a value, and the value if it is a single number."""
    return Term((label, ATOM), None if number is None else (number, SIGN if number[0] == "-" else ATOM))


TRUE = Term(("True", ATOM))


def constant(x: float) -> Term:
    """A number that is the same whatever goes in."""
    text = f"{x:.4f}".rstrip("0").rstrip(".") if abs(x) >= 1e-4 or x == 0 else f"{x:.5g}"
    parts = (text, SIGN if x < 0 else ATOM)
    return Term(parts, parts, x)


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
    unknown: dict[str, str | None] = field(default_factory=dict)  # functions that stayed what they are: their source
    called: set[str] = field(default_factory=set)  # the same, of those that the rule does not carry along
    kept: dict[str, Any] = field(default_factory=dict)  # arrays that are no value with a label
    depth: int = 0
    local: dict[str, Term] = field(default_factory=dict)  # the argument, and what was worked out on the way

    def read(self, source: str) -> Term | None:
        """What a small function answers to g as a formula; None for a function that is not small."""
        function = small(source)
        return None if function is None else self.answer(function)

    def answer(self, function: Small) -> Term | None:
        """What a function answers to g; None if that is more than one would read."""
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
        return TRUE if node.value is True else Term(("..." if node.value is ... else repr(node.value), ATOM))

    def _Name(self, node: ast.Name) -> Term:
        if node.id in self.local:
            return self.local[node.id]
        return self._held(node.id, self.captured[node.id]) if node.id in self.captured else Term((node.id, ATOM))

    def _held(self, name: str, held: Any) -> Term:
        """What a captured variable stands for."""
        held = self.meaning(name, held)
        if isinstance(held, Term):
            return held
        if isinstance(held, int | float) and not isinstance(held, bool):
            return constant(held)
        if isinstance(held, dict) and "shape" in held:
            name = f"inner_{name}" if name in self.taken else name  # the user's x is another than the op's own
            self.kept[name] = held
        elif isinstance(held, dict):
            self.unknown[name] = held.get("source")
        elif len(plain(held)) < 40:
            return Term((plain(held), ATOM))
        return Term((name, ATOM))

    def _Attribute(self, node: ast.Attribute) -> Term:
        if isinstance(node.value, ast.Name):
            name, held = node.value.id, self.captured.get(node.value.id)
            if self.local.get(name) is self.g and node.attr == "ndim":
                return constant(self.ndim)
            if isinstance(held, dict) and node.attr in held.get("captured", ()):
                return self._held(node.attr, held["captured"][node.attr])
            if name == "self" and node.attr in self.captured:
                return self._held(node.attr, self.captured[node.attr])
            if name in ("np", "math"):
                return Term(("π" if node.attr == "pi" else node.attr, ATOM))
        whole = self.term(node.value)
        return transposed(whole) if node.attr == "T" else Term((f"{_whole(whole)}.{node.attr}", ATOM))

    # --- arithmetic

    def _UnaryOp(self, node: ast.UnaryOp) -> Term:
        if isinstance(node.op, ast.Invert) and isinstance(node.operand, ast.Compare):
            inverse = _OPPOSITE.get(type(node.operand.ops[0]))
            if inverse is not None and len(node.operand.ops) == 1:
                return self.term(ast.Compare(node.operand.left, [inverse()], node.operand.comparators))
        x = self.term(node.operand)
        if not isinstance(node.op, ast.USub):
            return Term((f"not {at(x, ATOM).text}", SUM))
        return negative(x)

    def _BinOp(self, node: ast.BinOp) -> Term:
        x, y = self.term(node.left), self.term(node.right)
        if x.constant is not None and y.constant is not None:
            both = _computed(node.op, x.constant, y.constant)
            if both is not None:
                return constant(both)
        if isinstance(node.op, ast.Mult) and x.text == y.text and x.symbols[1] == ATOM:
            return raised(x, constant(2))
        return operation(type(node.op), x, y)

    def _Compare(self, node: ast.Compare) -> Term:
        if len(node.ops) > 1:
            return Term((ast.unparse(node), SUM))
        sign = f" {_COMPARISONS.get(type(node.ops[0]), '?')} "
        sides = self.term(node.left), self.term(node.comparators[0])
        if sides[0].constant is not None and sides[1].constant is not None and type(node.ops[0]) in _HOLDS:
            return constant(float(_HOLDS[type(node.ops[0])](sides[0].constant, sides[1].constant)))
        return _each(lambda x, y: (f"({x[0]}{sign}{y[0]})", ATOM), *sides)

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
            return self._written(node.func.attr, [self.term(node.func.value), *args], node)
        return self._written(self.term(node.func).text, args, node)

    def _function(self, name: str, args: list[Term], node: ast.Call) -> Term:
        held = self.captured.get(name)
        if isinstance(held, dict):
            inner = small(held.get("source") or "")
            if inner is not None and len(args) == 1 and self.depth < 3:  # what a small function says, in its place
                within = replace(self, g=args[0], captured=held["captured"], depth=self.depth + 1)
                answer = within.answer(inner)
                if answer is not None:
                    return answer
            self.unknown[name] = held.get("source")
            return self._written(name, args, node)
        if name in _AS_IT_IS or (name == "rows" and self.ndim == 2):
            return args[0]
        if name == "len" and isinstance(node.args[0], ast.Name):
            known = self.captured.get(node.args[0].id)
            if isinstance(known, list):
                return constant(len(known))
        if name in ("tuple", "range") and (name == "tuple" or all(arg.constant is not None for arg in args)):
            return self._counted(name, args)
        if name == "power_values":
            return raised(args[0], args[1])
        if name == "follow" and isinstance(node.args[1], ast.Name):
            return viewed(args[0], self.captured[node.args[1].id])
        if name == "spread":
            return self._put_back(args[0], next(word.value for word in node.keywords if word.arg == "index"))
        if name == "erased":
            return Term((f"{args[0].text}, but 0 for the elements that were overwritten", SUM))
        if name in _FUNCTIONS:
            return applied(_FUNCTIONS[name], args[0])
        self.called.add(name)
        return self._written(name, args, node)

    def _put_back(self, x: Term, node: ast.expr) -> Term:
        """Zeros, to which x was added at an index: that of a variable, or of an object's own."""
        name = node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)
        index = plain(self.captured.get(name, "array of"))
        if "array of" in index or len(index) > LONG_INDEX:
            return Term((f"{x.text}, put back where it was read; elsewhere 0", SUM))
        place = part(Term(("", ATOM)), index).text
        repeats = ", added up" if "[[" in place and "True" not in place else ""
        return Term((f"{x.text}, put back at {place}{repeats}; elsewhere 0", SUM)) if place else x

    def _numpy(self, name: str, args: list[Term], node: ast.Call) -> Term:
        if name in _FUNCTIONS and len(args) == 1:
            return applied(_FUNCTIONS[name], args[0])
        if name in ("matmul", "dot"):  # ops take the dot product of matrices only
            return operation(ast.MatMult, args[0], args[1])
        if name == "broadcast_to":
            return Term((f"{args[0].text}, for every element of {args[1].text}", SUM))
        if name == "copy":
            return args[0]
        if transposes(name, [arg.text for arg in args[1:]], self.ndim):
            return transposed(args[0])
        if name == "divide":
            return operation(ast.Div, args[0], args[1])
        if name == "where" and args[0].constant is not None:
            return args[1] if args[0].constant else args[2]
        if name == "zeros_like":
            return constant(0)
        return self._written(name, args, node)

    def _written(self, name: str, args: list[Term], node: ast.Call) -> Term:
        """A call as it stands, with what its arguments stand for."""
        given = [arg.text for arg in args]
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg == "keepdims":
                continue
            text = self.term(keyword.value).text
            if keyword.arg == "axis" and text.endswith(",)"):
                text = text[1:-2]  # one axis
            given.append(f"{keyword.arg}={text}")
        given = [_bare(text) for text in given if text not in ("None", "False")]
        return Term((f"{name.lstrip('_')}({', '.join(given)})", ATOM))

    def _counted(self, name: str, args: list[Term]) -> Term:
        """tuple(range(g.ndim - 1)), worked out."""
        if name == "tuple":
            return args[0]
        return Term((plain([*range(*(int(arg.constant or 0) for arg in args))]), ATOM))

    def _Slice(self, node: ast.Slice) -> Term:
        parts = [None if part is None else self.term(part).text for part in (node.lower, node.upper, node.step)]
        return Term((":".join(part or "" for part in (parts if parts[2] else parts[:2])), ATOM))

    def _Subscript(self, node: ast.Subscript) -> Term:
        held = self.captured.get(node.value.id) if isinstance(node.value, ast.Name) else None
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
        """Whether a condition on what was given holds: `row`, `max is None`, `p == 2`; None if that is not known."""
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
    """A function that only names some steps, if any, and returns one expression."""

    argument: str
    steps: list[tuple[str, ast.expr]]
    result: ast.expr


def small(source: str) -> Small | None:
    """A lambda, or a function of nothing but assignments to names and a result; None for what does more."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return None
    tree = statements[0] if statements else None
    if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Lambda) and tree.value.args.args:
        return Small(tree.value.args.args[0].arg, [], tree.value.body)
    if not isinstance(tree, ast.FunctionDef) or not tree.args.args:
        return None
    *before, last = tree.body[1 if ast.get_docstring(tree) is not None else 0 :] or [ast.Pass()]
    steps = [step for statement in before if (step := _step(statement)) is not None]
    if len(steps) < len(before) or not isinstance(last, ast.Return) or isinstance(last.value, ast.Tuple | None):
        return None
    return Small(tree.args.args[-1].arg, steps, last.value)


def _step(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    """name = value."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        return (target.id, statement.value) if isinstance(target, ast.Name) else None
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is not None:
        return statement.target.id, statement.value
    return None


def part(x: Term, index: str) -> Term:
    """x[index]; x itself if that is all of it."""
    inner = index[1:-1] if index[:1] == "(" and index[-1:] == ")" else index
    inner = inner.rstrip(",").removesuffix(", ...")
    return x if inner == "..." else Term((f"{_whole(x)}[{inner}]", ATOM))


def transposes(function: str, given: list[str], ndim: int) -> bool:
    """Whether a function makes xᵀ of x, of ndim dimensions, and what it is given beside it."""
    if function == "swapaxes":
        return set(given) == {"-2", "-1"} or (ndim == 2 and set(given) == {"0", "1"})
    return function == "t" or (function == "transpose" and given in ([], ["(1, 0)"]))


def transposed(x: Term) -> Term:
    """xᵀ"""
    return Term((f"{_whole(x)}ᵀ", ATOM))


def viewed(x: Term, steps: list[Any]) -> Term:
    """The view of x that shape ops make, as one writes it: x.t()[0]."""
    for op, attributes in steps:
        if "index" in attributes:
            x = part(x, plain(attributes["index"]))
        else:  # the op's name, or in what a rule carries along its source
            name = op if isinstance(op, str) else op["source"].partition("(")[0].split()[-1]
            x = Term((f"{_whole(x)}.{name}({', '.join(map(plain, attributes.values()))})", ATOM))
    return x


def plain(x: Any) -> str:
    """Plain data of a trace as Python writes it: a list was a tuple, slices are words, a large array is its shape."""
    if isinstance(x, dict) and "numbers" in x:
        text = str(x["numbers"])
        return text if len(text) < 30 and not x["cut"] else f"array of {plain(x['shape'])}"
    if isinstance(x, list):
        return f"({', '.join(map(plain, x))}{',' if len(x) == 1 else ''})"
    return str(x)


# --- putting terms together -------------------------------------------------------------------------------------------


def operation(op: type[ast.operator], x: Term, y: Term) -> Term:
    """Two terms with a sign between them."""
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
    found = _each(lambda a, b: (f"{_at(a, left)[0]}{sign}{_after(b, right)[0]}", strength), x, y)
    return found if op in (ast.Add, ast.Sub, ast.Mult, ast.Div) else Term(found.symbols)


def negative(x: Term) -> Term:
    """A term with a minus before it."""
    if x.constant is not None:
        return constant(-x.constant)
    return _each(lambda parts: (f"-{_after(parts, PRODUCT)[0]}", min(SIGN, max(parts[1], PRODUCT))), x)


def raised(x: Term, n: Term) -> Term:
    """A power."""
    if n.constant == 1:
        return x
    if n.constant == 0:
        return constant(1)
    if n.constant is not None and n.constant == int(n.constant):
        exponent = str(int(n.constant)).translate(_RAISED)
        return _each(lambda a: (f"{_at(a, ATOM)[0]}{exponent}", POWER), x)
    return _each(lambda a, b: (f"{_at(a, ATOM)[0]}^{_at(b, ATOM)[0]}", POWER), x, n)


def at(x: Term, strength: int) -> Term:
    """The same, in parentheses if it stands where only stronger parts may."""
    return _each(lambda parts: _at(parts, strength), x)


def _bare(text: str) -> str:
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


def _whole(x: Term) -> str:
    """A term of which a part is spoken, or a form: what could be taken for more than it is stands in parentheses."""
    text = at(x, ATOM).text
    return f"({text})" if text.startswith("∂") else text


def _at(parts: Text, strength: int) -> Text:
    return parts if parts[1] >= strength else (f"({parts[0]})", ATOM)


def _after(parts: Text, strength: int) -> Text:
    """The same behind a sign, where no other sign may follow."""
    return (f"({parts[0]})", ATOM) if parts[0][0] == "-" else _at(parts, strength)


def applied(name: str, x: Term) -> Term:
    """A function of one argument."""
    return _each(lambda parts: (f"{name}({parts[0]})", ATOM), x)


def _each(make: Callable[..., Text], *terms: Term) -> Term:
    """Make the symbols, and the numbers if every term has some."""
    numbers = [term.numbers for term in terms]
    return Term(make(*(term.symbols for term in terms)), None if None in numbers else make(*numbers))


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


# sign, how strongly it holds its sides together, and how strong each of them must be
_SIGNS: dict[type[ast.operator], tuple[str, int, int, int]] = {
    ast.Add: (" + ", SUM, SUM, SUM),
    ast.Sub: (" - ", SUM, SUM, PRODUCT),
    ast.Mult: (" · ", PRODUCT, PRODUCT, PRODUCT),
    ast.Div: (" / ", PRODUCT, PRODUCT, POWER),
    ast.MatMult: (" @ ", PRODUCT, POWER, POWER),
    ast.BitAnd: (" and ", SUM, ATOM, ATOM),
    ast.BitOr: (" or ", SUM, ATOM, ATOM),
}
_HOLDS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: lt, ast.LtE: le, ast.Gt: gt, ast.GtE: ge, ast.Eq: eq, ast.NotEq: ne
}  # fmt: skip
_COMPARISONS = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠"}
_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq
}  # fmt: skip
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
# They change how numbers are laid out, and not the numbers.
_AS_IT_IS = ("restore", "as_dtype", "like_batch", "float", "with_axes")
_FUNCTIONS = {
    "cos": "cos", "sin": "sin", "exp": "exp", "log": "log", "sqrt": "√", "tanh": "tanh", "abs": "abs",
    "sign_values": "sign", "sigmoid_values": "sigmoid",
}  # fmt: skip
