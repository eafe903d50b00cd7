"""Densities and experts: coupling layers, weights that are distributions, and a mixture of experts."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import Normal

torch.manual_seed(0)


class Coupling(nn.Module):
    """Half of the coordinates scale and shift the others: invertible, with a triangular Jacobian."""

    def __init__(self, mask, hidden=8):
        super().__init__()
        self.register_buffer("mask", mask)
        self.scale = nn.Sequential(nn.Linear(2, hidden), nn.LeakyReLU(), nn.Linear(hidden, 2), nn.Tanh())
        self.shift = nn.Sequential(nn.Linear(2, hidden), nn.LeakyReLU(), nn.Linear(hidden, 2))

    def parts(self, x):
        kept = x * self.mask
        return kept, self.scale(kept) * (1 - self.mask), self.shift(kept) * (1 - self.mask)

    def forward(self, x):
        kept, s, t = self.parts(x)
        return kept + (1 - self.mask) * (x * s.exp() + t), s.sum(-1)

    def inverse(self, y):
        kept, s, t = self.parts(y)
        return kept + (1 - self.mask) * (y - t) * (-s).exp()


data = torch.randn(128, 2) @ torch.tensor([[1.0, 0.5], [0.0, 0.3]]) + torch.tensor([1.0, -1.0])
flow = nn.ModuleList([Coupling(torch.tensor([i % 2, 1 - i % 2]).float()) for i in range(4)])
base = Normal(torch.zeros(2), torch.ones(2))
optimizer = torch.optim.Adam(flow.parameters(), lr=5e-3)
print(flow[0], list(flow[0].state_dict())[:3])
for epoch in range(30):
    z, log_det = data, 0.0
    for layer in flow:
        z, ld = layer(z)
        log_det = log_det + ld
    loss = -(base.log_prob(z).sum(-1) + log_det).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        print(f"flow {epoch:2d}  {loss.item():.4f}")
with torch.no_grad():
    back = z
    for layer in reversed(flow):
        back = layer.inverse(back)
    print(torch.allclose(back, data, atol=1e-4), z.mean(0), z.std(0))
jacobian = torch.autograd.functional.jacobian(lambda v: flow[0](v)[0], data[0])
print(jacobian, torch.linalg.det(jacobian).log() - flow[0](data[0])[1])


class BayesLinear(nn.Module):
    """A weight drawn anew in each pass, from a distribution that is learned."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.mu = nn.Parameter(torch.empty(n_out, n_in).normal_(0, 0.1))
        self.rho = nn.Parameter(torch.full((n_out, n_in), -3.0))

    def forward(self, x):
        q = Normal(self.mu, F.softplus(self.rho))
        w = q.rsample()
        self.kl = (q.log_prob(w) - Normal(0.0, 1.0).log_prob(w)).sum()
        return F.linear(x, w)


bayes = BayesLinear(2, 1)
optimizer = torch.optim.Adam(bayes.parameters(), lr=0.05)
target = data @ torch.tensor([[1.0], [-2.0]])
for step in range(20):
    loss = F.mse_loss(bayes(data), target) + bayes.kl / 1280
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
with torch.no_grad():
    draws = torch.stack([bayes(data[:2]) for _ in range(50)])
print(f"bayes {loss.item():.4f}", bayes.mu.data, draws.mean(0).squeeze(), draws.std(0).squeeze())

class MixtureOfExperts(nn.Module):
    def __init__(self, d, experts=4, k=2):
        super().__init__()
        self.gate, self.k = nn.Linear(d, experts, bias=False), k
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(d, 2 * d), nn.SiLU(), nn.Linear(2 * d, d)) for _ in range(experts)
        )

    def forward(self, x):
        probs = F.softmax(self.gate(x), dim=-1)
        weights, chosen = torch.topk(probs, self.k)
        weights = weights / weights.sum(-1, keepdim=True)
        mask = F.one_hot(chosen, len(self.experts)).permute(2, 1, 0)
        out = torch.zeros_like(x)
        for e, expert in enumerate(self.experts):
            slot, token = torch.where(mask[e])
            if token.numel() > 0:
                out.index_add_(0, token, expert(x[token]) * weights[token, slot, None])
        load = mask.sum((1, 2)) / mask.sum()
        return out, load, len(self.experts) * (load * probs.mean(0)).sum()


moe = MixtureOfExperts(4)
x = torch.randn(48, 4)
y = torch.where(x[:, :1] > 0, x.roll(1, 1), -x)
optimizer = torch.optim.AdamW(moe.parameters(), lr=1e-2)
for step in range(30):
    out, load, balance = moe(x)
    loss = F.mse_loss(out, y) + 0.01 * balance
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        print(f"experts {step:2d}  {loss.item():.4f}", load)
print([round(p.grad.norm().item(), 4) for p in moe.experts[0].parameters()], out[0])
