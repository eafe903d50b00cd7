"""The numbers written here are those that PyTorch 2.13 prints for the same seed and the same call."""

import copy
import hashlib
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cutaway
from cutaway.generator import DEFAULT_SEED, Generator, memory_order

FLOATS = [np.float16, np.float32, np.float64]


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def sha(array: np.ndarray) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


def same(got: np.ndarray, expected: list[Any], dtype: Any) -> None:
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, np.array(expected, dtype))


# ---- pinned numbers ------------------------------------------------------------------------------


def test_uniform_numbers() -> None:
    same(seeded(0).uniform((4,)), [0.4962566, 0.7682218, 0.08847743, 0.13203049], np.float32)
    same(seeded(42).uniform((4,)), [0.88226926, 0.91500396, 0.38286376, 0.95930564], np.float32)
    same(
        seeded(42).uniform((3,), np.float64),
        [0.05815448596142969, 0.06291016742457756, 0.12358607277440903],
        np.float64,
    )
    same(seeded(0).uniform((4,), np.float16), [0.4963, 0.768, 0.0885, 0.1321], np.float16)
    same(
        seeded(0).uniform((4,), np.float32, -0.5, 0.5),
        [-0.00374341, 0.2682218, -0.41152257, -0.3679695],
        np.float32,
    )


def test_fewer_than_16_normals() -> None:
    same(seeded(0).normal((3,)), [1.5409961, -0.2934289, -2.1787894], np.float32)
    same(seeded(42).normal((3,)), [0.33669037, 0.1288094, 0.23446237], np.float32)
    same(
        seeded(42).normal((3,), np.float64),
        [0.33669035438385886, 0.1288094051365897, 0.23446236336153173],
        np.float64,
    )
    same(seeded(0).normal((3,), np.float32, 3, 0.5), [3.770498, 2.8532856, 1.9106053], np.float32)


def test_16_normals() -> None:
    expected = [1.9269153, 1.4872841, 0.9007172, -2.105521, 0.67841846, -1.2345449, -0.043067478, -1.604667]
    expected += [-0.7521353, 1.648723, -0.39247864, -1.4036071, -0.7278813, -0.5594302, -0.7688389, 0.7624454]
    same(seeded(42).normal((4, 4)).ravel(), expected, np.float32)
    same(
        seeded(42).normal((16,), np.float64)[[0, 7, 8, 15]],
        [0.2995562877502637, -1.748402801489203, 0.17347640142361004, -1.4920727283504345],
        np.float64,
    )


def test_17_normals_draw_their_last_16_again() -> None:
    expected = [-1.1258398, -1.6959312, 0.5666506, 0.79350835, 0.59883946, -1.5550951, -0.3413604, 1.8530061]
    expected += [0.4680964, -0.58549756, -0.17339675, 0.18347794, 1.3893661, 1.5863342, 0.94629836]
    same(seeded(0).normal((17,)), expected + [-0.84367675, 0.9318266], np.float32)
    expected = [1.927, 1.643, -0.1595, -0.4973, 0.4397, -0.7583, 1.078, 0.801, 1.681, 1.279, 1.297, 0.6104]
    same(
        seeded(42).normal((17,), np.float16), expected + [1.335, -0.2316, 0.04175, -0.2515, 0.86], np.float16
    )


def test_many_normals_and_a_long_permutation() -> None:
    big = seeded(42).normal((100_000,))
    assert sha(big) == "d577cf2f85de7638e02060abec0df9127423d3e1c36369443db87bee3e2e6d62"
    assert (
        sha(seeded(42).randperm(1000)) == "ac5c22de20fc5d169c3080fbf2719977f1c5e187f76217d18f95047e3cf159d6"
    )


