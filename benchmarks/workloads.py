"""The work: ten training steps of a lesson's size.

Each is written once, against names that cutaway and PyTorch share. `T` is one of the two libraries.
The same seed gives both the same weights and the same data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Training(NamedTuple):
    """A model that is ready to learn, and what it learns from."""

    parameters: list[Any]
    data: tuple[Any, ...]
    loss: Callable[[], Any]
    optimizer: Any = None  # none: only the gradients are asked for

    def gradients(self) -> Any:
        """Forward and backward."""
        for parameter in self.parameters:
            parameter.grad = None
        loss = self.loss()
        loss.backward()
        return loss

    def step(self) -> Any:
        """Forward, backward, optimizer."""
        loss = self.gradients()
        if self.optimizer is not None:
            self.optimizer.step()
        return loss


# --- networks of layers that are given -----------------------------------------------------------------


def small_ops(T: Any, length: int = 200) -> Training:
    """A chain of 200 small ops on a 4 × 4 array."""
    x = T.linspace(-1, 1, 16).reshape(4, 4).requires_grad_()

    def loss() -> Any:
        y = x
        for _ in range(length // 4):
            y = y * x
            y = y + x
            y = y.tanh()
            y = y - 0.5
        return y.sum()

    return Training([x], (), loss)


def xor(T: Any) -> Training:
    """XOR by a 2-8-1 network: tanh, sigmoid, mean squared error, SGD."""
    T.manual_seed(0)
    model = T.nn.Sequential(T.nn.Linear(2, 8), T.nn.Tanh(), T.nn.Linear(8, 1), T.nn.Sigmoid())
    inputs = T.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = T.tensor([[0.0], [1.0], [1.0], [0.0]])
    return _fit(T, model, T.nn.MSELoss(), inputs, targets, T.optim.SGD(model.parameters(), lr=0.5))


def mlp_small(T: Any, batch: int = 64, width: int = 128) -> Training:
    """MLP 64-128-10: ReLU, cross entropy, batch 64, SGD."""
    model, inputs, targets = _mlp(T, 64, width, batch)
    optimizer = T.optim.SGD(model.parameters(), lr=0.1)
    return _fit(T, model, T.nn.CrossEntropyLoss(), inputs, targets, optimizer)


def mlp(T: Any) -> Training:
    """MLP 784-512-10: ReLU, cross entropy, batch 128, Adam."""
    model, inputs, targets = _mlp(T, 784, 512, 128)
    return _fit(T, model, T.nn.CrossEntropyLoss(), inputs, targets, T.optim.Adam(model.parameters(), lr=0.001))


def mlp_sgd(T: Any) -> Training:
    """MLP 784-512-10 with SGD."""
    model, inputs, targets = _mlp(T, 784, 512, 128)
    return _fit(T, model, T.nn.CrossEntropyLoss(), inputs, targets, T.optim.SGD(model.parameters(), lr=0.1))


def lenet(T: Any) -> Training:
    """LeNet: two convolutions with max pooling, three linear layers, 32 images of 28 × 28, SGD."""
    T.manual_seed(0)
    nn = T.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=5, padding=2), nn.ReLU(), nn.MaxPool2d(2),  # (N, 6, 14, 14)
        nn.Conv2d(6, 16, kernel_size=5), nn.ReLU(), nn.MaxPool2d(2),  # (N, 16, 5, 5)
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    inputs, targets = T.randn(32, 1, 28, 28), T.randint(0, 10, (32,))
    return _fit(T, model, nn.CrossEntropyLoss(), inputs, targets, T.optim.SGD(model.parameters(), lr=0.1))


def _mlp(T: Any, inputs: int, width: int, batch: int) -> tuple[Any, Any, Any]:
    T.manual_seed(0)
    model = T.nn.Sequential(T.nn.Linear(inputs, width), T.nn.ReLU(), T.nn.Linear(width, 10))
    return model, T.randn(batch, inputs), T.randint(0, 10, (batch,))


def _fit(T: Any, model: Any, criterion: Any, inputs: Any, targets: Any, optimizer: Any) -> Training:
    return Training(list(model.parameters()), (inputs, targets), lambda: criterion(model(inputs), targets), optimizer)


# --- recurrent networks -----------------------------------------------------------------------------------


def cell(T: Any) -> Training:
    """Embedding and a recurrent cell, unrolled by hand: 82 words, 16 wide, 5 steps, batch 100, SGD."""
    T.manual_seed(0)
    nn = T.nn
    embed, from_input, from_state, out = nn.Embedding(82, 16), nn.Linear(16, 16), nn.Linear(16, 16), nn.Linear(16, 82)
    parameters = [p for layer in (embed, from_input, from_state, out) for p in layer.parameters()]
    words, targets = T.randint(0, 82, (100, 5)), T.randint(0, 82, (100,))
    criterion = nn.CrossEntropyLoss()

    def loss() -> Any:
        h = T.zeros(100, 16)
        for t in range(5):
            h = T.tanh(from_input(embed(words[:, t])) + from_state(h))
        return criterion(out(h), targets)

    return Training(parameters, (words, targets), loss, T.optim.SGD(parameters, lr=0.05))


def rnn(T: Any, steps: int = 32) -> Training:
    """nn.RNN: 32 steps, batch 32, 64 → 64, a linear layer on the last state, cross entropy, SGD."""
    return _recurrent(T, T.nn.RNN, steps, 32, 64, 64)


def gru(T: Any) -> Training:
    """nn.GRU: 32 steps, batch 32, 64 → 64, the rest likewise."""
    return _recurrent(T, T.nn.GRU, 32, 32, 64, 64)


def lstm(T: Any) -> Training:
    """nn.LSTM: 64 steps, batch 32, 64 → 128, the rest likewise."""
    return _recurrent(T, T.nn.LSTM, 64, 32, 64, 128)


def _recurrent(T: Any, kind: Any, steps: int, batch: int, inputs: int, hidden: int) -> Training:
    T.manual_seed(0)
    layer, head = kind(inputs, hidden), T.nn.Linear(hidden, 10)
    parameters = [*layer.parameters(), *head.parameters()]
    x, targets = T.randn(steps, batch, inputs), T.randint(0, 10, (batch,))
    criterion = T.nn.CrossEntropyLoss()
    return Training(
        parameters, (x, targets), lambda: criterion(head(layer(x)[0][-1]), targets), T.optim.SGD(parameters, lr=0.1)
    )


# --- a transformer ----------------------------------------------------------------------------------------


def gpt(T: Any) -> Training:
    """GPT: 2 layers, width 64, 4 heads, context 64, 65 characters, batch 16, AdamW."""
    T.manual_seed(0)
    nn, F = T.nn, T.nn.functional
    V, B, C, heads = 65, 16, 64, 4  # characters, batch, width; the context is 64 too
    context = 64

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.ln_1, self.attn, self.proj = nn.LayerNorm(C), nn.Linear(C, 3 * C), nn.Linear(C, C)
            self.ln_2 = nn.LayerNorm(C)
            self.mlp = nn.Sequential(nn.Linear(C, 4 * C), nn.GELU(), nn.Linear(4 * C, C))

        def forward(self, x: Any) -> Any:  # (B, T, C)
            x = x + self.attend(self.ln_1(x))
            return x + self.mlp(self.ln_2(x))

        def attend(self, x: Any) -> Any:
            q, k, v = (
                part.view(B, context, heads, C // heads).transpose(1, 2)  # (B, heads, T, C / heads)
                for part in self.attn(x).split(C, dim=2)
            )
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.proj(y.transpose(1, 2).contiguous().view(B, context, C))

    wte, wpe = nn.Embedding(V, C), nn.Embedding(context, C)
    blocks = nn.Sequential(Block(), Block())
    ln_f, lm_head = nn.LayerNorm(C), nn.Linear(C, V, bias=False)
    parameters = [p for part in (wte, wpe, blocks, ln_f, lm_head) for p in part.parameters()]
    tokens, targets = T.randint(0, V, (B, context)), T.randint(0, V, (B, context))
    places = T.arange(context)

    def loss() -> Any:
        x = blocks(wte(tokens) + wpe(places))
        logits = lm_head(ln_f(x))  # (B, T, V)
        return F.cross_entropy(logits.view(-1, V), targets.view(-1))

    return Training(parameters, (tokens, targets), loss, T.optim.AdamW(parameters, lr=0.001))


WORKLOADS: dict[str, Callable[..., Training]] = {
    work.__name__: work for work in (small_ops, xor, mlp_small, mlp, cell, rnn, gru, lstm, lenet, gpt)
}
