"""The function forms of the tensor methods: `cutaway.tanh(x)` for `x.tanh()`.

Each calls the method of the same name; the first argument is called `input`, as in PyTorch.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np

from . import errors
from .dtypes import fits, result_type, scalar_dtype
from .grad_mode import is_grad_enabled
from .tensors import Tensor
from .tensors.arguments import NUMPY_NAMES, tensor_argument
from .tensors.base import Dims, TensorBase, named, wrap
from .tensors.shape import repeated

P = ParamSpec("P")
R = TypeVar("R")


def function(method: Callable[Concatenate[Any, P], R]) -> Callable[Concatenate[Tensor, P], R]:
    """The function form of a Tensor's method."""
    of_self, *others = inspect.signature(method).parameters.values()
    known = ["input", *(parameter.name for parameter in others)]

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> R:
        if "out" in kwargs:
            return into(kwargs.pop("out"), method.__name__, call(*args, **kwargs))  # type: ignore[no-any-return]
        if args and isinstance(args[0], TensorBase):
            try:
                return method(*args, **kwargs)
            except TypeError:
                unknown = [name for name in kwargs if name not in known and name not in NUMPY_NAMES]
                if unknown:
                    raise errors.unknown_keyword(method.__name__, unknown[0], known) from None
                raise
        if not args and "input" in kwargs:
            return call(kwargs.pop("input"), **kwargs)
        raise errors.not_a_tensor(method.__name__, args[0] if args else None)

    call.__signature__ = inspect.Signature([of_self.replace(name="input"), *others])  # type: ignore[attr-defined]
    return call


def into(out: Any, name: str, result: Any) -> Any:
    """Write a function's result into the existing tensor `out`, for out=; None returns the result itself.

    Raises:
        RuntimeError: grad is required; or the result's dtype cannot be cast to that of out.
    """
    if out is None:
        return result
    if not isinstance(result, TensorBase):
        raise errors.unknown_keyword(name, "out", [])
    tensor_argument(out, name)
    if is_grad_enabled() and (result.requires_grad or out.requires_grad):
        raise errors.out_with_gradient(name)
    if not fits(result._array.dtype, out._array.dtype):
        raise errors.inplace_cannot_cast(result.dtype, out.dtype)
    if out.shape != result.shape:
        if out.numel():
            errors.warn(errors.out_of_other_shape(name, out.shape, result.shape))
        out.data = wrap(np.empty(result.shape, out.dtype.dtype))
    return out.copy_(result)


def _also_of_numbers(method: Callable[Concatenate[Any, P], R], both: bool = True) -> Callable[..., R]:
    """Like `function`, for methods that also accept a number first: torch.add(2, x); some, torch.add(2, 3)."""
    plain = function(method)

    @functools.wraps(plain)
    def call(*args: Any, **kwargs: Any) -> R:
        if args and isinstance(args[0], int | float | np.generic):
            others = [x._array for x in (*args[1:], *kwargs.values()) if isinstance(x, TensorBase)]
            if both or others:
                args = (wrap(_weak(args[0], others)), *args[1:])
        return plain(*args, **kwargs)

    return call


def _weak(number: Any, others: list[Any]) -> Any:
    """A number as an array that has no more weight in type promotion than the number itself."""
    own = scalar_dtype(number)
    kind = result_type(number, *others)
    fits = own.kind != "b" and np.asarray(number).astype(kind) == number
    return np.asarray(number, kind if fits else own)


add = _also_of_numbers(Tensor.add)
sub = subtract = _also_of_numbers(Tensor.sub)
mul = multiply = _also_of_numbers(Tensor.mul)
div = divide = true_divide = _also_of_numbers(Tensor.div)
floor_divide = _also_of_numbers(Tensor.floor_divide)
pow = _also_of_numbers(Tensor.pow, both=False)
remainder = _also_of_numbers(Tensor.remainder, both=False)
fmod = function(Tensor.fmod)
atan2 = function(Tensor.atan2)
logaddexp = function(Tensor.logaddexp)
lerp = function(Tensor.lerp)

