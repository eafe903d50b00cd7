"""The ways in which lessons call things, and what they print: to the last letter what PyTorch prints.

Where PyTorch raises an error, one of its class, or of a class below it, is raised.
"""

from __future__ import annotations

import copy
import functools
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import cutaway
from tests.parity.both import outcome

# First what is given, then expressions, several to a line.
CREATION = """
x = t.ones(2, 3)
i = t.tensor([1, 2])
b = t.tensor([True])
---
x.clone().copy_(src=x); x.clone().copy_(other=x); x.clone().requires_grad_(mode=False)
x.clone().requires_grad_(requires_grad=True); x.clone().requires_grad_(False); x.new_tensor([1], t.int64)
x.new_tensor([1], dtype=t.int64, requires_grad=False); x.to(other=i); x.to(i); x.max(other=x); t.max(x, other=x)
t.min(input=x, other=x); t.tril_indices(2, 2, requires_grad=True)
t.tril_indices(2, 3, 1, dtype=t.int32, device='cpu'); t.tril_indices(row=2, col=2, offset=-1); t.arange(5)
t.arange(5.0); t.arange(1, 5); t.arange(1, 5, 2); t.arange(0, 1, 0.25); t.arange(start=1, end=3); t.arange(end=3)
t.arange(5, dtype=t.float32); t.arange(3, requires_grad=True); t.arange(3.0, requires_grad=True); t.arange(5, 0, -1)
t.arange(0); t.arange(1, 0); t.arange(t.tensor(3)); t.arange(True); t.arange(0, 5, step=2); t.arange(2.5)
t.arange(-3, 3); t.arange(3, device='cpu'); t.arange(3, device=t.device('cpu')); t.arange(10 ** 3)[-1]
t.arange(0.0, -8.000001, -4.0, dtype=t.int16); t.arange(3.1, dtype=t.int16); t.arange(-0.9, 2.1, 2.0, dtype=t.int32)
t.arange(3, dtype=t.bool); t.arange(3, dtype=t.uint8); t.arange('a'); t.arange(); t.arange(float('nan'))
t.arange(0, float('inf')); t.linspace(0, 1, 5); t.linspace(0, 10, steps=3); t.linspace(start=0, end=1, steps=3)
t.linspace(0, 1, 3, dtype=t.float64); t.linspace(0, 9, 4, dtype=t.int64); t.linspace(t.tensor(0.0), 1, 3)
t.linspace(0, 1, 1); t.linspace(0, 1, 0); t.linspace(0, 1, -1); t.linspace(0, 1); t.linspace(i, i, 3)
t.linspace(0, 1, 3, requires_grad=True); t.linspace(-10, 10, 7); t.linspace(1, 0, 3); t.zeros(2, 3); t.zeros((2, 3))
t.zeros([2]); t.zeros(size=(2,)); t.zeros(2, dtype=t.long); t.zeros(()); t.zeros(0); t.zeros(2, 3, requires_grad=True)
t.zeros(t.Size([2])); t.zeros(2, dtype=int); t.zeros(2, dtype=float); t.zeros(2, dtype=bool); t.zeros(-1)
t.zeros(2.0); t.zeros(); t.zeros(2, device='cuda'); t.zeros(2, device='cpu:0'); t.zeros(t.tensor(2)); t.zeros(x.shape)
t.zeros(*x.shape); t.zeros(x.size(0), 2); t.ones(2); t.full((2,), 7); t.full((2,), 7.0); t.full((2,), True)
t.full((2, 2), fill_value=3.14); t.full([2], 1, dtype=t.float64); t.full(size=(2,), fill_value=1)
t.full((2,), t.tensor(3.0)); t.full(2, 1); t.full((), 1.0); t.empty(2).shape; t.empty((2, 3), dtype=t.int64).dtype
t.zeros_like(x); t.zeros_like(x, dtype=t.int64); t.ones_like(i); t.full_like(x, 2); t.full_like(i, 2.7)
t.empty_like(x).shape; t.rand_like(x).shape; t.rand_like(i); t.randn_like(i); t.ones_like(x, requires_grad=True)
t.zeros_like(x).requires_grad; t.eye(2); t.eye(2, 3); t.eye(n=2, m=1); t.eye(2, dtype=t.bool); t.eye(-1); t.eye(2.0)
t.tensor(1); t.tensor(1.0); t.tensor(True); t.tensor([]); t.tensor([[]]); t.tensor([1, 2.0]); t.tensor([1, True])
t.tensor([True, False]); t.tensor(x); t.tensor([x[0, 0], x[0, 1]]); t.tensor([[1, 2], [3]]); t.tensor('a')
t.tensor(None); t.tensor([None]); t.tensor([1, 2], dtype=t.float16); t.tensor(10000000000.0); t.tensor(2 ** 40)
t.tensor(2 ** 70); t.tensor([1.5], dtype=t.int64); t.tensor(data=[1]); t.tensor(range(3)); t.tensor((1, 2))
t.tensor([(1, 2), (3, 4)]); t.tensor({1: 2}); t.tensor([1, 2], requires_grad=True); t.tensor(3, dtype=t.bool)
t.tensor(-1, dtype=t.uint8); t.tensor(300, dtype=t.uint8); t.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=t.double)
t.tensor([i]); t.tensor([i, i]); t.tensor([i[0], 2.5]); t.tensor(float('nan')); t.as_tensor([1, 2])
t.as_tensor(i) is i; t.as_tensor(i, dtype=t.float32); t.as_tensor(3.0); t.as_tensor(data=[1], dtype=t.float32)
t.Tensor(2, 3).shape; t.Tensor([1, 2]); t.Tensor(); t.Tensor(3).shape; t.Tensor([[1, 2], [3, 4]]); t.Tensor(i)
t.Tensor(x); t.Tensor(2.0); t.Tensor((1, 2)); t.Tensor(t.Size([2])).shape; t.FloatTensor([1, 2]); t.LongTensor([1, 2])
t.LongTensor(2).shape; t.LongTensor([1.7]); t.LongTensor([[1, 2]]); t.FloatTensor(2, 3).shape; t.FloatTensor(i)
t.LongTensor(i) is i; t.LongTensor(); isinstance(x, t.FloatTensor); isinstance(i, t.LongTensor)
isinstance(x, t.LongTensor); x.type(t.LongTensor); x.type('t.LongTensor'); i.type(t.FloatTensor); x.type(); i.type()
b.type(); t.LongTensor; t.FloatTensor; x.type(t.float64); t.FloatTensor([1.5]).dtype; t.DoubleTensor([1])
t.BoolTensor([True]); t.ByteTensor([1, 0]); t.IntTensor([1]); t.FloatTensor(t.zeros(2)); t.LongTensor(range(3))
t.LongTensor((1, 2)); t.FloatTensor([]); t.LongTensor(3, 2).dtype; t.is_tensor(x); t.numel(x); t.numel(input=x)
t.Size([1, 2]); t.Size((1, 2)).numel(); t.Size([1, 2])[0]; t.Size([1, 2])[:1]; t.Size([1, 2]) + t.Size([3])
t.Size([1, 2]) + (3,); (3,) + t.Size([1]); t.Size([1]) * 2; 2 * t.Size([1]); t.Size([1, 2]) == (1, 2)
t.Size([1, 2]) == [1, 2]; tuple(t.Size([1, 2])); list(t.Size([1, 2])); len(t.Size([1])); t.Size(); t.Size([1.5])
t.Size('ab'); t.Size([t.tensor(2)]); str(t.Size([2])); f'{t.Size([2])}'; t.Size([2, 3]).count(2)
t.Size([2, 3]).index(3); hash(t.Size([2])) == hash((2,)); t.Size([-1]); t.Size([1, 2])[-1]; t.Size(i)
x.shape == (2, 3); x.shape[0]; x.shape[-1:]; x.size() == x.shape; max(x.shape); [*x.shape]; t.Size([1]) + [2]
type(t.Size([1]) + (2,)).__name__; type(t.Size([1]) * 2).__name__; type((2,) + t.Size([1])).__name__
t.finfo(t.float32); t.finfo(t.float32).eps; t.finfo(t.float64).max; t.finfo().min; t.finfo(t.float16).tiny
t.finfo(t.float32).bits; t.finfo(t.float32).dtype; t.finfo(t.int32); t.iinfo(t.int64); t.iinfo(t.int8).max
t.iinfo(t.uint8).min; t.iinfo(t.float32); t.iinfo(t.int32).bits; t.iinfo(t.int32).dtype
t.finfo(t.float32).smallest_normal; t.finfo(t.float32).resolution; t.iinfo(t.bool); t.finfo(x.dtype).min
t.finfo(dtype=t.float32).eps; t.iinfo(type=t.int8); t.iinfo(dtype=t.int8); t.finfo(type=t.float32).bits; t.pi; t.e
t.inf; t.nan; t.float; t.float32; t.double; t.half; t.long; t.int; t.short; t.uint8; t.bool; t.int8
t.float is t.float32; t.long == t.int64; t.float32.is_floating_point; t.int8.itemsize; t.bool.is_signed
str(t.float32); t.float32.is_complex; repr(t.int64); t.float32 == t.float64; hash(t.float32) == hash(t.float)
isinstance(t.float32, t.dtype); t.device('cpu'); t.device('cpu', 0); t.device('cpu:0'); t.device('cuda')
t.device('cuda:1').index; t.device('cpu').type; str(t.device('cuda', 1)); t.device('cpu') == t.device('cpu')
t.device('cpu') == 'cpu'; t.device('foo'); t.device(type='cpu'); t.device(t.device('cpu')); x.device; x.device.type
x.device == t.device('cpu'); t.get_default_dtype(); t.device('cpu').index; t.device(); {t.device('cpu'): 1}
t.device('cuda' if t.cuda.is_available() else 'cpu'); t.device('mps'); t.device('meta')
t.meshgrid(i, i, indexing='ij'); t.meshgrid([i, i], indexing='xy'); t.meshgrid(i, i)
t.meshgrid(t.arange(2), t.arange(3), indexing='xy'); t.meshgrid(i, t.tensor(5), indexing='ij')
t.meshgrid(x, i, indexing='ij'); t.from_numpy(x.numpy()); t.from_numpy([1]); t.get_rng_state().dtype
t.get_rng_state().shape; t.Generator().manual_seed(1).initial_seed(); t.Generator(device='cpu').device
t.is_grad_enabled(); t.is_floating_point(x); t.cuda.is_available(); t.backends.mps.is_available()
t.accelerator.is_available(); t.cuda.device_count()
"""

