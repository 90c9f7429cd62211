"""A run as it is written: a file a process, put together when the run ends."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

from conformance.journal.lines import Unread, as_record, encoder, header_of, lines_of, shards_beside
from conformance.journal.reading import Run, by_case_from_all, run_of
from conformance.journal.records import (
    CaseRecord,
    Finding,
    Footer,
    Header,
    LevelOutcome,
    Outcome,
    ProgramRecord,
    Record,
    VerdictRecord,
    count_statuses,
    footer_of,
)
from conformance.judging.verdict import Verdict
from conformance.trace import LEVELS


class Journal:
    """One file of a run, appended to. Every record is on disk before `write` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Unbuffered: a subject that takes the process with it still leaves the program that did so.
        self._file = path.open("ab", buffering=0)

    def write(self, record: Record) -> None:
        self._file.write(encoder.encode(record) + b"\n")

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def begin(path: Path, header: Header) -> None:
    """Starts a run in `path`: its header, and nothing left of a run that was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in (path, *shards_beside(path)):
        old.unlink(missing_ok=True)
    with Journal(path) as journal:
        journal.write(header)


def shard(path: Path, worker: str) -> Journal:
    """The file in which one process of the run in `path` writes: ``run.gw0.jsonl`` beside ``run.jsonl``.

    `worker` is xdist's name for it, or ``main``.
    """
    return Journal(path.with_name(f"{path.stem}.{worker}{path.suffix}"))


def write(path: Path, records: Iterable[Record | Unread]) -> None:
    """Writes a run's file as a whole: a new one that takes the old one's place at once, so that a kill in the middle of
    this loses nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        for record in records:
            file.write(record.line if isinstance(record, Unread) else encoder.encode(record) + b"\n")
    os.replace(part, path)


def merge(
    path: Path, cases: Sequence[CaseRecord], *, interrupted: bool = False, seconds: float = 0.0, split: str = ""
) -> Run:
    """Puts the shards of the run in `path` into it, in the order of the cases given, and ends it with a footer.

    A case without an outcome was cut off: its process died, and it counts as CRASH at the program that was running. If the
    run was interrupted it has no outcome, and the run no footer.
    """
    records: list[Record | Unread] = [header_of(path)]
    everything = [list(lines_of(shard)) for shard in shards_beside(path)]
    written = by_case_from_all(everything)
    for case in cases:
        lines = written.get(case.id, [] if interrupted else [case])
        records += lines
        if lines and not interrupted and not isinstance(lines[-1], Outcome):
            records += _crashed(case.id, [as_record(line) for line in lines])
    if not interrupted:
        outcomes = [record for record in records if isinstance(record, Outcome)]
        records.append(footer_of(outcomes, seconds, _shares(everything), split))
    write(path, records)
    for old in shards_beside(path):
        old.unlink()
    return run_of(records)


def _crashed(case: str, lines: Sequence[Record]) -> Iterator[Record]:
    """What is to be said of a case whose process died: nobody was left to say it."""
    verdicts = [line.verdict for line in lines if isinstance(line, VerdictRecord)]
    counts = count_statuses(verdicts)
    last = lines[-1]
    verdict = Verdict(status="CRASH", reason="the process ended while it ran this program")
    finding = None
    if isinstance(last, ProgramRecord):
        yield VerdictRecord(case=case, index=last.index, verdict=verdict)
        counts["CRASH"] = counts.get("CRASH", 0) + 1
        finding = Finding(program=last.program, verdict=verdict)
    yield Outcome(
        case=case,
        status="CRASH",
        expected=False,
        programs=sum(counts.values()),
        counts=counts,
        levels={level: LevelOutcome(status="CRASH", failing=1, finding=finding) for level in LEVELS},
        reason=verdict.reason if finding else "the process ended before it ran a program of this case",
    )


def _shares(shards: Iterable[Iterable[Record | Unread]]) -> dict[str, float]:
    """Where the time went, over all the processes: each leaves a footer of its own in its shard."""
    total: dict[str, float] = {}
    for records in shards:
        for record in records:
            if isinstance(record, Footer):
                for what, seconds in record.shares.items():
                    total[what] = round(total.get(what, 0.0) + seconds, 3)
    return total
