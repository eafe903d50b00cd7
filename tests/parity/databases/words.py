"""Samples in a line, for the report."""

from __future__ import annotations

from typing import Any

import torch

LENGTH = 160


def arguments(args: Any, kwargs: dict[str, Any]) -> str:
    """The arguments of a call, tensors by dtype and shape."""
    text = ", ".join([*map(short, args), *(f"{name}={short(x)}" for name, x in kwargs.items())])
    return text if len(text) <= LENGTH else text[: LENGTH - 3] + "..."


def short(x: Any) -> str:
    """One argument."""
    if isinstance(x, torch.Tensor):
        steps = "" if x.is_contiguous() else f", stride={tuple(x.stride())}"
        numbers = f"={x.tolist()}" if x.numel() <= 1 else ""
        return f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}{steps}{numbers}"
    if type(x) in (tuple, list):
        inside = ", ".join(map(short, x))
        return f"({inside})" if isinstance(x, tuple) else f"[{inside}]"
    if isinstance(x, torch.nn.Module):
        return f"{type(x).__name__}(...)"
    if callable(x):
        return str(getattr(x, "__name__", type(x).__name__))
    return repr(x)
