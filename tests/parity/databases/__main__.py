"""Run all samples, print the table, and with --write put the report into docs/parity.md."""

import sys

from tests.parity.databases import report
from tests.parity.databases.names import NAMES
from tests.parity.databases.run import run

wanted = [name for name in sys.argv[1:] if not name.startswith("--")]
for name in NAMES:
    if not wanted or name.name in wanted:
        run(name)
print("\n".join(report.summary()))
if wanted:
    print("\n".join(report.not_passed("Failed", "failed")))
if "--write" in sys.argv:
    report.write()
