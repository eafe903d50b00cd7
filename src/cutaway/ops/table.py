"""The op table: the single place where an op is declared.

The op functions contain only the maths. The metadata that the engine, printing and the tests need
is listed here, one line per op.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import (
    activation,
    arithmetic,
    attention,
    convolution,
    decompositions,
    distance,
    elementwise,
    equations,
    indexing,
    linalg,
    loss,
    normalization,
    padding,
    pooling,
    recurrent,
    reduction,
    rounding,
    sampling,
    shape,
    special,
    windows,
)


def _is_number(node: Any, i: int) -> bool:
    return node.parents[i] is None and node.arrays is not None and not isinstance(node.arrays[i], np.ndarray)


def _number_last(node: Any) -> list[Any]:
    return [*node.parents[1:], None] if _is_number(node, 0) else list(node.parents)


@dataclass(frozen=True)
class Op:
    """The metadata of an op."""

    function: Callable[..., Any]
    grad_fn: str | Callable[[Any], str]  # PyTorch's name for the node, as in grad_fn=<MulBackward0>
    broadcasts: bool = False  # inputs broadcast; the engine sums their gradients back to the input's shape
    numpy: Callable[..., Any] | None = None  # the array function that this op implements for Tensors
    twin: Callable[..., Any] | None = None  # a reference implementation of a fused op, from small ops
    zeros: bool = False  # PyTorch returns zeros for its second derivative, and not None
    parents_of: Callable[[Any], list[Any]] = _number_last  # in PyTorch's order: 3 * x as x * 3, bias first

    @property
    def formula(self) -> str:
        """The formula: the first line of the op's docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]

    def grad_fn_of(self, node: Any) -> str:
        """PyTorch's name for this node; for some ops it depends on the arguments."""
        return self.grad_fn if isinstance(self.grad_fn, str) else self.grad_fn(node)


def _one_or_all(name: str) -> Callable[[Any], str]:
    """PyTorch distinguishes sum() and sum(dim): SumBackward0 and SumBackward1."""
    return lambda node: f"{name}Backward{int(node.attrs.get('axis') is not None)}"


def _clamped(node: Any) -> str:
    """PyTorch distinguishes clamp_min(0) and clamp(min=0)."""
    if "max" not in node.attrs:
        return "ClampMinBackward0"
    return "ClampBackward1" if "min" in node.attrs else "ClampMaxBackward0"


def _starts_with_number(name: str, otherwise: str) -> Callable[[Any], str]:
    """PyTorch distinguishes 1 - x and y - x."""
    return lambda node: name if _is_number(node, 0) else otherwise


def _by_number(name: str, i: int) -> Callable[[Any], str]:
    """PyTorch distinguishes x % 2 and x % y: RemainderBackward0 and RemainderBackward1."""
    return lambda node: f"{name}Backward{int(not _is_number(node, i))}"


def _drawn(node: Any) -> str:
    """PyTorch distinguishes normal(mean, 1.), normal(0., std) and normal(mean, std)."""
    if node.attrs["of"] == "Bernoulli":
        return "BernoulliBackward0"
    return f"NormalBackward{1 if _is_number(node, 1) else 2 if _is_number(node, 0) else 3}"


def _with(attr: str, name: str, otherwise: str) -> Callable[[Any], str]:
    """PyTorch distinguishes amax() and max(): here, by whether an axis was passed."""
    return lambda node: name if attr in node.attrs else otherwise


def _product(node: Any) -> str:
    """PyTorch has a separate op for each combination of operand dimensions of @."""
    kinds = {(1, 1): "DotBackward0", (2, 1): "MvBackward0", (1, 2): "SqueezeBackward4", (2, 2): "MmBackward0"}
    return kinds.get((node.arrays[0].ndim, node.arrays[1].ndim), "UnsafeViewBackward0")


