"""Programs as courses have them, written for PyTorch: `cutaway run` prints what PyTorch prints, to 4 digits."""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

PROGRAMS = Path(__file__).parent / "programs"
RUNS = [(path.name,) for path in sorted(PROGRAMS.glob("*.py"))]
RUNS += [
    ("lstm_language_model.py", "--model", "GRU", "--tied"),
    ("lstm_language_model.py", "--model", "RNN_TANH", "--nlayers", "1", "--lr", "1"),
]
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|inf\b|nan\b)", re.IGNORECASE)


def with_torch(program: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What the program prints under PyTorch, in this process: to import torch anew takes longer than most programs."""
    torch.set_num_threads(1)  # programs as small as these wait for threads more than they gain
    monkeypatch.setattr(sys, "argv", [str(program), *arguments])
    # PyTorch's own tests, if they were imported in this process, have frozen the flags of cudnn.
    monkeypatch.setitem(torch.backends.flags_frozen.__globals__, "__allow_nonbracketed_mutation_flag", True)
    state, printed = random.getstate(), io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings(), torch.random.fork_rng():
        warnings.simplefilter("ignore")
        runpy.run_path(str(program), run_name="__main__")
    random.setstate(state)
    torch.set_default_dtype(torch.float32)
    torch.set_printoptions(profile="default")
    return printed.getvalue()


def with_cutaway(program: Path, arguments: list[str]) -> str:
    """What the program prints under `cutaway run`."""
    command = [sys.executable, "-m", "cutaway", "run", str(program), *arguments]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def unequal(ours: str, theirs: str) -> list[str]:
    """Where two printed texts differ: in words, or in numbers by more than their fourth digit."""
    found = []
    lines = [[re.sub(r"0x[0-9a-f]+", "", line) for line in text.splitlines()] for text in (ours, theirs)]
    if len(lines[0]) != len(lines[1]):
        found.append(f"{len(lines[0])} lines instead of {len(lines[1])}")
    for our_line, their_line in zip(*lines, strict=False):
        words = [re.sub(r"\s+", "", NUMBER.sub("#", line)) for line in (our_line, their_line)]
        numbers = [[float(n) for n in NUMBER.findall(line)] for line in (our_line, their_line)]
        if words[0] != words[1] or numbers[0] != pytest.approx(numbers[1], rel=2e-4, abs=1e-6, nan_ok=True):
            found.append(f"\n  cutaway: {our_line}\n  PyTorch: {their_line}")
    return found


@pytest.mark.parametrize("run", RUNS, ids=" ".join)
def test_prints_the_same(run: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    program, arguments = PROGRAMS / run[0], list(run[1:])
    theirs = with_torch(program, arguments, monkeypatch)
    assert len(NUMBER.findall(theirs)) > 10
    found = unequal(with_cutaway(program, arguments), theirs)
    assert not found, "".join(found)


@pytest.mark.parametrize(
    "ours, theirs",
    [("loss 0.1234", "loss 0.1244"), ("loss 1", "cost 1"), ("a\nb", "a"), ("tensor([1., nan])", "tensor([1., 2.])")],
)
def test_a_difference_is_found(ours: str, theirs: str) -> None:
    assert unequal(ours, theirs)


def test_layout_and_rounding_are_no_difference() -> None:
    assert not unequal("tensor([1.0000, 2.0000])", "tensor([1., 2.])") + unequal("0.018906", "0.018905")
