"""Tests of the tests: change the code a little, and see that a test fails. `make mutants` runs it.

cosmic-ray makes the changes, one at a time, in a copy of the project: an operator, a number, a comparison, a loop. A
mutant that no test notices has survived: either a test is missing, or the change makes no difference that matters
(docs/mutants.md says which).
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPY = ROOT / "out" / "mutants"
FILES = [
    *sorted((ROOT / "src/cutaway/ops").glob("[a-z]*.py")),
    ROOT / "src/cutaway/graph.py",
    ROOT / "src/cutaway/nn/functional/loss.py",
    *sorted((ROOT / "src/cutaway/optim").glob("[a-z]*.py")),
]

CONFIG = """
[cosmic-ray]
module-path = "{path}"
timeout = {timeout}
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider -p no:randomly {tests}"
[cosmic-ray.distributor]
name = "local"
"""


def tests_for(path: Path) -> str:
    """The tests that would notice: those of the file's own ops or classes first, and those of its folder's."""
    folder, name = path.parent.name, path.stem
    if folder == "ops":
        sys.path.insert(0, str(ROOT / "src"))
        from cutaway import ops

        own = [op.__name__ for op in ops.TABLE if op.__module__ == f"cutaway.ops.{name}"]
        chosen = " or ".join(f"-{op}]" for op in own)
        extra = [str(p.relative_to(ROOT)) for p in (ROOT / "tests/ops").glob(f"test_{name}*.py")]
        return f"tests/ops/test_ops.py {' '.join(extra)}" + (f" -k '{chosen} or not test_ops'" if own else " tests/nn")
    if name == "graph":
        memory = "tests/test_memory.py tests/test_gradient_memory.py tests/test_lifetime.py"
        return f"tests/test_graph.py tests/autograd {memory}"
    return "tests/nn/test_loss.py tests/nn/test_ranking.py" if name == "loss" else "tests/optim"


def run(path: Path, sample: int, timeout: float) -> tuple[int, int, list[str]]:
    """How many mutants were killed, of how many, and what the others changed."""
    session, config = COPY / "session.sqlite", COPY / "config.toml"
    session.unlink(missing_ok=True)
    inside = path.relative_to(ROOT)
    config.write_text(CONFIG.format(path=inside, timeout=timeout, python=sys.executable, tests=tests_for(path)))

    def cosmic_ray(*command: str) -> None:
        command = (sys.executable, "-m", "cosmic_ray.cli", *command)
        subprocess.run(command, cwd=COPY, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": "src"})

    cosmic_ray("baseline", config.name)  # the tests pass before anything is changed, or all would seem to be killed
    cosmic_ray("init", config.name, session.name)
    with sqlite3.connect(session) as db:
        jobs = [job for (job,) in db.execute("select job_id from work_items order by job_id")]
        if sample and len(jobs) > sample:
            for job in set(jobs) - set(random.Random(0).sample(jobs, sample)):
                db.execute("delete from mutation_specs where job_id = ?", (job,))
                db.execute("delete from work_items where job_id = ?", (job,))
    cosmic_ray("exec", config.name, session.name)
    with sqlite3.connect(session) as db:
        results = db.execute("select test_outcome, diff from work_results").fetchall()
    survivors = [diff for outcome, diff in results if "SURVIVED" in str(outcome).upper()]
    return len(results) - len(survivors), len(results), survivors


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, help="what to change (default: ops, graph, losses, optim)")
    parser.add_argument("--sample", type=int, default=0, help="this many mutants of each file, at random; 0: all")
    parser.add_argument("--timeout", type=float, default=120, help="seconds until a mutant counts as killed")
    options = parser.parse_args()
    killed = total = 0
    for path in [p.resolve() for p in options.files] or FILES:
        shutil.rmtree(COPY, ignore_errors=True)
        COPY.mkdir(parents=True)
        for name in ("src", "tests", "examples", "docs", "pyproject.toml", "conftest.py"):
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, COPY / name)
        got, of, survivors = run(path, options.sample, options.timeout)
        killed, total = killed + got, total + of
        print(f"{path.relative_to(ROOT)}: {got} of {of} killed", flush=True)
        for diff in survivors:
            print("\n".join(line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")))
            print(flush=True)
    print(f"all: {killed} of {total} killed, {100 * killed / max(total, 1):.1f} %")


if __name__ == "__main__":
    main()
