"""Losses: values by NumPy and from PyTorch, gradients by differences, and what bad targets get."""

from __future__ import annotations

import inspect
import math
import warnings
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from cutaway.nn import functional as F
from tests.nn.witness import check, leaf

LOGITS = [[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]]
CLASSES = [2, 1]


@pytest.mark.parametrize(
    "settings, expected",
    [
        ({}, 0.5352404117584229),
        ({"weight": [1.0, 2.0, 3.0]}, 0.6291117072105408),
        ({"label_smoothing": 0.1}, 0.6852403879165649),
        ({"ignore_index": 1}, 1.0045969486236572),
        ({"weight": [1.0, 2.0, 3.0], "label_smoothing": 0.2, "ignore_index": 2}, 0.565883994102478),
        ({"reduction": "sum"}, 1.0704808235168457),
    ],
)
def test_cross_entropy_is_pytorchs(settings: dict[str, Any], expected: float) -> None:
    if "weight" in settings:
        settings = {**settings, "weight": torch.tensor(settings["weight"])}
    loss = F.cross_entropy(torch.tensor(LOGITS), torch.tensor(CLASSES), **settings)
    assert loss.item() == pytest.approx(expected, rel=1e-6)
    assert nn.CrossEntropyLoss(**settings)(torch.tensor(LOGITS), torch.tensor(CLASSES)).item() == loss.item()


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 4, 3)])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_cross_entropy_gradients(shape: tuple[int, ...], smoothing: float, reduction: str) -> None:
    rest = (shape[0], *shape[2:]) if len(shape) > 1 else ()
    target = torch.tensor(np.random.default_rng(0).integers(0, 4, rest).tolist())
    weight = torch.tensor([1.0, 0.5, 2.0, 0.25], dtype=torch.float64)

    def loss(x: torch.Tensor) -> torch.Tensor:
        return F.cross_entropy(x, target, weight, ignore_index=0, reduction=reduction, label_smoothing=smoothing)

    check(loss, leaf(*shape))


def test_the_classes_are_the_second_axis() -> None:
    x, target = leaf(2, 3, 4, 5), torch.tensor(np.random.default_rng(0).integers(0, 3, (2, 4, 5)).tolist())
    losses = F.cross_entropy(x, target, reduction="none")
    assert losses.shape == (2, 4, 5)
    for n, i, j in np.ndindex(2, 4, 5):
        one = F.cross_entropy(x[n, :, i, j], target[n, i, j])
        assert losses[n, i, j].item() == pytest.approx(one.item(), rel=1e-15)


def test_one_sample_without_a_batch() -> None:
    x, weight = torch.tensor(LOGITS), torch.tensor([1.0, 2.0, 3.0])
    for target in (torch.tensor([2]), torch.tensor([[0.2, 0.3, 0.5]])):
        for settings in ({}, {"weight": weight}, {"weight": weight, "label_smoothing": 0.1}):
            alone = F.cross_entropy(x[0], target[0], **settings)
            assert alone.item() == pytest.approx(F.cross_entropy(x[:1], target, **settings).item(), rel=1e-6)


def test_one_sample_has_one_loss_even_if_its_class_is_in_a_list() -> None:
    x = torch.tensor(LOGITS[0])
    expected = -x.log_softmax(0)[2].item()
    for target in (torch.tensor(2), torch.tensor([2])):
        for reduction in ("none", "mean", "sum"):
            for smoothing in (0.0, 1e-9):
                loss = F.cross_entropy(x, target, reduction=reduction, label_smoothing=smoothing)
                assert loss.shape == () and loss.item() == pytest.approx(expected, rel=1e-6)
            loss = F.nll_loss(x.log_softmax(0), target, reduction=reduction)
            assert loss.shape == () and loss.item() == pytest.approx(expected, rel=1e-6)
    for count in (0, 2):
        with pytest.raises(ValueError, match=rf"a target of shape \({count},\): .* class indices of shape \(\)"):
            F.cross_entropy(x, torch.zeros(count, dtype=torch.int64))
    with pytest.raises(RuntimeError, match=r"a target of shape \(3, 1\): .* an input with one axis is a single"):
        F.cross_entropy(x, torch.zeros(3, 1, dtype=torch.int64))


