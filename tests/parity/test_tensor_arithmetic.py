"""Arithmetic and comparison, as PyTorch does them: every pair of dtypes, every kind of operand."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import numpy as np
import pytest

from tests.parity.both import same
from tests.parity.sources import DTYPES, numbers, program, with_gradients

OPERATORS = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow, "and": operator.and_, "eq": operator.eq,
    "lt": operator.lt,
}  # fmt: skip
IN_PLACE = {
    "iadd": operator.iadd, "isub": operator.isub, "imul": operator.imul, "itruediv": operator.itruediv,
    "ifloordiv": operator.ifloordiv, "imod": operator.imod, "ipow": operator.ipow, "iand": operator.iand,
}  # fmt: skip


def operand(t: Any, kind: str, dtype: str) -> Any:
    if kind == "numpy scalar":
        return np.dtype(dtype).type(2)
    return t.tensor([3, 2, 1] if kind == "tensor" else 2, dtype=getattr(t, dtype))


NUMBERS = [True, 0, 2, -1, 300, 2.5]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", OPERATORS)
def test_two_operands_of_any_kind_and_dtype(name: str, dtype: str) -> None:
    others: list[Any] = [("tensor", d) for d in DTYPES] + [("0-d", d) for d in DTYPES]
    others += [("numpy scalar", d) for d in ["float64", "float32", "int64", "uint8"]] + NUMBERS
    for kind, other, reflected in itertools.product(["tensor", "0-d"], others, [False, True]):
        if other is True and name == "pow" and dtype == "bool":
            continue  # the one power of bools that PyTorch takes
        if reflected and isinstance(other, tuple) and other[0] != "numpy scalar":
            continue  # it comes as the first operand, too

        def run(t: Any) -> Any:
            a, b = operand(t, kind, dtype), operand(t, *other) if isinstance(other, tuple) else other  # noqa: B023
            return OPERATORS[name](b, a) if reflected else OPERATORS[name](a, b)  # noqa: B023

        try:
            same(run, rtol=1e-3 if dtype == "float16" else 1e-6)
        except AssertionError as error:
            raise AssertionError(f"{name} of {kind} {dtype} and {other}, reflected: {reflected}: {error}") from None


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_keeps_the_dtype_or_refuses(name: str, dtype: str) -> None:
    others: list[Any] = [("tensor", d) for d in DTYPES] + [("0-d", d) for d in DTYPES] + NUMBERS
    for other in others:

        def run(t: Any) -> Any:
            a, b = operand(t, "tensor", dtype), operand(t, *other) if isinstance(other, tuple) else other  # noqa: B023
            alias = a.view(3)
            try:
                out = IN_PLACE[name](a, b)
            except Exception as error:
                # where several things are wrong, it is chance which of them is found first
                return [RuntimeError if isinstance(error, RuntimeError) else type(error), a]  # unchanged
            return [a, alias, out is a]

        if (name, dtype, other) == ("ipow", "bool", True):
            continue
        try:
            same(run, rtol=1e-3 if dtype == "float16" else 1e-6)
        except AssertionError as error:
            raise AssertionError(f"{name} of {dtype} and {other}: {error}") from None


EXPRESSIONS = """
t.tensor([1], dtype=t.uint8) + 300
t.tensor([1], dtype=t.uint8) * -1
t.tensor([100, 1], dtype=t.uint8) < 300
t.tensor([100, 1], dtype=t.int8) > 200
t.tensor([255], dtype=t.uint8) == -1
t.tensor([1]) + 2**63
t.tensor([1]) + 2**70
t.tensor([2**62]) * 4
t.tensor([-2**63]) // -1
t.tensor([1, 2]) // 0
t.tensor([1, 2]) % 0
t.tensor([7, -7, 7, -7]) // t.tensor([2, 2, -2, -2])
t.tensor([7, -7, 7, -7]) % t.tensor([3, 3, -3, -3])
t.tensor([7., -7., 7., -7.]) % t.tensor([3., 3., -3., -3.])
t.tensor([7, -7, 7, -7]).div(t.tensor([2, 2, -2, -2]), rounding_mode='trunc')
t.tensor([7., -7., 7., -7.]).div(t.tensor([2., 2., -2., -2.]), rounding_mode='trunc')
t.tensor([1., 2., -1., 0.]) // 0
t.tensor([1., 2., -1., 0.]) % 0
t.tensor([1., 2., -1., 0.]) / 0
t.tensor([float('inf'), float('nan'), 1.]) // 2
t.tensor([float('inf'), float('nan'), 1.]) % 2
t.tensor([1, 2]) / 0
t.tensor([1, 2]).div(0, rounding_mode='trunc')
t.tensor([1., 2]).div(0, rounding_mode='trunc')
t.tensor([1., 2]).div(2, rounding_mode='up')
t.tensor([1, 2]) ** -1
t.tensor([1, 2, -1, 0, -1]) ** t.tensor([-1, -2, -3, 2, -2])
t.tensor([1, 2]) ** t.tensor(-1)
2 ** t.tensor([-1, 2, 0])
2.5 ** t.tensor([1, 2])
t.tensor([2]) ** 63
t.tensor([2]) ** 64
t.tensor([-1.]) ** 0.5
t.tensor([0., 2.]) ** 0
0 ** t.tensor([0., 1.])
2 / t.tensor([3., 7.])
2.5 / t.tensor([3, 7])
True / t.tensor([3., 7.])
-t.tensor([True])
+t.tensor([True])
+t.tensor([1])
abs(t.tensor([True]))
abs(t.tensor([-1, 2]))
t.tensor([True, False]).sign()
t.tensor([-3, 0]).sign()
t.tensor([True]).floor()
t.tensor([3]).floor()
t.tensor([3]).round()
t.tensor([True]).trunc()
t.tensor([3.5, -3.5, 2.5, 0.5]).round()
t.tensor([3.14159]).round(decimals=2)
t.tensor([314]).round(decimals=-2)
t.tensor([3]).exp()
t.tensor([True]).exp()
t.tensor([3], dtype=t.float16).exp()
t.tensor([3]).reciprocal()
t.tensor([3]).square()
t.tensor([True]).square()
t.tensor([3, -3]).relu()
t.tensor([True]).relu()
t.tensor([3]).sigmoid()
t.tensor([-1000., 1000., float('nan')]).sigmoid()
t.tensor([3, 4]).softmax(0)
t.tensor([3, 4]).softmax(0, dtype=t.float32)
t.tensor([3., 4]).softmax(dim=0, dtype=t.float64)
t.tensor([3., 4]).softmax(axis=0)
t.tensor([[3., 4]]).log_softmax(axis=-1)
t.tensor(3.).softmax(0)
t.tensor(3.).softmax(1)
t.tensor([3., 4]).softmax()
t.tensor([3., 4]).softmax(dims=0)
t.tensor([3, 4]).clamp(0.5, 3.5)
t.tensor([3, 4]).clamp(4, 3)
t.tensor([True, False]).clamp(0, 1)
t.tensor([3., 4]).clamp(t.tensor(1), t.tensor([5., 2.]))
t.tensor([3, 4]).clamp(t.tensor(3.5))
t.tensor([3, 4]).clamp(max=t.tensor(3))
t.tensor([3., 4]).clamp(1, t.tensor([5., 2.]))
t.tensor([3., 4]).clamp()
t.tensor([3., 4]).clamp(min=None, max=3)
t.tensor([3., float('nan')]).clamp(0, 1)
t.tensor([3., 4]).clamp_min(3.5)
t.tensor([3, 4]).clamp_max(3.5)
t.tensor([3, 4]).maximum(t.tensor([1.5, 5]))
t.tensor([3, 4]).maximum(3)
t.tensor([3., float('nan')]).maximum(t.tensor([1., 1]))
t.tensor([1, 2]).masked_fill(t.tensor([True, False]), 2.5)
t.tensor([1, 2]).masked_fill(t.tensor([True, False]), t.inf)
t.tensor([1, 2], dtype=t.uint8).masked_fill(t.tensor([True, False]), 300)
t.tensor([1, 2], dtype=t.uint8).masked_fill(t.tensor([True, False]), -1)
t.tensor([1., 2]).masked_fill(t.tensor([True, False]), 1e39)
t.ones(2, dtype=t.float16).masked_fill(t.tensor([True, False]), t.tensor(-1e9))
t.ones(2, dtype=t.float16).masked_fill(t.tensor([True, False]), -t.inf)
t.tensor([1., 2]).masked_fill(t.tensor([True, False]), t.tensor(3, dtype=t.float64))
t.tensor([1, 2]).masked_fill(t.tensor([True, False]), t.tensor(3.5))
t.tensor([1., 2]).masked_fill(t.tensor([1, 0]), 3)
t.tensor([1., 2]).masked_fill(t.tensor([True, False]), t.tensor([3.]))
t.tensor([1., 2]).masked_fill(t.tensor([[True, False], [False, True]]), 3)
t.tensor([1., 2]).masked_fill([True, False], 3)
t.where(t.tensor([True, False]), 1, 2)
t.where(t.tensor([True, False]), 1., 2)
t.where(t.tensor([True, False]), t.tensor([1, 2]), 2.5)
t.where(t.tensor([True, False]), t.tensor([1, 2], dtype=t.float16), 2.5)
t.where(t.tensor([True, False]), t.tensor([1., 2]), t.tensor(2, dtype=t.float64))
t.where(t.tensor([1, 0]), 1., 2)
t.where(t.tensor([True, False]))
t.where(t.tensor([True, False]), t.ones(3), 0.)
t.tensor([1., 2]).where(t.tensor([True, False]), 3)
t.tensor([1., 2.]).add(1, alpha=2)
t.tensor([1, 2]).add(1, alpha=2.5)
t.tensor([1., 2]).add(t.tensor([1, 2]), alpha=2.5)
t.tensor([1, 2]).add(True, alpha=True)
t.tensor([1., 2]).sub(t.tensor([1, 2]), alpha=2)
t.add(2, t.tensor([1.]))
t.mul(2, t.tensor([1.]))
t.sub(2, t.tensor([1.]))
t.div(2, t.tensor([1.]))
t.pow(2, t.tensor([1.]))
t.pow(2.5, t.tensor([1]))
t.remainder(2, t.tensor([3.]))
t.floor_divide(2, t.tensor([3.]))
t.add(input=t.tensor([1.]), other=2)
t.maximum(2, t.tensor([3.]))
t.tensor([1.]) + 'a'
'a' + t.tensor([1.])
t.tensor([1.]) + None
t.tensor([1.]) - [1]
t.tensor([1.]).add('a')
t.tensor([1.]).add(None)
t.ones(2) + t.ones(3)
t.ones(2, 3) + t.ones(2)
t.ones(2, 1) + t.ones(3)
t.ones(0) + t.ones(1)
t.ones(0) + t.ones(2)
t.tensor([1.]) < 'a'
t.tensor([1.]) == 'a'
t.tensor([1.]) == None
t.tensor([1.]) != None
t.tensor([1.]).eq(None)
t.ones(2) == t.ones(3)
t.ones(2, 1) > t.zeros(2)
~t.tensor([1, 2])
t.tensor([1, 2]) | t.tensor([4, 0])
t.tensor([True, False]) ^ True
t.tensor([1, 2]) != 1
t.tensor([1, 2, 3]) >= t.tensor(2.)
t.tensor([1, 2, 3]) <= 2
2 > t.tensor([1, 2, 3])
~t.tensor([True, False])
~t.tensor([1.])
t.tensor([True]) & 1
t.tensor([1.]) & 1
1 | t.tensor([2])
t.tensor([1, 0]).logical_and(t.tensor([1.5, 2]))
t.tensor([1, 0]).logical_or(t.tensor([0, 0], dtype=t.int8))
t.tensor([1, 0]).logical_xor(t.tensor([True, True]))
t.tensor([1, 0]).logical_and(True)
t.tensor([0., 2.]).logical_not()
t.tensor([1.0]).isclose(t.tensor([1]))
t.tensor([1]).isclose(t.tensor([1]))
t.tensor([1.0, float('nan'), float('inf')]).isclose(t.tensor([1.000001, float('nan'), float('inf')]))
t.tensor([1.0, float('nan')]).isclose(t.tensor([1.1, float('nan')]), equal_nan=True, rtol=0.2)
t.tensor([1.0]).allclose(t.tensor([1.], dtype=t.float64))
t.ones(2).allclose(t.ones(3))
t.ones(2).allclose(t.ones(2, 2))
t.tensor([1.0]).equal(t.tensor([1.], dtype=t.float64))
t.tensor([1]).equal(t.tensor([1.]))
t.ones(2).equal(t.ones(1, 2))
t.tensor([1.]).equal(1)
t.tensor([1]).isnan()
t.tensor([1.0, float('nan'), float('inf')]).isnan()
t.tensor([1]).isfinite()
t.tensor([1., -float('inf')]).isinf()
t.tensor(3.) * t.tensor([1, 2])
(t.ones(2, 3).t() + 1).stride()
t.ones(2, 3).t().exp().stride()
""".strip().splitlines()


@pytest.mark.parametrize("source", EXPRESSIONS)
def test_expressions(source: str) -> None:
    same(program(source))


GRADIENTS = """
x + y
x - y
x * y
x / y
x ** 2
x ** 3.0
x.abs() ** y
2 ** x
1 - x
2 / x
x % 2
x % y
x.remainder(0.7)
-x
x.abs()
x.sign() * x
x.square()
x.abs().sqrt()
x.abs().rsqrt()
x.reciprocal()
x.exp()
x.expm1()
x.abs().log()
x.abs().log1p()
x.abs().log2()
x.abs().log10()
x.sin()
x.cos()
x.tanh()
x.sigmoid()
x.relu()
x.erf()
x.softmax(-1)
x.softmax(0)
x.log_softmax(-1)
x.floor() * x
x.round() + x
x.trunc() * x
x.ceil() * x
x.div(y, rounding_mode='floor') * x
x.maximum(y)
x.minimum(y)
x.maximum(x)
x.clamp(-1, 1)
x.clamp(min=0)
x.clamp_max(0.5)
x.clamp(y, y.abs())
x.clamp(min=y)
x.clamp(max=x)
x.clamp(y.abs(), y)
t.where(x > 0, x, y)
t.where(x > 0, x, 2.)
x.masked_fill(x > 0, 3.)
x.masked_fill(x > 0, y[0, 0])
x.add(y, alpha=3)
x.sub(y, alpha=0.5)
x * 2 + x
x * x * x
x.double() * y
x.float() * y
x.half() + y
x.to(t.float32).exp()
x[0] * y
x[:, :1] / y
x.sum() * y[0, 0]
(x * t.tensor(2))
t.tensor([1, 2, 3]) * x
x.clone() - x.detach()
x.where(y > 0, y)
""".strip().splitlines()


@pytest.mark.parametrize("source", GRADIENTS)
def test_gradients(source: str) -> None:
    same(with_gradients(source, x=numbers(2, 3), y=numbers(2, 3, seed=1)), rtol=1e-9 if "half" not in source else 1e-3)
    if "[" not in source and "clamp" not in source:
        same(with_gradients(source, x=numbers(2, 3), y=numbers(3, seed=1)), rtol=1e-9 if "half" not in source else 1e-3)
        empty = np.zeros((0, 3))
        same(with_gradients(source, x=empty, y=empty))


AT_EDGES = {
    "x.relu()": [0.0, -0.0], "x.abs()": [0.0], "x.sqrt()": [0.0, 1.0], "x.clamp(0, 1)": [0.0, 1.0, 0.5],
    "x ** 2": [0.0], "x ** 0": [0.0, 2.0], "x ** 1": [0.0], "x ** 0.5": [0.0, 4.0], "x ** -1": [2.0],
    "x ** t.tensor(2., dtype=t.float64)": [0.0, 3.0], "2 ** x": [0.0], "0 ** x": [0.0, 2.0], "x.sign()": [0.0],
    "x.maximum(t.zeros(2, dtype=t.float64))": [0.0, 1.0], "x.softmax(0)": [1e4, -1e4], "x.log_softmax(0)": [1e4, -1e4],
    "x.sigmoid()": [1e3, -1e3], "x.tanh()": [1e3, -1e3], "x / x": [0.0], "x.log()": [0.0], "x.rsqrt()": [4.0],
    "x.erf()": [0.0, 30.0], "x.amax()": [1.0, 1.0], "x.max()": [1.0, 1.0], "x.max(0).values": [1.0, 1.0],
    "x.norm()": [0.0, 0.0], "x.norm(1)": [0.0, 2.0], "x.norm(3)": [0.0, 0.0], "x.norm(float('inf'))": [2.0, 2.0],
    "x.std()": [1.0, 1.0], "x.var()": [1.0, 1.0], "x.logsumexp(0)": [1e4, -1e4],
}  # fmt: skip


@pytest.mark.parametrize("source", AT_EDGES)
def test_gradients_at_kinks_and_limits(source: str) -> None:
    same(with_gradients(source, x=np.array(AT_EDGES[source])))
