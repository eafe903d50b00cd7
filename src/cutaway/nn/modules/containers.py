"""Containers: modules whose children are a list or a dict instead of named attributes.

A plain Python list of layers hides them: `self.layers = [Linear(2, 3)]` trains nothing, because a list is not
a module. These containers register the layers (or parameters) that they hold.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import index as as_index
from typing import Any, Self, overload

from ...errors import describe
from ...tensors import Tensor
from ..parameter import Parameter
from .module import Module, indent

__all__ = ["Identity", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


class Identity(Module):
    """Returns its input: a placeholder for a layer that is disabled. Any arguments are ignored.

    >>> nn.Identity(54, unused=True)(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class _Numbered(Module):
    """The base of Sequential and ModuleList: children named "0", "1", ... with the interface of a list."""

    def _key(self, position: int) -> str:
        """The name of the child at an index; negative indices count from the end."""
        position = as_index(position)
        if not -len(self) <= position < len(self):
            raise IndexError(f"index {position} is out of range: this {type(self).__name__} holds {len(self)} modules")
        return list(self._modules)[position]

    def _check_module(self, module: object) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__} holds modules, not {describe(module)}")

    def _renumber(self, modules: Iterable[Module | None]) -> None:
        replaced = {str(number): module for number, module in enumerate(modules)}
        self._modules.clear()
        self._modules.update(replaced)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __setitem__(self, position: int, module: Module) -> None:
        self.register_module(self._key(position), module)

    def __delitem__(self, position: int | slice) -> None:
        doomed = list(self._modules)[position] if isinstance(position, slice) else [self._key(position)]
        self._renumber(module for name, module in self._modules.items() if name not in doomed)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        self.register_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add every module of an iterable at the end."""
        if not isinstance(modules, Iterable):
            kind = type(self).__name__
            raise TypeError(
                f"{kind}.extend takes an iterable of modules, not {type(modules).__name__}; {kind}.append adds one"
            )
        for module in list(modules):
            self.append(module)
        return self

    def pop(self, key: int | slice) -> Module:
        """Remove the module at a position and return it."""
        module: Module = self[key]
        del self[key]
        return module

    def __iadd__(self, modules: Iterable[Module]) -> Self:
        return self.extend(modules)

    def __getitem__(self, position: Any) -> Any:
        raise NotImplementedError


class Sequential(_Numbered):
    """Layers applied one after the other.

    Args:
        args: the layers, or one OrderedDict that names them.

    >>> net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    >>> net(torch.zeros(5, 2)).shape
    torch.Size([5, 1])
    >>> net[1]
    Tanh()
    """

    def __init__(self, *args: Module | OrderedDict[str, Module]) -> None:
        super().__init__()
        layers = args[0] if len(args) == 1 and isinstance(args[0], OrderedDict) else None
        for name, layer in layers.items() if layers is not None else enumerate(args):
            self.register_module(str(name), layer)  # type: ignore[arg-type]

    def forward(self, input: Any) -> Any:
        for layer in self:
            input = layer(input)
        return input

    @overload
    def __getitem__(self, position: int) -> Module: ...
    @overload
    def __getitem__(self, position: slice) -> Self: ...
    def __getitem__(self, position: int | slice) -> Module | Self:
        if isinstance(position, slice):
            return type(self)(OrderedDict(list(self._modules.items())[position]))  # type: ignore[arg-type]
        module: Module = self._modules[self._key(position)]  # type: ignore[assignment]
        return module

    def insert(self, index: int, module: Module) -> Self:
        """Insert a module before an index."""
        self._check_module(module)
        if not -len(self) <= index <= len(self):
            raise IndexError(f"index {index} is out of range: this Sequential holds {len(self)} modules")
        layers = list(self)
        layers.insert(index, module)
        self._renumber(layers)
        return self

    def __add__(self, other: Sequential) -> Sequential:
        if not isinstance(other, Sequential):
            raise ValueError(f"a Sequential can be joined with another Sequential, not with {type(other).__name__}")
        return Sequential(*self, *other)

    def __mul__(self, times: int) -> Sequential:
        """The layers repeated `times` times, with shared weights."""
        if not isinstance(times, int):
            raise TypeError(f"a Sequential can be repeated an integer number of times, not {type(times).__name__}")
        if times <= 0:
            raise ValueError(f"a Sequential can be repeated one time or more, not {times}")
        return Sequential(*list(self) * times)

    __rmul__ = __mul__

    def __imul__(self, times: int) -> Self:
        return self.extend(list(self * times)[len(self) :])


class ModuleList(_Numbered):
    """A list of registered modules; the model's `forward` decides how to use them.

    >>> layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))
    >>> layers
    ModuleList(
      (0-2): 3 x Linear(in_features=4, out_features=4, bias=True)
    )
    >>> sum(p.numel() for p in layers.parameters())
    60
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    @overload
    def __getitem__(self, position: int) -> Any: ...
    @overload
    def __getitem__(self, position: slice) -> ModuleList: ...
    def __getitem__(self, position: int | slice) -> Any:
        if isinstance(position, slice):
            return type(self)(list(self)[position])
        return self._modules[self._key(position)]

    def forward(self, *args: Any) -> Any:
        raise NotImplementedError(
            "a ModuleList was called, but it only holds modules: apply them in a loop, for layer in layers: x = "
            "layer(x); or use an nn.Sequential(*layers), which does that"
        )

    def insert(self, index: int, module: Module) -> None:
        """Insert a module before an index, as `list.insert` does."""
        self._check_module(module)
        layers = list(self)
        layers.insert(index, module)
        self._renumber(layers)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        """Identical neighbours are printed once, with their count."""
        runs: list[tuple[int, int, str]] = []  # first, last, text
        for number, module in enumerate(self):
            text = repr(module)
            if runs and runs[-1][2] == text:
                runs[-1] = runs[-1][0], number, text
            else:
                runs.append((number, number, text))
        if not runs:
            return f"{self._get_name()}()"
        lines = [
            f"({first}): {indent(text)}" if first == last else f"({first}-{last}): {last - first + 1} x {indent(text)}"
            for first, last, text in runs
        ]
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


