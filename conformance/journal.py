"""run.jsonl: the one source of truth about a run, a line a record.

A header; then for every program one line before it runs and one with its verdict after; a line with the outcome of
every case; a footer. A file without its footer is an interrupted run: it can be read, and is never called a pass.
Everything that a report shows comes from this file. `docs/run.md` is the specification.

*Shards.* Every process of a run appends to a file of its own (``run.gw0.jsonl`` beside ``run.jsonl``), so that no two
write to one. When the run ends `merge` puts them together, case by case in the order of the catalogue: the same seed
and versions give the same bytes, times apart, however many processes shared the work. If the run never came to its end,
`read` finds the shards where they lie.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, Union

import msgspec

from conformance.judging.verdict import STATUSES, Status, Verdict
from conformance.program import Program
from conformance.trace import LEVELS, Level, Trace

FORMAT = 1


class _Record(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="record",
    tag=str.lower,
):
    pass


class Description(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Who answered: the oracle or a subject."""

    name: str
    """What the user called it: ``numtorch``, ``torch``, ``mylib``."""
    version: str = ""
    language: str = "python"
    platform: str = ""
    facets: tuple[str, ...] = ()
    """The facets that it can observe; empty means all."""
    features: tuple[str, ...] = ()
    """What of `Case.requires` it has; empty means all."""
    notes: dict[str, str] = {}
    """Versions that matter beside its own: ``{"python": "3.11.7", "numpy": "2.4.6"}``."""


class Header(_Record, frozen=True, kw_only=True):
    format: int = FORMAT
    torchstone: str
    subject: Description
    oracle: Description
    seed: int
    profile: str
    max_examples: int
    suite: str
    """Digest of the catalogue that ran: of every case's source."""
    selection: str = ""
    """What ``-k`` and the like left of the catalogue; empty means all of it."""
    shard: str = ""
    """Which part of the run this is, if it is split over machines: ``2/4``."""
    started: str = ""
    """ISO 8601, UTC. Left out of comparisons between runs, like everything that is a time."""


class CaseRecord(_Record, frozen=True, kw_only=True, tag="case"):
    """A case of the catalogue, before it runs."""

    id: str
    sentence: str
    source: str
    """The Python source of the case, as its author wrote it."""
    lecture: str = ""
    covers: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()

    @property
    def feature(self) -> str:
        return self.id.split("/", 1)[0]


class ProgramRecord(_Record, frozen=True, kw_only=True, tag="program"):
    """A program about to run."""

    case: str
    index: int
    program: Program


class VerdictRecord(_Record, frozen=True, kw_only=True, tag="verdict"):
    """What became of the program of the same case and index."""

    case: str
    index: int
    verdict: Verdict


