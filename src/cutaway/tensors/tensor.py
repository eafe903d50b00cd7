"""The Tensor: the thing people hold. Its methods come from the families in the files beside this one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..dtypes import Size, get_default_dtype
from ..errors import missing_attribute, not_a_sequence
from .conversion import Conversion
from .counting import Counting
from .data import array_of
from .differentiation import Differentiation
from .drawing import Drawing
from .extremes import Extremes
from .inplace import InPlace
from .numpy_protocol import NumPyProtocol
from .printing import describe
from .sorting import Sorting


class Tensor(
    InPlace, Extremes, Sorting, Counting, Conversion, Drawing, Differentiation, NumPyProtocol, is_result=True
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
        dtype = get_default_dtype()
        if len(args) == 1 and not isinstance(args[0], int | Size):
            if isinstance(args[0], float | bool):
                raise not_a_sequence(args[0])
            array = array_of(args[0], dtype)
        else:
            array = np.zeros(args[0] if args and isinstance(args[0], Size) else args or (0,), dtype.dtype)
        self._array = array
        self._node = None
        self._grad = None
        self._view = None

    def __repr__(self) -> str:
        node = self.grad_fn
        return describe(
            self._array,
            grad_fn=None if node is None else node.name(),
            requires_grad=self.requires_grad,
            default_dtype=get_default_dtype().dtype,
        )

    if not TYPE_CHECKING:  # a type checker would take it that there is every name

        def __getattr__(self, name: str) -> Any:
            # Python comes here only for a name that is not there: where it is, this costs nothing.
            raise missing_attribute(self, name)
