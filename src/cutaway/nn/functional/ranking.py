"""Ranking losses: similar items should be close, dissimilar ones apart by a margin."""

from __future__ import annotations

from ... import events
from ...tensors import Tensor
from ...tensors.base import common_shape
from .checks import check_reduction, check_tensors
from .loss import reduced
from .similarity import pairwise_distance

__all__ = ["cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "triplet_margin_loss"]


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """input where target is 1, max(0, margin - input) where it is -1, averaged: for distances.

    Args:
        input: distances, (*).
        target: 1 where they should be small, -1 where they should be at least the margin; (*).

    >>> F.hinge_embedding_loss(torch.tensor([0.2, 0.2]), torch.tensor([1, -1]), reduction="none")
    tensor([0.2000, 0.8000])
    """
    check_reduction(reduction)
    check_tensors("hinge_embedding_loss", input=input, target=target)
    common_shape("hinge_embedding_loss", input, target)
    for listener in events.classification:
        listener("hinge_embedding_loss", input, target)
    apart = (margin - input).clamp_min(0).masked_fill(target == 1, 0.0)
    near = input.masked_fill(target == -1, 0.0)
    return reduced(near + apart, reduction)


def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """max(0, -target · (input1 - input2) + margin), averaged: which of two scores should be the higher one.

    Args:
        input1, input2: scores, (N).
        target: 1 if input1 should be higher, -1 if input2 should; (N).
        margin: by how much.

    >>> first, second = torch.tensor([1.0, 1.0]), torch.tensor([3.0, 3.0])
    >>> F.margin_ranking_loss(first, second, torch.tensor([1, -1]), reduction="none")
    tensor([2., 0.])
    """
    check_reduction(reduction)
    check_tensors("margin_ranking_loss", input1=input1, input2=input2, target=target)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss: All input tensors should have same dimension, (N), but got input1 "
            f"{tuple(input1.shape)}, input2 {tuple(input2.shape)} and target {tuple(target.shape)}"
        )
    common_shape("margin_ranking_loss", input1, input2, target)
    for listener in events.classification:
        listener("margin_ranking_loss", input1, target)
    return reduced((-target * (input1 - input2) + margin).clamp_min(0), reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), averaged; d is the distance.

    Args:
        anchor, positive, negative: vectors, (N, D) or (D): an item, a similar one, and a dissimilar one.
        margin: how much farther the negative should be than the positive.
        p: the order of the norm.
        eps: keeps the gradient finite at distance 0.
        swap: use the distance between positive and negative where it is smaller.

    Source: Schroff et al., "FaceNet", 2015; swap: Balntas et al., "Learning Shallow Convolutional Feature
    Descriptors with Triplet Losses", 2016.

    >>> F.triplet_margin_loss(torch.tensor([[0.0]]), torch.tensor([[2.0]]), torch.tensor([[1.5]]))
    tensor(1.5000)
    """
    check_reduction(reduction)
    check_tensors("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    if margin <= 0:
        raise ValueError(f"triplet_margin_loss: margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "triplet_margin_loss: anchor, positive and negative are expected to have the same number of dimensions, "
            f"but got {tuple(anchor.shape)}, {tuple(positive.shape)} and {tuple(negative.shape)}"
        )
    common_shape("triplet_margin_loss", anchor, positive, negative)
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = far.minimum(pairwise_distance(positive, negative, p, eps))
    return reduced((near - far + margin).clamp_min(0), reduction)


def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1, averaged.

    Args:
        input1, input2: vectors, (N, D) or (D).
        target: 1 where they should point in the same direction, -1 where they should not; (N) or ().
        margin: the cosine below which the loss is 0 for a target of -1.

    >>> a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 1.0]])
    >>> F.cosine_embedding_loss(a, b, torch.tensor([1])), F.cosine_embedding_loss(a, b, torch.tensor([-1]))
    (tensor(0.2929), tensor(0.7071))
    """
    check_reduction(reduction)
    check_tensors("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    ndim = target.ndim + 1
    if target.ndim > 1 or input1.ndim != ndim or input2.ndim != ndim:
        raise RuntimeError(
            "cosine_embedding_loss takes vectors (N, D) with a target (N), or (D) with a target (), but got input1 "
            f"{tuple(input1.shape)}, input2 {tuple(input2.shape)} and target {tuple(target.shape)}"
        )
    common_shape("cosine_embedding_loss", input1, input2)
    products = [(x * y).sum(-1) for x, y in ((input1, input2), (input1, input1), (input2, input2))]
    cosine = products[0] / ((products[1] + 1e-12) * (products[2] + 1e-12)).sqrt()
    common_shape("cosine_embedding_loss", cosine, target)
    for listener in events.classification:
        listener("cosine_embedding_loss", cosine, target)
    near = (1 - cosine).masked_fill(target != 1, 0.0)
    apart = (cosine - margin).clamp_min(0).masked_fill(target != -1, 0.0)
    return reduced(near + apart, reduction)