def _linear(node: Any) -> str:
    if len(node.parents) == 2:
        return {1: "SqueezeBackward4", 2: "MmBackward0"}.get(len(node.shape), "UnsafeViewBackward0")
    return "AddmmBackward0" if len(node.shape) == 2 else "ViewBackward0"


def _reshaped(node: Any) -> str:
    """PyTorch distinguishes a view from a copy."""
    if not node.arrays:
        return "ViewBackward0"
    [x] = node.arrays
    copied = x.size and not np.may_share_memory(x, x.reshape(node.shape))
    return "UnsafeViewBackward0" if copied else "ViewBackward0"


def _squeezed(node: Any) -> str:
    axis = node.attrs["axis"]
    return f"SqueezeBackward{0 if axis is None else 2 if isinstance(axis, tuple) and axis else 1}"


def _written(node: Any) -> str:
    """By the target of the write: a whole tensor, elements selected by index tensors, or a view."""
    index = node.attrs.get("index", ...)
    parts = index if isinstance(index, tuple) else (index,)
    if node.attrs.get("steps"):
        return "torch::autograd::CopySlices"
    if any(isinstance(part, np.ndarray) for part in parts):
        return "IndexPutBackward0"
    if not all(part is ... or part == slice(None) for part in parts):
        return "torch::autograd::CopySlices"
    filled = node.parents[1] is None and not np.ndim(node.arrays[1])
    return "FillBackward2" if filled else "torch::autograd::CopyBackwards"


def _read(node: Any) -> str:
    """x[0] is a select, x[1:] a slice, x[[0, 2]] advanced indexing."""
    parts = [part for part in node.attrs["index"] if part is not ...]
    if any(isinstance(part, np.ndarray) for part in parts):
        return "IndexBackward0"
    last = parts[-1] if parts else ...
    if isinstance(last, int):
        return "SelectBackward0"
    return "UnsqueezeBackward0" if last is None else "SliceBackward0" if parts else "AliasBackward0"


