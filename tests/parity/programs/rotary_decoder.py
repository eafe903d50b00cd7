"""A newer language model: RMSNorm, rotary positions, grouped queries, a gated MLP, generation with a cache."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
V, D, H, K, T = 20, 16, 4, 2, 12  # words, width, heads, heads of keys and values, context


class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        scale = torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + self.eps)
        return (x.float() * scale).type_as(x) * self.weight


def rotary(T, d, theta=10000.0):
    freqs = 1.0 / (theta ** (torch.arange(0, d, 2)[: d // 2].float() / d))
    angles = torch.outer(torch.arange(T), freqs)
    return torch.cat([angles, angles], dim=-1)


def rotate_half(x):
    a, b = x.chunk(2, dim=-1)
    return torch.cat((-b, a), dim=-1)


def repeat_kv(x, n):
    B, h, T, d = x.shape
    return x[:, :, None].expand(B, h, n, T, d).reshape(B, h * n, T, d)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.d = D // H
        self.wq = nn.Linear(D, H * self.d, bias=False)
        self.wk, self.wv = (nn.Linear(D, K * self.d, bias=False) for _ in range(2))
        self.wo = nn.Linear(H * self.d, D, bias=False)
        self.register_buffer("angles", rotary(T, self.d), persistent=False)
        self.cache = None

    def forward(self, x, start):
        B, T, _ = x.shape
        q, k, v = (w(x).view(B, T, -1, self.d).transpose(1, 2) for w in (self.wq, self.wk, self.wv))
        cos, sin = (f(self.angles[start : start + T]) for f in (torch.cos, torch.sin))
        q, k = q * cos + rotate_half(q) * sin, k * cos + rotate_half(k) * sin
        if start:
            k, v = (torch.cat([old, new], dim=2) for old, new in zip(self.cache, (k, v)))
        if not self.training:
            self.cache = (k, v)
        mask = torch.full((T, k.size(2)), float("-inf")).triu(start + 1)
        out = F.scaled_dot_product_attention(q, repeat_kv(k, H // K), repeat_kv(v, H // K), attn_mask=mask)
        return self.wo(out.transpose(1, 2).contiguous().view(B, T, -1))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention, self.norm1, self.norm2 = Attention(), RMSNorm(D), RMSNorm(D)
        self.w1, self.w3 = (nn.Linear(D, 2 * D, bias=False) for _ in range(2))
        self.w2 = nn.Linear(2 * D, D, bias=False)

    def forward(self, x, start):
        x = x + self.attention(self.norm1(x), start)
        h = self.norm2(x)
        return x + self.w2(F.silu(self.w1(h)) * self.w3(h))


class Decoder(nn.Module):
    def __init__(self, layers=2):
        super().__init__()
        self.words = nn.Embedding(V, D)
        self.layers = nn.ModuleList([Block() for _ in range(layers)])
        self.norm = RMSNorm(D)
        self.out = nn.Linear(D, V, bias=False)
        self.out.weight = self.words.weight
        nn.init.trunc_normal_(self.words.weight, std=1 / math.sqrt(D))

    def forward(self, ids, start=0):
        x = self.words(ids)
        for layer in self.layers:
            x = layer(x, start)
        return self.out(self.norm(x))


model = Decoder()
print(model, sum(p.numel() for p in model.parameters()), list(model.state_dict())[:6])
opt = torch.optim.AdamW(model.parameters(), lr=1e-2, betas=(0.9, 0.95), weight_decay=0.1)
data = torch.arange(1, 200).cumsum(0) % V
for step in range(10):
    at = torch.randint(len(data) - T, (8,)).tolist()
    x, y = (torch.stack([data[i + k : i + k + T] for i in at]) for k in (0, 1))
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
    opt.zero_grad(set_to_none=True)
    loss.backward()
    print(step, loss.item(), nn.utils.clip_grad_norm_(model.parameters(), 1.0))
    opt.step()

model.eval()
with torch.inference_mode():
    whole = model(data[None, :8])
    piecewise = torch.cat([model(data[None, :4])] + [model(data[None, i : i + 1], i) for i in range(4, 8)], dim=1)
    print(torch.allclose(whole, piecewise, atol=1e-5), whole[0, -1], whole.dtype)
    ids = data[None, :3]
    logits = model(ids)[:, -1]
    while ids.size(1) < T:
        probs, order = (logits / 0.8).softmax(-1).sort(descending=True)
        probs[probs.cumsum(-1) - probs > 0.9] = 0.0  # the nucleus: the likeliest words that make up 0.9
        nxt = order.gather(-1, torch.multinomial(probs, 1))
        ids, logits = torch.cat([ids, nxt], dim=1), model(nxt, ids.size(1))[:, -1]
print(ids, data[:T], F.rms_norm(torch.arange(4.0), (4,)), RMSNorm(4)(torch.arange(4.0)))
