"""Examples and values for the ops of layers: convolution, pooling, resizing, normalization.

Their values are worked out by loops over single elements, straight from the formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cutaway import ops
from cutaway.ops.windows import Windows

from .example import Array, Example, gaps, i64, of_shapes, points

Pair = tuple[int, int]


def over(shape: Pair, kernel: Pair, stride: Pair = (1, 1), padding: Pair = (0, 0), dilation: Pair = (1, 1)) -> Windows:
    return Windows.over(shape, kernel, stride, padding, dilation)


PLAIN, STEPS = over((5, 4), (3, 2)), over((5, 4), (3, 2), (2, 1), (1, 1), (1, 2))
SMALL = over((3, 4), (2, 2), (1, 2), (1, 0))
LINE = Windows.over((1, 6), (1, 3), (1, 2), (0, 1), (1, 1))


def of_images(**attrs: Any) -> list[Example]:
    """The kinds, for a function of images (N, C, 3, 4)."""
    return [
        of_shapes("ordinary", (2, 2, 3, 4), **attrs),
        of_shapes("ordinary", (1, 1, 3, 4), **attrs),
        of_shapes("empty", (0, 2, 3, 4), **attrs),
        Example("non-contiguous", (gaps(points((2, 2, 3, 4))),), attrs),
    ]


def of_features(*shape: int, weights: tuple[int, ...], most: int = 2, **attrs: Any) -> list[Example]:
    """The kinds, for normalization, with no weight, with weight, and with weight and bias."""
    affine = [points(weights, 0.5, 2, 1), points(weights, seed=2)][:most]
    x = points(shape)
    return [
        *[Example("ordinary", (x, *affine[:n]), attrs) for n in range(most + 1)],
        Example("empty", (np.zeros((0, *shape[1:])), *affine), attrs),
        Example("non-contiguous", (gaps(x), *map(gaps, affine)), attrs),
    ]


MEAN, VAR = np.array([0.3, -0.2]), np.array([0.5, 1.5])
LAYERS: dict[Callable[..., Any], list[Example]] = {
    ops.conv1d: [
        of_shapes("ordinary", (2, 2, 6), (3, 2, 3), (3,), windows=LINE),
        of_shapes("ordinary", (2, 2, 6), (4, 1, 3), windows=LINE, groups=2),
        of_shapes("empty", (0, 2, 6), (3, 2, 3), (3,), windows=LINE),
        Example("non-contiguous", (gaps(points((2, 2, 6))), gaps(points((3, 2, 3), seed=1))), {"windows": LINE}),
    ],
    ops.conv2d: [
        *[of_shapes("ordinary", (2, 2, 5, 4), (3, 2, 3, 2), (3,), windows=w) for w in (PLAIN, STEPS)],
        of_shapes("ordinary", (1, 2, 5, 4), (2, 1, 3, 2), windows=PLAIN, groups=2),
        of_shapes("ordinary", (1, 4, 5, 4), (2, 2, 3, 2), (2,), windows=STEPS, groups=2),
        of_shapes("ordinary", (2, 3, 3, 4), (2, 3, 1, 1), (2,), windows=over((3, 4), (1, 1))),
        of_shapes("ordinary", (1, 1, 3, 4), (1, 1, 2, 2), windows=over((3, 4), (2, 2), (2, 2))),
        of_shapes("empty", (0, 2, 5, 4), (3, 2, 3, 2), (3,), windows=PLAIN),
        Example("non-contiguous", (gaps(points((1, 2, 5, 4))), gaps(points((2, 2, 3, 2), seed=1))), {"windows": STEPS}),
    ],
    ops.conv_transpose2d: [
        of_shapes("ordinary", (2, 2, *PLAIN.places), (2, 3, 3, 2), (3,), windows=PLAIN, shape=(5, 4)),
        of_shapes("ordinary", (2, 2, *STEPS.places), (2, 3, 3, 2), (3,), windows=STEPS, shape=(5, 4)),
        of_shapes("ordinary", (1, 4, *STEPS.places), (4, 1, 3, 2), windows=STEPS, shape=(5, 4), groups=2),
        of_shapes("empty", (0, 2, *PLAIN.places), (2, 3, 3, 2), (3,), windows=PLAIN, shape=(5, 4)),
        Example(
            "non-contiguous",
            (gaps(points((1, 2, *PLAIN.places))), gaps(points((2, 2, 3, 2), seed=1))),
            {"windows": PLAIN, "shape": (5, 4)},
        ),
    ],
    ops.unfold: of_images(windows=SMALL) + of_images(windows=over((3, 4), (2, 2), dilation=(1, 2))),
    ops.fold: [
        *[of_shapes("ordinary", (2, 8, math.prod(SMALL.places)), windows=SMALL, shape=(3, 4))],
        of_shapes("empty", (0, 8, math.prod(SMALL.places)), windows=SMALL, shape=(3, 4)),
        Example("non-contiguous", (gaps(points((1, 4, 6))),), {"windows": over((3, 4), (2, 2)), "shape": (3, 4)}),
    ],
    ops.max_pool2d: of_images(windows=SMALL) + of_images(windows=over((3, 4), (2, 2), dilation=(1, 2))),
    ops.avg_pool2d: of_images(windows=SMALL, divisor=np.array(4.0))
    + of_images(windows=over((3, 4), (2, 2)), divisor=points((2, 3), 1, 4)),
    ops.resample2d: of_images(rows=points((4, 3), 0, 1), columns=points((2, 4), 0, 1)),
    ops.pick2d: of_images(rows=i64(0, 0, 2, 2), columns=i64(1, 3, 3)),
    ops.layer_norm: of_features(2, 3, 4, weights=(4,))
    + of_features(2, 3, 4, weights=(3, 4), ndim=2)
    + of_features(3, 1, weights=(1,), eps=0.1),
    ops.rms_norm: of_features(2, 3, 4, weights=(4,), most=1) + of_features(2, 3, 4, weights=(3, 4), most=1, ndim=2),
    ops.group_norm: of_features(2, 4, 3, weights=(4,), groups=2) + of_features(2, 4, 2, 2, weights=(4,), groups=4),
    ops.batch_norm: of_features(3, 2, 4, weights=(2,))
    + of_features(4, 2, weights=(2,), eps=0.1)
    + of_features(3, 2, 4, weights=(2,), mean=MEAN, var=VAR),
}

_IMAGES = "takes images"
EXCUSED_LAYERS = {
    **{(op, "0-d"): _IMAGES for op in LAYERS},
    **{(op, "0-d"): "averages along an axis" for op in (ops.layer_norm, ops.rms_norm, ops.group_norm, ops.batch_norm)},
}


# --- values, element by element -----------------------------------------------------------------------------


def pairs(windows: Windows, shape: Pair) -> Any:
    """Every (place, tap, pixel) of which the window at the place sees the pixel through the tap."""
    for place in np.ndindex(*windows.places):
        for tap in np.ndindex(*windows.kernel):
            pixel = tuple(
                s * i + d * u - p
                for i, u, s, d, p in zip(place, tap, windows.stride, windows.dilation, windows.padding, strict=True)
            )
            if all(0 <= at < n for at, n in zip(pixel, shape, strict=True)):
                yield place, tap, pixel


def conv2d(x: Array, weight: Array, *bias: Array, windows: Windows, groups: int = 1) -> Array:
    O, C = weight.shape[:2]  # noqa: E741
    out = np.zeros((len(x), O, *windows.places)) + (bias[0][:, None, None] if bias else 0)
    for place, tap, pixel in pairs(windows, x.shape[2:]):
        for o in range(O):
            first = o // (O // groups) * C
            for c in range(C):
                out[:, o, *place] += weight[o, c, *tap] * x[:, first + c, *pixel]
    return out


def conv1d(x: Array, weight: Array, *bias: Array, **attrs: Any) -> Array:
    return conv2d(x[:, :, None], weight[:, :, None], *bias, **attrs)[:, :, 0]


def conv_transpose2d(
    x: Array, weight: Array, *bias: Array, windows: Windows, shape: Pair, groups: int = 1
) -> Array:
    C, O = weight.shape[:2]  # noqa: E741
    out = np.zeros((len(x), O * groups, *shape)) + (bias[0][:, None, None] if bias else 0)
    for place, tap, pixel in pairs(windows, shape):
        for c in range(C):
            for o in range(O):
                out[:, c // (C // groups) * O + o, *pixel] += weight[c, o, *tap] * x[:, c, *place]
    return out


def unfold(x: Array, windows: Windows) -> Array:
    N, C = x.shape[:2]
    out = np.zeros((N, C, *windows.kernel, *windows.places))
    for place, tap, pixel in pairs(windows, x.shape[2:]):
        out[:, :, *tap, *place] = x[:, :, *pixel]
    return out.reshape(N, C * math.prod(windows.kernel), math.prod(windows.places))


def fold(x: Array, windows: Windows, shape: Pair) -> Array:
    C = x.shape[1] // math.prod(windows.kernel)
    parts, out = x.reshape(len(x), C, *windows.kernel, *windows.places), np.zeros((len(x), C, *shape))
    for place, tap, pixel in pairs(windows, shape):
        out[:, :, *pixel] += parts[:, :, *tap, *place]
    return out


def pooled(start: float, join: Callable[[Any, Any], Any]) -> Callable[..., Array]:
    def pool(x: Array, windows: Windows, divisor: Any = 1.0) -> Array:
        out = np.full((*x.shape[:2], *windows.places), float(start))
        for place, _, pixel in pairs(windows, x.shape[2:]):
            out[:, :, *place] = join(out[:, :, *place], x[:, :, *pixel])
        return out / divisor

    return pool


def _standardized(x: Array, axes: tuple[int, ...], eps: float, centre: bool = True) -> Array:
    away = x - x.mean(axis=axes, keepdims=True) if centre else x
    return away / np.sqrt((away**2).mean(axis=axes, keepdims=True) + eps)


def _affine(x: Array, affine: tuple[Array, ...], lie: tuple[int, ...]) -> Array:
    for a, join in zip(affine, (np.multiply, np.add), strict=False):
        x = join(x, a.reshape(lie))
    return x


def feature_norm(centre: bool) -> Callable[..., Array]:
    def norm(x: Array, *affine: Array, ndim: int = 1, eps: float = 1e-5) -> Array:
        axes = tuple(range(x.ndim - ndim, x.ndim))
        return _affine(_standardized(x, axes, eps, centre), affine, x.shape[x.ndim - ndim :])

    return norm


def group_norm(x: Array, *affine: Array, groups: int, eps: float = 1e-5) -> Array:
    parts = np.split(x, groups, axis=1)
    out = np.concatenate([_standardized(part, tuple(range(1, x.ndim)), eps) for part in parts], axis=1)
    return _affine(out, affine, (-1, *[1] * (x.ndim - 2)))


def batch_norm(x: Array, *affine: Array, mean: Any = None, var: Any = None, eps: float = 1e-5) -> Array:
    lie = (-1, *[1] * (x.ndim - 2))
    if mean is None:
        return _affine(_standardized(x, (0, *range(2, x.ndim)), eps), affine, lie)
    return _affine((x - mean.reshape(lie)) / np.sqrt(var.reshape(lie) + eps), affine, lie)


VALUES_OF_LAYERS: dict[Callable[..., Any], Callable[..., Any]] = {
    ops.conv1d: conv1d,
    ops.conv2d: conv2d,
    ops.conv_transpose2d: conv_transpose2d,
    ops.unfold: unfold,
    ops.fold: fold,
    ops.max_pool2d: pooled(-np.inf, np.maximum),
    ops.avg_pool2d: pooled(0, np.add),
    ops.resample2d: lambda x, rows, columns: np.einsum("ai,ncij,bj->ncab", rows, x, columns),
    ops.pick2d: lambda x, rows, columns: np.stack([x[:, :, row][..., list(columns)] for row in rows], axis=2),
    ops.layer_norm: feature_norm(centre=True),
    ops.rms_norm: feature_norm(centre=False),
    ops.group_norm: group_norm,
    ops.batch_norm: batch_norm,
}
