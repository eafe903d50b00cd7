"""Random number generation: a stream of 32-bit words, and a sampling method for each distribution.

A `Generator` holds a Mersenne Twister: a state of 624 words, from which the next 624 are computed, and so on.
The seed determines the initial state, and so the whole stream. A sampling method consumes words of the stream.
The low 24 bits of a word, divided by 2²⁴, are a uniform `float32` in [0, 1); a `float64` takes two words and
53 bits. All other distributions transform uniform numbers u: a Bernoulli sample is u < p, an exponential one
-ln(1 - u)/λ, a normal one is a random radius times the cosine or sine of a random angle (Box and Muller,
1958), a permutation is a sequence of random swaps (Fisher and Yates).

The words, their order and the arithmetic are those of PyTorch's CPU generator, so that a seed gives the
same numbers. All methods return arrays; this module does not know the Tensor class.

Measured against PyTorch 2.13 on x86-64 Linux, every sample is equal to the last bit.
PyTorch itself is not the same everywhere: on a CPU without AVX2, 38% of its `float32` normals end in another
bit (at most 2.3e-6 away), as do some numbers that are shifted or scaled; `float64` logarithms and cosines are
the C library's; and on Intel's processors `bernoulli_(p)` and `exponential_` come from a generator of Intel's.

Sources: Matsumoto and Nishimura, "Mersenne Twister", 1998; Box and Muller, "A note on the generation of
random normal deviates", 1958; Durstenfeld, "Algorithm 235: Random permutation", 1964.
"""

from __future__ import annotations

import math
import os
from array import array
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .box_muller import box_muller32, box_muller64, each, fma32, fma64
from .dtypes import cpu
from .errors import warn
from .order import places_in_order

__all__ = ["DEFAULT_SEED", "Generator", "memory_order"]

Array = npt.NDArray[Any]

DEFAULT_SEED = 67280421310721
"""The seed of a `Generator()` that nobody has seeded, in PyTorch too."""

# The memory layout of PyTorch's `get_rng_state()`: 5056 bytes.
_STATE = np.dtype(
    [
        ("seed", "<u8"),
        ("left", "<i4"),  # words until the state is regenerated, plus 1
        ("seeded", "<i4"),
        ("next", "<u8"),  # index of the next of the 624 words
        ("words", "<u8", 624),
        ("unused_x", "<f8"),
        ("spare", "<f8"),  # the normal sample saved for the next call
        ("unused_rho", "<f8"),
        ("has_spare", "<i4"),
        ("unused_float", "V12"),
    ]
)


