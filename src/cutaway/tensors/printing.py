"""Formatting of tensors: `print(x)` matches PyTorch's output exactly, whitespace included.

A lesson is read beside its output, so the output must be the same. Formatting has four steps:

1. *Summarize.* If there are more elements than `threshold`, only `edgeitems` at either end of each long axis
   are kept, and `...` replaces the rest. This comes first, so that a tensor of a million elements prints at once.
2. *Format.* All numbers get one style, chosen from those that are neither 0, nan nor infinite:

   - scientific, `1.0000e-05`, if the largest magnitude is over 1000 times the smallest, or over 10⁸, or the
     smallest is under 10⁻⁴;
   - otherwise `3.` if all are integers, and `3.0000` if not.

3. *Align.* Every number is padded to the widest of those, and rows are broken at `linewidth`.
4. *Suffixes.* The size or dtype that the numbers do not imply, and grad_fn or requires_grad, follow. A suffix
   that does not fit on the last line goes on a new one.

>>> torch.tensor([[0.5, -1.0], [20.0, 0.0]], requires_grad=True) * 2
tensor([[ 1., -2.],
        [40.,  0.]], grad_fn=<MulBackward0>)
>>> torch.tensor([0.00001, 1.0])
tensor([1.0000e-05, 1.0000e+00])
>>> torch.arange(2000)
tensor([   0,    1,    2,  ..., 1997, 1998, 1999])

This module works on plain arrays; `Tensor.__repr__` is a thin wrapper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, TypeAlias

import numpy as np

__all__ = [
    "PrintOptions", "describe", "describe_suffixes", "format_array", "get_printoptions",
    "set_printoptions",
]  # fmt: skip

Array: TypeAlias = np.ndarray[Any, Any]
Writer: TypeAlias = Callable[[Any], str]


# ---------------------------------------------------------------- options


@dataclass(frozen=True)
class PrintOptions:
    """The print options; `set_printoptions` explains each."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: float = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
_options = _PROFILES["default"]


