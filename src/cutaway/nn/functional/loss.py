"""Losses: how wrong a prediction is, as one number on which to call backward().

Each takes the prediction first and the target second. `reduction` is "mean" or "sum" over the losses of the
elements, or "none", which returns all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ... import events, ops
from ...dtypes import int64, uint8
from ...ops.contract import Array, Shape
from ...tensors import Tensor
from ...tensors.base import apply, common_shape, named, to_common_dtype, wrap
from .checks import all_within, check_classes, check_fractions, check_reduction, check_tensors, warn

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "huber_loss", "kl_div",
    "l1_loss", "mse_loss", "nll_loss", "smooth_l1_loss",
]  # fmt: skip


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """Apply the reduction: the mean, the sum, or all of the losses."""
    match reduction:
        case "mean":
            return losses.mean()
        case "sum":
            return losses.sum()
    return losses


def _pair(function: str, input: Tensor, target: Tensor, reduction: str, whole: bool = False) -> list[Tensor]:
    """The arguments of a distance, validated and of one dtype; whole: integers are allowed."""
    check_reduction(reduction)
    check_tensors(function, input=input, target=target)
    if input.ndim == 2 and target.ndim == 1 and len(input) == len(target) and input.shape[1] not in (1, len(input)):
        raise RuntimeError(
            f"{function} compares element by element, but got an input of shape {tuple(input.shape)} and a "
            f"target of shape {tuple(target.shape)}, one number for each row: make the last layer give one, or, if the "
            "targets are class indices, use cross_entropy"
        )
    for listener in events.distance:
        listener(function, input, target)
    if input._array.dtype is target._array.dtype and input.is_floating_point():
        return [input, target]
    if not (whole or input.is_floating_point() or target.is_floating_point()):
        raise NotImplementedError(f"{function} takes floating-point numbers, and got {input.dtype}: use x.float()")
    return to_common_dtype(input, target)


# -- distances between numbers -------------------------------------------------------------------------------


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """(input - target)², averaged.

    Args:
        input, target: of one shape.
        weight: a weight for each element; the mean is then the weighted mean.

    >>> F.mse_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(2.)
    """
    x, y = _pair("mse_loss", input, target, reduction)
    if weight is None:
        return apply(ops.mse_loss, x, y, reduction=reduction)
    return _weighted(apply(ops.mse_loss, x, y, reduction="none"), weight, reduction)


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """|input - target|, averaged.

    >>> F.l1_loss(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(1.)
    """
    x, y = _pair("l1_loss", input, target, reduction, whole=True)
    losses = (x - y).abs()
    return reduced(losses, reduction) if weight is None else _weighted(losses, weight, reduction)


def _weighted(losses: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """Losses with a weight for each element; their mean is the weighted mean."""
    products = _times(losses, weight)
    return products.sum() / weight.sum() if reduction == "mean" else reduced(products, reduction)


def _times(losses: Tensor, weight: Tensor) -> Tensor:
    if weight.shape != losses.shape:
        raise ValueError(f"a weight for each element: weight {tuple(weight.shape)}, losses {tuple(losses.shape)}")
    return losses * weight


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """d²/(2 beta) where the distance d is below beta, else d - beta/2, averaged.

    Source: Girshick, "Fast R-CNN", 2015.

    >>> F.smooth_l1_loss(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 3.0]), reduction="none")
    tensor([0.5000, 2.5000])
    """
    x, y = _pair("smooth_l1_loss", input, target, reduction)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss needs beta >= 0, but got {beta}")
    if not beta:
        return reduced((x - y).abs(), reduction)
    return apply(ops.smooth_l1_loss, x, y, beta=beta, reduction=reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """d²/2 where the distance d is below delta, else delta · (d - delta/2), averaged.

    Args:
        input, target: of one shape.
        delta: where the loss changes from quadratic to linear.
        weight: a weight for each element; the mean is over all elements, not a weighted mean as in `mse_loss`.

    Source: Huber, "Robust Estimation of a Location Parameter", 1964.

    >>> F.huber_loss(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 3.0]), delta=2.0, reduction="none")
    tensor([0.5000, 4.0000])
    """
    x, y = _pair("huber_loss", input, target, reduction)
    if delta <= 0:
        raise RuntimeError(f"huber_loss needs delta > 0, but got {delta}")
    if weight is None:
        return apply(ops.huber_loss, x, y, delta=delta, reduction=reduction)
    return reduced(_times(apply(ops.huber_loss, x, y, delta=delta, reduction="none"), weight), reduction)


# -- classes -------------------------------------------------------------------------------------------------


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log softmax(input)[target], averaged: the negative log-likelihood of the target class.

    Args:
        input: logits, (C), (N, C) or (N, C, d₁, d₂, ...); the loss includes the softmax.
        target: class indices 0 … C-1, int64, (), (N) or (N, d₁, d₂, ...); or probabilities, of input's shape.
        weight: a weight for each class, (C); the mean is then the weighted mean.
        ignore_index: a class index to ignore.
        label_smoothing: the fraction of the probability that is spread evenly over all classes, 0 … 1.

    Raises:
        IndexError: a class index is not in 0 … C-1, or the input is a number.
        ValueError: input and target differ in N.
        RuntimeError: class indices have the wrong dtype, or the shapes do not match otherwise.

    >>> logits = torch.tensor([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    >>> F.cross_entropy(logits, torch.tensor([0, 1]), reduction="none")
    tensor([0.2395, 1.0986])
    >>> F.cross_entropy(logits, torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]]), reduction="none")
    tensor([0.2395, 1.0986])
    """
    check_reduction(reduction)
    check_classes("cross_entropy", input, target)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0 and 1, but got {label_smoothing}")
    if not input.is_floating_point():
        how = "the logits come first, cross_entropy(logits, target)"
        if not target.is_floating_point():
            how = "pass the scores of all classes, of which an argmax() chose one; it has no gradient"
        error = RuntimeError if input.shape == target.shape else NotImplementedError
        raise error(f"cross_entropy takes logits, floating-point numbers, but got an input of {input.dtype}; {how}")
    if not input.ndim:
        raise IndexError("cross_entropy takes logits of shape (C), (N, C) or (N, C, ...), but got a number")
    if input.shape == target.shape:
        return _soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    rows = _pair_up("cross_entropy", input, target, weight, ignore_index, reduction)
    if not label_smoothing:
        return _chosen(ops.cross_entropy, rows, _samples(input), reduction)
    # the target is (1 - s) · one-hot + s/C, and the loss of each class is multiplied by its weight
    count = rows.scores.shape[1]
    truth = np.zeros(rows.scores.shape, rows.scale.dtype)
    truth[:] = 1 if weight is None else weight._array
    truth *= (label_smoothing / count * rows.kept / rows.total)[:, None]
    truth[np.arange(len(rows.classes)), rows.classes] += (1 - label_smoothing) * rows.scale
    losses = -(rows.scores.log_softmax(1) * wrap(truth)).sum(1)
    return losses.reshape(_samples(input)) if reduction == "none" else losses.sum() + rows.nothing


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """-input[target], averaged, for log-probabilities: cross entropy without the log-softmax.

    Args:
        input: log-probabilities, (C), (N, C) or (N, C, d₁, d₂, ...), for example from `log_softmax`.
        target: class indices 0 … C-1, int64, (), (N) or (N, d₁, d₂, ...).
        weight: a weight for each class, (C); the mean is then the weighted mean.
        ignore_index: a class index to ignore.

    Raises:
        IndexError: a class index is not in 0 … C-1.
        ValueError: input and target differ in N.

    >>> F.nll_loss(torch.tensor([[-0.5, -1.0]]), torch.tensor([1]))
    tensor(1.)
    """
    check_reduction(reduction)
    check_classes("nll_loss", input, target)
    if not input.ndim:
        raise ValueError("nll_loss takes log-probabilities of shape (C), (N, C) or (N, C, ...), but got a number")
    rows = _pair_up("nll_loss", input, target, weight, ignore_index, reduction)
    return _chosen(ops.nll, rows, _samples(input), reduction)


