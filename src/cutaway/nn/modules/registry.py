"""How assignment registers parameters, buffers and submodules.

`self.fc = Linear(2, 3)` in a model's `__init__` is an ordinary Python assignment, yet afterwards the model
can list all its weights. `Registry.__setattr__` does this: it stores the value in one of three dicts, for
parameters, buffers and child modules; everything else stays an ordinary attribute. The dicts keep the order of
assignment, and so does `parameters()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from ... import events
from ...errors import describe, how_to_get_a_tensor
from ...tensors import Tensor
from ..parameter import Buffer, Parameter

if TYPE_CHECKING:
    from .module import Module

__all__ = ["Registry"]

# the dicts of a module; for messages, what they hold and what may replace it
_SHELVES = {
    "_parameters": (
        "parameter",
        "wrap the values to train them, nn.Parameter(values); or keep the parameter and write into it, "
        "with torch.no_grad(): parameter.copy_(values)",
    ),
    "_modules": ("child module", "assign another nn.Module, or None, or choose another name"),
    "_buffers": ("buffer", "assign a Tensor, or None"),
}


class Registry:
    """The part of `Module` that stores and looks up parameters, buffers and child modules."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]

    def __init__(self) -> None:
        for shelf in _SHELVES:
            object.__setattr__(self, shelf, {})
        object.__setattr__(self, "_non_persistent_buffers_set", set())

    # -- assignment ------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, Parameter):
            self._clear_the_place(name, "_parameters")
            self.register_parameter(name, value)
        elif name in own.get("_parameters", ()):
            self._replace("_parameters", name, value)
        elif isinstance(value, Registry):
            self._clear_the_place(name, "_modules")
            self.register_module(name, cast("Module", value))
        elif name in own.get("_modules", ()):
            self._replace("_modules", name, value)
        elif isinstance(value, Buffer):
            self._clear_the_place(name, "_buffers")
            self.register_buffer(name, value, value.persistent)
        elif name in own.get("_buffers", ()):
            self._replace("_buffers", name, value)
        else:
            for listener in events.attribute:
                listener(self, name, value)
            object.__setattr__(self, name, value)

    def _clear_the_place(self, name: str, shelf: str) -> None:
        """Remove whatever else has the name of a new entry."""
        own = self.__dict__
        if "_modules" not in own:
            kind = type(self).__name__
            raise AttributeError(
                f"cannot assign a {_SHELVES[shelf][0]} to self.{name} before {kind} is a module; first its parent:\n"
                "    def __init__(self, ...):\n"
                "        super().__init__()\n"
                f"        self.{name} = ..."
            )
        own.pop(name, None)
        for other in _SHELVES:
            if other != shelf:  # in the same dict, the new entry keeps the position of the old one
                own[other].pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def _replace(self, shelf: str, name: str, value: Any) -> None:
        """Replace an entry by None, or a buffer by another Tensor."""
        if value is not None and not (shelf == "_buffers" and isinstance(value, Tensor)):
            kind, instead = _SHELVES[shelf]
            raise TypeError(f"{type(self).__name__}.{name} is a {kind}, not {describe(value)}: {instead}")
        self.__dict__[shelf][name] = value

    def __getattr__(self, name: str) -> Any:
        # Python calls this only if there is no ordinary attribute
        own = self.__dict__
        for shelf in _SHELVES:
            held = own.get(shelf)
            if held is not None and name in held:
                return held[name]
        kind = type(self).__name__
        if "_modules" not in own:
            raise AttributeError(
                f"{kind!r} object has no attribute {name!r}: it is not a module yet, because "
                f"{kind}.__init__ did not call super().__init__(); make that its first line"
            )
        raise AttributeError(f"{kind!r} object has no attribute {name!r}{self._why_not(name)}", name=name, obj=self)

    def _why_not(self, name: str) -> str:
        """The reason why an attribute is missing, if it is a known one."""
        if name == "backward":
            return ": backward() starts from a loss, loss_function(model(x), y).backward()"
        for misspelt in ("_init_", "__init", "__init_", "_init__", "__int__"):
            if hasattr(type(self), misspelt):
                return f": {type(self).__name__} defines {misspelt}, which Python does not call, instead of __init__"
        if name in ("weight", "bias") and not self._parameters:
            return ": it has no parameters of its own; select the layers that have, isinstance(module, nn.Linear)"
        return ""

    def __delattr__(self, name: str) -> None:
        for shelf in _SHELVES:
            if name in self.__dict__.get(shelf, ()):
                del self.__dict__[shelf][name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = set(object.__dir__(self))
        names.update(*(self.__dict__.get(shelf, ()) for shelf in _SHELVES))
        return sorted(name for name in names if not name[:1].isdigit())

    # -- registration by name --------------------------------------------------------------------------------

    def _check_name(self, kind: str, shelf: str, name: object) -> None:
        if "_modules" not in self.__dict__:
            raise AttributeError(
                f"cannot register a {kind} before {type(self).__name__} is a module: call super().__init__() first"
            )
        if not isinstance(name, str):
            raise TypeError(f"a {kind}'s name is a string, not {type(name).__name__}: {name!r}")
        if name == "":
            raise KeyError(f"a {kind}'s name cannot be empty")
        if "." in name:
            raise KeyError(f'the {kind} name {name!r} holds a ".", which separates the levels in state_dict() keys')
        own = self.__dict__
        elsewhere = hasattr(type(self), name) or name in own or any(name in own[s] for s in _SHELVES if s != shelf)
        if elsewhere and name not in own[shelf]:
            raise KeyError(f"{type(self).__name__} already has an attribute {name!r}: choose another {kind} name")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter by name, as `self.name = param` does; None registers the name without a parameter.

        >>> net = nn.Module()
        >>> net.register_parameter("scale", nn.Parameter(torch.ones(1)))
        >>> net.scale
        Parameter containing:
        tensor([1.], requires_grad=True)
        """
        self._check_name("parameter", "_parameters", name)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"a parameter must be an nn.Parameter or None, and {name!r} is {describe(param)}: "
                f"wrap the values, nn.Parameter(values)"
            )
        if param is not None and not param.is_leaf:
            raise ValueError(
                f"the parameter {name!r} was computed from other tensors, so training could not change it: "
                f"compute it in forward(), or register its values, nn.Parameter({name}.detach())"
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a Tensor that is state but not trained; a persistent one is saved in `state_dict()`.

        >>> net = nn.Module()
        >>> net.register_buffer("mean", torch.zeros(2))
        >>> list(net.state_dict())
        ['mean']
        """
        self._check_name("buffer", "_buffers", name)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"a buffer must be a Tensor or None, and {name!r} is {describe(tensor)}: {how_to_get_a_tensor(tensor)}"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a child module by name, as `self.name = module` does."""
        if module is not None and not isinstance(module, Registry):
            hint = ""
            if isinstance(module, type):
                hint = f": create an instance of it, {module.__name__}(...)"
            elif isinstance(module, list | tuple):
                hint = f": unpack it, nn.{type(self).__name__}(*layers), or wrap it, nn.ModuleList(layers)"
            elif callable(module):
                hint = ": call functions in forward(), or use the layer that does the same, as nn.ReLU() does F.relu"
            raise TypeError(f"a child module must be an nn.Module or None, and {name!r} is {describe(module)}{hint}")
        self._check_name("module", "_modules", name)
        self._modules[name] = module

    def add_module(self, name: str, module: Module | None) -> None:
        """The same as `register_module`."""
        self.register_module(name, module)

    # -- finding ---------------------------------------------------------------------------------------------

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The name and module of every direct child, each module once."""
        seen: set[int] = set()
        for name, child in self._modules.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def children(self) -> Iterator[Module]:
        """Every direct child module.

        >>> list(nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU())).children())[0]
        Tanh()
        """
        return (child for _, child in self.named_children())

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """The dotted name and module of this module and all submodules, parents first.

        >>> [name for name, _ in nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU())).named_modules()]
        ['', '0', '1', '1.0']
        """
        memo = set() if memo is None else memo
        itself = cast("Module", self)
        if itself in memo:
            return
        if remove_duplicate:
            memo.add(itself)
        yield prefix, itself
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all submodules, each once.

        >>> [type(m).__name__ for m in nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU())).modules()]
        ['Sequential', 'Tanh', 'Sequential', 'ReLU']
        """
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

    def _named_members(
        self, shelf: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        owners = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, owner in owners:
            for name, member in getattr(owner, shelf).items():
                if member is None or (remove_duplicate and id(member) in seen):
                    continue
                seen.add(id(member))
                yield f"{path}.{name}" if path else name, member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The dotted name and value of every parameter, in order of assignment; shared parameters appear once.

        >>> [(name, tuple(p.shape)) for name, p in nn.Sequential(nn.Linear(2, 3)).named_parameters()]
        [('0.weight', (3, 2)), ('0.bias', (3,))]
        """
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Every parameter, for an optimizer: `optim.SGD(net.parameters(), lr=0.1)`.

        >>> sum(p.numel() for p in nn.Linear(3, 2).parameters())
        8
        """
        for listener in events.parameters:
            listener(self)
        return (param for _, param in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The dotted name and value of every buffer, persistent or not."""
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Every buffer."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module at a dotted path; "" is the module itself.

        Raises:
            AttributeError: there is none.

        >>> nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU())).get_submodule("1.0")
        ReLU()
        """
        module: Any = self
        for name in target.split(".") if target else []:
            if module._modules.get(name) is None:
                children = ", ".join(module._modules) or "none"
                raise AttributeError(
                    f"{type(module).__name__} has no child module {name!r} (asked for {target!r}); it has: {children}"
                )
            module = module._modules[name]
        return cast("Module", module)

    def _get_member(self, shelf: str, kind: str, target: str) -> Any:
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        member = owner.__dict__[shelf].get(name)
        if member is None:
            names = ", ".join(owner.__dict__[shelf]) or "none"
            raise AttributeError(
                f"{type(owner).__name__} has no {kind} {name!r} (asked for {target!r}); it has: {names}"
            )
        return member

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a dotted path, `net.get_parameter("0.weight")`."""
        param: Parameter = self._get_member("_parameters", "parameter", target)
        return param

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a dotted path."""
        buffer: Tensor = self._get_member("_buffers", "buffer", target)
        return buffer
