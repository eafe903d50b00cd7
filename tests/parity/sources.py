"""Programs written as text, as a lesson writes them: `t` is torch in one run and cutaway in the other."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from tests.parity.both import Program
from tests.tensors.programs import numbers

__all__ = ["DTYPES", "leaf", "numbers", "program", "with_gradients"]

DTYPES = ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]


def program(source: str, **names: Any) -> Program:
    """The program that runs lines of text and returns the value of the last, with a line `x; y` read as two."""
    *lines, last = ast.parse(source).body
    assert isinstance(last, ast.Expr), source
    first = compile(ast.Module(lines, []), source, "exec")
    value = compile(ast.Expression(last.value), source, "eval")

    def run(t: Any) -> Any:
        space = {"t": t, "np": np, "F": t.nn.functional, **{name: make(t) for name, make in names.items()}}
        exec(first, space)
        return eval(value, space)

    return run


def leaf(array: Any) -> Program:
    """Makes a tensor that asks for a gradient, of the same numbers in both."""
    return lambda t: t.tensor(array.copy(), requires_grad=array.dtype.kind == "f")


def with_gradients(source: str, **arrays: Any) -> Program:
    """The value of an expression, and the gradients of the arrays for a loss that weights each element differently."""

    def run(t: Any) -> Any:
        leaves = {name: leaf(array)(t) for name, array in arrays.items()}
        out = program(source, **{name: lambda t, x=x: x for name, x in leaves.items()})(t)
        outs = [o for o in (out if isinstance(out, tuple) else (out,)) if o.requires_grad]
        loss: Any = 0
        for i, o in enumerate(outs):
            loss = loss + (o * t.tensor(np.asarray(numbers(*o.shape, seed=100 + i)))).sum()
        loss.backward()
        return [out, [x.grad for x in leaves.values()]]

    return run
