"""Optimizer: the base class of all optimizers.

An optimizer holds parameters and updates each of them on every `step()`. Subclasses define the update as one
method, `update`, on plain arrays. This is a complete optimizer:

    class SignSGD(Optimizer):
        def update(self, p, g, state, group):
            p -= group["lr"] * np.sign(g)

    optimizer = SignSGD(model.parameters(), lr=0.01)

The base class handles the rest: parameter groups with their own settings, parameters without a gradient,
`maximize`, closures, saving and loading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from copy import deepcopy
from typing import Any
from weakref import WeakSet

import numpy as np

from .. import events
from ..errors import describe, how_to_get_a_tensor, warn
from ..grad_mode import enable_grad
from ..memory import stamp_write
from ..ops.contract import Array
from ..shared_memory import is_expanded
from ..tensors import Tensor
from ..tensors.base import wrap

__all__ = ["Optimizer", "State"]

Group = dict[str, Any]

living: WeakSet[Optimizer] = WeakSet()  # those that there are, for who asks which of them moves a parameter


class State(MutableMapping[str, Any]):
    """The optimizer state of one parameter, as `update` sees it: arrays and numbers by name.

    They are kept as Tensors, since that is what `optimizer.state[p]` and `state_dict()` show. What `update` reads
    shares memory with them, so writing in place into an array is enough to change it.
    """

    def __init__(self, tensors: dict[str, Any]) -> None:
        self._tensors = tensors

    def __getitem__(self, name: str) -> Any:
        value = self._tensors[name]
        return value._array if isinstance(value, Tensor) else value

    def __setitem__(self, name: str, value: Any) -> None:
        is_array = isinstance(value, np.ndarray | np.generic)  # arithmetic on 0-d arrays returns a np.generic
        self._tensors[name] = wrap(np.asarray(value)) if is_array else value

    def __delitem__(self, name: str) -> None:
        del self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def zeros(self, name: str, like: Array) -> Array:
        """The array of this name, initialized to zeros of the shape of `like`."""
        if name not in self._tensors:
            self._tensors[name] = wrap(np.zeros_like(like))
        array: Array = self._tensors[name]._array
        if array.shape != like.shape:
            raise RuntimeError(
                f"the optimizer state has {name!r} of shape {array.shape} for a parameter of shape {like.shape}: it "
                "was loaded from the state of another model, or of parameters in another order"
            )
        return array

    def count(self) -> int:
        """Increment and return "step", the number of steps of this parameter, counted from 1."""
        step = self.zeros("step", np.zeros((), np.float32))
        step += 1
        return int(step)


class Optimizer:
    """Base class of optimizers: override `update`.

    Args:
        params: parameters, pairs (name, parameter), or dicts, one for each group, with "params" and settings.
        defaults: default settings of the groups.
        settings: more defaults, by name.

    All optimizers here accept four settings that select PyTorch's implementation: foreach and fused have no effect;
    differentiable and capturable (a step that is recorded, by autograd or by a GPU) must be False.

    Raises:
        TypeError: params is a single Tensor or contains something other than Tensors, or a group's "params" is a set.
        ValueError: there are no parameters, one is not a leaf, one is in two groups, or only some have names.
        NotImplementedError: differentiable or capturable.

    >>> import numpy as np
    >>> class SignSGD(cutaway.optim.Optimizer):
    ...     def update(self, p, g, state, group):
    ...         p -= group["lr"] * np.sign(g)
    >>> w = nn.Parameter(torch.tensor([1.0, 2.0]))
    >>> optimizer = SignSGD([w], lr=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.5000, 1.5000])
    """

    def __init__(self, params: Iterable[Any], defaults: Mapping[str, Any] | None = None, **settings: Any) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                f"{type(self).__name__} takes parameters, an iterable of Tensors or of dicts, but got one Tensor: put "
                "it into a list, [w]"
            )
        if not isinstance(params, Iterable):
            how = ": write model.parameters()" if hasattr(params, "parameters") or callable(params) else ""
            raise TypeError(
                f"{type(self).__name__} takes parameters, an iterable of Tensors or of dicts, but got "
                f"{type(params).__name__}{how}"
            )
        self.defaults: dict[str, Any] = {**(defaults or {}), **settings}
        self._check_how()
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups = list(params)
        if not groups:
            raise ValueError(
                f"{type(self).__name__} was given no parameters: has the model any, was this generator used before? "
                "Modules in a plain list are not found, nor are plain tensors: use nn.ModuleList, nn.Parameter"
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)
        living.add(self)
        for listener in events.optimizer:
            listener(self)

    def __setattr__(self, name: str, value: Any) -> None:
        for listener in events.attribute:
            listener(self, name, value)
        object.__setattr__(self, name, value)

    def _check_how(self) -> None:
        how = self.defaults
        if how.get("fused") and how.get("foreach"):
            raise RuntimeError("`fused` and `foreach` cannot be `True` together: each selects an implementation")
        for name in ("differentiable", "capturable"):
            if how.get(name):
                raise NotImplementedError(
                    f"{type(self).__name__}({name}=True): a step is not recorded here; to differentiate through one, "
                    "compute new tensors, w = w - lr * grad, with grad from torch.autograd.grad(..., create_graph=True)"
                )

    # -- the method to override ------------------------------------------------------------------------------

    def update(self, p: Array, g: Array, state: State, group: Group) -> None:
        """Update one parameter. Nothing here is recorded: these are NumPy arrays.

        Args:
            p: the parameter's values, to be changed in place, `p -= ...`.
            g: its gradient, of the same shape, already negated if the group sets `maximize`. Do not modify it.
            state: the state of this parameter, initially empty; see `State`.
            group: the settings, `group["lr"]` and so on, as plain numbers.
        """
        raise NotImplementedError(
            f"{type(self).__name__} does not define an update: define `def update(self, p, g, state, group)`"
        )

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Args:
            closure: recomputes the loss and calls backward; it is called first.

        Returns:
            The return value of the closure, or None.
        """
        loss = None
        if closure is not None:
            if not callable(closure):
                raise TypeError(
                    f"step() takes nothing, or a function that computes the loss, not {describe(closure)}: call "
                    "loss.backward() first, and then optimizer.step()"
                )
            with enable_grad():
                loss = closure()
        written: list[Array] = []
        try:
            for group in self.param_groups:
                settings = {name: _plain(value) for name, value in group.items() if name != "params"}
                for param in group["params"]:
                    if param._grad is None:
                        continue
                    p, g = param._array, param._grad._array
                    written.append(p)
                    self.update(p, -g if settings.get("maximize") else g, State(self.state[param]), settings)
        finally:
            stamp_write(*written)
        for listener in events.step if written else events.idle_step:
            listener(self)
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset all gradients, to which backward adds; call it once per step.

        Args:
            set_to_none: False fills the existing gradients with zeros instead.
        """
        for listener in events.zero_grad:
            listener(self)
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param.grad = None
                elif param.grad is not None:
                    param.grad.detach_().zero_()

    # -- groups ----------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: Group) -> None:
        """Add parameters with their own settings, for example a layer that is unfrozen later.

        Args:
            param_group: {"params": parameters} and settings; missing settings take the defaults.
        """
        if not isinstance(param_group, dict):
            raise TypeError(
                f"a parameter group is a dict, {{'params': [...], 'lr': ...}}, not {type(param_group).__name__}"
            )
        if "params" not in param_group:
            raise KeyError(f"params: a parameter group needs its parameters, but has only {list(param_group)}")
        params = param_group["params"]
        if isinstance(params, set | frozenset):
            raise TypeError("parameters in a set have no order, so runs would not be reproducible: pass a list")
        given = [params] if isinstance(params, Tensor) else list(params)
        names = [member[0] for member in given if isinstance(member, tuple)]
        members = [member[1] if isinstance(member, tuple) else member for member in given]
        param_group["params"] = members
        if names:
            param_group["param_names"] = names
        self._check_names(names, param_group)
        for param in members:
            _check_trainable(param)
        for name, value in self.defaults.items():
            param_group.setdefault(name, value)
        held = {id(param) for other in self.param_groups for param in other["params"]}
        mine = {id(param) for param in members}
        if held & mine:
            raise ValueError(
                "some parameters appear in more than one parameter group, so a step would update them twice: list the "
                "others in the second group"
            )
        if len(mine) < len(members):
            warn(
                "a parameter appears twice in one parameter group, so a step would update it twice; list each once"
            )
        self.param_groups.append(param_group)

    def _check_names(self, names: list[str], group: Group) -> None:
        """Raise unless all parameters have names, or none do."""
        if names and len(names) < len(group["params"]):
            raise ValueError(
                "all optimizer params should be with/without names: in this group some are pairs (name, parameter), "
                "as model.named_parameters() gives them, and some are not"
            )
        if any(("param_names" in group) != ("param_names" in other) for other in self.param_groups):
            raise ValueError(
                "all optimizer param groups should be with/without names: named and unnamed groups cannot be mixed; "
                "pass both model.parameters(), or both model.named_parameters()"
            )

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            settings = [f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params"]
            text += f"\nParameter Group {number}\n" + "".join(settings)
        return text + ")"

    # -- saving and loading ----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The settings and the state, in which parameters are replaced by their indices: 0, 1, ...

        >>> w = nn.Parameter(torch.zeros(2))
        >>> optimizer = cutaway.optim.SGD([w], lr=0.1, momentum=0.9)
        >>> w.grad = torch.ones(2)
        >>> optimizer.step()
        >>> optimizer.state_dict()["state"]
        {0: {'momentum_buffer': tensor([1., 1.])}}
        """
        params = [param for group in self.param_groups for param in group["params"]]
        number = {id(param): i for i, param in enumerate(params)}
        groups = []
        for group in self.param_groups:
            settings = {name: value for name, value in group.items() if name != "params"}
            groups.append({**settings, "params": [number[id(param)] for param in group["params"]]})
        state = {number[id(param)]: dict(self.state[param]) for param in params if self.state.get(param)}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restore settings and state from a saved `state_dict()`, which does not contain the parameters themselves.

        Raises:
            KeyError: it is not an optimizer's state, but for example a model's.
            ValueError: the number of groups, or of parameters in a group, differs, or a tensor is an expanded one.

        Nothing is loaded then.
        """
        if not _is_state(state_dict):
            raise _no_state(state_dict)
        _refuse_expanded(state_dict)
        saved = state_dict["param_groups"]
        if len(saved) != len(self.param_groups):
            raise ValueError(
                f"loaded state dict has a different number of parameter groups: {len(saved)}, but this "
                f"optimizer has {len(self.param_groups)}"
            )
        for i, (theirs, ours) in enumerate(zip(saved, self.param_groups)):
            if len(theirs["params"]) != len(ours["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                    f"group {i} has {len(theirs['params'])} parameters, but here {len(ours['params'])}"
                )
        numbers = [number for group in saved for number in group["params"]]
        params = [param for group in self.param_groups for param in group["params"]]
        by_number = dict(zip(numbers, params))
        if not state_dict["state"].keys() <= by_number.keys():
            raise _no_state(state_dict)
        state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        for number, remembered in state_dict["state"].items():
            param = by_number[number]
            state[param] = {name: _fitted(name, value, param) for name, value in remembered.items()}
        groups = [
            {**ours, **deepcopy(dict(theirs)), "params": ours["params"]}
            for theirs, ours in zip(saved, self.param_groups)
        ]
        self.state, self.param_groups = state, groups


def _plain(value: Any) -> Any:
    """A setting as a Python number, since the dtype of a Tensor or NumPy scalar would promote the arrays."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value.item() if isinstance(value, (Tensor, np.generic)) else value


