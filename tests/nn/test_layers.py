"""Layers: outputs, gradients, initial weights, and the errors that a wrong input gets.

Numbers written out here are PyTorch 2.13's for the same seed.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from cutaway.nn import functional as F
from tests.nn.witness import check, leaf


def close(got: torch.Tensor, expected: object, rtol: float = 1e-5) -> None:
    np.testing.assert_allclose(got.detach().numpy(), np.array(expected), rtol=rtol, atol=1e-7)


# -- Linear --------------------------------------------------------------------------------------------------------


def test_linear_starts_as_pytorchs() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(3, 2)
    close(
        layer.weight,
        [
            [-0.004322517663240433, 0.3097158372402191, -0.4751853346824646],
            [-0.4248946011066437, -0.2223689705133438, 0.15482072532176971],
        ],
        rtol=0,
    )
    close(layer.bias, [-0.011439144611358643, 0.45777493715286255], rtol=0)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 4, 3), (0, 3)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_is_a_product_and_a_sum(shape: tuple[int, ...], bias: bool) -> None:
    layer = nn.Linear(3, 2, bias=bias).double()
    x = leaf(*shape)
    expected = x.numpy(force=True) @ layer.weight.numpy(force=True).T
    close(layer(x), expected + (layer.bias.numpy(force=True) if bias else 0))
    if x.numel():
        check(lambda x, *_: layer(x), x, *layer.parameters())


def test_linear_of_a_wrong_size_says_what_to_do() -> None:
    layer = nn.Linear(784, 10)
    with pytest.raises(RuntimeError) as error:
        layer(torch.zeros(64, 1, 28, 28))
    text = str(error.value)
    assert "Linear(in_features=784, out_features=10, bias=True)" in text
    assert "(64, 1, 28, 28)" in text and "(10, 784)" in text
    assert text.endswith("flatten each sample first, x.flatten(1)")
    with pytest.raises(RuntimeError, match=r"the axes may be swapped, x\.T$"):
        layer(torch.zeros(784, 64))
    with pytest.raises(RuntimeError, match=r"make it nn\.Linear\(100, 10\)$"):
        layer(torch.zeros(64, 100))
    with pytest.raises(RuntimeError, match=r"shape \(\)"):
        layer(torch.zeros(()))


def test_linear_with_a_weight_of_another_size_blames_what_does_not_fit() -> None:
    layer = nn.Linear(3, 2)
    layer.weight = nn.Parameter(torch.ones(4, 5))
    with pytest.raises(RuntimeError, match=r"bias must have an element for each of the 4 outputs"):
        layer(torch.zeros(1, 5))
    with pytest.raises(RuntimeError, match=r"weight of shape \(4, 5\), so that axis must have size in_features=5"):
        layer(torch.zeros(1, 3))


@pytest.mark.parametrize("shape", [(), (3,), (5, 3), (4, 5, 3)])
def test_the_function_linear_of_a_wrong_size_says_what_it_multiplies(shape: tuple[int, ...]) -> None:
    with pytest.raises(RuntimeError, match=rf"linear: .*\(8, 2\): .* size 2, .* shape {re.escape(str(shape))}"):
        F.linear(torch.zeros(shape), torch.zeros(8, 2), torch.zeros(8))



def test_linear_of_another_dtype_says_what_to_do() -> None:
    with pytest.raises(RuntimeError, match=r"convert the input, x\.to\(torch\.float32\)$"):
        nn.Linear(2, 1)(torch.tensor([True, False]))
    with pytest.raises(RuntimeError, match=r"x\.to\(torch\.float32\), or the model, model\.to\(torch\.float64\)"):
        nn.Linear(3, 4)(torch.zeros(2, 3, dtype=torch.float64))


def test_linear_of_an_array_says_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"an array of shape \(2, 3\), float32: convert it with torch\.from_numpy"):
        nn.Linear(3, 4)(np.zeros((2, 3), np.float32))
    with pytest.raises(TypeError, match=r"torch\.tensor"):
        nn.Linear(3, 4)([1.0, 2.0, 3.0])


# -- EmbeddingBag ---------------------------------------------------------------------------------------------------


def test_a_bag_is_the_mean_of_its_rows() -> None:
    bags = nn.EmbeddingBag(5, 2, padding_idx=0)
    words, first = torch.tensor([1, 2, 0, 3, 3]), torch.tensor([0, 3, 5])
    rows = bags.weight[words].detach()
    out = bags(words, first)
    np.testing.assert_allclose(out[0].detach().numpy(), rows[:2].mean(0).numpy(), rtol=1e-6)
    np.testing.assert_allclose(out[1].detach().numpy(), rows[3].numpy(), rtol=1e-6)
    assert out[2].tolist() == [0, 0]
    assert bags(torch.tensor([[1, 2], [3, 0]])).detach().equal(torch.stack([out[0], out[1]]).detach())
    out.sum().backward()
    assert bags.weight.grad[0].tolist() == [0, 0]
    check(lambda w: F.embedding_bag(words, w, first, mode="sum"), leaf(5, 2))
    check(lambda w, s: F.embedding_bag(words, w, first, mode="sum", per_sample_weights=s), leaf(5, 2), leaf(5))


def test_what_a_bag_refuses() -> None:
    words, table = torch.tensor([1, 2]), torch.ones(3, 2)
    cases: list[tuple[type[Exception], Any, str]] = [
        (ValueError, lambda: F.embedding_bag(words, table), "where each bag begins in the 1D input, but got None"),
        (ValueError, lambda: F.embedding_bag(words[None], table, words), "offsets has to be None: each row is a bag"),
        (ValueError, lambda: F.embedding_bag(words[None, None], table), "1D or 2D Tensor, but got Tensor of"),
        (RuntimeError, lambda: F.embedding_bag(words, table, words), r"the offsets are \[1, 2\], the length is 2"),
        (ValueError, lambda: F.embedding_bag(words[None], table, mode="median"), "sum, mean or max, not 'median'"),
        (NotImplementedError, lambda: F.embedding_bag(words[None], table, mode="max"), r"write F.embedding.*amax\(1\)"),
        (NotImplementedError, lambda: nn.EmbeddingBag(3, 2, sparse=True), "sparse are not supported"),
        (NotImplementedError, lambda: F.embedding_bag(words[None], table, per_sample_weights=table), "for mode='sum'"),
        (ValueError, lambda: F.embedding_bag(words[None], table, mode="sum", per_sample_weights=table), r"\(1, 2\)"),
    ]
    for kind, call, text in cases:
        with pytest.raises(kind, match=text):
            call()


# -- Embedding -----------------------------------------------------------------------------------------------------


def test_embedding_starts_as_pytorchs() -> None:
    torch.manual_seed(1)
    table = nn.Embedding(3, 2, padding_idx=1)
    close(table.weight, [[0.6613521575927734, 0.266924113035202], [0, 0], [-0.4519059658050537, -0.16613022983074188]])


def test_embedding_reads_rows_and_adds_gradients_to_them() -> None:
    table = nn.Embedding(4, 2, padding_idx=-1)
    assert table.padding_idx == 3
    out = table(torch.tensor([[0, 2], [2, 3]]))
    close(out, table.weight.numpy(force=True)[[[0, 2], [2, 3]]])
    out.sum().backward()
    assert table.weight.grad is not None
    assert table.weight.grad.tolist() == [[1, 1], [0, 0], [2, 2], [0, 0]]


def test_embedding_from_pretrained() -> None:
    rows = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    table = nn.Embedding.from_pretrained(rows)
    assert table(torch.tensor(1)).tolist() == [3, 4]
    assert not table.weight.requires_grad
    assert nn.Embedding.from_pretrained(rows, freeze=False).weight.requires_grad
    with pytest.raises(AssertionError, match=r"rows, \(V, D\)"):
        nn.Embedding.from_pretrained(torch.zeros(3))


@pytest.mark.parametrize(
    "index, error, text",
    [
        ([3], IndexError, "holds 3, and an embedding of 3 rows has the indices 0 to 2"),
        ([0, -1], IndexError, "holds -1"),
        ([0.0], RuntimeError, r"x\.long\(\)"),
    ],
)
def test_embedding_of_bad_numbers(index: list[float], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        nn.Embedding(3, 4)(torch.tensor(index))


def test_padding_must_be_a_row() -> None:
    with pytest.raises(AssertionError, match=r"padding_idx=3 is not a row of a weight of 3 rows"):
        F.embedding(torch.tensor([0]), torch.ones(3, 2), padding_idx=3)
    with pytest.raises(RuntimeError, match=r"its shape is \(3,\)"):
        F.embedding(torch.tensor([0]), torch.ones(3))
    with pytest.raises(AssertionError, match=r"choose one of 0 to 2"):
        nn.Embedding(3, 4, padding_idx=3)


def test_gradients_of_an_embedding_are_dense() -> None:
    nn.Embedding(3, 4, sparse=False)
    with pytest.raises(NotImplementedError, match="leave it out, the dense gradient holds the same numbers"):
        nn.Embedding(3, 4, sparse=True)


def test_one_hot() -> None:
    assert F.one_hot(torch.tensor([[0], [2]])).tolist() == [[[1, 0, 0]], [[0, 0, 1]]]
    with pytest.raises(RuntimeError, match=r"class index 2, but num_classes=2 has 0 to 1"):
        F.one_hot(torch.tensor([0, 2]), 2)
    with pytest.raises(RuntimeError, match="class indices of 0 or more"):
        F.one_hot(torch.tensor([-1]))
    with pytest.raises(RuntimeError, match=r"dtype int64, but got torch\.int32: use x\.long\(\)"):
        F.one_hot(torch.tensor([0], dtype=torch.int32))
    with pytest.raises(RuntimeError, match="give num_classes"):
        F.one_hot(torch.zeros(0, dtype=torch.int64))


# -- Dropout -------------------------------------------------------------------------------------------------------


def test_dropout_draws_as_pytorch_does() -> None:
    torch.manual_seed(0)
    kept = F.dropout(torch.ones(10), 0.4)
    close(kept, [0, 0, 1 / 0.6, 0, 0, 0, 1 / 0.6, 1 / 0.6, 1 / 0.6, 1 / 0.6])


def test_dropout_keeps_the_mean_and_sends_gradients_where_it_kept() -> None:
    torch.manual_seed(0)
    x = torch.ones(10_000, requires_grad=True)
    out = nn.Dropout(0.25)(x)
    assert out.mean().item() == pytest.approx(1, abs=0.02)
    out.sum().backward()
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), out.numpy(force=True))


def test_dropout_does_nothing_in_evaluation() -> None:
    x = torch.ones(3)
    assert nn.Dropout(0.5).eval()(x) is x
    assert F.dropout(x, 1.0).tolist() == [0, 0, 0]
    y = torch.ones(3)
    F.dropout(y, 1.0, inplace=True)
    assert y.tolist() == [0, 0, 0]


def test_dropout_of_bad_settings() -> None:
    with pytest.raises(ValueError, match="p is 2"):
        nn.Dropout(2)
    with pytest.raises(ValueError, match="p is -1"):
        F.dropout(torch.ones(2), -1)
    with pytest.raises(RuntimeError, match=r"x\.float\(\)"):
        F.dropout(torch.tensor([1, 2]))
    assert F.dropout(torch.tensor([1, 2]), 1.0).tolist() == [0, 0]


# -- Flatten -------------------------------------------------------------------------------------------------------


def test_flatten_and_unflatten() -> None:
    x = torch.arange(24.0).reshape(2, 3, 4)
    assert nn.Flatten()(x).shape == (2, 12)
    assert nn.Flatten(0, 1)(x).shape == (6, 4)
    assert nn.Unflatten(1, (3, 4))(nn.Flatten()(x)).tolist() == x.tolist()
    assert repr(nn.Unflatten(1, (3, 4))) == "Unflatten(dim=1, unflattened_size=(3, 4))"
    with pytest.raises(TypeError, match="integers"):
        nn.Unflatten(1, (1.5,))  # type: ignore[arg-type]


# -- recurrent layers ----------------------------------------------------------------------------------------------


def test_rnn_starts_and_runs_as_pytorchs() -> None:
    torch.manual_seed(0)
    rnn = nn.RNN(2, 2, 2, bidirectional=True)
    assert [name for name, _ in rnn.named_parameters()][:6] == [
        "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_ih_l0_reverse", "weight_hh_l0_reverse",
    ]  # fmt: skip
    out, h = rnn(torch.arange(6.0).reshape(3, 1, 2) / 6)
    close(
        out,
        [
            [[-0.35606199502944946, 0.8906043171882629, 0.22716762125492096, 0.4883158206939697]],
            [[-0.7200112342834473, 0.8250369429588318, 0.20464812219142914, 0.27519214153289795]],
            [[-0.7493348717689514, 0.9105890989303589, 0.436870276927948, -0.000772058789152652]],
        ],
    )
    close(
        h,
        [
            [[-0.029366852715611458, -0.7606579065322876]],
            [[0.30568504333496094, 0.7498900294303894]],
            [[-0.7493348717689514, 0.9105890989303589]],
            [[0.22716762125492096, 0.4883158206939697]],
        ],
    )


def test_rnn_cell_starts_and_runs_as_pytorchs() -> None:
    torch.manual_seed(3)
    cell = nn.RNNCell(2, 2)
    close(cell.weight_hh, [[-0.04014335572719574, -0.6220895051956177], [0.38447636365890503, 0.3446429371833801]])
    close(cell(torch.ones(1, 2)), [[-0.8320021033287048, 0.00020450353622436523]])


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
def test_rnn_is_its_cell_in_a_loop(nonlinearity: str) -> None:
    rnn = nn.RNN(3, 4, nonlinearity=nonlinearity)
    cell = nn.RNNCell(3, 4, nonlinearity=nonlinearity)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in rnn.state_dict().items()})
    x, h = torch.randn(5, 2, 3), torch.randn(1, 2, 4)
    out, last = rnn(x, h)
    state = h[0]
    for t in range(5):
        state = cell(x[t], state)
        close(out[t], state.numpy(force=True))
    close(last[0], state.numpy(force=True))


def test_rnn_backward_is_forward_on_the_reversed_sequence() -> None:
    rnn = nn.RNN(3, 4, bidirectional=True)
    x = torch.randn(5, 2, 3)
    out, h = rnn(x)
    one = nn.RNN(3, 4)
    one.load_state_dict(
        {name.removesuffix("_reverse"): v for name, v in rnn.state_dict().items() if "_reverse" in name}
    )
    there, last = one(x.flip(0))
    close(out[:, :, 4:], there.flip(0).numpy(force=True))
    close(h[1], last[0].numpy(force=True))


def test_rnn_gradients() -> None:
    rnn = nn.RNN(2, 3, 2, bidirectional=True, batch_first=True).double()
    x, h = leaf(2, 4, 2), leaf(4, 2, 3, seed=1)
    check(lambda x, h, *_: rnn(x, h)[0], x, h, *rnn.parameters())
    check(lambda x, h: rnn(x, h)[1], x, h)


def test_rnn_shapes() -> None:
    rnn = nn.RNN(3, 5, 2, batch_first=True)
    out, h = rnn(torch.zeros(2, 7, 3))
    assert out.shape == (2, 7, 5) and h.shape == (2, 2, 5)
    out, h = rnn(torch.zeros(7, 3))  # one sequence
    assert out.shape == (7, 5) and h.shape == (2, 5)
    out, h = rnn(torch.zeros(0, 7, 3))
    assert out.shape == (0, 7, 5) and h.shape == (2, 0, 5)


def test_rnn_drops_between_layers_only_while_training() -> None:
    torch.manual_seed(0)
    rnn = nn.RNN(3, 20, 2, dropout=0.5)
    x = torch.randn(4, 2, 3)
    assert rnn(x)[0].tolist() != rnn(x)[0].tolist()
    rnn.eval()
    assert rnn(x)[0].tolist() == rnn(x)[0].tolist()
    with pytest.warns(UserWarning, match="num_layers=1 has no such place"):
        nn.RNN(3, 4, dropout=0.5)


@pytest.mark.parametrize(
    "shapes, error, text",
    [
        ([(2,)], ValueError, r"x of shape \(T, N, 3\), or \(T, 3\) for one sequence, but got \(2,\)"),
        ([(4, 5, 2)], RuntimeError, r"last axis must have size 3"),
        ([(4, 2, 3), (1, 4, 5)], RuntimeError, r"must have shape \(1, 2, 5\), but it has \(1, 4, 5\)"),
        ([(4, 3), (1, 1, 5)], RuntimeError, r"must have shape \(1, 5\)"),
        ([(0, 2, 3)], RuntimeError, "one step or more"),
    ],
)
def test_rnn_of_bad_shapes(shapes: list[tuple[int, ...]], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        nn.RNN(3, 5)(*(torch.zeros(*shape) for shape in shapes))


@pytest.mark.parametrize(
    "settings, text",
    [
        ({"nonlinearity": "sin"}, '"tanh" or "relu", not \'sin\''),
        ({"hidden_size": 0}, "hidden_size must be greater than zero, but is 0"),
        ({"num_layers": -1}, "num_layers must be greater than zero, but is -1"),
        ({"dropout": 1.5}, r"between 0 and 1, but got 1\.5"),
    ],
)
def test_rnn_of_bad_settings(settings: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        nn.RNN(**{"input_size": 3, "hidden_size": 5, **settings})  # type: ignore[arg-type]


def test_rnn_of_another_dtype() -> None:
    with pytest.raises(ValueError, match=r"convert the input, x\.to\(torch\.float32\)"):
        nn.RNN(3, 5)(torch.zeros(2, 2, 3, dtype=torch.float64))


@pytest.mark.parametrize(
    "shapes, error, text",
    [
        ([(1, 4, 3)], ValueError, "loop over the time axis"),
        ([(4, 2)], RuntimeError, "input_size=3"),
        ([(4, 3), (1, 4, 5)], ValueError, r"hidden state \(N, 5\) or \(5\)"),
        ([(4, 3), (2, 5)], RuntimeError, r"must have shape \(4, 5\), but it has \(2, 5\)"),
    ],
)
def test_rnn_cell_of_bad_shapes(shapes: list[tuple[int, ...]], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        nn.RNNCell(3, 5)(*(torch.zeros(*shape) for shape in shapes))


def test_linear_with_a_vector_for_a_weight_gives_a_number_a_row() -> None:
    x, w = leaf(4, 2, 3), leaf(3, seed=1)
    np.testing.assert_allclose(F.linear(x, w).numpy(force=True), x.numpy(force=True) @ w.numpy(force=True))
    check(lambda x, w, b: F.linear(x, w, b), x, w, leaf(seed=2))
    assert repr(F.linear(x[0], w).grad_fn).startswith("<MvBackward0")


def test_linear_says_that_the_bias_does_not_fit() -> None:
    with pytest.raises(RuntimeError, match=r"the 4 outputs of the weight, \(4, 3\), but has shape \(3,"):
        F.linear(torch.ones(2, 3), torch.ones(4, 3), torch.ones(3))
