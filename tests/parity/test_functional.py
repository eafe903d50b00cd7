"""torch.autograd's functions as PyTorch has them: values, shapes, tuples, and what is refused."""

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
A.vhp(lambda x: (x**3).sum(), t.arange(3.), t.arange(3.))
A.hvp(lambda x: (x**3).sum(), t.arange(3.), t.arange(3.))
A.hvp(lambda x, y: (x*x*y).sum(), (t.arange(3.), t.ones(3)), (t.arange(3.), t.ones(3)))
A.vhp(lambda x, y: (x*x*y).sum(), (t.arange(3.), t.ones(3)), (t.arange(3.), t.ones(3)))
A.vhp(lambda x: x**3, t.tensor(2.))
A.vhp(lambda x: x**3, t.arange(3.), t.ones(3))
A.hvp(lambda x: (x**3).sum(), t.arange(3.), t.ones(2))
A.hvp(lambda x: (x**3).sum(), t.arange(3.))
A.hvp(lambda x: x.sum(), t.arange(3.), t.ones(3))
A.vhp(lambda x: x.sum(), t.arange(3.), t.ones(3))
A.hvp(lambda x: x.sum(), t.arange(3.), t.ones(3), strict=True)
A.hvp(lambda x: (x**3).sum(), t.arange(3.), t.ones(3), create_graph=True)[1].requires_grad
x = t.ones(3, requires_grad=True); h = A.hvp(lambda x: (x**4).sum(), x, t.ones(3), True)[1]; h.sum().backward(); x.grad
x = t.ones(3, requires_grad=True); A.vhp(lambda x: (x**4).sum(), x, t.ones(3))
""".strip().splitlines()


@pytest.mark.parametrize("source", PROGRAMS)
def test_derivatives_of_functions(source: str) -> None:
    same(program(source, A=lambda t: t.autograd.functional))


ASKING = """
t.autograd.backward((x * 2).sum()); x.grad
t.autograd.backward([(x * 2).sum(), (x ** 2).sum()]); x.grad
t.autograd.backward(x * 2, t.ones(3)); x.grad
t.autograd.backward((x * 2, x * 3), (t.ones(3), t.ones(3) * 10)); x.grad
t.autograd.backward((x * 2, (x * 3).sum()), (t.ones(3), None)); x.grad
t.autograd.backward((x * 2, x * 3), (t.ones(3),)); x.grad
t.autograd.backward(x * 2); x.grad
t.autograd.backward(x * 2, t.ones(2)); x.grad
t.autograd.backward(x * 2, grad_tensors=t.ones(3), retain_graph=True); x.grad
t.autograd.backward((x * v).sum(), inputs=[x]); x.grad, v.grad
t.autograd.backward((x * v).sum(), inputs=x); x.grad, v.grad
t.autograd.backward((x * 2).sum(), inputs=[]); x.grad
(x * 2).sum().backward(inputs=[x]); x.grad
y = x * 2; (y * y).sum().backward(inputs=[y]); y.grad
t.autograd.grad((x * 2).sum(), x)
t.autograd.grad((x * 2).sum(), [x])
t.autograd.grad(outputs=(x * 2).sum(), inputs=(x,))
t.autograd.grad([(x * 2).sum(), (x * 3).sum()], x)
t.autograd.grad(x * 2, x, t.ones(3))
t.autograd.grad(x * 2, x, grad_outputs=t.ones(3) * 5)
t.autograd.grad(x * 2, x)
t.autograd.grad((x * 2).sum(), [x, w])
t.autograd.grad((x * 2).sum(), [x, w], allow_unused=True)
t.autograd.grad((x * 2).sum(), [x, w], materialize_grads=True)
t.autograd.grad((x * 2).sum(), x, is_grads_batched=False)
t.autograd.grad((x * 2).sum(), x, allow_unused=False, materialize_grads=True)
t.autograd.grad((x * 2).sum(), t.ones(3))
x = t.ones(3); t.autograd.grad((x * 2).sum(), x)
g, = t.autograd.grad((x ** 3).sum(), x, create_graph=True); t.autograd.grad(g.sum(), x)
y = (x ** 2).sum(); t.autograd.grad(y, x); t.autograd.grad(y, x)
y = (x ** 2).sum(); t.autograd.grad(y, x, retain_graph=True); t.autograd.grad(y, x)
h = x * 2; t.autograd.grad((h ** 2).sum(), h)
h = x * 2; t.autograd.grad((h ** 2).sum(), [h, x])
t.autograd.grad([], x)
t.autograd.grad((x * 2).sum(), [])
t.autograd.grad((x * 2).sum(), 3)
t.autograd.grad(3, x)
t.autograd.grad(x.sum(), x, t.ones(()))
t.autograd.grad(x * 1, x, [t.ones(3)])
t.autograd.grad(x * 1, x, (None,))
t.autograd.gradcheck(lambda x: x ** 2, x)
t.autograd.gradcheck(lambda x: x ** 2, (x,), eps=1e-6, atol=1e-4)
t.autograd.gradcheck(lambda x: x.detach() * x, (x,), raise_exception=False)
x = t.ones(3, dtype=t.float64); t.autograd.gradcheck(lambda x: x * x, (x,))
t.autograd.gradcheck(lambda x: (x * x, x.sum()), (x,), fast_mode=True)
t.autograd.gradgradcheck(lambda x: x ** 3, (x,))
t.autograd.gradgradcheck(lambda x: x ** 3, x, t.ones(3, dtype=t.float64, requires_grad=True))
t.autograd.gradcheck(F.linear, (x, v[None]))
x = t.ones(2, requires_grad=True); y = x * 2; y.retain_grad(); y.sum().backward(); y.grad
x = t.ones(2, requires_grad=True); y = x * 2; y.sum().backward(); y.grad
x = t.ones(2, requires_grad=True); (x * 2).sum().backward(); (x * 3).sum().backward(); x.grad
x = t.ones(2, requires_grad=True); x.grad is None
x = t.ones(2, requires_grad=True); y = x.detach(); y[0] = 5; x
x = t.ones(2, requires_grad=True); y = x.clone(); y[0] = 5; x, y
x = t.ones(2); x.requires_grad_(); x.requires_grad, x.is_leaf, x.grad_fn
x = t.ones(2, requires_grad=True); y = (x * 2).mean(); y.grad_fn.next_functions[0][0].name()
x = t.tensor([1, 2], requires_grad=True); x
x = t.ones(2, requires_grad=True); x.sum().backward(t.tensor(2.)); x.grad
x = t.ones(2, requires_grad=True); x.sum().backward(create_graph=True); x.grad.requires_grad
x = t.arange(3., requires_grad=True); t.autograd.grad(x ** 2, x, t.eye(3), is_grads_batched=True)
x = t.arange(3., requires_grad=True); y = x * 2; t.autograd.grad(x ** 2, {'a': x}, t.ones(3))
t.autograd.grad((x ** 2, x.sum()), [x, w], (t.eye(3), t.ones(3)), is_grads_batched=True, allow_unused=True)
x = t.arange(3., requires_grad=True); t.autograd.grad(x ** 2, {'x': x, 'w': w}, t.ones(3), allow_unused=True)
""".strip().splitlines()


@pytest.mark.parametrize("source", ASKING)
def test_backward_grad_and_gradcheck(source: str) -> None:
    dtype = "float64" if "gradcheck" in source else "float32"
    ones = lambda n: lambda t: t.ones(n, requires_grad=True, dtype=getattr(t, dtype))
    same(program(source, x=ones(3), v=ones(3), w=ones(2)))
