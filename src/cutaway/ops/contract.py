"""The op contract, as types.

An op takes arrays and returns its value together with one pullback for each of those arrays. A
pullback takes `g`, the gradient of the loss with respect to the op's value, and returns the
gradient of the loss with respect to its own input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]
Pullback: TypeAlias = Callable[[Array], Array]

Unary: TypeAlias = tuple[Array, Pullback]
Binary: TypeAlias = tuple[Array, Pullback, Pullback]
Ternary: TypeAlias = tuple[Array, Pullback, Pullback, Pullback]
Variadic: TypeAlias = tuple[Any, ...]  # the value, then one pullback per input, for any number of inputs

Axis: TypeAlias = int | tuple[int, ...] | None
Shape: TypeAlias = tuple[int, ...]

# A sequence of shape ops with their attributes, which derives a view from its base.
Steps: TypeAlias = tuple[tuple[Callable[..., Any], dict[str, Any]], ...]


class once:
    """Cache a computation that several pullbacks of one op share: it runs once for each g."""

    __slots__ = ("compute", "_last")

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self.compute = compute
        self._last: tuple[Any, Any] | None = None

    def __call__(self, g: Any) -> Any:
        last = self._last
        if last is None or last[0] is not g:
            self._last = last = g, self.compute(g)
        return last[1]

    def forget(self) -> None:
        """Release the cached result."""
        self._last = None


def renewed(g: Any) -> Any:
    """A gradient that others hold, as an object of its own: `once` would not notice that they overwrote it."""
    return g.view() if isinstance(g, np.ndarray) else g
