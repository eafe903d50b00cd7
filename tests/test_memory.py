"""Overwritten values are noticed, and nothing else is refused."""

from __future__ import annotations

import builtins
import gc
import linecache
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import memory, nn
from cutaway.graph import newest_first
from cutaway.memory import held, hold_values
from tests.ops.examples import EXAMPLES

F = nn.functional


def leaf(*values: float) -> cutaway.Tensor:
    return cutaway.tensor(values, dtype=cutaway.float64, requires_grad=True)


# --- overwriting what a gradient needs ------------------------------------------------------------------------------


def stale(loss: cutaway.Tensor, read: str, write: str, **how: Any) -> None:
    """Assert that backward refuses, shows both lines of this file, and changes nothing."""
    leaves = [node.variable for node in newest_first([loss.grad_fn]) if not node.number and node.variable is not None]
    before = [None if x.grad is None else x.grad.tolist() for x in leaves]
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as caught:
        loss.backward(**how)
    message = str(caught.value)
    used, _, overwritten = message.partition("overwritten here")
    lines = linecache.getlines(__file__)
    for text, part in ((read, used), (write, overwritten)):
        number = next(i for i, line in enumerate(lines, 1) if line.rstrip().endswith("# " + text))
        assert f'File "{__file__}", line {number}' in part, message
        assert lines[number - 1].strip() in part, message
    assert [None if x.grad is None else x.grad.tolist() for x in leaves] == before


def test_the_value_itself() -> None:
    x = leaf(1.0, 2.0)
    y = x.exp()  # read itself
    y.add_(1)  # write itself
    stale(y.sum(), "read itself", "write itself")


def test_an_input() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    h = x * 1
    y = h * w  # read an input
    h += 1  # write an input
    stale(y.sum(), "read an input", "write an input")


def test_through_a_view() -> None:
    x = leaf(1.0, 2.0)
    y = x.exp()  # read view
    y[0].zero_()  # write view
    stale(y.sum(), "read view", "write view")


def test_through_a_view_of_a_view() -> None:
    x = cutaway.ones(2, 3, 4, requires_grad=True)
    y = x * 1
    part = y[1].T[2].unsqueeze(0)[:, 1:]
    z = part.exp() * part  # read views of views
    y.view(-1)[::2] = 0  # write views of views
    stale(z.sum(), "read views of views", "write views of views")


def test_through_detach() -> None:
    x = leaf(1.0, 2.0)
    y = x.exp()  # read detach
    y.detach().mul_(2)  # write detach
    stale(y.sum(), "read detach", "write detach")


def test_through_data() -> None:
    x = leaf(1.0, 2.0)
    y = x.exp()  # read data
    y.data[0] = 7.0  # write data
    stale(y.sum(), "read data", "write data")


def test_in_no_grad() -> None:
    x = leaf(1.0, 2.0)
    y = x.exp()  # read no_grad
    with cutaway.no_grad():
        y.zero_()  # write no_grad
    stale(y.sum(), "read no_grad", "write no_grad")


def test_an_alias_by_way_of_numpy() -> None:
    array = np.ones(3)
    x, constant = leaf(1.0, 2.0, 3.0), cutaway.from_numpy(array)
    y = x * constant  # read alias
    cutaway.from_numpy(array[:2]).add_(1)  # write alias
    stale(y.sum(), "read alias", "write alias")


def test_a_parameter_between_forward_and_backward() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = (x * w).sum()  # read parameter
    w.data.add_(1)  # write parameter
    stale(y, "read parameter", "write parameter")


def test_an_optimizer_between_forward_and_backward() -> None:
    net, x = nn.Linear(2, 2), cutaway.ones(1, 2, requires_grad=True)
    optimizer = cutaway.optim.SGD(net.parameters(), lr=0.1)
    net(x).sum().backward()
    loss = net(x).sum()  # read optimizer
    optimizer.step()  # write optimizer
    stale(loss, "read optimizer", "write optimizer")


def test_an_index() -> None:
    x, index = leaf(1.0, 2.0), cutaway.tensor([0, 1])
    y = x[index]  # read index
    index.fill_(0)  # write index
    stale(y.sum(), "read index", "write index")


