"""A class for every pixel: a U-shaped network on discs and squares, weighted losses, dice, IoU and a style matrix."""

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


def pictures(n, size=16):
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    images, masks = [], []
    for _ in range(n):
        (r, c), (a, b) = torch.randint(3, size - 3, (2, 2)).tolist()
        mask = torch.zeros(size, size, dtype=torch.long)
        mask[(rows - r) ** 2 + (columns - c) ** 2 <= 6] = 1
        mask[a - 2 : a + 2, b - 2 : b + 2] = 2
        images.append((mask.float() / 2 + 0.2 * torch.randn(size, size)).unsqueeze(0))
        masks.append(mask)
    return torch.stack(images), torch.stack(masks)


class DoubleConv(nn.Sequential):
    def __init__(self, i, o):
        super().__init__(
            nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True),
            nn.Conv2d(o, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    def __init__(self, classes, width=4, bilinear=False):
        super().__init__()
        self.down1, self.down2 = DoubleConv(1, width), DoubleConv(width, 2 * width)
        self.bottom = DoubleConv(2 * width, 4 * width)
        self.pool = nn.MaxPool2d(2)
        if bilinear:
            up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            self.up2 = nn.Sequential(up, nn.Conv2d(4 * width, 2 * width, 1))
        else:
            self.up2 = nn.ConvTranspose2d(4 * width, 2 * width, 2, stride=2)
        self.up1 = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.merge2, self.merge1 = DoubleConv(4 * width, 2 * width), DoubleConv(2 * width, width)
        self.out = nn.Conv2d(width, classes, kernel_size=1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(self.pool(a))
        c = self.bottom(self.pool(b))
        b = self.merge2(torch.cat([b, self.up2(c)], dim=1))
        return self.out(self.merge1(torch.cat([a, self.up1(b)], dim=1)))


def dice(logits, masks, eps=1.0):
    p = logits.softmax(1)
    t = F.one_hot(masks, p.size(1)).permute(0, 3, 1, 2).float()
    both, sums = (p * t).sum((0, 2, 3)), (p + t).sum((0, 2, 3))
    return 1 - ((2 * both + eps) / (sums + eps)).mean()


def iou(predicted, masks, classes=3):
    counts = torch.bincount((masks * classes + predicted).flatten(), minlength=classes**2).view(classes, classes)
    return counts.diag() / (counts.sum(0) + counts.sum(1) - counts.diag())


x, y = pictures(24)
share = torch.bincount(y.flatten(), minlength=3) / y.numel()
weights = (1 / share) / (1 / share).sum()
print(x.shape, y.shape, share, weights)

for bilinear in (False, True):
    torch.manual_seed(1)
    model = UNet(3, bilinear=bilinear)
    print(sum(p.numel() for p in model.parameters()), model.up2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    for epoch in range(8):
        for i in torch.randperm(len(x)).split(8):
            logits = model(x[i])
            loss = F.cross_entropy(logits, y[i], weight=weights) + dice(logits, y[i])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        if epoch % 2 == 1:
            print(f"epoch {epoch}  loss {loss.item():.4f}")
    with torch.no_grad():
        predicted = model(x).argmax(1)
        print("IoU", iou(predicted, y), f"pixels {(predicted == y).float().mean():.4f}")

# the pixel losses, as they are printed
logits = model(x[:2])
print(F.cross_entropy(logits, y[:2]), F.nll_loss(F.log_softmax(logits, 1), y[:2], reduction="sum"))
print(F.cross_entropy(logits, F.one_hot(y[:2], 3).movedim(-1, 1).float()))
print(F.cross_entropy(logits, y[:2], ignore_index=0))
print(F.binary_cross_entropy_with_logits(logits[:, 0], (y[:2] == 0).float(), weight=torch.tensor(0.5)))
print(F.cross_entropy(logits, y[:2], reduction="none").mean((1, 2)), dice(logits, y[:2]))


# a picture whose style matrix approaches another's
def gram(features):
    n, c, h, w = features.shape
    flat = features.view(n * c, h * w)
    return flat @ flat.t() / (n * c * h * w)


model.eval().requires_grad_(False)
style = gram(model.down1(x[:1]))
canvas = torch.rand(1, 1, 16, 16, requires_grad=True)
optimizer = torch.optim.Adam([canvas], lr=0.05)
for step in range(1, 16):
    smooth = (canvas[..., 1:] - canvas[..., :-1]).abs().mean() + (canvas[:, :, 1:] - canvas[:, :, :-1]).abs().mean()
    loss = 100 * F.mse_loss(gram(model.down1(canvas)), style) + 0.1 * smooth
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    canvas.data.clamp_(0, 1)
    if step % 5 == 0:
        print(f"step {step:2d}  {loss.item():.5f}  {canvas.mean().item():.4f}")
