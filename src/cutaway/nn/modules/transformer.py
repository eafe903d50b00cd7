"""Transformers: each layer mixes the positions of a sequence by attention, then transforms each position.

Every block has a residual connection and a layer norm:

    x = norm(x + attention(x))        or, with norm_first,    x = x + attention(norm(x))
    x = norm(x + feed_forward(x))                             x = x + feed_forward(norm(x))

An encoder's layers attend to the sequence itself. A decoder's also attend to the memory, an encoder's output for
another sequence.

Source: Vaswani et al., "Attention Is All You Need", 2017; norm_first: Xiong et al., "On Layer Normalization in the
Transformer Architecture", 2020.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, ClassVar

from ...creation import full
from ...dtypes import dtype as DType
from ...grad_mode import is_grad_enabled
from ...tensors import Tensor
from .. import functional as F
from .. import init
from .activation import GELU, ReLU
from .attention import MultiheadAttention
from .containers import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

__all__ = [
    "Transformer", "TransformerDecoder", "TransformerDecoderLayer", "TransformerEncoder", "TransformerEncoderLayer",
]  # fmt: skip

Activation = str | Callable[[Tensor], Tensor]


class _Layer(Module):
    """The base of encoder and decoder layers."""

    attentions: ClassVar[tuple[str, ...]] = ("self_attn",)  # one for each sequence that it attends to

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        named: dict[str, Callable[..., Tensor]] = {"relu": F.relu, "gelu": F.gelu}
        if isinstance(activation, str) and activation not in named:
            raise RuntimeError(
                f'activation is "relu", "gelu" or a function of tensors, not {activation!r}: pass F.{activation} itself'
            )
        made: dict[str, Any] = {"bias": bias, "device": device, "dtype": dtype}
        for name in self.attentions:
            setattr(self, name, MultiheadAttention(d_model, nhead, dropout, batch_first=batch_first, **made))
        self.linear1 = Linear(d_model, dim_feedforward, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **made)
        self.norm_first = norm_first
        blocks = range(1, len(self.attentions) + 2)
        for i in blocks:
            setattr(self, f"norm{i}", LayerNorm(d_model, eps=layer_norm_eps, **made))
        for i in blocks:
            setattr(self, f"dropout{i}", Dropout(dropout))
        self.activation = named[activation] if isinstance(activation, str) else activation

    def _add(self, number: int, x: Tensor, block: Callable[[Tensor], Tensor]) -> Tensor:
        """A residual connection around a block, with its layer norm."""
        norm, dropout = getattr(self, f"norm{number}"), getattr(self, f"dropout{number}")
        normed: Tensor = x + dropout(block(norm(x))) if self.norm_first else norm(x + dropout(block(x)))
        return normed

    def _feed_forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.linear2(self.dropout(self.activation(self.linear1(x))))
        return out


class TransformerEncoderLayer(_Layer):
    """Self-attention, then a feed-forward network at each position.

    Args:
        d_model: E, the number of features.
        nhead: the number of attention heads.
        dim_feedforward: the hidden size of the feed-forward network.
        dropout: the dropout probability in training: attention weights, hidden features, outputs of blocks.
        activation: "relu", "gelu" or a function of tensors.
        layer_norm_eps: eps of the layer norms.
        batch_first: sequences are (N, L, E) instead of (L, N, E).
        norm_first: normalize before the attention and feed-forward blocks instead of after them.
        bias: False omits all biases.

    Shapes:
        src (L, N, E), or as batch_first says, or (L, E) for one sequence;
        src_mask (L, L) or (N · nhead, L, L), src_key_padding_mask (N, L): as in `nn.MultiheadAttention`.

    >>> layer = nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> layer(torch.zeros(3, 5, 8)).shape
    torch.Size([3, 5, 8])
    """

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        def attend(x: Tensor) -> Tensor:
            out: Tensor = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)[0]
            return out

        return self._add(2, self._add(1, src, attend), self._feed_forward)


class TransformerDecoderLayer(_Layer):
    """Self-attention, then attention to a memory, then a feed-forward network at each position.

    Args:
        d_model, nhead, ...: those of `nn.TransformerEncoderLayer`.

    Shapes:
        tgt (T, N, E), memory (S, N, E), or as batch_first says, or both without N;
        tgt_mask (T, T), memory_mask (T, S), or with N · nhead in front; tgt_key_padding_mask (N, T),
        memory_key_padding_mask (N, S): as in `nn.MultiheadAttention`.

    >>> layer = nn.TransformerDecoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> layer(torch.zeros(3, 5, 8), memory=torch.zeros(3, 7, 8)).shape
    torch.Size([3, 5, 8])
    """

    attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        def attend(x: Tensor) -> Tensor:
            out: Tensor = self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)[0]
            return out

        def look_up(x: Tensor) -> Tensor:
            look = self.multihead_attn
            out: Tensor = look(
                x, memory, memory, memory_key_padding_mask, False, memory_mask, is_causal=memory_is_causal
            )[0]
            return out

        x = self._add(1, tgt, attend)
        return self._add(3, self._add(2, x, look_up), self._feed_forward)


class _Stack(Module):
    """A stack of copies of a layer, with an optional norm at the end."""

    def __init__(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        super().__init__()
        self.layers = ModuleList([copy.deepcopy(layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm


class TransformerEncoder(_Stack):
    """A stack of encoder layers.

    Args:
        encoder_layer: the layer to copy; all copies start with the same weights.
        num_layers: how many.
        norm: a module applied at the end, such as `nn.LayerNorm(d_model)`, which layers with norm_first need.
        enable_nested_tensor: give zeros for padding at the ends of sequences, where nothing is learned: in eval(),
            under no_grad(), with batch_first and without norm_first. PyTorch leaves it out of the computation there.
        mask_check: whether to look if the padding is at the ends.

    Shapes:
        src, mask and src_key_padding_mask as in `nn.TransformerEncoderLayer`.

    >>> layer = nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16)
    >>> encoder = nn.TransformerEncoder(layer, num_layers=2)
    >>> encoder(torch.zeros(5, 3, 8), mask=nn.Transformer.generate_square_subsequent_mask(5)).shape
    torch.Size([5, 3, 8])
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__(encoder_layer, num_layers, norm)
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        padding = None if mask is not None else self._padding_left_out(src, src_key_padding_mask)
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, is_causal=bool(is_causal))
        if padding is not None:
            src = src.masked_fill(padding.unsqueeze(-1), 0.0)
        return src if self.norm is None else self.norm(src)

    def _padding_left_out(self, src: Tensor, padding: Tensor | None) -> Tensor | None:
        """The padding (N, L) as True, if PyTorch skips it; else None."""
        layer = self.layers[0]
        if padding is None or src.ndim != 3 or not self.enable_nested_tensor or not _is_usual(layer):
            return None
        if is_grad_enabled() and any(x.requires_grad for x in (src, *layer.parameters())):
            return None
        padding = padding != 0
        at_the_ends = not self.mask_check or bool((padding[:, :-1] <= padding[:, 1:]).all())
        return padding if at_the_ends else None


