"""Sentences of different lengths, packed: a bidirectional LSTM reads opinions, a GRU with attention translates."""

from collections import Counter

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence

torch.manual_seed(0)

# packing, looked at
packed = pack_sequence([torch.tensor([1, 2]), torch.tensor([3, 4, 5]), torch.tensor([6])], enforce_sorted=False)
print(packed)
print(*pad_packed_sequence(packed, batch_first=True, padding_value=-1))

OPINIONS = [
    ("a good film", 1), ("not a good film at all", 0), ("bad", 0), ("not bad at all", 1), ("good", 1),
    ("a bad plot but good acting and a good end", 1), ("a good start but a bad end", 0), ("not good", 0),
]
words = Counter(w for text, _ in OPINIONS for w in text.split())
vocabulary = {w: i for i, (w, _) in enumerate(words.most_common(), start=2)}
rows = [torch.tensor([vocabulary.get(w, 1) for w in text.split()]) for text, _ in OPINIONS]
lengths = torch.tensor([len(row) for row in rows])
labels = torch.tensor([float(label) for _, label in OPINIONS])
print(len(vocabulary), lengths, pad_sequence(rows, batch_first=True)[:2])


class Sentiment(nn.Module):
    def __init__(self, size, width=8, hidden=6):
        super().__init__()
        self.embedding = nn.Embedding(size, width, padding_idx=0)
        self.lstm = nn.LSTM(width, hidden, num_layers=2, bidirectional=True, dropout=0.2, batch_first=True)
        self.dropout, self.fc = nn.Dropout(0.2), nn.Linear(2 * hidden, 1)

    def forward(self, text, lengths):
        embedded = self.dropout(self.embedding(text))
        packed = pack_padded_sequence(embedded, lengths.cpu(), batch_first=True, enforce_sorted=False)
        output, (hidden, cell) = self.lstm(packed)
        output, lengths = pad_packed_sequence(output, batch_first=True)
        last = torch.cat((hidden[-2, :, :], hidden[-1, :, :]), dim=1)
        return self.fc(self.dropout(last)).squeeze(1), output, lengths


def binary_accuracy(preds, y):
    return (torch.round(torch.sigmoid(preds)) == y).float().mean()


model = Sentiment(len(vocabulary) + 2)
optimizer, criterion = torch.optim.Adam(model.parameters(), lr=0.02), nn.BCEWithLogitsLoss()
text = pad_sequence(rows, batch_first=True)
for epoch in range(25):
    model.train()
    predictions, _, _ = model(text, lengths)
    loss = criterion(predictions, labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 6 == 0:
        flat = torch.cat([p.grad.view(-1) for p in model.parameters()])
        accuracy = binary_accuracy(predictions, labels)
        print(f"Epoch: {epoch:02}  loss {loss.item():.4f}  acc {accuracy:.2f}  gradient {flat.norm():.4f}")
model.eval()
with torch.no_grad():
    scores, output, counts = model(text, lengths)
    print(binary_accuracy(scores, labels), counts, output.view(-1, 12).shape)
    inside = torch.arange(output.size(1))[None, :] < counts[:, None]
    print((output * inside[..., None]).sum(1).div(counts[:, None])[0])
    print(output.masked_fill(~inside[..., None], -1e9).amax(1)[1])
    alone = torch.cat([model(row[None], torch.tensor([len(row)]))[0] for row in rows])
    print(torch.allclose(alone, scores, atol=1e-5))

# from one language to another, with attention over what was packed
PAIRS = [("go", "va"), ("i lost", "j'ai perdu"), ("he is calm", "il est calme"), ("i am at home", "je suis chez moi")]
sides = []
for side in zip(*PAIRS):
    index = {w: i for i, w in enumerate(["<pad>", "<sos>", "<eos>", *sorted({w for s in side for w in s.split()})])}
    sides.append((index, [torch.tensor([index[w] for w in s.split()] + [2]) for s in side]))
(source_index, sources), (target_index, targets) = sides
source, target = pad_sequence(sources, batch_first=True), pad_sequence(targets, batch_first=True)
source_lengths = torch.tensor([len(s) for s in sources])

embed, encoder = nn.Embedding(len(source_index), 8), nn.GRU(8, 8, bidirectional=True, batch_first=True)
bridge, embed_out, query = nn.Linear(16, 16), nn.Embedding(len(target_index), 8), nn.Linear(16, 16)
cell, project = nn.GRUCell(24, 16), nn.Linear(32, len(target_index))
parts = nn.ModuleList([embed, encoder, bridge, embed_out, query, cell, project])
optimizer = torch.optim.AdamW(parts.parameters(), lr=0.02)
for epoch in range(40):
    states, h = encoder(pack_padded_sequence(embed(source), source_lengths, batch_first=True, enforce_sorted=False))
    states, _ = pad_packed_sequence(states, batch_first=True)
    h, token, logits = torch.tanh(bridge(torch.cat([h[0], h[1]], 1))), torch.ones(len(PAIRS), dtype=torch.long), []
    for t in range(target.size(1)):
        scores = torch.bmm(states, query(h).unsqueeze(2)).squeeze(2).masked_fill(source == 0, float("-inf"))
        attention = scores.softmax(1)
        context = torch.bmm(attention.unsqueeze(1), states).squeeze(1)
        h = cell(torch.cat([embed_out(token), context], 1), h)
        logits.append(project(torch.cat([h, context], 1)))
        token = target[:, t] if epoch < 30 else logits[-1].argmax(1)
    logits = torch.stack(logits, 1)
    loss = F.cross_entropy(logits.transpose(1, 2), target, ignore_index=0)
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(parts.parameters(), 1.0)
    optimizer.step()
    if epoch % 10 == 9:
        print(f"{epoch + 1:3d}  loss {loss.item():.4f}  norm {norm.item():.4f}")
back = {i: w for w, i in target_index.items()}
for (english, french), row in zip(PAIRS, logits.argmax(2).tolist()):
    print(english, "=>", " ".join(back[i] for i in row), "|", french)
print(attention)
