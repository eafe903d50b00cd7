"""The colours of pictures and pages, for light and for dark surroundings.

What is computed forward is blue and what comes back is orange, in every view: hues that people tell apart whatever
their colour vision. Text keeps a contrast of at least 4.5 to 1 with what it stands on, and lines of 3 to 1; a test
computes it.
"""

from __future__ import annotations

from importlib.resources import files
from string import Template

LIGHT = {
    "paper": "#ffffff",  # what all stands on
    "ink": "#1a1e23",
    "quiet": "#59626d",  # what is said in passing
    "wire": "#7b8695",
    "card": "#ffffff",
    "line": "#a9b3be",  # around an op
    "box": "#f3f6f9",  # a module; every other one inside another is `box2`
    "box2": "#e7edf3",
    "boxline": "#c2ccd6",
    "parameter": "#fff3d1",
    "parameterline": "#aa7c10",
    "input": "#e1f4ea",
    "inputline": "#2f8a5b",
    "constant": "#f2f2f4",
    "constantline": "#7f848e",
    "value": "#0a5a9c",
    "gradient": "#a63c06",
    "valuetint": "#d5e8f8",  # behind what is being computed
    "gradienttint": "#fde3d3",
    "alarm": "#a80f36",  # nan and infinity
    "positive": "#8fd3c4",  # the strongest colour behind a number in a heatmap
    "negative": "#f2abc8",
}
DARK = {
    "paper": "#14171b",
    "ink": "#e8ebef",
    "quiet": "#a3adb8",
    "wire": "#76818e",
    "card": "#20252b",
    "line": "#56606c",
    "box": "#1a1e23",
    "box2": "#23282e",
    "boxline": "#3d454e",
    "parameter": "#352b12",
    "parameterline": "#d1a33c",
    "input": "#15301f",
    "inputline": "#4fbd86",
    "constant": "#24262b",
    "constantline": "#71767f",
    "value": "#82c2ff",
    "gradient": "#ffa775",
    "valuetint": "#12324f",
    "gradienttint": "#4b2611",
    "alarm": "#ff9db0",
    "positive": "#17624f",
    "negative": "#7a2c55",
}


def drawing_style(theme: str = "auto") -> str:
    """The style sheet of a drawing."""
    return style_sheet(files(__package__).joinpath("drawing.css").read_text(encoding="utf-8"), theme)


def style_sheet(css: str, theme: str = "auto") -> str:
    """Rules that name these colours, in the colours of a theme: `light`, `dark`, or `auto`, the reader's system's."""
    template = Template(css)
    if theme != "auto":
        return template.substitute(DARK if theme == "dark" else LIGHT)
    dark = template.substitute(DARK)
    return f"{template.substitute(LIGHT)}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def page_colours() -> str:
    """The same colours as variables, for the style sheet of a page."""

    def variables(colours: dict[str, str]) -> str:
        return "".join(f"--{name}: {colour}; " for name, colour in colours.items())

    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {variables(DARK)}}} }}"
    return f":root {{ {variables(LIGHT)}}}\n{dark}\n"
