"""Data against PyTorch: the same batches for the same seed, and after each the same place in the random stream."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pytest
import torch

import cutaway.utils.data  # noqa: F401
from tests.parity.both import outcome, same

Point = collections.namedtuple("Point", "x y")


def exact(program: Any, raises: bool = False) -> None:
    """Assert that a program comes to the same in both libraries, to the last bit; or to the same error."""
    assert isinstance(outcome(program, torch, seed=0), Exception) == raises, "the test itself is wrong"
    same(program, rtol=0, atol=0)


def tensors(t: Any, n: int) -> Any:
    return t.utils.data.TensorDataset(t.arange(n * 2.0).reshape(n, 2), t.arange(n))


LOADERS: list[dict[str, Any]] = [
    {},
    {"shuffle": True},
    {"batch_size": 3},
    {"batch_size": 3, "shuffle": True},
    {"batch_size": 3, "shuffle": True, "drop_last": True},
    {"batch_size": 4, "shuffle": False, "drop_last": True},
    {"batch_size": 100, "shuffle": True},
    {"batch_size": None},
    {"batch_size": None, "shuffle": True},
    {"batch_size": 4, "shuffle": True, "num_workers": 0, "pin_memory": False, "timeout": 0},
]


@pytest.mark.parametrize("own_generator", [False, True])
@pytest.mark.parametrize("options", LOADERS)
@pytest.mark.parametrize("n", [1, 10, 12])
def test_epochs_and_draws_between_them(n: int, options: dict[str, Any], own_generator: bool) -> None:
    """A model draws after every batch; two epochs; an epoch broken off; and the stream's place at every moment."""

    def program(t: Any) -> Any:
        g = t.Generator().manual_seed(5)
        loader = t.utils.data.DataLoader(tensors(t, n), generator=g if own_generator else None, **options)
        seen: list[Any] = [len(loader), t.get_rng_state(), g.get_state()]
        for _ in range(2):
            for batch in loader:
                seen += [batch, t.rand(2), t.get_rng_state(), g.get_state()]
            seen += [t.get_rng_state(), g.get_state()]
        epoch = iter(loader)
        seen += [t.get_rng_state(), g.get_state(), t.randn(3), next(epoch, None), t.get_rng_state(), g.get_state()]
        other = iter(loader)
        seen += [next(other, None), t.rand(1), t.get_rng_state(), g.get_state(), list(epoch), list(other)]
        return [*seen, t.rand(3), t.rand(3, generator=g)]

    exact(program)


@pytest.mark.parametrize("replacement", [False, True])
@pytest.mark.parametrize("num_samples", [None, 1, 7, 10, 20, 31, 32, 33, 70])
@pytest.mark.parametrize("own_generator", [False, True])
def test_random_sampler(replacement: bool, num_samples: int | None, own_generator: bool) -> None:
    def program(t: Any) -> Any:
        g = t.Generator().manual_seed(3) if own_generator else None
        sampler = t.utils.data.RandomSampler(range(10), replacement, num_samples, generator=g)
        seen = [len(sampler), sampler.num_samples]
        for _ in range(2):
            for index in sampler:
                seen += [index, (g or t).initial_seed(), t.rand(1), t.rand(1, generator=g)]
        return [*seen, t.get_rng_state(), t.rand(1, generator=g)]

    exact(program)