@pytest.mark.parametrize("weights", [None, [1.0, 0.5, 2.0, 0.25]])
def test_smoothed_losses_one_by_one_and_their_sum(weights: list[float] | None) -> None:
    x, y = leaf(5, 4), torch.tensor([0, 1, 2, 3, 0])
    weight = torch.tensor(weights or [1.0] * 4, dtype=torch.float64)
    settings: dict[str, Any] = {"weight": weight if weights else None, "label_smoothing": 0.2}
    losses = F.cross_entropy(x, y, reduction="none", **settings)
    logs = x.log_softmax(1) * weight
    expected = -0.8 * logs[range(5), y] - 0.2 * logs.mean(1)
    np.testing.assert_allclose(losses.numpy(force=True), expected.numpy(force=True))
    assert F.cross_entropy(x, y, reduction="sum", **settings).item() == pytest.approx(losses.sum().item())


def test_losses_one_by_one_are_what_the_op_gave() -> None:
    losses = F.cross_entropy(leaf(2, 3), torch.tensor([0, 1]), reduction="none")
    assert "NllLossBackward0" in repr(losses.grad_fn) and losses.shape == (2,)
    columns = F.cross_entropy(leaf(2, 3, 1), torch.tensor([[0], [1]]), reduction="none")
    assert columns.shape == (2, 1)


def test_the_first_class_may_be_ignored_and_all_may_be_smoothed() -> None:
    x = torch.tensor(LOGITS)
    logs = x.log_softmax(1)
    assert F.cross_entropy(x, torch.tensor([0, 1]), ignore_index=0).item() == pytest.approx(-logs[1, 1].item())
    loss = F.cross_entropy(x, torch.tensor(CLASSES), label_smoothing=1)
    assert loss.item() == pytest.approx(-logs.mean().item())


def test_a_target_of_minus_a_hundred_does_not_count() -> None:
    x = torch.tensor(LOGITS).log_softmax(1)
    for loss in (F.nll_loss, nn.NLLLoss(), F.cross_entropy, nn.CrossEntropyLoss()):
        assert loss(x, torch.tensor([-100, 1])).item() == pytest.approx(-x[1, 1].item(), rel=1e-6)


def test_cross_entropy_is_log_softmax_and_nll() -> None:
    x, y = leaf(5, 4), torch.tensor([0, 1, 2, 3, 0])
    both = F.nll_loss(x.log_softmax(1), y, reduction="none")
    np.testing.assert_allclose(F.cross_entropy(x, y, reduction="none").numpy(force=True), both.numpy(force=True))


def test_cross_entropy_of_one_hot_probabilities_is_that_of_classes() -> None:
    x, y = leaf(5, 4), torch.tensor([0, 1, 2, 3, 0])
    hot = F.one_hot(y, 4).double()
    for smoothing in (0.0, 0.2):
        a = F.cross_entropy(x, y, label_smoothing=smoothing)
        assert F.cross_entropy(x, hot, label_smoothing=smoothing).item() == pytest.approx(a.item())
    check(lambda x, t: F.cross_entropy(x, t.sigmoid()), x, leaf(5, 4, seed=1))


def test_a_class_s_weight_counts_with_its_probability() -> None:
    x, p = leaf(3, 4, 2), leaf(3, 4, 2, seed=1).softmax(1).detach()
    weight = torch.tensor([1.0, 2.0, 0.0, 0.5], dtype=torch.float64)
    losses = F.cross_entropy(x, p, weight, reduction="none")
    np.testing.assert_allclose(
        losses.numpy(force=True), -(weight[:, None] * p * x.log_softmax(1)).sum(1).numpy(force=True)
    )
    assert F.cross_entropy(x, p, weight).item() == pytest.approx(losses.mean().item())
    classes = torch.tensor([3, 1])
    one_hot = F.one_hot(classes, 4).double()
    rows = leaf(2, 4)
    assert F.cross_entropy(rows, one_hot, weight, reduction="sum").item() == pytest.approx(
        F.cross_entropy(rows, classes, weight, reduction="sum").item()
    )


