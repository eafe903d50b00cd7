"""DataLoader: iterate over a dataset in batches.

A sampler yields indices, a batch sampler groups them into lists, the dataset returns the examples of a list, and
`collate_fn` makes a batch of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from ...errors import describe
from ...random import Generator
from ...tensors.sampling import stream_of
from .collate import default_collate, default_convert
from .dataset import IterableDataset, Subset, TensorDataset
from .sampler import BatchSampler, RandomSampler, SequentialSampler, random_seed

__all__ = ["DataLoader", "get_worker_info"]

T_co = TypeVar("T_co", covariant=True)

# Setting one of these later would have no effect, so it is an error.
FIXED = {"batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"}


class DataLoader(Generic[T_co]):
    """Batches of a dataset, in order or shuffled: one iteration over it is one epoch.

    Args:
        dataset: a Dataset, a list, or anything with `len()` and `[i]`; or an IterableDataset.
        batch_size: the number of examples per batch; None disables batching.
        shuffle: whether to reshuffle the examples in every epoch.
        sampler: an iterable of the indices of an epoch, instead of shuffle.
        batch_sampler: an iterable of lists of indices, instead of batch_size, shuffle, sampler and drop_last.
        num_workers: accepted; data is loaded in this process in any case.
        collate_fn: makes a batch of a list of examples; `default_collate` by default.
        pin_memory: accepted; there is no device memory to copy to.
        drop_last: whether to drop an incomplete last batch.
        timeout: accepted; there is nothing to wait for.
        worker_init_fn: accepted; not called, since there are no worker processes.
        multiprocessing_context: accepted.
        generator: the random number generator for shuffling; None uses the one that manual_seed seeds.
        prefetch_factor: accepted with num_workers.
        persistent_workers: accepted with num_workers.
        pin_memory_device: accepted.
        in_order: accepted; batches come in order.

    Raises:
        ValueError: arguments are mutually exclusive or out of range.
        TypeError: dataset is a class, or collate_fn cannot be called.

    An example is `dataset[i]`. A dataset with a method `__getitems__` receives the whole list of indices at once.

    >>> x, y = torch.arange(10.).reshape(5, 2), torch.tensor([0, 1, 0, 1, 0])
    >>> loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=2)
    >>> for xb, yb in loader:
    ...     print(xb.shape, yb)
    torch.Size([2, 2]) tensor([0, 1])
    torch.Size([2, 2]) tensor([0, 1])
    torch.Size([1, 2]) tensor([0])
    >>> _ = torch.manual_seed(0)
    >>> list(torch.utils.data.DataLoader(range(5), batch_size=2, shuffle=True))
    [tensor([1, 4]), tensor([2, 3]), tensor([0])]
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        if isinstance(dataset, type):
            name = dataset.__name__
            raise TypeError(f"DataLoader takes a dataset, not the class {name} itself: create one, {name}(...)")
        if not (collate_fn is None or callable(collate_fn)):
            raise TypeError(
                f"collate_fn is a function that makes a batch of a list of examples, not {describe(collate_fn)}: pass "
                "the function itself, without calling it"
            )
        if isinstance(dataset, IterableDataset):
            _check_no_order(shuffle=shuffle or None, sampler=sampler, batch_sampler=batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle: the sampler determines the order")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last: it "
                    "determines the batches"
                )
            batch_size = None
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None makes no batches, so that drop_last=True has none to drop")

        in_batches = batch_size is not None or batch_sampler is not None
        if isinstance(dataset, IterableDataset):
            sampler = dataset  # it yields examples where a sampler yields indices
        elif sampler is None:
            sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)

        self.dataset = dataset
        self.batch_size = batch_size
        self.sampler: Iterable[Any] = sampler
        self.batch_sampler = batch_sampler
        self.drop_last = drop_last
        self.collate_fn = collate_fn if collate_fn is not None else default_collate if in_batches else default_convert
        self.generator = generator
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order

    def __setattr__(self, name: str, value: Any) -> None:
        if name in FIXED and name in self.__dict__:
            raise ValueError(f"{name} attribute should not be set after DataLoader is initialized: create a new one")
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[T_co]:
        if isinstance(self.dataset, IterableDataset):
            self._draw_seed()
            examples = iter(self.dataset)
            if self.batch_size is None:
                return map(self.collate_fn, examples)
            return map(self.collate_fn, BatchSampler(examples, self.batch_size, self.drop_last))
        order = iter(self._order)
        self._draw_seed()
        return map(self._fetch, order)

    def __len__(self) -> int:
        return len(self._order)  # type: ignore[arg-type]

    @property
    def _order(self) -> Iterable[Any]:
        """Lists of indices, or single indices if batching is disabled."""
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def _draw_seed(self) -> None:
        """Draw the seed that PyTorch would give its workers, to keep the random streams in step."""
        random_seed(stream_of(self.generator))

    def _fetch(self, where: Any) -> Any:
        if self.batch_sampler is None:
            return self.collate_fn(self.dataset[where])
        if self.collate_fn is default_collate and _has_rows(self.dataset):
            return list(self.dataset[list(where)])  # the code below gives the same result, but takes ten times longer
        if hasattr(self.dataset, "__getitems__"):
            return self.collate_fn(self.dataset.__getitems__(where))
        return self.collate_fn([self.dataset[i] for i in where])


def get_worker_info() -> None:
    """None: there are no worker processes, so a dataset yields all of its examples."""


def _has_rows(dataset: Any) -> bool:
    """Whether indexing the dataset's tensors with a list equals collating the single examples."""
    while type(dataset) is Subset:
        dataset = dataset.dataset
    return type(dataset) is TensorDataset


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent: bool) -> None:
    if num_workers < 0:
        raise ValueError("num_workers option should be non-negative; 0 loads in this process")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError("prefetch_factor option is for workers: it needs num_workers > 0")
    if num_workers == 0 and persistent:
        raise ValueError("persistent_workers option needs num_workers > 0")


def _check_no_order(**options: Any) -> None:
    """Raise if an IterableDataset, whose order is fixed, is to be shuffled or sampled."""
    for name, value in options.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value!r}; the "
                "dataset determines the order of its examples"
            )
