"""Sums, means and extremes, as PyTorch does them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.parity.both import same
from tests.parity.sources import DTYPES, numbers, program, with_gradients

CALLS = """
x.sum()
x.sum(0)
x.sum(-1)
x.sum((0, 2))
x.sum([0, 1])
x.sum(())
x.sum(dim=1, keepdim=True)
x.sum(axis=1, keepdims=True)
x.sum(None, True)
x.mean()
x.mean(1)
x.mean((0, 1), keepdim=True)
x.var()
x.var(0)
x.var(0, False)
x.var(False)
x.var((0, 2), correction=0)
x.var(1, True, True)
x.var(dim=1, unbiased=False, keepdim=True)
x.var(correction=2)
x.std()
x.std(1)
x.std(-1, keepdim=True)
x.std(dim=(1, 2), correction=0)
x.amax()
x.amax(1)
x.amax((0, 2), True)
x.amin()
x.amin(dim=-1, keepdim=True)
x.max()
x.max(1)
x.max(dim=1, keepdim=True)
x.max(1).values
x.max(axis=-1)[0]
x.max(x.flip(0))
x.min()
x.min(0)
x.min(2, True)
x.min(x.flip(0))
x.logsumexp(0)
x.logsumexp((0, 1))
x.logsumexp(-1, keepdim=True)
x.cumsum(0)
x.cumsum(-1)
x.norm()
x.norm(1)
x.norm(dim=0)
x.norm(3, dim=1, keepdim=True)
x.norm(float('inf'))
x.norm(p=float('inf'), dim=1)
x.norm(2, (0, 1))
t.sum(x, 0)
t.mean(x, dim=(0, 1))
t.max(x, 1)[0]
t.max(x, x.flip(1))
t.var(x, dim=1)
t.norm(x)
""".strip().splitlines()


@pytest.mark.parametrize("source", CALLS)
def test_values_and_gradients(source: str) -> None:
    for x in [numbers(2, 3, 4), numbers(2, 3, 4).transpose(2, 0, 1)[:, :, :2], numbers(2, 3, 4).astype(np.float32)]:
        same(with_gradients(source, x=x), rtol=1e-5 if x.dtype == np.float32 else 1e-9)


WITHOUT_GRADIENT = """
x.argmax()
x.argmax(1)
x.argmax(-1, True)
x.argmax(dim=0, keepdim=True)
x.argmin()
x.argmin(1)
t.argmax(x, dim=1)
x.all()
x.all(1)
x.all((0, 1))
x.all(1, True)
x.any()
x.any(0)
x.any(dim=(0, 2), keepdim=True)
x.count_nonzero()
x.count_nonzero(1)
x.count_nonzero((0, 1))
x.sum()
x.sum(1)
x.sum(dtype=t.float64)
x.sum(0, dtype=t.int32)
x.mean()
x.mean(dtype=t.float32)
x.var()
x.std(0)
x.amax(1)
x.amin()
x.max()
x.min()
x.max(0)
x.min(1, True)
x.logsumexp(0)
x.cumsum(1)
x.cumsum(1, dtype=t.float32)
x.norm()
""".strip().splitlines()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("source", WITHOUT_GRADIENT)
def test_every_dtype(source: str, dtype: str) -> None:
    x = np.array([[3, 0, 1], [0, 7, 7]], dtype)
    same(program(source, x=lambda t: t.tensor(x)), rtol=2e-3 if dtype == "float16" else 1e-6)


SMALL = """
x.sum()
x.sum(0)
x.sum(-1)
x.sum(1)
x.mean()
x.mean(0)
x.var()
x.std(0)
x.amax()
x.amax(0)
x.amin(-1)
x.max()
x.max(0)
x.max(1)
x.min(-1, True)
x.argmax()
x.argmax(0)
x.argmin(dim=1)
x.logsumexp(0)
x.logsumexp(-1)
x.cumsum(0)
x.all()
x.all(0)
x.any()
x.any(1)
x.count_nonzero()
x.count_nonzero(0)
x.norm()
x.norm(1)
x.norm(dim=0)
""".strip().splitlines()


@pytest.mark.parametrize("source", SMALL)
def test_no_dimensions_no_elements_and_nan(source: str) -> None:
    for values in [2.5, [], [[], []], np.zeros((0, 3)), np.zeros((3, 0)), [np.nan, 1.0], [[1.0, np.nan], [2.0, 3.0]],
                   [[np.inf, 1.0], [-np.inf, -np.inf]], [[0.0]]]:  # fmt: skip
        array = np.array(values, np.float64)
        try:
            same(program(source, x=lambda t: t.tensor(array)))  # noqa: B023
        except AssertionError as error:
            raise AssertionError(f"{source} of {array!r}: {error}") from None


REFUSED = """
t.ones(2, 3).sum(2)
t.ones(2, 3).sum(-3)
t.ones(2, 3).sum((0, 0))
t.ones(2, 3).sum((0, -2))
t.ones(2, 3).sum(0.5)
t.ones(2, 3).sum('a')
t.ones(2, 3).sum(dims=0)
t.ones(2, 3).sum(0, keepdims=True, keep=True)
t.ones(2, 3).sum(dtype='float32')
t.ones(2, 3).mean(5)
t.ones(2, 3).max(2)
t.ones(2, 3).max(0, 1, 2)
t.ones(2, 3).max(1.5)
t.ones(2, 3).argmax(2)
t.ones(2, 3).argmax(0.5)
t.ones(2, 3).var(5)
t.ones(2, 3).softmax(2)
t.ones(2, 3).cumsum(2)
t.ones(2, 3).cumsum()
t.ones(2, 3).logsumexp(2)
t.sum([1, 2])
t.sum()
t.sum(t.ones(2), foo=1)
t.max(t.ones(2), t.ones(3))
""".strip().splitlines()


@pytest.mark.parametrize("source", REFUSED)
def test_what_is_refused(source: str) -> None:
    same(program(source))
