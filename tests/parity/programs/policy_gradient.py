"""REINFORCE and a Q-network in a corridor, with distributions, target networks and soft updates."""

import copy
import random
from collections import deque, namedtuple

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Bernoulli, Categorical, Uniform

torch.manual_seed(543)
random.seed(543)
N = 6


class Corridor:
    def reset(self):
        self.at, self.t = 2, 0
        return self.state()

    def state(self):
        return F.one_hot(torch.tensor(self.at), N).float()

    def step(self, action):
        self.at = max(0, min(N - 1, self.at + (1 if action == 1 else -1)))
        self.t += 1
        done = self.at == N - 1 or self.t >= 20
        return self.state(), 1.0 if self.at == N - 1 else -0.05, done


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.affine1 = nn.Linear(N, 16)
        self.action_head, self.value_head = nn.Linear(16, 2), nn.Linear(16, 1)

    def forward(self, x):
        x = F.relu(self.affine1(x))
        return F.softmax(self.action_head(x), dim=-1), self.value_head(x)


env, model = Corridor(), Policy()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-2)
SavedAction = namedtuple("SavedAction", ["log_prob", "value", "entropy"])
for episode in range(12):
    state, saved, rewards, done = env.reset(), [], [], False
    while not done:
        probs, value = model(state)
        m = Categorical(probs)
        action = m.sample()
        saved.append(SavedAction(m.log_prob(action), value, m.entropy()))
        state, reward, done = env.step(action.item())
        rewards.append(reward)
    R, returns = 0, []
    for r in rewards[::-1]:
        R = r + 0.95 * R
        returns.insert(0, R)
    returns = torch.tensor(returns)
    returns = (returns - returns.mean()) / (returns.std(unbiased=False) + torch.finfo(torch.float32).eps)
    policy_losses, value_losses = [], []
    for (log_prob, value, entropy), R in zip(saved, returns):
        advantage = R - value.item()
        policy_losses.append(-log_prob * advantage - 0.01 * entropy)
        value_losses.append(F.smooth_l1_loss(value, torch.tensor([R])))
    optimizer.zero_grad()
    loss = torch.stack(policy_losses).sum() + torch.stack(value_losses).sum()
    loss.backward()
    optimizer.step()
    if episode % 3 == 0:
        print(f"episode {episode}\tsteps {len(rewards)}\treturn {sum(rewards):.2f}\tloss {loss.item():.4f}")

Transition = namedtuple("Transition", ("state", "action", "next_state", "reward"))
memory = deque([], maxlen=200)
policy_net = nn.Sequential(nn.Linear(N, 24), nn.SiLU(), nn.Linear(24, 2))
target_net = copy.deepcopy(policy_net)
target_net.load_state_dict(policy_net.state_dict())
optimizer = torch.optim.AdamW(policy_net.parameters(), lr=1e-2, amsgrad=True)
TAU, GAMMA = 0.05, 0.9
for episode in range(6):
    state, done = env.reset().unsqueeze(0), False
    losses = []
    while not done:
        if random.random() > 0.3:
            with torch.no_grad():
                action = policy_net(state).max(1).indices.view(1, 1)
        else:
            action = torch.tensor([[random.randrange(2)]], dtype=torch.long)
        observation, reward, done = env.step(action.item())
        next_state = None if done else observation.unsqueeze(0)
        memory.append(Transition(state, action, next_state, torch.tensor([reward])))
        state = next_state
        if len(memory) < 16:
            continue
        batch = Transition(*zip(*random.sample(memory, 16)))
        mask = torch.tensor(tuple(map(lambda s: s is not None, batch.next_state)), dtype=torch.bool)
        non_final = torch.cat([s for s in batch.next_state if s is not None])
        q = policy_net(torch.cat(batch.state)).gather(1, torch.cat(batch.action))
        next_values = torch.zeros(16)
        with torch.no_grad():
            next_values[mask] = target_net(non_final).max(1).values
        expected = next_values * GAMMA + torch.cat(batch.reward)
        loss = nn.SmoothL1Loss()(q, expected.unsqueeze(1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_value_(policy_net.parameters(), 100)
        optimizer.step()
        losses.append(loss.detach())
        weights = target_net.state_dict()
        for key, value in policy_net.state_dict().items():
            weights[key] = value * TAU + weights[key] * (1 - TAU)
        target_net.load_state_dict(weights)
    if losses:
        print(f"{episode}: {len(losses)} steps, loss {torch.stack(losses).mean():.5f}")
print(policy_net(torch.eye(N)).argmax(1), target_net(torch.eye(N)).std(dim=0))
print(Bernoulli(torch.tensor([0.3, 0.9])).sample((3,)), Bernoulli(logits=torch.tensor(0.5)).entropy())
print(Uniform(0.0, 2.0).sample((2,)), Uniform(0.0, 2.0).log_prob(torch.tensor(1.0)), m.probs.detach())