def test_other_samplers() -> None:
    def program(t: Any) -> Any:
        data = t.utils.data
        seen: list[Any] = []
        for g in (None, t.Generator().manual_seed(1)):
            for sampler in [
                data.SubsetRandomSampler([5, 3, 9, 1], generator=g),
                data.SubsetRandomSampler(range(100, 120), generator=g),
                data.WeightedRandomSampler([0.1, 5.0, 2.0, 0.0], 9, generator=g),
                data.WeightedRandomSampler([0.1, 5.0, 2.0, 1.0], 3, replacement=False, generator=g),
                data.WeightedRandomSampler(t.tensor([1.0, 2.0]), 1, generator=g),
                data.SequentialSampler(range(4)),
            ]:
                epoch = iter(sampler)
                seen += [len(sampler), t.get_rng_state(), next(epoch), t.get_rng_state(), list(epoch), t.rand(2)]
                loader = data.DataLoader(np.arange(150), batch_size=2, sampler=sampler, generator=g)
                seen += [len(loader), list(loader), t.rand(2), t.get_rng_state(), t.rand(1, generator=g)]
        return seen

    exact(program)


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [1, 2, 5, 7])
def test_batch_samplers(batch_size: int, drop_last: bool) -> None:
    def program(t: Any) -> Any:
        data = t.utils.data
        batches = data.BatchSampler(data.RandomSampler(range(10)), batch_size, drop_last)
        loader = data.DataLoader(tensors(t, 10), batch_sampler=batches)
        rows = data.DataLoader(tensors(t, 10), batch_size=None, sampler=batches)
        fixed = data.DataLoader(tensors(t, 10), batch_sampler=[[1, 2], [5]])
        seen = [len(batches), list(batches), len(loader), list(loader), len(rows), list(rows), len(fixed), list(fixed)]
        return [*seen, loader.batch_size, loader.drop_last, t.get_rng_state()]

    exact(program)


def test_a_sampler_that_draws_at_once() -> None:
    def program(t: Any) -> Any:
        class Shuffled(t.utils.data.Sampler):
            def __iter__(self) -> Any:
                return iter(t.randperm(6).tolist())

            def __len__(self) -> int:
                return 6

        seen: list[Any] = []
        for batch_size in (None, 2):
            loader = t.utils.data.DataLoader(list(range(6)), batch_size=batch_size, sampler=Shuffled())
            epoch = iter(loader)
            seen += [t.get_rng_state(), t.rand(1), list(epoch), t.get_rng_state()]
        return seen

    exact(program)


def test_datasets_that_draw() -> None:
    """Noise added in the dataset, and a dropout in the model: everything from one stream."""

    def program(t: Any) -> Any:
        class Noisy(t.utils.data.Dataset):
            def __len__(self) -> int:
                return 7

            def __getitem__(self, i: int) -> Any:
                return t.randn(3) + i, i

        loader = t.utils.data.DataLoader(Noisy(), batch_size=3, shuffle=True)
        model = t.nn.Dropout(0.5)
        return [[model(x), y] for _ in range(2) for x, y in loader] + [t.get_rng_state()]

    exact(program)


@pytest.mark.parametrize("options", [{}, {"batch_size": 2}, {"batch_size": 2, "drop_last": True}, {"batch_size": None}])
def test_iterable_datasets(options: dict[str, Any]) -> None:
    def program(t: Any) -> Any:
        class Lazy(t.utils.data.IterableDataset):
            def __iter__(self) -> Any:
                for _ in range(5):
                    yield t.rand(2)

        class Eager(t.utils.data.IterableDataset):
            def __iter__(self) -> Any:
                return iter(t.randperm(5).tolist())

            def __len__(self) -> int:
                return 5

        seen: list[Any] = [len(t.utils.data.DataLoader(Eager(), **options))]
        for dataset in [Lazy(), Eager(), Eager() + Eager()]:
            for _ in range(2):
                epoch = iter(t.utils.data.DataLoader(dataset, **options))
                seen += [t.get_rng_state(), t.rand(1), next(epoch), t.get_rng_state(), list(epoch), t.get_rng_state()]
        return seen

    exact(program)


@pytest.mark.parametrize(
    "lengths", [[7, 3], [10], [0, 10], [0.8, 0.2], [0.33, 0.33, 0.34], [1 / 3, 1 / 3, 1 / 3], [0.05, 0.95]]
)
def test_random_split(lengths: list[Any]) -> None:
    def program(t: Any) -> Any:
        parts = t.utils.data.random_split(tensors(t, 10), lengths)
        again = t.utils.data.random_split(range(10), lengths, generator=t.Generator().manual_seed(42))
        loaded = [list(t.utils.data.DataLoader(part, batch_size=4, shuffle=True)) for part in parts if len(part)]
        return [[part.indices for part in parts], [list(part) for part in again], loaded, t.rand(1)]

    exact(program)


