"""A run split over machines: which cases are whose, and the joining of what they wrote.

The cases are spread so that every shard takes about as long: by the seconds that each took in an earlier run, longest
first, each to the shard that has least so far. (Rejected: every nth case. The slowest case takes a thousand times as long
as the median one, and the slow ones stand together.) Every shard leaves the digest of the whole split in its footer: shards
that were split alike have every case once, and others are refused.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from conformance import journal
from conformance.journal import Run, RunFileError


@dataclass(frozen=True)
class Shard:
    """One of several, counted from 1: ``2/4``."""

    index: int
    of: int

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"


class NoShard(ValueError):
    """A text that names no shard."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no shard: it is I/N, from 1/N to N/N, such as 2/4")


def parse(text: str) -> Shard:
    """The shard that a text like ``2/4`` names. Raises NoShard."""
    index, slash, of = text.partition("/")
    if not (slash and index.isdecimal() and of.isdecimal() and 1 <= int(index) <= int(of)):
        raise NoShard(text)
    return Shard(int(index), int(of))


@dataclass(frozen=True)
class Split:
    """The cases of every shard, each in the order that they had."""

    parts: tuple[tuple[str, ...], ...]

    @property
    def digest(self) -> str:
        """What tells one split from another."""
        lines = "\n".join(f"{index} {case}" for index, part in enumerate(self.parts) for case in part)
        return hashlib.sha256(lines.encode()).hexdigest()[:16]


class MoreShardsThanCases(ValueError):
    """A shard would have nothing to run."""

    def __init__(self, of: int, cases: int) -> None:
        super().__init__(f"{of} shards are more than the {cases} cases that are selected")


def split(cases: Sequence[str], of: int, seconds: Mapping[str, float]) -> Split:
    """Spreads cases over `of` shards. `seconds` is how long each took; one that is not there is taken to be as the median.

    Raises MoreShardsThanCases.
    """
    if of > len(cases):
        raise MoreShardsThanCases(of, len(cases))
    usual = statistics.median(seconds.values()) if seconds else 1.0
    longest = sorted(range(len(cases)), key=lambda at: (-seconds.get(cases[at], usual), cases[at]))
    loads, parts = [0.0] * of, [list[int]() for _ in range(of)]
    for at in longest:
        least = loads.index(min(loads))
        # A case that took no time at all still has to be set up.
        loads[least] += max(seconds.get(cases[at], usual), 0.001)
        parts[least].append(at)
    return Split(tuple(tuple(cases[at] for at in sorted(part)) for part in parts))


def durations(path: Path) -> dict[str, float]:
    """How many seconds each case of a run took. Raises a RunFileError."""
    return {case: outcome.seconds for case, outcome in journal.read(path, programs=False).outcomes.items()}


# -------------------------------------------------------------------------------------------------------------- joining


class CannotJoin(RunFileError):
    """The files are not the shards of one run. The text says which, and why."""


def join(paths: Sequence[Path], into: Path, order: Sequence[str] = (), *, in_turn: bool = False) -> Run:
    """Writes the shards of a run into one file, case by case in an order (unknown cases last), as if it had never been split.

    Raises CannotJoin if one is missing, doubled, interrupted, or of another run; and a RunFileError of a file that is no run.
    `in_turn` is for the parts of what one machine did one after the other: their seconds add up, and some may still be
    missing, of which the header of what is written says how many are there.
    """
    runs = [(path, journal.read(path, programs=False)) for path in paths]
    of = _refuse(runs, in_turn)
    records = {case: lines for path in paths for case, lines in journal.by_case(path).items()}
    known = {case: at for at, case in enumerate(order)}
    cases = sorted(records, key=lambda case: known.get(case, len(known)))
    headers = [run.header for _, run in runs]
    there = f"{len(runs)} of {of} parts" if len(runs) < of else ""
    header = msgspec.structs.replace(headers[0], shard=there, started=min(header.started for header in headers))
    outcomes = [line for case in cases for line in records[case] if isinstance(line, journal.Outcome)]
    footers = [run.footer for _, run in runs if run.footer is not None]
    shares: dict[str, float] = {}
    for footer in footers:
        for what, spent in footer.shares.items():
            shares[what] = round(shares.get(what, 0.0) + spent, 3)
    seconds = [footer.seconds for footer in footers]
    footer = journal.footer_of(outcomes, sum(seconds) if in_turn else max(seconds), shares)
    joined = [header, *(line for case in cases for line in records[case]), footer]
    journal.write(into, joined)
    return journal.run_of(joined)


def _refuse(runs: Sequence[tuple[Path, Run]], some: bool) -> int:
    """Of how many shards these are all, or `some`. Raises CannotJoin."""
    if not runs:
        raise CannotJoin("there is nothing to join")
    first_path, first = runs[0]
    seen: dict[int, Path] = {}
    for path, run in runs:
        if not run.header.shard:
            raise CannotJoin(f"{path} is no shard, but a whole run")
        if run.footer is None:
            raise CannotJoin(f"{path} is of a run that was interrupted: run that shard again")
        shard = parse(run.header.shard)
        if shard.index in seen:
            raise CannotJoin(f"{path} and {seen[shard.index]} are both shard {shard}")
        seen[shard.index] = path
        for what, here, there in _compared(first, run):
            if here != there:
                raise CannotJoin(f"{first_path} and {path} are no shards of one run: {what} is {here} and {there}")
    of = parse(first.header.shard).of
    missing = [str(Shard(index, of)) for index in range(1, of + 1) if index not in seen]
    if missing and not some:
        raise CannotJoin(f"{'shard' if len(missing) == 1 else 'shards'} {', '.join(missing)} missing")
    return of


def _compared(first: Run, run: Run) -> list[tuple[str, object, object]]:
    """What must be the same in two shards of one run. Platforms may differ, as machines of a matrix do."""
    told = (_told(first), _told(run))
    return [(what, told[0][what], told[1][what]) for what in told[0]]


def _told(run: Run) -> dict[str, object]:
    header = run.header
    return {
        "the number of shards": parse(header.shard).of,
        "the subject": f"{header.subject.name} {header.subject.version}".strip(),
        "the oracle": f"{header.oracle.name} {header.oracle.version}".strip(),
        "torchstone": header.torchstone,
        "the digest of the suite": header.suite,
        "the seed": header.seed,
        "the number of programs a case": header.max_examples,
        "the selection": header.selection or "everything",
        "the split (by other durations?)": run.footer.split if run.footer else "",
    }
