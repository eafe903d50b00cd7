"""Against PyTorch: losses that compare, similarity, padding, and a choice drawn at random."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from tests.parity.both import same
from tests.parity.test_nn import DTYPES, leaf, numbers


def trained(t: Any, call: str, *inputs: Any, **names: Any) -> list[Any]:
    """The value of a call in which a, b, c are the inputs, and their gradients."""
    space = {"t": t, "F": t.nn.functional, "nn": t.nn, **dict(zip("abc", inputs, strict=False)), **names}
    out = eval(call, space)
    (out * t.from_numpy(numbers(*out.shape, seed=9)).to(out.dtype)).sum().backward()
    return [out, [x.grad for x in inputs]]


def close(program: Any, dtype: str = "float32") -> None:
    same(program, rtol=1e-4, atol=1e-5) if dtype == "float32" else same(program, rtol=1e-11, atol=1e-12)


def signs(t: Any, *shape: int, dtype: str = "int64", seed: int = 3) -> Any:
    return t.from_numpy(np.random.default_rng(seed).choice([1, -1], shape).astype(dtype))


LOSSES = [
    ("F.hinge_embedding_loss(a, y)", [(4, 3)], (4, 3)),
    ("F.hinge_embedding_loss(a, y, 0.3)", [(4,)], (4,)),
    ("F.hinge_embedding_loss(a, y)", [(4, 3)], (3,)),
    ("F.margin_ranking_loss(a, b, y)", [(5,), (5,)], (5,)),
    ("F.margin_ranking_loss(a, b, y, margin=0.7)", [(5, 2), (5, 2)], (5, 2)),
    ("F.margin_ranking_loss(a, b, y)", [(5,), (1,)], (5,)),
    ("F.margin_ranking_loss(a, b, y)", [(), ()], ()),
    ("F.triplet_margin_loss(a, b, c)", [(5, 4)] * 3, ()),
    ("F.triplet_margin_loss(a, b, c, margin=0.4, p=1)", [(5, 4)] * 3, ()),
    ("F.triplet_margin_loss(a, b, c, swap=True)", [(5, 4)] * 3, ()),
    ("F.triplet_margin_loss(a, b, c, 2.0, 3, 1e-3, True)", [(5, 4), (1, 4), (5, 4)], ()),
    ("F.triplet_margin_loss(a, b, c)", [(4,)] * 3, ()),
    ("F.triplet_margin_loss(a, b, c)", [(2, 3, 4)] * 3, ()),
    ("F.cosine_embedding_loss(a, b, y)", [(5, 4), (5, 4)], (5,)),
    ("F.cosine_embedding_loss(a, b, y, margin=0.2)", [(5, 4), (1, 4)], (5,)),
    ("F.cosine_embedding_loss(a, b, y)", [(4,), (4,)], ()),
]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_loss(loss: Any, reduction: str, dtype: str) -> None:
    call, shapes, target = loss

    def program(t: Any) -> Any:
        inputs = [leaf(t, np.asarray(numbers(*shape, seed=i, dtype=dtype), dtype)) for i, shape in enumerate(shapes)]
        y = signs(t, *target, dtype=dtype)
        return trained(t, f"{call[:-1]}, reduction={reduction!r})", *inputs, y=y)

    close(program, dtype)


def test_whole_numbers_as_targets_and_other_targets() -> None:
    def program(t: Any) -> Any:
        a, b = leaf(t, numbers(4, 3)), leaf(t, numbers(4, 3, seed=1))
        y, odd = signs(t, 4), t.tensor([1, 0, -1, 2])
        return [
            trained(t, "F.cosine_embedding_loss(a, b, y)", a, b, y=y),
            trained(t, "F.cosine_embedding_loss(a, b, y, reduction='none')", a, b, y=odd),
            trained(t, "F.margin_ranking_loss(a[:, 0], b[:, 0], y)", a, b, y=y),
            trained(t, "F.hinge_embedding_loss(a[:, 0], y, reduction='none')", a, y=odd),
        ]

    close(program)


@pytest.mark.parametrize("module", [
    "nn.HingeEmbeddingLoss(0.5)(a[:, 0], y)", "nn.MarginRankingLoss(margin=0.2, reduction='sum')(a[:, 0], b[:, 0], y)",
    "nn.TripletMarginLoss(p=1, swap=True)(a, b, a + 1)", "nn.CosineEmbeddingLoss(0.1, reduction='none')(a, b, y)",
    "nn.CosineSimilarity(dim=0, eps=1e-3)(a, b)", "nn.PairwiseDistance(1, keepdim=True)(a, b)",
])  # fmt: skip
def test_module(module: str) -> None:
    def program(t: Any) -> Any:
        a, b = leaf(t, numbers(4, 3)), leaf(t, numbers(4, 3, seed=1))
        made = eval(module[: module.rindex("(")], {"nn": t.nn})
        return [repr(made), trained(t, module, a, b, y=signs(t, 4))]

    close(program)


# --- similarity -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shapes", [
    ((4, 3), (4, 3), 1), ((4, 3), (4, 3), 0), ((4, 3), (3,), -1), ((2, 1, 3), (4, 3), 2), ((3,), (3,), 0),
    ((2, 3, 4), (2, 3, 4), 1), ((2, 3, 4), (2, 1, 4), 1),
], ids=str)  # fmt: skip
@pytest.mark.parametrize("dtype", DTYPES)
def test_cosine_similarity(shapes: Any, dtype: str) -> None:
    *shapes, dim = shapes
    call = f"F.cosine_similarity(a, b, dim={dim})"
    close(lambda t: trained(t, call, *(leaf(t, numbers(*s, seed=i, dtype=dtype)) for i, s in enumerate(shapes))), dtype)


@pytest.mark.parametrize("call", [
    "F.cosine_similarity(a * 0, b)", "F.cosine_similarity(a, b, eps=3.0)", "F.cosine_similarity(a, a)",
    "F.cosine_similarity(a, b.detach().long())", "F.cosine_similarity(a.double(), b)", "F.pairwise_distance(a, a)",
    "F.pairwise_distance(a, b, p=1)", "F.pairwise_distance(a, b[0], keepdim=True)",
    "F.pairwise_distance(a, b, p=3, eps=0)", "F.normalize(a)", "F.normalize(a, p=1, dim=0)",
    "F.normalize(a * 0)", "F.normalize(a, dim=(0, 1))",
])  # fmt: skip
def test_similarity(call: str) -> None:
    close(lambda t: trained(t, call, leaf(t, numbers(4, 3)), leaf(t, numbers(4, 3, seed=1))))


# --- padding --------------------------------------------------------------------------------------------------

PADS = [
    *[((2, 3, 4), p, "constant") for p in [(1, 2), (0, 0), (1, 2, 3, 4), (1, 0, 0, 2, 3, 1), (-1, 2), (-1, -2), ()]],
    ((2, 3, 4), (2, -3, -1, 0), "constant"),
    *[((), (), "constant"), ((3,), (2, 1), "constant"), ((0, 3), (1, 1, 1, 1), "constant")],
    *[((2, 3, 4), p, m) for m in ("reflect", "replicate", "circular") for p in [(1, 2), (3, 0), (1, 0, 2, 1), (0, 0)]],
    *[((2, 2, 3, 4), p, m) for m in ("reflect", "replicate", "circular") for p in [(1, 2, 2, 1), (0, 3, 0, 1)]],
    *[((2, 4), (2, 1), m) for m in ("reflect", "replicate", "circular")],
    *[((2, 3, 4), p, m) for m in ("reflect", "replicate", "circular") for p in [(-1, 2), (2, -1)]],
    *[((1, 2, 2, 3, 4), (1, 1, 1, 0, 0, 1), m) for m in ("reflect", "replicate", "circular")],
    ((2, 3, 4), (4, 4), "circular"), ((2, 3, 4), (9, 5), "replicate"), ((0, 3, 4), (1, 1), "reflect"),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "pad", "mode"), PADS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_pad(shape: Any, pad: Any, mode: str, dtype: str) -> None:
    x = np.asarray(numbers(*shape), dtype)
    close(lambda t: trained(t, f"F.pad(a, {pad}, {mode!r})", leaf(t, x)), dtype)


@pytest.mark.parametrize("call", [
    "F.pad(a, (1, 2), value=2.5)", "F.pad(a, [1, 2], 'constant', -1)", "F.pad(a.long(), (1, 1), value=2.7)",
    "F.pad(a > 0, (1, 1), value=1)", "F.pad(a.long(), (1, 2), 'reflect')", "F.pad(a, (1, 1), 'constant', None)",
    "F.pad(a, (1, 0)).grad_fn.name()", "F.pad(a, (1, 0), value=float('-inf'))",
])  # fmt: skip
def test_pad_with_a_value(call: str) -> None:
    same(lambda t: eval(call, {"F": t.nn.functional, "a": leaf(t, numbers(2, 3, 4))}))


def test_second_derivative_of_padding() -> None:
    def program(t: Any) -> Any:
        x = leaf(t, numbers(2, 3, dtype="float64"))
        (g,) = t.autograd.grad((t.nn.functional.pad(x, (1, -1), value=1.0) ** 3).sum(), x, create_graph=True)
        (g * g).sum().backward()
        return [g, x.grad]

    close(program, "float64")


# --- sequences of different lengths ---------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [*itertools.product([False, True], [0.0, -1.5], ["right", "left"])], ids=str)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_pad_sequence(settings: Any, shape: tuple[int, ...]) -> None:
    def program(t: Any) -> Any:
        rows = [leaf(t, numbers(n, *shape, seed=n)) for n in (2, 5, 1, 5)]
        out = t.nn.utils.rnn.pad_sequence(rows, *settings)
        (out * t.from_numpy(numbers(*out.shape, seed=9))).sum().backward()
        whole = t.nn.utils.rnn.pad_sequence([row.detach().long() for row in rows], *settings)
        return [out, whole, [row.grad for row in rows]]

    close(program)


# --- a choice drawn at random ---------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", ["", "tau=0.3", "hard=True", "hard=True, dim=0", "tau=2, dim=1"])
@pytest.mark.parametrize("shape", [(4,), (3, 5), (20, 30)])
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("dtype", DTYPES)
def test_gumbel_softmax(settings: str, shape: tuple[int, ...], seed: int, dtype: str) -> None:
    if "dim=1" in settings and len(shape) == 1:
        settings = settings.replace("dim=1", "dim=0")
    x = numbers(*shape, dtype=dtype)
    program = lambda t: [trained(t, f"F.gumbel_softmax(a, {settings})", leaf(t, x)), t.rand(2)]
    same(program, seed, rtol=1e-3, atol=1e-4) if dtype == "float32" else same(program, seed, rtol=1e-9, atol=1e-10)


# --- errors ---------------------------------------------------------------------------------------------------

MISTAKES = [
    *[f"F.pad({x})" for x in [
        "z(2, 3), (1,)", "z(2, 3), (1, 1, 1, 1, 1, 1)", "z(2, 3), (-4, 0)", "z(2, 3), (3, 1), 'reflect'",
        "z(2, 3), (4, 1), 'circular'", "z(3), (1, 1), 'replicate'", "z(2, 3, 4, 5), (1, 1), 'reflect'",
        "z(2, 3, 4, 5, 6), (1, 1, 1, 1), 'replicate'", "z(2, 3, 4), (1, 1), 'x'", "z(2, 3, 4), (1, 1), 'reflect', 1.0",
        "z(2, 3), (1, 1, 0, 0), 'replicate'", "z(()), (1, 1)", "z(2, 3), 1", "z(2, 3), (1.5, 1)", "z(2, 3), 'x'",
        "z(2, 0, 3), (1, 1), 'reflect'", "z(2, 3, 0), (1, 1), 'replicate'",
    ]],
    *[f"F.cosine_similarity({x})" for x in [
        "z(2, 3), z(2, 4)", "z(2, 3).long(), z(2, 3).long()", "z(2, 3), z(2, 3), dim=2",
    ]],
    "F.hinge_embedding_loss(z(2, 3), o(2, 3), reduction='x')", "F.margin_ranking_loss(z(2), z(3), o(2))",
    "F.margin_ranking_loss(z(2), z(2, 2), o(2))", "F.margin_ranking_loss(z(2), z(2), o(()))",
    "F.triplet_margin_loss(z(2, 3), z(2, 3), z(2, 4))", "F.triplet_margin_loss(z(2, 3), z(3), z(2, 3))",
    "F.triplet_margin_loss(z(2, 3), z(2, 3), z(2, 3), margin=-1)", "nn.TripletMarginLoss(margin=-1)",
    "F.cosine_embedding_loss(z(2, 3), z(2, 3), o(3))", "F.cosine_embedding_loss(z(3), z(3), o(1))",
    "F.cosine_embedding_loss(z(2, 3), z(3), o(2))", "F.cosine_embedding_loss(z(2, 3, 4), z(2, 3, 4), o(2))",
    "F.cosine_embedding_loss(z(2, 3), z(2, 3), o(2, 1))",
    "F.gumbel_softmax(z(2, 3), dim=3)", "F.normalize(z(3))", "F.normalize(z(2, 3).long())",
    *[f"nn.utils.rnn.pad_sequence({x})" for x in [
        "[o(2, 4), o(3, 5)]", "[]", "[o(2), o(3)], padding_side='x'", "[o(()), o(())]", "[1, 2]", "5",
    ]],
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_raise_the_same_class(mistake: str) -> None:
    same(lambda t: eval(mistake, {"t": t, "z": t.zeros, "o": t.ones, "nn": t.nn, "F": t.nn.functional}))
