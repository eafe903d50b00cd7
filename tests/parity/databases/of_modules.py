"""The samples of `module_db`: a layer built, loaded with PyTorch's parameters, run and differentiated."""

from __future__ import annotations

from typing import Any

import torch
from torch.testing._internal.common_modules import FunctionInput, ModuleErrorEnum, ModuleInfo, ModuleInput, module_db

import cutaway
from tests.parity.databases import scope
from tests.parity.databases.evaluate import Evaluation, compare, differentiate, quietly, reseed, reseed_databases
from tests.parity.databases.libraries import Copy, has, resolve
from tests.parity.databases.tally import Tally
from tests.parity.databases.words import arguments

DTYPES = (torch.float64, torch.float32)


def run(name: str, tally: Tally) -> None:
    """Run all samples of a layer.

    Args:
        name: its name in the library: nn.Linear.
        tally: where the outcomes go.
    """
    info = next(info for info in module_db if info.name == name)
    if not has(cutaway, name):
        tally.miss(f"class {name}")
        return
    for dtype in info.dtypes:
        if dtype not in DTYPES:
            tally.leave_out(str(dtype), scope.of_dtype(dtype, storage=False) or "", len(samples(info, dtype, True)))
    for dtype in DTYPES:
        for training in (True, False) if info.train_and_eval_differ else (True,):
            for i, sample in enumerate(samples(info, dtype, training)):
                mode = "train" if training else "eval"
                case = f"{str(dtype).removeprefix('torch.')} {mode} #{i}"
                _run_one(info, sample, dtype, training, case, tally)
    if info.module_error_inputs_func:
        _run_errors(info, tally)


def samples(info: ModuleInfo, dtype: torch.dtype, training: bool) -> list[ModuleInput]:
    """The database's samples, the same ones each time."""
    reseed_databases()
    found = info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)
    return list(found)


def _run_one(
    info: ModuleInfo, sample: ModuleInput, dtype: torch.dtype, training: bool, case: str, tally: Tally
) -> None:
    why_not = out_of_scope(sample)
    if why_not:
        tally.leave_out(case, why_not)
        return
    second = dtype is torch.float64 and info.supports_gradgrad
    want = evaluate(torch, info, sample, dtype, training, None, second)
    got = evaluate(cutaway, info, sample, dtype, training, want.extra.get("initial state"), second)
    tally.add(case, compare(got, want), summary(sample))


def _run_errors(info: ModuleInfo, tally: Tally) -> None:
    reseed_databases()
    found = info.module_error_inputs_func(info, device="cpu", dtype=torch.float64, requires_grad=False, training=True)
    for i, error_input in enumerate(found):
        sample, case = error_input.module_error_input, f"error #{i}"
        why_not = out_of_scope(sample)
        if why_not:
            tally.leave_out(case, why_not)
            continue
        if error_input.error_on is ModuleErrorEnum.CONSTRUCTION_ERROR:
            sample.forward_input = None
        want, got = (evaluate(library, info, sample, torch.float64, True, None, False) for library in (torch, cutaway))
        tally.add(case, compare(got, want), summary(sample))


def out_of_scope(sample: ModuleInput) -> str | None:
    """Why a sample is out of scope; None if it is in."""
    for given in (sample.constructor_input, sample.forward_input):
        reason = given and (
            scope.of_arguments(given.args, given.kwargs) or scope.of_layer("", given.args, given.kwargs)
        )
        if reason:
            return str(reason)
    return None


def evaluate(
    library: Any, info: ModuleInfo, sample: ModuleInput, dtype: torch.dtype, training: bool, state: Any, second: bool
) -> Evaluation:
    """A layer built and run in one library.

    Args:
        library: torch or cutaway.
        info: the entry of the database.
        sample: what to build it with and to call it with.
        dtype: of its parameters.
        training: train() or eval().
        state: PyTorch's parameters and buffers, to be loaded; None to keep the layer's own.
        second: whether second gradients are asked for.
    """
    done = Evaluation()
    build = Copy(library)
    reseed(library)
    given = sample.constructor_input
    module = quietly(lambda: resolve(library, info.name)(*build(given.args), **build(given.kwargs)))
    if isinstance(module, Exception) or sample.forward_input is None:
        done.value = module if isinstance(module, Exception) else "built"
        return done
    module.to(build(dtype)).train(training)
    if not info.is_lazy:
        done.extra["initial state"] = snapshot(module)
        if state is not None:
            loaded = quietly(lambda: module.load_state_dict(Copy(library)(state)))
            done.value = loaded
            if isinstance(loaded, Exception):
                return done
    _call(library, module, sample.forward_input, done, second)
    done.extra["state afterwards"] = snapshot(module)
    done.extra["repr"] = repr(module)
    return done


def _call(library: Any, module: Any, given: FunctionInput, done: Evaluation, second: bool) -> None:
    """Run a layer and differentiate it, with respect to its inputs and its parameters."""
    copy = Copy(library)
    args, kwargs = copy(given.args), copy(given.kwargs)
    reseed(library)
    done.value = quietly(lambda: module(*args, **kwargs))
    if not isinstance(done.value, Exception):
        inputs = [*copy.leaves, *(p for p in module.parameters() if p.requires_grad)]
        done.gradients, done.second = differentiate(library, done.value, inputs, second)


def snapshot(module: Any) -> dict[str, Any]:
    """The state dict as it is now."""
    return {name: x.detach().clone() for name, x in module.state_dict().items()}


def summary(sample: ModuleInput) -> str:
    """What the layer is built with and called with, in a line."""
    built, called = sample.constructor_input, sample.forward_input
    inside = arguments(built.args, built.kwargs)
    return f"({inside})" + (f" of ({arguments(called.args, called.kwargs)})" if called else "")