class Finding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A program with both traces, kept to be shown: the minimal one that fails, or one that passes as an example."""

    program: Program
    oracle: Trace | None = None
    subject: Trace | None = None
    """None if the subject did not answer."""
    verdict: Verdict


class LevelOutcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """How a case fared at one level."""

    status: Status
    failing: int = 0
    """How many of the drawn programs (not of those tried while shrinking) fail at this level."""
    finding: Finding | None = None
    """The minimal failing program, if one fails."""


class Outcome(_Record, frozen=True, kw_only=True):
    """How a case fared: its worst status over all its programs, by level."""

    case: str
    status: Status
    expected: bool = True
    """Whether that is what was expected: PASS, or what a file of expectations says."""
    programs: int
    counts: dict[str, int]
    """How many drawn programs ended with each status."""
    levels: dict[Level, LevelOutcome] = {}
    example: Finding | None = None
    """One of the programs that ran, to show what the case does."""
    reason: str = ""
    seconds: float = 0.0


class Footer(_Record, frozen=True, kw_only=True):
    """The run came to its end."""

    cases: int
    programs: int
    counts: dict[str, int]
    """How many cases ended with each status."""
    unexpected: int
    seconds: float = 0.0
    shares: dict[str, float] = {}
    """Seconds spent, over all workers, in: drawing, recording, oracle, subject, comparing, writing."""
    split: str = ""
    """Of a shard: the digest of how the cases were spread over all of them."""


Record = Union[Header, CaseRecord, ProgramRecord, VerdictRecord, Outcome, Footer]
"""What a line of a run.jsonl can be."""


class Unread(msgspec.Struct, frozen=True):
    """The line of a program or of a verdict, of which only whose it is is looked at: they are most of a run, and go from file
    to file as they are."""

    case: str
    index: int
    line: bytes

    @property
    def is_program(self) -> bool:
        return self.line.startswith(_PROGRAMS[0])


_Value = TypeVar("_Value")


class _ByProgram(Mapping[tuple[str, int], _Value]):
    """What is said of programs, by case and index. What stands in an unread line is read when it is asked for."""

    def __init__(self) -> None:
        self.said: dict[tuple[str, int], _Value | Unread] = {}

    def __getitem__(self, key: tuple[str, int]) -> _Value:
        said = self.said[key]
        if not isinstance(said, Unread):
            return said
        record: Any = _decoder.decode(said.line)
        value: _Value = record.program if said.is_program else record.verdict
        return value

    def __iter__(self) -> Iterator[tuple[str, int]]:
        return iter(self.said)

    def __len__(self) -> int:
        return len(self.said)


_Line = TypeVar("_Line", bound=Record | Unread)

STARTED = ""
"""What `without_times` leaves of a time of day."""


class RunFileError(ValueError):
    """A file that cannot be read as a run."""


class NotARun(RunFileError):
    """A line is no record of a run, or the file does not begin with a header."""

    def __init__(self, path: Path, line: int, why: str) -> None:
        super().__init__(f"{path}, line {line}: {why}")
        self.path, self.line, self.why = path, line, why


class UnknownRunFormat(RunFileError):
    """The run was written by another version of torchstone."""

    def __init__(self, path: Path, format: int) -> None:
        super().__init__(f"{path} is a run of format {format}, and this torchstone reads format {FORMAT}")
        self.path, self.format = path, format


# -------------------------------------------------------------------------------------------------------------- writing


class Journal:
    """One file of a run, appended to. Every record is on disk before `write` returns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # Unbuffered: a subject that takes the process with it still leaves the program that did so.
        self._file = path.open("ab", buffering=0)

    def write(self, record: Record) -> None:
        self._file.write(_encoder.encode(record) + b"\n")

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def begin(path: Path, header: Header) -> None:
    """Starts a run in `path`: its header, and nothing left of a run that was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in (path, *_shards(path)):
        old.unlink(missing_ok=True)
    with Journal(path) as journal:
        journal.write(header)


def shard(path: Path, worker: str) -> Journal:
    """The file in which one process of the run in `path` writes: ``run.gw0.jsonl`` beside ``run.jsonl``.

    `worker` is xdist's name for it, or ``main``.
    """
    return Journal(path.with_name(f"{path.stem}.{worker}{path.suffix}"))


def merge(
    path: Path, cases: Sequence[CaseRecord], *, interrupted: bool = False, seconds: float = 0.0, split: str = ""
) -> Run:
    """Puts the shards of the run in `path` into it, in the order of the cases given, and ends it with a footer.

    A case without an outcome was cut off: its process died, and it counts as CRASH at the program that was running. If the
    run was interrupted it has no outcome, and the run no footer.
    """
    records: list[Record | Unread] = [_header(path)]
    everything = [list(_lines(shard)) for shard in _shards(path)]
    written = _by_case_from_all(everything)
    for case in cases:
        lines = written.get(case.id, [] if interrupted else [case])
        records += lines
        if lines and not interrupted and not isinstance(lines[-1], Outcome):
            records += _crashed(case.id, [_read(line) for line in lines])
    if not interrupted:
        outcomes = [record for record in records if isinstance(record, Outcome)]
        records.append(footer_of(outcomes, seconds, _shares(everything), split))
    write(path, records)
    for old in _shards(path):
        old.unlink()
    return run_of(records)


def write(path: Path, records: Iterable[Record | Unread]) -> None:
    """Writes a run's file as a whole: a new one that takes the old one's place at once, so that a kill in the middle of
    this loses nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        for record in records:
            file.write(record.line if isinstance(record, Unread) else _encoder.encode(record) + b"\n")
    os.replace(part, path)


def _by_case_from_all(shards: Iterable[Iterable[_Line]]) -> dict[str, list[_Line]]:
    """What the shards say, by case."""
    cases: dict[str, list[_Line]] = {}
    for records in map(_by_case, shards):
        for case, lines in records.items():
            # A case can have run twice, if its first process died: what counts is the run that came to its end.
            if case not in cases or not isinstance(cases[case][-1], Outcome):
                cases[case] = lines
    return cases


def by_case(path: Path) -> dict[str, list[Record | Unread]]:
    """What a file says, by case. Raises a `RunFileError`."""
    return _by_case(_lines(path))


def _by_case(records: Iterable[_Line]) -> dict[str, list[_Line]]:
    cases: dict[str, list[_Line]] = {}
    for record in records:
        match record:
            case CaseRecord(id=case):
                cases[case] = [record]
            case ProgramRecord(case=case) | VerdictRecord(case=case) | Outcome(case=case) | Unread(case=case):
                cases.setdefault(case, []).append(record)
    return cases


