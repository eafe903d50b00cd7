"""A variational autoencoder of small pictures of rings."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.distributions import Normal
from torch.utils.data import DataLoader

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
print(f"{posterior.mean.abs().mean():.4f}")
