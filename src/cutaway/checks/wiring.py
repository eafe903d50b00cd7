"""Parameters that training does not reach, and where the graph is cut."""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np

from ..errors import line_number, user_frame
from ..grad_mode import is_grad_enabled
from ..graph import Node, newest_first
from ..memory import Line
from ..nn import Module, ModuleList, Parameter, Sequential
from ..optim import Optimizer
from ..tensors.base import AccumulateGrad, TensorBase, node_of
from .check import Check
from .training import alive, held, params_of

_LAYERS = Module.__module__.rpartition(".")[0]


def named(params: list[Any]) -> str:
    """A few parameters as their model names them: Net.fc2.weight (3, 4)."""
    names: dict[int, str] = {}
    for module in alive(Module):
        for path, param in module.named_parameters():
            name = f"{type(module).__name__}.{path}"
            if name.count(".") > names.get(id(param), "").count("."):  # the longest begins at the root
                names[id(param)] = name
    few = [f"{names.get(id(param), 'one of shape')} {tuple(param.shape)}" for param in params[:3]]
    return ", ".join(few) + (f" and {len(params) - 3} more" if len(params) > 3 else "")


class ParameterWithoutGradient(Check):
    """A parameter of the optimizer that never gets a gradient, while others do.

    It keeps its initial values. Either forward() does not use it, or its result is cut off from the loss by .detach(),
    .data, torch.tensor(x), .item() or a no_grad block.

        def forward(self, x):
            h = self.first(x)
            return self.last(x)    # h is not used: self.first learns nothing

        def forward(self, x):
            h = self.first(x)
            return self.last(h)    # right

    By default, it warns at the tenth step, since not every step uses every part of a model; at level "strict", at the
    first. It does not warn about frozen parameters (requires_grad=False).
    """

    name = "parameter_without_gradient"
    patience = 10

    def __init__(self) -> None:
        super().__init__()
        # of each optimizer the number of steps, and the parameters that have had no gradient in any of them
        self.seen: weakref.WeakKeyDictionary[Optimizer, tuple[int, list[Any]]] = weakref.WeakKeyDictionary()

    def events(self) -> Any:
        return {"optimizer": self.on_optimizer, "step": self.on_step}

    def forget(self) -> None:
        self.seen.clear()

    def on_optimizer(self, optimizer: Optimizer) -> None:
        self.seen[optimizer] = 0, params_of(optimizer)
        self.listen("step", self.on_step)

    def on_step(self, optimizer: Optimizer) -> None:
        count, without = self.seen.get(optimizer) or (0, params_of(optimizer))
        if count < self.patience:
            count = self.patience if self.level == "strict" else count + 1
            without = [param for param in without if param.grad is None and param.requires_grad]
            self.seen[optimizer] = count, without
            if count == self.patience and without:
                self.tell(self.unexplained(without))
        if all(count == self.patience for count, _ in self.seen.values()):
            self.leave("step")

    def tell(self, without: list[Any]) -> None:
        if without:
            when = "in this step" if self.level == "strict" else f"in {self.patience} steps"
            self.say(
                f"{named(without)} got no gradient {when}, while others did: forward() does not use it, or .detach(), "
                ".data, torch.tensor(x) or no_grad cut the graph behind it"
            )

    @staticmethod
    def unexplained(without: list[Any]) -> list[Any]:
        """Those that no layer of ours uses: its forward() uses them all, and if one gets a gradient and another does
        not, it is because of the loss. That of a gradient penalty does not depend on the last bias."""
        explained: set[int] = set()
        for module in alive(Module):
            params = [param for param in module._parameters.values() if param is not None]
            if type(module).__module__.startswith(_LAYERS) and any(param.grad is not None for param in params):
                explained.update(map(id, params))
        return [param for param in without if id(param) not in explained]


class _Leaves(threading.local):
    leaves: tuple[Any, ...] = ()  # that the latest backward() has reached


