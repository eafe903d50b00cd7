"""Whether an index repeats elements, and whether it selects along one axis."""

from __future__ import annotations

from typing import Any

import numpy as np


def _arrays_of_integers(index: Any) -> list[Any]:
    parts = index if isinstance(index, list) else [index]
    return [part for part in parts if isinstance(part, dict) and part.get("dtype", "").startswith(("int", "uint"))]


def repeats(index: Any) -> bool:
    """Whether an index may select an element twice."""
    parts = _arrays_of_integers(index)
    if not parts or any(part["cut"] for part in parts):
        return bool(parts)
    places = np.stack([each.ravel() for each in np.broadcast_arrays(*(part["numbers"] for part in parts))], 1)
    return bool((places < 0).any()) or len(np.unique(places, axis=0)) < len(places)


def axis_of(index: Any) -> int | None:
    """The axis of an index as gather and sort use it, such as [[0], [1]], [[2, 0], [1, 1]]; None for others."""
    parts = _arrays_of_integers(index)
    if len(parts) < 2 or parts != index or any(len(part["shape"]) != len(parts) or part["cut"] for part in parts):
        return None
    shape = np.broadcast_shapes(*(part["shape"] for part in parts))
    usual = np.indices(shape, sparse=True)
    others = [axis for axis, part in enumerate(parts) if part["numbers"] != usual[axis].tolist()]
    return others[0] if len(others) == 1 else None
