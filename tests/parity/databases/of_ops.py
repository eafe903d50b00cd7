"""The samples of `op_db`: every form of every function, in every dtype."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo.core import OpInfo, SampleInput

import cutaway
from tests.parity.databases import scope
from tests.parity.databases.compare import no_worse
from tests.parity.databases.evaluate import (
    Evaluation,
    compare,
    differentiate,
    no_implementation,
    quietly,
    reseed,
    reseed_databases,
    shares_memory,
)
from tests.parity.databases.libraries import REVERSED, Call, Copy, counterpart, has, resolve
from tests.parity.databases.names import FUNCTION, IN_PLACE, IN_PLACE_OPERATOR, METHOD, OPERATOR, Name, Op
from tests.parity.databases.tally import Tally
from tests.parity.databases.words import arguments

FLOATS = ("float64", "float32")


@dataclass(frozen=True)
class Form:
    """One way to call a function.

    Args:
        kind: function, method, in-place, operator or in-place operator.
        name: what it is called in both libraries.
        torch: PyTorch's.
        cutaway: cutaway's, or None.
    """

    kind: str
    name: str
    torch: Call
    cutaway: Call | None

    @property
    def writes(self) -> bool:
        return self.kind in (IN_PLACE, IN_PLACE_OPERATOR)


def infos(op: Op) -> list[OpInfo]:
    """The entries of the database."""
    found = [info for info in op_db if info.name == op.entry]
    return [info for info in found if op.variants is None or info.variant_test_name in op.variants]


def forms(op: Op, info: OpInfo) -> list[Form]:
    """The ways to call it that PyTorch has and that the name covers."""
    path = op.alias or op.entry
    if path in REVERSED:
        found = [_reversed(REVERSED[path])]
    elif "." in path:
        found = [_function(path, info), *_with_inplace_argument(path, info)]
    else:
        found = [*_methods(path), *_operators(path, info)]
        if has(torch, path) or not found:
            found.insert(0, _function(path, info))
    return [form for form in found if op.forms is None or form.kind in op.forms]


def _reversed(operation: Call) -> Form:
    call = lambda x, other: operation(other, x)
    return Form(FUNCTION, f"number {operation.__name__} tensor", call, call)


def _of_database(function: Any) -> bool:
    """Whether it is a few lines in the database itself."""
    return str(getattr(function, "__module__", "")).startswith("torch.testing.")


def _function(path: str, info: OpInfo) -> Form:
    there = has(cutaway, path) or (not has(torch, path) and has(cutaway.Tensor, path))
    function = info.op if _of_database(info.op) else resolve(torch, path)
    return Form(FUNCTION, path, function, counterpart(function, path) if there else None)


def _with_inplace_argument(path: str, info: OpInfo) -> list[Form]:
    """F.relu(x, inplace=True) and its like."""
    function = info.inplace_variant
    if not _of_database(function):
        return []
    ours = counterpart(function, path) if has(cutaway, path) else None
    return [Form(IN_PLACE, f"{path}(inplace=True)", function, ours)]


def _methods(base: str) -> Iterator[Form]:
    plain = [] if base.endswith("_") and not base.startswith("_") else [(METHOD, base)]
    for kind, name in [*plain, (IN_PLACE, base.rstrip("_") + "_")]:
        if callable(getattr(torch.Tensor, name, None)):
            call = _call_method(name)
            yield Form(kind, name, call, call if has(cutaway.Tensor, name) else None)


def _call_method(name: str) -> Call:
    return lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs)


# Operators that the database leaves out.
MORE_OPERATORS = {"floor_divide": (operator.floordiv, operator.ifloordiv)}


def _operators(name: str, info: OpInfo) -> Iterator[Form]:
    pair = MORE_OPERATORS.get(name, (info.operator_variant, info.inplace_operator_variant))
    for kind, function in zip((OPERATOR, IN_PLACE_OPERATOR), pair, strict=True):
        if function is not None:
            yield Form(kind, function.__name__.strip("_"), function, function)


# --- running them -------------------------------------------------------------------------------------------------


def run(name: Name, tally: Tally, storage: bool) -> None:
    """Run all samples of a name.

    Args:
        name: one with entries in `op_db`.
        tally: where the outcomes go.
        storage: whether float16 is in scope.
    """
    for op in name.ops:
        for info in infos(op):
            for form in forms(op, info):
                if form.cutaway is None:
                    tally.miss(f"{form.kind} {form.name}")
                    continue
                variant = f" ({info.variant_test_name})" if info.variant_test_name else ""
                label = f"{form.kind} {form.name}{variant}"
                for dtype in sorted(info.dtypes, key=str):
                    _run_dtype(op, info, form, dtype, label, tally, storage)
                if form.kind == FUNCTION or not has(torch, op.entry):
                    _run_errors(op, info, form, label, tally)


def _run_dtype(op: Op, info: OpInfo, form: Form, dtype: torch.dtype, label: str, tally: Tally, storage: bool) -> None:
    short = str(dtype).removeprefix("torch.")
    reason = scope.of_dtype(dtype, storage)
    differentiable = short in FLOATS and info.supports_autograd and dtype in info.backward_dtypes
    second = short == "float64" and form.kind == FUNCTION and info.supports_gradgrad
    found = samples(info, dtype, differentiable)
    if reason:
        tally.leave_out(f"{label} {short}", reason, len(found))
        return
    for i, sample in enumerate(found):
        if form.kind not in (FUNCTION, OPERATOR) and not isinstance(sample.input, torch.Tensor):
            continue  # a number has no methods: nothing that could be called
        _run_one(op, form, sample, f"{label} {short} #{i}", tally, differentiable, second)


def samples(info: OpInfo, dtype: torch.dtype, requires_grad: bool) -> list[SampleInput]:
    """The database's samples, the same ones each time."""
    reseed_databases()
    # Not info.sample_inputs(): it looks through the whole call stack each time, for the name of a failing test.
    return list(info.sample_inputs_func(info, "cpu", dtype, requires_grad))


