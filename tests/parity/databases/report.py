"""The report: a table of all names, and all samples that did not pass, each with its reason.

    python -m tests.parity.databases                run everything and print the table
    python -m tests.parity.databases --write        write docs/parity.md too
    python -m tests.parity.databases add nn.Linear  run these names and print what fails

It is the same on every run of the same code: it holds no times and no addresses.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch

from tests.parity.databases.names import NAMES, SECTIONS
from tests.parity.databases.run import results
from tests.parity.databases.tally import (
    FAILED,
    KNOWN_DIFFERENCE,
    MISSING,
    OUT_OF_SCOPE,
    PASSED,
    Outcome,
    Tally,
    counted,
    unused,
)

HERE = Path(__file__).parent
DOCS = HERE.parents[2] / "docs" / "parity.md"

INTRODUCTION = f"""\
# Parity with PyTorch

The results of cutaway compared with those of PyTorch {torch.__version__.partition("+")[0]}, on the samples that
PyTorch tests itself with: `op_db`, `module_db` and `optim_db` of `torch.testing._internal`.
`make parity-report` writes this page, and `make parity` runs all that it lists.

A sample is one call of one form of a function (function, method, in-place, operator) in one dtype; or a layer, built,
loaded with PyTorch's parameters, run and differentiated; or 20 steps of an optimizer; or 30 of a scheduler. All the
samples that a database has for a name are run. One passes when

