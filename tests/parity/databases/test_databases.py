"""Every name that learners use, on all of PyTorch's own samples for it. `names.py` says what is where."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
import torch

import cutaway
from tests.parity.databases.libraries import Copy, array, memory_of
from tests.parity.databases.names import NAMES, Name
from tests.parity.databases.report import DOCS, sections, totals, write
from tests.parity.databases.run import results, run
from tests.parity.databases.tally import FAILED, MISSING, unused

SHOWN = 20  # failures that a failing test prints


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.name)
def test_all_samples_of_a_name(name: Name) -> None:
    tally = run(name)
    failed, missing = tally.of(FAILED), [outcome.case for outcome in tally.of(MISSING)]
    lines = [f"{outcome.case} | {outcome.sample} | {outcome.reason}" for outcome in failed[:SHOWN]]
    if failed:
        lines.insert(0, f"{len(failed)} of {len(tally.outcomes)} samples of {name.name} fail:")
    if missing:
        lines.append(f"not in cutaway: {', '.join(missing)}")
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)


def test_the_page_says_what_was_run(request: pytest.FixtureRequest) -> None:
    """`make parity-report` writes docs/parity.md; here every number of names that ran is looked up in it."""
    if request.config.getoption("write_report"):
        write()
    complete = all(name.name in results for name in NAMES)
    expected = cells([*sections(), *(totals() if complete else ())])
    assert expected <= cells(DOCS.read_text(encoding="utf-8").splitlines()), "run make parity-report, and look at it"


def cells(lines: Iterable[str]) -> set[tuple[str, ...]]:
    """The rows of tables, without the width of their columns."""
    rows = (tuple(cell.strip() for cell in line.split("|")) for line in lines if line.startswith("| "))
    return {row for row in rows if not row[1].startswith("--")}


def test_every_known_difference_is_still_there() -> None:
    if all(name.name in results for name in NAMES):
        assert not unused(), "to be taken off the list in known.py"


# --- the harness itself: a comparison that compares nothing would pass too -----------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.arange(12.0).reshape(3, 4).T,
        lambda: torch.arange(3.0).expand(4, 3),
        lambda: torch.arange(12.0)[2::3],
        lambda: torch.zeros(0, 3),
        lambda: torch.tensor(True),
    ],
)
def test_a_copy_has_the_strides_of_the_original(make: Callable[[], torch.Tensor]) -> None:
    x = make()
    y = Copy(cutaway)(x)
    assert tuple(y.shape) == tuple(x.shape)
    assert str(y.dtype) == str(x.dtype)
    np.testing.assert_array_equal(array(y), array(x))
    if x.numel():
        assert y.stride() == x.stride()


def test_copies_share_memory_as_the_originals_do() -> None:
    x = torch.arange(12.0).reshape(3, 4)
    copy = Copy(cutaway)
    whole, row, again = copy([x, x[1], x])
    whole[1, 2] = 50.0
    assert row[2] == 50.0
    assert again is whole
    assert x[1, 2] == 6.0
    assert memory_of(row)[0] - memory_of(whole)[0] == 16


def test_copies_keep_requires_grad() -> None:
    copy = Copy(cutaway)
    plain, leaf = copy((torch.ones(2), torch.ones(2, requires_grad=True)))
    assert not plain.requires_grad
    assert leaf.requires_grad and leaf.is_leaf
    assert copy.leaves == [leaf] or copy.leaves[0] is leaf