def get_printoptions() -> PrintOptions:
    """Return the current print options."""
    return _options


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: float | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed; omitted options keep their value.

    Args:
        precision: digits after the decimal point (default 4).
        threshold: tensors with more elements than this are summarized with `...` (default 1000).
        edgeitems: the number of elements at either end of a summarized axis (default 3).
        linewidth: characters per line (default 80).
        profile: start from a preset: "default", "short" (2 digits, 2 edge items), "full" (no summary).
        sci_mode: True for scientific notation always, False for never. As in PyTorch, each call resets this
            option: if omitted, it is chosen automatically.

    Raises:
        ValueError: an unknown profile, or a negative precision or number of edge items.
        TypeError: an option that is not a number.

    >>> torch.set_printoptions(precision=2, sci_mode=False)
    >>> torch.tensor([0.00001, 3.14159])
    tensor([0.00, 3.14])
    >>> torch.set_printoptions(profile="default")
    >>> torch.tensor([0.00001, 3.14159])
    tensor([1.0000e-05, 3.1416e+00])
    """
    global _options
    if profile is not None and profile not in _PROFILES:
        known = ", ".join(map(repr, _PROFILES))
        raise ValueError(f"set_printoptions was given profile={profile!r}, and knows only {known}")
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    for name, value in changes.items():
        _check_option(name, value)
    start = _options if profile is None else _PROFILES[profile]
    _options = replace(start, **changes, sci_mode=sci_mode)


def _check_option(name: str, value: Any) -> None:
    counts = name in ("precision", "edgeitems")
    wanted = "a non-negative integer" if counts else "a number"
    message = f"set_printoptions was given {name}={value!r}, which must be {wanted}"
    if not isinstance(value, Integral if counts else Real):
        raise TypeError(message)
    if counts and value < 0:
        raise ValueError(message)


# ---------------------------------------------------------------- a whole tensor


def describe(
    array: Array,
    *,
    grad_fn: str | None,
    requires_grad: bool,
    default_dtype: np.dtype[Any],
    prefix: str = "tensor(",
) -> str:
    """Return the text of a tensor, as `repr` and `str` give it.

    Args:
        array: the tensor's numbers, of any shape.
        grad_fn: the name of the node that made the tensor, such as "MulBackward0"; None for a leaf.
        requires_grad: whether the tensor requires grad (shown only if there is no `grad_fn`).
        default_dtype: the floating-point dtype that is not shown.
        prefix: the text before the numbers; a subclass puts its own name here.
    """
    rest = describe_suffixes(array, grad_fn=grad_fn, requires_grad=requires_grad, default_dtype=default_dtype)
    return format_array(array, prefix=prefix, suffixes=rest)


def describe_suffixes(
    array: Array, *, grad_fn: str | None, requires_grad: bool, default_dtype: np.dtype[Any]
) -> list[str]:
    """Return the suffixes: size, dtype, and grad_fn or requires_grad.

    The arguments are those of `describe`. Anything that the numbers imply is omitted: `1.`, `1` and `True` imply
    the default dtypes, brackets the shape. An empty tensor implies less.
    """
    suffixes = []
    empty = array.size == 0
    # Empty brackets do not show the shape; with edgeitems=0 any tensor may be summarized to them.
    if (empty and array.ndim != 1) or (not empty and _options.edgeitems == 0):
        suffixes.append(f"size={array.shape}")
    usual = [default_dtype] if empty else [default_dtype, np.dtype(np.int64), np.dtype(np.bool_)]
    if array.dtype not in usual:
        suffixes.append(f"dtype=torch.{array.dtype.name}")
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    return suffixes


def format_array(array: Array, *, prefix: str = "tensor(", suffixes: Sequence[str] = ()) -> str:
    """Return `prefix`, the numbers of `array` in brackets, the suffixes, and a closing parenthesis.

    Args:
        array: bools, integers or floats, of any shape.
        prefix: the text before the numbers; its length is the indentation of the following lines.
        suffixes: appended after the numbers, each on the current line if it fits, else on a new one.
    """
    text = prefix + _format_numbers(array, len(prefix), _options)
    return _add_suffixes(text, suffixes, len(prefix), _options.linewidth) + ")"


def _add_suffixes(text: str, suffixes: Sequence[str], indent: int, linewidth: float) -> str:
    used = len(text) - (text.rfind("\n") + 1) + 2  # the last line so far, and two characters to spare
    for suffix in suffixes:
        used += len(suffix) + 2
        if used > linewidth:
            text += ",\n" + " " * indent + suffix
            used = indent + len(suffix)
        else:
            text += ", " + suffix
    return text


# ---------------------------------------------------------------- summarize


def _format_numbers(array: Array, indent: int, options: PrintOptions) -> str:
    if array.size == 0:
        return "[]"
    too_many = array.size > options.threshold
    if too_many and array.ndim and options.edgeitems == 0:
        return "[...]"
    cut = [too_many and length > 2 * options.edgeitems for length in array.shape]
    shown = _edges(array, cut, options.edgeitems)
    texts, width = _write_all(shown, options)
    cells = np.array(texts, dtype=object).reshape(shown.shape)
    room = options.linewidth - (indent + array.ndim - 1)
    per_line = max(1, int(min(room / (width + len(", ")), array.size)))
    return _layout(cells, cut, indent, per_line, options.edgeitems)


def _edges(array: Array, cut: Sequence[bool], edgeitems: int) -> Array:
    """The array with the middle removed from each summarized axis."""
    if not any(cut):
        return array
    ends = [*range(edgeitems), *range(-edgeitems, 0)]
    kept = [ends if is_cut else range(length) for is_cut, length in zip(cut, array.shape, strict=True)]
    corners: Array = array[np.ix_(*kept)]  # all axes at once, to avoid large intermediate copies
    return corners


# ---------------------------------------------------------------- format


def _write_all(numbers: Array, options: PrintOptions) -> tuple[list[str], int]:
    """The formatted numbers, and the width to which they are padded."""
    if numbers.dtype.kind == "f":
        ordinary = np.isfinite(numbers) & (numbers != 0)
        write = _float_writer(numbers[ordinary].astype(np.float64), options)
    else:
        ordinary = np.ones(numbers.shape, np.bool_)
        write = str
    texts = [write(number) for number in numbers.ravel().tolist()]
    # 0, nan and inf do not count for the width: they may exceed it, as in PyTorch.
    width = max((len(text) for text, counts in zip(texts, ordinary.flat, strict=True) if counts), default=1)
    return [text.rjust(width) for text in texts], width


def _float_writer(numbers: Array, options: PrintOptions) -> Writer:
    """The style for floats, chosen from those that are neither zero, nan nor infinite (float64)."""
    if numbers.size == 0:
        return _write_whole
    sizes = np.abs(numbers)
    smallest, largest = float(sizes.min()), float(sizes.max())
    scientific = options.sci_mode
    if scientific is None:
        scientific = largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4
    if scientific:
        return lambda number: f"{number:.{options.precision}e}"
    if np.all(numbers == np.ceil(numbers)):
        return _write_whole
    return lambda number: f"{number:.{options.precision}f}"


def _write_whole(number: float) -> str:
    return f"{number:.0f}." if math.isfinite(number) else str(number)


# ---------------------------------------------------------------- align


def _layout(cells: Array, cut: Sequence[bool], indent: int, per_line: int, edgeitems: int) -> str:
    """The cells in brackets, nested by axis; `...` marks a summarized axis."""
    if cells.ndim == 0:
        return str(cells.item())
    is_row = cells.ndim == 1
    if is_row:
        parts = cells.tolist()
    else:
        parts = [_layout(block, cut[1:], indent + 1, per_line, edgeitems) for block in cells]
    if cut[0]:
        parts.insert(edgeitems, " ..." if is_row else "...")
    if is_row:  # a long row takes several lines; the dots count as one element
        parts = [", ".join(parts[at : at + per_line]) for at in range(0, len(parts), per_line)]
    # One empty line between matrices, two between 3-d blocks, and so on.
    newline = "\n" * max(1, cells.ndim - 1) + " " * (indent + 1)
    return "[" + ("," + newline).join(parts) + "]"
