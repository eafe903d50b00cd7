"""What a mistake with tensors is told: PyTorch's class of error, and a text that teaches, word for word.

And nothing is half done when it is raised: values, graph and random numbers are what they were.
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
