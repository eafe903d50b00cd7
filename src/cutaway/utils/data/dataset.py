"""Datasets, the collections of examples to learn from.

A dataset defines how many examples there are (`len`) and what the i-th one is (`dataset[i]`). A DataLoader needs
nothing else, so a list is a dataset too. Other classes here derive from datasets: a subset, a concatenation, a
random split. An `IterableDataset` is for examples that arrive in sequence and have no random access, like the lines
of a long file.
"""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

from ...errors import describe, how_to_get_a_tensor, warn
from ...random import Generator
from ...tensors import Tensor
from ...tensors.sampling import stream_of

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Base class of indexed datasets: a subclass defines `__getitem__`, and `__len__` if the number is known.

    >>> class Squares(torch.utils.data.Dataset):
    ...     def __len__(self):
    ...         return 5
    ...     def __getitem__(self, i):
    ...         return i, i * i
    >>> Squares()[3]
    (3, 9)
    >>> len(Squares() + Squares())
    10
    """

    def __getitem__(self, index: Any) -> T_co:
        name = type(self).__name__
        raise NotImplementedError(
            f"{name}[{index!r}]: {name} does not define its examples: define `def __getitem__(self, index)`"
        )

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co], ABC):
    """Base class of sequential datasets: a subclass defines `__iter__`, which restarts in every epoch.

    >>> class Countdown(torch.utils.data.IterableDataset):
    ...     def __iter__(self):
    ...         yield from [3, 2, 1]
    >>> list(torch.utils.data.DataLoader(Countdown(), batch_size=2))
    [tensor([3, 2]), tensor([1])]
    """

    @abstractmethod
    def __iter__(self) -> Iterator[T_co]: ...

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors indexed along their first dimension: example i is (x[i], y[i], ...).

    Args:
        tensors: each (N, *), with the same N.

    Raises:
        AssertionError: they have different N.
        TypeError: something else than Tensors.

    >>> x, y = torch.tensor([[1., 2.], [3., 4.]]), torch.tensor([0, 1])
    >>> torch.utils.data.TensorDataset(x, y)[1]
    (tensor([3., 4.]), tensor(1))
    """

    def __init__(self, *tensors: Tensor) -> None:
        for tensor in tensors:
            if not isinstance(tensor, Tensor):
                is_list = isinstance(tensor, list | tuple) and all(isinstance(x, Tensor) for x in tensor)
                how = "unpack the list, TensorDataset(*tensors)" if is_list else how_to_get_a_tensor(tensor)
                raise TypeError(f"TensorDataset takes Tensors, and one is {describe(tensor)}: {how}")
        if len({len(tensor) for tensor in tensors}) > 1:
            raise AssertionError(
                f"Size mismatch between tensors: their first dimensions are {[len(tensor) for tensor in tensors]}, "
                "but example i takes the i-th row of each"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return len(self.tensors[0])


class Subset(Dataset[T_co]):
    """A subset of a dataset.

    Args:
        dataset: the whole dataset.
        indices: which examples, and in which order.

    >>> list(torch.utils.data.Subset("abcde", [4, 0]))
    ['e', 'a']
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> T_co:
        if isinstance(index, list):
            index = [self.indices[i] for i in index]
        else:
            index = self.indices[index]
        example: T_co = self.dataset[index]
        return example

    def __getitems__(self, indices: list[int]) -> list[T_co]:
        """Several examples at once, for a dataset that supports it."""
        where = [self.indices[i] for i in indices]
        many = getattr(self.dataset, "__getitems__", None)
        return many(where) if callable(many) else [self.dataset[i] for i in where]

    def __len__(self) -> int:
        return len(self.indices)


class ConcatDataset(Dataset[T_co]):
    """The concatenation of datasets; `a + b` concatenates two.

    Args:
        datasets: at least one, each with a length.

    Raises:
        AssertionError: there are no datasets, or one of them is an IterableDataset.

    >>> both = torch.utils.data.ConcatDataset(["abc", "de"])
    >>> len(both), both[3], both[-1]
    (5, 'd', 'e')
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable: ConcatDataset needs at least one")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("an IterableDataset has no numbered examples to concatenate: use ChainDataset")
        self.cumulative_sizes = list(accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: Any) -> T_co:
        n = len(self)
        if index < -n:
            raise ValueError(f"absolute value of index should not exceed dataset length: {index}, and there are {n}")
        if index >= n:
            raise IndexError(f"index {index} is out of range: the datasets have {n} examples together")
        index %= n
        which = bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        example: T_co = self.datasets[which][index - before]
        return example


class ChainDataset(IterableDataset[Any]):
    """The concatenation of iterable datasets; `a + b` concatenates two.

    Args:
        datasets: IterableDatasets.

    Raises:
        AssertionError: on reaching one that is not an IterableDataset.
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError(f"ChainDataset only supports IterableDataset, not {type(dataset).__name__}")
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self.datasets)


def random_split(dataset: Any, lengths: Sequence[int | float], generator: Generator | None = None) -> list[Subset[Any]]:
    """Split a dataset at random into disjoint subsets.

    Args:
        dataset: the dataset to split.
        lengths: the sizes of the subsets; or fractions that sum to 1, with the remainder spread over the first ones.
        generator: the random number generator; None uses the one that manual_seed seeds.

    Raises:
        ValueError: the lengths do not sum to the dataset's, or a fraction does not lie between 0 and 1.
        TypeError: a length is not an integer.

    >>> train, test = torch.utils.data.random_split(range(10), [0.8, 0.2], torch.Generator().manual_seed(0))
    >>> list(test)
    [6, 2]
    >>> len(train)
    8
    """
    n = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _shares(n, lengths)
    if sum(lengths) != n:
        raise ValueError(
            f"Sum of input lengths does not equal the length of the input dataset: {list(lengths)} sums to "
            f"{sum(lengths)}, and there are {n} examples. Fractions with a sum of at most 1 are accepted too"
        )
    try:
        counts = [operator.index(length) for length in lengths]  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(
            f"random_split takes lengths, which are integers, or fractions that sum to 1, not {list(lengths)}: write "
            "int(0.8 * n) and the rest, or [0.8, 0.2]"
        ) from None
    order = stream_of(generator).randperm(n).tolist()
    return [Subset(dataset, order[end - count : end]) for count, end in zip(counts, accumulate(counts))]


def _shares(n: int, fractions: Sequence[float]) -> list[int]:
    """The number of n examples for each fraction, rounded down; the first ones get one more each for the remainder."""
    for i, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1: {fraction}")
    counts = [math.floor(n * fraction) for fraction in fractions]
    for i in range(n - sum(counts)):
        counts[i % len(counts)] += 1
    for i, count in enumerate(counts):
        if count == 0:
            warn(f"Length of split at index {i} is 0: {fractions[i]} of {n} examples")
    return counts
