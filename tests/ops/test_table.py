"""What PyTorch calls a node, where the name depends on more than the op, and whom the node names as its parents.

tests/parity compares many more expressions with PyTorch itself; these are here so that the table is tested without it.
"""

from __future__ import annotations

from typing import Any

import pytest

import cutaway
from cutaway import nn

NAMES = {
    "Sub": "x - 1", "Rsub 1": "1 - x",
    "Pow 0": "x ** 2", "Pow 1": "x ** x", "Pow 2": "2 ** x",
    "Remainder 0": "x % 2", "Remainder 1": "x % x", "Lerp 0": "x.lerp(x, 0.5)", "Lerp 1": "x.lerp(x, x)",
    "MaskedFill 0": "x.masked_fill(x > 0, 1.)", "MaskedFill 1": "x.masked_fill(x > 0, x[0, 0])",
    "Clamp 1": "x.clamp(0, 1); x.clamp(min=0, max=1)", "ClampMin": "x.clamp_min(0)", "ClampMax": "x.clamp_max(0)",
    "Sum 0": "x.sum()", "Sum 1": "x.sum(0)", "Amax": "x.amax(); x.amax(0)", "Max 1": "x.max()", "Max 0": "x.max(0)[0]",
    "Bernoulli": "t.bernoulli(x / 9)",
    "Normal 1": "t.normal(x, 1.)", "Normal 2": "t.normal(1., x)", "Normal 3": "t.normal(x, x)",
    "Mm": "x @ x; F.linear(x, x)", "Mv": "x @ x[0]", "Squeeze 4": "x[0] @ x; F.linear(x[0], x)", "Dot": "x[0] @ x[0]",
    "Addmm": "F.linear(x, x, x[0]); t.addmm(x, x, x)", "Baddbmm": "t.baddbmm(x[None], x[None], x[None])",
    "Fmod 0": "x.fmod(2)", "Fmod 1": "x.fmod(x)",
    "Scatter 0": "x.scatter(0, at, x)", "Scatter 1": "x.scatter(0, at, 1.)",
    "UnsafeView": "x[None] @ x; F.linear(x[None], x)",
    "View": "F.linear(x[None], x, x[0]); F.linear(x[0], x, x[0]); x.reshape(4); x[:0].t().reshape(0)",
    "Squeeze 0": "x.squeeze()", "Squeeze 1": "x[:1].squeeze(0)", "Squeeze 2": "x[:1].squeeze((0,))",
    "Select": "x[0]; x[:, 0]; x[None, 0]", "Slice": "x[0:1]; x[1:, 1:]", "Alias": "x[...]",
    "Unsqueeze": "x[None]; x[0, None]; x[..., None]", "Index": "x[[0, 1]]; x[:, [0, 1]]; x[[0], 1:]",
}  # fmt: skip
WRITTEN = {
    "FillBackward2": "y.fill_(1.); y[:] = 1.",
    "torch::autograd::CopyBackwards": "y.copy_(x); y[...] = x; y[:] = x; y[:, :] = x; y.copy_(t.ones(2, 2))",
    "torch::autograd::CopySlices": "y[0] = 1.; y[:, 0] = x[0, 0]; y[0, 1] = 2.; y.t()[0] = 1.; y[0, [1]] = 1.",
    "IndexPutBackward0": "y[y > 1] = 0.; y[[0]] = x[:1] * 2",
}


def matrix() -> Any:
    return cutaway.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_node(name: str) -> None:
    op, _, number = name.partition(" ")
    for source in NAMES[name].split("; "):
        at = cutaway.zeros(1, 2, dtype=cutaway.int64)
        y = eval(source, {"x": matrix(), "t": cutaway, "F": nn.functional, "at": at})
        assert y.grad_fn.name() == f"{op}Backward{number or 0}", source
        y.sum().backward()
        assert y.grad_fn.name() == f"{op}Backward{number or 0}", f"{source}, when its values are let go"


def test_a_reshape_that_had_to_copy() -> None:
    assert matrix().t().reshape(4).grad_fn.name() == "UnsafeViewBackward0"


@pytest.mark.parametrize("name", WRITTEN)
def test_the_name_of_what_was_written(name: str) -> None:
    for source in WRITTEN[name].split("; "):
        x = matrix()
        y = x * 1
        exec(source, {"x": x, "y": y, "t": cutaway})
        assert y.grad_fn.name() == name, source


@pytest.mark.parametrize(
    ("source", "parents"),
    [
        ("3 * x", "x -"), ("x * 3", "x -"), ("3 - x", "x -"), ("x - 3", "x -"), ("x - y", "x y"), ("y / x", "y x"),
        ("t.where(x > 0, 1., x)", "- x"), ("t.where(x > 0, x, 1.)", "x -"), ("t.ones(2, 2) * x", "- x"),
        ("F.linear(x, y)", "x y"), ("F.linear(x, y, z)", "z x y"), ("t.lerp(x, y, z)", "x y z"),
    ],
)  # fmt: skip
def test_the_parents_of_a_node(source: str, parents: str) -> None:
    x, y, z = matrix(), matrix(), cutaway.ones(2, requires_grad=True)
    names: dict[Any, str] = {x: "x", y: "y", z: "z"}
    node = eval(source, {"x": x, "y": y, "z": z, "t": cutaway, "F": nn.functional}).grad_fn
    assert " ".join(names[parent.variable] if parent else "-" for parent, _ in node.next_functions) == parents


@pytest.mark.parametrize(
    "source",
    [
        "F.relu(x)", "F.leaky_relu(x, 0.1)", "F.hardtanh(x)", "F.prelu(x, t.ones(1))", "F.max_pool2d(x[None, None], 2)",
        "F.avg_pool2d(x[None, None], 2)", "F.nll_loss(x, t.tensor([0, 1]))",
    ],
)  # fmt: skip
def test_what_is_straight_has_a_second_derivative_of_zeros(source: str) -> None:
    x = matrix()
    y = eval(source, {"x": x, "t": cutaway, "F": nn.functional})
    (slope,) = cutaway.autograd.grad(y.sum(), x, create_graph=True)
    assert cutaway.autograd.grad(slope.sum(), x)[0].tolist() == [[0, 0], [0, 0]]
