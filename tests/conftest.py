"""Settings for the whole suite."""

import os

from hypothesis import settings

# No deadline: a busy machine is not a bug. On CI the examples are the same on every run, so that a red run
# can be repeated; at home each run looks at new ones.
settings.register_profile("cutaway", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("cutaway")

# The examples draw to files, here and in the processes that tests start; no window opens.
os.environ["MPLBACKEND"] = "Agg"
