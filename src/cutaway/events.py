"""Events: a publish-subscribe interface between the library and `cutaway.checks`.

Some mistakes raise no error and show only in the order of calls. So the code that does something publishes it,

    for listener in events.choice:
        listener()

and does not depend on the listeners. Each event is a tuple of callbacks, usually empty; `cutaway.checks` registers its
own. Without listeners the loop costs 20 ns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Before a regression or a classification loss is computed: its name in nn.functional, the prediction, the target.
distance: tuple[Callable[[str, Any, Any], None], ...] = ()
classification: tuple[Callable[[str, Any, Any], None], ...] = ()

# Before two tensors are compared by ==.
equality: tuple[Callable[[Any, Any], None], ...] = ()

# Before a backward pass, with the tensors it starts from.
backward: tuple[Callable[[list[Any]], None], ...] = ()

# After a backward pass, with the leaves that received gradients.
received: tuple[Callable[[list[Any]], None], ...] = ()

# Before a gradient is accumulated into the existing one of this leaf.
accumulation: tuple[Callable[[Any], None], ...] = ()

# After an optimizer is constructed.
optimizer: tuple[Callable[[Any], None], ...] = ()

# After an optimizer has updated its parameters.
step: tuple[Callable[[Any], None], ...] = ()

# When step() is called and no parameter has a gradient.
idle_step: tuple[Callable[[Any], None], ...] = ()

# Before an optimizer resets the gradients of its parameters.
zero_grad: tuple[Callable[[Any], None], ...] = ()

# Before gradients are clipped: of which parameters, and to what.
clipping: tuple[Callable[[list[Any], float], None], ...] = ()

# Before an attribute of a module, other than a parameter, buffer or child, or of an optimizer is set: name and value.
attribute: tuple[Callable[[Any, str, Any], None], ...] = ()

# After state_dict() of a module, with its result.
saved: tuple[Callable[[dict[str, Any]], None], ...] = ()

# Before load_state_dict() of a module: its own parameters and buffers, and the state to load.
loaded: tuple[Callable[[dict[str, Any], Any], None], ...] = ()

# When the parameters of a module are requested.
parameters: tuple[Callable[[Any], None], ...] = ()

# When a layer that depends on the training mode runs: its name, and whether it behaves as in training.
mode: tuple[Callable[[str, bool], None], ...] = ()

# When the index of a maximum or minimum is computed, as for class scores.
choice: tuple[Callable[[], None], ...] = ()

# After torch.tensor() has constructed a tensor: its input, and the tensor.
rebuilt: tuple[Callable[[Any, Any], None], ...] = ()

# When x.data is read, with x.
data: tuple[Callable[[Any], None], ...] = ()


def listen(event: str, listener: Callable[..., None]) -> None:
    """Register a listener for the named event. The tuple is replaced, so a listener may do this during the event."""
    if listener not in globals()[event]:
        globals()[event] = (*globals()[event], listener)


def leave(event: str, listener: Callable[..., None]) -> None:
    """Remove a listener from the named event."""
    globals()[event] = tuple(other for other in globals()[event] if other != listener)
