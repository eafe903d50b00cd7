"""Normalization against PyTorch: values, gradients, second gradients, running statistics, and errors' classes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.parity.both import same
from tests.parity.test_nn import DTYPES, leaf, numbers, run

LAYERS = [
    ("LayerNorm(4)", (2, 3, 4)),
    ("LayerNorm((3, 4))", (2, 3, 4)),
    ("LayerNorm([3, 4], eps=1e-3, bias=False)", (3, 4)),
    ("LayerNorm(4, elementwise_affine=False)", (2, 3, 4)),
    ("LayerNorm(4)", (4,)),
    ("LayerNorm(4)", (0, 4)),
    ("LayerNorm(1)", (3, 1)),
    ("RMSNorm(4)", (2, 3, 4)),
    ("RMSNorm((3, 4), eps=1e-3)", (2, 3, 4)),
    ("RMSNorm(4, elementwise_affine=False)", (2, 3, 4)),
    ("GroupNorm(2, 6)", (3, 6, 4, 5)),
    ("GroupNorm(6, 6)", (3, 6, 4)),
    ("GroupNorm(1, 6, eps=1e-3)", (3, 6)),
    ("GroupNorm(3, 6, affine=False)", (3, 6, 2)),
    ("GroupNorm(3, 6, bias=False)", (3, 6, 2)),
    ("InstanceNorm1d(4)", (5, 4, 3)),
    ("InstanceNorm1d(4, affine=True, eps=1e-3)", (4, 3)),
    ("InstanceNorm2d(3)", (4, 3, 5, 6)),
    ("InstanceNorm2d(3, affine=True)", (4, 3, 5, 6)),
    ("InstanceNorm2d(3, affine=True, bias=False)", (3, 5, 6)),
    ("BatchNorm1d(4)", (5, 4)),
    ("BatchNorm1d(4)", (5, 4, 3)),
    ("BatchNorm1d(4)", (1, 4, 3)),
    ("BatchNorm1d(4, eps=1e-3, momentum=0.3)", (5, 4)),
    ("BatchNorm1d(4, momentum=None)", (5, 4)),
    ("BatchNorm1d(4, affine=False)", (5, 4)),
    ("BatchNorm1d(4, track_running_stats=False)", (5, 4)),
    ("BatchNorm1d(4, affine=False, track_running_stats=False)", (5, 4)),
    ("BatchNorm1d(4, bias=False)", (5, 4)),
    ("BatchNorm2d(3)", (4, 3, 5, 6)),
    ("BatchNorm2d(3, momentum=None)", (4, 3, 5, 6)),
    ("BatchNorm2d(3, momentum=0.0)", (4, 3, 1, 1)),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("layer", "shape"), LAYERS)
def test_layer(layer: str, shape: tuple[int, ...], dtype: str) -> None:
    """In training for three batches, then in evaluation, then in training again."""

    def program(t: Any) -> Any:
        module = eval(f"t.nn.{layer}", {"t": t}).to(getattr(t, dtype))
        results = [repr(module), dict(module.state_dict())]
        for name, param in module.named_parameters():
            with t.no_grad():
                param.add_(t.from_numpy(numbers(*param.shape, seed=len(name), dtype=dtype)))
        for step, training in enumerate([True, True, True, False, True]):
            module.train(training)
            results += [run(t, module, leaf(t, numbers(*shape, seed=step, dtype=dtype) + 3)), dict(module.state_dict())]
        return results

    same(program, rtol=2e-4, atol=1e-4) if dtype == "float32" else same(program, rtol=1e-9, atol=1e-10)


def test_running_statistics_can_be_reset_and_moved() -> None:
    def program(t: Any) -> Any:
        layer = t.nn.BatchNorm2d(3)
        layer(t.from_numpy(numbers(4, 3, 2, 2)))
        before = {k: v.clone() for k, v in layer.state_dict().items()}
        layer.reset_running_stats()
        after = dict(layer.state_dict())
        half = layer.double()
        return [before, after, dict(half.state_dict()), [str(b.dtype) for b in half.buffers()]]

    same(program)


def test_a_frozen_layer_in_evaluation() -> None:
    def program(t: Any) -> Any:
        layer = t.nn.BatchNorm1d(4).requires_grad_(False)
        for step in range(3):
            layer(t.from_numpy(numbers(6, 4, seed=step)))
        layer.eval()
        x = leaf(t, numbers(6, 4))
        layer(x).pow(2).sum().backward()
        return [x.grad, [p.grad for p in layer.parameters()], layer.running_var]

    same(program, rtol=1e-4, atol=1e-5)


CALLS = [
    "F.layer_norm(x, (6,))",
    "F.layer_norm(x, (5, 6), w)",
    "F.layer_norm(x, (5, 6), w, w + 1)",
    "F.layer_norm(x, x.shape, eps=0.1)",
    "F.rms_norm(x, (6,))",
    "F.rms_norm(x, (5, 6), w, 0.1)",
    "F.group_norm(x, 2)",
    "F.group_norm(x, 4, w[0, :4], w[1, :4])",
    "F.instance_norm(x)",
    "F.instance_norm(x, None, None, w[0, :4], w[1, :4], eps=0.1)",
    "F.instance_norm(x[:, :, 0])",
    "F.batch_norm(x, None, None, training=True)",
    "F.batch_norm(x, None, None, w[0, :4], w[1, :4], True)",
    "F.batch_norm(x, m, v, w[0, :4], w[1, :4])",
    "F.batch_norm(x, m, v, eps=0.1)",
    "F.batch_norm(x[:, :, 0], m, v, training=True, momentum=0.2)",
    "F.batch_norm(x.transpose(2, 3), m, v, w[0, :4], w[1, :4], training=True, momentum=1.0)",
]


@pytest.mark.parametrize("call", CALLS)
def test_functions_and_their_second_gradients(call: str) -> None:
    def program(t: Any) -> Any:
        x, w = leaf(t, numbers(3, 4, 5, 6, dtype="float64")), leaf(t, numbers(5, 6, seed=1, dtype="float64"))
        m, v = t.from_numpy(numbers(4, seed=2, dtype="float64")), t.from_numpy(numbers(4, seed=3, dtype="float64") ** 2)
        out = eval(call, {"F": t.nn.functional, "x": x, "w": w, "m": m, "v": v})
        inputs = [x, w] if "w" in call else [x]
        first = t.autograd.grad((out * out * out).sum(), inputs, create_graph=True)
        second = t.autograd.grad(sum((g * g).sum() for g in first), inputs)
        return [out, first, second, m, v]

    same(program, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize(
    "call", ["F.layer_norm(x, (5, 6), None, w)", "F.batch_norm(x, None, None, None, w[1, :4], True)"]
)
def test_a_bias_without_a_weight(call: str) -> None:
    """PyTorch's own second gradients fail here, so only the first are compared."""

    def program(t: Any) -> Any:
        x, w = leaf(t, numbers(3, 4, 5, 6, dtype="float64")), leaf(t, numbers(5, 6, seed=1, dtype="float64"))
        out = eval(call, {"F": t.nn.functional, "x": x, "w": w})
        return [out, t.autograd.grad((out * out * out).sum(), [x, w])]

    same(program, rtol=1e-9, atol=1e-9)


