"""Optimizers, which update parameters from their gradients."""

from typing import TYPE_CHECKING

from ..errors import absent
from . import adadelta, adagrad, adam, lr_scheduler, optimizer, rmsprop, sgd
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = ["SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]

del adadelta, adagrad, adam, optimizer, rmsprop, sgd  # so that optim.adam, misspelt, is answered by absent() below

if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.optim")
