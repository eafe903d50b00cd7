"""What a check is: when it listens, how it speaks, and how strict it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from .. import events
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

    def __init__(self) -> None:
        self._listening: dict[str, Callable[..., None]] = {}  # by the event, with what

    def events(self) -> dict[str, Callable[..., Any]]:
        """What it listens to by default: the event, and what to do."""
        raise NotImplementedError

    def strict_events(self) -> dict[str, Callable[..., Any]]:
        """What it listens to beside that, when it is strict."""
        return {}

    def listen(self, event: str, listener: Callable[..., None]) -> None:
        """Listen to an event until `leave`: a check that has nothing to do for now costs nothing."""
        self._listening[event] = listener
        events.listen(event, listener)

    def leave(self, event: str) -> None:
        """Listen no longer."""
        if event in self._listening:
            events.leave(event, self._listening.pop(event))

    def forget(self) -> None:
        """Forget what was looked at already: switched anew, a check looks again."""

    def set(self, level: Level) -> None:
        """Begin or cease to listen."""
        for event in list(self._listening):
            self.leave(event)
        self.forget()
        self.level = level
        if level != "off":
            for event, listener in {**self.events(), **(self.strict_events() if level == "strict" else {})}.items():
                self.listen(event, listener)

    def say(self, text: str) -> None:
        """Warn, of the user's line that is running."""
        warn(f"{self.name}: {text}", CheckWarning)
