"""Whether a second derivative is a number, zeros, or nothing at all, as with a gradient penalty: what PyTorch says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import cutaway

FORMS = """
x.relu()|x.abs()|x.sign() * x|x.clamp(0, 1)|x.clamp_min(0)|t.maximum(x, c)|x.max(1)[0]|x.amax(1)|x.max()|x.mean()
F.leaky_relu(x)|F.hardtanh(x)|F.elu(x)|F.selu(x)|F.prelu(x, w)|F.softplus(x)|F.softsign(x)|F.logsigmoid(x)|F.silu(x)
F.mish(x)|F.gelu(x)|F.smooth_l1_loss(x, c)|F.huber_loss(x, c)|F.l1_loss(x, c)|F.mse_loss(x, c)|x.round() * x|x.norm()
x.norm(1)|x.std()|x.median()|x.sort(1)[0]|x.topk(1)[0]|x[0]|x * 2|x + 1|x / 2|2 / x|x.pow(1)|x**2|x**0|x**3|x.sqrt()
F.softmax(x, 1)|F.log_softmax(x, 1)|F.max_pool1d(x[None], 2)|F.avg_pool1d(x[None], 2)|F.cross_entropy(x, k)|x @ x.T
x.masked_fill(x > 0, 0.)|t.where(x > 0, x, 0 * x)|x.cumsum(0)|x.prod()|x.logsumexp(0)|x.remainder(2)|x.nan_to_num()
F.normalize(x)|F.pad(x, (1, 1))|x.lerp(c, .5)|x.lerp(c, x)|F.binary_cross_entropy_with_logits(x, c)|x.atan2(c)|x.clone()
F.nll_loss(x, k)|x.tril()|F.layer_norm(x, (4,))|x.exp()|F.embedding(k, x)|F.interpolate(x[None], scale_factor=2)
F.max_pool2d(x[None, None], 2)|F.avg_pool2d(x[None, None], 2)
"""


def kind(g: Any) -> str:
    return "nothing" if g is None else "numbers" if g.any() else "zeros"


@pytest.mark.parametrize("source", FORMS.strip().replace("\n", "|").split("|"))
def test_what_a_penalty_on_the_gradient_leaves_in_a_bias(source: str) -> None:
    def run(t: Any) -> str:
        t.manual_seed(0)
        bias = t.zeros(4, requires_grad=True)
        x, c = t.randn(5, 4, requires_grad=True) + bias, t.randn(5, 4)
        names = {"t": t, "F": t.nn.functional, "x": x, "c": c, "k": t.tensor([0, 1, 2, 3, 0])}
        y = eval(source, {**names, "w": t.tensor([0.2], requires_grad=True)})
        (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
        if not g.requires_grad:
            return "a constant"
        g.pow(2).sum().backward()
        return kind(bias.grad)

    assert run(cutaway) == run(torch)


def nets(t: Any) -> Iterator[Any]:
    nn = t.nn
    yield nn.Linear(3, 1)
    for bend in (nn.Tanh(), nn.ReLU(), nn.LeakyReLU(0.2), nn.GELU(), nn.Identity(), nn.PReLU(), nn.LayerNorm(4)):
        yield nn.Sequential(nn.Linear(3, 4), bend, nn.Linear(4, 4), bend, nn.Linear(4, 1))
    yield nn.Sequential(nn.Unflatten(1, (1, 3)), nn.Conv1d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(4, 1))


def test_which_parameters_a_gradient_penalty_reaches() -> None:
    def run(t: Any) -> list[Any]:
        t.manual_seed(0)
        found = []
        for net in nets(t):
            x = t.rand(5, 3, requires_grad=True)
            (g,) = t.autograd.grad(net(x).sum(), x, create_graph=True)
            (g.norm(dim=1) - 1).pow(2).mean().backward()
            found.append([(name, kind(p.grad)) for name, p in net.named_parameters()])
        return found

    assert run(cutaway) == run(torch)
