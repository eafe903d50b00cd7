"""Learning rates that change during training.

A scheduler holds an optimizer and sets the learning rate of each of its groups. `scheduler.step()` goes to the next
rate of the schedule, once an epoch or once a batch, as the schedule is meant:

    for epoch in range(epochs):
        train(model, optimizer)
        scheduler.step()

- `scheduler.py`: what all share, and how to write one;
- `factors.py`: the rate, multiplied by a factor now and then, or always;
- `cosine.py`: down along a cosine, once or again and again;
- `one_cycle.py`: up and down again, with the momentum;
- `plateau.py`: down when the loss gets no better;
- `combined.py`: one schedule after another, or several at once.
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

_LRScheduler = LRScheduler  # older lessons build their own on it

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
