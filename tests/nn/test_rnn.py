"""Recurrent layers and cells: what a layer makes of its cell's step, shapes, states, and errors that teach.

Numbers written out here are PyTorch 2.13's for the same seed.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from tests.nn.witness import check, leaf

KINDS = ["RNN", "GRU", "LSTM"]
every_kind = pytest.mark.parametrize("kind", KINDS)


def close(got: torch.Tensor, expected: Any, rtol: float = 1e-5) -> None:
    expected = expected.numpy(force=True) if isinstance(expected, torch.Tensor) else np.array(expected)
    np.testing.assert_allclose(got.numpy(force=True), expected, rtol=rtol, atol=1e-7)


def first(state: Any) -> torch.Tensor:
    """h, of h or (h, c)."""
    return state[0] if isinstance(state, tuple) else state


# --- as PyTorch's ---------------------------------------------------------------------------------------------


def test_gru_and_lstm_start_and_run_as_pytorchs() -> None:
    x = torch.arange(6.0).reshape(3, 1, 2) / 6
    torch.manual_seed(0)
    gru = nn.GRU(2, 2)
    close(gru.weight_hh_l0[0], [-0.67553341, -0.46830416])
    close(gru(x)[0][-1, 0], [-0.60540932, -0.63772672])
    torch.manual_seed(0)
    lstm = nn.LSTM(2, 2)
    close(lstm.weight_hh_l0[0], [0.2795442, 0.42428017])
    output, (_, c) = lstm(x)
    close(output[-1, 0], [-0.21727094, -0.02022015])
    close(c[0, 0], [-0.45926967, -0.03077378])


def test_cells_start_and_run_as_pytorchs() -> None:
    torch.manual_seed(3)
    close(nn.GRUCell(2, 2)(torch.ones(1, 2))[0], [0.06195829, -0.12258963])
    torch.manual_seed(3)
    close(nn.LSTMCell(2, 2)(torch.ones(1, 2))[0][0], [0.02117567, -0.02189543])


def test_dropout_between_layers_draws_as_pytorchs() -> None:
    torch.manual_seed(0)
    close(nn.LSTM(2, 3, 2, dropout=0.5)(torch.ones(4, 1, 2))[0][-1, 0], [-0.26039407, -0.0327547, -0.04706953])


def test_names_and_print() -> None:
    lstm = nn.LSTM(3, 5, 2, bidirectional=True, batch_first=True, dropout=0.1)
    assert repr(lstm) == "LSTM(3, 5, num_layers=2, batch_first=True, dropout=0.1, bidirectional=True)"
    assert [(name, tuple(p.shape)) for name, p in lstm.named_parameters()][4:10] == [
        ("weight_ih_l0_reverse", (20, 3)), ("weight_hh_l0_reverse", (20, 5)), ("bias_ih_l0_reverse", (20,)),
        ("bias_hh_l0_reverse", (20,)), ("weight_ih_l1", (20, 10)), ("weight_hh_l1", (20, 5)),
    ]  # fmt: skip
    assert repr(nn.GRUCell(3, 5, bias=False)) == "GRUCell(3, 5, bias=False)"
    assert repr(nn.RNNCell(3, 5, nonlinearity="relu")) == "RNNCell(3, 5, nonlinearity=relu)"
    assert list(nn.GRU(3, 5, bias=False).state_dict()) == ["weight_ih_l0", "weight_hh_l0"]


# --- a layer is its cell in a loop ----------------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_is_its_cell_in_a_loop(kind: str, bias: bool) -> None:
    layer, cell = getattr(nn, kind)(3, 4, bias=bias), getattr(nn, f"{kind}Cell")(3, 4, bias=bias)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    x, h, c = torch.randn(5, 2, 3), torch.randn(1, 2, 4), torch.randn(1, 2, 4)
    output, last = layer(x, (h, c) if kind == "LSTM" else h)
    state = (h[0], c[0]) if kind == "LSTM" else h[0]
    for t in range(5):
        state = cell(x[t], state)
        close(output[t], first(state))
    close(first(last)[0], first(state))
    if kind == "LSTM":
        close(last[1][0], state[1])


@every_kind
def test_backward_is_forward_on_the_reversed_sequence(kind: str) -> None:
    both, one = getattr(nn, kind)(3, 4, bidirectional=True), getattr(nn, kind)(3, 4)
    reverse = {name.removesuffix("_reverse"): v for name, v in both.state_dict().items() if "_reverse" in name}
    one.load_state_dict(reverse)
    x = torch.randn(5, 2, 3)
    output, last = both(x)
    there, end = one(x.flip(0))
    close(output[:, :, 4:], there.flip(0))
    close(first(last)[1], first(end)[0])


@every_kind
def test_a_layer_above_reads_the_states_of_the_one_below(kind: str) -> None:
    two, lower, upper = getattr(nn, kind)(3, 4, 2), getattr(nn, kind)(3, 4), getattr(nn, kind)(4, 4)
    state = two.state_dict()
    lower.load_state_dict({name: v for name, v in state.items() if name.endswith("l0")})
    upper.load_state_dict({name.replace("l1", "l0"): v for name, v in state.items() if name.endswith("l1")})
    x = torch.randn(5, 2, 3)
    output, last = two(x)
    middle, end = lower(x)
    close(output, upper(middle)[0])
    close(first(last)[0], first(end)[0])


@every_kind
def test_batch_first_turns_x_and_output_but_not_the_states(kind: str) -> None:
    layer, turned = getattr(nn, kind)(3, 4), getattr(nn, kind)(3, 4, batch_first=True)
    turned.load_state_dict(layer.state_dict())
    x = torch.randn(2, 5, 3)
    output, last = layer(x.transpose(0, 1))
    output_turned, last_turned = turned(x)
    close(output_turned, output.transpose(0, 1))
    close(first(last_turned), first(last))
    one, end = turned(x[0])  # one sequence has no batch to come first
    close(one, output[:, 0])
    close(first(end), first(last)[:, 0])


@every_kind
@pytest.mark.parametrize("settings", [{}, {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False}])
def test_gradients(kind: str, settings: dict[str, Any]) -> None:
    layer = getattr(nn, kind)(2, 3, **settings).double()
    x, h = leaf(2, 3, 2), leaf(4 if settings else 1, 2 if settings else 3, 3, seed=1)
    run = lambda x, h: layer(x, (h, h * 2) if kind == "LSTM" else h)
    check(lambda x, h, *_: run(x, h)[0], x, h, *layer.parameters())
    check(lambda x, h: first(run(x, h)[1]), x, h)
    if kind == "LSTM":
        check(lambda x, h: run(x, h)[1][1], x, h)


@every_kind
def test_gradients_of_a_cell(kind: str) -> None:
    cell = getattr(nn, f"{kind}Cell")(2, 3).double()
    x, h = leaf(2, 2), leaf(2, 3, seed=1)
    check(lambda x, h, *_: first(cell(x, (h, h * 2) if kind == "LSTM" else h)), x, h, *cell.parameters())


@every_kind
def test_gradients_are_those_of_the_cells(kind: str) -> None:
    """The fused op against the graph of a loop: through all layers' outputs, and with float32."""
    layer, cell = getattr(nn, kind)(3, 4), getattr(nn, f"{kind}Cell")(3, 4)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    x = torch.randn(6, 2, 3)
    (layer(x)[0] ** 2).sum().backward()
    state, loss = None, torch.tensor(0.0)
    for t in range(6):
        state = cell(x[t], state)
        loss = loss + (first(state) ** 2).sum()
    loss.backward()
    for fused, plain in zip(layer.parameters(), cell.parameters(), strict=True):
        close(fused.grad, plain.grad, rtol=1e-4)


