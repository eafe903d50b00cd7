"""Losses that do not compute what was intended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import ops
from ..graph import Node
from ..tensors.base import TensorBase, node_of
from .check import Check

# Ops that only rearrange elements: the op before them is what matters.
SHAPES = {ops.getitem, ops.reshape, ops.squeeze, ops.swapaxes, ops.t, ops.transpose, ops.unsqueeze}


def _last_ops(node: Any) -> list[Any]:
    """The op that computed a value, and the one before it, skipping those that only rearrange; None for a leaf."""
    found: list[Any] = []
    while len(found) < 2:
        while isinstance(node, Node) and node.op in SHAPES:
            node = node.parents[0]
        found.append(node.op if isinstance(node, Node) else None)
        node = node.parents[0] if isinstance(node, Node) else None
    return found


class LossBroadcast(Check):
    """Prediction and target of different shapes in a loss, so that one is broadcast to the other.

    A model returns (N, 1), the targets are (N): the difference is (N, N), every prediction with every target, and its
    mean is smallest if all predictions are equal. Training runs, but the model learns only the mean.

        loss = F.mse_loss(model(x), y)            # (N, 1) against (N)
        loss = F.mse_loss(model(x).squeeze(1), y) # right: (N) against (N)

    Covers the regression losses of nn.functional, hand-written ones such as `((model(x) - y) ** 2).mean()`, `log_prob`
    and products with an advantage, and the comparison of predictions (N, 1) with targets (N), whose mean is no
    accuracy.
    """

    name = "loss_broadcast"

    def events(self) -> Any:
        return {"distance": self.on_distance, "backward": self.on_backward, "equality": self.on_equality}

    def on_distance(self, name: str, x: TensorBase, y: TensorBase) -> None:
        if x._array.shape != y._array.shape:
            a, b, makes = x._array.shape, y._array.shape, ""
            if {a, b} == {(max(a + b), 1), (max(a + b),)}:
                makes = f" into {max(a + b)}×{max(a + b)}, each number against every other"
            self.say(
                f"{name} was given a prediction of shape {a} and a target of shape {b}, so one is broadcast against "
                f"the other{makes}, which is rarely meant: give both the same shape, for example by "
                "target.reshape(x.shape)"
            )

    def on_equality(self, x: TensorBase, y: TensorBase) -> None:
        a, b = x._array, y._array
        column, row = (a, b) if a.ndim == 2 else (b, a)
        n = column.shape[0] if column.ndim == 2 else 0
        if n < 2 or column.shape[1] != 1 or row.shape != (n,):
            return
        # a view is x[:, None] == y, all pairs; and one-hot vectors are made by comparison with 0, 1, 2, ...
        if column.base is None and not np.array_equal(row, np.arange(n)):
            self.say(
                f"shapes {a.shape} and {b.shape} are compared, which makes ({n}, {n}), each element with every other; "
                "its mean is no accuracy: give both the same shape, for example by pred.squeeze(1)"
            )

    def on_backward(self, tensors: list[Any]) -> None:
        for node in _matrices_in(tensors[0]._node):
            if node.op in (ops.sub, ops.mul) and _pairs_by_mistake(node):
                a, b = map(np.shape, node.arrays or ())
                n, what = max(a), "difference" if node.op is ops.sub else "product"
                self.say(
                    f"this loss contains a {what} of shapes {a} and {b}, which is ({n}, {n}), each element paired with "
                    "every other: give both the same shape, for example by pred.squeeze(1)"
                )
                return


def _matrices_in(loss: Any) -> Iterator[Node]:
    """The ops that lead to a scalar loss from square matrices, element by element: a few of them."""
    todo = [loss] if isinstance(loss, Node) else []
    few = 20
    while todo and few:
        node, few = todo.pop(), few - 1
        yield node
        for parent in node.parents:
            if isinstance(parent, Node) and parent.shape in ((), parent.shape[:1] * 2):
                todo.append(parent)


def _pairs_by_mistake(node: Node) -> bool:
    """Whether an op stretches (N, 1) and (N) to (N, N), and nothing suggests that it should."""
    shapes = [np.shape(array) for array in node.arrays or ()]  # none if they are freed
    n = max(map(max, shapes), default=0) if all(shapes) else 0
    if n < 2 or sorted(shapes) != [(n,), (n, 1)]:
        return False
    i = shapes.index((n, 1))
    column, row = node.parents[i], node.parents[1 - i]
    if isinstance(column, Node) and column.op in SHAPES:
        return False  # x[:, None] - y: all pairs are intended
    if isinstance(row, Node) and row.op in SHAPES and row.parents[0] is column:
        return False  # and so they are in x - x[:, 0]
    if node.op is ops.sub:
        return True
    if column is None:
        return getattr((node.arrays or ())[i], "base", None) is None  # a view is that of an outer product
    return row is None  # a product by weights is (N, 1) · (C), and C may be N


class SoftmaxBeforeCrossEntropy(Check):
    """Probabilities passed to a loss that expects logits.

    cross_entropy includes a softmax. A softmax before it squeezes the scores into 0 … 1: the loss cannot approach 0,
    and the gradient is small. The same holds for a sigmoid before it, and for both before BCEWithLogitsLoss; and
    nll_loss expects log-probabilities, which softmax does not return.

        loss = F.cross_entropy(F.softmax(model(x), dim=1), y)
        loss = F.cross_entropy(model(x), y)                     # right

        loss = F.nll_loss(F.softmax(model(x), dim=1), y)
        loss = F.nll_loss(F.log_softmax(model(x), dim=1), y)    # right

        loss = F.binary_cross_entropy_with_logits(torch.sigmoid(model(x)), y)
        loss = F.binary_cross_entropy_with_logits(model(x), y)  # right

        loss = F.kl_div(F.softmax(model(x), dim=1), p)
        loss = F.kl_div(F.log_softmax(model(x), dim=1), p)      # right

    It also warns about a sigmoid of a sigmoid, a softmax of a softmax, and a log_softmax over an axis other than the
    classes, such as the batch; at level "strict", also about a relu, which leaves no negative logits, and about an
    nll_loss of positive numbers, which are not log-probabilities.
    """

    name = "softmax_before_cross_entropy"

    def events(self) -> Any:
        return {"classification": self.on_classification}

    def on_classification(self, name: str, x: TensorBase, y: TensorBase) -> None:
        node: Any = node_of(x)
        op, before = _last_ops(node)
        if op in TAKES.get(name, {}) and (op is not ops.relu or self.level == "strict"):
            self.say(f"{name} was given the output of {op.__name__}: {TAKES[name][op]}")
        elif op in (ops.sigmoid, ops.softmax) and before is op:
            self.say(f"{name} was given the {op.__name__} of a {op.__name__}: leave one of them out")
        elif name == "nll_loss" and _axis_of_softmax(node) not in (None, 1):
            self.say(
                f"{name} was given a softmax over dim={_axis_of_softmax(node)}, but the classes are dim=1, whose "
                "probabilities must sum to 1: F.log_softmax(scores, dim=1)"
            )
        elif self.level == "strict" and name == "nll_loss" and x._array.max(initial=0) > 0:
            self.say(
                "nll_loss takes logarithms of probabilities, 0 or less, but got positive numbers: "
                "F.nll_loss(F.log_softmax(scores, dim=1), y), or F.cross_entropy(scores, y)"
            )


def _axis_of_softmax(node: Any) -> Any:
    """The axis of a log_softmax, or of the softmax in a logarithm, of two or more axes; None for other values."""
    if isinstance(node, Node) and node.op is ops.log:
        node = node.parents[0]
        if not isinstance(node, Node) or node.op is not ops.softmax:
            return None
    elif not isinstance(node, Node) or node.op is not ops.log_softmax:
        return None
    return node.attrs["axis"] % len(node.shape) if len(node.shape) > 1 else None


_NO_RELU = "it takes logits, negative ones too, and those of a relu are 0 or more: leave the last relu out"

# for each loss, the ops that must not precede it, and the fix
TAKES: dict[str, dict[Any, str]] = {
    "cross_entropy": {
        ops.softmax: "it takes logits, since it includes a softmax, and a second one flattens them: leave the softmax "
        "out while training",
        ops.sigmoid: "it takes logits of any size, and a sigmoid squeezes them into 0 to 1: leave the sigmoid out",
        ops.relu: _NO_RELU,
    },
    "nll_loss": {
        ops.softmax: "it takes logarithms of probabilities: F.log_softmax(scores, dim=1) before it, or "
        "F.cross_entropy(scores, y)",
    },
    "kl_div": {
        ops.softmax: "its input holds logarithms of probabilities, F.log_softmax(scores, dim=1), its target "
        "probabilities, or, with log_target=True, their logarithms too",
    },
    "binary_cross_entropy_with_logits": {
        ops.sigmoid: "it takes logits, since it includes a sigmoid: leave the sigmoid out, or use "
        "F.binary_cross_entropy",
        ops.softmax: "it takes logits, one score for each class by itself: leave the softmax out; if exactly one class "
        "applies, use F.cross_entropy",
        ops.relu: _NO_RELU,
    },
}


PLUS_MINUS = ("cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss")


class ClassTargets(Check):
    """Targets that a loss interprets as something else: probabilities, as a rule.

    cross_entropy takes class indices, int64 of shape (N), or a probability for every class, floating point of shape
    (N, C). It accepts anything floating-point of the input's shape as the latter: several ones per row (multi-label
    targets), class indices converted to float, a single score for two classes. Class indices of another shape or dtype
    are an error.

        F.cross_entropy(scores, several_labels)                        # (N, C), more than one 1 in a row
        F.binary_cross_entropy_with_logits(scores, several_labels)     # right

        F.cross_entropy(score, y)                                      # (N, 1): softmax of one score is always 1
        F.binary_cross_entropy_with_logits(score, y)                   # right: one score, for yes or no

        F.binary_cross_entropy_with_logits(scores, class_numbers.float())   # 0, 1, 2, ...
        F.cross_entropy(scores, class_numbers)                              # right

        F.cosine_embedding_loss(a, b, same)             # 0 and 1, where it takes -1 and 1
        F.cosine_embedding_loss(a, b, 2 * same - 1)     # right; so do margin_ranking_loss and hinge_embedding_loss

    At level "strict", it also warns about one-hot targets for cross_entropy: correct, but class indices are simpler.
    """

    name = "class_targets"

    def events(self) -> Any:
        return {"classification": self.on_classification}

    def on_classification(self, name: str, x: TensorBase, y: TensorBase) -> None:
        if name in PLUS_MINUS:
            if 0 in y._array.ravel()[:8].tolist():
                self.say(f"{name} takes targets of 1 and -1, and one is 0: labels of 0 and 1 become 2 * y - 1")
        elif name == "cross_entropy" and y._array.dtype.kind == "f" and x._array.shape == y._array.shape != ():
            self._probabilities(y._array if y._array.ndim > 1 else y._array[None])
        elif name == "binary_cross_entropy_with_logits":
            few = y._array.ravel()[:8].tolist()  # the first one is enough: this runs at every step
            outside = [value for value in few if value % 1 == 0 and not 0 <= value <= 1]
            if outside:
                self.say(
                    f"{name} compares with probabilities, 0 to 1, and a target is {outside[0]:g}: class indices go to "
                    "F.cross_entropy(scores, y), with a score for each class; labels -1 and 1 become (y + 1) / 2"
                )

    def _probabilities(self, y: Any) -> None:
        if y.shape[1] == 1:
            self.say(
                f"cross_entropy of one score per sample, shape {y.shape}: its softmax is always 1, so the loss does "
                "not depend on it. For binary classification, use F.binary_cross_entropy_with_logits(scores, y)"
            )
            return
        y = y[:8]
        if (y != np.round(y)).any() or (y < 0).any():
            return
        if (np.count_nonzero(y, axis=1) > 1).any():
            if y.max() > 1:
                what = f"holds {y.max():g}: class indices are int64, one for each sample, y.long()"
            else:
                what = (
                    "has more than one 1 for a sample, but its classes exclude each other: if a sample can have "
                    "several, use F.binary_cross_entropy_with_logits(scores, y)"
                )
            self.say(f"cross_entropy reads a target of the input's shape as probabilities, and this one {what}")
        elif self.level == "strict" and (y.sum(1) == 1).all():
            self.say("cross_entropy was given one-hot targets: class indices say the same with less, y.argmax(1)")
