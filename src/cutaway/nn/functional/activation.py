"""Activations, the nonlinearities. Without one in between, two linear layers are equivalent to a single one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import ops
from ...dtypes import bool_, uint8
from ...dtypes import dtype as DType
from ...tensors import Tensor
from ...tensors.base import apply
from .checks import check_tensors, warn

__all__ = [
    "elu", "gelu", "hardtanh", "leaky_relu", "log_softmax", "logsigmoid", "mish", "prelu", "relu", "selu",
    "sigmoid", "silu", "softmax", "softmin", "softplus", "softsign", "tanh",
]  # fmt: skip


def _fractional(name: str, input: Tensor, dtype: DType | None = None) -> Tensor:
    """The input, converted if requested; rejects integers, whose activations would be fractions."""
    check_tensors(name, input=input)
    input = input if dtype is None else input.to(dtype)
    if not input.is_floating_point():
        raise NotImplementedError(f"{name} gives floating-point numbers, and its input is {input.dtype}: use x.float()")
    return input


def _activate(op: Callable[..., Any], input: Tensor, inplace: bool, **attrs: Any) -> Tensor:
    """Run an op, and write its value into its input if requested."""
    if inplace:  # on a copy: the backward pass may need the overwritten value
        return input.copy_(apply(op, input.clone(), **attrs))
    return apply(op, input, **attrs)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0).

    >>> F.relu(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    check_tensors("relu", input=input)
    return _activate(ops.relu, input, inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, else negative_slope · x.

    Source: Maas et al., "Rectifier Nonlinearities Improve Neural Network Acoustic Models", 2013.

    >>> F.leaky_relu(torch.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    return _activate(ops.leaky_relu, _fractional("leaky_relu", input), inplace, negative_slope=negative_slope)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """x where x > 0, else weight · x, with a learnable weight.

    Args:
        input: (N, C, ...).
        weight: one number, or one for each channel (C).

    Source: He et al., "Delving Deep into Rectifiers", 2015.

    >>> F.prelu(torch.tensor([-1.0, 2.0]), torch.tensor([0.5]))
    tensor([-0.5000,  2.0000])
    """
    check_tensors("prelu", input=input)
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.numel() not in (1, channels):
        raise RuntimeError(
            f"prelu takes one weight or one for each channel: the input of shape {tuple(input.shape)} has "
            f"{channels} channels, and there are {weight.numel()} weights"
        )
    if weight.ndim > 1:
        raise RuntimeError(f"prelu: the weight must have one element or shape (C), but has shape {tuple(weight.shape)}")
    if weight.ndim:
        weight = weight.reshape([-1, *[1] * (input.ndim - 2)][: input.ndim])
    return apply(ops.prelu, input, weight)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha · (exp(x) - 1).

    Source: Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear Units", 2015.

    >>> F.elu(torch.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return _activate(ops.elu, _fractional("elu", input), inplace, alpha=alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """scale · elu(x, alpha), with the two constants that keep mean 0 and variance 1 from layer to layer.

    Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017.

    >>> F.selu(torch.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return _activate(ops.elu, _fractional("selu", input), inplace, alpha=alpha, scale=scale)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x · Φ(x), with Φ the cumulative distribution function of the normal distribution.

    Args:
        input: any shape.
        approximate: "tanh" replaces Φ by the formula that GPT-2 uses.

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.

    >>> F.gelu(torch.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f'gelu has the forms approximate="none" and "tanh", not {approximate!r}')
    return apply(ops.gelu, _fractional("gelu", input), approximate=approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x · sigmoid(x), also called swish.

    Source: Elfwing et al., "Sigmoid-Weighted Linear Units", 2017.

    >>> F.silu(torch.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    return _activate(ops.silu, _fractional("silu", input), inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x · tanh(softplus(x)).

    Source: Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019.

    >>> F.mish(torch.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    return _activate(ops.mish, _fractional("mish", input), inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta · x)) / beta: a smooth relu; x itself where beta · x > threshold.

    >>> F.softplus(torch.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])
    """
    return apply(ops.softplus, _fractional("softplus", input), beta=beta, threshold=threshold)


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|).

    >>> F.softsign(torch.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    check_tensors("softsign", input=input)
    return input / (input.abs() + 1)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x clamped to [min_val, max_val].

    >>> F.hardtanh(torch.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    check_tensors("hardtanh", input=input)
    if min_val > max_val:
        raise ValueError(f"hardtanh needs min_val <= max_val, but got min_val={min_val}, max_val={max_val}")
    if not input.is_floating_point():
        min_val, max_val = int(min_val), int(max_val)
        if input.dtype == bool_ or (input.dtype == uint8 and min_val < 0):
            raise RuntimeError(f"hardtanh: {input.dtype} has no negative numbers for min_val={min_val}: use x.float()")
    return _activate(ops.hardtanh, input, inplace, low=min_val, high=max_val)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent, element by element.

    >>> F.tanh(torch.tensor([-1.0, 2.0]))
    tensor([-0.7616,  0.9640])
    """
    check_tensors("tanh", input=input)
    return input.tanh()


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-x)), which maps to (0, 1).

    >>> F.sigmoid(torch.tensor([-1.0, 2.0]))
    tensor([0.2689, 0.8808])
    """
    check_tensors("sigmoid", input=input)
    return input.sigmoid()


def logsigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(x)), numerically stable where sigmoid(x) underflows.

    >>> F.logsigmoid(torch.tensor([-100.0, 2.0]))
    tensor([-100.0000,   -0.1269])
    """
    return apply(ops.logsigmoid, _fractional("logsigmoid", input))


def softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """exp(x) / Σ exp(x) along an axis: positive numbers that sum to 1.

    Args:
        input: any shape.
        dim: the axis that sums to 1; for logits (N, C), it is 1.
        dtype: convert the input first.

    >>> F.softmax(torch.tensor([[0.0, 0.0], [0.0, 100.0]]), dim=1)
    tensor([[5.0000e-01, 5.0000e-01],
            [3.7835e-44, 1.0000e+00]])
    """
    input = _fractional("softmax", input, dtype)
    return input.softmax(_axis("softmax", input, dim))


def softmin(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """softmax(-x), with the arguments of `softmax`.

    >>> F.softmin(torch.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return softmax(-input, dim, dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, *, dtype: DType | None = None) -> Tensor:
    """log(softmax(x)) along an axis, numerically stable.

    Args:
        input: any shape.
        dim: the axis whose exponentials sum to 1.
        dtype: convert the input first.

    >>> F.log_softmax(torch.tensor([0.0, 100.0]), dim=0)
    tensor([-100.,    0.])
    """
    input = _fractional("log_softmax", input, dtype)
    return input.log_softmax(_axis("log_softmax", input, dim))


def _axis(name: str, input: Tensor, dim: int | None) -> int:
    """PyTorch's legacy default for a missing dim, with its warning."""
    if dim is not None:
        return dim
    guess = 0 if input.ndim in (0, 1, 3) else 1
    warn(f"{name} was not given the axis to sum to 1 along, and chose dim={guess}: write {name}(x, dim={guess})")
    return guess