neg = negative = function(Tensor.neg)
square = function(Tensor.square)
maximum = function(Tensor.maximum)
minimum = function(Tensor.minimum)
clamp = clip = function(Tensor.clamp)
clamp_min = function(Tensor.clamp_min)
clamp_max = function(Tensor.clamp_max)
masked_fill = function(Tensor.masked_fill)
abs = absolute = function(Tensor.abs)
sign = function(Tensor.sign)
exp = function(Tensor.exp)
expm1 = function(Tensor.expm1)
log = function(Tensor.log)
log1p = function(Tensor.log1p)
log2 = function(Tensor.log2)
log10 = function(Tensor.log10)
sqrt = function(Tensor.sqrt)
rsqrt = function(Tensor.rsqrt)
reciprocal = function(Tensor.reciprocal)
sin = function(Tensor.sin)
cos = function(Tensor.cos)
tan = function(Tensor.tan)
asin = function(Tensor.asin)
acos = function(Tensor.acos)
atan = function(Tensor.atan)
sinh = function(Tensor.sinh)
cosh = function(Tensor.cosh)
tanh = function(Tensor.tanh)
sigmoid = function(Tensor.sigmoid)
logit = function(Tensor.logit)
relu = function(Tensor.relu)
nan_to_num = function(Tensor.nan_to_num)
erf = function(Tensor.erf)
softmax = function(Tensor.softmax)
log_softmax = function(Tensor.log_softmax)
floor = function(Tensor.floor)
ceil = function(Tensor.ceil)
round = function(Tensor.round)
trunc = function(Tensor.trunc)

eq = function(Tensor.eq)
ne = function(Tensor.ne)
lt = function(Tensor.lt)
le = function(Tensor.le)
gt = function(Tensor.gt)
ge = function(Tensor.ge)
logical_and = function(Tensor.logical_and)
logical_or = function(Tensor.logical_or)
logical_xor = function(Tensor.logical_xor)
logical_not = function(Tensor.logical_not)
bitwise_and = _also_of_numbers(Tensor.bitwise_and, both=False)
bitwise_or = _also_of_numbers(Tensor.bitwise_or, both=False)
bitwise_xor = _also_of_numbers(Tensor.bitwise_xor, both=False)
bitwise_not = function(Tensor.bitwise_not)
bitwise_left_shift = _also_of_numbers(Tensor.bitwise_left_shift, both=False)
bitwise_right_shift = _also_of_numbers(Tensor.bitwise_right_shift, both=False)
isnan = function(Tensor.isnan)
isinf = function(Tensor.isinf)
isfinite = function(Tensor.isfinite)
isclose = function(Tensor.isclose)
allclose = function(Tensor.allclose)
equal = function(Tensor.equal)

sum = function(Tensor.sum)
prod = function(Tensor.prod)
mean = function(Tensor.mean)
var = function(Tensor.var)
std = function(Tensor.std)
quantile = function(Tensor.quantile)
amax = function(Tensor.amax)
amin = function(Tensor.amin)
max = function(Tensor.max)
min = function(Tensor.min)
argmax = function(Tensor.argmax)
argmin = function(Tensor.argmin)
logsumexp = function(Tensor.logsumexp)
median = function(Tensor.median)
cumsum = function(Tensor.cumsum)
cumprod = function(Tensor.cumprod)
diff = function(Tensor.diff)
bincount = function(Tensor.bincount)
unique = function(Tensor.unique)
all = function(Tensor.all)
any = function(Tensor.any)
count_nonzero = function(Tensor.count_nonzero)
norm = function(Tensor.norm)

flatten = function(Tensor.flatten)
unflatten = function(Tensor.unflatten)
ravel = function(Tensor.ravel)
squeeze = function(Tensor.squeeze)
unsqueeze = function(Tensor.unsqueeze)
transpose = function(Tensor.transpose)
swapaxes = function(Tensor.swapaxes)
swapdims = function(Tensor.swapdims)
movedim = function(Tensor.movedim)
t = function(Tensor.t)
narrow = function(Tensor.narrow)
chunk = function(Tensor.chunk)
unbind = function(Tensor.unbind)
roll = function(Tensor.roll)
diag = function(Tensor.diag)
diagonal = function(Tensor.diagonal)
tril = function(Tensor.tril)
triu = function(Tensor.triu)
clone = function(Tensor.clone)
detach = function(Tensor.detach)
numel = function(Tensor.numel)
is_floating_point = function(Tensor.is_floating_point)

