"""Which language is a word from? Padded sequences, a bidirectional GRU, class weights, schedules, checkpoints."""

import io
import os
import tempfile

import torch
from torch import nn, optim
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler, random_split

torch.manual_seed(7)
ENDINGS = {"it": ["ella", "ino", "accio"], "de": ["chen", "ung", "heit"], "fi": ["nen", "lla", "ssa"]}
ROOTS = "bar tol mir san kel pur dav ros hin".split()
languages = list(ENDINGS)
pairs = [(r + e, languages.index(lang)) for lang in languages for e in ENDINGS[lang] for r in ROOTS]
alphabet = " " + "abcdefghijklmnopqrstuvwxyz"

encoded = [torch.tensor([alphabet.index(c) for c in w]) for w, _ in pairs]
lengths = torch.tensor([len(e) for e in encoded])
X = pad_sequence(encoded, batch_first=True, padding_value=0)
y = torch.tensor([label for _, label in pairs])
print(X.shape, lengths.float().mean(), torch.bincount(y))

dataset = TensorDataset(X, lengths, y)
train, test = random_split(dataset, [len(dataset) - 20, 20], generator=torch.Generator().manual_seed(3))
print(len(train), len(test), test.indices[:5])
weights = [1.0 / (1 + (train[i][2] == 0).item()) for i in range(len(train))]
sampler = WeightedRandomSampler(weights, num_samples=64, replacement=True)
loader = DataLoader(train, batch_size=16, sampler=sampler, drop_last=True)


class Classifier(nn.Module):
    def __init__(self, vocab, embed, hidden, classes):
        super().__init__()
        self.embed = nn.Embedding(vocab, embed, padding_idx=0)
        self.gru = nn.GRU(embed, hidden, num_layers=2, batch_first=True, bidirectional=True, dropout=0.1)
        self.norm = nn.LayerNorm(2 * hidden)
        self.out = nn.Sequential(nn.Linear(2 * hidden, 16), nn.ELU(), nn.Dropout(0.2), nn.Linear(16, classes))

    def forward(self, x, lengths):
        states, h = self.gru(self.embed(x))  # (N, T, 2H), (2 layers * 2, N, H)
        last = states.gather(1, (lengths - 1).view(-1, 1, 1).expand(-1, 1, states.size(2))).squeeze(1)
        mask = (x != 0).unsqueeze(-1)
        mean = (states * mask).sum(1) / mask.sum(1)
        return self.out(self.norm(last + mean))


model = Classifier(len(alphabet), 8, 12, len(languages))
print(model)
print({k: tuple(v.shape) for k, v in model.state_dict().items() if "gru" in k and "l1" in k})
criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 1.5]), label_smoothing=0.05)
optimizer = optim.Adam(model.parameters(), lr=0.02, weight_decay=1e-4, amsgrad=True)
scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.03, total_steps=24)
for epoch in range(6):
    model.train()
    total = 0.0
    for xb, lb, yb in loader:
        optimizer.zero_grad()
        loss = criterion(model(xb, lb), yb)
        loss.backward()
        nn.utils.clip_grad_value_(model.parameters(), 0.5)
        optimizer.step()
        scheduler.step()
        total += loss.item() * xb.size(0)
    print(f"epoch {epoch}: loss {total / 64:.4f} lr {scheduler.get_last_lr()[0]:.5f}")

model.eval()
with torch.no_grad():
    xb, lb, yb = next(iter(DataLoader(test, batch_size=len(test))))
    probs = model(xb, lb).softmax(dim=-1)
    conf, pred = probs.max(dim=-1)
    print(f"accuracy {(pred == yb).float().mean():.3f}, confidence {conf.mean():.4f}")
    confusion = torch.zeros(3, 3, dtype=torch.int64)
    for truth, guess in zip(yb, pred):
        confusion[truth, guess] += 1
    print(confusion, torch.bincount(yb * 3 + pred, minlength=9))
    values, order = conf.sort(descending=True)
    print(values[:4], order[:4])

path = os.path.join(tempfile.mkdtemp(), "checkpoint.pt")
torch.save({"model": model.state_dict(), "optim": optimizer.state_dict(), "epoch": 6}, path)
checkpoint = torch.load(path)
other = Classifier(len(alphabet), 8, 12, len(languages))
print(other.load_state_dict(checkpoint["model"]), checkpoint["epoch"])
other.eval()
print(torch.equal(other(xb, lb), model(xb, lb)))
buffer = io.BytesIO()
torch.save(y, buffer)
buffer.seek(0)
print(torch.equal(torch.load(buffer), y))