def test_the_line_is_the_users_also_where_a_module_computes() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    x = cutaway.ones(1, 2)
    y = net(x)  # read module
    nn.init.zeros_(net[2].weight)  # write module
    stale(y.sum(), "read module", "write module")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)

    def forward(self, x: cutaway.Tensor) -> cutaway.Tensor:
        h = self.linear(x).sigmoid()  # read forward
        h *= 2  # write forward
        return h


def test_the_line_is_in_the_users_module_if_there_is_one() -> None:
    stale(Net()(cutaway.ones(1, 2)).sum(), "read forward", "write forward")


def test_a_neighbour_of_the_package_is_not_the_package() -> None:
    place = memory._PACKAGE.rstrip(os.sep) + "_lessons.py"
    names: dict[str, Any] = {"cutaway": cutaway}
    exec(compile("def f(x):\n    y = x.exp()\n    y.add_(1)\n    return y.sum()", place, "exec"), names)
    with pytest.raises(RuntimeError) as caught:
        names["f"](leaf(1.0)).backward()
    assert f'"{place}", line 2' in str(caught.value) and f'"{place}", line 3' in str(caught.value)


def test_with_create_graph_the_inputs_count_too() -> None:
    x = leaf(1.0, 2.0)
    h = x * 1
    y = (h * h * h).sum()  # read twice
    h.data.add_(1)  # write twice
    stale(y, "read twice", "write twice", create_graph=True)


def test_a_hook_that_overwrites_what_the_rest_of_the_walk_needs() -> None:
    x = leaf(1.0, 2.0)
    h = x.exp()  # read hook
    y = h * 2

    def hook(g: Any) -> None:
        h.data.zero_()  # write hook

    y.register_hook(hook)
    stale(y.sum(), "read hook", "write hook")


def test_what_is_stale_where_nothing_is_asked_for_hides_nothing() -> None:
    x, other = leaf(1.0), leaf(2.0)
    asked = x.exp()
    apart = other.exp()  # newer: the walk looks at it first
    loss = asked.sum() + apart.sum()
    apart.data.zero_()
    assert cutaway.autograd.grad(loss, x, retain_graph=True)[0].tolist() == np.exp([1.0]).tolist()
    asked.data.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        cutaway.autograd.grad(loss, x)


def test_a_hook_that_overwrites_what_only_the_second_derivative_needs() -> None:
    def overwritten(create_graph: bool) -> Any:
        x = leaf(1.0, 2.0)
        a = x * 1
        y = a.exp() * 2  # its pullback holds exp(a); with a graph of its own it is exp of a again
        y.register_hook(lambda g: a.data.zero_() * g + g)
        return cutaway.autograd.grad(y.sum(), x, create_graph=create_graph)[0]

    np.testing.assert_allclose(overwritten(False).tolist(), 2 * np.exp([1.0, 2.0]))
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        overwritten(True)


class Holder:
    def __init__(self, array: Any) -> None:
        self.array = array

    def __call__(self, g: Any) -> Any:
        return g * self.array

    def method(self, g: Any) -> Any:
        return g * self.array


@pytest.mark.parametrize(
    "way",
    [
        lambda y: lambda g: g * y,
        lambda y: lambda g, y=y: g * y,
        lambda y: lambda g, parts=([y],): g * parts[0][0],
        lambda y: (lambda inner: lambda g: inner(g))(lambda g: g * y),
        lambda y: (lambda kept: lambda g: g * kept["y"])({"y": y}),
        lambda y: Holder(y),
        lambda y: Holder(y).method,
        lambda y: y.__mul__,
        lambda y: __import__("functools").partial(np.multiply, y),
    ],
    ids=["cell", "default", "nested default", "nested function", "dict", "object", "method", "built-in", "partial"],
)
def test_wherever_a_pullback_keeps_it(way: Callable[[Any], Any]) -> None:
    @cutaway.differentiable
    def product(x: Any, y: Any) -> Any:
        return x * y, way(y), lambda g: g * x

    x, y = leaf(1.0, 2.0), cutaway.tensor([3.0, 4.0], dtype=cutaway.float64)
    product(x, y).sum().backward()
    assert x.grad.tolist() == [3.0, 4.0]
    z = product(x, y)  # read kept
    y.zero_()  # write kept
    stale(z.sum(), "read kept", "write kept")


