"""Shapes: which results are views, and what is worked out. tests/parity compares all with PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway

VIEWS: list[Callable[[Any], Any]] = [
    lambda x: x.view(6, 4), lambda x: x.reshape(-1), lambda x: x.flatten(), lambda x: x.flatten(1), lambda x: x.ravel(),
    lambda x: x.unflatten(2, (2, -1)), lambda x: x.unsqueeze(0), lambda x: x[:1].squeeze(), lambda x: x[:1].squeeze(0),
    lambda x: x.transpose(0, 2), lambda x: x.permute(2, 0, 1), lambda x: x.movedim(0, -1), lambda x: x[0].t(),
    lambda x: x.mT, lambda x: x[0].T, lambda x: x[:, :, :1].expand(2, 3, 9), lambda x: x.narrow(1, 1, 2),
    lambda x: x.split(2, 1)[1], lambda x: x.chunk(3, 1)[2], lambda x: x.unbind(1)[0], lambda x: x[0],
    lambda x: x[..., ::2],
    lambda x: x.detach(), lambda x: x.data, lambda x: x.contiguous(), lambda x: x.to(cutaway.float32),
    lambda x: x.view_as(x),
    lambda x: x.transpose(0, 1).reshape(6, 4)[:0], lambda x: next(iter(x)), lambda x: x.broadcast_to((5, 2, 3, 4)),
]  # fmt: skip
COPIES: list[Callable[[Any], Any]] = [
    lambda x: x.clone(), lambda x: x.transpose(0, 1).reshape(-1), lambda x: x.transpose(0, 1).contiguous(),
    lambda x: x.repeat(1, 1, 1), lambda x: x.flip(0), lambda x: x.tril(), lambda x: x[[0]], lambda x: x[x > 0],
    lambda x: x.double(), lambda x: cutaway.cat([x]), lambda x: cutaway.stack([x]), lambda x: x + 0,
    lambda x: x.transpose(0, 1).flatten(),
    lambda x: x.gather(0, cutaway.zeros(1, 3, 4, dtype=cutaway.int64)),
    lambda x: x.index_select(0, cutaway.tensor([0])),
]  # fmt: skip


@pytest.mark.parametrize("make", VIEWS)
def test_views_share_memory(make: Callable[[Any], Any]) -> None:
    x = cutaway.arange(24.0).reshape(2, 3, 4)
    y = make(x)
    assert np.may_share_memory(x.numpy(), y.numpy()) or y.numel() == 0
    tracked = make(x.clone().requires_grad_())
    assert not tracked.requires_grad or tracked.grad_fn is not None or tracked.is_leaf


@pytest.mark.parametrize("make", COPIES)
def test_copies_do_not(make: Callable[[Any], Any]) -> None:
    x = cutaway.arange(24.0).reshape(2, 3, 4)
    assert not np.shares_memory(x.numpy(), make(x).numpy())


@pytest.mark.parametrize("make", [*VIEWS, *COPIES])
def test_gradients_count_the_uses(make: Callable[[Any], Any]) -> None:
    x = cutaway.arange(24.0).reshape(2, 3, 4).requires_grad_()
    y = make(x)
    if not y.requires_grad:
        return
    y.sum().backward()
    total = x.grad.sum().item() if x.grad is not None else 0
    assert total == y.numel() or make is COPIES[5]  # a triangle forgets what it cuts off


def test_strides() -> None:
    x = cutaway.zeros(2, 3, 4)
    assert x.stride() == (12, 4, 1)
    assert x.transpose(0, 2).stride() == (1, 4, 12)
    assert x[:, ::2].stride() == (12, 8, 1)
    assert x[:, :1].expand(2, 5, 4).stride() == (12, 0, 1)
    assert x.stride(-1) == 1
    assert x.is_contiguous()
    assert not x.mT.is_contiguous()
    assert x.mT.contiguous().stride() == (12, 3, 1)
    assert x.contiguous() is x


def test_sizes_that_are_worked_out() -> None:
    x = cutaway.zeros(2, 3, 4)
    assert x.reshape(-1, 6).shape == (4, 6)
    assert x.unflatten(1, (-1, 3)).shape == (2, 1, 3, 4)
    assert x.expand(5, -1, -1, -1).shape == (5, 2, 3, 4)
    assert cutaway.zeros(0, 3).reshape(-1, 3).shape == (0, 3)
    assert [p.shape[0] for p in cutaway.arange(10).chunk(4)] == [3, 3, 3, 1]
    assert [p.shape[0] for p in cutaway.arange(10).split(4)] == [4, 4, 2]
    assert isinstance(x.reshape([2, 12]).shape, cutaway.Size)


def test_what_a_single_number_allows() -> None:
    x = cutaway.tensor(3.0)
    for y in (x.view(1), x.flatten(), x.unsqueeze(-1), x.expand(1), x.repeat(1), x.ravel()):
        assert y.tolist() == [3]
    for y in (x.t(), x.T, x.squeeze(), x.squeeze(0), x.transpose(0, -1), x.permute(()), x.flip(0), x.clone()):
        assert y.tolist() == 3


def test_joining_brings_to_one_dtype() -> None:
    joined = cutaway.cat([cutaway.tensor([1]), cutaway.tensor([2.5])])
    assert joined.tolist() == [1, 2.5]
    assert cutaway.stack([cutaway.tensor(1), cutaway.tensor(2.5)]).dtype == cutaway.float32
    assert cutaway.cat([cutaway.zeros(0), cutaway.ones(2, 2)]).shape == (2, 2)
