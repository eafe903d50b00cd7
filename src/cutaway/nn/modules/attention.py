"""Multi-head attention: each head has its own queries, keys and values."""

from __future__ import annotations

from typing import Any

from ...creation import empty
from ...dtypes import dtype as DType
from ...tensors import Tensor
from .. import functional as F
from .. import init
from ..functional.attention import check_heads
from ..functional.checks import check_tensors
from ..parameter import Parameter
from .linear import Linear
from .module import Module

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear under PyTorch's name for the output projection, which its repr shows."""


class MultiheadAttention(Module):
    """Several attention heads in parallel, combined by a linear layer.

    Args:
        embed_dim: E, the size of a query and of the output; each head has size E / num_heads.
        num_heads: the number of heads.
        dropout: the dropout probability of the attention weights, in training.
        bias: False omits the biases of all projections.
        add_bias_kv: append a learnable key and value.
        add_zero_attn: append a key and value of zeros, so that a head can attend to nothing.
        kdim, vdim: the sizes of keys and values; E by default.
        batch_first: sequences are (N, L, E) instead of (L, N, E).

    Shapes:
        query (L, N, E), key (S, N, kdim), value (S, N, vdim), or batch first, or all without N;
        key_padding_mask (N, S), True for padding;
        attn_mask (L, S) or (N · num_heads, L, S), True where attention is NOT allowed (the opposite of
        `F.scaled_dot_product_attention`), or numbers that are added to the scores.

    Returns:
        output, of the shape of query;
        weights (N, L, S), averaged over the heads, or (N, num_heads, L, S) with average_attn_weights=False;
        None with need_weights=False, which is faster.

    Raises:
        AssertionError, RuntimeError: a size does not match.

    Source: Vaswani et al., "Attention Is All You Need", 2017.

    >>> attention = nn.MultiheadAttention(8, num_heads=2, batch_first=True)
    >>> x = torch.zeros(3, 5, 8)
    >>> output, weights = attention(x, x, x)
    >>> output.shape, weights.shape
    (torch.Size([3, 5, 8]), torch.Size([3, 5, 5]))
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(f"embed_dim and num_heads must be greater than 0, but are {embed_dim} and {num_heads}")
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        self.add_zero_attn = add_zero_attn
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError(
                f"embed_dim must be divisible by num_heads: each head gets a part of the {embed_dim} numbers, and "
                f"{num_heads} heads cannot share them evenly"
            )

        def parameter(*shape: int, wanted: bool = True) -> Parameter | None:
            return Parameter(empty(shape, device=device, dtype=dtype)) if wanted else None

        apart = not self.kdim == self.vdim == embed_dim
        for name, width in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
            self.register_parameter(f"{name}_proj_weight", parameter(embed_dim, width, wanted=apart))
        self.register_parameter("in_proj_weight", parameter(3 * embed_dim, embed_dim, wanted=not apart))
        self.register_parameter("in_proj_bias", parameter(3 * embed_dim, wanted=bias))
        self.register_parameter("bias_k", parameter(1, 1, embed_dim, wanted=add_bias_kv))
        self.register_parameter("bias_v", parameter(1, 1, embed_dim, wanted=add_bias_kv))
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Reinitialize the weights."""
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            if getattr(self, name) is not None:
                init.xavier_uniform_(getattr(self, name))
        if self.in_proj_bias is not None and self.out_proj.bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for more in (self.bias_k, self.bias_v):
            if more is not None:
                init.xavier_normal_(more)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        check_tensors("MultiheadAttention", query=query, key=key, value=value)
        name = f"MultiheadAttention(embed_dim={self.embed_dim}, num_heads={self.num_heads})"
        sizes, masks = (self.embed_dim, self.kdim, self.vdim), (key_padding_mask, attn_mask)
        check_heads(name, (query, key, value), sizes, self.num_heads, masks, is_causal, self.batch_first)
        turn = self.batch_first and query.ndim == 3
        if turn:  # the same tensor must stay the same object, to be projected once
            turned = {id(x): x.transpose(0, 1) for x in (query, key, value)}
            query, key, value = (turned[id(x)] for x in (query, key, value))  # (L, N, E)
        out, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=self.in_proj_weight is None,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return out.transpose(0, 1) if turn else out, weights
