"""explain.summary: its figures against formulas worked out by hand, and that it leaves no trace."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import cutaway as torch
import cutaway.nn.functional as F
from cutaway import nn, ops
from cutaway.explain import summary
from cutaway.explain.work import multiply_adds
from cutaway.graph import observers

# --- multiply-adds, by hand -----------------------------------------------------------------------------------------


class Calls(nn.Module):
    """A function as a model."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *args: Any) -> Any:
        return self.function(*args)


BY_HAND: list[tuple[str, nn.Module, list[tuple[int, ...]], int]] = [
    ("linear", nn.Linear(784, 10), [(32, 784)], 32 * 784 * 10),
    ("linear without bias, more axes", nn.Linear(5, 7, bias=False), [(2, 3, 4, 5)], 2 * 3 * 4 * 5 * 7),
    ("conv1d", nn.Conv1d(3, 8, 5, padding=2), [(2, 3, 20)], 2 * 8 * 20 * 3 * 5),
    ("conv2d", nn.Conv2d(3, 8, (3, 5), stride=2), [(2, 3, 11, 13)], 2 * 8 * (5 * 5) * 3 * 15),
    ("conv2d in groups", nn.Conv2d(4, 8, 3, groups=4), [(1, 4, 6, 6)], 8 * 16 * 1 * 9),
    ("transposed", nn.ConvTranspose2d(4, 6, 3, stride=2), [(2, 4, 5, 5)], 2 * 4 * 25 * 6 * 9),
    ("transposed, groups", nn.ConvTranspose2d(4, 6, 3, groups=2), [(2, 4, 5, 5)], 2 * 4 * 25 * 3 * 9),
    ("rnn", nn.RNN(3, 8), [(5, 2, 3)], 5 * 2 * 8 * (3 + 8)),
    ("gru", nn.GRU(3, 8), [(5, 2, 3)], 5 * 2 * 3 * 8 * (3 + 8)),
    ("lstm", nn.LSTM(3, 8, batch_first=True), [(2, 5, 3)], 5 * 2 * 4 * 8 * (3 + 8)),
    ("lstm, two layers", nn.LSTM(3, 8, 2), [(5, 2, 3)], 5 * 2 * 4 * 8 * ((3 + 8) + (8 + 8))),
    ("gru, both ways", nn.GRU(3, 8, bidirectional=True), [(5, 2, 3)], 2 * 5 * 2 * 3 * 8 * (3 + 8)),
    ("rnn cell", nn.RNNCell(3, 8), [(4, 3)], 4 * 8 * (3 + 8)),
    ("attention", Calls(F.scaled_dot_product_attention), [(2, 4, 5, 8), (2, 4, 7, 8), (2, 4, 7, 6)], 8 * 5 * 7 * 14),
    ("batch norm", nn.BatchNorm2d(3), [(2, 3, 4, 5)], 2 * 3 * 4 * 5 * 2),
    ("layer norm", nn.LayerNorm(6), [(2, 3, 6)], 2 * 3 * 6 * 3),
    ("layer norm without weight", nn.LayerNorm(6, elementwise_affine=False), [(2, 3, 6)], 2 * 3 * 6 * 2),
    ("group norm", nn.GroupNorm(2, 4), [(2, 4, 3)], 2 * 4 * 3 * 3),
    ("rms norm", nn.RMSNorm(6), [(2, 6)], 2 * 6 * 3),
    ("activations, pooling, dropout", nn.Sequential(nn.ReLU(), nn.MaxPool2d(2), nn.Dropout()), [(1, 2, 4, 4)], 0),
    ("@", Calls(lambda x, y: x @ y), [(2, 3, 4), (4, 5)], 2 * 3 * 4 * 5),
    ("@ of vectors", Calls(lambda x, y: x @ y), [(4,), (4,)], 4),
    ("@ of a matrix and a vector", Calls(lambda x, y: x @ y), [(3, 4), (4,)], 12),
    ("einsum", Calls(lambda x, y: torch.einsum("bij,bkj->bik", x, y)), [(2, 3, 4), (2, 5, 4)], 2 * 3 * 4 * 5),
    ("addmm", Calls(torch.addmm), [(3, 5), (3, 4), (4, 5)], 3 * 4 * 5),
    ("distances", Calls(torch.cdist), [(3, 4), (5, 4)], 3 * 5 * 4),
]


@pytest.mark.parametrize("name, model, shapes, expected", BY_HAND, ids=[row[0] for row in BY_HAND])
def test_multiply_adds_by_hand(name: str, model: nn.Module, shapes: Any, expected: int) -> None:
    assert summary(model, *(torch.randn(*shape) for shape in shapes)).multiply_adds == expected


def test_multi_head_attention_by_hand() -> None:
    N, T, d = 2, 5, 8
    found = summary(nn.MultiheadAttention(d, 2, batch_first=True), *[torch.randn(N, T, d)] * 3)
    assert found.multiply_adds == N * (4 * T * d * d + 2 * T * T * d)  # four projections, scores, sums of values


