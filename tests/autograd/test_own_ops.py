"""@cutaway.differentiable: an op of one's own in four lines, and what is said when a line is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import differentiable
from cutaway.autograd import grad


def leaf(*values: float) -> cutaway.Tensor:
    return cutaway.tensor(values, dtype=cutaway.float64, requires_grad=True)


@differentiable
def cube(x: Any) -> Any:
    """x³"""
    return x**3, lambda g: g * 3 * x**2


@differentiable(broadcasts=True)
def hypotenuse(x: Any, y: Any, *, scale: float = 1.0) -> Any:
    """scale · √(x² + y²)"""
    out = np.sqrt(x * x + y * y)
    return scale * out, lambda g: g * scale * x / out, lambda g: g * scale * y / out


def test_an_op_of_one_input() -> None:
    x = leaf(1.0, 2.0)
    y = cube(x)
    assert y.grad_fn.name() == "cubeBackward" and cube.__doc__ == "x³"
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 12.0]


def test_three_derivatives() -> None:
    x = leaf(2.0)
    y = cube(x)
    for expected in (12.0, 12.0, 6.0):
        (y,) = grad(y.sum(), x, create_graph=True)
        assert y.item() == expected


def test_an_op_that_broadcasts() -> None:
    x, y = leaf(3.0, 6.0), cutaway.tensor([[4.0], [8.0]], dtype=cutaway.float64, requires_grad=True)
    out = hypotenuse(x, y, scale=10.0)
    assert out.shape == (2, 2) and out[0, 0] == 50.0 and out[1, 1] == 100.0
    out.sum().backward()
    assert x.grad.shape == (2,) and y.grad.shape == (2, 1)
    assert x.grad[0].item() == pytest.approx(10 * (3 / 5 + 3 / np.hypot(3, 8)))


def test_the_same_input_in_both_places() -> None:
    x = leaf(3.0)
    hypotenuse(x, x).backward()
    assert x.grad.item() == pytest.approx(np.sqrt(2))


def test_arrays_and_numbers_as_inputs() -> None:
    x = leaf(3.0, 6.0)
    assert hypotenuse(x, np.array([4.0, 8.0])).tolist() == [5.0, 10.0]
    assert hypotenuse(x, 4.0)[0] == 5.0
    with cutaway.no_grad():
        assert not cube(x).requires_grad


def test_two_dtypes_are_promoted() -> None:
    x, y = cutaway.ones(2, requires_grad=True), leaf(1.0, 2.0)
    out = hypotenuse(x, y)
    out.sum().backward()
    assert (out.dtype, x.grad.dtype, y.grad.dtype) == (cutaway.float64, cutaway.float32, cutaway.float64)


def test_a_pullback_of_the_wrong_shape_is_named() -> None:
    @differentiable
    def outer(x: Any, y: Any) -> Any:
        return x[:, None] * y, lambda g: g @ y, lambda g: g * x[:, None]

    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0, 5.0)
    with pytest.raises(RuntimeError, match=r"outer: .*input 1 .*\(2, 3\).*\(3,\).*broadcasts=True"):
        outer(x, y).sum().backward()
    assert x.grad is None and y.grad is None
    outer(x, y.detach()).sum().backward()
    assert x.grad.tolist() == [12.0, 12.0]


def test_the_input_is_named_also_if_one_pullback_serves_two() -> None:
    @differentiable
    def both(x: Any, y: Any) -> Any:
        def d(g: Any) -> Any:
            return g * np.ones(2)

        return (x * y).sum(), d, d

    with pytest.raises(RuntimeError, match=r"input 1 .*\(2,\).*\(1,\)"):
        both(leaf(1.0, 2.0), leaf(3.0)).backward()


def test_an_op_that_returns_its_input_shares_no_memory_with_it() -> None:
    reverse = differentiable(lambda x: (x, lambda g: -g))
    x = leaf(1.0, 2.0)
    h = x * 1
    y = reverse(h)
    y.mul_(3)
    assert h.tolist() == [1.0, 2.0]
    (h * y).sum().backward()
    assert x.grad.tolist() == [3.0 - 3.0, 6.0 - 6.0]


def test_a_gradient_that_no_broadcasting_explains() -> None:
    wrong = differentiable(broadcasts=True)(lambda x: (x * 1, lambda g: g[:1]))
    with pytest.raises(RuntimeError, match=r"input 0 .*\(1,\).*\(2,\)"):
        wrong(leaf(1.0, 2.0)).sum().backward()


def test_none_means_no_influence() -> None:
    @differentiable
    def first(x: Any, y: Any) -> Any:
        return x * 1, lambda g: g, lambda g: None

    x, y = leaf(1.0), leaf(2.0)
    first(x, y).backward()
    assert x.grad.tolist() == [1.0] and y.grad is None
    assert grad(first(x, y), [x, y], allow_unused=True)[1] is None


def test_the_error_of_an_op_names_it_and_its_inputs() -> None:
    @differentiable
    def fussy(x: Any) -> Any:
        raise ValueError("no, thanks")

    with pytest.raises(RuntimeError, match=r"fussy.*no, thanks.*\(2,\)") as caught:
        fussy(leaf(1.0, 2.0))
    assert isinstance(caught.value.__cause__, ValueError)  # its traceback ends in the op

    @differentiable
    def beyond(x: Any) -> Any:
        return np.sum(x, axis=1), lambda g: g

    with pytest.raises(IndexError, match=r"beyond\(\) cannot be computed: axis 1 is out of bounds") as caught:
        beyond(leaf(1.0, 2.0))
    assert type(caught.value) is IndexError

    @differentiable
    def buggy(x: Any) -> Any:
        return x * {}["scale"], lambda g: g

    with pytest.raises(KeyError, match="scale"):  # not NumPy's: nothing to translate
        buggy(leaf(1.0, 2.0))


def test_one_call_of_a_pullback_for_each_walk() -> None:
    calls: list[Any] = []

    @differentiable
    def watched(x: Any) -> Any:
        return x * 2, lambda g: calls.append(np.array(g)) or g * 2

    x = leaf(1.0)
    y = watched(x)
    (y * y + y).backward()
    assert [g.tolist() for g in calls] == [[5.0]]


def test_keyword_arguments_are_recorded() -> None:
    out = hypotenuse(leaf(3.0), leaf(4.0), scale=2.0)
    assert out.grad_fn.attrs == {"scale": 2.0}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x, y: (x * y, lambda g: g * y), "the value and 1"),
        (lambda x, y: (x * y, lambda g: g * y, lambda g: g * x, lambda g: g), "the value and 3"),
        (lambda x, y: x * y, r"only an array of shape \(2,\)"),
    ],
)
def test_an_op_without_a_pullback_for_each_input_is_refused(answer: Any, said: str) -> None:
    with pytest.raises(TypeError, match=f"an op returns its value and one pullback for each array.*here 2.*{said}"):
        differentiable(answer)(leaf(1.0, 2.0), leaf(3.0, 4.0))


def test_an_op_called_without_its_argument_says_that_nothing_was_given() -> None:
    @differentiable
    def twice(x: Any) -> Any:
        """2 x"""
        return 2 * x, lambda g: 2 * g

    with pytest.raises(TypeError, match=r"missing 1 required positional argument: 'x'\. It was given nothing\.$"):
        twice()
