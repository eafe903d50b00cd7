"""Writing in place: every alias sees it, and the gradient is right, or refused."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import nn
from tests.tensors.programs import gradients, random_lines, slopes


def test_all_aliases_see_what_is_written() -> None:
    x = cutaway.zeros(2, 3)
    aliases = [x.view(3, 2), x.t(), x[0], x.detach(), x.data, cutaway.from_numpy(x.numpy())]
    x.add_(1)
    assert all(bool((alias == 1).all()) for alias in aliases)
    x.t()[0] = 5
    assert aliases[0].tolist() == [[5, 1], [1, 5], [1, 1]]
    aliases[-1].zero_()
    assert x.sum() == 0


OPERATORS: list[tuple[Callable[[Any, Any], Any], Any, list[float]]] = [
    (operator.iadd, 2, [3, 4]), (operator.isub, 2, [-1, 0]), (operator.imul, 3, [3, 6]),
    (operator.itruediv, 2, [0.5, 1]),
    (operator.ifloordiv, 2, [0, 1]), (operator.imod, 2, [1, 0]), (operator.ipow, 2, [1, 4]),
]  # fmt: skip


@pytest.mark.parametrize(("op", "other", "expected"), OPERATORS)
def test_operators(op: Callable[[Any, Any], Any], other: Any, expected: list[float]) -> None:
    for operand in (other, cutaway.tensor(float(other))):
        x = cutaway.tensor([1.0, 2.0])
        memory = x.data_ptr()
        y = op(x, operand)
        assert y is x
        assert x.data_ptr() == memory
        assert x.tolist() == expected


def test_operators_on_bits() -> None:
    x = cutaway.tensor([True, False])
    x |= cutaway.tensor([False, True])
    x &= cutaway.tensor([True, False])
    x ^= True
    assert x.tolist() == [False, True]
    n = cutaway.tensor([1, -8])
    n <<= 3
    n >>= cutaway.tensor([1, 2])
    assert n.tolist() == [4, -16]
    assert (1 << cutaway.tensor([3, 70])).tolist() == [8, 0]
    assert (-256 >> cutaway.tensor([3, 70])).tolist() == [-32, -1]


IN_PLACE = [name for name in dir(cutaway.Tensor) if name.endswith("_") and not name.startswith("_")]
UNLIKE = ("addcdiv_", "addcmul_", "bernoulli_", "copy_", "exponential_", "fill_", "fill_diagonal_", "normal_",
          "random_", "requires_grad_", "uniform_", "zero_")  # fmt: skip
NEEDS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(["atan2_", "logical_and_", "logical_or_", "logical_xor_"], (cutaway.tensor([[2.0, 0.0, 0.5]]),)),
    **dict.fromkeys(["scatter_", "scatter_add_"], (1, cutaway.tensor([[2, 0], [1, 1]]), cutaway.ones(2, 2))),
    "index_add_": (0, cutaway.tensor([1, 1, 0]), cutaway.ones(3, 3)),
    "index_fill_": (1, cutaway.tensor([2, 0]), 7.0),
    **dict.fromkeys(["transpose_", "swapaxes_", "swapdims_"], (0, 1)),
    **dict.fromkeys(["cumsum_", "cumprod_", "unsqueeze_"], (0,)),
    "addmm_": (cutaway.ones(2, 4), cutaway.ones(4, 3)),
    "baddbmm_": (cutaway.ones(1, 2, 4), cutaway.ones(1, 4, 3)),
    "lerp_": (cutaway.ones(2, 3), 0.3), "masked_fill_": (cutaway.tensor([True, False, True]), 7.0),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in IN_PLACE if name not in UNLIKE])
def test_it_writes_what_its_namesake_computes(name: str) -> None:
    method, writing = getattr(cutaway.Tensor, name[:-1]), getattr(cutaway.Tensor, name)
    x = cutaway.tensor([[0.25, -0.5, 0.75], [0.1, 0.9, -0.3]])
    x = x[None] if name == "baddbmm_" else (x * 100).long() if name.startswith("bitwise") else x
    takes = inspect.signature(method).parameters
    args = NEEDS.get(name, (2,) if {"other", "exponent", "min", "max"} & set(takes) else ())
    expected, memory = method(x.clone(), *args), x.data_ptr()
    assert inspect.signature(writing).parameters.keys() == takes.keys()
    assert writing(x, *args) is x
    assert x.data_ptr() == memory
    np.testing.assert_array_equal(x.numpy(), expected.to(x.dtype).numpy())


def test_a_filled_diagonal_gets_no_gradient() -> None:
    x = cutaway.ones(2, 3, requires_grad=True)
    (x * 2).fill_diagonal_(5).sum().backward()
    assert x.grad.tolist() == [[0, 2, 2], [2, 0, 2]]


def test_an_operand_given_by_name_has_its_gradient() -> None:
    x0, w = (cutaway.tensor([2.0, 3.0], requires_grad=True) for _ in range(2))
    (x0 * 1).mul_(other=w).sum().backward()
    assert w.grad.tolist() == [2, 3]


def test_the_old_value_is_kept_for_the_graph_that_needs_it() -> None:
    x0, w = (cutaway.tensor([2.0, 3.0], requires_grad=True) for _ in range(2))
    x = x0 * 1
    x *= w
    x.sum().backward()
    assert w.grad.tolist() == [2, 3]
    assert x0.grad.tolist() == [2, 3]


def test_what_cannot_be_done_to_one_tensor_alone() -> None:
    with pytest.raises(RuntimeError, match=r"output with shape \(1,\) doesn't match the broadcast shape \(2,\)"):
        cutaway.ones(1).copy_(cutaway.ones(2))
    y = cutaway.ones(2, requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="Can't detach views in-place"):
        y[0].detach_()
    assert y.requires_grad and not y.detach_().requires_grad


def test_a_value_written_twice_gets_the_gradient_once() -> None:
    w = cutaway.tensor([1.0, 2.0], requires_grad=True)
    x = cutaway.zeros(3)
    x[[0, 0]] = w
    (x * cutaway.tensor([5.0, 6.0, 7.0])).sum().backward()
    assert x.tolist() == [2, 0, 0]
    assert w.grad.tolist() == [0, 5]


def test_a_constant_that_is_written_to_gets_a_history() -> None:
    w = cutaway.ones(2, requires_grad=True)
    x = cutaway.zeros(2)
    x.copy_(w)
    assert not x.is_leaf
    x.mul_(3)  # no leaf: it may be written to
    x.sum().backward()
    assert w.grad.tolist() == [3, 3]


def test_parameters_are_updated_without_recording() -> None:
    layer = nn.Linear(2, 1)
    layer(cutaway.ones(1, 2)).sum().backward()
    before = layer.weight.detach().clone()
    with cutaway.no_grad():
        layer.weight -= 0.5 * layer.weight.grad
    assert layer.weight.is_leaf
    assert isinstance(layer.weight, nn.Parameter)
    assert layer.weight.equal(before - 0.5)


def test_memory_that_may_not_be_written_to() -> None:
    array = np.ones(2)
    array.flags.writeable = False
    x = cutaway.from_numpy(array)
    with pytest.raises(RuntimeError, match=r"belongs to a read-only NumPy array\. Write to a copy"):
        x += 1
    with pytest.raises(RuntimeError, match=r"refers to a single memory location \(after expand"):
        x.clone().expand(3, 2).mul_(2)
    assert (x + 1).tolist() == [2, 2]


def test_overlapping_reads_and_writes() -> None:
    x = cutaway.arange(6)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(60))
def test_random_programs_have_the_gradient_that_is_measured(seed: int) -> None:
    lines = random_lines(np.random.default_rng(seed))
    text = "\n".join(lines)
    _, _, got = gradients(cutaway, lines)
    if isinstance(got, Exception) or "detach" in text:
        return  # refused; or the slope that is measured goes through an alias that was cut off
    for g, slope in zip(got, slopes(lines), strict=True):
        np.testing.assert_allclose(0 if g is None else g, slope, rtol=1e-4, atol=1e-4, err_msg=text)
