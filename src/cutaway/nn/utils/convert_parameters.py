"""Convert parameters to a single vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from ...tensors import Tensor, cat

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Flatten and concatenate all parameters into one vector.

    >>> nn.utils.parameters_to_vector(nn.Linear(2, 3).parameters()).shape
    torch.Size([9])
    """
    return cat([param.reshape(-1) for param in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Split a vector into the values of the parameters; they share the vector's memory.

    Raises:
        RuntimeError: the vector has fewer elements than the parameters.

    >>> net = nn.Linear(2, 1)
    >>> nn.utils.vector_to_parameters(torch.arange(3.0), net.parameters())
    >>> net.weight.tolist(), net.bias.tolist()
    ([[0.0, 1.0]], [2.0])
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected a Tensor, but got {type(vec).__name__}")
    pieces = []
    start = 0
    for param in parameters:
        stop = start + param.numel()
        if stop > vec.numel():
            raise RuntimeError(
                f"the vector has {vec.numel()} elements, and the parameters need more: the next has shape "
                f"{tuple(param.shape)} and would end at {stop}"
            )
        pieces.append((param, vec[start:stop].reshape(param.shape).data))
        start = stop
    for param, piece in pieces:
        param.data = piece