# --- shapes, states, modes ------------------------------------------------------------------------------------


@every_kind
def test_shapes(kind: str) -> None:
    layer = getattr(nn, kind)(3, 5, 2, batch_first=True, bidirectional=True)
    for given, output, state in (
        ((2, 7, 3), (2, 7, 10), (4, 2, 5)), ((7, 3), (7, 10), (4, 5)), ((0, 7, 3), (0, 7, 10), (4, 0, 5)),
    ):  # fmt: skip
        out, last = layer(torch.zeros(given))
        assert out.shape == output
        assert first(last).shape == state


@every_kind
def test_no_state_is_a_state_of_zeros(kind: str) -> None:
    layer, x, zero = getattr(nn, kind)(3, 5), torch.randn(4, 2, 3), torch.zeros(1, 2, 5)
    close(layer(x)[0], layer(x, (zero, zero) if kind == "LSTM" else zero)[0], rtol=0)
    cell, zero = getattr(nn, f"{kind}Cell")(3, 5), torch.zeros(2, 5)
    close(first(cell(x[0])), first(cell(x[0], [zero, zero] if kind == "LSTM" else zero)), rtol=0)


@every_kind
def test_dropping_between_layers_only_while_training(kind: str) -> None:
    torch.manual_seed(0)
    layer, x = getattr(nn, kind)(3, 20, 2, dropout=0.5), torch.randn(4, 2, 3)
    assert layer(x)[0].tolist() != layer(x)[0].tolist()
    layer.eval()
    assert layer(x)[0].tolist() == layer(x)[0].tolist()
    with pytest.warns(UserWarning, match="num_layers=1 has no such place"):
        getattr(nn, kind)(3, 4, dropout=0.5)


