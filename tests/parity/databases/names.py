"""The names that learners use, and where PyTorch's databases have samples for them.

A name is a name of cutaway: `add`, `nn.functional.relu`, `nn.Linear`, `optim.SGD`. Most are called the same in `op_db`,
`module_db` or `optim_db`; the rest say where they are. A name with no entry is compared by the other files in
`tests/parity`, and the report says by which.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FUNCTION, METHOD, IN_PLACE = "function", "method", "in-place"
OPERATOR, IN_PLACE_OPERATOR = "operator", "in-place operator"


@dataclass(frozen=True)
class Op:
    """An entry of `op_db`, or several of its variants.

    Args:
        entry: the name in the database.
        alias: the name to call it by, where it is another one.
        variants: the variants that the name covers; None for all.
        forms: the forms that the name covers; None for all that PyTorch has.
        values: whether there are values to compare; `empty` has none.
    """

    entry: str
    alias: str | None = None
    variants: tuple[str, ...] | None = None
    forms: tuple[str, ...] | None = None
    values: bool = True


@dataclass(frozen=True)
class Name:
    """A name of cutaway, and its entries in the databases."""

    name: str
    ops: tuple[Op, ...] = ()
    module: bool = False
    optimizer: bool = False
    scheduler: bool = False

    @property
    def elsewhere(self) -> bool:
        """Whether no database has samples for it."""
        return not (self.ops or self.module or self.optimizer or self.scheduler)


def ops(text: str, prefix: str = "", **others: Op | tuple[Op, ...]) -> list[Name]:
    """Names that are entries of the same name, and others with what they are."""
    names = [Name(prefix + name, (Op(prefix + name),)) for name in text.split()]
    for name, entries in others.items():
        names.append(Name(prefix + name, entries if isinstance(entries, tuple) else (entries,)))
    return names


def plain(text: str, prefix: str = "", **where: bool) -> list[Name]:
    """Names that no database knows; or, if it is said where, one that is not `op_db`."""
    return [Name(prefix + name, **where) for name in text.split()]


def methods(text: str, *forms: str) -> list[Name]:
    """Names of `op_db` that are methods, in these forms."""
    return [Name(f"Tensor.{name}", (Op(name, forms=forms),)) for name in text.split()]


def reversible(*names: str) -> Iterable[tuple[str, tuple[Op, ...]]]:
    """Operations with a form in which the number stands first: `2 - x`."""
    for name in names:
        short = {"remainder": "mod", "true_divide": "div"}.get(name, name)
        yield name, (Op(name), Op(f"__r{short}__", forms=(FUNCTION,)))


SECTIONS: dict[str, list[Name]] = {
    "cutaway": [
        *ops(
            "zeros ones full zeros_like ones_like full_like rand_like randn_like arange linspace eye meshgrid "
            "tril_indices triu_indices",
            empty=Op("empty", values=False),
            empty_like=Op("empty_like", values=False),
        ),
        *plain("tensor as_tensor from_numpy Tensor LongTensor FloatTensor"),
        *plain("float32 float float64 double float16 half int64 long int32 int int16 int8 uint8 bool"),
        *plain("set_default_dtype get_default_dtype finfo iinfo pi e inf nan device is_tensor numel Size Generator"),
        *plain("no_grad enable_grad set_grad_enabled is_grad_enabled inference_mode manual_seed initial_seed"),
        *plain("get_rng_state set_rng_state set_printoptions save load"),
        *plain("cuda.is_available accelerator.is_available backends.mps.is_available"),
    ],
    "random": [
        *ops(
            "randn randint multinomial bernoulli",
            normal=Op("normal", variants=("", "number_mean"), forms=(FUNCTION,)),
            normal_=Op("normal", variants=("in_place",), forms=(IN_PLACE,)),
            uniform_=Op("uniform", forms=(IN_PLACE,)),
            exponential_=Op("exponential", forms=(IN_PLACE,)),
        ),
        *plain("rand randperm Tensor.bernoulli_"),
    ],
    "elementwise": [
        *ops("", **dict(reversible("add", "sub", "mul", "remainder", "pow"))),
        *ops(
            "fmod floor_divide neg abs sign sqrt rsqrt square reciprocal exp expm1 log log2 log10 log1p sin cos tan "
            "asin acos atan atan2 sinh cosh tanh sigmoid logit erf floor ceil round trunc clamp clamp_min clamp_max "
            "maximum minimum lerp where masked_fill nan_to_num logaddexp eq ne lt le gt ge isclose allclose equal "
            "isnan isinf isfinite logical_and logical_or logical_not logical_xor bitwise_not bitwise_left_shift "
            "bitwise_right_shift",
            div=(Op("div"), Op("true_divide"), Op("__rdiv__", forms=(FUNCTION,))),
            relu=Op("nn.functional.relu", alias="relu"),
            clip=Op("clamp", alias="clip"),
            bitwise_and=(Op("bitwise_and"), Op("__rand__", forms=(FUNCTION,))),
            bitwise_or=(Op("bitwise_or"), Op("__ror__", forms=(FUNCTION,))),
            bitwise_xor=(Op("bitwise_xor"), Op("__rxor__", forms=(FUNCTION,))),
        ),
    ],
    "reductions": ops(
        "sum mean prod std var max min amax amin argmax argmin all any count_nonzero norm logsumexp median cumsum "
        "cumprod diff bincount unique quantile std_mean var_mean",
    ),
    "shape": ops(
        "reshape view view_as reshape_as flatten unflatten ravel squeeze unsqueeze transpose permute movedim t T mT "
        "expand expand_as broadcast_to broadcast_tensors repeat repeat_interleave tile cat stack hstack vstack split "
        "chunk unbind flip roll narrow unfold contiguous clone diag diagonal tril triu",
        swapaxes=Op("transpose", alias="swapaxes"),
        concat=Op("cat", alias="concat"),
    )
    + plain("detach"),
    "indexing": ops(
        "__getitem__ gather scatter scatter_add index_select index_add index_fill masked_select take_along_dim nonzero "
        "sort argsort topk bucketize",
    )
    + plain("__setitem__", prefix="Tensor."),
    "linear algebra": [
        *ops(
            "mm bmm mv dot inner outer addmm baddbmm einsum tensordot trace cdist logdet",
            matmul=(Op("matmul"), Op("__rmatmul__", forms=(FUNCTION,))),
            cosine_similarity=Op("nn.functional.cosine_similarity", alias="cosine_similarity"),
        ),
        *ops(
            "norm vector_norm matrix_norm inv pinv det slogdet solve solve_triangular cholesky eigh eigvalsh svd "
            "svdvals qr",
            prefix="linalg.",
        ),
    ],
    "Tensor": [
        *methods("item to double float half long int bool new_zeros new_ones new_full", METHOD),
        *methods("zero_", IN_PLACE),
        Name("Tensor.fill_", (Op("fill", forms=(IN_PLACE,)),)),
        *plain(
            "shape size dim ndim numel nelement dtype device requires_grad requires_grad_ is_leaf grad grad_fn "
            "retain_grad register_hook backward tolist numpy type type_as cpu cuda new_tensor copy_ data "
            "is_contiguous stride data_ptr __len__ __iter__ __bool__ __index__ __format__ __array__ "
            "__deepcopy__ __reduce_ex__",
            prefix="Tensor.",
        ),
    ],
    "autograd": plain(
        "backward grad Function gradcheck gradgradcheck detect_anomaly set_detect_anomaly functional.jacobian "
        "functional.hessian functional.vjp functional.jvp functional.vhp functional.hvp",
        prefix="autograd.",
    ),
    "nn": [
        *plain(
            "Linear Embedding Conv1d Conv2d ConvTranspose2d LazyConv2d MaxPool1d MaxPool2d AvgPool1d AvgPool2d "
            "AdaptiveAvgPool1d AdaptiveAvgPool2d InstanceNorm1d InstanceNorm2d ReflectionPad1d ReflectionPad2d "
            "ReplicationPad1d ReplicationPad2d ConstantPad1d ConstantPad2d ZeroPad1d ZeroPad2d BatchNorm1d "
            "BatchNorm2d LayerNorm GroupNorm RMSNorm RNN GRU LSTM RNNCell GRUCell LSTMCell MultiheadAttention "
            "TransformerEncoderLayer TransformerEncoder ReLU LeakyReLU PReLU ELU SELU GELU SiLU Mish Sigmoid "
            "LogSigmoid Hardtanh Tanh Softplus Softsign Softmax LogSoftmax MSELoss L1Loss SmoothL1Loss HuberLoss "
            "CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss KLDivLoss HingeEmbeddingLoss MarginRankingLoss "
            "CosineEmbeddingLoss",
            prefix="nn.",
            module=True,
        ),
        *plain(
            "Module Parameter Buffer Sequential ModuleList ModuleDict ParameterList ParameterDict Identity Flatten "
            "Unflatten LazyLinear LazyBatchNorm2d Dropout Dropout2d Upsample PixelShuffle CosineSimilarity "
            "TripletMarginLoss EmbeddingBag",
            prefix="nn.",
        ),
    ],
    "nn.functional": [
        *ops(
            "linear embedding dropout dropout2d conv1d conv2d conv_transpose2d max_pool1d max_pool2d avg_pool1d "
            "avg_pool2d adaptive_avg_pool1d adaptive_avg_pool2d embedding_bag instance_norm pixel_shuffle batch_norm "
            "layer_norm group_norm rms_norm multi_head_attention_forward relu leaky_relu prelu elu selu gelu silu "
            "mish logsigmoid hardtanh softplus softsign cosine_similarity mse_loss l1_loss smooth_l1_loss huber_loss "
            "cross_entropy nll_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div hinge_embedding_loss "
            "margin_ranking_loss triplet_margin_loss cosine_embedding_loss one_hot pad normalize "
            "scaled_dot_product_attention unfold softmin",
            prefix="nn.functional.",
            interpolate=Op("nn.functional.interpolate", variants=("nearest", "bilinear")),
            sigmoid=Op("sigmoid", alias="nn.functional.sigmoid", forms=(FUNCTION,)),
            tanh=Op("tanh", alias="nn.functional.tanh", forms=(FUNCTION,)),
            softmax=(Op("softmax", alias="nn.functional.softmax", forms=(FUNCTION,)), Op("softmax", forms=(METHOD,))),
            log_softmax=(
                Op("log_softmax", alias="nn.functional.log_softmax", forms=(FUNCTION,)),
                Op("log_softmax", forms=(METHOD,)),
            ),
        ),
        *plain("nn.functional.gumbel_softmax"),
    ],
    "nn.init": plain(
        "uniform_ normal_ trunc_normal_ constant_ ones_ zeros_ xavier_uniform_ xavier_normal_ kaiming_uniform_ "
        "kaiming_normal_ orthogonal_ calculate_gain",
        prefix="nn.init.",
    ),
    "nn.utils": plain(
        "clip_grad_norm_ clip_grad_value_ parameters_to_vector vector_to_parameters rnn.pad_sequence",
        prefix="nn.utils.",
    ),
    "optim": [
        *plain("Optimizer", prefix="optim."),
        *plain("SGD Adam AdamW Adagrad Adadelta RMSprop LBFGS", prefix="optim.", optimizer=True),
        *plain(
            "LambdaLR StepLR MultiStepLR ConstantLR LinearLR ExponentialLR CosineAnnealingLR "
            "CosineAnnealingWarmRestarts OneCycleLR ReduceLROnPlateau SequentialLR",
            prefix="optim.lr_scheduler.",
            scheduler=True,
        ),
    ],
    "utils.data": plain(
        "Dataset IterableDataset TensorDataset Subset ConcatDataset random_split DataLoader Sampler SequentialSampler "
        "RandomSampler BatchSampler default_collate",
        prefix="utils.data.",
    ),
    "distributions": plain(
        "Normal Categorical Bernoulli Uniform MultivariateNormal Independent MixtureSameFamily kl_divergence",
        prefix="distributions.",
    ),
}

# Sections whose samples run in float16 too. It is a dtype to keep and to move numbers in; arithmetic is not promised.
STORAGE = {"cutaway", "shape", "indexing", "Tensor"}

NAMES = [name for names in SECTIONS.values() for name in names]
