"""Invalid indices, and values that do not fit the indexed elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .words import describe


def not_an_index(given: Any, kind: type[Exception] = IndexError) -> Exception:
    """x["a"], x[1.5]"""
    return kind(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
        f"(got {describe(given)})"
    )


def not_a_slice(given: slice) -> TypeError:
    """x[1.5:]"""
    return TypeError(
        "slice indices must be integers or None or have an __index__ method: got "
        f"{given.start!r}:{given.stop!r}:{given.step!r}"
    )


def step_not_positive(step: int) -> ValueError:
    """x[::-1]"""
    if step == 0:
        return ValueError("slice step cannot be zero")
    return ValueError(f"step must be greater than zero, but is {step}: x.flip(0) reverses a dimension")


def index_of_wrong_dtype(dtype: Any) -> IndexError:
    """x[floating-point tensor]"""
    return IndexError(
        f"tensors used as indices must be long, int, byte or bool tensors, but this one has dtype {dtype}: convert "
        "it with .long()"
    )


def index_out_of_range(index: int, axis: int, size: int) -> IndexError:
    """x[5] of a vector of 3"""
    range_ = f"indices go from 0 to {size - 1}, or from the end as -1 to {-size}"
    where = range_ if size else "there is nothing to index"
    return IndexError(f"index {index} is out of bounds for dimension {axis} with size {size}: {where}")


def too_many_indices(used: int, shape: Sequence[int]) -> IndexError:
    """x[0, 0] of a vector"""
    if not shape:
        return IndexError(
            "invalid index of a 0-dim tensor. It holds one number: use `tensor.item()` in Python to get it"
        )
    return IndexError(
        f"too many indices for tensor of dimension {len(shape)}: {used} were given, and the shape is {tuple(shape)}"
    )


def two_ellipses() -> IndexError:
    """x[..., 0, ...]"""
    return IndexError(
        "an index can only have a single ellipsis ('...'): it stands for all dimensions without an index"
    )


def mask_of_wrong_shape(mask: Sequence[int], shape: Sequence[int], axis: int) -> IndexError:
    """x[mask] with a mask of another shape"""
    return IndexError(
        f"The shape of the mask {tuple(mask)} at index {axis} does not match the shape of the indexed tensor "
        f"{tuple(shape)} at index {axis}: a mask has one True or False for each element"
    )


def indices_do_not_fit(given: Sequence[Sequence[int]]) -> IndexError:
    """x[rows, columns] with different numbers of rows and columns"""
    return IndexError(
        "shape mismatch: indexing tensors could not be broadcast together with shapes "
        f"{', '.join(str(tuple(shape)) for shape in given)}: together they select single elements. For every row with "
        "every column, write x[rows][:, columns]."
    )


def index_not_int64(name: str, dtype: Any, wanted: str = "int32/int64") -> RuntimeError:
    """gather() with an index of the wrong dtype"""
    return RuntimeError(f"{name}(): Expected dtype {wanted} for index, but got {dtype}: convert it with .long()")


def index_of_wrong_ndim(name: str, index: Sequence[int], shape: Sequence[int]) -> RuntimeError:
    """gather() with an index of the wrong number of dimensions"""
    return RuntimeError(
        f"{name}(): Index tensor must have the same number of dimensions as input tensor, but the shapes are "
        f"{tuple(index)} and {tuple(shape)}. To select one element per row, write index.unsqueeze(1)."
    )


def index_too_large(name: str, index: Sequence[int], shape: Sequence[int], dim: int) -> RuntimeError:
    """gather() with an index that is longer than the tensor"""
    return RuntimeError(
        f"{name}(): Size does not match: expected index {tuple(index)} to be no larger than self {tuple(shape)} apart "
        f"from dimension {dim}"
    )


def place_out_of_range(name: str, place: int, dim: int, size: int) -> RuntimeError:
    """gather() with an index out of range"""
    return RuntimeError(f"{name}(): index {place} is out of bounds for dimension {dim} with size {size}")


def source_too_small(name: str, index: Sequence[int], source: Sequence[int]) -> RuntimeError:
    """scatter() with fewer source elements than indices"""
    return RuntimeError(
        f"{name}(): Expected index {tuple(index)} to have as many dimensions as src {tuple(source)}, and in none a "
        "larger size: each position gets its own element. To write the same everywhere, use src.expand(index.shape)."
    )


def source_of_wrong_shape(name: str, given: Sequence[int], wanted: Sequence[int], dim: int) -> RuntimeError:
    """index_add() of slices that do not fit"""
    return RuntimeError(
        f"{name}(): source tensor shape must match self tensor shape, excluding dimension {dim}, which has a slice "
        f"for each index: expected {tuple(wanted)}, but got {tuple(given)}"
    )


def nothing_to_scatter() -> TypeError:
    """scatter() without src and value"""
    return TypeError("scatter(): the values to write are missing: src=..., a tensor, or value=..., a number")


def unknown_reduce(reduce: Any) -> RuntimeError:
    """scatter(reduce="sum")"""
    return RuntimeError(f'scatter(): reduce argument must be either "add" or "multiply", not {reduce!r}')


def cannot_select(name: str, rows: Any, size: int, dim: int) -> IndexError:
    """index_select() and index_add() with a bad index"""
    if rows.ndim > 1:
        return IndexError(f"{name}(): Index is supposed to be a vector, but its shape is {rows.shape}")
    return IndexError(
        f"index out of range in self: {name}() along dimension {dim} of length {size} got indices from {rows.min()} "
        f"to {rows.max()}; they start at 0, and cannot be negative"
    )


def cannot_assign(value: Any) -> TypeError:
    """x[0] = [1, 2]"""
    return TypeError(
        f"can't assign {describe(value)} to a part of a tensor, only a number or a Tensor: use torch.tensor(...)."
    )


def index_put_of_dtypes(own: Any, value: Any) -> RuntimeError:
    """x[mask] = values of another dtype"""
    return RuntimeError(
        f"Index put requires the source and destination dtypes match, got {own} for the destination and {value} for "
        f"the source: convert the values, .to({own})"
    )


def cannot_delete() -> TypeError:
    """del x[0]"""
    return TypeError(
        "Tensor does not support deleting items: keep the others instead, as in torch.cat([x[:i], x[i + 1:]])"
    )


def list_read_as_tuple() -> str:
    """A warning: an index that is a list of lists, tensors or slices."""
    return (
        "x[[i, j]] means x[i, j] unless i and j are plain numbers, as in PyTorch, where it will mean "
        "x[torch.tensor([i, j])] in future: write the one that you mean"
    )


def cannot_write(target: Any, index: Any, value: Any, error: Exception) -> Exception:
    """x[index] = value where the value does not fit."""
    if "read-only" in str(error) and 0 not in target.strides:
        return RuntimeError(
            "this tensor cannot be written to: its memory belongs to a read-only NumPy array. Write to a copy: "
            "x.clone()."
        )
    if "read-only" in str(error):
        return RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location "
            "(after expand(), for example). Write to a copy: x.clone()."
        )
    if isinstance(error, IndexError):
        return error
    region = target[index].shape
    return RuntimeError(
        f"The value of shape {tuple(np.shape(value))} cannot be written to elements of shape {tuple(region)}: sizes "
        "must be equal, or 1 in the value (or missing on its left)."
    )