class Generator:
    """A seeded stream of random words, and the sampling methods that consume it.

    Args:
        device: "cpu"; there is no other.

    >>> Generator().manual_seed(0).uniform((3,))
    array([0.4962566 , 0.7682218 , 0.08847743], dtype=float32)
    """

    def __init__(self, device: object = "cpu") -> None:
        if str(device).split(":")[0] != "cpu":
            raise RuntimeError(f'Generator(device="{device}"): cutaway runs on the CPU; write Generator()')
        self.device = cpu
        self._bits = np.random.MT19937(0)
        self.manual_seed(DEFAULT_SEED)

    # ---- seed and state ------------------------------------------------------------------------------------

    def manual_seed(self, seed: int) -> Self:
        """Set the seed, restart the stream, and return the generator.

        Args:
            seed: an integer from -2⁶³ to 2⁶⁴ - 1; a negative one means 2⁶⁴ + seed. Only its low 32
                bits matter.
        """
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
            raise RuntimeError(f"manual_seed expects an integer, got {type(seed).__name__}: {seed!r}")
        if not -(2**63) <= seed < 2**64:
            raise ValueError(f"manual_seed({seed}): a seed must be between -2**63 and 2**64 - 1")
        self._seed = int(seed) % 2**64
        np.random.RandomState(self._bits).seed(self._seed & 0xFFFFFFFF)  # which computes the first 624 words from it
        self._spare: float | None = None  # the second normal sample of the last pair, if unused
        return self

    def seed(self) -> int:
        """Seed from the operating system's entropy, and return that seed."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little"))
        return self._seed

    def initial_seed(self) -> int:
        """The seed with which the stream started."""
        return self._seed

    def state_bytes(self) -> Array:
        """The state, (5056,) of uint8, as PyTorch's `get_state()` writes it."""
        words, position = self._get_words()
        # 624 both before the first word and after every 624th: the first seeded word distinguishes them
        fresh = position == 624 and int(words[0]) == self._seed & 0xFFFFFFFF
        state = np.zeros((), _STATE)
        state["seed"], state["seeded"], state["words"] = self._seed, 1, words
        state["left"], state["next"] = 625 - position, 0 if fresh else position
        state["has_spare"], state["spare"] = self._spare is not None, self._spare or 0.0
        return np.frombuffer(state.tobytes(), np.uint8).copy()

    def load_state_bytes(self, state: Array) -> None:
        """Restore a state from `state_bytes()` or from PyTorch's `get_state()`.

        Raises:
            TypeError: `state` is not uint8.
            RuntimeError: it does not have 5056 bytes, or they are not a valid state.
        """
        if state.dtype != np.uint8:
            raise TypeError(f"a generator's state must be an array of uint8, not {state.dtype}")
        if state.size != _STATE.itemsize:
            raise RuntimeError(f"a generator's state has {_STATE.itemsize} bytes, this one has {state.size}")
        saved = np.frombuffer(state.tobytes(), _STATE)[0]
        position = 625 - int(saved["left"])
        if not saved["seeded"] or not 1 <= position <= 624 or int(saved["words"].max()) >= 2**32:
            raise RuntimeError("these bytes are not the state of a Mersenne Twister")
        self._seed = int(saved["seed"])
        self._set_words(saved["words"].astype(np.uint32), position)
        self._spare = float(saved["spare"]) if saved["has_spare"] else None

    def clone_state(self) -> Self:
        """A copy of the generator, which produces the same numbers from here on."""
        twin = type(self)(self.device)
        twin.load_state_bytes(self.state_bytes())
        return twin

    def __getstate__(self) -> dict[str, Any]:
        return {"state": self.state_bytes()}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        self.device = cpu
        self._bits = np.random.MT19937(0)
        self.load_state_bytes(saved["state"])

    def _get_words(self) -> tuple[Array, int]:
        state: dict[str, Any] = self._bits.state["state"]  # type: ignore[assignment]
        return state["key"], int(state["pos"])

    def _set_words(self, words: Array, position: int) -> None:
        self._bits.state = {"bit_generator": "MT19937", "state": {"key": words, "pos": position}}

    # ---- words and uniform numbers -------------------------------------------------------------------------

    def _words32(self, n: int) -> Array:
        return self._bits.random_raw(n).astype(np.uint32)

    def _words64(self, n: int) -> Array:
        pairs = self._bits.random_raw(2 * n).reshape(n, 2)
        return pairs[:, 0] << np.uint64(32) | pairs[:, 1]

    def _unit32(self, n: int) -> Array:
        """u in [0, 1): the low 24 bits of a word / 2²⁴"""
        return (self._words32(n) & np.uint32(2**24 - 1)).astype(np.float32) * np.float32(2**-24)

    def _unit64(self, n: int) -> Array:
        """u in [0, 1): the low 53 bits of two words / 2⁵³"""
        return (self._words64(n) & np.uint64(2**53 - 1)).astype(np.float64) * 2.0**-53

    def uniform(
        self, shape: Sequence[int], dtype: npt.DTypeLike = np.float32, low: float = 0.0, high: float = 1.0
    ) -> Array:
        """low + (high - low) · u, from `low` up to but not including `high`; what `rand`, `uniform_` draw.

        float64 takes two words for a number, float32 and float16 one.
        """
        dtype = _floating(dtype, "uniform")
        _check_bounds(low, high, dtype)
        n = math.prod(shape)
        if dtype == np.float64:
            u = fma64(self._unit64(n), high - low, low)
        else:
            a, b = np.float32(low), np.float32(high)
            u = fma32(self._unit32(n), b - a, a).astype(dtype, copy=False)
        end = np.asarray(high).astype(dtype)
        u[u == end] = np.asarray(low).astype(dtype)  # rounded up to the excluded end
        return u.reshape(tuple(shape))

    def randint(self, low: int, high: int, shape: Sequence[int], dtype: npt.DTypeLike = np.int64) -> Array:
        """low + (word mod (high - low)): integers from `low` to `high` - 1.

        For 2²⁸ values or more, a number takes two words, to limit the bias towards small remainders.
        """
        dtype = np.dtype(dtype)
        if low >= high:
            raise RuntimeError(f"randint draws from low to high - 1: low={low} is not below high={high}")
        _check_holds(dtype, low, high - 1)
        n, span = math.prod(shape), high - low
        if span >= 2**28:
            offset = self._words64(n) % np.uint64(span)
        else:
            offset = (self._words32(n) % np.uint32(span)).astype(np.uint64)
        return (offset.view(np.int64) + np.int64(low)).astype(dtype, copy=False).reshape(tuple(shape))

    def random(self, shape: Sequence[int], dtype: npt.DTypeLike = np.int64) -> Array:
        """word mod (the largest value of `dtype` + 1); what `random_()` draws, and how a loader seeds itself.

        For floats: integers up to 2 to the number of bits of precision. 64-bit types take two words.
        """
        dtype = np.dtype(dtype)
        n = math.prod(shape)
        words = self._words64(n) if dtype in (np.dtype(np.int64), np.dtype(np.float64)) else self._words32(n)
        if dtype.kind == "f":
            span = 2 ** (np.finfo(dtype).nmant + 1) + 1
        else:
            span = 2 if dtype.kind == "b" else int(np.iinfo(dtype).max) + 1
        values: Array = (words % words.dtype.type(span)).astype(dtype)
        return values.reshape(tuple(shape))

    def randperm(self, n: int, dtype: npt.DTypeLike = np.int64) -> Array:
        """0 … n-1, shuffled: for each place i but the last, swap i with i + (word mod (n - i))."""
        if n < 0:
            raise RuntimeError(f"randperm({n}): n must be non-negative")
        _check_holds(np.dtype(dtype), 0, max(n - 1, 0))
        place = np.arange(max(n - 1, 0), dtype=np.uint32)
        partner = place + self._words32(place.size) % (np.uint32(n) - place)
        order = array("q", range(n))  # swaps cost half as much as in a list
        for i, j in enumerate(partner.tolist()):
            order[i], order[j] = order[j], order[i]
        return np.array(order, dtype=np.int64).astype(dtype, copy=False)

    # ---- normal --------------------------------------------------------------------------------------------

    def normal(
        self,
        shape: Sequence[int],
        dtype: npt.DTypeLike = np.float32,
        mean: float = 0.0,
        std: float = 1.0,
        *,
        one_by_one: bool = False,
    ) -> Array:
        """mean + std · z, z from the standard normal distribution; what `randn` and `normal_` draw.

        Two uniform numbers give two normal ones (Box and Muller): with r = √(-2 ln(1 - u)) and θ = 2π v,
        z = r cos θ and z' = r sin θ. 16 numbers or more are computed in blocks of 16. Fewer are computed one
        by one, in float64, and an unused z' is saved for the next call.

        Args:
            one_by_one: as for fewer than 16; PyTorch fills non-contiguous Tensors this way.
        """
        dtype = _floating(dtype, "normal")
        if not std >= 0:
            raise RuntimeError(f"normal: the standard deviation must be non-negative, but is {std}")
        n = math.prod(shape)
        if n < 16 or one_by_one:
            z = fma64(self._normal_one_by_one(n), std, mean)
        else:
            z = self._normal_blocks(n, dtype, mean, std)
        return _narrow(z, dtype).reshape(tuple(shape))

    def _normal_one_by_one(self, n: int) -> Array:
        waiting = [] if self._spare is None else [self._spare]
        pairs = (n - len(waiting) + 1) // 2
        v, u = self._unit64(2 * pairs).reshape(pairs, 2).T
        r = np.sqrt(-2 * each(math.log1p, -u))
        theta = 2 * np.pi * v
        z = np.stack([r * each(math.cos, theta), r * each(math.sin, theta)], axis=1)
        z = np.concatenate([np.array(waiting, np.float64), z.reshape(-1)])
        self._spare = float(z[n]) if z.size > n else None
        return z[:n]

    def _normal_blocks(self, n: int, dtype: np.dtype[Any], mean: float, std: float) -> Array:
        """Blocks of 16 take u from their first half and v from the second, and put z and z' there.

        If n is not a multiple of 16, one more block is drawn last, and overwrites the last 16 elements.
        """
        unit, box_muller = (self._unit64, box_muller64) if dtype == np.float64 else (self._unit32, box_muller32)
        # float16 does not draw the incomplete block; the wider types draw and overwrite it
        drawn = n // 16 * 16 if dtype == np.float16 else n
        z = unit(drawn)
        whole = z[: n // 16 * 16].reshape(-1, 16)
        for rows in range(0, len(whole), 2048):  # chunks that fit in the processor's cache
            whole[rows : rows + 2048] = box_muller(whole[rows : rows + 2048], mean, std)
        if n % 16 == 0:
            return z
        return np.concatenate([z[: n - 16], box_muller(unit(16).reshape(1, 16), mean, std)[0]])

    def normal_of(self, mean: Array | float, std: Array | float) -> Array:
        """mean + std · z, with a mean and a deviation per element; what `torch.normal` draws.

        Args:
            mean, std: of shapes that broadcast; at least one is an array, and its dtype (the mean's, if both
                are) is the result's.

        Raises:
            RuntimeError: a deviation is negative.
        """
        if np.any(np.less(std, 0)):
            raise RuntimeError("normal: standard deviations must be non-negative, but std has negative elements")
        dtype = mean.dtype if isinstance(mean, np.ndarray) else np.asarray(std).dtype
        shape = np.broadcast_shapes(np.shape(mean), np.shape(std))
        if isinstance(std, np.ndarray):
            scaled = _narrow(self.normal(shape, dtype) * std, dtype)
        else:
            scaled = self.normal(shape, dtype, 0.0, std)
        return _narrow(scaled + mean, dtype)

    def trunc_normal(
        self,
        shape: Sequence[int],
        dtype: npt.DTypeLike = np.float32,
        mean: float = 0.0,
        std: float = 1.0,
        a: float = -2.0,
        b: float = 2.0,
    ) -> Array:
        """mean + std · z, truncated to [a, b]; what `nn.init.trunc_normal_` draws.

        Rejection sampling: draw candidates for all elements until each has an accepted one; an element keeps
        its first. If more than 3 in 10 normal numbers lie between a and b, the candidates are normal, and
        rejected outside. Else they are uniform from a to b, and accepted in proportion to the normal density:
        where ln u ≤ -z²/2 + peak.
        """
        dtype = _floating(dtype, "trunc_normal")
        if mean < a - 2 * std or mean > b + 2 * std:
            warn(
                f"trunc_normal: [{a}, {b}] is more than 2 deviations from the mean {mean}; few samples fall inside"
            )

        def below(x: float) -> float:
            return (1 + math.erf((x - mean) / std / math.sqrt(2))) / 2

        if below(b) - below(a) > 0.3:
            lowest, highest = np.array([a, b], dtype)
            out = self.normal(shape, dtype, mean, std)
            while (refused := (out < lowest) | (out > highest)).any():
                out = np.where(refused, self.normal(shape, dtype, mean, std), out)
            return out
        log_peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
        out, refused = np.empty(shape, dtype), np.ones(shape, np.bool_)
        while refused.any():
            candidate = self.uniform(shape, dtype, a, b)
            log_height = ((candidate - mean) / std) ** 2 * -0.5 - log_peak
            out = np.where(refused, candidate, out)
            with np.errstate(divide="ignore"):  # ln 0 = -∞ accepts, as it should
                refused = refused & (np.log(self.uniform(shape, dtype)) > log_height)
        return out

    # ---- discrete and exponential --------------------------------------------------------------------------

    def bernoulli(self, shape: Sequence[int], p: float, dtype: npt.DTypeLike = np.bool_) -> Array:
        """1 where u < p, u in float64; what `bernoulli_(p)` draws, and dropout with p = 1 - its own.

        Raises:
            RuntimeError: p is not a probability.
        """
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli: p must be between 0 and 1, but is {p}")
        return (self._unit64(math.prod(shape)) < p).astype(dtype).reshape(tuple(shape))

    def bernoulli_of(self, p: Array, dtype: npt.DTypeLike | None = None) -> Array:
        """1 where u < p, with a probability per element; what `torch.bernoulli(p)` draws.

        u is float64 if p is, else float32, which takes half the words of `bernoulli`.

        Args:
            p: probabilities, of any shape.
            dtype: the result's; p's, if not given.
        """
        _floating(p.dtype, "bernoulli")
        if not np.all((p >= 0) & (p <= 1)):
            raise RuntimeError("bernoulli: probabilities must be between 0 and 1")
        u = self._unit64(p.size) if p.dtype == np.float64 else self._unit32(p.size)
        return (u.reshape(p.shape) < p).astype(p.dtype if dtype is None else dtype)

    def exponential(self, shape: Sequence[int], dtype: npt.DTypeLike = np.float32, lambd: float = 1.0) -> Array:
        """-ln(1 - u) / λ, u in float64; what `exponential_` draws.

        Raises:
            RuntimeError: λ is not positive, or `dtype` is not a floating-point dtype.
        """
        dtype = np.dtype(dtype)
        if dtype.kind != "f":
            raise RuntimeError(f"exponential gives floating-point numbers; {dtype} holds none")
        if not lambd > 0:
            raise RuntimeError(f"exponential: lambd must be positive, but is {lambd}")
        u = self._unit64(math.prod(shape))
        # bit-exact only for float64, where it shows: a call per element costs ten times more
        log = each(math.log1p, -u) if dtype == np.float64 else np.log1p(-u)
        return _narrow(-1.0 / lambd * log, dtype).reshape(tuple(shape))

    def multinomial(self, weights: Array, num_samples: int, replacement: bool = False) -> Array:
        """Indices of categories, drawn in proportion to their weights.

        One sample, or several without replacement: an exponential race. Category i has the arrival time q_i / w_i
        with q_i exponential, and the first arrivals are the samples. Several with replacement: invert the
        cumulative distribution at u.

        Args:
            weights: (C) or (N, C), of floats, not negative; they need not sum to 1.
            num_samples: S.

        Returns:
            int64 indices, (S) or (N, S).
        """
        _check_multinomial(weights, num_samples, replacement)
        if replacement and num_samples > 1:
            rows = weights.reshape(-1, weights.shape[-1])
            u = self._unit64(len(rows) * num_samples).reshape(len(rows), num_samples)
            out: Array = np.empty(u.shape, np.int64)
            for i, row in enumerate(rows):
                ends = np.cumsum(row, dtype=np.result_type(row, np.float32))
                ends /= ends[-1]
                out[i] = np.searchsorted(ends[:-1].astype(np.float64), u[i])
            return out.reshape(*weights.shape[:-1], num_samples)
        q = np.empty_like(weights)
        memory_order(q)[...] = self.exponential(memory_order(q).shape, q.dtype)
        with np.errstate(divide="ignore", invalid="ignore"):
            speed = weights / q
        first: Array
        if num_samples == 1:
            first = np.argmax(speed, axis=-1, keepdims=True)
        else:
            first = places_in_order(speed, -1, descending=True, k=num_samples)
        return first.astype(np.int64, copy=False)


def memory_order(x: Array) -> Array:
    """A view with the axes permuted to the order in memory.

    PyTorch fills a Tensor in memory order: `x.t().uniform_()` and `x.uniform_()` leave the same numbers in x.
    So sampling into an existing array is `memory_order(x)[...] = draw(memory_order(x).shape)`.
    """
    return x.transpose(np.argsort([-stride for stride in x.strides], kind="stable"))


# ---- argument checks ---------------------------------------------------------------------------------------


def _floating(dtype: npt.DTypeLike, draw: str) -> np.dtype[Any]:
    dtype = np.dtype(dtype)
    if dtype.kind != "f":
        raise NotImplementedError(f"{draw} draws floating point numbers; {dtype} cannot hold them")
    return dtype


def _narrow(x: Array, dtype: np.dtype[Any]) -> Array:
    """x cast to `dtype`; float64 is cast to float16 via float32, with two roundings, as in PyTorch"""
    if dtype == np.float16:
        x = x.astype(np.float32, copy=False)
    return x.astype(dtype, copy=False)


def _check_bounds(low: float, high: float, dtype: np.dtype[Any]) -> None:
    largest = float(np.finfo(dtype).max)
    for name, value in (("low", low), ("high", high)):
        if not -largest <= value <= largest:
            raise RuntimeError(f"uniform: {name}={value} is out of the range of {dtype}")
    if low > high:
        raise RuntimeError(f"uniform draws from low to high, but low={low} is above high={high}")
    if high - low > largest:
        raise RuntimeError(f"uniform: from {low} to {high} is a larger range than {dtype} reaches")


def _check_holds(dtype: np.dtype[Any], low: int, high: int) -> None:
    if dtype.kind == "f":
        first, last = -int(np.finfo(dtype).max), int(np.finfo(dtype).max)
    elif dtype.kind == "b":
        first, last = 0, 1
    else:
        first, last = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    for value in (low, high):
        if not first <= value <= last:
            raise RuntimeError(f"{value} is out of the range of {dtype}, which goes from {first} to {last}")


def _check_multinomial(weights: Array, num_samples: int, replacement: bool) -> None:
    if weights.ndim not in (1, 2):
        raise RuntimeError(f"multinomial: weights must have shape (C) or (N, C), not {weights.shape}")
    if weights.dtype.kind != "f":
        raise RuntimeError(f"multinomial: weights must be floating point, not {weights.dtype}")
    if num_samples <= 0:
        raise RuntimeError(f"multinomial: num_samples must be at least 1, not {num_samples}")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError(
            f"multinomial: {num_samples} samples cannot come from {weights.shape[-1]} categories, without "
            "replacement; draw fewer, or pass replacement=True"
        )
    if not np.all((weights >= 0) & (weights < np.inf)):
        raise RuntimeError("multinomial: weights must be finite and non-negative")
    if not np.all(weights.sum(axis=-1) > 0):
        raise RuntimeError("multinomial: a row of weights sums to 0")
