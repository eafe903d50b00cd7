"""Samplers: every index as often as it should come, and the order that PyTorch gives."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cutaway
from cutaway.utils.data import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)


def test_pinned_to_pytorch() -> None:
    cutaway.manual_seed(0)
    assert list(RandomSampler(range(4), replacement=True, num_samples=40)) == [
        2, 2, 0, 1, 1, 3, 1, 2, 3, 3, 0, 3, 2, 3, 0, 2, 0, 3, 0, 2, 3, 3, 2, 3, 2, 3, 1, 3, 2, 0,
        0, 1, 0, 0, 2, 2, 0, 3, 1, 1,
    ]  # fmt: skip
    assert list(RandomSampler(range(4), num_samples=10)) == [2, 1, 3, 0, 2, 1, 3, 0, 3, 2]
    assert list(SubsetRandomSampler([3, 1, 4, 1, 5])) == [1, 5, 3, 1, 4]
    assert list(WeightedRandomSampler([0.1, 0.2, 0.7], 10)) == [2, 2, 1, 2, 2, 1, 2, 1, 2, 2]
    assert list(WeightedRandomSampler([0.1, 0.2, 0.7], 2, replacement=False)) == [2, 1]


@given(st.integers(1, 50), st.integers(1, 120))
def test_without_replacement_all_come_equally_often(n: int, num_samples: int) -> None:
    sampler = RandomSampler(range(n), num_samples=num_samples)
    indices = list(sampler)
    assert len(indices) == len(sampler) == num_samples
    times = Counter(indices)
    assert set(times) <= set(range(n))
    assert max(times.values()) - min(times[i] for i in range(n)) <= 1


@given(st.integers(1, 50), st.integers(1, 120))
def test_with_replacement(n: int, num_samples: int) -> None:
    indices = list(RandomSampler(range(n), replacement=True, num_samples=num_samples))
    assert len(indices) == num_samples
    assert set(indices) <= set(range(n))


def test_epochs_differ_and_a_seed_repeats_them() -> None:
    def two_epochs() -> list[list[int]]:
        cutaway.manual_seed(3)
        sampler = RandomSampler(range(20))
        return [list(sampler), list(sampler)]

    first, second = two_epochs()
    assert first != second
    assert two_epochs() == [first, second]


def test_own_generator_leaves_the_default_alone() -> None:
    before = cutaway.get_rng_state().tolist()
    g = cutaway.Generator().manual_seed(1)
    for sampler in [
        RandomSampler(range(9), generator=g),
        RandomSampler(range(9), replacement=True, generator=g),
        SubsetRandomSampler(range(9), generator=g),
        WeightedRandomSampler([1.0] * 9, 5, generator=g),
    ]:
        list(sampler)
    assert cutaway.get_rng_state().tolist() == before


def test_weights() -> None:
    cutaway.manual_seed(0)
    times = Counter(WeightedRandomSampler([1, 0, 3], 4000))
    assert times[1] == 0
    assert 2.6 < times[2] / times[0] < 3.4


@given(st.integers(0, 30), st.integers(1, 12), st.booleans())
def test_batches(n: int, batch_size: int, drop_last: bool) -> None:
    sampler = BatchSampler(SequentialSampler(range(n)), batch_size, drop_last)
    batches = list(sampler)
    assert len(batches) == len(sampler)
    kept = n - n % batch_size if drop_last else n
    assert list(chain(*batches)) == list(range(kept))
    assert all(len(batch) == batch_size for batch in batches[:-1])


def test_batches_of_indices_that_come_only_once() -> None:
    assert list(BatchSampler(iter(range(5)), 2, drop_last=False)) == [[0, 1], [2, 3], [4]]


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: RandomSampler([]), ValueError, "num_samples=0"),
        (lambda: RandomSampler([1], num_samples=0), ValueError, "positive integer"),
        (lambda: RandomSampler([1], replacement=1), TypeError, "boolean value, but got replacement=1"),  # type: ignore[arg-type]
        (lambda: WeightedRandomSampler([1], True), ValueError, "num_samples=True"),
        (lambda: WeightedRandomSampler([[1, 2]], 1), ValueError, r"1d sequence.*\(1, 2\)"),  # type: ignore[list-item]
        (lambda: WeightedRandomSampler([1], 1, replacement=0), ValueError, "replacement=0"),  # type: ignore[arg-type]
        (lambda: BatchSampler([1], 0, False), ValueError, "batch_size=0"),
        (lambda: BatchSampler([1], 2, None), ValueError, "drop_last=None"),  # type: ignore[arg-type]
        (lambda: list(Sampler()), NotImplementedError, "define `def __iter__"),
        (lambda: list(WeightedRandomSampler([1, 1], 3, False)), RuntimeError, "replacement=True"),
    ],
)
def test_errors(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()
