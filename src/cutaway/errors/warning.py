"""How the library warns: of the user's line, not of its own."""

from __future__ import annotations

import sys
import warnings
from os.path import dirname, join
from types import FrameType

_PACKAGE = join(dirname(dirname(__file__)), "")


def user_frame() -> FrameType:
    """What runs of the user's program: the nearest frame outside of this package."""
    frame = sys._getframe()
    while frame.f_code.co_filename.startswith(_PACKAGE) and frame.f_back is not None:
        frame = frame.f_back
    return frame


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn of the user's line that is running."""
    frame = user_frame()
    warnings.warn_explicit(
        message,
        category,
        frame.f_code.co_filename,
        frame.f_lineno,
        frame.f_globals.get("__name__", "<unknown>"),
        frame.f_globals.setdefault("__warningregistry__", {}),
    )