gather = function(Tensor.gather)
take_along_dim = function(Tensor.take_along_dim)
scatter = function(Tensor.scatter)
scatter_add = function(Tensor.scatter_add)
index_add = function(Tensor.index_add)
index_fill = function(Tensor.index_fill)
sort = function(Tensor.sort)
argsort = function(Tensor.argsort)
topk = function(Tensor.topk)
index_select = function(Tensor.index_select)
masked_select = function(Tensor.masked_select)
nonzero = function(Tensor.nonzero)

bernoulli = function(Tensor.bernoulli)
multinomial = function(Tensor.multinomial)

matmul = function(Tensor.matmul)
mm = function(Tensor.mm)
bmm = function(Tensor.bmm)
mv = function(Tensor.mv)
dot = function(Tensor.dot)
outer = function(Tensor.outer)
inner = function(Tensor.inner)
addmm = function(Tensor.addmm)
baddbmm = function(Tensor.baddbmm)
trace = function(Tensor.trace)
cov = function(Tensor.cov)
dist = function(Tensor.dist)
det = function(Tensor.det)
slogdet = function(Tensor.slogdet)
logdet = function(Tensor.logdet)
inverse = function(Tensor.inverse)


def permute(input: Tensor, dims: Sequence[int]) -> Tensor:
    """Permute the dimensions: the same as input.permute(*dims).

    >>> cutaway.permute(cutaway.zeros(2, 3, 4), (2, 0, 1)).shape
    torch.Size([4, 2, 3])
    """
    return tensor_argument(input, "permute").permute(_listed(dims))  # type: ignore[no-any-return]


