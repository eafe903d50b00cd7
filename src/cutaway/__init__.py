"""cutaway: a deep learning framework that you can see inside.

    >>> x = cutaway.tensor([1., 2., 3.], requires_grad=True)
    >>> loss = (x * x).sum()
    >>> loss.backward()
    >>> x.grad
    tensor([2., 4., 6.])

Names and semantics are PyTorch's; `import cutaway as torch` runs a lesson. The layout:

- `ops/`: the ops, as pure functions of NumPy arrays;
- `graph.py`: the autograd graph and the backward pass;
- `tensors/`: the Tensor class;
- `nn/`, `optim/`, `autograd/`: layers, optimizers, gradient functions and gradient checks;
- `explain/`: explanations of gradients, as data, text and drawings;
- `checks/`: warnings about mistakes that raise no error.
"""

import math as _math
import sys as _sys
import warnings as _warnings
from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

import numpy as _np

# 1 / 0 is inf and log(-1) is nan, as in PyTorch, without a warning. This applies to cutaway's own
# lines only: NumPy's warnings about the user's lines are kept.
_warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"cutaway\.")

# On Linux, the C library returns large freed blocks to the system, which zeroes their pages before reuse: a third of a
# step of nn.LSTM. Once a block of this size has been freed, it keeps up to 64 MB instead: its threshold adapts to the
# largest freed block, up to 32 MB. This block is never written to, so it costs 10 µs.
if _sys.platform == "linux":  # pragma: no branch (nothing is to be done elsewhere)
    _np.empty((32 << 20) - (64 << 10), _np.uint8)

from . import accelerator, autograd, backends, checks, cuda, dtypes, functions, nn, optim, random  # noqa: E402
from .autograd import (  # noqa: E402
    differentiable,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .creation import (  # noqa: E402
    arange,
    as_tensor,
    empty,
    empty_like,
    eye,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    tril_indices,
    triu_indices,
    zeros,
    zeros_like,
)  # fmt: skip
from .dtypes import (  # noqa: E402
    Size,
    device,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    get_default_dtype,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    set_default_dtype,
    uint8,
)  # fmt: skip
from .errors import absent as _absent  # noqa: E402
from .functions import *  # noqa: E402, F403
from .random import (  # noqa: E402
    Generator,
    default_generator,
    get_rng_state,
    initial_seed,
    manual_seed,
    normal,
    rand,
    rand_like,
    randint,
    randint_like,
    randn,
    randn_like,
    randperm,
    seed,
    set_rng_state,
)  # fmt: skip
from .settings import (  # noqa: E402
    set_default_device,
    set_float32_matmul_precision,
    set_num_threads,
    use_deterministic_algorithms,
)
from .tensors import (  # noqa: E402
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
    Tensor,
    broadcast_tensors,
    bucketize,
    cat,
    cdist,
    einsum,
    hstack,
    meshgrid,
    searchsorted,
    set_printoptions,
    stack,
    tensordot,
    vstack,
    where,
)  # fmt: skip
from .torch_import import as_torch  # noqa: E402

__version__ = "0.1.0"

concat = concatenate = cat
cosine_similarity = nn.functional.cosine_similarity
float = float32
double = float64
half = float16
long = int64
int = int32
short = dtypes.int16
bool = dtypes.bool_

pi = _math.pi
e = _math.e
inf = _math.inf
nan = _math.nan

__all__ = [
    "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "Generator", "HalfTensor",
    "IntTensor", "LongTensor", "ShortTensor", "Size", "Tensor", "accelerator", "arange", "as_tensor",
    "as_torch", "autograd", "backends", "bool", "broadcast_tensors", "bucketize", "cat", "cdist", "checks",
    "cholesky_solve", "concat", "concatenate", "cosine_similarity", "cuda", "default_generator", "device",
    "differentiable", "distributions", "double", "dtype", "e", "einsum", "empty", "empty_like", "enable_grad",
    "explain", "eye", "finfo", "float", "float16", "float32", "float64", "from_numpy", "full", "full_like",
    "func", "get_default_dtype", "get_rng_state", "half", "hstack", "iinfo", "inf", "inference_mode",
    "initial_seed", "int", "int16", "int32", "int64", "int8", "is_grad_enabled", "is_inference_mode_enabled",
    "linalg", "linspace", "load", "long", "manual_seed", "meshgrid", "nan", "nn", "no_grad", "normal", "ones",
    "ones_like", "optim", "pi", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like", "random",
    "randperm", "safetensors", "save", "searchsorted", "seed", "serialization", "set_default_device",
    "set_default_dtype", "set_float32_matmul_precision", "set_grad_enabled", "set_num_threads",
    "set_printoptions", "set_rng_state", "short", "stack", "tensor", "tensordot", "tril_indices",
    "triu_indices", "uint8", "use_deterministic_algorithms", "utils", "vstack", "where", "zeros", "zeros_like",
]  # fmt: skip
__all__ += functions.__all__

# Modules that not every program needs are imported lazily, so that `import cutaway` is fast.
_LATER = {
    "cholesky_solve": "linalg", "load": "serialization", "save": "serialization", "serialization": "",
    "distributions": "", "explain": "", "func": "", "linalg": "", "safetensors": "", "utils": "",
}  # fmt: skip

if _TYPE_CHECKING:
    from . import distributions, explain, func, linalg, safetensors, serialization, utils
    from .linalg import cholesky_solve
    from .serialization import load, save
else:

    def __getattr__(name: str) -> _Any:
        if name not in _LATER:
            _absent("torch")(name)
        module = _import_module(f"{__name__}.{_LATER[name] or name}")
        globals()[name] = getattr(module, name) if _LATER[name] else module
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *_LATER})
