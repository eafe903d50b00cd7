"""What the user calls things: variables that hold tensors, paths of modules and of their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from inspect import CO_OPTIMIZED
from itertools import combinations
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from ..graph import Call, Leaf, Node
from ..memory import owner
from ..nn import Module
from ..tensors.base import TensorBase

_PACKAGE = __name__.partition(".")[0]
MOST = 1000  # items of a list that are searched
MANY = 100  # lists, dicts and objects that are searched


def variables(frame: FrameType) -> Iterator[tuple[str, Any]]:
    """The tensors, arrays and modules that the frame can see, by name; then those in its lists and dicts.

    Its objects are searched if their class is defined in the same file: `net.layers[0].w`.
    """
    found: dict[str, Any] = {}
    for name, value in (*_locals(frame), *frame.f_globals.items()):
        if name[:1].isalpha():  # not _x, and not what pytest keeps while it evaluates an assertion
            found.setdefault(name, value)
    return named(found, frame.f_globals.get("__name__"))


def named(found: Mapping[str, Any], own: str | None = None) -> Iterator[tuple[str, Any]]:
    """Those that are tensors, arrays and modules; then those in lists and dicts, such as `batch['x']`."""
    inside: list[tuple[str, Any, tuple[type, ...]]] = []  # and which of the parts are searched again
    for name, value in found.items():
        if isinstance(value, _NAMED):
            yield name, value
        elif name == "self" or type(value).__module__ == own:
            inside.append((name, value, _HOLDING))
        elif isinstance(value, _HOLDING):
            inside.append((name, value, (list, dict)))  # not tuples, which are often records of much else
    for name, value, holding in inside:  # it grows
        for path, part in _parts(name, value, own, (*_NAMED, *holding)):
            if isinstance(part, _NAMED):
                yield path, part
            elif len(inside) < MANY:
                inside.append((path, part, _HOLDING))


_HOLDING = (list, tuple, dict)


def _locals(frame: FrameType) -> list[tuple[str, Any]]:
    """The frame's local variables."""
    found = frame.f_locals
    items = list(found.items())
    if frame.f_code.co_flags & CO_OPTIMIZED and type(found) is dict:
        found.clear()  # before Python 3.13 it is a copy, which the frame would keep, and with it whole graphs
    return items


_NAMED = (TensorBase, Module, np.ndarray)


def _parts(name: str, value: Any, own: str | None, wanted: tuple[type, ...]) -> Iterator[tuple[str, Any]]:
    """The items of a list or dict, or the attributes of an object, by path; of long ones the first."""
    form = "{}[{!r}]"
    keys: Sequence[Any] = range(MOST)
    parts = value
    if not isinstance(value, list | tuple):
        if not isinstance(value, Mapping):
            form, value = "{}.{}", getattr(value, "__dict__", {})
        keys, parts = list(value), list(value.values())
    parts = parts[:MOST]
    kinds = {kind for kind in set(map(type, parts)) if issubclass(kind, wanted) or kind.__module__ == own}
    if kinds:  # long lists are mostly of numbers
        for key, part in zip(keys, parts):
            if type(part) in kinds and isinstance(key, str | int):
                yield form.format(name, key), part


