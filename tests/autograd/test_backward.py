"""backward() and autograd.grad(): their arguments, their rules, their errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import events
from cutaway.autograd import backward, grad
from cutaway.nn import functional as F


def leaf(*values: float) -> cutaway.Tensor:
    return cutaway.tensor(values if len(values) != 1 else values[0], dtype=cutaway.float64, requires_grad=True)


def near(x: Any, expected: Any) -> None:
    np.testing.assert_allclose(x.detach().numpy(), expected)


# --- backward -------------------------------------------------------------------------------------------------------


def test_gradients_accumulate() -> None:
    x = leaf(1.0, 2.0)
    (x * 2).sum().backward()
    grad_before = x.grad
    (x * 3).sum().backward()
    near(x.grad, [5.0, 5.0])
    assert x.grad is grad_before
    x.grad.zero_()
    (x * 3).sum().backward()
    near(x.grad, [3.0, 3.0])
    x.grad = None
    (x * 4).sum().backward()
    near(x.grad, [4.0, 4.0])


def test_two_parameters_that_share_memory_have_gradients_of_their_own() -> None:
    x = leaf(1.0, 2.0)
    twin = x.detach().requires_grad_()
    (x * 2 + twin * 3).sum().backward()
    near(x.grad, [2.0, 2.0])
    near(twin.grad, [3.0, 3.0])


def test_one_parameter_in_two_layers() -> None:
    layer = cutaway.nn.Linear(2, 2, bias=False, dtype=cutaway.float64)
    net = cutaway.nn.Sequential(layer, layer)
    net(cutaway.ones(1, 2, dtype=cutaway.float64)).sum().backward()
    w, ones = layer.weight.detach().numpy(), np.ones((1, 2))
    near(layer.weight.grad, ones.T @ (ones @ w.T) + (ones @ w).T @ ones)


def test_a_vector_needs_a_gradient() -> None:
    x = leaf(1.0, 2.0, 3.0)
    y = x * x
    with pytest.raises(RuntimeError, match=r"scalar outputs.*\(3,\).*mean\(\).*sum\(\)"):
        y.backward()
    y.backward(cutaway.tensor([1.0, 10.0, 100.0], dtype=cutaway.float64))
    near(x.grad, [2.0, 40.0, 600.0])


def test_one_number_in_a_vector_does_not() -> None:
    x = cutaway.ones(1, requires_grad=True)
    (x * 2).reshape(1, 1, 1).backward()
    near(x.grad, [2.0])


@pytest.mark.parametrize(
    ("gradient", "error", "words"),
    [
        (cutaway.ones(2), RuntimeError, r"\(2,\).*\(3,\)"),
        (1.0, TypeError, "float"),
        (np.ones(3), TypeError, "ndarray"),
    ],
)
def test_a_gradient_that_does_not_fit(gradient: Any, error: type[Exception], words: str) -> None:
    x = leaf(1.0, 2.0, 3.0)
    with pytest.raises(error, match=words):
        (x * 2).backward(gradient)


def test_a_gradient_of_another_dtype() -> None:
    x = cutaway.ones(2, requires_grad=True)
    (x * 2).backward(cutaway.ones(2, dtype=cutaway.float64))
    assert x.grad.dtype == cutaway.float32


def test_without_a_graph() -> None:
    with pytest.raises(RuntimeError, match=r"does not require grad.*detach"):
        cutaway.ones(()).backward()
    x = leaf(1.0)
    with cutaway.no_grad():
        y = x * 2
    with pytest.raises(RuntimeError, match="does not require grad"):
        y.backward()


def test_from_a_leaf() -> None:
    x = leaf(3.0)
    with cutaway.checks.off("graph_cut"):  # which asks whether an optimizer waits for other gradients
        x.backward()
        assert x.grad == 1.0
        x.backward(create_graph=True)
    assert x.grad == 2.0
    assert grad(x, x) == (1.0,)


def test_inside_no_grad() -> None:
    x = leaf(3.0)
    y = x * x
    with cutaway.no_grad():
        y.backward()
    assert x.grad == 6.0


def test_only_for_some_inputs() -> None:
    x, z, unused = leaf(1.0), leaf(2.0), leaf(3.0)
    h = x * z
    h.exp().backward(inputs=[x, h, x, unused], retain_graph=True)
    assert x.grad == pytest.approx(2 * np.exp(2)) and h.grad == pytest.approx(np.exp(2))
    assert z.grad is None and unused.grad is None
    h.backward(inputs=z)
    assert z.grad == 1.0 and x.grad == pytest.approx(2 * np.exp(2))
    with pytest.raises(RuntimeError, match="cannot be empty"):
        h.backward(inputs=[])


def test_a_part_that_is_not_asked_for_is_not_computed() -> None:
    calls: list[str] = []

    @cutaway.differentiable
    def product(x: Any, y: Any) -> Any:
        def dy(g: Any) -> Any:
            calls.append("y")
            return g * x

        return x * y, lambda g: g * y, dy

    x, y = leaf(2.0), leaf(3.0)
    product(x * 1, y * 1).backward(inputs=[x])
    assert x.grad == 3.0 and calls == []


def test_from_several_tensors() -> None:
    x = leaf(1.0, 2.0)
    a, b = x * 2, (x * x).sum()
    backward([a, b, a], [cutaway.ones(2), None, cutaway.ones(2)])
    near(x.grad, [4.0 + 2.0, 4.0 + 4.0])
    with pytest.raises(RuntimeError, match="3 tensors and 1"):
        backward([a, b, a], [cutaway.ones(2)])


def test_a_leaf_that_is_dropped_before_backward() -> None:
    x, z = leaf(1.0), leaf(2.0)
    y = x * z
    del x
    y.backward()
    assert z.grad == 1.0


def test_assigning_grad() -> None:
    x = leaf(1.0, 2.0)
    x.grad = cutaway.ones(2, dtype=cutaway.float64)
    (x * 2).sum().backward()
    near(x.grad, [3.0, 3.0])
    for wrong, error in ((1.0, TypeError), (cutaway.ones(3), RuntimeError), (cutaway.ones(2), RuntimeError)):
        with pytest.raises(error):
            x.grad = wrong


@pytest.mark.parametrize("create_graph", [False, True])
def test_gradients_that_cannot_be_accumulated_change_no_other(create_graph: bool) -> None:
    x, z = leaf(1.0, 2.0), leaf(3.0)
    for replace in (
        lambda: setattr(x, "data", cutaway.ones(3, dtype=cutaway.float64)),  # another shape than x.grad
        lambda: setattr(x.grad, "data", cutaway.ones(2, dtype=cutaway.int64)),
    ):
        x.data, x.grad, z.grad = cutaway.ones(2, dtype=cutaway.float64), None, None
        (z * x).sum().backward()
        replace()
        for order in (z + x, x + z):
            with pytest.raises(RuntimeError, match="No gradient was changed"):
                order.sum().backward(create_graph=create_graph)
            assert z.grad == 2.0 and x.grad.shape == (2,)
        x.grad = None
        (z + x).sum().backward(create_graph=create_graph)
        assert x.grad.tolist() == [1.0] * len(x)


def test_a_listener_that_raises_changes_no_gradient() -> None:
    x, z = leaf(1.0), leaf(2.0)
    (x * 2).backward()

    def listener(node: Any) -> None:
        raise InterruptedError

    events.listen("accumulation", listener)
    try:
        with pytest.raises(InterruptedError):
            (z * x).backward()
    finally:
        events.leave("accumulation", listener)
    assert z.grad is None and x.grad == 2.0


def test_data_of_another_shape_between_the_loss_and_backward() -> None:
    x = leaf(1.0, 2.0)
    hook = x.register_hook(lambda g: g * 10)
    for data in ([1.0], [1.0, 2.0, 3.0]):
        loss = (x * 2).sum()
        x.data = cutaway.tensor(data, dtype=cutaway.float64)
        with pytest.raises(RuntimeError, match=r"One of them was replaced \(x.data = ...\)"):
            loss.backward()
        assert x.grad is None
        (x * 2).sum().backward()
        assert x.grad.tolist() == [20.0] * len(data)
        x.grad = None
    hook.remove()
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0] * 3


def test_backward_inside_backward() -> None:
    """Checkpointing: forward again, in backward, and a walk of its own."""

    class Checkpoint(cutaway.autograd.Function):
        @staticmethod
        def forward(ctx: Any, run: Any, x: Any) -> Any:
            ctx.run = run
            ctx.save_for_backward(x)
            return run(x)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            x = ctx.saved_tensors[0].detach().requires_grad_()
            with cutaway.enable_grad():
                y = ctx.run(x)
            y.backward(g)
            return None, x.grad

    grads = []
    for checkpointed in (False, True):
        cutaway.manual_seed(0)
        net, x = cutaway.nn.Linear(3, 3), cutaway.ones(2, 3, requires_grad=True)

        def run(x: Any, net: Any = net) -> Any:
            return net(x).tanh()

        y = Checkpoint.apply(run, x) if checkpointed else run(x)
        (y * y).sum().backward()
        grads.append([p.grad.tolist() for p in (x, *net.parameters())])
    assert grads[0] == grads[1]


# --- autograd.grad --------------------------------------------------------------------------------------------------


def test_grad_returns_and_stores_nothing() -> None:
    x, z = leaf(1.0, 2.0), leaf(3.0, 4.0)
    h = x * z
    gx, gz, gh = grad((h * h).sum(), [x, z, h])
    near(gx, 2 * np.array([3.0, 8.0]) * [3.0, 4.0])
    near(gz, 2 * np.array([3.0, 8.0]) * [1.0, 2.0])
    near(gh, [6.0, 16.0])
    assert x.grad is z.grad is h._grad is None
    assert not gx.requires_grad


def test_grad_of_an_input_asked_for_twice() -> None:
    x = leaf(3.0)
    assert grad(x * x, [x, x]) == (6.0, 6.0)


def test_grad_outputs() -> None:
    x = leaf(1.0, 2.0)
    (g,) = grad([x.sum(), x * 2], x, grad_outputs=[None, cutaway.tensor([1.0, 10.0])])
    near(g, [3.0, 21.0])
    (g,) = grad(x * 2, x, grad_outputs=cutaway.ones(2))
    near(g, [2.0, 2.0])
    for wrong in ([None], [cutaway.ones(()), None], [None, cutaway.ones(3)]):
        with pytest.raises(RuntimeError):
            grad([x.sum(), x * 2], x, grad_outputs=wrong)


SHARED_WORK = {  # ops whose pullbacks share a computation
    "layer_norm": lambda x: F.layer_norm(x, (3,), x[0]),
    "attention": lambda x: F.scaled_dot_product_attention(x, x, x),
    "cdist": lambda x: cutaway.cdist(x, x + 1),
    "solve": lambda x: cutaway.linalg.solve(x @ x.mT + cutaway.eye(2).double(), x),
    "rnn": lambda x: cutaway.nn.RNN(3, 4).double()(x)[0],
}


@pytest.mark.parametrize("function", SHARED_WORK.values(), ids=SHARED_WORK)
def test_a_gradient_that_is_overwritten_between_two_passes(function: Any) -> None:
    x = cutaway.tensor([[1.0, -2.0, 0.5], [0.3, 0.7, -1.0]], dtype=cutaway.float64, requires_grad=True)
    y = function(x)
    g = cutaway.ones_like(y)
    (first,) = grad(y, x, g, retain_graph=True)
    g.mul_(5)
    (second,) = grad(y, x, g)
    near(second, 5 * first)


def test_a_hook_that_returns_the_same_buffer_in_two_passes() -> None:
    x = cutaway.tensor([[1.0, -2.0, 0.5]], dtype=cutaway.float64, requires_grad=True)
    y, buffer = F.layer_norm(x, (3,)), cutaway.zeros_like(x)
    y.register_hook(buffer.copy_)
    g = cutaway.tensor([[1.0, 2.0, 4.0]])
    (first,) = grad(y, x, g, retain_graph=True)
    near(grad(y, x, 5 * g)[0], 5 * first)


def test_an_op_that_returns_the_same_buffer_in_two_passes() -> None:
    buffer = np.zeros((1, 3))

    @cutaway.differentiable
    def buffered(x: Any) -> Any:
        return x * 1.0, lambda g: np.copyto(buffer, g) or buffer

    x, w = cutaway.tensor([[1.0, -2.0, 0.5]], dtype=cutaway.float64), leaf(1.0, 2.0, 3.0)
    y, g = buffered(F.layer_norm(x, (3,), w)), cutaway.tensor([[1.0, 2.0, 4.0]], dtype=cutaway.float64)
    (first,) = grad(y, w, g, retain_graph=True)
    for factor, retain_graph in ((5, True), (3, False)):
        near(grad(y, w, factor * g, retain_graph=retain_graph)[0], factor * first)


def test_grad_outputs_can_be_differentiated() -> None:
    x, v = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (g,) = grad(x**3, x, grad_outputs=v, create_graph=True)
    near(grad(g.sum(), v)[0], [3.0, 12.0])


def test_unused_inputs() -> None:
    x, z = leaf(1.0, 2.0), leaf(3.0)
    y = x.exp().sum()
    with pytest.raises(RuntimeError, match=r"index 1 appears to not have been used.*allow_unused"):
        grad(y, [x, z], retain_graph=True)
    near(grad(y, [x, z], allow_unused=True, retain_graph=True)[0], np.exp([1.0, 2.0]))
    assert grad(y, z, allow_unused=True, retain_graph=True) == (None,)
    zero = grad(y, z, materialize_grads=True, retain_graph=True)[0]
    assert zero == 0.0 and zero.dtype == cutaway.float64
    with pytest.raises(ValueError, match="materialize_grads"):
        grad(y, z, allow_unused=False, materialize_grads=True)


def test_inputs_that_cannot_be() -> None:
    x = leaf(1.0)
    with pytest.raises(RuntimeError, match="does not require grad"):
        grad(x * 2, [x, cutaway.ones(1)])
    with pytest.raises(RuntimeError, match="cannot be empty"):
        grad(x * 2, [])


def test_grad_with_respect_to_a_value_on_the_way() -> None:
    x = leaf(1.0, 2.0)
    h = x.exp()
    part = h[0]
    (g,) = grad(part * part, h)
    near(g, [2 * np.e, 0.0])
    near(grad(h.sum(), h)[0], [1.0, 1.0])


def test_grad_of_inputs_by_name_and_of_a_batch_of_seeds() -> None:
    x, w = cutaway.tensor([1.0, 2.0], requires_grad=True), cutaway.ones(2, requires_grad=True)
    found = cutaway.autograd.grad(x**2, {"x": x, "w": w}, cutaway.ones(2), allow_unused=True)
    assert found["x"].tolist() == [2, 4] and found["w"] is None
    (rows,) = cutaway.autograd.grad(x**2, x, cutaway.eye(2) * 10, is_grads_batched=True)
    assert rows.tolist() == [[20, 0], [0, 40]]


@pytest.mark.parametrize("create_graph", [False, True])
def test_gradients_can_be_viewed_as_one_vector(create_graph: bool) -> None:
    w = cutaway.ones(3, 4, requires_grad=True)
    kernel = cutaway.ones(2, 3, 2, 2, requires_grad=True)
    loss = (cutaway.arange(4.0) @ (2 * w).t()).sum() + F.conv2d(cutaway.ones(1, 3, 4, 4), kernel).sum()
    grads = grad(loss, [w, kernel], retain_graph=True, create_graph=create_graph)
    assert cutaway.cat([g.view(-1) for g in grads]).shape == (36,)
    backward(loss, create_graph=create_graph)
    assert cutaway.cat([x.grad.view(-1) for x in (w, kernel)]).tolist() == [0, 2, 4, 6] * 3 + [9] * 24
