"""Where ops are hard: signed zeros, infinities, nan, ties, large numbers; and where PyTorch means something else there.

tests/parity compares with PyTorch in these cases; the card of correctness counts them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from cutaway import ops

from .example import Example, i64
from .examples import EXAMPLES

Op = Callable[..., Any]
inf, nan = np.inf, np.nan

# --- numbers, one by one and in rows ------------------------------------------------------------------------

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 3.0, 1e-3, 25.0, -25.0, 150.0, -150.0, 1e4, -1e4,
                    1e30, -1e30, 1e-30, -1e-30, inf, -inf, nan])  # fmt: skip
ROWS = np.array([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0], [inf, 1.0, -inf], [nan, 1.0, 2.0], [-inf, -inf, -inf],
                 [inf, inf, 0.0], [1e4, -1e4, 0.0], [0.0, 0.0, 0.0], [1e30, 1.0, -1e30], [-0.0, 0.0, -0.0],
                 [1e-30, 0.0, -1e-30]])  # fmt: skip


ATTRS: dict[Op, list[dict[str, Any]]] = {
    ops.power: [{"n": n} for n in (-2, -1, -0.5, 0, 0.0, 0.5, 1, 1.5, 2, 2.0, 3)],
    ops.clamp: [{"min": -1.0, "max": 2.0}, {"min": 0.0}, {"max": 0.5}, {"min": 2.0, "max": -1.0}, {"min": nan}],
    ops.leaky_relu: [{}, {"negative_slope": 0.3}],
    ops.elu: [{}, {"alpha": 1.6732632423543772, "scale": 1.0507009873554805}],
    ops.gelu: [{}, {"approximate": "tanh"}],
    ops.softplus: [{}, {"beta": 2.0, "threshold": 5.0}],
    ops.round: [{}, {"decimals": 1}],
    ops.logit: [{}, {"eps": 0.1}],
    ops.nan_to_num: [{"nan": 0.0, "posinf": 1.0, "neginf": -2.0}],
    ops.cast: [{"dtype": np.dtype(np.float32)}, {"dtype": np.dtype(np.float64)}],
    ops.huber_loss: [{"reduction": "none"}, {"delta": 2.0, "reduction": "none"}],
    ops.smooth_l1_loss: [{"reduction": "none"}, {"beta": 2.0, "reduction": "none"}],
    ops.mse_loss: [{"reduction": "none"}],
    ops.binary_cross_entropy_with_logits: [{"reduction": "none"}],
}
UNARY = [
    ops.neg, ops.power, ops.exp, ops.expm1, ops.log, ops.log1p, ops.log2, ops.log10, ops.sqrt, ops.rsqrt, ops.abs,
    ops.reciprocal, ops.sin, ops.cos, ops.tanh, ops.sigmoid, ops.erf, ops.clamp, ops.copy, ops.cast, ops.floor,
    ops.ceil, ops.trunc, ops.round, ops.sign, ops.relu, ops.leaky_relu, ops.elu, ops.gelu, ops.silu, ops.softplus,
    ops.logsigmoid, ops.mish, ops.hardtanh, ops.tan, ops.asin, ops.acos, ops.atan, ops.sinh, ops.cosh, ops.logit,
    ops.nan_to_num,
]  # fmt: skip
BINARY = [ops.add, ops.sub, ops.mul, ops.div, ops.pow, ops.maximum, ops.minimum, ops.floor_divide, ops.trunc_divide,
          ops.remainder, ops.fmod, ops.atan2, ops.logaddexp, ops.prelu, ops.mse_loss, ops.huber_loss,
          ops.smooth_l1_loss, ops.binary_cross_entropy_with_logits]  # fmt: skip
REDUCTIONS: list[tuple[Op, dict[str, Any]]] = [
    *[(op, {}) for op in (ops.sum, ops.mean, ops.var, ops.std, ops.amax, ops.amin, ops.logsumexp, ops.cumsum,
                          ops.softmax, ops.log_softmax, ops.prod, ops.cumprod)],
    *[(op, {"correction": n}) for op in (ops.var, ops.std) for n in (0, 3, 4)],
    *[(ops.norm, {"p": p}) for p in (2.0, 1.0, inf, -inf, 0.0, 3.0, 0.5, -1.0)],
]  # fmt: skip


def pointwise(op: Op) -> list[Example]:
    """Cases whose elements, or rows, are independent of each other: single numbers, pairs, rows of three."""
    given = ATTRS.get(op, [{}])
    if op in UNARY:
        return [Example("one by one", (SPECIAL,), attrs) for attrs in given]
    if op in BINARY:
        probability = op is ops.binary_cross_entropy_with_logits
        second = SPECIAL[(SPECIAL >= 0) & (SPECIAL <= 1)] if probability else SPECIAL
        pairs = tuple(map(np.ravel, np.meshgrid(SPECIAL, second)))
        return [Example("one by one", pairs, attrs, twice=False) for attrs in given]
    if op is ops.clip:
        few = np.array([-inf, -1.0, 0.0, 1.0, 2.0, inf, nan])
        return [Example("one by one", tuple(map(np.ravel, np.meshgrid(few, few, few))), twice=False)]
    return [
        Example("one by one", (ROWS,), {"axis": 1, **attrs}, twice=False) for other, attrs in REDUCTIONS if other is op
    ]


def together(op: Op) -> list[Example]:
    """Cases whose numbers meet each other in the op, so that they are compared as a whole."""
    if op in (ops.amax, ops.amin, ops.logsumexp, ops.sum, ops.mean):
        rows = ROWS[~np.isnan(ROWS).any(axis=1)]
        return [Example("special", (row,), {"axis": None, "keepdims": True}, twice=False) for row in rows]
    if op in (ops.cross_entropy, ops.nll):
        return [
            Example("special", (row[None],), {"target": i64(t), "scale": np.array([0.5]), "total": total}, twice=False)
            for row in ROWS
            for t in range(3)
            for total in (False, True)
        ]
    if pointwise(op) or (op, "special") in EXCUSED_EDGES:
        return []
    first = [e for e in EXAMPLES.get(op, []) if e.kind in ("ordinary", "broadcast") and "keep" not in e.attrs][:3]
    data = 1 if op in WEIGHTED else None
    return [
        replace(e, kind="special", inputs=(*e.inputs[:i], with_one(x, number), *e.inputs[i + 1 :]), twice=False)
        for e in first
        for i, x in enumerate(e.inputs[:data])
        for number in (inf, -inf, nan)
    ]


def with_one(x: Any, number: float) -> Any:
    """x with this number in the middle."""
    out = np.array(x, order="C")
    out.reshape(-1)[x.size // 2] = number
    return out


def special(op: Op) -> list[Example]:
    """Zeros of both signs, infinities, nan, tiny and huge numbers."""
    return pointwise(op) + comparable(op, together(op))


def ties(op: Op) -> list[Example]:
    """The examples with integers only, so that many are equal, and many are 0."""
    return [] if (op, "ties") in EXCUSED_EDGES else changed(op, "ties", np.round)


def large(op: Op) -> list[Example]:
    """The examples, ten thousand times as large."""
    return [] if (op, "large") in EXCUSED_EDGES else changed(op, "large", lambda x: x * LARGE.get(op, 1e4))


LARGE = {ops.scaled_dot_product_attention: 30.0}  # scores of 10⁸ would leave the weights no digit


def changed(op: Op, kind: str, change: Callable[[Any], Any]) -> list[Example]:
    usual = [e for e in EXAMPLES.get(op, []) if e.kind in ("ordinary", "broadcast")]
    return comparable(op, [replace(e, kind=kind, inputs=tuple(map(change, e.inputs)), twice=False) for e in usual])


# Layers get special numbers in what they are given, not in their weights: there PyTorch's kernels differ by shape.
WEIGHTED = (ops.linear, ops.conv1d, ops.conv2d, ops.conv_transpose2d, ops.layer_norm, ops.rms_norm, ops.group_norm,
            ops.batch_norm, ops.rnn, ops.lstm)  # fmt: skip

_PLACES = "gets the indices of its values as given; the method that finds them is compared on PyTorch's samples"
_SEARCHING = (ops.median, ops.max_along, ops.min_along, ops.median_along, ops.sort, ops.topk)
EXCUSED_EDGES: dict[tuple[Op, str], str] = {
    **{(op, column): _PLACES for op in _SEARCHING for column in ("special", "ties")},
    **{(ops.binary_cross_entropy, column): "takes probabilities" for column in ("special", "ties", "large")},
    **{(op, column): "raises an error for singular matrices and nan, as in PyTorch"
       for op in (ops.inv, ops.det, ops.slogdet, ops.solve, ops.cholesky, ops.eigh, ops.svd, ops.qr, ops.pinv)
       for column in ("special", "ties")},
    **{(op, "large"): "is defined on an interval" for op in (ops.asin, ops.acos, ops.logit)},
    (ops.gru, "special"): "computes all gates in one product, where 0 · ∞ is nan; PyTorch's gates saturate",
}


_BOTH_WRITTEN = "of two values written to one element, PyTorch gives both the gradient, even the overwritten one"
SEVERAL_VIEWS = (
    "`split`, `chunk`, `unbind` and iteration return several views. PyTorch raises an error for a write to one of "
    "them, or for a use of one after a write to their base; here both are recorded as through a slice, and `make "
    "parity` verifies that values and gradients equal PyTorch's with slices"
)

BEYOND: list[tuple[Op, Callable[[Example], bool], str]] = [  # the op, which examples, and why they are not compared
    (ops.clip, lambda e: e.inputs[0].ndim < e.inputs[-1].ndim,
     "PyTorch fails in its own backward pass where the bounds have more dimensions than x"),
    (ops.overwrite, lambda e: "2,0,2" in e.name, _BOTH_WRITTEN),
    (ops.scatter, lambda e: "1,1,1" in e.name, _BOTH_WRITTEN),
    (ops.layer_norm, lambda e: e.kind == "large" and e.inputs[0].shape[-1] == 1,
     "for a single large feature the gradient is 0, where PyTorch's float32 returns rounding errors"),
    (ops.cdist, lambda e: e.kind == "ties" and e.attrs.get("p") == inf,
     "with p = ∞ equal distances share the gradient, as in torch.linalg.vector_norm; torch.cdist gives each all of it"),
    (ops.cdist, lambda e: e.kind == "special" and e.attrs.get("p") == 1,
     "with p = 1 the sign of nan is nan here, and 0 in torch.cdist"),
    (ops.conv_transpose2d, lambda e: e.kind == "special" and len(e.inputs) == 3,
     "whether a nan next to the image meets a 0 depends on the kernel that PyTorch chooses"),
    (ops.scaled_dot_product_attention, lambda e: e.kind == "special" and e.inputs[0].ndim > 3,
     "with ∞ or nan, PyTorch's two kernels differ in the gradient of the keys"),
]  # fmt: skip


def comparable(op: Op, examples: list[Example]) -> list[Example]:
    """The examples that are compared with PyTorch."""
    return [e for e in examples if not any(other is op and where(e) for other, where, _ in BEYOND)]


# --- known differences ----------------------------------------------------------------------------------------

# Where cutaway differs: the op, where (of inputs and attributes), and why. A test holds each entry to be true.
Where = Callable[..., Any]
DIFFERENT: list[tuple[Op, Where, str]] = [
    (ops.power, lambda x, n: (n in (-0.5, 0.5, 1.5)) & ((x == -inf) | ((x == 0) & np.signbit(x))),
     "xⁿ⁻¹ is 1/√x in torch, which at -0 is -∞ and at -∞ nan; C's pow, and so NumPy's, has ∞ and 0 there"),
    (ops.prelu, lambda x, weight: (x > 0) & ~np.isfinite(weight),
     "an infinite or unknown weight of x < 0 makes nan of x > 0 here, and not in torch"),
    (ops.elu, lambda x, **_: x == 0,
     "the second derivative at the corner is that from the left, in torch that from the right"),
    (ops.elu, lambda x, **_: np.isnan(x) & (x.dtype == np.float32), "torch's float32 gives nan the gradient 1"),
    (ops.hardtanh, lambda x: np.isnan(x), "torch gives nan the gradient 0 in a long array, 1 in a short one; here 1"),
    (ops.gelu, lambda x, approximate="none": ((x == inf) | (np.abs(x) > 1e20)) & (approximate == "none")
     & (x > -inf) & (x.dtype == np.float32), "torch's float32 gives nan for ∞, and for the second derivative of 1e30"),
    (ops.mish, lambda x: (x > 100) & (x < inf) & (x > (100 if x.dtype == np.float32 else 1000)),
     "torch's second derivative overflows and is nan"),
    *[(op, lambda x, y: (np.abs(x) == np.float32(1e30)) & (np.abs(y) == np.float32(1e-30)),
       "torch's float32 gives nan in a long array, and the right answer in a short one")
      for op in (ops.remainder, ops.fmod)],
    (ops.logit, lambda x, eps=0: np.isnan(x) & (eps > 0),
     "torch gives nan the gradient 0 in a long array, nan in a short one; here nan"),
    *[(op, lambda x, **_: np.isnan(x).any(axis=1), "torch.amax drops the gradient of a nan, torch.max does not; "
       "here there is one op for both") for op in (ops.amax, ops.amin)],
    *[(op, lambda x, correction=1, **_: (correction > 3)
       & (np.isfinite(x).all(axis=1) | ((x[:, 0] == inf) & (x[:, 1] == inf))),
       "N < correction: torch divides by max(N - correction, 0) forward, and by N - correction backward")
      for op in (ops.var, ops.std)],
    (ops.var, lambda x, correction=1, **_: (x[:, 0] == (np.float32(1e-30) if x.dtype == np.float32 else nan))
     & (correction == 3), "torch squares float32 numbers in float64, where (1e-30)² is not yet 0"),
    (ops.std, lambda x, correction=1, **_: (x[:, 0] == (np.float32(1e-30) if x.dtype == np.float32 else nan)),
     "torch squares float32 numbers in float64, where (1e-30)² is not yet 0"),
    (ops.std, lambda x, correction=1, **_: (x[:, 0] == (np.float32(1e30) if x.dtype == np.float32 else nan))
     & (correction < 3), "torch squares float32 numbers in float64, where (1e30)² is not yet ∞"),
    (ops.binary_cross_entropy_with_logits, lambda x, y, **_: x == -inf,
     "the gradient with respect to the truth, where the logit is -∞, is ∞ in torch and nan here"),
    (ops.cumprod, lambda x, **_: ~np.isfinite(x).all(axis=1),
     "torch divides by x, and has nan for ∞ / ∞; here nothing is divided"),
    (ops.norm, lambda x, p, **_: (p == 3) & (x[:, 0] == (np.float32(1e30) if x.dtype == np.float32 else nan)),
     "where Σ|x|³ overflows the gradient is 0, in torch nan"),
    (ops.norm, lambda x, p, **_: (p == -1) & (x[:, 0] == (np.float32(1e-30) if x.dtype == np.float32 else nan)),
     "where |x|^(p-1) overflows the gradient is 0, in torch nan"),
    (ops.norm, lambda x, p, **_: (p == 0.5) & (x[:, 0] == inf), "∞ beside other numbers"),
]  # fmt: skip