RANDOM = """
p = t.tensor([.2, .5, .9])
P = p.clone().requires_grad_()
g = t.Generator().manual_seed(1)
---
t.bernoulli(p); p.bernoulli(); p.bernoulli(0.3); t.bernoulli(p, 0.3); t.bernoulli(p, p=0.3); t.bernoulli(input=p)
t.bernoulli(p, generator=g); t.bernoulli(t.tensor([2.0])); t.bernoulli(t.tensor([1, 0])); t.bernoulli(P)
t.bernoulli(p, 2.0); p.clone().bernoulli_(); p.clone().bernoulli_(0.3); p.clone().bernoulli_(p)
p.clone().bernoulli_(p=0.3); p.int().bernoulli_(0.5); t.empty(3).bernoulli_(p.double()); t.bernoulli(p.double())
t.bernoulli(t.tensor(0.5)); t.bernoulli(t.tensor([True])); t.normal(0.0, 1.0, (3,)); t.normal(0, 1, (3,))
t.normal(0.0, 1.0, size=(2, 2)); t.normal(p, p); t.normal(p, 1.0); t.normal(p); t.normal(2.0, p)
t.normal(mean=p, std=p); t.normal(mean=0.0, std=1.0, size=(2,)); t.normal(mean=p); t.normal(0.0, -1.0, (2,))
t.normal(p, -p); t.normal(0.0, 1.0); t.normal(P, p); t.normal(p, P); t.normal(P, 1.0); t.normal(0.0, P)
t.normal(0.0, 1.0, (2,), dtype=t.float64); t.normal(p.double(), p); t.normal(p, p[:2]); t.normal(t.zeros(2, 3), p)
t.normal(p, generator=g); t.normal(p, p, generator=g); t.normal(0.0, 1.0, (2,), generator=g)
t.normal(t.arange(3), 1.0); t.normal(0.0, 1.0, (2,), requires_grad=True); t.normal(t.arange(20.0), t.ones(20))
t.multinomial(p, 2); p.multinomial(2); t.multinomial(p, 5, True); t.multinomial(p, num_samples=2, replacement=True)
t.multinomial(p, 5); t.multinomial(t.ones(2, 3), 2); t.multinomial(t.tensor([1, 2]), 1); t.multinomial(-p, 1)
t.multinomial(t.zeros(3), 1); t.multinomial(p, 0); t.multinomial(t.ones(1, 2, 3), 1); t.multinomial(p, 2, generator=g)
P.multinomial(1); t.multinomial(input=p, num_samples=1); t.multinomial(t.empty(0), 1)
t.multinomial(t.tensor([float('nan'), 1.0]), 1); t.multinomial(t.tensor([float('inf'), 1.0]), 1); t.rand(3)
t.rand(2, 2); t.rand((2,)); t.rand(size=(2,)); t.rand(2, generator=g); t.rand(2, dtype=t.float64)
t.rand(2, requires_grad=True); t.rand([]); t.rand(()); t.rand(2, dtype=t.int64); t.randn(2); t.randn(3, generator=g)
t.randn((17,)); t.randn(2, dtype=t.float64); t.randint(10, (3,)); t.randint(0, 10, (3,))
t.randint(high=10, size=(3,)); t.randint(low=3, high=10, size=(2, 2)); t.randint(3, 10, size=(2,))
t.randint(0, 10, (3,), dtype=t.float32); t.randint(0, 10, [3]); t.randint(10, 3); t.randint(5, 5, (1,))
t.randint(0, 10, (2,), generator=g); t.randint(10, size=(2,)); t.randint(0, 2, (3,), dtype=t.bool)
t.randint(0, 10, ()); t.randint(0.0, 10.0, (2,)); t.randint(t.tensor(0), 10, (2,)); t.randint(-5, 5, (4,))
t.randperm(5); t.randperm(5, generator=g); t.randperm(5, dtype=t.int32); t.randperm(0); t.randperm(-1)
t.randperm(n=3); t.randperm(3, dtype=t.float32); t.rand_like(p); t.randn_like(p); t.rand_like(p, dtype=t.float64)
t.randn_like(P).requires_grad; t.randn_like(p, generator=g); t.rand_like(input=p, requires_grad=True)
p.clone().normal_(); p.clone().normal_(1.0, 2.0); p.clone().normal_(mean=1.0, std=2.0); p.clone().normal_(generator=g)
p.clone().normal_(0, -1); p.clone().uniform_(); p.clone().uniform_(1, 2); p.clone().uniform_(**{'from': 1, 'to': 2})
p.clone().uniform_(to=3); p.clone().uniform_(2, 1); p.clone().exponential_(); p.clone().exponential_(2.0)
p.clone().exponential_(lambd=2.0); p.clone().exponential_(0); p.clone().exponential_(-1); p.int().normal_()
p.int().uniform_(); t.empty(20).normal_(); t.empty(2, 3).uniform_(-1, 1); P.normal_(); t.manual_seed(1).initial_seed()
t.initial_seed(); t.random.manual_seed(3).initial_seed(); t.random.initial_seed(); t.get_rng_state().sum()
t.random.get_rng_state().dtype; t.set_rng_state(t.get_rng_state()); t.manual_seed(-1).initial_seed()
t.manual_seed(2 ** 64); t.manual_seed('a'); t.Generator().get_state().dtype; t.default_generator.initial_seed()
"""

