"""How a flow comes about: every layer is looked at as the gradient passes it.

The engine's observers show each node with the gradient of its value. The value itself is made again by running the op
once more on its inputs, which the node still holds; ops are pure functions, so it is the same. Where a recurrent layer
is one op, its twin of small ops is run instead, and has a node for each time step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from threading import get_ident
from typing import Any

import numpy as np

from ... import events, ops
from ...autograd import enable_grad
from ...graph import Call, Leaf, Node, observers, walk
from ...memory import overwritten_at
from ...nn import Module
from ...ops import TABLE
from ...tensors.base import AccumulateGrad, TensorBase, wrap
from ..work import PRODUCTS
from .measures import BENDING, CUTTING, Layer, ParameterFlow, Step, measured, norm

SEQUENCES = {ops.gru, ops.lstm, ops.rnn}
CONVOLUTIONS = {ops.conv1d, ops.conv2d, ops.conv_transpose2d}
LAYERS = PRODUCTS | BENDING | {ops.embedding}
SHORT = {ops.scaled_dot_product_attention: "attention"}


@dataclass
class _Uses:
    """The uses of one layer in a pass: the same op of the same module on the same weights."""

    label: str
    weight: str  # the name of the first parameter that it uses: it is called by that if others have the same label
    op: str
    width: int
    nodes: list[tuple[int, Call | None, list[Step]]] = field(default_factory=list)  # number, the call it ran in, steps

    def places(self) -> list[list[Step]]:
        """The steps, in the order of the forward pass; of each gate apart, if a cell with several was called often."""
        self.nodes.sort(key=lambda node: node[0])
        calls: dict[int, list[list[Step]]] = {}
        for _, call, steps in self.nodes:
            calls.setdefault(id(call), []).append(steps)
        each = list(calls.values())
        alike = len(each) > 1 and len(set(map(len, each))) == 1
        return [list(chain.from_iterable(place)) for place in (zip(*each) if alike else [chain.from_iterable(each)])]


class Watch:
    """An observer of the backward passes through a model; it keeps the last."""

    def __init__(self, model: Module) -> None:
        self.modules = {id(module): (path, module) for path, module in model.named_modules()}
        self.params = {id(param): (name, param) for name, param in model.named_parameters()}
        self._frozen = {id(param._array): key for key, (_, param) in self.params.items() if not param.requires_grad}
        self.root = type(model).__name__
        self._thread = get_ident()
        self._uses: dict[Any, _Uses] = {}
        self._latest: Node | None = None  # the node that was looked at: it is shown once for each input
        self._walking = self._fresh = False
        self._moved_from: dict[int, Any] = {}  # by the id of a parameter: its values after the last backward
        self._gradients: dict[int, tuple[float | None, float | None]] = {}  # its norm, and which part is not 0
        self._stepped: set[int] = set()  # the ids of parameters that an optimizer has updated since

    def start(self) -> None:
        """Begin to watch."""
        observers.append(self)
        events.listen("backward", self._begins)
        events.listen("received", self._ended)
        events.listen("step", self._updated)

    def stop(self) -> None:
        """Watch no longer."""
        observers.remove(self)
        events.leave("backward", self._begins)
        events.leave("received", self._ended)
        events.leave("step", self._updated)

    # -- a backward pass -------------------------------------------------------------------------------------

    def _begins(self, tensors: list[Any]) -> None:
        if get_ident() == self._thread:
            self._walking = self._fresh = True

    def _ended(self, leaves: list[Any]) -> None:
        if get_ident() != self._thread:
            return
        self._walking, self._latest = False, None
        if not self.params.keys().isdisjoint(id(leaf.variable) for leaf in leaves):
            self._stepped.clear()
            for key, (_, param) in self.params.items():
                self._moved_from[key] = param._array.copy()
                g = None if param.grad is None else param.grad._array
                found = None if g is None else (norm(g), float(np.count_nonzero(g) / max(g.size, 1)))
                self._gradients[key] = found or (None, None)

    def _updated(self, optimizer: Any) -> None:
        if get_ident() == self._thread:
            self._stepped.update(id(param) for group in optimizer.param_groups for param in group["params"])

    def recorded(self, node: Node, value: Any) -> None:
        """Of no interest: what a node has made is made again when its gradient is there."""

    def sent(self, node: Node, i: int, g: Any, gave: Any, gx: Any) -> None:
        """Look at a node as its gradient leaves it."""
        if not self._walking or node is self._latest or get_ident() != self._thread:
            return
        self._latest = node
        place = self._place(node)
        if node.op not in LAYERS or place is None or node.arrays is None or 0 in node.shape:
            return
        changed = any(overwritten_at(x, node.number) for x in node.arrays if isinstance(x, np.ndarray))
        if changed and node.op not in CUTTING:  # relu(relu(x)) is relu(x): it may have been done in place
            return
        if self._fresh:
            self._uses, self._fresh = {}, False
        uses = self._uses_of(node, *place)
        self._walking = False  # what follows is our own
        try:
            steps = self._steps(node, g._array if isinstance(g, TensorBase) else g)
            uses.nodes.append((node.number, node.call, steps))
        finally:
            self._walking = True

    def _place(self, node: Node) -> tuple[str, Module] | None:
        """Path and module of the model in which a node was recorded."""
        call = node.call
        while call is not None:
            reference, _, outside = call
            module = reference()
            if id(module) in self.modules and self.modules[id(module)][1] is module:
                return self.modules[id(module)]
            call = outside
        return None

    def _uses_of(self, node: Node, path: str, module: Module) -> _Uses:
        weights = [found for pair in zip(node.parents, node.arrays or ()) if (found := self._weight(*pair))]
        bare = not module._modules and not module._parameters  # such as nn.ReLU: its one op goes by its name
        label = f"{path}: {module._get_name()}" if path else self.root
        if not weights and not bare:  # written out in a forward()
            above = self._above(node)
            place = None if above is None else self._place(above)
            label = f"{(place[0] if place else path) or self.root} → {SHORT.get(node.op, node.op.__name__)}"
        key = (path, node.op, tuple(weights) or (label, node.line))
        if key not in self._uses:
            weight = self.params[weights[0][0]][0] if weights else ""
            self._uses[key] = _Uses(label, weight, node.op.__name__, int(np.prod(node.shape)))
        return self._uses[key]

    def _weight(self, node: Any, array: Any) -> tuple[int, str] | None:
        """The parameter that an input is, as it is or arranged anew, and how it was arranged; a frozen one as it is."""
        if node is None and id(array) in self._frozen:
            return self._frozen[id(array)], ""
        how = ""
        while isinstance(node, Node) and len(node.parents) == 1:
            how += f"{node.op.__name__}{node.attrs}"
            node = node.parents[0]
        param = node.variable if isinstance(node, AccumulateGrad) else None
        return (id(param), how) if id(param) in self.params else None

    @staticmethod
    def _above(node: Node) -> Node | None:
        """The layer whose values go into an activation, perhaps by way of other ops."""
        above: Any = node.parents[0]
        while isinstance(above, Node) and above.op not in PRODUCTS:
            above = next((parent for parent in above.parents if isinstance(parent, Node)), None)
        return above if isinstance(above, Node) else None

    # -- one node --------------------------------------------------------------------------------------------

    def _steps(self, node: Node, g: Any) -> list[Step]:
        assert node.arrays is not None
        with np.errstate(all="ignore"):
            if node.op in SEQUENCES:
                return _time_steps(node, g)
            value = np.asarray(node.op(*node.arrays, **node.attrs)[0])
            above = self._above(node)
            convolved = value.ndim == 4 or (above is not None and above.op in CONVOLUTIONS)
            return [measured(node.op, node.attrs, value, g, 1 if convolved and value.ndim > 2 else -1)]

    # -- what was found --------------------------------------------------------------------------------------

    def layers(self) -> list[Layer]:
        """Layers in the order of the forward pass, the uses of each too."""
        found = sorted(self._uses.values(), key=lambda uses: min(number for number, *_ in uses.nodes))
        labels = [uses.label for uses in found]
        layers = []
        for uses in found:
            name = uses.weight if uses.weight and labels.count(uses.label) > 1 else uses.label
            places = uses.places()
            for i, steps in enumerate(places, 1):
                which = f" ({i} of {len(places)})" if len(places) > 1 else ""
                layers.append(Layer(name + which, uses.op, uses.width, steps))
        return layers

    def parameters(self) -> list[ParameterFlow]:
        """The parameters, with what the last backward pass and the optimizer did to them."""
        found = []
        for key, before in self._moved_from.items():
            name, param = self.params[key]
            update = norm(param._array - before)
            gradient, used = self._gradients[key]
            moved = update > 0 or (key in self._stepped and gradient is not None)
            found.append(ParameterFlow(name, before.shape, norm(before), gradient, used, update if moved else None))
        return found


def _time_steps(node: Node, g: Any) -> list[Step]:
    """A recurrent layer, a step at a time: each hidden state, and the gradient of the loss for it."""
    twin, arrays = TABLE[node.op].twin, node.arrays or ()
    assert twin is not None
    with enable_grad():
        states = twin(*(wrap(x, Leaf(x.shape)) for x in arrays), **node.attrs)
    nodes = states._node.parents[: len(arrays[0])]  # the last that an LSTM stacks is the cell state
    arrived = walk([(states._node, g)], targets=list(nodes))
    return [measured(node.op, node.attrs, value, arrived[state], -1) for value, state in zip(states._array, nodes)]
