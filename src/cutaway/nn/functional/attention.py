"""Attention as a function: each query takes, of every value, as much as the value's key fits it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import ops
from ...creation import ones
from ...dtypes import bool_
from ...tensors import Tensor
from ...tensors.base import apply
from .checks import check_tensors
from .dropout import dropout

__all__ = ["scaled_dot_product_attention"]


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
        query: (N, ..., L, E), what is looked for.
        key: (N, ..., S, E), what there is to be found.
        value: (N, ..., S, Eᵥ), what is taken of it.
        attn_mask: broadcast to (N, ..., L, S). bool: True where a query may look; fractions: added to the scores.
        dropout_p: the probability of dropping a weight. There is no train() or eval() here: pass 0.0 to evaluate.
        is_causal: query i sees the keys up to i only; then there can be no attn_mask.
        scale: the factor before the softmax; 1/√E by default.
        enable_gqa: fewer heads of keys and values than of queries, each used for several; heads are axis -3.

    Returns:
        (N, ..., L, Eᵥ); zeros for a query that may look at nothing.

    Raises:
        RuntimeError: shapes or dtypes do not fit.

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
    query, key, value = (x if x.shape[:-2] == batch else x.expand(*batch, *x.shape[-2:]) for x in (query, key, value))
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
    """The batch's shape, L and S."""
    shapes = f"query {tuple(query.shape)}, key {tuple(key.shape)}, value {tuple(value.shape)}"
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(f"scaled_dot_product_attention takes (N, ..., L, E), two axes or more, not {shapes}")
    if not query.dtype == key.dtype == value.dtype:
        raise RuntimeError(
            "scaled_dot_product_attention: Expected query, key, and value to have the same dtype, and they are "
            f"{query.dtype}, {key.dtype} and {value.dtype}: convert them, x.to({query.dtype})"
        )
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise RuntimeError(
            "scaled_dot_product_attention: query (..., L, E) and key (..., S, E) must agree in E, key and value "
            f"(..., S, Eᵥ) in S, and it was given {shapes}"
        )
    try:
        batch = np.broadcast_shapes(query.shape[:-2], key.shape[:-2], value.shape[:-2])
    except ValueError:
        raise RuntimeError(
            f"scaled_dot_product_attention: the axes before the last two must be the same, or 1, in {shapes}"
            + ("; fewer heads of keys than of queries need enable_gqa=True" if query.ndim == key.ndim > 2 else "")
        ) from None
    return batch, query.shape[-2], key.shape[-2]


def _one_for_each(query: Tensor, x: Tensor) -> Tensor:
    """Keys or values (N, Hₓ, S, E), each head as often as it takes to have one for every head of the queries."""
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
            "scaled_dot_product_attention: attn_mask is bool (True where a query may look), or of query's dtype (added "
            f"to the scores), {query.dtype}, and was given as {mask.dtype}: use mask.bool() or mask.to(query.dtype)"
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
    """Who may be looked at, if that is all that a mask says; None if it adds numbers to the scores."""
    array = mask._array
    if mask.dtype == bool_:
        return array
    if mask.requires_grad or array.max(initial=0) > 0:
        return None
    looked_at = array == 0
    return looked_at if (looked_at | np.isneginf(array)).all() else None
