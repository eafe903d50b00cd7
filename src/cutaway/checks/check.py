"""What a check is: when it listens, how it speaks, and how strict it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from ..errors import warn

Level = Literal["off", "default", "strict"]


class CheckWarning(UserWarning):
    """What a check says. It begins with the check's name, by which `checks.off(name)` turns it off.

    Make them errors with `warnings.simplefilter("error", cutaway.checks.CheckWarning)`.
    """


class Check:
    """A mistake that raises nothing. Its docstring says what goes wrong, and how the right code looks.

    On the level "default" it speaks only when nothing else can be meant; on "strict", also when a mistake is likely.
    """

    name: str
    level: Level = "off"

    def events(self) -> list[tuple[list[Any], Callable[..., None]]]:
        """What it listens to by default: pairs of an event and what to do."""
        raise NotImplementedError

    def strict_events(self) -> list[tuple[list[Any], Callable[..., None]]]:
        """What it listens to beside that, when it is strict."""
        return []

    def set(self, level: Level) -> None:
        """Begin or cease to listen."""
        for event, listener in self._events():
            event.remove(listener)
        self.level = level
        for event, listener in self._events():
            event.append(listener)

    def _events(self) -> list[tuple[list[Any], Callable[..., None]]]:
        return {
            "off": [],
            "default": self.events(),
            "strict": self.events() + self.strict_events(),
        }[self.level]

    def say(self, text: str) -> None:
        """Warn, of the user's line that is running."""
        warn(f"{self.name}: {text}", CheckWarning)
