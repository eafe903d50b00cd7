"""A textbook's classes: methods added to a class later, arguments kept as attributes, lazy layers, a Trainer."""

import inspect

import torch
from torch import nn

torch.use_deterministic_algorithms(True)
torch.set_float32_matmul_precision("high")


def add_to_class(Class):
    def wrapper(obj):
        setattr(Class, obj.__name__, obj)

    return wrapper


class HyperParameters:
    def save_hyperparameters(self, ignore=[]):
        _, _, _, local_vars = inspect.getargvalues(inspect.currentframe().f_back)
        for k, v in local_vars.items():
            if k not in {"self", "__class__", *ignore}:
                setattr(self, k, v)


class Module(nn.Module, HyperParameters):
    def __init__(self):
        super().__init__()
        self.save_hyperparameters()
        self.history = []

    def forward(self, X):
        return self.net(X)

    def training_step(self, batch):
        l = self.loss(self(*batch[:-1]), batch[-1])
        self.history.append(float(l))
        return l

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.lr)


class Synthetic(HyperParameters):
    def __init__(self, w, b, noise=0.01, num_train=200, num_val=40, batch_size=32):
        self.save_hyperparameters()
        n = num_train + num_val
        self.X = torch.randn(n, len(w))
        self.y = torch.matmul(self.X, w.reshape((-1, 1))) + b + torch.randn(n, 1) * noise

    def loader(self, train):
        rows = slice(0, self.num_train) if train else slice(self.num_train, None)
        tensors = torch.utils.data.TensorDataset(self.X[rows], self.y[rows])
        return torch.utils.data.DataLoader(tensors, self.batch_size, shuffle=train)


class Trainer(HyperParameters):
    def __init__(self, max_epochs, gradient_clip_val=0):
        self.save_hyperparameters()

    def fit(self, model, data):
        self.train_batches, self.val_batches = data.loader(True), data.loader(False)
        self.optim = model.configure_optimizers()
        for self.epoch in range(self.max_epochs):
            self.fit_epoch(model)


@add_to_class(Trainer)
def fit_epoch(self, model):
    model.train()
    for batch in self.train_batches:
        loss = model.training_step(batch)
        self.optim.zero_grad()
        with torch.no_grad():
            loss.backward()
            if self.gradient_clip_val > 0:
                self.clip_gradients(self.gradient_clip_val, model)
            self.optim.step()
    model.eval()
    val = sum(float(model.loss(model(X), y)) for X, y in self.val_batches) / len(self.val_batches)
    print(f"epoch {self.epoch} train {model.history[-1]:.5f} val {val:.5f}")


@add_to_class(Trainer)
def clip_gradients(self, grad_clip_val, model):
    params = [p for p in model.parameters() if p.requires_grad]
    norm = torch.sqrt(sum(torch.sum((p.grad**2)) for p in params))
    if norm > grad_clip_val:
        for param in params:
            param.grad[:] *= grad_clip_val / norm


class LinearRegression(Module):
    def __init__(self, lr):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.LazyLinear(1)
        self.net.weight.data.normal_(0, 0.01)  # which has no numbers yet
        self.net.bias.data.fill_(0)

    def loss(self, y_hat, y):
        return nn.MSELoss()(y_hat, y)


torch.manual_seed(1)
data = Synthetic(w=torch.tensor([2, -3.4]), b=4.2)
model = LinearRegression(lr=0.03)
print(model, model.net.weight, model.net.weight.data)
Trainer(4, gradient_clip_val=1).fit(model, data)
w, b = model.net.weight.data, model.net.bias.data
print(model, f"error in w: {data.w - w.reshape(data.w.shape)}, in b: {data.b - b}")