REDUCTIONS = """
x = t.tensor([[3., 1., 2., 5.], [2., 2., float("nan"), 0.]], dtype=t.float64, requires_grad=True)
i = t.tensor([3, 1, 2])
e = t.empty(0)
X = x.detach()
---
x.prod(); x.prod(1); x.prod(dim=0, keepdim=True); i.prod(); i.bool().prod(); i.prod(dtype=t.float32); i.int().prod(0)
x.prod((0, 1)); x.prod(axis=1); t.tensor(2.0).prod(0); t.tensor(2.0).prod(-1, True); e.prod(); t.prod(x, 1)
t.prod(input=x, dim=1); x.prod(5); x.median(); x.median(1); x.median(dim=0, keepdim=True); i.median(); e.median()
t.zeros(0, 2).median(0); t.zeros(0, 2).median(1); i.bool().median(); t.tensor(2.0).median(0); t.median(x)
t.median(i, dim=0); t.tensor([1, 2, 3, 4]).median(); t.tensor([1, 2, 3, 4]).median(0); x.median(5); x.median(-1)[1]
t.median(i, -1, True); x.cumprod(1); i.cumprod(0); i.cumprod(0, dtype=t.float32); t.tensor(2.0).cumprod(0)
i.bool().cumprod(0); x.cumprod(axis=0); x.cumprod(); x.diff(); i.diff(); i.diff(n=2); i.diff(n=0); i.diff(n=5)
i.diff(n=-1); x.diff(dim=0); i.diff(prepend=t.tensor([0])); i.diff(append=t.tensor([9, 9])); i.bool().diff()
t.tensor(1).diff(); x.diff(1, 0); t.diff(i, 1, -1, i, i); i.diff(prepend=t.tensor(0)); i.diff(prepend=t.tensor([0.5]))
x.diff(prepend=i); i.diff(axis=0); i.bincount(); i.bincount(minlength=6); i.bincount(t.tensor([0.5, 0.5, 1.0]))
i.bincount(t.tensor([1, 2, 3])); i.bincount(t.tensor([0.5, 0.5, 1.0]).double()); t.bincount(i, weights=i.half())
t.tensor([-1]).bincount(); t.tensor([1.0]).bincount(); t.tensor([[1]]).bincount(); i.bincount(minlength=-1)
t.tensor([], dtype=t.long).bincount(); t.tensor([], dtype=t.long).bincount(minlength=3); i.bincount(t.tensor([1.0]))
t.tensor(1).bincount(); i.to(t.uint8).bincount(); i.bool().bincount(); i.bincount(i.bool()); i.unique()
t.tensor([1, 3, 1, 2]).unique(return_inverse=True); t.tensor([1, 3, 1, 2]).unique(return_counts=True)
t.unique(t.tensor([[1, 3], [1, 2]]), True, True, True); t.tensor([[1, 3], [1, 2], [1, 3]]).unique(dim=0)
t.tensor([[1, 3], [1, 2], [1, 3]]).unique(dim=1, return_inverse=True, return_counts=True); x.detach().unique()
t.tensor([1.0, float('nan'), float('nan'), 0.0]).unique(return_inverse=True, return_counts=True)
t.tensor([True, False, True]).unique(); t.tensor(3).unique(); t.empty(0).unique(return_inverse=True)
t.tensor([[3, 1], [1, 2]]).unique(sorted=False); t.tensor([-0.0, 0.0]).unique(); t.zeros(0, 2).unique(dim=0)
t.zeros(0, 2).unique(dim=1); t.tensor([[1, 1], [1, 1]]).unique(dim=5); t.tensor(1).unique(dim=0)
t.tensor([1, 2, 2]).unique(dim=0, return_counts=True); x.norm(0); x.norm(p='fro', dim=(0, 1)); x.norm(2, 1, True)
t.norm(x, p=1); t.norm(x, dim=1); x.norm(p=float('inf'), dim=0); x.norm(dtype=t.float64); t.norm(i)
t.norm(x, 2, dim=1, keepdim=True); t.norm(t.tensor(3.0)); x.sum(axis=0); x.sum(dim=(0, 1), keepdim=True)
x.sum(0, True); x.sum(-1); x.mean(axis=0, keepdims=True); i.float().mean(); i.mean(); x.std(unbiased=False)
x.std(0, unbiased=False); x.std(0, False); x.std(0, True, True); x.std(correction=0)
x.var(dim=1, correction=0, keepdim=True); t.std(x, dim=1); t.std(x, 1, False); t.var(x, False); x.max(1)
x.max(1).values; x.max(dim=1, keepdim=True); t.max(x, 1); t.max(x, x); t.max(x, dim=1)[1]; i.max(); x.argmax()
x.argmax(dim=1); x.argmax(1, True); x.argmin(axis=0); t.argmax(x, dim=-1); x.all(); x.any(1)
x.all(dim=0, keepdim=True); t.all(x > 0, dim=(0, 1)); x.any(dim=(0, 1)); x.count_nonzero(); x.count_nonzero(dim=1)
t.count_nonzero(x, (0, 1)); x.logsumexp(1); x.logsumexp((0, 1)); t.logsumexp(x, dim=-1, keepdim=True); x.cumsum(-1)
t.cumsum(x, dim=0); x.cumsum(axis=0); x.amax(1); x.amax((0, 1)); x.amax(dim=0, keepdim=True); x.amin()
t.amax(x, 1, True); i.sum(dtype=t.float32); x.sum(dim=[0, 1]); x.mean([0]); x.var(()); t.sum(x, (0,), True)
X.quantile(0.3); X.quantile(t.tensor([0.2, 1.0]).double(), 0); X.quantile(0.5, dim=1, keepdim=True); t.quantile(X, 2)
t.quantile(X, 0.3, -1, interpolation='nearest'); X[0].quantile(0.4, interpolation='lower'); i.quantile(0.5)
X[0].quantile(0.4, interpolation='higher'); X[0].quantile(0.4, interpolation='midpoint'); e.quantile(0.5)
X.quantile(t.tensor([0.5])); X.quantile(q=0.5, dim=2); X.quantile(0.5, keepdim=True); t.tensor(3.0).quantile(0.2)
X.quantile(t.zeros(2, 2).double()); X.quantile(0.5, interpolation='mean'); t.std_mean(x); t.std_mean(x, 1)
t.var_mean(x, dim=0, keepdim=True); t.var_mean(x, correction=0); t.std_mean(x, unbiased=False); t.std_mean(x, False)
t.var_mean(i); t.nn.functional.softmin(x, 1); t.nn.functional.softmin(x, dim=0, dtype=t.float32)
"""

