"""Fit the polynomials of `cutaway.ops.special.erf_values`.

What is missing from erf(a) to 1 falls like exp(-a²), so for a ≥ 0

    erf(a) = 1 - exp(-a · (1 + r(a)))

with an r that is smooth and slow: 0.13 at 0, 5.4 at 6. A polynomial can be r. It is found by weighted
least squares at Chebyshev's points, in 60 digits. The weight is what a small error of r does to erf, so
that digits are spent where erf has them: at a = 5 hardly any. Each round then gives more weight
to where the last one erred most (C. L. Lawson, 1961), which makes the largest error small, not the mean.

Needs mpmath; takes ten seconds:  python tools/fit_erf.py
"""

from __future__ import annotations

from typing import Any

from mpmath import cos, erf, erfc, log, matrix, mp, mpf, pi, qr_solve, sqrt

mp.dps = 60


def r(a: Any) -> Any:
    """The function to fit: erf(a) = 1 - exp(-a · (1 + r(a)))."""
    return -log(erfc(a)) / a - 1


def weight(a: Any) -> Any:
    """The relative error of erf(a) per error of r(a)."""
    return a * erfc(a) / erf(a)


def fit(end: float, degree: int, rounds: int = 12) -> tuple[list[Any], Any]:
    """The polynomial for 0 < a < end, the highest power first, and the largest relative error of erf."""
    count = 6 * degree
    points = [end * (1 - cos(pi * (2 * i + 1) / (2 * count))) / 2 for i in range(count)]
    values, weights = [r(a) for a in points], [weight(a) for a in points]
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
    for dtype, end, degree in (("float32", 4, 9), ("float64", 6, 25)):
        polynomial, worst = fit(end, degree)
        print(f"{dtype}: to be used below {end}, relative error {float(worst):.1e}")
        print("".join(f"    {float(c)!r},\n" for c in polynomial))
