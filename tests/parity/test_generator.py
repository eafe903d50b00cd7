"""Generator against torch.Generator: one seed, one row of calls, and every number equal to the last bit.

PyTorch computes with AVX2 and its fused multiply-add; on a CPU without, floats are compared to rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, RandomSampler, random_split

from cutaway.generator import DEFAULT_SEED, Generator, memory_order

AVX2 = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
DTYPES = {np.float16: torch.float16, np.float32: torch.float32, np.float64: torch.float64}
FLOATS = list(DTYPES)
OTHERS = {
    np.bool_: torch.bool,
    np.uint8: torch.uint8,
    np.int8: torch.int8,
    np.int16: torch.int16,
    np.int32: torch.int32,
    np.int64: torch.int64,
}
SIZES = [0, 1, 2, 3, 5, 15, 16, 17, 31, 32, 33, 100, 1000]
SEEDS = [0, 1, 42, 1337, 2**31 - 1, 2**32 - 1, 2**32 + 42, 2**64 - 1]


def both(seed: int) -> tuple[Generator, torch.Generator]:
    return Generator().manual_seed(seed), torch.Generator().manual_seed(seed)


def same(got: np.ndarray, expected: torch.Tensor) -> None:
    want = expected.detach().numpy()
    assert got.dtype == want.dtype
    if AVX2 or got.dtype.kind != "f":
        np.testing.assert_array_equal(got, want)
    else:
        near = 200 * np.finfo(got.dtype).eps
        np.testing.assert_allclose(got, want, rtol=near, atol=near)


@pytest.fixture(params=SEEDS)
def pair(request: pytest.FixtureRequest) -> tuple[Generator, torch.Generator]:
    return both(request.param)


# ---- draw by draw; the sizes follow each other, so a spare normal meets every branch ----------------


@pytest.mark.parametrize("dtype", FLOATS)
def test_uniform(pair: tuple[Generator, torch.Generator], dtype: Any) -> None:
    g, t = pair
    for n in SIZES:
        same(g.uniform((n,), dtype), torch.rand(n, dtype=DTYPES[dtype], generator=t))
        for low, high in ((-0.1, 0.1), (-1 / math.sqrt(3), 1 / math.sqrt(3)), (0.3, 17.7), (2, 2), (-3, -1)):
            expected = torch.empty(n, dtype=DTYPES[dtype]).uniform_(low, high, generator=t)
            same(g.uniform((n,), dtype, low, high), expected)


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal(pair: tuple[Generator, torch.Generator], dtype: Any) -> None:
    g, t = pair
    for n in SIZES:
        same(g.normal((n,), dtype), torch.randn(n, dtype=DTYPES[dtype], generator=t))
        for mean, std in ((0, 0.02), (1.5, 0.3), (-7.1, 3.3), (0, 0)):
            expected = torch.empty(n, dtype=DTYPES[dtype]).normal_(mean, std, generator=t)
            same(g.normal((n,), dtype, mean, std), expected)


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal_fills_what_is_not_contiguous_one_by_one(dtype: Any) -> None:
    g, t = both(3)
    for shape, turn in (((6, 10), (1, 0)), ((3, 4, 5), (2, 0, 1)), ((1, 20), (1, 0)), ((3, 1, 4), (0, 2, 1))):
        x = torch.empty(shape, dtype=DTYPES[dtype]).permute(turn)
        view = memory_order(x.normal_(0.5, 2.0, generator=t).numpy())
        got = g.normal(view.shape, dtype, 0.5, 2.0, one_by_one=not x.numpy().flags.c_contiguous)
        same(got, torch.from_numpy(view))
    x = torch.empty(8, 8, dtype=DTYPES[dtype])[:, ::2].normal_(generator=t)
    np.testing.assert_array_equal(g.normal((8, 4), dtype, one_by_one=True), x.numpy())


def test_memory_order_is_the_order_of_filling() -> None:
    e = torch.empty
    for x in (e(6, 10).t(), e(3, 4, 5).permute(2, 0, 1), e(6, 20)[:, ::2].t(), e(6, 10)[:, 3], e(2, 1, 3).mT):
        g, t = both(0)
        view = memory_order(x.uniform_(generator=t).numpy())
        np.testing.assert_array_equal(g.uniform(view.shape), view)


@pytest.mark.parametrize("dtype", FLOATS)
def test_normal_of(pair: tuple[Generator, torch.Generator], dtype: Any) -> None:
    g, t = pair
    rng = np.random.default_rng(0)
    for n in SIZES:
        mean, std = rng.normal(size=n).astype(dtype), rng.exponential(size=n).astype(dtype)
        tm, ts = torch.from_numpy(mean), torch.from_numpy(std)
        same(g.normal_of(mean, std), torch.normal(tm, ts, generator=t))
        same(g.normal_of(mean, 0.7), torch.normal(tm, 0.7, generator=t))
        same(g.normal_of(0.3, std), torch.normal(0.3, ts, generator=t))
        same(g.normal_of(mean[:, None], std), torch.normal(tm[:, None], ts, generator=t))


def test_normal_of_two_dtypes() -> None:
    g, t = both(0)
    for a, b in ((np.float32, np.float64), (np.float64, np.float32)):
        mean, std = np.linspace(-1, 1, 40).astype(a), np.linspace(0.1, 3, 40).astype(b)
        same(g.normal_of(mean, std), torch.normal(torch.from_numpy(mean), torch.from_numpy(std), generator=t))


@pytest.mark.parametrize("dtype", FLOATS)
def test_trunc_normal(dtype: Any) -> None:
    g, t = both(5)
    for n in (1, 5, 20, 1000):
        for args in ((0, 1, -2, 2), (0.5, 0.02, -2, 2), (0, 1, -0.1, 0.2), (1, 1, 2, 4), (0, 2, 1, 1.5)):
            expected = torch.nn.init.trunc_normal_(torch.empty(n, dtype=DTYPES[dtype]), *args, generator=t)
            same(g.trunc_normal((n,), dtype, *args), expected)


def test_randint(pair: tuple[Generator, torch.Generator]) -> None:
    g, t = pair
    for low, high in (
        (0, 2),
        (-5, 7),
        (0, 2**28 - 1),
        (0, 2**28),
        (-3, 2**32),
        (-(2**62), 2**62 + 1),
        (-(2**63), 2**63 - 1),
    ):
        same(g.randint(low, high, (7, 3)), torch.randint(low, high, (7, 3), generator=t))
    for dtype, other in (OTHERS | DTYPES).items():
        high = 2 if dtype is np.bool_ else 100
        same(g.randint(0, high, (33,), dtype), torch.randint(0, high, (33,), dtype=other, generator=t))


def test_random(pair: tuple[Generator, torch.Generator]) -> None:
    g, t = pair
    for dtype, other in (OTHERS | DTYPES).items():
        same(g.random((50,), dtype), torch.empty(50, dtype=other).random_(generator=t))


def test_randperm(pair: tuple[Generator, torch.Generator]) -> None:
    g, t = pair
    for n in [*SIZES, 40_000]:
        same(g.randperm(n), torch.randperm(n, generator=t))
    for dtype in (np.int32, np.float32):
        torch_dtype = torch.int32 if dtype is np.int32 else torch.float32
        same(g.randperm(99, dtype), torch.randperm(99, dtype=torch_dtype, generator=t))


@pytest.mark.parametrize("dtype", FLOATS)
def test_bernoulli(pair: tuple[Generator, torch.Generator], dtype: Any) -> None:
    g, t = pair
    rng = np.random.default_rng(0)
    for n in SIZES:
        for p in (0.0, 0.1, 0.5, 1.0):
            expected = torch.empty(n, dtype=DTYPES[dtype]).bernoulli_(p, generator=t)
            same(g.bernoulli((n,), p, dtype), expected)
        probabilities = rng.uniform(size=n).astype(dtype)
        tp = torch.from_numpy(probabilities)
        same(g.bernoulli_of(probabilities), torch.bernoulli(tp, generator=t))
        same(g.bernoulli_of(probabilities, np.float32), torch.empty(n).bernoulli_(tp, generator=t))
    turned = rng.uniform(size=(4, 6)).astype(dtype).T
    same(g.bernoulli_of(turned), torch.bernoulli(torch.from_numpy(turned), generator=t))


@pytest.mark.parametrize("dtype", FLOATS)
def test_exponential(pair: tuple[Generator, torch.Generator], dtype: Any) -> None:
    g, t = pair
    for n in SIZES:
        for rate in (1.0, 0.7, 3.3, math.inf):
            expected = torch.empty(n, dtype=DTYPES[dtype]).exponential_(rate, generator=t)
            same(g.exponential((n,), dtype, rate), expected)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_multinomial(pair: tuple[Generator, torch.Generator], dtype: Any) -> None:
    g, t = pair
    rng = np.random.default_rng(0)
    for shape in ((2,), (7,), (1, 65), (5, 27), (32, 65), (1000,)):
        w = rng.exponential(size=shape).astype(dtype)
        tw = torch.from_numpy(w)
        for count, replacement in ((1, False), (1, True), (2, False), (shape[-1], False), (40, True)):
            expected = torch.multinomial(tw, count, replacement, generator=t)
            same(g.multinomial(w, count, replacement), expected)
    turned = rng.exponential(size=(5, 8)).astype(dtype).T
    same(g.multinomial(turned, 2), torch.multinomial(torch.from_numpy(turned), 2, generator=t))


def test_multinomial_of_float16() -> None:
    g, t = both(0)
    w = np.random.default_rng(0).exponential(size=(4, 30)).astype(np.float16)
    same(g.multinomial(w, 100, True), torch.multinomial(torch.from_numpy(w), 100, True, generator=t))
    same(g.multinomial(w, 1), torch.multinomial(torch.from_numpy(w), 1, generator=t))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_categories_without_weight_come_last_in_pytorchs_order(dtype: Any) -> None:
    g, t = both(0)
    for n in (3, 5, 17, 40, 200):
        w = np.zeros((2, n), dtype)
        w[:, [1, n - 1]] = 1, 2
        for count in (2, 3, n // 2 + 1, n):
            same(g.multinomial(w, count), torch.multinomial(torch.from_numpy(w), count, generator=t))


def draws(g: Generator, t: torch.Generator, steps: int, seed: int) -> Iterator[tuple[Any, torch.Tensor]]:
    """A row of calls, mixed by chance."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        n = int(rng.choice(SIZES))
        dtype = FLOATS[rng.integers(3)]
        e = torch.empty(n, dtype=DTYPES[dtype])
        match rng.integers(8):
            case 0:
                yield g.uniform((n,), dtype, -1.5, 2.5), e.uniform_(-1.5, 2.5, generator=t)
            case 1 | 2 | 3:
                yield g.normal((n,), dtype, 0.1, 0.9), e.normal_(0.1, 0.9, generator=t)
            case 4:
                yield g.randint(-9, 2**20, (n,)), torch.randint(-9, 2**20, (n,), generator=t)
            case 5:
                yield g.bernoulli((n,), 0.3, dtype), e.bernoulli_(0.3, generator=t)
            case 6:
                yield g.exponential((n,), dtype), e.exponential_(generator=t)
            case _:
                yield g.randperm(n), torch.randperm(n, generator=t)


