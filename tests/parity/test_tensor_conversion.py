"""Into Python's numbers, NumPy's arrays, other dtypes, and copies, as PyTorch does it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from tests.parity.both import same
from tests.parity.sources import DTYPES, program, with_gradients

CALLS = """
bool(t.tensor([]))
bool(t.tensor([1, 2]))
bool(t.tensor([[0]]))
bool(t.tensor(float('nan')))
bool(t.tensor(False))
int(t.tensor(2.7))
int(t.tensor(True))
int(t.tensor([1, 2]))
float(t.tensor([1, 2]))
float(t.tensor([[2]]))
int(t.tensor(float('nan')))
t.tensor([1, 2]).item()
t.tensor([]).item()
t.tensor([[2.5]]).item()
t.tensor([]).tolist()
t.tensor(2.5).tolist()
t.tensor([[1, 2], [3, 4]]).tolist()
t.tensor([1.5], dtype=t.float16).item()
t.tensor(True).item()
t.tensor(2, dtype=t.uint8).item()
np.concatenate([t.ones(2), t.zeros(1)]).astype(int).tolist()
np.stack([t.ones(2), t.zeros(2)]).astype(int).tolist()
np.vstack([t.ones(2), t.zeros(2)]).astype(int).tolist()
np.where(t.tensor([True, False]), t.ones(2), t.zeros(2)).astype(int).tolist()
np.dot(t.ones(2), t.ones(2))
np.reshape(t.ones(4), (2, 2))
np.sqrt(t.ones(2))
[10, 20][t.tensor(1)]
[10, 20][t.tensor([1])]
[10, 20][t.tensor(1.)]
[10, 20][t.tensor([0, 1])]
list(range(t.tensor(3)))
[1] * t.tensor(2)
f'{t.tensor(2.5):.3f}'
f'{t.tensor([2.5]):.3f}'
f'{t.tensor([2.5])}'
f'{t.tensor(3):d}'
f'{t.tensor(3):5}'
f'{t.tensor(3)}'
f'{t.tensor(True)}'
f'{t.tensor(2.5, requires_grad=True):.2f}'
'%.2f' % t.tensor(2.5)
'%d' % t.tensor(2)
'%s' % t.tensor(2)
'{:>8.1f}'.format(t.tensor(2.25))
round(t.tensor(2.567), 1)
x = t.tensor(1); y = t.tensor(1); hash(x) == hash(y)
t.tensor(1) in {t.tensor(1)}
max(t.tensor([1, 2]))
sum(t.tensor([1, 2]))
sorted(t.tensor([2, 1]))
any(t.tensor([False, True]))
t.tensor([1., 2.], requires_grad=True).numpy()
t.tensor([1., 2.], requires_grad=True).numpy(force=True).tolist()
t.tensor([1., 2.], requires_grad=True).tolist()
t.tensor([1., 2.], requires_grad=True)[0].item()
np.asarray(t.tensor([1., 2.], requires_grad=True))
np.array(t.tensor([1, 2]), dtype=np.float32).dtype.name
np.array([t.tensor(1.), t.tensor(2.)]).tolist()
np.linalg.norm(t.ones(4)).item()
np.allclose(t.ones(2), 1)
np.zeros(3)[t.tensor([0, 1])].tolist()
x = np.ones(2); x[0] = t.tensor(5.); x.tolist()
x = np.zeros(3); x[t.tensor(1)] = 1; x.tolist()
np.float32(2) * t.ones(2)
np.float64(2) * t.ones(2)
t.ones(2) * np.float64(2)
np.float64(2) + t.tensor(1)
np.float64(2) / t.tensor([1, 2])
np.float64(2) - t.tensor([1., 2])
np.float64(2) < t.tensor([1., 3])
np.exp(t.tensor([0., 1.]))
t.ones(2, 3).size(), t.ones(2, 3).size(1), t.ones(2, 3).size(dim=-1), t.ones(2, 3).shape
t.ones(2, 3).dim(), t.ones(2, 3).ndim, t.ones(2, 3).numel(), t.ones(2, 3).nelement(), t.ones(2).element_size()
t.ones(2, 3).stride(), t.ones(2, 3).stride(0), t.ones(2, 3).t().stride(), t.ones(2, 3).is_contiguous()
t.ones(2, 3).is_floating_point(), t.tensor([1]).is_floating_point(), t.ones(1).is_complex()
t.ones(2).type(), t.tensor([1]).type(), t.tensor([True]).type()
t.ones(2).type(t.int64)
t.ones(2).type('torch.DoubleTensor')
t.ones(2).type('float')
t.tensor([1.7, -1.7]).long()
t.tensor([1.7, 0]).bool()
t.tensor([1.7, 300]).int()
t.tensor([1, 300]).byte()
t.tensor([1]).type_as(t.ones(1))
t.tensor([1]).to(t.float64)
t.tensor([1]).to('cpu')
t.tensor([1]).to('cpu', t.float64)
t.tensor([1]).to(t.device('cpu'), dtype=t.float64)
t.tensor([1]).to(t.ones(1))
t.tensor([1]).to(dtype=t.float16)
t.tensor([1]).to(float)
t.tensor([1]).to(t.float32, copy=True)
t.tensor([1]).to('foo')
t.tensor([1]).cuda()
t.tensor([1]).cpu()
x = t.ones(2); x.to(t.float32) is x, x.float() is x, x.cpu() is x, x.contiguous() is x, x.to(t.float64) is x
x = t.ones(2); x.requires_grad
x = t.ones(2, requires_grad=True); x.requires_grad, x.is_leaf, x.detach().requires_grad
x = t.ones(2, requires_grad=True) * 2; x.requires_grad, x.is_leaf, x.detach().is_leaf
x = t.ones(2, requires_grad=True); x.data.requires_grad, x.data.is_leaf
x = t.tensor([1]); x.requires_grad = True; x
x = t.tensor([1]); x.requires_grad_()
x = t.tensor([1.]); x.requires_grad_().requires_grad
x = t.tensor([1.], requires_grad=True) * 2; x.requires_grad = False; x
x = t.tensor([1.], requires_grad=True) * 2; x.detach_(); x.requires_grad
x = t.tensor([1.], requires_grad=True); x.requires_grad = False; x.requires_grad
x = t.tensor([1.], requires_grad=True); x.grad = t.tensor([2.]); x.grad
x = t.tensor([1.], requires_grad=True); x.grad = t.tensor([2., 3.]); x.grad
x = t.tensor([1.], requires_grad=True); x.grad = t.tensor([2]); x.grad
x = t.tensor([1.], requires_grad=True); x.grad = [2.]; x.grad
x = t.tensor([1.], requires_grad=True); x.grad = None; x.grad
x = t.tensor([1.]); x.grad = t.tensor([2.]); x.grad
x = t.tensor([1.]); x.data = t.zeros(3, dtype=t.float64); x
x = t.tensor([1.]); x.data = 3; x
x = t.tensor([1.]); x.foo = 3; x.foo
x = t.tensor([1.]); x.bar
x = t.tensor([1.]); x.shape = (1, 1); x
t.softplus
t.ones(2, requires_grad=True).sum().grad_fn.next_functions[0][1]
""".strip().splitlines()


@pytest.mark.parametrize("source", CALLS)
def test_calls(source: str) -> None:
    same(program(source))


@pytest.mark.parametrize("to", DTYPES)
def test_every_dtype_to_every_other(to: str) -> None:
    for dtype in DTYPES:
        same(lambda t: t.tensor([3, 0, 1], dtype=getattr(t, dtype)).to(getattr(t, to)))  # noqa: B023
        same(lambda t: t.tensor([0.3, 200.7, 1]).to(getattr(t, dtype)).to(getattr(t, to)))  # noqa: B023


def test_gradients_of_conversions() -> None:
    import numpy as np

    x = np.array([[0.5, 1.5], [2.5, 3.5]])
    for source in ["x.float()", "x.half().double()", "x.to(t.float32) * 3", "x.clone()", "x.type(t.float16)"]:
        same(with_gradients(source, x=x))


def numbers_and_flags(x: Any) -> list[Any]:
    return [x.detach(), x.requires_grad, x.is_leaf, None if x.grad is None else x.grad]


COPIES = {
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "clone": lambda x: x.clone(),
    "detach": lambda x: x.detach(),
}


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("make", ["t.ones(2)", "t.ones(2, requires_grad=True)", "t.ones(2, 3).t()", "t.arange(6)[::2]",
                                  "t.ones(2, requires_grad=True) * 2", "t.tensor(True)"])  # fmt: skip
def test_copies(make: str, how: str) -> None:
    def run(t: Any) -> Any:
        x = program(make)(t)
        if x.requires_grad and x.is_leaf:
            (x * 3).sum().backward()
        y = COPIES[how](x)
        shares = y.data_ptr() == x.data_ptr()
        return [*numbers_and_flags(y), shares, y is x]

    same(run)


def test_a_copy_of_several_keeps_what_is_one() -> None:
    def run(t: Any) -> Any:
        x = t.ones(2, requires_grad=True)
        a, b = copy.deepcopy([x, x])
        return a is b, a is x

    same(run)