class _LeftOut(Check):
    """Detects, at an optimizer's first step, parameters of models that got gradients but belong to no optimizer."""

    def __init__(self) -> None:
        super().__init__()
        self.here = _Leaves()
        self.waiting: weakref.WeakSet[Optimizer] = weakref.WeakSet()  # for their first step
        self.trained: weakref.WeakSet[Optimizer] = weakref.WeakSet()

    def events(self) -> Any:
        return {"optimizer": self.on_optimizer, "received": self.on_received, "step": self.on_step}

    def forget(self) -> None:
        self.waiting.clear()
        self.trained.clear()

    def on_optimizer(self, optimizer: Optimizer) -> None:
        self.waiting.add(optimizer)
        self.attend()

    def attend(self) -> None:
        """Listen until there is nothing left to detect."""
        self.listen("received", self.on_received)
        self.listen("step", self.on_step)

    def on_received(self, leaves: list[Any]) -> None:
        self.here.leaves = tuple(leaves)

    def on_step(self, optimizer: Optimizer) -> None:
        if optimizer not in self.trained:
            self.trained.add(optimizer)
            self.judge(optimizer, self.left_out(optimizer))
        self.waiting.discard(optimizer)
        if not self.waiting:
            self.leave("received")
            self.leave("step")

    def left_out(self, optimizer: Optimizer) -> list[Any]:
        """Parameters of models that the latest backward() has reached and no optimizer holds."""
        leaves, self.here.leaves = self.here.leaves, ()
        params = [param for param in (leaf.variable for leaf in leaves) if isinstance(param, Parameter)]
        own = {id(param) for param in params_of(optimizer)}
        if all(id(param) in own for param in params):
            return []
        known = held()
        return [param for param in params if id(param) not in known]

    def judge(self, optimizer: Optimizer, left_out: list[Any]) -> None:
        """Warn about parameters that are missing from the optimizers, if the level requires it."""
        raise NotImplementedError


class ParameterNotInOptimizer(_LeftOut):
    """A parameter that gets gradients but belongs to no optimizer.

        optimizer = optim.SGD(model.parameters(), lr=0.1)
        model.head = nn.Linear(64, 10)    # the optimizer still holds the old one

        model.head = nn.Linear(64, 10)
        optimizer = optim.SGD(model.parameters(), lr=0.1)    # right: after the model is complete

    The same happens in a notebook if the cell with the model is run again, but not the one with the optimizer.

    It also happens to a layer that forward() creates, since every call creates a new one with new weights.

    By default, it warns if the optimizer holds parameters that belong to no model any more and get no gradient, or if,
    after training, it suddenly has nothing to update, or if a layer that got a gradient no longer exists; it does not
    warn if only part of a model is trained. At level "strict", it warns about every parameter left out.
    """

    name = "parameter_not_in_optimizer"

    def __init__(self) -> None:
        super().__init__()
        self.idle: weakref.WeakSet[Optimizer] = weakref.WeakSet()

    def forget(self) -> None:
        super().forget()
        self.idle.clear()

    def events(self) -> Any:
        return {**super().events(), "idle_step": self.on_idle_step}

    def on_received(self, leaves: list[Any]) -> None:
        super().on_received(leaves)
        gone = {leaf for leaf in leaves if leaf.variable is None}
        for node in alive(Node) if gone else ():
            if node.call is None or node.call[0]() is not None or gone.isdisjoint(node.parents):
                continue
            _, layer, outer = node.call
            if outer is not None and outer[0]() is not None:  # or the whole model is gone, and nothing wrong with that
                self.say(
                    f"a gradient reached a {layer.__name__} that {outer[1].__name__}.forward() created and "
                    "discarded: each call creates a new one, with new weights, and no optimizer updates it; create it "
                    "in __init__, self.layer = ..., and call it in forward()"
                )
                break

    def on_idle_step(self, optimizer: Optimizer) -> None:
        """The optimizer has stepped before, and now has no gradients; the second time, the current ones are known."""
        if optimizer in self.trained and optimizer not in self.idle:
            self.idle.add(optimizer)
            self.attend()
        elif optimizer in self.idle:
            self.tell(self.left_out(optimizer), "others")

    def judge(self, optimizer: Optimizer, left_out: list[Any]) -> None:
        if not left_out:
            return
        hidden = {id(param) for _, _, params in in_plain_lists() for param in params}
        left_out = [param for param in left_out if id(param) not in hidden]
        owned = {id(param) for module in alive(Module) for param in module._parameters.values()}
        unused = [p for p in params_of(optimizer) if isinstance(p, Parameter) and p.grad is None]
        if any(id(p) not in owned for p in unused):
            self.tell(left_out, "parameters that belong to no model any more")
        elif self.level == "strict":
            self.tell(left_out, "others")

    def tell(self, left_out: list[Any], held: str) -> None:
        if left_out:
            self.say(
                f"{named(left_out)} got a gradient, and no optimizer updates it; this one holds {held}: create the "
                "optimizer after the model is complete, from model.parameters()"
            )


