"""Examples and values for the ops that read sequences: recurrent layers and attention.

Their values are worked out by loops over single elements, straight from the formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cutaway import ops

from .example import Array, Example, gaps, of_shapes, points


def of_recurrent(gates: int, states: int, **attrs: Any) -> list[Example]:
    """The kinds, for a layer that reads sequences, with and without biases."""

    def shapes(T: int, N: int, size: int, H: int, biases: int) -> list[tuple[int, ...]]:
        weights = [(gates * H, size), (gates * H, H)] + [(gates * H,)] * biases
        return [(T, N, size), *[(N, H)] * states, *weights]

    return [
        of_shapes("ordinary", *shapes(1, 1, 1, 1, 2), **attrs),
        of_shapes("ordinary", *shapes(3, 2, 2, 2, 2), **attrs),
        of_shapes("ordinary", *shapes(2, 2, 1, 3, 0), **attrs),
        of_shapes("empty", *shapes(2, 0, 2, 2, 2), **attrs),
        Example("non-contiguous", tuple(gaps(points(s, seed=i)) for i, s in enumerate(shapes(2, 2, 3, 2, 2))), attrs),
    ]


SEEN = np.array([[True, True, False], [False, True, True]])  # (L, S)
KEPT = np.array([[1.25, 0, 1.25], [1.25, 1.25, 0]])
SEQUENCES: dict[Callable[..., Any], list[Example]] = {
    ops.pad: [
        of_shapes("ordinary", (2, 3), widths=((1, 0), (2, 1))),
        of_shapes("ordinary", (2, 3), widths=((0, 1), (-1, 2)), value=1.5),
        of_shapes("ordinary", (4, 3), widths=((-1, -2), (0, -1))),
        of_shapes("0-d", (), widths=()),
        of_shapes("empty", (0, 3), widths=((0, 0), (1, 1))),
        of_shapes("empty", (0, 3), widths=((1, 1), (0, 0)), value=2.0),
        Example("non-contiguous", (gaps(points((2, 3))),), {"widths": ((1, 0), (-1, 1))}),
    ],
    ops.rnn: of_recurrent(1, 1) + [of_shapes("ordinary", (3, 2, 2), (2, 3), (3, 2), (3, 3), (3,), (3,), relu=True)],
    ops.lstm: of_recurrent(4, 2),
    ops.gru: of_recurrent(3, 1),
    ops.scaled_dot_product_attention: [
        of_shapes("ordinary", (2, 2), (3, 2), (3, 2), scale=0.7),
        of_shapes("ordinary", (2, 2, 2, 3), (2, 2, 3, 3), (2, 2, 3, 1), scale=0.5),
        of_shapes("ordinary", (2, 2), (3, 2), (3, 2), scale=0.7, keep=SEEN),
        of_shapes("ordinary", (2, 2), (3, 2), (3, 2), scale=0.7, keep=SEEN & [[True], [False]]),
        of_shapes("ordinary", (2, 2), (3, 2), (3, 2), (2, 3), scale=0.7, keep=SEEN),
        of_shapes("ordinary", (2, 2), (3, 2), (3, 2), scale=0.7, kept=KEPT),
        of_shapes("ordinary", (2, 2, 2), (2, 3, 2), (2, 3, 2), (2, 2, 3), scale=30.0, kept=KEPT, keep=SEEN),
        of_shapes("empty", (0, 2, 2), (0, 3, 2), (0, 3, 2), scale=0.7),
        of_shapes("empty", (0, 2), (3, 2), (3, 2), scale=0.7),
        Example(
            "non-contiguous",
            (gaps(points((2, 2))), gaps(points((3, 2), seed=1)), gaps(points((3, 2), seed=2))),
            {"scale": 0.7, "keep": SEEN},
        ),
    ],
}

EXCUSED_SEQUENCES = {
    **{(op, "0-d"): "takes sequences" for op in (ops.rnn, ops.lstm, ops.gru)},
    (ops.scaled_dot_product_attention, "0-d"): "takes queries and keys",
}


# --- values, element by element -----------------------------------------------------------------------------


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(min(-z, 700)))


def _dot(row: Array, vector: Array) -> float:
    return math.fsum(float(a * b) for a, b in zip(row, vector, strict=True))


def _sequences(step: Callable[..., Any]) -> Callable[..., Array]:
    """A layer from its step, which is given two numbers for each gate of each unit: from x and from h."""

    def read(x: Array, states: list[Array], w_ih: Array, w_hh: Array, *biases: Array, **attrs: Any) -> Array:
        (T, N, _), H = x.shape, w_hh.shape[1]
        b, b_h = biases if biases else (np.zeros(len(w_ih)), np.zeros(len(w_ih)))
        h, *c = (state.copy() for state in states)
        out = np.zeros((T + len(c), N, H))
        for n in range(N):
            for t in range(T):
                before = h[n].copy()
                for j in range(H):
                    rows = range(j, len(w_ih), H)
                    from_x = [_dot(w_ih[r], x[t, n]) + b[r] for r in rows]
                    from_h = [_dot(w_hh[r], before) + b_h[r] for r in rows]
                    if c:
                        h[n, j], c[0][n, j] = step(from_x, from_h, c[0][n, j], **attrs)
                    else:
                        h[n, j] = step(from_x, from_h, before[j], **attrs)
                out[t, n] = h[n]
        if c:
            out[T] = c[0]
        return out

    return read


def _rnn(x: list[float], y: list[float], _: float, relu: bool = False) -> float:
    return max(x[0] + y[0], 0) if relu else math.tanh(x[0] + y[0])


def _lstm(x: list[float], y: list[float], c: float) -> tuple[float, float]:
    i, f, u, o = (a + b for a, b in zip(x, y, strict=True))
    c = _sigmoid(f) * c + _sigmoid(i) * math.tanh(u)
    return _sigmoid(o) * math.tanh(c), c


def _gru(x: list[float], y: list[float], h: float) -> float:
    r, z = _sigmoid(x[0] + y[0]), _sigmoid(x[1] + y[1])
    return (1 - z) * math.tanh(x[2] + r * y[2]) + z * h


def attention(q: Array, k: Array, v: Array, *bias: Array, scale: float, keep: Any = True, kept: Any = 1.0) -> Array:
    batch, L, S = q.shape[:-2], q.shape[-2], k.shape[-2]
    bias, keep, kept = (np.broadcast_to(a, (*batch, L, S)) for a in (bias[0] if bias else 0.0, keep, kept))
    out = np.zeros((*batch, L, v.shape[-1]))
    for n in np.ndindex(*batch):
        for i in range(L):
            scores = [_dot(q[n][i], k[n][j]) * scale + bias[n][i, j] for j in range(S)]
            top = max((s for j, s in enumerate(scores) if keep[n][i, j]), default=0)
            fits = [math.exp(s - top) if keep[n][i, j] else 0.0 for j, s in enumerate(scores)]
            for j in range(S):
                if fits[j]:
                    out[n][i] += fits[j] / math.fsum(fits) * kept[n][i, j] * v[n][j]
    return out


def pad(x: Array, widths: Any, value: float = 0) -> Array:
    out = np.zeros([n + before + after for n, (before, after) in zip(x.shape, widths, strict=True)])
    for place in np.ndindex(out.shape):
        source = tuple(i - before for i, (before, _) in zip(place, widths, strict=True))
        inside = all(0 <= i < n for i, n in zip(source, x.shape, strict=True))
        out[place] = x[source] if inside else value
    return out


VALUES_OF_SEQUENCES: dict[Callable[..., Any], Callable[..., Any]] = {
    ops.pad: pad,
    ops.rnn: lambda x, h, *weights, **attrs: _sequences(_rnn)(x, [h], *weights, **attrs),
    ops.lstm: lambda x, h, c, *weights: _sequences(_lstm)(x, [h, c], *weights),
    ops.gru: lambda x, h, *weights: _sequences(_gru)(x, [h], *weights),
    ops.scaled_dot_product_attention: attention,
}
