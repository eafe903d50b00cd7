"""Recurrent layers against PyTorch: initial weights, outputs, all gradients, dropout's masks, and errors' classes."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.parity.both import same
from tests.parity.test_nn import DTYPES, leaf, numbers

KINDS = ["RNN", "GRU", "LSTM"]
SETTINGS: list[dict[str, Any]] = [
    {},
    {"bias": False},
    {"batch_first": True},
    {"num_layers": 3},
    {"bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
    {"num_layers": 3, "dropout": 0.5},
    {"num_layers": 3, "dropout": 0.4, "batch_first": True},
    {"num_layers": 2, "dropout": 0.3, "bidirectional": True, "bias": False},
    {"num_layers": 2, "dropout": 1.0},
]


def flat(outputs: Any) -> list[Any]:
    return [y for x in outputs for y in flat(x)] if isinstance(outputs, tuple | list) else [outputs]


def trained(t: Any, module: Any, *inputs: Any) -> list[Any]:
    """Outputs, and the gradients of inputs, states and parameters for a loss that weights every output differently."""
    outputs = flat(module(*inputs))
    loss: Any = 0
    for i, out in enumerate(outputs):
        loss = loss + (out * t.from_numpy(numbers(*out.shape, seed=10 + i)).to(out.dtype)).sum()
    loss.backward()
    return [outputs, [x.grad for x in flat(inputs)], [p.grad for p in module.parameters()]]


def close(program: Any, dtype: str) -> None:
    """To rounding; PyTorch's LSTM in float32 is made for speed, and rounds more."""
    same(program, rtol=2e-4, atol=2e-5) if dtype == "float32" else same(program, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("unbatched", [False, True])
@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_layer(kind: str, settings: dict[str, Any], unbatched: bool, start: bool, dtype: str) -> None:
    def program(t: Any) -> Any:
        layer = getattr(t.nn, kind)(3, 5, **settings).to(getattr(t, dtype))
        x = leaf(t, numbers(*((7, 3) if unbatched else (7, 4, 3)), dtype=dtype))
        batch = () if unbatched else (7 if settings.get("batch_first") else 4,)
        shape = (settings.get("num_layers", 1) * (1 + settings.get("bidirectional", False)), *batch, 5)
        states = tuple(leaf(t, numbers(*shape, seed=i, dtype=dtype)) for i in (1, 2))
        inputs = [x, states if kind == "LSTM" else states[0]] if start else [x]
        results = [repr(layer), layer.state_dict(), trained(t, layer, *inputs)]
        return [*results, layer.eval()(*inputs), t.rand(2)]

    close(program, dtype)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (1, 3, 2, 4), (20, 1, 2, 1), (3, 0, 2, 4), (50, 4, 8, 16)])
def test_sizes(kind: str, sizes: tuple[int, int, int, int]) -> None:
    def program(t: Any) -> Any:
        T, N, size, H = sizes
        return trained(t, getattr(t.nn, kind)(size, H), leaf(t, numbers(T, N, size)))

    same(program, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [1e-4, 100.0])
def test_gates_that_are_wide_open_or_shut(kind: str, scale: float) -> None:
    def program(t: Any) -> Any:
        x = leaf(t, numbers(4, 2, 3, scale=scale, dtype="float64"))
        return trained(t, getattr(t.nn, kind)(3, 5).double(), x)

    close(program, "float64")


