"""Checks for silent mistakes, which raise no exception.

A wrong shape raises an error. A forgotten zero_grad() does not: the program runs, prints a loss, and learns badly. Each
check detects one such mistake and issues a Python warning, attributed to the user's line, that says in one line what is
wrong and what to write. Checks are switched by name:

    >>> for name, level in cutaway.checks.levels().items():
    ...     print(name, level)
    loss_broadcast default
    softmax_before_cross_entropy default
    class_targets default
    batch_first default
    forgotten_zero_grad default
    step_before_backward default
    forgotten_step default
    clipping_without_effect default
    loss_not_finite default
    evaluation_without_eval default
    training_without_train default
    parameter_without_gradient default
    parameter_not_in_optimizer default
    modules_in_list default
    repeated_module default
    graph_cut default
    attribute_without_effect default
    state_not_copied default

At level "default", a check warns only about certain mistakes, and costs almost nothing. At level "strict", it also
warns about likely mistakes. `help(checks.ForgottenZeroGrad)` explains one check, `docs/checks.md` all of them.

    >>> with cutaway.checks.off("loss_broadcast"):   # for a block; without `with`, from here on
    ...     loss = F.mse_loss(torch.zeros(3, 1), torch.zeros(3))
    >>> with cutaway.checks.strict():
    ...     cutaway.checks.levels()["loss_broadcast"]
    'strict'

Warnings become errors with `warnings.simplefilter("error", checks.CheckWarning)`.
"""

from __future__ import annotations

from .check import CheckWarning
from .effects import AttributeWithoutEffect, ClippingWithoutEffect, StateNotCopied
from .losses import ClassTargets, LossBroadcast, SoftmaxBeforeCrossEntropy
from .modes import EvaluationWithoutEval, TrainingWithoutTrain
from .sequences import BatchFirst
from .switches import levels, off, on, strict
from .training import ForgottenStep, ForgottenZeroGrad, LossNotFinite, StepBeforeBackward
from .wiring import GraphCut, ModulesInList, ParameterNotInOptimizer, ParameterWithoutGradient, RepeatedModule

__all__ = [
    "AttributeWithoutEffect", "BatchFirst", "CheckWarning", "ClassTargets", "ClippingWithoutEffect",
    "EvaluationWithoutEval", "ForgottenStep", "ForgottenZeroGrad", "GraphCut", "LossBroadcast", "LossNotFinite",
    "ModulesInList", "ParameterNotInOptimizer", "ParameterWithoutGradient", "RepeatedModule",
    "SoftmaxBeforeCrossEntropy", "StateNotCopied", "StepBeforeBackward", "TrainingWithoutTrain", "levels", "off",
    "on", "strict",
]  # fmt: skip
