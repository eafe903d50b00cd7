"""The programs of docs/mistakes.md raise errors of the same class in PyTorch."""

from __future__ import annotations

import builtins

import pytest
import torch

from tests.test_mistakes import MISTAKES, run

# PyTorch's class says more of how it found the mistake than of the mistake.
OTHERWISE = {
    "Strings instead of numbers": ValueError,  # TypeError where the word is not the first element
    "An LSTM's state is a pair": IndexError,  # from state[1] of a tensor
    "A loss constructed with its arguments": RuntimeError,  # from asking whether the second tensor is true
    "A list of tensors into TensorDataset": AttributeError,  # from tensors[0].size of a list
    "save() with its arguments exchanged": AttributeError,  # of a file, which the dict is not
    "load() of a state": AttributeError,
    "Two states for a GRU": AttributeError,  # from asking a tuple for its dimensions
    "forward() without return": AttributeError,  # from target.size() of None
}


@pytest.mark.parametrize("title, program, expected", MISTAKES, ids=[title for title, _, _ in MISTAKES])
def test_the_class_is_pytorchs(title: str, program: str, expected: str) -> None:
    ours: type[Exception] = getattr(builtins, expected.partition(":")[0])
    with pytest.raises(Exception) as caught:
        run(program, torch)
    if title in OTHERWISE:
        assert type(caught.value) is OTHERWISE[title]
    else:
        assert issubclass(ours, type(caught.value))
