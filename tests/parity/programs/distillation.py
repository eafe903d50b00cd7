"""A teacher stopped early, an average of its weights, a student of its probabilities, and how they are measured."""

import copy

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(3)
X = torch.randn(200, 10)
Y = (X @ torch.randn(10, 4) + 0.3 * torch.randn(200, 4)).argmax(1)
train, val = slice(0, 150), slice(150, None)


def mlp(hidden, p=0.0):
    return nn.Sequential(
        nn.Linear(10, hidden), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True), nn.Dropout(p), nn.Linear(hidden, 4)
    )


class EarlyStopping:
    def __init__(self, patience=3, delta=1e-3):
        self.patience, self.delta, self.best, self.count = patience, delta, None, 0

    def __call__(self, loss, model):
        if self.best is None or loss < self.best - self.delta:
            self.best, self.count, self.state = loss, 0, copy.deepcopy(model.state_dict())
        else:
            self.count += 1
        return self.count >= self.patience


class EMA:
    def __init__(self, model, decay):
        self.decay = decay
        self.shadow = {n: p.clone().detach() for n, p in model.named_parameters() if p.requires_grad}

    def update(self, model):
        for n, p in model.named_parameters():
            self.shadow[n] = (1.0 - self.decay) * p.data + self.decay * self.shadow[n]

    def swap(self, model):
        for n, p in model.named_parameters():
            p.data, self.shadow[n] = self.shadow[n], p.data


class AverageMeter(object):
    def __init__(self, name, fmt=":f"):
        self.name, self.fmt = name, fmt
        self.val = self.avg = self.sum = self.count = 0

    def update(self, val, n=1):
        self.val, self.sum, self.count = val, self.sum + val * n, self.count + n
        self.avg = self.sum / self.count

    def __str__(self):
        return ("{name} {val" + self.fmt + "} ({avg" + self.fmt + "})").format(**self.__dict__)


def accuracy(output, target, topk=(1,)):
    with torch.no_grad():
        _, pred = output.topk(max(topk), 1, True, True)
        correct = pred.t().eq(target.view(1, -1).expand_as(pred.t()))
        return [correct[:k].reshape(-1).float().sum(0, keepdim=True).mul_(100.0 / target.size(0)) for k in topk]


teacher = mlp(32, 0.2)
opt = torch.optim.Adam(teacher.parameters(), lr=2e-2, weight_decay=1e-4)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, factor=0.5, patience=1)
stop, ema = EarlyStopping(), EMA(teacher, 0.9)
for epoch in range(30):
    teacher.train()
    meter = AverageMeter("Loss", ":.4f")
    for batch in torch.split(torch.randperm(150), 32):
        loss = F.cross_entropy(teacher(X[batch]), Y[batch], label_smoothing=0.05)
        opt.zero_grad()
        loss.backward()
        opt.step()
        ema.update(teacher)
        meter.update(loss.item(), len(batch))
    teacher.eval()
    with torch.no_grad():
        val_loss = F.cross_entropy(teacher(X[val]), Y[val]).item()
    plateau.step(val_loss)
    print(epoch, meter, f"{val_loss:.6f}", opt.param_groups[0]["lr"])
    if stop(val_loss, teacher):
        break

for name, change in [("best", lambda: teacher.load_state_dict(stop.state)), ("averaged", lambda: ema.swap(teacher))]:
    print(name, change(), accuracy(teacher(X[val]), Y[val], topk=(1, 2)))

student, T = mlp(8), 3.0
opt = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.9, nesterov=True)
for step in range(6):
    with torch.no_grad():
        t = teacher(X[train])
    s = student(X[train])
    soft = F.kl_div(F.log_softmax(s / T, dim=1), F.softmax(t / T, dim=1), reduction="batchmean") * T * T
    logs = nn.KLDivLoss(reduction="batchmean", log_target=True)(F.log_softmax(s / T, 1), F.log_softmax(t / T, 1))
    loss = 0.5 * soft + 0.5 * F.cross_entropy(s, Y[train])
    for i, part in enumerate((0.5 * soft, 0.5 * F.cross_entropy(s, Y[train]))):  # in two passes: the gradients add up
        part.backward(retain_graph=i == 0)
    opt.step()
    opt.zero_grad()
    print(step, loss.item(), soft.item(), logs.item() * T * T)

pred = student.eval()(X[val]).argmax(1)
confusion = torch.zeros(4, 4, dtype=torch.int64)
for t, p in zip(Y[val].view(-1), pred.view(-1)):
    confusion[t.long(), p.long()] += 1
precision, recall = confusion.diag() / confusion.sum(0).clamp(min=1), confusion.diag().float() / confusion.sum(1)
print(confusion, precision, recall, 2 * precision * recall / (precision + recall + 1e-8))
print(torch.bincount(Y[val] * 4 + pred, minlength=16).reshape(4, 4).equal(confusion))
