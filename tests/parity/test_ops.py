"""Every op against PyTorch: value, dtype, shape, gradient and second gradient.

In the cases of tests/ops/proofs.py: the examples, in float64 and float32, and at the edges: zeros of both signs, ties,
infinities, nan, large and tiny numbers, no numbers at all. Where cutaway means to differ, tests/ops/edges.py says so.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import cutaway
from cutaway import ops
from cutaway.tensors.base import apply
from tests.ops.edges import DIFFERENT, LARGE
from tests.ops.example import Example
from tests.ops.proofs import PROOFS, proves

Op = Callable[..., Any]
inf = np.inf


# --- the same in PyTorch ------------------------------------------------------------------------------------


def index_of(index: Any) -> Any:
    """An index with torch's tensors in place of arrays."""
    if isinstance(index, tuple):
        return tuple(map(index_of, index))
    return torch.from_numpy(index) if isinstance(index, np.ndarray) else index


def reducing(function: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction that takes `dim` and `keepdim`; all dimensions for axis=None."""

    def reduce(x: Any, axis: Any = None, keepdims: bool = False, **attrs: Any) -> Any:
        return function(x, dim=tuple(range(x.ndim)) if axis is None else axis, keepdim=keepdims, **attrs)

    return reduce


def placed(x: Any, shape: Any, index: Any) -> Any:
    out, places = torch.zeros(shape, dtype=x.dtype), index_of(index)
    if any(isinstance(part, torch.Tensor) for part in places):
        return out.index_put(places, x, accumulate=True)
    out[places] = x
    return out


def overwritten(x: Any, y: Any, steps: Any = (), index: Any = ...) -> Any:
    out = view = x.clone()
    for op, attrs in steps:
        view = view.permute(attrs["axes"]) if op is ops.transpose else view.view(attrs["shape"])
    view[index_of(index)] = y
    return out


def diag_embed(x: Any, shape: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    out = torch.zeros(shape, dtype=x.dtype)
    out.diagonal(offset, axis1, axis2)[...] = x
    return out


def convolved(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(x: Any, weight: Any, *bias: Any, windows: Any, groups: int = 1) -> Any:
        last = slice(4 - x.ndim, None)  # the width only, for conv1d
        stride, padding, dilation = windows.stride[last], windows.padding[last], windows.dilation[last]
        return function(x, weight, *bias or (None,), stride, padding, dilation, groups)

    return run


def conv_transpose2d(x: Any, weight: Any, *bias: Any, windows: Any, shape: Any, groups: int = 1) -> Any:
    _, stride, padding, dilation, places = windows
    rest = [n - (r - 2 * p) for n, r, p in zip(shape, windows.reach, padding, strict=True)]
    assert tuple(places) == tuple(x.shape[2:])
    return F.conv_transpose2d(x, weight, *bias or (None,), stride, padding, rest, groups, dilation)


def avg_pool2d(x: Any, windows: Any, divisor: Any) -> Any:
    size = windows.kernel[0] * windows.kernel[1]
    return F.avg_pool2d(x, *windows[:3]) * size / torch.from_numpy(np.asarray(divisor)).to(x.dtype)


def batch_norm(x: Any, *affine: Any, mean: Any = None, var: Any = None, eps: float = 1e-5) -> Any:
    if mean is None:
        return F.batch_norm(x, None, None, *affine, training=True, eps=eps)
    return F.batch_norm(x, torch.from_numpy(mean), torch.from_numpy(var), *affine, eps=eps)


def sequence(name: str, states: int = 1) -> Callable[..., Any]:
    """One of torch's recurrent layers, without the Module."""

    def run(x: Any, *rest: Any, relu: bool = False) -> Any:
        first, weights = tuple(h[None] for h in rest[:states]), list(rest[states:])
        layer = getattr(torch._VF, name + (("_relu" if relu else "_tanh") if name == "rnn" else ""))
        out = layer(x, first if states > 1 else first[0], weights, len(weights) > 2, 1, 0.0, False, False, False)
        return torch.cat([out[0], out[2]]) if name == "lstm" else out[0]  # all h, and the last c

    return run


def attention(q: Any, k: Any, v: Any, *bias: Any, scale: float, keep: Any = None, kept: Any = None) -> Any:
    mask = torch.from_numpy(np.array(True if keep is None else keep))
    mask = torch.where(mask, bias[0] if bias else 0, torch.tensor(-inf, dtype=q.dtype))
    if kept is None:
        return F.scaled_dot_product_attention(q, k, v, mask.expand(*q.shape[:-1], k.shape[-2]), scale=scale)
    return ((q @ k.mT * scale + mask).softmax(-1) * torch.from_numpy(kept)) @ v


def weighted(loss: Callable[..., Any]) -> Callable[..., Any]:
    def losses(x: Any, target: Any, scale: Any, total: bool = True) -> Any:
        each = loss(x, torch.from_numpy(target), reduction="none") * torch.from_numpy(scale)
        return each.sum() if total else each

    return losses


def signs(vectors: Any, like: Any) -> Any:
    """1 or -1 for each column: which of the two LAPACK finds differs between its builds."""
    return torch.where((vectors.detach() * torch.from_numpy(like)).sum(-2, keepdim=True) < 0, -1, 1)


def eigen(x: Any) -> Any:
    values, v = torch.linalg.eigh(x)
    return torch.cat([values[..., None, :], v * signs(v, np.linalg.eigh(x.numpy(force=True)).eigenvectors)], -2)


def singular(x: Any) -> Any:
    u, s, vt = torch.linalg.svd(x, full_matrices=False)
    sign = signs(vt.mT, np.linalg.svd(x.numpy(force=True), full_matrices=False).Vh.mT)
    return torch.cat([u * sign, s[..., None, :], vt.mT * sign], -2)


def orthogonal(x: Any) -> Any:
    q, r = torch.linalg.qr(x)
    sign = signs(q, np.linalg.qr(x.numpy(force=True)).Q)
    return torch.cat([q * sign, r * sign.mT], -2)


IN_TORCH: dict[Op, Callable[..., Any]] = {
    **{op: getattr(torch, op.__name__) for op in (
        ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.pow, ops.maximum, ops.minimum, ops.exp, ops.expm1, ops.log,
        ops.log1p, ops.log2, ops.log10, ops.sqrt, ops.rsqrt, ops.reciprocal, ops.abs, ops.sin, ops.cos, ops.tanh,
        ops.sigmoid, ops.erf, ops.clamp, ops.floor, ops.ceil, ops.trunc, ops.round, ops.sign, ops.remainder,
        ops.matmul, ops.relu, ops.tan, ops.asin, ops.acos, ops.atan, ops.atan2, ops.sinh, ops.cosh, ops.logit,
        ops.nan_to_num, ops.logaddexp, ops.lerp, ops.fmod,
    )},
    ops.power: lambda x, n: x**n,
    ops.masked_fill: lambda x, value, mask: x.masked_fill(torch.from_numpy(mask), value),
    ops.where: lambda x, y, condition: torch.where(torch.from_numpy(condition), x, y),
    ops.clip: torch.clamp,
    ops.copy: torch.clone,
    ops.cast: lambda x, dtype: x.to(torch.from_numpy(np.zeros(1, dtype)).dtype),
    ops.floor_divide: lambda x, y: torch.div(x, y, rounding_mode="floor"),
    ops.trunc_divide: lambda x, y: torch.div(x, y, rounding_mode="trunc"),
    ops.drawn: lambda *xs, draws, of: torch.where(  # recorded, and without influence; test_random compares the draws
        torch.tensor(True), torch.from_numpy(draws), sum(xs)),
    ops.sum: reducing(torch.sum),
    ops.prod: lambda x, axis=None, keepdims=False: (
        x.prod(axis, keepdims) if axis is not None else x.prod().reshape((1,) * (x.ndim * keepdims))),
    ops.cumprod: lambda x, axis: x.cumprod(axis),
    ops.median: lambda x, place: x.median(),
    ops.mean: reducing(torch.mean),
    ops.var: reducing(torch.var),
    ops.std: reducing(torch.std),
    ops.amax: reducing(torch.amax),
    ops.amin: reducing(torch.amin),
    ops.logsumexp: reducing(torch.logsumexp),
    ops.cumsum: lambda x, axis: x.cumsum(axis),
    ops.norm: reducing(lambda x, p=2.0, **at: torch.linalg.vector_norm(x, p, **at)),
    ops.linear: F.linear,
    ops.addmm: lambda c, x, y, **factors: (torch.addmm if x.ndim == 2 else torch.baddbmm)(c, x, y, **factors),
    ops.trace: torch.trace,
    ops.cdist: lambda x, y, p=2.0, by_product=False: torch.cdist(
        x, y, p, f"{'use' if by_product else 'donot_use'}_mm_for_euclid_dist"
    ),
    ops.solve: torch.linalg.solve,
    ops.inv: torch.linalg.inv,
    ops.det: torch.linalg.det,
    ops.slogdet: lambda x: torch.stack(tuple(torch.linalg.slogdet(x))),
    ops.cholesky: torch.linalg.cholesky,
    ops.eigh: eigen,
    ops.svd: singular,
    ops.qr: orthogonal,
    ops.pinv: lambda x, rtol: torch.linalg.pinv(x, rtol=rtol),
    ops.reshape: lambda x, shape: x.reshape(shape),
    ops.transpose: lambda x, axes: x.permute(axes),
    ops.swapaxes: lambda x, a, b: x.swapaxes(a, b),
    ops.t: torch.t,
    ops.squeeze: lambda x, axis: x.squeeze() if axis is None else x.squeeze(axis),
    ops.unsqueeze: lambda x, axis: x.unsqueeze(axis),
    ops.expand: lambda x, shape: x.expand(shape),
    ops.flip: lambda x, axis: x.flip(axis),
    ops.roll: lambda x, shift, axis: x.roll(shift, axis) if axis else x.roll(shift),
    ops.diagonal: lambda x, offset=0, axis1=0, axis2=1: x.diagonal(offset, axis1, axis2),
    ops.diag_embed: diag_embed,
    ops.sliding: lambda x, axis, size, step: x.unfold(axis, size, step),
    ops.tile: lambda x, repeats: x.repeat(repeats),
    ops.tril: lambda x, k=0: x.tril(k),
    ops.triu: lambda x, k=0: x.triu(k),
    ops.pad: lambda x, widths, **value: F.pad(x, [n for pair in reversed(widths) for n in pair], **value),
    ops.cat: lambda *xs, axis: torch.cat(xs, axis),
    ops.stack: lambda *xs, axis: torch.stack(xs, axis),
    ops.getitem: lambda x, index: x[index_of(index)],
    ops.piece: lambda x, index, of: x[index_of(index)],
    ops.index_select: lambda x, index: x.index_select(len(index) - 1, index_of(index[-1])),
    ops.masked_select: lambda x, index: x.masked_select(index_of(index[0])),
    ops.max_along: lambda x, index, axis, keepdims: x.max(axis, keepdims).values,
    ops.min_along: lambda x, index, axis, keepdims: x.min(axis, keepdims).values,
    ops.median_along: lambda x, index, axis, keepdims: x.median(axis, keepdims).values,
    ops.place: placed,
    ops.overwrite: overwritten,
    ops.take_along: lambda x, index, axis: x.gather(axis, index_of(index)),
    ops.sort: lambda x, index, axis: x.sort(axis).values,
    ops.topk: lambda x, index, axis: x.topk(x.shape[axis], axis).values,
    ops.scatter: lambda x, y, index, axis: x.scatter(axis, index_of(index), y),
    ops.scatter_add: lambda x, y, index, axis: x.scatter_add(axis, index_of(index), y),
    ops.index_add: lambda x, y, index, axis: x.index_add(axis, index_of(index), y),
    ops.embedding: lambda weight, index, padding_idx=None: F.embedding(index_of(index), weight, padding_idx),
    ops.leaky_relu: F.leaky_relu,
    ops.elu: lambda x, alpha=1.0, scale=1.0: F.elu(x, alpha) * scale,
    ops.gelu: F.gelu,
    ops.silu: F.silu,
    ops.softplus: F.softplus,
    ops.logsigmoid: F.logsigmoid,
    ops.mish: F.mish,
    ops.prelu: torch.ops.aten._prelu_kernel,
    ops.hardtanh: lambda x, low=-1.0, high=1.0: F.hardtanh(x, low, high),
    ops.softmax: lambda x, axis: x.softmax(axis),
    ops.log_softmax: lambda x, axis: x.log_softmax(axis),
    ops.cross_entropy: weighted(F.cross_entropy),
    ops.nll: weighted(F.nll_loss),
    ops.mse_loss: F.mse_loss,
    ops.huber_loss: F.huber_loss,
    ops.smooth_l1_loss: F.smooth_l1_loss,
    ops.binary_cross_entropy: F.binary_cross_entropy,
    ops.binary_cross_entropy_with_logits: lambda x, y, reduction="mean", pos_weight=1.0: (
        F.binary_cross_entropy_with_logits(x, y, None, None, None, reduction, torch.tensor(pos_weight, dtype=x.dtype))),
    ops.conv1d: convolved(F.conv1d),
    ops.conv2d: convolved(F.conv2d),
    ops.conv_transpose2d: conv_transpose2d,
    ops.unfold: lambda x, windows: F.unfold(x, windows.kernel, windows.dilation, windows.padding, windows.stride),
    ops.fold: lambda x, windows, shape: F.fold(
        x, shape, windows.kernel, windows.dilation, windows.padding, windows.stride),
    ops.max_pool2d: lambda x, windows: F.max_pool2d(x, *windows[:4]),
    ops.avg_pool2d: avg_pool2d,
    ops.resample2d: lambda x, rows, columns: torch.from_numpy(rows) @ x @ torch.from_numpy(columns).T,
    ops.pick2d: lambda x, rows, columns: x[..., torch.from_numpy(rows)[:, None], torch.from_numpy(columns)],
    ops.layer_norm: lambda x, *affine, ndim=1, eps=1e-5: F.layer_norm(x, x.shape[-ndim:], *affine, eps=eps),
    ops.rms_norm: lambda x, *weight, ndim=1, eps=1e-5: F.rms_norm(x, x.shape[-ndim:], *weight, eps=eps),
    ops.group_norm: lambda x, *affine, groups, eps=1e-5: F.group_norm(x, groups, *affine, eps=eps),
    ops.batch_norm: batch_norm,
    ops.rnn: sequence("rnn"),
    ops.lstm: sequence("lstm", states=2),
    ops.gru: sequence("gru"),
    ops.scaled_dot_product_attention: attention,
}  # fmt: skip


# --- the comparison -----------------------------------------------------------------------------------------


def equal(got: Any, expected: Any, what: str, rtol: float, atol: float) -> None:
    """Compare a cutaway with a torch tensor; None, for no influence, is as good as zeros."""
    if expected is None or got is None:
        given = expected if got is None else got
        assert given is None or not given.any(), f"{what}: None in one of the two, {given} in the other"
        return
    assert str(got.dtype) == str(expected.dtype), what
    assert tuple(got.shape) == tuple(expected.shape), what
    wanted = expected.detach().numpy(force=True)  # torch has tensors that stand for zeros
    np.testing.assert_allclose(got.detach().numpy(), wanted, rtol=rtol, atol=atol, err_msg=what)


def compare(op: Op, example: Example) -> None:
    """Run an op forward, backward and backward through the backward pass in both frameworks."""
    dtype = example.inputs[0].dtype
    rtol, atol = (1e-11, 1e-12) if dtype == np.float64 else (2e-5, 2e-6)
    if op is ops.scaled_dot_product_attention:
        atol *= 5  # an example has scores of 100, whose rounding errors exp makes as many times as large
    rng = np.random.default_rng(3)

    xs = [cutaway.from_numpy(x).requires_grad_() for x in example.inputs]
    ts = [torch.from_numpy(x.copy()).requires_grad_() for x in example.inputs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y, expected = apply(op, *xs, **example.attrs), IN_TORCH[op](*ts, **example.attrs)
    if example.kind == "large":
        atol *= max(LARGE.get(op, 1e4), np.abs(expected.detach().numpy()).max(initial=1))
    equal(y, expected, "value", rtol, atol)

    g = np.asarray(rng.uniform(0.5, 1.5, y.shape)).astype(y.detach().numpy().dtype)
    ours = cutaway.autograd.grad(y, xs, cutaway.from_numpy(g), create_graph=True)
    theirs = torch.autograd.grad(expected, ts, torch.from_numpy(g), create_graph=True, allow_unused=True)
    plain = cutaway.autograd.grad(apply(op, *xs, **example.attrs), xs, cutaway.from_numpy(g))
    for i, (a, b, c) in enumerate(zip(ours, theirs, plain, strict=True)):
        equal(a, b, f"gradient {i}", rtol, atol)
        equal(c, b, f"gradient {i}, not recorded", rtol, atol)
    if not example.twice or op in ONCE or y.isnan().any():
        return

    hs = [np.asarray(rng.uniform(0.5, 1.5, x.shape)).astype(dtype) for x in example.inputs]
    sum_ours: Any = sum((gx * cutaway.from_numpy(h)).sum() for gx, h in zip(ours, hs, strict=True))
    sum_theirs: Any = sum((gx * torch.from_numpy(h)).sum() for gx, h in zip(theirs, hs, strict=True) if gx is not None)
    ours = theirs = (None,) * len(xs)
    if isinstance(sum_theirs, torch.Tensor) and sum_theirs.requires_grad:  # else the gradient is a constant
        theirs = torch.autograd.grad(sum_theirs, ts, allow_unused=True)
    if sum_ours.requires_grad:
        ours = cutaway.autograd.grad(sum_ours, xs, allow_unused=True)
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        equal(a, b, f"second gradient {i}", max(10 * rtol, LOOSE.get(op, 0)), 10 * atol)


def test_every_op_is_compared() -> None:
    assert set(IN_TORCH) == set(ops.TABLE), "IN_TORCH should say what torch calls it"


@proves("PyTorch")
def test_on_the_examples(op: Op, example: Example) -> None:
    compare(op, example)


# --- edges --------------------------------------------------------------------------------------------------

ONCE = (ops.cdist,)  # torch has no second derivative of it
LOOSE = {ops.binary_cross_entropy: 1e-7}  # whose second derivative torch computes with an eps inside


def hold(op: Op, example: Example) -> None:
    """Compare, element by element or row by row, where no difference is known; and see that known ones are there."""
    known = np.zeros(len(example.inputs[0]), bool)
    for other, where, reason in DIFFERENT:
        if other is op:
            differs = where(*example.inputs, **example.attrs) & ~known
            if differs.any():
                known |= differs
                with pytest.raises(AssertionError):
                    compare(op, chosen(example, differs))
                    pytest.fail(f"no longer different: {op.__name__}, {reason}")
    compare(op, chosen(example, ~known))


def chosen(example: Example, which: Any) -> Example:
    """Some of the rows, each many times over: torch has other code for a few."""
    return replace(example, inputs=tuple(np.repeat(x[which], 16, axis=0) for x in example.inputs))


@proves("special numbers")
def test_special_numbers(op: Op, example: Example) -> None:
    (hold if example.kind == "one by one" else compare)(op, example)


@proves("ties")
def test_ties(op: Op, example: Example) -> None:
    compare(op, example)


def test_every_proof_that_needs_pytorch_is_made_here() -> None:
    assert [len(proof.tests) for proof in PROOFS.values() if proof.command == "make parity"] == [1, 1, 1]