class _Rows(NamedTuple):
    """Scores (M, C), with all axes except the classes flattened into M samples, and the weight of each sample."""

    scores: Tensor
    classes: Array  # (M,), the target class of each sample; any class where the sample is ignored
    kept: Array  # (M,), 1, or 0 where the sample is ignored
    scale: Array  # (M,), the weight of each sample's loss
    total: float  # the sum of the samples' weights; 1 if there is no mean
    nothing: float  # added to the loss: the mean of no samples is nan, but its gradient is 0


def _pair_up(
    name: str, input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str
) -> _Rows:
    """Check a prediction (N, C, ...) against class indices (N, ...), and arrange one row of scores per sample."""
    _check_classes(name, input, target)
    count = input.shape[1] if input.ndim > 1 else input.shape[0]
    scores = input if input.ndim == 2 else input.movedim(1, -1).reshape(-1, count) if input.ndim > 2 else input[None]
    classes = target._array.ravel().astype(np.int64, copy=False)
    within = all_within(classes, count)
    total: Any = len(classes) if reduction == "mean" else 1
    if weight is None and within and total and not 0 <= ignore_index < count:  # all samples have the same weight
        kept = np.ones(len(classes), scores._array.dtype)
        return _Rows(scores, classes, kept, kept / total, total, 0.0)
    ignored = classes == ignore_index
    if ignored.any():
        # the class of the largest score: an infinite loss times 0 would be nan
        classes = np.where(ignored, scores._array.argmax(1), classes)
    if not (within or all_within(classes, count)):
        raise _no_such_class(classes[(classes < 0) | (classes >= count)][0], tuple(input.shape), count)
    kept = (~ignored).astype(scores._array.dtype)
    scale = kept
    if weight is not None:
        _check_weight(name, weight, count)
        if weight.dtype != input.dtype:
            raise RuntimeError(f"the weight is {weight.dtype} and the input {input.dtype}: use weight.to(x.dtype)")
        scale = kept * weight._array[classes]
    if reduction != "mean":
        return _Rows(scores, classes, kept, scale, 1.0, 0.0)
    if not kept.any():
        return _Rows(scores, classes, kept, scale, 1.0, math.nan)
    total = scale.sum()
    with np.errstate(invalid="ignore", divide="ignore"):  # all weights 0: the mean is nan
        return _Rows(scores, classes, kept, scale / total, float(total), 0.0)


