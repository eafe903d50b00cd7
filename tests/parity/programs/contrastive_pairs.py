"""Triplets, pairs and temperature: embeddings by contrast, from batches in which every class has its place."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, Sampler

torch.manual_seed(1)
np.random.seed(1)
centers = torch.randn(6, 10) * 3


class Trip(Dataset):
    def __init__(self, n):
        self.y = torch.arange(n) % 6
        self.x = centers[self.y] + torch.randn(n, 10)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        pos = np.random.choice(np.where((self.y == self.y[i]).numpy())[0])
        neg = np.random.choice(np.where((self.y != self.y[i]).numpy())[0])
        triplet = {"anchor": self.x[i], "pos": self.x[pos], "neg": self.x[int(neg)]}
        return {**triplet, "label": int(self.y[i]), "w": 0.5, "name": f"s{i}"}


class Enc(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(nn.Linear(10, 32), nn.BatchNorm1d(32), nn.PReLU(), nn.Linear(32, 4))

    def forward(self, x):
        return F.normalize(self.f(x), p=2, dim=-1)


class BalancedSampler(Sampler):
    def __init__(self, labels, per=2):
        self.labels, self.per = labels, per

    def __iter__(self):
        groups = [torch.where(self.labels == c)[0] for c in self.labels.unique()]
        groups = [g[torch.randperm(len(g))] for g in groups]
        for k in range(0, min(map(len, groups)) - self.per + 1, self.per):
            yield torch.cat([g[k : k + self.per] for g in groups]).tolist()

    def __len__(self):
        return 5


ds = Trip(60)
enc = Enc()
opt = torch.optim.Adagrad(enc.parameters(), lr=0.05)
crit = nn.TripletMarginLoss(margin=0.5, p=2)
for ep in range(2):
    for b in DataLoader(ds, batch_size=16, shuffle=True):
        opt.zero_grad()
        l = crit(enc(b["anchor"]), enc(b["pos"]), enc(b["neg"]))
        l.backward()
        opt.step()
    print(ep, l.item(), b["name"][:3], b["label"].dtype, b["w"].dtype, b["w"][:2])


def ntxent(z1, z2, temperature=0.1):
    z = torch.cat([z1, z2])
    n = z1.size(0)
    sim = z @ z.T / temperature
    sim = sim.masked_fill(torch.eye(2 * n, dtype=torch.bool), -1e9)
    return F.cross_entropy(sim, torch.cat([torch.arange(n, 2 * n), torch.arange(n)]))


logit_scale = nn.Parameter(torch.ones([]) * np.log(1 / 0.07))
print(logit_scale, logit_scale.exp())
opt = torch.optim.SGD([*enc.parameters(), logit_scale], lr=0.05, momentum=0.9, nesterov=True)
for b in DataLoader(ds, batch_sampler=BalancedSampler(ds.y)):
    x = b["anchor"]
    z1, z2 = enc(x + 0.1 * torch.randn_like(x)), enc(x + 0.1 * torch.randn_like(x))
    sim = logit_scale.exp() * z1 @ z2.t()
    lab = torch.arange(len(x))
    clip = (F.cross_entropy(sim, lab) + F.cross_entropy(sim.t(), lab)) / 2
    l = clip + ntxent(z1, z2)
    opt.zero_grad()
    l.backward()
    opt.step()
    print(f"{l.item():.4f} {clip:.4f} {logit_scale.item():.4f}")


d = torch.cdist(enc(ds.x), enc(ds.x))
print(d.shape, d[0, :6], (d + 9.0 * torch.eye(60)).argmin(1)[:8])
pd = F.pairwise_distance(ds.x[:4], ds.x[4:8])
print(pd, nn.PairwiseDistance()(ds.x[:2], ds.x[2:4]))
t = torch.tensor([1.0, -1.0, 1.0, -1.0])
print(
    nn.CosineEmbeddingLoss(margin=0.2)(ds.x[:4], ds.x[4:8], t),
    nn.MarginRankingLoss(margin=1)(pd, pd.flip(0), t),
    nn.HingeEmbeddingLoss()(pd, t),
)
