"""Beginners' mistakes: docs/mistakes.md contains programs and the exact messages that they get."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cutaway

PAGE = Path(__file__).parents[1] / "docs" / "mistakes.md"
MISTAKES: list[tuple[str, str, str]] = re.findall(
    r"^### ([^\n]+)\n\n```python\n(.+?)\n```\n\n```text\n(.+?)\n```", PAGE.read_text(encoding="utf-8"), re.M | re.S
)


def names(torch: Any) -> dict[str, Any]:
    """What a lesson has imported."""
    return {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "optim": torch.optim, "np": np}


def answer(program: str) -> str:
    """The error that a program ends in, as a traceback prints it."""
    try:
        run(program, cutaway)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "no error"


def run(program: str, torch: Any) -> None:
    """Run a program with one of the two libraries; its warnings are not what is asked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(program, "lesson.py", "exec"), names(torch))


def test_there_are_many() -> None:
    assert len(MISTAKES) == PAGE.read_text(encoding="utf-8").count("### ") >= 200


@pytest.mark.parametrize("title, program, expected", MISTAKES, ids=[title for title, _, _ in MISTAKES])
def test_the_answer(title: str, program: str, expected: str) -> None:
    given = re.sub(r"\s+", " ", answer(program))
    assert given == re.sub(r"\s+", " ", expected)
