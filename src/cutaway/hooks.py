"""The handle of a registered hook, of a module or of a tensor's gradient."""

from __future__ import annotations

from itertools import count
from typing import Any, Self


class RemovableHandle:
    """The handle returned by registering a hook: `remove()` removes the hook, and so does leaving a `with` block."""

    _numbers = count()

    def __init__(self, hooks: dict[int, Any], hook: Any, *, prepend: bool = False) -> None:
        """Add a hook to a dict, last or first."""
        self._hooks = hooks
        self.id = next(self._numbers)
        others = dict(hooks) if prepend else {}
        if prepend:
            hooks.clear()
        hooks[self.id] = hook
        hooks.update(others)

    def remove(self) -> None:
        """Remove the hook; a second call is a no-op."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()
