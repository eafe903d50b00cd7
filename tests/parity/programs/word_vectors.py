"""Word vectors by negative sampling and by n-grams, ratings by factors, and labels by a Viterbi path."""

import collections
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

random.seed(1)
torch.manual_seed(1)
corpus = "the quick brown fox jumps over the lazy dog the fox is quick and the dog is lazy".split()
counter = collections.Counter(corpus)
vocab = [w for w, _ in counter.most_common()]
w2i = {w: i for i, w in enumerate(vocab)}
ids = torch.tensor([w2i[w] for w in corpus])
freq = torch.tensor([counter[w] for w in vocab], dtype=torch.float) ** 0.75
noise = freq / freq.sum()
near = [(i, j) for i in range(len(ids)) for j in range(max(0, i - 2), min(len(ids), i + 3)) if i != j]
pairs = torch.stack([ids[list(side)] for side in zip(*near)], dim=1)
print(pairs.shape, noise)


class SkipGram(nn.Module):
    def __init__(self, V, D):
        super().__init__()
        self.u, self.v = nn.Embedding(V, D), nn.Embedding(V, D)
        self.u.weight.data.uniform_(-0.5 / D, 0.5 / D)
        nn.init.zeros_(self.v.weight)

    def forward(self, center, context, negative):
        u, v, n = self.u(center), self.v(context), self.v(negative)
        positive = F.logsigmoid((u * v).sum(1))
        return -(positive + F.logsigmoid(-torch.bmm(n, u.unsqueeze(2)).squeeze(2)).sum(1)).mean()


model = SkipGram(len(vocab), 6)
opt = torch.optim.Adagrad(model.parameters(), lr=0.5)
for epoch in range(4):
    total = 0.0
    for batch in torch.randperm(len(pairs)).split(16):
        center, context = pairs[batch].T
        negative = torch.multinomial(noise, len(batch) * 3, replacement=True).view(len(batch), 3)
        loss = model(center, context, negative)
        opt.zero_grad()
        loss.backward()
        opt.step()
        total += loss.item() * len(batch)
    print(epoch, total / len(pairs))
W = F.normalize(model.u.weight.detach())
values, indices = (W @ W.T)[w2i["fox"]].topk(4)
print([(vocab[i], f"{v:.4f}") for v, i in zip(values, indices.tolist())], torch.cdist(W[:2], W[:3]))


class SigmoidBCELoss(nn.Module):
    def forward(self, inputs, target, mask=None):
        out = F.binary_cross_entropy_with_logits(inputs, target, weight=mask, reduction="none")
        return out.mean(dim=1)


scores = torch.tensor([[1.1, -2.2, 3.3, -4.4]] * 2)
label, mask = torch.tensor([[1.0, 0, 0, 0], [0, 1, 0, 0]]), torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
print(SigmoidBCELoss()(scores, label, mask.float()) * mask.shape[1] / mask.sum(axis=1))


class NGramLanguageModeler(nn.Module):
    def __init__(self, V, D, context):
        super(NGramLanguageModeler, self).__init__()
        self.embeddings = nn.Embedding(V, D)
        self.linear1, self.linear2 = nn.Linear(context * D, 16), nn.Linear(16, V)

    def forward(self, inputs):
        embeds = self.embeddings(inputs).view((1, -1))
        return F.log_softmax(self.linear2(F.relu(self.linear1(embeds))), dim=1)


model, losses = NGramLanguageModeler(len(vocab), 5, 2), []
opt = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(3):
    losses.append(0.0)
    for a, b, target in zip(corpus, corpus[1:], corpus[2:]):
        model.zero_grad()
        log_probs = model(torch.tensor([w2i[a], w2i[b]], dtype=torch.long))
        loss = nn.NLLLoss()(log_probs, torch.tensor([w2i[target]]))
        loss.backward()
        opt.step()
        losses[-1] += loss.item()
print(losses, model.embeddings.weight[w2i["dog"]], log_probs.grad_fn)

users, items, bias = nn.Embedding(5, 3), nn.Embedding(6, 3), nn.Embedding(6, 1)
u, i, rating = torch.randint(5, (20,)), torch.randint(6, (20,)), torch.randint(1, 6, (20,)).float()
opt = torch.optim.Adam([p for m in (users, items, bias) for p in m.parameters()], lr=0.05, weight_decay=1e-3)
for step in range(3):
    loss = F.mse_loss((users(u) * items(i)).sum(1) + bias(i).squeeze() + 3, rating)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(loss.sqrt())


def log_sum_exp(vec):
    largest = vec.max(1)[0]
    return largest + torch.log(torch.sum(torch.exp(vec - largest.view(-1, 1)), 1))


transitions, emissions = nn.Parameter(torch.randn(4, 4)), torch.randn(5, 4)
forward, best, back = torch.zeros(1, 4), torch.zeros(1, 4), []
for emission in emissions:
    forward = torch.stack([log_sum_exp(forward + emission[k] + transitions[k]) for k in range(4)], dim=1)
    score, chosen = (best + transitions).max(1)
    best = (score + emission).view(1, -1)
    back.append(chosen)
path = [best.argmax().item()]
for chosen in reversed(back[1:]):
    path.insert(0, chosen[path[0]].item())
(log_sum_exp(forward) - best.max()).sum().backward()
print(path, best, log_sum_exp(forward), transitions.grad, transitions.grad.sum())
