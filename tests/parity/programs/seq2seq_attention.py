"""Reversing words with an encoder, an attending decoder, teacher forcing and beam-free greedy decoding."""

import random

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.utils.data import DataLoader

SOS, EOS, PAD = 0, 1, 2
letters = "abcdefgh"
random.seed(1)
torch.manual_seed(1)
pairs = ["".join(random.choice(letters) for _ in range(random.randint(3, 6))) for _ in range(120)]


def collate(words):
    longest = max(map(len, words))
    source = torch.full((len(words), longest), PAD)
    target = torch.full((len(words), longest + 1), PAD)
    for row, word in enumerate(words):
        ids = torch.tensor([letters.index(c) + 3 for c in word])
        source[row, : len(word)] = ids
        target[row, : len(word)] = ids.flip(0)
        target[row, len(word)] = EOS
    return source, target


class EncoderRNN(nn.Module):
    def __init__(self, input_size, hidden_size, dropout_p=0.1):
        super().__init__()
        self.embedding = nn.Embedding(input_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)
        self.dropout = nn.Dropout(dropout_p)

    def forward(self, input):
        return self.gru(self.dropout(self.embedding(input)))


class BahdanauAttention(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.Wa = nn.Linear(hidden_size, hidden_size)
        self.Ua = nn.Linear(hidden_size, hidden_size)
        self.Va = nn.Linear(hidden_size, 1)

    def forward(self, query, keys, mask):
        scores = self.Va(torch.tanh(self.Wa(query) + self.Ua(keys)))
        scores = scores.squeeze(2).unsqueeze(1)
        scores = scores.masked_fill(mask.unsqueeze(1), -1e9)
        weights = F.softmax(scores, dim=-1)
        return torch.bmm(weights, keys), weights


class AttnDecoderRNN(nn.Module):
    def __init__(self, hidden_size, output_size, dropout_p=0.1):
        super().__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.attention = BahdanauAttention(hidden_size)
        self.gru = nn.GRU(2 * hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, output_size)
        self.dropout = nn.Dropout(dropout_p)

    def forward(self, encoder_outputs, encoder_hidden, mask, steps, target_tensor=None):
        batch_size = encoder_outputs.size(0)
        decoder_input = torch.empty(batch_size, 1, dtype=torch.long).fill_(SOS)
        decoder_hidden = encoder_hidden
        decoder_outputs, attentions = [], []
        for i in range(steps):
            embedded = self.dropout(self.embedding(decoder_input))
            query = decoder_hidden.permute(1, 0, 2)
            context, weights = self.attention(query, encoder_outputs, mask)
            output, decoder_hidden = self.gru(torch.cat((embedded, context), dim=2), decoder_hidden)
            output = self.out(output)
            decoder_outputs.append(output)
            attentions.append(weights)
            if target_tensor is not None and random.random() < 0.7:
                decoder_input = target_tensor[:, i].unsqueeze(1)
            else:
                _, topi = output.topk(1)
                decoder_input = topi.squeeze(-1).detach()
        decoder_outputs = torch.cat(decoder_outputs, dim=1)
        return F.log_softmax(decoder_outputs, dim=-1), decoder_hidden, torch.cat(attentions, dim=1)


loader = DataLoader(pairs, batch_size=24, shuffle=True, collate_fn=collate)
encoder, decoder = EncoderRNN(len(letters) + 3, 24), AttnDecoderRNN(24, len(letters) + 3)
params = list(encoder.parameters()) + list(decoder.parameters())
optimizer = optim.RMSprop(params, lr=0.005, alpha=0.9, momentum=0.1)
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
criterion = nn.NLLLoss(ignore_index=PAD)
for epoch in range(8):
    total = 0.0
    for source, target in loader:
        optimizer.zero_grad()
        outputs, hidden = encoder(source)
        log_probs, _, _ = decoder(outputs, hidden, source == PAD, target.size(1), target)
        loss = criterion(log_probs.view(-1, log_probs.size(-1)), target.view(-1))
        loss.backward()
        optimizer.step()
        total += loss.item()
    scheduler.step()
    print(f"{epoch} {total / len(loader):.4f} {scheduler.get_last_lr()[0]:.6f}")

encoder.eval()
decoder.eval()
with torch.no_grad():
    source, target = collate(pairs[:5])
    outputs, hidden = encoder(source)
    log_probs, hidden, attention = decoder(outputs, hidden, source == PAD, target.size(1))
    ids = log_probs.argmax(-1)
    for row, word in zip(ids, pairs):
        print(word, "->", "".join(letters[i - 3] if i > 2 else "." for i in row.tolist()))
    print(attention.shape, attention[0, 0], hidden.mean())
    print((ids == target).all(dim=1).sum(), (ids[target != PAD] == target[target != PAD]).float().mean())
