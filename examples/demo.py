"""Run all four examples, and print their results in one table. `make demo` runs this."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import digits
import sequence
import stories
import xor

Report = tuple[bool, str, str]  # whether it reached its goal, its result, and the baseline


def run_xor(quiet: bool, out: Path) -> Report:
    result = xor.main(quiet=quiet, out=out)
    loss, line = result.losses[-1], result.line_losses[-1]
    learned = f"loss {loss:.4f}, {result.right} of 4 right"
    return loss < 0.01 and result.right == 4, learned, f"straight line: {line:.4f}"


def run_digits(quiet: bool, out: Path) -> Report:
    result = digits.main(quiet=quiet, out=out)
    return result.accuracy > 0.97, f"{result.accuracy:.1%} of unseen digits right", "goal: 97%"


def run_stories(quiet: bool, out: Path) -> Report:
    result = stories.main(quiet=quiet, out=out)
    right, guess = result.accuracy, result.last_place
    learned = f"{right[2]:.1%} of 2 facts right, {right[5]:.1%} of 5"
    return right[2] > 0.95, learned, f"last place: {guess[2]:.1%}, {guess[5]:.1%}"


def run_sequence(quiet: bool, out: Path) -> Report:
    result = sequence.main(quiet=quiet, out=out)
    learned, compare = f"perplexity {result.perplexity:.2f}", f"bigrams: {result.bigram:.2f}"
    return result.perplexity < result.bigram / 2, learned, compare


EXAMPLES: dict[str, Callable[[bool, Path], Report]] = {
    "xor": run_xor,
    "digits": run_digits,
    "stories": run_stories,
    "sequence": run_sequence,
}


def main(quiet: bool = False, out: Path = Path("out")) -> bool:
    """Run all examples; return whether every one reached its goal."""
    rows: list[tuple[str, ...]] = [("example", "it learned", "compare with", "goal", "seconds", "picture")]
    for name, run in EXAMPLES.items():
        print(f"\n== {name}", flush=True)
        start = time.perf_counter()
        reached, learned, compare = run(quiet, out)
        seconds = f"{time.perf_counter() - start:7.1f}"
        goal = "reached" if reached else "MISSED"
        rows.append((name, learned, compare, goal, seconds, f"{out / name}.png"))

    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, tuple("-" * width for width in widths))
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return all(row[3] != "MISSED" for row in rows)


if __name__ == "__main__":
    sys.exit(not main())
