"""Datasets: what their examples are, and what they say of a wrong question."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import cutaway
from cutaway.utils.data import (
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    random_split,
)


class Count(IterableDataset[int]):
    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.n))

    def __len__(self) -> int:
        return self.n


def test_tensor_dataset() -> None:
    x, y = cutaway.arange(6).reshape(3, 2), cutaway.tensor([7, 8, 9])
    dataset = TensorDataset(x, y)
    assert len(dataset) == 3
    assert [tensor.tolist() for tensor in dataset[1]] == [[2, 3], 8]
    assert [tensor.tolist() for tensor in dataset[1:]] == [[[2, 3], [4, 5]], [8, 9]]
    assert dataset.tensors[0] is x and dataset.tensors[1] is y
    x[1, 0] = 100  # the examples are views
    assert dataset[1][0].tolist() == [100, 3]


def test_tensor_dataset_of_unequal_lengths() -> None:
    with pytest.raises(AssertionError, match=r"Size mismatch between tensors: .* \[2, 3\]"):
        TensorDataset(cutaway.zeros(2), cutaway.zeros(3))


def test_subset() -> None:
    whole = [10, 20, 30, 40]
    part = Subset[int](whole, [3, 0])
    assert (len(part), list(part), part[-1]) == (2, [40, 10], 10)
    assert list(Subset[int](part, [1, 1])) == [10, 10]
    rows: Any = Subset(np.array(whole), [3, 0, 1])[[0, 2]]
    assert rows.tolist() == [40, 20]


@given(st.lists(st.lists(st.integers(), max_size=4), min_size=1, max_size=5))
def test_concatenated_as_lists_are(parts: list[list[int]]) -> None:
    together = list(chain(*parts))
    dataset = ConcatDataset[int](parts)
    assert len(dataset) == len(together)
    assert [dataset[i] for i in range(len(together))] == together
    assert [dataset[-i] for i in range(1, len(together) + 1)] == together[::-1]
    assert list(dataset) == together  # IndexError ends it


def test_concatenation_refuses() -> None:
    with pytest.raises(AssertionError, match="should not be an empty iterable"):
        ConcatDataset([])
    with pytest.raises(AssertionError, match="use ChainDataset"):
        ConcatDataset([[1], Count(2)])
    with pytest.raises(ValueError, match="-4, and there are 3"):
        ConcatDataset([[1, 2], [3]])[-4]


def test_plus() -> None:
    first, second = TensorDataset(cutaway.arange(2)), TensorDataset(cutaway.arange(3))
    assert isinstance(first + second, ConcatDataset)
    chained = Count(2) + Count(3)
    assert isinstance(chained, ChainDataset)
    assert list(chained) == [0, 1, 0, 1, 2]
    assert len(chained) == 5
    with pytest.raises(AssertionError, match="ChainDataset only supports IterableDataset, not list"):
        list(ChainDataset([[1]]))


def test_what_is_not_defined() -> None:
    class Nothing(Dataset[int]):
        pass

    with pytest.raises(NotImplementedError, match="Nothing does not define its examples"):
        Nothing()[0]
    with pytest.raises(TypeError, match="has no len"):
        len(Nothing())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="abstract"):
        IterableDataset()  # type: ignore[abstract]


def test_random_split_pinned_to_pytorch() -> None:
    g = cutaway.Generator().manual_seed(42)
    parts = random_split(range(8), [0.5, 0.25, 0.25], generator=g)
    assert [part.indices for part in parts] == [[6, 3, 0, 7], [2, 1], [4, 5]]


@given(st.lists(st.integers(1, 10), min_size=1, max_size=5), st.integers(0, 40), st.integers(0, 2**32))
def test_random_split_shares_everything_once(shares: list[int], more: int, seed: int) -> None:
    fractions = [share / sum(shares) for share in shares]
    assume(sum(fractions) <= 1)  # as PyTorch, it takes no more than 1, not even by a rounding
    n = sum(shares) * 5 + more
    parts = random_split(range(n), fractions, cutaway.Generator().manual_seed(seed))
    assert sorted(i for part in parts for i in part) == list(range(n))
    assert all(abs(len(part) - n * fraction) <= 1 for part, fraction in zip(parts, fractions, strict=True))


@pytest.mark.parametrize(
    "lengths, message",
    [
        ([3, 3], r"\[3, 3\] sums to 6, and there are 10 examples"),
        ([0.5, 0.6], r"Sum of input lengths"),
        ([1.5, -0.5], "Fraction at index 0 is not between 0 and 1"),
    ],
)
def test_random_split_refuses(lengths: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        random_split(range(10), lengths)


def test_random_split_warns_of_an_empty_part() -> None:
    with pytest.warns(UserWarning, match="split at index 1 is 0") as caught:
        parts = random_split(range(3), [0.9, 0.1])
    assert [len(part) for part in parts] == [3, 0]
    assert caught[0].filename == __file__


def test_a_split_in_a_loader() -> None:
    cutaway.manual_seed(0)
    train, _ = random_split(TensorDataset(cutaway.arange(10), cutaway.arange(10) * 2), [8, 2])
    for x, y in DataLoader(train, batch_size=3, shuffle=True):
        assert (x * 2).tolist() == y.tolist()
