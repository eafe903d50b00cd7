"""Attention as a layer: several heads, each with queries, keys and values of its own."""

from __future__ import annotations

import math
from typing import Any

from ...creation import empty, zeros
from ...dtypes import bool_
from ...dtypes import dtype as DType
from ...tensors import Tensor, cat
from .. import functional as F
from .. import init
from ..functional.checks import check_tensors
from ..parameter import Parameter
from .linear import Linear
from .module import Module

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear; PyTorch has this name for the last one in attention, and prints it."""


class MultiheadAttention(Module):
    """Attention by several heads, each of which looks for something else, joined by a linear layer.

    Args:
        embed_dim: E, the size of a query and of the output; each of the heads works on E / num_heads.
        num_heads: how many heads.
        dropout: the probability of dropping a weight, while training.
        bias: False leaves the biases of all projections out.
        add_bias_kv: one more key and value, learned, beside those that are given.
        add_zero_attn: one more key and value, zeros: a head may look at nothing.
        kdim, vdim: the sizes of keys and values; E by default.
        batch_first: sequences are (N, L, E) instead of (L, N, E).

    Shapes:
        query (L, N, E), key (S, N, kdim), value (S, N, vdim), or as batch_first says, or all without N;
        key_padding_mask (N, S), True for a key that is only padding;
        attn_mask (L, S) or (N · num_heads, L, S), True where a query may NOT look (the other way round than in
        `F.scaled_dot_product_attention`), or numbers that are added to the scores.

    Returns:
        output (L, N, E), or as query is arranged;
        weights (N, L, S), the mean of all heads', or (N, num_heads, L, S) with average_attn_weights=False;
        None with need_weights=False, which is faster.

    Raises:
        AssertionError, RuntimeError: a size does not fit.

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
            raise ValueError(f"embed_dim and num_heads must be greater than 0, and are {embed_dim} and {num_heads}")
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
                f"embed_dim must be divisible by num_heads: each head works on a part of the {embed_dim} numbers, and "
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
        """Draw the weights anew."""
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
        problem = self._problem(query, key, value, key_padding_mask, attn_mask, is_causal)
        if problem is not None:
            error, why = problem
            raise error(
                f"MultiheadAttention(embed_dim={self.embed_dim}, num_heads={self.num_heads}) was given query "
                f"{tuple(query.shape)}, key {tuple(key.shape)} and value {tuple(value.shape)}: {why}"
            )
        q, k, v = self._project(query, key, value)
        if query.ndim == 3 and not self.batch_first:
            q, k, v = (x.transpose(0, 1) for x in (q, k, v))  # (N, L, E), or (L, E) throughout for one sequence
        blocked = self._mask(key_padding_mask, attn_mask, q)
        k, v, blocked = self._more_keys(k, v, blocked)
        # (N, L, E) to (N, H, L, E / H)
        q, k, v = (x.unflatten(-1, (self.num_heads, self.head_dim)).transpose(-3, -2) for x in (q, k, v))
        dropout = self.dropout if self.training else 0.0
        weights = None
        if need_weights:
            scores = q * math.sqrt(1 / self.head_dim) @ k.transpose(-2, -1)  # (N, H, L, S)
            if blocked is not None:
                bool_mask = blocked.dtype == bool_
                scores = scores.masked_fill(blocked, -math.inf) if bool_mask else scores + blocked
            weights = F.dropout(scores.softmax(-1), dropout)
            out = weights @ v  # (N, H, L, E / H)
            weights = weights.mean(-3) if average_attn_weights else weights
        else:
            mask = ~blocked if blocked is not None and blocked.dtype == bool_ else blocked
            out = F.scaled_dot_product_attention(q, k, v, mask, dropout)
        # PyTorch's order in memory, whatever batch_first says: a dropout that follows draws in that order
        out = self.out_proj(out.movedim(-2, 0).flatten(-2))  # (L, N, E)
        return out.transpose(0, 1) if self.batch_first and query.ndim == 3 else out, weights

    def _project(self, query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, ...]:
        """Queries, keys and values for all heads, side by side."""
        weight, bias = self.in_proj_weight, self.in_proj_bias
        if weight is not None and query is key and key is value:  # one product instead of three
            return F.linear(query, weight, bias).chunk(3, -1)
        each = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight) if weight is None else weight.chunk(3)
        biases = (None, None, None) if bias is None else bias.chunk(3)
        return tuple(F.linear(x, w, b) for x, w, b in zip((query, key, value), each, biases, strict=True))

    def _mask(self, padding: Tensor | None, mask: Tensor | None, q: Tensor) -> Tensor | None:
        """Both masks as one, broadcast to (N, H, L, S): True for what is blocked, or numbers to add."""
        if mask is not None and mask.ndim == 3 and q.ndim == 3:
            mask = mask.unflatten(0, (-1, self.num_heads))
        if padding is not None and padding.ndim == 2:
            padding = padding[:, None, None]  # (N, 1, 1, S)
        if mask is None or padding is None:
            return padding if mask is None else mask
        if mask.dtype == padding.dtype == bool_:
            return mask | padding
        added = [
            zeros(m.shape, dtype=q.dtype).masked_fill(m, -math.inf) if m.dtype == bool_ else m for m in (mask, padding)
        ]
        return added[0] + added[1]

    def _more_keys(self, k: Tensor, v: Tensor, blocked: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
        """The learned key and value, and the zeros, behind those that are given."""
        shape = (*k.shape[:-2], 1, self.embed_dim)
        more: list[tuple[Tensor, Tensor]] = []
        if self.bias_k is not None and self.bias_v is not None:
            more.append((self.bias_k[0].expand(shape), self.bias_v[0].expand(shape)))
        if self.add_zero_attn:
            more.append((zeros(shape, dtype=k.dtype), zeros(shape, dtype=v.dtype)))
        for key, value in more:
            k, v = cat([k, key], -2), cat([v, value], -2)
            if blocked is not None:
                blocked = cat([blocked, zeros((*blocked.shape[:-1], 1), dtype=blocked.dtype)], -1)
        return k, v, blocked

    def _problem(
        self, query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None, is_causal: bool
    ) -> tuple[type[Exception], str] | None:
        """What is wrong with the input, if something is, and the class of error that PyTorch has for it."""
        layout = "(N, L, E)" if self.batch_first else "(L, N, E)"
        if query.ndim not in (2, 3):
            return AssertionError, f"they are {layout}, or (L, E) for one sequence"
        if not query.ndim == key.ndim == value.ndim:
            return AssertionError, "with or without a batch, all three of them"
        sizes = (self.embed_dim, self.kdim, self.vdim)
        if (query.shape[-1], key.shape[-1], value.shape[-1]) != sizes:
            return AssertionError, f"their last axes must have the sizes {sizes}"
        if key.shape[:-1] != value.shape[:-1]:
            return AssertionError, "there must be one value for each key"
        time, batch = (-2, 0) if self.batch_first else (0, 1)
        L, S, one = query.shape[time], key.shape[time], query.ndim == 2
        N = 1 if one else query.shape[batch]
        if not one and key.shape[batch] != N:
            return RuntimeError, f"they are {layout}, and must agree in N"
        expected: tuple[int, ...]
        for name, given in (("key_padding_mask", padding), ("attn_mask", mask)):
            if given is not None and given.dtype != bool_ and not given.is_floating_point():
                return AssertionError, f"{name} is bool or floating point, not {given.dtype}"
        if padding is not None and padding.shape != (expected := (S,) if one else (N, S)):
            return AssertionError, f"key_padding_mask has shape {tuple(padding.shape)}, not {expected}"
        if mask is not None and mask.shape != (expected := (L, S)) and mask.ndim != 3:
            error = RuntimeError if mask.ndim == 2 else AssertionError
            return error, f"attn_mask has shape {tuple(mask.shape)}, not {expected}"
        if mask is not None and mask.ndim == 3 and mask.shape != (expected := (N * self.num_heads, L, S)):
            return RuntimeError, f"attn_mask has shape {tuple(mask.shape)}, not (N · num_heads, L, S) = {expected}"
        if is_causal and mask is None:
            return RuntimeError, (
                "is_causal=True says that attn_mask is causal, and there is none; it would be "
                f"attn_mask=nn.Transformer.generate_square_subsequent_mask({L})"
            )
        return None
