"""Sums, means and extremes: forms of `dim`, no elements, nan, dtypes. tests/parity compares all with PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway.autograd import gradcheck, gradgradcheck

X = np.arange(24.0).reshape(2, 3, 4)
METHODS = ["sum", "mean", "var", "std", "amax", "amin", "all", "any", "logsumexp", "norm"]
NUMPYS: dict[str, Any] = {
    "var": lambda x, **k: np.var(x, ddof=1, **k), "std": lambda x, **k: np.std(x, ddof=1, **k),
    "logsumexp": lambda x, **k: np.log(np.exp(x).sum(**k)), "norm": lambda x, **k: np.sqrt((x * x).sum(**k)),
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_forms_of_dim(name: str) -> None:
    x, expected = cutaway.tensor(X), NUMPYS.get(name) or getattr(np, name)
    for dim, axis in [(0, 0), (-1, 2), ((0, 2), (0, 2)), ([0, 1], (0, 1)), ((0, 1, 2), None)]:
        for keep in (False, True):
            want = expected(X, axis=axis, keepdims=keep)
            np.testing.assert_allclose(getattr(x, name)(dim=dim, keepdim=keep).numpy(), want)
            np.testing.assert_allclose(getattr(x, name)(axis=dim, keepdims=keep).numpy(), want)
    if name != "logsumexp":
        np.testing.assert_allclose(getattr(x, name)().numpy(), expected(X, axis=None))


def test_named_results() -> None:
    x = cutaway.tensor([[1.0, 5.0], [3.0, 2.0]])
    result = x.max(dim=1)
    values, indices = result
    assert result.values is values is result[0]
    assert indices.tolist() == [1, 0]
    assert repr(result) == "torch.return_types.max(\nvalues=tensor([5., 3.]),\nindices=tensor([1, 0]))"
    assert x.min(0, True).indices.tolist() == [[0, 1]]
    assert x.max(cutaway.tensor(2.0)).tolist() == [[2, 5], [3, 2]]


def test_the_gradient_of_max_goes_to_one_place_and_of_amax_to_all_that_tie() -> None:
    for name, expected in [("max", [1, 0]), ("amax", [0.5, 0.5])]:
        x = cutaway.tensor([2.0, 2.0], requires_grad=True)
        out = getattr(x, name)(0)
        (out if name == "amax" else out.values).backward()
        assert x.grad.tolist() == expected


def test_no_elements() -> None:
    x = cutaway.zeros(0, 3)
    assert x.sum().item() == 0
    assert x.mean().isnan()
    assert x.sum(0).tolist() == [0, 0, 0]
    assert x.sum(1).shape == (0,)
    assert x.amax(1).shape == (0,)
    assert x.all().item() is True
    assert x.any().item() is False
    assert x.logsumexp(0).tolist() == [-cutaway.inf] * 3


def test_a_single_number_has_dim_0_and_minus_1() -> None:
    x = cutaway.tensor(3.0)
    for dim in (None, 0, -1, ()):
        assert x.sum(dim).item() == 3
    assert x.max(0).indices.item() == 0
    assert x.argmax(0).item() == 0
    assert x.cumsum(0).item() == 3
    assert x.softmax(0).item() == 1


@pytest.mark.parametrize("name", ["max", "min", "amax", "argmax", "sum", "mean", "norm"])
def test_nan_is_found(name: str) -> None:
    x = cutaway.tensor([1.0, cutaway.nan, 3.0])
    answer = getattr(x, name)()
    assert answer.item() == 1 if name == "argmax" else answer.isnan()


def test_dtypes() -> None:
    x = cutaway.tensor([200, 100], dtype=cutaway.uint8)
    assert x.sum().item() == 300
    assert x.sum().dtype == x.cumsum(0).dtype == cutaway.int64
    assert x.sum(dtype=cutaway.int32).dtype == cutaway.int32
    assert x.sum(dtype=float).dtype == cutaway.float64
    assert x.mean(dtype=cutaway.float32).item() == 150
    assert x.max().dtype == cutaway.uint8
    assert cutaway.tensor([0.5], dtype=cutaway.float16).sum().dtype == cutaway.float16
    assert cutaway.tensor([1.0, 0.0]).count_nonzero().dtype == cutaway.int64


def test_float16_sums_do_not_stop_short() -> None:
    assert cutaway.ones(5000, dtype=cutaway.float16).sum().item() == 5000


def test_the_products_gradient_does_not_divide_by_zero() -> None:
    x = cutaway.tensor([[2.0, 0.0, 5.0], [0.0, 3.0, 0.0]], dtype=cutaway.float64, requires_grad=True)
    x.prod(1).sum().backward()
    assert x.grad.tolist() == [[0, 10, 0], [0, 0, 0]]
    for run in (lambda x: x.prod(), lambda x: x.prod(0), lambda x: x.cumprod(1)):
        assert gradcheck(run, x)
        assert gradgradcheck(run, x)


def test_the_median_is_the_lower_of_two_in_the_middle() -> None:
    x = cutaway.tensor([[5.0, 1.0, 4.0, 2.0], [cutaway.nan, 1.0, cutaway.nan, 0.0]])
    values, indices = x.median(dim=1)
    assert values[0] == 2
    assert values[1].isnan()
    assert indices.tolist() == [3, 0]
    assert x.median().isnan()
    assert x[0].median() == 2
    assert cutaway.zeros(0).median().isnan()
    assert repr(cutaway.tensor([3, 1, 2]).median(0)) == (
        "torch.return_types.median(\nvalues=tensor(2),\nindices=tensor(2))"
    )


def test_quantiles_between_elements_and_in_every_shape() -> None:
    x = cutaway.arange(4.0)
    expected = {"linear": 1.2, "lower": 1, "higher": 2, "nearest": 1, "midpoint": 1.5}
    for interpolation, value in expected.items():
        assert x.quantile(0.4, interpolation=interpolation).item() == pytest.approx(value)
    rows, q = cutaway.arange(6.0).reshape(2, 3), cutaway.tensor([0.5, 0.25])
    assert rows.quantile(0.5, keepdim=True).tolist() == [[2.5]]
    assert rows.quantile(q, keepdim=True).tolist() == [[[2.5]], [[1.25]]]
    assert rows.quantile(q, 1, keepdim=True).tolist() == [[[1], [4]], [[0.5], [3.5]]]
    assert rows.quantile(q, 1).tolist() == [[1, 4], [0.5, 3.5]]
    with pytest.raises(RuntimeError, match=r"quantile: .* torch\.float32 and torch\.float64"):
        x.quantile(q.double())


def test_differences() -> None:
    x = cutaway.tensor([1, 4, 9, 16])
    assert x.diff(2).tolist() == [2, 2]
    assert x.diff(9).tolist() == []
    assert x.diff(0).tolist() == x.tolist()
    assert x.diff(prepend=cutaway.tensor([0]), append=x[:1]).tolist() == [1, 3, 5, 7, -15]
    assert cutaway.tensor([True, False, False]).diff().tolist() == [True, False]


def test_the_larger_and_the_smaller_of_two_tensors() -> None:
    x, y = cutaway.tensor([1, 5]), cutaway.tensor([2.0, 2.0])
    for smaller in (x.min(y), x.min(other=y), cutaway.min(x, y)):
        assert smaller.equal(cutaway.tensor([1.0, 2.0]))
    assert x.max(y).equal(x.max(other=y)) and x.max(y).tolist() == [2, 5]


def test_a_bool_says_whether_the_spread_is_unbiased() -> None:
    x = cutaway.tensor([0.0, 1.0, 2.0])
    assert (x.var(True), x.var(False)) == (1, x.var(unbiased=False))
    assert x.std(False) == x.var(correction=0).sqrt()


def test_counting() -> None:
    x = cutaway.tensor([[3, 1], [3, 0]])
    values, inverse, counts = x.unique(return_inverse=True, return_counts=True)
    assert values.tolist() == [0, 1, 3]
    assert inverse.tolist() == [[2, 1], [2, 0]]
    assert counts.tolist() == [1, 1, 2]
    rows, counts = cutaway.tensor([[1, 2], [0, 5], [1, 2]]).unique(dim=0, return_counts=True)
    assert rows.tolist() == [[0, 5], [1, 2]]
    assert counts.tolist() == [1, 2]
    assert cutaway.tensor([cutaway.nan, 1.0, cutaway.nan]).unique().isnan().tolist() == [False, True, True]
    halves = cutaway.tensor([0.5, 0.5, 1.0])
    assert cutaway.bincount(cutaway.tensor([3, 1, 3]), halves, minlength=6).tolist() == [0, 0.5, 0, 1.5, 0, 0]


def test_what_is_unique_has_a_gradient_where_it_first_stood() -> None:
    x = cutaway.tensor([3.0, 1.0, 3.0], requires_grad=True)
    (x.unique() * cutaway.tensor([10.0, 1.0])).sum().backward()
    assert x.grad.tolist() == [1, 10, 0]


def test_the_norm_of_infinities_with_a_negative_power_is_infinite() -> None:
    assert cutaway.tensor([cutaway.inf, -cutaway.inf]).norm(-1) == cutaway.inf
    assert cutaway.tensor([0.0, 1.0]).norm(-1) == 0
