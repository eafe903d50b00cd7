"""detect_anomaly: the first op whose value or gradient is not finite, with what went in and both lines."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import nn
from cutaway.autograd import AnomalyWarning, detect_anomaly, set_detect_anomaly
from cutaway.graph import observers


def leaf(*values: float) -> torch.Tensor:
    return torch.tensor(values, requires_grad=True)


def told(program: Callable[[], Any]) -> list[warnings.WarningMessage]:
    """The anomalies that are told in a program."""
    with np.errstate(all="ignore"), warnings.catch_warnings(record=True) as caught, detect_anomaly():
        warnings.simplefilter("always")
        program()
    return [w for w in caught if w.category is AnomalyWarning]


def distance() -> Any:
    x = leaf(0.0, 3.0)
    return (x * 0).sqrt(), x


class Broken(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * torch.nan


# --- on the way back ------------------------------------------------------------------------------------------------


def test_a_gradient_that_is_nan_raises_and_names_op_inputs_and_both_lines() -> None:
    root, x = distance()
    with pytest.raises(RuntimeError) as raised, detect_anomaly():
        (root * 0).sum().backward()
    lines = str(raised.value).splitlines()
    assert lines[0] == (
        "Function 'SqrtBackward0' returned nan values in its 0th output: the gradient of sqrt for its input 0 is not a "
        "number; 2 of 2 numbers, the first at [0], which is nan, where the input is 0"
    )
    assert lines[1] == "sqrt ran forward here"
    assert lines[2] == f'    File "{__file__}", line {distance.__code__.co_firstlineno + 2}, in distance'
    assert lines[3].strip() == "return (x * 0).sqrt(), x"
    assert lines[4].strip() == "input 0: [0., 0.], of shape (2,)"
    assert lines[5] == "and backward was called here"
    assert lines[7].strip() == "(root * 0).sum().backward()"
    assert lines[8].strip() == "the incoming gradient: [0., 0.], of shape (2,)"
    assert lines[9].strip() == "the gradient passed on: [nan, nan], of shape (2,), 2 of them nan"
    assert "(x + 1e-8)" in lines[10]
    assert x.grad is None


@pytest.mark.parametrize(
    "program, why",
    [
        (lambda: (leaf(0.0).sqrt() * 0).sum().backward(), "Its derivative is infinite or undefined there. "),
        (lambda: (leaf(1.0) * 2).sum().backward(torch.tensor(torch.nan)), "The incoming gradient was already nan: "),
        (lambda: (leaf(0.0) * 0).sqrt().sum().backward(), "The incoming gradient was infinite; "),
        (lambda: (leaf(1.0) * torch.tensor([torch.inf])).backward(torch.zeros(1)), "One of its inputs was already "),
        (lambda: (leaf(-2.0) ** 0.5).sum().backward(), "The value of power was already not finite: an AnomalyWarning "),
        (lambda: Broken.apply(leaf(1.0)).sum().backward(), "Broken.backward made it of finite numbers: check its "),
    ],
)
def test_the_reason(program: Callable[[], None], why: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        told(program)
    assert str(raised.value).splitlines()[-1].startswith(why)


def test_an_infinite_gradient_is_reported_and_propagated() -> None:
    x = leaf(0.0, 4.0)
    [warning] = told(lambda: x.sqrt().sum().backward())
    text = str(warning.message)
    assert text.startswith("the gradient of sqrt for its input 0 became infinite; 1 of 2 numbers, the first at [0]")
    assert "sqrt ran forward here" in text
    assert "and backward was called here" in text
    assert x.grad.tolist() == [torch.inf, 0.25]


def test_an_infinite_gradient_is_reported_where_it_arose_and_once_per_line() -> None:
    w = leaf(0.0)
    [warning] = told(lambda: (w * 2).sqrt().sum().backward())  # the product passes the infinity on
    assert str(warning.message).startswith("the gradient of sqrt for its input 0 became infinite")

    def loop() -> None:
        for _ in range(2):
            w.sqrt().sum().backward()

    assert len(told(loop)) == 1


def test_second_derivatives_are_watched_too() -> None:
    x = leaf(0.0)
    with pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan"):
        told(lambda: (x.sqrt() * 0).sum().backward(create_graph=True))


# --- on the way forward ---------------------------------------------------------------------------------------------


def test_the_first_value_that_is_not_finite_is_reported_with_its_inputs() -> None:
    def program() -> None:
        x = leaf(1.0, 0.0, 2.0)
        (x.log() * 2 + 1).exp().sum()

    [warning] = told(program)
    lines = str(warning.message).splitlines()
    assert lines[0] == (
        "log produced -inf from its inputs; 1 of 3 numbers, the first at [1], which is -inf, where the input is 0"
    )
    assert lines[1].strip() == "input 0: [1., 0., 2.], of shape (3,)"
    assert warning.filename == __file__
    assert warning.lineno == program.__code__.co_firstlineno + 2


def test_nan_in_the_data_is_reported_at_the_op_that_reads_it() -> None:
    x = torch.ones(3, 2)
    x[1, 1] = torch.nan
    with pytest.raises(RuntimeError), detect_anomaly(), pytest.warns(AnomalyWarning) as said:
        nn.Linear(2, 2)(x).sum().backward()
    assert str(said[0].message).startswith(
        "linear was given nan by a tensor that no op produced, its input 0 (x): check the input data, and the weights "
        "after the last step; 2 of 6 numbers, the first at [1, 0], which is nan\n"
    )
    assert "of shape (3, 2), 1 of them nan" in str(said[0].message)


def test_nan_in_the_weights_is_reported_at_the_op_that_reads_them() -> None:
    model = nn.Linear(2, 1)
    with torch.no_grad():
        model.weight[0, 1] = torch.nan
    [warning] = told(lambda: [model(torch.ones(1, 2)) for _ in range(2)])
    assert "linear was given nan by a tensor that no op produced, its input 1 (weight): check " in str(warning.message)


def test_nan_that_is_written_is_reported_where_it_is_written() -> None:
    def program() -> None:
        x = leaf(1.0, 2.0) * 2
        x[1] = torch.nan
        x.sum().backward()

    [warning] = told(program)
    assert "overwrite was given nan by a tensor that no op produced, its input 1 (y): check " in str(warning.message)
    assert warning.lineno == program.__code__.co_firstlineno + 2


def test_values_of_a_function_of_the_users_own_are_watched() -> None:
    class Halves(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x / 2, x / 0

        @staticmethod
        def backward(ctx: Any, *gs: Any) -> Any:
            return gs[0] / 2

    class Infinite(Broken):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x / 0

    for function in (Halves, Infinite):
        [warning] = told(lambda: function.apply(leaf(1.0, -1.0)))  # noqa: B023
        name = function.__name__
        assert str(warning.message).startswith(f"{name} produced inf and -inf from its inputs; 2 of 2 numbers, ")


def test_of_nan_and_infinity_the_place_of_nan_is_told() -> None:
    [warning] = told(lambda: leaf(1.0, 0.0) / torch.zeros(2))
    said = (
        "div produced nan and inf from its inputs; 2 of 2 numbers, the first at [1], which is nan, where the inputs are"
    )
    assert str(warning.message).startswith(said)


def test_an_infinity_that_is_put_in_is_meant() -> None:
    def program() -> None:
        scores = torch.randn(3, 3, requires_grad=True)
        mask = torch.ones(3, 3).tril() == 0
        scores.masked_fill(mask, -torch.inf).softmax(-1)[:, 0].sum().backward()
        (scores + torch.where(mask, -torch.inf, 0.0)).softmax(-1)[:, 0].sum().backward()

    assert not told(program)


def test_a_nan_from_infinities_is_reported() -> None:
    said = told(lambda: (leaf(1.0) * torch.inf) - torch.tensor([torch.inf]))
    assert [str(w.message).partition(";")[0] for w in said] == ["sub produced nan from its inputs"]


def test_a_line_is_reported_once() -> None:
    def program() -> None:
        x = leaf(0.0)
        for _ in range(3):
            x.log()

    assert len(told(program)) == 1


def test_a_number_and_a_long_value_are_shown_in_short() -> None:
    x = torch.zeros(100, 100, requires_grad=True)
    [warning] = told(lambda: 1 / x)
    assert len(str(warning.message)) < 500
    assert "reciprocal produced inf from its inputs; 10000 of 10000 numbers, the first" in str(warning.message)
    [warning] = told(lambda: torch.tensor(0.0, requires_grad=True).log())
    assert str(warning.message).startswith("log produced -inf from its inputs; it is -inf, where the input is 0")


# --- switching ------------------------------------------------------------------------------------------------------


def test_nothing_is_watched_outside_and_a_block_puts_back_what_was() -> None:
    assert not observers
    with detect_anomaly():
        assert len(observers) == 1
        with set_detect_anomaly(False):
            assert not observers
            leaf(0.0).sqrt().sum().backward()
        with detect_anomaly(), detect_anomaly(check_nan=False):
            assert not observers
        assert len(observers) == 1
    with pytest.raises(KeyError), detect_anomaly():
        raise KeyError
    assert not observers


def test_it_can_be_set_for_good() -> None:
    set_detect_anomaly(True)
    try:
        with pytest.raises(RuntimeError, match="returned nan"):
            distance()[0].mul(0).sum().backward()
    finally:
        set_detect_anomaly(False)
    assert not observers


def test_other_threads_are_not_watched() -> None:
    failed: list[Exception] = []

    def other() -> None:
        try:
            distance()[0].mul(0).sum().backward()
        except Exception as error:
            failed.append(error)

    with detect_anomaly():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert not failed


def test_being_watched_changes_no_gradient() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
    x = torch.randn(5, 4)
    model(x).square().sum().backward()
    before = [p.grad.tolist() for p in model.parameters()]
    model.zero_grad()
    with detect_anomaly():
        model(x).square().sum().backward()
    assert [p.grad.tolist() for p in model.parameters()] == before


def test_a_function_of_the_users_own_is_named() -> None:
    with detect_anomaly(), pytest.raises(RuntimeError, match="Function 'BrokenBackward' returned nan values"):
        Broken.apply(leaf(1.0)).sum().backward()

    class Pick(Broken):
        @staticmethod
        def forward(ctx: Any, x: Any, where: Any) -> Any:
            return x[where]

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * torch.nan, None

    with detect_anomaly(), pytest.raises(RuntimeError, match=r"input 1 \(where\): \[0, 1\], of shape \(2,\)\n"):
        Pick.apply(leaf(1.0, 2.0), torch.tensor([0, 1])).sum().backward()
