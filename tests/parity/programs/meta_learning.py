"""Second derivatives: learning to learn a sine in one step, and a gradient penalty."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


def f(x, params):
    for i, (w, b) in enumerate(params):
        x = F.linear(x, w, b)
        x = torch.relu(x) if i < len(params) - 1 else x
    return x


params = [
    (torch.randn(16, 1, requires_grad=True), torch.zeros(16, requires_grad=True)),
    ((torch.randn(1, 16) / 4).requires_grad_(), torch.zeros(1, requires_grad=True)),
]
flat = [t for wb in params for t in wb]
meta = torch.optim.Adam(flat, lr=1e-2)
for it in range(10):
    meta.zero_grad()
    total = 0
    for task in range(4):
        A, ph = 0.1 + 4.9 * torch.rand(1), math.pi * torch.rand(1)
        xs, xq = 10 * torch.rand(10, 1) - 5, 10 * torch.rand(10, 1) - 5
        ys, yq = A * torch.sin(xs + ph), A * torch.sin(xq + ph)
        g = torch.autograd.grad(F.mse_loss(f(xs, params), ys), flat, create_graph=True)
        fast = [t - 0.01 * gg for t, gg in zip(flat, g)]
        fast = list(zip(fast[::2], fast[1::2]))
        total = total + F.mse_loss(f(xq, fast), yq)
    (total / 4).backward()
    meta.step()
    print(it, f"{total.item() / 4:.4f}", f"{flat[0].grad.norm():.4f}")

# a gradient penalty
D = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2, inplace=True), nn.Linear(16, 1))
real, fake = torch.randn(8, 2), torch.rand(8, 2)
eps = torch.rand(8, 1)
xi = (eps * real + (1 - eps) * fake).requires_grad_(True)
d = D(xi)
gr = torch.autograd.grad(outputs=d, inputs=xi, grad_outputs=torch.ones_like(d), create_graph=True)[0]
gp = ((gr.view(8, -1).norm(2, dim=1) - 1) ** 2).mean()
gp.backward()
print(gp, [m.weight.grad.norm() for m in D if isinstance(m, nn.Linear)])

print(F.gumbel_softmax(torch.randn(3, 4), tau=0.5, hard=True))
