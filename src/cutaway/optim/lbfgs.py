"""L-BFGS: steps that take the curvature into account, estimated from the last gradients.

Newton's method divides the gradient by the matrix of second derivatives. L-BFGS estimates the inverse of that matrix
from the last steps s and the changes y of the gradient along them, and never forms it: see `LBFGS._direction`. It suits
small, smooth problems whose loss is computed from all data at once, such as fitting a curve.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import events
from ..errors import describe
from ..grad_mode import enable_grad
from ..memory import stamp_write
from ..ops.contract import Array
from ..tensors import Tensor
from ..tensors.base import wrap
from .optimizer import Optimizer, not_negative

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """p += t · d, with d = -H g, H an estimate of the inverse Hessian, up to max_iter times per step.

    Args:
        params: parameters, in a single group.
        lr: the step length t; with a line search, the first length that it tries. The very first step is shortened to
            min(1, 1 / Σ|g|) · lr, since nothing is known of the curvature yet.
        max_iter: the number of updates per `step()`.
        max_eval: how often the closure may be called per `step()`; None for max_iter · 5 / 4.
        tolerance_grad: stop when no element of the gradient is larger.
        tolerance_change: stop when the loss and the parameters change by less.
        history_size: the number of steps remembered.
        line_search_fn: "strong_wolfe" searches for a good t along d; None takes t = lr.

    Raises:
        ValueError: a negative learning rate, or several parameter groups.

    Source: Nocedal and Wright, "Numerical Optimization", 2006, chapters 3 and 7.

    >>> w = nn.Parameter(torch.tensor([4.0, -3.0]))
    >>> optimizer = torch.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = (w[0] - 1) ** 2 + 10 * (w[1] - w[0]) ** 2
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    >>> w.detach().round(decimals=3)
    tensor([1., 1.])
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        not_negative({"learning rate": lr})
        super().__init__(
            params,
            lr=lr,
            max_iter=max_iter,
            max_eval=max_iter * 5 // 4 if max_eval is None else max_eval,
            tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change,
            history_size=history_size,
            line_search_fn=line_search_fn,
        )
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups): it takes one list")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters up to max_iter times.

        Args:
            closure: sets the gradients to zero, computes the loss, calls backward and returns the loss.

        Returns:
            The loss before the first update.

        Raises:
            TypeError: there is no closure.
            RuntimeError: there is no such line search.
        """
        if not callable(closure):
            raise TypeError(
                f"LBFGS.step() takes a function that computes the loss, since it needs the loss at several points, not "
                f"{describe(closure)}: def closure(): optimizer.zero_grad(); loss = ...; loss.backward(); return loss"
            )
        group, state = self.param_groups[0], self.state[self.param_groups[0]["params"][0]]
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError(f"only 'strong_wolfe' is supported as line_search_fn, not {group['line_search_fn']!r}")
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first, g = self._evaluate(closure)
        loss, calls = float(first), 1
        for iteration in range(1, group["max_iter"] + 1):
            if np.abs(g).max(initial=0) <= group["tolerance_grad"] or (iteration > 1 and calls >= group["max_eval"]):
                break
            state["n_iter"] += 1
            d = self._direction(g, state, group["history_size"])
            t = float(group["lr"]) * (min(1.0, 1.0 / float(np.abs(g).sum())) if state["n_iter"] == 1 else 1)
            state["d"], state["t"], state["prev_flat_grad"], state["prev_loss"] = wrap(d), t, wrap(g), loss
            slope = float(g @ d)
            if slope > -group["tolerance_change"]:
                break
            before = loss
            if group["line_search_fn"]:
                start, length = Point(0.0, loss, g, slope), float(np.abs(d).max())
                found, n = strong_wolfe(self._along(d, closure), start, t, length, group["tolerance_change"])
                loss, g, t = found.loss, found.g, found.t
                state["t"], calls = t, calls + n
                self._move(t * d)
            else:
                self._move(t * d)
                if iteration < group["max_iter"]:
                    value, g = self._evaluate(closure)
                    loss, calls = float(value), calls + 1
            if np.abs(t * d).max() <= group["tolerance_change"] or abs(loss - before) < group["tolerance_change"]:
                break
        state["func_evals"] += calls
        has_gradient = any(param.grad is not None for param in group["params"])
        for listener in events.step if has_gradient else events.idle_step:
            listener(self)
        return first

    def _direction(self, g: Array, state: dict[str, Any], history_size: int) -> Array:
        """d = -H g, from the steps s and the changes y of the gradient that are remembered: the two-loop recursion."""
        if state["n_iter"] == 1:
            state["old_stps"], state["old_dirs"], state["ro"], state["H_diag"] = [], [], [], 1.0
            return np.negative(g)
        steps, changes, ro = state["old_stps"], state["old_dirs"], state["ro"]
        y, s = g - state["prev_flat_grad"]._array, state["d"]._array * state["t"]
        ys = float(y @ s)
        if ys > 1e-10:  # the curvature along s is positive
            for memory, new in ((changes, wrap(y)), (steps, wrap(s)), (ro, 1.0 / ys)):
                memory.append(new)
                del memory[:-history_size]
            state["H_diag"] = ys / float(y @ y)
        d: Array = -g
        alphas = []
        for s, y, r in zip(reversed(steps), reversed(changes), reversed(ro), strict=True):
            alphas.append(float(s._array @ d) * r)
            d = d - alphas[-1] * y._array
        d = d * state["H_diag"]
        for s, y, r, alpha in zip(steps, changes, ro, reversed(alphas), strict=True):
            d = d + (alpha - float(y._array @ d) * r) * s._array
        return d

    # -- all parameters as one vector ------------------------------------------------------------------------

    def _evaluate(self, closure: Callable[[], Any]) -> tuple[Any, Array]:
        """The loss and its gradient."""
        with enable_grad():
            loss = closure()
        if loss is None:
            raise TypeError("the closure returned None, and LBFGS needs the loss: end it with return loss")
        params = self.param_groups[0]["params"]
        parts = [np.zeros(p._array.size, p._array.dtype) if p._grad is None else p._grad._array.ravel() for p in params]
        return loss, np.concatenate(parts)

    def _move(self, change: Array) -> None:
        """Add a vector to the parameters."""
        place = 0
        for param in self.param_groups[0]["params"]:
            n = param._array.size
            param._array += change[place : place + n].reshape(param._array.shape)
            place += n
        stamp_write(*(param._array for param in self.param_groups[0]["params"]))

    def _along(self, d: Array, closure: Callable[[], Any]) -> Callable[[float], Point]:
        """The loss along a line from here in the direction d."""
        params = self.param_groups[0]["params"]
        here = [param._array.copy() for param in params]

        def at(t: float) -> Point:
            self._move(t * d)
            loss, g = self._evaluate(closure)
            for param, values in zip(params, here, strict=True):
                param._array[...] = values
            stamp_write(*(param._array for param in params))
            return Point(t, float(loss), g, float(g @ d))

        return at


# --- the line search -----------------------------------------------------------------------------------------------


class Point(NamedTuple):
    """A point on the line: the step length, the loss there, its gradient, and its slope along the line."""

    t: float
    loss: float
    g: Array
    slope: float


def strong_wolfe(
    at: Callable[[float], Point], start: Point, t: float, length: float, tolerance: float, most: int = 25
) -> tuple[Point, int]:
    """A point where the loss is low enough and flat enough (the strong Wolfe conditions), and how many were tried.

    Args:
        at: the point at a step length.
        start: the point at 0.
        t: the first step length to try.
        length: the largest element of the direction.
        tolerance: stop when the points to search between are no further apart.
        most: the number of points to try.
    """

    def too_high(p: Point) -> bool:
        return p.loss > start.loss + 1e-4 * p.t * start.slope

    def flat(p: Point) -> bool:
        return abs(p.slope) <= -0.9 * start.slope

    before, now, tried = start, at(t), 1
    while tried <= most:  # lengthen the step until the minimum lies between the last two points
        if too_high(now) or (tried > 2 and now.loss >= before.loss):
            break
        if flat(now):
            return now, tried
        if now.slope >= 0:
            break
        t = lowest(before, now, now.t + 0.01 * (now.t - before.t), now.t * 10)
        before, now, tried = now, at(t), tried + 1
    else:
        before = start

    ends = [before, now]
    low = int(before.loss > now.loss)  # the index of the lower end
    stuck = False
    while tried <= most:  # narrow the interval
        left, right = sorted(end.t for end in ends)
        if (right - left) * length < tolerance:
            break
        t = lowest(ends[0], ends[1], left, right)
        margin = 0.1 * (right - left)
        near_an_end = min(right - t, t - left) < margin
        if near_an_end and (stuck or not left < t < right):
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            near_an_end = False
        stuck = near_an_end
        now, tried = at(t), tried + 1
        if too_high(now) or now.loss >= ends[low].loss:
            ends[1 - low] = now
            low = int(ends[0].loss > ends[1].loss)
            continue
        if flat(now):
            return now, tried
        if now.slope * (ends[1 - low].t - ends[low].t) >= 0:
            ends[1 - low] = ends[low]
        ends[low] = now
    return ends[low], tried


def lowest(a: Point, b: Point, left: float, right: float) -> float:
    """Where the cubic through two points, with their slopes, has its minimum; within the limits."""
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if square < 0:
        return (left + right) / 2
    d2 = math.sqrt(square)
    bent = b.slope - a.slope + 2 * d2
    t = b.t - (b.t - a.t) * (b.slope + d2 - d1) / bent if bent else math.inf  # a straight line falls forever
    return min(max(t, left), right)
