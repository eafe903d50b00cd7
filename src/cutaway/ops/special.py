"""Functions that NumPy lacks, and how a function of ours answers Tensors as NumPy's do.

Second derivatives run an op again on Tensors. That works because every NumPy function asks its
arguments first whether they would rather answer themselves (`__array_function__`). A helper that
is not NumPy's has to ask too: `like_numpy` makes it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .contract import Array


def like_numpy(function: Callable[..., Array]) -> Callable[..., Array]:
    """Let the first argument answer for `function`, if it is no plain array but knows how."""

    @functools.wraps(function)
    def ask_first(x: Any, *rest: Any, **attrs: Any) -> Any:
        if isinstance(x, np.ndarray | np.generic):
            return function(x, *rest, **attrs)
        return x.__array_function__(ask_first, (type(x),), (x, *rest), attrs)

    return ask_first


# The polynomials r in erf(a) = 1 - exp(-a · (1 + r(a))), the highest power first, and from where on erf(a) is 1
# to all digits. `tools/fit_erf.py` made them: weighted least squares in 60 digits, at Chebyshev's points.
_ERF = {
    "f": (4.0, (  # relative error 4.1e-10
        1.1939634226996225e-06, -2.1360904117278103e-05, 0.00016750569331745117, -0.0007407375139580702,
        0.0017994151202286343, -0.0002531022653553623, -0.019117679262483984, 0.1027712733438154,
        0.6366198352406489, 0.12837916659748846,
    )),
    "d": (6.0, (  # relative error 7.0e-19
        -1.2506873407780638e-16, 6.7303452170583206e-15, -1.7033108136978567e-13, 2.695125751479785e-12,
        -2.988372735411414e-11, 2.46456650495314e-10, -1.5637314628039045e-09, 7.766624714610083e-09,
        -3.0270592945375976e-08, 9.088035744000756e-08, -1.966785811694537e-07, 2.343651434228082e-07,
        1.9705559117286657e-07, -1.5802834850450855e-06, 2.6852603288373e-06, 3.518126900156908e-06,
        -2.978851121843708e-05, 6.452084719987788e-05, 2.58687463204152e-05, -0.0005901230915088985,
        0.001696205952634116, -0.00020919464417891554, -0.019128447008677274, 0.10277260330192373,
        0.6366197723675816, 0.1283791670955126,
    )),
}  # fmt: skip
_BLOCK = 1 << 14  # elements at a time: what is worked on stays in the processor's cache


@like_numpy
def erf_values(x: Array) -> Array:
    """erf(x) of every element: wrong by less than 1.6 units in the last place, in float32 by less than 2.6."""
    if x.dtype.char not in _ERF:
        return as_dtype(erf_values(x.astype(np.float32)), x.dtype)
    end, r = _ERF[x.dtype.char]
    flat = x.reshape(-1)
    out = np.empty_like(flat)
    for start in range(0, flat.size, _BLOCK):
        part = flat[start : start + _BLOCK]
        a = np.minimum(np.abs(part), end)
        power = np.full_like(a, r[0])
        for coefficient in r[1:]:
            power *= a
            power += coefficient
        power *= a
        power += a  # a + a · r loses less than a · (1 + r)
        rest = np.expm1(np.negative(power, out=power), out=power)
        np.copysign(rest, part, out=out[start : start + _BLOCK])
    return out.reshape(x.shape)


@like_numpy
def sign_values(x: Array) -> Array:
    """-1, 0 or 1 for every element; 0 for nan, where np.sign has nan, as in PyTorch."""
    return np.greater(x, 0).astype(x.dtype) - np.less(x, 0)


@like_numpy
def sigmoid_values(x: Array) -> Array:
    """1 / (1 + exp(-x)) of every element; as a step of its own, since exp(-x) has no usable derivative at x = -1000."""
    return 1 / (1 + np.exp(-x))


@like_numpy
def as_dtype(x: Array, dtype: Any) -> Array:
    """x, as numbers of another dtype."""
    return x.astype(dtype)
