"""x[...] and x[...] = v in every form, as PyTorch does them: values, gradients, memory, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.parity.both import same
from tests.parity.sources import numbers, program, with_gradients

INDICES = """
0
-1
1, 2
1, -1, 0
...
:
1:
:-1
::2
1:3:2
-2:
5:9
2:1
:, 1
:, :, 1
..., 1
..., 1:, 0
0, ...
1, ..., 2
None
None, 0
0, None
:, None
..., None
None, ..., None, 1
()
t.tensor(1)
t.tensor(-1), 0
t.tensor([1, 0])
t.tensor([1, 1, 1])
t.tensor([[0, 1], [1, 0]])
t.tensor([], dtype=t.int64)
t.zeros(0, 3, dtype=t.int64)
t.tensor([1], dtype=t.int32)
[1, 0]
[0]
[]
[-1, 0, 0]
[0, 1], [1, 0]
[0, 1], 0
0, [0, 1]
:, [0, 2]
:, [0, 2], 1
0, :, [0, 1]
0, [0, 1], [1, 2]
[0, 1], :, [1, 2]
[0, 1], [1, 2], [2, 3]
[0, 1], ..., [1, 2]
0, [0, 1], ..., [1, 2]
None, [0, 1], [0, 1], ..., [1, 2]
..., [1, 2]
1:, [0, 1]
:, 1:, [0, 1]
[0, 1], 1:
[0, 1], None
None, [0, 1]
[0, 1], None, [1, 2]
None, 0, [0, 1]
:, None, [0, 1]
t.tensor([[0], [1]]), t.tensor([0, 2])
t.tensor([0, 1]), :, t.tensor([[0, 1], [2, 3]])
x > 0
x[:, 0, 0] > 100
x[..., 0] > 0
:, x[0] > 0
0, x[0] > 0
0, :, x[0, 0] > 0
(x[0, :, 0] > 0).new_ones(2).bool()
t.tensor([True, False])
[True, False]
:, [True, False, True]
:, [True, False, True], 1
[True, True], :, [0, 1]
t.tensor([True, False]), t.tensor([1, 2])
True
False
t.tensor(True)
None, True
np.int64(1)
np.array([1, 0])
np.array([True, False])
range(2)
(0, 1)
slice(None, None, 2)
t.tensor(0):t.tensor(2)
:, t.tensor([2, 0]), ::3
""".strip().splitlines()


@pytest.mark.parametrize("index", INDICES)
def test_reading(index: str) -> None:
    array = numbers(2, 3, 4)
    same(with_gradients(f"x[{index}]", x=array))
    if "x" not in index:
        same(with_gradients(f"x.transpose(0, 2).transpose(0, 1)[{index}]", x=array))
    same(program(f"x = t.tensor(a); np.shares_memory(x[{index}].numpy(), x.numpy())", a=lambda t: array))


# With these, one place is written to twice. PyTorch adds up the gradients of all that was written there, though only
# one value has stayed; ours counts that one.
TWICE = ["[-1, 0, 0]", "t.tensor([1, 1, 1])", "t.tensor([[0, 1], [1, 0]])"]
ONCE = [index for index in INDICES if index not in TWICE]


@pytest.mark.parametrize("index", ONCE)
def test_writing_a_number(index: str) -> None:
    array = numbers(2, 3, 4)
    same(with_gradients(f"y = x * 1; y[{index}] = 7; y", x=array))
    same(with_gradients(f"y = x * 1; y[{index}] = y[0, 0, 0].clone(); y", x=array))


@pytest.mark.parametrize("index", [index for index in ONCE if index not in ("False", "x[:, 0, 0] > 100")])
def test_writing_a_tensor(index: str) -> None:
    array = numbers(2, 3, 4)
    region = f"v = t.arange(x[{index}].numel(), dtype=t.float64).reshape(x[{index}].shape)"
    same(with_gradients(f"{region}; y = x * 1; y[{index}] = v; y", x=array))
    same(with_gradients(f"{region}.requires_grad_(); y = x * 1; y[{index}] = v * 2; y", x=array))
    same(with_gradients(f"{region}; y = t.zeros(2, 3, 4, dtype=t.float64); y[{index}] = v * x[0, 0, 0]; y", x=array))
    same(with_gradients(f"w = x[0, 0, :1].clone(); y = x * 1; y[{index}] = w; y", x=array))
    through_a_view = f"{region}; z = x.clone(); y = z.transpose(0, 1).transpose(0, 1); y[{index}] = v; z"
    same(program(through_a_view, x=lambda t: t.tensor(array)))


WRITING = """
x = t.zeros(3); x[0] = [1]; x
x = t.zeros(3); x[0] = np.array(1.); x
x = t.zeros(3); x[0] = np.float64(1.); x
x = t.zeros(3); x[:] = np.ones(3); x
x = t.zeros(3); x[0] = 'a'; x
x = t.zeros(3); x[0] = None; x
x = t.zeros(3); x[0] = t.ones(2); x
x = t.zeros(3); x[:2] = t.ones(3); x
x = t.zeros(3); x[:2] = t.ones(1, 2); x
x = t.zeros(3); x[:2] = t.ones(1, 1, 1); x
x = t.zeros(3); x[:2] = t.ones(2, 2); x
x = t.zeros(3); x[[0, 1]] = t.ones(1, 2); x
x = t.zeros(3); x[[0, 1]] = t.ones(3); x
x = t.zeros(3); x[t.tensor([True, False, True])] = t.tensor([1., 2.]); x
x = t.zeros(3); x[t.tensor([True, False, True])] = t.tensor([1., 2., 3.]); x
x = t.zeros(3); x[t.tensor([True, False])] = 1; x
x = t.zeros(3); x[x < 1] = t.tensor(2); x
x = t.zeros(3); x[[0, 1]] = t.tensor([1, 2]); x
x = t.zeros(3); x[0:2] = t.tensor([1, 2]); x
x = t.zeros(3); x[0:2] = t.tensor([1, 2], dtype=t.float64); x
x = t.zeros(3, dtype=t.int64); x[0] = 2.7; x
x = t.zeros(3, dtype=t.int64); x[0:2] = t.tensor([1.5, 2.5]); x
x = t.zeros(3, dtype=t.int64); x[[0]] = t.tensor([1.5]); x
x = t.zeros(3, dtype=t.int64); x[[0]] = 1.5; x
x = t.zeros(3, dtype=t.uint8); x[0] = 300; x
x = t.zeros(3, dtype=t.uint8); x[0] = -1; x
x = t.zeros(3, dtype=t.int8); x[0] = -129; x
x = t.zeros(3, dtype=t.bool); x[0] = 5; x
x = t.zeros(3, dtype=t.int64); x[0] = float('nan'); x
x = t.zeros(3, dtype=t.float16); x[0] = 1e6; x
x = t.zeros(3); x[0] = 1e300; x
x = t.zeros(3); x[0] = float('inf'); x
x = t.zeros(3); x[5] = 1; x
x = t.zeros(3); x[[5]] = 1; x
x = t.zeros(3); x[[0, -4]] = 1; x
x = t.zeros(3); x[0, 0] = 1; x
x = t.zeros(3); x[::-1] = 1; x
x = t.zeros(3); x['a':] = 1; x
x = t.zeros(3); x[1.5] = 1; x
x = t.zeros(3); x[()] = 1; x
x = t.zeros(3); x[...] = t.arange(3.); x
x = t.zeros(3); x[True] = 1; x
x = t.zeros(3); x[False] = 1; x
x = t.zeros(3); x[None] = 1; x
x = t.zeros(3); x[[]] = 1; x
x = t.zeros(2, 3); x[0] = t.ones(1, 1, 3); x
x = t.zeros(2, 3); x[0, [0, 1]] = t.tensor([1., 2.]); x
x = t.zeros(2, 3); x[t.tensor([0, 1]), t.tensor([1, 2])] = t.tensor([5., 6.]); x
x = t.zeros(2, 3); x[t.tensor([0, 1]), t.tensor([1, 2, 0])] = 1; x
x = t.zeros(2, 3); y = x[0]; y[1] = 5; x
x = t.zeros(2, 3); y = x.t(); y[1] = t.tensor([5., 6.]); x
x = t.zeros(6); y = x.view(2, 3); y[:, 0] = 1; y[1][2] = 2; x
x = t.arange(3); x[0] = x[1]; x
x = t.zeros(2, 3, requires_grad=True); x[0] = 1; x
x = t.zeros(2, 3, requires_grad=True); x[[0]] = 1; x
x = t.zeros(2, 3); x[0] = t.ones(3, requires_grad=True); x
x = t.arange(4); del x[0]; x
""".strip().splitlines()


@pytest.mark.parametrize("source", WRITING)
def test_writing_values_of_all_kinds(source: str) -> None:
    same(program(source))


REFUSED = """
t.arange(4)[4]
t.arange(4)[-5]
t.arange(4)[[4]]
t.arange(4)[[-5]]
t.arange(4)[t.tensor(4)]
t.arange(4)[0, 0]
t.arange(4)[[0], [0]]
t.arange(4)[1.]
t.arange(4)[t.tensor([1., 0])]
t.arange(4)[t.tensor([1], dtype=t.int8)]
t.arange(4)[t.tensor([])]
t.arange(4)[::-1]
t.arange(4)[::0]
t.arange(4)[1.5:2]
t.arange(4)['a':2]
t.arange(4)['a']
t.arange(4)[0, 'a']
t.arange(4)[t.tensor([True, False])]
t.arange(4)[[True, False, True]]
t.arange(4).reshape(2, 2)[t.ones(2, 3, dtype=t.bool)]
t.arange(4).reshape(2, 2)[0, t.ones(3, dtype=t.bool)]
t.tensor(3)[0]
t.tensor(3)[:]
t.tensor(3)[[0]]
t.tensor(3)[...]
t.tensor(3)[None]
t.tensor(3)[()]
t.tensor(3)[True]
t.arange(6).reshape(2, 3)[t.tensor([0, 1]), t.tensor([0, 1, 2])]
t.arange(6).reshape(2, 3)[[0, 1], [0, 5]]
t.arange(6).reshape(2, 3)[0, 0, 0]
t.zeros(0, 3)[0]
t.zeros(0, 3)[[0]]
t.zeros(0, 3)[[]]
t.zeros(0, 3)[t.zeros(0, dtype=t.bool)]
t.zeros(0, 3)[:, 1]
t.arange(4)[t.tensor([1, 0, 1, 0], dtype=t.uint8)]
list(t.tensor(3))
len(t.tensor(3))
len(t.zeros(3, 2))
list(t.arange(3))
list(t.zeros(2, 0))
reversed(t.arange(3))
""".strip().splitlines()


@pytest.mark.parametrize("source", REFUSED)
def test_what_is_refused_and_what_is_not(source: str) -> None:
    same(program(source))


FUNCTIONS = """
x.gather(0, t.tensor([[0, 1, 1, 0]]))
x.gather(1, t.tensor([[0], [3]]))
x.gather(-1, t.tensor([[0, 0, 0, 0, 1], [3, 2, 1, 0, 0]]))
x.gather(dim=1, index=t.tensor([[0], [3]], dtype=t.int32))
x.gather(0, t.zeros(0, 4, dtype=t.int64))
t.gather(x, 1, t.tensor([[2]]))
x.index_select(0, t.tensor([1, 1, 0]))
x.index_select(1, t.tensor([3]))
x.index_select(-1, t.tensor([], dtype=t.int64))
x.index_select(0, t.tensor(1))
t.index_select(x, 1, t.tensor([0, 0], dtype=t.int32))
x.masked_select(x > 0)
x.masked_select(t.tensor([[True], [False]]))
x[0].masked_select(x > 0)
t.masked_select(x, x < 0)
t.zeros(2, 4, dtype=t.float64).scatter_add_(0, t.tensor([[0, 1, 1, 0]]), x[:1])
(x * 1).scatter_add_(1, t.tensor([[0, 0], [3, 0]]), x[:, :2] * 2)
x.scatter_add(1, t.tensor([[0, 0], [3, 0]]), x[:, 1:3] * 2)
x.scatter(1, t.tensor([[0, 1], [3, 0]]), x[:, 1:3] * 2)
x.scatter(1, t.tensor([[0, 0], [3, 0]]), 7)
x.scatter(0, t.tensor([[0, 1]]), value=7)
(x * 1).scatter_(1, t.tensor([[0, 1], [3, 0]]), x[:, 1:3] * 2)
(x * 1).scatter_(1, t.tensor([[0, 1], [3, 0]]), 2)
y = x * 1; y.t().scatter_(0, t.tensor([[0, 1], [3, 0]]), 2); y
x[0, 0].scatter(0, t.tensor(0), x[1, 1]) * x[0, 1]
x[0].scatter(0, t.tensor(2), x[1, 1])
x.index_add(1, t.tensor([3, 3, 0]), x[:, :3] * x[:, :3], alpha=2)
x.index_add(0, t.tensor(1), x[:1])
x[0, 0].index_add(0, t.tensor([0]), x[1, 1]) * x[0, 1]
(x * 1).index_add_(0, t.tensor([1, 1, 1]), x[[0, 0, 1]] * 2)
x.index_fill(0, t.tensor([1]), 2.)
x.index_fill(1, t.tensor([2, 0]), x[0, 1]) * x
x[0, 0].index_fill(0, t.tensor([0]), x[1, 1]) * x[0, 1]
(x * 1).index_fill_(-1, t.tensor(1), 3)
t.index_fill(x, 0, t.tensor([0, 0]), 1)
x.take_along_dim(x.argsort(dim=1), dim=1)
x.take_along_dim(t.tensor([[-1], [1]]), 1)
x[:1].take_along_dim(t.tensor([[0, 1], [2, 3], [1, 1]]), 1)
x.take_along_dim(t.tensor([7, 0, 0]))
x.sort()
x.sort(0)
x.sort(dim=0, descending=True)
x.sort(stable=True)
t.sort(x, dim=-1, descending=True)[0]
x.topk(2)
x.topk(2, dim=0, largest=False)
x.topk(k=3, dim=1).values
x[0, 0].sort().values * x[0, 1]
x[0, 0].topk(1).values * x[0, 1]
""".strip().splitlines()


@pytest.mark.parametrize("source", FUNCTIONS)
def test_functions(source: str) -> None:
    same(with_gradients(source, x=numbers(2, 4)))


MORE = """
t.arange(4).gather(0, t.tensor([0, 5]))
t.arange(4).gather(0, t.tensor([-1]))
t.arange(4).gather(0, t.tensor([[0]]))
t.arange(4).gather(0, t.tensor([0.]))
t.arange(4).gather(1, t.tensor([0]))
t.arange(4).gather(0, t.tensor(0))
t.tensor(4).gather(0, t.tensor(0))
t.arange(6).reshape(2, 3).gather(1, t.tensor([[0], [1], [2]]))
t.arange(4).gather(0, [0])
t.arange(4).index_select(0, t.tensor([0, -1]))
t.arange(4).index_select(0, t.tensor([9]))
t.arange(4).index_select(0, t.tensor([[1]]))
t.arange(4).index_select(0, t.tensor([1], dtype=t.int8))
t.arange(4).index_select(2, t.tensor([1]))
t.tensor(4).index_select(0, t.tensor([0]))
t.arange(5).gather(0, t.zeros(2, 0, dtype=t.uint8))
t.zeros(3).scatter(0, t.tensor([0, 1]), t.ones(1))
t.zeros(3).scatter(0, t.tensor([0, 1]), t.ones(1, 2))
t.zeros(3).scatter(0, t.tensor([0, 1]), t.ones(5))
t.zeros(3).scatter(0, t.tensor([0, 1]), t.tensor(5.))
t.zeros(3).scatter(0, t.tensor([0, 1]), t.ones(2, dtype=t.int64))
t.zeros(3).scatter(0, t.tensor([0, 1]), 'a')
t.zeros(3).scatter(0, t.tensor([0, 1]))
t.zeros(3).scatter(0, t.tensor([0, 3]), 5)
t.zeros(3).scatter(0, t.tensor([0, -1]), 5)
t.zeros(3).scatter(0, t.tensor([0., 1]), 5)
t.zeros(3).scatter(0, t.tensor([]), t.tensor([]))
t.zeros(3, 4).scatter(1, t.tensor([0, 1, 2]), 1.)
t.zeros(3, 4).scatter(1, t.tensor([[0], [1], [2], [3]]), 1.)
t.zeros(3, 4, dtype=t.int64).scatter(1, t.tensor([[0], [1], [2]]), 1.7)
t.zeros(3).scatter(0, t.tensor([0, 1]), t.ones(2), reduce='sum')
t.ones(3).scatter(0, t.tensor([0, 0]), t.tensor([2., 3.]), reduce='add')
t.ones(3).scatter(0, t.tensor([0, 0]), t.tensor([2., 3.]), reduce='multiply')
t.ones(3).scatter_(0, t.tensor([0, 0]), 5, reduce='multiply')
t.ones(3, dtype=t.bool).scatter(0, t.tensor([0]), False)
t.zeros(3).scatter_add(0, t.tensor([0, 0]), 2.)
t.zeros(3).scatter_add(0, t.tensor([0, 0]), t.ones(1))
t.zeros(3, dtype=t.bool).scatter_add(0, t.tensor([0, 0]), t.tensor([True, True]))
t.zeros(3).index_fill(0, t.tensor([2]), 1)
t.zeros(3).index_fill_(0, t.tensor([-1]), 1)
t.zeros(3).index_fill(0, t.tensor([3]), 1)
t.zeros(3).index_fill(1, t.tensor([0]), 1)
t.zeros(3).index_fill(0, t.tensor([0]), t.ones(2))
t.zeros(3, dtype=t.int64).index_fill(0, t.tensor([0]), 1.5)
t.zeros(3, dtype=t.bool).index_fill(0, t.tensor([0]), True)
t.zeros(2, 3, 2).index_fill(1, t.tensor([0, 2]), 1)
t.zeros(2, 3, 2).index_fill(0, t.tensor([1]), t.tensor(2))
t.zeros(3).index_add(0, t.tensor([0, 5]), t.ones(2))
t.zeros(3).index_add(0, t.tensor([0, -1]), t.ones(2))
t.zeros(3).index_add(0, t.tensor([0., 1]), t.ones(2))
t.zeros(3).index_add(0, t.tensor([0, 1]), t.ones(3))
t.zeros(3).index_add(0, t.tensor([[0, 1]]), t.ones(2))
t.zeros(3).index_add(0, t.tensor([0, 1]), t.ones(2, dtype=t.float64))
t.zeros(3, 2).index_add(0, t.tensor([0, 1]), t.ones(2))
t.zeros(3, 2).index_add(0, t.tensor(1), t.ones(2))
t.zeros(3, dtype=t.int64).index_add(0, t.tensor([0, 1]), t.ones(2, dtype=t.int64), alpha=1.5)
t.arange(6).reshape(2, 3).take_along_dim(t.tensor([2, 1, 0]), dim=1)
t.arange(6).reshape(2, 3).take_along_dim(t.tensor([[5., 0]]))
t.arange(6).reshape(2, 3).take_along_dim(t.tensor([[0], [1], [2]]), 1)
t.arange(6).reshape(2, 3).take_along_dim(t.tensor([[0]], dtype=t.int32), 1)
t.tensor(3).take_along_dim(t.tensor(0))
t.tensor(3).take_along_dim(t.tensor(0), 0)
t.tensor([float('nan'), 1, float('inf'), -1, float('nan')]).sort()
t.tensor([float('nan'), 1, float('inf'), -1, float('nan')]).sort(descending=True)
t.tensor([float('nan'), 1, float('inf'), -1, float('nan')]).topk(3)
t.tensor([float('nan'), 1, float('inf'), -1, float('nan')]).topk(3, largest=False)
t.tensor([True, False, True]).sort()
t.tensor([0., -0., 0.]).sort(descending=True)
t.tensor([3, 1, 2, 1, 3], dtype=t.uint8).sort(descending=True)
t.tensor([3., 1, 2]).sort(1)
t.tensor(3.).sort()
t.zeros(2, 0).sort(0)
t.sort(t.tensor([[3., 1, 2]]), 1, True)
t.argsort(t.tensor([3., 1, 2]), 0, True)
t.tensor([3., 1, 2]).argsort(0, True, True)
t.tensor(3.).argsort()
t.tensor([3., 1, 2]).topk(4)
t.tensor([3., 1, 2]).topk(-1)
t.tensor([3., 1, 2]).topk(0)
t.tensor([3., 1, 2]).topk(2.)
t.tensor([3., 1, 2]).topk(t.tensor(2))
t.tensor([3., 1, 2]).topk(2, 1)
t.tensor(3.).topk(1)
t.tensor(3.).topk(2)
t.tensor([True, False]).topk(1)
t.zeros(0, 3).topk(2)
[repr(f(t.tensor([3., 1., 2.], requires_grad=True))) for f in (t.sort, lambda x: x.topk(2), lambda x: x.max(0))]
t.arange(4).masked_select(t.tensor([1, 0, 0, 0]))
t.arange(4).masked_select(t.tensor([True, False]))
t.tensor(3).nonzero()
t.tensor(3).nonzero(as_tuple=True)
t.tensor(0).nonzero()
t.tensor([[0., 1.], [2., 0.]]).nonzero()
t.tensor([[0., 1.], [2., 0.]]).nonzero(as_tuple=True)
t.zeros(0, 2).nonzero()
t.nonzero(t.tensor([1, 0, 2]))
3 in t.arange(5)
t.tensor(3) in t.arange(5)
7. in t.arange(5)
t.arange(3) in t.arange(3)
'a' in t.arange(5)
[1, 2] in t.arange(5)
""".strip().splitlines()


@pytest.mark.parametrize("source", MORE)
def test_functions_without_gradients(source: str) -> None:
    same(program(source))


@pytest.mark.parametrize("kind", ["few", "many", "all", "pipe", "steps", "fractions"])
def test_equal_elements_come_in_pytorch_s_order(kind: str) -> None:
    rng = np.random.default_rng(len(kind))
    for n in (1, 2, 3, 4, 5, 8, 15, 16, 17, 33, 64, 100, 129, 500, 2000):
        up = np.arange((n + 1) // 2)
        x: Any = {
            "few": rng.integers(0, 3, (2, n)), "many": rng.integers(0, n, (2, n)), "all": np.zeros((2, n)),
            "pipe": np.stack([np.concatenate([up, up[::-1]])[:n], -np.concatenate([up, up[::-1]])[:n]]),
            "steps": np.stack([np.arange(n) % 7, np.arange(n) // 7]), "fractions": rng.integers(0, 9, (2, n)) / 8,
        }[kind]  # fmt: skip
        for largest in (True, False):
            same(program(f"t.tensor(x).sort(descending={largest})", x=lambda t: x))  # noqa: B023
            same(program(f"t.tensor(x).sort(descending={largest}, stable=True)", x=lambda t: x))  # noqa: B023
            for k in sorted({0, 1, 2, 5, n // 64, n // 64 + 1, n // 2, n - 1, n} & set(range(n + 1))):
                same(program(f"t.tensor(x).topk({k}, largest={largest})", x=lambda t: x))  # noqa: B023


# --- at random ------------------------------------------------------------------------------------------------

SHAPE = (3, 4, 2)


def part(axis: int) -> st.SearchStrategy[str]:
    n = SHAPE[axis]
    ends = st.one_of(st.none(), st.integers(-n - 1, n + 1))
    texts = st.builds(
        lambda a, b, c: f"{'' if a is None else a}:{'' if b is None else b}:{c}", ends, ends, st.integers(1, 3)
    )
    whole = st.lists(st.integers(-n, n - 1), min_size=2, max_size=2, unique_by=lambda i: i % n).map(str)
    mask = st.lists(st.booleans(), min_size=n, max_size=n).filter(lambda m: sum(m) == 2).map(str)
    return st.one_of(st.integers(-n, n - 1).map(str), texts, st.just(":"), whole, mask)


@st.composite
def indices(draw: Any) -> str:
    parts = [draw(part(axis)) for axis in range(draw(st.integers(1, 3)))]
    for extra in draw(st.lists(st.sampled_from(["None", "..."]), max_size=2, unique=True)):
        # what follows `...` counts from the end, so it goes last, where the lengths do not matter
        parts.insert(len(parts) if extra == "..." else draw(st.integers(0, len(parts))), extra)
    return ", ".join(parts)


@settings(max_examples=150)
@given(indices())
def test_any_index(index: str) -> None:
    array = numbers(*SHAPE)
    same(with_gradients(f"x[{index}]", x=array))
    same(with_gradients(f"y = x * 1; y[{index}] = x[0, 0, 0] * 3; y", x=array))
