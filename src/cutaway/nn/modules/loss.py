"""Losses as modules, called with prediction and target; the maths is in `functional/loss.py`."""

from __future__ import annotations

from typing import Any

from ...tensors import Tensor
from .. import functional as F
from .module import Module

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss",
    "NLLLoss", "SmoothL1Loss",
]  # fmt: skip


class _Loss(Module):
    """The base of the losses: `reduction` is "mean", "sum" or "none".

    A prediction and a target passed to the constructor, `called`, are rejected.
    """

    weight: Tensor | None

    def __init__(self, *called: Any, reduction: str = "mean") -> None:
        if called:
            name = type(self).__name__
            raise TypeError(
                f"nn.{name} is created before it is called: loss_function = nn.{name}(), and then, at every step, "
                "loss = loss_function(input, target)"
            )
        super().__init__()
        self.reduction = reduction


class MSELoss(_Loss):
    """(x - y)², averaged: for regression.

    >>> nn.MSELoss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """|x - y|, averaged: for regression with outliers.

    >>> nn.L1Loss()(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 4.0]))
    tensor(1.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """d²/(2 beta) where the distance d is below beta, else d - beta/2, averaged.

    >>> nn.SmoothL1Loss(reduction="none")(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 3.0]))
    tensor([0.5000, 2.5000])
    """

    def __init__(self, *, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """d²/2 where the distance d is below delta, else delta · (d - delta/2), averaged.

    >>> nn.HuberLoss("none", delta=2.0)(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 3.0]))
    tensor([0.5000, 4.0000])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, self.reduction, self.delta)


class CrossEntropyLoss(_Loss):
    """-log softmax(x)[y], averaged: for classification; x are logits, without a softmax.

    Args:
        weight: a weight for each class, (C).
        ignore_index: a class index to ignore.
        label_smoothing: the fraction of the probability that is spread evenly over all classes.

    Shapes:
        x (C), (N, C) or (N, C, d₁, ...);
        y class indices (), (N) or (N, d₁, ...), or probabilities of x's shape.

    >>> nn.CrossEntropyLoss()(torch.zeros(2, 3), torch.tensor([0, 2]))
    tensor(1.0986)
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *called: Any,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(*called, reduction=reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(_Loss):
    """-x[y], averaged: for classification; x are log-probabilities, as returned by LogSoftmax.

    Args:
        weight: a weight for each class, (C).
        ignore_index: a class index to ignore.

    >>> nn.NLLLoss()(torch.tensor([[-0.5, -1.0]]), torch.tensor([1]))
    tensor(1.)
    """

    def __init__(
        self, weight: Tensor | None = None, *called: Any, ignore_index: int = -100, reduction: str = "mean"
    ) -> None:
        super().__init__(*called, reduction=reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class BCELoss(_Loss):
    """-(y · log(x) + (1 - y) · log(1 - x)), averaged: for binary classification; x are probabilities, after a Sigmoid.

    >>> nn.BCELoss()(torch.tensor([0.5]), torch.tensor([1.0]))
    tensor(0.6931)
    """

    def __init__(self, weight: Tensor | None = None, *called: Any, reduction: str = "mean") -> None:
        super().__init__(*called, reduction=reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """Sigmoid and BCELoss in one, numerically stable: for binary classification.

    Args:
        weight: a weight for each element.
        pos_weight: a weight for the positive term of the loss, y · log(σ(x)).

    >>> nn.BCEWithLogitsLoss()(torch.tensor([0.0]), torch.tensor([1.0]))
    tensor(0.6931)
    """

    pos_weight: Tensor | None

    def __init__(
        self, weight: Tensor | None = None, *called: Any, reduction: str = "mean", pos_weight: Tensor | None = None
    ) -> None:
        super().__init__(*called, reduction=reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(_Loss):
    """Σ y · (log(y) - x), for log-probabilities x; reduction="batchmean" divides by N.

    >>> nn.KLDivLoss(reduction="batchmean")(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([[1.0, 0.0]]))
    tensor(0.6931)
    """

    def __init__(self, *, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)
