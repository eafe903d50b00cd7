"""Idioms of lessons in indexing, linear algebra and derivatives; x is a 3 by 4 matrix unless they say else."""

from __future__ import annotations

import pytest

from tests.parity.both import same
from tests.parity.sources import program

LINES = """
x[x > 5] = 0; x
x[x > 5] += 10; x
x[x > 5] *= t.tensor(2.); x
x[:, 1] = t.tensor([7., 8., 9.]); x
x[1:, ::2] = -1; x
x[[0, 2]] = x[[2, 0]]; x
x[[0, 2], [1, 3]] = t.tensor([50., 60.]); x
x[x.argmax(dim=0), t.arange(4)]
x[t.arange(3)[:, None], t.tensor([[0, 1], [1, 2], [2, 3]])]
x[:, t.tensor([True, False, True, False])]
x[t.tensor([True, False, True])]
x[t.tensor([True, False, True]), 1:3]
x[1:, t.tensor([True, False, True, False])]
x[t.tensor([True, False, True]), t.tensor([1, 2])]
x[..., None].shape, x[None, ..., 0].shape, x[:, None, :, None].shape
x = t.arange(24.).reshape(2,3,4); x[[[0], [1]], [[0, 1, 2]]].shape
x = t.arange(24.).reshape(2,3,4); x[[0, 1], [0, 1]] = 0; x
x = t.zeros(3, 3); x[t.arange(3), t.arange(3)] = 1; x
x = t.zeros(3, 3); x[range(3), range(3)] = 1; x
x = t.zeros(5); x[t.tensor([0, 0, 1])] += 1; x
x = t.zeros(2, 5); x[0][1] = 3; x
x = t.zeros(2, 5); x[0, 1:3] = t.tensor([1, 2]); x
x = t.zeros(2, 5, dtype=t.long); x[:, 0] = t.tensor([1.9, -2.9]); x
x = t.arange(5); x[-1], x[-2:], x[:-1], x[::2], x[10:], x[3:1]
x = t.arange(5); x[::-1]
x = t.arange(5); x[t.tensor(2)], x[t.tensor([2])], x[[2]]
x = t.arange(5); x[5]
x = t.arange(5); x[-6]
x = t.arange(5); x[1, 2]
x = t.arange(5); x[1.0]
x = t.arange(6).reshape(2, 3); x[[0, 1, 2]]
x = t.arange(6).reshape(2, 3); x[t.tensor([True, False, True])]
x = t.arange(6).reshape(2, 3); x[:, 3]
x = t.arange(6).reshape(2, 3); x[0:5].shape
x = t.arange(6).reshape(2, 3); [r.tolist() for r in x]
a, b = t.arange(6).reshape(2, 3); b
x = t.arange(6).reshape(2, 3); x[:, [True, False, True]]
labels = t.tensor([2, 0, 1]); t.zeros(3, 3).scatter_(1, labels.unsqueeze(1), 1)
labels = t.tensor([2, 0, 1]); t.nn.functional.one_hot(labels, 4)
labels = t.tensor([2, 0, 1]); t.eye(3)[labels]
logp = t.log_softmax(t.arange(9.).reshape(3, 3), 1); -logp[t.arange(3), t.tensor([2, 0, 1])].mean()
logp = t.log_softmax(t.arange(9.).reshape(3, 3), 1); -logp.gather(1, t.tensor([[2], [0], [1]])).squeeze(1).mean()
t.manual_seed(0); p = t.softmax(t.randn(2, 10), -1); t.multinomial(p, 3)
T = 4; m = t.tril(t.ones(T, T)); w = t.zeros(T, T); w = w.masked_fill(m == 0, float('-inf')); t.softmax(w, 1)
x.masked_fill(x % 2 == 0, -1)
t.where(x > 5, x, t.zeros_like(x))
t.where(x > 10)
(x > 8).nonzero(as_tuple=True)
x[(x > 8).nonzero(as_tuple=True)]
idx = t.tensor([[3, 0], [1, 1], [2, 0]]); x.gather(1, idx)
x.index_select(1, t.tensor([3, 0]))
t.take_along_dim(x, x.argsort(1, descending=True), 1)
counts = t.zeros(5).scatter_add_(0, t.tensor([0, 1, 1, 4, 4, 4]), t.ones(6)); counts
emb = t.arange(8.).reshape(4, 2); emb[t.tensor([[0, 1], [3, 3]])]
x = t.arange(6., requires_grad=True); y = x[t.tensor([0, 0, 3])].sum(); y.backward(); x.grad
x = t.arange(6., requires_grad=True); y = (x[2:] * x[:-2]).sum(); y.backward(); x.grad
x = t.arange(6., requires_grad=True); x[0] = 1; x
x = t.arange(6., requires_grad=True); y = x * 2; y[0] = 5; y.sum().backward(); x.grad
x = t.ones(3, requires_grad=True); y = x.exp(); y[0] = 1; y.sum().backward(); x.grad
h = t.zeros(4, 3); w = t.ones(3, requires_grad=True); h[0] = 1; h[1] = h[0].clone() * w; h[1].sum().backward(); w.grad
x = t.randn(2, 3); x[0].data_ptr() == x.data_ptr(), x[:, 0].is_contiguous(), x[[0]].data_ptr() == x.data_ptr()
x = t.arange(4); y = x[1:3]; y += 10; x
x = t.arange(4); y = x[[1, 2]]; y += 10; x
x = t.tensor([1, 2, 3, 4]); x[x % 2 == 0].sum()
x = t.tensor([[1, 2], [3, 4]]); x[:, 0], x[0], x[0, 0], x[0][0].item()
a = t.arange(9.).reshape(3, 3); t.einsum('ii', a), t.einsum('ii->i', a), t.trace(a), t.diagonal(a)
X = t.arange(12.).reshape(6, 2); y = X @ t.tensor([1., 2.]); t.linalg.solve(X.T @ X, X.T @ y)
x = t.tensor([1., 2., 3.]); t.outer(x, x), t.dot(x, x), t.inner(x, x), x @ x
t.cdist(t.tensor([[0., 0.], [1., 1.]]), t.tensor([[3., 4.]]))
t.topk(t.tensor([3, 1, 3, 2, 3, 1, 2]), 5)
t.tensor([3, 1, 3, 2, 3, 1, 2]).sort(descending=True)
t.tensor([3., 1., 2.]).median(), t.tensor([[3., 1., 2.]]).median(1)
x = t.arange(27.).reshape(3,3,3); x[0, ..., 1], x[..., 0, :], x[:, 0:1].shape, x[:, [0]].shape
x = t.zeros(2, 2); x[0] = [1, 2]; x
x = t.zeros(2, 2); x[:] = t.tensor([5., 6.]); x
x = t.zeros(2, 2); x[True] = 1; x
x = t.zeros(3); x[t.tensor([0, 2])] = t.tensor([1., 2.]); x
x = t.zeros(3); x[None, 1] = 5; x
x = t.zeros(3, 2); x[1, :] = 1; x[:, 1] += 2; x
x = t.zeros(3); x[1:] = t.ones(2) * 3; x[:-1] -= 1; x
x = t.arange(10); x[x.flip(0)], x[x.roll(1)]
x = t.tensor([[1, 0, 2], [0, 0, 3]]); x.nonzero().tolist(), t.nonzero(x == 0)[:, 1]
x = t.zeros(4, dtype=t.bool); x[1] = True; x, ~x, x.sum(), x.any()
x = t.arange(6.).view(2, 3); x.index_add_(0, t.tensor([0, 0]), t.ones(2, 3)); x
x = t.arange(6.).view(2, 3); x.t()[1] = 100; x
x = t.arange(4.); x[x.argmax()] = -1; x
x = t.arange(6).view(2,3); x[x[:, 0].argsort(descending=True)]
i = t.tensor([0, 1]); x = t.arange(4).view(2, 2); x[i, i], x[i][:, i]
t.linalg.det(t.eye(2).half())
t.linalg.solve(t.eye(2).half(), t.ones(2).half())
t.linalg.matrix_norm(t.eye(2).half())
t.linalg.vector_norm(t.ones(2).half())
t.linalg.norm(t.ones(2).half(), 1)
t.einsum('ij,jk->ik', t.ones(2, 2).half(), t.ones(2, 2).half())
t.trace(t.ones(2, 2).half())
t.ones(2, 2).half().addmm(t.ones(2, 2).half(), t.ones(2, 2).half())
t.tensor([3., 1.]).half().sort()
t.tensor([3., 1.]).half().topk(1)
t.zeros(3).half().scatter_add(0, t.tensor([0, 0]), t.ones(2).half())
t.tensor([1, 2, 3]).inner(t.tensor([1, 2, 3]))
t.tensor([[1, 2], [3, 4]]) @ t.tensor([1, 1])
t.tensor([[1, 2], [3, 4]], dtype=t.uint8) @ t.tensor([100, 100], dtype=t.uint8)
t.tensor([[1, 2], [3, 4]], dtype=t.int32) @ t.tensor([[1, 2], [3, 4]], dtype=t.int32)
t.tensor([1., 2.]).outer(t.tensor([1, 2]))
t.tensor([1., 2.]).dot(t.tensor([1, 2]))
t.linalg.norm(t.tensor([[1., 2.], [3., 4.]]), dim=1)
t.linalg.norm(t.tensor([[1., 2.], [3., 4.]]), dim=(0, 1))
t.linalg.norm(t.tensor([[1., 2.], [3., 4.]]), ord='fro', dim=(0, 1), keepdim=True)
t.norm(t.tensor([[1., 2.], [3., 4.]]), dim=0)
t.norm(t.tensor([[1., 2.], [3., 4.]]), p=1)
t.norm(t.tensor([[1., 2.], [3., 4.]]), p='fro', dim=1)
t.norm(t.tensor([[1., 2.], [3., 4.]]), p='nuc')
t.norm(t.tensor([[1., 2.], [3., 4.]]), p='nuc', dim=(0, 1), keepdim=True)
t.norm(t.tensor([1., 2.]), p='nuc')
t.norm(t.tensor([1., 2.]), p='abc')
t.tensor([[1., 2.], [3., 4.]]).norm(2, 1, True)
x = t.arange(6.).reshape(2, 3).requires_grad_(); t.autograd.functional.jacobian(lambda x: t.softmax(x, 1), x).shape
A = t.tensor([[2., 1.], [1., 3.]], requires_grad=True); t.linalg.det(A).backward(); A.grad
A = t.tensor([[2., 1.], [1., 3.]], requires_grad=True); t.linalg.inv(A).sum().backward(); A.grad
A = t.tensor([[2., 1.], [1., 3.]], requires_grad=True); t.linalg.matrix_norm(A, 'nuc').backward(); A.grad
x = t.tensor([[3., 1., 2.]], requires_grad=True); x.topk(2).values.sum().backward(); x.grad
x = t.ones(2); v = t.autograd.Variable(x); x[0] = 5; v, v is x, v.data_ptr() == x.data_ptr(), v.requires_grad
w = t.ones(2, requires_grad=True); V = t.autograd.Variable; V(w * 2), V(w), V(w * 2).is_leaf
v = t.autograd.Variable(t.ones(2), requires_grad=True); (v * 3).sum().backward(); v.grad, v.is_leaf
t.autograd.Variable([1, 2])
t.autograd.Variable(t.ones(2).long(), requires_grad=True)
x = t.ones(2); x.new(2, 3).shape, x.new([1, 2]), x.long().new([1, 2]), x.new().shape, x.new(t.Size([2, 2])).shape
w = t.ones(2, requires_grad=True).data; (w.new(2, 4, 3).zero_(), w.new(2, 4, 3).zero_())
t.ones(2).is_sparse
s = t.tensor([1., 3, 5, 5]); v = t.tensor([[0., 1, 5], [3, 6, float('nan')]]); t.searchsorted(s, v)
s = t.tensor([1., 3, 5, 5]); v = t.tensor([[0., 1, 5], [3, 6, float('nan')]]); t.searchsorted(s, v, right=True)
s = t.tensor([1., 3, 5, 5]); t.searchsorted(s, 3.), t.searchsorted(s, 5, side='right')
s = t.tensor([1., 3, 5, 5]); t.searchsorted(s, s, out_int32=True)
s = t.tensor([[1, 3, 5], [2, 4, 6]]); t.searchsorted(s, t.tensor([[3], [3]])), t.searchsorted(s, s, side='left')
s = t.tensor([1., 3]); v = t.tensor([0., 1, 2]); t.bucketize(v, s), t.bucketize(v, s, right=True), t.bucketize(3., s)
t.searchsorted(t.ones(2, 3), t.ones(1))
t.searchsorted(t.ones(2, 3), 1)
t.searchsorted(t.tensor(1.), t.ones(1))
t.searchsorted(t.ones(2), t.ones(1), side='x')
t.searchsorted(t.ones(2), t.ones(1), side='left', right=True)
t.bucketize(t.ones(2), t.ones(2, 2))
t.nn.GRU(2, 3, 2, bidirectional=True)._flat_weights_names, t.nn.RNN(2, 3, bias=False)._flat_weights_names
w = t.ones(2, requires_grad=True); w.numpy()
w = t.ones(2, requires_grad=True); np.asarray(w * 2)
""".strip().splitlines()

