"""Functional derivatives: the Jacobian, the Hessian, and their products with a vector.

The Jacobian J of a function has a row for each output element and a column for each input element. A backward pass that
starts with v at the outputs computes vᵀJ; with a one-hot v, that is one row of J. So J takes a backward pass for each
row, and vᵀJ (vjp) takes one.

J v (jvp) takes two. The first is recorded, and computes vᵀJ for an arbitrary v. The result is linear in v: a backward
pass through it with respect to v, started with the v of J v, computes J v.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import errors
from ..errors import absent
from ..grad_mode import enable_grad
from ..tensors import stack
from ..tensors.base import TensorBase, wrap
from ..tensors.differentiation import grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Tensors = tuple[Any, ...]


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The derivatives of every element of a function's outputs with respect to every element of its inputs.

    Args:
        func: takes the inputs, returns a Tensor or a tuple of them.
        inputs: a Tensor or a tuple of them.
        create_graph: record the computation, so that the result can be differentiated again.
        strict: raise if an output does not depend on an input, instead of returning zeros.
        vectorize, strategy: ignored; they select among PyTorch's algorithms.

    Returns:
        A Tensor whose shape is the output's followed by the input's. If inputs is a tuple, a tuple of them, one per
        input; if func returns a tuple, a tuple of these, one per output.

    Raises:
        RuntimeError: strict, and an output does not depend on an input.

    >>> cutaway.autograd.functional.jacobian(lambda x: x**2, cutaway.tensor([1., 2., 3.]))
    tensor([[2., 0., 0.],
            [0., 4., 0.],
            [0., 0., 6.]])

    Of a small layer with respect to its weights, (3, 2) for each of the 3 outputs:

    >>> layer, x = nn.Linear(2, 3), cutaway.ones(2)
    >>> cutaway.autograd.functional.jacobian(lambda weight: F.linear(x, weight), layer.weight).shape
    torch.Size([3, 3, 2])
    """
    if strategy not in ("reverse-mode", "forward-mode"):
        raise AssertionError(f'jacobian: expected strategy to be "forward-mode" or "reverse-mode", not {strategy!r}')
    with enable_grad():
        xs, ys, form = _evaluate("jacobian", func, inputs, create_graph, strict)
        rows = tuple(_jacobians(i, y, xs, create_graph, strict) for i, y in enumerate(ys))
    return form.outputs(tuple(form.inputs(row) for row in rows))


