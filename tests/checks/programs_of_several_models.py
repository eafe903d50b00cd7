"""Right programs: several losses or models, reinforcement learning, gradients in uncommon places."""

from __future__ import annotations

import copy
from typing import Any

import cutaway as torch
import cutaway.nn.functional as F
from cutaway import nn, optim
from tests.checks.shared import batch, mlp, params, step, with_dropout

# --- several losses, several models -----------------------------------------------------------------------------------


def two_tasks_and_their_uncertainties() -> None:
    encoder, labels, value = mlp(4, 8), nn.Linear(8, 3), nn.Linear(8, 1)
    log_variances = nn.Parameter(torch.zeros(2))
    optimizer = optim.Adam([{"params": params(encoder, labels, value)}, {"params": [log_variances], "lr": 1e-2}])
    for _ in range(3):
        x, y = batch()
        h = encoder(x)
        losses = torch.stack([F.cross_entropy(labels(h), y), F.mse_loss(value(h).squeeze(1), x.sum(1))])
        step(optimizer, (losses * torch.exp(-log_variances) + log_variances).sum())


def gradients_of_two_tasks_combined_by_hand() -> None:
    encoder, a, b = mlp(4, 8), nn.Linear(8, 3), nn.Linear(8, 1)
    optimizer = optim.SGD(params(encoder, a, b), lr=0.1)
    for _ in range(3):
        x, y = batch()
        h = encoder(x)
        losses = F.cross_entropy(a(h), y), F.mse_loss(b(h).squeeze(1), x.sum(1))
        shared = list(encoder.parameters())
        first, second = (torch.autograd.grad(loss, shared, retain_graph=True) for loss in losses)
        optimizer.zero_grad()
        sum(losses).backward()
        for p, g, h in zip(shared, first, second):
            p.grad = g + h - (g * h).sum().clamp(max=0) * h / h.square().sum().clamp(min=1e-9)
        optimizer.step()


def a_generator_and_a_discriminator() -> None:
    g = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))
    d = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Sigmoid())
    for_g, for_d = optim.Adam(g.parameters(), betas=(0.5, 0.999)), optim.Adam(d.parameters(), betas=(0.5, 0.999))
    loss, label = nn.BCELoss(), torch.ones(16)
    for i in range(12):
        d.zero_grad()
        loss(d(batch()[0]).view(-1), label.fill_(1)).backward()
        fake = g(torch.randn(16, 2))
        loss(d(fake.detach()).view(-1), label.fill_(0)).backward()
        for_d.step()
        g.zero_grad()
        loss(d(fake).view(-1), label.fill_(1)).backward()
        for_g.step()
        if i % 5 == 0:
            g.eval()
            with torch.no_grad():
                g(torch.randn(4, 2))
            g.train()


def a_critic_that_is_trained_more_often_and_fills_all_gradients() -> None:
    generator, critic = mlp(2, 8, 4), mlp(4, 8, 1)
    for_generator, for_critic = optim.Adam(generator.parameters()), optim.Adam(critic.parameters())
    for _ in range(2):
        for _ in range(12):
            step(for_critic, critic(generator(torch.randn(16, 2))).mean() - critic(batch()[0]).mean())
            for_generator.zero_grad()
        step(for_generator, -critic(generator(torch.randn(16, 2))).mean())


def two_generators_and_two_discriminators() -> None:
    a, b, judge_a, judge_b = (mlp(4, 8, n) for n in (4, 4, 1, 1))
    for_generators, for_judges = optim.Adam(params(a, b)), optim.Adam(params(judge_a, judge_b))
    real, false = torch.ones(8, 1), torch.zeros(8, 1)
    for _ in range(3):
        x, y = torch.randn(8, 4), torch.randn(8, 4)
        for judge in (judge_a, judge_b):
            judge.requires_grad_(False)
        fake_y, fake_x = a(x), b(y)
        cycles = F.l1_loss(b(fake_y), x) + F.l1_loss(a(fake_x), y)
        step(for_generators, F.mse_loss(judge_b(fake_y), real) + F.mse_loss(judge_a(fake_x), real) + cycles)
        for judge in (judge_a, judge_b):
            judge.requires_grad_(True)
        for_judges.zero_grad()
        for judge, truth, fake in ((judge_a, x, fake_x), (judge_b, y, fake_y)):
            (F.mse_loss(judge(truth), real) + F.mse_loss(judge(fake.detach()), false)).backward()
        for_judges.step()


