"""Whole programs of many kinds that are right: no check speaks of them, not even a strict one."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

import pytest

import cutaway as torch
from cutaway import checks
from tests.checks import programs_of_one_model, programs_of_several_models

PROGRAMS = [
    value
    for module in (programs_of_one_model, programs_of_several_models)
    for value in vars(module).values()
    if isinstance(value, FunctionType) and value.__module__ == module.__name__
]


def test_there_are_many() -> None:
    assert len(PROGRAMS) >= 35


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_nothing_is_said(program: Callable[[], None]) -> None:
    torch.manual_seed(0)
    program()
    with checks.strict():
        torch.manual_seed(0)
        program()
