"""A baseline: a run.jsonl without what only a report shows, small enough to be committed beside the code.

It is a run.jsonl like any other, so `diff` reads it as one: a header, an outcome a case, a footer. Of a case that fails it
keeps the smallest program and the first difference; programs that pass, sources and traces are left out. Times are kept in
tenths of a second, because they say how to spread the cases over machines.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from conformance import journal
from conformance.journal import Finding, LevelOutcome, Outcome, Run, RunFileError


class NoBaseline(RunFileError):
    """A run that nothing is to be measured by."""


def write(run: Run, path: Path) -> None:
    """Writes what of a run later ones are to be compared with. Raises NoBaseline if the run is not whole."""
    if run.footer is None:
        raise NoBaseline("the run was interrupted: it is no baseline")
    if run.header.selection or run.header.shard:
        raise NoBaseline("the run is of a part of the catalogue: it is no baseline")
    header = msgspec.structs.replace(run.header, started=journal.STARTED)
    footer = msgspec.structs.replace(run.footer, shares={}, seconds=round(run.footer.seconds))
    journal.write(path, [header, *map(_condensed, run.outcomes.values()), footer])


def _condensed(outcome: Outcome) -> Outcome:
    levels = {level: _level(of) for level, of in outcome.levels.items()}
    return msgspec.structs.replace(outcome, example=None, levels=levels, seconds=round(outcome.seconds, 1))


def _level(outcome: LevelOutcome) -> LevelOutcome:
    if outcome.finding is None:
        return outcome
    verdict = outcome.finding.verdict
    verdict = msgspec.structs.replace(verdict, differences=(verdict.first,) if verdict.first else ())
    return msgspec.structs.replace(outcome, finding=Finding(program=outcome.finding.program, verdict=verdict))
