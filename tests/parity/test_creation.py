"""Tensors out of nothing, as PyTorch makes them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import cutaway
from tests.parity.both import same
from tests.parity.sources import program

CALLS = """
t.tensor([np.float64(1)])
t.tensor([np.float32(1), 2.5])
t.tensor([np.int32(1)])
t.tensor([np.int32(1), 2])
t.tensor(np.float64(1))
t.tensor(np.int32(1))
t.tensor(np.array(1, dtype=np.int32))
t.tensor(np.array([[1., 2.]]))
t.tensor(np.array([1., 2.]), dtype=t.float32)
t.tensor([np.array([1, 2], dtype=np.int32), np.array([1, 2], dtype=np.int32)])
t.tensor([t.tensor(1.), t.tensor(2.)])
t.tensor([t.tensor(1.), t.tensor(2)])
t.tensor([t.tensor(1., dtype=t.float64), 2.5])
t.tensor([[t.tensor(1), 2], [3, t.tensor(4)]])
t.tensor([t.tensor([1.]), t.tensor([3.])])
t.tensor([t.tensor([1., 2.]), t.tensor([3., 4.])])
t.tensor([[1, 2], [3]])
t.tensor('a')
t.tensor(None)
t.tensor([None])
t.tensor({1: 2})
t.tensor({1, 2})
t.tensor(range(3))
t.tensor((1, 2))
t.tensor([(1, 2), (3, 4)])
t.tensor((x for x in [1]))
t.tensor([])
t.tensor([[], []])
t.tensor([[]], dtype=t.int64)
t.tensor([1, True])
t.tensor([True, 1.5])
t.tensor([True, False])
t.tensor([1, 2.5])
t.tensor(True)
t.tensor(3)
t.tensor(2.5)
t.tensor([1e400, -1e400])
t.tensor(0.1)
t.tensor(0.1, dtype=t.float64)
t.tensor(2**63)
t.tensor([1, 2**64])
t.tensor(2**63, dtype=t.float32)
t.tensor(2**70, dtype=t.float32)
t.tensor(300, dtype=t.uint8)
t.tensor([-1, 255], dtype=t.uint8)
t.tensor([1.7, -1.7], dtype=t.int64)
t.tensor(1.7, dtype=t.bool)
t.tensor([0., 0.5], dtype=t.bool)
t.tensor(float('nan'), dtype=t.int64)
t.tensor(1e10, dtype=t.int32)
t.tensor(1e10, dtype=t.float16)
t.tensor([1, 2], dtype=float)
t.tensor([1, 2], requires_grad=True)
t.tensor([1., 2], requires_grad=True)
t.tensor([1., 2], dtype=t.int64, requires_grad=True)
t.tensor(t.ones(2))
t.tensor(t.ones(2, requires_grad=True))
t.tensor(t.ones(2), requires_grad=True)
t.tensor([t.tensor(1., requires_grad=True)])
t.from_numpy(np.array([1., 2.])[::-1])
t.from_numpy(np.array([1, 2], dtype='>i4'))
t.tensor(np.array([1, 2], dtype='>i4'))
t.tensor(np.array(['a']))
t.tensor(np.array([1, 2], dtype=object))
t.from_numpy([1, 2])
t.from_numpy(np.float32(1))
t.from_numpy(np.array([1., 2.])[::2])
t.as_tensor([1, 2])
t.as_tensor(np.float64(2))
t.as_tensor(3)
t.as_tensor([1, 2], dtype=t.float32)
t.as_tensor(t.ones(2), dtype=t.int64)
t.as_tensor(np.array([1., 2.]), dtype=t.float32)
x = t.ones(2); t.as_tensor(x) is x
t.tensor([1, 2], device='cpu:0')
t.tensor([1, 2], device=t.device('cpu'))
t.tensor([1, 2], device='foo')
t.tensor([1, 2], foo=1)
t.tensor()
t.tensor([1], [2])
t.Tensor([1, 2])
t.Tensor((2, 3))
t.Tensor(2.5)
t.Tensor()
t.Tensor(2, 3).shape
t.Tensor(t.Size([2, 3])).shape
t.Tensor(np.array([1, 2]))
t.Tensor([[1, 2], [3]])
t.Tensor(True)
t.Tensor('a')
t.zeros(2, 3)
t.zeros((2, 3))
t.zeros([2, 3])
t.zeros(t.Size([2]))
t.zeros(size=(2, 3))
t.zeros(())
t.zeros()
t.zeros(0, 3)
t.zeros(2.)
t.zeros((2, 3.))
t.zeros(-1)
t.zeros((2, -1))
t.zeros('a')
t.zeros(None)
t.zeros(True)
t.zeros(t.tensor(2))
t.zeros(np.int64(2))
t.zeros(2, foo=1)
t.zeros(2, dtype=float)
t.zeros(2, dtype=int)
t.zeros(2, dtype=bool)
t.zeros(2, dtype='float32')
t.zeros(2, dtype=np.float32)
t.zeros(2, requires_grad=True)
t.zeros(2, requires_grad=True, dtype=t.int64)
t.ones(2, 2, dtype=t.bool)
t.ones(2, dtype=t.float16)
t.empty(2, 3).shape
t.empty((2,), dtype=t.int64).dtype == t.int64
t.full((2,), 7)
t.full((2,), 7.)
t.full((2,), True)
t.full(2, 7)
t.full([2], t.tensor(3))
t.full((2,), t.tensor([3]))
t.full((2,), 300, dtype=t.uint8)
t.full((2,), 2.5, dtype=t.int64)
t.full((), 2.5)
t.full((2,), 'a')
t.full((2,), None)
t.full((2,), float('nan'))
t.full_like(t.tensor([1, 2]), 2.5)
t.full_like(t.tensor([1, 2]), 2.5, dtype=t.float64)
t.zeros_like([1, 2])
t.zeros_like(t.ones(2, 3).t()).stride()
t.ones_like(t.ones(2, requires_grad=True))
t.ones_like(t.ones(2), requires_grad=True)
t.zeros_like(t.ones(2), dtype=t.int64)
t.ones_like(t.tensor([1, 2], dtype=t.int8))
t.empty_like(t.ones(2, 3)).shape
t.arange(5)
t.arange(5.)
t.arange(1, 5)
t.arange(1, 5, 2)
t.arange(0, 5, 2.)
t.arange(0, 1, 0.1)
t.arange(0, 1, 0.3)
t.arange(0, 1, 0.1, dtype=t.float64)
t.arange(1, 2, 0.1, dtype=t.float16)
t.arange(5, 0, -1)
t.arange(5, 0, -2.5)
t.arange(5, 0)
t.arange(0, 5, 0)
t.arange(0, 5, -1)
t.arange(0)
t.arange(-1)
t.arange(3, 3)
t.arange(t.tensor(3))
t.arange(t.tensor(3.))
t.arange(t.tensor([3]))
t.arange(3, dtype=t.float32)
t.arange(0, 3.5, dtype=t.int64)
t.arange(0.5, 3.5, dtype=t.int64)
t.arange(0, 5, 1.5, dtype=t.int64)
t.arange(start=1, end=4)
t.arange(end=4)
t.arange(1, end=4, step=2)
t.arange('a')
t.arange(float('nan'))
t.arange(float('inf'))
t.arange(True)
t.arange(2, dtype=t.bool)
t.arange(3, dtype=t.uint8)
t.arange(3, requires_grad=True)
t.arange(3., requires_grad=True)
t.arange(np.int64(3))
t.arange(np.float64(3))
t.arange(-2, 3)
t.arange(2**53, 2**53 + 3)
t.linspace(0, 1, 5)
t.linspace(0, 1, 1)
t.linspace(0, 1, 0)
t.linspace(0, 1, -1)
t.linspace(0, 10, 5, dtype=t.int64)
t.linspace(0, 10, 4, dtype=t.int64)
t.linspace(-3, 10, 6, dtype=t.int32)
t.linspace(1, 0, 3)
t.linspace(t.tensor(0.), 1, 3)
t.linspace(0, 1, 2.)
t.linspace(0, 1)
t.linspace('a', 1, 2)
t.linspace(start=0, end=1, steps=3)
t.linspace(0, 1, 3, dtype=t.float64, requires_grad=True)
t.eye(3)
t.eye(2, 3)
t.eye(2, m=3)
t.eye(-1)
t.eye(2, -1)
t.eye(0)
t.eye(2, dtype=t.int64)
t.eye(2.)
t.tril_indices(3, 3)
t.tril_indices(3, 4, 1)
t.tril_indices(3, 3, -1)
t.tril_indices(-3, 3)
t.tril_indices(0, 3)
t.triu_indices(3, 3, dtype=t.int32)
t.triu_indices(2, 3, offset=-1)
t.is_tensor(3)
t.is_tensor(t.ones(2))
t.numel(t.ones(2, 3))
t.ones(2).new_zeros(3)
t.tensor([1, 2]).new_ones(2, 3)
t.tensor([1, 2]).new_ones((2, 3), dtype=t.float64)
t.tensor([True]).new_full((2,), 0)
t.tensor([1]).new_full((2,), 2.7)
t.tensor([1.]).new_tensor([1, 2])
t.tensor([1]).new_tensor([1.7, 2])
t.tensor([1.]).new_tensor([1, 2], requires_grad=True)
t.tensor([1.]).new_empty(3).shape
t.ones(2, dtype=t.float64).new_zeros((2, 2), requires_grad=True)
""".strip().splitlines()


@pytest.mark.parametrize("source", CALLS)
def test_calls(source: str) -> None:
    same(program(source), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_ranges_to_the_last_bit(dtype: str) -> None:
    random = np.random.default_rng(0)
    for _ in range(200):
        start, end, n = random.normal() * 5, random.normal() * 5, int(random.integers(2, 40))
        step = (end - start) / n * random.uniform(0.7, 1.3)

        def both(t: Any) -> Any:
            kind = getattr(t, dtype)
            return t.arange(start, end, step, dtype=kind), t.linspace(start, end, n, dtype=kind)  # noqa: B023

        for got, want in zip(both(cutaway), both(torch), strict=True):
            assert got.numpy().tobytes() == want.numpy().tobytes(), (start, end, step, n)


MEMORY = """
a = np.array([1., 2.]); x = t.from_numpy(a); a[0] = 5; x
a = np.array([1., 2.]); x = t.as_tensor(a); a[0] = 5; x
a = np.array([1., 2.]); x = t.tensor(a); a[0] = 5; x
x = t.ones(2); a = x.numpy(); a[0] = 5; x
x = t.ones(2, requires_grad=True); a = x.detach().numpy(); a[0] = 5; x
x = t.ones(2, requires_grad=True); x.data[0] = 5; x
x = t.ones(2, requires_grad=True); x.data = t.zeros(3); x
x = t.ones(2); y = t.tensor(x); y[0] = 5; x
x = t.ones(2); y = x.to(t.float32); y[0] = 5; x
x = t.ones(2); y = x.to(t.float32, copy=True); y[0] = 5; x
x = t.ones(2); y = x.clone(); y[0] = 5; x
""".strip().splitlines()


@pytest.mark.parametrize("source", MEMORY)
def test_what_shares_memory(source: str) -> None:
    same(program(source))


def test_a_tensor_of_a_tensor_warns() -> None:
    for t in (torch, cutaway):
        with pytest.warns(UserWarning, match="To copy construct from a tensor"):
            t.tensor(t.ones(2))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            t.as_tensor(t.ones(2))


DTYPES_AND_SHAPES = """
t.Size([2, 3]) + (1,)
t.Size([2, 3]) * 2
t.Size([2, 3])[1:]
t.Size([2, 3])[0]
(1,) + t.Size([2, 3])
t.Size([2, 3]).numel()
t.Size()
t.Size(3)
t.Size([2, 3]) == (2, 3)
type(t.Size([2]) + (1,)) is t.Size, type((1,) + t.Size([2])) is t.Size
repr(t.Size([2, 3]))
repr(t.device('cpu')), str(t.device('cpu:0')), t.device('cpu', 0).index, t.device(type='cpu').type
t.device('foo')
t.device(3.5)
t.device('cpu:a')
t.device('cpu') == 'cpu', t.device('cpu') == t.device('cpu:0'), t.device('cpu') == t.device('cpu')
repr(t.finfo(t.float32)), repr(t.finfo(t.float64)), repr(t.finfo(t.float16)), repr(t.finfo())
t.finfo(t.int32)
t.finfo('float32')
repr(t.iinfo(t.int8)), repr(t.iinfo(t.uint8)), t.iinfo(t.int64).max
t.iinfo(t.float32)
t.iinfo(t.bool)
t.finfo(t.float32).max, t.finfo(t.float32).eps, t.iinfo(t.int64).min, t.iinfo(t.int8).bits
t.set_default_dtype(t.int64)
t.set_default_dtype('float')
t.float32.itemsize, t.float32.is_floating_point, t.float32.is_signed, t.uint8.is_signed, t.bool.is_signed
t.float32 == t.float, t.half == t.float16, t.long == t.int64, t.int == t.int32, t.double == t.float64
repr([t.float32, t.bool, t.int64, t.uint8, t.float16, t.short])
repr(t.get_default_dtype())
t.set_default_dtype(t.float64); r = t.tensor(1.5), t.tensor([1, 2]) / 2, t.ones(2); t.set_default_dtype(t.float32); r
t.set_default_dtype(t.float64); r = t.arange(2.), t.rand(2), t.eye(2); t.set_default_dtype(t.float32); r
""".strip().splitlines()


@pytest.mark.parametrize("source", DTYPES_AND_SHAPES)
def test_dtypes_and_shapes(source: str) -> None:
    same(program(source))
