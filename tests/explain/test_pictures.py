"""Drawings are shown by notebooks and saved to files, in colours that can be read."""

from __future__ import annotations

import re
import sys
import types
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import cutaway as torch
from cutaway import explain, nn
from cutaway.explain.drawing.palette import DARK, LIGHT

from .examples import scalars

# -- showing and saving --------------------------------------------------------------------------------------------


def test_notebooks_show_it() -> None:
    drawing = explain.draw(scalars())
    assert drawing._repr_svg_().startswith("<svg")
    assert drawing._repr_svg_() in drawing._repr_html_()


def test_styles_stay_inside_of_the_drawing() -> None:
    style = explain.draw(scalars()).svg().partition("<style>")[2].partition("</style>")[0]
    rules = re.findall(r"^([^@{}]+)\{", style, re.M)
    assert len(rules) > 20 and all(rule.startswith(".cutaway-graph") for rule in rules)
    assert "prefers-color-scheme: dark" in style
    assert "prefers-color-scheme" not in explain.draw(scalars()).svg("dark")


def test_it_is_saved_as_svg(tmp_path: Path) -> None:
    path = explain.draw(scalars()).save(tmp_path / "graph.svg")
    assert path.read_text(encoding="utf-8") == explain.draw(scalars()).svg()


def test_another_ending_is_refused_and_one_is_suggested(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"as \.svg or \.png, and '.*graph\.jpg' ends in neither: .*graph\.svg'"):
        explain.draw(scalars()).save(tmp_path / "graph.jpg")


def test_png_without_the_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ImportError, match=r"python -m pip install 'cutaway\[png\]'.*drawing\.save\('graph\.svg'\)"):
        explain.draw(scalars()).save(tmp_path / "graph.png")
    assert not (tmp_path / "graph.png").exists()


def test_png_is_drawn_by_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    extra = types.SimpleNamespace(svg_to_bytes=lambda **named: given.append(named) or [137, 80])
    monkeypatch.setitem(sys.modules, "resvg_py", extra)
    drawing = explain.draw(scalars())
    assert drawing.save(tmp_path / "graph.png", "dark", scale=3.0).read_bytes() == b"\x89P"
    assert given == [{"svg_string": drawing.svg("dark"), "zoom": 3.0}]


def test_mistakes_are_told() -> None:
    x = torch.tensor(3.0, requires_grad=True)
    with pytest.raises(TypeError, match=r"inputs were given to a tensor of shape \(\).*not a model: explain.draw"):
        explain.draw(x * x, x)
    with pytest.raises(TypeError, match="explain follows the gradients of a tensor, but got"):
        explain.draw(9.0)
    with pytest.raises(ValueError, match=r"depth says how many levels of modules stand open.*-1 was given"):
        explain.draw(x * x, depth=-1)
    with pytest.raises(ValueError, match="theme must be one of 'auto', 'light', 'dark', and 'blue' was given"):
        explain.draw(x * x).svg("blue")

    class Silent(nn.Module):
        def forward(self) -> Any:
            return [None, {"loss": 3.0}]

    with pytest.raises(TypeError, match="draws the tensors that it returns, and Silent returned none"):
        explain.draw(Silent())


# -- colours -------------------------------------------------------------------------------------------------------


def contrast(a: str, b: str) -> float:
    """The contrast of two colours, after the W3C's Web Content Accessibility Guidelines."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_can_be_read(colours: dict[str, str]) -> None:
    behind = ["paper", "card", "box", "box2", "parameter", "input", "constant", "valuetint", "gradienttint"]
    for text in ("ink", "quiet", "value", "gradient", "alarm"):
        for back in behind:
            assert contrast(colours[text], colours[back]) >= 4.5, (text, back)
    for back in ("positive", "negative"):
        assert contrast(colours["ink"], colours[back]) >= 4.5
    for line in ("wire", "parameterline", "inputline", "constantline"):
        for back in ("paper", "box", "box2"):
            assert contrast(colours[line], colours[back]) >= 3, (line, back)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_not_computed_yet_can_be_read(colours: dict[str, str]) -> None:
    css = files("cutaway.explain.stepping").joinpath("page.css").read_text(encoding="utf-8")
    (opacity,) = (float(found) for found in re.findall(r"\.later .*opacity: (\S+);", css))

    def faded(colour: str, back: str) -> str:
        pairs = [(int(colour[i : i + 2], 16), int(back[i : i + 2], 16)) for i in (1, 3, 5)]
        return "#" + "".join(f"{round(a * opacity + b * (1 - opacity)):02x}" for a, b in pairs)

    for back in ("paper", "box", "box2"):
        assert contrast(faded(colours["ink"], colours[back]), faded(colours["card"], colours[back])) >= 4.5
