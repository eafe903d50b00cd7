"""The value of every op, computed by other means: in 50 digits, or by other NumPy functions than the op's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np

from cutaway import ops

from .examples_of_indexing import VALUES_OF_INDEXING
from .examples_of_layers import VALUES_OF_LAYERS
from .examples_of_matrices import VALUES_OF_MATRICES
from .examples_of_sequences import VALUES_OF_SEQUENCES

Array = np.ndarray[Any, Any]


def exact(function: Callable[..., Any]) -> Callable[..., Array]:
    """A function of mpmath's, element by element, in 50 digits."""

    def each(*xs: float, **attrs: Any) -> float:
        with mpmath.workdps(50):
            y = function(*(mpmath.mpf(float(x)) for x in xs), **attrs)
            return float("nan") if isinstance(y, mpmath.mpc) else float(y)

    return lambda *xs, **attrs: np.vectorize(lambda *v: each(*v, **attrs), otypes=[np.float64])(*xs)


def rows(function: Callable[[list[Any]], Any]) -> Callable[..., Array]:
    """A function of a list of numbers (in 50 digits), applied along `axis`."""

    def reduce(x: Array, axis: Any = None, keepdims: bool = False, **attrs: Any) -> Array:
        axes = range(x.ndim) if axis is None else [a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))]
        kept = [a for a in range(x.ndim) if a not in axes]
        table = np.transpose(x, [*kept, *axes]).reshape([x.shape[a] for a in kept] + [-1 if x.size else 0])
        out = np.empty(table.shape[:-1])
        with mpmath.workdps(50):
            for i in np.ndindex(out.shape):
                out[i] = float(function([mpmath.mpf(float(v)) for v in table[i]], **attrs))
        return out.reshape([1 if a in axes else n for a, n in enumerate(x.shape)]) if keepdims else out

    return reduce


def along(function: Callable[[list[Any]], list[Any]]) -> Callable[..., Array]:
    """A function from a list of numbers to as many, applied along `axis`."""

    def each(x: Array, axis: int) -> Array:
        def line(v: Array) -> Array:
            with mpmath.workdps(50):
                return np.array([float(y) for y in function([mpmath.mpf(float(u)) for u in v])])

        if not x.ndim:
            return line(x.reshape(1)).reshape(())
        return np.apply_along_axis(line, axis, x) if x.size else x.copy()

    return each


def _variance(v: list[Any], correction: float = 1) -> Any:
    n = len(v) - correction
    middle = mpmath.fsum(v) / len(v) if v else 0
    return mpmath.fsum((x - middle) ** 2 for x in v) / n if n > 0 else mpmath.nan


def _norm(v: list[Any], p: float = 2.0) -> Any:
    if p in (np.inf, -np.inf):
        return (max if p > 0 else min)(abs(x) for x in v)
    if p == 0:
        return sum(x != 0 for x in v)
    return mpmath.fsum(abs(x) ** p for x in v) ** (1 / mpmath.mpf(p))


def _softmax(v: list[Any]) -> list[Any]:
    total = mpmath.fsum(mpmath.exp(x) for x in v)
    return [mpmath.exp(x) / total for x in v]


def _surprise(logp: Callable[[Array], Array]) -> Callable[..., Any]:
    def loss(x: Array, target: Array, scale: Array, total: bool = True) -> Any:
        terms = np.array([-s * logp(row)[t] for row, t, s in zip(x, target, scale, strict=True)])
        return terms.sum() if total else terms

    return loss


