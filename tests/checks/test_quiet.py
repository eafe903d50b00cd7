"""Right code that looks like a mistake: the checks say nothing of it. A false alarm is worse than silence.

pytest turns warnings into errors, so that a program which runs to its end has not been spoken of.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

import cutaway as torch
import cutaway.nn.functional as F
from cutaway import checks, nn, optim
from tests.checks.shared import batch, mlp


def gradients_of_several_batches() -> None:
    model = mlp(4, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for i in range(12):
        x, y = batch()
        (F.cross_entropy(model(x), y) / 4).backward()
        if i % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()


def zeros_in_place() -> None:
    model = mlp(4, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for zero in (lambda: optimizer.zero_grad(set_to_none=False), lambda: model.zero_grad(set_to_none=False)):
        for _ in range(3):
            x, y = batch()
            zero()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    for _ in range(3):
        x, y = batch()
        for p in model.parameters():
            p.grad.data.zero_()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()


def two_losses_on_one_graph() -> None:
    model = mlp(4, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        x, y = batch()
        h = model(x)
        optimizer.zero_grad()
        F.cross_entropy(h, y).backward(retain_graph=True)
        (h**2).mean().backward()
        optimizer.step()


def generator_and_critic() -> None:
    generator = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))
    critic = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(), nn.Dropout(0.3), nn.Linear(8, 1))
    for_g, for_c = (optim.Adam(net.parameters()) for net in (generator, critic))
    for step in range(12):
        x, _ = batch()
        with torch.no_grad():
            fakes = generator(torch.randn(16, 2))
        scores = torch.cat([critic(x), critic(fakes)])
        truth = torch.cat([torch.ones(16, 1), torch.zeros(16, 1)])
        for_c.zero_grad(set_to_none=step % 2 == 0)
        F.binary_cross_entropy_with_logits(scores, truth).backward()
        for_c.step()
        fooled = F.binary_cross_entropy_with_logits(critic(generator(torch.randn(16, 2))), torch.ones(16, 1))
        for_g.zero_grad()
        fooled.backward()  # it fills the critic's gradients too
        for_g.step()
    with torch.no_grad():
        generator(torch.randn(16, 2))  # pictures to look at


def a_critic_trained_more_often() -> None:
    generator, critic = mlp(2, 8, 4), mlp(4, 8, 1)
    for_g, for_c = (optim.RMSprop(net.parameters()) for net in (generator, critic))
    for _ in range(3):
        for _ in range(5):
            for_c.zero_grad()
            (critic(generator(torch.randn(16, 2)).detach()).mean() - critic(batch()[0]).mean()).backward()
            for_c.step()
            for p in critic.parameters():
                p.data.clamp_(-0.01, 0.01)
        for_g.zero_grad()
        (-critic(generator(torch.randn(16, 2))).mean()).backward()
        for_g.step()


def frozen_features_and_a_new_head() -> None:
    model = nn.ModuleDict({"features": mlp(4, 8), "head": nn.Linear(8, 5)})
    for p in model.parameters():
        p.requires_grad = False
    model["head"] = nn.Linear(8, 3)
    optimizer = optim.SGD(model["head"].parameters(), lr=0.1)
    for _ in range(12):
        x, y = batch()
        optimizer.zero_grad()
        F.cross_entropy(model["head"](model["features"](x)), y).backward()
        optimizer.step()
    for p in model.parameters():  # then all of it, more slowly
        p.requires_grad = True
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    optimizer.zero_grad()
    F.cross_entropy(model["head"](model["features"](x)), y).backward()
    optimizer.step()


def a_head_on_features_that_are_not_frozen() -> None:
    features, head = mlp(4, 8), nn.Linear(8, 3)
    optimizer = optim.SGD(head.parameters(), lr=0.1)
    for _ in range(3):
        x, y = batch()
        optimizer.zero_grad()
        F.cross_entropy(head(features(x)), y).backward()
        optimizer.step()


def two_optimizers_for_the_parts_of_one_model() -> None:
    encoder, decoder = mlp(4, 8), nn.Linear(8, 3)
    both = [optim.Adam(encoder.parameters()), optim.SGD(decoder.parameters(), lr=0.1)]
    for _ in range(3):
        x, y = batch()
        for optimizer in both:
            optimizer.zero_grad()
        F.cross_entropy(decoder(encoder(x)), y).backward()
        for optimizer in both:
            optimizer.step()


def heads_that_take_turns() -> None:
    body, heads = mlp(4, 8), nn.ModuleList([nn.Linear(8, 3), nn.Linear(8, 3)])
    optimizer = optim.SGD([*body.parameters(), *heads.parameters()], lr=0.1)
    for i in range(12):
        x, y = batch()
        optimizer.zero_grad()
        F.cross_entropy(heads[i // 3 % 2](body(x)), y).backward()
        optimizer.step()


def probabilities_as_targets() -> None:
    teacher, student = mlp(4, 3), mlp(4, 3)
    optimizer = optim.SGD(student.parameters(), lr=0.1)
    for _ in range(3):
        x, y = batch()
        with torch.no_grad():
            soft = F.softmax(teacher(x), dim=1)
        mixed = 0.3 * F.one_hot(y, 3).float() + 0.7 * F.one_hot(y.flip(0), 3).float()
        optimizer.zero_grad()
        (F.cross_entropy(student(x), soft) + F.cross_entropy(student(x), mixed, label_smoothing=0.1)).backward()
        optimizer.step()


def one_hot_targets_weighted_by_an_advantage() -> None:
    policy = mlp(4, 3)
    x, y = batch()
    advantage = torch.arange(16.0).unsqueeze(1)
    F.cross_entropy(policy(x), F.one_hot(y, 3) * advantage).backward()


def attention_weights_before_the_scores() -> None:
    scores, values = nn.Linear(4, 4), nn.Linear(4, 3)
    x, y = batch()
    F.cross_entropy(values(F.softmax(scores(x), dim=1) * x), y).backward()


def a_state_carried_from_batch_to_batch(cut: Callable[[Any], Any]) -> None:
    rnn, last = nn.RNN(4, 8), nn.Linear(8, 3)
    optimizer = optim.SGD([*rnn.parameters(), *last.parameters()], lr=0.1)
    h = None
    for _ in range(4):
        h = None if h is None else cut(h)
        out, h = rnn(torch.randn(5, 2, 4), h)
        optimizer.zero_grad()
        F.cross_entropy(last(out).reshape(-1, 3), torch.randint(0, 3, (10,))).backward()
        optimizer.step()


def a_target_that_learns_nothing() -> None:
    online, target = mlp(4, 8, 3), mlp(4, 8, 3)
    target.load_state_dict(online.state_dict())
    optimizer = optim.Adam(online.parameters())
    for _ in range(3):
        x, y = batch()
        with torch.no_grad():
            goal = 1 + 0.9 * target(batch()[0]).max(1)[0]
        q = online(x).gather(1, y.unsqueeze(1)).squeeze(1)
        optimizer.zero_grad()
        F.smooth_l1_loss(q, goal).backward()
        optimizer.step()


def a_straight_through_estimator() -> None:
    model = mlp(4, 3)
    x, _ = batch()
    soft = F.softmax(model(x), dim=1)
    hard = F.one_hot(soft.argmax(1), 3).float()
    ((hard - soft).detach() + soft).square().mean().backward()


def evaluation_of_a_model_without_dropout() -> None:
    model = mlp(4, 8, 3)
    x, y = batch()
    with torch.no_grad():
        F.cross_entropy(model(x), y)
        model(x).argmax(1)


def a_look_at_shapes_and_then_training() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3))
    with torch.no_grad():
        assert model(torch.zeros(2, 4)).shape == (2, 3)
    x, y = batch()
    F.cross_entropy(model(x), y).backward()
    with torch.no_grad():
        model.eval()(x).argmax(1)
        assert (F.dropout(x, 0.5, training=False) == x).all()


def training_accuracy_of_scores_at_hand() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 3))
    x, y = batch()
    scores = model(x)
    F.cross_entropy(scores, y).backward()
    with torch.no_grad():
        (scores.argmax(1) == y).float().mean()


def losses_kept_for_a_plot() -> None:
    model = mlp(4, 3)
    losses = []
    for _ in range(3):
        x, y = batch()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        losses.append(loss)
    torch.tensor(losses).mean()


def a_schedule_without_training() -> None:
    optimizer = optim.SGD(mlp(4, 3).parameters(), lr=0.1)
    schedule = optim.lr_scheduler.StepLR(optimizer, 2)
    for _ in range(5):
        optimizer.step()
        schedule.step()


def weights_moved_by_hand() -> None:
    model = mlp(4, 8, 3)
    for _ in range(12):
        x, y = batch()
        for p in model.parameters():
            p.grad = None
        F.cross_entropy(model(x), y).backward()
        for p in model.parameters():
            p.data += -0.1 * p.grad


def a_weight_used_twice() -> None:
    embed, last = nn.Embedding(5, 8), nn.Linear(8, 5, bias=False)
    last.weight = embed.weight
    optimizer = optim.SGD([embed.weight], lr=0.1)
    for _ in range(3):
        tokens = torch.randint(0, 5, (6,))
        optimizer.zero_grad()
        F.cross_entropy(last(embed(tokens)), tokens).backward()
        optimizer.step()


def steps_of_meta_learning() -> None:
    model = mlp(4, 3)
    outer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        x, y = batch()
        fast = copy.deepcopy(model)  # Reptile: train a copy, then move towards it
        inner = optim.SGD(fast.parameters(), lr=0.1)
        for _ in range(2):
            inner.zero_grad()
            F.cross_entropy(fast(x), y).backward()
            inner.step()
        outer.zero_grad()
        for p, q in zip(model.parameters(), fast.parameters()):
            p.grad = p.data - q.data
        outer.step()
    weight, bias = model.parameters()  # MAML: a step inside of the loss
    loss = F.cross_entropy(F.linear(x, weight, bias), y)
    a, b = torch.autograd.grad(loss, (weight, bias), create_graph=True)
    outer.zero_grad()
    F.cross_entropy(F.linear(x, weight - 0.1 * a, bias - 0.1 * b), y).backward()
    outer.step()


def optimizers_of_ones_own() -> None:
    class InPlace(optim.Optimizer):
        def step(self, closure: Any = None) -> None:
            with torch.no_grad():
                for p in self.param_groups[0]["params"]:
                    p -= 0.1 * p.grad

    class InAnotherPlace(optim.Optimizer):
        def step(self, closure: Any = None) -> None:
            for p in self.param_groups[0]["params"]:
                p.data = p.data - 0.1 * p.grad

    for kind in (InPlace, InAnotherPlace):
        model = mlp(4, 3)
        optimizer = kind(model.parameters(), {})
        for _ in range(12):
            x, y = batch()
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()


def an_optimizer_that_waits_for_another() -> None:
    model, other = mlp(4, 3), mlp(4, 3)
    optimizers = [optim.SGD(net.parameters(), lr=0.1) for net in (model, other)]
    for i in range(24):
        x, y = batch()
        for optimizer in optimizers:
            optimizer.zero_grad()
        F.cross_entropy((model if i < 12 else other)(x), y).backward()
        optimizers[i // 12].step()


def layers_made_on_the_way_that_are_not_to_be_trained() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.last = nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            shift = torch.zeros(8, requires_grad=True)  # gone as well, and no layer's
            return self.last(nn.Dropout(0.1)(nn.ReLU()(x + shift)))

    model = Net()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        x, y = batch()
        optimizer.zero_grad()
        F.cross_entropy(model(nn.Linear(4, 8)(x)), y).backward()  # random features
        optimizer.step()


def a_penalty_on_gradients() -> None:
    critic = mlp(4, 8, 1)
    optimizer = optim.Adam(critic.parameters())
    for _ in range(12):
        x = batch()[0].requires_grad_()
        (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        optimizer.zero_grad()
        ((g.norm(dim=1) - 1) ** 2).mean().backward()
        optimizer.step()


def an_input_that_is_trained() -> None:
    model = mlp(4, 3).requires_grad_(False)
    x, y = batch()
    x.requires_grad_()
    optimizer = optim.Adam([x], lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (-F.cross_entropy(model(x), y)).backward()
        optimizer.step()


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 3)
        self.layers = [self.first, self.last]
        self.teacher = [mlp(4, 3).requires_grad_(False)]  # hidden on purpose

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def layers_in_a_list_and_by_name() -> None:
    model = Named()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    x, y = batch()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()


def all_pairs() -> None:
    x = torch.randn(6, requires_grad=True)
    ((x[:, None] - x.detach()) ** 2).mean().backward()
    ((x.unsqueeze(1) - torch.randn(6)).abs()).sum().backward()


def losses_that_are_not_finite_without_training() -> None:
    w = torch.zeros(1, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    (w * 2).backward()
    optimizer.step()
    (-torch.log(torch.zeros(1, requires_grad=True))).backward()


def weights_scaled_at_each_use() -> None:
    model = mlp(4, 8, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for i in range(8):
        with torch.no_grad():
            model[0].weight.div_(model[0].weight.norm())
        x, y = batch()
        F.cross_entropy(model(x), y).backward()
        if i % 2:
            optimizer.step()
            optimizer.zero_grad()


def dropout_on_purpose() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 3)).eval()
    model[1].train()  # Monte Carlo dropout
    with torch.no_grad():
        scores = torch.stack([model(batch()[0]).softmax(-1) for _ in range(3)])
    with torch.no_grad():
        scores.mean(0).argmax(-1)


def an_average_of_the_weights_whose_statistics_are_counted() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))
    average = copy.deepcopy(model)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for n in range(3):
        x, y = batch()
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        with torch.no_grad():
            for p, q in zip(average.parameters(), model.parameters()):
                p += (q - p) / (n + 1)
    with torch.no_grad():
        average.train()(x)  # batch norm's statistics of these weights
    with torch.no_grad():
        average.eval()(x).argmax(1)


def a_slow_encoder_of_keys() -> None:
    encoder = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 4))
    slow = copy.deepcopy(encoder).requires_grad_(False)
    optimizer = optim.SGD(encoder.parameters(), lr=0.1)
    for _ in range(3):
        x, _ = batch()
        queries = encoder(x)
        with torch.no_grad():
            for p, q in zip(slow.parameters(), encoder.parameters()):
                p.lerp_(q, 0.01)
            keys = slow(x)
        optimizer.zero_grad()
        F.cross_entropy(queries @ keys.T, torch.arange(16)).backward()
        optimizer.step()


def a_prompt_for_a_model_that_is_not_frozen() -> None:
    model, prompt = mlp(4, 8, 3), nn.Parameter(torch.zeros(4))
    optimizer = optim.Adam([prompt], lr=0.1)
    for _ in range(12):
        x, y = batch()
        optimizer.zero_grad()
        F.cross_entropy(model(x + prompt), y).backward()
        optimizer.step()


def an_attack_in_steps() -> None:
    model = mlp(4, 3)
    x, y = batch()
    for _ in range(3):
        x = x.detach().clone().requires_grad_(True)
        model.zero_grad()
        F.cross_entropy(model(x), y).backward()
        x = x + 0.1 * x.grad.sign()


def old_probabilities_in_a_list() -> None:
    policy = mlp(4, 3)
    x, y = batch()
    old = torch.tensor([F.log_softmax(policy(row), dim=0)[label] for row, label in zip(x, y)])
    optimizer = optim.Adam(policy.parameters())
    for _ in range(3):
        new = F.log_softmax(policy(x), dim=1).gather(1, y.unsqueeze(1)).squeeze(1)
        optimizer.zero_grad()
        (-(new - old).exp()).mean().backward()
        optimizer.step()


def a_schedule_beside_a_model_trained_by_hand() -> None:
    model = mlp(4, 3)
    x, y = batch()
    F.cross_entropy(model(x), y).backward()
    other = optim.SGD(mlp(4, 3).parameters(), lr=0.1)
    for _ in range(3):
        other.step()
    assert model[0].weight.grad is not None


def a_generator_of_text_with_dropout_off() -> None:
    embed, rnn, last = nn.Embedding(5, 8), nn.GRU(8, 8, num_layers=2, dropout=0.5), nn.Linear(8, 5)
    rnn.eval()
    with torch.no_grad():
        out, _ = rnn(embed(torch.randint(0, 5, (3, 1))))
        torch.multinomial(F.softmax(last(out[-1]), dim=-1), 1)


STRICT = [
    gradients_of_several_batches,
    zeros_in_place,
    two_losses_on_one_graph,
    two_optimizers_for_the_parts_of_one_model,
    probabilities_as_targets,
    attention_weights_before_the_scores,
    a_target_that_learns_nothing,
    a_straight_through_estimator,
    evaluation_of_a_model_without_dropout,
    training_accuracy_of_scores_at_hand,
    losses_kept_for_a_plot,
    weights_moved_by_hand,
    a_weight_used_twice,
    steps_of_meta_learning,
    an_input_that_is_trained,
    layers_in_a_list_and_by_name,
    frozen_features_and_a_new_head,
    all_pairs,
    weights_scaled_at_each_use,
    dropout_on_purpose,
    an_attack_in_steps,
    an_average_of_the_weights_whose_statistics_are_counted,
    a_slow_encoder_of_keys,
    a_generator_of_text_with_dropout_off,
]

DEFAULT = [
    generator_and_critic,
    a_critic_trained_more_often,
    a_head_on_features_that_are_not_frozen,
    heads_that_take_turns,
    one_hot_targets_weighted_by_an_advantage,
    a_look_at_shapes_and_then_training,
    a_schedule_without_training,
    a_penalty_on_gradients,
    layers_made_on_the_way_that_are_not_to_be_trained,
    optimizers_of_ones_own,
    an_optimizer_that_waits_for_another,
    a_prompt_for_a_model_that_is_not_frozen,
    old_probabilities_in_a_list,
    a_schedule_beside_a_model_trained_by_hand,
    losses_that_are_not_finite_without_training,
]


@pytest.mark.parametrize("program", STRICT + DEFAULT, ids=lambda f: f.__name__)
def test_quiet_by_default(program: Callable[[], None]) -> None:
    torch.manual_seed(0)
    program()


@pytest.mark.parametrize("program", STRICT, ids=lambda f: f.__name__)
def test_quiet_even_when_strict(program: Callable[[], None]) -> None:
    torch.manual_seed(0)
    with checks.strict():
        program()


@pytest.mark.parametrize("cut", [lambda h: h.detach(), lambda h: h.data, lambda h: h.detach().clone()])
def test_a_state_carried_from_batch_to_batch(cut: Callable[[Any], Any]) -> None:
    with checks.strict():
        a_state_carried_from_batch_to_batch(cut)
