"""Pooling and resizing, as layers and as functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from cutaway.nn import functional as F
from tests.nn.witness import check, leaf

IMAGE = torch.tensor([[[1.0, 2.0, 5.0, 6.0], [3.0, 4.0, 7.0, 0.0]]])


def test_values_by_hand() -> None:
    assert F.max_pool2d(IMAGE, 2).tolist() == [[[4, 7]]]
    assert F.avg_pool2d(IMAGE, 2).tolist() == [[[2.5, 4.5]]]
    assert F.max_pool2d(IMAGE, 2, stride=1).tolist() == [[[4, 7, 7]]]
    assert F.max_pool1d(IMAGE[0], 2).tolist() == [[2, 6], [4, 7]]
    assert F.avg_pool1d(IMAGE[0], 2).tolist() == [[1.5, 5.5], [3.5, 3.5]]
    assert F.adaptive_avg_pool2d(IMAGE, 1).tolist() == [[[3.5]]]
    assert F.adaptive_avg_pool2d(IMAGE, (1, 3)).tolist() == [[[2.5, 4.5, 4.5]]]
    out = F.adaptive_avg_pool2d(torch.ones(1, 2, 4, 4, requires_grad=True), 2)
    assert out.grad_fn.name() == "AdaptiveAvgPool2DBackward0"


def test_the_indices_of_the_largest() -> None:
    values, indices = F.max_pool2d(IMAGE, 2, return_indices=True)
    assert indices.tolist() == [[[5, 6]]] and indices.dtype is torch.int64
    assert values.tolist() == [[[4, 7]]]
    _, indices = nn.MaxPool1d(3, 1, 1, return_indices=True)(IMAGE[0])
    assert indices.tolist() == [[1, 2, 3, 3], [1, 2, 2, 2]]


def test_whether_padding_counts() -> None:
    x = torch.ones(1, 2, 2)
    assert F.avg_pool2d(x, 2, 2, 1).tolist() == [[[0.25, 0.25], [0.25, 0.25]]]
    assert F.avg_pool2d(x, 2, 2, 1, count_include_pad=False).tolist() == [[[1, 1], [1, 1]]]
    assert F.avg_pool2d(x, 2, divisor_override=8).tolist() == [[[0.5]]]
    assert F.avg_pool1d(torch.ones(1, 3), 2, ceil_mode=True).tolist() == [[1, 1]]


def test_means_of_whole_numbers_are_cut_off() -> None:
    x = torch.arange(16).view(1, 4, 4)
    for sign in (1, -1):
        means = F.avg_pool2d(sign * x, 2)
        assert means.dtype is torch.int64 and means.tolist() == [[[sign * 2, sign * 4], [sign * 10, sign * 12]]]
    assert F.avg_pool2d(x, 2, divisor_override=3).tolist() == [[[3, 6], [14, 16]]]


LAYERS = [
    (nn.MaxPool2d(2), (2, 2, 5, 4)),
    (nn.MaxPool2d((3, 2), 1, 1, ceil_mode=True), (2, 5, 4)),
    (nn.MaxPool1d(2, 3, dilation=2), (2, 2, 7)),
    (nn.AvgPool2d(2, ceil_mode=True), (2, 2, 5, 4)),
    (nn.AvgPool2d(3, 2, 1, count_include_pad=False), (2, 5, 4)),
    (nn.AvgPool1d(3, 2, 1), (2, 2, 7)),
    (nn.AdaptiveAvgPool2d((2, 3)), (2, 2, 5, 4)),
    (nn.AdaptiveAvgPool2d((None, 5)), (2, 5, 4)),
    (nn.AdaptiveAvgPool1d(3), (2, 2, 7)),
    (nn.PixelShuffle(2), (2, 4, 3, 2)),
    (nn.ReflectionPad2d((1, 2, 0, 1)), (2, 2, 5, 4)),
    (nn.ReplicationPad1d(2), (2, 5)),
    (nn.CircularPad2d(1), (2, 5, 4)),
    (nn.ConstantPad1d((1, -1), 7.0), (2, 2, 5)),
    (nn.ZeroPad2d(1), (2, 5, 4)),
    (nn.Upsample(scale_factor=2), (2, 2, 2, 3)),
    (nn.Upsample(scale_factor=(1.5, 0.5)), (2, 2, 4, 4)),
    (nn.Upsample(5), (2, 2, 3)),
    (nn.Upsample((4, 2), mode="bilinear"), (2, 2, 3, 3)),
    (nn.Upsample(7, mode="linear", align_corners=True), (2, 2, 3)),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda x: repr(x)[:40])
def test_gradients_are_slopes(layer: nn.Module, shape: tuple[int, ...]) -> None:
    check(lambda x: layer(x), leaf(*shape))


def test_layers_print_their_arguments() -> None:
    assert repr(nn.MaxPool2d(2)) == "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"
    assert repr(nn.AvgPool2d(2)) == "AvgPool2d(kernel_size=2, stride=2, padding=0)"
    assert repr(nn.AvgPool1d(2)) == "AvgPool1d(kernel_size=(2,), stride=(2,), padding=(0,))"
    assert repr(nn.AdaptiveAvgPool2d((1, 1))) == "AdaptiveAvgPool2d(output_size=(1, 1))"
    assert repr(nn.Upsample(scale_factor=2)) == "Upsample(scale_factor=2.0, mode='nearest')"
    assert repr(nn.Upsample((3, 4), mode="bilinear")) == "Upsample(size=(3, 4), mode='bilinear')"


# -- resizing ----------------------------------------------------------------------------------------------------------


def test_nearest_and_linear_by_hand() -> None:
    x = torch.tensor([[[1.0, 3.0]]])
    assert F.interpolate(x, scale_factor=2).tolist() == [[[1, 1, 3, 3]]]
    assert F.interpolate(x, 3, mode="linear", align_corners=True).tolist() == [[[1, 2, 3]]]
    assert F.interpolate(x, 4, mode="linear").tolist() == [[[1, 1.5, 2.5, 3]]]
    assert F.interpolate(x, 1, mode="area").tolist() == [[[2]]]


def test_a_scale_factor_can_be_worked_out_again_from_the_sizes() -> None:
    x = torch.arange(10.0).view(1, 1, 10)  # 4 places are 0.45 times 10, cut off
    assert F.interpolate(x, scale_factor=0.45).tolist() == [[[0, 2, 4, 6]]]
    assert F.interpolate(x, scale_factor=0.45, recompute_scale_factor=True).tolist() == [[[0, 2, 5, 7]]]


def test_nearest_keeps_what_is_no_number_to_itself() -> None:
    x = torch.tensor([[[[1.0, np.inf], [np.nan, 2.0]]]])
    np.testing.assert_array_equal(F.interpolate(x, scale_factor=2).numpy(), x.numpy().repeat(2, 2).repeat(2, 3))


def test_bytes_can_be_resized() -> None:
    x = torch.arange(4, dtype=torch.uint8).view(1, 1, 2, 2)
    assert F.interpolate(x, (1, 4)).tolist() == [[[[0, 0, 1, 1]]]]
    x = torch.tensor([[[[0, 201], [100, 255]]]], dtype=torch.uint8)
    wide = F.interpolate(x, (2, 3), mode="bilinear", align_corners=True)
    assert wide.tolist() == [[[[0, 101, 201], [100, 178, 255]]]]
    # (101 + 178) / 2 = 139.5 is rounded up; without the rounding of the row, (100.5 + 177.5) / 2 would give 139
    assert F.interpolate(x, (3, 3), mode="bilinear", align_corners=True)[0, 0, 1, 1] == 140
    same = F.interpolate(x, (2, 2), mode="bilinear")
    assert same.equal(x) and same.data_ptr() != x.data_ptr()


def test_the_place_of_the_largest_is_a_pixel_also_where_it_is_no_more_than_the_padding() -> None:
    least = torch.iinfo(torch.int64).min
    for x in (torch.zeros(1, 2, 2, dtype=torch.uint8), torch.full((1, 2, 2), least), torch.full((1, 2, 2), -np.inf)):
        _, where = F.max_pool2d(x, 2, padding=1, return_indices=True)
        assert where.tolist() == [[[0, 1], [2, 3]]]


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "run", "part"),
    [
        (
            RuntimeError,
            lambda: F.max_pool2d(torch.zeros(5, 5), 2),
            "the channel axis is missing; add it, x.unsqueeze(0)",
        ),
        (RuntimeError, lambda: F.max_pool2d(torch.zeros(1, 5, 5), 6), "the window of (6, 6) is larger than the image"),
        (
            RuntimeError,
            lambda: F.max_pool2d(torch.zeros(1, 5, 5), 2, padding=2),
            "more than half of kernel_size=(2, 2)",
        ),
        (RuntimeError, lambda: F.max_pool2d(torch.zeros(1, 5, 5), 2, 0), "stride must be 1 or more, but is 0"),
        (RuntimeError, lambda: F.max_pool2d(torch.zeros(1, 5, 5), (2, 2, 2)), "kernel_size must be one integer, or 2"),
        (TypeError, lambda: F.max_pool2d(np.zeros((1, 5, 5)), 2), "torch.from_numpy(...)"),  # type: ignore[arg-type]
        (RuntimeError, lambda: F.avg_pool2d(torch.zeros(1, 5, 5), 2, divisor_override=0), "divide by zero"),
        (RuntimeError, lambda: F.avg_pool2d(torch.zeros(1, 0, 5), 2), "has no pixels"),
        (
            NotImplementedError,
            lambda: F.adaptive_avg_pool2d(torch.ones(1, 4, 4, dtype=torch.int64), 2),
            "use x.float()",
        ),
        (NotImplementedError, lambda: F.avg_pool2d(torch.zeros(1, 4, 4).int(), 2), "not defined for torch.int32"),
        (RuntimeError, lambda: F.adaptive_avg_pool2d(IMAGE, (1, 2, 3)), "output_size is (H, W), or one number"),
        (RuntimeError, lambda: F.adaptive_avg_pool2d(IMAGE, (-1, 2)), "an image cannot have the size (-1, 2)"),
        (RuntimeError, lambda: F.adaptive_avg_pool2d(torch.zeros(4, 4), 2), "takes (N, C, H, W), or (C, H, W)"),
        (RuntimeError, lambda: F.adaptive_avg_pool1d(torch.zeros(4), 2), "takes (N, C, L), or (C, L)"),
        (RuntimeError, lambda: F.pixel_shuffle(torch.zeros(3, 2, 2), 2), "the square of upscale_factor, 4, but got x"),
        (RuntimeError, lambda: F.pixel_shuffle(torch.zeros(3, 2), 2), "at least 3 dimensions, (C, H, W), but got x"),
        (ValueError, lambda: F.interpolate(torch.zeros(1, 1, 5), 2, recompute_scale_factor=True), "explicit size"),
        (ValueError, lambda: F.interpolate(torch.zeros(1, 1, 5)), "either size or scale_factor should be defined"),
        (ValueError, lambda: F.interpolate(torch.zeros(1, 1, 5), 2, 2), "only one of size or scale_factor"),
        (ValueError, lambda: F.interpolate(torch.zeros(1, 1, 5), (2, 2)), "1 here, not (2, 2)"),
        (TypeError, lambda: F.interpolate(torch.zeros(1, 1, 5), 2.5), "integers"),  # type: ignore[arg-type]
        (ValueError, lambda: F.interpolate(torch.zeros(1, 1, 5), 3, align_corners=True), "align_corners"),
        (
            NotImplementedError,
            lambda: F.interpolate(torch.zeros(1, 1, 5), 3, mode="bilinear"),
            '"linear" for (N, C, L)',
        ),
        (NotImplementedError, lambda: F.interpolate(torch.zeros(1, 1, 5, 5), 3, mode="bicubic"), "mode='bicubic'"),
        (RuntimeError, lambda: F.interpolate(torch.zeros(1, 1, 5), scale_factor=0.1), "greater than 0"),
    ],
)
def test_mistakes(kind: type[Exception], run: Any, part: str) -> None:
    with pytest.raises(kind) as error:
        run()
    assert part in str(error.value)
