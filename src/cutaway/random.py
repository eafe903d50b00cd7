"""Random tensors, with the same values as PyTorch's for the same seed.

`generator` implements the sampling; this module wraps the samples in tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import errors, ops
from .creation import finished, shape_of
from .dtypes import dtype as DType
from .dtypes import get_default_dtype, int64, numpy_dtype
from .errors import absent
from .tensors import Tensor
from .tensors.arguments import new_shape, plain, tensor_argument, whole
from .tensors.base import apply, common_shape
from .tensors.sampling import Generator, default_generator, stream_of

# --- the default generator ----------------------------------------------------------------------------------


def manual_seed(seed: int) -> Generator:
    """Seed the default generator: the same seed gives the same random numbers.

    Args:
        seed: a 64-bit integer; other numbers are truncated.

    >>> _ = cutaway.manual_seed(42)
    >>> cutaway.rand(3)
    tensor([0.8823, 0.9150, 0.3829])
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator from the operating system's entropy, and return the seed."""
    return default_generator.seed()


def initial_seed() -> int:
    """The initial seed of the default generator.

    >>> _ = cutaway.manual_seed(42)
    >>> cutaway.initial_seed()
    42
    """
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default generator, for `set_rng_state`.

    >>> cutaway.get_rng_state().dtype
    torch.uint8
    """
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Restore a state of the default generator.

    >>> before = cutaway.get_rng_state()
    >>> a = cutaway.rand(3)
    >>> cutaway.set_rng_state(before)
    >>> a.equal(cutaway.rand(3))
    True
    """
    default_generator.set_state(new_state)


# --- one distribution ---------------------------------------------------------------------------------------


def rand(
    *size: Any, generator: Generator | None = None, dtype: DType | None = None, device: Any = None,
    requires_grad: bool = False, **names: Any,
) -> Tensor:  # fmt: skip
    """Samples from the uniform distribution on [0, 1).

    Args:
        size: the shape, as rand(2, 3) or rand((2, 3)).
        generator: the generator to sample from; None for the default generator.
        dtype: None for the default dtype, float32.
        device: "cpu", or None.
        requires_grad: whether to accumulate its gradient in `.grad`.

    >>> _ = cutaway.manual_seed(0)
    >>> cutaway.rand(2)
    tensor([0.4963, 0.7682])
    """
    shape, kind = shape_of("rand", size, names), numpy_dtype(dtype, get_default_dtype().dtype)
    return finished(stream_of(generator).uniform(shape, kind), device, requires_grad)


def randn(
    *size: Any, generator: Generator | None = None, dtype: DType | None = None, device: Any = None,
    requires_grad: bool = False, **names: Any,
) -> Tensor:  # fmt: skip
    """Samples from the standard normal distribution; arguments as for `rand`.

    >>> _ = cutaway.manual_seed(0)
    >>> cutaway.randn(2)
    tensor([ 1.5410, -0.2934])
    """
    shape, kind = shape_of("randn", size, names), numpy_dtype(dtype, get_default_dtype().dtype)
    return finished(stream_of(generator).normal(shape, kind), device, requires_grad)


