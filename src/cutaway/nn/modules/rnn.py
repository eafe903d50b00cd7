"""The plain recurrent network, whose state is recomputed at every step.

    h[t] = tanh(W_ih x[t] + b_ih + W_hh h[t-1] + b_hh)

`RNNCell` computes a single step. `RNN` runs whole sequences through one or more layers.

Source: Elman, "Finding Structure in Time", 1990.
"""

from __future__ import annotations

from typing import Any

from ...dtypes import dtype as DType
from ...ops import rnn
from ...tensors import Tensor
from ...tensors.base import apply
from .. import functional as F
from ..parameter import Parameter
from .recurrent import RNNBase, RNNCellBase, States

__all__ = ["RNN", "RNNCell"]


class RNNCell(RNNCellBase):
    """One step: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    Args:
        input_size: the size of x.
        hidden_size: the size of h.
        bias: False omits both biases.
        nonlinearity: "tanh" or "relu".

    Shapes:
        input x (N, input_size) or (input_size);
        hx, the state h, (N, hidden_size) or (hidden_size), zeros by default; h' has the same shape.

    >>> cell = nn.RNNCell(3, 5)
    >>> h = cell(torch.zeros(2, 3))
    >>> cell(torch.zeros(2, 3), h).shape
    torch.Size([2, 5])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        (hx,) = self._start(input, hx)
        total = F.linear(input, self.weight_ih, self.bias_ih) + F.linear(hx, self.weight_hh, self.bias_hh)
        if self.nonlinearity == "tanh":
            return total.tanh()
        if self.nonlinearity == "relu":
            return total.relu()
        raise RuntimeError(f'an RNNCell\'s nonlinearity is "tanh" or "relu", not {self.nonlinearity!r}')

    def extra_repr(self) -> str:
        return super().extra_repr() + ("" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}")


class RNN(RNNBase):
    """A sequence through one or more recurrent layers.

    Args:
        input_size: the size of each x[t].
        hidden_size: the size of the hidden state.
        num_layers: the number of stacked layers; each reads the hidden states of the one below.
        nonlinearity: "tanh" or "relu".
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

    >>> rnn = nn.RNN(3, 5, batch_first=True)
    >>> output, h = rnn(torch.zeros(2, 7, 3))
    >>> output.shape, h.shape
    (torch.Size([2, 7, 5]), torch.Size([1, 2, 5]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f'an RNN\'s nonlinearity is "tanh" or "relu", not {nonlinearity!r}')
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device=device, dtype=dtype
        )
        self.nonlinearity = nonlinearity

    @property
    def mode(self) -> str:
        """PyTorch's name for it: "RNN_TANH" or "RNN_RELU"."""
        return f"RNN_{self.nonlinearity.upper()}"

    def _read(self, x: Tensor, start: States, weights: list[Parameter]) -> tuple[Tensor, States]:
        output = apply(rnn, x, *start, *weights, relu=self.nonlinearity == "relu")
        return output, (output[-1],)
