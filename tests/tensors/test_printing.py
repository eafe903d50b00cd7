"""Printing, against texts that PyTorch printed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway.tensors.printing import (
    PrintOptions,
    describe,
    describe_suffixes,
    format_array,
    get_printoptions,
    set_printoptions,
)

NAN, INF = np.nan, np.inf


@pytest.fixture(autouse=True)
def _options() -> Iterator[None]:
    yield
    set_printoptions(profile="default")


def shown(values: Any, dtype: str = "float32", *, op: str | None = None, requires_grad: bool = False) -> str:
    array = np.asarray(values).astype(dtype)
    return describe(array, grad_fn=op, requires_grad=requires_grad, default_dtype=np.dtype(np.float32))


def text(expected: str) -> str:
    return dedent(expected).strip("\n")


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (1.5, "float32", "tensor(1.5000)"),
        (3, "float32", "tensor(3.)"),
        (-0.0, "float32", "tensor(-0.)"),
        (NAN, "float32", "tensor(nan)"),
        (-INF, "float64", "tensor(-inf, dtype=torch.float64)"),
        (1e10, "float32", "tensor(1.0000e+10)"),
        (1e-10, "float32", "tensor(1.0000e-10)"),
        (1000.5, "float32", "tensor(1000.5000)"),
        (7, "int64", "tensor(7)"),
        (7, "uint8", "tensor(7, dtype=torch.uint8)"),
        (True, "bool", "tensor(True)"),
        (1e-320, "float64", "tensor(9.9999e-321, dtype=torch.float64)"),
    ],
)
def test_one_number(value: float, dtype: str, expected: str) -> None:
    assert shown(value, dtype) == expected


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, 2.5], "float32", "tensor([1.0000, 2.5000])"),
        ([1, 2.5], "float16", "tensor([1.0000, 2.5000], dtype=torch.float16)"),
        ([1, -20], "float32", "tensor([  1., -20.])"),
        ([-128, 127], "int8", "tensor([-128,  127], dtype=torch.int8)"),
        ([True, False], "bool", "tensor([ True, False])"),
        ([1, NAN, -INF, -0.0], "float32", "tensor([1., nan, -inf, -0.])"),
        ([1.5, NAN, -INF, -0.0], "float32", "tensor([1.5000,    nan,   -inf, -0.0000])"),
        ([1e-5, NAN, -INF, -0.0], "float32", "tensor([1.0000e-05,        nan,       -inf, -0.0000e+00])"),
        ([0, NAN, -0.0, -INF], "float32", "tensor([0., nan, -0., -inf])"),
        ([1e308, 1e-308], "float64", "tensor([1.0000e+308, 1.0000e-308], dtype=torch.float64)"),
        ([1000, 1], "float32", "tensor([1000.,    1.])"),
        ([1001, 1], "float32", "tensor([1.0010e+03, 1.0000e+00])"),
        ([1e-4, 0.1], "float32", "tensor([1.0000e-04, 1.0000e-01])"),  # 1e-4 in 32 bits is a little less
        ([1e-4, 0.1], "float64", "tensor([0.0001, 0.1000], dtype=torch.float64)"),
        ([1e8, 1e8], "float32", "tensor([100000000., 100000000.])"),
    ],
)
def test_a_row(values: list[float], dtype: str, expected: str) -> None:
    assert shown(values, dtype) == expected


@pytest.mark.parametrize(
    ("shape", "dtype", "expected"),
    [
        ((0,), "float32", "tensor([])"),
        ((0,), "int64", "tensor([], dtype=torch.int64)"),
        ((0,), "bool", "tensor([], dtype=torch.bool)"),
        ((0, 3), "float32", "tensor([], size=(0, 3))"),
        ((2, 0, 1), "int64", "tensor([], size=(2, 0, 1), dtype=torch.int64)"),
    ],
)
def test_empty(shape: tuple[int, ...], dtype: str, expected: str) -> None:
    assert shown(np.empty(shape), dtype) == expected


def test_empty_that_requires_grad() -> None:
    expected = "tensor([], size=(3, 0), dtype=torch.float64, requires_grad=True)"
    assert shown(np.empty((3, 0)), "float64", requires_grad=True) == expected


def test_long_rows_are_wrapped() -> None:
    assert shown(np.arange(20) / 4) == text("""
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000, 1.2500, 1.5000, 1.7500, 2.0000,
                2.2500, 2.5000, 2.7500, 3.0000, 3.2500, 3.5000, 3.7500, 4.0000, 4.2500,
                4.5000, 4.7500])
    """)


def test_zeros_run_over_the_line_as_they_do_in_pytorch() -> None:
    assert shown(np.zeros(26)) == f"tensor([{', '.join(['0.'] * 24)},\n        0., 0.])"


def test_matrices_and_stacks() -> None:
    assert shown(np.arange(12).reshape(2, 2, 3), "int64") == text("""
        tensor([[[ 0,  1,  2],
                 [ 3,  4,  5]],

                [[ 6,  7,  8],
                 [ 9, 10, 11]]])
    """)
    assert shown(np.zeros((2, 1, 2, 1))) == text("""
        tensor([[[[0.],
                  [0.]]],


                [[[0.],
                  [0.]]]])
    """)


def test_a_thousand_numbers_are_shown_and_one_more_is_cut() -> None:
    assert "..." not in shown(np.arange(1000))
    assert shown(np.arange(1001), "int64") == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"


def test_each_long_axis_is_cut() -> None:
    assert shown(np.arange(1200).reshape(2, 10, 60), "int64") == text("""
        tensor([[[   0,    1,    2,  ...,   57,   58,   59],
                 [  60,   61,   62,  ...,  117,  118,  119],
                 [ 120,  121,  122,  ...,  177,  178,  179],
                 ...,
                 [ 420,  421,  422,  ...,  477,  478,  479],
                 [ 480,  481,  482,  ...,  537,  538,  539],
                 [ 540,  541,  542,  ...,  597,  598,  599]],

                [[ 600,  601,  602,  ...,  657,  658,  659],
                 [ 660,  661,  662,  ...,  717,  718,  719],
                 [ 720,  721,  722,  ...,  777,  778,  779],
                 ...,
                 [1020, 1021, 1022,  ..., 1077, 1078, 1079],
                 [1080, 1081, 1082,  ..., 1137, 1138, 1139],
                 [1140, 1141, 1142,  ..., 1197, 1198, 1199]]])
    """)


def test_the_style_is_chosen_from_what_is_shown() -> None:
    values = np.ones(2000)
    values[1000] = 1e-9  # in the part that is cut out
    assert shown(values) == "tensor([1., 1., 1.,  ..., 1., 1., 1.])"


def test_a_cut_row_can_be_long_enough_to_wrap() -> None:
    set_printoptions(threshold=10, edgeitems=12)
    assert shown(np.arange(100), "int64") == text("""
        tensor([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11,  ..., 88, 89, 90, 91, 92,
                93, 94, 95, 96, 97, 98, 99])
    """)


def test_suffixes_stay_on_the_line_while_there_is_room() -> None:
    assert shown([2], op="MulBackward0", requires_grad=True) == "tensor([2.], grad_fn=<MulBackward0>)"
    assert shown([1], requires_grad=True) == "tensor([1.], requires_grad=True)"
    assert shown(np.arange(9) / 4, requires_grad=True) == text("""
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000, 1.2500, 1.5000, 1.7500, 2.0000],
               requires_grad=True)
    """)
    assert shown(np.arange(5) / 4, "float64", op="MulBackward0") == text("""
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000], dtype=torch.float64,
               grad_fn=<MulBackward0>)
    """)


def test_another_default_dtype() -> None:
    values, double = np.ones(1), np.dtype(np.float64)
    assert describe(values, grad_fn=None, requires_grad=False, default_dtype=double) == "tensor([1.])"
    single = values.astype(np.float32)
    assert describe_suffixes(single, grad_fn=None, requires_grad=False, default_dtype=double) == [
        "dtype=torch.float32"
    ]


def test_a_prefix_moves_the_lines_below() -> None:
    assert format_array(np.eye(2, dtype=int), prefix="Mask(", suffixes=["a=1", "b"]) == text("""
        Mask([[1, 0],
              [0, 1]], a=1, b)
    """)


def test_options() -> None:
    set_printoptions(precision=2)
    assert shown([[1 / 3, -2.5]]) == "tensor([[ 0.33, -2.50]])"
    set_printoptions(precision=0)
    assert shown([1.5, 2]) == "tensor([2, 2])"
    set_printoptions(profile="short", linewidth=40)
    assert get_printoptions() == PrintOptions(precision=2, threshold=1000, edgeitems=2, linewidth=40)
    assert shown(np.arange(2000), "int64") == "tensor([   0,    1,  ..., 1998, 1999])"
    set_printoptions(profile="full")
    assert "..." not in shown(np.arange(2000))
    set_printoptions(profile="default", linewidth=30)
    assert shown(np.arange(6) / 4, "float64") == text("""
        tensor([0.0000, 0.2500,
                0.5000, 0.7500,
                1.0000, 1.2500],
               dtype=torch.float64)
    """)
    set_printoptions(profile="default", linewidth=INF)
    assert "\n" not in shown(np.arange(999))
    set_printoptions(profile="default", threshold=5, edgeitems=0)
    assert shown(np.ones((2, 3))) == "tensor([...], size=(2, 3))"


def test_scientific_mode_holds_until_the_next_call() -> None:
    set_printoptions(sci_mode=True)
    assert shown([1, 100, NAN]) == "tensor([1.0000e+00, 1.0000e+02,        nan])"
    set_printoptions(sci_mode=False)
    assert shown([1e9, 1]) == "tensor([1000000000.,          1.])"
    assert shown([1e-9, 1.5]) == "tensor([0.0000, 1.5000])"
    set_printoptions(precision=4)
    assert shown([1e9, 1]) == "tensor([1.0000e+09, 1.0000e+00])"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"profile": "long"},
            ValueError,
            "set_printoptions was given profile='long', and knows only 'default', 'short', 'full'",
        ),
        (
            {"precision": -1},
            ValueError,
            "set_printoptions was given precision=-1, which must be a non-negative integer",
        ),
        (
            {"edgeitems": 1.5},
            TypeError,
            "set_printoptions was given edgeitems=1.5, which must be a non-negative integer",
        ),
        ({"linewidth": "20"}, TypeError, "set_printoptions was given linewidth='20', which must be a number"),
        (
            {"threshold": "all"},
            TypeError,
            "set_printoptions was given threshold='all', which must be a number",
        ),
    ],
)
def test_a_wrong_option_changes_nothing(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    before = get_printoptions()
    with pytest.raises(error) as caught:
        set_printoptions(**{"precision": 9, **options})
    assert str(caught.value) == message
    assert get_printoptions() == before


def test_a_single_number_takes_a_format() -> None:
    assert f"{cutaway.tensor(1.5):.3f}" == "1.500"
    assert f"{cutaway.tensor(0.1)}" == "0.10000000149011612"
    assert f"{cutaway.tensor(3):5d}" == "    3"
    assert f"{cutaway.tensor(True):d}" == "1"
    assert f"{cutaway.ones(1)}" == "tensor([1.])"
    with pytest.raises(ValueError, match="format code 'd'"):
        format(cutaway.tensor(1.5), "d")


def test_a_format_for_many_numbers_says_what_to_do() -> None:
    with pytest.raises(TypeError) as caught:
        format(cutaway.ones(1, 1), ".3f")
    assert str(caught.value) == (
        "unsupported format string passed to Tensor.__format__: '.3f' is for one number, but the tensor has "
        "shape (1, 1). Convert it to a number first: x.item(), as in f'{x.item():.3f}', or set the digits of all "
        "tensors with torch.set_printoptions(precision=...)"
    )
    with pytest.raises(TypeError, match=r"\[f'\{v:.3f\}' for v in x.flatten\(\).tolist\(\)\]"):
        format(cutaway.ones(2), ".3f")


def test_views_print_like_copies() -> None:
    array = np.arange(60.0).reshape(5, 12)
    assert shown(array.T[::2, ::-1]) == shown(array.T[::2, ::-1].copy())


def test_a_large_tensor_is_cut_before_it_is_written() -> None:
    side = 10**6 if sys.maxsize > 2**32 else 8_000  # more than any memory holds, and no more than can be counted
    array = np.broadcast_to(np.float32(0.5), (side, side, 7))
    row = "[0.5000, 0.5000, 0.5000,  ..., 0.5000, 0.5000, 0.5000]"
    block = ",\n         ".join([row] * 3 + ["..."] + [row] * 3)
    blocks = ",\n\n        ".join([f"[{block}]"] * 3 + ["..."] + [f"[{block}]"] * 3)
    assert format_array(array) == f"tensor([{blocks}])"


def test_types_are_printed_under_pytorchs_names() -> None:
    class Own(cutaway.Tensor):
        pass

    x = cutaway.zeros(1)
    assert repr([type(x), type(x.shape)]) == "[<class 'torch.Tensor'>, <class 'torch.Size'>]"
    assert repr(type(cutaway.nn.Parameter(x))) == "<class 'torch.nn.parameter.Parameter'>"
    assert repr(Own) == f"<class '{__name__}.{Own.__qualname__}'>"
