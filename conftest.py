"""What every doctest finds in its namespace.

It lies in the root because doctests live in `src/`, and a conftest speaks only for the files below it.
"""

from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="session", autouse=True)
def _names_for_doctests(doctest_namespace: dict[str, Any]) -> None:
    """Give doctests the names that a lesson has after its imports, so that none begins with an import."""
    import cutaway

    doctest_namespace.update(cutaway=cutaway, torch=cutaway, nn=cutaway.nn, F=cutaway.nn.functional, np=np)