@pytest.mark.parametrize("seed", range(25))
def test_mixed_calls_and_their_states(seed: int) -> None:
    g, t = both(seed)
    for got, expected in draws(g, t, 60, seed):
        same(got, expected)
        np.testing.assert_array_equal(g.state_bytes(), t.get_state().numpy())
    taken = Generator()
    taken.load_state_bytes(t.get_state().numpy())
    given = torch.Generator()
    given.set_state(torch.from_numpy(g.state_bytes()))
    for a, b in ((taken, t), (g, given)):
        for got, expected in draws(a, b, 10, seed):
            same(got, expected)


def test_a_million_normals() -> None:
    g, t = both(2024)
    same(g.normal((1_000_003,)), torch.randn(1_000_003, generator=t))


def test_seeds() -> None:
    assert torch.Generator().initial_seed() == DEFAULT_SEED
    g, t = Generator(), torch.Generator()
    np.testing.assert_array_equal(g.state_bytes(), t.get_state())
    for seed in (0, -1, -(2**63), 2**64 - 1, 123456789):
        assert g.manual_seed(seed).initial_seed() == t.manual_seed(seed).initial_seed()
        np.testing.assert_array_equal(g.state_bytes(), t.get_state())
    for wrong in (2**64, -(2**63) - 1, 1.5, "a", True):
        errors = []
        for generator in (g, t):
            with pytest.raises((ValueError, RuntimeError)) as caught:
                generator.manual_seed(wrong)  # type: ignore[arg-type]
            errors.append(caught.type)
        assert errors[0] is errors[1]