def test_a_pullback_that_refers_to_itself() -> None:
    @cutaway.differentiable
    def countdown(x: Any) -> Any:
        def dx(g: Any, n: int = 3) -> Any:
            return dx(g, n - 1) if n else g * x

        return x * x / 2, dx

    x = leaf(3.0)
    x.data.add_(0)
    y = countdown(x)
    cutaway.ones(1).add_(1)
    y.backward()
    assert x.grad.tolist() == [3.0]


def test_a_pullback_with_a_variable_that_never_got_a_value() -> None:
    @cutaway.differentiable
    def maybe(x: Any, *, scaled: bool) -> Any:
        if scaled:
            factor = np.full_like(x, 2)
        return x * 1, lambda g: g * factor if scaled else g

    x = leaf(3.0)
    y = maybe(x, scaled=False)
    cutaway.ones(1).add_(1)
    y.backward()
    assert x.grad.tolist() == [1.0]


@pytest.mark.parametrize("op", EXAMPLES, ids=lambda op: op.__name__)
def test_held_finds_every_array_that_a_pullback_of_ours_can_reach(op: Any) -> None:
    for example in EXAMPLES[op]:
        with np.errstate(all="ignore"):
            _, *pullbacks = op(*example.inputs, **example.attrs)
        for pullback in pullbacks:
            found = {id(array) for array in held(pullback)}
            assert found == {id(array) for array in reachable(pullback)}
            assert hold_values([pullback]) == bool(found)


def reachable(function: Any) -> list[Any]:
    """Every array to which references lead from a function, by what the garbage collector knows; not its globals."""
    arrays, seen, todo = [], set(), [function]
    while todo:
        value = todo.pop()
        if isinstance(value, np.ndarray | np.generic):
            arrays.append(value)
        elif id(value) not in seen and not isinstance(value, type | ModuleType):
            seen.add(id(value))
            worlds = (getattr(value, "__globals__", None), vars(builtins))
            todo += [part for part in gc.get_referents(value) if not any(part is world for world in worlds)]
    return arrays


# --- and nothing else is refused ------------------------------------------------------------------------------------


def test_what_a_gradient_does_not_need_may_be_overwritten() -> None:
    x, z = leaf(1.0, 2.0), leaf(3.0, 4.0)
    a, b = x * 1, z * 1
    total = a + b
    a.zero_()
    b.mul_(5)
    total.sum().backward()
    assert x.grad.tolist() == z.grad.tolist() == [1.0, 1.0]


def test_an_in_place_result_is_what_its_own_gradient_needs() -> None:
    x = leaf(0.5, 2.0)
    for name in ("exp_", "relu_", "sigmoid_", "tanh_", "sqrt_", "reciprocal_", "log_", "square_", "abs_", "neg_"):
        x.grad = None
        y = x * 1
        getattr(y, name)()
        y.sum().backward()
        got, x.grad = x.grad, None
        getattr(x * 1, name[:-1])().sum().backward()
        assert got.tolist() == x.grad.tolist(), name


def test_an_in_place_product_remembers_what_it_overwrites() -> None:
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = x * 1
    y *= w
    y /= w * w
    y **= 2
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.array([1, 2]) / np.array([9, 16]))
    np.testing.assert_allclose(w.grad.numpy(), -2 * np.array([1, 4]) / np.array([27, 64]))


def test_relu_in_place_in_a_network() -> None:
    cutaway.manual_seed(0)
    nets = [nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=inplace), nn.Linear(4, 1)) for inplace in (True, False)]
    nets[1].load_state_dict(nets[0].state_dict())
    for net in nets:
        net(cutaway.ones(2, 3)).sum().backward()
    for p, q in zip(*(net.parameters() for net in nets), strict=True):
        assert p.grad.tolist() == q.grad.tolist()


def test_a_constant_s_partner_is_not_needed() -> None:
    x, mask = leaf(1.0, 2.0), cutaway.tensor([1.0, 0.0], dtype=cutaway.float64)
    h = x * 1
    y = h * mask
    h.zero_()  # only the gradient of mask would need it
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0]


