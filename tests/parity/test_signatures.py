"""Arguments: those of PyTorch, by their names, in their places, with their defaults.

What PyTorch writes in C++ has no signature that Python knows; the samples of its databases call those by position and
by keyword. An argument that is left out is listed here, with the reason.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

import cutaway
from tests.parity.databases.libraries import has, resolve
from tests.parity.databases.names import SECTIONS

Parameter = inspect.Parameter

SECTIONS_IN_PYTHON = (
    "nn", "nn.functional", "nn.init", "nn.utils", "optim", "utils.data", "distributions", "autograd",
)  # fmt: skip
MORE = [
    "save", "load", "nn.Transformer", "nn.utils.rnn.pack_padded_sequence", "nn.utils.rnn.pad_packed_sequence",
    "nn.utils.rnn.pack_sequence", "utils.data.SubsetRandomSampler", "utils.data.WeightedRandomSampler",
]  # fmt: skip

OLD = "goes out of use in PyTorch since 2018: say reduction="
TAIL = "of the long tail that is left out"
LEFT_OUT = {
    "size_average": OLD,
    "reduce": OLD,
    "out": "assign the result, or use the in-place form",
    "_stacklevel": "where PyTorch's warning points",
    "_use_new_zipfile_serialization": "the file is a safetensors file",
    "_disable_byteorder_record": "likewise",
    "max_norm": TAIL,
    "norm_type": TAIL,
    "scale_grad_by_freq": TAIL,
    "sparse": "there are no sparse tensors",
    "always_call": TAIL,
    "is_grads_batched": "a loop over g computes the same",
    "min_value": "an older name of min_val",
    "max_value": "an older name of max_val",
}

RENAMED = {"nn.Sequential.extend"}  # one method for Sequential and ModuleList, with the name that the latter's has


def callables() -> Iterator[tuple[str, Callable[..., Any], Callable[..., Any]]]:
    """Functions, and the methods of classes, that both libraries have and whose signatures Python knows."""
    names = [name.name for section in SECTIONS_IN_PYTHON for name in SECTIONS[section]] + MORE
    for name in names:
        if not has(cutaway, name):
            continue
        ours, theirs = resolve(cutaway, name), resolve(torch, name)
        if not inspect.isclass(theirs):
            yield name, ours, theirs
        elif not issubclass(theirs, torch.Tensor):
            for method in ("__init__", "forward", *(m for m in vars(theirs) if not m.startswith("_"))):
                pair = getattr(ours, method, None), getattr(theirs, method, None)
                if all(map(callable, pair)) and pair[0] is not object.__init__:
                    yield f"{name}.{method}", *pair


def parameters(function: Callable[..., Any]) -> list[Parameter]:
    try:
        return list(inspect.signature(function).parameters.values())
    except ValueError:  # it is written in C++
        return []


CALLABLES = {name: (ours, theirs) for name, ours, theirs in callables() if parameters(theirs) and name not in RENAMED}


@pytest.mark.parametrize("name", CALLABLES)
def test_arguments_are_pytorchs(name: str) -> None:
    ours, theirs = map(parameters, CALLABLES[name])
    have = {parameter.name: parameter for parameter in ours}
    for place, parameter in enumerate(theirs):
        if parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD):
            continue
        if parameter.name in LEFT_OUT:
            continue
        assert parameter.name in have, f"no {parameter.name}: {list(have)}"
        mine = have[parameter.name]
        assert same_default(mine.default, parameter.default), f"{parameter.name}={mine.default!r}"
        if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD:
            if mine.kind is Parameter.POSITIONAL_OR_KEYWORD:
                assert ours.index(mine) == place, f"{parameter.name} is argument {ours.index(mine)}, not {place}"
            else:
                assert any(p.name in LEFT_OUT for p in theirs[:place]), f"{parameter.name} is by keyword only"


def same_default(ours: Any, theirs: Any) -> bool:
    """Whether a call without the argument means the same; one that PyTorch asks for may have any default."""
    if theirs is Parameter.empty:
        return True
    if callable(theirs):
        return callable(ours) and ours.__name__ == theirs.__name__
    if isinstance(theirs, torch.Generator) or inspect.ismodule(theirs):
        return ours is None  # which then stands for it
    return bool(ours == theirs) and isinstance(ours, bool) is isinstance(theirs, bool)


def test_every_argument_that_is_left_out_is_one_of_pytorchs() -> None:
    known = {parameter.name for _, theirs in CALLABLES.values() for parameter in parameters(theirs)}
    assert set(LEFT_OUT) <= known
