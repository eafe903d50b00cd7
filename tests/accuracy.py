"""The error of functions that are easily computed inaccurately: `make numerics` writes docs/numerics.md.

The reference is computed by mpmath in 60 digits, for inputs rounded to the dtype. An error is given in
units of ε · scale: ε is 2⁻²³ for float32 and 2⁻⁵² for float64, and the scale is what the exact result is sensitive
to. Rounding the inputs once more could do as much harm as one such unit; so no method can do much better than a few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpmath
import numpy as np

import cutaway

Array = np.ndarray[Any, Any]
Numbers = list[Any]  # of mpmath's
PAGE = Path(__file__).parents[1] / "docs" / "numerics.md"


@dataclass(frozen=True)
class Bound:
    """A function of rows, what it is exactly, what its errors are measured by, and how large they may be."""

    name: str
    function: Callable[[cutaway.Tensor], cutaway.Tensor]
    exact: Callable[[Numbers], Numbers]  # of one row
    scale: Callable[[Numbers, Numbers, float], Numbers]  # of a row, its exact result, and ε
    says: str  # the scale, in words
    units: float  # the bound


def logsumexp(v: Numbers) -> Any:
    return mpmath.log(mpmath.fsum(mpmath.exp(x) for x in v))


def softmax(v: Numbers) -> Numbers:
    total = mpmath.fsum(mpmath.exp(x) for x in v)
    return [mpmath.exp(x) / total for x in v]


def log_softmax(v: Numbers) -> Numbers:
    total = logsumexp(v)
    return [x - total for x in v]


def mean(v: Numbers) -> Any:
    return mpmath.fsum(v) / len(v)


def variance(v: Numbers) -> Any:
    middle = mean(v)
    return mpmath.fsum((x - middle) ** 2 for x in v) / (len(v) - 1)


def norm(p: int) -> Callable[[Numbers], Numbers]:
    return lambda v: [mpmath.fsum(abs(x) ** p for x in v) ** (mpmath.mpf(1) / p)]


def cross_entropy(x: cutaway.Tensor) -> cutaway.Tensor:
    first = cutaway.zeros(len(x), dtype=cutaway.int64)
    return cutaway.nn.functional.cross_entropy(x, first, reduction="none")


def itself(v: Numbers, y: Numbers, eps: float) -> Numbers:
    return [abs(t) for t in y]


def at_least_one(v: Numbers, y: Numbers, eps: float) -> Numbers:
    return [max(abs(t), 1) for t in y]


def with_largest(v: Numbers, y: Numbers, eps: float) -> Numbers:
    return [max(abs(t), abs(max(v)), 1) for t in y]


def below_largest(v: Numbers, y: Numbers, eps: float) -> Numbers:
    return [t * (1 + max(v) - x) for x, t in zip(v, y, strict=True)]


def of_spread(v: Numbers, y: Numbers, eps: float) -> Numbers:
    spread = variance(v)
    return [t * (1 + eps * mean(v) ** 2 / spread) if spread else eps * mean(v) ** 2 for t in y]


BOUNDS = [
    Bound("softmax", lambda x: x.softmax(-1), softmax, below_largest, "y · (1 + max x - x)", 4),
    Bound("log_softmax", lambda x: x.log_softmax(-1), log_softmax, at_least_one, "max(abs y, 1)", 4),
    Bound("logsumexp", lambda x: x.logsumexp(-1), lambda v: [logsumexp(v)], with_largest,
          "max(abs y, abs max x, 1)", 4),
    Bound("cross_entropy", cross_entropy, lambda v: [logsumexp(v) - v[0]], at_least_one, "max(y, 1)", 4),
    Bound("mean", lambda x: x.mean(-1), lambda v: [mean(v)], lambda v, y, eps: [mean([abs(x) for x in v])],
          "mean of abs x", 4),
    Bound("var", lambda x: x.var(-1), lambda v: [variance(v)], of_spread, "y + ε · mean²", 5),
    Bound("std", lambda x: x.std(-1), lambda v: [mpmath.sqrt(variance(v))], of_spread, "y · (1 + ε · mean² / var)", 5),
    *[Bound(f"norm, p = {p}", lambda x, p=p: x.norm(p, dim=-1), norm(p), itself, "y", units)
      for p, units in ((1, 5), (2, 5), (3, 12))],
]  # fmt: skip


def inputs() -> Iterator[tuple[str, Array]]:
    """Rows that are hard, and what makes them so."""
    rng = np.random.default_rng(0)
    yield "ordinary", rng.normal(size=(30, 50))
    yield "large", rng.normal(size=(20, 50)) * 1e4
    yield "near to each other", 1e4 + rng.normal(size=(20, 50))
    yield "very near", 1e6 + rng.uniform(size=(20, 50)) * 8
    yield "one stands out", np.where(np.arange(50) == 7, 80.0, rng.normal(size=(20, 50)))
    yield "the first stands out", np.where(np.arange(50) == 0, 30.0, rng.normal(size=(20, 50)))
    yield "tiny", rng.normal(size=(20, 50)) * 1e-12
    yield "of all sizes", rng.choice([-1, 1], (20, 50)) * 10.0 ** rng.uniform(-9, 9, (20, 50))
    yield "two numbers", rng.normal(size=(50, 2)) * 30
    yield "long", rng.normal(size=(1, 5_000))


def worst(bound: Bound, x: Array) -> float:
    """The largest error over the rows, in units."""
    eps = float(np.finfo(x.dtype).eps)
    found = 0.0
    with mpmath.workdps(60):
        for row, got in zip(x, bound.function(cutaway.from_numpy(x)).numpy(), strict=True):
            v = [mpmath.mpf(float(number)) for number in row]
            y = bound.exact(v)
            for value, truth, scale in zip(np.atleast_1d(got), y, bound.scale(v, y, eps), strict=True):
                least = max(scale, mpmath.mpf(float(np.finfo(x.dtype).tiny)) / eps)  # below it numbers lie evenly
                found = max(found, float(abs(mpmath.mpf(float(value)) - truth) / (eps * least)))
    return found


def page() -> str:
    """What was measured, beside what is promised."""
    lines = [
        "# Numerical accuracy\n",
        (__doc__ or "").partition("\n\n")[2],
        "`make test` enforces the bounds; `make numerics` measures the errors, and writes this page.\n",
        "| function | scale | bound | measured, float32 | measured, float64 | worst for rows that are |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for bound in BOUNDS:
        single, double = (
            max((worst(bound, x.astype(dtype)), kind) for kind, x in inputs()) for dtype in (np.float32, np.float64)
        )
        lines.append(
            f"| {bound.name} | {bound.says} | {bound.units:g} | {single[0]:.1f} | {double[0]:.1f} | {single[1]} |"
        )
    return "\n".join([*lines, "", TEXT])


TEXT = """What this means:

- **softmax** of a score far below the largest has a relative error that grows with the distance, because exp amplifies
  the rounding error of its argument. Its absolute error stays below ε.
- **cross_entropy** has an absolute error of about ε when the loss is small: in float32 a loss below 10⁻⁷ is 0.
- **var** and **std** take two passes, the first for the mean, so large numbers that are close to each other do no harm;
  the sum of squares minus the square of the sum would lose all digits.
- **norm** squares without scaling, as in PyTorch: in float32 a number above 1.8 · 10¹⁹ makes it ∞, and one below 10⁻²²
  counts as 0.
- **The same result on every run**: the same program, seed, machine and versions give the same bits; a test trains the
  same network twice. cutaway itself computes in one thread and in one order. Matrix products are computed by NumPy's
  BLAS, which may divide the work among threads. For a different number of threads, neither PyTorch nor cutaway
  guarantees the same bits; the network of that test gave them with 1, 2 and 4. A different BLAS, processor or version
  of NumPy may round differently.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