MEMORY = """
x = t.arange(9).reshape(3, 3)
o = t.ones(2)
---
x[[[0, 1]]]; x[[[0, 1], [1, 2]]]; x[[t.tensor(0), t.tensor(2)]]; x[[t.tensor([0, 1]), t.tensor([2, 1])]]; x[[0, 1]]
x[[slice(0, 2), 1]]; x[[0, None]]; x[[..., 0]]; x[[(0, 1), (1, 2)]]; x[[[True, False, True]]]; x[[[[0, 1], [1, 2]]]]
x[[[0], 1]]; x[[range(2), range(2)]]; x[[np.array([0, 1]), np.array([1, 2])]]; x[[[i % 3] for i in range(33)]]
x[(0, 1)]; x[((0, 1),)]; x[np.array([[0, 1], [1, 2]])]; x[[np.int64(0), np.int64(1)]]; x[[True, False, True]]
[x.__setitem__([[0, 1], [1, 2]], -1), x]; [x.__setitem__([t.tensor(0), t.tensor(2)], -1), x]
t.tensor([]).stride(); t.empty(0, 3).stride(); t.zeros(3, 0).stride(); t.tensor([[]]).stride()
t.zeros(2, 0, 3).stride()
t.tensor(1).stride(); t.ones(1, 3).stride(); t.ones(3, 1).t().stride(); t.empty(0, 3).stride(0); o.is_cuda
o.storage_offset(); o[1:].storage_offset(); x[1:, 2:].storage_offset(); x.t()[1].storage_offset()
x.flip(0).storage_offset(); x[[1]].storage_offset(); x.double()[2].storage_offset(); o.permute(1, 0); o.permute(2)
t.add(np.int64(2), o); t.mul(np.float32(2), o); t.pow(np.float64(2), o); t.sub(np.int64(2), x); t.div(np.float32(1), x)
t.remainder(np.int64(7), x + 1); t.add(np.float64(2), x)
"""