WRONG = [
    "t.nn.InstanceNorm2d(3)(t.ones(3, 3))",
    "t.nn.InstanceNorm2d(3)(t.ones(2, 3, 1, 1))",
    "t.nn.InstanceNorm2d(3, affine=True)(t.ones(2, 4, 3, 3))",
    "t.nn.InstanceNorm1d(3, affine=True)(t.ones(4, 3))",
    "t.nn.InstanceNorm1d(3)(t.ones(2, 3, 4, 5))",
    "F.instance_norm(t.ones(2, 3, 4).long())",
    "nn.LayerNorm(3)(t.zeros(2, 4))",
    "nn.LayerNorm((3, 4))(t.zeros(4))",
    "nn.RMSNorm(3)(t.zeros(2, 4))",
    "nn.GroupNorm(4, 6)",
    "nn.GroupNorm(2, 6)(t.zeros(2, 4, 3))",
    "nn.GroupNorm(2, 6)(t.zeros(6))",
    "nn.GroupNorm(2, 2)(t.zeros(1, 2))",
    "F.group_norm(t.zeros(2, 4), 3)",
    "F.layer_norm(t.zeros(2, 4), (4,), t.zeros(3))",
    "F.layer_norm(t.zeros(2, 4), ())",
    "nn.BatchNorm1d(4)(t.zeros(1, 4))",
    "nn.BatchNorm1d(4)(t.zeros(3, 5))",
    "nn.BatchNorm1d(4)(t.zeros(4))",
    "nn.BatchNorm1d(4)(t.zeros(2, 4, 3, 3))",
    "nn.BatchNorm2d(4)(t.zeros(2, 4))",
    "nn.BatchNorm2d(4)(t.zeros(2, 3, 3, 3))",
    "nn.BatchNorm2d(4)(t.zeros(1, 4, 1, 1))",
    "nn.BatchNorm2d(4).eval()(t.zeros(1, 4, 1, 1)).shape[1]",
    "nn.LazyBatchNorm2d()(t.zeros(1, 4))",
    "F.batch_norm(t.zeros(2, 4), None, None)",
    "F.batch_norm(t.zeros(2, 4), None, None, training=True, eps=0.0)",
    "F.batch_norm(t.zeros(2, 4), t.zeros(3), t.zeros(3))",
    "F.batch_norm(t.zeros(2, 4, dtype=t.int64), None, None, training=True)",
    "F.layer_norm(t.zeros(2, 4, dtype=t.int64), (4,))",
    "F.rms_norm(t.zeros(2, 4, dtype=t.int64), (4,))",
    "F.group_norm(t.zeros(2, 4, dtype=t.int64), 2)",
    "nn.LayerNorm(4)(t.zeros(2, 4).double())",
    "nn.GroupNorm(2, 4)(t.zeros(2, 4).double())",
    "nn.BatchNorm1d(4, affine=False)(t.zeros(2, 4).double())",
    "nn.BatchNorm1d(4).double()(t.zeros(2, 4))",
    "nn.BatchNorm1d(4, affine=False).eval()(t.zeros(2, 4).double())",
    "nn.RMSNorm(4)(t.zeros(2, 4).double())",
]


@pytest.mark.parametrize("call", WRONG)
def test_what_is_wrong_is_refused_with_the_same_class(call: str) -> None:
    same(lambda t: eval(call, {"t": t, "nn": t.nn, "F": t.nn.functional}))
