"""Weights as distributions, a mixture density network, and Hamiltonian Monte Carlo."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Categorical, Independent, MixtureSameFamily, MultivariateNormal, Normal, kl_divergence

torch.manual_seed(0)


class BayesLinear(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.mu = nn.Parameter(torch.Tensor(outputs, inputs).uniform_(-0.2, 0.2))
        self.rho = nn.Parameter(torch.Tensor(outputs, inputs).uniform_(-5, -4))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        posterior = Normal(self.mu, F.softplus(self.rho))
        self.kl = kl_divergence(posterior, Normal(0.0, 1.0)).sum()
        return F.linear(x, posterior.rsample(), self.bias)


X = torch.linspace(-1, 1, 30)[:, None]
Y = X.pow(3) - X + 0.1 * torch.randn(30, 1)
net = nn.Sequential(BayesLinear(1, 10), nn.Tanh(), BayesLinear(10, 1))
optimizer = torch.optim.Adam(net.parameters(), 1e-2)
for step in range(40):
    nll = -Normal(net(X), 0.1).log_prob(Y).sum()
    kl = sum(m.kl for m in net.modules() if hasattr(m, "kl"))
    loss = (nll + kl) / 30
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        print(step, f"{loss.item():.4f} {nll.item():.4f} {kl.item():.4f}")
with torch.no_grad():
    draws = torch.stack([net(X) for _ in range(20)])
    print(draws.mean(0)[:3].T, draws.std(0)[:3].squeeze(), net[0].mu.numpy().shape)

# a mixture density network
inputs = torch.rand(100, 1) * 2 - 1
targets = torch.where(torch.rand(100) < 0.5, inputs[:, 0] ** 2, -inputs[:, 0]) + 0.05 * torch.randn(100)
net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 6))
optimizer = torch.optim.Adam(net.parameters(), 1e-2)


def predicted(x):
    logits, loc, scale = net(x).chunk(3, dim=-1)
    return MixtureSameFamily(Categorical(logits=logits), Normal(loc, scale.exp()))


for step in range(40):
    loss = -predicted(inputs).log_prob(targets).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        print(step, loss)
mixture = predicted(inputs[:3])
print(mixture, mixture.mean, mixture.variance, mixture.sample((2,)))

# a policy for two continuous actions, and how far an update takes it
old = Independent(Normal(torch.zeros(4, 2), torch.ones(2)), 1)
shift = torch.full((4, 2), 0.1, requires_grad=True)
new = Independent(Normal(shift, torch.tensor([1.0, 0.8])), 1)
actions = old.sample()
ratio = (new.log_prob(actions) - old.log_prob(actions)).exp()
(ratio.mean() - kl_divergence(old, new).mean()).backward()
print(new, ratio, kl_divergence(old, new), new.entropy(), shift.grad)
full = MultivariateNormal(torch.zeros(2), torch.diag(torch.full((2,), 0.5)))
print(full, full.log_prob(actions), kl_divergence(full, MultivariateNormal(torch.ones(2), torch.eye(2))))


# Hamiltonian Monte Carlo
def energy(q):
    return 0.5 * q @ torch.tensor([[2.0, 0.8], [0.8, 1.0]]) @ q + 0.1 * q.pow(4).sum()


def slope(q):
    q = q.detach().requires_grad_()
    return torch.autograd.grad(energy(q), q)[0]


q, samples, accepted = torch.zeros(2), [], 0
for step in range(60):
    start, momentum = q.clone(), torch.randn(2)
    before = energy(q) + momentum.pow(2).sum() / 2
    momentum = momentum - 0.1 * slope(q)
    for leap in range(8):
        q = q + 0.2 * momentum
        momentum = momentum - (0.2 if leap < 7 else 0.1) * slope(q)
    after = energy(q) + momentum.pow(2).sum() / 2
    if torch.rand(()).log() < before - after:
        accepted += 1
    else:
        q = start
    samples.append(q)
samples = torch.stack(samples)
print(accepted, samples.mean(0), torch.cov(samples.T), samples[-2:], math.isfinite(before))
