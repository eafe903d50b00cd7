"""Shapes that do not match, and dimensions that do not exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .linalg import no_answer
from .values import bool_subtraction
from .words import describe, how_to_get_a_tensor, op_name, shapes


def translated(op: Callable[..., Any], inputs: Sequence[Any], attrs: Mapping[str, Any], error: Exception) -> Exception:
    """The error to raise in place of NumPy's: of PyTorch's type, naming the op and its inputs."""
    name = op_name(op)
    arrays = [x for x in inputs if isinstance(x, np.ndarray)]
    if re.search(r"supported dimension|within \[0, 64\]", str(error)):
        return RuntimeError(
            f"{name}: the result would have more than 64 dimensions, the maximum in NumPy. It was given "
            f"{', '.join(f'{a.ndim} dimensions' for a in arrays)}; flatten or squeeze some of them first."
        )
    if name == "matmul" and len(arrays) == 2:
        return matmul_mismatch(arrays[0].shape, arrays[1].shape)
    if name == "linear":
        return linear_mismatch(*(a.shape for a in arrays))
    if isinstance(error, ValueError) and len(arrays) > 1 and "broadcast" in str(error):
        given = [x.shape for x in (*arrays, *attrs.values()) if isinstance(x, np.ndarray) and x.ndim]
        return no_common_shape(name, given)
    if name == "reshape":
        return cannot_reshape(arrays[0].shape, attrs["shape"])
    if name == "expand":
        return cannot_expand(arrays[0].shape, attrs["shape"])
    if name in ("cat", "stack"):
        return cannot_join(name, [a.shape for a in arrays], attrs["axis"])
    if isinstance(error, np.linalg.LinAlgError):
        return no_answer(name, arrays[0])
    if name == "sub" and isinstance(error, TypeError):
        return bool_subtraction()
    described = ", ".join(describe(x) for x in inputs) or "nothing"
    kind = type(error) if isinstance(error, IndexError | TypeError) else RuntimeError
    if isinstance(error, np.exceptions.AxisError):
        kind = IndexError
    unforeseen = kind(
        f"{name}() cannot be computed: {error}. It was given {described}" + (f" with {attrs}." if attrs else ".")
    )
    unforeseen.__cause__ = error  # the traceback shows the line of the op that raised it
    return unforeseen


def linear_mismatch(x: Sequence[int], weight: Sequence[int], bias: Sequence[int] = ()) -> RuntimeError:
    """An input, a weight and a bias of a linear layer that do not match."""
    if len(weight) == 2 and x[-1:] == weight[1:]:
        return RuntimeError(
            f"linear: the bias must have an element for each of the {weight[0]} outputs of the weight, "
            f"{tuple(weight)}, but has shape {tuple(bias)}"
        )
    return RuntimeError(
        "linear: input @ weight.T multiplies the last axis of the input by the last axis of the weight, "
        f"{tuple(weight)}: it must have size {weight[-1]}, but the input has shape {tuple(x)}"
        + ("; the weight is (out, in): write weight.T" if tuple(weight[:1]) == tuple(x[-1:]) else "")
    )


def no_common_shape(name: str, given: Sequence[Sequence[int]]) -> RuntimeError:
    """Shapes that cannot be broadcast together."""
    width = max(len(s) for s in given)
    padded = [(1,) * (width - len(s)) + tuple(s) for s in given]
    clash = [i for i in range(width) if len({s[i] for s in padded} - {1}) > 1]
    axis = clash[-1] if clash else width - 1
    sizes = [s[axis] for s in padded]
    message = (
        f"{name}: the shapes {shapes(*given)} cannot be broadcast together: at dimension {axis} (counted after "
        f"aligning the last ones) the sizes are {' and '.join(map(str, sizes))}. Sizes must be equal, or one of them "
        "1 (or missing on the left)."
    )
    if len(given) == 2:
        message += _broadcast_advice(tuple(given[0]), tuple(given[1]))
    return RuntimeError(message)


def _broadcast_advice(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    """The one-line fix of a failed broadcast, if there is an obvious one."""
    for big, small, word in ((a, b, "second"), (b, a, "first")):
        if len(small) == 1 and len(big) > 1 and small[0] == big[0]:
            column = (small[0], 1)
            return f" Perhaps you want one value for each row: write the {word} as x.unsqueeze(1), of shape {column}."
        if len(small) == len(big) == 2 and small == big[::-1]:
            return f" One of them looks transposed: write the {word} as x.T, of shape {big}."
    return ""


def matmul_mismatch(a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    """Two shapes that cannot be multiplied as matrices."""
    a, b = tuple(a), tuple(b)
    if not a or not b:
        return RuntimeError(
            f"matmul: both sides of @ need at least one dimension, but the shapes are {shapes(a, b)}. "
            "To multiply by a single number, write * instead of @."
        )
    inner = b[-2] if len(b) > 1 else b[0]
    message = f"matmul: shapes {shapes(a, b)} cannot be multiplied: "
    if a[-1] == inner:
        return RuntimeError(
            message
            + f"the batch dimensions {shapes(a[:-2], b[:-2])} cannot be broadcast together. They must be equal, or 1."
        )
    message += (
        f"the last dimension of the left side is {a[-1]}, the {'second to last' if len(b) > 1 else 'only'} dimension "
        f"of the right side is {inner}; they must be equal."
    )
    if len(b) > 1 and a[-1] == b[-1]:
        message += f" Perhaps you want left @ right.mT, with {(*b[:-2], b[-1], b[-2])} on the right."
    elif len(a) > 1 and a[-2] == inner:
        message += f" Perhaps you want left.mT @ right, with {(*a[:-2], a[-1], a[-2])} on the left."
    return RuntimeError(message)


def cannot_reshape(shape: Sequence[int], wanted: Sequence[int]) -> RuntimeError:
    """A shape with a different number of elements."""
    n = int(np.prod(shape, dtype=np.int64))
    wanted = tuple(wanted)
    if sum(size == -1 for size in wanted) > 1:
        return RuntimeError(f"reshape: only one size may be -1 (inferred from the others), but {wanted} has more.")
    known = int(np.prod([size for size in wanted if size != -1], dtype=np.int64))
    why = f"a tensor of shape {tuple(shape)} has {n} elements, "
    if any(size < -1 for size in wanted):
        return RuntimeError(f"reshape: sizes must be 0 or more, or -1 once, but got {wanted}.")
    if -1 in wanted:
        why += f"which is not divisible by {known} (the product of the other sizes in {wanted})."
        fix = " Check the other sizes; to keep the batch, write x.reshape(x.shape[0], -1) or x.flatten(1)."
    else:
        why += f"the shape {wanted} holds {known}."
        fix = " Write -1 for one size to infer it."
    return RuntimeError("reshape: " + why + fix)


def cannot_expand(shape: Sequence[int], wanted: Sequence[int]) -> RuntimeError:
    """A shape to which a tensor cannot be expanded."""
    return RuntimeError(
        f"expand: a tensor of shape {tuple(shape)} cannot be expanded to {tuple(wanted)}: only dimensions of size 1 "
        "(and new ones on the left) can be expanded. To repeat a dimension of another size, use x.repeat(...)."
    )


def cannot_join(name: str, given: Sequence[Sequence[int]], axis: int) -> RuntimeError:
    """Tensors that cannot be joined."""
    if len({len(shape) for shape in given}) > 1:
        return RuntimeError(
            f"{name}: the shapes {shapes(*given)} cannot be joined: tensors must have the same number of dimensions. "
            "x.unsqueeze(0) adds one in front, x.unsqueeze(1) one after the first."
        )
    rule = "equal in all dimensions"
    if name != "stack":
        rule += f" but {axis}, along which they are joined"
    return RuntimeError(
        f"{name}: the shapes {shapes(*given)} cannot be joined along dimension {axis}: they must be {rule}."
    )


def dim_out_of_range(dim: int, ndim: int) -> IndexError:
    """A dimension that the tensor does not have."""
    if ndim == 0:
        return IndexError(
            f"Dimension out of range: dim={dim} was given, but a 0-d tensor has only dim 0 and -1."
        )
    return IndexError(
        f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim}): the tensor has "
        f"{ndim} dimension{'s' * (ndim != 1)}, numbered from 0, or from the end as -1, -2, ..."
    )


def dim_of_a_number(dim: Any) -> IndexError:
    """The size of a dimension of a 0-d tensor."""
    return IndexError(f"Dimension specified as {dim} but tensor has no dimensions: it holds a single number")


def not_a_shape(given: Sequence[Any]) -> TypeError:
    """A shape that does not consist of integers."""
    how = "; divide sizes with //" if any(isinstance(size, float) for size in given) else ""
    return TypeError(
        f"a shape consists of integers, as in (2, 3), but got: {', '.join(map(describe, given)) or 'nothing'}{how}"
    )


def negative_size(name: str, shape: Sequence[int]) -> RuntimeError:
    """A new tensor with a negative size."""
    return RuntimeError(f"{name}: Dimension size must be non-negative, but the shape is {tuple(shape)}")


def no_size(name: str) -> TypeError:
    """A new tensor without a shape."""
    return TypeError(
        f'{name}() missing the argument "size": write torch.{name}(2, 3), or torch.{name}(()) for a single number'
    )


def cannot_view(shape: Sequence[int], wanted: Sequence[int]) -> RuntimeError:
    """view() where only a copy would do."""
    return RuntimeError(
        f"view size is not compatible with input tensor's size and stride: the elements of this {tuple(shape)} tensor "
        f"do not lie in memory in the order of a {tuple(wanted)} one (after a transpose or a slice, for example). Use "
        "x.reshape(...), which copies if necessary, or x.contiguous().view(...)."
    )


def flatten_backwards(start_dim: int, end_dim: int) -> RuntimeError:
    """flatten() from a later dimension to an earlier one."""
    return RuntimeError(
        f"flatten() has invalid args: start_dim cannot come after end_dim, but start_dim={start_dim} and "
        f"end_dim={end_dim}"
    )


def cannot_unflatten(dim: int, length: int, sizes: Sequence[int]) -> RuntimeError:
    """Sizes whose product is not the size of the dimension to split."""
    return RuntimeError(
        f"unflatten: sizes {tuple(sizes)} do not multiply to the length of dimension {dim}, which is {length}. One of "
        "them may be -1, and is inferred."
    )


def cannot_permute(order: Sequence[int], ndim: int) -> RuntimeError:
    """An order that does not name every dimension once."""
    return RuntimeError(
        f"permute(): the tensor has {ndim} dimensions; each must be named once, but got {tuple(order)}. To swap two, "
        "write x.transpose(a, b)."
    )


def cannot_move_dims(source: Any, destination: Any) -> RuntimeError:
    """movedim() with different numbers of sources and destinations."""
    return RuntimeError(
        f"movedim: source={source} and destination={destination} must name the same number of dimensions: where each "
        "goes"
    )


def not_a_matrix(ndim: int) -> RuntimeError:
    """t() of a batch."""
    return RuntimeError(
        f"t() expects a tensor with <= 2 dimensions, but self is {ndim}D: x.mT transposes the last two, "
        "x.transpose(a, b) any two"
    )


def needs_matrices(name: str, shape: Sequence[int]) -> RuntimeError:
    """A matrix operation on a tensor with fewer than 2 dimensions."""
    return RuntimeError(
        f"{name} needs a matrix, or a batch of them: at least 2 dimensions, but the shape is {tuple(shape)}"
    )


def repeats_do_not_fit(repeats: Sequence[int], n: int | None) -> RuntimeError:
    """repeat_interleave() with more or fewer counts than elements."""
    wanted = "a vector" if n is None else f"{n}, one for each element along dim, or a single one"
    return RuntimeError(
        f"repeat_interleave: repeats must have the same size as input along dim: {wanted}, and its shape is "
        f"{tuple(repeats)}"
    )


def output_of_other_size(given: int | None, length: int) -> RuntimeError:
    """repeat_interleave() with a wrong output_size."""
    return RuntimeError(f"repeat_interleave: Invalid output_size, expected {length} but got {given}")


def shifts_do_not_fit(shifts: Sequence[int], dims: Sequence[int]) -> RuntimeError:
    """roll() with more or fewer shifts than dimensions."""
    return RuntimeError(
        f"shifts and dimensions must align, one shift for each dimension, but the shifts are {tuple(shifts)} and the "
        f"dims {tuple(dims)}"
    )


def no_diagonal(ndim: int) -> RuntimeError:
    """diag() of neither a vector nor a matrix."""
    return RuntimeError(
        f"diag(): Supports 1D or 2D tensors. Got {ndim}D: x.diagonal(dim1=-2, dim2=-1) returns those of a batch"
    )


def transpose_of_no_matrix(shape: Sequence[int]) -> str:
    """A warning: x.T of a tensor that is not a matrix."""
    instead = "x.unsqueeze(1) makes it a column" if len(shape) == 1 else "x.mT transposes each matrix of a batch"
    return (
        f"x.T reverses the dimensions, which is rarely meant for shape {tuple(shape)} and is deprecated in PyTorch: "
        f"{instead}, and x.permute(*range(x.ndim - 1, -1, -1)) is equivalent to x.T"
    )


def no_common_diagonal(shape: Sequence[int]) -> RuntimeError:
    """fill_diagonal_() of a vector, or of dimensions of different sizes."""
    if len(shape) < 2:
        return RuntimeError(f"fill_diagonal_: dimensions must larger than 1, and the shape is {tuple(shape)}")
    return RuntimeError(
        f"fill_diagonal_: all dimensions of input must be of equal length, and the shape is {tuple(shape)}: for each "
        "matrix of a batch, write x.diagonal(dim1=-2, dim2=-1).fill_(value)"
    )


def diagonal_of_one(dim1: int, dim2: int) -> RuntimeError:
    """diagonal() with one dimension for rows and columns."""
    return RuntimeError(f"diagonal dimensions cannot be identical, but they are {dim1} and {dim2}")


def no_windows(shape: Sequence[int], dim: int, size: int, step: int) -> RuntimeError:
    """Windows larger than the dimension, or with a step of 0."""
    if step < 1:
        return RuntimeError(f"unfold: step is {step} but must be > 0")
    if size < 0:
        return RuntimeError(f"unfold: size is {size} but must be >= 0")
    return RuntimeError(f"unfold: maximum size for tensor at dimension {dim} is {shape[dim]} but size is {size}")


def cannot_view_bytes(array: Any, dtype: Any) -> RuntimeError:
    """view(dtype) where the memory layout does not allow it."""
    return RuntimeError(
        f"view: {array.dtype} elements of shape {array.shape} cannot be viewed as {dtype}: where the element sizes "
        "differ, the last dimension must be contiguous, and its bytes divisible into new elements. To convert the "
        f"values, write x.to({dtype})."
    )


def needs_dimensions(name: str) -> RuntimeError:
    """A 0-d tensor that is to be split."""
    return RuntimeError(
        f"{name} expects at least a 1-dimensional tensor: this one is a single number, with no dimension to split"
    )


def narrow_out_of_range(start: int, length: int) -> IndexError:
    """narrow() that starts outside."""
    return IndexError(f"start out of range (expected to be in range of [{-length}, {length}], but got {start})")


def start_not_an_index(start: Any) -> RuntimeError:
    """narrow() whose start is a tensor of floats, of bools, or of several numbers."""
    return RuntimeError(f"narrow: start must be an 0-dim integral Tensor, or an integer, not {describe(start)}")


def narrow_too_long(start: int, length: int, size: int) -> RuntimeError:
    """narrow() that ends outside."""
    if length < 0:
        return RuntimeError(f"narrow(): length must be non-negative, but got {length}")
    return RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size})")


def cannot_split(lengths: Any, size: int) -> RuntimeError:
    """Split sizes whose sum is not the size of the dimension."""
    if isinstance(lengths, int):
        return RuntimeError(
            f"split expects split_size be positive, but got split_size={lengths}: it is the length of each piece"
        )
    return RuntimeError(
        f"split_with_sizes expects split_sizes to sum exactly to {size} (the length of the dimension) and to be "
        f"non-negative, but got {list(lengths)}, whose sum is {sum(lengths)}"
    )


def no_chunks(chunks: int) -> RuntimeError:
    """chunk() into 0 chunks."""
    return RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}: it is the number of pieces")


def cannot_repeat(shape: Sequence[int], times: Sequence[int]) -> RuntimeError:
    """repeat() with fewer counts than dimensions, or with a negative one."""
    if len(times) >= len(shape):
        return RuntimeError(f"repeat: a tensor cannot be repeated a negative number of times, but got {tuple(times)}")
    return RuntimeError(
        "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: the shape is "
        f"{tuple(shape)}, but got {tuple(times)}. Write 1 for a dimension that is not repeated."
    )


def cannot_cat_numbers() -> RuntimeError:
    """cat() of tensors without dimensions."""
    return RuntimeError("zero-dimensional tensors cannot be concatenated: torch.stack joins single numbers")


def not_tensors(name: str, given: Any, i: int | None = None) -> TypeError:
    """An argument that is not a list of tensors."""
    if i is None:
        return TypeError(
            f"{name}(): argument 'tensors' must be tuple of Tensors, not {describe(given)}: write torch.{name}([a, b])"
        )
    return TypeError(
        f"{name}(): expected Tensor as element {i} in argument 0, but got {describe(given)}: "
        f"{how_to_get_a_tensor(given)}"
    )


def no_tensors(name: str) -> Exception:
    """An empty list of tensors."""
    kind = ValueError if name == "cat" else RuntimeError
    return kind(f"{name}(): expected a non-empty list of Tensors")


def unknown_indexing(indexing: Any) -> RuntimeError:
    """meshgrid() with an unknown indexing."""
    return RuntimeError(
        f"torch.meshgrid: indexing must be one of \"xy\" or \"ij\", but received: {indexing!r}. "
        "\"ij\" puts rows first, as matrices do; \"xy\" columns, as plots do."
    )


def meshgrid_of_dtypes() -> RuntimeError:
    """meshgrid() of tensors of different dtypes."""
    return RuntimeError(
        "torch.meshgrid expects all tensors to have the same dtype: convert them with .to(dtype) or .float()"
    )


def meshgrid_of_shape(shape: Sequence[int]) -> RuntimeError:
    """meshgrid() of a tensor with 2 or more dimensions."""
    return RuntimeError(
        f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got one of shape {tuple(shape)}: each holds "
        "the coordinates along one axis, and x.flatten() is 1-d"
    )


def product_of_wrong_ndim(name: str, a: Sequence[int], b: Sequence[int], left: int, right: int) -> RuntimeError:
    """A matrix product of operands with the wrong numbers of dimensions."""
    return RuntimeError(
        f"{name}: expected tensors with {left} and {right} dimension{'s' * (right > 1)}, but the shapes are "
        f"{shapes(a, b)}; @ takes any number of dimensions"
    )


def batches_differ(name: str, a: Sequence[int], b: Sequence[int]) -> RuntimeError:
    """Two batches with different numbers of matrices."""
    return RuntimeError(
        f"{name}: both batches need the same number of matrices, but the shapes are {shapes(a, b)}; @ broadcasts a "
        "batch of one"
    )


def inplace_cannot_grow(shape: Sequence[int], result: Sequence[int]) -> RuntimeError:
    """An in-place op whose result has a different shape."""
    return RuntimeError(
        f"output with shape {tuple(shape)} doesn't match the broadcast shape {tuple(result)}: an in-place operation "
        "cannot make a tensor larger. Write x = x + y, which creates a new one."
    )
