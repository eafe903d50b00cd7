"""Normalization: to vectors of norm 1, or to mean 0 and variance 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import events, ops
from ...errors import describe
from ...memory import stamp_write
from ...ops.normalization import moments
from ...tensors import Tensor
from ...tensors.base import apply, named, to_common_dtype
from .checks import check_floating_point, check_tensors

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "normalize", "rms_norm"]


def normalize(input: Tensor, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12) -> Tensor:
    """input / max(‖input‖ₚ, eps) along an axis: unit vectors.

    >>> F.normalize(torch.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / √(variance + eps) · weight + bias, over the last axes of each sample.

    Args:
        input: (*, normalized_shape).
        normalized_shape: the sizes of the axes to normalize over.
        weight, bias: of shape normalized_shape.
        eps: added to the variance to avoid division by 0.

    Raises:
        RuntimeError: the shapes do not match.

    Source: Ba et al., "Layer Normalization", 2016.

    >>> F.layer_norm(torch.tensor([[1.0, 3.0], [20.0, 40.0]]), (2,))
    tensor([[-1.0000,  1.0000],
            [-1.0000,  1.0000]])
    """
    shape = _last_axes("layer_norm", input, normalized_shape, weight, bias)
    _check_dtypes("layer_norm", input, weight, bias)
    return _affine(ops.layer_norm, input, weight, bias, shape, ndim=len(shape), eps=eps)


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """input / √(mean(input²) + eps) · weight, over the last axes of each sample.

    Args:
        input: (*, normalized_shape).
        normalized_shape: the sizes of the axes to normalize over.
        weight: of shape normalized_shape.
        eps: added to the mean square to avoid division by 0; None: the machine epsilon of the dtype.

    Raises:
        RuntimeError: the shapes do not match.

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.

    >>> F.rms_norm(torch.tensor([3.0, 4.0, 0.0, 0.0]), (4,))
    tensor([1.2000, 1.6000, 0.0000, 0.0000])
    """
    shape = _last_axes("rms_norm", input, normalized_shape, weight)
    eps = float(np.finfo(input._array.dtype).eps) if eps is None else eps
    if weight is not None:
        input, weight = to_common_dtype(input, weight)
    return _affine(ops.rms_norm, input, weight, None, shape, ndim=len(shape), eps=eps)


def _last_axes(name: str, input: Tensor, normalized_shape: Sequence[int], *affine: Tensor | None) -> tuple[int, ...]:
    """The sizes of the axes to normalize over; RuntimeError if input or weights do not match them."""
    check_tensors(name, input=input)
    check_floating_point(name, input)
    if not isinstance(normalized_shape, Sequence):
        raise TypeError(f"{name}: normalized_shape is a tuple, ({normalized_shape},), not {describe(normalized_shape)}")
    shape, given = tuple(normalized_shape), input._array.shape
    if not shape:
        raise RuntimeError(f"{name}: normalized_shape names at least one axis, and is empty")
    if given[max(len(given) - len(shape), 0) :] != shape:
        how = f": make normalized_shape {given[-1]}" if len(shape) == 1 and given else ""
        if how and shape[0] in given:
            how += f"; or, if these are the {shape[0]} of axis {given.index(shape[0])}, make it the last, "
            how += f"x.movedim({given.index(shape[0])}, -1)"
        raise RuntimeError(
            f"{name} averages over the last axes, normalized_shape={list(shape)}, so x has to end in these sizes, and "
            f"its shape is {given}{how}"
        )
    for parameter in affine:
        if parameter is not None and parameter._array.shape != shape:
            raise RuntimeError(
                f"{name}: weight and bias have normalized_shape={list(shape)}, and one has {parameter._array.shape}"
            )
    return shape


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """(input - mean) / √(variance + eps) · weight + bias, over groups of the channels of each sample.

    Args:
        input: (N, C, *).
        num_groups: the number of groups of channels.
        weight, bias: (C).
        eps: added to the variance to avoid division by 0.

    Raises:
        RuntimeError: C is not divisible by num_groups, or the shapes do not fit.

    Source: Wu and He, "Group Normalization", 2018.

    >>> F.group_norm(torch.tensor([[1.0, 3.0, 20.0, 40.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    check_tensors("group_norm", input=input)
    check_floating_point("group_norm", input)
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError(f"group_norm takes (N, C, ...), at least 2 dimensions, but got x of shape {shape}")
    if num_groups <= 0 or shape[1] % num_groups:
        raise RuntimeError(
            f"group_norm: the channels must be divisible by num_groups={num_groups}, and x of shape {shape} has "
            f"{shape[1]} (axis 1)"
        )
    _check_channels("group_norm", shape, weight=weight, bias=bias)
    _check_dtypes("group_norm", input, weight, bias)
    if shape[0] * shape[1] // num_groups * math.prod(shape[2:]) == 1:
        raise ValueError(_single_value("group_norm", shape))
    return _affine(ops.group_norm, input, weight, bias, shape[1:2], groups=num_groups, eps=eps)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / √(variance + eps) · weight + bias, over each channel of each sample: `group_norm` with C groups.

    Args:
        input: (N, C, *).
        running_mean, running_var, use_input_stats, momentum: None, None, True, ignored: there are no running
            statistics here.
        weight, bias: (C).
        eps: added to the variance to avoid division by 0.

    Raises:
        NotImplementedError: there are running statistics.
        ValueError: a channel of a sample is a single number.

    Source: Ulyanov et al., "Instance Normalization: The Missing Ingredient for Fast Stylization", 2016.

    >>> F.instance_norm(torch.tensor([[[1.0, 3.0], [20.0, 40.0]]]))
    tensor([[[-1.0000,  1.0000],
             [-1.0000,  1.0000]]])
    """
    check_tensors("instance_norm", input=input)
    if running_mean is not None or running_var is not None or not use_input_stats:
        raise NotImplementedError(
            "instance_norm has no running statistics: leave out track_running_stats=True, the default is without"
        )
    shape = input._array.shape
    if len(shape) > 2 and math.prod(shape[2:]) == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {tuple(shape)}: a single number has "
            "no variance"
        )
    return named(group_norm(input, shape[1] if len(shape) > 1 else 1, weight, bias, eps), "ViewBackward0")


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(input - mean) / √(variance + eps) · weight + bias, for each channel over all samples.

    Args:
        input: (N, C, *).
        running_mean, running_var: (C); used when not training. In training, updated in place with the batch's mean
            and (unbiased, divided by n - 1) variance.
        weight, bias: (C).
        training: use the mean and the variance of this batch.
        momentum: the update rate of the running statistics: running + momentum · (batch - running).
        eps: added to the variance to avoid division by 0.

    Raises:
        ValueError: training with a single value for a channel: its variance is 0.
        RuntimeError: the shapes do not match, or there are no running statistics when not training.

    Source: Ioffe and Szegedy, "Batch Normalization", 2015.

    >>> F.batch_norm(torch.tensor([[1.0, 20.0], [3.0, 40.0]]), None, None, training=True)
    tensor([[-1.0000, -1.0000],
            [ 1.0000,  1.0000]])
    """
    check_tensors("batch_norm", input=input)
    for listener in events.mode:
        listener("batch_norm", training and running_mean is not None)
    shape = input._array.shape
    if training and len(shape) > 1 and shape[0] * math.prod(shape[2:]) == 1:
        raise ValueError(_single_value("batch_norm", shape))
    if eps < 0 or (training and eps == 0):
        raise ValueError(f"batch_norm eps must be positive when training, and never negative; it is {eps}")
    if training and (running_mean is None) != (running_var is None):
        raise ValueError("batch_norm: running_mean and running_var are given both, or neither of them")
    if shape == (0,):
        return input.clone()
    if len(shape) < 2:
        raise RuntimeError(f"batch_norm takes (N, C, ...), but got x of shape {shape}")
    check_floating_point("batch_norm", input)
    statistics = {"running_mean": running_mean, "running_var": running_var}
    _check_channels("batch_norm", shape, weight=weight, bias=bias, **statistics)
    _check_dtypes("batch_norm", input, weight, bias, *statistics.values())
    if not training:
        missing = [name for name, value in statistics.items() if value is None]
        if running_mean is None or running_var is None:
            raise RuntimeError(f"batch_norm: Expected {' and '.join(missing)} to be given when training=False")
        known = {"mean": running_mean._array.copy(), "var": running_var._array.copy()}  # updates may precede backward
        return _affine(ops.batch_norm, input, weight, bias, shape[1:2], **known, eps=eps)
    out = _affine(ops.batch_norm, input, weight, bias, shape[1:2], eps=eps)
    n = shape[0] * math.prod(shape[2:])
    if n and running_mean is not None and running_var is not None:
        mean, var = moments(input._array)
        _move(running_mean, mean, momentum)
        _move(running_var, var * (n / (n - 1)), momentum)
    return out


def _move(running: Tensor, value: Any, momentum: float) -> None:
    """Update a running statistic in place, without recording."""
    running._array[...] = momentum * value + (1 - momentum) * running._array
    stamp_write(running._array)


def _affine(op: Any, input: Tensor, weight: Tensor | None, bias: Tensor | None, shape: Any, **attrs: Any) -> Tensor:
    """Run a normalization with an optional weight and bias."""
    if weight is None:
        out = apply(op, input, **attrs)
        if bias is None:
            return out
        trailing = (1,) * (input.ndim - 2) if shape == input._array.shape[1:2] and "ndim" not in attrs else ()
        return out + bias.reshape(*shape, *trailing)
    return apply(op, input, weight, **attrs) if bias is None else apply(op, input, weight, bias, **attrs)


def _check_channels(name: str, shape: tuple[int, ...], **given: Tensor | None) -> None:
    """Raise RuntimeError if weights or statistics do not have one element for each channel."""
    for what, tensor in given.items():
        if tensor is not None and tensor._array.shape != (shape[1],):
            last = "; or, if the channels are the last axis, write x.movedim(-1, 1)" * (shape[-1] == tensor.numel())
            raise RuntimeError(
                f"{name} was made for {tensor.numel()} channels, the length of its {what}, but got x of shape "
                f"{shape}, with {shape[1]} channels (axis 1): give the layer {shape[1]} as its number of channels{last}"
            )


def _check_dtypes(name: str, input: Tensor, *others: Tensor | None) -> None:
    """Raise RuntimeError if the dtypes of the parameters and the input differ."""
    for tensor in others:
        if tensor is not None and tensor.dtype != input.dtype:
            raise RuntimeError(
                f"{name} was given an input of {input.dtype} and parameters of {tensor.dtype}: convert the input, "
                f"x.to({tensor.dtype}), or the model, model.to({input.dtype})"
            )


def _single_value(name: str, shape: tuple[int, ...]) -> str:
    return (
        f"{name}: Expected more than 1 value per channel when training, and x of shape {shape} has one: its variance "
        f"is 0. Use a larger batch (drop_last=True in the DataLoader leaves out a last batch of one), or net.eval() if "
        f"you are not training"
    )
