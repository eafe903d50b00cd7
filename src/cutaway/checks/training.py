"""Steps of a training loop that are left out, or in the wrong order."""

from __future__ import annotations

import gc
import math
import threading
import weakref
from collections import deque
from itertools import pairwise
from typing import Any

from .. import events
from ..grad_mode import is_grad_enabled
from ..graph import Node, newest_first
from ..optim import Optimizer
from ..tensors.base import TensorBase
from .check import Check


def alive(kind: type) -> list[Any]:
    """All objects of a class. It takes some 20 ms: for when there is a suspicion."""
    return [thing for thing in gc.get_objects() if issubclass(type(thing), kind)]


def params_of(optimizer: Optimizer) -> list[Any]:
    """The parameters that an optimizer moves."""
    return [param for group in optimizer.param_groups for param in group["params"]]


class ForgottenZeroGrad(Check):
    """A step with gradients that the step before has used, and to which new ones were added.

    backward() adds to what is in `.grad`. Without zero_grad() every step repeats all the steps before it.

        for x, y in batches:
            loss = F.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()

        for x, y in batches:
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()   # right
            loss.backward()
            optimizer.step()

    Several backward passes before one step are quiet: gradients may be gathered on purpose. So is a gradient that
    flows into another network on the way, as a generator's through its critic, and is thrown away before use.
    """

    name = "forgotten_zero_grad"
    _used = "_used_by_step"  # on a gradient that a step has used: whether another was added to it since

    def events(self) -> Any:
        return [(events.step, self.on_step), (events.accumulation, self.on_accumulation)]

    def on_step(self, optimizer: Optimizer, grad: TensorBase | None) -> None:
        if grad is None:  # zeroing is for all gradients or for none: this one stands for them
            return
        if grad.__dict__.get(self._used):
            self.say(
                "this step used gradients that the step before had used, with new ones added to them: call "
                "optimizer.zero_grad() before loss.backward()"
            )
        grad.__dict__[self._used] = False

    def on_accumulation(self, grad: TensorBase) -> None:
        if self._used in grad.__dict__:
            if grad._array.any():
                grad.__dict__[self._used] = True
            else:  # it was filled with zeros
                del grad.__dict__[self._used]


class StepBeforeBackward(Check):
    """A step that moves nothing, because there are no gradients: backward() comes later, or zero_grad() came between.

        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        optimizer.step()
        loss.backward()

        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()    # right: it fills the gradients that the step uses
        optimizer.step()

    By default it speaks if something was computed with the parameters; when strict, of every first step without
    gradients.
    """

    name = "step_before_backward"

    def __init__(self) -> None:
        self.looked: weakref.WeakSet[Optimizer] = weakref.WeakSet()

    def events(self) -> Any:
        return [(events.step, self.on_step)]

    def on_step(self, optimizer: Optimizer, grad: TensorBase | None) -> None:
        if grad is not None or optimizer in self.looked:
            return
        self.looked.add(optimizer)
        leaves = {param._node for param in params_of(optimizer)} - {None}
        users = [node for node in alive(Node) if not leaves.isdisjoint(node.parents)]
        if any(node.arrays is not None for node in users):
            why = "no backward() came before it: call loss.backward() first"
        elif users:
            why = "they were zeroed since backward(): call zero_grad() before loss.backward(), or after the step"
        elif self.level == "strict":
            why = "call loss.backward() first"
        else:
            return
        self.say(f"no parameter has a gradient, so this step moved nothing; {why}")


class _Loss(threading.local):
    latest: float | None = None  # from which backward() started


