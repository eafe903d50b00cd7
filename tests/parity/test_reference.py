"""The comparison means something only against the release that cutaway says it follows."""

import tomllib
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]


def test_torch_is_the_release_that_pyproject_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    [pinned] = [need for need in project["optional-dependencies"]["parity"] if need.startswith("torch==")]
    assert torch.__version__.partition("+")[0] == pinned.removeprefix("torch==")
