"""autograd.Function, as programs for PyTorch define it: each program runs on both libraries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.parity.both import same


def function(t: Any, forward: Callable[..., Any], backward: Callable[..., Any], **more: Any) -> Any:
    """A Function made of a forward and a backward."""
    static = {"forward": forward, "backward": backward, **more}
    return type("Mine", (t.autograd.Function,), {name: staticmethod(f) for name, f in static.items()})


def leaf(t: Any, *values: float) -> Any:
    return t.tensor(values, requires_grad=True)


def straight_through(t: Any) -> Any:
    F = function(t, lambda ctx, x: (x > 0).float(), lambda ctx, g: g.clamp(-1, 1))
    x = leaf(t, -1.0, 2.0)
    y = F.apply(x)
    (y * t.tensor([3.0, 0.5])).sum().backward()
    return y, x.grad, repr(y)


def gradient_reversal(t: Any) -> Any:
    def forward(ctx: Any, x: Any, alpha: float) -> Any:
        ctx.alpha = alpha
        return x.view_as(x)

    x = leaf(t, 1.0, 2.0)
    function(t, forward, lambda ctx, g: (g.neg() * ctx.alpha, None)).apply(x, 0.5).sum().backward()
    return x.grad


class _Two:
    """Product and sum, with a note of what backward was given."""

    def __init__(self, t: Any, materialize: bool = True) -> None:
        self.seen: list[Any] = []

        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(x, y)
            ctx.set_materialize_grads(materialize)
            return x * y, x + y

        def backward(ctx: Any, g1: Any, g2: Any) -> Any:
            self.seen.append([None if g is None else g.tolist() for g in (g1, g2)])
            x, y = ctx.saved_tensors
            g1 = 0 if g1 is None else g1
            g2 = 0 if g2 is None else g2
            return g1 * y + g2, g1 * x + g2

        self.apply = function(t, forward, backward).apply


def two_outputs(t: Any) -> Any:
    two, x, y = _Two(t), leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    a, b = two.apply(x, y)
    (a.sum() * 2 + b.sum() * 3).backward()
    return two.seen, x.grad, y.grad, a.grad_fn.name()


def an_output_that_is_not_used(t: Any) -> Any:
    two, x, y = _Two(t), leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    two.apply(x, y)[1].sum().backward()
    return two.seen, x.grad, y.grad


def not_materialized(t: Any) -> Any:
    two, x, y = _Two(t, materialize=False), leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    two.apply(x, y)[0].sum().backward()
    return two.seen, x.grad, y.grad


def two_outputs_twice(t: Any) -> Any:
    x, y = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    a, b = _Two(t).apply(x, y)
    (gx,) = t.autograd.grad((a * b).sum(), x, create_graph=True)
    return gx, t.autograd.grad(gx.sum(), [x, y])


def outputs_of_two_dtypes(t: Any) -> Any:
    F = function(t, lambda ctx, x: (x * 2, x.double() * 3), lambda ctx, g, h: (g.double() * 2 + h * 3).float())
    x = leaf(t, 1.0, 2.0)
    a, b = F.apply(x)
    (a.double() * b).sum().backward()
    return a, b, x.grad


def in_place(t: Any, of_x: Callable[[Any], Any] = lambda x: x * 2, **more: Any) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        x.mul_(3)
        ctx.mark_dirty(x)
        return x

    x = t.arange(1.0, 5.0, requires_grad=True)
    h = of_x(x)
    y = function(t, forward, lambda ctx, g: g * 3).apply(h)
    (y * y).sum().backward()
    return y is h, h, x.grad, h.grad_fn.name()


def in_place_of_a_leaf(t: Any) -> Any:
    return in_place(t, lambda x: x)


def in_place_of_a_view(t: Any) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        x.mul_(3)
        ctx.mark_dirty(x)
        return x

    x = t.arange(4.0, requires_grad=True)
    h = x * 2
    v = h[1:3]
    y = function(t, forward, lambda ctx, g: g * 3).apply(v)
    (h * h).sum().backward()
    return h, x.grad, y is v


def in_place_and_not_returned(t: Any) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        x.add_(1)
        ctx.mark_dirty(x)
        return x * 2

    function(t, forward, lambda ctx, g: g * 2).apply(leaf(t, 1.0) * 2).sum().backward()


def in_place_and_saved(t: Any) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        x.exp_()
        ctx.mark_dirty(x)
        ctx.save_for_backward(x)
        return x

    x = leaf(t, 1.0, 2.0)
    h = x * 2
    function(t, forward, lambda ctx, g: g * ctx.saved_tensors[0]).apply(h).sum().backward()
    return h, x.grad


def in_place_of_what_is_needed(t: Any) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        x.add_(1)
        ctx.mark_dirty(x)
        return x

    h = leaf(t, 1.0, 2.0) * 2
    s = h * h
    y = function(t, forward, lambda ctx, g: g).apply(h)
    (y.sum() + s.sum()).backward()


def once(t: Any, of_seed: bool) -> Any:
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    @t.autograd.function.once_differentiable  # type: ignore[untyped-decorator, unused-ignore]
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2 * ctx.saved_tensors[0]

    x = leaf(t, 1.0, 2.0)
    y = function(t, forward, backward).apply(x)
    (g,) = t.autograd.grad((y * y).sum() if of_seed else y.sum(), x, create_graph=True)
    return g, g.requires_grad


def once_differentiable(t: Any) -> Any:
    return once(t, of_seed=False), once(t, of_seed=True)


def once_differentiated_twice(t: Any) -> Any:
    g, _ = once(t, of_seed=True)
    g.sum().backward()


def arguments_and_outputs_that_are_no_tensors(t: Any) -> Any:
    F = function(t, lambda ctx, x, flag=True, k=None: (x * 2, None, "a"), lambda ctx, g, a, b: (g * 2, None, None))
    x = leaf(t, 1.0)
    y, none, text = F.apply(x, False)
    y.sum().backward()
    return x.grad, none, text


def keywords(t: Any) -> Any:
    return function(t, lambda ctx, x, a: x * a, lambda ctx, g: (g, None)).apply(leaf(t, 1.0), a=0.5)


def what_needs_a_gradient(t: Any) -> Any:
    seen = []

    def forward(ctx: Any, x: Any, y: Any, k: int) -> Any:
        seen.append(ctx.needs_input_grad)
        return x * y

    function(t, forward, lambda ctx, g: (g, None, None)).apply(leaf(t, 1.0), t.ones(1), 3).sum().backward()
    return seen


def with_setup_context(t: Any) -> Any:
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        _, ctx.k = inputs
        ctx.save_for_backward(output)

    F = function(
        t, lambda x, k: x * k, lambda ctx, g: (g * ctx.k * ctx.saved_tensors[0], None), setup_context=setup_context
    )
    x = leaf(t, 1.0, 2.0)
    F.apply(x, 4).sum().backward()
    return x.grad


def the_input_returned(t: Any) -> Any:
    x = leaf(t, 1.0, 2.0)
    y = function(t, lambda ctx, x: x, lambda ctx, g: -g).apply(x)
    y.sum().backward()
    return x.grad, y is x, repr(y)


def a_view_returned(t: Any) -> Any:
    x = t.ones(2, 3, requires_grad=True)
    y = function(t, lambda ctx, a: a[0], lambda ctx, g: t.stack([g, g * 0])).apply(x)
    y.sum().backward()
    return x.grad, y


def integers_and_constants(t: Any) -> Any:
    seen = []

    def forward(ctx: Any, x: Any) -> Any:
        a, b = x * 2, x * 3
        ctx.mark_non_differentiable(b)
        return a, b, x.argmax()

    def backward(ctx: Any, g: Any, gb: Any, gi: Any) -> Any:
        seen.append(gb.tolist())
        return g * 2

    x = leaf(t, 1.0, 2.0)
    a, b, i = function(t, forward, backward).apply(x)
    (a + b).sum().backward()
    return seen, x.grad, b.requires_grad, i.requires_grad


def used_twice_with_a_hook(t: Any) -> Any:
    log = []

    def backward(ctx: Any, g: Any) -> Any:
        log.append(g.tolist())
        return g * 2

    x = leaf(t, 1.0, 2.0)
    y = function(t, lambda ctx, x: x * 2, backward).apply(x)
    y.register_hook(lambda g: g * 10)
    (y + y * 2).sum().backward()
    return log, x.grad


def one_tensor_for_two_arguments(t: Any) -> Any:
    x = leaf(t, 1.0, 2.0)
    function(t, lambda ctx, a, b: a * b, lambda ctx, g: (g * 2, g * 3)).apply(x, x).sum().backward()
    return x.grad


def no_gradient(t: Any) -> Any:
    x = leaf(t, 1.0)
    function(t, lambda ctx, a: a * 2, lambda ctx, g: None).apply(x).sum().backward()
    return x.grad


def a_tuple_of_one(t: Any) -> Any:
    y = function(t, lambda ctx, x: (x * 2,), lambda ctx, g: g * 2).apply(leaf(t, 1.0))
    return type(y).__name__, y


def a_gradient_of_another_dtype(t: Any) -> Any:
    x = leaf(t, 1.0)
    function(t, lambda ctx, x: x * 2, lambda ctx, g: g.double()).apply(x).sum().backward()
    return x.grad


def checked(t: Any) -> Any:
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return x.sin() * y, y.exp()

    def backward(ctx: Any, g: Any, h: Any) -> Any:
        x, y = ctx.saved_tensors
        return g * x.cos() * y, g * x.sin() + h * y.exp()

    F = function(t, forward, backward)
    inputs = tuple(t.rand(3, dtype=t.float64, requires_grad=True) for _ in range(2))
    return t.autograd.gradcheck(F.apply, inputs), t.autograd.gradgradcheck(F.apply, inputs)


def too_few_gradients(t: Any) -> Any:
    function(t, lambda ctx, x, a: x * a, lambda ctx, g: g).apply(leaf(t, 1.0), 0.5).sum().backward()


def a_gradient_for_a_number(t: Any) -> Any:
    function(t, lambda ctx, x, a: x * a, lambda ctx, g: (g, g)).apply(leaf(t, 1.0), 0.5).sum().backward()


def a_gradient_of_another_shape(t: Any) -> Any:
    function(t, lambda ctx, x: x * 2, lambda ctx, g: t.ones(3)).apply(leaf(t, 1.0, 2.0)).sum().backward()


def saving_a_number(t: Any) -> Any:
    function(t, lambda ctx, x: ctx.save_for_backward(x, 3), lambda ctx, g: g).apply(leaf(t, 1.0))


PROGRAMS = [
    straight_through, gradient_reversal, two_outputs, an_output_that_is_not_used, not_materialized, two_outputs_twice,
    outputs_of_two_dtypes, in_place, in_place_of_a_leaf, in_place_of_a_view, in_place_and_not_returned,
    in_place_and_saved, in_place_of_what_is_needed, once_differentiable, once_differentiated_twice,
    arguments_and_outputs_that_are_no_tensors, keywords, what_needs_a_gradient, with_setup_context, the_input_returned,
    a_view_returned, integers_and_constants, used_twice_with_a_hook, one_tensor_for_two_arguments, no_gradient,
    a_tuple_of_one, a_gradient_of_another_dtype, checked, too_few_gradients, a_gradient_for_a_number,
    a_gradient_of_another_shape, saving_a_number,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_a_function_of_one_s_own(program: Any) -> None:
    same(program)