BATCHES: list[Any] = [
    [1, 2],
    [1.5, 2.0],
    [1, 2.5],
    [True, False],
    ["a", "b"],
    [b"a", b"b"],
    [np.float32(1), np.float32(2)],
    [np.float64(1)],
    [np.int32(1), np.int32(3)],
    [np.uint8(1)],
    [np.bool_(True)],
    [np.zeros(2, np.float32)] * 2,
    [np.array(1.0)] * 2,
    [(1, 2.0), (3, 4.0)],
    [[1, 2], [3, 4]],
    [(1,), [2]],
    [((1, "x"), {"k": 2.0})] * 2,
    [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
    [collections.OrderedDict(a=1)] * 2,
    [collections.defaultdict(int, a=1)] * 2,
    [Point(1, 2.0), Point(3, 4.0)],
]
UNFIT: list[Any] = [
    [None],
    [object()],
    [(1, 2), (1,)],
    [np.array(["a"])],
    [np.array([None])],
    [np.zeros(2), np.zeros(3)],
    [{"a": 1}, {"b": 1}],
    [],
]


@pytest.mark.parametrize("batch", BATCHES, ids=repr)
def test_collate(batch: Any) -> None:
    def program(t: Any) -> Any:
        collated = t.utils.data.default_collate(batch)
        return [type(collated).__name__.replace("torch.", ""), collated]

    exact(program)


@pytest.mark.parametrize("batch", UNFIT, ids=range(len(UNFIT)))
def test_collate_what_does_not_fit(batch: Any) -> None:
    exact(lambda t: t.utils.data.default_collate(batch), raises=True)


def test_collate_tensors() -> None:
    def program(t: Any) -> Any:
        collate = t.utils.data.default_collate
        grow = t.ones(2, requires_grad=True)
        collate([grow, grow * 2]).sum().backward()
        return [
            collate([t.zeros(2), t.ones(2)]),
            collate([t.tensor(1), t.tensor(2)]),
            collate([(t.zeros(2, dtype=t.float64), 1), (t.ones(2, dtype=t.float64), 2)]),
            grow.grad,
        ]

    exact(program)
    exact(lambda t: t.utils.data.default_collate([t.zeros(2), t.zeros(3)]), raises=True)


def test_convert() -> None:
    def program(t: Any) -> Any:
        data = [1, 2.5, "s", np.zeros(2), np.float32(3), {"a": np.arange(2)}, (np.zeros(1), None), Point(1, np.ones(1))]
        return [t.utils.data.default_convert(data), list(t.utils.data.DataLoader(data[:3], batch_size=None))]

    exact(program)


def test_own_collate_and_getitems() -> None:
    def program(t: Any) -> Any:
        class Whole(t.utils.data.Dataset):
            def __len__(self) -> int:
                return 5

            def __getitems__(self, indices: list[int]) -> Any:
                return [10 * i for i in indices]

        return [
            list(t.utils.data.DataLoader(Whole(), batch_size=2)),
            list(t.utils.data.DataLoader(range(5), batch_size=2, collate_fn=lambda examples: examples)),
            list(t.utils.data.DataLoader(t.arange(6).reshape(3, 2), batch_size=2)),
            list(t.utils.data.DataLoader(np.arange(3.0), batch_size=2)),
            list(t.utils.data.DataLoader(t.utils.data.Subset(Whole(), [4, 1, 2]), batch_size=2)),
        ]

    exact(program)


def test_composed_datasets() -> None:
    def program(t: Any) -> Any:
        data = t.utils.data
        both = tensors(t, 3) + tensors(t, 2)
        part = data.Subset(both, [4, 0, 2])
        nested = data.Subset(part, [2, 1])
        return [
            len(both), both[2], both[3], both[-1], both[-5], both.cumulative_sizes, type(both).__name__,
            len(part), part[0], len(nested), nested[0], [x for _, x in nested], len(tensors(t, 4)), tensors(t, 4)[1:3],
        ]  # fmt: skip

    exact(program)


ERRORS: list[Any] = [
    lambda d: d.DataLoader([1, 2], shuffle=True, sampler=[1]),
    lambda d: d.DataLoader([], shuffle=True),
    lambda d: d.DataLoader([1], batch_size=0),
    lambda d: d.DataLoader([1], batch_size=2.5),
    lambda d: d.DataLoader([1], batch_size=True),
    lambda d: d.DataLoader([1], batch_size=None, drop_last=True),
    lambda d: d.DataLoader([1], num_workers=-1),
    lambda d: d.DataLoader([1], timeout=-1),
    lambda d: d.DataLoader([1], prefetch_factor=2),
    lambda d: d.DataLoader([1], persistent_workers=True),
    lambda d: d.DataLoader([1], batch_sampler=[[0]], batch_size=2),
    lambda d: d.DataLoader([1], batch_sampler=[[0]], shuffle=True),
    lambda d: d.DataLoader([1], batch_sampler=[[0]], sampler=[0]),
    lambda d: d.DataLoader([1], batch_sampler=[[0]], drop_last=True),
    lambda d: setattr(d.DataLoader([1]), "batch_size", 2),
    lambda d: setattr(d.DataLoader([1]), "sampler", [0]),
    lambda d: list(d.DataLoader([1], sampler=[3])),
    lambda d: d.RandomSampler([1], num_samples=0),
    lambda d: d.RandomSampler([1], num_samples=2.0),
    lambda d: d.RandomSampler([1], replacement=1),
    lambda d: d.RandomSampler([]),
    lambda d: d.WeightedRandomSampler([1, 2], 0),
    lambda d: d.WeightedRandomSampler([1, 2], True),
    lambda d: d.WeightedRandomSampler([[1, 2]], 3),
    lambda d: d.WeightedRandomSampler([1, 2], 3, replacement=2),
    lambda d: list(d.WeightedRandomSampler([1, 2], 3, replacement=False)),
    lambda d: d.BatchSampler([1], 0, False),
    lambda d: d.BatchSampler([1], 2, 1),
    lambda d: d.ConcatDataset([]),
    lambda d: d.ConcatDataset([range(3)])[3],
    lambda d: d.ConcatDataset([range(3)])[-4],
    lambda d: d.random_split(range(10), [3, 3]),
    lambda d: d.random_split(range(10), [0.5, 0.6]),
    lambda d: d.random_split(range(10), [1.5, -0.5]),
    lambda d: d.Dataset()[0],
    lambda d: len(d.Dataset()),
    lambda d: d.IterableDataset(),
    lambda d: iter(d.Sampler()),
    lambda d: len(d.Sampler()),
]


@pytest.mark.parametrize("number", range(len(ERRORS)))
def test_errors(number: int) -> None:
    exact(lambda t: ERRORS[number](t.utils.data), raises=True)


def test_errors_of_tensors_and_iterables() -> None:
    def stream(t: Any) -> Any:
        return type("Stream", (t.utils.data.IterableDataset,), {"__iter__": lambda self: iter(range(3))})()

    for program in [
        lambda t: t.utils.data.TensorDataset(t.zeros(2), t.zeros(3)),
        lambda t: t.utils.data.DataLoader(stream(t), shuffle=True),
        lambda t: t.utils.data.DataLoader(stream(t), sampler=[1]),
        lambda t: t.utils.data.DataLoader(stream(t), batch_sampler=[[1]]),
        lambda t: t.utils.data.DataLoader(stream(t), batch_size=0),
        lambda t: len(t.utils.data.DataLoader(stream(t))),
        lambda t: t.utils.data.ConcatDataset([stream(t)]),
        lambda t: list(t.utils.data.ChainDataset([range(3)])),
    ]:
        exact(program, raises=True)
    exact(lambda t: list(t.utils.data.DataLoader(stream(t), shuffle=False)))
