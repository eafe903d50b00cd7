"""Attention and transformers against PyTorch: initial weights, outputs, all gradients, masks, and errors' classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.parity.both import same
from tests.parity.test_nn import DTYPES, leaf, numbers
from tests.parity.test_rnn import close, trained


def blocked(*shape: int, seed: int = 5) -> Any:
    """A mask, True for what may not be looked at: never a whole row."""
    mask = np.random.default_rng(seed).random(shape) < 0.4
    mask[..., 0] = False
    return mask


# --- the function ---------------------------------------------------------------------------------------------

SHAPES = [
    [(2, 3, 4, 5), (2, 3, 6, 5), (2, 3, 6, 7)],
    [(3, 4, 5), (3, 4, 5), (3, 4, 5)],
    [(4, 2), (5, 2), (5, 3)],
    [(2, 1, 4, 5), (2, 3, 6, 5), (2, 3, 6, 5)],
    [(4, 5), (2, 6, 5), (2, 6, 5)],
    [(2, 1, 1, 8), (2, 1, 9, 8), (2, 1, 9, 8)],
]


SCALES: list[dict[str, Any]] = [{}, {"is_causal": True}, {"scale": 2.0}, {"scale": 30.0, "is_causal": True}]


def attend(t: Any, shapes: Any, dtype: str = "float32", **settings: Any) -> list[Any]:
    q, k, v = (leaf(t, numbers(*shape, seed=i, dtype=dtype)) for i, shape in enumerate(shapes))
    mask = settings.get("attn_mask")
    out = t.nn.functional.scaled_dot_product_attention(q, k, v, **settings)
    (out * t.from_numpy(numbers(*out.shape, seed=9, dtype=dtype))).sum().backward()
    return [out, q.grad, k.grad, v.grad, mask.grad if mask is not None else None]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("settings", SCALES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_attention(shapes: Any, settings: dict[str, Any], dtype: str) -> None:
    # to scale scores is to scale their errors
    tolerance = 1e-4 * settings.get("scale", 1) if dtype == "float32" else 1e-10
    same(lambda t: attend(t, shapes, dtype, **settings), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", [(4, 6), (1, 6), (2, 1, 4, 6), (1, 3, 1, 6), (2, 3, 4, 6)])
@pytest.mark.parametrize("kind", ["bool", "infinite", "numbers", "learned"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_masks(shape: tuple[int, ...], kind: str, dtype: str) -> None:
    def program(t: Any) -> Any:
        mask = ~blocked(*shape)
        added = np.where(mask, 0, -np.inf) if kind == "infinite" else numbers(*shape, seed=4)
        given = t.from_numpy(mask if kind == "bool" else np.asarray(added, dtype))
        return attend(t, SHAPES[0], dtype, attn_mask=given.requires_grad_() if kind == "learned" else given)

    close(program, dtype)


def test_a_query_that_may_look_at_nothing() -> None:
    def program(t: Any) -> Any:
        mask = np.ones((4, 6), bool)
        mask[2] = False
        added = np.where(mask, 0, -np.inf).astype("float32")
        return [attend(t, SHAPES[0], attn_mask=t.from_numpy(m)) for m in (mask, added)]

    close(program, "float32")


def test_scores_far_apart() -> None:
    """Row by row, where the largest scores of the rows differ by more than an exponential can span."""

    def program(t: Any) -> Any:
        q = t.from_numpy(np.array([[1.0, 0], [100.0, 0], [-200.0, 0]], "float32"))
        k, v = t.from_numpy(numbers(5, 2)), t.from_numpy(numbers(5, 3, seed=1))
        attend = t.nn.functional.scaled_dot_product_attention
        return [attend(q, k, v, scale=scale, is_causal=causal) for scale in (1.0, 50.0) for causal in (True, False)]

    close(program, "float32")


@pytest.mark.parametrize("p", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_dropout_draws(p: float, seed: int) -> None:
    same(lambda t: [attend(t, SHAPES[0], dropout_p=p), t.rand(3)], seed, rtol=1e-4, atol=1e-5)


def test_fewer_heads_of_keys() -> None:
    shapes = [(2, 6, 4, 5), (2, 2, 7, 5), (2, 2, 7, 3)]
    close(lambda t: attend(t, shapes, enable_gqa=True), "float32")
    same(lambda t: attend(t, [(2, 5, 4, 5), *shapes[1:]], enable_gqa=True))
    same(lambda t: attend(t, shapes))


def test_second_derivatives() -> None:
    def program(t: Any) -> Any:
        q, k, v = (leaf(t, numbers(3, 4, seed=i, dtype="float64")) for i in range(3))
        out = t.nn.functional.scaled_dot_product_attention(q, k, v, t.ones(3, 3, dtype=t.bool).tril())
        (g,) = t.autograd.grad((out * out).sum(), q, create_graph=True)
        (g * g).sum().backward()
        return [g, q.grad, k.grad, v.grad]

    same(program, rtol=1e-9, atol=1e-10)


# --- the layer ------------------------------------------------------------------------------------------------

LAYERS: list[dict[str, Any]] = [
    {},
    {"batch_first": True},
    {"bias": False},
    {"kdim": 6, "vdim": 3},
    {"kdim": 6, "vdim": 3, "bias": False, "batch_first": True},
    {"add_bias_kv": True},
    {"add_zero_attn": True},
    {"add_bias_kv": True, "add_zero_attn": True, "batch_first": True, "vdim": 3},
    {"dropout": 0.3},
    {"dropout": 0.3, "batch_first": True},
]


@pytest.mark.parametrize("settings", LAYERS, ids=str)
@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("unbatched", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
def test_layer(settings: dict[str, Any], need_weights: bool, unbatched: bool, dtype: str) -> None:
    L, S, N = 4, 5, 2

    def program(t: Any) -> Any:
        layer = t.nn.MultiheadAttention(8, 2, **settings).to(getattr(t, dtype))
        results = [repr(layer), layer.state_dict(), [p.shape for p in layer.parameters()]]
        for i, name in enumerate(("in_proj_bias", "out_proj.bias")):
            if name in layer.state_dict():  # they begin as zeros
                with t.no_grad():
                    layer.get_parameter(name).copy_(t.from_numpy(numbers(24 if i == 0 else 8, seed=i)))
        sizes = (8, settings.get("kdim", 8), settings.get("vdim", 8))
        batch = [() if unbatched else (N, n) if settings.get("batch_first") else (n, N) for n in (L, S, S)]
        xs = [
            leaf(t, numbers(*(b or (n,)), e, seed=i, dtype=dtype))
            for i, (b, n, e) in enumerate(zip(batch, (L, S, S), sizes, strict=True))
        ]
        padding = t.from_numpy(blocked(*(() if unbatched else (N,)), S))
        causal = t.from_numpy(blocked(L, S, seed=6))
        heads = t.from_numpy(numbers(*(2 if unbatched else 2 * N, L, S), seed=7, dtype=dtype))
        for mask in ({}, {"key_padding_mask": padding}, {"attn_mask": causal}, {"attn_mask": heads},
                     {"attn_mask": causal, "key_padding_mask": padding},
                     {"attn_mask": heads, "key_padding_mask": padding},
                     {"attn_mask": causal, "average_attn_weights": False}):  # fmt: skip
            run = lambda *xs, mask=mask: [y for y in layer(*xs, need_weights=need_weights, **mask) if y is not None]
            run.parameters = layer.parameters  # type: ignore[attr-defined]
            results.append(trained(t, run, *xs))
        layer.eval()
        return [*results, layer(*xs, attn_mask=causal), t.rand(2)]

    close(program, dtype)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("need_weights", [True, False])
def test_attention_to_itself(batch_first: bool, need_weights: bool) -> None:
    def program(t: Any) -> Any:
        layer = t.nn.MultiheadAttention(8, 4, batch_first=batch_first)
        x = leaf(t, numbers(3, 5, 8))
        n = 5 if batch_first else 3
        mask = t.nn.Transformer.generate_square_subsequent_mask(n)
        out, weights = layer(x, x, x, attn_mask=mask, is_causal=True, need_weights=need_weights)
        (out * t.from_numpy(numbers(3, 5, 8, seed=1))).sum().backward()
        return [mask, out, weights, x.grad, [p.grad for p in layer.parameters()]]

    close(program, "float32")


# --- transformers ---------------------------------------------------------------------------------------------

BLOCKS: list[dict[str, Any]] = [
    {},
    {"batch_first": True},
    {"norm_first": True, "batch_first": True},
    {"activation": "gelu", "dropout": 0.0},
    {"bias": False, "layer_norm_eps": 1e-3},
    {"dropout": 0.5, "norm_first": True},
]


@pytest.mark.parametrize("settings", BLOCKS, ids=str)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_encoder(settings: dict[str, Any], masked: bool, dtype: str) -> None:
    def program(t: Any) -> Any:
        layer = t.nn.TransformerEncoderLayer(8, 2, 12, **settings)
        norm = t.nn.LayerNorm(8) if settings.get("norm_first") else None
        net = t.nn.TransformerEncoder(layer, 3, norm).to(getattr(t, dtype))
        n, length = (3, 5) if settings.get("batch_first") else (5, 3)
        masks: dict[str, Any] = {}
        if masked:
            masks = {"mask": t.from_numpy(np.triu(np.ones((length, length), bool), 1)),
                     "src_key_padding_mask": t.from_numpy(blocked(n, length))}  # fmt: skip
        x = leaf(t, numbers(3, 5, 8, dtype=dtype))
        run = lambda x: net(x, **masks)
        run.parameters = net.parameters  # type: ignore[attr-defined]
        return [repr(net), net.state_dict(), trained(t, run, x), net.eval()(x, **masks), t.rand(2)]

    close(program, dtype)


@pytest.mark.parametrize("settings", BLOCKS, ids=str)
@pytest.mark.parametrize("masked", [False, True])
def test_decoder(settings: dict[str, Any], masked: bool) -> None:
    def program(t: Any) -> Any:
        layer = t.nn.TransformerDecoderLayer(8, 2, 12, **settings)
        net = t.nn.TransformerDecoder(layer, 2, t.nn.LayerNorm(8))
        swap = (lambda a: a) if settings.get("batch_first") else (lambda a: a.swapaxes(0, 1).copy())
        tgt, memory = leaf(t, swap(numbers(2, 4, 8))), leaf(t, swap(numbers(2, 6, 8, seed=1)))
        masks: dict[str, Any] = {}
        if masked:
            masks = {
                "tgt_mask": t.nn.Transformer.generate_square_subsequent_mask(4),
                "memory_mask": t.from_numpy(blocked(4, 6)),
                "memory_key_padding_mask": t.from_numpy(blocked(2, 6, seed=1)),
            }
        run = lambda *xs: net(*xs, **masks)
        run.parameters = net.parameters  # type: ignore[attr-defined]
        return [repr(net), net.state_dict(), trained(t, run, tgt, memory), net.eval()(tgt, memory, **masks)]

    close(program, "float32")


def test_transformer() -> None:
    def program(t: Any) -> Any:
        net = t.nn.Transformer(8, 2, 2, 2, 12, batch_first=True)
        src, tgt = leaf(t, numbers(2, 5, 8)), leaf(t, numbers(2, 4, 8, seed=1))
        mask = net.generate_square_subsequent_mask(4)
        run = lambda src, tgt: net(src, tgt, tgt_mask=mask)
        run.parameters = net.parameters  # type: ignore[attr-defined]
        small = t.nn.Transformer(8, 2, 1, 1, 12, custom_encoder=t.nn.Identity(), bias=False, activation=t.nn.GELU())
        return [repr(net), net.state_dict(), trained(t, run, src, tgt), repr(small), small.state_dict()]

    close(program, "float32")


def test_the_layers_of_a_stack_are_copies() -> None:
    def program(t: Any) -> Any:
        layer = t.nn.TransformerEncoderLayer(4, 2, 8)
        net = t.nn.TransformerEncoder(layer, 2)
        same_start = t.equal(net.layers[0].linear1.weight, net.layers[1].linear1.weight)
        return [same_start, len(list(net.parameters())), net.num_layers, net.layers[0] is layer, net.norm]

    same(program)


# --- errors ---------------------------------------------------------------------------------------------------

M, E = "nn.MultiheadAttention(4, 2)", "nn.TransformerEncoderLayer(4, 2, 8)"
MISTAKES = [
    "nn.MultiheadAttention(0, 2)", "nn.MultiheadAttention(4, 0)", "nn.MultiheadAttention(4, 3)",
    f"{M}(z(3, 2, 5), z(3, 2, 4), z(3, 2, 4))", f"{M}(z(3, 2, 4), z(3, 2, 5), z(3, 2, 4))",
    f"{M}(z(3, 2, 4), z(5, 2, 4), z(6, 2, 4))", f"{M}(z(3, 2, 4), z(5, 3, 4), z(5, 3, 4))",
    f"{M}(z(3, 4), z(5, 1, 4), z(5, 1, 4))", f"{M}(z(1, 3, 2, 4), z(3, 2, 4), z(3, 2, 4))",
    *[f"{M}(z(3, 2, 4), z(5, 2, 4), z(5, 2, 4), {mask})" for mask in [
        "key_padding_mask=z(2, 4)", "key_padding_mask=z(5)", "attn_mask=z(5, 3)", "attn_mask=z(2, 3, 5)",
        "attn_mask=z(5)", "attn_mask=z(3, 5, dtype=t.int64)", "is_causal=True",
    ]],
    f"{M}(z(3, 4), z(3, 4), z(3, 4), key_padding_mask=z(1, 3).bool())",
    f"{M}(z(3, 2, 4, dtype=t.float64), z(3, 2, 4), z(3, 2, 4))",
    "nn.TransformerEncoderLayer(4, 2, activation='tanh')", f"{E}(z(3, 2, 5))", f"{E}(z(3, 2, 4), src_mask=z(2, 2))",
    f"{E}(z(3, 2, 4), is_causal=True)", f"{E}(z(4))", f"{E}(z(3, 2, 4), src_key_padding_mask=z(2, 4).bool())",
    "nn.Transformer(4, 2, 1, 1, 8)(z(3, 2, 5), z(3, 2, 4))", "nn.Transformer(4, 2, 1, 1, 8)(z(3, 2, 4), z(3, 2, 5))",
    *[f"F.scaled_dot_product_attention({x})" for x in [
        "z(4), z(4), z(4)", "z(3, 4), z(3, 5), z(3, 5)", "z(3, 4), z(3, 4), z(2, 4)",
        "z(2, 3, 4), z(3, 3, 4), z(3, 3, 4)",
        "z(3, 4), z(3, 4, dtype=t.float64), z(3, 4)", "z(3, 4), z(3, 4), z(3, 4), z(3, 3), is_causal=True",
        "z(3, 4), z(3, 4), z(3, 4), z(3, 2)", "z(3, 4), z(3, 4), z(3, 4), z(3, 3, dtype=t.int64)",
        "z(3, 4), z(3, 4), z(3, 4), z(3, 3, dtype=t.float64)",
    ]],
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_raise_the_same_class(mistake: str) -> None:
    same(lambda t: eval(mistake, {"t": t, "z": t.zeros, "nn": t.nn, "F": t.nn.functional}))
