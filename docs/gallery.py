"""The gallery: what the README shows of `cutaway.explain`, made by running it.

    python docs/gallery.py

writes those parts of the README anew, and the picture; a test fails when they are not what this would write.
"""

from __future__ import annotations

import io
import linecache
import os
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

DOCS = Path(__file__).parent
README = DOCS.parent / "README.md"

EXAMPLE = """\
import cutaway as torch
from cutaway import explain

w = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(1.0, requires_grad=True)
x, y = torch.tensor(3.0), torch.tensor(4.0)
loss = (w * x + b - y) ** 2
print(explain.text(loss))
"""

NETWORK = """\
from cutaway import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
inputs, targets = torch.tensor([[0.0, 1.0], [1.0, 1.0]]), torch.tensor([[1.0], [0.0]])
loss = nn.functional.mse_loss(model(inputs), targets)
drawing = explain.draw(loss)
steps = explain.step(loss)
"""


FLOW = """\
from cutaway import nn, optim
from cutaway.nn import functional as F

torch.manual_seed(0)
layers = [layer for _ in range(6) for layer in (nn.Linear(32, 32), nn.Sigmoid())]
model = nn.Sequential(*layers, nn.Linear(32, 10))
optimizer = optim.SGD(model.parameters(), lr=0.1)
inputs, targets = torch.randn(64, 32), torch.randint(0, 10, (64,))

with explain.flow(model) as flow:
    loss = F.cross_entropy(model(inputs), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(flow)
"""


def run(source: str, name: str, names: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    """What a program that is shown prints, and its variables; its lines can be read, as those of a file can."""
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    out, names = io.StringIO(), dict(names or {})
    with patch.dict(os.environ, COLUMNS="88"), redirect_stdout(out):
        exec(compile(source, name, "exec"), names)
    return out.getvalue(), names


def told() -> str:
    """A small program, and the explanation that it prints."""
    return f"```python\n{EXAMPLE}```\n\n```\n{run(EXAMPLE, 'example.py')[0]}```"


def drawn() -> str:
    """A network, and the drawing of its loss."""
    return f"```python\n{NETWORK}```\n\n![The graph of the loss, its modules as boxes in a box](docs/graph.svg)"


def drawing() -> str:
    """The drawing that the README shows."""
    _, names = run(EXAMPLE, "example.py")
    _, names = run(NETWORK, "network.py", {"torch": names["torch"], "explain": names["explain"]})
    return str(names["drawing"].svg())


def flow() -> tuple[str, str]:
    """What docs/flow.md shows: a table, and a picture. Of float64, so that no digit differs between machines."""
    import cutaway

    cutaway.set_default_dtype(cutaway.float64)
    try:
        printed, names = run(FLOW, "flow.py", {"torch": cutaway, "explain": cutaway.explain})
    finally:
        cutaway.set_default_dtype(cutaway.float32)
    return printed, names["flow"].plot().svg()


PARTS: dict[str, Callable[[], str]] = {"text": told, "draw": drawn}
FILES: dict[str, Callable[[], str]] = {"graph.svg": drawing, "flow.svg": lambda: flow()[1]}


def updated(readme: str) -> str:
    """The README with its parts made anew: each stands between two marks."""
    for name, make in PARTS.items():
        marks = re.compile(rf"(<!-- gallery: {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
        assert marks.search(readme), f"the README has no place for {name}"
        part = make()
        readme = marks.sub(lambda found, part=part: found[1] + part + found[2], readme)  # type: ignore[misc]
    return readme


if __name__ == "__main__":
    for name, make in FILES.items():
        (DOCS / name).write_text(make(), encoding="utf-8")
    README.write_text(updated(README.read_text(encoding="utf-8")), encoding="utf-8")
