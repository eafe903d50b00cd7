"""The handle of a hook: of a function that is called with what flows by, through a module or back to a tensor."""

from __future__ import annotations

from itertools import count
from typing import Any, Self


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook out again, and so does leaving a `with` block."""

    _numbers = count()

    def __init__(self, hooks: dict[int, Any], hook: Any, *, prepend: bool = False) -> None:
        """Put a hook last into a dict, or first."""
        self._hooks = hooks
        self.id = next(self._numbers)
        others = dict(hooks) if prepend else {}
        if prepend:
            hooks.clear()
        hooks[self.id] = hook
        hooks.update(others)

    def remove(self) -> None:
        """Take the hook out; a second call does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()
