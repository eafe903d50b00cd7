"""Losses that compare, similarity, padding, and a choice drawn at random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from cutaway.nn import functional as F
from tests.nn.witness import check, leaf


def close(got: torch.Tensor, expected: Any, rtol: float = 1e-5) -> None:
    np.testing.assert_allclose(got.numpy(force=True), np.array(expected), rtol=rtol, atol=1e-7)


# --- losses that compare --------------------------------------------------------------------------------------

Y = torch.tensor([1, -1, -1])


def test_hinge_embedding_loss_pulls_and_pushes() -> None:
    x = torch.tensor([0.5, 0.5, 2.0])
    close(F.hinge_embedding_loss(x, Y, reduction="none"), [0.5, 0.5, 0])
    close(F.hinge_embedding_loss(x, Y, margin=3.0, reduction="sum"), 0.5 + 2.5 + 1)


def test_margin_ranking_loss_wants_the_right_order() -> None:
    a, b = torch.tensor([1.0, 1.0, 3.0]), torch.tensor([2.0, 2.0, 2.0])
    close(F.margin_ranking_loss(a, b, Y, reduction="none"), [1, 0, 1])
    close(F.margin_ranking_loss(a, b, Y, margin=1.5), (2.5 + 0.5 + 2.5) / 3)


def test_triplet_margin_loss_wants_the_negative_further_away() -> None:
    a, p, n = torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 5.5]])
    close(F.triplet_margin_loss(a, p, n), 5 - 5.5 + 1, rtol=1e-4)
    close(F.triplet_margin_loss(a, p, n, p=1), 7 - 5.5 + 1, rtol=1e-4)
    close(F.triplet_margin_loss(a, p, n, swap=True), 5 - np.hypot(3, 1.5) + 1, rtol=1e-4)


def test_cosine_embedding_loss_looks_at_the_angle() -> None:
    a = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    b = torch.tensor([[2.0, 2.0], [2.0, 2.0], [-1.0, 0.0]])
    close(F.cosine_embedding_loss(a, b, Y, reduction="none"), [1 - np.sqrt(0.5), np.sqrt(0.5), 0])
    close(F.cosine_embedding_loss(a, b, Y, margin=0.5, reduction="none"), [1 - np.sqrt(0.5), np.sqrt(0.5) - 0.5, 0])
    for whole in (torch.bool, torch.int8, torch.int64):
        loss = F.cosine_embedding_loss(torch.ones(1, 3, dtype=whole), torch.tensor([[1, 0, 0]]).to(whole), Y[:1])
        assert loss.item() == pytest.approx(1 - np.sqrt(1 / 3)) and loss.dtype == torch.float32


@pytest.mark.parametrize(
    ("inputs", "loss"),
    [
        (1, lambda a: F.hinge_embedding_loss(a, torch.tensor([1, -1]))),
        (2, lambda a, b: F.margin_ranking_loss(a, b, torch.tensor([[1, -1]]), 0.3)),
        (3, lambda a, b, c: F.triplet_margin_loss(a, b, c, margin=4.0, swap=True)),
        (3, lambda a, b, c: F.triplet_margin_loss(a, b, c, margin=4.0, p=3.0)),
        (2, lambda a, b: F.cosine_embedding_loss(a, b, torch.tensor([1, -1, -1, 1]), margin=-0.9)),
        (2, lambda a, b: F.cosine_similarity(a, b, dim=0)),
        (2, lambda a, b: F.cosine_similarity(a, b[:1])),
        (2, lambda a, b: F.pairwise_distance(a, b, keepdim=True)),
        (1, lambda a: F.normalize(a, dim=0)),
    ],
)
def test_gradients(inputs: int, loss: Any) -> None:
    check(loss, *(leaf(4, 2, seed=i) for i in range(inputs)))


def test_vectors_of_length_zero_are_alike_to_nothing_and_do_no_harm() -> None:
    a = torch.zeros(1, 3, requires_grad=True)
    out = F.cosine_similarity(a, torch.ones(1, 3))
    out.backward(torch.ones(1))
    assert out.item() == 0
    assert a.grad is not None
    assert torch.isfinite(a.grad).all()
    b = torch.zeros(3, requires_grad=True)
    F.pairwise_distance(b, torch.zeros(3)).backward()
    assert b.grad is not None
    close(b.grad, [3**-0.5] * 3)


MODULES: list[tuple[nn.Module, Any]] = [
    (nn.HingeEmbeddingLoss(0.5, reduction="sum"), lambda a, b: F.hinge_embedding_loss(a, b, 0.5, reduction="sum")),
    (nn.MarginRankingLoss(0.5, reduction="none"), lambda a, b: F.margin_ranking_loss(a, b, b, 0.5, reduction="none")),
    (nn.TripletMarginLoss(2, 1, 1e-3, True), lambda a, b: F.triplet_margin_loss(a, b, b, 2, 1, 1e-3, True)),
    (nn.CosineEmbeddingLoss(-0.5), lambda a, b: F.cosine_embedding_loss(a, b, b[:, 0], -0.5)),
    (nn.CosineSimilarity(0, 1e-3), lambda a, b: F.cosine_similarity(a, b, 0, 1e-3)),
    (nn.PairwiseDistance(1.0, keepdim=True), lambda a, b: F.pairwise_distance(a, b, 1.0, keepdim=True)),
]


@pytest.mark.parametrize("module, function", MODULES)
def test_modules_call_the_functions_with_their_settings(module: Any, function: Any) -> None:
    a, b = torch.randn(4, 3), torch.randn(4, 3).sign()
    inputs = [a, b]
    if isinstance(module, nn.MarginRankingLoss | nn.TripletMarginLoss):
        inputs.append(b)
    if isinstance(module, nn.CosineEmbeddingLoss):
        inputs.append(b[:, 0])
    assert torch.equal(module(*inputs), function(a, b))
    assert repr(module) == f"{type(module).__name__}()"


# --- padding --------------------------------------------------------------------------------------------------


def test_padding_begins_with_the_last_axis() -> None:
    x = torch.tensor([[1, 2], [3, 4]])
    assert F.pad(x, (1, 0)).tolist() == [[0, 1, 2], [0, 3, 4]]
    assert F.pad(x, (0, 0, 1, 0), value=9).tolist() == [[9, 9], [1, 2], [3, 4]]
    assert F.pad(x, (-1, 1), value=9).tolist() == [[2, 9], [4, 9]]
    assert F.pad(x > 2, (1, 0)).dtype == torch.bool


@pytest.mark.parametrize("mode, expected", [
    ("reflect", [3, 2, 1, 2, 3, 2, 1]), ("replicate", [1, 1, 1, 2, 3, 3, 3]), ("circular", [2, 3, 1, 2, 3, 1, 2]),
])  # fmt: skip
def test_padding_with_what_there_is(mode: str, expected: list[int]) -> None:
    assert F.pad(torch.tensor([[1, 2, 3]]), (2, 2), mode).tolist() == [expected]
    x = leaf(2, 3, 4)
    check(lambda x: F.pad(x, (2, 1), mode), x)
    check(lambda x: F.pad(x, (1, 2, 1, 0), mode), x)


def test_gradients_of_constant_padding() -> None:
    check(lambda x: F.pad(x, (1, 2), value=3.0), leaf(2, 3))
    check(lambda x: F.pad(x, (-1, 2, 0, -1)), leaf(2, 3))


def test_pad_sequence() -> None:
    rows = [torch.ones(2, 3, requires_grad=True), torch.ones(4, 3, requires_grad=True)]
    assert nn.utils.rnn.pad_sequence(rows).shape == (4, 2, 3)
    batch = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=-1.0, padding_side="left")
    assert batch[0, :, 0].tolist() == [-1, -1, 1, 1]
    (batch * batch).sum().backward()
    assert [row.grad.shape for row in rows if row.grad is not None] == [(2, 3), (4, 3)]


# --- a choice drawn at random ---------------------------------------------------------------------------------


def test_gumbel_softmax_draws_as_pytorch() -> None:
    torch.manual_seed(0)
    close(F.gumbel_softmax(torch.tensor([0.0, 1.0, 2.0])), [0.01964657, 0.15227905, 0.8280744], rtol=1e-4)


def test_gumbel_softmax_chooses_with_the_probabilities_of_softmax() -> None:
    torch.manual_seed(0)
    logits = torch.tensor([0.0, 1.0, 2.0])
    chosen = F.gumbel_softmax(logits.expand(20000, 3), hard=True)
    assert sorted(set(chosen.round().sum(1).tolist())) == [1.0]
    close(chosen.mean(0), logits.softmax(0).numpy(), rtol=0.05)


def test_the_eps_of_gumbel_softmax_is_of_no_use() -> None:
    with pytest.warns(UserWarning, match="`eps` parameter is deprecated"):
        assert F.gumbel_softmax(torch.tensor([0.0, 1e4]), eps=1e-9).tolist() == [0, 1]


def test_the_gradient_of_a_hard_choice_is_that_of_the_soft_one() -> None:
    gradients = []
    for hard in (True, False):
        torch.manual_seed(0)
        logits = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
        (F.gumbel_softmax(logits, hard=hard) * torch.tensor([1.0, 2.0, 4.0])).sum().backward()
        gradients.append(logits.grad)
    assert torch.equal(*gradients)


# --- errors that teach ----------------------------------------------------------------------------------------

Z = torch.zeros


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: F.pad(Z(2, 3), (1,)), RuntimeError, r"at most 4 numbers for x of shape \(2, 3\), and it has 1"),
        (lambda: F.pad(Z(2, 3), 1), TypeError, r"integers, \(before, after\), not"),
        (lambda: F.pad(Z(2, 3), (-4, 0)), RuntimeError, r"crops more than the size of x, whose shape is \(2, 3\)"),
        (lambda: F.pad(Z(2, 3), (3, 0), "reflect"), RuntimeError, "takes 3 pixels"),
        (lambda: F.pad(Z(2, 3, 4, 5), (1, 1), "reflect"), NotImplementedError, r"the last two of \(N, C, H, W\)"),
        (lambda: F.pad(Z(1, 0, 3), (1, 1), "replicate"), RuntimeError, r"x of shape \(1, 0, 3\) has none"),
        (lambda: F.pad(Z(2, 3), (1, 1), "mirror"), NotImplementedError, "\"circular\", not 'mirror'"),
        (lambda: F.pad(Z(2, 3), (1, 1), "reflect", 1.0), RuntimeError, "fills with elements of x"),
        (lambda: F.cosine_similarity(Z(2, 3), Z(2, 4)), RuntimeError, r"and \(2, 4\) cannot be broadcast together"),
        (lambda: F.cosine_similarity(Z(2).long(), Z(2).long(), 0), RuntimeError, r"torch\.int64: use x\.float\(\)"),
        (lambda: F.margin_ranking_loss(Z(2), Z(2), Z(2, 1)), RuntimeError, r"target \(2, 1\)"),
        (lambda: F.triplet_margin_loss(*[Z(2, 3)] * 3, margin=0), ValueError, "must be greater than 0, got 0"),
        (lambda: F.triplet_margin_loss(Z(2, 3), Z(3), Z(2, 3)), RuntimeError, r"\(2, 3\), \(3,\) and \(2, 3\)"),
        (lambda: F.cosine_embedding_loss(Z(3), Z(3), Z(1)), RuntimeError, r"target \(N\), or \(D\) with a target \(\)"),
        (lambda: nn.TripletMarginLoss(0), ValueError, "TripletMarginLoss: margin must be greater than 0, got 0"),
        (lambda: nn.utils.rnn.pad_sequence([]), RuntimeError, "empty list of sequences"),
        (lambda: nn.utils.rnn.pad_sequence(3), RuntimeError, "Expected iterable for input sequences, but got"),
        (lambda: nn.utils.rnn.pad_sequence([Z(2)], padding_side="top"), RuntimeError, "\"right\", not 'top'"),
        (lambda: nn.utils.rnn.pad_sequence([Z(2), 3]), TypeError, "expected Tensor as element 1 of the sequences"),
        (lambda: nn.utils.rnn.pad_sequence([Z(())]), RuntimeError, r"a single number: x\.unsqueeze\(0\)"),
        (lambda: nn.utils.rnn.pad_sequence([Z(2, 4), Z(3, 5)]), RuntimeError, r"the shapes \(2, 4\) and \(3, 5\)"),
    ],
)
def test_mistakes(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()
