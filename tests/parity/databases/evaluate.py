"""One call in one library: its value, its gradients, and the gradients of those."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from tests.parity.databases.compare import differences
from tests.parity.databases.libraries import memory_of
from tests.parity.databases.scope import leaves as leaves_of
from tests.parity.databases.scope import not_implemented

SEED = 42


@dataclass
class Evaluation:
    """What came out.

    Attributes:
        value: what the call returned, or the error that it raised.
        shares: whether the value lies in the memory of the first input; None if it can not be said.
        same_object: whether the value is the very tensor that was written to.
        gradients: with respect to each leaf, or the error.
        second: gradients of the gradients, or the error.
        extra: what else is to be compared, by name.
    """

    value: Any = None
    shares: bool | None = None
    same_object: bool | None = None
    gradients: Any = None
    second: Any = None
    extra: dict[str, Any] = field(default_factory=dict)


def quietly(call: Callable[[], Any]) -> Any:
    """The call's value, or the error that it raises; warnings are not the matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except Exception as error:
            return error


def tensors_in(library: Any, value: Any) -> list[Any]:
    """The tensors in a value, in order."""
    return [x for x in leaves_of(value) if isinstance(x, library.Tensor)]


def shares_memory(library: Any, value: Any, x: Any) -> bool | None:
    """Whether the first tensor of a value looks into the memory of x."""
    found = tensors_in(library, value)
    if not found or not isinstance(x, library.Tensor) or not x.numel() or not found[0].numel():
        return None
    (start, stop), (first, last) = memory_of(found[0]), memory_of(x)
    return start < last and first < stop


def weights(library: Any, x: Any, number: int) -> Any:
    """Numbers of x's shape and dtype, the same in both libraries, so that each element counts differently."""
    numbers = np.random.default_rng(number).uniform(0.5, 1.5, tuple(x.shape))
    return library.from_numpy(np.asarray(numbers)).to(x.dtype)


def differentiate(library: Any, value: Any, inputs: list[Any], second: bool) -> tuple[Any, Any]:
    """Gradients of a value with respect to inputs, and the gradients of those with respect to the inputs again.

    Returns:
        Two lists in the order of the inputs, the second with the gradients of the weights at its end. An error stands
        in the place of a list that could not be had, None in the place of one that was not asked for.
    """
    outputs = [x for x in tensors_in(library, value) if x.requires_grad]
    if not outputs or not inputs:
        return None, None
    factors = [weights(library, x, i).requires_grad_(second) for i, x in enumerate(outputs)]
    grad = library.autograd.grad
    first = quietly(lambda: grad(outputs, inputs, factors, create_graph=second, allow_unused=True))
    if isinstance(first, Exception):
        return first, None
    first = list(first)
    if not second:
        return first, None
    plain = [None if g is None else g.detach() for g in first]
    targets = {i: g for i, g in enumerate(first) if g is not None and g.requires_grad}
    wanted = [*inputs, *factors]
    again: Any = [None] * len(wanted)
    if targets:
        directions = [weights(library, g, 100 + i) for i, g in targets.items()]
        again = quietly(lambda: grad(list(targets.values()), wanted, directions, allow_unused=True))
    if isinstance(again, Exception):
        return plain, again
    zeros = [library.zeros(tuple(x.shape), dtype=x.dtype) for x in wanted]
    return plain, [z if g is None else g.detach() for g, z in zip(again, zeros, strict=True)]


def compare(got: Evaluation, want: Evaluation, values: bool = True) -> list[str]:
    """What is different in cutaway's evaluation from PyTorch's, in words."""
    found = differences(got.value, want.value, "value", values)
    if found or isinstance(want.value, Exception):
        return found
    if want.same_object is not None and got.same_object != want.same_object:
        found.append("the result is not the tensor that was written to")
    if want.shares is not None and got.shares != want.shares:
        found.append(f"memory: cutaway {_shares(got.shares)}, PyTorch {_shares(want.shares)}")
    if want.gradients is not None and not (isinstance(want.gradients, Exception) and not_implemented(want.gradients)):
        found += differences(got.gradients, want.gradients, "gradient")
    if not found and isinstance(want.second, list):
        found += differences(got.second, want.second, "second gradient")
    for name in want.extra:
        found += differences(got.extra.get(name), want.extra[name], name)
    return found


def _shares(shares: bool | None) -> str:
    return "returns a view of the input" if shares else "returns memory of its own"


def no_implementation(got: Evaluation, want: Evaluation) -> bool:
    """Whether PyTorch lacks what cutaway has."""
    return isinstance(want.value, Exception) and not_implemented(want.value) and not isinstance(got.value, Exception)


def reseed(library: Any, seed: int = SEED) -> None:
    """Begin the random numbers anew."""
    if library is torch:
        torch.default_generator.manual_seed(seed)  # torch.manual_seed looks for devices each time, and takes 1 ms
    else:
        library.manual_seed(seed)


def reseed_databases() -> None:
    """Begin all the random numbers anew that samples are made of."""
    reseed(torch, 0)
    random.seed(0)
    np.random.seed(0)
