"""detect_anomaly raises where PyTorch's does, with the same first sentence."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import cutaway

PROGRAMS: list[Callable[[Any], Any]] = [
    lambda T: (T.tensor([0.0, 1.0], requires_grad=True) * 0).sqrt().mul(0).sum(),
    lambda T: T.where(T.tensor([True, False]), T.tensor([1.0, 0.0], requires_grad=True).sqrt(), T.zeros(2)).sum(),
    lambda T: T.tensor([0.0, 1.0], requires_grad=True).log().sum(),
    lambda T: T.tensor([T.nan], requires_grad=True).square().sum(),
    lambda T: (T.tensor([1.0, -T.inf]) + T.zeros(2, requires_grad=True)).softmax(0)[0],
    lambda T: (T.zeros(2, requires_grad=True) / 0).sum(),
    lambda T: T.zeros(2, requires_grad=True).norm(),
]


def outcome(T: Any, program: Callable[[Any], Any], **settings: Any) -> str:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with T.autograd.detect_anomaly(**settings):
                program(T).backward()
        except RuntimeError as error:
            return re.split(r"output[.:]", str(error))[0]
    return "no error"


@pytest.mark.parametrize("settings", [{}, {"check_nan": False}])
@pytest.mark.parametrize("number", range(len(PROGRAMS)))
def test_it_raises_where_pytorch_does(number: int, settings: dict[str, Any]) -> None:
    program = PROGRAMS[number]
    assert outcome(cutaway, program, **settings) == outcome(torch, program, **settings)