def test_writing_before_the_op_or_to_other_memory() -> None:
    x, buffer = leaf(1.0, 2.0), cutaway.zeros(2, dtype=cutaway.float64)
    buffer.add_(3)
    y = x * buffer.clone()
    buffer.zero_()
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_the_usual_loops() -> None:
    net, x = nn.Linear(2, 2), cutaway.ones(1, 2)
    for optimizer in (cutaway.optim.SGD(net.parameters(), 0.1, momentum=0.9), cutaway.optim.Adam(net.parameters())):
        for _ in range(3):
            optimizer.zero_grad(set_to_none=False)
            net(x).square().sum().backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()


def test_an_accumulated_gradient_is_no_value_of_the_graph() -> None:
    x = leaf(1.0, 2.0)
    loss = (x.exp() * 2).sum()
    for _ in range(3):
        loss.backward(retain_graph=True)
    np.testing.assert_allclose(x.grad.numpy(), 6 * np.exp([1, 2]))


# --- views whose memory is laid out otherwise -----------------------------------------------------------------------


def test_a_write_through_a_view_of_a_transposed_result() -> None:
    x = cutaway.arange(6.0).reshape(2, 3).requires_grad_()
    w = x.T * 1  # it lies in memory as x does
    flat = w.T.view(-1)
    flat[:3] = 0
    (w * cutaway.arange(6.0).reshape(3, 2)).sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0, 0.0], [1.0, 3.0, 5.0]]


def test_a_value_with_more_dimensions_of_length_one() -> None:
    x = leaf(1.0, 2.0)
    h = cutaway.zeros(3, 2, dtype=cutaway.float64)
    h[1] = (x * 2).reshape(1, 1, 2)
    (h * cutaway.arange(6.0).reshape(3, 2)).sum().backward()
    assert x.grad.tolist() == [4.0, 6.0]


def test_what_shares_memory_is_a_view() -> None:
    """If an op gave back its input's memory without saying so, a write into the one would reach the other unseen."""
    x = cutaway.ones(2, 3, dtype=cutaway.float64, requires_grad=True) * 1
    wide = cutaway.ones(1, 3, 1, dtype=cutaway.float64, requires_grad=True) * 1
    index = cutaway.tensor([0, 1])
    values = [
        x.reshape(-1), x.view(3, 2), x.T, x.mT, x.t(), x.permute(1, 0), x.flatten(), x.ravel(), x.unsqueeze(0), x[0],
        x[:, ::2], x[None], x[...], x[index], x[x > 0], x.expand(4, 2, 3), x.narrow(0, 0, 1), *x.split(1), *x.chunk(2),
        *x.unbind(), *x, x.flip(0), x.repeat(1, 1), x.clone(), x.tril(), x.index_select(0, index), x.contiguous(),
        wide.squeeze(), wide.squeeze(0), wide.reshape(3), wide.movedim(0, 1), wide.expand(2, 3, 1), x.float().double(),
        cutaway.cat([x]), cutaway.stack([x]), cutaway.where(x > 0, x, x), x.sum(()), wide.sum(0), wide.mean(2),
        wide.amax(0), wide.max(0).values, wide.logsumexp(2), x.clamp(-9, 9), x.relu(), x.round(), x + 0, x * 1, x**1,
        x.cumsum(0), F.dropout(x, 0.0), F.dropout(x, 0.5, training=False), nn.Identity()(x), nn.Flatten(0)(x),
        F.linear(x, cutaway.eye(3, dtype=cutaway.float64)), x.view_as(x), x.expand_as(x), x.to(x.dtype),
        *cutaway.broadcast_tensors(x, x), *cutaway.meshgrid(x[0], x[1], indexing="ij"), x.gather(1, index[None]),
        x.unflatten(1, (3, 1)), x.swapaxes(0, 1), x.masked_fill(x < 0, 0.0), cutaway.hstack([x]), cutaway.vstack([x]),
    ]  # fmt: skip
    for value in values:
        base = value._view.base if value._view is not None else value
        for other in (x, wide):
            if np.shares_memory(value._array, other._array):
                assert base is other, value.grad_fn