def _run_errors(op: Op, info: OpInfo, form: Form, label: str, tally: Tally) -> None:
    if info.error_inputs_func is None:
        return
    reseed_databases()
    for i, error_input in enumerate(info.error_inputs_func(info, "cpu")):
        _run_one(op, form, error_input.sample_input, f"{label} error #{i}", tally, False, False)


def _run_one(
    op: Op, form: Form, sample: SampleInput, case: str, tally: Tally, differentiable: bool, second: bool
) -> None:
    sample.kwargs = scope.without_defaults(sample.kwargs)
    args = (sample.input, *sample.args)
    why_not = scope.of_arguments(args, sample.kwargs) or scope.of_layer(op.entry, args, sample.kwargs)
    if why_not:
        tally.leave_out(case, why_not)
        return
    level = differentiable, second
    want = evaluate(torch, form.torch, sample, form.writes, *level)
    got = evaluate(cutaway, form.cutaway, sample, form.writes, *level)
    if no_implementation(got, want):
        tally.leave_out(case, scope.PYTORCH_REFUSES)
        return
    found = compare(got, want, op.values)
    if found and all("differ" in text for text in found) and " float32 " in case:
        truth = evaluate(torch, form.torch, sample, form.writes, *level, widen=True)
        if no_worse([got.value, got.gradients], [want.value, want.gradients], [truth.value, truth.gradients]):
            found = []
    tally.add(case, found, arguments(args, sample.kwargs))


def evaluate(
    library: Any,
    call: Any,
    sample: SampleInput,
    writes: bool,
    differentiable: bool,
    second: bool,
    widen: bool = False,
) -> Evaluation:
    """One call in one library, on copies of the sample.

    Args:
        library: torch or cutaway.
        call: the function.
        sample: its arguments.
        writes: whether it writes to its first argument; which then is a clone, since a leaf must not be written to.
        differentiable: whether gradients are asked for.
        second: whether second ones are.
        widen: whether to compute in float64 what is given in float32.
    """
    copy = Copy(library, widen)
    x, args, kwargs = copy(sample.input), copy(sample.args), copy(sample.kwargs)
    if writes:
        x = x.clone()
    reseed(library)
    value = quietly(lambda: call(x, *args, **kwargs))
    done = Evaluation(value)
    if isinstance(value, Exception):
        return done
    if writes:
        done.same_object = value is x
    else:
        done.shares = shares_memory(library, value, x)
    if differentiable:
        done.gradients, done.second = differentiate(library, value, copy.leaves, second)
    return done
