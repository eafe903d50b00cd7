"""NumPy's dispatch protocols for Tensors.

`np.exp(x)` of a Tensor dispatches to the Tensor, which runs the op that implements `np.exp` in the
op table: the result is a Tensor, and recorded. Second derivatives rely on this: since ops consist of
NumPy functions, an op can run on Tensors, and is then recorded itself.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import errors, ops
from ..grad_mode import switch
from ..ops import TABLE
from ..ops.indexing import spread
from ..ops.special import as_dtype, clip_values, power_values, sign_values
from .arithmetic import where
from .base import TensorBase, apply, as_float, as_operand, binary, to_common_dtype, to_dtype, wrap
from .contraction import einsum, tensordot
from .joining import cat, hstack, stack, vstack
from .norms import norm

# Most functions come from the op table: np.exp -> ops.exp.
_OPS: dict[Any, Any] = {op.numpy: op.function for op in TABLE.values() if op.numpy is not None}

# These are operators of Tensors, which apply type promotion.
_OPERATORS: dict[Any, Callable[..., Any]] = {
    np.equal: operator.eq, np.not_equal: operator.ne, np.less: operator.lt, np.less_equal: operator.le,
    np.greater: operator.gt, np.greater_equal: operator.ge, np.bitwise_and: operator.and_,
    np.bitwise_or: operator.or_, np.bitwise_xor: operator.xor, np.add: operator.add, np.subtract: operator.sub,
    np.multiply: operator.mul, np.divide: operator.truediv, np.floor_divide: operator.floordiv,
    np.remainder: operator.mod, np.power: operator.pow, np.matmul: operator.matmul, np.negative: operator.neg,
    np.absolute: operator.abs, np.sign: lambda x: x.sign(), np.square: lambda x: x.square(),
}  # fmt: skip

# Functions whose signature differs from that of their op.
_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: lambda x, axis=None, *, keepdims=False: x.sum(axis, keepdims),
    np.mean: lambda x, axis=None, *, keepdims=False: x.mean(axis, keepdims),
    np.max: lambda x, axis=None, *, keepdims=False: x.amax(() if axis is None else axis, keepdims),
    np.min: lambda x, axis=None, *, keepdims=False: x.amin(() if axis is None else axis, keepdims),
    np.amax: np.max,
    np.amin: np.min,
    np.reshape: lambda x, shape: x.reshape(shape),
    np.squeeze: lambda x, axis=None: x.squeeze(axis),
    np.transpose: lambda x, axes=None: x.permute(tuple(axes or reversed(range(x.ndim)))),
    np.moveaxis: lambda x, source, destination: x.movedim(source, destination),
    np.swapaxes: lambda x, a, b: x.swapaxes(a, b),
    np.flip: lambda x, axis=None: x.flip(tuple(range(x.ndim)) if axis is None else axis),
    np.prod: lambda x, axis=None, *, keepdims=False: x.prod(axis, keepdims),
    np.cumsum: lambda x, axis=None: x.ravel().cumsum(0) if axis is None else x.cumsum(axis),
    np.cumprod: lambda x, axis=None: x.ravel().cumprod(0) if axis is None else x.cumprod(axis),
    np.linalg.solve: lambda a, b: _solution(*map(as_float, _tensors((a, b)))),
    np.linalg.slogdet: lambda x: tuple(apply(ops.slogdet, as_float(x))),
    np.round: lambda x, decimals=0: x.round(decimals=decimals),
    np.around: np.round,
    np.clip: lambda x, a_min, a_max: x.clamp(a_min, a_max),
    np.copy: lambda x, order="K": x.clone(),  # also of a constant, since an op may write into the copy
    np.zeros_like: lambda x: wrap(np.zeros_like(x._array)),
    np.ones_like: lambda x: wrap(np.ones_like(x._array)),
    np.full_like: lambda x, value: wrap(np.full_like(x._array, value)),
    np.shape: lambda x: tuple(x._array.shape),
    np.ndim: lambda x: x._array.ndim,
    np.size: lambda x: x._array.size,
    spread: lambda x, **attrs: apply(ops.place, x, **attrs),
    as_dtype: lambda x, dtype: to_dtype(x, np.dtype(dtype)),
    sign_values: lambda x: x.sign(),
    clip_values: lambda x, low, high: x.clamp(low, high),
    power_values: lambda x, n: x**n,
}

_REDUCTIONS: dict[Any, Any] = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}

# Functions that return NumPy's arrays, as in PyTorch, unless grad is required.
_IF_GRAD: dict[Any, Callable[..., Any]] = {
    np.where: lambda condition, x, y: where(_tensor(condition), x, y),
    np.concatenate: lambda arrays, axis=0: cat(_tensors(arrays), axis),
    np.stack: lambda arrays, axis=0: stack(_tensors(arrays), axis),
    np.expand_dims: lambda x, axis: x.reshape(np.expand_dims(x._array, axis).shape),
    np.broadcast_to: lambda x, shape: x.expand(shape),
    np.tile: lambda x, repeats: x.tile(repeats),
    np.tril: lambda x, k=0: x.tril(k),
    np.triu: lambda x, k=0: x.triu(k),
    np.roll: lambda x, shift, axis=None: x.roll(shift, axis),
    np.trace: lambda x: x.trace(),
    np.nan_to_num: lambda x, nan=0.0, posinf=None, neginf=None: x.nan_to_num(nan, posinf, neginf),
    np.dot: lambda a, b: _dot(_tensor(a), _tensor(b)),
    np.inner: lambda a, b: _tensor(a).inner(_tensor(b)),
    np.outer: lambda a, b: _tensor(a).ravel().outer(_tensor(b).ravel()),
    np.tensordot: lambda a, b, axes=2: tensordot(
        _tensor(a), _tensor(b), axes if isinstance(axes, int) else [np.atleast_1d(dims).tolist() for dims in axes]
    ),
    np.einsum: lambda *args, optimize=False: einsum(*(_tensor(x) if isinstance(x, np.ndarray) else x for x in args)),
    np.linalg.norm: lambda x, ord=None, axis=None, keepdims=False: norm(x, ord, axis, keepdims),
    np.vstack: lambda arrays: vstack(_tensors(arrays)),
    np.hstack: lambda arrays: hstack(_tensors(arrays)),
    np.ravel: lambda x: x.ravel(),
    np.repeat: lambda x, repeats, axis=None: x.repeat_interleave(
        repeats if isinstance(repeats, int) else _tensor(repeats), axis
    ),
    np.diag: lambda x, k=0: x.diag(k),
    np.diagonal: lambda x, offset=0, axis1=0, axis2=1: x.diagonal(offset, axis1, axis2),
    np.sort: lambda x, axis=-1: x.sort(axis).values,
    np.var: lambda x, axis=None, *, ddof=0, keepdims=False: x.var(axis, correction=ddof, keepdim=keepdims),
    np.std: lambda x, axis=None, *, ddof=0, keepdims=False: x.std(axis, correction=ddof, keepdim=keepdims),
}


class NumPyProtocol(TensorBase):
    """NumPy's dispatch protocols."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "reduce" and ufunc in _REDUCTIONS and set(kwargs) <= {"axis", "keepdims"}:
            return _FUNCTIONS[_REDUCTIONS[ufunc]](*inputs, **{"axis": 0, **kwargs})
        if any(isinstance(x, TensorBase) for x in kwargs.get("out", ())):
            return NotImplemented  # only a Tensor's own methods write to it, so that the graph records it
        if method != "__call__" or kwargs:
            function = ufunc if method == "__call__" else getattr(ufunc, method)
            return _answer_without_gradient(function, inputs, kwargs)
        if ufunc in _OPERATORS:
            return _OPERATORS[ufunc](*map(as_operand, inputs))
        if ufunc in _OPS and len(inputs) == 2:
            return binary(_OPS[ufunc], *inputs)
        if ufunc in _OPS:
            return apply(_OPS[ufunc], as_float(*inputs))
        if all(signature.endswith("?") for signature in ufunc.types):  # a predicate: not differentiable
            return wrap(np.asarray(ufunc(*(x._array if isinstance(x, TensorBase) else x for x in inputs))))
        return _answer_without_gradient(ufunc, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        rule = _FUNCTIONS.get(function) or (_IF_GRAD.get(function) if _requires_grad(args) else None)
        if rule is not None:
            try:
                return rule(*args, **kwargs)
            except TypeError:  # an argument that the op does not have
                return _answer_without_gradient(function, args, kwargs)
        if function in _OPS and function not in _IF_GRAD:
            return apply(_OPS[function], *map(as_float, args), **kwargs)
        return _answer_without_gradient(function, args, kwargs)


def _answer_without_gradient(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """NumPy's own result; raises if grad is required."""
    if _requires_grad((args, kwargs)):
        name = function.__name__
        raise errors.numpy_of_grad(name, hasattr(TensorBase.result, name))
    return function(*map(_as_array, args), **{name: _as_array(x) for name, x in kwargs.items()})


def _as_array(x: Any) -> Any:
    """Convert Tensors to arrays, also within lists."""
    if isinstance(x, TensorBase):
        return np.asarray(x)
    return type(x)(map(_as_array, x)) if type(x) in (list, tuple) else x


def _requires_grad(x: Any) -> bool:
    """Whether x, or a Tensor within it, requires grad, and ops are being recorded."""
    if isinstance(x, TensorBase):
        return switch.recording and x.requires_grad
    return isinstance(x, list | tuple | dict) and any(map(_requires_grad, x.values() if isinstance(x, dict) else x))


def _dot(a: Any, b: Any) -> Any:
    """np.dot: the last dimension of a with the last but one of b; a number multiplies."""
    return tensordot(a, b, [[-1], [max(b.ndim - 2, 0)]]) if a.ndim and b.ndim else a * b


def _solution(a: Any, b: Any) -> Any:
    """np.linalg.solve, which also accepts a vector."""
    return apply(ops.solve, a, b) if b.ndim > 1 else apply(ops.solve, a, b.unsqueeze(1)).squeeze(1)


def _tensor(x: Any) -> Any:
    return x if isinstance(x, TensorBase) else wrap(np.asarray(x))


def _tensors(arrays: Any) -> list[Any]:
    return to_common_dtype(*map(_tensor, arrays))


