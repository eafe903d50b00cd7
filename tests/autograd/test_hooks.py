"""Hooks on tensors, and retain_grad."""

from __future__ import annotations

from typing import Any

import pytest

import cutaway


def leaf(*values: float) -> cutaway.Tensor:
    return cutaway.tensor(values, requires_grad=True)


def test_a_hook_sees_the_gradient() -> None:
    x = leaf(1.0, 2.0)
    h = x * 3
    seen: list[Any] = []
    x.register_hook(lambda g: seen.append(("x", g.tolist())))
    h.register_hook(lambda g: seen.append(("h", g.tolist())))
    (h * 2 + h).sum().backward()
    assert seen == [("h", [3.0, 3.0]), ("x", [9.0, 9.0])]  # the whole gradient, once
    assert x.grad.tolist() == [9.0, 9.0]


def test_a_hook_replaces_and_the_next_one_sees_it() -> None:
    x = leaf(1.0)
    h = x * 3
    h.register_hook(lambda g: g + 1)
    h.register_hook(lambda g: g * 10)
    h.sum().backward()
    assert x.grad.tolist() == [60.0]


def test_removing() -> None:
    x = leaf(1.0)
    calls: list[str] = []
    first = x.register_hook(lambda g: calls.append("first"))
    with x.register_hook(lambda g: calls.append("second")):
        x.sum().backward()
        first.remove()
        third = x.register_hook(lambda g: calls.append("third"))
        first.remove()  # again: it takes away no other
        x.sum().backward()
    third.remove()
    x.sum().backward()
    assert calls == ["first", "second", "second", "third"]


def test_a_hook_that_removes_itself() -> None:
    x = leaf(1.0)
    calls: list[Any] = []

    def hook(g: Any) -> None:
        calls.append(g)
        handle.remove()

    handle = x.register_hook(hook)
    x.register_hook(calls.append)
    for _ in range(2):
        x.sum().backward()
    assert len(calls) == 3


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (lambda g: 3, TypeError, "number 3"),
        (lambda g: g.numpy(), TypeError, "array"),
        (lambda g: g[:1], RuntimeError, r"size.*\(2,\).*\(1,\)"),
        (lambda g: g.double(), RuntimeError, "type.*float32.*float64"),
    ],
)
@pytest.mark.parametrize("create_graph", [False, True])
def test_what_cannot_replace_a_gradient(answer: Any, error: Any, words: str, create_graph: bool) -> None:
    x = leaf(1.0, 2.0)
    h = x * 2
    h.register_hook(answer if not create_graph else lambda g: answer(g.detach()))
    with pytest.raises(error, match=words):
        h.sum().backward(create_graph=create_graph)
    assert x.grad is None


def test_a_constant_has_no_gradient_to_show() -> None:
    with pytest.raises(RuntimeError, match=r"requires? grad"):
        cutaway.ones(1).register_hook(print)
    with pytest.raises(RuntimeError, match="requires_grad=False"):
        cutaway.ones(1).retain_grad()


def test_a_hook_is_not_recorded_unless_the_pass_is() -> None:
    x = leaf(2.0)
    modes: list[bool] = []

    def cube(g: Any) -> Any:
        modes.append(cutaway.is_grad_enabled())
        return g * x

    x.register_hook(cube)
    (x * x).sum().backward()
    assert x.grad.tolist() == [8.0] and not x.grad.requires_grad
    (g,) = cutaway.autograd.grad((x * x).sum(), x, create_graph=True)  # 2 x²
    assert cutaway.autograd.grad(g.sum(), x)[0].tolist() == [8.0 * 2.0]  # (4 x) through the hook on x
    assert modes == [False, True, False]


def test_hooks_stay_with_the_value_that_was_there() -> None:
    x = leaf(1.0)
    h = x * 2
    seen: list[Any] = []
    h.register_hook(lambda g: seen.append(("before", g.item())))
    h.mul_(5)
    h.register_hook(lambda g: seen.append(("after", g.item())))
    h.sum().backward()
    assert seen == [("after", 1.0), ("before", 5.0)]


def test_with_grad_a_hook_on_the_input_counts() -> None:
    x = leaf(1.0)
    h = x * 2
    h.register_hook(lambda g: g * 7)
    assert cutaway.autograd.grad(h.sum(), h, retain_graph=True)[0].tolist() == [7.0]
    assert cutaway.autograd.grad(h.sum(), x)[0].tolist() == [14.0]


# --- retain_grad ----------------------------------------------------------------------------------------------------


def test_retain_grad() -> None:
    x = leaf(1.0, 2.0)
    h = x * 2
    assert not h.retains_grad
    h.retain_grad()
    h.retain_grad()
    assert h.retains_grad and h.grad is None
    (h * h).sum().backward()
    assert h.grad.tolist() == [4.0, 8.0]
    assert x.grad.tolist() == [8.0, 16.0]


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_retained_gradient_is_accumulated_once_if_it_is_also_an_input(create_graph: bool) -> None:
    h = leaf(1.0, 2.0) * 2
    h.retain_grad()
    h.register_hook(lambda g: g * 10)
    h.sum().backward(inputs=[h], create_graph=create_graph)
    assert h.grad.tolist() == [10.0, 10.0]


def test_the_gradient_of_a_non_leaf_is_not_kept_and_reading_it_warns() -> None:
    w = leaf(1.0, 2.0)
    (w * w).sum().backward()
    w = w - 0.1 * w.grad  # type: ignore[operator]
    with pytest.warns(UserWarning, match=r"^The \.grad attribute of a Tensor .* sub computed it"):
        assert w.grad is None


def test_for_a_leaf_it_changes_nothing() -> None:
    x = leaf(1.0)
    x.retain_grad()
    assert not x.retains_grad
    x.sum().backward()
    assert x.grad.tolist() == [1.0]


def test_it_adds_up() -> None:
    h = leaf(1.0) * 2
    h.retain_grad()
    for _ in range(2):
        h.sum().backward(retain_graph=True)
    assert h.grad.tolist() == [2.0]


def test_it_keeps_what_is_sent_on_whatever_the_order() -> None:
    h = leaf(1.0) * 2
    h.retain_grad()
    h.register_hook(lambda g: g * 3)
    h.sum().backward()
    assert h.grad.tolist() == [3.0]


def test_it_moves_on_to_the_value_that_is_written_in_place() -> None:
    h = leaf(1.0, 2.0) * 2
    h.retain_grad()
    h.mul_(5)
    assert h.retains_grad
    h[0] = 0.0
    (h * 7).sum().backward()
    assert h.grad.tolist() == [7.0, 7.0]


def test_it_does_not_keep_the_tensor_alive() -> None:
    x = leaf(1.0)
    h = x * 2
    h.retain_grad()
    loss = (h * h).sum()
    del h
    loss.backward()
    assert x.grad.tolist() == [8.0]


def test_it_can_be_differentiated() -> None:
    x = leaf(2.0)
    h = x * x
    h.retain_grad()
    (h * h).sum().backward(create_graph=True)  # dh = 2 x²
    assert h.grad.requires_grad
    assert cutaway.autograd.grad(h.grad.sum(), x)[0].tolist() == [8.0]
