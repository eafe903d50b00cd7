"""Tests of the tests: change the code a little, and see that a test fails. `make mutants` runs it.

cosmic-ray makes the changes, one at a time: an operator, a number, a comparison, a loop. A mutant that no test notices
has survived: either a test is missing, or the change makes no difference that matters (docs/mutants.md says which).

To start Python and to collect ten thousand tests for every mutant would take days. So the tests are collected once;
one run of them notes which functions each test calls; and each mutant is a fork of that process, which puts the changed
code in the place of the old and runs the tests that call it, the fastest first, until one fails. A change of what runs
when a module is imported (a default, a decorator, the table of ops) is tried in an interpreter of its own.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import gc
import importlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "cutaway"
RESULTS = ROOT / "out" / "mutants.jsonl"
FILES = [
    *sorted((SOURCE / "ops").glob("[a-z]*.py")),
    SOURCE / "graph.py",
    SOURCE / "nn" / "functional" / "loss.py",
    *sorted((SOURCE / "optim").rglob("[a-z]*.py")),
]
# Not among them: what draws, explains, stores and starts programs, which takes long and tests other code.
TESTS = [
    "src", "tests/ops", "tests/test_graph.py", "tests/autograd", "tests/tensors", "tests/nn", "tests/optim",
    "tests/properties", "tests/checks/test_quiet.py", "tests/test_accuracy.py", "tests/test_grad_mode.py",
    "tests/test_gradient_memory.py", "tests/test_lifetime.py", "tests/test_memory.py", "tests/test_mistakes.py",
    "--ignore=src/cutaway/explain",
]  # fmt: skip
ENOUGH = 60.0  # of tests for one mutant: what nothing noticed by then, of thousands of tests, survives
OPTIONS = ["-x", "-q", "-p", "no:cacheprovider"]

Place = tuple[str, str, int]  # a function: its file, its qualified name, its first line


@dataclass
class Mutant:
    """The `occurrence`-th place in `path` where cosmic-ray's `operator` can change something."""

    path: str
    operator: str
    occurrence: int
    diff: str = ""
    outcome: str = ""  # killed, survived, same (a program that cannot differ), or invalid (no Python at all)

    def key(self) -> tuple[str, str, int]:
        return self.path, self.operator, self.occurrence

    def note(self, outcome: str) -> None:
        self.outcome = outcome
        with RESULTS.open("a") as results:
            results.write(json.dumps(asdict(self)) + "\n")

    def source(self) -> str:
        from cosmic_ray.mutating import mutate_code

        return str(mutate_code((ROOT / self.path).read_text(), _operator(self.operator), self.occurrence))


@cache
def _operator(name: str) -> Any:
    from cosmic_ray.plugins import get_operator

    return get_operator(name)()


def worth_it(operator: str) -> bool:
    """Leave out the changes that any test notices, such as a shift for a product of floats: they flatter the score."""
    if operator.endswith(("VariableReplacer", "VariableInserter")):  # these want to be told a variable's name
        return False
    _, binary, names = operator.rpartition("ReplaceBinaryOperator_")
    old, _, new = names.partition("_")
    return not binary or new in ("BitOr BitAnd" if old.startswith("Bit") else "Add Sub Mul Div").split()


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of one file."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import operator_names

    nodes = list(ast_nodes(get_ast(path.read_text())))
    for name in operator_names():
        if not worth_it(name):
            continue
        count = sum(len(list(_operator(name).mutation_positions(node))) for node in nodes)
        yield from (Mutant(str(path.relative_to(ROOT)), name, occurrence) for occurrence in range(count))


