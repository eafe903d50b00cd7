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
    lambda x: x.contiguous(), lambda x: x.to(cutaway.float32), lambda x: x.view_as(x),
    lambda x: x.transpose(0, 1).reshape(6, 4)[:0], lambda x: next(iter(x)), lambda x: x.broadcast_to((5, 2, 3, 4)),
]  # fmt: skip
UNTRACKED: list[Callable[[Any], Any]] = [lambda x: x.detach(), lambda x: x.data]
COPIES: list[Callable[[Any], Any]] = [
    lambda x: x.clone(), lambda x: x.transpose(0, 1).reshape(-1), lambda x: x.transpose(0, 1).contiguous(),
    lambda x: x.repeat_interleave(1, 0),
    lambda x: x.repeat(1, 1, 1), lambda x: x.flip(0), lambda x: x.tril(), lambda x: x[[0]], lambda x: x[x > 0],
    lambda x: x.double(), lambda x: cutaway.cat([x]), lambda x: cutaway.stack([x]), lambda x: x + 0,
    lambda x: x.transpose(0, 1).flatten(),
    lambda x: x.gather(0, cutaway.zeros(1, 3, 4, dtype=cutaway.int64)),
    lambda x: x.index_select(0, cutaway.tensor([0])),
]  # fmt: skip


@pytest.mark.parametrize("make", [*VIEWS, *UNTRACKED])
def test_views_share_memory(make: Callable[[Any], Any]) -> None:
    x = cutaway.arange(24.0).reshape(2, 3, 4)
    y = make(x)
    assert np.may_share_memory(x.numpy(), y.numpy()) or y.numel() == 0


@pytest.mark.parametrize("make", COPIES)
def test_copies_do_not(make: Callable[[Any], Any]) -> None:
    x = cutaway.arange(24.0).reshape(2, 3, 4)
    assert not np.shares_memory(x.numpy(), make(x).numpy())


@pytest.mark.parametrize("make", [*VIEWS, *UNTRACKED, *COPIES])
def test_gradients_count_the_uses(make: Callable[[Any], Any]) -> None:
    x = cutaway.arange(1.0, 25.0).reshape(2, 3, 4).requires_grad_()  # no number twice, and none that is zero
    y = make(x)
    assert y.requires_grad == (make not in UNTRACKED)
    if y.requires_grad:
        y.sum().backward()
        assert x.grad is not None
        assert x.grad.flatten().tolist() == [(y == element).sum().item() for element in x.detach().flatten()]


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


def test_sizes_and_dims_by_name() -> None:
    x = cutaway.arange(6).reshape(shape=(2, 3))
    assert x.view(size=(3, 2)).shape == (3, 2)
    assert x.permute(dims=(1, 0)).tolist() == x.T.tolist()
    assert x.expand(size=(4, -1, -1)).shape == (4, 2, 3)
    assert x.repeat(repeats=(1, 2)).shape == (2, 6)
    assert x.tile(dims=(2,)).shape == (2, 6)
    assert x.flip(dims=[0]).tolist() == [[3, 4, 5], [0, 1, 2]]
    assert x.broadcast_to(size=(1, 2, 3)).shape == (1, 2, 3)
    assert x.swapaxes(axis0=0, axis1=1).shape == (3, 2)


def test_the_same_bytes_seen_as_another_dtype() -> None:
    x = cutaway.tensor([1.0, -2.0])
    bits = x.view(cutaway.int32)
    assert bits.tolist() == [0x3F800000, -0x40000000]
    bits[1] = 0
    assert x.tolist() == [1, 0]
    assert x.view(dtype=cutaway.uint8).shape == (8,)


def test_repeats() -> None:
    x = cutaway.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    for repeats, weights in ((2, [[1.0, 1.0], [10.0, 10.0], [1.0, 1.0], [5.0, 5.0]]), (cutaway.tensor([3, 1]), None)):
        y = x.repeat_interleave(repeats, dim=0)
        assert y.tolist() == [x.tolist()[i] for i in ([0, 0, 1, 1] if weights else [0, 0, 0, 1])]
        (g,) = cutaway.autograd.grad(y, x, cutaway.tensor(weights) if weights else cutaway.ones(4, 2))
        assert g.tolist() == ([[11, 11], [6, 6]] if weights else [[3, 3], [1, 1]])
    assert x.repeat_interleave(2).tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    assert cutaway.repeat_interleave(cutaway.tensor([0, 2])).tolist() == [1, 1]
    assert cutaway.tensor(3).repeat_interleave(2).tolist() == [3, 3]
    assert x.detach().roll(1, dims=(1,)).tolist() == [[2, 1], [4, 3]]
    assert x.detach().roll(-1).tolist() == [[2, 3], [4, 1]]


