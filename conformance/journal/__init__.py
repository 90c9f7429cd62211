"""run.jsonl: the one source of truth about a run, a line a record.

A header; then for every program one line before it runs and one with its verdict after; a line with the outcome of
every case; a footer. A file without its footer is an interrupted run: it can be read, and is never called a pass.
Everything that a report shows comes from this file. `docs/run.md` is the specification.

*Shards.* Every process of a run appends to a file of its own (``run.gw0.jsonl`` beside ``run.jsonl``), so that no two
write to one. When the run ends `merge` puts them together, case by case in the order of the catalogue: the same seed
and versions give the same bytes, times apart, however many processes shared the work. If the run never came to its end,
`read` finds the shards where they lie.

*records* is what a line can be, *lines* the lines as bytes, *reading* a run from its file, *writing* the files of a run.
"""

from __future__ import annotations

from conformance.journal.lines import NotARun, RunFileError, UnknownRunFormat, Unread, programs_and_verdicts
from conformance.journal.reading import STARTED, Run, by_case, read, run_of, without_times
from conformance.journal.records import (
    FORMAT,
    CaseRecord,
    Description,
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
    schema,
)
from conformance.journal.writing import Journal, begin, merge, shard, write

__all__ = [
    "CaseRecord",
    "Description",
    "FORMAT",
    "Finding",
    "Footer",
    "Header",
    "Journal",
    "LevelOutcome",
    "NotARun",
    "Outcome",
    "ProgramRecord",
    "Record",
    "Run",
    "RunFileError",
    "STARTED",
    "UnknownRunFormat",
    "Unread",
    "VerdictRecord",
    "begin",
    "by_case",
    "count_statuses",
    "footer_of",
    "merge",
    "programs_and_verdicts",
    "read",
    "run_of",
    "schema",
    "shard",
    "without_times",
    "write",
]
