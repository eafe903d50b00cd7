"""Learning rate schedules.

A scheduler wraps an optimizer and sets the learning rate of each of its groups. Call `scheduler.step()` once per epoch
or once per batch, depending on the schedule:

    for epoch in range(epochs):
        train(model, optimizer)
        scheduler.step()

- `scheduler.py`: the base class, and how to write a schedule;
- `factors.py`: schedules that multiply the rate by a factor;
- `cosine.py`: cosine annealing, with or without restarts;
- `one_cycle.py`: one cycle, including the momentum;
- `plateau.py`: reduction when the loss stops improving;
- `combined.py`: schedules in sequence, or chained.
"""

from typing import TYPE_CHECKING

from ...errors import absent
from .combined import ChainedScheduler, SequentialLR
from .cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from .factors import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from .one_cycle import OneCycleLR
from .plateau import ReduceLROnPlateau
from .scheduler import LRScheduler

_LRScheduler = LRScheduler  # older code subclasses it

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]

if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.optim.lr_scheduler")
