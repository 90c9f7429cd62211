"""What comparing two Traces says: differences, each of a facet and a level, and the Verdict on one Program."""

from __future__ import annotations

from typing import Literal as OneOf

import msgspec

from conformance.trace import FACETS, LEVELS, Level

Status = OneOf["PASS", "FAIL", "CRASH", "TIMEOUT", "UNSUPPORTED", "BLOCKED", "INCONCLUSIVE"]
"""What became of one Program on a subject.

PASS          every observable that both sides have is the same
FAIL          the subject answered, and differs
CRASH         the subject's process ended while it ran the program
TIMEOUT       the subject did not answer before the deadline
UNSUPPORTED   the subject said that it has no such function, method, attribute or parameter
BLOCKED       the oracle itself could not run the program far enough to compare
INCONCLUSIVE  the oracle disagrees with itself in float64, so that nobody can be blamed
"""

STATUSES: tuple[Status, ...] = ("PASS", "FAIL", "CRASH", "TIMEOUT", "UNSUPPORTED", "BLOCKED", "INCONCLUSIVE")


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One observable that differs."""

    step: tuple[int, ...]
    """Index of the step; for a step inside a function, also the index of the call within it and of the step there:
    ``(3, 0, 1)`` is step 1 of the first call that step 3 made."""
    facet: str
    name: str = ""
    """The tensor that it was seen on, or empty."""
    oracle: str
    """What the oracle showed, in words short enough for one line of a report."""
    subject: str
    note: str = ""
    """How it was judged, for numbers: ``4.2e7 ulp apart; float64 says 1.5``."""

    @property
    def level(self) -> Level:
        return FACETS[self.facet]

    @property
    def what(self) -> str:
        """What differs, in words: ``dtype of y``; a gradient by its own name, ``x.grad``."""
        if self.facet == "grad" and self.name.endswith(".grad"):
            return self.name
        return self.facet.replace("_", " ") + (f" of {self.name}" if self.name else "")

    @property
    def codes(self) -> tuple[str, str]:
        """The error codes of both sides, if it is one that differs; else two empty texts."""
        if self.facet != "error_code":
            return "", ""
        return self.oracle.partition(" (")[0], self.subject.partition(" (")[0]


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is said of one Program on one subject."""

    status: Status
    differences: tuple[Difference, ...] = ()
    reason: str = ""
    """For a status other than PASS and FAIL: what happened (``exited with code 3``, ``no 'hypot'``)."""
    at: int | None = None
    """Of INCONCLUSIVE: the step from which nobody can be blamed."""
    judged: int = 0
    """How many numbers were apart by more than a few ulp and were accepted by the float64 replay."""

    @property
    def first(self) -> Difference | None:
        """The difference to show first: of the lowest failing level, at the earliest step."""
        return min(self.differences, key=lambda d: (LEVELS.index(d.level), d.step), default=None)

    def fails(self, level: Level) -> bool:
        """Whether this program fails at a level; a program that did not answer fails at every level."""
        if self.status in ("CRASH", "TIMEOUT"):
            return True
        return any(difference.level == level for difference in self.differences)
