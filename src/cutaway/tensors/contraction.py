"""Tensor contractions: einsum, tensordot and inner, each reduced to one batched matrix product.

Every dimension has a label. The labels of two tensors are of four kinds:

- batch: labels of both tensors that are kept;
- summed: labels of both tensors that are not kept;
- rows, labels of the first tensor alone, and columns, labels of the second alone.

After a permute to this order, and a reshape of the rows, of the summed and of the columns to one dimension each, the
contraction is `(*batch, rows, summed) @ (*batch, summed, columns)`. `contract` does this; the rest of `einsum` only
parses the labels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING, Any

from .. import errors
from .arguments import tensor_argument
from .base import TensorBase, axis_of

if TYPE_CHECKING:
    from .tensor import Tensor

Labels = list[Any]  # one per dimension


def contract(x: Any, of_x: Labels, y: Any, of_y: Labels, kept: set[Any]) -> tuple[Any, Labels]:
    """Multiply two tensors, and sum over the labels that are not kept.

    Args:
        x, y: two tensors. Dimensions of length 1 broadcast.
        of_x, of_y: the labels of their dimensions, unique within each tensor.
        kept: the labels to keep.

    Returns:
        The result and its labels: those of the batch, the rows, and the columns.
    """
    x, of_x = sum_out(x, of_x, kept | set(of_y))
    y, of_y = sum_out(y, of_y, kept | set(of_x))
    batch = [label for label in of_x if label in of_y and label in kept]
    summed = [label for label in of_x if label in of_y and label not in kept]
    rows = [label for label in of_x if label not in of_y]
    columns = [label for label in of_y if label not in of_x]
    labels = batch + rows + columns
    if not summed:
        return aligned(x, of_x, labels) * aligned(y, of_y, labels), labels

    size = dict(zip(of_x + of_y, (*x.shape, *y.shape), strict=True))
    size |= {label: n for label, n in zip(of_x, x.shape, strict=True) if n != 1}
    product = matrices(x, of_x, size, batch, rows, summed) @ matrices(y, of_y, size, batch, summed, columns)
    return product.reshape([size[label] for label in labels]), labels


def matrices(x: Any, labels: Labels, size: dict[Any, int], batch: Labels, rows: Labels, columns: Labels) -> Any:
    """x as a batch of matrices, with the dimensions of the rows as one, and those of the columns as one."""
    x, order = stretched(x, labels, size), batch + rows + columns
    if labels != order:
        x = x.permute([labels.index(label) for label in order])
    if len(rows) == len(columns) == 1:
        return x
    height, width = (math.prod(size[label] for label in kind) for kind in (rows, columns))
    return x.reshape([*(size[label] for label in batch), height, width])


def sum_out(x: Any, labels: Labels, kept: set[Any]) -> tuple[Any, Labels]:
    """x summed over the dimensions whose labels are not kept."""
    dims = [i for i, label in enumerate(labels) if label not in kept]
    return (x.sum(dims), [label for label in labels if label in kept]) if dims else (x, labels)


def aligned(x: Any, labels: Labels, order: Labels) -> Any:
    """x permuted to the given order of labels, with a dimension of length 1 for each label that it lacks."""
    own = [label for label in order if label in labels]
    if own != labels:
        x = x.permute([labels.index(label) for label in own])
    return x if own == order else x[tuple(slice(None) if label in labels else None for label in order)]


def stretched(x: Any, labels: Labels, size: dict[Any, int]) -> Any:
    """x expanded to the sizes of its labels."""
    shape = [size[label] for label in labels]
    return x if list(x.shape) == shape else x.expand(shape)


# --- tensordot -----------------------------------------------------------------------------------------------------


def tensordot(a: Tensor, b: Tensor, dims: int | Sequence[Sequence[int]] | Tensor = 2) -> Tensor:
    """Contract dimensions of one tensor with dimensions of another.

    Args:
        a, b: the tensors.
        dims: the number of dimensions, the last ones of a with the first ones of b; or two lists, the dimensions of a
            and the dimensions of b that they are paired with.

    Returns:
        A tensor with the remaining dimensions of a, then those of b.

    Raises:
        RuntimeError: paired dimensions have different sizes.

    >>> a, b = cutaway.ones(2, 3, 4), cutaway.ones(4, 3, 5)
    >>> cutaway.tensordot(a, b, dims=([1, 2], [1, 0])).shape
    torch.Size([2, 5])
    """
    own, other = tensor_argument(a, "tensordot").shape, tensor_argument(b, "tensordot").shape
    pairs: Any = dims.tolist() if isinstance(dims, TensorBase) else dims
    if isinstance(pairs, int):
        if not 0 <= pairs <= min(len(own), len(other)):
            raise errors.number_of_dims(pairs, own, other)
        pairs = range(len(own) - pairs, len(own)), range(pairs)
    first, second = ([axis_of(dim, len(shape)) for dim in chosen] for chosen, shape in zip(pairs, (own, other)))
    if len(first) != len(second):
        raise errors.unequal_dims(*pairs)
    for chosen in (first, second):
        if len(set(chosen)) < len(chosen):
            raise RuntimeError(f"tensordot: a dimension appears more than once in dims={dims}: list each only once")
    of_a: Labels = [("a", i) for i in range(len(own))]
    of_b: Labels = [("b", j) for j in range(len(other))]
    for i, j in zip(first, second, strict=True):
        if own[i] != other[j] and 1 not in (own[i], other[j]):
            raise errors.contraction_mismatch(own, other, i, j)
        of_b[j] = of_a[i]
    kept = (set(of_a) | set(of_b)) - {of_a[i] for i in first}
    return contract(a, of_a, b, of_b, kept)[0]  # type: ignore[no-any-return]


# --- einsum --------------------------------------------------------------------------------------------------------

LETTERS = ascii_uppercase + ascii_lowercase  # the labels of 0, 1, ...; the implicit output is sorted in this order


def einsum(*args: Any) -> Tensor:
    """Sum products of tensors along labelled dimensions, by the Einstein summation convention.

    Dimensions with the same letter are multiplied elementwise; letters that are not in the output are summed over.

    Args:
        args: the equation, such as "ij,jk->ik", and a tensor for each of its terms. "..." stands for any further
            dimensions, which broadcast. A letter twice in one term takes the diagonal. Without "->" the output has the
            letters that appear once, in alphabetical order. Instead of an equation, each tensor may be followed
            by a list of integers for its dimensions, and all by a list for the output.

    Raises:
        RuntimeError: the equation is malformed, or does not match the tensors.

    >>> a, b = cutaway.ones(2, 3), cutaway.ones(3, 4)
    >>> cutaway.einsum("ij,jk->ik", a, b).shape        # a @ b
    torch.Size([2, 4])
    >>> cutaway.einsum("ij->j", a)                     # a.sum(0)
    tensor([2., 2., 2.])
    >>> cutaway.einsum(a, [0, 1], b, [1, 2], [0, 2]).shape
    torch.Size([2, 4])

    The scores of attention, for a batch of heads: each query with each key.

    >>> queries, keys = cutaway.ones(8, 4, 10, 16), cutaway.ones(8, 4, 12, 16)   # (N, heads, T, width)
    >>> cutaway.einsum("nhqd,nhkd->nhqk", queries, keys).shape
    torch.Size([8, 4, 10, 12])
    """
    operands, terms, output = _read_lists(args) if args and not isinstance(args[0], str) else _read_equation(args)
    terms, output = _without_ellipses([x.shape for x in operands], terms, output)
    _check_sizes([x.shape for x in operands], terms)
    parts = [_diagonals(x, labels) for x, labels in zip(operands, terms, strict=True)]
    x, labels = parts[0]
    for i, (y, of_y) in enumerate(parts[1:], 2):
        later = {label for _, others in parts[i:] for label in others}
        x, labels = contract(x, labels, y, of_y, later | set(output))
    x, labels = sum_out(x, labels, set(output))
    if labels != output or x is operands[0]:
        x = x.permute([labels.index(label) for label in output])
    return x  # type: ignore[no-any-return]


def _read_equation(args: tuple[Any, ...]) -> tuple[list[Any], list[Labels], Labels]:
    """Parse "ij,jk->ik", x, y into the operands, their labels, and the labels of the output."""
    equation, *operands = args or ("",)
    if len(operands) == 1 and isinstance(operands[0], tuple | list):
        operands = list(operands[0])
    if not operands:
        raise errors.nothing_to_multiply()
    left, arrow, right = equation.partition("->")
    terms = [_read_term(term, equation, f"operand {i}") for i, term in enumerate(left.split(","))]
    _check_operands(operands)
    if len(operands) != len(terms):
        raise errors.operands_mismatch(equation, len(terms), len(operands))
    return operands, terms, _read_term(right, equation, "output") if arrow else _usual_output(terms)


def _read_term(term: str, equation: str, where: str) -> Labels:
    labels = re.findall(r"\.\.\.|\S", term)
    for label in labels:
        if label not in ascii_letters and label != "...":
            raise errors.invalid_label(equation, equation.index(label))
    if labels.count("...") > 1:
        raise errors.two_ellipses_in(where)
    return labels


def _read_lists(args: tuple[Any, ...]) -> tuple[list[Any], list[Labels], Labels]:
    """Parse x, [0, 1], y, [1, 2], [0, 2] into the operands, their labels, and the labels of the output."""
    if len(args) < 2:
        raise errors.nothing_to_multiply()
    operands, lists = list(args[: len(args) // 2 * 2 : 2]), list(args[1::2])
    _check_operands(operands)
    terms = [_read_list(numbers) for numbers in lists]
    return operands, terms, _read_list(args[-1]) if len(args) % 2 else _usual_output(terms)


def _read_list(numbers: Sequence[Any]) -> Labels:
    for number in numbers:
        if number is not ... and not (isinstance(number, int) and 0 <= number < len(LETTERS)):
            raise errors.label_out_of_range(number)
    return ["..." if number is ... else LETTERS[number] for number in numbers]


def _usual_output(terms: list[Labels]) -> Labels:
    """The implicit output: the ellipsis, and the letters that appear once."""
    letters = [label for labels in terms for label in labels if label != "..."]
    return ["...", *sorted(label for label in letters if letters.count(label) == 1)]


def _check_operands(operands: list[Any]) -> None:
    for i, x in enumerate(operands):
        if not isinstance(x, TensorBase):
            raise errors.operand_is_no_tensor(i, x)


def _without_ellipses(shapes: list[Any], terms: list[Labels], output: Labels) -> tuple[list[Labels], Labels]:
    """The labels, with each ellipsis expanded to one label per dimension, numbered from the last."""
    further = []
    for i, (shape, labels) in enumerate(zip(shapes, terms, strict=True)):
        further.append(len(shape) - len(labels) + ("..." in labels))
        if further[i] < 0 or (further[i] and "..." not in labels):
            raise errors.labels_mismatch(i, len(labels) - ("..." in labels), shape, "..." in labels)

    def spelled_out(labels: Labels, n: int) -> Labels:
        at = labels.index("...") if "..." in labels else len(labels)
        return labels[:at] + [-i for i in range(n, 0, -1)] + labels[at + 1 :]

    terms = [spelled_out(labels, n) for labels, n in zip(terms, further, strict=True)]
    output = spelled_out(output, max(further)) if "..." in output else output
    for label in output:
        if output.count(label) > 1:
            raise errors.repeated_output(label)
        if not any(label in labels for labels in terms):
            raise errors.unknown_output(label)
    return terms, output


def _check_sizes(shapes: list[Any], terms: list[Labels]) -> None:
    """Raise unless a label has one size wherever it appears, or 1."""
    size: dict[Any, int] = {}
    for i, (shape, labels) in enumerate(zip(shapes, terms, strict=True)):
        for label, n in zip(labels, shape, strict=True):
            if labels.count(label) > 1 and shape[labels.index(label)] != n:
                raise errors.diagonal_mismatch(label, i, shape)
            if 1 not in (n, size.get(label, n)) and n != size.get(label, n):
                raise errors.label_of_two_sizes("..." if isinstance(label, int) else label, n, size[label], i)
            size[label] = max(n, size.get(label, n)) if n else 0


def _diagonals(x: Any, labels: Labels) -> tuple[Any, Labels]:
    """x with unique labels: a repeated label takes the diagonal."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            x = x.diagonal(0, i, j)
            labels = [*labels[:i], *labels[i + 1 : j], *labels[j + 1 :], label]
    return x, labels
