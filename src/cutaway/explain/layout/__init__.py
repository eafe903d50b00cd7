"""Where everything goes in a drawing of a graph: a layered layout with boxes in boxes, in pure Python.

Each box is laid out by itself, the innermost first, and then stands as one piece in the box around it. So a box holds
exactly what belongs to it, and boxes never overlap. Inside a box it goes as usual in the field (Sugiyama, Tagawa and
Toda, "Methods for visual understanding of hierarchical system structures", 1981), a step a file:

- `ranks`: which row each box stands in, so that every line points down;
- `ordering`: in which order within its row, so that few lines cross;
- `positions`: how far to the right, so that the lines that matter are straight;
- `level`: the three together, and the lines.

Nothing here knows of tensors, and nothing is drawn at random: the same graph gives the same picture.
"""

from .arrange import arrange
from .box import Box, Edge, Tag

__all__ = ["Box", "Edge", "Tag", "arrange"]
