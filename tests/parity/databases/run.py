"""Running the samples of a name, and remembering what came out for the report."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

import cutaway
from tests.parity.databases import of_modules, of_ops, of_optimizers, of_schedulers
from tests.parity.databases.libraries import has
from tests.parity.databases.names import SECTIONS, STORAGE, Name
from tests.parity.databases.tally import Tally

results: dict[str, Tally] = {}  # by name, of all that ran in this process


def run(name: Name) -> Tally:
    """Run all samples of a name, once in a process."""
    if name.name not in results:
        tally = Tally(name.name)
        run_into(name, tally)
        results[name.name] = tally
    return results[name.name]


def run_into(name: Name, tally: Tally) -> None:
    """Run all samples of a name, and count them in a tally."""
    with _in_peace():
        if name.ops:
            of_ops.run(name, tally, storage=any(name in SECTIONS[section] for section in STORAGE))
        elif name.module:
            of_modules.run(name.name, tally)
        elif name.optimizer:
            of_optimizers.run(name.name, tally)
        elif name.scheduler:
            of_schedulers.run(name.name, tally)
        elif not has(cutaway, name.name):
            tally.miss(name.name)


@contextmanager
def _in_peace() -> Iterator[None]:
    """Without warnings, and on one thread: the samples are small, and to wake threads takes longer than the work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_num_threads(threads)
