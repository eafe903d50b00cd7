"""How a tensor is written out: `print(x)` gives, to the last space, what PyTorch gives.

A lesson is read beside its output, so the output has to be the same. The way there has four steps:

1. *Cut.* More numbers than `threshold`: of each long axis only `edgeitems` at either end are kept, and `...`
   will stand for the rest. This comes first, so that a tensor of a million numbers prints at once.
2. *Write.* All numbers get one style, chosen from those that are neither 0, nan nor infinite:

   - scientific, `1.0000e-05`, when the largest is over 1000 times the smallest, or over 10⁸, or the smallest
     is under 10⁻⁴ (signs left aside);
   - otherwise `3.` when they are all whole, and `3.0000` when they are not.

3. *Line up.* Every number is padded to the widest of those, and rows are broken at `linewidth`.
4. *Say the rest.* What the numbers do not show follows: a dtype that is not the usual one, the op that made
   the tensor, or that it requires grad. What does not fit on the last line goes to a line of its own.

>>> torch.tensor([[0.5, -1.0], [20.0, 0.0]], requires_grad=True) * 2
tensor([[ 1., -2.],
        [40.,  0.]], grad_fn=<MulBackward0>)
>>> torch.tensor([0.00001, 1.0])
tensor([1.0000e-05, 1.0000e+00])
>>> torch.arange(2000)
tensor([   0,    1,    2,  ..., 1997, 1998, 1999])

Everything here works on plain arrays; `Tensor.__repr__` is a line on top of it.
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
    """The choices that printing follows; `set_printoptions` explains each."""

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
    """Return the options now in force."""
    return _options


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: float | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Choose how tensors are printed from now on; an option that is not given stays as it is.

    Args:
        precision: digits after the point (4 at first).
        threshold: a tensor with more numbers than this is cut short with `...` (1000).
        edgeitems: how many numbers are left at either end of an axis that is cut (3).
        linewidth: characters in a line (80).
        profile: start from a set of options: "default", "short" (2 digits, 2 edge items), "full" (never cut).
        sci_mode: True for scientific notation always, False for never. As in PyTorch each call sets this one
            anew: left out, the numbers decide again.

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
    wanted = "a whole number, 0 or more" if counts else "a number"
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
        requires_grad: whether the tensor requires grad (said only where there is no `grad_fn`).
        default_dtype: the floating dtype that need not be mentioned.
        prefix: what stands before the numbers; a subclass puts its own name here.
    """
    rest = describe_suffixes(array, grad_fn=grad_fn, requires_grad=requires_grad, default_dtype=default_dtype)
    return format_array(array, prefix=prefix, suffixes=rest)


def describe_suffixes(
    array: Array, *, grad_fn: str | None, requires_grad: bool, default_dtype: np.dtype[Any]
) -> list[str]:
    """Return what has to be said after the numbers: size, dtype, and where the gradient goes.

    The arguments are those of `describe`. Nothing is said that the numbers show already: `1.`, `1` and `True`
    speak for the usual dtypes, brackets for the shape. With no numbers to see, less goes without saying.
    """
    suffixes = []
    empty = array.size == 0
    # Empty brackets do not show a shape, and without edge items they may be cut down to nothing.
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
        prefix: what stands before the numbers; its length is the indentation of the lines below the first.
        suffixes: added after the numbers, each on the line that is there if it fits, else on a new one.
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


# ---------------------------------------------------------------- cut


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
    """The array with the middle taken out of each axis that is cut."""
    if not any(cut):
        return array
    ends = [*range(edgeitems), *range(-edgeitems, 0)]
    kept = [ends if is_cut else range(length) for is_cut, length in zip(cut, array.shape, strict=True)]
    corners: Array = array[np.ix_(*kept)]  # all axes at once, so that nothing large is copied on the way
    return corners


# ---------------------------------------------------------------- write


def _write_all(numbers: Array, options: PrintOptions) -> tuple[list[str], int]:
    """The text of every number, each padded to the width that is returned with them."""
    if numbers.dtype.kind == "f":
        ordinary = np.isfinite(numbers) & (numbers != 0)
        write = _float_writer(numbers[ordinary].astype(np.float64), options)
    else:
        ordinary = np.ones(numbers.shape, np.bool_)
        write = str
    texts = [write(number) for number in numbers.ravel().tolist()]
    # 0, nan and inf have no say in the width: they may stick out, as they do in PyTorch.
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


# ---------------------------------------------------------------- line up


def _layout(cells: Array, cut: Sequence[bool], indent: int, per_line: int, edgeitems: int) -> str:
    """The cells in brackets, nested by axis; `...` stands for the middle of an axis that was cut."""
    if cells.ndim == 0:
        return str(cells.item())
    is_row = cells.ndim == 1
    if is_row:
        parts = cells.tolist()
    else:
        parts = [_layout(block, cut[1:], indent + 1, per_line, edgeitems) for block in cells]
    if cut[0]:
        parts.insert(edgeitems, " ..." if is_row else "...")
    if is_row:  # a long row takes several lines; the dots fill a place as a number does
        parts = [", ".join(parts[at : at + per_line]) for at in range(0, len(parts), per_line)]
    # Matrices stand one empty line apart, stacks of matrices two, and so on.
    newline = "\n" * max(1, cells.ndim - 1) + " " * (indent + 1)
    return "[" + ("," + newline).join(parts) + "]"