def test_a_loop_over_chunks_does_not_hold_on_to_the_past() -> None:
    lstm, state = nn.LSTM(2, 3), None
    for _ in range(3):
        output, (h, c) = lstm(torch.randn(4, 1, 2), state)
        output.sum().backward()
        state = (h.detach(), c.detach())  # without it the next backward would need the graph that is freed
    with pytest.raises(RuntimeError):
        output, state = lstm(torch.randn(4, 1, 2), (h, c))
        output.sum().backward()


def test_what_pytorch_programs_call() -> None:
    gru = nn.GRU(3, 5, 2)
    gru.flatten_parameters()
    assert [len(weights) for weights in gru.all_weights] == [4, 4]
    assert gru.all_weights[1][0] is gru.weight_ih_l1
    assert (nn.RNN(3, 5).mode, nn.RNN(3, 5, nonlinearity="relu").mode) == ("RNN_TANH", "RNN_RELU")


# --- errors that teach ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, error, text",
    [
        ("nn.GRU(3, 5)(torch.zeros(2))", ValueError, r"GRU\(3, 5\) takes x of shape \(T, N, 3\), or \(T, 3\) for one"),
        ("nn.LSTM(3, 5, batch_first=True)(torch.zeros(4, 5, 2))", RuntimeError, r"shape \(N, T, 3\).* have size 3"),
        ("nn.GRU(3, 5)(torch.zeros(4, 2, 3), torch.zeros(1, 4, 5))", RuntimeError, r"h must have shape \(1, 2, 5\)"),
        (
            "nn.LSTM(3, 5)(torch.zeros(4, 2, 3), (torch.zeros(1, 2, 5), torch.zeros(1, 2, 6)))",
            RuntimeError, r"hidden state c must have shape \(1, 2, 5\), but it has \(1, 2, 6\)",
        ),
        (
            "nn.LSTM(3, 5)(torch.zeros(4, 2, 3), torch.zeros(1, 2, 5))",
            TypeError, r"takes them as a pair, lstm\(x, \(h, c\)\), but got a tensor",
        ),
        ("nn.GRU(3, 5)(torch.zeros(4, 2, 3), (1, 2))", TypeError, r"has one state, h, but got tuple"),
        ("nn.LSTM(3, 5)(torch.zeros(0, 2, 3))", RuntimeError, "sequences of one step or more"),
        ("nn.GRU(3, 5)(torch.zeros(2, 2, 3).double())", ValueError, r"convert the input, x\.to\(torch\.float32\)"),
        (
            "nn.GRU(3, 5)(torch.zeros(2, 2, 3), torch.zeros(1, 2, 5).double())",
            RuntimeError, r"x of torch.float32 and a state h of torch.float64: use h\.to\(torch\.float32\)",
        ),
        ("nn.LSTM(3, 5, proj_size=2)", NotImplementedError, r"an nn\.Linear\(5, 2\) after the layer"),
        ("nn.GRU(3, 0)", ValueError, "hidden_size must be greater than zero, but is 0"),
        ("nn.LSTM(3, 5, 1.5)", TypeError, "num_layers must be an integer, but got"),
        ("nn.RNN(3, 5, batch_first=1)", TypeError, "batch_first should be of type bool, True or False, but got"),
        ("nn.GRU(3, 5, 2, dropout=1.5)", ValueError, r"between 0 and 1, but got 1\.5"),
        ("nn.LSTMCell(3, 5)(torch.zeros(7, 4, 3))", ValueError, r"loop over the time axis, or use nn\.LSTM for whole"),
        ("nn.RNNCell(3, 5, nonlinearity='sin')(torch.zeros(4, 3))", RuntimeError, "\"relu\", not 'sin'"),
        ("nn.GRUCell(3, 5)(torch.zeros(4, 2))", RuntimeError, "input_size=3 as its last axis"),
        (
            "nn.GRUCell(3, 5)(torch.zeros(4, 3), torch.zeros(2, 5))",
            RuntimeError, r"h must have shape \(4, 5\), but it has \(2, 5\)",
        ),
        ("nn.LSTMCell(3, 5)(torch.zeros(4, 3), torch.zeros(4, 5))", TypeError, r"lstmcell\(x, \(h, c\)\)"),
    ],
)  # fmt: skip
def test_mistakes(call: str, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        eval(call, {"nn": nn, "torch": torch})


# --- packed sequences -----------------------------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("start", [False, True])
def test_a_packed_sequence_is_read_as_if_it_were_alone(kind: str, bidirectional: bool, start: bool) -> None:
    torch.manual_seed(0)
    layer = getattr(nn, kind)(3, 4, 2, bidirectional=bidirectional)
    rows = [torch.randn(n, 3) for n in (2, 5, 5, 1)]
    directions = 4 if bidirectional else 2
    given = tuple(torch.randn(directions, 4, 4) for _ in layer.states) if start else None
    packed = nn.utils.rnn.pack_sequence(rows, enforce_sorted=False)
    output, state = layer(packed, given and (given if kind == "LSTM" else given[0]))
    padded, lengths = nn.utils.rnn.pad_packed_sequence(output)
    assert lengths.tolist() == [2, 5, 5, 1]
    for i, row in enumerate(rows):
        own = given and tuple(s[:, i] for s in given)
        alone, last = layer(row, own and (own if kind == "LSTM" else own[0]))
        close(padded[: len(row), i], alone, rtol=1e-4)
        assert not padded[len(row) :, i].any()
        for got, expected in zip(state if kind == "LSTM" else [state], last if kind == "LSTM" else [last], strict=True):
            close(got[:, i], expected, rtol=1e-4)


def test_padding_gets_no_gradient() -> None:
    x = torch.ones(3, 2, 3, requires_grad=True)
    layer = nn.LSTM(3, 4)
    output, _ = layer(nn.utils.rnn.pack_padded_sequence(x, [3, 1]))
    nn.utils.rnn.pad_packed_sequence(output, padding_value=7.0)[0].sum().backward()
    assert x.grad is not None and x.grad[:, 0].all() and x.grad[0, 1].all() and not x.grad[1:, 1].any()


def test_packing_and_back() -> None:
    x = torch.tensor([[1, 2, 0], [3, 4, 5]])
    packed = nn.utils.rnn.pack_padded_sequence(x, torch.tensor([2, 3]), batch_first=True, enforce_sorted=False)
    assert repr(packed) == (
        "PackedSequence(data=tensor([3, 1, 4, 2, 5]), batch_sizes=tensor([2, 2, 1]), sorted_indices=tensor([1, 0]), "
        "unsorted_indices=tensor([1, 0]))"
    )
    padded, lengths = nn.utils.rnn.pad_packed_sequence(packed.to(torch.float64), True, -1.0, 4)
    assert padded.tolist() == [[1, 2, -1, -1], [3, 4, 5, -1]] and padded.dtype == torch.float64
    assert lengths.tolist() == [2, 3] and padded.is_contiguous()


@pytest.mark.parametrize(
    "pack, error, text",
    [
        (lambda p, x: p(x, [2, 4, 1], True), RuntimeError, "must be sorted in decreasing order .* got [2, 4, 1]: pass"),
        (lambda p, x: p(x, [4, 2], True), RuntimeError, "got 2 lengths and a batch of 3 sequences: input has"),
        (lambda p, x: p(x, [4, 2, 0], True), RuntimeError, "from 1 to T=4, for a batch .* got [4, 2, 0]"),
        (lambda p, x: p(x, [5, 2, 1], True), RuntimeError, "from 1 to T=4, for a batch .* got [5, 2, 1]"),
        (lambda p, x: p(x, 4, True), RuntimeError, "its N lengths, but got input of shape (3, 4, 2) and lengths of"),
        (lambda p, x: p(x[0, 0], [4]), IndexError, "takes a padded batch, (T, N, *) or (N, T, *)"),
        (lambda p, x: p([1], [1]), TypeError, "pack_padded_sequence takes a Tensor as input, but got list"),
        (
            lambda p, x: nn.utils.rnn.pad_packed_sequence(p(x, [4, 2, 1], True), total_length=3),
            ValueError, "got total_length=3 and max sequence length being 4",
        ),
        (lambda p, x: nn.GRU(3, 2)(p(x, [4, 2, 1], True)), RuntimeError, "takes packed steps of shape (7, 3), but"),
        (lambda p, x: nn.GRU(2, 2)(p(x.double(), [4, 2, 1], True)), ValueError, "convert the input"),
        (
            lambda p, x: nn.GRU(2, 2)(p(x, [4, 2, 1], True), torch.zeros(1, 2, 2)),
            RuntimeError, "must have shape (1, 3, 2), but it has (1, 2, 2)",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_packed_says_so(pack: Any, error: type[Exception], text: str) -> None:
    pattern = re.escape(text).replace(r"\.\*", ".*")
    with pytest.raises(error, match=pattern):
        pack(nn.utils.rnn.pack_padded_sequence, torch.ones(3, 4, 2))
