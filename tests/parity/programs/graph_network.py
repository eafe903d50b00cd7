"""Networks on graphs: a matrix of neighbours, messages along edges, attention, readout by graph, and PageRank."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)

# two rings of five nodes, joined by one edge; every edge goes both ways
ring = [(i, (i + 1) % 5) for i in range(5)]
pairs = torch.tensor(ring + [(i + 5, j + 5) for i, j in ring] + [(0, 5)])
edge_index = torch.cat([pairs, pairs.flip(1)]).t().contiguous()
labels = torch.arange(10) // 5
N = 10
print(edge_index.shape, edge_index[:, :6])

A = torch.zeros(N, N)
A[edge_index[0], edge_index[1]] = 1
degree = torch.bincount(edge_index[1], minlength=N)
print(A.sum(1) == degree, torch.equal(A, A.T), (A @ A @ A).trace() / 6)

with_loops = A + torch.eye(N)
scale = with_loops.sum(1).pow(-0.5)
S = scale[:, None] * with_loops * scale[None, :]
print(S[0])


class GraphConv(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_in, n_out))
        self.bias = nn.Parameter(torch.zeros(n_out))
        fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(self.weight)
        nn.init.uniform_(self.weight, -((6 / (fan_in + fan_out)) ** 0.5), (6 / (fan_in + fan_out)) ** 0.5)

    def forward(self, x, S):
        return S @ (x @ self.weight) + self.bias

    def __repr__(self):
        return f"{self.__class__.__name__}({self.weight.shape[0]} -> {self.weight.shape[1]})"


class GCN(nn.Module):
    def __init__(self, n_in, hidden, classes):
        super().__init__()
        self.first, self.second = GraphConv(n_in, hidden), GraphConv(hidden, classes)

    def forward(self, x, S):
        x = F.dropout(F.relu(self.first(x, S)), 0.3, training=self.training)
        return F.log_softmax(self.second(x, S), dim=1)


# node classification from two known labels
known = torch.zeros(N, dtype=torch.bool)
known[[2, 7]] = True
model = GCN(N, 8, 2)
optimizer = torch.optim.Adam(model.parameters(), lr=0.05, weight_decay=5e-4)
print(model)
for epoch in range(31):
    model.train()
    optimizer.zero_grad()
    loss = F.nll_loss(model(torch.eye(N), S)[known], labels[known])
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        model.eval()
        right = model(torch.eye(N), S).argmax(1)[~known] == labels[~known]
        print(f"epoch {epoch:2d}  loss {loss.item():.4f}  accuracy {right.float().mean():.3f}")


class MessagePassing(nn.Module):
    """Messages from both ends of an edge, averaged where they arrive, update the state of a node."""

    def __init__(self, d):
        super().__init__()
        self.message, self.update = nn.Linear(2 * d, d), nn.GRUCell(d, d)

    def forward(self, h, edge_index):
        source, target = edge_index
        m = torch.relu(self.message(torch.cat([h[source], h[target]], dim=-1)))
        total = torch.zeros_like(h).index_add_(0, target, m)
        count = torch.zeros(len(h)).scatter_(0, target, 1.0, reduce="add").clamp_(min=1)
        return self.update(total / count.unsqueeze(1), h)


h = torch.randn(N, 4)
layer = MessagePassing(4)
out = layer(layer(h, edge_index), edge_index)
out.pow(2).sum().backward()
print(out[:2], layer.message.weight.grad[0], layer.update.weight_hh.grad.norm())

# attention over neighbours
project, attend = nn.Linear(4, 3, bias=False), nn.Linear(6, 1, bias=False)
z = project(h)
ends = torch.cat([z.repeat_interleave(N, 0), z.repeat(N, 1)], dim=1).view(N, N, 6)
scores = F.leaky_relu(attend(ends).squeeze(-1), 0.2).masked_fill(A == 0, float("-inf"))
attention = scores.softmax(dim=1)
print(attention[0].nonzero().squeeze(1), attention.sum(1)[:3], F.elu(attention @ z)[0])

# readout: one vector for each graph of a batch
batch = labels
index = batch[:, None].expand_as(h)
means = torch.zeros(2, 4).scatter_add_(0, index, h) / torch.bincount(batch)[:, None]
print(means, torch.stack([h[batch == g].amax(0) for g in range(2)]))

# PageRank
P = A / A.sum(1, keepdim=True)
rank = torch.full((N,), 1 / N)
for _ in range(50):
    rank = 0.85 * P.T @ rank + 0.15 / N
print(rank, rank.sum(), rank.argsort(descending=True, stable=True)[:2])
