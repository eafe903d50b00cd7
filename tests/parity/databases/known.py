"""The known differences: samples that do not pass, and why somebody who uses cutaway can live with it.

An entry that no sample needs any more is named in the report, so that the list can only get shorter unnoticed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A difference that is meant.

    Args:
        name: the names, as a pattern: `nn.functional.*`.
        case: the samples, as a pattern: `in-place *`.
        found: what every difference of the sample must contain, so that the entry hides no other.
        reason: the reason, for a reader.
    """

    name: str
    case: str
    found: str
    reason: str


KNOWN: tuple[Known, ...] = (
    Known(
        "*norm", "*", "instead of None",
        "the norm of order 0 counts elements, and its slope is 0 everywhere: the gradient is zeros, in PyTorch None, "
        "which comes to the same",
    ),
    Known(
        "linalg.norm", "*float64*", "instead of nan",
        "at the origin a norm has no slope; the gradient is 0 there, as in PyTorch, and the gradient of this gradient "
        "is 0 again, where PyTorch's is nan",
    ),
    Known(
        "linalg.eigh", "*", "value[1]: ",
        "both v and -v are eigenvectors, and builds of LAPACK choose differently; the eigenvalues are equal",
    ),
    Known(
        "linalg.svd", "*", "value[",
        "the signs of singular vectors are a choice too; the singular values and the product of the factors are equal",
    ),
    Known(
        "linalg.pinv", "function linalg.pinv (hermitian)*", "value: ",
        "hermitian=True says that the matrix is symmetric; of one that is not, PyTorch then reads one triangle only",
    ),
    Known(
        "nn.*nstance*orm*", "*", "no running statistics",
        "instance normalization is computed from each instance, which is PyTorch's default; running averages of it are "
        "not kept",
    ),
    Known(
        "nn.functional.embedding_bag", "*", "mode='max'", "the maximum over a bag is embedding(...).amax(1)",
    ),
    Known(
        "nn.CrossEntropyLoss", "float64 train #20", "second gradient[1]: 0.0 instead of nan",
        "the mean over no samples (all have the class that is ignored) is nan, and its gradient 0, in both; PyTorch "
        "says that this 0 changes by nan with the gradient that comes in, cutaway that it does not change",
    ),
)  # fmt: skip