def _no_such_class(wrong: int, shape: tuple[int, ...], count: int) -> IndexError:
    if count == 1:
        return IndexError(
            f"Target {wrong} is out of bounds: the input of shape {shape} has one score per sample, so there is only "
            "class 0; for binary classification, make the last layer give two, or use "
            "binary_cross_entropy_with_logits with targets of the input's shape, y.float().reshape(x.shape)"
        )
    if not count:
        return IndexError(
            f"Target {wrong} is out of bounds: the input of shape {shape} scores no classes at all; make the last "
            "layer give one score for each class"
        )
    padding = f"; if {wrong} marks padding, leave it out with ignore_index={wrong}" if wrong < 0 else ""
    return IndexError(
        f"Target {wrong} is out of bounds: the input of shape {shape} scores {count} classes, with indices 0 to "
        f"{count - 1}; make the last layer give one score for each class, or number the classes from 0{padding}"
    )


def _samples(input: Tensor) -> Shape:
    """The shape of the class indices, and of their losses: that of the scores without the axis of the classes."""
    return (*input._array.shape[:1], *input._array.shape[2:]) if input.ndim > 1 else ()


def _chosen(op: Callable[..., Any], rows: _Rows, shape: Shape, reduction: str) -> Tensor:
    """The loss of the target class of each sample."""
    losses = apply(op, rows.scores, target=rows.classes, scale=rows.scale, total=reduction != "none")
    if reduction == "none":
        return losses if losses.shape == shape else losses.reshape(shape)
    if len(shape) > 1:
        named(losses, "NllLoss2DBackward0")
    return losses + rows.nothing if rows.nothing else losses


def _check_weight(name: str, weight: Tensor, count: int) -> None:
    if weight.shape != (count,):
        raise RuntimeError(f"{name} takes a weight for each of the {count} classes, not {tuple(weight.shape)}")


