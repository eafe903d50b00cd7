"""x[...] and x[...] = v against NumPy, where the two mean the same. tests/parity compares all forms with PyTorch."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import cutaway
from cutaway.ops.indexing import Erase

SHAPE = (3, 4, 2)
X = np.arange(24.0).reshape(SHAPE)

basic = hnp.basic_indices(SHAPE, allow_newaxis=True, allow_ellipsis=True).filter(
    lambda index: not any(isinstance(part, slice) and (part.step or 1) < 0 for part in np.index_exp[index])
)
whole = hnp.integer_array_indices(SHAPE, result_shape=hnp.array_shapes(min_dims=1, max_dims=2, max_side=4))
mask = hnp.arrays(np.bool_, st.sampled_from([(3,), (3, 4), SHAPE]))


def as_ours(index: Any) -> Any:
    parts = index if isinstance(index, tuple) else (index,)
    ours = tuple(cutaway.from_numpy(part) if isinstance(part, np.ndarray) else part for part in parts)
    return ours if isinstance(index, tuple) else ours[0]


@given(st.one_of(basic, whole, mask))
def test_reading_and_its_gradient(index: Any) -> None:
    x = cutaway.tensor(X, requires_grad=True)
    y = x[as_ours(index)]
    np.testing.assert_array_equal(y.detach().numpy(), X[index])
    y.sum().backward()
    uses = np.zeros(SHAPE)
    np.add.at(uses, index, 1)
    np.testing.assert_array_equal(x.grad.numpy(), uses)


@given(st.one_of(basic, whole, mask), st.sampled_from(["number", "0-d", "full", "broadcast"]))
def test_writing_and_its_gradient(index: Any, kind: str) -> None:
    expected = X.copy()
    region = expected[index].shape
    shape = {"full": region, "broadcast": region[-1:]}.get(kind, ())
    value = cutaway.tensor(np.full(shape, 7.0), requires_grad=True)
    x0 = cutaway.tensor(X, requires_grad=True)
    x = x0 * 1
    x[as_ours(index)] = 7.0 if kind == "number" else value
    expected[index] = 7.0
    np.testing.assert_array_equal(x.detach().numpy(), expected)
    x.sum().backward()
    written = np.zeros(SHAPE, np.bool_)
    written[index] = True
    np.testing.assert_array_equal(x0.grad.numpy(), ~written)
    if kind != "number":
        assert value.grad.sum() == written.sum()  # each place has one value, that which was written last


def test_an_integer_beside_an_index_tensor_is_taken_first() -> None:
    x = cutaway.tensor(X)
    assert x[0, :, [0, 1]].shape == (4, 2)  # NumPy would say (2, 4)
    assert x[:, 0, [0, 1]].tolist() == X[:, 0][:, [0, 1]].tolist()
    x[0, :, [1, 0]] = cutaway.arange(8.0, dtype=cutaway.float64).reshape(4, 2)
    assert x[0].tolist() == [[1, 0], [3, 2], [5, 4], [7, 6]]


FORMS = {
    "a list": [2, 0], "a range": range(2), "bools": [True, False, True], "an array": np.array([1, 1]),
    "int32": np.array([1], np.int32),
    "uint8 is a mask": np.array([1, 0, 1], np.uint8), "NumPy's integer": np.int64(2), "nothing": [],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_what_can_be_an_index(form: str) -> None:
    index = FORMS[form]
    means = {"uint8 is a mask": np.array([True, False, True]), "nothing": np.zeros(0, np.int64)}.get(form, index)
    assert cutaway.tensor(X)[index].tolist() == X[means].tolist()


def test_true_takes_all_and_false_nothing() -> None:
    x = cutaway.arange(6).reshape(2, 3)
    assert x[True].tolist() == [x.tolist()] and x[False].shape == (0, 2, 3)
    assert x[True, 0].tolist() == x[0, True].tolist() == [[0, 1, 2]]
    assert cutaway.tensor(3)[True].tolist() == [3]
    x[False] = 9
    assert x.sum() == 15
    x[True] = 9
    assert x.sum() == 54


def test_0_d_tensors_as_indices_and_ends_of_slices() -> None:
    x, one = cutaway.arange(5), cutaway.tensor(1)
    assert x[one].item() == 1
    assert x[one].data_ptr() == x[1].data_ptr()
    assert x[one : cutaway.tensor(3)].tolist() == [1, 2]
    assert x[cutaway.tensor(True)].shape == (1, 5)
    assert [10, 20, 30][one] == 20


def test_a_single_number() -> None:
    x = cutaway.tensor(5.0)
    assert x[...].item() == x[()].item() == 5
    assert x[None].tolist() == [5]
    x[...] = 6
    x[()] += 1
    assert x.item() == 7


def test_iterating_gives_views_with_a_gradient() -> None:
    x = cutaway.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    total = sum(row.sum() * i for i, row in enumerate(x))
    total.backward()
    assert x.grad.tolist() == [[0, 0], [1, 1]]
    assert [row.tolist() for row in reversed(x.detach())] == [[3, 4], [1, 2]]
    assert len(x) == 2


def test_writing_converts_to_the_tensors_dtype() -> None:
    x = cutaway.zeros(3, dtype=cutaway.int64)
    x[0], x[1:] = 2.7, cutaway.tensor([1.9, -1.9])
    assert x.tolist() == [2, 1, -1]
    b = cutaway.zeros(2, dtype=cutaway.bool)
    b[0] = 5
    assert b.tolist() == [True, False]


def test_gather_and_its_relatives() -> None:
    x = cutaway.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    y = x.gather(1, cutaway.tensor([[0, 0], [2, 1]]))
    assert y.tolist() == [[1, 1], [6, 5]]
    y.sum().backward()
    assert x.grad.tolist() == [[2, 0, 0], [0, 1, 1]]
    assert x.index_select(1, cutaway.tensor([2, 0])).tolist() == [[3, 1], [6, 4]]
    assert x.take_along_dim(cutaway.tensor([[0, 4], [5, -1]])).tolist() == [1, 5, 6, 6]
    assert x.masked_select(x > 4).tolist() == [5, 6]
    assert x.masked_select(cutaway.tensor([[True], [False]])).tolist() == [1, 2, 3]
    assert (x > 4).nonzero().tolist() == [[1, 1], [1, 2]]
    assert cutaway.zeros(3).scatter_add_(0, cutaway.tensor([0, 2, 0]), cutaway.ones(3)).tolist() == [2, 0, 1]


def test_scatter_writes_what_gather_would_read() -> None:
    labels = cutaway.tensor([2, 0, 1])
    one_hot = cutaway.zeros(3, 4).scatter_(1, labels.unsqueeze(1), 1.0)
    assert one_hot.argmax(1).tolist() == labels.tolist() and one_hot.sum() == 3
    x, places = cutaway.randn(3, 5), cutaway.tensor([[4, 0], [1, 2], [3, 0]])
    src = cutaway.randn(3, 2)
    assert x.scatter(1, places, src).gather(1, places).equal(src)
    assert x.scatter(1, places, src, reduce="add").equal(x.scatter_add(1, places, src))
    assert cutaway.zeros(3).scatter_(0, cutaway.tensor([1, 1]), 2.5, reduce="add").tolist() == [0, 5, 0]
    assert x.index_add(1, cutaway.tensor([4, 4]), src).equal(x.scatter_add(1, cutaway.full((3, 2), 4), src))


@pytest.mark.parametrize("shape", [(0,), (0, 5)])
def test_an_index_that_names_nothing_may_have_any_shape(shape: tuple[int, ...]) -> None:
    x, src = cutaway.ones(2, 3, requires_grad=True), cutaway.ones(4, requires_grad=True)
    nothing = cutaway.zeros(shape)
    assert x.gather(0, nothing).shape == shape
    for y in (
        x.scatter(1, nothing, 2.0), x.scatter(1, nothing, src), x.scatter_add(1, nothing, src),
        x.scatter(1, nothing, src, reduce="add"), x.scatter(1, nothing, src, reduce="multiply"),
    ):  # fmt: skip
        assert y.equal(x)
    assert cutaway.tensor(1.0).scatter_add(0, nothing, src).item() == 1
    (x.scatter_add(1, nothing, src) * 3).sum().backward()
    assert x.grad.tolist() == [[3] * 3] * 2 and src.grad.tolist() == [0] * 4
    for use in (lambda: x.gather(2, nothing), lambda: x.scatter(2, nothing, src)):
        with pytest.raises(IndexError, match="Dimension out of range"):
            use()
    with pytest.raises(RuntimeError, match="same dtype"):
        x.scatter(0, nothing, src.double())


@pytest.mark.parametrize(
    "write",
    [
        lambda x, y, at: x.scatter(1, at, y),
        lambda x, y, at: x.scatter(1, at, y, reduce="add"),
        lambda x, y, at: x.scatter(1, at, y, reduce="multiply"),
        lambda x, y, at: (x * 1).scatter_(1, at, y),
        lambda x, y, at: (x * x).scatter_add_(1, at, y),
        lambda x, y, at: (x * x).index_add_(1, at[0], y[:, :3], alpha=3),
        lambda x, y, at: x.take_along_dim(at, 1) * y[:, :3],
    ],
)
def test_writing_by_index_can_be_differentiated_twice(write: Any) -> None:
    x = cutaway.tensor(X[0, :, :].T + 1, requires_grad=True)
    y = cutaway.tensor(X[1, :, :].T, requires_grad=True)  # longer than the index: the rest is not used
    at = cutaway.tensor([[0, 3, 3], [1, 1, 2]])
    assert cutaway.autograd.gradcheck(lambda x, y: write(x, y, at) ** 2, (x, y))
    assert cutaway.autograd.gradgradcheck(lambda x, y: write(x, y, at) ** 2, (x, y))


def test_reading_slices_in_a_loop_costs_the_size_of_the_tensor_once() -> None:
    x = cutaway.ones(2000, 50, requires_grad=True)
    total: Any = 0
    for i in range(2000):
        total = total + x[i].sum()
    total.backward()
    assert bool((x.grad == 1).all())


def test_writing_rows_in_a_loop_costs_the_size_of_the_tensor_once(monkeypatch: pytest.MonkeyPatch) -> None:
    erased: list[Any] = []
    within = Erase.within
    monkeypatch.setattr(Erase, "within", lambda self, g: within(self, erased.append(g) or g))
    monkeypatch.setattr(Erase, "__call__", lambda self, g: pytest.fail("made a gradient of the whole tensor"))
    w = cutaway.tensor([1.0, 2.0], requires_grad=True)
    out = cutaway.zeros(2, 50)
    out[:, 0] = w
    for t in range(1, 50):
        out[:, t] = out[:, t - 1].clone() * 0.5 + w  # w · (2 - 0.5ᵗ)
    (out * cutaway.arange(50.0)).sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), [sum(t * (2 - 0.5**t) for t in range(50))] * 2, rtol=1e-5)
    assert len(erased) == 49  # the first row was written into a constant
    assert all(g is erased[0] for g in erased), "one array, in which the gradient of each row is replaced by 0"


def test_a_gradient_that_others_see_is_not_erased() -> None:
    w = cutaway.tensor([1.0, 2.0, 3.0], requires_grad=True)
    seen: list[Any] = []
    x = w * 2
    x.register_hook(seen.append)
    x[0] = 7
    x.register_hook(seen.append)
    y = x * 1
    x[1] = w[2]
    x.retain_grad()
    weights = cutaway.tensor([1.0, 10.0, 100.0])
    gx, gy = cutaway.autograd.grad(((x + x + y) * weights).sum(), [x, y], retain_graph=True)
    assert (gx.tolist(), gy.tolist()) == ([2, 20, 200], [1, 10, 100])
    ((x + x + y) * weights).sum().backward()
    assert w.grad.tolist() == [0, 20, 600 + 20]
    assert x.grad.tolist() == [4, 40, 400]  # retain_grad() keeps what both passes sent, as in PyTorch
    assert [g.tolist() for g in seen] == [[3, 10, 300], [0, 10, 300]]


@pytest.mark.parametrize("view", [lambda x: x, lambda x: x.t(), lambda x: x.reshape(-1), lambda x: x[1:, ::2]])
@pytest.mark.parametrize("layout", [lambda x: x, lambda x: x.t().contiguous().t()])
def test_erasing_goes_through_views_whatever_the_layout_of_the_gradient(view: Any, layout: Any) -> None:
    x0 = cutaway.tensor(np.arange(12.0).reshape(3, 4), requires_grad=True)
    x = layout(x0) * 1
    target = view(x)
    if not np.shares_memory(target.detach().numpy(), x.detach().numpy()):
        return  # of this layout, it is no view
    target[1] = 0
    target[0] = 0
    weights = layout(cutaway.tensor(np.arange(1.0, 13.0).reshape(3, 4)))
    (x * weights + x).sum().backward()
    expected = np.arange(2.0, 14.0).reshape(3, 4)
    places = np.arange(12).reshape(3, 4)
    expected.reshape(-1)[view(cutaway.tensor(places))[:2].numpy()] = 0
    np.testing.assert_array_equal(x0.grad.numpy(), expected)


def test_views_of_views_share_their_steps() -> None:
    def memory(n: int) -> int:
        x = cutaway.zeros(4, requires_grad=True) * 1
        tracemalloc.start()
        views = [x]
        for _ in range(n):
            views.append(views[-1][:])
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        views[-1][0] = 1
        assert x[0] == 1
        return used

    assert memory(2000) < 2.5 * memory(1000)
