"""Where did the nan come from?

A nan spreads: one at the start of a model makes all that follows nan, and all gradients. What matters is the first op
that made a number which is not finite out of numbers that were. In a block of `detect_anomaly()` every op is watched,
on its way forward and on its way back, and the first is named, with what went into it and with the lines of the
program.

The engine's observers do the watching; outside of such a block nothing is paid for.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from .. import errors
from ..graph import Node, observers
from ..memory import Line
from ..tensors.base import TensorBase

__all__ = ["AnomalyWarning", "detect_anomaly", "set_detect_anomaly"]


class AnomalyWarning(UserWarning):
    """A number that is not finite, and that may be harmless: made forward, or an infinite gradient."""


class _Watch:
    """An observer that looks at every number."""

    def __init__(self) -> None:
        self.told: set[Line] = set()  # each line of the program once: a loop would say it at every round

    def recorded(self, node: Node, value: Any) -> None:
        if _here.watch is not self or _all_finite(value):
            return
        inputs = node.arrays or []
        nan = np.isnan(value).any()
        from_data = any(parent is None and _has_nan(x) for parent, x in zip(node.parents, inputs))
        if nan:
            first = from_data or not any(map(_has_nan, inputs))
        else:  # an infinity that was put in, such as a mask's, comes out
            first = all(map(_all_finite, (*inputs, *node.attrs.values())))
        if first and node.line not in self.told:
            self.told.add(node.line)
            errors.warn(errors.value_not_finite(node.op, inputs, value, from_data), AnomalyWarning)

    def sent(self, node: Node, i: int, g: Any, gave: Any, gx: Any) -> None:
        if _here.watch is not self:
            return
        g, gx = _array(g), _array(gx)
        if _all_finite(gx):
            return
        if np.isnan(gx).any():
            raise errors.gradient_is_nan(node.name(), node.op, i, node.arrays, g, gx, node.line)
        if _all_finite(g) and node.line not in self.told:
            self.told.add(node.line)
            errors.warn(errors.gradient_is_infinite(node.op, i, node.arrays, g, gx, node.line), AnomalyWarning)


class _Here(threading.local):
    watch: _Watch | None = None


_here = _Here()


def _look(watch: _Watch | None) -> None:
    """Let this be what watches in this thread; None: nothing."""
    if _here.watch is not None:
        observers.remove(_here.watch)
    _here.watch = watch
    if watch is not None:
        observers.append(watch)


class set_detect_anomaly:
    """Turn the search for numbers that are not finite on or off, in this thread: at once, or for a `with` block.

    Args:
        mode: whether to watch; see `detect_anomaly`.
        check_nan: False watches nothing. PyTorch then only notes the lines of the program, which is always done here.

    >>> with torch.autograd.set_detect_anomaly(False):
    ...     pass
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = _here.watch
        _look(_Watch() if mode and check_nan else None)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        _look(self._before)


class detect_anomaly:
    """Inside this block, name the first op whose value or gradient is not finite.

    A gradient that is nan raises RuntimeError, as in PyTorch: the message names the op, the numbers that went in and
    the gradient that arrived, the line that ran it forward and the one that called backward.

    PyTorch says nothing else. Here a value that became inf or nan on the way forward, and a gradient that became
    infinite, are told in an `AnomalyWarning`, once for each line: some are healed later, as log(0) by a softmax. An
    infinity that was put in, as a mask's, is meant. Only this thread is watched, PyTorch watches all; and its warning
    that watching takes time is left out.

    Args:
        check_nan: False watches nothing.

    >>> x = torch.tensor([0., 4.], requires_grad=True)
    >>> with torch.autograd.detect_anomaly():
    ...     (x * 0).sqrt().mul(x).sum().backward()
    Traceback (most recent call last):
    ...
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self._before: list[_Watch | None] = []  # a list: one object may be entered twice

    def __enter__(self) -> None:
        self._before.append(_here.watch)
        _look(_Watch() if self.check_nan else None)

    def __exit__(self, *exception: object) -> None:
        _look(self._before.pop())


def _array(x: Any) -> Any:
    return x._array if isinstance(x, TensorBase) else x


def _is_fractional(x: Any) -> bool:
    return isinstance(x, float) or (isinstance(x, np.ndarray | np.generic) and x.dtype.kind == "f")


def _all_finite(x: Any) -> bool:
    x = _array(x)
    return not _is_fractional(x) or bool(np.isfinite(x).all())


def _has_nan(x: Any) -> bool:
    x = _array(x)
    return _is_fractional(x) and bool(np.isnan(x).any())
