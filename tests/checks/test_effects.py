"""What the checks of statements without their effect say, beyond the examples of docs/checks.md."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

import cutaway as torch
import cutaway.nn.functional as F
from cutaway import nn, optim
from cutaway.checks import CheckWarning
from tests.checks.shared import batch, mlp, step, with_dropout

# --- attributes -----------------------------------------------------------------------------------------------------


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)


@pytest.mark.parametrize("name", ["requires_grad", "require_grad", "trainable"])
def test_a_model_is_not_frozen_by_an_attribute(name: str) -> None:
    with pytest.warns(CheckWarning, match=rf"Net\.{name} was assigned, .*: write module\.requires_grad_\(False\)$"):
        setattr(Net(), name, False)


def test_a_mode_is_not_an_attribute() -> None:
    with pytest.warns(CheckWarning, match=r"Net\.eval = True hides the method, and changes no mode: call model\.train"):
        Net().eval = True  # type: ignore[assignment, method-assign]


@pytest.mark.parametrize("name, key", [("lr", "lr"), ("learning_rate", "lr"), ("weight_decay", "weight_decay")])
def test_settings_belong_to_groups(name: str, key: str) -> None:
    optimizer = optim.Adam(nn.Linear(2, 1).parameters())
    with pytest.warns(CheckWarning, match=rf"Adam\.{name} was assigned.*param_groups: group\['{key}'\] = 0\.5$"):
        setattr(optimizer, name, 0.5)


# --- states ---------------------------------------------------------------------------------------------------------


def train(model: nn.Module) -> None:
    x, y = batch()
    step(optim.SGD(model.parameters(), lr=0.1), F.cross_entropy(model(x), y))


KEPT: list[Callable[[Any], Any]] = [lambda s: s, dict, lambda s: {k: v for k, v in s.items()}, lambda s: s.copy()]


@pytest.mark.parametrize("keep", KEPT)
def test_a_state_that_was_kept_without_a_copy(keep: Callable[[Any], Any]) -> None:
    model = mlp(4, 8, 3)
    model[0].requires_grad_(False)
    state = keep(model.state_dict())
    model.load_state_dict(state)  # nothing has changed
    train(model)
    with pytest.warns(CheckWarning, match=r"state_not_copied: .* nothing is restored: .* copy\.deepcopy\(model\.state"):
        model.load_state_dict(state)


def test_a_state_that_is_edited_in_place() -> None:
    model = mlp(4, 3)
    state = model.state_dict()
    state["0.bias"].zero_()
    model.load_state_dict(state)


def test_states_that_restore_something() -> None:
    model, other = mlp(4, 8, 3), mlp(4, 8, 3)
    own, shared = copy.deepcopy(model.state_dict()), model.state_dict()
    train(model)
    other.load_state_dict(shared)
    model.load_state_dict(own)
    train(model)
    model.load_state_dict({**shared, "0.weight": own["0.weight"]})


# --- clipping -------------------------------------------------------------------------------------------------------


def test_gradients_that_were_clipped_too_early_and_then_in_time() -> None:
    model = mlp(4, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    x, y = batch()
    for early in (True, False):
        optimizer.zero_grad()
        if early:
            nn.utils.clip_grad_value_(model.parameters(), 1.0)
        F.cross_entropy(model(x), y).backward()
        if early:
            with pytest.warns(CheckWarning, match="clipping_without_effect: this step used gradients that were not"):
                optimizer.step()
        else:
            nn.utils.clip_grad_value_(model.parameters(), 1.0)
            optimizer.step()


def test_gradients_that_were_clipped_too_late_are_reported_where_they_are_discarded() -> None:
    model = mlp(4, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    train(model)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    with pytest.warns(CheckWarning, match="clipping_without_effect: gradients were clipped after the step"):
        optimizer.zero_grad()
    optimizer.zero_grad()


def test_clipping_of_what_is_not_stepped_with() -> None:
    model, other = mlp(4, 3), mlp(4, 3)
    nn.utils.clip_grad_norm_(other.parameters(), 1.0)
    nn.utils.clip_grad_norm_(mlp(4, 3).requires_grad_(False).parameters(), 1.0)
    train(model)
    with torch.no_grad():
        model[0].weight.clamp_(-1, 1)
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optim.SGD(other.parameters(), lr=0.1).zero_grad()
    optim.SGD(model.parameters(), lr=0.1).step()


# --- modes ----------------------------------------------------------------------------------------------------------


def evaluate(model: nn.Module) -> None:
    model.eval()
    with torch.no_grad():
        model(batch()[0]).argmax(1)


def test_two_models_that_stay_in_evaluation_are_both_reported_once() -> None:
    models = [with_dropout(), with_dropout()]
    optimizers = [optim.SGD(model.parameters(), lr=0.1) for model in models]
    for model in models:
        train(model)
        evaluate(model)
    x, y = batch()
    for optimizer in optimizers:
        optimizer.zero_grad()
    F.cross_entropy(models[0](x) + models[1](x), y).backward()
    for optimizer in optimizers:
        with pytest.warns(CheckWarning, match="training_without_train: Sequential is still in evaluation mode"):
            optimizer.step()
    train(models[0])


def test_a_gradient_of_an_evaluated_model_is_not_a_step_of_it() -> None:
    model, other = with_dropout(), mlp(4, 3)
    train(model)
    evaluate(model)
    x = batch()[0].requires_grad_()
    model(x).sum().backward()
    train(other)
    model.train()
    train(model)


# --- sequences --------------------------------------------------------------------------------------------------------

TAKEN = ["out[:, -1]", "out[:, -1].relu() * 2", "out[:, -1, :4].unsqueeze(0)[0]", "out.mean(1)", "out.max(1).values",
         "out.sum(dim=-2)", "out.reshape(5, -1)"]  # fmt: skip


@pytest.mark.parametrize("taken", TAKEN)
@pytest.mark.parametrize("kind", ["nn.RNN(8, 8)", "nn.GRU(8, 8, 2)", "nn.LSTM(8, 8)", "nn.MultiheadAttention(8, 2)",
                                  "nn.TransformerEncoderLayer(8, 2, norm_first=True)", "encoder"])  # fmt: skip
def test_the_batch_taken_for_the_time_axis(kind: str, taken: str) -> None:
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 2, nn.LayerNorm(8), enable_nested_tensor=False)
    layer = eval(kind, {"nn": nn, "encoder": encoder})
    x = torch.randn(6, 5, 8)
    out = layer(x, x, x) if isinstance(layer, nn.MultiheadAttention) else layer(x)
    out = out[0] if isinstance(out, tuple) else out
    assert out.shape == (6, 5, 8)
    y = eval(taken, {"out": out})
    with pytest.warns(CheckWarning, match=r"batch_first: .* a \w+ with batch_first=False, of shape \(6, 5, 8\): "):
        F.mse_loss(y, torch.zeros(y.shape))


def test_the_first_element_behind_attention() -> None:
    attention, gru = nn.TransformerEncoderLayer(8, 2), nn.GRU(8, 8)
    x = torch.randn(6, 5, 8)
    with pytest.warns(CheckWarning, match="batch_first: a value along axis 1 was taken of the output of a Transformer"):
        F.mse_loss(attention(x)[:, 0], torch.zeros(6, 8))
    for i in range(5):  # sequence by sequence
        F.mse_loss(gru(x)[0][:, i], torch.zeros(6, 8))


def test_states_that_are_reshaped_instead_of_transposed() -> None:
    lstm = nn.LSTM(8, 4, num_layers=2, batch_first=True)
    _, (h, _) = lstm(torch.randn(6, 5, 8))
    with pytest.warns(CheckWarning, match=r"batch_first: the states .* \(2, 6, 4\), were reshaped to \(6, 8\)"):
        F.mse_loss(h.view(6, -1), torch.zeros(6, 8))


RIGHT = ["out[-1]", "out.mean(0)", "out.transpose(0, 1)[:, -1]", "out.transpose(0, 1).reshape(5, -1)", "out[:, 2]",
         "out.reshape(30, 8)", "out.mean((0, 1))", "out.mean(2)", "out[:, torch.tensor([0, 1])]",
         "out[:, 0:1]"]  # fmt: skip


@pytest.mark.parametrize("taken", RIGHT)
def test_axes_that_are_what_they_seem(taken: str) -> None:
    gru = nn.GRU(8, 8)
    out, h = gru(torch.randn(6, 5, 8))
    y = eval(taken, {"out": out, "torch": torch})
    F.mse_loss(y, torch.zeros(y.shape))
    for x in (h.view(5, -1), h[-1], out[:, :1][:, -1]):
        F.mse_loss(x, torch.zeros(x.shape))
