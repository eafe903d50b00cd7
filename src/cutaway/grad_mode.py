"""Grad mode: a thread-local flag that says whether ops are recorded.

`no_grad` and the other modes set the flag within a `with` block or a decorated function, and
restore it on exit, even after an exception.
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
    """Whether this thread records ops on tensors that require grad.

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
    """A context manager and decorator: sets the grad mode on entry and restores it on exit."""

    recording: bool
    inference: bool | None = None

    def __init__(self) -> None:
        self._before: list[tuple[bool, bool]] = []  # a stack: one object may be entered twice

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
        """A copy with its own saved state: a decorated function may run in several threads."""
        mode = GradMode()
        mode.recording, mode.inference = self.recording, self.inference
        return mode

    def _decorate_generator(self, function: Any) -> Any:
        """Set the mode whenever the generator runs, and restore the caller's at every yield."""

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
    """A mode without arguments: `@no_grad()` and `@no_grad` are equivalent."""

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        mode = super().__new__(cls)
        if function is None:
            return mode
        mode.__init__()  # type: ignore[misc]
        return mode(function)

    def __init__(self, function: None = None) -> None:
        super().__init__()


class no_grad(_Plain):
    """Disable recording: results do not require grad. Use as `with no_grad():` or as a decorator.

    >>> x = cutaway.ones(2, requires_grad=True)
    >>> with cutaway.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    recording = False


class enable_grad(_Plain):
    """Enable recording again inside a `no_grad` block.

    >>> x = cutaway.ones(2, requires_grad=True)
    >>> with cutaway.no_grad(), cutaway.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True
    """

    recording = True


class inference_mode(GradMode):
    """Like `no_grad`, for code that never needs gradients.

    Args:
        mode: whether to enable inference mode; with False, ops are recorded.

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
    """Enable or disable recording: immediately as a call, or for a `with` block.

    Args:
        mode: whether to record.

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

    def __call__(self, function: F) -> F:  # as a decorator it must not change the current mode
        switch.recording, switch.inference = self._previous
        mode = enable_grad if self.recording else no_grad
        return mode()(function)
