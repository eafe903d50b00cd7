"""A convolutional network on pictures of bars, with batch norm, augmentation, a schedule on plateau and a profile."""

import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(0)
np.random.seed(0)


class Bars(Dataset):
    """Pictures 16 by 16 with a bar: upright, lying, rising or falling."""

    def __init__(self, n, transform=None):
        rng = np.random.default_rng(n)
        self.labels = rng.integers(0, 4, n)
        self.images = rng.normal(0, 0.3, (n, 16, 16)).astype(np.float32)
        for image, label in zip(self.images, self.labels):
            at = rng.integers(3, 13)
            steps = np.arange(16)
            if label == 0:
                image[:, at] += 1
            elif label == 1:
                image[at, :] += 1
            else:
                image[steps, steps if label == 2 else 15 - steps] += 1
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        image = torch.from_numpy(self.images[i]).unsqueeze(0)
        if self.transform:
            image = self.transform(image)
        return image, int(self.labels[i])


class Residual(nn.Module):
    def __init__(self, inp, out, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inp, out, kernel_size=3, padding=1, stride=stride, bias=False)
        self.conv2 = nn.Conv2d(out, out, kernel_size=3, padding="same", bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(out), nn.BatchNorm2d(out)
        self.skip = nn.Conv2d(inp, out, kernel_size=1, stride=stride) if stride != 1 or inp != out else nn.Identity()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += self.skip(x)
        return self.relu(y)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2, 2),
            Residual(8, 8), Residual(8, 16, stride=2), nn.Dropout2d(0.1),
            nn.AdaptiveAvgPool2d((1, 1)),
        )  # fmt: skip
        self.classifier = nn.Linear(16, 4)

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


def init(m):
    if isinstance(m, nn.Conv2d):
        nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
    elif type(m) == nn.Linear:
        nn.init.xavier_uniform_(m.weight)
        m.bias.data.fill_(0.01)


noise = lambda image: (image + 0.05 * torch.randn_like(image)).clamp(-1, 2)
train_loader = DataLoader(Bars(256, noise), batch_size=32, shuffle=True)
test_loader = DataLoader(Bars(64), batch_size=64)
net = Net()
net.apply(init)
print(net)
X = torch.rand(size=(1, 1, 16, 16))
for layer in net.features:
    X = layer(X)
    print(layer.__class__.__name__, "output shape:\t", X.shape)

shapes = {}
handle = net.features[4].register_forward_hook(lambda m, i, o: shapes.update({type(m).__name__: o.shape}))
optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=0)
start = time.time()
for epoch in range(3):
    net.train()
    running_loss, correct, seen = 0.0, 0, 0
    for i, (inputs, labels) in enumerate(train_loader, 0):
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = F.cross_entropy(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        correct += (outputs.argmax(1) == labels).type(torch.float).sum().item()
        seen += labels.shape[0]
    net.eval()
    with torch.no_grad():
        test_loss = sum(F.cross_entropy(net(x), t, reduction="sum").item() for x, t in test_loader) / 64
    scheduler.step(test_loss)
    print(f"epoch {epoch + 1}: {running_loss / (i + 1):.3f} train acc {correct / seen:.3f}, test {test_loss:.3f}, "
          f"lr {optimizer.param_groups[0]['lr']}")  # fmt: skip
assert time.time() > start
handle.remove()
print(shapes)
images, labels = next(iter(test_loader))
_, predicted = torch.max(net(images), 1)
print("Predicted:", " ".join(f"{'|-/%'[predicted[j]]}" for j in range(8)))
print(f"{net.features[3].bn1.running_mean[:3]}, {net.features[3].bn1.num_batches_tracked}")
kernel = torch.tensor([[[[1.0, -1.0]]]])
print(F.conv2d(images[:1], kernel).abs().mean(), F.avg_pool2d(images, 4).shape, F.max_pool2d(images, 4)[0, 0, 0])
print(F.interpolate(images[:1, :, :4, :4], scale_factor=2, mode="bilinear", align_corners=False)[0, 0, 0])
