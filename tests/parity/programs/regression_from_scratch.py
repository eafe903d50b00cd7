"""Linear and softmax regression from scratch, then concisely; weight decay, dropout and polynomial fitting."""

import random

import numpy as np
import torch
from torch import nn
from torch.utils import data

torch.manual_seed(3)
random.seed(3)


def synthetic_data(w, b, num_examples):
    X = torch.normal(0, 1, (num_examples, len(w)))
    y = torch.matmul(X, w) + b
    y += torch.normal(0, 0.01, y.shape)
    return X, y.reshape((-1, 1))


true_w, true_b = torch.tensor([2, -3.4]), 4.2
features, labels = synthetic_data(true_w, true_b, 200)
print("features:", features[0], "\nlabel:", labels[0])


def data_iter(batch_size, features, labels):
    num_examples = len(features)
    indices = list(range(num_examples))
    random.shuffle(indices)
    for i in range(0, num_examples, batch_size):
        batch_indices = torch.tensor(indices[i : min(i + batch_size, num_examples)])
        yield features[batch_indices], labels[batch_indices]


w = torch.normal(0, 0.01, size=(2, 1), requires_grad=True)
b = torch.zeros(1, requires_grad=True)


def linreg(X, w, b):
    return torch.matmul(X, w) + b


def squared_loss(y_hat, y):
    return (y_hat - y.reshape(y_hat.shape)) ** 2 / 2


def sgd(params, lr, batch_size):
    with torch.no_grad():
        for param in params:
            param -= lr * param.grad / batch_size
            param.grad.zero_()


for epoch in range(3):
    for X, y in data_iter(10, features, labels):
        l = squared_loss(linreg(X, w, b), y)
        l.sum().backward()
        sgd([w, b], 0.03, 10)
    with torch.no_grad():
        train_l = squared_loss(linreg(features, w, b), labels)
        print(f"epoch {epoch + 1}, loss {float(train_l.mean()):f}")
print(f"error in estimating w: {true_w - w.reshape(true_w.shape)}")
print(f"error in estimating b: {true_b - b}")

loader = data.DataLoader(data.TensorDataset(features, labels), 10, shuffle=True)
net = nn.Sequential(nn.Linear(2, 1))
net[0].weight.data.normal_(0, 0.01)
net[0].bias.data.fill_(0)
loss = nn.MSELoss()
trainer = torch.optim.SGD(net.parameters(), lr=0.03)
for epoch in range(3):
    for X, y in loader:
        l = loss(net(X), y)
        trainer.zero_grad()
        l.backward()
        trainer.step()
    print(f"epoch {epoch + 1}, loss {loss(net(features), labels):f}")
print(net[0].weight.data, net[0].bias.data)


def softmax(X):
    X_exp = torch.exp(X)
    return X_exp / X_exp.sum(1, keepdim=True)


X = torch.normal(0, 1, (2, 5))
X_prob = softmax(X)
print(X_prob, X_prob.sum(1))
y = torch.tensor([0, 2])
y_hat = torch.tensor([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]])
print(y_hat[[0, 1], y], -torch.log(y_hat[range(len(y_hat)), y]))
cmp = y_hat.argmax(axis=1).type(y.dtype) == y
print(float(cmp.type(y.dtype).sum()) / len(y))


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
