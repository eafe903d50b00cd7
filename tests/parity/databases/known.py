"""The known differences: samples that do not pass, and why somebody who uses cutaway can live with it.

An entry that no sample needs any more is named in the report, so that the list can only get shorter unnoticed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A difference that is meant.

    Args:
        name: the names, as a pattern: `nn.functional.*`.
        case: the samples, as a pattern: `in-place *`.
        found: what the difference must contain, so that the entry hides no other.
        reason: the reason, for a reader.
    """

    name: str
    case: str
    found: str
    reason: str


KNOWN: tuple[Known, ...] = ()