def test_whole_numbers() -> None:
    same(seeded(42).randint(0, 10, (10,)), [2, 7, 6, 4, 6, 5, 0, 4, 0, 3], np.int64)
    same(seeded(0).randint(-5, 6, (8,)), [5, 2, -4, -2, 3, -2, -1, -5], np.int64)
    same(seeded(0).randint(0, 2**28, (3,)), [130329135, 136432832, 195187451], np.int64)
    same(seeded(0).randint(-(2**40), 2**40, (3,)), [-358231004625, -593374360384, 291447657211], np.int64)
    same(seeded(0).random((2,)), [900450186894289455, 3969543146641149120], np.int64)
    same(seeded(42).randperm(10), [2, 6, 1, 8, 4, 5, 0, 9, 3, 7], np.int64)
    same(seeded(0).randperm(10), [4, 1, 7, 5, 3, 9, 0, 8, 6, 2], np.int64)


def test_coins() -> None:
    same(seeded(0).bernoulli((10,), 0.5), [0, 0, 1, 0, 0, 0, 1, 1, 0, 1], np.bool_)
    half = np.full(10, 0.5, np.float32)
    same(seeded(0).bernoulli_of(half), [1, 0, 1, 1, 1, 0, 1, 0, 1, 0], np.float32)
    same(seeded(0).bernoulli_of(half.astype(np.float64)), [0, 0, 1, 0, 0, 0, 1, 1, 0, 1], np.float64)


def test_waiting_times() -> None:
    same(seeded(0).exponential((4,)), [3.5083263, 1.2303847, 0.6150441, 2.5351186], np.float32)
    same(
        seeded(42).exponential((2,), np.float64, 2.0), [0.029957007845401073, 0.03248806439669265], np.float64
    )


def test_multinomial_numbers() -> None:
    w = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
    both = np.stack([w, w[::-1]])
    same(seeded(0).multinomial(w, 1), [2], np.int64)
    same(seeded(0).multinomial(w, 3), [2, 1, 3], np.int64)
    same(seeded(0).multinomial(w, 8, replacement=True), [3, 3, 2, 3, 3, 3, 1, 2], np.int64)
    same(seeded(42).multinomial(both, 5, replacement=True), [[0, 0, 1, 0, 2], [1, 3, 3, 0, 0]], np.int64)
    same(seeded(42).multinomial(both, 2), [[3, 1], [0, 1]], np.int64)


def test_truncated_and_shifted_normals() -> None:
    expected = [1.5409961, -0.2934289, 0.83802634, 0.56843126, -1.0845224]
    same(seeded(0).trunc_normal((5,)), expected, np.float32)
    same(seeded(0).trunc_normal((3,), a=1, b=1.5), [1.2481283, 1.3841109, 1.0442387], np.float32)
    mean, std = np.array([0, 10, 20], np.float32), np.array([1, 2, 3], np.float32)
    same(seeded(0).normal_of(mean, std), [1.5409961, 9.413142, 13.463632], np.float32)


# ---- the spare normal ----------------------------------------------------------------------------


def test_an_odd_count_leaves_a_normal_for_the_next_call() -> None:
    g = seeded()
    halves = np.concatenate([g.normal((3,), np.float64), g.normal((), np.float64).reshape(1)])
    same(halves, seeded().normal((4,), np.float64).tolist(), np.float64)


def test_blocks_neither_use_nor_touch_the_spare() -> None:
    g = seeded()
    g.normal((1,))
    spare = seeded().normal((2,))[1]
    g.normal((16,))
    g.uniform((5,))
    g.normal((0,))
    assert g.normal((1,))[0] == spare


def test_seeding_drops_the_spare() -> None:
    g = seeded()
    g.normal((1,))
    g.manual_seed(0)
    same(g.normal((3,)), [1.5409961, -0.2934289, -2.1787894], np.float32)


def test_one_by_one_is_the_way_of_small_counts() -> None:
    g = seeded()
    few = np.concatenate([g.normal((10,)), g.normal((10,))])
    same(seeded().normal((4, 5), one_by_one=True).ravel(), few.tolist(), np.float32)


# ---- seeds and states ----------------------------------------------------------------------------


def test_a_fresh_generator_has_pytorchs_seed() -> None:
    assert Generator().initial_seed() == DEFAULT_SEED == 67280421310721
    assert Generator("cpu").device == cutaway.device("cpu")
    with pytest.raises(RuntimeError, match="CPU"):
        Generator("cuda")


