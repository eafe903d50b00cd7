"""The graph as a picture: what was computed from what, with each value and its gradient.

The picture is SVG, which notebooks and browsers show by themselves. Layout and drawing are our own, so that nothing
has to be installed, and the same lines can run inside a browser.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from ... import errors
from ...autograd import differentiable
from ...nn import Module
from ...tensors.base import wrap
from ..names import named
from ..rehearsal import recordable, rehearsal, tensors_in
from ..tracing import FORMAT, trace
from .cards import plural
from .palette import drawing_style
from .parts import parts_at
from .picture import Picture, check_theme
from .svg import Scene


def draw(what: Any, *inputs: Any, depth: int | None = None, gradient: Any = None) -> Drawing:
    """Draw the graph that leads to a tensor: every op with its value and its gradient, modules as boxes.

    Args:
        what: a loss or another tensor with a graph; a trace; or a model, which is run on the inputs, as it is, in
            training or in evaluation, to draw its values without gradients. What is frozen is drawn too, and the model
            is not changed: not its statistics, nor the random numbers.
        inputs: what a model is called with; all tensors that it returns are drawn.
        depth: how many levels of modules stand open; what lies deeper is folded, a box that is one card. None opens as
            many as leave the drawing readable.
        gradient: what the backward pass starts from, of the shape of a tensor that is not a single number.

    Raises:
        TypeError: what is no tensor, trace or model; inputs were given, but no model.
        ValueError: depth is no whole number from 0 up.
        RuntimeError: there is no graph, or it was freed.

    >>> x = torch.tensor(3., requires_grad=True)
    >>> drawing = cutaway.explain.draw(x * x)
    >>> drawing
    Drawing of 1 op and 1 leaf: drawing.save("graph.svg") writes it to a file
    >>> drawing.svg()[:46]
    '<svg xmlns="http://www.w3.org/2000/svg" class='
    """
    if isinstance(what, Module):
        return Drawing(_run(what, inputs), depth)
    if inputs:
        raise errors.inputs_without_model(what)
    return Drawing(traced(what, gradient), depth)


def traced(what: Any, gradient: Any = None) -> dict[str, Any]:
    """The trace of a tensor, or the one that was given."""
    if isinstance(what, dict) and what.get("format") == FORMAT:
        return what
    return trace(what, gradient)


def _run(model: Module, inputs: tuple[Any, ...]) -> dict[str, Any]:
    """The trace of a model's outputs; without gradients, for there is no loss that they could be of."""
    inputs = recordable(inputs)
    leaves = {id(x): x._node for x in tensors_in(inputs)}  # as they were, for the model may write into an input
    with rehearsal(model):
        returned = model(*inputs)
        found = tensors_in(returned)
        if not found:
            raise errors.no_tensor_returned(model)
        given = named(inspect.signature(model.forward).bind_partial(*inputs).arguments)
        names = {name: wrap(x._array, leaves[id(x)]) for name, x in given if id(x) in leaves}
        if isinstance(returned, dict):
            names.update(named(returned))
        end = _outputs(*([x for x in found if x.requires_grad] or found[:1]))
        return _without_last(trace(end, names=names))


@differentiable
def _outputs(*outputs: Any) -> Any:
    """Where a drawing of a model ends."""
    return np.zeros(()), *(lambda g, x=x: np.ones_like(x) for x in outputs)


def _without_last(found: dict[str, Any]) -> dict[str, Any]:
    """A trace without the op that all led to, and without gradients; `outputs` are what it was given."""
    end = found["root"]
    outputs = [edge["from"] for edge in found["edges"] if edge["to"] == end]
    return {
        **found,
        "root": outputs[0],
        "outputs": outputs,
        "nodes": [{**node, "gradient": None} for node in found["nodes"] if node["id"] != end],
        "edges": [edge for edge in found["edges"] if edge["to"] != end],
        "steps": [step for step in found["steps"] if step["node"] != end],
    }


class Drawing(Picture):
    """A picture of a graph; notebooks show it, and `save` writes it."""

    def __init__(self, trace: dict[str, Any], depth: int | None = None) -> None:
        self._scene = Scene(trace, parts_at(trace, check_depth(depth)))
        ops = sum(node["kind"] == "op" for node in trace["nodes"])
        leaves = len(trace["nodes"]) - ops
        self.title = f"{plural(ops, 'op')} and {plural(leaves, 'leaf', 'leaves')}"

    def svg(self, theme: str = "auto") -> str:
        """The picture as text; theme is "light", "dark", or "auto", which follows the reader's system."""
        return self._scene.svg(drawing_style(check_theme(theme)), f"A graph of {self.title}")

    def _repr_html_(self) -> str:
        return f'<div style="max-height: 85vh; overflow: auto" tabindex="0">{self.svg()}</div>'

    def __repr__(self) -> str:
        return f'Drawing of {self.title}: drawing.save("graph.svg") writes it to a file'


def check_depth(depth: Any) -> int | None:
    """A depth that makes sense."""
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 0):
        raise ValueError(
            f"depth says how many levels of modules stand open: 0, 1, 2, ..., or None to choose by size; {depth!r} was "
            "given"
        )
    return depth
