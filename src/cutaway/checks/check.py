"""The base class of checks: which events they listen to, how they warn, and at which level."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from .. import events
from ..errors import warn

Level = Literal["off", "default", "strict"]


class CheckWarning(UserWarning):
    """The warning of a check. It starts with the check's name; `checks.off(name)` turns the check off.

    Turn them into errors with `warnings.simplefilter("error", cutaway.checks.CheckWarning)`.
    """


class Check:
    """A check for a silent mistake. Its docstring says what goes wrong, and shows the correct code.

    At level "default", it warns only about certain mistakes; at level "strict", also about likely ones.
    """

    name: str
    level: Level = "off"

    def __init__(self) -> None:
        self._listening: dict[str, Callable[..., None]] = {}  # by the event, with what

    def events(self) -> dict[str, Callable[..., Any]]:
        """The events that it listens to by default, with their handlers."""
        raise NotImplementedError

    def strict_events(self) -> dict[str, Callable[..., Any]]:
        """The additional events at level "strict"."""
        return {}

    def listen(self, event: str, listener: Callable[..., None]) -> None:
        """Listen to an event until `leave`, so that an idle check costs nothing."""
        self._listening[event] = listener
        events.listen(event, listener)

    def leave(self, event: str) -> None:
        """Stop listening to an event."""
        if event in self._listening:
            events.leave(event, self._listening.pop(event))

    def forget(self) -> None:
        """Clear the state of the check, so that it looks again after being switched."""

    def set(self, level: Level) -> None:
        """Set the level, and start or stop listening."""
        for event in list(self._listening):
            self.leave(event)
        self.forget()
        self.level = level
        if level != "off":
            for event, listener in {**self.events(), **(self.strict_events() if level == "strict" else {})}.items():
                self.listen(event, listener)

    def say(self, text: str) -> None:
        """Issue a warning that names the user's current line."""
        warn(f"{self.name}: {text}", CheckWarning)
