"""A generative adversarial network of small pictures of rings, and a penalty on a critic's gradient."""

import torch
import torch.nn as nn
from torch import optim
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler, Subset, TensorDataset

torch.manual_seed(12)


def rings(n):
    angle = torch.rand(n) * 2 * torch.pi
    radius = 1 + 0.1 * torch.randn(n)
    return torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)


points = rings(600)
where = ((points.clamp(-1.3, 1.3) + 1.3) / 2.6 * 7).round().long()
pictures = torch.zeros(100, 1, 8, 8)
for k in range(6):
    pictures[torch.arange(100), 0, where[k * 100 : (k + 1) * 100, 1], where[k * 100 : (k + 1) * 100, 0]] = 1.0
print(pictures.sum(dim=(1, 2, 3)).unique(), pictures.mean())


class Generator(nn.Module):
    def __init__(self, nz=6, ngf=4):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 2, 4, 1, 0, bias=False), nn.BatchNorm2d(ngf * 2), nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, 1, 4, 2, 1, bias=False), nn.Tanh(),
        )  # fmt: skip

    def forward(self, z):
        return self.main(z)


class Discriminator(nn.Module):
    def __init__(self, ndf=4):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, ndf, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, ndf * 2, 3, 1, 1, bias=False), nn.BatchNorm2d(ndf * 2), nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 2, 1, 4, 1, 0, bias=False), nn.Sigmoid(),
        )  # fmt: skip

    def forward(self, x):
        return self.main(x).view(-1, 1).squeeze(1)


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        torch.nn.init.normal_(m.weight, 0.0, 0.02)
    elif classname.find("BatchNorm") != -1:
        torch.nn.init.normal_(m.weight, 1.0, 0.02)
        torch.nn.init.zeros_(m.bias)


netG, netD = Generator(), Discriminator()
netG.apply(weights_init)
netD.apply(weights_init)
criterion = nn.BCELoss()
fixed_noise = torch.randn(2, 6, 1, 1)
optimizerD = optim.Adam(netD.parameters(), lr=0.002, betas=(0.5, 0.999))
optimizerG = optim.Adam(netG.parameters(), lr=0.002, betas=(0.5, 0.999))
half = Subset(TensorDataset(pictures * 2 - 1), range(64))
batches = BatchSampler(RandomSampler(half), batch_size=16, drop_last=False)
for epoch in range(2):
    for i, (real,) in enumerate(DataLoader(half, batch_sampler=batches)):
        netD.zero_grad()
        label = torch.full((real.size(0),), 1, dtype=real.dtype)
        output = netD(real)
        errD_real = criterion(output, label)
        errD_real.backward()
        D_x = output.mean().item()
        fake = netG(torch.randn(real.size(0), 6, 1, 1))
        label.fill_(0)
        output = netD(fake.detach())
        errD_fake = criterion(output, label)
        errD_fake.backward()
        optimizerD.step()
        netG.zero_grad()
        label.fill_(1)
        output = netD(fake)
        errG = criterion(output, label)
        errG.backward()
        optimizerG.step()
    print(f"[{epoch}][{i}] Loss_D: {(errD_real + errD_fake).item():.4f} Loss_G: {errG.item():.4f} D(x): {D_x:.4f}")
print(netG(fixed_noise).shape, netG(fixed_noise)[0, 0, 2])
print(list(BatchSampler(SequentialSampler(range(5)), batch_size=2, drop_last=True)))

critic = nn.Sequential(nn.Linear(2, 16), nn.Softplus(), nn.Linear(16, 1))
real, fake = rings(8), torch.randn(8, 2)
alpha = torch.rand(8, 1)
mixed = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
(gradient,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
penalty = ((gradient.norm(2, dim=1) - 1) ** 2).mean()
penalty.backward()
print(f"{penalty.item():.5f} {critic[0].weight.grad.norm().item():.5f}")
