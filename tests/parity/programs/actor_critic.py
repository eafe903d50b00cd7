"""Actor and critic on a balanced pole of one's own: returns in a deque, advantages, clipped ratios, a replay buffer."""

import math
from collections import deque

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Categorical, Normal

np.random.seed(0)
torch.manual_seed(0)


class Pole:
    def reset(self):
        self.s, self.t = np.random.uniform(-0.05, 0.05, size=4), 0
        return self.s.astype(np.float32)

    def step(self, action):
        x, v, angle, turn = self.s
        push = 10.0 if action == 1 else -10.0
        sin, cos = math.sin(angle), math.cos(angle)
        common = (push + 0.05 * turn**2 * sin) / 1.1
        bend = (9.8 * sin - cos * common) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
        rates = np.array([v, common - 0.05 * bend * cos / 1.1, turn, bend])
        self.s, self.t = self.s + 0.02 * rates, self.t + 1
        done = bool(abs(self.s[0]) > 2.4 or abs(self.s[2]) > 0.21 or self.t >= 60)
        return self.s.astype(np.float32), 1.0, done


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 16)
        self.actor, self.critic = nn.Linear(16, 2), nn.Linear(16, 1)

    def forward(self, x):
        h = torch.tanh(self.body(x))
        return Categorical(logits=self.actor(h)), self.critic(h).squeeze(-1)


env, model = Pole(), ActorCritic()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

# returns of whole episodes, newest first, with the critic as baseline
for episode in range(6):
    state, done, log_probs, values, rewards = env.reset(), False, [], [], []
    while not done:
        policy, value = model(torch.from_numpy(state))
        action = policy.sample()
        state, reward, done = env.step(action.item())
        log_probs.append(policy.log_prob(action))
        values.append(value)
        rewards.append(reward)
    returns, R = deque(), 0.0
    for r in rewards[::-1]:
        R = r + 0.99 * R
        returns.appendleft(R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std() + torch.finfo(torch.float32).eps)
    values = torch.stack(values)
    advantage = returns - values.detach()
    loss = -(torch.stack(log_probs) * advantage).sum() + F.smooth_l1_loss(values, returns, reduction="sum")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"Episode {episode}\tlength {len(rewards):2d}\tloss {loss.item():.4f}")


def advantages(rewards, values, dones, last, gamma=0.99, lam=0.95):
    out, running = torch.zeros(len(rewards)), 0.0
    for t in reversed(range(len(rewards))):
        after = last if t == len(rewards) - 1 else values[t + 1]
        delta = rewards[t] + gamma * after * (1 - dones[t]) - values[t]
        running = delta + gamma * lam * (1 - dones[t]) * running
        out[t] = running
    return out


# a clipped ratio, several epochs over each batch
state = env.reset()
for it in range(3):
    steps, lengths = [], []
    for _ in range(64):
        with torch.no_grad():
            policy, value = model(torch.from_numpy(state))
            action = policy.sample()
        before = torch.as_tensor(state)
        state, reward, done = env.step(action.item())
        steps.append((before, action, policy.log_prob(action), value, reward, float(done)))
        if done:
            lengths.append(env.t)
            state = env.reset()
    S, A, L, V, R, D = zip(*steps)
    S, A, L, V, R, D = *map(torch.stack, (S, A, L, V)), torch.tensor(R), torch.tensor(D)
    with torch.no_grad():
        adv = advantages(R, V, D, model(torch.from_numpy(state))[1])
    targets, adv = adv + V, (adv - adv.mean()) / (adv.std() + 1e-8)
    for _ in range(3):
        for ix in torch.randperm(64).split(32):
            policy, value = model(S[ix])
            ratio = (policy.log_prob(A[ix]) - L[ix]).exp()
            surrogate = torch.min(ratio * adv[ix], ratio.clamp(0.8, 1.2) * adv[ix]).mean()
            loss = -surrogate + 0.5 * F.mse_loss(value, targets[ix]) - 0.01 * policy.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            norm = nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            optimizer.step()
    print(f"iter {it}  loss {loss.item():.4f}  norm {norm:.4f}  ratio {ratio.mean():.4f}", np.mean(lengths).round(2))

# a continuous action, squashed
mean, log_std = nn.Linear(4, 1), nn.Parameter(torch.zeros(1))
gauss = Normal(mean(S[:5]), log_std.exp())
raw = gauss.rsample()
log_prob = (gauss.log_prob(raw) - torch.log(1 - raw.tanh().pow(2) + 1e-6)).sum(-1)
(log_prob - raw.tanh().squeeze(-1)).mean().backward()
print(gauss, raw.tanh().squeeze(-1), log_std.grad, mean.weight.grad)
