"""Attention as a function: each query returns a mean of the values, weighted by how well their keys match it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import ops
from ...creation import ones, zeros
from ...dtypes import bool_
from ...tensors import Tensor, cat
from ...tensors.base import apply
from .checks import check_tensors
from .dropout import dropout
from .linear import linear

__all__ = ["check_heads", "multi_head_attention_forward", "scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query · keyᵀ · scale + attn_mask) · value.

    Args:
        query: (N, ..., L, E).
        key: (N, ..., S, E).
        value: (N, ..., S, Eᵥ).
        attn_mask: broadcast to (N, ..., L, S). bool: True where attention is allowed; floats: added to the scores.
        dropout_p: the probability of dropping a weight. There is no train() or eval() here: pass 0.0 to evaluate.
        is_causal: query i attends only to keys up to i; excludes attn_mask.
        scale: the factor before the softmax; 1/√E by default.
        enable_gqa: grouped-query attention: several query heads share a key and value head; heads are axis -3.

    Returns:
        (N, ..., L, Eᵥ); zeros for a query that may attend to nothing.

    Raises:
        RuntimeError: the shapes or dtypes do not match.

    Source: Vaswani et al., "Attention Is All You Need", 2017.

    >>> q, k, v = torch.zeros(1, 2, 4), torch.zeros(1, 2, 4), torch.tensor([[[1.0], [3.0]]])
    >>> F.scaled_dot_product_attention(q, k, v)
    tensor([[[2.],
             [2.]]])
    >>> F.scaled_dot_product_attention(q, k, v, is_causal=True)
    tensor([[[1.],
             [2.]]])
    """
    check_tensors("scaled_dot_product_attention", query=query, key=key, value=value)
    if enable_gqa:
        key, value = (_one_for_each(query, x) for x in (key, value))
    batch, L, S = _check(query, key, value)
    query, key, value = (
        x if x._array.shape[:-2] == batch else x.expand(*batch, *x.shape[-2:]) for x in (query, key, value)
    )
    inputs, keep = [query, key, value], None
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError(
                "scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True, which makes "
                f"the mask torch.ones({L}, {S}, dtype=torch.bool).tril(): combine both into one attn_mask"
            )
        keep = np.tri(L, S, dtype=np.bool_)
    elif attn_mask is not None:
        _check_mask(attn_mask, (*batch, L, S), query)
        keep = _as_bool(attn_mask)
        if keep is None:
            inputs.append(attn_mask.expand(*batch, L, S))
    attrs: dict[str, Any] = {"scale": 1 / math.sqrt(query.shape[-1]) if scale is None else scale}
    if keep is not None:
        attrs["keep"] = keep
    if dropout_p > 0:
        attrs["kept"] = dropout(ones(*batch, L, S, dtype=query.dtype), dropout_p)._array
    return apply(ops.scaled_dot_product_attention, *inputs, **attrs)


def _check(query: Tensor, key: Tensor, value: Tensor) -> tuple[tuple[int, ...], int, int]:
    """Validate the arguments; return the batch shape, L and S."""
    q, k, v = query._array.shape, key._array.shape, value._array.shape
    if min(len(q), len(k), len(v)) < 2:
        raise RuntimeError(
            f"scaled_dot_product_attention takes (N, ..., L, E), two axes or more, not query {q}, key {k}, value {v}"
        )
    if not query.dtype == key.dtype == value.dtype:
        raise RuntimeError(
            "scaled_dot_product_attention: Expected query, key, and value to have the same dtype, and they are "
            f"{query.dtype}, {key.dtype} and {value.dtype}: convert them, x.to({query.dtype})"
        )
    if q[-1] != k[-1] or k[-2] != v[-2]:
        raise RuntimeError(
            "scaled_dot_product_attention: query (..., L, E) and key (..., S, E) must agree in E, key and value "
            f"(..., S, Eᵥ) in S, and it was given query {q}, key {k}, value {v}"
        )
    try:
        batch = np.broadcast_shapes(q[:-2], k[:-2], v[:-2])
    except ValueError:
        raise RuntimeError(
            "scaled_dot_product_attention: the axes before the last two must be the same, or 1, in "
            f"query {q}, key {k}, value {v}"
            + ("; fewer heads of keys than of queries need enable_gqa=True" if len(q) == len(k) > 2 else "")
        ) from None
    return batch, q[-2], k[-2]


