"""New tensors: dtypes, sizes, memory. tests/parity compares them with PyTorch, to the last bit."""

from __future__ import annotations

import warnings
from collections import deque
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import float32, float64, int32, int64

DTYPES: list[tuple[Any, Any]] = [
    (1, int64), (1.5, float32), (True, cutaway.bool), ([1, 2], int64), ([1, 2.5], float32), ([True, 1], int64),
    ([], float32),
    ([[], []], float32), (np.float64(1), float64), (np.ones(2), float64), (np.ones(2, np.float32), float32),
    (np.int32(1), int32),
    ([np.float64(1)], float64), ([np.float32(1), 2.5], float32), (np.ones(2, np.int32), int32), (range(3), int64),
    (deque([1.5, 2]), float32),
    ((1, 2), int64),
]  # fmt: skip


@pytest.mark.parametrize(("data", "dtype"), DTYPES)
def test_the_dtype_that_is_chosen(data: Any, dtype: Any) -> None:
    x = cutaway.tensor(data)
    assert x.dtype == dtype
    assert x.tolist() == (np.asarray(data).tolist() if not isinstance(data, list) else data)


def test_tensors_in_lists() -> None:
    a, b = cutaway.tensor(1.0, dtype=float64), cutaway.tensor([2])
    assert cutaway.tensor([a, b]).dtype == float64
    assert cutaway.tensor([[a, 2], [3, b]]).tolist() == [[1, 2], [3, 2]]


def test_numbers_are_copied_and_go_directly_into_the_dtype() -> None:
    array = np.ones(2)
    x = cutaway.tensor(array)
    array[0] = 5
    assert x.tolist() == [1, 1]
    assert cutaway.tensor(0.1, dtype=float64).item() == 0.1
    assert cutaway.tensor(2**53 + 1, dtype=int64).item() == 2**53 + 1
    assert cutaway.tensor(2**70, dtype=float64).item() == 2.0**70
    assert cutaway.tensor([-1, 255], dtype=cutaway.uint8).tolist() == [255, 255]
    assert cutaway.tensor([1.9, -1.9], dtype=int64).tolist() == [1, -1]


def test_a_tensor_of_a_tensor_warns_and_cuts_the_graph() -> None:
    x = cutaway.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match=r"write x.detach\(\).clone\(\)"):
        y = cutaway.tensor(x)
    assert not y.requires_grad
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cutaway.as_tensor(x) is x
    assert cutaway.as_tensor([1.0, 2.0], dtype=float64).tolist() == [1, 2]


def test_what_is_shared() -> None:
    array = np.ones(2)
    for x in (cutaway.from_numpy(array), cutaway.as_tensor(array)):
        x += 1
    assert array.tolist() == [3, 3]
    assert not np.shares_memory(cutaway.as_tensor(array, dtype=float32).numpy(), array)


SIZES: list[tuple[Any, ...]] = [(2, 3), ((2, 3),), ([2, 3],), (cutaway.Size([2, 3]),), (np.int64(2), cutaway.tensor(3))]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", ["zeros", "ones", "empty", "rand", "randn"])
def test_forms_of_size(make: str, size: Any) -> None:
    assert getattr(cutaway, make)(*size).shape == (2, 3)
    assert getattr(cutaway, make)(size=(2, 3), dtype=float64, requires_grad=True).requires_grad


def test_filled() -> None:
    assert cutaway.full((2,), 7).dtype == int64
    assert cutaway.full((2,), 7.0).dtype == float32
    assert cutaway.full((2,), True).dtype == cutaway.bool
    assert cutaway.full((), 2.5).item() == 2.5
    like = cutaway.tensor([[1, 2]], dtype=cutaway.int8)
    for x in (cutaway.zeros_like(like), cutaway.ones_like(like), cutaway.full_like(like, 3), cutaway.empty_like(like)):
        assert (x.shape, x.dtype) == ((1, 2), cutaway.int8)
    assert cutaway.zeros_like(like, dtype=float64, requires_grad=True).requires_grad
    assert like.new_ones(3).dtype == cutaway.int8
    assert like.new_empty((3, 1)).dtype == cutaway.int8
    assert like.new_empty(3, dtype=float64, requires_grad=True).requires_grad
    assert like.new_tensor([1.7]).tolist() == [1]


