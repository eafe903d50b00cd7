"""Small computations that the tests of drawings and pages share."""

from __future__ import annotations

from typing import Any

import cutaway as torch
from cutaway import nn
from cutaway.nn import functional as F


def scalars() -> Any:
    """L = e * f + tanh(a), with e = a * b + c: a is used twice."""
    a = torch.tensor(2.0, requires_grad=True)
    b = torch.tensor(-3.0, requires_grad=True)
    c = torch.tensor(10.0, requires_grad=True)
    e = a * b + c
    f = torch.tensor(-2.0)
    L = e * f + torch.tanh(a)
    return torch.explain.trace(L)


def xor() -> Any:
    """A network for XOR, 2-4-1, and its loss."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    inputs = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    targets = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    loss = F.mse_loss(model(inputs), targets)
    return torch.explain.trace(loss)


class Recurrent(nn.Module):
    """A recurrent net with one cell, used once for each input."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.RNNCell(3, 4)
        self.out = nn.Linear(4, 2)

    def forward(self, inputs: Any, h: Any) -> Any:
        for x in inputs:
            h = self.cell(x, h)
        return self.out(h)


def recurrent(steps: int = 3) -> Any:
    """A recurrent net over some time steps, and its loss."""
    torch.manual_seed(0)
    net = Recurrent()
    inputs, start = list(torch.randn(steps, 1, 3)), torch.zeros(1, 4)
    loss = F.cross_entropy(net(inputs, start), torch.tensor([1]))
    return torch.explain.trace(loss)


class Block(nn.Module):
    """A transformer's block, small."""

    def __init__(self, C: int = 8, heads: int = 2) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(C), nn.LayerNorm(C)
        self.qkv, self.proj = nn.Linear(C, 3 * C), nn.Linear(C, C)
        self.mlp = nn.Sequential(nn.Linear(C, 4 * C), nn.GELU(), nn.Linear(4 * C, C))
        self.heads = heads

    def attend(self, x: Any) -> Any:
        N, T, C = x.shape
        q, k, v = (t.view(N, T, self.heads, -1).transpose(1, 2) for t in self.qkv(x).split(C, dim=2))
        scores = q @ k.mT / k.shape[-1] ** 0.5
        hidden = torch.tril(torch.ones(T, T)) == 0
        weights = F.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(N, T, C))

    def forward(self, x: Any) -> Any:
        x = x + self.attend(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """A small GPT."""

    def __init__(self, blocks: int, C: int = 8, words: int = 10) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(words, C), nn.Embedding(6, C)
        self.blocks = nn.Sequential(*(Block(C) for _ in range(blocks)))
        self.norm, self.head = nn.LayerNorm(C), nn.Linear(C, words, bias=False)

    def forward(self, tokens: Any) -> Any:
        x = self.words(tokens) + self.places(torch.arange(tokens.shape[1]))
        return self.head(self.norm(self.blocks(x)))


def gpt(blocks: int = 1) -> Any:
    """A GPT over two short texts, and its loss."""
    torch.manual_seed(0)
    model = GPT(blocks)
    tokens = torch.tensor([[1, 2, 3, 4, 5], [4, 3, 2, 1, 0]])
    targets = torch.tensor([[2, 3, 4, 5, 6], [3, 2, 1, 0, 9]])
    loss = F.cross_entropy(model(tokens).view(-1, 10), targets.view(-1))
    return torch.explain.trace(loss)


EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def hostile() -> Any:
    """Names that would be obeyed, if they were not escaped: of a class, a module, an argument and a line."""

    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.add_module(EVIL.replace(".", ""), nn.Linear(2, 2))

        def forward(self, x: Any) -> Any:
            (layer,) = self.children()
            return layer(x).sum()  # </script><script>alert(1)</script>

    Plain.__name__ = EVIL
    model, inputs = Plain(), {EVIL: torch.ones(1, 2, requires_grad=True), "\0\ud800": torch.ones(1, requires_grad=True)}
    loss = model(inputs[EVIL]) * inputs["\0\ud800"]
    return torch.explain.trace(loss.sum())


def many(n: int = 500) -> Any:
    """A graph of n ops without any module, as a scalar engine leaves it."""
    made = [torch.tensor(float(i + 1) / 10, requires_grad=True) for i in range(6)]
    for i in range(n):
        x, y = made[-1], made[-2 - i * 5 % 4]
        made.append(torch.tanh(x) if i % 3 == 0 else x * y if i % 3 == 1 else x + y)
    last = made[-1]
    return torch.explain.trace(last)


def odd() -> list[Any]:
    """Traces of what is seldom: nothing but a leaf, no numbers, hooks, five dimensions, an op of the user's."""

    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, how: str, factor: float) -> Any:
            ctx.save_for_backward(x)
            return x * factor

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return g * 2 + x * 0, None, None

    a, b = torch.tensor(2.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    hooked = a * b
    hooked.register_hook(lambda g: g * 2)
    overwritten = torch.ones(2, requires_grad=True) + 1
    total = overwritten.sum()
    overwritten.mul_(2)
    deep = torch.ones(2, 1, 2, 3, 2, requires_grad=True)
    large = torch.ones(40, 30, requires_grad=True)
    trace = torch.explain.trace
    return [
        trace(torch.ones(2, 3, requires_grad=True), torch.ones(2, 3)),
        trace((torch.zeros(0, 3, requires_grad=True) * 2).prod()),
        trace((a * b + a).exp(), of=a),
        trace(hooked * hooked),
        trace(Doubled.apply(a, "twice", 2.0)),
        trace(total),
        trace(((deep > 0) * deep).amax()),
        trace((large @ large.mT).mean()),
        trace((a / 0).log()),
    ]
