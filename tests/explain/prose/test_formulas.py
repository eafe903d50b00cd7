"""What a formula says is what the pullback does: each is worked out again as it is written."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cutaway as torch
from cutaway import explain, ops
from cutaway.explain.prose.folding import steps_of
from cutaway.explain.prose.reading import Reading, Told
from cutaway.ops import special
from cutaway.ops.decompositions import ratio
from cutaway.ops.indexing import spread
from cutaway.tensors.base import apply
from tests.ops.example import Example
from tests.ops.examples import EXAMPLES

RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
WORDS = ("put back where", "but 0 for", "shared equally", "rows(")
FUNCTIONS = {
    **{name: getattr(np, name) for name in dir(np) if callable(getattr(np, name))},
    "erf": special.erf_values,
    "sigmoid": lambda x: special.sigmoid_values(np.asarray(x)),
    "root": np.sqrt,
    "solve": np.linalg.solve,
    "inv": np.linalg.inv,
    "ratio": ratio,
    "pi": math.pi,
    "nan": math.nan,
}


def at_top(text: str, sign: str) -> tuple[str, str] | None:
    """What stands before and behind a sign that is in no parentheses."""
    for i in range(len(text)):
        before = text[:i]
        if text.startswith(sign, i) and before.count("(") == before.count(")"):
            return before, text[i + len(sign) :]
    return None


def with_cases(text: str) -> str:
    """x where c, else y as where(c, x, y), in parentheses too."""
    if (parts := at_top(text, " where ")) and (others := at_top(parts[1], ", else ")):
        return f"where({', '.join(map(with_cases, (others[0], parts[0], others[1])))})"
    result, rest = "", text
    while (parts := at_top(rest, "(")) is not None:
        inner, behind = next(
            (parts[1][:i], parts[1][i:]) for i in range(len(parts[1]))
            if parts[1][i] == ")" and parts[1][:i].count("(") == parts[1][:i].count(")")
        )  # fmt: skip
        result, rest = f"{result}{parts[0]}({with_cases(inner)}", behind
        result, rest = result + ")", rest[1:]
    return result + rest


def as_python(formula: str) -> str:
    """A formula in Python's signs."""
    formula = with_cases(formula)
    lowered = str.maketrans(RAISED, "0123456789-")
    formula = re.sub(f"[{RAISED}]+", lambda found: "**" + found[0].translate(lowered), formula)
    for sign, python in (
        ("√π", "root(pi)"), ("·", "*"), ("ᵀ", ".mT"), ("√", "root"), ("^", "**"), ("≤", "<="), ("≥", ">="),
        (" = ", " == "), ("π", "pi"),
        ("≠", "!="), (" and ", " & "), (" or ", " | "), ("not ", "True ^ "), ("∂loss/∂y", "g"),
    ):  # fmt: skip
        formula = formula.replace(sign, python)
    formula = re.sub(r"(.*), for every element of (.*)", r"broadcast_to(\1, \2)", formula)
    formula = re.sub(r"(.*), put back along axis (\d) at (\[.*\])(, added up)?;.*", r"along(\1, \2, \3)", formula)
    formula = re.sub(r"(.*), shared equally by the elements of (.*) equal to (.*);.*", r"shared(\1, \2, \3)", formula)
    return re.sub(r"(.*), put back at \[(.*)\](, added up)?; elsewhere 0", r"put_back(\1, s_[\2])", formula)


def names_of(told: Told, rule: dict[str, Any]) -> dict[str, Any]:
    """What the names in a formula stand for, beside values and functions: arrays of the op's own, and its words."""

    def put_back(x: Any, index: Any) -> Any:
        parts = index if isinstance(index, tuple) else (index,)
        parts = tuple(np.array(part) if isinstance(part, list) else part for part in parts)
        return spread(np.asarray(x), shape=tuple(rule["gave"]["shape"]), index=parts)

    def along(x: Any, axis: int, places: Any) -> Any:
        index = list(np.indices(np.shape(places), sparse=True))
        index[axis] = np.array(places)
        return put_back(np.reshape(x, np.shape(places)), tuple(index))

    def shared(g: Any, x: Any, extreme: Any) -> Any:
        equal = x == extreme  # only of one extreme, or of those along axes that are kept
        return g * equal / equal.sum()

    return {
        "put_back": put_back,
        "along": along,
        "shared": shared,
        "s_": np.s_,
        **{name: array(value) for name, value in told.kept.items()},
    }


def told_of(op: Callable[..., Any], example: Example) -> tuple[list[Told], dict[str, Any], list[dict[str, Any]]]:
    """What the rules of an op say, the values of the names in them, and the rules as the trace has them."""
    xs = [torch.tensor(x, requires_grad=True) for x in example.inputs]
    y = apply(op, *xs, **example.attrs)
    g = torch.tensor(np.random.default_rng(0).uniform(0.5, 2, y.shape))
    trace = explain.trace(y, g, limit=None)
    (step,) = steps_of(trace)
    values = {"xs": [x.detach().numpy() for x in xs], "y": y.detach().numpy(), "g": g.numpy()}
    return Reading(trace).told(step), values, step.step["rules"]


