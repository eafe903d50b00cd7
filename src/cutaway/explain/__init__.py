"""The cutaway: what a gradient was made of, to read, to draw and to step through.

- `trace`: one backward pass as plain data, from which the next three are made;
- `text`: the chain rule in words and numbers;
- `draw`: the graph as a picture;
- `step`: a page that goes through the forward and the backward pass, a step at a time;
- `summary`: the layers of a model, their shapes, parameters, multiply-adds and memory;
- `flow`: how a gradient fares on its way through a model, in one training step.
"""

from .drawing import draw
from .flowing import flow
from .overview import summary
from .prose import text
from .stepping import step
from .tracing import trace

__all__ = ["draw", "flow", "step", "summary", "text", "trace"]
