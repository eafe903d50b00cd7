"""What is measured of the numbers that flow through a layer, forward and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import sqrt
from typing import Any

import numpy as np

from ... import ops

# Activations that flatten out, with the function t of the value for which the slope is 1 - t², or a quarter of that.
SQUASHING = {ops.tanh: lambda v: v, ops.rnn: lambda v: v, ops.sigmoid: lambda v: 2 * v - 1}
FLAT = 0.975  # |t| beyond this: the slope is less than a twentieth of the steepest
CUTTING = {ops.relu}  # activations that are 0 for half of all numbers, and pass no gradient there
BENDING = {
    ops.elu, ops.gelu, ops.hardtanh, ops.leaky_relu, ops.mish, ops.prelu, ops.relu, ops.sigmoid, ops.silu, ops.softplus,
    ops.softmax, ops.tanh,
}  # fmt: skip
_BENDING = {op.__name__ for op in BENDING}


@dataclass(frozen=True)
class Step:
    """One use of a layer: the values that it gave, and the gradient of the loss with respect to them."""

    mean: float
    std: float
    grad_norm: float  # √Σg²
    zeros: float | None = None  # of a ReLU: which part of the values is 0
    dead: int | None = None  # of a ReLU: how many units are 0 for all samples, if there are several
    units: int | None = None
    saturated: float | None = None  # of tanh and sigmoid: which part lies where the curve is flat


@dataclass
class Layer:
    """A layer, or an activation, and all its uses in one backward pass, in the order of the forward pass."""

    name: str
    op: str
    width: int  # numbers in one value
    steps: list[Step] = field(default_factory=list)  # several: the same weights at each time step

    @property
    def bends(self) -> bool:
        """Whether it is an activation."""
        return self.op in _BENDING

    def average(self, what: str) -> float | None:
        """The mean of a measure over all uses."""
        found = [value for step in self.steps if (value := getattr(step, what)) is not None]
        return sum(found) / len(found) if found else None

    @property
    def grad_norm(self) -> float:
        """The norm of the gradients of all uses together."""
        return sqrt(sum(step.grad_norm**2 for step in self.steps))


@dataclass(frozen=True)
class ParameterFlow:
    """A parameter: its norm, its gradient's, and that of the optimizer's update."""

    name: str
    shape: tuple[int, ...]
    norm: float  # √Σw²
    grad_norm: float | None
    used: float | None  # which part of the gradient is not 0
    update: float | None  # the norm √Σ(w' - w)², None if nothing moved it

    @property
    def ratio(self) -> float | None:
        """The norm of the update relative to that of the parameter."""
        return None if self.update is None or not self.norm else self.update / self.norm


def measured(op: Any, attrs: Any, value: Any, g: Any, axis: int) -> Step:
    """The measures of one use; `axis` is that of the units."""
    mean, std, grad_norm = float(value.mean()), float(value.std()), norm(g)
    if op in CUTTING or attrs.get("relu"):
        zero = value == 0
        units = value.shape[axis]
        others = tuple(i for i in range(value.ndim) if i != axis % value.ndim)
        dead = int(zero.all(axis=others).sum()) if value.size > units else None  # one sample leaves half of all at 0
        return Step(mean, std, grad_norm, float(zero.mean()), dead, units)
    if op in SQUASHING:
        return Step(mean, std, grad_norm, saturated=float((np.abs(SQUASHING[op](value)) > FLAT).mean()))
    return Step(mean, std, grad_norm)


def norm(x: Any) -> float:
    """√Σx², of any size: squares would leave what a float can hold before x does."""
    most = float(np.abs(x).max(initial=0))
    return most * sqrt(float(np.square(x / most, dtype=np.float64).sum())) if 0 < most < np.inf else most
