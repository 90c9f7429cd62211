"""A run as it is read: all that its file says, by case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from conformance.collection import uncollected
from conformance.journal.lines import (
    PROGRAMS,
    ByProgram,
    Unread,
    encoder,
    header_of,
    lines_of,
    records_of,
    shards_beside,
)
from conformance.journal.records import CaseRecord, Footer, Header, Outcome, ProgramRecord, Record, VerdictRecord
from conformance.judging.verdict import Verdict
from conformance.program import Program

STARTED = ""
"""What `without_times` leaves of a time of day."""


@dataclass(frozen=True)
class Run:
    """Everything that one run.jsonl says; cases are in the order of the file."""

    header: Header
    cases: dict[str, CaseRecord] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    programs: Mapping[tuple[str, int], Program] = field(default_factory=dict)
    """By case and index. Those whose index is past the outcome's `programs` were tried while shrinking."""
    verdicts: Mapping[tuple[str, int], Verdict] = field(default_factory=dict)
    footer: Footer | None = None

    @property
    def interrupted(self) -> bool:
        """Whether the run did not come to its end: it is never a pass."""
        return self.footer is None

    @property
    def running(self) -> tuple[tuple[str, int], ...]:
        """The programs that were begun and have no verdict: what ran when the run was cut off."""
        return tuple(key for key in self.programs if key not in self.verdicts)

    @property
    def as_expected(self) -> bool:
        """Whether the run came to its end and every case ended as expected."""
        return self.footer is not None and not self.footer.unexpected


@uncollected()
def read(path: Path, *, programs: bool = True) -> Run:
    """The run in a file, and in the shards beside it if it was cut off. Raises a `RunFileError`.

    A last line that was cut off in the middle of writing is left out; a run without its footer is an interrupted run. Without
    `programs` only the outcomes are read, and not what was drawn and said of each: that is twenty times faster.
    """
    passed_over = () if programs else PROGRAMS
    header_of(path)
    records = list(records_of(path, passed_over))
    if not any(isinstance(record, Footer) for record in records):
        from_all = by_case_from_all(records_of(shard, passed_over) for shard in shards_beside(path))
        records += [record for lines in from_all.values() for record in lines]
    return run_of(records)


def run_of(records: Iterable[Record | Unread]) -> Run:
    """What the records of a file say, the header first."""
    header, *rest = records
    assert isinstance(header, Header)
    cases: dict[str, CaseRecord] = {}
    outcomes: dict[str, Outcome] = {}
    programs: ByProgram[Program] = ByProgram()
    verdicts: ByProgram[Verdict] = ByProgram()
    footer = None
    for record in rest:
        match record:
            case CaseRecord(id=case):
                cases[case] = record
            case ProgramRecord(case=case, index=index, program=program):
                programs.said[case, index] = program
            case VerdictRecord(case=case, index=index, verdict=verdict):
                verdicts.said[case, index] = verdict
            case Unread(case=case, index=index):
                (programs if record.is_program else verdicts).said[case, index] = record
            case Outcome(case=case):
                outcomes[case] = record
            case Footer():
                footer = record
    return Run(header, cases, outcomes, programs, verdicts, footer)


_Line = TypeVar("_Line", bound=Record | Unread)


def by_case(path: Path) -> dict[str, list[Record | Unread]]:
    """What a file says, by case. Raises a `RunFileError`."""
    return _by_case(lines_of(path))


def _by_case(records: Iterable[_Line]) -> dict[str, list[_Line]]:
    cases: dict[str, list[_Line]] = {}
    for record in records:
        match record:
            case CaseRecord(id=case):
                cases[case] = [record]
            case ProgramRecord(case=case) | VerdictRecord(case=case) | Outcome(case=case) | Unread(case=case):
                cases.setdefault(case, []).append(record)
    return cases


def by_case_from_all(shards: Iterable[Iterable[_Line]]) -> dict[str, list[_Line]]:
    """What the shards say, by case."""
    cases: dict[str, list[_Line]] = {}
    for records in map(_by_case, shards):
        for case, lines in records.items():
            # A case can have run twice, if its first process died: what counts is the run that came to its end.
            if case not in cases or not isinstance(cases[case][-1], Outcome):
                cases[case] = lines
    return cases


def without_times(path: Path) -> bytes:
    """What is in a run's file, times apart: equal for two runs with the same seed and the same versions."""
    return b"".join(encoder.encode(_timeless(record)) + b"\n" for record in records_of(path))


def _timeless(record: Record) -> Record:
    match record:
        case Header():
            return msgspec.structs.replace(record, started=STARTED)
        case Outcome():
            return msgspec.structs.replace(record, seconds=0.0)
        case Footer():
            return msgspec.structs.replace(record, seconds=0.0, shares={})
    return record
