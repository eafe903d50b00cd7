"""Imports run one way: the layers of the package, as its source says them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import cutaway

ROOT = Path(cutaway.__file__).parent


def modules() -> dict[str, Path]:
    """Every module of the package, by its name without the package's: "tensors.base", and "" for the package."""
    names = {path: path.relative_to(ROOT).with_suffix("").parts for path in ROOT.rglob("*.py")}
    return {".".join(parts).removesuffix("__init__").strip("."): path for path, parts in names.items()}


MODULES = modules()


def imported(name: str) -> Iterator[str]:
    """The modules of the package that a module needs in order to be imported."""
    path = MODULES[name]
    package = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:  # and not what stands in an `if` or a function
        if isinstance(statement, ast.ImportFrom) and statement.level:
            above = [part for part in package if part][: len(package) - statement.level + 1]
            source = ".".join([*above, *filter(None, [statement.module])])
            for alias in statement.names:
                inside = f"{source}.{alias.name}".strip(".")
                yield inside if inside in MODULES else source


NEEDS = {name: set(imported(name)) - {name} for name in MODULES}


def parts_needed_by(part: str) -> set[str]:
    """The parts of the package, a folder or a file each, that a part is made of."""
    inside = [needs for name, needs in NEEDS.items() if name.partition(".")[0] == part]
    return {name.partition(".")[0] for needs in inside for name in needs} - {part}


def test_there_is_no_circle() -> None:
    TopologicalSorter(NEEDS).prepare()  # raises CycleError


def test_each_layer_knows_only_those_below() -> None:
    assert parts_needed_by("ops") == set()
    assert parts_needed_by("errors") == {"memory"}
    assert parts_needed_by("graph") == {"errors", "memory", "ops"}
    assert not parts_needed_by("tensors") & {"autograd", "creation", "functions", "nn", "optim", "random", "utils"}
    assert not parts_needed_by("nn") & {"autograd", "optim", "utils"}
    assert not parts_needed_by("optim") & {"autograd", "nn", "utils"}


def test_nothing_knows_the_checks_and_the_explanations() -> None:
    for part in {name.partition(".")[0] for name in MODULES} - {"", "checks", "explain"}:
        assert not parts_needed_by(part) & {"checks", "explain"}
