"""Optimizers of one's own: Lion, an Adam by hand, sharpness-aware steps; groups without decay, closures, states."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim import Optimizer


class Lion(Optimizer):
    def __init__(self, params, lr=1e-2, betas=(0.9, 0.99), weight_decay=0.0):
        if lr <= 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.data.mul_(1 - group["lr"] * group["weight_decay"])
                grad, state = p.grad, self.state[p]
                if len(state) == 0:
                    state["exp_avg"] = torch.zeros_like(p)
                m, (beta1, beta2) = state["exp_avg"], group["betas"]
                p.add_((m * beta1 + grad * (1 - beta1)).sign_(), alpha=-group["lr"])
                m.mul_(beta2).add_(grad, alpha=1 - beta2)
        return loss


class MyAdam(Optimizer):
    def __init__(self, params, lr=1e-3, b1=0.9, b2=0.999, eps=1e-8):
        super(MyAdam, self).__init__(params, {"lr": lr, "b1": b1, "b2": b2, "eps": eps})

    def step(self):
        for g in self.param_groups:
            for p in g["params"]:
                st, grad = self.state[p], p.grad.data
                if not st:
                    st["step"], st["m"], st["v"] = 0, torch.zeros_like(p.data), torch.zeros_like(p.data)
                st["step"] += 1
                st["m"].mul_(g["b1"]).add_(grad, alpha=1 - g["b1"])
                st["v"].mul_(g["b2"]).addcmul_(grad, grad, value=1 - g["b2"])
                denom = (st["v"].sqrt() / math.sqrt(1 - g["b2"] ** st["step"])).add_(g["eps"])
                p.data.addcdiv_(st["m"], denom, value=-g["lr"] / (1 - g["b1"] ** st["step"]))


class SAM(Optimizer):
    def __init__(self, params, base_optimizer, rho=0.05, **kwargs):
        super().__init__(params, dict(rho=rho, **kwargs))
        self.base_optimizer = base_optimizer(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups

    @torch.no_grad()
    def climb(self):
        norms = [p.grad.norm(p=2) for group in self.param_groups for p in group["params"] if p.grad is not None]
        for group in self.param_groups:
            scale = group["rho"] / (torch.norm(torch.stack(norms), p=2) + 1e-12)
            for p in group["params"]:
                self.state[p]["old_p"] = p.data.clone()
                p.add_(p.grad * scale.to(p))
        self.zero_grad()

    @torch.no_grad()
    def descend(self):
        for group in self.param_groups:
            for p in group["params"]:
                p.data = self.state[p]["old_p"]
        self.base_optimizer.step()
        self.zero_grad()


torch.manual_seed(0)
X = torch.randn(40, 5)
y = (X @ torch.arange(5.0)).unsqueeze(1).tanh()


def net():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 1))


for Opt, settings in [(Lion, {"weight_decay": 0.1}), (MyAdam, {"lr": 1e-2}), (torch.optim.Adam, {"lr": 1e-2})]:
    model = net()
    opt = Opt(model.parameters(), **settings)

    def closure():
        opt.zero_grad()
        loss = F.mse_loss(model(X), y)
        loss.backward()
        return loss

    losses = [opt.step(closure).item() if Opt is not MyAdam else (closure(), opt.step())[0].item() for _ in range(5)]
    print(opt, losses, sorted(opt.state[model[2].bias]))

model = net()
opt = SAM(model.parameters(), torch.optim.SGD, lr=0.1, momentum=0.9)
for _ in range(3):
    loss = F.mse_loss(model(X), y)
    loss.backward()
    opt.climb()
    F.mse_loss(model(X), y).backward()
    opt.descend()
    print(loss.item(), torch.cat([p.flatten() for p in model.parameters()]).norm())

decay, bare = ([p for p in model.parameters() if (p.ndim > 1) is is_matrix] for is_matrix in (True, False))
opt = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": bare, "weight_decay": 0.0}], lr=1e-2)
opt.add_param_group({"params": nn.Parameter(torch.ones(2)), "lr": 1.0})
(F.mse_loss(model(X), y) + opt.param_groups[2]["params"][0].pow(2).sum()).backward()
opt.step()
again = torch.optim.AdamW([{"params": decay}, {"params": bare}, {"params": opt.param_groups[2]["params"]}], lr=5.0)
again.load_state_dict(opt.state_dict())
print(again, again.state_dict()["state"][4], [p.data for p in opt.param_groups[2]["params"]])
