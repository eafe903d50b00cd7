"""The explanation as a reader finds it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import explain, nn, ops
from cutaway.explain.prose.folding import steps_of
from cutaway.explain.prose.page import Page
from cutaway.explain.prose.reading import Reading
from cutaway.tensors.base import apply
from tests.ops.example import Example
from tests.ops.examples import EXAMPLES

F = nn.functional


def lines(page: Page) -> list[str]:
    return page.plain.split("\n")


def backward(page: Page) -> list[str]:
    """What follows the heading of the pass back."""
    text = lines(page)
    return text[next(i for i, each in enumerate(text) if each.startswith("Backward")) + 1 :]


# --- single numbers ---------------------------------------------------------------------------------------------------


def test_single_numbers_read_like_an_exercise_in_a_textbook() -> None:
    w, b = torch.tensor(2.0, requires_grad=True), torch.tensor(1.0, requires_grad=True)
    x, y = torch.tensor(3.0), torch.tensor(4.0)
    loss = (w * x + b - y) ** 2
    text = lines(explain.text(loss, width=88))
    assert text[0].split("  ")[0] == "loss = (w * x + b - y) ** 2"
    assert re.search(r"test_text.py, line \d+$", text[0])
    assert text[1:] == [
        "",
        "Forward: what was computed",
        "  a    = w · x = 2 · 3 = 6",
        "  c    = a + b = 6 + 1 = 7",
        "  d    = c - y = 7 - 4 = 3",
        "  loss = d²    = 3²    = 9",
        "",
        "Backward: the chain rule, from the last step to the first",
        "             ∂loss/∂loss                                   = 1",
        "  loss = d²  ∂loss/∂d    = ∂loss/∂loss · 2 · d = 1 · 2 · 3 = 6",
        "  d = c - y  ∂loss/∂c    = ∂loss/∂d                        = 6",
        "  c = a + b  ∂loss/∂a    = ∂loss/∂c                        = 6",
        "             ∂loss/∂b    = ∂loss/∂c                        = 6  → b.grad",
        "  a = w · x  ∂loss/∂w    = ∂loss/∂a · x        = 6 · 3     = 18 → w.grad",
    ]


def test_a_value_used_twice_has_a_line_that_adds_up() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    loss = x * x + x * 2
    text = "\n".join(lines(explain.text(loss, width=88)))
    assert re.search(r"x was used 3 times +∂loss/∂x += 2 \+ 3 \+ 3 += 8 → x\.grad", text)
    assert re.search(r"∂loss/∂x via a \(right\) = ∂loss/∂a · x += 1 · 3 += 3", text)


def test_a_step_used_twice_is_added_up_before_it_is_told() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    h = x * 2
    loss = h * h + h
    text = "\n".join(lines(explain.text(loss, width=88)))
    assert text.index("h was used 3 times") < text.index("h = x · 2  ")
    assert re.search(r"∂loss/∂h += 1 \+ 6 \+ 6 += 13", text)


def test_only_the_way_to_one_tensor() -> None:
    w, b = torch.tensor(2.0, requires_grad=True), torch.tensor(1.0, requires_grad=True)
    loss = (w * 3 + b) ** 2
    text = "\n".join(lines(explain.text(loss, of=w, width=88)))
    assert "→ w.grad" in text and "b.grad" not in text
    assert "∂loss/∂b" not in text


def test_a_hook_that_changes_the_gradient_is_told() -> None:
    w = torch.tensor(2.0, requires_grad=True)
    h = w * 3
    h.register_hook(lambda g: g / 2)
    w.register_hook(lambda g: g + 1)
    loss = h * 5
    text = "\n".join(backward(explain.text(loss, width=88)))
    assert "a hook turns ∂loss/∂h = 5 into 2.5\n" in text
    assert re.search(r"∂loss/∂w += ∂loss/∂h · 3 += 2\.5 · 3 = 7\.5\n", text)
    assert re.search(r"a hook turns ∂loss/∂w = 7\.5 into 8\.5 +→ w\.grad", text)


# --- arrays -----------------------------------------------------------------------------------------------------------


def test_broadcasting_is_explained() -> None:
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    b = torch.tensor([0.5, 0.5, 0.5], requires_grad=True)
    loss = ((x + b) ** 2).sum()
    text = backward(explain.text(loss, width=88))
    assert text[:6] == [
        "  ∂loss/∂loss = 1",
        "",
        "  loss = sum(c)",
        "    Σ x",
        "    ∂loss/∂c = ∂loss/∂loss, for every element of (2, 3)",
        "             = [[1, 1, 1],",
    ]
    assert "    ∂loss/∂b = ∂loss/∂a, summed over axis 0, because (3,) was stretched to (2, 3)" in text
    assert text[-1] == "             = [12, 16, 20]" + " " * 53 + "→ b.grad"


def test_a_network_is_told_layer_by_layer() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x, y = torch.ones(4, 2), torch.zeros(4, 1)
    loss = F.mse_loss(model(x), y)
    text = "\n".join(lines(explain.text(loss, width=88)))
    for rule in (
        "∂loss/∂model.2 = 2 · ∂loss/∂loss / 4 · difference",
        "∂loss/∂model.1 = ∂loss/∂model.2 @ model.2.weight",
        "∂loss/∂model.2.weight = (∂loss/∂model.2)ᵀ @ model.1",
        "∂loss/∂model.2.bias = sum(∂loss/∂model.2, axis=0)",
        "∂loss/∂model.0 = ∂loss/∂model.1 · (1 - model.1²)",
        "∂loss/∂model.0.weight = (∂loss/∂model.0)ᵀ @ x",
    ):
        assert f"    {rule}\n" in text or f"    {rule} = " in text, rule
    assert re.search(r"model\.1 = tanh\(model\.0\) +model\.1, Tanh\n", text)
    assert "→ model[0].weight.grad" in text
    assert "where difference = model.2 - y = [[" in text


def test_a_recurrent_net_is_told_once_and_counted() -> None:
    torch.manual_seed(0)
    cell, out = nn.RNNCell(2, 3), nn.Linear(3, 1)
    xs = torch.randn(5, 1, 2)
    h = torch.zeros(1, 3)
    for x in xs:
        h = cell(x, h)
    loss = out(h).sum()
    text = "\n".join(lines(explain.text(loss, width=88)))
    assert text.count("= tanh(") == 1
    assert re.search(r"h₅ = tanh\(\w+\) +cell, RNNCell", text)
    assert "xs[4]" in text
    assert "the same 4 steps 4 times more, with\n    ∂loss/∂h₄ = [[" in text
    assert "    ∂loss/∂h₁ = [[" in text
    assert "cell.weight_hh was used 5 times: the gradients of its uses add up" in text
    assert text.count("= tanh(") < explain.text(loss, fold=False).plain.count("= tanh(") == 5


def test_two_thousand_steps_fit_on_a_page() -> None:
    x = torch.tensor(1.0, requires_grad=True)
    h = x
    for _ in range(1000):
        h = h * x - 0.5
    text = lines(explain.text(h, width=88))
    assert len(text) < 30
    assert any("the same 2 steps 999 times more" in each for each in text)
    assert any("was used 1,001 times" in each for each in text)


def test_a_deep_model_is_folded_by_module() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.mlp = nn.LayerNorm(4), nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4))
            self.attention = nn.MultiheadAttention(4, 2)

        def forward(self, x: Any) -> Any:
            x = x + self.attention(x, x, x, need_weights=False)[0]
            return x + self.mlp(self.norm(x))

    model = nn.Sequential(*[Block() for _ in range(3)])
    loss = model(torch.randn(5, 1, 4)).square().mean()
    text = lines(explain.text(loss, width=88))
    assert any(re.match(r"  \S+ = model\.2\.attention\(…\), in \d+ steps +MultiheadAttention", each) for each in text)
    assert any("steps twice more, with" in each for each in text)
    assert len(text) < 150
    assert len(lines(explain.text(loss, fold=False, width=88))) > 300
    assert all(len(each) <= 100 for each in text)


def test_modules_in_folded_modules_are_folded_too() -> None:
    class Part(nn.Module):
        def __init__(self, seed: int) -> None:
            super().__init__()
            ops = ["sin", "cos", "tanh", "sigmoid", "neg", "square", "exp", "relu"]
            self.ops = np.random.default_rng(seed).permutation(ops)[:4]

        def forward(self, x: Any) -> Any:
            for name in self.ops:
                x = getattr(x, name)()
            return x

    model = nn.Sequential(*[nn.Sequential(*[Part(4 * i + k) for k in range(4)]) for i in range(30)])
    x = torch.ones(2, requires_grad=True)
    text = "\n".join(lines(explain.text(model(x).sum(), width=88)))
    assert re.search(r" = model\.29\(…\), in 16 steps +Sequential", text)
    assert "model.29.3(…)" not in text


def test_an_array_that_two_rules_speak_of_is_shown_once() -> None:
    x, y = torch.randn(20, 20, requires_grad=True), torch.randn(20, 20, requires_grad=True)
    loss = torch.where(x > 0, x, y).sum()
    text = "\n".join(lines(explain.text(loss, width=88)))
    assert text.count("where condition = (20, 20), ") == 1
    assert re.search(r"where condition = \(20, 20\), \d\d % of it True\n", text)


def test_a_loop_over_time_is_told_as_its_author_states_it() -> None:
    torch.manual_seed(0)
    rnn = nn.RNN(2, 3)
    x, h0 = torch.randn(3, 1, 2, requires_grad=True), torch.zeros(1, 1, 3, requires_grad=True)
    output, _ = rnn(x, h0)
    text = lines(explain.text(output.sum(), width=90))
    told = text.index("    h[t] = tanh(x[t] Wᵀ + b + h[t-1] Uᵀ + b'), for all t")
    assert [each.split("  →")[0].rstrip() for each in text[told + 1 : told + 5]] == [
        "    ∂result/∂x = d[t] W, for each step t",
        "               = (3, 1, 2), from -0.5544 to 0.1382, std 0.2494",
        "      where d[t] = ((∂result/∂output)[t] + d[t+1] U) · (1 - h[t]²), from the last step to",
        "        the first; with relu, · (h[t] > 0)",
    ]
    assert "    ∂result/∂a = d[1] U = [[-0.0187,  0.1185, -0.1493]]" in text
    assert "    ∂result/∂rnn.weight_ih_l0 = Σ d[t]ᵀ x[t], over all steps t" in text
    assert "    ∂result/∂rnn.weight_hh_l0 = Σ d[t]ᵀ h[t-1], over all steps t" in text
    assert "    ∂result/∂rnn.bias_ih_l0 = Σ d[t], over all steps t and sequences" in text
    assert sum("where d[t] = " in each for each in text) == 1 and not any("def " in each for each in text)


def test_a_rule_of_several_lines_is_shown_as_it_stands_if_it_states_nothing() -> None:
    x = torch.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
    text = "\n".join(lines(explain.text((apply(ops.svd, x) * apply(ops.svd, x)).sum(), width=88)))
    assert text.count("        def dx(g: Array) -> Array:\n            gu, gs, gv = apart(g, m)\n") == 1


def test_what_a_function_does_that_a_rule_calls_is_told_once() -> None:
    x = torch.tensor([0.5, 2.0], requires_grad=True)
    text = "\n".join(lines(explain.text(x.prod() * x.prod(), width=100)))
    assert text.count("    ∂result/∂x via a = ∂result/∂a · product_of_others(x) = ") == 1
    assert text.count("where product_of_others(…): For each element, the product of all others along the axis\n") == 1


def test_an_in_place_write_is_told_in_words_and_numbers() -> None:
    a, y = torch.tensor([1.0, 2.0, 3.0], requires_grad=True), torch.tensor(5.0, requires_grad=True)
    x = a * 2
    x[0] = y
    x.mul_(3)
    loss = (x * x).sum()
    text = lines(explain.text(loss, width=100))
    assert "  x₂   = x₁ with x₁[0] = y   [5, 4, 6]" in text
    start = next(i for i, each in enumerate(text) if each.startswith("  x₂ = x₁ with x₁[0] = y "))
    assert text[start + 1] == (
        "    ∂loss/∂x₁ = ∂loss/∂x₂, but 0 for the elements that were overwritten = [  0,  72, 108]"
    )
    assert re.fullmatch(r"    ∂loss/∂y = \(∂loss/∂x₂\)\[0\] = 90 +→ y\.grad", text[start + 2])
    assert text[start + 3] == ""


def test_a_write_through_a_view_is_told_of_its_base() -> None:
    a = torch.zeros(2, 3, requires_grad=True)
    b = torch.tensor([10.0, 20.0], requires_grad=True)
    c = torch.ones(3, requires_grad=True)
    x = a * 1
    x.t()[0] = b
    x.view(6)[3:] = c
    x[1].fill_(7.0)
    x.zero_()
    text = explain.text(x.sum(), width=100).plain
    for told in (
        " with x₁.t()[0] = b ", "∂result/∂b = (∂result/∂x₂).t()[0] = ",
        "x₃     = x₂ with x₂.reshape((6,))[3:] = c ", "∂result/∂c = (∂result/∂x₃).reshape((6,))[3:] = ",
        "x₄     = x₃ with x₃[1] = 7 ", "x₅     = x₄ with x₄[...] = 0 ",
    ):  # fmt: skip
        assert told in text, told


def test_of_several_writes_to_one_element_the_last_counts() -> None:
    a, b = torch.zeros(2, requires_grad=True), torch.tensor([5.0, 6.0], requires_grad=True)
    x = a * 1
    x[torch.tensor([0, 0])] = b
    text = explain.text(x.sum(), width=100).plain
    assert re.search(r"∂result/∂b = remaining\(∂result/∂x₂, .*\) = \[0, 1\]", text)
    assert "where remaining(…): The part of g that was written; of several writes to one element, 0 for" in text


def test_a_product_of_a_value_with_itself_shows_both_its_inputs() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    y = x * x
    text = explain.text(y, width=88).plain
    assert re.search(r"y = x · x += 3 · 3 = 9", text) and re.search(
        r"y = x · x +∂y/∂x via y \(left\)  = ∂y/∂y · x", text
    )


def test_what_is_not_finite_is_said() -> None:
    x = torch.tensor([0.0, 4.0], requires_grad=True)
    text = "\n".join(lines(explain.text((torch.sqrt(x) / x).sum(), width=88)))
    assert "[nan, 0.5]" in text
    assert "inf" in text
    large = torch.full((100,), -1.0, requires_grad=True)
    assert "100 of 100 are nan" in "\n".join(lines(explain.text(torch.sqrt(large).sum(), width=88)))


def test_ops_of_ones_own_and_functions() -> None:
    @torch.differentiable
    def cube(x: Any) -> Any:
        """x³"""
        return x**3, lambda g: g * 3 * x**2

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    x = torch.tensor(2.0, requires_grad=True)
    y = Double.apply(cube(x))
    text = "\n".join(lines(explain.text(y, width=88)))
    assert re.search(r"∂y/∂x += ∂y/∂a · 3 · x² += 2 · 3 · 2² += 24 → x\.grad", text)
    assert re.search(r"y = Double\(a\) +∂y/∂a = ∂y/∂y · 2 += 1 · 2 += 2", text)


def test_a_rule_that_is_an_object_is_told_with_what_it_holds() -> None:
    class Times:
        def __init__(self, factor: float) -> None:
            self.factor = factor

        def __call__(self, g: Any) -> Any:
            return g * self.factor

    triple = torch.differentiable(lambda x: (x * 3, Times(3.0)))
    x = torch.tensor(2.0, requires_grad=True)
    y = triple(x)
    assert "∂y/∂x = ∂y/∂y · 3 = 1 · 3 = 3 → x.grad" in str(explain.text(y, width=88))


def test_what_was_typed_into_a_console_has_rules_and_no_names() -> None:
    names: dict[str, Any] = {"torch": torch}
    exec("x = torch.tensor(2.0, requires_grad=True); y = torch.exp(x) * x", names)
    y = names["y"]
    text = "\n".join(lines(explain.text(y, width=88)))
    assert text.startswith("Forward")
    assert re.search(r"∂y/∂a += ∂y/∂y · names\['x'\] += 1 · 2 +", text)


def test_rules_without_source_or_with_long_ones() -> None:
    names: dict[str, Any] = {"torch": torch}
    exec("mine = torch.differentiable(lambda x: (x * 2, lambda g: g * 2))", names)
    mine = names["mine"]
    x = torch.ones(2, requires_grad=True)
    assert "      by a rule whose source cannot be read here" in lines(explain.text(mine(x).sum(), width=88))

    @torch.differentiable
    def long(x: Any) -> Any:
        """x, by many steps"""

        def dx(g: Any) -> Any:
            a = [g]
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            a.append(g)
            return a[0]

        return x * 1, dx

    text = lines(explain.text(long(x).sum(), width=88))
    assert "        def dx(g: Any) -> Any:" in text and "        … 2 more lines" in text


def test_a_statement_of_several_lines_stands_on_one() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    # fmt: off
    loss = (w *
            w).sum()
    # fmt: on
    assert lines(explain.text(loss, width=88))[0].startswith("loss = (w * w).sum()  ")


def test_what_does_not_fit_beside_goes_below() -> None:
    a_rather_long_name_for_a_layer = nn.Linear(2, 2)
    another_name_that_is_not_short = torch.ones(3, 2)
    h = a_rather_long_name_for_a_layer(another_name_that_is_not_short)
    loss = h.relu().sum()
    text = lines(explain.text(loss, width=60))
    assert max(map(len, text)) <= 60
    assert any(each.strip() == "a_rather_long_name_for_a_layer, Linear" for each in text)
    loss = torch.add(another_name_that_is_not_short, a_rather_long_name_for_a_layer.bias).sum()  # all on one line
    text = lines(explain.text(loss, width=60))[1:]
    assert max(map(len, text)) <= 60 and not any(each.strip().startswith("line ") for each in text)


def test_many_uses_of_an_array_are_cut_short() -> None:
    w = torch.ones(2, requires_grad=True)
    loss = sum((w * k).sum() for k in range(1, 9))
    text = "\n".join(lines(explain.text(loss, width=88)))
    assert "w was used 8 times: the gradients of its uses add up\n    the largest of each: 8 via " in text
    assert ", …, " in text


def test_what_neither_repeats_nor_lies_in_modules_is_cut_in_the_middle() -> None:
    x = torch.tensor(0.5, requires_grad=True)
    ops = ["sin", "cos", "exp", "tanh", "sigmoid", "neg", "square", "abs", "relu", "sqrt"]
    order = np.random.default_rng(0).integers(0, len(ops), 60)
    h = x
    for k in order:
        h = (getattr(h, ops[k])() + float(k)) if k % 2 else getattr(h, ops[k])()
    text = lines(explain.text(h, width=88))
    assert any(re.search(r"… \d+ more steps; fold=False shows them all …", each) for each in text)
    assert len(text) < 60


def test_a_leaf_has_nothing_to_tell() -> None:
    w = torch.tensor(2.0, requires_grad=True)
    assert explain.text(w).plain == "w is a leaf: no op made it, so there is no step to explain."


def test_a_gradient_to_start_with() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 3
    text = lines(explain.text(y, gradient=torch.tensor([1.0, 10.0]), width=88))
    assert f"  ∂loss/∂y = [ 1, 10]{'as given':>67}" in text
    assert any("∂loss/∂x = ∂loss/∂y · 3 = [ 3, 30]" in each for each in text)


def test_a_gradient_to_start_with_of_a_single_number() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    loss = x**3
    text = backward(explain.text(loss, torch.tensor(10.0), width=88))
    assert text == [
        "             ∂L/∂loss                                   = 10  as given",  # ∂loss/∂loss is 1
        "  loss = x³  ∂L/∂x    = ∂L/∂loss · 3 · x² = 10 · 3 · 2² = 120 → x.grad",
    ]


def test_the_first_gradient_is_kept_where_it_was_asked_for() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    y = x * 5
    y.retain_grad()
    assert backward(explain.text(y, width=88))[0] == "             ∂y/∂y                     = 1 → y.grad"
    z = x * torch.ones(2)
    z.retain_grad()
    assert backward(explain.text(z, torch.ones(2), width=88))[0].endswith("  as given, → z.grad")


CASES = [  # one of each kind
    pytest.param(op, e, id=f"{op.__name__}-{e.name}")
    for op, examples in EXAMPLES.items()
    for e in {e.kind: e for e in reversed(examples)}.values()
]


@pytest.mark.parametrize(("op", "example"), CASES)
def test_every_op_can_be_told(op: Callable[..., Any], example: Example) -> None:
    xs = [torch.tensor(x, requires_grad=True) for x in example.inputs]
    y = apply(op, *xs, **example.attrs)
    page = explain.text(y, torch.ones_like(y), width=100)
    plain = page.plain
    for i in range(len(xs)):
        assert re.search(rf"∂(y|loss)/∂xs\[{i}\]", plain)
    told = ["".join(part.text for part in each) for each in page.lines if all(part.style != "rule" for part in each)]
    assert [each for each in told if len(each.rstrip()) > 100] == []


def test_nearly_every_rule_is_told_as_a_formula() -> None:
    """Two that are not are shown as they stand."""
    found: dict[Callable[..., Any], bool] = {}
    for op, examples in EXAMPLES.items():
        xs = [torch.tensor(x, requires_grad=True) for x in examples[0].inputs]
        y = apply(op, *xs, **examples[0].attrs)
        trace = explain.trace(y, torch.ones_like(y))
        (step,) = steps_of(trace)
        found[op] = all(told.is_clear for told in Reading(trace).told(step))
    assert [op.__name__ for op, clear in found.items() if not clear] == ["svd", "qr", "pinv"]


def test_what_is_printed_is_what_backward_gives() -> None:
    torch.manual_seed(1)
    w = torch.randn(3, requires_grad=True)
    loss = (w.sin() * w).sum()
    text = explain.text(loss).plain
    loss.backward()
    shown = [float(number) for number in re.findall(r"-?\d+\.\d{4}", text.split("via")[-1])]
    assert np.allclose(shown, w.grad.numpy(), atol=1e-4)
    assert math.isfinite(loss.item())
