"""Custom ops."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from .. import errors
from ..memory import owner
from ..tensors.base import TensorBase, apply, to_common_dtype

if TYPE_CHECKING:
    from ..tensors import Tensor

Rule = Callable[..., tuple[Any, ...]]


@overload
def differentiable(op: Rule) -> Callable[..., Tensor]: ...
@overload
def differentiable(*, broadcasts: bool = False) -> Callable[[Rule], Callable[..., Tensor]]: ...
def differentiable(op: Rule | None = None, *, broadcasts: bool = False) -> Any:
    """Turn a function of arrays, which returns its value and one pullback per array, into an op on Tensors.

    Args:
        op: positional arguments are arrays, keyword-only arguments are attributes. It returns the value
            and, for each array, the pullback: a function from g, the gradient of the loss with respect
            to the value, to the gradient with respect to that array. Written with NumPy functions and
            operators, it can be differentiated twice.
        broadcasts: the op broadcasts its inputs; their gradients are then summed over the broadcast axes.

    >>> @cutaway.differentiable
    ... def cube(x):
    ...     "x³"
    ...     return x**3, lambda g: g * 3 * x**2
    >>> x = cutaway.tensor(2., requires_grad=True)
    >>> cube(x).backward()
    >>> x.grad
    tensor(12.)
    """
    if op is None:
        return functools.partial(differentiable, broadcasts=broadcasts)
    function = op

    @functools.wraps(function)
    def rule(*arrays: Any, **attrs: Any) -> tuple[Any, ...]:
        answer = function(*arrays, **attrs)
        if not isinstance(answer, tuple) or len(answer) != 1 + len(arrays):
            raise errors.not_a_rule(answer, len(arrays))
        return answer

    rule.broadcasts = broadcasts  # type: ignore[attr-defined]

    @functools.wraps(function)
    def run(*inputs: Any, **attrs: Any) -> Tensor:
        dtypes = {x.dtype for x in inputs if isinstance(x, TensorBase | np.ndarray)}
        operands = to_common_dtype(*inputs) if len(dtypes) > 1 else inputs
        out = apply(rule, *operands, **attrs)
        if any(isinstance(x, TensorBase) and owner(x._array) is owner(out._array) for x in operands):
            out._array = out._array.copy()  # else an in-place write to one would change the other, untracked
        return out

    return run
