"""Fitting polynomials of too few and too many terms, with weight decay and dropout; then the algebra below it."""

import numpy as np
import torch
from torch import nn

torch.manual_seed(0)


class Accumulator:
    def __init__(self, n):
        self.data = [0.0] * n

    def add(self, *args):
        self.data = [a + float(b) for a, b in zip(self.data, args)]


n_train, max_degree = 40, 12
poly_w = np.zeros(max_degree)
poly_w[0:4] = np.array([5, 1.2, -3.4, 5.6])
rng = np.random.default_rng(0)
x = rng.normal(size=(n_train * 2, 1))
poly = np.power(x, np.arange(max_degree).reshape(1, -1))
for i in range(max_degree):
    poly[:, i] /= np.prod(np.arange(1, i + 1))
target = poly @ poly_w + rng.normal(scale=0.1, size=len(x))
poly_w, x, poly, target = (torch.tensor(v, dtype=torch.float32) for v in (poly_w, x, poly, target))


def fit(degree, wd, drop=0.0, steps=100):
    net = nn.Sequential(nn.Linear(degree, 8, bias=False), nn.Dropout(drop), nn.Linear(8, 1, bias=False))
    for p in net.parameters():
        p.data.normal_(std=0.3)
    trainer = torch.optim.SGD(
        [{"params": net[0].weight, "weight_decay": wd}, {"params": net[2].parameters()}], lr=0.02, momentum=0.5
    )
    metric = Accumulator(2)
    for _ in range(steps):
        y = target[:n_train].reshape(-1, 1)
        l = ((net(poly[:n_train, :degree]) - y) ** 2 / 2).mean()
        trainer.zero_grad()
        l.backward()
        trainer.step()
        metric.add(l, 1)
    net.eval()
    test = nn.functional.mse_loss(net(poly[n_train:, :degree]), target[n_train:].reshape(-1, 1))
    print(f"degree {degree}, decay {wd}: mean {metric.data[0] / metric.data[1]:.4f}, test {test.item():.4f}, "
          f"norm {torch.norm(net[0].weight).item():.4f}")  # fmt: skip


fit(4, 0.0)
fit(2, 0.0)
fit(12, 0.1, drop=0.5)

A = torch.arange(20, dtype=torch.float32).reshape(5, 4)
B = A.clone()
print(A + B, A * B, A.sum(axis=0), A.mean(), A.sum() / A.numel(), A.cumsum(axis=0), sep="\n")
u = torch.tensor([3.0, -4.0])
print(torch.norm(u), torch.abs(u).sum(), torch.dot(u, u), torch.mv(A, torch.ones(4)), torch.mm(A, B.T)[0])
x = torch.arange(4.0, requires_grad=True)
y = x * x
u = y.detach()
(u * x).sum().backward()
print(x.grad == u)


def f(a):
    b = a * 2
    while b.norm() < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b


a = torch.randn(size=(), requires_grad=True)
d = f(a)
d.backward()
print(a.grad == d / a, a.grad)
