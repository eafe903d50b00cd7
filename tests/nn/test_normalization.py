"""Normalization layers: values, gradients, running statistics, and the errors that a wrong input gets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from cutaway.nn import functional as F
from tests.nn.witness import check, leaf

LAYERS = [
    (nn.LayerNorm(4), (2, 3, 4)),
    (nn.LayerNorm((3, 4), bias=False), (2, 3, 4)),
    (nn.RMSNorm((3, 4)), (2, 3, 4)),
    (nn.GroupNorm(2, 4), (2, 4, 3)),
    (nn.InstanceNorm1d(4), (2, 4, 3)),
    (nn.InstanceNorm2d(2, affine=True), (2, 2, 3, 2)),
    (nn.InstanceNorm2d(2, affine=True), (2, 3, 2)),
    (nn.BatchNorm1d(3), (4, 3)),
    (nn.BatchNorm1d(3, affine=False), (2, 3, 4)),
    (nn.BatchNorm2d(2, bias=False), (2, 2, 3, 2)),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda x: repr(x)[:30])
@pytest.mark.parametrize("training", [True, False])
def test_gradients_are_slopes(layer: nn.Module, shape: tuple[int, ...], training: bool) -> None:
    layer = layer.double()
    for seed, p in enumerate(layer.parameters()):
        with torch.no_grad():
            p += leaf(*p.shape, seed=seed)
    layer.train()(leaf(*shape, seed=9))
    layer.train(training)
    check(lambda x, *_: layer(x), leaf(*shape), *layer.parameters())


def test_layers_print_their_arguments() -> None:
    assert repr(nn.LayerNorm(4)) == "LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)"
    assert repr(nn.RMSNorm(4)) == "RMSNorm((4,), eps=None, elementwise_affine=True)"
    assert repr(nn.GroupNorm(2, 4)) == "GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)"
    assert repr(nn.BatchNorm2d(3)) == (
        "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)"
    )


def test_an_instance_is_a_channel_of_a_sample() -> None:
    x = torch.randn(2, 3, 4, 5) * 3 + 1
    y = nn.InstanceNorm2d(3)(x)
    np.testing.assert_allclose(y.mean((2, 3)).numpy(), 0, atol=1e-6)
    np.testing.assert_allclose(y.var((2, 3), correction=0).numpy(), 1, rtol=1e-4)
    np.testing.assert_allclose(nn.InstanceNorm2d(3)(x[0]).numpy(), y[0].numpy())
    for refused in (
        lambda: nn.InstanceNorm2d(3, track_running_stats=True),
        lambda: F.instance_norm(x, torch.zeros(3), torch.ones(3)),
        lambda: F.instance_norm(x, use_input_stats=False),
    ):
        with pytest.raises(NotImplementedError, match="no running statistics"):
            refused()
    with pytest.raises(ValueError, match=r"takes \(N, C, H, W\), with or without N, but got x of shape \(3, 3\)"):
        nn.InstanceNorm2d(3)(torch.ones(3, 3))
    with pytest.raises(ValueError, match=r"size at dim=1 to match num_features \(3\), but got: 4"):
        nn.InstanceNorm2d(3, affine=True)(torch.ones(2, 4, 3, 3))
    with pytest.warns(UserWarning, match=r"num_features \(3\), but got: 4, .* without weights, it normalizes any"):
        nn.InstanceNorm2d(3)(torch.ones(2, 4, 3, 3))
    with pytest.raises(ValueError, match="a single number has no variance"):
        nn.InstanceNorm2d(3)(torch.ones(2, 3, 1, 1))


# -- batch norm --------------------------------------------------------------------------------------------------------


def test_running_statistics_move_towards_each_batch() -> None:
    layer = nn.BatchNorm1d(2, momentum=0.5)
    layer(torch.tensor([[1.0, 10.0], [3.0, 30.0]]))
    assert layer.running_mean is not None and layer.running_var is not None
    assert layer.running_mean.tolist() == [1, 10]  # half of the way from 0 to 2 and 20
    assert layer.running_var.tolist() == [1.5, 100.5]  # half of the way from 1 to 2 and 200: divided by n - 1
    assert layer.num_batches_tracked is not None and layer.num_batches_tracked.item() == 1
    layer.eval()
    x = torch.tensor([[1.0, 10.0]])
    np.testing.assert_allclose(layer(x).detach().numpy(), [[0, 0]], atol=1e-6)  # one sample is enough now
    assert layer.num_batches_tracked.item() == 1
    layer.reset_running_stats()
    assert layer.running_var.tolist() == [1, 1]


def test_no_samples_move_no_statistics() -> None:
    net = nn.BatchNorm1d(2)
    assert net(torch.zeros(0, 2)).shape == (0, 2) and net(torch.zeros(0, 2, 3)).shape == (0, 2, 3)
    assert net.running_mean.tolist() == [0, 0] and net.running_var.tolist() == [1, 1]
    assert F.batch_norm(torch.zeros(0), None, None, training=True).shape == (0,)


def test_without_momentum_the_mean_of_all_batches() -> None:
    layer = nn.BatchNorm1d(1, momentum=None)
    for start in (0.0, 6.0, 9.0):
        layer(torch.tensor([[start], [start + 2]]))
    assert layer.running_mean is not None
    assert layer.running_mean.item() == pytest.approx(6)


def test_without_statistics_evaluation_uses_the_batch_too() -> None:
    layer = nn.BatchNorm1d(2, track_running_stats=False)
    assert list(layer.state_dict()) == ["weight", "bias"]
    x = torch.randn(5, 2)
    np.testing.assert_array_equal(layer.eval()(x).detach().numpy(), layer.train()(x).detach().numpy())


def test_statistics_are_buffers_without_a_history() -> None:
    layer = nn.BatchNorm2d(3)
    for _ in range(2):
        layer(torch.randn(4, 3, 2, 2, requires_grad=True)).sum().backward()
    assert [name for name, _ in layer.named_buffers()] == ["running_mean", "running_var", "num_batches_tracked"]
    assert not any(buffer.requires_grad for buffer in layer.buffers())
    assert [str(b.dtype) for b in layer.double().buffers()] == ["torch.float64", "torch.float64", "torch.int64"]


def test_backward_through_an_evaluation_does_not_mind_that_the_statistics_moved_since() -> None:
    layer = nn.BatchNorm1d(2).eval()
    x = torch.randn(3, 2, requires_grad=True)
    out = layer(x)
    layer.train()(torch.randn(3, 2) * 100)
    out.sum().backward()
    assert x.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), 1, rtol=1e-4)


@pytest.mark.parametrize("normalize", [
    lambda x, weight, bias: F.batch_norm(x, None, None, weight, bias, training=True),
    lambda x, weight, bias: F.group_norm(x, 3, weight, bias),
    lambda x, weight, bias: F.layer_norm(x.mT, (3,), weight, bias).mT,
])  # fmt: skip
def test_a_bias_alone_is_a_bias_beside_weights_of_1(normalize: Any) -> None:
    x, bias = leaf(4, 3, 5), leaf(3, seed=1)
    with_ones = normalize(x, torch.ones(3, dtype=torch.float64), bias)
    np.testing.assert_allclose(normalize(x, None, bias).numpy(force=True), with_ones.numpy(force=True), rtol=1e-12)
    check(lambda x, bias: normalize(x, None, bias), x, bias)


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "run", "part"),
    [
        (ValueError, lambda: nn.BatchNorm1d(4)(torch.zeros(1, 4)), "drop_last=True"),
        (
            ValueError,
            lambda: nn.BatchNorm2d(4)(torch.zeros(2, 4)),
            "but got x of shape (2, 4): use nn.BatchNorm1d",
        ),
        (ValueError, lambda: nn.BatchNorm1d(4)(torch.zeros(2, 4, 3, 3)), "use nn.BatchNorm2d"),
        (RuntimeError, lambda: nn.BatchNorm1d(4)(torch.zeros(2, 5)), "was made for 4 channels"),
        (RuntimeError, lambda: F.batch_norm(torch.zeros(2, 4), None, None), "Expected running_mean and running_var"),
        (
            ValueError,
            lambda: F.batch_norm(torch.zeros(2, 4), None, None, training=True, eps=0.0),
            "eps must be positive",
        ),
        (
            ValueError,
            lambda: F.batch_norm(torch.zeros(2, 4), torch.zeros(4), None, training=True),
            "given both, or neither of them",
        ),
        (RuntimeError, lambda: F.batch_norm(torch.zeros(2), None, None, training=True), "takes (N, C, ...), but got"),
        (
            RuntimeError,
            lambda: F.batch_norm(torch.zeros(2, 4), None, None, torch.ones(4).double(), training=True),
            "convert the input, x.to(torch.float64), or the model, model.to(torch.float32)",
        ),
        (TypeError, lambda: F.layer_norm(torch.zeros(2, 4), 4), "normalized_shape is a tuple, (4,), not the number 4"),
        (NotImplementedError, lambda: F.layer_norm(torch.zeros(2, 4, dtype=torch.int64), (4,)), "use x.float()"),
        (RuntimeError, lambda: nn.LayerNorm(3)(torch.zeros(2, 4)), "make normalized_shape 4"),
        (RuntimeError, lambda: F.layer_norm(torch.zeros(2, 4), ()), "at least one axis"),
        (RuntimeError, lambda: F.layer_norm(torch.zeros(2, 4), (4,), torch.zeros(3)), "one has (3,)"),
        (ValueError, lambda: nn.GroupNorm(4, 6), "num_channels=6 must be divisible by num_groups=4"),
        (RuntimeError, lambda: F.group_norm(torch.zeros(2, 4), 3), "must be divisible by num_groups=3"),
        (RuntimeError, lambda: nn.GroupNorm(2, 4)(torch.zeros(4)), "at least 2 dimensions"),
        (ValueError, lambda: nn.GroupNorm(2, 2)(torch.zeros(1, 2)), "Expected more than 1 value per channel"),
    ],
)
def test_mistakes(kind: type[Exception], run: Any, part: str) -> None:
    with pytest.raises(kind) as error:
        run()
    assert part in str(error.value)
