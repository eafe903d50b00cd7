"""What became of each sample, and the sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch

from tests.parity.databases.known import KNOWN, Known

PASSED, OUT_OF_SCOPE, KNOWN_DIFFERENCE = "passed", "out of scope", "known difference"
FAILED, MISSING = "failed", "missing"


@dataclass(frozen=True)
class Outcome:
    """What became of one sample.

    Args:
        case: which sample it is: form, dtype, number.
        status: one of the five words above.
        reason: why it did not pass.
        sample: the arguments, shortened.
    """

    case: str
    status: str
    reason: str = ""
    sample: str = ""


@dataclass
class Tally:
    """The outcomes of one name."""

    name: str
    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, case: str, found: list[str], sample: str = "") -> None:
        """Count a sample that was run.

        Args:
            case: which sample it is.
            found: the differences; nothing if it passed.
            sample: the arguments, shortened.
        """
        if not found:
            self.outcomes.append(Outcome(case, PASSED))
            return
        known = known_difference(self.name, case, found)
        status, reason = (KNOWN_DIFFERENCE, known.reason) if known else (FAILED, "; ".join(found))
        self.outcomes.append(Outcome(case, status, reason, sample))

    def leave_out(self, case: str, reason: str, count: int = 1) -> None:
        """Count samples that are out of scope by a rule."""
        self.outcomes += [Outcome(case, OUT_OF_SCOPE, reason)] * count

    def miss(self, what: str) -> None:
        """Note what PyTorch has under this name and cutaway does not."""
        self.outcomes.append(Outcome(what, MISSING))

    def of(self, status: str) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.status == status]

    def count(self, status: str) -> int:
        return len(self.of(status))

    def reasons(self, status: str) -> Counter[str]:
        return Counter(outcome.reason for outcome in self.of(status))


_used: set[Known] = set()


def known_difference(name: str, case: str, found: list[str]) -> Known | None:
    """The entry in the list of known differences that covers all that was found."""
    for known in KNOWN:
        if fnmatch(name, known.name) and fnmatch(case, known.case) and all(known.found in text for text in found):
            _used.add(known)
            return known
    return None


def unused() -> list[Known]:
    """Known differences that no sample shows any more: they are to be taken off the list."""
    return [known for known in KNOWN if known not in _used]


def counted(tallies: Iterable[Tally]) -> Counter[str]:
    """The sums over names, by status."""
    return Counter(outcome.status for tally in tallies for outcome in tally.outcomes)
