"""Second order: curves fitted by L-BFGS, Hessian products, an equation solved by a network, and learning to learn."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd.functional import hessian, hvp, vhp
from torch.func import functional_call

torch.manual_seed(0)

# a curve
x = torch.linspace(0, 1, 40).double()
y = 2.5 * torch.exp(-3 * x) + 0.5 + 0.01 * torch.randn(40)
p = torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.LBFGS([p], lr=0.5, max_iter=20, history_size=10, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = ((p[0] * torch.exp(-p[1] * x) + p[2] - y) ** 2).mean()
    loss.backward()
    return loss


for step in range(3):
    print(step, optimizer.step(closure).item(), p.data)
print(optimizer)

# the temperature of a classifier
logits, labels = 4 * torch.randn(60, 3), torch.randint(3, (60,))
temperature = nn.Parameter(torch.ones(1))
optimizer = torch.optim.LBFGS([temperature], lr=0.1, max_iter=20)


def evaluate():
    optimizer.zero_grad()
    loss = F.cross_entropy(logits / temperature, labels)
    loss.backward()
    return loss


print(optimizer.step(evaluate), F.cross_entropy(logits / temperature, labels), temperature)

# u'' = -u with u(0) = 0 and u'(0) = 1, by a network
net = nn.Sequential(nn.Linear(1, 12), nn.Tanh(), nn.Linear(12, 1)).double()
t = torch.linspace(0, 2, 20, dtype=torch.float64).view(-1, 1).requires_grad_()
optimizer = torch.optim.LBFGS(net.parameters(), max_iter=15, line_search_fn="strong_wolfe")


def residual():
    optimizer.zero_grad()
    u = t + t**2 * net(t)
    (du,) = torch.autograd.grad(u.sum(), t, create_graph=True)
    (ddu,) = torch.autograd.grad(du.sum(), t, create_graph=True)
    loss = (ddu + u).pow(2).mean()
    loss.backward()
    return loss


for step in range(2):
    print(step, f"{optimizer.step(residual).item():.4e}")
with torch.no_grad():
    print(f"{((t + t**2 * net(t)) - t.sin()).abs().max():.3f}")


# products with the Hessian, and Newton's method
def rosenbrock(x):
    return (10 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


x, v = torch.tensor([-1.2, 1.0, 0.5]), torch.tensor([1.0, 0.0, -1.0])
print(hvp(rosenbrock, x, v), vhp(rosenbrock, x, v), hessian(rosenbrock, x) @ v)
for step in range(6):
    x = x.detach().requires_grad_()
    (g,) = torch.autograd.grad(rosenbrock(x), x)
    x = x - torch.linalg.solve(hessian(rosenbrock, x.detach()), g)
    print(step, x)
largest, v = None, F.normalize(torch.randn(3), dim=0)
for _ in range(30):
    w = hvp(rosenbrock, torch.ones(3), v)[1]
    largest, v = v @ w, w / w.norm()
print(largest, torch.linalg.eigvalsh(hessian(rosenbrock, torch.ones(3)))[-1])

# learning to learn: one step of gradient descent inside, the outer loss through it
model = nn.Sequential(nn.Linear(1, 16), nn.ReLU(), nn.Linear(16, 1))
outer = torch.optim.Adam(model.parameters(), lr=1e-2)
for step in range(6):
    total = 0.0
    for task in range(3):
        amplitude, phase = 0.5 + 4 * torch.rand(()), math.pi * torch.rand(())
        inputs = 10 * torch.rand(20, 1) - 5
        outputs = amplitude * torch.sin(inputs + phase)
        weights = dict(model.named_parameters())
        loss = F.mse_loss(functional_call(model, weights, (inputs[:10],)), outputs[:10])
        grads = torch.autograd.grad(loss, list(weights.values()), create_graph=True)
        fast = {name: w - 0.01 * g for (name, w), g in zip(weights.items(), grads)}
        total = total + F.mse_loss(functional_call(model, fast, (inputs[10:],)), outputs[10:])
    outer.zero_grad()
    total.backward()
    outer.step()
    print(step, total / 3)
