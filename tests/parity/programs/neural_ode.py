"""Differential equations: a vector field learned through a solver, and a solution found by its derivatives alone."""

import math

import torch
import torch.nn as nn

torch.manual_seed(0)


def euler(f, t, y, dt):
    return y + dt * f(t, y)


def rk4(f, t, y, dt):
    k1 = f(t, y)
    k2 = f(t + dt / 2, y + dt / 2 * k1)
    k3 = f(t + dt / 2, y + dt / 2 * k2)
    k4 = f(t + dt, y + dt * k3)
    return y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def odeint(f, y0, ts, step=rk4):
    ys = [y0]
    for t0, t1 in zip(ts[:-1], ts[1:]):
        ys.append(step(f, t0, ys[-1], t1 - t0))
    return torch.stack(ys)


# how the error falls with the step
for n in (5, 10, 20):
    ts = torch.linspace(0.0, 1.0, n + 1, dtype=torch.float64)
    one = torch.ones((), dtype=torch.float64)
    errors = [(odeint(lambda t, y: -y, one, ts, step)[-1] - math.exp(-1)).abs().item() for step in (euler, rk4)]
    print(f"{n:3d} steps  euler {errors[0]:.3e}  rk4 {errors[1]:.3e}")

# a spiral, and a field that is fitted to pieces of it
A = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])
ts = torch.linspace(0.0, 5.0, 51)
with torch.no_grad():
    spiral = odeint(lambda t, y: y**3 @ A, torch.tensor([[2.0, 0.0]]), ts)
print(spiral[::10, 0])


class Field(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 2))
        for m in self.net.modules():
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, mean=0, std=0.1)
                nn.init.constant_(m.bias, val=0)

    def forward(self, t, y):
        return self.net(y**3)


field = Field()
optimizer = torch.optim.RMSprop(field.parameters(), lr=1e-2)
for it in range(1, 41):
    starts = torch.randint(0, len(ts) - 6, (8,))
    truth = torch.stack([spiral[starts + i, 0] for i in range(6)])
    optimizer.zero_grad()
    loss = (odeint(field, truth[0], ts[:6]) - truth).abs().mean()
    loss.backward()
    optimizer.step()
    if it % 10 == 0:
        with torch.no_grad():
            whole = (odeint(field, spiral[0], ts) - spiral).abs().mean()
        print(f"Iter {it:04d} | Loss {loss.item():.5f} | Total {whole.item():.4f}")

# an energy whose derivatives are the motion
H = nn.Sequential(nn.Linear(2, 16), nn.Softplus(), nn.Linear(16, 1))
state = torch.randn(6, 2, requires_grad=True)
(dH,) = torch.autograd.grad(H(state).sum(), state, create_graph=True)
motion = torch.stack([dH[:, 1], -dH[:, 0]], dim=1)
(motion - torch.stack([state[:, 1], -state[:, 0]], 1).detach()).pow(2).mean().backward()
print(motion[0], H[0].weight.grad.norm(), (motion * dH).sum(1).abs().max() < 1e-6)

# u'' = -u with u(0) = 0 and u'(0) = 1, from the residual alone
u = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(u.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.99)
zero = torch.zeros(1, 1, requires_grad=True)


def derivative(y, x):
    return torch.autograd.grad(y, x, grad_outputs=torch.ones_like(y), create_graph=True)[0]


for it in range(1, 61):
    t = (3 * torch.rand(32, 1)).requires_grad_()
    y = u(t)
    residual = derivative(derivative(y, t), t) + y
    start = u(zero)
    loss = residual.pow(2).mean() + start.pow(2).sum() + (derivative(start, zero) - 1).pow(2).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if it % 20 == 0:
        print(f"{it:3d}  {loss.item():.4f}  lr {scheduler.get_last_lr()[0]:.6f}")
with torch.no_grad():
    t = torch.linspace(0, 3, 4)[:, None]
    print(torch.cat([t, u(t), t.sin()], dim=1))
