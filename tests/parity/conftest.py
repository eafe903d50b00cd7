"""The comparison with PyTorch. Without torch it fails: what was skipped was not compared."""

import torch  # noqa: F401  fails here, once and clearly, rather than in every file

collect_ignore = ["programs"]  # they are run by test_programs.py; to collect doctests from them would run them too