def test_cross_entropy_does_not_overflow() -> None:
    x = torch.tensor([[1e4, 0.0, -1e4], [0.0, 1e4, 0.0]], requires_grad=True)
    loss = F.cross_entropy(x, torch.tensor([0, 0]), reduction="none")
    assert loss.tolist() == [0, 1e4]
    loss.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [[0, 0, 0], [-1, 1, 0]]


def test_a_mean_of_nothing_is_nan_and_moves_nothing() -> None:
    assert math.isnan(F.cross_entropy(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)).item())
    assert math.isnan(F.mse_loss(torch.zeros(0), torch.zeros(0)).item())
    x = torch.zeros(2, 3, requires_grad=True)
    loss = F.cross_entropy(x, torch.tensor([-100, -100]))
    loss.backward()
    assert math.isnan(loss.item()) and x.grad is not None and x.grad.tolist() == [[0, 0, 0], [0, 0, 0]]


def test_an_ignored_row_may_hold_infinities() -> None:
    x = torch.tensor([[-math.inf, 0.0], [1.0, 1.0]], requires_grad=True)
    loss = F.cross_entropy(x, torch.tensor([-100, 0]))
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert x.grad is not None and x.grad.tolist() == [[0, 0], [-0.5, 0.5]]


@pytest.mark.parametrize(
    "target, error, text",
    [
        (torch.tensor([0, 3]), IndexError, r"Target 3 is out of bounds: .* 3 classes, with indices 0 to 2"),
        (torch.tensor([0, -1]), IndexError, "Target -1 is out of bounds"),
        (torch.tensor([-1, 7]), IndexError, "Target -1 is out of bounds"),
        (torch.tensor([0, 7]), IndexError, "Target 7 is out of bounds"),
        (torch.tensor([0]), ValueError, r"shape \(2, 3\) and a target of shape \(1,\): the batch sizes"),
        (torch.tensor([0, 1, 2]), ValueError, r"shape \(2, 3\) and a target of shape \(3,\): the batch sizes"),
        (torch.tensor([[0], [1]]), RuntimeError, r"remove the axis of length 1, target\.squeeze\(1\)"),
        (torch.tensor([0.0, 1.0]), RuntimeError, r"dtype torch\.float32: .* target\.long\(\)"),
        (torch.zeros(2, 4), RuntimeError, r"class indices of shape \(2,\) .* or probabilities of shape \(2, 3\)"),
        (
            torch.zeros(2, 3, dtype=torch.int64),
            RuntimeError,
            r"target\.float\(\), for class indices target\.argmax\(1\)",
        ),
        ([0, 1], TypeError, r"a Tensor as target, but got list \[0, 1\]"),
    ],
)
def test_cross_entropy_of_bad_targets(target: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        F.cross_entropy(torch.zeros(2, 3), target)


@pytest.mark.parametrize("shape, text", [((2, 0), "scores no classes at all"), ((2, 1), "one score per sample")])
def test_cross_entropy_of_too_few_scores(shape: Any, text: str) -> None:
    with pytest.raises(IndexError, match=rf"Target 1 is out of bounds: .*{text}"):
        F.cross_entropy(torch.zeros(shape), torch.tensor([1, 1]))


def test_cross_entropy_of_bad_settings() -> None:
    x, y = torch.zeros(2, 3), torch.tensor([0, 1])
    for smoothing in (1.5, -0.5):
        with pytest.raises(RuntimeError, match=rf"between 0 and 1, but got {smoothing}"):
            F.cross_entropy(x, y, label_smoothing=smoothing)
    with pytest.raises(ValueError, match="not 'avg'"):
        F.cross_entropy(x, y, reduction="avg")
    for count in (2, 4):
        for target in (y, x.softmax(1)):
            with pytest.raises(RuntimeError, match=rf"each of the 3 classes, not \({count},\)"):
                F.cross_entropy(x, target, torch.ones(count))
    with pytest.raises(RuntimeError, match=r"weight\.to\(x\.dtype\)"):
        F.cross_entropy(x, y, torch.ones(3, dtype=torch.float64))
    with pytest.raises(NotImplementedError, match="logits"):
        F.cross_entropy(x.long(), y)
    assert F.cross_entropy(x, x.softmax(1), ignore_index=-1).item() == F.cross_entropy(x, x.softmax(1)).item()
    for ignored in (0, 1):
        with pytest.raises(RuntimeError, match="ignore_index"):
            F.cross_entropy(x, x, ignore_index=ignored)
    for number in (torch.tensor(0), torch.tensor(0.5)):
        with pytest.raises(IndexError, match=r"takes logits .* but got a number"):
            F.cross_entropy(torch.zeros(()), number)
    with pytest.raises(ValueError, match="but got a number"):
        F.nll_loss(torch.zeros(()), torch.tensor(0))


@pytest.mark.parametrize(
    "shape, hint",
    [
        ((2, 1, 4, 5), r"; remove the axis of length 1, target\.squeeze\(1\)$"),
        ((2, 4, 5, 3), r"; the classes are axis 1, also of probabilities and one-hot .* target\.movedim\(-1, 1\)$"),
        ((2, 3, 4), r"; the classes are axis 1, not the last: .* cross_entropy\(x\.flatten\(0, -2\)"),
        ((2, 4), r"or probabilities of shape \(2, 3, 4, 5\)$"),
        ((2, 3, 6), r"or probabilities of shape \(2, 3, 4, 5\)$"),
        ((2, 4, 5, 1), r"or probabilities of shape \(2, 3, 4, 5\)$"),
        ((2, 2, 4, 5), r"or probabilities of shape \(2, 3, 4, 5\)$"),
    ],
)
def test_class_numbers_of_images_in_the_wrong_order(shape: tuple[int, ...], hint: str) -> None:
    with pytest.raises(RuntimeError, match=r"must be class indices of shape \(2, 4, 5\) and dtype int64.*" + hint):
        F.cross_entropy(torch.zeros(2, 3, 4, 5), torch.zeros(shape, dtype=torch.int64))


def test_only_cross_entropy_takes_probabilities() -> None:
    x = torch.zeros(2, 3)
    with pytest.raises(RuntimeError, match=r"nll_loss .* shape \(2,\) and dtype int64; .* target\.argmax\(1\)$"):
        F.nll_loss(x, x.long())
    with pytest.raises(RuntimeError, match=r"class indices of shape \(2,\) and dtype int64; .*length 1, target"):
        F.nll_loss(x, x[:, :1].long())


@pytest.mark.parametrize("shape, mixed", [((2,), True), ((4, 3), False), ((0,), False), ((), False), ((2, 0), True)])
def test_a_view_that_mixed_the_samples(shape: tuple[int, ...], mixed: bool) -> None:
    with pytest.raises(ValueError, match="the batch sizes must be equal") as caught:
        F.cross_entropy(torch.zeros(6, 3), torch.zeros(shape, dtype=torch.int64))
    assert ("made 6 rows of 2 samples, flatten each sample by itself" in str(caught.value)) == mixed


# -- distances -----------------------------------------------------------------------------------------------------

DISTANCES = [
    (F.mse_loss, {}, lambda d: d * d),
    (F.l1_loss, {}, np.abs),
    (F.smooth_l1_loss, {"beta": 0.5}, lambda d: np.where(abs(d) < 0.5, d * d, abs(d) - 0.25)),
    (F.smooth_l1_loss, {"beta": 0.0}, np.abs),
    (F.huber_loss, {"delta": 0.5}, lambda d: np.where(abs(d) < 0.5, d * d / 2, 0.5 * (abs(d) - 0.25))),
]


@pytest.mark.parametrize("function, settings, formula", DISTANCES)
def test_distances(function: Any, settings: dict[str, Any], formula: Any) -> None:
    x, y = leaf(3, 4), leaf(3, 4, seed=1)
    expected = formula(x.numpy(force=True) - y.numpy(force=True))
    np.testing.assert_allclose(function(x, y, reduction="none", **settings).numpy(force=True), expected)
    assert function(x, y, **settings).item() == pytest.approx(expected.mean())
    assert function(x, y, reduction="sum", **settings).item() == pytest.approx(expected.sum())
    check(lambda x, y: function(x, y, **settings), x, y)


def test_a_weight_for_each_element() -> None:
    x, y, weight = torch.ones(2), torch.tensor([0.0, 3.0]), torch.tensor([1.0, 3.0])
    for function, losses in ((F.mse_loss, [1, 12]), (F.l1_loss, [1, 6]), (F.huber_loss, [0.5, 4.5])):
        assert function(x, y, weight=weight, reduction="none").tolist() == losses
        assert function(x, y, weight=weight, reduction="sum").item() == sum(losses)
        # Of the three, PyTorch's huber_loss alone divides by the number of elements.
        parts = 2 if function is F.huber_loss else 4
        assert function(x, y, weight=weight).item() == sum(losses) / parts


def test_distances_between_dtypes() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert F.mse_loss(x, torch.zeros(2, dtype=torch.float64)).dtype == torch.float64
    loss = F.mse_loss(x, torch.tensor([0, 2]))
    loss.backward()
    assert loss.dtype == torch.float32 and x.grad.dtype == torch.float32 and x.grad.tolist() == [1, 0]
    with pytest.raises(NotImplementedError, match=r"mse_loss takes floating-point numbers, and got torch\.int64"):
        F.mse_loss(torch.tensor([1]), torch.tensor([2]))
    y = torch.tensor([0.0, 1.0], dtype=torch.float64, requires_grad=True)
    for a, b in ((x, y), (y, x)):
        grads = torch.autograd.grad(F.mse_loss(a, b), (a, b))
        assert [grad.dtype for grad in grads] == [a.dtype, b.dtype]
    assert F.l1_loss(torch.tensor([1, 5]), torch.tensor([2, 2]), reduction="none").tolist() == [1, 3]
    assert F.l1_loss(torch.tensor([1, 5]), torch.tensor([2, 2]), reduction="sum").item() == 4
    with pytest.raises(RuntimeError, match=r"mean\(\): could not infer output dtype"):
        F.l1_loss(torch.tensor([1, 5]), torch.tensor([2, 2]))


@pytest.mark.parametrize("function", [F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss])
def test_unequal_shapes_warn(function: Any) -> None:
    with pytest.warns(
        UserWarning, match=r"shape \(2, 1\) and a target of shape \(2,\), .* target\.reshape\(x\.shape\)"
    ) as seen:
        function(torch.zeros(2, 1), torch.zeros(2))
    assert all(w.filename == __file__ for w in seen)  # it points at the caller's line


@pytest.mark.parametrize("rows", [3, 300])
def test_one_number_for_each_row_of_several(rows: int) -> None:
    text = rf"l1_loss .* input of shape \({rows}, 2\) and a target of shape \({rows},\), one number for each row"
    with pytest.raises(RuntimeError, match=text):
        F.l1_loss(torch.zeros(rows, 2), torch.zeros(rows))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    "x, y", [((2, 3), ()), ((2, 3), (3,)), ((3, 2), (2,)), ((3, 3), (3,)), ((4, 2, 4), (4,)), ((2, 1), (2,))]
)
def test_shapes_that_broadcast_are_taken(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    assert F.l1_loss(torch.ones(x), torch.zeros(y)).item() == 1


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_shapes_that_do_not_broadcast_are_not_called_rows() -> None:
    with pytest.raises(RuntimeError) as caught:
        F.l1_loss(torch.zeros(3, 2), torch.zeros(4))
    assert "for each row" not in str(caught.value)


LOSSES: list[tuple[Any, Any, Any]] = [
    *((f, [0.5], [1.0]) for f in (F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.kl_div)),
    *((f, [0.5], [1.0]) for f in (F.binary_cross_entropy, F.binary_cross_entropy_with_logits)),
    *((f, [[0.5, 0.5]], [1]) for f in (F.nll_loss, F.cross_entropy)),
]


@pytest.mark.parametrize("loss, x, y", LOSSES)
def test_every_argument_may_be_named(loss: Any, x: Any, y: Any) -> None:
    more = {name: None for name in ("weight",) if name in inspect.signature(loss).parameters}
    named = loss(input=torch.tensor(x), target=torch.tensor(y), reduction="sum", **more)
    assert named.item() == loss(torch.tensor(x), torch.tensor(y), reduction="sum").item()


@pytest.mark.parametrize("loss, x, y", [entry for entry in LOSSES if entry[0] is not F.huber_loss])
def test_a_reduction_is_named(loss: Any, x: Any, y: Any) -> None:
    """PyTorch's third argument is something else, a weight or the old size_average."""
    with pytest.raises((TypeError, AttributeError)):
        loss(torch.tensor(x), torch.tensor(y), "sum")


def test_equal_shapes_do_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        F.mse_loss(torch.zeros(2, 1), torch.zeros(2, 1))


def test_bad_settings_of_distances() -> None:
    x = torch.zeros(2)
    with pytest.raises(RuntimeError, match="beta >= 0"):
        F.smooth_l1_loss(x, x, beta=-1)
    for delta in (0, -1):
        with pytest.raises(RuntimeError, match="delta > 0"):
            F.huber_loss(x, x, delta=delta)
    for count in (1, 3):
        with pytest.raises(ValueError, match=rf"weight \({count},\), losses \(2,\)"):
            F.mse_loss(x, x, weight=torch.ones(count))
    with pytest.raises(TypeError, match=r"mse_loss takes a Tensor as target"):
        nn.MSELoss()(x, 0.0)


# -- probabilities -------------------------------------------------------------------------------------------------


def test_binary_cross_entropy_holds_its_logarithms() -> None:
    p = torch.tensor([0.5, 0.0, 1.0, 0.0], requires_grad=True)
    y = torch.tensor([1.0, 1.0, 0.0, 0.0])
    loss = F.binary_cross_entropy(p, y, reduction="none")
    assert loss.tolist() == pytest.approx([math.log(2), 100, 100, 0])
    loss.sum().backward()
    assert p.grad is not None and p.grad.tolist() == pytest.approx([-2, -1e12, 1e12, 0])


def test_binary_cross_entropy_with_logits_is_exact_for_large_ones() -> None:
    x = torch.tensor([1e3, -1e3, 0.0], requires_grad=True)
    loss = F.binary_cross_entropy_with_logits(x, torch.tensor([0.0, 0.0, 1.0]), reduction="none")
    assert loss.tolist() == pytest.approx([1e3, 0, math.log(2)])
    loss.sum().backward()
    assert x.grad is not None and x.grad.tolist() == pytest.approx([1, 0, -0.5])


def test_the_two_forms_of_binary_cross_entropy_agree() -> None:
    x, y = leaf(3, 4), leaf(3, 4, seed=1)
    weight = leaf(4, seed=2).detach().abs()
    a = F.binary_cross_entropy(x.sigmoid(), y.sigmoid(), weight)
    b = F.binary_cross_entropy_with_logits(x, y.sigmoid(), weight)
    assert a.item() == pytest.approx(b.item())
    check(lambda x, y: F.binary_cross_entropy(x.sigmoid(), y.sigmoid(), weight), x, y)
    check(lambda x, y: F.binary_cross_entropy_with_logits(x, y, weight, pos_weight=weight), x, y)


@pytest.mark.parametrize(
    "x, y, error, text",
    [
        ([1.5], [1.0], RuntimeError, r"all elements of input .* one is 1\.5: .* binary_cross_entropy_with_logits"),
        ([0.5], [math.nan], RuntimeError, "all elements of target .* one is nan: .* compares probabilities$"),
        ([0.5], [2.0], RuntimeError, r"all elements of target .* one is 2\.0"),
        ([-0.5], [1.0], RuntimeError, r"all elements of input .* one is -0\.5"),
        ([0.0, 0.5, 1.0, -0.5, 2.0], [1.0] * 5, RuntimeError, r"all elements of input .* one is -0\.5"),
        ([0.5], [1], RuntimeError, r"torch\.float32 and torch\.int64: use target\.to\(x\.dtype\)"),
        ([0.5], [1.0, 0.0], ValueError, r"the same shape, but got \(1,\) and \(2,\)"),
        ([0.5, 0.5], [1.0], ValueError, r"the same shape, but got \(2,\) and \(1,\)"),
    ],
)
def test_bad_probabilities(x: Any, y: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        nn.BCELoss()(torch.tensor(x), torch.tensor(y))


def test_bad_targets_for_logits() -> None:
    for sizes in ((2, 3), (3, 2)):
        with pytest.raises(ValueError, match=r"\({},\) and \({},\)".format(*sizes)):
            nn.BCEWithLogitsLoss()(*map(torch.zeros, sizes))
    with pytest.raises(RuntimeError, match=r"target\.float\(\)"):
        nn.BCEWithLogitsLoss()(torch.zeros(2), torch.tensor([0, 1]))


def test_kl_divergence() -> None:
    p, q = np.array([[0.2, 0.8, 0.0], [0.5, 0.25, 0.25]]), np.full((2, 3), 1 / 3)
    expected = np.where(p > 0, p * (np.log(np.where(p > 0, p, 1)) - np.log(q)), 0)
    logq, target = torch.from_numpy(np.log(q)), torch.from_numpy(p)
    assert F.kl_div(logq, target, reduction="batchmean").item() == pytest.approx(expected.sum() / 2)
    logs = torch.from_numpy(np.log(p + 0.1))
    by_logs = F.kl_div(logq, logs, reduction="sum", log_target=True)
    assert by_logs.item() == pytest.approx(F.kl_div(logq, logs.exp(), reduction="sum").item())
    assert F.kl_div(logq, target, reduction="sum").item() == pytest.approx(expected.sum())
    np.testing.assert_allclose(F.kl_div(logq, target, reduction="none").numpy(), expected)
    check(lambda x, t: F.kl_div(x, t.sigmoid(), reduction="sum"), leaf(2, 3), leaf(2, 3, seed=1))
    with pytest.warns(UserWarning, match="batchmean"):
        nn.KLDivLoss()(logq, target)
    number = torch.tensor(1.0)
    assert F.kl_div(number, number, reduction="batchmean") == -1
    assert F.kl_div(number, -number, reduction="sum").isnan()


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_loss_has_pytorchs_name_for_its_node(reduction: str) -> None:
    x, shares = torch.randn(2, 3, requires_grad=True), torch.full((2, 3), 1 / 3)
    pixels, classes = x.reshape(1, 3, 1, 2), torch.tensor([[[0, 2]]])
    soft = F.cross_entropy(x, shares, reduction=reduction)
    assert soft.grad_fn.name() == {"mean": "DivBackward1", "sum": "NegBackward0"}[reduction]
    assert F.cross_entropy(pixels, classes, reduction=reduction).grad_fn.name() == "NllLoss2DBackward0"
    weighted = F.binary_cross_entropy(x.sigmoid(), shares, shares, reduction=reduction)
    assert weighted.grad_fn.name() == "BinaryCrossEntropyBackward0"
    weighted = F.binary_cross_entropy_with_logits(x, shares, shares, reduction=reduction)
    assert weighted.grad_fn.name() == "BinaryCrossEntropyWithLogitsBackward0"