OUT = """
x = t.tensor([[1., 2.], [3., 4.]])
e = t.empty(0)
z = t.zeros(2, 2)
w = t.ones(2, 2, requires_grad=True)
---
t.add(x, x, out=e); t.add(x, x, out=z) is z; [t.add(x, x, out=z), z]; t.mul(2, x, out=z); t.matmul(x, x, out=e)
t.exp(x, out=z.double()); t.add(x, x, out=z.long()); t.sum(x, 1, out=e); t.add(x, x, out=t.zeros(3)); t.add(w, x, out=z)
t.add(x, x, out=w); t.add(x, x, out=None); t.gt(x, 2, out=z); t.gt(x, 2, out=t.zeros(2, 2, dtype=t.bool))
t.clamp(x, 2, 3, out=x); t.cumsum(x, 0, out=z)
[t.add(x, 1, out=z[0:1].expand(2, 2).clone())]; [t.add(x[0], 1, out=z[1]), z]; t.argmax(x, out=t.empty(0, dtype=t.long))
x.fill_diagonal_(9); x.fill_diagonal_(True); t.zeros(3, 2).fill_diagonal_(1.5); w.fill_diagonal_(0); e.fill_diagonal_(1)
t.zeros(2, 2, 2).fill_diagonal_(1); t.zeros(2, 3, 3).fill_diagonal_(1); (w * 1).fill_diagonal_(7).tolist()
t.zeros(2, 2).long().fill_diagonal_(7.5); (w * 1).fill_diagonal_(x[0, 1]).tolist(); x.t().fill_diagonal_(fill_value=0)
"""