def test_embedding_only_reads() -> None:
    found = summary(nn.Embedding(10, 4), torch.tensor([[1, 2, 3]]))
    assert (found.multiply_adds, found.parameters, found.rows[0].outputs) == (0, 40, ((1, 3, 4),))


@pytest.mark.parametrize(
    "fused, shapes, attrs",
    [
        (ops.linear, [(3, 4), (5, 4), (5,)], {}),
        (ops.rnn, [(4, 2, 3), (2, 5), (5, 3), (5, 5), (5,), (5,)], {}),
        (ops.gru, [(4, 2, 3), (2, 5), (15, 3), (15, 5), (15,), (15,)], {}),
        (ops.lstm, [(4, 2, 3), (2, 5), (2, 5), (20, 3), (20, 5), (20,), (20,)], {}),
        (ops.scaled_dot_product_attention, [(2, 3, 4), (2, 5, 4), (2, 5, 6)], {"scale": 0.5}),
    ],
)
def test_a_fused_op_counts_as_the_small_ops_of_its_twin(fused: Any, shapes: Any, attrs: Any) -> None:
    twin = ops.TABLE[fused].twin
    assert twin is not None
    inputs = [torch.randn(*shape) for shape in shapes]
    value, *_ = fused(*(x.numpy() for x in inputs), **attrs)
    by_twin = summary(Calls(lambda *xs: twin(*xs, **attrs)), *inputs)
    assert by_twin.multiply_adds == multiply_adds(fused, value, [x.numpy() for x in inputs], attrs) > 0


# --- the tree -------------------------------------------------------------------------------------------------------


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 4)
        self.cell = nn.RNNCell(4, 4)
        self.layers = nn.ModuleList([nn.Linear(4, 4)])
        self.scale = nn.Parameter(torch.ones(4))
        self.out = nn.Linear(4, 7, bias=False)
        self.out.weight = self.embed.weight
        self.unused = nn.Linear(2, 2)
        self.hidden = [nn.Linear(4, 4)]

    def forward(self, tokens: Any) -> Any:
        h = None
        for x in self.embed(tokens):
            h = self.cell(x, h)
        h = self.layers[0](h) @ self.scale.diag()
        return self.out(self.hidden[0](h))


def test_rows_follow_the_tree_and_add_up() -> None:
    found = summary(Net(), torch.zeros(3, 2, dtype=torch.int64))
    rows = {row.path: row for row in found.rows}
    assert list(rows) == ["", "embed", "cell", "layers", "layers.0", "out", "unused"]
    assert [row.depth for row in found.rows] == [0, 1, 1, 1, 2, 1, 1]
    assert (rows["cell"].calls, rows["cell"].multiply_adds) == (3, 3 * 2 * 4 * 8)
    assert rows["layers"].multiply_adds == rows["layers.0"].multiply_adds == 2 * 16
    by_hand = 2 * 16 + 2 * 16  # h @ diag, and the layer that a plain list hides: both are the model's own
    assert rows[""].multiply_adds == by_hand + sum(r.multiply_adds for r in found.rows if r.depth == 1)
    assert rows["out"].shared
    assert not rows["embed"].shared
    assert found.parameters == rows[""].parameters == 28 + 40 + 20 + 4 + 6
    assert rows["out"].parameters == 28
    assert not rows["unused"].used
    assert rows["layers"].used


def test_it_prints_a_table() -> None:
    assert repr(summary(Net(), torch.zeros(3, 2, dtype=torch.int64))) == TABLE.strip("\n")


TABLE = """
module                 output     parameters  multiply-adds  activations
────────────────────────────────────────────────────────────────────────
Net                    (2, 7)             98            344        672 B
├─ embed: Embedding    (3, 2, 4)          28
├─ cell: RNNCell ×3    (2, 4)             40            192        416 B
├─ layers: ModuleList                     20             32
│  └─ 0: Linear        (2, 4)             20             32
├─ out: Linear         (2, 7)      28 shared             56         32 B
└─ unused: Linear      not used            6
────────────────────────────────────────────────────────────────────────
parameters     98 (all trainable), 392 B
multiply-adds  344 forward, for inputs (3, 2)
activations    672 B, which the graph keeps for the backward pass
"""


def test_a_module_that_stands_in_two_places_is_counted_once() -> None:
    layer = nn.Linear(4, 4)
    found = summary(nn.Sequential(layer, nn.ReLU(), layer), torch.zeros(1, 4))
    assert [(row.path, row.calls, row.shared) for row in found.rows[1:]] == [
        ("0", 2, False), ("1", 1, False), ("2", 2, True),
    ]  # fmt: skip
    assert (found.parameters, found.multiply_adds) == (20, 32)
    assert found.rows[3].multiply_adds == 0


