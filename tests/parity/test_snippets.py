"""Snippets, as they stand in lessons and in answers to questions, run by both libraries.

A file of `snippets/` holds them one after the other, with `---` between; the last line of each is its value. An error
is compared by its class.
"""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.parity.both import same
from tests.parity.sources import program

FILES = sorted((Path(__file__).parent / "snippets").glob("*.txt"))
SNIPPETS = [
    (f"{path.stem} {i}", source)
    for path in FILES
    for i, source in enumerate(path.read_text(encoding="utf-8").strip().split("\n---\n"))
]
NAMES: dict[str, Any] = {
    **{module.__name__: lambda t, module=module: module for module in (copy, io, pickle, warnings)},
    "torch": lambda t: t,
    "nn": lambda t: t.nn,
    "optim": lambda t: t.optim,
    "data": lambda t: t.utils.data,
    "D": lambda t: t.distributions,
}


@pytest.mark.parametrize("source", [s for _, s in SNIPPETS], ids=[name for name, _ in SNIPPETS])
def test_a_snippet(source: str) -> None:
    same(program(source, **NAMES), rtol=2e-5, atol=2e-6)
