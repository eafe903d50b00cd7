"""Building blocks of messages: short descriptions of operands, shapes and lines of code."""

from __future__ import annotations

import difflib
import linecache
from collections.abc import Callable, Iterable, Sequence
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from ..memory import Line


def op_name(op: Callable[..., Any]) -> str:
    """The name under which a user knows an op."""
    return getattr(op, "__name__", str(op))


def shapes(*given: Sequence[int]) -> str:
    """Shapes joined for a sentence: (2, 3) and (4,)."""
    return " and ".join(str(tuple(shape)) for shape in given)


def describe(value: Any) -> str:
    """A short description of an operand: its kind, shape and dtype."""
    if hasattr(value, "_array"):
        value = value._array
        return f"a tensor of shape {tuple(value.shape)}, {value.dtype}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}, {value.dtype}"
    if isinstance(value, int | float | bool | np.generic):
        return f"the number {value}"
    if value is None:
        return "None"
    if _holds_tensors(value):
        return f"a {type(value).__name__} of {len(value)}, the first being {describe(value[0])}"
    if _is_layer(value):
        return f"the layer {type(value).__name__}"
    if isinstance(value, type | FunctionType):
        return f"the {'class' if isinstance(value, type) else 'function'} {value.__name__}"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) < 40 else text[:37] + '...'}"


def how_to_get_a_tensor(given: Any) -> str:
    """How to convert something that is not a tensor, for the end of a sentence."""
    if isinstance(given, np.ndarray):
        return "convert it with torch.from_numpy(...)"
    if given is None:
        return "a function without a return statement, such as a forward(), returns None"
    if _is_layer(given):
        name = type(given).__name__
        return f"create the layer first, layer = nn.{name}(...), then call it, layer(x)"
    if hasattr(given, "batch_sizes"):
        return "unpack it first: x, lengths = torch.nn.utils.rnn.pad_packed_sequence(packed)"
    if hasattr(given, "indices"):
        return "it holds values and indices: select one, .values or .indices"
    if _holds_tensors(given) and isinstance(given, tuple):
        return (
            "select the tensor that you mean; recurrent and attention layers return two values, output, hidden = "
            "rnn(x) and output, weights = attention(q, k, v)"
        )
    if _holds_tensors(given):
        return "select the tensor that you mean; a DataLoader yields lists, even of a single tensor: for (x,) in loader"
    if isinstance(given, str) or (isinstance(given, list) and given and isinstance(given[0], str)):
        return "convert words and labels to numbers first, for example with a dict {word: index}"
    return "convert it with torch.tensor(...)"


def _holds_tensors(value: Any) -> bool:
    return isinstance(value, tuple | list) and bool(value) and hasattr(value[0], "_array")


def _is_layer(value: Any) -> bool:
    return hasattr(value, "forward") and not isinstance(value, type)


def source(line: Line) -> str:
    """A line of the user's program: file, number and, if available, its text."""
    code, instruction = line
    number = line_number(code, instruction)
    text = linecache.getline(code.co_filename, number).strip()
    place = f'File "{code.co_filename}", line {number}, in {code.co_name}'
    return f"    {place}\n        {text}" if text else f"    {place}"


def line_number(code: CodeType, instruction: int) -> int:
    """The source line to which an instruction of a code object belongs."""
    for start, end, number in code.co_lines():
        if start <= instruction < end and number is not None:
            return number
    return code.co_firstlineno


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence with the most similar known names, or an empty string."""
    similar = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(s) for s in similar)}?" if similar else ""