@pytest.mark.parametrize("kind", KINDS)
def test_second_derivatives(kind: str) -> None:
    def program(t: Any) -> Any:
        layer = getattr(t.nn, kind)(2, 3, bidirectional=True).double()
        x = leaf(t, numbers(4, 2, 2, dtype="float64"))
        out = flat(layer(x))
        (g,) = t.autograd.grad(sum((o * o).sum() for o in out), x, create_graph=True)
        (g * g).sum().backward()
        return [g, x.grad, [p.grad for p in layer.parameters()]]

    same(program, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_part_of_the_outputs_and_frozen_weights(kind: str) -> None:
    """A loss of the last state alone, or of one output, with weights that want no gradient."""

    def program(t: Any) -> Any:
        layer = getattr(t.nn, kind)(3, 4, 2, batch_first=True)
        layer.weight_hh_l0.requires_grad_(False)
        layer.bias_ih_l1.requires_grad_(False)
        x = t.from_numpy(numbers(2, 5, 3))
        results = []
        for pick in (lambda out: out[0][:, -1], lambda out: flat(out[1])[-1][0], lambda out: out[0][:, 2]):
            layer.zero_grad()
            pick(layer(x)).sum().backward()
            results.append([p.grad for p in layer.parameters()])
        return results

    close(program, "float32")


@pytest.mark.parametrize("kind", KINDS)
def test_learning_to_add(kind: str) -> None:
    """Thirty steps of Adam, with the state carried over and detached, as language models are trained."""

    def program(t: Any) -> Any:
        layer, head = getattr(t.nn, kind)(1, 8, batch_first=True), t.nn.Linear(8, 1)
        optimizer = t.optim.Adam([*layer.parameters(), *head.parameters()], lr=0.01)
        state, losses = None, []
        for step in range(30):
            x = t.from_numpy(numbers(4, 6, 1, seed=step, scale=0.3))
            out, state = layer(x, state)
            state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
            loss = ((head(out) - x.cumsum(1)) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    same(program, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", ["RNNCell", "GRUCell", "LSTMCell"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch", [(), (4,), (0,)])
@pytest.mark.parametrize("start", [True, False])
@pytest.mark.parametrize("dtype", DTYPES)
def test_cell(kind: str, bias: bool, batch: tuple[int, ...], start: bool, dtype: str) -> None:
    def program(t: Any) -> Any:
        cell = getattr(t.nn, kind)(3, 5, bias, dtype=getattr(t, dtype))
        x, h, c = (leaf(t, numbers(*batch, n, seed=n, dtype=dtype)) for n in (3, 5, 5))
        inputs = [x, (h, c) if kind == "LSTMCell" else h] if start else [x]
        return [repr(cell), cell.state_dict(), trained(t, cell, *inputs)]

    close(program, dtype)


def test_relu() -> None:
    def program(t: Any) -> Any:
        layer, cell = t.nn.RNN(3, 5, 2, "relu"), t.nn.RNNCell(3, 5, nonlinearity="relu")
        results = [trained(t, layer, leaf(t, numbers(4, 2, 3))), trained(t, cell, leaf(t, numbers(2, 3)))]
        return [repr(layer), repr(cell), *results]

    close(program, "float32")


@pytest.mark.parametrize("kind", KINDS)
def test_what_else_a_layer_tells(kind: str) -> None:
    def program(t: Any) -> Any:
        layer = getattr(t.nn, kind)(3, 5, 2, bidirectional=True)
        layer.flatten_parameters()
        output, state = layer(t.zeros(4, 2, 3))
        states = flat(state)
        contiguous = [x.is_contiguous() for x in (output, *states)]
        names = [x.grad_fn.name() for x in states]
        told = [layer.input_size, layer.hidden_size, layer.num_layers, layer.bias, layer.dropout, layer.bidirectional]
        return [layer.all_weights, contiguous, names, told, t.nn.GRU(3, 5)(t.zeros(4, 2, 3))[0].grad_fn.name()]

    close(program, "float32")


# --- errors ---------------------------------------------------------------------------------------------------

Z = "t.zeros"
MISTAKES = [
    *[f"nn.{kind}(3, 5)({x})" for kind, x in itertools.product(KINDS, [
        f"{Z}(2)", f"{Z}(4, 5, 2)", f"{Z}(1, 2, 3, 4)", f"{Z}(0, 2, 3)", f"{Z}(4, 2, 3, dtype=t.float64)",
        f"{Z}(4, 2, 3, dtype=t.int64)",
    ])],
    *[f"nn.{kind}(3, 5)({Z}(4, 2, 3), {h})" for kind, h in itertools.product(["RNN", "GRU"], [
        f"{Z}(1, 5)", f"{Z}(1, 4, 5)", f"{Z}(2, 2, 5)", f"{Z}(1, 2, 6)", f"{Z}(1, 2, 5, dtype=t.float64)",
    ])],
    *[f"nn.LSTM(3, 5)({Z}(4, 2, 3), ({h}, {c}))" for h, c in [
        (f"{Z}(1, 2, 5)", f"{Z}(1, 3, 5)"), (f"{Z}(1, 2, 6)", f"{Z}(1, 2, 5)"), (f"{Z}(1, 5)", f"{Z}(1, 5)"),
        (f"{Z}(1, 2, 5, dtype=t.float64)", f"{Z}(1, 2, 5)"),
    ]],
    f"nn.LSTM(3, 5)({Z}(4, 3), ({Z}(1, 1, 5), {Z}(1, 1, 5)))", f"nn.GRU(3, 5)({Z}(4, 3), {Z}(1, 1, 5))",
    *[f"nn.{kind}({settings})" for kind, settings in itertools.product(KINDS, [
        "3, 0", "0, 5", "3, 5, 0", "3, 5, dropout=2", "3, 5, dropout=True", "3, 5.0", "3, '5'", "3",
        "3, 5, 2, dropout=-0.1",
    ])],
    "nn.RNN(3, 5, nonlinearity='x')", "nn.GRU(3, 5, nonlinearity='relu')",
    *[f"nn.{kind}Cell(3, 5)({x})" for kind, x in itertools.product(KINDS, [
        f"{Z}(1, 4, 3)", f"{Z}(4, 2)", f"{Z}(4, 3, dtype=t.float64)", f"{Z}(4, 3, dtype=t.int64)",
    ])],
    *[f"nn.{kind}Cell(3, 5)({Z}(4, 3), {h})" for kind, h in itertools.product(["RNN", "GRU"], [
        f"{Z}(2, 5)", f"{Z}(4, 4)", f"{Z}(4, 1, 5)",
    ])],
    f"nn.LSTMCell(3, 5)({Z}(4, 3), {Z}(4, 5))", f"nn.LSTMCell(3, 5)({Z}(4, 3), ({Z}(4, 5), {Z}(4, 4)))",
    f"nn.LSTMCell(3, 5)({Z}(4, 3), ({Z}(4, 1, 5), {Z}(4, 5)))",
]  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_raise_the_same_class(mistake: str) -> None:
    same(lambda t: eval(mistake, {"t": t, "nn": t.nn}))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("lengths", [[6, 6, 3, 1], [2, 6, 1, 6], [4, 4, 4, 4]], ids=str)
@pytest.mark.parametrize("start", [False, True])
def test_packed(kind: str, settings: dict[str, Any], lengths: list[int], start: bool) -> None:
    def program(t: Any) -> Any:
        layer, rnn = getattr(t.nn, kind)(3, 5, **settings), t.nn.utils.rnn
        x = leaf(t, numbers(4, 6, 3, dtype="float32"))
        shape = (settings.get("num_layers", 1) * (1 + settings.get("bidirectional", False)), 4, 5)
        states = tuple(leaf(t, numbers(*shape, seed=i, dtype="float32")) for i in (1, 2))
        given = [states if kind == "LSTM" else states[0]] if start else []

        def through(x: Any, *given: Any) -> Any:
            packed = rnn.pack_padded_sequence(x, t.tensor(lengths), batch_first=True, enforce_sorted=False)
            output, state = layer(packed, *given)
            return [rnn.pad_packed_sequence(output, batch_first=True, padding_value=0.5, total_length=7)[0], state]

        packed = rnn.pack_padded_sequence(x.detach(), lengths, batch_first=True, enforce_sorted=False)
        through.parameters = layer.parameters  # type: ignore[attr-defined]
        return [repr(packed), [*rnn.pad_packed_sequence(packed)], trained(t, through, x, *given), layer.state_dict()]

    close(program, "float32")
