"""gradcheck believes right gradients, and finds and explains planted wrong ones."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway.autograd import gradcheck, gradgradcheck

GradcheckError = importlib.import_module("cutaway.autograd.gradcheck").GradcheckError
MODES = pytest.mark.parametrize("fast_mode", [False, True], ids=["every-entry", "projection"])


def leaf(*shape: int, seed: int = 0, dtype: Any = np.float64) -> cutaway.Tensor:
    return cutaway.from_numpy(np.random.default_rng(seed).uniform(0.5, 2, shape).astype(dtype)).requires_grad_()


# --- right gradients ----------------------------------------------------------------------------------------


@MODES
@pytest.mark.parametrize(
    "func",
    [
        lambda x, w: x @ w,
        lambda x, w: (x @ w).exp().sum(),
        lambda x, w: (x.sin(), w * 2),  # several outputs, each of one input
        lambda x, w: [x.sum(0) * w.sum(1)],
        lambda x, w: x,  # an input itself
        lambda x, w: (x.T.reshape(-1), (x > 1), x.detach()),  # what has no gradient is left alone
        lambda x, w: x.floor() * w.sum(),
    ],
)
def test_right_gradients_pass(func: Callable[..., Any], fast_mode: bool) -> None:
    inputs = (leaf(2, 3), leaf(3, 2, seed=1))
    assert gradcheck(func, inputs, fast_mode=fast_mode) is True
    assert gradgradcheck(func, inputs, fast_mode=fast_mode) is True


def test_inputs_are_left_as_they_were() -> None:
    x, constant = leaf(2, 3), cutaway.ones(3, dtype=cutaway.float64)
    before = x.detach().clone()
    state = cutaway.get_rng_state()
    assert gradcheck(lambda x, c, n: (x * c) ** n, (x, constant, 3))
    assert gradgradcheck(lambda x, c, n: (x * c) ** n, (x, constant, 3), fast_mode=True)
    assert cutaway.equal(x.detach(), before)
    assert x.grad is None
    assert cutaway.equal(cutaway.get_rng_state(), state), "cutaway's own random numbers were used"

    def fails(x: cutaway.Tensor) -> cutaway.Tensor:
        if not cutaway.equal(x.detach(), before):
            raise KeyError("in the middle")
        return x * 2

    with pytest.raises(KeyError):
        gradcheck(fails, x)
    assert cutaway.equal(x.detach(), before)


def test_an_input_that_is_no_leaf_and_one_with_gaps_in_memory() -> None:
    x = leaf(4, 3)
    assert gradcheck(lambda y: y.exp(), (x[::2, :2] * 1,))
    gaps = cutaway.from_numpy(np.linspace(0, 1, 12).reshape(3, 4)[:, ::2].T).requires_grad_()
    assert gradcheck(lambda y: y.exp(), gaps)
    assert gradcheck(lambda y: y.exp(), leaf())


def test_given_gradients_of_outputs() -> None:
    x = leaf(2, 3)
    assert gradgradcheck(lambda x: x**3, x, leaf(2, 3, seed=1))
    assert gradgradcheck(lambda x: (x**3, x * 2), x, gen_non_contig_grad_outputs=True)


# --- planted wrong ones -------------------------------------------------------------------------------------


def stale() -> Callable[..., Any]:
    def square(x: Any) -> Any:
        calls = [0]

        def dx(g: Any) -> Any:
            calls[0] += 1
            return g * 2 * x * calls[0]

        return x * x, dx

    return square


def late_binding(x: Any, y: Any) -> Any:
    pullbacks = []
    for each in (x, y):
        pullbacks.append(lambda g: 2 * g * each)  # noqa: B023  both see the last one
    return x * x + y * y, *pullbacks


def writes_into_g(x: Any) -> Any:
    def dx(g: Any) -> Any:
        g *= 2
        return g * x

    return x * x, dx


A, B = (4, 3), (3,)
PLANTED: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]], str]] = {
    "factor": (lambda x: (x * x, lambda g: g * x), [A], "1/2 times the numerical one, everywhere. A factor is wrong"),
    "doubled": (lambda x: (np.exp(x), lambda g: 2 * g * np.exp(x)), [B], " 2 times the numerical one"),
    "sign": (lambda x: (1 / x, lambda g: g / x**2), [A], "A sign is wrong"),
    "transposed": (lambda x, w: (x @ w, lambda g: g @ w.T, lambda g: g.T @ x), [(3, 3), (3, 3)],
                   "right when transposed"),
    "transposed Jacobian": (lambda x: (np.array([[1.0, 2], [3, 4]]) @ x, lambda g: np.array([[1.0, 2], [3, 4]]) @ g),
                            [(2,)], "the numerical one transposed"),
    "missing sum": (lambda x, b: (x + b, lambda g: g, lambda g: g[0]), [A, B], "g summed over axis 0"),
    "mean for sum": (lambda x, b: (x + b, lambda g: g, lambda g: g.mean(0)), [A, B], "1/4 times"),
    "mean": (lambda x: (x.sum(), lambda g: np.full(x.shape, g / x.size)), [(7,)], "a mean instead of a sum"),
    "missing term": (lambda x: (x * np.sin(x), lambda g: g * np.sin(x)), [A], "Jacobian mismatch"),
    "missing part": (lambda x: (x[:2] + x[2:], lambda g: np.concatenate([g, 0 * g])), [A], "A term is missing"),
    "no gradient": (lambda x: (x * x, lambda g: 0 * g), [A], "no gradient arrives"),
    "g forgotten": (lambda x: (x * x, lambda g: 2 * x), [A], "multiply by g"),
    "g squared": (lambda x: (x * x, lambda g: 2 * x * g * g), [A], "not linear in g"),
    "stale capture": (stale(), [A], "not reentrant"),
    "writes into g": (writes_into_g, [A], "wrote into g"),
    "nan": (lambda x: (x * 1, lambda g: g * np.nan), [A], "nan or infinity where the slope is finite"),
    "late binding": (late_binding, [A, A], "Jacobian mismatch for output 0 with respect to input 0"),
}  # fmt: skip


@MODES
@pytest.mark.parametrize("name", PLANTED)
def test_planted_wrong_gradients_are_found_and_explained(name: str, fast_mode: bool) -> None:
    op, shapes, explanation = PLANTED[name]
    inputs = [leaf(*shape, seed=i) for i, shape in enumerate(shapes)]
    func = cutaway.differentiable(op)
    with pytest.raises(GradcheckError) as caught:
        gradcheck(func, inputs, fast_mode=fast_mode)
    assert explanation in str(caught.value)
    assert gradcheck(func, inputs, fast_mode=fast_mode, raise_exception=False) is False


def test_a_projection_of_many_numbers_is_reported_without_searching_for_the_entry() -> None:
    @cutaway.differentiable
    def wrong(x: Any) -> Any:
        return x * x, lambda g: 3 * g * x

    with pytest.raises(GradcheckError, match=r"along a random direction .* With fast_mode=False you see which entry"):
        gradcheck(wrong, (leaf(11, 10),), fast_mode=True)


@pytest.mark.parametrize("factor, told", [(3, "3"), (2 / 3, "2/3"), (0.00123, "0.00123")])
def test_a_factor_is_reported_as_one_would_write_it(factor: float, told: str) -> None:
    @cutaway.differentiable
    def wrong(x: Any) -> Any:
        return x * x, lambda g: factor * 2 * g * x

    with pytest.raises(GradcheckError, match=f"the analytical one is {told} times the numerical one, everywhere"):
        gradcheck(wrong, (leaf(3),))


def test_the_message_shows_both_jacobians_at_the_worst_entry() -> None:
    @cutaway.differentiable
    def scale(x: Any, y: Any) -> Any:
        "x · (1, 2, …, n) + y"
        steps = np.arange(1.0, x.size + 1).reshape(x.shape)
        wrong = steps + 3 * (steps == 8)
        return x * steps + y, lambda g: g * wrong, lambda g: g

    with pytest.raises(GradcheckError) as caught:
        gradcheck(scale, (leaf(3, 4), leaf(3, 4)))
    text = str(caught.value)
    assert "Jacobian mismatch for output 0 with respect to input 0,\nat d output[1, 3] / d input[1, 3]," in text
    assert "8.0000" in text
    assert "11.0000" in text
    assert "rows 4 to 9, columns 4 to 9 of (12, 12)" in text


def test_a_corner_is_distinguished_from_a_mistake() -> None:
    x = cutaway.zeros(2, dtype=cutaway.float64, requires_grad=True)
    with pytest.raises(GradcheckError, match=r"corner or a jump here: its slope is 0\.0000 to the left and 1"):
        gradcheck(lambda x: x.relu(), x)
    with pytest.raises(GradcheckError, match="func itself gives nan or infinity"):
        gradcheck(lambda x: x.sqrt(), x)


def test_a_wrong_second_derivative_is_found() -> None:
    @cutaway.differentiable
    def cube(x: Any) -> Any:
        "x³, its slope taken for a constant"
        slope = np.asarray(3 * np.asarray(x.detach() if isinstance(x, cutaway.Tensor) else x) ** 2)
        return x**3, lambda g: g * slope

    assert gradcheck(cube, leaf(3))
    for fast_mode in (False, True):
        with pytest.raises(GradcheckError, match="output 0 with respect to input 0"):
            gradgradcheck(cube, leaf(3), fast_mode=fast_mode)


# --- what cannot be checked ---------------------------------------------------------------------------------


def test_refusals() -> None:
    x = leaf(3)
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(lambda x: x * 2, cutaway.ones(3))
    with pytest.raises(ValueError, match="compare nothing"):
        gradcheck(lambda x: x * 2, leaf(0))
    with pytest.raises(ValueError, match="compare nothing"):
        gradcheck(lambda x: x > 1, x)
    with pytest.raises(ValueError, match="compare nothing"):
        gradcheck(lambda x: (), x)
    with pytest.raises(TypeError, match="returned 3"):
        gradcheck(lambda x: 3, x)
    with pytest.raises(NotImplementedError, match="forward mode"):
        gradcheck(lambda x: x * 2, x, check_forward_ad=True)
    with pytest.raises(NotImplementedError, match="forward mode"):
        gradgradcheck(lambda x: x * 2, x, check_fwd_over_rev=True)
    with pytest.raises(ValueError, match="no output of func requires grad"):
        gradgradcheck(lambda x: x.detach() * 2, x)
    with pytest.raises(RuntimeError, match="share memory"):
        gradcheck(lambda x: x * 2, leaf(1).expand(3))


def test_an_output_without_a_graph_must_be_constant() -> None:
    assert gradcheck(lambda x: cutaway.ones(3), leaf(3))
    with pytest.raises(GradcheckError, match="no gradient arrives"):
        gradcheck(lambda x: x.detach() * 2, leaf(3))


def test_a_function_that_is_never_the_same() -> None:
    with pytest.raises(GradcheckError, match="not the same in two calls"):
        gradcheck(lambda x: x * cutaway.rand(3), leaf(3))


def test_float32_is_warned_of_and_named_when_it_fails() -> None:
    x = leaf(3, dtype=np.float32)
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double precision"):
        assert gradcheck(lambda x: x * 3, x, eps=1e-2, atol=1e-2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(GradcheckError, match="float32, in which a slope cannot be measured accurately"):
            gradcheck(lambda x: x.exp(), x)


def test_gradients_of_another_dtype() -> None:
    @cutaway.differentiable
    def careless(x: Any) -> Any:
        "3 x"
        return 3 * x, lambda g: (3 * g).astype(np.float32)

    assert gradcheck(careless, leaf(3))
    with pytest.raises(GradcheckError, match=r"has dtype torch\.float32, the input torch\.float64"):
        gradcheck(careless, leaf(3), check_grad_dtypes=True)
