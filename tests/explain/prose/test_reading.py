"""What a reader of an explanation would ask for: names, conditions, masks, lines that break well."""

from __future__ import annotations

import re
from typing import Any

import pytest

import cutaway as torch
from cutaway import explain, nn, ops
from cutaway.ops.contract import Array
from cutaway.tensors.base import apply

from .test_text import lines


def test_an_array_without_a_name_is_shown_where_a_rule_speaks_of_it() -> None:
    torch.manual_seed(0)
    model, x = nn.Dropout(0.5), torch.ones(2, 2, requires_grad=True)
    text = explain.text(model(x).sum(), width=88).plain
    assert "∂result/∂x = ∂result/∂model · data\n" in text
    assert re.search(r"      where data = \[\[[02], [02]\], \[[02], [02]\]\]\n?", text)  # the mask


def test_a_condition_is_told_with_its_op() -> None:
    x = torch.tensor([1.0, -1.0], requires_grad=True)
    assert "b = where(x, a, condition=[True, False])" in explain.text(torch.where(x > 0, x, 0.1 * x), x * 0 + 1).plain


def test_a_transposed_matrix_is_written_as_one() -> None:
    q, k = torch.ones(2, 3, requires_grad=True), torch.ones(4, 3, requires_grad=True)
    text = explain.text((q @ k.T).sum() + k.t().sum() + k.mT.sum(), width=88).plain
    assert len(re.findall(r"^  \w += kᵀ", text, re.M)) == 6
    assert len(re.findall(r"∂result/∂k via \w = \(∂result/∂\w\)ᵀ", text)) == 3


def test_a_loss_that_no_variable_holds_is_named_once() -> None:
    logits = torch.zeros(2, 3, requires_grad=True)
    loss = nn.CrossEntropyLoss()(logits, torch.tensor([0, 1]))
    assert re.search(r"loss = cross_entropy\(logits, target=\[0, 1\]\) +CrossEntropyLoss\n", explain.text(loss).plain)


def test_a_long_row_sticks_out_and_breaks_before_its_result() -> None:
    torch.manual_seed(0)
    rnn = nn.RNN(2, 3)
    output, _ = rnn(torch.randn(3, 1, 2))
    loss = output[-1].sum()
    text = lines(explain.text(loss, width=88))
    assert text[3:5] == [
        "  output = rnn(data₁, data₂, rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0,",
        "           rnn.bias_hh_l0)   (3, 1, 3)",
    ]
    assert text[5:7] == [
        "  a    = output[-1]   (1, 3)",
        f"  loss = sum(a)     = {loss.item():.4f}",
    ]
    w, u, h = torch.tensor(0.5, requires_grad=True), torch.tensor(0.8, requires_grad=True), torch.tensor(0.0)
    for x in (1.0, 2.0):
        h = torch.tanh(w * x + u * h)
    text = lines(explain.text((h - 1) ** 2, width=80))
    assert not any(each.rstrip().endswith("=") for each in text) and max(map(len, text)) <= 80


def test_the_arrays_are_shown_of_which_a_rule_in_several_lines_speaks() -> None:
    x = torch.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
    text = lines(explain.text(apply(ops.svd, x).sum(), width=88))
    assert text[-5:] == [
        "      where across = [[2, 1]]",
        "      where down = [[2], [1]]",
        "      where u = [[1, 0], [0, 1]]",
        "      where v = [[1, 0], [0, 1]]",
        "      where vt = [[1, 0], [0, 1]]",
    ]


def test_the_arrays_are_shown_of_which_a_statement_speaks() -> None:
    logits = torch.tensor([[0.0, 0.0], [1.0, 1.0]], requires_grad=True)
    loss = nn.functional.cross_entropy(logits, torch.tensor([1, 0]))
    assert lines(explain.text(loss, width=88))[-7:] == [
        "    In the mean over N rows, scaleₙ is 1 / N.",
        "    ∂loss/∂logits = ∂loss/∂loss · scale · (softmax(logits) - truth), for each row; truth",
        "                    is 1 for the target and 0 elsewhere",
        "                  = [[ 0.25, -0.25],",
        "                     [-0.25,  0.25]]                                       → logits.grad",
        "      where scale = [0.5, 0.5]",
        "      where target = [1, 0]",
    ]


def product_of_others(g: Array) -> Array:
    return g * 2


def test_a_function_of_the_users_is_not_taken_for_one_of_the_same_name() -> None:
    @torch.differentiable
    def prod(x: Array) -> Any:
        """2 x"""
        return x * 2, lambda g: product_of_others(g)

    x = torch.ones(2, requires_grad=True)
    text = explain.text(prod(x).sum(), width=88).plain
    assert "∂result/∂x = product_of_others(∂result/∂a) = [2, 2]" in text and "where product_of_others" not in text


@pytest.mark.parametrize("width", [60, 72, 88])
def test_no_line_but_source_is_longer_than_the_page_is_wide(width: int) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3))
    rnn, cell, xs = nn.RNN(2, 3), nn.RNNCell(2, 3), torch.randn(3, 1, 2)
    q = torch.randn(1, 3, 4, requires_grad=True)
    h = torch.zeros(1, 3)
    for x in xs:
        h = cell(x, h)
    image, target = torch.randn(1, 1, 6, 6), torch.tensor([2])
    losses = [
        nn.functional.cross_entropy(net(image), target, reduction="sum", label_smoothing=0.0, ignore_index=-100),
        rnn(xs)[0].sum(),
        h.sum(),
        nn.functional.scaled_dot_product_attention(q, q, q, is_causal=True).sum(),
    ]
    for loss in losses:
        page = explain.text(loss, width=width)
        told = [each for each in page.lines if all(part.style != "rule" for part in each)]
        assert [text for each in told if len(text := "".join(part.text for part in each).rstrip()) > width] == []
