"""The computation as a film: a page that goes through the forward and the backward pass a step at a time.

Python makes the data: the drawing, what is said of each step, and the values. The page shows them: `page.html`,
`page.css`, `graph.js` and `page.js` are put together to one file, which loads nothing and sends nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from ..drawing import check_depth, traced
from ..drawing.cards import plural
from ..drawing.palette import drawing_style, page_colours
from ..drawing.parts import arrange_parts, best_depth, deepest, parts_at
from ..drawing.svg import Scene, plain_text
from .story import Story


def step(what: Any, *, depth: int | None = None, gradient: Any = None) -> Steps:
    """Make a page that steps through a computation, forward and backward, with the arrow keys.

    Args:
        what: a loss or another tensor with a graph, or a trace.
        depth: how many levels of modules stand open at first; the page opens and closes each by itself.
        gradient: what the backward pass starts from, of the shape of a tensor that is not a single number.

    Raises:
        TypeError: what is neither a tensor nor a trace.
        ValueError: depth is no whole number from 0 up.
        RuntimeError: there is no graph, or it was freed.

    >>> x = torch.tensor(3., requires_grad=True)
    >>> steps = cutaway.explain.step(x * x)
    >>> steps
    Steps of 1 op, forward and backward: steps.save("steps.html") writes a page for any browser
    >>> "<!doctype html>" in steps.html()
    True
    """
    return Steps(traced(what, gradient), depth)


class Steps:
    """A page that steps through a computation; notebooks show it, and `save` writes it."""

    def __init__(self, trace: dict[str, Any], depth: int | None = None) -> None:
        self.trace = trace
        self.depth = check_depth(depth)

    def html(self) -> str:
        """The page, as text."""
        script, style = _file("graph.js") + _file("page.js"), page_colours() + drawing_style() + _file("page.css")
        story = Story(self.trace)
        drawing, depths = _drawing(self.trace, self.depth)
        return Template(_file("page.html")).substitute(
            title=plain_text(story.title),
            policy=escape(
                f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
                "base-uri 'none'; form-action 'none'"
            ),
            style=style,
            script=script,
            drawing=drawing,
            depths=depths,
            data=_data(story.data()),
        )

    def save(self, path: str | Path) -> Path:
        """Write the page to a file, such as `steps.html`, and return its path."""
        path = Path(path)
        path.write_text(self.html(), encoding="utf-8")
        return path

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{escape(self.html())}" sandbox="allow-scripts" title="Step through the computation" '
            'style="width: 100%; height: 85vh; border: 0"></iframe>'
        )

    def __repr__(self) -> str:
        ops = sum(node["kind"] == "op" for node in self.trace["nodes"])
        what = f"Steps of {plural(ops, 'op')}, forward and backward"
        return f'{what}: steps.save("steps.html") writes a page for any browser'


def _file(name: str) -> str:
    """A file that lies beside this one in the package."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's policy calls a script or a style sheet that may be used; nothing else may."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _data(data: Any) -> str:
    """JSON that can stand inside a page: nothing in it ends the element around it, or begins another."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _drawing(trace: dict[str, Any], depth: int | None) -> tuple[str, str]:
    """The drawing, all of whose boxes can be closed, and the choices of how many levels of them stand open."""
    whole = arrange_parts(trace)
    levels = deepest(whole)
    first = min(best_depth(whole) if depth is None else depth, levels)
    scene = Scene(trace, parts_at(trace, levels), lids=True)
    choices = []
    for level in range(levels + 1):
        name = "all folded" if level == 0 else plural(level, "level") + " open"
        chosen = " selected" if level == first else ""
        choices.append(f'<option value="{level}"{chosen}>{name}</option>')
    return scene.svg("", "The graph; the text beside it tells of the step"), "".join(choices)
