"""The comparison with PyTorch. Without torch it fails: what was skipped was not compared."""

import pytest
import torch  # noqa: F401  fails here, once and clearly, rather than in every file

collect_ignore = ["programs"]  # they are run by test_programs.py; to collect doctests from them would run them too


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-report", action="store_true", help="write docs/parity.md")
