"""Layers, activations and initial weights against PyTorch: the same lines, run by both."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.parity.both import leaf, numbers, run, same

SEEDS = [0, 1, 42, 1337]
DTYPES = ["float32", "float64"]

# -- layers ------------------------------------------------------------------------------------------------------------

LAYERS = [
    "nn.Linear(3, 4)",
    "nn.Linear(3, 4, bias=False)",
    "nn.Linear(300, 5, dtype=t.float64)",
    "nn.Linear(1, 1)",
    "nn.Linear(0, 4)",
    "nn.Embedding(7, 3)",
    "nn.Embedding(7, 3, padding_idx=2)",
    "nn.Embedding(7, 3, padding_idx=-1)",
    "nn.Embedding.from_pretrained(t.ones(4, 2))",
    "nn.Embedding.from_pretrained(t.ones(4, 2), freeze=False, padding_idx=1)",
    "nn.EmbeddingBag(7, 3)",
    "nn.EmbeddingBag(7, 3, mode='sum', padding_idx=2)",
    "nn.RNN(3, 5)",
    "nn.RNN(3, 5, 2)",
    "nn.RNN(3, 5, 2, 'relu', True, True)",
    "nn.RNN(3, 5, num_layers=3, bidirectional=True, batch_first=True, dropout=0.2, bias=False)",
    "nn.RNNCell(3, 5)",
    "nn.RNNCell(3, 5, False, 'relu')",
    "nn.Dropout()",
    "nn.Dropout(0.3, True)",
    "nn.Identity()",
    "nn.Identity(3, x=4)",
    "nn.Flatten()",
    "nn.Flatten(0, 2)",
    "nn.Unflatten(1, (2, 3))",
    "nn.PReLU()",
    "nn.PReLU(3, 0.1)",
    "nn.Sequential()",
    "nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Linear(3, 3), nn.Tanh()))",
    "nn.ModuleList()",
    "nn.ModuleList([nn.Linear(2, 2) for _ in range(3)] + [nn.ReLU(), nn.ReLU()])",
    "nn.ModuleList([nn.Sequential(nn.Linear(2, 2), nn.ReLU()) for _ in range(2)])",
    "nn.ModuleDict()",
    "nn.ModuleDict({'a': nn.Linear(2, 2), 'b': nn.ReLU()})",
    "nn.ModuleDict([('a', nn.Linear(2, 2)), ('b', nn.Dropout())])",
    "nn.ParameterList()",
    "nn.ParameterList([t.zeros(2)])",
    "nn.ParameterList([t.zeros(2), nn.Parameter(t.ones(2, 3)), 3])",
    "nn.ParameterDict()",
    "nn.ParameterDict({'k': t.zeros(2)})",
    "nn.ParameterDict({'k': t.zeros(2), 'l': t.zeros(()), 'm': 'text'})",
    "nn.Sequential(nn.ParameterList([t.zeros(2), t.ones(3)]), nn.ParameterDict({'k': t.zeros(1), 'l': t.ones(1)}))",
    "nn.CrossEntropyLoss()",
    "nn.CrossEntropyLoss(t.ones(3), ignore_index=2, label_smoothing=0.1)",
    "nn.BCEWithLogitsLoss(pos_weight=t.ones(3))",
    "nn.BCELoss(t.ones(3))",
    "nn.NLLLoss(t.ones(3))",
    "nn.MSELoss(reduction='sum')",
    "nn.SmoothL1Loss(beta=2.0)",
    "nn.HuberLoss(delta=2.0)",
    "nn.KLDivLoss(reduction='batchmean')",
    "nn.L1Loss()",
]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("seed", SEEDS)
def test_layer_prints_saves_and_starts_alike(layer: str, seed: int) -> None:
    def program(t: Any) -> Any:
        module = eval(layer, {"t": t, "nn": t.nn})
        return [
            repr(module),
            dict(module.state_dict()),
            [name for name, _ in module.named_parameters()],
            [p.requires_grad for p in module.parameters()],
            [name for name, _ in module.named_buffers()],
            [name for name, _ in module.named_modules()],
            t.rand(3),  # no draw too many, none too few
        ]

    same(program, seed, rtol=0, atol=0)


ACTIVATIONS = [
    "ReLU()", "ReLU(inplace=True)", "LeakyReLU()", "LeakyReLU(0.2, True)", "PReLU()", "PReLU(5)", "ELU()", "ELU(0.7)",
    "ELU(inplace=True)", "SELU()", "SELU(True)", "GELU()", "GELU('tanh')", "SiLU()", "SiLU(True)", "Mish()",
    "Mish(True)", "Softplus()", "Softplus(2, 3)", "Softsign()", "Hardtanh()", "Hardtanh(-0.5, 2)",
    "Hardtanh(inplace=True)", "Tanh()", "Sigmoid()", "LogSigmoid()", "Softmax(1)", "Softmax(-1)", "Softmax()",
    "LogSoftmax(1)", "LogSoftmax(0)", "LogSoftmax()", "Dropout(0.0)", "Dropout(1.0)", "Identity()",
]  # fmt: skip


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 5), (2, 5, 3), (0, 5), (1, 5)])
def test_activation(activation: str, dtype: str, shape: tuple[int, ...]) -> None:
    def program(t: Any) -> Any:
        module = eval(activation, vars(t.nn)).to(getattr(t, dtype))
        x = leaf(t, numbers(*shape, dtype=dtype))
        seen = x * 1
        out = run(t, module, seen)
        return [repr(module), out, x.grad, seen.detach()]

    same(program, rtol=2e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activation_of_special_values(activation: str) -> None:
    def program(t: Any) -> Any:
        module = eval(activation, vars(t.nn))
        x = leaf(t, np.array([[0, -1, 1, 30, -30], [200, -200, -0.5, 2, 3]], np.float32))
        return [run(t, module, x * 1), x.grad]

    with np.errstate(all="ignore"):
        same(program, rtol=2e-5)


FUNCTIONS = [
    "relu(x)", "leaky_relu(x, 0.3)", "elu(x, alpha=2.0)", "selu(x)", "gelu(x, approximate='tanh')", "silu(x)",
    "mish(x)", "softplus(x, beta=3, threshold=1)", "softsign(x)", "hardtanh(x, 0, 1)", "tanh(x)", "sigmoid(x)",
    "logsigmoid(x)",
    "softmax(x, dim=0)", "log_softmax(x, dim=-1)", "softmax(x, -1, dtype=t.float64)", "dropout(x, 0.4)",
    "dropout(x, 0.4, training=False)", "dropout(x, 1.0)", "normalize(x)", "normalize(x, p=1.0, dim=0)",
    "normalize(x, dim=(0, 1))", "linear(x, x)", "linear(x, x, x[:, 0])", "linear(x, x[0])", "linear(x[0], x)",
    "prelu(x, x[0, 0] * 0 + 0.2)", "relu(x, inplace=True)", "dropout(x, 0.5, True, True)", "gelu(x, approximate='x')",
    "softmax(x, dim=5)", "hardtanh(x, 2, 1)", "dropout(x, 1.5)", "relu(x.long())", "gelu(x.long())",
    "softmax(x.long(), 0)", "leaky_relu(x.long())", "softplus(x.long())", "silu(x.long())", "logsigmoid(x.long())",
    "prelu(x, x[0, :2])", "dropout(x.long(), 0.5)", "sigmoid(x.long())", "tanh(x.long())",
]  # fmt: skip


@pytest.mark.parametrize("call", FUNCTIONS)
def test_function(call: str) -> None:
    def program(t: Any) -> Any:
        x = leaf(t, numbers(4, 4))
        out = run(t, lambda x: eval(call, {**vars(t.nn.functional), "x": x, "t": t}), x * 1)
        return [out, x.grad]

    same(program, rtol=2e-5)


ONE_HOT = [
    "([0, 2])", "([0, 2], 3)", "([0, 2], num_classes=5)", "([0, 2], 2)", "([[0], [1]])", "([-1])", "([], 3)", "([])",
    "(1, 3)", "([0.0])",
]  # fmt: skip


@pytest.mark.parametrize("call", ONE_HOT)
def test_one_hot(call: str) -> None:
    def program(t: Any) -> Any:
        data, *rest, names = eval(f"(lambda *a, **k: (*a, k)){call}")
        dtype = t.float32 if data == [0.0] else t.int64
        return t.nn.functional.one_hot(t.tensor(data, dtype=dtype), *rest, **names)

    same(program)


# -- linear, embedding, recurrent --------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3,), (2, 3), (0, 3), (2, 5, 3), (2, 4, 5, 3), (5, 4), (4,), (3, 2), ()])
@pytest.mark.parametrize("bias", [True, False])
def test_linear(shape: tuple[int, ...], bias: bool) -> None:
    same(lambda t: run(t, t.nn.Linear(3, 4, bias=bias), leaf(t, numbers(*shape))))


BAGS = [
    "b(t.tensor([1, 2, 4, 3, 0]), t.tensor([0, 2]))",
    "b(t.tensor([1, 2, 4, 3, 0]), t.tensor([0, 2, 2, 5]))",
    "b(t.tensor([[1, 2], [4, 3], [0, 0]]))",
    "b(input=t.tensor([1, 2, 4], dtype=t.int32), offsets=t.tensor([0], dtype=t.int32))",
    "b(t.tensor([], dtype=t.int64), t.tensor([0, 0]))",
    "F.embedding_bag(t.tensor([[1, 2]]), b.weight, mode='sum', per_sample_weights=t.tensor([[2., 3.]]))",
    "F.embedding_bag(t.tensor([1, 2, 3]), b.weight, t.tensor([0, 1, 3]), include_last_offset=True)",
    "b(t.tensor([1, 2, 4, 3]))",
    "b(t.tensor([1, 2, 4, 3]), t.tensor([1, 2]))",
    "b(t.tensor([1, 2, 4, 3]), t.tensor([0, 5]))",
    "b(t.tensor([[1, 2]]), t.tensor([0]))",
    "b(t.tensor([[[1, 2]]]))",
    "b(t.tensor([1., 2.]), t.tensor([0]))",
    "F.embedding_bag(t.tensor([[1, 2]]), b.weight, per_sample_weights=t.ones(1, 2))",
    "F.embedding_bag(t.tensor([[1, 2]]), b.weight, mode='sum', per_sample_weights=t.ones(2))",
    "F.embedding_bag(t.tensor([[1, 2]]), b.weight, mode='median')",
]


@pytest.mark.parametrize("call", BAGS)
@pytest.mark.parametrize("mode", ["mean", "sum"])
@pytest.mark.parametrize("padding_idx", [None, 2, -3])
def test_bags_of_embeddings(call: str, mode: str, padding_idx: int | None) -> None:
    def program(t: Any) -> Any:
        b = t.nn.EmbeddingBag(7, 3, mode=mode, padding_idx=padding_idx)
        out = eval(call, {"t": t, "b": b, "F": t.nn.functional})
        (out * out).sum().backward()
        return out, b.weight.grad, out.grad_fn.name()

    same(program)


@pytest.mark.parametrize("padding_idx", [None, 0, -1])
@pytest.mark.parametrize("index", [[0, 1], [[0, 6], [6, 6]], 3, [], [7], [-1], [0.5]])
def test_embedding(padding_idx: int | None, index: Any) -> None:
    def program(t: Any) -> Any:
        dtype = t.float32 if index == [0.5] else t.int64
        return run(t, t.nn.Embedding(7, 3, padding_idx=padding_idx), t.tensor(index, dtype=dtype))

    same(program)


RNNS = [
    {},
    {"nonlinearity": "relu"},
    {"bias": False},
    {"batch_first": True},
    {"num_layers": 3},
    {"bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True, "nonlinearity": "relu"},
    {"num_layers": 3, "dropout": 0.5},
    {"num_layers": 2, "dropout": 0.3, "bidirectional": True, "bias": False},
]


@pytest.mark.parametrize("settings", RNNS)
@pytest.mark.parametrize("unbatched", [False, True])
@pytest.mark.parametrize("start", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_rnn(settings: dict[str, Any], unbatched: bool, start: bool, dtype: str) -> None:
    def program(t: Any) -> Any:
        rnn = t.nn.RNN(3, 5, **settings).to(getattr(t, dtype))
        n = 7 if settings.get("batch_first") else 4  # x is (7, 4, 3)
        layers = settings.get("num_layers", 1) * (2 if settings.get("bidirectional") else 1)
        x = leaf(t, numbers(*((7, 3) if unbatched else (7, 4, 3)), dtype=dtype))
        h = leaf(t, numbers(*((layers, 5) if unbatched else (layers, n, 5)), seed=1, dtype=dtype))
        trained = run(t, rnn, x, h) if start else run(t, rnn, x)
        rnn.eval()
        return [repr(rnn), trained, rnn(x)]

    same(program, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "shapes",
    [
        [(2,)], [(4, 5, 2)], [(4, 5, 3), (1, 4, 5)], [(4, 3), (1, 4, 5)], [(4, 5, 3), (1, 5)], [(0, 5, 3)],
        [(4, 0, 3)], [(1, 2, 3, 4)], [(4, 2, 3), (1, 2, 6)], [(4, 3), (1, 5)],
    ],
)  # fmt: skip
def test_rnn_shapes(shapes: list[tuple[int, ...]]) -> None:
    same(lambda t: run(t, t.nn.RNN(3, 5), *(t.zeros(*shape) for shape in shapes)))


@pytest.mark.parametrize(
    "settings",
    [
        {"dropout": 2}, {"dropout": True}, {"num_layers": 0}, {"nonlinearity": "x"}, {"hidden_size": 0},
        {"dropout": 0.5}, {"dtype": "float64"},
    ],
)  # fmt: skip
def test_rnn_settings(settings: dict[str, Any]) -> None:
    def program(t: Any) -> Any:
        given = {**settings, "dtype": t.float64} if "dtype" in settings else settings
        return t.nn.RNN(**{"input_size": 3, "hidden_size": 5, **given})(t.zeros(2, 2, 3))

    same(program)


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu", "x"])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    "shapes",
    [
        [(4, 3)], [(3,)], [(4, 3), (4, 5)], [(3,), (5,)], [(4, 2)], [(4, 3), (2, 5)], [(4, 3), (4, 4)], [(1, 4, 3)],
        [(0, 3)], [(4, 3), (5,)], [(4, 3), (1, 4, 5)],
    ],
)  # fmt: skip
def test_rnn_cell(nonlinearity: str, bias: bool, shapes: list[tuple[int, ...]]) -> None:
    def program(t: Any) -> Any:
        cell = t.nn.RNNCell(3, 5, bias, nonlinearity)
        return run(t, cell, *(leaf(t, numbers(*shape, seed=i)) for i, shape in enumerate(shapes)))

    same(program)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(3,), (4, 5), (1000,)])
def test_dropout_draws(p: float, shape: tuple[int, ...]) -> None:
    same(lambda t: [run(t, t.nn.Dropout(p), leaf(t, numbers(*shape))), t.rand(2)])


# -- initial weights ---------------------------------------------------------------------------------------------------

INITS = [
    "uniform_(w)", "uniform_(w, -2, 3)", "normal_(w)", "normal_(w, 1.0, 0.1)", "trunc_normal_(w)",
    "trunc_normal_(w, std=0.02)", "trunc_normal_(w, 0.5, 2.0, -1.0, 1.0)", "constant_(w, 0.3)", "ones_(w)", "zeros_(w)",
    "eye_(w)", "xavier_uniform_(w)", "xavier_uniform_(w, gain=2.0)", "xavier_normal_(w)", "kaiming_uniform_(w)",
    "kaiming_uniform_(w, a=0.3, mode='fan_out')", "kaiming_uniform_(w, nonlinearity='relu')", "kaiming_normal_(w)",
    "kaiming_normal_(w, mode='fan_out', nonlinearity='relu')", "orthogonal_(w)", "orthogonal_(w, gain=2.0)",
    "kaiming_uniform_(w, mode='x')", "kaiming_uniform_(w, nonlinearity='x')",
]  # fmt: skip


@pytest.mark.parametrize("call", INITS)
@pytest.mark.parametrize("shape", [(3, 4), (40, 30), (5, 5), (2, 3, 3, 3), (7,), (0, 3)])
@pytest.mark.parametrize("seed", [0, 42])
def test_init(call: str, shape: tuple[int, ...], seed: int) -> None:
    def program(t: Any) -> Any:
        w = t.zeros(*shape, requires_grad=True)
        out = eval(call, {**vars(t.nn.init), "w": w})
        return [w, out is w, t.rand(2)]

    exact = not call.startswith("orthogonal_")
    same(program, seed, rtol=0 if exact else 1e-4, atol=0 if exact else 1e-5)


@pytest.mark.parametrize(
    "call",
    ["'linear'", "'conv2d'", "'sigmoid'", "'tanh'", "'relu'", "'leaky_relu'", "'leaky_relu', 0.2", "'selu'", "'x'",
     "'leaky_relu', 'x'", "'leaky_relu', True", "'conv_transpose3d'"],
)  # fmt: skip
def test_gain(call: str) -> None:
    same(lambda t: eval(f"calculate_gain({call})", vars(t.nn.init)))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_model_starts_alike(seed: int) -> None:
    def program(t: Any) -> Any:
        nn = t.nn
        model = nn.Sequential(
            nn.Embedding(20, 8), nn.Flatten(), nn.Linear(24, 16), nn.Tanh(), nn.Dropout(0.2), nn.Linear(16, 20)
        )
        x = t.randint(0, 20, (5, 3))
        return [dict(model.state_dict()), run(t, model, x)]

    same(program, seed)


# -- second derivatives ------------------------------------------------------------------------------------------------

SECOND = [
    "leaky_relu(x)", "elu(x)", "selu(x)", "gelu(x)", "gelu(x, approximate='tanh')", "silu(x)", "mish(x)",
    "softplus(x)", "softsign(x)", "hardtanh(x)", "logsigmoid(x)", "softmax(x, 1)", "log_softmax(x, 0)", "normalize(x)",
    "linear(x, x, x[0])", "prelu(x, x[0, :1])", "cross_entropy(x, y)", "cross_entropy(x, y, label_smoothing=0.1)",
    "cross_entropy(x, x.sigmoid())", "nll_loss(x.log_softmax(1), y)", "mse_loss(x, x * 2)", "huber_loss(x, x * x)",
    "smooth_l1_loss(x, x * x)", "binary_cross_entropy(x.sigmoid(), x.tanh().abs())", "embedding(y, x)",
    "binary_cross_entropy_with_logits(x, x.sigmoid(), pos_weight=x[0].detach().abs())",
    "kl_div(x.log_softmax(1), x.softmax(1), reduction='batchmean')",
]  # fmt: skip


@pytest.mark.parametrize("call", SECOND)
def test_second_derivative(call: str) -> None:
    def program(t: Any) -> Any:
        x = leaf(t, numbers(3, 3, scale=1.0, dtype="float64"))
        y = t.tensor([0, 2, 1])
        out = eval(call, {**vars(t.nn.functional), "x": x * 1, "y": y, "t": t})
        (g,) = t.autograd.grad((out * out).sum(), x, create_graph=True)
        (gg,) = t.autograd.grad((g * g).sum(), x)
        return [g, gg]

    same(program, rtol=1e-9, atol=1e-10)