def _one_for_each(query: Tensor, x: Tensor) -> Tensor:
    """Keys or values (N, Hₓ, S, E), with each head repeated to match the number of query heads."""
    heads, there = (a.shape[-3] if a.ndim > 2 else 1 for a in (query, x))
    if not there or heads % there:
        raise RuntimeError(
            f"scaled_dot_product_attention: {heads} heads of queries cannot share {there} of keys or values evenly"
        )
    if heads == there:
        return x
    return x.unsqueeze(-3).expand(*x.shape[:-2], heads // there, *x.shape[-2:]).flatten(-4, -3)


def _check_mask(mask: Tensor, shape: tuple[int, ...], query: Tensor) -> None:
    check_tensors("scaled_dot_product_attention", attn_mask=mask)
    if mask.dtype not in (bool_, query.dtype):
        raise RuntimeError(
            "scaled_dot_product_attention: attn_mask is bool (True where a query may look), or of query's dtype "
            f"(added to the scores), {query.dtype}, but is {mask.dtype}: use mask.bool() or mask.to(query.dtype)"
        )
    try:
        fits = np.broadcast_shapes(mask.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"scaled_dot_product_attention: attn_mask of shape {tuple(mask.shape)} cannot be broadcast to {shape}, a "
            "number for each query and key"
        )


def _as_bool(mask: Tensor) -> Any:
    """The mask as bool, True where attention is allowed; None if it adds other numbers to the scores."""
    array = mask._array
    if mask.dtype == bool_:
        return array
    if mask.requires_grad or array.max(initial=0) > 0:
        return None
    looked_at = array == 0
    return looked_at if (looked_at | np.isneginf(array)).all() else None


# -- several heads -----------------------------------------------------------------------------------------------


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Multi-head attention with H heads of size E / H: the function behind `nn.MultiheadAttention`.

    Args:
        query, key, value: (L, N, E), (S, N, Eₖ), (S, N, Eᵥ), or all without N.
        embed_dim_to_check: E.
        num_heads: H.
        in_proj_weight, in_proj_bias: (3 · E, E) and (3 · E): the stacked projections of queries, keys and values.
        bias_k, bias_v: (1, 1, E), an additional key and value.
        add_zero_attn: append a key and value of zeros.
        dropout_p: the dropout probability of the attention weights, in training.
        out_proj_weight, out_proj_bias: (E, E) and (E), the projection of the result.
        key_padding_mask, need_weights, attn_mask, average_attn_weights, is_causal: as for `nn.MultiheadAttention`.
        use_separate_proj_weight: take q_proj_weight (E, E), k_proj_weight (E, Eₖ) and v_proj_weight (E, Eᵥ) instead of
            in_proj_weight.
        static_k, static_v: (N · H, S, E / H), keys and values of the heads, instead of projected ones.

    Returns:
        (L, N, E), and weights as returned by `nn.MultiheadAttention`.

    Raises:
        AssertionError, RuntimeError: a size does not match.

    >>> net, x = nn.MultiheadAttention(4, num_heads=2), torch.ones(3, 1, 4)
    >>> inside, outside = (net.in_proj_weight, net.in_proj_bias), (net.out_proj.weight, net.out_proj.bias)
    >>> y, weights = F.multi_head_attention_forward(x, x, x, 4, 2, *inside, None, None, False, 0.0, *outside)
    >>> torch.equal(y, net(x, x, x)[0])
    True
    """
    check_tensors("multi_head_attention_forward", query=query, key=key, value=value)
    weights = (q_proj_weight, k_proj_weight, v_proj_weight)
    sizes = [w.shape[1] if use_separate_proj_weight and w is not None else embed_dim_to_check for w in weights]
    masks = (key_padding_mask, attn_mask)
    check_heads("multi_head_attention_forward", (query, key, value), tuple(sizes), num_heads, masks, is_causal)
    if use_separate_proj_weight or in_proj_weight is None:
        q, k, v = _projected((query, key, value), weights, in_proj_bias)
    elif query is key and key is value:  # one product instead of three
        q, k, v = linear(query, in_proj_weight, in_proj_bias).chunk(3, -1)
    else:
        q, k, v = _projected((query, key, value), in_proj_weight.chunk(3), in_proj_bias)
    if query.ndim == 3:
        q, k, v = (x.transpose(0, 1) for x in (q, k, v))  # (N, L, E), or (L, E) throughout for one sequence
    blocked = _blocked(key_padding_mask, attn_mask, q, num_heads)
    if bias_k is not None and bias_v is not None:
        k, v = (cat([x, more[0].expand(*x.shape[:-2], 1, x.shape[-1])], -2) for x, more in ((k, bias_k), (v, bias_v)))
        blocked = _with_one_more(blocked)
    # (N, L, E) to (N, H, L, E / H)
    q, k, v = (x.unflatten(-1, (num_heads, -1)).transpose(-3, -2) for x in (q, k, v))
    k, v = (x if given is None else given.reshape(x.shape) for x, given in ((k, static_k), (v, static_v)))
    if add_zero_attn:
        k, v = (cat([x, zeros(*x.shape[:-2], 1, x.shape[-1], dtype=x.dtype)], -2) for x in (k, v))
        blocked = _with_one_more(blocked)
    out, each = _attend(q, k, v, blocked, dropout_p if training else 0.0, need_weights)
    # PyTorch's order in memory: a dropout that follows draws in that order
    out = linear(out.movedim(-2, 0).flatten(-2), out_proj_weight, out_proj_bias)  # (L, N, E)
    return out, each.mean(-3) if each is not None and average_attn_weights else each


def _projected(inputs: Any, weights: Any, bias: Tensor | None) -> tuple[Tensor, ...]:
    """The projected queries, keys and values, with the heads concatenated."""
    biases = (None, None, None) if bias is None else bias.chunk(3)
    return tuple(linear(x, w, b) for x, w, b in zip(inputs, weights, biases, strict=True))


def _attend(
    q: Tensor, k: Tensor, v: Tensor, blocked: Tensor | None, dropout_p: float, need_weights: bool
) -> tuple[Tensor, Tensor | None]:
    """The output of every head (N, H, L, E / H) and, if requested, the weights (N, H, L, S)."""
    as_bool = blocked is not None and blocked.dtype == bool_
    if not need_weights:
        mask = ~blocked if blocked is not None and as_bool else blocked
        return scaled_dot_product_attention(q, k, v, mask, dropout_p), None
    scores = q * math.sqrt(1 / q.shape[-1]) @ k.transpose(-2, -1)
    if blocked is not None:
        scores = scores.masked_fill(blocked, -math.inf) if as_bool else scores + blocked
    weights = dropout(scores.softmax(-1), dropout_p)
    return weights @ v, weights


def _blocked(padding: Tensor | None, mask: Tensor | None, q: Tensor, num_heads: int) -> Tensor | None:
    """Both masks combined, broadcast to (N, H, L, S): True where attention is blocked, or numbers to add."""
    if mask is not None and mask.ndim == 3 and q.ndim == 3:
        mask = mask.unflatten(0, (-1, num_heads))
    if padding is not None and padding.ndim == 2:
        padding = padding[:, None, None]  # (N, 1, 1, S)
    if mask is None or padding is None:
        return padding if mask is None else mask
    if mask.dtype == padding.dtype == bool_:
        return mask | padding
    first, second = (
        zeros(m.shape, dtype=q.dtype).masked_fill(m, -math.inf) if m.dtype == bool_ else m for m in (mask, padding)
    )
    return first + second


def _with_one_more(blocked: Tensor | None) -> Tensor | None:
    """The mask with one more key, which is not blocked."""
    if blocked is None:
        return None
    return cat([blocked, zeros(*blocked.shape[:-1], 1, dtype=blocked.dtype)], -1)


def check_heads(
    name: str,
    inputs: tuple[Tensor, Tensor, Tensor],
    sizes: tuple[int, ...],
    num_heads: int,
    masks: tuple[Tensor | None, Tensor | None],
    is_causal: bool,
    batch_first: bool = False,
) -> None:
    """Raise PyTorch's error if query, key and value, or the masks for padding and attention, do not match."""
    problem = _problem(*inputs, sizes, num_heads, *masks, is_causal, batch_first)
    if problem is not None:
        error, why = problem
        query, key, value = (tuple(x.shape) for x in inputs)
        raise error(f"{name} was given query {query}, key {key} and value {value}: {why}")


def _problem(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    sizes: tuple[int, ...],
    num_heads: int,
    padding: Tensor | None,
    mask: Tensor | None,
    is_causal: bool,
    batch_first: bool,
) -> tuple[type[Exception], str] | None:
    """A description of the problem with the input, if any, and PyTorch's exception class for it."""
    layout = "(N, L, E)" if batch_first else "(L, N, E)"
    if query.ndim not in (2, 3):
        return AssertionError, f"they are {layout}, or (L, E) for one sequence"
    if not query.ndim == key.ndim == value.ndim:
        return AssertionError, "with or without a batch, all three of them"
    if (query.shape[-1], key.shape[-1], value.shape[-1]) != sizes:
        words = "" if query.is_floating_point() else "; convert token indices to vectors first, with nn.Embedding"
        return AssertionError, f"their last axes must have the sizes {sizes}{words}"
    if key.shape[:-1] != value.shape[:-1]:
        return AssertionError, "there must be one value for each key"
    time, batch = (-2, 0) if batch_first else (0, 1)
    L, S, one = query.shape[time], key.shape[time], query.ndim == 2
    N = 1 if one else query.shape[batch]
    if not one and key.shape[batch] != N:
        return RuntimeError, f"they are {layout}, and must agree in N"
    expected: tuple[int, ...]
    for name, given in (("key_padding_mask", padding), ("attn_mask", mask)):
        if given is not None and given.dtype != bool_ and not given.is_floating_point():
            how = "write mask == 0 for a mask of 0 and 1 in which 0 hides: True hides here"
            return AssertionError, f"{name} is bool or floating point, not {given.dtype}; {how}"
    if padding is not None and padding.shape != (expected := (S,) if one else (N, S)):
        return AssertionError, f"key_padding_mask has shape {tuple(padding.shape)}, not {expected}"
    if mask is not None and mask.shape != (expected := (L, S)) and mask.ndim != 3:
        error = RuntimeError if mask.ndim == 2 else AssertionError
        return error, f"attn_mask has shape {tuple(mask.shape)}, not {expected}"
    if mask is not None and mask.ndim == 3 and mask.shape != (expected := (N * num_heads, L, S)):
        return RuntimeError, f"attn_mask has shape {tuple(mask.shape)}, not (N · num_heads, L, S) = {expected}"
    if is_causal and mask is None:
        return RuntimeError, (
            "is_causal=True says that attn_mask is causal, and there is none; it would be "
            f"attn_mask=nn.Transformer.generate_square_subsequent_mask({L})"
        )
    return None