class LossNotFinite(Check):
    """A loss that became infinite or nan while training: as a rule the learning rate is too large.

    A step that is too long lands on the other side of the valley, higher than before; the next is longer still. After
    a few steps the loss overflows, and from then on every weight is nan.

        optimizer = optim.SGD(model.parameters(), lr=10)
        optimizer = optim.SGD(model.parameters(), lr=0.1)   # right: try a tenth, and again

    If the losses before did not grow, it is something else: a logarithm or a root of 0, a division by 0, or nan in the
    data. `autograd.detect_anomaly()` finds the op. When strict, it speaks of every backward() from such a loss.
    """

    name = "loss_not_finite"

    def __init__(self) -> None:
        self.here = _Loss()
        self.losses: weakref.WeakKeyDictionary[Optimizer, deque[float]] = weakref.WeakKeyDictionary()

    def events(self) -> Any:
        return [(events.backward, self.on_backward), (events.step, self.on_step)]

    def on_step(self, optimizer: Optimizer, grad: TensorBase | None) -> None:
        losses = self.losses.get(optimizer)
        if losses is None:
            losses = self.losses[optimizer] = deque(maxlen=4)
        if self.here.latest is not None:
            losses.append(self.here.latest)

    def on_backward(self, tensors: list[Any]) -> None:
        array = tensors[0]._array
        loss = array.item() if array.size == 1 else None
        self.here.latest = loss
        if loss is None or math.isfinite(loss):
            return
        self.here.latest = None
        for optimizer, before in self.losses.items():
            if before and self._trains(optimizer, tensors[0]._node):
                self._explain(loss, before, optimizer.param_groups[0].get("lr", math.nan))
                before.clear()
                return
        if self.level == "strict":
            self.say(f"the loss is {loss}, and so its gradients will be: autograd.detect_anomaly() names the op")

    def _explain(self, loss: float, before: deque[float], lr: Any) -> None:
        if all(abs(a) < abs(b) for a, b in pairwise(before)):
            why = f"each step overshoots, lr={float(lr):g} is too large, try {float(lr) / 10:g}"
        else:
            why = (
                "the losses before did not grow, so look for a logarithm, a root or a division that cannot be; "
                "autograd.detect_anomaly() names the op"
            )
        self.say(f"the loss is {loss}, after {', '.join(f'{value:.4g}' for value in before)}: {why}")

    @staticmethod
    def _trains(optimizer: Optimizer, node: Any) -> bool:
        """Whether the graph behind a loss leads to what the optimizer moves."""
        leaves = {param._node for param in params_of(optimizer)} - {None}
        return node is not None and not leaves.isdisjoint(newest_first([node]))


class _Layer(threading.local):
    name: str | None = None


class EvaluationWithoutEval(Check):
    """Evaluation of a model that is still in training mode: dropout drops, batch norm goes by the batch at hand.

    The figures come out worse than the model is, change from run to run, and batch norm's statistics take in the test
    data.

        with torch.no_grad():
            accuracy = (model(x).argmax(1) == y).float().mean()

        model.eval()    # right
        with torch.no_grad():
            accuracy = (model(x).argmax(1) == y).float().mean()
        model.train()   # and back, before training goes on

    By default it speaks when, under no_grad, such a layer has run and then a loss is computed or the largest score
    chosen: a generator that draws its fakes so is quiet. When strict, it speaks of the layer itself.
    """

    name = "evaluation_without_eval"

    def __init__(self) -> None:
        self.here = _Layer()

    def events(self) -> Any:
        return [(events.mode, self.on_mode), (events.loss, self.on_loss), (events.choice, self.on_choice)]

    def on_mode(self, layer: str, training: bool) -> None:
        self.here.name = layer if training and not is_grad_enabled() else None
        if self.level == "strict":
            self.on_choice()

    def on_loss(self, name: str, x: TensorBase, y: TensorBase) -> None:
        self.on_choice()

    def on_choice(self) -> None:
        layer = self.here.name
        if layer is None:
            return
        self.here.name = None
        if not is_grad_enabled():
            self.say(
                f"{layer} runs in training mode, under no_grad: before evaluation call model.eval(), and model.train() "
                f"after it; a call of F.{layer} is told by training=self.training"
            )
