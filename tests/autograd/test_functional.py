"""jacobian, hessian, vjp and jvp: against each other, and against derivatives known from paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cutaway
from cutaway import nn
from cutaway.autograd.functional import hessian, jacobian, jvp, vjp


def values(*shape: int, seed: int = 0) -> cutaway.Tensor:
    return cutaway.from_numpy(np.asarray(np.random.default_rng(seed).normal(size=shape)))


def curved(x: Any, y: Any) -> tuple[Any, Any]:
    return (x * y.sum()).sin().sum(0), (x.T @ x).exp() * y[0]


def test_products_with_vectors_are_those_of_the_jacobian() -> None:
    x, y = values(2, 3), values(2, seed=1)
    outputs = curved(x, y)
    J = jacobian(curved, (x, y))
    assert [[tuple(part.shape) for part in row] for row in J] == [[(3, 2, 3), (3, 2)], [(3, 3, 2, 3), (3, 3, 2)]]
    vs = tuple(values(*out.shape, seed=i) for i, out in enumerate(outputs, 2))
    us = values(2, 3, seed=4), values(2, seed=5)
    got, backward = vjp(curved, (x, y), vs)
    for j, part in enumerate(backward):
        terms = [np.tensordot(v.numpy(), J[i][j].numpy(), v.ndim) for i, v in enumerate(vs)]
        np.testing.assert_allclose(part.numpy(), sum(terms))
    got, forward = jvp(curved, (x, y), us)
    for i, part in enumerate(forward):
        terms = [np.tensordot(J[i][j].numpy(), u.numpy(), u.ndim) for j, u in enumerate(us)]
        np.testing.assert_allclose(part.numpy(), sum(terms))
        np.testing.assert_allclose(got[i].numpy(), outputs[i].numpy())


def test_of_a_single_number_the_vector_may_be_left_out() -> None:
    x = values(3)
    loss, gradient = vjp(lambda x: (x * x).sum(), x)
    assert loss.item() == pytest.approx((x * x).sum().item()) and gradient.equal(2 * x)
    out, slope = jvp(lambda x: x * cutaway.ones(2, dtype=x.dtype), values())
    assert slope.tolist() == [1, 1] and out.shape == (2,)


def test_what_does_not_depend_on_the_input_has_a_product_of_zero() -> None:
    constant = values(2)
    out, product = vjp(lambda x: constant, values(3), values(2))
    assert out.equal(constant) and product.tolist() == [0, 0, 0]
    with pytest.raises(RuntimeError, match="Output 0 of the user-provided function does not require gradients"):
        vjp(lambda x: constant, values(3), values(2), strict=True)


def test_the_hessian_is_symmetric_and_known_for_a_quadratic_form() -> None:
    a, x = values(3, 3), values(3, seed=1)
    np.testing.assert_allclose(hessian(lambda x: x @ a @ x, x).numpy(), (a + a.T).numpy())
    H = hessian(lambda x, y: (x.exp() * y).prod(), (x, values(3, seed=2)))
    np.testing.assert_allclose(H[0][1].numpy(), H[1][0].numpy().T)


def test_the_jacobian_of_a_net_is_made_of_its_weights() -> None:
    cutaway.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    x = cutaway.rand(3)
    active = (net[0](x) > 0).float()
    J = jacobian(net, x)
    np.testing.assert_allclose(
        J.numpy(), (net[2].weight.detach() @ (active[:, None] * net[0].weight.detach())).numpy(), rtol=1e-5
    )
    assert net[0].weight.grad is None and not J.requires_grad


def test_create_graph_lets_the_result_be_differentiated_again() -> None:
    x = cutaway.tensor([1.0, 2.0], requires_grad=True)
    J = jacobian(lambda x: x**3, x, create_graph=True)
    J.sum().backward()
    assert x.grad.tolist() == [6, 12]
    outputs, product = vjp(lambda x: x**3, x, cutaway.ones(2), create_graph=True)
    assert cutaway.autograd.grad(product.sum(), x)[0].tolist() == [6, 12]
    assert outputs.requires_grad
    assert not jacobian(lambda x: x**3, x).requires_grad
    assert x.requires_grad


def test_it_works_where_gradients_are_off() -> None:
    with cutaway.no_grad():
        assert jacobian(lambda x: x * x, cutaway.tensor([3.0])).tolist() == [[6]]
        assert not cutaway.is_grad_enabled()


def test_nothing_has_an_empty_jacobian() -> None:
    assert jacobian(lambda x: x[:0], cutaway.ones(3)).shape == (0, 3)
    assert jacobian(lambda x: x * 2, cutaway.ones(0)).shape == (0, 0)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: jacobian(lambda x: 3.0, x), TypeError,
         "jacobian: the outputs of the user-provided function must be a Tensor or a tuple of Tensors, not the number "
         "3.0"),
        (lambda x: jacobian(lambda *x: x[0], (x, 3)), TypeError,
         "jacobian: the inputs must be a Tensor or a tuple of Tensors, not the number 3 at index 1"),
        (lambda x: jacobian(lambda x, y: x, (x, x), strict=True), RuntimeError,
         "Output 0 of the user-provided function is independent of input 1. This is not allowed in strict mode."),
        (lambda x: jacobian(lambda x: cutaway.ones(1), x, strict=True), RuntimeError,
         "Output 0 of the user-provided function does not require gradients. The outputs must be computed in a "
         "differentiable manner from the input when running in strict mode."),
        (lambda x: hessian(lambda x: x.sum(), x, strict=True), RuntimeError,
         "The jacobian of the user-provided function is independent of input 0. This is not allowed in strict mode "
         "when create_graph=True."),
        (lambda x: jacobian(lambda x: x, x, strategy="sideways"), AssertionError,
         "jacobian: expected strategy to be \"forward-mode\" or \"reverse-mode\", not 'sideways'"),
        (lambda x: hessian(lambda x: x, x), RuntimeError,
         "The Tensor returned by the function given to hessian should contain a single element, but its shape is (2,): "
         "sum it, or compute the jacobian of its gradient"),
        (lambda x: hessian(lambda x: (x, x), x), RuntimeError,
         "The function given to hessian should return a single Tensor, not 2 of them"),
        (lambda x: vjp(lambda x: x, x), RuntimeError,
         "The vector v can only be None if the user-provided function returns a single Tensor with a single element: "
         "pass one with the shape (2,)"),
        (lambda x: jvp(lambda x: x, x, cutaway.ones(3)), RuntimeError,
         "v has invalid size: should be torch.Size([2]) but got torch.Size([3])."),
        (lambda x: vjp(lambda x: (x, x), x, x), RuntimeError,
         "v is a tuple of invalid length: should be 2 but got 1."),
    ],
)  # fmt: skip
def test_what_is_refused(call: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        call(cutaway.ones(2))
    assert str(caught.value) == text
