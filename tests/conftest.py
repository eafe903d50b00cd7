"""Settings for the whole suite."""

import os
import re
import sys
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

# No deadline: a busy machine is not a bug. On CI the examples are the same on every run, so that a red run
# can be repeated; at home each run looks at new ones.
settings.register_profile("cutaway", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("cutaway")

# The examples draw to files, here and in the processes that tests start; no window opens.
os.environ["MPLBACKEND"] = "Agg"


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, Any, Any]:
    """Skip what WebAssembly has no words for: a test that starts a process or a thread."""
    try:
        return (yield)
    except (OSError, RuntimeError) as error:
        if sys.platform == "emscripten" and re.search("not support processes|can't start new thread", str(error)):
            pytest.skip(str(error))
        raise
