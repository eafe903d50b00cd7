"""Matrices that cannot be multiplied, inverted or measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .words import describe, shapes


class LinAlgError(RuntimeError):
    """A result that does not exist, such as the inverse of a singular matrix. PyTorch's torch.linalg.LinAlgError."""


def no_answer(name: str, matrices: Any) -> LinAlgError:
    """inv() and solve() of a matrix that is singular; a decomposition of nan"""
    if not np.isfinite(matrices).all():
        return LinAlgError(f"linalg.{name}: the matrix has elements that are nan or infinite")
    if name == "cholesky":
        return _not_positive_definite(matrices)
    where = _batch_element(np.linalg.slogdet(matrices).sign == 0)
    return LinAlgError(
        f"linalg.{name}:{where} the matrix of shape {matrices.shape[-2:]} is singular, and has no inverse: one of its "
        "rows is a linear combination of the others. Are two rows or columns equal? Adding a small number to the "
        "diagonal makes it invertible: A + 1e-6 * torch.eye(n)."
    )


def _not_positive_definite(matrices: Any) -> LinAlgError:
    """cholesky() of a matrix with an eigenvalue that is not positive"""
    lowest = np.linalg.eigvalsh((matrices + matrices.swapaxes(-1, -2)) / 2)[..., 0]
    bad = lowest <= max(0, lowest.min())
    return LinAlgError(
        f"linalg.cholesky:{_batch_element(bad)} the matrix of shape {matrices.shape[-2:]} is not positive-definite: "
        f"its smallest eigenvalue is {lowest[bad][0]:.4g}, and has to be positive. If it is 0 but for rounding, as in "
        "a covariance or kernel matrix, add a small number to the diagonal: A + 1e-6 * torch.eye(n)."
    )


def _batch_element(bad: Any) -> str:
    """Where in a batch the first bad matrix is."""
    if not np.ndim(bad):
        return ""
    first = tuple(np.argwhere(bad)[0].tolist())
    return f" (Batch element {first[0] if len(first) == 1 else first}):"


def unknown_qr(mode: Any) -> RuntimeError:
    """qr(A, "complete")"""
    return RuntimeError(
        f"linalg.qr: mode={mode!r} is not there: cutaway has mode='reduced', the default. np.linalg.qr has the others, "
        "for x.numpy()"
    )


def needs_matrix(name: str, shape: Sequence[int]) -> RuntimeError:
    """inv() of a vector"""
    return RuntimeError(
        f"{name}: The input tensor A must have at least 2 dimensions (a matrix, or a batch of them), but the shape is "
        f"{tuple(shape)}"
    )


def not_one_matrix(name: str, shape: Sequence[int]) -> RuntimeError:
    """trace() of a batch"""
    return RuntimeError(f"{name}: expected a matrix, but got a tensor of shape {tuple(shape)}")


def not_square(name: str, shape: Sequence[int]) -> RuntimeError:
    """inv() of a matrix with more rows than columns"""
    return RuntimeError(
        f"{name}: A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} matrices (the shape is "
        f"{tuple(shape)})"
    )


def needs_real_numbers(name: str, dtype: Any) -> RuntimeError:
    """inv() of integers"""
    return RuntimeError(f"{name}: Expected a floating point tensor as input, but got {dtype}: use x.float()")


def narrower_dtype(name: str, own: Any, dtype: Any) -> RuntimeError:
    """norm(dtype=float32) of float64"""
    return RuntimeError(
        f"{name}: the dtype of the input ({own}) should be convertible without narrowing to the specified dtype "
        f"({dtype}): round the result instead, .to({dtype})"
    )


def unknown_matrix_norm(given: Any) -> RuntimeError:
    """matrix_norm(A, 3)"""
    return RuntimeError(
        f"linalg.matrix_norm: Order {given} not supported. Supported are 'fro' (the 2-norm of all elements), 'nuc' "
        "(the sum of the singular values), 2 and -2 (the largest, the smallest of them), 1 and -1 (the largest, the "
        "smallest column sum of |A|), inf and -inf (row sum)."
    )


def norm_of_many_dims(ndim: int) -> RuntimeError:
    """linalg.norm(x, 2) of a batch"""
    return RuntimeError(
        f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D. Specify dim: "
        "dim=-1 for vectors, dim=(-2, -1) for matrices."
    )


def norm_over_many_dims(dim: Any) -> RuntimeError:
    """linalg.norm(x, dim=(0, 1, 2))"""
    return RuntimeError(
        f"linalg.norm: If dim is specified, it must be of length 1 (vectors) or 2 (matrices). Got {dim}. "
        "linalg.vector_norm takes any number."
    )


def not_two_dims(dim: Any) -> RuntimeError:
    """matrix_norm(dim=(0, 1, 2))"""
    return RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple: the dimensions of rows and columns. Got {dim}")


def norm_of_nothing(ord: float) -> RuntimeError:
    """The infinity norm of no elements."""
    return RuntimeError(
        f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor: it has no maximum and no minimum"
    )