class ModuleDict(Module):
    """A dict of registered modules, in insertion order.

    >>> branches = nn.ModuleDict({"up": nn.Linear(2, 4), "down": nn.Linear(4, 2)})
    >>> branches["up"]
    Linear(in_features=2, out_features=4, bias=True)
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        if key not in self._modules:
            raise KeyError(f"this ModuleDict has no module {key!r}, but: {', '.join(self._modules) or 'none'}")
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.register_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The pairs of name and module."""
        return self._modules.items()

    def clear(self) -> None:
        """Remove everything."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Remove a module and return it."""
        return self._modules.pop(key)

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add the modules of a mapping, or of pairs (name, module)."""
        pairs: Iterable[Any] = modules.items() if isinstance(modules, Mapping | ModuleDict) else modules
        if not isinstance(pairs, Iterable):
            raise TypeError(f"ModuleDict.update takes a mapping or pairs (name, module), not {type(modules).__name__}")
        for pair in pairs:
            if isinstance(pair, Module):
                raise TypeError(
                    f"a ModuleDict holds modules by name, but got {type(pair).__name__} without one: "
                    "nn.ModuleDict({'name': module}), or nn.ModuleList for modules by number"
                )
            key, module = pair
            self[key] = module


def _as_parameter(value: Any) -> Any:
    """Convert a plain Tensor to a Parameter; return anything else unchanged."""
    return Parameter(value) if isinstance(value, Tensor) and not isinstance(value, Parameter) else value


def _entries(entries: Iterable[tuple[Any, Any]], type_name: Callable[[Tensor], str]) -> str:
    """The lines of the repr of a list or dict of parameters: the type and size of each."""
    lines = []
    for name, value in entries:
        if isinstance(value, Tensor):
            kind = "Parameter" if isinstance(value, Parameter) else "Tensor"
            text = f"{kind} containing: [{type_name(value)} of size {'x'.join(map(str, value.shape))}]"
        else:
            text = f"Object of type: {type(value).__name__}"
        lines.append(f"  ({name}): {text}")
    return "\n".join(lines)


class ParameterList(Module):
    """A list of registered parameters; Tensors are converted to Parameters.

    >>> weights = nn.ParameterList([torch.zeros(2), torch.ones(2, 3)])
    >>> [tuple(p.shape) for p in weights]
    [(2,), (2, 3)]
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _key(self, position: int) -> str:
        position = as_index(position)
        if not -self._size <= position < self._size:
            raise IndexError(f"index {position} is out of range: this ParameterList holds {self._size} entries")
        return str(position % self._size)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (self[position] for position in range(self._size))

    @overload
    def __getitem__(self, position: int) -> Any: ...
    @overload
    def __getitem__(self, position: slice) -> ParameterList: ...
    def __getitem__(self, position: int | slice) -> Any:
        if isinstance(position, slice):
            return type(self)(self[i] for i in range(self._size)[position])
        return getattr(self, self._key(position))

    def __setitem__(self, position: int, value: Any) -> None:
        setattr(self, self._key(position), _as_parameter(value))

    def append(self, value: Any) -> Self:
        """Add one entry at the end."""
        self._size += 1
        self[-1] = value
        return self

    def extend(self, values: Iterable[Any]) -> Self:
        """Add every entry of an iterable at the end."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"ParameterList.extend takes an iterable of Tensors, not {type(values).__name__}")
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> Self:
        return self.extend(values)

    def extra_repr(self) -> str:
        return _entries(enumerate(self), lambda value: str(value.dtype))


class ParameterDict(Module):
    """A dict of registered parameters; Tensors are converted to Parameters.

    >>> weights = nn.ParameterDict({"scale": torch.ones(2)})
    >>> weights["scale"].requires_grad
    True
    """

    def __init__(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        if key not in self._keys:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, _as_parameter(value))
        self._keys[key] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a name, or the default."""
        return getattr(self, key) if key in self._keys else default

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._keys.keys()

    def values(self) -> Iterable[Any]:
        """The values."""
        return (self[key] for key in self)

    def items(self) -> Iterable[tuple[str, Any]]:
        """The pairs of name and value."""
        return ((key, self[key]) for key in self)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a name, which is set to the default if missing."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Any:
        """Remove an entry and return its value."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the last entry and return its name and value."""
        key = next(reversed(self._keys))
        return key, self.pop(key)

    def copy(self) -> ParameterDict:
        """Another dict of the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dict that maps every name to the default."""
        return ParameterDict((key, default) for key in keys)

    def __or__(self, other: ParameterDict) -> ParameterDict:
        return self.copy().__ior__(other)

    def __ior__(self, other: ParameterDict) -> Self:
        self.update(other)
        return self

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def clear(self) -> None:
        """Remove everything."""
        for key in list(self):
            del self[key]

    def update(self, parameters: Mapping[str, Any] | ParameterDict | Iterable[tuple[str, Any]]) -> None:
        """Add the entries of a mapping, or of pairs (name, value)."""
        pairs: Iterable[Any] = parameters.items() if isinstance(parameters, Mapping | ParameterDict) else parameters
        if isinstance(parameters, Mapping) and not isinstance(parameters, OrderedDict):
            pairs = sorted(pairs)  # as in PyTorch, whose class dates from when dicts were unordered
        if not isinstance(pairs, Iterable):
            raise TypeError(
                f"ParameterDict.update takes a mapping or pairs (name, value), not {type(parameters).__name__}"
            )
        for key, value in pairs:
            self[key] = value

    def extra_repr(self) -> str:
        return _entries(self.items(), Tensor.type)
