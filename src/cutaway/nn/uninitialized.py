"""Tensors without a shape: the parameters of a lazy layer before its first input.

They can be listed, passed to an optimizer, converted and saved, but have no values to compute with.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

from ..creation import empty
from ..dtypes import check_device, get_default_dtype
from ..dtypes import dtype as DType
from ..tensors import Tensor
from .parameter import Parameter

__all__ = ["Uninitialized", "UninitializedBuffer", "UninitializedParameter"]

_HOW = "call the model once on data of the right shape, for example net(torch.zeros(1, 1, 28, 28)), and then do this"


class Uninitialized(Tensor):
    """The base of uninitialized parameters and buffers."""

    becomes: ClassVar[type[Tensor]]
    wants_grad: bool
    will_be: DType

    def __new__(cls, requires_grad: bool = False, device: Any = None, dtype: DType | None = None) -> Self:
        check_device(device)
        waiting = object.__new__(cls)
        waiting._node = waiting._grad = waiting._view = None
        waiting.wants_grad, waiting.will_be = requires_grad, get_default_dtype() if dtype is None else dtype
        return waiting

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def materialize(self, shape: Any, device: Any = None, dtype: DType | None = None) -> None:
        """Set the shape. The result is an ordinary tensor, whose values are still to be set."""
        check_device(device)
        wants_grad, array = self.wants_grad, empty(shape, dtype=self.will_be if dtype is None else dtype)._array
        del self.wants_grad, self.will_be
        self.__class__ = self.becomes  # type: ignore[assignment]  # the same object: an optimizer may hold it
        self._array = array
        self.requires_grad = wants_grad

    @property
    def _array(self) -> Any:
        raise ValueError(f"this parameter is uninitialized: its lazy layer has not seen an input yet; {_HOW}")

    @_array.setter
    def _array(self, array: Any) -> None:
        raise ValueError(f"this parameter is uninitialized: its lazy layer sets its values; {_HOW}")

    @property
    def shape(self) -> Any:
        """RuntimeError: there is no shape yet."""
        raise RuntimeError(f"a lazy layer's parameter has no shape before the layer has seen an input; {_HOW}")

    @property
    def dtype(self) -> DType:
        """The dtype that its values will have."""
        return self.will_be

    @property
    def requires_grad(self) -> bool:
        """Whether it will accumulate a gradient."""
        return self.wants_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        self.wants_grad = wanted

    @property
    def data(self) -> Tensor:
        """An empty tensor: writes before the first input, such as `weight.data.normal_()`, are lost."""
        return empty(0, dtype=self.will_be)

    @data.setter
    def data(self, value: Tensor) -> None:
        self.will_be = value.dtype

    def detach(self) -> Self:
        """Itself: there is no graph yet."""
        return self

    def is_floating_point(self) -> bool:
        """True: only floating-point values are learned."""
        return True

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """A new uninitialized tensor, with another dtype."""
        [dtype] = [a for a in (*args, *kwargs.values()) if isinstance(a, DType)] or [self.will_be]
        return type(self)(self.wants_grad, dtype=dtype)

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Take the shape and the values of a tensor, as loading a state dict does."""
        if isinstance(src, Uninitialized):
            return self
        self.materialize(src.shape)
        return self.copy_(src)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        twin: Self = memo.setdefault(id(self), self.to())
        return twin

    def __reduce_ex__(self, protocol: Any) -> Any:
        return type(self), (self.wants_grad, None, self.will_be)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class UninitializedParameter(Uninitialized, Parameter):
    """A parameter whose shape the first input will determine."""

    becomes = Parameter

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: DType | None = None) -> Self:
        return super().__new__(cls, requires_grad, device, dtype)


class UninitializedBuffer(Uninitialized):
    """A buffer whose shape the first input will determine."""

    becomes = Tensor