def array(value: dict[str, Any]) -> Any:
    return np.array(value["numbers"], value["dtype"]).reshape(value["shape"])


CASES = [
    pytest.param(op, e, id=f"{op.__name__}-{e.name}")
    for op, examples in EXAMPLES.items()
    for e in examples
    if e.kind in ("ordinary", "broadcast", "0-d") and not (op in (ops.var, ops.std) and e.kind == "0-d")  # 0 / 0
]


@pytest.mark.parametrize(("op", "example"), CASES)
def test_a_formula_gives_what_the_pullback_gave(op: Callable[..., Any], example: Example) -> None:
    told, values, rules = told_of(op, example)
    for each, rule in zip(told, rules, strict=True):
        if each.term is None or not each.is_clear or each.is_stated or any(word in each.term.text for word in WORDS):
            continue
        restores = "restore(" in rule["source"] or op is ops.std
        if (restores and example.attrs.get("axis") is not None) or op is ops.cdist:
            continue  # a formula says nothing of axes of length 1, which restore() puts back
        try:
            found = eval(as_python(each.term.text), FUNCTIONS | values | names_of(each, rule))
        except (NameError, SyntaxError, TypeError, AttributeError, ValueError, IndexError) as error:
            assert re.search(r"\w+\(|\[|ᵀ", each.term.text), (each.term.text, error)  # a helper of the op's own
            continue
        expected = array(rule["gave"])
        np.testing.assert_allclose(np.broadcast_to(found, expected.shape), expected, rtol=2e-3, err_msg=each.term.text)


@pytest.mark.parametrize(("op", "example"), CASES)
def test_what_a_kept_array_is_made_of_gives_it(op: Callable[..., Any], example: Example) -> None:
    told, values, rules = told_of(op, example)
    for each, rule in zip(told, rules, strict=True):
        for name, formula in each.made.items():
            if name in each.kept and "axis=" not in formula:  # which says nothing of axes of length 1
                expected = array(each.kept[name])
                found = eval(as_python(formula), FUNCTIONS | values | names_of(each, rule))
                np.testing.assert_allclose(np.broadcast_to(found, expected.shape), expected, rtol=2e-3, err_msg=formula)


def test_most_arrays_that_rules_keep_are_told_by_what_they_are_made_of() -> None:
    made = {}
    for op in (ops.mse_loss, ops.huber_loss, ops.var, ops.silu, ops.gelu, ops.inv, ops.leaky_relu, ops.lerp):
        told, *_ = told_of(op, EXAMPLES[op][0])
        for each in told:
            made |= {f"{op.__name__} {name}": text for name, text in each.made.items() if name in each.kept}
    assert made == {
        "mse_loss difference": "xs[0] - xs[1]",
        "huber_loss slope": "clip(xs[0] - xs[1], -1, 1)",
        "var away": "xs[0] - mean(xs[0])",
        "silu s": "sigmoid(xs[0])",
        "gelu phi": "0.5 · (1 + erf(xs[0] · √(0.5)))",
        "inv turned": "yᵀ",
        "leaky_relu slope": "(xs[0] > 0) + 0.01 · (1 - (xs[0] > 0))",
        "lerp way": "xs[1] - xs[0]",
    }


def test_most_formulas_were_worked_out() -> None:
    worked, all_of_them = 0, 0
    for op, examples in EXAMPLES.items():
        told, values, rules = told_of(op, examples[0])
        for each, rule in zip(told, rules, strict=True):
            all_of_them += 1
            if each.term is not None and each.is_clear and not each.is_stated:
                try:
                    eval(as_python(each.term.text), FUNCTIONS | values | names_of(each, rule))
                    worked += 1
                except Exception:
                    pass
    assert worked > 0.72 * all_of_them


@pytest.mark.parametrize("op", [op for op in EXAMPLES if op not in (ops.var, ops.std)], ids=lambda op: op.__name__)
def test_the_numbers_put_in_give_the_result(op: Callable[..., Any]) -> None:
    for example in (e for e in EXAMPLES[op] if e.kind == "0-d"):
        told, _, rules = told_of(op, example)
        for each, rule in zip(told, rules, strict=True):
            if each.term is not None and each.term.numbers is not None:
                found = eval(as_python(each.term.numbers[0]), FUNCTIONS)
                assert found == pytest.approx(rule["gave"]["numbers"], rel=5e-3, abs=1e-3), each.term


@pytest.mark.parametrize("op", EXAMPLES, ids=lambda op: op.__name__)
def test_the_text_gives_each_input_its_rule(op: Callable[..., Any]) -> None:
    example = EXAMPLES[op][0]
    told, _, rules = told_of(op, example)
    xs = [torch.tensor(x, requires_grad=True) for x in example.inputs]
    y = apply(op, *xs, **example.attrs)
    page = explain.text(y, 2 * torch.ones_like(y), width=10_000).plain
    for each, rule in zip(told, rules, strict=True):
        says = rule["source"].partition("\n")[0] if each.term is None else each.term.text
        assert says in page
        assert all(f"where {name}(…) is" in page for name, source in each.helpers.items() if source)