def _is_state(x: Any) -> bool:
    """Whether x has the structure of an optimizer's `state_dict()`."""
    match x:
        case {"state": {**memory}, "param_groups": [*groups]}:
            return all(isinstance(remembered, Mapping) for remembered in memory.values()) and all(
                isinstance(group, Mapping) and isinstance(group.get("params"), list) for group in groups
            )
    return False


def _no_state(x: Any) -> KeyError:
    given = f"a {type(x).__name__} with the keys {list(x)[:5]}" if isinstance(x, Mapping) else describe(x)
    return KeyError(
        "an optimizer's load_state_dict takes the result of its state_dict(), {'state': {0: {...}, ...}, "
        f"'param_groups': [{{'params': [0, ...], 'lr': ...}}]}}, but got {given}"
    )


def _refuse_expanded(value: Any) -> None:
    """ValueError for an expanded tensor in a state: a small file can hold a very large one, and it would be copied."""
    if isinstance(value, Tensor):
        if is_expanded(value._array):
            raise ValueError(
                f"loaded state dict contains an expanded tensor of shape {tuple(value.shape)}, whose elements share "
                "memory. An optimizer writes to its state in place: save x.contiguous() instead"
            )
    elif isinstance(value, Mapping | list | tuple | set | frozenset):
        for item in value.values() if isinstance(value, Mapping) else value:
            _refuse_expanded(item)