class ModulesInList(_LeftOut):
    """Modules or parameters in a plain list, tuple or dict, which their parent does not register.

    parameters() omits them, so the optimizer does not update them; state_dict() does not save them, and eval() and to()
    do not reach them.

        self.layers = [nn.Linear(8, 8) for _ in range(3)]
        self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])    # right

    By default, it warns if their parameters get gradients and belong to no optimizer; at level "strict", as soon as the
    parent's parameters are listed. It does not warn about modules in a list that are also assigned to a name.
    """

    name = "modules_in_list"

    def __init__(self) -> None:
        super().__init__()
        self.asked: weakref.WeakSet[Module] = weakref.WeakSet()

    def forget(self) -> None:
        super().forget()
        self.asked.clear()

    def strict_events(self) -> Any:
        return {"parameters": self.on_parameters}

    def judge(self, optimizer: Optimizer, left_out: list[Any]) -> None:
        ids = {id(param) for param in left_out}
        for parent, name, params in in_plain_lists() if ids else ():
            if any(id(param) in ids for param in params):
                self.tell(parent, name, params, "get gradients, and no optimizer updates them")

    def on_parameters(self, module: Module) -> None:
        if module in self.asked or is_being_made(module):
            return
        self.asked.add(module)
        for parent, name, params in in_plain_lists(module):
            self.tell(parent, name, params, "are not among those of the model")

    def tell(self, parent: Module, name: str, params: list[Any], what: str) -> None:
        value = getattr(parent, name)
        first, *_ = value.values() if isinstance(value, dict) else value
        kind = ("Module" if isinstance(first, Module) else "Parameter") + (
            "Dict" if isinstance(value, dict) else "List"
        )
        self.say(
            f"{type(parent).__name__}.{name} is a plain {type(value).__name__}, and the {len(params)} parameters in it "
            f"{what}: self.{name} = nn.{kind}(...)"
        )


def is_being_made(module: Module) -> bool:
    """Whether the module's __init__ is still running, so that it may be incomplete."""
    frame: FrameType | None = user_frame()
    while frame is not None:
        if frame.f_code.co_name == "__init__" and frame.f_locals.get(frame.f_code.co_varnames[0]) is module:
            return True
        frame = frame.f_back
    return False


def in_plain_lists(root: Module | None = None) -> Iterator[tuple[Module, str, list[Any]]]:
    """What only a plain list, tuple or dict of a model (or of any) holds: the module, its attribute, parameters."""
    modules = list(root.modules()) if root is not None else alive(Module)
    known = {id(child) for module in modules for child in module.modules() if child is not module}
    known.update(id(param) for module in modules for _, param in module.named_parameters())
    for parent in modules:
        for name, value in vars(parent).items():
            inside = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
            hidden = [x for x in inside if isinstance(x, Module | Parameter) and id(x) not in known]
            members = [dict(x.named_parameters()).values() if isinstance(x, Module) else [x] for x in hidden]
            params = [param for some in members for param in some if param.requires_grad]
            if params:
                yield parent, name, params


class RepeatedModule(Check):
    """One layer several times in a ModuleList or Sequential, where several layers were meant.

        self.layers = nn.ModuleList([nn.Linear(8, 8)] * 3)                      # one layer, one set of weights
        self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])        # right

    Only at level "strict", since weights can be shared on purpose. It does not warn about layers without parameters.
    """

    name = "repeated_module"

    def __init__(self) -> None:
        super().__init__()
        self.asked: weakref.WeakSet[Module] = weakref.WeakSet()

    def events(self) -> Any:
        return {}

    def forget(self) -> None:
        self.asked.clear()

    def strict_events(self) -> Any:
        return {"parameters": self.on_parameters}

    def on_parameters(self, module: Module) -> None:
        if module in self.asked:
            return
        self.asked.add(module)
        for holder in module.modules():
            times = Counter(holder._modules.values()) if isinstance(holder, ModuleList | Sequential) else {}
            for layer, n in times.items():
                if layer is not None and n > 1 and any(True for _ in layer.named_parameters()):
                    self.say(
                        f"a {type(holder).__name__} holds the same {type(layer).__name__} {n} times, with one set of "
                        "weights: create several, [layer() for _ in range(n)], not [layer()] * n"
                    )


