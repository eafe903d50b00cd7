"""The list of checks, and the functions that switch them."""

from __future__ import annotations

from ..errors import nearest
from .check import Check, Level
from .effects import AttributeWithoutEffect, ClippingWithoutEffect, StateNotCopied
from .losses import ClassTargets, LossBroadcast, SoftmaxBeforeCrossEntropy
from .modes import EvaluationWithoutEval, TrainingWithoutTrain
from .sequences import BatchFirst
from .training import ForgottenStep, ForgottenZeroGrad, LossNotFinite, StepBeforeBackward
from .wiring import GraphCut, ModulesInList, ParameterNotInOptimizer, ParameterWithoutGradient, RepeatedModule

_all: list[Check] = [
    LossBroadcast(),
    SoftmaxBeforeCrossEntropy(),
    ClassTargets(),
    BatchFirst(),
    ForgottenZeroGrad(),
    StepBeforeBackward(),
    ForgottenStep(),
    ClippingWithoutEffect(),
    LossNotFinite(),
    EvaluationWithoutEval(),
    TrainingWithoutTrain(),
    ParameterWithoutGradient(),
    ParameterNotInOptimizer(),
    ModulesInList(),
    RepeatedModule(),
    GraphCut(),
    AttributeWithoutEffect(),
    StateNotCopied(),
]
_checks = {check.name: check for check in _all}


class Switch:
    """Switched checks: permanently, or as a context manager until the end of the block."""

    def __init__(self, level: Level, names: tuple[str, ...]) -> None:
        for name in names:
            if name not in _checks:
                raise ValueError(f"there is no check {name!r}.{nearest(name, _checks)} There are: {', '.join(_checks)}")
        self._before = {name: _checks[name].level for name in names or _checks}
        for name in self._before:
            _checks[name].set(level)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        for name, level in self._before.items():
            _checks[name].set(level)


def on(*names: str) -> Switch:
    """Turn these checks on at level "default"; without names, all.

    Args:
        names: such as "forgotten_zero_grad".

    Raises:
        ValueError: a name is not a check's.
    """
    return Switch("default", names)


def off(*names: str) -> Switch:
    """Turn these checks off; without names, all.

    >>> with cutaway.checks.off("loss_broadcast", "graph_cut"):
    ...     pass
    """
    return Switch("off", names)


def strict(*names: str) -> Switch:
    """Set these checks to level "strict", which includes likely mistakes; without names, all."""
    return Switch("strict", names)


def levels() -> dict[str, Level]:
    """The level of each check: "off", "default" or "strict"."""
    return {name: check.level for name, check in _checks.items()}


on()  # all of them, from the start
