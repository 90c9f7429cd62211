"""What a folder's runs were, one line each: `history.jsonl` beside `run.jsonl`, which every run of that folder replaces.

A line says when, of what and with what a run was made, and which cases did not pass: enough to tell which broke and which
were fixed from one run to the next. (Rejected: keeping every run.jsonl. A run is tens of megabytes, and this a kilobyte.)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from conformance.journal import Run
from conformance.judging.verdict import Status
from conformance.trace import LEVELS, Level

NAME = "history.jsonl"
"""The file, in the folder of the runs."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One run that came to its end."""

    started: str
    torchstone: str
    subject: str
    oracle: str
    suite: str
    seed: int
    max_examples: int
    selection: str = ""
    cases: int
    programs: int
    seconds: float
    unexpected: int
    levels: dict[Level, tuple[int, int]]
    """How many cases pass at a level, and of how many."""
    not_passing: dict[str, Status] = {}
    """The cases that did not pass, by id."""


def entry(run: Run) -> Entry:
    """What is remembered of a run that came to its end."""
    assert run.footer is not None
    header, footer = run.header, run.footer
    statuses = {
        level: [outcome.levels[level].status for outcome in run.outcomes.values() if level in outcome.levels]
        for level in LEVELS
    }
    return Entry(
        started=header.started,
        torchstone=header.torchstone,
        subject=f"{header.subject.name} {header.subject.version}".strip(),
        oracle=f"{header.oracle.name} {header.oracle.version}".strip(),
        suite=header.suite,
        seed=header.seed,
        max_examples=header.max_examples,
        selection=header.selection,
        cases=footer.cases,
        programs=footer.programs,
        seconds=footer.seconds,
        unexpected=footer.unexpected,
        levels={level: (of.count("PASS"), len(of)) for level, of in statuses.items()},
        not_passing={case: outcome.status for case, outcome in run.outcomes.items() if outcome.status != "PASS"},
    )


def append(folder: Path, run: Run) -> None:
    """Remembers a run, unless it was interrupted or of a shard: those say nothing of the whole."""
    if run.footer is None or run.header.shard:
        return
    with (folder / NAME).open("ab") as file:
        file.write(msgspec.json.encode(entry(run)) + b"\n")


def read(folder: Path) -> tuple[Entry, ...]:
    """The runs of a folder, the oldest first. A line that is no entry (cut off, of another version) is left out."""
    path = folder / NAME
    entries = []
    for line in path.read_bytes().splitlines() if path.exists() else ():
        try:
            entries.append(msgspec.json.decode(line, type=Entry))
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
    return tuple(entries)


class Since(msgspec.Struct, frozen=True):
    """A run beside the one before it of the same selection."""

    entry: Entry
    broken: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    first: bool = False


def changes(entries: Sequence[Entry]) -> tuple[Since, ...]:
    """Every run with what broke and what was fixed since the one before it that ran the same selection on the same subject."""
    before: dict[tuple[str, str], Entry] = {}
    told = []
    for each in entries:
        # A version is part of a subject's title: what a new version broke is what one wants to see.
        key = (each.subject.partition(" ")[0], each.selection)
        last = before.get(key)
        before[key] = each
        if last is None:
            told.append(Since(each, first=True))
            continue
        broken = tuple(case for case in each.not_passing if case not in last.not_passing)
        # A case that went out of the suite is not fixed, but nothing here says which cases there were: the suite's digest does.
        fixed = tuple(case for case in last.not_passing if case not in each.not_passing and each.suite == last.suite)
        told.append(Since(each, broken, fixed))
    return tuple(told)
