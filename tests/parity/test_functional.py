"""torch.autograd.functional as PyTorch has it: values, shapes, tuples, and what is refused."""

from __future__ import annotations

import pytest

from tests.parity.both import same
from tests.parity.sources import program

PROGRAMS = """
A.jacobian(lambda x: x**2, t.arange(3.))
A.jacobian(lambda x: x.exp().sum(), t.arange(3.))
A.jacobian(lambda x: x.exp().sum(dim=1), t.arange(6.).reshape(2,3)).shape
A.jacobian(lambda x, y: 2*x + 3*y, (t.arange(3.), t.arange(3.)))
A.jacobian(lambda x, y: (2*x + 3*y, x.sum()), (t.arange(3.), t.arange(3.)))
A.jacobian(lambda x: (2*x, x.sum()), t.arange(3.))
A.jacobian(lambda x: (2*x,), t.arange(3.))
A.jacobian(lambda x: 2*x, (t.arange(3.),))
A.jacobian(lambda x: [2*x], [t.arange(3.)])
A.jacobian(lambda x: 2*x, t.arange(3.), create_graph=True).requires_grad
x = t.arange(3., requires_grad=True); A.jacobian(lambda x: x**3, x, create_graph=True)
x = t.arange(3., requires_grad=True); j = A.jacobian(lambda x: x**3, x, create_graph=True); j.sum().backward(); x.grad
x = t.arange(3., requires_grad=True); j = A.jacobian(lambda x: x**3, x); j.requires_grad
A.jacobian(lambda x, y: x * 2, (t.arange(3.), t.arange(2.)))
A.jacobian(lambda x, y: x * 2, (t.arange(3.), t.arange(2.)), strict=True)
A.jacobian(lambda x: t.ones(2), t.arange(3.))
A.jacobian(lambda x: t.ones(2), t.arange(3.), strict=True)
A.jacobian(lambda x: 2*x, t.arange(3.), create_graph=True, strict=True)
A.jacobian(lambda x: 3., t.arange(3.))
A.jacobian(lambda x: (x, 3.), t.arange(3.))
A.jacobian(lambda x: x, 3.)
A.jacobian(lambda x: x, (t.arange(3.), 3.))
A.jacobian(lambda x: x*2, t.arange(3))
A.jacobian(lambda x: x**2, t.arange(3.), vectorize=True)
A.jacobian(lambda x: x**2, t.arange(3.), strategy='abc')
A.jacobian(lambda x: x**2, t.tensor(3.))
A.hessian(lambda x: (x**3).sum(), t.arange(3.))
A.hessian(lambda x, y: (x*x*y).sum(), (t.arange(3.), t.arange(3.)))
A.hessian(lambda x: x**2, t.arange(3.))
A.hessian(lambda x: (x**2).sum(0, keepdim=True), t.arange(3.))
A.hessian(lambda x: ((x**2).sum(), x), t.arange(3.))
A.hessian(lambda x: x.sum(), t.arange(3.))
A.hessian(lambda x: x.sum(), t.arange(3.), strict=True)
A.hessian(lambda x: (x**3).sum(), t.arange(3.), create_graph=True).requires_grad
x = t.ones(3, requires_grad=True); h = A.hessian(lambda x: (x**4).sum(), x, True); h.sum().backward(); x.grad
A.hessian(lambda x, y: (x**3).sum(), (t.arange(2.), t.arange(3.)))
A.hessian(lambda x: t.ones(()), t.arange(3.))
A.vjp(lambda x: x.exp().sum(1), t.arange(4.).reshape(2,2), t.ones(2))
A.vjp(lambda x: x.exp().sum(), t.arange(4.))
A.vjp(lambda x: x.exp(), t.arange(4.))
A.vjp(lambda x: x.exp(), t.arange(4.), t.ones(3))
A.vjp(lambda x, y: 2*x + 3*y, (t.arange(2.), t.arange(2.)), t.ones(2))
A.vjp(lambda x: (x, x*2), t.arange(2.), (t.ones(2), t.ones(2)))
A.vjp(lambda x: (x, x*2), t.arange(2.), t.ones(2))
A.vjp(lambda x, y: x * 2, (t.arange(2.), t.arange(2.)), t.ones(2))
A.vjp(lambda x, y: x * 2, (t.arange(2.), t.arange(2.)), t.ones(2), strict=True)
A.vjp(lambda x: x**2, t.arange(2.), t.ones(2), create_graph=True)
A.vjp(lambda x: t.ones(2), t.arange(2.), t.ones(2))
A.vjp(lambda x: t.ones(2), t.arange(2.), t.ones(2), strict=True)
A.jvp(lambda x: x.exp().sum(1), t.arange(4.).reshape(2,2), t.ones(2,2))
A.jvp(lambda x, y: 2*x + 3*y, (t.arange(2.), t.arange(2.)), (t.ones(2), t.ones(2)))
A.jvp(lambda x: x**2, t.tensor(3.))
A.jvp(lambda x: x**2, t.arange(2.))
A.jvp(lambda x: x**2, t.arange(2.), t.ones(3))
A.jvp(lambda x: (x**2, x.sum()), t.arange(2.), t.ones(2))
A.jvp(lambda x: t.ones(2), t.arange(2.), t.ones(2))
A.jvp(lambda x: t.ones(2), t.arange(2.), t.ones(2), strict=True)
A.jvp(lambda x: x**3, t.arange(2.), t.ones(2), create_graph=True)
A.jvp(lambda x: x*2, t.arange(2.), t.ones(2), strict=True)
A.jvp(lambda x: x*2, t.arange(2.), t.ones(2), create_graph=True, strict=True)
A.jvp(lambda x, y: x*2, (t.arange(2.), t.arange(2.)), (t.ones(2), t.ones(2)))
""".strip().splitlines()


@pytest.mark.parametrize("source", PROGRAMS)
def test_derivatives_of_functions(source: str) -> None:
    same(program(source, A=lambda t: t.autograd.functional))
