"""Operands, numbers, dtypes and keywords that a function cannot take."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .words import describe, how_to_get_a_tensor, nearest

# --- operands ---------------------------------------------------------------------------------------------


def not_a_tensor(name: str, given: Any) -> TypeError:
    """An argument that must be a Tensor."""
    return TypeError(
        f"{name}(): a Tensor is needed, not {describe(given)}: {how_to_get_a_tensor(given)}"
    )


def not_an_operand(given: Any) -> TypeError:
    """An operand that is neither a Tensor nor a number."""
    return TypeError(
        f"a Tensor or a number is needed here, but this is {describe(given)}: {how_to_get_a_tensor(given)}"
    )


def not_a_number(given: Any) -> TypeError:
    """An argument that must be a number."""
    return TypeError(f"a number is needed here, but this is {describe(given)}")


def ends_with_dimensions(shape: Sequence[int]) -> RuntimeError:
    """linspace() from or to a tensor that has dimensions."""
    return RuntimeError(
        "linspace only supports 0-dimensional start and end tensors, or numbers, but the shape of one is "
        f"{tuple(shape)}"
    )


def not_an_integer(name: str, what: str, given: Any) -> TypeError:
    """A count that is not an integer."""
    return TypeError(f"{name}(): {what} must be an int, not {describe(given)}")


def not_a_single_value(name: str, shape: Sequence[int]) -> RuntimeError:
    """A tensor with dimensions where one number is wanted."""
    return RuntimeError(
        f"{name} only supports a 0-dimensional value tensor, but got a tensor of shape {tuple(shape)}; "
        "torch.where(mask, values, x) and x.copy_(values) take one for each element"
    )


def number_does_not_fit(value: Any, dtype: Any) -> RuntimeError:
    """A number outside of the range of a dtype."""
    limits = np.iinfo(dtype) if dtype.kind in "iu" else np.finfo(dtype)
    what = f"from {limits.min} to {limits.max}"
    if dtype.kind == "f":
        what += "; -inf and inf are values of this type"
    return RuntimeError(
        f"value cannot be converted to type {dtype} without overflow: {value} is not in the range {what}"
    )


def out_of_range(name: str, what: str, given: Any, wanted: str) -> RuntimeError:
    """A parameter outside of its range."""
    return RuntimeError(f"{name} expects {what} to be {wanted}, but found {what}={given}")


def unknown_keyword(name: str, keyword: str, known: Iterable[str]) -> TypeError:
    """A keyword that a function does not have."""
    if keyword == "out":
        return TypeError(
            f"{name}() got out=, which is not supported here: assign the result, y = {name}(...), or write it into an "
            f"existing tensor, y.copy_({name}(...))."
        )
    names = [n for n in known if n not in ("self", "names")]
    return TypeError(
        f"{name}() got an unexpected keyword argument {keyword!r}.{nearest(keyword, names)} It takes: "
        f"{', '.join(names) or 'none'}."
    )


def out_with_gradient(name: str) -> RuntimeError:
    """out= where an argument requires grad."""
    return RuntimeError(
        f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments "
        f"requires grad: assign the result, y = {name}(...), or compute it under torch.no_grad()"
    )


def out_of_other_shape(name: str, shape: Sequence[int], wanted: Sequence[int]) -> str:
    """A warning: out= has a different shape."""
    return (
        f"{name}(): out= has shape {tuple(shape)}, and is resized to the result's, {tuple(wanted)}, in new memory. "
        "For an output of any shape, write out=torch.empty(0)"
    )


def alpha_of_wrong_kind(alpha: Any, kind: str) -> RuntimeError:
    """add(other, alpha) with an alpha that the result dtype cannot represent."""
    if isinstance(alpha, bool):
        return RuntimeError(f"Boolean alpha only supported for Boolean results: write alpha={int(alpha)}")
    return RuntimeError(
        f"For integral input tensors, argument alpha must not be a floating point number, but it is {alpha}: "
        "convert the tensor first, x.float()"
    )


def clamp_without_limits() -> RuntimeError:
    """clamp() without bounds."""
    return RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None, as in x.clamp(min=0)")


def clamp_with_both_kinds() -> TypeError:
    """clamp() with a number and a tensor."""
    return TypeError("clamp(): min and max must be two numbers, or two Tensors: write torch.tensor(0.) for a number")


def unknown_rounding_mode(mode: Any) -> RuntimeError:
    """div() with an unknown rounding mode."""
    return RuntimeError(f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {mode!r}")


def division_by_zero(name: str) -> RuntimeError:
    """Integers divided by 0."""
    return RuntimeError(
        f"ZeroDivisionError: {name} of integers by 0 is undefined. In floating point, x / y or x.float() // y gives "
        "inf or nan."
    )


def negative_power(exponent: Any) -> RuntimeError:
    """Integers to a negative power."""
    return RuntimeError(
        f"Integers to negative integer powers are not allowed: x ** {exponent} is a fraction. Write x.float() ** "
        f"{exponent}."
    )


def cannot_contain(given: Any) -> RuntimeError:
    """`in` with something other than a number or a Tensor."""
    return RuntimeError(
        f"Tensor.__contains__ only supports Tensor or scalar, but you passed in {describe(given)}: a tensor holds "
        "numbers only"
    )


# --- dtypes -----------------------------------------------------------------------------------------------


def not_for_dtype(name: str, dtype: str, instead: str) -> NotImplementedError:
    """An op that is not defined for this dtype."""
    return NotImplementedError(f"\"{name}\" not implemented for {dtype!r}: it needs {instead}")


def no_bools(name: str) -> RuntimeError:
    """argmax() or argmin() of bools."""
    return RuntimeError(
        f"{name}(): does not support bool input: write x.int().{name}(), or x.nonzero() for the places of True"
    )


def bool_arithmetic(expression: str, instead: str = "") -> RuntimeError:
    """Arithmetic with bools."""
    return RuntimeError(
        f"{expression} with a bool tensor is not supported: "
        f"{instead and instead + ', or '}convert it to numbers with x.int()"
    )


def bool_subtraction() -> RuntimeError:
    """Subtraction of bools."""
    return bool_arithmetic("x - y", "write ~x to invert a mask, x ^ y for the exclusive or")


def not_invertible(dtype: Any) -> TypeError:
    """~ of floating-point numbers."""
    return TypeError(
        f"~ (operator.invert) is only implemented on integer and Boolean-type tensors, not on {dtype}: compare "
        "first, ~(x > 0)"
    )


def needs_fractions(name: str, dtype: Any) -> RuntimeError:
    """A mean of integers."""
    return RuntimeError(
        f"{name}(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: "
        f"{dtype}. Write x.float().{name}(...)."
    )


def not_a_mask(name: str, dtype: Any) -> RuntimeError:
    """A condition that is not bool."""
    return RuntimeError(
        f"{name} expected a boolean tensor as its condition, but got a tensor with dtype {dtype}: compare first, as "
        "in x != 0"
    )


def dtypes_differ(name: str, a: Any, b: Any) -> RuntimeError:
    """Two dtypes that must be equal."""
    return RuntimeError(
        f"{name}: expected both tensors to have the same dtype, but got {a} and {b}: convert one with .to({b})"
    )


def inplace_cannot_cast(result: Any, dtype: Any) -> RuntimeError:
    """An in-place op whose result dtype the tensor cannot represent."""
    return RuntimeError(
        f"result type {result} can't be cast to the desired output type {dtype}: the tensor keeps its dtype when it is "
        f"changed in place, and {dtype} cannot hold the result. Convert it first, x = x.to({result}), or write x = x + "
        "y."
    )


def cannot_require_grad(dtype: Any) -> RuntimeError:
    """requires_grad for integers."""
    return RuntimeError(
        f"only Tensors of floating point dtype can require gradients, not {dtype}: only continuous values have "
        "derivatives. Convert first, x.float(), or write decimal points when creating it: torch.tensor([1., 2.])."
    )


# --- one number, or many ----------------------------------------------------------------------------------


def not_one_element(what: str, shape: Sequence[int]) -> Exception:
    """A tensor with many elements where a single number is required."""
    kind = RuntimeError if what == "item()" else ValueError
    return kind(
        f"only one element tensors can be converted to Python scalars: a Tensor with {int(np.prod(shape))} elements "
        f"cannot be converted to Scalar, as {what} does, but the shape is {tuple(shape)}. Reduce it first, for "
        "example with .sum() or .mean(), or use .tolist() for all of them."
    )


def not_an_index_number(given: Any) -> TypeError:
    """A tensor used as a list index, which must be a single integer."""
    return TypeError(
        "only integer tensors of a single element can be converted to an index, but this is "
        f"{describe(given)}: convert it with int(x) first"
    )


def ambiguous_truth(shape: Sequence[int]) -> RuntimeError:
    """`if tensor:` with many elements, or none."""
    return RuntimeError(
        f"Boolean value of Tensor with {'no' if 0 in shape else 'more than one'} value{'s' * (0 in shape)} is "
        f"ambiguous: the shape is {tuple(shape)}. Say which you mean: (x > 0).any() or (x > 0).all(). "
        "The words and, or, not and the chain 0 < x < 1 ask this question too: for each element, write "
        "(x > 0) & (x < 1), with | for or, ~ for not."
    )


def zero_dim(what: str) -> TypeError:
    """len() or a loop over a single number."""
    return TypeError(
        f"{what} {'over' if what == 'iteration' else 'of'} a 0-d tensor: it holds a single number, x.item()"
    )


def format_of_many(shape: Sequence[int], how: str) -> TypeError:
    """f"{x:.2f}" with a tensor that has dimensions."""
    if np.prod(shape) == 1:
        instead = f"Convert it to a number first: x.item(), as in f'{{x.item():{how}}}'"
    else:
        instead = f"Format its numbers one at a time, as in [f'{{v:{how}}}' for v in x.flatten().tolist()]"
    return TypeError(
        f"unsupported format string passed to Tensor.__format__: {how!r} is for one number, but the tensor has shape "
        f"{tuple(shape)}. {instead}, or set the digits of all tensors with torch.set_printoptions(precision=...)"
    )


def extreme_of_nothing(name: str) -> RuntimeError:
    """max() of no elements."""
    return RuntimeError(
        f"{name}(): Expected reduction dim to be specified for input.numel() == 0: the tensor is empty, and has no "
        "maximum and no minimum"
    )


def nothing_to_choose_from(name: str, shape: Sequence[int]) -> IndexError:
    """max() along a dimension of length 0."""
    return IndexError(
        f"{name}(): Expected reduction dim to have non-zero size, but the shape is {tuple(shape)}: an empty slice has "
        "no maximum and no minimum"
    )


def no_freedom(name: str, n: int, correction: float) -> str:
    """A warning: std() or var() of too few numbers."""
    return (
        f"{name}(): degrees of freedom is <= 0: it divides by N - {correction:g}, N is {n} here, so the result is nan "
        f"or inf. Use more numbers, or x.{name}(correction=0)"
    )


def no_quantile(x: Any) -> RuntimeError:
    """A quantile of no elements, or of integers."""
    if x.size:
        return RuntimeError(f"quantile() input tensor must be either float or double dtype, not {x.dtype}: x.float()")
    return RuntimeError(f"quantile() input tensor must be non-empty, but its shape is {tuple(x.shape)}")


def unknown_interpolation(given: Any, known: Iterable[str]) -> RuntimeError:
    """quantile() with an unknown interpolation."""
    return RuntimeError(f"quantile() interpolation must be one of {', '.join(known)}, but got {given!r}")


def too_many_to_choose(k: int, axis: int, size: int) -> RuntimeError:
    """topk() of fewer elements than k"""
    return RuntimeError(
        f"topk(): selected index k out of range: {k} of the {size} elements along dimension {axis} were requested. "
        "Limit k: k=min(k, x.size(dim))."
    )


# --- the data of a tensor -----------------------------------------------------------------------------


def not_a_sequence(given: Any) -> TypeError:
    """torch.Tensor(2.5)"""
    return TypeError(
        f"new(): data must be a sequence (got {type(given).__name__}): write torch.tensor({given}) for a single "
        "number"
    )


def not_an_array(given: Any) -> TypeError:
    """from_numpy() of something else."""
    return TypeError(f"expected np.ndarray (got {type(given).__name__}): torch.tensor takes lists and numbers")


def negative_strides() -> ValueError:
    """from_numpy() of an array with negative strides."""
    return ValueError(
        "At least one stride in the given numpy array is negative, which a tensor cannot have: "
        "write torch.from_numpy(array.copy())"
    )


def foreign_byte_order(dtype: Any) -> ValueError:
    """from_numpy() of an array in foreign byte order."""
    return ValueError(
        f"given numpy array has byte order different from the native byte order ({dtype}): "
        "convert it with array.astype(array.dtype.newbyteorder('='))"
    )


def leads_nowhere(start: Any, end: Any, step: Any) -> RuntimeError:
    """arange() with a step of 0 or of the wrong sign."""
    if step == 0:
        return RuntimeError("step must be nonzero")
    if not np.isfinite(end - start):
        return RuntimeError(f"unsupported range: {start} -> {end}")
    return RuntimeError(
        f"upper bound and lower bound inconsistent with step sign: from {start} to {end} by steps of {step} leads "
        "nowhere"
    )


def cannot_count(array: Any) -> RuntimeError:
    """bincount() of a matrix, or of negative numbers."""
    given = f"the smallest is {array.min()}" if array.ndim == 1 else f"the shape is {array.shape}: write x.flatten()"
    return RuntimeError(f"bincount only supports 1-d non-negative integral inputs, and {given}")


def weights_do_not_fit(weights: Sequence[int], shape: Sequence[int]) -> RuntimeError:
    """bincount() with more or fewer weights than numbers."""
    return RuntimeError(
        f"bincount: weights should be 1-d and have the same length as input, one for each number; their shape is "
        f"{tuple(weights)}, and that of input {tuple(shape)}"
    )


def unique_of_nothing(dim: int, shape: Sequence[int]) -> RuntimeError:
    """unique(dim) of empty slices."""
    return RuntimeError(
        f"unique along dim {dim} needs slices with elements in them, and another dimension of the shape {tuple(shape)} "
        "has length 0"
    )


def negative_count(name: str, what: str, n: int) -> RuntimeError:
    """A negative number of rows or steps."""
    return RuntimeError(f"{name}: {what} must be non-negative, but got {n}")


def ragged(lengths: str) -> ValueError:
    """Lists of unequal length."""
    return ValueError(
        f"expected sequence of equal lengths, but the lists inside are not: {lengths}. A tensor is rectangular; pad "
        "the shorter lists, for example with torch.nn.utils.rnn.pad_sequence"
    )


def other_dtype_expected(wanted: Any, given: Any) -> TypeError:
    """LongTensor(x) of a tensor of another dtype."""
    return TypeError(f"expected a tensor of {wanted}, but got one of {given}: convert it, x.to({wanted})")


def unknown_type(name: str) -> ValueError:
    """x.type() with an unknown name."""
    return ValueError(f"invalid type: {name!r}. Write a dtype: x.type(torch.float64), or x.double()")


def not_tensors_of_one(shape: Sequence[int], whole: bool) -> Exception:
    """torch.tensor() of a list of tensors; PyTorch asks integer tensors for an index."""
    kind = TypeError if whole else ValueError
    return kind(
        "only one element tensors can be converted to Python scalars, but the list holds a tensor of shape "
        f"{tuple(shape)}: torch.stack([a, b]) joins tensors along a new dimension, torch.cat([a, b]) along an "
        "existing one"
    )


def not_numbers(given: Any) -> Exception:
    """Data that are not numbers: strings, dicts, None."""
    kind = TypeError if isinstance(given, str) else RuntimeError
    return kind(f"Could not infer dtype of {type(given).__name__}: {_consists_of_numbers(given)}")


def not_words(first: str) -> ValueError:
    """A list of strings; `first` is the first of them."""
    return ValueError(f"too many dimensions 'str': {_consists_of_numbers(first)}")


def _consists_of_numbers(given: Any) -> str:
    return (
        f"a tensor consists of numbers, not of {describe(given)}. Convert words and labels to numbers first, for "
        "example with a dict {word: index}."
    )


def whole_number_too_large(value: int) -> ValueError:
    """An int beyond int64."""
    return ValueError(
        f"Overflow when unpacking long long: int64 holds integers from -2**63 to 2**63 - 1, not {value}; "
        "dtype=torch.float64 holds larger ones, rounded"
    )


# --- random numbers ---------------------------------------------------------------------------------------


def not_a_generator(given: Any) -> TypeError:
    """generator=42"""
    how = f": torch.Generator().manual_seed({given}) is one" if isinstance(given, int) else ""
    return TypeError(f"argument 'generator' must be a torch.Generator, not {describe(given)}{how}")


def randint_without_size(size: Any) -> TypeError:
    """randint() without a shape."""
    return TypeError(
        f"randint() needs a size, a tuple of ints{'' if size is None else f', and not {describe(size)}'}: "
        "torch.randint(low, high, (3,)) or torch.randint(high, (3,))"
    )


def empty_range(low: int, high: int) -> RuntimeError:
    """randint() or random_() from an empty range."""
    return RuntimeError(
        f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}: high itself is not drawn"
    )


def normal_without_size() -> TypeError:
    """normal() of two numbers."""
    return TypeError("normal() of two numbers needs a size: torch.normal(0.0, 1.0, (3,))")
