"""Samplers, streams and batches of one's own; splits, subsets and what a batch is made of."""

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import BatchSampler, ConcatDataset, DataLoader, Dataset, IterableDataset, Sampler, Subset
from torch.utils.data import TensorDataset, WeightedRandomSampler, get_worker_info

torch.manual_seed(1)


class Stream(IterableDataset):
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        assert get_worker_info() is None
        for i in range(self.n):
            yield torch.full((i % 3 + 1,), float(i)), i


def pad(batch):
    xs, ys = zip(*batch)
    L = torch.tensor([len(x) for x in xs])
    X = nn.utils.rnn.pad_sequence(xs, batch_first=True, padding_value=-1.0)
    return X, torch.arange(X.size(1))[None, :] < L[:, None], torch.tensor(ys)


for X, mask, ys in DataLoader(Stream(7), batch_size=3, collate_fn=pad):
    print(X, mask, ys, sep="\n")
for s in [
    torch.utils.data.SequentialSampler(range(4)),
    BatchSampler(torch.utils.data.SequentialSampler(range(5)), 2, False),
    torch.utils.data.SubsetRandomSampler([3, 5, 7]),
]:
    print(list(s), len(s))


class Faces(Dataset):
    def __init__(self, n, transform=None):
        self.n, self.transform = n, transform

    def __len__(self):
        return self.n

    def __getitem__(self, idx):
        image, eyes = np.full((4, 5, 3), idx, dtype=np.uint8), np.array([[idx, idx + 0.5]])
        sample = {"image": image, "name": f"s{idx}", "eyes": eyes}
        return self.transform(sample) if self.transform else sample


def to_tensor(sample):
    image = torch.from_numpy(sample["image"].transpose((2, 0, 1)).copy()).float().div(255)
    return {**sample, "image": image, "eyes": torch.from_numpy(sample["eyes"]) * 2}


faces = Faces(10, to_tensor)
for batch in DataLoader(faces, batch_size=4, shuffle=True, num_workers=0, drop_last=True):
    print(batch["image"].shape, batch["image"].mean(), batch["eyes"].dtype, batch["eyes"][:, 0], batch["name"])
train, val = torch.utils.data.random_split(faces, [0.8, 0.2], generator=torch.Generator().manual_seed(0))
print(len(train), len(val), val.indices, len(ConcatDataset([train, val])), Subset(faces, [1, 2])[1]["name"])
print(torch.utils.data.default_collate([(1, 2.0, "a", np.float32(3)), (4, 5.0, "b", np.float32(6))]))

labels = torch.tensor([0] * 16 + [1] * 4)
weights = 1.0 / torch.bincount(labels).float()
balanced = WeightedRandomSampler(weights[labels], num_samples=12, replacement=True)
for x, y in DataLoader(TensorDataset(torch.arange(20), labels), batch_size=6, sampler=balanced):
    print(x, y)


class BucketSampler(Sampler):
    def __init__(self, lengths, batch_size):
        self.lengths, self.batch_size = lengths, batch_size

    def __iter__(self):
        batches = torch.tensor(self.lengths).argsort(stable=True).split(self.batch_size)
        for i in torch.randperm(len(batches)):
            yield batches[i].tolist()

    def __len__(self):
        return -(-len(self.lengths) // self.batch_size)


lengths = torch.randint(1, 6, (8,)).tolist()
sequences = [(torch.arange(n), n) for n in lengths]
loader = DataLoader(sequences, batch_sampler=BucketSampler(lengths, 3), collate_fn=pad)
print(len(loader), loader.batch_size, [X.shape for X, mask, ys in loader], [ys.tolist() for _, _, ys in loader])
