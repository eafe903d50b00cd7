"""The harness on trial: it finds planted mistakes, and finds none in PyTorch held against itself."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import cutaway
from tests.parity.databases import compare, libraries, of_modules, of_ops, of_optimizers, of_schedulers, run, tally
from tests.parity.databases import evaluate as evaluation
from tests.parity.databases.known import Known
from tests.parity.databases.names import FUNCTION, IN_PLACE, NAMES, Name, Op
from tests.parity.databases.of_ops import Form, evaluate, infos, samples
from tests.parity.databases.tally import FAILED, KNOWN_DIFFERENCE, MISSING, PASSED, Tally


def differences(op: str, cutaways: Any, torchs: Any, writes: bool = False, dtype: torch.dtype = torch.float64) -> str:
    """All that the harness says of a function that claims to be PyTorch's."""
    info = infos(Op(op))[0]
    form = Form(IN_PLACE if writes else FUNCTION, op, torchs, cutaways)
    differentiable = dtype.is_floating_point and info.supports_autograd
    found = []
    for sample in samples(info, dtype, differentiable):
        want = evaluate(torch, form.torch, sample, writes, differentiable, differentiable)
        got = evaluate(cutaway, form.cutaway, sample, writes, differentiable, differentiable)
        found += evaluation.compare(got, want)
    return "; ".join(found)


class WrongGradient(cutaway.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x.exp()

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * x.exp() * 1.000001


class WrongSecondGradient(cutaway.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x.exp()

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return g * x.detach().exp()


def test_what_is_right_passes() -> None:
    assert differences("exp", cutaway.exp, torch.exp) == ""


@pytest.mark.parametrize(
    "cutaways, finding",
    [
        (lambda x: cutaway.exp(x) * (1 + 1e-7), "value: "),
        (lambda x: cutaway.exp(x).float(), "dtype torch.float32"),
        (lambda x: cutaway.exp(x).reshape(1, *x.shape), "shape"),
        (lambda x: cutaway.exp(x).detach(), "requires_grad=False"),
        (lambda x: cutaway.exp(x).detach().numpy(), "a ndarray"),
        (lambda x: (_ for _ in ()).throw(ValueError("planted")), "cutaway raised ValueError: planted"),
        (WrongGradient.apply, "gradient"),
        (WrongSecondGradient.apply, "second gradient"),
    ],
)
def test_a_wrong_function_is_found(cutaways: Any, finding: str) -> None:
    assert finding in differences("exp", cutaways, torch.exp)


def test_a_copy_in_the_place_of_a_view_is_found() -> None:
    found = differences("t", lambda x: x.t().clone(), torch.t)
    assert "memory: cutaway returns memory of its own, PyTorch returns a view of the input" in found


def test_a_new_tensor_in_the_place_of_the_one_written_to_is_found() -> None:
    found = differences("exp", lambda x: x.exp(), lambda x: x.exp_(), writes=True)
    assert "the result is not the tensor that was written to" in found


def test_an_error_that_is_missing_is_found() -> None:
    def refuse(x: torch.Tensor) -> torch.Tensor:
        raise IndexError("planted")

    assert "PyTorch raises IndexError: planted; cutaway returned" in differences("exp", cutaway.exp, refuse)


def test_an_error_of_another_class_is_found() -> None:
    def refuse(x: Any) -> Any:
        raise IndexError("planted")

    def refuse_otherwise(x: Any) -> Any:
        raise RuntimeError("planted")

    assert "cutaway raised RuntimeError" in differences("exp", refuse_otherwise, refuse)


def test_a_known_difference_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "KNOWN", (Known("exp", "method *", "instead of nan", "meant"),))
    counts = Tally("exp")
    counts.add("method exp float64 #0", ["gradient: 0.0 instead of nan"])
    counts.add("method exp float64 #1", ["gradient: 0.0 instead of nan", "value: 1.0 instead of 2.0"])
    counts.add("function exp float64 #0", ["gradient: 0.0 instead of nan"])
    assert [outcome.status for outcome in counts.outcomes] == [KNOWN_DIFFERENCE, FAILED, FAILED]


def test_wrong_whole_numbers_are_found() -> None:
    found = differences("neg", lambda x: -x + 1, torch.neg, dtype=torch.int64)
    assert "value: " in found


ITSELF = [
    "add",
    "where",
    "sort",
    "einsum",
    "T",
    "__getitem__",
    "normal_",
    "bernoulli",
    "Tensor.to",
    "nn.functional.dropout",
    "nn.Linear",
    "nn.LazyConv2d",
    "nn.TransformerEncoder",
    "optim.Adam",
    "optim.lr_scheduler.StepLR",
]


@pytest.mark.parametrize("name", [name for name in NAMES if name.name in ITSELF], ids=lambda name: name.name)
def test_pytorch_itself_passes(name: Name, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (compare, libraries, of_ops, of_modules, of_optimizers, of_schedulers, run):
        monkeypatch.setattr(module, "cutaway", torch)
    tally = Tally(name.name)
    run.run_into(name, tally)
    assert tally.count(PASSED)
    assert not tally.of(FAILED) + tally.of(MISSING)
