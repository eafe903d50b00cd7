"""Initial weights: PyTorch's draws, and the spread that each formula promises."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cutaway as torch
from cutaway.nn import init


def close(got: torch.Tensor, expected: object) -> None:
    np.testing.assert_allclose(got.numpy(force=True), np.array(expected), rtol=1e-5)


def test_draws_are_pytorchs() -> None:
    torch.manual_seed(0)
    close(
        init.xavier_uniform_(torch.empty(2, 3)),
        [
            [-0.008201400749385357, 0.5876445174217224, -0.9016007781028748],
            [-0.8061808347702026, -0.4219154715538025, 0.29375168681144714],
        ],
    )
    torch.manual_seed(0)
    close(
        init.kaiming_normal_(torch.empty(2, 3)),
        [
            [1.2582180500030518, -0.23958370089530945, -1.7789740562438965],
            [0.4641222059726715, -0.8855087757110596, -1.1419483423233032],
        ],
    )
    torch.manual_seed(0)
    close(
        init.trunc_normal_(torch.empty(3), std=0.02),
        [0.03081992268562317, -0.00586857832968235, -0.04357578605413437],
    )
    torch.manual_seed(0)
    close(
        init.orthogonal_(torch.empty(2, 3)),
        [
            [0.5739809274673462, -0.10929460823535919, -0.8115421533584595],
            [-0.3454151153564453, -0.9308826923370361, -0.11893554031848907],
        ],
    )


def test_fans_of_a_weight() -> None:
    assert init._calculate_fan_in_and_fan_out(torch.empty(4, 5)) == (5, 4)
    assert init._calculate_fan_in_and_fan_out(torch.empty(4, 5, 3, 2)) == (30, 24)


def test_spread_follows_the_fans() -> None:
    torch.manual_seed(0)
    w = torch.empty(200, 100, 3, requires_grad=True)
    assert init.kaiming_normal_(w, nonlinearity="relu") is w
    assert w.std().item() == pytest.approx(math.sqrt(2 / 300), rel=0.02)
    init.kaiming_uniform_(w, a=1.0, mode="fan_out")
    assert w.std().item() == pytest.approx(math.sqrt(1 / 600), rel=0.02)
    init.xavier_normal_(w, gain=2.0)
    assert w.std().item() == pytest.approx(2 * math.sqrt(2 / 900), rel=0.02)
    init.xavier_uniform_(w)
    assert w.abs().max().item() <= math.sqrt(6 / 900)
    assert w.is_leaf and w.requires_grad and w.grad_fn is None


def test_constants() -> None:
    w = torch.empty(2, 3)
    assert init.constant_(w, 0.5).tolist() == [[0.5] * 3] * 2
    assert init.ones_(w).sum().item() == 6
    assert init.zeros_(w).sum().item() == 0
    assert init.eye_(w).tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (3, 2, 2)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    w = init.orthogonal_(torch.empty(*shape, dtype=torch.float64), gain=2.0).numpy().reshape(shape[0], -1)
    gram = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-12)


@pytest.mark.parametrize(
    "kind, param, gain",
    [
        ("linear", None, 1), ("conv2d", None, 1), ("sigmoid", None, 1), ("tanh", None, 5 / 3), ("selu", None, 0.75),
        ("relu", None, math.sqrt(2)), ("leaky_relu", None, math.sqrt(2 / 1.0001)), ("leaky_relu", 1, 1),
    ],
)  # fmt: skip
def test_gain(kind: str, param: float | None, gain: float) -> None:
    assert init.calculate_gain(kind, param) == pytest.approx(gain)


def test_mistakes() -> None:
    with pytest.raises(ValueError, match=r"shape \(2,\): for a bias use nn\.init\.zeros_"):
        init.xavier_uniform_(torch.zeros(2))
    with pytest.raises(ValueError, match="fills a matrix"):
        init.eye_(torch.zeros(2))
    with pytest.raises(ValueError, match="fills a matrix"):
        init.orthogonal_(torch.zeros(2))
    with pytest.raises(ValueError, match='"fan_in" or "fan_out", not \'x\''):
        init.kaiming_uniform_(torch.zeros(2, 3), mode="x")
    with pytest.raises(ValueError, match="relu is the usual choice"):
        init.calculate_gain("gelu")
    with pytest.raises(ValueError, match="not 'x'"):
        init.calculate_gain("leaky_relu", "x")  # type: ignore[arg-type]
    for fill in (init.kaiming_uniform_, init.kaiming_normal_):
        with pytest.warns(UserWarning, match=f"{fill.__name__}: the tensor has no elements to initialise"):
            fill(nothing := torch.zeros(0, 3))
        assert nothing.shape == init.orthogonal_(nothing).shape == (0, 3)
