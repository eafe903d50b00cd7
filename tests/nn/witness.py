"""Gradients found without autograd, to hold autograd's against."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

import cutaway
from cutaway import Tensor


def by_differences(f: Callable[..., Tensor], inputs: Sequence[Tensor], step: float = 1e-6) -> list[np.ndarray]:
    """The gradient of the number f(*inputs), by central differences in every element."""
    gradients = []
    with cutaway.no_grad():
        for x in inputs:
            array = x.numpy(force=True)
            gradient = np.zeros_like(array)
            for place in np.ndindex(array.shape):
                kept = array[place]
                array[place] = kept + step
                above = f(*inputs).item()
                array[place] = kept - step
                below = f(*inputs).item()
                array[place] = kept
                gradient[place] = (above - below) / (2 * step)
            gradients.append(gradient)
    return gradients


def check(f: Callable[..., Tensor], *inputs: Tensor) -> None:
    """Assert that backward() gives what differences give, for an f of any shape; inputs are float64 leaves."""
    factors = np.random.default_rng(0).normal(size=f(*inputs).shape)

    def total(*xs: Tensor) -> Tensor:
        return (f(*xs) * cutaway.from_numpy(factors)).sum()

    expected = by_differences(total, inputs)
    got = cutaway.autograd.grad(total(*inputs), inputs)
    for g, want in zip(got, expected, strict=True):
        assert not want.size or np.abs(want).max() > 0, "a check of zeros would check nothing"
        np.testing.assert_allclose(g.numpy(), want, rtol=1e-5, atol=1e-7)


def leaf(*shape: int, seed: int = 0, scale: float = 1.0) -> Tensor:
    """A float64 leaf of random numbers."""
    numbers = np.random.default_rng(seed).normal(size=shape) * scale
    return cutaway.from_numpy(np.asarray(numbers)).requires_grad_()
