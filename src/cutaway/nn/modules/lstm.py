"""Long short-term memory: in addition to the state h, a cell state c that gates write, keep and read.

    i, f, o = σ(W x + b + U h + b')      three gates: input, forget, output
    u = tanh(W_u x + b_u + U_u h + b'_u) the candidate for c
    c' = f c + i u                       keep some of the old, write some of the new
    h' = o tanh(c')                      show some of it

From step to step, c is only scaled by f: where f is near 1, gradients do not vanish over many steps.

Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997; with the forget gate of Gers et al.,
"Learning to Forget", 2000.
"""

from __future__ import annotations

from ...ops import lstm, piece
from ...tensors import Tensor
from ...tensors.base import apply, apply_view
from .. import functional as F
from ..parameter import Parameter
from .recurrent import RNNBase, RNNCellBase, States

__all__ = ["LSTM", "LSTMCell"]


class LSTMCell(RNNCellBase):
    """One LSTM step: compute the next pair (h, c) from x and the current pair.

    Args:
        input_size: the size of x.
        hidden_size: the size of h and c.
        bias: False omits the biases.

    Shapes:
        input x (N, input_size) or (input_size);
        hx, the pair (h, c), each (N, hidden_size) or (hidden_size), zeros by default; h' and c' have the same shape.
        The weights stack the rows of i, f, u and o: weight_ih (4 · hidden_size, input_size).

    >>> cell = nn.LSTMCell(3, 5)
    >>> h, c = cell(torch.zeros(2, 3))
    >>> h, c = cell(torch.zeros(2, 3), (h, c))
    >>> h.shape
    torch.Size([2, 5])
    """

    gates = 4
    states = ("h", "c")

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        h, c = self._start(input, hx)
        total = F.linear(input, self.weight_ih, self.bias_ih) + F.linear(h, self.weight_hh, self.bias_hh)
        i, f, u, o = total.chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * u.tanh()
        return o.sigmoid() * c.tanh(), c


class LSTM(RNNBase):
    """A sequence through one or more layers of long short-term memory.

    Args:
        input_size: the size of each x[t].
        hidden_size: the size of the states h and c.
        num_layers: the number of stacked layers; each reads the hidden states of the one below.
        bias: False omits the biases.
        batch_first: sequences are (N, T, ...) instead of (T, N, ...).
        dropout: the dropout probability between layers, in training.
        bidirectional: a second network reads each sequence backward, and the outputs are concatenated.
        proj_size: only 0; PyTorch's projection of h is not supported.

    Shapes, with D = 2 if bidirectional else 1:
        input x (T, N, input_size), or (N, T, input_size) with batch_first, or (T, input_size) for one sequence, or a
        `PackedSequence`, which makes the output one too;
        hx, the pair (h, c) to begin with, each (D · num_layers, N, hidden_size), or without N for one sequence; zeros
        when it is not given.

    Returns:
        output: every h of the last layer, (T, N, D · hidden_size) or as x is arranged;
        (h, c): the last of every layer, as hx.

    Raises:
        TypeError: the state is not a pair.
        RuntimeError: a size does not match.
        ValueError: x has the wrong number of axes, or its dtype differs from the weights'.

    The weights stack the rows of i, f, u and o: weight_ih_l0 (4 · hidden_size, input_size).

    >>> lstm = nn.LSTM(3, 5, bidirectional=True)
    >>> output, (h, c) = lstm(torch.zeros(7, 2, 3))
    >>> output.shape, h.shape, c.shape
    (torch.Size([7, 2, 10]), torch.Size([2, 2, 5]), torch.Size([2, 2, 5]))
    """

    mode = "LSTM"
    gates = 4
    states = ("h", "c")

    def _read(self, x: Tensor, start: States, weights: list[Parameter]) -> tuple[Tensor, States]:
        all_and_c = apply(lstm, x, *start, *weights)  # every h, followed by the last c
        output = apply_view(piece, all_and_c, index=(slice(0, -1), ...), of="MkldnnRnnLayer")
        return output, (all_and_c[-2], all_and_c[-1])
