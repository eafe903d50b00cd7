"""Decompositions at work: kernels and their hyperparameters, principal components, whitening, and mixtures."""

import math

import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
torch.set_printoptions(precision=5, sci_mode=False)


# a Gaussian process, its kernel learned through the Cholesky factor
def rbf(a, b, lengthscale, variance):
    return variance * torch.exp(-0.5 * torch.cdist(a / lengthscale, b / lengthscale) ** 2)


X = torch.linspace(-3, 3, 15).unsqueeze(-1)
y = X.sin().squeeze() + 0.1 * torch.randn(15)
raw = torch.zeros(3, requires_grad=True)
optimizer = torch.optim.Adam([raw], lr=0.1)
for step in range(20):
    lengthscale, variance, noise = torch.exp(raw)
    K = rbf(X, X, lengthscale, variance) + 0.01 * noise * torch.eye(15)
    L = torch.linalg.cholesky(K)
    alpha = torch.cholesky_solve(y.unsqueeze(1), L)
    nll = 0.5 * (y @ alpha).squeeze() + L.diagonal().log().sum() + 7.5 * math.log(2 * math.pi)
    optimizer.zero_grad()
    nll.backward()
    optimizer.step()
    if step % 5 == 0:
        print(step, nll, raw.data, raw.grad)
new = torch.tensor([[-1.5], [0.0], [4.0]])
lengthscale, variance, noise = raw.exp().detach()
L = torch.linalg.cholesky(rbf(X, X, lengthscale, variance) + 0.01 * noise * torch.eye(15))
k = rbf(X, new, lengthscale, variance)
mean = k.t() @ torch.cholesky_solve(y[:, None], L)
v = torch.linalg.solve_triangular(L, k, upper=False)
cov = rbf(new, new, lengthscale, variance) - v.t() @ v
print(mean.squeeze(), cov.diag())
f = torch.distributions.MultivariateNormal(mean.squeeze(1), cov + 1e-6 * torch.eye(3))
print(f.sample(), f.log_prob(torch.zeros(3)), f.entropy())

# linear models: normal equations, pseudoinverse, QR
A = torch.randn(20, 4)
b = A @ torch.tensor([1.0, -2.0, 0.5, 3.0]) + 0.01 * torch.randn(20)
Q, R = torch.linalg.qr(A)
for w in (torch.linalg.solve(A.T @ A, A.T @ b), torch.linalg.pinv(A) @ b, torch.linalg.solve(R, Q.T @ b)):
    print(w)
print(torch.logdet(A.T @ A), torch.linalg.slogdet(-R[:3, :3]).sign.abs(), torch.inverse(A.T @ A)[0])

# principal components, three ways
centers = torch.tensor([[0.0, 0, 0], [2, 2, 0], [-2, 1, 1]])
points = torch.cat([0.3 * torch.randn(30, 3) + c for c in centers])
centered = points - points.mean(dim=0, keepdim=True)
U, S, Vh = torch.linalg.svd(centered, full_matrices=False)
values, vectors = torch.linalg.eigh(torch.cov(points.T))
print(S**2 / 89, values.flip(0), torch.linalg.svdvals(centered))
print((U * S @ Vh - centered).abs().max() < 1e-12, (vectors.flip(1).T * Vh).sum(1).abs())
whitened = centered @ vectors / values.sqrt()
print(whitened.T.cov().round(decimals=6))
low_rank = U[:, :2] @ S[:2].diag() @ Vh[:2]
print((centered - low_rank).pow(2).sum(), S[2] ** 2, torch.linalg.matrix_norm(centered, "nuc"))

# a mixture of Gaussians by expectation maximization
weights, mu, sigma = torch.full((3,), 1 / 3), centers + 0.3, torch.eye(3).repeat(3, 1, 1)
for step in range(5):
    diff = points[:, None] - mu
    distance = torch.einsum("nki,kij,nkj->nk", diff, torch.linalg.inv(sigma), diff)
    log_p = weights.log() - 0.5 * (distance + torch.logdet(sigma) + 3 * math.log(2 * math.pi))
    log_likelihood = log_p.logsumexp(1, keepdim=True)
    r = (log_p - log_likelihood).exp()
    n = r.sum(0)
    weights, mu = n / 90, r.T @ points / n[:, None]
    diff = points[:, None] - mu
    sigma = torch.einsum("nk,nki,nkj->kij", r, diff, diff) / n[:, None, None] + 1e-4 * torch.eye(3)
    print(step, log_likelihood.mean().item())
print(weights, mu)

# gradients through eigenvalues and singular values
M = torch.randn(4, 4, requires_grad=True)
torch.linalg.eigvalsh(M @ M.T)[-1].backward()
print(M.grad.norm(), M.grad[0])
M.grad = None
(torch.linalg.svd(M).U[:, 0] ** 2 @ torch.arange(4.0)).backward()
print(M.grad)