def count_statuses(of: Iterable[Verdict | Outcome]) -> dict[str, int]:
    """How many have each status, in the order of `STATUSES`; those that none has are left out."""
    counts = Counter(one.status for one in of)
    return {status: counts[status] for status in STATUSES if status in counts}


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


def footer_of(outcomes: Sequence[Outcome], seconds: float, shares: dict[str, float], split: str = "") -> Footer:
    """The footer of a run in which the cases ended so."""
    return Footer(
        cases=len(outcomes),
        programs=sum(outcome.programs for outcome in outcomes),
        counts=count_statuses(outcomes),
        unexpected=sum(not outcome.expected for outcome in outcomes),
        seconds=seconds,
        shares=shares,
        split=split,
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


# -------------------------------------------------------------------------------------------------------------- reading


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


_PROGRAMS = (b'{"record":"program"', b'{"record":"verdict"')
"""How the lines begin that are most of a run."""


def programs_and_verdicts(path: Path) -> tuple[int, int]:
    """How many programs a file says were begun, and of how many it says what became of them."""
    counts = [0, 0]
    with path.open("rb") as file:
        for line in file:
            for which, beginning in enumerate(_PROGRAMS):
                counts[which] += line.startswith(beginning)
    return counts[0], counts[1]


def read(path: Path, *, programs: bool = True) -> Run:
    """The run in a file, and in the shards beside it if it was cut off. Raises a `RunFileError`.

    A last line that was cut off in the middle of writing is left out; a run without its footer is an interrupted run. Without
    `programs` only the outcomes are read, and not what was drawn and said of each: that is twenty times faster.
    """
    passed_over = () if programs else _PROGRAMS
    _header(path)
    records = list(_records(path, passed_over))
    if not any(isinstance(record, Footer) for record in records):
        from_all = _by_case_from_all(_records(shard, passed_over) for shard in _shards(path))
        records += [record for lines in from_all.values() for record in lines]
    return run_of(records)


def run_of(records: Iterable[Record | Unread]) -> Run:
    """What the records of a file say, the header first."""
    header, *rest = records
    assert isinstance(header, Header)
    cases: dict[str, CaseRecord] = {}
    outcomes: dict[str, Outcome] = {}
    programs: _ByProgram[Program] = _ByProgram()
    verdicts: _ByProgram[Verdict] = _ByProgram()
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


def without_times(path: Path) -> bytes:
    """What is in a run's file, times apart: equal for two runs with the same seed and the same versions."""
    return b"".join(_encoder.encode(_timeless(record)) + b"\n" for record in _records(path))


def _timeless(record: Record) -> Record:
    match record:
        case Header():
            return msgspec.structs.replace(record, started=STARTED)
        case Outcome():
            return msgspec.structs.replace(record, seconds=0.0)
        case Footer():
            return msgspec.structs.replace(record, seconds=0.0, shares={})
    return record


def schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of one line of a run.jsonl."""
    return msgspec.json.schema(Record)


def _header(path: Path) -> Header:
    first = next(_records(path), None)
    if not isinstance(first, Header):
        raise NotARun(path, 1, "a run begins with its header")
    if first.format != FORMAT:
        raise UnknownRunFormat(path, first.format)
    return first


def _records(path: Path, passed_over: tuple[bytes, ...] = ()) -> Iterator[Record]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.startswith(passed_over):
                continue
            if (record := _read_line(path, number, line)) is not None:
                yield record


def _lines(path: Path) -> Iterator[Record | Unread]:
    """What a file says, programs and verdicts unread."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            # A last line that was cut off is for `_read_line` to leave out.
            if line.startswith(_PROGRAMS) and line.endswith(b"\n"):
                try:
                    of = _of.decode(line)
                    yield Unread(of.case, of.index, line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise NotARun(path, number, str(error)) from error
            elif (record := _read_line(path, number, line)) is not None:
                yield record


def _read_line(path: Path, number: int, line: bytes) -> Record | None:
    """What a line says; None of one that was cut off: the process was killed in the middle of it, and it is the last."""
    try:
        return _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if not line.endswith(b"\n"):
            return None
        raise NotARun(path, number, str(error)) from error


def _read(line: Record | Unread) -> Record:
    return _decoder.decode(line.line) if isinstance(line, Unread) else line


def _shards(path: Path) -> list[Path]:
    # Only what `shard` makes: somebody may keep a run.baseline.jsonl here.
    name = re.compile(rf"{re.escape(path.stem)}\.(main|gw\d+){re.escape(path.suffix)}")
    return sorted(other for other in path.parent.glob(f"{path.stem}.*") if name.fullmatch(other.name))


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


class _Of(msgspec.Struct):
    """Of a line, whose it is."""

    case: str
    index: int


_of: msgspec.json.Decoder[_Of] = msgspec.json.Decoder(_Of)
