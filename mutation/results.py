"""A run of mutants: what is kept of it, so that an interrupted one goes on, and what is known to be equivalent."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from mutation.killing import Ran
from mutation.mutants import SHORTCUTS, Mutant
from mutation.shortcuts import GENERAL, reason_for

Status = Literal["killed", "survived", "equivalent", "equivalent killed"]

TARGETS = {"faults": 1.0, "formulas": 0.99, "engine": 0.95, SHORTCUTS: 0.0}
"""The share of the mutants, those that are equivalent apart, that is to be killed; of short cuts that may be."""

SURE = 1.96
"""Standard deviations to either side of which 95 % of a normal distribution lie."""


class Record(msgspec.Struct, frozen=True):
    """One line of a run: a mutant, and what became of it."""

    digest: str
    """Of numtorch, the programs and their number: what was found with another one says nothing."""
    name: str
    kind: str
    feature: str
    operator: str
    ran: Ran


class Equivalent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Mutants that nothing can tell from numtorch."""

    mutants: tuple[str, ...]
    reason: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    equivalent: tuple[Equivalent, ...] = ()


class EquivalentsInvalid(Exception):
    """What is written of equivalent mutants is not in order."""


LISTED = Path(__file__).with_name("equivalents.toml")


def equivalents(path: Path = LISTED) -> dict[str, str]:
    """The mutants that are known to be equivalent, with the reason. Raises EquivalentsInvalid."""
    try:
        read = msgspec.toml.decode(path.read_text(), type=_File)
    except msgspec.DecodeError as error:
        raise EquivalentsInvalid(f"{path.name}: {error}") from error
    found: dict[str, str] = {}
    for one in read.equivalent:
        if not one.reason.endswith("."):
            raise EquivalentsInvalid(f"{path.name}: the reason of {one.mutants[:1]} is no sentence")
        for name in one.mutants:
            if name in found:
                raise EquivalentsInvalid(f"{path.name}: {name!r} is listed twice")
            found[name] = one.reason
    return found


def by_shortcuts(mutants: Iterable[Mutant]) -> dict[str, str]:
    """The mutants that only take a general way more often, with the reason."""
    reasons = {mutant.name: reason_for(mutant.feature, mutant.edit) for mutant in mutants if mutant.edit is not None}
    return {name: reason for name, reason in reasons.items() if reason}


def unknown(known: Iterable[str], mutants: Iterable[Mutant]) -> list[str]:
    """What is called equivalent and is no mutant."""
    names = {mutant.name for mutant in mutants}
    return [name for name in known if name not in names]


def sample(mutants: Sequence[Mutant], count: int | None, seed: int) -> list[Mutant]:
    """So many of the mutants, in an order that the seed says; a larger sample begins with the smaller one."""
    if count is None:
        return list(mutants)
    order = sorted(mutants, key=lambda mutant: hashlib.sha256(f"{seed}/{mutant.name}".encode()).digest())
    return order[:count]


class Log:
    """The file of a run: each mutant is written as soon as it is decided."""

    def __init__(self, path: Path, digest: str) -> None:
        self.path, self.digest = path, digest
        path.parent.mkdir(parents=True, exist_ok=True)
        self.records = {one.name: one for one in _read(path) if one.digest == digest}
        self._file = path.open("ab")
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            self._file.write(b"\n")  # behind what was being written when the process was ended

    def write(self, mutant: Mutant, ran: Ran) -> None:
        """One mutant more."""
        record = Record(self.digest, mutant.name, mutant.kind, mutant.feature, mutant.operator, ran)
        self.records[mutant.name] = record
        self._file.write(msgspec.json.encode(record) + b"\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _read(path: Path) -> Iterator[Record]:
    if path.exists():
        for line in path.read_bytes().splitlines():
            try:
                yield msgspec.json.decode(line, type=Record)
            except msgspec.DecodeError:
                continue  # it ends in the middle


@dataclass
class Group:
    """The mutants of one feature."""

    kind: str
    feature: str
    killed: int = 0
    survived: int = 0
    equivalent: int = 0
    waiting: int = 0
    """Not run: they are not in the sample, or the run was interrupted."""
    programs: list[int] = field(default_factory=list)
    """How many programs each that was killed took."""

    @property
    def share(self) -> float | None:
        """How many of the mutants that were run and are not equivalent were killed."""
        decided = self.killed + self.survived
        return self.killed / decided if decided else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between which shares that of all mutants lies with 95 %, by Wilson; if all were run it is the share."""
        decided, share = self.killed + self.survived, self.share
        if share is None or not self.waiting:
            return None if share is None else (share, share)
        more = SURE**2 / decided
        middle, half = share + more / 2, SURE * math.sqrt(share * (1 - share) / decided + more / decided / 4)
        return (middle - half) / (1 + more), (middle + half) / (1 + more)

    @property
    def median(self) -> float | None:
        return statistics.median(self.programs) if self.programs else None

    @property
    def most(self) -> int | None:
        return max(self.programs, default=None)


@dataclass
class Summary:
    """A run in figures."""

    groups: list[Group]
    totals: list[Group]
    """One for each kind."""
    records: list[Record]
    reasons: dict[str, str]

    def with_status(self, status: Status) -> list[Record]:
        """The mutants of which that became."""
        return [one for one in self.records if status_of(one, self.reasons) == status]

    @property
    def failures(self) -> list[str]:
        """What is not as it should be, in sentences."""
        found = []
        for one in self.with_status("equivalent killed"):
            found.append(f"{one.name} is listed as equivalent and was killed by {one.ran.by}")
        for total in self.totals:
            if total.kind == SHORTCUTS:
                killed = [one for one in self.with_status("killed") if one.kind == SHORTCUTS]
                found += [f"{one.name} is no short cut: {one.ran.by} differs" for one in killed]
            elif total.share is not None and total.share < TARGETS[total.kind]:
                found.append(f"{total.kind}: {total.share:.1%} were killed, {TARGETS[total.kind]:.0%} should be")
        return found


def status_of(record: Record, reasons: dict[str, str]) -> Status:
    """What became of a mutant."""
    reason = reasons.get(record.name)
    if reason and not (record.ran.killed and reason.startswith(GENERAL)):
        return "equivalent killed" if record.ran.killed else "equivalent"
    return "killed" if record.ran.killed else "survived"


def summary(mutants: Sequence[Mutant], records: dict[str, Record], reasons: dict[str, str]) -> Summary:
    """The figures of a run, by feature and by kind."""
    groups: dict[tuple[str, str], Group] = {}
    totals: dict[str, Group] = {}
    found = []
    for mutant in mutants:
        group = groups.setdefault((mutant.kind, mutant.feature), Group(mutant.kind, mutant.feature))
        total = totals.setdefault(mutant.kind, Group(mutant.kind, "all"))
        record = records.get(mutant.name)
        for one in (group, total):
            if record is None:
                one.waiting += 1
                continue
            status = status_of(record, reasons)
            if status == "survived":
                one.survived += 1
            elif status == "equivalent":
                one.equivalent += 1
            else:
                one.killed += 1
                one.programs.append(record.ran.programs)
        if record is not None:
            found.append(record)
    return Summary(list(groups.values()), list(totals.values()), found, reasons)