_OPS = [
    # arithmetic
    Op(arithmetic.add, "AddBackward0", broadcasts=True, numpy=np.add),
    Op(arithmetic.sub, _starts_with_number("RsubBackward1", "SubBackward0"), broadcasts=True, numpy=np.subtract),
    Op(arithmetic.mul, "MulBackward0", broadcasts=True, numpy=np.multiply),
    Op(arithmetic.div, "DivBackward0", broadcasts=True, numpy=np.divide),
    Op(arithmetic.neg, "NegBackward0", numpy=np.negative),
    Op(arithmetic.power, "PowBackward0"),
    Op(arithmetic.pow, _starts_with_number("PowBackward2", "PowBackward1"), broadcasts=True, numpy=np.power),
    Op(arithmetic.atan2, "Atan2Backward0", broadcasts=True, numpy=np.arctan2),
    Op(arithmetic.logaddexp, "LogaddexpBackward0", broadcasts=True, numpy=np.logaddexp),
    Op(arithmetic.lerp, _by_number("Lerp", 2), broadcasts=True),
    Op(arithmetic.maximum, "MaximumBackward0", broadcasts=True, numpy=np.maximum),
    Op(arithmetic.minimum, "MinimumBackward0", broadcasts=True, numpy=np.minimum),
    Op(
        arithmetic.masked_fill,
        lambda node: f"MaskedFillBackward{int(node.parents[1] is not None)}",
        broadcasts=True,
    ),
    Op(arithmetic.where, "WhereBackward0", broadcasts=True, parents_of=lambda node: list(node.parents)),
    # elementwise functions
    Op(elementwise.exp, "ExpBackward0", numpy=np.exp),
    Op(elementwise.expm1, "Expm1Backward0", numpy=np.expm1),
    Op(elementwise.log, "LogBackward0", numpy=np.log),
    Op(elementwise.log1p, "Log1PBackward0", numpy=np.log1p),
    Op(elementwise.log2, "Log2Backward0", numpy=np.log2),
    Op(elementwise.log10, "Log10Backward0", numpy=np.log10),
    Op(elementwise.sqrt, "SqrtBackward0", numpy=np.sqrt),
    Op(elementwise.rsqrt, "RsqrtBackward0"),
    Op(elementwise.reciprocal, "ReciprocalBackward0", numpy=np.reciprocal),
    Op(elementwise.abs, "AbsBackward0", numpy=np.abs),
    Op(elementwise.sin, "SinBackward0", numpy=np.sin),
    Op(elementwise.cos, "CosBackward0", numpy=np.cos),
    Op(elementwise.tan, "TanBackward0", numpy=np.tan),
    Op(elementwise.asin, "AsinBackward0", numpy=np.arcsin),
    Op(elementwise.acos, "AcosBackward0", numpy=np.arccos),
    Op(elementwise.atan, "AtanBackward0", numpy=np.arctan),
    Op(elementwise.sinh, "SinhBackward0", numpy=np.sinh),
    Op(elementwise.cosh, "CoshBackward0", numpy=np.cosh),
    Op(elementwise.tanh, "TanhBackward0", numpy=np.tanh),
    Op(elementwise.sigmoid, "SigmoidBackward0", numpy=special.sigmoid_values),
    Op(elementwise.logit, "LogitBackward0"),
    Op(elementwise.erf, "ErfBackward0", numpy=special.erf_values),
    Op(elementwise.clamp, _clamped),
    Op(elementwise.clip, "ClampBackward0", broadcasts=True),
    Op(elementwise.nan_to_num, "NanToNumBackward0", numpy=np.nan_to_num),
    Op(elementwise.copy, "CloneBackward0", numpy=np.copy),
    Op(elementwise.cast, "ToCopyBackward0"),
    # rounding
    Op(rounding.floor, "FloorBackward0", numpy=np.floor),
    Op(rounding.ceil, "CeilBackward0", numpy=np.ceil),
    Op(rounding.trunc, "TruncBackward0", numpy=np.trunc),
    Op(rounding.round, lambda node: f"RoundBackward{int('decimals' in node.attrs)}", numpy=np.round),
    Op(rounding.sign, "SignBackward0", numpy=np.sign),
    Op(rounding.floor_divide, "DivBackward2", broadcasts=True, numpy=np.floor_divide),
    Op(rounding.trunc_divide, "DivBackward2", broadcasts=True),
    Op(rounding.remainder, _by_number("Remainder", 1), broadcasts=True, numpy=np.remainder),
    Op(rounding.fmod, _by_number("Fmod", 1), broadcasts=True, numpy=np.fmod),
    # random numbers
    Op(sampling.drawn, _drawn, broadcasts=True),
    # reductions
    Op(reduction.sum, _one_or_all("Sum"), numpy=np.sum),
    Op(reduction.prod, _one_or_all("Prod"), numpy=np.prod),
    Op(reduction.mean, _one_or_all("Mean"), numpy=np.mean),
    Op(reduction.var, "VarBackward0"),
    Op(reduction.std, "StdBackward0"),
    Op(reduction.amax, _with("axis", "AmaxBackward0", "MaxBackward1"), numpy=np.max),
    Op(reduction.amin, _with("axis", "AminBackward0", "MinBackward1"), numpy=np.min),
    Op(reduction.logsumexp, "LogsumexpBackward0"),
    Op(reduction.cumsum, "CumsumBackward0", numpy=np.cumsum),
    Op(reduction.cumprod, "CumprodBackward0", numpy=np.cumprod),
    Op(reduction.median, "MedianBackward0"),
    Op(reduction.norm, "LinalgVectorNormBackward0"),
    # matrix products
    Op(linalg.matmul, _product, broadcasts=True, numpy=np.matmul),
    Op(linalg.linear, _linear, twin=linalg.linear_twin, parents_of=lambda node: [*node.parents[2:], *node.parents[:2]]),
    Op(
        linalg.addmm,
        lambda node: "AddmmBackward0" if len(node.shape) == 2 else "BaddbmmBackward0",
        broadcasts=True,
    ),
    Op(linalg.trace, "TraceBackward0", numpy=np.trace),
    Op(linalg.cdist, _with("by_product", "ViewBackward0", "CdistBackward0"), broadcasts=True),
    # linear systems
    Op(equations.solve, "LinalgSolveExBackward0", broadcasts=True, numpy=np.linalg.solve),
    Op(equations.inv, "LinalgInvExBackward0", numpy=np.linalg.inv),
    Op(equations.det, "LinalgDetBackward0", numpy=np.linalg.det),
    Op(equations.slogdet, "LinalgSlogdetBackward0"),
    # decompositions
    Op(decompositions.cholesky, "LinalgCholeskyExBackward0", numpy=np.linalg.cholesky),
    Op(decompositions.eigh, "LinalgEighBackward0", numpy=decompositions.eigen),
    Op(decompositions.svd, "LinalgSvdBackward0", numpy=decompositions.singular),
    Op(decompositions.qr, "LinalgQrBackward0", numpy=decompositions.orthogonal),
    Op(decompositions.pinv, "LinalgPinvBackward0", numpy=decompositions.pseudoinverse),
    # shape
    Op(shape.reshape, _reshaped, numpy=np.reshape),
    Op(shape.transpose, "PermuteBackward0", numpy=np.transpose),
    Op(shape.swapaxes, "TransposeBackward0", numpy=np.swapaxes),
    Op(shape.t, "TBackward0"),
    Op(shape.squeeze, _squeezed, numpy=np.squeeze),
    Op(shape.unsqueeze, "UnsqueezeBackward0", numpy=np.expand_dims),
    Op(shape.expand, "ExpandBackward0", broadcasts=True, numpy=np.broadcast_to),
    Op(shape.flip, "FlipBackward0", numpy=np.flip),
    Op(shape.roll, "RollBackward0", numpy=np.roll),
    Op(shape.diagonal, "DiagonalBackward0", numpy=shape.diagonal_of),
    Op(shape.diag_embed, "DiagEmbedBackward0", numpy=shape.on_diagonal),
    Op(shape.sliding, "UnfoldBackward0", numpy=shape.windows_of),
    Op(shape.tile, "RepeatBackward0", numpy=np.tile),
    Op(shape.tril, "TrilBackward0", numpy=np.tril),
    Op(shape.triu, "TriuBackward0", numpy=np.triu),
    Op(shape.cat, "CatBackward0"),
    Op(shape.stack, "StackBackward0"),
    Op(padding.pad, "ConstantPadNdBackward0", numpy=padding.bordered),
    # indexing
    Op(indexing.getitem, _read),
    Op(indexing.piece, lambda node: f"{node.attrs['of']}Backward0"),
    Op(indexing.index_select, "IndexSelectBackward0"),
    Op(indexing.masked_select, "MaskedSelectBackward0"),
    Op(indexing.max_along, "MaxBackward0"),
    Op(indexing.min_along, "MinBackward0"),
    Op(indexing.median_along, "MedianBackward1"),
    Op(indexing.place, "IndexPutBackward0", numpy=indexing.spread),
    Op(indexing.overwrite, _written, broadcasts=True),
    Op(indexing.take_along, "GatherBackward0"),
    Op(indexing.sort, "SortBackward0"),
    Op(indexing.topk, "TopkBackward0"),
    Op(indexing.scatter, lambda node: f"ScatterBackward{int(not np.ndim(node.arrays[1]))}"),
    Op(indexing.scatter_add, "ScatterAddBackward0"),
    Op(indexing.index_add, "IndexAddBackward0"),
    Op(indexing.embedding, "EmbeddingBackward0"),
    # activations
    Op(activation.relu, "ReluBackward0", zeros=True),
    Op(activation.leaky_relu, "LeakyReluBackward0", zeros=True),
    Op(activation.elu, "EluBackward0"),
    Op(activation.gelu, "GeluBackward0"),
    Op(activation.silu, "SiluBackward0"),
    Op(activation.mish, "MishBackward0"),
    Op(activation.prelu, "PreluKernelBackward0", broadcasts=True, zeros=True),
    Op(activation.hardtanh, "HardtanhBackward0", zeros=True),
    Op(activation.softplus, "SoftplusBackward0"),
    Op(activation.logsigmoid, "LogSigmoidBackward0"),
    Op(activation.softmax, "SoftmaxBackward0"),
    Op(activation.log_softmax, "LogSoftmaxBackward0"),
    # losses
    Op(loss.cross_entropy, "NllLossBackward0", twin=loss.cross_entropy_twin),
    Op(loss.nll, "NllLossBackward0", zeros=True),
    Op(distance.mse_loss, "MseLossBackward0", broadcasts=True),
    Op(distance.huber_loss, "HuberLossBackward0", broadcasts=True),
    Op(distance.smooth_l1_loss, "SmoothL1LossBackward0", broadcasts=True),
    Op(distance.binary_cross_entropy, "BinaryCrossEntropyBackward0"),
    Op(distance.binary_cross_entropy_with_logits, "BinaryCrossEntropyWithLogitsBackward0"),
    # images
    Op(convolution.conv1d, "ConvolutionBackward0", twin=convolution.conv1d_twin),
    Op(convolution.conv2d, "ConvolutionBackward0", twin=convolution.conv2d_twin),
    Op(convolution.conv_transpose2d, "ConvolutionBackward0", twin=convolution.conv_transpose2d_twin),
    Op(windows.unfold, "Im2ColBackward0", numpy=windows.columns),
    Op(windows.fold, "Col2ImBackward0", numpy=windows.overlaid),
    Op(pooling.max_pool2d, "MaxPool2DWithIndicesBackward0", twin=pooling.max_pool2d_twin, zeros=True),
    Op(pooling.avg_pool2d, "AvgPool2DBackward0", twin=pooling.avg_pool2d_twin, zeros=True),
    Op(pooling.resample2d, "UpsampleBilinear2DBackward0"),
    Op(pooling.pick2d, "UpsampleNearest2DBackward0"),
    # normalization
    Op(normalization.layer_norm, "NativeLayerNormBackward0", twin=normalization.layer_norm_twin),
    Op(normalization.rms_norm, "MulBackward0", twin=normalization.rms_norm_twin),
    Op(normalization.group_norm, "NativeGroupNormBackward0", twin=normalization.group_norm_twin),
    Op(normalization.batch_norm, "NativeBatchNormBackward0", twin=normalization.batch_norm_twin),
    # sequences
    Op(recurrent.rnn, "StackBackward0", twin=recurrent.rnn_twin),
    Op(recurrent.lstm, "MkldnnRnnLayerBackward0", twin=recurrent.lstm_twin),
    Op(recurrent.gru, "StackBackward0", twin=recurrent.gru_twin),
    Op(
        attention.scaled_dot_product_attention,
        "ScaledDotProductFlashAttentionForCpuBackward0",
        twin=attention.scaled_dot_product_attention_twin,
    ),
]

TABLE: dict[Callable[..., Any], Op] = {op.function: op for op in _OPS}

# Ops whose node's name depends on the inputs: it is computed before the inputs are released.
NAMED_BY_INPUTS = {
    arithmetic.sub, arithmetic.pow, arithmetic.lerp, rounding.remainder, rounding.fmod, sampling.drawn, linalg.matmul,
    indexing.overwrite, indexing.scatter,
}  # fmt: skip

# PyTorch's names for the nodes of t_(), transpose_(), unsqueeze_() and squeeze_().
NAMES_IN_PLACE = {
    "TBackward0": "TBackward1",
    "TransposeBackward0": "TransposeBackward1",
    "UnsqueezeBackward0": "UnsqueezeBackward1",
    "SqueezeBackward0": "SqueezeBackward3",
    "SqueezeBackward1": "SqueezeBackward4",
    "SqueezeBackward2": "SqueezeBackward5",
}
