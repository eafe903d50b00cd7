"""Adapters, hooks and masks: low ranks beside frozen weights, merged in the end, and pruning."""

import math
from typing import Dict

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class LoRALinear(nn.Module):
    def __init__(self, base: nn.Linear, r=2, alpha=4.0):
        super().__init__()
        self.base = base
        self.r, self.scaling = r, alpha / r
        self.lora_A = nn.Parameter(torch.empty(r, base.in_features))
        self.lora_B = nn.Parameter(torch.zeros(base.out_features, r))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))
        for p in self.base.parameters():
            p.requires_grad = False

    def forward(self, x):
        return self.base(x) + (x @ self.lora_A.T @ self.lora_B.T) * self.scaling

    @torch.no_grad()
    def merge(self):
        self.base.weight += self.scaling * self.lora_B @ self.lora_A
        return self.base


net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
net[0] = LoRALinear(net[0])
setattr(net, "2", LoRALinear(net[2], r=1))
print(net)
tr = [n for n, p in net.named_parameters() if p.requires_grad]
print(tr, sum(p.numel() for p in net.parameters() if not p.requires_grad))
X, y = torch.randn(20, 4), torch.randint(0, 3, (20,))
opt = torch.optim.AdamW((p for p in net.parameters() if p.requires_grad), lr=0.05)
acts: Dict[str, torch.Tensor] = {}
grads = {}


def save(name):
    def hook(module, args, output):
        acts[name] = output.detach()

    return hook


handles = [m.register_forward_hook(save(n)) for n, m in net.named_modules() if not list(m.children())]
h2 = net[1].register_full_backward_hook(lambda m, gi, go: grads.__setitem__("tanh", (gi[0].norm(), go[0].norm())))
h3 = net[0].register_forward_pre_hook(lambda m, inp: (inp[0] * 1.0,))
for i in range(5):
    opt.zero_grad()
    out = net(X)
    loss = F.cross_entropy(out, y, weight=torch.tensor([1.0, 2.0, 0.5]))
    loss.backward()
    opt.step()
    print(i, loss.item(), {k: f"{v.mean():.4f}" for k, v in acts.items()}, [g.item() for g in grads["tanh"]])
for h in handles:
    h.remove()
h2.remove()
before = net(X)
net[0] = net[0].merge()
net[2] = net[2].merge()
print(torch.allclose(before, net(X), atol=1e-6), net)


# pruning by buffers
class PrunedLinear(nn.Linear):
    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.register_buffer("mask", torch.ones_like(self.weight, dtype=torch.bool))

    def prune(self, frac):
        k = int(frac * self.weight.numel())
        self.mask = self.weight.abs() > self.weight.abs().flatten().sort()[0][k - 1]

    def forward(self, x):
        return F.linear(x, self.weight * self.mask, self.bias)

    def extra_repr(self):
        return super().extra_repr() + f", kept={self.mask.float().mean():.2%}"


p = PrunedLinear(6, 5)
p.prune(0.4)
print(p, p.mask, p(torch.ones(2, 6)), list(p.state_dict().keys()), p.mask.sum(0), p.mask.all(), p.mask.any(dim=1))
p.weight.register_hook(lambda g: g * p.mask)
p(torch.randn(3, 6)).pow(2).sum().backward()
print((p.weight.grad == 0).sum(), p.weight.grad)