def cannot_solve(a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    """solve() of shapes that do not fit"""
    return RuntimeError(
        f"linalg.solve: Incompatible shapes of A and B for the equation AX = B: {shapes(a, b)}. B must have as many "
        f"rows as A, {a[-2]}: a vector of that length, or a matrix with that many rows."
    )


def inner_mismatch(a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    """inner() of shapes that do not fit"""
    return RuntimeError(
        f"inner() the last dimension must match on both input tensors but got shapes {shapes(a, b)}: it multiplies "
        "along the last dimension of both"
    )


def factor_of_wrong_ndim(name: str, given: Sequence[int], ndim: int, which: str) -> RuntimeError:
    """addmm() of a tensor that is not a matrix"""
    what = "a matrix" if ndim == 2 else "a batch of matrices"
    return RuntimeError(f"{name}: {which} must be {what}, with {ndim} dimensions, but its shape is {tuple(given)}")


def factors_mismatch(name: str, a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    """addmm() of shapes that cannot be multiplied"""
    return RuntimeError(
        f"{name}: shapes {shapes(a, b)} cannot be multiplied: the last dimension of the first is {a[-1]}, the second "
        f"to last of the second is {b[-2]}; they must be equal" + (", and so must the batches" if len(a) == 3 else "")
    )


def summand_mismatch(name: str, given: Sequence[int], product: Sequence[int]) -> RuntimeError:
    """addmm() to a tensor of the wrong shape"""
    return RuntimeError(
        f"{name}: the tensor that the product is added to has shape {tuple(given)}, which cannot be broadcast to the "
        f"product's, {tuple(product)}"
    )


# --- products along chosen dimensions ------------------------------------------------------------------------------


def contraction_mismatch(a: Sequence[int], b: Sequence[int], i: int, j: int) -> RuntimeError:
    """tensordot() along dimensions of unequal length"""
    return RuntimeError(
        f"tensordot: contracted dimensions need to match, but first has size {a[i]} in dim {i} and second has size "
        f"{b[j]} in dim {j}; the shapes are {shapes(a, b)}"
    )


def unequal_dims(a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    """tensordot(dims=([0], [0, 1]))"""
    return RuntimeError(
        f"tensordot: both dimension lists should have same length, because they name pairs, but got {list(a)} and "
        f"{list(b)}"
    )


def number_of_dims(dims: int, a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    """tensordot(dims=5)"""
    return RuntimeError(
        f"tensordot: dims={dims} contracts the last dimensions of the first with as many first ones of the second: it "
        f"must be from 0 to {min(len(a), len(b))} for shapes {shapes(a, b)}"
    )


def columns_differ(a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    """cdist() of vectors of unequal length"""
    return RuntimeError(
        "cdist: X1 and X2 must have the same number of columns, since each row is a point: the shapes are "
        f"{shapes(a, b)}"
    )


def negative_norm(p: float) -> RuntimeError:
    """cdist(p=-1)"""
    return RuntimeError(f"cdist only supports non-negative p values, and got {p}")


# --- einsum --------------------------------------------------------------------------------------------------------


def nothing_to_multiply() -> ValueError:
    """einsum("ij")"""
    return ValueError(
        "einsum(): must specify the equation string and at least one operand, as in torch.einsum('ij,jk->ik', a, b), "
        "or at least one operand and its subscripts list, as in torch.einsum(a, [0, 1], b, [1, 2], [0, 2])"
    )


def operand_is_no_tensor(number: int, given: Any) -> TypeError:
    """einsum("i,i", x, 2)"""
    return TypeError(f"einsum(): operand {number} must be a Tensor, not {describe(given)}")


def label_out_of_range(label: Any) -> ValueError:
    """einsum(x, [60])"""
    return ValueError(
        f"einsum(): subscript in subscript list is not within the valid range [0, 52), or an Ellipsis: {label!r}"
    )


def invalid_label(equation: str, place: int) -> RuntimeError:
    """einsum("i1->i")"""
    return RuntimeError(
        f"einsum(): invalid subscript {equation[place]!r} given at index {place} in the equation string {equation!r}: "
        "subscripts must be in [a-zA-Z], operands are separated by commas, and '...' stands for further dimensions"
    )


def operands_mismatch(equation: str, named: int, given: int) -> RuntimeError:
    """einsum("ij,jk", x)"""
    more = "fewer" if given < named else "more"
    return RuntimeError(
        f"einsum(): {more} operands were provided than specified in the equation: {given}, where {equation!r} names "
        f"{named}"
    )


def labels_mismatch(number: int, labels: int, shape: Sequence[int], ellipsis: bool) -> RuntimeError:
    """einsum("ijk->i", matrix)"""
    no = "" if ellipsis else ", and no ellipsis was given"
    return RuntimeError(
        f"einsum(): the number of subscripts in the equation ({labels}) does not match the number of dimensions "
        f"({len(shape)}) for operand {number}, of shape {tuple(shape)}{no}"
    )


def two_ellipses_in(where: str) -> RuntimeError:
    """einsum("i......")"""
    return RuntimeError(
        f"einsum(): found a second ellipsis ('...') for {where}: it stands for all dimensions that have no letter"
    )


def unknown_output(label: str) -> RuntimeError:
    """einsum("ij->ik", x)"""
    return RuntimeError(
        f"einsum(): output subscript {label} does not appear in the equation for any input operand, so its size is "
        "not known"
    )


def repeated_output(label: str) -> RuntimeError:
    """einsum("ij->ii", x)"""
    return RuntimeError(f"einsum(): output subscript {label} appears more than once in the output")


def diagonal_mismatch(label: str, number: int, shape: Sequence[int]) -> RuntimeError:
    """einsum("ii", matrix that is not square)"""
    return RuntimeError(
        f"einsum(): subscript {label} is repeated for operand {number}, of shape {tuple(shape)}, and names its "
        "diagonal, but the sizes don't match"
    )


def label_of_two_sizes(label: str, size: int, other: int, number: int) -> RuntimeError:
    """einsum("ij,jk", x, y) where j is not the same"""
    return RuntimeError(
        f"einsum(): subscript {label} has size {size} for operand {number} which does not broadcast with previously "
        f"seen size {other}: a letter stands for one size wherever it appears (or for 1)"
    )
