"""docs/checks.md: each check has its section, its wrong code speaks, its right code is quiet."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import cutaway
from cutaway import checks

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"


class Block(NamedTuple):
    check: str
    kind: str  # "wrong", "wrong strict", "right"
    code: str
    line: int


def blocks() -> list[Block]:
    text = PAGE.read_text(encoding="utf-8")
    found, section = [], ""
    for match in re.finditer(r"^## (.*)$|^```python (.+)\n((?:.*\n)*?)```$", text, re.M):
        if match[1]:
            section = match[1]
        else:
            found.append(Block(section, match[2], match[3], text[: match.start()].count("\n") + 1))
    return found


BLOCKS = blocks()
SETUP = next(block for block in BLOCKS if block.kind == "setup")
EXAMPLES = [block for block in BLOCKS if block.kind != "setup"]


def said_by(block: Block, level: Any) -> list[warnings.WarningMessage]:
    """What the checks say of a block of code."""
    cutaway.manual_seed(0)
    imports = "import cutaway as torch, cutaway.nn.functional as F\nfrom cutaway import nn, optim\n"
    names: dict[str, Any] = {}
    exec(imports + re.sub("^(import|from) .*", "", SETUP.code, flags=re.M), names)
    code = compile("\n" * block.line + block.code, str(PAGE), "exec")
    with warnings.catch_warnings(record=True) as caught, level():
        warnings.simplefilter("always")
        exec(code, names)
    return [w for w in caught if issubclass(w.category, checks.CheckWarning)]


@pytest.mark.parametrize("block", EXAMPLES, ids=lambda b: f"{b.check}-{b.kind}-line{b.line}".replace(" ", "_"))
def test_the_page_tells_the_truth(block: Block) -> None:
    if block.kind == "right":
        assert not [str(w.message) for w in said_by(block, checks.strict)]
        return
    said = said_by(block, checks.on if block.kind == "wrong" else checks.strict)
    assert {str(w.message).partition(":")[0] for w in said} == {block.check}
    assert all("\n" not in str(w.message) for w in said)
    lines = range(block.line + 1, block.line + 1 + block.code.count("\n"))
    assert all(w.filename == str(PAGE) and w.lineno in lines for w in said)
    if block.kind == "wrong strict":
        assert not said_by(block, checks.on)


def test_every_check_has_a_section_with_wrong_and_right_code() -> None:
    kinds: dict[str, set[str]] = {}
    for block in EXAMPLES:
        kinds.setdefault(block.check, set()).add(block.kind)
    assert list(kinds) == list(checks.levels())
    assert all("right" in found and found & {"wrong", "wrong strict"} for found in kinds.values())