def test_counting() -> None:
    assert cutaway.arange(3).tolist() == [0, 1, 2]
    assert cutaway.arange(1, 4).tolist() == cutaway.arange(start=1, end=4).tolist() == [1, 2, 3]
    assert cutaway.arange(5, 0, -2).tolist() == [5, 3, 1]
    assert cutaway.arange(3.0).dtype == float32
    assert cutaway.arange(0, 1, 0.25).tolist() == [0, 0.25, 0.5, 0.75]
    assert len(cutaway.arange(0, 1, 0.1)) == 10
    assert cutaway.arange(3, 3).dtype == int64
    assert cutaway.linspace(0, 1, 5).tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert cutaway.linspace(3, 4, 1).tolist() == [3]
    assert cutaway.linspace(0, 10, 4, dtype=int64).tolist() == [0, 3, 6, 10]
    # The numbers that PyTorch 2.13 gives, in whose last bits its way of computing shows
    assert cutaway.linspace(0, 1, 7)[4].item() == 0.6666666269302368
    assert cutaway.arange(0, 2, 0.1)[13].item() == 1.2999999523162842


def test_matrices() -> None:
    assert cutaway.eye(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert cutaway.tril_indices(2, 3).tolist() == [[0, 1, 1], [0, 0, 1]]
    assert cutaway.triu_indices(2, 3, 1).tolist() == [[0, 0, 1], [1, 2, 2]]
    rows, columns = cutaway.meshgrid(cutaway.arange(2), cutaway.arange(3), indexing="xy")
    assert rows.tolist() == [[0, 1], [0, 1], [0, 1]]
    assert columns.tolist() == [[0, 0], [1, 1], [2, 2]]


def test_the_old_constructor() -> None:
    assert cutaway.Tensor(2, 3).shape == cutaway.Tensor(cutaway.Size([2, 3])).shape == (2, 3)
    assert cutaway.Tensor([1, 2]).dtype == float32
    assert cutaway.Tensor((2, 3)).tolist() == [2, 3]
    assert cutaway.Tensor().shape == (0,)


def test_the_older_types() -> None:
    x = cutaway.tensor([1.7, -1.7])
    assert cutaway.LongTensor([1.7, 2]).tolist() == [1, 2]
    assert cutaway.LongTensor([[1, 2]]).dtype is cutaway.int64
    assert cutaway.FloatTensor(2, 3).shape == (2, 3)
    assert cutaway.ByteTensor(cutaway.Size([2])).dtype is cutaway.uint8
    shared = cutaway.FloatTensor(x)
    shared[0] = 5.0
    assert x[0] == 5
    assert isinstance(x, cutaway.FloatTensor)
    assert not isinstance(x, cutaway.LongTensor)
    assert not isinstance([1.0], cutaway.FloatTensor)
    assert x.type(cutaway.LongTensor).tolist() == [5, -1]
    assert x.type("torch.DoubleTensor").dtype is cutaway.float64
    assert repr(cutaway.LongTensor) == "<class 'torch.LongTensor'>"
    w = cutaway.ones(2, requires_grad=True)
    assert cutaway.autograd.grad((cutaway.Tensor(w) * 2).sum(), w)[0].tolist() == [2, 2]


def test_short_whole_numbers_are_counted_before_their_fractions_are_cut_off() -> None:
    assert cutaway.arange(3.1, dtype=cutaway.int16).tolist() == [0, 1, 2, 3]
    assert cutaway.arange(3.1, dtype=cutaway.int64).tolist() == [0, 1, 2]
