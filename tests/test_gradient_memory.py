"""Gradients have memory of their own, reads of one tensor share it, and memory that was freed is used again."""

from __future__ import annotations

import platform
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway.ops.indexing import Read


def leaf(*values: float) -> cutaway.Tensor:
    return cutaway.tensor(values, dtype=cutaway.float64, requires_grad=True)


@cutaway.differentiable
def keeps(x: Any, y: Any, *, constant: Any) -> Any:
    return x + y, lambda g: constant, lambda g: constant


class Twice(cutaway.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        return x + y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        g = g * 2
        return g, g


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize(
    "op",
    [
        lambda x, y, k: x + y,
        lambda x, y, k: (x + y) * k,
        lambda x, y, k: x + y + k + x,
        lambda x, y, k: (x + y).reshape(3, 2).reshape(2, 3),
        lambda x, y, k: x.T.T + y.flip(0).flip(0),
        lambda x, y, k: cutaway.cat([x, y])[:2] + cutaway.stack([x, y])[1],
        lambda x, y, k: (x.clone() + y.contiguous()).expand(1, 2, 3)[0],
        lambda x, y, k: x.where(k > 5, y),
        lambda x, y, k: x.to(cutaway.float64) + y.view_as(x),
        lambda x, y, k: k.clone().copy_(x) + k.clone().add_(y),
        lambda x, y, k: keeps(x, y, constant=k._array),
        lambda x, y, k: Twice.apply(x, y),
    ],
)  # fmt: skip
def test_a_leaf_shares_its_gradient_s_memory_with_nobody(op: Any, create_graph: bool) -> None:
    x, y = (cutaway.ones(2, 3, dtype=cutaway.float64, requires_grad=True) for _ in range(2))
    k, seed = (cutaway.full((2, 3), n, dtype=cutaway.float64) for n in (2.0, 3.0))
    seen: list[Any] = []
    y.register_hook(seen.append)
    loss = op(x, y, k)
    loss.retain_grad()
    loss.backward(seed, create_graph=create_graph)
    others = [loss.grad, seed, k, x, y, *seen]
    for grad in (x.grad, y.grad):
        others.append(grad)
        assert not any(np.shares_memory(grad._array, other._array) for other in others if other is not grad)
        assert grad is not seed
    assert not np.shares_memory(loss.grad._array, seed._array)


def test_the_seed_of_a_leaf_is_copied() -> None:
    x, seed = leaf(1.0, 2.0), cutaway.ones(2, dtype=cutaway.float64)
    x.backward(seed)
    seed.zero_()
    assert x.grad.tolist() == [1.0, 1.0]
    x.backward(seed)
    assert x.grad.tolist() == [1.0, 1.0]


def test_what_a_hook_returns_or_keeps_is_not_the_gradient() -> None:
    x, other, kept = leaf(1.0, 2.0), cutaway.full((2,), 5.0, dtype=cutaway.float64), []
    x.register_hook(kept.append)
    x.register_hook(lambda g: other)
    for _ in range(2):
        (x * 2).sum().backward()
    assert x.grad.tolist() == [10.0, 10.0]
    assert other.tolist() == [5.0, 5.0]
    assert [g.tolist() for g in kept] == [[2.0, 2.0]] * 2


def test_a_gradient_is_added_to_in_place_and_has_the_leaf_s_dtype() -> None:
    x = cutaway.ones(2, requires_grad=True)
    wide = cutaway.differentiable(lambda x: (x * 1, lambda g: g * np.array([1.0, 2.0])))
    wide(x).sum().backward()
    grad = x.grad
    assert grad.dtype == cutaway.float32
    wide(x).sum().backward()
    assert x.grad is grad and grad.tolist() == [2.0, 4.0]
    x.grad = cutaway.ones(1).expand(2)  # no memory for two numbers
    wide(x).sum().backward()
    assert x.grad.tolist() == [2.0, 3.0]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often a read made an array of the whole tensor's size, and how often it only added to one."""
    counts = {"whole": 0, "added": 0}
    whole, add_to = Read.__call__, Read.add_to

    def counted_whole(self: Read, g: Any) -> Any:
        counts["whole"] += 1
        counts["added"] -= 1  # it is made of zeros and one add_to
        return whole(self, g)

    def counted_add(self: Read, total: Any, g: Any) -> None:
        counts["added"] += 1
        add_to(self, total, g)

    monkeypatch.setattr(Read, "__call__", counted_whole)
    monkeypatch.setattr(Read, "add_to", counted_add)
    return counts


KINDS = [
    lambda t: t,
    lambda t: (slice(None), t % 5),
    lambda t: slice(t, t + 3),
    lambda t: (t, slice(None, None, 2)),
    lambda t: [t, 0, t],
    lambda t: (t, t % 5),
    lambda t: cutaway.arange(50) % (t + 1) == 0,
]


@pytest.mark.parametrize("make", [lambda x: x, lambda x: x * 1], ids=["leaf", "computed"])
@pytest.mark.parametrize("kind", [*range(len(KINDS)), "mixed"])
def test_reading_in_a_loop_costs_the_size_once(reads: dict[str, int], kind: Any, make: Any) -> None:
    numbers = np.random.default_rng(0).normal(size=(50, 5))
    x = cutaway.tensor(numbers, requires_grad=True)
    y, loss, expected = make(x), 0.0, np.zeros_like(numbers)
    for t in range(45):
        index = KINDS[t % len(KINDS) if kind == "mixed" else kind](t)
        loss = loss + (y[index] * (t + 1)).sum()
        np.add.at(expected, index.numpy() if isinstance(index, cutaway.Tensor) else index, t + 1)
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), expected)
    assert reads["whole"] == 2  # the first, and the second, which is added to it
    assert reads["added"] == 43


def test_rows_of_an_embedding_in_a_loop(reads: dict[str, int]) -> None:
    weight = cutaway.tensor(np.zeros((100, 4)), requires_grad=True)
    loss = sum(cutaway.nn.functional.embedding(cutaway.tensor([t, 3]), weight).sum() for t in range(20))
    loss.backward()
    assert reads["whole"] <= 2
    assert weight.grad[3].tolist() == [21.0] * 4
    assert weight.grad[5].tolist() == [1.0] * 4


REUSE = """
import resource
import cutaway

def pages_taken():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def touch():
    for size in (3, 5, 8):
        cutaway.ones(size << 18).add_(1)

touch()
before = pages_taken()
for _ in range(10):
    touch()
print(pages_taken() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries decide for themselves what they keep")
def test_large_memory_that_was_freed_is_used_again() -> None:
    done = subprocess.run([sys.executable, "-c", REUSE], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1000  # one pass touches 4,000 pages
