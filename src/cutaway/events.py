"""What a program does, told to whoever listens: the seam between the layers and the checks.

Some mistakes raise nothing: they show only in what follows what. So a layer tells what it does, in one line,

    for listener in events.choice:
        listener()

and knows no more of it. Each event is a list of functions; `cutaway.checks` puts its own there. The line costs 20 ns
when nobody listens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# A loss is about to be computed: its name in nn.functional, the prediction, the truth.
loss: list[Callable[[str, Any, Any], None]] = []

# backward() is about to walk, from these tensors.
backward: list[Callable[[list[Any]], None]] = []

# backward() has walked, and these leaves have their gradients.
received: list[Callable[[list[Any]], None]] = []

# A gradient is about to be added to this one, which was there before.
accumulation: list[Callable[[Any], None]] = []

# An optimizer has moved its parameters; and one of the gradients that it used, or None if there were none.
step: list[Callable[[Any, Any], None]] = []

# A module was asked for its parameters.
parameters: list[Callable[[Any], None]] = []

# A layer that does one thing in training and another in evaluation runs: its name, and whether it does the first.
mode: list[Callable[[str, bool], None]] = []

# The largest of several was chosen, as one does with scores.
choice: list[Callable[[], None]] = []

# A tensor was made of the numbers of another, without its graph: by what, of what, and the tensor.
rebuilt: list[Callable[[str, Any, Any], None]] = []