class GraphCut(Check):
    """A tensor created from the values of another, so that what precedes it gets no gradient.

        loss = torch.tensor([loss_a, loss_b], requires_grad=True).sum()
        loss = torch.stack([loss_a, loss_b]).sum()    # right

        loss.requires_grad = True; loss.backward()    # of a loss whose graph was cut: nothing gets a gradient

        loss = F.mse_loss(last(first(x).data), y)     # first learns nothing
        loss = F.mse_loss(last(first(x)), y)          # right

    By default, it warns about torch.tensor() of a computed loss, or of a list of losses, with requires_grad=True, and
    about a backward() that starts from a number without a graph while there is an optimizer. At level "strict", it
    warns about everything that torch.tensor(x) and x.data cut out of a loss when backward() starts, and about a
    backward() without a graph even if there is no optimizer. It does not warn about .detach(), which makes the cut
    explicit, nor about tensors from a graph that backward() has already traversed, such as the hidden state carried
    from one batch to the next, nor about a loss of 0, which stands for a batch without anything to learn.
    """

    name = "graph_cut"

    def __init__(self) -> None:
        super().__init__()
        # by the identity of an array: the array, where it was taken out of a graph, and how
        self.cuts: dict[int, tuple[weakref.ref[Any], Line, str]] = {}

    def events(self) -> Any:
        return {"rebuilt": self.on_rebuilt, "backward": self.on_backward}

    def strict_events(self) -> Any:
        return {"data": self.on_data}

    def on_rebuilt(self, source: Any, made: TensorBase) -> None:
        while isinstance(source, list | tuple) and source:
            source = source[0]
        if not isinstance(source, TensorBase) or not is_grad_enabled():
            return
        if made._node is not None and isinstance(node_of(source), Node) and source.ndim == 0:
            self.say(
                "torch.tensor(x) with requires_grad=True creates a new leaf from x's values, and backward() ends "
                "there: nothing that x was computed from gets a gradient. Use x itself, or torch.stack([a, b]) for a "
                "list"
            )
        self._note(source, made._array, "torch.tensor(x)")

    def on_data(self, x: TensorBase) -> None:
        if is_grad_enabled():
            self._note(x, x._array, "x.data")

    def _note(self, source: TensorBase, array: Any, how: str) -> None:
        """Record an array that was taken out of a graph, unless backward() has already traversed it."""
        node, key = node_of(source), id(array)
        if self.level == "strict" and node is not None and not (isinstance(node, Node) and node.arrays is None):
            frame = user_frame()
            reference = weakref.ref(array, lambda _: self.cuts.pop(key, None))
            self.cuts[key] = reference, (frame.f_code, frame.f_lasti), how

    def _is_in_vain(self, leaf: Any) -> bool:
        """Whether optimizers wait for gradients of other tensors than this leaf, a number other than 0."""
        if leaf._array.size != 1 or not leaf._array.any():
            return False
        trained = held()
        return self.level == "strict" or (bool(trained) and id(leaf) not in trained)

    def on_backward(self, tensors: list[Any]) -> None:
        loss = tensors[0]
        if isinstance(loss._node, AccumulateGrad) and self._is_in_vain(loss):
            self.say(
                "backward() starts from a tensor without a graph, so no parameter gets a gradient, and requires_grad = "
                "True does not change that: compute the loss from what the model returned, without argmax(), "
                "comparisons, .item(), torch.tensor(x) and no_grad"
            )
        if not self.cuts:
            return
        cuts, self.cuts = self.cuts, {}
        roots = [node for node in map(node_of, tensors) if node is not None]
        for node in newest_first(roots):
            for array, parent in zip(node.arrays or (), node.parents) if node.number else ():
                if parent is None and isinstance(array, np.ndarray) and id(array) in cuts:
                    _, (code, instruction), how = cuts.pop(id(array))
                    line = line_number(code, instruction)
                    self.say(
                        f"{how} at line {line} of {code.co_filename} cuts the graph of this loss: nothing that x was "
                        "computed from gets a gradient. Use x itself; if the cut is intended, write x.detach()"
                    )
