"""Linear algebra: least squares, a Gaussian process and its hyperparameters, a Kalman filter, power iteration."""

import math

import torch

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)

# least squares, three ways
X = torch.cat([torch.ones(30, 1), torch.randn(30, 2)], dim=1)
w_true = torch.tensor([[1.0], [-2.0], [0.5]])
y = X @ w_true + 0.1 * torch.randn(30, 1)
normal = torch.linalg.solve(X.T @ X, X.T @ y)
inverse = torch.linalg.inv(X.mT @ X) @ X.mT @ y
w = torch.zeros(3, 1)
for _ in range(500):
    w -= 0.02 * X.T @ (X @ w - y) / 3
print(normal.T, torch.allclose(normal, inverse), torch.allclose(normal, w, atol=1e-5))
print(torch.linalg.norm(X @ normal - y))

# a ridge, and how it shrinks
for strength in (0.0, 1.0, 100.0):
    w = torch.linalg.solve(X.T @ X + strength * torch.eye(3), X.T @ y)
    print(f"{strength:6.1f}", w.squeeze(), w.norm().item())


def rbf(a, b, length, height):
    return height**2 * torch.exp(-0.5 * torch.cdist(a, b).pow(2) / length**2)


# a Gaussian process: the posterior, given hyperparameters
t = torch.linspace(0, 1, 8)[:, None]
f = torch.sin(2 * math.pi * t).squeeze()
K = rbf(t, t, 0.2, 1.0) + 1e-2 * torch.eye(8)
new = torch.tensor([[0.1], [0.5], [1.4]])
k = rbf(new, t, 0.2, 1.0)
mean = k @ torch.linalg.solve(K, f)
cov = rbf(new, new, 0.2, 1.0) - k @ torch.linalg.solve(K, k.T)
print(mean, cov.diagonal().clamp(min=0).sqrt())

# the same, with hyperparameters that maximize the evidence
log_theta = torch.tensor([math.log(0.5), 0.0, math.log(0.3)], requires_grad=True)
optimizer = torch.optim.Adam([log_theta], lr=0.1)
for step in range(1, 41):
    length, height, noise = log_theta.exp()
    K = rbf(t, t, length, height) + noise**2 * torch.eye(8)
    evidence = -0.5 * f @ torch.linalg.solve(K, f) - 0.5 * torch.log(torch.linalg.det(K)) - 4 * math.log(2 * math.pi)
    optimizer.zero_grad()
    (-evidence).backward()
    optimizer.step()
    if step % 10 == 0:
        print(f"{step:3d}  evidence {evidence.item():.4f}  theta", log_theta.exp().detach())
print(torch.autograd.functional.hessian(lambda v: (v.exp() ** 2).sum() + v.prod(), log_theta.detach()))

# draws from a process, by an expansion in random features
omega, phase = torch.randn(64, 1) / 0.2, 2 * math.pi * torch.rand(64)
features = math.sqrt(2 / 64) * torch.cos(t @ omega.T + phase)
print((features @ features.T)[0, :4], rbf(t, t, 0.2, 1.0)[0, :4], (features @ torch.randn(64, 2))[:2])

# a Kalman filter: position and speed from noisy positions
F, H = torch.tensor([[1.0, 1.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.0]])
Q, R = 0.01 * torch.eye(2), torch.tensor([[0.5]])
state, P = torch.zeros(2, 1), 10 * torch.eye(2)
for z in 0.7 * torch.arange(1.0, 9.0) + 0.3 * torch.randn(8):
    state, P = F @ state, F @ P @ F.T + Q
    S = H @ P @ H.T + R
    gain = P @ H.T @ torch.linalg.inv(S)
    state = state + gain @ (z.view(1, 1) - H @ state)
    P = (torch.eye(2) - gain @ H) @ P
print(state.T, P, torch.equal(P > 0, torch.ones(2, 2).bool()))

# principal components by power iteration with deflation
data = torch.randn(100, 3) @ torch.tensor([[3.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 0.2]])
centred = data - data.mean(0)
C = centred.T @ centred / (len(data) - 1)
total, components = C.trace(), []
for _ in range(2):
    v = torch.ones(3) / math.sqrt(3)
    for _ in range(100):
        v = C @ v
        v = v / v.norm()
    value = v @ C @ v
    components.append(v * torch.sign(v[v.abs().argmax()]))
    C = C - value * torch.outer(v, v)
    print(f"explained {value / total:.4f}", components[-1])
print(torch.einsum("nd,kd->nk", centred, torch.stack(components))[:2], torch.dot(*components).abs() < 1e-6)

# what cannot be solved says so
for bad in (torch.zeros(2, 2), torch.ones(2, 3)):
    try:
        torch.linalg.inv(bad)
    except RuntimeError as error:
        print(isinstance(error, torch.linalg.LinAlgError))