def _check_classes(name: str, input: Tensor, target: Tensor) -> None:
    """Raise if class indices have the wrong dtype or shape, and say what to pass instead."""
    scores, classes, expected = input._array.shape, target._array.shape, _samples(input)
    fits = classes == expected or (len(scores) == 1 and classes == (1,))
    if fits and target.dtype in (int64, uint8):
        return
    given = f"{name} was given an input of shape {scores} and a target of shape {classes}"
    probabilities = f", or probabilities of shape {scores}" if name == "cross_entropy" else ""
    wanted = f"class indices of shape {expected} and dtype int64{probabilities}"
    if len(scores) > 1 and classes[:1] != scores[:1]:
        mixed = ""
        if classes and classes[0] and not scores[0] % classes[0]:
            mixed = (
                f"; if an x.view(-1, ...) made {scores[0]} rows of {classes[0]} samples, flatten each sample by "
                "itself, x.flatten(1)"
            )
        raise ValueError(f"{given}: the batch sizes must be equal, the target must be {wanted}{mixed}")
    if fits:
        raise RuntimeError(
            f"{given} and dtype {target.dtype}: the target must be {wanted}; convert it, target.long()"
        )
    hints = {scores: "; the indices of one-hot vectors are target.argmax(1)"}
    if len(scores) == 1:
        hints[classes] = "; an input with one axis is a single sample: a batch is (N, C)"
    if len(scores) > 2:
        hints[scores[:-1]] = (
            f"; the classes are axis 1, not the last: count every place as a sample, {name}(x.flatten(0, -2), "
            "target.flatten()), or write x.movedim(-1, 1)"
        )
        hints[*expected, scores[1]] = (
            "; the classes are axis 1, also of probabilities and one-hot vectors: target.movedim(-1, 1)"
        )
    if len(scores) > 1:
        hints[scores[0], 1, *scores[2:]] = "; remove the axis of length 1, target.squeeze(1)"
    error = ValueError if len(scores) == len(classes) == 1 else RuntimeError
    raise error(f"{given}: the target must be {wanted}{hints.get(classes, '')}")


