"""What the user calls things: variables that hold tensors, paths of modules and of their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from inspect import CO_OPTIMIZED
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from ..graph import Call, Leaf, Node
from ..memory import owner
from ..nn import Module
from ..tensors.base import TensorBase

_PACKAGE = __name__.partition(".")[0]
MOST = 1000  # items of a list that are looked at


def variables(frame: FrameType) -> Iterator[tuple[str, Any]]:
    """Names and tensors, arrays and modules that the frame can see; after them what lies in its lists and dicts."""
    found: dict[str, Any] = {}
    for name, value in (*_locals(frame), *frame.f_globals.items()):
        if name[:1] != "_":
            found.setdefault(name, value)
    return named(found)


def named(found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What of these are tensors, arrays and modules; after them what lies in lists and dicts, as `batch['x']`."""
    inside: list[tuple[str, Any]] = []
    for name, value in found.items():
        if isinstance(value, _NAMED):
            yield name, value
        elif name == "self" or isinstance(value, (list, tuple, dict)):
            inside.append((name, value))
    for name, value in inside:
        yield from _parts(name, value)


def _locals(frame: FrameType) -> list[tuple[str, Any]]:
    """The frame's local variables."""
    found = frame.f_locals
    items = list(found.items())
    if frame.f_code.co_flags & CO_OPTIMIZED and type(found) is dict:
        found.clear()  # before Python 3.13 it is a copy, which the frame would keep, and with it whole graphs
    return items


_NAMED = (TensorBase, Module, np.ndarray)


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What lies in a list or a dict, or what an object has, and how it is reached; of long ones what comes first."""
    form = "{}[{!r}]"
    keys: Sequence[Any] = range(MOST)
    parts = value
    if not isinstance(value, list | tuple):
        if not isinstance(value, Mapping):
            form, value = "{}.{}", getattr(value, "__dict__", {})
        keys, parts = list(value), list(value.values())
    parts = parts[:MOST]
    if any(issubclass(kind, _NAMED) for kind in set(map(type, parts))):  # long lists are mostly of numbers
        for key, part in zip(keys, parts):
            if isinstance(part, _NAMED) and isinstance(key, str | int):
                yield form.format(name, key), part


class Names:
    """What is called how: nodes, constants and modules."""

    def __init__(self, frame: FrameType) -> None:
        self.nodes: dict[int, str] = {}  # by their ids
        self._arrays: dict[int, str] = {}
        self._wholes: dict[int, list[tuple[str, Any]]] = {}  # by the id of the owner of their memory
        self._modules: dict[int, str] = {}
        self._kept: list[Any] = []  # ids are their own for as long as what they stand for lives
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
        # What is noted, and not node_of: that would bring a view up to date, which is then in no graph that was walked.
        array, node = (value._array, value._node) if isinstance(value, TensorBase) else (value, None)
        if node is not None:
            self.nodes.setdefault(id(node), name)
        else:
            self._arrays.setdefault(id(array), name)
            if array.ndim:
                self._wholes.setdefault(id(owner(array)), []).append((name, array))
        self._kept.append((node, array))

    def constant(self, array: Any) -> str | None:
        """The name of a constant; xs[3] for a row of what is called xs."""
        if not isinstance(array, np.ndarray):
            return None
        if array.base is not None:
            for name, whole in self._wholes.get(id(owner(array)), ()):
                if whole.shape[1:] == array.shape and whole.strides[1:] == array.strides and whole.strides[0]:
                    away = array.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
                    row, rest = divmod(away, whole.strides[0])
                    if not rest and 0 <= row < len(whole):
                        return f"{name}[{row}]"
        return self._arrays.get(id(array))

    def add_tree(self, root: Module, name: str) -> None:
        """Name a module, all below it, and their parameters and buffers."""
        for path, module in root.named_modules(prefix=name):
            self._modules.setdefault(id(module), path)
            for shelf in (module._parameters, module._buffers):
                for key, tensor in shelf.items():
                    if tensor is not None:
                        self.add(f"{path}.{key}", tensor)
        self._kept.append(root)

    def module(self, call: Call) -> str:
        """The path of the module that a call was of: model.encoder.0, where model is the user's variable."""
        reference, kind, outer = call
        module = reference()
        known = self._modules.get(id(module))
        if known is None:  # no variable leads to it: it is named from whoever called it, and if need be by its class
            within = "" if outer is None else self.module(outer) + "."
            known = self._modules.get(id(module), within + kind.__name__)
            if module is not None:
                self.add_tree(module, known)
        return known


class Place(NamedTuple):
    """Where a node was recorded: in which call of which module."""

    module: str | None  # its path
    call: int | None
    layer: Call | None  # the outermost of the calls around it that were all of this package's layers


NOWHERE = Place(None, None, None)


class Calls:
    """The modules that ran, and which call of each a node belongs to."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._known: dict[int, Place] = {}  # by a call's id
        self._counts: dict[str, int] = {}
        self.modules: dict[str, dict[str, Any]] = {}  # by path, those outside before those inside
        self.calls: list[dict[str, Any]] = []  # likewise

    def of(self, node: Node | Leaf) -> Place:
        """The module that the node was recorded in, and which of its calls it was: calls are counted as they come."""
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
