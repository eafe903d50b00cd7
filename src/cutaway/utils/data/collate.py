"""Collate a list of examples into a batch: tensors are stacked, and containers are traversed."""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from ...creation import from_numpy, tensor
from ...dtypes import float64
from ...tensors import Tensor, stack

__all__ = ["default_collate", "default_convert"]


def default_collate(batch: Any) -> Any:
    """Collate a list of examples into one batch, as a DataLoader does by default.

    Tensors, arrays and numbers get a new first dimension (Python floats become float64); strings stay a list. Tuples,
    lists and dicts are traversed: a list of (x, y) becomes [all x, all y], a list of {"a": x} {"a": all x}.

    Args:
        batch: examples of the same structure, with tensors of the same shape.

    Raises:
        TypeError: an example is, or contains, an object of another class.
        RuntimeError: tensors have different shapes, or tuples different lengths.

    >>> torch.utils.data.default_collate([(torch.tensor([1., 2.]), 0), (torch.tensor([3., 4.]), 1)])
    [tensor([[1., 2.],
            [3., 4.]]), tensor([0, 1])]
    >>> torch.utils.data.default_collate([{"word": "a", "n": 1}, {"word": "b", "n": 2}])
    {'word': ['a', 'b'], 'n': tensor([1, 2])}
    """
    first = batch[0]
    if isinstance(first, Tensor):
        _check_shapes(batch)
        return stack(list(batch))
    if isinstance(first, np.ndarray | np.generic) and first.dtype.kind in "fiub":
        _check_shapes(batch)
        return from_numpy(np.stack(batch))
    if isinstance(first, float):
        return tensor(batch, dtype=float64)
    if isinstance(first, int):
        return tensor(batch)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        different = [list(example) for example in batch if example.keys() != first.keys()]
        if different:
            raise KeyError(f"the examples of a batch need the same keys, but have {list(first)} and {different[0]}")
        return _like(first, {key: default_collate([example[key] for example in batch]) for key in first})
    if isinstance(first, Sequence):
        lengths = {len(example) for example in batch}
        if len(lengths) > 1:
            raise RuntimeError(
                "each element in list of batch should be of equal size, but this batch has lengths of "
                f"{sorted(lengths)}: pad them, or pass a collate_fn that batches them"
            )
        columns = [default_collate(column) for column in zip(*batch)]
        return type(first)(*columns) if _is_namedtuple(first) else columns
    missing = " (a __getitem__ without return?)" if first is None else ""
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, strings, dicts or lists; found "
        f"{_kind(first)}{missing}. Return one of these from the dataset, or pass a collate_fn to the DataLoader"
    )


def _check_shapes(batch: Any) -> None:
    shapes = {tuple(x.shape) for x in batch}
    if len(shapes) > 1:
        raise RuntimeError(
            "stack expects each tensor to be equal size, but the examples of this batch have shapes "
            f"{sorted(shapes)}: make them equal in the dataset, or pass a collate_fn that pads them, for example with "
            "torch.nn.utils.rnn.pad_sequence"
        )


def default_convert(data: Any) -> Any:
    """Convert arrays to tensors, and leave the rest unchanged, as a DataLoader does when batching is disabled.

    >>> torch.utils.data.default_convert((np.array([0.5, 2]), "text"))
    [tensor([0.5000, 2.0000], dtype=torch.float64), 'text']
    """
    if isinstance(data, np.ndarray | np.generic) and data.dtype.kind in "fiub":
        return from_numpy(np.asarray(data))
    if isinstance(data, Mapping):
        return _like(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        values = [default_convert(value) for value in data]
        return type(data)(*values) if _is_namedtuple(data) else values
    return data


def _like(mapping: Mapping[Any, Any], values: dict[Any, Any]) -> Any:
    """The values in a mapping of the same class, for example a defaultdict."""
    if not isinstance(mapping, MutableMapping):
        return type(mapping)(values)  # type: ignore[call-arg]
    out = copy.copy(mapping)
    out.update(values)
    return out


def _is_namedtuple(x: Any) -> bool:
    return isinstance(x, tuple) and hasattr(x, "_fields")


def _kind(x: Any) -> str:
    return f"an array of {x.dtype}" if isinstance(x, np.ndarray | np.generic) else type(x).__name__
