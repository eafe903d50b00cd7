"""What the README shows is what the library prints."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent.parent / "docs"


def gallery() -> Any:
    spec = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_gallery_in_the_readme_is_up_to_date() -> None:
    found = gallery()
    readme = found.README.read_text(encoding="utf-8")
    assert found.updated(readme) == readme, "run python docs/gallery.py"


def test_the_engine_is_as_short_as_the_readme_says() -> None:
    readme, engine = (DOCS.parent / name for name in ("README.md", "src/cutaway/graph.py"))
    assert "fewer than 250 lines" in readme.read_text(encoding="utf-8")
    assert len(engine.read_text(encoding="utf-8").splitlines()) < 250


def test_the_pictures_are_up_to_date() -> None:
    found = gallery()
    for name, make in found.FILES.items():
        assert (DOCS / name).read_text(encoding="utf-8") == make(), "run python docs/gallery.py"


def test_the_flow_in_its_page_is_up_to_date() -> None:
    found = gallery()
    page = (DOCS / "flow.md").read_text(encoding="utf-8")
    assert found.FLOW in page
    assert found.flow()[0] in page