def _soft_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    """Cross entropy with a probability for every class: -Σ target · log softmax(input)."""
    if not target.is_floating_point():
        raise RuntimeError(
            f"cross_entropy was given a target of the input's shape {tuple(input.shape)}, so its entries "
            f"are probabilities and must be floating point, not {target.dtype}: for one-hot vectors use "
            "target.float(), for class indices target.argmax(1)"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index names a class index, and the target holds probabilities")
    axis = 1 if input.ndim > 1 else 0
    count = input.shape[axis]
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / count
    if weight is not None:
        _check_weight("cross_entropy", weight, count)
        target = target * weight.reshape(-1, *[1] * (input.ndim - axis - 1))
    losses = -(input.log_softmax(axis) * target).sum(axis)
    if reduction == "none":
        return losses
    return named(reduced(losses, reduction), "DivBackward1" if reduction == "mean" else "NegBackward0")


# -- probabilities -------------------------------------------------------------------------------------------


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """-(target · log(input) + (1 - target) · log(1 - input)), averaged, with each log clamped to at least -100.

    Args:
        input: probabilities, 0 … 1, any shape, for example after a sigmoid.
        target: 0 … 1, of the same shape.
        weight: a factor for each element, of a shape that broadcasts.

    Raises:
        ValueError: the shapes differ.
        RuntimeError: a value outside of 0 … 1, or nan.

    >>> F.binary_cross_entropy(torch.tensor([0.5, 0.0]), torch.tensor([1.0, 1.0]), reduction="none")
    tensor([  0.6931, 100.0000])
    """
    check_reduction(reduction)
    check_classes("binary_cross_entropy", input, target)
    if input.shape != target.shape:
        raise _binary_shapes_differ("binary_cross_entropy", tuple(input.shape), tuple(target.shape))
    if input.dtype != target.dtype:
        raise RuntimeError(
            f"binary_cross_entropy takes input and target of the same dtype, but got {input.dtype} and "
            f"{target.dtype}: use target.to(x.dtype)"
        )
    raw = "; raw scores go to binary_cross_entropy_with_logits"
    for what, tensor, hint in (("input", input, raw), ("target", target, "")):
        array = tensor._array
        if array.size and not (array.min() >= 0 and array.max() <= 1):  # a nan fails too
            wrong = array[~((array >= 0) & (array <= 1))].flat[0]
            raise RuntimeError(
                f"all elements of {what} should be between 0 and 1, and one is {wrong}: "
                f"binary_cross_entropy compares probabilities{hint}"
            )
    if weight is None:
        return apply(ops.binary_cross_entropy, input, target, reduction=reduction)
    common_shape("binary_cross_entropy with weight", input, weight)
    losses = apply(ops.binary_cross_entropy, input, target, reduction="none") * weight
    return named(reduced(losses, reduction), "BinaryCrossEntropyBackward0")


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Binary cross entropy of sigmoid(input), numerically stable for large logits.

    Args:
        input: logits, any shape.
        target: 0 … 1, of the same shape.
        weight: a factor for each element, of a shape that broadcasts.
        pos_weight: a weight for the positive term, target · log(sigmoid(input)), of a shape that broadcasts.

    Raises:
        ValueError: the shapes differ.

    >>> F.binary_cross_entropy_with_logits(torch.tensor([0.0, 1000.0]), torch.tensor([1.0, 0.0]), reduction="none")
    tensor([6.9315e-01, 1.0000e+03])
    """
    check_reduction(reduction)
    check_classes("binary_cross_entropy_with_logits", input, target)
    if input.shape != target.shape:
        raise _binary_shapes_differ("binary_cross_entropy_with_logits", tuple(input.shape), tuple(target.shape))
    check_fractions(input=input, target=target)
    x, y = to_common_dtype(input, target)
    factors: Any = 1.0
    if pos_weight is not None:
        check_tensors("binary_cross_entropy_with_logits", pos_weight=pos_weight)
        common_shape("binary_cross_entropy_with_logits with pos_weight", x, pos_weight)
        factors = pos_weight._array
    if weight is None:
        return apply(ops.binary_cross_entropy_with_logits, x, y, pos_weight=factors, reduction=reduction)
    common_shape("binary_cross_entropy_with_logits with weight", x, weight)
    losses = apply(ops.binary_cross_entropy_with_logits, x, y, pos_weight=factors, reduction="none")
    return named(reduced(losses * weight, reduction), "BinaryCrossEntropyWithLogitsBackward0")


def _binary_shapes_differ(function: str, input: Shape, target: Shape) -> ValueError:
    how = "use target.reshape(x.shape) or x.squeeze(1)"
    if math.prod(input) != math.prod(target):
        how = "there must be a target for each score"
        if input[:-1] == target:
            how += (
                f"; one score is enough for two classes, and with {input[-1]} classes that exclude each other, use "
                "cross_entropy"
            )
    return ValueError(f"{function} takes input and target of the same shape, but got {input} and {target}: {how}")


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """Σ target · (log(target) - input), for log-probabilities: the divergence from the target distribution.

    Args:
        input: log-probabilities, any shape.
        target: probabilities of the same shape, or their logarithms with log_target=True.
        reduction: "batchmean" divides the sum by N, which gives the divergence; "mean" divides by all elements.

    Source: Kullback and Leibler, "On Information and Sufficiency", 1951.

    >>> F.kl_div(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[1.0, 0.0]]), reduction="batchmean")
    tensor(0.6931)
    """
    check_reduction(reduction, "batchmean")
    check_classes("kl_div", input, target)
    check_fractions(input=input, target=target)
    common_shape("kl_div", input, target)
    if reduction == "mean":
        warn(
            'kl_div with reduction="mean" divides by every element, classes included; reduction="batchmean" divides '
            "by the batch size, and is the Kullback-Leibler divergence"
        )
    if log_target:
        losses = target.exp() * (target - input)
    else:
        logs = apply(ops.where, target, wrap(np.ones_like(target._array)), condition=target._array != 0).log()
        losses = target * (logs - input)  # 0 · log(0) is 0
    if reduction == "batchmean":
        return losses.sum() / (input.shape[0] if input.ndim else 1)
    return reduced(losses, reduction)
