"""Drawings of models: run once, on inputs of any form, and left as they were."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import pytest

import cutaway as torch
from cutaway import explain, nn

from .test_drawing import SVG, cards


def drawn(model: nn.Module, *inputs: Any) -> ET.Element:
    return ET.fromstring(explain.draw(model, *inputs).svg())


def told(svg: ET.Element) -> list[str]:
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


def firsts(svg: ET.Element, style: str) -> list[str]:
    """The first word on each card of a style."""
    return [text[0] for text in cards(svg, style).values()]


def test_a_model_is_drawn_by_running_it_without_gradients() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    with torch.no_grad():
        text = told(drawn(model, torch.ones(5, 3)))
    assert "(5, 4)" in text and not any("grad" in word for word in text)
    assert "output" in text and "where backward begins" not in text
    assert all(p.grad is None for p in model.parameters())


def test_what_a_model_is_called_with_has_the_name_that_forward_gives_it() -> None:
    svg = drawn(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), torch.ones(5, 3))
    assert [text[:2] for text in cards(svg, "input").values()] == [["input", "input"]]


def test_so_have_the_parts_of_dicts_and_lists() -> None:
    class Mixed(nn.Module):
        def forward(self, batch: Any, *more: Any) -> Any:
            return batch["x"] * batch["y"] + more[0] * more[1]

    x, y = torch.ones(2), torch.ones(2)
    assert set(firsts(drawn(Mixed(), {"x": x, "y": y}, y, x), "input")) == {"batch['x']", "batch['y']"}
    assert len(firsts(drawn(Mixed(), {"x": x, "y": y}, y + 1, x + 1), "input")) == 4
    assert "more[1]" in firsts(drawn(Mixed(), {"x": x, "y": y}, y + 1, x + 1), "input")


def test_a_packed_batch_is_drawn() -> None:
    packed = nn.utils.rnn.pack_sequence([torch.ones(3, 2), torch.ones(2, 2)])
    assert "input[0]" in firsts(drawn(nn.GRU(2, 3), packed), "input")


def test_the_parameters_of_a_model_that_no_variable_holds_have_their_names() -> None:
    svg = ET.fromstring(explain.draw(nn.Sequential(nn.Linear(3, 4)), torch.ones(5, 3)).svg())
    assert firsts(svg, "parameter") == ["weight", "bias"]


def test_all_that_a_model_returns_is_drawn() -> None:
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.one, self.two = nn.Linear(3, 4), nn.Linear(4, 1), nn.Linear(4, 2)

        def forward(self, x: Any) -> Any:
            h = self.body(x)
            found = self.one(h)
            return {"score": found, "logits": self.two(h), "best": found.argmax(), "state": [x, None]}

    svg = drawn(Heads(), torch.ones(2, 3))
    ends = [text for text in cards(svg, "root").values()]
    assert sorted(text[0] for text in ends if "input" in text) == ["x"]
    titles = [word.partition(" = ")[0] for text in ends for word in text if " = " in word]
    assert sorted(titles) == ["logits", "score"]
    assert not any("outputs" in word for word in told(svg))
    assert explain.draw(Heads(), torch.ones(2, 3)).title == "3 ops and 7 leaves"


def test_a_model_that_returns_what_has_no_gradient_says_so() -> None:
    class Best(nn.Module):
        def forward(self, x: Any) -> Any:
            return x.argmax()

    with pytest.raises(RuntimeError, match=r"the loss is not the result of an argmax"):
        explain.draw(Best(), torch.ones(2))


def test_what_has_no_parameters_or_is_frozen_is_drawn_too() -> None:
    assert "model = relu(input)" in told(drawn(nn.ReLU(), torch.ones(3)))
    assert firsts(drawn(nn.Identity(), torch.ones(3)), "input") == ["input"]
    model = nn.Sequential(nn.Linear(3, 4).requires_grad_(False), nn.ReLU(), nn.Linear(4, 2))
    assert len(firsts(drawn(model, torch.ones(5, 3)), "parameter")) == 4
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]


def test_a_model_may_write_into_its_input_and_the_one_that_was_given_stays_as_it_was() -> None:
    class Shift(nn.Module):
        def forward(self, x: Any) -> Any:
            x += 1
            return x.t_()

    x = torch.tensor([[-1.0, 2.0]])
    model = nn.Sequential(nn.ReLU(inplace=True), Shift(), nn.Linear(1, 2))
    assert [text[:2] for text in cards(drawn(model, x), "input").values()] == [["input", "input"]]
    assert explain.summary(model, x).rows[1].outputs == ((1, 2),)
    assert x.tolist() == [[-1.0, 2.0]] and x._grad is None


def test_lazy_layers_and_parameters_of_integers() -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.tensor([1, 2]), requires_grad=False)

        def forward(self, x: Any) -> Any:
            return x * self.scale

    model = nn.Sequential(nn.LazyLinear(2), Scaled())
    assert sorted(firsts(drawn(model, torch.ones(3)), "parameter")) == ["bias", "weight"]
    assert explain.summary(model, torch.ones(3)).trainable == 8


def test_a_model_in_training_is_as_it_was() -> None:
    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("count", torch.zeros(1))

        def forward(self, x: Any) -> Any:
            self.count = self.count + 1
            return x * self.count

    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), Counts())
    before = {name: (value, value.clone()) for name, value in model.state_dict(keep_vars=True).items()}
    random, x = torch.get_rng_state(), torch.randn(8, 4, generator=torch.Generator().manual_seed(0))
    drawn(model, x)
    for name, value in model.state_dict(keep_vars=True).items():
        assert value is before[name][0] and (value == before[name][1]).all(), name
    assert (torch.get_rng_state() == random).all()
    assert model.training and not x.requires_grad


def test_a_loss_computed_before_the_drawing_can_still_go_backward() -> None:
    class Shifted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("factor", torch.full((3,), 2.0))

        def forward(self, x: Any) -> Any:
            return x * self.factor

    model = nn.Sequential(nn.Linear(3, 3), Shifted())
    loss = model(torch.ones(1, 3)).sum()
    explain.draw(model, torch.ones(1, 3))
    loss.backward()
    assert (model[0].bias.grad == 2).all()


def test_an_error_in_forward_leaves_nothing_behind() -> None:
    model = nn.Sequential(nn.Linear(4, 4).requires_grad_(False), nn.Linear(5, 2))
    with pytest.raises(RuntimeError, match="5"):
        explain.draw(model, torch.zeros(1, 4))
    assert not model[0].weight.requires_grad
