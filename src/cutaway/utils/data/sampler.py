"""Samplers, which determine the order of the examples in an epoch.

A sampler is any iterable of indices. Random samplers draw from the generator that `manual_seed` seeds, or from
their own, and draw the same numbers at the same moments as PyTorch's: a seed gives the same batches in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np

from ...generator import Generator as Stream
from ...random import Generator
from ...tensors.base import wrap
from ...tensors.sampling import stream_of

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

T_co = TypeVar("T_co", covariant=True)


class Sampler(Generic[T_co]):
    """Base class of samplers: a subclass defines `__iter__`, and `__len__` if the number is known.

    >>> class EvenFirst(torch.utils.data.Sampler):
    ...     def __init__(self, data):
    ...         self.n = len(data)
    ...     def __iter__(self):
    ...         return iter(sorted(range(self.n), key=lambda i: i % 2))
    ...     def __len__(self):
    ...         return self.n
    >>> list(torch.utils.data.DataLoader("abcde", batch_size=3, sampler=EvenFirst("abcde")))
    [['a', 'c', 'e'], ['b', 'd']]
    """

    def __iter__(self) -> Iterator[T_co]:
        name = type(self).__name__
        raise NotImplementedError(f"{name} does not define an order: define `def __iter__(self)`")


def _size(data_source: Sized) -> int:
    """The number of examples in a dataset."""
    if not hasattr(data_source, "__len__"):
        raise TypeError(
            f"object of type {type(data_source).__name__!r} has no len(): define __len__ in the dataset; if the "
            "number is unknown, use an IterableDataset"
        )
    return len(data_source)


class SequentialSampler(Sampler[int]):
    """Indices 0, 1, 2, ...: what a DataLoader uses without shuffling.

    Args:
        data_source: the dataset, for its length.

    >>> list(torch.utils.data.SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(_size(self.data_source)))

    def __len__(self) -> int:
        return _size(self.data_source)


class RandomSampler(Sampler[int]):
    """All indices in random order, or draws with replacement: what a DataLoader uses for shuffling.

    Args:
        data_source: the dataset, for its length, N.
        replacement: True draws each index independently from all N, with replacement.
        num_samples: the number of draws, N by default. Without replacement, a new shuffle starts after every N.
        generator: the random number generator. None: a new generator in every epoch, seeded from the one that
            manual_seed seeds.

    Raises:
        TypeError: replacement is not a bool.
        ValueError: num_samples is not a positive integer (as for an empty dataset).

    >>> _ = torch.manual_seed(0)
    >>> list(torch.utils.data.RandomSampler(range(5)))
    [1, 3, 4, 2, 0]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement!r}")
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        _check_count("num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        """The number of indices per epoch."""
        return _size(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n = _size(self.data_source)
        generator = stream_of(self.generator)
        if self.generator is None:
            generator = Generator().manual_seed(random_seed(generator))
        rest = self.num_samples
        if self.replacement:
            while rest > 0:  # 32 at a time, as PyTorch does: others may draw from this generator in between
                yield from generator.randint(0, n, (min(rest, 32),)).tolist()
                rest -= 32
        else:
            while rest >= n:
                yield from generator.randperm(n).tolist()
                rest -= n
            # Drawn even if no index is left to yield, as in PyTorch, so that the next epoch starts at the same state.
            yield from generator.randperm(n).tolist()[:rest]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Given indices in random order.

    Args:
        indices: the indices.
        generator: the random number generator; None uses the one that manual_seed seeds.

    >>> g = torch.Generator().manual_seed(0)
    >>> list(torch.utils.data.SubsetRandomSampler([10, 20, 30], generator=g))
    [30, 10, 20]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in stream_of(self.generator).randperm(len(self.indices)).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Random indices with given probabilities, for example to balance rare and common classes.

    Args:
        weights: one for each example, not negative; they need not sum to 1.
        num_samples: the number of indices per epoch.
        replacement: whether to draw with replacement.
        generator: the random number generator; None uses the one that manual_seed seeds.

    Raises:
        ValueError: num_samples is not a positive integer, replacement is not a bool, or weights are not (N).

    >>> g = torch.Generator().manual_seed(0)
    >>> list(torch.utils.data.WeightedRandomSampler([0.5, 0.5, 0.0], 5, generator=g))
    [1, 1, 0, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        _check_count("num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement!r}")
        self.weights = wrap(np.array(weights, np.float64))
        if self.weights.ndim != 1:
            raise ValueError(
                "weights should be a 1d sequence, one number for each example, but have shape "
                f"{tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        generator = stream_of(self.generator)
        yield from generator.multinomial(self.weights._array, self.num_samples, self.replacement).tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Group indices into batches.

    Args:
        sampler: an iterable of indices.
        batch_size: the number of indices per list.
        drop_last: whether to drop an incomplete last list.

    Raises:
        ValueError: batch_size is not a positive integer, or drop_last is not a bool.

    >>> list(torch.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Any, batch_size: int, drop_last: bool) -> None:
        _check_count("batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last!r}")
        self.sampler: Iterable[int] = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        n = len(self.sampler)  # type: ignore[arg-type]
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)


def random_seed(generator: Stream) -> int:
    """Draw a number from a generator, to seed another one."""
    return int(generator.random((), np.int64))


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        empty = "; is the dataset empty?" if name == "num_samples" and value == 0 else ""
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value!r}{empty}")
