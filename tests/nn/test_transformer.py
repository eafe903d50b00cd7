"""Attention layers and transformers: what they compute, who may look at whom, and errors that teach.

Numbers written out here are PyTorch 2.13's for the same seed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from cutaway.nn import functional as F
from tests.nn.witness import check, leaf

X = torch.arange(12.0).reshape(3, 1, 4) / 6


def close(got: torch.Tensor, expected: Any, rtol: float = 1e-5) -> None:
    expected = expected.numpy(force=True) if isinstance(expected, torch.Tensor) else np.array(expected)
    np.testing.assert_allclose(got.numpy(force=True), expected, rtol=rtol, atol=1e-6)


# --- the function ---------------------------------------------------------------------------------------------


def test_attention_is_what_lessons_write() -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(2, 3, 5, 4), torch.randn(2, 3, 5, 4), torch.randn(2, 3, 5, 6)
    scores = q @ k.transpose(-2, -1) / math.sqrt(4)
    causal = torch.ones(5, 5).tril()
    close(F.scaled_dot_product_attention(q, k, v), scores.softmax(-1) @ v)
    masked = scores.masked_fill(causal == 0, float("-inf"))
    close(F.scaled_dot_product_attention(q, k, v, is_causal=True), masked.softmax(-1) @ v)
    close(F.scaled_dot_product_attention(q, k, v, attn_mask=causal.bool()), masked.softmax(-1) @ v)
    added = nn.Transformer.generate_square_subsequent_mask(5)
    close(F.scaled_dot_product_attention(q, k, v, attn_mask=added), masked.softmax(-1) @ v)


@pytest.mark.parametrize("settings", [{}, {"is_causal": True}, {"scale": 2.0}])
def test_gradients_of_attention(settings: dict[str, Any]) -> None:
    q, k, v = leaf(2, 3, 4), leaf(2, 3, 4, seed=1), leaf(2, 3, 2, seed=2)
    check(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, **settings), q, k, v)


def test_a_learned_mask_learns() -> None:
    q, mask = leaf(2, 3, 4), leaf(3, 3, seed=1)
    check(lambda q, mask: F.scaled_dot_product_attention(q, q, q, mask), q, mask)


def test_heads_that_share_keys() -> None:
    q, k = torch.randn(2, 4, 3, 5), torch.randn(2, 2, 6, 5)
    shared = F.scaled_dot_product_attention(q, k, k, enable_gqa=True)
    for head in range(4):
        alone = F.scaled_dot_product_attention(q[:, head], k[:, head // 2], k[:, head // 2])
        close(shared[:, head], alone)


def test_as_many_heads_of_keys_as_of_queries_need_no_sharing() -> None:
    q = torch.randn(2, 4, 3, 5)
    assert F.scaled_dot_product_attention(q, q, q, enable_gqa=True).equal(F.scaled_dot_product_attention(q, q, q))


def test_keys_for_a_whole_batch() -> None:
    q, k = torch.randn(2, 3, 4, 5), torch.randn(6, 5)
    close(F.scaled_dot_product_attention(q, k, k)[1, 2], F.scaled_dot_product_attention(q[1, 2], k, k))


# --- several heads --------------------------------------------------------------------------------------------


def test_multihead_attention_starts_and_runs_as_pytorchs() -> None:
    torch.manual_seed(0)
    attention = nn.MultiheadAttention(4, 2)
    close(attention.in_proj_weight[0], [0.22242416, 0.50850672, -0.12602636, 0.45824552])
    output, weights = attention(X, X, X)
    close(output[0, 0], [-0.52317178, -0.07989999, -0.23048788, 0.2342501])
    close(weights[0, 0], [0.34003562, 0.33104813, 0.32891625])


def test_names() -> None:
    assert list(nn.MultiheadAttention(4, 2).state_dict()) == [
        "in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias",
    ]  # fmt: skip
    assert list(nn.MultiheadAttention(4, 2, bias=False, kdim=3, add_bias_kv=True).state_dict()) == [
        "q_proj_weight", "k_proj_weight", "v_proj_weight", "bias_k", "bias_v", "out_proj.weight",
    ]  # fmt: skip


def test_keys_and_values_of_the_heads_can_be_given() -> None:
    net, x = nn.MultiheadAttention(4, 2), torch.randn(3, 2, 4)
    k, v = (F.linear(x, w, b) for w, b in zip(net.in_proj_weight.chunk(3)[1:], net.in_proj_bias.chunk(3)[1:]))
    k, v = (y.reshape(3, 2 * 2, 2).transpose(0, 1) for y in (k, v))  # (N · H, S, E / H)
    weights = net.in_proj_weight, net.in_proj_bias, None, None, False, 0.0, net.out_proj.weight, net.out_proj.bias
    out, _ = F.multi_head_attention_forward(x, x, x, 4, 2, *weights, static_k=k, static_v=v)
    close(out, net(x, x, x)[0])


def test_heads_are_attention_of_their_own() -> None:
    attention = nn.MultiheadAttention(6, 2, bias=False, batch_first=True)
    x, y = torch.randn(2, 4, 6), torch.randn(2, 5, 6)
    w_q, w_k, w_v = attention.in_proj_weight.chunk(3)
    heads = [
        F.scaled_dot_product_attention(*((z @ w.T)[..., part] for z, w in ((x, w_q), (y, w_k), (y, w_v))))
        for part in (slice(0, 3), slice(3, 6))
    ]
    expected = torch.cat(heads, -1) @ attention.out_proj.weight.T
    close(attention(x, y, y, need_weights=False)[0], expected)
    output, weights = attention(x, y, y)
    close(output, expected)
    close(weights.sum(-1), torch.ones(2, 4))


@pytest.mark.parametrize("more", ["add_zero_attn", "add_bias_kv"])
def test_the_key_that_is_added_may_always_be_looked_at(more: str) -> None:
    attention = nn.MultiheadAttention(4, 2, **{more: True})
    x = torch.randn(3, 1, 4)
    for masks in ({"attn_mask": torch.ones(3, 3).bool()}, {"key_padding_mask": torch.ones(1, 3).bool()}):
        _, weights = attention(x, x, x, **masks)
        assert weights.tolist() == [[[0, 0, 0, 1]] * 3]
    _, weights = attention(x, x, x, attn_mask=torch.full((3, 3), -1.0))
    assert weights.shape == (1, 3, 4) and (weights > 0).all()


@pytest.mark.parametrize("need_weights", [True, False])
def test_both_ways_mask_alike(need_weights: bool) -> None:
    """A mask of bools, of numbers, and one of each: True and -inf say the same."""
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(2, 4, 8)
    causal = torch.ones(4, 4).triu(1).bool()
    padding = torch.tensor([[False, False, False, True], [False, False, False, False]])
    numbers = lambda mask: torch.zeros(mask.shape).masked_fill(mask, -math.inf)
    expected = attention(x, x, x, padding, need_weights, causal)[0]
    for first, second in ((numbers(padding), causal), (padding, numbers(causal)), (numbers(padding), numbers(causal))):
        close(attention(x, x, x, first, need_weights, second)[0], expected)
    each = torch.stack([causal | padding[:, None, :]] * 2, 1).flatten(0, 1)  # (N · heads, L, S)
    close(attention(x, x, x, attn_mask=each, need_weights=need_weights)[0], expected)
    changed = x.clone()
    changed[0, 3] = 100.0  # only padding
    close(attention(changed, changed, changed, padding, need_weights, causal)[0][0, :3], expected[0, :3])


@pytest.mark.parametrize("settings", [
    {"dropout": 0.0}, {"kdim": 3, "vdim": 2}, {"add_bias_kv": True, "add_zero_attn": True, "bias": False},
])  # fmt: skip
@pytest.mark.parametrize("need_weights", [True, False])
def test_gradients_of_multihead_attention(settings: dict[str, Any], need_weights: bool) -> None:
    attention = nn.MultiheadAttention(4, 2, **settings).double()
    q, k, v = leaf(3, 2, 4), leaf(2, 2, attention.kdim, seed=1), leaf(2, 2, attention.vdim, seed=2)
    check(lambda q, k, v, *_: attention(q, k, v, need_weights=need_weights)[0], q, k, v, *attention.parameters())


def test_one_sequence_needs_no_batch() -> None:
    attention = nn.MultiheadAttention(4, 2)
    x = torch.randn(3, 4)
    output, weights = attention(x, x, x, average_attn_weights=False)
    assert output.shape == (3, 4)
    assert weights.shape == (2, 3, 3)
    close(output, attention(*[x[:, None]] * 3)[0][:, 0])


# --- transformers ---------------------------------------------------------------------------------------------


def test_encoder_layer_runs_as_pytorchs() -> None:
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(4, 2, 8)
    close(layer(X)[0, 0], [-1.54020989, -0.08891711, 0.4319652, 1.19716191])  # with dropout
    close(layer.eval()(X)[0, 0], [-1.41273749, 0.01931968, -0.02194862, 1.41536641])


@pytest.mark.parametrize("norm_first", [True, False])
def test_an_encoder_layer_by_hand(norm_first: bool) -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, norm_first=norm_first)
    x = torch.randn(2, 5, 8)
    attend = lambda x: layer.self_attn(x, x, x)[0]
    think = lambda x: layer.linear2(torch.relu(layer.linear1(x)))
    if norm_first:
        y = x + attend(layer.norm1(x))
        expected = y + think(layer.norm2(y))
    else:
        y = layer.norm1(x + attend(x))
        expected = layer.norm2(y + think(y))
    close(layer(x), expected)


@pytest.mark.parametrize("activation", ["gelu", F.gelu, nn.GELU()], ids=["name", "function", "module"])
def test_activations(activation: Any) -> None:
    torch.manual_seed(0)
    plain = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, activation="gelu")
    torch.manual_seed(0)
    assert torch.equal(nn.TransformerEncoderLayer(4, 2, 8, 0.0, activation)(X), plain(X))


def test_a_causal_encoder_does_not_look_ahead() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True)
    net = nn.TransformerEncoder(layer, 2, nn.LayerNorm(8)).eval()
    x = torch.randn(2, 6, 8)
    mask = nn.Transformer.generate_square_subsequent_mask(6)
    before = net(x, mask=mask, is_causal=True)
    x[:, 4:] = 7.0
    after = net(x, mask=mask, is_causal=True)
    close(after[:, :4], before[:, :4])
    assert not torch.allclose(after[:, 4:], before[:, 4:])


def test_layers_of_a_stack_are_copies_that_learn_apart() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8)
    net = nn.TransformerEncoder(layer, 3)
    assert len(list(net.parameters())) == 3 * len(list(layer.parameters()))
    assert torch.equal(net.layers[0].linear1.weight, net.layers[2].linear1.weight)
    net(X).pow(2).sum().backward()
    assert layer.linear1.weight.grad is None
    first, last = (net.layers[i].linear1.weight.grad for i in (0, 2))
    assert not torch.equal(first, last)
    assert "(0-2): 3 x TransformerEncoderLayer(" in repr(net)


def test_gradients_of_encoder_and_decoder() -> None:
    encoder = nn.TransformerEncoderLayer(4, 2, 3, dropout=0.0, activation="gelu").double()
    check(lambda x, *_: encoder(x), leaf(3, 2, 4), *encoder.parameters())
    decoder = nn.TransformerDecoderLayer(4, 2, 3, dropout=0.0, activation="gelu", norm_first=True).double()
    check(lambda x, memory, *_: decoder(x, memory), leaf(3, 2, 4), leaf(2, 2, 4, seed=1), *decoder.parameters())


def test_a_transformer_is_its_encoder_and_its_decoder() -> None:
    net = nn.Transformer(8, 2, 1, 2, 16, batch_first=True).eval()
    src, tgt = torch.randn(2, 5, 8), torch.randn(2, 4, 8)
    close(net(src, tgt), net.decoder(tgt, net.encoder(src)))
    assert net(src, tgt).shape == (2, 4, 8)


@pytest.mark.parametrize(
    "change",
    [
        lambda net: net.train(),
        lambda net: setattr(net, "enable_nested_tensor", False),
        lambda net: setattr(net.layers[0], "norm_first", True),
        lambda net: setattr(net.layers[0], "activation", F.silu),
        lambda net: setattr(net.layers[0].norm1, "eps", 1e-3),
        lambda net: setattr(net.layers[0].self_attn, "in_proj_bias", None),
    ],
)
def test_an_encoder_that_learns_nothing_gives_zeros_for_padding(change: Any) -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True)
    net = nn.TransformerEncoder(layer, 1).eval()
    x, padding = torch.randn(2, 3, 4), torch.tensor([[False, False, True], [False, True, True]])
    learned = net(x, src_key_padding_mask=padding)
    assert learned[padding].ne(0).all()
    with torch.no_grad():
        out = net(x, src_key_padding_mask=padding)
        assert out[padding].eq(0).all() and out[~padding].equal(learned[~padding])
        within = torch.tensor([[True, False, False], [False, False, True]])
        assert net(x, src_key_padding_mask=within)[within].ne(0).all()
        assert net(x, torch.zeros(3, 3).bool(), padding)[padding].ne(0).all()
        change(net)
        assert net(x, src_key_padding_mask=padding)[padding].ne(0).all()


# --- errors that teach ----------------------------------------------------------------------------------------

Z = torch.zeros
ATTENTION = nn.MultiheadAttention(4, 2)


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda: nn.MultiheadAttention(4, 3), AssertionError, "the 4 numbers, and 3 heads cannot share them evenly"),
        (lambda: nn.MultiheadAttention(4, 0), ValueError, "must be greater than 0, but are 4 and 0"),
        (lambda: ATTENTION(*[Z(4)] * 3), AssertionError, r"they are \(L, N, E\), or \(L, E\) for one sequence"),
        (lambda: ATTENTION(Z(3, 4), *[Z(3, 1, 4)] * 2), AssertionError, "with or without a batch, all three of them"),
        (
            lambda: ATTENTION(*[Z(3, 1, 4)] * 3, attn_mask=Z(3, 3).long()),
            AssertionError, r"attn_mask is bool or floating point, not torch\.int64",
        ),
        (
            lambda: ATTENTION(*[Z(3, 1, 4)] * 3, attn_mask=Z(3, 3, 3)),
            RuntimeError, r"attn_mask has shape \(3, 3, 3\), not \(N · num_heads, L, S\) = \(2, 3, 3\)",
        ),
        (lambda: ATTENTION(Z(3, 2, 5), *[Z(3, 2, 4)] * 2), AssertionError, r"query \(3, 2, 5\).*sizes \(4, 4, 4\)"),
        (lambda: ATTENTION(Z(3, 2, 4), Z(5, 2, 4), Z(6, 2, 4)), AssertionError, "one value for each key"),
        (lambda: ATTENTION(Z(3, 2, 4), *[Z(5, 3, 4)] * 2), RuntimeError, r"they are \(L, N, E\), and must agree in N"),
        (
            lambda: ATTENTION(Z(3, 2, 4), Z(5, 2, 4), Z(5, 2, 4), key_padding_mask=Z(5, 2).bool()),
            AssertionError, r"key_padding_mask has shape \(5, 2\), not \(2, 5\)",
        ),
        (
            lambda: ATTENTION(Z(3, 2, 4), Z(5, 2, 4), Z(5, 2, 4), attn_mask=Z(5, 3)),
            RuntimeError, r"attn_mask has shape \(5, 3\), not \(3, 5\)",
        ),
        (lambda: ATTENTION(*[Z(3, 2, 4)] * 3, is_causal=True), RuntimeError, r"generate_square_subsequent_mask\(3\)"),
        (
            lambda: F.multi_head_attention_forward(*[Z(3, 4)] * 3, 5, 1, Z(9, 5), *[None] * 3, False, 0, Z(5, 5), Z(5)),
            AssertionError, r"^multi_head_attention_forward was given query \(3, 4\).*sizes \(5, 5, 5\)",
        ),
        (lambda: nn.TransformerEncoderLayer(4, 2, activation="tanh"), RuntimeError, r"pass F\.tanh itself"),
        (lambda: nn.Transformer(4, 2, 1, 1)(Z(3, 2, 5), Z(3, 2, 4)), RuntimeError, r"size d_model=4.*\(3, 2, 5\)"),
        (
            lambda: F.scaled_dot_product_attention(Z(2, 4, 3, 8), Z(2, 2, 3, 8), Z(2, 2, 3, 8)),
            RuntimeError, "fewer heads of keys than of queries need enable_gqa=True",
        ),
        (
            lambda: F.scaled_dot_product_attention(Z(1, 4, 2, 2), *[Z(1, 3, 2, 2)] * 2, enable_gqa=True),
            RuntimeError, "4 heads of queries cannot share 3 of keys or values evenly",
        ),
        (lambda: F.scaled_dot_product_attention(*[Z(2)] * 3), RuntimeError, "two axes or more, not query"),
        (
            lambda: F.scaled_dot_product_attention(Z(2, 2), Z(2, 2).double(), Z(2, 2)),
            RuntimeError, r"torch\.float32, torch\.float64 and torch\.float32: convert them",
        ),
        (
            lambda: F.scaled_dot_product_attention(Z(2, 3), Z(2, 2), Z(2, 2)),
            RuntimeError, r"must agree in E, .* query \(2, 3\), key \(2, 2\)",
        ),
        (
            lambda: F.scaled_dot_product_attention(*[Z(3, 4)] * 3, Z(3, 3), is_causal=True),
            RuntimeError, r"torch\.ones\(3, 3, dtype=torch\.bool\)\.tril\(\)",
        ),
        (
            lambda: F.scaled_dot_product_attention(*[Z(3, 4)] * 3, Z(3, 2)),
            RuntimeError, r"\(3, 2\) cannot be broadcast to \(3, 3\)",
        ),
        (
            lambda: F.scaled_dot_product_attention(*[Z(3, 4)] * 3, Z(3, 3).long()),
            RuntimeError, r"torch\.int64: use mask\.bool\(\) or mask\.to\(query\.dtype\)",
        ),
    ],
)  # fmt: skip
def test_mistakes(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()