def _jacobians(number: int, y: Any, xs: Tensors, create_graph: bool, strict: bool) -> Tensors:
    """The Jacobians of one output, by a backward pass for each of its elements."""
    rows = []
    for one in np.eye(y.numel(), dtype=y._array.dtype):
        v = wrap(one.reshape(y._array.shape))
        rows.append(_gradients((y,), xs, (v,), create_graph, strict, f"Output {number}"))
    columns = zip(*rows, strict=True) if rows else [[]] * len(xs)
    return tuple(
        stack(column).reshape((*y.shape, *x.shape)) if column else wrap(np.zeros((*y.shape, *x.shape), x._array.dtype))
        for column, x in zip(columns, xs, strict=True)
    )


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """The Hessian of a scalar function: the Jacobian of its gradient.

    Args:
        func: takes the inputs, returns a Tensor with a single element.
        inputs: a Tensor or a tuple of them.
        create_graph: record the computation, so that the result can be differentiated again.
        strict: raise if the gradient does not depend on an input, instead of returning zeros.
        vectorize, outer_jacobian_strategy: ignored; they select among PyTorch's algorithms.

    Returns:
        A Tensor whose shape is the input's, twice; or a tuple of tuples of them, one for each pair of inputs.

    Raises:
        RuntimeError: func does not return a single number.

    >>> cutaway.autograd.functional.hessian(lambda x: (x**3).sum(), cutaway.tensor([1., 2.]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """

    def number(*xs: Any) -> Any:
        y = func(*xs)
        if isinstance(y, tuple):
            raise RuntimeError(f"The function given to hessian should return a single Tensor, not {len(y)} of them")
        if isinstance(y, TensorBase) and y._array.size != 1:
            raise RuntimeError(
                "The Tensor returned by the function given to hessian should contain a single element, but its shape "
                f"is {tuple(y.shape)}: sum it, or compute the jacobian of its gradient"
            )
        return y.reshape(()) if isinstance(y, TensorBase) else y  # type: ignore[attr-defined]

    def gradient(*xs: Any) -> Any:
        return jacobian(number, xs if isinstance(inputs, tuple) else xs[0], create_graph=True, strict=strict)

    return jacobian(gradient, inputs, create_graph, strict, strategy=outer_jacobian_strategy)


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """vᵀJ, the vector-Jacobian product: one backward pass that starts with v at the outputs.

    Args:
        func: takes the inputs, returns a Tensor or a tuple of them.
        inputs: a Tensor or a tuple of them.
        v: of the outputs' shapes; None, for 1, if there is a single number.
        create_graph: record the computation, so that the results can be differentiated again.
        strict: raise if the outputs do not depend on an input, instead of returning zeros.

    Returns:
        The outputs, and vᵀJ, of the inputs' shapes.

    >>> x = cutaway.tensor([1., 2.])
    >>> cutaway.autograd.functional.vjp(lambda x: x * x, x, cutaway.tensor([1., 10.]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        xs, ys, form = _evaluate("vjp", func, inputs, create_graph, strict)
        vs = _vectors(v, ys, "the user-provided function returns")
        product = _gradients(ys, xs, vs, create_graph, strict, "The output")
    return form.outputs(_detached(ys, create_graph)), form.inputs(product)


def jvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """J v, the Jacobian-vector product: the directional derivative of the outputs along v.

    Args:
        func: takes the inputs, returns a Tensor or a tuple of them.
        inputs: a Tensor or a tuple of them.
        v: of the inputs' shapes; None, for 1, if there is a single number.
        create_graph: record the computation, so that the results can be differentiated again.
        strict: raise if the outputs do not depend on an input, instead of returning zeros.

    Returns:
        The outputs, and J v, of the outputs' shapes.

    >>> x = cutaway.tensor([1., 2.])
    >>> cutaway.autograd.functional.jvp(lambda x: x * x, x, cutaway.tensor([1., 10.]))
    (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        xs, ys, form = _evaluate("jvp", func, inputs, create_graph, strict)
        vs = _vectors(v, xs, "the input to the user-provided function is")
        us = tuple(wrap(np.zeros_like(y._array)).requires_grad_() for y in ys)
        rows = _gradients(ys, xs, us, True, strict, "The output")
        product = _gradients(rows, us, vs, create_graph, strict and create_graph, "The output")
    return form.outputs(_detached(ys, create_graph)), form.outputs(product)


def vhp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """vᵀH, the product of a vector and the Hessian of a scalar function, without the Hessian itself: two passes.

    Args:
        func: takes the inputs, returns a Tensor with a single element.
        inputs: a Tensor or a tuple of them.
        v: of the inputs' shapes; None, for 1, if there is a single number.
        create_graph: record the computation, so that the results can be differentiated again.
        strict: raise if the gradient does not depend on an input, instead of returning zeros.

    Returns:
        The value, and vᵀH, of the inputs' shapes.

    >>> x = cutaway.tensor([1., 2.])
    >>> cutaway.autograd.functional.vhp(lambda x: (x**3).sum(), x, cutaway.tensor([1., 10.]))
    (tensor(9.), tensor([  6., 120.]))
    """
    values = []

    def gradient(*xs: Any) -> Any:
        y = func(*xs)
        if not isinstance(y, TensorBase) or y._array.size != 1:
            raise RuntimeError("The function given to vhp and hvp should return a single Tensor with a single element")
        values.append(y)
        return _gradients((y,), xs, (wrap(np.ones_like(y._array)),), True, strict, "The output")

    _, product = vjp(gradient, inputs, v, create_graph, strict)
    return _detached(tuple(values), create_graph)[0], product


def hvp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """H v, the product of the Hessian and a vector: the same numbers as `vhp`, because H is symmetric.

    >>> x = cutaway.tensor([1., 2.])
    >>> cutaway.autograd.functional.hvp(lambda x: (x**3).sum(), x, cutaway.tensor([1., 10.]))
    (tensor(9.), tensor([  6., 120.]))
    """
    return vhp(func, inputs, v, create_graph, strict)


# --- shared helpers -----------------------------------------------------------------------------------------------


class _Forms:
    """Whether inputs and outputs are tuples, so that the results have the same structure."""

    def __init__(self, inputs: bool, outputs: bool) -> None:
        self._tuples = inputs, outputs

    def inputs(self, results: Tensors) -> Any:
        return results if self._tuples[0] else results[0]

    def outputs(self, results: Tensors) -> Any:
        return results if self._tuples[1] else results[0]


def _evaluate(
    name: str, func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool
) -> tuple[Tensors, Tensors, _Forms]:
    """The inputs, as tensors of their own that require grad, the outputs, and the form of both."""
    given = _as_tuple(inputs, name, "inputs")
    xs = tuple(x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_() for x in given)
    value = func(*xs)
    ys = _as_tuple(value, name, "outputs of the user-provided function")
    for i, y in enumerate(ys):
        if strict and not y.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs must be computed in "
                "a differentiable manner from the input when running in strict mode."
            )
    return xs, ys, _Forms(isinstance(inputs, tuple), isinstance(value, tuple))