def test_the_default_generator_is_another_each_time() -> None:
    assert cutaway.default_generator.initial_seed() != DEFAULT_SEED
    g = Generator()
    assert g.seed() == g.initial_seed() != g.seed()


def test_which_seeds_there_are() -> None:
    g = Generator()
    assert g.manual_seed(3) is g
    assert g.manual_seed(-1).initial_seed() == 2**64 - 1
    assert g.manual_seed(-(2**63)).initial_seed() == 2**63
    assert g.manual_seed(2**64 - 1).initial_seed() == 2**64 - 1
    same(seeded(2**32 + 42).uniform((2,)), [0.88226926, 0.91500396], np.float32)
    for seed in (2**64, -(2**63) - 1):
        with pytest.raises(ValueError, match="between"):
            g.manual_seed(seed)
    for wrong in (1.5, "a", True, None):
        with pytest.raises(RuntimeError, match="integer"):
            g.manual_seed(wrong)  # type: ignore[arg-type]


def test_the_state_has_pytorchs_bytes() -> None:
    for seed, digest in (
        (0, "d9d9a48d711bfcacb7775d8e7d5112b5ea935a4f8d7575ac4dc4f8282b629c07"),
        (42, "f930deb4275be8aa48d62a8be25fff15bbf27ef288682e141b449863624fe1f9"),
    ):
        g = seeded(seed)
        g.normal((3,))
        g.uniform((700,))
        state = g.state_bytes()
        assert state.shape == (5056,) and state.dtype == np.uint8
        assert sha(state) == digest


def copies() -> dict[str, Callable[[Generator], Generator]]:
    def through_bytes(g: Generator) -> Generator:
        twin = Generator()
        twin.load_state_bytes(g.state_bytes())
        return twin

    def through_pickle(g: Generator) -> Generator:
        return pickle.loads(pickle.dumps(g))

    return {
        "bytes": through_bytes,
        "pickle": through_pickle,
        "copy": copy.copy,
        "deepcopy": copy.deepcopy,
        "clone_state": Generator.clone_state,
    }


@pytest.mark.parametrize("way", copies())
@pytest.mark.parametrize("used", [0, 1, 623, 624, 625, 1300])
def test_a_copy_goes_on_the_same_way_and_alone(way: str, used: int) -> None:
    g = seeded(7)
    g.uniform((used,))
    g.normal((1,))
    twin = copies()[way](g)
    assert twin.initial_seed() == 7 and twin.device == cutaway.device("cpu")
    expected = [g.normal((2,)), g.uniform((5,)), g.normal((30,))]
    for mine, its in zip(expected, [twin.normal((2,)), twin.uniform((5,)), twin.normal((30,))], strict=True):
        np.testing.assert_array_equal(mine, its)


def test_bytes_that_are_no_state() -> None:
    g = seeded()
    with pytest.raises(TypeError, match="uint8"):
        g.load_state_bytes(np.zeros(5056))
    with pytest.raises(RuntimeError, match="5056"):
        g.load_state_bytes(np.zeros(5, np.uint8))
    with pytest.raises(RuntimeError, match="not the state"):
        g.load_state_bytes(np.zeros(5056, np.uint8))
    same(g.uniform((1,)), [0.4962566], np.float32)


# ---- what every draw keeps to --------------------------------------------------------------------


@given(st.integers(0, 2**64 - 1), st.integers(0, 300))
def test_a_permutation_holds_each_number_once(seed: int, n: int) -> None:
    assert sorted(seeded(seed).randperm(n).tolist()) == list(range(n))


@given(st.integers(0, 2**32), st.integers(-(2**63), 2**63 - 2), st.integers(1, 2**64 - 1))
def test_whole_numbers_stay_in_range(seed: int, low: int, span: int) -> None:
    high = min(low + span, 2**63 - 1)
    drawn = [int(x) for x in seeded(seed).randint(low, high, (20,))]
    assert all(low <= x < high for x in drawn)


