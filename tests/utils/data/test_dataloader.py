"""DataLoader: which examples are in which batch, and what it draws from the random stream, and when."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cutaway
from cutaway.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    SequentialSampler,
    Subset,
    TensorDataset,
    get_worker_info,
)


class Stream(IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        return iter(range(5))


def lists(loader: Any) -> list[Any]:
    return [batch.tolist() for batch in loader]


def test_shuffled_epochs_and_draws_between_them_pinned_to_pytorch() -> None:
    cutaway.manual_seed(42)
    loader: DataLoader[Any] = DataLoader(range(10), batch_size=4, shuffle=True)
    seen = [(batch.tolist(), round(cutaway.rand(1).item(), 6)) for _ in range(2) for batch in loader]
    assert seen == [
        ([8, 0, 9, 1], 0.390448),
        ([4, 5, 6, 3], 0.600895),
        ([2, 7], 0.256572),
        ([1, 8, 3, 4], 0.59358),
        ([2, 6, 0, 5], 0.869404),
        ([7, 9], 0.567715),
    ]


def test_own_generator_pinned_to_pytorch() -> None:
    before = cutaway.get_rng_state().tolist()
    g = cutaway.Generator().manual_seed(7)
    loader: DataLoader[Any] = DataLoader(range(6), batch_size=4, shuffle=True, generator=g)
    assert lists(loader) + lists(loader) + lists(loader) == [
        [1, 2, 5, 3],
        [0, 4],
        [2, 1, 4, 0],
        [5, 3],
        [5, 3, 4, 0],
        [1, 2],
    ]
    assert cutaway.randint(1000, (2,), generator=g).tolist() == [416, 727]
    assert cutaway.get_rng_state().tolist() == before


@given(st.integers(1, 40), st.integers(1, 12), st.booleans(), st.booleans())
def test_every_example_once(n: int, batch_size: int, shuffle: bool, drop_last: bool) -> None:
    loader: DataLoader[Any] = DataLoader(range(n), batch_size, shuffle, drop_last=drop_last)
    batches = lists(loader)
    assert len(loader) == len(batches) == (n // batch_size if drop_last else -(-n // batch_size))
    assert all(len(batch) == batch_size for batch in batches[:-1])
    seen = list(chain(*batches))
    assert len(seen) == len(set(seen)) == (n - n % batch_size if drop_last else n)
    if not shuffle:
        assert seen == list(range(len(seen)))


def test_an_epoch_starts_again_each_time() -> None:
    loader: DataLoader[Any] = DataLoader(range(4))
    epoch = iter(loader)
    assert next(epoch).tolist() == [0]
    assert lists(loader) == [[0], [1], [2], [3]]
    assert lists(epoch) == [[1], [2], [3]]


def test_examples_are_fetched_when_they_are_asked_for() -> None:
    class Watched(Dataset[int]):
        asked: list[int] = []  # noqa: RUF012

        def __len__(self) -> int:
            return 6

        def __getitem__(self, i: int) -> int:
            self.asked.append(i)
            return i

    epoch = iter(DataLoader(Watched(), batch_size=2))
    assert Watched.asked == []
    next(epoch)
    assert Watched.asked == [0, 1]


def test_single_examples() -> None:
    assert list(DataLoader(["a", "b"], batch_size=None)) == ["a", "b"]
    rows: DataLoader[Any] = DataLoader(np.eye(2), batch_size=None)
    assert lists(rows) == [[1, 0], [0, 1]]
    dataset = TensorDataset(cutaway.arange(5))
    whole: DataLoader[Any] = DataLoader(
        dataset, batch_size=None, sampler=BatchSampler(SequentialSampler(dataset), 2, drop_last=True)
    )
    assert [x.tolist() for (x,) in whole] == [[0, 1], [2, 3]]


def test_samplers() -> None:
    by_index: DataLoader[Any] = DataLoader([10, 11, 12], batch_size=2, sampler=[2, 2, 0])
    assert (lists(by_index), len(by_index)) == ([[12, 12], [10]], 2)
    by_batch: DataLoader[Any] = DataLoader([10, 11, 12], batch_sampler=[[0], [2, 1]])
    assert (lists(by_batch), len(by_batch), by_batch.batch_size) == ([[10], [12, 11]], 2, None)
    by_name: DataLoader[Any] = DataLoader({"a": 1, "b": 2}, batch_size=2, sampler=["b", "a"])
    assert lists(by_name) == [[2, 1]]


def test_collate_fn_and_getitems() -> None:
    class AtOnce(Dataset[int]):
        def __len__(self) -> int:
            return 3

        def __getitems__(self, indices: list[int]) -> list[int]:
            return [100 * i for i in indices]

    assert list(DataLoader(AtOnce(), batch_size=2, collate_fn=sum)) == [100, 200]
    for part in (Subset(AtOnce(), [2, 0, 1]), Subset(Subset(AtOnce(), [1, 0, 2]), [2, 1, 0])):
        assert list(DataLoader(part, batch_size=2, collate_fn=list)) == [[200, 0], [100]]
    assert list(DataLoader(Subset("abc", [2, 0]), batch_size=2)) == [["c", "a"]]


def test_rows_taken_at_once_are_those_taken_one_by_one() -> None:
    class Doubled(TensorDataset):
        def __getitem__(self, index: Any) -> Any:
            return tuple(x * 2 for x in super().__getitem__(index))

    x, y = cutaway.rand(7, 3), cutaway.arange(7)
    whole = TensorDataset(x, y)
    examples = [whole[i] for i in range(7)]
    for dataset, slowly, factor in [
        (whole, examples, 1),
        (Subset(Subset(whole, [6, 2, 4, 0]), [3, 1, 0]), [examples[i] for i in (0, 2, 6)], 1),
        (Doubled(x, y), examples, 2),
    ]:
        quick: list[Any] = list(DataLoader(dataset, batch_size=2))
        slow: list[Any] = list(DataLoader(slowly, batch_size=2))
        for a, b in zip(quick, slow, strict=True):
            assert [column.tolist() for column in a] == [(column * factor).tolist() for column in b]
            assert [column.dtype for column in a] == [column.dtype for column in b]


@pytest.mark.parametrize("options", [{}, {"num_workers": 2, "persistent_workers": True, "prefetch_factor": 4}])
def test_iterable(options: dict[str, Any]) -> None:
    assert lists(DataLoader(Stream(), batch_size=2, **options)) == [[0, 1], [2, 3], [4]]
    assert lists(DataLoader(Stream(), batch_size=2, drop_last=True)) == [[0, 1], [2, 3]]
    assert list(DataLoader(Stream(), batch_size=None)) == [0, 1, 2, 3, 4]
    with pytest.raises(TypeError, match="no len"):
        len(DataLoader(Stream()))
    assert get_worker_info() is None  # type: ignore[func-returns-value]


def test_workers_are_accepted() -> None:
    loader: DataLoader[Any] = DataLoader(range(3), num_workers=4, pin_memory=True, worker_init_fn=print, timeout=3)
    assert (lists(loader), loader.num_workers, loader.prefetch_factor) == ([[0], [1], [2]], 4, 2)


@pytest.mark.parametrize(
    "dataset, options, message",
    [
        ([1], {"shuffle": True, "sampler": [0]}, "sampler option is mutually exclusive with shuffle"),
        ([], {"shuffle": True}, "num_samples=0"),
        ([1], {"batch_size": 0}, "batch_size=0"),
        ([1], {"batch_size": None, "drop_last": True}, "makes no batches"),
        ([1], {"batch_sampler": [[0]], "batch_size": 2}, "batch_sampler option is mutually exclusive"),
        ([1], {"num_workers": -1}, "num_workers option should be non-negative"),
        ([1], {"timeout": -1}, "timeout option"),
        ([1], {"prefetch_factor": 2}, "num_workers > 0"),
        ([1], {"persistent_workers": True}, "num_workers > 0"),
        (Stream(), {"shuffle": True}, "shuffle=True; the dataset determines the order"),
        (Stream(), {"sampler": [0]}, "sampler option"),
        (Stream(), {"batch_sampler": [[0]]}, "batch_sampler option"),
    ],
)
def test_errors(dataset: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DataLoader(dataset, **options)


def test_what_is_fixed() -> None:
    loader: DataLoader[Any] = DataLoader([1, 2])
    for name in ["batch_size", "sampler", "batch_sampler", "dataset", "drop_last"]:
        with pytest.raises(ValueError, match=f"{name} attribute should not be set after"):
            setattr(loader, name, None)
    loader.collate_fn = list
    assert list(loader) == [[1], [2]]