# ---- what the layers above take from the stream -------------------------------------------------------


def drawn_alike(g: Generator) -> None:
    """The default generator of PyTorch has gone as far as g."""
    np.testing.assert_array_equal(g.state_bytes(), torch.get_rng_state())


@pytest.fixture
def g() -> Generator:
    torch.manual_seed(11)
    return Generator().manual_seed(11)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout(g: Generator, dtype: Any, p: float) -> None:
    x = np.linspace(-2, 3, 60).reshape(6, 10).astype(dtype)
    for requires_grad in (False, True):
        y = F.dropout(torch.from_numpy(x).requires_grad_(requires_grad), p)
        kept = g.bernoulli(x.shape, 1 - p)
        # without a gradient the mask is divided, with one the product is multiplied
        scaled = x * kept * dtype(1 / (1 - p)) if requires_grad else x * (kept.astype(dtype) / dtype(1 - p))
        np.testing.assert_array_equal(scaled, y.detach())
    turned = F.dropout(torch.from_numpy(x).t(), p) != 0
    np.testing.assert_array_equal(memory_order(turned.numpy()), g.bernoulli((6, 10), 1 - p))
    drawn_alike(g)


def test_dropout_that_keeps_all_or_nothing_draws_nothing(g: Generator) -> None:
    x = torch.ones(10, requires_grad=True)
    for p in (0.0, 1.0):
        F.dropout(x, p), F.dropout(x.detach(), p)
    F.dropout(x, 0.5, training=False)
    drawn_alike(g)


