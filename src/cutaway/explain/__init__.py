"""The cutaway: what a gradient was made of, to read, to draw and to step through.

- `trace`: one backward pass as plain data, from which the others are made;
"""

from .tracing import trace

__all__ = ["trace"]
