"""Names from before 0.4 and their like: Variable, weight.new, FloatTensor(...), offsets of bags, weights by name."""

import numpy as np
import torch
import torch.autograd as autograd
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable

np.random.seed(0)
torch.manual_seed(0)
torch.backends.cuda.matmul.allow_tf32 = True
torch.backends.cudnn.benchmark = True
Tensor = torch.cuda.FloatTensor if torch.cuda.is_available() else torch.FloatTensor


# a Wasserstein pair with a gradient penalty
def block(inputs, outputs, normalize=True):
    layers = [nn.Linear(inputs, outputs)]
    if normalize:
        layers.append(nn.BatchNorm1d(outputs, 0.8))
    layers.append(nn.LeakyReLU(0.2, inplace=True))
    return layers


generator = nn.Sequential(*block(4, 16, normalize=False), *block(16, 32), nn.Linear(32, 16), nn.Tanh())
critic = nn.Sequential(nn.Linear(16, 32), nn.LeakyReLU(0.2, inplace=True), nn.Linear(32, 1))


def weights_init(m):
    name = m.__class__.__name__
    if name.find("Linear") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif name.find("BatchNorm1d") != -1:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0.0)


generator.apply(weights_init)
critic.apply(weights_init)
optimizer_G = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(0.5, 0.999))
optimizer_D = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.999))


def gradient_penalty(real, fake):
    alpha = Tensor(np.random.random((real.size(0), 1)))
    between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    ones = Variable(Tensor(real.shape[0], 1).fill_(1.0), requires_grad=False)
    gradients = autograd.grad(critic(between), between, ones, create_graph=True, retain_graph=True, only_inputs=True)[0]
    return ((gradients.view(gradients.size(0), -1).norm(2, dim=1) - 1) ** 2).mean()


data = torch.sigmoid(torch.randn(64, 16) + torch.linspace(-2, 2, 16)) * 2 - 1
for epoch in range(3):
    for i in range(0, 64, 16):
        real = Variable(data[i : i + 16].type(Tensor))
        optimizer_D.zero_grad()
        z = Variable(Tensor(np.random.normal(0, 1, (16, 4))))
        fake = generator(z)
        penalty = gradient_penalty(real.data, fake.data)
        d_loss = -torch.mean(critic(real)) + torch.mean(critic(fake)) + 10 * penalty
        d_loss.backward()
        optimizer_D.step()
        optimizer_G.zero_grad()
    g_loss = -torch.mean(critic(generator(z)))
    g_loss.backward()
    optimizer_G.step()
    print("[Epoch %d] [D loss: %f] [G loss: %f] %.5f" % (epoch, d_loss.item(), g_loss.item(), penalty))


# a character model whose hidden state is made from a weight
class CharRNN(nn.Module):
    def __init__(self, letters, hidden=24, layers=2):
        super().__init__()
        self.hidden, self.layers = hidden, layers
        self.lstm = nn.LSTM(letters, hidden, layers, dropout=0.5, batch_first=True)
        self.fc = nn.Linear(hidden, letters)
        for name in self.lstm._flat_weights_names:
            if "weight" in name:
                nn.init.xavier_uniform_(self.lstm._parameters[name])

    def forward(self, x, state):
        out, state = self.lstm(x, state)
        return self.fc(out.contiguous().view(-1, self.hidden)), state

    def init_hidden(self, batch):
        weight = next(self.parameters()).data
        return tuple(weight.new(self.layers, batch, self.hidden).zero_() for _ in range(2))


text = "every unhappy family is unhappy in its own way. " * 6
letters = sorted(set(text))
numbers = np.array([letters.index(letter) for letter in text])
model = CharRNN(len(letters))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
state = model.init_hidden(4)
for i in range(0, 60, 10):
    rows = numbers[:284].reshape(4, -1)
    x = np.eye(len(letters), dtype=np.float32)[rows[:, i : i + 10]]
    state = tuple(Variable(each.data) for each in state)
    model.zero_grad()
    out, state = model(torch.from_numpy(x), state)
    loss = nn.CrossEntropyLoss()(out, torch.from_numpy(rows[:, i + 1 : i + 11]).contiguous().view(-1).long())
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5)
    optimizer.step()
    print(i, loss.data)
with torch.no_grad():
    print(np.round(model.fc.weight.numpy()[0, :4], 4), model.fc.bias.mean().numpy().dtype)


# a classifier of texts: all words of a batch in one tensor, and where each text begins
class TextSentiment(nn.Module):
    def __init__(self, words, size, classes):
        super().__init__()
        self.embedding = nn.EmbeddingBag(words, size, sparse=False)
        self.fc = nn.Linear(size, classes)
        self.embedding.weight.data.uniform_(-0.5, 0.5)

    def forward(self, text, offsets):
        return self.fc(self.embedding(text, offsets))


texts = [torch.randint(20, (n,)) for n in (3, 5, 2, 6, 4, 1)]
labels = torch.tensor([int((text < 8).any()) for text in texts])
offsets = torch.tensor([0] + [len(text) for text in texts[:-1]]).cumsum(dim=0)
model = TextSentiment(20, 8, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=4.0)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.9)
for epoch in range(5):
    loss = F.cross_entropy(model(torch.cat(texts), offsets), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    print(epoch, loss.item(), model(torch.cat(texts), offsets).argmax(1).tolist())
print(model)