@pytest.mark.parametrize("dtype", FLOATS)
@given(st.integers(0, 2**32), st.floats(-1e3, 1e3, width=16), st.floats(0, 1e3, width=16))
def test_uniform_stays_below_its_end(dtype: Any, seed: int, low: float, span: float) -> None:
    high = float(np.float16(low + span))
    u = seeded(seed).uniform((200,), dtype, low, high)
    assert (u >= low).all() and ((u < high).all() or dtype(high) == dtype(low))


def test_a_number_that_rounds_up_to_the_end_becomes_the_start() -> None:
    u = seeded().uniform((100_000,), np.float16)
    assert u.max() < 1 and (u == 0).any()


@pytest.mark.parametrize("dtype", FLOATS)
def test_moments(dtype: Any) -> None:
    n, g = 100_000, seeded(1)
    u, z, q = g.uniform((n,), dtype), g.normal((n,), dtype, 1.0, 2.0), g.exponential((n,), dtype, 0.5)
    for x, mean, std in ((u, 0.5, math.sqrt(1 / 12)), (z, 1.0, 2.0), (q, 2.0, 2.0)):
        assert x.dtype == dtype
        assert x.mean(dtype=np.float64) == pytest.approx(mean, abs=0.03)
        assert x.std(dtype=np.float64) == pytest.approx(std, abs=0.03)
    assert g.bernoulli((n,), 0.3).mean() == pytest.approx(0.3, abs=0.01)


@pytest.mark.parametrize("replacement", [False, True])
def test_categories_come_in_proportion_to_their_weights(replacement: bool) -> None:
    w = np.tile(np.array([1, 0, 2, 5], np.float32), (20_000, 1))
    drawn = seeded().multinomial(w, 2, replacement)
    assert drawn.shape == (20_000, 2)
    first = (drawn[:, :1] == np.arange(4)).mean(axis=0)
    np.testing.assert_allclose(first, [0.125, 0, 0.25, 0.625], atol=0.015)
    assert replacement or (drawn[:, 0] != drawn[:, 1]).all()


@pytest.mark.parametrize(("mean", "a", "b"), [(0.0, -2.0, 2.0), (0.0, 2.0, 3.0), (1.0, 0.9, 1.1)])
def test_truncated_normals_stay_inside(mean: float, a: float, b: float) -> None:
    x = seeded().trunc_normal((1000,), np.float32, mean, 1.0, a, b)
    assert x.min() >= np.float32(a) and x.max() <= np.float32(b)
    assert np.unique(x).size > 900


def test_truncation_far_from_the_mean_warns() -> None:
    with pytest.warns(UserWarning, match="2 deviations"):
        seeded().trunc_normal((3,), mean=5.0, a=0.0, b=1.0)


def test_shapes_and_empty_draws() -> None:
    g = seeded()
    for shape in ((), (0,), (2, 0, 3), (2, 3, 4)):
        assert g.uniform(shape).shape == g.normal(shape).shape == g.exponential(shape).shape == shape
        assert g.randint(0, 2, shape).shape == g.random(shape).shape == g.bernoulli(shape, 0.5).shape == shape
        assert g.trunc_normal(shape).shape == shape
    assert g.normal_of(np.zeros((3, 1), np.float32), np.ones(4, np.float32)).shape == (3, 4)
    assert g.multinomial(np.ones((0, 3), np.float32), 2).shape == (0, 2)
    before = seeded(3)
    after = before.clone_state()
    after.uniform((0,)), after.randperm(0), after.randperm(1), after.normal((0,))
    np.testing.assert_array_equal(before.state_bytes(), after.state_bytes())


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int8, np.int16, np.int32, np.int64, *FLOATS])
def test_random_whole_numbers_of_each_dtype(dtype: Any) -> None:
    x = seeded().random((1000,), dtype)
    top = (
        2 ** (np.finfo(dtype).nmant + 1)
        if x.dtype.kind == "f"
        else 1
        if dtype is np.bool_
        else np.iinfo(dtype).max
    )
    assert x.dtype == dtype and x.min() >= 0 and float(x.max()) > 0.9 * float(top)


