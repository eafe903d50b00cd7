"""docs/random.md: each program draws in both libraries what the page says, and takes as many words from the stream."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import cutaway
from tests.parity.both import outcome
from tests.parity.sources import program

PAGE = Path(__file__).parents[2] / "docs" / "random.md"
EVERY_BIT, ROUNDING = "every bit", "rounding"
AVX2 = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
SEEDS = [0, 42, 2**40 + 7]


def rows() -> list[tuple[str, str, list[str]]]:
    """What draws, how alike the numbers are, and programs that show it."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    return [(what, alike, re.findall(r"`([^`]+)`", shown)) for what, alike, shown in cells if "`" in shown]


ROWS = rows()


def flat(x: Any) -> list[np.ndarray[Any, Any]]:
    if isinstance(x, tuple | list):
        return [array for item in x for array in flat(item)]
    if isinstance(x, Exception):
        raise x
    return [np.asarray(x if isinstance(x, int) else x.detach())]


def drawn(source: str, t: Any, seed: int) -> list[np.ndarray[Any, Any]]:
    """What a program draws, and behind it the state in which it leaves the stream."""
    return [*flat(outcome(program(source), t, seed)), np.asarray(t.get_rng_state())]


def alike(source: str, seed: int) -> str | None:
    """How alike a program's numbers are in the two libraries; None if they are others."""
    (*ours, our_state), (*theirs, their_state) = (drawn(source, t, seed) for t in (cutaway, torch))
    assert [x.dtype for x in ours] == [x.dtype for x in theirs] and [x.shape for x in ours] == [x.shape for x in theirs]
    if not np.array_equal(our_state, their_state):
        return None
    if all(map(np.array_equal, ours, theirs)):
        return EVERY_BIT
    pairs = zip(ours, theirs, strict=True)
    near = all(x.dtype.kind == "f" and np.allclose(x, y, rtol=1e-5, atol=1e-6) for x, y in pairs)
    return ROUNDING if near else None


@pytest.mark.parametrize("what, claimed, sources", ROWS, ids=[what for what, _, _ in ROWS])
def test_what_the_page_says(what: str, claimed: str, sources: list[str]) -> None:
    found = {alike(source, seed) for source in sources for seed in SEEDS}
    if claimed == EVERY_BIT and not AVX2:
        assert found <= {EVERY_BIT, ROUNDING}
    else:
        assert found <= {EVERY_BIT, claimed} and claimed in found


def test_the_page_names_all_that_draws() -> None:
    text = " ".join(source for _, _, sources in ROWS for source in sources)
    draws = [name for name in cutaway.random.__all__ if name[:4] == "rand" or name in ("normal", "bernoulli")]
    draws += ["multinomial", "uniform_", "normal_", "exponential_", "bernoulli_"]
    init = {name: getattr(cutaway.nn.init, name) for name in cutaway.nn.init.__all__}
    draws += [name for name, fill in init.items() if "generator" in inspect.signature(fill).parameters]
    draws += [name for name in cutaway.utils.data.__all__ if "Random" in name] + ["random_split"]
    draws += [name for name in cutaway.distributions.__all__ if name not in ("Distribution", "kl_divergence")]
    assert [name for name in draws if not re.search(rf"\b{name}\(", text)] == []


def test_categories_of_weight_0_tie() -> None:
    """The one thing that the page excepts: what is left over when all that have a weight are drawn."""
    source = "w = t.zeros(40); w[3] = 1; w[30] = 2; t.multinomial(w, 30)"
    (ours, our_state), (theirs, their_state) = (drawn(source, t, 0) for t in (cutaway, torch))
    assert ours[:2].tolist() == theirs[:2].tolist() and np.array_equal(our_state, their_state)