def test_dropout2d_draws_a_coin_for_a_channel(g: Generator) -> None:
    y = F.dropout2d(torch.ones(4, 8, 3, 3), 0.4)
    kept = g.bernoulli((4, 8, 1, 1), 1 - 0.4)
    np.testing.assert_array_equal(y.numpy() != 0, np.broadcast_to(kept, (4, 8, 3, 3)))
    drawn_alike(g)


def test_gumbel_softmax(g: Generator) -> None:
    logits = np.linspace(-1, 1, 20, dtype=np.float32).reshape(4, 5)
    y = F.gumbel_softmax(torch.from_numpy(logits), tau=0.5)
    z = (logits - np.log(g.exponential((4, 5)))) / np.float32(0.5)
    e = np.exp(z - z.max(-1, keepdims=True))
    np.testing.assert_allclose(e / e.sum(-1, keepdims=True), y, rtol=1e-5)
    drawn_alike(g)


def test_initialisers(g: Generator) -> None:
    init, e = torch.nn.init, torch.empty
    bound = math.sqrt(3.0) * (math.sqrt(2.0) / math.sqrt(7))
    same(g.uniform((5, 7), np.float32, -bound, bound), init.kaiming_uniform_(e(5, 7)))
    same(g.normal((5, 7), np.float32, 0, math.sqrt(2.0 / 12)), init.xavier_normal_(e(5, 7)))
    same(g.trunc_normal((5, 7)), init.trunc_normal_(e(5, 7)))
    for rows, columns in ((5, 7), (7, 5), (2, 3)):
        z = g.normal((rows, columns), np.float32)
        q, r = np.linalg.qr(z.T if rows < columns else z)
        q = q * np.sign(np.diag(r))
        expected = init.orthogonal_(e(rows, columns))
        np.testing.assert_allclose(q.T if rows < columns else q, expected, rtol=1e-4, atol=1e-6)
    bound = 1 / math.sqrt(3)
    linear = torch.nn.Linear(3, 4)
    same(g.uniform((4, 3), np.float32, -bound, bound), linear.weight)
    same(g.uniform((4,), np.float32, -bound, bound), linear.bias)
    same(g.normal((3, 4)), torch.nn.Embedding(3, 4).weight)
    drawn_alike(g)


