"""Programs at random, of views and of writes in place: what is computed must be right, or refused.

They run on cutaway, and in tests/parity on PyTorch too; `t` is one of the two.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import cutaway


def numbers(*shape: int, seed: int = 0, dtype: str = "float64") -> Any:
    """Random numbers, from NumPy's generator: away from 0, and no two alike."""
    random = np.random.default_rng(seed)
    signs = np.where(random.random(shape) < 0.5, -1, 1)
    return np.asarray(signs * (0.5 + random.random(shape) * 1.5)).astype(dtype)


VIEWS = [
    "{}[{i}]", "{}[{i}:]", "{}[::2]", "{}.t()", "{}.transpose(0, -1)", "{}.reshape(-1)", "{}.unsqueeze(0)",
    "{}.squeeze()",
    "{}[..., {i}]", "{}[None]", "{}.narrow(0, {i}, 1)", "{}.view(-1)", "{}.detach()", "{}[..., {i}:]", "{}.flatten()",
]  # fmt: skip
NEW = [
    "{} * {other}.sum()", "{}.sin()", "{}.exp() + 1", "{} * {}", "{}.clone()", "{} + w[{i}]", "{}.tanh()",
    "{}.sum() * w",
]  # fmt: skip
WRITES = [
    "{}.mul_(2)", "{}.add_(w[{i}])", "{}.mul_(w[{i}])", "{}.zero_()", "{}.fill_(w[{i}])", "{}.exp_()", "{}.tanh_()",
    "{}.mul_({other}.sum())", "{}.add_({other}.mean())", "{}[{i}] = 3.", "{}[{i}] = w[{i}]",
    "{}[..., {i}] = {other}.sum()",
    "{}.copy_({other}.sum())", "{}.sigmoid_()", "{} += 1", "{} *= {}", "{}[{i}:] *= 2", "{}.clamp_(-1, 1)",
    "{}.square_()", "{}.t_()", "{}.transpose_(0, -1)", "{}.unsqueeze_(0)", "{}.squeeze_()",
    "{}[[{i}]] = w[{i}]", "{}.sub_(w[{i}] * {other}.sum())",
]  # fmt: skip


def random_lines(random: np.random.Generator) -> list[str]:
    """Some lines about tensors a0, a1, ...; a0 is computed from the leaf x."""
    names, lines = ["a0"], ["a0 = x * 1"]
    for _ in range(random.integers(3, 9)):
        kind = random.choice(["view", "new", "write"], p=[0.35, 0.2, 0.45])
        name, other = random.choice(names), random.choice(names)
        templates = {"view": VIEWS, "new": NEW, "write": WRITES}[kind]
        template = templates[random.integers(len(templates))].replace("{}", name)
        text = template.format(i=random.integers(0, 2), other=other)
        if kind == "write":
            lines.append(text)
        else:
            names.append(f"a{len(names)}")
            lines.append(f"{names[-1]} = {text}")
    return [*lines, f"result = [{', '.join(names)}]"]


def run(t: Any, lines: list[str], x: Any, w: Any) -> Any:
    """The tensors that the lines make, and a loss of all of them. A line that fails is left out, in both alike."""
    space = {"t": t, "x": x, "w": w}
    failed = []
    for i, line in enumerate(lines):
        try:
            exec(line, space)
        except (RuntimeError, IndexError) as error:
            failed.append((i, type(error)))
            if " = a" in line or " = x" in line:
                name = line.partition(" ")[0]
                space[name] = t.zeros(2, 2, dtype=t.float64)
    result: Any = space["result"]
    loss: Any = 0
    for i, a in enumerate(result):
        loss = loss + (a * t.tensor(np.asarray(numbers(*a.shape, seed=i)))).sum()
    return failed, result, loss


def leaves(t: Any) -> tuple[Any, Any]:
    return tuple(t.tensor(0.5 * numbers(*shape, seed=7), requires_grad=True) for shape in ((2, 3), (2,)))


def gradients(t: Any, lines: list[str]) -> Any:
    x, w = leaves(t)
    failed, result, loss = run(t, lines, x, w)
    values = [a.detach().numpy().copy() for a in result]
    try:
        loss.backward()
    except RuntimeError as error:
        return failed, values, error
    return failed, values, [None if v.grad is None else v.grad.numpy().copy() for v in (x, w)]


def slopes(lines: list[str]) -> list[Any]:
    """The gradient measured: what a small change of each element does to the loss, by way of detached aliases too."""
    out = []
    for which in range(2):
        parts = leaves(cutaway)
        base = parts[which].detach().numpy().copy()
        slope = np.zeros_like(base)
        for place in np.ndindex(base.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = base.copy()
                moved[place] += step
                given = [p.detach().clone() for p in parts]
                given[which] = cutaway.from_numpy(moved)
                ends.append(run(cutaway, lines, *given)[2].item())
            slope[place] = (ends[0] - ends[1]) / 2e-5
        out.append(slope)
    return out