def randint(
    low: Any = None, high: Any = None, size: Any = None,
    *, generator: Generator | None = None, dtype: DType | None = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Random integers from low up to, but not including, high.

    Args:
        low: the smallest, None for 0; randint(high, size) starts from 0.
        high: one more than the largest.
        size: the shape, a tuple.
        generator: the generator to sample from; None for the default generator.
        dtype: None for int64.
        device: "cpu", or None.
        requires_grad: whether to accumulate its gradient (floating-point dtypes only).

    Raises:
        RuntimeError: low is not below high.

    >>> cutaway.randint(0, 10, (3,)).shape
    torch.Size([3])
    """
    if size is None and isinstance(high, tuple | list):
        low, high, size = None, low, high
    elif high is None:
        low, high = None, low
    if not isinstance(size, tuple | list):
        raise errors.randint_without_size(size)
    first, end = (whole("randint", name, n) for name, n in (("low", low or 0), ("high", high)))
    if first >= end:
        raise errors.empty_range(first, end)
    draws = stream_of(generator).randint(first, end, new_shape("randint", (size,)), numpy_dtype(dtype, int64.dtype))
    return finished(draws, device, requires_grad)


def randperm(
    n: int,
    *, generator: Generator | None = None, dtype: DType | None = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A random permutation of the integers 0 to n - 1.

    Args:
        n: the number of integers.
        generator: the generator to sample from; None for the default generator.
        dtype: None for int64.
        device: "cpu", or None.
        requires_grad: whether to accumulate its gradient (floating-point dtypes only).

    >>> cutaway.randperm(4).sum()
    tensor(6)
    """
    return finished(stream_of(generator).randperm(n, numpy_dtype(dtype, int64.dtype)), device, requires_grad)


def randint_like(
    input: Tensor, low: Any, high: Any = None,
    *, generator: Generator | None = None, dtype: DType | None = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`randint` in the shape and dtype of another tensor; randint_like(input, high) starts from 0.

    >>> cutaway.randint_like(cutaway.zeros(2, 3), 0, 10).shape
    torch.Size([2, 3])
    """
    kind = dtype or tensor_argument(input, "randint_like").dtype
    more: dict[str, Any] = {"generator": generator, "dtype": kind, "device": device, "requires_grad": requires_grad}
    return randint(low, high, input.shape, **more)


def rand_like(
    input: Tensor, *, generator: Generator | None = None, dtype: DType | None = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`rand` in the shape and dtype of another tensor.

    >>> cutaway.rand_like(cutaway.zeros(2, 3)).shape
    torch.Size([2, 3])
    """
    kind = dtype or tensor_argument(input, "rand_like").dtype
    return rand(input.shape, generator=generator, dtype=kind, device=device, requires_grad=requires_grad)


def randn_like(
    input: Tensor, *, generator: Generator | None = None, dtype: DType | None = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`randn` in the shape and dtype of another tensor.

    >>> cutaway.randn_like(cutaway.zeros(2, 3)).shape
    torch.Size([2, 3])
    """
    kind = dtype or tensor_argument(input, "randn_like").dtype
    return randn(input.shape, generator=generator, dtype=kind, device=device, requires_grad=requires_grad)


# --- one distribution per element ---------------------------------------------------------------------------


def normal(
    mean: Any, std: Any = 1.0, size: Any = None,
    *, generator: Generator | None = None, dtype: DType | None = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Samples from normal distributions: one mean and std for all of size, or one for each element.

    The gradient with respect to mean and std is 0, as in PyTorch; for another, use mean + std * randn(...).

    Args:
        mean: a number, or a tensor with the mean of each sample.
        std: the same for the standard deviations.
        size: the shape, if both are numbers.
        generator: the generator to sample from; None for the default generator.
        dtype: None for the default dtype, float32; if both are numbers.
        device: "cpu", or None.
        requires_grad: whether to accumulate its gradient in `.grad`.

    Raises:
        RuntimeError: a standard deviation is negative.

    >>> cutaway.normal(0.0, 1.0, (2, 3)).shape
    torch.Size([2, 3])
    """
    means, stds = plain(mean), plain(std)
    if size is not None:
        if np.less(stds, 0):
            raise errors.out_of_range("normal", "std", std, "0 or more")
        kind = numpy_dtype(dtype, get_default_dtype().dtype)
        draws = stream_of(generator).normal(new_shape("normal", (size,)), kind, means, stds)
        return finished(draws, device, requires_grad)
    if not isinstance(means, np.ndarray) and not isinstance(stds, np.ndarray):
        raise errors.normal_without_size()
    common_shape("normal", mean, std)
    return apply(ops.drawn, mean, std, draws=stream_of(generator).normal_of(means, stds), of="Normal")


__all__ = [
    "Generator", "default_generator", "get_rng_state", "initial_seed", "manual_seed", "normal", "rand",
    "rand_like", "randint", "randint_like", "randn", "randn_like", "randperm", "seed", "set_rng_state",
]  # fmt: skip


if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.random")
