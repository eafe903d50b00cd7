"""Convolution against PyTorch: values, gradients, second gradients, layers, and errors' classes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from tests.parity.both import same
from tests.parity.test_nn import DTYPES, leaf, numbers, run

# kernel, stride, padding, dilation, groups, bias
SETTINGS = [
    *itertools.product([1, 3, (2, 3)], [1, 2, (3, 1)], [0, (1, 2)], [1, (2, 1)], [1, 2], [True]),
    *itertools.product([2, (3, 2), 4], [1], ["same", "valid"], [1, 2], [1, 2], [True]),
    (3, 1, 1, 1, 4, False),
    ((5, 1), (4, 1), (2, 0), 1, 1, False),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_conv2d(setting: Any, dtype: str) -> None:
    kernel, stride, padding, dilation, groups, bias = setting

    def program(t: Any) -> Any:
        layer = t.nn.Conv2d(4, 8, kernel, stride, padding, dilation, groups, bias, dtype=getattr(t, dtype))
        x = leaf(t, numbers(2, 4, 7, 9, dtype=dtype))
        return [repr(layer), layer.state_dict(), run(t, layer, x)]

    same(program, rtol=1e-4, atol=2e-5) if dtype == "float32" else same(program, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("setting", list(itertools.product([1, 3], [1, 2], [0, 1, "same"], [1, 2], [1, 2])), ids=str)
def test_conv1d(setting: Any) -> None:
    kernel, stride, padding, dilation, groups = setting

    def program(t: Any) -> Any:
        layer = t.nn.Conv1d(4, 6, kernel, stride, padding, dilation, groups)
        return [repr(layer), run(t, layer, leaf(t, numbers(2, 4, 9))), run(t, layer, leaf(t, numbers(4, 9)))]

    same(program, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "setting",
    [*itertools.product([1, 3, (2, 4)], [1, 2, (3, 1)], [0, (1, 0)], [0, (1, 0)], [1, 2], [1, 2])],
    ids=str,
)  # fmt: skip
def test_conv_transpose2d(setting: Any, dtype: str) -> None:
    kernel, stride, padding, output_padding, groups, dilation = setting

    def program(t: Any) -> Any:
        make = t.nn.ConvTranspose2d
        layer = make(4, 6, kernel, stride, padding, output_padding, groups, True, dilation, dtype=getattr(t, dtype))
        x = leaf(t, numbers(2, 4, 5, 3, dtype=dtype))
        return [repr(layer), layer.state_dict(), run(t, layer, x)]

    same(program, rtol=1e-4, atol=2e-5) if dtype == "float32" else same(program, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("shape", [(1, 28, 28), (0, 1, 28, 28), (3, 1, 5, 5)])
def test_batches_of_none_and_of_nobody(shape: tuple[int, ...]) -> None:
    def program(t: Any) -> Any:
        x = leaf(t, numbers(*shape))
        deconv = t.nn.ConvTranspose2d(1, 2, 2)
        return [run(t, t.nn.Conv2d(1, 6, 5, padding=2), x), run(t, deconv, x)]

    same(program, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [1, (2, 1), "same", "valid"])
def test_padding_modes(mode: str, padding: Any) -> None:
    def program(t: Any) -> Any:
        layer = t.nn.Conv2d(2, 3, (3, 4), padding=padding, padding_mode=mode)
        signal = t.nn.Conv1d(2, 3, 4, padding=padding if isinstance(padding, str) else 2, padding_mode=mode)
        x = leaf(t, numbers(2, 2, 5, 6))
        return [repr(layer), run(t, layer, x), repr(signal), run(t, signal, leaf(t, numbers(2, 2, 7)))]

    same(program, rtol=1e-4, atol=2e-5)


LAYERS = [
    "Conv2d(1, 6, 5)",
    "Conv2d(1, 6, kernel_size=5, padding=2)",
    "Conv2d(4, 8, (3, 5), stride=2, groups=2, bias=False)",
    "Conv2d(3, 64, 7, 2, 3, padding_mode='circular')",
    "Conv2d(3, 4, 3, padding='same', dilation=2)",
    "Conv2d(4, 4, 3, groups=4)",
    "Conv1d(1, 6, 5)",
    "Conv1d(4, 6, (3,), stride=(2,), padding='valid', dilation=2, groups=2)",
    "ConvTranspose2d(3, 5, 2)",
    "ConvTranspose2d(4, 6, 3, 2, 1, 1, groups=2, dilation=2, bias=False)",
    "LazyConv2d(6, 5)",
    "LazyConv2d(6, (5, 3), padding=2, groups=2, bias=False)",
    "LazyLinear(6)",
    "LazyBatchNorm2d()",
    "LazyBatchNorm2d(momentum=None, affine=False)",
    "LazyBatchNorm2d(track_running_stats=False)",
    "Dropout2d(0.3)",
]


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("seed", [0, 42])
def test_layers_print_and_start_alike(layer: str, seed: int) -> None:
    def program(t: Any) -> Any:
        module = eval(f"nn.{layer}", {"nn": t.nn})
        before = [repr(module), str(list(module.state_dict().items())) if "Lazy" in layer else module.state_dict()]
        before += [[name for name, _ in module.named_parameters()], [p.requires_grad for p in module.parameters()]]
        if "Lazy" in layer:
            module(t.from_numpy(numbers(4, 4, 6, 6)))
        return [*before, type(module).__name__, repr(module), dict(module.state_dict()), t.rand(3)]

    same(program, seed, rtol=1e-6, atol=1e-6)


def test_a_lazy_net_learns() -> None:
    def program(t: Any) -> Any:
        nn = t.nn
        net = nn.Sequential(
            nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.LazyLinear(5)
        )
        shapes = repr(net)
        x, y = t.from_numpy(numbers(6, 2, 8, 8)), t.arange(6) % 5
        net(x)
        optimizer = t.optim.SGD(net.parameters(), lr=0.1)
        losses = []
        for _ in range(5):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return [shapes, repr(net), losses, dict(net.state_dict())]

    same(program, rtol=1e-3, atol=1e-4)


def test_loading_into_a_lazy_net() -> None:
    def program(t: Any) -> Any:
        nn = t.nn
        saved = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(3 * 16, 2)).state_dict()
        net = nn.Sequential(nn.LazyConv2d(3, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(2))
        result = repr(net.load_state_dict(saved))
        return [result, net(t.from_numpy(numbers(4, 2, 6, 6))), [type(layer).__name__ for layer in net]]

    same(program, rtol=1e-4, atol=1e-5)


WAITING = ["p.shape", "p + 1", "p.sum()", "p.zero_()", "nn.init.normal_(p)", "len(p)", "p.numel()"]


@pytest.mark.parametrize("use", WAITING)
def test_a_parameter_that_waits_refuses_alike(use: str) -> None:
    same(lambda t: eval(use, {"p": t.nn.LazyLinear(3).weight, "nn": t.nn}))


def test_a_parameter_that_waits_can_be_converted_and_copied() -> None:
    def program(t: Any) -> Any:
        import copy

        layer = t.nn.LazyLinear(3).double()
        other = copy.deepcopy(layer)
        x = t.from_numpy(numbers(2, 4, dtype="float64"))
        return [str(layer.weight), str(layer.weight.dtype), layer(x).shape[1], layer.weight, str(other.weight)]

    same(program)


# -- functions ---------------------------------------------------------------------------------------------------------

CALLS = [
    "F.conv2d(x, w)",
    "F.conv2d(x, w, b, 2, 1, 1)",
    "F.conv2d(x, w, b, stride=(2, 1), padding=(1, 0), dilation=(1, 2))",
    "F.conv2d(x, w, b, (2,), (1,), (1,))",
    "F.conv2d(x, w, padding='same')",
    "F.conv2d(x[0], w)",
    "F.conv2d(x.transpose(2, 3), w.flip(0))",
    "F.conv2d(x[:, :, ::2], w.expand(3, 2, 3, 2))",
    "F.conv1d(x[:, :, 0], w[:, :, 0], b, 2, 1)",
    "F.conv1d(x[0, :, 0], w[:, :, 0])",
    "F.conv_transpose2d(x, w.transpose(0, 1), b, 2, 1, 1)",
    "F.conv_transpose2d(x[0], w.transpose(0, 1))",
    "F.unfold(x, 2)",
    "F.unfold(x, (3, 2), dilation=2, padding=1, stride=(1, 2))",
    "F.unfold(x[0], 2)",
    "F.fold(F.unfold(x, 2), (5, 6), 2)",
    "F.fold(F.unfold(x, (3, 2), 1, 1, 2), (5, 6), (3, 2), 1, 1, 2)",
    "F.fold(F.unfold(x[0], 2), (5, 6), 2)",
    "t.nn.ConvTranspose2d(2, 3, 3, 2)(x, output_size=(12, 13))",
    "t.nn.ConvTranspose2d(2, 3, 3, 2)(x, output_size=[3, 3, 11, 13])",
]


@pytest.mark.parametrize("call", CALLS)
def test_functions_and_their_second_gradients(call: str) -> None:
    def program(t: Any) -> Any:
        x, w = leaf(t, numbers(3, 2, 5, 6, dtype="float64")), leaf(t, numbers(3, 2, 3, 2, seed=1, dtype="float64"))
        b = leaf(t, numbers(3, seed=2, dtype="float64"))
        t.set_default_dtype(t.float64)
        try:
            out = eval(call, {"t": t, "F": t.nn.functional, "x": x, "w": w, "b": b})
        finally:
            t.set_default_dtype(t.float32)
        inputs = [
            v for name, v in (("x", x), ("w", w), ("b", b)) if name in call.replace("ow", "").replace("ConvT", "")
        ]
        first = t.autograd.grad((out * out).sum(), inputs, create_graph=True, allow_unused=True)
        known = [g for g in first if g is not None]
        again = t.autograd.grad(sum((g * g * g).sum() for g in known), inputs, allow_unused=True)
        return [out, first, again]

    same(program, rtol=1e-9, atol=1e-9)


WRONG = [
    "F.conv2d(t.zeros(2, 3, 5, 5), t.zeros(4, 2, 3, 3))",
    "F.conv2d(t.zeros(5, 5), t.zeros(4, 1, 3, 3))",
    "F.conv2d(t.zeros(2, 1, 1, 5, 5), t.zeros(4, 1, 3, 3))",
    "F.conv2d(t.zeros(2, 1, 2, 2), t.zeros(4, 1, 3, 3))",
    "F.conv2d(t.zeros(2, 1, 5, 5), t.zeros(4, 1, 3, 3), dilation=3)",
    "F.conv2d(t.zeros(2, 1, 5, 5), t.zeros(4, 1, 3))",
    "F.conv2d(t.zeros(2, 1, 5, 5), t.zeros(4, 1, 3, 3), t.zeros(3))",
    "F.conv2d(t.zeros(2, 1, 5, 5).double(), t.zeros(4, 1, 3, 3))",
    "F.conv2d(t.zeros(2, 1, 5, 5), t.zeros(4, 1, 3, 3), t.zeros(4).double())",
    "F.conv2d(t.zeros(2, 1, 5, 5), t.zeros(4, 1, 3, 3), stride=0)",
    "F.conv2d(t.zeros(2, 1, 5, 5), t.zeros(4, 1, 3, 3), stride=(1, 2, 3))",
    "F.conv2d(t.zeros(2, 1, 5, 5), t.zeros(4, 1, 3, 3), padding=-1)",
    "F.conv2d(t.zeros(2, 1, 5, 5), t.zeros(4, 1, 3, 3), padding='half')",
    "F.conv2d(t.zeros(2, 1, 5, 5), t.zeros(4, 1, 3, 3), stride=2, padding='same')",
    "F.conv2d(t.zeros(2, 1, 5, 5), t.zeros(4, 1, 3, 3), groups=0)",
    "F.conv2d(t.zeros(2, 6, 5, 5), t.zeros(4, 2, 3, 3), groups=3)",
    "F.conv2d(t.zeros(2, 1, 5, 5), t.zeros(4, 1, 3, 3), stride=1.5)",
    "F.conv2d(t.zeros(2, 1, 5, 5), [1])",
    "F.conv2d([1], t.zeros(4, 1, 3, 3))",
    "F.conv2d(t.zeros(2, 1, 0, 5), t.zeros(4, 1, 3, 3))",
    "F.conv1d(t.zeros(2, 3, 5, 5), t.zeros(4, 3, 3))",
    "F.conv1d(t.zeros(2, 3, 2), t.zeros(4, 3, 3))",
    "F.conv_transpose2d(t.zeros(2, 3, 5, 5), t.zeros(2, 3, 3, 3))",
    "F.conv_transpose2d(t.zeros(2, 3, 5, 5), t.zeros(3, 3, 3, 3), output_padding=1)",
    "F.conv_transpose2d(t.zeros(2, 3, 2, 2), t.zeros(3, 3, 1, 1), padding=2)",
    "F.unfold(t.zeros(1, 2, 3), 4)",
    "F.fold(t.zeros(1, 4, 3), (3, 3), 2)",
    "F.fold(t.zeros(1, 3, 4), (3, 3), 2)",
    "nn.Conv2d(3, 4, 3, groups=2)",
    "nn.Conv2d(4, 3, 3, groups=2)",
    "nn.Conv2d(4, 4, 3, groups=0)",
    "nn.Conv2d(4, 4, 3, padding='half')",
    "nn.Conv2d(4, 4, 3, stride=2, padding='same')",
    "nn.Conv2d(4, 4, 3, padding_mode='ones')",
    "nn.Conv2d(1, 1, 3, padding=3, padding_mode='reflect')(t.zeros(1, 3, 3))",
    "nn.ConvTranspose2d(4, 4, 3, padding_mode='reflect')",
    "nn.ConvTranspose2d(1, 1, 3)(t.zeros(1, 3, 3), output_size=(9, 9))",
    "nn.LazyConv2d(4, 3)(t.zeros(3, 3))",
    "nn.LazyConv2d(4, 3, groups=2)(t.zeros(3, 3, 3))",
    "nn.Dropout2d(2)",
]


@pytest.mark.parametrize("call", WRONG)
def test_what_is_wrong_is_refused_with_the_same_class(call: str) -> None:
    same(lambda t: eval(call, {"t": t, "nn": t.nn, "F": t.nn.functional}))


@pytest.mark.parametrize("shape", [(3, 4, 5, 6), (3, 4, 5), (3, 4)])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("inplace", [False, True])
def test_dropout2d_draws_alike(shape: tuple[int, ...], p: float, inplace: bool) -> None:
    def program(t: Any) -> Any:
        x = leaf(t, numbers(*shape))
        y = t.nn.Dropout2d(p, inplace)(x * 1)
        y.sum().backward()
        return [y, x.grad, t.rand(2), t.nn.Dropout2d(p).eval()(x)]

    same(program, seed=3)


def test_dropout2d_in_float64() -> None:
    same(lambda t: t.nn.functional.dropout2d(t.from_numpy(np.ones((5, 7, 2, 2))), 0.4), seed=5)