def _as_tuple(given: Any, name: str, what: str) -> Tensors:
    xs = given if isinstance(given, tuple) else (given,)
    for i, x in enumerate(xs):
        if not isinstance(x, TensorBase):
            where = f" at index {i}" if isinstance(given, tuple) else ""
            raise TypeError(
                f"{name}: the {what} must be a Tensor or a tuple of Tensors, not {errors.describe(x)}{where}"
            )
    return xs


def _vectors(v: Any, like: Tensors, of_what: str) -> Tensors:
    """v as a tuple, validated against the expected shapes."""
    if v is None:
        if len(like) > 1 or like[0]._array.size != 1:
            raise RuntimeError(
                f"The vector v can only be None if {of_what} a single Tensor with a single element: pass one with the "
                f"shape {tuple(like[0].shape)}"
            )
        return (wrap(np.ones_like(like[0]._array)),)
    vs = v if isinstance(v, tuple) else (v,)
    if len(vs) != len(like):
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vs)}.")
    for a, x in zip(vs, like, strict=True):
        if a.shape != x.shape:
            raise RuntimeError(f"v has invalid size: should be {x.shape} but got {a.shape}.")
    return vs


def _gradients(ys: Tensors, xs: Tensors, vs: Tensors, create_graph: bool, strict: bool, what: str) -> Tensors:
    """vᵀJ for each input; if the outputs do not depend on it, zeros, or an error in strict mode."""
    starts = [(y, v) for y, v in zip(ys, vs, strict=True) if y.requires_grad]
    found: tuple[Any, ...] = (None,) * len(xs)
    if starts:
        outputs, seeds = zip(*starts, strict=True)
        found = grad(outputs, xs, seeds, retain_graph=True, create_graph=create_graph, allow_unused=True)
    for j, g in enumerate(found):
        if strict and g is None:
            raise RuntimeError(
                f"{what} of the user-provided function is independent of input {j}. This is not allowed in strict mode."
            )
        if strict and create_graph and not g.requires_grad:
            raise RuntimeError(
                f"The jacobian of the user-provided function is independent of input {j}. This is not allowed in "
                "strict mode when create_graph=True."
            )
    return tuple(wrap(np.zeros_like(x._array)) if g is None else g for g, x in zip(found, xs, strict=True))


def _detached(ys: Tensors, create_graph: bool) -> Tensors:
    """The outputs to return: detached, unless create_graph is set."""
    return ys if create_graph else tuple(y.detach() for y in ys)


if not TYPE_CHECKING:  # hidden from type checkers, so that they report unknown names
    __getattr__ = absent("torch.autograd.functional")
