"""sort, argsort and topk. Which of equal elements comes first is compared with PyTorch's choice in tests/parity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import cutaway
from cutaway.autograd import grad, gradcheck, gradgradcheck
from cutaway.order import first_places, sorted_places

rows = hnp.arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 40)), elements=st.sampled_from(
    [-np.inf, -1.5, -0.0, 0.0, 2.0, 3.0, np.inf, np.nan]))  # fmt: skip


@given(rows, st.booleans(), st.booleans())
def test_sorted_values_are_numpy_s_and_indices_say_where_they_were(x: Any, descending: bool, stable: bool) -> None:
    values, indices = cutaway.tensor(x).sort(1, descending, stable=stable)
    expected = np.flip(np.sort(x, 1), 1) if descending else np.sort(x, 1)
    np.testing.assert_array_equal(values.numpy(), expected)
    np.testing.assert_array_equal(np.take_along_axis(x, indices.numpy(), 1), expected)
    assert (np.sort(indices.numpy(), 1) == np.arange(x.shape[1])).all()
    if stable:
        alike = expected[:, 1:] == expected[:, :-1]
        assert (np.diff(indices.numpy(), axis=1)[alike] > 0).all()


@given(rows, st.booleans(), st.data())
def test_topk_is_the_front_of_sort(x: Any, largest: bool, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, x.shape[1]))
    values, indices = cutaway.tensor(x).topk(k, largest=largest)
    np.testing.assert_array_equal(values.numpy(), cutaway.tensor(x).sort(1, largest).values[:, :k].numpy())
    np.testing.assert_array_equal(np.take_along_axis(x, indices.numpy(), 1), values.numpy())
    assert all(len(set(row)) == k for row in indices.tolist())


@pytest.mark.parametrize(
    ("numbers", "k", "expected"),  # as PyTorch 2.13 has them
    [
        ([3, 1, 3, 2, 3, 1, 2], 5, [2, 4, 0, 3, 6]),
        ([0] * 5, 2, [2, 4]),
        ([0] * 10, 3, [8, 6, 7]),
        ([0] * 200, 3, [0, 1, 2]),
    ],
)
def test_which_of_equal_elements_topk_takes(numbers: list[int], k: int, expected: list[int]) -> None:
    assert cutaway.tensor(numbers).topk(k).indices.tolist() == expected


def test_up_to_sixteen_equal_elements_stay_in_order_and_with_stable_all() -> None:
    x = cutaway.arange(40) % 2
    assert x[:16].sort().indices.tolist() == [*range(0, 16, 2), *range(1, 16, 2)]
    assert x.sort(stable=True).indices.tolist() == [*range(0, 40, 2), *range(1, 40, 2)]
    assert x.sort(descending=True, stable=True).indices.tolist() == [*range(1, 40, 2), *range(0, 40, 2)]
    assert x.sort().indices.tolist() != x.sort(stable=True).indices.tolist()


@given(st.lists(st.integers(0, 5), max_size=150), st.data())
def test_the_steps_of_the_c_library_come_to_an_order(rank: list[int], data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(rank)))
    for places, expected in ((sorted_places(rank), sorted(rank)), (first_places(rank, k), sorted(rank)[:k])):
        assert [rank[place] for place in places] == expected
        assert len(set(places)) == len(places)


def test_bad_pivots_are_given_up() -> None:
    pipe = [*range(3000), *range(3000, 0, -1)]  # the middle of the first, the middle and the last is always an end
    for rank in (pipe, [-r for r in pipe]):
        assert [rank[place] for place in sorted_places(rank)] == sorted(rank)
        assert [rank[place] for place in first_places(rank, 2000)] == sorted(rank)[:2000]


def test_gradients_go_back_to_where_the_elements_were() -> None:
    x = cutaway.tensor([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]], dtype=cutaway.float64, requires_grad=True)
    weights = cutaway.tensor([1.0, 10.0, 100.0], dtype=cutaway.float64)
    assert grad((x.sort().values * weights).sum(), x)[0].tolist() == [[100, 1, 10], [1, 100, 10]]
    assert grad((x.topk(2).values * weights[:2]).sum(), x)[0].tolist() == [[1, 0, 10], [0, 1, 10]]
    for order in (lambda x: x.sort(0)[0] ** 3, lambda x: x.topk(2)[0] ** 3, lambda x: x.sum().sort()[0] ** 2):
        assert gradcheck(order, (x,))
        assert gradgradcheck(order, (x,))


def test_results_have_names_and_print_with_them() -> None:
    x = cutaway.tensor([3.0, 1.0])
    assert repr(x.sort()) == "torch.return_types.sort(\nvalues=tensor([1., 3.]),\nindices=tensor([1, 0]))"
    assert repr(x.topk(1)) == "torch.return_types.topk(\nvalues=tensor([3.]),\nindices=tensor([0]))"
    assert x.requires_grad_().sort().values.grad_fn.name() == "SortBackward0"
    assert x.topk(1).values.grad_fn.name() == "TopkBackward0"


@pytest.mark.parametrize("largest", [True, False])
def test_topk_of_many_elements_is_the_front_of_sort_too(largest: bool) -> None:
    cutaway.manual_seed(0)
    x = cutaway.randn(300, 500).round(decimals=2)  # with equal elements
    x[7, 3] = cutaway.nan
    values, indices = x.topk(4, dim=1, largest=largest)
    np.testing.assert_array_equal(values.numpy(), x.sort(1, largest).values[:, :4].numpy())
    np.testing.assert_array_equal(x.gather(1, indices).numpy(), values.numpy())
    assert all(len(set(row)) == 4 for row in indices.tolist())
    across = x.topk(4, dim=0, largest=largest).values
    np.testing.assert_array_equal(across.numpy(), x.sort(0, largest).values[:4].numpy())


def test_places_among_sorted_numbers() -> None:
    edges = cutaway.tensor([[1, 3, 3, 5], [0, 10, 20, 30]])
    assert cutaway.searchsorted(edges, cutaway.tensor([[3, 9], [3, 9]])).tolist() == [[1, 4], [1, 1]]
    assert cutaway.searchsorted(edges, edges, right=True).tolist() == [[1, 3, 3, 4], [1, 2, 3, 4]]
    assert cutaway.searchsorted(edges[0], 4).item() == cutaway.bucketize(4, edges[0]).item() == 3
    assert cutaway.bucketize(cutaway.tensor([3.0]), edges[0], right=True, out_int32=True).dtype == cutaway.int32
    for refused, text in [
        (lambda: cutaway.searchsorted(edges, 3), "we got boundaries tensor \\[2, 4\\] and input value tensor \\[\\]"),
        (lambda: cutaway.searchsorted(edges[0], 3, side="middle"), "can only be 'left' or 'right' but got middle"),
        (lambda: cutaway.searchsorted(edges[0], 3, side="left", right=True), "can't be set to opposites"),
        (lambda: cutaway.bucketize(3, edges), "must be 1 dimension"),
    ]:
        with pytest.raises(RuntimeError, match=text):
            refused()
