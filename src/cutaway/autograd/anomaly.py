"""Anomaly detection: find the op that produced the first nan or infinity.

A nan propagates: one at the start of a model turns all later values and all gradients into nan. What matters is the
first op with a non-finite result from finite inputs. Within a `detect_anomaly()` block every op is checked, in the
forward and in the backward pass, and the first such op is reported, with its inputs and with the lines of the user's
program.

The checks are an observer of the engine; outside of such a block they cost nothing.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from .. import errors
from ..graph import Leaf, Node, observers
from ..memory import Line
from ..tensors.base import TensorBase
from .function import arguments

__all__ = ["AnomalyWarning", "detect_anomaly", "set_detect_anomaly"]


class AnomalyWarning(UserWarning):
    """A non-finite number that may be harmless: a value of the forward pass, or an infinite gradient."""


class _Watch:
    """An observer that checks every value and gradient."""

    def __init__(self) -> None:
        self.told: set[Line] = set()  # lines already reported, so that a loop warns once
        self.values: set[Line] = set()  # those of which a value was reported, not a gradient

    def recorded(self, node: Node, value: Any) -> None:
        if _here.watch is not self or _all_finite(value):
            return
        inputs = node.arrays or []
        nan = np.isnan(value).any()
        given = [i for i, (parent, x) in enumerate(zip(node.parents, inputs)) if _is_given(parent) and _has_nan(x)]
        if nan:
            first = bool(given) or not any(map(_has_nan, inputs))
        else:  # an infinite input, such as a mask's, explains the result
            first = all(map(_all_finite, (*inputs, *node.attrs.values())))
        if first and node.line not in self.told:
            self.told.add(node.line)
            self.values.add(node.line)
            message = errors.value_not_finite(node.op, _named(node), value, given[0] if given else None)
            errors.warn(message, AnomalyWarning)

    def sent(self, node: Node, i: int, g: Any, gave: Any, gx: Any) -> None:
        if _here.watch is not self:
            return
        g, gx = _array(g), _array(gx)
        if _all_finite(gx):
            return
        if np.isnan(gx).any():
            was_reported = node.line in self.values
            raise errors.gradient_is_nan(node.name(), node.op, i, _named(node), g, gx, node.line, was_reported)
        if _all_finite(g) and node.line not in self.told:
            self.told.add(node.line)
            errors.warn(errors.gradient_is_infinite(node.op, i, _named(node), g, gx, node.line), AnomalyWarning)


class _Here(threading.local):
    watch: _Watch | None = None


_here = _Here()


def _look(watch: _Watch | None) -> None:
    """Set the observer of this thread; None removes it."""
    if _here.watch is not None:
        observers.remove(_here.watch)
    _here.watch = watch
    if watch is not None:
        observers.append(watch)


class set_detect_anomaly:
    """Enable or disable anomaly detection in this thread: immediately, or for a `with` block.

    Args:
        mode: whether to enable it; see `detect_anomaly`.
        check_nan: False disables all checks. PyTorch then still records the lines of the program, which is always done
            here.

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
    """Within this block, report the first op whose value or gradient is not finite.

    A nan gradient raises RuntimeError, as in PyTorch: the message names the op, its inputs, the gradient that it
    received, the line that ran the op and the line that called backward.

    Beyond PyTorch, a value that becomes inf or nan in the forward pass, and a gradient that becomes infinite, raise an
    `AnomalyWarning`, once per line: some are harmless, as log(0) before a softmax. An infinite input, as a mask's, is
    taken as intended. Only this thread is checked, where PyTorch checks all; PyTorch's warning about the cost is left
    out.

    Args:
        check_nan: False disables all checks.

    >>> x = torch.tensor([0., 4.], requires_grad=True)
    >>> with torch.autograd.detect_anomaly():
    ...     (x * 0).sqrt().mul(x).sum().backward()
    Traceback (most recent call last):
    ...
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan
        self._before: list[_Watch | None] = []  # a stack: one object may be entered twice

    def __enter__(self) -> None:
        self._before.append(_here.watch)
        _look(_Watch() if self.check_nan else None)

    def __exit__(self, *exception: object) -> None:
        _look(self._before.pop())


def _named(node: Node) -> list[tuple[str, Any]]:
    """The inputs of a node, by the names that its op gives them."""
    inputs = node.arrays or ()
    return list(zip(arguments(node.op, len(inputs)), inputs, strict=True))


def _is_given(parent: Node | Leaf | None) -> bool:
    """Whether no op made an input: data, a constant, or a weight."""
    return not isinstance(parent, Node)


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