def weights_and_their_architecture() -> None:
    choices = nn.ModuleList([nn.Linear(4, 3), nn.Sequential(nn.Linear(4, 3), nn.Tanh())])
    alpha = nn.Parameter(torch.zeros(2))
    for_weights, for_alpha = optim.SGD(choices.parameters(), lr=0.1), optim.Adam([alpha])
    for _ in range(3):
        for optimizer in (for_alpha, for_weights):
            x, y = batch()
            mixed = sum(weight * choice(x) for weight, choice in zip(alpha.softmax(0), choices))
            step(optimizer, F.cross_entropy(mixed, y))


def triplets_and_pairs() -> None:
    net = mlp(4, 8, 2)
    optimizer = optim.Adam(net.parameters())
    for _ in range(3):
        anchor, near, far = (net(torch.randn(8, 4)) for _ in range(3))
        step(optimizer, F.triplet_margin_loss(anchor, near, far))
        same = torch.randint(0, 2, (8,))
        step(optimizer, F.cosine_embedding_loss(net(torch.randn(8, 4)), net(torch.randn(8, 4)), 2 * same - 1))


def one_representation_against_all_others() -> None:
    net = mlp(4, 8, 2)
    optimizer = optim.Adam(net.parameters())
    for _ in range(3):
        x, y = batch(8)
        z = F.normalize(torch.cat([net(x), net(x + 0.1 * torch.randn(8, 4))]), dim=1)
        scores = (z @ z.T / 0.5).masked_fill(torch.eye(16, dtype=torch.bool), -1e9)
        same = (y.unsqueeze(1) == y).float()
        supervised = -(same * scores[:8, :8].log_softmax(1)).sum(1) / same.sum(1)
        step(optimizer, F.cross_entropy(scores, torch.arange(16).roll(8)) + supervised.mean())


# --- reinforcement learning -------------------------------------------------------------------------------------------


def values_with_a_target_that_follows_slowly() -> None:
    online, target = mlp(4, 8, 3), mlp(4, 8, 3)
    target.load_state_dict(online.state_dict())
    optimizer = optim.Adam(online.parameters())
    for _ in range(3):
        state, after, reward = torch.randn(8, 4), torch.randn(8, 4), torch.rand(8, 1)
        action = torch.randint(0, 3, (8, 1))
        best = online(after).argmax(1, keepdim=True)
        goal = reward + 0.9 * target(after).gather(1, best).detach()
        step(optimizer, F.smooth_l1_loss(online(state).gather(1, action), goal))
        for p, q in zip(target.parameters(), online.parameters()):
            p.data.copy_(0.99 * p.data + 0.01 * q.data)


def a_policy_and_its_value_with_old_probabilities() -> None:
    policy, value = mlp(4, 8, 3), mlp(4, 8, 1)
    optimizer = optim.Adam(params(policy, value))
    for _ in range(2):
        states, returns = torch.randn(16, 4), torch.rand(16)
        with torch.no_grad():
            choices = torch.distributions.Categorical(logits=policy(states))
            actions = choices.sample()
            old = choices.log_prob(actions)
            advantage = returns - value(states).squeeze(1)
        for i in torch.randperm(16).split(8):
            new = torch.distributions.Categorical(logits=policy(states[i]))
            ratio = (new.log_prob(actions[i]) - old[i]).exp()
            gain = torch.min(ratio * advantage[i], ratio.clamp(0.8, 1.2) * advantage[i])
            loss = F.mse_loss(value(states[i]).squeeze(1), returns[i]) - gain.mean() - 0.01 * new.entropy().mean()
            step(optimizer, loss)


