"""Training data: datasets hold examples, samplers order them, a DataLoader makes batches.

- `dataset.py`: `dataset[i]`, one example, and datasets made from datasets;
- `sampler.py`: the indices, in the order of an epoch;
- `collate.py`: how a list of examples becomes a batch;
- `dataloader.py`: all of it combined, `for batch in DataLoader(dataset, ...)`.
"""

from typing import TYPE_CHECKING

from ...errors import absent
from .collate import default_collate, default_convert
from .dataloader import DataLoader, get_worker_info
from .dataset import ChainDataset, ConcatDataset, Dataset, IterableDataset, Subset, TensorDataset, random_split
from .sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

__all__ = [
    "BatchSampler",
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "IterableDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "default_convert",
    "get_worker_info",
    "random_split",
]

if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.utils.data")
