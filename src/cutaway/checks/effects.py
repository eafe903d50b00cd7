"""Statements that run, and do not do what they say."""

from __future__ import annotations

import math
import weakref
from functools import partial
from typing import Any

import numpy as np

from ..memory import clock, overwritten_at
from ..nn.uninitialized import Uninitialized
from ..optim import Optimizer
from ..tensors.base import AccumulateGrad
from .check import Check
from .training import params_of
from .wiring import is_being_made

# what is assigned to a module as if it were a switch
SWITCHES = ("requires_grad", "require_grad", "requires_grads", "trainable")


class AttributeWithoutEffect(Check):
    """An attribute that nothing reads. Python lets any name be assigned.

        model.features.requires_grad = False        # a module has no such switch
        model.features.requires_grad_(False)        # right

        p.require_grad = False                      # misspelt
        p.requires_grad = False                     # right

        optimizer.lr = 0.01
        for group in optimizer.param_groups:
            group["lr"] = 0.01                      # right

        model.train = False
        model.eval()                                # right

    Misspelt attributes of parameters are seen when an optimizer receives them. It does not warn about attributes of
    one's own, which a class defines or creates in __init__.
    """

    name = "attribute_without_effect"

    def events(self) -> Any:
        return {"attribute": self.on_attribute, "optimizer": self.on_optimizer}

    def on_attribute(self, owner: Any, name: str, value: Any) -> None:
        if isinstance(owner, Optimizer):
            # a class of the user's may read its own attributes
            ours = type(owner).__module__.startswith(Optimizer.__module__.partition(".")[0] + ".")
            if ours and (name == "learning_rate" or name in vars(owner).get("defaults", ())):
                key = "lr" if name == "learning_rate" else name
                self._say(owner, name, f"for group in optimizer.param_groups: group[{key!r}] = {value}")
        elif name in ("train", "eval"):
            if not callable(value):
                self.say(
                    f"{type(owner).__name__}.{name} = {value} hides the method, and changes no mode: call "
                    "model.train() or model.eval()"
                )
        elif name in SWITCHES and not (name in vars(owner) or hasattr(type(owner), name) or is_being_made(owner)):
            self._say(owner, name, f"module.requires_grad_({value})")

    def on_optimizer(self, optimizer: Optimizer) -> None:
        for param in params_of(optimizer):
            for name in SWITCHES[1:]:
                if name in vars(param):
                    self._say(param, name, f"p.requires_grad = {vars(param)[name]}")
                    return

    def _say(self, owner: Any, name: str, instead: str) -> None:
        self.say(f"{type(owner).__name__}.{name} was assigned, and nothing reads it: write {instead}")


class StateNotCopied(Check):
    """The best weights, kept as what state_dict() returns, are the current weights.

    state_dict() does not copy: its tensors share the model's memory, and training changes them.

        best = model.state_dict()
        ...
        model.load_state_dict(best)                     # loads the model into itself

        best = copy.deepcopy(model.state_dict())        # right
        ...
        model.load_state_dict(best)

    It warns when such a state is loaded into its own model, and the weights have been trained since.
    """

    name = "state_not_copied"

    def __init__(self) -> None:
        super().__init__()
        # by the identity of a tensor of a state: the tensor, and when the state was made
        self.made: dict[int, tuple[weakref.ref[Any], int]] = {}

    def events(self) -> Any:
        return {"saved": self.on_saved, "loaded": self.on_loaded}

    def forget(self) -> None:
        self.made.clear()

    def on_saved(self, state: dict[str, Any]) -> None:
        for tensor in list(state.values())[-1:]:
            key = id(tensor)
            self.made[key] = weakref.ref(tensor, partial(self.made.pop, key)), next(clock)

    def on_loaded(self, own: dict[str, Any], state: Any) -> None:
        made = [self.made[id(given)][1] for given in state.values() if id(given) in self.made]
        if not (made and all(name in own and _same_memory(own[name], given) for name, given in state.items())):
            return
        trained = any(isinstance(own[name]._node, AccumulateGrad) and own[name]._node.since > made[0] for name in state)
        if trained and any(overwritten_at(given._array, made[0]) for given in state.values()):
            self.say(
                "this state shares the memory of the model, which has changed since, so nothing is restored: "
                "state_dict() does not copy; keep copy.deepcopy(model.state_dict())"
            )


def _same_memory(x: Any, y: Any) -> bool:
    lazy = isinstance(x, Uninitialized) or isinstance(y, Uninitialized)
    return not lazy and np.may_share_memory(x._array, y._array)


class ClippingWithoutEffect(Check):
    """Gradients that are clipped too early, before backward(), or too late, after the step.

        optimizer.zero_grad()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        loss.backward()
        optimizer.step()

        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)   # right
        optimizer.step()

    It warns at a step with gradients if there were none to clip, or when gradients that were clipped after the step are
    discarded. It does not warn about max_norm=inf, which only computes the norm.
    """

    name = "clipping_without_effect"

    def __init__(self) -> None:
        super().__init__()
        self.early: weakref.WeakSet[Any] = weakref.WeakSet()  # leaves that had no gradient when they were clipped
        self.late: weakref.WeakSet[Any] = weakref.WeakSet()  # leaves whose gradient had been used by then

    def events(self) -> Any:
        return {"clipping": self.on_clipping}

    def forget(self) -> None:
        self.early.clear()
        self.late.clear()

    def on_clipping(self, params: list[Any], limit: float) -> None:
        self.forget()
        trained = [param for param in params if isinstance(param._node, AccumulateGrad)]
        filled = [param for param in trained if param.grad is not None]
        if not math.isfinite(limit) or not trained:
            return
        if not filled:
            self.early.update(param._node for param in trained)
        elif all(overwritten_at(param._array, param._node.since) for param in filled):
            self.late.update(param._node for param in filled)
            self.listen("zero_grad", self.on_zero_grad)
        self.listen("step", self.on_step)

    def on_step(self, optimizer: Optimizer) -> None:
        if any(param._node in self.early and param.grad is not None for param in params_of(optimizer)):
            self.say(
                "this step used gradients that were not clipped: there were none yet when they were to be; clip after "
                "loss.backward(), before the step"
            )
        self._rest()

    def on_zero_grad(self, optimizer: Optimizer) -> None:
        if any(param._node in self.late for param in params_of(optimizer)):
            self.say(
                "gradients were clipped after the step that had used them, and are now discarded: clip after "
                "loss.backward(), before the step"
            )
            self._rest()

    def _rest(self) -> None:
        self.forget()
        self.leave("step")
        self.leave("zero_grad")
