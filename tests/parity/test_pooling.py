"""Pooling and interpolation against PyTorch: values, gradients, second gradients, layers, and errors' classes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from tests.parity.both import same
from tests.parity.test_nn import DTYPES, leaf, numbers, run


def ties(*shape: int, dtype: str = "float32") -> Any:
    """Few different numbers, so that windows have several that are largest; many zeros, as after a ReLU."""
    return np.maximum(np.random.default_rng(3).integers(-2, 4, size=shape), 0).astype(dtype)


@pytest.mark.parametrize(
    "setting",
    list(itertools.product([2, 3, (1, 3)], [None, 1, (2, 3)], [0, (0, 1)], [1, (2, 1)], [False, True])),
    ids=str,
)  # fmt: skip
def test_max_pool2d(setting: Any) -> None:
    kernel, stride, padding, dilation, ceil_mode = setting

    def program(t: Any) -> Any:
        layer = t.nn.MaxPool2d(kernel, stride, padding, dilation, ceil_mode=ceil_mode)
        both = t.nn.MaxPool2d(kernel, stride, padding, dilation, True, ceil_mode)
        results = [repr(layer)]
        for array in (numbers(2, 3, 7, 9), ties(2, 3, 7, 9)):
            results += [run(t, layer, leaf(t, array)), list(both(t.from_numpy(array)))]
        return results

    same(program)


@pytest.mark.parametrize(
    "setting",
    list(itertools.product([2, 3, (1, 3)], [None, 1, (2, 3)], [0, (0, 1)], [False, True], [False, True], [None, 3])),
    ids=str,
)  # fmt: skip
def test_avg_pool2d(setting: Any) -> None:
    def program(t: Any) -> Any:
        layer = t.nn.AvgPool2d(*setting)
        return [repr(layer), run(t, layer, leaf(t, numbers(2, 3, 7, 9)))]

    same(program)


@pytest.mark.parametrize("setting", list(itertools.product([2, (3,)], [None, 1, (2,)], [0, 1], [False, True])), ids=str)
def test_poolings_of_signals(setting: Any) -> None:
    kernel, stride, padding, ceil_mode = setting

    def program(t: Any) -> Any:
        largest = t.nn.MaxPool1d(kernel, stride, padding, ceil_mode=ceil_mode)
        both = t.nn.MaxPool1d(kernel, stride, padding, 1, True, ceil_mode)
        results = [repr(largest), list(both(t.from_numpy(ties(2, 3, 8))))]
        for shape in ((2, 3, 8), (3, 8)):
            results.append(run(t, largest, leaf(t, numbers(*shape))))
            for include in (False, True):
                mean = t.nn.AvgPool1d(kernel, stride, padding, ceil_mode, include)
                results += [repr(mean), run(t, mean, leaf(t, numbers(*shape)))]
        return results

    same(program)


@pytest.mark.parametrize("size", [1, (1, 1), 3, (2, 5), (None, 4), 7, (9, 12)], ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_adaptive_avg_pool2d(size: Any, dtype: str) -> None:
    def program(t: Any) -> Any:
        layer = t.nn.AdaptiveAvgPool2d(size)
        results = [repr(layer)]
        for shape in ((2, 3, 7, 9), (3, 6, 8), (0, 3, 4, 4)):
            results.append(run(t, layer, leaf(t, numbers(*shape, dtype=dtype))))
        return results

    same(program)


@pytest.mark.parametrize("size", [1, (1,), 3, 7, 12], ids=str)
def test_adaptive_avg_pool1d(size: Any) -> None:
    def program(t: Any) -> Any:
        layer = t.nn.AdaptiveAvgPool1d(size)
        return [repr(layer), *(run(t, layer, leaf(t, numbers(*shape))) for shape in ((2, 3, 7), (3, 9), (0, 3, 4)))]

    same(program)


KINDS = ("Reflection", "Replication", "Circular", "Zero")
PADS = [
    *(f"{kind}Pad1d({padding})" for kind in KINDS for padding in (2, "(1, 3)", "(1, -1)")),
    *(f"{kind}Pad2d({padding})" for kind in KINDS for padding in (1, "(1, 3, 0, 2)")),
    "ConstantPad1d(2, 1.5)", "ConstantPad1d((1, -2), 7)", "ConstantPad2d(1, -1)", "ConstantPad2d((1, 0, 2, 1), 0.5)",
]  # fmt: skip


@pytest.mark.parametrize("layer", PADS)
def test_padding_layers(layer: str) -> None:
    def program(t: Any) -> Any:
        made = eval(f"t.nn.{layer}", {"t": t})
        shapes = ((2, 3, 5, 6), (3, 5, 6)) if "2d" in layer else ((2, 3, 6), (3, 6))
        return [repr(made), made.padding, *(run(t, made, leaf(t, numbers(*shape))) for shape in shapes)]

    same(program)


@pytest.mark.parametrize("r", [1, 2, 3])
def test_pixel_shuffle(r: int) -> None:
    def program(t: Any) -> Any:
        layer = t.nn.PixelShuffle(r)
        shapes = ((2, 2 * r * r, 3, 4), (r * r, 3, 4), (2, 3, r * r, 1, 2))
        empty = layer(t.ones(0, r * r, 2, 2)), layer(t.ones(1, r * r, 0, 2)), layer(t.ones(1, 0, 2, 2))
        return [repr(layer), *(run(t, layer, leaf(t, numbers(*shape))) for shape in shapes), empty]

    same(program)


SIZES = ["scale_factor=2", "scale_factor=1.5", "scale_factor=0.4", "scale_factor=2.3, recompute_scale_factor=True",
         "size=5", "size=1", "size=13", "scale_factor=1.7"]  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("corners", [None, False, True])
def test_interpolate(size: str, dtype: str, corners: bool | None) -> None:
    def program(t: Any) -> Any:
        arguments = eval(f"dict({size})")
        results = []
        for mode, shape in (("bilinear", (2, 3, 5, 7)), ("linear", (2, 3, 6))):
            x = leaf(t, numbers(*shape, dtype=dtype))
            results.append(run(t, t.nn.Upsample(**arguments, mode=mode, align_corners=corners), x))
        if corners is None:
            for mode, shape in itertools.product(("nearest", "area"), ((2, 3, 5, 7), (2, 3, 6))):
                x = leaf(t, numbers(*shape, dtype=dtype))
                results.append(run(t, lambda x, mode=mode: t.nn.functional.interpolate(x, **arguments, mode=mode), x))
        return results

    same(program, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("sizes", list(itertools.product([1, 2, 5, 10, 17, 33, 50], [1, 3, 7, 20, 51, 100])), ids=str)
def test_nearest_takes_the_same_pixels(sizes: Any) -> None:
    size, wanted = sizes

    def program(t: Any) -> Any:
        x = t.arange(size, dtype=t.float32).reshape(1, 1, size)
        by_size = t.nn.functional.interpolate(x, size=wanted)
        factor = t.nn.functional.interpolate(x, scale_factor=wanted / size + 0.013)
        return [by_size, factor]

    same(program)


LAYERS = ["Upsample(scale_factor=2)", "Upsample(scale_factor=(2, 3), mode='bilinear', align_corners=True)",
          "Upsample((3, 4))", "Upsample(5, mode='nearest')", "AdaptiveAvgPool2d((None, 3))", "MaxPool2d((2, 3), 1)",
          "MaxPool1d(2)", "AvgPool1d(3, 2, 1)", "AvgPool2d((3, 2), ceil_mode=True)"]  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_print_alike(layer: str) -> None:
    same(lambda t: [repr(eval(f"t.nn.{layer}", {"t": t})), dict(eval(f"t.nn.{layer}", {"t": t}).state_dict())])


CALLS = [
    "F.max_pool2d(x, 2)",
    "F.max_pool2d(x, 3, 1, 1)",
    "F.max_pool2d(x[0], (2, 3), ceil_mode=True)",
    "F.max_pool2d(x, 2, stride=[])",
    "F.max_pool1d(x[0], 2)",
    "F.avg_pool2d(x, 2)",
    "F.avg_pool2d(x, 3, 2, 1, True, False)",
    "F.avg_pool1d(x[0], 2)",
    "F.adaptive_avg_pool2d(x, (2, 3))",
    "F.interpolate(x, scale_factor=2)",
    "F.interpolate(x, scale_factor=(0.5, 2))",
    "F.interpolate(x, size=(4, 9), mode='bilinear')",
    "F.interpolate(x, (4, 9), mode='area')",
]


@pytest.mark.parametrize("call", CALLS)
def test_functions_and_their_second_gradients(call: str) -> None:
    def program(t: Any) -> Any:
        x = leaf(t, numbers(2, 3, 5, 6, dtype="float64"))
        out = eval(call, {"F": t.nn.functional, "x": x})
        (first,) = t.autograd.grad((out * out * out).sum(), x, create_graph=True)
        (second,) = t.autograd.grad((first * first).sum(), x)
        return [out, first, second]

    same(program, rtol=1e-9, atol=1e-9)


def test_whole_numbers() -> None:
    def program(t: Any) -> Any:
        x, F = (t.arange(25) * 3 - 20).reshape(1, 5, 5), t.nn.functional
        means = [F.avg_pool2d(x, 2), F.avg_pool2d(x, 3, 2, 1, divisor_override=2), F.avg_pool1d(x, 2)]
        return [F.max_pool2d(x, 2), *means]

    same(program)


def test_not_a_number_is_the_largest() -> None:
    def program(t: Any) -> Any:
        x = t.tensor([[[1.0, float("nan"), 3.0, 4.0], [0.0, 1.0, float("-inf"), float("inf")]]])
        return [t.nn.functional.max_pool2d(x, 2), t.nn.functional.max_pool2d(x, 2, return_indices=True)[1]]

    same(program)


WRONG = [
    "F.max_pool2d(t.zeros(5, 5), 2)",
    "F.max_pool2d(t.zeros(1, 1, 1, 5, 5), 2)",
    "F.max_pool2d(t.zeros(1, 5, 5), 6)",
    "F.max_pool2d(t.zeros(1, 5, 5), 2, padding=2)",
    "F.max_pool2d(t.zeros(1, 5, 5), 2, padding=-1)",
    "F.max_pool2d(t.zeros(1, 5, 5), 0)",
    "F.max_pool2d(t.zeros(1, 5, 5), 2, 0)",
    "F.max_pool2d(t.zeros(1, 5, 5), (2, 2, 2))",
    "F.max_pool2d(t.zeros(1, 5, 5), 2.5)",
    "F.max_pool2d(t.zeros(1, 5, 5), 2, dilation=0)",
    "F.max_pool2d(t.zeros(1, 0, 5), 2)",
    "F.max_pool1d(t.zeros(5), 2)",
    "F.max_pool1d(t.zeros(2, 5), 6)",
    "F.max_pool2d([1], 2)",
    "F.avg_pool2d(t.zeros(1, 5, 5), 6)",
    "F.avg_pool2d(t.zeros(1, 5, 5), 2, padding=2)",
    "F.avg_pool2d(t.zeros(1, 5, 5), 2, divisor_override=0)",
    "F.avg_pool2d(t.zeros(1, 5, 5), 2, stride=0)",
    "F.avg_pool1d(t.zeros(2, 5), 6)",
    "F.adaptive_avg_pool2d(t.zeros(5, 5), 2)",
    "F.adaptive_avg_pool1d(t.zeros(5), 2)",
    "F.adaptive_avg_pool1d(t.zeros(1, 2, 5), (2, 3))",
    "F.adaptive_avg_pool1d(t.zeros(1, 2, 5), -1)",
    "F.pixel_shuffle(t.zeros(1, 3, 2, 2), 2)",
    "F.pixel_shuffle(t.zeros(4, 2), 2)",
    "F.pixel_shuffle(t.zeros(1, 4, 2, 2), 0)",
    "t.nn.ReflectionPad2d(5)(t.zeros(1, 1, 3, 3))",
    "t.nn.ReflectionPad2d(1)(t.zeros(3, 3))",
    "F.adaptive_avg_pool2d(t.zeros(5, 5), (2, 2))",
    "F.max_pool1d(t.zeros(0, 5), 2)",
    "F.adaptive_avg_pool2d(t.zeros(1, 5, 5), -1)",
    "F.adaptive_avg_pool2d(t.zeros(1, 0, 5), 2)",
    "F.interpolate(t.zeros(1, 1, 5, 5))",
    "F.interpolate(t.zeros(1, 1, 5, 5), 3, 2)",
    "F.interpolate(t.zeros(1, 1, 5, 5), (3, 3, 3))",
    "F.interpolate(t.zeros(1, 1, 5, 5), scale_factor=(3, 3, 3))",
    "F.interpolate(t.zeros(1, 1, 5, 5), 2.5)",
    "F.interpolate(t.zeros(1, 1, 5, 5), (2.5, 2))",
    "F.interpolate(t.zeros(1, 1, 5), 3, mode='bilinear')",
    "F.interpolate(t.zeros(1, 1, 5, 5), 3, mode='linear')",
    "F.interpolate(t.zeros(1, 1, 5, 5), 3, mode='cubist')",
    "F.interpolate(t.zeros(1, 1, 5, 5), 3, align_corners=True)",
    "F.interpolate(t.zeros(1, 1, 5, 5), 3, mode='bilinear', recompute_scale_factor=True)",
    "F.interpolate(t.zeros(1, 1, 5, 5), 0)",
    "F.interpolate(t.zeros(5, 5), 3)",
]


@pytest.mark.parametrize("call", WRONG)
def test_what_is_wrong_is_refused_with_the_same_class(call: str) -> None:
    same(lambda t: eval(call, {"t": t, "nn": t.nn, "F": t.nn.functional}))
