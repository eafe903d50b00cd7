"""Every op of the table, on every example, under every rule of the op contract."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import ops
from cutaway.autograd import gradcheck, gradgradcheck
from cutaway.graph import undo_broadcast
from cutaway.ops.rounding import whole_power
from cutaway.tensors.base import apply

from .edges import special, ties
from .example import KINDS, Array, Example
from .examples import EXAMPLES, EXCUSED
from .keeps import names, unneeded
from .proofs import every_op, naming, proves
from .values import VALUES

Op = Callable[..., Any]


def random_like(x: Any) -> Array:
    return np.asarray(np.random.default_rng(7).standard_normal(np.shape(x)), dtype=x.dtype)


def tensors(example: Example) -> list[cutaway.Tensor]:
    """The inputs as leaves, in the same memory layout; in memory of their own."""
    return [cutaway.from_numpy(x).requires_grad_() for x in example.as_dtype(np.float64).inputs]


def has_slopes(value: cutaway.Tensor, xs: list[cutaway.Tensor]) -> bool:
    """Whether there is something to measure: numbers in and numbers out. The variance of one number is nan."""
    return any(x.numel() for x in xs) and value.numel() > 0 and not np.isnan(value.detach().numpy()).any()


# --- the table ----------------------------------------------------------------------------------------------


@every_op
def test_it_has_a_formula_and_examples_of_every_kind(op: Op) -> None:
    entry = ops.TABLE[op]
    assert entry.formula, "the docstring's first line is the formula"
    assert not entry.formula.endswith(".")
    assert op in VALUES, "tests/ops/values.py should say what its value is"
    kinds = {example.kind for example in EXAMPLES.get(op, [])}
    wanted = {kind for kind in KINDS if entry.broadcasts or kind != "broadcast"}
    excused = {kind for (other, kind) in EXCUSED if other is op}
    assert kinds == wanted - excused, "tests/ops/examples.py should have one of each"


@every_op
def test_arrays_are_positional_and_attributes_keyword_only(op: Op) -> None:
    parameters = inspect.signature(op).parameters
    arrays = [p for p in parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]
    attributes = [p for p in parameters.values() if p.kind is p.KEYWORD_ONLY]
    assert len(arrays) + len(attributes) == len(parameters)
    assert arrays and all(p.default is p.empty for p in arrays)
    for example in EXAMPLES[op]:
        assert set(example.attrs) <= {p.name for p in attributes}


def test_no_example_is_left_over() -> None:
    assert set(EXAMPLES) <= set(ops.TABLE)
    assert {op for op, _ in EXCUSED} <= set(ops.TABLE)
    assert sum(map(len, EXAMPLES.values())) > 700


@every_op
def test_ops_exports_it_under_its_name(op: Op) -> None:
    name = op.__name__
    assert getattr(ops, name, None) is op, "src/cutaway/ops/__init__.py should import it"
    assert name in ops.__all__, "src/cutaway/ops/__init__.py should list it"


# --- the value ----------------------------------------------------------------------------------------------


@proves("value")
def test_the_value_is_what_the_formula_says(op: Op, example: Example) -> None:
    value, *_ = op(*example.inputs, **example.attrs)
    expected = np.asarray(VALUES[op](*example.inputs, **example.attrs))
    assert np.shape(value) == expected.shape
    np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-14)


@proves("float32")
def test_float32_stays_float32(op: Op, example: Example) -> None:
    narrow = example.as_dtype(np.float32)
    value, *pullbacks = op(*narrow.inputs, **narrow.attrs)
    expected, *exact = op(*(x.astype(np.float64) for x in narrow.inputs), **example.attrs)
    assert value.dtype == (np.float32 if op is not ops.cast else narrow.attrs["dtype"])
    np.testing.assert_allclose(value, expected, rtol=3e-5, atol=3e-6)
    g = random_like(value)
    for pullback, precise in zip(pullbacks, exact, strict=True):
        gx = pullback(g)
        assert gx.dtype == np.float32, "the gradient has another dtype"
        np.testing.assert_allclose(gx, precise(g.astype(np.float64)), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "op",
    [ops.add, ops.sub, ops.mul, ops.div, ops.maximum, ops.minimum, ops.where, ops.masked_fill, ops.floor_divide,
     ops.trunc_divide, ops.remainder],
    ids=lambda op: op.__name__,
)  # fmt: skip
def test_a_python_number_takes_the_dtype_of_the_array_beside_it(op: Op, dtype: Any) -> None:
    for shape in ((2, 3), ()):
        attrs = {k: np.ones(shape, bool) for k in EXAMPLES[op][0].attrs}
        array = np.full(shape, 1.5, dtype)
        for inputs in ((array, 2.0), (2.0, array)):
            value, *pullbacks = op(*inputs, **attrs)
            assert value.dtype == dtype
            [i] = [i for i, x in enumerate(inputs) if x is array]
            assert pullbacks[i](random_like(value)).dtype == dtype


# --- the gradient -------------------------------------------------------------------------------------------


@proves("central differences")
def test_the_gradient_is_the_slope_measured_by_central_differences(op: Op, example: Example) -> None:
    xs = tensors(example)
    run = lambda *xs: apply(op, *xs, **example.attrs)
    if has_slopes(run(*xs), xs):
        assert gradcheck(run, xs, eps=1e-6, atol=1e-7, rtol=1e-6)
    else:  # nothing to compare, but the gradients must have the right shape, and be zeros
        for x, g in zip(xs, cutaway.autograd.grad(run(*xs).sum(), xs), strict=True):
            assert g.shape == x.shape
            assert g.dtype == x.dtype
            assert not g.any() or g.isnan().all()


@proves("random projection")
def test_the_gradient_is_the_slope_along_a_random_direction(op: Op, example: Example) -> None:
    xs = tensors(example)
    run = lambda *xs: apply(op, *xs, **example.attrs)
    if has_slopes(run(*xs), xs):
        assert gradcheck(run, xs, atol=1e-7, rtol=1e-6, fast_mode=True)


@proves("second derivative")
def test_the_second_derivative_is_the_slope_of_the_first(op: Op, example: Example) -> None:
    xs = tensors(example)
    run = lambda *xs: apply(op, *xs, **example.attrs)
    y = run(*xs)
    seed = cutaway.from_numpy(random_like(y.detach().numpy()))
    first = cutaway.autograd.grad(y, xs, seed, create_graph=True)
    for recorded, plain in zip(first, cutaway.autograd.grad(run(*xs), xs, seed), strict=True):
        assert recorded.shape == plain.shape
        np.testing.assert_allclose(recorded.detach().numpy(), plain.numpy(), rtol=1e-10, atol=1e-13)
    if example.twice and has_slopes(run(*xs), xs):
        first_of_all = example is EXAMPLES[op][0]
        full = first_of_all and sum(x.numel() for x in xs) <= 12  # then every entry; else a projection, quicker
        assert gradgradcheck(run, xs, atol=1e-6, rtol=1e-5, fast_mode=not full)


@proves("plain twin")
def test_a_fused_op_agrees_with_its_plain_twin(op: Op, example: Example) -> None:
    twin: Any = ops.TABLE[op].twin
    plain = twin(*example.inputs, **example.attrs)
    xs = tensors(example)
    fused, out = apply(op, *xs, **example.attrs), twin(*xs, **example.attrs)  # recorded op by op
    for other in (plain, out.detach().numpy()):
        np.testing.assert_allclose(fused.detach().numpy(), other, rtol=1e-13, atol=1e-15)
    g = cutaway.from_numpy(random_like(plain))
    # The scores of attention reach 100 in an example, and exp makes their rounding errors as much larger.
    atol = 1e-13 if op is ops.scaled_dot_product_attention else 1e-14
    for got, want in zip(*(cutaway.autograd.grad(y, xs, g) for y in (fused, out)), strict=True):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-12, atol=atol)


# --- the contract -------------------------------------------------------------------------------------------


def shared(a: Any, b: Any) -> bool:
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.shares_memory(a, b)


@proves("linear")
def test_a_pullback_is_linear(op: Op, example: Example) -> None:
    value, *pullbacks = op(*example.as_dtype(np.float64).inputs, **example.attrs)
    g = random_like(np.asarray(value))
    h = np.asarray(np.flip(g) * 0.7 - 0.1, g.dtype)
    for pullback in pullbacks:
        one, other, both = (np.array(pullback(part)) for part in (g, h, 2 * g - 3 * h))
        largest = max(np.abs(one).max(initial=0), np.abs(other).max(initial=0))
        largest = max(largest, 0.01)  # where terms as large as g cancel, their rounding errors stay
        np.testing.assert_allclose(both, 2 * one - 3 * other, rtol=1e-12, atol=1e-12 * largest)
        zero = pullback(np.zeros_like(g))
        assert not zero.any() or np.isnan(one).any()


@proves("leaves alone")
def test_it_leaves_alone_what_is_not_its_own(op: Op, example: Example) -> None:
    example = example.as_dtype(np.float64)
    before = [x.copy() for x in example.inputs]
    value, *pullbacks = op(*example.inputs, **example.attrs)
    kept, g = np.copy(value), random_like(np.asarray(value))
    incoming = g.copy()
    assert len(pullbacks) == len(example.inputs), "one pullback for each array"
    for x, pullback in zip(example.inputs, pullbacks, strict=True):
        first, second = pullback(g), pullback(g)
        np.testing.assert_array_equal(first, second, err_msg="called twice")
        np.testing.assert_array_equal(g, incoming, err_msg="wrote into g")
        assert shared(first, g) or not shared(first, second), "keeps what it returned"
        assert not any(shared(first, y) for y in (*example.inputs, value)), "returns what it captured"
        assert np.shape(first) == x.shape or ops.TABLE[op].broadcasts, "a gradient of another shape"
        if isinstance(first, np.ndarray) and first.flags.writeable and not shared(first, g):
            first += 1
            np.testing.assert_array_equal(pullback(g), second, err_msg="keeps what it returned")
    for x, original in zip(example.inputs, before, strict=True):
        np.testing.assert_array_equal(x, original, err_msg="wrote into an input")
    np.testing.assert_array_equal(value, kept, err_msg="wrote into the value")


@proves("stands alone")
def test_pullbacks_are_right_when_everything_else_is_gone(op: Op, example: Example) -> None:
    """Each pullback stands for itself: others may have been dropped, called before, or made since for other inputs."""
    value, *pullbacks = op(*example.as_dtype(np.float64).inputs, **example.attrs)
    g = random_like(np.asarray(value))
    expected = [np.array(pullback(g)) for pullback in pullbacks]
    for i in reversed(range(len(pullbacks))):
        other = op(*example.as_dtype(np.float64).inputs, **example.attrs)[1 + i]
        op(*(x * 1.25 + 0.125 for x in example.inputs), **example.attrs)
        np.testing.assert_array_equal(other(g), expected[i])


@proves("broadcasting", "0-d", "empty", "non-contiguous")
def test_gradients_come_back_in_the_shape_of_the_inputs(op: Op, example: Example) -> None:
    """Backward through the engine: what broadcasting stretched is summed, and 0-d gradients are arrays."""
    xs = tensors(example)
    y = apply(op, *xs, **example.attrs)
    y.backward(cutaway.ones(y.shape, dtype=y.dtype))
    for x in xs:
        assert x.grad is not None
        assert x.grad.shape == x.shape
        assert type(x.grad.numpy()) is np.ndarray
        assert not np.shares_memory(x.grad.numpy(), y.detach().numpy())


@proves("large numbers")
def test_large_numbers_do_no_harm(op: Op, example: Example) -> None:
    value, *pullbacks = op(*example.inputs, **example.attrs)
    expected = np.asarray(VALUES[op](*example.inputs, **example.attrs))
    largest = np.abs(expected[np.isfinite(expected)]).max(initial=1)  # of differences of large numbers little remains
    np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-12 * largest)
    for pullback in pullbacks:
        gx = pullback(random_like(np.asarray(value)))
        assert not np.isnan(gx).any() or not np.isfinite(expected).all()


@proves("keeps")
def test_a_pullback_needs_what_it_keeps(op: Op, example: Example) -> None:
    assert unneeded(op, [*EXAMPLES[op], *special(op), *ties(op)]) == []
    assert names(op, example)


def test_summing_back_is_the_adjoint_of_stretching() -> None:
    node = (cutaway.ones(2, 3, requires_grad=True) + 1).grad_fn
    g = random_like(np.zeros((4, 2, 3)))
    assert node is not None
    np.testing.assert_array_equal(undo_broadcast(g, (2, 1), node, 0), g.sum(axis=(0, 2)).reshape(2, 1))
    np.testing.assert_array_equal(undo_broadcast(g, (), node, 0), g.sum())
    with pytest.raises(RuntimeError, match="add"):
        undo_broadcast(g, (2, 2), node, 0)


# --- as in a REPL -------------------------------------------------------------------------------------------


def test_ops_are_plain_functions_of_arrays() -> None:
    a, b = np.array([2.0, 3.0]), np.array([5.0, 7.0])
    z, dx, dy = ops.mul(a, b)
    g = np.array([1.0, 10.0])
    assert z.tolist() == [10.0, 21.0]
    assert dx(g).tolist() == [5.0, 70.0]
    assert dy(g).tolist() == [2.0, 30.0]

    y, dx = ops.softmax(np.array([[0.0, math.log(3.0)]]), axis=1)
    np.testing.assert_allclose(y, [[0.25, 0.75]])
    np.testing.assert_allclose(dx(np.array([[1.0, 0.0]])), [[0.1875, -0.1875]])

    total, dx = ops.sum(np.ones((2, 3)))
    assert total == 6
    assert dx(np.float64(2.0)).tolist() == [[2.0] * 3] * 2

    loss, dx = ops.cross_entropy(np.zeros((1, 2)), target=np.array([1]), scale=np.ones(1))
    assert loss == pytest.approx(math.log(2))
    assert dx(np.ones(())).tolist() == [[0.5, -0.5]]


# --- corners, ties, and what is not a number ----------------------------------------------------------------

inf, nan = math.inf, math.nan
LOG2 = math.log(2)


@pytest.mark.parametrize(
    ("op", "inputs", "attrs", "gradients"),
    [
        (ops.abs, [[-1.0, 0.0, 2.0]], {}, [[-1, 0, 1]]),
        (ops.sign, [[-1.0, 0.0, 2.0]], {}, [[0, 0, 0]]),
        (ops.relu, [[-1.0, 0.0, 2.0, nan]], {}, [[0, 0, 1, 1]]),
        (ops.leaky_relu, [[-1.0, 0.0, 2.0]], {"negative_slope": 0.1}, [[0.1, 0.1, 1]]),
        (ops.prelu, [[-1.0, 0.0, 2.0], 0.25], {}, [[0.25, 0.25, 1], [-1, 0, 0]]),
        (ops.elu, [[0.0, 1000.0, -1000.0]], {"alpha": 2.0}, [[2, 1, 0]]),
        (ops.clamp, [[-1.0, 0.0, 0.5, 1.0, 2.0]], {"min": 0.0, "max": 1.0}, [[0, 1, 1, 1, 0]]),
        (ops.clip, [[0.0, 1.0, 2.0], 1.0, 1.0], {}, [[0, 1, 0], [0, 0, 0], [0, 0, 1]]),
        (ops.clip, [[0.0, 1.0, 2.0, 3.0], 1.0, 2.0], {}, [[0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]),
        (ops.hardtanh, [[-2.0, -1.0, 0.5, 1.0, 2.0]], {}, [[0, 0, 1, 0, 0]]),
        (ops.maximum, [[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]], {}, [[0, 0.5, 1], [1, 0.5, 0]]),
        (ops.minimum, [[1.0, 2.0, 3.0], [2.0, 2.0, 2.0]], {}, [[1, 0.5, 0], [0, 0.5, 1]]),
        (ops.amax, [[3.0, 1.0, 3.0]], {}, [[0.5, 0, 0.5]]),
        (ops.amin, [[3.0, 1.0, 1.0]], {}, [[0, 0.5, 0.5]]),
        (ops.amax, [[3.0, nan, 3.0]], {}, [[0, 1, 0]]),
        (ops.median, [[3.0, 1.0, 3.0, 4.0]], {"place": 2}, [[0.5, 0, 0.5, 0]]),
        (ops.median, [[3.0, nan, 3.0]], {"place": 1}, [[0, 1, 0]]),
        (ops.prod, [[0.0, 2.0, 3.0]], {}, [[6, 0, 0]]),
        (ops.prod, [[0.0, 2.0, 0.0]], {}, [[0, 0, 0]]),
        (ops.cumprod, [[2.0, 0.0, 3.0]], {"axis": 0}, [[1, 8, 0]]),
        (ops.power, [[0.0, 2.0]], {"n": 0}, [[0, 0]]),
        (ops.power, [[0.0, 2.0]], {"n": 1}, [[1, 1]]),
        (ops.power, [[0.0, 4.0]], {"n": 0.5}, [[inf, 0.25]]),
        (ops.pow, [[0.0, 0.0, 2.0], [0.0, 2.0, 0.0]], {}, [[0, 0, 0], [0, 0, LOG2]]),
        (ops.pow, [[4.0, 4.0, inf], [1.0, -1.0, 0.0]], {}, [[1, -1 / 16, 0], [8 * LOG2, LOG2 / 2, inf]]),
        (ops.pow, [[0.0], [-1.0]], {}, [[-inf], [-inf]]),
        (ops.sqrt, [[0.0, 4.0]], {}, [[inf, 0.25]]),
        (ops.norm, [[0.0, 0.0]], {"p": 2.0}, [[0, 0]]),
        (ops.norm, [[0.0, 3.0]], {"p": 1.0}, [[0, 1]]),
        (ops.norm, [[0.0, 3.0]], {"p": 0.5}, [[0, 1]]),
        (ops.norm, [[-3.0, 3.0]], {"p": inf}, [[-0.5, 0.5]]),
        (ops.sigmoid, [[-1000.0, 0.0, 1000.0]], {}, [[0, 0.25, 0]]),
        (ops.silu, [[-1000.0, 0.0, 1000.0]], {}, [[0, 0.5, 1]]),
        (ops.gelu, [[-1000.0, 0.0, 1000.0]], {}, [[0, 0.5, 1]]),
        (ops.softplus, [[-1000.0, 0.0, 1000.0]], {}, [[0, 0.5, 1]]),
        (ops.logsigmoid, [[-1000.0, 0.0, 1000.0]], {}, [[1, 0.5, 0]]),
        (ops.tanh, [[-1000.0, 0.0, inf]], {}, [[0, 1, 0]]),
        (ops.erf, [[-1000.0, inf]], {}, [[0, 0]]),
        (ops.floor, [[1.0, 1.5]], {}, [[0, 0]]),
        (ops.remainder, [[5.0, -5.0], [3.0, 3.0]], {}, [[1, 1], [-1, 2]]),
        (ops.fmod, [[5.0, -5.0], [3.0, 3.0]], {}, [[1, 1], [-1, 1]]),
        (ops.atan2, [[0.0, 1.0], [0.0, 0.0]], {}, [[0, 0], [0, -1]]),
        (ops.lerp, [1.0, 2.0, [0.0, 1.0]], {}, [[1, 0], [0, 1], [1, 1]]),
        (ops.logit, [[-0.1, 0.0, 0.5, 1.1]], {}, [[nan, inf, 4, nan]]),
        (ops.logit, [[0.05, 0.5, 0.95, nan]], {"eps": 0.1}, [[0, 4, 0, nan]]),
        (ops.logit, [[0.0625, 0.25, 0.75, 0.875]], {"eps": 0.25}, [[0, 16 / 3, 16 / 3, 0]]),
        (ops.nan_to_num, [[nan, -inf, 1.0]], {"nan": 0.0, "posinf": 1.0, "neginf": -1.0}, [[0, 0, 1]]),
        (ops.logsumexp, [[-inf, 0.0]], {}, [[0, 1]]),
        (ops.where, [[nan, 1.0], [1.0, nan]], {"condition": np.array([False, True])}, [[0, 1], [1, 0]]),
        (ops.masked_fill, [[nan, 1.0], 0.0], {"mask": np.array([True, False])}, [[0, 1], [1, 0]]),
    ],
    ids=lambda x: getattr(x, "__name__", None),
)  # fmt: skip
def test_the_gradient_where_there_is_a_choice(op: Op, inputs: Any, attrs: Any, gradients: Any) -> None:
    with np.errstate(all="ignore"):
        value, *pullbacks = op(*map(np.asarray, inputs), **attrs)
        for pullback, expected in zip(pullbacks, gradients, strict=True):
            gx = np.asarray(pullback(np.ones_like(np.asarray(value))))
            np.testing.assert_allclose(gx, expected, rtol=1e-15)


@pytest.mark.parametrize(("op", "by_numpy"), [(ops.fmod, np.fmod), (ops.floor_divide, np.floor_divide)])
def test_float32_divided_in_float64_has_every_bit_of_numpys_result(op: Op, by_numpy: Any) -> None:
    rng = np.random.default_rng(0)
    size = (rng.standard_normal((2, 10_000)) * 2.0 ** rng.integers(-30, 30, (2, 10_000))).astype(np.float32)
    y = rng.uniform(-1, 1, 10_000).astype(np.float32)
    whole = (rng.integers(1, 2**23, 10_000) * y).astype(np.float32)  # quotients next to whole numbers, on both sides
    edges = np.array([0, -0.0, 1, -1, 0.5, 3, inf, -inf, nan, 1e-45, 3e38, -3e38, 2**22, 2**24], np.float32)
    beside = [(np.nextafter(whole, np.float32(end)), y) for end in (-inf, 0, inf)]
    with np.errstate(all="ignore"):
        for x, y in (*beside, size, (edges[:, None], edges)):
            expected = np.asarray(by_numpy(x, y))
            np.testing.assert_array_equal(op(x, y)[0], expected)
            np.testing.assert_array_equal(np.signbit(op(x, y)[0])[expected == 0], np.signbit(expected)[expected == 0])


NOT_FROM_ALL = (ops.getitem, ops.piece, ops.index_select, ops.masked_select, ops.take_along, ops.embedding, ops.tril,
                ops.triu, ops.sign, ops.where, ops.masked_fill, ops.overwrite, ops.cast, ops.max_along, ops.min_along,
                ops.median, ops.median_along, ops.cross_entropy, ops.nll, ops.power, ops.clip, ops.nan_to_num,
                ops.scatter, ops.cholesky, ops.eigh, ops.svd, ops.qr, ops.pinv, ops.drawn)  # fmt: skip


@pytest.mark.parametrize("op", [op for op in ops.TABLE if op not in NOT_FROM_ALL], ids=lambda op: op.__name__)
def test_nan_in_an_input_is_nan_in_the_value(op: Op) -> None:
    for original in EXAMPLES.get(op, []):
        for i in range(len(original.inputs)):
            example = original.as_dtype(np.float64)
            example.inputs[i][...] = nan
            with naming(example):
                value, *_ = op(*example.inputs, **example.attrs)
                not_used = original.attrs.get("p") == 0 or original.attrs.get("beta") == 0
                assert np.isnan(value).any() or original.kind == "empty" or not_used


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("op", [ops.softmax, ops.log_softmax, ops.logsumexp, ops.cross_entropy])
def test_logits_of_ten_thousand_do_no_harm(op: Op, dtype: Any) -> None:
    logits = np.array([[1e4, 0.0, -1e4], [-1e4, -1e4, -1e4 + 1], [1e4, 1e4, 1e4]], dtype)
    target = np.array([1, 2, 0])
    attrs = {"target": target, "scale": np.ones(3, dtype)} if op is ops.cross_entropy else {"axis": 1}
    value, dx = op(logits, **attrs)  # without a warning: they are errors here
    expected = VALUES[op](logits, **attrs)
    np.testing.assert_allclose(value, expected, rtol=3e-7 if dtype == np.float32 else 1e-15)
    gx = dx(np.ones_like(value))
    assert np.isfinite(gx).all()
    assert gx.dtype == dtype


def test_lerp_is_exact_at_both_ends() -> None:
    assert ops.lerp(np.array(0.1), np.array(1e17), np.array([0.0, 1.0]))[0].tolist() == [0.1, 1e17]
    assert ops.lerp(np.array(1e17), np.array(0.1), np.array([0.0, 1.0]))[0].tolist() == [1e17, 0.1]


def test_whole_numbers_divide_without_passing_through_fractions() -> None:
    x, y = np.meshgrid(np.arange(-7, 8), [-3, -2, 1, 2, 5])
    rounded = [int(a / b) for a, b in zip(x.flat, y.flat, strict=True)]
    assert ops.trunc_divide(x, y)[0].ravel().tolist() == rounded
    large = np.array([2**62 + 1])
    assert ops.trunc_divide(large, np.array([1]))[0] == large
    assert ops.trunc_divide(-large, np.array([-1]))[0] == large


def test_whole_numbers_to_whole_powers() -> None:
    x, y = (np.ravel(a) for a in np.meshgrid(np.arange(-3, 4), np.arange(-3, 5)))
    nonzero = (x != 0) | (y >= 0)
    for a, b, power in zip(x[nonzero], y[nonzero], whole_power(x[nonzero], y[nonzero]), strict=True):
        assert power == int(float(a) ** float(b)), (a, b)
    assert whole_power(np.array([0, 0]), np.array([-1, -2])).tolist() == [0, 0]  # as PyTorch has it


@pytest.mark.parametrize("op", [ops.sigmoid, ops.silu, ops.mish, ops.gelu, ops.softplus, ops.logsigmoid, ops.tanh])
def test_the_second_derivative_far_out_is_nothing(op: Op) -> None:
    x = cutaway.tensor([-1000.0, 1000.0], requires_grad=True)
    (slope,) = cutaway.autograd.grad(apply(op, x).sum(), x, create_graph=True)
    assert cutaway.autograd.grad(slope.sum(), x)[0].tolist() == [0, 0]


def test_softplus_is_its_input_above_the_threshold_of_twenty() -> None:
    value, dx = ops.softplus(np.array([20.5, 19.5]))
    assert (value == [20.5, 19.5]).tolist() == [True, False]
    assert (dx(np.ones(2)) == 1).tolist() == [True, False]


def test_softmax_of_nothing_but_minus_infinity_is_nan_as_in_pytorch() -> None:
    with np.errstate(all="ignore"):
        assert np.isnan(ops.softmax(np.full((1, 2), -inf), axis=1)[0]).all()
        assert ops.logsumexp(np.full(2, -inf))[0] == -inf
        assert ops.logsumexp(np.array([inf, 0.0]))[0] == inf


def test_reading_adds_to_a_running_total_only_where_it_read() -> None:
    for example in EXAMPLES[ops.getitem]:
        [x] = example.inputs
        with naming(example):
            value, dx = ops.getitem(x, **example.attrs)
            g = random_like(np.asarray(value))
            total = random_like(x)
            expected = total + dx(g)
            dx.add_to(total, g)
            np.testing.assert_allclose(total, expected, rtol=1e-15)


def test_reading_adds_to_a_total_that_is_not_contiguous() -> None:
    total = np.zeros((2, 3)).T
    ops.getitem(np.zeros((3, 2)), index=np.array([1, 1]))[1].add_to(total, np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert total.tolist() == [[0, 0], [4, 6], [0, 0]]


def test_an_embedding_learns_nothing_at_its_padding() -> None:
    weight, index = np.arange(6.0).reshape(3, 2), np.array([[0, 1], [0, 2]])
    value, dweight = ops.embedding(weight, index=index, padding_idx=0)
    np.testing.assert_array_equal(value, weight[index])
    np.testing.assert_array_equal(dweight(np.ones((2, 2, 2))), [[0, 0], [1, 1], [1, 1]])
    w = cutaway.tensor(weight, requires_grad=True)
    run = lambda w: apply(ops.embedding, w * w, index=index, padding_idx=0)
    (first,) = cutaway.autograd.grad(run(w).sum(), w, create_graph=True)
    assert first.tolist() == [[0, 0], [4, 6], [8, 10]]
    assert cutaway.autograd.grad(first.sum(), w)[0].tolist() == [[0, 0], [2, 2], [2, 2]]