def an_actor_two_critics_and_a_temperature() -> None:
    actor, critic = mlp(4, 8, 2), nn.ModuleList([mlp(5, 8, 1), mlp(5, 8, 1)])
    target = copy.deepcopy(critic).requires_grad_(False)
    log_alpha = torch.zeros(1, requires_grad=True)
    for_actor, for_critic = optim.Adam(actor.parameters()), optim.Adam(critic.parameters())
    for_alpha = optim.Adam([log_alpha])

    def act(states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean, log_std = actor(states).chunk(2, -1)
        normal = torch.distributions.Normal(mean, log_std.clamp(-5, 2).exp())
        before = normal.rsample()
        return torch.tanh(before), normal.log_prob(before)

    for _ in range(3):
        states, after, actions, rewards = torch.randn(8, 4), torch.randn(8, 4), torch.rand(8, 1), torch.rand(8, 1)
        with torch.no_grad():
            next_actions, log_prob = act(after)
            worst = torch.min(*(q(torch.cat([after, next_actions], 1)) for q in target))
            goal = rewards + 0.9 * (worst - log_alpha.exp() * log_prob)
        step(for_critic, sum(F.mse_loss(q(torch.cat([states, actions], 1)), goal) for q in critic))
        critic.requires_grad_(False)
        chosen, log_prob = act(states)
        worst = torch.min(*(q(torch.cat([states, chosen], 1)) for q in critic))
        step(for_actor, (log_alpha.exp().detach() * log_prob - worst).mean())
        critic.requires_grad_(True)
        step(for_alpha, -(log_alpha.exp() * (log_prob + 1).detach()).mean())
        with torch.no_grad():
            for p, q in zip(target.parameters(), critic.parameters()):
                p.mul_(0.99).add_(0.01 * q)


# --- gradients in uncommon places -------------------------------------------------------------------------------------


def a_differential_equation_whose_points_belong_to_the_model() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
            self.x = torch.rand(16, 1, requires_grad=True)

        def loss(self) -> torch.Tensor:
            u = self.net(self.x)
            (du,) = torch.autograd.grad(u.sum(), self.x, create_graph=True)
            return ((du + u) ** 2).mean() + (self.net(torch.zeros(1, 1)) - 1).square().mean()

    model = Model()
    optimizer = optim.Adam(model.parameters())
    for _ in range(3):
        step(optimizer, model.loss())


def training_on_attacked_inputs() -> None:
    model = with_dropout()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        x, y = batch()
        model.eval()
        noise = torch.zeros_like(x, requires_grad=True)
        F.cross_entropy(model(x + noise), y).backward()
        model.train()
        step(optimizer, F.cross_entropy(model(x + 0.1 * noise.grad.sign()), y))
        model.eval()
        with torch.no_grad():
            model(x).argmax(1)


def steps_up_and_down() -> None:
    """Sharpness-aware: the gradient is that of weights a little uphill."""
    model = mlp(4, 8, 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        x, y = batch()
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            uphill = [0.05 * p.grad for p in model.parameters()]
            for p, e in zip(model.parameters(), uphill):
                p.add_(e)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        with torch.no_grad():
            for p, e in zip(model.parameters(), uphill):
                p.sub_(e)
        optimizer.step()


def a_picture_that_is_trained() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)).eval().requires_grad_(False)
    content = torch.rand(1, 3, 8, 8)
    features, picture = net(content), content.clone().requires_grad_(True)
    optimizer = optim.Adam([picture], lr=0.1)
    for _ in range(3):
        step(optimizer, F.mse_loss(net(picture), features + 1))
        with torch.no_grad():
            picture.clamp_(0, 1)


def a_codebook() -> None:
    encoder, decoder, book = mlp(4, 8, 2), mlp(2, 8, 4), nn.Embedding(6, 2)
    optimizer = optim.Adam(params(encoder, decoder, book))
    for _ in range(3):
        x, _ = batch()
        z = encoder(x)
        q = book(torch.cdist(z, book.weight).argmin(1))
        commitment = F.mse_loss(q, z.detach()) + 0.25 * F.mse_loss(z, q.detach())
        step(optimizer, F.mse_loss(decoder(z + (q - z).detach()), x) + commitment)


def all_pairs_and_all_quantiles() -> None:
    model = mlp(4, 8, 3)
    optimizer = optim.Adam(model.parameters())
    levels = torch.tensor([0.1, 0.5, 0.9])
    for _ in range(3):
        x, y = batch()
        scores = model(x)
        error = x.sum(1).unsqueeze(1) - scores
        quantiles = torch.max(levels * error, (levels - 1) * error).mean()
        difference, better = scores[:, 0, None] - scores[None, :, 0], (y[:, None] > y[None, :]).float()
        step(optimizer, quantiles + (F.softplus(-difference) * better).mean())


def switches_of_ones_own() -> None:
    class Block(nn.Module):
        trainable = True

        def __init__(self, requires_grad: bool) -> None:
            super().__init__()
            self.requires_grad = requires_grad
            self.layer = nn.Linear(4, 3).requires_grad_(requires_grad)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x) if self.trainable else x

    class Momentum(optim.SGD):
        def __init__(self, params: Any) -> None:
            super().__init__(params, lr=0.1)
            self.lr = 0.1

    block = Block(True)
    block.requires_grad = False
    block.trainable = False
    assert Momentum(block.parameters()).lr == 0.1