def reshape(input: Tensor, shape: Sequence[int]) -> Tensor:
    """The same elements in another shape: the same as input.reshape(*shape).

    >>> cutaway.reshape(cutaway.arange(6), (2, -1))
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    return tensor_argument(input, "reshape").reshape(_listed(shape))  # type: ignore[no-any-return]


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """Broadcast to a shape: the same as input.broadcast_to(size).

    >>> cutaway.broadcast_to(cutaway.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return tensor_argument(input, "broadcast_to").broadcast_to(_listed(size))  # type: ignore[no-any-return]


def tile(input: Tensor, dims: Sequence[int]) -> Tensor:
    """Repeat along dimensions: the same as input.tile(*dims).

    >>> cutaway.tile(cutaway.tensor([1, 2]), (2,))
    tensor([1, 2, 1, 2])
    """
    return tensor_argument(input, "tile").tile(_listed(dims))  # type: ignore[no-any-return]


def repeat_interleave(
    input: Tensor | None = None, repeats: int | Tensor | None = None, dim: int | None = None,
    *, output_size: int | None = None,
) -> Tensor:  # fmt: skip
    """Repeat each element, or each slice along dim: the same as input.repeat_interleave(...).

    With repeats alone: the integers 0, 1, 2, ..., each repeated that many times.

    >>> cutaway.repeat_interleave(cutaway.tensor([7, 8]), 2)
    tensor([7, 7, 8, 8])
    >>> cutaway.repeat_interleave(cutaway.tensor([0, 3, 1]))
    tensor([1, 1, 1, 2])
    """
    if input is None or repeats is None:
        times = tensor_argument(repeats if input is None else input, "repeat_interleave")
        return wrap(repeated(times, output_size=output_size))
    return tensor_argument(input, "repeat_interleave").repeat_interleave(  # type: ignore[no-any-return]
        repeats, dim, output_size=output_size
    )


def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Split into views along dim: the same as tensor.split(split_size_or_sections, dim).

    >>> cutaway.split(cutaway.arange(5), [1, 4])
    (tensor([0]), tensor([1, 2, 3, 4]))
    """
    return tensor_argument(tensor, "split").split(split_size_or_sections, dim)  # type: ignore[no-any-return]


def flip(input: Tensor, dims: Sequence[int]) -> Tensor:
    """Reverse the order along dims, as a copy: the same as input.flip(*dims).

    >>> cutaway.flip(cutaway.tensor([[1, 2], [3, 4]]), (0,))
    tensor([[3, 4],
            [1, 2]])
    """
    return tensor_argument(input, "flip").flip(_listed(dims))  # type: ignore[no-any-return]


def _listed(given: Any) -> Any:
    """Validate a shape or dimensions as a tuple or list: f(x, (2, 3)); only methods accept x.f(2, 3)."""
    if not isinstance(given, tuple | list):
        raise errors.not_a_shape((given,))
    return given


def std_mean(
    input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False,
    *, correction: float | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The standard deviation and the mean, with the arguments of `std`.

    >>> cutaway.std_mean(cutaway.tensor([1., 2., 3.]))
    (tensor(1.), tensor(2.))
    """
    of_spread = std(input, dim, unbiased, keepdim, correction=correction)
    return _with_mean(of_spread, input, dim, keepdim, "StdMeanBackward0")


def var_mean(
    input: Tensor, dim: Dims | bool = None, unbiased: bool | None = None, keepdim: bool = False,
    *, correction: float | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The variance and the mean, with the arguments of `var`.

    >>> cutaway.var_mean(cutaway.tensor([1., 2., 3.]), correction=0)
    (tensor(0.6667), tensor(2.))
    """
    of_spread = var(input, dim, unbiased, keepdim, correction=correction)
    return _with_mean(of_spread, input, dim, keepdim, "VarMeanBackward0")


def _with_mean(
    spread: Tensor, input: Tensor, dim: Dims | bool, keepdim: bool, name: str
) -> tuple[Tensor, Tensor]:
    middle = mean(input, None if isinstance(dim, bool) else dim, keepdim)  # var(x, False) says how to divide
    return named(spread, name), named(middle, name)


def is_tensor(obj: Any) -> bool:
    """Whether obj is a Tensor.

    >>> cutaway.is_tensor([1, 2])
    False
    """
    return isinstance(obj, TensorBase)


__all__ = [
    "abs", "absolute", "acos", "add", "addmm", "all", "allclose", "amax", "amin", "any", "argmax", "argmin",
    "argsort", "asin", "atan", "atan2", "baddbmm", "bernoulli", "bincount", "bitwise_and", "bitwise_left_shift",
    "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "bmm", "broadcast_to", "ceil", "chunk",
    "clamp", "clamp_max", "clamp_min", "clip", "clone", "cos", "cosh", "count_nonzero", "cov", "cumprod", "cumsum",
    "det", "detach", "diag", "diagonal", "diff", "dist", "div", "divide", "dot", "eq", "equal", "erf", "exp",
    "expm1", "flatten", "flip", "floor", "floor_divide", "fmod", "gather", "ge", "gt", "index_add", "index_fill",
    "index_select", "inner", "inverse", "is_floating_point", "is_tensor", "isclose", "isfinite", "isinf", "isnan",
    "le", "lerp", "log", "log10", "log1p", "log2", "log_softmax", "logaddexp", "logdet", "logical_and",
    "logical_not", "logical_or", "logical_xor", "logit", "logsumexp", "lt", "masked_fill", "masked_select",
    "matmul", "max", "maximum", "mean", "median", "min", "minimum", "mm", "movedim", "mul", "multinomial",
    "multiply", "mv", "nan_to_num", "narrow", "ne", "neg", "negative", "nonzero", "norm", "numel", "outer",
    "permute", "pow", "prod", "quantile", "ravel", "reciprocal", "relu", "remainder", "repeat_interleave",
    "reshape", "roll", "round", "rsqrt", "scatter", "scatter_add", "sigmoid", "sign", "sin", "sinh", "slogdet",
    "softmax", "sort", "split", "sqrt", "square", "squeeze", "std", "std_mean", "sub", "subtract", "sum",
    "swapaxes", "swapdims", "t", "take_along_dim", "tan", "tanh", "tile", "topk", "trace", "transpose", "tril",
    "triu", "true_divide", "trunc", "unbind", "unflatten", "unique", "unsqueeze", "var", "var_mean",
]  # fmt: skip
