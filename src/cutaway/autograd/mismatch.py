"""Diagnosis of a wrong gradient from the analytic and the numerical Jacobian.

Most wrong gradients are wrong in one of a few ways: a factor, a sign, a transposed matrix, a missing
sum. Each leaves a pattern in the numbers, which this module detects.
"""

from __future__ import annotations

import numpy as np

from ..ops.contract import Array, Shape
from ..ops.shape import stretched_axes


def hints(analytic: Array, numerical: Array, in_shape: Shape, out_shape: Shape, atol: float) -> list[str]:
    """The likely causes of a mismatch."""
    if not np.isfinite(numerical).all():
        return ["func itself gives nan or infinity at this input or next to it."]
    if not np.isfinite(analytic).all():
        return ["the backward pass gives nan or infinity where the slope is finite, as 0 · ∞ does."]

    def equal(a: Array, b: Array) -> bool:
        return bool(np.allclose(a, b, rtol=1e-2, atol=10 * atol))

    if not np.abs(analytic).max() > atol:
        return ["no gradient arrives. Is the graph cut (.detach(), .data, .item(), no_grad)?"]
    stretched = _stretched(in_shape, out_shape)
    summed = ""
    if stretched:
        summed = f" The input {in_shape} is stretched to {out_shape}: its gradient is g summed over {stretched}."
    factor = float((analytic * numerical).sum() / max(float((numerical * numerical).sum()), 1e-300))
    if equal(analytic, factor * numerical):
        if abs(factor + 1) < 0.01:
            return ["the analytical one is -1 times the numerical one, everywhere. A sign is wrong." + summed]
        if not summed and any(n > 2 and abs(abs(factor) * n - 1) < 0.01 for n in (*in_shape, *out_shape)):
            summed = " That is 1 over the length of an axis: is it a mean instead of a sum?"
        times = f"the analytical one is {_fraction(factor)} times the numerical one, everywhere"
        return [f"{times}. A factor is wrong.{summed}"]
    if analytic.shape[0] == analytic.shape[1] and equal(analytic.T, numerical):
        return ["the analytical one is the numerical one transposed. Is a .T or swapaxes missing, or superfluous?"]
    if len(in_shape) > 1:
        turned = analytic.reshape(*in_shape, -1).swapaxes(-2, -3) if in_shape[-1] == in_shape[-2] else analytic
        if turned is not analytic and equal(turned.reshape(numerical.shape), numerical):
            return ["the gradient of the input is right when transposed. Is a .T or swapaxes missing, or superfluous?"]
    different = np.abs(analytic - numerical) > 10 * atol + 1e-2 * np.abs(numerical)
    if not np.abs(analytic[different]).max(initial=0) > atol:
        if summed:
            return [f"where the analytical one is wrong it is 0, as if only a part of g had been used.{summed}"]
        return ["where the analytical one is wrong it is 0, and elsewhere it is right. A term is missing."]
    return [summed.strip()] if summed else []


def _stretched(in_shape: Shape, out_shape: Shape) -> str:
    """The axes of the output along which an input of in_shape was broadcast, in words; empty if none."""
    if in_shape == out_shape or len(in_shape) > len(out_shape):
        return ""
    extra = len(out_shape) - len(in_shape)
    if any(n not in (1, m) for n, m in zip(in_shape, out_shape[extra:], strict=True)):
        return ""
    axes = [a for a in stretched_axes(in_shape, out_shape) if out_shape[a] > 1]
    return f"axis {axes[0]}" if len(axes) == 1 else f"axes {tuple(axes)}" if axes else ""


def place(flat: int, shape: Shape) -> str:
    """The index of an element, as [1, 2]; empty for a 0-d tensor."""
    return str([int(k) for k in np.unravel_index(flat, shape)]) if shape else ""


def _fraction(x: float) -> str:
    for n in range(1, 101):
        if abs(x * n - round(x * n)) < 1e-3 * n * abs(x) and round(x * n):
            return f"{round(x * n)}" if n == 1 else f"{round(x * n)}/{n}"
    return f"{x:.4g}"


def number(x: float) -> str:
    """A number, formatted for a message."""
    return f"{x:.4f}" if 1e-3 <= abs(x) < 1e5 or x == 0 else f"{x:.4g}"


def matrix(jacobian: Array, row: int, column: int, most: int = 6) -> str:
    """The matrix, or the part of it around an entry."""
    top, left = (max(min(k - most // 2, n - most), 0) for k, n in zip((row, column), jacobian.shape, strict=True))
    part = jacobian[top : top + most, left : left + most]
    cells = [[number(0 if abs(x) < 1e-9 else x) for x in line] for line in part]
    width = max(len(cell) for line in cells for cell in line)
    lines = [", ".join(cell.rjust(width) for cell in line) for line in cells]
    text = "    [[" + "],\n     [".join(lines) + "]]"
    if part.shape != jacobian.shape:
        rows, columns = f"{top} to {top + part.shape[0] - 1}", f"{left} to {left + part.shape[1] - 1}"
        text += f"    rows {rows}, columns {columns} of {jacobian.shape}"
    return text
