"""A residual network of lazy layers, with a warm-up scheduler of one's own."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import _LRScheduler

torch.manual_seed(1)


class Residual(nn.Module):
    def __init__(self, channels, use_1x1conv=False, strides=1):
        super().__init__()
        self.conv1 = nn.LazyConv2d(channels, kernel_size=3, padding=1, stride=strides)
        self.conv2 = nn.LazyConv2d(channels, kernel_size=3, padding=1)
        self.conv3 = nn.LazyConv2d(channels, kernel_size=1, stride=strides) if use_1x1conv else None
        self.bn1, self.bn2 = nn.LazyBatchNorm2d(), nn.LazyBatchNorm2d()

    def forward(self, X):
        Y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(X)))))
        if self.conv3:
            X = self.conv3(X)
        Y += X
        return F.relu(Y)


class Warmup(_LRScheduler):
    def __init__(self, optimizer, steps, last_epoch=-1):
        self.steps = steps
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [lr * min(1.0, self._step_count / self.steps) for lr in self.base_lrs]


net = nn.Sequential(Residual(4), Residual(8, True, 2), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(), nn.LazyLinear(3))
X, y = torch.randn(12, 4, 16, 16), torch.arange(12) % 3
for layer in net:
    X_out = layer(X_out if layer is not net[0] else X)
    print(layer.__class__.__name__, "output shape:\t", X_out.shape)
net.apply(lambda m: nn.init.xavier_uniform_(m.weight) if type(m) in (nn.Linear, nn.Conv2d) else None)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
scheduler = Warmup(optimizer, 4)
for step in range(6):
    loss = F.cross_entropy(net(X), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    print(step, loss.item(), scheduler.get_last_lr())
print(net[1], net[1].bn2.running_mean, net[1].bn2.num_batches_tracked)
net.eval()
print(net(X).argmax(axis=1).type(y.dtype), (net(X).argmax(axis=1) == y).type(torch.float32).mean())
