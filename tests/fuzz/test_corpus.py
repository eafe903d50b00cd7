"""Bytes that the fuzzer found worth keeping do no harm; tests/fuzz/__main__.py finds more."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from .loaders import check

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


@pytest.fixture(autouse=True)
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_it_loads_or_gets_the_one_error(path: Path) -> None:
    check(path.read_bytes())
