"""Example inputs for every op.

One table for all tests of ops, those against PyTorch included. Each op has examples of several kinds:
ordinary, broadcast (if it is declared to), 0-d, empty, and non-contiguous. Numbers are chosen so that no
example lies on a corner, a step or a tie, where central differences mean nothing: those places have tests of
their own. An op that cannot have an example of some kind is listed in EXCUSED, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from cutaway import ops

from .example import Example, binary, gaps, i64, of_shapes, points, reduction, together, unary
from .examples_of_indexing import EXCUSED_INDEXING, INDEXING
from .examples_of_layers import EXCUSED_LAYERS, LAYERS
from .examples_of_matrices import EXCUSED_MATRICES, MATRICES
from .examples_of_sequences import EXCUSED_SEQUENCES, SEQUENCES

MASK = np.array([[True, False, True], [False, False, True]])
LABELS = i64(0, 2, 2, 1)
X23, X4 = points((2, 3)), points((4,))

EXAMPLES: dict[Callable[..., Any], list[Example]] = {
    # arithmetic
    ops.add: binary(),
    ops.sub: binary(),
    ops.mul: binary(),
    ops.div: binary(y=(0.5, 2)),
    ops.neg: unary(),
    ops.power: [e for n in (2, 3, 1, 0, -2, -1) for e in unary(0.5, 2, n=n)]
    + [Example("ordinary", (points((2, 3), 0.5, 2),), {"n": n}) for n in (0.5, 1.7, -0.5)]
    + [Example("ordinary", (X23,), {"n": n}) for n in (2, 3, 0, 1)],  # of negative numbers
    ops.pow: binary(x=(0.5, 2)),
    ops.atan2: binary(x=(0.5, 2)) + binary(x=(-2, -0.5), y=(0.5, 2)),
    ops.logaddexp: binary(),
    ops.lerp: [
        of_shapes("ordinary", (2, 3), (2, 3), (2, 3)),
        Example("ordinary", (X23, points((2, 3), seed=1), points((2, 3), 0.6, 1.4, 2))),
        of_shapes("broadcast", (2, 3), (3,), ()),
        of_shapes("broadcast", (3,), (2, 1), (2, 3)),
        of_shapes("0-d", (), (), ()),
        of_shapes("empty", (0, 3), (3,), (0, 1)),
        Example("non-contiguous", (gaps(X23), gaps(points((2, 3), seed=1)), gaps(points((2, 3), seed=2)))),
    ],
    ops.maximum: binary(),
    ops.minimum: binary(),
    ops.masked_fill: [
        Example("ordinary", (X23, points((), seed=1)), {"mask": MASK}),
        Example("broadcast", (points((3,)), points((), seed=1)), {"mask": MASK}),
        Example("broadcast", (X23, points((), seed=1)), {"mask": MASK[0]}),
        Example("0-d", (points(()), points((), seed=1)), {"mask": np.array(True)}),
        Example("empty", (np.zeros((0, 3)), points((), seed=1)), {"mask": np.zeros((0, 3), bool)}),
        Example("non-contiguous", (gaps(X23), points((), seed=1)), {"mask": MASK}),
    ],
    ops.where: [
        *[e for e in binary(condition=MASK) if np.broadcast_shapes(*(x.shape for x in e.inputs)) == (2, 3)],
        Example("broadcast", (points((2, 1)), points((), seed=1)), {"condition": MASK}),
        Example("0-d", (points(()), points((), seed=1)), {"condition": np.array(False)}),
        Example("empty", (np.zeros((0, 3)), np.zeros(3)), {"condition": np.zeros((0, 3), bool)}),
    ],
    # one array, element by element
    ops.exp: unary(),
    ops.expm1: unary(),
    ops.log: unary(0.2, 3),
    ops.log1p: unary(-0.8, 3),
    ops.log2: unary(0.2, 3),
    ops.log10: unary(0.2, 3),
    ops.sqrt: unary(0.2, 3),
    ops.rsqrt: unary(0.2, 3),
    ops.reciprocal: unary(0.3, 3) + unary(-3, -0.3),
    ops.abs: unary(),
    ops.sin: unary(-4, 4),
    ops.cos: unary(-4, 4),
    ops.tan: unary(-1.4, 1.4) + unary(2, 4),
    ops.asin: unary(-0.9, 0.9),
    ops.acos: unary(-0.9, 0.9),
    ops.atan: unary(-4, 4),
    ops.sinh: unary(),
    ops.cosh: unary(),
    ops.tanh: unary(),
    ops.sigmoid: unary(-4, 4),
    ops.logit: unary(0.1, 0.9) + unary(0, 1, eps=0.3),
    ops.erf: unary(),
    ops.clamp: unary(min=-1.0, max=0.8) + unary(min=0.1) + unary(max=0.1),
    ops.clip: [
        Example("ordinary", (X23, points((2, 3), -2, 0, 1), points((2, 3), 0, 2, 2))),
        Example("ordinary", (X23, points((2, 3), 0, 2, 1), points((2, 3), -2, 0, 2))),  # the bounds cross
        Example("broadcast", (X23, points((3,), -2, 0, 1), points((2, 1), 0, 2, 2))),
        Example("broadcast", (points((3,)), points((), -1, 0, 1), points((2, 3), 0, 2, 2))),
        Example("0-d", (points(()), points((), -2, -1, 1), points((), 1, 2, 2))),
        Example("empty", (np.zeros((0, 3)), points((3,), -2, 0, 1), points((), 0, 2, 2))),
        Example("non-contiguous", (gaps(X23), gaps(points((2, 3), -2, 0, 1)), gaps(points((2, 3), 0, 2, 2)))),
    ],
    ops.nan_to_num: unary(nan=0.0, posinf=1e30, neginf=-1e30),
    ops.copy: unary(),
    ops.cast: unary(dtype=np.dtype(np.float64)),
    # rounding
    ops.floor: unary(),
    ops.ceil: unary(),
    ops.trunc: unary(),
    ops.round: unary() + unary(decimals=1),
    ops.sign: unary(),
    ops.floor_divide: binary(x=(-5, 5), y=(0.6, 2)) + binary(x=(-5, 5), y=(-2, -0.6)),
    ops.trunc_divide: binary(x=(-5, 5), y=(0.6, 2)) + binary(x=(-5, 5), y=(-2, -0.6)),
    ops.remainder: binary(x=(-5, 5), y=(0.6, 2)) + binary(x=(-5, 5), y=(-2, -0.6)),
    ops.fmod: binary(x=(-5, 5), y=(0.6, 2)) + binary(x=(-5, 5), y=(-2, -0.6)),
    ops.drawn: [
        Example("ordinary", (X23,), {"draws": points((2, 3), seed=3), "of": "Bernoulli"}),
        Example("broadcast", (X23, points((3,), seed=1)), {"draws": points((2, 3), seed=3), "of": "Normal"}),
        Example("0-d", (points(()),), {"draws": points((), seed=3), "of": "Bernoulli"}),
        Example("empty", (np.zeros((0, 3)),), {"draws": np.zeros((0, 3)), "of": "Bernoulli"}),
        Example("non-contiguous", (gaps(X23),), {"draws": points((2, 3), seed=3), "of": "Bernoulli"}),
    ],
    # reductions
    ops.sum: reduction(),
    ops.prod: [e for e in reduction(empty=True) if not isinstance(e.attrs.get("axis"), tuple)]
    + [Example("ordinary", (np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0], [1.0, 0.0, 2.0]]),), {"axis": 1})],
    ops.cumprod: [
        *[of_shapes("ordinary", (2, 3, 2), axis=axis) for axis in (0, 1, -1)],
        Example("ordinary", (np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0], [1.0, 0.0, 2.0]]),), {"axis": 1}),
        of_shapes("empty", (0, 3), axis=0),
        of_shapes("empty", (0, 3), axis=1),
        Example("non-contiguous", (gaps(X23),), {"axis": 1}),
    ],
    ops.median: [
        Example("ordinary", (X23,), {"place": int(np.argsort(X23, axis=None)[2])}),
        of_shapes("0-d", (), place=0),
        Example("non-contiguous", (gaps(X23),), {"place": int(np.argsort(X23, axis=None)[2])}),
    ],
    ops.mean: reduction(),
    ops.var: reduction() + reduction(correction=0) + [Example("ordinary", (X23,), {"axis": 1, "correction": 0.5})],
    ops.std: reduction()
    + [replace(e, twice=e.kind != "0-d") for e in reduction(correction=0)],  # of one number it is √0, a corner
    ops.amax: reduction(empty=False),
    ops.amin: reduction(empty=False),
    ops.logsumexp: reduction(),
    ops.cumsum: [
        *[of_shapes("ordinary", (2, 3, 2), axis=axis) for axis in (0, 1, -1)],
        of_shapes("empty", (0, 3), axis=0),
        Example("non-contiguous", (gaps(X23),), {"axis": 1}),
    ],
    ops.norm: [e for p in (2.0, 1.0, 3.0, np.inf) for e in reduction(p=p, empty=p != np.inf)]
    + [Example("ordinary", (X23,), {"axis": axis, "p": p}) for axis in (None, 1) for p in (-np.inf, 0.0, 0.5, -1, 1.5)],
    # shape
    ops.reshape: [
        of_shapes("ordinary", (2, 3), shape=(3, 2)),
        of_shapes("ordinary", (2, 3), shape=(-1,)),
        of_shapes("ordinary", (2, 3), shape=(3, 1, -1)),
        of_shapes("ordinary", (1, 1), shape=()),
        of_shapes("0-d", (), shape=(1, 1)),
        of_shapes("empty", (0, 3), shape=(3, 0, 2)),
        Example("non-contiguous", (gaps(X23),), {"shape": (6,)}),
        Example("non-contiguous", (X23.T,), {"shape": (2, 3)}),
    ],
    ops.transpose: [
        of_shapes("ordinary", (2, 3, 4), axes=(2, 0, 1)),
        of_shapes("ordinary", (2, 3), axes=(1, 0)),
        of_shapes("0-d", (), axes=()),
        of_shapes("empty", (0, 3), axes=(1, 0)),
        Example("non-contiguous", (gaps(X23),), {"axes": (1, 0)}),
    ],
    ops.swapaxes: [
        of_shapes("ordinary", (2, 3, 4), a=0, b=2),
        of_shapes("ordinary", (2, 3), a=-1, b=-2),
        of_shapes("empty", (0, 3), a=0, b=1),
        Example("non-contiguous", (gaps(X23),), {"a": 0, "b": 1}),
    ],
    ops.t: [
        of_shapes("ordinary", (2, 3)),
        of_shapes("ordinary", (3,)),
        of_shapes("0-d", ()),
        of_shapes("empty", (0, 3)),
        Example("non-contiguous", (gaps(X23),)),
    ],
    ops.squeeze: [
        of_shapes("ordinary", (1, 3, 1), axis=None),
        of_shapes("ordinary", (1, 3, 1), axis=0),
        of_shapes("ordinary", (1, 3, 1), axis=(0, 2)),
        of_shapes("0-d", (), axis=None),
        of_shapes("empty", (0, 1), axis=1),
        Example("non-contiguous", (gaps(points((3, 1))),), {"axis": 1}),
    ],
    ops.unsqueeze: [
        *[of_shapes("ordinary", (2, 3), axis=axis) for axis in (0, 1, 2, -1)],
        of_shapes("0-d", (), axis=0),
        of_shapes("empty", (0,), axis=1),
        Example("non-contiguous", (gaps(X23),), {"axis": 1}),
    ],
    ops.expand: [
        of_shapes("ordinary", (2, 1), shape=(2, 1)),
        of_shapes("broadcast", (2, 1), shape=(2, 3)),
        of_shapes("broadcast", (3,), shape=(2, 2, 3)),
        of_shapes("empty", (2, 1), shape=(0, 2, 3)),
        of_shapes("0-d", (), shape=(2, 3)),
        of_shapes("empty", (0, 1), shape=(0, 3)),
        Example("non-contiguous", (gaps(points((2, 1))),), {"shape": (2, 3)}),
    ],
    ops.flip: [
        *[of_shapes("ordinary", (2, 3, 2), axis=axis) for axis in ((0,), (0, 2), ())],
        of_shapes("0-d", (), axis=()),
        of_shapes("empty", (0, 3), axis=(0,)),
        Example("non-contiguous", (gaps(X23),), {"axis": (1,)}),
    ],
    ops.roll: [
        of_shapes("ordinary", (2, 3, 2), shift=(1, -2), axis=(0, 1)),
        of_shapes("ordinary", (2, 3), shift=(4,), axis=(1,)),
        of_shapes("ordinary", (2, 3), shift=(2,), axis=None),
        of_shapes("0-d", (), shift=(1,), axis=None),
        of_shapes("empty", (0, 3), shift=(1,), axis=(1,)),
        Example("non-contiguous", (gaps(X23),), {"shift": (1,), "axis": (1,)}),
    ],
    ops.diagonal: [
        of_shapes("ordinary", (3, 4)),
        of_shapes("ordinary", (3, 4), offset=2),
        of_shapes("ordinary", (2, 3, 4), offset=-1, axis1=2, axis2=0),
        of_shapes("ordinary", (2, 3, 4), axis1=1, axis2=2),
        of_shapes("empty", (0, 3)),
        Example("non-contiguous", (gaps(X23),), {"offset": 1}),
    ],
    ops.diag_embed: [
        of_shapes("ordinary", (3,), shape=(3, 3)),
        of_shapes("ordinary", (3,), shape=(4, 4), offset=-1),
        of_shapes("ordinary", (4, 2), shape=(2, 4, 3), axis1=2, axis2=0),
        of_shapes("empty", (0,), shape=(0, 3)),
        Example("non-contiguous", (gaps(points((3, 2))),), {"shape": (3, 2, 3), "axis1": 1, "axis2": 2}),
    ],
    ops.sliding: [
        of_shapes("ordinary", (5,), axis=0, size=3, step=1),
        of_shapes("ordinary", (2, 6, 2), axis=1, size=2, step=2),
        of_shapes("ordinary", (5, 2), axis=0, size=2, step=3),
        of_shapes("empty", (0, 3), axis=1, size=2, step=1),
        of_shapes("empty", (2, 3), axis=1, size=0, step=1),
        Example("non-contiguous", (gaps(X23),), {"axis": 1, "size": 2, "step": 1}),
    ],
    ops.tile: [
        of_shapes("ordinary", (2, 3), repeats=(2, 2)),
        of_shapes("ordinary", (3,), repeats=(2, 3)),
        of_shapes("ordinary", (2, 3), repeats=(2, 1, 2)),
        of_shapes("0-d", (), repeats=(3,)),
        of_shapes("empty", (0, 3), repeats=(2, 2)),
        of_shapes("empty", (2, 3), repeats=(0, 2)),
        Example("non-contiguous", (gaps(X23),), {"repeats": (2, 1)}),
    ],
    **{
        op: [
            of_shapes("ordinary", (3, 4)),
            of_shapes("ordinary", (3, 4), k=1),
            of_shapes("ordinary", (2, 3, 3), k=-1),
            of_shapes("empty", (0, 3)),
            Example("non-contiguous", (gaps(X23),)),
        ]
        for op in (ops.tril, ops.triu)
    },
    ops.cat: [
        of_shapes("ordinary", (2, 3), (1, 3), axis=0),
        of_shapes("ordinary", (2, 3), (2, 1), (2, 2), axis=1),
        of_shapes("ordinary", (2, 3), (2, 1), axis=-1),
        of_shapes("ordinary", (3,), axis=0),
        of_shapes("empty", (0, 3), (2, 3), axis=0),
        of_shapes("empty", (0, 3), (0, 3), axis=1),
        Example("non-contiguous", (gaps(X23), gaps(points((2, 3), seed=1))), {"axis": 1}),
    ],
    ops.stack: [
        *[of_shapes("ordinary", (2, 3), (2, 3), axis=axis) for axis in (0, 1, 2)],
        of_shapes("ordinary", (2,), axis=0),
        of_shapes("0-d", (), (), (), axis=0),
        of_shapes("empty", (0, 3), (0, 3), axis=1),
        Example("non-contiguous", (gaps(X23), gaps(points((2, 3), seed=1))), {"axis": 2}),
    ],
    # activations
    ops.relu: unary(),
    ops.leaky_relu: unary() + unary(negative_slope=0.3) + unary(negative_slope=-0.5),
    ops.elu: unary() + unary(alpha=1.7, scale=1.3),
    ops.gelu: unary() + unary(approximate="tanh"),
    ops.silu: unary(-4, 4),
    ops.softplus: unary() + unary(beta=2.0, threshold=1.1),
    ops.logsigmoid: unary(-4, 4),
    ops.mish: unary(-4, 4),
    ops.prelu: binary(),
    ops.hardtanh: unary() + unary(low=-0.5, high=1.5),
    **{
        op: [
            *[of_shapes("ordinary", (2, 3, 2), axis=axis) for axis in (0, 1, -1)],
            of_shapes("0-d", (), axis=-1),
            of_shapes("empty", (0, 3), axis=1),
            of_shapes("empty", (0, 3), axis=0),
            Example("non-contiguous", (gaps(X23),), {"axis": 1}),
        ]
        for op in (ops.softmax, ops.log_softmax)
    },
    # losses
    **{
        op: [
            of_shapes("ordinary", (4, 3), target=LABELS, scale=np.full(4, 0.25)),
            of_shapes("ordinary", (4, 3), target=LABELS, scale=np.array([0.5, 0, 2, 1]), total=False),
            of_shapes("empty", (0, 3), target=np.zeros(0, np.int64), scale=np.zeros(0)),
            of_shapes("empty", (0, 3), target=np.zeros(0, np.int64), scale=np.zeros(0), total=False),
            Example("non-contiguous", (gaps(points((4, 3))),), {"target": LABELS, "scale": np.full(4, 0.25)}),
        ]
        for op in (ops.cross_entropy, ops.nll)
    },
    ops.mse_loss: [e for r in ("mean", "sum", "none") for e in binary(reduction=r)],
    ops.huber_loss: [e for r in ("mean", "sum", "none") for e in binary(reduction=r)] + binary(delta=0.76),
    ops.smooth_l1_loss: [e for r in ("mean", "sum", "none") for e in binary(reduction=r)] + binary(beta=0.76),
    ops.binary_cross_entropy: [e for r in ("mean", "none") for e in together((0.1, 0.9), (0.2, 0.8), reduction=r)],
    ops.binary_cross_entropy_with_logits: [
        e for attrs in ({}, {"reduction": "none"}, {"pos_weight": 2.5}) for e in together((-4, 4), (0.2, 0.8), **attrs)
    ],
    **INDEXING,
    **LAYERS,
    **MATRICES,
    **SEQUENCES,
}

_NEEDS_AXIS = "needs an axis, and a single number has none"
_NEEDS_MATRIX = "takes matrices"
EXCUSED: dict[tuple[Callable[..., Any], str], str] = {
    (ops.cumsum, "0-d"): _NEEDS_AXIS,
    (ops.cumprod, "0-d"): _NEEDS_AXIS,
    (ops.median, "empty"): "is undefined without elements",
    (ops.swapaxes, "0-d"): _NEEDS_AXIS,
    (ops.diagonal, "0-d"): _NEEDS_MATRIX,
    (ops.diag_embed, "0-d"): _NEEDS_AXIS,
    (ops.sliding, "0-d"): _NEEDS_AXIS,
    (ops.tril, "0-d"): _NEEDS_MATRIX,
    (ops.triu, "0-d"): _NEEDS_MATRIX,
    (ops.cat, "0-d"): _NEEDS_AXIS,
    (ops.cross_entropy, "0-d"): "takes a row of logits per example",
    (ops.nll, "0-d"): "takes a row of logits per example",
    **EXCUSED_INDEXING,
    **EXCUSED_LAYERS,
    **EXCUSED_MATRICES,
    **EXCUSED_SEQUENCES,
}

