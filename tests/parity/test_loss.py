"""Losses against PyTorch: every setting, and every target that is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.parity.both import leaf, numbers, run, same

DTYPES = ["float32", "float64"]

# -- losses ------------------------------------------------------------------------------------------------------------

REDUCTIONS = ["mean", "sum", "none"]


def loss_of(t: Any, call: str, *inputs: Any, **settings: Any) -> list[Any]:
    function = getattr(t.nn.functional, call)
    return run(t, lambda *inputs: function(*inputs, **settings), *inputs)


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "avg"])
@pytest.mark.parametrize("shape", [(4,), (2, 3), (), (0,), (2, 0)])
@pytest.mark.parametrize(
    "call",
    [
        ("mse_loss", {}), ("l1_loss", {}), ("smooth_l1_loss", {}), ("smooth_l1_loss", {"beta": 0.5}),
        ("smooth_l1_loss", {"beta": 0.0}), ("smooth_l1_loss", {"beta": -1.0}), ("huber_loss", {}),
        ("huber_loss", {"delta": 2.0}), ("huber_loss", {"delta": 0.0}),
    ],
)  # fmt: skip
def test_distance(call: tuple[str, dict[str, Any]], reduction: str, shape: tuple[int, ...]) -> None:
    def program(t: Any) -> Any:
        x, y = leaf(t, numbers(*shape)), leaf(t, numbers(*shape, seed=1))
        return loss_of(t, call[0], x, y, reduction=reduction, **call[1])

    same(program)


@pytest.mark.parametrize("call", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
@pytest.mark.parametrize("shapes", [((2, 1), (2,)), ((2,), (3,)), ((2, 3), (3,))])
def test_distance_of_unequal_shapes(call: str, shapes: Any) -> None:
    a, b = shapes
    same(lambda t: loss_of(t, call, leaf(t, numbers(*a)), leaf(t, numbers(*b, seed=1))))


@pytest.mark.parametrize("call", ["mse_loss", "smooth_l1_loss", "l1_loss"])
@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32"), ("float32", "int64")])
def test_distance_of_unequal_dtypes(call: str, dtypes: tuple[str, str]) -> None:
    def program(t: Any) -> Any:
        x, y = (t.tensor([1, 2, 3], dtype=getattr(t, dtype)) for dtype in dtypes)
        return loss_of(t, call, x.requires_grad_(), y)

    same(program)


@pytest.mark.parametrize("call", ["mse_loss", "smooth_l1_loss", "huber_loss"])
def test_distance_of_whole_numbers(call: str) -> None:
    same(lambda t: loss_of(t, call, t.tensor([1, 2]), t.tensor([1, 2])))


@pytest.mark.parametrize("call", ["mse_loss", "l1_loss"])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_weighted_distance(call: str, reduction: str) -> None:
    def program(t: Any) -> Any:
        weight = t.from_numpy(np.abs(numbers(3, 2, seed=2)))
        x, y = leaf(t, numbers(3, 2)), leaf(t, numbers(3, 2, seed=1))
        return loss_of(t, call, x, y, weight=weight, reduction=reduction)

    same(program)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignore_index", [-100, 1])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("shape", [(6, 4), (4,), (5, 4, 3), (2, 4, 3, 2), (1, 4)])
def test_cross_entropy(
    reduction: str, weighted: bool, ignore_index: int, smoothing: float, shape: tuple[int, ...]
) -> None:
    rest = (shape[0], *shape[2:]) if len(shape) > 1 else ()
    target = np.random.default_rng(3).integers(0, 4, rest)

    def program(t: Any) -> Any:
        weight = t.from_numpy(np.abs(numbers(4, seed=2))) if weighted else None
        return loss_of(
            t, "cross_entropy", leaf(t, numbers(*shape)), t.tensor(target.tolist()), weight=weight,
            ignore_index=ignore_index, reduction=reduction, label_smoothing=smoothing,
        )  # fmt: skip

    same(program)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("shape", [(6, 4), (4,), (5, 4, 3), (0, 4)])
def test_cross_entropy_with_probabilities(
    reduction: str, weighted: bool, smoothing: float, shape: tuple[int, ...]
) -> None:
    def program(t: Any) -> Any:
        weight = t.from_numpy(np.abs(numbers(4, seed=2))) if weighted else None
        target = leaf(t, np.abs(numbers(*shape, seed=1)))
        x = leaf(t, numbers(*shape))
        return loss_of(t, "cross_entropy", x, target, weight=weight, reduction=reduction, label_smoothing=smoothing)

    same(program)


TARGETS = [
    "[0, 3]", "[0, -1]", "[0, -100]", "[-100, -100]", "[0.0, 1.0]", "[0, 1, 2]", "[[0], [1]]", "[0, 1], t.int32",
    "[0, 1], t.uint8", "[True, False]", "[[0, 0, 0], [1, 1, 1]]", "[[0.0, 0.0, 1.0, 0.0]] * 2", "0", "[]",
    "[[0.0, 0.0, 1.0]] * 2", "[[0.0, 0.0, 1.0]] * 3", "[[0.0, 0.0, 1.0]] * 2, t.float64",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_cross_entropy_targets(target: str, smoothing: float, reduction: str) -> None:
    def program(t: Any) -> Any:
        data, dtype = eval(f"(lambda d, t=None: (d, t))({target})", {"t": t})
        y = t.tensor(data, dtype=dtype) if data != [] else t.zeros(0, dtype=t.int64)
        x = leaf(t, numbers(2, 3))
        return loss_of(t, "cross_entropy", x, y, label_smoothing=smoothing, reduction=reduction)

    same(program)


@pytest.mark.parametrize("target", TARGETS)
def test_nll_targets(target: str) -> None:
    def program(t: Any) -> Any:
        data, dtype = eval(f"(lambda d, t=None: (d, t))({target})", {"t": t})
        y = t.tensor(data, dtype=dtype) if data != [] else t.zeros(0, dtype=t.int64)
        return loss_of(t, "nll_loss", leaf(t, numbers(2, 3)), y)

    same(program)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(6, 4), (4,), (5, 4, 3), (0, 4), (2, 4, 3, 2)])
def test_nll(reduction: str, weighted: bool, shape: tuple[int, ...]) -> None:
    rest = (shape[0], *shape[2:]) if len(shape) > 1 else ()
    target = np.random.default_rng(3).integers(0, 4, rest)

    def program(t: Any) -> Any:
        weight = t.from_numpy(np.abs(numbers(4, seed=2))) if weighted else None
        x = leaf(t, numbers(*shape))
        y = t.from_numpy(target.copy()) if target.ndim else t.tensor(int(target))
        return loss_of(t, "nll_loss", x, y, weight=weight, reduction=reduction, ignore_index=1)

    same(program)


def test_cross_entropy_with_infinite_logits_and_ignored_rows() -> None:
    def program(t: Any) -> Any:
        x = leaf(t, np.array([[-np.inf, 0, 0], [-np.inf, 1, 2], [0, 0, 1e4]], np.float32))
        return loss_of(t, "cross_entropy", x, t.tensor([-100, 1, 2]))

    same(program)


def test_a_mean_over_weights_of_zero_is_nan() -> None:
    same(lambda t: loss_of(t, "cross_entropy", leaf(t, numbers(2, 3)), t.tensor([0, 1]), weight=t.zeros(3)))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(6,), (3, 4), (0,), ()])
@pytest.mark.parametrize("dtype", DTYPES)
def test_binary_cross_entropy(reduction: str, weighted: bool, shape: tuple[int, ...], dtype: str) -> None:
    rng = np.random.default_rng(0)

    def program(t: Any) -> Any:
        rng = np.random.default_rng(0)
        x, y = (leaf(t, np.asarray(rng.uniform(size=shape), dtype)) for _ in range(2))
        weight = t.from_numpy(np.asarray(rng.uniform(size=shape), dtype)) if weighted else None
        return loss_of(t, "binary_cross_entropy", x, y, weight=weight, reduction=reduction)

    same(program)
    del rng


def test_binary_cross_entropy_at_0_and_1() -> None:
    def program(t: Any) -> Any:
        x = leaf(t, np.array([0, 1, 0, 1, 1e-30, 0.5], np.float32))
        y = leaf(t, np.array([0, 1, 1, 0, 1, 0.5], np.float32))
        out, grads = loss_of(t, "binary_cross_entropy", x, y)
        return [out, grads[0]]  # PyTorch's gradient of a target is infinite here, where the loss itself is held at 100

    same(program)


@pytest.mark.parametrize(
    "x, y",
    [
        ([1.5], [1.0]), ([0.5], [2.0]), ([-0.1], [1.0]), ([0.5], [float("nan")]), ([float("nan")], [0.5]),
        ([0.5], [1]), ([0.5], [1.0, 1.0]), ([[0.5]], [1.0]),
    ],
)  # fmt: skip
def test_binary_cross_entropy_of_bad_input(x: Any, y: Any) -> None:
    same(lambda t: t.nn.functional.binary_cross_entropy(t.tensor(x), t.tensor(y)))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("pos_weighted", [False, True])
@pytest.mark.parametrize("shape", [(3,), (4, 3), (0, 3)])
def test_binary_cross_entropy_with_logits(
    reduction: str, weighted: bool, pos_weighted: bool, shape: tuple[int, ...]
) -> None:
    def program(t: Any) -> Any:
        x = leaf(t, numbers(*shape, scale=50.0))
        y = leaf(t, np.abs(np.tanh(numbers(*shape, seed=1))))
        weight = t.from_numpy(np.abs(numbers(*shape, seed=2))) if weighted else None
        pos_weight = t.from_numpy(np.abs(numbers(3, seed=3))) if pos_weighted else None
        return loss_of(
            t, "binary_cross_entropy_with_logits", x, y,
            weight=weight, pos_weight=pos_weight, reduction=reduction,
        )  # fmt: skip

    same(program)


@pytest.mark.parametrize("y", [[1.0], [1, 0], [[1.0, 0.0]], [1.0, 0.0, 1.0]])
def test_binary_cross_entropy_with_logits_of_bad_input(y: Any) -> None:
    same(lambda t: t.nn.functional.binary_cross_entropy_with_logits(t.zeros(2), t.tensor(y)))


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
@pytest.mark.parametrize("log_target", [False, True])
def test_kl_div(reduction: str, log_target: bool) -> None:
    def program(t: Any) -> Any:
        p = np.array([[0.2, 0.8, 0.0], [0.5, 0.25, 0.25]], np.float32)
        target = leaf(t, np.log(p + 0.1) if log_target else p)
        x = leaf(t, numbers(2, 3))
        out = loss_of(t, "kl_div", x, target, reduction=reduction, log_target=log_target)
        return [out[0], out[1][0]]  # PyTorch's gradient of a target of 0 is nan

    same(program)


@pytest.mark.parametrize(
    "loss, x, y",
    [
        ("MSELoss()", (3, 2), (3, 2)), ("L1Loss(reduction='sum')", (3, 2), (3, 2)),
        ("SmoothL1Loss(beta=0.3)", (3, 2), (3, 2)), ("HuberLoss(delta=0.3)", (3, 2), (3, 2)),
        ("BCEWithLogitsLoss()", (3, 2), (3, 2)), ("KLDivLoss(reduction='batchmean', log_target=True)", (3, 2), (3, 2)),
        ("CrossEntropyLoss()", (3, 2), (3, 2)),
    ],
)  # fmt: skip
def test_loss_module(loss: str, x: Any, y: Any) -> None:
    def program(t: Any) -> Any:
        return run(t, eval(loss, vars(t.nn)), leaf(t, numbers(*x)), leaf(t, numbers(*y, seed=1)))

    same(program)
