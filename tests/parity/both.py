"""One program, run by PyTorch and by cutaway, and the comparison of what comes out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import cutaway

Program = Callable[[Any], Any]


def outcome(program: Program, t: Any, seed: int) -> Any:
    """What a program returns, or the class of what it raises; warnings are not the matter here."""
    t.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return program(t)
        except Exception as error:
            return error


def same(program: Program, seed: int = 0, rtol: float = 1e-5, atol: float = 1e-6) -> None:
    """Assert that a program, which is given torch or cutaway, comes to the same in both."""
    expected, got = outcome(program, torch, seed), outcome(program, cutaway, seed)
    if isinstance(expected, Exception) and not isinstance(got, Exception):
        raise AssertionError(f"torch raised {expected!r}, cutaway did not")
    if isinstance(got, Exception) and not isinstance(expected, Exception):
        raise got
    compare(got, expected, rtol, atol)


def compare(got: Any, expected: Any, rtol: float, atol: float, where: str = "") -> None:
    """Assert equality, of Tensors in dtype, shape, and values up to rounding.

    Args:
        got: cutaway's.
        expected: PyTorch's.
        rtol: relative to each number.
        atol: relative to the largest number of a tensor, or to 1 if that is less: what is left over of a sum of large
            numbers is as uncertain as they are.
        where: what the value is, for the message.
    """
    if isinstance(expected, Exception):
        assert type(got) is type(expected), f"{where}: {got!r} instead of {expected!r}"
        assert str(got) or not str(expected)
    elif isinstance(expected, torch.Tensor):
        assert isinstance(got, cutaway.Tensor), f"{where}: {type(got)}"
        assert str(got.dtype) == str(expected.dtype), where
        assert got.requires_grad == expected.requires_grad, where
        want = expected.detach().numpy()
        assert tuple(got.shape) == want.shape, where
        largest = np.abs(want[np.isfinite(want)]).max(initial=1.0) if want.dtype.kind == "f" else 1.0
        np.testing.assert_allclose(got.detach().numpy(), want, rtol=rtol, atol=atol * largest, err_msg=where)
    elif isinstance(expected, dict):
        assert list(got) == list(expected), where
        for key in expected:
            compare(got[key], expected[key], rtol, atol, f"{where}[{key!r}]")
    elif isinstance(expected, list | tuple):
        assert len(got) == len(expected), where
        for i, (a, b) in enumerate(zip(got, expected, strict=True)):
            compare(a, b, rtol, atol, f"{where}[{i}]")
    elif isinstance(expected, float):
        assert isinstance(got, float), f"{where}: {type(got)}"
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol, err_msg=where)
    elif isinstance(expected, torch.nn.Module):
        assert repr(got) == repr(expected), where
    elif isinstance(expected, bool | int | str | None):
        assert type(got) is type(expected) and got == expected, f"{where}: {got!r} instead of {expected!r}"
    else:
        assert got == expected, where


def numbers(*shape: int, seed: int = 0, scale: float = 2.0, dtype: str = "float32") -> Any:
    """The same random numbers for both, from NumPy's generator."""
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype(dtype)


def leaf(t: Any, array: Any) -> Any:
    return t.from_numpy(array.copy()).requires_grad_()


def run(t: Any, module: Any, *inputs: Any) -> list[Any]:
    """Outputs, and the gradients of inputs and parameters for a loss that weights every output differently."""
    out = module(*inputs)
    outs = list(out) if isinstance(out, tuple) else [out]
    loss = 0
    for i, o in enumerate(outs):
        weights = t.from_numpy(np.random.default_rng(i).normal(size=tuple(o.shape))).to(o.dtype)
        loss = loss + (o * weights).sum()
    grads = []
    if loss.requires_grad:
        loss.backward()
        grads = [x.grad for x in inputs if x.requires_grad]
        grads += [p.grad for p in module.parameters()] if hasattr(module, "parameters") else []
    return [outs, grads]
