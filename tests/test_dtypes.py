"""Dtypes, their promotion, sizes and devices."""

from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import pytest

import cutaway
from cutaway import dtypes

ALL = [cutaway.float16, cutaway.float32, cutaway.float64, cutaway.int8, cutaway.int16, cutaway.int32, cutaway.int64,
       cutaway.uint8, cutaway.bool]  # fmt: skip


def test_names_are_pytorchs() -> None:
    assert repr(ALL[:2]) == "[torch.float16, torch.float32]"
    assert repr(cutaway.bool) == "torch.bool"
    assert cutaway.float is cutaway.float32
    assert cutaway.double is cutaway.float64
    assert cutaway.half is cutaway.float16
    assert cutaway.long is cutaway.int64
    assert cutaway.int is cutaway.int32


@pytest.mark.parametrize("dtype", ALL)
def test_there_is_one_of_each(dtype: cutaway.dtype) -> None:
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert copy.deepcopy(dtype) is copy.copy(dtype) is dtype
    assert dtypes.from_numpy_dtype(np.dtype(dtype)) is dtype
    assert dtype.itemsize == np.dtype(dtype).itemsize


def test_promotion_does_not_depend_on_the_order() -> None:
    for a, b in itertools.product(ALL, ALL):
        together = dtypes.promote(a.dtype, b.dtype)
        assert together == dtypes.promote(b.dtype, a.dtype)
        assert dtypes.promote(together, a.dtype) == together
    assert dtypes.promote(np.dtype("int8"), np.dtype("uint8")) == np.int16
    assert dtypes.promote(np.dtype("int64"), np.dtype("float16")) == np.float16


def test_c_types_of_one_size_are_one_dtype() -> None:
    for char in "bhilqBfd?":
        kind = np.dtype(char)
        assert dtypes.from_numpy_dtype(kind).itemsize == kind.itemsize


def test_what_dtype_may_be() -> None:
    assert cutaway.zeros(1, dtype=float).dtype == cutaway.float64
    assert cutaway.zeros(1, dtype=int).dtype == cutaway.int64
    assert cutaway.zeros(1, dtype=bool).dtype == cutaway.bool


def test_the_default_dtype() -> None:
    assert cutaway.get_default_dtype() == cutaway.float32
    cutaway.set_default_dtype(cutaway.float64)
    try:
        assert cutaway.tensor(1.5).dtype == (cutaway.tensor([1]) / 2).dtype == cutaway.rand(1).dtype == cutaway.float64
        assert repr(cutaway.tensor(1.5)) == "tensor(1.5000)"
        assert repr(cutaway.tensor(1.5, dtype=cutaway.float32)) == "tensor(1.5000, dtype=torch.float32)"
    finally:
        cutaway.set_default_dtype(cutaway.float32)


def test_size() -> None:
    size = cutaway.Size([2, 3])
    for other in (size + (1,), (1,) + size, size * 2, size[1:]):
        assert isinstance(other, cutaway.Size)
    assert size == (2, 3)
    assert size.numel() == 6
    assert repr(size) == "torch.Size([2, 3])"
    assert pickle.loads(pickle.dumps(size)) == size


def test_device() -> None:
    cpu = cutaway.device("cpu")
    assert cpu == cutaway.ones(1).device != "cpu"
    assert repr(cutaway.device("cpu:0")) == repr(cutaway.device("cpu", 0)) == "device(type='cpu', index=0)"
    assert str(cutaway.device("cuda", 1)) == "cuda:1"
    assert len({cpu, cutaway.device("cpu")}) == 1
    assert pickle.loads(pickle.dumps(cpu)) == cpu


def test_limits() -> None:
    assert cutaway.finfo(cutaway.float16).max == 65504
    assert cutaway.finfo().eps == 2**-23
    assert cutaway.iinfo(cutaway.uint8).max == 255
    assert repr(cutaway.finfo(cutaway.float16)) == (
        "finfo(resolution=0.001, min=-65504, max=65504, eps=0.000976562, smallest_normal=6.10352e-05, "
        "tiny=6.10352e-05, dtype=float16)"
    )
    assert [dtype.is_signed for dtype in (cutaway.float16, cutaway.int8, cutaway.uint8, cutaway.bool)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert repr(cutaway.iinfo(cutaway.int8)) == "iinfo(min=-128, max=127, dtype=int8)"


def test_a_size_is_made_of_whole_numbers() -> None:
    Size = dtypes.Size
    assert Size([np.int64(2), cutaway.tensor(3)]) == (2, 3)
    assert repr(Size(cutaway.tensor([1, 2]))) == "torch.Size([1, 2])"
    assert type(Size([1]) + (2,)) is type((1,) + Size([2])) is type(Size([1]) * 2) is Size
    for wrong in ([1.5], "ab"):
        with pytest.raises(TypeError, match="integers"):
            Size(wrong)
    with pytest.raises(TypeError):
        Size([1]) + [2]


def test_a_device_as_a_context() -> None:
    with cutaway.device("cpu") as here:
        assert cutaway.zeros(1).device == here
    with pytest.raises(AssertionError, match="CPU"), cutaway.device("cuda"):
        pass
