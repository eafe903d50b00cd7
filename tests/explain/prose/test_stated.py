"""A rule in several lines is told as its docstring states it. Each statement is computed here as it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import explain, nn
from cutaway.explain.prose.algebra import put_in, stated
from cutaway.explain.prose.folding import steps_of
from cutaway.explain.prose.reading import Reading, Told

from .test_text import lines

F = nn.functional


def tensor(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


def told(trace: dict[str, Any]) -> list[Told]:
    """What the rules of the last op of a pass say."""
    return Reading(trace).told(next(step for step in steps_of(trace) if step.node["id"] == trace["root"]))


def kept(rule: Told, name: str) -> Any:
    return np.array(rule.kept[name]["numbers"])


def sent(rule: Told) -> Any:
    return np.array(rule.sent["numbers"])


@pytest.mark.parametrize("kind", ["layer", "group", "batch", "rms"])
def test_normalization(kind: str) -> None:
    torch.manual_seed(0)
    x, weight, bias = tensor(4, 6), tensor(6), tensor(6)
    y = {
        "layer": lambda: F.layer_norm(x, (6,), weight, bias),
        "group": lambda: F.group_norm(x, 2, weight, bias),
        "batch": lambda: F.batch_norm(x, None, None, weight, bias, training=True),
        "rms": lambda: F.rms_norm(x, (6,), weight),
    }[kind]()
    g = torch.randn(4, 6, dtype=torch.float64)
    rule, dweight, *_ = told(explain.trace(y, g))
    assert rule.term is not None and rule.term.text == (
        "inverse · (h - mean(h) - xhat · mean(h · xhat)), for h = ∂loss/∂y · weight; in rms_norm without mean(h)"
    )
    rows, axis = {"layer": (4, 6), "group": (8, 3), "batch": (4, 6), "rms": (4, 6)}[kind], 0 if kind == "batch" else 1
    h = (g.numpy() * weight.detach().numpy()).reshape(rows)
    xhat, inverse = kept(rule, "xhat").reshape(rows), kept(rule, "inverse")
    inverse = inverse.reshape((1, 6) if kind == "batch" else (len(h), 1))
    mean = 0 if kind == "rms" else h.mean(axis, keepdims=True)
    found = inverse * (h - mean - xhat * (h * xhat).mean(axis, keepdims=True))
    np.testing.assert_allclose(found.reshape(4, 6), sent(rule))
    assert dweight.wheres() == ["where totals(…): Σ g · xhat and Σ g for each weight: the gradients of weight and bias"]
    np.testing.assert_allclose((g.numpy() * xhat.reshape(4, 6)).sum(0), sent(dweight))


def test_cross_entropy() -> None:
    torch.manual_seed(0)
    logits, target = tensor(3, 4), torch.tensor([1, 0, 3])
    y = F.cross_entropy(logits, target)
    [rule] = told(explain.trace(y, torch.tensor(2.0, dtype=torch.float64)))
    assert rule.term is not None and rule.term.text == (
        "∂loss/∂y · scale · (softmax(logits) - truth), for each row; truth is 1 for the target and 0 elsewhere"
    )
    truth = np.eye(4)[target.numpy()]
    found = 2 * kept(rule, "scale")[:, None] * (logits.softmax(1).detach().numpy() - truth)
    np.testing.assert_allclose(found, sent(rule))


def test_pooling() -> None:
    x = torch.tensor([[[[1.0, 4.0, 2.0], [3.0, 0.0, 1.0]]]], requires_grad=True)
    y, g = F.max_pool2d(x, 2, stride=1), torch.tensor([[[[10.0, 1.0]]]])
    [rule] = told(explain.trace(y, g))
    assert rule.term is not None and rule.term.text == (
        "each number of ∂loss/∂y, at the maximum of its window, added up where windows share it; elsewhere 0"
    )
    assert sent(rule).tolist() == [[[[0, 11, 0], [0, 0, 0]]]]
    y = F.avg_pool2d(x, 2, stride=1)
    [rule] = told(explain.trace(y, g))
    assert rule.term is not None and rule.term.text == (
        "∂loss/∂y / divisor, for each element of its window, added up where windows overlap"
    )
    assert sent(rule).tolist() == [[[[2.5, 2.75, 0.25]] * 2]]


def test_convolution() -> None:
    torch.manual_seed(0)
    image, filters = tensor(2, 3, 5, 4), tensor(2, 3, 2, 3)
    s, d, p = 2, 1, 1
    y = F.conv2d(image, filters, stride=s, dilation=d, padding=p)
    g = torch.randn(*y.shape, dtype=torch.float64)
    dx, dweight = told(explain.trace(y, g, limit=None))
    assert dx.term is not None and dweight.term is not None
    assert dx.term.text == (
        "Σ filters[o, c, u, v] · (∂loss/∂y)[n, o, i, j], added up at [n, c, s·i + d·u - p, s·j + d·v - p]"
    )
    assert dweight.term.text == (
        "Σ (∂loss/∂y)[n, o, i, j] · image[n, c, s·i + d·u - p, s·j + d·v - p] at [o, c, u, v], over all n, i and j"
    )
    x, w, gs = image.detach().numpy(), filters.detach().numpy(), g.numpy()
    framed, at_x, at_w = (
        np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)]),
        np.zeros((2, 3, 5 + 2 * p, 4 + 2 * p)),
        np.zeros(w.shape),
    )
    for n, o, c, i, j, u, v in np.ndindex(2, 2, 3, *y.shape[2:], 2, 3):
        there = (n, c, s * i + d * u, s * j + d * v)
        at_x[there] += w[o, c, u, v] * gs[n, o, i, j]
        at_w[o, c, u, v] += gs[n, o, i, j] * framed[there]
    np.testing.assert_allclose(at_x[:, :, p:-p, p:-p], sent(dx))
    np.testing.assert_allclose(at_w, sent(dweight))


def test_transposed_convolution_and_sequences() -> None:
    torch.manual_seed(0)
    image, filters = tensor(1, 2, 3, 2), tensor(2, 1, 2, 2)
    s, p = 2, 1
    y = F.conv_transpose2d(image, filters, stride=s, padding=p)
    g = torch.randn(*y.shape, dtype=torch.float64)
    dx, dweight = told(explain.trace(y, g, limit=None))
    assert dx.term is not None and dweight.term is not None
    assert dx.term.text == (
        "Σ filters[c, o, u, v] · (∂loss/∂y)[n, o, s·i + d·u - p, s·j + d·v - p] at [n, c, i, j], over all o, u and v"
    )
    assert dweight.term.text == (
        "Σ image[n, c, i, j] · (∂loss/∂y)[n, o, s·i + d·u - p, s·j + d·v - p] at [c, o, u, v], over all n, i and j"
    )
    x, w = image.detach().numpy(), filters.detach().numpy()
    framed, at_x, at_w = np.pad(g.numpy(), [(0, 0), (0, 0), (p, p), (p, p)]), np.zeros(x.shape), np.zeros(w.shape)
    for n, c, o, i, j, u, v in np.ndindex(1, 2, 1, 3, 2, 2, 2):
        arrived = framed[n, o, s * i + u, s * j + v]
        at_x[n, c, i, j] += w[c, o, u, v] * arrived
        at_w[c, o, u, v] += x[n, c, i, j] * arrived
    np.testing.assert_allclose(at_x, sent(dx))
    np.testing.assert_allclose(at_w, sent(dweight))
    sequence, kernel = tensor(1, 1, 5), tensor(1, 1, 3)
    y = F.conv1d(sequence, kernel)
    dx, dweight = told(explain.trace(y, torch.ones_like(y), limit=None))
    assert dx.term is not None and dweight.term is not None
    assert dx.term.text == "Σ kernel[o, c, u] · (∂loss/∂y)[n, o, i], added up at [n, c, s·i + d·u - p]"
    assert dweight.term.text == "Σ (∂loss/∂y)[n, o, i] · sequence[n, c, s·i + d·u - p] at [o, c, u], over all n and i"


def test_pixels_that_are_copied() -> None:
    image = torch.tensor([[[[1.0, 2.0]]]], requires_grad=True)
    y = F.interpolate(image, size=(1, 4))
    [rule] = told(explain.trace(y, torch.tensor([[[[1.0, 10.0, 2.0, 20.0]]]])))
    assert rule.term is not None and rule.term.text == (
        "each number of ∂loss/∂y, at the pixel image[..., rows[i], columns[j]] that it is a copy of, added up"
    )
    assert sent(rule).tolist() == [[[[11, 22]]]]


def test_batches_of_matrices_of_which_one_is_shared() -> None:
    torch.manual_seed(0)
    a, b = tensor(2, 3, 4), tensor(4, 2)
    g = torch.randn(2, 3, 2, dtype=torch.float64)
    y = a @ b
    da, db = told(explain.trace(y, g))
    assert da.term is not None and db.term is not None
    assert (da.term.text, da.words) == ("∂loss/∂y @ bᵀ", {})
    assert db.term.text == (
        "aᵀ @ ∂loss/∂y, summed over the batch if all of it shares b; a vector is a matrix of one row or column"
    )
    np.testing.assert_allclose((a.detach().numpy().swapaxes(1, 2) @ g.numpy()).sum(0), sent(db))


def test_attention() -> None:
    torch.manual_seed(0)
    q, k, v = tensor(3, 2), tensor(4, 2), tensor(4, 2)
    g = torch.randn(3, 2, dtype=torch.float64)
    y = F.scaled_dot_product_attention(q, k, v, scale=1.0)
    dq, _, dv = told(explain.trace(y, g))
    assert dq.term is not None and dq.term.text == "dscores(∂loss/∂y) @ k"
    assert dq.wheres() == [
        "where dscores(…): p · (h - Σ h · p), the gradient of the scores: p is their softmax, and h is g vᵀ, times "
        "kept if given"
    ]
    assert (
        dv.term is not None and dv.term.text == "pᵀ ∂loss/∂y, where p is the softmax of the scores, times kept if given"
    )
    p, h = (q @ k.T).softmax(1).detach().numpy(), g.numpy() @ v.detach().numpy().T
    np.testing.assert_allclose((p * (h - (h * p).sum(1, keepdims=True))) @ k.detach().numpy(), sent(dq))
    np.testing.assert_allclose(p.T @ g.numpy(), sent(dv))


def test_a_recurrent_net() -> None:
    torch.manual_seed(0)
    rnn = nn.RNN(2, 3, dtype=torch.float64)
    x, h0 = tensor(4, 1, 2), tensor(1, 1, 3)
    y, _ = rnn(x, h0)
    g = torch.randn(4, 1, 3, dtype=torch.float64)
    dx, dh0, dw_ih, dw_hh, *dbiases = told(explain.trace(y, g))
    said = [rule.term.text for rule in (dx, dh0, dw_ih, dw_hh, *dbiases) if rule.term is not None]
    assert said == [
        "d[t] W, for each step t", "d[1] U", "Σ d[t]ᵀ x[t], over all steps t", "Σ d[t]ᵀ h[t-1], over all steps t",
        *["Σ d[t], over all steps t and sequences"] * 2,
    ]  # fmt: skip
    where = "where d[t] = ((∂loss/∂y)[t] + d[t+1] U) · (1 - h[t]²), from the last step to the first; with relu, "
    assert dx.wheres() == [f"{where}· (h[t] > 0)"] == dw_hh.wheres()
    w, u, h = (each.detach().numpy() for each in (rnn.weight_ih_l0, rnn.weight_hh_l0, torch.cat([h0, y])))
    d = np.zeros((5, 1, 3))
    for t in (3, 2, 1, 0):
        d[t] = (g.numpy()[t] + d[t + 1] @ u) * (1 - h[t + 1] ** 2)
    np.testing.assert_allclose(d[:4] @ w, sent(dx))
    np.testing.assert_allclose(d[0] @ u, sent(dh0))
    np.testing.assert_allclose(sum(d[t].T @ x[t].detach().numpy() for t in range(4)), sent(dw_ih))
    np.testing.assert_allclose(sum(d[t].T @ h[t] for t in range(4)), sent(dw_hh))
    np.testing.assert_allclose(d.sum((0, 1)), sent(dbiases[0]))


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_recurrent_nets_with_gates(kind: Any) -> None:
    net = kind(2, 3)
    h0 = torch.zeros(1, 1, 3, requires_grad=True)
    output, _ = net(torch.randn(4, 1, 2), (h0, torch.zeros(1, 1, 3, requires_grad=True)) if kind is nn.LSTM else h0)
    text = "\n".join(lines(explain.text(output.sum(), width=200)))
    assert "Σ d[t]ᵀ h[t-1], over all steps t" in text and text.count("where d[t] are the gradients of what ") == 1
    if kind is nn.LSTM:
        assert "The value holds h[1] to h[T], followed by c[T]." in text
        assert " = d[1] U" in text and " = f[1] times the gradient of c[1]" in text
    else:
        assert " = z[1] times the gradient of h[1], plus d[1] U" in text
    assert "def " not in text


def test_a_rule_of_the_users_own_is_told_by_its_docstring() -> None:
    @torch.differentiable
    def running(x: Any) -> Any:
        """Σ x[i] for i ≤ j"""

        def dx(g: Any) -> Any:
            """Σ g[i] for i ≥ j, for x of any length."""
            total = g.copy()
            for j in range(len(g) - 2, -1, -1):
                total[j] += total[j + 1]
            return total

        return np.cumsum(x), dx

    data = torch.ones(3, requires_grad=True)
    assert lines(explain.text(running(data).sum(), width=100))[-3:] == [
        "  a = running(data)",
        "    Σ x[i] for i ≤ j",
        "    ∂result/∂data = Σ (∂result/∂a)[i] for i ≥ j, for data of any length = [3, 2, 1]      → data.grad",
    ]


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("lambda g: g", None),
        ("def f(g):\n    return g", None),
        ('def f(g):\n    """Twice g.\n\n    More.\n    """\n    return 2 * g', "Twice g"),
        ("g = 1 +", None),
        ("", None),
    ],
)
def test_what_a_function_states(source: str, says: str | None) -> None:
    assert stated(source) == says


def test_names_are_put_into_a_statement() -> None:
    names = {"g": "∂loss/∂y", "x": "a"}
    assert put_in("gᵀ @ x + g[t] · xᵀ + g² + g + exp(x) + x(1) + self.x + xs + x2", names) == (
        "(∂loss/∂y)ᵀ @ a + (∂loss/∂y)[t] · aᵀ + (∂loss/∂y)² + ∂loss/∂y + exp(a) + x(1) + self.x + xs + x2"
    )