SHAPES = """
x = t.arange(12.).reshape(3, 4).requires_grad_()
v = t.tensor([1., 2., 3.], requires_grad=True)
i = t.arange(3)
---
x.flip(0); x.flip(0, 1); x.flip((0, 1)); x.flip(dims=(0, 1)); x.flip(dims=[0]); t.flip(x, [0]); t.flip(x, dims=(1,))
t.flip(x, (0, 0)); x.flip(0, 0); x.flip(); x.flip(5); x.roll(1); x.roll(1, 0); x.roll((1, 2), (0, 1))
x.roll(shifts=1, dims=1); t.roll(x, -1, 1); t.roll(x, (1, 1), (0, 0)); x.roll((1, 2)); x.roll(1, (0, 1))
x.roll((1,), (0,)); t.tensor(1).roll(1); t.empty(0).roll(1); x.roll(1, 5); t.tensor(1).roll(1, 0); t.roll(x, 5, 0)
x.tile(2); x.tile((2, 1)); x.tile(2, 1, 1); x.tile(dims=(2,)); t.tile(x, (2,)); t.tile(x, dims=(1, 2)); v.tile(())
t.tensor(1).tile(3); x.tile(-1); x.repeat(2, 1); x.repeat((2, 1)); x.repeat(repeats=(2, 1)); v.repeat(2); x.repeat(2)
x.repeat(sizes=(1, 2)); v.repeat_interleave(2); x.repeat_interleave(2, 0); x.repeat_interleave(2, dim=1)
x.repeat_interleave(t.tensor([1, 2, 0]), 0); t.repeat_interleave(t.tensor([1, 2, 0])); t.repeat_interleave(x, 2)
t.tensor(5).repeat_interleave(2, 0); t.tensor(5).repeat_interleave(2)
t.tensor(5).repeat_interleave(t.tensor(2), 0); t.repeat_interleave(t.tensor([1, 2]), output_size=5)
t.repeat_interleave(t.tensor([1, 2]), output_size=3)
t.repeat_interleave(v, t.tensor([1, 2, 0])); t.repeat_interleave(v, repeats=t.tensor([2]), dim=0)
v.repeat_interleave(t.tensor([1, 2])); v.repeat_interleave(-1); v.repeat_interleave(2.0)
v.repeat_interleave(t.tensor([1.0, 2.0, 0.0])); v.repeat_interleave(2, output_size=6)
t.repeat_interleave(v, i, output_size=3); v.repeat_interleave(t.tensor(2)); t.tensor(3).repeat_interleave(2)
t.repeat_interleave(t.tensor([[1]])); v.repeat_interleave([1, 2, 0]); x.repeat_interleave(2, -1)
x.repeat_interleave(t.tensor([-1, 1, 1]), 0); v.repeat_interleave(i.int()); t.repeat_interleave(i); v.unfold(0, 2, 1)
x.unfold(1, 2, 2); x.unfold(0, 3, 1); x.unfold(dimension=1, size=2, step=1); x.unfold(-1, 3, 1); x.unfold(1, 5, 1)
x.unfold(1, 0, 1); x.unfold(1, 2, 0); t.tensor(3.0).unfold(0, 1, 1); x.unfold(1, 2, 1).unfold(0, 2, 1)
x.unfold(5, 1, 1); x.unfold(1, -1, 1); t.tensor(3.0).unfold(0, 0, 1); t.diag(v); v.diag(-1); t.diag(v, diagonal=1)
t.tensor(1).diag(); t.ones(2, 2, 2).diag(); x.diagonal(); x.diagonal(1); t.diagonal(x, offset=-1)
t.ones(2, 3, 4).diagonal(dim1=1, dim2=2); t.ones(2, 3, 4).diagonal(0, -2, -1); t.ones(2, 3, 4).diagonal()
x.diagonal(0, 0, 0); t.diagonal(v); x.diagonal(10); t.diagonal(x, 0, 5, 1); t.empty(0).diag(); t.diag(t.empty(0), 1)
x.permute(1, 0); x.permute((1, 0)); x.permute(dims=(1, 0)); t.permute(x, dims=(1, 0)); t.permute(x, [1, 0])
x.reshape(2, 6); x.reshape(shape=(2, 6)); t.reshape(x, shape=(4, 3)); x.reshape([6, 2]); x.reshape(t.Size([12]))
x.view(-1); x.view(size=(2, 6)); x.view((4, 3)); x.view(t.int32); x.detach().view(t.int32); x.detach().view(t.float64)
x.detach().view(dtype=t.int16).shape; x.detach().t().view(t.int16); x.expand(2, 3, 4).shape
x.expand(size=(2, 3, 4)).shape; x.expand((2, -1, -1)).shape; v.expand(2, -1); x.reshape(); t.tensor(1).reshape(())
x.view(); t.tensor(1).view(()); t.tensor(1).view(1); x.flatten(start_dim=1); t.flatten(x, 0); x.unflatten(1, (2, 2))
x.unflatten(dim=1, sizes=(2, -1)); t.unflatten(x, 1, (2, 2)); x.squeeze(axis=0); x[None].squeeze(dim=0).shape
x[None].squeeze((0, 1)).shape; x.unsqueeze(dim=1).shape; t.unsqueeze(x, dim=-1).shape; t.squeeze(x); x.transpose(0, 1)
x.transpose(dim0=0, dim1=1); t.transpose(x, 0, 1); x.swapaxes(axis0=0, axis1=1); t.swapaxes(x, 0, 1)
t.swapdims(x, dim0=0, dim1=1); x.swapdims(0, 1); x.movedim(0, 1); t.movedim(x, source=0, destination=1)
x.movedim((0, 1), (1, 0)); x.narrow(1, 0, 2); t.narrow(x, dim=1, start=0, length=2); x.narrow(1, t.tensor(1), 2)
x.narrow(1, -2, 2); x.split(2); x.split([1, 2]); t.split(x, split_size_or_sections=2, dim=1)
x.split(split_size=2, dim=1); t.split(x, [1, 3], 1); x.chunk(2, 1); t.chunk(x, chunks=2, dim=1); x.unbind()
t.unbind(x, dim=1); x.unbind(1); t.cat((v, v)); t.cat([x, x], dim=1); t.cat(tensors=[x, x], dim=-1)
t.cat([x, x], axis=1); t.concat([v, v]); t.stack([v, v], 1); t.stack((v, v), dim=-1); t.hstack([v, v])
t.vstack((v, v)); t.cat([v, i]); t.stack([v, i]); t.cat([]); t.cat([v, x]); t.cat([t.empty(0), x]); t.stack([v, x])
t.broadcast_to(v, (2, 3)); v.broadcast_to(2, 3); v.broadcast_to((2, 3)); t.broadcast_tensors(v, x[:, :1])
x.expand_as(t.ones(2, 3, 4)).shape; x.view_as(t.ones(12)); x.reshape_as(t.ones(12)); x.ravel(); t.ravel(x)
x.contiguous(); x.t().contiguous().stride(); x.tril(); x.tril(-1); x.triu(diagonal=1); t.tril(x, diagonal=-1)
t.triu(x, 1); x.clone(); t.clone(x); t.t(x); v.t(); v.T; v.mT; x.mT; x.T; t.ones(1, 2, 3).T.shape
"""

