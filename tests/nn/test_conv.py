"""Convolution layers and functions: outputs, gradients, initial weights, and the errors that a wrong input gets.

Numbers written out here are PyTorch 2.13's for the same seed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from cutaway.nn import functional as F
from tests.nn.witness import check, leaf

# -- layers ------------------------------------------------------------------------------------------------------------


def test_windows_can_be_made_visible_on_any_dtype() -> None:
    for dtype in (torch.bool, torch.uint8, torch.int64):
        seen = F.unfold(torch.tensor([[[1, 0, 1]]]).to(dtype), (1, 2))
        assert seen.dtype == dtype and seen.tolist() == [[1, 0], [0, 1]]


def test_conv2d_starts_as_pytorchs() -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(1, 2, 2)
    expected = [
        -0.003743410110473633,
        0.26822179555892944,
        -0.4115225672721863,
        -0.3679695129394531,
        -0.19257718324661255,
        0.13407868146896362,
        -0.009906589984893799,
        0.39644473791122437,
    ]
    np.testing.assert_array_equal(layer.weight.detach().numpy().ravel(), np.array(expected, np.float32))
    assert layer.bias is not None
    np.testing.assert_array_equal(
        layer.bias.detach().numpy(), np.array([-0.04437202215194702, 0.1323062777519226], np.float32)
    )


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2d(1, 6, 5, padding=2), "Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))"),
        (
            nn.Conv2d(4, 4, 3, groups=2, bias=False),
            "Conv2d(4, 4, kernel_size=(3, 3), stride=(1, 1), groups=2, bias=False)",
        ),
        (nn.Conv2d(1, 1, 3, padding="same"), "Conv2d(1, 1, kernel_size=(3, 3), stride=(1, 1), padding=same)"),
        (nn.Conv1d(1, 6, 5, 2, dilation=3), "Conv1d(1, 6, kernel_size=(5,), stride=(2,), dilation=(3,))"),
        (
            nn.ConvTranspose2d(3, 2, 3, 2, output_padding=1),
            "ConvTranspose2d(3, 2, kernel_size=(3, 3), stride=(2, 2), output_padding=(1, 1))",
        ),
    ],
)
def test_layers_print_their_arguments(layer: nn.Module, text: str) -> None:
    assert repr(layer) == text


def test_edges_are_found_by_hand() -> None:
    image = torch.tensor([[[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]]])
    assert F.conv2d(image, torch.tensor([[[[-1.0, 1.0]]]])).tolist() == [[[0, 1, 0], [0, 1, 0]]]
    signal = torch.tensor([[1.0, 4.0, 9.0, 16.0]])
    assert F.conv1d(signal, torch.tensor([[[-1.0, 1.0]]]), torch.tensor([10.0])).tolist() == [[13, 15, 17]]


LAYERS = [
    (nn.Conv2d(2, 4, 3), (2, 2, 5, 4)),
    (nn.Conv2d(2, 4, (2, 3), (2, 1), (1, 2), (2, 1), 2), (2, 2, 5, 4)),
    (nn.Conv2d(2, 3, 2, padding="same", bias=False), (2, 3, 4)),
    (nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect"), (1, 2, 3, 4)),
    (nn.Conv2d(2, 3, (3, 2), padding="same", padding_mode="circular"), (1, 2, 3, 4)),
    (nn.Conv1d(2, 4, 3, 2, 1), (2, 2, 7)),
    (nn.Conv1d(2, 3, 3, padding=2, padding_mode="replicate"), (2, 5)),
    (nn.ConvTranspose2d(2, 4, 3, 2, 1, 1), (2, 2, 3, 2)),
    (nn.ConvTranspose2d(2, 4, 2, groups=2, dilation=2), (2, 3, 2)),
]


@pytest.mark.parametrize(("layer", "shape"), LAYERS, ids=lambda x: repr(x)[:40])
def test_gradients_are_slopes(layer: nn.Module, shape: tuple[int, ...]) -> None:
    layer = layer.double()
    check(lambda x, *_: layer(x), leaf(*shape), *layer.parameters())


def test_without_a_batch_is_a_batch_of_one() -> None:
    for layer, x in ((nn.Conv2d(2, 3, 2), leaf(2, 4, 4)), (nn.Conv1d(2, 3, 2), leaf(2, 4))):
        layer.double()
        np.testing.assert_array_equal(layer(x).detach().numpy(), layer(x.unsqueeze(0))[0].detach().numpy())


def test_same_keeps_the_size_and_puts_the_odd_zero_at_the_end() -> None:
    x = torch.arange(1.0, 6.0).view(1, 1, 5)
    weight = torch.tensor([[[1.0, 10.0]]])
    assert F.conv1d(x, weight, padding="same").tolist() == [[[21, 32, 43, 54, 5]]]
    assert F.conv2d(torch.ones(1, 1, 7, 6), torch.ones(1, 1, 4, 3), padding="same", dilation=(1, 2)).shape[2:] == (7, 6)


def test_valid_pads_nothing() -> None:
    x, weight = leaf(2, 3, 5), leaf(4, 3, 2, seed=1)
    assert F.conv1d(x, weight, padding="valid").equal(F.conv1d(x, weight))


def test_an_empty_batch_stays_one() -> None:
    x = torch.zeros(0, 1, 6, 6, requires_grad=True)
    layer = nn.Conv2d(1, 2, 3)
    layer(x).sum().backward()
    assert layer(x).shape == (0, 2, 4, 4)
    assert layer.weight.grad is not None and not layer.weight.grad.any()


def test_transposed_goes_back_to_the_size_that_is_asked_for() -> None:
    down, up = nn.Conv2d(1, 1, 3, stride=2, padding=1), nn.ConvTranspose2d(1, 1, 3, stride=2, padding=1)
    x = torch.zeros(1, 1, 12, 13)
    assert up(down(x)).shape == (1, 1, 11, 13)
    assert up(down(x), output_size=x.shape).shape == x.shape
    with pytest.raises(ValueError, match=r"images \(H, W\) from \[11, 13\] to \[12, 14\]"):
        up(down(x), output_size=(13, 13))


def test_the_graph_keeps_no_columns() -> None:
    """What backward needs is the image and the weight; both are there anyway."""
    from cutaway.graph import held

    layer, x = nn.Conv2d(3, 4, 3, padding=1), torch.zeros(2, 3, 8, 8, requires_grad=True)
    node = layer(x).grad_fn
    assert node is not None
    arrays = {id(array) for pullback in node.pullbacks or () for array in held(pullback)}
    assert arrays <= {id(x._array), id(layer.weight._array)}


# -- errors ------------------------------------------------------------------------------------------------------------


def message(kind: type[Exception], run: Any) -> str:
    with pytest.raises(kind) as error:
        run()
    return str(error.value)


def test_a_wrong_number_of_channels_names_layer_shapes_and_fix() -> None:
    layer = nn.Conv2d(3, 6, 5)
    text = message(RuntimeError, lambda: layer(torch.zeros(32, 1, 28, 28)))
    assert text == (
        "Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1)) was given x of shape (32, 1, 28, 28), with 1 channel; its "
        "weight of shape (6, 3, 5, 5) takes 3: make it nn.Conv2d(1, ...)"
    )
    text = message(RuntimeError, lambda: layer(torch.zeros(32, 28, 28, 3)))
    assert text.endswith("the channel axis comes before the pixels here: write x.permute(0, 3, 1, 2)")
    text = message(RuntimeError, lambda: nn.Conv2d(4, 4, 3, groups=2)(torch.zeros(1, 2, 9, 9)))
    assert "takes 4 (2 for each of 2 groups)" in text
    assert message(RuntimeError, lambda: nn.ConvTranspose2d(4, 4, 3)(torch.zeros(1, 2, 9, 9))).endswith(
        "make it nn.ConvTranspose2d(2, ...)"
    )
    assert "conv1d was given x of shape (2, 3, 9)" in message(
        RuntimeError, lambda: F.conv1d(torch.zeros(2, 3, 9), torch.zeros(1, 2, 3))
    )


def test_images_without_a_channel_axis() -> None:
    layer = nn.Conv2d(1, 6, 5)
    assert message(RuntimeError, lambda: layer(torch.zeros(28, 28))).endswith(
        "takes (N, 1, H, W), or (1, H, W) without a batch, but got x of shape (28, 28): the channel axis is missing; "
        "add it, x.unsqueeze(0)"
    )
    assert message(RuntimeError, lambda: layer(torch.zeros(32, 28, 28))).endswith(
        "the channel axis is missing in (N, ...); add it, x.unsqueeze(1)"
    )
    assert message(RuntimeError, lambda: layer(torch.zeros(32, 784))).endswith(
        "unflatten the images, x.view(-1, 1, 28, 28)"
    )


def test_a_window_larger_than_the_image() -> None:
    text = message(RuntimeError, lambda: nn.Conv2d(1, 6, 5, padding=1)(torch.zeros(1, 1, 2, 2)))
    assert "the window of (5, 5) is larger than the image of (2, 2) (with padding=(1, 1): (4, 4))" in text
    text = message(RuntimeError, lambda: F.conv1d(torch.zeros(1, 4), torch.zeros(1, 1, 3), dilation=2))
    assert "the window of (3,) (with dilation=(2,): (5,)) is larger than the image of (4,)." in text


@pytest.mark.parametrize(
    ("kind", "run", "part"),
    [
        (ValueError, lambda: nn.Conv2d(3, 4, 3, groups=2), "in_channels=3 must be divisible by groups=2"),
        (ValueError, lambda: nn.Conv2d(4, 3, 3, groups=2), "out_channels=3 must be divisible by groups=2"),
        (ValueError, lambda: nn.Conv2d(4, 4, 3, groups=0), "groups must be a positive integer"),
        (ValueError, lambda: nn.Conv2d(4, 4, 3, padding="half"), '"same", "valid", or an integer per axis, not'),
        (ValueError, lambda: nn.Conv2d(4, 4, 3, 2, "same"), "not supported for strided convolutions"),
        (ValueError, lambda: nn.Conv2d(4, 4, 3, padding_mode="ones"), "padding_mode"),
        (RuntimeError, lambda: nn.Conv2d(1, 1, 2)(torch.zeros(1, 4, 4).double()), r"x.to(torch.float32)"),
        (RuntimeError, lambda: nn.Conv2d(1, 1, 2)(torch.zeros(1, 0, 4)), "has no pixels"),
        (
            RuntimeError,
            lambda: F.conv2d(torch.zeros(1, 4, 4), torch.zeros(1, 1, 2, 2), stride=0),
            "stride must be 1 or more",
        ),
        (RuntimeError, lambda: F.conv2d(torch.zeros(1, 4, 4), torch.zeros(1, 1, 2)), "the weight must have 4 axes"),
        (
            RuntimeError,
            lambda: F.conv2d(torch.zeros(5, 5), torch.zeros(1, 3, 2, 2)),
            "takes (N, 3, H, W), or (3, H, W) without a batch, but got x of shape (5, 5)",
        ),
        (RuntimeError, lambda: F.conv2d(*[torch.zeros(1, 1, 2, 2)] * 2, padding="half"), "padding string 'half'"),
        (
            RuntimeError,
            lambda: F.conv2d(*[torch.zeros(1, 1, 2, 2)] * 2, stride=2, padding="same"),
            "with stride=(2, 2) the output is smaller than the input",
        ),
        (RuntimeError, lambda: F.conv2d(*[torch.zeros(1, 1, 2, 2)] * 2, groups=0), "groups must be 1 or more"),
        (
            RuntimeError,
            lambda: F.conv2d(torch.zeros(1, 2, 3, 3), torch.zeros(3, 1, 2, 2), groups=2),
            "a weight of shape (3, 1, 2, 2) cannot be split into groups=2",
        ),
        (
            RuntimeError,
            lambda: F.conv1d(torch.zeros(7, 3), torch.zeros(1, 3, 2)),
            "the channel axis comes before the pixels here: write x.movedim(-1, -2)",
        ),
        (ValueError, lambda: nn.ConvTranspose2d(1, 1, 2, padding_mode="reflect"), "Only \"zeros\" padding mode"),
        (
            RuntimeError,
            lambda: F.conv2d(torch.zeros(1, 4, 4), torch.zeros(2, 1, 2, 2), torch.zeros(3)),
            "each of 2 outputs",
        ),
        (TypeError, lambda: F.conv2d(torch.zeros(1, 4, 4), torch.zeros(1, 1, 2, 2), stride=1.5), "not 1.5"),  # type: ignore[arg-type]
        (TypeError, lambda: nn.Conv2d(1, 1, 2)(np.zeros((1, 4, 4))), "torch.from_numpy(...)"),
        (
            RuntimeError,
            lambda: nn.ConvTranspose2d(1, 1, 2, output_padding=1)(torch.zeros(1, 4, 4)),
            "must be smaller than",
        ),
        (RuntimeError, lambda: nn.ConvTranspose2d(1, 1, 1, padding=2)(torch.zeros(1, 4, 4)), "crops too much"),
        (
            RuntimeError,
            lambda: nn.Conv2d(1, 1, 3, padding=3, padding_mode="reflect")(torch.zeros(1, 3, 3)),
            "takes 3 pixels of x beside its edge, but x, of shape (1, 3, 3), has 2",
        ),
    ],
)
def test_other_mistakes(kind: type[Exception], run: Any, part: str) -> None:
    assert part in message(kind, run)


# -- fold, unfold, dropout ---------------------------------------------------------------------------------------------


def test_unfold_and_fold() -> None:
    x = leaf(2, 3, 4, 5)
    assert F.unfold(x, (2, 3), padding=1, stride=2).shape == (2, 18, 9)
    check(lambda x: F.unfold(x, (2, 3), padding=1, stride=2), x)
    check(lambda x: F.fold(x, (4, 5), 2), leaf(2, 12, 12))
    with pytest.raises(RuntimeError, match=r"takes columns \(N, C · 4, 12\), but got \(2, 12, 11\)"):
        F.fold(torch.zeros(2, 12, 11), (4, 5), 2)
    with pytest.raises(RuntimeError, match="larger than the image"):
        F.unfold(x, 6)
    with pytest.raises(RuntimeError, match=r"takes \(N, C, H, W\) or \(C, H, W\), but got x of shape \(3, 3\)"):
        F.unfold(torch.zeros(3, 3), 2)


def test_dropout2d_drops_whole_channels() -> None:
    torch.manual_seed(0)
    y = nn.Dropout2d(0.25)(torch.ones(40, 50, 2, 3))
    first = y[:, :, :1, :1]
    assert (y == first).all()
    assert np.unique(y.numpy()).round(4).tolist() == [0.0, np.float32(1.3333)]
    assert 0.2 < (first == 0).float().mean().item() < 0.3
    x = torch.ones(2, 2, 1, 1)
    assert nn.Dropout2d().eval()(x) is x
    with pytest.warns(UserWarning, match=r"is read as \(N, C, \*\)"):
        nn.Dropout2d()(torch.ones(2, 3, 4))
    with pytest.raises(ValueError, match="probability"):
        nn.Dropout2d(-1)


def test_dropout2d_of_other_inputs() -> None:
    x = torch.ones(2, 2, 1, 1)
    assert not F.dropout2d(x, 1.0).any() and not F.dropout2d(x.long(), 1.0).any() and x.all()
    assert F.dropout2d(x, 1.0, inplace=True) is x and not x.any()
    with pytest.raises(ValueError, match=r"must be between 0 and 1, but p is 1\.5"):
        F.dropout2d(x, 1.5)
    with pytest.raises(RuntimeError, match=r"not possible in torch\.int64: use x\.float\(\)"):
        F.dropout2d(x.long())
    with pytest.warns(UserWarning, match=r"x of shape \(3,\) is read as"):
        assert F.dropout2d(torch.ones(3), training=False).tolist() == [1, 1, 1]
        with pytest.raises(RuntimeError, match=r"drops channels of \(N, C, H, W\), but got x of shape \(3,\)"):
            F.dropout2d(torch.ones(3))
