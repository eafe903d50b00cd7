"""How much an op computes, counted in multiply-adds: products that are added to a sum.

They are what a model's time goes into, and they follow from shapes alone. What goes element by element, an activation
or a sum, is not counted, nor is a bias: beside the products it is little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from .. import ops

Formula = Callable[[Any, Sequence[Any], Mapping[str, Any]], Any]  # of the op's value, its inputs and its attributes


def multiply_adds(op: Callable[..., Any], value: Any, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> int:
    """The multiply-adds of one op that ran forward.

    >>> from cutaway.explain.work import multiply_adds
    >>> x, weight = np.ones((32, 784)), np.ones((10, 784))
    >>> multiply_adds(cutaway.ops.linear, x @ weight.T, [x, weight], {})
    250880
    """
    formula = _FORMULAS.get(op)
    return 0 if formula is None else int(formula(value, inputs, attrs))


def _matmul(value: Any, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    """Each number of the product (each distance) is a sum over the axis that the two share."""
    return value.size * np.shape(inputs[0])[-1]


def _convolution(value: Any, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    """Each number of the output is a sum over one filter (C/groups, kh, kw)."""
    return value.size * prod(inputs[1].shape[1:])


def _transposed_convolution(value: Any, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    """Each number of the input is laid down through one filter (O/groups, kh, kw)."""
    return inputs[0].size * prod(inputs[1].shape[1:])


def _recurrent(x: Any, *weights: Any) -> Any:
    """Each step of each sequence uses each weight once."""
    return x.shape[0] * x.shape[1] * sum(weight.size for weight in weights)


def _attention(value: Any, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    """L · S scores over d numbers each, and sums of the same L · S weights over dv."""
    keys, width = inputs[1].shape[-2:]
    return value.size // value.shape[-1] * keys * (width + value.shape[-1])


def _norm(value: Any, inputs: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
    """For each number: one to measure the spread unless that is known, one to normalize, one for the weight."""
    return value.size * ((attrs.get("var") is None) + 1 + (len(inputs) > 1))


_FORMULAS: dict[Callable[..., Any], Formula] = {
    ops.matmul: _matmul,
    ops.linear: _matmul,
    ops.addmm: lambda value, inputs, attrs: _matmul(value, inputs[1:], attrs),
    ops.cdist: _matmul,
    ops.conv1d: _convolution,
    ops.conv2d: _convolution,
    ops.conv_transpose2d: _transposed_convolution,
    ops.rnn: lambda value, inputs, attrs: _recurrent(inputs[0], *inputs[2:4]),
    ops.gru: lambda value, inputs, attrs: _recurrent(inputs[0], *inputs[2:4]),
    ops.lstm: lambda value, inputs, attrs: _recurrent(inputs[0], *inputs[3:5]),
    ops.scaled_dot_product_attention: _attention,
    ops.layer_norm: _norm,
    ops.rms_norm: _norm,
    ops.group_norm: _norm,
    ops.batch_norm: _norm,
}

PRODUCTS = frozenset(_FORMULAS)  # the ops in which a model's time goes
