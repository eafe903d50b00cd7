"""Module: the base class of all layers and models.

A model is a tree of modules. Each has a `forward()` method, and attributes for the parameters and modules that it
uses. The base class provides the rest: calls, lists of parameters, training and evaluation mode, dtype conversion,
saving and loading, hooks, printing.

`registry.py` explains how attributes become parameters and children.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, Self
from weakref import ref

from ... import events
from ...dtypes import check_device, float16, float32, float64
from ...dtypes import dtype as DType
from ...grad_mode import no_grad
from ...graph import module_call
from ...hooks import RemovableHandle
from ...shared_memory import is_expanded
from ...tensors import Tensor
from ..parameter import Parameter
from ..uninitialized import Uninitialized
from .hooks import Hooks, watch_backward
from .registry import Registry

__all__ = ["IncompatibleKeys", "Module"]


class IncompatibleKeys(NamedTuple):
    """The keys that `load_state_dict` could not match: names without a value, and values without a name."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"load_state_dict() returned the keys that did not match, not the model, so there is no {name!r}: it loads "
            "into the model itself; write model.load_state_dict(state), without model = before it"
        )

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class Module(Registry):
    """Base class of layers and models: subclass it, create submodules in `__init__`, compute in `forward`.

    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = nn.Linear(2, 8)
    ...         self.out = nn.Linear(8, 1)
    ...
    ...     def forward(self, x):  # (N, 2)
    ...         return self.out(torch.tanh(self.hidden(x)))  # (N, 1)
    >>> net = Net()
    >>> net(torch.zeros(5, 2)).shape
    torch.Size([5, 1])
    >>> net
    Net(
      (hidden): Linear(in_features=2, out_features=8, bias=True)
      (out): Linear(in_features=8, out_features=1, bias=True)
    )
    """

    training: bool
    _forward_pre_hooks: Hooks
    _forward_hooks: Hooks
    _backward_pre_hooks: Hooks
    _backward_hooks: Hooks

    def __init__(self) -> None:
        super().__init__()
        self.training = True
        self._forward_pre_hooks = {}
        self._forward_hooks = {}
        self._backward_pre_hooks = {}
        self._backward_hooks = {}

    # -- calling ---------------------------------------------------------------------------------------------

    def _forward_is_missing(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output: subclasses define it, and `module(x)` calls it."""
        kind = type(self).__name__
        raise NotImplementedError(
            f"{kind} was called, but has no forward(): define `def forward(self, x): ...` in class {kind} "
            f"(check its spelling and its indentation)"
        )

    # A Callable, not a method: a subclass may take any arguments
    forward: Callable[..., Any] = _forward_is_missing

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        token = module_call.set((ref(self), type(self), module_call.get()))
        try:
            if self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks:
                return self._call_with_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        finally:
            module_call.reset(token)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook, with_kwargs in list(self._forward_pre_hooks.values()):
            if with_kwargs:
                changed = hook(self, args, kwargs)
                if changed is not None:
                    args, kwargs = changed
            else:
                changed = hook(self, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
        if self._backward_hooks or self._backward_pre_hooks:
            out = watch_backward(self, args, kwargs)
        else:
            out = self.forward(*args, **kwargs)
        for hook, with_kwargs in list(self._forward_hooks.values()):
            changed = hook(self, args, kwargs, out) if with_kwargs else hook(self, args, out)
            if changed is not None:
                out = changed
        return out

    # -- hooks -----------------------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before every forward; a return value replaces the args.

        >>> layer = nn.Linear(2, 3)
        >>> handle = layer.register_forward_pre_hook(lambda module, args: (args[0] * 0,))
        >>> bool((layer(torch.ones(2)) == layer.bias).all())
        True
        """
        return RemovableHandle(self._forward_pre_hooks, (hook, with_kwargs), prepend=prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after every forward; a return value replaces the output.

        >>> layer = nn.Linear(2, 3)
        >>> handle = layer.register_forward_hook(lambda module, args, out: print(tuple(out.shape)))
        >>> y = layer(torch.zeros(5, 2))
        (5, 3)
        >>> handle.remove()
        """
        return RemovableHandle(self._forward_hooks, (hook, with_kwargs), prepend=prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` when backward reaches the output; a return value replaces it."""
        return RemovableHandle(self._backward_pre_hooks, (hook, False), prepend=prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` when backward leaves the module.

        Both are tuples, one entry for each positional argument and for each output; an entry is None where no
        gradient is needed. A return value replaces grad_input.

        >>> layer = nn.Linear(2, 1)
        >>> handle = layer.register_full_backward_hook(lambda module, grad_input, grad_output: print(grad_output))
        >>> layer(torch.ones(1, 2)).backward()
        (tensor([[1.]]),)
        """
        return RemovableHandle(self._backward_hooks, (hook, False), prepend=prepend)

    # -- modes and conversions -------------------------------------------------------------------------------

    def apply(self, fn: Callable[[Module], None]) -> Self:
        """Call `fn` on every submodule and then on this module, for example to initialize weights.

        >>> def start(module):
        ...     if isinstance(module, nn.Linear):
        ...         nn.init.zeros_(module.bias)
        >>> net = nn.Sequential(nn.Linear(2, 2), nn.Tanh()).apply(start)
        >>> net[0].bias.detach()
        tensor([0., 0.])
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Self:
        """Set this module and all submodules to training mode (dropout is active, batch norm uses batch statistics).

        Args:
            mode: False sets evaluation mode.

        >>> net = nn.Sequential(nn.Dropout(0.5)).train(False)
        >>> net.training, net[0].training
        (False, False)
        """
        if not isinstance(mode, bool):
            raise ValueError(f"train() takes True or False, not {mode!r}: did you mean net(x)?")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Set this module and all submodules to evaluation mode.

        >>> nn.Dropout(0.5).eval()(torch.ones(3))
        tensor([1., 1., 1.])
        """
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze (False) or unfreeze every parameter.

        >>> frozen = nn.Linear(2, 2).requires_grad_(False)
        >>> [p.requires_grad for p in frozen.parameters()]
        [False, False]
        """
        for param in self.parameters():
            param.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients of all parameters, to which backward adds.

        Args:
            set_to_none: False fills the existing gradients with zeros instead.

        >>> layer = nn.Linear(2, 1)
        >>> layer(torch.ones(2)).backward()
        >>> layer.zero_grad()
        >>> print(layer.weight.grad)
        None
        """
        for param in self.parameters():
            if param.grad is None:
                continue
            if set_to_none:
                param.grad = None
            else:
                param.grad.detach_().zero_()

    def _apply(self, fn: Callable[[Tensor], Tensor]) -> Self:
        """Replace the values of every parameter, gradient and buffer; the Parameter objects stay the same.

        Optimizers hold the Parameter objects, so replacing those would leave them training a copy.
        """
        for module in self.modules():
            with no_grad():
                for param in module._parameters.values():
                    if param is not None:
                        param.data = fn(param.data)
                        if param.grad is not None:
                            param.grad.data = fn(param.grad.data)
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, dtype: DType | None = None, device: Any = None, non_blocking: bool = False) -> Self:
        """Convert floating-point parameters and buffers: `net.to(torch.float64)`; `.to("cpu")` is accepted.

        Raises:
            TypeError: an integer dtype.

        >>> nn.Linear(2, 1).to("cpu").to(torch.float64).weight.dtype
        torch.float64
        """
        for arg in args:
            if isinstance(arg, DType):
                dtype = arg
            elif isinstance(arg, Tensor):
                dtype = arg.dtype
            elif arg is not None and not isinstance(arg, bool):
                device = arg
        if dtype is not None and not dtype.is_floating_point:
            raise TypeError(
                f"{type(self).__name__}.to({dtype}): weights must be floating-point, since training changes them by "
                f"small amounts; convert the data instead, x.to({dtype})"
            )
        check_device(device)

        def convert(tensor: Tensor) -> Tensor:
            return tensor if dtype is None or not tensor.is_floating_point() else tensor.to(dtype)

        return self._apply(convert)

    def type(self, dst_type: DType) -> Self:
        """Convert every parameter and buffer to a dtype."""
        return self._apply(lambda tensor: tensor.to(dst_type))

    def float(self) -> Self:
        """Convert floating-point parameters and buffers to float32."""
        return self.to(float32)

    def double(self) -> Self:
        """Convert floating-point parameters and buffers to float64."""
        return self.to(float64)

    def half(self) -> Self:
        """Convert floating-point parameters and buffers to float16."""
        return self.to(float16)

    def cpu(self) -> Self:
        """Return the module itself: cutaway computes on the CPU."""
        return self

    def cuda(self, device: Any = None) -> Self:
        """Raises: there is no GPU here; leave the call out or write `.to(device)` with device "cpu"."""
        return self._apply(lambda tensor: tensor.cuda(device))

    # -- saving and loading ----------------------------------------------------------------------------------

    def _named_state(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """The entries of `state_dict`: parameters and persistent buffers, then the children's; shared ones repeat."""
        for name, param in self._parameters.items():
            if param is not None:
                yield prefix + name, param
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._non_persistent_buffers_set:
                yield prefix + name, buffer
        for name, child in self._modules.items():
            if child is not None:
                yield from child._named_state(f"{prefix}{name}.")

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """Every parameter and persistent buffer by dotted name; the Tensors share the module's memory.

        Args:
            destination: a dict to add to.
            prefix: prepended to every name.
            keep_vars: True returns the parameters themselves instead of detached Tensors.

        >>> list(nn.Sequential(nn.Linear(2, 3), nn.ReLU()).state_dict())
        ['0.weight', '0.bias']
        """
        state: dict[str, Any] = OrderedDict() if destination is None else destination
        for name, tensor in self._named_state(prefix):
            state[name] = tensor if keep_vars else tensor.detach()
        for listener in events.saved:
            listener(state)
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy saved values into this module's parameters and buffers.

        Args:
            state_dict: values by dotted name, as returned by `state_dict()`.
            strict: False ignores names that do not match; shapes must still match.
            assign: True uses the given Tensors themselves instead of copying their values.

        Raises:
            RuntimeError: lists every mismatch; nothing is loaded.

        >>> net = nn.Linear(2, 3)
        >>> net.load_state_dict(nn.Linear(2, 3).state_dict())
        <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict takes a dict of names and Tensors, but got {type(state_dict)}")
        own = dict(self._named_state())
        # old files lack the batch count of a batch norm, which then keeps its value
        missing = [name for name in own if name not in state_dict and not name.endswith("num_batches_tracked")]
        unexpected = [name for name in state_dict if name not in own]
        problems = []
        if strict and missing:
            problems.append("Missing (in the model, not in the file): " + ", ".join(missing))
        if strict and unexpected:
            problems.append("Unexpected (in the file, not in the model): " + ", ".join(map(str, unexpected)))
        for name, tensor in own.items():
            given = state_dict.get(name, tensor)
            if not isinstance(given, Tensor):
                problems.append(f"{name}: expected a Tensor, but the file holds {type(given).__name__}")
            elif isinstance(tensor, Uninitialized):
                if not isinstance(given, Uninitialized) and is_expanded(given._array):
                    problems.append(
                        f"{name}: the file has an expanded tensor of shape {tuple(given.shape)}, whose elements share "
                        "memory, and the lazy layer would take its shape from it: save x.contiguous() instead"
                    )
            elif given.shape != tensor.shape:
                problems.append(
                    f"size mismatch for {name}: the file has {tuple(given.shape)}, the model {tuple(tensor.shape)}"
                )
        if problems:
            raise RuntimeError(
                f"Error(s) in loading state_dict for {type(self).__name__}, nothing was loaded:\n\t"
                + "\n\t".join(problems)
                + "\n"
                + _how_to_load(state_dict, missing, unexpected)
            )
        for listener in events.loaded:
            listener(own, state_dict)
        for name, tensor in own.items():
            if name in state_dict and assign:
                self._assign_state(name, tensor, state_dict[name])
            elif name in state_dict:
                with no_grad():
                    tensor.copy_(state_dict[name])
        return IncompatibleKeys(missing, unexpected)

    def _assign_state(self, name: str, old: Tensor, new: Tensor) -> None:
        path, _, last = name.rpartition(".")
        if isinstance(old, Parameter):
            new = new if isinstance(new, Parameter) else Parameter(new)
            new.requires_grad_(old.requires_grad)
        setattr(self.get_submodule(path), last, new)

    # -- printing --------------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """The text between the parentheses of the repr: override it to show a layer's sizes."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {indent(repr(child))}" for name, child in self._modules.items()]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"


def _how_to_load(given: Mapping[str, Any], missing: list[str], unexpected: list[str]) -> str:
    """Suggested code for a state dict that does not match."""
    for name in unexpected if missing else ():
        inside = given[name]
        if isinstance(inside, Mapping) and inside.keys() >= set(missing):
            return f"The file contains more than the model's state: load_state_dict(saved[{name!r}])."
        prefix = str(name).removesuffix(missing[0])
        if prefix != name and {prefix + other for other in missing} <= set(unexpected):
            return (
                f"The names in the file begin with {prefix!r}, since the model was wrapped in another module. Without "
                f"the prefix they match: {{name.removeprefix({prefix!r}): x for name, x in state.items()}}"
            )
    return "Build the model with the sizes it was saved with; strict=False loads only the names that match."


def indent(text: str) -> str:
    """Indent every line after the first, as nested modules are printed."""
    return text.replace("\n", "\n  ")
