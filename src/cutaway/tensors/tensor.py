"""The Tensor: the thing people hold. Its methods come from the families in the files beside this one."""

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
    """Numbers in a grid of any number of dimensions, and the record of how they were computed.

    Make one with `cutaway.tensor`, `cutaway.zeros`, `cutaway.randn` and the like.

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
        """Tensor(2, 3) has that shape (and zeros in it), Tensor([1, 2]) those numbers, in the default dtype."""
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

    if not TYPE_CHECKING:  # a type checker would take it that there is every name

        def __getattr__(self, name: str) -> Any:
            # Python comes here only for a name that is not there: where it is, this costs nothing.
            raise missing_attribute(self, name)
