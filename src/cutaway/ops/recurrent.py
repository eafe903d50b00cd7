"""Recurrent layers over a whole sequence, each as one op.

The twins below define each layer as a loop of small ops. The fused ops compute the same in a faster
layout. Internally, a state is a matrix (H, N) with a column for each sequence. The input of a step
is x[t], a one, and h[t-1], concatenated, and all of its gates are one matrix product:

    z[t] = [W  b  U] · [x[t]; 1; h[t-1]]

Backward, a loop from the last step to the first computes d[t], the gradient of z[t]; the gradients
of the weights are again one product, of all d with all inputs. σ' and tanh' follow from the saved
outputs: σ' = σ (1 - σ), tanh' = 1 - tanh².

In this layout each gate is a block of rows of z, contiguous in memory; NumPy takes three times as
long on gates that are blocks of columns. One product instead of three, and no separate bias, save a
third of a step of `nn.RNN`. The loops allocate nothing larger than a state. Forward and backward
together, `nn.RNN` and `nn.GRU` take a fifth of their twins' time (32 steps, batch 32, 64 to 64),
`nn.LSTM` a third (64 steps, batch 32, 64 to 128), most of it in matrix products.

Shapes, for T steps of a batch of N: x (T, N, in), states (T, N, H), weights W (K · H, in) and
U (K · H, H), biases b and b' (K · H), where K is the number of gates.

Source: Elman, "Finding Structure in Time", 1990; Hochreiter and Schmidhuber, "Long Short-Term
Memory", 1997; Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", 2014.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .contract import Array, Pullback, Variadic, once
from .special import sigmoid_values as sigmoid

EVERY = slice(None)


def columns(x: Array) -> Array:
    """(T, N, F) to a contiguous (T, F, N), or back."""
    return np.ascontiguousarray(np.swapaxes(x, 1, 2))


def side_by_side(x: Array) -> Array:
    """(T, F, N) to (F, T · N): the columns of all steps, concatenated."""
    return np.swapaxes(x, 0, 1).reshape(x.shape[1], len(x) * x.shape[2])


class Steps:
    """The inputs of all steps in one buffer, and the combined weights."""

    def __init__(
        self,
        x: Array,
        h0: Array,
        w_ih: Array,
        w_hh: Array,
        biases: tuple[Array, ...],
        to_x: Any = EVERY,
        to_h: Any = EVERY,
    ) -> None:
        """to_x and to_h map the rows of W and of U to rows of z. By default they correspond one to one."""
        self.shape, self.biases, self.to_x, self.to_h = x.shape, len(biases), to_x, to_h
        steps, batch, size = x.shape
        self.read = np.empty((steps + 1, size + 1 + h0.shape[1], batch), x.dtype)
        self.read[:-1, :size] = np.swapaxes(x, 1, 2)
        self.read[-1] = 0  # no step reads this row, but it must not stay uninitialized
        self.read[:, size] = 1
        self.states = self.read[:, size + 1 :]  # a view: h0, then the states that the loop writes
        self.states[0] = h0.T
        rows = len(w_ih) if to_x is EVERY else 1 + max(to_x.max(), to_h.max())
        self.weights = np.zeros((rows, size + 1 + h0.shape[1]), x.dtype)
        self.from_x, self.from_h = self.weights[:, :size], self.weights[:, size + 1 :]
        self.from_x[to_x], self.from_h[to_h] = w_ih, w_hh
        for b, where in zip(biases, (to_x, to_h)):
            self.weights[where, size] += b

    def halved(self, rows: int) -> Array:
        """A copy of the weights, with the first rows halved."""
        weights = self.weights.copy()
        weights[:rows] *= 0.5
        return weights

    def pullbacks(self, d: Callable[[Array], Array]) -> list[Pullback]:
        """The pullbacks of x, W, U and the biases; d maps g to the gradients of all z, concatenated."""
        size = self.shape[2]
        joint = once(lambda g: np.matmul(d(g), side_by_side(self.read[:-1]).T))

        def dx(g: Array) -> Array:
            """d[t] W, for each step t"""
            grad: Array = np.matmul(d(g).T, self.from_x).reshape(self.shape)
            return grad

        def dw_ih(g: Array) -> Array:
            """Σ d[t]ᵀ x[t], over all steps t"""
            grad: Array = joint(g)[self.to_x, :size].copy()
            return grad

        def dw_hh(g: Array) -> Array:
            """Σ d[t]ᵀ h[t-1], over all steps t"""
            grad: Array = joint(g)[self.to_h, size + 1 :].copy()
            return grad

        def bias(rows: Any) -> Pullback:
            def dbias(g: Array) -> Array:
                """Σ d[t], over all steps t and sequences"""
                grad: Array = joint(g)[rows, size].copy()
                return grad

            return dbias

        return [dx, dw_ih, dw_hh, *map(bias, (self.to_x, self.to_h)[: self.biases])]


# --- the plain recurrent net: h = tanh(W x + b + U h') ----------------------------------------------


def rnn(x: Array, h0: Array, w_ih: Array, w_hh: Array, *biases: Array, relu: bool = False) -> Variadic:
    """h[t] = tanh(x[t] Wᵀ + b + h[t-1] Uᵀ + b'), for all t"""
    steps = Steps(x, h0, w_ih, w_hh, biases)
    states, z = steps.states, np.empty_like(steps.states[0])
    for t in range(len(x)):
        np.matmul(steps.weights, steps.read[t], out=z)
        h = states[t + 1]
        np.maximum(z, 0, out=h) if relu else np.tanh(z, out=h)

    @once
    def sweep(g: Array) -> tuple[Array, Array]:
        """d[t] = (g[t] + d[t+1] U) · (1 - h[t]²), from the last step to the first; with relu, · (h[t] > 0)."""
        g = columns(g)
        d = (~(states[1:] <= 0)).astype(g.dtype) if relu else 1 - states[1:] * states[1:]
        dh = np.zeros_like(states[0])
        for t in range(len(d) - 1, -1, -1):
            dh += g[t]
            d[t] *= dh
            np.matmul(steps.from_h.T, d[t], out=dh)
        return side_by_side(d), dh

    def dh0(g: Array) -> Array:
        """d[1] U"""
        grad: Array = sweep(g)[1].T.copy()
        return grad

    dx, *dweights = steps.pullbacks(lambda g: sweep(g)[0])
    return columns(states[1:]), dx, dh0, *dweights


def rnn_twin(x: Array, h0: Array, w_ih: Array, w_hh: Array, *biases: Array, relu: bool = False) -> Array:
    """The recurrent net from small ops, step by step."""
    h, states = h0, []
    for t in range(x.shape[0]):
        z = np.matmul(x[t], w_ih.T) + np.matmul(h, w_hh.T)
        for b in biases:
            z = z + b
        h = np.maximum(z, 0) if relu else np.tanh(z)
        states.append(h)
    return np.stack(states)


# --- long short-term memory: a cell state c that gates write, keep and read -------------------------


def lstm(x: Array, h0: Array, c0: Array, w_ih: Array, w_hh: Array, *biases: Array) -> Variadic:
    """i, f, o = σ(…), u = tanh(…) of x[t] and h[t-1]; c[t] = f c[t-1] + i u; h[t] = o tanh(c[t])

    The value holds h[1] to h[T], followed by c[T].
    """
    size = h0.shape[1]
    order = np.arange(4 * size).reshape(4, size)[[0, 1, 3, 2]].ravel()  # i, f, u, o in W and U; i, f, o, u inside
    steps = Steps(x, h0, w_ih, w_hh, biases, order, order)
    states = steps.states
    gates = np.empty((len(x), 4, *states.shape[1:]), x.dtype)
    parts = np.empty((len(x), 2, *states.shape[1:]), x.dtype)  # i u and f c[t-1], whose sum is c[t]
    squashed = np.empty_like(states[1:])  # tanh(c[t])
    c = c0.T.copy()
    weights = steps.halved(3 * size)
    for t, z in enumerate(gates):
        np.matmul(weights, steps.read[t], out=z.reshape(len(weights), -1))
        np.tanh(z, out=z)  # for all four: σ(z) = ½ tanh(½ z) + ½, in half the time of 1 / (1 + exp(-z))
        z[:3] *= 0.5
        z[:3] += 0.5
        i, f, o, u = z
        written, kept = parts[t]
        np.multiply(i, u, out=written)
        np.multiply(f, c, out=kept)
        np.add(written, kept, out=c)
        np.multiply(o, np.tanh(c, out=squashed[t]), out=states[t + 1])

    @once
    def sweep(g: Array) -> tuple[Array, Array, Array]:
        """d[t] are the gradients of what i, f, u and o are functions of, from the last step to the first."""
        g = columns(g)
        d = np.empty_like(gates)
        dh, dc = np.zeros_like(g[0]), g[-1].copy()
        for t in range(len(d) - 1, -1, -1):
            i, f, o, u = gates[t]
            dh += g[t]
            dc += dh * (o - states[t + 1] * squashed[t])  # h = o tanh(c), so o tanh'(c) is o - h tanh(c)
            np.multiply(dc, parts[t], out=d[t, :2])  # di = dc u i (1 - i), where u i was saved; f and o similarly
            np.multiply(dh, states[t + 1], out=d[t, 2])
            d[t, :3] *= 1 - gates[t, :3]
            np.multiply(dc, i - parts[t, 0] * u, out=d[t, 3])  # du = dc i (1 - u²)
            dc *= f
            np.matmul(steps.from_h.T, d[t].reshape(len(weights), -1), out=dh)
        return side_by_side(d.reshape(len(d), len(weights), -1)), dh, dc

    def dh0(g: Array) -> Array:
        """d[1] U"""
        grad: Array = sweep(g)[1].T.copy()
        return grad

    def dc0(g: Array) -> Array:
        """f[1] times the gradient of c[1]"""
        grad: Array = sweep(g)[2].T.copy()
        return grad

    dx, *dweights = steps.pullbacks(lambda g: sweep(g)[0])
    out = np.empty((len(x) + 1, *h0.shape), x.dtype)
    out[:-1], out[-1] = np.swapaxes(states[1:], 1, 2), c.T
    return out, dx, dh0, dc0, *dweights


def lstm_twin(x: Array, h0: Array, c0: Array, w_ih: Array, w_hh: Array, *biases: Array) -> Array:
    """The LSTM from small ops, step by step."""
    h, c, size = h0, c0, h0.shape[-1]
    states = []
    for t in range(x.shape[0]):
        z = np.matmul(x[t], w_ih.T) + np.matmul(h, w_hh.T)
        for b in biases:
            z = z + b
        i, f, u, o = (z[:, k * size : (k + 1) * size] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(u)
        h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.stack([*states, c])


# --- gated recurrent unit: how much of the old state to look at, and how much to keep ---------------


def gru(x: Array, h0: Array, w_ih: Array, w_hh: Array, *biases: Array) -> Variadic:
    """r, z = σ(…) of x[t] and h[t-1]; n = tanh(x[t] Wₙᵀ + b + r (h[t-1] Uₙᵀ + b')); h[t] = (1 - z) n + z h[t-1]"""
    size = h0.shape[1]
    # Four row blocks: r, z, then the two parts of n, one from x and one from h. A quarter of the weights is 0; leaving
    # them out would need two smaller products per step, which take as long.
    to_x, to_h = np.arange(3 * size), np.r_[: 2 * size, 3 * size : 4 * size]
    steps = Steps(x, h0, w_ih, w_hh, biases, to_x, to_h)
    states = steps.states
    gates = np.empty((len(x), 4, *states.shape[1:]), x.dtype)
    weights = steps.halved(2 * size)
    for t, gate in enumerate(gates):
        np.matmul(weights, steps.read[t], out=gate.reshape(len(weights), -1))
        np.tanh(gate[:2], out=gate[:2])  # σ, as in the LSTM
        gate[:2] *= 0.5
        gate[:2] += 0.5
        r, z, n, recalled = gate
        n += r * recalled
        np.tanh(n, out=n)
        h = np.subtract(states[t], n, out=states[t + 1])
        h *= z
        h += n

    @once
    def sweep(g: Array) -> tuple[Array, Array]:
        """d[t] are the gradients of what r, z and n are functions of, from the last step to the first."""
        g = columns(g)
        d = np.empty_like(gates)
        dh, through = np.zeros_like(g[0]), np.empty_like(g[0])
        for t in range(len(d) - 1, -1, -1):
            r, z, n, recalled = gates[t]
            dr, dz, dn, drecalled = d[t]
            dh += g[t]
            new = dh * (1 - z)
            np.multiply(new, states[t + 1] - n, out=dz)  # h[t] - n is z (h[t-1] - n)
            np.multiply(new, 1 - n * n, out=dn)
            np.multiply(dn, r, out=drecalled)
            np.multiply(drecalled, recalled, out=dr)
            dr *= 1 - r
            dh *= z
            dh += np.matmul(steps.from_h.T, d[t].reshape(len(weights), -1), out=through)
        return side_by_side(d.reshape(len(d), len(weights), -1)), dh

    def dh0(g: Array) -> Array:
        """z[1] times the gradient of h[1], plus d[1] U"""
        grad: Array = sweep(g)[1].T.copy()
        return grad

    dx, *dweights = steps.pullbacks(lambda g: sweep(g)[0])
    return columns(states[1:]), dx, dh0, *dweights


def gru_twin(x: Array, h0: Array, w_ih: Array, w_hh: Array, *biases: Array) -> Array:
    """The GRU from small ops, step by step."""
    h, size, states = h0, h0.shape[-1], []
    for t in range(x.shape[0]):
        a, y = np.matmul(x[t], w_ih.T), np.matmul(h, w_hh.T)
        if biases:
            a, y = a + biases[0], y + biases[1]
        r, z = (sigmoid(a[:, k * size : (k + 1) * size] + y[:, k * size : (k + 1) * size]) for k in range(2))
        n = np.tanh(a[:, 2 * size :] + r * y[:, 2 * size :])
        h = n + z * (h - n)
        states.append(h)
    return np.stack(states)
