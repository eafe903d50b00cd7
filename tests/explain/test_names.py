"""What the user calls things, found where it can be known, and never guessed."""

from __future__ import annotations

from typing import Any

import pytest

import cutaway as torch
from cutaway import nn
from cutaway.explain import trace
from cutaway.explain.labels import labels


def names(found: dict[str, Any]) -> list[str | None]:
    """The names of the ops, in the order of computation."""
    return [node["name"] for node in found["nodes"] if node["kind"] == "op"]


def named(found: dict[str, Any], kind: str) -> set[str | None]:
    return {node["name"] for node in found["nodes"] if node["kind"] == kind}


def test_variables_that_hold_the_tensors_now() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    scale = torch.tensor(3.0)
    loss = (w * scale).sum()
    found = trace(loss)
    assert names(found) == [None, "loss"]
    assert named(found, "input") == {"w"} and named(found, "constant") == {"scale"}


def test_what_lies_in_lists_and_dicts() -> None:
    weights = [torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)]
    data = {"x": torch.tensor(3.0)}
    loss = weights[0] * weights[1] * data["x"]
    found = trace(loss)
    assert named(found, "input") == {"weights[0]", "weights[1]"}
    assert named(found, "constant") == {"data['x']"}


def test_rows_of_what_has_a_name() -> None:
    xs = torch.arange(6.0).reshape(3, 2)
    w = torch.ones(2, requires_grad=True)
    total = sum((x * w).sum() for x in xs)
    assert named(trace(total), "constant") == {"xs[0]", "xs[1]", "xs[2]", None}  # None: sum() starts from 0


def test_a_row_of_the_same_memory_that_the_variable_does_not_hold() -> None:
    data = torch.arange(6.0).reshape(3, 2)
    xs, first = data[1:], [data[0]]
    del data
    w = torch.ones(2, requires_grad=True)
    before, inside = (first.pop() * w).sum(), (xs[0] * w).sum()
    assert named(trace(before), "constant") == {None}
    assert named(trace(inside), "constant") == {"xs[0]"}


def test_names_that_the_line_assigns() -> None:
    x = torch.tensor(2.0, requires_grad=True)
    h = x
    for _ in range(3):
        h = h * x  # the variable holds only the last
    a, b = h + 1, h + 2
    c = a * b
    c: Any = c - 1  # type: ignore[no-redef]
    if (e := c / 2) is not None:
        e += 1
    found = trace(e)
    assert names(found) == ["h", "h", "h", "a", "b", "c", "c", "e", "e"]


def test_a_call_that_makes_several_ops_names_the_last() -> None:
    def twice(x: Any) -> Any:
        return x * 2 + 1

    x = torch.tensor([[2.0, 1.0]], requires_grad=True)
    layer = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    hidden = layer(x)
    y = twice(hidden)
    del hidden, y  # what the line says is all there is to go by
    hidden = layer(x)
    total = (hidden + twice(layer(x))).sum()
    assert [n["name"] for n in trace(total)["nodes"] if n["op"] == "tanh"] == ["hidden", None]
    y = twice(layer(x))
    found = trace(y.sum())
    assert [node["name"] for node in found["nodes"] if node["op"] in ("linear", "tanh", "mul")] == [None, None, None]


def test_methods_that_write_in_place_name_what_they_write_to() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    h = w * 3
    h.mul_(2)
    h[0] = 5.0
    y = h.sum()
    assert names(trace(y)) == ["h", "h", "h", "y"]


def test_a_method_call_over_several_lines() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    # fmt: off
    h = (w
         .exp()
         .sin())
    # fmt: on
    y = h.sum()
    del h
    found = trace(y)
    assert names(found) == [None, "h", "y"]
    assert [" ".join(node["line"]["expression"].split()) for node in found["nodes"] if node["line"]] == [
        "w .exp()", "w .exp() .sin()", "h.sum()",
    ]  # fmt: skip


def test_an_expression_is_said_only_where_it_is_one_op() -> None:
    x = torch.tensor([[1.0, 2.0]], requires_grad=True)
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    y = (model(x) - 1).sum()
    found = trace(y)
    said = [node["line"]["expression"] for node in found["nodes"] if node["kind"] == "op"]
    assert said == [None, "model(x)", "model(x) - 1", "(model(x) - 1).sum()"]
    assert {node["line"]["code"] for node in found["nodes"] if node["kind"] == "op"} == {"y = (model(x) - 1).sum()"}
    assert all(node["line"]["file"] == __file__ for node in found["nodes"] if node["kind"] == "op")


# --- modules ----------------------------------------------------------------------------------------------------------


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.register_buffer("offset", torch.ones(2))

    def forward(self, x: Any) -> Any:
        return self.linear(x) + self.offset


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Inner(), Inner()])

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x


def modules(found: dict[str, Any]) -> list[str]:
    return [module["path"] for module in found["modules"]]


def test_paths_of_modules_parameters_and_buffers() -> None:
    encoder = Outer()
    y = encoder(torch.ones(1, 2)).sum()
    found = trace(y)
    assert modules(found) == [
        "encoder", "encoder.layers.0", "encoder.layers.0.linear", "encoder.layers.1", "encoder.layers.1.linear",
    ]  # fmt: skip
    assert found["modules"][2] == {
        "path": "encoder.layers.0.linear", "type": "Linear", "parent": "encoder.layers.0",
        "repr": "Linear(in_features=2, out_features=2, bias=True)",
    }  # fmt: skip
    assert "encoder.layers.1.linear.weight" in named(found, "parameter")
    assert "encoder.layers.0.offset" in named(found, "constant")


