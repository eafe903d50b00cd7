"""Whether ops are recorded: in blocks, in decorated functions, in generators, in threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import cutaway
from cutaway import enable_grad, inference_mode, no_grad, set_grad_enabled


def mode() -> tuple[bool, bool]:
    return cutaway.is_grad_enabled(), cutaway.is_inference_mode_enabled()


ON, OFF, INFERENCE = (True, False), (False, False), (False, True)


@pytest.fixture(autouse=True)
def _left_as_found() -> Iterator[None]:
    assert mode() == ON
    yield
    assert mode() == ON


MODES: list[tuple[Callable[[], Any], tuple[bool, bool]]] = [
    (no_grad, OFF),
    (enable_grad, ON),
    (lambda: set_grad_enabled(False), OFF),
    (lambda: set_grad_enabled(True), ON),
    (inference_mode, INFERENCE),
    (lambda: inference_mode(False), ON),
]


@pytest.mark.parametrize(("make", "inside"), MODES)
def test_a_block(make: Callable[[], Any], inside: tuple[bool, bool]) -> None:
    x = cutaway.ones(2, requires_grad=True)
    with make():
        assert mode() == inside
        assert (x * 2).requires_grad == inside[0]
        assert x.requires_grad and cutaway.ones(1, requires_grad=True).requires_grad
    assert (x * 2).requires_grad


@pytest.mark.parametrize(("make", "inside"), MODES)
@pytest.mark.parametrize(("outer", "outside"), MODES)
def test_blocks_nest(make: Any, inside: Any, outer: Any, outside: Any) -> None:
    with outer():
        with make():
            assert mode()[0] == inside[0]
        assert mode() == outside
        with pytest.raises(ZeroDivisionError), make():
            1 / 0
        assert mode() == outside


@pytest.mark.parametrize(("make", "inside"), MODES)
def test_a_decorated_function(make: Callable[[], Any], inside: tuple[bool, bool]) -> None:
    @make()
    def f(a: int, *, b: int = 2) -> Any:
        """Its docstring."""
        if a == 0:
            raise ValueError
        return a, b, mode()

    assert mode() == ON  # decorating turned nothing
    assert f(1, b=3) == (1, 3, inside)
    assert (f.__name__, f.__doc__) == ("f", "Its docstring.")
    with pytest.raises(ValueError):
        f(0)


@pytest.mark.parametrize(("kind", "inside"), [(no_grad, OFF), (enable_grad, ON), (inference_mode, INFERENCE)])
def test_a_decorator_without_parentheses(kind: Any, inside: tuple[bool, bool]) -> None:
    @kind
    def f() -> Any:
        return mode()

    class Model:
        @kind
        def method(self) -> Any:
            return mode()

        @staticmethod
        @kind
        def function() -> Any:
            return mode()

    assert f() == Model().method() == Model.function() == inside


def test_a_recursive_function() -> None:
    @no_grad()
    def f(n: int) -> list[Any]:
        below = []
        with enable_grad():
            if n:
                below = f(n - 1)
            return [mode(), *below, mode()]

    assert f(3) == [ON] * 8


def test_one_object_entered_twice() -> None:
    off = no_grad()
    with off:
        with off:
            assert mode() == OFF
        assert mode() == OFF


def test_set_grad_enabled_as_a_call() -> None:
    set_grad_enabled(False)
    assert mode() == OFF
    set_grad_enabled(True)
    assert mode() == ON


@pytest.mark.parametrize("make", [lambda: no_grad(), lambda: no_grad])
def test_a_generator_is_turned_in_its_own_pieces_only(make: Any) -> None:
    seen: list[Any] = []

    @make()
    def g() -> Iterator[Any]:
        try:
            seen.append(("sent", (yield 1), mode()))
            try:
                yield 2
            except ValueError:
                seen.append(("thrown", mode()))
            with enable_grad():
                yield 3
                seen.append(mode())  # every piece begins with the decorator's mode, as in PyTorch
            seen.append(mode())
            return "end"
        finally:
            seen.append(("closed", mode()))

    run = g()
    assert next(run) == 1 and mode() == ON
    assert run.send("x") == 2 and mode() == ON
    assert run.throw(ValueError()) == 3 and mode() == ON
    with enable_grad(), pytest.raises(StopIteration) as end:
        next(run)
    assert end.value.value == "end"
    assert seen == [("sent", "x", OFF), ("thrown", OFF), OFF, OFF, ("closed", OFF)]

    seen.clear()
    run = g()
    next(run)
    run.close()
    assert seen == [("closed", OFF)]


# --- threads --------------------------------------------------------------------------------------------------------


def together(*functions: Callable[[], Any]) -> list[Any]:
    """Run functions, each in a thread of its own, and return what they return."""
    results: list[Any] = [None] * len(functions)

    def run(i: int) -> None:
        results[i] = functions[i]()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_every_thread_has_a_switch_of_its_own() -> None:
    meet = threading.Barrier(3)

    def turn(make: Any) -> Any:
        with make():
            meet.wait()
            inside = mode()
            meet.wait()
        return inside, mode()

    with no_grad():
        assert together(*[lambda make=make: turn(make) for make in (no_grad, inference_mode, enable_grad)]) == [
            (OFF, ON),
            (INFERENCE, ON),
            (ON, ON),
        ]


def test_one_decorated_function_in_two_threads() -> None:
    entered, other_entered, done = threading.Event(), threading.Event(), threading.Event()

    @no_grad()
    def f(mine: threading.Event, theirs: threading.Event) -> None:
        mine.set()
        theirs.wait()

    def first() -> Any:
        f(entered, other_entered)
        done.set()
        return mode()

    def second() -> Any:
        set_grad_enabled(False)
        entered.wait()
        f(other_entered, done)  # in last, out last
        return mode()

    assert together(first, second) == [ON, OFF]


def test_training_in_two_threads_at_once_gives_what_one_after_the_other_gives() -> None:
    def train(seed: int) -> list[float]:
        generator = cutaway.Generator()
        generator.manual_seed(seed)
        x, y = (cutaway.randn(16, 3, generator=generator) for _ in range(2))
        w = cutaway.randn(3, 3, generator=generator).requires_grad_()
        optimizer = cutaway.optim.SGD([w], lr=0.05, momentum=0.9)
        losses = []
        for _ in range(200):
            optimizer.zero_grad()
            h = (x @ w).tanh()
            h = h * 1
            h[0] = 0.5
            h += 0.1
            loss = ((h - y) ** 2).mean()
            loss.backward()
            optimizer.step()
            with no_grad():
                losses.append((x @ w).tanh().sum().item())
        return losses

    one_by_one = [train(1), train(2)]
    assert together(lambda: train(1), lambda: train(2)) == one_by_one


def test_two_threads_walk_one_graph() -> None:
    x = cutaway.ones(3, requires_grad=True)
    h = x.exp()
    losses = [(h * k).sum() for k in (1.0, 2.0)]
    got = together(*[lambda loss=loss: cutaway.autograd.grad(loss, x, retain_graph=True)[0] for loss in losses])
    assert [g.tolist() for g in got] == [pytest.approx([k * 2.7182817] * 3) for k in (1, 2)]
