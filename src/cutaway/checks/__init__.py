"""Checks for mistakes that raise nothing.

A wrong shape is an error. A forgotten zero_grad() is none: the program runs, prints a loss, and learns badly. A check
looks for one such mistake, and says in one line what is wrong and what to write, as a Python warning of the user's own
line. Each has a name:

    >>> for name, level in cutaway.checks.levels().items():
    ...     print(name, level)
    loss_broadcast default
    softmax_before_cross_entropy default
    class_targets default
    forgotten_zero_grad default
    step_before_backward default
    forgotten_step default
    loss_not_finite default
    evaluation_without_eval default
    parameter_without_gradient default
    parameter_not_in_optimizer default
    modules_in_list default
    graph_cut default

On the level "default" a check speaks only when nothing else can be meant, and costs next to nothing. On "strict" it
also speaks of what is likely a mistake. `help(checks.ForgottenZeroGrad)` tells of one; `docs/checks.md` of all.

    >>> with cutaway.checks.off("loss_broadcast"):   # for a block; without `with`, from here on
    ...     loss = F.mse_loss(torch.zeros(3, 1), torch.zeros(3))
    >>> with cutaway.checks.strict():
    ...     cutaway.checks.levels()["loss_broadcast"]
    'strict'

Warnings become errors with `warnings.simplefilter("error", checks.CheckWarning)`.
"""

from __future__ import annotations

from .check import CheckWarning
from .losses import ClassTargets, LossBroadcast, SoftmaxBeforeCrossEntropy
from .switches import levels, off, on, strict
from .training import EvaluationWithoutEval, ForgottenStep, ForgottenZeroGrad, LossNotFinite, StepBeforeBackward
from .wiring import GraphCut, ModulesInList, ParameterNotInOptimizer, ParameterWithoutGradient

__all__ = [
    "CheckWarning", "ClassTargets", "EvaluationWithoutEval", "ForgottenStep", "ForgottenZeroGrad", "GraphCut",
    "LossBroadcast", "LossNotFinite", "ModulesInList", "ParameterNotInOptimizer", "ParameterWithoutGradient",
    "SoftmaxBeforeCrossEntropy", "StepBeforeBackward", "levels", "off", "on", "strict",
]  # fmt: skip
