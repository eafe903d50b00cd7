"""The Tensor class, assembled from the method families in the other files of this package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..dtypes import get_default_dtype
from ..errors import missing_attribute
from .conversion import Conversion
from .counting import Counting
from .differentiation import Differentiation
from .extremes import Extremes
from .inplace import InPlace
from .numpy_protocol import NumPyProtocol
from .printing import describe
from .sampling import Sampling
from .sorting import Sorting
from .types import made


class Tensor(
    InPlace, Extremes, Sorting, Counting, Conversion, Sampling, Differentiation, NumPyProtocol, is_result=True
):  # fmt: skip
    """A multi-dimensional array that records how it was computed, for automatic differentiation.

    Create one with `cutaway.tensor`, `cutaway.zeros`, `cutaway.randn` and similar functions.

    >>> x = cutaway.tensor([[1., 2.], [3., 4.]], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y
    tensor(30., grad_fn=<SumBackward0>)
    >>> y.backward()
    >>> x.grad
    tensor([[2., 4.],
            [6., 8.]])
    """

    __slots__ = ()

    def __init__(self, *args: Any) -> None:
        """Tensor(2, 3) is zeros of that shape; Tensor([1, 2]) holds those numbers, in the default dtype."""
        new = made(args)
        self._array, self._node, self._grad, self._view = new._array, new._node, None, new._view

    def __repr__(self) -> str:
        node = self.grad_fn
        return describe(
            self._array,
            grad_fn=None if node is None else node.name().rpartition("::")[2],
            requires_grad=self.requires_grad,
            default_dtype=get_default_dtype().dtype,
        )

    if not TYPE_CHECKING:  # else a type checker would accept every attribute name

        def __getattr__(self, name: str) -> Any:
            # Called only when normal attribute lookup fails, so existing attributes cost nothing.
            raise missing_attribute(self, name)
