"""The samples of `optim_db`: twenty steps of each optimizer, in every setting that the database knows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, OptimizerInfo, optim_db

import cutaway
from tests.parity.databases import scope
from tests.parity.databases.compare import differences
from tests.parity.databases.evaluate import quietly, reseed_databases
from tests.parity.databases.libraries import Copy, has, resolve
from tests.parity.databases.tally import Tally
from tests.parity.databases.words import arguments

STEPS = 20


def run(name: str, tally: Tally) -> None:
    """Run all samples of an optimizer.

    Args:
        name: its name in the library: optim.SGD.
        tally: where the outcomes go.
    """
    info = next(info for info in optim_db if f"optim.{info.name}" == name)
    if not has(cutaway, name):
        tally.miss(f"class {name}")
        return
    for dtype in (torch.float64, torch.float32):
        for sample in info.optim_inputs_func("cpu", dtype):
            for groups in (False, True):
                layout = "two groups" if groups else "one group"
                case = f"{str(dtype).removeprefix('torch.')} {layout}: {sample.desc}"
                _run_one(info, sample.kwargs, dtype, groups, case, tally)
    _run_errors(info, tally)


def _run_one(
    info: OptimizerInfo, kwargs: dict[str, Any], dtype: torch.dtype, groups: bool, case: str, tally: Tally
) -> None:
    why_not = scope.of_optimizer(kwargs) or scope.of_arguments((), kwargs)
    if why_not:
        tally.leave_out(case, why_not)
        return
    want = quietly(lambda: steps(torch, info, kwargs, dtype, groups))
    got = quietly(lambda: steps(cutaway, info, kwargs, dtype, groups))
    tally.add(case, differences(got, want, "steps"), arguments((), kwargs))


def parameters(library: Any, dtype: torch.dtype) -> tuple[Any, Any]:
    """A weight and a bias."""
    numbers = np.random.default_rng(0)
    tensors = [library.from_numpy(numbers.normal(size=shape)) for shape in ((4, 3), (3,))]
    weight, bias = (library.nn.Parameter(x.to(Copy(library)(dtype))) for x in tensors)
    return weight, bias


def backward(library: Any, weight: Any, bias: Any, number: int) -> Any:
    """The loss of a little regression on its batch of that number, with its gradients in place."""
    numbers = np.random.default_rng(number)
    x, y = (library.from_numpy(numbers.normal(size=shape)).to(weight.dtype) for shape in ((6, 4), (6, 3)))
    loss = ((x @ weight + bias - y) ** 2).mean()
    loss.backward()
    return loss


def steps(library: Any, info: OptimizerInfo, kwargs: dict[str, Any], dtype: torch.dtype, groups: bool) -> Any:
    """Parameters after each step, and the optimizer's state at the end.

    Args:
        library: torch or cutaway.
        info: the entry of the database.
        kwargs: the optimizer's arguments.
        dtype: of the parameters.
        groups: whether the bias has a group and a learning rate of its own.
    """
    weight, bias = parameters(library, dtype)
    kwargs = Copy(library)(kwargs)
    params = [{"params": [weight]}, {"params": [bias], "lr": 0.03}] if groups else [weight, bias]
    optimizer = resolve(library, f"optim.{info.name}")(params, **kwargs)
    path = []
    for i in range(STEPS):
        optimizer.zero_grad()
        loss = backward(library, weight, bias, i)
        optimizer.step()
        path.append([loss.detach(), weight.detach().clone(), bias.detach().clone()])
    return {"parameters": path, "state": optimizer.state_dict(), "repr": repr(optimizer)}


def _run_errors(info: OptimizerInfo, tally: Tally) -> None:
    reseed_databases()
    for error_input in info.optim_error_inputs_func("cpu", torch.float64):
        sample = error_input.optimizer_error_input
        case = f"error: {sample.desc}"
        why_not = scope.of_optimizer(sample.kwargs) or scope.of_arguments((), sample.kwargs)
        if why_not:
            tally.leave_out(case, why_not)
            continue
        at_step = error_input.error_on is OptimizerErrorEnum.STEP_ERROR
        want, got = (_refused(library, info, sample, at_step) for library in (torch, cutaway))
        tally.add(case, differences(got, want, "made"), arguments((), sample.kwargs))


def _refused(library: Any, info: OptimizerInfo, sample: Any, at_step: bool) -> Any:
    """What an optimizer says to arguments that it should refuse, warnings included."""
    copy = Copy(library)
    params, kwargs = copy(sample.params), copy(sample.kwargs)
    if params is None:
        params = list(parameters(library, torch.float64))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            optimizer = resolve(library, f"optim.{info.name}")(params, **kwargs)
            if at_step:
                optimizer.step()
        except Exception as error:
            return error
    return "no complaint"
