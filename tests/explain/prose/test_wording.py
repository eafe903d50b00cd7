"""Formulas as one would write them by hand, and lines that are laid out as one would lay them out."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

import cutaway as torch
from cutaway import explain, nn
from cutaway.explain.prose.folding import steps_of
from cutaway.explain.prose.reading import Reading

from .test_text import backward, lines

F = nn.functional


def test_a_quotient_with_a_number_above_is_named_once() -> None:
    x = torch.tensor(4.0, requires_grad=True)
    y = 1 / x
    assert lines(explain.text(y, width=88))[2:] == [
        "Forward: what was computed",
        "  a = 1 / x = 1 / 4    = 0.25",
        "  y = a · 1 = 0.25 · 1 = 0.25",
        "",
        "Backward: the chain rule, from the last step to the first",
        "             ∂y/∂y                                = 1",
        "  y = a · 1  ∂y/∂a = ∂y/∂y                        = 1",
        "  a = 1 / x  ∂y/∂x = ∂y/∂a · (-a²) = 1 · (-0.25²) = -0.0625 → x.grad",
    ]
    h = x.reciprocal()
    assert "  h = 1 / x = 1 / 4 = 0.25" in lines(explain.text(h, width=88))


def test_of_single_numbers_only_the_case_at_hand_is_told() -> None:
    x, n = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    text = explain.text(torch.maximum(x**n, x) + 3**x, width=88).plain
    assert "where" not in text
    assert re.search(r"x\^n\s+∂\w+/∂x via \w = ∂\w+/∂\w · n · x\^\(n - 1\) += 1 · 3 · 2\^\(3 - 1\) += 12\n", text)
    assert re.search(r"3\^x\s+∂\w+/∂x via \w = ∂\w+/∂\w · \w · log\(3\) += 1 · 9 · log\(3\) += 9\.8875\n", text)


def test_of_arrays_the_case_is_told_that_holds_for_all_their_numbers() -> None:
    def rules(loss: torch.Tensor) -> list[str]:
        trace = explain.trace(loss, names={"x": x, "y": y, "n": n})
        return [told.term.text for step in steps_of(trace)[1:] for told in Reading(trace).told(step) if told.term]

    x, y = torch.tensor([3.0, 4.0], requires_grad=True), torch.tensor([5.0, 1.0], requires_grad=True)
    n = torch.tensor(3.0)
    assert rules((x**n).sum()) == ["∂loss/∂a · n · x^(n - 1)"]
    assert rules(torch.maximum(x, y).sum()) == [
        "0 where x < y, else ∂loss/∂a", "0 where x > y, else ∂loss/∂a",  # none are equal
    ]  # fmt: skip
    assert rules(torch.maximum(x, y - 10).sum())[:2] == ["∂loss/∂b", "0"]
    assert rules(x.norm(dim=0, keepdim=True).sum()) == ["x · ∂loss/∂a / a"]
    assert rules((x * 0).norm(dim=0, keepdim=True).sum())[0] == "0"
    assert rules(torch.where(x > 3, x, y).sum()) == [
        "∂loss/∂a where condition, else 0", "0 where condition, else ∂loss/∂a",
    ]  # fmt: skip


@pytest.mark.parametrize(("number", "told"), [(math.nan, "not (y ≤ 0)"), (2.0, "y > 0")])
def test_a_condition_on_nan_is_not_turned_round(number: float, told: str) -> None:
    x = torch.tensor(number, requires_grad=True)
    y = x.relu()
    assert f"∂y/∂x = ∂y/∂y · ({told}) = 1 · ({told.replace('y', f'{number:g}')}) = 1" in explain.text(y, width=88).plain


def test_a_function_of_the_users_own_is_read_as_a_formula() -> None:
    class Product(torch.autograd.Function):
        """k x y"""

        @staticmethod
        def forward(ctx: Any, x: Any, y: Any, k: float) -> Any:
            ctx.save_for_backward(x, y)
            ctx.k = k
            return k * x * y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, y = ctx.saved_tensors
            return g * ctx.k * y, g * ctx.k * x, None

    a, b = torch.tensor(3.0, requires_grad=True), torch.tensor(4.0, requires_grad=True)
    z = Product.apply(a, b, 2.0)
    assert backward(explain.text(z, width=88))[1:] == [
        "  z = Product(a, b, 2)  ∂z/∂a = ∂z/∂z · 2 · b = 1 · 2 · 4 = 8 → a.grad",
        "                        ∂z/∂b = ∂z/∂z · 2 · a = 1 · 2 · 3 = 6 → b.grad",
    ]


def test_a_function_of_the_users_own_that_asks_what_is_needed_is_read_too() -> None:
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, w: Any) -> Any:
            ctx.save_for_backward(x, w)
            return x @ w

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, w = ctx.saved_tensors
            gx = gw = None
            if ctx.needs_input_grad[0]:
                gx = g @ w.t()
            if ctx.needs_input_grad[1]:
                gw = x.t() @ g
            return gx, gw

    a, b = torch.ones(1, 2, requires_grad=True), torch.ones(2, 1, requires_grad=True)
    text = lines(explain.text(Product.apply(a, b).sum(), width=88))
    assert text[-2].startswith("    ∂result/∂a = ∂result/∂c @ bᵀ = [[1, 1]] ")
    assert text[-1].startswith("    ∂result/∂b = aᵀ @ ∂result/∂c = [[1], [1]] ")


def test_a_function_with_several_outputs_is_told() -> None:
    class Both(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, g1: Any, g2: Any) -> Any:
            return g1 * 2 + g2 * 3

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    double, triple = Both.apply(x)
    text = lines(explain.text((double * triple).sum(), width=88))
    assert text[3:6] == [
        "  a      = Both(x)           (all outputs in a row)",
        "  double = an output of a    [2, 4]",
        "  triple = an output of a    [3, 6]",
    ]
    assert "  ∂result/∂a = via triple + via double = [3, 6, 2, 4]" in [each[2:] for each in text]
    assert text[-1].strip() == "return g1 * 2 + g2 * 3"  # whose g1 and g2 are parts of it


def test_what_is_longer_than_its_column_leaves_the_others_where_they_are() -> None:
    x = torch.tensor(0.5, requires_grad=True)
    y = x * x * x + F.leaky_relu(x)
    assert backward(explain.text(y, width=80)) == [
        "             ∂y/∂y                                       = 1",
        "  y = b + c  ∂y/∂b               = ∂y/∂y                 = 1",
        "             ∂y/∂c               = ∂y/∂y                 = 1",
        "  c = leaky_relu(x, negative_slope=0.01)",
        "             ∂y/∂x via c         = ∂y/∂c                 = 1",
        "  b = a · x  ∂y/∂a               = ∂y/∂b · x = 1 · 0.5   = 0.5",
        "             ∂y/∂x via b         = ∂y/∂b · a = 1 · 0.25  = 0.25",
        "  a = x · x  ∂y/∂x via a (left)  = ∂y/∂a · x = 0.5 · 0.5 = 0.25",
        "             ∂y/∂x via a (right) = ∂y/∂a · x = 0.5 · 0.5 = 0.25",
        "  x was used 4 times",
        "             ∂y/∂x               = 1 + 0.25 + 0.25 + 0.25 = 1.75 → x.grad",
    ]


def test_a_row_too_long_for_a_line_is_broken_before_its_result() -> None:
    w = torch.tensor(-1.2, requires_grad=True)
    loss = -torch.log(torch.sigmoid(w * 0.7))
    assert backward(explain.text(loss, width=88))[3:6] == [
        "  b = sigmoid(a)",
        "               ∂loss/∂a    = ∂loss/∂b · b · (1 - b) = -3.3164 · 0.3015 · (1 - 0.3015)",
        "                           = -0.6985",
    ]


def test_long_names_are_broken_between_the_parts_of_a_rule() -> None:
    strength_of_the_learning_signal = torch.tensor(0.5, requires_grad=True)
    temperature_of_the_whole_softmax = torch.tensor(2.0, requires_grad=True)
    probability_of_the_first_outcome = strength_of_the_learning_signal / temperature_of_the_whole_softmax
    text = lines(explain.text(probability_of_the_first_outcome, width=88))
    assert max(map(len, text)) <= 88
    assert not any(each.rstrip().endswith("=") for each in text)


def test_an_array_that_is_squared_in_a_rule_is_shown() -> None:
    @torch.differentiable
    def softsign(x: Any) -> Any:
        """x / (1 + |x|)"""
        d = 1 + abs(x)
        return x / d, lambda g: g / (d * d)

    x = torch.tensor([-1.0, 3.0], requires_grad=True)
    assert "      where d = [2, 4]" in lines(explain.text(softsign(x).sum(), width=88))


def test_many_numbers_are_described_on_the_line_of_their_gradient() -> None:
    x = torch.arange(20.0, requires_grad=True)
    y = x.sin()
    text = lines(explain.text((y * y).sum(), width=88))
    found = text.index("  y was used twice: the gradients of its uses add up")
    assert text[found + 1 : found + 3] == [
        "    ∂result/∂y = via a (left) + via a (right)",
        "        = (20,), from -2.0000 to 1.9812, std 1.3757, 5 % zeros",
    ]
    text = lines(explain.text((y * y * y * y).sum(), width=88))
    assert "    ∂result/∂y = (20,), from -3.9999 to 3.8883, std 2.1826, 5 % zeros" in text  # 4 · y³


def test_ops_are_called_as_users_call_them() -> None:
    x = torch.tensor([[3.0, 1.0], [2.0, 5.0]], requires_grad=True)
    values, _ = x.max(dim=1)
    loss = values.sum() + x.gather(0, torch.tensor([[1, 1]])).sum() + x.amin() + x.norm()
    text = explain.text(loss, width=88).plain
    assert "values = max(x, index=[[0], [1]], axis=1) " in text
    assert " = gather(x, index=[[1, 1]], axis=0) " in text and " = min(x) " in text and " = norm(x, p=2) " in text
    assert "∂loss/∂x via values = ∂loss/∂values, put back along axis 1 at [[0], [1]];\n" in text
    assert re.search(
        r"∂loss/∂x via \w = ∂loss/∂\w, shared equally by the elements of x equal to \w;\n +elsewhere 0\n", text
    )
    assert re.search(r"∂loss/∂x via \w = x · ∂loss/∂\w / \w\n", text)


def test_it_is_said_where_numbers_that_are_added_or_multiplied_are_rounded() -> None:
    said = "Numbers are rounded to 4 digits after the point: a result can differ in its last digit."
    x = torch.tensor(1.0, requires_grad=True)
    assert lines(explain.text(x / 3 + x / 7, width=88))[-2:] == ["", said]
    assert said not in explain.text(x / 4 + x / 8, width=88).plain
    w = torch.tensor([1.0, 3.0], requires_grad=True)
    assert said not in explain.text((w / 3).sum(), width=88).plain  # no number is worked with
    total = w.sum() / 3
    assert lines(explain.text(total * total, width=88))[-1] == said  # 1.3333 + 1.3333


def test_a_turn_of_a_loop_is_told_by_what_differs() -> None:
    torch.manual_seed(0)
    w, h = torch.randn(2, 2, requires_grad=True), torch.ones(2)
    loss: Any = 0
    for _ in range(6):
        h = torch.tanh(w @ h)
        loss = loss + h.sum()
    text = lines(explain.text(loss, width=88))
    again = text.index("  the same 4 steps 5 times more, with")
    assert [each.partition(" = ")[0] for each in text[again + 1 : again + 6]] == [f"    ∂loss₆/∂h{n}" for n in "₅₄₃₂₁"]
