"""What a program does, told to whoever listens: the seam between the layers and the checks.

Some mistakes raise nothing: they show only in what follows what. So a layer tells what it does, in one line,

    for listener in events.choice:
        listener()

and knows no more of it. Each event is a tuple of functions, empty as a rule; `cutaway.checks` puts its own there. The
line costs 20 ns when nobody listens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# A loss is about to be computed, of numbers or of classes: its name in nn.functional, the prediction, the truth.
distance: tuple[Callable[[str, Any, Any], None], ...] = ()
classification: tuple[Callable[[str, Any, Any], None], ...] = ()

# backward() is about to walk, from these tensors.
backward: tuple[Callable[[list[Any]], None], ...] = ()

# backward() has walked, and these leaves have their gradients.
received: tuple[Callable[[list[Any]], None], ...] = ()

# A gradient is about to be added to the one that this leaf has already.
accumulation: tuple[Callable[[Any], None], ...] = ()

# An optimizer was made.
optimizer: tuple[Callable[[Any], None], ...] = ()

# An optimizer has moved its parameters.
step: tuple[Callable[[Any], None], ...] = ()

# An optimizer was to move its parameters, and none has a gradient.
idle_step: tuple[Callable[[Any], None], ...] = ()

# An optimizer is about to forget the gradients of its parameters.
zero_grad: tuple[Callable[[Any], None], ...] = ()

# A module was asked for its parameters.
parameters: tuple[Callable[[Any], None], ...] = ()

# A layer that does one thing in training and another in evaluation runs: its name, and whether it does the first.
mode: tuple[Callable[[str, bool], None], ...] = ()

# The largest of several was chosen, as one does with scores.
choice: tuple[Callable[[], None], ...] = ()

# torch.tensor() has made a tensor: of what, and the tensor.
rebuilt: tuple[Callable[[Any, Any], None], ...] = ()

# x.data was asked for, of this x.
data: tuple[Callable[[Any], None], ...] = ()


def listen(event: str, listener: Callable[..., None]) -> None:
    """Tell a function of an event, by its name. The tuple is a new one, so that this may be done while it is told."""
    if listener not in globals()[event]:
        globals()[event] = (*globals()[event], listener)


def leave(event: str, listener: Callable[..., None]) -> None:
    """Tell a function of an event no longer."""
    globals()[event] = tuple(other for other in globals()[event] if other != listener)
