"""Image to image: style transfer with instance normalization, an adversarial pair, and super-resolution."""

import itertools
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(999)
random.seed(999)


class ConvLayer(torch.nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride, upsample=None):
        super(ConvLayer, self).__init__()
        self.upsample = upsample
        self.reflection_pad = torch.nn.ReflectionPad2d(kernel_size // 2)
        self.conv2d = torch.nn.Conv2d(in_channels, out_channels, kernel_size, stride)

    def forward(self, x):
        if self.upsample:
            x = F.interpolate(x, mode="nearest", scale_factor=self.upsample)
        return self.conv2d(self.reflection_pad(x))


class ResidualBlock(torch.nn.Module):
    def __init__(self, channels):
        super(ResidualBlock, self).__init__()
        self.conv1 = ConvLayer(channels, channels, 3, 1)
        self.in1 = torch.nn.InstanceNorm2d(channels, affine=True)
        self.conv2 = ConvLayer(channels, channels, 3, 1)
        self.in2 = torch.nn.InstanceNorm2d(channels, affine=True)

    def forward(self, x):
        return self.in2(self.conv2(F.relu(self.in1(self.conv1(x))))) + x


def gram_matrix(y):
    (b, ch, h, w) = y.size()
    features = y.view(b, ch, w * h)
    return features.bmm(features.transpose(1, 2)) / (ch * h * w)


def normalize_batch(batch):
    mean = batch.new_tensor([0.485, 0.456, 0.406]).view(-1, 1, 1)
    std = batch.new_tensor([0.229, 0.224, 0.225]).view(-1, 1, 1)
    return (batch.div_(255.0) - mean) / std


net = nn.Sequential(
    ConvLayer(3, 6, 5, 1), nn.InstanceNorm2d(6, affine=True), nn.ReLU(),
    ConvLayer(6, 8, 3, 2), nn.InstanceNorm2d(8, affine=True), nn.ReLU(),
    ResidualBlock(8), ConvLayer(8, 3, 3, 1, upsample=2),
)  # fmt: skip
print(net)
features = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
features.requires_grad_(False)
style = gram_matrix(features(normalize_batch(torch.rand(1, 3, 12, 12) * 255))).repeat(2, 1, 1)
images = torch.rand(2, 3, 12, 12) * 255
optimizer, mse = torch.optim.Adam(net.parameters(), 1e-3), nn.MSELoss()
for step in range(4):
    optimizer.zero_grad()
    out, x = normalize_batch(net(images).clone()), normalize_batch(images.clone())
    content_loss = 10 * mse(features(out), features(x))
    style_loss = 1000 * mse(gram_matrix(features(out)), style)
    (content_loss + style_loss).backward()
    optimizer.step()
    print("{}\tcontent: {:.4f}\tstyle: {:.4f}".format(step, content_loss.item(), style_loss.item()))


class ReplayBuffer:
    """Old images among the new ones, so that the critic does not forget."""

    def __init__(self, size=4):
        self.size, self.data = size, []

    def push_and_pop(self, batch):
        out = []
        for element in batch.data:
            element = torch.unsqueeze(element, 0)
            if len(self.data) < self.size:
                self.data.append(element)
                out.append(element)
            elif random.uniform(0, 1) > 0.5:
                i = random.randint(0, self.size - 1)
                out.append(self.data[i].clone())
                self.data[i] = element
            else:
                out.append(element)
        return torch.cat(out)


replay = ReplayBuffer()
there, back = nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, 3, padding=1)
critic = nn.Sequential(nn.ZeroPad2d(1), nn.Conv2d(1, 4, 3), nn.LeakyReLU(0.2), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                       nn.Linear(4, 1))  # fmt: skip
both = torch.optim.Adam(itertools.chain(there.parameters(), back.parameters()), lr=1e-2)
judge = torch.optim.Adam(critic.parameters(), lr=1e-2)
rate = torch.optim.lr_scheduler.LambdaLR(both, lambda epoch: 1.0 - max(0, epoch - 2) / 4)
a, b = torch.rand(3, 1, 6, 6), torch.rand(3, 1, 6, 6).round()
for epoch in range(5):
    both.zero_grad()
    fake = there(a)
    cycle = F.l1_loss(back(fake), a) + F.l1_loss(there(back(b)), b)
    fool = F.mse_loss(critic(fake), torch.ones(3, 1))
    (fool + 10 * cycle).backward()
    both.step()
    judge.zero_grad()
    real_loss = F.mse_loss(critic(b), torch.ones(3, 1))
    fake_loss = F.mse_loss(critic(replay.push_and_pop(fake).detach()), torch.zeros(3, 1))
    (0.5 * (real_loss + fake_loss)).backward()
    judge.step()
    rate.step()
    print(f"{epoch} cycle {cycle.item():.5f} fool {fool.item():.5f} {real_loss.item():.5f} {fake_loss.item():.5f}")

sharpen = nn.Sequential(nn.Conv2d(1, 4, 3, 1, 1), nn.ReLU(), nn.Conv2d(4, 4, 3, 1, 1), nn.PixelShuffle(2))
large = torch.rand(4, 1, 8, 8)
small = F.interpolate(large, scale_factor=0.5, mode="bilinear", align_corners=False)
optimizer = torch.optim.Adam(sharpen.parameters(), 0.01)
for step in range(5):
    loss = F.mse_loss(sharpen(small), large)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss, 10 * torch.log10(1 / loss), sharpen)

# signals: padding in every way, and pooling to one length
signal = torch.arange(6.0).reshape(1, 1, 6)
for pad in (nn.ReflectionPad1d(2), nn.ReplicationPad1d((1, 2)), nn.CircularPad1d(2), nn.ConstantPad1d(1, 9.0)):
    print(pad, pad(signal))
print(nn.AdaptiveAvgPool1d(4)(signal), nn.InstanceNorm1d(1)(signal))
