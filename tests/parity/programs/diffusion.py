"""Denoising diffusion on small pictures: schedules by gather, time embeddings, skip connections, an averaged copy."""

import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
T = 20
betas = torch.linspace(1e-4, 0.02, T)
alphas = 1.0 - betas
alphas_cumprod = torch.cumprod(alphas, axis=0)
alphas_cumprod_prev = F.pad(alphas_cumprod[:-1], (1, 0), value=1.0)
posterior_variance = betas * (1.0 - alphas_cumprod_prev) / (1.0 - alphas_cumprod)
print(alphas_cumprod_prev[:4], posterior_variance[-3:])


def cosine_beta_schedule(timesteps, s=0.008):
    x = torch.linspace(0, timesteps, timesteps + 1)
    bar = torch.cos(((x / timesteps) + s) / (1 + s) * torch.pi * 0.5) ** 2
    bar = bar / bar[0]
    return torch.clip(1 - (bar[1:] / bar[:-1]), 0.0001, 0.9999)


print(cosine_beta_schedule(6))


def extract(a, t, shape):
    return a.gather(-1, t.cpu()).reshape(t.shape[0], *((1,) * (len(shape) - 1))).to(t.device)


class SinusoidalPositionEmbeddings(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, time):
        half = self.dim // 2
        steps = torch.exp(torch.arange(half, device=time.device) * -(math.log(10000) / (half - 1)))
        angles = time[:, None] * steps[None, :]
        return torch.cat((angles.sin(), angles.cos()), dim=-1)


class Unet(nn.Module):
    def __init__(self, channels=16):
        super().__init__()
        self.time_mlp = nn.Sequential(SinusoidalPositionEmbeddings(8), nn.Linear(8, channels), nn.GELU())
        self.inc = nn.Conv2d(1, channels, 3, padding=1)
        self.norm = nn.GroupNorm(4, channels)
        self.down = nn.Conv2d(channels, channels, 4, 2, 1)
        self.mid = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, groups=4), nn.BatchNorm2d(channels))
        self.up = nn.ConvTranspose2d(channels, channels, 4, 2, 1)
        self.smooth = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.out = nn.Conv2d(3 * channels, 1, 1)

    def forward(self, x, t):
        h = F.silu(self.norm(self.inc(x))) + self.time_mlp(t)[..., None, None]
        low = self.mid(F.leaky_relu(self.down(h), 0.1))
        return self.out(torch.cat([self.up(low), self.smooth(low), h], dim=1))


def q_sample(x_start, t, noise):
    mean = extract(alphas_cumprod.sqrt(), t, x_start.shape) * x_start
    return mean + extract((1.0 - alphas_cumprod).sqrt(), t, x_start.shape) * noise


@torch.no_grad()
def update_ema(ema, model, decay):
    for average, param in zip(ema.parameters(), model.parameters()):
        average.lerp_(param, 1 - decay)
    for average, buffer in zip(ema.buffers(), model.buffers()):
        average.copy_(buffer)


x0 = torch.zeros(12, 1, 8, 8)
x0[:, :, 2:6, 2:6] = 1.0
x0 = x0 * 2 - 1
model = Unet()
ema = copy.deepcopy(model).eval().requires_grad_(False)
opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
sched = torch.optim.lr_scheduler.SequentialLR(
    opt,
    [torch.optim.lr_scheduler.LinearLR(opt, 0.1, total_iters=3), torch.optim.lr_scheduler.CosineAnnealingLR(opt, 5)],
    milestones=[3],
)
for step in range(8):
    t = torch.randint(0, T, (12,)).long()
    noise = torch.randn_like(x0)
    loss = F.smooth_l1_loss(model(q_sample(x0, t, noise), t), noise)
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    update_ema(ema, model, 0.9)
    print(step, loss.item(), sched.get_last_lr(), next(ema.parameters()).norm(), next(model.parameters()).norm())


@torch.inference_mode()
def p_sample_loop(net, shape):
    img = torch.randn(shape)
    for i in reversed(range(T)):
        t = torch.full((shape[0],), i, dtype=torch.long)
        guess = extract(betas / (1.0 - alphas_cumprod).sqrt(), t, img.shape) * net(img, t)
        img = extract(torch.sqrt(1.0 / alphas), t, img.shape) * (img - guess)
        if i > 0:
            img += extract(posterior_variance, t, img.shape).sqrt() * torch.randn_like(img)
    return img


sample = p_sample_loop(ema, (2, 1, 8, 8))
print(sample.mean(), sample.std(), ((sample + 1) * 0.5).clamp(0, 1)[0, 0, 3], ema.mid[1].running_var[:4])
