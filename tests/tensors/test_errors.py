"""Mistakes with tensors: PyTorch's class of error, and a text that teaches, word for word.

An error leaves values, graph and random state as they were.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import errors, memory
from tests.tensors.messages_about_matrices import ABOUT_MATRICES
from tests.tensors.messages_about_shapes import ABOUT_SHAPES
from tests.tensors.messages_about_values import ABOUT_VALUES

MESSAGES = ABOUT_VALUES | ABOUT_SHAPES | ABOUT_MATRICES


def space() -> dict[str, Any]:
    """x is a vector, m a matrix, w a leaf that requires grad, y was computed from it."""
    w = cutaway.ones(3, requires_grad=True)
    return {
        "t": cutaway, "np": np, "x": cutaway.ones(3), "m": cutaway.ones(2, 3), "w": w, "y": w * 2,
    }  # fmt: skip


@pytest.mark.parametrize("source", MESSAGES)
def test_the_text(source: str) -> None:
    names = space()
    tensors = {name: x for name, x in names.items() if isinstance(x, cutaway.Tensor)}
    before = {name: (x.tolist(), x.shape, x.dtype, x.grad_fn, x.requires_grad, x._grad) for name, x in tensors.items()}
    stream, writes = cutaway.get_rng_state(), memory.latest_write()
    with pytest.raises(Exception) as caught, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        eval(source, names)
    assert type(caught.value) is type(MESSAGES[source])
    assert str(caught.value) == str(MESSAGES[source])
    assert caught.value.__cause__ is None  # no traceback of NumPy's above it
    for name, x in tensors.items():
        assert (x.tolist(), x.shape, x.dtype, x.grad_fn, x.requires_grad, x._grad) == before[name]
    assert cutaway.get_rng_state().equal(stream)
    assert memory.latest_write() == writes


def test_an_instruction_without_a_line_belongs_to_where_its_function_begins() -> None:
    code = test_the_text.__code__
    assert errors.line_number(code, 10_000) == code.co_firstlineno


PYTHONS = {  # these are told by Python itself, which asks both operands first
    "x + 'a'": "unsupported operand type(s) for +: 'Tensor' and 'str'",
    "m @ 2": "unsupported operand type(s) for @: 'Tensor' and 'int'",
    "x < 'a'": "'<' not supported between instances of 'Tensor' and 'str'",
}


@pytest.mark.parametrize("source", PYTHONS)
def test_operands_of_other_classes(source: str) -> None:
    with pytest.raises(TypeError) as caught:
        eval(source, space())
    assert str(caught.value) == PYTHONS[source]


WARNINGS = {
    "x[:1].std()": "std(): degrees of freedom is <= 0: it divides by N - 1, N is 1 here, so the result is nan "
    "or inf. Use more numbers, or x.std(correction=0)",
    "m[:0].var(0, correction=0)": "var(): degrees of freedom is <= 0: it divides by N - 0, N is 0 here, so the result "
    "is nan or inf. Use more numbers, or x.var(correction=0)",
    "x.T": "x.T reverses the dimensions, which is rarely meant for shape (3,) and is deprecated in PyTorch: "
    "x.unsqueeze(1) makes it a column, and x.permute(*range(x.ndim - 1, -1, -1)) is equivalent to x.T",
    "m[None].T": "x.T reverses the dimensions, which is rarely meant for shape (1, 2, 3) and is deprecated in PyTorch: "
    "x.mT transposes each matrix of a batch, and x.permute(*range(x.ndim - 1, -1, -1)) is equivalent to x.T",
    "m[[t.tensor(0), t.tensor(1)]]": "x[[i, j]] means x[i, j] unless i and j are plain numbers, as in PyTorch, "
    "where it will mean x[torch.tensor([i, j])] in future: write the one that you mean",
    "t.add(x, x, out=t.ones(2))": "add(): out= has shape (2,), and is resized to the result's, (3,), in new memory. "
    "For an output of any shape, write out=torch.empty(0)",
}


@pytest.mark.parametrize("source", WARNINGS)
def test_the_text_of_a_warning(source: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        eval(source, space())
    assert [str(warning.message) for warning in caught] == [WARNINGS[source]]


@pytest.mark.parametrize("source", ["x.std()", "x[:1].std(correction=0)", "m.var(0)", "m.T", "m[[0, 1]]"])
def test_no_warning(source: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eval(source, space())
