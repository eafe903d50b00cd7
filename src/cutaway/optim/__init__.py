"""Optimizers, which update parameters from their gradients."""

from typing import TYPE_CHECKING

from ..errors import absent
from . import adadelta, adagrad, adam, lbfgs, lr_scheduler, optimizer, rmsprop, sgd
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .lbfgs import LBFGS
from .optimizer import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = ["LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]

del adadelta, adagrad, adam, lbfgs, optimizer, rmsprop, sgd  # so that absent() below answers optim.adam, misspelt

if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.optim")
