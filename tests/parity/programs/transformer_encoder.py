"""Learning to sort with nn.TransformerEncoder, and a causal language model on the same parts."""

import math

import torch
from torch import Tensor, nn
from torch.nn import TransformerEncoder, TransformerEncoderLayer


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 100):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(max_len, 1, d_model)
        pe[:, 0, 0::2] = torch.sin(position * div_term)
        pe[:, 0, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(x + self.pe[: x.size(0)])


def square_mask(sz: int) -> Tensor:
    return torch.triu(torch.ones(sz, sz) * float("-inf"), diagonal=1)


class Model(nn.Module):
    def __init__(self, ntoken: int, d_model: int, nhead: int, d_hid: int, nlayers: int, dropout: float = 0.1):
        super().__init__()
        self.model_type = "Transformer"
        self.pos_encoder = PositionalEncoding(d_model, dropout)
        layers = TransformerEncoderLayer(d_model, nhead, d_hid, dropout)
        self.transformer_encoder = TransformerEncoder(layers, nlayers)
        self.encoder = nn.Embedding(ntoken, d_model)
        self.d_model = d_model
        self.decoder = nn.Linear(d_model, ntoken)
        self.init_weights()

    def init_weights(self) -> None:
        initrange = 0.1
        self.encoder.weight.data.uniform_(-initrange, initrange)
        self.decoder.bias.data.zero_()
        self.decoder.weight.data.uniform_(-initrange, initrange)

    def forward(self, src: Tensor, src_mask: Tensor = None, src_key_padding_mask: Tensor = None) -> Tensor:
        src = self.encoder(src) * math.sqrt(self.d_model)
        src = self.pos_encoder(src)
        output = self.transformer_encoder(src, src_mask, src_key_padding_mask)
        return self.decoder(output)


torch.manual_seed(0)
ntokens, T, N = 12, 7, 16
model = Model(ntokens, d_model=16, nhead=2, d_hid=32, nlayers=2)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 10, gamma=0.9)
for step in range(30):
    src = torch.randint(2, ntokens, (T, N))  # (T, N)
    tgt = torch.sort(src, dim=0).values
    output = model(src)
    loss = criterion(output.view(-1, ntokens), tgt.reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    optimizer.step()
    scheduler.step()
    if step % 6 == 0:
        print(f"| step {step:3d} | lr {scheduler.get_last_lr()[0]:.4f} | loss {loss.item():5.4f} | ppl {loss.exp():.3f}")

model.eval()
mask = square_mask(T)
print(mask)
with torch.no_grad():
    a = model(src, mask)
    changed = src.clone()
    changed[-1] = 1
    b = model(changed, mask)
    print(torch.allclose(a[:-1], b[:-1], atol=1e-6), torch.allclose(a[-1], b[-1], atol=1e-6))
    padding = torch.zeros(N, T, dtype=torch.bool)
    padding[:, -2:] = True
    print(f"{model(src, src_key_padding_mask=padding)[:-2].abs().mean():.4f}")

attention = nn.MultiheadAttention(16, 4, batch_first=True, dropout=0.0)
q, kv = torch.randn(2, 3, 16), torch.randn(2, 5, 16)
out, weights = attention(q, kv, kv)
print(out.shape, weights.shape, torch.allclose(weights.sum(-1), torch.ones(2, 3)))
print(out[0, 0, :4], weights[0, 0])
pre = TransformerEncoderLayer(16, 2, dim_feedforward=24, activation="gelu", batch_first=True, norm_first=True, dropout=0)
print(pre)
y = pre(q).pow(2).mean()
y.backward()
print(f"{y.item():.5f}", f"{pre.linear1.weight.grad.norm():.5f}", f"{pre.self_attn.in_proj_weight.grad.norm():.5f}")
sdpa = torch.nn.functional.scaled_dot_product_attention
print(sdpa(q.unsqueeze(1), q.unsqueeze(1), q.unsqueeze(1), is_causal=True)[0, 0, :, :3])
