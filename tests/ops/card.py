"""Writes docs/correctness.md from the registry of proofs: `make card`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cutaway import ops

from .edges import BEYOND, DIFFERENT, SEVERAL_VIEWS
from .keeps import names
from .proofs import PROOFS, Op, Proof

PAGE = Path(__file__).parents[2] / "docs" / "correctness.md"

HEAD = """# Correctness: what the tests verify for each op

`make card` writes this page from the registry in `tests/ops/proofs.py`; `make test` fails if the page is out of date,
or if an op has neither a case for a test nor a reason why not.

A number is the number of cases; a letter refers to the reason why there are none. The last column lists what the
pullbacks keep alive until backward: an argument, an attribute, the `value`, or arrays of the op's `own`; if this
differs between inputs, their lists are separated by `·`.
"""


def page() -> str:
    """The whole page."""
    reasons: dict[str, str] = {}
    rows = [[f"`{op.__name__}`", *(cell(proof, op, reasons) for proof in PROOFS.values())] for op in ops.TABLE]
    columns = [f"[{proof.name}](#{proof.name.replace(' ', '-')})" for proof in PROOFS.values()]
    lines = [HEAD, table([["op", *columns], *rows]), "## Why there are no cases\n"]
    lines += [f"- **{letter}**: it {reason}." for reason, letter in reasons.items()]
    lines += ["\n## What each test verifies\n"]
    for proof in PROOFS.values():
        lines.append(f"### {proof.name}\n\n{proof.says[0].upper()}{proof.says[1:]}. Run by `{proof.command}`.\n")
    return "\n".join([*lines, differences()])


def cell(proof: Proof, op: Op, reasons: dict[str, str]) -> str:
    if proof.name == "keeps":
        return kept(op)
    if reason := proof.excuse(op):
        return reasons.setdefault(reason, chr(ord("a") + len(reasons)))
    return str(len(proof.cases(op)))


def kept(op: Op) -> str:
    """What the pullbacks keep, in the first ordinary example."""
    [example] = PROOFS["keeps"].cases(op)
    with np.errstate(all="ignore"):
        return names(op, example).replace(" | ", " · ")


def table(rows: list[list[Any]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(row)} |\n" for row in lines)


def differences() -> str:
    """Where cutaway and PyTorch are known to differ, each held to be true by a test."""
    lines = ["## Known differences from PyTorch\n", "`make parity` verifies that these cases differ:\n"]
    lines += [f"- {listed(which)}: {reason}." for reason, which in gathered((op, r) for op, _, r in DIFFERENT)]
    lines.append("\nThese are not compared:\n")
    lines += [f"- {listed(which)}: {reason}." for reason, which in gathered((op, r) for op, _, r in BEYOND)]
    lines.append(f"\nIn-place writes:\n\n- {SEVERAL_VIEWS}.")
    return "\n".join([*lines, ""])


def gathered(pairs: Any) -> list[tuple[str, list[Op]]]:
    found: dict[str, list[Op]] = {}
    for op, reason in pairs:
        found.setdefault(reason, []).append(op)
    return list(found.items())


def listed(which: list[Op]) -> str:
    return ", ".join(dict.fromkeys(f"`{op.__name__}`" for op in which))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