def test_memory_order_turns_rows_to_lie_as_in_memory() -> None:
    x = np.zeros((2, 3, 4), np.float32)
    for view in (x, x.T, x.transpose(1, 2, 0), x[:, :, ::2].transpose(2, 0, 1)):
        strides = memory_order(view).strides
        assert list(strides) == sorted(strides, reverse=True)
        assert np.shares_memory(memory_order(view), x)


def test_extreme_scales_do_not_overflow_on_the_way() -> None:
    x = seeded().uniform((10,), np.float64, -1e308, 0.0)
    assert np.isfinite(x).all()
    assert (seeded().normal((20,), np.float64, math.inf, 1.0) == math.inf).all()


# ---- what cannot be drawn ------------------------------------------------------------------------

W = np.array([1, 2, 3], np.float32)
REFUSED: list[tuple[type[Exception], Callable[[Generator], object]]] = [
    (NotImplementedError, lambda g: g.uniform((3,), np.int64)),
    (NotImplementedError, lambda g: g.normal((3,), np.int64)),
    (NotImplementedError, lambda g: g.trunc_normal((3,), np.int64)),
    (NotImplementedError, lambda g: g.bernoulli_of(np.ones(3, np.int64))),
    (NotImplementedError, lambda g: g.normal_of(np.zeros(3, np.int64), 1.0)),
    (RuntimeError, lambda g: g.exponential((3,), np.int64)),
    (RuntimeError, lambda g: g.uniform((3,), low=1.0, high=0.0)),
    (RuntimeError, lambda g: g.uniform((3,), low=math.nan)),
    (RuntimeError, lambda g: g.uniform((3,), high=math.inf)),
    (RuntimeError, lambda g: g.uniform((3,), np.float16, high=1e6)),
    (RuntimeError, lambda g: g.uniform((3,), np.float16, -6e4, 6e4)),
    (RuntimeError, lambda g: g.normal((3,), std=-1.0)),
    (RuntimeError, lambda g: g.normal((3,), std=math.nan)),
    (RuntimeError, lambda g: g.normal_of(W, -W)),
    (RuntimeError, lambda g: g.randint(5, 5, (3,))),
    (RuntimeError, lambda g: g.randint(0, 257, (3,), np.uint8)),
    (RuntimeError, lambda g: g.randint(-1, 3, (3,), np.uint8)),
    (RuntimeError, lambda g: g.randint(0, 3, (3,), np.bool_)),
    (RuntimeError, lambda g: g.randint(0, 10**6, (3,), np.float16)),
    (RuntimeError, lambda g: g.randperm(-1)),
    (RuntimeError, lambda g: g.randperm(300, np.uint8)),
    (RuntimeError, lambda g: g.bernoulli((3,), 1.5)),
    (RuntimeError, lambda g: g.bernoulli((3,), math.nan)),
    (RuntimeError, lambda g: g.bernoulli_of(W)),
    (RuntimeError, lambda g: g.exponential((3,), lambd=0.0)),
    (RuntimeError, lambda g: g.exponential((3,), lambd=math.nan)),
    (RuntimeError, lambda g: g.multinomial(W, 4)),
    (RuntimeError, lambda g: g.multinomial(W, 0)),
    (RuntimeError, lambda g: g.multinomial(W.astype(np.int64), 1)),
    (RuntimeError, lambda g: g.multinomial(W.reshape(1, 1, 3), 1)),
    (RuntimeError, lambda g: g.multinomial(W * 0, 1)),
    (RuntimeError, lambda g: g.multinomial(-W, 1)),
    (RuntimeError, lambda g: g.multinomial(W * np.float32(math.nan), 2, True)),
    (RuntimeError, lambda g: g.multinomial(W * np.float32(math.inf), 2, True)),
]


@pytest.mark.parametrize(("error", "draw"), REFUSED)
def test_refusals_use_no_words(error: type[Exception], draw: Callable[[Generator], object]) -> None:
    g = seeded()
    with pytest.raises(error, match=r"\w{4,}"):
        draw(g)
    np.testing.assert_array_equal(g.state_bytes(), seeded().state_bytes())
