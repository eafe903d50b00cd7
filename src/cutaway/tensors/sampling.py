"""Random sampling: `normal_`, `uniform_` and their like, `bernoulli` and `multinomial`, and the stream they read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from .. import errors, generator, ops
from ..generator import memory_order
from .arguments import number_of
from .base import TensorBase, apply, wrap
from .writing import refuse_leaf, write

if TYPE_CHECKING:
    from .tensor import Tensor


class Sampling(TensorBase):
    """Random numbers, in place, and draws with the probabilities that a tensor holds."""

    __slots__ = ()

    def bernoulli(self, p: float | None = None, *, generator: generator.Generator | None = None) -> Tensor:
        """1 with the probability that self says, else 0, for each element. The gradient is taken to be 0.

        Args:
            p: one probability for all places of self's shape, instead.
            generator: where the numbers come from; None for the stream that manual_seed sets.

        Raises:
            RuntimeError: a probability is not between 0 and 1.

        >>> cutaway.tensor([0., 1.]).bernoulli()
        tensor([0., 1.])
        """
        array, stream = self._array, _stream(generator)
        draws = stream.bernoulli_of(array) if p is None else stream.bernoulli(array.shape, p, array.dtype)
        return apply(ops.drawn, self, draws=draws, of="Bernoulli")

    def multinomial(
        self, num_samples: int, replacement: bool = False, *, generator: generator.Generator | None = None
    ) -> Tensor:
        """Indices drawn with the probabilities that self, of shape (C), or each row of self, (N, C), gives.

        The probabilities need not add up to 1.

        Args:
            num_samples: how many to draw from each row, S.
            replacement: whether an index may be drawn again.
            generator: where the numbers come from; None for the stream that manual_seed sets.

        Returns:
            (S) or (N, S), int64.

        Raises:
            RuntimeError: a weight is negative or not finite, a row has none above 0, or there are fewer
                categories than samples and none may be drawn again.

        >>> cutaway.tensor([0., 1., 0.]).multinomial(1)
        tensor([1])
        """
        return wrap(_stream(generator).multinomial(self._array, num_samples, replacement))

    def normal_(self, mean: float = 0.0, std: float = 1.0, *, generator: generator.Generator | None = None) -> Self:
        """Draws from the normal distribution, in place.

        Args:
            mean: the distribution's mean.
            std: its standard deviation, 0 or more.
            generator: where the numbers come from; None for the stream that manual_seed sets.

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
        scattered = not self._array.flags.c_contiguous
        return self._draw(lambda shape, dtype: _stream(generator).normal(shape, dtype, mean, std, one_by_one=scattered))

    def uniform_(
        self, from_: float = 0.0, to: float = 1.0, *, generator: generator.Generator | None = None, **names: float
    ) -> Self:
        """Draws from the uniform distribution between two numbers, in place.

        Args:
            from_: the lower end, which can be drawn. As a keyword PyTorch spells it `from`: **{"from": 0.5}.
            to: the upper end, which cannot.
            generator: where the numbers come from; None for the stream that manual_seed sets.

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
        return self._draw(lambda shape, dtype: _stream(generator).uniform(shape, dtype, low, to))

    def bernoulli_(self, p: Any = 0.5, *, generator: generator.Generator | None = None) -> Self:
        """1 with probability p, else 0, in place.

        Args:
            p: a number, or a tensor with a probability for each place.
            generator: where the numbers come from; None for the stream that manual_seed sets.

        Raises:
            RuntimeError: p is not between 0 and 1.

        >>> cutaway.empty(3).bernoulli_(1.)
        tensor([1., 1., 1.])
        """
        chances: Any = p._array if isinstance(p, TensorBase) else number_of(p)
        if not np.all((chances >= 0) & (chances <= 1)):
            raise errors.out_of_range("bernoulli_", "p", p, "between 0 and 1")
        if not isinstance(p, TensorBase):
            return self._draw(lambda shape, dtype: _stream(generator).bernoulli(shape, chances, dtype))
        refuse_leaf(self)
        numbers = np.empty_like(self._array, chances.dtype)
        numbers[...] = wrap(chances).expand(self._array.shape)._array
        ordered = memory_order(numbers)
        ordered[...] = _stream(generator).bernoulli_of(ordered)
        write(self, wrap(numbers))
        return self

    def exponential_(self, lambd: float = 1.0, *, generator: generator.Generator | None = None) -> Self:
        """Draws from the exponential distribution, in place.

        Args:
            lambd: its rate, above 0.
            generator: where the numbers come from; None for the stream that manual_seed sets.

        >>> cutaway.empty(3).exponential_().min() > 0
        tensor(True)
        """
        _needs_fractions("exponential_", self)
        lambd = number_of(lambd)
        if not lambd > 0:
            raise errors.out_of_range("exponential_", "lambd", lambd, "above 0")
        return self._draw(lambda shape, dtype: _stream(generator).exponential(shape, dtype, lambd))

    def _draw(self, draws: Callable[[tuple[int, ...], np.dtype[Any]], Any]) -> Self:
        """Fill self with draws, in the order in which its elements lie in memory, as PyTorch does."""
        refuse_leaf(self)
        numbers = np.empty_like(self._array)  # of the same order in memory
        ordered = memory_order(numbers)
        ordered[...] = draws(ordered.shape, numbers.dtype)
        write(self, wrap(numbers))
        return self


class Generator(generator.Generator):
    """A stream of random numbers of one's own.

    Args:
        device: "cpu".

    >>> g = cutaway.Generator().manual_seed(0)
    >>> cutaway.rand(2, generator=g)
    tensor([0.4963, 0.7682])
    """

    def get_state(self) -> Tensor:
        """The state, to return to later: a uint8 tensor, in PyTorch's layout."""
        return wrap(self.state_bytes())

    def set_state(self, new_state: Tensor) -> Self:
        """Return to a state, and return self.

        Args:
            new_state: what get_state() has given, here or in PyTorch.

        Raises:
            TypeError, RuntimeError: it is no such thing.

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
default_generator.seed()  # as in PyTorch, a program that seeds nothing gets other numbers each time


def _stream(given: generator.Generator | None) -> generator.Generator:
    return default_generator if given is None else given


def _needs_fractions(name: str, x: TensorBase) -> None:
    if x._array.dtype.kind != "f":
        raise errors.not_for_dtype(name, x.dtype.name, "floating-point numbers, as its draws are")
