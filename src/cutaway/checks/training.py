"""Training loop steps that are missing or in the wrong order."""

from __future__ import annotations

import gc
import math
import weakref
from typing import Any

import numpy as np

from ..graph import Node, newest_first
from ..memory import clock, overwritten_at
from ..nn import Parameter
from ..optim import Optimizer
from ..optim.optimizer import living
from ..tensors.base import AccumulateGrad
from .check import Check


def alive(kind: type) -> list[Any]:
    """All live objects of a class. It takes about 20 ms, so call it only on suspicion."""
    return [thing for thing in gc.get_objects() if issubclass(type(thing), kind)]


def params_of(optimizer: Optimizer) -> list[Any]:
    """The parameters of an optimizer."""
    return [param for group in optimizer.param_groups for param in group["params"]]


def held() -> set[int]:
    """The ids of the parameters of all optimizers."""
    return {id(param) for optimizer in living for param in params_of(optimizer)}


class ForgottenZeroGrad(Check):
    """A step with gradients accumulated onto those that the previous step already used.

    backward() accumulates into `.grad`. Without zero_grad(), every step repeats all previous ones.

        for x, y in batches:
            loss = F.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()

        for x, y in batches:
            loss = F.mse_loss(model(x), y)
            optimizer.zero_grad()   # right
            loss.backward()
            optimizer.step()

    It does not warn about several backward passes before one step, which may be intended gradient accumulation, nor
    about gradients that flow into another network, as a generator's through its critic, and are discarded before use.
    """

    name = "forgotten_zero_grad"

    def __init__(self) -> None:
        super().__init__()
        # Leaves whose gradient was accumulated into after use: when that started, and when it last happened.
        self.used: weakref.WeakKeyDictionary[AccumulateGrad, tuple[int, int]] = weakref.WeakKeyDictionary()

    def events(self) -> Any:
        return {"accumulation": self.on_accumulation}

    def on_accumulation(self, leaf: AccumulateGrad) -> None:
        tensor: Any = leaf.variable  # with a gradient that is about to be accumulated into
        if not tensor._grad._array.any():  # it was filled with zeros
            leaf.since = next(clock)
        elif self._is_used(leaf) and overwritten_at(tensor._array, self.used[leaf][1]):  # by hand, without an optimizer
            self.used.clear()
            self.say(
                "parameters were updated by gradients that had been used before, with new ones added to them: set "
                "p.grad to None before loss.backward()"
            )
        elif overwritten_at(tensor._array, leaf.since):  # the parameter has been updated since, with this gradient
            self.used[leaf] = leaf.since, next(clock)
            self.listen("step", self.on_step)

    def on_step(self, optimizer: Optimizer) -> None:
        leaves = [param._node for param in params_of(optimizer) if param.requires_grad and param.grad is not None]
        if sum(self._is_used(leaf) for leaf in leaves) > len(leaves) / 2:  # one may have been written to otherwise
            self.say(
                "this step used gradients that the step before had used, with new ones added to them: call "
                "optimizer.zero_grad() before loss.backward()"
            )
        for leaf in leaves:
            self.used.pop(leaf, None)
        if not self.used:
            self.leave("step")

    def _is_used(self, leaf: AccumulateGrad) -> bool:
        """Whether its gradient is still the used one, neither discarded nor zeroed."""
        return leaf in self.used and self.used[leaf][0] == leaf.since


class StepBeforeBackward(Check):
    """A step that updates nothing because there are no gradients: backward() comes later, or zero_grad() came between.

        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        optimizer.step()
        loss.backward()

        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()    # right: it fills the gradients that the step uses
        optimizer.step()

    By default, it warns if the parameters were used in a computation; at level "strict", about every first step without
    gradients.
    """

    name = "step_before_backward"

    def __init__(self) -> None:
        super().__init__()
        self.looked: weakref.WeakSet[Optimizer] = weakref.WeakSet()

    def forget(self) -> None:
        self.looked.clear()

    def events(self) -> Any:
        return {"idle_step": self.on_idle_step}

    def on_idle_step(self, optimizer: Optimizer) -> None:
        if optimizer in self.looked:
            return
        self.looked.add(optimizer)
        leaves = {param._node for param in params_of(optimizer)} - {None}
        users = [node for node in alive(Node) if not leaves.isdisjoint(node.parents)]
        if not (leaves or any(isinstance(param, Parameter) for param in params_of(optimizer))):
            why = "its tensors do not require grad, as those of a state_dict() do not: pass model.parameters()"
        elif any(node.arrays is not None for node in users):
            why = "no backward() came before it: call loss.backward() first"
        elif users:
            why = "they were zeroed since backward(): call zero_grad() before loss.backward(), or after the step"
        elif self.level == "strict":
            why = "call loss.backward() first"
        else:
            return
        self.say(f"no parameter has a gradient, so this step updated nothing; {why}")


