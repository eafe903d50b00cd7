"""Gated recurrent units: at every step, two gates decide how much of the state is kept or overwritten.

    r = σ(W_r x + b_r + U_r h + b'_r)            reset: how much of the old state the candidate sees
    z = σ(W_z x + b_z + U_z h + b'_z)            update: how much of the old state stays
    n = tanh(W_n x + b_n + r (U_n h + b'_n))     the candidate for the new state
    h' = (1 - z) n + z h

Where z is near 1, the state and its gradient pass a step unchanged, so a GRU remembers longer than an RNN.

Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine
Translation", 2014.
"""

from __future__ import annotations

from ...ops import gru
from ...tensors import Tensor
from ...tensors.base import apply
from .. import functional as F
from ..parameter import Parameter
from .recurrent import RNNBase, RNNCellBase, States

__all__ = ["GRU", "GRUCell"]


class GRUCell(RNNCellBase):
    """One step of a gated recurrent unit.

    Args:
        input_size: the size of x.
        hidden_size: the size of h.
        bias: False omits the biases.

    Shapes:
        input x (N, input_size) or (input_size);
        hx, the state h, (N, hidden_size) or (hidden_size), zeros by default; h' has the same shape.
        The weights stack the rows of r, z and n: weight_ih (3 · hidden_size, input_size).

    >>> cell = nn.GRUCell(3, 5)
    >>> h = cell(torch.zeros(2, 3))
    >>> cell(torch.zeros(2, 3), h).shape
    torch.Size([2, 5])
    """

    gates = 3

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        (hx,) = self._start(input, hx)
        x_r, x_z, x_n = F.linear(input, self.weight_ih, self.bias_ih).chunk(3, -1)
        h_r, h_z, h_n = F.linear(hx, self.weight_hh, self.bias_hh).chunk(3, -1)
        r = (x_r + h_r).sigmoid()
        z = (x_z + h_z).sigmoid()
        n = (x_n + r * h_n).tanh()
        return n + z * (hx - n)  # (1 - z) n + z h


class GRU(RNNBase):
    """A sequence through one or more layers of gated recurrent units.

    Args:
        input_size: the size of each x[t].
        hidden_size: the size of the hidden state.
        num_layers: the number of stacked layers; each reads the hidden states of the one below.
        bias: False omits the biases.
        batch_first: sequences are (N, T, ...) instead of (T, N, ...).
        dropout: the dropout probability between layers, in training.
        bidirectional: a second network reads each sequence backward, and the outputs are concatenated.

    Shapes, with D = 2 if bidirectional else 1:
        input x (T, N, input_size), or (N, T, input_size) with batch_first, or (T, input_size) for one sequence, or a
        `PackedSequence`, which makes the output one too;
        hx, the first h (D · num_layers, N, hidden_size), zeros by default, or without N for one sequence.

    Returns:
        output: every hidden state of the last layer, (T, N, D · hidden_size) or as x is arranged;
        h: the last hidden state of every layer, as hx.

    Raises:
        RuntimeError: a size does not match.
        ValueError: x has the wrong number of axes, or its dtype differs from the weights'.

    The weights stack the rows of r, z and n: weight_ih_l0 (3 · hidden_size, input_size).

    >>> gru = nn.GRU(3, 5, num_layers=2)
    >>> output, h = gru(torch.zeros(7, 2, 3))
    >>> output.shape, h.shape
    (torch.Size([7, 2, 5]), torch.Size([2, 2, 5]))
    """

    mode = "GRU"
    gates = 3

    def _read(self, x: Tensor, start: States, weights: list[Parameter]) -> tuple[Tensor, States]:
        output = apply(gru, x, *start, *weights)
        return output, (output[-1],)
