"""Random sampling: `normal_`, `uniform_` and others, `bernoulli` and `multinomial`, and the default generator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .. import errors, generator, ops
from ..generator import memory_order
from .arguments import number_of, whole
from .base import TensorBase, apply, wrap
from .writing import refuse_leaf, write

if TYPE_CHECKING:
    from .tensor import Tensor


class Sampling(TensorBase):
    """In-place random sampling, and sampling with the probabilities in a tensor."""

    __slots__ = ()

    def bernoulli(self, p: float | None = None, *, generator: generator.Generator | None = None) -> Tensor:
        """Bernoulli samples: 1 with the probability given by each element of self, else 0. The gradient is 0.

        Args:
            p: one probability for all elements, instead.
            generator: the generator to sample from; None for the default generator.

        Raises:
            RuntimeError: a probability is not between 0 and 1.

        >>> cutaway.tensor([0., 1.]).bernoulli()
        tensor([0., 1.])
        """
        array, stream = self._array, stream_of(generator)
        draws = stream.bernoulli_of(array) if p is None else stream.bernoulli(array.shape, p, array.dtype)
        return apply(ops.drawn, self, draws=draws, of="Bernoulli")

    def multinomial(
        self, num_samples: int, replacement: bool = False, *, generator: generator.Generator | None = None
    ) -> Tensor:
        """Sample indices with the probabilities in self, (C), or in each row of self, (N, C).

        The probabilities need not sum to 1.

        Args:
            num_samples: the number of samples per row, S.
            replacement: whether to sample with replacement.
            generator: the generator to sample from; None for the default generator.

        Returns:
            (S) or (N, S), int64.

        Raises:
            RuntimeError: a weight is negative or not finite, a row sums to 0, or there are fewer
                categories than samples without replacement.

        >>> cutaway.tensor([0., 1., 0.]).multinomial(1)
        tensor([1])
        """
        return wrap(stream_of(generator).multinomial(self._array, num_samples, replacement))

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: generator.Generator | None = None) -> Self:
        """Fill self with samples from a normal distribution, in place.

        Args:
            mean: the mean.
            std: the standard deviation, 0 or more.
            generator: the generator to sample from; None for the default generator.

        Raises:
            RuntimeError: std is negative.

        >>> _ = cutaway.manual_seed(0)
        >>> cutaway.empty(2).normal_()
        tensor([ 1.5410, -0.2934])
        """
        _needs_fractions("normal_", self)
        mean, std = number_of(mean), number_of(std)
        if not std >= 0:
            raise errors.out_of_range("normal_", "std", std, "0 or more")
        scattered, stream = not self._array.flags.c_contiguous, stream_of(generator)
        return self._draw(lambda shape, dtype: stream.normal(shape, dtype, mean, std, one_by_one=scattered))

    def uniform_(
        self, from_: float = 0.0, to: float = 1.0, *, generator: generator.Generator | None = None, **names: float
    ) -> Self:
        """Fill self with samples from the uniform distribution on [from_, to), in place.

        Args:
            from_: the inclusive lower bound. As a keyword PyTorch spells it `from`: **{"from": 0.5}.
            to: the exclusive upper bound.
            generator: the generator to sample from; None for the default generator.

        Raises:
            RuntimeError: from_ is above to.

        >>> _ = cutaway.manual_seed(0)
        >>> cutaway.empty(2).uniform_(-1, 1)
        tensor([-0.0075,  0.5364])
        """
        low = names.pop("from", from_)
        if names:
            raise errors.unknown_keyword("uniform_", next(iter(names)), ["from", "to", "generator"])
        _needs_fractions("uniform_", self)
        low, to = number_of(low), number_of(to)
        if low > to:
            raise errors.out_of_range("uniform_", "from", low, f"at most to={to}")
        return self._draw(lambda shape, dtype: stream_of(generator).uniform(shape, dtype, low, to))

    def bernoulli_(self, p: Any = 0.5, *, generator: generator.Generator | None = None) -> Self:
        """Fill self with Bernoulli samples, 1 with probability p, else 0, in place.

        Args:
            p: a number, or a tensor with a probability for each element.
            generator: the generator to sample from; None for the default generator.

        Raises:
            RuntimeError: p is not between 0 and 1.

        >>> cutaway.empty(3).bernoulli_(1.)
        tensor([1., 1., 1.])
        """
        chances: Any = p._array if isinstance(p, TensorBase) else number_of(p)
        if not np.all((chances >= 0) & (chances <= 1)):
            raise errors.out_of_range("bernoulli_", "p", p, "between 0 and 1")
        if not isinstance(p, TensorBase):
            return self._draw(lambda shape, dtype: stream_of(generator).bernoulli(shape, chances, dtype))
        refuse_leaf(self)
        numbers = np.empty_like(self._array, chances.dtype)
        numbers[...] = wrap(chances).expand(self._array.shape)._array
        ordered = memory_order(numbers)
        ordered[...] = stream_of(generator).bernoulli_of(ordered)
        write(self, wrap(numbers))
        return self

    def exponential_(self, lambd: float = 1.0, *, generator: generator.Generator | None = None) -> Self:
        """Fill self with samples from an exponential distribution, in place.

        Args:
            lambd: the rate, above 0.
            generator: the generator to sample from; None for the default generator.

        >>> cutaway.empty(3).exponential_().min() > 0
        tensor(True)
        """
        _needs_fractions("exponential_", self)
        lambd = number_of(lambd)
        if not lambd > 0:
            raise errors.out_of_range("exponential_", "lambd", lambd, "above 0")
        return self._draw(lambda shape, dtype: stream_of(generator).exponential(shape, dtype, lambd))

    def random_(
        self, from_: int | None = None, to: int | None = None, *, generator: generator.Generator | None = None,
        **names: int,
    ) -> Self:  # fmt: skip
        """Fill self with random integers, in place.

        Args:
            from_: the smallest, None for 0; random_(to) starts from 0. As a keyword PyTorch spells it `from`.
            to: one more than the largest; random_() goes up to the largest int of the dtype, or for floats to
                2 to the number of bits of precision.
            generator: the generator to sample from; None for the default generator.

        Raises:
            RuntimeError: from_ is not below to.

        >>> _ = cutaway.manual_seed(0)
        >>> cutaway.empty(5, dtype=cutaway.long).random_(10)
        tensor([4, 9, 3, 0, 3])
        """
        low, stream = names.pop("from", from_), stream_of(generator)
        if names:
            raise errors.unknown_keyword("random_", next(iter(names)), ["from", "to", "generator"])
        if low is None and to is None:
            return self._draw(stream.random)
        first, end = (0, low) if to is None else (low or 0, to)
        first, end = whole("random_", "from", first), whole("random_", "to", end)
        if first >= end:
            raise errors.empty_range(first, end)
        return self._draw(lambda shape, dtype: stream.randint(first, end, shape, dtype))

    def _draw(self, draws: Callable[[tuple[int, ...], np.dtype[Any]], Any]) -> Self:
        """Fill self with samples in memory order, as PyTorch does."""
        refuse_leaf(self)
        numbers = np.empty_like(self._array)  # with the same memory layout
        ordered = memory_order(numbers)
        ordered[...] = draws(ordered.shape, numbers.dtype)
        write(self, wrap(numbers))
        return self


class Generator(generator.Generator):
    """An independent random number generator.

    Args:
        device: "cpu".

    >>> g = cutaway.Generator().manual_seed(0)
    >>> cutaway.rand(2, generator=g)
    tensor([0.4963, 0.7682])
    """

    def get_state(self) -> Tensor:
        """The state, for `set_state`: a uint8 tensor in PyTorch's layout."""
        return wrap(self.state_bytes())

    def set_state(self, new_state: Tensor) -> Self:
        """Restore a state, and return self.

        Args:
            new_state: a result of get_state(), of cutaway or PyTorch.

        Raises:
            TypeError, RuntimeError: new_state is not a valid state.

        >>> g = cutaway.Generator()
        >>> before = g.get_state()
        >>> a = cutaway.rand(3, generator=g)
        >>> _ = g.set_state(before)
        >>> a.equal(cutaway.rand(3, generator=g))
        True
        """
        if not isinstance(new_state, TensorBase):
            raise errors.not_a_tensor("set_state", new_state)
        self.load_state_bytes(new_state._array)
        return self


default_generator = Generator()
default_generator.seed()  # as in PyTorch, an unseeded program gets different numbers each time


def stream_of(given: generator.Generator | None) -> generator.Generator:
    """The generator that was passed, or the default one."""
    if given is not None and not isinstance(given, generator.Generator):
        raise errors.not_a_generator(given)
    return default_generator if given is None else given


def _needs_fractions(name: str, x: TensorBase) -> None:
    if x._array.dtype.kind != "f":
        raise errors.not_for_dtype(name, x.dtype.name, "floating-point numbers, as its draws are")
