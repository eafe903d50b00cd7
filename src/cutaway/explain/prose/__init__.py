"""The chain rule in words and numbers: a trace, written out.

- `explanation`: what is told, and in which order;
- `reading`: what there is to say of a value, an op, a rule;
- `algebra`: a rule's source as a formula, in symbols and in numbers;
- `folding`: what is told once for many;
- `numbers`, `page`: how numbers are written, and lines laid out and coloured.
"""

from .explanation import text

__all__ = ["text"]
