"""Run all samples, or those of the names given, and print the table; --write puts the report into docs/parity.md."""

import sys

from tests.parity.databases import report
from tests.parity.databases.names import NAMES
from tests.parity.databases.run import run
from tests.parity.databases.tally import FAILED


def main() -> None:
    wanted = [name for name in sys.argv[1:] if not name.startswith("--")]
    for name in NAMES:
        if not wanted or name.name in wanted:
            run(name)
    print("\n".join(report.summary()))
    if wanted:
        print("\n".join(report.not_passed("Failed", FAILED)))
    if "--write" in sys.argv:
        report.write()


if __name__ == "__main__":
    main()
