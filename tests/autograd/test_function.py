"""autograd.Function: forward and backward as PyTorch's users write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway.autograd import Function, grad
from cutaway.autograd.function import once_differentiable


def leaf(*values: float) -> cutaway.Tensor:
    return cutaway.tensor(values, dtype=cutaway.float64, requires_grad=True)


class Exp(Function):
    """exp(x)"""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        out = x.exp()
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (out,) = ctx.saved_tensors
        return g * out


class ScaledProduct(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, k: float, y: Any, note: str) -> Any:
        ctx.save_for_backward(x, None, y)
        ctx.k = k
        return x * y * k

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, none, y = ctx.saved_tensors
        assert none is None
        dx = g * y * ctx.k if ctx.needs_input_grad[0] else None
        dy = g * x * ctx.k if ctx.needs_input_grad[2] else None
        return dx, None, dy, None


class SumAndProduct(Function):
    calls = 0

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        largest, noise, product = x.argmax(), x * 5, x * y
        ctx.mark_non_differentiable(noise)
        ctx.save_for_backward(x, y)
        return x + y, product, largest, noise, "and this"

    @staticmethod
    def backward(ctx: Any, g_sum: Any, g_product: Any, *others: Any) -> Any:
        x, y = ctx.saved_tensors
        return g_sum + g_product * y, g_sum + g_product * x


def test_one_input_one_output() -> None:
    x = leaf(1.0, 2.0)
    y = Exp.apply(x)
    assert y.grad_fn.name() == "ExpBackward"
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp([1.0, 2.0]))


def test_forward_is_not_recorded_and_backward_neither() -> None:
    seen: list[bool] = []

    class Watch(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            seen.append(cutaway.is_grad_enabled())
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            seen.append(cutaway.is_grad_enabled())
            assert not g.requires_grad
            return g

    x = leaf(1.0)
    y = Watch.apply(x)
    assert [parent for parent, _ in y.grad_fn.next_functions] == [x._node]
    y.backward()
    assert seen == [False, False]


def test_several_inputs_and_arguments_that_are_no_tensors() -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    ScaledProduct.apply(x, 10.0, y, "note").sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([30.0, 40.0], [10.0, 20.0])
    x.grad = None
    ScaledProduct.apply(x, 10.0, y.detach(), "note").sum().backward()
    assert x.grad.tolist() == [30.0, 40.0]


def test_no_gradient_for_one_input_and_one_for_the_next() -> None:
    class Second(Function):
        @staticmethod
        def forward(ctx: Any, x: cutaway.Tensor, y: cutaway.Tensor) -> cutaway.Tensor:
            return x + y

        @staticmethod
        def backward(ctx: Any, g: cutaway.Tensor) -> Any:
            return None, 3 * g

    x, y = leaf(1.0), leaf(2.0)
    Second.apply(x, y).sum().backward()
    assert x.grad is None and y.grad.tolist() == [3]


def test_without_gradients_it_is_only_forward() -> None:
    x = leaf(1.0)
    with cutaway.no_grad():
        assert not Exp.apply(x).requires_grad
    assert not Exp.apply(x.detach()).requires_grad
    assert Exp.apply(x.detach()).item() == pytest.approx(np.e)


def test_an_output_that_no_gradient_flows_through() -> None:
    class Largest(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            where = x.argmax()
            ctx.mark_non_differentiable(where)
            return where

    where = Largest.apply(cutaway.tensor([1.0, 3.0], requires_grad=True))
    assert where.item() == 1 and not where.requires_grad and where.is_leaf


def test_a_tuple_of_outputs() -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 5.0)
    total, product, largest, noise, text = SumAndProduct.apply(x, y)
    assert total.requires_grad and product.requires_grad
    assert not largest.requires_grad and not noise.requires_grad and text == "and this"
    (total * 2 + product * cutaway.tensor([1.0, 10.0])).sum().backward()
    assert x.grad.tolist() == [2 + 3.0, 2 + 50.0]
    assert y.grad.tolist() == [2 + 1.0, 2 + 20.0]
    x.grad = None
    SumAndProduct.apply(x, y)[1].sum().backward()
    assert x.grad.tolist() == [3.0, 5.0]


def test_setup_context() -> None:
    class Square(Function):
        @staticmethod
        def forward(x: Any, n: int) -> Any:
            return x**n

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            x, ctx.n = inputs
            ctx.save_for_backward(x)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * ctx.n * x ** (ctx.n - 1), None

    assert grad(Square.apply(leaf(3.0), 2).sum(), x := leaf(3.0), allow_unused=True) == (None,)
    assert grad(Square.apply(x, 2).sum(), x)[0].tolist() == [6.0]


def test_backward_is_called_once_for_all_outputs() -> None:
    seen: list[Any] = []

    class Two(Function):
        materialize = True

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.set_materialize_grads(Two.materialize)
            return x * 2, x.float() * 3

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            seen.append([None if part is None else (part.tolist(), str(part.dtype)) for part in (g, h)])
            return g * 2 if h is None else g * 2 + h.double() * 3

    x = leaf(1.0, 2.0)
    a, b = Two.apply(x)
    (a.sum() + b.double().sum() * 10).backward()
    assert seen.pop() == [([1, 1], "torch.float64"), ([10, 10], "torch.float32")] and not seen
    assert x.grad.tolist() == [32, 32]
    Two.apply(x)[0].sum().backward()
    assert seen.pop() == [([1, 1], "torch.float64"), ([0, 0], "torch.float32")]
    Two.materialize = False
    Two.apply(x)[0].sum().backward()
    assert seen.pop() == [([1, 1], "torch.float64"), None]


# --- writing in place -----------------------------------------------------------------------------------------------


class TripleInPlace(Function):
    @staticmethod
    def forward(ctx: Any, x: Any, mark: bool = True, answer: bool = True) -> Any:
        x.mul_(3)
        if mark:
            ctx.mark_dirty(x)
        return x if answer else x * 1

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 3, None, None


def test_a_dirty_input_is_the_output_and_has_its_history() -> None:
    x = leaf(1.0, 2.0)
    h = x * 2
    y = TripleInPlace.apply(h)
    assert y is h and h.tolist() == [6, 12] and h.grad_fn.name() == "TripleInPlaceBackward"
    (h * h).sum().backward()
    assert x.grad.tolist() == [72, 144]
    x.grad = None
    h = x * 2
    assert TripleInPlace.apply(part := h[1:]) is part
    assert h.tolist() == [2, 12] and h.grad_fn.name() == "torch::autograd::CopySlices"
    (h * h).sum().backward()
    assert x.grad.tolist() == [8, 144]


def test_a_dirty_input_makes_what_needed_its_old_value_stale() -> None:
    h = leaf(1.0) * 2
    square = h * h
    TripleInPlace.apply(h)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        square.backward()


def test_what_was_marked_as_dirty_must_be_returned_and_no_leaf() -> None:
    with pytest.raises(RuntimeError, match="must all be outputs"):
        TripleInPlace.apply(leaf(1.0) * 1, True, False)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        TripleInPlace.apply(leaf(1.0))


# --- higher derivatives ---------------------------------------------------------------------------------------------


def test_higher_derivatives_through_a_saved_output() -> None:
    x = leaf(1.0, 2.0)
    y = Exp.apply(x)
    for _ in range(3):
        (y,) = grad(y.sum(), x, create_graph=True)
        np.testing.assert_allclose(y.detach().numpy(), np.exp([1.0, 2.0]))


def test_higher_derivatives_through_saved_inputs() -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    h = x * x
    out = ScaledProduct.apply(h, 2.0, y, "")  # 2 x² y
    gx, gy = grad(out.sum(), [x, y], create_graph=True)  # 4 x y, 2 x²
    np.testing.assert_allclose(gx.detach().numpy(), [12.0, 32.0])
    ((xx, xy), (yx, yy)) = grad(gx.sum(), [x, y]), grad(gy.sum(), [x, y], allow_unused=True)
    assert (xx.tolist(), xy.tolist(), yx.tolist(), yy) == ([12.0, 16.0], [4.0, 8.0], [4.0, 8.0], None)


def test_forward_runs_once_also_for_second_derivatives() -> None:
    class Noisy(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            noise = cutaway.rand(x.shape, dtype=x.dtype)
            ctx.save_for_backward(x, noise)
            return x * x * noise

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x, noise = ctx.saved_tensors
            return g * 2 * x * noise

    x = leaf(1.0, 2.0)
    y = Noisy.apply(x)
    (g,) = grad(y.sum(), x, create_graph=True)
    np.testing.assert_allclose(g.detach().numpy(), 2 * (y / x).detach().numpy())
    np.testing.assert_allclose(grad(g.sum(), x)[0].numpy(), 2 * (y / x / x).detach().numpy())


def test_backward_runs_once_also_when_it_is_recorded() -> None:
    class Product(Function):
        calls = 0

        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.save_for_backward(x, y)
            return x * y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            Product.calls += 1
            x, y = ctx.saved_tensors
            return g * y, g * x

    x, y = leaf(2.0), leaf(3.0)
    gx, gy = grad(Product.apply(x, y), [x, y], create_graph=True)
    assert (gx.item(), gy.item(), Product.calls) == (3, 2, 1)
    assert grad(gx, y)[0].item() == 1


def test_a_saved_output_that_nobody_holds_any_longer() -> None:
    class ExpAndTwice(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            a, b = x.exp(), x.exp() * 2
            ctx.save_for_backward(a)
            return a, b

        @staticmethod
        def backward(ctx: Any, ga: Any, gb: Any) -> Any:
            (a,) = ctx.saved_tensors
            return ga * a + gb * 2 * a

    x = leaf(1.0)
    a, b = ExpAndTwice.apply(x)
    (g,) = grad(b.sum(), x, create_graph=True)
    assert grad(g.sum(), x)[0].item() == pytest.approx(2 * np.e)
    a, b = ExpAndTwice.apply(x)
    del a
    assert grad(b.sum(), x, retain_graph=True)[0].item() == pytest.approx(2 * np.e)
    with pytest.raises(RuntimeError, match="no longer exists"):
        grad(b.sum(), x, create_graph=True)


def test_once_differentiable_refuses_a_second_derivative() -> None:
    class Square(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            assert not cutaway.is_grad_enabled()
            (x,) = ctx.saved_tensors
            return cutaway.from_numpy(2 * x.detach().numpy()) * g

    x = leaf(3.0)
    assert grad(Square.apply(x), x)[0].tolist() == [6]
    (g,) = grad(Square.apply(x), x, create_graph=True)
    assert not g.requires_grad  # nothing that it depends on asks for a gradient
    (g,) = grad(Square.apply(x) ** 2, x, create_graph=True)
    assert g.tolist() == [4 * 27]
    with pytest.raises(RuntimeError, match=r"differentiate twice.*once_differentiable"):
        grad(g, x)


# --- safety ---------------------------------------------------------------------------------------------------------


def test_what_was_saved_must_not_be_overwritten() -> None:
    x = leaf(1.0, 2.0)
    y = Exp.apply(x)
    y.mul_(2)
    with pytest.raises(RuntimeError, match="Exp needs a value") as caught:
        y.sum().backward()
    assert "y.mul_(2)" in str(caught.value) and "y = Exp.apply(x)" in str(caught.value)
    assert x.grad is None


def test_also_what_is_kept_as_an_attribute() -> None:
    class Product(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            ctx.y = y
            return x * y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * ctx.y, None

    x, y = leaf(1.0), cutaway.tensor([2.0], dtype=cutaway.float64)
    z = Product.apply(x, y)
    y.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        z.backward()


def test_twice_backward() -> None:
    y = Exp.apply(leaf(1.0))
    y.backward()
    with pytest.raises(RuntimeError, match=r"second time.*Exp"):
        y.backward()
    y = Exp.apply(x := leaf(1.0))
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == pytest.approx(2 * np.e)


def test_an_output_that_is_the_input_has_memory_of_its_own() -> None:
    class Reverse(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.view(-1)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return -g

    x = leaf(1.0, 2.0)
    h = x * 1
    y = Reverse.apply(h)
    y.mul_(3)
    (h * y).sum().backward()
    assert h.tolist() == [1.0, 2.0] and y.tolist() == [3.0, 6.0]
    assert x.grad.tolist() == [3.0 - 3.0, 6.0 - 6.0]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (lambda g: g, RuntimeError, "expected 2, got 1"),
        (lambda g: (g, g, g), RuntimeError, "expected 2, got 3"),
        (lambda g: (g, 3.0), TypeError, "number 3.0"),
        (lambda g: (g, g.numpy()), TypeError, "array"),
        (lambda g: (g, g, g * 0), RuntimeError, "expected 2, got 3"),
        (lambda g: (g, g[:2]), RuntimeError, r"Answer: .*input 1.*\(2,\).*\(3,\)"),
    ],
)
def test_what_backward_must_not_return(answer: Any, error: Any, words: str) -> None:
    class Answer(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return x + y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return answer(g)

    x, y = leaf(1.0, 2.0, 3.0), leaf(1.0, 2.0, 3.0)
    with pytest.raises(error, match=words) as caught:
        Answer.apply(x, y).sum().backward()
    assert "broadcasts" not in str(caught.value)
    assert x.grad is None and y.grad is None


def test_what_backward_may_return() -> None:
    class Add(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, y: Any) -> Any:
            return x + y

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g, g, None  # one too many, but nothing; and y was stretched

    x, y = leaf(1.0, 2.0, 3.0), leaf(1.0)
    Add.apply(x, y).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([1.0, 1.0, 1.0], [3.0])


def test_what_is_no_tensor_has_no_gradient_and_is_not_saved() -> None:
    class Scale(Function):
        @staticmethod
        def forward(ctx: Any, x: Any, k: float) -> Any:
            if k > 1:
                ctx.save_for_backward(x, k)
            return x * k

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g, g

    with pytest.raises(RuntimeError, match="different than None at position 2"):
        Scale.apply(leaf(1.0), 0.5).backward()
    with pytest.raises(TypeError, match=r"argument 1 is the number 2\.0: store it as an attribute"):
        Scale.apply(leaf(1.0), 2.0)


def test_what_is_missing_is_named() -> None:
    class Empty(Function):
        pass

    class OneWay(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 1

    with pytest.raises(NotImplementedError, match="forward"):
        Empty.apply(leaf(1.0))
    with pytest.raises(NotImplementedError, match="backward"):
        OneWay.apply(leaf(1.0)).backward()


def test_an_error_in_forward_is_the_user_s_own() -> None:
    class Wrong(Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Wrong.apply(leaf(1.0))
    assert cutaway.is_grad_enabled()
