"""Lazy layers: before the first input, at it, and after."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn


def net() -> nn.Sequential:
    return nn.Sequential(
        nn.LazyConv2d(4, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(5), nn.ReLU(), nn.Linear(5, 2)
    )


def test_before_the_first_input() -> None:
    layer = nn.LazyLinear(3)
    assert repr(layer) == "LazyLinear(in_features=0, out_features=3, bias=True)"
    assert [repr(p) for p in layer.parameters()] == ["<UninitializedParameter>"] * 2
    assert list(net().state_dict())[:4] == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert repr(nn.LazyConv2d(4, 3)) == "LazyConv2d(0, 4, kernel_size=(3, 3), stride=(1, 1))"
    assert isinstance(layer, nn.Linear)
    assert layer.has_uninitialized_params()
    assert all(p.requires_grad and p.is_leaf and p.grad is None for p in layer.parameters())
    assert all(p.is_floating_point() for p in layer.parameters())


def test_the_first_input_makes_an_ordinary_layer() -> None:
    model = net()
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    model(torch.randn(2, 1, 6, 6))
    assert [type(layer).__name__ for layer in model] == [
        "Conv2d",
        "BatchNorm2d",
        "ReLU",
        "Flatten",
        "Linear",
        "ReLU",
        "Linear",
    ]
    assert model[4].in_features == 64
    assert all(p is q for p, q in zip(parameters, model.parameters(), strict=True))  # the optimizer holds them still
    assert all(type(p) is nn.Parameter for p in parameters)
    before = [p.detach().clone() for p in parameters]
    model(torch.randn(2, 1, 6, 6)).sum().backward()
    optimizer.step()
    assert any(not torch.equal(p, q) for p, q in zip(parameters, before, strict=True))
    with pytest.raises(RuntimeError, match="in_features=64"):
        model(torch.zeros(2, 1, 7, 7))


def test_settings_are_those_of_the_ordinary_layer() -> None:
    x = torch.randn(2, 4, 3, 3)
    for lazy, printed in (
        (nn.LazyLinear(3, bias=False), "Linear(in_features=3, out_features=3, bias=False)"),
        (nn.LazyConv2d(3, 2, bias=False), "Conv2d(4, 3, kernel_size=(2, 2), stride=(1, 1), bias=False)"),
    ):
        assert lazy.bias is None and lazy(x) is not None and repr(lazy) == printed
    for settings in ({"affine": False}, {"track_running_stats": False}, {"bias": False}):
        layer, plain = nn.LazyBatchNorm2d(**settings), nn.BatchNorm2d(4, **settings)
        assert layer(x).equal(plain(x)) and layer.state_dict().keys() == plain.state_dict().keys()


def test_it_starts_as_the_ordinary_layer_does() -> None:
    for lazy, ordinary, x in (
        (nn.LazyLinear(3), lambda: nn.Linear(4, 3), torch.zeros(2, 4)),
        (nn.LazyConv2d(3, 2), lambda: nn.Conv2d(4, 3, 2), torch.zeros(2, 4, 5, 5)),
        (nn.LazyConv2d(4, 2, groups=2), lambda: nn.Conv2d(4, 4, 2, groups=2), torch.zeros(4, 5, 5)),
    ):
        torch.manual_seed(1)
        lazy(x)
        torch.manual_seed(1)
        expected = ordinary()
        assert repr(lazy) == repr(expected)
        for name, p in expected.named_parameters():
            assert torch.equal(lazy.get_parameter(name), p)


def test_saved_weights_can_be_loaded_before_the_first_input() -> None:
    ready, waiting = net(), net()
    x = torch.randn(2, 1, 6, 6)
    ready(x)
    assert str(waiting.load_state_dict(ready.state_dict())) == "<All keys matched successfully>"
    np.testing.assert_array_equal(waiting(x).detach().numpy(), ready(x).detach().numpy())
    assert waiting[0].in_channels == 1 and waiting[4].in_features == 64
    fresh = net()
    fresh.load_state_dict(net().state_dict())
    assert fresh[0].has_uninitialized_params()


def test_a_small_file_cannot_make_a_lazy_layer_large() -> None:
    lazy = nn.LazyLinear(2)
    state = {"weight": torch.ones(1).expand(2, 10**6), "bias": torch.ones(2)}
    with pytest.raises(RuntimeError, match=r"weight: the file has an expanded tensor of shape \(2, 1000000\)"):
        lazy.load_state_dict(state)
    assert lazy.has_uninitialized_params()


USES: list[Any] = [
    lambda p: p + 1,
    lambda p: p.sum(),
    lambda p: p.zero_(),
    lambda p: nn.init.normal_(p),
    lambda p: len(p),
    lambda p: setattr(p, "_array", np.ones(2)),
]


@pytest.mark.parametrize("use", USES)
def test_computing_with_a_parameter_that_waits_says_what_to_do(use: Any) -> None:
    with pytest.raises(ValueError, match=r"uninitialized.*call the model once on data of the right shape"):
        use(nn.LazyLinear(3).weight)


def test_what_is_written_into_its_data_gets_lost() -> None:
    torch.manual_seed(0)
    layer, plain = nn.LazyLinear(3), torch.rand(2)
    layer.weight.data.normal_(0, 0.01)
    layer.bias.data.fill_(5)
    assert layer.weight.data.shape == (0,) and layer.double().bias.data.dtype is torch.float64
    layer.float()(torch.zeros(2, 4))
    assert layer.weight.shape == (3, 4) and not (layer.bias == 5).any()
    torch.manual_seed(0)
    assert torch.equal(plain, torch.rand(2))
    expected = nn.Linear(4, 3)  # nothing was drawn in between
    assert torch.equal(layer.weight, expected.weight)


def test_it_has_no_shape() -> None:
    with pytest.raises(RuntimeError, match="no shape before the layer has seen an input"):
        _ = nn.LazyLinear(3).weight.shape


def test_it_can_be_converted_copied_and_frozen() -> None:
    layer = nn.LazyLinear(3).double()
    twin = copy.deepcopy(layer)
    assert layer.weight.dtype is torch.float64
    assert layer(torch.zeros(2, 4, dtype=torch.float64)).dtype is torch.float64
    assert twin.has_uninitialized_params() and twin.weight.dtype is torch.float64
    frozen = nn.LazyLinear(3).requires_grad_(False)
    frozen(torch.zeros(2, 4))
    assert not frozen.weight.requires_grad
    assert not frozen(torch.zeros(2, 4)).requires_grad
    loaded = pickle.loads(pickle.dumps(net()))
    assert loaded(torch.zeros(2, 1, 6, 6)).shape == (2, 2)


def test_a_lazy_layer_of_ones_own() -> None:
    class Scale(nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()
            self.factor = nn.Parameter(torch.ones(size))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * self.factor

    class LazyScale(nn.modules.lazy.LazyModuleMixin, Scale):
        cls_to_become = Scale

        def __init__(self) -> None:
            super().__init__(0)
            self.factor = nn.UninitializedParameter()

        def initialize_parameters(self, x: torch.Tensor) -> None:
            if self.materialize(factor=x.shape[-1:]):
                nn.init.constant_(self.factor, 2.0)

    layer = LazyScale()
    assert layer(torch.ones(2)).tolist() == [2, 2]
    assert type(layer) is Scale


def test_a_lazy_layer_may_stay_what_it_is() -> None:
    class Bias(nn.modules.lazy.LazyModuleMixin):
        def __init__(self) -> None:
            super().__init__()
            self.bias = nn.UninitializedParameter()

        def initialize_parameters(self, x: torch.Tensor) -> None:
            if self.materialize(bias=x.shape[-1:]):
                nn.init.ones_(self.bias)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + self.bias

    layer = Bias()
    assert layer(torch.ones(2)).tolist() == [2, 2] and type(layer) is Bias
    nn.init.zeros_(layer.bias)
    assert layer(torch.ones(2)).tolist() == [1, 1]  # it starts only once


def test_a_lazy_layer_has_to_give_its_parameters_a_shape() -> None:
    class Nothing(nn.modules.lazy.LazyModuleMixin):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing is lazy, so it has to define initialize_par"):
        Nothing()(torch.ones(2))

    class Forgetful(nn.LazyLinear):
        def initialize_parameters(self, x: torch.Tensor) -> None:
            pass

    with pytest.raises(RuntimeError, match=r"Forgetful\.initialize_parameters left a parameter without a shape"):
        Forgetful(3)(torch.ones(2))


def test_wrong_first_inputs() -> None:
    with pytest.raises(RuntimeError, match=r"takes \(N, C, H, W\) or \(C, H, W\)"):
        nn.LazyConv2d(4, 3)(torch.zeros(3, 3))
    with pytest.raises(ValueError, match="in_channels=3 must be divisible by groups=2"):
        nn.LazyConv2d(4, 3, groups=2)(torch.zeros(3, 3, 3))
    with pytest.raises(ValueError, match=r"takes \(N, C, H, W\).*nn.BatchNorm1d"):
        nn.LazyBatchNorm2d()(torch.zeros(3, 3))
