"""Small programs, as lessons and answers to questions have them: to the last letter what PyTorch prints.

A file of `printed/` holds them one after the other, with `---` between. What a program prints is compared, and the
value of its last line; where PyTorch raises an error, one of its class, or of a class below it, is raised.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import itertools
import math
import pickle
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cutaway

PROGRAMS = [
    (f"{path.stem} {i}", source)
    for path in sorted((Path(__file__).parent / "printed").glob("*.txt"))
    for i, source in enumerate(path.read_text(encoding="utf-8").strip().split("\n---\n"))
]
MODULES = {module.__name__: module for module in (copy, io, itertools, math, pickle, warnings)}


def printed(source: str, t: Any) -> tuple[str, Exception | None]:
    names = {**MODULES, "np": np, "torch": t, "nn": t.nn, "F": t.nn.functional, "__name__": "lesson"}
    tree = ast.parse(source)
    if isinstance(tree.body[-1], ast.Expr):  # as a notebook shows it
        tree.body[-1].value = ast.Call(ast.Name("print", ast.Load()), [tree.body[-1].value], [])
        ast.fix_missing_locations(tree)
    t.manual_seed(0)
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(tree, "lesson.py", "exec"), names)
    except Exception as error:
        return out.getvalue(), error
    return re.sub("0x[0-9a-f]+", "0x", out.getvalue()), None


@pytest.mark.parametrize("source", [source for _, source in PROGRAMS], ids=[name for name, _ in PROGRAMS])
def test_it_prints_the_same(source: str) -> None:
    (got, error), (want, theirs) = printed(source, cutaway), printed(source, torch)
    assert got == want
    if theirs is None:
        assert error is None
    else:
        assert isinstance(error, next(kind for kind in type(theirs).__mro__ if kind.__module__ == "builtins"))
