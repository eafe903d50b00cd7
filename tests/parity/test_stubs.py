"""Arguments of the functions and methods that PyTorch writes in C++: those of its type stubs, name by name.

A function has several overloads there; here it is one function, which takes the arguments of each of them, in their
places, with their defaults. What is left out, or is another way round, is listed with the reason.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import cutaway

STUBS = Path(torch.__file__).parent / "_C"
LEFT_OUT = {
    "self": "Python's",
    "out": "functions that give one tensor take it, whatever it is called with",
    "wrap": "goes on below the square at the top of a tall matrix",
    "layout": "there is one",
    "memory_format": "there is one",
    "names": "dimensions have none",
    "pin_memory": "for copies to a GPU",
    "out_dtype": "for products in half precision",
    "implicit": "PyTorch's own, for broadcasting under functorch",
}
UNLIKE = {
    "add": "add(x, alpha, y) goes out of use in PyTorch: say alpha=",
    "sub": "sub(x, alpha, y) goes out of use in PyTorch: say alpha=",
    "addmm": "addmm(beta, x, ...) goes out of use in PyTorch: say beta=",
    "baddbmm": "likewise",
    "subtract": "likewise",
    "subtract_": "likewise",
    "arange": "arange(end): what is first in one overload is second in another",
    "randint": "randint(high, size): likewise",
    "random_": "random_(to): likewise",
    "randint_like": "randint_like(input, high): likewise",
    "cov": "observations have no weights here",
    "searchsorted": "an unsorted sequence with its order, sorter=, is not supported",
    "new": "new(size), new(data) and others that PyTorch itself no longer shows",
    "linspace": "steps goes out of use in PyTorch where it is not given",
    "repeat_interleave": "repeat_interleave(repeats): likewise",
    "scatter": "of value and src one is given, at the same place: value by name here",
    "scatter_": "likewise",
    "std": "std(unbiased): a bool at the place of dim is taken for it; None stands for True",
    "var": "likewise",
    "std_mean": "likewise",
    "var_mean": "likewise",
    "copy_": "the stub says src, the function other",
    "requires_grad_": "the stub says mode, the function requires_grad",
    "to": "a tensor, as other, by its place only, in PyTorch too",
    "new_tensor": "by name only, in PyTorch too",
    "tensor": "by name only, in PyTorch too",
    "max": "the other tensor, at the place of dim, is taken for it",
    "min": "likewise",
}


def overloads(body: list[ast.stmt]) -> dict[str, list[ast.arguments]]:
    found: dict[str, list[ast.arguments]] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node.args)
    return found


def stubs() -> Iterator[tuple[str, Any, list[ast.arguments]]]:
    """A function of cutaway, and the overloads of the one that PyTorch has in its place."""
    functions = overloads(ast.parse((STUBS / "_VariableFunctions.pyi").read_text()).body)
    module = ast.parse((STUBS / "__init__.pyi").read_text()).body
    [tensor] = [node for node in module if isinstance(node, ast.ClassDef) and node.name == "TensorBase"]
    for where, prefix, known in ((cutaway, "", functions), (cutaway.Tensor, "Tensor.", overloads(tensor.body))):
        for name, theirs in known.items():
            ours = getattr(where, name) if name in dir(where) else None
            if callable(ours) and not inspect.isclass(ours) and not name.startswith("_"):
                yield prefix + name, ours, theirs


def arguments(of: ast.arguments) -> Iterator[tuple[str, int | None, ast.expr | None]]:
    """Name, place (None: by name only) and default of each argument."""
    places = [*of.posonlyargs, *of.args]
    defaults = [None] * (len(places) - len(of.defaults)) + list(of.defaults)
    yield from ((arg.arg, i, default) for i, (arg, default) in enumerate(zip(places, defaults, strict=True)))
    yield from ((arg.arg, None, default) for arg, default in zip(of.kwonlyargs, of.kw_defaults, strict=True))


def in_scope(of: ast.arguments) -> bool:
    """Whether it is no overload for dimensions with names, which cutaway does not have."""
    return "EllipsisType" not in ast.unparse(of) and "Sequence[str" not in ast.unparse(of)


FUNCTIONS = {name: (ours, theirs) for name, ours, theirs in stubs()}


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name.removeprefix("Tensor.") not in UNLIKE])
def test_arguments_are_those_of_every_overload(name: str) -> None:
    ours, theirs = FUNCTIONS[name]
    parameters = list(inspect.signature(ours).parameters.values())
    have = {parameter.name: parameter for parameter in parameters}
    spread = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)  # f(2, 3) for f((2, 3))
    others = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    for overload in filter(in_scope, theirs):
        for argument, place, default in arguments(overload):
            if argument in LEFT_OUT or (argument not in have and others):
                continue
            mine = have[argument]
            if place is not None and not spread:
                assert parameters.index(mine) == place
                assert mine.kind is mine.POSITIONAL_OR_KEYWORD
            if default is not None:
                assert mine.default == ast.literal_eval(default)


def test_there_are_many() -> None:
    assert len(FUNCTIONS) > 400
    assert set(UNLIKE) <= {name.removeprefix("Tensor.") for name in FUNCTIONS}
