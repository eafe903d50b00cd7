"""What every picture can: be shown by a notebook, and be written to a file."""

from __future__ import annotations

from pathlib import Path

from ... import errors

THEMES = ("auto", "light", "dark")


class Picture:
    """SVG, which notebooks show by themselves."""

    def svg(self, theme: str = "auto") -> str:
        """The picture as text; theme is "light", "dark", or "auto", which follows the reader's system."""
        raise NotImplementedError

    def save(self, path: str | Path, theme: str = "auto", scale: float = 2.0) -> Path:
        """Write the picture to a file, `graph.svg` or `graph.png`, and return its path.

        Args:
            path: where to; its ending chooses the format. PNG needs an extra: pip install "cutaway[png]".
            theme: "light", "dark", or "auto", which an SVG decides when it is looked at, and is light for a PNG.
            scale: how many pixels of a PNG stand for one of the drawing.

        Raises:
            ValueError: the ending is another.
            ImportError: PNG was asked for, and the extra is not installed.
        """
        path = Path(path)
        if path.suffix.lower() == ".svg":
            path.write_text(self.svg(theme), encoding="utf-8")
        elif path.suffix.lower() == ".png":
            path.write_bytes(_png(self.svg("light" if theme == "auto" else theme), scale))
        else:
            raise ValueError(
                f"a picture is written as .svg or .png, and {str(path)!r} ends in neither: "
                f"picture.save({str(path.with_suffix('.svg'))!r})"
            )
        return path

    def _repr_svg_(self) -> str:
        return self.svg()


def check_theme(theme: str) -> str:
    """A theme that there is."""
    if theme not in THEMES:
        raise ValueError(f"theme must be one of {', '.join(map(repr, THEMES))}, and {theme!r} was given")
    return theme


def _png(svg: str, scale: float) -> bytes:
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise errors.no_png() from None
    return bytes(svg_to_bytes(svg_string=svg, zoom=scale))
