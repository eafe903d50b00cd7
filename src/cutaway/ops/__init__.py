"""All ops of cutaway, as pure functions of NumPy arrays.

    >>> import numpy as np
    >>> from cutaway import ops
    >>> z, dx, dy = ops.mul(np.array([2.0, 3.0]), np.array([5.0, 7.0]))
    >>> z
    array([10., 21.])
    >>> dx(np.array([1.0, 1.0]))  # the gradient of the loss with respect to x, if with respect to z it is 1
    array([5., 7.])
"""

from .activation import (
    elu,
    gelu,
    hardtanh,
    leaky_relu,
    log_softmax,
    logsigmoid,
    mish,
    prelu,
    relu,
    silu,
    softmax,
    softplus,
)  # fmt: skip
from .arithmetic import (
    add,
    atan2,
    div,
    lerp,
    logaddexp,
    masked_fill,
    maximum,
    minimum,
    mul,
    neg,
    pow,
    power,
    sub,
    where,
)
from .attention import scaled_dot_product_attention
from .convolution import conv1d, conv2d, conv_transpose2d
from .decompositions import cholesky, eigh, pinv, qr, svd
from .distance import binary_cross_entropy, binary_cross_entropy_with_logits, huber_loss, mse_loss, smooth_l1_loss
from .elementwise import (
    abs,
    acos,
    asin,
    atan,
    cast,
    clamp,
    clip,
    copy,
    cos,
    cosh,
    erf,
    exp,
    expm1,
    log,
    log1p,
    log2,
    log10,
    logit,
    nan_to_num,
    reciprocal,
    rsqrt,
    sigmoid,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
)  # fmt: skip
from .equations import det, inv, slogdet, solve
from .indexing import (
    embedding,
    getitem,
    index_add,
    index_select,
    masked_select,
    max_along,
    median_along,
    min_along,
    overwrite,
    piece,
    place,
    scatter,
    scatter_add,
    sort,
    take_along,
    topk,
)  # fmt: skip
from .linalg import addmm, cdist, linear, matmul, trace
from .loss import cross_entropy, nll
from .normalization import batch_norm, group_norm, layer_norm, rms_norm
from .padding import pad
from .pooling import avg_pool2d, max_pool2d, pick2d, resample2d
from .recurrent import gru, lstm, rnn
from .reduction import amax, amin, cumprod, cumsum, logsumexp, mean, median, norm, prod, std, sum, var
from .rounding import ceil, floor, floor_divide, fmod, remainder, round, sign, trunc, trunc_divide
from .sampling import drawn
from .shape import (
    cat,
    diag_embed,
    diagonal,
    expand,
    flip,
    reshape,
    roll,
    sliding,
    squeeze,
    stack,
    swapaxes,
    t,
    tile,
    transpose,
    tril,
    triu,
    unsqueeze,
)  # fmt: skip
from .table import NAMED_BY_INPUTS, NAMES_IN_PLACE, TABLE, Op
from .windows import fold, unfold

__all__ = [
    "NAMED_BY_INPUTS", "NAMES_IN_PLACE", "Op", "TABLE", "abs", "acos", "add", "addmm", "amax", "amin", "asin", "atan",
    "atan2", "avg_pool2d", "batch_norm", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cast", "cat",
    "cdist", "ceil", "cholesky", "clamp", "clip", "conv1d", "conv2d", "conv_transpose2d", "copy", "cos", "cosh",
    "cross_entropy", "cumprod", "cumsum", "det", "diag_embed", "diagonal", "div", "drawn", "eigh", "elu", "embedding",
    "erf", "exp", "expand", "expm1", "flip", "floor", "floor_divide", "fmod", "fold", "gelu", "getitem", "group_norm",
    "gru", "hardtanh", "huber_loss", "index_add", "index_select", "inv", "layer_norm", "leaky_relu", "lerp", "linear",
    "log", "log10", "log1p", "log2", "log_softmax", "logaddexp", "logit", "logsigmoid", "logsumexp", "lstm",
    "masked_fill", "masked_select", "matmul", "max_along", "max_pool2d", "maximum", "mean", "median", "median_along",
    "min_along", "minimum", "mish", "mse_loss", "mul", "nan_to_num", "neg", "nll", "norm", "overwrite", "pad",
    "pick2d", "piece", "pinv", "place", "pow", "power", "prelu", "prod", "qr", "reciprocal", "relu", "remainder",
    "resample2d", "reshape", "rms_norm", "rnn", "roll", "round", "rsqrt", "scaled_dot_product_attention", "scatter",
    "scatter_add", "sigmoid", "sign", "silu", "sin", "sinh", "sliding", "slogdet", "smooth_l1_loss", "softmax",
    "softplus", "solve", "sort", "sqrt", "squeeze", "stack", "std", "sub", "sum", "svd", "swapaxes", "t", "take_along",
    "tan", "tanh", "tile", "topk", "trace", "transpose", "tril", "triu", "trunc", "trunc_divide", "unfold",
    "unsqueeze", "var", "where",
]  # fmt: skip