PROGRAMS = """
w = t.ones(2, requires_grad=True)
with t.no_grad(): a = [w.numpy(), np.asarray(w * 2), np.array([v for v in w]), np.concatenate([w, w])]
with t.inference_mode(): a.append(w.numpy())
[x.tolist() for x in a], [x.dtype.name for x in a], np.shares_memory(a[0], w.data)

w = t.ones(2, requires_grad=True)
class Sine(t.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return t.as_tensor(np.sin(x.numpy()))
    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * t.from_numpy(np.cos(x.numpy()))
Sine.apply(w).sum().backward()
w.grad

x = t.arange(24.).reshape(2,3,4)
x[:, [0, 2], :].shape, x[0, [0, 2]].shape, x[:, [0, 1], [1, 2]].shape, x[[0, 1], :, [1, 2]].shape

t.manual_seed(0)
logits = t.randn(2, 10)
v, i = t.topk(logits, 3)
logits[logits < v[:, [-1]]] = -float('inf')
t.softmax(logits, -1)

t.manual_seed(0)
logits = t.randn(2, 10)
s, i = t.sort(logits, descending=True)
c = t.softmax(s, -1).cumsum(-1)
m = c > 0.8
m[..., 1:] = m[..., :-1].clone()
m[..., 0] = 0
logits[m.scatter(1, i, m)] = -float('inf')
logits

x = t.arange(6., requires_grad=True)
y = x.clone()
y[1] = 0
y[x > 3] = x[x > 3] * 2
(y ** 2).sum().backward()
x.grad

x = t.arange(6., requires_grad=True)
out = t.zeros(3)
out[0] = x[0] * 2
out[1:] = x[1:3] ** 2
out.sum().backward()
x.grad

q, k, v = (t.arange(24.).reshape(1, 2, 3, 4) / 10 for _ in range(3))
s = t.einsum('bhid,bhjd->bhij', q, k) / 2
t.einsum('bhij,bhjd->bhid', s.softmax(-1), v)

a = t.arange(6.).reshape(2, 3)
t.einsum('ij->ji', a), t.einsum('ij->', a), t.einsum('ij->i', a), t.einsum('ij,kj->ik', a, a)

x = t.arange(24.).reshape(2, 3, 4)
t.bmm(x, x.transpose(1, 2)).shape, (x @ x.mT).shape, t.baddbmm(t.zeros(2, 3, 3), x, x.mT).sum()

perm = t.tensor([2, 0, 1])
x = t.tensor([10, 20, 30])
inv = t.empty_like(perm)
inv[perm] = t.arange(3)
x[perm][inv]

t.manual_seed(0)
net = t.nn.Sequential(t.nn.Linear(3, 4), t.nn.Tanh(), t.nn.Linear(4, 2))
x = t.rand(3)
t.autograd.functional.jacobian(net, x)

t.manual_seed(0)
net = t.nn.Linear(3, 1)
x = t.rand(5, 3, requires_grad=True)
out = net(x).sum()
g, = t.autograd.grad(out, x, create_graph=True)
pen = ((g.norm(2, dim=1) - 1) ** 2).mean()
pen.backward()
net.weight.grad

x = t.tensor([1., 2.], requires_grad=True)
y = (x ** 3).sum()
g, = t.autograd.grad(y, x, create_graph=True)
hv, = t.autograd.grad(g @ t.tensor([1., 0.]), x)
hv

A = t.tensor([[2., 1.], [1., 3.]], requires_grad=True)
b = t.tensor([1., 2.])
x = t.linalg.solve(A, b)
x.sum().backward()
A.grad

x = t.tensor([3., 1., 2.], requires_grad=True)
v, i = x.sort()
(v * t.tensor([1., 10., 100.])).sum().backward()
x.grad

x = t.tensor([1., 2., 3.], requires_grad=True)
y = t.zeros(3)
y.scatter_(0, t.tensor([2, 0, 1]), x)
(y * t.arange(3.)).sum().backward()
x.grad

x = t.tensor([1., 2., 3.], requires_grad=True)
y = t.zeros(2).index_add(0, t.tensor([0, 1, 0]), x ** 2)
y[0].backward()
x.grad
""".strip().split("\n\n")


@pytest.mark.parametrize("source", LINES + PROGRAMS)
def test_an_idiom(source: str) -> None:
    same(program(source, x=lambda t: t.arange(12.0).reshape(3, 4)))
