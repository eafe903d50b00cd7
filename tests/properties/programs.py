"""Programs at random: 1 to 30 ops over tensors of random shapes, as text that runs on cutaway and on PyTorch alike.

Hypothesis draws a program line by line while it runs, so that every line fits the shapes that are there; what fails is
made shorter, down to the line that is wrong.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import cutaway

# {a} and {b} are tensors, {d} is a dimension of a, {n} a small number. What grows is held by tanh or a denominator.
SMOOTH = [
    "{a}.tanh()", "{a}.sin()", "{a}.cos()", "{a}.sigmoid()", "{a}.tanh().exp()", "({a} * {a} + 1).sqrt()",
    "({a} * {a} + 1).log()", "({a} * {a} + 0.5).rsqrt()", "{a}.tanh() ** {n}", "{a}.atan()", "{a}.erf()", "-{a}",
    "t.nn.functional.gelu({a})", "t.nn.functional.silu({a})", "t.nn.functional.softplus({a})",
    "{a}.softmax({d})", "{a}.log_softmax({d})", "{a}.cumsum({d})", "{a}.logsumexp({d})",
    "{a}.sum()", "{a}.sum({d})", "{a}.mean({d}, keepdim=True)", "{a}.var({d}, correction=0)", "{a}.prod({d}).tanh()",
    "{a}.reshape(-1)", "{a}.unsqueeze({d})", "{a}.squeeze()", "{a}.transpose({d}, -1)", "{a}.flip({d})",
    "{a}.narrow({d}, 0, 1)", "{a}.expand(2, *{a}.shape)", "{a}.roll(1, {d})",
    "{a}.repeat_interleave(2, {d}) if {a}.ndim else {a}",
    "{a}[..., 0]", "{a}[None, ..., -1]", "{a}[[0, 0]]", "t.cat([{a}, {a}], {d})", "t.stack([{a}, {a} * 2])",
    "{a}.clone()", "t.where({a} > 100, {a}, {a} * 3)", "{a} * {n} - 1", "1 - {a} / 3",
    "{n} / ({a} * {a} + 1)",
    "{a}.reshape(-1, 1) @ {b}.reshape(1, -1)", "{a}.reshape(-1) @ {a}.reshape(-1)",
]  # fmt: skip
PAIRS = ["{a} + {b}", "{a} - {b} * 2", "{a} * {b}", "{a} / ({b} * {b} + 1)", "t.where({b} > 100, {b}, {a})"]
CORNERED = [
    "{a}.relu()", "{a}.abs()", "{a}.clamp(-0.5, 0.5)", "t.nn.functional.leaky_relu({a})", "{a}.amax({d})",
    "{a}.max({d}).values", "{a}.max()", "{a}.detach() * {a}", "{a}.sort({d}).values", "{a}.median()",
    "t.maximum({a}, {a}.flip({d}))", "{a}.floor() * {a}",
    "t.nn.functional.elu({a})", "{a}.norm()", "{a}.tril() if {a}.ndim > 1 else {a}",
]  # fmt: skip


@st.composite
def programs(draw: Any, corners: bool = False) -> tuple[list[Any], list[str]]:
    """Leaves, and the lines of a program over them; with corners, also ops that have no slope to measure everywhere."""
    shapes = draw(st.lists(st.lists(st.integers(1, 3), max_size=3), min_size=1, max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    leaves = [rng.uniform(-2, 2, shape) for shape in shapes]
    space: dict[str, Any] = {"t": cutaway, **{f"x{i}": cutaway.from_numpy(x) for i, x in enumerate(leaves)}}
    names, lines = list(space)[1:], []
    for _ in range(draw(st.integers(1, 30))):
        a, b = draw(st.sampled_from(names)), draw(st.sampled_from(names))
        together = fit(space[a].shape, space[b].shape)
        templates = [*SMOOTH, *(CORNERED if corners else []), *(PAIRS * 3 if together else [])]
        dims = max(space[a].ndim, 1)
        text = draw(st.sampled_from(templates)).format(
            a=a, b=b, d=draw(st.integers(-dims, dims - 1)), n=draw(st.sampled_from([2, 3, 0.5 if corners else 1]))
        )
        try:
            value = eval(text, space)
        except (IndexError, RuntimeError, TypeError):
            continue  # no such dimension; other tests say what is raised
        if value.numel() and value.numel() <= 40 and value.abs().max() < 50:
            names.append(f"y{len(lines)}")
            space[names[-1]] = value
            lines.append(f"{names[-1]} = {text}")
    return leaves, lines


def fit(a: Any, b: Any) -> bool:
    return all(m == n or 1 in (m, n) for m, n in zip(reversed(a), reversed(b), strict=False))


def run(t: Any, lines: list[str], leaves: list[Any]) -> Any:
    """One number that depends on all that the lines make, each part in its own measure."""
    space = {"t": t, **{f"x{i}": x for i, x in enumerate(leaves)}}
    for line in lines:
        exec(line, space)
    made = [space[line.partition(" ")[0]] for line in lines] or leaves
    return sum((x.tanh() * (0.5 + 0.01 * i)).sum() for i, x in enumerate(made))
