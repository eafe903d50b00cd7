"""What is tested of every op: the registry of proofs, from which the tests run and docs/correctness.md is written.

A proof has cases, op by op, and one test, which `proves` ties to it. An op without a case fails the proof's test unless
there is a reason; tests/ops/card.py writes the number of cases, or the reason, to docs/correctness.md.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from cutaway import ops

from . import edges
from .example import Example
from .examples import EXAMPLES, EXCUSED

Op = Callable[..., Any]
every_op = pytest.mark.parametrize("op", ops.TABLE, ids=lambda op: op.__name__)


@dataclass
class Proof:
    """A column of the card."""

    name: str
    says: str  # what is true of an op that has it
    cases: Callable[[Op], list[Example]]
    excuse: Callable[[Op], str | None] = lambda op: None  # why it has no cases
    command: str = "make test"
    tests: list[str] = field(default_factory=list)


def all_of(op: Op) -> list[Example]:
    return EXAMPLES.get(op, [])


def of_kind(kind: str) -> Callable[[Op], list[Example]]:
    return lambda op: [e for e in all_of(op) if e.kind == kind]


def excused(kind: str) -> Callable[[Op], str | None]:
    return lambda op: EXCUSED.get((op, kind))


def edge(kind: str) -> Callable[[Op], str | None]:
    return lambda op: edges.EXCUSED_EDGES.get((op, kind))


def in_both(cases: Callable[[Op], list[Example]]) -> Callable[[Op], list[Example]]:
    """The cases in float64 and in float32."""
    return lambda op: [e.as_dtype(dtype) for dtype in (np.float64, np.float32) for e in cases(op)]


def not_fused(op: Op) -> str | None:
    return None if ops.TABLE[op].twin else "is not fused: its code is its formula"


def not_stretched(op: Op) -> str | None:
    return None if ops.TABLE[op].broadcasts else "does not broadcast"


_PARITY = "make parity"
PROOFS = {
    proof.name: proof
    for proof in [
        Proof("value", "the value equals one computed independently: in 50 digits, or with loops", all_of),
        Proof("central differences", "every entry of the gradient equals the measured slope, in float64", all_of),
        Proof("random projection", "so does the slope along a random direction, through the engine", all_of),
        Proof(
            "second derivative",
            "the op also runs on Tensors, and the gradient of its gradient equals the measured one",
            all_of,
        ),
        Proof(
            "plain twin",
            "a fused op has the value and the gradient of the same function from small ops",
            lambda op: all_of(op) if ops.TABLE[op].twin else [],
            not_fused,
        ),
        Proof(
            "PyTorch",
            "value, dtype, shape, gradient and second derivative equal PyTorch's, in float64 and float32",
            in_both(lambda op: edges.comparable(op, all_of(op)) + edges.large(op)),
            command=_PARITY,
        ),
        Proof(
            "broadcasting",
            "for inputs of different shapes, each gradient has its input's shape",
            of_kind("broadcast"),
            not_stretched,
        ),
        Proof("0-d", "inputs without axes are accepted, and 0-d gradients are arrays", of_kind("0-d"), excused("0-d")),
        Proof("empty", "inputs without elements are accepted", of_kind("empty"), excused("empty")),
        Proof(
            "non-contiguous",
            "inputs may have gaps in memory, and axes in any order",
            of_kind("non-contiguous"),
            excused("non-contiguous"),
        ),
        Proof(
            "large numbers",
            "for inputs 10⁴ times as large, the value still equals the formula's, and no gradient is nan",
            edges.large,
            edge("large"),
        ),
        Proof(
            "ties",
            "for equal numbers, and at 0, the gradient goes where PyTorch's goes",
            in_both(edges.ties),
            edge("ties"),
            command=_PARITY,
        ),
        Proof(
            "special numbers",
            "for nan, ±∞, ±0, huge and tiny numbers, values and gradients equal PyTorch's",
            in_both(edges.special),
            edge("special"),
            command=_PARITY,
        ),
        Proof("float32", "for float32 inputs, value and gradient are float32, and close to those in float64", all_of),
        Proof("linear", "pullbacks are linear: a sum of g gives the sum of the results, and 0 gives 0", all_of),
        Proof("leaves alone", "a pullback does not write into g, an input or the value", all_of),
        Proof("stands alone", "a pullback is right if the others were dropped, called, or created again", all_of),
        Proof(
            "keeps",
            "everything that the pullbacks keep alive is listed, and needed",
            lambda op: [e for e in all_of(op) if e.kind == "ordinary"][:1],
        ),
    ]
}


@contextlib.contextmanager
def naming(example: Example) -> Iterator[None]:
    """Add to an error which case it was; and be silent about log(-1), which is nan here, not a mistake."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
            yield
    except Exception as error:
        error.add_note(f"in the case {example.name}: {example}")
        raise


def proves(*names: str) -> Callable[[Callable[[Op, Example], None]], Callable[..., None]]:
    """Make of a check of one case the test of a proof: of every op, on every case that the proof has for it."""

    def decorate(check: Callable[[Op, Example], None]) -> Callable[..., None]:
        for name in names:
            PROOFS[name].tests.append(check.__name__)

        @every_op
        @pytest.mark.parametrize("name", names)
        def test(op: Op, name: str) -> None:
            cases, reason = PROOFS[name].cases(op), PROOFS[name].excuse(op)
            assert cases or reason, f"{op.__name__} has no case for this, and no reason is given"
            assert not (cases and reason), f"{op.__name__} has cases for this; the reason for none is out of date"
            for example in cases:
                with naming(example):
                    check(op, example)

        test.__doc__ = check.__doc__
        return test

    return decorate
