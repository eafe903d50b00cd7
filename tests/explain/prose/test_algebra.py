"""A pullback's source as a formula: every kind of rule that there is, and what it becomes."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from cutaway.explain.prose.algebra import Reader
from cutaway.explain.prose.terms import Term, constant, negative, operation, raised, symbol


def single(x: float) -> dict[str, Any]:
    return {"shape": [], "dtype": "float64", "numbers": x}


VALUES = {
    "x": symbol("w", single(3)),
    "y": symbol("v", single(-0.5)),
    "out": symbol("h", single(0.25)),
    "z": symbol("Z"),
}

RULES = [
    ("lambda g: g", "∂/∂h", "2"),
    ("lambda g: -g", "-∂/∂h", "-2"),
    ("lambda g: g * y", "∂/∂h · v", "2 · (-0.5)"),
    ("lambda g: g / y", "∂/∂h / v", "2 / (-0.5)"),
    ("lambda g: g * (1 - out * out)", "∂/∂h · (1 - h²)", "2 · (1 - 0.25²)"),
    ("lambda g: g * (n * x ** (n - 1))", "∂/∂h · 2 · w", "2 · 2 · 3"),
    ("lambda g: g * (k * x ** (k - 1))", "∂/∂h · 3 · w²", "2 · 3 · 3²"),
    ("lambda g: g * (k * power_values(x, k - 1))", "∂/∂h · 3 · w²", "2 · 3 · 3²"),
    ("lambda g: g * (m * y ** (m - 1))", "∂/∂h · (-1 · v⁻²)", "2 · (-1 · (-0.5)⁻²)"),
    ("lambda g: -g * (x / y) / y", "-∂/∂h · w / v²", "-2 · 3 / (-0.5)²"),
    ("lambda g: g * (out * (1 - out))", "∂/∂h · h · (1 - h)", "2 · 0.25 · (1 - 0.25)"),
    ("lambda g: g / (2 * out)", "∂/∂h / (2 · h)", "2 / (2 · 0.25)"),
    ("lambda g: g * -np.sin(x)", "∂/∂h · (-sin(w))", "2 · (-sin(3))"),
    ("lambda g: g * sign_values(x)", "∂/∂h · sign(w)", "2 · sign(3)"),
    ("lambda g: g * ~(out <= 0)", "∂/∂h · (h > 0)", "2 · (0.25 > 0)"),
    ("lambda g: x ** y", "w^v", "3^(-0.5)"),
    ("lambda g: g + y", "∂/∂h + v", "2 + (-0.5)"),
    ("lambda g: g - (x - y)", "∂/∂h - (w - v)", "2 - (3 - (-0.5))"),
    ("lambda g: g * z", "∂/∂h · Z", None),
    ("lambda g: np.matmul(g, z.T)", "∂/∂h @ Zᵀ", None),
    ("lambda g: g.sum(axis=tuple(range(g.ndim - 1)))", "sum(∂/∂h, axis=0)", None),
    (
        "lambda g: np.broadcast_to(restore(g / n, shape, axis, keepdims), shape)",
        "∂/∂h / 2, for every element of (2, 3)",
        None,
    ),
    ("lambda g: g.reshape(shape)", "reshape(∂/∂h, (2, 3))", None),
    ("lambda g: np.matmul(g, z.swapaxes(-1, -2))", "∂/∂h @ Zᵀ", None),
    ("lambda g: np.transpose(g, back)", "(∂/∂h)ᵀ", None),
    ("lambda g: np.swapaxes(g, -1, -2) @ z.T", "(∂/∂h)ᵀ @ Zᵀ", None),
    ("lambda g: np.swapaxes(g, 0, 1)", "(∂/∂h)ᵀ", None),
    ("lambda g: np.swapaxes(g, 0, 2)", "swapaxes(∂/∂h, 0, 2)", None),
    ("lambda g: g[mine]", "(∂/∂h)[0:2, :]", None),
    ("lambda g: x[:, None] * g", "w[:, None] · ∂/∂h", None),
    ("lambda g: out * (g - (g * out).sum(axis=1, keepdims=True))", "h · (∂/∂h - sum(∂/∂h · h, axis=1))", None),
    ("lambda g: np.where(n > 1, g, 0)", "∂/∂h", "2"),
    ("lambda g: g * float(n == 1)", "0", "0"),
    ("lambda g: g * (x > 1e-12)", "∂/∂h · (w > 1e-12)", "2 · (3 > 1e-12)"),
    ("lambda g: np.where(z > 0, g, 0)", "∂/∂h where Z > 0, else 0", None),
    ("lambda g: 2 * np.where(z > 0, g + y, 0).sum()", "2 · sum((∂/∂h + v where Z > 0, else 0))", None),
    (
        "lambda g: -np.where(z > 0, g, np.where(z == 0, 0, y)) * y",
        "-(∂/∂h where Z > 0, else (0 where Z = 0, else v)) · v",
        None,
    ),
    ("lambda g: np.where(x > 0, g, 0)", "∂/∂h", "2"),  # of single numbers it is known which case it is
    ("lambda g: np.where((x < 0) & (z > 0), 0, np.where(~(x == 3) | (y < 0), g, 0))", "∂/∂h", "2"),
    ("lambda g: np.where((x > 0) & (z > 0), g, 0)", "∂/∂h where (w > 0) and (Z > 0), else 0", None),
    ("lambda g: np.where(-x * y + out > 1.7, g, 0)", "∂/∂h", "2"),  # 1.75
    ("lambda g: g * ~((x < 0) | (y > 0))", "∂/∂h · ((w ≥ 0) and (v ≤ 0))", "2 · ((3 ≥ 0) and (-0.5 ≤ 0))"),
    ("lambda g: np.where(yes, g, 0) + np.where(no, 0, g)", "∂/∂h + ∂/∂h", "2 + 2"),
    ("lambda g: g * (-out * out)", "∂/∂h · (-h²)", "2 · (-0.25²)"),
    ("lambda g: g * (n * y * y * y) / x / x", "∂/∂h · 2 · v³ / w²", "2 · 2 · (-0.5)³ / 3²"),
    ("lambda g: np.einsum('nohw->o', z)", "sum(Z, axis=(0, 2, 3))", None),
    ("lambda g: np.einsum('no->o', z)", "sum(Z, axis=0)", None),
    ("lambda g: 2 * x * share(g)", "2 · w · ∂/∂h / 4", "2 · 3 · 2 / 4"),
    ("lambda g: joint(g)[0].copy()", "joint(∂/∂h)[0]", None),
    (
        "def __call__(self, g):\n    return spread(g, shape=self.shape, index=self.index)",
        "∂/∂h, put back at [0:2]; elsewhere 0",
        None,
    ),
    ("lambda g: erased(g, mine)", "∂/∂h, but 0 for the elements that were overwritten", None),
    ("lambda g: with_axes(np.copy(follow(g, through)[mine]), n)", "(∂/∂h)[0].t()[0:2, :]", None),
    ("lambda g: with_axes(np.copy(follow(g, nothing)[everything]), n)", "∂/∂h", "2"),
    ("lambda g: spread_out(g, **share)", "spread_out(∂/∂h)", None),
    ("lambda g: g * steps.size", "∂/∂h · 7", "2 · 7"),
    ("lambda g: rows(g, here)", "rows(∂/∂h, here)", None),  # not the helper of that name, but a captured one
    ("lambda g: np.linalg.inv(g)[..., None]", "inv(∂/∂h)[..., None]", None),
    ("lambda g: read(g)", "∂/∂h, put back where it was read; elsewhere 0", None),
    ("lambda g: spread(g, shape=shape, index=rows_read)", "∂/∂h, put back at [[2, 0, 2]], added up; elsewhere 0", None),
    ("lambda g: spread(g, shape=shape, index=once_each)", "∂/∂h, put back at [[2, 0]]; elsewhere 0", None),
    ("lambda g: spread(g, shape=shape, index=of_rows)", "∂/∂h, put back along axis 1 at [[2], [0]]; elsewhere 0", None),
    (
        "lambda g: spread(g, shape=shape, index=gathered_twice)",
        "∂/∂h, put back along axis 0 at [[1, 0], [1, 0]], added up; elsewhere 0",
        None,
    ),
    ("lambda g: spread(g, shape=shape, index=chosen)", "∂/∂h, put back at [[True, False]]; elsewhere 0", None),
    ("lambda g: spread(g, shape=shape, index=everything)", "∂/∂h", "2"),
    ("lambda g: spread(g, shape=shape, index=many)", "∂/∂h, put back where it was read, added up; elsewhere 0", None),
    (
        "lambda g: _to_extreme(g, z, out, axis, False)",
        "∂/∂h, shared equally by the elements of Z equal to h; elsewhere 0",
        None,
    ),
    ("def flat(g):\n    'no influence'\n    return np.zeros_like(g)", "0", "0"),
    ("lambda g: g.sum(axis=tuple(range(0, len(shape), 2)))", "sum(∂/∂h, axis=0)", None),
    ("lambda g: g * (1 + k - k * n / n)", "∂/∂h", "2"),
    ("lambda g: g * (n / 0)", "∂/∂h · 2 / 0", "2 · 2 / 0"),
    ("lambda g: g * ((x < y) | ~(x == y))", "∂/∂h · ((w < v) or (w ≠ v))", "2 · ((3 < -0.5) or (3 ≠ -0.5))"),
    ("lambda g: ~mask * g", "(not mask) · ∂/∂h", None),
    ("lambda g: (0 < x < 1) * g", "(0 < x < 1) · ∂/∂h", None),
    ("lambda g: ~(0 < x < 1) * g", "(not (0 < x < 1)) · ∂/∂h", None),
    ("lambda g: g * len(z)", "∂/∂h · len(Z)", None),
    ("lambda g: g * len(shape)", "∂/∂h · 2", "2 · 2"),
    ("lambda g: g * n**k", "∂/∂h · 8", "2 · 8"),
    ("lambda g: g * m**0.5", "∂/∂h · (-1)^0.5", "2 · (-1)^0.5"),
    ("lambda g: pair[0](g)", "pair[0](∂/∂h)", None),
    ("lambda g: g.dtype", "(∂/∂h).dtype", None),
    ("lambda g: g * (2 / math.sqrt(math.pi))", "∂/∂h · 2 / √π", "2 · 2 / √π"),
]  # fmt: skip

CAPTURED: dict[str, Any] = {
    **{name: None for name in VALUES},
    "n": 2, "k": 3, "m": -1, "shape": [2, 3], "axis": None, "keepdims": False, "mine": ["0:2", ":"],
    "share": {"source": "lambda g: g / n", "captured": {"n": 4}},
    "joint": {"source": "def joint(g):\n    g += 1\n    return g", "captured": {}},
    "steps": {"object": "Steps", "captured": {"size": 7}},
    "index": ["0:2"],
    "yes": True, "no": False,
    "rows_read": {"shape": [3], "dtype": "int64", "numbers": [2, 0, 2], "cut": False},
    "once_each": {"shape": [2], "dtype": "int64", "numbers": [2, 0], "cut": False},
    "of_rows": [
        {"shape": [2, 1], "dtype": "int64", "numbers": [[0], [1]], "cut": False},
        {"shape": [2, 1], "dtype": "int64", "numbers": [[2], [0]], "cut": False},
    ],
    "gathered_twice": [
        {"shape": [2, 2], "dtype": "int64", "numbers": [[1, 0], [1, 0]], "cut": False},
        {"shape": [1, 2], "dtype": "int64", "numbers": [[0, 1]], "cut": False},
    ],
    "chosen": [{"shape": [2], "dtype": "bool", "numbers": [True, False], "cut": False}, "..."],
    "many": [{"shape": [300], "dtype": "int64", "numbers": [2, 0, 2], "cut": True}],
    "back": [1, 0], "nothing": [], "everything": "...",
    "through": [["getitem", {"index": [0, "..."]}], [{"source": "def t(x: Array) -> Unary:\n    ..."}, {}]],
    "rows": {"source": "def rows(g, x):\n    g = g + x\n    return g", "captured": {}},
    "read": {
        "object": "Read", "captured": {},
        "source": "def __call__(self, g):\n    return spread(g, shape=self.shape, index=self.index)",
    },
}  # fmt: skip


def reader() -> Reader:
    return Reader(symbol("∂/∂h", single(2)), CAPTURED, lambda name, held: VALUES.get(name, held), ndim=2)


@pytest.mark.parametrize(("source", "symbols", "numbers"), RULES)
def test_a_rule_becomes_a_formula(source: str, symbols: str, numbers: str | None) -> None:
    term = reader().read(source)
    assert term is not None
    assert term.text == symbols
    assert numbers == (term.numbers and term.numbers[0])


def test_rows_of_a_matrix_are_the_matrix() -> None:
    source = "lambda g: like_batch(np.dot(rows(g).T, rows(z)), g)"
    for ndim, text in ((2, "(∂/∂h)ᵀ @ Z"), (3, "rows(∂/∂h)ᵀ @ rows(Z)")):
        term = Reader(symbol("∂/∂h"), {"z": None}, lambda name, held: VALUES[name], ndim).read(source)
        assert term is not None and term.text == text


def test_a_rule_of_several_lines_is_no_formula() -> None:
    assert reader().read("def dx(g):\n    return g, g") is None
    for body in ("g += 1", "a = b = g", "a, b = g", "if x:\n        g = x", "a: float"):
        assert reader().read(f"def dx(g):\n    {body}\n    return g") is None


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ("r = x * x + 1\n    return g / r", "∂/∂h / (w² + 1)"),
        ("r: Array = g * x\n    r = r + 1\n    return r * r", "(∂/∂h · w + 1) · (∂/∂h · w + 1)"),
        ("r = True if axis is None else x >= y\n    return g * r", "∂/∂h · True"),
        ("r = True if axis is None else x >= y\n    return g * (r if n is None else r & (x <= n))", "∂/∂h · (w ≤ 2)"),
        ("return g * x if n == 2 else g", "∂/∂h · w"),
        ("return g * x if n != 2 else g", "∂/∂h"),
        ("return g * x if g.ndim == 2 else g", "∂/∂h · w"),
        ("return g * x if keepdims else g + x", "∂/∂h + w"),
        ("return g if there is None else x", "(∂/∂h if there is None else w)"),
        ("r = g * x\n    " + "r = r * r\n    " * 6 + "return r", None),
    ],
)
def test_steps_on_the_way_are_put_where_they_are_used(steps: str, text: str | None) -> None:
    term = reader().read(f"def dx(g):\n    {steps}")
    assert (term and term.text) == text


@pytest.mark.parametrize("source", ["lambda g: (", "", "lambda: 3", "x = 1", "def dx(g):\n    return"])
def test_what_is_no_function_of_one_line_is_no_formula(source: str) -> None:
    assert reader().read(source) is None


def test_an_array_of_the_op_is_not_taken_for_the_users_of_that_name() -> None:
    array = {"shape": [2], "numbers": [1, 2]}
    found = Reader(symbol("g"), {"x": array}, lambda name, held: held, taken=["x"])
    term = found.read("lambda g: g * x")
    assert term is not None and term.text == "g · inner_x" and found.kept == {"inner_x": array}


def test_what_cannot_be_known_is_noted() -> None:
    found = reader()
    found.read("lambda g: joint(g)")
    assert list(found.unknown) == ["joint"] and not found.kept
    array = {"shape": [2], "numbers": [1, 2]}
    found = Reader(symbol("g"), {"d": array}, lambda name, held: held)
    term = found.read("lambda g: 2 * d * g")
    assert term is not None and term.text == "2 · d · g"
    assert found.kept == {"d": array} and not found.unknown


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (raised(symbol("a"), constant(2)), "a²"),
        (raised(negative(symbol("a")), constant(3)), "(-a)³"),
        (raised(symbol("a"), constant(0.5)), "a^0.5"),
        (raised(symbol("a"), constant(1)), "a"),
        (negative(operation(ast.Add, symbol("a"), symbol("b"))), "-(a + b)"),
        (negative(constant(2)), "-2"),
        (constant(1 / 3), "0.3333"),
        (constant(1e-7), "1e-07"),
    ],
)
def test_terms_are_put_together_as_one_writes_them(term: Term, text: str) -> None:
    assert term.text == text