def test_random_split_is_one_permutation(g: Generator) -> None:
    parts = random_split(range(20), [12, 8])  # type: ignore[arg-type]
    np.testing.assert_array_equal([*parts[0].indices, *parts[1].indices], g.randperm(20))
    drawn_alike(g)


def test_loader_draws_a_base_seed_and_then_a_seed_for_its_shuffle(g: Generator) -> None:
    loader = DataLoader(range(20), shuffle=True)  # type: ignore[arg-type]
    drawn_alike(g)
    for _ in range(2):  # epochs
        batches = iter(loader)
        g.random(())  # the base seed, at iter()
        drawn_alike(g)
        first = int(next(batches))
        shuffle = Generator().manual_seed(int(g.random(())))  # the sampler's seed, at the first batch
        drawn_alike(g)
        order = [first, *(int(batch) for batch in batches)]
        np.testing.assert_array_equal(order, shuffle.randperm(20))
        drawn_alike(g)


def test_loader_without_shuffle_draws_a_base_seed_too(g: Generator) -> None:
    list(DataLoader(range(5)))  # type: ignore[arg-type]
    g.random(())
    drawn_alike(g)


def test_loader_with_a_generator_leaves_the_default_one_alone(g: Generator) -> None:
    mine, theirs = both(3)
    loader = DataLoader(range(20), shuffle=True, generator=theirs)  # type: ignore[arg-type]
    for _ in range(2):
        mine.random(())
        np.testing.assert_array_equal([int(batch) for batch in loader], mine.randperm(20))
        mine.randperm(20)  # drawn at the end of an epoch for the samples beyond the last whole round: none
        np.testing.assert_array_equal(mine.state_bytes(), theirs.get_state())
    drawn_alike(g)


def test_sampling_with_replacement_goes_by_32(g: Generator) -> None:
    theirs = torch.Generator().manual_seed(11)
    sampler = RandomSampler(range(50), replacement=True, num_samples=70, generator=theirs)
    expected = [*g.randint(0, 50, (32,)), *g.randint(0, 50, (32,)), *g.randint(0, 50, (6,))]
    np.testing.assert_array_equal(list(sampler), expected)


def test_categorical_normal_bernoulli_and_uniform_distributions(g: Generator) -> None:
    d = torch.distributions
    w = np.array([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]], np.float32)
    drawn = d.Categorical(torch.from_numpy(w)).sample((4,))
    probs = d.Categorical(torch.from_numpy(w)).probs.numpy()
    np.testing.assert_array_equal(g.multinomial(probs, 4, True).T, drawn)
    mean, std = np.array([0.0, 5.0], np.float32), np.array([1.0, 2.0], np.float32)
    normal = d.Normal(torch.from_numpy(mean), torch.from_numpy(std))
    same(g.normal_of(np.tile(mean, (9, 1)), np.tile(std, (9, 1))), normal.sample((9,)))
    same(mean + g.normal((9, 2)) * std, normal.rsample((9,)))
    same(g.bernoulli_of(np.full((5, 2), 0.3, np.float32)), d.Bernoulli(torch.tensor([0.3, 0.3])).sample((5,)))
    uniform = d.Uniform(torch.tensor([1.0, 2.0]), torch.tensor([2.0, 5.0]))
    low, high = np.array([1, 2], np.float32), np.array([2, 5], np.float32)
    same(low + g.uniform((7, 2)) * (high - low), uniform.sample((7,)))
    drawn_alike(g)
