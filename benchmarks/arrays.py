"""The same work for engines that differentiate NumPy programs: a loss from parameters and data.

`xp` is the engine's NumPy: `autograd.numpy`, or `mygrad`. These engines have no layers for most of it,
so this is how their users would write it. Parameters come in the order in which the workload lists
them. Two details are theirs: they lack erf, so `gpt` has GELU's tanh form; and pooling is a reshape.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def small_ops(xp: Any, x: Any) -> Any:
    y = x
    for _ in range(50):
        y = y * x
        y = y + x
        y = xp.tanh(y)
        y = y - 0.5
    return xp.sum(y)


def xor(xp: Any, w1: Any, b1: Any, w2: Any, b2: Any, x: Any, target: Any) -> Any:
    y = sigmoid(xp, linear(xp, xp.tanh(linear(xp, x, w1, b1)), w2, b2))
    return xp.mean((y - target) ** 2)


def mlp(xp: Any, w1: Any, b1: Any, w2: Any, b2: Any, x: Any, target: Any) -> Any:
    h = xp.maximum(linear(xp, x, w1, b1), 0)
    return cross_entropy(xp, linear(xp, h, w2, b2), target)


mlp_small = mlp_sgd = mlp


def cell(xp: Any, embed: Any, wi: Any, bi: Any, wh: Any, bh: Any, wo: Any, bo: Any, words: Any, target: Any) -> Any:
    h = np.zeros((100, 16), np.float32)
    for t in range(5):
        h = xp.tanh(linear(xp, embed[words[:, t]], wi, bi) + linear(xp, h, wh, bh))
    return cross_entropy(xp, linear(xp, h, wo, bo), target)


def rnn(xp: Any, wi: Any, wh: Any, bi: Any, bh: Any, wo: Any, bo: Any, x: Any, target: Any) -> Any:
    h = np.zeros((32, 64), np.float32)
    for t in range(len(x)):
        h = xp.tanh(linear(xp, x[t], wi, bi) + linear(xp, h, wh, bh))
    return cross_entropy(xp, linear(xp, h, wo, bo), target)


def gru(xp: Any, wi: Any, wh: Any, bi: Any, bh: Any, wo: Any, bo: Any, x: Any, target: Any) -> Any:
    H = 64
    h = np.zeros((32, H), np.float32)
    for t in range(len(x)):
        a, y = linear(xp, x[t], wi, bi), linear(xp, h, wh, bh)
        r, z = sigmoid(xp, a[:, :H] + y[:, :H]), sigmoid(xp, a[:, H : 2 * H] + y[:, H : 2 * H])
        n = xp.tanh(a[:, 2 * H :] + r * y[:, 2 * H :])
        h = n + z * (h - n)
    return cross_entropy(xp, linear(xp, h, wo, bo), target)


def lstm(xp: Any, wi: Any, wh: Any, bi: Any, bh: Any, wo: Any, bo: Any, x: Any, target: Any) -> Any:
    H = 128
    h = c = np.zeros((32, H), np.float32)
    for t in range(len(x)):
        z = linear(xp, x[t], wi, bi) + linear(xp, h, wh, bh)
        i, f, o = sigmoid(xp, z[:, :H]), sigmoid(xp, z[:, H : 2 * H]), sigmoid(xp, z[:, 3 * H :])
        c = f * c + i * xp.tanh(z[:, 2 * H : 3 * H])
        h = o * xp.tanh(c)
    return cross_entropy(xp, linear(xp, h, wo, bo), target)


def lenet(xp: Any, *args: Any) -> Any:
    w1, b1, w2, b2, w3, b3, w4, b4, w5, b5, x, target = args
    y = xp.maximum(conv(xp, np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2))), w1, b1), 0)  # (N, 6, 28, 28)
    y = xp.maximum(conv(xp, pool(xp, y), w2, b2), 0)  # (N, 16, 10, 10)
    y = pool(xp, y).reshape(32, 400)
    y = xp.maximum(linear(xp, y, w3, b3), 0)
    y = xp.maximum(linear(xp, y, w4, b4), 0)
    return cross_entropy(xp, linear(xp, y, w5, b5), target)


def gpt(xp: Any, wte: Any, wpe: Any, *rest: Any) -> Any:
    *blocks, gamma, beta, head, tokens, targets = rest
    x = wte[tokens] + wpe
    for first in range(0, len(blocks), 12):
        g1, s1, wa, ba, wp, bp, g2, s2, wf, bf, wo, bo = blocks[first : first + 12]
        x = x + linear(xp, attend(xp, linear(xp, layer_norm(xp, x, g1, s1), wa, ba)), wp, bp)
        x = x + linear(xp, gelu(xp, linear(xp, layer_norm(xp, x, g2, s2), wf, bf)), wo, bo)
    logits = xp.matmul(layer_norm(xp, x, gamma, beta), head.T)
    return cross_entropy(xp, logits.reshape(-1, 65), targets.reshape(-1))


# --- the parts ------------------------------------------------------------------------------------------


def linear(xp: Any, x: Any, w: Any, b: Any) -> Any:
    return xp.matmul(x, w.T) + b


def sigmoid(xp: Any, x: Any) -> Any:
    return 1 / (1 + xp.exp(-x))


def cross_entropy(xp: Any, logits: Any, target: Any) -> Any:
    away = logits - xp.max(logits, axis=1, keepdims=True)
    logp = away - xp.log(xp.sum(xp.exp(away), axis=1, keepdims=True))
    return -xp.mean(logp[np.arange(len(target)), target])


def conv(xp: Any, x: Any, w: Any, b: Any) -> Any:
    """The matrix of what each window sees, times the weight."""
    (N, C, H, W), (filters, _, kh, kw) = x.shape, w.shape
    oh, ow = H - kh + 1, W - kw + 1
    seen = xp.stack([x[:, :, u : u + oh, v : v + ow] for u in range(kh) for v in range(kw)], axis=2)
    out = xp.matmul(w.reshape(filters, C * kh * kw), seen.reshape(N, C * kh * kw, oh * ow))
    return (out + b.reshape(-1, 1)).reshape(N, filters, oh, ow)


def pool(xp: Any, x: Any) -> Any:
    N, C, H, W = x.shape
    return xp.max(x.reshape(N, C, H // 2, 2, W // 2, 2), axis=(3, 5))


def layer_norm(xp: Any, x: Any, gamma: Any, beta: Any) -> Any:
    away = x - xp.mean(x, axis=-1, keepdims=True)
    return away / xp.sqrt(xp.mean(away * away, axis=-1, keepdims=True) + 1e-5) * gamma + beta


def gelu(xp: Any, x: Any) -> Any:
    return 0.5 * x * (1 + xp.tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))


def attend(xp: Any, qkv: Any) -> Any:
    B, T, C = 16, 64, 64
    q, k, v = (
        xp.transpose(qkv[:, :, i * C : (i + 1) * C].reshape(B, T, 4, C // 4), (0, 2, 1, 3)) for i in range(3)
    )  # (B, heads, T, C / heads)
    scores = xp.matmul(q, xp.transpose(k, (0, 1, 3, 2))) * 0.25 + np.triu(np.full((T, T), -1e9, np.float32), 1)
    e = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
    y = xp.matmul(e / xp.sum(e, axis=-1, keepdims=True), v)
    return xp.transpose(y, (0, 2, 1, 3)).reshape(B, T, C)
