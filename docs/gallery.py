"""The gallery: what the README shows of `cutaway.explain`, made by running it.

    python docs/gallery.py

writes those parts of the README anew; a test fails when they are not what this would write.
"""

from __future__ import annotations

import io
import linecache
import os
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from unittest.mock import patch

README = Path(__file__).parent.parent / "README.md"

EXAMPLE = """\
import cutaway as torch
from cutaway import explain

w = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(1.0, requires_grad=True)
x, y = torch.tensor(3.0), torch.tensor(4.0)
loss = (w * x + b - y) ** 2
print(explain.text(loss))
"""


def printed(source: str, name: str) -> str:
    """What a program prints that is shown; its lines can be read, as those of a file can."""
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    out = io.StringIO()
    with patch.dict(os.environ, COLUMNS="88"), redirect_stdout(out):
        exec(compile(source, name, "exec"), {})
    return out.getvalue()


def told() -> str:
    """A small program, and the explanation that it prints."""
    return f"```python\n{EXAMPLE}```\n\n```\n{printed(EXAMPLE, 'example.py')}```"


PARTS: dict[str, Callable[[], str]] = {"text": told}


def updated(readme: str) -> str:
    """The README with its parts made anew: each stands between two marks."""
    for name, make in PARTS.items():
        marks = re.compile(rf"(<!-- gallery: {name} -->\n).*?(\n<!-- end -->)", re.DOTALL)
        assert marks.search(readme), f"the README has no place for {name}"
        part = make()
        readme = marks.sub(lambda found, part=part: found[1] + part + found[2], readme)  # type: ignore[misc]
    return readme


if __name__ == "__main__":
    README.write_text(updated(README.read_text(encoding="utf-8")), encoding="utf-8")
