"""Numbers that are not finite: which op produced them, from which inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..memory import Line
from .warning import user_frame
from .words import op_name, source

Inputs = Sequence[tuple[str, Any]]  # each with its name


def value_not_finite(op: Callable[..., Any], inputs: Inputs, value: Any, given: int | None) -> str:
    """A value that became inf or nan in the forward pass; `given` is the input that was nan to begin with."""
    if given is not None:
        made = (
            f"{op_name(op)} was given nan by a tensor that no op produced, its {_which(inputs, given)}: check the "
            "input data, and the weights after the last step"
        )
    else:
        made = f"{op_name(op)} produced {' and '.join(_not_finite(value))} from its inputs"
    return f"{made}; {_place(inputs, value)}\n{_inputs(inputs)}    its value: {shown(value)}"


def gradient_is_nan(
    name: str, op: Callable[..., Any], i: int, inputs: Inputs, g: Any, gx: Any, line: Line,
    was_reported: bool,
) -> RuntimeError:  # fmt: skip
    """A gradient that became nan in the backward pass; `was_reported` is whether the op's value was not finite."""
    if np.isnan(g).any():
        why = "The incoming gradient was already nan: the loss itself, or the result of a hook, is not a number."
    elif not np.isfinite(g).all():
        why = "The incoming gradient was infinite; infinity minus infinity, or times 0, is not a number."
    elif any(isinstance(x, np.ndarray) and _not_finite(x) for _, x in inputs):
        why = "One of its inputs was already not finite: an AnomalyWarning reported where that began."
    elif was_reported:
        why = f"The value of {op_name(op)} was already not finite: an AnomalyWarning reported it."
    elif isinstance(op, type):
        why = f"{op_name(op)}.backward made it of finite numbers: check its divisions, logarithms and powers."
    else:
        why = (
            "Its derivative is infinite or undefined there. Keep its input away from such points, for example by "
            "adding a small number, (x + 1e-8); or apply torch.where to the input, not to the result."
        )
    return RuntimeError(
        f"Function '{name}' returned nan values in its {i}th output: the gradient of {op_name(op)} for its "
        f"{_which(inputs, i)} is not a number; {_place(inputs, gx)}\n{_gradients(op, inputs, g, gx, line)}\n{why}"
    )


def gradient_is_infinite(op: Callable[..., Any], i: int, inputs: Inputs, g: Any, gx: Any, line: Line) -> str:
    """A gradient that became infinite in the backward pass."""
    return (
        f"the gradient of {op_name(op)} for its {_which(inputs, i)} became infinite; {_place(inputs, gx)}\n"
        f"{_gradients(op, inputs, g, gx, line)}"
    )


def _gradients(op: Callable[..., Any], inputs: Inputs, g: Any, gx: Any, line: Line) -> str:
    """The inputs and gradients, with the two lines of the program."""
    frame = user_frame()
    return (
        f"{op_name(op)} ran forward here\n{source(line)}\n{_inputs(inputs)}"
        f"and backward was called here\n{source((frame.f_code, frame.f_lasti))}\n"
        f"    the incoming gradient: {shown(g)}\n    the gradient passed on: {shown(gx)}"
    )


def _inputs(inputs: Inputs) -> str:
    return "".join(f"    {_which(inputs, i)}: {shown(x)}\n" for i, (_, x) in enumerate(inputs))


def _which(inputs: Inputs, i: int) -> str:
    """Input 1 (weight); the name is left out if there is only one input."""
    return f"input {i} ({inputs[i][0]})" if len(inputs) > 1 else f"input {i}"


def shown(x: Any) -> str:
    """An array on one line, abbreviated: its numbers, and its shape."""
    if not isinstance(x, np.ndarray) or x.ndim == 0:
        return f"{x:.6g}" if isinstance(x, float | np.generic | np.ndarray) else str(x)
    numbers = np.array2string(x, precision=4, threshold=8, edgeitems=2, separator=", ", max_line_width=10**6)
    with_these = "".join(f", {n} of them {kind}" for kind, n in _not_finite(x).items())
    return f"{' '.join(numbers.split())}, of shape {x.shape}{with_these}"


def _not_finite(x: Any) -> dict[str, int]:
    """How many numbers are nan, inf and -inf."""
    if x.dtype.kind != "f":
        return {}
    found = {"nan": np.isnan(x), "inf": np.isposinf(x), "-inf": np.isneginf(x)}
    return {kind: int(where.sum()) for kind, where in found.items() if where.any()}


def _place(inputs: Inputs, value: Any) -> str:
    """Where the first such number is and, for an elementwise op, the inputs at that index."""
    if value.ndim == 0:
        index: tuple[int, ...] = ()
        text = f"it is {value}"
    else:
        bad, nan = ~np.isfinite(value), np.isnan(value)
        index = tuple(int(i[0]) for i in np.nonzero(nan if nan.any() else bad))
        text = f"{bad.sum()} of {bad.size} numbers, the first at {list(index)}, which is {value[index]}"
    if inputs and all(np.shape(x) in (value.shape, ()) for _, x in inputs):
        there = [f"{float(np.broadcast_to(x, value.shape)[index]):.6g}" for _, x in inputs]
        text += f", where the input{'s are' if len(there) > 1 else ' is'} {' and '.join(there)}"
    return text
