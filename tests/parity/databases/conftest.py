"""The table at the end of a run, and the option that writes it to the docs."""

from __future__ import annotations

import pytest

from tests.parity.databases import report
from tests.parity.databases.run import results


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-report", action="store_true", help="write docs/parity.md")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if results:
        terminalreporter.section("parity with PyTorch, on its own samples")
        for line in report.summary():
            terminalreporter.line(line)
