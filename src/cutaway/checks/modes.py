"""Layers that behave otherwise in training than in evaluation, in the wrong mode."""

from __future__ import annotations

import threading
import weakref
from typing import Any

from ..grad_mode import is_grad_enabled
from ..graph import module_call
from ..nn import Module
from ..optim import Optimizer
from ..tensors.base import TensorBase
from .check import Check
from .training import held, params_of


def model_that_runs() -> Any:
    """The outermost module whose forward() is running, or None."""
    call = module_call.get()
    while call is not None and call[2] is not None:
        call = call[2]
    return call[0]() if call is not None else None


class _Layer(threading.local):
    name: str | None = None


class EvaluationWithoutEval(Check):
    """Evaluation of a model in training mode: dropout is active, and batch norm uses batch statistics.

    The metrics are worse and change from run to run, and the running statistics of batch norm absorb the test
    data.

        with torch.no_grad():
            accuracy = (model(x).argmax(1) == y).float().mean()

        model.eval()    # right
        with torch.no_grad():
            accuracy = (model(x).argmax(1) == y).float().mean()
        model.train()   # and back, before training continues

    By default, it warns if such a layer runs under no_grad and then a loss or an argmax is computed, so it does not
    warn about a generator that draws fakes this way. At level "strict", it warns when the layer runs, unless the
    optimizers train other models: this one may be an average of theirs that is brought up to date.
    """

    name = "evaluation_without_eval"

    def __init__(self) -> None:
        super().__init__()
        self.here = _Layer()

    def events(self) -> Any:
        return {"mode": self.on_mode}

    def on_mode(self, layer: str, training: bool) -> None:
        suspect = training and not is_grad_enabled() and not self._is_meant()
        self.here.name = layer if suspect else None
        if not suspect:
            self._rest()
        elif self.level == "strict" and not self._is_an_average():
            self.on_choice()
        else:
            self.listen("distance", self.on_loss)
            self.listen("classification", self.on_loss)
            self.listen("choice", self.on_choice)

    @staticmethod
    def _is_meant() -> bool:
        """Whether the model is in evaluation, and only a part of it in training: somebody has turned that on again."""
        innermost, model = module_call.get(), model_that_runs()
        part = innermost[0]() if innermost is not None else None
        return part is not None and part.training and model is not None and not model.training

    @staticmethod
    def _is_an_average() -> bool:
        """Whether optimizers train something, but not the model that runs."""
        model = model_that_runs()
        trained = held()
        return bool(trained) and model is not None and trained.isdisjoint(map(id, model.parameters()))

    def on_loss(self, name: str, x: TensorBase, y: TensorBase) -> None:
        self.on_choice()

    def on_choice(self) -> None:
        layer = self.here.name
        if layer is None:  # it is another thread's
            return
        self.here.name = None
        self._rest()
        if not is_grad_enabled():
            self.say(
                f"{layer} runs in training mode, under no_grad: before evaluation call model.eval(), and model.train() "
                f"after it; F.{layer} itself is switched by training=self.training"
            )

    def _rest(self) -> None:
        for event in ("distance", "classification", "choice"):
            self.leave(event)


class TrainingWithoutTrain(Check):
    """Training that goes on in evaluation mode: without dropout, and with the old statistics of batch norm.

        for epoch in range(10):
            train_one_epoch(model)      # calls no model.train()
            model.eval()
            evaluate(model)

        for epoch in range(10):
            model.train()   # right: at the start of every epoch
            train_one_epoch(model)
            model.eval()
            evaluate(model)

    It warns at a step of a model that was in training mode first, was evaluated under no_grad in evaluation mode, and
    now runs in that mode. It does not warn about a model that is trained in evaluation mode from the start, nor if only
    a part of it is, such as batch norm whose statistics are frozen.
    """

    name = "training_without_train"

    def __init__(self) -> None:
        super().__init__()
        self.stages: weakref.WeakKeyDictionary[Module, str] = weakref.WeakKeyDictionary()

    def events(self) -> Any:
        return {"mode": self.on_mode}

    def forget(self) -> None:
        self.stages.clear()

    def on_mode(self, layer: str, training: bool) -> None:
        model = model_that_runs()
        if model is None or model.training != training:
            return
        stage = self.stages.get(model)
        if training:
            if stage != "trained" and is_grad_enabled():
                self.stages[model] = "trained"
        elif stage == "trained" and not is_grad_enabled():
            self.stages[model] = "evaluated"
        elif stage == "evaluated" and is_grad_enabled():
            self.stages[model] = "suspected"
            self.listen("step", self.on_step)

    def on_step(self, optimizer: Optimizer) -> None:
        updated = {id(param) for param in params_of(optimizer)}
        for model in [model for model, stage in self.stages.items() if stage == "suspected"]:
            if not updated.isdisjoint(map(id, model.parameters())):
                del self.stages[model]
                self.say(
                    f"{type(model).__name__} is still in evaluation mode, as model.eval() left it, and is trained "
                    "again: call model.train() after an evaluation, before training continues"
                )
        if "suspected" not in self.stages.values():
            self.leave("step")
