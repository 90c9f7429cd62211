"""Two runs, case by case: what was fixed, what broke, what fails otherwise than before, what is new and what is gone.

Never totals alone: a case that is fixed and another that broke leave every total as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from conformance.journal import Outcome, Run
from conformance.judging.verdict import Difference, Status
from conformance.trace import LEVELS, Level

GOODNESS: Mapping[Status, int] = MappingProxyType(
    {"PASS": 5, "INCONCLUSIVE": 4, "BLOCKED": 4, "UNSUPPORTED": 3, "FAIL": 2, "TIMEOUT": 1, "CRASH": 0}
)
"""Which of two statuses is the better one. One that says nothing of the subject is neither a pass nor a failure of it."""


class Kind(Enum):
    """What became of a case between two runs; the value is the sentence of it."""

    BROKEN = "passed, and does not any more"
    CHANGED = "does not pass either time, but otherwise"
    FIXED = "passes now"
    NEW = "was not in the first run"
    GONE = "is not in the second run"
    SAME = "ends as before"


@dataclass(frozen=True)
class Change:
    """One case in two runs."""

    case: str
    kind: Kind
    before: Outcome | None
    after: Outcome | None
    same_programs: bool = False
    """Whether both runs had the very same programs in it, so that how many of them fail can be compared."""

    @property
    def worse(self) -> bool:
        """Whether the subject does less of what it should: a level is lost, a status is a worse one, or more programs fail."""
        if self.before is None or self.after is None or self.kind is Kind.SAME:
            return False
        if GOODNESS[self.after.status] != GOODNESS[self.before.status]:
            return GOODNESS[self.after.status] < GOODNESS[self.before.status]
        both = [
            (self.before.levels[level], self.after.levels[level])
            for level in LEVELS
            if level in self.after.levels and level in self.before.levels
        ]
        if any(GOODNESS[after.status] != GOODNESS[before.status] for before, after in both):
            return any(GOODNESS[after.status] < GOODNESS[before.status] for before, after in both)
        return self.same_programs and any(after.failing > before.failing for before, after in both)

    @property
    def now_compared(self) -> bool:
        """Whether it was not compared before, for want of something that the subject has now, and fails: worse, since a failure
        is new, though the subject has more."""
        return self.worse and self.before is not None and self.before.status == "UNSUPPORTED"

    @property
    def words(self) -> tuple[str, str]:
        """How it ended before and after, with the levels that tell the two apart where the words alone do not."""
        before, after = told(self.before), told(self.after)
        if self.kind is Kind.SAME or before != after:
            return before, after
        for at in (_at, _failing_at):
            levels = [level for level in LEVELS if at(self.before, level) != at(self.after, level)]
            if levels:
                break
        either = (self.before, before), (self.after, after)
        one, other = (f"{words}; {', '.join(f'{level} {at(of, level)}' for level in levels)}" for of, words in either)
        return one, other


@dataclass(frozen=True)
class Changes:
    """All the cases of two runs."""

    before: Run
    after: Run
    cases: tuple[Change, ...]

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """Those of one kind, in the order of the catalogue."""
        return tuple(change for change in self.cases if change.kind is kind)

    @property
    def worse(self) -> tuple[Change, ...]:
        """Those that got worse."""
        return tuple(change for change in self.cases if change.worse)

    @property
    def unlike(self) -> tuple[tuple[str, str, str], ...]:
        """What the two runs do not have in common, and which may explain a change: what, before, after."""
        described = [
            {
                "subject": f"{header.subject.name} {header.subject.version}".strip(),
                "oracle": f"{header.oracle.name} {header.oracle.version}".strip(),
                "torchstone": header.torchstone,
                "suite": header.suite,
                "seed": str(header.seed),
                "programs a case": str(header.max_examples),
                "selection": header.selection or "all",
                **{name: header.subject.notes.get(name, "") for name in ("python", "numpy")},
            }
            for header in (self.before.header, self.after.header)
        ]
        before, after = described
        return tuple((what, before[what], after[what]) for what in before if before[what] != after[what])


def compare(before: Run, after: Run) -> Changes:
    """What became of each case between two runs.

    A case that the selection of the second run left out is not gone, and one that the first left out is not new: where a run
    was of a part of the catalogue, only what both have is compared.
    """
    ids = [*after.outcomes, *(case for case in before.outcomes if case not in after.outcomes)]
    drawn_alike = _draws(before) == _draws(after)
    changes = (_change(case, before.outcomes.get(case), after.outcomes.get(case), drawn_alike) for case in ids)
    left_out = {Kind.NEW: _partial(before), Kind.GONE: _partial(after)}
    return Changes(before, after, tuple(change for change in changes if not left_out.get(change.kind)))


def _partial(run: Run) -> bool:
    return bool(run.header.selection or run.header.shard or run.interrupted)


def _draws(run: Run) -> tuple[object, ...]:
    """What decides which programs a run has."""
    header = run.header
    return header.torchstone, header.suite, header.seed, header.max_examples, header.oracle.name


def _change(case: str, before: Outcome | None, after: Outcome | None, drawn_alike: bool) -> Change:
    if before is None or after is None:
        return Change(case, Kind.NEW if before is None else Kind.GONE, before, after)
    same_programs = drawn_alike and before.programs == after.programs
    if signature(before) == signature(after):
        failing = [[_failing_at(one, level) for level in LEVELS] for one in (before, after)]
        kind = Kind.CHANGED if same_programs and failing[0] != failing[1] else Kind.SAME
    elif after.status == "PASS":
        kind = Kind.FIXED
    else:
        kind = Kind.BROKEN if before.status == "PASS" else Kind.CHANGED
    return Change(case, kind, before, after, same_programs)


def first_difference(outcome: Outcome) -> Difference | None:
    """The difference that tells how a case fails: of the lowest level that fails."""
    firsts = (finding.verdict.first for finding in outcome.findings)
    return next((first for first in firsts if first is not None), None)


def signature(outcome: Outcome) -> tuple[object, ...]:
    """What makes two outcomes of a case the same, whatever programs were drawn: statuses, and what differs first.

    Numbers are not part of it, error codes are.
    """
    difference = first_difference(outcome)
    told = () if difference is None else (difference.facet, *difference.codes)
    return (outcome.status, *(outcome.levels[level].status for level in LEVELS if level in outcome.levels), *told)


def _at(outcome: Outcome | None, level: Level) -> str:
    return outcome.levels[level].status if outcome is not None and level in outcome.levels else "–"


def _failing_at(outcome: Outcome | None, level: Level) -> str:
    """How many programs fail; nothing is told of a level that another status ended, as a crash does."""
    if outcome is None or level not in outcome.levels or not outcome.levels[level].failing:
        return "–"
    return f"{outcome.levels[level].failing} of {outcome.programs} programs"


def told(outcome: Outcome | None) -> str:
    """How a case ended, in a few words: ``PASS``, ``FAIL: value``, ``CRASH: exited with code 3``."""
    if outcome is None:
        return ""
    difference = first_difference(outcome)
    if outcome.status == "FAIL" and difference is not None:
        codes = " → ".join(filter(None, difference.codes))
        return f"FAIL: {difference.facet} ({difference.level}) {codes}".rstrip()
    reason = outcome.reason.partition("\n")[0]
    return f"{outcome.status}: {reason}" if reason and outcome.status != "PASS" else outcome.status
