"""docs/correctness.md is up to date."""

from __future__ import annotations

from cutaway import ops

from . import test_ops
from .card import PAGE, page
from .edges import EXCUSED_EDGES
from .proofs import PROOFS


def test_the_committed_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "docs/correctness.md is out of date: make card"


def test_every_proof_has_its_test() -> None:
    here = [proof for proof in PROOFS.values() if proof.command == "make test"]
    assert len(here) == 15
    for proof in here:
        [test] = proof.tests
        assert hasattr(test_ops, test)


def test_no_op_has_an_empty_cell() -> None:
    for proof in PROOFS.values():  # those too whose tests need PyTorch
        for op in ops.TABLE:
            assert bool(proof.cases(op)) != bool(proof.excuse(op)), f"{op.__name__}, {proof.name}"


def test_no_reason_is_left_over() -> None:
    assert {op for op, _ in EXCUSED_EDGES} <= set(ops.TABLE)