def view_of(part: Any, whole: Any) -> str | None:
    """How a view is made from an array: [3], [:4], [0, :, 1], ᵀ, .transpose(0, 1), .reshape(4, 6).

    None if it is not a view, or not so simple a one.
    """
    away = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    if not 0 <= away <= sum((n - 1) * stride for n, stride in zip(whole.shape, whole.strides)):
        return None
    if (found := _index(part, whole, away)) is not None:
        return found
    if part.ndim == 2 and (found := _index(part.T, whole, away)) is not None:
        return f"{found}ᵀ"
    for i, j in combinations(range(whole.ndim), 2):
        if part.ndim == whole.ndim and (found := _index(part.swapaxes(i, j), whole, away)) is not None:
            return f"{found}.transpose({i}, {j})"
    if not (part.flags.c_contiguous and whole.flags.c_contiguous and whole.size):
        return None
    rows, rest = divmod(part.size, whole.size // len(whole))
    found = None if rest else _index(part.reshape(rows, *whole.shape[1:]), whole, away)
    return None if found is None else f"{found}.reshape({', '.join(map(str, part.shape))})"


def _index(part: Any, whole: Any, away: int) -> str | None:
    """The index that selects part; `away` is its offset from the array in bytes."""
    texts: list[str] = []
    taken, dropped = 0, whole.ndim - part.ndim  # axes of part that were found; axes to be dropped by an integer
    for n, stride in zip(whole.shape, whole.strides):
        if stride <= 0:
            return None
        start, away = divmod(away, stride)
        m = part.shape[taken] if taken < part.ndim else 0
        step, rest = divmod(part.strides[taken], stride) if m > 1 else (1, 0)
        stop = start + (m - 1) * step + 1
        if m > (dropped > 0) and not rest and step > 0 and 0 <= start < stop <= n:
            taken += 1
            ends = f"{start or ''}:{'' if stop + step > n and (start or step > 1 or stop == n) else stop}"
            texts.append(ends if step == 1 else f"{ends}:{step}")
        elif dropped and 0 <= start < n:
            dropped -= 1
            texts.append(str(start))
        else:
            return None
    if away or dropped or taken < part.ndim:
        return None
    while texts and texts[-1] == ":":
        texts.pop()
    return f"[{', '.join(texts)}]" if texts else ""


class Names:
    """The names of nodes, constants and modules."""

    def __init__(self, frame: FrameType) -> None:
        self.nodes: dict[int, str] = {}  # by their ids
        self._arrays: dict[int, str] = {}
        self._wholes: dict[int, list[tuple[str, Any]]] = {}  # by the id of the owner of their memory
        self._modules: dict[int, str] = {}
        self._kept: list[Any] = []  # ids are unique only while their objects live
        tensors = []
        for name, value in variables(frame):
            if isinstance(value, Module):
                self.add_tree(value, name)
            else:
                tensors.append((name, value))
        for name, value in tensors:  # a parameter is called by its path first
            self.add(name, value)

    def add(self, name: str, value: Any) -> None:
        """Name a tensor or an array, if it has no name yet."""
        # Not node_of, which would update an outdated view to a node outside of the graph.
        array, node = (value._array, value._node) if isinstance(value, TensorBase) else (value, None)
        if node is not None:
            self.nodes.setdefault(id(node), name)
        else:
            self._arrays.setdefault(id(array), name)
            if array.ndim:
                self._wholes.setdefault(id(owner(array)), []).append((name, array))
        self._kept.append((node, array))

    def constant(self, array: Any) -> str | None:
        """The name of a constant: xs[3] for a row of xs, also if a loop calls it x; xs[:4] for another view of it
        that no variable holds."""
        if not isinstance(array, np.ndarray):
            return None
        known = self._arrays.get(id(array))
        if array.base is None or not array.size:
            return known
        for name, whole in self._wholes.get(id(owner(array)), ()):
            if whole is array or whole.size < array.size:
                continue
            view = view_of(array, whole)
            if view is not None and view[:1] == "[" and view[1:-1].isdigit():
                return name + view
            known = known or (None if view is None else name + view)
        return known

    def add_tree(self, root: Module, name: str) -> None:
        """Name a module, its submodules, and their parameters and buffers."""
        for path, module in root.named_modules(prefix=name):
            self._modules.setdefault(id(module), path)
            for shelf in (module._parameters, module._buffers):
                for key, tensor in shelf.items():
                    if tensor is not None:
                        self.add(f"{path}.{key}", tensor)
        self._kept.append(root)

    def module(self, call: Call) -> str:
        """The path of the called module: model.encoder.0, where model is the user's variable."""
        reference, kind, outer = call
        module = reference()
        known = self._modules.get(id(module))
        if known is None:  # no variable leads to it: named after its caller and its class
            within = "" if outer is None else self.module(outer) + "."
            known = self._modules.get(id(module), within + kind.__name__)
            if module is not None:
                self.add_tree(module, known)
        return known


class Place(NamedTuple):
    """Where a node was recorded: in which call of which module."""

    module: str | None  # its path
    call: int | None
    layer: Call | None  # the outermost enclosing call, if all are of this package's layers


NOWHERE = Place(None, None, None)


class Calls:
    """The modules that ran, and the call to which each node belongs."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._known: dict[int, Place] = {}  # by a call's id
        self._counts: dict[str, int] = {}
        self.modules: dict[str, dict[str, Any]] = {}  # by path, outer ones first
        self.calls: list[dict[str, Any]] = []  # likewise

    def of(self, node: Node | Leaf) -> Place:
        """The module in which a node was recorded, and the number of its call."""
        call = node.call if isinstance(node, Node) else None
        return NOWHERE if call is None else self._known.get(id(call)) or self._add(call)

    def _add(self, call: Call) -> Place:
        reference, kind, outer = call
        within = NOWHERE if outer is None else self._known.get(id(outer)) or self._add(outer)
        path = self._names.module(call)
        number = self._counts.get(path, 0)
        self._counts[path] = number + 1
        is_ours = kind.__module__.partition(".")[0] == _PACKAGE
        place = self._known[id(call)] = Place(path, number, (within.layer or call) if is_ours else None)
        around = None if outer is None else [within.module, within.call]
        self.calls.append({"module": path, "call": number, "within": around})
        if path not in self.modules:
            module: Any = reference()
            text = kind.__name__ if module is None else f"{module._get_name()}({module.extra_repr()})"
            self.modules[path] = {"path": path, "type": kind.__name__, "repr": text, "parent": within.module}
        return place