def test_writing_to_a_diagonal_and_to_windows() -> None:
    w = cutaway.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x = cutaway.zeros(3, 3) * w
    x.diagonal()[:] = w * w
    x.sum().backward()
    assert x.tolist() == [[1, 0, 0], [0, 4, 0], [0, 0, 9]]
    assert w.grad.tolist() == [2, 4, 6]
    y = cutaway.zeros(5)
    y.unfold(0, 2, 3).fill_(1)
    assert y.tolist() == [1, 1, 0, 1, 1]
    y.unfold(0, 2, 2).fill_(2)
    assert y.tolist() == [2, 2, 2, 2, 1]
    with pytest.raises(RuntimeError):
        y.unfold(0, 2, 1).fill_(1)


def test_an_empty_tensor_joins_anything_and_gets_an_empty_gradient() -> None:
    nothing, x = cutaway.zeros(0, requires_grad=True), cutaway.ones(2, 3, requires_grad=True)
    for dim in (0, 1):
        y = cutaway.cat([nothing, x, nothing], dim)
        assert y.tolist() == x.tolist()
        empty, ones = cutaway.autograd.grad(y.sum(), (nothing, x))
        assert empty.shape == (0,)
        assert ones.tolist() == x.tolist()


def test_views_stay_right_when_their_base_is_rearranged_in_place() -> None:
    x0 = cutaway.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    x = x0 * 1
    row = x[0]
    assert x.t_() is x
    assert x.shape == (3, 2)
    row.mul_(10)
    x[0] = 0.0
    assert x.tolist() == [[0, 0], [20, 5], [30, 6]]
    (x * cutaway.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])).sum().backward()
    assert x0.grad.tolist() == [[0, 30, 50], [0, 4, 6]]
    leaf = cutaway.ones(1, 2, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        leaf.squeeze_()
    with cutaway.no_grad():
        leaf.squeeze_().unsqueeze_(1)
    leaf.sum().backward()
    assert leaf.grad.shape == leaf.shape == (2, 1)


CONTIGUOUS: list[Callable[..., Any]] = [
    lambda x: x[:, [2, 0]], lambda x: x[..., [True, False, True, True]], lambda x: x[:, [0, 1], [2, 3]],
    lambda x: x.index_select(1, cutaway.tensor([2, 0])), lambda x: x.take_along_dim(x.argsort(1), 1),
    lambda x: x.sort(0).values, lambda x: x.sort(1).indices, lambda x: x.argsort(1), lambda x: x.topk(1, 0).values,
    lambda x: x.topk(2, 1).indices, lambda x: x.median(1).indices, lambda x: x[0].multinomial(2),
    lambda x: x.mT.softmax(1), lambda x: x.mT.log_softmax(1), lambda x: x.mT.cumsum(0), lambda x: x.mT.roll(1, 1),
    lambda x: cutaway.cat([x.mT, x.mT], 1), lambda x: cutaway.stack([x.mT, x.mT], 1), lambda x: x.mT.sum(0),
    lambda x: x.transpose(0, 2).amax(1), lambda x: x.transpose(0, 2).norm(dim=1), lambda x: x.transpose(0, 2).var(1),
    lambda x: x.mT.masked_fill(x.mT > 0, 0.0), lambda x: x.mT.scatter(1, cutaway.tensor([[[1]]]), 1.0),
]  # fmt: skip


@pytest.mark.parametrize("make", CONTIGUOUS)
def test_a_result_that_is_no_view_is_contiguous(make: Callable[..., Any]) -> None:
    assert make(cutaway.rand(2, 3, 4)).is_contiguous()
    assert make(cutaway.rand(2, 3, 4, requires_grad=True)).view(-1).ndim == 1
