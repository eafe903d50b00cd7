"""Positions in a program: the user's line and expression, and the source of a pullback.

Python tells of each instruction from which line and columns it was compiled. So the expression that ran an op can
be found exactly, and with it the name to which its value was assigned; and of several lambdas on one line, the one
that is a given pullback. Where there is no source to read, as for code that was typed into a console, there are no
such names, and all else is as usual.
"""

from __future__ import annotations

import ast
import linecache
import textwrap
from dataclasses import dataclass
from itertools import islice
from types import CodeType
from typing import Any, NamedTuple

from ..errors import line_number
from ..memory import Line

Span = tuple[int | None, int | None, int | None, int | None]  # first and last line, first and last column (bytes)
Function = ast.Lambda | ast.FunctionDef


@dataclass
class File:
    """A source file: its lines, and its functions and expressions by position."""

    lines: list[str]
    functions: dict[int, list[Function]]  # by the line on which each begins
    targets: dict[Span, str]  # the expressions that are assigned to a name
    operators: set[Span]  # the expressions that are one op each: a + b, -a, a[0]
    methods: dict[Span, Span]  # where Python says that a method is called, to the whole call: it can span lines

    def segment(self, span: Span) -> str | None:
        """The text of a span."""
        first, last, start, end = span
        if first is None or last is None or start is None or end is None or last > len(self.lines):
            return None
        part = [line.encode() for line in self.lines[first - 1 : last]]
        part[-1] = part[-1][:end]
        part[0] = part[0][start:]
        return b"".join(part).decode()


_files: dict[str, File] = {}


def file_of(code: CodeType) -> File | None:
    """The source file of a code object; None if it is not available."""
    lines = linecache.getlines(code.co_filename)
    known = _files.get(code.co_filename)
    if known is not None and known.lines is lines:
        return known
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return None
    if not tree.body:
        return None
    file = _files[code.co_filename] = File(lines, {}, {}, set(), {})
    for node in ast.walk(tree):
        if isinstance(node, Function):
            first = node.decorator_list[0] if isinstance(node, ast.FunctionDef) and node.decorator_list else node
            file.functions.setdefault(first.lineno, []).append(node)
        elif isinstance(node, ast.BinOp | ast.UnaryOp | ast.Subscript):
            file.operators.add(_span(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            last, end = node.func.end_lineno, node.func.end_col_offset or 0
            file.methods[last, node.end_lineno, end - len(node.func.attr), node.end_col_offset] = _span(node)
        elif isinstance(node, ast.AugAssign):
            file.operators.add(_span(node))
            _assign(file, node.target, node)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                _assign(file, target, node.value)
                if isinstance(target, ast.Subscript):  # x[0] = y: what it makes is x
                    file.operators.add(_span(target))
                    _assign(file, target.value, target)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = node.value.func
            if isinstance(function, ast.Attribute) and function.attr.endswith("_"):  # x.mul_(y), likewise
                _assign(file, function.value, node.value)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            _assign(file, node.target, node.value)
    return file


def _span(node: Any) -> Span:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _assign(file: File, target: ast.expr, value: ast.AST) -> None:
    """Note the name to which an expression's value is assigned."""
    if isinstance(target, ast.Tuple | ast.List):
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            for one, part in zip(target.elts, value.elts, strict=True):
                _assign(file, one, part)
    elif isinstance(target, ast.Name | ast.Attribute):
        file.targets[_span(value)] = ast.unparse(target)


@dataclass(frozen=True)
class Place:
    """Where an op ran: the user's line, the expression, and the name to which its value was assigned."""

    line: dict[str, Any]  # file, number, function, code, and the expression, as a trace says them
    target: str | None
    is_operator: bool  # the expression is one op: it cannot stand for several


MOST = 10_000  # the size of each cache

# By the code object's id, which is quicker than its hash; the code object is kept, so that the id stays its own.
_places: dict[tuple[int, int], tuple[CodeType, Place]] = {}


def place(line: Line) -> Place:
    """The place of a line that a node recorded."""
    code, instruction = line
    known = _places.get((id(code), instruction))
    if known is None:
        if len(_places) > MOST:
            _places.clear()
        known = _places[id(code), instruction] = code, _find_place(code, instruction)
    return known[1]


def _find_place(code: CodeType, instruction: int) -> Place:
    number = line_number(code, instruction)
    line = {"file": code.co_filename, "number": number, "function": code.co_name}
    file = file_of(code)
    if file is None:
        text = linecache.getline(code.co_filename, number).strip() or None
        return Place({**line, "code": text, "expression": None}, None, False)
    span = next(islice(code.co_positions(), instruction // 2, None))
    span = file.methods.get(span, span)
    text = file.lines[number - 1].strip() if number <= len(file.lines) else None
    line |= {"code": text, "expression": file.segment(span)}
    return Place(line, file.targets.get(span), span in file.operators)


class Text(NamedTuple):
    """The source of a function, and its names."""

    source: str | None  # None if it is not available
    free: tuple[str, ...]  # captured names
    parameters: tuple[str, ...]  # positional parameters


_texts: dict[int, tuple[CodeType, Text]] = {}  # as the places above


def text_of(code: CodeType) -> Text:
    """The source of a function or lambda."""
    known = _texts.get(id(code))
    if known is None:
        if len(_texts) > MOST:
            _texts.clear()
        text = Text(_find_source(code), code.co_freevars, code.co_varnames[: code.co_argcount])
        known = _texts[id(code)] = code, text
    return known[1]


def _find_source(code: CodeType) -> str | None:
    file = file_of(code)
    if file is None:
        return None
    found = [f for f in file.functions.get(code.co_firstlineno, ()) if getattr(f, "name", "<lambda>") == code.co_name]
    if len(found) > 1:  # several lambdas on one line: that whose body these instructions are
        spans = set(code.co_positions())
        found = [f for f in found if isinstance(f, ast.Lambda) and _span(f.body) in spans]
    if not found:
        return None
    first, last, _, end = _span(found[0])
    if isinstance(found[0], ast.FunctionDef):
        return textwrap.dedent(file.segment((first, last, 0, end)) or "")
    return " ".join((file.segment(_span(found[0])) or "").split())
