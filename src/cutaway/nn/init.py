"""Weight initialization.

Weights that are all equal stay equal, and weights that are too large or too small make activations explode or
vanish from layer to layer. The formulas here choose the scale from the number of inputs (fan in) and outputs
(fan out) of a weight. All functions modify the tensor in place, without recording, and return it; they draw the
same random numbers as PyTorch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..errors import absent, describe
from ..grad_mode import no_grad
from ..random import Generator
from ..tensors import Tensor
from ..tensors.base import wrap
from ..tensors.sampling import stream_of
from .functional.checks import warn

__all__ = [
    "calculate_gain", "constant_", "eye_", "kaiming_normal_", "kaiming_uniform_", "normal_", "ones_",
    "orthogonal_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip

if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.nn.init")


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with draws from the uniform distribution between a and b.

    >>> nn.init.uniform_(torch.empty(2, 3), 1.0, 1.0)
    tensor([[1., 1., 1.],
            [1., 1., 1.]])
    """
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with draws from the normal distribution.

    >>> _ = torch.manual_seed(0)
    >>> nn.init.normal_(torch.empty(2), std=0.02)
    tensor([ 0.0308, -0.0059])
    """
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with draws from the normal distribution truncated to [a, b] (not in units of std).

    >>> bool((nn.init.trunc_normal_(torch.empty(1000), a=-0.5, b=0.5).abs() <= 0.5).all())
    True
    """
    draws = stream_of(generator).trunc_normal(tensor.shape, tensor._array.dtype, mean, std, a, b)
    with no_grad():
        return tensor.copy_(wrap(draws))


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number.

    >>> nn.init.constant_(torch.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with 1.

    >>> nn.init.ones_(torch.empty(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with 0.

    >>> nn.init.zeros_(torch.empty(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity."""
    if tensor.ndim != 2:
        raise ValueError(f"eye_ fills a matrix, and the tensor has shape {tuple(tensor.shape)}")
    with no_grad():
        return tensor.copy_(wrap(np.eye(*tensor.shape, dtype=tensor._array.dtype)))


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Fan in and fan out: the inputs of an output unit, and the outputs of an input unit.

    The name is PyTorch's, which layers written by hand call.
    """
    if not isinstance(tensor, Tensor):
        raise AttributeError(f"nn.init fills a Tensor, not {describe(tensor)}: pass a weight, layer.weight")
    if tensor.ndim < 2:
        raise ValueError(
            "fan in and fan out are defined for a weight with 2 or more axes, (out, in, ...), but this one has shape "
            f"{tuple(tensor.shape)}: for a bias use nn.init.zeros_ or nn.init.uniform_"
        )
    window = math.prod(tensor.shape[2:])
    return tensor.shape[1] * window, tensor.shape[0] * window


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in ±gain · √(6 / (fan in + fan out)): preserves the variance, forward and backward.

    Source: Glorot and Bengio, "Understanding the Difficulty of Training Deep Feedforward Neural Networks", 2010.

    >>> bool(nn.init.xavier_uniform_(torch.empty(100, 50)).abs().max() <= (6 / 150) ** 0.5)
    True
    """
    bound = gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor))) * math.sqrt(3.0)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with std gain · √(2 / (fan in + fan out)); source as `xavier_uniform_`.

    >>> nn.init.xavier_normal_(torch.empty(3, 2)).shape
    torch.Size([3, 2])
    """
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(_calculate_fan_in_and_fan_out(tensor))), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'mode is "fan_in" or "fan_out", not {mode!r}')
    fan = _calculate_fan_in_and_fan_out(tensor)[0 if mode == "fan_in" else 1]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Uniform in ±gain · √(3 / fan): preserves the variance through ReLU layers.

    Args:
        tensor: a weight (out, in, ...).
        a: the slope below 0 of the leaky ReLU that follows.
        mode: "fan_in" preserves the variance forward, "fan_out" backward.
        nonlinearity: the activation after the layer, as in `calculate_gain`.

    Source: He et al., "Delving Deep into Rectifiers", 2015.

    >>> bool(nn.init.kaiming_uniform_(torch.empty(100, 50)).abs().max() <= (6 / 50) ** 0.5)
    True
    """
    if tensor.numel() == 0:
        warn("kaiming_uniform_: the tensor has no elements to initialise")
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Normal with std gain / √fan; arguments and source as `kaiming_uniform_`.

    >>> nn.init.kaiming_normal_(torch.empty(3, 2), nonlinearity="relu").shape
    torch.Size([3, 2])
    """
    if tensor.numel() == 0:
        warn("kaiming_normal_: the tensor has no elements to initialise")
        return tensor
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """A matrix whose rows (or columns, if there are fewer) are orthogonal and of length `gain`.

    Source: Saxe et al., "Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Neural Networks", 2013.

    >>> w = nn.init.orthogonal_(torch.empty(2, 3))
    >>> torch.allclose(w @ w.T, torch.eye(2), atol=1e-6)
    True
    """
    if tensor.ndim < 2:
        raise ValueError(f"orthogonal_ fills a matrix (out, in, ...), and the tensor has shape {tuple(tensor.shape)}")
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    draws = normal_(wrap(np.empty((rows, tensor.numel() // rows), tensor._array.dtype)), generator=generator)._array
    q, r = np.linalg.qr(draws.T if rows < draws.shape[1] else draws)
    q = q * np.sign(np.diag(r))  # makes the decomposition unique, and the matrices uniformly distributed
    with no_grad():
        return tensor.copy_(wrap((q.T if rows < draws.shape[1] else q).reshape(tensor.shape) * gain))


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that weights need to preserve the variance through a nonlinearity.

    >>> nn.init.calculate_gain("relu")
    1.4142135623730951
    """
    if nonlinearity in (
        "linear",
        "sigmoid",
        *(f"conv{n}d" for n in (1, 2, 3)),
        *(f"conv_transpose{n}d" for n in (1, 2, 3)),
    ):
        return 1
    if nonlinearity == "tanh":
        return 5.0 / 3
    if nonlinearity == "relu":
        return math.sqrt(2.0)
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, int | float):
            raise ValueError(f"the gain of leaky_relu takes its slope below 0, a number, not {param!r}")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity == "selu":
        return 3.0 / 4
    raise ValueError(
        f"no gain is known for {nonlinearity!r}: choose linear, sigmoid, tanh, relu, leaky_relu or selu "
        "(for gelu and silu, relu is the usual choice)"
    )
