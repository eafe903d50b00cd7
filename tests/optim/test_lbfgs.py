"""L-BFGS: minima that are known, steps worked out by hand, and its line search on functions of one variable."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from cutaway.optim import LBFGS
from cutaway.optim.lbfgs import Point, lowest, strong_wolfe


def fitted(loss: Callable[..., Any], *params: Any, steps: int = 1, **settings: Any) -> tuple[LBFGS, list[float]]:
    """The optimizer after some steps, and the losses that it saw."""
    optimizer, seen = LBFGS(params, **settings), []

    def closure() -> Any:
        optimizer.zero_grad()
        value = loss(*params)
        value.backward()
        seen.append(value.item())
        return value

    for _ in range(steps):
        optimizer.step(closure)
    return optimizer, seen


def rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def leaf(*numbers: float) -> Any:
    return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)


def test_it_finds_the_end_of_a_curved_valley() -> None:
    x = leaf(-1.2, 1.0, 0.7)
    _, seen = fitted(rosenbrock, x, max_iter=60, line_search_fn="strong_wolfe")
    np.testing.assert_allclose(x.detach().numpy(), 1, atol=1e-5)
    assert len(seen) < 75 and seen[-1] < 1e-9


def test_a_quadratic_function_is_minimized_in_a_few_steps() -> None:
    a = torch.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    x, y = leaf(4.0, -3.0), leaf(5.0)
    _, seen = fitted(lambda x, y: x @ a @ x / 2 - x.sum() + (y - 1).pow(2).sum(), x, y, line_search_fn="strong_wolfe")
    np.testing.assert_allclose(x.detach().numpy(), np.linalg.solve(a.numpy(), np.ones(2)), atol=1e-4)
    assert y.item() == pytest.approx(1, abs=1e-4)
    assert len(seen) < 20


def test_the_first_step_is_short_and_the_second_uses_the_curvature() -> None:
    x = leaf(3.0)
    fitted(lambda x: (2 * x * x).sum(), x, lr=0.5, max_iter=1)
    assert x.item() == pytest.approx(3 - 0.5 / 12 * 12)  # the gradient is 12: t = 0.5 / 12
    x = leaf(3.0)
    fitted(lambda x: (2 * x * x).sum(), x, max_iter=2, max_eval=9)
    assert x.item() == pytest.approx(0)  # s = -1, y = -4: H is 1/4, and Newton's step is exact


def test_settings_limit_the_work() -> None:
    for settings, calls in [({"max_iter": 3}, 3), ({"max_eval": 2}, 2), ({"tolerance_grad": 1e9}, 1),
                            ({"tolerance_change": 1e9}, 1)]:  # fmt: skip
        optimizer, seen = fitted(rosenbrock, leaf(-1.2, 1.0), **settings)
        assert len(seen) == calls == next(iter(optimizer.state.values()))["func_evals"], settings
    optimizer, _ = fitted(rosenbrock, leaf(-1.2, 1.0), history_size=4)
    (state,) = optimizer.state.values()
    assert len(state["old_dirs"]) == len(state["old_stps"]) == len(state["ro"]) == 4
    assert optimizer.defaults["max_eval"] == 25


def test_at_a_minimum_it_stays() -> None:
    x = leaf(1.0, 1.0)
    _, seen = fitted(rosenbrock, x, steps=2)
    assert x.tolist() == [1, 1] and seen == [0, 0]


def test_a_parameter_without_a_gradient_stays() -> None:
    x, y = leaf(3.0), leaf(5.0)
    fitted(lambda x, y: (x * x).sum(), x, y)
    assert y.item() == 5 and x.item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_saved_in_the_middle_it_goes_on_as_if_nothing_had_happened(search: str | None) -> None:
    settings: dict[str, Any] = {"max_iter": 4, "line_search_fn": search}
    x = leaf(-1.2, 1.0)
    optimizer, _ = fitted(rosenbrock, x, steps=2, **settings)
    file, copied = io.BytesIO(), leaf(*x.tolist())
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    other = LBFGS([copied], **settings)
    other.load_state_dict(torch.load(file))
    for each, param in ((optimizer, x), (other, copied)):

        def closure(each: LBFGS = each, param: Any = param) -> Any:
            each.zero_grad()
            loss = rosenbrock(param)
            loss.backward()
            return loss

        each.step(closure)
    assert x.tolist() == copied.tolist()


def test_a_write_is_noticed() -> None:
    x = leaf(3.0)
    optimizer = LBFGS([x])
    early = (x * x).sum()

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    with pytest.raises(RuntimeError, match="overwritten"):
        early.backward()


def test_what_it_refuses() -> None:
    x = leaf(1.0)
    with pytest.raises(ValueError, match="Invalid learning rate: -1"):
        LBFGS([x], lr=-1)
    with pytest.raises(ValueError, match="doesn't support per-parameter options"):
        LBFGS([{"params": [x]}, {"params": [leaf(2.0)]}])
    with pytest.raises(TypeError, match=r"takes a function that computes the loss.*not None: def closure\(\): "):
        LBFGS([x]).step()
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported as line_search_fn, not 'armijo'"):
        fitted(rosenbrock, x, line_search_fn="armijo")


def test_a_model_is_fitted() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(40, 3)
    targets = inputs @ torch.tensor([[1.0], [-2.0], [0.5]]) + 0.3
    layer = nn.Linear(3, 1)
    fitted(lambda *_: nn.functional.mse_loss(layer(inputs), targets), *layer.parameters(),
           line_search_fn="strong_wolfe")  # fmt: skip
    np.testing.assert_allclose(layer.weight.detach().numpy(), [[1, -2, 0.5]], atol=1e-3)
    assert layer.bias.item() == pytest.approx(0.3, abs=1e-3)


# --- the line search --------------------------------------------------------------------------------------------------


def on_a_line(f: Callable[[float], float], slope: Callable[[float], float]) -> Callable[[float], Point]:
    return lambda t: Point(t, f(t), np.array([slope(t)]), slope(t))


CURVES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "bowl": (lambda t: (t - 3) ** 2, lambda t: 2 * (t - 3)),
    "far away": (lambda t: (t - 200) ** 2, lambda t: 2 * (t - 200)),
    "steep on the right": (lambda t: -t + 1e-3 * t**8, lambda t: -1 + 8e-3 * t**7),
    "waves": (lambda t: -0.1 * t + math.sin(3 * t) - 3 * t / 10, lambda t: -0.4 + 3 * math.cos(3 * t) - 2.7),
    "log": (lambda t: t - 2 * math.log(1 + t), lambda t: 1 - 2 / (1 + t)),
}


@pytest.mark.parametrize("t", [1e-3, 0.1, 1.0, 2.9, 10.0, 50.0])
@pytest.mark.parametrize("name", [name for name in CURVES if name != "waves"])
def test_the_point_that_it_finds_is_low_and_flat(name: str, t: float) -> None:
    at = on_a_line(*CURVES[name])
    start = at(0.0)
    found, tried = strong_wolfe(at, start, t, 1.0, 1e-9)
    assert found.loss <= start.loss + 1e-4 * found.t * start.slope
    assert abs(found.slope) <= 0.9 * abs(start.slope)
    assert tried <= 12


def test_it_gives_up_where_there_is_no_minimum() -> None:
    at = on_a_line(lambda t: -t, lambda t: -1.0)
    found, tried = strong_wolfe(at, at(0.0), 1.0, 1.0, 1e-9, most=5)
    assert tried == 6 and found.t == pytest.approx(1e5)


def test_it_stops_when_the_interval_is_short() -> None:
    at = on_a_line(lambda t: -t if t < 1 else t - 2 + 1e-3, lambda t: -1.0 if t < 1 else 1.0)  # a kink at 1
    found, tried = strong_wolfe(at, at(0.0), 4.0, 1.0, 1e-3, most=100)
    assert found.t == pytest.approx(1, abs=0.01) and tried < 30


def test_the_minimum_of_a_cubic() -> None:
    def at(t: float) -> Point:
        return Point(t, t**3 - 3 * t, np.zeros(1), 3 * t * t - 3)

    assert lowest(at(0.2), at(2.0), 0.2, 2.0) == pytest.approx(1)
    assert lowest(at(2.0), at(0.2), 0.2, 2.0) == pytest.approx(1)
    assert lowest(at(0.2), at(2.0), 1.5, 2.0) == 1.5
    falling = Point(0.0, 0.0, np.zeros(1), -1.0), Point(1.0, -1.0, np.zeros(1), -1.0)  # a line has none
    assert lowest(*falling, 1.01, 10.0) == 10
    without = Point(0.0, 0.0, np.zeros(1), -2.0), Point(1.0, -1.5, np.zeros(1), -2.0)
    assert lowest(*without, 1.0, 3.0) == pytest.approx(2.0)