class ForgottenStep(Check):
    """Gradients that are repeatedly discarded by an optimizer that never steps.

        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step      # without its parentheses, or left out

        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()    # right

    It warns at the tenth zero_grad() that finds gradients, if the parameters have not changed, as a custom update could
    change them in any way. At level "strict", at the second. It does not warn while another optimizer steps: a critic's
    loss fills the gradients of the generator as well.
    """

    name = "forgotten_step"
    patience = 10

    def __init__(self) -> None:
        super().__init__()
        # of optimizers without a step: how often they have thrown gradients away, and a parameter as it was at first
        self.idle: weakref.WeakKeyDictionary[Optimizer, tuple[int, Any, Any]] = weakref.WeakKeyDictionary()

    def events(self) -> Any:
        return {"optimizer": self.on_optimizer}

    def forget(self) -> None:
        self.idle.clear()

    def on_optimizer(self, optimizer: Optimizer) -> None:
        self.idle[optimizer] = 0, None, None
        self.listen("zero_grad", self.on_zero_grad)
        self.listen("step", self.on_step)

    def on_step(self, optimizer: Optimizer) -> None:
        self.idle.pop(optimizer, None)
        for other, (_, param, value) in self.idle.items():
            self.idle[other] = 0, param, value
        if not self.idle:
            self.leave("zero_grad")
            self.leave("step")

    def on_zero_grad(self, optimizer: Optimizer) -> None:
        if optimizer not in self.idle:
            return
        count, param, value = self.idle[optimizer]
        if param is None:
            filled = [p for p in params_of(optimizer) if p.grad is not None and p.grad._array.any()]
            if not filled:
                return
            param = min(filled, key=lambda p: p._array.size)  # it will move, as all will
            value = param._array.copy()
        if not np.array_equal(param._array, value):  # by an optimizer of the user's
            self.on_step(optimizer)
        elif param.grad is not None:
            self.idle[optimizer] = count + 1, param, value
            if count + 1 == (2 if self.level == "strict" else self.patience):
                self.say(
                    f"gradients were computed and discarded {count + 1} times, and no parameter was updated: call "
                    "optimizer.step() after loss.backward(), with its parentheses"
                )
                self.on_step(optimizer)


class LossNotFinite(Check):
    """A training loss that is infinite or nan, usually because the learning rate is too large.

    A step that is too large overshoots the minimum and increases the loss; the next step is even larger. After a few
    steps the weights are huge, the loss overflows, and everything becomes nan.

        optimizer = optim.SGD(model.parameters(), lr=10)
        optimizer = optim.SGD(model.parameters(), lr=0.1)   # right: try a tenth, and again

    If the weights are of normal size, the cause is something else: a logarithm or a root of 0, a division by 0, or nan
    in the data. `autograd.detect_anomaly()` finds the op. At level "strict", it also warns if there is no optimizer.
    """

    name = "loss_not_finite"
    huge = 1e4

    def __init__(self) -> None:
        super().__init__()
        self.told: weakref.WeakSet[Optimizer] = weakref.WeakSet()  # once of each, and not at every step from then on

    def forget(self) -> None:
        self.told.clear()

    def events(self) -> Any:
        return {"backward": self.on_backward}

    def on_backward(self, tensors: list[Any]) -> None:
        array = tensors[0]._array
        if array.size != 1 or math.isfinite(array.item()):
            return
        node = tensors[0]._node
        reached = set(newest_first([node])) if node is not None else set()
        for optimizer in living:
            weights = [param._array for param in params_of(optimizer) if param._node in reached]
            if weights:
                if optimizer in self.told:
                    return
                self.told.add(optimizer)
                lr = float(optimizer.param_groups[0].get("lr", math.nan))
                self.say(f"the loss is {array.item()}, and {self._why(weights, lr)}")
                return
        if self.level == "strict":
            self.say(f"the loss is {array.item()}, and its gradients will be: autograd.detect_anomaly() names the op")

    def _why(self, weights: list[Any], lr: float) -> str:
        most = max(float(np.abs(weight).max(initial=0)) for weight in weights)
        if any(np.isnan(weight).any() for weight in weights):
            return (
                f"weights are nan: lr={lr:g} is too large, try {lr / 10:g}; or a gradient was nan: "
                "autograd.detect_anomaly() names the op"
            )
        if most > self.huge:
            return f"weights have grown to {most:.1e}: each step overshoots, lr={lr:g} is too large, try {lr / 10:g}"
        return (
            "the weights are finite: look for a logarithm, a root or a division outside its domain, or for nan in the "
            "data; autograd.detect_anomaly() names the op"
        )