def test_frozen_layers_are_counted_and_told_apart() -> None:
    model = nn.Sequential(nn.Linear(4, 3).requires_grad_(False), nn.Linear(3, 2))
    found = summary(model, torch.zeros(1, 4))
    assert (found.parameters, found.trainable, found.multiply_adds) == (23, 8, 18)
    assert "23 (8 trainable, 15 frozen), 92 B" in repr(found)
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]
    assert summary(model.requires_grad_(False), torch.zeros(1, 4)).multiply_adds == 18


def test_activations_are_what_the_graph_keeps() -> None:
    """Linear keeps its input, which is not counted; tanh its value, which is the next layer's input."""
    found = summary(nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)), torch.zeros(16, 4))
    assert found.activation_bytes == 16 * 8 * 4 + 16 * 8 * 4  # tanh's input and its value
    assert found.parameter_bytes == 4 * (32 + 8 + 16 + 2)


def test_a_lazy_model_is_counted_when_it_has_run() -> None:
    found = summary(nn.Sequential(nn.LazyLinear(3), nn.ReLU()), torch.zeros(2, 5))
    assert (found.parameters, found.multiply_adds) == (18, 30)


# --- no trace -------------------------------------------------------------------------------------------------------


def test_the_model_is_as_it_was() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), Calls(lambda x: x + torch.rand(4)))
    model[2].eval()
    x = torch.randn(3, 4)
    random, state = torch.get_rng_state(), {k: v.clone() for k, v in model.state_dict().items()}
    with torch.no_grad():
        summary(model, x)
    assert [module.training for module in model] == [True, True, False, True]
    assert (torch.get_rng_state() == random).all()
    assert all((v == state[k]).all() for k, v in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert not x.requires_grad
    assert not any(module._forward_hooks for module in model.modules())
    assert not observers


def test_an_error_in_forward_leaves_nothing_behind() -> None:
    model = nn.Sequential(nn.Linear(4, 4).requires_grad_(False), nn.Linear(5, 2))
    with pytest.raises(RuntimeError, match="5"):
        summary(model, torch.zeros(1, 4))
    assert model.training
    assert not model[0].weight.requires_grad
    assert not observers


def test_it_wants_a_model() -> None:
    with pytest.raises(TypeError, match=r"a model, an nn\.Module, but got a tensor of shape \(2,\)"):
        summary(torch.zeros(2))  # type: ignore[arg-type]


def test_named_inputs_and_nested_outputs() -> None:
    class Two(nn.Module):
        def forward(self, x: Any, *, y: Any) -> Any:
            return {"a": x @ y, "b": [x, (y,)]}

    found = summary(Two(), torch.zeros(2, 3), y=torch.zeros(3, 4))
    assert found.inputs == ((2, 3), (3, 4))
    assert found.rows[0].outputs == ((2, 4), (2, 3), (3, 4))
    assert found.multiply_adds == 24


def test_what_is_computed_from_the_parts_of_a_dict_is_counted() -> None:
    class Product(nn.Module):
        def forward(self, batch: Any) -> Any:
            return batch["x"] @ batch["ys"][0]

    assert summary(Product(), {"x": torch.zeros(2, 3), "ys": [torch.zeros(3, 4)]}).multiply_adds == 24


def test_only_the_forward_pass_of_the_model_in_this_thread_is_counted() -> None:
    class Slope(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.nothing = nn.Linear(3, 3), None
            self.register_module("later", None)

        def forward(self, x: Any) -> Any:
            y = self.inner(x)
            elsewhere = threading.Thread(target=lambda: torch.ones(5, 5, requires_grad=True) @ torch.ones(5, 5))
            elsewhere.start()
            elsewhere.join()
            (slope,) = torch.autograd.grad(y.sum(), x, retain_graph=True)
            return y + slope

    found = summary(Slope(), torch.ones(2, 3))
    assert [(row.path, row.multiply_adds) for row in found.rows] == [("", 18), ("inner", 18)]


def test_work_of_a_module_that_is_no_part_of_the_model_is_the_callers() -> None:
    helper = nn.Linear(3, 4)
    found = summary(nn.Sequential(nn.ReLU(), Calls(lambda x: helper(x))), torch.ones(2, 3))
    assert [(row.path, row.multiply_adds) for row in found.rows] == [("", 24), ("0", 0), ("1", 24)]


def test_names_are_text_in_a_notebook() -> None:
    class Evil(nn.Module):
        def forward(self, x: Any) -> Any:
            return x

        def _get_name(self) -> str:
            return "<script>"

    model = nn.ModuleDict({"<b>": Evil()})
    outer = nn.Sequential(Evil())
    outer.add_module("<i>", model["<b>"])
    html = summary(outer, torch.zeros(1))._repr_html_()
    assert "<script>" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;" in html
    assert all(html.count(f"<{tag}") == html.count(f"</{tag}>") for tag in ("tr", "td", "table"))
