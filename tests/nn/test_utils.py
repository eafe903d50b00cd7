"""Helpers over all parameters: clipping, and one vector of everything."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn


def with_gradients() -> list[nn.Parameter]:
    params = [nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(3))]
    params[0].grad, params[1].grad = torch.tensor([3.0, -4.0]), torch.tensor([12.0])
    return params


@pytest.mark.parametrize("order, total", [(2.0, 13.0), (1.0, 19.0), (math.inf, 12.0), ("inf", 12.0)])
def test_clip_by_norm(order: float | str, total: float) -> None:
    params = with_gradients()
    norm = nn.utils.clip_grad_norm_(params, 1.0, order)
    assert norm.item() == pytest.approx(total)
    gradients = np.concatenate([p.grad.numpy() for p in params if p.grad is not None])
    np.testing.assert_allclose(gradients, np.array([3, -4, 12]) / total, rtol=1e-5)


def test_a_generator_that_was_used_before_is_warned_of() -> None:
    params = nn.Linear(2, 1).parameters()
    assert len(list(params)) == 2
    with pytest.warns(UserWarning, match=r"^`parameters` is an empty generator, .* used before, write model\.param"):
        nn.utils.clip_grad_norm_(params, 1.0)


def test_small_gradients_are_left_alone() -> None:
    params = with_gradients()
    assert nn.utils.clip_grad_norm_(iter(params), 100.0).item() == pytest.approx(13)
    assert params[0].grad is not None and params[0].grad.tolist() == [3, -4]


def test_norms_that_are_no_numbers() -> None:
    p = nn.Parameter(torch.zeros(1))
    assert nn.utils.clip_grad_norm_(p, 1.0).item() == 0
    p.grad = torch.tensor([math.inf])
    with pytest.raises(RuntimeError, match=r"is inf, so they cannot be clipped to 1\.0"):
        nn.utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
    assert p.grad.tolist() == [math.inf]


def test_clip_by_value() -> None:
    params = with_gradients()
    nn.utils.clip_grad_value_(params, 3.5)
    assert params[0].grad is not None and params[0].grad.tolist() == [3, -3.5]


def test_parameters_as_one_vector() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    vector = nn.utils.parameters_to_vector(net.parameters())
    assert vector.shape == (13,) and vector.requires_grad
    nn.utils.vector_to_parameters(torch.arange(13.0), net.parameters())
    assert net[0].weight.tolist() == [[0, 1], [2, 3], [4, 5]] and net[1].bias.tolist() == [12]
    with pytest.raises(RuntimeError, match=r"5 elements, and the parameters need more: the next has shape \(3, 2\)"):
        nn.utils.vector_to_parameters(torch.arange(5.0), net.parameters())
    assert net[0].weight.tolist() == [[0, 1], [2, 3], [4, 5]]
    with pytest.raises(TypeError, match="expected a Tensor"):
        nn.utils.vector_to_parameters([1.0], net.parameters())  # type: ignore[arg-type]


def test_clipping_is_noticed_by_a_graph_that_needs_the_gradient() -> None:
    p = nn.Parameter(torch.zeros(2))
    p.grad = torch.tensor([3.0, 4.0])
    w = torch.ones(2, requires_grad=True)
    loss = (w * p.grad).sum()
    nn.utils.clip_grad_norm_(p, 1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