TENSORS = """
x = t.tensor([[1., -2., 3.], [4., 5., 6.]], requires_grad=True)
i = t.tensor([3, 1, 2])
b = t.tensor([True, False])
s = t.tensor(2.5)
e = t.empty(0, 3)
---
type(x); type(x.shape); type(x.dtype); type(x.device); type(t.nn.Parameter(x)); [type(x)]; type(x.T[0]).__name__
x.size(); x.size(0); x.size(-1); x.size(dim=1); x.shape; x.dim(); x.ndim; x.numel(); x.nelement(); x.dtype; x.device
x.requires_grad; x.is_leaf; x.grad; x.grad_fn; x.stride(); x.stride(0); x.t().stride(); x.is_contiguous()
x.t().is_contiguous(); x.element_size(); x.itemsize; x.nbytes; x.ndimension(); len(x); len(s); list(i)
[v.item() for v in i]; i.tolist(); x.tolist(); s.item(); i.item(); s.tolist(); float(s); int(s); bool(s); bool(i)
bool(e); bool(t.tensor([1])); int(i[0]); range(i[0]); [1, 2, 3, 4][i[0]]; i[0].__index__(); s.__index__(); x.data
x.detach(); x.detach().requires_grad; x[0].is_leaf; x.data_ptr() == x.data.data_ptr(); x.size(5); s.size(); s.size(0)
s.shape; x.size(0, 1); x.numpy(); x.detach().numpy(); x.detach().numpy().dtype; i.numpy(); np.array(i)
np.asarray(i).dtype; b.numpy(); x.numpy(force=True); np.sqrt(i.float()); np.array(x.detach(), dtype=np.float64)
i.__array__(); x.to(t.float64); x.to('cpu'); x.to('cpu', t.float64); x.to(t.device('cpu')); x.to(dtype=t.float16)
x.to(device='cpu', dtype=t.int32); x.to(i); x.to(t.float32) is x; x.to(t.float32, copy=True) is x
x.to('cpu', non_blocking=True) is x; x.to(t.float64, False, True).dtype; x.to(); x.to('cuda'); x.type()
x.type(t.float64); x.type('t.DoubleTensor'); x.type_as(i); x.float() is x; x.double(); x.long(); x.int(); x.half()
x.bool(); x.short(); x.byte(); x.char(); i.float(); b.int(); b.float(); x.cpu() is x; t.tensor([1.7, -1.7]).int()
t.tensor([300.0]).to(t.uint8); t.tensor([-1]).to(t.uint8); t.tensor([2.5, 0.0, -1.0]).bool()
t.tensor(10000000000.0).int(); x.new_zeros(2); x.new_zeros((2, 3)); x.new_zeros(2, 3); x.new_ones(2, dtype=t.int64)
x.new_full((2,), 7); i.new_full((2,), 7.5); x.new_tensor([1, 2]); i.new_tensor([1.5]); x.new_empty(2).shape
i.new_zeros([2]); x.new_zeros(size=(2,)); x.new_ones(size=(2,)); x.new_full(size=(2,), fill_value=1)
x.new_tensor(data=[1]); x.new_zeros(2, requires_grad=True); i.new_tensor(i); x.new_tensor(5); x.new_zeros(())
x.clone(); x.clone().detach(); x.detach().clone().requires_grad_(True); x.clone().fill_(3); x.clone().fill_(i)
x.clone().copy_(t.ones(3)); x.clone().copy_(t.ones(2)); i.clone().copy_(t.tensor([1.9, 2.9, 3.9])); i.fill_(2.9)
i.clone().fill_(True); b.clone().fill_(2); copy.copy(i); copy.deepcopy(i); copy.deepcopy(x); copy.deepcopy(x * 2)
pickle.loads(pickle.dumps(i)); pickle.loads(pickle.dumps(x)); x.clone().fill_(value=1); f'{s:.1f}'; f'{s}'; f'{i}'
f'{i[0]}'; f'{i[0]:d}'; f'{s:>8.2f}'; f'{x:.1f}'; '%.2f' % s; '%d' % i[0]; str(i); repr(s); format(s, '.3e')
f'{b[0]}'; '{}'.format(s); f'{s.item():.2f}'; str(x); '%s' % s; round(s.item(), 1); f'{t.tensor(3):5d}|'
f'{t.tensor(7)}'; f'{t.tensor(1.0)}'; i == 2; i == i; i != 2; i == None; i == 'a'; i is None; 2 in i; 5 in i; s in x
None in i; i in [i]; {i: 1}[i]; i < 2; i >= i; b & b; b | b; ~b; b ^ b; i & 1; i | 1; ~i; i ^ i; not b[0]
b[0] and True; x > 0; (x > 0).sum(); (x > 0) & (x < 4); x.eq(1); t.eq(x, x); t.equal(x, x); t.allclose(x, x + 1e-09)
x.isnan().any(); 1 < i; 2 * i; i * 2; 2 - i; i - 2; 2 / i; i / 2; i // 2; 7 // i; i % 2; 7 % i; 2 ** i; i ** 2; -i; +i
abs(-i); i @ i; x @ i.float(); i.float() @ x.T; i + 1.5; i + True; b + 1; b + b; b * 2; i / b; s + i; i + s
t.tensor(2) + t.tensor(1.5); i * t.tensor(2.5); i.half() + i.float(); t.ones(2, dtype=t.uint8) - 2
t.tensor([250], dtype=t.uint8) + 10; np.float64(2.0) * i; np.int64(2) * i; i * np.float32(2.0)
i * np.array([1, 2, 3]); i.float() * np.array([1.0, 2.0, 3.0]); np.ones(3) @ i.double().numpy(); divmod(i, 2)
pow(i, 2); round(s); i.__radd__(1); i + 'a'; i + None; [1, 2, 3] + i; i + [1, 2, 3]; x.mean().item(); i.sum().item()
sum(i); max(i); min(i); sorted(i); list(reversed(i)); any(b); all(b); tuple(i); dict(enumerate(i.tolist())); [*i]
iter(s); x.sum().backward(); (x * 2).sum().backward(); x.detach().sum().backward(); x.backward()
x.backward(t.ones(2, 3)); (x * 2).backward(gradient=t.ones_like(x)); x.requires_grad_(False).requires_grad
x.requires_grad_().requires_grad; i.requires_grad_(); x.retain_grad(); (x * 1).retain_grad(); (x * 2).grad
(x * 2).grad_fn.name(); (x * 2).is_leaf; x.data.is_leaf; t.autograd.grad(x.sum(), x)
t.autograd.grad((x ** 2).sum(), x)[0]; x.is_floating_point(); x.grad_fn is None; x.detach_(); x.expm1().shape
"""



def differences(section: str) -> Iterator[str]:
    """The expressions that are not alike in both, with what they are in each."""
    given, _, expressions = section.partition("---")
    for source in expressions.replace("\n", "; ").split("; "):
        if source:
            got, want = (outcome(functools.partial(evaluated, given, source), t, 0) for t in (cutaway, torch))
            if isinstance(want, Exception):
                kind = next(c for c in type(want).__mro__ if c.__module__ == "builtins")
                if not isinstance(got, kind):
                    yield f"{source}: PyTorch raises {want!r}, and here it is {got!r}"
            elif got != want:
                yield f"{source}: {got!r} instead of {want}"


def evaluated(given: str, source: str, t: Any) -> str:
    space = {"t": t, "np": np, "copy": copy, "pickle": pickle}
    exec(given, space)
    return repr(eval(source, space))


@pytest.mark.parametrize("section", ["CREATION", "RANDOM", "REDUCTIONS", "MEMORY", "OUT", "SHAPES", "TENSORS"])
def test_it_prints_what_pytorch_prints(section: str) -> None:
    assert not list(differences(globals()[section]))
