"""The table at the end of a run."""

from __future__ import annotations

import pytest

from tests.parity.databases import report
from tests.parity.databases.run import results


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if results:
        terminalreporter.section("parity with PyTorch, on its own samples")
        for line in report.summary():
            terminalreporter.line(line)