def averaged(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of mpmath's element by element, and what `reduction` makes of the results."""

    def loss(*xs: Array, reduction: str = "mean", **attrs: Any) -> Any:
        each = exact(function)(*xs, **attrs)
        return each if reduction == "none" else each.sum() / (each.size or np.nan if reduction == "mean" else 1)

    return loss


def _huber(x: Any, y: Any, delta: float = 1.0) -> Any:
    d = abs(x - y)
    return d * d / 2 if d < delta else delta * (d - mpmath.mpf(delta) / 2)


def _joined(xs: Any, axis: int) -> Array:
    shape = list(xs[0].shape)
    shape[axis] = sum(x.shape[axis] for x in xs)
    out = np.empty(shape)
    start, turned = 0, np.moveaxis(out, axis, 0)
    for x in xs:
        turned[start : start + x.shape[axis]] = np.moveaxis(x, axis, 0)
        start += x.shape[axis]
    return out


def _rolled(x: Array, shift: tuple[int, ...], axis: tuple[int, ...] | None) -> Array:
    if axis is None:
        return _rolled(x.reshape(-1), shift, (0,)).reshape(x.shape)
    for n, a in zip(shift, axis, strict=True):
        x = np.take(x, (np.arange(x.shape[a]) - n) % max(x.shape[a], 1), a)
    return x


def _diagonal(x: Array, offset: int) -> Array:
    n, m = x.shape[-2:]
    places = [(i, i + offset) for i in range(n) if 0 <= i + offset < m]
    return np.stack([x[..., i, j] for i, j in places], axis=-1) if places else np.empty((*x.shape[:-2], 0))


def _on_diagonal(x: Array, shape: tuple[int, ...], offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    out = np.zeros(shape)
    matrices = np.moveaxis(out, (axis1, axis2), (-2, -1))
    for k in range(x.shape[-1]):
        matrices[..., k - min(offset, 0), k + max(offset, 0)] = x[..., k]
    return out


def _windows(x: Array, axis: int, size: int, step: int) -> Array:
    starts = range(0, x.shape[axis] - size + 1, step)
    out = np.empty((len(starts), size, *np.delete(x.shape, axis)))
    for n, k in np.ndindex(out.shape[:2]):
        out[n, k] = np.take(x, starts[n] + k, axis)
    return np.moveaxis(out, (0, 1), (axis, -1))


def _logit(x: Any, eps: float = 0.0) -> Any:
    p = sorted([mpmath.mpf(eps), x, 1 - mpmath.mpf(eps)])[1]
    return mpmath.log(p / (1 - p))


_sigmoid = lambda x: 1 / (1 + mpmath.exp(-x))
_log_softmax = along(lambda v: [mpmath.log(p) for p in _softmax(v)])

VALUES: dict[Callable[..., Any], Callable[..., Any]] = {
    ops.add: exact(lambda x, y: x + y),
    ops.sub: exact(lambda x, y: x - y),
    ops.mul: exact(lambda x, y: x * y),
    ops.div: exact(lambda x, y: x / y),
    ops.neg: exact(lambda x: -x),
    ops.power: exact(lambda x, n: x ** mpmath.mpf(n)),
    ops.pow: exact(lambda x, y: x**y),
    ops.atan2: exact(mpmath.atan2),
    ops.logaddexp: exact(lambda x, y: mpmath.log(mpmath.exp(x) + mpmath.exp(y))),
    ops.lerp: exact(lambda x, y, weight: (1 - weight) * x + weight * y),
    ops.maximum: exact(max),
    ops.minimum: exact(min),
    ops.masked_fill: lambda x, value, mask: x * ~mask + value * mask,
    ops.where: lambda x, y, condition: x * condition + y * ~condition,
    ops.exp: exact(mpmath.exp),
    ops.expm1: exact(mpmath.expm1),
    ops.log: exact(mpmath.log),
    ops.log1p: exact(mpmath.log1p),
    ops.log2: exact(lambda x: mpmath.log(x, 2)),
    ops.log10: exact(mpmath.log10),
    ops.sqrt: exact(mpmath.sqrt),
    ops.rsqrt: exact(lambda x: 1 / mpmath.sqrt(x)),
    ops.reciprocal: exact(lambda x: 1 / x),
    ops.abs: exact(abs),
    ops.sin: exact(mpmath.sin),
    ops.cos: exact(mpmath.cos),
    ops.tan: exact(mpmath.tan),
    ops.asin: exact(mpmath.asin),
    ops.acos: exact(mpmath.acos),
    ops.atan: exact(mpmath.atan),
    ops.sinh: exact(mpmath.sinh),
    ops.cosh: exact(mpmath.cosh),
    ops.tanh: exact(mpmath.tanh),
    ops.sigmoid: exact(_sigmoid),
    ops.logit: exact(_logit),
    ops.erf: exact(mpmath.erf),
    ops.clamp: exact(lambda x, min=-mpmath.inf, max=mpmath.inf: sorted([x, min, max])[1]),
    ops.clip: exact(lambda x, low, high: min(max(x, low), high)),
    ops.nan_to_num: lambda x, nan, posinf, neginf: x,
    ops.copy: lambda x: x,
    ops.cast: lambda x, dtype: np.array(x, dtype),
    ops.floor: exact(mpmath.floor),
    ops.ceil: exact(mpmath.ceil),
    ops.trunc: exact(int),
    ops.round: exact(lambda x, decimals=0: round(float(x), decimals)),
    ops.sign: exact(mpmath.sign),
    ops.floor_divide: exact(lambda x, y: mpmath.floor(x / y)),
    ops.trunc_divide: exact(lambda x, y: int(x / y)),
    ops.remainder: exact(lambda x, y: x - mpmath.floor(x / y) * y),
    ops.fmod: exact(lambda x, y: x - int(x / y) * y),
    ops.drawn: lambda *xs, draws, of: draws,
    ops.sum: rows(mpmath.fsum),
    ops.prod: rows(mpmath.fprod),
    ops.cumprod: along(lambda v: [mpmath.fprod(v[: i + 1]) for i in range(len(v))]),
    ops.median: lambda x, place: np.sort(x, axis=None)[(x.size - 1) // 2],
    ops.mean: rows(lambda v: mpmath.fsum(v) / len(v) if v else mpmath.nan),
    ops.var: rows(_variance),
    ops.std: rows(lambda v, correction=1: mpmath.sqrt(_variance(v, correction))),
    ops.amax: rows(max),
    ops.amin: rows(min),
    ops.logsumexp: rows(lambda v: mpmath.log(mpmath.fsum(mpmath.exp(x) for x in v)) if v else -mpmath.inf),
    ops.cumsum: along(lambda v: [mpmath.fsum(v[: i + 1]) for i in range(len(v))]),
    ops.norm: rows(_norm),
    ops.reshape: lambda x, shape: np.array(list(x.flat)).reshape(shape),
    ops.transpose: lambda x, axes: np.moveaxis(x, axes, range(x.ndim)),
    ops.swapaxes: lambda x, a, b: np.einsum("ij...->ji...", x) if x.ndim == 2 else np.einsum("ijk->kji", x),
    ops.t: lambda x: np.array([list(row) for row in zip(*x, strict=True)]).reshape(x.shape[::-1]) if x.ndim == 2 else x,
    ops.squeeze: lambda x, axis: x.reshape([n for n in x.shape if n != 1] if axis != 0 else x.shape[1:]),
    ops.unsqueeze: lambda x, axis: x.reshape((*x.shape[: axis % (x.ndim + 1)], 1, *x.shape[axis % (x.ndim + 1) :])),
    ops.expand: lambda x, shape: x * np.ones(shape),
    ops.flip: lambda x, axis: x[tuple(slice(None, None, -1 if a in axis else 1) for a in range(x.ndim))],
    ops.roll: _rolled,
    ops.diagonal: lambda x, offset=0, axis1=0, axis2=1: _diagonal(np.moveaxis(x, (axis1, axis2), (-2, -1)), offset),
    ops.diag_embed: _on_diagonal,
    ops.sliding: _windows,
    ops.tile: lambda x, repeats: np.kron(np.ones(repeats), x) if x.ndim == len(repeats) else np.tile(x, repeats),
    ops.tril: lambda x, k=0: x * (np.arange(x.shape[-1]) <= np.arange(x.shape[-2])[:, None] + k),
    ops.triu: lambda x, k=0: x * (np.arange(x.shape[-1]) >= np.arange(x.shape[-2])[:, None] + k),
    ops.cat: lambda *xs, axis: _joined(xs, axis),
    ops.stack: lambda *xs, axis: np.moveaxis(np.array(xs), 0, axis),
    ops.relu: exact(lambda x: max(x, 0)),
    ops.leaky_relu: exact(lambda x, negative_slope=0.01: x if x > 0 else negative_slope * x),
    ops.elu: exact(lambda x, alpha=1.0, scale=1.0: scale * (x if x > 0 else alpha * mpmath.expm1(x))),
    ops.gelu: exact(lambda x, approximate="none": x * mpmath.ncdf(x) if approximate == "none" else
                    x / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf(0.044715) * x**3)))),
    ops.silu: exact(lambda x: x * _sigmoid(x)),
    ops.softplus: exact(lambda x, beta=1.0, threshold=20.0: x if beta * x > threshold else mpmath.log1p(
        mpmath.exp(beta * x)) / beta),
    ops.logsigmoid: exact(lambda x: -mpmath.log1p(mpmath.exp(-x))),
    ops.mish: exact(lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x)))),
    ops.prelu: exact(lambda x, w: x if x > 0 else w * x),
    ops.hardtanh: exact(lambda x, low=-1.0, high=1.0: min(max(x, low), high)),
    ops.softmax: along(_softmax),
    ops.log_softmax: _log_softmax,
    ops.cross_entropy: _surprise(lambda row: _log_softmax(row, 0)),
    ops.nll: _surprise(lambda row: row),
    ops.mse_loss: averaged(lambda x, y: (x - y) ** 2),
    ops.huber_loss: averaged(_huber),
    ops.smooth_l1_loss: averaged(lambda x, y, beta=1.0: _huber(x, y, beta) / mpmath.mpf(beta)),
    ops.binary_cross_entropy: averaged(lambda p, y: -(y * mpmath.log(p) + (1 - y) * mpmath.log(1 - p))),
    ops.binary_cross_entropy_with_logits: averaged(lambda x, y, pos_weight=1.0: -(
        pos_weight * y * -mpmath.log1p(mpmath.exp(-x)) + (1 - y) * -mpmath.log1p(mpmath.exp(x)))),
    **VALUES_OF_INDEXING,
    **VALUES_OF_LAYERS,
    **VALUES_OF_MATRICES,
    **VALUES_OF_SEQUENCES,
}  # fmt: skip
