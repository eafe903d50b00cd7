"""Gradient checks: compare gradients with finite differences.

A backward pass computes the analytic gradient. The numerical gradient is measured by central
differences, (f(x + eps) - f(x - eps)) / (2 eps), with an error of order eps². The two must agree.

The derivatives of every output with respect to every element of an input form the Jacobian. Here it
has a row for each element of the input and a column for each element of the output, both in row-major
order; so a backward pass from a single output element gives a column, and perturbing a single input
element gives a row. `gradcheck` compares all entries, or (fast_mode) the product with a random vector
from each side: two numbers, which almost surely differ for a wrong Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import warn
from ..ops.contract import Array
from ..tensors.base import TensorBase, wrap
from ..tensors.differentiation import grad
from .mismatch import hints, matrix, number, place

if TYPE_CHECKING:
    from ..tensors import Tensor

Function = Callable[..., Any]


class GradcheckError(RuntimeError):
    """An analytic gradient differs from the numerical one. The message shows both, and hints at the cause."""


def gradcheck(
    func: Callable[..., Tensor | Sequence[Tensor]],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compare the gradients of a function with central differences; True if they agree.

    Args:
        func: takes the inputs, returns a Tensor or several. It is called often, with slightly perturbed inputs,
            so it must be deterministic.
        inputs: a Tensor or a tuple; those that require grad are checked, and should be float64.
        eps: the perturbation of an element, in both directions.
        atol, rtol: analytic and numerical may differ by atol + rtol · |numerical|.
        raise_exception: raise when they differ; otherwise return False.
        nondet_tol: by how much two backward passes from the same g may differ.
        check_undefined_grad, masked: ignored; for compatibility with PyTorch.
        check_grad_dtypes: also check that each gradient has the dtype of its input.
        check_backward_ad: must be True: cutaway has reverse mode only, so the next three must be False.
        check_forward_ad, check_batched_grad, check_batched_forward_grad: not supported.
        fast_mode: compare one random projection of the Jacobian instead of every entry: two calls for an input
            of any size.

    Raises:
        GradcheckError: they differ, or the backward pass violates another property of gradients.
        ValueError: no input requires grad, or there was nothing to compare.

    Source: Griewank and Walther, "Evaluating Derivatives", 2008 (the idea is older than computers).
    Random projection: HIPS autograd's `check_grads`.

    >>> x = cutaway.tensor([1., 2.], dtype=cutaway.float64, requires_grad=True)
    >>> cutaway.autograd.gradcheck(lambda x: x.exp() * x, (x,))
    True

    An op of one's own, whose pullback forgot a factor:

    >>> @cutaway.differentiable
    ... def square(x):
    ...     "x²"
    ...     return x * x, lambda g: g * x
    >>> cutaway.autograd.gradcheck(square, (x,))
    Traceback (most recent call last):
        ...
    cutaway.autograd.gradcheck.GradcheckError: Jacobian mismatch for output 0 with respect to input 0,
    at d output[1] / d input[1], where they differ most:
        numerical  (the measured slope)       4.0000
        analytical (what the backward pass computes)  2.0000
    numerical:
        [[2.0000, 0.0000],
         [0.0000, 4.0000]]
    analytical:
        [[1.0000, 0.0000],
         [0.0000, 2.0000]]
    Hint: the analytical one is 1/2 times the numerical one, everywhere. A factor is wrong.
    """
    if not check_backward_ad or check_forward_ad or check_batched_grad or check_batched_forward_grad:
        raise NotImplementedError(
            "gradcheck checks single backward passes only: there is no forward mode (check_forward_ad) and no batched "
            "one (check_batched_grad, check_batched_forward_grad); leave check_backward_ad at True"
        )
    arguments = _as_tuple(inputs)
    xs = _differentiable(arguments)
    try:
        check = _Check(func, arguments, xs, eps, atol, rtol)
        check.backward_is_linear(nondet_tol, check_grad_dtypes)
        if fast_mode:
            check.projections()
        else:
            check.jacobians()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Tensor | Sequence[Tensor]],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Check second derivatives: `gradcheck` of the function that computes the first ones.

    Args:
        func, inputs: as for `gradcheck`.
        grad_outputs: the initial g of the first backward pass, one for each output; random if None. The
            gradients are checked as functions of the inputs and of g.
        gen_non_contig_grad_outputs: make the random g non-contiguous.
        check_fwd_over_rev: not supported; check_rev_over_rev is always done.

    The other arguments are those of `gradcheck`.

    >>> x = cutaway.tensor([1., 2.], dtype=cutaway.float64, requires_grad=True)
    >>> cutaway.autograd.gradgradcheck(lambda x: x.exp() * x, (x,))
    True
    """
    if check_fwd_over_rev or not check_rev_over_rev:
        raise NotImplementedError("no forward mode here: leave check_fwd_over_rev False and check_rev_over_rev True")
    arguments = _as_tuple(inputs)
    count = len(arguments)
    if grad_outputs is None:
        gs = _random_gradients(_float_outputs(func, arguments), gen_non_contig_grad_outputs)
    else:
        gs = _as_tuple(grad_outputs)

    def gradients(*both: Any) -> tuple[Any, ...]:
        xs = [x for x in both[:count] if _requires_grad(x)]
        outputs = [out for out in _float_outputs(func, both[:count]) if out.requires_grad]
        if not outputs:
            raise ValueError("gradgradcheck: no output of func requires grad, so there is no gradient to differentiate")
        found = grad(outputs, xs, both[count:], create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradients, (*arguments, *gs), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol, check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad, fast_mode=fast_mode, masked=masked,
    )  # fmt: skip


# --- the checks ---------------------------------------------------------------------------------------------


def _as_tuple(x: Any) -> tuple[Any, ...]:
    return tuple(x) if isinstance(x, tuple | list) else (x,)


def _requires_grad(x: Any) -> bool:
    return isinstance(x, TensorBase) and x.requires_grad


def _differentiable(inputs: tuple[Any, ...]) -> list[tuple[int, Any]]:
    """The inputs that require grad, with their positions."""
    xs = [(i, x) for i, x in enumerate(inputs) if _requires_grad(x)]
    if not xs:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none does: create one with "
            "torch.randn(3, dtype=torch.float64, requires_grad=True)"
        )
    for i, x in xs:
        if x._array.dtype != np.float64:
            warn(
                f"Input #{i} requires gradient and is not a double precision floating point. It is {x.dtype}, whose "
                "few digits are lost in the difference of two nearly equal values: use x.double()."
            )
        strides = [stride for stride, n in zip(x._array.strides, x._array.shape, strict=True) if n > 1]
        if x._array.size and 0 in strides:
            raise RuntimeError(
                f"Input #{i} was expanded: some of its elements share memory, so none can be perturbed alone. Pass a "
                "copy: x.contiguous()."
            )
    return xs


def _float_outputs(func: Function, inputs: tuple[Any, ...]) -> list[Any]:
    """The outputs that can have a derivative."""
    outputs = _as_tuple(func(*inputs))
    for out in outputs:
        if not isinstance(out, TensorBase):
            raise TypeError(f"gradcheck expects func to return a Tensor or a tuple of Tensors, but it returned {out!r}")
    return [out for out in outputs if out._array.dtype.kind == "f"]


def _random_gradients(outputs: list[Any], gaps: bool) -> tuple[Any, ...]:
    rng = _generator()
    gs = []
    for out in outputs:
        if not out.requires_grad:
            continue
        g = rng.standard_normal((*out._array.shape, 2)).astype(out._array.dtype)[..., 0]
        gs.append(wrap(np.asarray(g if gaps else g.copy())).requires_grad_())
    return tuple(gs)


def _generator() -> np.random.Generator:
    """A separate random generator, so that a check does not change the state of the default one."""
    return np.random.default_rng(42)


class _Check:
    """One function at one point."""

    def __init__(
        self, func: Function, inputs: tuple[Any, ...], xs: list[tuple[int, Any]], eps: float, atol: float, rtol: float
    ) -> None:
        self.func, self.inputs, self.eps, self.atol, self.rtol = func, inputs, eps, atol, rtol
        self.numbers, self.xs = [i for i, _ in xs], [x for _, x in xs]
        outputs = _as_tuple(func(*inputs))
        everything = _float_outputs(lambda: outputs, ())
        # As in PyTorch: outputs without a graph are checked only if no output has one. They must be constant then.
        self.recorded = any(out.requires_grad for out in everything)
        self.outputs = [out for out in everything if out.requires_grad or not self.recorded]
        self.places = [i for i, out in enumerate(outputs) if any(out is mine for mine in self.outputs)]
        self.numbers_are_the_same_again()
        if not any(x._array.size for x in self.xs) or not any(out._array.size for out in self.outputs):
            raise ValueError(
                "gradcheck would compare nothing: the inputs that require grad have the shapes "
                f"{[tuple(x.shape) for x in self.xs]}, and the outputs that hold floating-point numbers "
                f"{[tuple(out.shape) for out in self.outputs]}"
            )
        self.random = _generator()

    def values(self) -> list[Array]:
        """The values of the outputs for the current inputs."""
        outputs = _as_tuple(self.func(*self.inputs))
        return [outputs[i]._array.astype(np.float64) for i in self.places]  # a copy: the output may be the input

    def numbers_are_the_same_again(self) -> None:
        for i, out, again in zip(self.places, self.outputs, self.values(), strict=True):
            if not np.array_equal(out._array, again, equal_nan=True):
                raise GradcheckError(
                    f"output {i} of func is not the same in two calls with the same inputs, so its slope cannot be "
                    "measured. Does it draw random numbers (dropout)? Call torch.manual_seed(0) inside func."
                )

    def slopes(self, x: Any, direction: Array) -> list[Array]:
        """The directional derivative of each output with respect to x, by central differences."""
        original = x._array.copy()
        with np.errstate(all="ignore"):  # nan and inf are reported as mismatches
            try:
                x._array[...] = original + self.eps * direction
                ahead = self.values()
                x._array[...] = original - self.eps * direction
                behind = self.values()
            finally:
                x._array[...] = original
            return [(a - b) / (2 * self.eps) for a, b in zip(ahead, behind, strict=True)]

    def backward(self, output: Any, g: Array) -> list[Array]:
        """The gradients of Σ g · output with respect to each x."""
        if not output.requires_grad:
            return [np.zeros(x._array.shape) for x in self.xs]
        seed = wrap(g.astype(output._array.dtype))
        found = grad(output, self.xs, seed, retain_graph=True, allow_unused=True)
        if not np.array_equal(seed._array, g.astype(output._array.dtype)):
            raise GradcheckError(
                "A pullback wrote into g, the incoming gradient, which others need too. Write g * 2 and not g *= 2: a "
                "pullback returns a new array."
            )
        return [
            np.zeros(x._array.shape) if gx is None else gx._array for x, gx in zip(self.xs, found, strict=True)
        ]

    def backward_is_linear(self, nondet_tol: float, check_dtypes: bool) -> None:
        """Check that the same g gives the same gradient, and -3 g gives -3 times that."""
        for i, output in zip(self.places, self.outputs, strict=True):
            g = self.random.standard_normal(output._array.shape)
            first, again, other = self.backward(output, g), self.backward(output, g), self.backward(output, -3 * g)
            for j, x, a, b, c in zip(self.numbers, self.xs, first, again, other, strict=True):
                where = f"output {i} with respect to input {j}"
                if check_dtypes and output.requires_grad and a.dtype != x._array.dtype:
                    raise GradcheckError(f"The gradient of {where} has dtype {wrap(a).dtype}, the input {x.dtype}.")
                if not np.allclose(a, b, rtol=0, atol=nondet_tol, equal_nan=True):
                    raise GradcheckError(
                        f"Backward is not reentrant for {where}: a second backward pass with the same g gave another "
                        f"gradient (off by up to {np.abs(a - b).max():.3g}; nondet_tol is {nondet_tol}). A pullback "
                        "must not change what it captured, nor keep what it returned."
                    )
                if not np.allclose(c, -3 * a, rtol=1e-3, atol=self.atol, equal_nan=True):
                    raise GradcheckError(
                        f"Backward is not linear in g for {where}: -3 times the incoming gradient should give -3 times "
                        + ("the gradient, but gives the same. Did the pullback forget to multiply by g?"
                           if np.allclose(c, a) else "the gradient, and does not. Is g squared, for example?")
                    )

    def projections(self) -> None:
        """Compare uᵀ J v for random u and v."""
        vs = [self.random.standard_normal(output._array.shape) for output in self.outputs]
        us = [self.random.standard_normal(x._array.shape) for x in self.xs]
        us = [u / max(float(np.linalg.norm(u)), 1e-300) for u in us]
        analytic = [self.backward(output, v) for output, v in zip(self.outputs, vs, strict=True)]
        for j, (x, u) in enumerate(zip(self.xs, us, strict=True)):
            for i, slope in enumerate(self.slopes(x, u)):
                measured, computed = float(np.sum(slope * vs[i])), float(np.sum(analytic[i][j] * u))
                allowed = self.atol * np.abs(u).sum() * np.abs(vs[i]).sum() + self.rtol * abs(measured)
                if not abs(computed - measured) <= allowed:  # not >, so that nan is a mismatch
                    if slope.size * u.size <= 10_000:
                        self.compare(i, j, self.analytic(i)[j], self.numerical(j)[i])
                    raise GradcheckError(
                        f"Jacobian mismatch for output {self.places[i]} with respect to input {self.numbers[j]}: along "
                        f"a random direction the measured slope is {measured:.6g}, and the backward pass says "
                        f"{computed:.6g}. With fast_mode=False you see which entry it is."
                    )

    def jacobians(self) -> None:
        """Compare every entry of every Jacobian."""
        numerical = [self.numerical(j) for j in range(len(self.xs))]
        for i in range(len(self.outputs)):
            for j, computed in enumerate(self.analytic(i)):
                self.compare(i, j, computed, numerical[j][i])

    def numerical(self, j: int) -> list[Array]:
        """The Jacobians of all outputs with respect to one input, row by row."""
        x = self.xs[j]
        rows = [self.slopes(x, basis.reshape(x._array.shape)) for basis in np.eye(x._array.size)]
        return [
            np.array([row[i].reshape(-1) for row in rows]).reshape(x._array.size, out._array.size)
            for i, out in enumerate(self.outputs)
        ]

    def analytic(self, i: int) -> list[Array]:
        """The Jacobians of one output with respect to all inputs, column by column."""
        output = self.outputs[i]
        columns = [self.backward(output, basis.reshape(output._array.shape)) for basis in np.eye(output._array.size)]
        return [
            np.array([column[j].reshape(-1) for column in columns]).reshape(len(columns), x._array.size).T
            for j, x in enumerate(self.xs)
        ]

    def compare(self, i: int, j: int, analytic: Array, numerical: Array) -> None:
        """Raise if two Jacobians differ, with a diagnosis."""
        with np.errstate(all="ignore"):
            excess = np.abs(analytic - numerical) - (self.atol + self.rtol * np.abs(numerical))
        wrong = ~(excess <= 0)
        if not wrong.any():
            return
        row, column = np.unravel_index(np.argmax(np.where(np.isnan(excess), np.inf, excess)), excess.shape)
        x, output = self.xs[j], self.outputs[i]
        notes = hints(analytic, numerical, x._array.shape, output._array.shape, self.atol)
        notes += self.bend(x, i, int(row), int(column))
        if x._array.dtype != np.float64:
            notes.append(f"the input is {x.dtype}, in which a slope cannot be measured accurately. Use .double().")
        raise GradcheckError(
            f"Jacobian mismatch for output {self.places[i]} with respect to input {self.numbers[j]},\n"
            f"at d output{place(int(column), output._array.shape)} / d input{place(int(row), x._array.shape)}, "
            "where they differ most:\n"
            f"    numerical  (the measured slope)       {number(numerical[row, column])}\n"
            f"    analytical (what the backward pass computes)  {number(analytic[row, column])}\n"
            f"numerical:\n{matrix(numerical, int(row), int(column))}\n"
            f"analytical:\n{matrix(analytic, int(row), int(column))}"
            + "".join(f"\nHint: {hint}" for hint in notes)
        )

    def bend(self, x: Any, i: int, row: int, column: int) -> list[str]:
        """A hint, if the left and right derivatives differ."""
        original = x._array.copy()
        step = np.zeros(original.size)
        step[row] = self.eps
        here = []
        try:
            for side in (-1, 0, 1):
                x._array[...] = original + side * step.reshape(original.shape)
                here.append(self.values()[i].reshape(-1)[column])
        finally:
            x._array[...] = original
        left, right = (here[1] - here[0]) / self.eps, (here[2] - here[1]) / self.eps
        if not abs(left - right) > self.atol + 0.01 * max(abs(left), abs(right)):
            return []
        return [
            f"the function has a corner or a jump here: its slope is {number(left)} to the left and {number(right)} "
            "to the right. The derivative is not unique; check at another point."
        ]
