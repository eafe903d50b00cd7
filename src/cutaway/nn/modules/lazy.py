"""Lazy layers, which infer the number of input features or channels from the first input.

`LazyLinear(10)` has parameters that wait for their shape. The first call infers the shape from the input,
initializes them, and turns the layer into an ordinary `Linear`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ...dtypes import dtype as DType
from ...tensors import Tensor
from ..uninitialized import Uninitialized, UninitializedParameter
from .linear import Linear
from .module import Module

__all__ = ["LazyLinear", "LazyModuleMixin"]


class LazyModuleMixin(Module):
    """Make a layer lazy: inherit from this class first and from the layer second.

    `initialize_parameters`, which the class has to define, is called with the first input and calls `materialize` on
    every parameter that waits. `cls_to_become` is the class that the layer then has.
    """

    cls_to_become: ClassVar[type[Module] | None] = None

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Set the shape and the values of every parameter, given the arguments of forward."""
        raise NotImplementedError(f"{type(self).__name__} is lazy, so it has to define initialize_parameters(self, x)")

    def has_uninitialized_params(self) -> bool:
        """Whether a parameter or a buffer of this layer has no shape yet."""
        own = (*self._parameters.values(), *self._buffers.values())
        return any(isinstance(tensor, Uninitialized) for tensor in own)

    def materialize(self, **shapes: tuple[int, ...]) -> bool:
        """Set the shapes, given by name, of the uninitialized parameters and buffers; False if there are none."""
        waiting = self.has_uninitialized_params()
        for name, shape in shapes.items():
            tensor = getattr(self, name)
            if isinstance(tensor, Uninitialized):
                tensor.materialize(shape)
        return waiting

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.initialize_parameters(*args, **kwargs)
        if self.has_uninitialized_params():
            raise RuntimeError(f"{type(self).__name__}.initialize_parameters left a parameter without a shape")
        if self.cls_to_become is None:
            return super().__call__(*args, **kwargs)
        self.__class__ = self.cls_to_become  # type: ignore[assignment]
        return self(*args, **kwargs)


class LazyLinear(LazyModuleMixin, Linear):
    """A `Linear` that infers in_features from its first input.

    Args:
        out_features: the size of the output's last axis.
        bias: False omits b.

    >>> net = nn.Sequential(nn.Flatten(), nn.LazyLinear(10))
    >>> net
    Sequential(
      (0): Flatten(start_dim=1, end_dim=-1)
      (1): LazyLinear(in_features=0, out_features=10, bias=True)
    )
    >>> net(torch.zeros(5, 1, 28, 28)).shape
    torch.Size([5, 10])
    >>> net[1]
    Linear(in_features=784, out_features=10, bias=True)
    """

    cls_to_become = Linear

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: DType | None = None) -> None:
        super().__init__(0, 0, bias=False)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        """Reinitialize the weights, if they have a shape."""
        if self.in_features and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self, input: Tensor) -> None:
        """Infer in_features from x (..., in_features), and initialize the weights, unless they were loaded."""
        if self.materialize(weight=(self.out_features, input.shape[-1]), bias=(self.out_features,)):
            self.in_features = input.shape[-1]
            self.reset_parameters()
        self.in_features = self.weight.shape[-1]
