"""A variational autoencoder and a generative adversarial network on little rings of points and pictures."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.distributions import Normal
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, SequentialSampler, Subset, TensorDataset

torch.manual_seed(12)


def rings(n):
    angle = torch.rand(n) * 2 * torch.pi
    radius = 1 + 0.1 * torch.randn(n)
    return torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 32)
        self.fc21, self.fc22 = nn.Linear(32, 4), nn.Linear(32, 4)
        self.fc3, self.fc4 = nn.Linear(4, 32), nn.Linear(32, 64)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 64))
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    BCE = F.binary_cross_entropy(recon_x, x.view(-1, 64), reduction="sum")
    KLD = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return BCE + KLD


points = rings(600)
where = ((points.clamp(-1.3, 1.3) + 1.3) / 2.6 * 7).round().long()
pictures = torch.zeros(100, 1, 8, 8)
for k in range(6):
    pictures[torch.arange(100), 0, where[k * 100 : (k + 1) * 100, 1], where[k * 100 : (k + 1) * 100, 0]] = 1.0
print(pictures.sum(dim=(1, 2, 3)).unique(), pictures.mean())

vae = VAE()
optimizer = optim.Adam(vae.parameters(), lr=1e-2)
loader = DataLoader(pictures, batch_size=20, shuffle=True)
for epoch in range(4):
    train_loss = 0
    for batch in loader:
        optimizer.zero_grad()
        recon, mu, logvar = vae(batch)
        loss = loss_function(recon, batch, mu, logvar)
        loss.backward()
        train_loss += loss.item()
        optimizer.step()
    print(f"====> Epoch: {epoch} Average loss: {train_loss / len(loader.dataset):.4f}")
with torch.no_grad():
    sample = vae.decode(torch.randn(2, 4))
    print(sample.view(2, 1, 8, 8)[0, 0, 3], sample.amin(), sample.amax())

posterior = Normal(mu, (0.5 * logvar).exp())
print(f"{posterior.rsample().mean():.4f} {posterior.log_prob(mu).sum():.4f} {posterior.entropy().mean():.4f}")
print(f"{torch.distributions.kl_divergence(posterior, Normal(0.0, 1.0)).sum():.4f}" if hasattr(
    torch.distributions, "kl_divergence") and False else f"{posterior.mean.abs().mean():.4f}")  # fmt: skip


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