def test_a_module_that_no_variable_leads_to_is_named_after_its_class() -> None:
    def made_inside() -> Any:
        return Outer()(torch.ones(1, 2)).sum()

    y = made_inside()
    assert {path.partition(".")[0] for path in modules(trace(y))} == {"Outer"}
    loss = nn.MSELoss()(torch.ones(2, requires_grad=True), torch.zeros(2))
    assert modules(trace(loss)) == ["MSELoss"]


def test_a_module_found_through_self() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.model = Inner()

        def step(self) -> Any:
            loss = self.model(torch.ones(1, 2)).sum()
            return trace(loss)

    assert modules(Trainer().step()) == ["self.model", "self.model.linear"]


def test_a_part_called_by_itself_has_the_path_of_the_whole() -> None:
    encoder = Outer()
    y = encoder.layers[1](torch.ones(1, 2)).sum()
    assert modules(trace(y)) == ["encoder.layers.1", "encoder.layers.1.linear"]


# --- labels -----------------------------------------------------------------------------------------------------------


def test_labels_are_short_and_each_another() -> None:
    encoder = Outer()
    h = torch.ones(1, 2)
    for _ in range(2):
        h = encoder(h)
    y = h.sum()
    found = labels(trace(y))
    assert len(set(found)) == len(found)
    assert {"layers.0.linear.weight", "layers.1.linear.bias", "h", "y"} <= set(found)
    assert {"layers.0.linear₁", "layers.0.linear₂", "layers.0₁", "layers.0₂"} <= set(found)


def test_what_has_no_name_gets_a_letter_that_nobody_uses() -> None:
    a = torch.tensor(2.0, requires_grad=True)
    c = torch.tensor(3.0)
    y = a * 2 + c
    found = trace(y)
    assert labels(found) == ["a", "2", "b", "c", "y"]


# --- views of data, and objects -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("take", "name"),
    [
        (lambda x: x[:2], "batch[:2]"),
        (lambda x: x[4:], "batch[4:]"),
        (lambda x: x[1:3], "batch[1:3]"),
        (lambda x: x[:1], "batch[:1]"),
        (lambda x: x[::2], "batch[::2]"),
        (lambda x: x[1::3, 2], "batch[1::3, 2]"),
        (lambda x: x[:, 0], "batch[:, 0]"),
        (lambda x: x[3], "batch[3]"),
        (lambda x: x[3, 1], "batch[3, 1]"),
        (lambda x: x[:, :2], "batch[:, :2]"),
        (lambda x: x.t(), "batchᵀ"),
        (lambda x: x[:2].T, "batch[:2]ᵀ"),
        (lambda x: x.reshape(9, 2), "batch.reshape(9, 2)"),
        (lambda x: x[2:4].flatten(), "batch[2:4].reshape(6)"),
        (lambda x: x.detach(), "batch"),
        (lambda x: x[[0, 2]], None),  # a copy
        (lambda x: x[0].expand(2, 3), None),
        (lambda x: x[:0], None),
    ],
)
def test_a_view_of_what_has_a_name_is_named_by_it(take: Any, name: str | None) -> None:
    batch = torch.arange(18.0).reshape(6, 3).clone()
    w = torch.ones(take(batch).shape, requires_grad=True)
    assert named(trace((w * take(batch)).sum()), "constant") == {name}


def test_swapped_axes_are_named_too() -> None:
    sequences = torch.arange(24.0).reshape(2, 3, 4).clone()
    w = torch.ones(3, 2, 4, requires_grad=True)
    assert named(trace((w * sequences.transpose(0, 1)).sum()), "constant") == {"sequences.transpose(0, 1)"}


def test_a_view_that_a_variable_holds_is_called_after_the_variable() -> None:
    w, data = torch.ones(2, 3, requires_grad=True), torch.ones(6, 3)
    batch = data[2:4]
    assert named(trace((w * batch).sum()), "constant") == {"batch"}


class Unit:
    def __init__(self) -> None:
        self.w, self.b = [torch.ones((), requires_grad=True) for _ in range(2)], torch.ones((), requires_grad=True)


class Layers:
    def __init__(self) -> None:
        self.units = {"first": Unit(), "last": Unit()}


def test_what_objects_of_the_users_own_classes_have_is_named_by_its_path() -> None:
    net = Layers()
    first, last = net.units.values()
    found = trace(first.w[1] * last.w[0] + first.b)
    assert [node["name"] for node in found["nodes"] if node["kind"] == "input"] == [
        "first.w[1]", "last.w[0]", "first.b",
    ]  # fmt: skip
    del first, last
    found = trace(net.units["first"].w[1] * net.units["last"].b)
    assert [node["name"] for node in found["nodes"] if node["kind"] == "input"] == [
        "net.units['first'].w[1]", "net.units['last'].b",
    ]  # fmt: skip


def test_lists_in_lists_are_looked_into() -> None:
    matrix = [[torch.ones((), requires_grad=True) for _ in range(2)] for _ in range(2)]
    assert named(trace(matrix[0][1] * matrix[1][0]), "input") == {"matrix[0][1]", "matrix[1][0]"}


def test_the_letter_of_a_variable_is_given_to_no_other_value() -> None:
    m = torch.nn.Linear(1, 1)
    x = torch.ones(1, requires_grad=True)
    h = x
    for op in ("sin", "cos", "exp", "tanh", "sigmoid", "sinh", "square", "exp", "cos", "sin"):
        h = getattr(h, op)()
    out = m(h * 2 * 3 * 4)
    assert "m" not in labels(trace(out))
