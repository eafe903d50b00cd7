"""How autograd behaves: leaves, accumulation, hooks, functions of one's own, higher derivatives, optimizers by hand."""

import torch
from torch import nn
from torch.autograd import Function, gradcheck

x = torch.tensor([2.0, 3.0], requires_grad=True)
y = x**2 + 2 * x
print(y, y.grad_fn.name(), x.is_leaf, y.is_leaf)
y.backward(torch.tensor([1.0, 0.1]), retain_graph=True)
print(x.grad)
y.backward(torch.ones(2))
print(x.grad)
try:
    y.sum().backward()
except RuntimeError as error:
    print("RuntimeError", "second time" in str(error) or "backward" in str(error))
try:
    (x * 2).backward()
except RuntimeError as error:
    print("RuntimeError", "scalar" in str(error))
try:
    x += 1
except RuntimeError:
    print("RuntimeError: a leaf")
with torch.no_grad():
    x += 1
print(x, (x * 2).requires_grad)


class Exp(Function):
    @staticmethod
    def forward(ctx, i):
        result = i.exp()
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, grad_output):
        (result,) = ctx.saved_tensors
        return grad_output * result


class LinearFunction(Function):
    @staticmethod
    def forward(ctx, input, weight, bias=None):
        ctx.save_for_backward(input, weight, bias)
        output = input.mm(weight.t())
        if bias is not None:
            output += bias.unsqueeze(0).expand_as(output)
        return output

    @staticmethod
    def backward(ctx, grad_output):
        input, weight, bias = ctx.saved_tensors
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_input = grad_output.mm(weight)
        if ctx.needs_input_grad[1]:
            grad_weight = grad_output.t().mm(input)
        if bias is not None and ctx.needs_input_grad[2]:
            grad_bias = grad_output.sum(0)
        return grad_input, grad_weight, grad_bias


class StraightThrough(Function):
    @staticmethod
    def forward(ctx, x):
        return x.sign()

    @staticmethod
    def backward(ctx, g):
        return g.clamp(-1, 1)


print(Exp.apply(torch.tensor([0.0, 1.0])))
inputs = (torch.randn(4, 3, dtype=torch.double, requires_grad=True), torch.randn(2, 3, dtype=torch.double, requires_grad=True))
print(gradcheck(LinearFunction.apply, inputs, eps=1e-6, atol=1e-4))
w = torch.tensor([0.5, -2.0], requires_grad=True)
(StraightThrough.apply(w) * torch.tensor([3.0, 0.25])).sum().backward()
print(w.grad)

torch.manual_seed(5)
seen = []
v = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
h = v * 3
h.retain_grad()
handle = h.register_hook(lambda grad: seen.append(grad.clone()) or grad * 2)
h.pow(2).sum().backward()
print(v.grad, h.grad, seen)
handle.remove()

x = torch.tensor(1.5, requires_grad=True)
f = torch.sin(x) * torch.exp(-(x**2))
for order in range(4):
    (f,) = torch.autograd.grad(f, x, create_graph=True)
    print(f"derivative {order + 1}: {f.item():.6f}")

net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
X, t = torch.randn(16, 3), torch.randn(16, 1)
fast = {name: p.clone() for name, p in net.named_parameters()}
loss = nn.functional.mse_loss(net(X), t)
grads = torch.autograd.grad(loss, net.parameters(), create_graph=True)
for (name, p), g in zip(net.named_parameters(), grads):
    fast[name] = p - 0.1 * g
inner = torch.tanh(X @ fast["0.weight"].t() + fast["0.bias"]) @ fast["2.weight"].t() + fast["2.bias"]
outer = ((inner - t) ** 2).mean()
outer.backward()
print(f"{loss.item():.5f} -> {outer.item():.5f}; {net[0].weight.grad.norm():.5f} {net[2].bias.grad.item():.5f}")

v = [torch.randn_like(p) for p in net.parameters()]
grads = torch.autograd.grad(nn.functional.mse_loss(net(X), t), net.parameters(), create_graph=True)
hv = torch.autograd.grad(sum((g * d).sum() for g, d in zip(grads, v)), net.parameters())
print([f"{h.norm():.4f}" for h in hv])
print(torch.autograd.functional.jacobian(lambda x: x.pow(2).cumsum(0), torch.tensor([1.0, 2.0, 3.0])))
print(torch.autograd.functional.hessian(lambda x: (x[0] * x[1] ** 2).exp(), torch.tensor([0.1, 0.5])))


class Momentum(torch.optim.Optimizer):
    def __init__(self, params, lr=0.1, beta=0.9):
        super().__init__(params, dict(lr=lr, beta=beta))

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
                state = self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["velocity"] = torch.zeros_like(p)
                state["step"] += 1
                state["velocity"].mul_(group["beta"]).add_(p.grad)
                p.add_(state["velocity"], alpha=-group["lr"])
        return loss


optimizer = Momentum(net.parameters(), lr=0.05)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))


def closure():
    optimizer.zero_grad()
    loss = nn.functional.huber_loss(net(X), t)
    loss.backward()
    return loss


for step in range(4):
    print(f"{optimizer.step(closure).item():.5f}", end=" ")
    scheduler.step()
print(optimizer.state_dict()["param_groups"][0]["lr"], sorted(optimizer.state_dict()["state"]))

a = torch.arange(6.0).view(2, 3)
a.requires_grad_()
b = a.clone()
b[:, 1] = 0
b[0] *= 2
b[b > 4].sum().backward()
print(b, a.grad)
with torch.autograd.set_grad_enabled(False) if hasattr(torch.autograd, "set_grad_enabled") else torch.no_grad():
    print((a * 2).requires_grad)
frozen = nn.Linear(2, 2)
for p in frozen.parameters():
    p.requires_grad = False
print([p.requires_grad for p in frozen.parameters()], frozen(torch.ones(1, 2)).requires_grad)