class _WithoutAnnotations(ast.NodeTransformer):
    """Annotations are not evaluated here: a mutant that differs in them alone is the same program."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.copy_location(ast.Constant(None), node.annotation)
        return self.generic_visit(node)


def compiled(source: str, path: str) -> CodeType:
    return compile(_WithoutAnnotations().visit(ast.parse(source)), path, "exec")


def own(code: CodeType) -> tuple[object, ...]:
    """What a piece of code does itself, apart from the functions inside it."""
    constants = [repr(c) for c in code.co_consts if not isinstance(c, CodeType)]
    return (code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)


def inner(code: CodeType) -> list[CodeType]:
    return [c for c in code.co_consts if isinstance(c, CodeType)]


def arguments(code: CodeType) -> list[tuple[int, int, int]]:
    """How many arguments the functions take, by position and by name."""
    mine = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
    return [mine, *(counts for part in inner(code) for counts in arguments(part))]


def place(code: CodeType) -> Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def differences(old: CodeType, new: CodeType) -> list[CodeType]:
    """The innermost pieces of the old code that are not as they were."""
    if len(inner(old)) != len(inner(new)):
        return [old]
    below = [code for pair in zip(inner(old), inner(new)) for code in differences(*pair)]
    return below + ([old] if own(old) != own(new) else [])


def is_body(code: CodeType) -> bool:
    """Whether this code runs when the module is imported: the module itself, or a class."""
    return not code.co_flags & 0x2  # CO_NEWLOCALS, which functions have


def replacements(old: CodeType, new: CodeType) -> dict[CodeType, CodeType]:
    """New code for the functions of a module and for the methods of its classes, where it differs."""
    pairs: dict[CodeType, CodeType] = {}
    for before, after in zip(inner(old), inner(new)):
        if is_body(before):
            pairs |= replacements(before, after)
        elif differences(before, after):
            pairs[before] = after
    return pairs


class Session:
    """The tests, collected once, and what is known of them."""

    def __init__(self, mutants: list[Mutant], jobs: int) -> None:
        self.mutants, self.jobs = mutants, jobs
        self.items: list[pytest.Item] = []
        self.files = {str(ROOT / mutant.path) for mutant in mutants}
        self.imported: set[Place] = set()  # what ran while cutaway was imported
        self.calls: list[tuple[float, set[Place]]] = []  # of each test: its seconds, the functions that it called
        self.functions: dict[Place, list[FunctionType]] = {}
        self.failed = False

    @contextlib.contextmanager
    def watching(self) -> Iterator[set[Place]]:
        """Note which functions of the files are called."""
        called: set[Place] = set()

        def note(frame: Any, event: str, argument: object) -> None:
            if event == "call" and frame.f_code.co_filename in self.files:
                called.add(place(frame.f_code))

        threading.setprofile(note)
        sys.setprofile(note)
        try:
            yield called
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = session.items

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed
        if report.failed and not self.calls:
            print(report.nodeid, report.longreprtext, file=sys.__stdout__, flush=True)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]  # one for all the forks
        self.calls = in_a_fork(self.baseline)
        for function in gc.get_objects():
            if isinstance(function, FunctionType) and function.__code__.co_filename in self.files:
                self.functions.setdefault(place(function.__code__), []).append(function)
        gc.freeze()  # the forks share this memory: a collection there would copy it
        running: dict[int, Mutant] = {}
        for mutant in self.mutants:
            if len(running) == self.jobs:
                self.wait(running)
            running[self.fork(mutant)] = mutant
        while running:
            self.wait(running)
        return True

    def wait(self, running: dict[int, Mutant]) -> None:
        """Wait for one fork; one that ended without a word (out of time, out of memory) was killed."""
        pid, status = os.wait()
        mutant = running.pop(pid)
        if status:
            mutant.note("killed")

    def run(self, indices: list[int]) -> Iterator[int]:
        for i, following in zip(indices, [*indices[1:], None]):
            item, after = self.items[i], None if following is None else self.items[following]
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            yield i

    def baseline(self) -> list[tuple[float, set[Place]]]:
        """Run every test as the code is, and note what each calls."""
        calls = []
        tests = self.run(list(range(len(self.items))))
        for _ in self.items:
            start = time.perf_counter()
            with self.watching() as called:
                next(tests)
            calls.append((time.perf_counter() - start, called))
            if self.failed:
                raise SystemExit("a test fails before anything is changed")
        return calls

    def callers(self, places: set[Place]) -> list[int]:
        """The tests that call one of these functions, the fastest first, as many as take ENOUGH seconds together."""
        found = sorted(
            (i for i, (_, called) in enumerate(self.calls) if called & places), key=lambda i: self.calls[i][0]
        )
        seconds = list(accumulate(self.calls[i][0] for i in found))
        return found[: bisect_left(seconds, ENOUGH) + 1]

    def fork(self, mutant: Mutant) -> int:
        """Try a mutant in a process of its own, which notes what became of it."""
        if pid := os.fork():
            return pid
        code = 1
        try:
            mutant.note(self.outcome(mutant))
            code = 0
        finally:
            os._exit(code)

    def outcome(self, mutant: Mutant) -> str:
        """Whether the mutant is killed or has survived, or is the same program."""
        path = str(ROOT / mutant.path)
        before, after = Path(path).read_text(), mutant.source()
        changes = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        mutant.diff = "\n".join(changes).partition("+++ \n")[2]
        try:
            old, new = compiled(before, path), compiled(after, path)
        except SyntaxError:
            return "invalid"
        parts = differences(old, new)
        if not parts:
            return "same"
        news = replacements(old, new)
        at_import = {place(code) for code in (*parts, *news)} & self.imported  # what it made then would stay
        if at_import or any(is_body(code) for code in parts) or arguments(old) != arguments(new):
            return self.try_anew(mutant)
        for before_it, after_it in news.items():
            for function in self.functions.get(place(before_it), []):
                function.__code__ = after_it
        tests = self.callers({place(code) for code in parts})
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        signal.alarm(20 + int(10 * sum(self.calls[i][0] for i in tests)))
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
        for _ in self.run(tests):
            if self.failed:
                return "killed"
        return "survived"

    def try_anew(self, mutant: Mutant) -> str:
        """Run the tests in an interpreter of its own, on a copy of the code: those that call anything in the file, and
        for an op all of tests/ops, which look at signatures and at the table without calling anything.
        """
        path = str(ROOT / mutant.path)
        tests = self.callers({where for _, called in self.calls for where in called if where[0] == path})
        known = set(tests)
        if "/ops/" in mutant.path:
            tests += [i for i, item in enumerate(self.items) if "tests/ops" in item.nodeid and i not in known]
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder)
            for name in ("src", "tests", "docs", "examples", "pyproject.toml", "conftest.py", "README.md"):
                (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copy / name)
            (copy / mutant.path).write_text(mutant.source())
            (copy / "ids").write_text("\n".join(self.items[i].nodeid for i in tests))
            command = [sys.executable, "-m", "pytest", *OPTIONS, "@ids"]
            try:
                done = subprocess.run(
                    command,
                    cwd=copy,
                    capture_output=True,
                    timeout=600,
                    env=os.environ | {"PYTHONPATH": str(copy / "src")},
                )
            except subprocess.TimeoutExpired:
                return "killed"
        return "survived" if done.returncode == 0 else "killed"


def in_a_fork(function: Any) -> Any:
    """The result of a function that runs in a process of its own, so that it leaves nothing behind here."""
    import pickle

    with tempfile.TemporaryFile() as answer:
        if not (pid := os.fork()):
            code = 1
            try:
                pickle.dump(function(), answer)
                answer.flush()
                code = 0
            finally:
                os._exit(code)
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]):
            raise SystemExit("the tests did not pass before anything was changed")
        answer.seek(0)
        return pickle.load(answer)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, help="what to change (default: ops, graph, losses, optim)")
    parser.add_argument("--sample", type=int, default=0, help="this many mutants of each file, at random; 0: all")
    parser.add_argument("--again", action="store_true", help="only those that survived in the last run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at a time")
    options = parser.parse_args()
    RESULTS.parent.mkdir(exist_ok=True)
    survivors = {key for key, mutant in results().items() if mutant.outcome == "survived"}
    mutants = []
    for path in [p.resolve() for p in options.files] or FILES:
        every = [m for m in mutants_of(path) if not options.again or m.key() in survivors]
        if options.sample and len(every) > options.sample:
            every = sorted(random.Random(0).sample(every, options.sample), key=Mutant.key)
        mutants += every
    if not options.again:
        RESULTS.unlink(missing_ok=True)

    sys.path[:0] = [str(ROOT), str(SOURCE.parent)]
    os.environ["PYTHONPATH"] = str(SOURCE.parent)  # for the programs that tests start
    os.environ["CI"] = "true"  # the same examples of Hypothesis for each mutant
    session = Session(mutants, options.jobs)
    with session.watching() as session.imported:
        importlib.import_module("cutaway")
    pytest.main([*OPTIONS, "-s", *TESTS], plugins=[session])
    report()


def results() -> dict[tuple[str, str, int], Mutant]:
    """What the last run found, and those after it with --again."""
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    return {mutant.key(): mutant for mutant in (Mutant(**json.loads(line)) for line in lines)}


def report() -> None:
    found = [mutant for mutant in results().values() if mutant.outcome in ("killed", "survived")]
    for path in dict.fromkeys(mutant.path for mutant in found):
        here = [mutant for mutant in found if mutant.path == path]
        alive = [mutant for mutant in here if mutant.outcome == "survived"]
        print(f"{path}: {len(here) - len(alive)} of {len(here)} killed")
        for mutant in sorted(alive, key=lambda m: int(m.diff.removeprefix("@@ -").split()[0].split(",")[0])):
            print(mutant.diff)
    killed = sum(mutant.outcome == "killed" for mutant in found)
    print(f"all: {killed} of {len(found)} killed, {100 * killed / max(len(found), 1):.1f} %")


if __name__ == "__main__":
    main()
