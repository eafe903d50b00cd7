"""Fit the polynomials of `cutaway.ops.special.erf_values`.

In float64: what is missing from erf(a) to 1 falls like exp(-a²), so for a ≥ 0

    erf(a) = 1 - exp(-a · (1 + r(a)))

with an r that is smooth and slow: 0.13 at 0, 5.4 at 6. In float32, where fewer digits count, a shorter form will do:

    erf(x) = tanh(x · q(x²))

Both r and q can be polynomials. They are found by weighted least squares at Chebyshev's points, in 60 digits. The
weight is what a small error of r or q does to erf, so that digits are spent where erf has them: at 5 hardly any. Each
round then gives more weight to where the last one erred most (C. L. Lawson, 1961), which makes the largest error
small, not the mean.

Needs mpmath; takes ten seconds:  python tools/fit_erf.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath import atanh, cos, erf, erfc, log, matrix, mp, mpf, pi, qr_solve, sqrt

mp.dps = 60


def r(a: Any) -> Any:
    """The function to fit: erf(a) = 1 - exp(-a · (1 + r(a)))."""
    return -log(erfc(a)) / a - 1


def weight_of_r(a: Any) -> Any:
    """The relative error of erf(a) per error of r(a)."""
    return a * erfc(a) / erf(a)


def q(u: Any) -> Any:
    """The function to fit, of u = x²: erf(x) = tanh(x · q(x²))."""
    return atanh(erf(sqrt(u))) / sqrt(u)


def weight_of_q(u: Any) -> Any:
    """The relative error of erf(x) per error of q(x²)."""
    return sqrt(u) * (1 - erf(sqrt(u)) ** 2) / erf(sqrt(u))


def fit(
    function: Callable[[Any], Any], weight: Callable[[Any], Any], end: float, degree: int, rounds: int
) -> tuple[list[Any], Any]:
    """The polynomial for 0 < a < end, the highest power first, and the largest relative error of erf."""
    count = 6 * degree
    points = [end * (1 - cos(pi * (2 * i + 1) / (2 * count))) / 2 for i in range(count)]
    values, weights = [function(a) for a in points], [weight(a) for a in points]
    attention = [mpf(1)] * count
    for _ in range(rounds):
        scale = [w * sqrt(u) for w, u in zip(weights, attention, strict=True)]
        rows = matrix([[s * a**k for k in range(degree, -1, -1)] for s, a in zip(scale, points, strict=True)])
        solution, _ = qr_solve(rows, matrix([s * v for s, v in zip(scale, values, strict=True)]))
        polynomial = list(solution)
        errors = [abs(w * (mp.polyval(polynomial, a) - v)) for w, a, v in zip(weights, points, values, strict=True)]
        attention = [u * (e / max(errors) + mpf("1e-6")) for u, e in zip(attention, errors, strict=True)]
        attention = [u / max(attention) for u in attention]
    return polynomial, max(errors)


if __name__ == "__main__":
    for dtype, form in (("float32", (q, weight_of_q, 16, 7, 40)), ("float64", (r, weight_of_r, 6, 25, 12))):
        polynomial, worst = fit(*form)
        print(f"{dtype}: relative error {float(worst):.1e}")
        print("".join(f"    {float(c)!r},\n" for c in polynomial))