- the value has PyTorch's type, dtype, shape, `requires_grad` and numbers: float64 to a relative error of 1e-9, float32
  of 2e-5 (or no more than 4 times as far from the float64 result as PyTorch's own), integers and booleans exactly;
- it is a view of the input where PyTorch's is, and new memory where PyTorch's is; an in-place form returns the
  tensor that it wrote to;
- the gradients of all inputs and parameters are PyTorch's, in float64 and float32; and for functions and layers, in
  float64, the gradients of the gradients;
- a layer's initial parameters (from the same seed), its buffers afterwards, and its `repr` are PyTorch's;
- where PyTorch raises an error, cutaway raises one of the same class, or of a subclass.

Whatever draws random numbers does so from the same seed. Memory layout arguments that only state the default
(`layout=torch.strided`, `memory_format=torch.preserve_format`, `pin_memory=False`) are left out of the call in both.
"""


def tallies() -> list[Tally]:
    """Of all names that ran, in the order of the list of names."""
    return [results[name.name] for name in NAMES if name.name in results]


def table(rows: Iterable[Iterable[object]], heads: list[str]) -> Iterator[str]:
    """Lines of a Markdown table whose columns are as wide as they must be; numbers stand to the right."""
    cells = [heads, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    right = [all(row[i].replace(",", "").isdigit() or not row[i] for row in cells[1:]) for i in range(len(heads))]
    for number, row in enumerate(cells):
        padded = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True))
        yield "| " + " | ".join(padded) + " |"
        if number == 0:
            lines = ("-" * (w - 1) + (":" if r else "-") for w, r in zip(widths, right, strict=True))
            yield "| " + " | ".join(lines) + " |"


# --- the table of names ---------------------------------------------------------------------------------------------


def percent(passed: int, run: int) -> str:
    """With one digit, and never rounded up to 100."""
    if not passed or not run:
        return ""
    return f"{min(99.9, round(100 * passed / run, 1)) if passed < run else 100} %"


def of_names(title: str, tallies: list[Tally]) -> Iterator[str]:
    """The table of one section."""
    rows = []
    for tally in tallies:
        n = counted([tally])
        run = n[PASSED] + n[KNOWN_DIFFERENCE] + n[FAILED]
        numbers = (run, n[PASSED], n[OUT_OF_SCOPE], n[KNOWN_DIFFERENCE], n[FAILED])
        missing = ", ".join(sorted({outcome.case for outcome in tally.of(MISSING)}))
        rows.append((tally.name, *(number or "" for number in numbers), missing))
    yield f"### {title}"
    yield ""
    yield from table(
        rows, ["name", "samples", "passed", "out of scope", "known differences", "failed", "not there yet"]
    )
    yield ""


def totals() -> Iterator[str]:
    """What came out altogether."""
    n = counted(tallies())
    run = n[PASSED] + n[KNOWN_DIFFERENCE] + n[FAILED]
    with_samples = [tally for tally in tallies() if tally.count(PASSED) + tally.count(FAILED)]
    whole = sum(not tally.count(FAILED) for tally in with_samples)
    rows = [
        ("names with samples", len(with_samples), ""),
        ("names without a failed sample", whole, percent(whole, len(with_samples))),
        ("samples in scope", run, ""),
        ("passed", n[PASSED], percent(n[PASSED], run)),
        ("known difference", n[KNOWN_DIFFERENCE], percent(n[KNOWN_DIFFERENCE], run)),
        ("failed", n[FAILED], percent(n[FAILED], run)),
        ("out of scope, by rule", n[OUT_OF_SCOPE], ""),
        ("forms of names that are not there yet", n[MISSING], ""),
    ]
    yield from table(((what, f"{number:,}", part) for what, number, part in rows), ["altogether", "number", "part"])
    yield ""


def sections() -> Iterator[str]:
    """The tables of all names that ran and that a database has samples for."""
    for title, names in SECTIONS.items():
        ran = [results[name.name] for name in names if name.name in results and not name.elsewhere]
        if ran:
            yield from of_names(title, ran)


# --- the lists ------------------------------------------------------------------------------------------------------


def elsewhere() -> Iterator[str]:
    """Names that no database has, and the tests that compare them."""
    tests = {path.name: path.read_text(encoding="utf-8") for path in sorted(HERE.parent.glob("test_*.py"))}
    rows = []
    for name in NAMES:
        if name.elsewhere and name.name in results:
            word = re.compile(rf"\b{re.escape(name.name.rpartition('.')[2])}\b")
            used = [f"`{file}`" for file, text in tests.items() if word.search(text)]
            more = [f"{len(used) - 3} more"] if len(used) > 3 else []
            there = "" if results[name.name].of(MISSING) else "yes"
            rows.append((name.name, there, ", ".join(used[:3] + more)))
    yield "## Names that no database has"
    yield ""
    yield "They are compared with PyTorch by the other files in `tests/parity`; here is where a name is used. Some are"
    yield "used without being named, as `Tensor.__bool__` is by `if x:`."
    yield ""
    yield from table(rows, ["name", "there", "used in"])
    yield ""


def by_rule() -> Iterator[str]:
    """Samples out of scope: how many, by which rule, of which names."""
    names: dict[str, list[str]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for tally in tallies():
        for reason, count in sorted(tally.reasons(OUT_OF_SCOPE).items()):
            names[reason].append(f"{tally.name} {count}")
            counts[reason] += count
    yield "## Out of scope, by rule"
    yield ""
    for reason in sorted(counts, key=lambda reason: -counts[reason]):
        yield f"**{reason}**: {counts[reason]:,} samples of {len(names[reason])} names"
        yield ""
        yield f"<details><summary>which</summary>\n\n{', '.join(names[reason])}\n\n</details>"
        yield ""


def not_passed(title: str, status: str) -> Iterator[str]:
    """Every sample of a status, with its reason; samples that say the same stand together."""
    yield f"## {title}"
    yield ""
    none = True
    for tally in tallies():
        outcomes = tally.of(status)
        if outcomes:
            none = False
            yield f"- `{tally.name}`, {len(outcomes)}:"
            yield from (f"  - {line}" for line in together(outcomes))
    if none:
        yield "None."
    yield ""


def together(outcomes: list[Outcome]) -> Iterator[str]:
    """Lines for samples, one for all that have the same reason, with the first sample as the example."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[clean(outcome.reason)].append(outcome)
    for reason, group in groups.items():
        cases = ", ".join(shortened([outcome.case for outcome in group]))
        sample = clean(group[0].sample)
        yield f"{cases}{f'; `{sample}`' if sample else ''}: {reason}"


def shortened(cases: list[str]) -> Iterator[str]:
    """Samples that differ in their numbers only, as one: `method t int8 #1, 3-5`."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for case in cases:
        head, _, number = case.rpartition(" #")
        numbers[head or case] += [int(number)] if head else []
    for head, found in numbers.items():
        yield f"{head} #{ranges(found)}" if found else head


def ranges(numbers: list[int]) -> str:
    """Rising numbers, with those that follow each other as from-to."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def clean(text: str) -> str:
    """Text without addresses and line ends, which change from run to run or break a list."""
    return re.sub(r" at 0x[0-9a-f]+", "", " ".join(text.split())).replace("|", "\\|")


def page() -> str:
    """All of docs/parity.md."""
    lines = [INTRODUCTION, "## All names", "", *totals(), *sections(), *elsewhere(), *by_rule()]
    lines += not_passed("Known differences", KNOWN_DIFFERENCE)
    lines += [f"- to be taken off the list, no sample shows it: {known.name}: {known.reason}" for known in unused()]
    lines += not_passed("Failed", FAILED)
    return "\n".join(lines).rstrip() + "\n"


def write(path: Path = DOCS) -> None:
    """Write the page; all names must have run."""
    absent = [name.name for name in NAMES if name.name not in results]
    if absent:
        raise RuntimeError(f"the report needs all names, and these did not run: {', '.join(absent)}")
    path.parent.mkdir(exist_ok=True)
    path.write_text(page(), encoding="utf-8")


def summary() -> Iterator[str]:
    """What is printed at the end of a run: the tables, and the reasons for what is out of scope."""
    yield from sections()
    reasons: Counter[str] = Counter()
    for tally in tallies():
        reasons += tally.reasons(OUT_OF_SCOPE)
    rows = ((f"{count:,}", reason) for reason, count in reasons.most_common())
    yield from table(rows, ["samples", "out of scope because"])
    yield ""
    yield from totals()
