"""Optimizers, which update parameters from their gradients."""

from typing import TYPE_CHECKING

from ..errors import absent
from . import lr_scheduler
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]

if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.optim")
