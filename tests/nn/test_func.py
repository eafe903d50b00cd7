"""functional_call: a module with parameters that are not its own."""

from __future__ import annotations

import pytest

import cutaway as torch
from cutaway import nn
from cutaway.func import functional_call


def test_the_module_keeps_its_own_parameters() -> None:
    layer = nn.Linear(2, 1)
    own = dict(layer.named_parameters())
    weight = torch.ones(1, 2, requires_grad=True)
    out = functional_call(layer, {"weight": weight}, torch.tensor([3.0, 4.0]))
    assert out.equal(torch.tensor([7.0]) + layer.bias)
    out.backward()
    assert weight.grad is not None and weight.grad.tolist() == [[3, 4]]
    assert layer.weight is own["weight"] and layer.weight.grad is None


def test_it_keeps_them_when_the_call_fails() -> None:
    layer = nn.Linear(2, 1)
    own = layer.weight
    with pytest.raises(RuntimeError, match="Linear"):
        functional_call(layer, {"weight": torch.ones(1, 3)}, torch.ones(2))
    assert layer.weight is own


def test_buffers_and_several_dicts() -> None:
    norm = nn.BatchNorm1d(1).eval()
    mean, weight = {"running_mean": torch.tensor([1.0])}, {"weight": torch.tensor([3.0])}
    out = functional_call(norm, (mean, weight), (torch.tensor([[2.0]]),))
    assert out.item() == pytest.approx(3, rel=1e-4)
    assert norm.running_mean.item() == 0


def test_a_shared_parameter_is_replaced_under_all_its_names() -> None:
    first, second = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    second.weight = first.weight
    model, given = nn.Sequential(first, second), {"0.weight": torch.tensor([[3.0]])}
    assert functional_call(model, given, torch.ones(1, 1)).item() == 9
    own = first.weight.item()
    assert functional_call(model, given, torch.ones(1, 1), tie_weights=False).item() == pytest.approx(3 * own)
    assert first.weight is second.weight


def test_inputs_by_name_and_none_at_all() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(2.0))

        def forward(self, x: float = 1.0) -> torch.Tensor:
            return self.scale * x

    three = {"scale": torch.tensor(3.0)}
    assert functional_call(Scaled(), three).item() == 3
    assert functional_call(Scaled(), three, kwargs={"x": 5.0}).item() == 15


@pytest.mark.parametrize(
    ("given", "strict", "text"),
    [
        ({"wieght": torch.ones(1, 2)}, False, "functional_call: Linear has no parameter or buffer 'wieght'. Did you "
         "mean 'weight'? It has: weight, bias"),
        ({"weight": torch.ones(1, 2)}, True, "functional_call: strict=True, but there is no bias in the dict"),
    ],
)  # fmt: skip
def test_names_that_do_not_fit_are_refused(given: dict[str, torch.Tensor], strict: bool, text: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        functional_call(nn.Linear(2, 1), given, torch.ones(2), strict=strict)
    assert str(caught.value) == text
