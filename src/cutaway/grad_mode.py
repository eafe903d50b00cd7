"""Whether ops are recorded: a switch of each thread's own.

`no_grad` and its relatives turn the switch for the length of a `with` block, or of a decorated
function, and always put it back, whatever happens inside.
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class _Switch(threading.local):
    recording = True
    inference = False


switch = _Switch()


def is_grad_enabled() -> bool:
    """Whether ops on tensors that require grad are being recorded in this thread.

    >>> with cutaway.no_grad():
    ...     cutaway.is_grad_enabled()
    False
    """
    return switch.recording


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `inference_mode()`.

    >>> with cutaway.inference_mode():
    ...     cutaway.is_inference_mode_enabled()
    True
    """
    return switch.inference


class GradMode:
    """A context manager that is a decorator too: sets the switch on entry, restores it on exit."""

    recording: bool
    inference: bool | None = None

    def __init__(self) -> None:
        self._before: list[tuple[bool, bool]] = []  # a list: one object may be entered twice

    def __enter__(self) -> None:
        self._before.append((switch.recording, switch.inference))
        switch.recording = self.recording
        if self.inference is not None:
            switch.inference = self.inference

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        switch.recording, switch.inference = self._before.pop()

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function):
            return self._decorate_generator(function)  # type: ignore[no-any-return]

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Any:
            with self._another():
                return function(*args, **kwargs)

        return inside  # type: ignore[return-value]

    def _another(self) -> GradMode:
        """The same mode with a memory of its own: one decorated function may run in many threads."""
        mode = GradMode()
        mode.recording, mode.inference = self.recording, self.inference
        return mode

    def _decorate_generator(self, function: Any) -> Any:
        """A generator runs in pieces: the switch is set for its pieces and not for its caller's."""

        @functools.wraps(function)
        def inside(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            generator = function(*args, **kwargs)
            resume, given = generator.send, None
            while True:
                try:
                    with self._another():
                        item = resume(given)
                except StopIteration as end:
                    return end.value
                try:
                    resume, given = generator.send, (yield item)
                except GeneratorExit:
                    with self._another():
                        generator.close()
                    raise
                except BaseException as error:
                    resume, given = generator.throw, error

        return inside


class _Plain(GradMode):
    """A mode without arguments: `@no_grad()` and `@no_grad` mean the same."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        mode = super().__new__(cls)
        if function is None:
            return mode
        mode.__init__()  # type: ignore[misc]
        return mode(function)

    def __init__(self, function: None = None) -> None:
        super().__init__()


class no_grad(_Plain):
    """Record nothing: results do not require grad. As `with no_grad():` or as a decorator.

    >>> x = cutaway.ones(2, requires_grad=True)
    >>> with cutaway.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    recording = False


class enable_grad(_Plain):
    """Record again inside a `no_grad` block.

    >>> x = cutaway.ones(2, requires_grad=True)
    >>> with cutaway.no_grad(), cutaway.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True
    """

    recording = True


class inference_mode(GradMode):
    """Like `no_grad`, for code that will never ask for a gradient.

    Args:
        mode: False means the opposite: inside, ops are recorded.

    >>> @cutaway.inference_mode()
    ... def predict(model, x):
    ...     return model(x)
    >>> predict(nn.Linear(2, 1), cutaway.ones(2)).requires_grad
    False
    """

    def __new__(cls, mode: Any = True) -> Any:
        self = super().__new__(cls)
        if not callable(mode):
            return self
        self.__init__()  # type: ignore[misc]
        return self(mode)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self.recording = not mode
        self.inference = mode


class set_grad_enabled(GradMode):
    """Turn recording on or off: at once as a call, for a block with `with`.

    Args:
        mode: True to record, False not to.

    >>> x, training = cutaway.ones(2, requires_grad=True), False
    >>> with cutaway.set_grad_enabled(training):
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self.recording = bool(mode)
        self._previous = (switch.recording, switch.inference)
        switch.recording = self.recording

    def __enter__(self) -> None:
        self._before.append(self._previous)
        switch.recording = self.recording

    def __call__(self, function: F) -> F:  # as a decorator it must not leave the switch turned
        switch.recording, switch.inference = self._previous
        mode = enable_grad if self.recording else no_grad
        return mode()(function)