def _is_usual(layer: Module) -> bool:
    """Whether PyTorch has a fast path for the layer in evaluation."""
    if type(layer) is not TransformerEncoderLayer or layer.training or layer.norm_first:
        return False
    attention = layer.self_attn
    return bool(
        attention.batch_first
        and attention.num_heads % 2 == 0
        and attention.in_proj_bias is not None
        and layer.norm1.eps == layer.norm2.eps
        and (layer.activation in (F.relu, F.gelu) or isinstance(layer.activation, ReLU | GELU))
    )


class TransformerDecoder(_Stack):
    """A stack of decoder layers, all of which attend to the same memory.

    Args:
        decoder_layer: the layer to copy.
        num_layers: how many.
        norm: a module for the end.

    Shapes:
        those of `nn.TransformerDecoderLayer`.

    >>> layer = nn.TransformerDecoderLayer(d_model=8, nhead=2, dim_feedforward=16)
    >>> nn.TransformerDecoder(layer, num_layers=2)(torch.zeros(5, 3, 8), torch.zeros(7, 3, 8)).shape
    torch.Size([5, 3, 8])
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        for layer in self.layers:
            tgt = layer(tgt, memory, *masks, tgt_is_causal=bool(tgt_is_causal), memory_is_causal=memory_is_causal)
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder that reads one sequence, and a decoder that writes another.

    Args:
        d_model, nhead, ...: those of the layers.
        num_encoder_layers, num_decoder_layers: how many of each.
        custom_encoder, custom_decoder: modules to use instead of the default ones.

    Shapes:
        src (S, N, E), tgt (T, N, E), or as batch_first says; masks as in the layers.

    >>> net = nn.Transformer(8, 2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16)
    >>> net(torch.zeros(5, 3, 8), torch.zeros(7, 3, 8)).shape
    torch.Size([7, 3, 8])
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: DType | None = None,
    ) -> None:
        super().__init__()
        settings: tuple[Any, ...] = (
            d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias, device,
            dtype,
        )  # fmt: skip

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)

        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*settings), num_encoder_layers, norm()
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*settings), num_decoder_layers, norm()
        )
        for param in self.parameters():
            if param.ndim > 1:
                init.xavier_uniform_(param)
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError(
                f"the last axes of src and tgt must have size d_model={self.d_model}, and they have the shapes "
                f"{tuple(src.shape)} and {tuple(tgt.shape)}"
            )
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        out: Tensor = self.decoder(tgt, memory, *masks, tgt_is_causal, memory_is_causal)
        return out

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: DType | None = None) -> Tensor:
        """A causal attention mask (sz, sz): 0 up to the diagonal, -∞ above it.

        >>> nn.Transformer.generate_square_subsequent_mask(2)
        tensor([[0., -inf],
                [0., 0.]])
        """
        return full((sz, sz), -math.inf, device=device, dtype=dtype).triu(1)