def _fitted(name: str, value: Any, param: Tensor) -> Any:
    """A copy of a state value in the parameter's dtype; step counts keep theirs."""
    if not isinstance(value, Tensor):
        return deepcopy(value)
    keeps = name == "step" or not value.is_floating_point()
    return wrap(value._array.copy() if keeps else value._array.astype(param._array.dtype))


def _check_trainable(param: Any) -> None:
    if not isinstance(param, Tensor):
        how = ""
        if isinstance(param, str):
            how = ": a dict of names and Tensors is no list of parameters, write model.parameters()"
        elif isinstance(param, np.ndarray):
            how = f": {how_to_get_a_tensor(param)}"
        elif isinstance(param, Iterable):
            how = ": put the parameters of several models into one list, [*a.parameters(), *b.parameters()]"
        raise TypeError(f"an optimizer trains Tensors, and one of the parameters is {describe(param)}{how}")
    if not param.is_leaf:
        raise ValueError(
            f"can't optimize a non-leaf Tensor: one of shape {tuple(param.shape)} was computed by an op, and updating "
            "it would not update what it was computed from; pass the leaf to the optimizer"
        )


def not_negative(settings: Mapping[str, Any]) -> None:
    """Check that settings, named as in error messages, are numbers and not negative."""
    for name, value in settings.items():
        if not isinstance(value, int | float | np.number | Tensor):
            raise TypeError(f"the {name} is a number, but got {describe(value)}")
        if isinstance(value, Tensor) and value.numel() != 1:
            raise ValueError(f"Tensor {name} must be 1-element, but has shape {tuple(value.shape)}")
        if not value >= 0:  # nan too
            raise ValueError(f"Invalid {name}: {value}; it must be 0 or more")
