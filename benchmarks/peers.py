"""The others: each a function from a workload's name to a training step of the same work.

They start from the same parameters and the same data, those that cutaway makes of the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from . import arrays, by_hand
from .workloads import WORKLOADS, Training, mlp_sgd

Step: TypeAlias = Callable[[], Any]
MAKE = {**WORKLOADS, "mlp_sgd": mlp_sgd}  # the second only beside NumPy by hand


def cutaway(name: str) -> Step:
    import cutaway

    return MAKE[name](cutaway).step


def pytorch(name: str) -> Step:
    import torch

    return MAKE[name](torch).step


def numpy(name: str) -> Step:
    parameters, data, _ = _start(name)
    return getattr(by_hand, name)(*parameters, *data)  # type: ignore[no-any-return]


def autograd(name: str) -> Step:
    """HIPS autograd."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    parameters, data, move = _start(name)
    loss = getattr(arrays, name)
    gradients = value_and_grad(lambda parameters: loss(anp, *parameters, *data))

    def step() -> Any:
        value, grads = gradients(parameters)
        move(grads)
        return value

    return step


def mygrad(name: str) -> Step:
    import mygrad as mg

    parameters, data, move = _start(name)
    tensors = [mg.tensor(p, copy=False) for p in parameters]
    loss = getattr(arrays, name)

    def step() -> Any:
        value = loss(mg, *tensors, *data)
        value.backward()
        move([t.grad for t in tensors])
        return value.item()

    return step


def micrograd(name: str) -> Step:
    """One number at a time: the two smallest workloads are what it can run."""
    from micrograd.engine import Value

    def tanh(x: Any) -> Any:  # it has relu only; its author's lecture adds tanh so
        out = Value(np.tanh(x.data), (x,), "tanh")

        def backward() -> None:
            x.grad += (1 - out.data**2) * out.grad

        out._backward = backward
        return out

    parameters, data, move = _start(name)
    numbers = [[Value(float(n)) for n in p.ravel()] for p in parameters]

    def small_ops() -> Any:
        total = Value(0.0)
        for x in numbers[0]:
            y = x
            for _ in range(50):
                y = tanh(y * x + x) - 0.5
            total = total + y
        return total

    def xor() -> Any:
        (w1, b1, w2, b2), (inputs, targets) = numbers, data
        total = Value(0.0)
        for row, (target,) in zip(inputs.tolist(), targets.tolist(), strict=True):
            h = [tanh(sum((w * n for w, n in zip(w1[2 * j : 2 * j + 2], row)), b1[j])) for j in range(8)]
            z = sum((w * n for w, n in zip(w2, h)), b2[0])
            total = total + (tanh(z * 0.5) * 0.5 + 0.5 - target) ** 2
        return total * 0.25

    loss = {"small_ops": small_ops, "xor": xor}[name]

    def step() -> Any:
        for group in numbers:
            for n in group:
                n.grad = 0
        value = loss()
        value.backward()
        move([np.array([n.grad for n in group]).reshape(p.shape) for group, p in zip(numbers, parameters)])
        for group, p in zip(numbers, parameters):
            for n, number in zip(group, p.ravel().tolist()):
                n.data = number
        return value.data

    return step


PEERS: dict[str, tuple[Callable[[str], Step], list[str]]] = {  # and what each can run
    "PyTorch": (pytorch, list(WORKLOADS)),
    "NumPy by hand": (numpy, ["small_ops", "xor", "mlp_small", "mlp", "mlp_sgd"]),
    "autograd": (autograd, list(WORKLOADS)),
    "MyGrad": (mygrad, list(WORKLOADS)),
    "micrograd": (micrograd, ["small_ops", "xor"]),
}


def _start(name: str) -> tuple[list[Any], list[Any], Callable[[Any], None]]:
    """A workload's parameters and data as arrays, and what its optimizer does with a list of gradients."""
    import cutaway

    training: Training = MAKE[name](cutaway)
    parameters = [p.detach().numpy() for p in training.parameters]
    data = [x.numpy() for x in training.data]

    def move(grads: Any) -> None:
        for parameter, g in zip(training.parameters, grads, strict=True):
            parameter.grad = cutaway.from_numpy(np.asarray(g, np.float32))
        training.optimizer.step()

    return parameters, data, move if training.optimizer else lambda grads: None
